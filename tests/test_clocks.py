"""What is owed by when, on real calendars, and what became of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import rows

from analytics.clocks import JUDGED_NOW, NO_COUNTRY, NO_RULE, Rule, clocks, has_calendar, presets
from analytics.measured import CLOCKS
from analytics.tables import APPEALS, RESPONSES

ALMATY = ZoneInfo("Asia/Almaty")
NOW = datetime(2030, 1, 1, tzinfo=UTC)
APPEAL = {"appeal_id": "a", "simulated": False, "jurisdiction": "KZ"}
SIGNED: dict[str, Any] = {
    "appeal_id": pl.String, "observed_at": pl.Datetime("us", "UTC"), "value": pl.Int64,
}  # fmt: skip


def told(
    *acts: dict[str, Any],
    registered: datetime | None = None,
    signed: tuple[tuple[datetime, int], ...] = (),
    own: tuple[Rule, ...] = (),
    **appeal: Any,  # noqa: ANN401 - cells of all types
) -> dict[str, dict[str, Any]]:
    """Return the clocks of one appeal, by name."""
    act = {"appeal_id": "a", "actor": "police", "verb_code": "01", "rung": 1}
    found = clocks(
        rows(APPEALS, APPEAL | {"registered_at": registered} | appeal),
        pl.DataFrame([("a", *each) for each in signed], schema=SIGNED, orient="row"),
        rows(RESPONSES, *(act | each for each in acts)) if acts else RESPONSES.empty(),
        now=NOW,
        own=own,
    )
    return {row["clock"]: row for row in found.to_dicts()}


def noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=ALMATY)


def evening(year: int, month: int, day: int) -> datetime:
    """Return the end of a day in Almaty."""
    return noon(year, month, day) + timedelta(hours=12, microseconds=-1)


def act(lo: datetime, hi: datetime | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"response_id": "r", "from": lo, "to": hi or lo} | more


# Working days


@pytest.mark.parametrize(
    ("registered", "due"),
    [
        # 9 March (for the 8th, a Sunday) and 23 to 25 March are off
        ((2026, 3, 2), (2026, 3, 27)),
        # 1, 7 and 9 May are off
        ((2025, 4, 28), (2025, 5, 22)),
        # no day off in between; the days begin after the one of registration
        ((2026, 2, 2), (2026, 2, 23)),
        # registered on a Saturday, as if on the Friday before
        ((2026, 2, 7), (2026, 2, 27)),
    ],
)
def test_fifteen_working_days_in_kazakhstan(
    registered: tuple[int, int, int], due: tuple[int, int, int]
) -> None:
    found = told(registered=noon(*registered))["kz-answer"]
    assert found["due_lo"] == evening(*due)


def test_a_day_is_a_day_of_the_jurisdiction() -> None:
    before, after = (datetime(2026, 2, 2, hour, tzinfo=UTC) for hour in (18, 20))
    early, late = told(registered=before)["kz-answer"], told(registered=after)["kz-answer"]
    assert (early["due_lo"], late["due_lo"]) == (evening(2026, 2, 23), evening(2026, 2, 24))


def test_the_longest_extension_is_two_months() -> None:
    found = told(registered=noon(2026, 2, 2))["kz-answer"]
    assert found["due_hi"] == evening(2026, 4, 2)
    moved = told(registered=noon(2026, 1, 22))["kz-answer"]  # Nowruz: off until the 25th
    assert moved["due_hi"] == evening(2026, 3, 26)


@given(st.dates(date(2021, 7, 1), date(2030, 1, 1)))
def test_nothing_is_due_on_a_day_off(day: date) -> None:
    holidays = pytest.importorskip("holidays")
    known = holidays.country_holidays("KZ")
    found = told(registered=datetime(day.year, day.month, day.day, 12, tzinfo=ALMATY))
    for clock in found.values():
        for end in ("due_lo", "due_hi"):
            assert known.is_working_day(clock[end].astimezone(ALMATY).date())
        assert clock["started_lo"] < clock["due_lo"] <= clock["due_hi"]


@given(st.lists(st.dates(date(2021, 7, 1), date(2030, 1, 1)), min_size=2, max_size=2))
def test_who_is_registered_later_is_owed_no_earlier(days: list[date]) -> None:
    first, second = (
        told(registered=datetime(d.year, d.month, d.day, tzinfo=ALMATY))["kz-answer"]["due_lo"]
        for d in sorted(days)
    )
    assert first <= second


# Where a clock starts


def test_an_upload_starts_no_clock() -> None:
    found = told(published_at=noon(2026, 2, 2))["kz-answer"]
    assert (found["started_lo"], found["due_lo"], found["state"]) == (None, None, "unknown")
    assert "an upload starts no clock" in found["note"]


@pytest.mark.parametrize(
    ("country", "day", "note"),
    [(None, 2026, NO_COUNTRY), ("KZ", 2016, NO_RULE), ("FR", 2026, NO_RULE)],
)
def test_where_no_rule_is_held_the_row_says_so(country: str | None, day: int, note: str) -> None:
    found = told(registered=noon(day, 2, 2), jurisdiction=country)
    assert list(found) == ["none"]
    assert found["none"]["state"] == "unknown"
    assert found["none"]["note"].startswith(note)


def test_signatures_start_a_clock_between_two_looks() -> None:
    looks = [(noon(2017, 1, day), count) for day, count in [(1, 10), (4, 9_000), (6, 11_000)]]
    found = told(signed=tuple(looks), jurisdiction="GB", registered=noon(2016, 12, 1))
    response, debate = found["gb-response"], found["gb-debate"]
    assert (response["started_lo"], response["started_hi"]) == (noon(2017, 1, 4), noon(2017, 1, 6))
    assert (response["state"], response["due_lo"]) == ("waiting", None)
    assert (debate["started_hi"], debate["state"]) == (None, "unknown")
    assert "fewer signatures than it takes" in debate["note"]


def test_more_signatures_than_it_takes_at_the_first_look_began_at_the_earliest_at_opening() -> None:
    found = told(signed=((noon(2017, 1, 6), 20_000),), jurisdiction="GB",
                 registered=noon(2016, 12, 1))["gb-response"]  # fmt: skip
    assert (found["started_lo"], found["started_hi"]) == (noon(2016, 12, 1), noon(2017, 1, 6))


@pytest.mark.parametrize(
    ("opened", "clock"),
    [
        ((2011, 10, 1), "us-response-2011"),
        ((2012, 6, 1), "us-response-2012"),
        ((2013, 1, 17), "us-response"),
    ],
)
def test_the_number_is_that_of_the_time(opened: tuple[int, int, int], clock: str) -> None:
    assert list(told(jurisdiction="US", registered=noon(*opened))) == [clock]


# What became of it


@pytest.mark.parametrize(
    ("known", "state"),
    [((2026, 2, 23), "waiting"), ((2026, 2, 25), "due"), ((2026, 4, 4), "overdue")],
)
def test_a_state_is_as_of_when_answers_were_looked_for(
    known: tuple[int, int, int], state: str
) -> None:
    found = told(registered=noon(2026, 2, 2), outcome_known_until=noon(*known))["kz-answer"]
    assert (found["state"], found["judged_at"]) == (state, noon(*known))
    assert found["note"] is None


def test_where_nobody_said_so_it_is_as_of_now_and_the_row_tells() -> None:
    found = told(registered=noon(2026, 2, 2))["kz-answer"]
    assert (found["state"], found["judged_at"], found["note"]) == ("overdue", NOW, JUDGED_NOW)


@pytest.mark.parametrize(
    ("lo", "hi", "is_late"),
    [
        ((2026, 2, 10), (2026, 2, 20), False),
        (
            (2026, 2, 20),
            (2026, 2, 28),
            None,
        ),  # late unless it was extended
        ((2026, 4, 3), (2026, 4, 30), True),
    ],
)
def test_lateness_of_an_interval(
    lo: tuple[int, int, int],
    hi: tuple[int, int, int],
    is_late: bool | None,  # noqa: FBT001
) -> None:
    answer = act(noon(*lo), noon(*hi))
    found = told(answer, registered=noon(2026, 2, 2))["kz-answer"]
    assert (found["state"], found["is_late"]) == ("answered", is_late)
    assert (found["answered_lo"], found["answered_hi"]) == (noon(*lo), noon(*hi))


def test_a_denial_refuses_and_harm_answers_nothing() -> None:
    denied = told(act(noon(2026, 2, 9), verb_code="121", rung=-1), registered=noon(2026, 2, 2))
    assert denied["kz-answer"]["state"] == "refused"
    harmed = told(act(noon(2026, 2, 9), verb_code="173", rung=-3), registered=noon(2026, 2, 2))
    assert harmed["kz-answer"]["state"] == "overdue"


def test_an_answer_from_before_the_start_is_none() -> None:
    early = told(act(noon(2026, 1, 5), noon(2026, 1, 9)), registered=noon(2026, 2, 2))
    assert early["kz-answer"]["response_id"] is None
    perhaps = told(act(noon(2026, 1, 5), noon(2026, 2, 9)), registered=noon(2026, 2, 2))
    assert perhaps["kz-answer"]["response_id"] == "r"


def test_what_is_owed_on_a_condition_is_never_overdue() -> None:
    found = told(registered=noon(2026, 2, 2))["kz-forward"]
    assert (found["due_lo"], found["state"]) == (evening(2026, 2, 5), "unknown")
    assert found["note"].startswith(
        "owed only if the appeal went to a body that it does not concern"
    )


def test_a_debate_is_answered_by_a_debate() -> None:
    looks = ((noon(2017, 1, 6), 200_000),)
    answer = act(noon(2017, 2, 1), verb_code="01")
    found = told(answer, signed=looks, jurisdiction="GB", registered=noon(2016, 12, 1))
    assert (found["gb-response"]["state"], found["gb-debate"]["state"]) == ("answered", "waiting")


# Rules


def test_an_own_rule_takes_the_place_of_a_preset() -> None:
    preset = next(rule for rule in presets() if rule.clock == "kz-answer")
    own = msgspec.structs.replace(preset, days=1, longest=None, days_off=(date(2026, 2, 3),))
    found = told(registered=noon(2026, 2, 2), own=(own,))["kz-answer"]
    assert found["due_lo"] == found["due_hi"] == evening(2026, 2, 4)


def test_calendar_days_that_end_on_a_day_off_end_on_the_next_that_is_none() -> None:
    preset = next(rule for rule in presets() if rule.clock == "kz-answer")
    own = msgspec.structs.replace(preset, days=5, longest=None, counted="calendar")
    found = told(registered=noon(2026, 2, 2), own=(own,))["kz-answer"]  # 7 February is a Saturday
    assert found["due_lo"] == evening(2026, 2, 9)


@pytest.mark.parametrize("rule", presets(), ids=lambda rule: rule.clock)
def test_every_preset_says_where_it_is_written_and_can_be_counted(rule: Rule) -> None:
    assert rule.source
    assert has_calendar(rule)
    assert (rule.starts == "signatures") == (rule.signatures is not None)


def test_no_appeal_has_no_clock() -> None:
    assert clocks(APPEALS.empty(), pl.DataFrame(schema=SIGNED), RESPONSES.empty(), now=NOW).equals(
        CLOCKS.empty()
    )


def test_two_thousand_appeals_are_one_table() -> None:
    many = [
        APPEAL | {"appeal_id": f"a{k}", "registered_at": noon(2026, 1, 5) + timedelta(days=k % 300)}
        for k in range(2000)
    ]
    found = clocks(rows(APPEALS, *many), pl.DataFrame(schema=SIGNED), RESPONSES.empty(), now=NOW)
    assert found.height == 4000
    assert found["due_lo"].null_count() == 0
