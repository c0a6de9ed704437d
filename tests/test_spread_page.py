"""The page Spread: what it says, what a click tells, and what its route answers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
import requests
from serving import served
from strategies import rows

from analytics import Store, measure
from analytics.tables import POSTS
from dashboards import spreading
from dashboards.pages import spread
from dashboards.pictures import picture
from dashboards.theme import DARK
from dashboards.view import View
from dashboards.wire import encode

START = datetime(2026, 3, 1, tzinfo=UTC)
COMMON = {"appeal_id": "a/b", "source": "test", "basis": "observed"}
HOSTILE = "<script>alert(1)</script>\u202e" + "x" * 10_000


def post(name: str, hour: int | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    platform = name.split(":", maxsplit=1)[0]
    at = None if hour is None else START + timedelta(hours=hour)
    return {"post_id": name, "at": at, "platform": platform, "kind": "original"} | more


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Return a store of one appeal: an original, what hangs from it, and a post without a time."""
    folder = tmp_path_factory.mktemp("spread")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROUNDSWELL_KEYS", str(folder / "keys"))
        made = Store.create(folder / "s", appeal_id="a/b")
        share = {"kind": "repost", "parent_id": "x:1", "root_id": "x:1",
                 "parent_account_id": "x:one", "root_account_id": "x:one"}  # fmt: skip
        held = [
            post("x:1", 0, account_id="x:one"),
            post("x:2", 1, account_id="x:two", **share),
            post("x:3", 2, account_id="x:three", **share),
            post("web:4", 3, account_id=f"web:{HOSTILE}"),
            post("web:5", None),
        ]
        made.append(POSTS, rows(POSTS, *held, **COMMON))
        measure(made)
        yield made


def said(store: Store, **view: Any) -> str:  # noqa: ANN401
    return str(spread.layout(store, View("a/b", **view)).to_plotly_json())


def test_the_page_says_what_could_not_be_placed(store: Store) -> None:
    page = said(store)
    assert "Showing 4 of 5 posts; 1 could not be placed because they carry no time." in page
    assert "/graph/a%2Fb/river.bin?v=" in page


def test_every_picture_says_how_it_is_read_and_what_its_lines_are(store: Store) -> None:
    for name in spread.NAMES:
        page = said(store, picture=name)
        assert spread.HOW_TO_READ[name] in page
        assert "the platform states the link" in page
        assert f"/graph/a%2Fb/{name}.bin" in page
    assert "Showing all 3 accounts" in said(store, picture="map")


def test_filters_grey_and_are_told_to_the_picture(store: Store) -> None:
    view = View("a/b", start=START, end=START + timedelta(hours=2), platforms=("x",), look=DARK)
    found = picture(store, "a/b", "river")
    assert found
    told = spreading.source(store, view, found)
    assert told["kept"]["platforms"] == ["x"]
    assert told["kept"]["from"] == START.timestamp() * 1e3
    assert told["kept"]["to"] < (START + timedelta(hours=2)).timestamp() * 1e3
    assert told["look"]["ground"] == DARK.ground
    page = str(spread.layout(store, view).to_plotly_json())
    assert spread.GREYED in page
    assert "Showing 4 of 5 posts" in page  # greyed, not left out
    assert "x:2" in page
    assert "web:4" not in page  # of the table it is left out


def test_filters_of_language_and_role_are_asked_with_the_picture(store: Store) -> None:
    view = View("a/b", languages=("ru", "kk"), roles=("media",))
    found = picture(store, "a/b", "river")
    assert found
    told = spreading.source(store, view, found)
    assert told["kept"]["others"]
    assert told["blob"].endswith("&language=ru%2Ckk&role=media")
    asked = dict(parse_qsl(told["blob"].split("?")[1]))
    answer = spread.blob(store, "a/b", "river", asked)
    assert answer.body == encode(found, outside=np.ones(4, np.bool_))
    nobody = spread.blob(store, "a/b", "river", {"role": "unknown"})
    assert nobody.body == encode(found, outside=np.zeros(4, np.bool_))
    assert spread.GREYED in said(store, roles=("media",))


def test_the_table_beside_the_picture_cuts_hostile_names_and_tells_links(store: Store) -> None:
    page = said(store)
    assert HOSTILE not in page
    assert spreading.HEAD in page


def test_a_click_tells_of_a_post_and_of_an_account(store: Store) -> None:
    source = {"appeal": "a/b", "picture": "river", "lang": "en"}
    assert "repost on X" in str(spread.detail(store, source, 1))
    assert "the platform states the link" in str(spread.detail(store, source, 1))
    assert spread.detail(store, source, None) == spread.NOT_SELECTED
    assert spread.detail(store, source, 99) == spread.NOT_SELECTED
    told = str(spread.detail(store, source | {"picture": "map"}, 0))
    assert "outside the largest component" in told
    assert "x:~" in told


def test_the_page_of_nothing_says_so(store: Store, tmp_path: Path) -> None:
    for name in spread.NAMES:
        page = str(spread.layout(store, View("other", picture=name)).to_plotly_json())
        assert "groundswell measure" in page
        assert spread.GRAPH not in page
    unmeasured = Store.create(tmp_path / "s")
    assert "groundswell measure" in str(spread.layout(unmeasured, View("appeal")).to_plotly_json())


def test_the_route_answers_whole_pictures_and_parts_and_refuses_others(store: Store) -> None:
    found = picture(store, "a/b", "river")
    assert found
    with served(store) as home:
        whole = requests.get(f"{home}/graph/a%2Fb/river.bin?v=1", timeout=20)
        assert whole.headers["content-type"] == "application/octet-stream"
        assert "immutable" in whole.headers["cache-control"]
        assert whole.content == encode(found)
        part = requests.get(f"{home}/graph/a%2Fb/river.bin?box=0,1.5,0,1", timeout=20)
        assert part.content == encode(found, (0.0, 1.5, 0.0, 1.0))
        for path in ("other/river", "a%2Fb/secret", "a%2Fb/..%2F..%2Fstore"):
            assert requests.get(f"{home}/graph/{path}.bin", timeout=20).status_code == 404
        assert requests.get(f"{home}/graph/a%2Fb/river.bin?box=1,2", timeout=20).status_code == 400


def test_one_post_is_a_river_and_a_tree_and_a_second_one_makes_them_anew(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s", appeal_id="a/b")
    store.append(POSTS, rows(POSTS, post("x:1", 0), **COMMON))
    measure(store)
    assert "Showing 1 of 1 posts." in said(store)
    assert "Showing 1 of 1 posts." in said(store, picture="tree")
    assert spread.NO_ACCOUNTS in said(store, picture="map")
    first = picture(store, "a/b", "river")
    assert first
    assert picture(store, "a/b", "river") is first
    store.append(POSTS, rows(POSTS, post("x:2", 1), **COMMON))
    measure(store)
    again = picture(store, "a/b", "river")
    assert again
    assert (first.size, again.size) == (1, 2)
