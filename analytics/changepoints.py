"""Where a series of numbers changes its level: optimal partitions by PELT, compiled.

The cost of a stretch is its deviance from one level: squares for measurements, Poisson for counts.
Every place can be a change (jump = 1), a stretch has at least so many values, and each change costs
a penalty. The optimum is exact (Killick, Fearnhead and Eckley 2012).
"""

import numpy as np
import numpy.typing as npt

from analytics.kernels import compiled

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SQUARES, POISSON = 0, 1
LEAST = 6  # values in a stretch
DRAWS = 200
_MEDIAN = 0.4549  # of chi-square with one degree of freedom


def dispersion(counts: Reals) -> float:
    """Return how much wider neighbouring counts differ than Poisson's would; at least 1.

    It compares neighbours only, so that a change of level hardly counts.

    >>> rng = np.random.default_rng(0)
    >>> dispersion(np.array([4.0, 4.0, 5.0, 4.0])), dispersion(np.array([0.0, 40.0] * 4))
    (1.0, 40.0)
    """
    both = counts[1:] + counts[:-1]
    apart = (counts[1:] - counts[:-1]) ** 2
    return max(1.0, float((apart[both > 0] / both[both > 0]).mean())) if both.any() else 1.0


def calm_dispersion(counts: Reals) -> float:
    """Return the dispersion of the calmer half of a series; at least 1.

    The median of what :func:`dispersion` averages, divided by what it is for Poisson's: bursts,
    as long as they are less than half of the series, do not count.

    >>> calm_dispersion(np.array([4.0, 5.0] * 20 + [900.0, 20.0, 4.0]))
    1.0
    """
    both = counts[1:] + counts[:-1]
    apart = (counts[1:] - counts[:-1]) ** 2
    some = apart[both > 0] / both[both > 0]
    return max(1.0, float(np.median(some)) / _MEDIAN) if len(some) else 1.0


def changes(
    values: Reals, *, kind: int = POISSON, penalty: float | None = None, least: int = LEAST
) -> Integers:
    """Return where the level changes: the index of the first value of each new stretch.

    Parameters
    ----------
    values
        Equally spaced; counts for ``POISSON``.
    kind
        ``SQUARES`` or ``POISSON``.
    penalty
        Of each change, in units of the deviance; by default that of the Bayesian information
        criterion, two parameters a change, times the dispersion of the values.
    least
        Values in a stretch.

    Examples
    --------
    >>> changes(np.array([2.0] * 10 + [9.0] * 10)).tolist()
    [10]
    """
    if len(values) < 2 * least:
        return np.empty(0, np.int64)
    if penalty is None:
        penalty = 2 * np.log(len(values)) * _unit(values, kind)
    found: Integers = compiled(_partition)(values.astype(np.float64), kind, float(penalty), least)
    return found


def _unit(values: Reals, kind: int) -> float:
    """Return the deviance that chance gives to one value."""
    if kind == POISSON:
        return dispersion(values)
    return float(np.var(np.diff(values)) / 2)


def bands(
    values: Reals, at: Integers, *, kind: int = POISSON, seed: int = 0, draws: int = DRAWS
) -> Integers:
    """Return between which places each change lies: 5 % and 95 % points of its place.

    Each stretch is drawn anew from its own values, and the one change between its neighbours is
    found again; changes themselves are taken as given.

    Parameters
    ----------
    values, at
        A series and where it changes, as :func:`changes` finds them.

    Returns
    -------
    ndarray
        One row per change: the earliest and the latest place.
    """
    ends = np.concatenate([[0], at, [len(values)]])
    rng = np.random.default_rng(seed)
    out = np.empty((len(at), 2), np.int64)
    for number in range(len(at)):
        low, middle, high = ends[number : number + 3]
        left, right = values[low:middle], values[middle:high]
        drawn = np.concatenate(
            [rng.choice(part, (draws, len(part))) for part in (left, right)], axis=1
        )
        places = low + _one_change(drawn, kind)
        out[number] = np.quantile(places, [0.05, 0.95], method="nearest")
    return out


def _one_change(drawn: Reals, kind: int) -> Integers:
    """Return the best place of one change in each row."""
    n = drawn.shape[1]
    sums = drawn.cumsum(axis=1)[:, :-1]
    total, before = drawn.sum(axis=1, keepdims=True), np.arange(1, n)
    gain = _level(sums, before, kind) + _level(total - sums, n - before, kind)
    places: Integers = gain.argmax(axis=1) + 1
    return places


def _level(sums: Reals, size: Integers, kind: int) -> Reals:
    """Return how much of the deviance a level of its own takes away."""
    if kind == SQUARES:
        squares: Reals = sums**2 / size
        return squares
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums > 0, 2 * sums * np.log(sums / size), 0.0)


def _partition(values, kind, penalty, least):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the starts of all stretches but the first; compiled.

    A start that a later one beats is left out from where that one can end a stretch.
    """
    n = len(values)
    sums = np.zeros(n + 1)
    sums[1:] = np.cumsum(values)

    def gain(begin, end):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        total, size = sums[end] - sums[begin], end - begin
        if kind == SQUARES:
            return total * total / size
        return 2.0 * total * np.log(total / size) if total > 0.0 else 0.0

    best = np.full(n + 1, np.inf)
    best[0] = -penalty
    last, beaten = np.zeros(n + 1, np.int64), np.full(n + 1, n + 1)
    starts = np.zeros(n + 1, np.int64)
    many = 0
    for end in range(least, n + 1):
        if np.isfinite(best[end - least]):
            starts[many] = end - least
            many += 1
        for place in range(many):
            cost = best[starts[place]] - gain(starts[place], end) + penalty
            if cost < best[end]:
                best[end], last[end] = cost, starts[place]
        kept = 0
        for place in range(many):
            begin = starts[place]
            if best[begin] - gain(begin, end) > best[end]:
                beaten[begin] = min(beaten[begin], end)
            if end < beaten[begin] + least - 1:
                starts[kept] = begin
                kept += 1
        many = kept
    found, count, end = np.zeros(n, np.int64), 0, n
    while last[end] > 0:
        end = last[end]
        found[count] = end
        count += 1
    return found[:count][::-1].copy()
