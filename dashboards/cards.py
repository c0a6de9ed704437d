"""A figure as a card: what is seen, the picture, the table behind it, and how it was computed."""

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
import polars as pl
from dash import dcc, html
from dash.development.base_component import Component

from dashboards.i18n import _
from dashboards.sheet import as_csv, as_table
from dashboards.theme import graph_config

SHOWN = 20  # rows of a table under a figure: a browser takes a millisecond for each cell


def figure_card(
    id_: str,
    figure: go.Figure,
    *,
    title: str,
    said: str,
    rows: pl.DataFrame,
    columns: Mapping[str, str],
    how: str,
    wide: bool = False,
) -> Component:
    """Return a card.

    Parameters
    ----------
    id_
        Of the figure in the page; it names the files that are downloaded as well.
    figure
        The picture, with a height.
    title
        What the picture is of.
    said
        What is seen in it, in a sentence or two: screen readers hear it in the picture's place.
    rows
        What the figure draws, a row for each mark or so.
    columns
        Which of their columns the table shows, and what they are called.
    how
        How it was computed, and where that comes from.
    wide
        Whether narrow screens move along the picture rather than squeeze it.
    """
    height = {"height": figure.layout.height}
    figure.update_layout(uirevision=id_)  # new numbers leave what the reader moved as it is
    return html.Section(
        [
            html.Header([dmc.Title(title, order=2, size="h4"), dmc.Text(said, className="seen")]),
            html.Div(
                dcc.Graph(id=id_, figure=figure, config=_config(id_), style=height),
                role="figure",  # not an image: it has buttons, and is moved along by keys
                className="wide picture" if wide else "picture",
                tabIndex=0 if wide else None,
                **_labelled(f"{title}. {said}"),
            ),
            html.Div([*_saved(id_), *_behind(id_, rows, columns), _how(how)], className="under"),
        ],
        className="card figure-card",
    )


def _labelled(words: str) -> dict[str, Any]:
    return {"aria-label": words}


def _config(name: str) -> Any:  # noqa: ANN401 - Plotly's own settings
    return graph_config(toImageButtonOptions={"filename": name, "scale": 2})


def _saved(id_: str) -> list[Component]:
    """Return buttons that save the picture and the numbers; ``assets/cards.js`` hears them."""
    said = {
        "png": _("Save the picture as PNG"),
        "svg": _("Save the picture as SVG"),
        "csv": _("Save the numbers as CSV"),
    }
    return [_button(kind, id_, words) for kind, words in said.items()]


def _button(kind: str, id_: str, words: str) -> Component:
    more: dict[str, Any] = {"data-save": id_, "data-format": kind, **_labelled(words)}
    return html.Button(kind.upper(), className="quiet", **more)


def _behind(id_: str, rows: pl.DataFrame, columns: Mapping[str, str]) -> list[Component]:
    """Return the table behind a figure, closed, and all of it as text for the file."""
    table = html.Div(as_table(rows, columns, most=SHOWN), className="wide", tabIndex=0)
    held: dict[str, Any] = {"data-csv": id_}
    return [
        html.Details([html.Summary(_("The numbers as a table")), table]),
        html.Pre(as_csv(rows, columns), hidden=True, **held),
    ]


def _how(how: str) -> Component:
    return html.Details([html.Summary(_("How is this computed?")), html.P(how)])
