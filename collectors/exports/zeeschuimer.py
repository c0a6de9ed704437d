"""Zeeschuimer's NDJSON: what a browser was shown of posts, as the platforms themselves write them.

One line is one item as it was captured: ``{"source_platform": "twitter.com", "item_id": ...,
"timestamp_collected": 1772366400123, "data": {...}}``. What is in ``data`` is the platform's own.
X, TikTok and its comments, Instagram and Threads are read; items of others are counted and left.

The same item comes again whenever it was shown again. Then its post is kept once, and its numbers
with the time of each capture: a history of them, for nothing. Where the program was told to write
over an item, ``last_updated`` is that time, and only the newest numbers are left. Times of capture
are the browser's own clock, in milliseconds.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from collectors.exports import zeeschuimer_meta as meta
from collectors.exports import zeeschuimer_tiktok as tiktok
from collectors.exports import zeeschuimer_x as x
from collectors.exports.captures import Capture, Taken
from collectors.exports.cells import joined, links_in, tags_in
from collectors.exports.documents import Decoding, Document, chunks, documents, names_read
from collectors.exports.formats import Head, Options, Part
from collectors.exports.json_posts import Post, account_rows, post_rows, shown_rows
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.paired import paired
from collectors.exports.references import References
from collectors.exports.sources import Source

MARKS = frozenset({"source_platform", "source_platform_url", "timestamp_collected"})
ASKED = "posts"
REFERRED = "posts they refer to"
_AGAIN = "captured again: its numbers are kept, with their time"
_NO_TIME = "no readable time: kept, but without one"
_SAID_TWICE = {"id", "__typename", "__import_meta"}
_PLATFORM = re.compile(r"[a-z0-9][a-z0-9.-]{0,40}")


class _Line(msgspec.Struct, gc=False):
    source_platform: str
    data: msgspec.Raw


class _Anything(msgspec.Struct, gc=False):
    """Any object: only the names of its members are looked at."""


@dataclass(frozen=True)
class _Reader:
    """How the items of one platform are read."""

    platform: str
    line: type[Capture]
    taken: Callable[[Sequence[Any]], Taken]
    words_tell: bool = True  # hashtags and links stand in the words only

    @property
    def reads(self) -> set[str]:
        """The members that are read."""
        data = next(f for f in msgspec.structs.fields(self.line) if f.name == "data")
        return names_read(data.type)


_X = _Reader("x", x.Line, x.taken, words_tell=False)
_TIKTOK = _Reader("tiktok", tiktok.Line, tiktok.taken, words_tell=False)
_COMMENTS = _Reader("tiktok", tiktok.CommentLine, tiktok.taken_comments)
_INSTAGRAM = _Reader("instagram", meta.Line, meta.taken)
_THREADS = _Reader("threads", meta.Line, meta.taken_threads)
READERS = {
    "twitter.com": _X,
    "x.com": _X,
    "tiktok.com": _TIKTOK,
    "tiktok-comments": _COMMENTS,
    "instagram.com": _INSTAGRAM,
    "threads.net": _THREADS,
    "threads.com": _THREADS,
}


class Zeeschuimer:
    """Reads what Zeeschuimer captured."""

    name = "zeeschuimer"
    label = "Zeeschuimer NDJSON"

    def knows(self, head: Head) -> bool:
        """Judge by the members that Zeeschuimer puts around each item."""
        return head.items >= MARKS or head.keys >= MARKS | {"nav_index"}

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and the numbers of every capture."""
        reading = _Reading(options.losses)
        for source in files:
            yield from reading.file(source)
        reading.references.note(options.losses)


FORMAT = Zeeschuimer()


class _Reading:
    """What is remembered from one file to the next: which posts are held, and which are named."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses
        self.references = References()
        self.held: set[tuple[str, str | None]] = set()

    def file(self, source: Source) -> Iterator[Part]:
        looking = Decoding(source, self.losses, "Zeeschuimer")
        inner: dict[str, Decoding] = {}
        for some in chunks(documents(source, self.losses)):
            for name, found in self._by_platform(looking, some).items():
                whose = _shown_name(name)
                decoding = inner.setdefault(name, Decoding(source, self.losses, whose))
                yield from self._parts(READERS[name], decoding, found)
        for name, decoding in inner.items():
            decoding.note_unread(READERS[name].reads | _SAID_TWICE)

    def _by_platform(
        self, looking: Decoding, some: Sequence[Document]
    ) -> dict[str, list[tuple[Document, _Line]]]:
        found: dict[str, list[tuple[Document, _Line]]] = defaultdict(list)
        for document, line in paired(looking, _Line, some):
            name = line.source_platform.lower().removeprefix("www.")
            if name in READERS:
                found[name].append((document, line))
            else:
                reason = f"items of {_shown_name(name)}: not read"
                self.losses.add("dropped", "rows", reason, example=document.place)
        return found

    def _parts(
        self, reader: _Reader, decoding: Decoding, found: list[tuple[Document, _Line]]
    ) -> Iterator[Part]:
        place = found[0][0].place
        lines = decoding.each(reader.line, [document for document, _ in found], count=False)
        inside = [Document(document.place, line.data) for document, line in found]
        objects = [each for each in inside if bytes(each.text).startswith(b"{")]
        decoding.each(_Anything, objects)  # counts their members
        taken = reader.taken(lines)
        self._note(taken, place)
        platform = reader.platform
        yield Part(ACCOUNTS, account_rows(taken.accounts, platform), "accounts")
        for posts, what in ((taken.posts, ASKED), (taken.referred, REFERRED)):
            rows = post_rows(self._new(posts, platform, place), platform)
            if reader.words_tell:
                rows = _with_words(rows)
            self.references.hold(rows["post_id"])
            for column in ("parent_id", "root_id"):
                self.references.name(rows[column], place)
            yield Part(POSTS, rows, what)
        shown = shown_rows([*taken.posts, *taken.referred], platform)
        yield Part(COUNTERS, shown.unique(maintain_order=True), "numbers shown")

    def _new(self, posts: Sequence[Post], platform: str, place: str) -> list[Post]:
        """Return each post that was not met before, once."""
        new = []
        for post in posts:
            if (platform, post.id) not in self.held:
                self.held.add((platform, post.id))
                new.append(post)
        self.losses.add("merged", "posts", _AGAIN, len(posts) - len(new), example=place)
        missing = sum(post.at is None for post in new)
        self.losses.add("unknown", "times", _NO_TIME, missing, example=place)
        return new

    def _note(self, taken: Taken, place: str) -> None:
        told: list[tuple[str, Counter[tuple[str, str]]]] = [
            ("dropped", Counter({("rows", reason): n for reason, n in taken.refused.items()})),
            ("dropped", taken.dropped),
            ("unknown", taken.unknown),
        ]
        for outcome, counts in told:
            for (what, reason), count in counts.items():
                self.losses.add(outcome, what, reason, count, example=place)


def _shown_name(platform: str) -> str:
    """Return the name of a platform, if it is one that can be shown."""
    return platform if _PLATFORM.fullmatch(platform) else "a platform without a name"


def _with_words(rows: pl.DataFrame) -> pl.DataFrame:
    """Return posts with the links and hashtags in their words."""
    return rows.with_columns(
        urls=joined(pl.col("urls"), links_in(pl.col("text"))), hashtags=tags_in("text")
    ).with_columns(object_keys("urls"))
