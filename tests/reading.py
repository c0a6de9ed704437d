"""What a format makes of files, without a store: tables by name, and the loss report."""

import json
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from collectors.exports.formats import Format, Options
from collectors.exports.sources import find


@dataclass(frozen=True)
class Read:
    """The rows that came out of some files, by what they were called."""

    rows: dict[str, pl.DataFrame]
    losses: pl.DataFrame

    def lost(self, outcome: str, what: str) -> dict[str, int]:
        """Return the reasons of one outcome, with their counts."""
        found = self.losses.filter(outcome=outcome, what=what).select("reason", "count")
        return dict(found.iter_rows())

    def place(self, reason: str) -> str:
        """Return the example of the only loss whose reason begins so."""
        return str(self.losses.filter(pl.col("reason").str.starts_with(reason))["example"].item())


def read(reader: Format, *files: Path, zone: tzinfo | None = None) -> Read:
    """Read files, and check every part as the store would."""
    with TemporaryDirectory() as scratch:
        options = Options("appeal", zone, scratch=Path(scratch))
        return _read(reader, files, options)


def _read(reader: Format, files: tuple[Path, ...], options: Options) -> Read:
    rows: dict[str, list[pl.DataFrame]] = {}
    for part in reader.read(find(files, options.scratch).sources, options):
        common = {"appeal_id": "appeal", "source": reader.name}
        lacking = {n: v for n, v in common.items() if n in part.table.columns}
        lacking = {n: v for n, v in lacking.items() if n not in part.frame.columns}
        frame = part.frame.with_columns(pl.lit(v).alias(n) for n, v in lacking.items())
        rows.setdefault(part.what, []).append(part.table.check(frame))
    joined = {what: pl.concat(frames) for what, frames in rows.items()}
    return Read(joined, options.losses.table("import"))


def written(path: Path, *documents: Any) -> Path:  # noqa: ANN401 - whatever JSON can hold
    """Write one JSON document a line."""
    path.write_text("\n".join(json.dumps(document) for document in documents))
    return path
