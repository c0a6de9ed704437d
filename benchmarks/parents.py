"""How fast hidden parents are drawn and trees measured, as ratios to the textbook's way.

All in one process, one after the other; the yardsticks are compiled, too. ``--large`` draws 10⁶
events and measures a forest of 10 million posts; igraph (a test oracle) is asked for the mean
distance of one tree of 5,000 posts.

    python benchmarks/parents.py [--large]
"""

import argparse
import resource
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import igraph
import numpy as np
import numpy.typing as npt

from analytics import models, parents
from analytics.diffusion import ROOM, WORKERS

Reals = npt.NDArray[np.float64]
TREES = 100
PDI = models.pdi((0.25,), (2.0,)).figures[0]


def main() -> None:
    """Print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="10⁶ events, 10⁷ posts")
    large = parser.parse_args().large
    for n in (300, 1000):  # compiles everything
        drawn(n)
        textbook(n)
    for n in (10_000, 100_000) if large else (10_000,):
        ours, theirs = drawn(n) / TREES, textbook(n)
        print(f"one tree of {n:,}: {ours * 1e3:,.1f} ms, all pairs {theirs * 1e3:,.0f} ms")
        print(f"  all pairs / ours = {theirs / ours:,.0f}")
    shared = all_pairs_once(10_000) / drawn(10_000)
    print(f"{TREES} trees of 10,000 from one table of all pairs / ours = {shared:.1f}")
    virality()
    if large:
        some, most = drawn(100_000), drawn(1_000_000)
        print(f"{TREES} trees of 10⁶ with all measures on {WORKERS} cores: {most:.1f} s")
        print(f"  time(10⁶) / time(10⁵) = {most / some:.1f}")
        forest(10_000_000)
    print(f"most memory used: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def cascade(n: int) -> tuple[Reals, Reals]:
    """Return times with a burst and a long tail, and heavy-tailed followers."""
    rng = np.random.default_rng(n)
    t = np.sort(np.minimum(rng.pareto(0.6, n) * 600, 30 * 86400.0))
    return t - t[0], np.floor(rng.pareto(1.1, n) * 100)


def drawn(n: int) -> float:
    """Draw and measure ``TREES`` trees on all cores, ten at a time; return seconds."""
    t, followers = cascade(n)
    told = np.full(n, parents.HIDDEN)
    told[0] = parents.ELSEWHERE
    ends = np.array([0, n])
    arrays = (ends, np.array([0, 1]), np.arange(n), ends, np.full(n, -1, np.int32), t, followers,
              told, np.array([7], np.uint64))  # fmt: skip

    def ten(cell: int) -> None:
        found = np.empty((1, 10, len(parents.MEASURES)))
        parents.draw_setting(0, *arrays, cell, models.KINDS["pdi"], PDI, 10, ROOM, ends[1:], found)

    return _seconds(lambda: _spread(ten, range(TREES // 10)))


def textbook(n: int) -> float:
    """Draw one tree with the row of all earlier events for each; return seconds."""
    return _seconds(lambda: _table(n, 1))


def all_pairs_once(n: int) -> float:
    """Draw all trees from rows that are worked out once, on one core; return seconds."""
    return _seconds(lambda: _table(n, TREES))


def _table(n: int, trees: int) -> None:
    t, followers = cascade(n)
    terms, weight = np.empty((parents.ROWS, parents.TERMS)), np.empty((parents.TERMS, n))
    root, told = np.empty(n), np.full(n, parents.HIDDEN)
    told[0] = parents.ELSEWHERE
    first = parents.lay_out(0, PDI, t, followers, told, terms, weight, root)
    states = np.arange(trees).astype(np.uint64)
    link = np.full((trees, n), -1, np.int32)
    parents.by_table(first, t, told, terms, weight, root, states, np.arange(n), link)
    parents.measure_trees(link, np.array([n]), np.empty((1, trees, len(parents.MEASURES))))


def virality(n: int = 5000) -> None:
    """Compare structural virality with the mean of all pairs' distances by igraph."""
    link = recursive(n)
    graph = igraph.Graph(n, list(enumerate(link[0, 1:].tolist(), start=1)))
    found, whole = np.empty((1, 1, len(parents.MEASURES))), np.array([n])
    parents.measure_trees(link, whole, found)
    ours = _seconds(lambda: [parents.measure_trees(link, whole, found) for _ in range(100)]) / 100
    theirs = _seconds(lambda: graph.average_path_length(directed=False))
    mean = graph.average_path_length(directed=False)
    print(f"virality: ours {found[0, 0, 2]:.9f}, igraph {mean:.9f}")
    print(f"virality of {n:,} posts, igraph's mean distance / ours = {theirs / ours:,.0f}")


def forest(n: int, size: int = 100) -> None:
    """Measure a forest of many trees in one pass."""
    link = np.tile(recursive(size)[0], n // size)
    ends = np.arange(0, n + 1, size)
    none = np.zeros(len(ends), np.int64)
    empty = np.empty(0)
    bands = np.empty((len(ends) - 1, len(parents.MEASURES), 3))
    arrays = (
        ends,
        none,
        none,
        np.zeros(1, np.int64),
        link,
        empty,
        empty,
        none,
        none.astype(np.uint64),
    )
    kinds, figures = np.zeros(1, np.int64), np.zeros((1, models.FIGURES))
    whole = np.diff(ends), np.arange(len(ends))

    def part(trees: npt.NDArray[np.int64]) -> None:
        parents.draw_cascades(trees, *arrays, kinds, figures, 1, ROOM, *whole, bands)

    part(np.arange(1))
    pieces = np.array_split(np.arange(len(ends) - 1), WORKERS)
    print(f"forest of {n:,} posts: {_seconds(lambda: _spread(part, pieces)):.2f} s")


def recursive(n: int) -> npt.NDArray[np.int32]:
    """Return a random recursive tree."""
    rng = np.random.default_rng(0)
    return np.array([[-1, *(rng.random(n - 1) * np.arange(1, n)).astype(np.int32)]], np.int32)


def _spread(work: Callable[[Any], None], pieces: Iterable[Any]) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, pieces))


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


if __name__ == "__main__":
    main()
