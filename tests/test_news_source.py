"""News sites, asked on a real wire: what was planted is in the store, link for link."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import polars as pl
import pytest
from collecting_stores import collected, store_with
from loopback import CUT, PAGE_FOR_PEOPLE, Answer, Loopback, as_json, serving
from news_sites import VIDEO, A, B, C, Sites, article, item, link, planted, rss, sitemap

from analytics.errors import (
    CollectError,
    CursorError,
    GoneError,
    RateLimitedError,
    UnreachableError,
)
from analytics.store import Store
from collectors.news import NewsSettings, NewsSource
from collectors.opening import examine
from collectors.robots import LASTING
from collectors.sources import Page, Task, World
from collectors.web import session

FEEDS = (f"{A}/rss", f"{B}/rss", f"{C}/rss")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<rss version="2.0"><channel><title>&b;</title></channel></rss>'
)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving(planted()) as server:
        yield server


def sites(server: Loopback) -> Sites:
    assert isinstance(server.service, Sites)
    return server.service


def store(path: Path, server: Loopback, *ask: str, **more: object) -> Store:
    entry = {"platform": "news", "ask": list(ask), "server": server.url, "pause": 0.0}
    return store_with(path / "s", entry | more)


def source(
    server: Loopback, *ask: str, now: Callable[[], datetime] = lambda: NOON, **more: object
) -> NewsSource:
    told = {"pause": 0.0, "ask": list(ask)} | more
    settings = NewsSettings(platform="news", **told)  # type: ignore[arg-type]
    return NewsSource(settings, World(now=now), session(server=server.url, total=5))


def answered(asked: NewsSource, task: Task) -> Page:
    """Ask until the answer is whole."""
    for _ in range(9):
        page = asked.ask(task)
        if page.done:
            return page
        task = Task(kind=task.kind, subject=task.subject, cursor=page.cursor)
    pytest.fail("the answer has no end")


def edges(held: Store) -> set[tuple[str, str]]:
    """Return which article leads to what, by the keys that join posts."""
    rows = held.read("posts").select("post_id", "object_keys").explode("object_keys")
    own = pl.col("object_keys") == "url:" + pl.col("post_id").str.replace("web:https?://", "")
    return set(rows.filter(~own).rows())


def key(url: str) -> str:
    return url.replace("https://", "url:")


PLANTED = {
    (f"web:{A}/1", "youtube:abcdefghijk"),
    (f"web:{A}/2", key(f"{B}/1")),
    (f"web:{B}/1", "youtube:abcdefghijk"),
    (f"web:{B}/1", key(f"{A}/1")),
    (f"web:{C}/1", key(f"{A}/2")),
}


# the graph


def test_what_was_planted_is_held_link_for_link(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, *FEEDS)
    assert collected(held).stopped == {}
    posts = held.read("posts").sort("at")
    assert posts.select("post_id", "kind", "at").rows() == [
        (f"web:{url}", "article", NOON.replace(minute=minute))
        for minute, url in enumerate((f"{A}/1", f"{A}/2", f"{B}/1", f"{B}/2", f"{C}/1"), 1)
    ]
    assert edges(held) == PLANTED
    sites_of = posts.group_by("account_id").agg(pl.len()).sort("len")
    assert sites_of["len"].to_list() == [1, 2, 2]
    assert set(posts["account_id"]) == set(held.read("accounts")["account_id"])


def test_a_second_run_asks_what_changed_and_adds_nothing_twice(
    tmp_path: Path, server: Loopback
) -> None:
    held = store(tmp_path, server, *FEEDS)
    collected(held)
    before = held.read("posts").sort("post_id")
    assert collected(held).new_posts == 0
    assert held.read("posts").sort("post_id").equals(before)
    assert all("If-None-Match" in asked.headers for asked in server.asked[3:])
    sites(server).pages["/b/rss"] = rss(B, item(f"{B}/3", 9, link(VIDEO)))
    assert collected(held).new_posts == 1


def test_a_feed_without_marks_that_comes_again_is_known_by_its_bytes(server: Loopback) -> None:
    sites(server).pages["/a/rss"] = Answer(cast("str", planted().pages["/a/rss"]).encode())
    asked = source(server, FEEDS[0])
    first = asked.ask(Task(kind="feed", subject=FEEDS[0]))
    again = asked.ask(Task(kind="feed", subject=FEEDS[0], cursor=first.cursor))
    assert (first.format, first.received) == ("feed", 2)
    assert (again.format, again.payload) == (None, b"")


def test_the_links_of_articles_are_kept_and_the_feed_adds_what_they_lack(
    tmp_path: Path, server: Loopback
) -> None:
    sites(server).pages |= {
        "/a/rss": rss(
            A, item(f"{A}/1", 1, "an appeal"), item(f"{A}/2", 2, "APPEAL"), item(f"{A}/3", 3, "no")
        ),
        "/a/1": article(VIDEO, f"{B}/1", minute=1),
    }
    held = store(tmp_path, server, FEEDS[0], articles=True, words=["Appeal"])
    report = collected(held)
    assert report.stopped == {}
    assert server.paths() == ["/a/rss", "/robots.txt", "/a/1", "/a/2"]
    posts = held.read("posts").sort("post_id")
    assert posts.select("post_id", "at").rows() == [
        (f"web:{A}/{n}", NOON.replace(minute=n)) for n in (1, 2, 3)
    ]
    assert edges(held) == {
        (f"web:{A}/1", "youtube:abcdefghijk"), (f"web:{A}/1", key(f"{B}/1")),
    }  # fmt: skip
    assert held.read("changes").select("post_id", "what").rows() == [(f"web:{A}/2", "gone")]


def test_articles_are_asked_for_once(tmp_path: Path, server: Loopback) -> None:
    sites(server).pages["/a/1"] = article(VIDEO)
    held = store(tmp_path, server, FEEDS[0], articles=True)
    collected(held)
    sites(server).pages["/a/rss"] = rss(A, item(f"{A}/1", 1, "x"), item(f"{A}/9", 9, "x"))
    collected(held)
    assert server.paths().count("/a/1") == 1
    assert server.paths().count("/a/9") == 1
    assert held.read("posts").height == 3


def test_a_feed_whose_articles_come_first_is_asked_again_after_a_restart(server: Loopback) -> None:
    asked = source(server, FEEDS[0], articles=True)
    *_, entries = asked.ask(Task(kind="feed", subject=FEEDS[0])).found
    assert asked.ask(entries).payload == source(server).ask(entries).payload
    assert server.paths() == ["/a/rss", "/a/rss"]


def test_officials_keep_their_words_where_they_are_listed(tmp_path: Path, server: Loopback) -> None:
    told = [{"account": "web:gov.example", "role": "official", "reason": "its site", "source": "s"}]
    entry = {"platform": "news", "ask": list(FEEDS), "server": server.url}
    held = store_with(tmp_path / "s", entry, public=told)
    collected(held)
    words = held.read("posts").drop_nulls("text").select("account_id", "text").rows()
    assert [account for account, _ in words] == ["web:gov.example"]
    assert words[0][1].startswith("نحن نجيب — мы ответим")
    roles = held.read("accounts").filter(account_id="web:gov.example")["role"].to_list()
    assert roles == ["official"]


# sitemaps and single articles


def test_a_sitemap_leads_to_others_and_to_articles(tmp_path: Path, server: Loopback) -> None:
    index = f"<sitemapindex><sitemap><loc>{A}/sitemap-1.xml.gz</loc></sitemap></sitemapindex>"
    inside = sitemap(f"{A}/bread-1", f"{A}/weather", changed="2026-03-01T10:00:00Z")
    sites(server).pages |= {
        "/a/sitemap.xml": index,
        "/a/sitemap-1.xml.gz": gzip.compress(inside.encode()),
        "/a/bread-1": article(VIDEO),
    }
    held = store(tmp_path, server, f"{A}/sitemap.xml", words=["bread"])
    collected(held)
    assert edges(held) == {(f"web:{A}/bread-1", "youtube:abcdefghijk")}
    news = sitemap(f"{A}/2", f"{A}/3", changed="2026-03-02", title="Bread")
    sites(server).pages |= {"/a/sitemap-1.xml.gz": news, "/a/2": article(f"{A}/bread-1")}
    collected(held)
    assert "/a/weather" not in server.paths()
    assert (f"web:{A}/2", key(f"{A}/bread-1")) in edges(held)


def test_what_an_old_sitemap_names_is_not_asked_again(server: Loopback) -> None:
    sites(server).pages["/a/sitemap.xml"] = sitemap(f"{A}/1", changed="2026-02-01T10:00:00+05:00")
    task = Task(kind="sitemap", subject=f"{A}/sitemap.xml", cursor={"newest": "2026-02-02"})
    page = answered(source(server), task)
    assert (page.found, page.received) == ([], 1)
    assert page.cursor
    assert page.cursor["newest"] == "2026-02-02"


def test_an_address_is_told_by_what_comes(server: Loopback) -> None:
    sites(server).pages |= {
        "/a/news": planted().pages["/a/rss"],
        "/a/list": sitemap(f"{A}/1"),
        "/a/1": article(VIDEO),
    }
    asked = source(server)
    told = [answered(asked, Task(kind="page", subject=f"{A}/{x}")) for x in ("news", "list", "1")]
    assert [page.format for page in told] == ["feed", None, "article"]
    assert [task.subject for task in told[1].found] == [f"{A}/1"]
    assert [page.cursor and page.cursor["kind"] for page in told] == ["feed", "sitemap", "article"]


def test_an_article_that_did_not_change_is_not_read_again(server: Loopback) -> None:
    sites(server).pages["/a/1"] = article(VIDEO)
    asked = source(server)
    first = answered(asked, Task(kind="article", subject=f"{A}/1"))
    again = asked.ask(Task(kind="article", subject=f"{A}/1", cursor=first.cursor))
    assert (first.format, again.format, again.cursor) == ("article", None, first.cursor)


def test_an_article_that_is_gone_is_a_change(tmp_path: Path, server: Loopback) -> None:
    sites(server).pages["/a/1"] = article(VIDEO)
    held = store(tmp_path, server, f"{A}/1")
    collected(held)
    del sites(server).pages["/a/1"]
    collected(held)
    collected(held)
    assert held.read("changes").select("post_id", "what").rows() == [(f"web:{A}/1", "gone")]
    assert held.read("posts").height == 1


# what sites ask of robots


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ("User-agent: *\nDisallow: /a/", False),
        ("User-agent: groundswell\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
        ("User-agent: *\nDisallow: /b/", True),
        (Answer(b"no", 404), True),
        (Answer(b"no", 403), False),
        ("<!doctype html>welcome", True),
    ],
    ids=["all", "us", "others", "none", "hidden", "a page"],
)
def test_robots_txt_is_obeyed(server: Loopback, rules: str | Answer, allowed: bool) -> None:  # noqa: FBT001
    sites(server).pages |= {"/robots.txt": rules, "/a/1": article(VIDEO)}
    page = answered(source(server), Task(kind="article", subject=f"{A}/1"))
    assert (page.format == "article") is allowed
    assert ("/a/1" in server.paths()) is allowed
    assert bool(page.refused) is not allowed


def test_robots_txt_is_obeyed_for_sitemaps(server: Loopback) -> None:
    pages = {"/robots.txt": "User-agent: *\nDisallow: /a/", "/a/sitemap.xml": sitemap(f"{A}/1")}
    sites(server).pages |= pages
    page = answered(source(server), Task(kind="sitemap", subject=f"{A}/sitemap.xml"))
    assert page.refused == "robots.txt of a.example asks machines to stay away"
    assert server.paths() == ["/robots.txt"]


def test_a_feed_is_asked_whatever_robots_txt_says(server: Loopback) -> None:
    sites(server).pages["/robots.txt"] = "User-agent: *\nDisallow: /"
    assert source(server).ask(Task(kind="feed", subject=FEEDS[0])).format == "feed"
    assert server.paths() == ["/a/rss"]


def test_rules_that_cannot_be_had_allow_nothing_yet(server: Loopback) -> None:
    sites(server).pages |= {"/robots.txt": Answer(b"", 503), "/a/1": article(VIDEO)}
    with pytest.raises(UnreachableError):
        source(server, f"{A}/1").ask(Task(kind="article", subject=f"{A}/1"))
    assert server.paths() == ["/robots.txt"]


def test_rules_are_held_for_a_day(server: Loopback) -> None:
    sites(server).pages["/a/1"] = article(VIDEO)
    clock = SimpleNamespace(now=NOON)
    asked = source(server, now=lambda: clock.now)
    answered(asked, Task(kind="article", subject=f"{A}/1"))
    answered(asked, Task(kind="article", subject=f"{A}/1"))
    clock.now += LASTING
    answered(asked, Task(kind="article", subject=f"{A}/1"))
    assert server.paths().count("/robots.txt") == 2


@pytest.mark.parametrize(("delay", "seconds"), [("", 3.0), ("Crawl-delay: 7", 7.0)])
def test_articles_of_one_site_are_asked_slowly(
    server: Loopback, delay: str, seconds: float
) -> None:
    sites(server).pages |= {"/robots.txt": f"User-agent: *\n{delay}", "/a/1": article(VIDEO)}
    asked = source(server, pause=3.0)
    answered(asked, Task(kind="article", subject=f"{A}/1"))
    with pytest.raises(RateLimitedError) as raised:
        asked.ask(Task(kind="article", subject=f"{A}/2"))
    assert raised.value.seconds == seconds
    assert "/a/2" not in server.paths()


# what goes wrong


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (as_json({}, 429, retry_after="7"), RateLimitedError),
        (as_json({}, 429), RateLimitedError),
        (as_json({}, 503), UnreachableError),
        (PAGE_FOR_PEOPLE, UnreachableError),
        (CUT, UnreachableError),
        (as_json({"items": []}), UnreachableError),
        (as_json({}, 404), GoneError),
        (as_json({}, 410), GoneError),
    ],
)
def test_each_fault_is_told_apart(
    server: Loopback, answer: Answer, error: type[CollectError]
) -> None:
    server.faults.append(answer)
    with pytest.raises(error) as raised:
        source(server, FEEDS[0]).ask(Task(kind="feed", subject=FEEDS[0]))
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)


def test_circles_of_redirects_end(server: Loopback) -> None:
    sites(server).pages["/a/rss"] = Answer(b"", 301, {"location": f"{A}/rss"})
    with pytest.raises(GoneError, match="round in circles"):
        source(server).ask(Task(kind="feed", subject=FEEDS[0]))


def test_a_feed_that_moved_is_followed(tmp_path: Path, server: Loopback) -> None:
    sites(server).pages["/old/rss"] = Answer(b"", 301, {"location": f"{A}/rss"})
    held = store(tmp_path, server, "https://a.example/old/rss")
    collected(held)
    assert held.read("posts").height == 2


def test_one_site_that_fails_is_told_after_the_others_had_their_turn(
    tmp_path: Path, server: Loopback
) -> None:
    sites(server).pages["/a/rss"] = Answer(b"", 503)
    sites(server).pages["/b/rss"] = Answer(b"", 403)
    held = store(tmp_path, server, *FEEDS)
    report = collected(held)
    assert "a.example fails just now (status 503); tried 8 times" in report.stopped["news"]
    assert report.sources.select("unanswered", "refused").row(0) == (1, 1)
    assert held.read("posts")["post_id"].n_unique() == 1
    sites(server).pages["/a/rss"] = planted().pages["/a/rss"]
    collected(held)
    assert held.read("posts").height == 3


def test_sites_that_all_fail_are_a_reason_to_stop(server: Loopback) -> None:
    server.service = lambda _: Answer(b"", 503)
    asked = source(server, *FEEDS)
    outcomes = []
    for address in FEEDS * 2:
        for _ in range(3):
            try:
                outcomes.append(asked.ask(Task(kind="feed", subject=address)).live)
            except UnreachableError:
                outcomes.append(False)
    assert outcomes == [False, False, True] * 3 + [False] * 9


def test_a_long_pause_of_one_site_does_not_hold_the_others(server: Loopback) -> None:
    server.faults.append(as_json({}, 429, retry_after="3600"))
    asked = source(server, *FEEDS)
    page = asked.ask(Task(kind="feed", subject=FEEDS[0], cursor={"etag": "x"}))
    assert page.cursor
    assert (page.done, page.live, page.cursor["etag"]) == (False, True, "x")
    assert asked.ask(Task(kind="feed", subject=FEEDS[1])).format == "feed"
    with pytest.raises(RateLimitedError) as raised:
        asked.ask(Task(kind="feed", subject=FEEDS[0]))
    assert raised.value.seconds == 3600
    assert server.paths() == ["/a/rss", "/b/rss"]


def test_a_refusal_speaks_of_no_keys(server: Loopback) -> None:
    server.faults.append(Answer(b"", 403))
    page = source(server).ask(Task(kind="feed", subject=FEEDS[0]))
    assert page.refused == "a.example refuses (status 403)"


@pytest.mark.parametrize("body", [BOMB, "<rss version='2.0'><channel><item><title>half"])
def test_dangerous_and_broken_feeds_are_told_in_the_losses(
    tmp_path: Path, server: Loopback, body: str
) -> None:
    sites(server).pages["/a/rss"] = body
    held = store(tmp_path, server, *FEEDS[:2], articles=True)
    assert collected(held).stopped == {}
    lost = held.read("losses").filter(outcome="dropped")["reason"].to_list()
    assert any("declares entities" in each or "broken XML" in each for each in lost)
    assert held.read("posts").height == 2


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (BOMB.replace("rss", "urlset"), GoneError),
        ("<urlset><url><loc>https://", UnreachableError),
        (gzip.compress(sitemap(A).encode())[:-9], UnreachableError),
        (gzip.compress(b" " * (65 << 20)), GoneError),
        ("<!doctype html>", UnreachableError),
    ],
    ids=["bomb", "half", "half packed", "packed bomb", "a page"],
)
def test_dangerous_and_broken_sitemaps_are_refused(
    server: Loopback, body: str | bytes, error: type[CollectError]
) -> None:
    sites(server).pages["/a/sitemap.xml"] = body
    with pytest.raises(error):
        answered(source(server, A), Task(kind="sitemap", subject=f"{A}/sitemap.xml"))


@pytest.mark.parametrize("declared", ["windows-1251", "utf-8", ""])
def test_feeds_of_other_encodings_keep_their_letters(
    tmp_path: Path, server: Loopback, declared: str
) -> None:
    words = "Жители просят суд открыть дело про хлеб"
    mark = f' encoding="{declared}"' if declared else ""
    text = rss(C, item(f"{C}/1", 1, words)).replace('version="1.0"', f'version="1.0"{mark}', 1)
    sites(server).pages["/gov/rss"] = text.encode("windows-1251")
    told = [{"account": "web:gov.example", "role": "official", "reason": "r", "source": "s"}]
    entry = {"platform": "news", "ask": [FEEDS[2]], "server": server.url}
    held = store_with(tmp_path / "s", entry, public=told)
    collected(held)
    assert words in held.read("posts")["text"].item()


@pytest.mark.parametrize("header", ["text/html; charset=windows-1251", "text/html"])
def test_articles_of_other_encodings_keep_their_letters(server: Loopback, header: str) -> None:
    words = "Жители просят суд открыть дело про хлеб. " * 9
    page = article(VIDEO, words=words).replace('<meta charset="utf-8">', "")
    if header == "text/html":
        page = page.replace("<head>", '<head><meta charset="windows-1251">')
    body = page.encode("windows-1251")
    sites(server).pages["/a/1"] = Answer(body, headers={"content-type": header})
    told = answered(source(server), Task(kind="article", subject=f"{A}/1"))
    assert words.strip() in told.payload.decode()


def test_pictures_are_no_articles(server: Loopback) -> None:
    sites(server).pages["/a/1"] = Answer(b"\x89PNG", headers={"content-type": "image/png"})
    page = answered(source(server), Task(kind="article", subject=f"{A}/1"))
    assert page.refused == "a.example gave no page that can be read as text"


def test_examining_reaches_every_site_once(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, *FEEDS, f"{A}/2")
    found = {check.what: check for check in examine(held)}
    assert found["news: reach of a.example"].fine
    assert server.paths() == ["/robots.txt"] * 3


# what moved, and what others name


@pytest.mark.parametrize(("status", "again"), [(301, "/a/rss"), (308, "/a/rss"), (302, "/old/rss")])
def test_where_an_address_moved_for_good_is_remembered(
    tmp_path: Path, server: Loopback, status: int, again: str
) -> None:
    sites(server).pages["/old/rss"] = Answer(b"", status, {"location": f"{A}/rss"})
    held = store(tmp_path, server, "https://a.example/old/rss")
    collected(held)
    collected(held)
    assert server.paths()[:3] == ["/old/rss", "/a/rss", again]
    assert held.read("posts").height == 2


def test_an_address_that_moved_and_was_lost_there_is_asked_anew(server: Loopback) -> None:
    task = Task(kind="feed", subject=FEEDS[0], cursor={"moved": "https://a.example/lost"})
    with pytest.raises(CursorError):
        source(server).ask(task)


def test_a_server_that_stands_in_learns_which_site_is_meant(
    tmp_path: Path, server: Loopback
) -> None:
    collected(store(tmp_path, server, *FEEDS))
    assert [asked.headers["Host"] for asked in server.asked] == [
        "a.example", "b.example", "gov.example",
    ]  # fmt: skip


def test_links_into_a_network_are_not_followed(tmp_path: Path) -> None:
    with serving(Sites({"/secret": article(VIDEO)})) as inside:
        secret = f"{inside.url}/secret"
        pages: dict[str, str | bytes | Answer] = {
            "/rss": rss("http://127.0.0.1", item(secret, 1, "x")),
            "/moved/rss": Answer(b"", 302, {"location": secret}),
        }
        with serving(Sites(pages)) as outside:
            ask = [f"{outside.url}/rss", f"{outside.url}/moved/rss"]
            entry = {"platform": "news", "ask": ask, "articles": True, "pause": 0.0}
            held = store_with(tmp_path / "s", entry)
            report = collected(held)
    assert inside.asked == []
    assert report.stopped == {}
    assert report.sources["refused"].sum() == 2
    assert held.read("posts")["post_id"].to_list() == [f"web:{secret}"]  # as the feed tells it


def test_links_of_articles_are_kept_whatever_else_is_written_with_them(
    tmp_path: Path, server: Loopback
) -> None:
    sites(server).pages |= {
        "/b/rss": rss(B, item(f"{B}/7", 7, "weather")),
        "/a/rss": rss(A, item(f"{A}/1", 1, "an appeal")),
        "/a/1": article(VIDEO, minute=1),
    }
    held = store(tmp_path, server, FEEDS[1], FEEDS[0], articles=True, words=["appeal"])
    collected(held)
    assert edges(held) == {(f"web:{A}/1", "youtube:abcdefghijk")}


@pytest.mark.parametrize(
    "word", ["https://www.youtube.com/watch?v=abcdefghijk&t=3", "youtube:abcdefghijk"]
)
def test_an_object_is_mentioned_by_any_address_of_it(server: Loopback, word: str) -> None:
    asked = source(server, *FEEDS, articles=True, words=[word])
    found = [asked.ask(Task(kind="feed", subject=feed)).found for feed in FEEDS]
    assert [[task.subject for task in tasks if task.kind == "article"] for tasks in found] == [
        [f"{A}/1"], [f"{B}/1"], [],
    ]  # fmt: skip


def test_an_article_joins_by_where_it_landed_too(tmp_path: Path, server: Loopback) -> None:
    sites(server).pages |= {
        "/a/short": Answer(b"", 302, {"location": f"{A}/1?from=short"}),
        "/a/1": article(VIDEO).replace("<head>", '<head><link rel="canonical" href="/a/one">'),
    }
    held = store(tmp_path, server, f"{A}/short")
    collected(held)
    assert held.read("posts")["object_keys"].item().to_list() == [
        key(f"{A}/short"), "youtube:abcdefghijk", key(f"{A}/1?from=short"), key(f"{A}/one"),
    ]  # fmt: skip


def test_a_feed_in_json_is_a_feed(tmp_path: Path, server: Loopback) -> None:
    told = {"id": "1", "url": f"{A}/1", "title": "Bread", "content_html": link(VIDEO)}
    listed = {"version": "https://jsonfeed.org/version/1.1", "home_page_url": A, "items": [told]}
    sites(server).pages |= {"/a/feed": json.dumps(listed), "/a/1": article(VIDEO, f"{B}/1")}
    held = store(tmp_path, server, f"{A}/feed", articles=True, words=[VIDEO])
    collected(held)
    assert edges(held) == {(f"web:{A}/1", "youtube:abcdefghijk"), (f"web:{A}/1", key(f"{B}/1"))}
