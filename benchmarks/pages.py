"""How long to the first picture of a page, the answer of a callback, and the next frame.

The app runs in a process of its own, and is looked at in Chromium. Every page is opened twice: the
first time the server reads its tables, the second time it holds them. Then somebody goes through
all pages by their links and sets filters on each; every answer of the server on the way is counted.
Last, five readers do so at once, and the memory of the server is told. A frame is one turn of the
wheel, painted to the last pixel; without a graphics card that is done by the processor.

    PYTHONPATH=.:tests python benchmarks/pages.py [--posts 100000] [--store PATH] [--only /spread]
"""

import argparse
import multiprocessing
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, sleep
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from serving import launch, until

from analytics import Store, measure
from collectors.simulated import write_simulation

# A page of cards is there when all figures in sight are drawn.
FIGURE = """document.querySelector("main h1") && figures.size && [...figures.keys()].every((one) =>
  one.getBoundingClientRect().top > innerHeight || one.querySelector(".main-svg"))"""
GRAPH = "document.querySelector('#spread-graph')?.dataset.drawn"
PAGES = {
    "/": "document.querySelector('.js-plotly-plot .bars path')",
    "/spread": GRAPH,
    "/spread?picture=tree": GRAPH,
    "/spread?picture=map": GRAPH,
    "/reach": FIGURE,
    "/carriers": FIGURE,
    "/communities": FIGURE,
    "/together": "document.querySelector('main h1')",
    "/compare": "document.querySelector('main h1')",
    "/responses": "document.querySelector('main h1')",
    "/coding": "document.querySelector('main h1')",
    "/opinions": "document.querySelector('main h1')",
    "/data": "document.querySelector('#data-coverage .ag-row')",
}
READERS = 5
# What a reader does on every page: one platform alone, a stretch of time, everything again.
FILTERS = (
    {"filter-platform": ["x"]},
    {"filter-from": "2016-09-01", "filter-to": "2016-09-07"},
    {"filter-platform": [], "filter-from": "", "filter-to": ""},
)
SET = """(told) => {
  for (const [id, value] of Object.entries(told))
    if (document.getElementById(id)) dash_clientside.set_props(id, { value });
}"""
PAUSE = 1_500  # milliseconds between two things that a reader does
FRAMES = 40
START_SECONDS = 60
# Turn the wheel, wait for the frame, and read a pixel back: then it has been painted.
FRAME = """(deltaY) => new Promise((done) => {
  const canvas = document.querySelector(".graph-canvas");
  const gl = canvas.getContext("webgl2");
  const [box, start] = [canvas.getBoundingClientRect(), performance.now()];
  const middle = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
  canvas.dispatchEvent(new WheelEvent("wheel", { deltaY, cancelable: true, ...middle }));
  requestAnimationFrame(() => {
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    done(performance.now() - start);
  });
})"""
BYTES = """performance.getEntriesByType("resource")
  .filter((one) => one.name.includes("/graph/")).map((one) => one.encodedBodySize)"""
ANSWERS = """() => performance.getEntriesByType("resource")
  .filter((one) => one.name.includes("_dash-update-component")).map((one) => one.duration)"""


def main() -> None:
    """Print milliseconds, bytes and the memory of the server."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=100_000, help="of a simulated appeal")
    parser.add_argument("--store", type=Path, help="a measured store in its place")
    parser.add_argument("--only", nargs="+", default=list(PAGES), choices=list(PAGES))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("GROUNDSWELL_KEYS", f"{folder}/keys")
        path = asked.store or _simulated(Path(folder) / "store", asked.posts)
        with _serving(path) as (base, process), sync_playwright() as playwright:
            browser = launch(playwright)
            for page in asked.only:
                _tell(browser, base, page, PAGES[page])
            _tell_of_answers(browser, base)
            print(f"most memory of the server: {_memory(process):,.0f} MB", flush=True)
            _many(browser, base)
            print(f"with {READERS} readers at once: {_memory(process):,.0f} MB")
            browser.close()


def _tell(browser: Browser, base: str, path: str, ready: str) -> None:
    first, *_rest = _opened(browser, base, path, ready)
    again, answers, sent, frames = _opened(browser, base, path, ready)
    print(f"{path}: {first:,.0f} ms to the first picture, {again:,.0f} ms the second time; "
          f"slowest answer of a callback {max(answers):,.0f} ms", flush=True)  # fmt: skip
    if frames:
        slowest = quantiles(frames, n=20)[-1]
        print(f"  {sum(sent) / 1e6:.1f} MB; a frame: median {median(frames):.0f} ms, "
              f"95% under {slowest:.0f} ms", flush=True)  # fmt: skip


def _tell_of_answers(browser: Browser, base: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    told: list[float] = []
    for path in PAGES:
        answers = _walked(page, base, path)
        told += answers
        print(f"{path}: {len(answers)} answers, slowest {max(answers):,.0f} ms", flush=True)
    most = quantiles(told, n=20)[-1]
    print(f"{len(told)} answers: median {median(told):,.0f} ms, 95% under {most:,.0f} ms, "
          f"slowest {max(told):,.0f} ms", flush=True)  # fmt: skip
    page.close()


def _walked(page: Page, base: str, path: str) -> list[float]:
    """Open a page and set its filters; return the milliseconds of all answers."""
    page.goto(base + path)
    until(page, PAGES[path], seconds=120)
    for told in FILTERS:
        page.evaluate(SET, told)
        page.wait_for_timeout(PAUSE)
    return [float(answer) for answer in page.evaluate(ANSWERS)]


def _many(browser: Browser, base: str) -> None:
    """Let several readers open every page at once."""
    readers = [browser.new_context().new_page() for _ in range(READERS)]
    for path, ready in PAGES.items():
        for page in readers:
            page.goto(base + path, wait_until="commit")
        for page in readers:
            until(page, ready, seconds=300)
    for page in readers:
        page.context.close()


def _opened(
    browser: Browser, base: str, path: str, ready: str
) -> tuple[float, list[float], list[int], list[float]]:
    """Open a page without a cache; return its milliseconds, answers, bytes and frames."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(base + path)
    until(page, ready, seconds=120)
    taken = float(page.evaluate("performance.now()"))
    frames = _frames(page) if "/spread" in path else []
    answers, sent = page.evaluate(ANSWERS), page.evaluate(BYTES)
    page.close()
    return taken, answers, sent, frames


def _frames(page: Page) -> list[float]:
    """Zoom in and out a little, as a hand would."""
    return [float(page.evaluate(FRAME, 60 * (-1) ** (turn // 10))) for turn in range(FRAMES)]


def _simulated(path: Path, posts: int) -> Path:
    store = write_simulation(path, posts=posts, seed=1)
    measure(store)
    return path


@contextmanager
def _serving(path: Path) -> Iterator[tuple[str, Any]]:
    """Serve a store from a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(path, port))
    process.start()
    _wait_for(port)
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.join()


def _serve(path: Path, port: int) -> None:
    import uvicorn  # noqa: PLC0415 - only the server needs it

    from dashboards.app import create_app  # noqa: PLC0415

    uvicorn.run(create_app(Store(path)).server, port=port, log_level="error")


def _wait_for(port: int) -> None:
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        sleep(0.1)


def _memory(process: Any) -> float:  # noqa: ANN401 - of any way to start one
    """Return the most memory that a process has used, in MB."""
    told = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    most = next(line for line in told.splitlines() if line.startswith("VmHWM"))
    return int(most.split()[1]) / 1024


if __name__ == "__main__":
    main()
