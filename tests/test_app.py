"""The pages as functions: what they show, and what they say when there is nothing to show."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import requests
from reading_pages import words
from serving import served
from simulating import simulated
from strategies import rows

from analytics import Store, measure
from analytics.tables import CHANGES, COLLECTIONS, POSTS
from dashboards.app import PAGES, create_app, show
from dashboards.pages import data
from dashboards.view import View


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with simulated(tmp_path_factory.mktemp("app"), posts=500, seed=5) as filled:
        yield filled


@pytest.mark.parametrize("path", list(PAGES))
def test_every_page_shows_the_appeal_that_the_address_names(store: Store, path: str) -> None:
    page, *_ = show(store, path, "?appeal=simulated")
    assert words(page)


def test_an_unknown_page_or_appeal_is_no_error(store: Store) -> None:
    assert "no such page" in words(show(store, "/nowhere", "")[0])
    forged = "?appeal=%3Cscript%3E&appeal=..%2F..%2Fetc"
    assert "A mother's video appeal" in words(show(store, "/", forged)[0])


def test_simulated_is_said_on_every_screen(store: Store) -> None:
    assert "Simulated" in words(create_app(store).layout())


def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    empty = Store.create(tmp_path / "s")
    for path in PAGES:
        assert "groundswell import" in words(show(empty, path, "")[0])


def test_plotly_is_asked_for_early_only_where_it_will_draw(store: Store, tmp_path: Path) -> None:
    assert "preload" in create_app(store).index_string
    assert "preload" not in create_app(Store.create(tmp_path / "s")).index_string


def test_a_store_without_measures_says_what_to_do(tmp_path: Path) -> None:
    unmeasured = Store.create(tmp_path / "s")
    unmeasured.declare_appeals()
    assert "groundswell measure" in words(show(unmeasured, "/", "")[0])
    assert "groundswell measure" in words(show(unmeasured, "/spread", "")[0])
    assert "groundswell measure" in words(show(unmeasured, "/data", "")[0])


def test_one_post_without_a_time_makes_pages_all_the_same(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s")
    row = {"post_id": "x:1", "appeal_id": "appeal", "platform": "x", "kind": "original"}
    store.append(POSTS, pl.DataFrame([row | {"source": "test"}]))
    measure(store)
    for path in PAGES:
        assert words(show(store, path, "")[0])


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s", appeal_id="a")
    hostile = "<script>alert(1)</script>\u202e" + "x" * 10_000
    toml = f'[[appeals]]\nid = "a"\ntitle = "{hostile}"\n'
    (store.path / "groundswell.toml").write_text(toml, encoding="utf-8")
    store = Store(store.path)
    store.declare_appeals()
    row = {"post_id": "x:1", "appeal_id": "a", "platform": "x", "kind": "original"}
    store.append(POSTS, pl.DataFrame([row | {"source": "test"}]))
    measure(store)
    assert hostile in words(show(store, "/", "")[0])


def test_the_data_page_tells_what_was_asked_and_what_is_gone(tmp_path: Path) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    common = {"appeal_id": "appeal", "platform": "x"}
    asked = {
        "run_id": "r", "at": at, "source": "birds", "kind": "search", "questions": 2,
        "unanswered": 1, "refused": 0, "requests": 3, "received": 250, "spent": 250,
        "unit": "posts", "fact": "the budget is spent", "version": "1",
    }  # fmt: skip
    post = {"post_id": "x:1", "kind": "original", "source": "test"}
    gone = {"post_id": "x:1", "what": "gone", "observed_at": at, "platform": "x"}
    store = Store.create(tmp_path / "s")
    store.append(POSTS, rows(POSTS, post, **common))
    store.append(COLLECTIONS, rows(COLLECTIONS, asked, **common))
    store.append(CHANGES, rows(CHANGES, gone))
    page = str(data.layout(store, View("appeal")))
    for told in ("birds", "the budget is spent", "250", "gone", "x:1"):
        assert told in page


@pytest.mark.parametrize("path", ["/data", "/"])
def test_a_page_that_is_opened_first_has_its_looks(tmp_path: Path, path: str) -> None:
    with served(Store.create(tmp_path / "s")) as address:
        assert "/assets/style.css" in requests.get(address + path, timeout=20).text
