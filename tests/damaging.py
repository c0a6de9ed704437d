"""Damages samples of a format, and reads them the whole way up to the store's check."""

from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import strategies as st

from analytics.errors import GroundswellError
from collectors.exports.formats import Format, Head, Options
from collectors.exports.sources import Source

_PIECES = [
    b"", b"null", b"[]", b"{}", b'"', b"-1", b"1e999", b"9" * 30, b"NaN", b"\\ud800", b"\x00",
    b"\xff", b"\r", b"\n", b",", b"\t", b"[" * 3000, b'""', b"true", b"<a href=",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Return a sample with pieces cut out, written over or put in."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 12))] = draw(
            st.binary(max_size=8) | st.sampled_from(_PIECES)
        )
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


def survives(reader: Format, content: bytes) -> None:
    """Read bytes as a format would; anything but an error of our own fails the test."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "f"
        path.write_bytes(content)
        options = Options("appeal", UTC, scratch=Path(folder))
        try:
            reader.knows(Head.of(Source(path)))
            for part in reader.read([Source(path)], options):
                common = {"appeal_id": "appeal", "source": reader.name}
                stamps = [pl.lit(v).alias(n) for n, v in common.items() if n in part.table.columns]
                part.table.check(part.frame.with_columns(stamps))
        except GroundswellError as error:
            assert "\n" not in str(error).strip()  # noqa: PT017 - any other error fails the test
        options.losses.table("import")
