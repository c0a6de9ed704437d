"""Documents beside what a first, short look tells about them, so that they can be sorted by it."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from collectors.exports.documents import Decoding, Document
from collectors.exports.losses import Losses

_T = TypeVar("_T", bound=msgspec.Struct)


def paired(
    decoding: Decoding, look: type[_T], documents: Sequence[Document]
) -> list[tuple[Document, _T]]:
    """Return each document that fits with what is seen of it; the others are noted as dropped.

    >>> from pathlib import Path
    >>> from collectors.exports.sources import Source
    >>> class Kind(msgspec.Struct):
    ...     kind: str
    >>> decoding = Decoding(Source(Path("f.json")), Losses(), "YouTube")
    >>> some = [Document("1", b'{"kind": 7}'), Document("2", b'{"kind": "v"}')]
    >>> found = paired(decoding, Kind, some)
    >>> [(document.place, seen.kind) for document, seen in found]
    [('2', 'v')]
    """
    trial = Decoding(decoding.source, Losses(), decoding.owner)
    seen = trial.each(look, documents, count=False)
    if len(seen) == len(documents):
        return list(zip(documents, seen, strict=True))
    return [
        (document, one)
        for document in documents
        for one in decoding.each(look, [document], count=False)
    ]
