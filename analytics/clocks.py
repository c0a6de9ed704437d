"""What authorities owe by when: legal and promised times, counted in the jurisdiction's own days.

The rules are a table that anyone can read, change and add to: ``analytics/data/clocks.toml``, and
``[[clocks]]`` in ``groundswell.toml``. A clock starts when an appeal is registered with an
authority, or when a petition reaches a number of signatures. An upload starts none, and the row
says so.
"""

from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec
import numpy as np
import polars as pl

from analytics.measured import CLOCKS

NO_CLOCK = "none"  # the name of the row of an appeal for which no rule is held
NEVER_REGISTERED = "not registered with an authority: an upload starts no clock"
TOO_FEW = "fewer signatures than it takes, as far as is known"
NO_RULE = "no rule is held for this country at that time"
NO_COUNTRY = "whose authorities are asked is not told"
NO_TIME = "no time is promised"
JUDGED_NOW = "until when answers were looked for is not told: judged as of the day of measuring"
_KEY = ["appeal_id", "clock"]
_LAST = date(9999, 12, 31)


class Rule(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One ``[[clocks]]`` entry: what is owed by when; ``clocks.toml`` explains each field."""

    clock: str
    jurisdiction: str
    timezone: str
    what: str
    starts: Literal["registered", "signatures"]
    source: str
    subdivision: str | None = None
    signatures: int | None = None
    days: int | None = None
    counted: Literal["working", "calendar"] = "calendar"
    longest: int | None = None
    since: date = date(1900, 1, 1)
    until: date = _LAST
    only_if: str | None = None
    answered_by: tuple[str, ...] = ()
    refused_by: tuple[str, ...] = ("12",)
    days_off: tuple[date, ...] = ()


class _Rules(msgspec.Struct, forbid_unknown_fields=True):
    clocks: list[Rule]


def has_calendar(rule: Rule) -> bool:
    """Return whether the days off of a rule's jurisdiction are known."""
    import holidays  # noqa: PLC0415

    try:
        holidays.country_holidays(rule.jurisdiction, subdiv=rule.subdivision, years=2026)
    except NotImplementedError:
        return False
    return True


@cache
def presets() -> tuple[Rule, ...]:
    """Return the rules that come with the package."""
    text = (files("analytics") / "data" / "clocks.toml").read_bytes()
    return tuple(msgspec.toml.decode(text, type=_Rules).clocks)


def clocks(
    appeals: pl.DataFrame,
    signatures: pl.DataFrame,
    responses: pl.DataFrame,
    *,
    now: datetime,
    own: tuple[Rule, ...] = (),
) -> pl.DataFrame:
    """Tell for every appeal what is owed by when, and what became of it.

    Parameters
    ----------
    appeals, responses
        Rows of the tables of these names.
    signatures
        ``appeal_id``, ``observed_at`` and ``value``: how many had signed when.
    now
        The time as of which to judge where ``outcome_known_until`` is not declared: nobody can
        know of an answer that was not looked for.
    own
        Rules to add; one of the name of a preset takes its place.

    Returns
    -------
    DataFrame
        The table ``clocks``: one row per appeal and rule of its jurisdiction that held at the time,
        or one row *none* that says why there is no clock.

    Examples
    --------
    >>> from datetime import UTC
    >>> from analytics.tables import APPEALS, RESPONSES
    >>> appeal = {"appeal_id": "a", "jurisdiction": "KZ", "simulated": False,
    ...           "registered_at": datetime(2026, 3, 2, 4, tzinfo=UTC)}
    >>> appeals = pl.DataFrame([appeal], schema=APPEALS.schema)
    >>> nobody = appeals.clear().select("appeal_id", observed_at="published_at", value=pl.lit(0))
    >>> found = clocks(appeals, nobody, RESPONSES.empty(), now=datetime(2026, 4, 20, tzinfo=UTC))
    >>> found.select("clock", "state").rows()
    [('kz-answer', 'due'), ('kz-forward', 'unknown')]
    """
    named = {rule.clock: rule for rule in (*presets(), *own)}
    parts = [CLOCKS.empty().drop("judged_at", "state", "is_late")]
    parts += [_of_rule(rule, appeals, signatures, responses) for rule in named.values()]
    begun = pl.concat(parts, how="diagonal")
    without = appeals.join(begun, on="appeal_id", how="anti").select(
        "appeal_id", "jurisdiction", clock=pl.lit(NO_CLOCK),
        note=pl.when(pl.col("jurisdiction").is_null()).then(pl.lit(NO_COUNTRY))
        .otherwise(pl.lit(NO_RULE)),
    )  # fmt: skip
    known = appeals.select("appeal_id", "outcome_known_until")
    every = pl.concat([begun, without], how="diagonal").join(known, on="appeal_id", how="left")
    return CLOCKS.check(_judged(every, now).select(*CLOCKS.columns).sort(_KEY))


def _of_rule(
    rule: Rule, appeals: pl.DataFrame, signatures: pl.DataFrame, responses: pl.DataFrame
) -> pl.DataFrame:
    """Return the appeals that a rule is about: when its clock started, is due, was answered."""
    day = pl.coalesce("registered_at", "published_at").dt.convert_time_zone(rule.timezone).dt.date()
    about = appeals.filter(
        pl.col("jurisdiction") == rule.jurisdiction, day.is_between(rule.since, rule.until)
    )
    started = _reached(rule, about, signatures) if rule.signatures else about.with_columns(
        started_lo="registered_at", started_hi="registered_at"
    )  # fmt: skip
    answered = started.join(
        _answers(rule, started, responses), on="appeal_id", how="left", maintain_order="left"
    )
    never = TOO_FEW if rule.signatures else NEVER_REGISTERED
    notes = [
        pl.when(pl.col("started_hi").is_null()).then(pl.lit(never)),
        *([pl.lit(f"owed only if {rule.only_if}")] if rule.only_if else []),
        *([pl.lit(NO_TIME)] if rule.days is None else []),
    ]
    return _due(rule, answered).select(
        "appeal_id", "jurisdiction", "started_lo", "started_hi", "due_lo", "due_hi", "response_id",
        "answered_lo", "answered_hi", "refuses",
        clock=pl.lit(rule.clock),
        what=pl.lit(rule.what),
        basis=pl.lit(rule.starts),
        is_conditional=pl.lit(rule.only_if is not None),
        note=pl.concat_str(notes, separator="; ", ignore_nulls=True).replace("", None),
        source=pl.lit(rule.source),
    )  # fmt: skip


def _reached(rule: Rule, about: pl.DataFrame, signatures: pl.DataFrame) -> pl.DataFrame:
    """Add between which two looks an appeal's signatures came to the number."""
    shown = signatures.join(about, on="appeal_id", how="semi").drop_nulls("observed_at")
    enough = shown.filter(pl.col("value") >= rule.signatures)
    first = enough.group_by("appeal_id").agg(started_hi=pl.col("observed_at").min())
    before = (
        shown.join(first, on="appeal_id")
        .filter(pl.col("value") < rule.signatures, pl.col("observed_at") < pl.col("started_hi"))
        .group_by("appeal_id")
        .agg(started_lo=pl.col("observed_at").max())
    )
    opened = pl.coalesce("registered_at", "published_at")
    return (
        about.join(first, on="appeal_id", how="left")
        .join(before, on="appeal_id", how="left")
        .with_columns(
            started_lo=pl.when(pl.col("started_hi").is_not_null()).then(
                pl.coalesce("started_lo", pl.min_horizontal(opened, "started_hi"))
            )
        )
    )


def _answers(rule: Rule, started: pl.DataFrame, responses: pl.DataFrame) -> pl.DataFrame:
    """Return of each appeal the first act that answers or refuses, not surely before the start."""
    verb = pl.col("verb_code")
    refuses = pl.any_horizontal(pl.lit(value=False), *map(verb.str.starts_with, rule.refused_by))
    answers = (
        pl.any_horizontal(*map(verb.str.starts_with, rule.answered_by))
        if rule.answered_by
        else (pl.col("rung") > 0).fill_null(value=False)
    )
    return (
        responses.filter(answers | refuses)
        .join(started.select("appeal_id", "started_lo"), on="appeal_id")
        .filter((pl.col("to") >= pl.col("started_lo")).fill_null(value=True))
        .sort("to", "from", "response_id")
        .unique("appeal_id", keep="first", maintain_order=True)
        .select(
            "appeal_id", "response_id", answered_lo="from", answered_hi="to",
            refuses=refuses & ~answers,
        )
    )  # fmt: skip


def _due(rule: Rule, started: pl.DataFrame) -> pl.DataFrame:
    """Add the end of the earliest day by which it can be owed, and of the latest."""
    rows = started.with_columns(
        pl.col(name).dt.convert_time_zone(rule.timezone).dt.date().alias(day)
        for name, day in (("started_lo", "due_lo"), ("started_hi", "due_hi"))
    )
    if rule.days is None or rows["due_hi"].null_count() == rows.height:
        return rows.with_columns(pl.lit(None, CLOCKS.schema[name]).alias(name)
                                 for name in ("due_lo", "due_hi"))  # fmt: skip
    calendar = _calendar(rule, rows)
    due = {name: _counted(rule, rows[name], calendar) for name in ("due_lo", "due_hi")}
    if rule.longest:
        longest = _rolled(rows["due_hi"].dt.offset_by(f"{rule.longest}mo"), calendar)
        due["due_hi"] = pl.DataFrame([due["due_hi"], longest.alias("_")]).max_horizontal()
    evening = pl.duration(days=1, microseconds=-1)
    return rows.with_columns(
        (pl.lit(day).cast(pl.Datetime("us")) + evening)
        .dt.replace_time_zone(rule.timezone, ambiguous="latest")
        .dt.convert_time_zone("UTC")
        .alias(name)
        for name, day in due.items()
    )


def _calendar(rule: Rule, rows: pl.DataFrame) -> np.busdaycalendar:
    """Return the working days of a jurisdiction around some days, those that it moved included."""
    import holidays  # noqa: PLC0415

    first, last = rows["due_lo"].min(), rows["due_hi"].max()
    years = range(first.year - 1, last.year + 2 + (rule.days or 0) // 200)  # type: ignore[union-attr]
    known = holidays.country_holidays(rule.jurisdiction, subdiv=rule.subdivision, years=years)
    off = [day for day in known if day.weekday() not in known.weekend] + [*rule.days_off]
    week = [day not in known.weekend for day in range(7)]
    return np.busdaycalendar(weekmask=week, holidays=np.array(off, "datetime64[D]"))


def _counted(rule: Rule, days: pl.Series, calendar: np.busdaycalendar) -> pl.Series:
    """Count a rule's days from the day after each day on; a day off is moved to the next work."""
    known = days.drop_nulls()
    begun = known.to_numpy().astype("datetime64[D]")
    if rule.counted == "working":
        ends = np.busday_offset(begun, rule.days or 0, roll="backward", busdaycal=calendar)
    else:
        ends = np.busday_offset(begun + (rule.days or 0), 0, roll="forward", busdaycal=calendar)
    return _in_place(days, ends)


def _rolled(days: pl.Series, calendar: np.busdaycalendar) -> pl.Series:
    known = days.drop_nulls().to_numpy().astype("datetime64[D]")
    return _in_place(days, np.busday_offset(known, 0, roll="forward", busdaycal=calendar))


def _in_place(days: pl.Series, found: np.ndarray[Any, Any]) -> pl.Series:
    """Return what was found for the days that are known, at their places."""
    out = np.full(len(days), np.datetime64("NaT"), "datetime64[D]")
    out[days.is_not_null().to_numpy()] = found
    return pl.Series(days.name, out).cast(pl.Date)


def _judged(rows: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Tell the state of each clock as of when answers were looked for, and if one was late."""
    as_of, due_lo, due_hi = pl.col("judged_at"), pl.col("due_lo"), pl.col("due_hi")
    answered = pl.col("response_id").is_not_null()
    state = (
        pl.when(answered & pl.col("refuses")).then(pl.lit("refused"))
        .when(answered).then(pl.lit("answered"))
        .when(pl.col("started_hi").is_null() | pl.col("is_conditional"))
        .then(pl.lit("unknown"))
        .when(as_of > due_hi).then(pl.lit("overdue"))
        .when(as_of > due_lo).then(pl.lit("due"))
        .otherwise(pl.lit("waiting"))
    )  # fmt: skip
    late = (
        pl.when(~answered | due_lo.is_null()).then(None)
        .when(pl.col("answered_hi") <= due_lo).then(pl.lit(value=False))
        .when(pl.col("answered_lo") > due_hi).then(pl.lit(value=True))
    )  # fmt: skip
    judged = rows.with_columns(
        judged_at=pl.coalesce("outcome_known_until", pl.lit(now, pl.Datetime("us", "UTC"))),
        assumed=pl.when(pl.col("outcome_known_until").is_null()).then(pl.lit(JUDGED_NOW)),
    )
    return judged.with_columns(
        state=state,
        is_late=late,
        note=pl.concat_str("note", "assumed", separator="; ", ignore_nulls=True).replace("", None),
    )
