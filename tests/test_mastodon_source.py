"""Mastodon, asked through Mastodon.py on a real wire: what was planted is held, edge for edge."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import requests
import yaml
from collecting_stores import collected, store_with
from loopback import CUT, HALF, PAGE_FOR_PEOPLE, Answer, Asked, Loopback, as_json, serving
from mastodon import Mastodon as Client
from mastodon_service import START, MastodonService, planted
from real_servers import SERVERS, free_port, installed, started

from analytics.errors import (
    CollectError,
    GoneError,
    RateLimitedError,
    RefusedError,
    UnreachableError,
)
from analytics.runner import measure
from analytics.store import Store
from collectors.mastodon import PLATFORM, MastodonSettings, MastodonSource
from collectors.opening import examine
from collectors.sources import Task, World


@pytest.fixture
def server() -> Iterator[Loopback]:
    service = planted(MastodonService())
    with serving(service) as server:
        service.url = server.url
        yield server


def service(server: Loopback) -> MastodonService:
    assert isinstance(server.service, MastodonService)
    return server.service


def store(path: Path, server: Loopback, *ask: str, **more: object) -> Store:
    entry = {"platform": "mastodon", "ask": list(ask), "instances": [server.url]}
    return store_with(path / "s", entry | more, protection=OPEN)


OPEN = {"level": "open", "reason": "a test with invented accounts"}


def status(server: Loopback, number: int = 1) -> str:
    return f"{server.url}/@user2/{number}"


def source(server: Loopback) -> MastodonSource:
    settings = MastodonSettings(platform="mastodon", name="m", instances=[server.url])
    found = PLATFORM.open(settings, World())
    assert isinstance(found, MastodonSource)
    return found


def search(server: Loopback) -> Task:
    return Task(kind="hashtag", subject=f"{server.url} park")


def uri(number: int, author: int) -> str:
    return f"mastodon:{MastodonService().uri(number, author)}"


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


# the graph


def test_what_was_planted_is_held_edge_for_edge(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, status(server))
    assert collected(held).stopped == {}
    posts = held.read("posts")
    own = posts.filter(~pl.col("post_id").str.contains("/of/")).sort("at")
    names = ("post_id", "kind", "parent_id", "root_id", "at")
    first = uri(1, 2)
    assert own.select(names).rows() == [
        (first, "original", None, None, at(1)),
        *((uri(n, n), "repost", None, first, at(n)) for n in range(10, 15)),
        (uri(20, 3), "reply", first, None, at(20)),
        (uri(21, 4), "reply", uri(20, 3), None, at(21)),
        (uri(22, 5), "reply", uri(21, 4), None, at(22)),
        (uri(30, 7), "quote", first, None, at(30)),
    ]
    listed = posts.filter(pl.col("post_id").str.contains("/of/"))
    assert listed.select("kind", "root_id", "at").unique().rows() == [("repost", first, None)]
    assert listed.height == 5


def test_a_listed_boost_whose_own_post_is_held_counts_once(
    tmp_path: Path, server: Loopback
) -> None:
    held = store(tmp_path, server, status(server))
    collected(held)
    measure(held)
    assert held.read("shares").filter(kind="repost").height == 5
    assert held.read("shares").filter(kind="repost")["at"].null_count() == 0


def test_without_looking_for_times_boosts_are_kept_without(
    tmp_path: Path, server: Loopback
) -> None:
    held = store(tmp_path, server, status(server), boost_times=False)
    collected(held)
    boosts = held.read("posts").filter(kind="repost")
    assert boosts.height == boosts["at"].null_count() == 5


def test_a_hashtag_is_asked_page_by_page_and_then_for_what_is_new(
    tmp_path: Path, server: Loopback
) -> None:
    for number in range(40, 48):
        service(server).post(number, 2, "more #park")
    held = store(tmp_path, server, "#park")
    collected(held)
    assert held.read("posts").filter(kind="original").height == 9
    service(server).post(50, 2, "new #park")
    assert collected(held).new_posts == 1
    assert server.asked[-1].query["since_id"] == "47"


def test_two_servers_tell_one_status_once(tmp_path: Path, server: Loopback) -> None:
    with serving(planted(MastodonService())) as second:
        both = [server.url, second.url]
        held = store(tmp_path, server, "#park", instances=both)
        assert collected(held).stopped == {}
    assert held.read("posts")["post_id"].is_unique().all()
    assert held.read("posts").height == 2


def test_an_account_is_asked_for_its_posts(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, f"@user2@{server.url.removeprefix('http://')}")
    collected(held)
    assert held.read("posts")["post_id"].to_list() == [uri(1, 2)]


def test_words_are_searched(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, "please help")
    collected(held)
    assert held.read("posts")["post_id"].to_list() == [uri(1, 2)]


def test_numbers_become_a_history_and_edits_are_changes(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, status(server), replies=False, boosts=False, quotes=False)
    collected(held)
    planted_ = service(server).statuses[1]
    planted_ |= {"favourites_count": 9, "content": "<p>better</p>"}
    planted_["edited_at"] = "2026-03-02T00:00:00.000Z"
    collected(held)
    told = held.read("counters").filter(metric="likes").sort("observed_at")
    assert told["value"].to_list() == [1, 9]
    change = held.read("changes").select("post_id", "what", "text").rows()
    assert change == [(uri(1, 2), "edited", "better")]


def test_a_status_that_is_gone_is_a_change(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, status(server))
    collected(held)
    service(server).gone.add(1)
    server.faults.append(as_json({"error": "Record not found"}, 404))
    report = collected(held)
    assert report.sources["refused"].sum() >= 1


def test_under_strict_nobody_is_named(tmp_path: Path, server: Loopback) -> None:
    entry = {"platform": "mastodon", "ask": [status(server)], "instances": [server.url]}
    held = store_with(tmp_path / "strict", entry)
    collected(held)
    assert held.read("posts").height >= 10
    for path in (*held.path.glob("tables/**/*.parquet"), *held.path.glob("raw/**/*")):
        if path.suffix == ".parquet":
            assert "user1" not in str(pl.read_parquet(path).to_dicts())
        elif path.is_file():
            assert b"user1" not in path.read_bytes()


# what goes wrong


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (as_json({}, 429, x_ratelimit_reset="2000-01-01T00:00:00.000Z"), RateLimitedError),
        (as_json({}, 429), RateLimitedError),
        (as_json({}, 503), UnreachableError),
        (PAGE_FOR_PEOPLE, UnreachableError),
        (HALF, UnreachableError),
        (CUT, UnreachableError),
        (as_json({"what": "is this"}), UnreachableError),
        (as_json({"error": "The access token is invalid"}, 401), RefusedError),
        (as_json({"error": "Record not found"}, 404), GoneError),
    ],
)
def test_each_fault_is_told_apart(
    server: Loopback, answer: Answer, error: type[CollectError]
) -> None:
    asked = source(server)
    asked.ask(search(server))  # the library looks once at what the server offers
    server.faults.append(answer)
    with pytest.raises(error) as raised:
        asked.ask(search(server))
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)


def test_faults_in_between_lose_nothing(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, "#park")
    server.faults.extend([as_json({}, 503), HALF, as_json({}, 429, retry_after="0")])
    assert collected(held).stopped == {}
    assert held.read("posts").height == 2


def test_no_server_is_one_sentence(tmp_path: Path) -> None:
    held = store_with(tmp_path / "s", {"platform": "mastodon", "ask": ["#park"]})
    with pytest.raises(CollectError, match="names no server; add instances"):
        collected(held)


def test_examining_asks_each_server_who_it_is(tmp_path: Path, server: Loopback) -> None:
    found = {check.what: check for check in examine(store(tmp_path, server, "#park"))}
    assert found[f"mastodon: {server.url.removeprefix('http://')}"].fine


# a server that keeps what it is told


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = installed("mastodon"), free_port()
    command = [str(folder / "bin" / "mastodon_mock"), "serve", "--in-memory", "--config"]
    command += [str(SERVERS / "mastodon" / "people.toml"), "--host", "127.0.0.1"]
    log = tmp_path_factory.mktemp("mastodon") / "log"
    with started("mastodon", [*command, "--port", str(port)], port=port, log=log) as address:
        yield address


def people(mock: str) -> list[Client]:
    tokens = ("t_alice", "t_bob", "t_carol")
    return [
        Client(access_token=token, api_base_url=mock, version_check_mode="none", request_timeout=20)
        for token in tokens
    ]


@pytest.mark.servers
@pytest.mark.filterwarnings("ignore:Mastodon version is detected")
def test_what_people_do_on_a_server_is_held_edge_for_edge(
    tmp_path: Path, mock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDSWELL_MASTODON_TOKEN", "t_alice")
    alice, bob, carol = people(mock)
    root = alice.status_post("please help #graphpark", visibility="public")
    boost = bob.status_reblog(root.id)
    answer = bob.status_post("is it true?", in_reply_to_id=root.id)
    deeper = carol.status_post("yes", in_reply_to_id=answer.id)
    gone = carol.status_post("to be deleted #graphpark", visibility="public")
    entry = {"platform": "mastodon", "instances": [mock]}
    ask = ["#graphpark", f"{mock}/@alice/{root.id}", f"{mock}/@carol/{gone.id}"]
    held = store_with(tmp_path / "s", entry | {"ask": ask}, protection=OPEN)
    assert collected(held).stopped == {}
    posts = held.read("posts").filter(~pl.col("post_id").str.contains("/of/"))
    edges = posts.select("post_id", "kind", "parent_id", "root_id").rows()
    assert sorted(edges) == sorted(
        [
            (f"mastodon:{root.uri}", "original", None, None),
            (f"mastodon:{gone.uri}", "original", None, None),
            (f"mastodon:{boost.uri}", "repost", None, f"mastodon:{root.uri}"),
            (f"mastodon:{answer.uri}", "reply", f"mastodon:{root.uri}", None),
            (f"mastodon:{deeper.uri}", "reply", f"mastodon:{answer.uri}", None),
        ]
    )
    assert posts["at"].null_count() == 0
    carol.status_delete(gone.id)
    collected(held)
    assert held.read("changes").select("post_id", "what").rows() == [
        (held.marks.stand_in(f"mastodon:{gone.uri}"), "gone")
    ]


@pytest.mark.servers
@pytest.mark.filterwarnings("ignore:Mastodon version is detected")
def test_a_servers_own_faults_lose_nothing(
    tmp_path: Path, mock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDSWELL_MASTODON_TOKEN", "t_alice")
    alice, *_ = people(mock)
    for number in range(50):
        alice.status_post(f"number {number} #faultpark", visibility="public")
    entry = {"platform": "mastodon", "instances": [mock], "ask": ["#faultpark"]}
    held = store_with(tmp_path / "s", entry)
    faults = f"{mock}/api/v1/_mock/faults"
    match = {"path_regex": "/timelines/tag/"}
    limit = {"retry-after": "1"}
    effects: list[dict[str, Any]] = [
        {"type": "status", "status": 503},
        {"type": "status", "status": 429, "headers": limit},
        {"type": "malformed"},
    ]
    for effect in effects:
        rule: dict[str, Any] = {"match": match, "effect": effect, "count": 1}
        requests.post(faults, json=rule, timeout=9).raise_for_status()
    assert collected(held).stopped == {}
    assert held.read("posts").height == 50


# what a real Mastodon answered


class Recorded:
    """Answers what was recorded: of a place that was asked, else the status that was made there."""

    def __init__(self, folder: Path, *names: str) -> None:
        self._bodies: dict[str, bytes] = {}
        for name in names:
            told = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
            for each in reversed(told["interactions"]):
                self._note(each["request"], each["response"]["body"]["string"])

    def _note(self, request: dict[str, str], body: str | bytes) -> None:
        body = body.encode() if isinstance(body, str) else body
        path = request["uri"].removeprefix("http://localhost:3000").partition("?")[0]
        if request["method"] == "GET":
            self._bodies[path] = body
        elif request["method"] == "POST" and path == "/api/v1/statuses":
            self._bodies[f"{path}/{json.loads(body)['id']}"] = body

    def statuses(self) -> dict[str, str]:
        """Return the numbers of the statuses that were made, with who may see them."""
        made = [path for path in self._bodies if re.fullmatch(r"/api/v1/statuses/\d+", path)]
        told = {path: json.loads(self._bodies[path])["visibility"] for path in made}
        return {path.rsplit("/", 1)[1]: visibility for path, visibility in told.items()}

    def __call__(self, asked: Asked) -> Answer:
        """Answer as it was recorded."""
        if asked.path in self._bodies:
            return Answer(self._bodies[asked.path])
        return as_json({"error": "Record not found"}, 404)


@pytest.mark.servers
def test_what_mastodon_itself_answered_is_held(tmp_path: Path) -> None:
    cassettes = installed("mastodon") / "recorded" / "tests" / "cassettes"
    names = ("test_hashtag_tl", "test_status_context", "test_status_reblogged_by")
    recorded = Recorded(cassettes, *names)
    with serving(recorded) as server:
        ask = ["#hoot", *(f"{server.url}/@admin/{number}" for number in recorded.statuses())]
        entry = {"platform": "mastodon", "instances": [server.url], "ask": ask}
        held = store_with(tmp_path / "s", entry | {"boost_times": False}, protection=OPEN)
        assert collected(held).stopped == {}
    posts = held.read("posts")
    originals = posts.filter(kind="original")
    shown = [v for v in recorded.statuses().values() if v in {"public", "unlisted"}]
    assert originals.height == len(shown) > 2
    assert originals["at"].null_count() == originals["text"].null_count() == 0
    boosts = posts.filter(kind="repost")
    assert boosts.height == 1
    assert boosts["account_id"].item().startswith("mastodon:mastodonpy_test_2@")
    assert boosts["root_id"].item() in originals["post_id"].to_list()
