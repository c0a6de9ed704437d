"""The bar of filters: what is set there stands in the address, and every page follows it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
import polars as pl
from babel import Locale, UnknownLocaleError
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from analytics.store import Store
from analytics.tables import ROLES
from dashboards.i18n import N_, _, spoken
from dashboards.theme import platform_name
from dashboards.view import URL, View, appeals_of, search_of, view_of

START, END = "filter-from", "filter-to"
PLATFORMS, LANGUAGES, KINDS = "filter-platform", "filter-language", "filter-role"
FIELDS = (START, END, PLATFORMS, LANGUAGES, KINDS)
NAMES = ("from", "to", "platform", "language", "role")  # in the address
_MOST = 40  # languages to choose from, the commonest first

ROLE_NAMES = {
    "person": N_("a private person"), "media": N_("media"), "ngo": N_("an organisation"),
    "official": N_("an authority"), "public_figure": N_("a public figure"),
    "unknown": N_("not known"),
}  # fmt: skip


def bar(store: Store, view: View) -> Component:
    """Return the fields, set as the view is, closed unless something is filtered."""
    fields = [
        _day(START, _("From (UTC)"), f"{view.start:%Y-%m-%d}" if view.start else ""),
        _day(END, _("To"), f"{view.last:%Y-%m-%d}" if view.last else ""),
        _choice(PLATFORMS, _("Platforms"), _platforms(store, view), view.platforms),
        _choice(LANGUAGES, _("Languages"), _languages(store, view), view.languages),
        _choice(KINDS, _("Roles"), {role: _(ROLE_NAMES[role]) for role in ROLES}, view.roles),
        dcc.Link(_("Show all"), href=_all(view), className="nav-link", refresh=False),
    ]
    return html.Details(
        [html.Summary(_summary(view)), html.Div(fields, className="filters")],
        open=view.is_filtered,
        className="filter-bar",
    )


def register(app: Dash, store: Store) -> None:
    """Write what is chosen into the address."""

    @app.callback(
        Output(URL, "search", allow_duplicate=True),
        [Input(field, "value") for field in FIELDS],
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _filter(*told: Any) -> Any:  # noqa: ANN401 - days, lists, and the address
        *chosen, search = told
        return filtered(store, chosen, search)


def filtered(store: Store, chosen: Iterable[Any], search: str) -> Any:  # noqa: ANN401
    """Return the address of a view with other filters; nothing new where they are as they were."""
    appeals = appeals_of(store)
    view = view_of(search, appeals)
    if view is None:
        return no_update
    told = {"appeal": view.appeal_id, "picture": view.picture, "lang": view.lang}
    for name, value in zip(NAMES, chosen, strict=True):
        told[name] = ",".join(value) if isinstance(value, list) else value or ""
    wanted = view_of(f"?{urlencode(told)}", appeals)
    return no_update if wanted is None or wanted == view else search_of(wanted)


def _all(view: View) -> str:
    return search_of(View(view.appeal_id, picture=view.picture, lang=view.lang))


def _summary(view: View) -> str:
    return _("Filters are set") if view.is_filtered else _("Filter")


def _day(id_: str, label: str, value: str) -> Component:
    return dmc.TextInput(
        id=id_, label=label, value=value, debounce=True, size="xs",
        inputProps={"type": "date"}, className="filter-day",
    )  # fmt: skip


def _choice(id_: str, label: str, named: dict[str, str], chosen: tuple[str, ...]) -> Component:
    data = [{"value": value, "label": name} for value, name in named.items()]
    return dmc.MultiSelect(
        id=id_, label=label, data=data, value=[name for name in chosen if name in named],
        size="xs", searchable=True, clearable=True, placeholder=_("all"), className="filter-choice",
    )  # fmt: skip


def _platforms(store: Store, view: View) -> dict[str, str]:
    held = store.read("summary", appeal_id=view.appeal_id)["platforms"].explode().drop_nulls()
    return {name: platform_name(name) for name in held}


def _languages(store: Store, view: View) -> dict[str, str]:
    rows = store.read("languages", appeal_id=view.appeal_id).drop_nulls("lang")
    most = rows.group_by("lang").agg(pl.col("posts").sum()).sort("posts", "lang", descending=True)
    return {code: language_name(code) for code in most["lang"].head(_MOST)}


def language_name(code: str) -> str:
    """Return what a language is called in the reader's; its code where that is not known.

    >>> language_name("kk"), language_name("und"), language_name("zzzz")
    ('Kazakh', 'not told by the words', 'zzzz')
    """
    if code == "und":
        return _("not told by the words")
    try:
        return Locale.parse(code, sep="-").get_language_name(spoken()) or code
    except (ValueError, UnknownLocaleError):
        return code
