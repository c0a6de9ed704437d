"""What a table is: its columns, its key, and the check at the door.

All times are UTC microseconds. Ids are strings with the platform in front (``x:123``,
``telegram:chan/42``, ``youtube:vid``, ``web:URL``). Unknown is null, never 0 or "".

>>> notes = Table(
...     name="notes", row="one note", key=("of",), columns={"of": text("a post", null=False)}
... )
>>> notes.check(pl.DataFrame({"words": ["x"]}))
Traceback (most recent call last):
analytics.errors.TableError: notes: the columns of are missing; ...
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from analytics.errors import TableError

Holds = Literal["account", "post", "object", "handle", "text", "url"]

UTC = pl.Datetime("us", "UTC")
STRINGS = pl.List(pl.String)

PLATFORM = r"^[a-z][a-z0-9_]*$"
IDENTIFIER = r"^[a-z][a-z0-9_]*:."
FORMS = {PLATFORM: "a short name such as x or telegram", IDENTIFIER: "platform:id"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its type, what it means, whether it may be null, and what it identifies."""

    dtype: pl.DataType | type[pl.DataType]
    doc: str
    null: bool = True
    values: tuple[str, ...] = ()
    form: str | None = None  # a pattern
    holds: Holds | None = None  # what protection must look at


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """One table of the store.

    ``day`` names the time column whose UTC date partitions the files. ``merge`` says what happens
    when a row comes again: ``complete`` fills the nulls of the row that is held and changes nothing
    else, ``replace`` takes the newer row (the old one stays in the store's history). A table
    ``on_request`` is measured by ``groundswell measure --validate`` alone.
    """

    name: str
    row: str
    columns: dict[str, Column]
    key: tuple[str, ...]
    day: str | None = None
    merge: Literal["complete", "replace"] = "complete"
    measured: bool = False
    on_request: bool = False

    @property
    def is_personal(self) -> bool:
        """Whether protection has to look at it."""
        return any(column.holds for column in self.columns.values())

    @property
    def schema(self) -> pl.Schema:
        """Column names and types, in order."""
        return pl.Schema({name: column.dtype for name, column in self.columns.items()})

    def empty(self) -> pl.DataFrame:
        """Return the table without rows."""
        return pl.DataFrame(schema=self.schema)

    def check(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the frame with exactly this table's columns, in order.

        Columns that may be null are added when they are missing.

        Raises
        ------
        TableError
            A required column is missing, a column is unknown, a type differs, a required value is
            null, or a value is outside the column's list. The message names the first bad row.
        """
        self._check_names(frame.columns)
        frame = frame.with_columns(
            pl.lit(None, column.dtype).alias(name)
            for name, column in self.columns.items()
            if name not in frame.columns
        ).select(*self.columns)
        for name, column in self.columns.items():
            self._check_column(frame[name], column)
        return frame

    def _check_names(self, names: Sequence[str]) -> None:
        missing = [n for n, c in self.columns.items() if not c.null and n not in names]
        if missing:
            msg = (
                f"{self.name}: the columns {', '.join(missing)} are missing; "
                f"docs/tables.md lists what each table needs"
            )
            raise TableError(msg)
        unknown = [n for n in names if n not in self.columns]
        if unknown:
            msg = f"{self.name}: there is no column {unknown[0]!r}; docs/tables.md lists them all"
            raise TableError(msg)

    def _check_column(self, series: pl.Series, column: Column) -> None:
        place = f"{self.name}.{series.name}"
        if series.dtype != column.dtype:
            msg = f"{place} is {series.dtype}, but has to be {column.dtype}; cast it"
            raise TableError(msg)
        if not column.null and series.null_count():
            row = series.is_null().arg_true()[0]
            msg = f"{place} is empty in row {row}; every row needs it"
            raise TableError(msg)
        bad = self._outside(series, column)
        if bad.any():
            row = bad.arg_true()[0]
            values = f"one of: {', '.join(column.values)}"
            way_out = FORMS[column.form] if column.form else values
            msg = f"{place} is {str(series[row])[:60]!r} in row {row}; write {way_out}"
            raise TableError(msg)

    @staticmethod
    def _outside(series: pl.Series, column: Column) -> pl.Series:
        if column.values:
            return ~series.is_in(column.values) & series.is_not_null()
        if column.form:
            return (~series.str.contains(column.form)).fill_null(value=False)
        return pl.Series([False])


def text(doc: str, *, null: bool = True, values: tuple[str, ...] = ()) -> Column:
    """Return a column of words, perhaps of a closed list."""
    return Column(dtype=pl.String, doc=doc, null=null, values=values)


def ident(doc: str, holds: Holds, *, null: bool = True) -> Column:
    """Return a column of ids or words that protection must look at."""
    form = IDENTIFIER if holds in {"account", "post"} else None
    return Column(dtype=pl.String, doc=doc, null=null, form=form, holds=holds)


def strings(doc: str, holds: Holds | None = None) -> Column:
    """Return a column of lists of words."""
    return Column(dtype=STRINGS, doc=doc, holds=holds)


def time(doc: str, *, null: bool = True) -> Column:
    """Return a column of UTC times."""
    return Column(dtype=UTC, doc=doc, null=null)


def count(doc: str, *, null: bool = True) -> Column:
    """Return a column of whole numbers."""
    return Column(dtype=pl.Int64, doc=doc, null=null)


def flag(doc: str, *, null: bool = True) -> Column:
    """Return a column of yes and no."""
    return Column(dtype=pl.Boolean, doc=doc, null=null)


def number(doc: str, *, null: bool = True) -> Column:
    """Return a column of real numbers."""
    return Column(dtype=pl.Float64, doc=doc, null=null)


APPEAL_ID = text("the appeal it belongs to", null=False)
PLATFORM_NAME = Column(
    dtype=pl.String,
    doc="x, telegram, youtube, bluesky, mastodon, web, …",
    null=False,
    form=PLATFORM,
)
