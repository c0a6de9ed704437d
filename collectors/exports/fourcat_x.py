"""4CAT's CSV of X, from API v2 or from Zeeschuimer.

Traps: the order of the counts differs from file to file; whom a repost, a quote or an answer refers
to is told by handle only, never which post; a repost has the whole text of its original, and its
numbers are the original's or nobody's; a post that X refused has ``UNKNOWN`` for its author and the
time of asking for its own. ``thread_id`` names the conversation, not what is answered.
"""

from collections.abc import Iterator

import polars as pl

from collectors.exports.cells import addresses, items, joined, note_where, said_yes
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
    "retweet_count": "reposts",
    "reply_count": "replies",
    "like_count": "likes",
    "quote_count": "quotes",
    "impression_count": "views",
    "bookmark_count": "bookmarks",
}
_PICTURE = r"/media/([A-Za-z0-9_-]+)"
_FILM = r"/(?:ext_tw_video|amplify_video|tweet_video)(?:_thumb)?/([A-Za-z0-9_-]+)"
_NOT_LANGUAGES = ("und", "qme", "qam", "qct", "qht", "qst", "zxx", "art")
_REFUSED = "X refused to show the post: 4CAT has only its id, and the time of asking"
_TWICE = "a quote that also answers: kept as a quote, the answer's link is not"
_UNNAMED = "the account that it reposts, quotes or answers is not named"
_THEIRS = "stands beside a repost and belongs to its original, which is not named"


def _parts(rows: Rows) -> Iterator[Part]:
    losses, source = rows.options.losses, rows.source
    asked = refused(rows.frame, pl.col("id").is_null(), "lacks an id", source, losses)
    gone = (pl.col("author_id") == "UNKNOWN").fill_null(value=False)
    posts = _posts(refused(asked, gone, _REFUSED, source, losses), rows.handles)
    _note(posts, rows)
    yield account_rows(
        posts.with_columns(pl.col("author_followers").cast(pl.Int64, strict=False)),
        "x",
        account_id="account_id",
        handle="author",
        name="author_fullname",
        followers="author_followers",
    )
    yield post_rows(posts)
    yield shown(rows, posts.filter(pl.col("kind") != "repost"), _METRICS, "4cat x")


def _posts(rows: pl.DataFrame, handles: Handles) -> pl.DataFrame:
    """Return the columns of the file, and those of posts."""
    by_id = named_on("x", "author_id")
    rows = rows.with_columns(
        kind=pl.when(said_yes("is_retweet")).then(pl.lit("repost"))
        .when(said_yes("is_quote_tweet")).then(pl.lit("quote"))
        .when(said_yes("is_reply")).then(pl.lit("reply"))
        .otherwise(pl.lit("original")),
        pictures=addresses("images").list.eval(pl.element().str.extract(_PICTURE)).list.drop_nulls(),
        films=addresses("videos").list.eval(pl.element().str.extract(_FILM)).list.drop_nulls(),
    )  # fmt: skip
    kind = pl.col("kind")
    parent = pl.when(kind == "quote").then("quoted_user").when(kind == "reply").then("replied_user")
    rows = rows.with_columns(
        post_id=named_on("x", "id"),
        platform=pl.lit("x"),
        account_id=pl.coalesce(by_id, handles.account("x", pl.col("author"))),
        parent_account_id=handles.account("x", parent),
        root_account_id=pl.when(kind == "repost").then(
            handles.account("x", pl.col("retweeted_user"))
        ),
        text=pl.col("body"),
        lang=pl.when(~pl.col("language_guess").is_in(_NOT_LANGUAGES)).then("language_guess"),
        urls=addresses("urls"),
        hashtags=items("hashtags"),
        mentions=handles.accounts(rows, "x", items("mentions")),
        media_keys=joined(pl.col("pictures"), pl.col("films")),
        impression_count=pl.col("impression_count").replace("0", None),  # none were reported
    )
    return rows.with_columns(
        object_keys("urls"),
        basis=pl.when(pl.col("parent_account_id").is_not_null()).then(pl.lit("observed")),
    )


def _note(posts: pl.DataFrame, rows: Rows) -> None:
    losses = rows.options.losses
    both = posts.select(((pl.col("kind") == "quote") & said_yes("is_reply")).sum()).item()
    losses.add("dropped", "links", _TWICE, int(both))
    named = pl.any_horizontal(pl.col("parent_account_id", "root_account_id").is_not_null())
    unnamed = (pl.col("kind") != "original") & ~named
    note_where(posts, unnamed, _UNNAMED, rows.source, losses, what="references")
    theirs = posts.filter(pl.col("kind") == "repost").select(
        pl.sum_horizontal(pl.col(name).is_not_null().sum() for name in _METRICS)
    )
    losses.add("dropped", "numbers shown", _THEIRS, int(theirs.item()))


X = DataSource(
    name="X",
    needs=frozenset({"id", "thread_id", "body", "author_id", "is_retweet", "retweeted_user"}),
    reads=(
        "author", "author_fullname", "author_followers", "language_guess", "is_quote_tweet",
        "quoted_user", "is_reply", "replied_user", "hashtags", "urls", "images", "videos",
        "mentions",
    ),
    repeats=frozenset({"link"}),
    clock="timestamp",
    handles=(("author", "author_id"),),
    metrics=_METRICS,
    parts=_parts,
)  # fmt: skip
