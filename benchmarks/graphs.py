"""How fast positions and communities are found on a million edges, as ratios to networkx.

The graph is drawn: who is shared, by a heavy tail. networkx is asked for the same graph, which it
is given ready-made; what it takes to build is told apart. networkit and igraph are asked with
``--others``, and are not needed.

    python benchmarks/graphs.py [--edges 1000000] [--others]
"""

import argparse
import resource
from collections.abc import Callable
from time import perf_counter
from typing import Any

import networkx as nx
import numpy as np
import polars as pl

from analytics import communities, networks

FAMOUS = 0.7  # of shares are of the few
SEED = np.arange(1, dtype=np.uint64)


def main() -> None:
    """Print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--others", action="store_true", help="ask networkit and igraph, too")
    asked = parser.parse_args()
    ours(drawn(1000), {})  # compiles everything
    edges, found = drawn(asked.edges), dict[str, float]()
    ours(edges, found)
    print(f"most memory used by ours: {memory():,.0f} MB")
    graph = networks.network(edges)
    if asked.others:
        others(graph)
    for name, work in of_networkx(graph).items():
        seconds = timed(work)
        print(f"{name}: ours {found[name]:.3f} s, networkx {seconds:.2f} s, "
              f"ratio {seconds / found[name]:,.0f}", flush=True)  # fmt: skip
    print(f"most memory used with networkx: {memory():,.0f} MB")


def memory() -> float:
    """Return the most memory used so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def drawn(count: int) -> pl.DataFrame:
    """Return who shared whom: sources by a heavy tail, most sharers once or twice."""
    rng = np.random.default_rng(count)
    source = np.minimum(rng.zipf(1.5, count), count // 3)
    target = rng.integers(0, count // 3, count)
    source = np.where(rng.random(count) < FAMOUS, source, (target + source) % (count // 3))
    pairs = pl.DataFrame({"source": source, "target": target}).unique(maintain_order=True)
    return pairs.select(pl.format("x:{}", pl.col("source")).alias("source"),
                        pl.format("x:{}", pl.col("target")).alias("target"))  # fmt: skip


def timed(work: Callable[[], Any]) -> float:
    """Return seconds."""
    start = perf_counter()
    work()
    return perf_counter() - start


def ours(edges: pl.DataFrame, found: dict[str, float]) -> None:
    """Measure, and note seconds by measure."""
    graph = networks.network(edges)
    found["build"] = timed(lambda: (networks.network(edges).sharers, graph.undirected))
    pairs = communities._pairs(graph.undirected)  # noqa: SLF001
    found["pagerank"] = timed(lambda: networks.pagerank(graph))
    found["cores"] = timed(lambda: networks.cores(graph))
    found["components"] = timed(lambda: networks.components(graph))
    found["communities"] = timed(lambda: communities.partition(pairs, graph.nodes, SEED))
    found["holes"] = timed(lambda: networks.holes(graph))
    found["betweenness"] = timed(lambda: networks.betweenness(graph, seed=0))


def of_networkx(graph: networks.Network) -> dict[str, Callable[[], Any]]:
    """Return what networkx is asked; its Leiden needs a backend, so its Louvain is."""
    arcs = list(zip(graph.target.tolist(), graph.source.tolist(), strict=True))
    directed: nx.DiGraph[int] = nx.DiGraph(arcs)
    without: nx.Graph[int] = nx.Graph(arcs)
    return {
        "build": lambda: nx.DiGraph(arcs),
        "components": lambda: list(nx.weakly_connected_components(directed)),
        "pagerank": lambda: nx.pagerank(
            directed, tol=networks.TOLERANCE / graph.nodes, max_iter=500
        ),
        "cores": lambda: nx.core_number(without),
        "communities": lambda: nx.community.louvain_communities(without, seed=0),
    }


def others(graph: networks.Network) -> None:
    """Print what networkit and igraph take; most of it is conversion."""
    import igraph  # noqa: PLC0415
    import networkit  # noqa: PLC0415

    arcs = np.stack([graph.target, graph.source], axis=1)
    ends = (graph.weight, (graph.target.astype(np.uint64), graph.source.astype(np.uint64)))
    made = networkit.GraphFromCoo(ends, graph.nodes, weighted=True, directed=True)
    start = perf_counter()
    networkit.GraphFromCoo(ends, graph.nodes, weighted=True, directed=True)
    print(f"networkit: build {perf_counter() - start:.2f} s", end=", ")
    sinks = networkit.centrality.SinkHandling.DistributeSinks
    rank = networkit.centrality.PageRank(made, 0.85, networks.TOLERANCE, False, sinks)  # noqa: FBT003
    print(f"PageRank {timed(rank.run):.2f} s")
    print(f"igraph: build {timed(lambda: igraph.Graph(graph.nodes, arcs, directed=True)):.2f} s")


if __name__ == "__main__":
    main()
