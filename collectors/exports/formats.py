"""What a format is, what it is shown of a file, and finding the one that knows it.

A format is one module with one object, ``FORMAT``, named in the entry points
``groundswell.formats``; a third party adds one in the same way.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cache, cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import IO, Protocol

import polars as pl

from analytics.errors import FormatError
from analytics.tables import Table
from collectors.exports.losses import Losses

HEAD_BYTES = 256 * 1024
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_SEPARATORS = ",;\t"  # spreadsheets of many countries write semicolons
UNREADABLE = (OSError, EOFError, zlib.error)


@dataclass(frozen=True)
class Part:
    """Some rows for one table. ``what`` names them in the loss report."""

    table: Table
    frame: pl.DataFrame
    what: str


@dataclass
class Options:
    """What the user said about the files, and where losses are noted."""

    appeal_id: str
    zone: tzinfo | None = None
    losses: Losses = field(default_factory=Losses)


@dataclass(frozen=True)
class Head:
    """The beginning of a file: all that a format may judge it by. Its name is no evidence."""

    path: Path
    data: bytes

    @classmethod
    def of(cls, path: Path) -> "Head":
        """Return the head of a file.

        Raises
        ------
        FormatError
            It cannot be read.
        """
        try:
            with open_bytes(path) as file:
                return cls(path, file.read(HEAD_BYTES).removeprefix(_BOM))
        except UNREADABLE as error:
            msg = f"{path} cannot be read ({error}); check the file and your rights to it"
            raise FormatError(msg) from None

    @cached_property
    def is_json(self) -> bool:
        """Whether it begins as JSON does."""
        return self.data.lstrip()[:1] in {b"{", b"["}

    @cached_property
    def is_parquet(self) -> bool:
        """Whether it begins as Parquet does."""
        return self.data.startswith(b"PAR1")

    @cached_property
    def keys(self) -> frozenset[str]:
        """Names of JSON members in it, at any depth."""
        if not self.is_json:
            return frozenset()
        return frozenset(k.decode() for k in re.findall(rb'"(\w{1,60})"\s*:', self.data))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names in the header of a CSV; none where it does not look like one."""
        line = self.data.split(b"\n", 1)[0].rstrip(b"\r")
        if self.is_json or b"\x00" in line:
            return ()
        try:
            header = line.decode()
            names = next(csv.reader([header], delimiter=separator(header)), [])
        except (UnicodeDecodeError, csv.Error):
            return ()
        return tuple(map(_bare, names)) if len(names) > 1 else ()


class Format(Protocol):
    """One kind of file."""

    name: str
    label: str

    def knows(self, head: Head) -> bool:
        """Return whether the file is of this format, judged by its content."""
        ...

    def read(self, files: Sequence[Path], options: Options) -> Iterator[Part]:
        """Yield the files' rows; accounts before the posts that need them.

        A file that cannot be read is noted in ``options.losses`` and passed over. What makes all
        of them unusable is raised before the first row is yielded, so that nothing is written.
        """
        ...


@cache
def formats() -> dict[str, Format]:
    """Return every known format by name."""
    found = entry_points(group="groundswell.formats")
    return {entry.name: entry.load() for entry in sorted(found, key=lambda entry: entry.name)}


def named(name: str) -> Format:
    """Return the format of a name.

    Raises
    ------
    FormatError
        There is none.
    """
    if name not in formats():
        msg = f"there is no format {name!r}; groundswell reads: {', '.join(formats())}"
        raise FormatError(msg)
    return formats()[name]


def detect(head: Head) -> Format | None:
    """Return the format that knows the file, or None.

    Raises
    ------
    FormatError
        Several formats know it; the user has to choose.
    """
    known = [each for each in formats().values() if each.knows(head)]
    if len(known) > 1:
        names = ", ".join(each.name for each in known)
        msg = f"{head.path.name} could be {names}; choose one with --format"
        raise FormatError(msg)
    return known[0] if known else None


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading, unpacked where it is gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return io.BufferedReader(gzip.GzipFile(path)) if packed else path.open("rb")


def read_all(path: Path) -> bytes:
    """Return a file's bytes, unpacked, without byte order mark."""
    with open_bytes(path) as file:
        return file.read().removeprefix(_BOM)


def csvs(
    files: Sequence[Path], options: Options, *, needs: Collection[str]
) -> Iterator[tuple[Path, pl.DataFrame]]:
    """Yield the tables of CSV files; one that cannot be read is noted and passed over."""
    for path in files:
        try:
            yield path, read_csv(path, needs=needs)
        except FormatError as error:
            options.losses.add("dropped", "files", str(error), example=path.name)


def read_csv(path: Path, *, needs: Collection[str] = ()) -> pl.DataFrame:
    """Return a CSV with every column as text: ids never pass through numbers.

    Raises
    ------
    FormatError
        It is not UTF-8, its rows do not fit its header, or a column that it needs is missing.
    """
    try:
        text = read_all(path)
        header = text.split(b"\n", 1)[0].decode()
        rows = pl.read_csv(text, infer_schema=False, separator=separator(header))
        rows = rows.rename(_bare)
    except (pl.exceptions.PolarsError, UnicodeDecodeError, *UNREADABLE) as error:
        fact = str(error).split("\n", 1)[0][:200]
        msg = f"{path.name} is not a readable CSV ({fact}); save it as UTF-8 with commas"
        raise FormatError(msg) from None
    if missing := sorted(set(needs) - set(rows.columns)):
        msg = f"{path.name} has no column {missing[0]!r}; leave out --format to have it detected"
        raise FormatError(msg)
    return rows


def _bare(name: str) -> str:
    return name.strip().strip('"')


def separator(header: str) -> str:
    """Return what stands between the names of a CSV's header.

    >>> separator("from;actor;verb_code")
    ';'
    """
    return max(_SEPARATORS, key=header.count)


def named_on(platform: str, column: str) -> pl.Expr:
    """Return ids with the platform in front; null where there is none."""
    known = pl.col(column).str.strip_chars().replace("", None)
    return pl.concat_str(pl.lit(f"{platform}:"), known)
