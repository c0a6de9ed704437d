"""From parts to the store: rows are stamped, joined, written by key, and counted.

Files that are imported and pages that are collected go this one way.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import polars as pl

from analytics.ledger import renewed
from analytics.merging import Written
from analytics.schema import Table
from analytics.store import Store
from analytics.tables import ACCOUNTS, RESPONSES
from collectors.exports.formats import Part
from collectors.exports.losses import Losses

FLUSH_ROWS = 200_000


class Writing:
    """Writes parts into a store for one appeal, and counts in ``losses`` what became of them."""

    def __init__(self, store: Store, appeal_id: str, losses: Losses) -> None:
        self._store = store
        self._appeal_id = appeal_id
        self._losses = losses
        self.new: Counter[str] = Counter()  # rows, by table

    def write(self, source: str, parts: Iterable[Part]) -> None:
        """Write what is new as it comes, and in the end what differs from rows that are held."""
        differing: dict[Table, list[pl.DataFrame]] = {}
        for batch in _buffered(parts):
            for part in batch:
                rows = _stamped(part, self._appeal_id, source)
                done, others = self._store.append_new(part.table, rows)
                self.new[part.table.name] += done.new
                self._count(part.what, done)
                if not others.is_empty():
                    differing.setdefault(part.table, []).append(others)
        for table, frames in differing.items():
            self._count(table.name, self._replace(table, pl.concat(frames), source))

    def _replace(self, table: Table, rows: pl.DataFrame, source: str) -> Written:
        """Write rows over those that are held; responses are overwritten with a trail only."""
        if table is RESPONSES:
            return renewed(self._store, rows, who=source, at=datetime.now(UTC))
        return self._store.append(table, rows)

    def _count(self, what: str, done: Written) -> None:
        add = self._losses.add
        add("kept", what, "new", done.new)
        add("merged", what, "completed a row that was held", done.completed)
        add("merged", what, "held already, nothing new in it", done.held)
        add("merged", what, "came more than once in these files", done.repeated)
        add("dropped", what, "was forgotten, and stays so", done.forgotten)
        add("unknown", what, "differs from the row held, whose values were kept", done.disagreeing)


def _buffered(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Join small parts of one table and kind, so that every commit is worth its files."""
    waiting: dict[tuple[Table, str], list[pl.DataFrame]] = {}
    rows = 0
    for part in parts:
        waiting.setdefault((part.table, part.what), []).append(part.frame)
        rows += part.frame.height
        if rows >= FLUSH_ROWS:
            yield _joined(waiting)
            waiting, rows = {}, 0
    if waiting:
        yield _joined(waiting)


def _joined(waiting: dict[tuple[Table, str], list[pl.DataFrame]]) -> list[Part]:
    parts = [
        Part(table, pl.concat(frames, how="diagonal"), what)
        for (table, what), frames in waiting.items()
    ]
    return sorted(parts, key=lambda part: part.table is not ACCOUNTS)  # accounts first


def _stamped(part: Part, appeal_id: str, source: str) -> pl.DataFrame:
    """Add what every row of this writing has in common."""
    common = {"appeal_id": appeal_id, "source": source}
    return part.frame.with_columns(
        pl.lit(value).alias(name)
        for name, value in common.items()
        if name in part.table.columns and name not in part.frame.columns
    )
