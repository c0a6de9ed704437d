"""The shapes of the largest cascades: what is observed, and bands for what is inferred."""

import math
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import polars as pl

from analytics.tables import METHODS
from dashboards.i18n import N_, _, ngettext, number
from dashboards.theme import LIGHT, Look, platform_name

ROW = 34  # pixels of one cascade
TOP = 52  # pixels of titles and axes
FRAME = TOP + 84  # and of the legend, on several lines where the page is narrow
PANELS = (("depth", N_("Depth"), "x"), ("virality", N_("Virality"), "x2"))
STAR, PDI = N_("star, by construction"), N_("published grid (PDI): 5 to 95 %")
FOLLOW = N_("follow lists")
OBSERVED, INFERRED = N_("observed"), N_("inferred: 5 to 95 %")
MEDIAN = N_("inferred: median")


def shapes_figure(shapes: pl.DataFrame, cascades: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw depth and virality of some cascades, one row each, by every method.

    Parameters
    ----------
    shapes
        Rows of ``shapes``.
    cascades
        Rows of ``cascades`` of one appeal, in the order in which they are to be drawn.
    """
    rows = cascades.select(
        "root_id", "platform", "size", row=pl.int_range(pl.len(), dtype=pl.Int64)
    )
    placed = shapes.join(rows, on="root_id", how="inner").sort("row")
    figure = go.Figure(layout={"template": look.template})
    for measure, title, axis in PANELS:
        _draw(figure, placed.filter(pl.col(measure).is_not_null()), measure, axis, look)
        _name_axis(figure, axis, _(title), placed[[measure, f"{measure}_hi"]], look)
    _frame(figure, rows)
    return figure


def _draw(figure: go.Figure, placed: pl.DataFrame, measure: str, axis: str, look: Look) -> None:
    by = {method: placed.filter(pl.col("method") == method) for method in METHODS}
    columns = _Columns(measure, axis)
    columns.band(figure, by["pdi"], PDI, {"color": look.rule, "width": 9})
    columns.points(
        figure, by["star"], STAR, {"symbol": "line-ns-open", "size": 12, "color": look.muted}
    )
    columns.band(figure, by["calibrated"], INFERRED, {"color": look.accent, "width": 4})
    ring = {"symbol": "circle-open", "size": 9, "color": look.accent, "line": {"width": 2}}
    columns.points(figure, by["follow"], FOLLOW, ring)
    columns.points(figure, by["calibrated"], MEDIAN, {"size": 9, "color": look.accent})
    columns.points(
        figure, by["observed"], OBSERVED, {"symbol": "diamond", "size": 9, "color": look.ink}
    )


@dataclass(frozen=True)
class _Columns:
    """Where one measure is found in the table, and the axis it is drawn on."""

    measure: str
    axis: str

    def band(self, figure: go.Figure, rows: pl.DataFrame, name: str, line: dict[str, Any]) -> None:
        """Draw a bar from the 5 % to the 95 % point of each row."""
        x: list[float | None] = []
        y: list[int | None] = []
        ends = rows.select("row", f"{self.measure}_lo", f"{self.measure}_hi")
        for row, low, high in ends.iter_rows():
            x += [low, high, None]
            y += [row, row, None]
        self._add(figure, name, x=x, y=y, mode="lines", line=line, hoverinfo="skip")

    def points(
        self, figure: go.Figure, rows: pl.DataFrame, name: str, marker: dict[str, Any]
    ) -> None:
        """Draw the median of each row."""
        ends = [f"{self.measure}_lo", f"{self.measure}_hi", "trees", "drawn"]
        self._add(
            figure, name, x=rows[self.measure].to_list(), y=rows["row"].to_list(), mode="markers",
            marker=marker, customdata=rows.select(ends).rows(),
            hovertemplate=(
                f"<b>{_(name)}</b><br>"
                + _("%{x:.3~g} (%{customdata[0]:.3~g} … %{customdata[1]:.3~g})<br>"
                    "%{customdata[3]:,} posts, %{customdata[2]:,} trees")
                + "<extra></extra>"
            ),
        )  # fmt: skip

    def _add(self, figure: go.Figure, name: str, **drawn: Any) -> None:  # noqa: ANN401
        """Add a trace, once in the legend; none without rows."""
        if drawn["y"]:
            first = self.axis == "x"
            figure.add_scatter(
                name=_(name), legendgroup=name, xaxis=self.axis, showlegend=first, **drawn
            )


def _name_axis(figure: go.Figure, axis: str, title: str, values: pl.DataFrame, look: Look) -> None:
    left = axis == "x"
    most = max((value for value in values.max().row(0) if value is not None), default=1.0)
    figure.update_layout({
        f"xaxis{'' if left else '2'}": {
            "domain": [0, 0.47] if left else [0.53, 1], "type": "log", "anchor": "y",
            "range": [-0.06, max(math.log10(most * 1.15), 0.5)],
            "side": "top", "showgrid": True, "gridcolor": look.rule,
            "tickvals": [1, 2, 5, 10, 30, 100, 300, 1000],
            "title": {"text": title, "font": {"size": 12}},
        }
    })  # fmt: skip


def _frame(figure: go.Figure, rows: pl.DataFrame) -> None:
    names = [
        ngettext("{platform}, {n} post", "{platform}, {n} posts", size).format(
            platform=platform_name(platform), n=number(size)
        )
        for platform, size in rows.select("platform", "size").iter_rows()
    ]
    figure.update_layout(
        height=ROW * rows.height + FRAME,
        margin={"t": TOP, "l": 8, "r": 8, "b": 8},
        showlegend=True,
        legend={"orientation": "h", "y": -0.02, "yanchor": "top", "x": 0},
        yaxis={
            "tickvals": list(range(rows.height)), "ticktext": names, "autorange": False,
            "range": [rows.height - 0.5, -0.5], "showgrid": False, "zeroline": False,
            "automargin": True,
        },
    )  # fmt: skip
