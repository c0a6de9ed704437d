"""Who keeps to whom: communities of accounts that shared each other, and what they have in common.

In a star, and platforms that name only the original draw stars, a community is an author's
audience: its members need not know of each other. ``attributed`` says how much of it rests on that.
"""

from dataclasses import dataclass
from itertools import combinations
from math import log

import numpy as np
import polars as pl

from analytics.graphs import account_edges
from analytics.measured import (
    COMMUNITIES,
    COMMUNITY_MEMBERS,
    COMMUNITY_MIX,
    HOMOPHILY,
    MIXING,
    PARTITIONS,
)
from analytics.networks import Integers, Network, Nodes, Reals, Rows, by_rows, each, network
from analytics.tables import TRAITS

FEWEST = 50  # accounts of a component whose communities are told
RUNS = 20
ROUNDS = 10  # of the Leiden algorithm in one run, at most; it ends when nothing is gained
REWIRED = 99  # graphs drawn by chance, unless the graph is so large that …
EDGES = 2_000_000  # … they would have more edges than this together; never fewer than FEW
FEW = 2
ENOUGH = 19  # graphs from which a p can be told
SWAPS = 10  # tried for each edge of a graph that is rewired
ROUNDING = 1e-9

Pairs = tuple[Nodes, Nodes, Reals]


@dataclass(frozen=True)
class Found:
    """Partitions of all appeals: the tables ``partitions`` and ``community_members``."""

    partitions: pl.DataFrame
    members: pl.DataFrame


@dataclass(frozen=True)
class Partition:
    """The communities of one graph: of ``kept`` nodes, those of its largest component."""

    kept: Integers
    label: Nodes
    modularity: float
    stability: float
    by_run: list[float]


def links(shares: pl.DataFrame) -> pl.DataFrame:
    """Return who shared whom, in every appeal.

    Parameters
    ----------
    shares
        Rows of ``shares``.

    Returns
    -------
    DataFrame
        One row per appeal and pair, this way round: ``appeal_id``, ``source`` who was shared,
        ``target`` who shared, ``weight`` shares, and how many of them are ``attributed``, which
        name the original's author alone.
    """
    parts = [
        account_edges(part).select(appeal_id=pl.lit(appeal), target="target", source="source",
                                   basis="basis", shares="shares")
        for (appeal,), part in shares.partition_by("appeal_id", as_dict=True).items()
    ]  # fmt: skip
    empty = pl.DataFrame(schema=dict.fromkeys(("appeal_id", "target", "source", "basis"), pl.String)
                         | {"shares": pl.Int64})  # fmt: skip
    return (
        pl.concat([empty, *parts])
        .group_by("appeal_id", "source", "target")
        .agg(
            weight=pl.col("shares").sum(),
            attributed=pl.col("shares").filter(pl.col("basis") == "root").sum(),
        )
        .sort("appeal_id", "source", "target")
    )


def communities(edges: pl.DataFrame, *, seed: int = 0) -> Found:
    """Find the communities of every appeal, and hold them against chance.

    The graph is that of who shared whom, without directions, weighted by shares; its largest
    component is parted by the Leiden algorithm for modularity, in 20 runs.

    Parameters
    ----------
    edges
        As :func:`links` gives them.
    seed
        Of the runs and of the rewired graphs.

    Examples
    --------
    >>> friends = [("x:1", "x:2"), ("x:2", "x:3")]
    >>> edges = pl.DataFrame(friends, schema=["source", "target"], orient="row").with_columns(
    ...     appeal_id=pl.lit("a"), weight=pl.lit(1), attributed=pl.lit(0)
    ... )
    >>> communities(edges).partitions.select("accounts", "pairs", "note").rows()
    [(3, 2, 'fewer than 50 accounts are connected')]
    """
    rows, members = [], [COMMUNITY_MEMBERS.empty()]
    for (appeal,), part in sorted(edges.partition_by("appeal_id", as_dict=True).items()):
        row, held = _of_one(part, seed)
        attributed = part["attributed"].sum() / part["weight"].sum()
        rows.append(row | {"appeal_id": appeal, "attributed": attributed})
        members.append(held.select(pl.lit(appeal).alias("appeal_id"), "account_id", "community"))
    told = pl.DataFrame(rows, schema_overrides=PARTITIONS.schema) if rows else PARTITIONS.empty()
    return Found(PARTITIONS.check(told), COMMUNITY_MEMBERS.check(pl.concat(members)))


def _of_one(edges: pl.DataFrame, seed: int) -> tuple[dict[str, object], pl.DataFrame]:
    graph = network(edges)
    pairs = _pairs(graph.undirected)
    row: dict[str, object] = {"accounts": graph.nodes, "pairs": pairs[0].size}
    kept = _largest(pairs, graph.nodes)
    row |= {"component": kept.size}
    if kept.size < FEWEST:
        note = f"fewer than {FEWEST} accounts are connected"
        return row | {"note": note}, COMMUNITY_MEMBERS.empty()
    drawn = np.random.SeedSequence(seed).generate_state(RUNS + REWIRED, np.uint64)
    runs, chance = drawn[:RUNS], drawn[RUNS:]
    found = partition(pairs, graph.nodes, runs)
    row |= {"communities": int(found.label.max()) + 1, "modularity": found.modularity}
    row |= {"runs": RUNS, "stability": found.stability, "first_modularity": found.by_run[0]}
    row |= _against_chance(pairs, graph.nodes, found.by_run[0], chance)
    members = pl.DataFrame({
        "account_id": graph.ids.gather(found.kept), "community": found.label.astype(np.int64)
    })  # fmt: skip
    return row, members


def _pairs(rows: Rows) -> Pairs:
    """Return each edge of an undirected graph once."""
    one = np.repeat(np.arange(rows.nodes, dtype=np.int32), np.diff(rows.start))
    once = one < rows.other
    return one[once], rows.other[once], rows.weight[once]


def _largest(pairs: Pairs, nodes: int) -> Integers:
    """Return the nodes of the largest component, in order."""
    from analytics import adjacency  # noqa: PLC0415

    return np.flatnonzero(adjacency.components(pairs[0], pairs[1], nodes) == 0)


def _within(pairs: Pairs, kept: Integers, nodes: int) -> Rows:
    """Return the graph among the nodes that are kept, which get new numbers."""
    number = np.full(nodes, -1, np.int32)
    number[kept] = np.arange(kept.size)
    one, two = number[pairs[0]], number[pairs[1]]
    is_in = (one >= 0) & (two >= 0)
    one, two, weight = one[is_in], two[is_in], pairs[2][is_in]
    ends, others = np.concatenate([one, two]), np.concatenate([two, one])
    return by_rows(ends, others, np.concatenate([weight, weight]), kept.size)


def partition(pairs: Pairs, nodes: int, seeds: "np.typing.NDArray[np.uint64]") -> Partition:
    """Part the largest component of a graph, once for each seed.

    Parameters
    ----------
    pairs
        Each edge once: its two nodes and its weight.
    nodes
        How many there are.
    seeds
        One for each run.

    Returns
    -------
    Partition
        That of highest modularity, of equals the first; communities are numbered by size, those of
        equal size by their first node. ``stability`` is the mean adjusted mutual information of two
        runs, NaN for one run.
    """
    from analytics import partitions  # noqa: PLC0415

    kept = _largest(pairs, nodes)
    rows = _within(pairs, kept, nodes)
    *small, part = partitions.collapsed(rows.start, rows.other, rows.weight)
    labels = each(lambda k: partitions.leiden(*small, seeds[k], ROUNDS)[part], range(seeds.size))
    nothing = np.zeros(kept.size)
    by_run = each(
        lambda k: partitions.modularity(rows.start, rows.other, rows.weight, nothing, labels[k]),
        range(seeds.size),
    )
    best = int(np.argmax(by_run))
    return Partition(kept, _by_size(labels[best]), by_run[best], _stability(labels), by_run)


def _by_size(label: Nodes) -> Nodes:
    """Number the largest community 0; labels come in the order of their first nodes."""
    order = np.argsort(-np.bincount(label), kind="stable")
    number = np.empty(order.size, np.int32)
    number[order] = np.arange(order.size)
    return number[label]


def _stability(labels: list[Nodes]) -> float:
    from analytics import partitions  # noqa: PLC0415

    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, labels[0].size + 1)))])
    both = list(combinations(range(len(labels)), 2))
    found = each(
        lambda k: partitions.ami(labels[both[k][0]], labels[both[k][1]], logs), range(len(both))
    )
    return float(np.mean(found)) if found else float("nan")


def _against_chance(
    pairs: Pairs, nodes: int, first: float, seeds: "np.typing.NDArray[np.uint64]"
) -> dict[str, object]:
    """Hold the modularity of one run against that of one run on graphs with the same degrees."""
    count = min(REWIRED, max(FEW, EDGES // pairs[0].size))
    found = np.array(each(lambda k: _by_chance(pairs, nodes, seeds[k]), range(count)))
    reached = int((found >= first - ROUNDING).sum())
    return {
        "chance_lo": float(found.min()),
        "chance": float(found.mean()),
        "chance_hi": float(found.max()),
        "rewired": count,
        "p": (reached + 1) / (count + 1) if count >= ENOUGH else None,
    }


def _by_chance(pairs: Pairs, nodes: int, seed: np.uint64) -> float:
    """Return the modularity of one run on the graph rewired; its largest component is taken anew."""
    from analytics import partitions  # noqa: PLC0415

    one, two, weight = pairs[0].copy(), pairs[1].copy(), pairs[2]
    partitions.rewired(one, two, nodes, SWAPS * one.size, seed)
    return partition((one, two, weight), nodes, np.array([seed])).modularity


def traits(
    posts: pl.DataFrame, accounts: pl.DataFrame, languages: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Tell by what accounts can be told apart.

    Parameters
    ----------
    posts, accounts
        Rows of the tables of these names.
    languages
        ``account_id`` and ``language``, null where unknown; without, the language is the one that
        most of an account's posts have, as the platform says, of equals the first by name.

    Returns
    -------
    DataFrame
        One row per account that is in any of the tables: ``account_id``, ``platform``,
        ``language``, ``role``; null where unknown.
    """
    if languages is None:
        languages = _spoken(posts)
    roles = accounts.filter(pl.col("role") != "unknown").sort("role")
    every = pl.concat(
        [frame.select("account_id") for frame in (posts, accounts, languages)]
    ).drop_nulls()
    return (
        every.unique(maintain_order=True)
        .with_columns(platform=pl.col("account_id").str.extract(r"^([a-z0-9_]+):"))
        .join(languages.select("account_id", "language"), on="account_id", how="left")
        .join(roles.unique("account_id", keep="first").select("account_id", "role"),
              on="account_id", how="left")
    )  # fmt: skip


def _spoken(posts: pl.DataFrame) -> pl.DataFrame:
    language = pl.col("lang").str.to_lowercase().str.extract(r"^([a-z]{2,8})")
    return (
        posts.select("account_id", language=language)
        .drop_nulls()
        .filter(~pl.col("language").is_in(["und", "zxx", "qme", "qht", "qst", "qam", "qct"]))
        .group_by("account_id", "language")
        .len()
        .sort("account_id", "len", "language", descending=[False, True, False])
        .unique("account_id", keep="first", maintain_order=True)
    )
