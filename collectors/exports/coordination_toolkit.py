"""The input of the Coordination Network Toolkit: one message a row, in eight fixed columns.

``message_id, user_id, username, repost_id, reply_id, message, timestamp, urls``. The toolkit goes
by their places and passes over the first line, so a header can say anything; some files have none,
and then the first line is kept like the others.

The file does not say which platform it is from. Of a repost it names what is repeated, which on
most platforms is the original and not the post that it came through: that is its root.
``timestamp`` counts seconds since 1970. The toolkit takes any other count as well; such a one tells
no date and is left empty. ``urls`` stand with blanks between them.
"""

import codecs
import csv
import io
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import polars as pl

from analytics.errors import FormatError
from analytics.tables import ACCOUNTS, POSTS
from collectors.exports.csvs import ROW, batches, note_unread, refused, with_columns_of
from collectors.exports.formats import HEAD_BYTES, Head, Options, Part, named_on
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.sources import UNREADABLE, Source, bare_fact
from collectors.exports.texts import encoding_of, recoded
from collectors.exports.times import epoch

COLUMNS = (
    "message_id", "user_id", "username", "repost_id", "reply_id", "message", "timestamp", "urls"
)  # fmt: skip
PLATFORM = "unknown"
EARLIEST, LATEST = 1e8, 1e10  # seconds, 1973 … 2286: what lies outside counts something else
_SAMPLE_ROWS = 20


class CoordinationToolkit:
    """Reads tables of messages as the Coordination Network Toolkit takes them."""

    name = "coordination-toolkit"
    label = "Coordination Network Toolkit CSV"

    def knows(self, head: Head) -> bool:
        """Judge by the eight names, or by what stands in the eight places."""
        return set(head.columns) >= set(COLUMNS) or _is_bare(head)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts and posts, after a look at who wrote which message."""
        reading = _Reading(options.losses, _authors(files, options))
        for source, rows in _messages(files, options.losses, options.scratch):
            checked = reading.checked(rows, source)
            yield Part(ACCOUNTS, _accounts(checked), "accounts")
            yield Part(POSTS, _posts(checked), "posts")
        reading.note_unresolved()


FORMAT = CoordinationToolkit()


def _is_bare(head: Head) -> bool:
    """Return whether a file begins with messages and not with a header."""
    if head.is_json or head.is_parquet:
        return False
    lines = io.StringIO(head.data.decode(errors="replace"), newline="")
    try:
        rows = list(islice(csv.reader(lines), _SAMPLE_ROWS + 1))
    except csv.Error:
        return False
    if len(rows) > _SAMPLE_ROWS or len(head.raw) >= HEAD_BYTES:
        rows.pop()  # it may be cut
    told = [row for row in rows if row]
    return bool(told) and all(map(_is_message, told))


def _is_message(cells: list[str]) -> bool:
    """Return whether a row has in its eight places what belongs there.

    >>> _is_message(["1", "2", "name", "", "", "words", "1600000000", "http://a.example"])
    True
    >>> _is_message(list(COLUMNS))
    False
    """
    if len(cells) != len(COLUMNS):
        return False
    message_id, user_id, _, repost_id, reply_id, _, timestamp, urls = cells
    is_named = bool(message_id and user_id)
    is_one_word = all(len(cell.split()) <= 1 for cell in (message_id, user_id, repost_id, reply_id))
    is_linked = all("://" in url for url in urls.split())
    return is_named and is_one_word and is_linked and _is_date(timestamp)


def _is_date(timestamp: str) -> bool:
    try:
        return EARLIEST <= float(timestamp) < LATEST
    except ValueError:
        return False


def _messages(
    files: Sequence[Source], losses: Losses, scratch: Path
) -> Iterator[tuple[Source, pl.DataFrame]]:
    """Yield the rows of files under the eight names, each with its number in its file."""
    for source in files:
        try:
            head = Head.of(source)
            is_bare = _is_bare(head)
            read = _headed(source, scratch) if is_bare else source
        except (FormatError, *UNREADABLE) as error:
            reason = f"cannot be read to its end ({bare_fact(error)})"
            losses.add("dropped", "files", reason, example=source.name)
            continue
        by_place = len(head.columns) == len(COLUMNS) and not is_bare
        for _, told in batches([read], losses, scratch, needs=() if by_place else COLUMNS):
            named = told
            if by_place and not set(COLUMNS) <= set(told.columns):
                names = [name for name in told.columns if name != ROW]
                named = told.rename(dict(zip(names, COLUMNS, strict=True)))
            note_unread(named, COLUMNS, source, losses)
            row = pl.col(ROW) - 1 if is_bare else pl.col(ROW)
            yield source, with_columns_of(named, COLUMNS).with_columns(row)


def _headed(source: Source, scratch: Path) -> Source:
    """Return a copy of a file with a header, as the reader of CSV needs one."""
    encoding = encoding_of(source.head(4096))
    path = scratch / f"headed{len(list(scratch.iterdir()))}.csv"
    with source.open() as bare, path.open("wb") as file:
        file.write(",".join(COLUMNS).encode() + b"\n")
        if "16" in encoding:
            file.writelines(piece for piece, _ in recoded(bare, encoding))
        else:
            file.write(bare.read(3).removeprefix(codecs.BOM_UTF8))
            shutil.copyfileobj(bare, file)
    return Source(path, source.name)


def _authors(files: Sequence[Source], options: Options) -> pl.DataFrame:
    """Return who wrote which message, in all the files."""
    # losses are noted when the rows are read for good
    found = [
        rows.select(other="message_id", other_author="user_id", is_held=pl.lit(value=True))
        for _, rows in _messages(files, Losses(), options.scratch)
    ]
    schema = {"other": pl.String, "other_author": pl.String, "is_held": pl.Boolean}
    return pl.concat([pl.DataFrame(schema=schema), *found]).drop_nulls("other").unique(
        "other", keep="first", maintain_order=True
    )  # fmt: skip


class _Reading:
    """What is known of all the files while one batch is read."""

    def __init__(self, losses: Losses, authors: pl.DataFrame) -> None:
        self.losses = losses
        self.authors = authors
        self.unmet: list[pl.DataFrame] = []

    def checked(self, rows: pl.DataFrame, source: Source) -> pl.DataFrame:
        """Return the rows that have an id, with what follows from several columns."""
        bad = pl.col("message_id").is_null()
        rows = refused(rows, bad, "lacks an id", source, self.losses)
        seconds = pl.col("timestamp").cast(pl.Float64, strict=False)
        is_repost = pl.col("repost_id") != pl.col("message_id")
        rows = rows.with_columns(
            at=pl.when(seconds.is_between(EARLIEST, LATEST)).then(epoch(pl.col("timestamp"))),
            kind=pl.when(is_repost).then(pl.lit("repost"))
            .when(pl.col("reply_id").is_not_null()).then(pl.lit("reply"))
            .otherwise(pl.lit("original")),
            other=pl.when(is_repost).then("repost_id").otherwise("reply_id"),
        )  # fmt: skip
        self._note(rows, source)
        rows = rows.join(self.authors, on="other", how="left", maintain_order="left")
        place = pl.concat_str(pl.lit(f"{source.name}, row "), ROW)
        self.unmet.append(
            rows.filter(pl.col("other").is_not_null() & pl.col("is_held").is_null()).select(
                "other", place=place
            )
        )
        return rows

    def _note(self, rows: pl.DataFrame, source: Source) -> None:
        undated = rows.filter(pl.col("at").is_null())
        reason = "no readable time: kept, but without one"
        place = f"{source.name}, row {undated[ROW][0]}" if undated.height else None
        self.losses.add("unknown", "times", reason, undated.height, example=place)
        both = rows.filter(pl.col("reply_id").is_not_null(), kind="repost")
        reason = "a repost that also answers: kept as a repost, the answer's link is not"
        place = f"{source.name}, row {both[ROW][0]}" if both.height else None
        self.losses.add("dropped", "links", reason, both.height, example=place)

    def note_unresolved(self) -> None:
        """Count the messages that are referred to and are in none of the files."""
        schema = {"other": pl.String, "place": pl.String}
        unmet = pl.concat([pl.DataFrame(schema=schema), *self.unmet])
        unmet = unmet.unique("other", keep="first", maintain_order=True)
        reason = "not in these files: deleted, protected, or not asked for"
        place = unmet["place"][0] if unmet.height else None
        self.losses.add("unknown", "references", reason, unmet.height, example=place)


def _id(column: str) -> pl.Expr:
    return named_on(PLATFORM, column)


def _accounts(rows: pl.DataFrame) -> pl.DataFrame:
    named = rows.select("user_id", "username").drop_nulls().unique(maintain_order=True)
    return named.select(
        account_id=_id("user_id"),
        platform=pl.lit(PLATFORM),
        handle="username",
        role=pl.lit("unknown"),
    )


def _posts(rows: pl.DataFrame) -> pl.DataFrame:
    is_repost = pl.col("kind") == "repost"
    is_reply = pl.col("kind") == "reply"
    is_held = pl.col("is_held").fill_null(value=False)
    links = pl.col("urls").fill_null("").str.split(" ")
    return rows.select(
        post_id=_id("message_id"),
        platform=pl.lit(PLATFORM),
        account_id=_id("user_id"),
        at="at",
        kind="kind",
        parent_id=pl.when(is_reply).then(_id("other")),
        parent_account_id=pl.when(is_reply).then(_id("other_author")),
        root_id=pl.when(is_repost).then(_id("other")),
        root_account_id=pl.when(is_repost).then(_id("other_author")),
        basis=pl.when(is_reply).then(pl.lit("observed")),
        text=pl.when(~(is_repost & is_held)).then("message"),
        urls=links.list.eval(pl.element().filter(pl.element() != "")),
    ).with_columns(object_keys("urls"))
