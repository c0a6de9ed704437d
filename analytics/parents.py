"""Who passed it to whom, where the platform hides it: the probability of every possible parent.

A *star* is an original and the shares that name it. Its events are numbered in time, the original
is 0, and the parent of event ``k`` is one of ``0 … k - 1``. A model gives each a probability: a mix
of at most three terms, each the weight of an event times a falling function of its age,

    p(i) = root(k)·[i = 0] + (1 - root(k)) · Σ_c mix_c · w_c(i) φ_c(t_k - t_i) / Σ_j w_c(j) φ_c(…)
    φ(x) = (max(x, floor) + shift)^-alpha · exp(-rate·x)

Three models fill it in (:mod:`analytics.models` says where their figures come from):

- ``PDI``: one term by followers, one by age; the original competes like any other event.
- ``DECAY``: followers times an exponential in age.
- ``CALIBRATED``: the original by its own chance, which falls as more have shared; the other events
  by how much seems to hang from them (:func:`_productivity`), by age, or by nothing.

Trees are drawn in two ways, both exact. Where a star is small, the probabilities of all parents of
an event are added up once for all trees. Where it is large, an event's parent is drawn without
looking at all earlier ones: a term of the model is chosen, then a range of ages, each twice as old
as the one before (their borders only move forward), by an upper bound of its weight, then an event
within it; the draw is accepted with the ratio of its true weight to the bound, which is at least
2^-alpha. Random numbers are those of SplitMix64 (Steele, Lea & Flood 2014), one stream for each
tree: a tree is the same whatever is drawn beside it, on any number of cores.

Everything here is compiled, works on arrays and needs numba: import this module where it is used,
not at the top. It is one module because compiled code is kept on disk by the file it comes from:
what one loop calls in another file would be kept although that file has changed.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

PDI, DECAY, CALIBRATED = 0, 1, 2
TERMS = 3
ROWS = 6  # of a table of terms: mix, alpha, floor, shift, rate, and 1 where all weights are 1
SWEEPS = 30  # of expectation and maximisation over the productivities
ELSEWHERE = -2  # a parent that is known and is in another star
HIDDEN = -1

TABLE_PER_TREE = 12  # events of a star for each tree drawn at once; see benchmarks/parents.py
RANGES = 64
MEASURES = ("depth", "max_breadth", "virality", "mean_depth", "broadcast")

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)

_compiled = njit(cache=True, nogil=True)
_inlined = njit(cache=True, nogil=True, inline="always")


@_compiled
def lay_out(kind, figures, t, followers, told, terms, weight, root):
    """Write a model's terms for one star; return the first event that they compete for.

    ``told`` holds the parents that are known (an event's number, ``HIDDEN`` or ``ELSEWHERE``).
    ``terms`` is filled by term, see ``ROWS``, ``weight`` with a row per
    term, ``root`` with the chance of the original by event.
    """
    terms[:] = 0.0
    root[:] = 0.0
    if kind == PDI:
        terms[0, 0], terms[0, 1] = figures[0], 1.0 - figures[0]
        terms[1, 1], terms[2, 1], terms[3, 1] = figures[1], figures[2], figures[3]
        terms[5, 1] = 1.0
        weight[0] = followers
        weight[1] = 1.0
        return 0
    if kind == DECAY:
        terms[0, 0], terms[4, 0] = 1.0, figures[0]
        weight[0] = np.maximum(followers, 1.0)
        return 0
    terms[0, 0], terms[0, 1] = figures[7], figures[8]
    terms[0, 2] = max(1.0 - figures[7] - figures[8], 0.0)
    terms[1, 0] = terms[1, 1] = figures[2]
    terms[3, 0] = terms[3, 1] = figures[3]
    terms[5, 1] = terms[5, 2] = 1.0
    for k in range(1, len(t)):
        root[k] = 1.0 / (1.0 + np.exp(-figures[0] - figures[1] * np.log(k)))
    _productivity(figures, t, followers, told, weight[0])
    weight[1] = 1.0
    weight[2] = 1.0
    return 1


@_compiled
def _productivity(figures, t, followers, told, m):
    """Estimate how many shares each event brings about, from the bursts that follow it.

    A self-exciting process (Hawkes): event i brings shares at the rate m_i φ(age). The m are drawn
    from a Gamma distribution of shape a and mean n·((F + 1)/(median + 1))^β, and estimated by
    expectation and maximisation (Veen & Schoenberg 2008), the children that are known counting
    fully. φ is written as a sum of exponentials, so that a sweep is one pass over the events.
    """
    n = len(t)
    span = t[n - 1] - t[0]
    share, speed = _exponentials(figures[2], figures[3], span)
    slow = _fading(t, speed[0])
    exposure = np.empty(n)
    prior = np.empty(n)
    middle = np.log(np.median(followers) + 1.0)
    known = np.zeros(n)
    for i in range(n):
        total = 0.0
        for r in range(len(speed)):
            total += share[r] / speed[r] * -np.expm1(-speed[r] * (t[n - 1] - t[i]))
        exposure[i] = max(total, 1e-9)
        prior[i] = figures[5] * np.exp(figures[6] * (np.log(followers[i] + 1.0) - middle))
        m[i] = prior[i]
        if told[i] >= 0:
            known[told[i]] += 1.0
    m[0] = max(0.5 * (n - 1.0), known[0]) / exposure[0]
    rate = np.empty(n)
    passed = np.empty(n)
    carried = np.empty(len(speed))
    for _ in range(SWEEPS):
        _rates(share, slow, m, carried, rate)
        _responsibilities(share, slow, m, told, carried, rate, passed)
        m[0] = (known[0] + passed[0]) / exposure[0]
        for i in range(1, n):
            m[i] = (figures[4] + known[i] + passed[i]) / (figures[4] / prior[i] + exposure[i])


@_compiled
def _exponentials(alpha, shift, span):
    """Write (x + shift)^-alpha as a sum of exponentials, each twice as fast as the one before.

    It is the integral of s^(alpha - 1) exp(-s(x + shift)) over s, by the trapezoid rule in log s
    (Beylkin & Monzón 2010): true to 3 % up to ``span``, and exact at 0.
    """
    slowest = 0.005 / (span + shift)
    count = int(np.log2(12.0 / shift / slowest)) + 1
    share, speed = np.empty(count), np.empty(count)
    for r in range(count):
        speed[r] = slowest * 2.0**r
        share[r] = speed[r] ** alpha * np.exp(-speed[r] * shift)
    return share / share.sum() * shift**-alpha, speed


@_compiled
def _fading(t, speed):
    """Return what is left of the slowest exponential since the event before."""
    slow = np.ones(len(t))
    for k in range(1, len(t)):
        slow[k] = np.exp(-speed * max(t[k] - t[k - 1], 0.0))
    return slow


@_compiled
def _rates(share, slow, m, carried, rate):
    """Add up what all earlier events bring at each event's time."""
    carried[:] = 0.0
    rate[0] = 0.0
    for k in range(1, len(m)):
        faded = slow[k]
        total = 0.0
        for r in range(len(share)):
            carried[r] = (carried[r] + m[k - 1]) * faded
            total += share[r] * carried[r]
            faded *= faded
        rate[k] = max(total, 1e-300)


@_compiled
def _responsibilities(share, slow, m, told, carried, rate, passed):
    """Share each event of unknown parent out among the earlier ones."""
    carried[:] = 0.0
    n = len(m)
    passed[n - 1] = 0.0
    for i in range(n - 2, -1, -1):
        later = 1.0 / rate[i + 1] if told[i + 1] == HIDDEN else 0.0
        faded = slow[i + 1]
        total = 0.0
        for r in range(len(share)):
            carried[r] = (carried[r] + later) * faded
            total += share[r] * carried[r]
            faded *= faded
        passed[i] = total * m[i]


@_inlined
def age_weight(terms, c, age):
    """Return φ of one term."""
    value = 1.0
    if terms[1, c] > 0.0:
        value = (max(age, terms[2, c]) + terms[3, c]) ** -terms[1, c]
    if terms[4, c] > 0.0:
        value *= np.exp(-terms[4, c] * max(age, 0.0))
    return value


@_compiled
def probabilities(k, first, t, terms, weight, root, faded, out):
    """Write the probability of each parent of event ``k`` into ``out[:k]``.

    ``faded`` is room for φ.
    """
    out[:k] = 0.0
    if k <= first:
        out[0] = 1.0
        return
    used = 0.0
    for c in range(TERMS):
        if terms[0, c] > 0.0:
            if c == 0 or terms[0, c - 1] == 0.0 or not _same_age(terms, c):
                for i in range(first, k):
                    faded[i] = age_weight(terms, c, t[k] - t[i])
            used += _add_term(k, first, terms[0, c], weight[c], faded, out)
    if used == 0.0:  # no weight anywhere: nothing speaks for one more than for another
        out[first:k] = 1.0 / (k - first)
        used = 1.0
    for i in range(k):
        out[i] *= (1.0 - root[k]) / used
    out[0] += root[k]


@_inlined
def _same_age(terms, c):
    same = True
    for row in range(1, 5):
        same = same and terms[row, c] == terms[row, c - 1]
    return same


@_compiled
def _add_term(k, first, mix, weight, faded, out):
    total = 0.0
    for i in range(first, k):
        total += weight[i] * faded[i]
    if not total > 0.0:
        return 0.0
    for i in range(first, k):
        out[i] += mix / total * weight[i] * faded[i]
    return mix


@_compiled
def probability_rows(kind, figures, t, followers, told, out):
    """Write the whole matrix of probabilities: ``out[k, i]``; what is told has probability 1."""
    n = len(t)
    terms, weight, root = np.empty((ROWS, TERMS)), np.empty((TERMS, n)), np.empty(n)
    first = lay_out(kind, figures, t, followers, told, terms, weight, root)
    faded = np.empty(n)
    out[:] = 0.0
    for k in range(1, n):
        if told[k] >= 0:
            out[k, told[k]] = 1.0
        else:
            probabilities(k, first, t, terms, weight, root, faded, out[k])


@_compiled
def scores(kind, figures, star_starts, chosen, t, followers, told, truth, wanted, out):
    """Write how probable the true parent is, for the events of the chosen stars.

    ``out[event]`` gets the probability of the true parent, that of the original, and the true
    parent's probability by each term alone. Only events with ``wanted`` and a true parent in the
    star are written; others are NaN.
    """
    for s in chosen:
        low, high = star_starts[s], star_starts[s + 1]
        n = high - low
        terms, weight, root = np.empty((ROWS, TERMS)), np.empty((TERMS, n)), np.empty(n)
        ages = t[low:high]
        first = lay_out(
            kind, figures, ages, followers[low:high], told[low:high], terms, weight, root
        )
        faded, row = np.empty(n), np.empty(n)
        for k in range(n):
            out[low + k] = np.nan
            if k == 0 or not wanted[low + k] or truth[low + k] < 0:
                continue
            true = truth[low + k]
            probabilities(k, first, ages, terms, weight, root, faded, row)
            out[low + k, 0], out[low + k, 1] = row[true], row[0]
            for c in range(TERMS):
                row[:k] = 0.0
                out[low + k, 2 + c] = 0.0
                if terms[0, c] > 0.0 and true >= first:
                    for i in range(first, k):
                        faded[i] = age_weight(terms, c, ages[k] - ages[i])
                    if _add_term(k, first, 1.0, weight[c], faded, row) > 0.0:
                        out[low + k, 2 + c] = row[true]


@_compiled
def expected_measures(kind, figures, t, followers, told, depth, below):
    """Write the expected depth of each event and the expected size of what hangs from it.

    Parents are drawn independently, so that both follow a recurrence over the events (exact, O(n²)
    in time and O(n) in memory): ``E[depth_k] = 1 + Σ p_ki E[depth_i]`` and
    ``E[size_i] = 1 + Σ p_ki E[size_k]``.
    """
    n = len(t)
    terms, weight, root = np.empty((ROWS, TERMS)), np.empty((TERMS, n)), np.empty(n)
    first = lay_out(kind, figures, t, followers, told, terms, weight, root)
    faded, row = np.empty(n), np.empty(n)
    depth[0] = 0.0
    for k in range(1, n):
        _row_of(k, first, t, told, terms, weight, root, faded, row)
        depth[k] = 1.0
        for i in range(k):
            depth[k] += row[i] * depth[i]
    below[:] = 1.0
    for k in range(n - 1, 0, -1):
        _row_of(k, first, t, told, terms, weight, root, faded, row)
        for i in range(k):
            below[i] += row[i] * below[k]


@_compiled
def _row_of(k, first, t, told, terms, weight, root, faded, row):
    if told[k] >= 0:
        row[:k] = 0.0
        row[told[k]] = 1.0
    else:
        probabilities(k, first, t, terms, weight, root, faded, row)


@_compiled
def expected_levels(rows, levels):
    """Write the expected number of events at each depth: ``levels[d]``, from a matrix of rows."""
    n = len(rows)
    law = np.zeros((n, n))
    law[0, 0] = 1.0
    for k in range(1, n):
        for i in range(k):
            for d in range(i + 1):
                law[k, d + 1] += rows[k, i] * law[i, d]
    levels[:] = 0.0
    for k in range(n):
        levels += law[k]


@_compiled
def expected_distances(rows):
    """Return the expected Wiener index, O(n³): ``E[D_jk] = 1 + Σ_i p_ki E[D_ji]`` for j < k."""
    n = len(rows)
    distance = np.zeros((n, n))
    total = 0.0
    for k in range(1, n):
        for j in range(k):
            d = 1.0
            for i in range(k):
                d += rows[k, i] * distance[j, i]
            distance[j, k] = distance[k, j] = d
            total += d
    return total


@_compiled
def likeliest(figures, t, followers, told, parent, chance):
    """Write, by the calibrated model, each hidden parent's likeliest value and its probability.

    Events whose parent is told get ``HIDDEN`` and NaN. Among equals the newest counts, the original
    first of all. Sums over all earlier events are those of :func:`_exponentials`, true to 3 %;
    events are looked at from the newest back until no older one can be likelier.
    """
    n = len(t)
    terms, weight, root = np.empty((ROWS, TERMS)), np.empty((TERMS, n)), np.empty(n)
    lay_out(CALIBRATED, figures, t, followers, told, terms, weight, root)
    weight[0, 0] = weight[1, 0] = 0.0
    by_weight, by_age = np.empty(n), np.empty(n)
    _sums(figures, t, weight[0], by_weight)
    _sums(figures, t, weight[1], by_age)
    heaviest = 0.0
    most = np.empty(n)
    for i in range(n):
        heaviest = max(heaviest, weight[0, i])
        most[i] = heaviest
    for k in range(n):
        parent[k], chance[k] = HIDDEN, np.nan
        if k > 0 and told[k] == HIDDEN:
            parent[k], chance[k] = 0, root[k] if k > 1 else 1.0
            for i in range(k - 1, 0, -1):
                faded = age_weight(terms, 0, t[k] - t[i])
                rest = 1.0 - root[k]
                of_age = terms[0, 1] * faded / by_age[k] + terms[0, 2] / (k - 1)
                of_weight = terms[0, 0] * faded / by_weight[k]
                p = rest * (of_weight * weight[0, i] + of_age)
                if p > chance[k]:
                    parent[k], chance[k] = i, p
                if rest * (of_weight * most[i] + of_age) <= chance[k]:
                    break
            chance[k] = min(chance[k], 1.0)


@_compiled
def _sums(figures, t, weight, rate):
    """Add up ``weight·φ`` over the events before each."""
    share, speed = _exponentials(figures[2], figures[3], t[len(t) - 1] - t[0])
    _rates(share, _fading(t, speed[0]), weight, np.empty(len(share)), rate)


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
def measure_trees(link, sizes, out):
    """Write the measures of trees of one cascade as they grew: ``out[check, b]``.

    ``link[b, node]`` is a smaller number than ``node``; nodes are in the order in which posts came.
    """
    trees, n = link.shape
    depth, below, breadth, children = _room(n)
    for b in range(trees):
        _measure(link[b], sizes, depth, below, breadth, children, out[:, b])


@_compiled
def measure_forest(link, starts, sizes, cuts, out):
    """Write the measures of many trees as they grew.

    Tree ``x`` has the nodes ``starts[x]:starts[x + 1]``, in the order in which they came, and is
    measured at the sizes ``sizes[cuts[x]:cuts[x + 1]]``, ascending, which have a row each in
    ``out``. ``link`` is a parent's place in its tree, smaller than the child's.
    """
    most = 0
    for x in range(len(starts) - 1):
        most = max(most, starts[x + 1] - starts[x])
    depth, below, breadth, children = _room(most)
    for x in range(len(starts) - 1):
        own, rows = slice(starts[x], starts[x + 1]), slice(cuts[x], cuts[x + 1])
        _measure(link[own], sizes[rows], depth, below, breadth, children, out[rows])


@_inlined
def _room(n):
    return (
        np.zeros(n, np.int32),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
    )


@_compiled
def _measure(up, sizes, depth, below, breadth, children, out):
    """Write depth, breadth, virality, mean depth and largest broadcast of one tree as it grew.

    The root's link is not read. Virality is 2W / n(n - 1), W = Σ s(n - s) over all subtrees but the
    whole (Goel et al. 2016); the largest broadcast is the share of all shares that hang directly
    from one post. One post alone has depth 0, breadth 1, and NaN for the rest. It takes as many
    steps as the sizes add up to.
    """
    breadth[: len(up)], children[: len(up)] = 0, 0
    depth[0], breadth[0] = 0, 1
    deepest, broadest, most, total, seen = 0, 1, 0, 0.0, 1
    for check in range(len(sizes)):
        n = sizes[check]
        for k in range(seen, n):
            d = depth[up[k]] + 1
            depth[k] = d
            breadth[d] += 1
            children[up[k]] += 1
            deepest, broadest = max(deepest, d), max(broadest, breadth[d])
            most = max(most, children[up[k]])
            total += d
        seen = max(seen, n)
        below[:n] = 1
        wiener = 0.0
        for k in range(n - 1, 0, -1):
            below[up[k]] += below[k]
            wiener += float(below[k]) * (n - below[k])
        out[check, 0], out[check, 1] = deepest, broadest
        if n > 1:
            out[check, 2] = 2.0 * wiener / (float(n) * (n - 1.0))
            out[check, 3], out[check, 4] = total / (n - 1.0), most / (n - 1.0)
        else:
            out[check, 2:] = np.nan


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
    kinds, figures, trees, room, sizes, cuts, out,
):  # fmt: skip
    """Draw every cascade's trees by every setting; write the bands of their measures.

    Cascade ``x`` has the nodes ``nodes[x]:nodes[x + 1]`` and the stars ``stars[x]:stars[x + 1]``;
    star ``s`` the events ``star_starts[s]:star_starts[s + 1]``, at which ``members`` gives the node
    within the cascade, and ``t``, ``followers`` and ``told`` what the model needs. ``link`` holds
    the parents that are told, as nodes within the cascade. At most ``room`` links are held at once.
    The trees are measured at the sizes ``sizes[cuts[x]:cuts[x + 1]]``, ascending, which have a row
    per measure each in ``out``: 5 %, median, 95 %.
    """
    for x in cascades:
        own = sizes[cuts[x] : cuts[x + 1]]
        found = np.empty((len(own), len(kinds) * trees, len(MEASURES)))
        for cell in range(len(kinds)):
            draw_setting(
                x, nodes, stars, members, star_starts, link, t, followers, told, seeds,
                cell, kinds[cell], figures[cell], trees, room, own,
                found[:, cell * trees : (cell + 1) * trees],
            )  # fmt: skip
        for check in range(len(own)):
            bands(found[check], 0.05, 0.95, out[cuts[x] + check])


@_compiled
def draw_setting(
    x, nodes, stars, members, star_starts, link, t, followers, told, seeds,
    cell, kind, figures, trees, room, sizes, found,
):  # fmt: skip
    """Draw the trees of one cascade by one setting; write their measures, by size and tree."""
    n = nodes[x + 1] - nodes[x]
    together = min(max(room // n, 1), trees)
    drawn = np.empty((together, n), np.int32)
    for begin in range(0, trees, together):
        block = drawn[: min(together, trees - begin)]
        _draw_block(
            x, nodes, stars, members, star_starts, link, t, followers, told, seeds,
            cell, kind, figures, begin, block,
        )  # fmt: skip
        measure_trees(block, sizes, found[:, begin : begin + len(block)])


@_compiled
def draw_links(
    cascades, nodes, stars, members, star_starts, link, t, followers, told, seeds,
    cell, kind, figures, begin, parent, below,
):  # fmt: skip
    """Draw trees of many cascades by one setting, and keep them.

    ``parent[b, node]`` gets the row of the parent in tree ``begin + b``, -1 at the top, and
    ``below[b, node]`` how many posts hang from it, itself included; rows are those of all nodes.
    """
    for x in cascades:
        low, n = nodes[x], nodes[x + 1] - nodes[x]
        block = np.empty((len(parent), n), np.int32)
        _draw_block(
            x, nodes, stars, members, star_starts, link, t, followers, told, seeds,
            cell, kind, figures, begin, block,
        )  # fmt: skip
        for b in range(len(parent)):
            parent[b, low] = -1
            below[b, low : low + n] = 1
            for k in range(n - 1, 0, -1):
                up = block[b, k]
                parent[b, low + k] = low + up
                below[b, low + up] += below[b, low + k]


@_compiled
def first_removed(parent, rank, out):
    """Write the least rank on the way from each post to the top of its tree, itself included.

    ``rank`` is that of the post's account where it is taken away, a large number for what stays;
    parents come before their children.
    """
    for node in range(len(parent)):
        up = parent[node]
        out[node] = min(rank[node], out[up]) if up >= 0 else rank[node]


@_compiled
def _draw_block(
    x, nodes, stars, members, star_starts, link, t, followers, told, seeds,
    cell, kind, figures, begin, block,
):  # fmt: skip
    """Draw some trees of one cascade by one setting, from the ``begin``-th on."""
    states = np.empty(len(block), np.uint64)
    for b in range(len(block)):
        block[b] = link[nodes[x] : nodes[x + 1]]
        stream = np.uint64(cell) * np.uint64(1 << 32) + np.uint64(begin + b)
        states[b] = scramble(seeds[x] ^ scramble(stream + _STEP))
    for s in range(stars[x], stars[x + 1]):
        _draw_one(s, members, star_starts, t, followers, told, kind, figures, states, block)


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
