"""4CAT's CSV of VK: posts found by a search, and the comments below them.

Traps: a number is unique on its wall only, and the wall is told by the link alone; ``thread_id`` is
the post for a comment and the post itself for a post; 4CAT does not say which posts pass on another
(VK's copy history is not in the file), so every post is an original here; ``N/A`` stands for what
VK did not tell. ``timestamp`` is local to the server.
"""

from collections.abc import Iterator

import polars as pl

from collectors.exports.cells import addresses, joined, links_in, note_where, tags_in
from collectors.exports.csvs import refused
from collectors.exports.formats import Part, named_on
from collectors.exports.fourcat_source import DataSource, Rows, account_rows, post_rows, shown
from collectors.exports.objects import object_keys

_METRICS = {"views": "views", "likes": "likes", "post_comments": "replies"}
_KINDS = {"post": "original", "comment": "comment"}
_FILM = r"video(-?\d+_\d+)"
_UNNAMED = "a comment whose post is not named"


def _parts(rows: Rows) -> Iterator[Part]:
    losses, source = rows.options.losses, rows.source
    frame = rows.frame.with_columns(
        wall=pl.col("link").str.extract(r"wall(-?\d+)_\d+"),
        kind=pl.col("item_type").replace_strict(_KINDS, default=None, return_dtype=pl.String),
    )
    for column, reason in (
        ("id", "lacks an id"),
        ("wall", "its link names no wall"),
        ("kind", "is neither a post nor a comment"),
    ):
        frame = refused(frame, pl.col(column).is_null(), reason, source, losses)
    posts = _posts(frame)
    unnamed = (pl.col("kind") == "comment") & pl.col("parent_id").is_null()
    note_where(posts, unnamed, _UNNAMED, source, losses, what="references")
    followers = pl.col("author_followers").replace("N/A", None).cast(pl.Int64, strict=False)
    yield account_rows(
        posts.with_columns(followers=followers),
        "vk",
        account_id="account_id",
        handle="author_screen_name",
        name="author_name",
        followers="followers",
    )
    yield post_rows(posts)
    yield shown(rows, posts, _METRICS, "4cat vk")


def _posts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of the file, and those of posts."""
    is_comment = pl.col("kind") == "comment"
    answered = pl.col("in_reply_to_comment_id").replace("0", None)
    rows = rows.with_columns(
        post_id=_on_wall("id"),
        platform=pl.lit("vk"),
        account_id=named_on("vk", "author_id"),
        answered=answered,
        parent_account_id=pl.when(is_comment & answered.is_not_null()).then(
            named_on("vk", "in_reply_to_user")
        ),
        root_id=pl.when(is_comment).then(_on_wall("thread_id")),
        text=pl.col("body"),
        urls=joined(links_in(pl.col("body")), addresses("links")),
        hashtags=tags_in("body"),
        media_keys=addresses("videos").list.eval(pl.element().str.extract(_FILM))
        .list.drop_nulls(),
    )  # fmt: skip
    parent = pl.coalesce(_on_wall("answered"), "root_id")
    return rows.with_columns(
        object_keys("urls"), parent_id=pl.when(is_comment).then(parent)
    ).with_columns(basis=pl.when(pl.col("parent_id").is_not_null()).then(pl.lit("observed")))


def _on_wall(column: str) -> pl.Expr:
    return pl.concat_str(pl.lit("vk:"), "wall", pl.lit("_"), column)


VK = DataSource(
    name="VK",
    needs=frozenset({
        "id", "thread_id", "item_type", "body", "author_id", "link", "in_reply_to_comment_id",
    }),
    reads=(
        "author_screen_name", "author_name", "author_followers", "in_reply_to_user", "links",
        "videos",
    ),
    repeats=frozenset(),
    clock="unix_timestamp",
    handles=(),
    metrics=_METRICS,
    parts=_parts,
)  # fmt: skip
