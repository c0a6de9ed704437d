"""Stores that lack, lie, change or vanish, in a real browser: every page stays up and says so."""

import shutil
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, Dialog, Page
from serving import Visit, served, until, visit
from simulating import simulated

from analytics import Store, measure
from analytics.tables import ACCOUNTS, POSTS
from dashboards.app import PAGES

pytestmark = pytest.mark.browser

FEW = ("/", "/spread", "/responses", "/data")  # a story, arrays, a ledger that writes, grids
AT = datetime(2026, 3, 1, tzinfo=UTC)
POST = {"appeal_id": "a", "platform": "x", "kind": "original", "source": "test"}
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>=1+1\u202e\u2066" + "x" * 10_000
ACTS = """actor,summary,from,to,sources
{hostile},{hostile},2026-03-02,2026-03-03,javascript:alert(3)
"""


def empty(path: Path) -> Store:
    return Store.create(path)


def one_post(path: Path) -> Store:
    store = Store.create(path, appeal_id="a")
    store.declare_appeals()
    store.append(POSTS, pl.DataFrame([POST | {"post_id": "x:1", "at": AT}]))
    measure(store)
    return store


def hostile(path: Path) -> Store:
    """Names, titles and words that would be marks, formulas or turn the text around them."""
    store = Store.create(path, appeal_id="a")
    title = HOSTILE.replace("\u202e", "\\u202e").replace("\u2066", "\\u2066")
    words = f'[[appeals]]\nid = "a"\ntitle = "{title}"\n[protection]\nlevel = "open"\n'
    words += 'reason = "<b>a test</b>"\n'
    (store.path / "groundswell.toml").write_text(words, encoding="utf-8")
    store = Store(store.path)
    store.declare_appeals()
    posts = [
        POST | {"post_id": f"x:{n}{HOSTILE}", "account_id": f"x:{n % 7}{HOSTILE}", "text": HOSTILE,
                "at": AT + timedelta(hours=n), "object_keys": [f"hashtag:{HOSTILE}"]}
        for n in range(60)
    ]  # fmt: skip
    for n, post in enumerate(posts[1:], 1):
        post |= {"kind": "repost", "parent_id": posts[n // 2]["post_id"]}
        post |= {"root_id": posts[0]["post_id"], "basis": "observed"}
    store.append(POSTS, pl.DataFrame(posts))
    named = [
        {"account_id": f"x:{n}{HOSTILE}", "platform": "x", "name": HOSTILE, "handle": HOSTILE,
         "role": "media", "observed_at": AT, "followers": 10 + n}
        for n in range(7)
    ]  # fmt: skip
    store.append(ACCOUNTS, pl.DataFrame(named))
    measure(store)
    return store


def looked_at(seen: Visit, search: str = "", paths: Iterable[str] = PAGES) -> None:
    """Open pages, draw all of each, and see that it stands."""
    said: list[str] = []

    def hear(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    seen.page.on("dialog", hear)
    for path in paths:
        seen.page.goto(f"{seen.base}{path}{search}")
        stands(seen.page)
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert seen.page.locator("main script, main img[onerror]").count() == 0
    assert said == []
    assert seen.errors == []
    assert seen.abroad == []


def stands(page: Page) -> str:
    until(page, "document.querySelector('main')?.innerText.length > 20")
    return page.inner_text("main")


@pytest.mark.parametrize("made", [empty, one_post, hostile])
def test_every_page_of_a_poor_store_stays_up(
    browser: Browser, tmp_path: Path, made: Callable[[Path], Store]
) -> None:
    with served(made(tmp_path / "s")) as base, visit(browser, base, width=390) as seen:
        looked_at(seen)


def test_a_forged_address_is_as_if_it_were_not_there(browser: Browser, tmp_path: Path) -> None:
    forged = "?appeal=..%2F..%2Fetc&lang=%3Cscript%3E&picture=x&from=soon&to=9999-99-99&platform="
    forged += "%00" * 50 + "&role=" + "a," * 3_000
    with served(one_post(tmp_path / "s")) as base, visit(browser, base, width=390) as seen:
        looked_at(seen, forged, FEW)


def test_a_store_that_vanishes_leaves_the_page_up(browser: Browser, tmp_path: Path) -> None:
    store = one_post(tmp_path / "s")
    with served(store) as base, visit(browser, base, width=390) as seen:
        seen.page.goto(base)
        stands(seen.page)
        shutil.rmtree(store.path)
        for path in FEW:
            seen.page.goto(f"{base}{path}")
            assert str(store.path.name) in stands(seen.page) or "no store" in stands(seen.page)


def test_pages_stand_while_the_store_is_written(browser: Browser, tmp_path: Path) -> None:
    with simulated(tmp_path, posts=400, seed=2) as store, served(store) as base:
        done = threading.Event()

        def write() -> None:
            for n in range(1_000):
                if done.is_set():
                    return
                row = POST | {"appeal_id": "simulated", "post_id": f"x:new{n}", "at": AT}
                store.append(POSTS, pl.DataFrame([row]))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            with visit(browser, base, width=390) as seen:
                looked_at(seen, paths=FEW)
        finally:
            done.set()
            writer.join()
