"""Internet shutdowns that Access Now's #KeepItOn coalition lists, as CSV of any year.

Each is an appeal by itself, of which nothing is known but that it was answered so: the list holds
no case in which nothing happened. The columns' names differ from year to year, with blanks and
capitals. A shutdown that a government, a court or a force of the state ordered is a response:
restrictions on speech (CAMEO 1721) for the public. The act is its beginning, so that the interval
is the first day; the last one stands in the summary. Ends are often missing, ``Ongoing``, or before
the beginning: all counted in the losses. The days are days at the place, whose zone the list does
not tell.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC

import polars as pl

from analytics.schema import STRINGS
from analytics.tables import APPEALS, RESPONSES
from collectors.exports.coded_acts import day_begins, day_ends, placed, without
from collectors.exports.csvs import ROW, batches, note_unread, with_columns_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

CODER = "Access Now #KeepItOn"
VERB = "1721"
COLUMNS = {"start_date", "country", "geo_scope", "ordered_by", "actual_cause"}
_TYPES = ("shutdown_type_new", "shutdown_type")
_LINKS = ("news_link", "info_source_link")
_READ = (*sorted(COLUMNS), "end_date", "start_date_type", "area_name", *_TYPES, *_LINKS)
_AUTHORITY = (
    r"government|judiciary|court|law enforce|police|military|army|legislat|parliament|ministr"
)
_LEVELS = {
    "local government": "local", "state government": "regional",
    "executive government": "national",
}  # fmt: skip
_NO_END = ("", "ongoing", "unknown", "unkown", "n/a", "na", "-")

_NO_AUTHORITY = "no authority is told to have ordered it"
_NO_DATE = "has no first day that can be read"
_NO_COUNTRY = "lacks its country"
_IN_UTC = "days are read as days in UTC (say another zone with --timezone)"
_NO_MIDNIGHT = "begins or ends on a midnight that the zone's clocks skip or show twice"
_ENDLESS = "the end is not told, or it was going on"
_BAD_END = "an end that cannot be read"
_BACKWARDS = "an end before the beginning: kept as told"
_ESTIMATED = "the first day is an estimate"


class KeepItOn:
    """Reads shutdowns that authorities ordered."""

    name = "keepiton"
    label = "#KeepItOn internet shutdowns CSV"
    register = True

    def knows(self, head: Head) -> bool:
        """Judge by the names of the columns, in capitals or not."""
        return {name.lower() for name in head.columns} >= COLUMNS

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield responses."""
        losses = options.losses
        for source, told in batches(files, losses, options.scratch, whole=True):
            lower: dict[str, str] = {}
            for name in told.columns:
                if name.lower() in _READ and name.lower() not in lower.values():
                    lower[name] = name.lower()
            named = told.rename(lower)
            note_unread(named, {*_READ, "id", "ID", "year"} - {"actual_cause"}, source, losses)
            rows = _checked(with_columns_of(named, _READ), source, losses)
            acts = _responses(rows, source, options)
            yield Part(APPEALS, _appeals(acts), "appeals")
            yield Part(RESPONSES, acts, "responses")


FORMAT = KeepItOn()


def _checked(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return the shutdowns of authorities that have a first day; note what is odd in them."""
    rows = rows.with_columns(
        first=_day("start_date"),
        last=_day("end_date"),
        by=pl.col("ordered_by").str.replace_all(r"\s+", " ").str.to_lowercase(),
        end=pl.col("end_date").str.to_lowercase().fill_null(""),
    )
    by_authority = pl.col("by").str.contains(_AUTHORITY) & ~pl.col("by").str.contains(r"^non\b")
    rows = without(rows, ~by_authority, _NO_AUTHORITY, source, losses)
    rows = without(rows, pl.col("first").is_null(), _NO_DATE, source, losses)
    rows = without(rows, pl.col("country").is_null(), _NO_COUNTRY, source, losses)
    open_end = pl.col("end").is_in(_NO_END)
    facts = {
        _ENDLESS: open_end,
        _BAD_END: ~open_end & pl.col("last").is_null(),
        _BACKWARDS: pl.col("last") < pl.col("first"),
        _ESTIMATED: pl.col("start_date_type").str.to_lowercase() == "estimated",
    }
    for reason, fact in facts.items():
        met = rows.filter(fact.fill_null(value=False))
        if met.height:
            place = f"{source.name}, row {met[ROW][0]}"
            losses.add("unknown", "times", reason, met.height, example=place)
    return rows


def _responses(rows: pl.DataFrame, source: Source, options: Options) -> pl.DataFrame:
    zone = options.zone or UTC
    if options.zone is None:
        options.losses.add("unknown", "times", _IN_UTC, rows.height, example=source.name)
    ordered = pl.col("ordered_by").str.replace_all(r"\s+", " ").str.strip_chars()
    rows = rows.with_columns(
        day_begins(pl.col("first"), zone).alias("from"),
        day_ends(pl.col("first"), zone).alias("to"),
        response_id=_ids(rows),
    )
    unknown = pl.any_horizontal(pl.col("from", "to").is_null())
    rows = without(rows, unknown, _NO_MIDNIGHT, source, options.losses)
    return placed(
        rows.select(
            "response_id",
            pl.col("response_id").str.replace(":", "-", literal=True).alias("appeal_id"),
            "from",
            "to",
            actor=pl.format("{} ({})", ordered, "country"),
            level=pl.col("by").replace_strict(_LEVELS, default=None, return_dtype=pl.String),
            verb_code=pl.lit(VERB),
            target=pl.lit("public"),
            summary=_summary(),
            sources=_links(),
            coder=pl.lit(CODER),
        )
    )


def _appeals(acts: pl.DataFrame) -> pl.DataFrame:
    return acts.select(
        "appeal_id",
        title="summary",
        register=pl.lit(FORMAT.name),
        selection=pl.lit("found_by_outcome"),
        simulated=pl.lit(value=False),
    ).unique("appeal_id", maintain_order=True)


def _summary() -> pl.Expr:
    kind = pl.coalesce(*_TYPES, pl.lit("kind not told")).str.replace_all(r"\s+", " ")
    place = pl.coalesce("area_name", "geo_scope", pl.lit("area not told"))
    end = pl.coalesce(pl.col("last").dt.to_string(), pl.lit("an end that is not told"))
    return pl.format(
        "Internet shutdown ({}) in {}, {}, from {} to {}",
        kind.str.strip_chars(),
        place.str.replace_all(r"\s+", " ").str.strip_chars(),
        "country",
        pl.col("first").dt.to_string(),
        end,
    )


def _links() -> pl.Expr:
    """Return the addresses that a row gives as its source."""
    words = pl.concat_str(*_LINKS, separator=" ", ignore_nulls=True)
    found = words.str.extract_all(r"https?://[^\s,;]+").cast(STRINGS)
    return pl.when(found.list.len() > 0).then(found)


def _ids(rows: pl.DataFrame) -> pl.Series:
    """Name shutdowns by what is told of them: the sheets number them each for itself, or not."""
    told = ("start_date", "country", "area_name", "ordered_by", "news_link", "info_source_link")
    again = rows.select(pl.int_range(pl.len()).over(told)).to_series()
    names = zip(*(rows[name] for name in told), again, strict=True)
    digests = [hashlib.sha256(repr(name).encode(errors="replace")).hexdigest() for name in names]
    return pl.Series([f"keepiton:{digest[:12]}" for digest in digests], dtype=pl.String)


def _day(name: str) -> pl.Expr:
    bare = pl.col(name).str.extract(r"^(\d{4}-\d\d-\d\d)(?:[T ]\S*)?$")
    day = bare.str.to_date("%Y-%m-%d", strict=False)
    return pl.when(day.dt.year().is_between(1980, 9000)).then(day)
