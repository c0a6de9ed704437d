"""The strip of clocks: a lane each, with its start, the days on which it is due, and the answer."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import polars as pl

from dashboards.figures.words import short, wrapped
from dashboards.i18n import N_, _, noted, period
from dashboards.theme import LIGHT, Look

LANE, TOP, BOTTOM = 68, 26, 46  # pixels
STATES = {
    "waiting": N_("waiting"), "due": N_("due now"), "overdue": N_("overdue"),
    "answered": N_("answered"), "refused": N_("refused"), "unknown": N_("not known"),
}  # fmt: skip
_TIMES = ("started_lo", "started_hi", "due_lo", "due_hi", "answered_lo", "answered_hi", "judged_at")
LEAST_MARGIN = timedelta(days=3)
_UNCERTAIN = 0.35  # opacity of what lies between two bounds


def state_colour(state: str, look: Look) -> str:
    """Return the colour of a state."""
    colours = {
        "waiting": look.accent, "due": look.warns, "overdue": look.harms, "answered": look.helps,
        "refused": look.harms, "unknown": look.neutral,
    }  # fmt: skip
    return colours[state]


def clocks_figure(clocks: pl.DataFrame, *, look: Look = LIGHT) -> go.Figure:
    """Draw the clocks of one appeal, one below the other, on one axis of time.

    Parameters
    ----------
    clocks
        Rows of ``clocks`` of one appeal, in the order of the lanes. A pale stretch lies between two
        bounds: the start, or the day on which it is due.
    """
    figure = go.Figure(layout={"template": look.template})
    for lane, row in enumerate(clocks.iter_rows(named=True)):
        height = clocks.height - lane
        _draw_run(figure, row, height, look)
        _draw_due(figure, row, height, look)
        _draw_answer(figure, row, height, look)
        _name(figure, row, height, look)
    for time in clocks["judged_at"].unique().sort():
        _mark(figure, time, look)
    _frame(figure, clocks, look)
    return figure


def _draw_run(figure: go.Figure, row: dict[str, Any], height: int, look: Look) -> None:
    """Draw the time that ran: to the answer, or to the end of what was looked at."""
    if row["started_hi"] is None:
        return
    colour = state_colour(row["state"], look)
    end = max(row["answered_hi"] or row["judged_at"], row["started_hi"])
    if row["started_lo"] is not None and row["started_lo"] < row["started_hi"]:
        _line(figure, (row["started_lo"], row["started_hi"]), height, colour, _told(row), pale=True)
    _line(figure, (row["started_hi"], end), height, colour, _told(row), pale=bool(row["only_if"]))


def _draw_due(figure: go.Figure, row: dict[str, Any], height: int, look: Look) -> None:
    if row["due_hi"] is None:
        return
    first = row["due_lo"] or row["due_hi"]
    figure.add_scatter(
        x=[first, row["due_hi"]], y=[height] * 2, mode="lines+markers", name=_("due"),
        line={"color": look.ink, "width": 1, "dash": "dot"},
        marker={"symbol": "line-ns", "size": 14, "line": {"width": 2, "color": look.ink}},
        hovertemplate=_due_days(row) + "<extra></extra>",
    )  # fmt: skip
    figure.add_annotation(
        xanchor="center" if first == row["due_hi"] else "right",
        text=_due_days(row), x=row["due_hi"], y=height, yshift=-17, showarrow=False,
        font={"size": 11, "color": look.muted},
    )  # fmt: skip


def _draw_answer(figure: go.Figure, row: dict[str, Any], height: int, look: Look) -> None:
    if row["response_id"] is None:
        return
    figure.add_scatter(
        x=[row["answered_lo"], row["answered_hi"]], y=[height] * 2, mode="lines+markers",
        name=_(STATES[row["state"]]), line={"color": state_colour(row["state"], look), "width": 3},
        marker={
            "symbol": "diamond" if row["state"] == "answered" else "x", "size": 13,
            "color": state_colour(row["state"], look), "line": {"width": 1, "color": "white"},
        },
        hovertemplate=_told(row) + "<extra></extra>",
    )  # fmt: skip


def _line(
    figure: go.Figure,
    ends: tuple[datetime, datetime],
    height: int,
    colour: str,
    told: str,
    *,
    pale: bool,
) -> None:
    figure.add_scatter(
        x=list(ends), y=[height] * 2, mode="lines", name=_("between bounds") if pale else _("runs"),
        line={"color": colour, "width": 10}, opacity=_UNCERTAIN if pale else 1,
        hovertemplate=told + "<extra></extra>",
    )  # fmt: skip


def _name(figure: go.Figure, row: dict[str, Any], height: int, look: Look) -> None:
    """Write what is owed, and the state in the colour of its line."""
    unknown = row["state"] == "unknown"
    colour = look.muted if unknown else state_colour(row["state"], look)
    state = _("no clock is known to run") if unknown else _(STATES[row["state"]])
    if unknown and row["only_if"] and row["started_hi"]:
        state = _("owed on a condition")
    what = short(_(row["what"])) if row["what"] else _("no rule is held")
    figure.add_annotation(
        text=f'{what} <b style="color:{colour}">{state}</b>', xref="paper", x=0, y=height,
        yshift=20, xanchor="left", showarrow=False, font={"size": 12, "color": look.ink},
    )  # fmt: skip


def _mark(figure: go.Figure, time: datetime, look: Look) -> None:
    figure.add_shape(
        type="line", x0=time, x1=time, y0=0, y1=1, yref="paper",
        line={"color": look.ink, "width": 1, "dash": "dot"},
    )  # fmt: skip
    figure.add_annotation(
        text=_("looked until"), x=time, y=1, yref="paper", yanchor="bottom", showarrow=False,
        font={"size": 11, "color": look.ink},
    )  # fmt: skip


def _frame(figure: go.Figure, clocks: pl.DataFrame, look: Look) -> None:
    times = [time for name in _TIMES for time in clocks[name].drop_nulls()]
    window = None
    if times:
        margin = max((max(times) - min(times)) * 0.06, LEAST_MARGIN)
        window = [min(times) - margin, max(times) + margin]
    figure.update_layout(
        height=LANE * max(clocks.height, 1) + TOP + BOTTOM,
        margin={"l": 14, "r": 14, "t": TOP, "b": BOTTOM},
        showlegend=False,
        hovermode="closest",
        dragmode="pan",
        xaxis={
            "type": "date", "range": window, "showgrid": True, "gridcolor": look.rule,
            "tickcolor": look.rule, "tickfont": {"color": look.muted},
        },
        yaxis={"range": [0.4, clocks.height + 0.6], "visible": False, "fixedrange": True},
    )  # fmt: skip


def _told(row: dict[str, Any]) -> str:
    note = f"<br>{wrapped(noted(row['note']))}" if row["note"] else ""
    state = _(STATES[row["state"]])
    return f"<b>{short(_(row['what']))}</b><br>{state}{note}<br>{wrapped(row['source'])}"


def _due_days(row: dict[str, Any]) -> str:
    """Return the days on which it is due, as the country counts them."""
    zone = ZoneInfo(row["timezone"])
    first, last = ((row[name] or row["due_hi"]).astimezone(zone) for name in ("due_lo", "due_hi"))
    return _("due {days}").format(days=period(first, last))
