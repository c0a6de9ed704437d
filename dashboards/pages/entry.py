"""The ledger on the page Responses: enter, correct, undo, and see who changed what."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
import polars as pl
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from analytics.codes import codes
from analytics.errors import GroundswellError
from analytics.ledger import added, as_cells, checked, edited, history, in_force, undone
from analytics.responses import RUNG_NAMES
from analytics.store import Store
from analytics.tables import LEVELS, TARGETS
from dashboards import guard
from dashboards.grids import OPTIONS, PAGE, grid
from dashboards.i18n import N_, _, number, period, signed, speaking
from dashboards.view import LOOK_NOW, URL, View, language_of, view_of

WHO = "entry-who"
KEY = "entry-key"
APPEAL = "entry-appeal"
ADD = "entry-add"
UNDO = "entry-undo"
GRID = "entry-grid"
TRAIL = "entry-trail"
SAID = "entry-said"
MEANS = "entry-means"
LEFT = "entry-set-aside"
PROPOSED = "entry-proposed"

POLITE: Any = {"aria-live": "polite"}  # screen readers say what comes here

LABELS = {  # in the order of the form
    "from": N_("When"), "to": N_("Until, if between two dates"), "actor": N_("Authority"),
    "actor_code": N_("Authority's CAMEO code"), "actor_kind": N_("Kind of body"),
    "level": N_("Level of government"), "verb_code": N_("What it did: CAMEO code"),
    "target": N_("Done to whom"), "huridocs_type": N_("Type of response (HURIDOCS 27)"),
    "status": N_("Status (HURIDOCS 45)"), "impact": N_("Assessed impact (HURIDOCS 44)"),
    "summary": N_("In one sentence"), "sources": N_("Sources, with | between them"),
    "confidence": N_("How sure, 0 to 1"),
}  # fmt: skip
HINTS = {
    "from": N_("2016, 2016-08, 2016-08-29 or 2016-08-29T18:30: write no more than is known"),
    "actor": N_("An institution, never a private person"),
    "verb_code": N_("Such as 09 investigates, 173 arrests"),
}
NEEDED = ("from", "actor", "verb_code")
NO_NAME = N_("Say first who codes: every change is signed.")
NOTHING = N_("There is nothing to undo.")
STALE = N_("Lags, clocks and waits follow at the next “groundswell measure”.")
WHO_TOLD = N_("Your name or initials, written beside everything that you change")
CANDIDATES = N_(
    "Posts of official accounts, articles and what machines coded: each may be a response or tell "
    "of one, and may be about something else. Nothing enters the ledger without a person; what is "
    "set aside is hidden in this browser only."
)

Cells = dict[str, str | None]
Answer = tuple[str, dict[str, str], bool]  # what to say, mistakes by field, whether it changed


def layout(store: Store, appeal_id: str, key: str) -> list[Component]:
    """Return the ledger of one appeal: candidates, the form, the grid and its trail."""
    return [
        dcc.Store(id=KEY, data=key),
        dcc.Store(id=APPEAL, data=appeal_id),
        dcc.Store(id=LEFT, storage_type="local", data=[]),
        dmc.Title(_("The ledger of responses"), order=2, size="h4"),
        dmc.TextInput(
            id=WHO, label=_("Who codes?"), description=_(WHO_TOLD), persistence=True,
            persistence_type="session", debounce=True, w={"base": "100%", "sm": 320},
        ),
        html.Div(id=SAID, role="status", className="said", **POLITE),
        _rows(store, appeal_id),
        dmc.Group([dmc.Button(_("Undo the last change"), id=UNDO, variant="default", size="sm")]),
        *_proposed(store, appeal_id),
        *_form(),
        dmc.Title(_("Who changed what"), order=3, size="h5"),
        html.Div(trail(store, appeal_id), id=TRAIL),
    ]  # fmt: skip


def register(
    app: Dash, store: Store, key: str, *, shown: Callable[[View], list[Component]], where: str
) -> None:
    """Take changes from the page, and draw again what stands ``where``."""
    cells = {name: State(_field(name), "value") for name in LABELS}

    @app.callback(
        output={
            "said": Output(SAID, "children"),
            "errors": {name: Output(_field(name), "error") for name in LABELS},
            "cells": {name: Output(_field(name), "value") for name in LABELS},
            "rows": Output(GRID, "rowData"),
            "trail": Output(TRAIL, "children"),
            "shown": Output(where, "children"),
        },
        inputs={
            "_add": Input(ADD, "n_clicks"), "_undo": Input(UNDO, "n_clicks"),
            "changed": Input(GRID, "cellValueChanged"),
        },
        state={
            "cells": cells, "who": State(WHO, "value"), "given": State(KEY, "data"),
            "appeal_id": State(APPEAL, "data"), "rows": State(GRID, "rowData"),
            "search": State(URL, "search"), "look": State(LOOK_NOW, "data"),
        },
        prevent_initial_call=True,
    )  # fmt: skip
    def _change(
        *, _add: Any, _undo: Any, changed: Any, cells: Cells, who: str | None,  # noqa: ANN401
        given: str | None, appeal_id: str, rows: list[dict[str, Any]], search: str, look: str,
    ) -> dict[str, Any]:  # fmt: skip
        view = view_of(search, [appeal_id], look=look) or View(appeal_id)
        refused = guard.refusal(ctx.headers, ctx.remote, given=given, key=key)
        cell = changed[-1] if changed else {}
        act = {ADD: "add", UNDO: "undo"}.get(str(ctx.triggered_id), "edit")
        with speaking(view.lang):
            told: Answer = (_(refused) if refused else "", {}, False)
            if not refused:
                told = change(store, act, cells, cell, appeal_id=appeal_id, who=who or "")
            changes = after(store, act, told, view, rows=rows, cell=cell)
            return changes | {"shown": shown(view) if told[2] else no_update}

    @app.callback(
        Output(MEANS, "children"),
        Input(_field("from"), "value"),
        Input(_field("to"), "value"),
        State(URL, "search"),
    )
    def _means(first: str | None, last: str | None, search: str) -> str:
        with speaking(language_of(search)):
            return meaning(first, last, store.zone)

    @app.callback(
        output={n: Output(_field(n), "value", allow_duplicate=True) for n in LABELS},
        inputs={"clicks": Input({"accept": ALL}, "n_clicks")},
        state={"appeal_id": State(APPEAL, "data")},
        prevent_initial_call=True,
    )
    def _accept(clicks: list[int | None], appeal_id: str) -> dict[str, Any]:
        chosen = (ctx.triggered_id or {}).get("accept") if any(clicks) else None
        found = store.read("candidates", appeal_id=appeal_id).filter(post_id=chosen or "")
        if found.is_empty():
            return dict.fromkeys(LABELS, no_update)
        return dict.fromkeys(LABELS, "") | prefilled(found.row(0, named=True))

    @app.callback(
        Output(LEFT, "data"), Input({"aside": ALL}, "n_clicks"), State(LEFT, "data"),
        prevent_initial_call=True,
    )  # fmt: skip
    def _aside(clicks: list[int | None], left: list[str] | None) -> Any:  # noqa: ANN401
        if not any(clicks):
            return no_update
        return sorted({*(left or []), ctx.triggered_id["aside"]})

    @app.callback(Output({"card": ALL}, "hidden"), Input(LEFT, "data"), State({"card": ALL}, "id"))
    def _hide(left: list[str] | None, cards: list[dict[str, str]]) -> list[bool]:
        return [card["card"] in (left or []) for card in cards]


def after(
    store: Store, act: str, told: Answer, view: View, *, rows: list[dict[str, Any]],
    cell: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Return what the form, the grid and the trail show after a change, or after its refusal."""
    said, mistakes, is_changed = told
    entering = act == "add"
    return {
        "said": said,
        "errors": {n: (mistakes.get(n) if entering else no_update) for n in LABELS},
        "cells": dict.fromkeys(LABELS, "" if entering and is_changed else no_update),
        "rows": (
            ledger_rows(store, view.appeal_id) if is_changed
            else marked(rows, cell, mistakes, said) if act == "edit" else no_update
        ),
        "trail": trail(store, view.appeal_id) if is_changed else no_update,
    }  # fmt: skip


def change(
    store: Store, act: str, cells: Cells, cell: Mapping[str, Any], *, appeal_id: str, who: str,
    at: datetime | None = None,
) -> Answer:  # fmt: skip
    """Make one change of the ledger: add, edit or undo.

    Returns
    -------
    tuple
        What to say; by field, what is wrong with what was entered; whether the ledger changed.
    """
    if not who.strip():
        return _(NO_NAME), {}, False
    now = at or datetime.now(UTC)
    try:
        if act == "add":
            return _add(store, cells, appeal_id, who, now)
        return _undo(store, appeal_id, who, now) if act == "undo" else _edit(store, cell, who, now)
    except GroundswellError as error:
        return str(error), {}, False


def _add(store: Store, cells: Cells, appeal_id: str, who: str, at: datetime) -> Answer:
    told = {name: cells.get(name) or "" for name in LABELS} | {"coder": who.strip()}
    response_id, mistakes = added(store, told, appeal_id=appeal_id, who=who, at=at)
    if response_id is None:
        return _wrong(mistakes), mistakes, False
    said = _("Response {id} is on record.").format(id=response_id)
    return f"{said} {_(STALE)}", {}, True


def _edit(store: Store, cell: Mapping[str, Any], who: str, at: datetime) -> Answer:
    response_id, field = cell["rowId"], cell["colId"]
    cells = {field: str(cell["value"] if cell["value"] is not None else "")}
    mistakes = edited(store, response_id, cells, who=who, at=at)
    if mistakes:
        return _wrong(mistakes), mistakes, False
    said = _("“{field}” of response {id} is changed.").format(
        field=_(LABELS[field]), id=response_id
    )
    return f"{said} {_(STALE)}", {}, True


def _undo(store: Store, appeal_id: str, who: str, at: datetime) -> Answer:
    edit_id = last_change(history(store).filter(appeal_id=appeal_id))
    if edit_id is None:
        return _(NOTHING), {}, False
    response_id = undone(store, edit_id, who=who, at=at)
    said = _("The last change, of response {id}, is undone.").format(id=response_id)
    return f"{said} {_(STALE)}", {}, True


def _wrong(mistakes: Mapping[str, str]) -> str:
    said = "; ".join(f"{_(LABELS.get(name, name))}: {why}" for name, why in mistakes.items())
    return _("Nothing was changed. {why}.").format(why=said)


def last_change(edits: pl.DataFrame) -> str | None:
    """Return the newest act of ``edits`` that still stands and took nothing back; None if none."""
    standing = in_force(edits).filter(pl.col("act") != "undo")
    return str(standing["edit_id"][0]) if standing.height else None


def marked(
    rows: list[dict[str, Any]], cell: Mapping[str, Any], mistakes: Mapping[str, str], said: str
) -> list[dict[str, Any]]:
    """Return the grid's rows with what is wrong at the cell that was refused, as it was typed."""
    wrong = dict(mistakes) or {str(cell.get("colId")): said}
    return [
        row | {"wrong": wrong} if row["response_id"] == cell.get("rowId") else row for row in rows
    ]


# Dates


def written(first: datetime, last: datetime, zone: tzinfo) -> tuple[str, str]:
    """Return an interval as somebody would write it: when, and until where that is needed.

    >>> written(datetime(2016, 8, 1, tzinfo=UTC),
    ...         datetime(2016, 8, 31, 23, 59, 59, 999999, tzinfo=UTC), UTC)
    ('2016-08', '')
    """
    start, end = first.astimezone(zone), last.astimezone(zone) + timedelta(microseconds=1)
    if first == last:
        return _short(start), ""
    if not (_is_midnight(start) and _is_midnight(end)):
        return _short(start), _short(last.astimezone(zone))
    for pattern in ("%Y", "%Y-%m", "%Y-%m-%d"):
        text = start.strftime(pattern)
        whole, _mistakes = checked({"from": text}, zone)
        if (whole["from"], whole["to"]) == (first, last):
            return text, ""
    return f"{start:%Y-%m-%d}", f"{last.astimezone(zone):%Y-%m-%d}"


def _short(time: datetime) -> str:
    whole = not (time.second or time.microsecond)
    return time.isoformat(timespec="minutes" if whole else "auto")


def _is_midnight(time: datetime) -> bool:
    return not (time.hour or time.minute or time.second or time.microsecond)


def meaning(first: str | None, last: str | None, zone: tzinfo) -> str:
    """Say in which time an act lies that is dated so; nothing for what is no date."""
    values, mistakes = checked({"from": first or "", "to": last or ""}, zone)
    if {"from", "to"} & set(mistakes):
        return ""
    start, end = (values[name].astimezone(zone) for name in ("from", "to"))
    if start == end:
        return _("Read as exactly {time}.").format(time=f"{start:%Y-%m-%d %H:%M %Z}")
    said = _("Read as some time from {first} to {last}.")
    return said.format(first=f"{start:%Y-%m-%d %H:%M}", last=f"{end:%Y-%m-%d %H:%M %Z}")


# What stands on the page


def ledger_rows(store: Store, appeal_id: str) -> list[dict[str, Any]]:
    """Return the responses of one appeal as rows of the grid, as somebody would write them."""
    rows = store.read("responses", appeal_id=appeal_id).sort("from", "response_id")
    told = []
    for row in rows.iter_rows(named=True):
        first, last = written(row["from"], row["to"], store.zone)
        rung = row["rung"]
        place = _("none") if rung is None else f"{signed(rung)} {_(RUNG_NAMES[rung])}"
        told.append(as_cells(row) | {"from": first, "to": last, "rung": place, "wrong": {}})
    return told


def _rows(store: Store, appeal_id: str) -> Component:
    rows = ledger_rows(store, appeal_id)
    return dag.AgGrid(
        id=GRID,
        rowData=rows,
        columnDefs=[_column(name) for name in LABELS]
        + [{"field": "rung", "headerName": _("Rung"), "editable": False, "minWidth": 150}],
        defaultColDef={"resizable": True, "sortable": True, "minWidth": 130, "editable": True,
                       "wrapText": True, "autoHeight": True},
        getRowId="params.data.response_id",
        dashGridOptions=OPTIONS | {
            "pagination": len(rows) > PAGE, "singleClickEdit": False, "tooltipShowDelay": 200,
            "localeText": {"noRowsToShow": _("No response is on record yet")},
            "stopEditingWhenCellsLoseFocus": True,
        },
        style={"height": None, "width": "100%"},
    )  # fmt: skip


def _column(name: str) -> dict[str, Any]:
    wrong = f"params.data.wrong && params.data.wrong['{name}']"
    settings: dict[str, Any] = {
        "field": name, "headerName": _(LABELS[name]),
        "cellClassRules": {"wrong": wrong},
        "tooltipValueGetter": {"function": f"{wrong} ? params.data.wrong['{name}'] : null"},
        "minWidth": 220 if name in {"summary", "sources", "actor"} else 130,
    }  # fmt: skip
    values = choices(name)
    if values:
        settings |= {"cellEditor": "agSelectCellEditor",
                     "cellEditorParams": {"values": ["", *values]}}  # fmt: skip
    return settings


def choices(name: str) -> dict[str, str]:
    """Return the codes that a field may hold, each with its name; empty where it is open."""
    if name in {"level", "target"}:
        return {value: value for value in (LEVELS if name == "level" else TARGETS)}
    return codes(name) if name in {"actor_kind", "huridocs_type", "status", "impact"} else {}


def _form() -> list[Component]:
    fields = [_entry(name) for name in LABELS]
    means = html.Div(id=MEANS, className="means", **POLITE)
    return [
        dmc.Title(_("Enter a response"), order=3, size="h5"),
        means,
        dmc.SimpleGrid(fields, cols={"base": 1, "sm": 2, "lg": 3}, spacing="md"),
        dmc.Group([dmc.Button(_("Enter it"), id=ADD)]),
    ]


def _entry(name: str) -> Component:
    told: dict[str, Any] = {"id": _field(name), "label": _(LABELS[name]), "value": ""}
    told |= {"description": _(HINTS[name])} if name in HINTS else {}
    told |= {"withAsterisk": name in NEEDED}
    values = choices(name)
    if not values:
        return dmc.TextInput(debounce=True, **told)
    data = [{"value": code, "label": f"{code} {_(called)}" if called != code else _(code)}
            for code, called in values.items()]  # fmt: skip
    return dmc.Select(data=data, searchable=True, clearable=True, **told)


def trail(store: Store, appeal_id: str) -> Component:
    """Return who changed what, the newest first."""
    edits = history(store).filter(appeal_id=appeal_id)
    if edits.is_empty():
        return dmc.Text(_("Nobody changed anything here yet."), c="dimmed")
    return grid(f"{TRAIL}-grid", edits, _TRAIL)


_TRAIL: dict[str, dict[str, Any]] = {
    "at": {"headerName": N_("When (UTC)"), "maxWidth": 150, "minWidth": 130},
    "who": {"headerName": N_("Who"), "minWidth": 100, "maxWidth": 160},
    "act": {"headerName": N_("Did"), "maxWidth": 90},
    "response_id": {"headerName": N_("Response"), "maxWidth": 140, "minWidth": 110},
    "field": {"headerName": N_("Field"), "maxWidth": 140, "minWidth": 110},
    "was": {"headerName": N_("What was there before"), "flex": 1, "minWidth": 150},
    "now": {"headerName": N_("What is there since"), "flex": 1, "minWidth": 150},
}


def _proposed(store: Store, appeal_id: str) -> list[Component]:
    """Return the candidates, each as a card that a person accepts or sets aside.

    Those of which a sentence tells an act come first.
    """
    untold = pl.col("verb_code").is_null()
    found = store.read("candidates", appeal_id=appeal_id).sort(untold, "at", "post_id")
    if found.is_empty():
        return []
    cards = [_card(row) for row in found.head(PAGE).iter_rows(named=True)]
    note = _(CANDIDATES)
    if found.height > PAGE:
        more = _("The first {n} of {all} are shown.")
        note += " " + more.format(n=number(PAGE), all=number(found.height))
    return [dmc.Title(_("Candidates"), order=3, size="h5"), dmc.Text(note, size="sm"),
            html.Div(cards, id=PROPOSED)]  # fmt: skip


def _card(row: Mapping[str, Any]) -> Component:
    post_id = row["post_id"]
    when = f"{row['at']:%Y-%m-%d %H:%M} UTC" if row["at"] else _("no time known")
    words = row.get("sentence") or row["text"] or _("No words are kept.")
    buttons = [
        dmc.Button(_("Take into the form"), id={"accept": post_id}, size="xs", variant="default"),
        dmc.Button(_("Set aside"), id={"aside": post_id}, size="xs", variant="subtle"),
    ]
    said = [
        dmc.Text(f"{when}: {_(row['why'])}", size="sm", c="dimmed"),
        html.Blockquote(words),
        *([dmc.Text(read_as(row), size="sm")] if row.get("verb_code") else []),
        *[dmc.Text(url, size="sm", className="source") for url in row["urls"] or []],
    ]
    return html.Div([*said, dmc.Group(buttons)], id={"card": post_id}, className="candidate")


def read_as(row: Mapping[str, Any]) -> str:
    """Say what a candidate was read as, for a person to judge.

    >>> read_as({"actor": "полиция", "actor_code": "KAZCOP", "verb_code": "173",
    ...          "target": "accused", "from": None, "to": None})
    'Read as: полиция (KAZCOP); 173; done to: accused; no day is named'
    """
    code = f" ({row['actor_code']})" if row.get("actor_code") else ""
    day = _("no day is named")
    if row.get("from") and row.get("to"):
        day = period(row["from"], row["to"])
    target = _("to whom is not told")
    if row.get("target"):
        target = _("done to: {target}").format(target=_(row["target"]))
    actor = row.get("actor") or _("no authority is named")
    said = _("Read as: {actor}; {verb}; {target}; {day}")
    return said.format(actor=f"{actor}{code}", verb=row["verb_code"], target=target, day=day)


def prefilled(row: Mapping[str, Any]) -> Cells:
    """Return the form for a candidate: what it tells; the rest is for a person to say."""
    at = row["at"]
    told: Cells = {"from": at.isoformat() if at else "", "sources": "|".join(row["urls"] or [])}
    names = ("actor", "actor_code", "actor_kind", "verb_code", "target")
    told |= {name: row.get(name) or "" for name in names}
    if row.get("from") and row.get("to"):
        told |= {"from": row["from"].isoformat(), "to": row["to"].isoformat()}
    return told


def _field(name: str) -> str:
    return f"entry-{name.replace('_', '-')}"
