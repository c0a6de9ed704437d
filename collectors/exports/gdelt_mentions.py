"""GDELT's Mentions: one row for each event that an article names.

An article stands in as many rows as it names events. Here it is one post, and the events are among
its ``object_keys`` (``gdelt:ID``), so that articles about one event join. Rows that cite a document
off the web (broadcast, print, an archive) name no address, and are set aside.
"""

import re
from collections.abc import Iterator, Sequence

import polars as pl

from analytics.tables import ACCOUNTS, POSTS
from collectors.exports import gdelt
from collectors.exports.articles import as_posts, is_web, outlets
from collectors.exports.csvs import ROW, note_unread, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

COLUMNS = (
    "globaleventid", "eventtimedate", "mentiontimedate", "mentiontype", "mentionsourcename",
    "mentionidentifier", "sentenceid", "actor1charoffset", "actor2charoffset", "actioncharoffset",
    "inrawtext", "confidence", "mentiondoclen", "mentiondoctone", "mentiondoctranslationinfo",
    "extras",
)  # fmt: skip
_READ = (
    "globaleventid", "mentiontimedate", "mentionidentifier", "mentionsourcename",
    "mentiondoctranslationinfo",
)  # fmt: skip
_UNNEEDED = {"eventtimedate", "mentiontype"}  # of the event; told by the address itself
_LAYOUT = gdelt.Layout(
    name="Mentions",
    columns=(COLUMNS,),
    begins=re.compile(rb"\d+\t\d{14}\t\d{14}\t\d\t"),
    needs=frozenset({"globaleventid", "mentiontimedate", "mentionidentifier"}),
)


class Mentions:
    """Reads articles that name events."""

    name = "gdelt-mentions"
    label = "GDELT 2.0 Mentions"

    def knows(self, head: Head) -> bool:
        """Judge by the names of the columns, or by how the lines of a bare table begin."""
        return _LAYOUT.knows(head)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield outlets and articles; the rows of an article are found all over its file."""
        losses = options.losses
        for source in files:
            mentions = [_mentions(rows, source, losses) for rows in _LAYOUT.tables(source, options)]
            if mentions:
                found = _articles(pl.concat(mentions), source, losses)
                yield Part(ACCOUNTS, outlets(found), "accounts")
                yield Part(POSTS, as_posts(found), "posts")


FORMAT = Mentions()


def _mentions(told: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    note_unread(told, {*_READ, *_UNNEEDED}, source, losses)
    rows = with_columns_of(told, _READ).with_columns(
        at=gdelt.seen(pl.col("mentiontimedate")),
        lang=gdelt.translated_from(pl.col("mentiondoctranslationinfo")),
    )
    off_web = ~is_web(pl.col("mentionidentifier"))
    rows = refused(rows, off_web, "cites no article on the web", source, losses)
    rows = refused(rows, pl.col("at").is_null(), "has no time that can be read", source, losses)
    gdelt.note_languages(rows, "mentiondoctranslationinfo", source, losses)
    return rows.select(
        ROW, "at", "lang", "mentiontimedate",
        url="mentionidentifier", name="mentionsourcename", event="globaleventid",
    )  # fmt: skip


def _articles(mentions: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    found = mentions.group_by("url", maintain_order=True).agg(
        pl.col("at").min(),
        pl.col("mentiontimedate").first(),
        pl.col("lang", "name").drop_nulls().first(),
        keys=gdelt.event_keys("event"),
    )
    reason = "one more event in an article that is kept"
    losses.add("merged", "rows", reason, mentions.height - found.height)
    gdelt.note_times(found["mentiontimedate"], source, losses)
    return found
