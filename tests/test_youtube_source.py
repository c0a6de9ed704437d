"""YouTube, asked through Google's library on a real wire: what was planted is in the store."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import polars as pl
import pytest
from collecting_stores import collected, store_with
from loopback import CUT, HALF, PAGE_FOR_PEOPLE, Answer, Asked, Loopback, as_json, serving
from servers.youtube.prism import guarding
from servers.youtube.replay import (
    KEY,
    START,
    YouTubeReplay,
    channel_id,
    failure,
    planted,
    refused_key,
    video_id,
)

from analytics.errors import (
    CollectError,
    CursorError,
    GoneError,
    RateLimitedError,
    RefusedError,
    SettingsError,
    UnreachableError,
)
from analytics.store import Store
from collectors.opening import examine
from collectors.sources import Page, Task, World
from collectors.web import session
from collectors.youtube import PLATFORM, YouTubeSettings, YouTubeSource

FIRST = video_id(1)
NOW = datetime(2026, 3, 5, 20, tzinfo=UTC)  # noon on the Pacific coast
COMMENTS = Task(kind="comments", subject=FIRST)
EVERY_TIME = "0.001s"  # all comments are listed anew in every run


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDSWELL_YOUTUBE_API_KEY", KEY)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving(planted(YouTubeReplay(page=3))) as server:
        yield server


def service(server: Loopback) -> YouTubeReplay:
    assert isinstance(server.service, YouTubeReplay)
    return server.service


def store(path: Path, server: Loopback, *ask: str, **more: object) -> Store:
    entry = {"platform": "youtube", "ask": list(ask), "server": server.url}
    return store_with(path / "s", entry | more)


def settings(*ask: str, **more: object) -> YouTubeSettings:
    return YouTubeSettings(platform="youtube", ask=list(ask), **more)  # type: ignore[arg-type]


def source(server: Loopback, *ask: str, **more: object) -> YouTubeSource:
    web = session(server=server.url, total=5)
    web.headers["X-Goog-Api-Key"] = KEY
    world = World(secrets={"youtube_api_key": KEY}, now=lambda: NOW)
    return YouTubeSource(web, settings(*ask, server=server.url, **more), world)


def post(name: str) -> str:
    return f"youtube:{name}"


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def asked(server: Loopback, resource: str) -> list[dict[str, str]]:
    return [each.query for each in server.asked if each.path == f"/youtube/v3/{resource}"]


# the graph

GRAPH = [
    *((post(f"Ug{n}"), "comment", post(FIRST), at(n)) for n in range(1, 6)),
    *((post(f"Ug1.r{n}"), "reply", post("Ug1"), at(10 + n)) for n in range(1, 6)),
    (post("Ug2.r1"), "reply", post("Ug2"), at(20)),
    *((post(video_id(n)), "original", None, at(30 * (n - 1))) for n in range(1, 4)),
]


def edges(held: Store) -> list[tuple[object, ...]]:
    return held.read("posts").select("post_id", "kind", "parent_id", "at").sort("post_id").rows()


def test_what_was_planted_is_held_edge_for_edge(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, f"https://youtu.be/{FIRST}?si=x", "help the park")
    report = collected(held)
    assert report.stopped == {}
    assert edges(held) == sorted(GRAPH, key=lambda edge: str(edge[0]))
    below = held.read("posts").filter(pl.col("kind") != "original")
    assert set(below["basis"]) == {"observed"}
    assert report.new_posts == len(GRAPH)


def test_nothing_is_filtered_and_nothing_asked_for_twice(tmp_path: Path, server: Loopback) -> None:
    collected(store(tmp_path, server, FIRST, "help the park"))
    assert [each["id"] for each in asked(server, "videos")] == [
        FIRST,
        f"{video_id(3)},{video_id(2)}",
    ]
    (search,) = asked(server, "search")
    told = {"type": "video", "order": "date", "safeSearch": "none", "maxResults": "50"}
    assert told.items() <= search.items()
    assert {each["order"] for each in asked(server, "commentThreads")} == {"time"}
    assert all(each.headers["User-Agent"].startswith("groundswell/") for each in server.asked)


@pytest.mark.servers
def test_questions_and_answers_are_as_youtube_describes_them(
    tmp_path: Path, server: Loopback
) -> None:
    with guarding(server.url, tmp_path / "log") as url:
        ask = [FIRST, "help the park", "@town", f"youtube.com/channel/{channel_id(9)}"]
        entry = {"platform": "youtube", "ask": ask, "server": url, "expand": True}
        held = store_with(tmp_path / "s", entry | {"comments_again": EVERY_TIME})
        for _ in range(2):
            assert collected(held).stopped == {}
    statement = (post(video_id(4)), "original", None, at(90))
    assert edges(held) == sorted([*GRAPH, statement], key=lambda edge: str(edge[0]))
    assert {each.path.rpartition("/")[2] for each in server.asked} == {
        "videos", "commentThreads", "comments", "search", "channels", "playlistItems",
    }  # fmt: skip


@pytest.mark.servers
def test_what_breaks_the_description_is_refused(tmp_path: Path, server: Loopback) -> None:
    with guarding(server.url, tmp_path / "log") as url:
        with pytest.raises(OSError, match="422"):
            urlopen(f"{url}/youtube/v3/search?part=snippet&maxResults=500")  # noqa: S310
        invented = {"kind": "youtube#videoListResponse", "items": [{"id": FIRST, "shares": 3}]}
        server.faults.append(as_json(invented))
        with pytest.raises(OSError, match="500"):
            urlopen(f"{url}/youtube/v3/videos?part=snippet&id={FIRST}")  # noqa: S310


def test_who_writes_twice_has_one_pseudonym(tmp_path: Path, server: Loopback) -> None:
    service(server).comment("Ug3.r1", 11, "me again", minute=40, under="Ug3")
    held = store(tmp_path, server, FIRST)
    collected(held)
    posts = held.read("posts")
    by = dict(posts.select("post_id", "account_id").iter_rows())
    assert by[post("Ug1")] == by[post("Ug3.r1")] != by[post("Ug2")]
    assert channel_id(11) not in str(posts.rows())
    assert set(posts["account_id"]) <= set(held.read("accounts")["account_id"])


def test_a_second_run_adds_nothing_twice(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, FIRST, "help the park", comments_again=EVERY_TIME)
    collected(held)
    before = edges(held)
    assert collected(held).new_posts == 0
    assert edges(held) == before
    assert held.read("changes").is_empty()


def test_comments_that_are_held_are_not_listed_again_so_soon(
    tmp_path: Path, server: Loopback
) -> None:
    held = store(tmp_path, server, FIRST)
    collected(held)
    service(server).comment("Ug6", 16, "a new one", minute=50, under=FIRST)
    server.asked.clear()
    assert collected(held).new_posts == 1
    assert [each.get("pageToken") for each in asked(server, "commentThreads")] == [None, "at-3"]
    server.asked.clear()
    collected(held)
    assert len(asked(server, "commentThreads")) == 1


def test_all_comments_are_listed_anew_now_and_then(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, FIRST, comments_again=EVERY_TIME)
    collected(held)
    service(server).comment("Ug1.r6", 40, "a late reply", minute=60, under="Ug1")
    server.asked.clear()
    assert collected(held).new_posts == 1
    assert len(asked(server, "commentThreads")) == 2
    assert [each["parentId"] for each in asked(server, "comments")] == ["Ug1", "Ug1"]
    server.asked.clear()
    collected(held)
    assert asked(server, "comments") == []


def test_the_numbers_become_a_history(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, FIRST, comments=False)
    for views in (10, 500, 20_000):
        service(server).shows(1, views=views, likes=views // 10)
        collected(held)
    told = held.read("counters").filter(post_id=post(FIRST)).sort("observed_at")
    assert told.filter(metric="views")["value"].to_list() == [10, 500, 20_000]
    assert told.filter(metric="likes")["value"].to_list() == [1, 50, 2_000]
    assert told.filter(metric="views")["observed_at"].is_unique().all()


def test_a_video_that_is_gone_is_a_change_and_is_forgotten(
    tmp_path: Path, server: Loopback
) -> None:
    held = store(tmp_path, server, FIRST, video_id(2), comments=False)
    collected(held)
    service(server).gone.add(FIRST)
    collected(held)
    collected(held)
    changes = held.read("changes")
    gone = (held.marks.stand_in(post(FIRST)), "gone", None)
    assert changes.select("post_id", "what", "at").rows() == [gone]
    assert held.read("posts")["post_id"].to_list() == [post(video_id(2))]


def test_an_edit_is_a_change_and_the_first_words_stay(tmp_path: Path, server: Loopback) -> None:
    service(server).comment("Ug7", 9, "we look into it", minute=7, under=FIRST)
    told = {"comments_again": EVERY_TIME, "role": "official"}
    held = store(tmp_path, server, "@police", FIRST, **told)
    collected(held)
    words = "we do not look into it"
    service(server).comment("Ug7", 9, words, minute=7, under=FIRST, edited=99)
    for _ in range(2):
        collected(held)
    changes = held.read("changes").select("post_id", "what", "at", "text", "account_id")
    assert changes.rows() == [(post("Ug7"), "edited", at(99), words, post(channel_id(9)))]
    assert held.read("posts").filter(post_id=post("Ug7"))["text"].item() == "we look into it"


def test_a_thread_that_vanishes_meanwhile_is_gone(tmp_path: Path, server: Loopback) -> None:
    real = service(server)

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/comments"):
            real.gone.add("Ug1")
        return real(asked)

    server.service = answer
    held = store(tmp_path, server, FIRST)
    collected(held)
    assert held.read("changes").select("post_id", "what").rows() == [(post("Ug1"), "gone")]


# searches and channels


def test_found_videos_have_their_whole_words_and_numbers(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, "help the park")
    collected(held)
    copy = held.read("posts").filter(post_id=post(video_id(2)))
    assert post(FIRST) in copy["object_keys"].item()
    assert set(held.read("counters")["post_id"]) == {post(video_id(n)) for n in (1, 2, 3)}
    assert [each["id"].count(",") for each in asked(server, "videos")] == [2]


def test_the_next_search_begins_before_the_newest_video_and_asks_for_new_ones_only(
    tmp_path: Path, server: Loopback
) -> None:
    held = store(tmp_path, server, "help the park")
    collected(held)
    service(server).video(5, 5, "help the park, again", minute=45)  # found late
    server.asked.clear()
    assert collected(held).new_posts == 1
    assert [each["publishedAfter"] for each in asked(server, "search")] == [
        "2026-02-28T13:00:00Z"
    ] * 2
    assert {video_id(5)} < {each["id"] for each in asked(server, "videos")}
    server.asked.clear()
    collected(held)
    assert len(asked(server, "videos")) == 2


def test_a_search_that_found_nothing_begins_where_it_began(server: Loopback) -> None:
    bare = source(server, "nothing").ask(Task(kind="search", subject="nothing"))
    assert (bare.cursor, bare.done, bare.received, bare.spent) == (None, True, 0, 100)
    bound = datetime(2026, 3, 1, 13)  # noqa: DTZ001 - as people write it
    page = source(server, since=bound).ask(Task(kind="search", subject="nothing"))
    assert page.cursor == {"after": bound.replace(tzinfo=UTC)}
    assert asked(server, "search")[-1]["publishedAfter"] == "2026-03-01T13:00:00Z"


def test_officials_that_are_asked_by_name_keep_their_words(
    tmp_path: Path, server: Loopback
) -> None:
    words = "مرحبا · Қайырлы күн 🌳"
    service(server).video(6, 9, words, minute=95)
    held = store(tmp_path, server, "@Police", role="official")
    collected(held)
    told = held.read("posts").sort("at").select("account_id", "text").rows()
    assert told == [
        (post(channel_id(9)), "We have opened a case\n\nStatement of the police"),
        (post(channel_id(9)), words),
    ]
    police = held.read("accounts").filter(pl.col("followers").is_not_null())
    assert police.select("handle", "role", "followers", "posts").rows() == [
        ("police", "official", 90, 2)
    ]


def test_a_channel_is_followed_from_where_it_was_left(tmp_path: Path, server: Loopback) -> None:
    for number in range(10, 17):
        service(server).video(number, 9, f"statement {number}", minute=100 + number)
    held = store(tmp_path, server, "@police")
    collected(held)
    assert held.read("posts").height == 8
    service(server).video(20, 9, "another", minute=200)
    server.asked.clear()
    assert collected(held).new_posts == 1
    assert len(asked(server, "playlistItems")) == 1
    assert video_id(20) in {each["id"] for each in asked(server, "videos")}


def test_what_a_channel_has_from_before_is_left_out(tmp_path: Path, server: Loopback) -> None:
    for number in range(10, 17):
        service(server).video(number, 9, f"statement {number}", minute=100 + number)
    held = store(tmp_path, server, "@police", since=at(115))
    collected(held)
    assert sorted(held.read("posts")["post_id"]) == [post(video_id(15)), post(video_id(16))]
    assert len(asked(server, "playlistItems")) == 1


def test_expanding_asks_for_the_comments_of_what_is_found(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, "help the park", expand=True)
    collected(held)
    assert edges(held) == sorted(GRAPH, key=lambda edge: str(edge[0]))


def test_videos_are_asked_for_fifty_at_a_time(server: Loopback) -> None:
    many = [video_id(number) for number in range(120)]
    tasks = source(server, *many, *many, comments=False).tasks()
    assert [task.subject.count(",") + 1 for task in tasks] == [50, 50, 20]
    assert [task.kind for task in source(server, *many[:2]).tasks()] == [
        "video", "comments", "comments",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ask", "kind", "subject"),
    [
        ("abcdefghij-", "video", "abcdefghij-"),
        ("https://www.youtube.com/watch?t=3&v=abcdefghijk&list=x", "video", "abcdefghijk"),
        ("http://m.youtube.com/watch?v=abcdefghijk#c", "video", "abcdefghijk"),
        ("youtu.be/abcdefghijk?si=y", "video", "abcdefghijk"),
        ("https://youtube.com/shorts/abcdefghijk", "video", "abcdefghijk"),
        ("https://www.youtube.com/live/abcdefghijk/", "video", "abcdefghijk"),
        ("https://www.youtube-nocookie.com/embed/abcdefghijk", "video", "abcdefghijk"),
        ("https://music.youtube.com/watch?v=abcdefghijk", "video", "abcdefghijk"),
        ("@Town.News", "channel", "@Town.News"),
        ("https://www.youtube.com/@town/videos", "channel", "@town"),
        ("https://youtube.com/@%D2%9B%D0%B0%D0%BB%D0%B0", "channel", "@қала"),
        ("UC" + "a" * 22, "channel", "UC" + "a" * 22),
        (f"https://www.youtube.com/channel/UC{'a' * 22}?x", "channel", "UC" + "a" * 22),
        ("https://www.youtube.com/user/town", "channel", "user/town"),
        ("help the park", "search", "help the park"),
        ("park", "search", "park"),
        ('"association"', "search", '"association"'),
        ("https://news.example/story", "search", "https://news.example/story"),
    ],
)
def test_what_is_asked_is_known_by_its_form(
    server: Loopback, ask: str, kind: str, subject: str
) -> None:
    (task,) = source(server, f" {ask} ", comments=False).tasks()
    assert (task.kind, task.subject) == (kind, subject)


@pytest.mark.parametrize(
    ("told", "fact"),
    [
        ({"ask": ["https://www.youtube.com/playlist?list=PLx"]}, "neither a video nor a channel"),
        ({"ask": ["https://www.youtube.com/c/town"]}, "neither a video nor a channel"),
        ({"poll_to": "31d"}, "poll_to may be 30d at most"),
        ({"poll_from": "40d"}, "poll_from may be 30d at most"),
        ({"comments_again": "often"}, "comments_again: 'often' is no duration"),
    ],
)
def test_what_cannot_be_asked_is_said_before(
    tmp_path: Path, server: Loopback, told: dict[str, object], fact: str
) -> None:
    entry = {"platform": "youtube", "ask": [], "server": server.url}
    held = store_with(tmp_path / "s", entry | told)
    with pytest.raises(SettingsError, match=fact):
        collected(held)


def test_channels_are_asked_by_handle_number_or_old_name(server: Loopback) -> None:
    for name, told in (
        ("@town", {"forHandle": "@town"}),
        (channel_id(1), {"id": channel_id(1)}),
    ):
        page = source(server).ask(Task(kind="channel", subject=name))
        assert [task.key for task in page.found] == ["uploads UU" + channel_id(1)[2:]]
        assert told.items() <= asked(server, "channels")[-1].items()
    with pytest.raises(GoneError, match="knows no channel user/old"):
        source(server).ask(Task(kind="channel", subject="user/old"))
    assert asked(server, "channels")[-1]["forUsername"] == "old"


# quota


def test_a_budget_stops_before_it_is_exceeded(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, FIRST, "help the park", budget=102)
    report = collected(held)
    assert "budget of 102 units would be exceeded (3 are spent)" in report.stopped["youtube"]
    assert asked(server, "search") == []
    path = held.path / "groundswell.toml"
    path.write_text(path.read_text().replace("102", "1000"))
    assert collected(Store(held.path)).stopped == {}
    assert edges(held) == sorted(GRAPH, key=lambda edge: str(edge[0]))


def test_a_search_counts_as_a_hundred(server: Loopback) -> None:
    told = source(server, "park")
    assert told.price(Task(kind="search", subject="park")) == 100
    assert told.price(COMMENTS) == 1
    assert told.ask(Task(kind="search", subject="park")).spent == 100
    assert told.ask(COMMENTS).spent == 1


def test_the_budget_of_a_day_is_what_every_project_has(server: Loopback) -> None:
    told = source(server, "park").estimate()
    assert (told.at_most, told.unit, told.money) == (10_000, "units a day", None)
    assert "free of charge" in told.basis


def test_the_day_is_that_of_the_pacific_coast(server: Loopback) -> None:
    period = source(server).period
    assert period(datetime(2026, 3, 1, 7, 59, tzinfo=UTC)) == "2026-02-28"
    assert period(datetime(2026, 3, 1, 8, 0, tzinfo=UTC)) == "2026-03-01"
    assert period(datetime(2026, 7, 1, 7, 0, tzinfo=UTC)) == "2026-07-01"  # summer time


# what goes wrong

THREADS = "youtube.commentThread"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failure(403, "quotaExceeded", "youtube.quota"), RateLimitedError),
        (failure(403, "rateLimitExceeded", "global"), RateLimitedError),
        (as_json({}, 429, retry_after="7"), RateLimitedError),
        (as_json({}, 429), RateLimitedError),
        (failure(400, "processingFailure", THREADS), UnreachableError),
        (failure(500, "backendError", "global"), UnreachableError),
        (Answer(b"<html>busy", 502), UnreachableError),
        (Answer(b"", 302, {"location": "http://127.0.0.1:9/login"}), UnreachableError),
        (PAGE_FOR_PEOPLE, UnreachableError),
        (HALF, UnreachableError),
        (CUT, UnreachableError),
        (as_json({}), UnreachableError),
        (as_json({"kind": "youtube#videoListResponse", "items": []}), UnreachableError),
        (as_json({"kind": "youtube#commentThreadListResponse", "items": 7}), UnreachableError),
        (refused_key(), RefusedError),
        (failure(400, "keyInvalid", "usageLimits"), RefusedError),
        (failure(403, "accessNotConfigured", "usageLimits"), RefusedError),
        (Answer(b'{"error": "not \xff JSON', 403), RefusedError),
        (as_json({"error": {"message": 7}}, 401), RefusedError),
        (failure(403, "commentsDisabled", THREADS), GoneError),
        (failure(403, "forbidden", THREADS), GoneError),
        (failure(404, "videoNotFound", THREADS), GoneError),
        (failure(400, "invalidVideo", THREADS), GoneError),
        (failure(400, "invalidPageToken", "youtube.parameter"), CursorError),
    ],
)
def test_each_fault_is_told_apart(
    server: Loopback, answer: Answer, error: type[CollectError]
) -> None:
    server.faults.append(answer)
    with pytest.raises(error) as raised:
        source(server).ask(COMMENTS)
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)


def test_comments_that_are_switched_off_are_no_loss_of_the_video(
    tmp_path: Path, server: Loopback
) -> None:
    service(server).closed.add(FIRST)
    held = store(tmp_path, server, FIRST, "help the park")
    report = collected(held)
    assert report.stopped == {}
    assert held.read("posts").height == 3
    assert held.read("changes").is_empty()
    refused = report.sources.filter(kind="comments")
    assert refused["refused"].to_list() == [1]


def test_comments_of_a_video_that_is_gone_say_so(server: Loopback) -> None:
    service(server).gone.add(FIRST)
    with pytest.raises(GoneError) as raised:
        source(server).ask(COMMENTS)
    assert list(raised.value.gone) == [post(FIRST)]


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (as_json({}, 429, retry_after="7"), 7.0),
        (as_json({}, 429), None),
        (failure(403, "userRateLimitExceeded", "usageLimits", retry_after="9"), 9.0),
        (failure(403, "quotaExceeded", "youtube.quota"), 12 * 3600.0),
    ],
)
def test_a_pause_is_as_long_as_youtube_says(
    server: Loopback, answer: Answer, seconds: float | None
) -> None:
    server.faults.append(answer)
    with pytest.raises(RateLimitedError) as raised:
        source(server).ask(COMMENTS)
    assert raised.value.seconds == seconds


def test_a_spent_quota_ends_a_run_with_one_sentence(tmp_path: Path, server: Loopback) -> None:
    server.faults.append(failure(403, "quotaExceeded", "youtube.quota"))
    report = collected(store(tmp_path, server, FIRST))
    assert report.stopped["youtube"].startswith("YouTube's quota of today is spent, of ")
    assert len(server.asked) == 1


def test_failures_again_and_again_in_one_place_mean_that_it_is_forgotten(
    server: Loopback,
) -> None:
    told = source(server)
    server.faults.extend([failure(400, "processingFailure", THREADS)] * 9)
    first = Task(kind="replies", subject="Ug1#5")
    later = Task(kind="replies", subject="Ug1#5", cursor={"token": "at-3"})
    kinds = [_error_of(told, later) for _ in range(4)]
    assert kinds == [UnreachableError, UnreachableError, CursorError, UnreachableError]
    assert {_error_of(told, first) for _ in range(4)} == {UnreachableError}


def _error_of(asked: YouTubeSource, task: Task) -> type[Exception]:
    with pytest.raises(CollectError) as raised:
        asked.ask(task)
    return type(raised.value)


def test_a_place_that_is_forgotten_is_asked_from_the_beginning(
    tmp_path: Path, server: Loopback
) -> None:
    real = service(server)
    refusals = [failure(400, "invalidPageToken", "youtube.parameter")]

    def answer(asked: Asked) -> Answer:
        return refusals.pop() if refusals and "pageToken" in asked.query else real(asked)

    server.service = answer
    held = store(tmp_path, server, FIRST, "help the park")
    assert collected(held).stopped == {}
    assert refusals == []
    assert edges(held) == sorted(GRAPH, key=lambda edge: str(edge[0]))


def test_faults_in_between_lose_nothing(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, FIRST, "help the park")
    real, faults = service(server), [HALF, as_json({}, 503), as_json({}, 429, retry_after="0")]
    sound: list[Callable[[Asked], Answer]] = [real, real]

    def answer(asked: Asked) -> Answer:
        return sound.pop()(asked) if sound else faults.pop() if faults else real(asked)

    server.service = answer
    assert collected(held).stopped == {}
    assert faults == []
    assert edges(held) == sorted(GRAPH, key=lambda edge: str(edge[0]))


def test_a_wrong_key_is_one_sentence(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDSWELL_YOUTUBE_API_KEY", "wrong-secret")
    report = collected(store(tmp_path, server, FIRST))
    assert report.stopped["youtube"] == (
        "YouTube refuses; check the key and its rights "
        "(API key not valid. Please pass a valid API key)"
    )


def test_a_missing_key_says_where_one_gets_it(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROUNDSWELL_YOUTUBE_API_KEY")
    held = store(tmp_path, server, FIRST)
    with pytest.raises(CollectError, match=r"GROUNDSWELL_YOUTUBE_API_KEY is not set .*console"):
        collected(held)
    assert not {check.what: check for check in examine(held)}["youtube"].fine
    assert server.asked == []


def test_the_key_is_in_no_address_page_error_or_log(
    tmp_path: Path, server: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tell = failure(403, "ipRefererBlocked", "usageLimits", f"the key {KEY} must not be used here")
    pages: list[Page] = [source(server).ask(COMMENTS)]
    server.faults.append(tell)
    report = collected(store(tmp_path, server, FIRST))
    assert "the key … must not be used here" in report.stopped["youtube"]
    told = [*map(str, pages), str(report), caplog.text]
    told += [f"{each.path}?{each.query}" for each in server.asked]
    assert not any(KEY in each for each in told)
    assert "commentThreads" in caplog.text
    held = [path.read_bytes() for path in (tmp_path / "s").rglob("*") if path.is_file()]
    assert not any(KEY.encode() in each for each in held)


def test_who_redirects_us_does_not_get_the_key(server: Loopback) -> None:
    with serving(lambda _: as_json({})) as elsewhere:
        moved = f"{elsewhere.url}/youtube/v3/commentThreads"
        server.faults.append(Answer(b"", 307, {"location": moved}))
        with pytest.raises(UnreachableError, match="status 307"):
            source(server).ask(COMMENTS)
        assert elsewhere.asked == []


def test_long_words_to_search_go_another_way(server: Loopback) -> None:
    words = "парк " * 400
    page = source(server).ask(Task(kind="search", subject=words))
    assert page.received == 0
    (sent,) = server.asked
    assert (sent.method, sent.headers["x-http-method-override"]) == ("POST", "GET")


def test_examining_reaches_out_and_spends_no_quota(tmp_path: Path, server: Loopback) -> None:
    found = {check.what: check for check in examine(store(tmp_path, server, FIRST))}
    assert found["youtube: reach"].fine
    assert "pages_days be 30 at most" in found["youtube: policy"].fact
    assert [(each.method, each.path) for each in server.asked] == [("HEAD", "/$discovery/rest")]


def test_the_platform_says_where_keys_are_got() -> None:
    with pytest.raises(CollectError, match="GROUNDSWELL_YOUTUBE_API_KEY"):
        PLATFORM.open(settings(), World())
