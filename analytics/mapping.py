"""Where accounts stand in the picture called map: who shared each other lies together.

Up to ``MOST`` accounts are drawn singly, those with most shares first. The others of each community
stand as one, so that nothing is left out of the ties. Communities begin as discs that touch each
other; then :mod:`analytics.forces` moves their accounts.

What a map is not: distances on it measure nothing, and an account in the middle is not more
important than one at the rim. A share whose parent is hidden is a tie with the original's author.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics import forces, forest, radial
from analytics.graphs import between_accounts
from analytics.measured import ACCOUNT_MAP, ACCOUNT_TIES

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MOST = 4_900  # accounts drawn singly
TURN = 2 * np.pi
AIR = 1.4  # radius of a community to begin with, where an account takes an area of pi
_PAIR = ["appeal_id", "source", "target"]
_COUNTS = {"shares": pl.col("shares").sum(), "observed": pl.col("observed").sum(),
           "first_at": pl.col("first_at").min()}  # fmt: skip


def account_map(
    shares: pl.DataFrame,
    members: pl.DataFrame,
    *,
    traits: pl.DataFrame | None = None,
    most: int = MOST,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Place the accounts that shared or were shared.

    Parameters
    ----------
    shares
        Rows of ``shares``.
    members
        The table ``community_members``.
    traits
        Language and role of each account, as :func:`analytics.communities.traits` gives them.
    most
        How many accounts of an appeal are drawn singly.

    Returns
    -------
    tuple
        The tables ``account_map`` and ``account_ties``, by appeal and number.

    Examples
    --------
    >>> from analytics.measured import COMMUNITY_MEMBERS, SHARES_TABLE
    >>> row = {"appeal_id": "a", "platform": "x", "kind": "repost", "root_account_id": "x:1"}
    >>> shares = SHARES_TABLE.check(pl.DataFrame([
    ...     row | {"post_id": "x:8", "account_id": "x:2"},
    ...     row | {"post_id": "x:9", "account_id": "x:3"},
    ... ]))
    >>> placed, ties = account_map(shares, COMMUNITY_MEMBERS.empty())
    >>> placed.select("node", "account_id", "shared", "sharing").rows()
    [(0, 'x:1', 2, 0), (1, 'x:2', 0, 1), (2, 'x:3', 0, 1)]
    >>> ties.select("source", "target", "shares", "observed").rows()
    [(0, 1, 1, 0), (0, 2, 1, 0)]
    """
    pairs = _pairs(shares)
    if pairs.is_empty():
        return ACCOUNT_MAP.empty(), ACCOUNT_TIES.empty()
    accounts = _numbered(_accounts(pairs, members), most)
    ties = _ties(pairs, accounts)
    nodes = _nodes(accounts, ties)
    of_appeal = ties.partition_by("appeal_id", as_dict=True)
    placed = [
        _placed(part, of_appeal.get(appeal, ties.clear()))
        for appeal, part in nodes.partition_by("appeal_id", as_dict=True).items()
    ]
    return (
        _described(pl.concat(placed), traits)
        .sort("appeal_id", "node")
        .select(*ACCOUNT_MAP.columns),
        ties.sort(_PAIR).select(*ACCOUNT_TIES.columns),
    )


def _described(placed: pl.DataFrame, traits: pl.DataFrame | None) -> pl.DataFrame:
    """Add the language and the role of each account, for maps that are filtered."""
    single = pl.when(pl.col("account_id").is_not_null())
    if traits is None:
        return placed.with_columns(
            lang=pl.lit(None, pl.String), role=single.then(pl.lit("unknown"))
        )
    known = traits.select("account_id", "role", lang="language")
    told = placed.join(known, on="account_id", how="left", maintain_order="left")
    return told.with_columns(role=single.then(pl.col("role").fill_null("unknown")))


def _pairs(shares: pl.DataFrame) -> pl.DataFrame:
    """Return one row per appeal and pair: who was shared, by whom, how often and since when."""
    known = between_accounts(shares).with_columns(
        shares=pl.lit(1, pl.Int64),
        observed=(pl.col("basis") != "root").cast(pl.Int64),
        first_at="at",
    )
    return known.group_by(_PAIR).agg(**_COUNTS)


def _accounts(pairs: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Return every account, those with most shares first."""
    ends = [pairs.select("appeal_id", "shares", account_id=end) for end in ("source", "target")]
    return (
        pl.concat(ends)
        .group_by("appeal_id", "account_id")
        .agg(pl.col("shares").sum())
        .join(members, on=["appeal_id", "account_id"], how="left")
        .sort("appeal_id", "shares", "account_id", descending=[False, True, False])
        .with_columns(platform=pl.col("account_id").str.extract(r"^([a-z0-9_]+):"))
    )


def _numbered(accounts: pl.DataFrame, most: int) -> pl.DataFrame:
    """Add ``node``: one for each of the first accounts, then one for the rest of a community."""
    rank = pl.int_range(pl.len()).over("appeal_id")
    rest = pl.col("community").fill_null(-1).rank("dense").over("appeal_id", "single")
    return accounts.with_columns(single=rank < most).with_columns(
        node=pl.when("single").then(rank).otherwise(most - 1 + rest.cast(pl.Int64))
    )


def _ties(pairs: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return the shares between two places of the picture."""
    number = accounts.select("appeal_id", "account_id", "node")
    found = pairs
    for end in ("source", "target"):
        named = number.rename({"account_id": end, "node": f"{end}_node"})
        found = found.join(named, on=["appeal_id", end])
    placed = found.select("appeal_id", *_COUNTS, source="source_node", target="target_node").filter(
        pl.col("source") != pl.col("target")
    )
    return placed.group_by(_PAIR).agg(**_COUNTS).sort(_PAIR)


def _nodes(accounts: pl.DataFrame, ties: pl.DataFrame) -> pl.DataFrame:
    """Return one row per place of the picture, without its place."""
    nodes = accounts.group_by("appeal_id", "node").agg(
        pl.when(pl.col("single").first()).then(pl.col("account_id").first()).alias("account_id"),
        pl.col("community").first(),
        pl.col("platform").mode().min(),
        accounts=pl.len().cast(pl.Int64),
    )
    for name, end in (("shared", "source"), ("sharing", "target")):
        counted = ties.group_by("appeal_id", node=end).agg(
            pl.col("shares").sum().alias(name), pl.col("first_at").min().alias(f"{name}_at")
        )
        nodes = nodes.join(counted, on=["appeal_id", "node"], how="left")
    return nodes.with_columns(
        pl.col("shared", "sharing").fill_null(0),
        first_at=pl.min_horizontal("shared_at", "sharing_at"),
    ).sort("appeal_id", "node")


def _placed(nodes: pl.DataFrame, ties: pl.DataFrame) -> pl.DataFrame:
    """Add ``x`` and ``y`` to the places of one appeal."""
    x, y = _begun(nodes["community"].fill_null(-1).to_numpy())
    pull = np.log1p(ties["shares"].to_numpy())
    x, y = forces.settled(x, y, ties["source"].to_numpy(), ties["target"].to_numpy(), pull)
    return nodes.with_columns(x=pl.Series(x), y=pl.Series(y))


def _begun(community: Ints) -> tuple[Floats, Floats]:
    """Return places to begin with: every community a disc, its first account in the middle."""
    _, disc, size = np.unique(community, return_inverse=True, return_counts=True)
    rank = forest.rank_within(disc.astype(np.int64))
    middle_x, middle_y = radial.packed(np.sqrt(size) * AIR)
    distance, angle = np.sqrt(rank + 0.5), TURN * (rank * forest.GOLDEN % 1)
    return (
        middle_x[disc] + distance * np.cos(angle),
        middle_y[disc] + distance * np.sin(angle),
    )
