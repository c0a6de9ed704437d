"""One appeal in a few numbers."""

import polars as pl

from analytics.tables import SHARES, SUMMARY

CENTRAL = (0.01, 0.99)  # quantiles of post times between which a picture opens


def summary(
    appeals: pl.DataFrame, posts: pl.DataFrame, shares: pl.DataFrame, responses: pl.DataFrame
) -> pl.DataFrame:
    """Count what is held of each appeal.

    Parameters
    ----------
    appeals, posts, shares, responses
        Rows of the tables of these names.

    Returns
    -------
    DataFrame
        The table ``summary``, one row per appeal that is declared or has posts.
    """
    ids = pl.concat([appeals["appeal_id"], posts["appeal_id"]]).unique().sort()
    counted = ids.to_frame()
    for part in (_counts(posts), _window(posts), most_shared(posts), _shared(shares)):
        counted = counted.join(part, on="appeal_id", how="left", maintain_order="left")
    acts = responses.group_by("appeal_id").agg(responses=pl.len().cast(pl.Int64))
    counted = counted.join(acts, on="appeal_id", how="left", maintain_order="left")
    required = [name for name, column in SUMMARY.columns.items() if not column.null]
    filled = counted.with_columns(pl.col(required[1:]).fill_null(0))
    return SUMMARY.check(filled.select(*SUMMARY.columns))


def _counts(posts: pl.DataFrame) -> pl.DataFrame:
    return posts.group_by("appeal_id").agg(
        posts=pl.len().cast(pl.Int64),
        accounts=pl.col("account_id").drop_nulls().n_unique().cast(pl.Int64),
        platforms=pl.col("platform").value_counts(sort=True).struct.field("platform"),
        first_at=pl.col("at").min(),
        last_at=pl.col("at").max(),
    )


def _window(posts: pl.DataFrame) -> pl.DataFrame:
    at = pl.col("at")
    lo, hi = CENTRAL
    edges = posts.filter(at.is_not_null()).with_columns(
        window_from=at.quantile(lo, interpolation="lower").over("appeal_id"),
        window_to=at.quantile(hi, interpolation="higher").over("appeal_id"),
    )
    inside = at.is_between("window_from", "window_to")
    return edges.group_by("appeal_id").agg(
        pl.col("window_from", "window_to").first(),
        window_posts=inside.sum().cast(pl.Int64),
    )


def _shared(shares: pl.DataFrame) -> pl.DataFrame:
    own = shares.filter(pl.col("kind").is_in(SHARES))
    return own.group_by("appeal_id").agg(
        shares=pl.len().cast(pl.Int64),
        observed=(pl.col("basis") == "observed").sum().cast(pl.Int64),
    )


def most_shared(posts: pl.DataFrame) -> pl.DataFrame:
    """Return, by appeal, the post that most shares name: as parent where told, else as root."""
    named = posts.filter(pl.col("kind").is_in(SHARES)).select(
        "appeal_id",
        "kind",
        top_post_id=pl.coalesce("parent_id", "root_id"),
        author=pl.coalesce("parent_account_id", "root_account_id"),
    )
    writers = posts.select("appeal_id", top_post_id="post_id", writer="account_id")
    return (
        named.drop_nulls("top_post_id")
        .group_by("appeal_id", "top_post_id")
        .agg(
            top_shares=pl.len().cast(pl.Int64),
            top_reposts=(pl.col("kind") == "repost").sum().cast(pl.Int64),
            author=pl.col("author").drop_nulls().first(),
        )
        .sort("top_shares", "top_post_id", descending=[True, False])
        .unique("appeal_id", keep="first", maintain_order=True)
        .join(writers, on=["appeal_id", "top_post_id"], how="left")
        .with_columns(top_account_id=pl.coalesce("writer", "author"))
    )
