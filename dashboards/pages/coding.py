"""The page Coding: a second coder, who sees no codes, takes one response at a time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dash_mantine_components as dmc
import polars as pl
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from analytics import coders
from analytics.coding import CODED
from analytics.errors import GroundswellError
from analytics.store import Store
from dashboards import guard
from dashboards.i18n import period
from dashboards.pages.entry import LABELS, POLITE, choices
from dashboards.view import View

CARD = "coding-card"
WHO = "coding-who"
KEY = "coding-key"
APPEAL = "coding-appeal"
AT = "coding-at"
SAVE = "coding-save"
SKIP = "coding-skip"
SAID = "coding-said"

NO_NAME = "Say first who codes. It has to be somebody else than the first coder."
ALL_DONE = "Nothing is left to code for {}."
BLIND = (
    "What the first coder made of a response is not shown. A field that is left empty counts as "
    "not coded. Keys, outside of fields: s saves, n goes to the next."
)


def layout(store: Store, view: View, key: str = "") -> Component:
    """Return the page for one appeal; with the key of this run, codes are taken."""
    appeal_id = view.appeal_id
    held = store.read("responses", appeal_id=appeal_id).height
    fields = [_choice(name) for name in CODED]
    buttons = [
        dmc.Button("Save and next (s)", id=SAVE, **{"data-key": "s"}),
        dmc.Button("Next without saving (n)", id=SKIP, variant="default", **{"data-key": "n"}),
    ]
    return dmc.Stack(
        [
            dcc.Store(id=KEY, data=key),
            dcc.Store(id=APPEAL, data=appeal_id),
            dcc.Store(id=AT, data=None),
            dmc.Title("Code again, unseen", order=1),
            dmc.Text(f"{held:,} responses are on record for this appeal. {BLIND}"),
            dmc.TextInput(
                id=WHO, label="Who codes?", persistence=True, persistence_type="session",
                debounce=True, w={"base": "100%", "sm": 320},
            ),
            html.Div(id=SAID, role="status", className="said", **POLITE),
            html.Div(dmc.Text(NO_NAME), id=CARD, className="card"),
            dmc.SimpleGrid(fields, cols={"base": 1, "sm": 2, "lg": 3}, spacing="md"),
            dmc.Group(buttons),
        ],
        gap="md",
    )  # fmt: skip


def register(app: Dash, store: Store, key: str = "") -> None:
    """Take codes from the page, and show the next response after each."""

    @app.callback(
        output={
            "card": Output(CARD, "children"), "at": Output(AT, "data"),
            "said": Output(SAID, "children"),
            "cells": {name: Output(_field(name), "value") for name in CODED},
            "errors": {name: Output(_field(name), "error") for name in CODED},
        },
        inputs={
            "who": Input(WHO, "value"), "_save": Input(SAVE, "n_clicks"),
            "_skip": Input(SKIP, "n_clicks"),
        },
        state={
            "cells": {name: State(_field(name), "value") for name in CODED},
            "now": State(AT, "data"), "given": State(KEY, "data"),
            "appeal_id": State(APPEAL, "data"),
        },
    )  # fmt: skip
    def _step(
        *, who: str | None, _save: Any, _skip: Any, cells: dict[str, str | None],  # noqa: ANN401
        now: str | None, given: str | None, appeal_id: str,
    ) -> dict[str, Any]:  # fmt: skip
        said, mistakes = "", dict[str, str]()
        if ctx.triggered_id == SAVE:
            refused = guard.refusal(ctx.headers, ctx.remote, given=given, key=key)
            if refused or now is None or not who:
                said, mistakes = refused or NO_NAME, {"": ""}
            else:
                mistakes = code(store, now, cells, who=who, at=datetime.now(UTC))
                said = _outcome(mistakes)
        if mistakes:
            same = dict.fromkeys(CODED, no_update)
            told = {name: mistakes.get(name) for name in CODED}
            return {"card": no_update, "at": no_update, "said": said, "cells": same, "errors": told}
        left = to_code(store, appeal_id, who or "")
        row = following(left, now if ctx.triggered_id == SKIP else None)
        return {
            "card": card(row, who, left.height, store), "at": row and row["response_id"],
            "said": said, "cells": dict.fromkeys(CODED, ""),
            "errors": dict.fromkeys(CODED),
        }  # fmt: skip


def _outcome(mistakes: Mapping[str, str]) -> str:
    if "coder" in mistakes:
        return f"Nothing was saved: {mistakes['coder']}."
    return "Nothing was saved; see the fields." if mistakes else "Saved."


def to_code(store: Store, appeal_id: str, who: str) -> pl.DataFrame:
    """Return the responses of an appeal that a coder has neither entered nor coded, without codes.

    They come in an order that tells nothing of what was made of them.
    """
    done = store.read("codings").filter(coder=who.strip())
    rows = store.read("responses", appeal_id=appeal_id)
    left = rows.filter(pl.col("coder").ne_missing(who.strip())) if who.strip() else rows.clear()
    return (
        left.join(done, on="response_id", how="anti")
        .select("response_id", "from", "to", "actor", "summary", "sources")
        .sort("response_id")
    )


def following(left: pl.DataFrame, after: str | None) -> dict[str, Any] | None:
    """Return the next row after the one named, from the start again at the end; None if none."""
    later = left.filter(pl.col("response_id") > after) if after else left
    chosen = later if later.height else left
    return chosen.row(0, named=True) if chosen.height else None


def code(
    store: Store, response_id: str, cells: Mapping[str, str | None], *, who: str, at: datetime
) -> dict[str, str]:
    """Keep what a further coder made of a response; return the mistakes by field: then nothing is.

    Fields left empty are kept as coded with nothing; all of them empty is no coding.
    """
    try:
        return coders.code(store, response_id, cells, coder=who, at=at)
    except GroundswellError as error:
        return {"verb_code": str(error)}


def card(row: Mapping[str, Any] | None, who: str | None, left: int, store: Store) -> Component:
    """Return what a coder may see of a response."""
    if not (who or "").strip():
        return dmc.Text(NO_NAME)
    if row is None:
        return dmc.Text(ALL_DONE.format(who))
    first, last = (row[name].astimezone(store.zone) for name in ("from", "to"))
    return dmc.Stack(
        [
            dmc.Text(f"{left:,} left, this one included", size="sm", c="dimmed"),
            dmc.Title(row["actor"], order=2, size="h4"),
            dmc.Text(period(first, last)),
            dmc.Text(row["summary"] or "The first coder wrote no sentence: read the sources."),
            html.Ul([html.Li(source) for source in row["sources"] or []]),
        ],
        gap="xs",
    )


def _choice(name: str) -> Component:
    told: dict[str, Any] = {"id": _field(name), "label": LABELS[name], "value": ""}
    values = choices(name)
    if not values:
        return dmc.TextInput(**told)
    data = [{"value": value, "label": f"{value} {called}" if called != value else value}
            for value, called in values.items()]  # fmt: skip
    return dmc.Select(data=data, searchable=True, clearable=True, **told)


def _field(name: str) -> str:
    return f"coding-{name.replace('_', '-')}"
