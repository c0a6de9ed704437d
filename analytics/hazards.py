"""What goes with a longer or shorter wait: proportional hazards (Cox 1972)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.errors import MeasureError

Reals = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

_MOST = 50  # steps of Newton's method
_NEAR = 1e-10
_SINGULAR = 1e12


@dataclass(frozen=True)
class Hazards:
    """Log hazard ratios and their standard errors, one per column; never a cause by themselves."""

    log_ratio: Reals
    error: Reals


def cox(columns: Reals, hours: Reals, happened: Truths) -> Hazards:
    """Fit proportional hazards by partial likelihood, ties as Efron (1977) takes them.

    Parameters
    ----------
    columns
        One row per wait, one column per trait.
    hours, happened
        How long each waited, and whether it ended so; the rest were last looked at then.

    Raises
    ------
    MeasureError
        A trait is the same for all, or follows from others, or the fit runs away because it parts
        those who waited long from the others.

    Examples
    --------
    >>> traits, hours = np.array([[0.0], [1], [0], [1]]), np.array([4.0, 2, 1, 3])
    >>> cox(traits, hours, np.ones(4, bool)).log_ratio.round(3)
    array([0.481])
    >>> cox(np.zeros((4, 1)), hours, np.ones(4, bool))
    Traceback (most recent call last):
    analytics.errors.MeasureError: a trait is the same for all, ...
    """
    centred = columns - columns.mean(axis=0)
    beta = np.zeros(columns.shape[1])
    for _ in range(_MOST):
        slope, curve = _derivatives(beta, centred, hours, happened)
        if not np.isfinite(curve).all() or np.linalg.cond(curve) > _SINGULAR:
            break
        step = np.linalg.solve(curve, slope)
        beta = beta + step
        if np.abs(step).max() < _NEAR:
            return Hazards(beta, np.sqrt(np.diag(np.linalg.inv(curve))))
    msg = (
        "a trait is the same for all, or parts those who waited long from the others; no ratio can "
        "be told, compare the curves instead"
    )
    raise MeasureError(msg)


def _derivatives(
    beta: Reals, columns: Reals, hours: Reals, happened: Truths
) -> tuple[Reals, Reals]:
    """Return the first derivative of the log partial likelihood, and minus the second."""
    weight = np.exp(columns @ beta)
    slope = columns[happened].sum(axis=0)
    curve = np.zeros((len(beta), len(beta)))
    for at in np.unique(hours[happened]):
        risk, tied = hours >= at, (hours == at) & happened
        sums, tie_sums = _sums(columns[risk], weight[risk]), _sums(columns[tied], weight[tied])
        for step in range(int(tied.sum())):
            part = step / tied.sum()
            total, first, second = (a - part * b for a, b in zip(sums, tie_sums, strict=True))
            mean = first / total
            slope = slope - mean
            curve += second / total - np.outer(mean, mean)
    return slope, curve


def _sums(columns: Reals, weight: Reals) -> tuple[float, Reals, Reals]:
    weighted = columns * weight[:, None]
    return float(weight.sum()), weighted.sum(axis=0), weighted.T @ columns
