"""A planted story on a stand-in for Bluesky: collected edge for edge, whatever goes wrong."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from bluesky_service import BlueskyService, answering, at, did, quoting
from collecting_stores import collected, store_with
from loopback import Answer, Loopback, as_json, serving

from analytics.errors import GoneError, RateLimitedError, RefusedError, UnreachableError
from analytics.store import Store
from collectors.bluesky import DIRECTORY, HOME_TRIES, PLATFORM, BlueskySettings, BlueskySource
from collectors.sources import Task, World

OPEN = {"level": "open", "reason": "a test with invented accounts"}
ARABIC = "ساعدوا #park — жәрдем"


class Story:
    """One post, and how it was shared."""

    def __init__(self, service: BlueskyService) -> None:
        self.root = service.post(0, 1, ARABIC)
        self.plain = service.repost(1, 2, self.root)
        self.through = service.repost(2, 3, self.root, via=self.plain)
        for minute in range(3, 8):  # what an account reposted later lies above it in the list
            service.repost(minute, 2, "at://did:plc:z/app.bsky.feed.post/other")
        self.quote = service.post(8, 4, "look", **quoting(self.root))
        self.answer = service.post(9, 5, "true?", **answering(self.root, self.root))
        self.deeper = service.post(10, 6, "yes", **answering(self.answer, self.root))

    def edges(self) -> list[tuple[object, ...]]:
        """Return what the store must hold: id, kind, parent, root, basis, account, time."""

        def row(uri: str, kind: str, parent: str | None, root: str | None, *who_when: int) -> tuple[
            object, ...
        ]:  # fmt: skip
            names = [f"bluesky:{each}" if each else None for each in (parent, root)]
            basis = "observed" if parent else None
            who, when = who_when
            return (f"bluesky:{uri}", kind, *names, basis, f"bluesky:{did(who)}", at(when))

        return [
            row(self.root, "original", None, None, 1, 0),
            row(self.plain, "repost", None, self.root, 2, 1),
            row(self.through, "repost", self.plain, self.root, 3, 2),
            row(self.quote, "quote", self.root, None, 4, 8),
            row(self.answer, "reply", self.root, None, 5, 9),
            row(self.deeper, "reply", self.answer, None, 6, 10),
        ]


@pytest.fixture
def service() -> BlueskyService:
    return BlueskyService()


@pytest.fixture
def server(service: BlueskyService) -> Iterator[Loopback]:
    with serving(service) as server:
        service.url = server.url
        yield server


def store(path: Path, server: Loopback, *ask: str, **more: object) -> Store:
    entry = {"platform": "bluesky", "ask": list(ask), "server": server.url}
    entry |= {"directory": server.url}
    return store_with(path / "s", entry | more, protection=OPEN)


def edges(held: Store) -> list[tuple[object, ...]]:
    posts = held.read("posts").filter(~pl.col("post_id").str.contains("/of:"))
    names = ("post_id", "kind", "parent_id", "root_id", "basis", "account_id", "at")
    return posts.sort("at").select(names).rows()


def test_the_planted_graph_is_held_and_a_second_run_adds_nothing_twice(
    tmp_path: Path, server: Loopback, service: BlueskyService
) -> None:
    story = Story(service)
    held = store(tmp_path, server, "https://bsky.app/profile/u1.example/post/p0", follows=3)
    before = datetime.now(UTC)
    assert collected(held).stopped == {}
    assert edges(held) == story.edges()
    told = held.read("posts").filter(post_id=f"bluesky:{story.root}")
    assert told["text"].to_list() == [ARABIC]
    counters = held.read("counters").filter(post_id=f"bluesky:{story.root}", metric="likes")
    assert counters["value"].unique().to_list() == [1]
    assert all(before - timedelta(seconds=1) < each for each in counters["observed_at"])
    follows = held.read("follows")
    assert sorted(follows["follower_id"].unique()) == [f"bluesky:{did(2)}", f"bluesky:{did(3)}"]
    assert follows.height == 2 * 4  # three were wanted; pages hold two
    listed = held.read("posts").filter(pl.col("post_id").str.contains("/of:"))
    assert listed["at"].null_count() == listed.height == 2
    assert collected(held).new_posts == 0
    assert edges(held) == story.edges()


def test_searches_and_accounts_go_through_all_pages_and_then_ask_for_news(
    tmp_path: Path, server: Loopback, service: BlueskyService
) -> None:
    uris = [service.post(number, 1 + number % 2, f"#park {number}") for number in range(9)]
    own = service.post(20, 7, "by the account")
    held = store(tmp_path, server, "#park", "@u7.example")
    assert collected(held).stopped == {}
    posts = held.read("posts").sort("at")["post_id"].to_list()
    assert posts == [f"bluesky:{uri}" for uri in [*uris, own]]
    new = service.post(30, 1, "#park again")
    asked = len(server.asked)
    assert collected(held).new_posts == 1
    assert f"bluesky:{new}" in held.read("posts")["post_id"]
    since = [each.query["since"] for each in server.asked[asked:] if "since" in each.query]
    assert since[0].startswith("2026-03-01T12:08")


def test_an_account_is_asked_for_its_news_past_what_is_pinned_and_what_it_reposted(
    tmp_path: Path, server: Loopback, service: BlueskyService
) -> None:
    old = service.post(0, 1, "somebody's old post")
    for minute in range(1, 9):
        service.post(minute, 7, f"post {minute}")
    held = store(tmp_path, server, "@u7.example")
    collected(held)
    service.pins = True
    new = [service.post(minute, 7, f"new {minute}") for minute in (20, 21, 22)]
    shared = service.repost(23, 7, old)
    asked = len(server.asked)
    collected(held)
    assert {f"bluesky:{uri}" for uri in [*new, shared]} <= set(held.read("posts")["post_id"])
    feeds = [each for each in server.paths()[asked:] if each.endswith("getAuthorFeed")]
    assert len(feeds) == 4  # of seven: the fourth has posts older than the last run


def test_what_is_expanded_is_as_whole_as_what_is_named(
    tmp_path: Path, server: Loopback, service: BlueskyService
) -> None:
    story = Story(service)
    held = store(tmp_path, server, "#park", expand=True)
    collected(held)
    assert edges(held) == story.edges()


def test_an_official_asked_by_name_is_kept_with_words_and_role(
    tmp_path: Path, server: Loopback, service: BlueskyService
) -> None:
    service.post(0, 7, "The ministry will answer.")
    entry = {"platform": "bluesky", "ask": ["@U7.example"], "role": "official"}
    held = store_with(tmp_path / "s", entry | {"server": server.url, "directory": server.url})
    collected(held)
    assert held.read("posts")["text"].to_list() == ["The ministry will answer."]
    assert "official" in held.read("accounts")["role"].to_list()


def test_what_is_no_longer_shown_is_noted_as_gone_and_forgotten(
    tmp_path: Path, server: Loopback, service: BlueskyService
) -> None:
    uri = service.post(0, 1, "#park")
    held = store(tmp_path, server, uri, replies=False, quotes=False, reposts=False)
    collected(held)
    del service.posts[uri]
    collected(held)
    gone = held.marks.stand_in(held.protector.post(f"bluesky:{uri}"))
    assert held.read("changes").select("post_id", "what").rows() == [(gone, "gone")]
    assert held.read("posts").is_empty()


@pytest.mark.parametrize(
    "faults",
    [
        [as_json({}, 429), as_json({}, 503)],
        [as_json({}, 429, retry_after="1")],
        [Answer(b"<!doctype html><h1>Sorry</h1>"), Answer(b'{"posts": [{"uri"')],
    ],
)
def test_faults_lose_nothing(
    tmp_path: Path, server: Loopback, service: BlueskyService, faults: list[Answer]
) -> None:
    story = Story(service)
    server.faults.extend(faults)
    held = store(tmp_path, server, story.root)
    assert collected(held).stopped == {}
    assert edges(held) == story.edges()


def test_a_forgotten_place_begins_the_question_anew(
    tmp_path: Path, server: Loopback, service: BlueskyService
) -> None:
    uris = [service.post(number, 1, f"#park {number}") for number in range(9)]
    service.unknown = "c4"
    held = store(tmp_path, server, "#park")
    assert collected(held).stopped == {}
    assert held.read("posts").height == len(uris)


# reposters' own servers


def test_one_server_that_fails_takes_its_own_repost_only(
    tmp_path: Path, server: Loopback, service: BlueskyService
) -> None:
    story = Story(service)
    service.homes[did(2)] = "http://127.0.0.1:9"  # nobody listens there
    held = store(tmp_path, server, story.root)
    assert collected(held).stopped == {}
    assert edges(held) == [row for row in story.edges() if row[0] != f"bluesky:{story.plain}"]
    listed = held.read("posts").filter(pl.col("post_id").str.contains("/of:"))
    assert f"bluesky:{did(2)}" in listed["account_id"].to_list()  # that it was, without a time


@pytest.fixture
def source(server: Loopback) -> Iterator[BlueskySource]:
    settings = BlueskySettings(platform="bluesky", server=server.url, directory=server.url)
    secrets = {"bluesky_handle": "ana.example", "bluesky_app_password": "very-secret"}
    found = PLATFORM.open(settings, World(secrets=secrets))
    assert isinstance(found, BlueskySource)
    with closing(found):
        yield found


def record(home: str) -> Task:
    subject = f"{did(2)} at://did:plc:a/app.bsky.feed.post/1 2026-03-01T12:00:00.000Z"
    return Task(kind="repost record", subject=subject, cursor={"home": home})


@pytest.mark.parametrize("status", [401, 403])
def test_a_foreign_server_that_refuses_ends_its_own_question(
    server: Loopback, source: BlueskySource, status: int
) -> None:
    server.faults.append(as_json({}, status))
    with pytest.raises(GoneError):
        source.ask(record(server.url))


def test_a_foreign_server_is_not_waited_for_without_end(
    server: Loopback, source: BlueskySource
) -> None:
    server.faults.append(as_json({}, 429, retry_after="86000"))
    with pytest.raises(GoneError):
        source.ask(record(server.url))
    server.faults.extend([as_json({}, 429, retry_after="5")] + [as_json({}, 502)] * HOME_TRIES)
    task = record(f"{server.url}/")
    again = Task(kind=task.kind, subject=f"{task.subject}0", cursor=task.cursor)
    with pytest.raises(RateLimitedError):
        source.ask(again)
    with pytest.raises(UnreachableError):
        source.ask(again)
    with pytest.raises(GoneError):
        source.ask(again)


def test_a_foreign_server_and_the_directory_never_see_the_login(
    server: Loopback, source: BlueskySource
) -> None:
    source.ask(record(server.url))
    source.ask(Task(kind="repost record", subject=record("").subject))
    assert [each.headers.get("Authorization") for each in server.asked] == [None, None]
    assert not any(b"very-secret" in each.body for each in server.asked)


def test_a_foreign_server_sends_us_nowhere_else(server: Loopback, source: BlueskySource) -> None:
    server.faults.append(Answer(b"", 302, {"location": f"{server.url}/inner"}))
    with pytest.raises(GoneError):
        source.ask(record(server.url))
    assert server.paths() == ["/xrpc/com.atproto.repo.listRecords"]


@pytest.mark.parametrize(
    "home",
    ["http://127.0.0.1:8080", "https://127.0.0.1", "https://[::1]", "https://router.local",
     "https://10.0.0.1", "https://intranet", "http://pds.example.org", "ftp://pds.example.org"],
)  # fmt: skip
def test_only_servers_on_the_open_web_are_asked(
    source: BlueskySource, server: Loopback, home: str
) -> None:
    source._settings.directory = DIRECTORY
    with pytest.raises(GoneError):
        source._public(home)
    assert source._public("https://pds.example.org") == "https://pds.example.org"
    assert server.asked == []


def test_an_account_that_keeps_its_repository_nowhere_is_passed_over(
    service: BlueskyService, source: BlueskySource
) -> None:
    service.homes[did(2)] = ""
    with pytest.raises(GoneError):
        source.ask(Task(kind="repost record", subject=record("").subject))


def test_a_wrong_password_is_told_in_a_sentence_without_it(
    server: Loopback, source: BlueskySource
) -> None:
    server.faults.append(as_json({"error": "AuthenticationRequired"}, 401))
    with pytest.raises(RefusedError) as raised:
        source.ask(Task(kind="search", subject="#park"))
    assert "very-secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_records_are_looked_through_until_they_are_older_than_the_post(
    server: Loopback, service: BlueskyService, source: BlueskySource
) -> None:
    for minute in range(9):
        service.repost(minute, 2, "at://did:plc:z/app.bsky.feed.post/other")
    task = record(server.url)
    subject = task.subject.replace("12:00:00", "12:05:00")
    task = Task(kind=task.kind, subject=subject, cursor=task.cursor)
    pages = 0
    done = False
    while not done:
        page = source.ask(task)
        task = Task(kind=task.kind, subject=subject, cursor=page.cursor)
        pages, done = pages + 1, page.done
    assert pages == 3  # of five: the third has one from 12:04
    assert page.payload == b'{"records":[]}'
    assert page.format is None
