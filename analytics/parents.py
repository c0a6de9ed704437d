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

Everything here is compiled, works on arrays and needs numba: import this module where it is used,
not at the top. Rows are O(k) in time; nothing holds a matrix except :func:`expected_distances`.
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
