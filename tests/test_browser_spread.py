"""The pictures of the page Spread in a real Chromium: drawn, chosen from, played and greyed."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from serving import served, until, visit
from simulating import simulated

from analytics import Store

pytestmark = pytest.mark.browser

# Paint once more and count, of all pixels, those that are not the ground, and those with a colour.
COUNTED = """() => new Promise((done) => {
  const canvas = document.querySelector(".graph-canvas");
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" })); // all links, none chosen
  requestAnimationFrame(() => {
    const gl = canvas.getContext("webgl2");
    const pixels = new Uint8Array(4 * canvas.width * canvas.height);
    gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    let [inked, coloured] = [0, 0];
    for (let i = 0; i < pixels.length; i += 4) {
      const [least, most] = [Math.min, Math.max].map((of) => of(...pixels.slice(i, i + 3)));
      if ([0, 1, 2].some((band) => Math.abs(pixels[i + band] - pixels[band]) > 20)) inked += 1;
      if (most - least > 70) coloured += 1;
    }
    done({ inked, coloured });
  });
})"""
DRAWN = "document.querySelector('#spread-graph')?.dataset.drawn"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with simulated(tmp_path_factory.mktemp("pictures"), posts=1_000, seed=4) as filled:
        yield filled


def drawn(page: Page) -> dict[str, Any]:
    until(page, DRAWN)
    counted: dict[str, Any] = page.evaluate(COUNTED)
    return counted


def hovered(page: Page) -> str:
    """Move the pointer over the picture until it tells of a place; return what it tells."""
    box = page.locator(".graph-canvas").bounding_box()
    assert box
    for step in range(0, 200, 3):
        page.mouse.move(box["x"] + box["width"] / 2 + step, box["y"] + box["height"] / 2 + step / 3)
        page.wait_for_timeout(20)
        if page.is_visible(".graph-tip"):
            return page.inner_text(".graph-tip")
    return ""


def test_every_picture_is_drawn_and_tells_of_what_is_chosen(browser: Browser, store: Store) -> None:
    facts = {"river": "descendants", "tree": "descendants", "map": "shared"}
    with served(store) as base, visit(browser, base) as seen:
        asked: list[str] = []
        seen.page.on("request", lambda request: asked.append(request.url))
        for name, greatest in facts.items():
            page = seen.open(f"/spread?picture={name}")
            assert drawn(page)["coloured"] > 1_000
            told = hovered(page) if name == "tree" else ""
            assert ("UTC" in told) == (name == "tree")
            page.focus(".graph-canvas")
            page.keyboard.press("Enter")
            rows = store.read("account_map" if name == "map" else "layout")
            most = f"{rows[greatest].sort(descending=True)[0]:,}"
            until(page, f"document.querySelector('#spread-detail').innerText.includes('{most}')")
            page.keyboard.press("Escape")
            page.wait_for_selector("text=Nothing is selected")
            broken = Axe().run(page).response["violations"]
            assert [(name, found["id"]) for found in broken] == []
        blobs = [url for url in asked if "/graph/" in url]
        assert len(blobs) == len(facts)  # nothing is read where the pointer rests or clicks
        assert seen.errors == []


def test_the_spread_is_played_and_what_is_filtered_out_is_grey(
    browser: Browser, store: Store
) -> None:
    with served(store) as base, visit(browser, base) as seen:
        seen.page.emulate_media(reduced_motion="reduce")
        page = seen.open("/spread?picture=tree")
        whole = drawn(page)
        page.focus(".graph-canvas")
        page.keyboard.press(" ")  # one step, where motion is not wanted
        assert "until" in page.inner_text(".graph-time")
        told = page.inner_text(".graph-time")
        first = drawn(page)
        page.wait_for_timeout(400)
        assert page.inner_text(".graph-time") == told
        assert 0 < first["inked"] < 0.8 * whole["inked"]
        page.focus(".graph-scrubber")
        page.keyboard.press("End")
        assert drawn(page) == whole
        page = seen.open("/spread?picture=tree&from=2000-01-01&to=2000-01-02")
        greyed = drawn(page)
        assert greyed["coloured"] < 0.05 * whole["coloured"]
        assert greyed["inked"] > 0.1 * whole["inked"]
        assert "posts" in page.inner_text("main")
        page.click("text=Map of accounts")
        page.wait_for_selector("text=Each dot is an account")
        assert "picture=map" in page.url
        assert "to=2000-01-02" in page.url
        assert seen.errors == []
