"""4CAT's CSV of Bluesky.

Traps: ids are AT addresses with the writer's DID, but what is quoted or answered is a web address
with a handle; a quoted post that is gone is written as ``DELETED`` or the like; ``collected_at`` is
local to the server, without its zone; mentions are handles, or DIDs where 4CAT found no handle.
``thread_id`` is the top of the thread.
"""

from collections.abc import Iterator

import polars as pl

from collectors.exports.cells import addresses, items, note_where
from collectors.exports.csvs import refused
from collectors.exports.formats import Part, named_on
from collectors.exports.fourcat_clocks import epoch_of, note_no_times
from collectors.exports.fourcat_source import (
    DataSource,
    Handles,
    Rows,
    account_rows,
    post_rows,
    shown,
)
from collectors.exports.hosts import key_on_bluesky, writer_on_bluesky
from collectors.exports.objects import object_keys
from collectors.exports.times import iso

_METRICS = {
    "like_count": "likes",
    "quote_count": "quotes",
    "reply_count": "replies",
    "repost_count": "reposts",
}
_POST = r"^at://([^/]+)/app\.bsky\.feed\.post/([^/]+)$"
_PICTURE = r"/(ba[a-z2-7]{20,})"
_TWICE = "a quote that also answers: kept as a quote, the answer's link is not"
_GONE = "the post that is quoted or answered is deleted, removed or hidden: not named"
_BY_HANDLE = "the writer of the post that is quoted or answered is named by handle only"
_LOCAL = "collected_at is local to the 4CAT server: left empty; say its zone with --timezone"


def _parts(rows: Rows) -> Iterator[Part]:
    losses, source = rows.options.losses, rows.source
    frame = refused(rows.frame, pl.col("id").is_null(), "lacks an id", source, losses)
    posts = _posts(_timed(frame, rows), rows.handles)
    _note(posts, rows)
    yield account_rows(
        posts,
        "bluesky",
        account_id="account_id",
        handle="author",
        name="author_display_name",
        created_at="opened",
        observed_at="observed_at",
    )
    yield post_rows(posts)
    yield shown(rows, posts, _METRICS, "4cat bluesky")


def _timed(frame: pl.DataFrame, rows: Rows) -> pl.DataFrame:
    zone = rows.options.zone
    timed = frame.with_columns(
        at=pl.coalesce(iso(pl.col("created_at")), epoch_of(pl.col("timestamp"))),
        opened=iso(pl.col("author_created_at")),
        observed_at=iso(pl.col("collected_at"), zone),
    )
    note_no_times(timed, rows.source, rows.options.losses)
    local = pl.col("collected_at").is_not_null() & pl.col("observed_at").is_null()
    note_where(timed, local, _LOCAL, rows.source, rows.options.losses, what="times")
    return timed


def _posts(rows: pl.DataFrame, handles: Handles) -> pl.DataFrame:
    """Return the columns of the file, and those of posts."""
    rows = rows.with_columns(
        kind=pl.when(pl.col("quoted_post").is_not_null()).then(pl.lit("quote"))
        .when(pl.col("replied_to_post").is_not_null()).then(pl.lit("reply"))
        .otherwise(pl.lit("original")),
        other=pl.coalesce("quoted_post", "replied_to_post"),
    )  # fmt: skip
    rows = _with_parents(rows, handles)
    rows = rows.with_columns(
        post_id=named_on("bluesky", "id"),
        platform=pl.lit("bluesky"),
        account_id=pl.coalesce(
            named_on("bluesky", "author_id"), handles.account("bluesky", pl.col("author"))
        ),
        text=pl.col("body"),
        lang=pl.col("languages").replace("N/A", None).str.split(",").list.first(),
        urls=addresses("links"),
        hashtags=items("tags"),
        mentions=_without_sign(handles.accounts(rows, "bluesky", items("mentions"))),
        media_keys=addresses("images").list.eval(pl.element().str.extract(_PICTURE))
        .list.drop_nulls(),
        collected_at=pl.col("observed_at"),
    )  # fmt: skip
    return rows.with_columns(
        object_keys("urls"),
        basis=pl.when(pl.col("parent_id").is_not_null()).then(pl.lit("observed")),
    )


def _with_parents(rows: pl.DataFrame, handles: Handles) -> pl.DataFrame:
    """Return rows with their parents: by the DID in the address, the thread's top, or the file."""
    other = pl.col("other")
    top = pl.col("thread_id")
    rows = rows.with_columns(
        told=pl.coalesce(other.str.extract(_POST, 1), writer_on_bluesky("other")),
        key=pl.coalesce(other.str.extract(_POST, 2), key_on_bluesky("other")),
    )
    is_top = (pl.col("kind") == "reply") & (pl.col("key") == top.str.extract(_POST, 2))
    writer = (
        pl.when(is_top).then(pl.concat_str(pl.lit("bluesky:"), top.str.extract(_POST, 1)))
        .when(pl.col("told").str.starts_with("did:")).then(named_on("bluesky", "told"))
        .otherwise(handles.account("bluesky", pl.col("told")))
    )  # fmt: skip
    rows = rows.with_columns(
        parent_account_id=writer, quotes_and_answers=pl.col("replied_to_post").is_not_null()
    )
    bare = pl.col("parent_account_id").str.strip_prefix("bluesky:").str.strip_prefix("@")
    between = pl.lit("/app.bsky.feed.post/")
    parent = pl.concat_str(pl.lit("bluesky:at://"), bare, between, "key")
    return rows.with_columns(parent_id=parent)


def _without_sign(accounts: pl.Series) -> pl.Expr:
    """Return mentions with DIDs as they are: only handles have an @ before them."""
    return pl.lit(accounts).list.eval(
        pl.element().str.replace("bluesky:@did:", "bluesky:did:", literal=True)
    )


def _note(posts: pl.DataFrame, rows: Rows) -> None:
    source, losses = rows.source, rows.options.losses
    twice = (pl.col("kind") == "quote") & pl.col("quotes_and_answers")
    losses.add("dropped", "links", _TWICE, int(posts.select(twice.sum()).item()))
    gone = (pl.col("kind") != "original") & pl.col("parent_id").is_null()
    note_where(posts, gone, _GONE, source, losses, what="references")
    by_handle = pl.col("parent_account_id").str.starts_with("bluesky:@")
    note_where(posts, by_handle, _BY_HANDLE, source, losses, what="references")


BLUESKY = DataSource(
    name="Bluesky",
    needs=frozenset({"id", "thread_id", "body", "author_id", "quoted_post", "replied_to_post"}),
    reads=(
        "author", "author_display_name", "author_created_at", "collected_at", "created_at",
        "tags", "links", "images", "mentions", "languages",
    ),
    repeats=frozenset({"link", "author_profile", "quoted_user", "replied_to_user"}),
    clock=None,
    handles=(("author", "author_id"),),
    metrics=_METRICS,
    parts=_parts,
)  # fmt: skip
