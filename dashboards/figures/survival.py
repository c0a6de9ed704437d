"""Who still waits: curves with their bands, and under them how many are at risk."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboards.figures.words import short
from dashboards.i18n import N_, _
from dashboards.theme import LIGHT, Look

CURVE = 300  # pixels of the curves
ROW = 20  # of one line of numbers at risk
TOP, BOTTOM, GAP = 30, 44, 34
NO_REGISTER = N_("appeals of no register")
TICKS = 6


def survival_figure(survival: pl.DataFrame, *, ending: str, look: Look = LIGHT) -> go.Figure:
    """Draw the share of appeals that still waits, a curve for each register.

    Parameters
    ----------
    survival
        Rows of ``survival`` of one ending. Registers that are refused have no curve; what is
        missing is written in its place.
    ending
        What they wait for, in words.
    """
    told = survival.drop_nulls("day").sort("day")
    names = told["register"].unique(maintain_order=True).to_list()
    figure = go.Figure(layout={"template": look.template})
    for number, register in enumerate(names):
        own = told.filter(pl.col("register").eq_missing(register))
        _draw(figure, own, register or _(NO_REGISTER), look.series[number % len(look.series)])
    days = _ticks(float(told["day"].max() or 1.0))  # type: ignore[arg-type]
    for number, register in enumerate(names):
        own = told.filter(pl.col("register").eq_missing(register))
        _count(figure, own, number, days, look.series[number % len(look.series)])
    _refuse(figure, survival.filter(pl.col("day").is_null()), look)
    _frame(figure, [name or _(NO_REGISTER) for name in names], days, ending, look)
    return figure


def _draw(figure: go.Figure, rows: pl.DataFrame, name: str, colour: str) -> None:
    """Draw a band, boxes in which nothing is known, the steps, and who was last looked at."""
    banded = rows.drop_nulls(["waiting_lo", "waiting_hi"])
    hidden: dict[str, Any] = {"legendgroup": name, "showlegend": False, "hoverinfo": "skip"}
    for column, fill in (("waiting_hi", None), ("waiting_lo", "tonexty")):
        figure.add_scatter(
            x=banded["day"].to_list(), y=banded[column].to_list(), mode="lines", fill=fill,
            line={"width": 0, "shape": "hv", "color": colour}, fillcolor=_faint(colour, 0.16),
            **hidden,
        )  # fmt: skip
    x, y = _boxes(rows)
    if x:
        figure.add_scatter(x=x, y=y, mode="lines", fill="toself", line={"width": 0},
                           fillcolor=_faint(colour, 0.45), **hidden)  # fmt: skip
    figure.add_scatter(
        x=rows["day"].to_list(), y=rows["waiting"].to_list(), mode="lines", name=name,
        legendgroup=name, line={"width": 2.2, "shape": "hv", "color": colour},
        customdata=rows.select("at_risk", "waiting_lo", "waiting_hi").rows(),
        hovertemplate=(
            f"<b>{short(name)}</b><br>"
            + _("day %{x:,.0f}: %{y:.1%} still wait (%{customdata[1]:.1%} to %{customdata[2]:.1%})"
                "<br>%{customdata[0]:,} at risk")
            + "<extra></extra>"
        ),
    )  # fmt: skip
    looked = rows.filter(pl.col("censored") > 0)
    figure.add_scatter(
        x=looked["day"].to_list(), y=looked["waiting"].to_list(), mode="markers",
        marker={"symbol": "line-ns-open", "size": 6, "color": colour, "line": {"width": 1}},
        opacity=0.55, **hidden,
    )  # fmt: skip


def _boxes(rows: pl.DataFrame) -> tuple[list[float | None], list[float | None]]:
    """Return the corners of the stretches within which a curve falls nobody knows how."""
    x: list[float | None] = []
    y: list[float | None] = []
    before = 1.0
    for begin, end, waiting in rows.select("from_day", "day", "waiting").iter_rows():
        if begin < end:
            x += [begin, end, end, begin, begin, None]
            y += [before, before, waiting, waiting, before, None]
        before = waiting
    return x, y


def _faint(colour: str, strength: float) -> str:
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},{strength})"


def _ticks(last: float) -> list[float]:
    """Return round days from 0 to the last.

    >>> _ticks(640)
    [0, 100, 200, 300, 400, 500, 600]
    """
    steps = [n * 10**power for power in range(6) for n in (1, 2, 5)]
    step = next(step for step in steps if last / step <= TICKS + 1)
    return [step * n for n in range(int(last / step) + 1)]


def _count(
    figure: go.Figure, rows: pl.DataFrame, number: int, days: Sequence[float], colour: str
) -> None:
    """Write under each tick how many were still at risk."""
    asked = pl.DataFrame({"day": days}, schema={"day": pl.Float64})
    held = asked.join_asof(rows.select("day", "at_risk"), on="day", strategy="forward")
    figure.add_scatter(
        x=days, y=[number] * len(days), yaxis="y2", mode="text", showlegend=False,
        text=[f"{count:,}" for count in held["at_risk"].fill_null(0)], hoverinfo="skip",
        textfont={"size": 11, "color": colour}, cliponaxis=False,
    )  # fmt: skip


def _refuse(figure: go.Figure, refused: pl.DataFrame, look: Look) -> None:
    """Write which registers have no curve, and what is missing."""
    lines = [
        f"{short(register or _(NO_REGISTER))}: {short(note)}"
        for register, note in refused.select("register", "note").iter_rows()
    ]
    if lines:
        alone = not figure.data
        figure.add_annotation(
            text="<br>".join([_("No curve is told of"), *lines]), xref="paper", yref="paper",
            x=0.5 if alone else 1, y=0.6 if alone else 0.98, showarrow=False, align="left",
            xanchor="center" if alone else "right", yanchor="top",
            font={"size": 12, "color": look.muted},
        )  # fmt: skip


def _frame(
    figure: go.Figure, names: Sequence[str], days: Sequence[float], ending: str, look: Look
) -> None:
    below = ROW * max(len(names), 1)
    height = CURVE + GAP + below
    still = _("still waiting: {ending}").format(ending=ending)
    figure.update_layout(
        height=height + TOP + BOTTOM,
        margin={"l": 52, "r": 18, "t": TOP, "b": BOTTOM},
        showlegend=len(names) > 1,
        hovermode="closest",
        xaxis={
            "tickvals": list(days), "anchor": "y2", "showgrid": False, "zeroline": False,
            "title": {"text": _("days since publication"), "font": {"size": 12}},
            "rangemode": "tozero",
        },
        yaxis={
            "domain": [(below + GAP) / height, 1], "range": [0, 1.02], "tickformat": ".0%",
            "gridcolor": look.rule, "fixedrange": True, "zeroline": True,
            "zerolinecolor": look.rule,
            "title": {"text": still, "font": {"size": 12}},
        },
        yaxis2={
            "domain": [0, below / height], "range": [max(len(names), 1) - 0.5, -0.5],
            "showticklabels": False, "showgrid": False, "fixedrange": True,
        },
    )  # fmt: skip
    if names:
        figure.add_annotation(
            text="<b>At risk</b>", xref="paper", yref="paper", x=0, y=below / height,
            xanchor="left", yanchor="bottom", showarrow=False, font={"size": 11, "color": look.ink},
        )  # fmt: skip
