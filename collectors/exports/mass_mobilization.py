"""Protests and what states did about them, from the Mass Mobilization project, as CSV.

Each protest is an appeal by itself, made on its first day, and its last day is the last on which
responses are known. Each act of a state at it is a response, in the table with one column for each
kind of act (``arrests``, ``accomodation``, …) and in the project's own, with up to seven of them in
words (``stateresponse1`` …). An act has no date of its own: it lies between the first and the last
day of the protest, which can be years apart. Days are days at the place, whose zone is not told.

``ACTS`` says which CAMEO code stands for which kind. To concede something has a code and no rung:
what was conceded is not coded. Protesters are those who support the demand, so that they are the
target of what was done to them. To ignore a protest is no act: such an appeal has no response. The
column ``no_response``, which is set for nearly all events, is not read; where nothing is coded at
all, until when responses are known is not known.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC

import polars as pl

from analytics.tables import APPEALS, RESPONSES
from collectors.exports.coded_acts import day_begins, day_ends, placed, without
from collectors.exports.csvs import ROW, batches, note_unread, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

CODER = "Mass Mobilization"
ACTS = {
    "arrests": ("173", "supporters", "Arrests"),
    "accomodation": ("08", None, "Something was conceded"),
    "beatings": ("182", "supporters", "Beatings"),
    "crowddispersal": ("175", "supporters", "The crowd was dispersed"),
    "killings": ("1823", "supporters", "Killings"),
    "shootings": ("175", "supporters", "Shootings"),
}
_KINDS = (*ACTS, "ignore")
_IN_WORDS = tuple(f"stateresponse{n}" for n in range(1, 8))
_COMMON = {"id", "country", "protestnumber", "protesterviolence", "location"}
_FLAGS = {"start_date", "end_date", *_KINDS}
_DAY_PARTS = tuple(f"{end}{part}" for end in ("start", "end") for part in ("year", "month", "day"))
_READ = (*sorted(_COMMON), *sorted(_FLAGS), *_IN_WORDS, *_DAY_PARTS)
_UNNEEDED = {"ccode", "year", "region", "protest", "no_response"}

_NO_PROTEST = "lacks its id, its country or the days of a protest"
_BACKWARDS = "ends before it begins"
_NO_RESPONSE = "whether the state did anything is not coded"
_BESIDE = "ignored, and beside it an act is coded: the act is kept"
_IN_UTC = "days are read as days in UTC (say another zone with --timezone)"
_NO_MIDNIGHT = "begins or ends on a midnight that the zone's clocks skip or show twice"
_SPAN = "the act has no date: it lies within the days of its protest"


class MassMobilization:
    """Reads what states did at protests."""

    name = "mass-mobilization"
    label = "Mass Mobilization protests CSV"
    register = True

    def knows(self, head: Head) -> bool:
        """Judge by the names of columns."""
        columns = set(head.columns)
        return columns >= _COMMON and (
            columns >= _FLAGS or columns >= {"stateresponse1", *_DAY_PARTS}
        )

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield responses."""
        losses = options.losses
        for source, told in batches(files, losses, options.scratch):
            note_unread(told, {*_READ, *_UNNEEDED} - {"protesterviolence"}, source, losses)
            events = _events(with_columns_of(told, _READ), source, losses)
            yield Part(APPEALS, _appeals(events, options), "appeals")
            acts = _acts(events, source, losses)
            yield Part(RESPONSES, _responses(acts, source, options), "responses")


FORMAT = MassMobilization()


def _events(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return the protests that have days, and ``kinds``: what is coded of the state."""
    rows = rows.with_columns(
        first=pl.coalesce(_day(pl.col("start_date")), _composed("start")),
        last=pl.coalesce(_day(pl.col("end_date")), _composed("end")),
        kinds=_kinds(),
    )
    lacking = pl.any_horizontal(pl.col("id", "country", "first", "last").is_null())
    rows = refused(rows, lacking, _NO_PROTEST, source, losses)
    rows = refused(rows, pl.col("last") < pl.col("first"), _BACKWARDS, source, losses)
    count = pl.col("kinds").list.len()
    uncoded = rows.filter(count == 0).height
    losses.add("unknown", "responses", _NO_RESPONSE, uncoded, example=source.name)
    beside = rows.filter(pl.col("kinds").list.contains("ignore") & (count > 1))
    if beside.height:
        place = f"{source.name}, row {beside[ROW][0]}"
        losses.add("dropped", "responses", _BESIDE, beside.height, example=place)
    return rows


def _kinds() -> pl.Expr:
    """Return the kinds of acts that are coded of an event, in either way."""
    flags = [
        pl.when(pl.col(kind).str.strip_suffix(".0") == "1").then(pl.lit(kind)) for kind in _KINDS
    ]
    words = [pl.col(name).str.to_lowercase().str.replace_all(" ", "") for name in _IN_WORDS]
    spelt = [word.replace("accommodation", "accomodation") for word in words]
    known = [pl.when(word.is_in(_KINDS)).then(word) for word in spelt]
    return pl.concat_list(*flags, *known).list.drop_nulls().list.unique(maintain_order=True)


def _day(column: pl.Expr) -> pl.Expr:
    day = column.str.to_date("%Y-%m-%d", strict=False)
    return pl.when(day.dt.year().is_between(1900, 9000)).then(day)


def _composed(end: str) -> pl.Expr:
    parts = [pl.col(f"{end}{part}").str.strip_suffix(".0") for part in ("year", "month", "day")]
    return _day(pl.format("{}-{}-{}", parts[0], *(part.str.zfill(2) for part in parts[1:])))


def _appeal_id() -> pl.Expr:
    return pl.format("mass-mobilization-{}", "id")


def _appeals(events: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return each protest as an appeal."""
    zone = options.zone or UTC
    ends = day_ends(pl.col("last"), zone)
    place = pl.coalesce("location", pl.lit("a place not told"))
    return events.select(
        appeal_id=_appeal_id(),
        title=pl.format("Protest in {}, {}", place, "country"),
        published_at=day_begins(pl.col("first"), zone),
        published_by=day_ends(pl.col("first"), zone),
        closes_at=ends,
        outcome_known_until=pl.when(pl.col("kinds").list.len() > 0).then(ends),
        register=pl.lit(FORMAT.name),
        simulated=pl.lit(value=False),
    )


def _acts(events: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return each act by itself."""
    acts = events.explode("kinds").filter(pl.col("kinds") != "ignore")  # null where uncoded: gone
    days = acts.filter(pl.col("last") > pl.col("first")).height
    losses.add("unknown", "times", _SPAN, days, example=source.name)
    columns = {
        name: pl.col("kinds").replace_strict(
            {kind: act[n] for kind, act in ACTS.items()}, default=None, return_dtype=pl.String
        )
        for n, name in enumerate(("verb_code", "target", "deed"))
    }
    return acts.with_columns(**columns)


def _responses(acts: pl.DataFrame, source: Source, options: Options) -> pl.DataFrame:
    zone = options.zone or UTC
    if options.zone is None:
        options.losses.add("unknown", "times", _IN_UTC, acts.height, example=source.name)
    acts = acts.with_columns(
        day_begins(pl.col("first"), zone).alias("from"),
        day_ends(pl.col("last"), zone).alias("to"),
    )
    unknown = pl.any_horizontal(pl.col("from", "to").is_null())
    acts = without(acts, unknown, _NO_MIDNIGHT, source, options.losses)
    return placed(
        acts.select(
            "from",
            "to",
            "verb_code",
            "target",
            appeal_id=_appeal_id(),
            response_id=pl.format("mass-mobilization:{}/{}", "id", "kinds"),
            actor=pl.format("Government of {}", "country"),
            summary=pl.format(
                "{} at a protest in {}", "deed", pl.coalesce("location", pl.lit("a place not told"))
            ),
            coder=pl.lit(CODER),
        )
    )
