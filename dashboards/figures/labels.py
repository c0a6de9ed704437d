"""Words in a picture: titles, the names of rows, and words of others, never taken for marks."""

import html
from collections.abc import Sequence
from math import log10
from typing import Any

import plotly.graph_objects as go

from dashboards.i18n import compact

COUNTS = "~s"  # the format of an axis of counts
LONGEST = 34  # characters


def short(words: str) -> str:
    r"""Return words on one line, without what cannot be seen, at most so long.

    >>> short("long " * 20), short("two\n\u202elines")
    ('long long long long long long lon…', 'two lines')
    """
    shown = " ".join("".join(mark if mark.isprintable() else " " for mark in words).split())
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1].rstrip()}…"


def plain(words: str) -> str:
    """Return words as a picture draws them: Plotly takes tags for marks otherwise.

    >>> plain("<b>water</b>")
    '&lt;b&gt;water&lt;/b&gt;'
    """
    return html.escape(short(words), quote=False)


def small(words: str) -> dict[str, Any]:
    """Return the title of an axis."""
    return {"text": words, "font": {"size": 12}}


def counts_in_words(figure: go.Figure) -> go.Figure:
    """Return a figure whose axes of counts (``~s``) have round numbers in the reader's language."""
    for axis in figure.select_yaxes({"tickformat": COUNTS}):
        if axis.type != "log":
            drawn = figure.select_traces({"yaxis": axis.plotly_name.replace("yaxis", "y")})
            most = [max((y for y in trace.y if y is not None), default=0) for trace in drawn]
            ticks = round_counts(max(most, default=0), axis.nticks or 4)
            axis.update(tickvals=ticks, ticktext=[compact(tick) for tick in ticks])
    return figure


def round_counts(most: float, ticks: int) -> list[int]:
    """Return round numbers from 0 on, not more than so many.

    >>> round_counts(1_142_965, 3), round_counts(7, 4), round_counts(0, 3)
    ([0, 500000, 1000000], [0, 2, 4, 6], [0])
    """
    if most < 1:
        return [0]
    power = 10 ** int(log10(most))
    steps = (step * size for size in (power // 10, power, power * 10) for step in (1, 2, 5))
    step = next(step for step in steps if step >= 1 and most // step < ticks)
    return list(range(0, int(most) + 1, step))


def row_axis(names: Sequence[str], places: Sequence[float] | None = None) -> dict[str, Any]:
    """Return an axis of named rows, the first on top; without places, one under the other."""
    at = list(range(len(names)) if places is None else places)
    return {
        "tickvals": at, "ticktext": list(names), "range": [max(at, default=0) + 0.5, -0.5],
        "autorange": False, "automargin": True, "fixedrange": True, "showgrid": False,
        "ticks": "outside", "tickcolor": "rgba(0,0,0,0)", "ticklen": 6,
    }  # fmt: skip


def heads(
    blocks: Sequence[tuple[str, float]], colour: str, *, left: int = 70
) -> list[dict[str, Any]]:
    """Return annotations that stand over blocks of rows: what each is called, and its first row.

    They begin so many pixels ``left`` of the rows, where the rows' own names stand.
    """
    return [
        {
            "text": f"<b>{name}</b>", "xref": "paper", "x": 0, "y": first - 0.5,
            "showarrow": False, "xanchor": "left", "yanchor": "bottom", "xshift": -left,
            "font": {"size": 13, "color": colour},
        }
        for name, first in blocks
    ]  # fmt: skip
