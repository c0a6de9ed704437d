"""Records of Bluesky: what a post or a repost says of itself, wherever it was found.

A post's id is its address, ``at://DID/app.bsky.feed.post/KEY``: the account is in it. The author's
program sets ``createdAt``, so that it can lie in the future; ``indexedAt``, or the time at which
a stream showed the record, is the network's own. The earlier of the two counts.

A repost names its original as ``subject``, which is the root. If the user came to it through
another repost, and the program says so, ``via`` is that repost: a parent that was observed.

>>> author_of(pl.Series(["at://did:plc:a/app.bsky.feed.post/1"])).to_list()
['bluesky:did:plc:a']
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import polars as pl

from collectors.exports.formats import named_on
from collectors.exports.losses import Losses
from collectors.exports.objects import nested, object_keys
from collectors.exports.times import iso

Time = str | int | None  # ISO 8601, or microseconds since 1970
POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
TIMES = (
    ("later", "createdAt is later than the network's own time, which is taken instead"),
    ("unread", "createdAt cannot be read: the network's own time is taken"),
    ("lacking", "no readable time: kept, but without one"),
)
_TWICE = "a quote that also answers: kept as a quote, the answer's link is not"


class Ref(msgspec.Struct, gc=False):
    """The address of another record."""

    uri: str | None = None


class _Feature(msgspec.Struct, gc=False):
    uri: str | None = None
    tag: str | None = None
    did: str | None = None


class _Facet(msgspec.Struct, gc=False):
    features: list[_Feature] = []


class _Reply(msgspec.Struct, gc=False):
    parent: Ref | None = None


class _Content(msgspec.Struct, rename={"link": "$link"}, gc=False):
    link: str | None = None


class _File(msgspec.Struct, gc=False):
    ref: _Content | None = None


class _Image(msgspec.Struct, gc=False):
    image: _File | None = None


class _Media(msgspec.Struct, gc=False):
    external: Ref | None = None
    images: list[_Image] = []
    video: _File | None = None


class _Shown(msgspec.Struct, gc=False):
    """A record shown inside a post: at once, or beside pictures one level below."""

    uri: str | None = None
    record: Ref | None = None


class _Embed(_Media, gc=False):
    record: _Shown | None = None
    media: _Media | None = None


class PostRecord(msgspec.Struct, rename={"created_at": "createdAt"}, gc=False):
    """A post in its author's repository."""

    text: str | None = None
    created_at: str | None = None
    langs: list[str] | None = None
    facets: list[_Facet] | None = None
    tags: list[str] | None = None
    embed: _Embed | None = None
    reply: _Reply | None = None


class RepostRecord(msgspec.Struct, rename={"created_at": "createdAt"}, gc=False):
    """A repost in the repository of who reposted."""

    subject: Ref
    created_at: str | None = None
    via: Ref | None = None


@dataclass
class Posts:
    """Posts that were found: addresses, records, and the network's own times."""

    uris: list[str] = field(default_factory=list)
    records: list[PostRecord] = field(default_factory=list)
    seen: list[Time] = field(default_factory=list)

    def add(self, uri: str, record: PostRecord, seen: Time) -> None:
        """Add one."""
        self.uris.append(uri)
        self.records.append(record)
        self.seen.append(seen)

    def table(self, losses: Losses, place: str) -> pl.DataFrame:
        """Return them as posts; what is not known of their times is noted."""
        raw = _raw_posts(self.uris, self.records, self.seen)
        timed = _timed(raw, losses, place)
        losses.add("dropped", "links", _TWICE, int(raw["twice"].sum()), example=place)
        return _as_posts(timed)


@dataclass
class Reposts:
    """Reposts that were found: their addresses, what they say, and the network's own times."""

    uris: list[str] = field(default_factory=list)
    subjects: list[str | None] = field(default_factory=list)
    vias: list[str | None] = field(default_factory=list)
    created: list[str | None] = field(default_factory=list)
    seen: list[Time] = field(default_factory=list)

    def add(self, uri: str, record: RepostRecord, seen: Time) -> None:
        """Add one."""
        self.uris.append(uri)
        self.subjects.append(record.subject.uri)
        self.vias.append(record.via.uri if record.via else None)
        self.created.append(record.created_at)
        self.seen.append(seen)

    def table(self, losses: Losses, place: str) -> pl.DataFrame:
        """Return them as posts; what is not known of their times is noted."""
        raw = pl.DataFrame(
            {
                "uri": texts(self.uris),
                "subject": texts(self.subjects),
                "via": texts(self.vias),
                "created": texts(self.created),
                "seen": times(self.seen),
            }
        )
        return as_reposts(_timed(raw, losses, place))


def texts(values: Iterable[str | None]) -> pl.Series:
    """Return texts as a column."""
    return pl.Series(list(values), dtype=pl.String)


def times(values: Sequence[Time]) -> pl.Series:
    """Return times as a column; all of them are written in the same way."""
    if any(isinstance(value, str) for value in values):
        written = pl.Series([str(value) if value else None for value in values], dtype=pl.String)
        return written.to_frame("at").select(iso(pl.col("at"))).to_series()
    counted = pl.Series([value for value in values if not isinstance(value, str)], dtype=pl.Int64)
    return pl.from_epoch(counted, time_unit="us").dt.replace_time_zone("UTC")


def address(did: str, collection: str, key: str) -> str:
    """Return the address of a record."""
    return f"at://{did}/{collection}/{key}"


def account(column: str) -> pl.Expr:
    """Return the account in a column of addresses; by its handle where that stands there."""
    owner = pl.col(column).str.extract(r"^at://([^/]+)")
    by_handle = pl.concat_str(pl.lit("bluesky:@"), owner)
    return pl.when(owner.str.starts_with("did:")).then(
        pl.concat_str(pl.lit("bluesky:"), owner)
    ).otherwise(by_handle)  # fmt: skip


def author_of(uris: pl.Series) -> pl.Series:
    """Return the accounts in addresses."""
    return uris.to_frame("uri").select(account("uri")).to_series()


def as_reposts(raw: pl.DataFrame) -> pl.DataFrame:
    """Return columns ``uri, subject, via, at`` as posts: parents only where ``via`` names them."""
    is_other = pl.col("via").is_not_null() & (pl.col("via") != pl.col("uri"))
    raw = raw.with_columns(via=pl.when(is_other & _is_address("via")).then("via"))
    return raw.select(
        post_id=_bluesky("uri"),
        platform=pl.lit("bluesky"),
        account_id=account("uri"),
        at="at",
        kind=pl.lit("repost"),
        parent_id=_bluesky("via"),
        parent_account_id=account("via"),
        root_id=pl.when(_is_address("subject")).then(_bluesky("subject")),
        root_account_id=account("subject"),
        basis=pl.when(pl.col("via").is_not_null()).then(pl.lit("observed")),
    )


def _as_posts(raw: pl.DataFrame) -> pl.DataFrame:
    has_parent = pl.col("other").is_not_null()
    return raw.select(
        post_id=_bluesky("uri"),
        platform=pl.lit("bluesky"),
        account_id=account("uri"),
        at="at",
        kind="kind",
        parent_id=_bluesky("other"),
        parent_account_id=account("other"),
        basis=pl.when(has_parent).then(pl.lit("observed")),
        text=pl.col("text").replace("", None),
        lang=pl.col("lang").replace("", None),
        urls="urls",
        hashtags="hashtags",
        mentions="mentions",
        media_keys="media_keys",
        object_keys=object_keys("urls"),
    )


def _raw_posts(
    uris: Sequence[str], records: Sequence[PostRecord], seen: Sequence[Time]
) -> pl.DataFrame:
    links = [_link(record) for record in records]
    features = [_features(record) if record.facets else () for record in records]
    return pl.DataFrame(
        {
            "uri": texts(uris),
            "created": texts(record.created_at for record in records),
            "seen": times(seen),
            "kind": texts(kind for kind, _, _ in links),
            "other": texts(other for _, other, _ in links),
            "twice": pl.Series([twice for _, _, twice in links], dtype=pl.Boolean),
            "text": texts(record.text for record in records),
            "lang": texts(record.langs[0] if record.langs else None for record in records),
            "urls": nested(
                [_urls(record, some) for record, some in zip(records, features, strict=True)]
            ),
            "hashtags": nested(
                [_tags(record, some) for record, some in zip(records, features, strict=True)]
            ),
            "mentions": nested(
                [[f"bluesky:{each.did}" for each in some if each.did] for some in features]
            ),
            "media_keys": nested([_media(record.embed) for record in records]),
        }
    )


def _link(record: PostRecord) -> tuple[str, str | None, bool]:
    """Return what a post does, to which other, and whether a further link is left out."""
    answered = record.reply.parent.uri if record.reply and record.reply.parent else None
    quoted = _quoted(record.embed) if record.embed else None
    if quoted:
        return "quote", quoted, answered is not None
    return ("reply", answered, False) if answered else ("original", None, False)


def _quoted(embed: _Embed) -> str | None:
    """Return the post that is shown inside; lists, feeds and starter packs are no posts."""
    shown = embed.record
    if shown is None:
        return None
    uri = shown.uri or (shown.record.uri if shown.record else None)
    return uri if uri and uri.startswith("at://") and f"/{POST}/" in uri else None


def _features(record: PostRecord) -> list[_Feature]:
    return [feature for facet in record.facets or () for feature in facet.features]


def _urls(record: PostRecord, features: Iterable[_Feature]) -> list[str]:
    found = [feature.uri for feature in features]
    if record.embed is not None:
        media = (record.embed, record.embed.media)
        found += [each.external.uri for each in media if each and each.external]
    return list(dict.fromkeys(uri for uri in found if uri))


def _tags(record: PostRecord, features: Iterable[_Feature]) -> list[str]:
    found = [*(feature.tag for feature in features), *(record.tags or ())]
    bare = (tag.removeprefix("#") for tag in found if tag)
    return list(dict.fromkeys(tag for tag in bare if tag))


def _media(embed: _Embed | None) -> list[str]:
    """Return the hashes of pictures and films."""
    if embed is None:
        return []
    some = [each for each in (embed, embed.media) if each is not None]
    files = [image.image for each in some for image in each.images]
    files += [each.video for each in some]
    return [file.ref.link for file in files if file and file.ref and file.ref.link]


def _timed(raw: pl.DataFrame, losses: Losses, place: str) -> pl.DataFrame:
    created, seen = iso(pl.col("created")), pl.col("seen")
    timed = raw.with_columns(
        at=pl.min_horizontal(created, seen),
        later=created > seen,
        unread=created.is_null() & seen.is_not_null(),
        lacking=created.is_null() & seen.is_null(),
    )
    for name, reason in TIMES:
        losses.add("unknown", "times", reason, int(timed[name].sum()), example=place)
    return timed


def _bluesky(column: str) -> pl.Expr:
    return named_on("bluesky", column)


def _is_address(column: str) -> pl.Expr:
    return pl.col(column).str.starts_with("at://")
