"""Fitting the calibrated model on shares whose parent was observed, and how sure its figures are.

Every known parent inside a star is hidden, and the figures are those under which the true parents
are likeliest. What is fitted with the original left out of the candidates (age, bursts, mix) and
what tells the original from the others are fitted apart: some platforms never name the original as
a parent, so that the second is unknown there while the first is not.

The fit leaves out a tenth of the cascades at a time, by a hash of their id. So each cascade can be
scored by figures that have not seen it, and the spread of the ten, widened as in the jackknife
(Efron 1982), is what the figures leave open: ten settings, over which bands run.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.models import FIGURES, KINDS
from analytics.stars import Stars

Reals = npt.NDArray[np.float64]

FOLDS = 10
WORKERS = os.cpu_count() or 1
FEWEST = 500  # known parents other than the original, to fit on
FEWEST_CASCADES = 20
MOST = 12_000  # known parents that a fit looks at
_START = np.log(np.array([1.0, 300.0, 0.1, 0.06]))
_START_AUDIENCE = 0.0
_SPREADS = np.round(np.arange(0.0, 3.01, 0.1), 1)
_LEAST, _MOST = np.log([0.3, 5.0, 0.01, 0.001]), np.log([3.0, 1e5, 10.0, 30.0])


@dataclass(frozen=True, eq=False)
class Fit:
    """The figures of the calibrated model for one platform.

    ``figures`` is the fit on all, ``left_out[g]`` the one that has not seen the cascades of fold
    ``g``; ``targets`` counts the known parents it rests on, ``cascades`` where they were found.
    ``names_root`` is whether the original was ever told as a parent: where not, how often it is one
    is unknown, and the settings run over every chance. ``root_spread`` is the standard deviation,
    between cascades, of the log-odds of the original.
    """

    figures: Reals
    left_out: Reals
    targets: int
    cascades: int
    names_root: bool
    root_spread: float

    def settings(self) -> Reals:
        """Return ten settings that spread as far as the figures are uncertain.

        How often the original is the parent differs much more from cascade to cascade than its mean
        is uncertain; a band for one cascade has to run over that, too.
        """
        free = np.array([_free(row) for row in self.left_out])
        middle = free.mean(axis=0)
        wide = middle + np.sqrt(FOLDS - 1) * (free - middle)
        rows = np.array([_figures(row) for row in wide])
        middles = (np.arange(FOLDS) + 0.5) / FOLDS
        if self.names_root:
            rows[:, :2] *= _conditional(self.root_spread)
            rows[:, 0] += self.root_spread * np.array([NormalDist().inv_cdf(p) for p in middles])
        else:
            rows[:, 0], rows[:, 1] = np.log(middles / (1 - middles)), 0.0
        return rows


def folds(trees: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Sort cascades into ten by a hash of their id, the same in every store."""
    ids = trees["root_id"].to_list()
    return np.array([blake2b(name.encode(), digest_size=2).digest()[0] % FOLDS for name in ids])


def fit(stars: Stars) -> Fit | None:
    """Fit the calibrated model on veiled stars.

    Returns
    -------
    Fit or None
        None where too few parents are known.
    """
    sample = Sample.of(stars)
    enough = sample.of_others().sum() >= FEWEST
    if not enough or len(np.unique(sample.cascade[sample.of_others()])) < FEWEST_CASCADES:
        return None
    fold = folds(stars.trees)[sample.cascade]
    whole = _fit(sample, np.ones(len(fold), bool), None)
    parts = [_fit(sample, fold != g, _free(whole)) for g in range(FOLDS)]
    return Fit(
        figures=whole,
        left_out=np.array(parts),
        targets=len(fold),
        cascades=len(np.unique(sample.cascade)),
        names_root=bool(sample.is_root.any()),
        root_spread=_root_spread(sample, whole),
    )


@dataclass(frozen=True, eq=False)
class Sample:
    """The known parents that a fit looks at, one row each, and the stars they are in."""

    stars: Stars
    seconds: Reals
    followers: Reals
    wanted: npt.NDArray[np.bool_]  # by event
    number: npt.NDArray[np.int64]  # of the child in its star
    cascade: npt.NDArray[np.int64]
    is_root: npt.NDArray[np.bool_]
    shows_followers: bool  # of most accounts; else the figure for audiences is 0

    @classmethod
    def of(cls, stars: Stars, most: int | None = MOST) -> "Sample":
        """Take the known parents of all cascades, or of as many as hold ``most`` of them."""
        number = np.arange(len(stars.truth)) - np.repeat(stars.star_starts[:-1], stars.star_sizes())
        known = (stars.truth >= 0) & (number > 1)  # the first share has no choice
        star = np.repeat(np.arange(len(stars.star_starts) - 1), stars.star_sizes())
        tree = np.repeat(np.arange(len(stars.stars_of) - 1), np.diff(stars.stars_of))
        others = np.bincount(tree[star[known & (stars.truth > 0)]], minlength=len(stars.starts) - 1)
        wanted = known & _some(stars, others, most)[tree[star]]
        return cls(
            stars=stars,
            seconds=stars.of_events("seconds"),
            followers=stars.of_events("followers"),
            wanted=wanted,
            number=number[wanted],
            cascade=tree[star[wanted]],
            is_root=stars.truth[wanted] == 0,
            shows_followers=bool(2 * stars.of_events("filled").sum() < len(number)),
        )

    def of_others(self) -> npt.NDArray[np.bool_]:
        """Return which rows have another parent than the original."""
        return ~self.is_root

    def scores(self, kind: str, figures: Reals, rows: npt.NDArray[np.bool_] | None = None) -> Reals:
        """Return, by row, the true parent's probability, the original's, and that by each term.

        Only the chosen ``rows`` are worked out and returned.
        """
        from analytics import parents  # noqa: PLC0415

        s = self.stars
        event = np.flatnonzero(self.wanted) if rows is None else np.flatnonzero(self.wanted)[rows]
        wanted = np.zeros(len(s.truth), bool)
        wanted[event] = True
        out = np.full((len(s.truth), 2 + parents.TERMS), np.nan)
        chosen = np.unique(np.searchsorted(s.star_starts, event, "right") - 1)

        def part(some: npt.NDArray[np.int64]) -> None:
            parents.scores(
                KINDS[kind], figures, s.star_starts, some, self.seconds, self.followers,
                s.told, s.truth, wanted, out,
            )  # fmt: skip

        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(part, (chosen[k::WORKERS] for k in range(WORKERS))))
        found: Reals = out[event]
        return found


def _some(stars: Stars, others: npt.NDArray[np.int64], most: int | None) -> npt.NDArray[np.bool_]:
    """Choose cascades, in the order of a hash of their ids, until enough parents are known."""
    if most is None or others.sum() <= most:
        return np.ones(len(others), bool)
    names = stars.trees["root_id"].to_list()
    order = np.argsort([blake2b(b"fit" + n.encode(), digest_size=8).digest() for n in names])
    taken = np.zeros(len(others), bool)
    taken[order[: int(np.searchsorted(np.cumsum(others[order]), most)) + 1]] = True
    return taken


def _fit(sample: Sample, rows: npt.NDArray[np.bool_], start: Reals | None) -> Reals:
    """Fit on some rows: age and bursts by simplex, their mix inside it, the original apart."""
    from scipy.optimize import minimize  # noqa: PLC0415

    use = rows & sample.of_others()
    begin = np.append(_START, [_START_AUDIENCE] if sample.shows_followers else [])
    if start is not None:
        begin = start[2 : 2 + len(begin)]

    def loss(x: Reals) -> float:
        figures = _shape(x)
        terms = sample.scores("calibrated", figures, use)[:, 2:]
        return -float(np.log(terms @ mix(terms)).mean())

    found = minimize(
        loss, begin, method="Nelder-Mead",
        options={"maxfev": 140 if start is None else 40, "xatol": 0.02, "fatol": 1e-4,
                 "initial_simplex": _simplex(begin, 0.5 if start is None else 0.15)},
    )  # fmt: skip
    figures = _shape(found.x)
    weights = mix(sample.scores("calibrated", figures, use)[:, 2:])
    figures[7:9] = weights[:2]
    figures[0:2] = _root(sample.number[rows], sample.is_root[rows])
    return figures


def _simplex(begin: Reals, step: float) -> Reals:
    corners: Reals = np.vstack([begin, begin + step * np.eye(len(begin))])
    return corners


def _shape(x: Reals) -> Reals:
    """Return figures with age and bursts, within what is plausible, and an even mix."""
    figures = np.zeros(FIGURES)
    figures[2:6] = np.exp(np.clip(x[:4], _LEAST, _MOST))
    figures[6] = np.clip(x[4], -1.0, 2.0) if len(x) > len(_START) else 0.0
    figures[7:9] = 1 / 3
    return figures


def mix(terms: Reals, sweeps: int = 60) -> Reals:
    """Return the weights under which a mixture of the given probabilities is likeliest.

    By expectation and maximisation; the likelihood is concave, so there is one best mix.

    >>> mix(np.array([[0.5, 0.1], [0.4, 0.2]])).round(2).tolist()
    [1.0, 0.0]
    """
    weights = np.full(terms.shape[1], 1 / terms.shape[1])
    for _ in range(sweeps):
        part = terms * weights
        weights = (part / np.maximum(part.sum(axis=1, keepdims=True), 1e-300)).mean(axis=0)
    found: Reals = weights / weights.sum()
    return found


def _root(number: npt.NDArray[np.int64], is_root: npt.NDArray[np.bool_]) -> Reals:
    """Fit the chance of the original by the logarithm of how many could have been shared.

    Logistic regression by Newton's method; one success and one failure are added, so that it ends.
    """
    x = np.column_stack([np.ones(len(number) + 2), np.log(np.append(number, [2, 2]))])
    y = np.append(is_root, [1.0, 0.0])
    w = np.zeros(2)
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ w))
        slope = (x * (p * (1 - p))[:, None]).T @ x + 1e-9 * np.eye(2)
        w = np.clip(w + np.linalg.solve(slope, x.T @ (y - p)), -30, 30)
    return w


def _conditional(spread: float) -> float:
    """Return by how much log-odds are steeper within cascades than over all of them.

    The usual approximation of a mean of logistic curves by one (Zeger, Liang & Albert 1988).
    """
    return float(np.sqrt(1 + (16 * np.sqrt(3) / (15 * np.pi)) ** 2 * spread**2))


def _root_spread(sample: Sample, figures: Reals) -> float:
    """Fit how far the log-odds of the original differ between cascades, as a normal distribution.

    By maximum likelihood over a grid, the cascade's own level integrated out (Gauss & Hermite).
    """
    level, weight = np.polynomial.hermite_e.hermegauss(15)
    odds = figures[0] + figures[1] * np.log(sample.number)
    sign = np.where(sample.is_root, 1.0, -1.0)
    _, cascade = np.unique(sample.cascade, return_inverse=True)

    def likelihood(spread: float) -> float:
        by_level = np.empty((cascade.max() + 1, len(level)))
        for q, z in enumerate(level):
            logs = -np.logaddexp(0.0, -sign * (odds * _conditional(spread) + spread * z))
            by_level[:, q] = np.bincount(cascade, weights=logs)
        most = by_level.max(axis=1, keepdims=True)
        inner = np.exp(by_level - most) @ (weight / weight.sum())
        return float((np.log(inner) + most[:, 0]).sum())

    return float(max(_SPREADS, key=likelihood))


def _free(figures: Reals) -> Reals:
    """Return figures on scales without limits: logarithms, and log-ratios of the mix."""
    free = figures.copy()
    free[2:6] = np.log(figures[2:6])
    rest = max(1 - figures[7] - figures[8], 1e-4)
    free[7:9] = np.log(np.maximum(figures[7:9], 1e-4) / rest)
    return free


def _figures(free: Reals) -> Reals:
    figures = free.copy()
    figures[2:6] = np.exp(np.clip(free[2:6], _LEAST, _MOST))
    ratio = np.exp(np.clip(free[7:9], -12, 12))
    figures[7:9] = ratio / (1 + ratio.sum())
    return figures
