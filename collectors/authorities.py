"""What authorities did, from a CSV that people keep by hand.

The columns are those of ``responses`` in ``docs/tables.md``; only ``from`` (or ``date``), ``actor``
and ``verb_code`` must be there. A date may be a year, a month, a day or a time: it is kept as the
interval in which the act can have happened. Sources are written with ``|`` between them. Rows that
cannot be used are refused, each with its reason; the rest are kept.
"""

import csv
import io
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import polars as pl

from analytics.citing import cited
from analytics.coders import checked_codes, code_rows, keep_codes
from analytics.coding import CODED
from analytics.errors import FormatError
from analytics.ledger import FIELDS, checked, earlier_than_appeals, named, record
from analytics.responses import with_rungs
from analytics.store import Store
from analytics.tables import RESPONSE_SOURCES, RESPONSES
from collectors.exports.csvs import separator_of
from collectors.exports.losses import Losses
from collectors.exports.sources import UNREADABLE, Source
from collectors.exports.texts import encoding_of

_REQUIRED = ("actor", "verb_code")
_KNOWN = {*FIELDS, "response_id", "appeal_id", "date", "rung", "retrieved_at", "sha256", ""}
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
    rows, looks = read_responses(
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
    early = earlier_than_appeals(rows, held).height
    losses.add("unknown", "times", _EARLY, early, example=path.name)
    on_record = set(store.read("responses", columns=["response_id"])["response_id"])
    new = sum(name not in on_record for name in rows["response_id"])
    when = at or datetime.now(UTC)
    done = record(store, rows.iter_rows(named=True), act="import", who=who, at=when)
    store.append(RESPONSE_SOURCES, looks)
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
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a CSV's rows as ``responses``, with rungs, and the looks at their sources.

    Refused rows go to ``losses``. A row that names no appeal is of ``appeal_id``; one that names
    another has to name a declared one.
    """
    rows: dict[str, dict[str, Any]] = {}
    looks: list[dict[str, Any]] = []
    first: dict[str, int] = {}
    names, lines = _lines(path)
    for name in sorted({*names} - _KNOWN):
        losses.add("unknown", "fields", f"no column of responses: {name}", example=path.name)
    for number, cells in lines:
        try:
            told = _named(names, cells)
            row = _response(told, zone, appeal_id, declared)
            seen = cited(told, row["sources"], zone)
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
        looks += [{"response_id": row["response_id"], **look} for look in seen]
    acts = with_rungs(pl.DataFrame(list(rows.values()), schema=RESPONSES.schema))
    return acts, pl.DataFrame(looks, schema=RESPONSE_SOURCES.schema)


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


def import_codings(store: Store, path: Path, *, coder: str = "", at: datetime) -> pl.DataFrame:
    """Read what a second coder made of responses, and return the loss report.

    ``coder`` is who coded the rows whose cell ``coder`` is empty.

    Raises
    ------
    FormatError
        The file is no CSV, or no row of it can be used.
    """
    losses = Losses()
    on_record = {row["response_id"]: row for row in store.read("responses").iter_rows(named=True)}
    names, lines = _lines(path, needs=("response_id", "verb_code"))
    rows: list[dict[str, Any]] = []
    for number, cells in lines:
        try:
            row = {"coder": ""} | _named(names, cells)
            rows.extend(_codes(row, on_record, row["coder"] or coder, at))
        except ValueError as error:
            losses.add("dropped", "codings", str(error), example=f"{path.name}, row {number}")
    if not rows:
        reason = losses.first("dropped", "codings") or f"{path.name} holds no codes"
        msg = f"{reason}; nothing was read"
        raise FormatError(msg)
    done = keep_codes(store, rows)
    losses.add("kept", "codings", "new", done.new)
    losses.add("merged", "codings", "came more than once in this file", done.repeated)
    losses.add("merged", "codings", "held already, the same", done.held)
    return losses.table("codings").drop("import_id")


def _codes(
    row: dict[str, str], on_record: dict[str, Any], coder: str, at: datetime
) -> Iterable[dict[str, Any]]:
    """Return the codes of one row; none where nothing is coded."""
    if not any(row.get(field) for field in CODED):
        return []
    response_id = row.get("response_id", "")
    if response_id not in on_record:
        msg = f"names no response on record: {response_id!r}"
        raise ValueError(msg)
    codes, mistakes = checked_codes(on_record[response_id], row, coder)
    for field, wrong in mistakes.items():
        msg = f"{field} {wrong}"
        raise ValueError(msg)
    return code_rows(response_id, codes, coder=coder, at=at)
