"""Interrupted series: published figures, another program, and days on which nothing happened."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.interrupted import (
    FEWEST_AFTER,
    FEWEST_BEFORE,
    interrupted,
    placebo_p,
    placebo_places,
)


@pytest.fixture
def sicily(shared: Path) -> tuple[np.ndarray, np.ndarray, int]:
    told = pl.read_csv(shared / "data" / "fixtures" / "sicily.csv")
    counts, people = (told[name].to_numpy().astype(float) for name in ("aces", "stdpop"))
    return counts, people, int(told["smokban"].arg_max() or 0)


def test_the_smoking_ban_of_sicily(
    sicily: tuple[np.ndarray, np.ndarray, int], shared: Path
) -> None:
    counts, people, after = sicily
    wanted = json.loads((shared / "oracles" / "science.json").read_text())["its_sicily"]
    bare = interrupted(counts, after, exposure=people)
    seasonal = interrupted(counts, after, exposure=people, period=12)
    for found, told in ((bare, wanted["m2"]), (seasonal, wanted["m3"])):
        assert found
        assert (found.ratio, found.lo, found.hi) == pytest.approx(told[:3], abs=5e-5)
        assert found.dispersion == pytest.approx(told[3], rel=1e-6)
    sloped = interrupted(counts, after, exposure=people, period=12, with_slope=True)
    assert sloped
    assert (sloped.slope, sloped.slope_p) == pytest.approx((1.0015, 0.42), abs=5e-3)


@pytest.mark.parametrize("lags", [0, 3])
def test_another_program_gives_the_same(
    sicily: tuple[np.ndarray, np.ndarray, int], lags: int
) -> None:
    sm = pytest.importorskip("statsmodels.api")
    counts, people, after = sicily
    time = np.arange(counts.size, dtype=float)
    design = np.column_stack([np.ones(counts.size), time, time >= after])
    model = sm.GLM(counts, design, family=sm.families.Poisson(), offset=np.log(people))
    fit = (
        model.fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
        if lags
        else model.fit(scale="X2")
    )
    found = interrupted(counts, after, exposure=people, lags=lags)
    assert found
    assert np.log(found.ratio) == pytest.approx(fit.params[2], rel=1e-6)
    assert np.log([found.lo, found.hi]) == pytest.approx(fit.conf_int()[2], rel=1e-4)
    assert found.p == pytest.approx(fit.pvalues[2], rel=1e-4)


@given(st.floats(0.2, 5), st.floats(-0.02, 0.02), st.integers(24, 60), st.integers(7, 30))
def test_a_step_without_noise_is_found(ratio: float, trend: float, before: int, after: int) -> None:
    time = np.arange(before + after)
    counts = 50 * np.exp(trend * time) * np.where(time >= before, ratio, 1)
    found = interrupted(counts, before)
    assert found
    assert found.ratio == pytest.approx(ratio, rel=1e-5)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        wide = rng.gamma(5, 20 / 5, 80)  # overdispersed
        found = interrupted(rng.poisson(wide).astype(float), 50)
        assert found
        held += found.lo <= 1 <= found.hi
    assert 0.90 <= held / 300 <= 0.98


@pytest.mark.parametrize("counts", [np.zeros(40), np.r_[np.full(30, 3.0), np.zeros(10)]])
def test_a_side_without_anything_tells_no_ratio(counts: np.ndarray) -> None:
    found = interrupted(counts, 30)
    assert found is None or found.lo < 1e-6


def test_placebo_days_have_room_on_both_sides_and_come_before() -> None:
    places = list(placebo_places(100, 60))
    assert (places[0], places[-1]) == (FEWEST_BEFORE, 60 - FEWEST_AFTER)
    assert not list(placebo_places(100, FEWEST_BEFORE))


def test_a_placebo_p_by_hand() -> None:
    assert placebo_p(2.0, np.array([1.0, 2.0, 3.0])) == 0.75
    assert placebo_p(9.0, np.zeros(19)) == 0.05
