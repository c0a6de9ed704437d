"""How far coders of responses agree, field by field, and what they differ about."""

from typing import Literal

import polars as pl

from analytics.agreement import alpha, alpha_band, disagreements
from analytics.measured import AGREEMENT, DISAGREEMENTS
from analytics.responses import with_rungs

# What coders code, and so what a second coder must not see of the first one's work.
CODED = ("verb_code", "target", "level", "actor_kind", "huridocs_type", "impact", "status")
FIRM, TENTATIVE = 0.8, 2 / 3  # Krippendorff 2004
FIRST = "first coder"  # where nobody is named
# The first coder's rung follows from verb and target; so does every other's.
LEVELS: dict[str, Literal["nominal", "ordinal"]] = {
    "verb_root": "nominal", "verb_code": "nominal", "target": "nominal", "level": "nominal",
    "actor_kind": "nominal", "huridocs_type": "nominal", "status": "nominal",
    "impact": "ordinal", "rung": "ordinal",
}  # fmt: skip
NOT_KNOWN = "99"  # of impact: no place in an order


def coded(responses: pl.DataFrame, codings: pl.DataFrame) -> pl.DataFrame:
    """Return every code that was given of a response that somebody else coded, too.

    Parameters
    ----------
    responses, codings
        Rows of the tables of these names.

    Returns
    -------
    DataFrame
        One row per response, field and coder: ``response_id``, ``field``, ``coder``, ``value``;
        null where the coder gave none. ``verb_root`` and ``rung`` follow from the other fields.
    """
    coders = codings.group_by("response_id").agg(coders=pl.col("coder").n_unique())
    alone = coders.filter(pl.col("coders") == 1)  # the first coder's codes are those on record
    first = responses.join(alone, on="response_id", how="semi").select(
        "response_id", *CODED, coder=pl.col("coder").fill_null(FIRST)
    )
    held = newest(codings).join(responses, on="response_id", how="semi")
    further = held.pivot(on="field", on_columns=list(CODED), index=["response_id", "coder"],
                         values="value", aggregate_function="first")  # fmt: skip
    every = pl.concat([first, further.select(first.columns)])
    return _by_field(every, ["response_id", "coder"]).select(
        "response_id", "field", "coder", "value"
    )


def _by_field(acts: pl.DataFrame, index: list[str]) -> pl.DataFrame:
    """Return a row per field, with those that follow from others; *not known* is null."""
    placed = with_rungs(acts).with_columns(
        verb_root=pl.col("verb_code").str.slice(0, 2),
        rung=pl.col("rung").cast(pl.String),
        impact=pl.when(pl.col("impact") != NOT_KNOWN).then("impact"),
    )
    return placed.unpivot(on=list(LEVELS), index=index, variable_name="field", value_name="value")


def newest(codings: pl.DataFrame) -> pl.DataFrame:
    """Return the codes that hold: the last that each coder gave a field of a response."""
    key = ["response_id", "field", "coder"]
    return codings.sort("at").unique(key, keep="last", maintain_order=True)


def agreement(codes: pl.DataFrame, *, seed: int = 0) -> pl.DataFrame:
    """Return the table ``agreement``: Krippendorff's alpha of every field, with a band.

    Parameters
    ----------
    codes
        As of :func:`coded`.
    seed
        Of the responses that are drawn anew.
    """
    rows = [_of_field(field, codes.filter(pl.col("field") == field), seed) for field in LEVELS]
    told = pl.DataFrame([row for row in rows if row["responses"]], schema=AGREEMENT.schema)
    return AGREEMENT.check(told.sort("field"))


def _of_field(field: str, codes: pl.DataFrame, seed: int) -> dict[str, object]:
    level = LEVELS[field]
    units = _units(codes, level)
    both = units.drop_nulls("value").group_by("unit").len().filter(pl.col("len") > 1)
    value = alpha(units, level=level)
    lo, hi = alpha_band(units, level=level, seed=seed)
    reading = None if value is None else (
        "firm" if value >= FIRM else "tentative" if value >= TENTATIVE else "weak"
    )  # fmt: skip
    return {
        "field": field, "level": level, "responses": both.height,
        "coders": units["coder"].n_unique(), "alpha": value, "alpha_lo": lo, "alpha_hi": hi,
        "reading": reading,
    }  # fmt: skip


def _units(codes: pl.DataFrame, level: str) -> pl.DataFrame:
    value = pl.col("value").cast(pl.Float64) if level == "ordinal" else pl.col("value")
    return codes.select("coder", unit="response_id", value=value)


def differing(codes: pl.DataFrame, responses: pl.DataFrame) -> pl.DataFrame:
    """Return the table ``disagreements``: what is to be settled, coder by coder.

    Parameters
    ----------
    codes
        As of :func:`coded`.
    responses
        What is on record now.
    """
    recorded = _by_field(responses.select("response_id", *CODED), ["response_id"])
    told = disagreements(codes.rename({"response_id": "unit"})).explode("coders", "values")
    named = told.rename({"unit": "response_id", "coders": "coder", "values": "value"})
    beside = named.join(
        recorded.rename({"value": "on_record"}), on=["response_id", "field"], how="left"
    )
    return DISAGREEMENTS.check(beside.select(*DISAGREEMENTS.columns).sort(DISAGREEMENTS.key))
