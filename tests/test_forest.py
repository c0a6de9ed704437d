"""Trees as arrays, against closed forms and against slow Python that is plainly right."""

import numpy as np
import pytest
from hypothesis import given
from strategies import links, trees

from analytics import forest


def way_up(link: list[int], node: int) -> list[int]:
    """Walk up from a node until the top, or until a node is met again."""
    way = [node]
    while link[way[-1]] >= 0 and link[way[-1]] not in way:
        way.append(link[way[-1]])
    return way


def ring_of(link: list[int], node: int) -> list[int]:
    """Return the nodes of the ring into which the way up from a node runs, if any."""
    way = way_up(link, node)
    end = link[way[-1]]
    return way[way.index(end) :] if end >= 0 else []


@given(trees())
def test_heads_depths_and_sizes_are_what_walking_finds(link: list[int]) -> None:
    ways = [way_up(link, node) for node in range(len(link))]
    array = np.array(link)
    assert forest.heads(array).tolist() == [way[-1] for way in ways]
    assert forest.depths(array).tolist() == [len(way) - 1 for way in ways]
    below = [sum(node in way for way in ways) for node in range(len(link))]
    assert forest.sizes(array).tolist() == below


@given(links())
def test_opened_rings_are_whole_but_for_their_first_link(link: list[int]) -> None:
    first = {min(ring) for node in range(len(link)) if (ring := ring_of(link, node))}
    opened = forest.open_rings(np.array(link))
    assert opened.tolist() == [-1 if node in first else parent for node, parent in enumerate(link)]
    assert not any(ring_of(opened.tolist(), node) for node in range(len(link)))


@given(links())
def test_links_may_come_in_any_order(link: list[int]) -> None:
    opened = forest.open_rings(np.array(link))
    ways = [way_up(opened.tolist(), node) for node in range(len(link))]
    values = np.arange(len(link)) * 7 - 3
    assert forest.heads(opened).tolist() == [way[-1] for way in ways]
    assert forest.sums_above(opened, values).tolist() == [int(values[way].sum()) for way in ways]
    below = [sum(node in way for way in ways) for node in range(len(link))]
    assert forest.sizes(opened).tolist() == below


@pytest.mark.parametrize(
    ("link", "opened"),
    [
        ([0], [-1]),  # a post that shares itself
        ([1, 0], [-1, 0]),
        ([1, 2, 3, 0], [-1, 2, 3, 0]),
        ([0, 1, 2], [-1, -1, -1]),
        ([1, 0, 0, 2, 3], [-1, 0, 0, 2, 3]),  # a long tail into a ring
        ([4, 3, 1, 2, 0, 0, -1, 6], [-1, -1, 1, 2, 0, 0, -1, 6]),  # two rings and a tree
    ],
)
def test_rings_are_opened_at_their_first_node(link: list[int], opened: list[int]) -> None:
    assert forest.open_rings(np.array(link)).tolist() == opened


def test_opening_leaves_the_links_it_was_given() -> None:
    link = np.array([1, 0])
    forest.open_rings(link)
    assert link.tolist() == [1, 0]


def test_nothing_is_a_forest() -> None:
    nothing = np.array([], np.int64)
    for measure in (forest.heads, forest.depths, forest.sizes, forest.open_rings):
        assert measure(nothing).tolist() == []


@pytest.mark.parametrize("step", [1, -1])
def test_a_chain_of_100_000(step: int) -> None:
    n = 100_000
    link = np.arange(-1, n - 1) if step == 1 else np.append(np.arange(1, n), -1)
    assert forest.depths(link)[::step].tolist() == list(range(n))
    assert forest.sizes(link)[::step].tolist() == list(range(n, 0, -1))
    assert np.unique(forest.heads(link)).tolist() == [0 if step == 1 else n - 1]


def test_a_ring_of_100_000() -> None:
    n = 100_000
    assert np.flatnonzero(forest.open_rings(np.roll(np.arange(n), 1)) < 0).tolist() == [0]
