"""Every page in a real Chromium: known answers, an empty console, no request that leaves."""

import json
from collections.abc import Iterator
from typing import NamedTuple

import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from serving import served, until, visit
from simulating import simulated

from analytics import Store

pytestmark = pytest.mark.browser

BARS = "document.querySelector('.js-plotly-plot').data.filter(trace => trace.type === 'bar')"
PAGES = {  # what stands when a page is ready
    "/": ".js-plotly-plot .bars path",
    "/spread": "#spread-graph canvas",
    "/reach": "#reach-accounts .xtick text",
    "/carriers": "#carriers-ranks .xtick text",
    "/communities": "#communities-languages .bars path",
    "/responses": "#entry-grid .ag-row",
    "/together": "#coordination-synchrony .xtick text",
    "/compare": ".page h1",
    "/coding": "#coding-card",
    "/opinions": "#stances-card",
    "/data": "#data-coverage .ag-row",
}


class Reader(NamedTuple):
    """Who looks at the pages, and on what."""

    width: int
    look: str
    lang: str


# Each width, day and night, and each language; not every one with every other.
READERS = [Reader(390, "light", "ru"), Reader(1280, "dark", "en"), Reader(1920, "light", "kk")]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with simulated(tmp_path_factory.mktemp("browser"), posts=3_000, seed=3) as filled:
        yield filled


@pytest.fixture(scope="module")
def base(store: Store) -> Iterator[str]:
    with served(store) as address:
        yield address


def draw_all(page: Page) -> None:
    """Draw what is not yet near, as for paper."""
    page.wait_for_selector("#page[data-figures]", state="attached")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")


@pytest.mark.parametrize("reader", READERS)
def test_pages_stand_for_everybody_without_errors_and_ask_nobody_else(
    browser: Browser, base: str, reader: Reader
) -> None:
    with visit(browser, base, width=reader.width, look=reader.look) as seen:
        for path, ready in PAGES.items():
            page = seen.open(f"{path}?lang={reader.lang}")
            draw_all(page)
            page.wait_for_selector(ready)
            until(page, f"document.documentElement.lang === '{reader.lang}'")
            assert page.get_attribute("html", "data-mantine-color-scheme") == reader.look
            assert page.locator("header.top .simulated").count() == 1
            assert page.evaluate("document.documentElement.scrollWidth") <= reader.width, path
            broken = Axe().run(page).response["violations"]
            assert [(path, found["id"]) for found in broken] == []
        assert seen.errors == []
        assert seen.abroad == []


def test_the_story_draws_every_post_of_every_platform(
    browser: Browser, base: str, store: Store
) -> None:
    daily = store.read("timeline").filter(every="1d")
    known = dict(daily.group_by("platform").agg(pl.col("posts").sum()).iter_rows())
    with visit(browser, base) as seen:
        page = seen.open("/")
        page.wait_for_selector(".js-plotly-plot .bars path")
        drawn = page.evaluate(f"{BARS}.map(t => [t.name, [...t.y].reduce((a, b) => a + b, 0)])")
    names = {
        "x": "X",
        "telegram": "Telegram",
        "youtube": "YouTube",
        "bluesky": "Bluesky",
        "web": "News and web",
    }
    assert dict(drawn) == {names[platform]: posts for platform, posts in known.items()}


def test_the_story_says_the_numbers_of_the_summary(
    browser: Browser, base: str, store: Store
) -> None:
    facts = store.read("summary").row(0, named=True)
    with visit(browser, base) as seen:
        answers = seen.open("/").locator(".answer").all_inner_texts()
    assert f"{facts['accounts']:,} accounts took part in {facts['posts']:,} posts" in answers[0]
    assert f"{facts['top_shares']:,} of the {facts['shares']:,} shares held" in answers[1]
    assert f"{facts['responses']} responses of authorities" in answers[2]


def test_no_figure_can_be_uploaded(browser: Browser, base: str) -> None:
    with visit(browser, base) as seen:
        page = seen.open("/")
        page.wait_for_selector(".js-plotly-plot .modebar-btn", state="attached")
        titles = page.eval_on_selector_all(
            ".modebar-btn", "buttons => buttons.map(b => b.getAttribute('data-title') || '')"
        )
    assert titles
    assert not [title for title in titles if "share" in title.lower() or "cloud" in title.lower()]


def test_the_pages_are_reached_by_links_and_the_back_button(browser: Browser, base: str) -> None:
    with visit(browser, base) as seen:
        page = seen.open("/")
        page.click("text=Data")
        page.wait_for_selector("text=What all this rests on")
        assert "appeal=simulated" in page.url
        page.click("text=Spread")
        page.wait_for_selector("text=How it spread")
        page.go_back()
        page.wait_for_selector("text=What all this rests on")
        assert seen.errors == []


def test_a_figure_is_drawn_when_it_is_near_and_a_table_when_it_is_opened(
    browser: Browser, base: str
) -> None:
    with visit(browser, base) as seen:
        page = seen.open("/reach?lang=ru")
        page.wait_for_selector("#page[data-figures]", state="attached")
        card = page.locator(".figure-card").last
        assert card.locator(".main-svg").count() == 0
        card.scroll_into_view_if_needed()
        card.locator(".xtick text").first.wait_for()
        assert card.locator("table").count() == 0
        fold = card.locator("details").first
        fold.locator("summary").click()
        rows = fold.locator("tbody tr")
        rows.first.wait_for()
        held = len(json.loads(fold.locator("pre").text_content() or "")["columns"][0])
        assert rows.count() == held > 5
        assert "Bluesky" in rows.first.inner_text()
        assert fold.locator("th").first.inner_text() == "Платформа"
        assert seen.errors == []
