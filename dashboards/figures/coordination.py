"""Synchronised sharing: what was found, and how much of it chance gives."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboards.figures.labels import heads, row_axis, small
from dashboards.i18n import N_, _, ngettext, number
from dashboards.theme import LIGHT, Look

ROW, TOP, BOTTOM = 26, 58, 50  # pixels of one row, of what is above all, and of what is below
GAP = 0.9  # rows between two kinds of objects
SURE = 0.05  # false discovery rate from which on a mark is filled
NONE_AT = 0.5  # where 0 stands on an axis of powers
TICKS = (0, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 100_000, 1_000_000)
OBJECTS = {
    "original": N_("The same post passed on"), "url": N_("The same link"),
    "hashtag": N_("The same hashtags"), "media": N_("The same picture or video"),
    "text": N_("The same words"),
}  # fmt: skip
FLAGS = {
    "posts_per_hour": N_("posts an hour"), "account_age": N_("days since the account was opened"),
    "gap_entropy": N_("how uneven the pauses are, in bits"),
}  # fmt: skip
CHANCE, EXPECTED = N_("by chance: 95 % of the draws"), N_("by chance: the mean")
FOUND, ALIKE = N_("found, beyond chance"), N_("found, not beyond chance over all looks")


def synchrony_figure(coordination: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw pairs of accounts that met again, by what they shared and within how many seconds.

    Parameters
    ----------
    coordination
        Rows of ``coordination`` of one appeal; those that were not held against chance are left
        out.
    """
    rows = _placed(coordination)
    figure = go.Figure(layout={"template": look.template})
    x, y = _bands(rows, ("null_lo", "null_hi"))
    figure.add_scatter(
        x=x, y=y, mode="lines", name=_(CHANCE), line={"color": look.rule, "width": 13},
        hoverinfo="skip",
    )  # fmt: skip
    tick = {"symbol": "line-ns-open", "size": 13, "color": look.muted, "line": {"width": 2}}
    _points(figure, rows, "null_mean", _(EXPECTED), tick)
    sure = pl.col("q") <= SURE
    filled = {"size": 12, "color": look.accent, "symbol": "diamond"}
    _points(figure, rows.filter(sure), "repeated", _(FOUND), filled)
    ring = {"size": 10, "color": look.ink, "symbol": "circle-open", "line": {"width": 2}}
    _points(figure, rows.filter(~sure), "repeated", _(ALIKE), ring)
    _frame(figure, rows, look)
    return figure


def _placed(coordination: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that are drawn, each kind of objects below the one before."""
    kinds = pl.Enum(list(OBJECTS))
    told = coordination.drop_nulls(["repeated", "null_mean", "window"]).sort(
        pl.col("object").cast(kinds), "window"
    )
    return _below(told, ["object"])


def _below(rows: pl.DataFrame, block: Sequence[str]) -> pl.DataFrame:
    """Return where rows are drawn: each block below the one before, with room for its name."""
    changes = [(pl.col(name) != pl.col(name).shift()).fill_null(value=False) for name in block]
    blocks = pl.any_horizontal(changes).cum_sum() + 1
    return rows.with_columns(row=pl.int_range(pl.len()) + GAP * blocks)


def _at(count: float) -> float:
    return math.log10(max(count, NONE_AT))


def _bands(rows: pl.DataFrame, ends: tuple[str, str]) -> tuple[list[Any], list[Any]]:
    x: list[float | None] = []
    y: list[float | None] = []
    for row, low, high in rows.select("row", *ends).iter_rows():
        wide = max(_at(high), _at(low) + 0.03)  # a band without width is seen as well
        x += [_at(low), wide, None]
        y += [row, row, None]
    return x, y


def _points(
    figure: go.Figure, rows: pl.DataFrame, column: str, name: str, marker: dict[str, Any]
) -> None:
    if rows.height:
        figure.add_scatter(
            x=[_at(count) for count in rows[column]], y=rows["row"].to_list(), mode="markers",
            name=name, marker=marker, customdata=[_said(row) for row in rows.to_dicts()],
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip


def _said(row: dict[str, Any]) -> str:
    found = ngettext(
        "{n} pair of accounts met again", "{n} pairs of accounts met again", row["repeated"]
    ).format(n=number(row["repeated"]))
    chance = _("by chance {mean}, {low} to {high}").format(
        mean=number(row["null_mean"], places=1),
        low=number(row["null_lo"]),
        high=number(row["null_hi"]),
    )
    doubt = _("false discovery rate {q}").format(q=number(row["q"], places=3))
    return f"<b>{seconds(row['window'])}</b><br>{found}<br>{chance}<br>{doubt}"


def seconds(window: float) -> str:
    """Return a length of time in words.

    >>> seconds(10), seconds(600), seconds(86400)
    ('10 seconds', '10 minutes', '24 hours')
    """
    hours, minutes = window / 3600, window / 60
    if hours >= 2 and hours.is_integer():  # noqa: PLR2004 - one is told in minutes
        return ngettext("{n} hour", "{n} hours", hours).format(n=number(hours))
    if minutes >= 2 and minutes.is_integer():  # noqa: PLR2004 - one is told in seconds
        return ngettext("{n} minute", "{n} minutes", minutes).format(n=number(minutes))
    places = 0 if float(window).is_integer() else 1
    return ngettext("{n} second", "{n} seconds", window).format(n=number(window, places=places))


def _frame(figure: go.Figure, rows: pl.DataFrame, look: Look) -> None:
    last = max(rows["row"], default=0.0)
    most = max([1.0, *rows["repeated"], *rows["null_hi"]])
    ticks = [tick for tick in TICKS if tick <= most]
    first = rows.group_by("object", maintain_order=True).agg(pl.col("row").min()).rows()
    figure.update_layout(
        height=ROW * (last + 1.5) + TOP + BOTTOM,
        margin={"l": 8, "r": 20, "t": TOP, "b": BOTTOM},
        annotations=heads([(_(OBJECTS[kind]), row) for kind, row in first], look.ink),
        xaxis={
            "tickvals": [_at(tick) for tick in ticks], "ticktext": [number(t) for t in ticks],
            "range": [_at(0) - 0.06, _at(most) + 0.12], "showgrid": True, "fixedrange": True,
            "title": small(_("pairs of accounts that met again")), "tickangle": 0,
        },
        yaxis=row_axis([_within(row) for row in rows.to_dicts()], rows["row"].to_list()),
    )  # fmt: skip


def _within(row: dict[str, Any]) -> str:
    said = seconds(row["window"])
    return _("{time} *").format(time=said) if row["window_basis"] == "data" else said


def groups_figure(groups: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw groups as sums: how often their accounts met, and how often chance has them meet.

    Parameters
    ----------
    groups
        Rows of ``coordination_groups`` of one appeal, in the order in which they are to be drawn;
        those of one kind of object and one window follow each other.
    """
    placed = _below(groups, ["object", "window"])
    rows = placed["row"].to_list()
    figure = go.Figure(layout={"template": look.template})
    x: list[float | None] = []
    y: list[float | None] = []
    for row, found, expected in placed.select("row", "meetings", "expected").iter_rows():
        x += [expected, found, None]
        y += [row, row, None]
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": look.accent, "width": 3}, hoverinfo="skip",
        showlegend=False,
    )  # fmt: skip
    tick = {"symbol": "line-ns-open", "size": 14, "color": look.neutral, "line": {"width": 3}}
    _meetings(figure, groups["expected"], rows, _(EXPECTED), tick)
    _meetings(figure, groups["meetings"], rows, _("found"), {"size": 11, "color": look.accent})
    figure.update_layout(
        height=ROW * (max(rows, default=0.0) + 1.5) + TOP + BOTTOM,
        margin={"l": 8, "r": 20, "t": 44, "b": BOTTOM},
        annotations=heads(_kinds(placed), look.ink, left=110),
        xaxis={
            "rangemode": "tozero", "showgrid": True, "fixedrange": True,
            "title": small(_("meetings of two")),
        },
        yaxis=row_axis([_group(row) for row in groups.to_dicts()], rows),
    )  # fmt: skip
    return figure


def _meetings(
    figure: go.Figure, values: pl.Series, rows: Sequence[float], name: str, marker: dict[str, Any]
) -> None:
    figure.add_scatter(
        x=values.to_list(), y=rows, mode="markers", name=name, marker=marker,
        hovertemplate=f"<b>{name}</b><br>%{{x:,.3~g}}<extra></extra>",
    )  # fmt: skip


def _kinds(placed: pl.DataFrame) -> list[tuple[str, float]]:
    """Return what groups shared and within what time, with the first row of each."""
    first = placed.group_by("object", "window", maintain_order=True).agg(pl.col("row").min())
    said = _("{what}, within {time}")
    return [
        (said.format(what=_(OBJECTS[kind]), time=seconds(window)), row)
        for kind, window, row in first.iter_rows()
    ]


def _group(row: dict[str, Any]) -> str:
    return _("{accounts}, {objects}").format(
        accounts=ngettext("{n} account", "{n} accounts", row["accounts"]).format(
            n=number(row["accounts"])
        ),
        objects=ngettext("{n} thing", "{n} things", row["objects"]).format(
            n=number(row["objects"])
        ),
    )


def flags_figure(flags: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw how traits are spread: the middle half of all accounts, and of those in groups.

    Parameters
    ----------
    flags
        Rows of ``coordination_flags`` of one appeal whose quarters are told: of all accounts, and
        of the groups of one kind of object, one window and one chance.
    """
    names = [flag for flag in FLAGS if flag in {*flags["flag"]}]
    figure = go.Figure(layout={"template": look.template})
    for panel, flag in enumerate(names):
        own = flags.filter(pl.col("flag") == flag)
        _spread(figure, own, panel, look)
        _panel(figure, panel, len(names), _(FLAGS[flag]))
    figure.update_layout(
        height=104 * max(len(names), 1) + 46, showlegend=False,
        margin={"l": 8, "r": 20, "t": 10, "b": 36},
    )  # fmt: skip
    return figure


def _spread(figure: go.Figure, own: pl.DataFrame, panel: int, look: Look) -> None:
    """Draw the middle half and the median of all accounts, and of those in groups."""
    axes = {"xaxis": _axis("x", panel), "yaxis": _axis("y", panel), "showlegend": False}
    for row in own.to_dicts():
        name = _("all accounts") if row["object"] is None else _("in groups")
        colour = look.neutral if row["object"] is None else look.accent
        said = _("{name}: {low} to {high}, half below {mid}; {n} accounts").format(
            name=name, low=_short(row["q25"]), high=_short(row["q75"]), mid=_short(row["q50"]),
            n=number(row["accounts"]),
        )  # fmt: skip
        figure.add_scatter(
            x=[row["q25"], row["q75"]], y=[name, name], mode="lines", hovertext=said,
            hoverinfo="text", line={"color": colour, "width": 12}, **axes,
        )  # fmt: skip
        figure.add_scatter(
            x=[row["q50"]], y=[name], mode="markers", hovertext=said, hoverinfo="text",
            marker={"symbol": "line-ns-open", "size": 22, "color": look.ink, "line": {"width": 2}},
            **axes,
        )  # fmt: skip


def _axis(letter: str, panel: int) -> str:
    return letter if panel == 0 else f"{letter}{panel + 1}"


def _panel(figure: go.Figure, panel: int, panels: int, title: str) -> None:
    high = 1 - panel / panels
    place = "" if panel == 0 else str(panel + 1)
    figure.update_layout({
        f"xaxis{place}": {
            "anchor": _axis("y", panel), "rangemode": "tozero", "fixedrange": True,
            "title": small(title) | {"standoff": 4}, "nticks": 5, "tickangle": 0,
        },
        f"yaxis{place}": {
            "domain": [high - 0.56 / panels, high], "showgrid": False, "automargin": True,
            "fixedrange": True, "ticks": "", "type": "category", "range": [-0.6, 1.6],
        },
    })  # fmt: skip


def _short(value: float) -> str:
    return number(value, places=0 if abs(value) >= 100 else 2)  # noqa: PLR2004
