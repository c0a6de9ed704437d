"""Who passed it over borders: of language, of platform, of community."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.carrying import Forest, Links
from analytics.measured import BROKERS
from analytics.spreaders import Credits

Reals = npt.NDArray[np.float64]

MOST = 200  # accounts of an appeal and border that are listed
_OWN = ["appeal_id", "account_id"]


def brokers(
    found: Credits, forests: Sequence[Forest], shares: pl.DataFrame,
    *, spoken: pl.DataFrame, members: pl.DataFrame, positions: pl.DataFrame,
) -> pl.DataFrame:  # fmt: skip
    """Credit the accounts whose posts were passed on across a border.

    Parameters
    ----------
    found, forests
        What :func:`analytics.spreaders.credits_of` gives, and what it was made of.
    shares
        Rows of ``shares``, observed and hidden parents.
    spoken
        One row per post with ``appeal_id``, ``post_id`` and ``lang``; null where it is not known.
    members
        One row per account with ``appeal_id``, ``account_id`` and ``community``.
    positions
        As :func:`analytics.networks.positions` gives them.

    Returns
    -------
    DataFrame
        The table ``brokers``. A border is crossed only where both sides are known: an unknown
        language or community never counts.
    """
    language = [_coded(f.nodes, spoken, ["appeal_id", "post_id"], "lang") for f in forests]
    community = [_coded(f.nodes, members, _OWN, "community") for f in forests]
    parts = [
        _crossed(found, sides).with_columns(across=pl.lit(name))
        for name, sides in (("language", language), ("community", community))
    ]
    parts.append(_between_platforms(forests, shares).with_columns(across=pl.lit("platform")))
    best = pl.concat([part.select(*_OWN, "across", "credit", "crossings") for part in parts])
    place = pl.struct(-pl.col("credit"), "account_id").rank("ordinal")
    listed = best.filter(place.over("appeal_id", "across") <= MOST)
    told = listed.join(positions, on="account_id", how="left")
    return BROKERS.check(told.select(*BROKERS.columns).sort(BROKERS.key))


def _coded(nodes: pl.DataFrame, told: pl.DataFrame, by: list[str], column: str) -> Links:
    """Return a number for the side that each post is on, -1 where it is not known."""
    joined = nodes.select(by).join(told, on=by, how="left", maintain_order="left")
    return joined[column].rank("dense").cast(pl.Int32).fill_null(-1).to_numpy()


def _crossed(found: Credits, sides: list[Links]) -> pl.DataFrame:
    """Add up what hangs from shares on another side than the post they share."""
    people = found.people.height
    credit, crossings = np.zeros(people), np.zeros(people)
    for code, side, kept in zip(found.codes, sides, found.kept, strict=True):
        for parent, below in kept:
            up = np.maximum(parent, 0)
            over = (parent >= 0) & (side >= 0) & (side[up] >= 0) & (side != side[up])
            whom = code[up[over & (code[up] >= 0)]]
            below_them = below[over & (code[up] >= 0)]
            credit += np.bincount(whom, below_them, people) / len(kept)
            crossings += np.bincount(whom, minlength=people) / len(kept)
    told = found.people.with_columns(credit=pl.Series(credit), crossings=pl.Series(crossings))
    return told.filter(pl.col("crossings") > 0).drop("code")


def _between_platforms(forests: Sequence[Forest], shares: pl.DataFrame) -> pl.DataFrame:
    """Add up the cascades on one platform that link to a post on another; all of it observed."""
    sizes = (
        pl.concat(
            [pl.DataFrame(schema={"appeal_id": pl.String, "root_id": pl.String, "size": pl.UInt32})]
            + [f.nodes.group_by("appeal_id", "root_id").agg(size=pl.len()) for f in forests]
        )
        .group_by("appeal_id", "root_id")
        .agg(pl.col("size").sum())
    )
    of = pl.col("parent_id").str.extract(r"^([a-z0-9_]+):")
    over = shares.filter((pl.col("basis") == "object") & (of != pl.col("platform"))).drop_nulls(
        "parent_account_id"
    )
    joined = over.join(
        sizes, left_on=["appeal_id", "post_id"], right_on=["appeal_id", "root_id"], how="left"
    )
    return joined.group_by("appeal_id", account_id="parent_account_id").agg(
        credit=pl.col("size").fill_null(1).cast(pl.Float64).sum(),
        crossings=pl.len().cast(pl.Float64),
    )
