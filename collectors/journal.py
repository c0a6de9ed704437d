"""What was asked, what came, and how far we are: on disk before anything else happens with it.

::

    STORE/raw/pages/000000000017.page   one page as received, sealed
    STORE/raw/state.sqlite              how far each question is, sealed but for its numbers

A page lies on disk before the next is asked for. Only when its rows are in the tables does its
number pass into the state: a process that is killed finds there what is finished, and in the pages
behind it what is not. Their rows are written again, which changes nothing where they were.

>>> import os, tempfile
>>> from analytics.store import Store
>>> from collectors.sources import Page, Task
>>> os.environ["GROUNDSWELL_KEYS"] = tempfile.mkdtemp()
>>> journal = Journal(Store.create(Path(tempfile.mkdtemp()) / "s"))
>>> task = Task(kind="search", subject="#park")
>>> kept = journal.keep("x", "appeal", task, Page(payload=b"{}"), at=datetime.now(UTC))
>>> [each.number for each in journal.unfinished()]
[1]
>>> journal.finish([kept], {"x": [Progress(task=task, state="done")]})
>>> list(journal.unfinished()), journal.progress("x")[0].state
([], 'done')
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

import msgspec

from analytics.errors import StoreError
from analytics.protection import read_key
from analytics.sealing import Sealer
from analytics.store import Store
from collectors.sources import Page, Task

PAGES = "raw/pages"
STATE = "raw/state.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS progress (
  position INTEGER PRIMARY KEY, source TEXT, name BLOB, sealed BLOB, UNIQUE (source, name)
);
CREATE TABLE IF NOT EXISTS spent (
  source TEXT, period TEXT, units INTEGER, PRIMARY KEY (source, period)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS finished (number INTEGER PRIMARY KEY);
"""


class Progress(msgspec.Struct, kw_only=True):
    """How far one question is.

    Attributes
    ----------
    task
        The question, with the place of its next page.
    state
        ``open``: pages are to come; ``done``: to be asked again later, if it repeats; ``gone``.
    origin
        The question of the settings that it arose from.
    interval, due
        Seconds between two times of asking, and when the next is due (seconds since 1970).
    requests, received, known
        Pages and items so far, and how many the platform says there are.
    seen, seeing
        Hash of what was shown the last time, and of what has been shown so far this time: by them
        it is known whether something moved.
    fact
        Why it ended otherwise than by its last page.
    """

    task: Task
    origin: str = ""
    state: str = "open"
    interval: float = 0.0
    due: float = 0.0
    requests: int = 0
    received: int = 0
    known: int | None = None
    seen: str = ""
    seeing: str = ""
    fact: str | None = None


class Kept(msgspec.Struct, kw_only=True):
    """A page that lies on disk, with whom it was asked of, for what, and when."""

    number: int
    source: str
    appeal_id: str
    at: datetime
    sha256: str
    task: Task
    page: Page
    period: str = ""


def passing(source: str, appeal_id: str, task: Task, page: Page, *, at: datetime) -> Kept:
    """Return a page that is not laid on disk: it has no number, and is never written."""
    return Kept(
        number=0, source=source, appeal_id=appeal_id, at=at, sha256="", task=task, page=page
    )


class Journal:
    """The pages and the state of one store's collecting.

    Raises
    ------
    ProtectionError
        The store's key is missing.
    """

    def __init__(self, store: Store) -> None:
        self._sealer = Sealer(read_key(store.store_id))
        self._folder = store.path / PAGES
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._state = _opened(store.path / STATE)
        numbers = [_number_of(path) for path in self._files()]
        self._tidy(numbers)
        self._last = max([self._up_to(), *self._finished(), *numbers])

    def close(self) -> None:
        """Close the state."""
        self._state.close()

    def keep(
        self, source: str, appeal_id: str, task: Task, page: Page, *, at: datetime, period: str = ""
    ) -> Kept:
        """Lay a page on disk, safe from power cuts, and return it with its number."""
        with self._lock:
            self._last += 1
            kept = Kept(
                number=self._last,
                source=source,
                appeal_id=appeal_id,
                at=at,
                sha256=hashlib.sha256(page.payload).hexdigest(),
                task=task,
                page=page,
                period=period,
            )
            path = self._path(kept.number)
            sealed = self._sealer.seal(msgspec.msgpack.encode(kept), path.name.encode())
            _lay_safely(path, sealed)
        return kept

    def unfinished(self) -> Iterator[Kept]:
        """Yield the pages whose rows may not be in the tables, in the order they came."""
        up_to, finished = self._up_to(), self._finished()
        for path in self._files():
            if (number := _number_of(path)) > up_to and number not in finished:
                yield self.page(path)

    def all(self) -> Iterator[Kept]:
        """Yield every page that is still kept, in the order they came."""
        yield from map(self.page, self._files())

    def page(self, path: Path) -> Kept:
        """Return the page in a file."""
        plain = self._sealer.opened(path.read_bytes(), path.name.encode())
        return msgspec.msgpack.decode(plain, type=Kept)

    def finish(self, pages: Sequence[Kept], progress: Mapping[str, Iterable[Progress]]) -> None:
        """Note that the rows of pages are in the tables, and how far their questions are."""
        with _telling(self._state) as state:
            for source, those in progress.items():
                self._note(state, source, those)
            for kept in pages:
                state.execute(
                    "INSERT INTO spent VALUES (?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET units = units + excluded.units",
                    (kept.source, kept.period, kept.page.spent),
                )
            state.executemany(
                "INSERT OR IGNORE INTO finished VALUES (?)", [(kept.number,) for kept in pages]
            )

    def _note(self, state: sqlite3.Connection, source: str, those: Iterable[Progress]) -> None:
        for each in those:
            name = self._sealer.name(f"{source} {each.task.key}")
            sealed = self._sealer.seal(msgspec.msgpack.encode(each), name)
            state.execute(
                "INSERT INTO progress (source, name, sealed) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET sealed = excluded.sealed",
                (source, name, sealed),
            )

    def progress(self, source: str) -> list[Progress]:
        """Return how far each question of a source is, in the order they arose."""
        rows = self._state.execute(
            "SELECT name, sealed FROM progress WHERE source = ? ORDER BY position", (source,)
        )
        return [
            msgspec.msgpack.decode(self._sealer.opened(sealed, name), type=Progress)
            for name, sealed in rows
        ]

    def spent(self, source: str, period: str) -> int:
        """Return what a source has cost in a period, in its unit."""
        row = self._state.execute(
            "SELECT units FROM spent WHERE source = ? AND period = ?", (source, period)
        ).fetchone()
        return int(row[0]) if row else 0

    def remove(self, kept: Kept) -> None:
        """Remove a page."""
        self._path(kept.number).unlink(missing_ok=True)

    def questions(self) -> Iterator[tuple[str, Progress]]:
        """Yield every question, with its source's name."""
        sources = self._state.execute("SELECT DISTINCT source FROM progress").fetchall()
        for (source,) in sources:
            yield from ((source, each) for each in self.progress(source))

    def drop(self, source: str, question: Progress) -> None:
        """Forget that a question was ever asked."""
        with _telling(self._state) as state:
            name = self._sealer.name(f"{source} {question.task.key}")
            state.execute("DELETE FROM progress WHERE source = ? AND name = ?", (source, name))

    def wipe(self) -> None:
        """Write the state anew, so that nothing that was deleted lies between what is left."""
        with _telling(self._state) as state:
            state.execute("PRAGMA secure_delete = ON")
        with _telling(self._state) as state:
            state.execute("VACUUM")
        self._state.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def release(self, *, before: datetime) -> int:
        """Remove the finished pages that came before a time, and return how many."""
        released = 0
        up_to, finished = self._up_to(), self._finished()
        for path in self._files():
            if _number_of(path) > up_to and _number_of(path) not in finished:
                continue
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                path.unlink()
                released += 1
        return released

    def _up_to(self) -> int:
        """Return the number up to which every page is finished."""
        row = self._state.execute("SELECT value FROM numbers WHERE name = 'up to'").fetchone()
        return int(row[0]) if row else 0

    def _finished(self) -> set[int]:
        """Return the numbers of the pages above that are finished: pages are not in one line."""
        return {number for (number,) in self._state.execute("SELECT number FROM finished")}

    def _tidy(self, on_disk: Sequence[int]) -> None:
        """Put finished pages that lie before every unfinished one into one number."""
        up_to, finished = self._up_to(), self._finished()
        left = [number for number in on_disk if number > up_to and number not in finished]
        new = min(left) - 1 if left else max([up_to, *finished])
        with _telling(self._state) as state:
            state.execute("INSERT OR REPLACE INTO numbers VALUES ('up to', ?)", (new,))
            state.execute("DELETE FROM finished WHERE number <= ?", (new,))

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:012d}.page"

    def _files(self) -> list[Path]:
        return sorted(path for path in self._folder.glob("*.page") if path.stem.isdigit())


def oldest_kept(days: int, now: datetime) -> datetime:
    """Return the time before which pages are released."""
    return now - timedelta(days=days)


def _number_of(path: Path) -> int:
    return int(path.stem)


def _opened(path: Path) -> sqlite3.Connection:
    try:
        state = sqlite3.connect(path, check_same_thread=False, timeout=60)
        state.execute("PRAGMA journal_mode = WAL")
        state.execute("PRAGMA synchronous = FULL")
        state.executescript(_TABLES)
    except sqlite3.Error as error:
        msg = (
            f"{path} cannot be used ({error}); check your rights, or remove it: then every question"
            " is asked from its beginning"
        )
        raise StoreError(msg) from None
    return state


@contextmanager
def _telling(state: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Change the state in one go, or say why it cannot be changed."""
    try:
        with state:
            yield state
    except sqlite3.Error as error:
        msg = (
            f"the state of collecting cannot be written ({error}); check the space and your rights"
        )
        raise StoreError(msg) from None


def _lay_safely(path: Path, data: bytes) -> None:
    """Write a file so that after a power cut it is there whole, or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    with suppress(OSError):  # some systems cannot open folders
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
