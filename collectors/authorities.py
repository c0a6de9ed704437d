"""What authorities did, from a CSV that people keep by hand.

The columns are those of ``responses`` in ``docs/tables.md``; only ``from`` (or ``date``), ``actor``
and ``verb_code`` must be there. A date may be a year, a month, a day or a time: it is kept as the
interval in which the act can have happened. Sources are written with ``|`` between them. Rows that
cannot be used are refused, each with its reason; the rest are kept.
"""

import calendar
import csv
import hashlib
import io
import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import polars as pl

from analytics.errors import FormatError
from analytics.responses import with_rungs
from analytics.settings import zone_of
from analytics.store import Store
from analytics.tables import LEVELS, RESPONSES, TARGETS
from collectors.exports.csvs import separator_of
from collectors.exports.losses import Losses
from collectors.exports.sources import UNREADABLE, Source
from collectors.exports.texts import encoding_of

_REQUIRED = ("actor", "verb_code")
_ACT = ("actor", "verb_code", "target", "summary")
_DATE = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$", re.ASCII)
_TIME = re.compile(r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", re.ASCII)
_CAMEO = re.compile(r"^(0[1-9]|1\d|20)\d{0,2}$", re.ASCII)


def import_responses(store: Store, path: Path, *, appeal: str | None = None) -> pl.DataFrame:
    """Read a CSV of responses into the store and return its loss report.

    Raises
    ------
    FormatError
        The file is missing, not a CSV, lacks a required column, or no row of it can be used.
    """
    losses = Losses()
    known = store.settings
    rows = read_responses(
        path,
        losses,
        appeal_id=known.appeal_id(appeal),
        zone=zone_of(known.timezone),
        declared=[each.id for each in known.appeals],
    )
    if rows.is_empty():
        reason = losses.first("dropped", "responses") or f"{path.name} holds no rows"
        msg = f"{reason}; nothing was imported"
        raise FormatError(msg)
    store.declare_appeals()
    done = store.append(RESPONSES, rows)
    losses.add("kept", "responses", "new", done.new)
    losses.add("merged", "responses", "replaced an earlier version", done.completed)
    losses.add("merged", "responses", "held already, the same", done.held)
    losses.add("merged", "responses", "came more than once in this file", done.repeated)
    return losses.table("responses").drop("import_id")


def read_responses(
    path: Path,
    losses: Losses,
    *,
    appeal_id: str,
    zone: tzinfo = UTC,
    declared: Collection[str] = (),
) -> pl.DataFrame:
    """Return a CSV's rows as the table ``responses``, with rungs; refused rows go to ``losses``.

    A row that names no appeal is of ``appeal_id``; one that names another has to name a declared
    one.
    """
    rows = []
    names, lines = _lines(path)
    for number, cells in lines:
        try:
            row = _named(names, cells)
            rows.append(_response(row, zone, _appeal(row, appeal_id, declared)))
        except ValueError as error:
            place = f"{path.name}, row {number}"
            losses.add("dropped", "responses", str(error), example=place)
    return with_rungs(pl.DataFrame(rows, schema=RESPONSES.schema))


def _appeal(row: dict[str, str], appeal_id: str, declared: Collection[str]) -> str:
    named = row.get("appeal_id") or appeal_id
    if named not in {appeal_id, *declared}:
        msg = f"appeal {named!r} is not declared in groundswell.toml"
        raise ValueError(msg)
    return named


def _named(names: list[str], cells: list[str]) -> dict[str, str]:
    if any(cells[len(names) :]):
        msg = "has more cells than there are columns"
        raise ValueError(msg)
    return {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name}


def _lines(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return a CSV's column names, and its rows that are not blank with their numbers."""
    if not path.is_file():
        msg = f"{path} does not exist; check the path"
        raise FormatError(msg)
    try:
        with Source(path).open() as file:
            data = file.read()
        text = data.decode(encoding_of(data)).removeprefix("\ufeff")
        by = separator_of(text.split("\n", 1)[0])
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=by, strict=True))
    except (UnicodeDecodeError, csv.Error, *UNREADABLE) as error:
        msg = f"{path.name} is not a readable CSV ({error}); save it as UTF-8 with commas"
        raise FormatError(msg) from None
    names = [name.strip().lower() for name in lines[0]] if lines else []
    missing = [name for name in _REQUIRED if name not in names]
    missing += [] if {"from", "date"} & set(names) else ["from"]
    if missing:
        msg = f"{path.name} has no column {missing[0]!r}; docs/tables.md lists those of responses"
        raise FormatError(msg)
    return names, [(n, cells) for n, cells in enumerate(lines[1:], 2) if any(map(str.strip, cells))]


def _response(row: dict[str, str], zone: tzinfo, appeal_id: str) -> dict[str, Any]:
    start, end = _interval(row.get("from") or row.get("date") or "", zone, "from")
    if row.get("to"):
        end = _interval(row["to"], zone, "to")[1]
    if end < start:
        msg = "ends before it begins"
        raise ValueError(msg)
    if not row.get("actor"):
        msg = "names no actor"
        raise ValueError(msg)
    verb_code = row.get("verb_code", "")
    if not _CAMEO.match(verb_code):
        msg = f"verb_code {verb_code!r} is no CAMEO code such as 09 or 173"
        raise ValueError(msg)
    return {
        "response_id": row.get("response_id") or _id(row, appeal_id),
        "appeal_id": appeal_id,
        "from": start,
        "to": end,
        "reported_at": _interval(row["reported_at"], zone, "reported_at")[0]
        if row.get("reported_at")
        else None,
        "actor": row["actor"],
        "actor_code": row.get("actor_code") or None,
        "level": _one_of(row, "level", LEVELS),
        "verb_code": verb_code,
        "target": _one_of(row, "target", TARGETS),
        "huridocs_type": row.get("huridocs_type") or None,
        "rung": None,
        "summary": row.get("summary") or None,
        "sources": [s.strip() for s in row.get("sources", "").split("|") if s.strip()],
        "coder": row.get("coder") or None,
        "confidence": _confidence(row.get("confidence", "")),
        "status": row.get("status") or None,
    }


def _id(row: dict[str, str], appeal_id: str) -> str:
    """Name a response by what was done, so that the same file again changes nothing."""
    told = [row.get(name, "") for name in ("from", "date", "to", *_ACT)]
    return hashlib.sha256(repr([appeal_id, *told]).encode()).hexdigest()[:12]


def _one_of(row: dict[str, str], name: str, values: tuple[str, ...]) -> str | None:
    value = row.get(name, "").lower()
    if value and value not in values:
        msg = f"{name} {value!r} is none of {', '.join(values)}"
        raise ValueError(msg)
    return value or None


def _confidence(text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        msg = f"confidence {text!r} is not between 0 and 1"
        raise ValueError(msg)
    return value


def _interval(text: str, zone: tzinfo, column: str) -> tuple[datetime, datetime]:
    """Return the first and last moment that a date can mean."""
    try:
        if found := _DATE.match(text):
            return _whole(int(found[1]), int(found[2] or 0), int(found[3] or 0), zone)
        if not _TIME.match(text):
            raise ValueError(text)  # noqa: TRY301 - told below, as all that is no date
        time = datetime.fromisoformat(text)
        moment = (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        msg = f"{column} {text!r} is no date; write 2016-08, 2016-08-29 or 2016-08-29T18:30+06:00"
        raise ValueError(msg) from None
    return moment, moment


def _whole(year: int, month: int, day: int, zone: tzinfo) -> tuple[datetime, datetime]:
    last_month = month or 12
    last_day = day or calendar.monthrange(year, last_month)[1]
    start = datetime(year, month or 1, day or 1, tzinfo=zone)
    end = datetime(year, last_month, last_day, tzinfo=zone) + timedelta(days=1)
    return start.astimezone(UTC), end.astimezone(UTC) - timedelta(microseconds=1)
