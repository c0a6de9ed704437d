"""The app: a header, the pages, and nothing from another host."""

from functools import partial
from types import ModuleType
from typing import Any

import dash_mantine_components as dmc
import polars as pl
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from analytics.errors import GroundswellError
from analytics.store import Store
from dashboards import cards, filters, guard, live, theme
from dashboards.compressing import Compressed
from dashboards.door import Door, policy
from dashboards.i18n import LANGUAGES, N_, _, number, speaking
from dashboards.pages import (
    carriers,
    coding,
    communities,
    compare,
    coordination,
    data,
    reach,
    responses,
    spread,
    stances,
    story,
)
from dashboards.view import LOOK_NOW, URL, View, appeals_of, search_of, view_of

PAGES: dict[str, tuple[str, ModuleType]] = {
    "/": (N_("Story"), story),
    "/spread": (N_("Spread"), spread),
    "/reach": (N_("Reach"), reach),
    "/carriers": (N_("Carriers"), carriers),
    "/communities": (N_("Communities and languages"), communities),
    "/responses": (N_("Authorities"), responses),
    "/together": (N_("Together or organised?"), coordination),
    "/compare": (N_("Compare"), compare),
    "/coding": (N_("Coding"), coding),
    "/opinions": (N_("Opinions"), stances),
    "/data": (N_("Data and method"), data),
}
WRITING = ("/responses", "/coding", "/opinions")  # pages that take changes
FILTERED = (  # pages that the filters narrow
    "/", "/spread", "/reach", "/carriers", "/communities", "/responses",
)  # fmt: skip
PAGE = "page"
NAV = "nav"
TOOLS = "tools"
CHOSEN = "appeal"
LOOK = "look"  # what the reader chose; nothing: as the system is
TOGGLE = "look-toggle"
THEME = "theme"
_SHOWN = 100  # appeals in a list at once; the others are found by searching

NO_APPEAL = N_(
    "This store holds no appeal yet. Import files with “groundswell import”, then come back."
)
_PLOTLY = "/_dash-component-suites/plotly/package_data/plotly.min.js"
# Dash asks for Plotly when the first figure is to be drawn; a page with one asks for it at once.
_EARLY = f"""<script>
      if (!["/spread", "/coding", "/data"].includes(location.pathname)) {{
        const link = {{ rel: "preload", as: "script", href: "{_PLOTLY}" }};
        document.head.append(Object.assign(document.createElement("link"), link));
      }}
    </script>"""
_HTML = """<!DOCTYPE html>
<html lang="en">
  <head>
    EARLY
    {%metas%}<title>{%title%}</title>{%favicon%}{%css%}
  </head>
  <body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""

# The look is the system's until the reader chooses; it reaches the server with each page.
_LOOK_NOW = """(chosen) => {
  groundswellSoon();
  const night = window.matchMedia("(prefers-color-scheme: dark)").matches;
  return chosen ?? (night ? "dark" : "light");
}"""
_TOGGLED = (
    '(clicks, now) => clicks ? (now === "dark" ? "light" : "dark") : dash_clientside.no_update'
)
_LANGUAGE = """(search) => {
  document.documentElement.lang = new URLSearchParams(search).get("lang") ?? "en";
  return dash_clientside.no_update;
}"""


def create_app(store: Store, *, follows: bool = False, secret: str = "") -> Dash:
    """Return the app for a store; ``app.server`` is a FastAPI instance.

    With ``follows``, what comes in while it is open is measured by itself. With a ``secret``, it
    answers only a proxy that sends it along; without one, only this machine.
    """
    app = Dash(
        __name__,
        backend="fastapi",
        title="Groundswell",
        update_title="Groundswell",
        index_string=_HTML.replace("EARLY", _EARLY if _has_figures(store) else ""),
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    key = "" if secret else guard.new_key()  # through a proxy, nobody is known to be here
    app.layout = partial(_shell, store, key)
    for path, (_name, page) in PAGES.items():
        page.register(app, store, *([key] if path in WRITING else []))
    cards.register(app, PAGE)
    filters.register(app, store)
    _register_looks(app)
    measuring = live.Measuring(store.path)
    live.register(app, store, key, measuring, follows=follows, writing=WRITING)

    @app.callback(
        Output(PAGE, "children"),
        Output(NAV, "children"),
        Output(TOOLS, "children"),
        Input(URL, "pathname"),
        Input(URL, "search"),
        Input(LOOK_NOW, "data"),
        Input(live.STAMP, "data"),
    )
    def _show(pathname: str, search: str, look: str, _stamp: str) -> tuple[Any, Any, Any]:
        try:
            return show(store, pathname, search, look=look, key=key)
        except GroundswellError as error:  # the page stays up and says what is wrong
            return dmc.Text(str(error)), no_update, no_update

    @app.callback(
        Output(URL, "search"),
        Input(CHOSEN, "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _choose(appeal_id: str | None, search: str) -> Any:  # noqa: ANN401 - or nothing to change
        return chosen(store, appeal_id, search)

    app._setup_server()  # noqa: SLF001 - else assets lack where a deep link is opened first
    app.server.add_middleware(Compressed)
    allows = policy(app.csp_hashes(), app.index_string)  # of all scripts, once all are known
    app.server.add_middleware(Door, allows=allows, secret=secret)
    return app


def _register_looks(app: Dash) -> None:
    app.clientside_callback(_LOOK_NOW, Output(LOOK_NOW, "data"), Input(LOOK, "data"))
    app.clientside_callback(
        _TOGGLED, Output(LOOK, "data"), Input(TOGGLE, "n_clicks"), State(LOOK_NOW, "data"),
        prevent_initial_call=True,
    )  # fmt: skip
    app.clientside_callback(
        "now => now", Output(THEME, "forceColorScheme"), Input(LOOK_NOW, "data")
    )
    app.clientside_callback(_LANGUAGE, Output(NAV, "lang"), Input(URL, "search"))


def show(
    store: Store, pathname: str, search: str, *, look: str | None = None, key: str = ""
) -> tuple[Component, list[Component], list[Component]]:
    """Return the page that an address names, the navigation that fits it, and the tools beside it.

    With the key of this run, a page that writes may do so.
    """
    known = store.read("appeals", columns=["appeal_id", "title"]).sort("appeal_id")
    view = view_of(search, appeals_of(store), look=look)
    with speaking(view.lang if view else ""):
        if view is None:
            return dmc.Text(_(NO_APPEAL)), _links(pathname, None), _warnings(store)
        tools = [*_warnings(store), *_appeals(known, view.appeal_id)]
        tools += [_languages(view), _toggle(view)]
        return _page(store, pathname, view, key), _links(pathname, view), tools


def chosen(store: Store, appeal_id: str | None, search: str) -> Any:  # noqa: ANN401
    """Return the address of another appeal; filters of the one before do not fit it."""
    known = appeals_of(store)
    view = view_of(search, known)
    if view is None or appeal_id is None or appeal_id not in {*known} - {view.appeal_id}:
        return no_update
    return search_of(View(appeal_id, lang=view.lang))


def _page(store: Store, pathname: str, view: View, key: str) -> Component:
    if pathname not in PAGES:
        return dmc.Text(_("There is no such page. Choose one above."))
    more = [key] if pathname in WRITING else []
    page = PAGES[pathname][1].layout(store, view, *more)
    if pathname not in FILTERED:
        return page
    return html.Div([filters.bar(store, view), page])


def _has_figures(store: Store) -> bool:
    return "timeline" in store.versions()


def _shell(store: Store, key: str) -> Component:
    """Return what stands on every page; made anew for each page that is opened."""
    return dmc.MantineProvider(
        [
            dcc.Location(id=URL, refresh="callback-nav"),
            dcc.Store(id=LOOK, storage_type="local"),
            dcc.Store(id=LOOK_NOW),
            dcc.Store(id=live.STAMP, data=live.stamp(store)),
            dcc.Store(id=live.KEY, data=key),
            dcc.Interval(id=live.PULSE, interval=live.EVERY),
            html.Header(
                [
                    dcc.Link("Groundswell", href="/", className="wordmark"),
                    html.Nav(id=NAV),
                    html.Div(_warnings(store), id=TOOLS, className="tools"),
                ],
                className="top",
            ),
            html.Div(id=live.NEWS, role="status", className="news"),
            html.Main(id=PAGE, className="page"),
        ],
        id=THEME,
        theme={"fontFamily": theme.FONT, "primaryColor": "blue"},
    )


def _warnings(store: Store) -> list[Component]:
    """Say on every screen what no reader may miss."""
    said: list[Component] = []
    if store.simulated:
        said.append(html.Div(_("Simulated: nothing here is real"), className="badge simulated"))
    if store.settings.protection.level == "open":
        why = store.settings.protection.reason
        reason = _("Protection is open: {reason}").format(reason=why)
        said.append(html.Div(reason, className="badge"))
    return said


def _links(pathname: str, view: View | None) -> list[Component]:
    search = search_of(view) if view else ""
    return [
        dcc.Link(
            _(name),
            href=path + search,
            className="nav-link current" if path == pathname else "nav-link",
        )
        for path, (name, _page) in PAGES.items()
    ]


def _appeals(known: pl.DataFrame, chosen: str) -> list[Component]:
    """Return a field to choose among the appeals, where there are several."""
    if known.height < 2:  # noqa: PLR2004 - nothing to choose from
        return []
    label = pl.coalesce("title", "appeal_id")
    choices = known.select(value="appeal_id", label=label).to_dicts()
    said = _("Appeal, one of {n}").format(n=number(known.height))
    return [
        dmc.Select(
            id=CHOSEN, data=choices, value=chosen, searchable=True, limit=_SHOWN, size="xs",
            allowDeselect=False, nothingFoundMessage=_("No appeal is called so"),
            maxDropdownHeight=320, className="nav-appeals", **{"aria-label": said},
        )
    ]  # fmt: skip


def _languages(view: View) -> Component:
    links = [
        dcc.Link(
            code.upper(), href=search_of(view, lang=code), title=name,
            className="quiet current" if code == view.lang else "quiet",
        )
        for code, name in LANGUAGES.items()
    ]  # fmt: skip
    return html.Div(links, className="languages")


def _toggle(view: View) -> Component:
    words = _("Light") if view.look is theme.DARK else _("Dark")
    return html.Button(words, id=TOGGLE, className="quiet")
