"""Comparing at equal size: what is known in closed form, two oracles, and invariants."""

import itertools
import math
import warnings
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.stats import ks_2samp

from analytics import parents
from analytics.matching import MEASURES, chance, comparison

FEW = 200


def group(*cascades: tuple[Any, ...], names: tuple[str, ...] = ("size", "depth")) -> pl.DataFrame:
    schema = {name: pl.Float64 if name == "virality" else pl.Int64 for name in names}
    return pl.DataFrame(list(cascades), schema=schema, orient="row")


def row(found: pl.DataFrame, measure: str) -> dict[str, Any]:
    (only,) = found.filter(pl.col("measure") == measure).to_dicts()
    return only


cascades = st.lists(st.tuples(st.integers(2, 6), st.integers(1, 4)), max_size=15).map(
    lambda told: group(*told)
)


# what a difference of sizes does, on trees whose law is known


@pytest.fixture(scope="module")
def simulated() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return cascades that differ in nothing but how many shares a post brings about."""
    rng = np.random.default_rng(2021)
    return galton_watson(0.95, 2500, rng), galton_watson(0.7, 2500, rng)


def galton_watson(mean: float, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return trees of three posts or more, each post with a Poisson number of children.

    Given its size, such a tree is uniform among labelled trees, whatever the mean: at equal size,
    there is no difference to be found.
    """
    trees = itertools.islice((t for t in grown(mean, rng) if len(t) >= 3), count)
    out = np.empty((1, 1, 5))
    told = []
    for link in trees:
        parents.measure_trees(np.array([link], np.int32), np.array([len(link)]), out)
        told.append((len(link), int(out[0, 0, 0]), int(out[0, 0, 1]), float(out[0, 0, 2])))
    return group(*told, names=("size", *MEASURES))


def grown(mean: float, rng: np.random.Generator) -> Iterator[list[int]]:
    while True:
        link, node = [-1], 0
        while node < len(link):
            link += [node] * rng.poisson(mean)
            node += 1
        yield link


def test_a_difference_of_sizes_is_no_difference_of_shapes(
    simulated: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    found = comparison(*simulated)
    assert found["measure"].to_list() == ["size", *MEASURES]
    assert row(found, "size")["d_hi"] == 0
    for told in found.to_dicts():
        assert 0.2 < told["unmatched_d"] < 0.32
        assert told["unmatched_p"] < 1e-50
        assert told["d"] < 0.03
        assert told["p"] > 0.5
        assert told["pairs"] > 1500


def test_a_difference_of_shapes_at_equal_size_is_found(
    simulated: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    _, small = simulated
    deeper = small.with_columns(depth=(pl.col("depth") + 1))
    told = row(comparison(small, deeper, resamples=FEW), "depth")
    assert told["pairs"] == small.height
    assert told["d_lo"] == told["d"] == told["d_hi"] == told["unmatched_d"] > 0.1
    assert told["p_hi"] < 1e-6


# oracles


def scipy_s(a: pl.Series | list[int], b: pl.Series | list[int]) -> tuple[float, float]:
    """Return D and p of scipy, which warns where rounding lifts the exact p above 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = ks_2samp(np.array(a), np.array(b))
        except RuntimeWarning:
            return float(ks_2samp(np.array(a), np.array(b), method="asymp").statistic), 1.0
    return float(found.statistic), float(found.pvalue)


@pytest.mark.parametrize(("step", "pairs"), [(2, 5), (9, 40), (40, 40), (60, 2148), (300, 2148)])
def test_p_is_the_exact_one_of_scipy(step: int, pairs: int) -> None:
    low = np.arange(pairs, dtype=float)
    found = ks_2samp(low, low + step - 0.5, method="exact")
    assert found.statistic == pytest.approx(step / pairs)
    assert chance(step, pairs) == pytest.approx(found.pvalue, rel=1e-7, abs=0)


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(max_examples=60)
def test_p_by_counting_the_orders_that_stay_closer(told: tuple[int, int]) -> None:
    step, pairs = told
    ways = Counter({(0, 0): int(step > 0)})
    for _ in range(2 * pairs):
        further: Counter[tuple[int, int]] = Counter()
        for (ours, theirs), count in ways.items():
            for now in ((ours + 1, theirs), (ours, theirs + 1)):
                further[now] += count * (abs(now[0] - now[1]) < step)
        ways = further
    expected = 1 - Fraction(ways[pairs, pairs], math.comb(2 * pairs, pairs))
    assert chance(step, pairs) == pytest.approx(float(expected), rel=1e-9, abs=0)


@given(cascades, cascades)
@settings(max_examples=80)
def test_without_matching_it_is_scipy_s(a: pl.DataFrame, b: pl.DataFrame) -> None:
    assume(a.height and b.height)
    found = comparison(a, b, resamples=1)
    for name in ("size", "depth"):
        d, p = scipy_s(a[name], b[name])
        assert row(found, name)["unmatched_d"] == pytest.approx(d)
        assert row(found, name)["unmatched_p"] == pytest.approx(p, abs=0.01)  # asymptotic near 1


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30).flatmap(
    lambda a: st.tuples(st.just(a), st.lists(st.integers(1, 5), min_size=len(a), max_size=len(a)))
))  # fmt: skip
@settings(max_examples=60)
def test_where_all_are_paired_it_is_scipy_s(told: tuple[list[int], list[int]]) -> None:
    """All of one size: no resample differs from another, ties or not."""
    ours, theirs = told
    found = comparison(*(group(*((9, d) for d in part)) for part in told), resamples=5)
    d, p = scipy_s(ours, theirs)
    depth = row(found, "depth")
    assert depth["d_lo"] == depth["d_hi"] == pytest.approx(d)
    assert depth["p_lo"] == depth["p_hi"] == pytest.approx(p, rel=1e-7)


def test_every_part_of_the_larger_group_is_as_likely() -> None:
    """By counting: of the 15 ways to take 2 of 6, those with the least and the greatest D."""
    a, b = group((9, 3), (9, 4)), group(*((9, depth) for depth in (1, 2, 3, 4, 5, 6)))
    ways = [
        ks_2samp([3, 4], way).statistic for way in itertools.combinations((1, 2, 3, 4, 5, 6), 2)
    ]
    often = {d: ways.count(d) / len(ways) for d in (0.0, 0.5, 1.0)}
    found = [row(comparison(a, b, resamples=1, seed=seed), "depth")["d"] for seed in range(800)]
    for d, share in often.items():
        assert found.count(d) / len(found) == pytest.approx(share, abs=0.05)
    many = row(comparison(a, b), "depth")
    assert (many["d_lo"], many["d"], many["d_hi"]) == tuple(
        sorted(ways)[math.ceil(q * 15) - 1] for q in (0.05, 0.5, 0.95)
    )


# invariants


@given(cascades, cascades, st.integers(0, 5))
@settings(max_examples=60)
def test_it_does_not_matter_which_group_comes_first(
    a: pl.DataFrame, b: pl.DataFrame, seed: int
) -> None:
    one = comparison(a, b, resamples=20, seed=seed)
    other = comparison(b.reverse(), a.reverse(), resamples=20, seed=seed)
    swapped = {"left_out_a": "left_out_b", "left_out_b": "left_out_a"}
    assert_frame_equal(one, other.rename(swapped).select(one.columns))


@given(cascades, cascades)
@settings(max_examples=60)
def test_pairs_are_as_many_as_there_can_be(a: pl.DataFrame, b: pl.DataFrame) -> None:
    told = row(comparison(a, b, resamples=20), "depth")
    ours, theirs = a["size"].to_list(), b["size"].to_list()
    pairs = sum(min(ours.count(size), theirs.count(size)) for size in {*ours})
    assert told["pairs"] == pairs
    assert (told["left_out_a"], told["left_out_b"]) == (len(ours) - pairs, len(theirs) - pairs)
    if pairs:
        assert 0 <= told["d_lo"] <= told["d"] <= told["d_hi"] <= 1
        assert 0 <= told["p_lo"] <= told["p"] <= told["p_hi"] <= 1


@given(cascades)
@settings(max_examples=30)
def test_a_group_is_like_itself(a: pl.DataFrame) -> None:
    assume(a.height)
    told = row(comparison(a, a, resamples=20), "depth")
    assert (told["pairs"], told["left_out_a"]) == (a.height, 0)
    assert (told["d_hi"], told["p_lo"], told["unmatched_d"]) == (0, 1, 0)


def test_the_last_of_a_size_is_taken_like_the_others() -> None:
    a, b = group((9, 6)), group(*((9, depth) for depth in (1, 2, 3, 4, 5, 6)))
    found = [row(comparison(a, b, resamples=1, seed=seed), "depth")["d"] for seed in range(600)]
    assert found.count(0.0) / len(found) == pytest.approx(1 / 6, abs=0.06)


def test_the_seed_decides() -> None:
    a = group(*((9, depth) for depth in range(40)))
    b = group(*((9, depth) for depth in range(0, 30, 3)))
    first = comparison(a, b, resamples=7, seed=1)
    assert_frame_equal(first, comparison(a, b, resamples=7, seed=1))
    assert (
        len({comparison(a, b, resamples=1, seed=seed)["d"].to_list()[1] for seed in range(9)}) > 1
    )


# nothing to compare


def test_without_a_common_size_there_is_no_d() -> None:
    told = row(comparison(group((3, 1), (4, 1)), group((5, 1)), resamples=FEW), "depth")
    assert (told["pairs"], told["left_out_a"], told["left_out_b"]) == (0, 2, 1)
    assert (told["d"], told["p"], told["d_lo"], told["p_hi"]) == (None,) * 4
    assert told["unmatched_d"] == 0


@pytest.mark.parametrize("other", [group(), group((3, 1))])
def test_an_empty_group_is_like_nothing(other: pl.DataFrame) -> None:
    told = row(comparison(group(), other, resamples=FEW), "depth")
    assert (told["pairs"], told["left_out_b"]) == (0, other.height)
    assert (told["d"], told["p"], told["unmatched_d"], told["unmatched_p"]) == (None,) * 4


def test_cascades_without_a_measure_are_counted_and_compared_nowhere() -> None:
    names = ("size", "depth", "virality")
    a = group((3, 1, 1.5), (3, None, 1.5), (4, 2, None), (4, 2, math.nan), names=names)
    b = group((3, 1, 1.5), (4, 2, 1.6), names=names)
    found = comparison(a, b, resamples=FEW)
    assert found["measure"].to_list() == ["size", "depth", "virality"]
    assert {
        *found.select("pairs", "left_out_a", "left_out_b", "dropped_a", "dropped_b").rows()
    } == {(1, 0, 1, 3, 0)}


def test_only_what_both_have_is_compared() -> None:
    a = group((3, 1, 2), names=("size", "depth", "max_breadth"))
    assert comparison(a, group((3, 1)), resamples=1)["measure"].to_list() == ["size", "depth"]
