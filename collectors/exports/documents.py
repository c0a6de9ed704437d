"""JSON of any layout and size, one document or element at a time, in bounded memory.

Files hold JSON as lines, as one array, as one object, or as objects one after another. Lines are
split at their ends, so that a broken one costs nothing else; the rest is cut by its brackets.

>>> import tempfile
>>> from pathlib import Path
>>> path = Path(tempfile.mkdtemp()) / "posts.json"
>>> _ = path.write_bytes(b'[{"id": 1}, {"id": "]"}]')
>>> [(document.place, document.text) for document in documents(Source(path), Losses())]
[('posts.json, item 1', b'{"id": 1}'), ('posts.json, item 2', b'{"id": "]"}')]
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import IO, Any, NamedTuple, Protocol, TypeVar, cast

import msgspec
import numpy as np

from collectors.exports.losses import Losses
from collectors.exports.sources import UNREADABLE, Source, bare_fact
from collectors.exports.texts import encoding_of, recoded

BROKEN = "broken JSON: it ends too early or has a damaged place"
BROKEN_OFF = "broken JSON: what stands behind a damaged place could not be read"
MAX_DOCUMENT = 1 << 27  # a bigger line or document is set aside
_CHUNK = 1 << 22
_FIRST_LINE = 1 << 26
_TOO_LARGE = f"is more than {MAX_DOCUMENT >> 20} MB in one piece: split it"
_T = TypeVar("_T")


class Document(NamedTuple):
    """One piece of JSON and where it stands."""

    place: str
    text: bytes | msgspec.Raw


def documents(source: Source, losses: Losses) -> Iterator[Document]:
    """Yield a file's documents: its lines, the items of its array, or the objects in it.

    What cannot be read is noted, and never raised.
    """
    try:
        with text(source) as file:
            layout = _layout(file)
        with text(source) as file:
            if layout == "lines":
                yield from _lines(file, source, losses)
            else:
                number, before = 0, losses.count("dropped")
                depth = 1 if layout == "array" else 0
                word = "item" if layout == "array" else "document"
                for number, piece in enumerate(_cut(file, depth, source, losses), 1):
                    is_whole = layout == "object" and number == 1
                    yield Document(
                        source.name if is_whole else f"{source.name}, {word} {number}", piece
                    )
                if not number and layout == "object" and losses.count("dropped") == before:
                    losses.add("dropped", "files", "holds no JSON", example=source.name)
    except UNREADABLE as error:
        reason = f"cannot be read to its end ({bare_fact(error)})"
        losses.add("dropped", "files", reason, example=source.name)


def elements(source: Source, losses: Losses, *, depth: int) -> Iterator[bytes]:
    """Yield the objects that open inside ``depth`` brackets, wherever they stand.

    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "result.json"
    >>> _ = path.write_bytes(b'{"name": "a", "messages": [{"id": 1}, {"id": 2}]}')
    >>> list(elements(Source(path), Losses(), depth=2))
    [b'{"id": 1}', b'{"id": 2}']
    """
    try:
        with text(source) as file:
            yield from _cut(file, depth, source, losses)
    except UNREADABLE as error:
        reason = f"cannot be read to its end ({bare_fact(error)})"
        losses.add("dropped", "files", reason, example=source.name)


class Stream(Protocol):
    """What is read piece by piece, or line by line."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""

    def readline(self, size: int, /) -> bytes:
        """Return the bytes up to the next end of a line."""


@contextmanager
def text(source: Source) -> Iterator[Stream]:
    """Open a source as UTF-8 without a mark, whatever Unicode form it has."""
    mark = source.head(4096)
    encoding = encoding_of(mark)
    with source.open() as file:
        if encoding == "utf-8-sig":
            file.read(3)
        yield _Recoded(file, encoding) if "16" in encoding else file


class _Recoded:
    """A stream read through another encoding."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._pieces = (piece for piece, _ in recoded(file, encoding))
        self._rest = b""

    def _fill(self, enough: Callable[[bytes], bool]) -> None:
        while not enough(self._rest):
            piece = next(self._pieces, b"")
            if not piece:
                return
            self._rest += piece

    def _taken(self, size: int) -> bytes:
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def read(self, size: int) -> bytes:
        self._fill(lambda rest: len(rest) >= size)
        return self._taken(size)

    def readline(self, size: int) -> bytes:
        self._fill(lambda rest: b"\n" in rest or len(rest) >= size)
        end = self._rest.find(b"\n") + 1
        return self._taken(min(end or size, size))


def _layout(file: Stream) -> str:
    line = b"\n"
    while line and not line.strip():
        line = file.readline(_FIRST_LINE)
    first = line.strip()
    if first.startswith(b"["):
        return "lines" if _is_json(first) and file.readline(_FIRST_LINE).strip() else "array"
    if _is_json(first) or (len(line) >= _FIRST_LINE and not line.endswith(b"\n")):
        return "lines"
    second = file.readline(_FIRST_LINE).strip()
    return "lines" if len(first) > 1 and second.startswith(b"{") and _is_json(second) else "object"


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return False
    return True


def _lines(file: Stream, source: Source, losses: Losses) -> Iterator[Document]:
    number = 0
    while line := file.readline(MAX_DOCUMENT):
        number += 1
        place = f"{source.name}, line {number}"
        if len(line) == MAX_DOCUMENT and not line.endswith(b"\n"):
            losses.add("dropped", "rows", _TOO_LARGE, example=place)
            while line and not line.endswith(b"\n"):
                line = file.readline(_CHUNK)
            continue
        if line := line.strip():
            yield Document(place, line)


_SIGNS = bytes(chr(code) in '"{}[]' for code in range(256))
_STEP = np.zeros(256, dtype=np.int64)
_STEP[list(b"{[")] = 1
_STEP[list(b"}]")] = -1


def _cut(file: Stream, depth: int, source: Source, losses: Losses) -> Iterator[bytes]:
    """Yield the objects that open at a depth. Between them, only a few bytes are kept."""
    rest = b""  # from the first byte that is not settled yet
    level = largest = 0  # brackets open where it begins; the longest object so far
    while True:
        data = file.read(max(_CHUNK, len(rest)))
        piece = rest + data
        pieces, settled, level_there, is_open = _objects(piece, depth, level)
        yield from pieces
        largest = max([largest, *map(len, pieces)])
        if not data:
            if is_open or level_there > 0:
                _note_end(len(piece) - settled, largest, source, losses)
            return
        rest, level = piece[settled:], level_there
        if len(rest) > MAX_DOCUMENT:
            losses.add("dropped", "files", _TOO_LARGE, example=source.name)
            return


def _note_end(left: int, largest: int, source: Source, losses: Losses) -> None:
    """Note what could not be read at the end: one object, or all behind a damaged place.

    What is longer than two of the longest objects is more than one.
    """
    if largest and left > 2 * largest:
        losses.add("dropped", "files", BROKEN_OFF, example=source.name)
    else:
        losses.add("dropped", "rows", BROKEN, example=f"{source.name}, at its end")


def _objects(data: bytes, depth: int, level: int) -> tuple[list[bytes], int, int, bool]:
    """Return the objects at a depth, up to where all is settled, the level there, and what is open.

    ``data`` begins outside of any string, ``level`` brackets deep.
    """
    codes = np.frombuffer(data, dtype=np.uint8)
    at = np.flatnonzero(np.frombuffer(data.translate(_SIGNS), dtype=bool))
    is_quote = codes[at] == ord('"')
    is_quote[is_quote] = ~_is_escaped(codes, at[is_quote])
    in_string = np.cumsum(is_quote, dtype=np.int32) & 1
    quotes = at[is_quote]
    brackets = at[(in_string == 0) & ~is_quote & (codes[at] != ord('"'))]
    kinds = codes[brackets]
    levels = level + np.cumsum(_STEP[kinds])
    opens = brackets[(kinds == ord("{")) & (levels == depth + 1)]
    closes = brackets[(kinds == ord("}")) & (levels == depth)]
    whole = min(len(opens), len(closes))
    pieces = [data[a : b + 1] for a, b in zip(opens[:whole], closes[:whole], strict=True)]
    if len(opens) > whole:  # one is not finished: it is read again, with what follows
        return pieces, int(opens[whole]), depth, True
    string_open = len(quotes) % 2 == 1
    settled = int(quotes[-1]) if string_open else len(data)
    before = np.searchsorted(brackets, settled)
    there = int(levels[before - 1]) if before else level
    return pieces, settled, there, False


def _is_escaped(
    codes: "np.ndarray[Any, Any]", quotes: "np.ndarray[Any, Any]"
) -> "np.ndarray[Any, Any]":
    """Return which quotes stand after an odd number of backslashes."""
    odd = np.zeros(len(quotes), dtype=bool)
    asked = np.arange(len(quotes))
    back = 1
    while len(asked):
        asked = asked[quotes[asked] >= back]
        asked = asked[codes[quotes[asked] - back] == ord("\\")]
        odd[asked] = ~odd[asked]
        back += 1
    return odd


@cache
def _list_decoder(kind: Hashable) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]


@cache
def _decoder(kind: Hashable) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(cast("type", kind))


_NAMES = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])


@dataclass
class Decoding:
    """Decodes documents of one file; sets aside what does not fit, names what is not read.

    Parameters
    ----------
    source, losses
        Named in the losses, and where they are noted.
    owner
        Whose words they are not, where a document does not fit: "X's API", "Telegram".
    """

    source: Source
    losses: Losses
    owner: str
    _members: "Counter[tuple[str, ...]]" = field(default_factory=Counter)

    def each(
        self,
        kind: type[_T],
        documents: Sequence[Document],
        *,
        what: str = "rows",
        count: bool = True,
    ) -> list[_T]:
        """Return the documents that fit, decoded; the others are noted as dropped.

        ``count`` notes their members' names, for ``note_unread``.
        """
        if not documents:
            return []
        joined = b"[" + b",".join(bytes(each.text) for each in documents) + b"]"
        try:
            found: list[_T] = _list_decoder(cast("Hashable", kind)).decode(joined)
            members = [tuple(names) for names in _NAMES.decode(joined)] if count else []
        except (ValueError, RecursionError):
            found = []
        if len(found) != len(documents):  # one at a time, to know which does not fit
            alone = (self._one(kind, document, what, count=count) for document in documents)
            return [each for some in alone for each in some]
        self._members.update(members)
        return found

    def _one(self, kind: type[_T], document: Document, what: str, *, count: bool) -> list[_T]:
        try:
            found: _T = _decoder(cast("Hashable", kind)).decode(document.text)
            if count:
                self._members.update(map(tuple, _NAMES.decode(b"[" + bytes(document.text) + b"]")))
        except msgspec.ValidationError as error:
            reason = f"not as {self.owner} writes it ({_misfit(error)})"
            self.losses.add("dropped", what, reason, example=document.place)
            return []
        except (ValueError, RecursionError):
            self.losses.add("dropped", what, BROKEN, example=document.place)
            return []
        return [found]

    def note_unread(self, read: Iterable[str]) -> None:
        """Note the members that were met and are not read, with how often."""
        names: Counter[str] = Counter()
        for members, count in self._members.items():
            for name in members:
                names[name] += count
        for name in sorted(names.keys() - set(read)):
            reason = f"field {name} is not read"
            self.losses.add("unknown", "fields", reason, names[name], example=self.source.name)


def inside(document: Document, raws: Iterable[msgspec.Raw], word: str = "item") -> list[Document]:
    """Return the parts of a document, each with its place."""
    return [Document(f"{document.place}, {word} {n}", raw) for n, raw in enumerate(raws, 1)]


def chunks(
    found: Iterable[Document], *, size: int = 1 << 24, rows: int = 20_000
) -> Iterator[list[Document]]:
    """Yield documents in lists of bounded size."""
    waiting: list[Document] = []
    weight = 0
    for each in found:
        waiting.append(each)
        weight += len(bytes(each.text)) if isinstance(each.text, msgspec.Raw) else len(each.text)
        if weight >= size or len(waiting) >= rows:
            yield waiting
            waiting, weight = [], 0
    if waiting:
        yield waiting


def names_read(*models: type[msgspec.Struct]) -> set[str]:
    """Return the members that structs read.

    >>> class Post(msgspec.Struct, rename="camel"):
    ...     created_at: str
    >>> names_read(Post)
    {'createdAt'}
    """
    return {f.encode_name for model in models for f in msgspec.structs.fields(model)}


def _misfit(error: Exception) -> str:
    """Return what a decoder says, without the place inside the joined text."""
    return re.sub(r"\$\[\d+\]", "$", str(error))
