"""Did a series of counts change its level at a moment: an interrupted series (Wagner et al. 2002).

It says when, never why: the moment may itself be an answer to what the series did before, and
whatever else happened then is in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]

FEWEST_BEFORE, FEWEST_AFTER = 24, 7  # counts
FEWEST_PLACEBOS = 20
_MOST = 100
_NEAR = 1e-10
_Z = 1.959963984540054


@dataclass(frozen=True)
class Step:
    """How many times as much there was after as before; ``slope`` is by how much more a step."""

    ratio: float
    lo: float
    hi: float
    p: float
    dispersion: float
    slope: float | None = None
    slope_p: float | None = None

    @property
    def size(self) -> float:
        """The step in standard errors."""
        width = (np.log(self.hi) - np.log(self.lo)) / (2 * _Z)
        return float(abs(np.log(self.ratio)) / width) if width > 0 else 0.0


def interrupted(
    counts: Reals,
    after: int,
    *,
    exposure: Reals | None = None,
    period: float | None = None,
    with_slope: bool = False,
    lags: int = 0,
) -> Step | None:
    """Fit a quasi-Poisson regression with a trend and a step (Bernal, Cummins and Gasparrini 2017).

    Parameters
    ----------
    counts
        At equal distances.
    after
        The place of the first count after the moment.
    exposure
        What counts are of, such as a population.
    period
        Counts in one season; with it two harmonics are fitted.
    with_slope
        Whether the trend may change, too.
    lags
        Over how many counts errors go together (Newey and West 1987); 0 for none: then errors are
        widened by the dispersion, as of R's ``quasipoisson``.

    Returns
    -------
    Step or None
        None where the fit does not settle: one side holds nothing, or too few counts to tell.

    Examples
    --------
    >>> step = interrupted(np.r_[np.full(30, 10.0), np.full(10, 20.0)], 30)
    >>> round(step.ratio, 6)
    2.0
    """
    from scipy.stats import norm  # noqa: PLC0415

    design = _design(counts.size, after, period, with_slope=with_slope)
    offset = np.zeros(counts.size) if exposure is None else np.log(exposure)
    fitted = _fitted(design, counts, offset)
    if fitted is None:
        return None
    beta, mu, bread = fitted
    freedom = counts.size - design.shape[1]
    dispersion = float(((counts - mu) ** 2 / mu).sum() / freedom) if freedom > 0 else np.nan
    spread = _sandwich(design, counts - mu, bread, lags) if lags else bread * dispersion
    errors = np.sqrt(np.diag(spread))
    lo, hi = beta[2] - _Z * errors[2], beta[2] + _Z * errors[2]
    if not np.isfinite([lo, hi]).all():
        return None
    p = 2 * norm.sf(np.abs(beta) / np.where(errors > 0, errors, np.finfo(float).tiny))
    slopes = (float(np.exp(beta[3])), float(p[3])) if with_slope else (None, None)
    return Step(float(np.exp(beta[2])), float(np.exp(lo)), float(np.exp(hi)), float(p[2]),
                dispersion, *slopes)  # fmt: skip


def _design(size: int, after: int, period: float | None, *, with_slope: bool) -> Reals:
    time = np.arange(size, dtype=np.float64)
    step = (time >= after).astype(np.float64)
    columns = [np.ones(size), (time - time.mean()) / max(size, 1), step]
    columns += [step * (time - after)] if with_slope else []
    for harmonic in (1, 2) if period else ():
        angle = 2 * np.pi * harmonic * (time + 1) / (period or 1)
        columns += [np.sin(angle), np.cos(angle)]
    return np.stack(columns, axis=1)


def _fitted(design: Reals, counts: Reals, offset: Reals) -> tuple[Reals, Reals, Reals] | None:
    """Return coefficients, means and the inverse information, by iterated least squares."""
    mu = (counts + counts.mean()) / 2
    if counts.mean() == 0:
        return None
    beta = np.zeros(design.shape[1])
    for _ in range(_MOST):
        eta = np.log(mu)
        weighted = design * mu[:, None]
        information = weighted.T @ design
        if np.linalg.cond(information) > 1 / np.finfo(float).eps:
            return None
        new: Reals = np.linalg.solve(information, weighted.T @ (eta - offset + (counts - mu) / mu))
        mu = np.exp(np.clip(design @ new + offset, -300, 300))
        if np.abs(new - beta).max() < _NEAR:
            information = (design * mu[:, None]).T @ design
            return new, mu, np.asarray(np.linalg.inv(information), np.float64)
        beta = new
    return None


def _sandwich(design: Reals, residual: Reals, bread: Reals, lags: int) -> Reals:
    """Return the spread of the coefficients where errors go together over some counts."""
    scores = design * residual[:, None]
    meat = scores.T @ scores
    for lag in range(1, min(lags, len(scores) - 1) + 1):
        across = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (lags + 1)) * (across + across.T)
    wide: Reals = bread @ meat @ bread
    return wide


def placebo_places(size: int, after: int) -> Iterator[int]:
    """Yield places before a moment at which nothing happened, with room on both sides."""
    yield from range(FEWEST_BEFORE, min(after, size) - FEWEST_AFTER + 1)


def placebo_p(size: float, others: Reals) -> float:
    """Return how often a placebo step is as large: (1 + as large) / (1 + all).

    >>> placebo_p(3.0, np.array([1.0, 2.0, 3.5]))
    0.5
    """
    return float((1 + (others >= size).sum()) / (1 + others.size))
