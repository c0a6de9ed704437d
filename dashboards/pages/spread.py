"""The page Spread: every post of an appeal as one picture, the time-river."""

from typing import Any
from urllib.parse import quote

import dash_mantine_components as dmc
import polars as pl
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from fastapi import Response
from fastapi.responses import JSONResponse, PlainTextResponse

from analytics.store import Store
from dashboards.figures.shapes import shapes_figure
from dashboards.sentences import shape_sentences
from dashboards.theme import DARK, graph_config
from dashboards.view import View
from dashboards.wire import describe, encode, lanes, styles

GRAPH = "spread-graph"
SOURCE = "spread-source"
SELECTED = "spread-selected"
DETAIL = "spread-detail"

HOW_TO_READ = (
    "Time runs from left to right and each lane is a platform; a comet's head is a post, what "
    "hangs from it fans out behind, and where across its lane a post stands means nothing more "
    "than that there was room."
)
HOW_TO_MOVE = (
    "Drag to move, turn the wheel to zoom in time, with Shift in both directions. Click a post to "
    "light up its branch."
)
NOTHING = (
    "There is nothing to draw: no post of this appeal carries a time, or the store has not been "
    "measured since its posts came in. Run “groundswell measure” on it."
)
SHAPES_TOLD = (
    "Depth is the longest way from the original, in shares; virality is the mean distance between "
    "two posts. Cascades of different size are not to be compared by either. The star is what most "
    "platforms tell: its numbers come from its construction alone."
)
LARGEST = 12  # cascades whose shape is drawn
FEWEST_SHARES = 3
NOT_SELECTED = "No post is selected."

# How each of wire.STYLES is drawn in the picture: its strength, and what it says.
LINK_STYLES = (
    (1.0, "the platform states the link"),
    (0.6, "linked through what both point to"),
    (0.45, "the link is inferred"),
    (0.3, "only the root is known"),
)

MOUNT = f"""(source) => {{
  const element = document.getElementById("{GRAPH}");
  const tell = (node) => dash_clientside.set_props("{SELECTED}", {{ data: node }});
  groundswellGraph.mount(element, source.blob, {{ nodeUrl: source.nodes, onSelect: tell }});
  return source.blob;
}}"""


def layout(store: Store, view: View) -> Component:
    """Return the page for one appeal."""
    appeal_id = view.appeal_id
    river = store.read("layout", appeal_id=appeal_id)
    if river.is_empty():
        return dmc.Stack([_title(), dmc.Text(NOTHING)])
    posts = store.read("posts", columns=["at"], appeal_id=appeal_id)
    return dmc.Stack(
        [
            _title(),
            dmc.Text(HOW_TO_READ),
            _legend(river),
            html.Div(
                id=GRAPH, style={"height": "70vh", "minHeight": 360, "background": DARK.ground}
            ),
            dmc.Text(f"{_showing(posts)} {HOW_TO_MOVE}", size="sm", c="dimmed"),
            dmc.Paper(NOT_SELECTED, id=DETAIL, p="md", withBorder=True, **{"aria-live": "polite"}),
            *_shapes(store, view),
            dcc.Store(id=SOURCE, data=_source(appeal_id)),
            dcc.Store(id=SELECTED),
        ],
        gap="sm",
    )


def _shapes(store: Store, view: View) -> list[Component]:
    """Return the section on the shapes of the largest cascades; none where nothing was shared."""
    cascades = store.read("cascades", appeal_id=view.appeal_id)
    largest = (
        cascades.filter(pl.col("shares") >= FEWEST_SHARES)
        .sort("size", "root_id", descending=[True, False])
        .head(LARGEST)
    )
    if largest.is_empty():
        return []
    shapes = store.read("shapes", appeal_id=view.appeal_id)
    figure = shapes_figure(shapes, largest, look=view.look)
    said = shape_sentences(cascades, store.read("parent_models"))
    return [
        dmc.Title("Shapes of the largest cascades", order=2),
        dmc.Text(SHAPES_TOLD),
        *(dmc.Text(sentence) for sentence in said),
        dcc.Graph(figure=figure, config=graph_config(), style={"height": figure.layout.height}),
    ]


def detail(store: Store, appeal_id: str, node: int | None) -> list[Component] | str:
    """Return what the panel says of the selected post."""
    said = None if node is None else describe(store.read("layout", appeal_id=appeal_id), node)
    if said is None:
        return NOT_SELECTED
    facts = [
        ("Post", f"{said['kind']} on {said['platform']}"),
        ("Time", said["at"]),
        ("Link", said["link"]),
        ("Hang from it, directly or not", f"{said['descendants']:,} posts"),
        ("Account, as stored", said["account_id"] or "not known"),
    ]
    return [_fact(name, value) for name, value in facts]


def blob(store: Store, appeal_id: str) -> Response:
    """Answer with the picture of one appeal, as ``dashboards.wire`` encodes it."""
    river = store.read("layout", appeal_id=appeal_id)
    if river.is_empty():
        return PlainTextResponse("There is no picture of this appeal.", 404)
    return Response(encode(river), media_type="application/octet-stream")


def post(store: Store, appeal_id: str, node: int) -> Response:
    """Answer with what can be said of one post."""
    said = describe(store.read("layout", appeal_id=appeal_id), node)
    if said is None:
        return PlainTextResponse("There is no such post in this picture.", 404)
    return JSONResponse(said)


def register(app: Dash, store: Store) -> None:
    """Add the page's callbacks and the two routes that the picture asks."""
    app.clientside_callback(MOUNT, Output(GRAPH, "data-mounted"), Input(SOURCE, "data"))

    def _detail(node: int | None, source: dict[str, str]) -> list[Component] | str:
        return detail(store, source["appeal"], node)

    app.callback(Output(DETAIL, "children"), Input(SELECTED, "data"), State(SOURCE, "data"))(
        _detail
    )

    def _blob(appeal_id: str) -> Response:
        return blob(store, appeal_id)

    def _post(appeal_id: str, node: int) -> Response:
        return post(store, appeal_id, node)

    # Dash adds its route for every other path when the server starts, so these come before it.
    app.server.get("/graph/{appeal_id:path}.bin")(_blob)
    app.server.get("/graph/{appeal_id:path}/{node:int}.json")(_post)


def _source(appeal_id: str) -> dict[str, str]:
    """Return where the browser finds the picture and its posts."""
    path = f"/graph/{quote(appeal_id, safe='')}"
    return {"appeal": appeal_id, "blob": f"{path}.bin", "nodes": f"{path}/"}


def _title() -> Component:
    return dmc.Title("How it spread", order=1)


def _showing(posts: pl.DataFrame) -> str:
    unplaced = posts["at"].null_count()
    line = f"Showing {posts.height - unplaced:,} of {posts.height:,} posts"
    if not unplaced:
        return f"{line}."
    return f"{line}; {unplaced:,} could not be placed because they carry no time."


def _legend(river: pl.DataFrame) -> Component:
    platforms = [
        _key(
            {"width": 10, "height": 10, "borderRadius": 5, "background": lane["colour"]},
            lane["name"],
        )
        for lane in lanes(river).iter_rows(named=True)
    ]
    links = [
        _key({"width": 26, "height": 2, "background": "currentColor", "opacity": strength}, words)
        for strength, words in (LINK_STYLES[style] for style in styles(river))
    ]
    return dmc.Stack([dmc.Group(platforms, gap="md"), dmc.Group(links, gap="md")], gap=4)


def _key(style: dict[str, Any], words: str) -> Component:
    mark = html.Span(style={"display": "inline-block", **style})
    return dmc.Group([mark, dmc.Text(words, size="sm")], gap=6)


def _fact(name: str, value: str) -> Component:
    return dmc.Text(
        [dmc.Text(f"{name}: ", span=True, fw=600), value], style={"overflowWrap": "anywhere"}
    )
