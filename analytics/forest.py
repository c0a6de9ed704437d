"""Trees as arrays: ``link[node]`` is the node that a node hangs from, or -1.

Every function treats a whole forest at once. What lies above a node is found by pointer jumping, in
as many rounds as the logarithm of the greatest depth. Links may come in any order, but must not run
in a ring: ``open_rings`` comes first where data are dirty.

>>> link = np.array([-1, 0, 0, 0, 1, 1, 4])
>>> heads(link).tolist(), depths(link).tolist(), sizes(link).tolist()
([0, 0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 2, 2, 3], [7, 4, 1, 1, 2, 1, 1])
"""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

GOLDEN = (5**0.5 - 1) / 2  # steps of this length spread evenly however many are taken


def heads(link: Ints) -> Ints:
    """Name the node at the top of each node's tree."""
    jump = _start(link)
    for _ in range(len(link).bit_length()):
        further = jump[jump]
        if np.array_equal(further, jump):
            break
        jump = further
    return jump


def depths(link: Ints) -> Ints:
    """Count the links above each node."""
    return sums_above(link, np.ones(len(link), np.int64)) - 1


def sums_above(link: Ints, value: Ints) -> Ints:
    """Add up a value over each node and all above it.

    >>> sums_above(np.array([-1, 0, 1]), np.array([5, 1, 2])).tolist()
    [5, 6, 8]
    """
    jump, total = _start(link), np.array(value, np.int64)
    open_end = link >= 0  # there is more above what has been added so far
    for _ in range(len(link).bit_length()):
        if not open_end.any():
            break
        total += np.where(open_end, total[jump], 0)
        open_end = open_end & open_end[jump]
        jump = jump[jump]
    return total


def most_above(link: Ints, value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the greatest value of each node and all above it.

    >>> most_above(np.array([-1, 0, 1]), np.array([2.0, 5.0, 1.0])).tolist()
    [2.0, 5.0, 5.0]
    """
    jump, most = _start(link), np.array(value, np.float64)
    for _ in range(len(link).bit_length()):
        most = np.maximum(most, most[jump])
        further = jump[jump]
        if np.array_equal(further, jump):
            break
        jump = further
    return most


def sizes(link: Ints, depth: Ints | None = None) -> Ints:
    """Count each node and all that hangs from it."""
    depth = depths(link) if depth is None else depth
    deepest_first = np.argsort(-depth, kind="stable")
    starts = np.flatnonzero(np.diff(depth[deepest_first], prepend=-1))
    size = np.ones(len(link), np.int64)
    for level in np.split(deepest_first, starts[1:])[:-1]:
        np.add.at(size, link[level], size[level])
    return size


def open_rings(link: Ints) -> Ints:
    """Return the links without that of the first node of every ring.

    >>> open_rings(np.array([2, 0, 1, 0])).tolist()
    [-1, 0, 1, 0]
    """
    top = heads(link)
    ring = np.unique(top[link[top] >= 0])  # far enough up, whoever has no top is in a ring
    opened = np.array(link, np.int64)
    opened[ring[_least_on_the_way(link, ring) == ring]] = -1
    return opened


def rank_within(group: Ints) -> Ints:
    """Count, for each member of a group, those before it.

    >>> rank_within(np.array([7, 3, 7, 7])).tolist()
    [0, 0, 1, 2]
    """
    return sum_before(group, np.arange(len(group)), np.ones(len(group), np.int64))


def sum_before(group: Ints, turn: Ints | Floats, value: Ints) -> Ints:
    """Add up, for each member of a group, the values of those whose turn comes before."""
    order = np.lexsort((turn, group))
    running = np.cumsum(value[order]) - value[order]
    starts = np.flatnonzero(np.diff(group[order], prepend=group.min() - 1))
    before = np.empty(len(group), np.int64)
    before[order] = running - np.repeat(running[starts], np.diff(starts, append=len(group)))
    return before


def mixed(number: Ints) -> Floats:
    """Map whole numbers to 0 … 1 evenly and, to the eye, without order; always in the same way."""
    return number.astype(np.float64) ** 2 * GOLDEN % 1


def _start(link: Ints) -> Ints:
    return np.where(link >= 0, link, np.arange(len(link)))


def _least_on_the_way(link: Ints, ring: Ints) -> Ints:
    """Return, for nodes in rings, the least node of their ring."""
    place = np.zeros(len(link), np.int64)
    place[ring] = np.arange(len(ring))
    jump = place[link[ring]]
    least = ring.copy()
    for _ in range(len(ring).bit_length()):
        least = np.minimum(least, least[jump])
        jump = jump[jump]
    return least
