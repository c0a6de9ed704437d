"""Who acted on whom and when on Twitter: the activity log of SNAP's Higgs data set, and its like.

Lines ``userA userB timestamp RT`` as SNAP gives them, or a CSV with these names in its header. User
A acts on user B, so that every post is by A: ``RT`` passes on a post of B, ``RE`` answers one,
``MT`` names B. Times are seconds since 1970.

No post has an id, and none of those acted on is named: parents and roots stay unknown, and separate
cascades cannot be told apart. Posts are called by their second and their place among the posts of
that second (``x:activity/1341100972/3``, sorted by what they say), so that the same file again
changes nothing; a file that is cut within a second is numbered otherwise.
"""

import re
from collections.abc import Iterator, Sequence

import polars as pl

from analytics.schema import STRINGS
from analytics.tables import POSTS
from collectors.exports.csvs import ROW, batches, note_unread, plain, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import UNREADABLE, Source, bare_fact
from collectors.exports.times import epoch

COLUMNS = ("userA", "userB", "timestamp", "interaction")
_KINDS = {"RT": "repost", "RE": "reply", "MT": "original"}
_LINE = re.compile(r"^\d+ \d+ \d{9,11} (?:RT|RE|MT)$")

_LACKING = "lacks a user, a time or a known interaction"
_ITSELF = "a user who acts on itself: kept as told"
_NO_POST = "the post acted on is not named"


class SnapActivity:
    """Reads logs of retweets, replies and mentions."""

    name = "snap-activity"
    label = "SNAP activity log (Higgs Twitter)"

    def knows(self, head: Head) -> bool:
        """Judge by column names, or by a first line of four words."""
        return set(head.columns) >= set(COLUMNS) or bool(_LINE.match(head.first_line))

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield the acts as posts; those of one second are seen together."""
        losses = options.losses
        for source, told in _rows(files, options):
            note_unread(told, COLUMNS, source, losses)
            rows = _checked(with_columns_of(told, COLUMNS), source, losses)
            yield Part(POSTS, _posts(rows), "posts")


FORMAT = SnapActivity()


def _rows(files: Sequence[Source], options: Options) -> Iterator[tuple[Source, pl.DataFrame]]:
    for source in files:
        head = Head.of(source)
        if not _LINE.match(head.first_line):
            yield from batches([source], options.losses, options.scratch, needs=COLUMNS, whole=True)
            continue
        try:
            lines = plain(source, options.losses, options.scratch, separator=" ", columns=COLUMNS)
            yield source, pl.concat(lines)
        except UNREADABLE as error:
            reason = f"cannot be read to its end ({bare_fact(error)})"
            options.losses.add("dropped", "files", reason, example=source.name)


def _checked(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    rows = rows.with_columns(
        at=epoch(pl.col("timestamp")),
        kind=pl.col("interaction").replace_strict(_KINDS, default=None, return_dtype=pl.String),
    )
    lacking = pl.any_horizontal(pl.col("userA", "userB", "at", "kind").is_null())
    rows = refused(rows, lacking, _LACKING, source, losses)
    itself = rows.filter(pl.col("userA") == pl.col("userB"))
    if itself.height:
        place = f"{source.name}, row {itself[ROW][0]}"
        losses.add("unknown", "accounts", _ITSELF, itself.height, example=place)
    shares = rows.filter(pl.col("kind") != "original").height
    losses.add("unknown", "references", _NO_POST, shares, example=source.name)
    return rows


def _posts(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.sort("at", "userA", "userB", "interaction", maintain_order=True)
    second = pl.col("at").dt.epoch("s")
    actor, other = pl.format("x:{}", "userA"), pl.format("x:{}", "userB")
    kind = pl.col("kind")
    order = pl.int_range(1, pl.len() + 1).over(second)
    return rows.select(
        "at",
        "kind",
        post_id=pl.format("x:activity/{}/{}", second, order),
        platform=pl.lit("x"),
        account_id=actor,
        root_account_id=pl.when(kind == "repost").then(other),
        parent_account_id=pl.when(kind == "reply").then(other),
        basis=pl.when(kind == "reply").then(pl.lit("observed")),
        mentions=pl.when(kind == "original").then(pl.concat_list(other)).cast(STRINGS),
    )
