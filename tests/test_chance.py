"""Chance: the published null, closed forms, what a draw must keep, and p where there is nothing."""

from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from test_synchrony import Row, russian, shares, tables

from analytics import pairs as loop
from analytics.chance import can_meet, has_pairs, held_against_dealing, held_against_trading
from analytics.synchrony import Sweep, encoded

__all__ = ["russian"]  # a fixture


def test_the_published_null(russian: pl.DataFrame) -> None:
    chance, _ = held_against_dealing(encoded(russian), window=60, permutations=500)
    twice, thrice = chance.draws[:, 0], chance.draws[:, 1]
    assert chance.observed[:2] == (63, 11)
    assert twice.mean() == pytest.approx(7.43, abs=0.75)  # both are means of 500 draws
    low, high = np.quantile(twice, [0.025, 0.975])
    assert (low, high) == (pytest.approx(3, abs=1), pytest.approx(13, abs=2))
    assert thrice.mean() == pytest.approx(0.082, abs=0.06)
    assert twice.max() < 63


def everywhere(accounts: int, objects: int, gap: int) -> list[Row]:
    """Return accounts that share all objects, each in an order of its own, seconds apart."""
    rng = np.random.default_rng(accounts)
    return [
        (f"o{o}", f"a{a:02}", f"{o}/{a}", int(place) * gap)
        for o in range(objects)
        for a, place in enumerate(rng.permutation(accounts))
    ]


@pytest.mark.parametrize("measure", [held_against_dealing, held_against_trading])
def test_two_meet_by_chance_as_often_as_places_are_close(measure: object) -> None:
    """N accounts under each of two objects, k of C(n, 2) places close: C(n, 2) (k / C(n, 2))²."""
    n, draws = 12, 3000
    sweep = encoded(shares(*everywhere(n, 2, gap=10)))
    assert callable(measure)
    name = "permutations" if measure is held_against_dealing else "trades"
    chance, edges = measure(sweep, window=20, **{name: draws})
    close, places = 11 + 10, 66
    expected = places * (close / places) ** 2
    error = chance.draws[:, 2].std() / np.sqrt(draws)
    assert chance.draws[:, 2].mean() == pytest.approx(expected, abs=4 * error)
    if measure is held_against_dealing:
        assert edges["expected"].to_numpy() == pytest.approx(2 * close / places)


def test_who_shares_twice_meets_more_often() -> None:
    """An account with r shares and one with s make a pair with 1 - (1 - p)^(rs), nearly."""
    told = [("o", "ab"[n % 2], str(n), n) for n in range(4)] + [("p", a, a, 0) for a in "ab"]
    _, edges = held_against_dealing(encoded(shares(*told)), window=1, permutations=1)
    (edge,) = edges.to_dicts()
    assert edge["objects"] == 2
    assert edge["expected"] == pytest.approx((1 - 0.5**4) + 1)


# what a draw keeps


@given(tables(), st.integers(0, 2**32))
@settings(max_examples=80)
def test_dealing_keeps_who_shares_which_object(told: list[Row], seed: int) -> None:
    sweep = encoded(shares(*told))
    account, standing = sweep.account.copy(), np.zeros(len(sweep.at), np.int8)
    loop.tell_standing(sweep.bounds, account, sweep.accounts, standing)
    before = standing_of_accounts(sweep, sweep.account, standing)
    loop.deal(sweep.bounds, account, standing, np.uint64(seed))
    assert members(sweep, account) == members(sweep, sweep.account)
    assert standing_of_accounts(sweep, account, standing) == before
    again = np.zeros_like(standing)
    loop.tell_standing(sweep.bounds, account, sweep.accounts, again)
    assert (again == standing).all()


@given(tables(), st.integers(0, 2**32), st.integers(0, 20))
@settings(max_examples=80)
def test_trading_keeps_how_many_each_shares(told: list[Row], seed: int, trades: int) -> None:
    once = list({(row[0], row[1]): row for row in told}.values())
    sweep = encoded(shares(*once))
    account = sweep.account.copy()
    loop.trade(sweep.bounds, account, sweep.accounts, trades, np.uint64(seed))
    assert Counter(account.tolist()) == Counter(sweep.account.tolist())
    assert all(max(each.values()) == 1 for each in members(sweep, account))


def members(sweep: Sweep, account: np.ndarray) -> list[Counter[int]]:
    return [Counter(part.tolist()) for part in np.split(account, sweep.bounds[1:-1])]


def standing_of_accounts(sweep: Sweep, account: np.ndarray, standing: np.ndarray) -> list[object]:
    both = np.stack([account, standing], axis=1)
    return [sorted(map(tuple, part.tolist())) for part in np.split(both, sweep.bounds[1:-1])]


def test_every_arrangement_is_dealt_as_often() -> None:
    sweep = encoded(shares(*everywhere(4, 1, gap=1)))
    standing = np.zeros(4, np.int8)
    seen: Counter[tuple[int, ...]] = Counter()
    for seed in range(12_000):
        account = sweep.account.copy()
        loop.deal(sweep.bounds, account, standing, np.uint64(seed * 7919))
        seen[tuple(account.tolist())] += 1
    assert len(seen) == 24
    assert stats.chisquare(list(seen.values())).pvalue > 1e-4


def test_trading_reaches_every_membership_as_often() -> None:
    """Two objects of two accounts, nobody under both: six ways to share four accounts out."""
    told = [("o", "a", "1", 0), ("o", "b", "2", 1), ("p", "c", "3", 0), ("p", "d", "4", 1)]
    sweep = encoded(shares(*told))
    seen: Counter[frozenset[int]] = Counter()
    for seed in range(6000):
        account = sweep.account.copy()
        loop.trade(sweep.bounds, account, sweep.accounts, 1, np.uint64(seed * 7919))
        seen[frozenset(account[:2].tolist())] += 1
    assert len(seen) == 6
    assert stats.chisquare(list(seen.values())).pvalue > 1e-4


# p


@pytest.mark.parametrize("measure", ["dealing", "trading"])
def test_p_is_uniform_where_there_is_nothing(measure: str) -> None:
    """Ties are broken at random, as the number of edges is a small whole number."""
    rng = np.random.default_rng(7)
    found = [one_p(rng, seed, measure) for seed in range(120)]
    assert stats.kstest(found, "uniform").pvalue > 0.01


def one_p(rng: np.random.Generator, seed: int, measure: str) -> float:
    told = [
        (f"o{o}", f"a{a}", f"{o}/{a}", int(rng.exponential(300)))
        for o in range(12)
        for a in rng.choice(25, 10, replace=False)
    ]
    sweep = encoded(shares(*told))
    if measure == "dealing":
        chance, _ = held_against_dealing(sweep, window=60, permutations=99, seed=seed)
    else:
        chance, _ = held_against_trading(sweep, window=60, trades=99, seed=seed)
    drawn = chance.draws[:, 0]
    more, same = (drawn > chance.observed[0]).sum(), (drawn == chance.observed[0]).sum()
    return float((more + rng.random() * (1 + same)) / (1 + len(drawn)))


def planted() -> list[Row]:
    """Return five who share ten objects together among forty others, and a burst of ten others."""
    rng = np.random.default_rng(3)
    told = []
    for o in range(40):
        crowd = [f"x{a}" for a in rng.choice(40, 12, replace=False)]
        told += [(f"o{o}", a, f"{o}/{a}", int(rng.integers(0, 86_400))) for a in crowd]
        if o < 10:
            told += [(f"o{o}", f"g{a}", f"{o}/g{a}", 40_000 + 3 * a) for a in range(5)]
    return told + [("burst", f"b{a}", f"burst/{a}", a) for a in range(10)]


def test_a_planted_group_is_told_and_a_burst_is_not() -> None:
    table = shares(*planted())
    sweep = encoded(table)
    names = sorted(set(table["account_id"]))
    for told in (
        held_against_dealing(sweep, window=60, permutations=200)[1],
        held_against_trading(sweep, window=60, trades=200)[1],
    ):
        strong = told.filter(pl.col("q") < 0.05)
        ends = {names[key // sweep.accounts] for key in strong["key"]}
        ends |= {names[key % sweep.accounts] for key in strong["key"]}
        assert ends == {f"g{a}" for a in range(5)}
        assert strong["objects"].to_list() == [10] * 10


def test_the_same_seed_gives_the_same_draws() -> None:
    sweep = encoded(shares(*planted()))
    for measure, name in ((held_against_dealing, "permutations"), (held_against_trading, "trades")):
        first, second, other = (
            measure(sweep, window=600, seed=seed, **{name: 50})[0].draws for seed in (1, 1, 2)
        )
        assert (first == second).all()
        assert (first != other).any()


@pytest.mark.parametrize("table", [shares(), shares(("o", "a", "1", 0))], ids=["none", "one"])
def test_nothing_to_deal(table: pl.DataFrame) -> None:
    sweep = encoded(table)
    assert not has_pairs(sweep, 60)
    assert can_meet(sweep, 60) == (0, 0)
    chance, edges = held_against_dealing(sweep, window=60, permutations=5)
    assert chance.draws.tolist() == [[0, 0, 0]] * 5
    assert edges.is_empty()
    assert held_against_trading(sweep, window=60, trades=5)[0].observed == (0, 0, 0)


def test_an_own_post_is_dealt_and_makes_no_pair() -> None:
    """It takes one of three places: two others stand at the two that count in a third of draws."""
    told = [("o", "a", "o", 0), ("o", "b", "1", 1), ("o", "c", "2", 2)]
    told += [("p", "b", "3", 0), ("p", "c", "4", 1)]
    sweep = encoded(shares(*told))
    chance, edges = held_against_dealing(sweep, window=60, permutations=3000)
    assert chance.observed == (1, 0, 1)
    assert edges["expected"].to_list() == [pytest.approx(1 / 3 + 1)]
    assert chance.draws[:, 0].mean() == pytest.approx(1 / 3, abs=0.04)
