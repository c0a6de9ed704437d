"""What a series would have been: published figures, another program, and how far to trust it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.counterfactual import SMOOTH, difference


def columns(shared: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(shared / "data" / "fixtures" / name)


def test_the_published_example(shared: Path) -> None:
    told = columns(shared, "causalimpact_vignette_seed1.csv")
    found = difference(told["y"].to_numpy(), 70, told.select("x1").to_numpy())
    assert found
    assert told["y"][70:].mean() == pytest.approx(117.05, abs=5e-3)
    assert found.mean == pytest.approx(10.59, rel=0.01)
    lo, hi = found.interval()
    assert 9.8 <= lo < hi <= 11.4  # published: [9.8, 11]
    assert 294.5 - 3 < found.total - 1.96 * found.total_sd < found.total < 336


def test_another_program_expects_the_same(shared: Path) -> None:
    told = columns(shared, "causalimpact_vignette_seed1.csv")
    found = difference(told["y"].to_numpy(), 70, told.select("x1").to_numpy())
    theirs = pl.read_csv(shared / "oracles" / "causalimpact" / "statsmodels_llevel_forecast.csv")
    assert found
    assert found.expected == pytest.approx(theirs["pred"].to_numpy(), rel=1e-4)
    # ours add the doubt of the weight
    assert found.expected_sd == pytest.approx(theirs["se"].to_numpy(), rel=0.03)


def test_five_that_were_added_are_found(shared: Path) -> None:
    told = columns(shared, "arma_data.csv")
    series = told["y"].to_numpy().copy()
    series[70:] += 5
    found = difference(series, 70, told.select("X").to_numpy())
    assert found
    assert found.mean == pytest.approx(4.79, rel=0.01)
    assert found.interval() == pytest.approx((4.18, 5.39), abs=0.05)


def test_the_verdict_turns_on_how_far_the_level_may_wander(shared: Path) -> None:
    told = columns(shared, "comparison_data.csv")
    values = told.drop("DATE").to_numpy().astype(float)
    after = int((told["DATE"] == "2019-07-15").arg_max() or 0)
    series, controls = values[:, 0], values[:, 1:]
    free = difference(series, after, controls)
    still = difference(series, after, controls, level_sd=SMOOTH * series[:after].std(ddof=1))
    assert free
    assert still
    assert free.mean == pytest.approx(-1183, rel=0.01)
    assert free.interval() == pytest.approx((-2592, 215), abs=60)
    assert still.interval() == pytest.approx((-1784, -99), abs=60)
    assert free.interval()[1] > 0 > still.interval()[1]


def test_the_likelihood_is_that_of_another_program() -> None:
    structural = pytest.importorskip("statsmodels.tsa.statespace.structural")
    rng = np.random.default_rng(3)
    level = 50 + rng.normal(0, 1, 120).cumsum()
    series = level + rng.normal(0, 2, 120)
    fit = structural.UnobservedComponents(series[:90], "llevel").fit(disp=False, maxiter=500)
    noise, step = fit.params
    found = difference(series, 90)
    assert found
    assert found.wander == pytest.approx(step / noise, rel=0.1)
    assert found.expected == pytest.approx(fit.forecast(30), rel=2e-3)


@given(st.floats(-100, 100), st.integers(0, 50))
def test_what_is_added_after_is_told_to_the_digit(added: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    control = 100 + rng.normal(0, 1, (60, 1)).cumsum(axis=0)
    series = control[:, 0] + rng.normal(0, 1, 60)
    bare = difference(series, 40, control)
    more = difference(np.r_[series[:40], series[40:] + added], 40, control)
    assert bare
    assert more
    assert more.mean - bare.mean == pytest.approx(added, abs=1e-8)
    assert more.mean_sd == bare.mean_sd


def test_intervals_hold_the_truth_somewhat_less_often_than_they_say() -> None:
    """How far the level wanders is fitted, and its doubt is not in the interval (docs/measures)."""
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(200):
        control = rng.normal(0, 1, (90, 1)).cumsum(axis=0)
        level = rng.normal(0, 0.3, 90).cumsum()
        series = 2 * control[:, 0] + level + rng.normal(0, 1, 90)
        found = difference(series, 70, control)
        assert found
        lo, hi = found.interval()
        held += lo <= 0 <= hi
    assert 0.84 <= held / 200 <= 0.95


def test_controls_that_tell_the_same_twice_tell_nothing() -> None:
    rng = np.random.default_rng(1)
    control = rng.normal(size=60).cumsum()
    assert difference(control + 1, 40, np.column_stack([control, 2 * control])) is None
    assert difference(np.arange(5.0), 3, rng.normal(size=(5, 2))) is None
