"""News sites behind a real nginx: marks, compression, redirects, and bodies without end."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from collecting_stores import collected, store_with
from loopback import wait_until
from news_sites import VIDEO, A, article, item, link, rss, sitemap
from real_servers import SERVERS, free_port, installed, started

from analytics.errors import GoneError, RateLimitedError, UnreachableError
from collectors.news import NewsSettings, NewsSource
from collectors.sources import Task, World
from collectors.web import session

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a server, with its pages."""
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "pages").mkdir()
    (folder / "tmp").mkdir()
    packed = gzip.compress(sitemap("https://a.example/1.html").encode())
    pages = {
        "a.rss": rss(A, item(f"{A}/1", 1, link(VIDEO)), item(f"{A}/2", 2, link(f"{A}/1"))).encode(),
        "large.rss": rss(A, item(f"{A}/1", 1, "x" * (3 << 20))).encode(),
        "sitemap.xml.gz": packed,
        "1.html": article(VIDEO).encode(),
        "robots.txt": b"User-agent: *\nDisallow: /closed\n",
    }
    for name, body in pages.items():
        (folder / "pages" / name).write_bytes(body)
    return folder


@pytest.fixture(scope="module")
def server(prefix: Path) -> Iterator[str]:
    """Serve the pages."""
    nginx = installed("nginx") / "root" / "usr" / "sbin" / "nginx"
    port = free_port()
    told = (SERVERS / "nginx" / "nginx.conf").read_text().replace("PORT", str(port))
    (prefix / "nginx.conf").write_text(told)
    command = [str(nginx), "-p", str(prefix), "-c", "nginx.conf", "-e", "stderr"]
    with started("nginx", command, port=port, log=prefix / "log") as url:
        yield url


def source(server: str, *, total: float = 5, largest: int = 64 << 20) -> NewsSource:
    settings = NewsSettings(platform="news", pause=0.0, ask=["https://a.example/a.rss"])
    return NewsSource(settings, World(), session(server=server, total=total, largest=largest))


def feed(path: str) -> Task:
    return Task(kind="feed", subject=f"https://a.example/{path}")


def test_a_packed_feed_is_read_and_known_again_by_its_mark(server: str, prefix: Path) -> None:
    asked = source(server)
    page = asked.ask(feed("a.rss"))
    assert page.payload == (prefix / "pages" / "a.rss").read_bytes()
    assert page.cursor
    assert page.cursor["etag"].startswith('W/"')  # packed on the way
    again = asked.ask(Task(kind="feed", subject="https://a.example/a.rss", cursor=page.cursor))
    assert (again.payload, again.format) == (b"", None)
    log = prefix / "access.log"
    assert wait_until(lambda: '"GET /a.rss HTTP/1.1" 304 0' in log.read_text(), seconds=5)


def test_what_nginx_gives_is_held(tmp_path: Path, server: str) -> None:
    ask = ["https://a.example/moved/a.rss", "https://a.example/sitemap.xml.gz"]
    entry = {"platform": "news", "ask": ask, "server": server, "pause": 0.0}
    held = store_with(tmp_path / "s", entry)
    assert collected(held).stopped == {}
    posts = sorted(held.read("posts")["post_id"])
    assert posts == ["web:https://a.example/1.html", f"web:{A}/1", f"web:{A}/2"]
    keys = held.read("posts").explode("object_keys")["object_keys"].to_list()
    assert keys.count("youtube:abcdefghijk") == 2
    assert collected(held).new_posts == 0


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("round", GoneError),
        ("missing", GoneError),
        ("closed", GoneError),
        ("busy", RateLimitedError),
    ],
)
def test_what_goes_wrong_is_told_apart(server: str, path: str, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        source(server).ask(feed(path))
    assert type(raised.value) is error


def test_a_refusal_ends_the_question_only(server: str) -> None:
    assert source(server).ask(feed("shut")).refused == "a.example refuses (status 403)"


def test_an_answer_that_trickles_is_cut(server: str) -> None:
    with pytest.raises(UnreachableError, match="no whole answer within 1 s"):
        source(server, total=1).ask(feed("slow/large.rss"))


def test_an_answer_that_is_too_large_is_not_read(server: str) -> None:
    with pytest.raises(GoneError, match="larger than 1 MB"):
        source(server, largest=1 << 20).ask(feed("large.rss"))
    assert requests.get(f"{server}/large.rss", timeout=5).headers["content-encoding"] == "gzip"
