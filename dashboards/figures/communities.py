"""Communities and languages: how firm a partition is, whom it holds, and who shares whom."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboards.figures.labels import plain, row_axis, small
from dashboards.i18n import N_, _, number, percent
from dashboards.theme import LIGHT, Look

ROW, TOP, BOTTOM = 30, 34, 46  # pixels of one row, of what is above all, and of what is below
LEGEND = 28  # of one line of names; narrow pages have several
ROUND = 3.0  # powers of 2 at which colours end: eight times as often, or an eighth
FEWEST = 5.0  # links expected, below which a ratio says nothing
Named = Callable[[str | None], str]

AUDIENCE = N_("part of it that is of one single account")
INSIDE = N_("part of its sharing that stays inside")


def partition_figure(partition: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw how modular the graph is, against graphs of chance with the same degrees.

    Parameters
    ----------
    partition
        The row of ``partitions`` of an appeal whose communities are told.
    """
    told = partition.row(0, named=True)
    figure = go.Figure(layout={"template": look.template})
    ends = [told["chance_lo"], told["chance_hi"]]
    _mark(
        figure, _("rewired by chance, all draws"), x=ends, mode="lines",
        line={"color": look.neutral, "width": 12},
    )  # fmt: skip
    ring = {"symbol": "circle-open", "size": 12, "color": look.accent, "line": {"width": 2}}
    _mark(figure, _("this graph, the same single run"), x=[told["first_modularity"]], marker=ring)
    diamond = {"symbol": "diamond", "size": 11, "color": look.ink}
    _mark(figure, _("this graph, the best run"), x=[told["modularity"]], marker=diamond)
    figure.update_layout(
        height=180,
        margin={"l": 12, "r": 12, "t": 44, "b": BOTTOM},
        legend={"traceorder": "normal"},
        xaxis={
            "range": [-0.01, 1.02], "showgrid": True, "fixedrange": True,
            "title": small(_("modularity: 1 at most")),
        },
        yaxis={"visible": False, "range": [-1, 1], "fixedrange": True},
    )  # fmt: skip
    return figure


def _mark(figure: go.Figure, name: str, **drawn: Any) -> None:  # noqa: ANN401
    told = drawn["x"]
    figure.add_scatter(
        name=name, y=[0] * len(told), **{"mode": "markers"} | drawn,
        hovertemplate=f"<b>{name}</b><br>%{{x:.3f}}<extra></extra>",
    )  # fmt: skip


def communities_figure(communities: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw communities in rows: how many accounts, what stays inside, what is of one account.

    Parameters
    ----------
    communities
        Rows of ``communities`` of one appeal, in the order in which they are to be drawn.
    """
    rows = list(range(communities.height))
    figure = go.Figure(layout={"template": look.template})
    figure.add_bar(
        x=communities["accounts"].to_list(), y=rows, orientation="h", showlegend=False,
        marker={"color": look.neutral}, width=0.55, hovertemplate="%{x:,}<extra></extra>",
    )  # fmt: skip
    _join(figure, communities, rows, look)
    _part(figure, communities["inside_share"], rows, _(INSIDE), {"color": look.accent, "size": 11})
    ring = {"color": look.warns, "size": 11, "symbol": "circle-open", "line": {"width": 2.4}}
    _part(figure, communities["top_share"], rows, _(AUDIENCE), ring)
    figure.update_layout(
        height=ROW * len(rows) + TOP + BOTTOM,
        margin={"l": 8, "r": 16, "t": TOP, "b": BOTTOM},
        yaxis=row_axis([number(accounts) for accounts in communities["accounts"]]),
        xaxis={
            "domain": [0, 0.36], "fixedrange": True, "nticks": 3, "tickangle": 0,
            "title": small(_("accounts")),
        },
        xaxis2={
            "domain": [0.42, 1], "anchor": "y", "range": [-0.06, 1.08], "fixedrange": True,
            "showgrid": True, "tickangle": 0,
            "title": small(_("part of its shares")), **_shares(1),
        },
    )  # fmt: skip
    return figure


def _join(figure: go.Figure, communities: pl.DataFrame, rows: Sequence[int], look: Look) -> None:
    """Draw a thin line between the two parts of each row."""
    ends = zip(communities["inside_share"], communities["top_share"], rows, strict=True)
    x, y = [], []
    for inside, top, row in ends:
        x += [inside, top, None]
        y += [row, row, None]
    figure.add_scatter(
        x=x, y=y, xaxis="x2", mode="lines", line={"color": look.rule, "width": 2},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def _part(
    figure: go.Figure, part: pl.Series, rows: Sequence[int], name: str, marker: dict[str, Any]
) -> None:
    figure.add_scatter(
        x=part.to_list(), y=rows, xaxis="x2", mode="markers", name=name, marker=marker,
        hovertemplate=f"<b>{name}</b><br>%{{x:.1%}}<extra></extra>",
    )  # fmt: skip


def parts_figure(
    parts: pl.DataFrame,
    *,
    row: str,
    value: str,
    size: str,
    rows: Sequence[tuple[Any, str]],
    values: Sequence[str],
    named: Named,
    coloured: Callable[[str], str] | None = None,
    look: Look = LIGHT,
) -> go.Figure:
    """Draw rows of parts that make up 100 %, a colour for each value.

    Parameters
    ----------
    parts
        One row for each part: which row it is of, its value, and its size.
    row, value, size
        The columns that say so.
    rows
        What stands in the rows, and what it is called; in order.
    values
        Values that have a colour of their own, in order; the others share one.
    named
        What a value is called; null is one too.
    coloured
        The colour of a value; without, the look's series in the order of ``values``.
    """
    figure = go.Figure(layout={"template": look.template})
    stack = _Stack(figure, {key: place for place, (key, _name) in enumerate(rows)}, look.card)
    series = dict(zip(values, look.series, strict=False))
    known = [told for told in values if told in {*parts[value]}]
    told = parts.select(value=value, row=row, size=size)
    for name in known:
        own = {"color": coloured(name) if coloured else series.get(name, look.neutral)}
        stack.add(told.filter(pl.col("value") == name), plain(named(name)), own)
    other = ~pl.col("value").is_in(list(values))
    stack.add(told.drop_nulls("value").filter(other), _("others"), {"color": look.muted})
    hatched = {"shape": "/", "fgcolor": look.muted, "size": 5}
    unknown = {"color": look.rule, "pattern": hatched}
    stack.add(told.filter(pl.col("value").is_null()), named(None), unknown)
    lines = math.ceil((len(known) + 2) / 4)
    figure.update_layout(
        barmode="stack", barnorm="percent", bargap=0.35,
        height=ROW * len(rows) + TOP + LEGEND * lines,
        margin={"l": 8, "r": 28, "t": 12 + LEGEND * lines, "b": TOP},
        legend={"traceorder": "normal"},
        yaxis=row_axis([plain(name) for _key, name in rows]),
        xaxis={"range": [-0.5, 100.5], "fixedrange": True, "tickangle": 0, **_shares(100)},
    )  # fmt: skip
    return figure


def _shares(whole: float) -> dict[str, Any]:
    """Return the ticks of an axis of parts of a whole."""
    parts = (0, 0.25, 0.5, 0.75, 1)
    return {"tickvals": [part * whole for part in parts], "ticktext": [percent(p) for p in parts]}


@dataclass(frozen=True)
class _Stack:
    """Bars that are put side by side: in which figure, where each row is, and the line between."""

    figure: go.Figure
    places: Mapping[Any, int]
    line: str

    def add(self, parts: pl.DataFrame, name: str, marker: dict[str, Any]) -> None:
        """Add one value to all rows; nothing where no row has it."""
        told = [
            (self.places[key], size)
            for key, size in parts.select("row", "size").iter_rows()
            if key in self.places
        ]
        if told:
            line = {"line": {"color": self.line, "width": 1}}
            self.figure.add_bar(
                x=[size for _place, size in told], y=[place for place, _size in told],
                orientation="h", name=name, marker=marker | line,
                customdata=[number(size) for _place, size in told],
                hovertemplate=f"<b>{name}</b><br>%{{customdata}}<br>%{{x:.1f}} %<extra></extra>",
            )  # fmt: skip


def mixing_figure(
    mixing: pl.DataFrame, *, values: Sequence[str | None], named: Named, look: Look = LIGHT
) -> go.Figure:
    """Draw who shared whom as a grid: more or less often than if values were dealt out anew.

    Parameters
    ----------
    mixing
        Rows of ``mixing`` of one appeal and one trait.
    values
        The values that have a row and a column, in order.
    named
        What a value is called.
    """
    held = {(told["source"], told["target"]): told for told in mixing.iter_rows(named=True)}
    grid = [[held.get((source, target)) for target in values] for source in values]
    names = [plain(named(value)) for value in values]
    figure = go.Figure(layout={"template": look.template})
    figure.add_heatmap(
        z=[[_power(cell) for cell in line] for line in grid], x=names, y=names, xgap=3, ygap=3,
        zmin=-ROUND, zmax=ROUND, hoverongaps=False,
        colorscale=[[0, _faded(look.harms, look)], [0.5, look.card], [1, _faded(look.helps, look)]],
        text=[[_links(cell) for cell in line] for line in grid],
        texttemplate="%{text}", textfont={"color": look.ink, "size": 12},
        customdata=[[_compared(cell) for cell in line] for line in grid],
        hovertemplate=(
            _("of accounts: {source}<br>shared by: {target}").format(source="%{y}", target="%{x}")
            + "<br>%{customdata}<extra></extra>"
        ),
        colorbar={
            "tickvals": [-ROUND, 0, ROUND], "thickness": 10, "len": 0.9, "outlinewidth": 0,
            "ticktext": [_("⅛ as often"), _("as by chance"), _("8 times as often")],
        },
    )  # fmt: skip
    side = {"showgrid": False, "fixedrange": True, "ticks": "", "automargin": True}
    figure.update_layout(
        height=44 * len(names) + 90,
        margin={"l": 8, "r": 8, "t": 60, "b": 8},
        xaxis=side | {"side": "top", "title": small(_("who shared"))},
        yaxis=side | {"autorange": "reversed", "title": small(_("who was shared"))},
    )  # fmt: skip
    return figure


def _faded(colour: str, look: Look) -> str:
    """Return a colour on which ink can be read."""
    both = zip(_parts(colour), _parts(look.card), strict=True)
    return f"rgb({','.join(str(round(0.5 * strong + 0.5 * card)) for strong, card in both)})"


def _parts(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def _power(cell: dict[str, Any] | None) -> float | None:
    """Return the power of 2 that is drawn; none where too few links are expected to tell."""
    if cell is None or cell["expected"] < FEWEST:
        return None
    return max(min(math.log2(max(cell["ratio"], 1e-9)), ROUND), -ROUND)


def _links(cell: dict[str, Any] | None) -> str:
    return "" if cell is None else number(cell["links"])


def _compared(cell: dict[str, Any] | None) -> str:
    if cell is None:
        return ""
    said = _("{links} links; {expected} if dealt out anew")
    return said.format(links=number(cell["links"]), expected=number(cell["expected"], places=1))


def homophily_figure(
    homophily: pl.DataFrame, *, named: Callable[[str], str], look: Look = LIGHT
) -> go.Figure:
    """Draw whether like share like: the E-I index of each trait, and what chance gives.

    Parameters
    ----------
    homophily
        Rows of ``homophily`` of one appeal whose index is told.
    named
        What a trait is called.
    """
    rows = list(range(homophily.height))
    figure = go.Figure(layout={"template": look.template})
    x, y = [], []
    for row, (found, expected) in enumerate(homophily.select("ei", "ei_expected").iter_rows()):
        x += [expected, found, None]
        y += [row, row, None]
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": look.accent, "width": 3}, showlegend=False,
        hoverinfo="skip",
    )  # fmt: skip
    tick = {"symbol": "line-ns-open", "size": 18, "color": look.neutral, "line": {"width": 3}}
    _index(figure, homophily["ei_expected"], rows, _("were values dealt out anew"), tick)
    _index(figure, homophily["ei"], rows, _("found"), {"size": 12, "color": look.accent})
    figure.update_layout(
        height=38 * len(rows) + 130,
        margin={"l": 8, "r": 16, "t": 40, "b": 58},
        yaxis=row_axis([named(trait) for trait in homophily["by"]]),
        xaxis={
            "range": [-1.25, 1.25], "tickvals": [-1, -0.5, 0, 0.5, 1], "fixedrange": True,
            "tickangle": 0,
            "ticktext": [_("only like"), "", _("both alike"), "", _("only others")],
            "showgrid": True, "title": small(_("whom they shared")),
        },
    )  # fmt: skip
    return figure


def _index(
    figure: go.Figure, values: pl.Series, rows: Sequence[int], name: str, marker: dict[str, Any]
) -> None:
    figure.add_scatter(
        x=values.to_list(), y=rows, mode="markers", name=name, marker=marker,
        hovertemplate=f"<b>{name}</b><br>%{{x:.2f}}<extra></extra>",
    )  # fmt: skip
