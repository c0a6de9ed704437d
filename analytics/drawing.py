"""Drawing whole trees from a model of parents, and what is measured on each of them.

Two ways, both exact. Where a star is small, the probabilities of all parents of an event are added
up once for all trees. Where it is large, an event's parent is drawn without looking at all earlier
ones: a term of the model is chosen, then a range of ages, each twice as old as the one before
(their borders only move forward), by an upper bound of its weight, then an event within it; the
draw is accepted with the ratio of its true weight to the bound, which is at least 2^-alpha.

Random numbers are those of SplitMix64 (Steele, Lea & Flood 2014), one stream for each tree: a tree
is the same whatever is drawn beside it, on any number of cores. Compiled; see
:mod:`analytics.parents` for the form of the arguments.
"""

import numpy as np

from analytics.parents import (
    HIDDEN,
    ROWS,
    TERMS,
    _compiled,
    _inlined,
    lay_out,
    probabilities,
)

TABLE_PER_TREE = 12  # events of a star for each tree drawn at once; see benchmarks/parents.py
RANGES = 64
MEASURES = ("depth", "max_breadth", "virality", "mean_depth", "broadcast")

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


@_inlined
def scramble(z):
    """Turn neighbouring numbers of 64 bits into unrelated ones."""
    z = (z ^ (z >> np.uint64(30))) * _MIX1
    z = (z ^ (z >> np.uint64(27))) * _MIX2
    return z ^ (z >> np.uint64(31))


@_inlined
def _random(states, b):
    states[b] += _STEP
    return (scramble(states[b]) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@_compiled
def draw_star(first, t, told, terms, weight, root, states, members, link):
    """Draw the hidden parents of one star: ``link[b, members[k]]`` for every tree ``b``."""
    if len(t) <= TABLE_PER_TREE * len(states) or terms[4].max() > 0.0:
        by_table(first, t, told, terms, weight, root, states, members, link)
    else:
        by_ranges(first, t, told, terms, weight, root, states, members, link)


@_compiled
def by_table(first, t, told, terms, weight, root, states, members, link):
    """Draw with the probabilities of all parents, added up once for all trees."""
    n = len(t)
    rows, faded = np.empty((1, n)), np.empty(n)
    for k in range(1, n):
        if told[k] != HIDDEN:
            continue
        probabilities(k, first, t, terms, weight, root, faded, rows[0])
        for i in range(1, k):
            rows[0, i] += rows[0, i - 1]
        for b in range(len(states)):
            link[b, members[k]] = members[
                _place(rows, 0, 0, k, _random(states, b) * rows[0, k - 1])
            ]


@_inlined
def _place(cumulative, row, low, high, value):
    """Return the first place below ``high`` whose cumulative weight is above ``value``."""
    last = high - 1
    high = last
    while low < high:
        middle = (low + high) >> 1
        if cumulative[row, middle] > value:
            high = middle
        else:
            low = middle + 1
    return low


@_compiled
def by_ranges(first, t, told, terms, weight, root, states, members, link):
    """Draw by a term, a range of ages and an event in it, accepted or drawn again."""
    n = len(t)
    above = np.empty((TERMS, n))  # cumulative weights
    for c in range(TERMS):
        total = 0.0
        for i in range(n):
            total += weight[c, i] if i >= first else 0.0
            above[c, i] = total
    border = np.full((TERMS, RANGES + 1), first)
    bound, top = np.zeros((TERMS, RANGES)), np.zeros((TERMS, RANGES))
    ranges = np.zeros(TERMS, np.int64)
    mix = np.zeros(TERMS)
    for k in range(1, n):
        if told[k] != HIDDEN:
            continue
        used = 0.0
        for c in range(TERMS):
            some = k > first and terms[0, c] > 0.0 and above[c, k - 1] > 0.0
            if some:
                ranges[c] = _renew(k, first, t, terms, c, above[c], border[c], bound[c], top[c])
                used += terms[0, c]
            mix[c] = used
        for b in range(len(states)):
            parent = 0
            if k > first and _random(states, b) >= root[k]:
                if used == 0.0:
                    parent = first + int(_random(states, b) * (k - first))
                else:
                    u = _random(states, b) * used
                    c = 0
                    while c < TERMS - 1 and mix[c] <= u:
                        c += 1
                    parent = _accepted(
                        k, t, terms, c, weight, above, border, bound, top, ranges[c], states, b
                    )
            link[b, members[k]] = members[parent]


@_compiled
def _renew(k, first, t, terms, c, above, border, bound, top):
    """Move the borders of the ranges of age up to event ``k``; return how many hold events.

    Range r holds the events whose age, ``floor`` and ``shift`` counted, is at least 2^r and less
    than 2^(r+1) times that of a newborn.
    """
    border[0] = k
    if terms[1, c] == 0.0:
        border[1], bound[0], top[0] = first, above[k - 1], 1.0
        return 1
    least = terms[2, c] + terms[3, c]
    total = 0.0
    for r in range(RANGES):
        oldest = t[k] + terms[3, c] - least * 2.0 ** (r + 1)
        place = border[r + 1]
        while place < k and t[place] <= oldest:
            place += 1
        border[r + 1] = place
        top[r] = (least * 2.0**r) ** -terms[1, c]
        if border[r] > place:
            below = above[place - 1] if place > 0 else 0.0
            total += (above[border[r] - 1] - below) * top[r]
        bound[r] = total
        if place == first:
            return r + 1
    return RANGES


@_compiled
def _accepted(k, t, terms, c, weight, above, border, bound, top, ranges, states, b):
    """Draw one earlier event by one term."""
    alpha, floor, shift = terms[1, c], terms[2, c], terms[3, c]
    while True:
        u = _random(states, b) * bound[c, ranges - 1]
        r = 0
        while r < ranges - 1 and bound[c, r] <= u:
            r += 1
        low, high = border[c, r + 1], border[c, r]
        if terms[5, c] > 0.0:
            i = low + int(_random(states, b) * (high - low))
        else:
            below = above[c, low - 1] if low > 0 else 0.0
            value = below + _random(states, b) * (above[c, high - 1] - below)
            i = _place(above, c, low, high, value)
        if weight[c, i] > 0.0:
            if alpha == 0.0:
                return i
            kept = (max(t[k] - t[i], floor) + shift) ** -alpha
            if _random(states, b) * top[c, r] <= kept:
                return i


@_compiled
def measure_trees(link, out):
    """Write depth, breadth, virality, mean depth and largest broadcast of each tree of one cascade.

    ``link[b, node]`` is a smaller number than ``node``, and -1 for the first. Virality is
    2W / n(n - 1), W = Σ s(n - s) over all subtrees but the whole (Goel et al. 2016); the largest
    broadcast is the share of all shares that hang directly from one post. A tree of one post has
    depth 0, breadth 1, and NaN for the rest.
    """
    trees, n = link.shape
    depth, size = np.zeros(n, np.int32), np.empty(n, np.int64)
    breadth, children = np.empty(n, np.int64), np.empty(n, np.int64)
    for b in range(trees):
        breadth[:] = 0
        breadth[0] = 1
        children[:] = 0
        size[:] = 1
        deepest, total, wiener = 0, 0.0, 0.0
        for k in range(1, n):
            d = depth[link[b, k]] + 1
            depth[k] = d
            breadth[d] += 1
            children[link[b, k]] += 1
            deepest = max(deepest, d)
            total += d
        for k in range(n - 1, 0, -1):
            size[link[b, k]] += size[k]
            wiener += float(size[k]) * (n - size[k])
        out[b, 0], out[b, 1] = deepest, breadth.max()
        if n > 1:
            out[b, 2] = 2.0 * wiener / (float(n) * (n - 1.0))
            out[b, 3], out[b, 4] = total / (n - 1.0), children.max() / (n - 1.0)
        else:
            out[b, 2:] = np.nan


@_compiled
def bands(samples, low, high, out):
    """Write the lower quantile, median and upper quantile of each column, by nearest rank."""
    for column in range(samples.shape[1]):
        values = np.sort(samples[:, column])
        for place, q in enumerate((low, 0.5, high)):
            rank = int(np.ceil(q * len(values))) - 1
            out[column, place] = values[max(rank, 0)]


@_compiled
def draw_cascades(
    cascades, nodes, stars, members, star_starts, link, t, followers, told, seeds,
    kinds, figures, trees, room, out,
):  # fmt: skip
    """Draw every cascade's trees by every setting; write the bands of their measures.

    Cascade ``x`` has the nodes ``nodes[x]:nodes[x + 1]`` and the stars ``stars[x]:stars[x + 1]``;
    star ``s`` the events ``star_starts[s]:star_starts[s + 1]``, at which ``members`` gives the node
    within the cascade, and ``t``, ``followers`` and ``told`` what the model needs. ``link`` holds
    the parents that are told, as nodes within the cascade. At most ``room`` links are held at once.
    ``out[x]`` gets a row per measure: 5 %, median, 95 %.
    """
    for x in cascades:
        found = np.empty((len(kinds) * trees, len(MEASURES)))
        for cell in range(len(kinds)):
            draw_setting(
                x, nodes, stars, members, star_starts, link, t, followers, told, seeds,
                cell, kinds[cell], figures[cell], trees, room,
                found[cell * trees : (cell + 1) * trees],
            )  # fmt: skip
        bands(found, 0.05, 0.95, out[x])


@_compiled
def draw_setting(
    x, nodes, stars, members, star_starts, link, t, followers, told, seeds,
    cell, kind, figures, trees, room, found,
):  # fmt: skip
    """Draw the trees of one cascade by one setting; write their measures, a row per tree."""
    low, high = nodes[x], nodes[x + 1]
    n = high - low
    together = min(max(room // n, 1), trees)
    drawn = np.empty((together, n), np.int32)
    for begin in range(0, trees, together):
        count = min(together, trees - begin)
        block = drawn[:count]
        states = np.empty(count, np.uint64)
        for b in range(count):
            block[b] = link[low:high]
            stream = np.uint64(cell) * np.uint64(1 << 32) + np.uint64(begin + b)
            states[b] = scramble(seeds[x] ^ scramble(stream + _STEP))
        for s in range(stars[x], stars[x + 1]):
            _draw_one(s, members, star_starts, t, followers, told, kind, figures, states, block)
        measure_trees(block, found[begin : begin + count])


@_compiled
def _draw_one(s, members, star_starts, t, followers, told, kind, figures, states, block):
    low, high = star_starts[s], star_starts[s + 1]
    n = high - low
    ages, known = t[low:high], told[low:high]
    hidden = False
    for k in range(n):
        hidden = hidden or known[k] == HIDDEN
    if hidden:
        terms, weight, root = np.empty((ROWS, TERMS)), np.empty((TERMS, n)), np.empty(n)
        first = lay_out(kind, figures, ages, followers[low:high], known, terms, weight, root)
        draw_star(first, ages, known, terms, weight, root, states, members[low:high], block)
