"""Coded samples of what people say about the authorities, from a CSV that a person filled in."""

import csv
import io
from datetime import datetime
from pathlib import Path

import polars as pl

from analytics.errors import FormatError
from analytics.store import Store
from analytics.tables import SPOKEN_OF, STANCES, STANCES_OF
from collectors.exports.csvs import separator_of
from collectors.exports.losses import Losses
from collectors.exports.texts import encoding_of

COLUMNS = ("appeal_id", "post_id", "probability", "day", "platform", "text", "target", "stance")
_NEEDED = ("appeal_id", "post_id", "probability", "stance")


def import_stances(
    store: Store, path: Path, *, coder: str, blind: bool, at: datetime
) -> pl.DataFrame:
    """Read a coded sample into the store and return its loss report.

    Rows without a stance are passed over: they are not coded yet.

    Raises
    ------
    FormatError
        The file is missing, no CSV, lacks a column, or no row of it can be used.
    """
    losses = Losses()
    known = set(store.read("posts", columns=["appeal_id", "post_id"]).iter_rows())
    rows = []
    for number, row in _rows(path):
        if not row["stance"]:
            continue
        if wrong := _mistake(row, known):
            losses.add("dropped", "codes", wrong, example=f"{path.name}, row {number}")
            continue
        rows.append({
            "appeal_id": row["appeal_id"], "post_id": row["post_id"], "coder": coder,
            "target": row.get("target") or None, "stance": row["stance"],
            "probability": float(row["probability"]), "is_blind": blind, "at": at,
        })  # fmt: skip
    if not rows:
        reason = losses.first("dropped", "codes") or f"{path.name} holds no stance"
        msg = f"{reason}; nothing was read"
        raise FormatError(msg)
    done = store.append(STANCES, pl.DataFrame(rows, schema=STANCES.schema))
    losses.add("kept", "codes", "new", done.new)
    losses.add("merged", "codes", "replaced an earlier version", done.completed)
    losses.add("merged", "codes", "held already, the same", done.held)
    return losses.table("codes").drop("import_id")


def _mistake(row: dict[str, str], known: set[tuple[str, str]]) -> str | None:
    if (row["appeal_id"], row["post_id"]) not in known:
        return "names a post that is not held"
    if row["stance"] not in STANCES_OF:
        return f"stance {row['stance']!r} is none of {', '.join(STANCES_OF)}"
    if row.get("target") and row["target"] not in SPOKEN_OF:
        return f"target {row['target']!r} is none of {', '.join(SPOKEN_OF)}"
    try:
        likely = float(row["probability"])
    except ValueError:
        likely = -1.0
    return None if 0 < likely <= 1 else "lacks the probability with which it was drawn"


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    if not path.is_file():
        msg = f"{path} does not exist; check the path"
        raise FormatError(msg)
    data = path.read_bytes()
    try:
        text = data.decode(encoding_of(data)).removeprefix("\ufeff")
        by = separator_of(text.split("\n", 1)[0])
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=by, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{path.name} is not a readable CSV ({error}); save it as UTF-8 with commas"
        raise FormatError(msg) from None
    names = [name.strip().lower() for name in lines[0]] if lines else []
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        msg = f"{path.name} has no column {missing[0]!r}; draw it with `groundswell opinions`"
        raise FormatError(msg)
    return [
        (number, dict(zip(names, (cell.strip() for cell in cells), strict=False)))
        for number, cells in enumerate(lines[1:], 2)
        if len(cells) >= len(names)
    ]
