"""Files that already have our columns: CSV or Parquet with the names of ``docs/tables.md``.

In a CSV, lists are written with ``|`` between their items, times as ISO 8601 with a zone (or
without one, then in the zone that the user gives).
"""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from analytics.errors import FormatError, TableError
from analytics.tables import ACCOUNTS, COUNTERS, FOLLOWS, POSTS, STRINGS, UTC, Table
from collectors.exports.formats import Head, Options, Part, open_bytes, read_csv

READABLE = (POSTS, ACCOUNTS, COUNTERS, FOLLOWS)
_STAMPED = {"appeal_id", "source"}  # every import adds them where a file has none


class OwnTable:
    """Reads posts, accounts, counters and follows in our own columns."""

    name = "table"
    label = "CSV or Parquet with Groundswell's own columns (docs/tables.md)"

    def knows(self, head: Head) -> bool:
        """Judge by column names: all that one table requires, and none that it does not have."""
        return _table_of(_names(head)) is not None

    def read(self, files: Sequence[Path], options: Options) -> Iterator[Part]:
        """Yield the files' rows, accounts first."""
        heads = [(path, _table_of(_names(Head.of(path)))) for path in files]
        for path, table in sorted(heads, key=lambda pair: pair[1] is not ACCOUNTS):
            try:
                yield Part(*_read(path, table, options.zone), table.name if table else "rows")
            except (FormatError, TableError) as error:
                options.losses.add("dropped", "files", str(error), example=path.name)


FORMAT = OwnTable()


def _names(head: Head) -> set[str]:
    if head.is_parquet:
        try:
            return set(pl.read_parquet_schema(head.path))
        except pl.exceptions.PolarsError:
            return set()
    return set(head.columns)


def _table_of(names: set[str]) -> Table | None:
    fitting = (
        table
        for table in READABLE
        if names <= set(table.columns)
        and {n for n, c in table.columns.items() if not c.null} - _STAMPED <= names
    )
    return next(fitting, None)


def _read(path: Path, table: Table | None, zone: tzinfo | None) -> tuple[Table, pl.DataFrame]:
    if table is None:
        wanted = "; ".join(f"{t.name}: {', '.join(t.columns)}" for t in READABLE)
        msg = f"{path.name} has not the columns of any table ({wanted})"
        raise FormatError(msg)
    with open_bytes(path) as file:
        is_parquet = file.read(4) == b"PAR1"
    frame = pl.read_parquet(path) if is_parquet else read_csv(path)
    return table, frame.select(_typed(frame, name, table, zone) for name in frame.columns)


def _typed(frame: pl.DataFrame, name: str, table: Table, zone: tzinfo | None) -> pl.Expr:
    wanted = table.columns[name].dtype
    column = pl.col(name)
    if frame[name].dtype == wanted:
        return column
    if wanted == STRINGS:
        return column.str.split("|").list.eval(pl.element().str.strip_chars())
    if wanted == UTC:
        return times(column, zone)
    if wanted == pl.Boolean:
        return column.str.to_lowercase() == "true"
    return column.cast(wanted, strict=False)


def times(column: pl.Expr, zone: tzinfo | None) -> pl.Expr:
    """Return ISO 8601 times as UTC; those without a zone are read in the zone given."""
    text = column.str.replace(" ", "T").str.replace(r"(Z|[+-]00:?00)$", "+00:00")
    exact = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False)
    if not isinstance(zone, ZoneInfo):
        return exact
    local = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    there = local.dt.replace_time_zone(zone.key, ambiguous="null", non_existent="null")
    return pl.coalesce(exact, there.dt.convert_time_zone("UTC"))
