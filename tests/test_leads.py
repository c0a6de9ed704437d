"""Superposed epochs, and which of two series moved first."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.epochs import superposed
from analytics.leads import FEWEST, _correlated, crossed, entropy_passed, precedes, transfer

# Superposed epochs


def toy() -> np.ndarray:
    series = np.zeros(20)
    series[4:7], series[14:17] = [5, 9, 4], [4, 8, 3]
    return series


def test_a_worked_example() -> None:
    found = superposed(toy(), np.array([4, 14]), reach=2)
    assert found
    assert found.mean.tolist() == [0, 0, 4.5, 8.5, 3.5]
    assert (found.rise, found.p, found.moments, found.overlapping) == (5.5, 0.1, 2, 0)


def test_windows_that_share_days_are_counted_and_cut_ones_left_out() -> None:
    found = superposed(toy(), np.array([1, 4, 6, 14, 19]), reach=2)
    assert found
    assert (found.moments, found.overlapping) == (3, 2)
    assert superposed(toy(), np.array([0, 19]), reach=2) is None


def test_a_p_is_as_often_small_as_it_says() -> None:
    rng = np.random.default_rng(2)
    ps = [
        superposed(rng.normal(size=200), rng.choice(np.arange(7, 193), 12, replace=False), reach=7)
        for _ in range(300)
    ]
    small = sum(found.p <= 0.05 for found in ps if found) / len(ps)
    assert 0.02 <= small <= 0.09


@given(st.integers(0, 19))
def test_moving_the_whole_changes_nothing(shift: int) -> None:
    moments = (np.array([4, 14]) + shift) % 20
    found = superposed(np.roll(toy(), shift), moments, reach=2)
    if found and found.moments == 2:
        assert (found.rise, found.p) == pytest.approx((5.5, 0.1))


# Leads


def test_eggs_come_first(shared: Path) -> None:
    told = pl.read_csv(shared / "data" / "fixtures" / "chickegg.csv").to_numpy().astype(float)
    wanted = json.loads((shared / "oracles" / "science.json").read_text())["granger_chickegg"]
    chicken, egg = told[:, 0], told[:, 1]
    for first, second, name in (
        (egg, chicken, "egg_to_chicken"), (chicken, egg, "chicken_to_egg"),
    ):  # fmt: skip
        found = precedes(first, second, lag=3)
        assert found
        assert (found.f, found.p) == pytest.approx(wanted[name], rel=1e-6)


def test_granger_is_that_of_another_program() -> None:
    stattools = pytest.importorskip("statsmodels.tsa.stattools")
    rng = np.random.default_rng(4)
    first = rng.normal(size=120)
    second = np.r_[0, first[:-1]] * 0.5 + rng.normal(size=120)
    wanted = stattools.grangercausalitytests(np.column_stack([second, first]), [2])[2][0]
    found = precedes(first, second, lag=2)
    assert found
    assert (found.f, found.p) == pytest.approx(wanted["ssr_ftest"][:2], rel=1e-9)


def wandering(rng: np.random.Generator, size: int) -> np.ndarray:
    steps, series = rng.normal(size=size), np.zeros(size)
    for place in range(1, size):
        series[place] = 0.95 * series[place - 1] + steps[place]
    return series


def test_series_that_go_on_look_related_until_they_are_whitened() -> None:
    rng = np.random.default_rng(0)
    raw = white = 0
    for _ in range(200):
        one, other = wandering(rng, 100), wandering(rng, 100)
        raw += max(abs(_correlated(one, other, lag)) for lag in range(-7, 8)) > 1.96 / 10
        found = crossed(one, other)
        assert found
        white += found.found is not None
    assert raw / 200 > 0.8
    assert white / 200 < 0.12


@pytest.mark.parametrize("lag", [-5, -1, 0, 3])
def test_a_lead_is_found_with_its_sign(lag: int) -> None:
    rng = np.random.default_rng(8)
    one = wandering(rng, 200)
    found = crossed(one, np.roll(one, lag) + rng.normal(0, 0.1, 200))
    assert found
    assert found.found == lag


def test_too_few_or_still_series_tell_nothing() -> None:
    rng = np.random.default_rng(1)
    assert crossed(rng.normal(size=FEWEST - 1), rng.normal(size=FEWEST - 1)) is None
    assert crossed(np.ones(80), rng.normal(size=80)) is None
    assert precedes(np.arange(7.0), np.arange(7.0), lag=3) is None


def test_transfer_entropy_of_a_published_example(shared: Path) -> None:
    wanted = json.loads((shared / "oracles" / "science.json").read_text())["te_pyinform"]
    first = np.array([0, 1, 1, 1, 1, 0, 0, 0, 0])
    second = np.array([0, 0, 1, 1, 1, 1, 0, 0, 0])
    assert entropy_passed(first, second, past=1) == pytest.approx(wanted["k1"])
    assert entropy_passed(first, second, past=2) == pytest.approx(wanted["k2"])


def test_a_copied_bit_is_one_bit_and_the_other_way_none() -> None:
    bits = np.random.default_rng(0).integers(0, 2, 5000)
    copied = np.r_[0, bits[:-1]]
    assert entropy_passed(bits, copied) == pytest.approx(1, abs=0.01)
    assert entropy_passed(copied, bits) == pytest.approx(0, abs=0.01)
    found = transfer(bits[:500], copied[:500], shuffles=50)
    assert found.p == pytest.approx(1 / 51)
    assert found.corrected > 0.9


def test_few_values_look_like_information_and_that_is_taken_off() -> None:
    rng = np.random.default_rng(6)
    found = [
        transfer(rng.integers(0, 2, 60), rng.integers(0, 2, 60), past=3, shuffles=40)
        for _ in range(40)
    ]
    assert np.mean([each.bits for each in found]) == pytest.approx(0.129, abs=0.02)
    assert abs(np.mean([each.bits - each.bias for each in found])) < 0.02


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=3, max_size=40))
def test_information_is_never_negative(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs).T
    assert entropy_passed(first, second) >= -1e-12
