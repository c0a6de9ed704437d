"""Surveys of who adopted what after whom, as the R package netdiffuseR holds them (CSV).

Each row is a person, each column ``net…`` names another whom that person turns to; such a tie is
kept as a follow edge. People are numbered within their community, and studies are numbered, so that
the three numbers make an id (``survey:STUDY/COMMUNITY/NUMBER``). Some ties lead to people who were
not asked. The time of adoption (``toa``) is a period of the study and no date: it is not kept, nor
are other answers.
"""

import re
from collections.abc import Iterator, Sequence

import polars as pl

from analytics.tables import ACCOUNTS, FOLLOWS
from collectors.exports.csvs import ROW, batches, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

COLUMNS = {"id", "commun", "toa", "study"}
_TIE = re.compile(r"^net\d+(?:_\d+)?$")
_NOBODY = ("NA", "", "0")

_ITSELF = "names itself"
_AGAIN = "the same person named again, to another question"
_OUTSIDE = "a tie to somebody who was not asked"
_PERIODS = "toa: adoption is told in periods of the study, not in dates: not kept"
_NOT_READ = "columns of other answers are not read"


class AdoptionSurvey:
    """Reads the ties between people who were asked."""

    name = "adoption-survey"
    label = "Adoption survey (netdiffuseR) CSV"

    def knows(self, head: Head) -> bool:
        """Judge by the names of columns, some of which name ties."""
        return set(head.columns) >= COLUMNS and any(map(_TIE.match, head.columns))

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield people and their ties."""
        losses = options.losses
        for source, told in batches(files, losses, options.scratch, needs=COLUMNS, whole=True):
            ties = [name for name in told.columns if _TIE.match(name)]
            others = len(told.columns) - len({*ties, *COLUMNS, ROW})
            losses.add("unknown", "fields", _NOT_READ, others, example=source.name)
            rows = with_columns_of(told, [*sorted(COLUMNS), *ties])
            rows = rows.with_columns(pl.col(*COLUMNS).replace("NA", None))
            lacking = pl.any_horizontal(pl.col("id", "commun", "study").is_null())
            rows = refused(rows, lacking, "lacks a number, a community or a study", source, losses)
            adopted = rows.filter(pl.col("toa").is_not_null()).height
            losses.add("unknown", "times", _PERIODS, adopted, example=source.name)
            yield Part(ACCOUNTS, _accounts(rows), "accounts")
            yield Part(FOLLOWS, _follows(rows, ties, source, losses), "follows")


FORMAT = AdoptionSurvey()


def _person(number: str) -> pl.Expr:
    return pl.format("survey:{}/{}/{}", "study", "commun", number)


def _accounts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return those who were asked, whether or not they are in any tie."""
    return rows.select(
        account_id=_person("id"), platform=pl.lit("survey"), role=pl.lit("person")
    ).unique(maintain_order=True)


def _follows(
    rows: pl.DataFrame, ties: Sequence[str], source: Source, losses: Losses
) -> pl.DataFrame:
    """Return each pair once: who turns to whom."""
    named = rows.unpivot(
        ties, index=[ROW, "study", "commun", "id"], value_name="other"
    ).with_columns(pl.col("other").cast(pl.String).str.replace(r"\.0$", ""))
    named = named.filter(pl.col("other").is_not_null(), ~pl.col("other").is_in(_NOBODY))
    named = refused(named, pl.col("other") == pl.col("id"), _ITSELF, source, losses)
    pairs = named.unique(["study", "commun", "id", "other"], keep="first", maintain_order=True)
    losses.add("merged", "rows", _AGAIN, named.height - pairs.height, example=source.name)
    asked = rows.select("study", "commun", other="id")
    outside = pairs.join(asked, on=["study", "commun", "other"], how="anti").height
    losses.add("unknown", "references", _OUTSIDE, outside, example=source.name)
    return pairs.select(
        follower_id=_person("id"),
        followed_id=_person("other"),
    )
