"""Panels one under the other on one axis of time, each with its own scale and its own name."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any

import plotly.graph_objects as go

from dashboards.figures.labels import COUNTS
from dashboards.theme import Look

CLOSE = 2  # powers of ten within which an axis has numbers between them
TITLE = 30  # pixels above each panel, for its name
TOP, BOTTOM = 4, 50


def panelled(titles: Sequence[str], *, height: int, look: Look, **scale: Any) -> go.Figure:  # noqa: ANN401
    """Return an empty figure with a panel for each title; see :func:`axis` for where to draw.

    Parameters
    ----------
    titles
        What stands over each panel, already safe to be drawn.
    height
        Pixels of one panel.
    scale
        Settings of every vertical axis.
    """
    figure = go.Figure(layout={"template": look.template})
    whole = max(len(titles), 1) * (height + TITLE)
    for number, title in enumerate(titles):
        top = 1 - (number * (height + TITLE) + TITLE) / whole
        figure.layout[f"yaxis{number + 1 if number else ''}"] = _upright(
            [max(0.0, top - height / whole), top], look, scale
        )
        figure.add_annotation(
            text=title, xref="paper", yref="paper", x=0, y=top, yshift=3, xanchor="left",
            yanchor="bottom", align="left", showarrow=False, font={"size": 13, "color": look.ink},
        )  # fmt: skip
    figure.update_layout(
        height=whole + TOP + BOTTOM,
        margin={"l": 52, "r": 16, "t": TOP, "b": BOTTOM},
        showlegend=False,
        hovermode="closest",
        xaxis={
            "type": "date", "anchor": "free", "position": 0, "showgrid": True,
            "gridcolor": look.rule, "tickfont": {"color": look.muted}, "nticks": 8,
        },
    )  # fmt: skip
    return figure


def axis(number: int) -> str:
    """Return the vertical axis of a panel, counted from 0.

    >>> axis(0), axis(2)
    ('y', 'y3')
    """
    return f"y{number + 1 if number else ''}"


def scaled(figure: go.Figure, number: int, **settings: Any) -> None:  # noqa: ANN401
    """Change the vertical axis of one panel."""
    figure.layout[axis(number).replace("y", "yaxis")].update(settings)


def powers(low: float, high: float) -> list[float]:
    """Return round numbers for an axis of powers: closer where it is short.

    >>> powers(3, 40), powers(1, 50_000)
    ([2, 5, 10, 20, 50], [1, 10, 100, 1000, 10000, 100000])
    """
    low, high = max(low, 1e-3), max(high, low, 1e-3)
    first, last = floor(log10(low)), ceil(log10(high))
    steps = (1, 2, 5) if last - first <= CLOSE else (1,)
    told: list[float] = [n * 10**power for power in range(first - 1, last + 2) for n in steps]
    least = max(n for n in told if n <= low)
    return [n for n in told if least <= n <= min(n for n in told if n >= high)]


def faint(colour: str, strength: float) -> str:
    """Return a colour that lets others through.

    >>> faint("#ff0080", 0.5)
    'rgba(255,0,128,0.5)'
    """
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},{strength})"


def _upright(domain: Sequence[float], look: Look, scale: dict[str, Any]) -> dict[str, Any]:
    small = {"size": 11, "color": look.muted}
    plain = {"domain": list(domain), "fixedrange": True, "tickfont": small, "nticks": 4}
    return plain | {"tickformat": COUNTS, "zeroline": False} | scale
