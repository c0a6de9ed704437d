"""Takes the pictures of the docs from a simulated appeal: ``make screenshots``."""

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, FloatRect, Page, sync_playwright
from serving import launch, served, visit

from analytics import Store, measure
from collectors.simulated import write_simulation

IMAGES = Path(__file__).parent / "images"
POSTS, SEED = 10_000, 1
PATIENCE = 60_000  # milliseconds that a picture may take to stand


class Shot(NamedTuple):
    """One picture: its name, the page, what stands when it is ready, and how it is looked at."""

    name: str
    path: str
    ready: str
    height: int = 960
    width: int = 1280
    look: str = "light"


SHOTS = (
    Shot("story", "/", ".js-plotly-plot .bars path", 1340),
    Shot("story-night", "/?lang=ru", ".js-plotly-plot .bars path", 1340, look="dark"),
    Shot("story-phone", "/?lang=kk", ".js-plotly-plot .bars path", 1400, 390),
    Shot("spread", "/spread", "#spread-graph[data-drawn]"),
    Shot("spread-tree", "/spread?picture=tree", "#spread-graph[data-drawn]"),
    Shot("spread-map", "/spread?picture=map", "#spread-graph[data-drawn]"),
    Shot("reach", "/reach", "#reach-accounts .xtick text", 1200),
    Shot("carriers", "/carriers", "#carriers-ranks .xtick text", 1200),
    Shot("communities", "/communities", "#communities-languages .bars path", 1200),
    Shot("responses", "/responses", "#entry-grid .ag-row", 1200),
    Shot("together", "/together", "#coordination-synchrony .xtick text", 1200),
    Shot("compare", "/compare", ".page h1"),
    Shot("coding", "/coding", "#coding-card"),
    Shot("opinions", "/opinions", "#stances-card"),
    Shot("data", "/data", "#data-coverage .ag-row", 1200),
)


def main() -> None:
    """Simulate, measure, serve, and take one picture of each page."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GROUNDSWELL_KEYS"] = f"{folder}/keys"
        store = write_simulation(Path(folder) / "store", posts=POSTS, seed=SEED)
        measure(store)
        IMAGES.mkdir(exist_ok=True)
        _take(store)


def _take(store: Store) -> None:
    with sync_playwright() as playwright, served(store) as base:
        browser = launch(playwright)
        for shot in SHOTS:
            _one(browser, base, shot)
        browser.close()


def _one(browser: Browser, base: str, shot: Shot) -> None:
    with visit(browser, base, width=shot.width, height=shot.height, look=shot.look) as seen:
        page = seen.open(shot.path)
        page.wait_for_selector("#page[data-figures]", state="attached", timeout=PATIENCE)
        page.evaluate("dispatchEvent(new Event('beforeprint'))")  # figures below the fold as well
        page.wait_for_selector(shot.ready, timeout=PATIENCE, state="attached")
        _save(page, shot)


def _save(page: Page, shot: Shot) -> None:
    page.wait_for_timeout(1500)  # until everything has been drawn and faded in
    clip = FloatRect(x=0, y=0, width=shot.width, height=shot.height)
    page.screenshot(path=IMAGES / f"{shot.name}.png", clip=clip)


if __name__ == "__main__":
    main()
