"""A stand-in for X: the endpoints of API v2 that are asked, over posts that a test plants.

Answers have the form of real ones, with the quirks that matter: newest first, opaque tokens,
``includes``, errors for posts that are gone, no reposts in a search.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from loopback import Answer, Asked, as_json

BASE = 1_000_000
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class XService:
    """Posts, accounts, and who reposted what."""

    page: int = 3
    new_names: bool = False
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    reposters: dict[str, list[str]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def post(
        self, number: int, author: int, text: str = "", *, kind: str = "", of: int | None = None
    ) -> str:
        """Plant a post; ``kind`` is quoted or replied_to."""
        made: dict[str, Any] = {
            "id": str(BASE + number),
            "author_id": str(author),
            "created_at": f"{START + timedelta(minutes=number):%Y-%m-%dT%H:%M:%S.000Z}",
            "text": text,
            "lang": "en",
            "conversation_id": str(BASE + number),
            "public_metrics": self._metrics(),
        }
        if of is not None:
            above = self.posts[str(BASE + of)]
            made["referenced_posts" if self.new_names else "referenced_tweets"] = [
                {"type": kind, "id": above["id"]}
            ]
            if kind == "replied_to":
                made["conversation_id"] = above["conversation_id"]
                made["in_reply_to_user_id"] = above["author_id"]
        self.posts[made["id"]] = made
        return str(made["id"])

    def _metrics(self) -> dict[str, int]:
        reposts = "repost_count" if self.new_names else "retweet_count"
        return {reposts: 0, "like_count": 1, "reply_count": 0, "quote_count": 0}

    def __call__(self, asked: Asked) -> Answer:
        """Answer as X does."""
        if asked.headers.get("Authorization", "").lower() != "bearer token":
            return as_json({"title": "Unauthorized", "status": 401}, 401)
        for pattern, answer in (
            (r"/2/tweets/search/(?:recent|all)", self._found),
            (r"/2/tweets", self._lookup),
            (r"/2/tweets/(\d+)/quote_tweets", self._quotes),
            (r"/2/tweets/(\d+)/retweeted_by", self._reposters),
            (r"/2/users/(\d+)/tweets", self._timeline),
            (r"/2/users/by/username/(\w+)", self._by_name),
        ):
            if found := re.fullmatch(pattern, asked.path):
                return answer(asked.query, *found.groups())
        return as_json({"title": "Not Found Error", "detail": "no such place"}, 404)

    def _found(self, query: dict[str, str]) -> Answer:
        return self._listed(self._search(query["query"], query.get("since_id")), query)

    def _quotes(self, query: dict[str, str], post: str) -> Answer:
        return self._listed(self._referring("quoted", post), query)

    def _reposters(self, query: dict[str, str], post: str) -> Answer:
        return self._paged([self._user(each) for each in self.reposters.get(post, [])], query)

    def _timeline(self, query: dict[str, str], account: str) -> Answer:
        own = [each for each in self.posts.values() if each["author_id"] == account]
        return self._listed(_since(own, query.get("since_id")), query)

    def _by_name(self, query: dict[str, str], name: str) -> Answer:
        assert query
        return as_json({"data": self._user(name.removeprefix("user"))})

    def _search(self, words: str, since: str | None) -> list[dict[str, Any]]:
        if words.startswith("conversation_id:"):
            thread = words.partition(":")[2]
            found = [p for p in self.posts.values() if p["conversation_id"] == thread != p["id"]]
        else:
            found = [each for each in self.posts.values() if words in each["text"]]
        return _since(found, since)

    def _referring(self, kind: str, post: str) -> list[dict[str, Any]]:
        return [
            each for each in self.posts.values() if {"type": kind, "id": post} in _references(each)
        ]

    def _lookup(self, query: dict[str, str]) -> Answer:
        ids = query["ids"].split(",")
        lost = [each for each in ids if each in self.gone or each not in self.posts]
        answer: dict[str, Any] = self._with_includes(
            [self.posts[each] for each in ids if each not in lost]
        )
        if lost:
            answer["errors"] = [
                {
                    "resource_id": each,
                    "resource_type": "tweet",
                    "title": "Not Found Error",
                    "type": "https://api.twitter.com/2/problems/resource-not-found",
                }
                for each in lost
            ]
        return as_json(answer)

    def _listed(self, posts: Sequence[dict[str, Any]], query: dict[str, str]) -> Answer:
        newest_first = sorted(posts, key=lambda each: -int(each["id"]))
        return self._paged(newest_first, query)

    def _paged(self, items: Sequence[dict[str, Any]], query: dict[str, str]) -> Answer:
        token = query.get("next_token") or query.get("pagination_token") or "t0"
        if not token.startswith("t"):
            fact = {"parameters": {"next_token": [token]}, "message": "invalid next_token"}
            return as_json({"errors": [fact], "title": "Invalid Request"}, 400)
        at = int(token[1:])
        some = items[at : at + self.page]
        answer = self._with_includes(some)
        meta: dict[str, Any] = {"result_count": len(some)}
        if some:
            meta |= {"newest_id": some[0]["id"], "oldest_id": some[-1]["id"]}
        if at + self.page < len(items):
            meta["next_token"] = f"t{at + self.page}"
        return as_json(answer | {"meta": meta})

    def _with_includes(self, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        if not items:
            return {}
        named = [each["id"] for item in items for each in _references(item)]
        above = [self.posts[each] for each in named if each in self.posts]
        posts = [each for each in above if each not in items]
        writers = dict.fromkeys(p["author_id"] for p in (*items, *posts) if "author_id" in p)
        includes: dict[str, Any] = {"users": [self._user(each) for each in writers]}
        if posts:
            includes["posts" if self.new_names else "tweets"] = posts
        return {"data": list(items), "includes": includes}

    def _user(self, number: str) -> dict[str, Any]:
        metrics = {"followers_count": 10 * int(number), "following_count": 1, "tweet_count": 5}
        return {
            "id": number,
            "username": f"user{number}",
            "name": f"User {number}",
            "created_at": "2020-01-01T00:00:00.000Z",
            "public_metrics": metrics,
        }


def _references(post: dict[str, Any]) -> list[dict[str, str]]:
    for name in ("referenced_tweets", "referenced_posts"):
        if name in post:
            found: list[dict[str, str]] = post[name]
            return found
    return []


def _since(posts: Sequence[dict[str, Any]], since: str | None) -> list[dict[str, Any]]:
    return [each for each in posts if since is None or int(each["id"]) > int(since)]


def planted(service: XService) -> XService:
    """Plant an appeal: post 1 by account 1, its quotes, replies and reposters."""
    service.post(1, 1, "please help #park")
    for number in range(2, 7):
        service.post(number, number, f"look {number} #park", kind="quoted", of=1)
    for number in range(7, 11):
        service.post(number, number, f"yes {number}", kind="replied_to", of=number % 2 + 1)
    service.post(11, 11, "a quote of a quote #park", kind="quoted", of=3)
    service.reposters[str(BASE + 1)] = [str(each) for each in range(20, 28)]
    return service
