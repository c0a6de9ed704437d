"""Changes of level: published series, another implementation, brute force, coverage."""

import warnings
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
import ruptures
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.changepoints import (
    POISSON,
    SQUARES,
    _level,
    _one_change,
    bands,
    calm_dispersion,
    changes,
    dispersion,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what the yardstick imports
    from statsmodels.datasets import nile

Reals = npt.NDArray[np.float64]

# Disasters in British coal mines by year, 1851 to 1962 (Jarrett 1979).
COAL = np.array([
    4, 5, 4, 0, 1, 4, 3, 4, 0, 6, 3, 3, 4, 0, 2, 6, 3, 3, 5, 4, 5, 3, 1, 4, 4, 1, 5, 5, 3, 4, 2, 5,
    2, 2, 3, 4, 2, 1, 3, 2, 2, 1, 1, 1, 1, 3, 0, 0, 1, 0, 1, 1, 0, 0, 3, 1, 0, 3, 2, 2, 0, 1, 1, 1,
    0, 1, 0, 1, 0, 0, 0, 2, 1, 0, 0, 0, 1, 1, 0, 2, 3, 3, 1, 1, 2, 1, 1, 1, 1, 2, 4, 2, 0, 0, 1, 4,
    0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0,
], float)  # fmt: skip


def test_the_nile_fell_after_1898() -> None:
    flow = nile.load_pandas().data["volume"].to_numpy()
    assert changes(flow, kind=SQUARES).tolist() == [28]
    assert flow[:28].mean() == 1097.75
    assert flow[28:].mean() == pytest.approx(849.9722222222222)
    ((lo, hi),) = bands(flow, np.array([28]), kind=SQUARES)
    assert lo <= 28 <= hi


def test_coal_mines_became_safer_after_1891() -> None:
    assert COAL.sum() == 191
    assert _one_change(COAL[None], POISSON).tolist() == [41]
    assert 41 in changes(COAL)
    before, after = COAL[:41], COAL[41:]
    assert (before.mean(), after.mean()) == pytest.approx((3.097561, 0.9014085))
    one = np.array([1])

    def level(part: Reals) -> float:
        return float(_level(part.sum(keepdims=True), one * len(part), POISSON)[0])

    assert level(before) + level(after) - level(COAL) == pytest.approx(69.99, abs=0.005)


series = st.integers(0, 2**32).map(
    lambda seed: (rng := np.random.default_rng(seed)).poisson(
        np.repeat(rng.choice([1.0, 4.0, 12.0], 4), rng.integers(6, 15, 4))
    ).astype(float)
)  # fmt: skip


@given(series, st.sampled_from([3.0, 10.0]))
@settings(max_examples=40, deadline=None)
def test_changes_are_those_of_ruptures(values: Reals, penalty: float) -> None:
    theirs = ruptures.Pelt(model="l2", jump=1, min_size=6).fit(values).predict(pen=penalty)[:-1]
    ours = changes(values, kind=SQUARES, penalty=penalty).tolist()
    if ours != theirs:  # theirs leaves out starts that can still be best; or both are as good
        best = _cost(values, ours, SQUARES, penalty)
        assert best < _cost(values, theirs, SQUARES, penalty) + 1e-9


@given(series, st.sampled_from([POISSON, SQUARES]))
@settings(max_examples=25, deadline=None)
def test_no_other_partition_is_cheaper(values: Reals, kind: int) -> None:
    values = values[:40]
    least, penalty = 4, 5.0
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    for end in range(least, len(values) + 1):
        ways = [
            (cost + _stretch(values[start:end], kind) + penalty * (start > 0), [*at, start])
            for start, (cost, at) in best.items() if end - start >= least
        ]  # fmt: skip
        if ways:
            best[end] = min(ways)
    found = changes(values, kind=kind, penalty=penalty, least=least).tolist()
    expected = best[len(values)][0]
    assert _cost(values, found, kind, penalty) == pytest.approx(expected)


def _stretch(part: Reals, kind: int) -> float:
    return -float(_level(part.sum(keepdims=True), np.array([len(part)]), kind)[0])


def _cost(values: Reals, at: list[int], kind: int, penalty: float) -> float:
    ends = [0, *at, len(values)]
    parts = (values[low:high] for low, high in pairwise(ends))
    return sum(_stretch(part, kind) for part in parts) + penalty * len(at)


def test_chance_alone_seldom_has_a_phase() -> None:
    rng = np.random.default_rng(1)
    found = [len(changes(rng.poisson(5, 200).astype(float))) for _ in range(200)]
    assert np.mean(np.array(found) > 0) < 0.1


def test_noise_wider_than_chance_seldom_has_one_either() -> None:
    rng = np.random.default_rng(2)
    found = [len(changes(rng.negative_binomial(2, 0.1, 200).astype(float))) for _ in range(200)]
    assert np.mean(np.array(found) > 0) < 0.15


def test_a_planted_change_lies_between_its_bounds() -> None:
    rng = np.random.default_rng(3)
    hits = []
    for _ in range(200):
        values = rng.poisson(np.repeat([4.0, 8.0], 60)).astype(float)
        at = changes(values)
        if len(at) == 1:
            ((lo, hi),) = bands(values, at)
            hits.append(lo <= 60 <= hi)
    assert len(hits) > 150
    assert np.mean(hits) >= 0.85


def test_dispersion_of_chance_is_one_and_a_step_hardly_counts() -> None:
    rng = np.random.default_rng(4)
    assert dispersion(rng.poisson(9, 4000).astype(float)) == pytest.approx(1, abs=0.1)
    step = rng.poisson(np.repeat([2.0, 90.0], 500)).astype(float)
    assert dispersion(step) < 1.3
    assert dispersion(np.zeros(5)) == 1


def test_the_calm_half_is_as_calm_as_it_is() -> None:
    rng = np.random.default_rng(5)
    calm = rng.poisson(40, 3000).astype(float)
    assert calm_dispersion(calm) == pytest.approx(1, abs=0.1)
    assert calm_dispersion(np.concatenate([calm, [5000.0, 90.0] * 300])) < 2
    assert calm_dispersion(rng.negative_binomial(10, 0.2, 3000).astype(float)) > 3


def test_too_short_a_series_has_no_change() -> None:
    assert changes(np.array([1.0] * 5 + [99.0] * 6)).tolist() == []
    assert changes(np.empty(0)).tolist() == []
