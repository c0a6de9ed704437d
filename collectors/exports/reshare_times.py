"""One cascade as SEISMIC takes it: when each reshare came, and how many follow its account.

``relative_time_second`` counts from the first row, which is the original; the moment of that, and
who anybody was, is not in the file. So the posts have no time, and none is made up: what can be
measured is the size of the cascade and its potential reach. Every row stands for an account of its
own, since nothing tells which are the same. Posts are called by what the file holds and their row,
so that the same cascade again changes nothing.
"""

import hashlib
from collections.abc import Iterator, Sequence

import polars as pl

from analytics.tables import ACCOUNTS, POSTS
from collectors.exports.cells import whole
from collectors.exports.csvs import ROW, batches, note_unread, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

COLUMNS = ("relative_time_second", "number_of_followers")

_NO_TIME = "only the seconds since the original are told: no time"
_NO_ACCOUNT = "nobody is named: each row stands for an account of its own"
_NO_COUNT = "number_of_followers is no count: left empty"


class ReshareTimes:
    """Reads cascades of relative times."""

    name = "reshare-times"
    label = "SEISMIC reshare times CSV"

    def knows(self, head: Head) -> bool:
        """Judge by the two column names."""
        return set(head.columns) >= set(COLUMNS)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts with their followers, and posts without times."""
        losses = options.losses
        for source, told in batches(files, losses, options.scratch, needs=COLUMNS, whole=True):
            note_unread(told, COLUMNS, source, losses)
            rows = _rows(with_columns_of(told, COLUMNS), source, losses)
            yield Part(ACCOUNTS, _accounts(rows), "accounts")
            yield Part(POSTS, _posts(rows), "posts")


FORMAT = ReshareTimes()


def _rows(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return the reshares in the order of their times, with what they are called."""
    rows = rows.with_columns(
        seconds=pl.col("relative_time_second").cast(pl.Float64, strict=False),
        followers=whole("number_of_followers"),
    )
    wrong = ~(pl.col("seconds").is_finite() & (pl.col("seconds") >= 0))
    rows = refused(rows, wrong, "lacks the seconds since the original", source, losses)
    losses.add("unknown", "times", _NO_TIME, rows.height, example=source.name)
    losses.add("unknown", "accounts", _NO_ACCOUNT, rows.height, example=source.name)
    uncounted = rows.filter(pl.col("followers").is_null())
    if uncounted.height:
        place = f"{source.name}, row {uncounted[ROW][0]}"
        losses.add("unknown", "values", _NO_COUNT, uncounted.height, example=place)
    rows = rows.sort("seconds", maintain_order=True)
    told = repr(rows.select("seconds", "followers").rows())
    name = hashlib.sha256(told.encode()).hexdigest()[:12]
    return rows.with_row_index("n").with_columns(
        cascade=pl.lit(f"x:reshares/{name}"),
        post_id=pl.format("x:reshares/{}/{}", pl.lit(name), "n"),
        account_id=pl.format("x:reshares/{}/account/{}", pl.lit(name), "n"),
        is_original=(pl.col("n") == 0) & (pl.col("seconds") == 0),
    )


def _accounts(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("followers").is_not_null()).select(
        "account_id", "followers", platform=pl.lit("x"), role=pl.lit("unknown")
    )


def _posts(rows: pl.DataFrame) -> pl.DataFrame:
    is_original = pl.col("is_original")
    held = rows["is_original"].any()
    root = pl.format("{}/{}", "cascade", pl.lit("0" if held else "original"))
    return rows.select(
        "post_id",
        "account_id",
        platform=pl.lit("x"),
        kind=pl.when(is_original).then(pl.lit("original")).otherwise(pl.lit("repost")),
        root_id=pl.when(~is_original).then(root),
    )
