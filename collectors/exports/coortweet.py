"""CooRTweet's input: who shared which object when, as CSV.

``object_id, account_id, content_id, timestamp_share`` (seconds since 1970). The file does not say
which platform it is from, and what a share came from directly is not in it: the object is the root.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from analytics.schema import STRINGS
from analytics.tables import POSTS
from collectors.exports.csvs import batches, note_unread, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part, named_on
from collectors.exports.losses import Losses
from collectors.exports.sources import Source
from collectors.exports.times import epoch

COLUMNS = {"object_id", "account_id", "content_id", "timestamp_share"}
PLATFORM = "unknown"


class CooRTweet:
    """Reads tables of shares as CooRTweet takes them."""

    name = "coortweet"
    label = "CooRTweet CSV"

    def knows(self, head: Head) -> bool:
        """Judge by the four column names."""
        return set(head.columns) >= COLUMNS

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield the shares as posts; one post can share several objects, in rows far apart."""
        losses = options.losses
        for source, told in batches(files, losses, options.scratch, needs=COLUMNS, whole=True):
            note_unread(told, COLUMNS, source, losses)
            yield Part(POSTS, _posts(with_columns_of(told, COLUMNS), source, losses), "posts")


FORMAT = CooRTweet()


def _posts(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    rows = rows.with_columns(at=epoch(pl.col("timestamp_share")))
    lacking = pl.any_horizontal(pl.col("object_id", "account_id", "content_id", "at").is_null())
    rows = refused(rows, lacking, "lacks an id or a time", source, losses)
    grouped = rows.group_by("content_id", maintain_order=True).agg(
        pl.col("account_id", "at").first(),
        root=pl.col("object_id").first(),
        objects=pl.col("object_id").unique(maintain_order=True),
        rows=pl.len(),
    )  # fmt: skip
    again = int(grouped["rows"].sum()) - grouped.height
    losses.add("merged", "rows", "one post with several objects, or the same row again", again)
    return _shaped(grouped)


def _shaped(grouped: pl.DataFrame) -> pl.DataFrame:
    is_share = pl.col("content_id") != pl.col("root")
    return grouped.select(
        post_id=named_on(PLATFORM, "content_id"),
        platform=pl.lit(PLATFORM),
        account_id=named_on(PLATFORM, "account_id"),
        at="at",
        kind=pl.when(is_share).then(pl.lit("repost")).otherwise(pl.lit("original")),
        root_id=pl.when(is_share).then(named_on(PLATFORM, "root")),
        object_keys=pl.col("objects").list.eval(pl.lit("object:") + pl.element()).cast(STRINGS),
    )
