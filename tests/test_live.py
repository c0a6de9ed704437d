"""While a page is open: what comes in is noticed, measured, and shown where the reader is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from dash import no_update
from playwright.sync_api import expect, sync_playwright
from serving import launch, served, visit
from strategies import at, rows

from analytics import Store, measure
from analytics.runner import is_due
from analytics.tables import POSTS
from dashboards.live import Measuring, looked, news, stamp

NOW = datetime(2026, 5, 1, tzinfo=UTC)
PATIENCE = 120  # seconds


def post(number: int) -> dict[str, object]:
    return {"post_id": f"x:{number}", "appeal_id": "a", "platform": "x", "kind": "original",
            "source": "test", "at": at(number)}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("GROUNDSWELL_KEYS", str(tmp_path / "keys"))
    made = Store.create(tmp_path / "s", appeal_id="a")
    made.append(POSTS, rows(POSTS, *(post(k) for k in range(3))))
    measure(made)
    return made


@pytest.fixture
def measuring(store: Store) -> Iterator[Measuring]:
    made = Measuring(store.path)
    yield made
    made.stop()


def finished(measuring: Measuring) -> None:
    until = monotonic() + PATIENCE
    while measuring.is_running and monotonic() < until:
        sleep(0.1)
    assert not measuring.is_running


def test_only_what_came_after_the_last_run_is_due(store: Store) -> None:
    assert not is_due(store)
    store.append(POSTS, rows(POSTS, post(0)))  # held already
    assert not is_due(store)
    store.append(POSTS, rows(POSTS, post(7)))
    assert is_due(store)
    measure(store)
    assert not is_due(store)


def test_what_is_new_is_offered_measured_and_then_shown(store: Store, measuring: Measuring) -> None:
    seen = stamp(store)
    assert "not measured" not in str(looked(store, measuring, seen, is_form=False, follows=False))
    store.append(POSTS, rows(POSTS, post(7)))
    same, offered = looked(store, measuring, seen, is_form=False, follows=False)
    assert same is no_update
    assert "not measured yet" in str(offered)
    measuring.start(NOW)
    assert "Measuring" in str(news(store, measuring))
    finished(measuring)
    shown, told = looked(store, measuring, seen, is_form=False, follows=False)
    assert shown == stamp(store) != seen
    assert "not measured yet" not in str(told)
    assert store.read("summary")["posts"].to_list() == [4]


def test_a_page_with_a_form_is_left_as_it_is(store: Store, measuring: Measuring) -> None:
    store.append(POSTS, rows(POSTS, post(7)))
    seen = stamp(store)
    measure(store)
    same, told = looked(store, measuring, seen, is_form=True, follows=False)
    assert same is no_update
    assert "load this page again" in str(told)


def test_it_starts_by_itself_and_not_again_at_once(store: Store, measuring: Measuring) -> None:
    store.append(POSTS, rows(POSTS, post(7)))
    looked(store, measuring, stamp(store), is_form=False, follows=True)
    assert measuring.is_running
    finished(measuring)
    now = datetime.now(UTC)
    assert not measuring.may_start(now)
    assert measuring.may_start(now + timedelta(minutes=1))


def test_what_is_stopped_leaves_a_store_that_can_be_measured(
    store: Store, measuring: Measuring
) -> None:
    store.append(POSTS, rows(POSTS, post(7)))
    measuring.start(NOW)
    measuring.stop()
    assert measuring.step is None
    assert is_due(store)
    measure(store)
    assert store.read("summary")["posts"].to_list() == [4]


def test_why_it_could_not_be_measured_is_said(tmp_path: Path) -> None:
    empty = Store.create(tmp_path / "empty", appeal_id="a")
    measuring = Measuring(empty.path)
    measuring.start(NOW)
    finished(measuring)
    assert measuring.step is None
    assert "holds no posts yet" in str(news(empty, measuring))


@pytest.mark.browser
def test_an_open_page_shows_what_came_without_a_reload(store: Store) -> None:
    with sync_playwright() as playwright, served(store) as base:
        browser = launch(playwright)
        with visit(browser, base, height=400) as seen:
            page = seen.open("/")
            expect(page.locator(".answer").first).to_contain_text("3 posts")
            page.evaluate("window.kept = true; window.scrollTo(0, 200)")
            store.append(POSTS, rows(POSTS, post(7)))
            page.get_by_role("button", name="Measure").click(timeout=PATIENCE * 1000)
            expect(page.locator(".answer").first).to_contain_text(
                "4 posts", timeout=PATIENCE * 1000
            )
            assert page.evaluate("window.kept")
            assert page.evaluate("window.scrollY") == 200
            assert seen.errors == []
        browser.close()
