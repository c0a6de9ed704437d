"""Stories that Media Cloud found: as CSV of a topic or of a search, or as its API lists them.

``publish_date`` is what Media Cloud could make of a page: often only a day, written as midnight,
and often just the moment of collection. It is kept as told, and both kinds are counted in the
losses. No zone is named: times are read in the zone that the user says, else as UTC, which is
noted. Stories that lie on YouTube carry the video's id in ``object_keys``. Links, shares and counts
that a topic's tables add are not read.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC

import msgspec
import polars as pl

from analytics.tables import ACCOUNTS, POSTS
from collectors.exports.articles import as_posts, is_web, outlets
from collectors.exports.csvs import ROW, batches, note_unread, refused, with_columns_of
from collectors.exports.documents import Decoding, Document, chunks, elements, names_read
from collectors.exports.formats import Head, Options, Part
from collectors.exports.sources import Source
from collectors.exports.times import iso

COLUMNS = {"title", "url", "language", "media_name", "publish_date"}
_OF_SEARCHES = {"indexed_date", "media_url"}
_READ = COLUMNS | {"collect_date", "indexed_date", "date_is_reliable"}
_UNNEEDED = {
    "guid", "id", "stories_id", "media_id", "media_url", "snapshots_id", "timespans_id",
    "next_link_id",
}  # fmt: skip
_COLLECTED = ("collect_date", "indexed_date")
_SAME_MOMENT = pl.duration(seconds=60)
_DAY = r"^(\d{4}-\d\d-\d\d)$"
_LISTED = {"stories[].url", "stories[].media_name", "stories[].publish_date"}


class _Story(msgspec.Struct):
    """A story as the API lists it."""

    url: str | None = None
    title: str | None = None
    language: str | None = None
    media_name: str | None = None
    publish_date: str | None = None
    indexed_date: str | None = None


_TOLD = _Story.__struct_fields__


class MediaCloud:
    """Reads lists of stories."""

    name = "mediacloud"
    label = "Media Cloud stories (CSV, JSON)"

    def knows(self, head: Head) -> bool:
        """Judge by the names of the columns or members."""
        if head.paths >= _LISTED:
            return True
        columns = set(head.columns)
        of_its_own = columns & {"stories_id", "media_id"} or columns >= _OF_SEARCHES
        return columns >= COLUMNS and bool(of_its_own)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield outlets and stories."""
        for source in files:
            rows_of = _of_json if Head.of(source).is_json else _of_csv
            for told in rows_of(source, options):
                found = _stories(told, source, options)
                yield Part(ACCOUNTS, outlets(found), "accounts")
                yield Part(POSTS, as_posts(found), "posts")


FORMAT = MediaCloud()


def _of_csv(source: Source, options: Options) -> Iterator[pl.DataFrame]:
    needs = {"url", "publish_date"}
    for _, told in batches([source], options.losses, options.scratch, needs=needs):
        note_unread(told, _READ | _UNNEEDED, source, options.losses)
        yield with_columns_of(told, sorted(_READ))


def _of_json(source: Source, options: Options) -> Iterator[pl.DataFrame]:
    decoding = Decoding(source, options.losses, "Media Cloud")
    pieces = enumerate(elements(source, options.losses, depth=2), 1)
    listed = (Document(f"{source.name}, story {number}", piece) for number, piece in pieces)
    number = 0
    for some in chunks(listed):
        stories = decoding.each(_Story, some)
        rows = pl.DataFrame(
            {
                name: pl.Series([getattr(s, name) for s in stories], dtype=pl.String)
                for name in _TOLD
            }
        )
        yield with_columns_of(rows.with_row_index(ROW, offset=number + 1), sorted(_READ))
        number += len(some)
    decoding.note_unread(names_read(_Story) | _UNNEEDED)


def _stories(rows: pl.DataFrame, source: Source, options: Options) -> pl.DataFrame:
    zone = options.zone or UTC
    rows = rows.with_columns(
        at=iso(_moment("publish_date"), zone),
        collected_at=pl.coalesce(iso(_moment(name), zone) for name in _COLLECTED),
    )
    off_web = ~is_web(pl.col("url"))
    rows = refused(rows, off_web, "has no address on the web", source, options.losses)
    _note_times(rows, source, options)
    return rows.select("url", "at", "collected_at", text="title", lang=_lang(), name="media_name")


def _moment(column: str) -> pl.Expr:
    """Return times with a clock, so that a bare day is its midnight, as where it has one."""
    return pl.col(column).str.replace(_DAY, "${1}T00:00:00")


def _lang() -> pl.Expr:
    known = pl.col("language").str.contains(r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]+)*$")
    return pl.when(known).then(pl.col("language").str.replace_all("_", "-"))


def _note_times(rows: pl.DataFrame, source: Source, options: Options) -> None:
    """Count the times that are not what they seem."""
    at = pl.col("at")
    told = pl.col("publish_date")
    facts = {
        "no publish_date that can be read": at.is_null(),
        "publish_date is only a day: kept as its midnight": at.is_not_null()
        & told.str.contains(r"^\d{4}-\d\d-\d\d(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?$"),
        "publish_date is just when Media Cloud collected it": (at - pl.col("collected_at")).abs()
        < _SAME_MOMENT,
        "Media Cloud itself calls its date not reliable": at.is_not_null()
        & (pl.col("date_is_reliable") == "0"),
    }
    if options.zone is None:
        naive = ~told.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$|^\d{4}-\d\d-\d\d$")
        facts["no time zone is told: read as UTC (say another with --timezone)"] = (
            at.is_not_null() & naive
        )
    for reason, fact in facts.items():
        met = rows.filter(fact.fill_null(value=False))
        if met.height:
            place = f"{source.name}, row {met[ROW][0]}"
            options.losses.add("unknown", "times", reason, met.height, example=place)
