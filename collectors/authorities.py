"""What authorities did, from a CSV that people keep by hand.

The columns are those of ``responses`` in ``docs/tables.md``; only ``from`` (or ``date``), ``actor``
and ``verb_code`` must be there. A date may be a year, a month, a day or a time: it is kept as the
interval in which the act can have happened. Sources are written with ``|`` between them. Rows that
cannot be used are refused, each with its reason; the rest are kept.
"""

import csv
import io
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import polars as pl

from analytics.errors import FormatError
from analytics.ledger import as_cells, checked, named, record
from analytics.responses import with_rungs
from analytics.sheets import CODED
from analytics.store import Store
from analytics.tables import CODINGS, RESPONSES
from collectors.exports.csvs import separator_of
from collectors.exports.losses import Losses
from collectors.exports.sources import UNREADABLE, Source
from collectors.exports.texts import encoding_of

_REQUIRED = ("actor", "verb_code")
_EARLY = "a response earlier than its appeal: kept as told"


def import_responses(
    store: Store,
    path: Path,
    *,
    appeal: str | None = None,
    who: str = "import",
    at: datetime | None = None,
) -> pl.DataFrame:
    """Read a CSV of responses into the store, signed in its trail, and return its loss report.

    Raises
    ------
    FormatError
        The file is missing, not a CSV, lacks a required column, or no row of it can be used.
    """
    losses = Losses()
    known = store.settings
    stated = known.appeals_table().select("appeal_id", "published_at")
    imported = store.read("appeals", columns=["appeal_id", "published_at"])
    held = pl.concat([stated, imported]).unique("appeal_id", keep="first", maintain_order=True)
    rows = read_responses(
        path,
        losses,
        appeal_id=known.appeal_id(appeal) if appeal or known.appeals else "",
        zone=store.zone,
        declared=held["appeal_id"].to_list(),
    )
    if rows.is_empty():
        reason = losses.first("dropped", "responses") or f"{path.name} holds no rows"
        msg = f"{reason}; nothing was imported"
        raise FormatError(msg)
    store.declare_appeals()
    early = rows.join(held, on="appeal_id").filter(pl.col("to") < pl.col("published_at"))
    losses.add("unknown", "times", _EARLY, early.height, example=path.name)
    on_record = set(store.read("responses", columns=["response_id"])["response_id"])
    new = sum(name not in on_record for name in rows["response_id"])
    when = at or datetime.now(UTC)
    done = record(store, rows.iter_rows(named=True), act="import", who=who, at=when)
    losses.add("kept", "responses", "new", new)
    losses.add("merged", "responses", "replaced an earlier version", done - new)
    losses.add("merged", "responses", "held already, the same", rows.height - done)
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
    rows: dict[str, dict[str, Any]] = {}
    first: dict[str, int] = {}
    names, lines = _lines(path)
    for number, cells in lines:
        try:
            row = _response(_named(names, cells), zone, appeal_id, declared)
            if rows.get(row["response_id"], row) != row:
                again = first[row["response_id"]]
                msg = f"has the response_id of row {again}; give each act its own"
                raise ValueError(msg)  # noqa: TRY301 - a reason like the others
        except ValueError as error:
            place = f"{path.name}, row {number}"
            losses.add("dropped", "responses", str(error), example=place)
            continue
        repeated = row["response_id"] in rows
        losses.add("merged", "responses", "came more than once in this file", int(repeated))
        rows[row["response_id"]] = row
        first.setdefault(row["response_id"], number)
    return with_rungs(pl.DataFrame(list(rows.values()), schema=RESPONSES.schema))


def _appeal(row: dict[str, str], appeal_id: str, declared: Collection[str]) -> str:
    told = row.get("appeal_id") or appeal_id
    if not told:
        msg = "names no appeal, and the store holds several"
        raise ValueError(msg)
    if told not in {appeal_id, *declared}:
        msg = f"appeal {told!r} is not declared in groundswell.toml"
        raise ValueError(msg)
    return told


def _named(names: list[str], cells: list[str]) -> dict[str, str]:
    if any(cells[len(names) :]):
        msg = "has more cells than there are columns"
        raise ValueError(msg)
    return {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name}


def _lines(
    path: Path, needs: tuple[str, ...] = _REQUIRED
) -> tuple[list[str], list[tuple[int, list[str]]]]:
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
    missing = [name for name in needs if name not in names]
    if needs is _REQUIRED and not {"from", "date"} & set(names):
        missing.append("from")
    if missing:
        msg = f"{path.name} has no column {missing[0]!r}; docs/tables.md lists those of responses"
        raise FormatError(msg)
    return names, [(n, cells) for n, cells in enumerate(lines[1:], 2) if any(map(str.strip, cells))]


def _response(
    row: dict[str, str], zone: tzinfo, appeal_id: str, declared: Collection[str]
) -> dict[str, Any]:
    appeal = _appeal(row, appeal_id, declared)
    values, mistakes = checked(row, zone)
    for field, wrong in mistakes.items():
        msg = f"{field} {wrong}"
        raise ValueError(msg)
    response_id = row.get("response_id") or named(row, appeal)
    return values | {"response_id": response_id, "appeal_id": appeal, "rung": None}


def import_codings(store: Store, path: Path, *, coder: str, at: datetime) -> pl.DataFrame:
    """Read what a second coder made of responses, and return the loss report.

    Raises
    ------
    FormatError
        The file is no CSV, or no row of it can be used.
    """
    losses = Losses()
    on_record = {row["response_id"]: row for row in store.read("responses").iter_rows(named=True)}
    names, lines = _lines(path, needs=("response_id", "verb_code"))
    rows = [
        {"response_id": response_id, "field": field, "coder": coder, "value": value, "at": at}
        for number, cells in lines
        for response_id, codes in _coded(path, number, _named(names, cells), on_record, losses)
        for field, value in codes.items()
    ]
    if not rows:
        reason = losses.first("dropped", "codings") or f"{path.name} holds no codes"
        msg = f"{reason}; nothing was read"
        raise FormatError(msg)
    done = store.append(CODINGS, pl.DataFrame(rows, schema=CODINGS.schema))
    losses.add("kept", "codings", "new", done.new)
    losses.add("merged", "codings", "replaced an earlier version", done.completed)
    losses.add("merged", "codings", "held already, the same", done.held)
    return losses.table("codings").drop("import_id")


def _coded(
    path: Path, number: int, row: dict[str, str], on_record: dict[str, Any], losses: Losses
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yield the codes of one row; a row with a mistake, or without codes, yields none."""
    response_id = row.get("response_id", "")
    place = f"{path.name}, row {number}"
    told = {field: row.get(field) or "" for field in CODED}
    if not any(told.values()):
        return
    held = on_record.get(response_id)
    if held is None:
        losses.add(
            "dropped", "codings", f"names no response on record: {response_id!r}", example=place
        )
        return
    values, mistakes = checked(as_cells(held) | told)
    for field, wrong in mistakes.items():
        losses.add("dropped", "codings", f"{field} {wrong}", example=place)
        return
    yield response_id, {field: values[field] for field in CODED}
