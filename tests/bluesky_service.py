"""A stand-in for Bluesky: the directory, an AppView and a personal data server in one.

Answers have the form of real ones: newest first, opaque cursors, reposters without times, the
record of a repost only in the repository of who made it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from loopback import Answer, Asked, as_json

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
Query = Mapping[str, str]


def did(number: int) -> str:
    """Return the id of an invented account."""
    return f"did:plc:{number:024d}"


def at(minute: int) -> datetime:
    """Return a time of the planted story."""
    return START + timedelta(minutes=minute)


def _told(minute: int) -> str:
    return f"{at(minute):%Y-%m-%dT%H:%M:%S.000Z}"


@dataclass
class BlueskyService:
    """Posts, and the records of reposts, each in somebody's repository."""

    page: int = 2
    url: str = ""
    homes: dict[str, str] = field(default_factory=dict)  # accounts whose server is elsewhere
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    reposters: dict[str, list[str]] = field(default_factory=dict)
    pins: bool = False  # whether accounts have their oldest post on top
    unknown: str | None = None  # a cursor that is no longer known

    def post(self, minute: int, author: int, text: str, **more: Any) -> str:  # noqa: ANN401
        """Plant a post at a minute."""
        uri = f"at://{did(author)}/{POST}/p{minute}"
        record = {"$type": POST, "text": text, "createdAt": _told(minute), "langs": ["en"]} | more
        self.posts[uri] = {
            "uri": uri, "cid": f"c{minute}", "author": self._profile(did(author)),
            "record": record, "indexedAt": _told(minute), "likeCount": 1, "repostCount": 0,
            "replyCount": 0, "quoteCount": 0,
        }  # fmt: skip
        return uri

    def repost(self, minute: int, author: int, of: str, *, via: str | None = None) -> str:
        """Plant a repost, through another one if it is named."""
        uri = f"at://{did(author)}/{REPOST}/r{minute}"
        value: dict[str, Any] = {"$type": REPOST, "createdAt": _told(minute)}
        value["subject"] = {"uri": of, "cid": "c"}
        value |= {"via": {"uri": via, "cid": "c"}} if via else {}
        self.records.setdefault(did(author), []).insert(0, {"uri": uri, "cid": "c", "value": value})
        if of in self.posts:
            self.reposters.setdefault(of, []).append(did(author))
        return uri

    def __call__(self, asked: Asked) -> Answer:
        """Answer as Bluesky does."""
        if asked.path.startswith("/did:plc:"):
            return as_json(self._document(asked.path[1:]))
        if self.unknown and asked.query.get("cursor") == self.unknown:
            self.unknown = None
            return as_json({"error": "InvalidRequest", "message": "Malformed cursor"}, 400)
        answers: dict[str, Callable[[Query], Answer]] = {
            "com.atproto.identity.resolveHandle": lambda q: as_json({"did": _did_of(q["handle"])}),
            "com.atproto.repo.listRecords": self._listed_records,
            "app.bsky.actor.getProfile": lambda q: as_json(self._profile(_did_of(q["actor"]))),
            "app.bsky.feed.getAuthorFeed": self._feed,
            "app.bsky.feed.searchPosts": self._found,
            "app.bsky.feed.getPosts": lambda q: as_json({"posts": self._those([q["uris"]])}),
            "app.bsky.feed.getPostThread": self._thread,
            "app.bsky.feed.getQuotes": self._quotes,
            "app.bsky.feed.getRepostedBy": self._reposted_by,
            "app.bsky.graph.getFollows": self._follows,
        }
        method = asked.path.removeprefix("/xrpc/")
        if method == "app.bsky.actor.getProfiles":  # the last of several names is all we are told
            return as_json({"profiles": [self._profile(asked.query["actors"])]})
        if method not in answers:
            return as_json({"error": "MethodNotImplemented"}, 501)
        return answers[method](asked.query)

    def _document(self, who: str) -> dict[str, Any]:
        home = self.homes.get(who, self.url)
        service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer"}
        return {"id": who, "service": [service | {"serviceEndpoint": home}] if home else []}

    def _profile(self, who: str) -> dict[str, Any]:
        number = int(who.rsplit(":", maxsplit=1)[-1])
        return {"did": who, "handle": f"u{number}.example", "followersCount": 10 * number}

    def _those(self, uris: Sequence[str]) -> list[dict[str, Any]]:
        return [self.posts[uri] for uri in uris if uri in self.posts]

    def _newest(self) -> list[dict[str, Any]]:
        return sorted(self.posts.values(), key=lambda post: str(post["indexedAt"]), reverse=True)

    def _paged(self, name: str, items: Sequence[Any], query: Query, **more: object) -> Answer:
        first = int(query.get("cursor", "c0")[1:])
        after = first + self.page
        place = {"cursor": f"c{after}"} if after < len(items) else {}
        return as_json({name: items[first:after]} | place | more)

    def _found(self, query: Query) -> Answer:
        since = query.get("since", "")
        found = [
            post
            for post in self._newest()
            if query["q"] in post["record"]["text"] and post["indexedAt"] >= since
        ]
        return self._paged("posts", found, query, hitsTotal=len(found))

    def _feed(self, query: Query) -> Answer:
        pinned = {"$type": "app.bsky.feed.defs#reasonPin"}
        shown: list[tuple[str, dict[str, Any]]] = [
            (post["indexedAt"], {"post": post})
            for post in self._newest()
            if post["author"]["did"] == query["actor"]
        ]
        first = [shown[-1][1] | {"reason": pinned}] if self.pins and shown else []
        for each in self.records.get(query["actor"], []):
            if original := self.posts.get(each["value"]["subject"]["uri"]):
                when = each["value"]["createdAt"]
                by = {"$type": "app.bsky.feed.defs#reasonRepost", "indexedAt": when}
                by |= {"by": self._profile(query["actor"]), "uri": each["uri"]}
                shown.append((when, {"post": original, "reason": by}))
        newest = sorted(shown, key=lambda pair: pair[0], reverse=True)
        return self._paged("feed", first + [item for _, item in newest], query)

    def _quotes(self, query: Query) -> Answer:
        found = [
            post
            for post in self._newest()
            if post["record"].get("embed", {}).get("record", {}).get("uri") == query["uri"]
        ]
        return self._paged("posts", found, query)

    def _reposted_by(self, query: Query) -> Answer:
        who = [self._profile(each) for each in self.reposters.get(query["uri"], [])]
        return self._paged("repostedBy", who, query, uri=query["uri"])

    def _listed_records(self, query: Query) -> Answer:
        return self._paged("records", self.records.get(query["repo"], []), query)

    def _follows(self, query: Query) -> Answer:
        who = [self._profile(did(number)) for number in range(100, 110)]
        return self._paged("follows", who, query, subject=self._profile(query["actor"]))

    def _thread(self, query: Query) -> Answer:
        if query["uri"] not in self.posts:
            return as_json({"error": "NotFound", "message": "Post not found"}, 400)
        return as_json({"thread": self._branch(query["uri"])})

    def _branch(self, uri: str) -> dict[str, Any]:
        answers = [
            post["uri"]
            for post in self.posts.values()
            if post["record"].get("reply", {}).get("parent", {}).get("uri") == uri
        ]
        kind = "app.bsky.feed.defs#threadViewPost"
        replies = [self._branch(each) for each in answers]
        return {"$type": kind, "post": self.posts[uri], "replies": replies}


def _did_of(actor: str) -> str:
    """Return whom a handle ``u7.example`` names."""
    return actor if actor.startswith("did:") else did(int(actor[1:].partition(".")[0]))


def quoting(uri: str) -> dict[str, Any]:
    """Return what a post has that quotes another."""
    return {"embed": {"$type": "app.bsky.embed.record", "record": {"uri": uri, "cid": "c"}}}


def answering(parent: str, root: str) -> dict[str, Any]:
    """Return what a post has that answers another."""
    return {"reply": {"parent": {"uri": parent, "cid": "c"}, "root": {"uri": root, "cid": "c"}}}
