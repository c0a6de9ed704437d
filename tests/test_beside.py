"""Attention beside a response: closed forms, other implementations, and what is not told."""

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from strategies import at, frames, rows

from analytics.beside import (
    FEW_WINDOWS,
    LONG_GAP,
    NO_POSTS,
    NONE_AFTER,
    NONE_BEFORE,
    TOO_EARLY,
    TOO_LATE,
    rate_ratio,
    response_attention,
)
from analytics.measured import RESPONSE_ATTENTION
from analytics.tables import COUNTERS, POSTS, RESPONSES

counts = st.integers(1, 300)


def posted(days: Any) -> pl.DataFrame:  # noqa: ANN401
    times = np.asarray(days, float)
    return rows(
        POSTS, *({"post_id": f"x:{n}", "at": at(24 * float(t))} for n, t in enumerate(times)),
        appeal_id="a", platform="x", kind="original", source="test",
    )  # fmt: skip


def act(first: float, last: float | None = None, appeal: str = "a") -> dict[str, Any]:
    last = first if last is None else last
    return {"response_id": f"{appeal}{first}", "appeal_id": appeal, "from": at(24 * first),
            "to": at(24 * last), "actor": "ministry", "verb_code": "01"}  # fmt: skip


def beside(posts: pl.DataFrame, *acts: dict[str, Any], days: int = 7) -> dict[str, Any]:
    found = response_attention(posts, rows(RESPONSES, *acts)).filter(days=days)
    return found.row(0, named=True)


def even(begin: float, end: float, each_day: int) -> np.ndarray[Any, Any]:
    """Return times of so many posts a day, none on an edge of a day."""
    per = 1 / each_day
    return np.arange(begin + per / 2, end, per)


def test_the_published_rate_ratio() -> None:
    found = rate_ratio(np.array(10.0), np.array(40.0))
    assert float(found.ratio) == 4
    assert (round(float(found.lo), 2), round(float(found.hi), 2)) == (1.97, 8.97)
    assert f"{float(found.p):.2e}" == "2.39e-05"


@given(counts, counts)
@settings(max_examples=40)
def test_interval_and_p_are_those_of_the_exact_binomial_test(before: int, after: int) -> None:
    found = rate_ratio(np.array(float(before)), np.array(float(after)))
    theirs = stats.binomtest(after, before + after, 0.5)
    share = theirs.proportion_ci(method="exact")
    assert float(found.p) == pytest.approx(theirs.pvalue, rel=1e-6)
    assert float(found.lo) == pytest.approx(share.low / (1 - share.low), rel=1e-6)
    assert float(found.hi) == pytest.approx(share.high / (1 - share.high), rel=1e-6)


@given(counts, counts, st.floats(1.01, 50))
@settings(max_examples=40)
def test_dispersion_widens_the_interval_and_moves_no_ratio(
    before: int, after: int, wide: float
) -> None:
    one = rate_ratio(np.array(float(before)), np.array(float(after)))
    other = rate_ratio(np.array(float(before)), np.array(float(after)), dispersion=wide)
    assert float(one.ratio) == pytest.approx(float(other.ratio))
    assert float(other.lo) < float(one.lo) < float(one.ratio) < float(one.hi) < float(other.hi)


def test_of_nothing_before_only_a_lower_end_is_told() -> None:
    found = rate_ratio(np.array([0.0, 5.0]), np.array([5.0, 0.0]))
    assert found.ratio.tolist() == [np.inf, 0]
    assert (found.lo[1], found.hi[0]) == (0, np.inf)
    assert 0 < found.lo[0] < np.inf


def test_an_interval_of_even_counts_holds_one_in_nineteen_of_twenty_draws() -> None:
    rng = np.random.default_rng(1)
    found = rate_ratio(rng.poisson(20.0, 4000).astype(float), rng.poisson(20.0, 4000).astype(float))
    held = ((found.lo <= 1) & (found.hi >= 1)).mean()
    assert 0.95 <= held <= 0.985  # exact intervals hold too often, never too seldom


def test_posts_a_day_before_and_after() -> None:
    posts = posted([*even(0, 30, 4), *even(30, 60, 12)])
    found = beside(posts, act(30))
    assert (found["before_lo"], found["before_hi"]) == (4, 4)
    assert (found["after_lo"], found["after_hi"]) == (12, 12)
    assert (found["ratio_least"], found["ratio_most"]) == (3, 3)
    exact = rate_ratio(np.array(28.0), np.array(84.0))
    assert (found["before"], found["after"], found["ratio"]) == (28, 84, 3)
    assert (found["exact_lo"], found["exact_hi"]) == (float(exact.lo), float(exact.hi))
    assert found["dispersion"] == 1  # as even as can be: never narrower than Poisson's
    assert (found["ratio_lo"], found["ratio_hi"]) == (found["exact_lo"], found["exact_hi"])
    assert found["gap_hours"] == pytest.approx(6)
    assert found["note"] is None


def test_of_an_unknown_time_the_range_is_told() -> None:
    posts = posted([*even(0, 30, 4), *even(30, 60, 12)])
    found = beside(posts, act(23, 37))
    assert (found["before_lo"], found["before_hi"]) == (4, 12)
    assert (found["after_lo"], found["after_hi"]) == (4, 12)
    assert (found["ratio_least"], found["ratio_most"]) == (1, 3)
    sure = rate_ratio(np.array([28.0, 28.0, 84.0]), np.array([28.0, 84.0, 84.0]))
    assert found["exact_lo"] == pytest.approx(float(sure.lo.min()))
    assert found["exact_hi"] == pytest.approx(float(sure.hi.max()))
    assert (found["before"], found["after"], found["ratio"]) == (28, 84, 3)  # in the middle


def test_windows_are_half_open() -> None:
    found = beside(posted([0, *even(3, 4, 1), 10, 20, 30, 100]), act(10), days=7)
    assert found["after_lo"] == pytest.approx(1 / 7)  # the post at the very time is after
    assert found["before_lo"] == pytest.approx(1 / 7)


def test_the_percentile_is_among_all_windows_of_that_length() -> None:
    posts = posted([*even(0, 90, 4), *even(90, 100, 40)])
    busy, calm = beside(posts, act(91)), beside(posts, act(40))
    assert busy["percentile_lo"] > 0.97
    assert calm["percentile_lo"] == pytest.approx(0.45, abs=0.05)  # half of its ties


def test_other_dates_tell_how_often_attention_changes_as_much() -> None:
    days = [10] * 100 + [40] * 50 + [10] * 60  # two changes by 4 in 210 days
    times = np.concatenate([even(day, day + 1, many) for day, many in enumerate(days)])
    found = beside(posted(times), act(95))
    dates = np.arange(times[0] + 7, times[-1] - 7, 7)

    def change(at_day: float) -> float:
        before = ((times >= at_day - 7) & (times < at_day)).sum()
        after = ((times >= at_day) & (times < at_day + 7)).sum()
        return float(abs(np.log(after / before)))

    apart = dates[np.abs(dates - 95) >= 14]
    as_large = sum(change(date) >= change(95) for date in apart)
    assert found["windows"] == len(apart)
    assert found["placebo_p"] == pytest.approx((1 + as_large) / (1 + len(apart)))
    assert 0 < as_large < 3


def test_of_an_unknown_time_the_weakest_change_is_held_against_other_dates() -> None:
    days = np.array([10] * 100 + [40] * 110)
    times = np.concatenate([even(day, day + 1, many) for day, many in enumerate(days)])
    sure, vague = beside(posted(times), act(100)), beside(posted(times), act(80, 100))
    assert sure["placebo_p"] == pytest.approx(1 / (1 + sure["windows"]))
    assert vague["placebo_p"] == 1
    assert vague["windows"] < sure["windows"]


def test_below_twenty_other_dates_there_is_no_p() -> None:
    found = beside(posted(even(0, 160, 4)), act(80))
    assert (found["windows"], found["placebo_p"]) == (17, None)


def test_dates_of_silence_are_not_told() -> None:
    gap = posted([*even(0, 84, 4), *even(105, 300, 4)])
    whole = posted(even(0, 300, 4))
    assert beside(whole, act(200))["windows"] - beside(gap, act(200))["windows"] == 4


def test_dispersion_is_that_of_a_quasi_poisson_model() -> None:
    import statsmodels.api as sm  # noqa: PLC0415

    rng = np.random.default_rng(3)
    daily = rng.negative_binomial(2, 0.1, 40) + 1
    times = np.concatenate([day + (np.arange(n) + 0.5) / n for day, n in enumerate(daily)])
    found = beside(posted(times), act(20))
    after = np.repeat([0.0, 1.0], 7)
    fit = sm.GLM(
        daily[13:27], sm.add_constant(after), family=sm.families.Poisson()
    ).fit(scale="X2")  # fmt: skip
    assert found["dispersion"] == pytest.approx(fit.scale, rel=1e-6)
    assert found["ratio_most"] == pytest.approx(np.exp(fit.params[1]), rel=1e-6)
    assert found["ratio_lo"] < found["exact_lo"] < found["exact_hi"] < found["ratio_hi"]


@pytest.mark.parametrize(
    ("times", "when", "note", "null"),
    [
        (even(0, 60, 4), 3, TOO_EARLY, "before_lo"),
        (even(0, 60, 4), 55, TOO_LATE, "after_lo"),
        ([0, *even(30, 60, 4)], 22, NONE_BEFORE, "before_lo"),
        ([*even(0, 30, 4), 60], 37, NONE_AFTER, "after_lo"),
    ],
)
def test_what_is_not_held_is_null_with_a_reason(
    times: Any,  # noqa: ANN401
    when: float,
    note: str,
    null: str,
) -> None:
    found = beside(posted(times), act(when))
    assert note in found["note"]
    assert (found[null], found["ratio"], found["exact_lo"]) == (None, None, None)


def test_a_window_that_one_possible_time_puts_outside_is_not_told() -> None:
    found = beside(posted(even(0, 60, 4)), act(3, 20))
    assert (found["before_lo"], found["after_lo"]) == (None, 4)
    assert found["note"] == TOO_EARLY


def test_widened_intervals_hold_where_posts_come_in_bursts_and_exact_ones_do_not() -> None:
    rng = np.random.default_rng(7)
    daily = rng.negative_binomial(1.5, 0.1, 3000)
    times = np.concatenate([day + (np.arange(n) + 0.5) / n for day, n in enumerate(daily) if n])
    acts = [act(float(day)) for day in range(20, 2980, 14)]
    found = response_attention(posted(times), rows(RESPONSES, *acts)).filter(days=7)
    assert found["ratio"].null_count() == 0
    inside = {
        kind: found.select(((pl.col(f"{kind}_lo") <= 1) & (pl.col(f"{kind}_hi") >= 1)).mean())
        .item() for kind in ("ratio", "exact")
    }  # fmt: skip
    assert inside["ratio"] > 0.9
    assert inside["exact"] < 0.6
    small = (found["placebo_p"] <= 0.05).mean()  # nothing changes here: p is small by chance alone
    assert small is not None
    assert float(small) < 0.08  # type: ignore[arg-type]


def test_counts_that_say_next_to_nothing_have_no_upper_end() -> None:
    busy = np.linspace(25.0, 25.2, 400)  # all in one burst
    found = beside(posted(np.concatenate([[0, 20, 22], busy, [60]])), act(24))
    assert found["dispersion"] > 50
    assert (found["before"], found["after"], found["ratio"]) == (2, 400, 200)
    assert found["ratio_hi"] is None
    assert found["ratio_lo"] < found["exact_lo"] < 200 < found["exact_hi"]


def test_a_long_silence_inside_a_window_is_told() -> None:
    posts = posted([*even(0, 31, 4), *even(35, 60, 4)])
    found = beside(posts, act(30))
    assert found["gap_hours"] == pytest.approx(4 * 24 + 6)
    assert found["note"] == LONG_GAP
    assert found["ratio_most"] == pytest.approx(12 / 28)


def test_collecting_goes_on_after_the_last_post() -> None:
    posts = posted(even(0, 60, 4)).with_columns(collected_at=pl.lit(at(24 * 70)))
    assert beside(posts, act(55))["after_lo"] == pytest.approx(20 / 7)


def test_too_few_windows_give_no_percentile() -> None:
    found = beside(posted(even(0, 60, 4)), act(30), days=28)
    assert (found["before_lo"], found["percentile_lo"]) == (4, None)
    assert found["note"] == FEW_WINDOWS


def test_without_posts_or_responses() -> None:
    found = beside(POSTS.empty(), act(3))
    assert (found["note"], found["before_lo"], found["held_from"]) == (NO_POSTS, None, None)
    untimed = posted([1]).with_columns(at=pl.lit(None, POSTS.schema["at"]))
    assert beside(untimed, act(3))["note"] == NO_POSTS
    assert response_attention(posted([1]), RESPONSES.empty()).equals(RESPONSE_ATTENTION.empty())
    alone = beside(posted([1]), act(3))
    assert alone["before_lo"] is None
    assert TOO_EARLY in alone["note"]


def signed(days: Any, values: Any, definition: str = "d") -> pl.DataFrame:  # noqa: ANN401
    return rows(
        COUNTERS,
        *({"observed_at": at(24 * float(d)), "value": int(v)}
          for d, v in zip(days, values, strict=True)),
        post_id="x:0", metric="signatures", definition=definition,
    )  # fmt: skip


def of_signatures(shown: pl.DataFrame, *acts: dict[str, Any], days: int = 7) -> dict[str, Any]:
    found = response_attention(posted([0]), rows(RESPONSES, *acts), shown)
    return found.filter(days=days, what="signatures").row(0, named=True)


def test_signatures_are_attention_too() -> None:
    grown = np.concatenate([np.arange(30) * 10, 300 + np.arange(31) * 50])
    found = of_signatures(signed(np.arange(61), grown), act(30))
    assert (found["before_lo"], found["after_lo"], found["ratio_most"]) == (10, 50, 5)
    exact = rate_ratio(np.array(70.0), np.array(350.0))
    assert (found["exact_lo"], found["exact_hi"]) == (float(exact.lo), float(exact.hi))
    assert (found["gap_hours"], found["dispersion"]) == (24, 1)


def test_signatures_that_were_not_shown_in_a_window_are_not_told() -> None:
    found = of_signatures(signed([0, 20, 60], [0, 20, 6000]), act(40))
    assert (found["before_lo"], found["after_lo"], found["ratio_most"]) == (None, None, None)
    assert found["note"].startswith(NONE_BEFORE)


def test_signatures_shown_seldom_tell_nothing_of_dispersion() -> None:
    found = of_signatures(signed(np.arange(0, 61, 3), np.arange(21) * 30), act(30))
    assert (found["before_lo"], found["ratio_most"]) == (pytest.approx(10), pytest.approx(1))
    assert (found["dispersion"], found["ratio_lo"]) == (None, None)
    assert found["exact_lo"] < 1 < found["exact_hi"]


def test_no_signature_is_a_number_unlike_no_post() -> None:
    grown = np.maximum(np.arange(61) - 30, 0) * 10
    found = of_signatures(signed(np.arange(61), grown), act(30))
    assert (found["before_lo"], found["ratio"], found["exact_hi"]) == (0, None, None)
    assert found["exact_lo"] > 10


def test_the_number_shown_most_often_is_taken() -> None:
    often, seldom = signed(np.arange(61), np.arange(61)), signed([0, 60], [0, 9000], "other")
    found = of_signatures(pl.concat([seldom, often]), act(30))
    assert found["before_lo"] == 1
    once = response_attention(posted([0]), rows(RESPONSES, act(30)), signed([3], [5]))
    assert once["what"].unique().to_list() == ["posts"]


def test_appeals_do_not_mix() -> None:
    other = posted(even(0, 60, 50)).with_columns(appeal_id=pl.lit("b"))
    posts = pl.concat([posted(even(0, 60, 4)), other])
    found = response_attention(posts, rows(RESPONSES, act(30), act(30, appeal="b")))
    assert found.filter(days=7).select("appeal_id", "before_lo").rows() == [("a", 4), ("b", 50)]


@given(frames(POSTS, max_size=6), frames(RESPONSES, max_size=4))
@settings(max_examples=40)
def test_every_response_has_a_row_for_every_length(
    posts: pl.DataFrame, responses: pl.DataFrame
) -> None:
    acts = responses.filter(pl.col("from") <= pl.col("to"))
    found = response_attention(posts, acts)
    assert found.height == 3 * acts.height
    told = found.drop_nulls("ratio_least")
    order = ["ratio_lo", "exact_lo", "ratio_least", "ratio", "ratio_most", "exact_hi", "ratio_hi"]
    for lower, upper in pairwise(order):
        assert (told[lower] <= told[upper]).all()
