"""Which of two series moves first: three readings, each with what it takes and what it cannot tell.

To move first is not to be the reason: a third thing can move both, one sooner than the other. Two
series that each go on as they went look related at some lag nearly always; so both are whitened
before they are compared, changes are compared rather than levels, and what information flow is
found is held against the same series in other orders.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FEWEST = 50  # values of each
FEWEST_SYMBOLS = 100
WARNING = "moving first is no reason: what moves both, one sooner, looks the same"
_Z = 1.959963984540054


@dataclass(frozen=True)
class Crossed:
    """Correlation of whitened series at each lag; positive: the first leads."""

    lags: Integers
    values: Reals
    bound: float  # what chance stays within, at 95 % over all lags together
    order: int  # of the whitening

    @property
    def found(self) -> int | None:
        """The lag that stands out most; None where chance reaches as far."""
        best = int(np.argmax(np.abs(self.values)))
        return int(self.lags[best]) if abs(self.values[best]) > self.bound else None


def crossed(first: Reals, second: Reals, *, reach: int = 7) -> Crossed | None:
    """Correlate two series at several lags, after both went through the first one's whitening.

    Parameters
    ----------
    first, second
        At the same times.
    reach
        The furthest lag.

    Returns
    -------
    Crossed or None
        None below ``FEWEST`` values, or where one does not move (Box, Jenkins and Reinsel 2008,
        12.2; the bound is Šidák's over all lags).
    """
    from scipy.stats import norm  # noqa: PLC0415

    if first.size < FEWEST or first.std() == 0 or second.std() == 0:
        return None
    order, weights = _autoregression(first - first.mean())
    one, other = (_whitened(series - series.mean(), weights) for series in (first, second))
    if one.std() == 0 or other.std() == 0:
        return None
    lags = np.arange(-reach, reach + 1)
    values = np.array([_correlated(one, other, int(lag)) for lag in lags])
    each = 0.95 ** (1 / lags.size)
    bound = float(norm.ppf((1 + each) / 2) / np.sqrt(one.size))
    return Crossed(lags, values, bound, order)


def _autoregression(series: Reals) -> tuple[int, Reals]:
    """Return the order that AIC prefers, and its weights by least squares."""
    most = min(int(10 * np.log10(series.size)), series.size // 4)
    best = np.inf
    found: tuple[int, Reals] = (0, np.empty(0))
    target = series[most:]
    for order in range(most + 1):
        past = _past(series, order)[most - order :] if order else np.empty((target.size, 0))
        weights = np.asarray(np.linalg.lstsq(past, target, rcond=None)[0], np.float64)
        rest = float(((target - past @ weights) ** 2).mean())
        aic = target.size * np.log(max(rest, 1e-300)) + 2 * order
        if aic < best - 1e-9:
            best, found = aic, (order, weights)
    return found


def _past(series: Reals, order: int) -> Reals:
    """Return the ``order`` values before each value, the nearest first."""
    return np.stack([series[order - k : series.size - k] for k in range(1, order + 1)], axis=1)


def _whitened(series: Reals, weights: Reals) -> Reals:
    order = weights.size
    return series[order:] - _past(series, order) @ weights if order else series


def _correlated(one: Reals, other: Reals, lag: int) -> float:
    """Correlate the first with the second ``lag`` later."""
    size = one.size - abs(lag)
    early, late = (one[:size], other[lag:]) if lag >= 0 else (one[-lag:], other[:size])
    scale = one.std() * other.std() * one.size
    return float(((early - one.mean()) * (late - other.mean())).sum() / scale)


@dataclass(frozen=True)
class Precedes:
    """Whether the past of one series tells of the next of another beyond its own past."""

    f: float
    p: float
    lag: int


def precedes(first: Reals, second: Reals, *, lag: int) -> Precedes | None:
    """Compare two regressions of the second, with and without the past of the first (Granger 1969).

    Parameters
    ----------
    first, second
        At the same times; give changes where levels wander.
    lag
        How many past values.

    Returns
    -------
    Precedes or None
        None where there are too few values for the lag.
    """
    from scipy.stats import f as fisher  # noqa: PLC0415

    size, freedom = second.size - lag, second.size - lag - 2 * lag - 1
    if freedom < 1:
        return None
    target, own = second[lag:], np.column_stack([np.ones(size), _past(second, lag)])
    whole = np.column_stack([own, _past(first, lag)])
    less, more = (_rest(columns, target) for columns in (own, whole))
    if more == 0:
        return None
    value = (less - more) / lag / (more / freedom)
    return Precedes(float(value), float(fisher.sf(value, lag, freedom)), lag)


def _rest(columns: Reals, target: Reals) -> float:
    weights = np.linalg.lstsq(columns, target, rcond=None)[0]
    return float(((target - columns @ weights) ** 2).sum())


@dataclass(frozen=True)
class Transfer:
    """Bits by which the past of one series tells of the next of another beyond its own past."""

    bits: float
    bias: float  # what the same series in other orders gives
    p: float

    @property
    def corrected(self) -> float:
        """What is beyond that, never less than nothing."""
        return max(self.bits - self.bias, 0.0)


def transfer(
    first: Integers, second: Integers, *, past: int = 1, seed: int = 0, shuffles: int = 200
) -> Transfer:
    """Measure transfer entropy, and what chance gives with as few values (Schreiber 2000).

    Parameters
    ----------
    first, second
        Symbols at the same times.
    past
        How many past symbols of the second are known already.
    seed, shuffles
        Of the orders that are drawn.
    """
    bits = entropy_passed(first, second, past=past)
    rng = np.random.default_rng(seed)
    drawn = np.array(
        [entropy_passed(rng.permutation(first), second, past=past) for _ in range(shuffles)]
    )
    as_much = int((drawn >= bits - 1e-12).sum())
    return Transfer(bits, float(drawn.mean()), (1 + as_much) / (1 + shuffles))


def entropy_passed(first: Integers, second: Integers, *, past: int = 1) -> float:
    """Return the transfer entropy from the first to the second series, in bits, as it is counted.

    Examples
    --------
    >>> bits = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0])
    >>> copied = np.r_[0, bits[:-1]]
    >>> entropy_passed(bits, copied) > 0.6, entropy_passed(copied, np.zeros(12, int))
    (True, 0.0)
    """
    places = np.arange(past, second.size)
    own = np.stack([second[places - k] for k in range(1, past + 1)], axis=1)
    known = _numbered(own)
    following, passed = second[places], first[places - 1]
    return (
        _entropy(known, following) - _entropy(known)
        - _entropy(known, passed, following) + _entropy(known, passed)
    )  # fmt: skip


def _numbered(rows: Integers) -> Integers:
    return np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)


def _entropy(*columns: Integers) -> float:
    counts = np.unique(np.stack(columns, axis=1), axis=0, return_counts=True)[1]
    share = counts / counts.sum()
    return float(-(share * np.log2(share)).sum()) + 0.0
