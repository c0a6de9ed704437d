"""How many had signed a petition, polled again and again: a CSV of ``timestamp,count``.

The file does not say which petition it is about. A number of five to seven digits in its name is
taken as that of a petition to the UK Parliament; without one the petition is called by the file.
Times have no zone and nothing in the file tells it, so the user has to: without ``--timezone`` the
file is passed over.
"""

import re
from collections.abc import Iterator, Sequence

import polars as pl

from analytics.tables import APPEALS, COUNTERS, POSTS
from collectors.exports.cells import whole
from collectors.exports.csvs import batches, note_unread, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.sources import Source
from collectors.exports.times import iso

COLUMNS = {"timestamp", "count"}
UK_PETITIONS = "uk-petitions"
_NUMBER = re.compile(r"(?<!\d)\d{5,7}(?!\d)")
_ZONED = r"(?:Z|[+-]\d\d:?\d\d)\s*$"

_NO_ZONE = (
    "has times without a zone: say which with --timezone, for example --timezone Europe/London"
)
_NOT_NAMED = "which petition was counted is not told: named by the file"
_BY_NAME = "which petition was counted is told by the file's name alone"


class PetitionCounts:
    """Reads series of signature counts."""

    name = "petition-counts"
    label = "Petition signature counts CSV"
    register = True

    def knows(self, head: Head) -> bool:
        """Judge by its two columns: no others may stand beside them."""
        return set(head.columns) == COLUMNS

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield the petition, of which nothing else is known, and its numbers."""
        losses = options.losses
        passed_over: set[str] = set()
        met: set[str] = set()
        for source, told in batches(files, losses, options.scratch, needs=COLUMNS):
            if source.name in passed_over:
                continue
            naive = ~pl.col("timestamp").str.contains(_ZONED)
            if options.zone is None and told.select(naive.any()).item():
                losses.add("dropped", "files", _NO_ZONE, example=source.name)
                passed_over.add(source.name)
                continue
            note_unread(told, COLUMNS, source, losses)
            rows = with_columns_of(told, sorted(COLUMNS)).with_columns(
                observed_at=iso(pl.col("timestamp"), options.zone), value=whole("count")
            )
            lacking = pl.any_horizontal(pl.col("observed_at", "value").is_null())
            rows = refused(rows, lacking, "lacks a time or a count", source, losses)
            post_id, reason = _petition(source)
            if source.name not in met:
                losses.add("unknown", "references", reason, example=source.name)
                met.add(source.name)
            yield Part(APPEALS, _appeal(post_id, rows.height), "appeals")
            yield Part(POSTS, _post(post_id, rows.height), "posts")
            yield Part(COUNTERS, _counts(rows, post_id), "numbers shown")


FORMAT = PetitionCounts()


def _petition(source: Source) -> tuple[str, str]:
    """Return the id of the petition that is counted, and how it is known.

    >>> from pathlib import Path
    >>> _petition(Source(Path("uk_123456_counts.csv")))[0]
    'petition:uk/123456'
    >>> _petition(Source(Path("tracker 2024.csv")))[0]
    'petition:counts/tracker 2024'
    """
    stem = source.stem.encode(errors="replace").decode()
    if found := _NUMBER.search(stem):
        return f"petition:uk/{found[0]}", _BY_NAME
    return f"petition:counts/{stem}", _NOT_NAMED


def _appeal(post_id: str, rows: int) -> pl.DataFrame:
    """Return the petition as an appeal, named as those of ``uk_petitions`` are."""
    is_uk = post_id.startswith("petition:uk/")
    told = {
        "appeal_id": [_named(post_id)], "jurisdiction": ["GB" if is_uk else None],
        "register": [UK_PETITIONS if is_uk else FORMAT.name], "simulated": [False],
    }  # fmt: skip
    return pl.DataFrame(told, schema_overrides={"jurisdiction": pl.String}).head(min(rows, 1))


def _named(post_id: str) -> str:
    return post_id.removeprefix("petition:").replace("/", "-", 1)


def _post(post_id: str, rows: int) -> pl.DataFrame:
    post = {"appeal_id": [_named(post_id)], "post_id": [post_id], "platform": ["petition"],
            "kind": ["original"]}  # fmt: skip
    return pl.DataFrame(post).head(min(rows, 1))


def _counts(rows: pl.DataFrame, post_id: str) -> pl.DataFrame:
    return rows.select(
        "value",
        "observed_at",
        post_id=pl.lit(post_id),
        metric=pl.lit("signatures"),
        definition=pl.lit("petition-counts count"),
    )
