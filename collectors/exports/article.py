"""Articles as their pages show them: words and links, taken out of HTML by trafilatura.

One line an article: ``{"url": …, "retrieved_at": …, "html": …}``, with ``landed`` where redirects
led elsewhere. A line may hold a ``feed`` (in base64) instead, that leads to articles before it.

Menus, comments and advertisements are left out as well as a machine can tell them. The time of
publication is the one that the page tells other machines (``article:published_time``,
``datePublished``), else a day that trafilatura finds. Videos that are embedded count as links.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import msgspec
import polars as pl

from analytics.errors import FormatError
from analytics.schema import STRINGS
from analytics.schema import UTC as UTC_COLUMN
from analytics.tables import ACCOUNTS, POSTS
from collectors.exports import feed
from collectors.exports.articles import as_posts, is_web, outlets
from collectors.exports.documents import Decoding, chunks, documents
from collectors.exports.formats import Head, Options, Part
from collectors.exports.json_posts import SECONDS
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.sources import Source
from collectors.exports.times import moment

if TYPE_CHECKING:
    from trafilatura.settings import Document as Extracted

_ITEMS = {"url", "retrieved_at", "html"}
_META = re.compile(
    r"""<meta\b[^>]{0,400}?\b(?:property|name|itemprop)\s*=\s*["']"""
    r"""(?:article:published_time|og:published_time|datePublished|pubdate|parsely-pub-date)["'][^>]{0,400}>""",
    re.IGNORECASE,
)
_CONTENT = re.compile(r"""\bcontent\s*=\s*["']([^"']{8,40})["']""", re.IGNORECASE)
_LINKED_DATA = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_EMBEDDED = re.compile(
    r"""<(?:iframe|embed)\b[^>]{0,2000}?\bsrc\s*=\s*["']([^"'>]{1,2000})["']""", re.IGNORECASE
)
_CANONICAL = re.compile(
    r"""<link\b[^>]{0,2000}?\brel\s*=\s*["']?canonical\b[^>]{0,2000}>""", re.IGNORECASE
)
_HREF = re.compile(r"""\bhref\s*=\s*["']([^"'>]{1,2000})["']""", re.IGNORECASE)
_CLOCK = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*?(?:Z|[+-]\d\d:?\d\d)$")
_LANG = re.compile(
    r"""<html\b[^>]{0,400}?\blang\s*=\s*["']?([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)""", re.IGNORECASE
)
_HEAD = 1 << 18  # letters in which a page tells about itself
_ONLY_DAY = "only the day is told: its midnight UTC stands instead"
_NO_TIME = "no time is told, nor found"
_NO_WORDS = "no article was found on the page: kept without words"
_NO_ADDRESS = "has no address on the web"


class _Page(msgspec.Struct):
    url: str
    html: str = ""
    landed: str | None = None
    feed: bytes | None = None
    retrieved_at: str | None = None


class _Row(msgspec.Struct):
    """An article, as the columns of a table."""

    url: str
    at: datetime | None
    text: str | None
    lang: str | None
    links: list[str] | None
    others: list[str]
    name: str | None
    collected_at: datetime | None


class Article:
    """Reads pages of articles."""

    name = "article"
    label = "Pages of news articles (HTML in JSON lines)"

    def knows(self, head: Head) -> bool:
        """Judge by the members of a line."""
        return head.items >= _ITEMS

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield outlets and articles."""
        for source in files:
            decoding = Decoding(source, options.losses, "articles")
            for some in chunks(documents(source, options.losses)):
                pages = decoding.each(_Page, some, what="pages", count=False)
                written = [page for page in pages if page.feed is None]
                yield from _parts(written, some[0].place, options.losses)
                for page in pages:
                    yield from _of_feed(page, options)


FORMAT = Article()


def _of_feed(page: _Page, options: Options) -> Iterator[Part]:
    """Yield what a feed tells of the articles that it leads to, and of others."""
    if page.feed is not None:
        yield from feed.FORMAT.read([Source.in_memory(page.url, page.feed)], options)


def _parts(pages: Sequence[_Page], place: str, losses: Losses) -> Iterator[Part]:
    rows = [msgspec.structs.astuple(_row(page, losses)) for page in pages]
    found = pl.DataFrame(
        rows,
        schema={
            "url": pl.String, "at": UTC_COLUMN, "text": pl.String, "lang": pl.String,
            "links": STRINGS, "others": STRINGS, "name": pl.String, "collected_at": UTC_COLUMN,
        },
        orient="row",
    )  # fmt: skip
    on_web = found.filter(is_web(pl.col("url")))
    losses.add("dropped", "rows", _NO_ADDRESS, found.height - on_web.height, example=place)
    on_web = on_web.with_columns(object_keys("others").alias("keys"))
    yield Part(ACCOUNTS, outlets(on_web, role="unknown"), "accounts")
    yield Part(POSTS, as_posts(on_web), "posts")


def _row(page: _Page, losses: Losses) -> _Row:
    told = _extracted(page)
    at = _published(page.html) or _day(told, page, losses)
    words = _words(told)
    if not words:
        losses.add("unknown", "texts", _NO_WORDS, example=page.url)
    lang = _LANG.search(page.html[:_HEAD])
    return _Row(
        url=page.url,
        at=at,
        text=words or None,
        lang=lang[1].replace("_", "-") if lang else None,
        links=_links(told, page.html) or None,
        others=_others(page),
        name=told.sitename if told else None,
        collected_at=_time(page.retrieved_at),
    )


def _others(page: _Page) -> list[str]:
    """Return the other addresses of an article: where it was found, and what its site calls it."""
    tag = _CANONICAL.search(page.html[:_HEAD])
    named = _HREF.search(tag[0]) if tag else None
    called = urljoin(page.landed or page.url, unescape(named[1])) if named else ""
    same_site = _host(called) == _host(page.landed or page.url)
    return list(filter(None, [page.landed, called if same_site else None]))


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")


@cache
def _extraction() -> Callable[..., Any]:
    """Return what reads a page: a large library, loaded for pages alone.

    Raises
    ------
    FormatError
        It is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one of its libraries misses proxies that nobody uses
            from trafilatura import bare_extraction  # noqa: PLC0415
    except ModuleNotFoundError as error:
        msg = f"reading articles needs {error.name}; run: pip install 'groundswell[collect]'"
        raise FormatError(msg) from None
    return bare_extraction


def _extracted(page: _Page) -> "Extracted | None":
    """Return what is taken out of a page; nothing where no article is found."""
    extract = _extraction()
    try:
        found: Extracted | None = extract(
            page.html, url=page.url, include_links=True, include_comments=False, with_metadata=True
        )
    except Exception:  # noqa: BLE001 - HTML of strangers, read by a large library
        return None
    return found


def _words(told: "Extracted | None") -> str:
    """Return the title and the words, without the marks of links."""
    if told is None or told.body is None:
        return ""
    blocks = (" ".join("".join(each.itertext()).split()) for each in told.body)
    title = " ".join((told.title or "").split())
    return "\n\n".join(dict.fromkeys(filter(None, (title, *blocks))))


def _links(told: "Extracted | None", html: str) -> list[str]:
    """Return the addresses that the words link to, and what is embedded."""
    inside: Iterable[str] = ()
    if told is not None and told.body is not None:
        inside = (each.get("target", "") for each in told.body.iter("ref"))
    embedded = (unescape(each) for each in _EMBEDDED.findall(html))
    whole = (f"https:{each}" if each.startswith("//") else each for each in (*inside, *embedded))
    return list(dict.fromkeys(each for each in whole if each.startswith("http")))


def _published(html: str) -> datetime | None:
    """Return the time that a page tells other machines, if it has a clock and a zone."""
    tag = _META.search(html[:_HEAD])
    told = [_CONTENT.search(tag[0])] if tag else []
    told.append(_LINKED_DATA.search(html))
    times = (each[1].strip() for each in told if each)
    return next((_time(each) for each in times if _CLOCK.match(each)), None)


def _day(told: "Extracted | None", page: _Page, losses: Losses) -> datetime | None:
    if told is None or not told.date:
        losses.add("unknown", "times", _NO_TIME, example=page.url)
        return None
    losses.add("unknown", "times", _ONLY_DAY, example=page.url)
    return _time(f"{told.date[:10]}T00:00:00Z")


def _time(told: str | None) -> datetime | None:
    since = moment(told)
    return None if since is None else datetime.fromtimestamp(since / SECONDS, UTC)
