"""Cascades of Weibo, as the rumour data set CED and tables made of it hold them.

There are four layouts, which may come together: an original as a JSON object, its reposts as a JSON
array, and CSV tables of both (``cascade_id`` is a number and the original's id).

- The original's JSON names neither itself nor its author: only its file does
  (``4_zAbCdEf12_1234567890.json``). Without such a name, the number in front of it is looked up in
  the tables of the same import; else the post is called ``weibo:cascade/…`` by its file.
- Tables do not name the author of an original either: what is told about him stands under
  ``weibo:author-of/…``, one for each original.
- Times without a zone are of Beijing (UTC+8). Some lack the year: no time is made of them.
- ``parent`` is who was directly reposted. Where it is empty that was the original, or is not known:
  the parent stays null. A parent can be younger than its child; both are kept as told.
- Comments stand among the reposts, and nothing tells them apart: all are read as reposts.
- A ``uid`` that is no number is the name of a profile's page, and is kept as a handle.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta, timezone
from typing import Any

import msgspec
import polars as pl

from analytics.schema import UTC
from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from collectors.exports.csvs import ROW, batches, note_unread, refused, with_columns_of
from collectors.exports.documents import Decoding, Document, chunks, documents
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import Source
from collectors.exports.times import epoch, in_zone

BEIJING = timezone(timedelta(hours=8))
REPOSTS = {"cascade_id", "mid", "parent", "uid", "date"}
ORIGINALS = {"cascade_id", "time_unix", "reposts", "comments", "likes"}
COUNTS = {"reposts": "reposts", "comments": "replies", "likes": "likes"}
_PROFILE = ("followers", "friends", "messages")
_JSON_REPOST = {"uid", "parent", "mid", "date", "kids"}
_JSON_ORIGINAL = {"text", "user", "time", "reposts", "comments", "likes", "source"}
_CASCADE = r"^\d+_(\w+)$"
_FILE = r"^\d+_([0-9A-Za-z]+)_(\d{5,})$"
_FILE_NUMBER = r"^(\d+)_"
_KIND_OF_FILE = r"_(?:original|repost)s?$"
_WITH_WEEKDAY = "%a %b %d %H:%M:%S %z %Y"
_NO_MENTION = {"text_len", "n_rows"}  # they repeat what the rows say
_SHARE = {"cascade": pl.String, "mid": pl.String, "parent": pl.String, "uid": pl.String,
          "date": pl.String, "text": pl.String, "place": pl.String}  # fmt: skip

_NO_PARENT = "no parent is told: it may be the original or a repost of it"
_NO_YEAR = "a date that lacks the year or is none: no time"
_YOUNGER = "a repost earlier than the post it was made from: kept as told"
_VANITY = "a uid that is no number: kept as a handle"
_NO_AUTHOR = "the author of the original is not named: stands as the author of that post"
_NO_ID = "the original's id is not told: named by its file"


class _Repost(msgspec.Struct):
    mid: str
    uid: str | int | None = None
    parent: str | None = None
    date: str | None = None
    text: str | None = None


class _Profile(msgspec.Struct):
    followers: int | None = None
    friends: int | None = None
    messages: int | None = None
    time: int | None = None


class _Original(msgspec.Struct):
    text: str | None = None
    time: int | str | None = None
    user: _Profile | str | None = None
    reposts: int | None = None
    comments: int | None = None
    likes: int | None = None


class WeiboReposts:
    """Reads originals and their reposts."""

    name = "weibo-reposts"
    label = "Weibo cascades (CED): JSON or CSV"

    def knows(self, head: Head) -> bool:
        """Judge by the names of columns or members."""
        if head.is_json:
            items = head.items
            return items >= _JSON_REPOST or (
                items >= _JSON_ORIGINAL and bool(items & {"has_url", "pics"})
            )
        columns = set(head.columns)
        return columns >= REPOSTS or columns >= ORIGINALS

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield the authors of originals, originals with their numbers, and reposts."""
        kinds: dict[str, list[Source]] = {}
        for source in files:
            kinds.setdefault(_layout(Head.of(source)), []).append(source)
        known: dict[str, str] = {}  # the originals' ids by number of their cascade
        yield from _original_tables(kinds.get("originals", ()), known, options)
        yield from _repost_tables(kinds.get("reposts", ()), known, options)
        for source in kinds.get("json", ()):
            yield from _from_json(source, known, options)


FORMAT = WeiboReposts()


def _layout(head: Head) -> str:
    if head.is_json:
        return "json"
    return "originals" if set(head.columns) >= ORIGINALS else "reposts"


def _original_tables(
    files: Sequence[Source], known: dict[str, str], options: Options
) -> Iterator[Part]:
    read = ORIGINALS | set(_PROFILE)
    for source, told in batches(files, options.losses, options.scratch):
        note_unread(told, read | _NO_MENTION, source, options.losses)
        rows = with_columns_of(told, sorted(read))
        reason = "lacks the id of its cascade"
        rows = refused(rows, pl.col("cascade_id").is_null(), reason, source, options.losses)
        rows = rows.with_columns(
            post_id=_named_by(pl.col("cascade_id")),
            at=pl.coalesce(epoch(pl.col("time_unix")), _with_weekday(pl.col("time_unix"))),
            text=pl.lit(None, pl.String),
        )
        known.update(_by_number(rows))
        yield from _originals(rows, source, options.losses)


def _repost_tables(
    files: Sequence[Source], known: dict[str, str], options: Options
) -> Iterator[Part]:
    losses = options.losses
    for source, told in batches(files, losses, options.scratch, whole=True):
        note_unread(told, REPOSTS | {"text_len"}, source, losses)
        rows = with_columns_of(told, sorted(REPOSTS))
        lacking = pl.any_horizontal(pl.col("cascade_id", "mid").is_null())
        rows = refused(rows, lacking, "lacks its id or that of its cascade", source, losses)
        rows = rows.with_columns(
            root_id=_named_by(pl.col("cascade_id")),
            text=pl.lit(None, pl.String),
            place=pl.format("{}, row {}", pl.lit(source.name), ROW),
        )
        known.update({n: i for n, i in _by_number(rows, "root_id").items() if n not in known})
        yield Part(POSTS, _posts(rows, losses), "posts")


def _from_json(source: Source, known: dict[str, str], options: Options) -> Iterator[Part]:
    """Yield what one JSON file holds: an original, or the reposts of one."""
    losses = options.losses
    mid, author = _told_by_name(source, known)
    decoding = Decoding(source, losses, "the data set")
    for some in chunks(documents(source, losses)):
        reposts = [each for each in some if b'"mid"' in bytes(each.text)]
        originals = [each for each in some if b'"mid"' not in bytes(each.text)]
        yield from _json_originals(originals, (mid, author), decoding)
        if reposts:
            rows = _json_reposts(reposts, mid, decoding)
            yield Part(POSTS, _posts(rows, losses), "posts")
    decoding.note_unread(
        {*_Repost.__struct_fields__, *_Original.__struct_fields__, "kids", "has_url"}
    )


def _json_originals(
    found: Sequence[Document], names: tuple[str, str | None], decoding: Decoding
) -> Iterator[Part]:
    mid, author = names
    told = decoding.each(_Original, found)
    if not told:
        return
    profiles = [one.user if isinstance(one.user, _Profile) else _Profile() for one in told]
    rows = pl.DataFrame(
        {
            "post_id": [mid] * len(told),
            "account_id": [author] * len(told),
            "time_unix": [_text(one.time) for one in told],
            "text": [one.text or None for one in told],
            **{name: [_text(getattr(one, name)) for one in told] for name in COUNTS},
            **{name: [_text(getattr(one, name)) for one in profiles] for name in _PROFILE},
            "created": [_text(one.time) for one in profiles],
        },
        schema_overrides={"account_id": pl.String},
    ).cast(pl.String)
    if mid.startswith("weibo:cascade/"):
        decoding.losses.add(
            "unknown", "references", _NO_ID, rows.height, example=decoding.source.name
        )
    rows = rows.with_columns(
        at=pl.coalesce(epoch(pl.col("time_unix")), _with_weekday(pl.col("time_unix"))),
        created_at=epoch(pl.col("created")),
    )
    yield from _originals(rows, decoding.source, decoding.losses)


def _json_reposts(found: Sequence[Document], mid: str, decoding: Decoding) -> pl.DataFrame:
    told = decoding.each(_Repost, found)
    rows = pl.DataFrame(
        {
            "mid": [one.mid for one in told],
            "parent": [one.parent for one in told],
            "uid": [_text(one.uid) for one in told],
            "date": [one.date for one in told],
            "text": [one.text for one in told],
        },
        schema=dict.fromkeys(("mid", "parent", "uid", "date", "text"), pl.String),
    )
    place = found[0].place if found else decoding.source.name
    rows = rows.with_columns(root_id=pl.lit(mid), place=pl.lit(place))
    rows = rows.with_columns(
        pl.col("mid", "parent", "uid", "date", "text").str.strip_chars().replace("", None)
    )
    lacking = rows["mid"].is_null()
    decoding.losses.add("dropped", "rows", "lacks its id", int(lacking.sum()), example=place)
    return rows.filter(~lacking)


def _text(value: Any) -> str | None:  # noqa: ANN401 - a number or a text
    return None if value is None else str(value)


def _told_by_name(source: Source, known: dict[str, str]) -> tuple[str, str | None]:
    """Return the original's id and its author, as far as the file's name tells them."""
    name = pl.DataFrame({"stem": [source.stem.encode(errors="replace").decode()]}).select(
        "stem",
        mid=pl.col("stem").str.extract(_FILE, 1),
        author=pl.col("stem").str.extract(_FILE, 2),
        number=pl.col("stem").str.extract(_FILE_NUMBER, 1),
        bare=pl.col("stem").str.replace(_KIND_OF_FILE, "").replace("", None),
    )
    told: dict[str, str | None] = name.row(0, named=True)
    if told["mid"]:
        return f"weibo:{told['mid']}", f"weibo:{told['author']}"
    return known.get(told["number"] or "", f"weibo:cascade/{told['bare'] or 'file'}"), None


def _named_by(cascade: pl.Expr) -> pl.Expr:
    """Return the original's id, which stands in the name of its cascade."""
    mid = pl.concat_str(pl.lit("weibo:"), cascade.str.extract(_CASCADE))
    return pl.coalesce(mid, pl.concat_str(pl.lit("weibo:cascade/"), cascade))


def _by_number(rows: pl.DataFrame, column: str = "post_id") -> dict[str, str]:
    """Return the originals' ids by the number of their cascade; none where a number came twice."""
    found = rows.select(number=pl.col("cascade_id").str.extract(_FILE_NUMBER), id=column).unique()
    found = found.drop_nulls().filter(~pl.col("number").is_duplicated())
    return dict(found.iter_rows())


def _with_weekday(column: pl.Expr) -> pl.Expr:
    """Return times such as ``Sat Mar 02 09:15:07 +0800 2013``."""
    return column.str.to_datetime(_WITH_WEEKDAY, time_unit="us", strict=False).dt.convert_time_zone(
        "UTC"
    )


def _originals(rows: pl.DataFrame, source: Source, losses: Losses) -> Iterator[Part]:
    """Yield what is told of originals: ``post_id``, ``at``, ``text`` and numbers as text."""
    untimed = rows.filter(pl.col("at").is_null()).height
    losses.add("unknown", "times", _NO_YEAR, untimed, example=source.name)
    author = pl.col("account_id") if "account_id" in rows.columns else pl.lit(None, pl.String)
    opened = pl.col("created_at") if "created_at" in rows.columns else pl.lit(None, UTC)
    bare = pl.col("post_id").str.strip_prefix("weibo:")
    rows = rows.with_columns(
        author=author,
        account_id=pl.coalesce(author, pl.concat_str(pl.lit("weibo:author-of/"), bare)),
        created_at=opened,
    )
    unnamed = rows.filter(pl.col("author").is_null())
    losses.add("unknown", "accounts", _NO_AUTHOR, unnamed.height, example=source.name)
    yield Part(ACCOUNTS, _profiles(rows), "accounts")
    posts = rows.select(
        "post_id", "account_id", "at", "text", platform=pl.lit("weibo"), kind=pl.lit("original")
    )
    yield Part(POSTS, posts, "posts")
    numbers = rows.unpivot(list(COUNTS), index="post_id", variable_name="name")
    shown = numbers.select(
        "post_id",
        metric=pl.col("name").replace_strict(COUNTS, return_dtype=pl.String),
        value=_count("value"),
        definition=pl.format("weibo-reposts {}", "name"),
    )
    yield Part(COUNTERS, shown.drop_nulls("value"), "numbers shown")


def _profiles(rows: pl.DataFrame) -> pl.DataFrame:
    profiles = rows.select(
        "account_id",
        "created_at",
        platform=pl.lit("weibo"),
        followers=_count("followers"),
        following=_count("friends"),
        posts=_count("messages"),
        role=pl.lit("unknown"),
    )
    told = pl.col("followers", "following", "posts").is_not_null()
    return profiles.filter(pl.any_horizontal(told))


def _count(column: str) -> pl.Expr:
    number = pl.col(column).cast(pl.Int64, strict=False)
    return pl.when(number >= 0).then(number)


def _posts(rows: pl.DataFrame, losses: Losses) -> pl.DataFrame:
    """Return reposts: ``mid``, ``uid``, ``parent``, ``date``, ``text``, ``root_id``, ``place``."""
    is_number = pl.col("uid").str.contains(r"^u?\d+$")
    local = pl.col("date").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    rows = rows.with_columns(
        at=in_zone(local, BEIJING),
        account_id=pl.when(is_number)
        .then(pl.concat_str(pl.lit("weibo:"), "uid"))
        .otherwise(pl.concat_str(pl.lit("weibo:@"), "uid")),
        parent_id=pl.concat_str(pl.lit("weibo:"), "parent"),
        post_id=pl.concat_str(pl.lit("weibo:"), "mid"),
    )
    _note(rows, losses, {
        "parents": (_NO_PARENT, pl.col("parent").is_null()),
        "times": (_NO_YEAR, pl.col("at").is_null()),
        "accounts": (_VANITY, ~is_number),
    })  # fmt: skip
    times = rows.select(parent_id="post_id", parent_at="at").unique("parent_id", keep="first")
    dated = rows.join(times, on="parent_id", how="left", maintain_order="left")
    _note(dated, losses, {"times": (_YOUNGER, pl.col("at") < pl.col("parent_at"))})
    return rows.select(
        "post_id", "account_id", "at", "parent_id", "root_id", "text",
        platform=pl.lit("weibo"),
        kind=pl.lit("repost"),
        basis=pl.when(pl.col("parent_id").is_not_null()).then(pl.lit("observed")),
    )  # fmt: skip


def _note(rows: pl.DataFrame, losses: Losses, facts: dict[str, tuple[str, pl.Expr]]) -> None:
    for what, (reason, fact) in facts.items():
        flags = rows.select(fact.fill_null(value=False)).to_series()
        if count := int(flags.sum()):
            losses.add("unknown", what, reason, count, example=str(rows.filter(flags)["place"][0]))
