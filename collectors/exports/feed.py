"""News feeds as sites publish them: RSS 0.9 to 2.0, RSS 1.0 (RDF) and Atom, as XML; JSON Feed.

An item becomes an article of the feed's site, or of the source that it names itself. Its words are
the title and the description without its markup; longer contents, authors and categories are not
read. What a feed does not say stays unknown: some items have no date, some no address but an id.

XML can be a weapon: entities that unfold without end, or that read files. No entity that a file
declares is ever unfolded; a file that declares one is refused. Entities of HTML, which feeds use
without declaring them, are read as their letters. What sites get wrong most often, a bare & and
signs that no XML may hold, is put right where a file cannot be read without.
"""

import codecs
import re
import xml.parsers.expat  # it unfolds nothing here, see _Reader
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_tz
from html.entities import html5
from typing import NamedTuple

import polars as pl

from analytics.errors import FormatError
from analytics.schema import STRINGS
from analytics.schema import UTC as UTC_COLUMN
from analytics.tables import ACCOUNTS, POSTS
from collectors.exports import json_feed
from collectors.exports.articles import as_posts, outlet_of, outlets
from collectors.exports.formats import Head, Options, Part
from collectors.exports.html_texts import links, plain
from collectors.exports.losses import Losses
from collectors.exports.sources import UNREADABLE, Source, bare_fact
from collectors.exports.texts import encoding_of, first_foreign, recoded
from collectors.exports.times import iso

BATCH_ITEMS = 5_000
MOST_WORDS = 1 << 20  # letters of one element; what follows is cut off and noted

_ROOT = re.compile(
    rb"\A\s*+(?>(?><\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*+(?:\[[^\]]*+\])?+\s*+>)\s*+)*+"
    rb"<(?:[\w.-]+:)?(rss|RDF|feed)[\s>/]",
    re.DOTALL,
)
_VOCABULARIES = {
    b"rss": (b"<channel", b":channel"),
    b"RDF": (b"purl.org/rss/1.0", b"my.netscape.com/rdf", b"purl.org/rss/0.9"),
    b"feed": (b"www.w3.org/2005/Atom", b"purl.org/atom/ns"),
}
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_LEGACY = re.compile(
    r"^(?:cp\d+|koi8-[ru]|iso8859-\d+|gb2312|gbk|gb18030|big5|shift_jis|euc_jp|euc_kr|tis-620)$"
)

_XML = "http://www.w3.org/XML/1998/namespace"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_ATOM = ("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#")
_SPACES = {
    "",
    *_ATOM,
    "http://purl.org/rss/1.0/",
    "http://purl.org/rss/0.9/",
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://backend.userland.com/rss2",
    "http://blogs.law.harvard.edu/tech/rss",
    "http://purl.org/dc/elements/1.1/",
    "http://purl.org/dc/terms/",
    "http://rssnamespace.org/feedburner/ext/1.0",
}
_ITEMS = {"item", "entry"}
_WORDS = ("description", "summary")
_PUBLISHED = ("pubDate", "published", "issued", "date", "created")
_CHANGED = ("updated", "modified", "lastBuildDate")
_READ = {
    "title", "link", "guid", "id", "source", "language", "origLink", *_WORDS, *_PUBLISHED,
    *_CHANGED,
}  # fmt: skip
_SLIP = re.compile(rb"(<!\[CDATA\[.*?\]\]>)|[\0-\x08\x0b\x0c\x0e-\x1f]|&(?!#?\w{1,31};)", re.DOTALL)
_NO_XML = bytes(code for code in range(32) if code not in b"\t\n\r")
_LANGUAGE = re.compile(r"^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*$")
_DAY = re.compile(r"^\d{4}-\d\d-\d\d$")
_YEAR_FIRST = re.compile(r"^\d{4}-")
_COLON = re.compile(r"([+-]\d\d):(\d\d)$")
_ZONED = re.compile(r"(?:[+-]\d\d:?\d\d|\b(?:UTC?|GMT|Z|[AECMP][SD]T))(?:\s*\(.*\))?$")

_DECLARES = "declares entities, as XML made to do harm does: not read"
_NO_ITEMS = "is a feed without items"
_SLIPS = "signs that no XML may hold, or a bare &: put right"
_NO_ADDRESS = "an item with neither an address nor an id"
_NO_TIME = "no date is told"
_BAD_TIME = "a date that cannot be read"
_NO_ZONE = "a date without a known time zone: say which with --timezone"
_ONLY_CHANGED = "only the time of the last change is told: it stands instead"
_ONLY_DAY = "only the day is told: its midnight stands instead"
_CUT = f"words beyond {MOST_WORDS} letters in one element: cut off"


class Feed:
    """Reads news feeds."""

    name = "feed"
    label = "RSS, Atom or JSON feed"

    def knows(self, head: Head) -> bool:
        """Judge by the outermost element and the vocabulary."""
        if head.is_json:
            return json_feed.knows(head)
        found = _ROOT.match(head.data[: 1 << 16])
        return found is not None and any(word in head.data for word in _VOCABULARIES[found[1]])

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield sites and articles."""
        for source in files:
            is_json = Head.of(source).is_json
            yield from (_of_json if is_json else _of_xml)(source, options)


FORMAT = Feed()


class Entry(NamedTuple):
    """One item of a feed: its address or id, and its title and description as they stand."""

    url: str
    words: str


def entries(source: Source) -> list[Entry]:
    """Return the items of a feed, for whoever has to choose among them.

    Raises
    ------
    FormatError
        It declares entities, or is broken before its end.
    """
    if Head.of(source).is_json:
        listed = json_feed.listed(source, Losses())
        return [Entry(item.address, item.words) for item in listed.items if item.address]
    try:
        reader = _whole(source)
    except xml.parsers.expat.ExpatError as error:
        msg = f"broken XML ({_fact(error)})"
        raise FormatError(msg) from None
    return [_entry(item) for item in reader.taken() if _url(item)]


def _whole(source: Source) -> "_Reader":
    """Return a reader that has read a feed to its end."""
    for mended in (False, True):
        reader = _Reader()
        try:
            for _ in reader.read(_pieces(source, Losses(), mended=mended)):
                pass
        except xml.parsers.expat.ExpatError:
            if mended:
                raise
        else:
            break
    return reader


def _entry(item: "_Item") -> Entry:
    told = (item.texts.get(name, "") for name in ("title", *_WORDS))
    return Entry(_url(item), "\n".join(told))


def _of_xml(source: Source, options: Options) -> Iterator[Part]:
    """Yield the rows of a feed; one with slips is read a second time, with these put right."""
    reader = _Reader()
    try:
        try:
            for _ in reader.read(_pieces(source, options.losses)):
                yield from _parts(reader, source, options)
        except xml.parsers.expat.ExpatError:
            yield from _parts(reader, source, options)
            reader = _Reader(known=reader.count)
            for _ in reader.read(_pieces(source, options.losses, mended=True)):
                yield from _parts(reader, source, options)
    except FormatError as error:
        options.losses.add("dropped", "files", str(error), example=source.name)
        return
    except xml.parsers.expat.ExpatError as error:
        reason = f"broken XML: what follows is not read ({_fact(error)})"
        place = f"{source.name}, line {error.lineno}"
        options.losses.add("dropped", "files", reason, example=place)
    except UNREADABLE as error:
        reason = f"cannot be read to its end ({bare_fact(error)})"
        options.losses.add("dropped", "files", reason, example=source.name)
    else:
        if not reader.count:
            options.losses.add("dropped", "files", _NO_ITEMS, example=source.name)
    yield from _parts(reader, source, options)
    _note_unread(reader, source, options.losses)


def _of_json(source: Source, options: Options) -> Iterator[Part]:
    """Yield the rows of a JSON Feed."""
    told = json_feed.listed(source, options.losses)
    rows = [_json_row(item, told, source, options) for item in told.items]
    if not rows and not options.losses.count("dropped"):
        options.losses.add("dropped", "files", _NO_ITEMS, example=source.name)
    yield from _tabled([row for row in rows if row])


def _json_row(
    item: json_feed.Item, told: json_feed.Listed, source: Source, options: Options
) -> tuple[object, ...] | None:
    if not item.address:
        options.losses.add("dropped", "rows", _NO_ADDRESS, example=source.name)
        return None
    lang = item.language or told.language
    return (
        item.address,
        _told_at(item.date_published or "", item.date_modified or "", source.name, options),
        "\n\n".join(filter(None, (plain(item.title or ""), item.body))) or None,
        lang if _LANGUAGE.match(lang) else None,
        item.links or None,
        told.home_page_url or None,
        plain(told.title) or None,
    )


def _fact(error: xml.parsers.expat.ExpatError) -> str:
    return xml.parsers.expat.ErrorString(error.code)


def _pieces(source: Source, losses: Losses, *, mended: bool = False) -> Iterator[bytes]:
    """Yield the file as UTF-8, by the encoding that it declares, or has; its slips put right."""
    damaged = 0
    encoding = _encoding(source)
    with source.open() as file:
        if mended:
            text = b"".join(piece for piece, _ in recoded(file, encoding))
            slips = sum(not slip[1] for slip in _SLIP.finditer(text))
            losses.add("unknown", "characters", _SLIPS, slips, example=source.name)
            yield _SLIP.sub(_put_right, text)
            return
        for piece, broken in recoded(file, encoding):
            damaged += broken
            yield piece
    losses.add("unknown", "characters", "damaged: kept as �", damaged, example=source.name)


def _put_right(slip: "re.Match[bytes]") -> bytes:
    if slip[1]:
        return slip[1].translate(None, _NO_XML)
    return b"&amp;" if slip[0] == b"&" else b" "


def _encoding(source: Source) -> str:
    told = encoding_of(source.head(4096))
    if told != "utf-8" and ("utf" in told):
        return told  # by its mark, or as every other byte shows
    sample = first_foreign(source)
    if not sample.isascii() and encoding_of(sample) == "utf-8":
        return "utf-8"  # whatever it declares: hardly any other text looks like it
    if declared := _DECLARED.match(source.head(1024)):
        try:
            name = codecs.lookup(declared[1].decode()).name
        except LookupError:
            name = ""
        if _LEGACY.match(name):
            return name
    return encoding_of(sample)


@dataclass
class _Item:
    """One item as its elements tell it."""

    line: int
    texts: dict[str, str] = field(default_factory=dict)
    address: str = ""
    source_url: str = ""
    lang: str = ""
    is_permalink: bool = True


class _Reader:
    """Follows the elements of one feed; gathers its items and what it says of itself."""

    def __init__(self, known: int = 0) -> None:
        self.items: list[_Item] = []
        self.count = known  # of items, those included that another reader has taken
        self._left_out = known
        self.channel = _Item(0)
        self.unread: Counter[str] = Counter()
        self.cut = 0
        self._item: _Item | None = None
        self._depth = 0
        self._opened = 0  # depth of the item or channel whose children are read
        self._name = ""
        self._words: list[str] = []
        self._letters = 0
        parser = xml.parsers.expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.buffer_text = True
        parser.UseForeignDTD(True)  # noqa: FBT003 - so that entities of HTML are skipped, not errors
        parser.EntityDeclHandler = _refuse
        parser.SkippedEntityHandler = self._skipped
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        self._parser = parser

    def read(self, pieces: Iterable[bytes]) -> Iterator[None]:
        """Read pieces to the end; pause where many items are complete."""
        for piece in pieces:
            self._parser.Parse(piece, False)  # noqa: FBT003 - of expat
            if len(self.items) >= BATCH_ITEMS:
                yield
        self._parser.Parse(b"", True)  # noqa: FBT003

    def taken(self) -> list[_Item]:
        """Return the items that are complete, once."""
        taken, self.items = self.items, []
        return taken

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        space, _, bare = name.rpartition(" ")
        lang = attributes.get(f"{_XML} lang", "")
        if self._item is None and bare in _ITEMS:
            self._item = _Item(self._parser.CurrentLineNumber, lang=lang)
            self._opened = self._depth
            about = attributes.get(f"{_RDF} about", "")
            self._item.texts["about"] = about
        elif self._item is None and (bare == "channel" or (bare == "feed" and self._depth == 1)):
            self._opened = self._depth
            self.channel.lang = lang
        elif self._depth == self._opened + 1:
            self._begin(space, bare, attributes)

    def _begin(self, space: str, bare: str, attributes: dict[str, str]) -> None:
        """Begin a child of an item, or of the channel."""
        item = self._item or self.channel
        self._words, self._letters = [], 0
        self._name = bare if bare in _READ and space in _SPACES else ""
        if bare == "link" and space in _ATOM:
            self._name = ""
            if attributes.get("rel", "alternate") == "alternate" and not item.address:
                item.address = attributes.get("href", "").strip()
        elif bare == "source":
            item.source_url = item.source_url or attributes.get("url", "").strip()
        elif bare == "guid":
            item.is_permalink = attributes.get("isPermaLink", "true").lower() != "false"
        elif self._item is not None and not self._name:
            self.unread[bare] += 1

    def _end(self, _: str) -> None:
        item = self._item or self.channel
        if self._depth == self._opened + 1 and self._name:
            item.texts.setdefault(self._name, "".join(self._words).strip())
            self._name = ""
        elif self._item is not None and self._depth == self._opened:
            if self._left_out:
                self._left_out -= 1
            else:
                self.items.append(self._item)
                self.count += 1
            self._item = None
            self._opened = 0
        self._depth -= 1
        if self._item is None and not self._opened:
            self._opened = self._depth

    def _data(self, words: str) -> None:
        if not self._name:
            return
        self._letters += len(words)
        if self._letters <= MOST_WORDS:
            self._words.append(words)
        else:
            self.cut += 1

    def _skipped(self, name: str, is_parameter: bool) -> None:  # noqa: FBT001 - called by expat
        if not is_parameter:
            self._data(html5.get(f"{name};", "�"))


def _refuse(*_: object) -> None:
    raise FormatError(_DECLARES)


def _note_unread(reader: _Reader, source: Source, losses: Losses) -> None:
    for name, count in sorted(reader.unread.items()):
        losses.add("unknown", "fields", f"field {name} is not read", count, example=source.name)
    losses.add("unknown", "texts", _CUT, reader.cut, example=source.name)


def _parts(reader: _Reader, source: Source, options: Options) -> Iterator[Part]:
    """Yield the items gathered so far."""
    rows = [_row(item, reader.channel, source, options) for item in reader.taken()]
    yield from _tabled([row for row in rows if row])


def _tabled(rows: Sequence[tuple[object, ...]]) -> Iterator[Part]:
    found = pl.DataFrame(
        rows,
        schema={
            "url": pl.String, "at": UTC_COLUMN, "text": pl.String, "lang": pl.String,
            "links": STRINGS, "site": pl.String, "name": pl.String,
        },
        orient="row",
    )  # fmt: skip
    if found.is_empty():
        return
    site = outlet_of(pl.col("site"))
    found = found.with_columns(account_id=pl.coalesce(site, outlet_of(pl.col("url"))))
    yield Part(ACCOUNTS, outlets(found, role="unknown"), "accounts")
    yield Part(POSTS, as_posts(found), "posts")


def _row(
    item: _Item, channel: _Item, source: Source, options: Options
) -> tuple[object, ...] | None:
    texts = item.texts
    place = f"{source.name}, line {item.line}"
    url = _url(item)
    if not url:
        options.losses.add("dropped", "rows", _NO_ADDRESS, example=place)
        return None
    description = next((texts[name] for name in _WORDS if texts.get(name)), "")
    words = [plain(texts.get("title", "")), plain(description)]
    lang = texts.get("language") or item.lang or channel.texts.get("language") or channel.lang
    site = item.source_url or channel.address or channel.texts.get("link", "")
    name = texts.get("source") if item.source_url else channel.texts.get("title")
    return (
        url,
        _at(item, place, options),
        "\n\n".join(filter(None, words)) or None,
        lang.strip().replace("_", "-") if _LANGUAGE.match(lang.strip()) else None,
        links(description) or None,
        site or None,
        plain(name or "") or None,
    )


def _url(item: _Item) -> str:
    """Return an item's address, else its id; feeds behind a proxy tell the original's address."""
    texts = item.texts
    named = [texts.get("origLink", ""), item.address, texts.get("link", ""), texts.get("about", "")]
    ids = [texts.get("guid", ""), texts.get("id", "")]
    on_web = [each for each in (*named, *(ids if item.is_permalink else ())) if _is_web(each)]
    return next((each for each in (*on_web, *ids, *named) if each), "")


def _is_web(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def _at(item: _Item, place: str, options: Options) -> datetime | None:
    """Return when an item was published; what is not known of it is noted."""
    texts = item.texts
    told = next((texts[name] for name in _PUBLISHED if texts.get(name)), "")
    changed = next((texts[name] for name in _CHANGED if texts.get(name)), "")
    return _told_at(told, changed, place, options)


def _told_at(told: str, changed: str, place: str, options: Options) -> datetime | None:
    if not told and changed:
        options.losses.add("unknown", "times", _ONLY_CHANGED, example=place)
    if not (told or changed):
        options.losses.add("unknown", "times", _NO_TIME, example=place)
        return None
    at, fact = _time(told or changed, options.zone)
    if fact:
        options.losses.add("unknown", "times", fact, example=place)
    return at


def _time(told: str, zone: tzinfo | None) -> tuple[datetime | None, str]:
    """Return a time, and what is to be said about it.

    >>> _time("Mon, 26 Sep 2011 21:33:05 +0000", None)[0].isoformat()
    '2011-09-26T21:33:05+00:00'
    >>> _time("2011-09-26T21:33:05+06:00", None)[0].isoformat()
    '2011-09-26T15:33:05+00:00'
    >>> _time("Mon, 26 Sep 2011 21:33:05 XYZ", None)
    (None, 'a date without a known time zone: say which with --timezone')
    """
    if _DAY.match(told):
        at = _iso(f"{told}T00:00:00", zone or UTC)
        return at, _ONLY_DAY if at else _BAD_TIME
    if _YEAR_FIRST.match(told):
        local, at = _iso(told, UTC), _iso(told, zone)
        return at, "" if at else (_NO_ZONE if local else _BAD_TIME)
    try:
        parts = parsedate_tz(_COLON.sub(r"\1\2", told))
        if parts is None:
            return None, _BAD_TIME
        local = datetime(*parts[:6], tzinfo=UTC)
        at = local - timedelta(seconds=parts[9] or 0)
        if not _ZONED.search(told):  # the parser takes what it does not know for UTC
            at = _iso(local.replace(tzinfo=None).isoformat(), zone)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None, _BAD_TIME
    return at, "" if at else _NO_ZONE


def _iso(told: str, zone: tzinfo | None) -> datetime | None:
    found: datetime | None = pl.DataFrame({"at": [told]}).select(iso(pl.col("at"), zone)).item()
    return found
