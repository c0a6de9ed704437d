"""GDELT's Events: what machines read in the news, who did what to whom, one row an event.

Each row names one article that reports it: articles become posts, joined by the events they report
(``gdelt:ID`` in ``object_keys``). Where the first actor is an authority of a state, the event is
also a proposal: found by a machine, to be judged by a person before it is a response, which is why
its coder is ``GDELT`` and its target unknown. An event's day can lie years before the article,
since an anniversary is read as the event itself. Event codes are text: a spreadsheet that made
numbers of them turned 014 into 14, a protest, and such codes are refused where the root tells it.

Version 2 has 61 columns, version 1 has 58, and 57 before it named articles; tables with a header
are read by its names. A day is the whole day in UTC.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC

import polars as pl

from analytics.tables import ACCOUNTS, POSTS, PROPOSALS
from collectors.exports import gdelt
from collectors.exports.articles import as_posts, is_web, outlets
from collectors.exports.coded_acts import day_begins, day_ends, is_verb, placed, without
from collectors.exports.csvs import ROW, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

# Government, courts, police, armed forces, parliament, secret services: CAMEO's roles of a state.
AUTHORITIES = ("GOV", "JUD", "COP", "MIL", "LEG", "SPY")
CODER = "GDELT"

_ACTOR = (
    "code", "name", "countrycode", "knowngroupcode", "ethniccode", "religion1code",
    "religion2code", "type1code", "type2code", "type3code",
)  # fmt: skip
_WHAT = (
    "isrootevent", "eventcode", "eventbasecode", "eventrootcode", "quadclass", "goldsteinscale",
    "nummentions", "numsources", "numarticles", "avgtone",
)  # fmt: skip
_WHEN = ("globaleventid", "sqldate", "monthyear", "year", "fractiondate")


def _columns(*geography: str) -> tuple[str, ...]:
    actors = (f"actor{number}{name}" for number in (1, 2) for name in _ACTOR)
    places = (f"{of}geo_{name}" for of in ("actor1", "actor2", "action") for name in geography)
    return (*_WHEN, *actors, *_WHAT, *places, "dateadded", "sourceurl")


_OLD_PLACES = ("type", "fullname", "countrycode", "adm1code", "lat", "long", "featureid")
COLUMNS = _columns(*_OLD_PLACES[:4], "adm2code", *_OLD_PLACES[4:])
COLUMNS_1 = _columns(*_OLD_PLACES)
_TYPES = ("actor1type1code", "actor1type2code", "actor1type3code")
_READ = (
    "globaleventid", "sqldate", "actor1code", "actor1name", *_TYPES, "eventcode", "eventrootcode",
    "dateadded", "sourceurl",
)  # fmt: skip
_SAID_TWICE = {
    "monthyear", "year", "fractiondate", "eventbasecode", "quadclass", "goldsteinscale",
    "cameocodedescription",
}  # fmt: skip
_LOST_ZEROS = "its codes have lost their zeros, as in a spreadsheet: take GDELT's own file"
_LAYOUT = gdelt.Layout(
    name="Events",
    columns=(COLUMNS, COLUMNS_1, COLUMNS_1[:-1]),
    begins=re.compile(rb"\d+\t\d{8}\t\d{6}\t\d{4}\t"),
    needs=frozenset({"globaleventid", "sqldate", "actor1code", "eventcode", "dateadded"}),
    renamed={"day": "sqldate"},
)


class Events:
    """Reads events, and the articles that report them."""

    name = "gdelt-events"
    label = "GDELT Events 1.0 and 2.0"

    def knows(self, head: Head) -> bool:
        """Judge by the names of the columns, or by how the lines of a bare table begin."""
        return _LAYOUT.knows(head)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield proposals as they come, and then each file's outlets and articles."""
        losses = options.losses
        for source in files:
            reports = []
            for told in _LAYOUT.tables(source, options):
                gdelt.note_unread(told, {*_READ, *_SAID_TWICE}, source, losses)
                rows = _events(with_columns_of(told, _READ), source, losses)
                reports.append(_reports(rows, source, losses))
                yield Part(PROPOSALS, _proposals(rows, source, losses), "proposals")
            if reports:
                found = _articles(pl.concat(reports), source, losses)
                yield Part(ACCOUNTS, outlets(found), "accounts")
                yield Part(POSTS, as_posts(found), "posts")


FORMAT = Events()


def _events(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    rows = rows.with_columns(at=gdelt.seen(pl.col("dateadded")), day=gdelt.date(pl.col("sqldate")))
    lacking = pl.any_horizontal(pl.col("globaleventid", "at").is_null())
    return refused(rows, lacking, "lacks its id, or the time when GDELT saw it", source, losses)


def _reports(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    off_web = rows.filter(~is_web(pl.col("sourceurl")))
    if off_web.height:
        place = f"{source.name}, row {off_web[ROW][0]}"
        reason = "names no article on the web"
        losses.add("unknown", "articles", reason, off_web.height, example=place)
    return rows.filter(is_web(pl.col("sourceurl"))).select(
        "at", "dateadded", url="sourceurl", event="globaleventid"
    )


def _articles(reports: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    found = reports.group_by("url", maintain_order=True).agg(
        pl.col("at").min(), pl.col("dateadded").first(), keys=gdelt.event_keys("event")
    )
    reason = "one more event in an article that is kept"
    losses.add("merged", "rows", reason, reports.height - found.height)
    gdelt.note_times(found["dateadded"], source, losses)
    return found


def _proposals(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return the acts of authorities: machine-coded candidates, whose target is not known."""
    official = rows.select(pl.any_horizontal(pl.col(_TYPES).is_in(AUTHORITIES))).to_series()
    acts = rows.filter(official.fill_null(value=False))
    reason = "no act of a state's authority: its article is kept, and no response"
    losses.add("unknown", "events", reason, rows.height - acts.height, example=source.name)
    acts = acts.with_columns(actor=pl.coalesce("actor1name", "actor1code"))
    nobody = pl.col("actor").is_null()
    acts = without(acts, nobody, "names no actor", source, losses)
    acts = without(acts, _has_lost_zeros(), _LOST_ZEROS, source, losses)
    acts = without(acts, ~is_verb(pl.col("eventcode")), "has no CAMEO event code", source, losses)
    acts = without(acts, pl.col("day").is_null(), "has no day that can be read", source, losses)
    url = pl.col("sourceurl")
    return placed(
        acts.select(
            day_begins(pl.col("day"), UTC).alias("from"),
            day_ends(pl.col("day"), UTC).alias("to"),
            response_id=pl.concat_str(pl.lit("gdelt:"), "globaleventid"),
            reported_at="at",
            actor="actor",
            actor_code="actor1code",
            verb_code="eventcode",
            target=pl.lit(None, pl.String),
            sources=pl.when(url.is_not_null()).then(pl.concat_list(url)),
            coder=pl.lit(CODER),
        )
    )


def _has_lost_zeros() -> pl.Expr:
    """Return whether a code does not begin with its root of two digits, where a root is told."""
    root = pl.col("eventrootcode")
    whole = (root.str.len_chars() == 2) & pl.col("eventcode").str.starts_with(root)  # noqa: PLR2004
    return (root.str.contains(r"^\d+$") & ~whole).fill_null(value=False)
