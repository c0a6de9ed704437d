"""What authorities owe by when: legal and promised times, counted in the jurisdiction's own days.

The rules are a table that anyone can read, change and add to: ``analytics/data/clocks.toml``, and
``[[clocks]]`` in ``groundswell.toml``. A clock starts when an appeal is registered with an
authority, or when a petition reaches a number of signatures. An upload starts none, and the row
says so. None of this is legal advice.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import available_timezones

import msgspec
import polars as pl

from analytics.measured import CLOCKS
from analytics.schema import UTC as TIME

if TYPE_CHECKING:
    import numpy as np

NO_CLOCK = "none"  # the name of the row of an appeal for which no rule is held
NEVER_REGISTERED = "not registered with an authority: an upload starts no clock"
NO_COUNT = "no number of signatures is held"
TOO_FEW = "fewer signatures than it takes, as far as is known"
TOO_LATE = "enough signatures were seen only after the days for it"
NO_DAY = "when there were enough signatures is not told: after publication and by the last look"
SEVERAL = "the appeal holds several petitions: of the first that had enough signatures"
NO_RULE = "no rule is held for this country at that time"
NO_COUNTRY = "whose authorities are asked is not told"
NO_TIME = "no time is promised"
CAN_BE_EXTENDED = "the later day holds if the time was extended"
FEAST = "a feast on the way is of the moon: the day can differ by one"
NOT_YET = "started after answers were last looked for"
BEFORE = "an act of this kind came before the start, and does not count"
NOT_SURELY_AFTER = "whether the act came after the start cannot be told"
_KEY = ["appeal_id", "clock"]
FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)
MOST_DAYS = 3650
COUNTRY = r"^[A-Z]{2}$"

SIGNATURES: dict[str, pl.DataType | type[pl.DataType]] = {
    "appeal_id": pl.String, "post_id": pl.String, "posted_at": TIME, "observed_at": TIME,
    "value": pl.Int64,
}  # fmt: skip


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
    within: int | None = None
    days: int | None = None
    counted: Literal["working", "calendar"] = "calendar"
    longest: str | None = None
    since: date = FIRST
    until: date = LAST
    only_if: str | None = None
    register: str | None = None
    owed_by: str = ""
    answered_by: tuple[str, ...] = ()
    refused_by: tuple[str, ...] = ("12",)
    checked: date | None = None


class _Rules(msgspec.Struct, forbid_unknown_fields=True):
    clocks: list[Rule]


def has_calendar(rule: Rule) -> bool:
    """Return whether the days off of a rule's country are known."""
    import holidays  # noqa: PLC0415

    try:
        holidays.country_holidays(rule.jurisdiction, subdiv=rule.subdivision)
    except NotImplementedError:
        return False
    return True


@cache
def presets() -> tuple[Rule, ...]:
    """Return the rules that come with the package."""
    text = (files("analytics") / "data" / "clocks.toml").read_bytes()
    return tuple(msgspec.toml.decode(text, type=_Rules).clocks)


def mistake(rule: Rule) -> str | None:
    """Return what is wrong with a rule that somebody wrote, and the way out.

    >>> import msgspec
    >>> mistake(msgspec.structs.replace(presets()[0], days=0))
    'has days = 0; write how many, from 1 to 3650, or leave it out where no time is promised'
    """
    return _wrong_place(rule) or _wrong_start(rule) or _wrong_days(rule)


def _wrong_place(rule: Rule) -> str | None:
    if not (rule.clock.strip() and rule.what.strip() and rule.source.strip()):
        return "needs a name, what is owed, and a source: say where the rule is written"
    if rule.clock == NO_CLOCK:
        return "has a name that means that there is no clock; choose another"
    if not re.match(COUNTRY, rule.jurisdiction):
        return f"has jurisdiction = {rule.jurisdiction!r}; write an ISO 3166 code such as KZ"
    if rule.timezone not in available_timezones():
        return f"has timezone = {rule.timezone!r}; write a name such as Asia/Almaty"
    if not has_calendar(rule):
        place = " ".join(filter(None, [rule.jurisdiction, rule.subdivision]))
        return f"is of {place!r}, whose days off are not known; write ISO 3166 codes"
    return None


def _wrong_start(rule: Rule) -> str | None:
    if rule.starts == "signatures" and (rule.signatures or 0) < 1:
        return "starts at signatures; write how many: signatures = 10_000"
    if rule.starts == "registered" and (rule.signatures or rule.within) is not None:
        return "starts at registration, which no signatures are needed for; remove them"
    if rule.within is not None and not 1 <= rule.within <= MOST_DAYS:
        return f"has within = {rule.within}; write how many days, from 1 to {MOST_DAYS}"
    if not FIRST <= rule.since <= rule.until <= LAST:
        return (
            f"holds from {rule.since} until {rule.until}; write two days of 1900 to 2199, in order"
        )
    return None


def _wrong_days(rule: Rule) -> str | None:
    if rule.days is None:
        return "can be extended to longest, but has no days" if rule.longest else None
    if not 1 <= rule.days <= MOST_DAYS:
        return (
            f"has days = {rule.days}; write how many, from 1 to {MOST_DAYS}, or leave it out where "
            "no time is promised"
        )
    if rule.longest is not None and not re.fullmatch(r"[1-9]\d{0,2}(d|w|mo)", rule.longest):
        return f"has longest = {rule.longest!r}; write days, weeks or months: 60d, 8w, 2mo"
    return None


def clocks(
    appeals: pl.DataFrame,
    signatures: pl.DataFrame,
    responses: pl.DataFrame,
    *,
    now: datetime,
    own: Sequence[Rule] = (),
    days_off: Mapping[str, Sequence[date]] | None = None,
) -> pl.DataFrame:
    """Tell for every appeal what is owed by when, and what became of it.

    Parameters
    ----------
    appeals, responses
        Rows of the tables of these names.
    signatures
        How many had signed which petition of an appeal when: the columns of ``SIGNATURES``.
        ``posted_at`` is when the petition was opened, ``observed_at`` null where the file does not
        say when the number was seen.
    now
        The time as of which to judge where ``outcome_known_until`` is not declared, or later:
        nobody can know of an answer that was not looked for.
    own
        Rules to add; one of the name of a preset takes its place.
    days_off
        Days without work besides the public holidays, by country.

    Returns
    -------
    DataFrame
        The table ``clocks``: one row per appeal and rule of its jurisdiction that held at the time,
        or one row *none* that says why there is no clock.

    Examples
    --------
    >>> now = datetime(2026, 4, 20, tzinfo=UTC)
    >>> from analytics.tables import APPEALS, RESPONSES
    >>> appeal = {"appeal_id": "a", "jurisdiction": "KZ", "simulated": False,
    ...           "registered_at": datetime(2026, 3, 2, 4, tzinfo=UTC)}
    >>> appeals = pl.DataFrame([appeal], schema=APPEALS.schema)
    >>> nobody = pl.DataFrame(schema=SIGNATURES)
    >>> found = clocks(appeals, nobody, RESPONSES.empty(), now=now)
    >>> found.select("clock", pl.col("due_lo").dt.date(), "state").rows()
    [('kz-answer', datetime.date(2026, 3, 27), 'due'),
     ('kz-forward', datetime.date(2026, 3, 5), 'unknown'),
     ('kz-notice', datetime.date(2026, 4, 1), 'unknown')]
    """
    named = {rule.clock: rule for rule in (*presets(), *own)}
    latest = pl.lit(now.astimezone(UTC)).dt.cast_time_unit("us")
    asked = appeals.with_columns(judged_at=pl.min_horizontal("outcome_known_until", latest))
    parts = [
        _of_rule(rule, asked, signatures, responses, tuple((days_off or {}).get(country, ())))
        for rule in named.values()
        for country in [rule.jurisdiction]
    ]
    begun = pl.concat([CLOCKS.empty(), *parts])
    without = CLOCKS.check(_without(asked.join(begun, on="appeal_id", how="anti")))
    return CLOCKS.check(pl.concat([begun, without]).sort(_KEY))


def _without(appeals: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each appeal of which no rule tells anything."""
    told = pl.col("jurisdiction").is_not_null()
    return appeals.select(
        "appeal_id",
        "jurisdiction",
        "judged_at",
        clock=pl.lit(NO_CLOCK),
        state=pl.lit("unknown"),
        note=pl.when(told).then(pl.lit(NO_RULE)).otherwise(pl.lit(NO_COUNTRY)),
    )


def _of_rule(
    rule: Rule,
    appeals: pl.DataFrame,
    signatures: pl.DataFrame,
    responses: pl.DataFrame,
    days_off: tuple[date, ...],
) -> pl.DataFrame:
    """Return the appeals that a rule is about: when its clock started, is due, was answered."""
    about = _about(rule, appeals)
    started = _reached(rule, about, signatures) if rule.signatures else _registered(about)
    judged = _judged(rule, _due(rule, _with_answers(rule, started, responses), days_off))
    checked = f", looked up on {rule.checked}" if rule.checked else ""
    return CLOCKS.check(
        judged.with_columns(
            _notes(rule),
            clock=pl.lit(rule.clock),
            what=pl.lit(rule.what),
            only_if=pl.lit(rule.only_if, pl.String),
            basis=pl.lit(rule.starts),
            timezone=pl.lit(rule.timezone),
            source=pl.lit(rule.source + checked),
        ).select(*CLOCKS.columns)
    )


def _about(rule: Rule, appeals: pl.DataFrame) -> pl.DataFrame:
    """Return the appeals of a rule's country that it held for; an undated one counts as of now."""
    first = ["registered_at"] if rule.starts == "registered" else []
    when = pl.coalesce(*first, "published_at", "judged_at")
    day = when.dt.convert_time_zone(rule.timezone).dt.date()
    register = pl.lit(rule.register, pl.String)
    return appeals.filter(
        pl.col("jurisdiction") == rule.jurisdiction,
        day.is_between(rule.since, rule.until),
        (pl.col("register") == register).fill_null(value=True),
    )


def _registered(about: pl.DataFrame) -> pl.DataFrame:
    """Start clocks at registration, which is one time."""
    return about.with_columns(
        started_lo="registered_at",
        started_hi="registered_at",
        started_note=pl.when(pl.col("registered_at").is_null()).then(pl.lit(NEVER_REGISTERED)),
    )


def _reached(rule: Rule, about: pl.DataFrame, signatures: pl.DataFrame) -> pl.DataFrame:
    """Start clocks between the two looks between which the signatures came to the number."""
    crossed = _first_petition(_crossings(_looks(rule, about, signatures)))
    held = about.join(crossed, on="appeal_id", how="left", maintain_order="left")
    enough = pl.col("started_hi").is_not_null()
    late = (pl.col("started_lo") >= pl.col("closed_at")).fill_null(value=False)
    note = (
        pl.when(pl.col("petitions").is_null()).then(pl.lit(NO_COUNT))
        .when(~enough).then(pl.lit(TOO_FEW))
        .when(late).then(pl.lit(TOO_LATE))
        .when("is_undated").then(pl.lit(NO_DAY))
    )  # fmt: skip
    several = pl.when(enough & (pl.col("petitions") > 1)).then(pl.lit(SEVERAL))
    return held.with_columns(
        started_lo=pl.when(~late).then("started_lo"),
        started_hi=pl.when(enough & ~late).then(pl.min_horizontal("started_hi", "closed_at")),
        started_note=_joined([note, several]),
    )


def _looks(rule: Rule, about: pl.DataFrame, signatures: pl.DataFrame) -> pl.DataFrame:
    """Return how many signatures were seen when, and until when they counted.

    A number without a time was seen by the end of what was looked at, and after the opening.
    """
    whose = about.select("appeal_id", "published_at", "judged_at", "closes_at")
    opened = pl.coalesce("published_at", "posted_at")
    within = [opened.dt.offset_by(f"{rule.within}d")] if rule.within else []
    return signatures.join(whose, on="appeal_id").with_columns(
        is_enough=pl.col("value") >= (rule.signatures or 0),
        opened_at=opened,
        closed_at=pl.coalesce("closes_at", *within),
        seen_at=pl.coalesce("observed_at", pl.max_horizontal(opened, "judged_at")),
    )


def _crossings(looks: pl.DataFrame) -> pl.DataFrame:
    """Return between which times each petition came to the number; null where it did not.

    It was after the last look at which there were too few, or the opening.
    """
    enough, petition = pl.col("is_enough"), ["appeal_id", "post_id"]
    first = looks.group_by(petition).agg(
        pl.col("opened_at", "closed_at").min(),
        started_hi=pl.col("seen_at").filter(enough).min(),
        is_undated=pl.col("observed_at").filter(enough).is_null().all(),
    )
    below = looks.filter(~enough).join(first.select(*petition, "started_hi"), on=petition)
    last = (
        below.filter(pl.col("observed_at") < pl.col("started_hi"))
        .group_by(petition)
        .agg(below_at=pl.col("observed_at").max())
    )
    after = pl.max_horizontal("below_at", "opened_at")
    known = pl.col("started_hi").is_not_null() & after.is_not_null()
    return first.join(last, on=petition, how="left").with_columns(
        started_lo=pl.when(known).then(pl.min_horizontal(after, "started_hi"))
    )


def _first_petition(crossings: pl.DataFrame) -> pl.DataFrame:
    """Return of each appeal the petition that came to the number first."""
    return (
        crossings.sort("started_hi", "post_id", nulls_last=True)
        .group_by("appeal_id", maintain_order=True)
        .agg(
            pl.col("started_lo", "started_hi", "closed_at", "is_undated").first(),
            petitions=pl.len(),
        )
    )


def _with_answers(rule: Rule, started: pl.DataFrame, responses: pl.DataFrame) -> pl.DataFrame:
    """Add of each appeal the first act that answers or refuses, not surely before the start.

    Where an appeal was never registered nothing was owed, so that no act answers.
    """
    owed = started if rule.signatures else started.drop_nulls("started_hi")
    acts = _acts(rule, responses).join(owed.select("appeal_id", "started_lo"), on="appeal_id")
    before = (pl.col("answered_hi") < pl.col("started_lo")).fill_null(value=False)
    first = (
        acts.filter(~before)
        .sort("answered_hi", "answered_lo", "response_id")
        .unique("appeal_id", keep="first", maintain_order=True)
        .drop("started_lo")
    )
    early = (
        acts.filter(before).select("appeal_id").unique().with_columns(is_early=pl.lit(value=True))
    )
    return started.join(first, on="appeal_id", how="left", maintain_order="left").join(
        early, on="appeal_id", how="left", maintain_order="left"
    )


def _acts(rule: Rule, responses: pl.DataFrame) -> pl.DataFrame:
    """Return the acts that answer or refuse; one of nobody who is coded can be of who owes it.

    Of what is owed on a condition no act is taken for the answer, unless the rule names its codes.
    """
    helps = (pl.col("rung") > 0).fill_null(value=False)
    answers = _begins(rule.answered_by) if rule.answered_by else helps
    owing = pl.col("actor_code").str.starts_with(rule.owed_by).fill_null(value=True)
    told = rule.only_if is None or bool(rule.answered_by)
    return responses.filter((answers | _begins(rule.refused_by)) & owing & pl.lit(told)).select(
        "appeal_id", "response_id", answered_lo="from", answered_hi="to", refuses=~answers
    )


def _begins(codes: Sequence[str]) -> pl.Expr:
    verb = pl.col("verb_code")
    return pl.any_horizontal(pl.lit(value=False), *[verb.str.starts_with(code) for code in codes])


def _due(rule: Rule, started: pl.DataFrame, days_off: tuple[date, ...]) -> pl.DataFrame:
    """Add the end of the earliest day by which it can be owed, and of the latest."""
    zoned = {
        side: pl.col(f"started_{side}").dt.convert_time_zone(rule.timezone).dt.date()
        for side in ("lo", "hi")
    }
    begun = started.with_columns(
        due_lo=zoned["lo"], due_hi=zoned["hi"], is_feast=pl.lit(None, pl.Boolean)
    )
    known = pl.concat([begun["due_lo"], begun["due_hi"]]).drop_nulls()
    if rule.days is None or known.is_empty():
        nothing = pl.lit(None, TIME)
        return begun.with_columns(due_lo=nothing, due_hi=nothing, due_from=nothing)
    calendar, moving = _calendar(rule, known, days_off)
    ends = {name: _counted(rule, begun[name], calendar) for name in ("due_lo", "due_hi")}
    if rule.longest:
        longest = _rolled(begun["due_hi"].dt.offset_by(rule.longest), calendar)
        ends["due_hi"] = pl.DataFrame([ends["due_hi"], longest.alias("_")]).max_horizontal()
    return begun.with_columns(
        _midnight(ends["due_lo"], rule.timezone).alias("due_from"),
        *(
            (_midnight(day.dt.offset_by("1d"), rule.timezone) - pl.duration(microseconds=1)).alias(
                name
            )
            for name, day in ends.items()
        ),
        is_feast=_passes(begun["due_lo"], ends["due_hi"], moving),
    )


def _midnight(day: pl.Series, zone: str) -> pl.Expr:
    """Return when a day began; where clocks jump over midnight, an hour into it."""
    naive = pl.lit(day.cast(pl.Datetime("us")))
    begins, jumped = (
        time.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        for time in (naive, naive + pl.duration(hours=1))
    )
    return pl.coalesce(begins, jumped).dt.convert_time_zone("UTC")


def _passes(first: pl.Series, last: pl.Series, moving: Sequence[date]) -> pl.Series:
    """Tell whether a feast whose day is only estimated lies on the way, or a day beside it."""
    told = pl.repeat(value=False, n=len(first), eager=True)
    for day in moving:
        told |= (first <= day + timedelta(1)) & (last >= day - timedelta(1))
    return told


def _calendar(
    rule: Rule, begun: pl.Series, days_off: tuple[date, ...]
) -> tuple["np.busdaycalendar", list[date]]:
    """Return the working days of a rule's country, and its feasts whose days are estimated."""
    more = 2 + (rule.days or 0) // 200 + _months(rule.longest) // 12
    years = begun.dt.year()
    span = int(years.min()) - 1, int(years.max()) + more  # type: ignore[arg-type]
    return _working_days(rule.jurisdiction, rule.subdivision, span, days_off)


def _months(longest: str | None) -> int:
    """Return a length of time in months, rounded up.

    >>> _months("2mo"), _months("60d"), _months(None)
    (2, 2, 0)
    """
    found = re.match(r"(\d+)(\w+)", longest or "0d")
    return -(-int(found[1]) // {"d": 30, "w": 4, "mo": 1}[found[2]]) if found else 0


@cache
def _working_days(
    country: str, subdivision: str | None, span: tuple[int, int], days_off: tuple[date, ...]
) -> tuple["np.busdaycalendar", list[date]]:
    """List every day off of some years: weekends that are worked by decree are none."""
    import holidays  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    first, last = date(span[0], 1, 1), date(span[1], 12, 31)
    known = holidays.country_holidays(
        country, subdiv=subdivision, years=range(span[0], span[1] + 1), language="en_US"
    )
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    off = [day for day in days if not known.is_working_day(day)]
    moving = [day for day, name in known.items() if "estimated" in name]
    listed = np.array([*off, *days_off], dtype="datetime64[D]")
    return np.busdaycalendar(weekmask="1111111", holidays=listed), sorted(moving)


def _counted(rule: Rule, days: pl.Series, calendar: "np.busdaycalendar") -> pl.Series:
    """Count a rule's days from the day after each day on; a day off is moved to the next work."""
    import numpy as np  # noqa: PLC0415

    begun = days.drop_nulls().to_numpy().astype("datetime64[D]")
    count = rule.days or 0
    if rule.counted == "working":
        ends = np.busday_offset(begun, count, roll="backward", busdaycal=calendar)
    else:
        ends = np.busday_offset(begun + count, 0, roll="forward", busdaycal=calendar)
    return _in_place(days, ends)


def _rolled(days: pl.Series, calendar: "np.busdaycalendar") -> pl.Series:
    """Move days off to the next day of work."""
    import numpy as np  # noqa: PLC0415

    known = days.drop_nulls().to_numpy().astype("datetime64[D]")
    return _in_place(days, np.busday_offset(known, 0, roll="forward", busdaycal=calendar))


def _in_place(days: pl.Series, found: "np.ndarray[Any, Any]") -> pl.Series:
    """Return what was found for the days that are known, at their places."""
    import numpy as np  # noqa: PLC0415

    out = np.full(len(days), np.datetime64("NaT"), "datetime64[D]")
    out[days.is_not_null().to_numpy()] = found
    return pl.Series(days.name, out).cast(pl.Date)


def _judged(rule: Rule, rows: pl.DataFrame) -> pl.DataFrame:
    """Tell the state of each clock as of when answers were looked for, and if one was late."""
    as_of, due_lo, due_hi = pl.col("judged_at"), pl.col("due_lo"), pl.col("due_hi")
    answered, only_if = pl.col("response_id").is_not_null(), pl.lit(rule.only_if is not None)
    state = (
        pl.when(answered & pl.col("refuses")).then(pl.lit("refused"))
        .when(answered).then(pl.lit("answered"))
        .when(only_if | pl.col("started_hi").is_null() | (pl.col("started_lo") > as_of))
        .then(pl.lit("unknown"))
        .when(as_of > due_hi).then(pl.lit("overdue"))
        .when(as_of >= pl.col("due_from")).then(pl.lit("due"))
        .otherwise(pl.lit("waiting"))
    )  # fmt: skip
    late = (
        pl.when(pl.col("answered_hi") <= due_lo).then(pl.lit(value=False))
        .when((pl.col("answered_lo") > due_hi) | (state == "overdue")).then(pl.lit(value=True))
    )  # fmt: skip
    return rows.with_columns(state=state, is_late=late)


def _notes(rule: Rule) -> pl.Expr:
    """Return what is to be known of each row, in one line; null where nothing is."""
    runs = pl.col("started_hi").is_not_null()
    open_ = pl.col("response_id").is_null()
    notes = [
        pl.col("started_note"),
        pl.when(runs & open_ & (pl.col("started_lo") > pl.col("judged_at"))).then(pl.lit(NOT_YET)),
        pl.when(pl.col("answered_lo") < pl.col("started_hi")).then(pl.lit(NOT_SURELY_AFTER)),
        pl.when("is_early").then(pl.lit(BEFORE)),
        pl.lit(f"owed only if {rule.only_if}" if rule.only_if else None, pl.String),
        pl.when(runs).then(pl.lit(NO_TIME if rule.days is None else None, pl.String)),
        pl.when(runs).then(pl.lit(CAN_BE_EXTENDED if rule.longest else None, pl.String)),
        pl.when("is_feast").then(pl.lit(FEAST)),
    ]
    return _joined(notes).alias("note")


def _joined(notes: Sequence[pl.Expr]) -> pl.Expr:
    joined = pl.concat_str(notes, separator="; ", ignore_nulls=True)
    return pl.when(joined != "").then(joined)
