r"""Looking for names in every byte of files: the proof that nothing of them is left.

A name counts where it stands as a word: ``x:7`` is not in ``x:77``. Tables are searched as they lie
and unpacked, since packed bytes tell nothing.

>>> import tempfile
>>> folder = Path(tempfile.mkdtemp())
>>> (folder / "a.txt").write_bytes(b"asked @Anna_K, who answered")
27
>>> found = searched(folder, needles(["x:@anna_k"]))
>>> found.files, found.bytes, found.places
(1, 27, ['a.txt'])
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from polars import selectors

from analytics.protection import PROFILE_HOSTS, PSEUDONYM

CHUNK = 16 << 20
OVERLAP = 4096
SHORTEST = 6  # shorter numbers and words alone stand everywhere by chance
_WORD = re.compile(rb"[0-9a-z_]+")
_SEPARATOR = b"\n"

Needles = Mapping[bytes, frozenset[bytes]]  # by the longest word in each
Opener = Callable[[Path], Iterator[bytes]]


@dataclass
class Searched:
    """What was looked through, and where something was found."""

    files: int = 0
    bytes: int = 0  # as they lie on the disk
    places: list[str] = field(default_factory=list)


def needles(names: Iterable[str]) -> Needles:
    """Return what to look for: each name in full, and by itself where it is long enough.

    Parameters
    ----------
    names
        Accounts and posts as ``platform:id``, ``platform:@handle`` or pseudonyms.
    """
    found: dict[bytes, set[bytes]] = {}
    for needle in {form for name in names for form in _forms(name.lower())}:
        raw = needle.encode()
        words = _WORD.findall(raw)
        if words:
            found.setdefault(max(words, key=len), set()).add(raw)
    return {word: frozenset(those) for word, those in found.items()}


def _forms(name: str) -> Iterator[str]:
    yield name
    platform, _, rest = name.partition(":")
    if PSEUDONYM.fullmatch(name):
        yield rest
    elif rest.startswith("@"):
        yield rest
        hosts = (host for host, of in PROFILE_HOSTS.items() if of == platform)
        yield from (f"{host}/{rest[1:]}" for host in hosts)
    elif len(rest) >= SHORTEST:
        yield rest


def meets(data: bytes, wanted: Needles) -> bool:
    """Return whether any of the names stands in some bytes.

    >>> meets(b"x:77 and x:8", needles(["x:7"])), meets(b'{"id":"1234567"}', needles(["x:1234567"]))
    (False, True)
    """
    lower = data.lower()
    for word in _WORD.finditer(lower):
        for needle in wanted.get(word[0], ()):
            if _stands(lower, needle, word.start()):
                return True
    return False


def _stands(data: bytes, needle: bytes, near: int) -> bool:
    start = data.find(needle, max(0, near - len(needle)), near + 2 * len(needle))
    if start < 0:
        return False
    around = (
        data[max(0, start - 1) : start] + b" " + data[start + len(needle) : start + len(needle) + 1]
    )
    return not re.search(rb"[0-9a-z_]", around)


def searched(
    folder: Path, wanted: Needles, openers: Mapping[str, Opener] | None = None
) -> Searched:
    """Look through every file of a folder.

    Parameters
    ----------
    folder
        The store.
    wanted
        What :func:`needles` gives.
    openers
        By ending: what yields the contents of files that are packed or sealed, beside their bytes.
    """
    known = _OPENERS | dict(openers or {})
    done = Searched()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        done.files += 1
        done.bytes += path.stat().st_size
        parts = [_as_it_lies, known[path.suffix]] if path.suffix in known else [_as_it_lies]
        if any(meets(data, wanted) for part in parts for data in part(path)):
            done.places.append(str(path.relative_to(folder)))
    return done


def _as_it_lies(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file in chunks that overlap, so that no name is cut."""
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield before + chunk
            before = chunk[-OVERLAP:]


def _words_of_table(path: Path) -> Iterator[bytes]:
    """Yield every distinct word in a Parquet file, column after column."""
    words = selectors.string() | selectors.by_dtype(pl.List(pl.String))
    names = pl.scan_parquet(path, glob=False).select(words).collect_schema().names()
    for name in names:
        column = pl.scan_parquet(path, glob=False).select(name).collect().to_series()
        column = column.explode() if column.dtype == pl.List(pl.String) else column
        yield _SEPARATOR.join(value.encode() for value in column.drop_nulls().unique())


def _words_of_state(path: Path) -> Iterator[bytes]:
    """Yield what SQLite keeps, through its own log, too."""
    with closing(sqlite3.connect(path)) as state:
        yield "\n".join(state.iterdump()).encode()


_OPENERS: dict[str, Opener] = {".parquet": _words_of_table, ".sqlite": _words_of_state}
