"""Sources of responses as they were when somebody looked: when, and a hash of what was seen."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

import polars as pl

from analytics.errors import LedgerError
from analytics.ledger import BETWEEN, Cells, held_response, moments
from analytics.store import Store
from analytics.tables import RESPONSE_SOURCES

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def cited(cells: Cells, sources: list[str], zone: tzinfo) -> list[dict[str, Any]]:
    """Read ``retrieved_at`` and ``sha256`` of a response's sources, as a CSV has them.

    Either is one for all sources, or one for each with ``|`` between them; empty where unknown.

    Returns
    -------
    list
        A dict per source that was looked at: ``source``, ``retrieved_at``, ``sha256``.

    Raises
    ------
    ValueError
        There are more or fewer than sources, or one is no time or no hash.

    Examples
    --------
    >>> from datetime import UTC
    >>> (row,) = cited({"retrieved_at": "2026-05-01T10:00Z"}, ["https://example.org/a"], UTC)
    >>> row["retrieved_at"].isoformat(), row["sha256"]
    ('2026-05-01T10:00:00+00:00', None)
    """
    times, hashes = (_each(cells, name, len(sources)) for name in ("retrieved_at", "sha256"))
    if any(hashed and not time for time, hashed in zip(times, hashes, strict=True)):
        msg = "sha256 has no retrieved_at; say when the source was looked at"
        raise ValueError(msg)
    return [
        {"source": source, "retrieved_at": _when(time, zone), "sha256": _hash(hashed)}
        for source, time, hashed in zip(sources, times, hashes, strict=True)
        if time
    ]


def _each(cells: Cells, name: str, number: int) -> list[str]:
    told = [part.strip() for part in (cells.get(name) or "").split(BETWEEN)]
    if told == [""]:
        return [""] * number
    if len(told) == 1:
        told *= max(number, 1)
    if len(told) != number:
        msg = f"{name} tells of {len(told)} sources, and there are {number}"
        raise ValueError(msg)
    return told


def _when(text: str, zone: tzinfo) -> datetime:
    try:
        return moments(text, zone)[0]
    except ValueError as error:
        msg = f"retrieved_at {error}"
        raise ValueError(msg) from None


def _hash(text: str) -> str | None:
    if text and not _SHA256.fullmatch(text.lower()):
        msg = f"sha256 {text[:20]!r} is no SHA-256: 64 digits of 0-9 and a-f"
        raise ValueError(msg)
    return text.lower() or None


def cite(
    store: Store, response_id: str, source: str, *, at: datetime, seen: bytes | None = None
) -> str | None:
    """Keep when a source of a response was looked at; return the hash of what was seen.

    Raises
    ------
    LedgerError
        There is no such response, or it has no such source.
    """
    held = held_response(store, response_id)
    sha256 = None if seen is None else hashlib.sha256(seen).hexdigest()
    row: Mapping[str, Any] = {"response_id": response_id, "source": source.strip(),
                              "retrieved_at": at, "sha256": sha256}  # fmt: skip
    frame = pl.DataFrame([row], schema=RESPONSE_SOURCES.schema)
    safe = store.protected(RESPONSE_SOURCES, frame)
    if safe["source"][0] not in (held["sources"] or []):
        msg = f"response {response_id} has no source {source!r}; add it to its sources before"
        raise LedgerError(msg)
    store.append(RESPONSE_SOURCES, safe)
    return sha256


def last_looks(cites: pl.DataFrame) -> pl.DataFrame:
    """Return the last look at each source of each response."""
    return cites.sort("retrieved_at").unique(["response_id", "source"], keep="last")
