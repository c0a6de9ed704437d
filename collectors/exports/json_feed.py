"""JSON Feed, versions 1 and 1.1: what a feed in XML tells, as JSON."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from collectors.exports.documents import Decoding, Document, inside
from collectors.exports.formats import Head
from collectors.exports.html_texts import links, plain
from collectors.exports.losses import Losses
from collectors.exports.sources import UNREADABLE, Source, bare_fact

MOST = 1 << 26  # bytes of a feed
_VERSION = re.compile(rb'"version"\s*:\s*"https?:(?:\\?/){2}jsonfeed\.org(?:\\?/)version')
_BROKEN = "is no readable JSON Feed"


class Item(msgspec.Struct, dict=True):
    """One item; its own address, else its id, tells where it is."""

    id: str | int | float = ""
    url: str | None = None
    external_url: str | None = None
    title: str | None = None
    content_html: str | None = None
    content_text: str | None = None
    summary: str | None = None
    date_published: str | None = None
    date_modified: str | None = None
    language: str | None = None

    @property
    def address(self) -> str:
        """Its address, else what it is known by."""
        return self.url or str(self.id)

    @cached_property
    def body(self) -> str:
        """Its summary, else its words."""
        return plain(self.summary or self.content_text or self.content_html or "")

    @cached_property
    def links(self) -> list[str]:
        """Where its words lead, and what it is about."""
        inside = links(self.content_html or "")
        return list(dict.fromkeys([*filter(None, [self.external_url]), *inside]))

    @property
    def words(self) -> str:
        """All that it says, with its links."""
        told = (self.title, self.summary, self.content_text, self.content_html, self.external_url)
        return "\n".join(filter(None, told))


class _Feed(msgspec.Struct):
    title: str | None = None
    home_page_url: str | None = None
    language: str | None = None
    items: list[msgspec.Raw] = []


@dataclass(frozen=True)
class Listed:
    """A feed: its title, its site, its language, and its items that can be read."""

    title: str = ""
    home_page_url: str = ""
    language: str = ""
    items: Sequence[Item] = ()


def knows(head: Head) -> bool:
    """Return whether JSON names the version of a JSON Feed."""
    return bool(_VERSION.search(head.data[: 1 << 16])) and "version" in head.paths


def listed(source: Source, losses: Losses) -> Listed:
    """Return a feed; one that cannot be read is noted, and has no items."""
    try:
        with source.open() as file:
            told = msgspec.json.decode(file.read(MOST), type=_Feed)
    except UNREADABLE as error:
        reason = f"cannot be read to its end ({bare_fact(error)})"
        losses.add("dropped", "files", reason, example=source.name)
        return Listed()
    except (ValueError, RecursionError):
        losses.add("dropped", "files", _BROKEN, example=source.name)
        return Listed()
    raw = inside(Document(source.name, b""), told.items)
    items = Decoding(source, losses, "JSON Feed").each(Item, raw, count=False)
    return Listed(told.title or "", told.home_page_url or "", told.language or "", items)
