"""Collecting: sources are asked side by side, and what comes is written so that nothing is lost.

A page is on disk before the next is asked for (``journal``). One thread turns pages into rows and
writes them; then the journal notes how far each question is. A process that is killed anywhere
goes on where it stopped: pages behind the last note are written again, which changes nothing where
their rows are held already.
"""

import hashlib
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import Empty, Full, Queue
from random import SystemRandom
from tempfile import TemporaryDirectory
from time import monotonic
from uuid import uuid4

import msgspec
import polars as pl
from filelock import FileLock, Timeout

from analytics import __version__
from analytics.erasure import erase_deleted
from analytics.errors import FormatError, StoreError, TableError
from analytics.schema import UTC
from analytics.store import Store
from analytics.tables import CHANGES, COLLECTIONS, COUNTERS, IMPORTS, LOSSES, POSTS
from collectors.agenda import Agenda, after
from collectors.asking import Asked, Asker
from collectors.exports.formats import Options, Part, known_formats
from collectors.exports.importing import SCRATCH
from collectors.exports.losses import Losses
from collectors.exports.sources import Source as File
from collectors.journal import PAGES, Journal, Kept, Progress, oldest_kept
from collectors.pacing import Pace, next_interval, seconds
from collectors.sources import Page
from collectors.writing import Writing

WAITING_PAGES = 64  # between asking and writing
WRITE_EVERY = 2.0  # seconds, or when nothing has come for a moment
IDLE = 0.2
WRITE_ITEMS = 5_000
COMPACT_EVERY = 50  # writings
BATCH_BYTES = 32 << 20
LOCK = "raw/collect.lock"
_TIMES = ("observed_at", "collected_at")
_REFERENCES = ("unknown", "references")  # of one page to another: the table coverage counts them


@dataclass(frozen=True)
class Limits:
    """How long to ask and how much: ``lasting`` is a duration, ``at_most`` counts bytes."""

    follow: bool = False
    lasting: str | None = None
    at_most: int | None = None
    one_by_one: bool = False


@dataclass(frozen=True)
class Report:
    """What one run did."""

    run_id: str
    sources: pl.DataFrame  # rows of ``collections``
    losses: pl.DataFrame  # rows of ``losses``
    new_posts: int
    stopped: dict[str, str]  # sources that stopped before their end, and why


def collect(
    store: Store,
    everyone: Sequence[Asked],
    *,
    pace: Pace,
    now: Callable[[], datetime],
    limits: Limits = Limits(),
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Ask sources, and write what comes into the store.

    Raises
    ------
    StoreError
        Another process is collecting into this store.
    ProtectionError, SettingsError
        The store cannot be written.
    KeyboardInterrupt
        All that has come is kept; the next run goes on.
    """
    with alone(store), journal_of(store) as journal:
        journal.release(before=oldest_kept(store.settings.pages_days, now()))
        return _Run(store, journal, limits=limits, pace=pace, now=now, tell=tell).run(everyone)


def rebuild(store: Store) -> int:
    """Write the rows of every page that is kept once more; return how many pages there were."""
    with alone(store), journal_of(store) as journal:
        pages = 0
        writer = _Writer(store, uuid4().hex[:12])
        for some in _batches(journal.all()):
            writer.write(some)
            pages += len(some)
        writer.note_losses()
        return pages


def _batches(pages: Iterator[Kept]) -> Iterator[list[Kept]]:
    waiting: list[Kept] = []
    items = size = 0
    for kept in pages:
        waiting.append(kept)
        items += max(1, kept.page.received)
        size += len(kept.page.payload)
        if items >= WRITE_ITEMS or size >= BATCH_BYTES:
            yield waiting
            waiting, items, size = [], 0, 0
    if waiting:
        yield waiting


def catch_up(store: Store, journal: Journal, *, now: Callable[[], datetime]) -> None:
    """Write the rows of pages that a run which was killed left behind."""
    pace = Pace(SystemRandom())
    _Run(store, journal, limits=Limits(), pace=pace, now=now, tell=lambda _: None).run([])


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """Hold the place of the one who collects.

    Raises
    ------
    StoreError
        Another process is collecting.
    """
    path = store.path / LOCK
    path.parent.mkdir(exist_ok=True)
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout:
        msg = f"{store.path} is being collected into by another process; stop that one first"
        raise StoreError(msg) from None


@contextmanager
def journal_of(store: Store) -> Iterator[Journal]:
    """Open the journal of a store, and close it."""
    journal = Journal(store)
    try:
        yield journal
    finally:
        journal.close()


class _Writer:
    """Turns pages into rows and writes them, and counts what became of them."""

    def __init__(self, store: Store, run_id: str) -> None:
        self.new_posts = 0
        self._store = store
        self._run_id = run_id
        self._losses: dict[str, Losses] = {}
        self._writings = 0

    def write(self, pages: Sequence[Kept]) -> dict[int, str]:
        """Write the rows of pages; return what each shows, as a hash, by its number."""
        shown: dict[int, str] = {}
        for appeal_id in dict.fromkeys(kept.appeal_id for kept in pages):
            those = [kept for kept in pages if kept.appeal_id == appeal_id]
            with TemporaryDirectory(prefix=SCRATCH, ignore_cleanup_errors=True) as scratch:
                losses = self._losses.setdefault(appeal_id, Losses())
                options = Options(appeal_id, losses=losses, scratch=Path(scratch))
                shown |= self._write_for(options, those)
        self._store.append(IMPORTS, self._provenance(pages))
        self._writings += 1
        if self._writings % COMPACT_EVERY == 0:
            self.note_losses()
            self._store.compact(only_crowded=True)
        return shown

    def _write_for(self, options: Options, pages: Sequence[Kept]) -> dict[int, str]:
        parts: dict[str, list[Part]] = {}
        shown: dict[int, str] = {}
        for kept in pages:
            found = _sound(parts_of(kept, options), options.losses, _place(kept))
            shown[kept.number] = _shown(found)
            parts.setdefault(kept.page.format or kept.source, []).extend(found)
        writing = Writing(self._store, options.appeal_id, options.losses)
        for name, found in parts.items():
            writing.write(name, found)
        self.new_posts += writing.new[POSTS.name]
        return shown

    def _provenance(self, pages: Sequence[Kept]) -> pl.DataFrame:
        rows = [
            {
                "import_id": self._run_id,
                "at": kept.at,
                "appeal_id": kept.appeal_id,
                "file": _place(kept),
                "sha256": kept.sha256,
                "bytes": len(kept.page.payload),
                "format": kept.page.format,
                "payload": f"{PAGES}/{kept.number:012d}.page",
                "version": __version__,
            }
            for kept in pages
            if kept.page.payload
        ]
        return pl.DataFrame(rows, schema=IMPORTS.schema)

    def note_losses(self) -> pl.DataFrame:
        """Write what became of the rows so far, and return it."""
        rows = LOSSES.empty()
        for losses in self._losses.values():
            rows = pl.concat([rows, losses.table(self._run_id)])
        key = ["import_id", "outcome", "what", "reason"]
        rows = rows.filter(
            ~((pl.col("outcome") == _REFERENCES[0]) & (pl.col("what") == _REFERENCES[1]))
        )
        rows = rows.group_by(key, maintain_order=True).agg(
            pl.col("count").sum(), pl.col("example").first()
        )
        self._store.append(LOSSES, rows)
        return rows


def parts_of(kept: Kept, options: Options) -> list[Part]:
    """Return the rows of a page; what it does not date was seen when it came."""
    parts: list[Part] = []
    if kept.page.format and kept.page.payload:
        file = File.in_memory(_place(kept), kept.page.payload)
        try:
            parts = list(known_formats()[kept.page.format].read([file], options))
        except FormatError as error:
            options.losses.add("dropped", "pages", str(error), example=_place(kept))
    if kept.page.gone:
        parts.append(Part(CHANGES, _gone(kept.page.gone), "posts that are gone"))
    return [_dated(part, kept.at) for part in parts]


def _gone(posts: Sequence[str]) -> pl.DataFrame:
    platforms = [post.partition(":")[0] for post in posts]
    return pl.DataFrame({"post_id": list(posts), "platform": platforms}).with_columns(
        what=pl.lit("gone")
    )


def _dated(part: Part, at: datetime) -> Part:
    when = pl.lit(at, UTC)
    frame = part.frame.with_columns(
        (pl.col(name).fill_null(when) if name in part.frame.columns else when).alias(name)
        for name in _TIMES
        if name in part.table.columns
    )
    return Part(part.table, frame, part.what)


def _sound(parts: Sequence[Part], losses: Losses, place: str) -> list[Part]:
    """Return the parts that the tables can take; what they cannot is set aside, with the page."""
    sound = []
    for part in parts:
        lacking = [name for name in ("appeal_id", "source") if name not in part.frame.columns]
        known = {name: pl.lit("-") for name in lacking if name in part.table.columns}
        try:
            part.table.check(part.frame.with_columns(**known))
        except TableError as error:
            losses.add("dropped", part.what, str(error), part.frame.height, example=place)
            continue
        sound.append(part)
    return sound


def _shown(parts: Sequence[Part]) -> str:
    """Return a hash of the posts and numbers that a page shows, whenever it was asked for."""
    told: set[str] = set()
    for part in parts:
        if part.table is POSTS:
            told.update(part.frame["post_id"])
        elif part.table is COUNTERS:
            told.update(
                part.frame.select(
                    pl.concat_str("post_id", "metric", "definition", "value", separator=" ")
                ).to_series()
            )
    return hashlib.sha256("\n".join(sorted(told)).encode()).hexdigest()[:16] if told else ""


def _place(kept: Kept) -> str:
    return f"{kept.source}, page {kept.number}"


@dataclass
class _Tally:
    """What came in answer to the questions of one kind."""

    requests: int = 0
    received: int = 0
    spent: int = 0

    def note(self, page: Page) -> None:
        """Count a page."""
        self.requests += 1
        self.received += page.received
        self.spent += page.spent


class _Run:
    """One run of ``groundswell collect``."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        *,
        limits: Limits,
        pace: Pace,
        now: Callable[[], datetime],
        tell: Callable[[str], None],
    ) -> None:
        self._id = uuid4().hex[:12]
        self._began = now()
        self._store = store
        self._journal = journal
        self._limits = limits
        self._pace = pace
        self._now = now
        self._tell = tell
        self._writer = _Writer(store, self._id)
        self._came: Queue[tuple[Asker | None, Kept]] = Queue(WAITING_PAGES)
        self._waiting: list[tuple[Asker | None, Kept]] = []  # to be written
        self._settled: dict[str, dict[str, Progress]] = {}
        self._tallies: dict[tuple[str, str], _Tally] = {}  # by source and kind
        self._askers: list[Asker] = []
        self._writes = 0
        self._bytes = 0

    def run(self, everyone: Sequence[Asked]) -> Report:
        self._store.declare_appeals()
        for some in _batches(self._journal.unfinished()):
            self._waiting = [(None, kept) for kept in some]
            self._write()
        askers = self._askers = [self._asker(asked) for asked in everyone]
        groups = [[asker] for asker in askers] if self._limits.one_by_one else [askers]
        try:
            for group in groups:
                for asker in group:
                    asker.start()
                self._write_until_over(group)
        except KeyboardInterrupt:
            self._pace.stop()
            self._receive()
            self._write()
            self._end(askers)
            raise
        finally:  # what cannot be written now lies in the journal, for the next run
            self._pace.stop()
        return self._end(askers)

    def _end(self, askers: Sequence[Asker]) -> Report:
        """Note what became of everything; what platforms no longer show is forgotten."""
        report = self._report(askers)
        erase_deleted(self._store, at=self._now(), since=self._began)
        self._store.compact(only_crowded=True)
        return report

    def _asker(self, asked: Asked) -> Asker:
        place = f"source {asked.name!r}: poll_from"
        interval = seconds(asked.settings.poll_from, place=place)
        held = list(self._known(asked.name).values())
        return Asker(
            asked,
            Agenda(asked.source.tasks(), held, interval=interval),
            self._journal,
            hand_on=self._take,
            pace=self._pace,
            now=self._now,
            follow=self._limits.follow,
        )

    def _take(self, asker: Asker, kept: Kept) -> None:
        """Take a page, in the thread of who asked for it."""
        self._bytes += len(kept.page.payload)
        if self._limits.at_most is not None and self._bytes >= self._limits.at_most:
            asker.stopped = "as much was received as is allowed; run it again to go on"
            self._pace.stop()
        while True:
            try:
                self._came.put((asker, kept), timeout=1)
            except Full:
                if self._pace.over:
                    return  # it lies in the journal, for the next run
            else:
                return

    def _write_until_over(self, group: Sequence[Asker]) -> None:
        since = monotonic()
        while True:
            alive = any(asker.is_alive() for asker in group)
            came = self._receive(IDLE if alive else 0.0)
            if not came or self._is_time_to_write() or monotonic() - since >= WRITE_EVERY:
                self._write()
                since = monotonic()
                if not alive and not came:
                    return

    def _is_time_to_write(self) -> bool:
        """Return whether much is waiting, or a question that will be asked again is answered."""
        items = sum(max(1, kept.page.received) for _, kept in self._waiting)
        settles = self._limits.follow and any(kept.page.done for _, kept in self._waiting)
        return settles or items >= WRITE_ITEMS

    def _receive(self, timeout: float = 0.0) -> bool:
        """Take over what the askers handed on; return whether there was anything."""
        before = len(self._waiting)
        with suppress(Empty):
            self._waiting.append(
                self._came.get(timeout=timeout) if timeout else self._came.get_nowait()
            )
            while len(self._waiting) - before < WAITING_PAGES:
                self._waiting.append(self._came.get_nowait())
        return len(self._waiting) > before

    def _write(self) -> None:
        came = self._waiting
        if not came:
            return
        pages = [kept for _, kept in came]
        shown = self._writer.write(pages)
        changed: dict[str, dict[str, Progress]] = {kept.source: {} for kept in pages}
        for asker, kept in came:
            known = ChainMap(changed[kept.source], self._known(kept.source))
            for each in self._advanced(known, kept, shown[kept.number], asker):
                changed[kept.source][each.task.key] = each
        self._journal.finish(pages, {name: those.values() for name, those in changed.items()})
        self._waiting = []
        self._writes += 1
        if self._writes % COMPACT_EVERY == 0:
            self._noted()
        for name, those in changed.items():
            self._settled[name].update(those)
        for kept in pages:
            self._tallies.setdefault((kept.source, kept.task.kind), _Tally()).note(kept.page)
        requests = sum(tally.requests for tally in self._tallies.values())
        received = sum(tally.received for tally in self._tallies.values())
        self._tell(f"{requests:,} pages, {received:,} items, {self._writer.new_posts:,} new posts")

    def _known(self, source: str) -> dict[str, Progress]:
        """Return how far the questions of a source are, as far as pages are written."""
        if source not in self._settled:
            told = self._journal.progress(source)
            self._settled[source] = {each.task.key: each for each in told}
        return self._settled[source]

    def _advanced(
        self, known: Mapping[str, Progress], kept: Kept, shown: str, asker: Asker | None
    ) -> list[Progress]:
        """Return what a written page changes; a question that is done gets its next interval."""
        each, *found = after(known, kept)
        each.seeing = hashlib.sha256((each.seeing + shown).encode()).hexdigest()[:16]
        if each.state == "done":
            if asker is not None:
                each = self._settled_anew(each, asker)
            each.seen, each.seeing = each.seeing, ""
        return [each, *found]

    def _settled_anew(self, each: Progress, asker: Asker) -> Progress:
        told = asker.asked.settings
        shortest = seconds(told.poll_from, place="poll_from")
        interval = next_interval(
            each.interval or shortest,
            moved=each.seen != each.seeing,
            shortest=shortest,
            longest=max(shortest, seconds(told.poll_to, place="poll_to")),
        )
        asker.agenda.settle(each.task.key, interval)
        due = each.due - each.interval + interval
        return msgspec.structs.replace(each, interval=interval, due=due)

    def _noted(self) -> pl.DataFrame:
        """Write what was asked so far, and return it."""
        rows = [row for asker in self._askers for row in self._rows(asker)]
        sources = pl.DataFrame(rows, schema=COLLECTIONS.schema)
        self._store.append(COLLECTIONS, sources)
        return sources

    def _report(self, askers: Sequence[Asker]) -> Report:
        sources = self._noted()
        return Report(
            self._id,
            sources,
            self._writer.note_losses(),
            self._writer.new_posts,
            {asker.asked.name: asker.stopped for asker in askers if asker.stopped},
        )

    def _rows(self, asker: Asker) -> Iterator[dict[str, object]]:
        asked = asker.asked
        questions = asker.agenda.everything()
        for kind in dict.fromkeys(each.task.kind for each in questions):
            those = [each for each in questions if each.task.kind == kind]
            tally = self._tallies.get((asked.name, kind), _Tally())
            known = [each.known for each in those if each.known is not None]
            yield {
                "run_id": self._id,
                "at": self._began,
                "appeal_id": asked.appeal_id,
                "source": asked.name,
                "platform": asked.settings.platform,
                "kind": kind,
                "questions": len(those),
                "unanswered": sum(each.state == "open" for each in those),
                "refused": sum(each.state == "gone" for each in those),
                "requests": tally.requests,
                "received": tally.received,
                "known": sum(known) if known else None,
                "spent": tally.spent,
                "unit": asked.source.unit,
                "fact": asker.stopped,
                "version": __version__,
            }
