"""Every request ends, in time and in size; what went wrong is told apart, and tells no secret."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from time import monotonic

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from loopback import CUT, DRIP, HALF, PAGE_FOR_PEOPLE, Answer, Loopback, as_json, serving

from analytics.errors import (
    CollectError,
    GoneError,
    RateLimitedError,
    RefusedError,
    UnreachableError,
)
from collectors.web import (
    USER_AGENT,
    checked,
    json_of,
    refuse,
    retry_seconds,
    session,
    told_apart,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving(lambda _: as_json({"fine": True})) as server:
        yield server


def test_a_request_says_who_asks(server: Loopback) -> None:
    session().get(server.url)
    assert server.asked[0].headers["User-Agent"] == USER_AGENT
    assert USER_AGENT.startswith("groundswell/")


def test_an_answer_that_trickles_ends_in_time(server: Loopback) -> None:
    server.faults.append(DRIP)
    started = monotonic()
    with pytest.raises(UnreachableError, match="no whole answer within 1 s"), told_apart("X"):
        session(total=1).get(server.url)
    assert monotonic() - started < 5


def test_headers_that_trickle_end_in_time_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        started = monotonic()
        with pytest.raises(UnreachableError, match="no whole answer within 1 s"), told_apart("X"):
            session(total=1).get(url)
    assert monotonic() - started < 5


def test_a_session_goes_on_after_a_request_that_was_cut(server: Loopback) -> None:
    asking = session(total=1)
    server.faults.append(DRIP)
    with pytest.raises(requests.exceptions.Timeout):
        asking.get(server.url)
    assert asking.get(server.url).json() == {"fine": True}


def test_an_answer_has_a_largest_size(server: Loopback) -> None:
    server.faults.append(Answer(b" " * (2 << 20)))
    with pytest.raises(GoneError, match="larger than 1 MB"), told_apart("X"):
        session(largest=1 << 20).get(server.url)


def test_a_packed_answer_is_measured_unpacked(server: Loopback) -> None:
    import gzip  # noqa: PLC0415

    packed = gzip.compress(b" " * (4 << 20))
    server.faults.append(Answer(packed, headers={"content-encoding": "gzip"}))
    with pytest.raises(GoneError, match="larger than 1 MB"), told_apart("X"):
        session(largest=1 << 20).get(server.url)


def test_a_circle_of_redirects_ends(server: Loopback) -> None:
    server.service = lambda _: Answer(status=301, headers={"location": "/again"})
    with pytest.raises(GoneError, match="round in circles"), told_apart("X"):
        session().get(server.url)


@pytest.mark.parametrize("answer", [CUT, HALF, PAGE_FOR_PEOPLE, Answer(b"")])
def test_what_is_no_whole_answer_is_worth_another_try(server: Loopback, answer: Answer) -> None:
    server.faults.append(answer)
    with pytest.raises(UnreachableError), told_apart("X"):
        json_of(checked(session().get(server.url), "X", now=NOW), "X")


def test_nobody_there_is_worth_another_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(UnreachableError, match="connection refused"), told_apart("X"):
        session().get(f"http://127.0.0.1:{port}/")


def test_a_name_that_is_not_known_is_worth_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UnreachableError, match="its name is not known"), told_apart("X"):
        session().get("http://platform.example/")


def test_errors_carry_no_address_and_no_secret() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(CollectError) as raised, told_apart("X"):
        session().get(f"http://127.0.0.1:{port}/?key=very-secret")
    assert "secret" not in str(raised.value)


def test_another_server_takes_every_request(server: Loopback) -> None:
    session(server=server.url).get("https://api.platform.example/2/posts?a=b")
    assert (server.asked[0].path, server.asked[0].query) == ("/2/posts", {"a": "b"})


@pytest.mark.parametrize(
    ("status", "headers", "error", "seconds"),
    [
        (429, {"retry-after": "7"}, RateLimitedError, 7.0),
        (429, {"Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT"}, RateLimitedError, 60.0),
        (429, {"x-rate-limit-reset": str(int(NOW.timestamp()) + 9)}, RateLimitedError, 9.0),
        (429, {"ratelimit-reset": "30"}, RateLimitedError, 30.0),
        (429, {"X-RateLimit-Reset": "2026-01-01T00:05:00.000Z"}, RateLimitedError, 300.0),
        (429, {"retry-after": "-5"}, RateLimitedError, 0.0),
        (429, {"retry-after": "soon"}, RateLimitedError, None),
        (429, {}, RateLimitedError, None),
        (503, {"retry-after": "7"}, RateLimitedError, 7.0),
        (500, {}, UnreachableError, None),
        (408, {}, UnreachableError, None),
        (401, {}, RefusedError, None),
        (402, {}, RefusedError, None),
        (403, {}, RefusedError, None),
        (451, {}, RefusedError, None),
        (404, {}, GoneError, None),
        (410, {}, GoneError, None),
        (400, {}, GoneError, None),
    ],
)
def test_each_status_means_one_thing(
    status: int, headers: dict[str, str], error: type[CollectError], seconds: float | None
) -> None:
    with pytest.raises(error) as raised:
        refuse(status, headers, "X", now=NOW)
    assert type(raised.value) is error
    assert getattr(raised.value, "seconds", None) == seconds


@pytest.mark.parametrize("status", [200, 204, 304])
def test_an_answer_is_no_error(status: int) -> None:
    refuse(status, {}, "X", now=NOW)


def test_a_pause_is_reckoned_by_the_servers_clock() -> None:
    headers = {
        "date": "Thu, 01 Jan 2026 10:00:00 GMT",
        "retry-after": "Thu, 01 Jan 2026 10:00:20 GMT",
    }
    assert retry_seconds(headers, now=NOW) == 20.0


@given(st.dictionaries(st.sampled_from(["retry-after", "ratelimit-reset", "date"]), st.text()))
def test_headers_of_any_kind_are_read_or_ignored(headers: dict[str, str]) -> None:
    seconds = retry_seconds(headers, now=NOW)
    assert seconds is None or seconds >= 0


@given(st.binary(max_size=200))
def test_a_body_of_any_kind_is_json_or_worth_another_try(body: bytes) -> None:
    try:
        json_of(body, "X")
    except UnreachableError as error:
        assert "\n" not in str(error)  # noqa: PT017 - any other error fails the test
