"""The app: a header, the pages, and nothing from another host."""

from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlencode

import dash_mantine_components as dmc
import polars as pl
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from analytics.errors import GroundswellError
from analytics.store import Store
from dashboards import guard, theme
from dashboards.pages import coding, data, responses, spread, story

PAGES: dict[str, tuple[str, ModuleType]] = {
    "/": ("Story", story),
    "/spread": ("Spread", spread),
    "/responses": ("Responses", responses),
    "/coding": ("Coding", coding),
    "/data": ("Data", data),
}
WRITING = ("/responses", "/coding")  # pages that take changes
URL = "url"
PAGE = "page"
NAV = "nav"
CHOSEN = "appeal"
_SHOWN = 100  # appeals in a list at once; the others are found by searching

NO_APPEAL = (
    "This store holds no appeal yet. Import files with “groundswell import”, then come back."
)
_PLOTLY = "/_dash-component-suites/plotly/package_data/plotly.min.js"
# Dash asks for Plotly when the first figure is to be drawn; the page with one asks for it at once.
_EARLY = f"""<script>
      if (["/", "/responses"].includes(location.pathname)) {{
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


def create_app(store: Store) -> Dash:
    """Return the app for a store; ``app.server`` is a FastAPI instance."""
    app = Dash(
        __name__,
        backend="fastapi",
        title="Groundswell",
        update_title="Groundswell",
        index_string=_HTML.replace("EARLY", _EARLY if _has_figures(store) else ""),
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.layout = _shell(store)
    key = guard.new_key()
    for path, (_, page) in PAGES.items():
        page.register(app, store, *([key] if path in WRITING else []))

    @app.callback(
        Output(PAGE, "children"),
        Output(NAV, "children"),
        Input(URL, "pathname"),
        Input(URL, "search"),
    )
    def _show(pathname: str, search: str) -> tuple[Component, Any]:
        try:
            return show(store, pathname, search, key=key)
        except GroundswellError as error:  # the page stays up and says what is wrong
            return dmc.Text(str(error)), no_update

    @app.callback(
        Output(URL, "search"),
        Input(CHOSEN, "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _choose(appeal_id: str | None, search: str) -> Any:  # noqa: ANN401 - or nothing to change
        wanted = f"?{urlencode({'appeal': appeal_id})}"
        return no_update if appeal_id is None or wanted == search else wanted

    app._setup_server()  # noqa: SLF001 - else assets lack where a deep link is opened first
    return app


def show(
    store: Store, pathname: str, search: str, *, key: str = ""
) -> tuple[Component, list[Component]]:
    """Return the page that an address names, and the navigation that fits it.

    With the key of this run, a page that writes may do so.
    """
    known = store.read("appeals", columns=["appeal_id", "title"]).sort("appeal_id")
    appeals = known["appeal_id"].to_list()
    asked = parse_qs((search or "").removeprefix("?")).get("appeal", [""])[0]
    appeal_id = asked if asked in appeals else next(iter(appeals), None)
    nav = [*_links(pathname, appeal_id), *_appeals(known, appeal_id)]
    if appeal_id is None:
        return dmc.Text(NO_APPEAL), nav
    if pathname not in PAGES:
        return dmc.Text("There is no such page. Choose one above."), nav
    more = [key] if pathname in WRITING else []
    return PAGES[pathname][1].layout(store, appeal_id, *more), nav


def _has_figures(store: Store) -> bool:
    return "timeline" in store.versions()


def _shell(store: Store) -> Component:
    return dmc.MantineProvider(
        [
            dcc.Location(id=URL, refresh="callback-nav"),
            html.Header(
                [
                    html.Div("Groundswell", className="wordmark"),
                    html.Nav(id=NAV),
                    *_warnings(store),
                ],
                className="top",
            ),
            html.Main(id=PAGE, className="page"),
        ],
        theme={"fontFamily": theme.FONT, "primaryColor": "blue"},
    )


def _warnings(store: Store) -> list[Component]:
    """Say on every screen what no reader may miss."""
    said: list[Component] = []
    if store.simulated:
        said.append(html.Div("Simulated: nothing here is real", className="badge simulated"))
    if store.settings.protection.level == "open":
        reason = f"Protection is open: {store.settings.protection.reason}"
        said.append(html.Div(reason, className="badge"))
    return said


def _links(pathname: str, appeal_id: str | None) -> list[Component]:
    return [
        dcc.Link(
            name,
            href=_address(path, appeal_id),
            className="nav-link current" if path == pathname else "nav-link",
        )
        for path, (name, _) in PAGES.items()
    ]


def _appeals(known: pl.DataFrame, chosen: str | None) -> list[Component]:
    """Return a field to choose among the appeals, where there are several."""
    if known.height < 2:  # noqa: PLR2004 - nothing to choose from
        return []
    label = pl.coalesce("title", "appeal_id")
    choices = known.select(value="appeal_id", label=label).to_dicts()
    return [
        dmc.Select(
            id=CHOSEN, data=choices, value=chosen, searchable=True, limit=_SHOWN, size="xs",
            allowDeselect=False, nothingFoundMessage="No appeal is called so",
            maxDropdownHeight=320, className="nav-appeals",
            **{"aria-label": f"Appeal, one of {known.height:,}"},
        )
    ]  # fmt: skip


def _address(path: str, appeal_id: str | None) -> str:
    return f"{path}?{urlencode({'appeal': appeal_id})}" if appeal_id else path
