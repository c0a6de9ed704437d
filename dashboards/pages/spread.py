"""The page Spread: every post of an appeal as a time-river or a tree, its accounts as a map."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
import polars as pl
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from fastapi import Request, Response
from fastapi.responses import PlainTextResponse

from analytics.mapping import MOST
from analytics.measured import LAYOUT
from analytics.store import Store
from dashboards import pictures, spreading
from dashboards.cards import figure_card
from dashboards.figures.shapes import shapes_figure
from dashboards.i18n import N_, _, number, speaking
from dashboards.pictures import JUMP, Picture
from dashboards.sentences import shape_sentences
from dashboards.sheet import as_csv, folded
from dashboards.theme import Look, platform_name
from dashboards.view import PICTURES, View, search_of, several
from dashboards.wire import box_of, encode

GRAPH = "spread-graph"
SOURCE = "spread-source"
SELECTED = "spread-selected"
DETAIL = "spread-detail"

NAMES = {"river": N_("Time-river"), "tree": N_("Tree"), "map": N_("Map of accounts")}
HOW_TO_READ = {
    "river": N_(
        "Time runs from left to right and each lane is a platform; a comet's head is a post, what "
        "hangs from it fans out behind, and where across its lane a post stands means nothing more "
        "than that there was room."
    ),
    "tree": N_(
        "Each disc is a cascade on one platform, and its area is its number of posts. The first "
        "post is in the middle; what hangs from a post lies behind it, and in each direction the "
        "outer is the later. Lines between discs lead from one platform to another."
    ),
    "map": N_(
        "Each dot is an account, the larger the more it was shared here. Accounts that shared each "
        "other lie together; distances measure nothing, and the middle is no better place than the "
        "rim."
    ),
}
HOW_TO_MOVE = {
    "river": N_(
        "Drag to move, turn the wheel to zoom in time, with Shift in both directions. Click a post "
        "to light up its branch."
    ),
    "tree": N_("Drag to move, turn the wheel to zoom. Click a post to light up its branch."),
    "map": N_(
        "Drag to move, turn the wheel to zoom. Click an account to light up those that it shared "
        "or that shared it."
    ),
}
HOW_COMPUTED = {
    "river": N_(
        "A post hangs from the post it shares or answers. Every branch is set down from the "
        "largest to the smallest, as near to the middle of its lane as there is room at its time. "
        "Nothing is random (table “layout”)."
    ),
    "tree": N_(
        "A post hangs from the post it shares or answers; links from one platform to another are "
        "cut and drawn. Posts of a disc are turned about its middle by the golden section and fill "
        "it evenly, the earlier nearer to the middle; discs touch each other, the largest in the "
        "middle. Nothing is random (table “layout”)."
    ),
    "map": N_(
        "Accounts are tied by shares; where a platform hides whom a share was taken from, by its "
        "original's author. Ties pull by the logarithm of their length, accounts push each other "
        "away, until they rest (Noack 2007). The {most} accounts with most shares are drawn "
        "singly, the others of each community as one. Nothing is random (tables “account_map”, "
        "“account_ties”)."
    ),
}
KEYS = N_(
    "With the keyboard: arrows move, plus and minus zoom, Enter chooses, Space plays, brackets "
    "step."
)
NOTHING = N_(
    "There is nothing to draw: no post of this appeal carries a time, or the store has not been "
    "measured since its posts came in. Run “groundswell measure” on it."
)
NO_ACCOUNTS = N_(
    "There is no map: no share is held of which two accounts are known, or the store has not been "
    "measured since. Run “groundswell measure” on it."
)
INFERRED = N_(
    "Where a platform hides whom a share was taken from, the likeliest parent is drawn. It is a "
    "guess, the fainter the less sure; other trees fit as well, and the shapes below tell how much "
    "they differ."
)
JUMPS = N_("ringed, and its line stronger: came from another platform")
HOLLOW = N_("hollow: several accounts of one community")
GREYED = N_("grey: outside the filters")
SHAPES_TOLD = N_(
    "Depth is the longest way from the original, in shares; virality is the mean distance between "
    "two posts. Cascades of different size are not to be compared by either. The star is what most "
    "platforms tell: its numbers come from its construction alone."
)
LARGEST = 12  # cascades whose shape is drawn
FEWEST_SHARES = 3
WIDE, SQUARE = "112rem", "80rem"
LISTED = 200  # posts or accounts in the table
NOT_SELECTED = N_("Nothing is selected. Click a dot in the picture for what stands behind it.")

MOUNT = f"""(source) => {{
  const element = document.getElementById("{GRAPH}");
  const tell = (node) => dash_clientside.set_props("{SELECTED}", {{ data: node }});
  groundswellGraph.mount(element, source, tell);
  return source.blob;
}}"""


def layout(store: Store, view: View) -> Component:
    """Return the page for one view."""
    picture = pictures.picture(store, view.appeal_id, view.picture)
    head = [dmc.Title(_("How it spread"), order=1), _choices(view)]
    if picture is None:
        nothing = NO_ACCOUNTS if view.picture == "map" else NOTHING
        return dmc.Stack([*head, dmc.Text(_(nothing)), *_shapes(store, view)], gap="sm")
    return dmc.Stack(
        [
            *head,
            dmc.Text(_(HOW_TO_READ[view.picture]), className="seen"),
            _stage(view),
            _legend(picture, view),
            dmc.Text(_told(store, view, picture), size="sm", c="dimmed"),
            dmc.Paper(
                _(NOT_SELECTED), id=DETAIL, p="md", withBorder=True, **{"aria-live": "polite"}
            ),
            _under(store, view),
            *_shapes(store, view),
            dcc.Store(id=SOURCE, data=spreading.source(store, view, picture)),
            dcc.Store(id=SELECTED),
        ],
        gap="sm",
    )


def detail(store: Store, source: Mapping[str, str], node: int | None) -> Sequence[Component] | str:
    """Return what the panel says of what is selected."""
    with speaking(source["lang"]):
        if node is None:
            return _(NOT_SELECTED)
        tell = spreading.account if source["picture"] == "map" else spreading.post
        facts = tell(store, source["appeal"], node)
        return [_fact(*fact) for fact in facts.items()] if facts else _(NOT_SELECTED)


def blob(store: Store, appeal_id: str, name: str, asked: Mapping[str, str]) -> Response:
    """Answer with a picture, or what of it lies in a box, as ``dashboards.wire`` encodes it."""
    found = pictures.picture(store, appeal_id, name) if name in PICTURES else None
    if found is None:
        return PlainTextResponse("There is no such picture.", 404)
    box = box_of(asked)
    if "box" in asked and box is None:
        return PlainTextResponse("A box is x0,x1,y0,y1: four numbers.", 400)
    # The address has the version of the table: what stands there never changes.
    kept = {"Cache-Control": "private, max-age=86400, immutable"} if "v" in asked else None
    languages, roles = (several(asked.get(name)) for name in ("language", "role"))
    data = encode(found, box, outside=found.outside(languages, roles))
    return Response(data, media_type="application/octet-stream", headers=kept)


def register(app: Dash, store: Store) -> None:
    """Add the page's callbacks and the route that the pictures ask."""
    app.clientside_callback(MOUNT, Output(GRAPH, "data-mounted"), Input(SOURCE, "data"))

    def _detail(node: int | None, source: dict[str, str]) -> Sequence[Component] | str:
        return detail(store, source, node)

    app.callback(Output(DETAIL, "children"), Input(SELECTED, "data"), State(SOURCE, "data"))(
        _detail
    )

    def _blob(appeal_id: str, name: str, request: Request) -> Response:
        return blob(store, appeal_id, name, request.query_params)

    # Dash adds its route for every other path when the server starts, so this comes before it.
    app.server.get("/graph/{appeal_id:path}/{name}.bin")(_blob)


def _stage(view: View) -> Component:
    """Return the place of the picture: the river is as wide as there is room."""
    wide = WIDE if view.picture == "river" else SQUARE
    look = {"--graph-ground": view.look.ground, "--graph-width": wide}
    return html.Div(id=GRAPH, className="graph", style=look)


def _choices(view: View) -> Component:
    """Return links to the pictures."""
    links = [
        dcc.Link(
            _(name),
            href=f"/spread{search_of(view, picture=picture)}",
            className="nav-link current" if picture == view.picture else "nav-link",
        )
        for picture, name in NAMES.items()
    ]
    return html.Nav(links, className="graph-choice", **_labelled(_("Pictures of the spread")))


def _labelled(words: str) -> dict[str, Any]:
    return {"aria-label": words}


def _told(store: Store, view: View, picture: Picture) -> str:
    """Say how many of how many are shown, and how to move."""
    showing = _accounts_shown(store, view) if view.picture == "map" else _posts_shown(store, view)
    more = [_(HOW_TO_MOVE[view.picture]), _(KEYS)]
    if {"likely", "doubtful", "unlikely"} & {*picture.styles}:
        more.append(_(INFERRED))
    return " ".join([showing, *more])


def _posts_shown(store: Store, view: View) -> str:
    posts = store.read("posts", columns=["at"], appeal_id=view.appeal_id)
    unplaced = posts["at"].null_count()
    said = _(
        "Showing {n} of {all} posts; {unplaced} could not be placed because they carry no time."
    )
    if not unplaced:
        said = _("Showing {n} of {all} posts.")
    shown = posts.height - unplaced
    return said.format(n=number(shown), all=number(posts.height), unplaced=number(unplaced))


def _accounts_shown(store: Store, view: View) -> str:
    counted = store.read(
        "account_map", columns=["accounts", "account_id"], appeal_id=view.appeal_id
    )
    single, held = counted["account_id"].count(), int(counted["accounts"].sum())
    said = _(
        "Showing {n} of {all} accounts singly, the others as the rest of their communities; only "
        "accounts that shared or were shared are on the map."
    )
    if single == held:
        said = _("Showing all {n} accounts that shared or were shared.")
    return said.format(n=number(single), all=number(held))


def _legend(picture: Picture, view: View) -> Component:
    """Return what colours, lines and marks of a picture say; only of those that it has."""
    keys = [
        _key(_dot(view.look.platform(platform)), platform_name(platform))
        for platform in picture.platforms
    ]
    keys += [_key(_line(style), spreading.style_words(style)) for style in picture.styles]
    if picture.name != "map" and (picture.style >= JUMP).any():
        keys.append(_key(_ring(view.look), _(JUMPS)))
    if picture.name == "map" and picture.kind.any():
        keys.append(_key(_ring(view.look, hollow=True), _(HOLLOW)))
    if view.is_filtered:
        keys.append(_key(_dot(view.look.neutral), _(GREYED)))
    return html.Ul(keys, className="graph-legend", **_labelled(_("What the picture shows")))


def _key(style: dict[str, Any], words: str) -> Component:
    return html.Li([html.Span(className="graph-key", style=style), words])


def _dot(colour: str) -> dict[str, Any]:
    return {"width": 10, "height": 10, "borderRadius": 5, "background": colour}


def _line(style: str) -> dict[str, Any]:
    strength = spreading.STYLE_NAMES[style][0]
    return {"width": 26, "height": 2, "background": "currentColor", "opacity": strength}


def _ring(look: Look, *, hollow: bool = False) -> dict[str, Any]:
    fill = "none" if hollow else look.accent
    return {
        "width": 8, "height": 8, "borderRadius": 8, "border": f"1.5px solid {look.ink}",
        "padding": 2, "background": fill, "backgroundClip": "content-box",
    }  # fmt: skip


def _under(store: Store, view: View) -> Component:
    """Return what stands under a picture: saving it, its numbers, and how it was computed."""
    rows, columns, told = (_accounts if view.picture == "map" else _posts)(store, view)
    held: dict[str, Any] = {"data-csv": GRAPH}
    how = _(HOW_COMPUTED[view.picture]).format(most=number(MOST))
    return html.Div(
        [
            _button("png", _("Save the picture as PNG")),
            _button("csv", _("Save the numbers as CSV")),
            html.Details([html.Summary(told), *folded(rows, columns, most=LISTED)]),
            html.Pre(as_csv(rows, columns), hidden=True, **held),
            html.Details([html.Summary(_("How is this computed?")), html.P(how)]),
        ],
        className="under",
    )


def _button(kind: str, words: str) -> Component:
    more: dict[str, Any] = {"data-save": GRAPH, "data-format": kind, **_labelled(words)}
    return html.Button(kind.upper(), className="quiet", **more)


def _posts(store: Store, view: View) -> tuple[pl.DataFrame, dict[str, str], str]:
    """Return the posts from which most hangs, among those that the filters keep."""
    columns = {
        "at": _("Time (UTC)"), "platform": _("Platform"), "kind": _("Kind"),
        "descendants": _("Posts that hang from it"), "link": _("How its link is known"),
        "account_id": _("Account, as stored"), "post_id": _("Post, as stored"),
    }  # fmt: skip
    asked = [pl.col("appeal_id") == view.appeal_id, *view.keeps(LAYOUT.columns)]
    held = store.scan("layout").filter(asked)
    counted = held.select("descendants").collect().to_series()  # one column of many, of all posts
    least = counted.top_k(LISTED).min() or 0
    rows = (
        held.filter(pl.col("descendants") >= least)
        .sort("descendants", "node", descending=[True, False])
        .head(LISTED)
        .collect()
    )
    said = [spreading.link_words(row) for row in rows.iter_rows(named=True)]
    told = _("Posts from which most hangs, as a table: {n}").format(n=number(rows.height))
    return rows.with_columns(link=pl.Series(said, dtype=pl.String)), columns, told


def _accounts(store: Store, view: View) -> tuple[pl.DataFrame, dict[str, str], str]:
    """Return the accounts that were shared most, among those that the filters keep."""
    columns = {
        "account_id": _("Account, as stored"), "platform": _("Platform"),
        "community": _("Community"), "shared": _("Was shared"), "sharing": _("Shared others"),
        "first_at": _("First of these shares (UTC)"),
    }  # fmt: skip
    held = store.read("account_map", appeal_id=view.appeal_id).drop_nulls("account_id")
    rows = view.kept(held, at="first_at").with_columns(pl.col("community") + 1)
    most = rows.sort("shared", "node", descending=[True, False]).head(LISTED)
    told = _("Accounts that were shared most, as a table: {n}")
    return most, columns, told.format(n=number(most.height))


def _shapes(store: Store, view: View) -> list[Component]:
    """Return the section on the shapes of the largest cascades; none where nothing was shared."""
    names = ["root_id", "platform", "size", "shares", "observed"]
    cascades = store.read("cascades", columns=names, appeal_id=view.appeal_id)
    largest = (
        cascades.filter(pl.col("shares") >= FEWEST_SHARES)
        .sort("size", "root_id", descending=[True, False])
        .head(LARGEST)
    )
    if largest.is_empty():
        return []
    shapes = store.read("shapes", appeal_id=view.appeal_id)
    said = shape_sentences(cascades, store.read("parent_models"))
    rows = shapes.join(largest.select("root_id", "size"), on="root_id").sort(
        "size", "root_id", "method", descending=[True, False, False]
    )
    return [
        figure_card(
            "spread-shapes",
            shapes_figure(shapes, largest, look=view.look),
            title=_("Shapes of the largest cascades"),
            said=_(SHAPES_TOLD),
            rows=rows,
            columns=_shape_columns(),
            how=_(
                "Where parents are hidden, many trees are drawn that fit the times and audiences "
                "that are known, and each is measured: the bands hold 90% of them (tables "
                "“shapes”, “cascades”)."
            ),
            wide=True,
        ),
        *(dmc.Text(sentence, size="sm", c="dimmed", className="seen") for sentence in said),
    ]


def _shape_columns() -> dict[str, str]:
    return {
        "root_id": _("Original"), "size": _("Posts"), "method": _("Known by"),
        "depth_lo": _("Depth, 5%"), "depth": _("Depth"), "depth_hi": _("Depth, 95%"),
        "virality_lo": _("Virality, 5%"), "virality": _("Virality"),
        "virality_hi": _("Virality, 95%"),
    }  # fmt: skip


def _fact(name: str, value: str) -> Component:
    return dmc.Text(
        [dmc.Text(f"{name}: ", span=True, fw=600), value], style={"overflowWrap": "anywhere"}
    )
