"""Appeals beside each other: at equal age, at equal size, and who still waits."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboards.figures.labels import heads, plain, row_axis, small
from dashboards.i18n import N_, _, number, percent
from dashboards.theme import LIGHT, Look, platform_name

ACROSS = 3  # panels beside each other
PANEL, GAP = 150, 62  # pixels of a panel, and between two rows of them
ROW, TOP, BOTTOM = 28, 64, 50
GAP_ROWS = 0.9  # rows between two blocks
BANDS = 60  # cascades of the appeal whose bands are drawn, the largest
HOURS = {
    1: N_("1 hour"), 24: N_("1 day"), 168: N_("1 week"), 720: N_("1 month"), 8760: N_("1 year"),
}  # fmt: skip
MEASURES = {
    "depth": N_("deeper"), "max_breadth": N_("broader"), "virality": N_("more viral"),
}  # fmt: skip
AXES = {
    "depth": N_("depth: longest way from the original"),
    "virality": N_("virality: mean distance between two posts"),
}
METHODS = {"observed": N_("links observed"), "calibrated": N_("links inferred")}
CHANCE = N_("as often by chance: 95 %")
INFERRED = N_("bounds of what inference allows")
UNMATCHED = N_("were size left out of account")
EQUAL, BEYOND = N_("at equal size, within chance"), N_("at equal size, beyond chance")


def courses_figure(
    courses: pl.DataFrame, names: Mapping[str, str], *, chosen: str, look: Look = LIGHT
) -> go.Figure:
    """Draw small multiples: how much was held of each appeal at the same ages.

    Parameters
    ----------
    courses
        Rows of ``courses`` of one thing counted.
    names
        The appeals that have a panel, in order, and what they are called. In each panel, the
        others stand behind in grey.
    chosen
        The appeal that the page is of.
    """
    own = {name: _line(courses.filter(pl.col("appeal_id") == name)) for name in names}
    figure = go.Figure(layout={"template": look.template, "showlegend": False})
    for place, (appeal_id, title) in enumerate(names.items()):
        behind = _joined([line for other, line in own.items() if other != appeal_id])
        colour = look.accent if appeal_id == chosen else look.ink
        _draw(figure, place, behind, {"color": look.neutral, "width": 1})
        _draw(figure, place, own[appeal_id], {"color": colour, "width": 2.4}, hover=True)
        _head(figure, place, _title(title, own=appeal_id == chosen), colour)
    for place in range(len(names)):
        _panel(figure, place, len(names), courses)
    lines = math.ceil(len(names) / _across(len(names)))
    figure.update_layout(
        height=lines * PANEL + (lines - 1) * GAP + 40 + BOTTOM,
        margin={"l": 52, "r": 12, "t": 40, "b": BOTTOM},
    )
    return figure


def _across(panels: int) -> int:
    """Return how many panels stand beside each other.

    >>> [_across(panels) for panels in (1, 2, 3, 4, 5, 12)]
    [1, 2, 3, 2, 3, 3]
    """
    return 2 if panels == 4 else max(min(panels, ACROSS), 1)  # noqa: PLR2004 - two by two


Line = tuple[list[float | None], list[float | None]]


def _line(rows: pl.DataFrame) -> Line:
    """Return one course; what is 0 has no place on an axis of powers."""
    told = rows.filter(pl.col("count") > 0, pl.col("hours") > 0).sort("hours")
    return told["hours"].to_list(), told["count"].to_list()


def _joined(lines: Sequence[Line]) -> Line:
    x: list[float | None] = []
    y: list[float | None] = []
    for hours, counts in lines:
        x += [*hours, None]
        y += [*counts, None]
    return x, y


def _axis(letter: str, place: int) -> str:
    return letter if place == 0 else f"{letter}{place + 1}"


def _long(letter: str, place: int) -> str:
    return f"{letter}axis" if place == 0 else f"{letter}axis{place + 1}"


def _draw(
    figure: go.Figure, place: int, told: Line, line: dict[str, Any], *, hover: bool = False
) -> None:
    """Draw lines into a panel; the one that it is of can be pointed at."""
    x, y = told
    drawn: dict[str, Any] = {"mode": "lines", "hoverinfo": "skip", "opacity": 0.45}
    if hover:
        drawn = {"mode": "lines+markers", "marker": {"size": 4}}
        drawn["hovertemplate"] = "%{x:,.0f} h: %{y:,}<extra></extra>"
    axes = {"xaxis": _axis("x", place), "yaxis": _axis("y", place)}
    figure.add_scatter(x=x, y=y, line=line, **drawn, **axes)


def _panel(figure: go.Figure, place: int, panels: int, courses: pl.DataFrame) -> None:
    """Place the axes of one panel; all panels have the same ranges."""
    across = _across(panels)
    lines = math.ceil(panels / across)
    line, column = divmod(place, across)
    whole = lines * PANEL + (lines - 1) * GAP
    top = 1 - line * (PANEL + GAP) / whole
    most = max([10, *courses["count"]])
    longest = max([24.0, *courses["hours"]])
    powers = [10**power for power in range(int(math.log10(most)) + 1)]
    quiet = {"type": "log", "fixedrange": True, "tickfont": {"size": 10.5}, "ticks": ""}
    figure.update_layout({
        _long("x", place): quiet | {
            "domain": [column / across, (column + 0.92) / across], "showgrid": True,
            "range": [-0.1, math.log10(longest) + 0.1], "tickangle": 0,
            "tickvals": list(HOURS), "ticktext": [_(name) for name in HOURS.values()],
            "anchor": _axis("y", place),
        },
        _long("y", place): quiet | {
            "domain": [max(top - PANEL / whole, 0), top], "anchor": _axis("x", place),
            "range": [-0.1, math.log10(most) + 0.15], "showticklabels": column == 0,
            "tickvals": powers, "ticktext": [number(power) for power in powers],
        },
    })  # fmt: skip


def _head(figure: go.Figure, place: int, title: str, colour: str) -> None:
    """Write over a panel what its appeal is called."""
    figure.add_annotation(
        text=title, xref=f"{_axis('x', place)} domain", yref=f"{_axis('y', place)} domain", x=0,
        y=1.02, xanchor="left", yanchor="bottom", showarrow=False,
        font={"size": 12, "color": colour},
    )  # fmt: skip


def sizes_figure(
    own: pl.DataFrame, others: pl.DataFrame, measure: str, *, look: Look = LIGHT
) -> go.Figure:
    """Draw cascades by size and shape: those of one appeal over those of all others.

    Parameters
    ----------
    own, others
        Rows of ``cascades`` of one platform whose shapes are told. Bands are drawn for the first
        rows of ``own`` where parents are inferred.
    measure
        ``depth`` or ``virality``.
    """
    figure = go.Figure(layout={"template": look.template})
    faint = {"color": look.neutral, "size": 6, "symbol": "circle-open", "opacity": 0.7}
    _dots(figure, others, measure, _("cascades of other appeals"), faint)
    x: list[float | None] = []
    y: list[float | None] = []
    ends = own.head(BANDS).select("size", f"{measure}_lo", f"{measure}_hi").drop_nulls()
    for size, low, high in ends.iter_rows():
        x += [size, size, None]
        y += [low, high, None]
    if x:
        figure.add_scatter(
            x=x, y=y, mode="lines", name=_("inferred: 5 to 95 %"), hoverinfo="skip",
            line={"color": look.accent, "width": 1.4}, opacity=0.6,
        )  # fmt: skip
    _dots(figure, own, measure, _("cascades of this appeal"), {"color": look.accent, "size": 6})
    axis = {"type": "log", "fixedrange": True, "showgrid": True}
    figure.update_layout(
        height=380,
        margin={"l": 50, "r": 14, "t": 40, "b": BOTTOM},
        xaxis=axis | _steps(1, 3) | {"title": small(_("posts in the cascade"))},
        yaxis=axis | _steps(1, 2, 5) | {"title": small(_(AXES[measure]))},
    )
    return figure


def _dots(
    figure: go.Figure, rows: pl.DataFrame, measure: str, name: str, marker: dict[str, Any]
) -> None:
    if rows.height:
        figure.add_scatter(
            x=rows["size"].to_list(), y=rows[measure].to_list(), mode="markers", name=name,
            marker=marker, hovertemplate=f"<b>{name}</b><br>%{{x:,}}: %{{y:.3~g}}<extra></extra>",
        )  # fmt: skip


def _steps(*steps: int) -> dict[str, Any]:
    """Return the ticks of an axis of powers."""
    ticks = [step * 10**power for power in range(7) for step in steps]
    return {"tickvals": ticks, "ticktext": [number(tick) for tick in ticks]}


def equal_size_figure(equal_size: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw how often the appeal's cascade is the larger of two of equal size, against chance.

    Parameters
    ----------
    equal_size
        Rows of ``equal_size`` of one appeal, in the order in which they are to be drawn; those
        without a number are left out.
    """
    told = _blocks(equal_size.drop_nulls("larger"))
    figure = go.Figure(layout={"template": look.template})
    _ends(figure, told, ("chance_lo", "chance_hi"), _(CHANCE), {"color": look.rule, "width": 14})
    allowed = told.drop_nulls("larger_least")
    thin = {"color": look.accent, "width": 1.6}
    _ends(figure, allowed, ("larger_least", "larger_most"), _(INFERRED), thin)
    cross = {"symbol": "x-thin", "size": 8, "line": {"width": 1.6, "color": look.neutral}}
    _often(figure, told, "unmatched", _(UNMATCHED), cross)
    within = pl.col("larger").is_between("chance_lo", "chance_hi")
    ring = {"symbol": "circle-open", "size": 11, "color": look.ink, "line": {"width": 2}}
    _often(figure, told.filter(within), "larger", _(EQUAL), ring)
    diamond = {"symbol": "diamond", "size": 12, "color": look.accent}
    _often(figure, told.filter(~within), "larger", _(BEYOND), diamond)
    first = told.group_by(_KIND, maintain_order=True).agg(pl.col("row").min())
    figure.update_layout(
        height=ROW * (max(told["row"], default=0.0) + 1.5) + TOP + BOTTOM + 30,
        margin={"l": 8, "r": 16, "t": TOP, "b": BOTTOM},
        annotations=heads([(_kind(row), row["row"]) for row in first.to_dicts()], look.ink),
        xaxis={
            "range": [-0.03, 1.06], "tickvals": [0, 0.25, 0.5, 0.75, 1], "showgrid": True,
            "ticktext": [percent(part) for part in (0, 0.25, 0.5, 0.75, 1)], "tickangle": 0,
            "fixedrange": True, "title": small(_("how often this appeal's is the larger")),
        },
        yaxis=row_axis([_(MEASURES[name]) for name in told["measure"]], told["row"].to_list()),
    )  # fmt: skip
    return figure


_KIND = ["platform", "method"]


def _blocks(rows: pl.DataFrame) -> pl.DataFrame:
    """Return where rows are drawn: those of each platform and method below a line of words."""
    kind = pl.struct(_KIND)
    block = (kind != kind.shift()).fill_null(value=False).cum_sum() + 1
    return rows.with_columns(row=pl.int_range(pl.len()) + GAP_ROWS * block)


def _kind(row: dict[str, Any]) -> str:
    said = _("{platform}, {method}")
    return said.format(platform=platform_name(row["platform"]), method=_(METHODS[row["method"]]))


def _ends(
    figure: go.Figure, rows: pl.DataFrame, ends: tuple[str, str], name: str, line: dict[str, Any]
) -> None:
    x: list[float | None] = []
    y: list[int | None] = []
    for row, low, high in rows.select("row", *ends).iter_rows():
        x += [low, high, None]
        y += [row, row, None]
    if x:
        figure.add_scatter(x=x, y=y, mode="lines", name=name, line=line, hoverinfo="skip")


def _often(
    figure: go.Figure, rows: pl.DataFrame, column: str, name: str, marker: dict[str, Any]
) -> None:
    if rows.height:
        said = [
            _("{pairs} pairs, p {p}").format(pairs=number(pairs), p=number(p, places=3))
            for pairs, p in rows.select("pairs", "p").iter_rows()
        ]
        figure.add_scatter(
            x=rows[column].to_list(), y=rows["row"].to_list(), mode="markers", name=name,
            marker=marker, customdata=said,
            hovertemplate=f"<b>{name}</b><br>%{{x:.1%}}<br>%{{customdata}}<extra></extra>",
        )  # fmt: skip


def waiting_figure(
    waits: pl.DataFrame, names: Mapping[str, str], *, chosen: str, look: Look = LIGHT
) -> go.Figure:
    """Draw how long each appeal waited, a row each: till a response came, or was last looked for.

    Parameters
    ----------
    waits
        Rows of ``waits`` of one ending of which it is known whether it came, in the order in which
        they are to be drawn.
    names
        What appeals are called.
    chosen
        The appeal that the page is of.
    """
    rows = waits.with_columns(row=pl.int_range(pl.len()))
    ended = rows.filter("is_ended")
    figure = go.Figure(layout={"template": look.template})
    line = {"color": look.rule, "width": 6}
    _span(figure, rows, (None, "lo_days"), _("waited"), line)
    _span(figure, ended, ("lo_days", "hi_days"), _("came between"), line | {"color": look.accent})
    dot = {"size": 11, "color": look.accent}
    _day(figure, ended, "hi_days", _("a response came"), dot)
    arrow = {"symbol": "triangle-right-open", "size": 11, "color": look.ink, "line": {"width": 2}}
    _day(figure, rows.filter(~pl.col("is_ended")), "lo_days", _("still waiting then"), arrow)
    titles = [_title(names.get(name, name), own=name == chosen) for name in rows["appeal_id"]]
    figure.update_layout(
        height=ROW * rows.height + TOP + BOTTOM,
        margin={"l": 8, "r": 20, "t": 44, "b": BOTTOM},
        xaxis={
            "showgrid": True, "zeroline": True, "fixedrange": True,
            "title": small(_("days since publication")),
        },
        yaxis=row_axis(titles),
    )  # fmt: skip
    return figure


def _title(name: str, *, own: bool) -> str:
    return f"<b>{plain(name)}</b>" if own else plain(name)


def _span(
    figure: go.Figure,
    rows: pl.DataFrame,
    ends: tuple[str | None, str],
    name: str,
    line: dict[str, Any],
) -> None:
    x: list[float | None] = []
    y: list[int | None] = []
    for told in rows.to_dicts():
        x += [told[ends[0]] if ends[0] else 0.0, told[ends[1]], None]
        y += [told["row"], told["row"], None]
    if x:
        figure.add_scatter(x=x, y=y, mode="lines", name=name, line=line, hoverinfo="skip")


def _day(
    figure: go.Figure, rows: pl.DataFrame, column: str, name: str, marker: dict[str, Any]
) -> None:
    if rows.height:
        figure.add_scatter(
            x=rows[column].to_list(), y=rows["row"].to_list(), mode="markers", name=name,
            marker=marker, hovertemplate=f"<b>{name}</b><br>%{{x:,.1f}}<extra></extra>",
        )  # fmt: skip


STATES = {True: N_("a response came"), False: N_("none had come"), None: N_("not known")}


def standing_figure(standing: pl.DataFrame, *, chosen: str, look: Look = LIGHT) -> go.Figure:
    """Draw all appeals by the signatures that were shown for them, the most signed on top.

    Parameters
    ----------
    standing
        One row for each appeal: ``appeal_id``, ``value`` and ``is_ended``: whether a response had
        come, as ``waits`` says.
    chosen
        The appeal that the page is of.
    """
    rows = standing.filter(pl.col("value") > 0).sort("value", "appeal_id", descending=[True, False])
    placed = rows.with_columns(rank=pl.int_range(1, pl.len() + 1))
    colours = {True: look.accent, False: look.neutral, None: look.warns}
    figure = go.Figure(layout={"template": look.template})
    for state in (False, None, True):
        own = placed.filter(pl.col("is_ended").eq_missing(pl.lit(state, pl.Boolean)))
        if own.height:
            figure.add_scatter(
                x=own["value"].to_list(), y=own["rank"].to_list(), mode="markers",
                name=f"{_(STATES[state])} ({number(own.height)})",
                marker={"size": 7 if state else 4, "color": colours[state]},
                hovertemplate="%{x:,}<extra></extra>",
            )  # fmt: skip
    _point_out(figure, placed.filter(pl.col("appeal_id") == chosen), look)
    axis = {"type": "log", "fixedrange": True, "showgrid": True} | _steps(1)
    figure.update_layout(
        height=400,
        margin={"l": 54, "r": 16, "t": 44, "b": BOTTOM},
        xaxis=axis | {"title": small(_("signatures shown"))},
        yaxis=axis | {"title": small(_("place: 1 has most")), "autorange": "reversed"},
    )
    return figure


def _point_out(figure: go.Figure, own: pl.DataFrame, look: Look) -> None:
    """Ring the appeal that the page is of."""
    if own.height:
        ring = {"symbol": "circle-open", "size": 18, "color": look.ink, "line": {"width": 2.4}}
        figure.add_scatter(
            x=own["value"].to_list(), y=own["rank"].to_list(), mode="markers", marker=ring,
            name=_("this appeal"), hoverinfo="skip",
        )  # fmt: skip
