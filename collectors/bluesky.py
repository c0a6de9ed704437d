"""Bluesky: searches, authors, posts with quotes, threads and reposts, and the live streams.

What ``ask`` may hold: a post (its address, or ``at://…``), ``@handle``, or words.

- Who reposted is listed without times, and without whom it came through. Both stand in the record
  that the reposter's own repository keeps (``createdAt``, ``via``): each is asked for there.
- A live stream shows all that is posted anywhere; kept is what has the words that are asked for, or
  refers to a post of the appeal that is known.
- XRPC is plain JSON: it is asked through our one way to the web, so that answers are kept as they
  came. Streams are in ``bluesky_streams``.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

import msgspec
import requests

from analytics.errors import (
    CollectError,
    CursorError,
    GoneError,
    RateLimitedError,
    RefusedError,
    UnreachableError,
)
from analytics.settings import SourceSettings
from collectors.bluesky_streams import (
    OLDEST,
    POST,
    REPOST,
    Firehose,
    Jetstream,
    Live,
    Matching,
)
from collectors.sources import Check, Cursor, Estimate, Page, Source, Task, World
from collectors.web import json_of, refuse, session, told_apart

APPVIEW = "https://public.api.bsky.app"
HOME = "https://bsky.social"
DIRECTORY = "https://plc.directory"
PAGE = 100
PROFILES = 25
LOOKED_THROUGH = 20  # pages of a reposter's own records
HOME_TRIES = 3  # before a reposter's own server is passed over
HOME_PAUSE = 330.0  # seconds: the longest that it may ask for
REMEMBERED = 1_000  # posts of the appeal that a stream knows from one run to the next
_INNER = {"local", "localhost", "internal", "lan", "home", "arpa", "onion", "test", "invalid"}
_ADDRESS = re.compile(r"https?://(?:\w+\.)?bsky\.app/profile/([^/\s]+)/post/(\w+)")
_URI = re.compile(rf"at://([^/\s]+)/{re.escape(POST)}/(\w+)")


class BlueskySettings(SourceSettings, kw_only=True):
    """A source on Bluesky.

    Attributes
    ----------
    replies, quotes, reposts
        What is asked for of each post that ``ask`` names.
    repost_records
        Ask each reposter's repository for the record, which has the time and whom it came through.
    profiles
        Ask how many follow those who reposted.
    follows
        Ask whom those who reposted follow: so many accounts each, none by default.
    expand
        Ask for all of this of every post that a search finds, too.
    stream
        Receive what matches as it is posted, until stopped: through Jetstream, or the firehose.
    directory, stream_server
        Other addresses than the network's own for the directory of accounts and the stream.
    """

    replies: bool = True
    quotes: bool = True
    reposts: bool = True
    repost_records: bool = True
    profiles: bool = True
    follows: int = 0
    expand: bool = False
    stream: Literal["jetstream", "firehose"] | None = None
    directory: str = DIRECTORY
    stream_server: str | None = None


class _Author(msgspec.Struct):
    did: str = ""
    handle: str | None = None


class _Record(msgspec.Struct, rename="camel"):
    created_at: str | None = None


class _Post(msgspec.Struct, rename="camel"):
    uri: str = ""
    author: _Author = msgspec.field(default_factory=_Author)
    record: _Record = msgspec.field(default_factory=_Record)
    indexed_at: str | None = None
    repost_count: int = 0


class _Reason(msgspec.Struct, rename="camel"):
    indexed_at: str | None = None


class _Item(msgspec.Struct):
    post: _Post
    reason: _Reason | None = None  # why it is there: reposted just then, or pinned

    @property
    def time(self) -> str | None:
        """When it came into the feed; null for what is pinned."""
        return self.post.indexed_at if self.reason is None else self.reason.indexed_at


class _Answer(msgspec.Struct, rename="camel"):
    """What of an answer decides how to go on."""

    cursor: str | None = None
    posts: list[_Post] = []
    feed: list[_Item] = []
    reposted_by: list[_Author] = []
    profiles: list[_Author] = []
    follows: list[_Author] = []
    records: list[msgspec.Raw] = []
    hits_total: int | None = None
    did: str | None = None


class _Subject(msgspec.Struct):
    uri: str = ""


class _RepostRecord(msgspec.Struct, rename="camel"):
    subject: _Subject = msgspec.field(default_factory=_Subject)
    created_at: str = ""


class _Kept(msgspec.Struct):
    value: _RepostRecord


class _Service(msgspec.Struct, rename="camel"):
    id: str = ""
    service_endpoint: str = ""


class _Document(msgspec.Struct):
    service: list[_Service] = []


class _Failure(msgspec.Struct):
    error: str = ""
    message: str = ""


class _Login(msgspec.Struct, rename="camel"):
    access_jwt: str = ""


class BlueskySource:
    """Asks Bluesky what one entry of the settings wants.

    Parameters
    ----------
    web
        A session of ``collectors.web``.
    settings, world
        What to ask; the clock, and who logs in, if anybody does.
    """

    unit = "requests"

    def __init__(self, web: requests.Session, settings: BlueskySettings, world: World) -> None:
        self._web = web
        self._settings = settings
        self._now = world.now
        self._login = (
            world.secrets.get("bluesky_handle"),
            world.secrets.get("bluesky_app_password"),
        )
        self._token: str | None = None
        self._live: Live | None = None
        self._matching: Matching | None = None
        self._from_oldest = False
        self._failures: Counter[str] = Counter()
        self._kinds = {
            "address": self._resolved,
            "account": self._account,
            "posts": self._posts,
            "search": self._search,
            "post": self._post,
            "replies": self._thread,
            "quotes": self._quotes,
            "reposts": self._reposters,
            "repost record": self._record,
            "profiles": self._profiles,
            "follows": self._follows,
            "stream": self._streamed,
        }

    def tasks(self) -> Sequence[Task]:
        """Return one question for each thing to ask; posts bring more with them."""
        found = [_asked(each.strip()) for each in self._settings.ask]
        if self._settings.stream is None:
            return found
        words = [task.subject for task in found if task.kind == "search"]
        named = [task for task in found if task.kind != "search"]
        return [*named, Task(kind="stream", subject="\n".join(words))]

    def price(self, task: Task) -> int:
        """Return the price of a page: one request."""
        del task
        return 1

    def ask(self, task: Task) -> Page:
        """Return the next page of an answer."""
        with told_apart("Bluesky"):
            return self._kinds[task.kind](task)

    def _resolved(self, task: Task) -> Page:
        """Return the post of an address: by its author's lasting id, not by a handle."""
        who, key = task.subject.split(" ")
        _, answer = self._answer("com.atproto.identity.resolveHandle", {"handle": who})
        if not answer.did:
            msg = "Bluesky knows nobody of that handle"
            raise GoneError(msg)
        return Page(found=[Task(kind="post", subject=f"at://{answer.did}/{POST}/{key}")])

    def _account(self, task: Task) -> Page:
        body, answer = self._answer("app.bsky.actor.getProfile", {"actor": task.subject})
        found = [Task(kind="posts", subject=answer.did)] if answer.did else []
        return Page(payload=body, format="bluesky", found=found, received=1)

    def _posts(self, task: Task) -> Page:
        asked = {"actor": task.subject, "limit": PAGE, "cursor": _place(task)}
        body, answer = self._answer("app.bsky.feed.getAuthorFeed", asked)
        posts = [item.post for item in answer.feed]
        times = [item.time for item in answer.feed]
        return self._listed(task, body, answer.cursor, posts, times)

    def _search(self, task: Task) -> Page:
        since = (task.cursor or {}).get("since")
        asked = {"q": task.subject, "sort": "latest", "limit": PAGE, "cursor": _place(task)}
        body, answer = self._answer("app.bsky.feed.searchPosts", asked | {"since": since})
        times = [post.indexed_at for post in answer.posts]
        page = self._listed(task, body, answer.cursor, answer.posts, times)
        return msgspec.structs.replace(page, known=answer.hits_total)

    def _listed(
        self,
        task: Task,
        body: bytes,
        place: str | None,
        posts: Sequence[_Post],
        times: Sequence[str | None],
    ) -> Page:
        """Return a page of posts, newest first; the next time only newer ones are asked for."""
        cursor = task.cursor or {}
        known, told = cursor.get("since"), [time for time in times if time]
        newest = cursor.get("newest") or max(told, default=known)
        done = not place or not posts or bool(known and told and min(told) < known)
        more: Cursor = {"at": place, "newest": newest, "since": known}
        return Page(
            payload=body,
            format="bluesky" if posts else None,
            cursor=({"since": newest} if newest else None) if done else more,
            done=done,
            found=self._arising(posts) if self._settings.expand else [],
            received=len(posts),
            items=" ".join(post.uri for post in posts),
        )

    def _arising(self, posts: Sequence[_Post]) -> list[Task]:
        return [task for post in posts for task in self._of_post(post)]

    def _of_post(self, post: _Post) -> list[Task]:
        told = self._settings
        wanted = {"replies": told.replies, "quotes": told.quotes, "reposts": told.reposts}
        subject = f"{post.uri} {post.record.created_at or ''}"
        return [Task(kind=kind, subject=subject) for kind, asked in wanted.items() if asked]

    def _post(self, task: Task) -> Page:
        body, answer = self._answer("app.bsky.feed.getPosts", {"uris": task.subject})
        lost = not answer.posts
        return Page(
            payload=body,
            format=None if lost else "bluesky",
            gone=[f"bluesky:{task.subject}"] if lost else [],
            found=self._arising(answer.posts),
            received=len(answer.posts),
            known=1,
        )

    def _thread(self, task: Task) -> Page:
        uri = _uri(task)
        asked = {"uri": uri, "depth": 1000, "parentHeight": 0}
        body, _ = self._answer("app.bsky.feed.getPostThread", asked, about=uri)
        return Page(payload=body, format="bluesky", received=body.count(b'"record":'))

    def _quotes(self, task: Task) -> Page:
        asked = {"uri": _uri(task), "limit": PAGE, "cursor": _place(task)}
        body, answer = self._answer("app.bsky.feed.getQuotes", asked)
        return self._turned(body, answer, len(answer.posts))

    def _reposters(self, task: Task) -> Page:
        asked = {"uri": _uri(task), "limit": PAGE, "cursor": _place(task)}
        body, answer = self._answer("app.bsky.feed.getRepostedBy", asked)
        who = [each.did for each in answer.reposted_by]
        return self._turned(body, answer, len(who), found=self._of_sharers(task, who))

    def _of_sharers(self, task: Task, who: Sequence[str]) -> list[Task]:
        """Return what is asked of those who reposted: their record, profile and follows."""
        told = self._settings
        found = []
        if told.repost_records:
            found += [
                Task(kind="repost record", subject=f"{did} {task.subject}", repeats=False)
                for did in who
            ]
        if told.profiles:
            found += [
                Task(kind="profiles", subject=" ".join(who[n : n + PROFILES]), repeats=False)
                for n in range(0, len(who), PROFILES)
            ]
        if told.follows:
            found += [Task(kind="follows", subject=did, repeats=False) for did in who]
        return found

    def _turned(
        self, body: bytes, answer: _Answer, received: int, *, found: Sequence[Task] = ()
    ) -> Page:
        done = not answer.cursor or not received
        return Page(
            payload=body,
            format="bluesky" if received else None,
            cursor=None if done else {"at": answer.cursor},
            done=done,
            found=found,
            received=received,
        )

    def _record(self, task: Task) -> Page:
        """Return the record of one repost, from the repository of who made it.

        That may stand on anybody's server: one that fails, or refuses, ends its own question only.
        """
        try:
            with told_apart("Bluesky"):
                return self._looked_up(task)
        except RefusedError as error:
            raise GoneError(str(error)) from None
        except (UnreachableError, RateLimitedError) as error:
            self._failures[task.key] += 1
            pause = getattr(error, "seconds", None) or 0
            if self._failures[task.key] < HOME_TRIES and pause <= HOME_PAUSE:
                raise
            msg = f"a reposter's own server: {error}"
            raise GoneError(msg) from None

    def _looked_up(self, task: Task) -> Page:
        did, uri, published = f"{task.subject} ".split(" ")[:3]
        cursor = task.cursor or {}
        if "home" not in cursor:
            return Page(cursor={"home": self._home_of(did)}, done=False)
        asked = {"repo": did, "collection": REPOST, "limit": PAGE, "cursor": cursor.get("at")}
        _, answer = self._answer("com.atproto.repo.listRecords", asked, home=cursor["home"])
        records = [(raw, _read(bytes(raw), _Kept).value) for raw in answer.records]
        ours = [raw for raw, record in records if record.subject.uri == uri]
        looked = cursor.get("looked", 0) + 1
        older = bool(records) and records[-1][1].created_at < published
        done = bool(ours or older or not answer.cursor or looked >= LOOKED_THROUGH)
        return Page(
            payload=b'{"records":[' + b",".join(bytes(raw) for raw in ours) + b"]}",
            format="jetstream" if ours else None,
            cursor=None if done else cursor | {"at": answer.cursor, "looked": looked},
            done=done,
            received=len(ours),
            items=answer.cursor or "",
        )

    def _home_of(self, did: str) -> str:
        """Return the server that keeps an account's repository."""
        if did.startswith("did:web:"):
            address = f"https://{did.removeprefix('did:web:')}/.well-known/did.json"
            self._public(address)
        else:
            address = f"{self._settings.directory}/{did}"
        document = _read(self._got(address, {}, is_foreign=True), _Document)
        homes = [s.service_endpoint for s in document.service if s.id.endswith("#atproto_pds")]
        if not homes:
            msg = "an account whose repository is nowhere: closed, or moved"
            raise GoneError(msg)
        return self._public(str(homes[0]))

    def _public(self, address: str) -> str:
        """Return an address that an account told, if it lies on the open web.

        Whoever reposts could else have us ask the machines around us. A directory of one's own
        has servers wherever they are.
        """
        if self._settings.directory == DIRECTORY and not is_public(address):
            msg = "an account whose repository is not on the open web"
            raise GoneError(msg)
        return address

    def _profiles(self, task: Task) -> Page:
        body, answer = self._answer(
            "app.bsky.actor.getProfiles", {"actors": task.subject.split(" ")}
        )
        found = len(answer.profiles)
        return Page(payload=body, format="bluesky" if found else None, received=found)

    def _follows(self, task: Task) -> Page:
        asked = {"actor": task.subject, "limit": PAGE, "cursor": _place(task)}
        body, answer = self._answer("app.bsky.graph.getFollows", asked)
        page = self._turned(body, answer, len(answer.follows))
        so_far = (task.cursor or {}).get("so far", 0) + len(answer.follows)
        if so_far >= self._settings.follows:
            return msgspec.structs.replace(page, done=True, cursor=None)
        return (
            page
            if page.done
            else msgspec.structs.replace(page, cursor=(page.cursor or {}) | {"so far": so_far})
        )

    def _answer(
        self,
        method: str,
        asked: Mapping[str, Any],
        *,
        home: str | None = None,
        about: str | None = None,
    ) -> tuple[bytes, _Answer]:
        """Return what a method answers, as it came and read."""
        told = {name: value for name, value in asked.items() if value is not None}
        address = f"{home or self._server}/xrpc/{method}"
        body = self._got(address, told, is_foreign=home is not None, about=about)
        answer = _read(body, _Answer)
        if self._matching is not None:
            for post in [*answer.posts, *(item.post for item in answer.feed)]:
                self._matching.know(post.uri)
        return body, answer

    @property
    def _server(self) -> str:
        return self._settings.server or (HOME if self._login[0] else APPVIEW)

    def _got(
        self,
        address: str,
        asked: Mapping[str, Any],
        *,
        is_foreign: bool = False,
        about: str | None = None,
    ) -> bytes:
        """Return an answer; a foreign server sees no login, and sends us nowhere else."""
        headers = {} if is_foreign else self._authorization()
        response = self._web.get(
            address, params=asked, headers=headers, allow_redirects=not is_foreign
        )
        if response.status_code == requests.codes.bad_request:
            self._refuse(response, asked, about)
        refuse(response.status_code, response.headers, "Bluesky", now=self._now())
        json_of(response.content, "Bluesky")
        return response.content

    def _refuse(
        self, response: requests.Response, asked: Mapping[str, Any], about: str | None
    ) -> None:
        """Raise what an error of XRPC means: all have the same status."""
        failure = _Failure()
        with suppress(ValueError, msgspec.ValidationError):
            failure = msgspec.json.decode(response.content, type=_Failure)
        if failure.error in {"ExpiredToken", "InvalidToken"}:
            self._token = None
            msg = "Bluesky wants a new login"
            raise UnreachableError(msg)
        told = " ".join(failure.message.split())[:120] or failure.error
        if "cursor" in failure.message.lower() and asked.get("cursor"):
            msg = f"Bluesky no longer knows the place where we stopped ({told})"
            raise CursorError(msg)
        gone = [f"bluesky:{about}"] if about and failure.error == "NotFound" else []
        msg = f"Bluesky does not have it ({told})"
        raise GoneError(msg, gone)

    def _authorization(self) -> dict[str, str]:
        """Log in, if anybody is told to, and return the header that says so."""
        handle, password = self._login
        if not handle or not password:
            return {}
        if self._token is None:
            response = self._web.post(
                f"{self._server}/xrpc/com.atproto.server.createSession",
                json={"identifier": handle, "password": password},
            )
            refuse(response.status_code, response.headers, "Bluesky", now=self._now())
            self._token = _read(response.content, _Login).access_jwt
        return {"Authorization": f"Bearer {self._token}"}

    def _streamed(self, task: Task) -> Page:
        """Return what of the last moments belongs to the appeal."""
        cursor = task.cursor or {}
        matching = self._matching
        if matching is None:
            matching = self._matching = self._to_match(task, cursor.get("known", b""))
        try:
            self._live = self._live or self._opened(cursor.get("at"))
            lines, at = self._live.events(matching)
        except CollectError as error:
            self._hang_up()
            self._from_oldest = isinstance(error, CursorError)
            raise
        if self._live.is_closed:
            self._hang_up()
            if not lines and at is None:
                msg = "Bluesky closed the stream"
                raise UnreachableError(msg)
        return Page(
            payload=b"\n".join(lines),
            format="jetstream" if lines else None,
            cursor={"at": at or cursor.get("at"), "known": matching.newest(REMEMBERED)},
            done=False,
            live=True,
            received=len(lines),
        )

    def _to_match(self, task: Task, known: bytes) -> Matching:
        """Return what belongs to the appeal: its words, and the posts that are known or named."""
        matching = Matching(task.subject.split("\n"))
        matching.remember(known)
        for each in self.tasks():
            if each.kind == "post":
                matching.know(each.subject)
        return matching

    def _opened(self, at: int | None) -> "Live":
        """Open the stream; where its place was forgotten, at the oldest event still kept."""
        address = self._settings.stream_server
        if self._settings.stream == "firehose":
            oldest = OLDEST if self._from_oldest and at is None else None
            return Firehose(address, at if at is not None else oldest)
        return Jetstream(address, at, now=self._now())

    def _hang_up(self) -> None:
        if self._live is not None:
            self._live.close()
            self._live = None

    def check(self) -> Sequence[Check]:
        """Say whether Bluesky answers, and takes the login."""
        try:
            self._answer("app.bsky.actor.getProfile", {"actor": "bsky.app"})
        except GoneError:
            pass  # it answers, and a stand-in need not know that account
        except CollectError as error:
            return [Check("reach", str(error), fine=False)]
        fact = "answers, and takes the login" if self._login[0] else "answers; nobody is logged in"
        return [Check("reach", fact)]

    def estimate(self) -> Estimate | None:
        """Return none: asking is free of charge."""
        return None

    def period(self, now: datetime) -> str:
        """Count a budget by the day."""
        return f"{now:%Y-%m-%d}"

    def close(self) -> None:
        """Hang up."""
        self._web.close()
        self._hang_up()


def _asked(asked: str) -> Task:
    """Return the question that an entry of ``ask`` stands for."""
    if match := _ADDRESS.fullmatch(asked):
        if not match[1].startswith("did:"):
            return Task(kind="address", subject=f"{match[1]} {match[2]}", repeats=False)
        return Task(kind="post", subject=f"at://{match[1]}/{POST}/{match[2]}")
    if match := _URI.fullmatch(asked):
        if match[1].startswith("did:"):
            return Task(kind="post", subject=asked)
        return Task(kind="address", subject=f"{match[1]} {match[2]}", repeats=False)
    if asked.startswith("@"):
        return Task(kind="account", subject=asked[1:])
    return Task(kind="search", subject=asked)


def is_public(address: str) -> bool:
    """Return whether an address names a machine on the open web, as far as its name tells.

    >>> is_public("https://pds.example.org"), is_public("https://127.0.0.1")
    (True, False)
    >>> is_public("http://pds.example.org"), is_public("https://router.local")
    (False, False)
    """
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".")
    _, dot, last = host.rpartition(".")
    return parts.scheme == "https" and bool(dot) and last.isalpha() and last not in _INNER


def _place(task: Task) -> str | None:
    return (task.cursor or {}).get("at")


def _uri(task: Task) -> str:
    return task.subject.partition(" ")[0]


def _read(body: bytes, kind: Any) -> Any:  # noqa: ANN401 - a struct, and one of its kind
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.ValidationError, msgspec.DecodeError):
        msg = "Bluesky gave an answer of another form"
        raise UnreachableError(msg) from None


class BlueskyPlatform:
    """How Bluesky is asked: without a login what is public; searching needs one."""

    name = "bluesky"
    label = "Bluesky, and the AT Protocol's streams"
    settings = BlueskySettings
    secrets: ClassVar[Mapping[str, str]] = {}

    def open(self, settings: BlueskySettings, world: World) -> Source:
        """Return a source with a session of its own."""
        return BlueskySource(session(), settings, world)


PLATFORM = BlueskyPlatform()
