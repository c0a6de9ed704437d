"""One way to the web for every collector: bounded in time and size, polite, and told apart.

A request has a total time, however slowly its answer trickles, and an answer a largest size.
Whatever goes wrong becomes one of five facts that ``collecting`` knows how to meet.

>>> retry_seconds({"retry-after": "120"}, now=datetime(2026, 1, 1, tzinfo=UTC))
120.0
>>> retry_seconds({"x-rate-limit-reset": "1767225660"}, now=datetime(2026, 1, 1, tzinfo=UTC))
60.0
>>> retry_seconds({}, now=datetime(2026, 1, 1, tzinfo=UTC)) is None
True
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from socket import SHUT_RDWR, socket
from threading import Timer, local
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from analytics import __version__
from analytics.errors import (
    CollectError,
    GoneError,
    RateLimitedError,
    RefusedError,
    UnreachableError,
)

USER_AGENT = f"groundswell/{__version__} (measures how public appeals spread)"
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
TOTAL_SECONDS = 120.0
LARGEST = 64 << 20
_PIECE = 1 << 16
_PAGES = (b"<!doctype", b"<html", b"<head", b"<body")
_RESETS = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")
_LONGEST = 10 * 365 * 86_400.0
_DURATIONS_UP_TO = 1_000_000_000  # a smaller reset is a duration, a larger one a time

_here = local()  # the socket of the request that this thread is making


class TooSlowError(requests.exceptions.Timeout):
    """An answer did not end in the time that one request may take."""


class TooLargeError(requests.exceptions.RequestException):
    """An answer is larger than any that we read."""


def session(
    *, total: float = TOTAL_SECONDS, largest: int = LARGEST, server: str | None = None
) -> requests.Session:
    """Return a session whose requests end: in time, in size.

    ``server`` sends requests to another address, whatever host they name: a mirror, or a stand-in.
    """
    made = requests.Session()
    made.headers["User-Agent"] = USER_AGENT
    made.max_redirects = 8
    adapter = Bounded(total=total, largest=largest, server=server)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


class Bounded(HTTPAdapter):
    """Sends requests; ends them when they have taken too long or given too much."""

    def __init__(self, *, total: float, largest: int, server: str | None = None) -> None:
        self._total = total
        self._largest = largest
        self._server = urlsplit(server) if server else None
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - of requests
        """Make pools whose connections can be cut."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def send(  # type: ignore[override]
        self,
        request: requests.PreparedRequest,
        **how: Any,  # noqa: ANN401 - of requests
    ) -> requests.Response:
        """Send a request and read its answer to the end, within bounds."""
        if self._server and request.url:
            to = urlsplit(request.url)._replace(
                scheme=self._server.scheme, netloc=self._server.netloc
            )
            request.url = to.geturl()
        streams = bool(how.pop("stream", False))
        how["timeout"] = how.get("timeout") or (CONNECT_SECONDS, READ_SECONDS)
        if streams:  # what has no end is bounded by whoever reads it
            return super().send(request, stream=True, **how)
        with _cut_after(self._total) as cut:
            try:
                response = super().send(request, stream=True, **how)
                response._content = self._read(response)  # noqa: SLF001 - where requests keeps it
            except (requests.exceptions.RequestException, OSError) as error:
                if cut():
                    msg = f"no whole answer within {self._total:.0f} s"
                    raise TooSlowError(msg, request=request) from None
                if isinstance(error, requests.exceptions.RequestException):
                    raise
                raise requests.exceptions.ConnectionError(error, request=request) from None
        response._content_consumed = True  # noqa: SLF001
        return response

    def _read(self, response: requests.Response) -> bytes:
        content = bytearray()
        for piece in response.iter_content(_PIECE):
            content += piece
            if len(content) > self._largest:
                response.close()
                msg = f"the answer is larger than {self._largest >> 20} MB"
                raise TooLargeError(msg)
        return bytes(content)


class _Cut:
    """Closes the socket in use when the time is over."""

    def __init__(self) -> None:
        self.done = False
        self.socket: socket | None = None

    def now(self) -> None:
        self.done = True
        if self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(SHUT_RDWR)


@contextmanager
def _cut_after(total: float) -> Iterator[Any]:
    cut = _here.cut = _Cut()
    timer = Timer(total, cut.now)
    timer.daemon = True
    timer.start()
    try:
        yield lambda: cut.done
    finally:
        timer.cancel()
        _here.cut = None


def _note(sock: Any) -> None:  # noqa: ANN401 - plain or with TLS
    if (cut := getattr(_here, "cut", None)) is not None:
        cut.socket = sock


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _note(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - of urllib3
        _note(self.sock)  # None where it is not open yet
        super().request(*args, **kwargs)


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _note(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - of urllib3
        _note(self.sock)
        super().request(*args, **kwargs)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


@contextmanager
def told_apart(platform: str) -> Iterator[None]:
    """Turn what ``requests`` raises into the facts that collecting knows."""
    try:
        yield
    except CollectError:
        raise
    except requests.exceptions.TooManyRedirects:
        msg = f"{platform} sends us round in circles; check the address"
        raise GoneError(msg) from None
    except TooLargeError as error:
        msg = f"{platform}: {error}; ask for less at a time"
        raise GoneError(msg) from None
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
        del error
        msg = f"{platform} is asked at an address that is none; check it"
        raise GoneError(msg) from None
    except requests.exceptions.RequestException as error:
        msg = f"{platform} cannot be reached ({bare(error)}); check the connection"
        raise UnreachableError(msg) from None


def bare(error: BaseException) -> str:
    """Return what an error says, without addresses: they may carry secrets.

    >>> bare(TooSlowError("no whole answer within 5 s"))
    'no whole answer within 5 s'
    """
    if isinstance(error, TooSlowError):
        return str(error)
    text = str(error)
    for sign, fact in (
        ("NameResolution", "its name is not known"),
        ("getaddrinfo", "its name is not known"),
        ("refused", "connection refused"),
        ("timed out", "no answer in time"),
        ("SSL", "its certificate is not valid"),
        ("IncompleteRead", "the answer broke off"),
        ("Connection broken", "the answer broke off"),
        ("decod", "the answer is damaged"),
    ):
        if sign in text:
            return fact
    return type(error).__name__


def checked(response: requests.Response, platform: str, *, now: datetime) -> bytes:
    """Return the body of an answer that is one.

    Raises
    ------
    RateLimitedError, UnreachableError, RefusedError, GoneError
        It is none, by its status.
    """
    refuse(response.status_code, response.headers, platform, now=now, said=_said(response.content))
    return response.content


def refuse(
    status: int, headers: Mapping[str, str], platform: str, *, now: datetime, said: str = ""
) -> None:
    """Raise what a status means; return where it means an answer.

    Raises
    ------
    RateLimitedError, UnreachableError, RefusedError, GoneError
        As the status says.
    """
    told = f" ({said})" if said else ""
    if status < 300 or status == 304:  # noqa: PLR2004 - HTTP
        return
    if status == 429:  # noqa: PLR2004
        seconds = retry_seconds(headers, now=now)
        msg = f"{platform} asks for a pause{told}"
        raise RateLimitedError(msg, seconds)
    if status in {401, 402, 403, 407, 451}:
        fact = {402: "wants payment", 451: "shows nothing for legal reasons"}.get(
            status, "refuses; check the key and its rights"
        )
        msg = f"{platform} {fact} (status {status}){told}"
        raise RefusedError(msg)
    if status in {404, 410}:
        msg = f"{platform} does not have it (status {status}){told}"
        raise GoneError(msg)
    if status >= 500 or status in {408, 425}:  # noqa: PLR2004
        if retry := retry_seconds(headers, now=now):
            msg = f"{platform} is busy (status {status})"
            raise RateLimitedError(msg, retry)
        msg = f"{platform} fails just now (status {status})"
        raise UnreachableError(msg)
    msg = f"{platform} does not understand the question (status {status}){told}"
    raise GoneError(msg)


def retry_seconds(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return for how many seconds an answer asks us to wait; None where it does not say.

    Times are compared with the answer's own ``Date``, so that our clock may be wrong.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    clock = _time(lower.get("date")) or now
    if told := lower.get("retry-after"):
        with suppress(ValueError):
            return _bounded(float(told))
        if when := _time(told):
            return max(0.0, (when - clock).total_seconds())
    for name in _RESETS:
        if not (reset := lower.get(name)):
            continue
        with suppress(ValueError):
            number = float(reset)
            return _bounded(number - clock.timestamp() if number > _DURATIONS_UP_TO else number)
        with suppress(ValueError):
            when = datetime.fromisoformat(reset)
            when = when if when.tzinfo else when.replace(tzinfo=UTC)
            return max(0.0, (when - clock).total_seconds())
    return None


def _bounded(seconds: float) -> float | None:
    """Return a number of seconds that can be waited for; null where it is none."""
    return max(0.0, min(seconds, _LONGEST)) if seconds == seconds else None  # noqa: PLR0124 - NaN


def _time(told: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(told) if told else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def json_of(body: bytes, platform: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return the JSON of a body.

    Raises
    ------
    UnreachableError
        It is none: a page for people, or half an answer.
    """
    if body.lstrip()[:10].lower().startswith(_PAGES):
        msg = f"{platform} gave a page for people instead of data"
        raise UnreachableError(msg)
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        msg = f"{platform} gave a broken answer"
        raise UnreachableError(msg) from None


def _said(body: bytes) -> str:
    """Return the reason that an error gives, in a few words."""
    try:
        told = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return ""
    for name in ("detail", "error_description", "message", "title", "error"):
        value = told.get(name) if isinstance(told, dict) else None
        if isinstance(value, dict):
            value = value.get("message")
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())[:160].rstrip(".")
    return ""


class Deadline:
    """Seconds that are left of a stretch of time.

    >>> Deadline(60).left > 59
    True
    """

    def __init__(self, total: float) -> None:
        self._end = monotonic() + total

    @property
    def left(self) -> float:
        """Return how many are left, and 0 when it is over."""
        return max(0.0, self._end - monotonic())
