"""Attention and responses on one axis of time: a series above, the rungs of the ladder below."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go
import polars as pl

from analytics.responses import RUNG_NAMES, RUNGS
from dashboards.figures.labels import COUNTS, counts_in_words
from dashboards.figures.words import short, wrapped
from dashboards.i18n import N_, _, period, signed
from dashboards.theme import LIGHT, Look, platform_name

ATTENTION = 190  # pixels of the series
STEP = 30  # of one rung
GAP, TOP, BOTTOM, LEFT = 38, 42, 48, 178
OFF = N_("not on the ladder")
MILLISECONDS = {"1h": 3_600_000, "1d": 86_400_000}
BESIDE = 0.22  # of a rung, between acts that stand on the same one
LANES = 3

Row = dict[str, Any]


def aligned_figure(
    timeline: pl.DataFrame,
    responses: pl.DataFrame,
    *,
    window: tuple[datetime, datetime],
    published: datetime | None,
    peak: tuple[datetime, datetime] | None = None,
    look: Look = LIGHT,
) -> go.Figure:
    """Draw the posts held of all platforms, and under them every act over its possible times.

    Parameters
    ----------
    timeline
        Rows of ``timeline`` of one appeal and one length of window.
    responses
        Rows of ``responses`` of it.
    window
        The stretch of time on which the picture opens.
    published
        When the appeal was published; null where it is not declared.
    peak
        The bin with most posts (``peak_from`` and ``peak_to`` of ``lags``).
    """
    figure = go.Figure(layout={"template": look.template, "barmode": "stack", "bargap": 0})
    for platform in timeline["platform"].unique(maintain_order=True):
        _draw_posts(figure, timeline.filter(platform=platform), platform, look)
    places = _places(responses)
    for act, place in zip(responses.sort("from", "to").to_dicts(), places, strict=True):
        _draw_act(figure, act, place, look)
    rungs = _rungs(responses)
    _frame(figure, rungs, window, several=timeline["platform"].n_unique() > 1, look=look)
    if peak:
        _shade(figure, peak, look)
    if published:
        _mark(figure, published, look)
    return counts_in_words(figure)


def _draw_posts(figure: go.Figure, rows: pl.DataFrame, platform: str, look: Look) -> None:
    """Draw a bar for every window that holds posts; a missing bar is a window without any."""
    figure.add_bar(
        x=rows["at"].to_list(),
        y=rows["posts"].to_list(),
        width=MILLISECONDS[rows["every"][0]],
        offset=0,
        name=platform_name(platform),
        marker={"color": look.platform(platform), "line": {"width": 0}},
        hovertemplate=(
            f"<b>{platform_name(platform)}</b>, %{{x|%Y-%m-%d %H:%M}} UTC<br>"
            + _("%{y:,} posts held")
            + "<extra></extra>"
        ),
    )


def _rungs(responses: pl.DataFrame) -> list[int | None]:
    """Return the rungs that are drawn, the highest first: all, and none for acts off the ladder."""
    off: list[int | None] = [None] if responses["rung"].null_count() else []
    return [*reversed(RUNGS), *off]


def _places(responses: pl.DataFrame) -> list[float]:
    """Return how high each act is drawn: on its rung, beside others that stand there."""
    ordered = responses.sort("from", "to").with_columns(pl.col("rung").fill_null(min(RUNGS) - 1))
    lane = pl.int_range(pl.len()).over("rung") % LANES
    shift = pl.when(lane == 0).then(0.0).when(lane == 1).then(BESIDE).otherwise(-BESIDE)
    return ordered.select(pl.col("rung") + shift).to_series().to_list()


def _draw_act(figure: go.Figure, act: Row, height: float, look: Look) -> None:
    """Draw an act as a bar over the time in which it can have happened, with both its ends."""
    colour = look.rung(act["rung"])
    figure.add_scatter(
        x=[act["from"], act["to"]],
        y=[height, height],
        yaxis="y2",
        mode="lines+markers",
        line={"color": colour, "width": 6},
        marker={"symbol": "line-ns", "size": 11, "color": colour,
                "line": {"width": 2.5, "color": colour}},
        opacity=0.85,
        hovertemplate=_told(act) + "<extra></extra>",
        showlegend=False,
    )  # fmt: skip


def _told(act: Row) -> str:
    rung = act["rung"]
    place = _(OFF)
    if rung is not None:
        place = _("rung {rung}: {name}").format(rung=signed(rung), name=_(RUNG_NAMES[rung]))
    dates = period(act["from"], act["to"])
    summary = f"<br>{wrapped(act['summary'])}" if act["summary"] else ""
    return f"<b>{short(act['actor'])}</b><br>{dates}<br>{place}{summary}"


def _shade(figure: go.Figure, peak: tuple[datetime, datetime], look: Look) -> None:
    figure.add_shape(
        type="rect", x0=peak[0], x1=peak[1], xref="x", y0=0, y1=1, yref="paper",
        fillcolor=look.rule, opacity=0.7, layer="below", line={"width": 0},
    )  # fmt: skip
    _name(figure, peak[0], _("busiest stretch"), look)


def _mark(figure: go.Figure, time: datetime, look: Look) -> None:
    figure.add_shape(
        type="line", x0=time, x1=time, xref="x", y0=0, y1=1, yref="paper",
        line={"color": look.ink, "width": 1, "dash": "dot"},
    )  # fmt: skip
    _name(figure, time, _("published"), look)


def _name(figure: go.Figure, time: datetime, text: str, look: Look) -> None:
    figure.add_annotation(
        text=text, x=time, xref="x", y=1, yref="paper", yanchor="bottom", yshift=17,
        showarrow=False, font={"size": 11, "color": look.ink},
    )  # fmt: skip


def _frame(
    figure: go.Figure,
    rungs: Sequence[int | None],
    window: tuple[datetime, datetime],
    *,
    several: bool,
    look: Look,
) -> None:
    below = STEP * len(rungs)
    height = ATTENTION + GAP + below
    heights = [min(RUNGS) - 1 if rung is None else rung for rung in rungs]
    small = {"size": 11, "color": look.muted}
    figure.update_layout(
        height=height + TOP + BOTTOM,
        margin={"l": LEFT, "r": 14, "t": TOP, "b": BOTTOM},
        showlegend=several,
        legend={"orientation": "v", "x": 1, "xanchor": "right", "y": 1, "yanchor": "top"},
        hovermode="closest",
        dragmode="pan",
        xaxis={
            "range": list(window), "type": "date", "anchor": "y2", "showgrid": True,
            "gridcolor": look.rule, "tickcolor": look.rule, "tickfont": {"color": look.muted},
        },
        yaxis={
            "domain": [(below + GAP) / height, 1], "fixedrange": True, "nticks": 4,
            "tickformat": COUNTS, "rangemode": "tozero", "tickfont": small,
        },
        yaxis2={
            "domain": [0, below / height], "range": [min(heights) - 0.6, max(heights) + 0.6],
            "tickvals": heights, "ticktext": [_rung_name(rung) for rung in rungs],
            "fixedrange": True, "showgrid": True, "gridcolor": look.rule, "rangemode": "normal",
            "zeroline": True, "zerolinecolor": look.muted, "tickfont": small,
        },
    )  # fmt: skip
    for text, top in (
        (_("Posts held"), 1.0),
        (_("Responses: when each can have happened"), below / height),
    ):
        figure.add_annotation(
            text=f"<b>{text}</b>", xref="paper", yref="paper", x=0, y=top, showarrow=False,
            xanchor="left", yanchor="bottom", xshift=4, font={"size": 12, "color": look.ink},
        )  # fmt: skip


def _rung_name(rung: int | None) -> str:
    if rung is None:
        return _(OFF)
    return f"{_(RUNG_NAMES[rung])}  {signed(rung)}" if rung else _(RUNG_NAMES[0])
