"""What a format is, what it is shown of a file, and finding the one that knows it.

A format is one module with one object, ``FORMAT``, named in the entry points
``groundswell.formats``; a third party adds one in the same way.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cache, cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol, cast

import polars as pl

from analytics.errors import FormatError
from analytics.schema import Table
from collectors.exports.csvs import names_of
from collectors.exports.losses import Losses
from collectors.exports.sources import UNREADABLE, Source, bare_fact
from collectors.exports.texts import encoding_of

HEAD_BYTES = 256 * 1024
_PATH_BYTES = 64 * 1024
_DEEPEST = 16  # no format lies deeper
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"(\s*:)?|[{}\[\]]')
_KEY = re.compile(rb'"([\w.$-]{1,60})"\s*:')


@dataclass(frozen=True)
class Part:
    """Some rows for one table. ``what`` names them in the loss report."""

    table: Table
    frame: pl.DataFrame
    what: str


@dataclass
class Options:
    """What the user said about the files, where losses are noted, and a folder to work in."""

    appeal_id: str
    zone: tzinfo | None = None
    losses: Losses = field(default_factory=Losses)
    scratch: Path = Path()
    appeal_asked: bool = False  # the user named the appeal that all of it is of
    keeps_words: bool = False  # of private people, as the store's level of protection has it


@dataclass(frozen=True)
class Head:
    """The beginning of a file: all that a format may judge it by. Its name is no evidence."""

    source: Source
    raw: bytes

    @classmethod
    def of(cls, source: Source) -> "Head":
        """Return the head of a source.

        Raises
        ------
        FormatError
            It cannot be read.
        """
        try:
            return cls(source, source.head(HEAD_BYTES))
        except UNREADABLE as error:
            fact = bare_fact(error)
            msg = f"{source.name} cannot be read ({fact}); check the file and your rights to it"
            raise FormatError(msg) from None

    @cached_property
    def data(self) -> bytes:
        """Its beginning as UTF-8, if it is text."""
        if self.raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in self.raw[:64]:
            return self.raw.decode(encoding_of(self.raw), errors="replace").encode(errors="replace")
        return self.raw.removeprefix(b"\xef\xbb\xbf")

    @cached_property
    def is_json(self) -> bool:
        """Whether it begins as JSON does."""
        return self.data.lstrip()[:1] in {b"{", b"["}

    @cached_property
    def is_parquet(self) -> bool:
        """Whether it begins as Parquet does."""
        return self.raw.startswith(b"PAR1")

    @cached_property
    def keys(self) -> frozenset[str]:
        """Names of JSON members in it, at any depth."""
        if not self.is_json:
            return frozenset()
        return frozenset(key.decode() for key in _KEY.findall(self.data))

    @cached_property
    def paths(self) -> frozenset[str]:
        """Paths of JSON members in its first 64 KB, with ``[]`` for the items of a list.

        >>> data = b'[{"data": {"children": [{"kind": "t3"'
        >>> sorted(Head(Source(Path("listing.json")), data).paths)
        ['[].data', '[].data.children', '[].data.children[].kind']
        """
        return frozenset(_paths(self.data[:_PATH_BYTES])) if self.is_json else frozenset()

    @cached_property
    def items(self) -> frozenset[str]:
        """Paths as in ``paths``, but of one document where the file is a list or lines of them."""
        return frozenset(path.removeprefix("[].") for path in self.paths)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names in the header of a CSV; none where it does not look like one."""
        return () if self.is_json else names_of(self.raw)

    @cached_property
    def first_line(self) -> str:
        """The first line, as text."""
        return self.data.split(b"\n", 1)[0].decode(errors="replace").rstrip("\r")


def _paths(data: bytes) -> Iterator[str]:
    """Yield the path of every member, as far as the text goes; it may end anywhere."""
    places = [""]  # of the brackets that are open
    key = ""
    for found in _TOKEN.finditer(data):
        sign = found[0][:1]
        if sign == b'"':
            if found[2] and len(places) <= _DEEPEST:
                here = places[-1]
                name = found[1].decode(errors="replace")
                key = f"{here}.{name}" if here else name
                yield key
        elif sign == b"{":
            places.append(key)
        elif sign == b"[":
            key = f"{key}[]" if len(places) <= _DEEPEST else ""
            places.append(key)
        elif len(places) > 1:
            places.pop()
            key = places[-1]


class Format(Protocol):
    """One kind of file.

    A register of appeals says so by an attribute ``register = True``; its parts then tell of each
    row which appeal it is of, and bring rows of ``appeals``.
    """

    name: str
    label: str

    def knows(self, head: Head) -> bool:
        """Return whether the file is of this format, judged by its content."""
        ...

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield the files' rows; accounts before the posts that need them.

        A file that cannot be read is noted in ``options.losses`` and passed over. What makes all
        of them unusable is raised before the first row is yielded, so that nothing is written.
        """
        ...


@cache
def known_formats() -> dict[str, Format]:
    """Return every known format by name.

    Raises
    ------
    FormatError
        One that somebody added cannot be loaded.
    """
    found = entry_points(group="groundswell.formats")
    return {entry.name: _loaded(entry) for entry in sorted(found, key=lambda entry: entry.name)}


def is_register(name: str) -> bool:
    """Return whether a format brings appeals of its own."""
    return bool(getattr(known_formats()[name], "register", False))


def _loaded(entry: EntryPoint) -> Format:
    try:
        return cast("Format", entry.load())
    except Exception as error:  # noqa: BLE001 - anybody may have written it
        of = f" of {entry.dist.name}" if entry.dist else ""
        msg = f"the format {entry.name}{of} cannot be loaded ({error}); update or uninstall it"
        raise FormatError(msg) from None


def named(name: str) -> Format:
    """Return the format of a name.

    Raises
    ------
    FormatError
        There is none.
    """
    if name not in known_formats():
        msg = f"there is no format {name!r}; `groundswell formats` lists them"
        raise FormatError(msg)
    return known_formats()[name]


def detect(head: Head) -> Format | None:
    """Return the format that knows the file, or None.

    Raises
    ------
    FormatError
        Several formats know it; the user has to choose.
    """
    known = [each for each in known_formats().values() if each.knows(head)]
    if len(known) > 1:
        names = ", ".join(each.name for each in known)
        msg = f"{head.source.name} could be {names}; choose one with --format"
        raise FormatError(msg)
    return known[0] if known else None


def named_on(platform: str, column: str) -> pl.Expr:
    """Return ids with the platform in front; null where there is none."""
    known = pl.col(column).str.strip_chars().replace("", None)
    return pl.concat_str(pl.lit(f"{platform}:"), known)
