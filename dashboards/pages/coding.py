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
from dashboards.i18n import N_, _, ngettext, number, period, speaking
from dashboards.pages.entry import LABELS, POLITE, choices
from dashboards.view import URL, View, language_of

CARD = "coding-card"
WHO = "coding-who"
KEY = "coding-key"
APPEAL = "coding-appeal"
AT = "coding-at"
SAVE = "coding-save"
SKIP = "coding-skip"
SAID = "coding-said"

NO_NAME = N_("Say first who codes. It has to be somebody else than the first coder.")
ALL_DONE = N_("Nothing is left to code for {who}.")
BLIND = N_(
    "What the first coder made of a response is not shown. A field that is left empty counts as "
    "not coded. Keys, outside of fields: s saves, n goes to the next."
)


def layout(store: Store, view: View, key: str = "") -> Component:
    """Return the page for one appeal; with the key of this run, codes are taken."""
    appeal_id = view.appeal_id
    held = store.read("responses", appeal_id=appeal_id).height
    many = ngettext(
        "{n} response is on record for this appeal.",
        "{n} responses are on record for this appeal.",
        held,
    )
    fields = [_choice(name) for name in CODED]
    buttons = [
        dmc.Button(_("Save and next (s)"), id=SAVE, **{"data-key": "s"}),
        dmc.Button(_("Next without saving (n)"), id=SKIP, variant="default", **{"data-key": "n"}),
    ]
    return dmc.Stack(
        [
            dcc.Store(id=KEY, data=key),
            dcc.Store(id=APPEAL, data=appeal_id),
            dcc.Store(id=AT, data=None),
            dmc.Title(_("Code again, unseen"), order=1),
            dmc.Text(f"{many.format(n=number(held))} {_(BLIND)}"),
            dmc.TextInput(
                id=WHO, label=_("Who codes?"), persistence=True, persistence_type="session",
                debounce=True, w={"base": "100%", "sm": 320},
            ),
            html.Div(id=SAID, role="status", className="said", **POLITE),
            html.Div(dmc.Text(_(NO_NAME)), id=CARD, className="card"),
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
            "appeal_id": State(APPEAL, "data"), "search": State(URL, "search"),
        },
    )  # fmt: skip
    def _step(
        *, who: str | None, _save: Any, _skip: Any, cells: dict[str, str | None],  # noqa: ANN401
        now: str | None, given: str | None, appeal_id: str, search: str,
    ) -> dict[str, Any]:  # fmt: skip
        refused = guard.refusal(ctx.headers, ctx.remote, given=given, key=key)
        with speaking(language_of(search)):
            said, mistakes = "", dict[str, str]()
            if ctx.triggered_id == SAVE:
                said, mistakes = _saved(store, now, cells, who, refused)
            if mistakes:
                return _kept(said, mistakes)
            return _next(
                store, appeal_id, who, said=said, after=now if ctx.triggered_id == SKIP else None
            )


def _saved(
    store: Store, now: str | None, cells: Mapping[str, str | None], who: str | None,
    refused: str | None,
) -> tuple[str, dict[str, str]]:  # fmt: skip
    """Keep what was chosen; return what to say, and the mistakes: then nothing was kept."""
    if refused or now is None or not who:
        return _(refused or NO_NAME), {"": ""}
    mistakes = code(store, now, cells, who=who, at=datetime.now(UTC))
    return _outcome(mistakes), mistakes


def _kept(said: str, mistakes: Mapping[str, str]) -> dict[str, Any]:
    """Return the page as it was, with the mistakes at their fields."""
    told = {name: mistakes.get(name) for name in CODED}
    same = dict.fromkeys(CODED, no_update)
    return {"card": no_update, "at": no_update, "said": said, "cells": same, "errors": told}


def _next(
    store: Store, appeal_id: str, who: str | None, *, said: str, after: str | None
) -> dict[str, Any]:
    """Return the page with the next response and empty fields."""
    left = to_code(store, appeal_id, who or "")
    row = following(left, after)
    return {
        "card": card(row, who, left.height, store), "at": row and row["response_id"],
        "said": said, "cells": dict.fromkeys(CODED, ""), "errors": dict.fromkeys(CODED),
    }  # fmt: skip


def _outcome(mistakes: Mapping[str, str]) -> str:
    if "coder" in mistakes:
        return _("Nothing was saved: {why}.").format(why=mistakes["coder"])
    return _("Nothing was saved; see the fields.") if mistakes else _("Saved.")


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
        return dmc.Text(_(NO_NAME))
    if row is None:
        return dmc.Text(_(ALL_DONE).format(who=who))
    first, last = (row[name].astimezone(store.zone) for name in ("from", "to"))
    return dmc.Stack(
        [
            dmc.Text(
                _("{n} left, this one included").format(n=number(left)), size="sm", c="dimmed"
            ),
            dmc.Title(row["actor"], order=2, size="h4"),
            dmc.Text(period(first, last)),
            dmc.Text(row["summary"] or _("The first coder wrote no sentence: read the sources.")),
            html.Ul([html.Li(source) for source in row["sources"] or []]),
        ],
        gap="xs",
    )


def _choice(name: str) -> Component:
    told: dict[str, Any] = {"id": _field(name), "label": _(LABELS[name]), "value": ""}
    values = choices(name)
    if not values:
        return dmc.TextInput(**told)
    data = [{"value": value, "label": f"{value} {_(called)}" if called != value else _(value)}
            for value, called in values.items()]  # fmt: skip
    return dmc.Select(data=data, searchable=True, clearable=True, **told)


def _field(name: str) -> str:
    return f"coding-{name.replace('_', '-')}"
