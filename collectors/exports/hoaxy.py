"""Hoaxy's CSV: one row for each edge between two accounts that a post makes.

Directions differ in the file: reposts and quotes run from the original's author to the sharer,
replies and mentions from the author to the one addressed. Here every post is by the account that
wrote it, and ``root_account_id`` or ``parent_account_id`` is the other one. The post that is shared
is never named, so parents and roots stay unknown. One post can stand in several rows.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from analytics.schema import STRINGS
from analytics.tables import ACCOUNTS, POSTS
from collectors.exports.csvs import batches, note_unread, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part, named_on
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.sources import Source
from collectors.exports.times import iso

COLUMNS = {
    "canonical_url", "from_user_id", "to_user_id", "tweet_id", "tweet_type", "tweet_created_at"
}  # fmt: skip
_OPTIONAL = {"is_mention", "from_user_screen_name", "to_user_screen_name"}
_SAID_TWICE = {"id", "tweet_url", "url_id", "url_raw"}  # what other columns say already
_KINDS = {"origin": "original", "retweet": "repost", "quote": "quote", "reply": "reply"}


class Hoaxy:
    """Reads the edges that Hoaxy exports."""

    name = "hoaxy"
    label = "Hoaxy CSV"

    def knows(self, head: Head) -> bool:
        """Judge by column names, in whatever order they stand."""
        return set(head.columns) >= COLUMNS

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts and posts."""
        losses = options.losses
        for source, told in batches(files, losses, options.scratch, needs=COLUMNS, whole=True):
            note_unread(told, COLUMNS | _OPTIONAL | _SAID_TWICE, source, losses)
            rows = _checked(with_columns_of(told, [*COLUMNS, *_OPTIONAL]), source, losses)
            yield Part(ACCOUNTS, _accounts(rows), "accounts")
            yield Part(POSTS, _posts(rows, losses), "posts")


FORMAT = Hoaxy()


def _checked(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    rows = rows.with_columns(
        post_id=_x("tweet_id"),
        at=iso(pl.col("tweet_created_at")),
        kind=pl.col("tweet_type").replace_strict(_KINDS, default=None, return_dtype=pl.String),
    )
    bad = pl.any_horizontal(pl.col("at", "kind", "post_id").is_null())
    return refused(rows, bad, "lacks an id, a time or a known type", source, losses)


def _accounts(rows: pl.DataFrame) -> pl.DataFrame:
    ends = [
        rows.select(id=_x(f"{end}_user_id"), handle=f"{end}_user_screen_name")
        for end in ("from", "to")
    ]
    named = pl.concat(ends).drop_nulls().unique(maintain_order=True)
    return named.select(
        account_id="id",
        platform=pl.lit("x"),
        handle="handle",
        role=pl.lit("unknown"),
    )


def _posts(rows: pl.DataFrame, losses: Losses) -> pl.DataFrame:
    """Return one post for each distinct post; further edges of it only address accounts."""
    shared = pl.col("kind").is_in(["repost", "quote"]) & ~_is_mention()
    rows = rows.with_columns(shared=shared).sort("shared", descending=True, maintain_order=True)
    posts = rows.unique("post_id", keep="first", maintain_order=True)
    again = rows.height - posts.height
    reason = "a further edge of a post that is kept: an account it addresses"
    losses.add("dropped", "rows", reason, again)
    author = pl.when("shared").then(_x("to_user_id")).otherwise(_x("from_user_id"))
    other = pl.when("shared").then(_x("from_user_id"))
    url = pl.col("canonical_url")
    is_quote = pl.col("kind") == "quote"
    is_reply = pl.col("kind") == "reply"
    return posts.select(
        post_id="post_id",
        platform=pl.lit("x"),
        account_id=author,
        at="at",
        kind="kind",
        parent_account_id=pl.when(is_quote).then(other)
        .when(is_reply & ~_is_mention()).then(_x("to_user_id")),
        root_account_id=pl.when(pl.col("kind") == "repost").then(other),
        basis=pl.when(is_quote | (is_reply & ~_is_mention())).then(pl.lit("observed")),
        urls=pl.when(url.is_not_null()).then(pl.concat_list(url)).cast(STRINGS),
    ).with_columns(object_keys("urls"))  # fmt: skip


def _is_mention() -> pl.Expr:
    return (pl.col("is_mention").str.to_lowercase() == "true").fill_null(value=False)


def _x(column: str) -> pl.Expr:
    return named_on("x", column)
