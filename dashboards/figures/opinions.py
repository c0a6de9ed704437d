"""What people say about the authorities: shares with their intervals, by stance."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from analytics.opinions import ANY
from analytics.tables import STANCES_OF
from dashboards.i18n import N_, _, number
from dashboards.theme import LIGHT, Look

ROW, FRAME = 26, 96  # pixels of one line, and of what stands around
PANEL = 110  # pixels of one stance over time
SILENT = STANCES_OF[-1]
POWERED, ALONE = "prediction_powered", "coded_only"

STANCE_NAMES = {
    "condemns": N_("condemns"), "defends": N_("defends"), "asks": N_("asks"),
    "neutral": N_("neutral"), "not_about": N_("does not speak of it"),
}  # fmt: skip
TARGET_NAMES = {
    "police": N_("police"), "prosecutor": N_("prosecutor"), "court": N_("court"),
    "government": N_("government"), "local_government": N_("local government"),
    "other": N_("another authority"),
}  # fmt: skip
METHOD_NAMES = {ALONE: N_("codes alone"), POWERED: N_("with a classifier, its misses taken off")}


def opinions_figure(rows: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw the share of each stance towards each authority, with its interval.

    Posts that speak of no authority are mostly so many that all else would be a speck beside them:
    their share is for words.

    Parameters
    ----------
    rows
        Rows of ``opinions`` over the whole time that have a share.
    look
        What it is drawn with.
    """
    rows = rows.filter(pl.col("stance") != SILENT)
    lines = _lines(rows)
    figure = go.Figure(layout={"template": look.template})
    for method, shift, colour in ((ALONE, 0.16, look.neutral), (POWERED, -0.16, look.accent)):
        _draw(
            figure, rows.filter(method=method).join(lines, on=["target", "stance"]), shift, colour
        )
    names = [_line_name(row) for row in lines.to_dicts()]
    figure.update_layout(
        height=ROW * lines.height + FRAME,
        margin={"l": 8, "r": 14, "t": 40, "b": 40},
        xaxis={"tickformat": ".0%", "range": [0, None], "showgrid": True, "rangemode": "tozero"},
        yaxis={
            "tickvals": lines["line"].to_list(), "ticktext": names, "autorange": False,
            "range": [lines.height - 0.4, -0.6], "showgrid": False, "automargin": True,
            "ticklabelstandoff": 8,
        },
    )  # fmt: skip
    return figure


def _lines(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the lines, from the top: each authority, all together first, and then its stances."""
    said = rows.select("target", "stance").unique()
    heads = said.select("target", stance=pl.lit(None, pl.String)).unique()
    order = pl.col("stance").cast(pl.Enum(STANCES_OF))
    by = (pl.col("target") != ANY, pl.col("target"), order)
    return pl.concat([heads, said]).sort(*by, nulls_last=False).with_row_index("line")


def _line_name(row: dict[str, Any]) -> str:
    if row["stance"]:
        return _(STANCE_NAMES[row["stance"]])
    return (
        f"<b>{_('any authority') if row['target'] == ANY else _(TARGET_NAMES[row['target']])}</b>"
    )


def _draw(figure: go.Figure, rows: pl.DataFrame, shift: float, colour: str) -> None:
    """Draw the points of one method, each with the interval that is told."""
    if rows.is_empty():
        return
    share = rows["share"]
    told = [f"{number(row['coded'])} / {number(row['posts'])}" for row in rows.to_dicts()]
    figure.add_scatter(
        x=share.to_list(),
        y=(rows["line"].cast(pl.Float64) + shift).to_list(),
        error_x={
            "type": "data", "symmetric": False, "color": colour, "thickness": 3, "width": 0,
            "array": (rows["hi"] - share).to_list(), "arrayminus": (share - rows["lo"]).to_list(),
        },
        mode="markers",
        name=_(METHOD_NAMES[rows["method"][0]]),
        marker={"size": 9, "color": colour},
        customdata=list(zip(rows["lo"], rows["hi"], told, strict=True)),
        hovertemplate=_("%{x:.0%} (%{customdata[0]:.0%} to %{customdata[1]:.0%})<br>coded / all: "
                        "%{customdata[2]}") + "<extra></extra>",
    )  # fmt: skip


def stretches_figure(rows: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw shares over stretches of days, one panel for each stance.

    Parameters
    ----------
    rows
        Rows of ``opinions`` of stretches that have a share; of two methods the one with the
        classifier is drawn where it is told.
    look
        What it is drawn with.
    """
    best = rows.sort(pl.col("method") != POWERED).unique(["stance", "from"], keep="first")
    stances = [stance for stance in STANCES_OF if stance in set(best["stance"])]
    figure = go.Figure(layout={"template": look.template})
    height = 1 / max(len(stances), 1)
    for place, stance in enumerate(stances):
        top = 1 - place * height
        axis = f"y{place + 1 if place else ''}"
        own = best.filter(stance=stance).sort("from")
        _band(figure, own, axis, look)
        figure.update_layout({axis.replace("y", "yaxis"): {
            "domain": [top - height * 0.72, top - height * 0.12], "tickformat": ".0%",
            "rangemode": "tozero", "nticks": 3, "fixedrange": True,
        }})  # fmt: skip
        figure.add_annotation(
            text=f"<b>{_(STANCE_NAMES[stance])}</b>", xref="paper", yref="paper", x=0,
            y=top - height * 0.1, xanchor="left", yanchor="bottom", showarrow=False,
            font={"size": 12, "color": look.ink},
        )  # fmt: skip
    figure.update_layout(
        height=PANEL * len(stances) + 60,
        showlegend=False,
        margin={"t": 8, "b": 52, "l": 46, "r": 8},
        xaxis={"anchor": "free", "position": 0, "type": "date"},
    )
    return figure


def _band(figure: go.Figure, rows: pl.DataFrame, axis: str, look: Look) -> None:
    """Draw a line over each stretch, and its interval as a bar."""
    for row in rows.with_columns(end=pl.col("to") + pl.duration(days=1)).to_dicts():
        figure.add_shape(
            type="rect", x0=row["from"], x1=row["end"], y0=row["lo"], y1=row["hi"], yref=axis,
            fillcolor=look.accent, opacity=0.22, line={"width": 0}, layer="below",
        )  # fmt: skip
        figure.add_scatter(
            x=[row["from"], row["end"]], y=[row["share"]] * 2, yaxis=axis, mode="lines+markers",
            line={"color": look.accent, "width": 3}, marker={"size": 5},
            hovertemplate=f"%{{y:.0%}} ({row['lo']:.0%} – {row['hi']:.0%})<extra></extra>",  # noqa: RUF001 - a span
        )  # fmt: skip
