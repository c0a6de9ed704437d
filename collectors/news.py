"""News sites and authorities on the web: their feeds, their sitemaps, single articles.

What ``ask`` may hold: addresses of feeds, of sitemaps, of articles. A feed is known by how its
address ends, a sitemap by its name; anything else is asked, and told by what comes.

- Questions are conditional: a feed that has not changed costs a few bytes and gives nothing.
- Feeds are made for machines and asked regardless; sitemaps and articles as ``robots.txt`` allows.
- A question that a site does not answer is put off until all others have had their turn; then it
  is asked as often as is usual, and the source ends with what went wrong.
- With ``articles``, what a feed tells is written after the pages it leads to: the first row of an
  article is the one that is kept, and only the page holds the links. It comes through the format of
  the articles, since what comes through one format is written in the order in which it came.
- Machines inside a network are asked only where the settings name them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from html import unescape
from itertools import takewhile
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec
import polars as pl
import requests

from analytics.errors import (
    CursorError,
    FormatError,
    GoneError,
    RateLimitedError,
    RefusedError,
    UnreachableError,
)
from analytics.schema import STRINGS
from analytics.settings import SourceSettings
from collectors import sitemaps
from collectors.exports import feed
from collectors.exports.formats import Head
from collectors.exports.objects import object_keys
from collectors.exports.sources import Source as File
from collectors.exports.texts import encoding_of
from collectors.outside import outside_session
from collectors.robots import Robots, origin_of
from collectors.sitemaps import Address
from collectors.sources import Check, Cursor, Estimate, Page, Source, Task, World
from collectors.web import checked, told_apart

TRIES = 3  # of one question, before others have their turn
LONGEST_PAUSE = 60.0  # that a site may ask for before others have their turn
_DAY = 10  # letters of a date
SHORTEST_PAUSE = 0.5  # a shorter one is not worth interrupting for
_FEED = re.compile(
    r"(?:\.(?:rss|atom|rdf)|/(?:feeds?|rss|atom)/?|feed\.xml|rss\.xml)$", re.IGNORECASE
)
_SITEMAP = re.compile(r"sitemap[^/]*$", re.IGNORECASE)
_KEY = re.compile(
    r"(?:https?|url|x|youtube|telegram|vk|tiktok|instagram|bluesky|mastodon):\S+$"
)  # an address too
_LINK = re.compile(r"https?://[^\s<>\"']+")
_CHARSET = re.compile(rb"<meta\b[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_HTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype html|html|head|body)",
    re.IGNORECASE | re.DOTALL,
)


class NewsSettings(SourceSettings, kw_only=True):
    """A source on the web.

    Attributes
    ----------
    articles
        Fetch the articles that feeds lead to, and read their words and links. Those that sitemaps
        lead to are always fetched: a sitemap says nothing else.
    words
        Fetch only what mentions one of these in its title, its description or its address; all if
        there are none. An address, or a key such as ``youtube:ID``, is mentioned by every link to
        what it stands for.
    pause
        Seconds between two requests for articles of one site; ``robots.txt`` may ask for more.
    """

    articles: bool = False
    words: tuple[str, ...] = ()
    pause: float = 1.0


class NewsSource:
    """Asks web sites what one entry of the settings wants.

    Parameters
    ----------
    settings, world
        What to ask, and the clock.
    client
        How to ask.
    """

    unit = "requests"

    def __init__(self, settings: NewsSettings, world: World, client: requests.Session) -> None:
        self._settings = settings
        self._client = client
        self._now = world.now
        self._robots = Robots(client, world.now)
        self._words = [word.casefold() for word in settings.words if not _KEY.match(word)]
        self._keys = _keys([word for word in settings.words if _KEY.match(word)])
        self._asked_at: dict[str, datetime] = {}  # by site
        self._closed_until: dict[str, datetime] = {}  # by site
        self._failures: dict[str, int] = {}  # by question
        self._put_off: set[str] = set()  # questions, until they are answered
        self._bodies: dict[str, bytes] = {}  # feeds whose articles come first
        self._kinds: dict[str, Callable[[Task], Page]] = {
            "feed": self._feed,
            "page": self._page,
            "sitemap": self._sitemap,
            "article": self._article,
            "entries": self._entries,
        }

    def tasks(self) -> Sequence[Task]:
        """Return one question for each address."""
        asked = dict.fromkeys(address.strip() for address in self._settings.ask)
        return [Task(kind=_kind_of(address), subject=address) for address in asked]

    def price(self, task: Task) -> int:
        """Return 1: every page is one request."""
        del task
        return 1

    def ask(self, task: Task) -> Page:
        """Return the next page of an answer."""
        try:
            self._stay_away(task.subject)
            with told_apart(_host(task.subject)):
                page = self._kinds[task.kind](task)
        except RefusedError as error:
            return Page(refused=_plainly(error))
        except RateLimitedError as error:
            pause = error.seconds or 0.0
            if pause <= LONGEST_PAUSE:
                raise
            self._closed_until[origin_of(task.subject)] = self._now() + timedelta(seconds=pause)
            return self._later(task, error)
        except UnreachableError as error:
            return self._later(task, error)
        self._failures.pop(task.key, None)
        self._put_off.discard(task.key)
        return page

    def _stay_away(self, address: str) -> None:
        """Keep to a pause that a site asked for while others had their turn."""
        until = self._closed_until.get(origin_of(address), self._now())
        if (left := (until - self._now()).total_seconds()) > 0:
            msg = f"{_host(address)} asks for a pause"
            raise RateLimitedError(msg, left)

    def _later(self, task: Task, error: Exception) -> Page:
        """Put a question off, once, so that the others have their turn; else raise."""
        failures = self._failures[task.key] = self._failures.get(task.key, 0) + 1
        is_pause = isinstance(error, RateLimitedError)
        if task.key in self._put_off or not (is_pause or failures >= TRIES):
            raise error
        self._put_off.add(task.key)
        cursor = task.cursor or {}
        return Page(cursor=cursor | {"failures": failures}, done=False, spent=0, live=True)

    # feeds

    def _feed(self, task: Task) -> Page:
        return self._told(task, self._fed)

    def _fed(self, task: Task, response: requests.Response) -> Page:
        body = response.content
        if not _is_feed(body):
            msg = f"{_host(task.subject)} gave something else instead of a feed"
            raise UnreachableError(msg)
        cursor = _mark(response)
        if (task.cursor or {}).get("digest") == cursor["digest"]:
            return Page(cursor=cursor)
        items = _entries_of(body, task.subject)
        found = self._articles_of(items) if self._settings.articles else []
        if found:
            subject = f"{task.subject}#{_digest(' '.join(item.url for item in items).encode())}"
            self._bodies[subject] = body
            found.append(Task(kind="entries", subject=subject, repeats=False))
            return Page(cursor=cursor, found=found, received=len(items))
        return Page(payload=body, format="feed", cursor=cursor, received=len(items))

    def _articles_of(self, items: Iterable[feed.Entry]) -> list[Task]:
        return [
            Task(kind="article", subject=item.url, repeats=False)
            for item in items
            if item.url.startswith("http") and self._mentions(f"{item.url}\n{item.words}")
        ]

    def _entries(self, task: Task) -> Page:
        """Give the feed itself, once its articles have been read; asked again after a restart."""
        address = task.subject.rpartition("#")[0]
        held = self._bodies.pop(task.subject, None)
        body = self._asked(address).content if held is None else held
        if not _is_feed(body):
            return Page()
        line = {"url": address, "retrieved_at": self._now().isoformat(), "feed": body}
        spent = int(held is None)
        return Page(payload=msgspec.json.encode(line), format="article", spent=spent)

    def _mentions(self, words: str) -> bool:
        small = words.casefold()
        if not self._words and not self._keys:
            return True
        if any(word in small for word in self._words):
            return True
        return bool(self._keys) and not self._keys.isdisjoint(_keys(_LINK.findall(unescape(words))))

    # sitemaps

    def _sitemap(self, task: Task) -> Page:
        if waiting := self._not_yet(task):
            return waiting
        return self._told(task, self._mapped)

    def _mapped(self, task: Task, response: requests.Response) -> Page:
        body = sitemaps.unpacked(response.content)
        if not sitemaps.is_sitemap(body):
            msg = f"{_host(task.subject)} gave something else instead of a sitemap"
            raise UnreachableError(msg)
        told = sitemaps.read(body)
        newest = (task.cursor or {}).get("newest", "")
        found = [
            *(Task(kind="sitemap", subject=each.url) for each in _since(told.maps, newest)),
            *(
                Task(kind="article", subject=each.url, repeats=False)
                for each in _since(told.addresses, newest)
                if self._mentions(f"{each.url}\n{each.title}")
            ),
        ]
        named = [*told.maps, *told.addresses]
        newest = max([newest, *((each.changed or "")[:_DAY] for each in named)])
        return Page(cursor=_mark(response) | {"newest": newest}, found=found, received=len(named))

    # articles

    def _article(self, task: Task) -> Page:
        if waiting := self._not_yet(task):
            return waiting
        try:
            return self._told(task, self._written)
        except GoneError as error:
            raise GoneError(str(error), [f"web:{task.subject}"]) from None

    def _written(self, task: Task, response: requests.Response) -> Page:
        cursor = _mark(response)
        if (task.cursor or {}).get("digest") == cursor["digest"]:
            return Page(cursor=cursor)
        if not _is_html(response):
            return Page(refused=f"{_host(task.subject)} gave no page that can be read as text")
        line = {
            "url": task.subject,
            "landed": response.url,
            "retrieved_at": self._now().isoformat(),
            "html": _text(response),
        }
        payload = msgspec.json.encode(line)
        return Page(payload=payload, format="article", cursor=cursor, received=1)

    # anything

    def _page(self, task: Task) -> Page:
        """Ask for an address that could be anything, and go on by what comes."""
        known = (task.cursor or {}).get("kind")
        page = self._kinds[known](task) if known else self._told(task, self._recognised)
        kind = known or (page.cursor or {}).get("kind", "feed")
        return msgspec.structs.replace(page, cursor=(page.cursor or {}) | {"kind": kind})

    def _recognised(self, task: Task, response: requests.Response) -> Page:
        """Return a feed as such; of anything else the site's rules have to be known first."""
        kind = _kind_by(response)
        if kind == "feed":
            return self._fed(task, response)
        return Page(cursor={"kind": kind}, done=False)

    def _not_yet(self, task: Task) -> Page | None:
        """Return a page without content where the site's rules come first, or forbid asking."""
        address = task.subject
        if not self._robots.knows(address):
            self._robots.learn(address)
            cursor = task.cursor or {}
            return Page(cursor=cursor | {"rules": cursor.get("rules", 0) + 1}, done=False)
        if not self._robots.allow(address):
            return Page(
                spent=0, refused=f"robots.txt of {_host(address)} asks machines to stay away"
            )
        self._keep_apart(address)
        return None

    def _keep_apart(self, address: str) -> None:
        """Ask for a pause if the site was asked a moment ago."""
        wanted = max(self._settings.pause, self._robots.delay(address))
        before = self._asked_at.get(origin_of(address))
        passed = (self._now() - before).total_seconds() if before else wanted
        if wanted - passed > 0:
            msg = f"{_host(address)} is asked once in {wanted:g} seconds"
            raise RateLimitedError(msg, max(SHORTEST_PAUSE, wanted - passed))

    def _told(self, task: Task, read: Callable[[Task, requests.Response], Page]) -> Page:
        """Return what an answer says; nothing where nothing has changed since the last one."""
        cursor = task.cursor or {}
        told = {"If-None-Match": cursor.get("etag"), "If-Modified-Since": cursor.get("modified")}
        response = self._found(task, {name: v for name, v in told.items() if v})
        if response.status_code == requests.codes.not_modified:
            return Page(cursor=cursor)
        return read(task, response)

    def _found(self, task: Task, headers: Mapping[str, str]) -> requests.Response:
        """Ask where a site said for good that an address moved to, else at the address itself."""
        moved = (task.cursor or {}).get("moved")
        try:
            return self._asked(moved or task.subject, headers)
        except GoneError as error:
            if not moved:
                raise
            raise CursorError(str(error)) from None

    def _asked(self, address: str, headers: Mapping[str, str] | None = None) -> requests.Response:
        self._asked_at[origin_of(address)] = self._now()
        response = self._client.get(address, headers=headers)
        checked(response, _host(address), now=self._now())
        return response

    def check(self) -> Sequence[Check]:
        """Ask every site for its robots.txt."""
        return [self._reach(origin) for origin in dict.fromkeys(map(origin_of, self._settings.ask))]

    def _reach(self, origin: str) -> Check:
        with told_apart(_host(origin)):
            response = self._client.get(f"{origin}/robots.txt")
        return Check(f"reach of {_host(origin)}", f"answers (status {response.status_code})")

    def estimate(self) -> Estimate | None:
        """Return None: sites are asked free of charge."""
        return None

    def period(self, now: datetime) -> str:
        """Count requests by the day."""
        return f"{now:%Y-%m-%d}"

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def _kind_of(address: str) -> str:
    """Return what an address is of, as far as it tells.

    >>> [_kind_of(f"https://a.example/{path}") for path in ("rss", "sitemap-1.xml.gz", "news/7")]
    ['feed', 'sitemap', 'page']
    """
    path = urlsplit(address).path
    if _SITEMAP.search(path):
        return "sitemap"
    return "feed" if _FEED.search(path) else "page"


def _kind_by(response: requests.Response) -> str:
    body = sitemaps.unpacked(response.content)
    if _is_feed(body):
        return "feed"
    return "sitemap" if sitemaps.is_sitemap(body) else "article"


def _is_feed(body: bytes) -> bool:
    return feed.FORMAT.knows(Head(File.in_memory("feed", body), body[: 1 << 18]))


def _is_html(response: requests.Response) -> bool:
    kind = response.headers.get("content-type", "")
    return "html" in kind.lower() or bool(_HTML.match(response.content[: 1 << 16]))


def _entries_of(body: bytes, address: str) -> list[feed.Entry]:
    """Return the items of a feed; one that is broken or dangerous is left to its format to tell."""
    try:
        return feed.entries(File.in_memory(address, body))
    except FormatError:
        return []


def _mark(response: requests.Response) -> Cursor:
    """Return by what an answer is known again."""
    told = {
        "etag": response.headers.get("etag"),
        "modified": response.headers.get("last-modified"),
        "moved": _moved(response),
    }
    return {name: v for name, v in told.items() if v} | {"digest": _digest(response.content)}


def _moved(response: requests.Response) -> str | None:
    """Return where an address has moved to for good; None where it has not, or only for now."""
    lasting = takewhile(lambda hop: hop.is_permanent_redirect, response.history)
    steps = len(list(lasting))
    return [*response.history, response][steps].url if steps else None


def _keys(addresses: Sequence[str]) -> set[str]:
    """Return the keys by which what is at some addresses joins other posts."""
    on_web = [each for each in addresses if each.startswith("http")]
    keys = pl.DataFrame({"urls": [on_web]}, schema={"urls": STRINGS}).select(object_keys("urls"))
    return {*keys.item(), *(each for each in addresses if not each.startswith("http"))}


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:32]


def _since(named: Iterable[Address], newest: str) -> list[Address]:
    """Return what is of the last pass's newest day or later, or does not say of when it is."""
    return [each for each in named if not each.changed or each.changed[:_DAY] >= newest]


def _text(response: requests.Response) -> str:
    """Return a page as text: by its header, by its own word, else by how it looks."""
    body = response.content
    header = _HEADER_CHARSET.search(response.headers.get("content-type", ""))
    inside = _CHARSET.search(body[:4096])
    named: list[Any] = [header and header[1], inside and inside[1].decode("ascii")]
    for name in (*filter(None, named), "utf-8"):
        try:
            return body.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return body.decode(encoding_of(body), errors="replace")


def _host(address: str) -> str:
    return urlsplit(address).hostname or "the site"


def _plainly(error: RefusedError) -> str:
    """Return a refusal without advice on keys: sites take none."""
    return str(error).replace("; check the key and its rights", "")


class NewsPlatform:
    """How web sites are asked: without keys."""

    name = "news"
    label = "News sites and authorities (feeds, sitemaps, articles)"
    settings = NewsSettings
    secrets: ClassVar[Mapping[str, str]] = {}

    def open(self, settings: NewsSettings, world: World) -> Source:
        """Return a source with a session of its own."""
        return NewsSource(settings, world, outside_session(settings.ask, server=settings.server))


PLATFORM = NewsPlatform()
