"""How long it took from publication to each rung of the response ladder."""

import polars as pl

from analytics.measured import LAGS


def lags(appeals: pl.DataFrame, posts: pl.DataFrame, responses: pl.DataFrame) -> pl.DataFrame:
    """Return, for every appeal and rung, the first response and its lag as an interval.

    Dates of responses are intervals, and that of publication can be, so the lag is one too: the
    first response at a rung came no earlier than the least ``from`` and no later than the least
    ``to`` of all at that rung.

    Parameters
    ----------
    appeals, posts, responses
        Rows of the tables of these names.

    Returns
    -------
    DataFrame
        The table ``lags``, in hours. The clock starts at the appeal's ``published_at``; where none
        is declared, at its first post held, and ``clock_basis`` says so. A lag can be negative: the
        authority acted before the appeal was published.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from analytics.tables import APPEALS, POSTS, RESPONSES
    >>> def at(day):
    ...     return datetime(2026, 5, day, tzinfo=UTC)
    >>> appeals = pl.DataFrame([{"appeal_id": "a", "published_at": at(1)}], schema=APPEALS.schema)
    >>> act = {"appeal_id": "a", "response_id": "r", "from": at(3), "to": at(4), "rung": 3}
    >>> responses = pl.DataFrame([act], schema=RESPONSES.schema)
    >>> lags(appeals, POSTS.empty(), responses).select("rung", "lag_lo", "lag_hi").row(0)
    (3, 48.0, 72.0)
    """
    hours = {
        "lag_lo": (pl.col("from") - pl.col("clock_end")) / pl.duration(hours=1),
        "lag_hi": (pl.col("to") - pl.col("clock_start")) / pl.duration(hours=1),
    }
    return LAGS.check(
        _first_at_each_rung(responses)
        .join(_clocks(appeals, posts), on="appeal_id", how="left")
        .with_columns(**hours)
        .select(*LAGS.columns)
        .sort("appeal_id", "rung")
    )


def _first_at_each_rung(responses: pl.DataFrame) -> pl.DataFrame:
    coded = responses.filter(pl.col("rung").is_not_null()).sort("from", "to", "response_id")
    return coded.group_by("appeal_id", "rung", maintain_order=True).agg(
        pl.col("response_id").first(),
        pl.col("from").min(),
        pl.col("to").min(),
        responses=pl.len().cast(pl.Int64),
    )


def _clocks(appeals: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    first = posts.group_by("appeal_id").agg(first_post=pl.col("at").min())
    both = appeals.select("appeal_id", "published_at", "published_by").join(
        first, on="appeal_id", how="full", coalesce=True
    )
    basis = (
        pl.when(pl.col("published_at").is_not_null())
        .then(pl.lit("published"))
        .when(pl.col("first_post").is_not_null())
        .then(pl.lit("first_post"))
    )
    return both.select(
        "appeal_id",
        clock_start=pl.coalesce("published_at", "first_post"),
        clock_end=pl.coalesce("published_by", "published_at", "first_post"),
        clock_basis=basis,
    )
