"""Sentences that people coded by hand for PETRARCH, as XML: acts of authorities become responses.

Each ``<EventCoding>`` of a ``<Sentence>`` has the codes of source, target and event in CAMEO. An
event is kept where its source is a part of a state (the three letters after those of the country:
government, police, courts, army, intelligence, parliament) and its code is one of CAMEO's. Dates
are days without a zone. The sentences themselves are not read.

A file that declares entities is refused, since they can be made to unfold without end.
"""

import xml.parsers.expat  # it unfolds nothing here, see _refuse
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any, NamedTuple

import polars as pl

from analytics.errors import FormatError
from analytics.schema import STRINGS
from analytics.tables import RESPONSES
from collectors.exports.coded_acts import day_begins, day_ends, is_verb, placed
from collectors.exports.documents import text
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import UNREADABLE, Source, bare_fact

CODER = "PETRARCH gold codings"
AUTHORITIES = {
    "GOV": "government", "COP": "police", "JUD": "courts", "MIL": "army",
    "SPY": "intelligence service", "LEG": "parliament",
}  # fmt: skip
_OF_NO_STATE = "IGO|NGO|NGM|MNC"  # in the place of a country: not police of anybody's
_CODE = r"^.{3}(" + "|".join(AUTHORITIES) + ")"
_PIECE = 1 << 18

_DECLARES = "declares entities, as XML made to do harm does: not read"
_BROKEN = "broken XML: what follows is not read"
_NO_AUTHORITY = "its source is no part of a state"
_NO_EVENT = "a coding that tells of no event"
_NO_VERB = "its event code is none of CAMEO's"
_NO_DATE = "its sentence has no date that can be read"
_IN_UTC = "days are read as days in UTC (say another zone with --timezone)"


class _Event(NamedTuple):
    sentence: str
    date: str
    number: int  # among the events of its sentence
    source: str
    target: str
    verb_code: str
    line: int


class Petrarch:
    """Reads events that were coded by hand."""

    name = "petrarch"
    label = "PETRARCH coded sentences (XML)"

    def knows(self, head: Head) -> bool:
        """Judge by the elements: sentences with codings."""
        data = head.data
        return data.lstrip()[:1] == b"<" and b"<Sentence " in data and b"<EventCoding" in data

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield responses."""
        for source in files:
            events = _events(source, options.losses)
            if events:
                yield Part(RESPONSES, _responses(events, source, options), "responses")


FORMAT = Petrarch()


def _events(source: Source, losses: Losses) -> list[_Event]:
    """Return the events of a file, as far as it can be read."""
    reader = _Reader()
    try:
        with text(source) as file:
            while piece := file.read(_PIECE):
                reader.parser.Parse(piece, False)  # noqa: FBT003 - expat takes it by position
            reader.parser.Parse(b"", True)  # noqa: FBT003
    except FormatError as error:
        losses.add("dropped", "files", str(error), example=source.name)
        return []
    except xml.parsers.expat.ExpatError as error:
        losses.add("dropped", "files", _BROKEN, example=f"{source.name}, line {error.lineno}")
    except UNREADABLE as error:
        reason = f"cannot be read to its end ({bare_fact(error)})"
        losses.add("dropped", "files", reason, example=source.name)
    losses.add("dropped", "responses", _NO_EVENT, reader.empty, example=source.name)
    return reader.events


class _Reader:
    """Gathers the attributes of events."""

    def __init__(self) -> None:
        self.events: list[_Event] = []
        self.empty = 0  # codings that say that nothing happened, or nothing that can be coded
        self._sentence: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()  # of events, by sentence: ids can come again
        self.parser = xml.parsers.expat.ParserCreate("utf-8")
        self.parser.EntityDeclHandler = _refuse
        self.parser.StartElementHandler = self._start

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Sentence":
            self._sentence = attributes
        elif name == "EventCoding" and "eventcode" not in attributes:
            self.empty += 1
        elif name == "EventCoding":
            sentence = self._sentence.get("id", "").strip()
            self._numbers[sentence] += 1
            self.events.append(
                _Event(
                    sentence,
                    self._sentence.get("date", "").strip(),
                    self._numbers[sentence],
                    attributes.get("sourcecode", "").strip(),
                    attributes.get("targetcode", "").strip(),
                    attributes["eventcode"].strip(),
                    self.parser.CurrentLineNumber,
                )
            )


def _refuse(*_: Any) -> None:  # noqa: ANN401 - whatever expat tells
    raise FormatError(_DECLARES)


def _responses(events: Sequence[_Event], source: Source, options: Options) -> pl.DataFrame:
    zone = options.zone or UTC
    rows = pl.DataFrame(events, schema=list(_Event._fields), orient="row")
    day = pl.col("date").str.replace_all("-", "").str.to_date("%Y%m%d", strict=False)
    day = pl.when(day.dt.year().is_between(1900, 9000)).then(day)
    rows = rows.with_columns(
        day_begins(day, zone).alias("from"),
        day_ends(day, zone).alias("to"),
        role=pl.when(~pl.col("source").str.contains(rf"^(?:{_OF_NO_STATE})")).then(
            pl.col("source").str.extract(_CODE)
        ),
    )
    for bad, reason in (
        (pl.col("role").is_null(), _NO_AUTHORITY),
        (~is_verb(pl.col("verb_code")), _NO_VERB),
        (pl.any_horizontal(pl.col("from", "to").is_null()), _NO_DATE),
    ):
        rows = _without(rows, bad, reason, source, options.losses)
    if options.zone is None:
        options.losses.add("unknown", "times", _IN_UTC, rows.height, example=source.name)
    part = pl.col("role").replace_strict(AUTHORITIES, return_dtype=pl.String)
    return placed(
        rows.select(
            "from",
            "to",
            "verb_code",
            response_id=pl.format("petrarch:{}/{}", _sentence(), "number"),
            actor=pl.format("{} ({})", part, "source"),
            actor_code="source",
            target=pl.lit(None, pl.String),
            summary=pl.format("Event {} towards {}", "verb_code", "target"),
            sources=pl.concat_list(pl.format("sentence {}", _sentence())).cast(STRINGS),
            coder=pl.lit(CODER),
        )
    )


def _sentence() -> pl.Expr:
    """Return a sentence's id, else the line of its event."""
    named = pl.col("sentence") != ""
    return pl.when(named).then("sentence").otherwise(pl.format("line-{}", "line"))


def _without(
    rows: pl.DataFrame, bad: pl.Expr, reason: str, source: Source, losses: Losses
) -> pl.DataFrame:
    flags = rows.select(bad.fill_null(value=True)).to_series()
    if count := int(flags.sum()):
        place = f"{source.name}, line {rows.filter(flags)['line'][0]}"
        losses.add("dropped", "responses", reason, count, example=place)
    return rows.filter(~flags)
