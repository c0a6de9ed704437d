"""The app in a real browser: a server on loopback and a Chromium, both stopped at the end."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep

import uvicorn
from playwright.sync_api import Browser, Page, Playwright

from analytics.store import Store
from dashboards.app import create_app

# The software renderer makes WebGL2 work where there is no graphics card.
ARGUMENTS = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
)  # fmt: skip
INSTALLED = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 30


def installed() -> str | None:
    """Return where a Chromium is that was installed for everybody."""
    return next((found for name in INSTALLED if (found := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """Start the installed Chromium, else the one that Playwright brought."""
    return playwright.chromium.launch(executable_path=installed(), args=list(ARGUMENTS))


@contextmanager
def served(store: Store, *, secret: str = "") -> Iterator[str]:
    """Serve the app of a store on a free port of loopback; yield its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = create_app(store, secret=secret)
        server = uvicorn.Server(uvicorn.Config(app.server, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        _wait_until_started(server)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(START_SECONDS)


def _wait_until_started(server: uvicorn.Server) -> None:
    deadline = monotonic() + START_SECONDS
    while not server.started and monotonic() < deadline:
        sleep(0.02)


def until(page: Page, expression: str, *, seconds: float = 30) -> None:
    """Wait until an expression is true in a page.

    Playwright's own way evaluates words inside the page, which the app's policy forbids.
    """
    deadline = monotonic() + seconds
    while not page.evaluate(f"() => Boolean({expression})"):
        assert monotonic() < deadline, expression
        sleep(0.02)


@dataclass
class Visit:
    """One page of a browser, and what it complained of."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)
    abroad: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a path and wait until the page stands."""
        self.page.goto(f"{self.base}{path}")
        self.page.wait_for_selector("main h1")
        return self.page

    def watch(self) -> "Visit":
        """Note what the console complains of, and every request that leaves this machine."""
        self.page.on("console", lambda said: self._hear(said.type, said.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))
        return self

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.errors.append(text)

    def _note(self, url: str) -> None:
        if not url.startswith((self.base, "data:", "blob:")):
            self.abroad.append(url)


@contextmanager
def visit(
    browser: Browser, base: str, *, width: int = 1280, height: int = 860, look: str = "light"
) -> Iterator[Visit]:
    """Open a fresh page of a browser, without cache or history."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=look)  # type: ignore[arg-type]
    try:
        yield Visit(page, base).watch()
    finally:
        page.close()
