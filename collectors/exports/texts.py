r"""Text in whatever encoding a file has it, as UTF-8.

>>> encoding_of("Прокуратура возобновила дело, сообщает редакция".encode("cp1251"))
'cp1251'
>>> encoding_of("\ufeffid,text".encode("utf-16"))
'utf-16'
>>> encoding_of("город".encode())
'utf-8'
"""

import codecs
from collections.abc import Iterator
from typing import IO

from charset_normalizer import from_bytes

from collectors.exports.sources import Source

CHUNK = 1 << 20
BROKEN_SHARE = 0.2  # of all that is not ASCII: less is UTF-8 with damaged places, more is another
_SAMPLE = 1 << 16
_ASCII = 0x7F
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LIKELY = [
    "cp1251", "cp1252", "koi8_r", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp866",
    "gb18030", "shift_jis", "euc_kr", "big5",
]  # fmt: skip


def encoding_of(data: bytes) -> str:
    """Return the encoding of a sample: by its mark, as UTF-8, else the likeliest."""
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            return name
    if sided := _wide(data):
        return sided
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    damage = decoder.decode(data).count("�")  # a sample may end inside a character
    foreign = sum(byte > _ASCII for byte in data[:_SAMPLE])
    if not damage or damage < foreign * BROKEN_SHARE:
        return "utf-8"
    best = from_bytes(_telling(data), cp_isolation=_LIKELY).best()
    return best.encoding if best else "cp1252"


def _wide(data: bytes) -> str | None:
    """Return UTF-16 without a mark: every other byte of its commas, digits and breaks is zero."""
    sample = data[:4096]
    if sample.count(0) <= len(sample) // 8:
        return None
    odd, even = sample[1::2].count(0), sample[::2].count(0)
    if odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd else None


def _telling(data: bytes) -> bytes:
    """Return the lines of a sample that are not plain ASCII: the others tell nothing."""
    lines = [line for line in data.splitlines() if not line.isascii()]
    return b"\n".join(lines)[:_SAMPLE] or data[:_SAMPLE]


def first_foreign(source: Source) -> bytes:
    """Return a sample by which the encoding can be told: from the first byte that is not ASCII."""
    with source.open() as file:
        head = data = file.read(_SAMPLE)
        while data and data.isascii():
            data = file.read(CHUNK)
        if data is head:
            return head
        start = next((n for n, byte in enumerate(data) if byte > _ASCII), 0)
        return data[start : start + _SAMPLE]


def is_utf8(source: Source) -> bool:
    """Return whether the whole source is UTF-8 without a mark."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with source.open() as file:
            data = file.read(CHUNK)
            if data.startswith(codecs.BOM_UTF8):
                return False
            while data:
                decoder.decode(data)
                data = file.read(CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def recoded(file: IO[bytes], encoding: str) -> Iterator[tuple[bytes, int]]:
    """Yield a stream as UTF-8, piece by piece, with the number of damaged places in each."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    while data := file.read(CHUNK):
        text = decoder.decode(data)
        yield text.encode(errors="replace"), text.count("�")
    text = decoder.decode(b"", final=True)
    yield text.encode(errors="replace"), text.count("�")
