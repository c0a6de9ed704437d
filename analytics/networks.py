"""Where accounts stand among each other: rank, core, component, and what they bridge."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from os import cpu_count
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Nodes = npt.NDArray[np.int32]

WORKERS = cpu_count() or 1
DAMPING = 0.85
TOLERANCE = 1e-10  # of PageRank: what a last step may move, over all nodes
EXACT = 5000  # nodes up to which betweenness is asked from every node
SOURCES = 256  # from how many it is asked above that, unless the graph is so large that …
ARCS = 100_000_000  # … they would walk more arcs than this; never fewer than FEWEST
FEWEST = 64

POSITIONS = pl.Schema({
    "account_id": pl.String(),
    "pagerank": pl.Float64(),
    "core": pl.Int64(),
    "component": pl.Int64(),
    "betweenness": pl.Float64(),
    "betweenness_sampled": pl.Boolean(),
    "constraint": pl.Float64(),
    "effective_size": pl.Float64(),
})  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """A graph by rows: the arcs of node ``v`` are ``start[v] … start[v + 1] - 1``."""

    start: Integers
    other: Nodes
    weight: Reals

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return self.start.size - 1


@dataclass(frozen=True)
class Network:
    """A directed graph whose nodes are numbered in the order of their ids."""

    ids: pl.Series
    source: Nodes
    target: Nodes
    weight: Reals

    @property
    def nodes(self) -> int:
        """How many accounts are in it."""
        return self.ids.len()

    @cached_property
    def sharers(self) -> Rows:
        """By account, those who shared it."""
        return by_rows(self.source, self.target, self.weight, self.nodes)

    @cached_property
    def undirected(self) -> Rows:
        """By account, those whom it shared or who shared it; weights both ways are added up."""
        ends = np.concatenate([self.source, self.target])
        others = np.concatenate([self.target, self.source])
        return by_rows(ends, others, np.concatenate([self.weight, self.weight]), self.nodes)


def by_rows(source: Nodes, target: Nodes, weight: Reals, nodes: int) -> Rows:
    """Return the graph by rows; arcs between the same two nodes are added up."""
    from analytics import adjacency  # noqa: PLC0415

    return Rows(*adjacency.rows(source, target, weight, nodes))


def network(edges: pl.DataFrame) -> Network:
    """Give the accounts of an edge list numbers, once.

    Parameters
    ----------
    edges
        ``source``, the account that was shared, ``target``, who shared it, and ``weight`` (greater
        than 0; 1 where the column is missing). Edges with an unknown end, and those from an account
        to itself, are left out.

    Examples
    --------
    >>> edges = pl.DataFrame({"source": ["x:b", "x:b"], "target": ["x:a", "x:c"]})
    >>> found = network(edges)
    >>> found.ids.to_list(), found.source.tolist(), found.target.tolist()
    (['x:a', 'x:b', 'x:c'], [1, 1], [0, 2])
    """
    weight = pl.col("weight") if "weight" in edges.columns else pl.lit(1.0)
    told = edges.select(
        pl.col("source", "target").cast(pl.String), weight=weight.cast(pl.Float64)
    ).filter(pl.col("source") != pl.col("target"))
    both = pl.concat([told["source"], told["target"]])
    ids = both.unique().sort()
    codes = both.cast(pl.Enum(ids)).to_physical().cast(pl.Int32).to_numpy()
    return Network(
        ids.alias("account_id"), codes[: told.height], codes[told.height :],
        told["weight"].to_numpy(),
    )  # fmt: skip


def pagerank(graph: Network) -> Reals:
    """Return the PageRank of every account, walking from who shared to who was shared."""
    from analytics import adjacency  # noqa: PLC0415

    rows = graph.sharers
    found: Reals = adjacency.pagerank(rows.start, rows.other, rows.weight, DAMPING, TOLERANCE)
    return found


def cores(graph: Network) -> Integers:
    """Return the largest k for which each account is in the k-core of the undirected graph."""
    from analytics import adjacency  # noqa: PLC0415

    found: Integers = adjacency.cores(graph.undirected.start, graph.undirected.other)
    return found


def components(graph: Network) -> Integers:
    """Return the number of each account's weakly connected component, 0 for the largest."""
    from analytics import adjacency  # noqa: PLC0415

    found: Integers = adjacency.components(graph.source, graph.target, graph.nodes)
    return found


def betweenness(graph: Network, *, seed: int, exact: int = EXACT) -> tuple[Reals, bool]:
    """Return each account's betweenness, as a share of all pairs of others, and if it is sampled.

    In a graph of more than ``exact`` accounts it is asked from some of them, drawn by ``seed``, and
    scaled to all (Brandes and Pich 2007).
    """
    from analytics import adjacency  # noqa: PLC0415

    rows = graph.undirected
    sampled = rows.nodes > exact
    wanted = max(FEWEST, min(SOURCES, ARCS // max(rows.other.size, 1)))
    rng = np.random.default_rng(seed)
    sources = np.arange(rows.nodes)
    if sampled:
        sources = rng.choice(rows.nodes, min(wanted, rows.nodes), replace=False)
    parts = each(
        lambda k: adjacency.betweenness(rows.start, rows.other, sources[k::WORKERS]),
        range(WORKERS),
    )
    pairs = max((rows.nodes - 1) * (rows.nodes - 2), 1)
    return sum(parts) * (rows.nodes / max(sources.size, 1)) / pairs, sampled


def holes(graph: Network) -> tuple[Reals, Reals]:
    """Return Burt's constraint and effective size of every account."""
    from analytics import adjacency  # noqa: PLC0415

    rows = graph.undirected
    constraint, size = adjacency.holes(rows.start, rows.other, rows.weight)
    return constraint, size


def each(work: Callable[[int], Any], numbers: Iterable[int]) -> list[Any]:
    """Return what compiled work makes of each number, in order, on all cores."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, numbers))


def positions(edges: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Tell where each account stands in the graph of who shared whom.

    Parameters
    ----------
    edges
        ``source``, the account that was shared, ``target``, who shared it, ``weight`` (1 where the
        column is missing); see :func:`network`.
    seed
        Of the accounts from which betweenness is asked, where it is sampled.

    Returns
    -------
    DataFrame
        One row per account, in the order of ids: ``account_id``; ``pagerank``, d = .85, on edges
        from who shared to who was shared, by weight, sums to 1; ``core``, the largest k-core it is
        in; ``component``, 0 for the largest; ``betweenness``, the share of pairs of other accounts
        whose shortest ways lead over it, without directions and weights, and
        ``betweenness_sampled``, whether that is an estimate from some accounts; ``constraint`` and
        ``effective_size`` (Burt 1992), by weight, without directions. Nothing is null.

    Examples
    --------
    >>> star = pl.DataFrame({"source": ["x:0"] * 4, "target": ["x:1", "x:2", "x:3", "x:4"]})
    >>> positions(star, seed=0).select("account_id", pl.col("pagerank").round(5)).rows()[:2]
    [('x:0', 0.52381), ('x:1', 0.11905)]
    """
    graph = network(edges)
    if graph.nodes == 0:
        return pl.DataFrame(schema=POSITIONS)
    between, sampled = betweenness(graph, seed=seed)
    constraint, size = holes(graph)
    return pl.DataFrame(
        {
            "account_id": graph.ids,
            "pagerank": pagerank(graph),
            "core": cores(graph),
            "component": components(graph),
            "betweenness": between,
            "betweenness_sampled": np.full(graph.nodes, sampled),
            "constraint": constraint,
            "effective_size": size,
        },
        schema=POSITIONS,
    )
