"""Where the bytes of an import lie: a file, a packed one, a member of an archive, standard input.

A source can be opened again and again, and always gives unpacked bytes. Archives are never
unpacked beside the user's files: members of a zip are read in place, those of a tar go to a folder
that the import removes. What unpacks to far more than it can honestly hold is refused on the way.

>>> import tempfile
>>> path = Path(tempfile.mkdtemp()) / "posts.json.gz"
>>> _ = path.write_bytes(gzip.compress(b'{"id": 1}'))
>>> source = Source(path)
>>> source.name, source.head(100)
('posts.json.gz', b'{"id": 1}')
"""

import gzip
import io
import lzma
import os
import re
import shutil
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Protocol, cast

import zstandard

from analytics.errors import FormatError
from analytics.store import is_store

STDIN = "-"
BOMB_BYTES = 1 << 30  # what is smaller unpacked is never called a bomb
BOMB_RATIO = 250  # real exports reach 60
MAX_WINDOW = 1 << 31  # archives of Reddit are packed with it
UNREADABLE = (
    OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, zipfile.BadZipFile,
    tarfile.TarError, NotImplementedError,
)  # fmt: skip

_BUFFER = 1 << 20  # lines of JSON are long
_PACKED = 1 << 17  # bytes of Zstandard unpacked at a time
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_TAR_MARK = slice(257, 262)
_NEVER = ("__MACOSX", "Thumbs.db", "desktop.ini")  # what systems leave in folders and archives
_CLIMBS = "has a name that climbs out of its archive; unpack it and name the file"
_NESTED = "is an archive inside an archive; unpack the outer one and name the inner one"
_LOCKED = "is protected by a password; unpack it and name the files"
_TWICE = "stands in its archive twice; unpack it and name the files"
_OFFICE = "is a spreadsheet or an office document; save its table as CSV (UTF-8)"


class Closable(Protocol):
    """What has to be closed when a stream on top of it is."""

    def close(self) -> None:
        """Close it."""


def bare_fact(error: BaseException) -> str:
    """Return what an error says, without names of files: they can name people.

    >>> bare_fact(FileNotFoundError(2, "No such file or directory", "ann.csv"))
    'No such file or directory'
    >>> bare_fact(zipfile.BadZipFile("Bad CRC-32 for file 'ann.jsonl'"))
    'Bad CRC-32 for file'
    """
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return re.sub(r"\s*(['\"]).*\1", "", told)


class BombError(OSError):
    """A packed file gives more than it can honestly hold."""


@dataclass(frozen=True)
class Source:
    """One file to read. ``path`` is where its bytes lie, ``payload`` the file the user named."""

    path: Path
    name: str = ""
    member: str | None = None  # of a zip
    payload: Path = field(default=Path())
    data: bytes | None = field(default=None, repr=False)  # where it lies in memory

    @classmethod
    def in_memory(cls, name: str, data: bytes) -> "Source":
        """Return a source whose bytes are here already.

        >>> Source.in_memory("page 7", b"{}").head(10)
        b'{}'
        """
        return cls(Path(name), name, payload=Path("-"), data=data)

    def __post_init__(self) -> None:
        """Fill in what a plain file does not say twice."""
        object.__setattr__(self, "name", self.name or self.path.name)
        if self.payload == Path():
            object.__setattr__(self, "payload", self.path)

    @property
    def stem(self) -> str:
        """Its bare name, without folders and endings."""
        return PurePosixPath(self.name).name.split(".", 1)[0]

    def open(self) -> IO[bytes]:
        """Open it, unpacked.

        Raises
        ------
        OSError and the others of UNREADABLE, on opening or while reading
            It cannot be read, or is a zip bomb.
        """
        if self.data is not None:
            return _unpacked(io.BufferedReader(io.BytesIO(self.data)), len(self.data))
        if self.member is None:
            return _unpacked(self.path.open("rb", buffering=_BUFFER), self.path.stat().st_size)
        archive = zipfile.ZipFile(self.path)
        try:
            size = archive.getinfo(self.member).compress_size
            return _unpacked(_Bounded(archive.open(self.member), size, archive), size)
        except NotImplementedError:
            archive.close()
            raise
        except RuntimeError:
            archive.close()
            raise OSError(_LOCKED) from None
        except BaseException:
            archive.close()
            raise

    def head(self, size: int) -> bytes:
        """Return its first bytes."""
        with self.open() as file:
            return file.read(size)


class _Bounded(io.BufferedReader):
    """A stream that refuses to give far more bytes than it was packed in."""

    def __init__(self, stream: IO[bytes], packed: int, *below: Closable) -> None:
        super().__init__(_Counted(stream, packed, below), buffer_size=_BUFFER)


class _Counted(io.RawIOBase):
    def __init__(self, stream: IO[bytes], packed: int, below: Sequence[Closable]) -> None:
        self._stream = stream
        self._below = below
        self._allowed = max(BOMB_BYTES, packed * BOMB_RATIO)
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        self._given += len(data)
        if self._given > self._allowed:
            msg = f"unpacks to more than {BOMB_RATIO} times its size, as a zip bomb does"
            raise BombError(msg)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        for each in (self._stream, *self._below):
            each.close()
        super().close()


def _unpacked(file: IO[bytes], size: int) -> IO[bytes]:
    """Return the stream, unpacked if it is packed."""
    mark = _peeked(file)
    if mark.startswith(_GZIP):
        return _Bounded(cast("IO[bytes]", gzip.GzipFile(fileobj=file)), size, file)
    if mark.startswith(_ZSTD):
        return _Bounded(cast("IO[bytes]", io.BufferedReader(_Unzstd(file))), size, file)
    return file


class _Unzstd(io.RawIOBase):
    """A stream packed with Zstandard; one that breaks off inside a frame is no whole file."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._unpacker = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
        self._frame = self._unpacker.decompressobj()
        self._begun = False
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            data = self._frame.unused_data if self._frame.eof else b""
            data = data or self._packed.read(_PACKED)
            if not data:
                if self._begun and not self._frame.eof:
                    msg = "it breaks off"
                    raise EOFError(msg)
                return 0
            if self._frame.eof:
                self._frame = self._unpacker.decompressobj()
            self._begun = True
            self._ready = memoryview(self._frame.decompress(data))
        given = self._ready[: len(buffer)]
        buffer[: len(given)] = given
        self._ready = self._ready[len(given) :]
        return len(given)


def _peeked(file: IO[bytes]) -> bytes:
    return file.peek(4)[:4] if isinstance(file, io.BufferedReader) else b""


@dataclass
class Found:
    """The sources that were named, and what is none, with the reason."""

    sources: list[Source] = field(default_factory=list)
    unread: dict[Source, str] = field(default_factory=dict)


def find(paths: Sequence[Path], scratch: Path) -> Found:
    """Return every source in files, folders and archives; ``scratch`` takes what must be unpacked.

    Raises
    ------
    FormatError
        A path does not exist, or there is nothing in it.
    """
    found = Found()
    for path in dict.fromkeys(paths):
        if str(path) == STDIN:
            found.sources.append(_standard_input(scratch))
            continue
        if not path.exists():
            msg = f"{path} does not exist; check the path"
            raise FormatError(msg)
        if not path.is_dir() and not path.is_file():
            msg = f"{path} is neither a file nor a folder; save it as a file first, or pipe it to -"
            raise FormatError(msg)
        for file in sorted(_inside(path)) if path.is_dir() else [path]:
            _look(Source(file, _shown(file, path)), found, scratch)
    if not found.sources and not found.unread:
        msg = f"{paths[0]} holds no files; name the folder or file of the export"
        raise FormatError(msg)
    found.sources = list(dict.fromkeys(found.sources))
    return found


def _shown(file: Path, named: Path) -> str:
    return str(file.relative_to(named)) if named.is_dir() else file.name


def _inside(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder, but not hidden ones."""
    if is_store(folder):
        msg = (
            f"{folder} is a store; write the tables you need with "
            f"`groundswell export {folder} --table posts -o posts.parquet` and import these"
        )
        raise FormatError(msg)
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in _NEVER:
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and not path.is_symlink() and os.access(path, os.R_OK | os.X_OK):
            yield from () if is_store(path) else _inside(path)
        elif path.is_dir() and not path.is_symlink():
            yield path  # looked at as a file, it is told that it cannot be read


def _standard_input(scratch: Path) -> Source:
    path = scratch / "standard-input"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return Source(path, "standard input")


def _look(source: Source, found: Found, scratch: Path) -> None:
    """Sort a file into sources: itself, or what an archive holds."""
    try:
        mark = source.head(512)
        if mark.startswith((_ZIP, _EMPTY_ZIP)):
            _look_into_zip(source, found)
        elif mark[_TAR_MARK] == b"ustar":
            _look_into_tar(source, found, scratch)
        else:
            found.sources.append(source)
    except UNREADABLE as error:
        fact = bare_fact(error)
        found.unread[source] = f"cannot be read ({fact}); check the file and your rights to it"


def _look_into_zip(source: Source, found: Found) -> None:
    with zipfile.ZipFile(source.path) as archive:
        names = [info for info in archive.infolist() if not info.is_dir()]
    if any(info.filename in {"[Content_Types].xml", "mimetype"} for info in names):
        found.unread[source] = _OFFICE
        return
    seen: set[str] = set()
    for info in names:
        inner = _member(source, info.filename)
        if _is_litter(info.filename):
            continue
        if info.filename in seen:
            again = Source(source.path, f"{inner.name} (again)", payload=source.payload)
            found.unread[again] = _TWICE
            continue
        seen.add(info.filename)
        if _climbs(info.filename):
            found.unread[inner] = _CLIMBS
            continue
        _add_member(inner, found)


def _look_into_tar(source: Source, found: Found, scratch: Path) -> None:
    folder = scratch / f"tar{len(list(scratch.iterdir()))}"
    folder.mkdir()
    with source.open() as file, tarfile.open(fileobj=file, mode="r|") as archive:
        for number, info in enumerate(archive):
            content = archive.extractfile(info) if info.isfile() else None
            if content is None or _is_litter(info.name):
                continue
            path = folder / str(number)
            inner = Source(path, f"{source.name}/{info.name}", payload=source.payload)
            if _climbs(info.name):
                found.unread[inner] = _CLIMBS
                continue
            with path.open("wb") as unpacked:
                shutil.copyfileobj(content, unpacked)
            _add_member(inner, found)


def _member(source: Source, name: str) -> Source:
    return Source(source.path, f"{source.name}/{name}", member=name, payload=source.payload)


def _add_member(inner: Source, found: Found) -> None:
    try:
        mark = inner.head(512)
    except UNREADABLE as error:
        found.unread[inner] = f"cannot be read ({bare_fact(error)}); check the archive"
        return
    if mark.startswith(_ZIP) or mark[_TAR_MARK] == b"ustar":
        found.unread[inner] = _NESTED
    else:
        found.sources.append(inner)


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part in _NEVER or (part.startswith(".") and part != "..") for part in parts)


def _climbs(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in (path.parts or ("",))[0]
