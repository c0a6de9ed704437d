"""How attention fades after its peak: laws of decay, compared on the counts.

Three families are fitted to the bins from the peak on: exponential, power law, and bi-exponential,
each added up over the width of a bin, by Poisson likelihood. How much wider the counts lie around
the nearest of the three than Poisson's would widens every comparison and interval. The last is also
the law of Candia et al. (2019), which reads it as two memories that feed each other:

    S(t) = N / (p + r - q) · [(p - q) e^-(p + r)t + r e^-qt],

with the fast rate p + r, the slow rate q, and (p - q) / (p + r - q) of the peak fading fast. Which
family is best *of those tried* says nothing of how it came about.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.attention import Series
from analytics.measured import DECAY

Reals = npt.NDArray[np.float64]

FEWEST_BINS, FEWEST_POSTS = 12, 50  # from the peak on, for a fit
DRAWS = 500
TOO_SHORT = (
    f"fewer than {FEWEST_BINS} bins or {FEWEST_POSTS} posts are held from the peak to the next rise"
)
TOO_FAST = "half is gone sooner than a bin can show"
_LARGE = 1e30
_NOTHING = 1e-12  # posts expected in a bin
_FLAT = 1e-6  # a curvature that settles nothing
_SHORTEST, _LONGEST = -30.0, 30.0  # logs of hours


@dataclass(frozen=True)
class Law:
    """A family: what is left at a time, 1 at the peak; its figures are positive, some below 1.

    ``held`` adds up what is left from times on, over as many hours.
    """

    name: str
    figures: tuple[str, ...]
    left: Callable[[Reals, Reals], Reals]
    held: Callable[[Reals, float, Reals], Reals]
    starts: tuple[tuple[float, ...], ...]  # figures to begin with, in units of the series' length
    shares: tuple[int, ...] = ()  # places of figures between 0 and 1


def _exponential(t: Reals, figures: Reals) -> Reals:
    left: Reals = np.exp(-figures[0] * t)
    return left


def _exponential_held(t: Reals, hours: float, figures: Reals) -> Reals:
    held: Reals = np.exp(-figures[0] * t) * -np.expm1(-figures[0] * hours) / figures[0]
    return held


def _power(t: Reals, figures: Reals) -> Reals:
    left: Reals = (1 + t / figures[1]) ** -figures[0]
    return left


def _power_held(t: Reals, hours: float, figures: Reals) -> Reals:
    exponent, scale = figures
    apart = np.log1p(hours / (scale + t))
    power = (1 - exponent) * apart
    bend = np.divide(np.expm1(power), power, out=np.ones_like(power), where=power != 0)
    held: Reals = scale * (1 + t / scale) ** (1 - exponent) * apart * bend
    return held


def biexponential(t: Reals, figures: Reals) -> Reals:
    """Return what is left of a peak: ``figures`` are the share that fades fast, and both rates."""
    share, fast, slow = figures
    left: Reals = share * np.exp(-fast * t) + (1 - share) * np.exp(-slow * t)
    return left


def _biexponential_held(t: Reals, hours: float, figures: Reals) -> Reals:
    share, fast, slow = figures
    one, other = (_exponential_held(t, hours, np.array([rate])) for rate in (fast, slow))
    held: Reals = share * one + (1 - share) * other
    return held


LAWS = (
    Law("exponential", ("rate",), _exponential, _exponential_held, ((1.0,), (5.0,), (30.0,))),
    Law(
        "power", ("exponent", "hours"), _power, _power_held,
        ((1.0, 0.02), (1.5, 0.2), (0.6, 0.005)),
    ),
    Law(
        "bi-exponential", ("share", "fast", "slow"), biexponential, _biexponential_held,
        ((0.7, 30.0, 2.0), (0.5, 10.0, 1.0), (0.9, 100.0, 3.0)), shares=(0,),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """One law, fitted: its figures in hours, its deviance, and what it expects of each bin.

    ``searched`` are the figures as the search moved them, and ``spread`` their covariance were the
    counts Poisson's; None where the data do not settle them.
    """

    law: Law
    figures: Reals
    deviance: float
    expected: Reals
    searched: Reals
    spread: Reals | None


def candia(share: float, fast: float, slow: float) -> tuple[float, float, float]:
    """Return p, q and r of Candia et al. (2019) for a bi-exponential decay.

    >>> candia(0.49 / 0.59, 0.6, 0.01)
    (0.5, 0.01, 0.1)
    """
    p = slow + share * (fast - slow)
    return round(p, 12), slow, round(fast - p, 12)


def crossing(p: float, q: float, r: float) -> float | None:
    """Return when the slow memory takes over from the fast one; None where it never does.

    >>> round(crossing(0.5, 0.01, 0.1), 5)
    9.63319
    """
    if not (p > q > 0 and r > 0 and (p + r) * (p - q) > r * q):
        return None
    return float(np.log((p + r) * (p - q) / (r * q)) / (p + r - q))


def half_life(law: Law, figures: Reals) -> float:
    """Return hours until half is left.

    >>> round(half_life(LAWS[2], np.array([0.49 / 0.59, 0.6, 0.01])), 5)
    1.52281
    """
    from scipy.optimize import brentq  # noqa: PLC0415

    def above(log_hours: float) -> float:
        return float(law.left(np.exp(np.array([log_hours])), figures)[0]) - 0.5

    if above(_SHORTEST) < 0:
        return 0.0
    if above(_LONGEST) > 0:
        return np.inf
    return float(np.exp(brentq(above, _SHORTEST, _LONGEST)))


def decay(found: list[Series], phased: pl.DataFrame, *, seed: int = 0) -> pl.DataFrame:
    """Fit every law to the bins of each series from its busiest one until the pace rises again.

    Parameters
    ----------
    found
        What :func:`analytics.attention.series` gives.
    phased
        What :func:`analytics.attention.phases` gives: the first rise after the peak ends the fit.
    seed
        Of the draws behind the intervals of half-lives.

    Returns
    -------
    DataFrame
        The table ``decay``, one row per series and law, or one without a law and with ``note``
        where too little is held. ``weight`` is Akaike's: how much of the evidence speaks for this
        law among the three. Half-lives have 95 % intervals from the curvature of the likelihood;
        they are null where a figure is not settled by the data.
    """
    rises: dict[tuple[str, str], list[datetime]] = {}
    for appeal_id, platform, start in (
        phased.filter(trend="rise").select("appeal_id", "platform", "from").iter_rows()
    ):
        rises.setdefault((appeal_id, platform), []).append(start)
    rows = [
        row for one in found
        for row in _rows(one, rises.get((one.appeal_id, one.platform), []), seed)
    ]  # fmt: skip
    return DECAY.check(pl.DataFrame(rows, schema=DECAY.schema).sort(DECAY.key, nulls_last=True))


def _falling(one: Series, rises: list[datetime]) -> Reals:
    """Return the bins from the busiest one up to the next rise."""
    peak = int(one.counts.argmax()) if len(one.counts) else 0
    later = [start for start in rises if start > one.at(peak)]
    width = timedelta(minutes=one.minutes)
    end = (min(later) - one.at(0)) // width if later else len(one.counts)
    return one.counts[peak:end]


def _rows(one: Series, rises: list[datetime], seed: int) -> Iterator[dict[str, Any]]:
    counts = _falling(one, rises)
    row = {"appeal_id": one.appeal_id, "platform": one.platform, "minutes": one.minutes,
           "bins": len(counts), "posts": int(counts.sum())}  # fmt: skip
    if len(counts) < FEWEST_BINS or counts.sum() < FEWEST_POSTS:
        yield row | {"note": TOO_SHORT}
        return
    fits = [fitted(law, counts, one.hours) for law in LAWS]
    wide = max(1.0, min(overdispersion(fit, counts) for fit in fits))
    criteria = np.array([_qaicc(fit, len(counts), wide) for fit in fits])
    weights = np.exp(-(criteria - criteria.min()) / 2)
    for fit, weight in zip(fits, weights / weights.sum(), strict=True):
        yield (
            row | _told(fit, one.hours, wide, seed) | {"dispersion": wide, "weight": float(weight)}
        )


def _told(fit: Fit, hours: float, wide: float, seed: int) -> dict[str, Any]:
    named = dict(zip(fit.law.figures, fit.figures.tolist(), strict=True))
    if fit.law.figures[0] == "share":
        p, q, r = candia(*fit.figures)
        named |= {"p": p, "q": q, "r": r, "crossing": crossing(p, q, r)}
    told = {"law": fit.law.name, "figures": json.dumps(named), "deviance": fit.deviance}
    half = half_life(fit.law, fit.figures)
    if half < hours / 2:
        return told | {"note": TOO_FAST}
    lo, hi = _interval(fit, wide, seed)
    known = half if np.isfinite(half) else None
    return told | {"half_life_hours": known, "half_life_lo": lo, "half_life_hi": hi}


def fitted(law: Law, counts: Reals, hours: float) -> Fit:
    """Fit a law to counts of bins of so many hours, the peak first, the best of several starts."""
    from scipy.optimize import minimize  # noqa: PLC0415

    t: Reals = np.linspace(0, hours * (len(counts) - 1), len(counts))
    length = float(t[-1])

    def cost(searched: Reals) -> float:
        return _deviance(law.held(t, hours, _figures(law, searched)), counts)

    tries = (
        minimize(cost, _searched(law, np.array(start), length), method="Nelder-Mead",
                 options={"maxiter": 2000, "xatol": 1e-6, "fatol": 1e-8})
        for start in law.starts
    )  # fmt: skip
    best = min(tries, key=lambda each: float(each.fun))
    held = law.held(t, hours, _figures(law, best.x))
    return Fit(
        law, _figures(law, best.x), float(best.fun), held * (counts.sum() / held.sum()), best.x,
        _covariance(cost, best.x),
    )  # fmt: skip


def overdispersion(fit: Fit, counts: Reals) -> float:
    """Return how much wider counts lie around a fit than Poisson's would (Fletcher 2012).

    Pearson's statistic by degrees of freedom, corrected for bins in which next to nothing is
    expected; bins in which nothing is, and nothing held, do not count.
    """
    some = fit.expected > _NOTHING
    expected, apart = fit.expected[some], counts[some] - fit.expected[some]
    freedom = max(len(expected) - len(fit.figures) - 1, 1)
    return float((apart**2 / expected).sum() / freedom / (1 + (apart / expected).mean()))


def _deviance(held: Reals, counts: Reals) -> float:
    """Return the Poisson deviance of a law at its best scale."""
    total = float(held.sum())
    if not (np.isfinite(held).all() and total > 0 and (held[counts > 0] > 0).all()):
        return _LARGE
    expected: Reals = held * (float(counts.sum()) / total)
    some = counts > 0
    return float(2 * (counts[some] * np.log(counts[some] / expected[some])).sum())


def _searched(law: Law, start: Reals, length: float) -> Reals:
    """Return figures in units of the series' length as the search moves them: logs and logits."""
    scaled = start.copy()
    for place, name in enumerate(law.figures):
        if place in law.shares:
            scaled[place] = np.log(start[place] / (1 - start[place]))
        elif name == "exponent":
            scaled[place] = np.log(start[place])
        else:
            unit = length if name == "hours" else 1 / length
            scaled[place] = np.log(start[place] * unit)
    return scaled


def _figures(law: Law, searched: Reals) -> Reals:
    figures: Reals = np.exp(np.clip(searched, -30, 30))
    for place in law.shares:
        figures[place] = figures[place] / (1 + figures[place])
    if len(figures) > 2 and figures[2] > figures[1]:  # noqa: PLR2004 - the faster rate is first
        figures = np.array([1 - figures[0], figures[2], figures[1]])
    return figures


def _covariance(cost: Callable[[Reals], float], at: Reals) -> Reals | None:
    """Return the covariance of the searched figures from the curvature of the deviance."""
    step, n = 1e-3, len(at)
    unit = np.eye(n) * step
    curve = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            curve[i, j] = (
                cost(at + unit[i] + unit[j]) - cost(at + unit[i] - unit[j])
                - cost(at - unit[i] + unit[j]) + cost(at - unit[i] - unit[j])
            ) / (4 * step**2)  # fmt: skip
    if not np.isfinite(curve).all() or np.linalg.eigvalsh(curve).min() <= _FLAT:
        return None
    covariance = np.linalg.inv((curve + curve.T) / 4).astype(np.float64)
    return (covariance + covariance.T) / 2


def _interval(fit: Fit, wide: float, seed: int) -> tuple[float | None, float | None]:
    if fit.spread is None:
        return None, None
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_normal(fit.searched, wide * fit.spread, DRAWS)
    halves = [half_life(fit.law, _figures(fit.law, one)) for one in drawn]
    lo, hi = np.quantile(halves, [0.025, 0.975], method="nearest")
    return float(lo), float(hi) if np.isfinite(hi) else None


def _qaicc(fit: Fit, n: int, wide: float) -> float:
    """Return Akaike's criterion for overdispersed counts, corrected for few bins."""
    k = len(fit.figures) + 2  # the scale and the dispersion too
    return fit.deviance / wide + 2 * k + 2 * k * (k + 1) / max(n - k - 1, 1)
