"""How far it went: who took part, whom carriers are followed by, views, pace, decay, forecasts."""

from collections.abc import Callable, Sequence
from datetime import datetime
from math import ceil, floor, log10
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboards.figures.labels import counts_in_words, plain, row_axis, small
from dashboards.figures.panels import axis, faint, panelled, powers, scaled
from dashboards.i18n import N_, _, compact, number, percent
from dashboards.theme import LIGHT, Look, platform_name

FOREVER = 100_000  # hours: a half-life of eleven years is told as without end
PANEL, TALL = 96, 120  # pixels of one platform
ROW, TOP, BOTTOM = 26, 40, 48  # of one row, of what is above all, and of what is below
WINDOW_HOURS = {"1h": 1.0, "1d": 24.0}
EVERYWHERE = "all"  # the series of several platforms added up
LAWS = {
    "exponential": N_("exponential"), "power": N_("power law"), "bi-exponential": N_("two speeds"),
}  # fmt: skip
_WHEN = "%{x|%Y-%m-%d %H:%M} UTC"
_DOTTED: dict[str, Any] = {"mode": "lines+markers", "marker": {"size": 4}}  # one row is seen too
_FIXED: dict[str, Any] = {"fixedrange": True}


def accounts_figure(reach: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw how many accounts had taken part by when, and how many of them carried it.

    Parameters
    ----------
    reach
        Rows of ``reach`` that say when, in the order of time.
    """
    platforms = _platforms(reach)
    figure = panelled([_head(name) for name in platforms], height=PANEL, look=look)
    for number_, platform in enumerate(platforms):
        own = reach.filter(platform=platform)
        colour = look.platform(platform)
        common = {"yaxis": axis(number_), **_DOTTED}
        _line(
            figure, own, "carriers", _("%{y:,} of them carried it"), **common,
            line={"color": colour, "width": 1, "shape": "hv"}, fill="tozeroy",
            fillcolor=faint(colour, 0.22),
        )  # fmt: skip
        _line(
            figure, own, "accounts", _("%{y:,} accounts took part, at least"), **common,
            line={"color": colour, "width": 2.4, "shape": "hv"},
        )  # fmt: skip
        scaled(figure, number_, rangemode="tozero")
    return counts_in_words(figure)


def _line(figure: go.Figure, rows: pl.DataFrame, column: str, said: str, **drawn: Any) -> None:  # noqa: ANN401
    figure.add_scatter(
        x=rows["at"].to_list(), y=rows[column].to_list(), name=column,
        hovertemplate=f"{said}<br>{_WHEN}<extra></extra>", **drawn,
    )  # fmt: skip


def _platforms(rows: pl.DataFrame) -> list[str]:
    names: list[str] = rows["platform"].unique(maintain_order=True).to_list()
    return names


def _head(platform: str) -> str:
    name = _("All platforms") if platform == EVERYWHERE else platform_name(platform)
    return f"<b>{plain(name)}</b>"


def interval_figure(reach: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw between which bounds lies how many accounts follow one of the carriers, over time.

    Parameters
    ----------
    reach
        Rows of ``reach`` that say when and have a lower end, in the order of time. Where there is
        no upper end, what is not bounded is hatched up to the top of the panel.
    """
    platforms = _platforms(reach)
    figure = panelled(
        [_head(name) for name in platforms], height=TALL, look=look, type="log", showgrid=True,
    )  # fmt: skip
    for number_, platform in enumerate(platforms):
        own = reach.filter(platform=platform)
        low, high = _decades(own)
        tens = [10**power for power in range(int(low), int(high) + 1)]
        scaled(figure, number_, range=[low, high], tickvals=tens, ticktext=[*map(compact, tens)])
        _bounded(figure, own.filter(pl.col("union_hi").is_not_null()), axis(number_), look)
        _unbounded(figure, own, axis(number_), 10.0**high, look=look)
        _scenario(figure, own.drop_nulls("scenario_lo"), axis(number_), look)
        _line(
            figure, own.with_columns(_drawable("union_lo")), "union_lo",
            _("at least %{y:,} accounts follow a carrier"), yaxis=axis(number_), **_DOTTED,
            line={"color": look.platform(platform), "width": 2.4, "shape": "hv"},
        )  # fmt: skip
    return counts_in_words(figure)


def _drawable(column: str) -> pl.Expr:
    """Return numbers as an axis of powers can show them: 0 stands at 1."""
    return pl.col(column).clip(lower_bound=1)


def _decades(rows: pl.DataFrame) -> tuple[float, float]:
    """Return the powers of ten that hold all ends, with room above."""
    ends = [*rows["union_lo"].drop_nulls(), *rows["union_hi"].drop_nulls()]
    low, high = max(min(ends), 1), max(*ends, 1)
    return float(floor(log10(low))), ceil(log10(high) + 0.01) + 0.3


def _bounded(figure: go.Figure, rows: pl.DataFrame, where: str, look: Look) -> None:
    if rows.is_empty():
        return
    colour = look.platform(rows["platform"][0])
    edge = {"color": colour, "width": 1, "shape": "hv"}
    own = rows.with_columns(_drawable("union_lo"), _drawable("union_hi"))
    drawn: dict[str, Any] = {"mode": "lines", "yaxis": where}
    _line(figure, own, "union_lo", "", line=edge | {"width": 0}, hoverinfo="skip", **drawn)
    _line(
        figure, own, "union_hi", _("at most %{y:,}"), line=edge, fill="tonexty",
        fillcolor=faint(colour, 0.25), **drawn,
    )  # fmt: skip


def _unbounded(
    figure: go.Figure, rows: pl.DataFrame, where: str, top: float, *, look: Look
) -> None:
    """Hatch what lies above the lower end from when on there is no upper one."""
    open_ = rows.filter(pl.col("union_hi").is_null())
    if open_.is_empty():
        return
    own = open_.with_columns(_drawable("union_lo"), top=pl.lit(top))
    colour = look.platform(rows["platform"][0])
    drawn: dict[str, Any] = {"mode": "lines", "yaxis": where, "hoverinfo": "skip"}
    hidden = {"width": 0, "shape": "hv"}
    _line(figure, own, "union_lo", "", line=hidden, **drawn)
    _line(
        figure, own, "top", "", line=hidden, fill="tonexty", fillcolor=faint(colour, 0.06),
        fillpattern={"shape": "/", "fgcolor": faint(colour, 0.5), "size": 9, "solidity": 0.12},
        **drawn,
    )  # fmt: skip
    figure.add_annotation(
        text=_("no upper end"), x=own["at"][0], xref="x", y=1, yref=f"{where} domain",
        xanchor="left", yanchor="top", showarrow=False, bgcolor=look.card, borderpad=1,
        font={"size": 11, "color": look.muted},
    )  # fmt: skip


def _scenario(figure: go.Figure, rows: pl.DataFrame, where: str, look: Look) -> None:
    """Draw the ends of a stated scenario as dots: it is no estimate."""
    said = {"scenario_lo": _("scenario, no estimate: from %{y:,}"),
            "scenario_hi": _("scenario, no estimate: to %{y:,}")}  # fmt: skip
    for column, words in said.items():
        own = rows.drop_nulls(column).with_columns(_drawable(column))
        if own.height:
            _line(
                figure, own, column, words, mode="lines", yaxis=where,
                line={"color": look.ink, "width": 1, "dash": "dot", "shape": "hv"},
            )  # fmt: skip


def views_figure(views: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw what each platform showed as views, a panel for each definition; never added.

    Parameters
    ----------
    views
        Rows of ``views`` that say when, in the order of time. Parts between which a platform
        changed what it counts are not joined.
    """
    series = views.select("platform", "definition").unique(maintain_order=True).rows()
    titles = [f"{_head(platform)} · {plain(definition)}" for platform, definition in series]
    figure = panelled(titles, height=PANEL, look=look, rangemode="tozero")
    for number_, (platform, definition) in enumerate(series):
        own = views.filter(platform=platform, definition=definition)
        for _part, rows in own.group_by("part", maintain_order=True):
            colour = look.platform(platform)
            _line(
                figure, rows, "value", _("%{y:,} views shown"), yaxis=axis(number_),
                mode="lines+markers", marker={"size": 6, "color": colour},
                line={"color": colour, "width": 2, "shape": "hv"},
            )  # fmt: skip
    return counts_in_words(figure)


def pace_figure(
    timeline: pl.DataFrame,
    phases: pl.DataFrame,
    peaks: pl.DataFrame,
    *,
    window: tuple[datetime, datetime] | None = None,
    look: Look = LIGHT,
) -> go.Figure:
    """Draw posts an hour, the stretches of one pace, and the doubt of where each began.

    Parameters
    ----------
    timeline
        Rows of ``timeline`` of one length of window: a bar each.
    phases
        Rows of ``phases``: a step each, and a bar over the time in which it can have begun.
    peaks
        Rows of ``peaks``: a mark each.
    window
        The stretch of time that is shown; all of it where there is none.
    """
    platforms = _platforms(phases)
    figure = panelled([_head(name) for name in platforms], height=TALL, look=look)
    figure.update_layout(bargap=0)
    figure.update_xaxes(range=window and list(window))
    for number_, platform in enumerate(platforms):
        own = phases.filter(platform=platform)
        _doubts(figure, own, axis(number_), look)
        _bars(figure, timeline.filter(platform=platform), axis(number_), look)
        _steps(figure, own, axis(number_), look)
        _stands_out(figure, peaks.filter(platform=platform), axis(number_), look)
        scaled(figure, number_, rangemode="tozero", tickformat=None)
    return counts_in_words(figure)


def _bars(figure: go.Figure, timeline: pl.DataFrame, where: str, look: Look) -> None:
    """Draw windows as posts an hour, as wide as they are long."""
    if timeline.is_empty():
        return
    hours = WINDOW_HOURS[timeline["every"][0]]
    figure.add_bar(
        x=timeline["at"].to_list(), y=(timeline["posts"] / hours).to_list(), yaxis=where,
        width=hours * 3_600_000, offset=0, name="posts",
        marker={"color": look.platform(timeline["platform"][0]), "opacity": 0.6,
                "line": {"width": 0}},
        hovertemplate=_("%{y:,.2~f} posts an hour held") + f"<br>{_WHEN}<extra></extra>",
    )  # fmt: skip


def _steps(figure: go.Figure, phases: pl.DataFrame, where: str, look: Look) -> None:
    x: list[datetime | None] = []
    y: list[float | None] = []
    told: list[Any] = []
    for phase in phases.iter_rows(named=True):
        x += [phase["from"], phase["to"], None]
        y += [phase["per_hour"]] * 2 + [None]
        told += [_ratio(phase)] * 3
    figure.add_scatter(
        x=x, y=y, yaxis=where, mode="lines", line={"color": look.ink, "width": 2.4},
        customdata=told, name="phases",
        hovertemplate=_("%{y:,.2~f} posts an hour in this stretch") + "<br>%{customdata}"
        "<extra></extra>",
    )  # fmt: skip


def _ratio(phase: dict[str, Any]) -> str:
    if phase["ratio"] is None:
        return _("{n} posts").format(n=number(phase["posts"]))
    said = _("{n} posts; {ratio} times the pace of the stretch before")
    return said.format(n=number(phase["posts"]), ratio=number(phase["ratio"], places=2))


def _doubts(figure: go.Figure, phases: pl.DataFrame, where: str, look: Look) -> None:
    shade = {
        "type": "rect", "y0": 0, "y1": 1, "yref": f"{where} domain", "fillcolor": look.accent,
        "opacity": 0.16, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip
    ends = phases.drop_nulls(["from_lo", "from_hi"]).select("from_lo", "from_hi")
    shades = [shade | {"x0": first, "x1": last} for first, last in ends.iter_rows()]
    # All at once: Plotly copies all shapes with each that is added.
    figure.layout.shapes = [*figure.layout.shapes, *shades]


def _stands_out(figure: go.Figure, peaks: pl.DataFrame, where: str, look: Look) -> None:
    """Mark bins that stand out, in the middle of each."""
    if peaks.is_empty():
        return
    own = peaks.with_columns(at=pl.col("at") + pl.duration(seconds=pl.col("minutes") * 30))
    pace = own.with_columns(per_hour=pl.col("posts") * 60.0 / pl.col("minutes"))
    _line(
        figure, pace, "per_hour", _("stands out: %{y:,.2~f} posts an hour"), yaxis=where,
        mode="markers", cliponaxis=False,
        marker={"symbol": "diamond-open", "size": 10, "color": look.ink, "line": {"width": 1.6}},
    )  # fmt: skip


def decay_figure(decay: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw hours until half is left, by three laws, as dots with their 95 % intervals.

    Parameters
    ----------
    decay
        Rows of ``decay`` with a half-life. A dot is as large as the law's weight; an interval
        without an upper end, or with one that nobody lives to see, goes on to the edge.
    """
    rows = decay.sort("platform", "weight", descending=[False, True], maintain_order=True)
    far = pl.col("half_life_hi") > FOREVER
    rows = rows.with_columns(half_life_hi=pl.when(~far).then("half_life_hi"))
    figure = go.Figure(layout={"template": look.template})
    edge = _edge(rows, "half_life_hours", "half_life_hi")
    names = []
    for place, told in enumerate(rows.iter_rows(named=True)):
        colour = look.ink if told["platform"] == EVERYWHERE else look.platform(told["platform"])
        ends = (told["half_life_lo"], told["half_life_hi"] or (told["half_life_lo"] and edge))
        _interval(figure, place, ends, colour, is_open=told["half_life_hi"] is None)
        names.append(_law_name(told))
        _mark(
            figure, told["half_life_hours"], place, colour,
            said=_half_life(told), size=6 + 10 * (told["weight"] or 0.0),
        )  # fmt: skip
    _row_frame(figure, names, _("hours until half is left"), log=True)
    return figure


def _law_name(told: dict[str, Any]) -> str:
    platform = told["platform"]
    name = _("All platforms") if platform == EVERYWHERE else platform_name(platform)
    return f"{plain(name)}: {_(LAWS.get(told['law'], told['law']))}"


def _half_life(told: dict[str, Any]) -> str:
    hours = {
        column: number(told[column], places=1)
        for column in ("half_life_hours", "half_life_lo", "half_life_hi")
    }
    said = _("{hours} hours ({lo} to {hi}); weight of this law among the three: {weight}")
    return said.format(
        hours=hours["half_life_hours"], lo=hours["half_life_lo"], hi=hours["half_life_hi"],
        weight=percent(told["weight"]),
    )  # fmt: skip


def _edge(rows: pl.DataFrame, *columns: str) -> float:
    """Return where an open interval ends in the picture: beyond all that is told."""
    told = [value for column in columns for value in rows[column].drop_nulls()]
    return 3.0 * max(told, default=1.0)


def _interval(
    figure: go.Figure,
    place: float,
    ends: tuple[float | None, float | None],
    colour: str,
    *,
    is_open: bool = False,
    dash: str = "solid",
) -> None:
    """Draw the line of an interval; an arrow's head where it is open."""
    if None in ends:
        return
    figure.add_scatter(
        x=list(ends), y=[place, place], mode="lines+markers" if is_open else "lines",
        line={"color": colour, "width": 2, "dash": dash}, hoverinfo="skip", opacity=0.75,
        marker={"symbol": "triangle-right", "size": [0, 9], "color": colour},
    )  # fmt: skip


def _mark(
    figure: go.Figure, x: float | None, place: float, colour: str, *, said: str, **marker: Any  # noqa: ANN401
) -> None:  # fmt: skip
    figure.add_scatter(
        x=[x], y=[place], mode="markers", hovertemplate=f"{said}<extra></extra>",
        marker={"size": 10, "color": colour} | marker,
    )  # fmt: skip


def _row_frame(figure: go.Figure, names: Sequence[str], title: str, *, log: bool = False) -> None:
    figure.update_layout(
        height=TOP + BOTTOM + ROW * max(len(names), 1),
        margin={"l": 8, "r": 22, "t": 10, "b": BOTTOM},
        showlegend=False,
        hovermode="closest",
        xaxis={"title": small(title), "showgrid": True} | _FIXED,
        yaxis=row_axis(names),
    )  # fmt: skip
    if log:
        figure.update_xaxes(**_powers([x for trace in figure.data for x in trace.x if x]))


def _powers(told: Sequence[float]) -> dict[str, Any]:
    """Return an axis of powers that holds all that is told."""
    ticks = powers(min(told, default=1.0), max(told, default=1.0))
    ends = [log10(ticks[0]) - 0.02, log10(ticks[-1]) + 0.04]
    return {"type": "log", "tickvals": ticks, "ticktext": [_short(n) for n in ticks], "range": ends}


def _short(value: float) -> str:
    """Return a round number, with its fraction where it is below one."""
    return number(value) if value >= 1 else f"{value:g}"


def forecast_figure(
    forecasts: pl.DataFrame, names: Sequence[str], *, look: Look = LIGHT
) -> go.Figure:
    """Draw how large cascades that go on will be: shares now, the forecast, and its 90 % interval.

    Parameters
    ----------
    forecasts
        Rows of ``forecasts``, one a cascade, in the order of the rows.
    names
        What each is called, already safe to be drawn.
    """
    figure = go.Figure(layout={"template": look.template})
    for place, told in enumerate(forecasts.iter_rows(named=True)):
        colour = look.platform(told["platform"])
        is_calibrated = told["kind"] == "calibrated"
        ends = (_least(told["forecast_lo"]), _least(told["forecast_hi"]))
        _interval(figure, place, ends, colour, dash="solid" if is_calibrated else "dot")
        bar = {"symbol": "line-ns", "size": 12, "line": {"width": 2, "color": look.ink}}
        said = _("{n} shares held").format(n=number(told["shares"]))
        _mark(figure, _least(told["shares"]), place, look.ink, said=said, **bar)
        if told["forecast"] is not None:
            symbol = "circle" if is_calibrated else "circle-open"
            _mark(
                figure, _least(told["forecast"]), place, colour, said=_forecast(told),
                symbol=symbol,
            )  # fmt: skip
    _row_frame(figure, names, _("shares: held (bar) and in the end (dot)"), log=True)
    return figure


def _least(value: float | None) -> float | None:
    return None if value is None else max(value, 1.0)


def _forecast(told: dict[str, Any]) -> str:
    said = (
        _("{n} shares in the end ({lo} to {hi}); tried on {tried} finished cascades")
        if told["kind"] == "calibrated"
        else _("{n} shares in the end ({lo} to {hi}); not tried on any")
    )
    return said.format(
        n=number(told["forecast"]), lo=number(told["forecast_lo"]),
        hi=number(told["forecast_hi"]), tried=number(told["calibrated_on"]),
    )  # fmt: skip


def tried_figure(forecasts: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw what was forecast of finished cascades against what came.

    Parameters
    ----------
    forecasts
        Rows of ``forecasts`` of finished cascades, of one age; those that miss are in another
        colour and have another mark.
    """
    rows = forecasts.drop_nulls(["forecast_lo", "forecast_hi", "final"])
    figure = go.Figure(layout={"template": look.template})
    ends = [1.0, *rows["final"].cast(pl.Float64), *rows["forecast_hi"]]
    figure.add_scatter(
        x=[1, max(ends)], y=[1, max(ends)], mode="lines", hoverinfo="skip", showlegend=False,
        line={"color": look.muted, "width": 1, "dash": "dot"},
    )  # fmt: skip
    inside = pl.col("final").is_between("forecast_lo", "forecast_hi")
    _tried(figure, rows.filter(inside), _("the interval holds what came"), look.helps, "circle")
    _tried(figure, rows.filter(~inside), _("it misses what came"), look.harms, "x")
    figure.update_layout(
        height=380, margin={"l": 58, "r": 16, "t": 34, "b": BOTTOM}, hovermode="closest",
        xaxis={"type": "log", "dtick": 1, "title": small(_("shares that came in the end"))},
        yaxis={"type": "log", "dtick": 1, "title": small(_("shares forecast"))},
    )  # fmt: skip
    figure.update_xaxes(showgrid=True, **_FIXED)
    figure.update_yaxes(rangemode="normal", **_FIXED)
    return figure


def _tried(figure: go.Figure, rows: pl.DataFrame, name: str, colour: str, symbol: str) -> None:
    if rows.is_empty():
        return
    middle = rows["forecast"].clip(lower_bound=1.0)
    high = (rows["forecast_hi"] - middle).clip(lower_bound=0.0)
    low = (middle - rows["forecast_lo"].clip(lower_bound=1.0)).clip(lower_bound=0.0)
    figure.add_scatter(
        x=rows["final"].clip(lower_bound=1).to_list(), y=middle.to_list(), mode="markers",
        name=name, marker={"color": colour, "size": 7, "symbol": symbol},
        error_y={"type": "data", "array": high.to_list(), "arrayminus": low.to_list(),
                 "color": colour, "thickness": 1.2, "width": 0},
        hovertemplate=_("forecast: %{y:,.0f}; came: %{x:,}") + "<extra></extra>",
    )  # fmt: skip


def overlaps_figure(overlaps: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw how many distinct accounts follow the carriers whose lists are held.

    Parameters
    ----------
    overlaps
        Rows of ``overlaps`` that are about all carriers of a platform.
    """
    figure = go.Figure(layout={"template": look.template})
    edge = _edge(overlaps, "value", "value_hi")
    names = []
    for place, told in enumerate(overlaps.iter_rows(named=True)):
        colour = look.platform(told["platform"])
        ends = (_least(told["value_lo"] or told["value"]), _least(told["value_hi"] or edge))
        _interval(figure, place, ends, colour, is_open=told["value_hi"] is None)
        said = _("{n} distinct accounts, from {lists} lists of {carriers} carriers").format(
            n=number(told["value"]), lists=number(told["lists"]), carriers=number(told["carriers"])
        )
        _mark(figure, _least(told["value"]), place, colour, said=said)
        names.append(f"{platform_name(told['platform'])}: {_(METHODS_TOLD[told['method']])}")
    _row_frame(figure, names, _("distinct accounts that follow them"), log=True)
    return figure


METHODS_TOLD = {
    "exact": N_("complete lists"), "held": N_("lists as held"),
    "sketch": N_("lists, estimated"), "sample": N_("a sample"), "capture": N_("two lists"),
}  # fmt: skip


def coverage_figure(
    coverage: pl.DataFrame, *, told: Callable[[str], str], look: Look = LIGHT
) -> go.Figure:
    """Draw how much of what could be known is held: a dot for each platform.

    Parameters
    ----------
    coverage
        Rows of ``coverage``; where nobody says how much there is, a ring stands beyond the axis.
    told
        What each thing that was counted is called in the reader's language.
    """
    kinds = coverage["what"].unique(maintain_order=True).to_list()
    platforms = _platforms(coverage)
    figure = go.Figure(layout={"template": look.template})
    for number_, platform in enumerate(platforms):
        own = coverage.filter(platform=platform)
        aside = _aside(number_, len(platforms))
        figure.add_scatter(
            x=own["share"].fill_null(UNKNOWN_AT).to_list(),
            y=[kinds.index(what) + aside for what in own["what"]],
            mode="markers", name=plain(platform_name(platform)), cliponaxis=False,
            marker={
                "size": 9, "color": look.platform(platform), "line": {"width": 1.6},
                "symbol": ["circle-open" if none else "circle" for none in own["share"].is_null()],
            },
            customdata=[_of(row) for row in own.iter_rows(named=True)],
            hovertemplate="%{customdata}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    names = [_lines(told(what)) for what in kinds]
    _row_frame(figure, names, _("part that is held"))
    figure.update_layout(
        height=TOP + BOTTOM + 24 + COVERED * max(len(kinds), 1), showlegend=True,
        margin={"t": 44},
        legend={"traceorder": "normal"},
        xaxis={"range": [-0.02, UNKNOWN_AT + 0.06], "tickvals": [0, 0.25, 0.5, 0.75, 1, UNKNOWN_AT],
               "ticktext": ["0%", "25%", "50%", "75%", "100%", _("not known")]},
        yaxis={"showgrid": True},
    )  # fmt: skip
    return figure


UNKNOWN_AT = 1.22  # where a ring stands of which nobody says how much there is
COVERED = 44  # pixels of one thing that was counted


def _aside(place: int, among: int) -> float:
    """Return how far a dot stands from the middle of its row, so that equals do not hide."""
    return 0.6 * ((place + 0.5) / among - 0.5)


def _of(row: dict[str, Any]) -> str:
    said = (
        _("{held} held; how many there are is not known")
        if row["known"] is None
        else _("{held} of {known} held")
    )
    return said.format(held=number(row["held"]), known=number(row["known"]))


def _lines(words: str) -> str:
    """Return words in short lines, so that a narrow picture keeps room for its dots."""
    return "<br>".join(plain(line) for line in wrap(words, 28)[:3])
