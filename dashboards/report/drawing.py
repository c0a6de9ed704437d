"""Figures as drawings that stand still, for paper.

Only Plotly draws its figures, so that a browser must be on the machine; it is opened without a
window, on a page whose policy lets it ask nobody.
"""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from analytics.errors import FormatError
from dashboards.report.document import Picture
from dashboards.theme import graph_config

WIDTH = 680  # pixels across a page: 13 px are then 9.2 points
HIGHEST = 900  # a figure that is higher is drawn wider, so that it still fits on a page
_POLICY = (
    "default-src 'none'; script-src file: 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:"
)
NO_KALEIDO = (
    "a PDF needs more than is installed here; run: pip install 'groundswell[pdf]', "
    "or write a .html and print it from a browser"
)
NO_BROWSER = (
    "no Chrome or Chromium was found, and figures are drawn by one; install it, name it by "
    "BROWSER_PATH, or write a .html and print it from any browser"
)


def drawn(pictures: Iterable[Picture]) -> dict[str, str]:
    """Return the SVG of every picture, by its name, in the language that is spoken.

    Raises
    ------
    FormatError
        What draws them is not installed, or found no browser.
    """
    asked = {picture.name: _figure(picture) for picture in pictures}
    if not asked:
        return {}
    try:
        from choreographer.errors import ChromeNotFoundError  # noqa: PLC0415 - an extra
    except ImportError:
        raise FormatError(NO_KALEIDO) from None
    try:
        return asyncio.run(_all(asked))
    except ChromeNotFoundError:
        raise FormatError(NO_BROWSER) from None


def _figure(picture: Picture) -> dict[str, Any]:
    figure = json.loads(picture.figure.to_json())
    return {"data": figure["data"], "layout": figure["layout"]}


def _page(page: Any) -> Any:  # noqa: ANN401 - of an extra that may not be here
    """Return the page that draws, which asks nobody and speaks the reader's language."""
    policy = f'<head><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    language = f"<script>Plotly.setPlotConfig({json.dumps(graph_config())})</script>"
    page.header = page.header.replace("<head>", policy)
    page.footer = language + page.footer
    return page


async def _all(asked: dict[str, dict[str, Any]]) -> dict[str, str]:
    from kaleido import Kaleido, PageGenerator  # noqa: PLC0415 - an extra

    svg = {}
    async with Kaleido(page_generator=_page(PageGenerator(mathjax=False))) as browser:
        for name, figure in asked.items():
            high = figure["layout"].get("height", WIDTH // 2)
            size = {"width": max(WIDTH, round(WIDTH * high / HIGHEST)), "height": high}
            svg[name] = (await browser.calc_fig(figure, {"format": "svg", **size})).decode()
    return svg
