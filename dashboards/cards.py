"""A figure as a card: what is seen, the picture, the table behind it, and how it was computed.

A picture is drawn when the reader comes near it, and a table when it is opened: a page of ten
figures is there as soon as its first. ``assets/cards.js`` does both.
"""

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
import polars as pl
from dash import ALL, Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboards.i18n import _
from dashboards.sheet import as_csv, folded
from dashboards.theme import graph_config

SHOWN = 500  # rows of a table under a figure
FIGURE = "figure"  # the type of what holds a figure until it is drawn


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
    return html.Section(
        [
            html.Header([dmc.Title(title, order=2, size="h4"), dmc.Text(said, className="seen")]),
            html.Div(
                drawn(id_, figure),
                role="figure",  # not an image: it has buttons, and is moved along by keys
                className="wide picture" if wide else "picture",
                tabIndex=0 if wide else None,
                **_labelled(f"{title}. {said}"),
            ),
            html.Div([*_saved(id_), *_behind(id_, rows, columns), _how(how)], className="under"),
        ],
        className="card figure-card",
    )


def drawn(
    id_: str,
    figure: go.Figure,
    *,
    moved: str = "",
    clicked: str = "",
    **config: Any,  # noqa: ANN401 - Plotly's own settings
) -> list[Component]:
    """Return the place of a figure, with its height, and the figure that will be drawn there.

    Where ``moved`` and ``clicked`` are named, stores of these names hear what the reader did: the
    change of the layout, and ``customdata``, ``x`` and ``y`` of the mark.
    """
    if figure.layout.uirevision is None:
        figure.update_layout(uirevision=id_)  # new numbers leave what the reader moved as it is
    held = {
        "id": id_, "figure": figure, "config": _config(id_) | config,
        "moved": moved, "clicked": clicked,
    }  # fmt: skip
    return [
        html.Div(id=id_, style={"height": figure.layout.height}),
        dcc.Store(id={"type": FIGURE, "name": id_}, data=held),
        *(dcc.Store(id=name) for name in (moved, clicked) if name),
    ]


def register(app: Dash, page: str) -> None:
    """Draw what a page holds: all its figures are told of at once, and of each change."""
    app.clientside_callback(
        "(held) => groundswellFigures(held)",
        Output(page, "data-figures"),
        Input({"type": FIGURE, "name": ALL}, "data"),
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
    held: dict[str, Any] = {"data-csv": id_}
    return [
        html.Details(
            [html.Summary(_("The numbers as a table")), *folded(rows, columns, most=SHOWN)]
        ),
        html.Pre(as_csv(rows, columns), hidden=True, **held),
    ]


def _how(how: str) -> Component:
    return html.Details([html.Summary(_("How is this computed?")), html.P(how)])
