"""Answers of Bluesky's API (XRPC): searches, feeds, threads, profiles, and who liked or reposted.

A document is what one call answered: ``{"posts": [...]}``, ``{"feed": [{"post", "reply",
"reason"}]}``, ``{"thread": ...}``, ``{"repostedBy": [...]}``, ``{"likes": [...]}``, profiles,
members of a list, followers; or one post or profile of these alone. Traps:

- ``createdAt`` is set by the author's program, and may lie in the future: see ``bluesky_records``.
- A repost stands in a feed as its original with a ``reason``. The time of the repost is the
  reason's ``indexedAt``; where the reason has no ``uri``, the repost gets an id of its own, made of
  who reposted and the key of the original (``…/app.bsky.feed.repost/of:KEY``).
- ``getRepostedBy`` tells who reposted, not when: these reposts have no time. One that a feed in the
  same import shows, with its time, is not repeated.
- Neither names the repost through which the user came: parents of reposts stay unknown.
- Likes are no shares: who liked is kept as an account, that they did is not.
- ``viewer`` depends on who asked and is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
import polars as pl

from analytics.tables import ACCOUNTS, COUNTERS, FOLLOWS, POSTS
from collectors.exports.bluesky_records import (
    POST,
    REPOST,
    TIMES,
    PostRecord,
    Posts,
    as_reposts,
    texts,
    times,
)
from collectors.exports.documents import Decoding, Document, chunks, documents, inside, names_read
from collectors.exports.formats import Head, Options, Part, named_on
from collectors.exports.losses import Losses
from collectors.exports.paired import paired
from collectors.exports.references import References
from collectors.exports.sources import Source
from collectors.exports.times import iso

ASKED = "posts"
REFERRED = "posts they refer to"
_NO_TIME = "who reposted is told, but not when: kept without a time"
_FOUND_AGAIN = "reposts that a feed tells too, with their time"
_NO_POST = "no whole post: deleted, or hidden from who asked"
_METRICS = {
    "likeCount": "likes",
    "repostCount": "reposts",
    "replyCount": "replies",
    "quoteCount": "quotes",
    "bookmarkCount": "bookmarks",
}
_MARKS = (  # what answers have in common with nothing else
    {"posts[].uri", "posts[].record"},
    {"feed[].post", "feed[].post.uri"},
    {"thread.post", "thread.post.uri"},
    {"likes[].actor.did"},
    {"repostedBy[].did"},
    {"profiles[].did", "profiles[].handle"},
    {"actors[].did", "actors[].handle"},
    {"followers[].did", "subject.did"},
    {"follows[].did", "subject.did"},
    {"list.uri", "list.creator", "items[].subject.did"},
    {"starterPack.uri", "starterPack.creator"},
    {"uri", "author.did", "record"},
    {"did", "handle"},
)

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_NOTHING = msgspec.Raw()


class _Profile(msgspec.Struct, rename="camel", gc=False):
    did: str
    handle: str | None = None
    display_name: str | None = None
    created_at: str | None = None
    followers_count: _Count | None = None
    follows_count: _Count | None = None
    posts_count: _Count | None = None


class _Numbers(msgspec.Struct, rename="camel", gc=False):
    like_count: _Count | None = None
    repost_count: _Count | None = None
    reply_count: _Count | None = None
    quote_count: _Count | None = None
    bookmark_count: _Count | None = None


class _Quoted(_Numbers, rename="camel", gc=False):
    """A post inside another one: its record is called ``value``."""

    uri: str | None = None
    author: _Profile | None = None
    value: PostRecord | None = None
    indexed_at: str | None = None
    record: "_Quoted | None" = None


class _Embed(msgspec.Struct, gc=False):
    record: _Quoted | None = None


class _PostView(_Numbers, rename="camel", gc=False):
    uri: str | None = None
    author: _Profile | None = None
    record: PostRecord | None = None
    indexed_at: str | None = None
    embed: _Embed | None = None


class _Context(msgspec.Struct):
    root: _PostView | None = None
    parent: _PostView | None = None


class _Reason(msgspec.Struct, rename={"kind": "$type", "indexed_at": "indexedAt"}):
    kind: str = ""
    by: _Profile | None = None
    uri: str | None = None
    indexed_at: str | None = None


class _FeedItem(msgspec.Struct):
    post: _PostView
    reply: _Context | None = None
    reason: _Reason | None = None


class _Like(msgspec.Struct):
    actor: msgspec.Raw


class _Member(msgspec.Struct):
    subject: msgspec.Raw


class _Node(msgspec.Struct):
    """A post of a thread, or the address of one that was not shown."""

    post: msgspec.Raw = _NOTHING
    uri: str | None = None
    parent: msgspec.Raw = _NOTHING
    replies: list[msgspec.Raw] | None = None


class _List(msgspec.Struct):
    creator: msgspec.Raw = _NOTHING


class _Pack(msgspec.Struct, rename="camel"):
    creator: msgspec.Raw = _NOTHING
    list_items_sample: list[msgspec.Raw] = []


class _Page(msgspec.Struct, rename={"whole_list": "list", "reposted_by": "repostedBy"}):
    """What one call answered; only the members of that call are there."""

    posts: list[msgspec.Raw] | None = None
    feed: list[msgspec.Raw] | None = None
    thread: msgspec.Raw = _NOTHING
    likes: list[msgspec.Raw] | None = None
    reposted_by: list[msgspec.Raw] | None = None
    profiles: list[msgspec.Raw] | None = None
    actors: list[msgspec.Raw] | None = None
    followers: list[msgspec.Raw] | None = None
    follows: list[msgspec.Raw] | None = None
    subject: msgspec.Raw = _NOTHING
    items: list[msgspec.Raw] | None = None
    whole_list: _List | None = None
    starter_pack: _Pack | None = msgspec.field(default=None, name="starterPack")
    uri: str | None = None
    did: str | None = None
    author: msgspec.Raw = _NOTHING


_READ = names_read(_PostView, _Profile) | {"cid", "viewer", "$type", "avatar", "banner"}


class Bluesky:
    """Reads answers of Bluesky's API."""

    name = "bluesky"
    label = "Bluesky API JSON"

    def knows(self, head: Head) -> bool:
        """Judge by the members of an answer, and by the ids of accounts."""
        if b'"did:' not in head.data and b"at://did:" not in head.data:
            return False
        is_event = "time_us" in head.items
        return not is_event and any(marks <= head.items for marks in _MARKS)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and numbers; reposts without a time last."""
        reading = _Reading(options.losses)
        for source in files:
            yield from reading.file(source)
        yield from reading.reposts_without_time()
        reading.references.note(options.losses)


FORMAT = Bluesky()


@dataclass
class _Found:
    """What some documents hold, sorted, but not decoded."""

    posts: list[Document] = field(default_factory=list)
    items: list[Document] = field(default_factory=list)
    profiles: list[Document] = field(default_factory=list)


class _Reading:
    """What is remembered from one file to the next."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses
        self.references = References()
        self.shown: list[pl.Series] = []  # reposts in feeds: who and what, as hashes
        self.told: list[pl.DataFrame] = []  # reposts of which only that is known
        self.place = ""

    def file(self, source: Source) -> Iterator[Part]:
        decoding = Decoding(source, self.losses, "Bluesky")
        self.place = source.name
        for some in chunks(documents(source, self.losses)):
            found = _Found()
            for document, page in paired(decoding, _Page, some):
                yield from self._page(document, page, found, decoding)
            yield from self._parts(found, decoding)
        decoding.note_unread(_READ)

    def _page(
        self, document: Document, page: _Page, found: _Found, decoding: Decoding
    ) -> Iterator[Part]:
        """Sort what a page holds; follow edges are yielded at once."""
        found.posts += inside(document, page.posts or [])
        found.items += inside(document, page.feed or [])
        for some in (page.profiles, page.actors, page.reposted_by, page.followers, page.follows):
            found.profiles += inside(document, some or [])
        if _is_told(page.thread):
            found.posts += self._thread(Document(document.place, page.thread), decoding)
        likes = decoding.each(_Like, inside(document, page.likes or []), count=False)
        found.profiles += inside(document, (like.actor for like in likes), "like")
        reason = "a like: not a share; who liked is kept as an account"
        self.losses.add("dropped", "rows", reason, len(likes), example=document.place)
        found.profiles += _members(document, page, decoding)
        if page.reposted_by is not None:
            self._note_reposters(document, page, decoding)
        if page.followers is not None or page.follows is not None:
            yield from _follows(document, page, decoding)
        if _is_told(page.author) and page.uri:
            found.posts.append(document)
        elif page.did:
            found.profiles.append(document)
        elif not _is_answer(page):
            self.losses.add("dropped", "rows", "no answer that is read", example=document.place)

    def _thread(self, top: Document, decoding: Decoding) -> list[Document]:
        """Return the posts of a thread; those that were not shown are named."""
        found: list[Document] = []
        hidden: list[str] = []
        waiting = [top]
        while waiting:
            nodes = decoding.each(_Node, waiting, count=False)
            inner = [raw for node in nodes for raw in (node.parent, *(node.replies or ()))]
            waiting = inside(top, (raw for raw in inner if _is_told(raw)), "post below")
            found += inside(top, (node.post for node in nodes if _is_told(node.post)), "post")
            hidden += [node.uri for node in nodes if node.uri and not _is_told(node.post)]
        self.references.name(_named(hidden), top.place)
        return found

    def _note_reposters(self, document: Document, page: _Page, decoding: Decoding) -> None:
        """Remember who reposted the post of a page."""
        trial = Decoding(decoding.source, Losses(), decoding.owner)
        who = trial.each(_Profile, inside(document, page.reposted_by or []), count=False)
        if not page.uri:
            reason = "who reposted is told, but not what: kept as accounts"
            self.losses.add("unknown", "references", reason, len(who), example=document.place)
            return
        raw = pl.DataFrame({"did": texts(each.did for each in who)})
        told = raw.with_columns(subject=pl.lit(page.uri), place=pl.lit(document.place))
        self.told.append(told.filter(pl.col("did").str.starts_with("did:")))

    def _parts(self, found: _Found, decoding: Decoding) -> Iterator[Part]:
        items = decoding.each(_FeedItem, found.items, count=False)
        above = [item.reply for item in items if item.reply]
        context = [post for each in above for post in (each.root, each.parent) if post]
        asked = [*decoding.each(_PostView, found.posts), *(item.post for item in items)]
        profiles = decoding.each(_Profile, found.profiles)
        profiles += [item.reason.by for item in items if item.reason and item.reason.by]
        yield from self._of_posts(asked, context, profiles)
        yield from self._of_reposts(items)

    def _of_posts(
        self, asked: list[_PostView], context: list[_PostView], profiles: list[_Profile]
    ) -> Iterator[Part]:
        views = [view for post in asked if (view := _view(post))]
        self.losses.add("dropped", "rows", _NO_POST, len(asked) - len(views), example=self.place)
        self.references.name(_named([post.uri for post in asked if not _view(post)]), self.place)
        beside = [view for post in context if (view := _view(post))]
        beside += [view for post in (*asked, *context) for view in _quoted(post)]
        everyone = [*profiles, *(view.author for view in (*views, *beside))]
        if everyone:
            yield Part(ACCOUNTS, _accounts(everyone), "accounts")
        for some, what in ((views, ASKED), (beside, REFERRED)):
            if some:
                yield from self._posts(some, what)

    def _posts(self, views: "list[_View]", what: str) -> Iterator[Part]:
        posts = Posts()
        for view in views:
            posts.add(view.uri, view.record, view.indexed)
        rows = posts.table(self.losses if what == ASKED else Losses(), self.place)
        rows = rows.unique(maintain_order=True) if what == REFERRED else rows
        self.references.hold(rows["post_id"])
        if what == ASKED:
            self.references.name(rows["parent_id"], self.place)
        yield Part(POSTS, rows, what)
        yield Part(COUNTERS, _counters(views), "numbers shown")

    def _of_reposts(self, items: list[_FeedItem]) -> Iterator[Part]:
        told = [(item.post, item.reason) for item in items if _is_repost(item.reason)]
        raw = pl.DataFrame(
            {
                "did": texts(reason.by.did for _, reason in told if reason and reason.by),
                "subject": texts(post.uri for post, _ in told),
                "uri": texts(reason.uri for _, reason in told if reason),
                "at": times([reason.indexed_at for _, reason in told if reason]),
            }
        )
        rows = _shaped(raw)
        lacking = rows["at"].null_count()
        self.losses.add("unknown", "times", TIMES[-1][1], lacking, example=self.place)
        self.shown.append(_pair(rows))
        self.references.hold(rows["post_id"])
        if rows.height:
            yield Part(POSTS, rows, "reposts")

    def reposts_without_time(self) -> Iterator[Part]:
        """Yield the reposts of which only who and what is told, unless a feed showed them."""
        if not any(each.height for each in self.told):
            return
        told = pl.concat(self.told).unique(["did", "subject"], maintain_order=True)
        rows = _shaped(told.with_columns(uri=pl.lit(None, pl.String)))
        seen = pl.concat([pl.Series(dtype=pl.UInt64), *self.shown])
        again = _pair(rows).is_in(seen.implode())
        place = told["place"][0]
        self.losses.add("merged", "rows", _FOUND_AGAIN, int(again.sum()), example=place)
        new = rows.filter(~again)
        self.losses.add("unknown", "times", _NO_TIME, new.height, example=place)
        self.references.name(new["root_id"], place)
        yield Part(POSTS, new, "reposts")


def _is_answer(page: _Page) -> bool:
    lists = (
        page.posts, page.feed, page.likes, page.reposted_by, page.profiles, page.actors,
        page.followers, page.follows, page.items,
    )  # fmt: skip
    told = any(each is not None for each in lists)
    return told or page.starter_pack is not None or _is_told(page.thread)


def _is_told(raw: msgspec.Raw) -> bool:
    return bytes(raw) not in {b"", b"null"}


def _is_repost(reason: _Reason | None) -> bool:
    return reason is not None and reason.kind.endswith("reasonRepost") and reason.by is not None


def _named(uris: Sequence[str | None]) -> pl.Series:
    """Return addresses as ids of posts."""
    return texts(f"bluesky:{uri}" if uri else None for uri in uris)


def _shaped(raw: pl.DataFrame) -> pl.DataFrame:
    """Return columns ``did, subject, uri, at`` as reposts; they get an id where they have none."""
    key = pl.concat_str(pl.lit("of:"), pl.col("subject").str.extract(r"([^/]+)/*$"))
    own = pl.concat_str(pl.lit("at://"), "did", pl.lit(f"/{REPOST}/"), key)
    at = pl.col("at") if "at" in raw.columns else pl.lit(None, pl.Datetime("us", "UTC"))
    whole = raw.select(
        uri=pl.coalesce(pl.col("uri").replace("", None), own),
        subject="subject",
        via=pl.lit(None, pl.String),
        at=at,
    ).filter(pl.col("subject").str.starts_with("at://"), pl.col("uri").str.starts_with("at://"))
    return as_reposts(whole)


def _pair(reposts: pl.DataFrame) -> pl.Series:
    """Return who reposted what, as hashes."""
    return reposts.select(pl.struct("account_id", "root_id").hash()).to_series()


@dataclass(frozen=True)
class _View:
    """A post as it was shown, whatever its members were called there."""

    uri: str
    author: _Profile
    record: PostRecord
    indexed: str | None
    numbers: _Numbers


def _view(post: _PostView) -> _View | None:
    if not (post.uri and post.uri.startswith("at://") and post.author and post.record):
        return None
    return _View(post.uri, post.author, post.record, post.indexed_at, post)


def _quoted(post: _PostView) -> list[_View]:
    """Return the post that is shown inside, if it was shown."""
    shown = post.embed.record if post.embed else None
    if shown is not None and shown.record is not None:
        shown = shown.record
    if shown is None or not (shown.uri and shown.author and shown.value):
        return []
    if not (shown.uri.startswith("at://") and f"/{POST}/" in shown.uri):
        return []
    return [_View(shown.uri, shown.author, shown.value, shown.indexed_at, shown)]


def _members(document: Document, page: _Page, decoding: Decoding) -> list[Document]:
    """Return the profiles that a list or a starter pack shows."""
    entries = [
        *(page.items or []),
        *(page.starter_pack.list_items_sample if page.starter_pack else ()),
    ]
    members = decoding.each(_Member, inside(document, entries), count=False)
    makers = [part.creator for part in (page.whole_list, page.starter_pack) if part]
    raws = [*(member.subject for member in members), *makers]
    return inside(document, (raw for raw in raws if _is_told(raw)), "member")


def _follows(document: Document, page: _Page, decoding: Decoding) -> Iterator[Part]:
    trial = Decoding(decoding.source, Losses(), decoding.owner)
    subjects = trial.each(_Profile, inside(document, [page.subject]), count=False)
    if not subjects:
        return
    raws = page.followers if page.followers is not None else page.follows
    others = trial.each(_Profile, inside(document, raws or []), count=False)
    ends = ("follower", "followed") if page.followers is not None else ("followed", "follower")
    raw = pl.DataFrame({ends[0]: texts(each.did for each in others)})
    raw = raw.with_columns(pl.lit(subjects[0].did).alias(ends[1]))
    rows = raw.select(
        follower_id=named_on("bluesky", "follower"), followed_id=named_on("bluesky", "followed")
    ).drop_nulls()
    yield Part(FOLLOWS, rows, "follows")


def _accounts(profiles: list[_Profile]) -> pl.DataFrame:
    raw = pl.DataFrame(
        {
            "did": texts(each.did for each in profiles),
            "handle": texts(each.handle for each in profiles),
            "name": texts(each.display_name for each in profiles),
            "followers": pl.Series([each.followers_count for each in profiles], dtype=pl.Int64),
            "following": pl.Series([each.follows_count for each in profiles], dtype=pl.Int64),
            "posts": pl.Series([each.posts_count for each in profiles], dtype=pl.Int64),
            "created_at": texts(each.created_at for each in profiles),
        }
    ).unique(maintain_order=True)
    rows = raw.select(
        account_id=named_on("bluesky", "did"),
        platform=pl.lit("bluesky"),
        handle=pl.when(pl.col("handle") != "handle.invalid").then("handle"),
        name=pl.col("name").replace("", None),
        followers="followers",
        following="following",
        posts="posts",
        created_at=iso(pl.col("created_at")),
        role=pl.lit("unknown"),
    )
    return rows.filter(pl.col("account_id").is_not_null())


def _counters(views: list[_View]) -> pl.DataFrame:
    numbers = [view.numbers for view in views]
    raw = pl.DataFrame(
        {
            "post_id": _named([view.uri for view in views]),
            "likeCount": pl.Series([each.like_count for each in numbers], dtype=pl.Int64),
            "repostCount": pl.Series([each.repost_count for each in numbers], dtype=pl.Int64),
            "replyCount": pl.Series([each.reply_count for each in numbers], dtype=pl.Int64),
            "quoteCount": pl.Series([each.quote_count for each in numbers], dtype=pl.Int64),
            "bookmarkCount": pl.Series([each.bookmark_count for each in numbers], dtype=pl.Int64),
        }
    )
    told = raw.unpivot(list(_METRICS), index="post_id", variable_name="name").drop_nulls()
    return told.select(
        post_id="post_id",
        metric=pl.col("name").replace_strict(_METRICS, return_dtype=pl.String),
        value="value",
        definition=pl.lit("bluesky ") + pl.col("name"),
    ).unique(maintain_order=True)
