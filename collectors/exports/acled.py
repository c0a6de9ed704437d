"""ACLED's events, as CSV: acts of state forces become responses.

ACLED codes conflict and protest by hand from the news. A row is kept where one of its two actors
is a force of a state (``inter1``, ``inter2``: ``1`` in older files, ``State Forces`` in newer ones)
and its kind says what that force did: ``ACTS`` has the CAMEO code of each kind, and which actor the
state must be. Where both sides fight the order of actors has no direction, so either may be the
state; where civilians are attacked the attacker comes first. Clashes with crowds that were violent
themselves tell a state's presence and not its act: they are not kept, nor is anything else.

Protesters and civilians are the ``public``: whether they stood for this appeal is not in the file.
Whom an arrest hit is not coded at all, so that it has no target, and no rung until a person codes
it. Each date is widened by its own precision: a day, a week around it, or its whole month.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Literal, NamedTuple

import polars as pl

from analytics.schema import STRINGS
from analytics.tables import RESPONSES
from collectors.exports.coded_acts import day_begins, day_ends, placed, without
from collectors.exports.csvs import ROW, batches, note_unread, with_columns_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

CODER = "ACLED"
COLUMNS = {"event_id_cnty", "event_date", "sub_event_type", "actor1"}


class Act(NamedTuple):
    """What a kind of event says about the state in it: CAMEO's code, the target, and its place."""

    verb_code: str
    target: Literal["public"] | None
    doer: Literal["first", "either"]


ACTS = {
    "arrests": Act("173", None, "first"),
    "protest with intervention": Act("175", "public", "either"),
    "excessive force against protesters": Act("175", "public", "either"),
    "excessive force against protestors": Act("175", "public", "either"),
    "attack": Act("18", "public", "first"),
    "sexual violence": Act("1821", "public", "first"),
    "abduction/forced disappearance": Act("181", "public", "first"),
    "looting/property destruction": Act("171", None, "first"),
    "agreement": Act("057", None, "either"),
    "armed clash": Act("190", None, "either"),
    "government regains territory": Act("192", None, "either"),
    "air/drone strike": Act("195", None, "first"),
    "shelling/artillery/missile attack": Act("194", None, "first"),
    "remote explosive/landmine/ied": Act("183", None, "first"),
    "grenade": Act("183", None, "first"),
    "chemical weapon": Act("2041", None, "first"),
}

_OPTIONAL = ("time_precision", "inter1", "actor2", "inter2", "source")
_READ = (*sorted(COLUMNS), *_OPTIONAL)
_UNNEEDED = {"data_id", "event_id_no_cnty", "year", "interaction", "timestamp", "iso", "iso3"}
_STATE = ("1", "1.0", "state forces")
_STATE_NAMES = r"(?i)^(?:(?:police|military) forces of|government of) "
_NO_STATE = "no force of a state takes part in it"
_NO_ACT = "tells that a state's force was there, and not what it did"
_DATES = ("%Y-%m-%d", "%d %B %Y", "%d %b %Y", "%d-%B-%Y", "%d-%b-%Y")


class Acled:
    """Reads acts of state forces."""

    name = "acled"
    label = "ACLED CSV"

    def knows(self, head: Head) -> bool:
        """Judge by the names of the columns, in capitals or not."""
        return {name.lower() for name in head.columns} >= COLUMNS

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield responses."""
        losses = options.losses
        for source, told in batches(files, losses, options.scratch):
            named = told.rename({n: n.lower() for n in told.columns if n.lower() in _READ})
            if missing := sorted(COLUMNS - set(named.columns)):
                reason = f"has no column {missing[0]!r}; leave out --format to have it detected"
                losses.add("dropped", "files", reason, example=source.name)
                return
            lower = {name for name in named.columns if name.lower() in _UNNEEDED}
            note_unread(named, {*_READ, *lower}, source, losses)
            acts = _acts(with_columns_of(named, _READ), source, losses)
            yield Part(RESPONSES, _responses(acts, source, options), "responses")


FORMAT = Acled()


def _acts(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return the rows in which a state's force does something that has a code."""
    kind = pl.col("sub_event_type").str.to_lowercase()
    rows = rows.with_columns(
        _is_state("1"),
        _is_state("2"),
        verb_code=kind.replace_strict(_column("verb_code"), default=None, return_dtype=pl.String),
        target=kind.replace_strict(_column("target"), default=None, return_dtype=pl.String),
        doer=kind.replace_strict(_column("doer"), default=None, return_dtype=pl.String),
    )
    rows = without(rows, ~pl.any_horizontal("state1", "state2"), _NO_STATE, source, losses)
    acts = pl.col("verb_code").is_not_null() & (pl.col("state1") | (pl.col("doer") == "either"))
    return without(rows, ~acts, _NO_ACT, source, losses)


def _column(name: str) -> dict[str, str | None]:
    return {kind: getattr(act, name) for kind, act in ACTS.items()}


def _is_state(number: str) -> pl.Expr:
    """Return whether an actor is a state's force: by its code, else by its name."""
    coded = pl.col(f"inter{number}").str.to_lowercase().is_in(_STATE)
    named = pl.col(f"actor{number}").str.contains(_STATE_NAMES)
    is_state = coded.fill_null(named).fill_null(value=False)
    return is_state.alias(f"state{number}")


def _responses(acts: pl.DataFrame, source: Source, options: Options) -> pl.DataFrame:
    losses = options.losses
    zone = options.zone or UTC
    acts = acts.with_columns(
        actor=pl.when("state1").then("actor1").otherwise("actor2"), day=_day(pl.col("event_date"))
    )
    lacking = pl.any_horizontal(pl.col("event_id_cnty", "actor").is_null())
    acts = without(acts, lacking, "lacks its id or its actor", source, losses)
    acts = without(acts, pl.col("day").is_null(), "has no date that can be read", source, losses)
    _note_precision(acts, source, losses)
    if options.zone is None and acts.height:
        reason = "days are read as days in UTC (say another zone with --timezone)"
        losses.add("unknown", "times", reason, acts.height, example=source.name)
    first, last = _span(pl.col("day"), pl.col("time_precision"))
    return placed(
        acts.select(
            day_begins(first, zone).alias("from"),
            day_ends(last, zone).alias("to"),
            "actor",
            "verb_code",
            "target",
            response_id=pl.concat_str(pl.lit("acled:"), "event_id_cnty"),
            summary="sub_event_type",
            sources=_sources(pl.col("source")),
            coder=pl.lit(CODER),
        )
    )


def _day(column: pl.Expr) -> pl.Expr:
    """Return dates in the ways in which ACLED has written them; a clock behind one is no part."""
    bare = column.str.replace(r"^(\d{4}-\d\d-\d\d)[T ]\d\d:\d\d\S*$", "$1")
    day = pl.coalesce(bare.str.to_date(form, strict=False) for form in _DATES)
    return pl.when(day.dt.year().is_between(1900, 9000)).then(day)


def _span(day: pl.Expr, precision: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return the first and the last day on which an event can have happened."""
    code = precision.str.strip_suffix(".0")
    week, month = code == "2", code == "3"
    first = pl.when(month).then(day.dt.month_start()).when(week).then(day.dt.offset_by("-6d"))
    last = pl.when(month).then(day.dt.month_end()).when(week).then(day.dt.offset_by("6d"))
    return first.otherwise(day), last.otherwise(day)


def _note_precision(acts: pl.DataFrame, source: Source, losses: Losses) -> None:
    """Note the dates of which nobody says how exact they are."""
    known = pl.col("time_precision").str.strip_suffix(".0").is_in(["1", "2", "3"])
    untold = acts.filter(~known.fill_null(value=False))
    if untold.height:
        place = f"{source.name}, row {untold[ROW][0]}"
        reason = "how exact the date is, is not told: taken as the day"
        losses.add("unknown", "times", reason, untold.height, example=place)


def _sources(told: pl.Expr) -> pl.Expr:
    named = told.str.split(";").list.eval(pl.element().str.strip_chars())
    return named.list.eval(pl.element().filter(pl.element() != "")).cast(STRINGS)
