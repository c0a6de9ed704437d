"""Where posts stand in the picture called tree: every cascade is a disc that grows outwards.

The first post of a cascade is the middle of its disc. What hangs from a post lies behind it, in a
wedge as wide as it has posts, and in every direction the earlier post is the nearer one: a cascade
of shares of one post is the head of a sunflower. So a disc has no empty middle, no ring and no
seam, and its area is its number of posts.

Discs touch each other, the largest in the middle; those that are many and small surround them.
Nothing is random, and everything takes as long as sorting does.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analytics import forest
from analytics.kernels import compiled

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TURN = 2 * np.pi
AIR = 0.6  # free rim of a disc, where a post takes an area of pi
FLOWER = 0.9  # part of its posts that hang from the first one: such a cascade has one direction
WEDGE = 40  # posts in one direction of any other
PACKED = 20_000  # discs that are set down one by one
LOOSE = 1.3  # steps of the spiral of the others, in their radius: so that they stay apart


def bubbles(link: Ints) -> tuple[Floats, Floats]:
    """Return a place for every post; the middle of all is (0, 0).

    Parameters
    ----------
    link
        What each post hangs from, -1 for the first of a cascade; posts come in the order of time.

    Examples
    --------
    >>> x, y = bubbles(np.array([-1, 0, 0]))
    >>> np.hypot(x[1:] - x[0], y[1:] - y[0]).round(2).tolist()
    [1.41, 1.73]
    """
    size, head = forest.sizes(link), forest.heads(link)
    distance, angle = _distances(link, size, head), TURN * _directions(link, size, head)
    first = np.flatnonzero(link < 0)
    disc = np.zeros(len(link), np.int64)
    disc[first] = np.arange(len(first))
    x, y = packed(radii(size[first]))
    of = disc[head]
    return x[of] + distance * np.cos(angle), y[of] + distance * np.sin(angle)


def radii(size: Ints) -> Floats:
    """Return the radius of the disc of a cascade of so many posts."""
    radius: Floats = np.sqrt(size) + AIR
    return radius


def _directions(link: Ints, size: Ints, head: Ints) -> Floats:
    """Return the direction of each post from the middle, 0 … 1: the middle of its wedge.

    What hangs from the same post is dealt out over its wedge by the golden section, so that time
    does not show in it.
    """
    turn: Floats = forest.rank_within(link).astype(np.float64) * forest.GOLDEN % 1
    before = np.where(link >= 0, forest.sum_before(link, turn, size), 0)
    start = forest.sums_above(link, before)
    middle: Floats = (start + size / 2) / size[head] + forest.mixed(head)
    return middle % 1


def _distances(link: Ints, size: Ints, head: Ints) -> Floats:
    """Return how far from the middle each post is: in each of its directions posts are even."""
    number = np.arange(len(link))
    is_flower = _is_flower(link, size, head)
    wedges = np.where(is_flower, 1, np.maximum(size // WEDGE, 1)[head])
    wedge = np.where(link < 0, -1, _directions(link, size, head) * wedges).astype(np.int64)
    order = np.lexsort((number, wedge, head))
    rank = np.empty(len(link))
    rank[order] = forest.rank_within(np.cumsum(_begins(head[order], wedge[order])))
    loose = np.where(is_flower, 1, forest.mixed(number))
    within = np.minimum((rank + loose) * wedges + is_flower, size[head])
    distance: Floats = np.where(link < 0, 0, np.sqrt(within))
    return distance


def _begins(head: Ints, wedge: Ints) -> npt.NDArray[np.bool_]:
    """Tell where in a sorted list another wedge begins."""
    begins: npt.NDArray[np.bool_] = (np.diff(head, prepend=-1) != 0) | (
        np.diff(wedge, prepend=-2) != 0
    )
    return begins


def _is_flower(link: Ints, size: Ints, head: Ints) -> npt.NDArray[np.bool_]:
    """Tell which cascades are little more than a first post and what hangs from it."""
    direct = np.bincount(link[link >= 0], minlength=len(link))
    is_flower: npt.NDArray[np.bool_] = direct[head] >= FLOWER * (size[head] - 1)
    return is_flower


def packed(radius: Floats | Sequence[float]) -> tuple[Floats, Floats]:
    """Set discs down so that none lies on another, the largest first.

    >>> x, y = packed([1.0, 2.0, 1.0])
    >>> np.hypot(x[1] - x[[0, 2]], y[1] - y[[0, 2]]).round(2).tolist()
    [3.0, 3.0]
    """
    radius = np.asarray(radius, np.float64)
    order = np.argsort(-radius, kind="stable")
    large, small = order[:PACKED], order[PACKED:]
    x, y = np.zeros(len(radius)), np.zeros(len(radius))
    x[large], y[large] = compiled(_chain)(radius[large])
    shift = _centre(x[large], y[large], radius[large])
    x[large], y[large] = x[large] - shift[0], y[large] - shift[1]
    if len(small):
        x[small], y[small] = _around(x[large], y[large], radius[large], radius[small])
    return x, y


def _centre(x: Floats, y: Floats, radius: Floats) -> tuple[float, float]:
    """Return the middle of discs: the mean of their area."""
    area = radius**2
    return float((x * area).sum() / area.sum()), float((y * area).sum() / area.sum())


def _around(x: Floats, y: Floats, radius: Floats, small: Floats) -> tuple[Floats, Floats]:
    """Return places on a spiral around discs for others that are no larger than any of them."""
    inner = float((np.hypot(x, y) + radius).max()) + small[0]
    step = LOOSE * small[0]
    number = np.arange(len(small))
    distance = np.sqrt(inner**2 + number * step**2)
    angle = TURN * (number * forest.GOLDEN % 1)
    return distance * np.cos(angle), distance * np.sin(angle)


def _chain(radius: Floats) -> tuple[Floats, Floats]:
    """Set discs down along the chain of those in front (Wang et al. 2006), the nearest gap first.

    ``after`` and ``before`` are the chain; ``one`` and ``two`` the neighbours between which the
    next disc goes, unless others of the chain are in its way: then these take their place.
    """
    number = len(radius)
    x, y = np.zeros(number), np.zeros(number)
    after, before = np.zeros(number, np.int64), np.zeros(number, np.int64)
    if number > 1:
        x[0], x[1] = -radius[1], radius[0]
    after[: min(number, 2)] = np.arange(min(number, 2))[::-1]
    before[: min(number, 2)] = np.arange(min(number, 2))[::-1]
    one, two = 0, min(number - 1, 1)
    new = 2
    while new < number:
        # The place of the new disc, that touches the two.
        across, along = x[two] - x[one], y[two] - y[one]
        apart = np.hypot(across, along)
        to_one, to_two = radius[one] + radius[new], radius[two] + radius[new]
        forward = (apart**2 + to_one**2 - to_two**2) / (2 * apart)
        aside = np.sqrt(max(to_one**2 - forward**2, 0.0))
        x[new] = x[one] + (across * forward + along * aside) / apart
        y[new] = y[one] + (along * forward - across * aside) / apart
        # The nearest of the chain, on either side, that lies under it.
        right, left = after[two], before[one]
        right_way, left_way = radius[two], radius[one]
        clash = False
        while not clash and right != after[left]:
            looked = right if right_way <= left_way else left
            reach = radius[looked] + radius[new] - 1e-9
            if (x[looked] - x[new]) ** 2 + (y[looked] - y[new]) ** 2 < reach**2:
                clash = True
                if right_way <= left_way:
                    two = looked
                else:
                    one = looked
            elif right_way <= left_way:
                right_way += radius[right]
                right = after[right]
            else:
                left_way += radius[left]
                left = before[left]
        if clash:
            after[one], before[two] = two, one
            continue
        before[new], after[new] = one, two
        after[one], before[two] = new, new
        # Next to whom the chain comes nearest to the middle.
        best, seen = np.inf, new
        while True:
            behind = after[seen]
            both = radius[seen] + radius[behind]
            middle_x = (x[seen] * radius[behind] + x[behind] * radius[seen]) / both
            middle_y = (y[seen] * radius[behind] + y[behind] * radius[seen]) / both
            if middle_x**2 + middle_y**2 < best:
                best, one = middle_x**2 + middle_y**2, seen
            seen = behind
            if seen == new:
                break
        two = after[one]
        new += 1
    return x, y
