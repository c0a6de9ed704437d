"""Who carried it: ranks with their doubt, sizes of accounts, what would be missing, borders."""

from collections.abc import Mapping, Sequence
from math import ceil, log10
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboards.figures.labels import heads, plain, row_axis, small
from dashboards.figures.panels import faint
from dashboards.filters import ROLE_NAMES
from dashboards.i18n import N_, _, number, percent
from dashboards.theme import LIGHT, Look

ROW, BOTTOM = 24, 48  # pixels of one account, and of what is below all
NARROW = 20  # characters of a line of a group's name
GROUP = 58  # of one group of accounts
THICK = 0.34  # of a group's row: as far as dots stand from its middle
TURN = 0.618034  # of a row's width, from one dot to the next: neighbours lie far apart
_FIXED: dict[str, Any] = {"fixedrange": True}

TIER_NAMES = {
    "mega": N_("a million followers or more"), "macro": N_("100,000 followers or more"),
    "micro": N_("10,000 followers or more"), "nano": N_("under 10,000 followers"),
}  # fmt: skip
HIDDEN = N_("followers not known")
PUBLIC = ("media", "ngo", "official", "public_figure")
RANKING_NAMES = {
    "credit": N_("what they carried"), "reshares": N_("how often they were shared"),
    "h_index": N_("the h-index of their posts"), "pagerank": N_("PageRank"),
    "followers": N_("followers"),
}  # fmt: skip
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def role_colours(look: Look) -> Mapping[str, str]:
    """Return one colour for each role."""
    names = ("person", "media", "ngo", "official", "public_figure")
    return dict(zip(names, look.series, strict=False)) | {"unknown": look.neutral}


def ranks_figure(spreaders: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw ranks by what was carried, as dots with the interval over draws.

    Parameters
    ----------
    spreaders
        Rows of ``spreaders`` that have a rank, with ``who``, in the order of the rows.
    """
    figure = go.Figure(layout={"template": look.template})
    places = spreaders.with_row_index("place")
    colours = role_colours(look)
    for (role,), own in places.group_by("role", maintain_order=True):
        colour = colours[str(role)]
        _spans(figure, own, ("rank_lo", "rank_hi"), colour)
        figure.add_scatter(
            x=own["rank"].to_list(), y=own["place"].to_list(), mode="markers",
            name=_(ROLE_NAMES[str(role)]), marker={"color": colour, "size": 9},
            customdata=[_ranked(row) for row in own.iter_rows(named=True)],
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    ticks = _tens(max([1, *spreaders["rank"], *spreaders["rank_hi"]]))
    _rows(figure, spreaders["who"].to_list(), _("rank: 1 carried most"))
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=[number(n) for n in ticks])
    return figure


def _tens(last: float) -> list[int]:
    """Return the numbers under an axis of powers: few, so that a phone has room for them.

    >>> _tens(30), _tens(1000)
    ([1, 10, 100], [1, 10, 100, 1000])
    """
    return [10**power for power in range(ceil(log10(max(last, 2))) + 1)]


def _spans(figure: go.Figure, rows: pl.DataFrame, ends: tuple[str, str], colour: str) -> None:
    """Draw bars from one end to the other, in one piece with gaps."""
    x: list[float | None] = []
    y: list[int | None] = []
    for low, high, place in rows.select(*ends, "place").iter_rows():
        x += [low, high, None]
        y += [place, place, None]
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": faint(colour, 0.45), "width": 6},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def _ranked(row: dict[str, Any]) -> str:
    said = _(
        "<b>{who}</b><br>rank {rank}, {lo} to {hi} over trees drawn; first in {first} of them<br>"
        "{credit} posts hang from what it passed on ({credit_lo} to {credit_hi})<br>{started} hang "
        "from its own"
    )
    told = {
        name: number(row[name], places=0)
        for name in ("credit", "credit_lo", "credit_hi", "started", "rank")
    }
    return said.format(
        who=plain(row["who"]), lo=number(row["rank_lo"]), hi=number(row["rank_hi"]),
        first=percent(row["first_chance"]), **told,
    )  # fmt: skip


def _rows(figure: go.Figure, names: Sequence[str], title: str) -> None:
    """Frame rows that each have a name."""
    figure.update_layout(
        height=44 + BOTTOM + ROW * max(len(names), 1),
        margin={"l": 8, "r": 16, "t": 40, "b": BOTTOM},
        hovermode="closest",
        legend={"traceorder": "normal"},
        xaxis={"title": small(title), "showgrid": True} | _FIXED,
        yaxis=row_axis([plain(name) for name in names]),
    )  # fmt: skip


def group_of(row: Mapping[str, Any]) -> str:
    """Return the group of an account: its role where that is public, else its tier."""
    if row["role"] in PUBLIC:
        return str(row["role"])
    return str(row["tier"] or "hidden")


GROUPS = (*PUBLIC, "mega", "macro", "micro", "nano", "hidden")  # from the top


def group_name(group: str) -> str:
    """Return what a group is called.

    >>> group_name("macro"), group_name("media")
    ('100,000 followers or more', 'media')
    """
    return _({**ROLE_NAMES, **TIER_NAMES, "hidden": HIDDEN}[group])


def groups_figure(spreaders: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw how much each account carried, a dot each, by role and by number of followers.

    Parameters
    ----------
    spreaders
        Rows of ``spreaders``. The axis is of powers; those from whom nothing hangs stand at 0.
    """
    told = [group_of(row) for row in spreaders.iter_rows(named=True)]
    groups = pl.Series("group", told, pl.String)
    rows = spreaders.with_columns(groups)
    shown = [group for group in GROUPS if group in set(groups)]
    figure = go.Figure(layout={"template": look.template})
    names = []
    for place, group in enumerate(shown):
        own = rows.filter(group=group)
        names.append(f"{group_name(group)} ({number(own.height)})")
        colour = role_colours(look)[group] if group in PUBLIC else look.muted
        _strip(figure, own, place, colour)
    most = float(spreaders["credit"].max() or 0.0)  # type: ignore[arg-type]
    _rows(figure, names, _("posts carried"))
    figure.update_yaxes(ticktext=["<br>".join(wrap(name, NARROW)) for name in names])
    figure.update_layout(height=24 + BOTTOM + GROUP * max(len(shown), 1), showlegend=False)
    figure.update_layout(margin={"t": 14})
    figure.update_xaxes(**_from_nought(most))
    return figure


def _strip(figure: go.Figure, rows: pl.DataFrame, place: int, colour: str) -> None:
    """Draw dots of one group, dealt over the width of its row so that equals can be seen."""
    aside = [place + THICK * (2 * (n * TURN % 1) - 1) for n in range(rows.height)]
    figure.add_scatter(
        x=(rows["credit"] + 1.0).to_list(), y=aside, mode="markers",
        marker={"color": colour, "size": 6, "opacity": 0.5, "line": {"width": 0}},
        customdata=[_carried(row) for row in rows.iter_rows(named=True)],
        hovertemplate="%{customdata}<extra></extra>", cliponaxis=False,
    )  # fmt: skip


def _carried(row: dict[str, Any]) -> str:
    said = _("<b>{who}</b><br>{credit} posts hang from what it passed on; followers: {followers}")
    return said.format(
        who=plain(row["who"]), credit=number(row["credit"]), followers=number(row["followers"])
    )


def _from_nought(most: float) -> dict[str, Any]:
    """Return an axis of powers of one more than what is told, so that 0 has a place."""
    told = [0, *_tens(most)]
    return {
        "type": "log", "tickvals": [n + 1 for n in told], "ticktext": [number(n) for n in told],
        "range": [-0.05, log10(most + 1) + 0.1],
    }  # fmt: skip


def removal_figure(removal: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw bounds of what would be missing without the first accounts of one ranking.

    Parameters
    ----------
    removal
        Rows of ``removal`` of one ranking, in the order of accounts taken away.
    """
    figure = go.Figure(layout={"template": look.template})
    edge = {"color": look.accent, "width": 2}
    band = {"line": edge | {"width": 0}, "fill": "tonexty", "fillcolor": faint(look.accent, 0.18)}
    _curve(figure, removal, "own", "%{y:.1%}", name=_("least: their own shares"), line=edge)
    _curve(
        figure, removal, "tree_hi", _("95% point: %{y:.1%}"), name=_("its 95% point"), **band,
        showlegend=False,
    )  # fmt: skip
    _curve(
        figure, removal, "tree", "%{y:.1%}", name=_("most: all that hangs from them"),
        line=edge | {"dash": "dash"},
    )  # fmt: skip
    _frame(figure, removal, _("part of all shares"))
    return figure


def _curve(figure: go.Figure, rows: pl.DataFrame, column: str, said: str, **drawn: Any) -> None:  # noqa: ANN401
    hover = _("%{x:,} accounts") + f"<br>{said}<extra></extra>"
    figure.add_scatter(
        x=rows["accounts"].to_list(), y=rows[column].to_list(), hovertemplate=hover,
        **{"mode": "lines"} | drawn,
    )  # fmt: skip


def _frame(figure: go.Figure, rows: pl.DataFrame, title: str) -> None:
    sizes = _tens(max([1, *rows["accounts"]]))
    figure.update_layout(
        height=360, margin={"l": 58, "r": 30, "t": 30, "b": BOTTOM}, hovermode="closest",
        legend={"traceorder": "normal"}, showlegend=True,
        xaxis={
            "type": "log", "tickvals": sizes, "ticktext": [number(size) for size in sizes],
            "title": small(_("accounts taken away")), "showgrid": True,
        } | _FIXED,
        yaxis={"tickformat": ".0%", "title": small(title)} | _FIXED,
    )  # fmt: skip


def rankings_figure(removal: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw what is left of attributed reshares without the first accounts of each ranking.

    Parameters
    ----------
    removal
        Rows of ``removal`` in the order of accounts taken away; a curve for each ranking, told
        apart by colour and by dashes.
    """
    figure = go.Figure(layout={"template": look.template})
    rows = removal.drop_nulls("static")
    rankings = [name for name in RANKING_NAMES if name in set(rows["ranking"])]
    for place, ranking in enumerate(rankings):
        drawn = {"color": look.series[place], "dash": _DASHES[place], "width": 2.2}
        own = rows.filter(ranking=ranking)
        _curve(
            figure, own, "static", _("%{y:.1%} left"), line=drawn, mode="lines+markers",
            name=_(RANKING_NAMES[ranking]),
        )  # fmt: skip
    _frame(figure, rows, _("part that is left"))
    figure.update_yaxes(range=[0, 1.02])
    figure.update_layout(height=420)
    return figure


def concentration_figure(carriers: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw how much ten accounts carried and Gini's coefficient, with 5 to 95 % over draws.

    Parameters
    ----------
    carriers
        The row of ``carriers`` of an appeal.
    """
    told = carriers.row(0, named=True)
    names = {"ten": _("carried by ten accounts"), "gini": _("Gini's coefficient")}
    figure = go.Figure(layout={"template": look.template})
    for place, name in enumerate(names):
        if told[name] is None:
            continue
        figure.add_scatter(
            x=[told[f"{name}_lo"], told[f"{name}_hi"]], y=[place, place], mode="lines",
            line={"color": faint(look.accent, 0.45), "width": 8}, hoverinfo="skip",
        )  # fmt: skip
        figure.add_scatter(
            x=[told[name]], y=[place], mode="markers", marker={"size": 11, "color": look.accent},
            hovertemplate=f"{percent(told[name], places=1)}<extra></extra>",
        )  # fmt: skip
    _rows(figure, list(names.values()), _("0%: even; 100%: one alone"))
    figure.update_layout(height=150, showlegend=False, margin={"t": 10})
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    return figure


def brokers_figure(
    brokers: pl.DataFrame, borders: Mapping[str, str], *, look: Look = LIGHT
) -> go.Figure:
    """Draw what hangs from shares of an account's posts on the other side of each border.

    Parameters
    ----------
    brokers
        Rows of ``brokers`` with ``who`` and ``role``, in the order of the rows within a border.
    borders
        What each border is called, in the order in which they stand.
    """
    figure = go.Figure(layout={"template": look.template})
    blocks: list[tuple[str, float]] = []
    parts: list[pl.DataFrame] = []
    row = 0
    for across, title in borders.items():
        own = brokers.filter(across=across)
        if own.height:
            row += 1  # for the title
            blocks.append((plain(title), float(row)))
            parts.append(own.with_row_index("place", offset=row))
            row += own.height
    placed = pl.concat([brokers.clear().with_row_index("place"), *parts])
    _across(figure, placed, look)
    names = placed["who"].to_list()
    _rows(figure, names, _("posts carried across"))
    figure.update_layout(
        height=44 + BOTTOM + ROW * max(row + 1, 1),
        yaxis=row_axis([plain(name) for name in names], placed["place"].to_list())
        | {"range": [row + 0.6, 0.0]},
        annotations=heads(blocks, look.ink, left=0),
    )  # fmt: skip
    figure.update_xaxes(**_from_nought(float(brokers["credit"].max() or 0.0)))  # type: ignore[arg-type]
    return figure


def _across(figure: go.Figure, rows: pl.DataFrame, look: Look) -> None:
    """Draw a dot for each account, by role, on a stem from nothing."""
    colours = role_colours(look)
    for (role,), own in rows.group_by("role", maintain_order=True):
        colour = colours[str(role)]
        stems = own.with_columns(none=pl.lit(1.0), all=pl.col("credit") + 1)
        _spans(figure, stems, ("none", "all"), colour)
        figure.add_scatter(
            x=(own["credit"] + 1).to_list(), y=own["place"].to_list(), mode="markers",
            name=_(ROLE_NAMES[str(role)]), marker={"color": colour, "size": 10},
            customdata=[_crossed(told) for told in own.iter_rows(named=True)],
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip


def _crossed(row: dict[str, Any]) -> str:
    said = _("<b>{who}</b><br>{credit} posts hang from {crossings} shares across")
    return said.format(
        who=plain(row["who"]), credit=number(row["credit"], places=1),
        crossings=number(row["crossings"], places=1),
    )  # fmt: skip
