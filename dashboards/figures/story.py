"""The aligned picture: attention by platform above, authorities and the ladder below, one axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import plotly.graph_objects as go
import polars as pl

from analytics.responses import RUNG_NAMES
from dashboards.theme import LIGHT, Look, platform_name

LANE, LONE_LANE = 74, 150  # pixels of one platform's lane: the least, and the most
LANES = 300  # pixels that few platforms share
AUTHORITY = 44  # of one authority's lane, its name included
LADDER = 210
GAP = 26
LATE = 0.75  # of the window; from there on names stand to the left of what they name
TOP, BOTTOM = 22, 30


@dataclass(frozen=True)
class _Panel:
    """One band of the picture, with the axis it draws on."""

    name: str
    height: int
    axis: str  # y, y2, y3, …


def story_figure(
    timeline: pl.DataFrame,
    views: pl.DataFrame,
    responses: pl.DataFrame,
    *,
    window: tuple[datetime, datetime],
    published: datetime | None,
    look: Look = LIGHT,
) -> go.Figure:
    """Draw what happened on one axis of time.

    Parameters
    ----------
    timeline
        Rows of ``timeline`` of one appeal and one length of window, in the order of the lanes.
    views
        Rows of ``counter_history`` for views.
    responses
        Rows of ``responses``.
    window
        The stretch of time on which the picture opens.
    published
        When the appeal was published; null where it is not declared.
    """
    platforms = timeline["platform"].unique(maintain_order=True).to_list()
    shown = [*views["platform"].unique(maintain_order=True)]
    actors = responses.sort("from")["actor"].unique(maintain_order=True).to_list()
    panels = _panels(platforms, shown, actors)
    figure = go.Figure(layout={"template": look.template, "barmode": "overlay", "bargap": 0})
    by_name = {panel.name: panel for panel in panels}
    for platform in platforms:
        _draw_posts(figure, timeline.filter(platform=platform), by_name[platform], look)
    for platform in shown:
        _draw_views(figure, views.filter(platform=platform), by_name[f"{platform} views"], look)
    if actors:
        _draw_actors(figure, responses, actors, by_name["authorities"], look)
        _draw_ladder(figure, responses, by_name["ladder"], window, look)
    _frame(figure, panels, window, look)
    if published:
        _mark(figure, published, "published", look)
    return figure


def _panels(platforms: Sequence[str], shown: Sequence[str], actors: Sequence[str]) -> list[_Panel]:
    names = [*platforms, *(f"{platform} views" for platform in shown)]
    lane = min(max(LANE, LANES // max(len(names), 1)), LONE_LANE)
    bands = [(name, lane) for name in names]
    if actors:
        bands += [("authorities", AUTHORITY * len(actors) + 16), ("ladder", LADDER)]
    return [
        _Panel(name, height, f"y{number if number > 1 else ''}")
        for number, (name, height) in enumerate(bands, 1)
    ]


def _draw_posts(figure: go.Figure, rows: pl.DataFrame, panel: _Panel, look: Look) -> None:
    """Draw a bar for every window that holds posts; a missing bar is a window without any."""
    colour = look.platform(panel.name)
    width = {"1h": 3_600_000, "1d": 86_400_000}[rows["every"][0]]
    figure.add_bar(
        x=rows["at"].to_list(),
        y=rows["posts"].to_list(),
        width=width,
        offset=0,
        yaxis=panel.axis,
        name=platform_name(panel.name),
        marker={"color": colour, "line": {"width": 0}},
        customdata=rows.select("accounts", "shares", "replies", "originals").rows(),
        hovertemplate=(
            f"<b>{platform_name(panel.name)}</b>, %{{x|%d %b %Y %H:%M}} UTC<br>"
            "%{y:,} posts by %{customdata[0]:,} accounts<br>"
            "%{customdata[3]:,} originals, %{customdata[1]:,} shares, %{customdata[2]:,} replies"
            "<extra></extra>"
        ),
    )


def _draw_views(figure: go.Figure, rows: pl.DataFrame, panel: _Panel, look: Look) -> None:
    platform = panel.name.removesuffix(" views")
    figure.add_scatter(
        x=rows["at"].to_list(),
        y=rows["value"].to_list(),
        yaxis=panel.axis,
        mode="lines",
        name=f"{platform_name(platform)} views",
        line={"color": look.platform(platform), "width": 2, "shape": "hv"},
        fill="tozeroy",
        hovertemplate="%{y:,} views shown by %{x|%d %b %Y %H:%M} UTC<extra></extra>",
    )


def _draw_actors(
    figure: go.Figure, responses: pl.DataFrame, actors: Sequence[str], panel: _Panel, look: Look
) -> None:
    """Draw every act as the interval in which it can have happened."""
    lane = {actor: len(actors) - number for number, actor in enumerate(actors)}
    for act in responses.sort("from").iter_rows(named=True):
        figure.add_scatter(
            x=[act["from"], act["to"]],
            y=[lane[act["actor"]]] * 2,
            yaxis=panel.axis,
            mode="lines+markers",
            line={"color": look.rung(act["rung"]), "width": 7},
            marker={"size": 9, "symbol": ["line-ns", "line-ns"], "line": {"width": 2}},
            opacity=0.9,
            hovertemplate=_told(act) + "<extra></extra>",
            showlegend=False,
        )
    for actor, height in lane.items():
        figure.add_annotation(
            text=actor, xref="paper", x=0.005, y=height, yref=panel.axis, yshift=15,
            xanchor="left", showarrow=False, font={"size": 11, "color": look.muted},
        )  # fmt: skip


def _draw_ladder(
    figure: go.Figure,
    responses: pl.DataFrame,
    panel: _Panel,
    window: tuple[datetime, datetime],
    look: Look,
) -> None:
    """Draw both branches of the ladder; they are never netted."""
    for sign in (1, -1):
        steps = _steps(responses, sign)
        if steps:
            figure.add_scatter(
                x=[time for time, _, _ in steps] + [max(window[1], steps[-1][0])],
                y=[rung for _, rung, _ in steps] + [steps[-1][1]],
                yaxis=panel.axis,
                mode="lines",
                line={"color": look.rung(sign), "width": 2, "shape": "hv"},
                hoverinfo="skip",
                showlegend=False,
            )
        for time, rung, _ in steps:
            late = time > window[0] + (window[1] - window[0]) * LATE
            figure.add_annotation(
                text=RUNG_NAMES[rung],
                x=time,
                y=rung,
                yref=panel.axis,
                showarrow=False,
                xanchor="right" if late else "left",
                yanchor="bottom",
                xshift=-3 if late else 3,
                font={"size": 11, "color": look.muted},
            )
    for act in responses.drop_nulls("rung").sort("from").iter_rows(named=True):
        figure.add_scatter(
            x=[act["from"], act["to"]],
            y=[act["rung"], act["rung"]],
            yaxis=panel.axis,
            mode="lines",
            line={"color": look.rung(act["rung"]), "width": 9},
            opacity=0.55,
            hovertemplate=_told(act) + "<extra></extra>",
            showlegend=False,
        )


def _steps(responses: pl.DataFrame, sign: int) -> list[tuple[datetime, int, str]]:
    """Return when a branch reached a further rung: at the latest time that is possible."""
    reached, steps = 0, []
    coded = responses.drop_nulls("rung").sort("to")
    for time, rung, name in coded.select("to", "rung", "response_id").iter_rows():
        if rung * sign > reached * sign and rung * sign > 0:
            reached = rung
            steps.append((time, rung, name))
    return steps


def _told(act: dict[str, Any]) -> str:
    rung = act["rung"]
    place = "not on the ladder" if rung is None else f"rung {rung:+d}: {RUNG_NAMES[rung]}"
    first, last = act["from"].strftime("%d %b %Y"), act["to"].strftime("%d %b %Y")
    dates = first if first == last else f"between {first} and {last}"
    summary = f"<br>{act['summary']}" if act["summary"] else ""
    return f"<b>{act['actor']}</b><br>{dates}<br>{place}{summary}"


def _frame(
    figure: go.Figure, panels: list[_Panel], window: tuple[datetime, datetime], look: Look
) -> None:
    """Stack the panels on one axis of time."""
    heights = sum(panel.height + GAP for panel in panels)
    total = heights + TOP + BOTTOM
    top, axes = float(heights), {}
    for panel in panels:
        domain = [max(0.0, (top - panel.height - GAP) / heights), (top - GAP) / heights]
        axes[panel.axis.replace("y", "yaxis")] = {"domain": domain, **_scale(panel, figure, look)}
        _title(figure, panel, (top - GAP) / heights, look)
        top -= panel.height + GAP
    figure.update_layout(
        height=total,
        margin={"l": 46, "r": 14, "t": TOP, "b": BOTTOM},
        showlegend=False,
        hovermode="closest",
        dragmode="pan",
        xaxis={
            "range": list(window), "anchor": "free", "position": 0, "type": "date",
            "showgrid": True, "gridcolor": look.rule, "tickcolor": look.rule,
            "tickfont": {"color": look.muted},
        },
        **axes,
    )  # fmt: skip


def _scale(panel: _Panel, figure: go.Figure, look: Look) -> dict[str, Any]:
    plain = {"fixedrange": True, "tickfont": {"size": 11, "color": look.muted}, "nticks": 3}
    if panel.name == "authorities":
        lanes = [y for trace in figure.data if trace.yaxis == panel.axis for y in trace.y]
        return plain | {
            "range": [0.6, max(lanes) + 0.75], "showticklabels": False, "showgrid": False
        }  # fmt: skip
    if panel.name == "ladder":
        return plain | {
            "range": [-4.6, 6.6], "tickvals": list(_TICKS), "ticktext": list(_TICKS.values()),
            "zeroline": True, "zerolinecolor": look.muted, "zerolinewidth": 1, "nticks": None,
        }  # fmt: skip
    return plain | {"rangemode": "tozero", "tickformat": "~s"}


_TICKS = {-4: "-4", -2: "-2", 0: "0", 2: "+2", 4: "+4", 6: "+6"}
_TITLES = {
    "authorities": "Authorities: when each act can have happened",
    "ladder": "Response ladder: help above 0, harm below",
}


def _title(figure: go.Figure, panel: _Panel, top: float, look: Look) -> None:
    if panel.name.endswith(" views"):
        name = platform_name(panel.name.removesuffix(" views"))
        text = f"{name}: views, as the platform showed them"
    else:
        text = _TITLES.get(panel.name, f"{platform_name(panel.name)}: posts held")
    figure.add_annotation(
        text=f"<b>{text}</b>", xref="paper", yref="paper", x=0, y=top, showarrow=False,
        xanchor="left", yanchor="bottom", font={"size": 12, "color": look.ink},
    )  # fmt: skip


def _mark(figure: go.Figure, time: datetime, text: str, look: Look) -> None:
    figure.add_shape(
        type="line", x0=time, x1=time, xref="x", y0=0, y1=1, yref="paper",
        line={"color": look.ink, "width": 1, "dash": "dot"},
    )  # fmt: skip
    figure.add_annotation(
        text=text, x=time, xref="x", y=1, yref="paper", yanchor="bottom", showarrow=False,
        font={"size": 11, "color": look.ink},
    )  # fmt: skip
