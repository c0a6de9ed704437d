"""How far it went, as far as anyone has shown: posts over time, and platforms' own numbers."""

import polars as pl

from analytics.measured import COUNTER_HISTORY, TIMELINE
from analytics.tables import SHARES

WINDOWS = ("1h", "1d")


def timeline(posts: pl.DataFrame) -> pl.DataFrame:
    """Count the posts held in windows of an hour and of a day (UTC).

    Parameters
    ----------
    posts
        Rows of ``posts``; those without a time are in no window.

    Returns
    -------
    DataFrame
        The table ``timeline``. A window in which nothing is held has no row: whether nothing
        happened or nothing was collected is not known.
    """
    timed = posts.filter(pl.col("at").is_not_null())
    return TIMELINE.check(
        pl.concat([_windows(timed, every) for every in WINDOWS]).sort(
            "appeal_id", "every", "platform", "at"
        )
    )


def _windows(posts: pl.DataFrame, every: str) -> pl.DataFrame:
    kind = pl.col("kind")
    counts = {
        "originals": kind.is_in(["original", "article"]),
        "shares": kind.is_in(SHARES),
        "replies": kind.is_in(["reply", "comment"]),
    }
    return (
        posts.group_by("appeal_id", "platform", pl.col("at").dt.truncate(every))
        .agg(
            posts=pl.len().cast(pl.Int64),
            accounts=pl.col("account_id").drop_nulls().n_unique().cast(pl.Int64),
            **{name: test.sum().cast(pl.Int64) for name, test in counts.items()},
        )
        .with_columns(every=pl.lit(every))
        .select(*TIMELINE.columns)
    )


def counter_history(
    counters: pl.DataFrame, posts: pl.DataFrame, shares: pl.DataFrame
) -> pl.DataFrame:
    """Add up, for every time at which a platform was asked, each post's newest number.

    Numbers of different platforms, metrics or definitions are never added.

    Parameters
    ----------
    counters, posts, shares
        Rows of the tables of these names. Numbers count for the posts held and for the roots that
        shares refer to.

    Returns
    -------
    DataFrame
        The table ``counter_history``. Numbers whose time is unknown stand in a row of their own
        (``at`` null), each post with its largest.
    """
    appeals = pl.concat(
        [posts.select("appeal_id", "post_id"), shares.select("appeal_id", post_id="root_id")]
    ).unique()
    shown = counters.join(appeals.drop_nulls(), on="post_id").with_columns(
        platform=pl.col("post_id").str.extract(r"^([a-z0-9_]+):")
    )
    dated = _dated(shown.filter(pl.col("observed_at").is_not_null()))
    undated = _undated(shown.filter(pl.col("observed_at").is_null()))
    return COUNTER_HISTORY.check(
        pl.concat([part.select(*COUNTER_HISTORY.columns) for part in (dated, undated)]).sort(
            COUNTER_HISTORY.key, nulls_last=True
        )
    )


_SERIES = ("appeal_id", "platform", "metric", "definition")


def _dated(shown: pl.DataFrame) -> pl.DataFrame:
    post = (*_SERIES, "post_id")
    steps = (
        shown.group_by(*post, "observed_at")
        .agg(pl.col("value").max())
        .sort(*post, "observed_at")
        .with_columns(
            step=pl.col("value") - pl.col("value").shift(1, fill_value=0).over(post),
            first=pl.col("value").shift(1).over(post).is_null(),
        )
    )
    return (
        steps.group_by(*_SERIES, at="observed_at")
        .agg(pl.col("step").sum(), pl.col("first").sum().cast(pl.Int64))
        .sort(*_SERIES, "at")
        .with_columns(
            value=pl.col("step").cum_sum().over(_SERIES),
            posts=pl.col("first").cum_sum().over(_SERIES),
        )
    )


def _undated(shown: pl.DataFrame) -> pl.DataFrame:
    newest = shown.group_by(*_SERIES, "post_id").agg(pl.col("value").max())
    sums = newest.group_by(_SERIES).agg(pl.col("value").sum(), posts=pl.len().cast(pl.Int64))
    return sums.with_columns(at=pl.lit(None, shown["observed_at"].dtype))
