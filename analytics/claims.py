"""What may be said, and how strongly: every statement with what it rests on.

Four levels, each earned by what the one below lacks. 0: what occurred, and when. 1: two things are
associated in time, by a test against other times of the same appeal or other appeals. 2: by two
methods it exceeds what dates show on which nothing happened. 3: it is consistent with an effect, on
assumptions that are named, by a plan that was registered before outcomes were looked at. The words
are in ``dashboards/claims.py``; none of them says why (``docs/decisions/0006``).
"""

import polars as pl

from analytics.discovery import with_q
from analytics.measured import CLAIMS

BELIEVED = 0.05  # false discovery rate, at most
PLACEBOS = 20  # dates or windows on which nothing happened, at least
APPEALS_COMPARED = 10
WINDOW = 7  # days on either side of a response
PRESENT, ABSENT, NOT_KNOWN = "present", "absent", "not known"
RIVALS = ("coverage by media", "an earlier complaint", "the authority's own calendar", "a holiday")
_NEEDS = {
    0: "ten comparable appeals or more, those that nobody answered included",
    1: "an association in time that holds against all that was tried",
    2: "both methods to exceed twenty placebo dates and to agree",
    3: "untouched control series, and a plan of analysis registered before the response",
}


def claims(
    appeals: pl.DataFrame,
    responses: pl.DataFrame,
    *,
    lags: pl.DataFrame,
    beside: pl.DataFrame,
    interruptions: pl.DataFrame,
    waited: pl.DataFrame,
    comparisons: pl.DataFrame,
    media: pl.DataFrame,
) -> pl.DataFrame:
    """Return every statement that the tables carry, at the highest level that it has earned.

    Parameters
    ----------
    appeals, responses, lags, interruptions
        Rows of the tables of these names.
    beside
        Rows of ``response_attention``.
    waited
        Rows of ``median_waits``.
    comparisons
        Rows of ``wait_comparisons``.
    media
        ``appeal_id`` and ``at`` of what media published.

    Returns
    -------
    DataFrame
        The table ``claims``.
    """
    told = [
        _after(lags),
        _none_yet(appeals, responses),
        _beside(appeals, responses, beside, interruptions, media),
        _waited(waited),
        _waits_differ(comparisons),
    ]
    return CLAIMS.check(
        pl.concat([CLAIMS.empty(), *told], how="diagonal").select(*CLAIMS.columns).sort(CLAIMS.key)
    )


def _after(lags: pl.DataFrame) -> pl.DataFrame:
    """Return when the first response at each rung came: level 0."""
    return lags.select(
        "appeal_id", "response_id", "rung",
        claim_id=pl.format("{}/after/{}", "appeal_id", "rung"),
        level=pl.lit(0, pl.Int8),
        template=pl.lit("after"),
        about="clock_basis",
        value_lo="lag_lo",
        value_hi="lag_hi",
        unit=pl.lit("hours"),
        n="responses",
        tests=pl.lit(0, pl.Int64),
        needs=pl.lit(_NEEDS[0]),
    )  # fmt: skip


def _none_yet(appeals: pl.DataFrame, responses: pl.DataFrame) -> pl.DataFrame:
    """Return appeals without a response, of which it is told for how long one was looked for."""
    days = (pl.col("outcome_known_until") - pl.col("published_at")) / pl.duration(days=1)
    silent = appeals.join(responses, on="appeal_id", how="anti").filter(days.is_not_null())
    return silent.select(
        "appeal_id",
        claim_id=pl.format("{}/none_yet", "appeal_id"),
        level=pl.lit(0, pl.Int8),
        template=pl.lit("none_yet"),
        value=days,
        unit=pl.lit("days"),
        n=pl.lit(0, pl.Int64),
        window=days,
        tests=pl.lit(0, pl.Int64),
        needs=pl.lit(_NEEDS[0]),
    )


def _beside(
    appeals: pl.DataFrame,
    responses: pl.DataFrame,
    beside: pl.DataFrame,
    interruptions: pl.DataFrame,
    media: pl.DataFrame,
) -> pl.DataFrame:
    """Return attention before and after each response, as strongly as tests allow."""
    tested = pl.when(pl.col("windows") >= PLACEBOS).then("placebo_p")
    told = beside.filter(pl.col("what") == "posts", pl.col("days") == WINDOW).drop_nulls("ratio")
    found = (
        with_q(told.with_columns(p=tested), [])
        .join(_exceeding(interruptions), on=["appeal_id", "response_id"], how="left")
        .join(responses.select("response_id", "from", "rung"), on="response_id", how="left")
        .join(_planned(appeals), on="appeal_id", how="left")
        .join(_rivals(appeals, responses, told, media), on="response_id", how="left")
    )
    associated = (pl.col("q") <= BELIEVED).fill_null(value=False)
    exceeds = associated & pl.col("exceeds").fill_null(value=False)
    planned = (pl.col("plan_at") < pl.col("from")) & pl.col("controls")
    level = (
        pl.when(exceeds & planned.fill_null(value=False)).then(3)
        .when(exceeds).then(2).when(associated).then(1).otherwise(0).cast(pl.Int8)
    )  # fmt: skip
    return found.with_columns(level=level).select(
        "appeal_id", "response_id", "rung", "level", "tests", "q", "rivals",
        claim_id=pl.format("{}/beside/{}", "appeal_id", "response_id"),
        template=pl.lit("beside"),
        value="ratio",
        value_lo="ratio_lo",
        value_hi="ratio_hi",
        unit=pl.lit("times"),
        n=pl.col("before") + pl.col("after"),
        window="days",
        compared_with=pl.format("{} other windows of the same appeal", "windows"),
        needs=(pl.col("level") + 1).cast(pl.Int64).replace_strict(_NEEDS, default=None),
    )  # fmt: skip


def _exceeding(interruptions: pl.DataFrame) -> pl.DataFrame:
    """Return by response whether both methods exceed placebo dates and agree."""
    judged = with_q(
        interruptions.with_columns(p=pl.when(pl.col("placebos") >= PLACEBOS).then("placebo_p")), []
    )
    return judged.group_by("appeal_id", "response_id").agg(
        exceeds=(pl.len() > 1)
        & (pl.col("q") <= BELIEVED).fill_null(value=False).all()
        & pl.col("agrees").fill_null(value=False).all(),
        controls=(pl.col("controls") > 0).any(),
    )


def _planned(appeals: pl.DataFrame) -> pl.DataFrame:
    return appeals.select("appeal_id", "plan_at")


def _rivals(
    appeals: pl.DataFrame, responses: pl.DataFrame, beside: pl.DataFrame, media: pl.DataFrame
) -> pl.DataFrame:
    """Return by response what else would look the same, and whether it is there."""
    near = (
        beside.select("appeal_id", "response_id", "days")
        .join(responses.select("response_id", "from", "to"), on="response_id")
        .join(media.rename({"at": "told_at"}), on="appeal_id")
        .filter(
            pl.col("told_at").is_between(
                pl.col("from") - pl.duration(days=1) * pl.col("days"),
                pl.col("to") + pl.duration(days=1) * pl.col("days"),
            )
        )
        .select("response_id", carried=True)
        .unique()
    )
    earlier = (
        pl.when(pl.col("registered_at") < pl.col("published_at")).then(pl.lit(PRESENT))
        .when(pl.col("registered_at").is_not_null()).then(pl.lit(ABSENT))
        .otherwise(pl.lit(NOT_KNOWN))
    )  # fmt: skip
    carried = pl.when("carried").then(pl.lit(PRESENT)).otherwise(pl.lit(NOT_KNOWN))
    states = {RIVALS[0]: carried, RIVALS[1]: earlier}
    named = [
        pl.format("{}: {}", pl.lit(rival), states.get(rival, pl.lit(NOT_KNOWN))) for rival in RIVALS
    ]
    days = appeals.select("appeal_id", "registered_at", "published_at")
    return (
        beside.select("appeal_id", "response_id")
        .join(near, on="response_id", how="left")
        .join(days, on="appeal_id", how="left")
        .select("response_id", rivals=pl.concat_list(named))
    )


def _waited(waited: pl.DataFrame) -> pl.DataFrame:
    """Return how long half of a register's appeals waited, or that more than half still did."""
    told = waited.filter(pl.col("appeals") >= APPEALS_COMPARED, pl.col("ended") > 0)
    return told.select(
        claim_id=pl.concat_str(pl.lit("waited"), "register", "ending", separator="/",
                               ignore_nulls=True),
        level=pl.lit(0, pl.Int8),
        template=pl.lit("waited"),
        about="ending",
        value="median",
        value_lo="median_lo",
        value_hi="median_hi",
        unit=pl.lit("days"),
        n="appeals",
        window="watched_days",
        compared_with=pl.lit(None, pl.String),
        tests=pl.lit(0, pl.Int64),
        rivals=_selected(),
        needs=pl.lit(_NEEDS[1]),
    )  # fmt: skip


def _selected() -> pl.Expr:
    return pl.concat_list(pl.format("how the appeals were selected: {}", "selection"))


def _waits_differ(comparisons: pl.DataFrame) -> pl.DataFrame:
    """Return which groups of appeals waited differently: level 1 where the test holds."""
    enough = pl.when(pl.col("appeals") >= APPEALS_COMPARED).then("p")
    judged = with_q(comparisons.drop_nulls("p").with_columns(p=enough), [])
    told = (pl.col("q") <= BELIEVED).fill_null(value=False)
    return judged.select(
        "tests", "q",
        claim_id=pl.concat_str(
            pl.lit("waits"), "by", "register", "ending", "one", "other",
            separator="/", ignore_nulls=True,
        ),
        level=told.cast(pl.Int8),
        template=pl.lit("waits_differ"),
        about=pl.format("{}: {} | {}", "ending", "one", "other"),
        n="appeals",
        compared_with="other",
        rivals=_selected(),
        needs=pl.when(told).then(pl.lit(_NEEDS[2])).otherwise(pl.lit(_NEEDS[1])),
    )  # fmt: skip
