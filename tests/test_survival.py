"""Waits: published examples, another implementation, closed forms and invariants."""

import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import MeasureError
from analytics.hazards import cox
from analytics.survival import aalen_johansen, kaplan_meier, log_rank, medians, turnbull

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what the yardstick imports
    import lifelines
    from lifelines import datasets
    from lifelines.statistics import multivariate_logrank_test

# Remission of leukaemia in weeks (Freireich et al. 1963), + where it lasted when last looked at.
TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
CONTROL = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def told(text: str, group: str) -> pl.DataFrame:
    words = text.split()
    return pl.DataFrame({
        "group": [group] * len(words),
        "hours": [float(word.rstrip("+")) for word in words],
        "happened": ["+" not in word for word in words],
    })  # fmt: skip


REMISSION = pl.concat([told(TREATED, "6-MP"), told(CONTROL, "placebo")])

waits = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, 12), st.booleans()), min_size=4, max_size=40
).filter(lambda rows: {g for g, _, _ in rows} == {"a", "b"} and any(e for *_, e in rows))


def frame(rows: list[tuple[str, int, bool]]) -> pl.DataFrame:
    found = pl.DataFrame(rows, schema=["group", "hours", "happened"], orient="row")
    return found.with_columns(pl.col("hours").cast(pl.Float64))


def test_the_published_remission_curve() -> None:
    curve = kaplan_meier(REMISSION).filter(pl.col("group") == "6-MP", pl.col("events") > 0)
    assert dict(zip(curve["hours"], curve["survival"].round(4), strict=True)) == {
        6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482,
    }  # fmt: skip
    ten = curve.filter(hours=10.0).row(0, named=True)
    assert (round(ten["survival_lo"], 3), round(ten["survival_hi"], 3)) == (0.503, 0.889)


def test_the_published_medians_and_test() -> None:
    found = medians(kaplan_meier(REMISSION)).select("group", "median").rows()
    assert found == [("6-MP", 23.0), ("placebo", 8.0)]
    statistic, freedom, p = log_rank(REMISSION)
    assert statistic == pytest.approx(16.792940989216547, rel=1e-12)
    assert freedom == 1
    assert p < 1e-4


def test_the_published_hazard_ratio() -> None:
    control = (REMISSION["group"] == "placebo").cast(pl.Float64).to_numpy()[:, None]
    hours, happened = REMISSION["hours"].to_numpy(), REMISSION["happened"].to_numpy()
    assert np.exp(cox(control, hours, happened).log_ratio[0]) == pytest.approx(4.817, abs=5e-4)


def test_the_published_study_of_arrests() -> None:
    rossi = datasets.load_rossi()
    names = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]
    found = cox(
        rossi[names].to_numpy(float), rossi["week"].to_numpy(float), rossi["arrest"].to_numpy() == 1
    )
    assert found.log_ratio[0] == pytest.approx(-0.379422, abs=5e-7)
    assert np.exp(found.log_ratio[0]) == pytest.approx(0.684257, abs=5e-7)
    z = found.log_ratio[0] / found.error[0]
    from scipy.stats import norm  # noqa: PLC0415

    assert 2 * norm.sf(abs(z)) == pytest.approx(0.047416, abs=5e-6)
    theirs = lifelines.CoxPHFitter().fit(rossi, "week", "arrest")
    np.testing.assert_allclose(found.log_ratio, theirs.params_[names], rtol=1e-5)
    np.testing.assert_allclose(found.error, theirs.standard_errors_[names], rtol=1e-5)


def test_the_median_life_of_flies() -> None:
    flies = datasets.load_waltons()
    spells = pl.DataFrame({
        "group": ["all"] * len(flies), "hours": flies["T"].to_numpy(),
        "happened": flies["E"].to_numpy() == 1,
    })  # fmt: skip
    assert medians(kaplan_meier(spells))["median"].item() == 56


@given(waits)
@settings(max_examples=60, deadline=None)
def test_curves_and_bands_are_those_of_lifelines(rows: list[tuple[str, int, bool]]) -> None:
    spells = frame(rows)
    for (group,), own in spells.group_by("group"):
        theirs = lifelines.KaplanMeierFitter().fit(
            own["hours"].to_list(), own["happened"].to_list()
        )
        ours = kaplan_meier(own)
        at = ours["hours"].to_list()
        assert ours["group"].unique().to_list() == [group]
        assert ours["survival"].to_list() == pytest.approx(
            np.atleast_1d(theirs.predict(at)).tolist()
        )
        inside = ours.drop_nulls("survival_lo")
        band = theirs.confidence_interval_survival_function_.loc[inside["hours"].to_list()]
        assert inside["survival_lo"].to_list() == pytest.approx(band.iloc[:, 0].tolist())
        assert inside["survival_hi"].to_list() == pytest.approx(band.iloc[:, 1].tolist())


@given(waits)
@settings(max_examples=60, deadline=None)
def test_the_test_of_groups_is_that_of_lifelines(rows: list[tuple[str, int, bool]]) -> None:
    spells = frame(rows)
    theirs = multivariate_logrank_test(*(spells[name].to_list() for name in ("hours", "group")),
                                       spells["happened"].to_list())  # fmt: skip
    statistic, freedom, p = log_rank(spells)
    if np.isfinite(theirs.test_statistic) and statistic > 1e-9:
        assert statistic == pytest.approx(theirs.test_statistic, rel=1e-6)
        assert p == pytest.approx(theirs.p_value, rel=1e-6)
    assert freedom == 1


def test_of_two_ends_each_has_come_to_its_share() -> None:
    spells = pl.DataFrame({"group": "a", "hours": [1.0, 2, 3, 4], "end": ["A", "B", None, "A"]})
    found = aalen_johansen(spells)
    assert found.filter(end="A")["incidence"].to_list() == pytest.approx([0.25, 0.25, 0.75])
    assert found.filter(end="B")["incidence"].to_list() == pytest.approx([0, 0.25, 0.25])


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from([None, "A", "B", "C"])), min_size=1))
def test_ends_and_those_who_wait_add_up(rows: list[tuple[int, str | None]]) -> None:
    spells = pl.DataFrame(rows, schema={"hours": pl.Int64, "end": pl.String}, orient="row")
    spells = spells.with_columns(pl.col("hours").cast(pl.Float64), group=pl.lit("a"))
    ends = aalen_johansen(spells).group_by("hours").agg(pl.col("incidence").sum())
    waiting = kaplan_meier(spells.with_columns(happened=pl.col("end").is_not_null()))
    both = ends.join(waiting, on="hours")
    assert (both["incidence"] + both["survival"]).to_list() == pytest.approx([1.0] * both.height)


@given(waits)
@settings(max_examples=40, deadline=None)
def test_dates_that_are_known_give_the_curve_of_kaplan_and_meier(
    rows: list[tuple[str, int, bool]],
) -> None:
    spells = frame(rows).with_columns(group=pl.lit("all"))
    hours, happened = spells["hours"].to_numpy(), spells["happened"].to_numpy()
    found = turnbull(hours, np.where(happened, hours, np.inf))
    curve = kaplan_meier(spells).filter(pl.col("events") > 0)
    ends = found.filter(pl.col("to").is_finite())
    assert ends["to"].to_list() == curve["hours"].to_list()
    assert ends["survival"].to_list() == pytest.approx(curve["survival"].to_list(), abs=1e-5)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=2, max_size=12))
@settings(max_examples=40, deadline=None)
def test_no_weights_are_likelier_than_those_of_intervals(rows: list[tuple[int, int]]) -> None:
    lo = np.array([float(a) for a, _ in rows])
    hi = lo + np.array([float(b) for _, b in rows])
    found = turnbull(lo, hi)
    inside = (lo[:, None] <= found["from"].to_numpy()) & (found["to"].to_numpy() <= hi[:, None])
    best = np.log(inside @ found["weight"].to_numpy()).sum()
    rng = np.random.default_rng(1)
    for _ in range(20):
        other = 0.9 * found["weight"].to_numpy() + 0.1 * rng.dirichlet(np.ones(found.height))
        assert np.log(inside @ other).sum() <= best + 1e-6
    assert found["weight"].sum() == pytest.approx(1)


def test_nothing_is_told_where_a_trait_parts_the_waits() -> None:
    traits: Any = np.array([[0.0], [0], [1], [1]])
    with pytest.raises(MeasureError, match="compare the curves instead"):
        cox(traits, np.array([4.0, 3, 2, 1]), np.ones(4, bool))
    with pytest.raises(MeasureError, match="the same for all"):
        cox(np.ones((4, 1)), np.array([4.0, 3, 2, 1]), np.ones(4, bool))
