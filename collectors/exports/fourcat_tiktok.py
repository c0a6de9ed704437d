"""4CAT's CSV of TikTok: posts, and comments, which are two data sources with two headers.

Traps: older files of posts have seconds in ``timestamp`` and other names for the counts; newer ones
name the writer by handle only; words on the picture (``stickers``) break over lines inside a cell;
challenges are hashtags too. A comment's ``thread_id`` is the video, or else the comment at the top
of its thread: what an answer in a thread directly answers is not told. For comments, ``timestamp``
is local to the server.
"""

from collections.abc import Iterator

import polars as pl

from collectors.exports.cells import items, joined, links_in, note_where, said_yes, tags_in
from collectors.exports.csvs import refused
from collectors.exports.formats import Part, named_on
from collectors.exports.fourcat_source import (
    DataSource,
    Handles,
    Rows,
    account_rows,
    post_rows,
    shown,
)
from collectors.exports.objects import object_keys

_METRICS = {
    "likes": "likes",
    "comments": "replies",
    "shares": "forwards",
    "plays": "views",
    "amount_likes": "likes",
    "amount_comments": "replies",
    "amount_shares": "forwards",
    "amount_plays": "views",
}
_BESIDE_COMMENTS = {"likes": "likes", "replies": "replies"}
_IN_THREAD = "answers a comment or an answer below it: which one is not told"


def _posts(rows: Rows) -> Iterator[Part]:
    posts = _common(rows, rows.frame).with_columns(
        kind=pl.lit("original"),
        hashtags=joined(items("hashtags"), items("challenges")),
    )
    yield account_rows(
        posts.with_columns(pl.col("author_followers").cast(pl.Int64, strict=False)),
        "tiktok",
        account_id="account_id",
        handle="author",
        name="author_full",
        followers="author_followers",
    )
    yield post_rows(posts)
    yield shown(rows, posts, _METRICS, "4cat tiktok")


def _comments(rows: Rows) -> Iterator[Part]:
    in_thread = said_yes("is_comment_on_comment")
    video = named_on("tiktok", "video")
    posts = (
        _common(rows, rows.frame.rename({"post_id": "video"}))
        .with_columns(
            kind=pl.lit("comment"),
            root_id=video,
            parent_id=pl.when(~in_thread).then(video),
            hashtags=tags_in("body"),
            lang=pl.when(pl.col("language_guess") != "un").then("language_guess"),
        )
        .with_columns(basis=pl.when(pl.col("parent_id").is_not_null()).then(pl.lit("observed")))
    )
    note_where(posts, in_thread, _IN_THREAD, rows.source, rows.options.losses, what="references")
    yield account_rows(
        posts, "tiktok", account_id="account_id", handle="author", name="author_full"
    )
    yield post_rows(posts)
    yield shown(rows, posts, _BESIDE_COMMENTS, "4cat tiktok comment")


def _common(rows: Rows, frame: pl.DataFrame) -> pl.DataFrame:
    """Return what posts and comments have alike."""
    losses = rows.options.losses
    frame = refused(frame, pl.col("id").is_null(), "lacks an id", rows.source, losses)
    return frame.with_columns(
        post_id=named_on("tiktok", "id"),
        platform=pl.lit("tiktok"),
        account_id=_account(rows.handles),
        text=pl.col("body"),
        urls=links_in(pl.col("body")),
        mentions=rows.handles.accounts(frame, "tiktok", items("mentions")),
    ).with_columns(object_keys("urls"))


def _account(handles: Handles) -> pl.Expr:
    by_handle = handles.account("tiktok", pl.col("author"))
    return pl.coalesce(named_on("tiktok", "author_id"), by_handle)


TIKTOK = DataSource(
    name="TikTok",
    needs=frozenset({"id", "thread_id", "author", "body", "tiktok_url"}),
    reads=(
        "author_id", "author_full", "author_followers", "hashtags", "challenges", "mentions",
    ),
    repeats=frozenset({"thread_id", "tiktok_url"}),
    clock="timestamp",
    handles=(("author", "author_id"),),
    metrics=_METRICS,
    parts=_posts,
)  # fmt: skip

TIKTOK_COMMENTS = DataSource(
    name="TikTok comments",
    needs=frozenset({"id", "thread_id", "author", "body", "post_id", "is_comment_on_comment"}),
    reads=("author_id", "author_full", "language_guess", "mentions"),
    repeats=frozenset({"post_url", "comment_url"}),
    clock="unix_timestamp",
    handles=(("author", "author_id"),),
    metrics=_BESIDE_COMMENTS,
    parts=_comments,
)
