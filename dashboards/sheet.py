"""The numbers behind a figure: as a table to be read aloud, and as a file for a spreadsheet."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
import polars.selectors as cs
from dash import html
from dash.development.base_component import Component

from dashboards.i18n import _, ngettext, noted, number, spoken
from dashboards.theme import platform_name

_FORMULA = r"^\s*[=+\-@\t\r]"  # a spreadsheet would reckon with it
# Columns of notes and of closed lists.
_SAID = {"counts", "kind", "method", "metric", "note", "platform", "role", "what"}
_LONGEST = 300  # characters of a cell on screen; the file holds all


def as_csv(rows: pl.DataFrame, columns: Mapping[str, str]) -> str:
    """Return rows as CSV, with the names of the tables; no cell of words is a formula.

    >>> print(as_csv(pl.DataFrame({"a": ["=1+1"], "b": [-2]}), {"a": "A", "b": "B"}).strip())
    a,b
    '=1+1,-2
    """
    plain = _plain(rows.select(list(columns)), times="%Y-%m-%dT%H:%M:%SZ", between=" | ")
    words = cs.string()
    safe = (
        pl.when(words.str.contains(_FORMULA)).then(pl.lit("'") + words).otherwise(words).name.keep()
    )
    return plain.with_columns(safe).write_csv(float_scientific=False)


def folded(rows: pl.DataFrame, columns: Mapping[str, str], *, most: int) -> list[Component]:
    """Return the first rows for a table that the browser makes when its fold is opened.

    A cell that the server sends as an element costs a browser a millisecond; one that it makes
    itself from a line of JSON does not. ``assets/cards.js`` makes it.
    """
    shown = in_words(rows.select(list(columns)).head(most), *(_SAID & set(columns)))
    told = {
        "caption": _told(shown.height, rows.height),
        "head": list(columns.values()),
        "columns": list(_plain(shown).to_dict(as_series=False).values()),
        "words": {"null": _("not known"), "true": _("yes"), "false": _("no")},
        "lang": spoken(),
    }
    place: dict[str, Any] = {"data-table": True}
    held = html.Pre(json.dumps(told, ensure_ascii=False), hidden=True)
    return [html.Div(held, className="wide", tabIndex=0, **place)]


def as_table(rows: pl.DataFrame, columns: Mapping[str, str], *, most: int) -> Component:
    """Return the first rows as a plain table, and say how many there are."""
    shown = in_words(rows.select(list(columns)).head(most), *(_SAID & set(columns)))
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in columns.values()]))
    body = html.Tbody([html.Tr([html.Td(cell(value)) for value in row]) for row in shown.rows()])
    return html.Table([html.Caption(_told(shown.height, rows.height)), head, body])


def _plain(rows: pl.DataFrame, times: str = "%Y-%m-%d %H:%M", between: str = " · ") -> pl.DataFrame:
    """Return rows of numbers and words alone."""
    lists = cs.by_dtype(pl.List(pl.String)).list.join(between)
    return rows.with_columns(
        lists, cs.datetime().dt.strftime(times), cs.date().dt.strftime("%Y-%m-%d")
    )


def in_words(rows: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Return rows with notes, words of closed lists and platforms in the reader's language.

    The language belongs to the thread that asks, so that no expression of Polars may translate:
    those run in threads of their own.
    """
    says = {name: platform_name if name == "platform" else noted for name in names}
    told = {
        name: {one: say(one) for one in rows[name].drop_nulls().unique()}
        for name, say in says.items()
    }
    return rows.with_columns(
        pl.Series(name, [said.get(one) for one in rows[name]], pl.String)
        for name, said in told.items()
    )


def headers(columns: Mapping[str, str]) -> dict[str, str]:
    """Return what columns are called, in the reader's language.

    >>> headers({"p": "p"})
    {'p': 'p'}
    """
    return {name: _(header) for name, header in columns.items()}


def _told(shown: int, held: int) -> str:
    if shown == held:
        return ngettext("The one row", "All {n} rows", held).format(n=number(held))
    said = _("The first {n} of {all} rows; the CSV holds all.")
    return said.format(n=number(shown), all=number(held))


def cell(value: object) -> str:
    """Return one value in words; what is not known is said."""
    match value:
        case None:
            return _("not known")
        case bool():
            return _("yes") if value else _("no")
        case int():
            return number(value)
        case float():
            return number(value, places=0 if value.is_integer() or abs(value) >= 100 else 2)  # noqa: PLR2004
        case list():
            return " · ".join(str(item) for item in value)[:_LONGEST]
        case _:
            return str(value)[:_LONGEST].removesuffix(":00+00:00").replace("+00:00", "")
