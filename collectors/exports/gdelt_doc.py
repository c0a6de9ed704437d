"""Lists of articles that GDELT's search gives (DOC 2.0, mode ArtList), as CSV or JSON.

The CSV has ``URL, MobileURL, Date, Title`` behind a byte-order mark; the JSON, and the CSV that
clients write from it, also tell the language and the domain. Titles come with blanks before their
punctuation, and are kept so. The time is when GDELT saw the article. One search gives 250 articles
at most, so that a full list is a sample of what GDELT holds.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
import polars as pl

from analytics.tables import ACCOUNTS, POSTS
from collectors.exports import gdelt
from collectors.exports.articles import as_posts, is_web, outlets
from collectors.exports.csvs import ROW, batches, note_unread, refused, with_columns_of
from collectors.exports.documents import (
    Decoding,
    Document,
    chunks,
    documents,
    elements,
    names_read,
)
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

MOST = 250  # articles that one search gives

_PLAIN = {"url": "URL", "seendate": "Date", "title": "Title"}
_FULL = {"url": "url", "seendate": "seendate", "title": "title", "language": "language"}
_UNNEEDED = {"MobileURL", "url_mobile", "domain", "sourcecountry", "socialimage"}
_NAMES = {"url", "seendate", "title", "domain"}
_SEEN = r"^(\d{4})-?(\d\d)-?(\d\d)[T ]?(\d\d):?(\d\d):?(\d\d)Z?$"


class _Article(msgspec.Struct):
    """An article as the search tells it; a number for a title is no reason to lose it."""

    url: str | None = None
    seendate: str | int | None = None
    title: str | int | float | None = None
    language: str | None = None


class ArticleList:
    """Reads lists of articles found by GDELT's search."""

    name = "gdelt-doc"
    label = "GDELT DOC 2.0 article list (CSV, JSON)"

    def knows(self, head: Head) -> bool:
        """Judge by the names of the columns or members."""
        columns = set(head.columns)
        if columns >= {"URL", "MobileURL", "Date", "Title"} or columns >= _NAMES:
            return True
        return {"articles[].url", "articles[].seendate"} <= head.paths or head.items >= _NAMES

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield outlets and articles."""
        for source in files:
            rows_of = _of_json if Head.of(source).is_json else _of_csv
            number = 0
            for told in rows_of(source, options):
                number += told.height
                found = _articles(told, source, options.losses)
                yield Part(ACCOUNTS, outlets(found), "accounts")
                yield Part(POSTS, as_posts(found), "posts")
            if number == MOST:
                reason = f"articles beyond the {MOST} that one search gives: there may be more"
                options.losses.add("unknown", "articles", reason, example=source.name)


FORMAT = ArticleList()


def _of_csv(source: Source, options: Options) -> Iterator[pl.DataFrame]:
    names = _PLAIN if "URL" in Head.of(source).columns else _FULL
    needs = {names["url"], names["seendate"]}
    for _, told in batches([source], options.losses, options.scratch, needs=needs):
        numbered = {"", "Unnamed: 0"}  # a column that pandas adds
        note_unread(told, {*names.values(), *_UNNEEDED, *numbered}, source, options.losses)
        rows = with_columns_of(told, names.values())
        yield rows.rename({told_as: name for name, told_as in names.items()})


def _of_json(source: Source, options: Options) -> Iterator[pl.DataFrame]:
    decoding = Decoding(source, options.losses, "GDELT")
    number = 0
    for some in chunks(_documents(source, options.losses)):
        articles = decoding.each(_Article, some)
        columns = {
            name: pl.Series(map(_text, (getattr(each, name) for each in articles)), dtype=pl.String)
            for name in _FULL
        }
        rows = pl.DataFrame(columns).with_row_index(ROW, offset=number + 1)
        number += len(some)
        yield with_columns_of(rows, _FULL)
    decoding.note_unread(names_read(_Article) | _UNNEEDED)


def _documents(source: Source, losses: Losses) -> Iterable[Document]:
    """Return the articles of an answer of the search, or of a list of articles."""
    if "articles[].url" not in Head.of(source).paths:
        return documents(source, losses)
    pieces = enumerate(elements(source, losses, depth=2), 1)
    return (Document(f"{source.name}, article {number}", piece) for number, piece in pieces)


def _text(value: float | str | None) -> str | None:
    return None if value is None else str(value)


def _articles(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    named = "language" in rows.columns
    lang = gdelt.language(pl.col("language")) if named else pl.lit(None, pl.String)
    rows = rows.with_columns(at=_seen(pl.col("seendate")), lang=lang)
    rows = refused(rows, ~is_web(pl.col("url")), "has no address on the web", source, losses)
    untimed = rows.filter(pl.col("at").is_null())
    if untimed.height:
        place = f"{source.name}, row {untimed[ROW][0]}"
        losses.add("unknown", "times", "no time that can be read", untimed.height, example=place)
    if named:
        gdelt.note_languages(rows, "language", source, losses)
    timed = rows.height - untimed.height
    losses.add("unknown", "times", gdelt.SEEN, timed, example=source.name)
    return rows.select("url", "at", "lang", text="title")


def _seen(column: pl.Expr) -> pl.Expr:
    """Return times as the search writes them in CSV and in JSON, both UTC."""
    digits = column.str.replace(_SEEN, "$1$2$3$4$5$6")
    return gdelt.seen(digits)
