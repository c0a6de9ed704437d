"""How often accounts would meet again by chance: two null models of synchronised sharing."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.synchrony import (
    Sweep,
    microseconds,
    per_share,
    places,
    repeatable,
    standing_of,
    weighed,
)

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

TRADES = 5  # for each object before the first draw of the curveball, one for each between draws
_DEALING, _TRADING = 1, 2  # streams of chance
_GRID, _STEP = 1200, 0.05  # classes of -log10(p) by which edges are ranked



class Chance(NamedTuple):
    """How many edges come again when accounts are dealt anew, one number for each draw.

    ``twice`` are the edges that weigh 2 or more, ``thrice`` 3 or more. ``ranked`` counts edges of
    all draws by how seldom they would be so heavy, in steps of a twentieth of a power of ten.
    """

    observed: int
    observed_thrice: int
    twice: Ints
    thrice: Ints
    ranked: Ints


def _that_pair(sweep: Sweep, window: int) -> Sweep:
    """Return the shares of objects that have a pair of shares, whoever makes it."""
    return sweep.of(per_share(places(sweep.of(~sweep.own), window) > 0, sweep.bounds))


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
        What the draws give, and one row per edge that weighs 2 or more: ``key``, ``weight``,
        ``expected`` (its mean weight by chance) and ``q``, the share of chance among the edges
        that are as seldom as it is: how many a draw has of them, by how many there are.
    """
    from analytics import pairs as loop  # noqa: PLC0415

    reach = microseconds(window)
    sweep = _that_pair(sweep, reach)
    standing, everyone = standing_of(sweep), np.ones(len(sweep.at), np.bool_)
    means = _Means(sweep, reach)
    found = [weighed(repeatable(sweep, sweep.account, standing, everyone, reach))]
    seen = _ranks(*found[0], means)
    ranked, twice, thrice = np.zeros(_GRID, np.int64), [], []
    account, moved = sweep.account.copy(), standing.copy()
    for stream in _streams(seed, _DEALING, permutations):
        loop.deal(sweep.bounds, account, moved, stream)
        keys, weights = weighed(repeatable(sweep, account, moved, everyone, reach))
        twice.append(len(keys))
        thrice.append(int((weights > 2).sum()))
        ranked += np.bincount(_ranks(keys, weights, means), minlength=_GRID)
    keys, weights = found[0]
    chance = Chance(
        len(keys), int((weights > 2).sum()), np.array(twice), np.array(thrice), ranked
    )
    return chance, pl.DataFrame(
        {
            "key": keys,
            "weight": weights,
            "expected": means.of(keys),
            "q": _false_shares(seen, ranked, permutations),
        }
    )


def _streams(seed: int, use: int, draws: int) -> npt.NDArray[np.uint64]:
    return np.random.SeedSequence([seed, use]).generate_state(draws, np.uint64)


class _Means:
    """How many pairs two accounts make in the mean, when accounts are dealt anew."""

    def __init__(self, sweep: Sweep, window: int) -> None:
        many = np.diff(sweep.bounds)
        self.chance: Reals = places(sweep.of(~sweep.own), window) / np.maximum(many * (many - 1) / 2, 1)
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


def _ranks(keys: Ints, weights: Ints, means: _Means) -> Ints:
    """Return how seldom each edge is so heavy: classes of -log10 of the tail of a Poisson law."""
    from scipy.special import gammainc  # noqa: PLC0415

    tail = np.maximum(gammainc(weights, means.of(keys)), 1e-300)
    return np.minimum(-np.log10(tail) / _STEP, _GRID - 1).astype(np.int64)


def _false_shares(ranks: Ints, ranked: Ints, draws: int) -> Reals:
    """Return the share of chance among edges at least as seldom as each; 1 where it is more."""
    seen = np.bincount(ranks, minlength=_GRID)
    by_chance = (1 + np.cumsum(ranked[::-1])[::-1]) / max(draws, 1)
    share = by_chance / np.maximum(np.cumsum(seen[::-1])[::-1], 1)
    least: Reals = np.minimum(np.minimum.accumulate(share), 1.0)
    return least[ranks]


def held_against_trading(
    sweep: Sweep, *, window: float, swaps: int, seed: int = 0
) -> tuple[int, Ints]:
    """Let accounts trade objects, and see how often two meet again.

    How many objects each account shares and how many accounts share each stay (the curveball of
    Strona et al. 2014), and so do the times of each object; who shares which object is chance. An
    account counts with its first share of an object.

    Returns
    -------
    tuple
        The edges that weigh 2 or more, as they are and in each draw.
    """
    from analytics import pairs as loop  # noqa: PLC0415

    reach = microseconds(window)
    sweep = _that_pair(sweep, reach)
    objects = np.repeat(np.arange(len(sweep.bounds) - 1), np.diff(sweep.bounds))
    once = np.zeros(len(sweep.at), np.bool_)
    once[np.unique(objects * max(sweep.accounts, 1) + sweep.account, return_index=True)[1]] = True
    sweep = sweep.of(once)
    everyone, by_row = np.ones(len(sweep.at), np.bool_), standing_of(sweep)
    standing = np.zeros(sweep.accounts, np.int8)
    standing[sweep.account] = by_row
    seen = len(weighed(repeatable(sweep, sweep.account, by_row, everyone, reach))[0])
    account, drawn = sweep.account.copy(), []
    many = len(sweep.bounds) - 1
    for n, stream in enumerate(_streams(seed, _TRADING, swaps)):
        loop.trade(sweep.bounds, account, sweep.accounts, many * (1 if n else TRADES), stream)
        keys = repeatable(sweep, account, standing[account], everyone, reach)
        drawn.append(len(weighed(keys)[0]))
    return seen, np.array(drawn, np.int64)
