"""The aligned picture: attention by platform above, authorities and the ladder below, one axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import plotly.graph_objects as go
import polars as pl

from analytics.responses import RUNG_NAMES
from dashboards.figures.labels import COUNTS, counts_in_words
from dashboards.figures.words import short, wrapped
from dashboards.i18n import N_, _, day, number, period, signed
from dashboards.theme import LIGHT, Look, platform_name

LANE, LONE_LANE = 46, 150  # pixels of one platform's lane: the least, and the most
LANES = 230  # pixels that few platforms share
AUTHORITY = 36  # of one authority's lane, its name included
LADDER = 180
GAP = 22
LATE = 0.75  # of the window; from there on names stand to the left of what they name
TOP, BOTTOM = 22, 46
WIDTHS = {"1h": 3_600_000, "1d": 86_400_000}  # milliseconds
METRICS = {"views": N_("views"), "signatures": N_("signatures")}  # what is drawn of what was shown
ACT, POSTS = "act", "posts"  # what a mark is of, as its first piece of custom data


@dataclass(frozen=True)
class _Panel:
    """One band of the picture, with the axis it draws on."""

    name: str
    height: int
    axis: str  # y, y2, y3, …
    metric: str = ""  # of what a platform showed


def story_figure(
    timeline: pl.DataFrame,
    views: pl.DataFrame,
    responses: pl.DataFrame,
    clocks: pl.DataFrame | None = None,
    *,
    window: tuple[datetime, datetime],
    published: datetime | None,
    published_by: datetime | None = None,
    look: Look = LIGHT,
) -> go.Figure:
    """Draw what happened on one axis of time.

    Parameters
    ----------
    timeline
        Rows of ``timeline`` of one appeal and one length of window, in the order of the lanes.
    views
        Rows of ``counter_history`` of one metric of each platform: views, or signatures.
    responses
        Rows of ``responses``.
    clocks
        Rows of ``clocks``; the time that an authority had is shaded where it is known.
    window
        The stretch of time on which the picture opens.
    published
        When the appeal was published; null where it is not declared.
    published_by
        The latest that can have been, where it is not known exactly.
    look
        What it is drawn with.
    """
    platforms = timeline["platform"].unique(maintain_order=True).to_list()
    shown = dict(views.unique("platform", maintain_order=True).select("platform", "metric").rows())
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
        _draw_ladder(figure, responses, by_name["ladder"], window, look=look)
    _frame(figure, panels, window, look)
    for clock in _owed(clocks):
        _shade(figure, clock, by_name.get("authorities"), window, look=look)
    if published:
        _mark(figure, published, published_by, look)
    return counts_in_words(figure)


def _panels(platforms: Sequence[str], shown: dict[str, str], actors: Sequence[str]) -> list[_Panel]:
    names = [*platforms, *(f"{platform} views" for platform in shown)]
    lane = min(max(LANE, LANES // max(len(names), 1)), LONE_LANE)
    bands = [(name, lane) for name in names]
    if actors:
        bands += [("authorities", AUTHORITY * len(actors) + 12), ("ladder", LADDER)]
    return [
        _Panel(
            name,
            height,
            f"y{place if place > 1 else ''}",
            shown.get(name.removesuffix(" views"), ""),
        )
        for place, (name, height) in enumerate(bands, 1)
    ]


def _draw_posts(figure: go.Figure, rows: pl.DataFrame, panel: _Panel, look: Look) -> None:
    """Draw a bar for every window that holds posts; a missing bar is a window without any."""
    colour = look.platform(panel.name)
    said = _(
        "%{y:,} posts by %{customdata[2]:,} accounts<br>%{customdata[5]:,} originals, "
        "%{customdata[3]:,} shares, %{customdata[4]:,} replies; %{customdata[6]:,} gone since"
    )
    bar: dict[str, Any] = {
        "x": rows["at"].to_list(), "width": WIDTHS[rows["every"][0]], "offset": 0,
        "yaxis": panel.axis, "customdata": _told_posts(rows),
    }  # fmt: skip
    figure.add_bar(
        y=rows["posts"].to_list(),
        name=platform_name(panel.name),
        marker={"color": colour, "line": {"width": 0}},
        hovertemplate=f"<b>{platform_name(panel.name)}</b>, {_HOUR}<br>{said}<extra></extra>",
        **bar,
    )
    if rows["gone"].sum():
        hatch = {"shape": "/", "fgcolor": look.paper, "size": 5, "solidity": 0.4}
        figure.add_bar(
            y=rows["gone"].to_list(),
            name=_("gone since"),
            marker={"color": colour, "line": {"width": 0}, "pattern": hatch},
            hoverinfo="skip",
            **bar,
        )


_HOUR = "%{x|%Y-%m-%d %H:%M} UTC"


def _told_posts(rows: pl.DataFrame) -> list[tuple[Any, ...]]:
    columns = ("platform", "accounts", "shares", "replies", "originals", "gone")
    return rows.select(pl.lit(POSTS), *columns).rows()


def _draw_views(figure: go.Figure, rows: pl.DataFrame, panel: _Panel, look: Look) -> None:
    platform = panel.name.removesuffix(" views")
    said = _("%{y:,} {what} shown by {when} UTC").replace("{when}", "%{x|%Y-%m-%d %H:%M}")
    said = said.replace("{what}", _(METRICS[panel.metric]))
    figure.add_scatter(
        x=rows["at"].to_list(),
        y=rows["value"].to_list(),
        yaxis=panel.axis,
        mode="lines",
        name=f"{platform_name(platform)}: {_(METRICS[panel.metric])}",
        line={"color": look.platform(platform), "width": 2, "shape": "hv"},
        fill="tozeroy",
        hovertemplate=f"{said}<extra></extra>",
    )


def _draw_actors(
    figure: go.Figure, responses: pl.DataFrame, actors: Sequence[str], panel: _Panel, look: Look
) -> None:
    """Draw every act as the interval in which it can have happened."""
    lane = {actor: len(actors) - place for place, actor in enumerate(actors)}
    for act in responses.sort("from").iter_rows(named=True):
        figure.add_scatter(
            x=[act["from"], act["to"]],
            y=[lane[act["actor"]]] * 2,
            yaxis=panel.axis,
            mode="lines+markers",
            line={"color": look.rung(act["rung"]), "width": 7},
            marker={"size": 9, "symbol": ["line-ns", "line-ns"],
                    "line": {"width": 2, "color": look.rung(act["rung"])}},
            opacity=0.9,
            customdata=[(ACT, act["response_id"])] * 2,
            hovertemplate=_told(act) + "<extra></extra>",
            showlegend=False,
        )  # fmt: skip
    for actor, height in lane.items():
        figure.add_annotation(
            text=short(actor), xref="paper", x=0.005, y=height, yref=panel.axis, yshift=13,
            xanchor="left", showarrow=False, font={"size": 11, "color": look.muted},
        )  # fmt: skip


def _draw_ladder(
    figure: go.Figure,
    responses: pl.DataFrame,
    panel: _Panel,
    window: tuple[datetime, datetime],
    *,
    look: Look,
) -> None:
    """Draw both branches of the ladder; they are never netted."""
    for sign in (1, -1):
        steps = _steps(responses, sign)
        if steps:
            figure.add_scatter(
                x=[time for time, *_rest in steps] + [max(window[1], steps[-1][0])],
                y=[rung for _time, rung, _name in steps] + [steps[-1][1]],
                yaxis=panel.axis,
                mode="lines",
                line={"color": look.rung(sign), "width": 2, "shape": "hv"},
                hoverinfo="skip",
                showlegend=False,
            )
    for rung in responses["rung"].drop_nulls().unique():
        figure.add_annotation(
            text=_(RUNG_NAMES[rung]), xref="paper", x=0.005, y=rung, yref=panel.axis, yshift=8,
            xanchor="left", showarrow=False, font={"size": 11, "color": look.muted},
        )  # fmt: skip
    for act in responses.drop_nulls("rung").sort("from").iter_rows(named=True):
        figure.add_scatter(
            x=[act["from"], act["to"]],
            y=[act["rung"], act["rung"]],
            yaxis=panel.axis,
            mode="lines",
            line={"color": look.rung(act["rung"]), "width": 9},
            opacity=0.55,
            customdata=[(ACT, act["response_id"])] * 2,
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
    place = _("not on the ladder")
    if rung is not None:
        place = _("rung {rung}: {name}").format(rung=signed(rung), name=_(RUNG_NAMES[rung]))
    summary = f"<br>{wrapped(act['summary'])}" if act["summary"] else ""
    return f"<b>{short(act['actor'])}</b><br>{period(act['from'], act['to'])}<br>{place}{summary}"


def _owed(clocks: pl.DataFrame | None) -> list[dict[str, Any]]:
    """Return the clocks that are known to have run and to have an end."""
    if clocks is None:
        return []
    return clocks.drop_nulls(["started_hi", "due_hi"]).sort("due_hi").to_dicts()


def _shade(
    figure: go.Figure,
    clock: dict[str, Any],
    panel: _Panel | None,
    window: tuple[datetime, datetime],
    *,
    look: Look,
) -> None:
    """Shade the time that an authority had, and the days on which it was surely over."""
    height = {"yref": f"{panel.axis} domain" if panel else "paper", "y0": 0, "y1": 1}
    ends = [(clock["started_hi"], clock["due_lo"] or clock["due_hi"], 0.1)]
    ends += [(clock["due_lo"], clock["due_hi"], 0.22)] if clock["due_lo"] else []
    for start, end, opacity in ends:
        figure.add_shape(
            type="rect", x0=start, x1=end, fillcolor=look.warns, opacity=opacity, layer="below",
            line={"width": 0}, **height,
        )  # fmt: skip
    late = clock["due_hi"] > window[0] + (window[1] - window[0]) * LATE
    figure.add_annotation(
        text=_("{what}: owed by {day}").format(what=_(clock["what"]), day=day(clock["due_hi"])),
        x=clock["due_hi"], y=1, yref=height["yref"], yanchor="top", showarrow=False,
        xanchor="right" if late else "left", font={"size": 11, "color": look.warns},
    )  # fmt: skip


def _frame(
    figure: go.Figure, panels: list[_Panel], window: tuple[datetime, datetime], look: Look
) -> None:
    """Stack the panels on one axis of time."""
    heights = sum(panel.height + GAP for panel in panels)
    top, axes = float(heights), {}
    for panel in panels:
        domain = [max(0.0, (top - panel.height - GAP) / heights), (top - GAP) / heights]
        axes[panel.axis.replace("y", "yaxis")] = {"domain": domain, **_scale(panel, figure, look)}
        _title(figure, panel, (top - GAP) / heights, look)
        top -= panel.height + GAP
    figure.update_layout(
        height=heights + TOP + BOTTOM,
        margin={"l": 58, "r": 14, "t": TOP, "b": BOTTOM},
        showlegend=False,
        hovermode="closest",
        dragmode="zoom",
        xaxis={
            "range": list(window), "anchor": "free", "position": 0, "type": "date",
            "showgrid": True, "gridcolor": look.rule, "tickcolor": look.rule,
            "tickfont": {"color": look.muted},
        },
        **axes,
    )  # fmt: skip


def _scale(panel: _Panel, figure: go.Figure, look: Look) -> dict[str, Any]:
    small = {"size": 11, "color": look.muted}
    plain = {"fixedrange": True, "tickfont": small, "nticks": 3}
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
    return plain | {"rangemode": "tozero", "tickformat": COUNTS}


_TICKS = {rung: signed(rung) for rung in (-4, -2, 0, 2, 4, 6)}
_TITLES = {
    "authorities": N_("Authorities: when each act can have happened"),
    "ladder": N_("Response ladder: help above 0, harm below"),
}


def _title(figure: go.Figure, panel: _Panel, top: float, look: Look) -> None:
    if panel.name in _TITLES:
        text = _(_TITLES[panel.name])
    elif panel.name.endswith(" views"):
        name = platform_name(panel.name.removesuffix(" views"))
        text = _("{platform}: {what}, as the platform showed them").format(
            platform=name, what=_(METRICS[panel.metric])
        )
    else:
        text = _("{platform}: posts held").format(platform=platform_name(panel.name))
    figure.add_annotation(
        text=f"<b>{short(text)}</b>", xref="paper", yref="paper", x=0, y=top, showarrow=False,
        xanchor="left", yanchor="bottom", font={"size": 12, "color": look.ink},
    )  # fmt: skip


def _mark(figure: go.Figure, first: datetime, last: datetime | None, look: Look) -> None:
    """Mark the publication: as a stretch where no more is known than when it can have been."""
    shape: dict[str, Any] = {"xref": "x", "y0": 0, "y1": 1, "yref": "paper", "layer": "below"}
    if last and last > first:
        figure.add_shape(
            type="rect", x0=first, x1=last, fillcolor=look.ink, opacity=0.05, line={"width": 0},
            **shape,
        )  # fmt: skip
    figure.add_shape(
        type="line", x0=first, x1=first, line={"color": look.ink, "width": 1, "dash": "dot"},
        **shape,
    )  # fmt: skip
    text = _("published at the earliest") if last and last > first else _("published")
    figure.add_annotation(
        text=text, x=first, xref="x", y=1, yref="paper", yanchor="bottom", showarrow=False,
        xanchor="left", font={"size": 11, "color": look.ink},
    )  # fmt: skip


def caption(responses: pl.DataFrame, posts: int) -> str:
    """Say in words what the picture shows, for those who do not see it.

    >>> caption(pl.DataFrame({"actor": ["Police", "Court"]}), 1200)
    'Posts held over time (1,200), and below them 2 acts of 2 authorities on the same axis'
    """
    said = _("Posts held over time ({posts}), and below them {acts} acts of {actors} authorities "
             "on the same axis")  # fmt: skip
    actors = responses["actor"].n_unique()
    return said.format(posts=number(posts), acts=number(responses.height), actors=number(actors))
