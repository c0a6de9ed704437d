"""How long it took to each rung of the response ladder: from publication, peak and first answer."""

import polars as pl

from analytics.measured import ATTENTION, LAGS, PEAKS

TOGETHER = "all"  # platforms, in attention and peaks
ACKNOWLEDGES = 1  # the rung
_HOUR = pl.duration(hours=1)
_NO_SERIES, _NO_PEAKS = ATTENTION.empty(), PEAKS.empty()


def lags(
    appeals: pl.DataFrame,
    posts: pl.DataFrame,
    responses: pl.DataFrame,
    *,
    attention: pl.DataFrame = _NO_SERIES,
    peaks: pl.DataFrame = _NO_PEAKS,
) -> pl.DataFrame:
    """Return, for every appeal and rung, the first response and its lags as intervals.

    Dates of responses are intervals, and that of publication can be, so lags are too: the first
    response at a rung came no earlier than the least ``from`` and no later than the least ``to`` of
    all at that rung.

    Parameters
    ----------
    appeals, posts, responses, attention, peaks
        Rows of the tables of these names. Without the last two nothing is told of peaks.

    Returns
    -------
    DataFrame
        The table ``lags``, in hours. The clock starts at the appeal's ``published_at``; where none
        is declared, at its first post held, and ``clock_basis`` says so. A lag can be negative: the
        authority acted before the appeal was published (``before_appeal``), before attention was
        at its peak, or before anybody acknowledged it. The peak is a bin of time, of all platforms
        together, and known in hindsight only: that something came before it is no prediction.

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
    first = _first_at_each_rung(responses)
    peak = _busiest(attention, peaks)
    return LAGS.check(
        first.join(starts(appeals, posts), on="appeal_id", how="left")
        .join(peak, on="appeal_id", how="left")
        .join(_acknowledged(first), on="appeal_id", how="left")
        .with_columns(
            lag_lo=_hours("from", "clock_end"), lag_hi=_hours("to", "clock_start"),
            peak_lag_lo=_hours("from", "peak_to"), peak_lag_hi=_hours("to", "peak_from"),
            first_lag_lo=_since_first("from", "first_to"),
            first_lag_hi=_since_first("to", "first_from"),
        )
        .with_columns(before_appeal=_before())
        .select(*LAGS.columns)
        .sort("appeal_id", "rung")
    )  # fmt: skip


def _hours(end: str, start: str) -> pl.Expr:
    return (pl.col(end) - pl.col(start)) / _HOUR


def _since_first(end: str, start: str) -> pl.Expr:
    """Return hours since the first acknowledgement, which itself came when it came."""
    itself = pl.col("rung") == ACKNOWLEDGES
    return pl.when(itself).then(0.0).otherwise(_hours(end, start))


def _before() -> pl.Expr:
    return (
        pl.when(pl.col("lag_hi") < 0)
        .then(pl.lit("yes"))
        .when(pl.col("lag_lo") < 0)
        .then(pl.lit("perhaps"))
        .when(pl.col("lag_lo") >= 0)
        .then(pl.lit("no"))
    )


def _first_at_each_rung(responses: pl.DataFrame) -> pl.DataFrame:
    coded = responses.filter(pl.col("rung").is_not_null()).sort("from", "to", "response_id")
    return coded.group_by("appeal_id", "rung", maintain_order=True).agg(
        pl.col("response_id").first(),
        pl.col("from").min(),
        pl.col("to").min(),
        responses=pl.len().cast(pl.Int64),
    )


def _acknowledged(first: pl.DataFrame) -> pl.DataFrame:
    return first.filter(pl.col("rung") == ACKNOWLEDGES).select(
        "appeal_id", first_from="from", first_to="to"
    )


def _busiest(attention: pl.DataFrame, peaks: pl.DataFrame) -> pl.DataFrame:
    """Return each appeal's peak, of all its platforms together or of its only one."""
    alone = pl.len().over("appeal_id") == 1
    series = attention.filter((pl.col("platform") == TOGETHER) | alone).drop_nulls("peak_at")
    top = peaks.filter(pl.col("rank") == 1).select("appeal_id", "platform", stands_out="at")
    start = pl.coalesce("stands_out", "peak_at")
    basis = pl.when(pl.col("stands_out").is_null()).then(pl.lit("busiest"))
    return series.join(top, on=["appeal_id", "platform"], how="left").select(
        "appeal_id",
        peak_from=start,
        peak_to=start + pl.duration(minutes="minutes"),
        peak_basis=basis.otherwise(pl.lit("stands_out")),
    )


def starts(appeals: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Return when each appeal's clock starts, and how that is known.

    Returns
    -------
    DataFrame
        One row per appeal that is declared or has posts: ``clock_start`` is its ``published_at``,
        else its first post held, which can be later than the appeal; ``clock_basis`` says which.
        ``clock_end`` is the latest that it can have started.
    """
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
