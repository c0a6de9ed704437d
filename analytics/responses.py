"""What authorities did: the response ladder, by verb and target.

The ladder is a table that anyone can read and change, ``analytics/data/ladder.csv``;
``docs/codebook.md`` is generated from it. The longest CAMEO code that begins the verb decides, and
among equal codes the row that names the target. The same verb can help or harm: an arrest (173) of
the accused stands on rung 4, of the appellant on rung -3.
"""

from functools import cache
from importlib.resources import files

import polars as pl

RUNGS = range(-4, 7)
RUNG_NAMES = {
    6: "changes a rule",
    5: "adjudicates",
    4: "detains, charges, disciplines",
    3: "opens a process",
    2: "meets, promises",
    1: "acknowledges",
    0: "nothing",
    -1: "denies",
    -2: "threatens",
    -3: "restricts, prosecutes, arrests",
    -4: "uses violence",
}


@cache
def ladder() -> pl.DataFrame:
    """Return the ladder: one row per verb prefix and target (null for any target)."""
    path = files("analytics") / "data" / "ladder.csv"
    with path.open("rb") as file:
        return pl.read_csv(
            file, schema_overrides={"verb": pl.String, "rung": pl.Int8}, null_values=[""]
        )


def with_rungs(responses: pl.DataFrame, table: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the responses with ``rung`` computed from verb and target.

    Parameters
    ----------
    responses
        Rows of ``responses``.
    table
        Another ladder; by default :func:`ladder`.

    Returns
    -------
    DataFrame
        The same rows in the same order. ``rung`` is null where the ladder has no place for the act.

    Examples
    --------
    >>> acts = pl.DataFrame({"verb_code": ["173", "173", "1734", "02"],
    ...                      "target": ["accused", "appellant", "accused", None]})
    >>> with_rungs(acts)["rung"].to_list()
    [4, -3, 4, None]
    """
    rules = (ladder() if table is None else table).select(
        "verb", rule_target="target", rule_rung="rung"
    )
    numbered = responses.with_row_index("n")
    fits = pl.col("verb_code").str.starts_with(pl.col("verb")) & (
        pl.col("rule_target").is_null() | (pl.col("rule_target") == pl.col("target"))
    )
    best = (
        numbered.select("n", "verb_code", "target")
        .join(rules, how="cross")
        .filter(fits)
        .sort(pl.col("verb").str.len_chars(), pl.col("rule_target").is_not_null())
        .unique("n", keep="last", maintain_order=True)
        .select("n", rung="rule_rung")
    )
    placed = numbered.drop("rung", strict=False).join(
        best, on="n", how="left", maintain_order="left"
    )
    columns = [*responses.columns, *(["rung"] if "rung" not in responses.columns else [])]
    return placed.select(columns)
