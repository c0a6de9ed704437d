"""One appeal in a few numbers."""

import math

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.measured import SUMMARY
from analytics.tables import SHARES

MOST = 0.95  # of the posts lie in the stretch on which a picture opens
NEAR = 0.25  # of that stretch: an end of time no farther off is opened on too


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
    parts = (
        _counts(posts),
        _window(posts),
        most_shared(posts.lazy()).collect(),
        _shared(shares),
        _sources(shares),
    )
    for part in parts:
        counted = counted.join(part, on="appeal_id", how="left", maintain_order="left")
    acts = responses.group_by("appeal_id").agg(responses=pl.len().cast(pl.Int64))
    counted = counted.join(acts, on="appeal_id", how="left", maintain_order="left")
    required = [name for name, column in SUMMARY.columns.items() if not column.null]
    filled = counted.with_columns(pl.col(required[1:]).fill_null(0))
    return SUMMARY.check(filled.select(*SUMMARY.columns))


def _counts(posts: pl.DataFrame) -> pl.DataFrame:
    platforms = (
        posts.group_by("appeal_id", "platform")
        .len()
        .sort("len", "platform", descending=[True, False])
        .group_by("appeal_id", maintain_order=True)
        .agg(platforms="platform")
    )
    counts = posts.group_by("appeal_id").agg(
        posts=pl.len().cast(pl.Int64),
        accounts=pl.col("account_id").drop_nulls().n_unique().cast(pl.Int64),
        first_at=pl.col("at").min(),
        last_at=pl.col("at").max(),
    )
    return counts.join(platforms, on="appeal_id")


def opening(times: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> tuple[int, int]:
    """Return the first and last post of the stretch of time on which a picture opens.

    It is the shortest stretch that holds most posts: a few that are much older, such as originals
    that later posts refer to, do not press all others into a corner. An end of all time that is
    near is taken in.

    Examples
    --------
    >>> opening(np.array([0.0, *range(1000, 1099)]))
    (1, 99)
    """
    last = len(times) - 1
    many = math.ceil(MOST * len(times))
    start = int(np.argmin(times[many - 1 :] - times[: len(times) - many + 1]))
    end = start + many - 1
    near = (times[end] - times[start]) * NEAR
    return (
        0 if times[start] - times[0] <= near else start,
        last if times[last] - times[end] <= near else end,
    )


def _window(posts: pl.DataFrame) -> pl.DataFrame:
    dated = posts.select("appeal_id", "at").drop_nulls().sort("appeal_id", "at")
    rows = []
    for (appeal_id,), part in dated.group_by("appeal_id", maintain_order=True):
        start, end = opening(part["at"].to_physical().to_numpy())
        rows.append((appeal_id, part["at"][start], part["at"][end], end - start + 1))
    names = ("appeal_id", "window_from", "window_to", "window_posts")
    return pl.DataFrame(rows, schema={name: SUMMARY.schema[name] for name in names}, orient="row")


def _shared(shares: pl.DataFrame) -> pl.DataFrame:
    own = shares.filter(pl.col("kind").is_in(SHARES))
    return own.group_by("appeal_id").agg(
        shares=pl.len().cast(pl.Int64),
        observed=(pl.col("basis") == "observed").sum().cast(pl.Int64),
    )


def _sources(shares: pl.DataFrame) -> pl.DataFrame:
    """Return the account named most: as the parent's where that is told, else as the root's."""
    named = shares.filter(pl.col("kind").is_in(SHARES)).select(
        "appeal_id", top_source_id=pl.coalesce("parent_account_id", "root_account_id")
    )
    return (
        named.drop_nulls()
        .group_by("appeal_id", "top_source_id")
        .agg(top_source_shares=pl.len().cast(pl.Int64))
        .sort("top_source_shares", "top_source_id", descending=[True, False])
        .unique("appeal_id", keep="first", maintain_order=True)
    )


def most_shared(posts: pl.LazyFrame) -> pl.LazyFrame:
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
            author=pl.col("author").min(),  # the one that is known, if any share knows it
        )
        .sort("top_shares", "top_post_id", descending=[True, False])
        .unique("appeal_id", keep="first", maintain_order=True)
        .join(writers, on=["appeal_id", "top_post_id"], how="left")
        .with_columns(top_account_id=pl.coalesce("writer", "author"))
    )
