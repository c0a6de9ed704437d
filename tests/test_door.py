"""The served app from outside: names, headers, sizes, paths and secrets."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from email.message import Message
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from serving import served
from simulating import simulated
from typer.testing import CliRunner

from analytics import Store
from dashboards.cli import app as command
from dashboards.door import MOST, PROVES
from dashboards.guard import NOT_HERE, refusal

SECRET = "s" * 32
PATHS = (
    "/", "/spread", "/_dash-layout", "/_dash-dependencies", "/assets/cards.js", "/nowhere",
    "/graph/simulated/river.bin",
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with simulated(tmp_path_factory.mktemp("door"), posts=200, seed=5) as filled:
        yield filled


@pytest.fixture(scope="module")
def base(store: Store) -> Iterator[str]:
    with served(store) as address:
        yield address


@pytest.fixture(scope="module")
def behind(store: Store) -> Iterator[str]:
    """Return the address of an app that only a proxy may ask."""
    with served(store, secret=SECRET) as address:
        yield address


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Message
    body: bytes


def ask(
    base: str,
    path: str,
    told: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    body: bytes | None = None,
) -> Answer:
    """Ask for a path as it is written: no client mends it."""
    with closing(HTTPConnection(urlsplit(base).netloc, timeout=20)) as connection:
        connection.putrequest(method, path, skip_host="Host" in (told or {}))
        for name, value in (told or {}).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        found = connection.getresponse()
        return Answer(found.status, found.headers, found.read())


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_keeps_itself_in(base: str, path: str) -> None:
    told = ask(base, path).headers
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["X-Frame-Options"] == "DENY"
    assert told["Referrer-Policy"] == "no-referrer"
    assert told["Cross-Origin-Resource-Policy"] == "same-origin"
    allowed = told["Content-Security-Policy"]
    assert "default-src 'none'" in allowed
    assert "frame-ancestors 'none'" in allowed
    scripts = allowed.split("script-src ")[1].split(";")[0]
    assert "unsafe" not in scripts
    assert "*" not in allowed


def test_every_inline_script_of_the_page_is_one_that_we_wrote(base: str) -> None:
    answer = ask(base, "/")
    page = answer.body.decode()
    inline = re.findall(
        r"<script(?: id=\"[^\"]*\")?(?: type=\"[^\"]*\")?>(.*?)</script>", page, re.DOTALL
    )
    code = [script for script in inline if not script.lstrip().startswith("{")]
    assert len(code) > 2
    for script in code:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


def test_what_is_private_is_kept_by_no_browser(base: str) -> None:
    assert ask(base, "/_dash-layout").headers["Cache-Control"] == "no-store"
    assert ask(base, "/").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "192.0.2.1", ""]
)
def test_a_name_that_was_pointed_here_reads_nothing(base: str, name: str) -> None:
    for path in PATHS:
        answer = ask(base, path, {"Host": name})
        assert answer.status == 421
        assert b"simulated" not in answer.body


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1:1", "[::1]:8050"])
def test_this_machine_by_any_of_its_names_is_answered(base: str, name: str) -> None:
    assert ask(base, "/", {"Host": name}).status == 200


def test_a_request_is_only_so_large(base: str) -> None:
    path = "/_dash-update-component"
    assert ask(base, path, {"Content-Length": str(MOST + 1)}, method="POST").status == 413
    assert ask(base, path, {"Content-Length": "-1"}, method="POST").status in {400, 413}
    assert ask(base, "/").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../app.py", "/assets/%2e%2e/app.py", "/assets/..%2f..%2fapp.py",
        "/assets/%252e%252e/app.py", "/assets//etc/passwd", "/graph/../../etc/passwd/river.bin",
        "/graph/x/..%2f..%2fgroundswell.toml.bin", "/_dash-component-suites/dash/../../passwd",
        "/_dash-component-suites/dash/..%2f..%2f..%2fetc/passwd", "/store.json",
        "/groundswell.toml",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file_that_is_not_offered(base: str, path: str) -> None:
    answer = ask(base, path)
    words = answer.body
    assert b"root:" not in words
    assert b"create_app" not in words
    assert b"protection" not in words
    assert b"Traceback" not in words


def test_a_fault_tells_no_traceback(base: str) -> None:
    path, kind = "/_dash-update-component", "application/json"
    answer = ask(base, path, {"Content-Type": kind}, method="POST", body=b"{not json")
    words = answer.body
    assert answer.status >= 400
    assert b"Traceback" not in words
    assert b"site-packages" not in words


def test_a_proxy_proves_itself_and_nobody_else_reads(behind: str) -> None:
    def status(given: str | None) -> int:
        told = {"Host": "groundswell.example"}
        if given is not None:
            told[PROVES] = given
        return ask(behind, "/", told).status

    assert [status(given) for given in (None, "", SECRET[:-1] + "x", SECRET)] == [
        403,
        403,
        403,
        200,
    ]
    assert ask(behind, "/", {"Host": "127.0.0.1"}).status == 403


def test_through_a_proxy_nothing_is_changed() -> None:
    here = {"host": "127.0.0.1:1"}
    assert refusal(here, "127.0.0.1", given="", key="") == NOT_HERE
    assert refusal(here, "127.0.0.1", given=None, key="") == NOT_HERE


@pytest.mark.parametrize("secret", ["", "short"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - refused
def test_others_are_let_in_by_a_proxy_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch, host: str, secret: str
) -> None:
    monkeypatch.setenv("GROUNDSWELL_PROXY_SECRET", secret)
    done = CliRunner().invoke(command, ["serve", str(store.path), "--host", host])
    assert done.exit_code == 1
    assert "can be reached by others" in " ".join(done.stderr.split())
