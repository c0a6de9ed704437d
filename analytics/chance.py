"""How often accounts would meet again by chance: two null models of synchronised sharing."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.synchrony import (
    Repeated,
    Sweep,
    microseconds,
    per_object,
    per_share,
    places,
    repeatable,
    repeatable_by_object,
    standing_of,
    weighed,
)

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Means = Callable[[Ints], Reals]

TRADES = 5  # for each object before the first draw of the curveball, one for each between draws
_DEALING, _TRADING = 1, 2  # streams of chance
_GRID, _STEP = 1200, 0.05  # classes of -log10(p) by which edges are ranked


class Chance(NamedTuple):
    """How many edges come again: as it is, and in each draw, a row for each.

    The numbers are those of edges of 2 pairs or more, of 3 or more, and under 2 objects or more.
    """

    observed: tuple[int, int, int]
    draws: Ints


def held_against_dealing(
    sweep: Sweep, *, window: float, permutations: int, seed: int = 0
) -> tuple[Chance, pl.DataFrame]:
    """Deal the accounts of each object anew to its shares, and see how often two meet again.

    Times, bursts and who shares which object stay; who stands beside whom is chance. A post that is
    the object itself is dealt too, and makes no pair.

    Parameters
    ----------
    sweep
        Shares, without the objects to be left out.
    window
        Seconds.
    permutations
        How many draws.
    seed
        Of the draws.

    Returns
    -------
    tuple
        What the draws give, and one row per edge under 2 objects or more: ``key``, ``objects``,
        ``expected`` (under how many objects the two meet in the mean) and ``q``, the share of
        chance among the edges as seldom as it: how many a draw has, by how many there are. An
        edge is the more seldom the smaller the tail of a Poisson law at its number of objects.
    """
    from analytics import pairs as loop  # noqa: PLC0415

    reach = microseconds(window)
    sweep = _that_can_meet(_that_pair(sweep, reach))
    standing, everyone = standing_of(sweep), np.ones(len(sweep.at), np.bool_)
    means = _Means(sweep, reach)
    observed = weighed(repeatable(sweep, sweep.account, standing, everyone, reach))
    drawn, ranked = [], np.zeros(_GRID, np.int64)
    account, moved = sweep.account.copy(), standing.copy()
    for stream in _streams(seed, _DEALING, permutations):
        loop.deal(sweep.bounds, account, moved, stream)
        found = weighed(repeatable(sweep, account, moved, everyone, reach))
        drawn.append(_numbers(found))
        ranked += _ranked(found, means.of)
    draws = np.array(drawn, np.int64).reshape(-1, 3)
    return Chance(_numbers(observed), draws), _edges(observed, means.of, ranked, permutations)


def has_pairs(sweep: Sweep, window: float) -> bool:
    """Return whether two shares of one object, whoever makes them, are at most a window apart."""
    return bool(places(sweep.of(~sweep.own), microseconds(window)).any())


def can_meet(sweep: Sweep, window: float) -> tuple[int, int]:
    """Return how many shares and how many pairs a draw has to look at."""
    left = _that_can_meet(_that_pair(sweep, microseconds(window)))
    return len(left.at), int(repeatable_by_object(left, window).sum())


def _that_pair(sweep: Sweep, window: int) -> Sweep:
    """Return the shares of objects that have a pair of shares, whoever makes it."""
    return sweep.of(per_share(places(sweep.of(~sweep.own), window) > 0, sweep.bounds))


def _that_can_meet(sweep: Sweep) -> Sweep:
    """Leave out objects under which nobody can meet who may meet again, however accounts are dealt.

    What is left out makes other accounts ones that share once, and so on until nothing changes.
    """
    from analytics.pairs import AGAIN, ONCE  # noqa: PLC0415

    while True:
        standing = standing_of(sweep)
        more = per_object((standing != ONCE).astype(np.int64), sweep.bounds) > 1
        again = per_object((standing == AGAIN).astype(np.int64), sweep.bounds) > 0
        matters = per_share(more | again, sweep.bounds)
        if matters.all():
            return sweep
        sweep = sweep.of(matters)


def _numbers(found: Repeated) -> tuple[int, int, int]:
    return len(found.keys), int((found.pairs > 2).sum()), int((found.objects > 1).sum())  # noqa: PLR2004


def _that_met(found: Repeated) -> Repeated:
    """Return the edges under several objects."""
    several = found.objects > 1
    return Repeated(*(column[several] for column in found))


def _streams(seed: int, use: int, draws: int) -> npt.NDArray[np.uint64]:
    return np.random.SeedSequence([seed, use]).generate_state(draws, np.uint64).astype(np.uint64)


class _Means:
    """Under how many objects two accounts meet in the mean, when accounts are dealt anew."""

    def __init__(self, sweep: Sweep, window: int) -> None:
        many = np.diff(sweep.bounds)
        self.chance: Reals = places(sweep.of(~sweep.own), window) / np.maximum(
            many * (many - 1) / 2, 1
        )
        objects = np.repeat(np.arange(len(many)), many)
        held, self.shares = np.unique(
            sweep.account.astype(np.int64) * max(len(many), 1) + objects, return_counts=True
        )
        self.objects = held % max(len(many), 1)
        self.starts = np.searchsorted(held // max(len(many), 1), np.arange(sweep.accounts + 1))
        self.accounts = sweep.accounts

    def of(self, keys: Ints) -> Reals:
        """Return the mean of each edge."""
        from analytics import pairs as loop  # noqa: PLC0415

        found = np.empty(len(keys))
        told = (self.starts, self.objects, self.shares, self.chance)
        loop.expect(keys, self.accounts, *told, found)
        return found


def _edges(found: Repeated, means: Means, ranked: Ints, draws: int) -> pl.DataFrame:
    """Return the edges under several objects with their means and the share of chance."""
    met = _that_met(found)
    expected = means(met.keys)
    q = _false_shares(_ranks(met.objects, expected), ranked, draws)
    return pl.DataFrame({"key": met.keys, "objects": met.objects, "expected": expected, "q": q})


def _ranked(found: Repeated, means: Means) -> Ints:
    """Count the edges under several objects by how seldom they are."""
    met = _that_met(found)
    return np.bincount(_ranks(met.objects, means(met.keys)), minlength=_GRID)


def _ranks(objects: Ints, expected: Reals) -> Ints:
    """Return how seldom each edge is: classes of -log10 of the tail of a Poisson law."""
    from scipy.special import gammainc  # noqa: PLC0415

    tail = np.maximum(gammainc(objects, expected), 1e-300)
    found: Ints = np.minimum(-np.log10(tail) / _STEP, _GRID - 1).astype(np.int64)
    return found


def _false_shares(ranks: Ints, ranked: Ints, draws: int) -> Reals:
    """Return the share of chance among edges at least as seldom as each; 1 where it is more."""
    seen = np.bincount(ranks, minlength=_GRID)
    by_chance = (1 + np.cumsum(ranked[::-1])[::-1]) / max(draws, 1)
    share = by_chance / np.maximum(np.cumsum(seen[::-1])[::-1], 1)
    least: Reals = np.minimum(np.minimum.accumulate(share), 1.0)
    return least[ranks]


def held_against_trading(
    sweep: Sweep, *, window: float, trades: int, seed: int = 0
) -> tuple[Chance, pl.DataFrame]:
    """Let accounts trade objects, and see how often two meet again.

    How many objects each account shares and how many accounts share each stay (the curveball of
    Strona et al. 2014), and so do the times of each object; who shares which object is chance. An
    account counts with its first share of an object.

    Parameters
    ----------
    sweep, window, seed
        As of :func:`held_against_dealing`.
    trades
        How many draws.

    Returns
    -------
    tuple
        As of :func:`held_against_dealing`. The mean of an edge is that of accounts put to objects
        in proportion to how many they share; it serves to rank edges, and the draws to judge them.
    """
    from analytics import pairs as loop  # noqa: PLC0415

    reach = microseconds(window)
    sweep = _once_an_object(_that_pair(sweep, reach))
    everyone, by_row = np.ones(len(sweep.at), np.bool_), standing_of(sweep)
    standing = np.zeros(sweep.accounts, np.int8)
    standing[sweep.account] = by_row
    means = _even_means(sweep, reach)
    observed = weighed(repeatable(sweep, sweep.account, by_row, everyone, reach))
    drawn, ranked = [], np.zeros(_GRID, np.int64)
    account, many = sweep.account.copy(), len(sweep.bounds) - 1
    for n, stream in enumerate(_streams(seed, _TRADING, trades)):
        loop.trade(sweep.bounds, account, sweep.accounts, many * (1 if n else TRADES), stream)
        found = weighed(repeatable(sweep, account, standing[account], everyone, reach))
        drawn.append(_numbers(found))
        ranked += _ranked(found, means)
    draws = np.array(drawn, np.int64).reshape(-1, 3)
    return Chance(_numbers(observed), draws), _edges(observed, means, ranked, trades)


def _once_an_object(sweep: Sweep) -> Sweep:
    """Return the first share of each object by each account."""
    objects = np.repeat(np.arange(len(sweep.bounds) - 1), np.diff(sweep.bounds))
    once = np.zeros(len(sweep.at), np.bool_)
    once[np.unique(objects * max(sweep.accounts, 1) + sweep.account, return_index=True)[1]] = True
    return sweep.of(once)


def _even_means(sweep: Sweep, window: int) -> Means:
    """Return what tells under how many objects two accounts meet in the mean, if they trade."""
    shares = np.bincount(sweep.account, minlength=sweep.accounts)
    pairs = 2 * places(sweep.of(~sweep.own), window).sum() / max(len(sweep.at), 1) ** 2

    def means(keys: Ints) -> Reals:
        found: Reals = shares[keys // sweep.accounts] * shares[keys % sweep.accounts] * pairs
        return found

    return means
