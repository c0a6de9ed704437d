"""The ledger as tables of text: all of it, an appeal a row, or a sheet to be coded anew."""

from collections.abc import Collection

import polars as pl

from analytics.citing import last_looks
from analytics.coding import CODED
from analytics.ledger import BETWEEN, FIELDS, as_cells

_SHOWN = ("response_id", "from", "to", "actor", "summary", "sources")
_TO_EXPORT = ("response_id", "appeal_id", *FIELDS, "retrieved_at", "sha256")


def responses_csv(responses: pl.DataFrame, cites: pl.DataFrame) -> pl.DataFrame:
    """Return responses as text that ``groundswell respond import`` reads back the same.

    ``cites`` are rows of ``response_sources``; the last look at each source goes out.
    """
    looks = (
        responses.select("response_id", source="sources")
        .explode("source", empty_as_null=True)
        .join(last_looks(cites), on=["response_id", "source"], how="left", maintain_order="left")
        .group_by("response_id", maintain_order=True)
        .agg(pl.col("retrieved_at", "sha256"))
    )
    told = responses.join(looks, on="response_id", how="left", maintain_order="left")
    texts = _as_text(told, _TO_EXPORT)
    return texts.with_columns(
        pl.col(name).str.replace(rf"^\{BETWEEN}*$", "") for name in ("retrieved_at", "sha256")
    )


def appeals_csv(
    appeals: pl.DataFrame, clocks: pl.DataFrame, responses: pl.DataFrame
) -> pl.DataFrame:
    """Return one row per appeal: when it was opened, what was due when, and how it ended.

    ``deadline`` is the earliest day on which anything was due; ``closed`` and ``outcome`` are the
    furthest act that helps and when it came at the latest; ``harm`` the worst that was done.
    """
    due = clocks.group_by("appeal_id").agg(
        deadline=pl.col("due_lo").min(), states=pl.col("state").unique().sort()
    )
    acts = responses.filter(pl.col("rung").is_not_null()).sort("rung", "to")
    helps, harms = acts.filter(pl.col("rung") > 0), acts.filter(pl.col("rung") < 0)
    ends = helps.group_by("appeal_id").agg(
        outcome=pl.col("rung").last(), closed=pl.col("to").last(), how=pl.col("summary").last()
    )
    worst = harms.group_by("appeal_id").agg(harm=pl.col("rung").first())
    known = appeals.select(
        "appeal_id", "title", "register", opened=pl.coalesce("registered_at", "published_at"),
        known_until="outcome_known_until",
    )  # fmt: skip
    for table in (due, ends, worst):
        known = known.join(table, on="appeal_id", how="left")
    wanted = ("appeal_id", "title", "register", "opened", "deadline", "states", "closed",
              "outcome", "how", "harm", "known_until")  # fmt: skip
    return _as_text(known.sort("appeal_id"), wanted)


def coding_sheet(responses: pl.DataFrame) -> pl.DataFrame:
    """Return what a second coder is given: what was done, in words, and empty cells for codes."""
    blank = responses.sort("response_id").with_columns(
        pl.lit(None, pl.String).alias(field) for field in CODED
    )
    return _as_text(blank.with_columns(coder=pl.lit(None, pl.String)), (*_SHOWN, "coder", *CODED))


def _as_text(frame: pl.DataFrame, names: Collection[str]) -> pl.DataFrame:
    rows = [as_cells({name: row[name] for name in names}) for row in frame.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
