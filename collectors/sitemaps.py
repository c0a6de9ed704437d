"""Sitemaps: the lists of addresses that sites publish, plain, packed, of news, and of each other.

>>> read(b'<urlset><url><loc> https://a.example/x </loc></url></urlset>').addresses
[Address(url='https://a.example/x', changed=None, title='')]
>>> read(b'<sitemapindex><sitemap><loc>https://a.example/s.xml</loc></sitemap></sitemapindex>').maps
[Address(url='https://a.example/s.xml', changed=None, title='')]
"""

import re
import xml.parsers.expat  # it unfolds nothing here: what declares entities is refused
import zlib
from dataclasses import dataclass, field

from analytics.errors import GoneError, UnreachableError

LARGEST = 64 << 20  # bytes, unpacked
MOST_WORDS = 4_096  # letters of one element
_ROOT = re.compile(
    rb"\A\s*+(?>(?><\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*+(?:\[[^\]]*+\])?+\s*+>)\s*+)*+"
    rb"<(?:[\w.-]+:)?(?:urlset|sitemapindex)[\s>/]",
    re.DOTALL,
)
_GZIP = b"\x1f\x8b"
_READ = {"loc", "lastmod", "publication_date", "title"}
_DECLARES = "the sitemap declares entities, as XML made to do harm does: not read"
_TOO_LARGE = f"the sitemap holds more than {LARGEST >> 20} MB when unpacked"
_BROKEN = "the sitemap is broken"


@dataclass(frozen=True)
class Address:
    """One entry: where, when it was published or last changed, as told, and the title of news."""

    url: str
    changed: str | None = None
    title: str = ""


@dataclass
class Sitemap:
    """What a sitemap names: articles, and other sitemaps."""

    addresses: list[Address] = field(default_factory=list)
    maps: list[Address] = field(default_factory=list)


def unpacked(body: bytes) -> bytes:
    """Return a body without the gzip that the file itself has.

    Raises
    ------
    GoneError
        It unpacks to more than is read.
    UnreachableError
        It is damaged.
    """
    if not body.startswith(_GZIP):
        return body
    unpacking = zlib.decompressobj(wbits=31)
    try:
        found = unpacking.decompress(body, LARGEST)
    except zlib.error:
        raise UnreachableError(_BROKEN) from None
    if unpacking.unconsumed_tail:
        raise GoneError(_TOO_LARGE)
    if not unpacking.eof:
        raise UnreachableError(_BROKEN)
    return found


def is_sitemap(body: bytes) -> bool:
    """Return whether a body is one, by its outermost element."""
    return _ROOT.match(body[: 1 << 16].removeprefix(b"\xef\xbb\xbf")) is not None


def read(body: bytes) -> Sitemap:
    """Return what a sitemap names.

    Raises
    ------
    GoneError
        It declares entities.
    UnreachableError
        It is broken.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)  # noqa: FBT003 - of expat
    except xml.parsers.expat.ExpatError:
        raise UnreachableError(_BROKEN) from None
    return reader.found


class _Reader:
    """Follows the elements; an entry ends with its ``url`` or ``sitemap``."""

    def __init__(self) -> None:
        self.found = Sitemap()
        self._told: dict[str, str] = {}
        self._words: list[str] = []
        self.parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.EntityDeclHandler = _refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data

    def _start(self, name: str, _: dict[str, str]) -> None:
        self._words = []
        if name.rpartition(" ")[2] in {"url", "sitemap"}:
            self._told = {}

    def _end(self, name: str) -> None:
        bare = name.rpartition(" ")[2]
        if bare in _READ:
            self._told.setdefault(bare, "".join(self._words)[:MOST_WORDS].strip())
        elif bare in {"url", "sitemap"} and self._told.get("loc", "").startswith("http"):
            kept = self.found.addresses if bare == "url" else self.found.maps
            kept.append(_address(self._told))
        self._words = []

    def _data(self, words: str) -> None:
        self._words.append(words)


def _address(told: dict[str, str]) -> Address:
    changed = told.get("publication_date") or told.get("lastmod")
    return Address(told["loc"], changed or None, told.get("title", ""))


def _refuse(*_: object) -> None:
    raise GoneError(_DECLARES)
