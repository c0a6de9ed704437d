"""Files that already have our columns: CSV or Parquet with the names of ``docs/tables.md``.

In a CSV, lists are written with ``|`` between their items, times as ISO 8601 with a zone (or
without one, then in the zone that the user gives). A row that lacks what its table requires is
refused; a value that cannot be read is left empty. Both are counted. Rows keep the appeal that they
name.
"""

import shutil
from collections.abc import Iterator, Sequence

import polars as pl

from analytics.errors import FormatError
from analytics.schema import FORMS, STRINGS, UTC, Column, Table
from analytics.tables import ACCOUNTS, COUNTERS, FOLLOWS, POSTS
from collectors.exports.csvs import BATCH_ROWS, ROW, batches, refused
from collectors.exports.formats import Head, Options, Part
from collectors.exports.sources import UNREADABLE, Source
from collectors.exports.times import in_zone, iso

READABLE = (POSTS, ACCOUNTS, COUNTERS, FOLLOWS)
_STAMPED = {"appeal_id", "source"}  # every import adds them where a file has none


class OwnTable:
    """Reads posts, accounts, counters and follows in our own columns."""

    name = "table"
    label = "CSV or Parquet with Groundswell's own columns (docs/tables.md)"

    def knows(self, head: Head) -> bool:
        """Judge by column names: all that one table requires, and none that it does not have."""
        return _table_of(_names(head)) is not None

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield the files' rows, accounts first."""
        heads = [(source, _table_of(_names(Head.of(source)))) for source in files]
        for source, table in sorted(heads, key=lambda pair: pair[1] is not ACCOUNTS):
            try:
                yield from _parts(source, table, options)
            except FormatError as error:
                options.losses.add("dropped", "files", str(error), example=source.name)


FORMAT = OwnTable()


def _names(head: Head) -> set[str]:
    if head.is_parquet:
        try:
            with head.source.open() as file:
                return set(pl.read_parquet_schema(file))
        except (pl.exceptions.PolarsError, *UNREADABLE):
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


def _parts(source: Source, table: Table | None, options: Options) -> Iterator[Part]:
    wanted = "; ".join(f"{t.name}: {', '.join(t.columns)}" for t in READABLE)
    unfit = f"{source.name} has not the columns of any table ({wanted})"
    if table is None:
        raise FormatError(unfit)
    try:
        for number, raw in enumerate(_raw(source, options)):
            if _table_of(set(raw.columns) - {ROW}) is not table:
                raise FormatError(unfit)
            if not number:
                _require_zone(raw, table, source, options)
            names = [n for n in raw.columns if n != ROW]
            typed = (_typed(raw.schema[n], n, table.columns[n], options) for n in names)
            rows = raw.select(ROW, *typed)
            _note_unreadable(raw, rows, source, options)
            fitting = _fit(_stamped(rows, table, options), table, source, options)
            yield Part(table, fitting.drop(ROW), table.name)
    except (pl.exceptions.PolarsError, *UNREADABLE) as error:
        fact = str(error).split("\n", 1)[0][:200]
        msg = f"{source.name} cannot be read as {table.name} ({fact}); write it again"
        raise FormatError(msg) from None


def _raw(source: Source, options: Options) -> Iterator[pl.DataFrame]:
    """Yield a file's rows with their numbers, as text from a CSV, as they are from Parquet."""
    if not Head.of(source).is_parquet:
        found = batches([source], options.losses, options.scratch)
        yield from (rows for _, rows in found)
        return
    with source.open() as file:
        unpacked = options.scratch / f"table{len(list(options.scratch.iterdir()))}.parquet"
        with unpacked.open("wb") as copy:
            shutil.copyfileobj(file, copy)
    rows = pl.scan_parquet(unpacked, row_index_name=ROW, row_index_offset=1)
    yield from rows.collect_batches(chunk_size=BATCH_ROWS)


def _require_zone(raw: pl.DataFrame, table: Table, source: Source, options: Options) -> None:
    """Refuse times without a zone where the user has named none."""
    if options.zone:
        return
    for name in (n for n in raw.columns if n != ROW and table.columns[n].dtype == UTC):
        dtype = raw.schema[name]
        if dtype == pl.String:
            local = r"^\s*\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s*$"
            lacking = bool(raw[name].str.contains(local).any())
        else:
            lacking = isinstance(dtype, pl.Datetime) and dtype.time_zone is None
        if lacking:
            msg = (
                f"{source.name} has times without a zone in column {name}; "
                "say which with --timezone, for example --timezone Asia/Almaty"
            )
            raise FormatError(msg)


def _typed(held: pl.DataType, name: str, wanted: Column, options: Options) -> pl.Expr:
    column = pl.col(name)
    if wanted.dtype == UTC:
        if not isinstance(held, pl.Datetime):
            return iso(column.cast(pl.String, strict=False), options.zone)
        exact = column.dt.cast_time_unit("us")
        if held.time_zone is None and options.zone is not None:
            return in_zone(exact, options.zone)
        return exact.dt.convert_time_zone("UTC")
    if wanted.dtype == STRINGS and held == pl.String:
        items = column.str.split("|").list.eval(pl.element().str.strip_chars())
        return items.list.eval(pl.element().filter(pl.element() != ""))
    typed = column.cast(wanted.dtype, strict=False)
    return typed.replace("", None) if wanted.dtype == pl.String else typed


def _note_unreadable(
    raw: pl.DataFrame, rows: pl.DataFrame, source: Source, options: Options
) -> None:
    for name in (n for n in rows.columns if n != ROW):
        told = raw[name] != "" if raw.schema[name] == pl.String else raw[name].is_not_null()
        lost = (told & rows[name].is_null()).arg_true()
        if len(lost):
            place = f"{source.name}, row {raw[ROW][int(lost[0])]}"
            reason = f"{name} cannot be read: left empty"
            options.losses.add("unknown", "values", reason, len(lost), example=place)


def _stamped(rows: pl.DataFrame, table: Table, options: Options) -> pl.DataFrame:
    common = {"appeal_id": options.appeal_id, "source": OwnTable.name}
    return rows.with_columns(
        pl.col(name).fill_null(value)
        for name, value in common.items()
        if name in table.columns and name in rows.columns
    )


def _fit(rows: pl.DataFrame, table: Table, source: Source, options: Options) -> pl.DataFrame:
    """Return the rows that the table takes; the others are refused, each with its reason."""
    for name in (n for n in rows.columns if n != ROW):
        for reason, bad in _refusals(name, table.columns[name]):
            rows = refused(rows, bad, reason, source, options.losses)
    return rows


def _refusals(name: str, column: Column) -> Iterator[tuple[str, pl.Expr]]:
    """Yield why a row can be refused, and the test of it."""
    if not column.null:
        yield f"{name} is empty or cannot be read; every row needs it", pl.col(name).is_null()
    if column.values:
        wrong = ~pl.col(name).is_in(column.values)
        yield f"{name} is none of {', '.join(column.values)}", wrong.fill_null(value=False)
    if column.form:
        wrong = ~pl.col(name).str.contains(column.form)
        yield f"{name} is not written as {FORMS[column.form]}", wrong.fill_null(value=False)
