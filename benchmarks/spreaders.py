"""How fast accounts are ranked over many drawn trees, as a ratio to one pass of networkx.

An appeal is simulated (``--posts``), or a store that is there is read. Ours is all that stands
between shares and ranks with their bands: arranging, every draw, credit, ranks. The yardstick walks
one tree of every cascade once with networkx and counts what hangs from each post; it is given the
trees ready-made, and its time is that of one draw.

    python benchmarks/spreaders.py [--posts 1000000] [--store STORE]
"""

import argparse
import resource
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import networkx as nx
import polars as pl

from analytics.carrying import draws
from analytics.plan import Data
from analytics.store import Store
from collectors.simulated import write_simulation

WARM = 2000


def main() -> None:
    """Print seconds and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        timed(read(write_simulation(Path(folder) / "warm", posts=WARM, seed=1)))  # compiles all
        here = asked.store or Path(folder) / "simulated"
        held = asked.store or write_simulation(here, posts=asked.posts, seed=1).path
        data = read(Store(held))
        seconds = timed(data)
    many = draws(data.forests)
    print(f"most memory used: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    theirs = of_networkx(data.shares)
    print(f"one draw with networkx: {theirs:.1f} s; one of ours {seconds / many:.2f} s, "
          f"ratio {theirs * many / seconds:,.0f}")  # fmt: skip


def read(store: Store) -> Data:
    """Return what a store is measured from."""
    return Data(store, trees=100, seed=0, now=datetime(2026, 1, 1, tzinfo=UTC))


def timed(data: Data) -> float:
    """Rank everybody in every draw; return seconds, those of finding shares not counted."""
    shares = data.shares
    start = perf_counter()
    ranks = data.ranks
    seconds = perf_counter() - start
    sizes = f"{shares.height:,} shares, {draws(data.forests)} draws, {ranks.height:,} ranks"
    print(f"{sizes}: {seconds:.1f} s")
    return seconds


def of_networkx(shares: pl.DataFrame) -> float:
    """Count what hangs from each post of one tree of each cascade; return seconds."""
    trees: nx.DiGraph[str] = nx.DiGraph()
    trees.add_edges_from(
        shares.select(pl.coalesce("parent_id", "root_id"), "post_id").drop_nulls().iter_rows()
    )
    start = perf_counter()
    below = dict.fromkeys(trees, 0)
    for post in reversed(list(nx.topological_sort(trees))):
        for parent in trees.predecessors(post):
            below[parent] += below[post] + 1
    return perf_counter() - start


if __name__ == "__main__":
    main()
