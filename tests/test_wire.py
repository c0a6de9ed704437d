"""The time-river on the wire, and the page that shows it: decoded, asked and served."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import polars as pl
import pytest
import uvicorn
from dash import Dash, html

import dashboards
from analytics.catalog import TABLES
from analytics.measured import LAYOUT
from analytics.store import Store
from analytics.tables import POSTS
from dashboards.pages import spread
from dashboards.theme import DARK
from dashboards.view import View
from dashboards.wire import HEADER, LARGEST, STYLES, VERSION, describe, encode, lanes

START = datetime(2026, 3, 1, tzinfo=UTC)

# node, parent, basis, platform, kind, hours, y, descendants
RIVER: tuple[tuple[Any, ...], ...] = (
    (0, None, None, "youtube", "original", 0.0, 0.5, 4),
    (1, 0, "object", "x", "original", 1.0, 1.5, 2),
    (2, 1, None, "x", "repost", 2.0, 1.25, 0),
    (3, 0, "observed", "youtube", "comment", 3.0, 0.75, 0),
    (4, 1, "follow", "x", "quote", 4.0, 1.96, 0),
)


@pytest.fixture
def river() -> pl.DataFrame:
    names = ("node", "parent", "basis", "platform", "kind", "x", "y", "descendants")
    rows = [dict(zip(names, row, strict=True)) for row in RIVER]
    full = [
        row
        | {
            "appeal_id": "a",
            "post_id": f"{row['platform']}:{row['node']}",
            "account_id": "x:someone",
            "at": START + timedelta(hours=row["x"]),
        }
        for row in rows
    ]
    return LAYOUT.check(pl.DataFrame(full, LAYOUT.schema))


def decoded(blob: bytes) -> dict[str, Any]:
    """Read a blob as its documentation says, without any code of the encoder."""
    n, m = (int(number) for number in np.frombuffer(blob, "<u4", 2, 8))
    sizes = {"xy": ("<f4", 2 * n), "radius": ("<f4", n), "rgba": ("u1", 4 * n)}
    sizes |= {"links": ("<u4", 2 * m), "style": ("u1", m)}
    found: dict[str, Any] = {
        "magic": blob[:4],
        "version": int(np.frombuffer(blob, "<u4", 1, 4)[0]),
        "times": np.frombuffer(blob, "<f8", 5, 16),
    }
    at = 64
    for name, (kind, count) in sizes.items():
        assert at % np.dtype(kind).itemsize == 0
        found[name] = np.frombuffer(blob, kind, count, at)
        at += found[name].nbytes
    assert len(blob) - at == np.frombuffer(blob, "<u4", 1, 56)[0]
    return found | {"lanes": json.loads(blob[at:])}


def test_a_blob_says_what_it_is(river: pl.DataFrame) -> None:
    blob = encode(river)
    assert HEADER.size == 64
    assert (decoded(blob)["magic"], decoded(blob)["version"]) == (b"GSTR", 1)


def test_posts_keep_their_times(river: pl.DataFrame) -> None:
    found = decoded(encode(river))
    origin, first, last, _, _ = found["times"]
    hours = (origin - START.timestamp() * 1e3) / 3.6e6 + found["xy"][::2]
    assert hours == pytest.approx(river["x"].to_numpy(), abs=1e-5)
    assert (first, last) == pytest.approx((found["xy"][0], found["xy"][-2]))


def test_posts_keep_their_place_in_their_lane(river: pl.DataFrame) -> None:
    found = decoded(encode(river))
    top, bottom = (np.array([lane[end] for lane in found["lanes"]]) for end in ("top", "bottom"))
    lane = river["y"].to_numpy().astype(int)
    part = (found["xy"][1::2] - top[lane]) / (bottom - top)[lane]
    assert part == pytest.approx(river["y"].to_numpy() % 1, abs=1e-5)


def test_posts_keep_colour_and_grow_with_what_hangs_from_them(river: pl.DataFrame) -> None:
    found = decoded(encode(river))
    red_green_blue = found["rgba"].reshape(-1, 4)[:, :3].tolist()
    assert red_green_blue == [list(bytes.fromhex(DARK.platform(p)[1:])) for p in river["platform"]]
    assert found["radius"][0] > found["radius"][1] > found["radius"][2] == found["radius"][4]


def test_links_come_by_style_with_every_basis(river: pl.DataFrame) -> None:
    found = decoded(encode(river))
    styles = [STYLES[number] for number in found["style"]]
    links = zip(map(tuple, found["links"].reshape(-1, 2).tolist()), styles, strict=True)
    assert list(links) == [
        ((0, 3), "observed"),
        ((0, 1), "object"),
        ((1, 4), "inferred"),
        ((1, 2), "hidden"),
    ]


def test_the_first_links_of_a_style_are_a_fair_sample() -> None:
    layout = _star(10_000)
    child = decoded(encode(layout))["links"][1::2]
    counts, _ = np.histogram(child[:1000], bins=10, range=(1, 10_000))
    assert counts.min() > 80


def test_the_order_of_rows_is_nothing_to_the_blob(river: pl.DataFrame) -> None:
    assert encode(river.reverse()) == encode(river)


def test_one_post_makes_a_blob(river: pl.DataFrame) -> None:
    found = decoded(encode(river.head(1)))
    assert found["links"].size == 0
    assert found["times"][3:] == pytest.approx([0, 1])  # an hour to look at


def test_a_few_far_posts_are_left_outside_the_opening_stretch() -> None:
    layout = _star(1000)
    far = layout.with_columns(x=pl.when(node=0).then(-5000.0).otherwise("x"))
    _, first, last, start, end = decoded(encode(far))["times"]
    assert first < -4000
    assert (start, last) == pytest.approx((0, end), abs=110)
    near = decoded(encode(layout))["times"]
    assert near[3] <= near[1] < near[2] <= near[4]


def test_lanes_fill_the_height_in_order(river: pl.DataFrame) -> None:
    found = lanes(river)
    assert found["platform"].to_list() == ["youtube", "x"]
    assert found["posts"].to_list() == [2, 3]
    assert found["top"].to_list() == pytest.approx([0, found["bottom"][0]])
    assert found["bottom"][1] == pytest.approx(1)


def test_a_lane_of_few_posts_can_still_be_read() -> None:
    few = _star(1).with_columns(platform=pl.lit("x"), y=pl.lit(1.5))
    found = lanes(pl.concat([_star(10_000), few]))
    assert np.diff(found.select("top", "bottom").to_numpy()).min() > 0.2


def test_a_post_is_described_without_its_text(river: pl.DataFrame) -> None:
    assert describe(river, 4) == {
        "node": 4,
        "platform": "X",
        "kind": "quote",
        "at": "2026-03-01 04:00 UTC",
        "link": "link inferred from who follows whom",
        "descendants": 0,
        "account_id": "x:someone",
    }
    assert describe(river, 5) is None


def test_a_description_says_how_the_link_is_known(river: pl.DataFrame) -> None:
    said = [found["link"] for node in range(3) if (found := describe(river, node))]
    assert said == [
        "first of its branch",
        "linked through what both point to",
        "only the root is known: the platform hides the parent",
    ]


def test_the_browser_holds_the_same_constants() -> None:
    script = Path(dashboards.__file__).with_name("assets") / "graph.js"
    constants = dict(re.findall(r"const ([A-Z]+) = (.+?);", script.read_text("utf-8")))
    assert int(constants["VERSION"]) == VERSION
    assert float(constants["LARGEST"]) == LARGEST
    assert bytes(json.loads(constants["GROUND"])).hex() == DARK.ground[1:]
    assert json.loads(constants["STYLES"]) == [strength for strength, _ in spread.LINK_STYLES]
    assert len(spread.LINK_STYLES) == len(STYLES)


# The page


class OneAppeal:
    """A store that holds one appeal, "a/b", with one post that carries no time."""

    def __init__(self, river: pl.DataFrame) -> None:
        untimed = pl.DataFrame({"at": [None]}, {"at": POSTS.schema["at"]})
        self.tables = {"layout": river, "posts": pl.concat([river.select("at"), untimed])}

    def read(self, table: str, *, columns: list[str] | None = None, appeal_id: str) -> pl.DataFrame:
        """Return a table, as the real store does."""
        found = self.tables.get(table, TABLES[table].empty()).select(columns or pl.all())
        return found if appeal_id == "a/b" else found.clear()


@pytest.fixture
def store(river: pl.DataFrame) -> Store:
    return cast("Store", OneAppeal(river))


@pytest.fixture
def app(store: Store) -> Dash:
    app = Dash(__name__, backend="fastapi", suppress_callback_exceptions=True)
    app.layout = html.Div()
    spread.register(app, store)
    return app


@contextmanager
def served(app: Dash) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app.server, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join()


def test_the_page_says_what_could_not_be_placed(app: Dash, store: Store) -> None:
    assert app.config.routes_pathname_prefix == "/"
    page = str(spread.layout(store, View("a/b")).to_plotly_json())
    assert "Showing 5 of 6 posts; 1 could not be placed because they carry no time." in page
    assert "/graph/a%2Fb.bin" in page


def test_the_page_of_nothing_says_so(store: Store) -> None:
    page = str(spread.layout(store, View("other")).to_plotly_json())
    assert spread.NOTHING in page
    assert spread.GRAPH not in page


def test_the_panel_tells_of_the_selected_post(store: Store) -> None:
    assert spread.detail(store, "a/b", None) == spread.NOT_SELECTED
    assert "repost on X" in str(spread.detail(store, "a/b", 2))


def test_the_routes_answer_although_dash_takes_every_other_path(
    app: Dash, river: pl.DataFrame
) -> None:
    with served(app) as home:
        with urlopen(f"{home}/graph/a%2Fb.bin") as answer:  # noqa: S310 - our own server
            assert answer.headers["content-type"] == "application/octet-stream"
            assert answer.read() == encode(river)
        with urlopen(f"{home}/graph/a%2Fb/3.json") as answer:  # noqa: S310
            assert json.load(answer) == describe(river, 3)
        with urlopen(f"{home}/any/page") as answer:  # noqa: S310
            assert b"<html>" in answer.read()
        for path in ("graph/other.bin", "graph/a%2Fb/99.json", "graph/other/0.json"):
            with pytest.raises(HTTPError) as refused:
                urlopen(f"{home}/{path}")  # noqa: S310
            assert refused.value.code == 404
            assert refused.value.read().startswith(b"There is no")
            refused.value.close()


def _star(size: int) -> pl.DataFrame:
    """Return a layout in which everything hangs from the first post, one post every six minutes."""
    node = pl.int_range(size, dtype=pl.Int64)
    return LAYOUT.check(
        pl.select(
            node=node,
            appeal_id=pl.lit("a"),
            post_id=pl.format("youtube:{}", node),
            parent=pl.when(node > 0).then(pl.lit(0, pl.Int64)),
            platform=pl.lit("youtube"),
            kind=pl.lit("comment"),
            basis=pl.when(node > 0).then(pl.lit("observed")),
            at=pl.lit(START) + pl.duration(minutes=6 * node),
            x=node / 10,
            y=0.5,
            descendants=pl.when(node == 0).then(size - 1).otherwise(0).cast(pl.Int64),
        ).with_columns(pl.col("at").cast(LAYOUT.schema["at"]))
    )
