"""The loss report: what became of every row, with the reason and the place of the first.

>>> losses = Losses()
>>> losses.add("dropped", "rows", "service message", 2, example="result.json, message 7")
>>> losses.add("dropped", "rows", "service message", 1, example="result.json, message 9")
>>> losses.table("i1").select("outcome", "count", "example").row(0)
('dropped', 3, 'result.json, message 7')
"""

from dataclasses import dataclass, field

import polars as pl

from analytics.tables import LOSSES


@dataclass
class Losses:
    """Counts by outcome, kind of thing and reason; zero counts are not kept."""

    _counts: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _examples: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def add(
        self, outcome: str, what: str, reason: str, count: int = 1, *, example: str | None = None
    ) -> None:
        """Note that some things met an outcome. The example is a place, never content."""
        if not count:
            return
        key = (outcome, what, _utf8(reason))
        self._counts[key] = self._counts.get(key, 0) + count
        if example:
            self._examples.setdefault(key, _utf8(example))

    def count(self, outcome: str, what: str | None = None) -> int:
        """Return how many things met an outcome."""
        return sum(n for (o, w, _), n in self._counts.items() if o == outcome and what in {None, w})

    def first(self, outcome: str, what: str) -> str | None:
        """Return the first noted reason with its example."""
        for o, w, reason in self._counts:
            if (o, w) == (outcome, what):
                return f"{self._examples.get((o, w, reason), 'a file')}: {reason}"
        return None

    def table(self, import_id: str) -> pl.DataFrame:
        """Return it as the ``losses`` table, in the order kept, merged, dropped, unknown."""
        order = {name: n for n, name in enumerate(LOSSES.columns["outcome"].values)}
        rows = [
            (import_id, *key, count, self._examples.get(key))
            for key, count in sorted(self._counts.items(), key=lambda item: order[item[0][0]])
        ]
        return pl.DataFrame(rows, schema=LOSSES.schema, orient="row")


def _utf8(text: str) -> str:
    """Return a text without what a table cannot hold: file names may be of any bytes."""
    return text.encode(errors="replace").decode()
