"""Random tables that obey the schemas, random trees, and tables written out by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from analytics.schema import Column, Table

START = datetime(2026, 5, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    """Return a time so many hours after the first of May."""
    return START + timedelta(hours=hours)


def rows(table: Table, *told: dict[str, Any], **common: Any) -> pl.DataFrame:  # noqa: ANN401
    """Return a checked table; what rows have in common is told once."""
    full = [common | row for row in told]
    names = [name for name in table.columns if any(name in row for row in full)]
    unknown = {name for row in full for name in row} - {*names}
    assert not unknown, f"{table.name} has no column {unknown}"
    return table.check(
        pl.DataFrame(
            [[row.get(name) for name in names] for row in full],
            schema={name: table.schema[name] for name in names},
            orient="row",
        )
    )


def frames(table: Table, *, max_size: int = 6) -> st.SearchStrategy[pl.DataFrame]:
    """Draw tables whose few values make keys come again."""
    row = st.fixed_dictionaries({n: values(n, c) for n, c in table.columns.items()})
    return st.lists(row, max_size=max_size).map(
        lambda drawn: pl.DataFrame(drawn, schema=table.schema)
    )


def values(name: str, column: Column) -> st.SearchStrategy[Any]:
    """Draw values of a column, null among them where it may be.

    What the store finds in words by itself is not told by anybody.
    """
    if name.startswith("text_lang"):
        return st.none()
    known = st.sampled_from(column.values) if column.values else _known(name, column)
    return st.none() | known if column.null else known


def _known(name: str, column: Column) -> st.SearchStrategy[Any]:
    if name == "platform":
        return st.sampled_from(["x", "telegram"])
    if column.holds in {"account", "post"}:
        return st.sampled_from(["x:1", "x:2", "telegram:a/1", "bluesky:at://did:b/p/1"])
    return _OF_TYPE[type(pl.Series(dtype=column.dtype).dtype)]


_OF_TYPE: dict[type[pl.DataType], st.SearchStrategy[Any]] = {
    pl.Boolean: st.booleans(),
    pl.Datetime: st.sampled_from([at(0), at(1), at(30)]),
    pl.Float64: st.sampled_from([0.0, 0.5, 1.0]),
    pl.Int8: st.integers(0, 2),
    pl.Int64: st.integers(0, 2),
    pl.List: st.lists(st.sampled_from(["m", "ё"]), max_size=2, unique=True),
    pl.String: st.sampled_from(["a", "ё"]),
}


@st.composite
def trees(draw: st.DrawFn, *, max_size: int = 40) -> list[int]:
    """Draw a tree as a list of parents; the root is first and has the parent -1."""
    size = draw(st.integers(1, max_size))
    return [-1, *(draw(st.integers(0, node - 1)) for node in range(1, size))]


@st.composite
def links(draw: st.DrawFn, *, max_size: int = 30) -> list[int]:
    """Draw links that may run in rings, and in any order."""
    size = draw(st.integers(1, max_size))
    return draw(st.lists(st.integers(-1, size - 1), min_size=size, max_size=size))
