"""Reddit: answers of its API with whole trees of comments, and dumps of Pushshift or Arctic Shift.

One line, or one file, is a listing of posts, a list of a post and the comments below it, an answer
to ``morechildren``, a single thing ``{"kind": "t3", "data": {...}}``, or a bare post or comment, as
the dumps have them. Traps:

- A tree is cut: "more" stubs stand for comments that need a further call. What they count is noted.
- An author is known by name, which never changes; ``author_fullname`` is not in every file.
  Whoever left is ``[deleted]``, which is no account; words can be ``[deleted]`` or ``[removed]``.
- ``likes`` is the vote of whoever asked. What readers see is ``score``: votes for less votes
  against, so it can be below zero, and it is 1 in truth or for show while ``score_hidden`` holds.
- ``&``, ``<`` and ``>`` are written as HTML unless the program asked otherwise.
- A crosspost names the post it was made from; when that is a crosspost itself, it names its own in
  turn. So the parent is observed.
- ``created`` is shifted by a time zone; ``created_utc`` is right, with or without a point.
- Some dumps have ``parent_id`` as a bare number, which does not tell posts from comments.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, TypeAlias

import msgspec
import polars as pl

from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from collectors.exports.cells import joined, links_in
from collectors.exports.documents import Decoding, Document, chunks, documents, inside, names_read
from collectors.exports.formats import Head, Options, Part
from collectors.exports.json_posts import (
    Account,
    Id,
    Post,
    Shown,
    account_rows,
    identifier,
    microseconds,
    numbers,
    post_rows,
    shown_rows,
)
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.paired import paired
from collectors.exports.references import References
from collectors.exports.sources import Source

PLATFORM = "reddit"
CROSSPOSTED = "posts that crossposts were made from"
_SITE = "https://www.reddit.com"
_GONE = {"[deleted]", "[removed]", "[deleted by user]"}
_THINGS = {"t1", "t3"}
_NO_THING = "neither a post nor a comment"
_NO_ID = "a post or comment without an id"
_NO_TIME = "no readable time: kept, but without one"
_NO_AUTHOR = "authors whose account is deleted: their posts are kept without one"
_NO_WORDS = "words that were deleted or removed"
_BARE_PARENT = "a comment that names what it answers by a bare number: post or comment is not told"
_MORE = "comments behind a 'more' stub, which Reddit did not send: ask for them (morechildren)"
_ELSEWHERE = "threads that go on elsewhere ('continue this thread'): how far is not told"
_LEVEL = ", level "
_MENTION = re.compile(r"(?<![\w/])/?u/([A-Za-z0-9_-]{3,20})(?![\w/-])")

_NOTHING = msgspec.Raw()
_Time: TypeAlias = float | int | str | None
_Score: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None


class _Inside(msgspec.Struct, gc=False):
    """What a thing holds that are things themselves."""

    replies: msgspec.Raw = _NOTHING
    crosspost_parent_list: list[msgspec.Raw] | None = None


class _Wrapper(_Inside, gc=False):
    """What is around things, or a bare thing."""

    kind: str | None = None
    data: msgspec.Raw = _NOTHING
    answer: msgspec.Raw = msgspec.field(default=_NOTHING, name="json")


class _Listing(msgspec.Struct):
    children: list[msgspec.Raw] = []
    things: list[msgspec.Raw] = []


class _Answer(msgspec.Struct):
    data: _Listing = msgspec.field(default_factory=_Listing)


class _More(msgspec.Struct):
    count: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0


class _Meta(msgspec.Struct, gc=False):
    retrieved_2nd_on: _Time = None


class _Thing(msgspec.Struct, gc=False):
    """A post or a comment."""

    id: Id = None
    name: str | None = None
    author: str | None = None
    created_utc: _Time = None
    title: str | None = None
    selftext: str | None = None
    body: str | None = None
    url: str | None = None
    is_self: bool | None = None
    parent_id: Id = None
    link_id: Id = None
    crosspost_parent: str | None = None
    score: _Score = None
    score_hidden: bool | None = None
    hide_score: bool | None = None
    num_comments: _Score = None
    num_crossposts: _Score = None
    view_count: _Score = None
    meta: _Meta | None = msgspec.field(default=None, name="_meta")
    updated_on: _Time = None
    updated_utc: _Time = None
    retrieved_on: _Time = None
    retrieved_utc: _Time = None

    @property
    def is_comment(self) -> bool:
        """Whether it stands below a post."""
        return self.link_id is not None or self.body is not None

    @property
    def fullname(self) -> str | None:
        """Its id with the kind of thing in front."""
        if self.name and self.name.startswith(("t1_", "t3_")):
            return self.name
        bare = identifier(self.id)
        return bare and f"{'t1' if self.is_comment else 't3'}_{bare}"

    @property
    def words(self) -> list[str]:
        """What its author wrote, as far as it is still there."""
        told = (self.title, self.selftext, self.body)
        return [_unescaped(each) for each in told if each and each not in _GONE]


_READ = (names_read(_Thing, _Inside)) | {
    "selftext_html", "body_html", "domain", "permalink", "ups", "downs", "likes", "created",
}  # fmt: skip


class Reddit:
    """Reads what Reddit's API answers, and dumps of it."""

    name = "reddit"
    label = "Reddit JSON (API listings, Pushshift and Arctic Shift dumps)"

    def knows(self, head: Head) -> bool:
        """Judge by how Reddit wraps things, or by members that only its things have together."""
        if {"kind", "data.children"} <= head.items or "json.data.things[].kind" in head.items:
            return b'"youtube#' not in head.data
        return any(
            {f"{place}{name}" for name in ("subreddit", "author", "created_utc")} <= head.items
            for place in ("", "data.", "data[].")
        )

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and numbers."""
        reading = _Reading(options.losses)
        for source in files:
            yield from reading.file(source)
        reading.references.note(options.losses)


FORMAT = Reddit()


class _Reading:
    """What is remembered from one file to the next: which posts are held, and which are named."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses
        self.references = References()

    def file(self, source: Source) -> Iterator[Part]:
        decoding = Decoding(source, self.losses, "Reddit")
        for some in chunks(documents(source, self.losses)):
            things, originals = self._unfolded(decoding, some)
            yield from self._parts(decoding, things, "posts")
            yield from self._parts(decoding, originals, CROSSPOSTED)
        decoding.note_unread(_READ)

    def _unfolded(
        self, decoding: Decoding, some: Sequence[Document]
    ) -> tuple[list[Document], list[Document]]:
        """Return posts and comments, level by level, and what crossposts were made from."""
        things: list[Document] = []
        originals: list[Document] = []
        waiting = list(some)
        depth = 0
        while waiting:
            found, waiting = self._unwrapped(decoding, waiting)
            depth += bool(found)
            for document, held in found:
                things.append(document)
                if bytes(held.replies).startswith(b"{"):
                    waiting.append(Document(_below(document.place, depth), held.replies))
                originals += inside(document, held.crosspost_parent_list or (), "original")
        return things, originals

    def _unwrapped(
        self, decoding: Decoding, some: list[Document]
    ) -> tuple[list[tuple[Document, _Inside]], list[Document]]:
        """Return bare things with what they hold, and what is still wrapped."""
        bare: list[tuple[Document, _Inside]] = []
        things: list[Document] = []
        inner: list[Document] = []
        for document, told in paired(decoding, _Wrapper, some):
            data = Document(document.place, told.data)
            is_list = bytes(told.data).startswith(b"[")
            if bytes(told.answer):
                answer = decoding.each(
                    _Answer, [Document(document.place, told.answer)], count=False
                )
                inner += [item for each in answer for item in inside(document, each.data.things)]
            elif told.kind == "Listing":
                listing = decoding.each(_Listing, [data], count=False)
                inner += [item for each in listing for item in inside(document, each.children)]
            elif told.kind == "more":
                self._note_more(decoding, data)
            elif told.kind in _THINGS:
                things.append(data)
            elif told.kind is None and is_list:
                inner += inside(document, _raws(decoding, data))
            elif told.kind is None and not bytes(told.data):
                bare.append((document, told))
            else:
                self.losses.add("dropped", "rows", _NO_THING, example=document.place)
        return [*bare, *paired(decoding, _Inside, things)], inner

    def _note_more(self, decoding: Decoding, data: Document) -> None:
        for stub in decoding.each(_More, [data], count=False):
            self.losses.add("unknown", "references", _MORE, stub.count, example=data.place)
            if not stub.count:
                self.losses.add("unknown", "references", _ELSEWHERE, example=data.place)

    def _parts(self, decoding: Decoding, found: list[Document], what: str) -> Iterator[Part]:
        told = decoding.each(_Thing, found)
        place = found[0].place if found else ""
        things = [thing for thing in told if thing.fullname]
        self.losses.add("dropped", "rows", _NO_ID, len(told) - len(things), example=place)
        if not things:
            return
        posts = [_post(thing) for thing in things]
        self._note(things, posts, place)
        rows = _with_links(post_rows(posts, PLATFORM))
        self.references.hold(rows["post_id"])
        self.references.name(rows["parent_id"], place)
        self.references.name(rows["root_id"], place)
        yield Part(ACCOUNTS, account_rows(_authors(posts), PLATFORM), "accounts")
        yield Part(POSTS, rows, what)
        yield Part(COUNTERS, shown_rows(posts, PLATFORM), "numbers shown")

    def _note(self, things: Sequence[_Thing], posts: Sequence[Post], place: str) -> None:
        facts = (
            ("times", _NO_TIME, sum(post.at is None for post in posts)),
            ("accounts", _NO_AUTHOR, sum(post.account is None for post in posts)),
            ("texts", _NO_WORDS, sum(_is_gone(thing) for thing in things)),
            ("references", _BARE_PARENT, sum(_is_bare(thing.parent_id) for thing in things)),
        )
        for what, reason, count in facts:
            self.losses.add("unknown", what, reason, count, example=place)


def _raws(decoding: Decoding, data: Document) -> list[msgspec.Raw]:
    """Return the items of a list, as Arctic Shift's API sends them."""
    wrapped = Document(data.place, b'{"children":' + bytes(data.text) + b"}")
    return [
        raw for each in decoding.each(_Listing, [wrapped], count=False) for raw in each.children
    ]


def _below(place: str, depth: int) -> str:
    """Return where the answers to a comment stand."""
    top = place.split(_LEVEL, 1)[0]
    return f"{top}{_LEVEL}{depth + 1}"


def _post(thing: _Thing) -> Post:
    is_comment = thing.is_comment
    post = Post(
        thing.fullname,
        "comment" if is_comment else "original",
        account=None if thing.author in _GONE or not thing.author else f"@{thing.author}",
        at=microseconds(thing.created_utc),
        seen_at=_retrieved(thing),
        shown=_shown(thing),
    )
    if words := thing.words:
        post.text = "\n\n".join(words)
        if "u/" in post.text:
            named = dict.fromkeys(_MENTION.findall(post.text))
            post.mentions = [f"{PLATFORM}:@{name}" for name in named]
    if is_comment:
        post.parent = _named(thing.parent_id)
        post.root = _named(thing.link_id)
    elif thing.crosspost_parent:
        post.kind = "repost"
        post.parent = _named(thing.crosspost_parent)
    if thing.url and not thing.is_self and not is_comment:
        address = _unescaped(thing.url)
        post.urls = [f"{_SITE}{address}" if address.startswith("/") else address]
    return post


def _named(told: Id) -> str | None:
    """Return a post or comment that is named with its kind."""
    return told if isinstance(told, str) and told.startswith(("t1_", "t3_")) else None


def _is_bare(told: Id) -> bool:
    return told is not None and _named(told) is None


def _is_gone(thing: _Thing) -> bool:
    return not _GONE.isdisjoint((thing.title, thing.selftext, thing.body))


def _retrieved(thing: _Thing) -> int | None:
    """Return when its numbers were read, as dumps tell it: the last time counts."""
    again = thing.meta.retrieved_2nd_on if thing.meta else None
    for told in (
        again, thing.updated_on, thing.updated_utc, thing.retrieved_on, thing.retrieved_utc
    ):  # fmt: skip
        if (at := microseconds(told)) is not None:
            return at
    return None


def _shown(thing: _Thing) -> list[Shown]:
    found = numbers(
        PLATFORM,
        (
            ("replies", "num_comments", thing.num_comments),
            ("reposts", "num_crossposts", thing.num_crossposts),
            ("views", "view_count", thing.view_count),
        ),
    )
    if thing.score is not None and not thing.score_hidden and not thing.hide_score:
        found.append(Shown("likes", f"{PLATFORM} score", thing.score))
    return found


def _authors(posts: Sequence[Post]) -> list[Account]:
    handles = dict.fromkeys(post.account for post in posts if post.account)
    return [Account(handle, handle[1:]) for handle in handles]


def _with_links(rows: pl.DataFrame) -> pl.DataFrame:
    """Return posts with the links in their words beside the one that was posted."""
    return rows.with_columns(
        urls=joined(pl.col("urls"), links_in(pl.col("text"))), hashtags=None
    ).with_columns(object_keys("urls"), pl.col("hashtags").cast(pl.List(pl.String)))


def _unescaped(text: str) -> str:
    """Return text without the three signs that Reddit writes as HTML."""
    if "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
