"""The store: one directory, one Delta table per table, and a few small files.

::

    STORE/
      groundswell.toml   what the user decided
      store.json         id, format and version of the store; accounts known to be public
      tables/NAME/       Parquet files and the Delta log
      raw/               payloads as received (protection level "open" only)

Every append is one atomic commit: a reader sees all of it or nothing, and a process that is killed
leaves a store that opens with everything acknowledged in it. One process writes at a time; readers
never wait.

>>> import tempfile, os
>>> os.environ["GROUNDSWELL_KEYS"] = tempfile.mkdtemp()
>>> store = Store.create(Path(tempfile.mkdtemp()) / "s")
>>> row = {"post_id": "x:1", "appeal_id": "appeal", "platform": "x", "account_id": "x:7"}
>>> page = pl.DataFrame([row | {"kind": "original", "source": "example"}])
>>> store.append(POSTS, page)
Written(new=1, completed=0, held=0, repeated=0, disagreeing=0, forgotten=0)
>>> store.append(POSTS, page)
Written(new=0, completed=0, held=1, repeated=0, disagreeing=0, forgotten=0)
>>> store.read("posts")["account_id"].str.starts_with("x:~").all()
True
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote
from uuid import uuid4

import numpy as np
import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import DeltaError
from filelock import FileLock, Timeout

from analytics import __version__, settings
from analytics.catalog import TABLES
from analytics.detection import with_text_lang
from analytics.errors import ProtectionError, StoreError
from analytics.merging import Written, content_hashes, key_hashes, merge, one_row_a_key
from analytics.protection import Protector, account_columns, make_key, read_key
from analytics.schema import Table
from analytics.tables import ACCOUNTS, APPEALS, FOLLOWS, POSTS, TOMBSTONES
from analytics.tombstones import Marks

FORMAT = 1
DAY = "day"
LOCK_SECONDS = 60.0
KEEP_HOURS = 24 * 7  # older file versions are removed by vacuum
_UNUSABLE = re.compile(r"[=%#?*\[\]{}^|<>`\"]")  # delta-rs reads them as something else
CROWDED = 40  # files a partition; above it the table is compacted by itself


@dataclass(frozen=True)
class Batch:
    """The place of an append in a series: the same batch, sent again, is skipped."""

    series: str
    number: int


class Store:
    """A directory of tables.

    Raises
    ------
    StoreError
        The directory is not a store, or a newer version made it.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._about = self._read_about()
        self._lock = FileLock(self.path / ".lock", timeout=LOCK_SECONDS)
        self._measuring = FileLock(self.path / ".measuring", timeout=LOCK_SECONDS)
        self._known: dict[str, _Known] = {}
        self._opened: dict[str, DeltaTable] = {}
        self._marks: tuple[int, Marks] | None = None

    def __repr__(self) -> str:
        """Say where it is and what it holds."""
        counts = ", ".join(f"{n} {v}" for n, v in self.versions().items())
        return f"<Store {self.path} ({counts or 'empty'})>"

    @classmethod
    def create(cls, path: str | Path, *, appeal_id: str | None = "appeal") -> Self:
        """Make an empty store with a commented ``groundswell.toml``, and its key.

        Without ``appeal_id`` no appeal is declared: registers bring their own.

        Raises
        ------
        StoreError
            The path is a file, or a directory that holds other things.
        """
        path = Path(path)
        if is_store(path):
            return cls(path)
        if found := _UNUSABLE.search(str(path.resolve())):
            msg = f"{path} has a {found[0]!r} in its path, which tables cannot have; choose another"
            raise StoreError(msg)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            msg = f"{path} is there already and is not a store; choose another name"
            raise StoreError(msg)
        store_id = uuid4().hex
        about = {
            "format": FORMAT,
            "store_id": store_id,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": __version__,
        }
        key = make_key(store_id)
        files = {"groundswell.toml": settings.template(appeal_id), "store.json": _json(about)}
        try:
            _lay(path, files)
        except StoreError:
            key.unlink(missing_ok=True)
            raise
        return cls(path)

    def _read_about(self) -> dict[str, Any]:
        if not is_store(self.path):
            fact = "is not a store" if self.path.exists() else "does not exist"
            msg = f"{self.path} {fact}; `groundswell init {self.path}` makes one"
            raise StoreError(msg)
        try:
            about = json.loads((self.path / "store.json").read_text(encoding="utf-8"))
            made_by = int(about["format"])
            str(about["store_id"])
        except (ValueError, KeyError, TypeError, RecursionError, OSError):
            msg = f"{self.path / 'store.json'} is damaged; restore it from a copy"
            raise StoreError(msg) from None
        if made_by > FORMAT:
            msg = (
                f"{self.path} has store format {made_by}, this groundswell {__version__} knows "
                f"up to {FORMAT}; install a newer groundswell"
            )
            raise StoreError(msg)
        return dict(about)

    @cached_property
    def settings(self) -> settings.Settings:
        """What ``groundswell.toml`` says."""
        return settings.load(self.path / "groundswell.toml")

    @property
    def zone(self) -> tzinfo:
        """The time zone of times that are written without one."""
        return settings.zone_of(self.settings.timezone)

    @property
    def store_id(self) -> str:
        """The store's own id, under which its key is kept."""
        return str(self._about["store_id"])

    def declare_appeals(self) -> None:
        """Write the appeals of ``groundswell.toml`` into their table."""
        held = self.read("appeals", columns=["appeal_id", "simulated"])
        declared = self.settings.appeals_table().drop("simulated")
        rows = declared.join(held, on="appeal_id", how="left", maintain_order="left")
        self.append(APPEALS, rows.with_columns(pl.col("simulated").fill_null(value=False)))

    @property
    def simulated(self) -> bool:
        """Whether any appeal in it was made by the simulator."""
        return bool(self.read("appeals", columns=["simulated"])["simulated"].any())

    # reading

    def scan(self, table: str) -> pl.LazyFrame:
        """Return a table, lazily; an empty one where nothing has been written."""
        spec = TABLES[table]
        return self._rows(spec).select(*spec.columns) if self._exists(spec) else spec.empty().lazy()

    def read(
        self, table: str, *, columns: Sequence[str] | None = None, appeal_id: str | None = None
    ) -> pl.DataFrame:
        """Return a table, or some columns of it, for one appeal or for all.

        Raises
        ------
        StoreError
            The table's files are damaged or gone.
        """
        try:
            try:
                return self._read(table, columns, appeal_id)
            except OSError:  # files were removed meanwhile: the table is looked at anew
                self._opened.pop(table, None)
                return self._read(table, columns, appeal_id)
        except (DeltaError, OSError, pl.exceptions.ComputeError) as error:
            fact = str(error).splitlines()[0]
            msg = f"{self.path}: the table {table} is damaged ({fact}); restore it from a copy"
            raise StoreError(msg) from None

    def _read(
        self, table: str, columns: Sequence[str] | None, appeal_id: str | None
    ) -> pl.DataFrame:
        rows = self.scan(table)
        if appeal_id is not None:
            rows = rows.filter(pl.col("appeal_id") == appeal_id)
        return (rows.select(*columns) if columns else rows).collect()

    def versions(self) -> dict[str, int]:
        """Return the version of each table that was ever written: cite these with a result."""
        return {n: self._delta(t).version() for n, t in TABLES.items() if self._exists(t)}

    def version(self, table: str) -> int | None:
        """Return the version of one table; None where it was never written."""
        held = TABLES[table]
        return self._delta(held).version() if self._exists(held) else None

    # writing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer's place.

        Raises
        ------
        StoreError
            Another process has been writing for too long.
        """
        with self._place(self._lock, "written"):
            yield

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Hold the place of the one who measures; others may write meanwhile.

        Raises
        ------
        StoreError
            Another process has been measuring for too long.
        """
        with self._place(self._measuring, "measured"):
            yield

    @contextmanager
    def _place(self, lock: FileLock, act: str) -> Iterator[None]:
        try:
            lock.acquire()
        except Timeout:
            msg = (
                f"{self.path} is being {act} by another process for more than "
                f"{LOCK_SECONDS:.0f} s; wait until it has ended"
            )
            raise StoreError(msg) from None
        try:
            yield
        except DeltaError as error:
            fact = str(error).splitlines()[0][:200]
            msg = f"{self.path} cannot be written ({fact}); check the space and your rights to it"
            raise StoreError(msg) from None
        finally:
            lock.release()

    def append(self, table: Table, frame: pl.DataFrame, *, batch: Batch | None = None) -> Written:
        """Check, protect and write rows by key, in one atomic commit.

        Raises
        ------
        TableError
            The frame is not what the table promises.
        ProtectionError
            The key is missing, or the public list changed after its accounts were written.
        """
        frame = table.check(frame)
        with self.writing():
            if batch and self._has(table, batch):
                return Written(held=frame.height)
            rows, repeated = self._let_in(table, frame)
            return self._upsert(table, rows, batch) + repeated

    def append_new(self, table: Table, frame: pl.DataFrame) -> tuple[Written, pl.DataFrame]:
        """Write the rows whose keys are new, count those that are held just so, return the others.

        For long imports: what differs from a held row is rare, and dear to merge. Its rows can be
        kept and appended together at the end.

        Raises
        ------
        TableError
            The frame is not what the table promises.
        ProtectionError
            The key is missing, or the public list changed after its accounts were written.
        """
        frame = table.check(frame)
        with self.writing():
            rows, repeated = self._let_in(table, frame)
            fresh, others, held = self._sorted_out(table, rows)
            if not fresh.is_empty():
                self._commit(table, fresh, None)
                self._note_held(table, fresh)
            return Written(new=fresh.height, held=held) + repeated, others

    def _let_in(self, table: Table, frame: pl.DataFrame) -> tuple[pl.DataFrame, Written]:
        """Return the protected rows, one a key, and how many came more than once.

        The language of words is found before protection takes them away. What was forgotten
        stays outside.
        """
        rows = with_text_lang(frame) if table is POSTS else frame
        rows = self.protected(table, rows)
        let_in = self.marks.without(table, rows)
        one_each = one_row_a_key(table, let_in)
        repeated = let_in.height - one_each.height
        return one_each, Written(repeated=repeated, forgotten=rows.height - let_in.height)

    def write(self, table: Table, frame: pl.DataFrame) -> None:
        """Replace a measured table as a whole.

        Raises
        ------
        StoreError
            The table is not measured: its rows pass protection, one append after another.
        TableError
            The frame is not what the table promises.
        """
        if not table.measured:
            msg = f"{table.name} is not a measured table; use append"
            raise StoreError(msg)
        frame = table.check(frame)
        with self.writing():
            write_deltalake(
                str(self._folder(table)), frame, mode="overwrite", schema_mode="overwrite",
                commit_properties=_commit(None),
            )  # fmt: skip

    def remove(self, table: Table, column: str, values: Sequence[str], **also: str) -> None:
        """Take away the rows that hold any of some values in a column of text.

        Only those go that hold, in further columns, what is said of them.
        """
        listed = ", ".join(_quoted(value) for value in values)
        further = "".join(f" AND {name} = {_quoted(value)}" for name, value in also.items())
        with self.writing():
            if listed and self._exists(table):
                self._delta(table).delete(f"{column} IN ({listed}){further}")

    # forgetting

    @property
    def marks(self) -> Marks:
        """The marks of what was forgotten.

        Raises
        ------
        ProtectionError
            The key is missing.
        """
        version = self.version(TOMBSTONES.name)
        if version is None:
            return Marks(b"", ())
        if self._marks is None or self._marks[0] != version:
            held = self.read(TOMBSTONES.name, columns=["mark"])["mark"]
            self._marks = version, Marks(read_key(self.store_id), held)
        return self._marks[1]

    def take_out_forgotten(self) -> dict[str, int]:
        """Take what is marked out of the tables that are kept; return rows that went, by table.

        What was measured stays as it is until it is measured again, and older versions of every
        table until :meth:`drop_history`.
        """
        gone = {}
        with self.writing():
            for table in TABLES.values():
                if not table.measured and table is not TOMBSTONES and self._exists(table):
                    gone[table.name] = sum(self._taken_out(table, day) for day in self._days(table))
        return {name: rows for name, rows in gone.items() if rows}

    def _days(self, table: Table) -> list[date | None]:
        """Return the days of a table; of one that has none, one."""
        if not table.day:
            return [None]
        return self._rows(table).select(DAY).unique().collect()[DAY].to_list()

    def _taken_out(self, table: Table, day: date | None) -> int:
        rows = self._rows(table)
        held = (rows.filter(_is_in([day])) if table.day else rows).select(*table.columns).collect()
        left = one_row_a_key(table, self.marks.without(table, held))
        if left.equals(held):
            return 0
        where = _in_days([day]) if table.day else None
        if left.is_empty():
            self._delta(table).delete(where)
        else:
            write_deltalake(
                str(self._folder(table)), _with_day(table, left), mode="overwrite",
                predicate=where, schema_mode="merge", commit_properties=_commit(None),
            )  # fmt: skip
        return held.height - left.height

    def drop_history(self) -> None:
        """Remove every older version of every table: files, and what the logs tell of them."""
        with self.writing():
            for name, table in TABLES.items():
                if self._exists(table):
                    _drop_history(self._delta(table), self._folder(table))
                    self._opened.pop(name, None)

    def empty_measured(self) -> None:
        """Take every row out of what was measured: there is nothing left to measure."""
        for name in self.versions():
            if TABLES[name].measured:
                self.write(TABLES[name], TABLES[name].empty())

    def forget_public(self, accounts: Sequence[str]) -> None:
        """No longer know accounts as public that ``groundswell.toml`` does not name."""
        named = {account.lower() for account in accounts}
        named -= {actor.account.lower() for actor in self.settings.public}
        about = self._read_about()
        if "declared" in about:
            learned = dict(about.get("learned", {})).items()
            about["declared"] = [each for each in about["declared"] if each not in named]
            about["learned"] = {a: n for a, n in learned if not {a, n} & named}
            _write_atomically(self.path / "store.json", _json(about))
            self._about = about

    def compact(self, *, only_crowded: bool = False) -> int:
        """Merge small files and remove those that no recent version needs; return files saved."""
        saved = 0
        with self.writing():
            for table in TABLES.values():
                if self._exists(table) and not (only_crowded and not self._crowded(table)):
                    saved += _compact(self._delta(table))
        return saved

    def keep_payload(self, payload: Path) -> tuple[str, str | None]:
        """Return the hash of a payload, and the file that keeps it if protection lets it be kept.

        A payload holds what protection takes out of the tables. So only its hash is kept, by which
        the file in the user's hands can be recognised, unless the level is ``open``.
        """
        with payload.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if self.settings.protection.level != "open":
            return sha256, None
        kept = self.path / "raw" / sha256
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            part = kept.with_suffix(".part")
            shutil.copyfile(payload, part)
            part.replace(kept)
        return sha256, str(kept.relative_to(self.path))

    @cached_property
    def protector(self) -> Protector:
        """The one function that every account passes.

        Raises
        ------
        ProtectionError
            The key is missing, or accounts already written would now get another name.
        """
        declared = {actor.account.lower(): actor.role for actor in self.settings.public}
        learned = {a: declared[n] for a, n in self._learned.items() if n in declared}
        key = read_key(self.store_id)
        self._refuse_renaming(Protector(key=key), set(declared))
        everything = self.settings.protection.level == "open"
        return Protector(key=key, public=declared | learned, everything=everything)

    def protected(self, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
        """Return checked rows as they would be kept.

        Raises
        ------
        ProtectionError
            The key is missing, or the public list changed after its accounts were written.
        """
        if not table.is_personal:
            return frame
        about = self._read_about()
        if about != self._about:  # another process has learned who is public
            self._about = about
            self.__dict__.pop("protector", None)
        try:
            frame = self.protector.protect(table, frame)
            self._remember_public()
        except ProtectionError:
            self.__dict__.pop("protector", None)  # what it has just learned does not hold
            raise
        return frame

    @property
    def listed(self) -> frozenset[str]:
        """The ids of accounts on the public list, in lower case, as far as they are known."""
        declared = {actor.account.lower() for actor in self.settings.public}
        return frozenset(declared | {a for a, n in self._learned.items() if n in declared})

    @property
    def _learned(self) -> dict[str, str]:
        """Accounts that listed handles turned out to be."""
        return dict(self._about.get("learned", {}))

    def _refuse_renaming(self, private: Protector, declared: set[str]) -> None:
        level = self.settings.protection.level
        written = any(self._exists(t) for t in TABLES.values() if t.is_personal and not t.measured)
        if written and level != self._about.get("level", level):
            self._refuse("the protection level changed after accounts had been written")
        before = set(self._about.get("declared", declared))
        dropped = {a for a, n in self._learned.items() if n not in declared} | (before - declared)
        added = {private.pseudonym(account) for account in declared - before}
        if self._holds_account(dropped | added):
            self._refuse("the public list changed after accounts had been written")

    def _remember_public(self) -> None:
        """Note who is public, so that later imports give the same accounts the same names."""
        declared = sorted(actor.account.lower() for actor in self.settings.public)
        learned = self._learned | self.protector.learned
        private = Protector(key=read_key(self.store_id))
        for account in learned.keys() - self._learned.keys():
            if self._holds_account({private.pseudonym(account)}):
                self._refuse(f"{learned[account]} is an account already written as a pseudonym")
        about = self._about | {
            "learned": learned,
            "declared": declared,
            "level": self.settings.protection.level,
        }
        if about != self._about:
            self._about = about
            _write_atomically(self.path / "store.json", _json(about))

    def _refuse(self, fact: str) -> None:
        msg = (
            f"{self.path / 'groundswell.toml'}: {fact}; "
            "undo the change, or import again into a new store, profiles first"
        )
        raise ProtectionError(msg)

    def _holds_account(self, accounts: set[str]) -> bool:
        wanted = sorted(accounts)
        return bool(wanted) and any(
            self.scan(table.name)
            .filter(_names_one_of(wanted, table, column))
            .head(1)
            .collect()
            .height
            for table in (POSTS, ACCOUNTS, FOLLOWS)
            for column in account_columns(table)
        )

    # inside

    def _folder(self, table: Table) -> Path:
        return self.path / "tables" / table.name

    def _exists(self, table: Table) -> bool:
        return DeltaTable.is_deltatable(str(self._folder(table)))

    def _rows(self, table: Table) -> pl.LazyFrame:
        """Return all rows; columns that an older version did not write are null.

        The files that the log names are scanned as they lie: ``pl.scan_delta`` does not find them
        where a folder has a blank or a foreign letter in its name.
        """
        files = [unquote(uri) for uri in self._delta(table).file_uris()]
        schema = pl.Schema({**table.schema, **({DAY: pl.Date()} if table.day else {})})
        if not files:
            return pl.LazyFrame(schema=schema)
        return pl.scan_parquet(
            files, schema=dict(table.schema), glob=False, missing_columns="insert",
            extra_columns="ignore", hive_partitioning=bool(table.day),
            hive_schema={DAY: pl.Date} if table.day else None,
        )  # fmt: skip

    def _delta(self, table: Table) -> DeltaTable:
        """Return the table as it is now; its log is read from where it was read last."""
        opened = self._opened.get(table.name)
        if opened is None:
            opened = self._opened[table.name] = DeltaTable(str(self._folder(table)))
        else:
            opened.update_incremental()
        return opened

    def _has(self, table: Table, batch: Batch) -> bool:
        if not self._exists(table):
            return False
        done = self._delta(table).transaction_version(batch.series)
        return done is not None and done >= batch.number

    def _crowded(self, table: Table) -> bool:
        files = self._delta(table).file_uris()
        folders = {uri.rsplit("/", 1)[0] for uri in files}
        return len(files) > CROWDED * len(folders)

    def _upsert(self, table: Table, frame: pl.DataFrame, batch: Batch | None) -> Written:
        fresh, others, same = self._sorted_out(table, frame)
        held, days = self._held(table, others)
        done, merged, again = merge(table, held, others)
        done += Written(new=fresh.height, held=same)
        new = pl.concat([fresh, again])
        if done.completed:
            self._rewrite(table, days, pl.concat([merged, new]), batch)
        elif done.new:
            self._commit(table, new, batch)
        else:
            return done
        self._note_held(table, pl.concat([merged, new]))
        return done

    def _sorted_out(
        self, table: Table, rows: pl.DataFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame, int]:
        """Return the rows that are new, those that may differ, and how many are held just so."""
        known = self._known_of(table)
        keys = key_hashes(table, rows)
        may_be_held = pl.Series(known.keys.hold(keys), dtype=pl.Boolean)
        if not may_be_held.any():
            return rows, rows.clear(), 0
        if table.merge == "replace":  # what was held once need not be held now
            return rows.filter(~may_be_held), rows.filter(may_be_held), 0
        told = content_hashes(table, rows, keys)
        same = may_be_held & pl.Series(known.rows.hold(told), dtype=pl.Boolean)
        return rows.filter(~may_be_held), rows.filter(may_be_held & ~same), int(same.sum())

    def _known_of(self, table: Table) -> "_Known":
        """Return the numbers of what the table holds; read once, then kept up to date."""
        known = self._known.get(table.name)
        version = self._delta(table).version() if self._exists(table) else -1
        if known is None or known.version != version:
            known = self._known[table.name] = _Known(table, version)
            if version >= 0:
                for rows in self._rows(table).select(*table.columns).collect_batches():
                    known.add(table, rows)
        return known

    def _note_held(self, table: Table, rows: pl.DataFrame) -> None:
        known = self._known[table.name]
        known.add(table, rows)
        known.version = self._delta(table).version()

    def _held(self, table: Table, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[date | None]]:
        """Return the rows held under the frame's keys, and the days they lie in."""
        if not self._exists(table) or frame.is_empty():
            return table.empty(), []
        keys = frame.lazy().select(*table.key)
        rows = self._rows(table)
        if table.day:
            days = rows.select(*table.key, DAY).join(
                keys, on=table.key, how="semi", nulls_equal=True
            )
            found = days.select(DAY).unique().collect().to_series()
            if found.is_empty():
                return table.empty(), []
            rows = rows.filter(_is_in(found.to_list()))
        held = rows.select(*table.columns).join(keys, on=table.key, how="semi", nulls_equal=True)
        return held.collect(), found.to_list() if table.day else []

    def _commit(self, table: Table, frame: pl.DataFrame, batch: Batch | None) -> None:
        write_deltalake(
            str(self._folder(table)), _with_day(table, frame), mode="append",
            partition_by=[DAY] if table.day else None, schema_mode="merge",
            commit_properties=_commit(batch),
        )  # fmt: skip

    def _rewrite(
        self, table: Table, days: list[date | None], rows: pl.DataFrame, batch: Batch | None
    ) -> None:
        """Replace, in one commit, the rows that changed, or the whole days they lie in."""
        folder = str(self._folder(table))
        rows = _with_day(table, rows)
        if table.day and None not in days and all(not table.columns[n].null for n in table.key):
            self._merge(table, days, rows, batch)
            return
        if table.day:
            days = list({*days, *rows[DAY].unique()})
        kept = self._rows(table)
        if table.day:
            kept = kept.filter(_is_in(days))
        rest = kept.join(rows.lazy(), on=table.key, how="anti", nulls_equal=True).collect()
        write_deltalake(
            folder, pl.concat([rest.select(rows.columns), rows]), mode="overwrite",
            schema_mode="merge",
            predicate=_in_days(days) if table.day else None, commit_properties=_commit(batch),
        )  # fmt: skip

    def _merge(
        self, table: Table, days: list[date | None], rows: pl.DataFrame, batch: Batch | None
    ) -> None:
        """Put rows in the place of those with their keys; only the files that have one are written.

        The days stand in the condition as values: files of other days are not looked at.
        """
        same = [f"held.{name} = new.{name}" for name in table.key]
        condition = " AND ".join([_in_days(days).replace(DAY, f"held.{DAY}"), *same])
        (
            self._delta(table)
            .merge(
                rows, condition, source_alias="new", target_alias="held", merge_schema=True,
                commit_properties=_commit(batch),
            )
            .when_matched_update_all()
            .when_not_matched_insert_all()
            .execute()
        )  # fmt: skip


def _names_one_of(wanted: Sequence[str], table: Table, column: str) -> pl.Expr:
    if table.columns[column].dtype == pl.String:
        return pl.col(column).str.to_lowercase().is_in(wanted)
    return pl.col(column).list.eval(pl.element().str.to_lowercase().is_in(wanted)).list.any()


class _Numbers:
    """Many numbers, kept in sorted runs: most are added once and sought a few times."""

    def __init__(self) -> None:
        self._runs: list[np.ndarray[Any, Any]] = []

    def hold(self, series: pl.Series) -> "np.ndarray[Any, Any]":
        """Return which of some numbers are among them."""
        numbers = series.to_numpy()
        found = np.zeros(len(numbers), dtype=bool)
        order = np.argsort(numbers)  # sorted numbers are found several times as fast
        wanted = numbers[order]
        for run in self._runs:
            place = np.searchsorted(run, wanted)
            found[order] |= run[np.minimum(place, len(run) - 1)] == wanted
        return found

    def add(self, series: pl.Series) -> None:
        """Add numbers."""
        run = np.sort(series.to_numpy())
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]))
        if len(run):
            self._runs.append(run)


class _Known:
    """What a version of a table holds, as numbers: a key that is not among them is surely new."""

    def __init__(self, table: Table, version: int) -> None:
        self.version = version
        self.keys = _Numbers()
        self.rows = self.keys if set(table.key) == set(table.columns) else _Numbers()

    def add(self, table: Table, rows: pl.DataFrame) -> None:
        """Note that these rows are held."""
        keys = key_hashes(table, rows)
        self.keys.add(keys)
        if self.rows is not self.keys:
            self.rows.add(content_hashes(table, rows, keys))


def is_store(path: str | Path) -> bool:
    """Return whether a directory is a store."""
    return (Path(path) / "store.json").is_file()


def _commit(batch: Batch | None) -> CommitProperties:
    return CommitProperties(
        custom_metadata={"groundswell": __version__},
        app_transactions=[Transaction(batch.series, batch.number)] if batch else None,
    )


def _with_day(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(table.day).dt.date().alias(DAY)) if table.day else frame


def _is_in(days: list[date | None]) -> pl.Expr:
    """Return the test for some days, in the form that skips the files of all others."""
    inside = pl.col(DAY).is_in([day for day in days if day])
    return inside | pl.col(DAY).is_null() if None in days else inside


def _in_days(days: list[date | None]) -> str:
    named = ", ".join(f"'{day.isoformat()}'" for day in days if day)
    clauses = [f"{DAY} IN ({named})"] if named else []
    if None in days:
        clauses.append(f"{DAY} IS NULL")
    return " OR ".join(clauses)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _compact(delta: DeltaTable) -> int:
    done = delta.optimize.compact()
    delta.vacuum(retention_hours=KEEP_HOURS, dry_run=False)
    delta.create_checkpoint()
    delta.cleanup_metadata()
    return int(done["numFilesRemoved"]) - int(done["numFilesAdded"])


def _drop_history(delta: DeltaTable, folder: Path) -> None:
    """Keep the newest version alone; its log begins with a checkpoint."""
    delta.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False, full=True)
    delta.update_incremental()
    delta.create_checkpoint()
    newest = delta.version()
    for path in sorted((folder / "_delta_log").glob("[0-9]*")):
        if int(path.name.partition(".")[0]) < newest:
            path.unlink()


def _json(about: dict[str, Any]) -> str:
    return json.dumps(about, indent=1)


def _lay(path: Path, files: dict[str, str]) -> None:
    """Make a directory with its first files, all at once or not at all."""
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
    try:
        part.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (part / name).write_text(text, encoding="utf-8")
        if path.exists():
            path.rmdir()  # it is empty
        part.rename(path)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        msg = f"{path} cannot be made ({error.strerror}); choose another place"
        raise StoreError(msg) from None


def _write_atomically(path: Path, text: str) -> None:
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
