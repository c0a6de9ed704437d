"""From files to the store: find each file's format, read, write, and say what was lost."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from uuid import uuid4

import polars as pl

from analytics import __version__
from analytics.errors import FormatError
from analytics.merging import Written
from analytics.protection import key_path
from analytics.store import Batch, Store, is_store
from analytics.summary import most_shared
from analytics.tables import ACCOUNTS, IMPORTS, LOSSES, SHARES, Table
from collectors.exports.formats import Head, Options, Part, detect, formats, named
from collectors.exports.losses import Losses
from collectors.exports.times import known_zone

FLUSH_ROWS = 100_000
_EMPTY = "is empty"
_FOREIGN = "is in no format that groundswell reads"
_MOST_SHARED = ("top_post_id", "top_shares", "top_reposts")


@dataclass(frozen=True)
class Report:
    """What one import did."""

    import_id: str
    appeal_id: str
    files: pl.DataFrame  # rows of ``imports``
    losses: pl.DataFrame  # rows of ``losses``
    held: dict[str, int]  # posts that the appeal has now, by kind, the most first
    named: int  # shares among them whose source account is named
    most_shared: dict[str, str | int] | None  # the post that most shares held name, and how many


@dataclass
class _Plan:
    """Which file is read by which format."""

    by_format: dict[str, list[Path]] = field(default_factory=dict)
    unread: dict[Path, str] = field(default_factory=dict)

    @property
    def files(self) -> Iterator[tuple[Path, str | None]]:
        for name, paths in self.by_format.items():
            yield from ((path, name) for path in paths)
        yield from ((path, None) for path in self.unread)


def import_files(
    store_path: Path,
    files: Sequence[Path],
    *,
    format_name: str | None = None,
    appeal: str | None = None,
    timezone: str | None = None,
) -> Report:
    """Read files into a store, which is made if it is not there.

    Importing the same files again changes nothing. If nothing can be read, nothing is changed:
    a store made for it is taken away again, with its key.

    Raises
    ------
    FormatError
        A file is missing, or none of the files is in a known format or readable.
    StoreError, SettingsError, ProtectionError
        The store cannot be written.
    """
    zone = known_zone(timezone) if timezone else None
    plan = _plan(files, format_name)
    made = not is_store(store_path)
    folder_was_there = store_path.exists()
    store = Store.create(store_path, appeal_id=appeal or "appeal")
    try:
        options = Options(store.settings.appeal_id(appeal), zone)
        return _Import(store, plan, options, timezone).run()
    except BaseException:
        if made and not store.versions():
            _unmake(store, keep_folder=folder_was_there)
        raise


def _unmake(store: Store, *, keep_folder: bool) -> None:
    key_path(store.store_id).unlink(missing_ok=True)
    for path in store.path.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if not keep_folder:
        store.path.rmdir()


def _plan(files: Sequence[Path], format_name: str | None) -> _Plan:
    chosen = named(format_name) if format_name else None
    plan = _Plan()
    for path in _expand(files):
        try:
            head = Head.of(path)
        except FormatError as error:
            plan.unread[path] = str(error).removeprefix(f"{path} ")
            continue
        if not head.data.strip():
            plan.unread[path] = _EMPTY
        elif each := chosen or detect(head):
            plan.by_format.setdefault(each.name, []).append(path)
        else:
            plan.unread[path] = _FOREIGN
    if not plan.by_format:
        raise FormatError(_nothing_readable(plan))
    return plan


def _expand(files: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in files:
        if not path.exists():
            msg = f"{path} does not exist; check the path"
            raise FormatError(msg)
        if not path.is_dir() and not path.is_file():
            msg = f"{path} is neither a file nor a folder; save it as a file first"
            raise FormatError(msg)
        found += sorted(_inside(path)) if path.is_dir() else [path]
    if not found:
        msg = f"{files[0]} holds no files; name the folder or file of the export"
        raise FormatError(msg)
    return list(dict.fromkeys(found))


def _inside(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder, but not hidden ones."""
    if is_store(folder):
        msg = (
            f"{folder} is a store; write the tables you need with "
            f"`groundswell export {folder} --table posts -o posts.parquet` and import these"
        )
        raise FormatError(msg)
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and not path.is_symlink() and not is_store(path):
            yield from _inside(path)


def _nothing_readable(plan: _Plan) -> str:
    path, fact = next(iter(plan.unread.items()))
    others = f" (nor can {len(plan.unread) - 1} more files be read)" if len(plan.unread) > 1 else ""
    ways_out = {
        _EMPTY: "export it again",
        _FOREIGN: "groundswell reads: " + ", ".join(each.label for each in formats().values()),
    }
    way_out = ways_out.get(fact)
    return f"{path} {fact}{others}" + (f"; {way_out}" if way_out else "")


class _Import:
    """One run: buffers parts, writes them in batches, counts what became of them."""

    def __init__(self, store: Store, plan: _Plan, options: Options, timezone: str | None) -> None:
        self.store = store
        self.plan = plan
        self.options = options
        self.losses: Losses = options.losses
        self.id = uuid4().hex[:12]
        self.timezone = timezone

    def run(self) -> Report:
        """Read everything, write it, and keep the report in the store."""
        started = {
            name: _started(formats()[name].read(paths, self.options))
            for name, paths in self.plan.by_format.items()
        }
        if not any(started.values()):
            raise FormatError(self._nothing_held())
        files = self._provenance()
        for path, fact in self.plan.unread.items():
            self.losses.add("dropped", "files", fact, example=path.name)
        for name, parts in started.items():
            self._write(name, parts or [], files)
        return self._finish(files)

    def _nothing_held(self) -> str:
        path = next(iter(self.plan.by_format.values()))[0]
        reason = (
            self.losses.first("dropped", "files")
            or self.losses.first("dropped", "rows")
            or f"{path.name}: holds no posts"
        )
        return f"{reason}; nothing was imported, export it again or choose another file"

    def _write(self, name: str, parts: Iterable[Part], files: pl.DataFrame) -> None:
        series = f"import:{_digest(files)}:{name}"
        for number, batch in enumerate(_buffered(parts)):
            for part in batch:
                rows = _stamped(part, self.options.appeal_id, name)
                place = Batch(f"{series}:{part.what}", number)
                self._count(part.what, self.store.append(part.table, rows, batch=place))

    def _count(self, what: str, done: Written) -> None:
        self.losses.add("kept", what, "new", done.new)
        self.losses.add("merged", what, "completed a row that was held", done.completed)
        self.losses.add("merged", what, "held already, nothing new in it", done.held)
        self.losses.add("merged", what, "came more than once in these files", done.repeated)
        self.losses.add(
            "unknown", what, "differs from the row held, whose values were kept", done.disagreeing
        )

    def _provenance(self) -> pl.DataFrame:
        rows = []
        for path, name in self.plan.files:
            sha256, payload = self.store.keep_payload(path)
            rows.append(
                {
                    "import_id": self.id,
                    "at": datetime.now(UTC),
                    "appeal_id": self.options.appeal_id,
                    "file": path.name.encode(errors="replace").decode(),
                    "sha256": sha256,
                    "bytes": path.stat().st_size,
                    "format": name,
                    "timezone": self.timezone,
                    "payload": payload,
                    "version": __version__,
                }
            )
        return pl.DataFrame(rows, schema=IMPORTS.schema)

    def _finish(self, files: pl.DataFrame) -> Report:
        losses = self.losses.table(self.id)
        self.store.declare_appeals()
        self.store.append(IMPORTS, files)
        self.store.append(LOSSES, losses)
        self.store.compact(only_crowded=True)
        appeal_id = self.options.appeal_id
        posts = self.store.read("posts", appeal_id=appeal_id)
        kinds = posts["kind"].value_counts(sort=True)
        source = pl.coalesce("parent_account_id", "root_account_id")
        named = posts.filter(pl.col("kind").is_in(SHARES), source.is_not_null())
        return Report(
            self.id,
            appeal_id,
            files,
            losses,
            held=dict(kinds.iter_rows()),
            named=named.height,
            most_shared=_most_shared(posts),
        )


def _most_shared(posts: pl.DataFrame) -> dict[str, str | int] | None:
    for post, shares, reposts in most_shared(posts).select(_MOST_SHARED).iter_rows():
        return {"post_id": post, "reposts": reposts, "quotes": shares - reposts}
    return None


def _started(parts: Iterator[Part]) -> Iterator[Part] | None:
    """Read up to the first rows: whatever refuses does so before anything is written."""
    for part in parts:
        if not part.frame.is_empty():
            return chain([part], parts)
    return None


def _buffered(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Join small parts of one table and kind, so that every commit is worth its files."""
    waiting: dict[tuple[Table, str], list[pl.DataFrame]] = {}
    rows = 0
    for part in parts:
        waiting.setdefault((part.table, part.what), []).append(part.frame)
        rows += part.frame.height
        if rows >= FLUSH_ROWS:
            yield _joined(waiting)
            waiting, rows = {}, 0
    if waiting:
        yield _joined(waiting)


def _joined(waiting: dict[tuple[Table, str], list[pl.DataFrame]]) -> list[Part]:
    parts = [
        Part(table, pl.concat(frames, how="diagonal"), what)
        for (table, what), frames in waiting.items()
    ]
    return sorted(parts, key=lambda part: part.table is not ACCOUNTS)  # accounts first


def _stamped(part: Part, appeal_id: str, source: str) -> pl.DataFrame:
    """Add what every row of this import has in common."""
    common = {"appeal_id": appeal_id, "source": source}
    return part.frame.with_columns(
        pl.lit(value).alias(name)
        for name, value in common.items()
        if name in part.table.columns and name not in part.frame.columns
    )


def _digest(files: pl.DataFrame) -> str:
    """Name an import by all that decides its outcome, so that its replay is recognised."""
    parts = files.select("appeal_id", "sha256", "format", "timezone", "version").rows()
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
