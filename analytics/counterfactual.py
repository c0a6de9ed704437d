"""What a series would have been, had it gone on as before: a structural series with controls.

A level that wanders, and control series that were not touched (Harvey 1989; Brodersen et al. 2015).
What follows the moment is held out and predicted from what came before; the difference is told with
all its doubt, that of the level, of the noise and of the controls' weights. How much the level may
wander decides a good part of the answer, so that two readings stand side by side.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.kernels import compiled

Reals = npt.NDArray[np.float64]

FEWEST_BEFORE, FEWEST_AFTER = 24, 7
SMOOTH = 0.01  # of the series' own spread: how far the level goes in a step where it is held still
_RANGE = (-16.0, 8.0)  # log of how much the level wanders, in units of the noise


@dataclass(frozen=True)
class Difference:
    """What there was beyond what was expected, on average and in all, with 95 % intervals."""

    mean: float
    mean_sd: float
    total: float
    total_sd: float
    expected: Reals
    expected_sd: Reals
    wander: float  # variance of the level's step over that of the noise

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the mean difference."""
        return self.mean - 1.959964 * self.mean_sd, self.mean + 1.959964 * self.mean_sd

    @property
    def relative(self) -> tuple[float, float, float]:
        """The mean difference and its interval as shares of what was expected."""
        base = float(self.expected.mean())
        lo, hi = self.interval()
        return self.mean / base, lo / base, hi / base


def difference(
    series: Reals, after: int, controls: Reals | None = None, *, level_sd: float | None = None
) -> Difference | None:
    """Hold what came after a moment against what the time before lets expect.

    Parameters
    ----------
    series
        At equal distances.
    after
        The place of the first value after the moment.
    controls
        A row per value and a column per control series, known after the moment as well.
    level_sd
        How far the level goes in one step; fitted by maximum likelihood where None.

    Returns
    -------
    Difference or None
        None where there are too few values for the weights, or the controls tell no more than each
        other.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> control = 100 + rng.normal(size=(60, 1)).cumsum(axis=0)
    >>> series = 1.2 * control[:, 0] + rng.normal(size=60)
    >>> series[40:] += 10
    >>> found = difference(series, 40, control)
    >>> bool(found.interval()[0] < 10 < found.interval()[1])
    True
    """
    columns = np.empty((series.size, 0)) if controls is None else controls
    past, known = series[:after], columns[:after]
    weights = known.shape[1]
    apart = np.linalg.matrix_rank(np.diff(known, axis=0)) if weights else 0
    if after - 1 <= weights + 1 or apart < weights:
        return None
    wander = _wander(past, known, level_sd)
    if wander is None:
        return None
    beta, noise, spread, level, held, doubt = _settled(past, known, wander)
    future = columns[after:]
    far = np.arange(1, series.size - after + 1)
    beyond = future - held
    walk = doubt + wander * np.minimum.outer(far, far)
    cover = noise * (walk + np.eye(far.size)) + beyond @ spread @ beyond.T
    expected = level - held @ beta + future @ beta
    missed = series[after:] - expected
    total_sd = float(np.sqrt(cover.sum()))
    return Difference(float(missed.mean()), total_sd / far.size, float(missed.sum()), total_sd,
                      expected, np.sqrt(np.diag(cover)), wander)  # fmt: skip


def _filtered(past: Reals, known: Reals, wander: float) -> tuple[Reals, Reals, Reals, float]:
    """Return innovations in units of the noise, of the series and of each control, by one filter.

    The level before the first value is not known at all (diffuse), so that the first value sets it.
    Also: the logarithms of their variances, the last levels, and the doubt of the level.
    """
    told: tuple[Reals, Reals, Reals, float] = compiled(_filter)(
        np.column_stack([past, known]), wander
    )
    return told


def _filter(both, wander):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - numba infers
    level, doubt = both[0].copy(), 1.0
    found, logs = np.empty((len(both) - 1, both.shape[1])), np.empty(len(both) - 1)
    for step in range(len(both) - 1):
        before = doubt + wander
        width = before + 1.0
        logs[step] = np.log(width)
        for column in range(both.shape[1]):
            miss = both[step + 1, column] - level[column]
            found[step, column] = miss / np.sqrt(width)
            level[column] += before / width * miss
        doubt = before / width
    return found, logs, level, doubt


def _weights(found: Reals) -> tuple[Reals, float]:
    """Return the weights of the controls, and the sum of squares that is left."""
    target, columns = found[:, 0], found[:, 1:]
    beta = np.asarray(np.linalg.lstsq(columns, target, rcond=None)[0], np.float64)
    rest = target - columns @ beta
    return beta, float(rest @ rest)


def _wander(past: Reals, known: Reals, level_sd: float | None) -> float | None:
    """Return how much the level wanders, by maximum likelihood; the noise follows from it."""
    from scipy.optimize import minimize_scalar  # noqa: PLC0415

    def unlikely(log_wander: float) -> float:
        found, logs, *_ = _filtered(past, known, float(np.exp(log_wander)))
        rest = max(_weights(found)[1], np.finfo(float).tiny)
        size = len(found)
        if level_sd is None:
            return float(size * np.log(rest / size) + logs.sum())
        noise = level_sd**2 / np.exp(log_wander)
        return float(size * np.log(noise) + logs.sum() + rest / noise)

    grid = np.linspace(*_RANGE, 25)
    values = [unlikely(each) for each in grid]
    best = int(np.argmin(values))
    if not np.isfinite(values[best]):
        return None
    ends = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return float(np.exp(minimize_scalar(unlikely, bounds=ends, method="bounded").x))


def _settled(
    past: Reals, known: Reals, wander: float
) -> tuple[Reals, float, Reals, float, Reals, float]:
    """Return weights, noise, the weights' spread, last levels of series and controls, its doubt."""
    found, _, level, doubt = _filtered(past, known, wander)
    beta, rest = _weights(found)
    noise = rest / (len(found) - len(beta))
    columns = found[:, 1:]
    spread = np.asarray(noise * np.linalg.inv(columns.T @ columns), np.float64)
    return beta, noise, spread, float(level[0]), level[1:], doubt
