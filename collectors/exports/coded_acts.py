"""Acts of authorities that others coded: what rows of ``responses`` made of them have in common.

>>> acts = pl.DataFrame({"verb_code": ["091", "0", None, "12", "---"]})
>>> acts.select(is_verb(pl.col("verb_code"))).to_series().to_list()
[True, False, False, True, False]
"""

from datetime import tzinfo

import polars as pl

from analytics.responses import with_rungs
from collectors.exports.csvs import ROW
from collectors.exports.losses import Losses
from collectors.exports.sources import Source
from collectors.exports.times import in_zone

_VERB = r"^(?:0[1-9]|1[0-9]|20)[0-9]{0,2}$"


def is_verb(code: pl.Expr) -> pl.Expr:
    """Return whether a text is an event code of CAMEO."""
    return code.str.contains(_VERB).fill_null(value=False)


def day_begins(day: pl.Expr, zone: tzinfo) -> pl.Expr:
    """Return when a date begins in a zone."""
    return in_zone(day.cast(pl.Datetime("us")), zone)


def day_ends(day: pl.Expr, zone: tzinfo) -> pl.Expr:
    """Return the last moment of a date in a zone."""
    return day_begins(day.dt.offset_by("1d"), zone) - pl.duration(microseconds=1)


def placed(acts: pl.DataFrame) -> pl.DataFrame:
    """Return the acts with their rung; each verb and target is looked up once.

    >>> acts = pl.DataFrame({"verb_code": ["091", "173"], "target": [None, None]})
    >>> placed(acts)["rung"].to_list()
    [3, None]
    """
    kinds = acts.select("verb_code", pl.col("target").cast(pl.String)).unique(maintain_order=True)
    return acts.with_columns(pl.col("target").cast(pl.String)).join(
        with_rungs(kinds), on=["verb_code", "target"], how="left", nulls_equal=True,
        maintain_order="left",
    )  # fmt: skip


def without(
    acts: pl.DataFrame, bad: pl.Expr, reason: str, source: Source, losses: Losses
) -> pl.DataFrame:
    """Return the acts without the bad ones, which are noted as dropped responses."""
    flags = acts.select(bad.fill_null(value=True)).to_series()
    if not flags.any():
        return acts
    place = f"{source.name}, row {acts.filter(flags)[ROW][0]}"
    losses.add("dropped", "responses", reason, int(flags.sum()), example=place)
    return acts.filter(~flags)
