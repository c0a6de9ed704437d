"""Waits of appeals: what is counted, published curves, other implementations, and refusals."""

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import at, frames, rows

from analytics import Store, measure
from analytics.measured import COMPETING, MEDIAN_WAITS, SURVIVAL, WAIT_COMPARISONS, WAITS
from analytics.tables import APPEALS, COUNTERS, POSTS, RESPONSES
from analytics.waits import (
    CAME_BEFORE,
    CAME_LATER,
    CAN_HAVE_COME_BEFORE,
    NO_START,
    NOT_WATCHED,
    WATCHED_BEFORE,
    competing,
    median_waits,
    survival,
    wait_comparisons,
    waits,
)
from collectors.exports import import_files

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what the yardstick imports
    import lifelines
    from lifelines import datasets
    from lifelines.statistics import logrank_test

# Remission of leukaemia in weeks (Freireich et al. 1963), + where it lasted when last looked at.
TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
CONTROL = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"

Told = dict[str, Any]


def day(number: float) -> Any:  # noqa: ANN401
    return at(24 * number)


def act(name: str, first: float, last: float | None = None, rung: int = 1) -> Told:
    last = first if last is None else last
    return {"response_id": f"{name}{rung}{first}", "appeal_id": name, "from": day(first),
            "to": day(last), "rung": rung, "actor": "ministry", "verb_code": "01"}  # fmt: skip


def appeal(name: str, until: float | None = 100, **told: Any) -> Told:  # noqa: ANN401
    known = None if until is None else day(until)
    return {"appeal_id": name, "published_at": day(0), "outcome_known_until": known,
            "simulated": False} | told  # fmt: skip


def measured(appeals: list[Told], acts: list[Told]) -> pl.DataFrame:
    told_of = rows(RESPONSES, *acts) if acts else RESPONSES.empty()
    return waits(rows(APPEALS, *appeals), POSTS.empty(), told_of)


def wait(found: pl.DataFrame, ending: str = "rung_1") -> Told:
    return found.filter(ending=ending).row(0, named=True)


def told(text: str, register: str) -> tuple[list[Told], list[Told]]:
    """Return appeals of a register, and the response that ended each wait."""
    words = dict(enumerate(text.split()))
    appeals = [
        appeal(f"{register}{n}", float(word.rstrip("+")) if "+" in word else 1000,
               register=register, selection="census", jurisdiction="US")
        for n, word in words.items()
    ]  # fmt: skip
    acts = [act(f"{register}{n}", float(word)) for n, word in words.items() if "+" not in word]
    return appeals, acts


def of_weeks() -> tuple[list[Told], list[Told]]:
    treated, control = told(TREATED, "6-MP"), told(CONTROL, "placebo")
    return treated[0] + control[0], treated[1] + control[1]


def compared(found: pl.DataFrame) -> pl.DataFrame:
    return wait_comparisons(found, POSTS.empty(), COUNTERS.empty())


def halves(found: pl.DataFrame) -> pl.DataFrame:
    return median_waits(found, survival(found))


def test_a_wait_is_an_interval_of_days_until_the_first_act_of_the_rung_or_above() -> None:
    acts = [act("a", 9, rung=1), act("a", 3, 5, rung=4), act("a", 7, 8, rung=-3)]
    found = measured([appeal("a")], acts)
    ended = found.filter("is_ended").select("ending", "lo_days", "hi_days").rows()
    assert ended == [("negative", 7, 8), *((f"rung_{rung}", 3, 5) for rung in (1, 2, 3, 4))]
    still = wait(found, "rung_5")
    assert (still["lo_days"], still["hi_days"], still["is_ended"]) == (100, None, False)
    assert found["is_counted"].all()


@pytest.mark.parametrize(
    ("declared", "acts", "note", "ended"),
    [
        (appeal("a", None), [], NOT_WATCHED, None),
        (appeal("a", None), [act("a", 3)], NOT_WATCHED, True),
        (appeal("a", published_at=None), [act("a", 3)], NO_START, True),
        (appeal("a", -1), [], WATCHED_BEFORE, None),
        (appeal("a"), [act("a", -3, -2)], CAME_BEFORE, True),
    ],
)
def test_what_cannot_be_counted_is_left_out_with_the_reason(
    declared: Told, acts: list[Told], note: str, *, ended: bool | None
) -> None:
    found = wait(measured([declared], acts))
    assert (found["is_counted"], found["note"], found["is_ended"]) == (False, note, ended)


def test_an_answer_before_publication_is_told_in_days_before() -> None:
    found = wait(measured([appeal("a")], [act("a", -3, -2)]))
    assert (found["lo_days"], found["hi_days"]) == (-3, -2)


def test_an_act_that_can_have_come_before_is_counted_from_the_start_on() -> None:
    appeals = [appeal(f"a{n}", register="r") for n in range(10)]
    found = measured(appeals, [act("a0", -0.5, 0.25)])
    assert wait(found)["note"] == CAN_HAVE_COME_BEFORE
    assert survival(found).filter(ending="rung_1")["day"].min() == 0


def test_an_unknown_day_of_publication_widens_every_wait() -> None:
    declared = appeal("a", published_by=day(10))
    found = measured([declared], [act("a", 15)])
    assert (wait(found)["lo_days"], wait(found)["hi_days"]) == (5, 15)
    assert wait(found, "rung_2")["lo_days"] == 90  # at least so long
    early = wait(measured([declared], [act("a", 5)]))
    assert (early["lo_days"], early["hi_days"], early["is_counted"]) == (-5, 5, True)
    assert early["note"] == CAN_HAVE_COME_BEFORE


def test_nobody_knows_of_acts_after_the_time_of_the_last_look() -> None:
    late = wait(measured([appeal("a", 10)], [act("a", 12)]))
    assert (late["is_ended"], late["lo_days"], late["note"]) == (False, 10, CAME_LATER)
    known = wait(measured([appeal("a", 10)], [act("a", 8, 31)]))
    assert (known["is_ended"], known["lo_days"], known["hi_days"]) == (True, 8, 10)


def test_without_a_publication_days_count_from_the_first_post() -> None:
    posts = rows(POSTS, {"post_id": "x:1", "at": day(2)}, appeal_id="a", platform="x",
                 kind="original", source="test")  # fmt: skip
    declared = rows(APPEALS, appeal("a", published_at=None))
    found = wait(waits(declared, posts, rows(RESPONSES, act("a", 5))))
    assert (found["lo_days"], found["clock_basis"]) == (3, "first_post")


@given(frames(RESPONSES, max_size=8), st.integers(-1, 3))
@settings(max_examples=25)
def test_a_higher_rung_is_never_reached_before_a_lower_one(acts: pl.DataFrame, until: int) -> None:
    appeals = rows(APPEALS, appeal("a", until), appeal("ё", until))
    acts = acts.filter(pl.col("from") <= pl.col("to"))
    found = waits(appeals, POSTS.empty(), acts)
    assert found.height == 12
    for name in ("a", "ё"):
        steps = found.filter(pl.col("ending").str.starts_with("rung"), appeal_id=name)
        days = steps.sort("ending").filter("is_ended")
        assert days["lo_days"].is_sorted()
        assert days["hi_days"].is_sorted()
        assert (days["lo_days"] <= days["hi_days"]).all()


def test_the_published_remission_curve_and_medians() -> None:
    found = measured(*of_weeks())
    curve = survival(found).filter(pl.col("ended") > 0, register="6-MP", ending="rung_1")
    assert dict(zip(curve["day"], curve["waiting"].round(4), strict=True)) == {
        6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482,
    }  # fmt: skip
    ten = curve.filter(day=10.0).row(0, named=True)
    assert (round(ten["waiting_lo"], 3), round(ten["waiting_hi"], 3)) == (0.503, 0.889)
    assert (ten["at_risk"], ten["ended"], ten["selection"]) == (15, 1, "census")
    half = halves(found).filter(ending="rung_1").select("register", "median", "ended")
    assert half.rows() == [("6-MP", 23.0, 9), ("placebo", 8.0, 21)]


def test_the_published_test_of_the_two() -> None:
    found = compared(measured(*of_weeks())).filter(by="register", ending="rung_1")
    (row,) = found.rows(named=True)
    assert row["statistic"] == pytest.approx(16.7929, abs=5e-5)
    assert (row["one"], row["other"], row["appeals"]) == ("6-MP", "placebo", 42)
    assert (row["one_ended"], row["other_ended"]) == (9, 21)
    assert row["p"] == pytest.approx(4.17e-5, rel=0.01)
    assert row["p"] <= row["q"] <= 1


def test_the_median_life_of_flies() -> None:
    flies = datasets.load_waltons()
    words = [f"{t:g}{'' if e else '+'}" for t, e in zip(flies["T"], flies["E"], strict=True)]
    found = halves(measured(*told(" ".join(words), "flies"))).filter(ending="rung_1")
    assert found["median"].item() == 56
    theirs = lifelines.KaplanMeierFitter().fit(flies["T"], flies["E"])
    band = lifelines.utils.median_survival_times(theirs.confidence_interval_)
    assert found.select("median_lo", "median_hi").row(0) == tuple(band.to_numpy()[0])


spells = st.lists(
    st.tuples(st.integers(1, 30), st.booleans()), min_size=10, max_size=25
).filter(lambda drawn: any(ended for _, ended in drawn))  # fmt: skip


def in_words(drawn: list[tuple[int, bool]]) -> str:
    return " ".join(f"{days}{'' if ended else '+'}" for days, ended in drawn)


@given(spells)
@settings(max_examples=25)
def test_every_curve_is_that_of_lifelines_at_every_day(drawn: list[tuple[int, bool]]) -> None:
    curve = survival(measured(*told(in_words(drawn), "r"))).filter(ending="rung_1")
    theirs = lifelines.KaplanMeierFitter().fit(*zip(*drawn, strict=True))
    days = curve["day"].to_list()
    assert curve["waiting"].to_list() == pytest.approx(theirs.predict(days).tolist())
    at_risk = theirs.event_table["at_risk"].reindex(days).tolist()
    assert curve["at_risk"].to_list() == at_risk
    assert curve["ended"].sum() == sum(ended for _, ended in drawn)


@given(spells, spells)
@settings(max_examples=25)
def test_tests_of_two_registers_are_those_of_lifelines(
    one: list[tuple[int, bool]], other: list[tuple[int, bool]]
) -> None:
    first, second = told(in_words(one), "a"), told(in_words(other), "b")
    found = compared(measured(first[0] + second[0], first[1] + second[1]))
    (row,) = found.filter(by="register", ending="rung_1").rows(named=True)
    days = [[d for d, _ in drawn] for drawn in (one, other)]
    ends = [[e for _, e in drawn] for drawn in (one, other)]
    theirs = logrank_test(*days, *ends)
    if np.isfinite(theirs.test_statistic) and row["statistic"] > 1e-9:
        assert row["statistic"] == pytest.approx(theirs.test_statistic, rel=1e-6)


def test_below_ten_appeals_a_row_says_what_is_missing() -> None:
    found = measured([appeal(f"a{n}", register="r") for n in range(9)], [act("a1", 2)])
    for table in (survival(found), halves(found)):
        assert table.height == 6
        assert table["note"].str.contains("appeals counted: 9, needed: 10; left out: 0").all()
    assert survival(found)["day"].null_count() == 6
    (row,) = competing(found, rows(APPEALS, *[appeal(f"a{n}") for n in range(9)])).rows(named=True)
    assert (row["appeals"], row["share"], row["day"]) == (9, None, None)
    (row,) = compared(found).filter(by="register").rows(named=True)
    assert row["p"] is None
    assert "only one set, of 9 appeals" in row["note"]


def test_an_empty_store_gives_empty_tables() -> None:
    found = waits(APPEALS.empty(), POSTS.empty(), RESPONSES.empty())
    assert found.equals(WAITS.empty())
    assert survival(found).equals(SURVIVAL.empty())
    assert halves(found).equals(MEDIAN_WAITS.empty())
    assert compared(found).equals(WAIT_COMPARISONS.empty())
    assert competing(found, APPEALS.empty()).equals(COMPETING.empty())


def test_appeals_of_no_register_have_a_curve_of_their_own() -> None:
    found = measured([appeal(f"a{n}") for n in range(10)], [act("a1", 2)])
    curve = survival(found).filter(pl.col("register").is_null(), ending="rung_1")
    assert curve.select("day", "waiting").rows() == [(0, 1), (2, 0.9), (100, 0.9)]
    assert curve["selection"].unique().to_list() == ["not_told"]


def test_wide_dates_give_the_curve_of_turnbull_in_a_band_that_covers_every_reading() -> None:
    appeals = [appeal(f"a{n}", 200) for n in range(20)]
    acts = [act(f"a{n}", 3 * n + 1, 3 * n + 9.5) for n in range(15)]
    found = measured(appeals, acts)
    curve = survival(found).filter(ending="rung_1")
    assert set(curve["method"]) == {"turnbull"}
    lo = np.array([3.0 * n + 1 for n in range(15)] + [200.0] * 5)
    hi = np.append(lo[:15] + 8.5, [np.inf] * 5)
    theirs = lifelines.KaplanMeierFitter().fit_interval_censoring(lo, hi, tol=1e-9)
    heights = theirs.survival_function_["NPMLE_estimate_lower"]
    assert curve.tail(1).select("day", "from_day", "waiting").row(0) == pytest.approx(
        (200, 200, 0.25)
    )
    ends = curve.filter(pl.col("day").is_between(1, 199))
    assert ends["waiting"].to_list() == pytest.approx(heights.loc[ends["day"]].tolist(), abs=1e-3)
    assert (ends["from_day"] < ends["day"]).all()
    rng = np.random.default_rng(1)
    for _ in range(20):
        exact = lo[:15] + rng.uniform(0, 8.5, 15)
        one = lifelines.KaplanMeierFitter().fit(np.append(exact, [200.0] * 5), np.arange(20) < 15)
        band = one.confidence_interval_survival_function_
        told_band = curve.drop_nulls(["waiting_lo", "waiting_hi"])
        for row in told_band.iter_rows(named=True):
            inner = band.loc[: row["day"]].iloc[-1].tolist()
            assert row["waiting_lo"] <= inner[0] + 1e-9
            assert inner[1] <= row["waiting_hi"] + 1e-9


def test_the_interval_of_a_median_takes_dates_at_their_earliest_and_latest() -> None:
    appeals = [appeal(f"a{n}", 500) for n in range(30)]
    acts = [act(f"a{n}", 10 * n + 1, 10 * n + 90) for n in range(30)]
    (row,) = halves(measured(appeals, acts)).filter(ending="rung_1").rows(named=True)
    ends = []
    for shift in (1, 90):
        theirs = lifelines.KaplanMeierFitter().fit([10.0 * n + shift for n in range(30)])
        ends.append(
            lifelines.utils.median_survival_times(theirs.confidence_interval_).to_numpy()[0]
        )
    assert (row["median_lo"], row["median_hi"]) == (min(ends[0]), max(ends[1]))
    assert row["median_lo"] < row["median"] < row["median_hi"]


def test_of_all_readings_of_dates_the_weakest_is_tested() -> None:
    appeals = [appeal(f"{name}{n}", 100, register=name) for name in "ab" for n in range(10)]
    acts = [act(f"a{n}", 5, 40) for n in range(10)] + [act(f"b{n}", 39 + n) for n in range(10)]
    found = compared(measured(appeals, acts)).filter(by="register", ending="rung_1")
    late = [39 + n for n in range(10)]
    tests = [logrank_test([days] * 10, late).p_value for days in (5, 40)]
    assert found["p"].item() == pytest.approx(max(tests), rel=1e-6)
    assert tests[0] < 1e-4 < tests[1]


def test_those_at_risk_of_wide_dates_can_still_have_waited() -> None:
    appeals = [appeal(f"a{n}", 50) for n in range(10)]
    found = survival(measured(appeals, [act("a0", 5, 20), act("a1", 30, 40)]))
    curve = found.filter(pl.col("day") > 0, ending="rung_1")
    assert curve.select("from_day", "day", "at_risk").rows() == [
        (5, 20, 10), (30, 40, 9), (50, 50, 8)
    ]  # fmt: skip


def test_the_worst_way_in_which_appeals_came_here_is_carried_along() -> None:
    ways = ["census"] * 9 + ["found_by_outcome"]
    appeals = [appeal(f"a{n}", selection=way, register="r") for n, way in enumerate(ways)]
    found = measured(appeals, [act("a1", 2)])
    assert set(survival(found)["selection"]) == {"found_by_outcome"}
    assert set(halves(found)["selection"]) == {"found_by_outcome"}
    assert set(competing(found, rows(APPEALS, *appeals))["selection"]) == {"found_by_outcome"}


def test_of_many_sets_each_is_compared_with_all_others() -> None:
    parts = [told(TREATED, name) for name in ("a", "b", "c")]
    appeals, acts = ([row for part in parts for row in part[n]] for n in (0, 1))
    found = compared(measured(appeals, acts)).filter(by="register", ending="rung_1")
    assert found.select("one", "other", "appeals").rows() == [
        (name, "others", 63) for name in ("a", "b", "c")
    ]
    assert found["p"].to_list() == pytest.approx([1, 1, 1])
    assert set(found["tests"]) == {compared(measured(appeals, acts))["p"].count()}


def test_jurisdictions_are_compared_within_a_register() -> None:
    appeals, acts = of_weeks()
    for row in appeals:
        row |= {"jurisdiction": "KZ" if row["register"] == "6-MP" else "KG", "register": "both"}
    found = compared(measured(appeals, acts)).filter(by="jurisdiction", ending="rung_1")
    assert found.select("register", "one", "other").rows() == [("both", "KG (both)", "KZ (both)")]
    assert found["statistic"].item() == pytest.approx(16.7929, abs=5e-5)


def busy(name: str, posts: int, seen: float = 9) -> list[Told]:
    common = {"appeal_id": name, "platform": "x", "kind": "original", "source": "test"}
    times = [*np.linspace(0, 6, posts), seen]
    return [common | {"post_id": f"x:{name}{n}", "at": day(float(t))} for n, t in enumerate(times)]


def refused(found: pl.DataFrame, by: str) -> None:
    (row,) = found.filter(by=by).rows(named=True)
    assert (row["ending"], row["p"], row["tests"]) == (None, None, None)
    assert "known of no appeal that still waited" in row["note"]


def test_attention_is_set_beside_waits_that_begin_after_it() -> None:
    names = [f"a{n:02}" for n in range(24)]
    posts = rows(POSTS, *(post for n, name in enumerate(names) for post in busy(name, n + 2)))
    early = [act(name, 3) for name in names[20:]]  # the busiest four, answered at once
    late = [act(name, 20) for name in names[:5]]
    found = measured([appeal(name) for name in names], early + late)
    (row,) = (
        wait_comparisons(found, posts, COUNTERS.empty())
        .filter(by="early_posts", ending="rung_1")
        .rows(named=True)
    )
    assert row["landmark_days"] == 7
    assert (row["one"], row["other"]) == ("few early posts", "many early posts")
    assert (row["one_appeals"], row["other_appeals"], row["appeals"]) == (10, 10, 20)
    assert (row["one_ended"], row["other_ended"]) == (5, 0)
    theirs = logrank_test([93] * 10, [13] * 5 + [93] * 5, [0] * 10, [1] * 5 + [0] * 5)
    assert row["statistic"] == pytest.approx(theirs.test_statistic)


def test_attention_of_days_that_were_not_watched_is_not_compared() -> None:
    names = [f"a{n:02}" for n in range(24)]
    posts = rows(POSTS, *(p for n, name in enumerate(names) for p in busy(name, n + 2, seen=6.5)))
    found = measured([appeal(name) for name in names], [act(names[0], 20)])
    refused(wait_comparisons(found, posts, COUNTERS.empty()), "early_posts")


def test_signatures_shown_early_part_the_appeals_too() -> None:
    names = [f"a{n:02}" for n in range(24)]
    posts = rows(POSTS, *(busy(name, 1, seen=0)[0] for name in names))
    shown = [
        {"post_id": f"x:{name}0", "metric": "signatures", "value": n, "definition": "d",
         "observed_at": day(when)}
        for n, name in enumerate(names) for when in (6, 50)
    ]  # fmt: skip
    found = measured([appeal(name) for name in names], [act(names[0], 20)])
    told_of = wait_comparisons(found, posts, rows(COUNTERS, *shown))
    (row,) = told_of.filter(by="early_signatures", ending="rung_1").rows(named=True)
    assert (row["one_appeals"], row["other_appeals"], row["one_ended"]) == (12, 12, 1)
    unwatched = rows(COUNTERS, *(one for one in shown if one["observed_at"] == day(50)))
    refused(wait_comparisons(found, posts, unwatched), "early_signatures")


def first_ends(acts: list[Told], closes: dict[str, float], count: int = 10) -> pl.DataFrame:
    appeals = [
        appeal(f"a{n}", closes_at=day(closes[f"a{n}"]) if f"a{n}" in closes else None)
        for n in range(count)
    ]
    return competing(measured(appeals, acts), rows(APPEALS, *appeals))


def share(found: pl.DataFrame, ending: str, until: float = 100) -> float:
    upto = found.filter(pl.col("day") <= until, ending=ending).sort("day")
    return float(upto["share"][-1])


def test_each_end_comes_first_to_its_share_and_none_is_netted() -> None:
    acts = [act("a0", 5), act("a0", 6, rung=-2), act("a1", 7, rung=-2), act("a1", 8, rung=3),
            act("a2", 30)]  # fmt: skip
    found = first_ends(acts, {"a2": 20, "a3": 20})
    assert share(found, "helped") == pytest.approx(0.1)
    assert share(found, "harmed") == pytest.approx(0.1)
    assert share(found, "closed") == pytest.approx(0.2)
    assert share(found, "waiting") == pytest.approx(0.6)
    assert share(found, "closed", 10) == 0
    row = found.filter(ending="closed").row(0, named=True)
    assert (row["ended"], row["answered_later"], row["undecided"]) == (2, 1, 0)
    assert (found["share_lo"] == found["share"]).all()


def test_where_dates_do_not_tell_what_came_first_both_are_possible() -> None:
    found = first_ends([act("a0", 5, 8), act("a0", 6, 7, rung=-1), act("a1", 2)], {})
    last = found.filter(pl.col("day") == 7).select("ending", "share_lo", "share_hi")
    assert {row[0]: row[1:] for row in last.rows()} == {
        "closed": (0, 0),
        "harmed": pytest.approx((0, 0.1)),
        "helped": pytest.approx((0.1, 0.2)),
        "waiting": pytest.approx((0.8, 0.8)),
    }
    assert found["undecided"].unique().to_list() == [1]


def test_a_closing_that_nobody_looked_at_has_not_come() -> None:
    assert share(first_ends([], {"a1": 200}), "closed", until=1000) == 0


drawn_ends = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from(["helped", "harmed", None])),
    min_size=10, max_size=25, unique_by=lambda drawn: drawn[0],  # the yardstick takes no ties
)  # fmt: skip


@given(drawn_ends)
@settings(max_examples=25)
def test_shares_are_those_of_lifelines(drawn: list[tuple[int, str | None]]) -> None:
    rungs = {"helped": 2, "harmed": -2}
    appeals = [appeal(f"a{n}", days) for n, (days, _) in enumerate(drawn)]
    acts = [act(f"a{n}", days, rung=rungs[end]) for n, (days, end) in enumerate(drawn) if end]
    found = competing(measured(appeals, acts), rows(APPEALS, *appeals))
    codes = [{"helped": 1, "harmed": 2, None: 0}[end] for _, end in drawn]
    for code, end in ((1, "helped"), (2, "harmed")):
        if code not in codes:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = lifelines.AalenJohansenFitter(calculate_variance=False).fit(
                [days for days, _ in drawn], codes, event_of_interest=code
            )
        for row in found.filter(ending=end).iter_rows(named=True):
            height = theirs.cumulative_density_.loc[: row["day"]].iloc[-1].item()
            assert row["share"] == pytest.approx(height, abs=1e-9)
    sums = found.group_by("day").agg(pl.col("share").sum())["share"]
    assert sums.to_list() == pytest.approx([1.0] * len(sums))


def petitions(shared: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return a real register as appeals and answers, and its days told apart from our code."""
    told_of = pl.read_csv(
        shared / "data/petitions_with_responses/wtp_petitions.csv", infer_schema=False
    ).unique("id", maintain_order=True)
    seconds = {"created": "created", "closes": "deadline", "answered": "response.associationTime"}
    told_of = told_of.select("id", **{
        name: pl.from_epoch(pl.col(column).cast(pl.Float64).cast(pl.Int64) * 1_000_000, "us")
        .dt.replace_time_zone("UTC") for name, column in seconds.items()
    }).drop_nulls("created")  # fmt: skip
    until = pl.lit(datetime(2013, 6, 24, tzinfo=UTC), APPEALS.schema["published_at"])
    appeals = APPEALS.check(told_of.select(
        appeal_id="id", published_at="created", closes_at="closes", outcome_known_until=until,
        register=pl.lit("we-the-people"), selection=pl.lit("sample"),
        jurisdiction=pl.lit("US"), simulated=pl.lit(value=False),
    ))  # fmt: skip
    given = told_of.drop_nulls("answered")
    acts = RESPONSES.check(given.select(
        response_id="id", appeal_id="id", **{"from": "answered", "to": "answered"},
        actor=pl.lit("White House"), verb_code=pl.lit("01"), rung=pl.lit(1, pl.Int8),
    ))  # fmt: skip
    last = pl.coalesce("answered", until) - pl.col("created")
    days = told_of.select(
        days=last / pl.duration(days=1), came=pl.col("answered").is_not_null()
    ).filter(pl.col("days") >= 0)
    return appeals, acts, days


def test_a_real_register_with_its_failures(shared: Path) -> None:
    appeals, acts, days = petitions(shared)
    found = waits(appeals, POSTS.empty(), acts)
    answered = found.filter(ending="rung_1")
    assert (answered.height, answered["is_ended"].sum()) == (945, 95)
    assert (answered["note"] == CAME_BEFORE).sum() == 1  # 1.6 days before its petition
    early = answered.filter(note=CAME_BEFORE)["lo_days"].item()
    assert early == pytest.approx(-1.6, abs=0.05)
    theirs = lifelines.KaplanMeierFitter().fit(days["days"].to_numpy(), days["came"].to_numpy())
    curve = survival(found).filter(ending="rung_1")
    at_days = curve["day"].to_list()
    assert curve["waiting"].to_list() == pytest.approx(theirs.predict(at_days).tolist())
    band = theirs.confidence_interval_survival_function_.loc[at_days]
    inside = curve["waiting_lo"].is_not_null().to_numpy()
    assert curve.filter(inside)["waiting_lo"].to_list() == pytest.approx(
        band.iloc[inside, 0].tolist()
    )
    (half,) = halves(found).filter(ending="rung_1").rows(named=True)
    assert (half["appeals"], half["ended"], half["early"], half["median"]) == (944, 94, 1, None)
    # The median delay of those that were answered says nothing of the rest.
    assert np.median(answered.filter("is_ended")["lo_days"].to_numpy()) < 60


def test_closing_competes_with_answers_in_a_real_register(shared: Path) -> None:
    appeals, acts, _ = petitions(shared)
    found = competing(waits(appeals, POSTS.empty(), acts), appeals)
    sums = found.group_by("day").agg(pl.col("share").sum())["share"]
    assert sums.to_numpy() == pytest.approx(1)
    helped = found.filter(ending="helped").sort("day")
    assert helped["share"].is_sorted()
    assert 0 < helped["share"][-1] < 95 / 945 + 0.02
    assert helped["answered_later"][0] + helped["ended"][0] == 94


def test_a_real_register_is_measured_from_its_file(shared: Path, tmp_path: Path) -> None:
    file = shared / "data/petitions_with_responses/wtp_petitions.csv"
    import_files(tmp_path / "store", [file])
    store = Store(tmp_path / "store")
    measure(store)
    told_of = store.read("waits").filter(ending="rung_1")
    assert (told_of.height, told_of["is_ended"].sum(), told_of["is_counted"].sum()) == (
        945,
        95,
        944,
    )
    assert store.read("lags")["before_appeal"].value_counts().sort("before_appeal").rows() == [
        ("no", 94), ("yes", 1),
    ]  # fmt: skip
    curve = store.read("survival").filter(ending="rung_1").sort("day")
    assert set(curve["register"]) == {"we-the-people"}
    assert (curve["at_risk"][0], curve["ended"].sum()) == (944, 94)
    assert 0.8 < curve["waiting"][-1] < 0.9
    assert store.read("competing")["appeals"].unique().to_list() == [944]
    assert store.read("response_attention")["note"].null_count() == 0  # one post is no series
