"""What people upload to 4CAT, and its data sources that have no reader of their own here.

All have ``id, thread_id, author, body, timestamp``. The platform is not in the file: it is told by
the post's own link, where there is one. Traps: ``thread_id`` is a thread, a channel or the post
itself, so nothing says what answers what; the server drops the zone of uploaded times.
"""

from collections.abc import Iterator

import polars as pl

from collectors.exports.cells import items, joined, links_in, note_where, tags_in
from collectors.exports.csvs import refused
from collectors.exports.formats import Part
from collectors.exports.fourcat_source import DataSource, Rows, account_rows, post_rows, shown
from collectors.exports.hosts import platform_at, post_at
from collectors.exports.objects import object_keys

UNKNOWN = "unknown"

_METRICS = {
    "likes": "likes",
    "like_count": "likes",
    "num_likes": "likes",
    "views": "views",
    "view_count": "views",
    "plays": "views",
    "comments": "replies",
    "num_comments": "replies",
    "reply_count": "replies",
    "shares": "reposts",
    "repost_count": "reposts",
}
_LINKS = ("link", "url", "post_url", "permalink")
_THREAD = "thread_id may name a thread: what the post answers, if anything, is not told"
_PLATFORM = "no link tells the platform"


def _parts(rows: Rows) -> Iterator[Part]:
    losses, source = rows.options.losses, rows.source
    posts = _posts(refused(rows.frame, pl.col("id").is_null(), "lacks an id", source, losses))
    apart = pl.col("thread_id").is_not_null() & (pl.col("thread_id") != pl.col("id"))
    note_where(posts, apart, _THREAD, source, losses, what="references")
    note_where(posts, pl.col("platform") == UNKNOWN, _PLATFORM, source, losses, what="platforms")
    accounts = account_rows(posts, UNKNOWN, account_id="account_id", handle="author")
    yield Part(accounts.table, _on_their_platforms(accounts.frame), accounts.what)
    yield post_rows(posts)
    yield shown(rows, posts, _METRICS, "4cat")


def _posts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of the file, and those of posts."""
    rows = rows.with_columns(own=pl.coalesce(_LINKS)).with_columns(
        platform=platform_at("own").fill_null(UNKNOWN)
    )
    handle = pl.col("author").str.strip_prefix("@")
    return rows.with_columns(
        post_id=pl.coalesce(post_at("own"), _named("id")),
        account_id=pl.coalesce(
            _named("author_id"),
            pl.concat_str("platform", pl.lit(":@"), pl.when(handle != "").then(handle)),
        ),
        kind=pl.lit("original"),
        text=pl.col("body"),
        urls=links_in(pl.col("body")),
        hashtags=pl.coalesce(joined(items("hashtags")), tags_in("body")),
    ).with_columns(object_keys("urls"))


def _named(column: str) -> pl.Expr:
    return pl.concat_str("platform", pl.lit(":"), column)


def _on_their_platforms(accounts: pl.DataFrame) -> pl.DataFrame:
    return accounts.with_columns(platform=pl.col("account_id").str.extract(r"^([^:]+):"))


UPLOAD = DataSource(
    name="an upload",
    needs=frozenset({"id", "thread_id", "author", "body", "timestamp"}),
    reads=("author_id", "hashtags", *_LINKS),
    repeats=frozenset(),
    clock="unix_timestamp",
    handles=(),
    metrics=_METRICS,
    parts=_parts,
)
