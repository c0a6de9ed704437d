"""Groups of cascades are compared at equal size: scipy as oracle, simulated groups, edge cases."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from analytics.drawing import measure_trees
from analytics.matching import matched

ROWS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5)), min_size=1, max_size=30)


def group(rows: list[tuple[int, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"size": pl.Int64, "depth": pl.Int64}, orient="row")


def branching(mean: float, count: int, seed: int) -> pl.DataFrame:
    """Grow branching processes with Poisson offspring; keep those of three posts and more."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[float, ...]] = []
    while len(rows) < count:
        link = [-1]
        for parent in range(2000):
            if parent >= len(link):
                break
            link += [parent] * int(rng.poisson(mean))
        if 3 <= len(link) < 2000:
            found = np.empty((1, 5))
            measure_trees(np.array([link], np.int32), found)
            rows.append((len(link), *found[0, :3]))
    names = {"size": pl.Int64, "depth": pl.Float64, "max_breadth": pl.Float64, "virality": float}
    return pl.DataFrame(rows, schema=names, orient="row")


@given(ROWS, ROWS)
@settings(max_examples=60)
def test_without_matching_it_is_the_distance_of_scipy(
    a: list[tuple[int, int]], b: list[tuple[int, int]]
) -> None:
    found = matched(group(a), group(b), measures=["depth"], resamples=2).row(0, named=True)
    with np.errstate(all="ignore"):
        theirs = ks_2samp([d for _, d in a], [d for _, d in b], method="asymp")
    if found["pairs"] and len(a) > 1 and len(b) > 1:
        assert found["d_unmatched"] == pytest.approx(theirs.statistic)
        assert found["p_unmatched"] == pytest.approx(theirs.pvalue)


@given(ROWS, ROWS)
@settings(max_examples=60)
def test_pairs_are_those_of_every_common_size(
    a: list[tuple[int, int]], b: list[tuple[int, int]]
) -> None:
    found = matched(group(a), group(b), measures=["depth"], resamples=20).row(0, named=True)
    sizes = [[size for size, _ in rows] for rows in (a, b)]
    pairs = sum(min(sizes[0].count(s), sizes[1].count(s)) for s in set(sizes[0]))
    assert (found["pairs"], found["left_a"], found["left_b"]) == (
        pairs, len(a) - pairs, len(b) - pairs,
    )  # fmt: skip
    if pairs:
        assert 0 <= found["d_lo"] <= found["d"] <= found["d_hi"] <= 1
        assert 0 <= found["p_lo"] <= found["p"] <= found["p_hi"] <= 1


def test_where_all_sizes_match_nothing_is_drawn() -> None:
    a = group([(3, 1), (3, 2), (4, 2)])
    b = group([(3, 2), (3, 2), (4, 3)])
    found = matched(a, b, measures=["depth"], resamples=50).row(0, named=True)
    assert (
        found["d_lo"]
        == found["d_hi"]
        == pytest.approx(found["d_unmatched"])
        == pytest.approx(1 / 3)
    )


def test_every_subset_of_the_larger_side_is_as_likely() -> None:
    """Of depths 0, 1, 2, 3 two are drawn: the distance to {0, 3} is 0, ½ or, for {1, 2}, ½."""
    a, b = group([(3, 0), (3, 3)]), group([(3, d) for d in range(4)])
    many = matched(a, b, measures=["depth"], resamples=4000, seed=1).row(0, named=True)
    assert (many["d_lo"], many["d"], many["d_hi"]) == (0, 0.5, 0.5)


def test_a_group_differs_from_one_of_other_sizes_until_they_are_matched() -> None:
    found = matched(branching(0.95, 1500, 1), branching(0.7, 1500, 2), resamples=500)
    for row in found.iter_rows(named=True):
        assert row["d_unmatched"] > 0.2
        assert row["p_unmatched"] < 1e-20
        assert row["d"] < 0.07
        assert row["p_hi"] > 0.05


def test_unknown_measures_are_left_out_and_counted() -> None:
    a = pl.DataFrame({"size": [3, 3, 4], "depth": [1, None, 2]})
    found = matched(a, a, measures=["depth"], resamples=5).row(0, named=True)
    assert (found["pairs"], found["unknown_a"], found["d"]) == (2, 1, 0)


def test_without_a_common_size_there_is_no_comparison() -> None:
    found = matched(group([(3, 1)]), group([(4, 1)]), measures=["depth"], resamples=5)
    assert found.select("pairs", "d", "p", "d_unmatched").row(0) == (0, None, None, None)
    assert matched(group([(3, 1)]), group([]), measures=["depth"])["pairs"].item() == 0


def test_a_seed_gives_the_same_again() -> None:
    a, b = branching(0.9, 100, 1), branching(0.7, 100, 2)
    assert matched(a, b, resamples=50, seed=4).equals(matched(a, b, resamples=50, seed=4))
