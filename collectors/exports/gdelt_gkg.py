"""GDELT's Global Knowledge Graph 2: one row for each article, with what machines read in it.

Of each article, its address, outlet, language and title are kept, and what it links to and embeds:
by these it joins other posts. Themes, counts, places, tones and quotations are not read, and the
names of persons in it never are. Version 1 of the graph has other columns and is not read.
"""

import html
import re
from collections.abc import Iterator, Sequence

import polars as pl

from analytics.tables import ACCOUNTS, POSTS
from collectors.exports import gdelt
from collectors.exports.articles import as_posts, is_web, outlets
from collectors.exports.csvs import note_unread, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

COLUMNS = (
    "gkgrecordid", "date", "sourcecollectionidentifier", "sourcecommonname", "documentidentifier",
    "counts", "v2counts", "themes", "v2themes", "locations", "v2locations", "persons", "v2persons",
    "organizations", "v2organizations", "v2tone", "dates", "gcam", "sharingimage", "relatedimages",
    "socialimageembeds", "socialvideoembeds", "quotations", "allnames", "amounts",
    "translationinfo", "extras",
)  # fmt: skip
_READ = (
    "date", "documentidentifier", "sourcecommonname", "socialvideoembeds", "translationinfo",
    "extras",
)  # fmt: skip
_UNNEEDED = {"gkgrecordid", "sourcecollectionidentifier"}
_LAYOUT = gdelt.Layout(
    name="GKG",
    columns=(COLUMNS,),
    begins=re.compile(rb"\d{14}-T?\d+\t\d{14}\t"),
    needs=frozenset({"gkgrecordid", "date", "documentidentifier"}),
    renamed={
        "v2.1date": "date",
        "v21date": "date",
        "v2sourcecollectionidentifier": "sourcecollectionidentifier",
        "v2sourcecommonname": "sourcecommonname",
        "v2documentidentifier": "documentidentifier",
        "v2.1socialvideoembeds": "socialvideoembeds",
        "v21socialvideoembeds": "socialvideoembeds",
        "v2.1translationinfo": "translationinfo",
        "v21translationinfo": "translationinfo",
        "v2extrasxml": "extras",
    },
)


class KnowledgeGraph:
    """Reads articles of the Global Knowledge Graph."""

    name = "gdelt-gkg"
    label = "GDELT 2 Global Knowledge Graph (GKG)"

    def knows(self, head: Head) -> bool:
        """Judge by the names of the columns, or by how the lines of a bare table begin."""
        return _LAYOUT.knows(head)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield outlets and articles."""
        for source in files:
            for told in _LAYOUT.tables(source, options):
                note_unread(told, {*_READ, *_UNNEEDED}, source, options.losses)
                found = _articles(with_columns_of(told, _READ), source, options.losses)
                yield Part(ACCOUNTS, outlets(found), "accounts")
                yield Part(POSTS, as_posts(found), "posts")


FORMAT = KnowledgeGraph()


def _articles(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    rows = rows.with_columns(
        at=gdelt.seen(pl.col("date")),
        lang=gdelt.translated_from(pl.col("translationinfo")),
        text=pl.col("extras").str.extract(r"(?s)<PAGE_TITLE>(.*?)</PAGE_TITLE>"),
        links=pl.concat_list(
            _addresses(pl.col("extras").str.extract(r"(?s)<PAGE_LINKS>(.*?)</PAGE_LINKS>")),
            _addresses(pl.col("socialvideoembeds")),
        ).list.unique(maintain_order=True),
    )
    off_web = ~is_web(pl.col("documentidentifier"))
    rows = refused(rows, off_web, "is no article on the web", source, losses)
    rows = refused(rows, pl.col("at").is_null(), "has no time that can be read", source, losses)
    gdelt.note_languages(rows, "translationinfo", source, losses)
    gdelt.note_times(rows["date"], source, losses)
    return rows.select(
        "at",
        "lang",
        links=pl.when(pl.col("links").list.len() > 0).then("links"),  # some are never extracted
        text=pl.col("text").map_elements(_words, return_dtype=pl.String),
        url="documentidentifier",
        name="sourcecommonname",
    )


def _addresses(told: pl.Expr) -> pl.Expr:
    """Return the addresses in a list with semicolons, which addresses may hold themselves."""
    apart = told.str.replace_all(r"(?i)[;\s]+(https?://)", "\n$1").str.split("\n")
    bare = apart.list.eval(pl.element().str.strip_chars("; \t\r"))
    return bare.list.eval(pl.element().filter(is_web(pl.element()))).fill_null([])


def _words(title: str) -> str | None:
    """Return a title, in which GDELT writes letters as character references."""
    return html.unescape(title).strip() or None
