"""Servers on 127.0.0.1 that answer as a test tells them to, faults included."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What is sent back. ``cut`` ends the connection after so many bytes, ``drip`` sends slowly."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip: float = 0.0


def as_json(document: object, status: int = 200, **headers: str) -> Answer:
    """Return a document as an answer; ``_`` in names of headers is ``-``."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(document).encode()
    return Answer(body, status, {"content-type": "application/json"} | told)


PAGE_FOR_PEOPLE = Answer(b"<!doctype html><h1>Sorry</h1>", headers={"content-type": "text/html"})
HALF = Answer(b'{"data": [{"id": "1", "text"')
CUT = Answer(b'{"data": []}' + b" " * 1000, cut=100)
DRIP = Answer(b" " * 1000, drip=0.1)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    loopback: "Loopback"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever asks may hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        query = {name: told[-1] for name, told in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        asked = Asked(self.command, parts.path, query, dict(self.headers), body)
        self._give(self.server.loopback.answer(asked))

    do_GET = do_POST = do_HEAD = _answer  # noqa: N815 - the names of http.server

    def _give(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        try:
            self._pour(answer)
        except OSError:
            self.close_connection = True

    def _pour(self, answer: Answer) -> None:
        if answer.cut is not None:
            self.wfile.write(answer.body[: answer.cut])
            self.close_connection = True
        elif answer.drip:
            for byte in answer.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if self.server.loopback.stopping.wait(answer.drip):
                    return
        else:
            self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Loopback:
    """A server: a service answers, unless faults are waiting to be given first."""

    def __init__(self, service: Callable[[Asked], Answer]) -> None:
        self.service = service
        self.asked: list[Asked] = []
        self.faults: deque[Answer] = deque()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.loopback = self
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, asked: Asked) -> Answer:
        """Return the next fault, else what the service says."""
        self.asked.append(asked)
        try:
            return self.faults.popleft()
        except IndexError:
            return self.service(asked)

    def paths(self) -> list[str]:
        """Return the paths that were asked, in order."""
        return [asked.path for asked in self.asked]

    @contextmanager
    def running(self) -> Iterator["Loopback"]:
        """Serve until the end of the block."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


@contextmanager
def serving(service: Callable[[Asked], Answer]) -> Iterator[Loopback]:
    """Serve answers on loopback."""
    with Loopback(service).running() as server:
        yield server


def wait_until(happened: Callable[[], bool], *, seconds: float = 20.0) -> bool:
    """Wait until something happened; return whether it did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.02)
    return False
