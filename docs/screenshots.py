"""Takes the pictures of the README from a simulated appeal: ``make screenshots``."""

import os
import tempfile
from pathlib import Path

from playwright.sync_api import FloatRect, Page, sync_playwright
from serving import launch, served, visit

from analytics import Store, measure
from collectors.simulated import write_simulation

IMAGES = Path(__file__).parent / "images"
POSTS, SEED = 10_000, 1
STORY = FloatRect(x=0, y=0, width=1280, height=1480)
SPREAD = FloatRect(x=0, y=0, width=1280, height=960)


def main() -> None:
    """Simulate, measure, serve, and take one picture of each page that the README shows."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GROUNDSWELL_KEYS"] = f"{folder}/keys"
        store = write_simulation(Path(folder) / "store", posts=POSTS, seed=SEED)
        measure(store)
        IMAGES.mkdir(exist_ok=True)
        _take(store)


def _take(store: Store) -> None:
    with sync_playwright() as playwright, served(store) as base:
        browser = launch(playwright)
        with visit(browser, base, height=1480) as seen:
            page = seen.open("/")
            page.wait_for_selector(".js-plotly-plot .bars path")
            _save(page, "story", STORY)
            seen.open("/spread").wait_for_selector("#spread-graph canvas")
            _save(page, "spread", SPREAD)
        browser.close()


def _save(page: Page, name: str, clip: FloatRect) -> None:
    page.wait_for_timeout(1500)  # until everything has been drawn and faded in
    page.screenshot(path=IMAGES / f"{name}.png", clip=clip)


if __name__ == "__main__":
    main()
