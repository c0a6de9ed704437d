"""From files to the store: find each file's format, read, write, and say what was lost."""

import gc
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import polars as pl

from analytics import __version__
from analytics.errors import FormatError
from analytics.protection import key_path
from analytics.store import Store, is_store
from analytics.summary import most_shared
from analytics.tables import APPEALS, IMPORTS, LOSSES, SHARES
from collectors.exports.foreign import foreign
from collectors.exports.formats import (
    Head,
    Options,
    Part,
    detect,
    is_register,
    known_formats,
    named,
)
from collectors.exports.losses import Losses
from collectors.exports.sources import Found, Source, find
from collectors.exports.times import known_zone
from collectors.writing import Writing

SCRATCH = "groundswell-"  # folders for what has to be unpacked or recoded
_EMPTY = "is empty"
_ENDINGS = "csv|gz|htm|html|json|jsonl|ndjson|parquet|rss|tab|tar|tgz|tsv|txt|xml|zip|zst"
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

    by_format: dict[str, list[Source]] = field(default_factory=dict)
    unread: dict[Source, str] = field(default_factory=dict)

    @property
    def files(self) -> Iterator[tuple[Source, str | None]]:
        for name, sources in self.by_format.items():
            yield from ((source, name) for source in sources)
        yield from ((source, None) for source in self.unread)


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
    a store made for it is taken away again, with its key. Registers of appeals bring their own, one
    for each petition or event; with ``appeal`` what they hold is of that one.

    Raises
    ------
    FormatError
        A file is missing, or none of the files is in a known format or readable.
    StoreError, SettingsError, ProtectionError
        The store cannot be written.
    """
    zone = known_zone(timezone) if timezone else None
    with TemporaryDirectory(prefix=SCRATCH, ignore_cleanup_errors=True) as scratch:
        plan = _plan(find(files, Path(scratch)), format_name)
        return _into_store(
            store_path, plan, appeal, timezone, Options("", zone, scratch=Path(scratch))
        )


def _into_store(
    store_path: Path,
    plan: _Plan,
    appeal: str | None,
    timezone: str | None,
    options: Options,
) -> Report:
    made = not is_store(store_path)
    folder_was_there = store_path.exists()
    registers = [name for name in plan.by_format if is_register(name)]
    brings_all = appeal is None and len(registers) == len(plan.by_format)
    store = Store.create(store_path, appeal_id=appeal or (None if brings_all else "appeal"))
    try:
        options.appeal_id = registers[0] if brings_all else store.settings.appeal_id(appeal)
        options.appeal_asked = appeal is not None
        options.keeps_words = store.settings.protection.level == "open"
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


def _plan(found: Found, format_name: str | None) -> _Plan:
    chosen = named(format_name) if format_name else None
    plan = _Plan(unread=dict(found.unread))
    for source in found.sources:
        try:
            head = Head.of(source)
        except FormatError as error:
            plan.unread[source] = str(error).removeprefix(f"{source.name} ")
            continue
        if not head.data.strip():
            plan.unread[source] = _EMPTY
        elif fact := foreign(head.raw):
            plan.unread[source] = fact
        elif each := chosen or detect(head):
            plan.by_format.setdefault(each.name, []).append(source)
        else:
            plan.unread[source] = _FOREIGN
    if not plan.by_format:
        raise FormatError(_nothing_readable(plan))
    return plan


def _nothing_readable(plan: _Plan) -> str:
    source, fact = next(iter(plan.unread.items()))
    others = f" (nor can {len(plan.unread) - 1} more files be read)" if len(plan.unread) > 1 else ""
    ways_out = {
        _EMPTY: "export it again",
        _FOREIGN: "`groundswell formats` lists what it reads",
    }
    way_out = ways_out.get(fact)
    return f"{source.name} {fact}{others}" + (f"; {way_out}" if way_out else "")


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
        with _without_collecting_garbage():
            return self._run()

    def _run(self) -> Report:
        started = {
            name: _started(known_formats()[name].read(paths, self.options))
            for name, paths in self.plan.by_format.items()
        }
        if not any(started.values()):
            raise FormatError(self._nothing_held())
        files = self._provenance()
        for source, fact in self.plan.unread.items():
            self.losses.add("dropped", "files", fact, example=source.name)
        writing = Writing(self.store, self.options.appeal_id, self.losses)
        for name, parts in started.items():
            own: Iterable[Part] = parts or []
            writing.write(name, _of_one(own) if self.options.appeal_asked else own)
        return self._finish(files)

    def _nothing_held(self) -> str:
        source = next(iter(self.plan.by_format.values()))[0]
        reason = (
            self.losses.first("dropped", "files")
            or self.losses.first("dropped", "rows")
            or f"{source.name}: holds no posts"
        )
        return f"{reason}; nothing was imported, export it again or choose another file"

    def _provenance(self) -> pl.DataFrame:
        rows = []
        kept: dict[Path, tuple[str, str | None]] = {}
        for path in {source.payload for source, _ in self.plan.files}:
            with suppress(OSError):  # what cannot be read is among the losses
                kept[path] = self.store.keep_payload(path)
        for source, name in self.plan.files:
            if source.payload not in kept:
                continue
            sha256, payload = kept[source.payload]
            rows.append(
                {
                    "import_id": self.id,
                    "at": datetime.now(UTC),
                    "appeal_id": self.options.appeal_id,
                    "file": source.name.encode(errors="replace").decode(),
                    "sha256": sha256,
                    "bytes": source.payload.stat().st_size,
                    "format": name,
                    "timezone": self.timezone,
                    "payload": payload,
                    "version": __version__,
                }
            )
        return pl.DataFrame(rows, schema=IMPORTS.schema)

    def _without_names(self, rows: pl.DataFrame, column: str) -> pl.DataFrame:
        """Return rows as a store may keep them: names of files can name people."""
        if self.store.settings.protection.level == "open":
            return rows
        numbered = {
            source.name.encode(errors="replace").decode(): f"file {number}{_ending(source.name)}"
            for number, (source, _) in enumerate(self.plan.files, 1)
        }
        places = [_renamed(told, numbered) for told in rows[column]]
        rows = rows.with_columns(pl.Series(column, places, dtype=pl.String))
        if "reason" not in rows.columns:
            return rows
        reasons = [_without(told, numbered) for told in rows["reason"]]
        return rows.with_columns(pl.Series("reason", reasons, dtype=pl.String))

    def _finish(self, files: pl.DataFrame) -> Report:
        losses = self.losses.table(self.id)
        self.store.declare_appeals()
        self.store.append(IMPORTS, self._without_names(files, "file"))
        self.store.append(LOSSES, self._without_names(losses, "example"))
        self.store.compact(only_crowded=True)
        appeal_id = self.options.appeal_id
        posts = self.store.scan("posts").filter(pl.col("appeal_id") == appeal_id)
        source = pl.coalesce("parent_account_id", "root_account_id").is_not_null()
        kinds = (
            posts.group_by("kind").agg(pl.len(), named=source.sum()).sort("len", descending=True)
        ).collect()
        return Report(
            self.id,
            appeal_id,
            files,
            losses,
            held=dict(kinds.select("kind", "len").iter_rows()),
            named=int(kinds.filter(pl.col("kind").is_in(SHARES))["named"].sum()),
            most_shared=_most_shared(posts),
        )


def _of_one(parts: Iterable[Part]) -> Iterator[Part]:
    """Leave out which appeal of a register rows are of: all are of the one that was asked for."""
    for part in parts:
        if part.table is not APPEALS:
            yield Part(part.table, part.frame.drop("appeal_id", strict=False), part.what)


def _most_shared(posts: pl.LazyFrame) -> dict[str, str | int] | None:
    for post, shares, reposts in most_shared(posts).select(_MOST_SHARED).collect().iter_rows():
        return {"post_id": post, "reposts": reposts, "quotes": shares - reposts}
    return None


def _renamed(told: str | None, numbered: dict[str, str]) -> str | None:
    """Return a place with its file's number for its name; null where it begins otherwise."""
    begins = [name for name in numbered if told and told.startswith(name)]
    if not told or not begins:
        return None
    name = max(begins, key=len)
    return numbered[name] + told[len(name) :]


def _without(told: str, numbered: dict[str, str]) -> str:
    """Return a reason with the numbers of files for their names."""
    for name in sorted(numbered, key=len, reverse=True):
        told = told.replace(name, numbered[name])
    return told


def _ending(name: str) -> str:
    """Return the usual endings of a name; anything else may be part of a name."""
    found = re.search(rf"(?:\.(?:{_ENDINGS}))+$", name.lower())
    return found[0] if found else ""


@contextmanager
def _without_collecting_garbage() -> Iterator[None]:
    """Stop looking for cycles: millions of small objects come and go, and none are in a cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _started(parts: Iterator[Part]) -> Iterator[Part] | None:
    """Read up to the first rows: whatever refuses does so before anything is written."""
    for part in parts:
        if not part.frame.is_empty():
            return chain([part], parts)
    return None
