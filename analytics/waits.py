"""How long appeals waited: for each rung of the ladder, and until something was done against them.

One appeal is described, never tested. From ten appeals on, curves and tests are told, and only of
appeals that were watched whether answered or not: without ``outcome_known_until`` an appeal without
an answer says nothing, and one with an answer would be counted alone. Appeals that are in the store
*because* they were answered make every wait look short; ``selection`` says how they came here, and
nothing computed can mend that.
"""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.discovery import with_q
from analytics.lags import starts
from analytics.measured import (
    COMPETING,
    ENDINGS,
    MEDIAN_WAITS,
    SURVIVAL,
    WAIT_COMPARISONS,
    WAITS,
)
from analytics.survival import aalen_johansen, kaplan_meier, log_rank, medians, turnbull

Reals = npt.NDArray[np.float64]

FEWEST = 10  # appeals, below which no curve and no test is told
EXACT_DAYS = 1.0  # dates no wider than this are taken at their latest
LANDMARK_DAYS = 7
MOST_SETS = 10  # sets that are compared with each other; of more, the largest
_DAY = pl.duration(days=1)

NO_START = "when it was published is not known"
NOT_WATCHED = "until when responses were looked for is not known (outcome_known_until)"
WATCHED_BEFORE = "responses were looked for only until before it was published"
CAME_BEFORE = "it came before the appeal was published: there was no wait"
CAN_HAVE_COME_BEFORE = "it can have come before the appeal was published"
CAME_LATER = "it came after the time until which responses were looked for: still waiting then"
WIDE = "dates are wide: the band covers them all; between from_day and day nothing is known"


def waits(appeals: pl.DataFrame, posts: pl.DataFrame, responses: pl.DataFrame) -> pl.DataFrame:
    """Return how long each appeal waited for each ending, as an interval of days.

    Parameters
    ----------
    appeals, posts, responses
        Rows of the tables of these names; appeals that are not declared have no row, since nobody
        says until when their responses were looked for.

    Returns
    -------
    DataFrame
        The table ``waits``. ``hi_days`` is null where the ending has not come: then ``lo_days`` is
        how long it was looked for, and both are null where that is not known.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from analytics.tables import APPEALS, POSTS, RESPONSES
    >>> def at(day):
    ...     return datetime(2026, 5, day, tzinfo=UTC)
    >>> appeal = {"appeal_id": "a", "published_at": at(1), "outcome_known_until": at(31)}
    >>> act = {"appeal_id": "a", "response_id": "r", "from": at(3), "to": at(4), "rung": 3}
    >>> tables = (APPEALS, [appeal]), (POSTS, []), (RESPONSES, [act])
    >>> found = waits(*(pl.DataFrame(rows, schema=table.schema) for table, rows in tables))
    >>> found.select("ending", "lo_days", "hi_days").rows()[3:5]
    [('rung_3', 2.0, 3.0), ('rung_4', 30.0, None)]
    """
    endings = pl.DataFrame({"ending": ENDINGS})
    told = appeals.select(
        "appeal_id", "register", "jurisdiction", "selection", until="outcome_known_until"
    )
    rows = (
        told.join(starts(appeals, posts), on="appeal_id", how="left")
        .join(endings, how="cross")
        .join(_first_of_each_ending(responses), on=["appeal_id", "ending"], how="left")
    )
    return WAITS.check(_judged(rows).select(*WAITS.columns).sort(WAITS.key))


def _first_of_each_ending(responses: pl.DataFrame) -> pl.DataFrame:
    """Return the first response of every ending: no later than the least ``to`` of all."""
    least = [(f"rung_{rung}", pl.col("rung") >= rung) for rung in range(1, 6)]
    parts = [
        responses.filter(reached).select(
            "appeal_id", "from", "to", "response_id", ending=pl.lit(ending)
        )
        for ending, reached in (*least, ("negative", pl.col("rung") < 0))
    ]
    return (
        pl.concat(parts)
        .sort("from", "to", "response_id")
        .group_by("appeal_id", "ending", maintain_order=True)
        .agg(pl.col("from", "to").min(), pl.col("response_id").first())
    )


def _judged(rows: pl.DataFrame) -> pl.DataFrame:
    """Say of each wait whether it ended, within which days, and whether it is counted."""
    start, until = pl.col("clock_end"), pl.col("until")
    came = pl.col("from").is_not_null()
    late = came & (pl.col("from") > until)
    ended = came & ~late.fill_null(value=False)
    last = pl.min_horizontal("to", pl.max_horizontal("until", "from"))
    return rows.with_columns(
        is_ended=pl.when(ended).then(True).when(until >= start).then(False),  # noqa: FBT003
        lo_days=pl.when(ended).then((pl.col("from") - start) / _DAY).when(until >= start)
        .then((until - start) / _DAY),
        hi_days=pl.when(ended).then((last - pl.col("clock_start")) / _DAY),
        response_id=pl.when(ended).then("response_id"),
        note=_note(late),
    ).with_columns(
        is_counted=~pl.col("note").is_in([NO_START, NOT_WATCHED, WATCHED_BEFORE, CAME_BEFORE])
        .fill_null(value=False)
    )  # fmt: skip


def _note(late: pl.Expr) -> pl.Expr:
    start, until = pl.col("clock_end"), pl.col("until")
    return (
        pl.when(start.is_null())
        .then(pl.lit(NO_START))
        .when(until.is_null())
        .then(pl.lit(NOT_WATCHED))
        .when(until < start)
        .then(pl.lit(WATCHED_BEFORE))
        .when(pl.col("to") < pl.col("clock_start"))
        .then(pl.lit(CAME_BEFORE))
        .when(pl.col("from") < start)
        .then(pl.lit(CAN_HAVE_COME_BEFORE))
        .when(late)
        .then(pl.lit(CAME_LATER))
    )


def survival(rows: pl.DataFrame) -> pl.DataFrame:
    """Estimate, for each register and ending, the share of appeals that still waits.

    Where all dates are known to the day the estimate is that of Kaplan and Meier (1958), dates at
    their latest, with log-log bands from Greenwood's variance. Where some are wider it is that of
    Turnbull (1976), and the band runs from the lower one of Kaplan and Meier with all dates at
    their earliest to the upper one with all at their latest, so that it covers every reading.

    Parameters
    ----------
    rows
        What :func:`waits` gives.

    Returns
    -------
    DataFrame
        The table ``survival``. Where fewer than ten appeals are counted there is one row, without a
        day, whose ``note`` says what is missing.
    """
    groups, spells = _grouped(rows)
    refused = groups.filter(pl.col("appeals") < FEWEST)
    curves = [_exact_curves(spells.filter(~pl.col("is_wide"))), *_wide_curves(spells)]
    told = pl.concat(curves).join(groups, on="group").with_columns(note=_wide_note())
    named = pl.concat([told, refused.with_columns(note=_missing())], how="diagonal")
    return SURVIVAL.check(
        named.select(*SURVIVAL.columns).sort(SURVIVAL.key, nulls_last=False, maintain_order=True)
    )


def _wide_note() -> pl.Expr:
    return pl.when(pl.col("method") == "turnbull").then(pl.lit(WIDE))


def _missing() -> pl.Expr:
    return pl.format(
        "appeals counted: {}, needed: {}; left out: {}, for reasons that waits gives",
        "appeals",
        pl.lit(FEWEST),
        "left_out",
    )


def _grouped(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return every register and ending in numbers, and the waits of those that are not refused."""
    counted = pl.col("is_counted")
    groups = (
        rows.group_by("register", "ending", maintain_order=True)
        .agg(
            appeals=counted.sum().cast(pl.Int64),
            ended=(counted & pl.col("is_ended")).sum().cast(pl.Int64),
            left_out=(~counted).sum().cast(pl.Int64),
            early=(pl.col("note") == CAME_BEFORE).sum().cast(pl.Int64),
            selection=worst(),
            watched_days=pl.col("lo_days").filter(counted & ~pl.col("is_ended")).max(),
        )
        .with_row_index("group")
    )
    enough = groups.filter(pl.col("appeals") >= FEWEST)
    numbered = rows.join(enough, on=["register", "ending"], nulls_equal=True)
    return groups, _spells(numbered)


def _spells(rows: pl.DataFrame) -> pl.DataFrame:
    """Return counted waits: ``soonest`` and ``hours`` (days) at their earliest and latest."""
    soonest = pl.col("lo_days").clip(0)
    latest = pl.when("is_ended").then(pl.col("hi_days")).otherwise("lo_days").clip(0)
    wide = (pl.col("hours") - pl.col("soonest")).max().over("group") > EXACT_DAYS
    return (
        rows.filter("is_counted")
        .select("appeal_id", "group", soonest=soonest, hours=latest, happened="is_ended")
        .with_columns(is_wide=wide)
    )


def worst() -> pl.Expr:
    """Return the worst way in which any of some appeals came to be in the store.

    Examples
    --------
    >>> pl.DataFrame({"selection": ["census", None]}).select(worst()).item()
    'not_told'
    """
    order = ["found_by_outcome", "chosen", "not_told", "sample", "census"]
    ways = pl.Enum(order)
    return pl.col("selection").fill_null("not_told").cast(ways).min().cast(pl.String)


def _exact_curves(spells: pl.DataFrame) -> pl.DataFrame:
    curve = kaplan_meier(spells).select(
        "group", day="hours", from_day="hours", at_risk=pl.col("at_risk").cast(pl.Int64),
        ended="events", censored="censored", waiting="survival",
        waiting_lo="survival_lo", waiting_hi="survival_hi", method=pl.lit("kaplan_meier"),
    )  # fmt: skip
    return pl.concat([_began(spells, curve), curve])


def _began(spells: pl.DataFrame, curve: pl.DataFrame) -> pl.DataFrame:
    """Return day 0 of each curve, on which all wait, unless something ended on it."""
    there = curve.filter(pl.col("day") == 0)
    begun = spells.group_by("group").agg(at_risk=pl.len().cast(pl.Int64))
    zero = {"day": 0.0, "from_day": 0.0, "waiting": 1.0}
    return (
        begun.join(there, on="group", how="anti")
        .with_columns(
            method=pl.lit("kaplan_meier"),
            ended=pl.lit(0, pl.Int64),
            censored=pl.lit(0, pl.Int64),
            waiting_lo=pl.lit(None, pl.Float64),
            waiting_hi=pl.lit(None, pl.Float64),
            **{name: pl.lit(value) for name, value in zero.items()},
        )
        .select(curve.columns)
    )


def _wide_curves(spells: pl.DataFrame) -> list[pl.DataFrame]:
    wide = spells.filter("is_wide")
    return [
        _wide_curve(own.sort("hours")) for _, own in wide.group_by("group", maintain_order=True)
    ]


def _wide_curve(own: pl.DataFrame) -> pl.DataFrame:
    """Return one curve by Turnbull, in a band that covers all readings of the dates."""
    last = own["hours"].to_numpy()  # when each was last known to wait, or may have waited
    hi = np.where(own["happened"].to_numpy(), last, np.inf)
    found = turnbull(own["soonest"].to_numpy(), hi, tolerance=1e-7, most=5_000)
    still = pl.col("to").is_infinite()  # what has not ended is told to the last look, as waiting
    steps = found.select(
        day=pl.when(still).then(last[-1]).otherwise("to"),
        from_day=pl.when(still).then(last[-1]).otherwise("from"),
        waiting=pl.col("survival") + pl.when(still).then("weight").otherwise(0.0),
    ).unique("day", keep="first", maintain_order=True)
    days, begin = steps["day"].to_numpy(), steps["from_day"].to_numpy()
    soon = kaplan_meier(own.with_columns(hours="soonest"))
    curve = steps.with_columns(
        group=pl.lit(own["group"][0], pl.UInt32), method=pl.lit("turnbull"),
        at_risk=pl.Series(len(last) - np.searchsorted(last, begin)).cast(pl.Int64),
        ended=pl.lit(None, pl.Int64), censored=pl.lit(None, pl.Int64),
        waiting_lo=_at(soon, "survival_lo", days),
        waiting_hi=_at(kaplan_meier(own), "survival_hi", days),
    )  # fmt: skip
    zero = _began(own, curve).with_columns(method=pl.lit("turnbull"))
    return pl.concat([part.select(_CURVE) for part in (zero, curve)])


_CURVE = (
    "group", "day", "from_day", "at_risk", "ended", "censored", "waiting", "waiting_lo",
    "waiting_hi", "method",
)  # fmt: skip


def _at(curve: pl.DataFrame, column: str, days: Reals) -> pl.Series:
    """Return the height of a step curve at some days: null before its first step."""
    at = np.searchsorted(curve["hours"].to_numpy(), days, side="right") - 1
    heights = np.append(curve[column].fill_null(np.nan).to_numpy(), np.nan)
    return pl.Series(column, heights[at]).fill_nan(None)


def median_waits(rows: pl.DataFrame, curves: pl.DataFrame) -> pl.DataFrame:
    """Return by when half no longer waits, with its interval (Brookmeyer and Crowley 1982).

    Parameters
    ----------
    rows
        What :func:`waits` gives.
    curves
        What :func:`survival` gives of them.

    Returns
    -------
    DataFrame
        The table ``median_waits``. ``median_lo`` is that of dates at their earliest, ``median_hi``
        of dates at their latest.
    """
    groups, spells = _grouped(rows)
    half = curves.filter(pl.col("waiting") <= 0.5)  # noqa: PLR2004 - a half
    middle = half.group_by("register", "ending").agg(median=pl.col("day").min())
    soon = medians(kaplan_meier(spells.with_columns(hours="soonest")))
    late = medians(kaplan_meier(spells))
    told = (
        groups.join(middle, on=["register", "ending"], how="left", nulls_equal=True)
        .join(soon.select("group", "median_lo"), on="group", how="left")
        .join(late.select("group", "median_hi"), on="group", how="left")
        .with_columns(note=pl.when(pl.col("appeals") < FEWEST).then(_missing()))
    )
    return MEDIAN_WAITS.check(told.select(*MEDIAN_WAITS.columns).sort(MEDIAN_WAITS.key))


def wait_comparisons(
    rows: pl.DataFrame, posts: pl.DataFrame, counters: pl.DataFrame
) -> pl.DataFrame:
    """Test whether sets of appeals wait alike (log-rank, Mantel 1966).

    Registers are compared with each other; within a register jurisdictions, and appeals by whether
    attention in their first seven days was above the median. For the last, the clock starts at the
    seventh day and only appeals that still waited then count: attention is known before the wait
    that it is set beside, so that no appeal gains time by having waited.

    Parameters
    ----------
    rows
        What :func:`waits` gives.
    posts, counters
        Rows of the tables of these names.

    Returns
    -------
    DataFrame
        The table ``wait_comparisons``. Sets below ten appeals are not compared; where fewer than
        two sets remain there is one row, without an ending, whose ``note`` says what is missing. Of
        three sets and more each of the ten largest is compared with all others. Nothing here says
        why two sets differ: they were not dealt out by chance.
    """
    counted = rows.filter("is_counted")
    parted = [
        *_by_register(counted),
        *_by_jurisdiction(counted),
        *_by_attention(counted, early_posts(rows, posts), "early_posts"),
        *_by_attention(counted, early_signatures(rows, posts, counters), "early_signatures"),
    ]
    found = pl.DataFrame(parted, schema=WAIT_COMPARISONS.schema)
    judged = with_q(found.drop("tests", "q"), []).with_columns(
        tests=pl.when(pl.col("p").is_not_null()).then("tests")
    )
    return WAIT_COMPARISONS.check(
        judged.select(*WAIT_COMPARISONS.columns).sort(WAIT_COMPARISONS.key)
    )


Row = dict[str, object]


def _by_register(counted: pl.DataFrame) -> list[Row]:
    named = counted.drop_nulls("register").with_columns(set="register")
    if named.is_empty():
        return []
    return _compared(named, {"by": "register", "register": None})


def _by_jurisdiction(counted: pl.DataFrame) -> list[Row]:
    named = counted.drop_nulls("jurisdiction").with_columns(set="jurisdiction")
    return [
        row
        for (register,), own in named.group_by("register", maintain_order=True)
        for row in _compared(own, {"by": "jurisdiction", "register": register})
    ]


def _by_attention(counted: pl.DataFrame, early: pl.DataFrame, by: str) -> list[Row]:
    """Part the appeals of each register that still waited at the landmark, by what came before."""
    waiting = counted.filter(pl.col("lo_days") > LANDMARK_DAYS).join(early, on="appeal_id")
    above = pl.col("early") > pl.col("early").median().over("register", "ending")
    what = by.replace("_", " ")
    after = waiting.with_columns(
        set=pl.when(above).then(pl.lit(f"many {what}")).otherwise(pl.lit(f"few {what}")),
    )
    common: Row = {"by": by, "landmark_days": float(LANDMARK_DAYS)}
    return [
        row
        for register in counted["register"].unique(maintain_order=True)
        for row in _compared(
            after.filter(pl.col("register").eq_missing(register)), common | {"register": register}
        )
    ]


def _compared(rows: pl.DataFrame, common: Row) -> list[Row]:
    """Compare the sets of some waits, ending by ending; say what is missing where none can be."""
    register = common["register"]
    if register is not None:
        rows = rows.with_columns(pl.format("{} ({})", "set", "register").alias("set"))
    found = [
        common | {"ending": ending} | told
        for (ending,), own in rows.group_by("ending", maintain_order=True)
        for told in _pairs(own)
    ]
    if found:
        return found
    need = f"two sets of {FEWEST} appeals or more are needed, and in them an ending that came"
    return [common | {"ending": None, "note": f"{_sets(rows)}; {need}"}]


def _sets(rows: pl.DataFrame) -> str:
    """Say into how many sets waits are parted."""
    sizes = rows.group_by("set").agg(pl.col("appeal_id").n_unique())["appeal_id"]
    largest = sizes.sort(descending=True).head(2).to_list()
    if not largest:
        return "what parts them is known of no appeal that still waited"
    if len(sizes) == 1:
        return f"there is only one set, of {largest[0]} appeals"
    return f"the two largest of {len(sizes)} sets have {largest[0]} and {largest[1]} appeals"


def _pairs(own: pl.DataFrame) -> list[Row]:
    """Compare two sets with each other, or each of several with all others."""
    sizes = own.group_by("set").len().sort("len", "set", descending=[True, False])
    names = sizes.filter(pl.col("len") >= FEWEST)["set"].to_list()
    if len(names) < 2 or not own["is_ended"].any():  # noqa: PLR2004 - two sets
        return []
    if sizes.height == 2:  # noqa: PLR2004
        return [_ranked(own, one, other) for one, other in combinations(sorted(names), 2)]
    return [_ranked(own, name, "others") for name in names[:MOST_SETS]]


def _ranked(own: pl.DataFrame, one: str, other: str) -> Row:
    """Return the test of one set against the rest, and what it rests on."""
    spells = _spells(own.with_columns(group=(pl.col("set") == one).cast(pl.UInt32)))
    tests = [log_rank(spells.with_columns(hours=column)) for column in ("soonest", "hours")]
    statistic, _, p = max(tests, key=lambda test: test[2])
    mine, ended = pl.col("group") == 1, pl.col("happened")
    sizes = spells.select(
        one_appeals=mine.sum(), one_ended=(mine & ended).sum(),
        other_appeals=(~mine).sum(), other_ended=(~mine & ended).sum(),
    ).row(0, named=True)  # fmt: skip
    return sizes | {
        "one": one, "other": other, "appeals": spells.height, "statistic": statistic, "p": p,
        "selection": own.select(worst()).item(),
    }  # fmt: skip


def early_posts(rows: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Count the posts of each appeal in its first seven days, where all of them were watched.

    Parameters
    ----------
    rows
        What :func:`waits` gives.
    posts
        Rows of ``posts``.

    Returns
    -------
    DataFrame
        One row per appeal of which something was collected on the seventh day or later: ``early``.
    """
    begun = rows.select("appeal_id", "clock_end").unique().drop_nulls()
    since = pl.col("at") - pl.col("clock_end")
    early = (since >= pl.duration(days=0)) & (since < pl.duration(days=LANDMARK_DAYS))
    seen_until = pl.max_horizontal("at", "collected_at").max()
    watched = seen_until - pl.col("clock_end").first() >= pl.duration(days=LANDMARK_DAYS)
    return (
        posts.select("appeal_id", "at", "collected_at")
        .join(begun, on="appeal_id")
        .group_by("appeal_id")
        .agg(early=early.sum().cast(pl.Float64), is_watched=watched)
        .filter("is_watched", pl.col("early") > 0)
        .select("appeal_id", "early")
    )


def early_signatures(
    rows: pl.DataFrame, posts: pl.DataFrame, counters: pl.DataFrame
) -> pl.DataFrame:
    """Return the signatures of each appeal that were shown last in its first seven days.

    Parameters
    ----------
    rows
        What :func:`waits` gives.
    posts, counters
        Rows of the tables of these names.

    Returns
    -------
    DataFrame
        One row per appeal whose number was shown in the second half of those days: ``early``.
    """
    begun = rows.select("appeal_id", "clock_end").unique().drop_nulls()
    of = posts.select("appeal_id", "post_id").join(begun, on="appeal_id")
    days = (pl.col("observed_at") - pl.col("clock_end")) / _DAY
    return (
        counters.filter(pl.col("metric") == "signatures")
        .join(of, on="post_id")
        .filter(days.is_between(LANDMARK_DAYS / 2, LANDMARK_DAYS))
        .group_by("appeal_id")
        .agg(early=pl.col("value").max().cast(pl.Float64))
    )


def competing(rows: pl.DataFrame, appeals: pl.DataFrame) -> pl.DataFrame:
    """Estimate to what share of a register's appeals each end came first (Aalen, Johansen 1978).

    An appeal is *helped* at its first response of a positive rung, *harmed* at its first of a
    negative one, and *closed* when its register closed it (``closes_at``) before either. Acts are
    taken at their latest; ``share_lo`` and ``share_hi`` tell what is possible where dates do not
    say which of two came first. Never read one of these as the share that would have come had the
    others not been there: Kaplan and Meier's curve of one end alone overstates it.

    Parameters
    ----------
    rows
        What :func:`waits` gives.
    appeals
        Rows of ``appeals``.

    Returns
    -------
    DataFrame
        The table ``competing``; one row without a day where fewer than ten appeals are counted.
    """
    ends = _ends(rows, appeals)
    groups = (
        ends.group_by("register", maintain_order=True)
        .agg(
            appeals=pl.col("is_counted").sum().cast(pl.Int64),
            left_out=(~pl.col("is_counted")).sum().cast(pl.Int64),
            undecided=(pl.col("is_counted") & pl.col("undecided")).sum().cast(pl.Int64),
            answered_later=(pl.col("is_counted") & pl.col("later")).sum().cast(pl.Int64),
            selection=worst(),
        )
        .with_row_index("group")
    )
    enough = groups.filter(pl.col("appeals") >= FEWEST).select("group", "register")
    spells = ends.filter("is_counted").join(enough, on="register", nulls_equal=True)
    told = _shares(spells).join(groups, on="group")
    refused = groups.filter(pl.col("appeals") < FEWEST).with_columns(note=_missing())
    blank = [pl.lit(None, COMPETING.schema[name]).alias(name) for name in _OF_ENDS]
    both = [told.with_columns(note=_undecided()), refused.with_columns(blank)]
    return COMPETING.check(
        pl.concat([part.select(*COMPETING.columns) for part in both]).sort(COMPETING.key)
    )


_OF_ENDS = ("ending", "day", "share", "share_lo", "share_hi", "ended")


def _undecided() -> pl.Expr:
    facts = (
        ("undecided", "of {} appeals dates do not tell which end came first"),
        ("answered_later", "{} were closed first and helped or harmed afterwards"),
    )
    told = [pl.when(pl.col(name) > 0).then(pl.format(fact, name)) for name, fact in facts]
    return pl.concat_str(*told, separator="; ", ignore_nulls=True).replace("", None)


def _ends(rows: pl.DataFrame, appeals: pl.DataFrame) -> pl.DataFrame:
    """Return what came first to each appeal: ``end`` after ``hours`` (days), and what can have."""
    came, until = pl.col("is_ended").fill_null(value=False), pl.col("lo_days")
    by = {"helped": "rung_1", "harmed": "negative"}
    days = {
        f"{end}_{side}": pl.col(f"{side}_days").filter(came, pl.col("ending") == name).first()
        for end, name in by.items()
        for side in ("lo", "hi")
    }
    closing = appeals.select("appeal_id", "closes_at", "outcome_known_until")
    told = (
        rows.filter(pl.col("ending").is_in([*by.values()]))
        .group_by(
            "appeal_id", "register", "selection", "clock_start", "clock_end", maintain_order=True
        )
        .agg(is_counted=pl.col("is_counted").all(), watched=until.filter(~came).min(), **days)
        .join(closing, on="appeal_id")
    )
    return told.with_columns(_closed()).with_columns(**_first_end())


def _closed() -> list[pl.Expr]:
    """Return the day on which an appeal was closed, where that was seen."""
    seen = pl.col("closes_at") <= pl.col("outcome_known_until")
    later = seen & (pl.col("closes_at") > pl.col("clock_end"))
    sides = {"closed_lo": "clock_end", "closed_hi": "clock_start"}
    return [
        pl.when(later).then((pl.col("closes_at") - pl.col(start)) / _DAY).alias(name)
        for name, start in sides.items()
    ]


_ENDS = ("harmed", "helped", "closed")  # of two at the same time, the one named first


def _first_end() -> dict[str, pl.Expr]:
    first = pl.min_horizontal(*(f"{end}_hi" for end in _ENDS))
    can = {end: (pl.col(f"{end}_lo") <= first).fill_null(value=False) for end in _ENDS}
    act = pl.min_horizontal("helped_hi", "harmed_hi")
    return {
        "hours": pl.coalesce(first, "watched").clip(0),
        "end": pl.coalesce(*(_if(pl.col(f"{end}_hi") == first, end) for end in _ENDS)),
        "undecided": pl.sum_horizontal(*can.values()) > 1,
        "later": (pl.col("closed_hi") < act).fill_null(value=False),
        **{f"can_be_{end}": possible for end, possible in can.items()},
    }


def _if(fact: pl.Expr, word: str) -> pl.Expr:
    return pl.when(fact).then(pl.lit(word))


def _shares(spells: pl.DataFrame) -> pl.DataFrame:
    """Return the share of each end by each day, the least and the most that is possible too."""
    told = _incidence(spells, pl.col("end"), "share")
    times = told.select("group", "hours").unique()
    begun = spells.select("group", hours=pl.lit(0.0)).unique()
    grid = pl.concat([begun, times]).unique().join(pl.DataFrame({"ending": _ENDS}), how="cross")
    parts = [told]
    for name, label in (("share_lo", _spurned), ("share_hi", _favoured)):
        each = [_incidence(spells, label(end), name).filter(ending=end) for end in _ENDS]
        parts.append(pl.concat(each))
    for part in parts:
        grid = grid.join(part, on=["group", "ending", "hours"], how="left")
    sizes = spells.group_by("group", ending="end").agg(ended=pl.len().cast(pl.Int64))
    ends = grid.join(sizes, on=["group", "ending"], how="left").with_columns(
        pl.col("share", "share_lo", "share_hi", "ended").fill_null(0)
    )
    return pl.concat([ends, _still(ends, spells)], how="diagonal").rename({"hours": "day"})


def _incidence(spells: pl.DataFrame, end: pl.Expr, name: str) -> pl.DataFrame:
    found = aalen_johansen(spells.with_columns(end=end))
    return found.select("group", "hours", ending="end", **{name: "incidence"})


def _favoured(end: str) -> pl.Expr:
    """Let an end come first wherever it can have."""
    return pl.when(pl.col(f"can_be_{end}")).then(pl.lit(end)).otherwise("end")


def _spurned(end: str) -> pl.Expr:
    """Let an end come first only where no other can have."""
    others = [_if(pl.col(f"can_be_{other}"), other) for other in _ENDS if other != end]
    return pl.when(pl.col("end") == end).then(pl.coalesce(*others, "end")).otherwise("end")


def _still(ends: pl.DataFrame, spells: pl.DataFrame) -> pl.DataFrame:
    """Return the share to which none of the ends has come yet."""
    none = spells.group_by("group").agg(ended=pl.col("end").is_null().sum().cast(pl.Int64))
    left = (1 - pl.col("share").sum()).clip(0)
    still = ends.group_by("group", "hours").agg(share=left).join(none, on="group")
    return still.with_columns(
        ending=pl.lit("waiting"), share_lo=pl.col("share"), share_hi=pl.col("share")
    )
