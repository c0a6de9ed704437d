"""How attention fades: closed forms, figures that are found again, coverage of intervals."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.attention import Series, phases
from analytics.decay import (
    LAWS,
    TOO_SHORT,
    Law,
    _interval,
    biexponential,
    candia,
    crossing,
    decay,
    fitted,
    half_life,
    overdispersion,
)  # fmt: skip
from analytics.measured import PHASES

Reals = npt.NDArray[np.float64]

EXPONENTIAL, POWER, TWICE = LAWS


def bins(counts: Reals, minutes: int = 60) -> list[Series]:
    return [Series("a", "x", np.arange(99), 0, minutes, counts, 0)]


def rows(counts: Reals, minutes: int = 60) -> dict[str, dict[str, Any]]:
    return {row["law"]: row for row in decay(bins(counts, minutes), PHASES.empty()).to_dicts()}


def test_the_worked_example_of_two_memories() -> None:
    p, q, r = 0.5, 0.01, 0.1
    figures = np.array([(p - q) / (p + r - q), p + r, q])
    assert half_life(TWICE, figures) == pytest.approx(1.52281, abs=5e-6)
    assert crossing(p, q, r) == pytest.approx(9.63319, abs=5e-6)
    assert candia(*figures) == pytest.approx((p, q, r))
    t = np.linspace(0, 50, 20)
    formula = ((p - q) * np.exp(-(p + r) * t) + r * np.exp(-q * t)) / (p + r - q)
    np.testing.assert_allclose(biexponential(t, figures), formula)


@given(st.floats(0.01, 5), st.floats(0.1, 5), st.floats(0.1, 100))
def test_half_lives_are_those_of_the_formulas(rate: float, exponent: float, hours: float) -> None:
    assert half_life(EXPONENTIAL, np.array([rate])) == pytest.approx(np.log(2) / rate)
    power = hours * (2 ** (1 / exponent) - 1)
    assert half_life(POWER, np.array([exponent, hours])) == pytest.approx(power)


def added_up(law: Law, edges: Reals, figures: list[float], scale: float = 5000) -> Reals:
    """Add up a law between times, by quadrature."""
    from scipy.integrate import quad  # noqa: PLC0415

    def left(t: float) -> float:
        return float(law.left(np.array([t]), np.array(figures))[0])

    return scale * np.array([quad(left, *each, epsrel=1e-12)[0] for each in pairwise(edges)])


KNOWN = pytest.mark.parametrize(
    ("law", "figures"),
    [(EXPONENTIAL, [0.08]), (POWER, [1.5, 6.0]), (TWICE, [0.8, 0.5, 0.02])],
    ids=lambda x: getattr(x, "name", ""),
)


@KNOWN
def test_a_bin_holds_what_the_law_adds_up_to(law: Law, figures: list[float]) -> None:
    for hours in (0.1, 1.0, 7.0):
        held = law.held(hours * np.arange(20.0), hours, np.array(figures))
        np.testing.assert_allclose(held, added_up(law, hours * np.arange(21.0), figures, 1.0))


def test_a_power_law_of_exponent_one_is_added_up_too() -> None:
    figures = [1.0, 6.0]
    held = POWER.held(np.arange(20.0), 1.0, np.array(figures))
    np.testing.assert_allclose(held, added_up(POWER, np.arange(21.0), figures, 1.0))


@KNOWN
def test_figures_do_not_depend_on_the_width_of_bins(law: Law, figures: list[float]) -> None:
    for hours in (0.5, 4.0):
        counts = added_up(law, np.arange(0, 101, hours), figures)
        np.testing.assert_allclose(fitted(law, counts, hours).figures, figures, rtol=2e-3)


@KNOWN
def test_without_noise_the_law_and_its_figures_are_found_again(
    law: Law, figures: list[float]
) -> None:
    counts = added_up(law, np.arange(101.0), figures)
    found = fitted(law, counts, 1.0)
    np.testing.assert_allclose(found.figures, figures, rtol=2e-3)
    told = rows(np.round(counts))
    assert max(told, key=lambda name: told[name]["weight"]) == law.name
    assert sum(row["weight"] for row in told.values()) == pytest.approx(1)


def test_hours_do_not_depend_on_the_width_of_bins() -> None:
    counts = np.round(20000 * np.exp(-0.05 * np.arange(120)))
    fine = rows(counts)["exponential"]
    coarse = rows(counts.reshape(-1, 4).sum(axis=1), minutes=240)["exponential"]
    assert coarse["half_life_hours"] == pytest.approx(fine["half_life_hours"], rel=0.02)


def test_intervals_of_half_lives_cover_them() -> None:
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(200):
        counts = rng.poisson(40 * np.exp(-0.05 * np.arange(80))).astype(float)
        after = counts[int(counts.argmax()) :]
        found = fitted(EXPONENTIAL, after, 1.0)
        lo, hi = _interval(found, max(1.0, overdispersion(found, after)), seed=0)
        hits.append((lo or 0) <= np.log(2) / 0.05 <= (hi or np.inf))
    assert np.mean(hits) >= 0.9


def test_what_fades_within_a_bin_has_no_half_life() -> None:
    counts = np.array([900.0] + [2, 1] * 20)
    assert rows(counts)["power"]["half_life_hours"] is None
    assert "sooner" in rows(counts)["power"]["note"]


@pytest.mark.parametrize("counts", [[50.0] * 5, [2.0] + [1.0] * 20, []])
def test_too_little_is_not_fitted(counts: list[float]) -> None:
    (row,) = decay(bins(np.array(counts)), PHASES.empty()).to_dicts()
    assert (row["law"], row["note"]) == (None, TOO_SHORT)


def test_figures_are_told_by_name() -> None:
    counts = np.round(5000 * biexponential(np.arange(100.0), np.array([0.8, 0.5, 0.02])))
    told = json.loads(rows(counts)["bi-exponential"]["figures"])
    assert told.keys() == {"share", "fast", "slow", "p", "q", "r", "crossing"}
    assert told["p"] + told["r"] == pytest.approx(told["fast"])
    assert told["q"] == told["slow"]


@pytest.mark.parametrize("wide", [1, 8])
def test_overdispersion_is_what_was_put_in_however_fast_it_fades(wide: int) -> None:
    rng = np.random.default_rng(3)
    expected = 20000 * np.exp(-0.05 * np.arange(120))
    found = []
    for _ in range(30):
        counts = wide * rng.poisson(expected / wide).astype(float)
        found.append(overdispersion(fitted(EXPONENTIAL, counts, 1.0), counts))
    assert np.mean(found) == pytest.approx(wide, rel=0.1)


def test_intervals_widen_with_dispersion() -> None:
    rng = np.random.default_rng(4)
    expected = 20000 * np.exp(-0.05 * np.arange(120))
    narrow, wide = (rows(k * rng.poisson(expected / k).astype(float)) for k in (1, 100))
    apart = [each["exponential"]["half_life_hi"] - each["exponential"]["half_life_lo"]
             for each in (narrow, wide)]  # fmt: skip
    assert apart[1] / apart[0] == pytest.approx(10, rel=0.35)


def test_a_later_burst_is_not_part_of_the_decay() -> None:
    fading = np.round(900 * np.exp(-0.2 * np.arange(40)))
    twice = np.concatenate([fading, np.full(30, 400.0)])
    found = bins(twice)
    alone = rows(fading)["exponential"]
    both = {row["law"]: row for row in decay(found, phases(found)).to_dicts()}["exponential"]
    assert both["bins"] <= 42
    assert both["half_life_hours"] == pytest.approx(alone["half_life_hours"], rel=0.05)
