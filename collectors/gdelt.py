"""GDELT, without a key: its search for articles (DOC 2.0), and its events as they are published.

What ``ask`` may hold: a query in the language of GDELT's search.

- A search gives 250 articles at most. Where that many come, the stretch of time is halved and both
  halves are asked, down to a quarter of an hour.
- GDELT answers mistakes, and questions that come too fast, with plain sentences and status 200.
- With ``events``, each quarter of an hour's table is fetched, and the rows that mention what is
  asked for are kept as received; the rest, nearly all of it, is thrown away.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import unquote

import requests

from analytics.errors import GoneError, RateLimitedError, UnreachableError
from analytics.settings import SourceSettings
from collectors.exports.gdelt_doc import MOST
from collectors.exports.gdelt_events import COLUMNS
from collectors.sources import Check, Cursor, Estimate, Page, Source, Task, World
from collectors.web import checked, json_of, session, told_apart

SEARCH = "https://api.gdeltproject.org/api/v2/doc/doc"
TABLES = "http://data.gdeltproject.org/gdeltv2"
LISTS = ("lastupdate.txt", "lastupdate-translation.txt")  # in English, and translated by GDELT
PAUSE = 5.0  # seconds, that GDELT wants between two searches
BACK = timedelta(days=90)  # as far as its search surely reaches
OVERLAP = timedelta(hours=2)  # articles are found late
QUARTER = timedelta(minutes=15)
MOST_TABLES = 4 * 24 * 31  # that one pass goes back
LARGEST = 256 << 20  # bytes of one table, unpacked
_MOST_LIMITS = 16
_WORDS = re.compile(r'(-|\w+:)?(?:"([^"]*)"|([^\s()"]+))')
_BETWEEN = re.compile(r"[-_+./?=&]+")
_STAMP = "%Y%m%d%H%M%S"
_TABLE = re.compile(r"(\S+/(\d{14})(\.translation)?\.export\.CSV\.zip)\s*$", re.MULTILINE)
_TELLING = tuple(
    COLUMNS.index(name)
    for name in (
        "actor1code", "actor1name", "actor2code", "actor2name", "actor1geo_fullname",
        "actor2geo_fullname", "actiongeo_fullname", "sourceurl",
    )
)  # fmt: skip


class GdeltSettings(SourceSettings, kw_only=True):
    """A source at GDELT.

    Attributes
    ----------
    since, until
        Bounds of the search; the last three months if they are not told.
    articles
        Search for articles.
    events
        Fetch the tables of events, and keep the rows whose actors, places or article's address
        hold the words and phrases of a query; its operators do not count.
    pause
        Seconds between two searches.
    """

    since: datetime | None = None
    until: datetime | None = None
    articles: bool = True
    events: bool = False
    pause: float = PAUSE


class GdeltSource:
    """Asks GDELT what one entry of the settings wants.

    Parameters
    ----------
    settings, world
        What to ask, and the clock.
    client
        How to ask.
    """

    unit = "requests"

    def __init__(self, settings: GdeltSettings, world: World, client: requests.Session) -> None:
        self._settings = settings
        self._client = client
        self._now = world.now
        self._asked_at: datetime | None = None
        self._limits = 0  # how often in a row GDELT asked for a pause
        self._wanted = [groups for asked in settings.ask if (groups := _phrases(asked))]
        self._kinds = {"search": self._search, "events": self._events, "table": self._table}

    def tasks(self) -> Sequence[Task]:
        """Return one search for each query, and the two lists of tables of events."""
        told = self._settings
        queries = told.ask if told.articles else []
        lists = LISTS if told.events else ()
        return [
            *(Task(kind="search", subject=query) for query in dict.fromkeys(queries)),
            *(Task(kind="events", subject=name) for name in lists),
        ]

    def price(self, task: Task) -> int:
        """Return 1: every page is one request."""
        del task
        return 1

    def ask(self, task: Task) -> Page:
        """Return the next page of an answer."""
        with told_apart("GDELT"):
            return self._kinds[task.kind](task)

    # articles

    def _search(self, task: Task) -> Page:
        self._keep_apart()
        windows = (task.cursor or {}).get("windows") or [self._whole(task.cursor)]
        first, *rest = windows
        body = self._searched(task.subject, first)
        number = _articles_in(body)
        halves = _halves(first) if number >= MOST else []
        left = [*halves, *rest]
        latest = max(end for _, end in [*windows, ["", (task.cursor or {}).get("latest", "")]])
        cursor: Cursor = {"windows": left, "latest": latest} if left else {"since": latest}
        if halves or not number:
            return Page(cursor=cursor, done=not left, items=_items(first))
        return Page(
            payload=body,
            format="gdelt-doc",
            cursor=cursor,
            done=not left,
            received=number,
            items=_items(first),
        )

    def _whole(self, cursor: Cursor | None) -> list[str]:
        """Return the stretch of time that is to be asked: since the last pass, or all of it."""
        until = self._settings.until or self._now()
        since = self._settings.since or until - BACK
        if cursor and cursor.get("since"):
            since = max(since, _time(cursor["since"]) - OVERLAP)
        return [_stamp(min(since, until)), _stamp(until)]

    def _searched(self, query: str, window: Sequence[str]) -> bytes:
        told = {
            "query": query,
            "mode": "artlist",
            "format": "json",
            "maxrecords": str(MOST),
            "sort": "datedesc",
            "startdatetime": window[0],
            "enddatetime": window[1],
        }
        self._asked_at = self._now()
        response = self._client.get(SEARCH, params=told)
        self._heed(response.content)
        return _answer(checked(response, "GDELT", now=self._now()))

    def _heed(self, body: bytes) -> None:
        """Raise if GDELT says, whatever the status, that it is asked too often.

        It says so under load, too: each time in a row the pause is twice as long, until asking ends
        for today.
        """
        if b"limit requests" not in body[:400].lower():
            self._limits = 0
            return
        pause = PAUSE * 2 ** min(self._limits, _MOST_LIMITS)
        self._limits += 1
        msg = "GDELT asks for a pause between searches"
        raise RateLimitedError(msg, pause)

    def _keep_apart(self) -> None:
        """Ask for a pause if GDELT was asked a moment ago."""
        pause = self._settings.pause
        passed = (self._now() - self._asked_at).total_seconds() if self._asked_at else pause
        if pause > passed:
            msg = f"GDELT is asked once in {pause:g} seconds"
            raise RateLimitedError(msg, max(0.5, pause - passed))

    # events

    def _events(self, task: Task) -> Page:
        """Find the tables that came since the last pass, by the name of the newest one."""
        body = self._fetched(f"{TABLES}/{task.subject}")
        newest = _TABLE.search(body.decode("ascii", errors="replace"))
        if newest is None:
            msg = "GDELT's list of tables names no events"
            raise UnreachableError(msg)
        last = (task.cursor or {}).get("last") or _stamp(self._settings.since or self._now())
        stamps = _stamps(last, newest[2])
        found = [
            Task(kind="table", subject=_named(stamp, newest[3] or ""), repeats=False)
            for stamp in stamps
        ]
        return Page(cursor={"last": newest[2]}, found=found, received=len(found))

    def _table(self, task: Task) -> Page:
        table = _unpacked(self._fetched(f"{TABLES}/{task.subject}"))
        lines = [line for line in table.split(b"\n") if line.strip()]
        rows = [line for line in lines if self._mentions(line)]
        return Page(
            payload=b"\n".join(rows) + b"\n" if rows else b"",
            format="gdelt-events" if rows else None,
            received=len(rows),
            known=len(lines),
        )

    def _mentions(self, line: bytes) -> bool:
        cells = line.decode(errors="replace").rstrip("\r").split("\t")
        if len(cells) != len(COLUMNS):
            return False
        telling = _spaced("\n".join(cells[number] for number in _TELLING))
        return any(
            all(any(phrase in telling for phrase in either) for either in groups)
            for groups in self._wanted
        )

    def _fetched(self, address: str) -> bytes:
        return checked(self._client.get(address), "GDELT", now=self._now())

    def check(self) -> Sequence[Check]:
        """Ask for the list of the newest tables, which costs nothing."""
        with told_apart("GDELT"):
            response = self._client.get(f"{TABLES}/{LISTS[0]}")
        return [Check("reach", f"answers (status {response.status_code}); no key is needed")]

    def estimate(self) -> Estimate | None:
        """Return None: GDELT is free of charge."""
        return None

    def period(self, now: datetime) -> str:
        """Count requests by the day."""
        return f"{now:%Y-%m-%d}"

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def _answer(body: bytes) -> bytes:
    """Return an answer that is whole; damaged articles inside are left to the format to tell."""
    whole = body.strip()
    if not whole:
        return b"{}"
    if whole.startswith(b"{"):
        return body if whole.endswith(b"}") else _broken(whole)
    if whole.startswith(b"<"):
        json_of(whole, "GDELT")
    said = " ".join(whole.decode(errors="replace").split())[:160].rstrip(".")
    msg = f"GDELT does not understand the question ({said})"
    raise GoneError(msg)


def _broken(body: bytes) -> bytes:
    json_of(body, "GDELT")
    return body


def _phrases(query: str) -> list[list[str]]:
    """Return what a query looks for, without its operators: of each list, one is enough.

    >>> _phrases('"bread riot" (city OR town) sourcecountry:KZ -sport')
    [['bread riot'], ['city', 'town']]
    """
    found: list[list[str]] = []
    joins = False
    for left_out, quoted, bare in _WORDS.findall(query):
        phrase = _spaced(quoted or bare).strip()
        if left_out or not phrase:
            continue
        if bare == "OR":
            joins = bool(found)
        elif joins:
            found[-1].append(phrase)
            joins = False
        else:
            found.append([phrase])
    return found


def _spaced(text: str) -> str:
    """Return a text in small letters, with blanks for what stands between words in addresses."""
    return _BETWEEN.sub(" ", unquote(text).casefold())


def _articles_in(body: bytes) -> int:
    return len(re.findall(rb'"seendate"\s*:', body))


def _halves(window: Sequence[str]) -> list[list[str]]:
    """Return both halves of a stretch of time, the newer first; none if it is short.

    >>> _halves(["20260301000000", "20260303000000"])
    [['20260302000000', '20260303000000'], ['20260301000000', '20260302000000']]
    >>> _halves(["20260301000000", "20260301001500"])
    []
    """
    start, end = map(_time, window)
    if end - start <= QUARTER:
        return []
    middle = _stamp(start + (end - start) / 2)
    return [[middle, window[1]], [window[0], middle]]


def _items(window: Sequence[str]) -> str:
    return "-".join(window)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_STAMP)


def _time(stamp: str) -> datetime:
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


def _stamps(last: str, newest: str) -> Iterator[str]:
    """Yield the times of tables after one, up to the newest.

    >>> list(_stamps("20260301000000", "20260301003000"))
    ['20260301001500', '20260301003000']
    """
    end = _time(newest)
    behind = min(max(0, (end - _time(last)) // QUARTER), MOST_TABLES) if last != newest else 0
    steps = range(max(behind, last < newest) - 1, -1, -1)
    return (_stamp(end - step * QUARTER) for step in steps)


def _named(stamp: str, translated: str) -> str:
    return f"{stamp}{translated}.export.CSV.zip"


def _unpacked(body: bytes) -> bytes:
    """Return the table in an archive.

    Raises
    ------
    UnreachableError
        It is damaged.
    GoneError
        It unpacks to more than any table holds.
    """
    try:
        with (
            zipfile.ZipFile(io.BytesIO(body)) as archive,
            archive.open(archive.namelist()[0]) as file,
        ):
            table = file.read(LARGEST + 1)
    except (zipfile.BadZipFile, zlib.error, IndexError, EOFError, NotImplementedError):
        msg = "GDELT gave a damaged table"
        raise UnreachableError(msg) from None
    if len(table) > LARGEST:
        msg = f"a table of GDELT unpacks to more than {LARGEST >> 20} MB: not read"
        raise GoneError(msg)
    return table


class GdeltPlatform:
    """How GDELT is asked: without a key."""

    name = "gdelt"
    label = "GDELT (DOC 2.0, Events 2.0)"
    settings = GdeltSettings
    secrets: ClassVar[Mapping[str, str]] = {}

    def open(self, settings: GdeltSettings, world: World) -> Source:
        """Return a source with a session of its own."""
        return GdeltSource(settings, world, session(server=settings.server))


PLATFORM = GdeltPlatform()
