"""Media Cloud, asked through its own client on a real wire."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from collecting_stores import collected, store_with
from loopback import CUT, HALF, PAGE_FOR_PEOPLE, Answer, Asked, Loopback, as_json, serving

from analytics.errors import (
    CollectError,
    CursorError,
    GoneError,
    RateLimitedError,
    RefusedError,
    UnreachableError,
)
from analytics.store import Store
from collectors.mediacloud import PLATFORM, MediaCloudSettings, MediaCloudSource
from collectors.opening import examine
from collectors.sources import Task, World

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
SEARCH = Task(kind="search", subject="bread")


def story(number: int, day: int, **told: object) -> dict[str, object]:
    return {
        "id": f"story{number}", "media_name": "news.example", "media_url": "news.example",
        "title": f"Хлеб и вода {number}", "publish_date": f"2026-03-{day:02}", "language": "ru",
        "indexed_date": f"2026-03-{day:02}T10:00:00.123456",
        "url": f"https://www.news.example/{number}",
    } | told  # fmt: skip


class MediaCloud:
    """A search whose pages hold two stories."""

    def __init__(self, *stories: dict[str, object]) -> None:
        self.stories = list(stories)

    def __call__(self, asked: Asked) -> Answer:
        """Answer as Media Cloud does."""
        if asked.headers.get("Authorization") != "Token key":
            return as_json({"detail": "Invalid token."}, 401)
        if asked.path == "/api/auth/profile":
            return as_json({"username": "x"})
        if asked.path != "/api/search/story-list":
            return as_json({"note": "no such place"}, 404)
        token = asked.query.get("pagination_token", "0")
        if not token.isdigit():
            return as_json({"status": "error", "note": "bad token"}, 400)
        return as_json(self._page(int(token), asked.query["start"], asked.query["end"]))

    def _page(self, first: int, start: str, end: str) -> dict[str, object]:
        within = [each for each in self.stories if start <= str(each["publish_date"]) <= end]
        token = str(first + 2) if first + 2 < len(within) else None
        return {"stories": within[first : first + 2], "pagination_token": token}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDSWELL_MEDIACLOUD_API_KEY", "key")


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving(MediaCloud(*(story(number, number) for number in range(1, 6)))) as server:
        yield server


def mediacloud(server: Loopback) -> MediaCloud:
    assert isinstance(server.service, MediaCloud)
    return server.service


def store(path: Path, server: Loopback, *ask: str, **more: object) -> Store:
    entry = {
        "platform": "mediacloud", "ask": list(ask), "server": server.url, "collections": [34412234],
        "since": date(2026, 3, 1), "until": date(2026, 3, 20),
    }  # fmt: skip
    return store_with(path / "s", entry | more)


def source(server: Loopback, **told: object) -> MediaCloudSource:
    told = {"collections": (1, 2), "sources": (3,)} | told
    settings = MediaCloudSettings(
        platform="mediacloud",
        ask=["bread"],
        server=server.url,
        **told,  # type: ignore[arg-type]
    )
    world = World(secrets={"mediacloud_api_key": "key"}, now=lambda: NOW)
    opened = PLATFORM.open(settings, world)
    assert isinstance(opened, MediaCloudSource)
    return opened


def test_every_page_of_stories_is_held(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, "bread")
    assert collected(held).stopped == {}
    posts = held.read("posts").sort("at")
    assert posts.select("post_id", "at", "kind", "lang").rows() == [
        (
            f"web:https://www.news.example/{n}",
            datetime(2026, 3, n, tzinfo=UTC),
            "article",
            "ru",
        )
        for n in range(1, 6)
    ]
    assert posts["collected_at"].to_list() == [
        datetime(2026, 3, n, 10, 0, 0, 123_456, tzinfo=UTC) for n in range(1, 6)
    ]
    assert [asked.query.get("pagination_token") for asked in server.asked] == [None, "2", "4"]
    assert held.read("accounts")["account_id"].n_unique() == 1


def test_a_second_run_asks_for_the_last_days_again(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, "bread")
    collected(held)
    mediacloud(server).stories += [story(6, 18), story(7, 19)]
    assert collected(held).new_posts == 2
    assert server.asked[-1].query["start"] == "2026-03-17"
    assert collected(held).new_posts == 0
    assert held.read("posts").height == 7


def test_a_question_names_where_to_search(server: Loopback) -> None:
    source(server).ask(SEARCH)
    (asked,) = server.asked
    told = {name: asked.query[name] for name in ("cs", "ss", "start", "end", "q", "page_size")}
    assert told == {
        "cs": "1,2", "ss": "3", "start": "2026-02-18", "end": "2026-03-20", "q": "bread",
        "page_size": "1000",
    }  # fmt: skip


def test_a_page_is_kept_as_received(server: Loopback) -> None:
    page = source(server).ask(SEARCH)
    told = json.loads(page.payload)
    assert told["stories"] == [story(1, 1), story(2, 2)]
    assert (page.format, page.received, page.done) == ("mediacloud", 2, False)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (as_json({"note": "slow down"}, 429, retry_after="7"), RateLimitedError),
        (Answer(b"", 429), RateLimitedError),
        (as_json({"note": "busy"}, 503), UnreachableError),
        (PAGE_FOR_PEOPLE, UnreachableError),
        (HALF, UnreachableError),
        (CUT, UnreachableError),
        (Answer(b""), UnreachableError),
        (as_json({"data": 7}), UnreachableError),
        (as_json([1]), UnreachableError),
        (as_json({"stories": [{"publish_date": "yesterday"}]}), UnreachableError),
        (as_json({"detail": "no"}, 401), RefusedError),
        (as_json({"detail": "no"}, 403), RefusedError),
        (as_json({"note": "bad query"}, 400), GoneError),
    ],
)
def test_each_fault_is_told_apart(
    server: Loopback, answer: Answer, error: type[CollectError]
) -> None:
    server.faults.append(answer)
    with pytest.raises(error) as raised:
        source(server).ask(SEARCH)
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)
    assert "key" not in str(raised.value).replace("check the key", "")


def test_a_place_that_is_forgotten_is_asked_from_the_beginning(
    tmp_path: Path, server: Loopback
) -> None:
    with pytest.raises(CursorError):
        source(server).ask(Task(kind="search", subject="bread", cursor={"token": "old"}))
    held = store(tmp_path, server, "bread")
    server.faults.extend([mediacloud(server)(_first()), as_json({"note": "expired"}, 400)])
    assert collected(held).stopped == {}
    assert held.read("posts").height == 5


def _first() -> Asked:
    query = {"start": "2026-03-01", "end": "2026-03-20"}
    return Asked("GET", "/api/search/story-list", query, {"Authorization": "Token key"})


def test_faults_in_between_lose_nothing(tmp_path: Path, server: Loopback) -> None:
    server.faults.extend([as_json({}, 503), HALF])
    held = store(tmp_path, server, "bread")
    assert collected(held).stopped == {}
    assert held.read("posts").height == 5


def test_a_wrong_key_is_one_sentence(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDSWELL_MEDIACLOUD_API_KEY", "wrong-secret")
    held = store(tmp_path, server, "bread")
    report = collected(held)
    assert report.stopped["mediacloud"].startswith("Media Cloud refuses; check the key")
    assert "wrong-secret" not in str(report)
    found = {check.what: check for check in examine(held)}
    assert not found["mediacloud: key"].fine


@pytest.mark.parametrize("told", [{}, {"collections": []}])
def test_what_is_missing_is_one_sentence(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch, told: dict[str, object]
) -> None:
    if not told:
        monkeypatch.delenv("GROUNDSWELL_MEDIACLOUD_API_KEY")
    held = store(tmp_path, server, "bread", **told)
    reason = "API_KEY is not set" if not told else "name some by their numbers"
    with pytest.raises(CollectError, match=reason):
        collected(held)
    assert server.asked == []


def test_examining_asks_whose_the_key_is(tmp_path: Path, server: Loopback) -> None:
    found = {check.what: check for check in examine(store(tmp_path, server, "bread"))}
    assert found["mediacloud: key"].fine
    assert server.paths() == ["/api/auth/profile"]


def test_a_day_that_is_none_costs_no_story(tmp_path: Path, server: Loopback) -> None:
    odd = [story(1, 1) | {"publish_date": "13/2026"}, story(2, 2)]
    server.service = lambda _: as_json({"stories": odd, "pagination_token": None})
    held = store(tmp_path, server, "bread")
    assert collected(held).stopped == {}
    assert held.read("posts")["at"].null_count() == 1
    assert held.read("posts").height == 2
