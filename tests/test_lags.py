"""How long the first response at each rung took, as an interval."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from strategies import at, frames, rows

from analytics.lags import lags
from analytics.measured import ATTENTION, LAGS, PEAKS
from analytics.tables import APPEALS, POSTS, RESPONSES

APPEAL = {"appeal_id": "a", "simulated": False}
COMMON = {"appeal_id": "a", "actor": "police", "verb_code": "09"}


def act(name: str, earliest: float, latest: float, rung: int | None = 3) -> dict[str, Any]:
    return {"response_id": name, "from": at(earliest), "to": at(latest), "rung": rung}


def measured(
    *acts: dict[str, Any],
    published: float | None = 0,
    by: float | None = None,
    posted: float | None = None,
) -> list[dict[str, Any]]:
    days = {"published_at": published, "published_by": by}
    appeal = APPEAL | {name: None if day is None else at(day) for name, day in days.items()}
    posts = POSTS.empty()
    if posted is not None:
        post = {"appeal_id": "a", "platform": "x", "kind": "original", "source": "test"}
        posts = rows(POSTS, {"post_id": "x:1", "at": at(posted)}, {"post_id": "x:2"}, **post)
    return lags(rows(APPEALS, appeal), posts, rows(RESPONSES, *acts, **COMMON)).to_dicts()


def interval(lag: dict[str, Any]) -> tuple[float | None, float | None]:
    return lag["lag_lo"], lag["lag_hi"]


def test_a_lag_is_an_interval_of_hours() -> None:
    (lag,) = measured(act("r", 48, 72.5))
    assert interval(lag) == (48, 72.5)
    assert (lag["rung"], lag["response_id"], lag["responses"]) == (3, "r", 1)
    assert (lag["clock_start"], lag["clock_basis"]) == (at(0), "published")


def test_a_day_of_publication_that_is_not_known_widens_the_lag() -> None:
    (lag,) = measured(act("r", 48, 72), published=0, by=60)
    assert interval(lag) == (-12, 72)
    assert (lag["clock_start"], lag["clock_end"]) == (at(0), at(60))


def test_of_several_responses_at_a_rung_the_first_can_have_been_any_that_overlaps() -> None:
    (lag,) = measured(act("month", 0, 700), act("day", 24, 48), act("late", 400, 401))
    assert interval(lag) == (0, 48)
    assert (lag["response_id"], lag["responses"]) == ("month", 3)


def test_rungs_are_kept_apart_the_negative_ones_too() -> None:
    found = measured(act("a", 1, 2), act("b", 3, 4, rung=-3), act("c", 5, 6, rung=0))
    assert [(lag["rung"], interval(lag)) for lag in found] == [
        (-3, (3, 4)),
        (0, (5, 6)),
        (3, (1, 2)),
    ]


def test_a_response_off_the_ladder_has_no_lag() -> None:
    assert measured(act("r", 1, 2, rung=None)) == []


def test_a_response_before_the_publication_has_a_negative_lag() -> None:
    (lag,) = measured(act("r", -24, -12))
    assert interval(lag) == (-24, -12)


def test_without_a_publication_the_first_post_starts_the_clock() -> None:
    (lag,) = measured(act("r", 48, 72), published=None, posted=8)
    assert (interval(lag), lag["clock_start"]) == ((40, 64), at(8))
    assert lag["clock_basis"] == "first_post"


def test_a_declared_publication_comes_before_the_first_post() -> None:
    (lag,) = measured(act("r", 48, 72), published=10, posted=8)
    assert (interval(lag), lag["clock_basis"]) == ((38, 62), "published")


def test_without_either_the_lag_is_unknown() -> None:
    (lag,) = measured(act("r", 48, 72), published=None)
    assert (interval(lag), lag["clock_start"], lag["clock_basis"]) == ((None, None), None, None)


def test_an_appeal_that_was_never_declared_has_lags_too() -> None:
    responses = rows(RESPONSES, act("r", 1, 2), **COMMON | {"appeal_id": "b"})
    assert lags(APPEALS.empty(), POSTS.empty(), responses)["appeal_id"].to_list() == ["b"]
    assert lags(APPEALS.empty(), POSTS.empty(), RESPONSES.empty()).equals(LAGS.empty())


def series(
    peak: float, platform: str = "x", minutes: int = 60, appeal: str = "a"
) -> dict[str, Any]:
    return {
        "appeal_id": appeal, "platform": platform, "posts": 40, "outside": 0, "minutes": minutes,
        "began_at": at(0), "half_at": at(1), "seen_until": at(99), "peak_at": at(peak),
    }  # fmt: skip


def stands_out(when: float, platform: str = "x", rank: int = 1) -> dict[str, Any]:
    return {
        "appeal_id": "a", "platform": platform, "rank": rank, "at": at(when), "minutes": 60,
        "posts": 9, "prominence": 9.0,
    }  # fmt: skip


def beside(
    *acts: dict[str, Any], attention: list[dict[str, Any]], peaks: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    appeal = rows(APPEALS, APPEAL | {"published_at": at(0)})
    responses = rows(RESPONSES, *acts, **COMMON)
    tables = {
        "attention": pl.DataFrame(attention, schema=ATTENTION.schema),
        "peaks": pl.DataFrame(peaks, schema=PEAKS.schema),
    }
    return lags(appeal, POSTS.empty(), responses, **tables).to_dicts()


def test_a_peak_is_a_stretch_of_time_too() -> None:
    (lag,) = beside(act("r", 48, 72), attention=[series(10, minutes=120)], peaks=[])
    assert (lag["peak_from"], lag["peak_to"], lag["peak_basis"]) == (at(10), at(12), "busiest")
    assert (lag["peak_lag_lo"], lag["peak_lag_hi"]) == (36, 62)


def test_a_response_can_come_before_the_peak() -> None:
    (lag,) = beside(act("r", 1, 2), attention=[series(10)], peaks=[])
    assert (lag["peak_lag_lo"], lag["peak_lag_hi"]) == (-10, -8)
    assert lag["before_appeal"] == "no"


def test_a_peak_that_stands_out_comes_first() -> None:
    peaks = [stands_out(20, rank=2), stands_out(11)]
    (lag,) = beside(act("r", 48, 72), attention=[series(10)], peaks=peaks)
    assert (lag["peak_from"], lag["peak_basis"]) == (at(11), "stands_out")


def test_the_peak_is_that_of_all_platforms_together() -> None:
    several = [series(10, "x"), series(20, "telegram"), series(30, "all")]
    (lag,) = beside(act("r", 48, 72), attention=several, peaks=[stands_out(10, "x")])
    assert (lag["peak_from"], lag["peak_basis"]) == (at(30), "busiest")


def test_without_a_series_there_is_no_peak() -> None:
    (lag,) = beside(act("r", 48, 72), attention=[series(10, appeal="b")], peaks=[])
    assert (lag["peak_from"], lag["peak_basis"], lag["peak_lag_lo"]) == (None, None, None)


def test_hours_since_the_first_acknowledgement() -> None:
    acts = (act("late", 50, 60, rung=1), act("ack", 10, 20, rung=1), act("case", 30, 40),
            act("threat", 5, 12, rung=-2))  # fmt: skip
    found = {lag["rung"]: (lag["first_lag_lo"], lag["first_lag_hi"]) for lag in measured(*acts)}
    assert found == {1: (0, 0), 3: (10, 30), -2: (-15, 2)}


def test_without_an_acknowledgement_nothing_is_counted_from_it() -> None:
    (lag,) = measured(act("r", 48, 72))
    assert (lag["first_lag_lo"], lag["first_lag_hi"]) == (None, None)


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [(-24, -12, "yes"), (-24, 0, "perhaps"), (-1, 5, "perhaps"), (0, 0, "no"), (3, 4, "no")],
)
def test_whether_the_authority_acted_before_the_appeal(
    first: float, last: float, before: str
) -> None:
    (lag,) = measured(act("r", first, last))
    assert lag["before_appeal"] == before


def test_of_an_unknown_start_nobody_knows_what_was_before() -> None:
    (lag,) = measured(act("r", 1, 2), published=None)
    assert lag["before_appeal"] is None


@given(frames(RESPONSES, max_size=8))
@settings(max_examples=40)
def test_no_response_can_have_come_before_the_first(responses: pl.DataFrame) -> None:
    found = lags(APPEALS.empty(), POSTS.empty(), responses)
    assert found["responses"].sum() == responses["rung"].count()
    appeal = rows(APPEALS, *({"appeal_id": name, "published_at": at(0)} for name in ("a", "ё")),
                  simulated=False)  # fmt: skip
    for lag in lags(appeal, POSTS.empty(), responses).to_dicts():
        same = responses.filter(appeal_id=lag["appeal_id"], rung=lag["rung"])
        assert at(lag["lag_lo"]) == same["from"].min()
        assert at(lag["lag_hi"]) == same["to"].min()
