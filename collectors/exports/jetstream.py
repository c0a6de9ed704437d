"""Bluesky's Jetstream: every record of the network, as it was made, one JSON event a line.

``{"did", "time_us", "kind": "commit", "commit": {"operation", "collection", "rkey", "record"}}``,
and beside commits ``identity`` (a handle) and ``account`` (opened, closed). Records that were asked
of a repository itself are read too: ``{"uri", "value"}``, alone or in ``{"records": [...]}``.

``via`` in a repost names the repost through which the user came to it: here, and only here, a
parent is observed. Not every program writes it: where it lacks, the parent stays unknown. Likes are
no shares and are only counted. A deletion names a record without its words: it is a change of the
post, which stays as it was first seen.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec
import polars as pl

from analytics.schema import UTC
from analytics.tables import ACCOUNTS, CHANGES, FOLLOWS, POSTS
from collectors.exports.bluesky_records import (
    POST,
    REPOST,
    PostRecord,
    Posts,
    RepostRecord,
    Reposts,
    address,
    texts,
    times,
)
from collectors.exports.documents import Decoding, Document, chunks, documents, inside
from collectors.exports.formats import Head, Options, Part, named_on
from collectors.exports.losses import Losses
from collectors.exports.paired import paired
from collectors.exports.references import References
from collectors.exports.sources import Source

_FOLLOW = "app.bsky.graph.follow"
_READ = {POST, REPOST, _FOLLOW}
_OTHERS = {
    "app.bsky.feed.like": "a like: not a share",
    "app.bsky.actor.profile": "a profile: names and pictures only",
    "app.bsky.graph.block": "a block: not read",
    "app.bsky.graph.listitem": "an entry of a list: not read",
}
_OTHER = "a record of another kind: neither post, repost nor follow"
_DELETION = "a deletion of something that is neither post nor repost"
_NO_RECORD = "lacks its record or its key"

_Time = Annotated[int, msgspec.Meta(ge=0, le=2**57)]


class _Commit(msgspec.Struct, gc=False):
    operation: str | None = None
    collection: str | None = None
    rkey: str | None = None


class _Typed(msgspec.Struct, rename={"kind": "$type"}, gc=False):
    kind: str | None = None


class _Look(msgspec.Struct, gc=False):
    """What decides how a document is read."""

    did: str | None = None
    kind: str | None = None
    time_us: _Time | None = None
    commit: _Commit | None = None
    uri: str | None = None
    value: _Typed | None = None
    records: list[msgspec.Raw] | None = None


class _PostCommit(msgspec.Struct, gc=False):
    rkey: str
    record: PostRecord
    operation: str | None = None


class _PostEvent(msgspec.Struct, gc=False):
    did: str
    commit: _PostCommit
    time_us: _Time | None = None


class _RepostCommit(msgspec.Struct, gc=False):
    rkey: str
    record: RepostRecord


class _RepostEvent(msgspec.Struct, gc=False):
    did: str
    commit: _RepostCommit
    time_us: _Time | None = None


class _Follow(msgspec.Struct, gc=False):
    subject: str


class _FollowCommit(msgspec.Struct, gc=False):
    record: _Follow


class _FollowEvent(msgspec.Struct, gc=False):
    did: str
    commit: _FollowCommit
    time_us: _Time | None = None


class _Handle(msgspec.Struct, gc=False):
    handle: str | None = None


class _IdentityEvent(msgspec.Struct, gc=False):
    did: str
    identity: _Handle
    time_us: _Time | None = None


class _KeptPost(msgspec.Struct, gc=False):
    uri: str
    value: PostRecord


class _KeptRepost(msgspec.Struct, gc=False):
    uri: str
    value: RepostRecord


class _KeptFollow(msgspec.Struct, gc=False):
    uri: str
    value: _Follow


class Jetstream:
    """Reads events of Jetstream and records of repositories."""

    name = "jetstream"
    label = "Bluesky Jetstream and repository records"

    def knows(self, head: Head) -> bool:
        """Judge by the members of an event, or by records with their addresses and types."""
        if {"did", "time_us", "kind"} <= head.items:
            return True
        is_record = {"uri", "value.$type"} <= head.items
        is_page = {"records[].uri", "records[].value.$type"} <= head.items
        return (is_record or is_page) and b"at://" in head.data

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts, follows, and what was changed."""
        references = References()
        for source in files:
            yield from _File(source, options.losses, references).parts()
        references.note(options.losses)


FORMAT = Jetstream()


def _deletes(look: _Look) -> str | None:
    """Return the post or repost that an event deletes."""
    commit = look.commit
    if commit is None or commit.operation != "delete":
        return None
    if not (look.did and commit.rkey and commit.collection in {POST, REPOST}):
        return None
    return f"bluesky:at://{look.did}/{commit.collection}/{commit.rkey}"


class _File:
    """One file, read from one piece to the next."""

    def __init__(self, source: Source, losses: Losses, references: References) -> None:
        self.source = source
        self.losses = losses
        self.references = references
        self.changed: list[tuple[str, str, int | None, str | None, str]] = []
        self.decoding = Decoding(source, losses, "Bluesky")

    def parts(self) -> Iterator[Part]:
        for some in chunks(documents(self.source, self.losses)):
            found = self._sorted(some)
            yield from self._accounts(found["identity"])
            yield from self._posts(found)
            yield from self._reposts(found)
            yield from self._follows(found)
            yield from self._changes()

    def _changes(self) -> Iterator[Part]:
        """Yield the posts and reposts that were deleted or written anew."""
        names = ("uri", "what", "time", "text", "did")
        types = dict.fromkeys(names, pl.String()) | {"time": pl.Int64()}
        raw = pl.DataFrame(self.changed, schema=types, orient="row")
        self.changed = []
        if raw.height:
            rows = raw.select(
                post_id="uri",
                platform=pl.lit("bluesky"),
                what="what",
                at=pl.col("time").cast(UTC),
                text="text",
                account_id=named_on("bluesky", "did"),
            )
            yield Part(CHANGES, rows, "changes")

    def _sorted(self, some: Sequence[Document]) -> dict[str, list[Document]]:
        """Return documents by what they are: a collection, with ``kept`` for a plain record."""
        found: dict[str, list[Document]] = defaultdict(list)
        pages: list[Document] = []
        for document, look in paired(self.decoding, _Look, some):
            if look.records is None:
                self._sort(document, look, found)
            else:
                pages += inside(document, look.records, "record")
        for document, look in paired(self.decoding, _Look, pages):
            self._sort(document, look, found)
        return found

    def _sort(self, document: Document, look: _Look, found: dict[str, list[Document]]) -> None:
        if look.kind == "identity":
            found["identity"].append(document)
        elif look.kind == "account":
            self._drop("an account was opened or closed: no post", document)
        elif look.commit is not None:
            collection = look.commit.collection or ""
            if uri := _deletes(look):
                self.changed.append((uri, "deleted", look.time_us, None, look.did or ""))
            elif look.commit.operation == "delete":
                self._drop(_DELETION, document)
            elif collection in _READ:
                found[collection].append(document)
            else:
                self._drop(_OTHERS.get(collection, _OTHER), document)
        elif look.value is not None and look.value.kind in _READ and look.uri:
            found[f"kept {look.value.kind}"].append(document)
        elif look.value is not None:
            self._drop(_OTHERS.get(look.value.kind or "", _OTHER), document)
        else:
            self._drop("neither an event nor a record", document)

    def _drop(self, reason: str, document: Document) -> None:
        self.losses.add("dropped", "rows", reason, example=document.place)

    def _accounts(self, found: list[Document]) -> Iterator[Part]:
        events = self.decoding.each(_IdentityEvent, found, count=False)
        named = [each for each in events if each.did and each.identity.handle]
        raw = pl.DataFrame(
            {
                "did": texts(each.did for each in named),
                "handle": texts(each.identity.handle for each in named),
                "seen": times([each.time_us for each in named]),
            }
        )
        self._drop_some("an identity without a handle", len(events) - len(named))
        rows = raw.select(
            account_id=named_on("bluesky", "did"),
            platform=pl.lit("bluesky"),
            handle="handle",
            role=pl.lit("unknown"),
            observed_at="seen",
        ).filter(pl.col("account_id").is_not_null())
        if rows.height:
            yield Part(ACCOUNTS, rows, "accounts")

    def _posts(self, found: dict[str, list[Document]]) -> Iterator[Part]:
        posts = Posts()
        for event in self.decoding.each(_PostEvent, found[POST], count=False):
            uri = address(event.did, POST, event.commit.rkey)
            if event.commit.operation == "update" and uri:
                text = event.commit.record.text
                self.changed.append((f"bluesky:{uri}", "edited", event.time_us, text, event.did))
            posts.add(uri, event.commit.record, event.time_us)
        for kept in self.decoding.each(_KeptPost, found[f"kept {POST}"], count=False):
            posts.add(kept.uri, kept.value, None)
        yield from self._kept(posts.table(self.losses, self.source.name), "posts")

    def _reposts(self, found: dict[str, list[Document]]) -> Iterator[Part]:
        reposts = Reposts()
        for event in self.decoding.each(_RepostEvent, found[REPOST], count=False):
            reposts.add(
                address(event.did, REPOST, event.commit.rkey),
                event.commit.record,
                event.time_us,
            )
        for kept in self.decoding.each(_KeptRepost, found[f"kept {REPOST}"], count=False):
            reposts.add(kept.uri, kept.value, None)
        yield from self._kept(reposts.table(self.losses, self.source.name), "posts")

    def _kept(self, posts: pl.DataFrame, what: str) -> Iterator[Part]:
        """Yield posts, without those that have no address to be known by."""
        whole = posts.filter(pl.col("post_id").str.contains(r"^bluesky:at://[^/]+/[^/]+/[^/]"))
        self._drop_some(_NO_RECORD, posts.height - whole.height)
        self.references.hold(whole["post_id"])
        for name in ("parent_id", "root_id"):
            if name in whole.columns:
                self.references.name(whole[name], self.source.name)
        if whole.height:
            yield Part(POSTS, whole, what)

    def _follows(self, found: dict[str, list[Document]]) -> Iterator[Part]:
        events = self.decoding.each(_FollowEvent, found[_FOLLOW], count=False)
        kept = self.decoding.each(_KeptFollow, found[f"kept {_FOLLOW}"], count=False)
        raw = pl.DataFrame(
            {
                "follower": texts(
                    [*(each.did for each in events), *(_owner(each.uri) for each in kept)]
                ),
                "followed": texts(
                    [
                        *(each.commit.record.subject for each in events),
                        *(each.value.subject for each in kept),
                    ]
                ),
                "seen": times([*(each.time_us for each in events), *(None for _ in kept)]),
            }
        )
        rows = raw.select(
            follower_id=named_on("bluesky", "follower"),
            followed_id=named_on("bluesky", "followed"),
            observed_at="seen",
        )
        whole = rows.filter(
            pl.col("follower_id").is_not_null(), pl.col("followed_id").is_not_null()
        )
        self._drop_some(_NO_RECORD, rows.height - whole.height)
        if whole.height:
            yield Part(FOLLOWS, whole, "follows")

    def _drop_some(self, reason: str, count: int) -> None:
        self.losses.add("dropped", "rows", reason, count, example=self.source.name)


def _owner(uri: str) -> str:
    return uri.removeprefix("at://").partition("/")[0]
