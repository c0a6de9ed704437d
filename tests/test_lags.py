"""How long the first response at each rung took, as an interval."""

from typing import Any

import polars as pl
from hypothesis import given, settings
from strategies import at, frames, rows

from analytics.lags import lags
from analytics.measured import LAGS
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
