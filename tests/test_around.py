"""Series around responses: what is told, and what is refused with what is missing."""

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from strategies import at, rows

from analytics.around import (
    FEW_POSTS,
    NOT_A_DAY,
    Days,
    days,
    interruptions,
    leading,
    superposed,
)
from analytics.epochs import FEWEST
from analytics.measured import EPOCHS, INTERRUPTED, INTERRUPTIONS, LEADS, TIMELINE
from analytics.tables import RESPONSES

ZERO = at(0).timestamp() // 86_400


def day(number: int) -> Any:  # noqa: ANN401
    return at(24 * number)


def timeline(counts: dict[tuple[str, str], np.ndarray]) -> pl.DataFrame:
    told = [
        {"appeal_id": appeal, "platform": platform, "every": "1d", "at": day(k), "posts": int(n),
         "originals": 0, "shares": 0, "replies": 0, "accounts": 0, "gone": 0}
        for (appeal, platform), own in counts.items()
        for k, n in enumerate(own)
        if n
    ]  # fmt: skip
    return rows(TIMELINE, *told) if told else TIMELINE.empty()


def act(number: int, name: str = "r", appeal: str = "a", hours: float = 1) -> dict[str, Any]:
    start = day(number) + timedelta(hours=2)
    return {"response_id": name, "appeal_id": appeal, "from": start,
            "to": start + timedelta(hours=hours), "actor": "Police", "verb_code": "09"}  # fmt: skip


def series(step: float, *, seed: int = 0, size: int = 120, at_day: int = 80) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(20 * np.where(np.arange(size) >= at_day, step, 1))


def told(found: pl.DataFrame) -> dict[str, dict[str, Any]]:
    assert found["method"].to_list() == sorted(INTERRUPTED)
    return {row["method"]: row for row in found.to_dicts()}


def test_days_without_posts_count_and_the_last_one_does_not() -> None:
    found = days(timeline({("a", "x"): np.array([3, 0, 0, 5, 2])}))["a"]
    assert found.counts.tolist() == [3, 0, 0, 5]
    assert found.first == ZERO
    assert isinstance(found, Days)


def test_a_step_is_told_by_all_methods_and_beyond_placebo_days() -> None:
    held = days(timeline({("a", "x"): series(3), ("b", "x"): series(1, seed=1)}))
    found = told(interruptions(rows(RESPONSES, act(80)), held))
    for method, row in found.items():
        assert row["ratio_lo"] < 3.0 < row["ratio_hi"] or row["ratio"] == pytest.approx(3, rel=0.2)
        assert row["placebos"] >= 20
        assert row["placebo_p"] == pytest.approx(1 / (1 + row["placebos"]))
        assert row["agrees"]
        assert row["controls"] == (0 if method == "quasi_poisson" else 1)
        assert (row["before"], row["note"]) == (80, None)


def test_where_nothing_happens_placebo_days_are_as_extreme() -> None:
    held = days(timeline({("a", "x"): series(1)}))
    found = told(interruptions(rows(RESPONSES, act(80)), held))
    assert all(row["placebo_p"] > 0.05 for row in found.values())


def test_below_twenty_placebo_days_there_is_no_verdict() -> None:
    """With 49 days before the response 19 days have room on both sides; with 50, twenty."""
    held = days(timeline({("a", "x"): series(3, at_day=49)}))
    for row in told(interruptions(rows(RESPONSES, act(49)), held)).values():
        assert (row["placebos"], row["placebo_p"], row["agrees"]) == (19, None, None)
        assert row["note"] == "19 of 20 days before it could be tried in the same way"
        assert row["ratio"] > 1
    held = days(timeline({("a", "x"): series(3, at_day=50)}))
    for row in told(interruptions(rows(RESPONSES, act(50)), held)).values():
        assert (row["placebos"], row["note"]) == (20, None)
        assert row["placebo_p"] is not None


def test_an_appeal_with_a_response_in_these_days_is_no_control() -> None:
    held = days(timeline({("a", "x"): series(3), ("b", "x"): series(1, seed=1)}))
    acts = rows(RESPONSES, act(80), act(90, "other", "b"))
    found = interruptions(acts, held).filter(response_id="r")
    assert set(found["controls"]) == {0}


@pytest.mark.parametrize(
    ("response", "note"),
    [
        (act(80, hours=100), NOT_A_DAY),
        (act(10), "fewer than 24 days before it or 7 after it are held"),
        (act(116), "fewer than 24 days before it or 7 after it are held"),
    ],
)
def test_what_cannot_be_told_says_what_is_missing(response: dict[str, Any], note: str) -> None:
    held = days(timeline({("a", "x"): series(3)}))
    found = told(interruptions(rows(RESPONSES, response), held))
    assert {(row["note"], row["ratio"]) for row in found.values()} == {(note, None)}


def test_a_handful_of_posts_is_refused() -> None:
    few = np.zeros(120)
    few[::10] = 1
    found = told(interruptions(rows(RESPONSES, act(60)), days(timeline({("a", "x"): few}))))
    assert {row["note"] for row in found.values()} == {FEW_POSTS}


def test_nothing_gives_empty_tables() -> None:
    none = timeline({})
    assert interruptions(RESPONSES.empty(), days(none)).equals(INTERRUPTIONS.empty())
    assert superposed(RESPONSES.empty(), days(none)).equals(EPOCHS.empty())
    assert leading(none).equals(LEADS.empty())


def test_many_responses_are_laid_over_each_other() -> None:
    moments = list(range(10, 10 + 15 * FEWEST, 15))
    counts = np.full(moments[-1] + 20, 10)
    for moment in moments:
        counts[moment : moment + 3] = 40
    acts = rows(RESPONSES, *(act(moment, f"r{moment}") for moment in moments))
    (found,) = superposed(acts, days(timeline({("a", "x"): counts}))).to_dicts()
    assert (found["moments"], found["before"]) == (FEWEST, 10)
    assert found["rise"] == pytest.approx(3 * 30 / 8)
    assert found["p"] < 0.1


def test_few_responses_say_how_many_are_missing() -> None:
    held = days(timeline({("a", "x"): series(1)}))
    (found,) = superposed(rows(RESPONSES, act(50), act(70, "s")), held).to_dicts()
    assert (found["moments"], found["p"]) == (2, None)
    assert found["note"] == f"2 of {FEWEST} days with a response and whole windows are held"


def test_a_platform_that_moves_first_is_found() -> None:
    rng = np.random.default_rng(3)
    bursts = 20 + 200 * (rng.random(200) < 0.1)
    first, second = rng.poisson(bursts), rng.poisson(np.roll(bursts, 2))
    (found,) = leading(timeline({("a", "telegram"): first, ("a", "x"): second})).to_dicts()
    assert (found["one"], found["other"], found["lag"]) == ("telegram", "x", 2)
    assert found["p_one"] < 0.01
    assert "no reason" in found["note"]


def test_short_series_say_how_many_days_are_missing() -> None:
    short = {("a", "x"): series(1, size=20), ("a", "vk"): series(1, size=20)}
    (found,) = leading(timeline(short)).to_dicts()
    assert (found["days"], found["lag"]) == (19, None)
    assert found["note"] == "19 of 50 days are held of both"
