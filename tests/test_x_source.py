"""X, asked through tweepy on a real wire: what was planted is in the store, edge for edge."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import requests
import tweepy
from collecting_stores import collected, store_with
from loopback import CUT, HALF, PAGE_FOR_PEOPLE, Answer, Asked, Loopback, as_json, serving
from x_service import BASE, START, XService, planted

from analytics.errors import (
    CollectError,
    CursorError,
    GoneError,
    RateLimitedError,
    RefusedError,
    UnreachableError,
)
from analytics.runner import measure
from analytics.store import Store
from collectors.opening import examine
from collectors.sources import Task, World
from collectors.web import session
from collectors.x import XSettings, XSource

FIRST = str(BASE + 1)


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDSWELL_X_BEARER_TOKEN", "token")


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving(planted(XService())) as server:
        yield server


def service(server: Loopback) -> XService:
    assert isinstance(server.service, XService)
    return server.service


def store(path: Path, server: Loopback, *ask: str, **more: object) -> Store:
    entry = {"platform": "x", "ask": list(ask), "server": server.url}
    return store_with(path / "s", entry | more)


def source(server: Loopback, *ask: str) -> XSource:
    client = tweepy.Client("token", return_type=requests.Response)
    client.session = session(server=server.url, total=5)
    return XSource(client, XSettings(platform="x", ask=list(ask)), World())


def post(number: int) -> str:
    return f"x:{BASE + number}"


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


# the graph


@pytest.mark.parametrize("new_names", [False, True], ids=["old names", "new names"])
def test_what_was_planted_is_held_edge_for_edge(tmp_path: Path, *, new_names: bool) -> None:
    with serving(planted(XService(new_names=new_names))) as server:
        held = store(tmp_path, server, f"https://x.com/user1/status/{FIRST}", "#park", "@user11")
        report = collected(held)
    assert report.stopped == {}
    posts = held.read("posts")
    own = posts.filter(~pl.col("post_id").str.contains("/of/")).sort("post_id")
    assert own.select("post_id", "kind", "parent_id", "at").rows() == [
        (post(1), "original", None, at(1)),
        *((post(n), "quote", post(1), at(n)) for n in range(2, 7)),
        *((post(n), "reply", post(n % 2 + 1), at(n)) for n in range(7, 11) if n % 2 == 0),
        (post(11), "quote", post(3), at(11)),
    ]
    assert set(own.filter(pl.col("kind") != "original")["basis"]) == {"observed"}
    listed = posts.filter(pl.col("post_id").str.contains("/of/"))
    assert listed.select("kind", "root_id", "at").unique().rows() == [("repost", post(1), None)]
    assert listed["account_id"].n_unique() == listed.height == 8


def test_replies_below_replies_are_those_of_the_conversation(
    tmp_path: Path, server: Loopback
) -> None:
    held = store(tmp_path, server, FIRST)
    collected(held)
    replies = held.read("posts").filter(kind="reply")
    assert sorted(replies["post_id"]) == [post(8), post(10)]


def test_measuring_counts_a_listed_repost_once(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, FIRST)
    collected(held)
    measure(held)
    shares = held.read("shares")
    assert shares.filter(kind="repost").height == 8
    assert shares.filter(kind="repost")["parent_id"].null_count() == 8


def test_a_second_run_asks_for_what_is_new_only(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, "#park")
    collected(held)
    before = held.read("posts")
    service(server).post(12, 12, "new #park")
    report = collected(held)
    assert report.new_posts == 1
    assert held.read("posts").height == before.height + 1
    assert [asked.query.get("since_id") for asked in server.asked] == [
        None, None, None, str(BASE + 11),
    ]  # fmt: skip


def test_the_numbers_become_a_history(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, FIRST, quotes=False, replies=False, reposters=False)
    for likes in (1, 5, 9):
        service(server).posts[FIRST]["public_metrics"]["like_count"] = likes
        collected(held)
    told = held.read("counters").filter(metric="likes", post_id=post(1)).sort("observed_at")
    assert told["value"].to_list() == [1, 5, 9]
    assert told["observed_at"].is_unique().all()


def test_a_post_that_is_gone_is_a_change_and_is_forgotten(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, FIRST, quotes=False, replies=False, reposters=False)
    collected(held)
    service(server).gone.add(FIRST)
    collected(held)
    collected(held)
    changes = held.read("changes")
    gone = (held.marks.stand_in(post(1)), "gone", None)
    assert changes.select("post_id", "what", "at").rows() == [gone]
    assert held.read("posts").is_empty()


def test_officials_that_are_asked_by_name_keep_their_words(
    tmp_path: Path, server: Loopback
) -> None:
    service(server).post(13, 30, "we have opened a case")
    held = store(tmp_path, server, "@user30", role="official")
    collected(held)
    words = held.read("posts").filter(post_id=post(13))
    assert words.select("account_id", "text").rows() == [("x:30", "we have opened a case")]
    assert held.read("accounts")["role"].unique().to_list() == ["official"]


def test_expanding_asks_for_the_quotes_of_what_a_search_finds(
    tmp_path: Path, server: Loopback
) -> None:
    held = store(tmp_path, server, "#park", expand=True, recount=True)
    collected(held)
    assert f"/2/tweets/{FIRST}/quote_tweets" in server.paths()
    assert f"/2/tweets/{FIRST}/retweeted_by" in server.paths()
    assert "/2/tweets" in server.paths()


# money


def test_a_budget_stops_before_it_is_exceeded(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, "#park", budget=102)
    report = collected(held)
    assert list(report.stopped) == ["x"]
    assert "budget of 102 posts would be exceeded (3 are spent)" in report.stopped["x"]
    assert len(server.asked) == 1
    collected(held)
    assert len(server.asked) == 1


def test_a_higher_budget_goes_on_where_it_stopped(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, "#park", budget=102)
    collected(held)
    path = held.path / "groundswell.toml"
    path.write_text(path.read_text().replace("102", "1000"))
    collected(Store(held.path))
    assert [asked.query.get("next_token") for asked in server.asked] == [None, "t3", "t6"]
    assert held.read("posts").height == 7


def test_accounts_cost_twice_as_much_as_posts(server: Loopback) -> None:
    asked = source(server, FIRST)
    page = asked.ask(Task(kind="reposters", subject=FIRST))
    assert (page.received, page.spent) == (3, 6)
    assert asked.price(Task(kind="reposters", subject=FIRST)) == 200
    assert asked.price(Task(kind="post", subject="1,2,3")) == 3


def test_the_estimate_says_what_it_rests_on(server: Loopback) -> None:
    asked = source(server, "#park")
    assert asked.estimate().at_most is None
    asked._settings.budget = 2_000
    told = asked.estimate()
    assert (told.at_most, told.money) == (2_000, 10.0)
    assert "price page" in told.basis


# what goes wrong


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (as_json({"title": "Too Many Requests"}, 429, retry_after="7"), RateLimitedError),
        (as_json({"title": "Too Many Requests"}, 429), RateLimitedError),
        (as_json({}, 503), UnreachableError),
        (Answer(b"<html>busy", 502), UnreachableError),
        (PAGE_FOR_PEOPLE, UnreachableError),
        (HALF, UnreachableError),
        (CUT, UnreachableError),
        (as_json({"data": 7}), UnreachableError),
        (as_json({"title": "Unauthorized"}, 401), RefusedError),
        (as_json({"title": "Forbidden", "detail": "no"}, 403), RefusedError),
        (as_json({"title": "Not Found"}, 404), GoneError),
        (as_json({"title": "Invalid Request"}, 400), GoneError),
    ],
)
def test_each_fault_is_told_apart(
    server: Loopback, answer: Answer, error: type[CollectError]
) -> None:
    server.faults.append(answer)
    with pytest.raises(error) as raised:
        source(server).ask(Task(kind="search", subject="#park"))
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)
    assert "token" not in str(raised.value)


@pytest.mark.parametrize(("header", "seconds"), [({"retry_after": "7"}, 7.0), ({}, None)])
def test_a_pause_is_as_long_as_the_platform_says(
    server: Loopback, header: dict[str, str], seconds: float | None
) -> None:
    server.faults.append(as_json({}, 429, **header))
    with pytest.raises(RateLimitedError) as raised:
        source(server).ask(Task(kind="search", subject="#park"))
    assert raised.value.seconds == seconds


def test_a_place_that_is_forgotten_is_asked_from_the_beginning(
    tmp_path: Path, server: Loopback
) -> None:
    with pytest.raises(CursorError):
        source(server).ask(Task(kind="search", subject="#park", cursor={"token": "old"}))
    held = store(tmp_path, server, "#park")
    real = service(server)
    answers: list[Callable[[Asked], Answer]] = [
        real,
        real,
        lambda _: as_json({"title": "Invalid Request"}, 400),
    ]

    def answer(asked: Asked) -> Answer:
        return (answers.pop(0) if answers else real)(asked)

    server.service = answer
    assert collected(held).stopped == {}
    assert held.read("posts").height == 7


def test_faults_in_between_lose_nothing(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, "#park")
    server.faults.extend([as_json({}, 503), HALF, as_json({}, 429, retry_after="0")])
    assert collected(held).stopped == {}
    assert held.read("posts").height == 7


def test_a_wrong_key_is_one_sentence(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDSWELL_X_BEARER_TOKEN", "wrong-secret")
    report = collected(store(tmp_path, server, "#park"))
    assert report.stopped["x"].startswith("X refuses; check the key and its rights (status 401)")
    assert "wrong-secret" not in str(report)


def test_a_missing_key_says_where_one_gets_it(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROUNDSWELL_X_BEARER_TOKEN")
    held = store(tmp_path, server, "#park")
    with pytest.raises(CollectError, match="GROUNDSWELL_X_BEARER_TOKEN is not set"):
        collected(held)
    found = {check.what: check for check in examine(held)}
    assert not found["x"].fine
    assert server.asked == []


def test_examining_reaches_out_and_spends_nothing(tmp_path: Path, server: Loopback) -> None:
    found = {check.what: check for check in examine(store(tmp_path, server, "#park"))}
    assert found["x: reach"].fine
    assert [(asked.method, asked.path) for asked in server.asked] == [("HEAD", "/2/openapi.json")]
    assert found["store"].fine
    assert found["key"].fine


@pytest.mark.parametrize(
    "asked",
    [
        "1234567890",
        "https://x.com/a/status/1234567890",
        "https://twitter.com/a/status/1234567890?s=20",
        "https://mobile.twitter.com/a/status/1234567890/photo/1",
    ],
)
def test_a_post_is_known_by_its_number_and_its_address(server: Loopback, asked: str) -> None:
    assert [task.subject for task in source(server, asked).tasks()] == ["1234567890"] * 4


def test_a_page_that_comes_again_with_another_token_is_the_last(
    tmp_path: Path, server: Loopback
) -> None:
    real = service(server)
    tokens = iter(range(1000))

    def again(asked: Asked) -> Answer:
        told = real._with_includes([real.posts[FIRST]])
        assert asked
        return as_json(told | {"meta": {"result_count": 1, "next_token": f"n{next(tokens)}"}})

    server.service = again
    assert collected(store(tmp_path, server, "#park")).stopped == {}
    assert len(server.asked) == 2


# the stream


class Streaming:
    """X's stream: rules that are set and removed, and one post a connection."""

    def __init__(self, x: XService) -> None:
        told = x._with_includes([x.posts[FIRST]])
        told["data"] = told["data"][0]
        self.line = as_json(told).body + b"\r\n\r\n"
        self.rules = [{"id": "1", "value": "old", "tag": "groundswell"}]
        self.rules.append({"id": "2", "value": "of others"})
        self._x = x

    def __call__(self, asked: Asked) -> Answer:
        """Answer as X does."""
        if asked.path.endswith("/rules"):
            self._change(json.loads(asked.body or b"{}"))
            return as_json({"data": self.rules, "meta": {"sent": "now"}})
        if asked.path.endswith("/stream"):
            return Answer(self.line, cut=len(self.line))
        return self._x(asked)

    def _change(self, told: dict[str, Any]) -> None:
        gone = told.get("delete", {}).get("ids", [])
        self.rules = [each for each in self.rules if each["id"] not in gone]
        self.rules += [each | {"id": "9"} for each in told.get("add", [])]


def test_a_stream_gives_what_comes_until_it_is_stopped(tmp_path: Path, server: Loopback) -> None:
    streaming = server.service = Streaming(service(server))
    held = store(tmp_path, server, "#park", "#trees", "@user11", stream=True)
    collected(held, lasting=3.0)
    assert {each["value"] for each in streaming.rules} == {"of others", "#park", "#trees"}
    assert post(1) in held.read("posts")["post_id"].to_list()
    assert "/2/users/11/tweets" in server.paths()


def test_what_came_before_a_stream_broke_is_kept(server: Loopback) -> None:
    streaming = server.service = Streaming(service(server))
    streaming.line = streaming.line * 3 + b"half a li"
    page = source(server).ask(Task(kind="stream", subject="#park"))
    assert page.received >= 3
    assert page.live
