"""What is owed by when, on real calendars, and what became of it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import frames, rows

from analytics import clocks as rules_of
from analytics.clocks import SIGNATURES, Rule, clocks, mistake, presets
from analytics.errors import SettingsError
from analytics.measured import CLOCKS
from analytics.runner import measure
from analytics.settings import decode
from analytics.store import Store
from analytics.tables import APPEALS, POSTS, RESPONSES
from collectors.exports.importing import import_files

ALMATY, LONDON = ZoneInfo("Asia/Almaty"), ZoneInfo("Europe/London")
NOW = datetime(2030, 1, 1, tzinfo=UTC)
APPEAL = {"appeal_id": "a", "simulated": False, "jurisdiction": "KZ"}
PRESETS = {rule.clock: rule for rule in presets()}
Day = tuple[int, int, int]


def told(
    *acts: dict[str, Any],
    registered: datetime | None = None,
    signed: Sequence[tuple[Any, ...]] = (),
    own: tuple[Rule, ...] = (),
    now: datetime = NOW,
    days_off: dict[str, list[date]] | None = None,
    **appeal: Any,  # noqa: ANN401 - cells of all types
) -> dict[str, dict[str, Any]]:
    """Return the clocks of one appeal, by name; ``signed`` is (time, number, petition)."""
    act = {"appeal_id": "a", "actor": "police", "verb_code": "01", "rung": 1}
    seen = [("a", each[2] if len(each) > 2 else "x:1", None, *each[:2]) for each in signed]
    found = clocks(
        rows(APPEALS, APPEAL | {"registered_at": registered} | appeal),
        pl.DataFrame(seen, schema=SIGNATURES, orient="row"),
        rows(RESPONSES, *(act | each for each in acts)) if acts else RESPONSES.empty(),
        now=now,
        own=own,
        days_off=days_off,
    )
    return {row["clock"]: row for row in found.to_dicts()}


def noon(year: int, month: int, day: int, zone: ZoneInfo = ALMATY) -> datetime:
    return datetime(year, month, day, 12, tzinfo=zone)


def evening(year: int, month: int, day: int, zone: ZoneInfo = ALMATY) -> datetime:
    """Return the end of a day."""
    return datetime(year, month, day, 23, 59, 59, 999_999, tzinfo=zone)


def act(lo: datetime, hi: datetime | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"response_id": "r", "from": lo, "to": hi or lo} | more


def rule(**changes: Any) -> Rule:  # noqa: ANN401 - fields of all types
    """Return a rule like that of Kazakhstan, without an extension."""
    return msgspec.structs.replace(PRESETS["kz-answer"], longest=None, **changes)


# Working days


@pytest.mark.parametrize(
    ("registered", "due"),
    [
        ((2026, 3, 2), (2026, 3, 27)),  # 9 March (for the 8th, a Sunday), Nowruz 23 to 25 March
        ((2025, 4, 28), (2025, 5, 22)),  # 1, 7 and 9 May: Unity, Defenders', Victory Day
        ((2026, 4, 27), (2026, 5, 21)),  # 9 May is a Saturday: 11 May is off instead
        ((2026, 2, 2), (2026, 2, 23)),  # no day off; the days begin after that of registration
        ((2026, 2, 7), (2026, 2, 27)),  # registered on a Saturday, as if on the Friday before
        ((2024, 4, 22), (2024, 5, 16)),  # 1, 7 to 9 May are off; for the 8th Saturday 4 May is not
    ],
)  # fmt: skip
def test_fifteen_working_days_in_kazakhstan(registered: Day, due: Day) -> None:
    found = told(registered=noon(*registered))["kz-answer"]
    assert found["due_lo"] == evening(*due)


@pytest.mark.parametrize(
    ("registered", "due"),
    [
        ((2024, 3, 27), (2024, 4, 5)),  # Good Friday 29 March, Easter Monday 1 April
        ((2023, 5, 1), (2023, 5, 9)),  # 1 May is off itself; 8 May for the coronation
        ((2021, 12, 24), (2022, 1, 5)),  # 27, 28 December for 25 and 26; 3 January for the 1st
    ],
)
def test_five_working_days_in_england(registered: Day, due: Day) -> None:
    own = rule(clock="city", jurisdiction="GB", subdivision="ENG", timezone="Europe/London", days=5)
    found = told(registered=noon(*registered, LONDON), jurisdiction="GB", own=(own,))["city"]
    assert found["due_lo"] == found["due_hi"] == evening(*due, LONDON)


def test_scotland_keeps_other_days() -> None:
    own = rule(clock="c", jurisdiction="GB", subdivision="SCT", timezone="Europe/London", days=1)
    start = noon(2024, 12, 31, LONDON)
    found = told(registered=start, jurisdiction="GB", own=(own,))["c"]
    assert found["due_lo"] == evening(2025, 1, 3, LONDON)  # 2 January is off in Scotland


def test_a_day_is_a_day_of_the_jurisdiction() -> None:
    before, after = (datetime(2026, 2, 2, hour, tzinfo=UTC) for hour in (18, 20))
    early, late = told(registered=before)["kz-answer"], told(registered=after)["kz-answer"]
    assert (early["due_lo"], late["due_lo"]) == (evening(2026, 2, 23), evening(2026, 2, 24))


def test_the_longest_extension_is_two_months() -> None:
    found = told(registered=noon(2026, 2, 2))["kz-answer"]
    assert found["due_hi"] == evening(2026, 4, 2)
    moved = told(registered=noon(2026, 1, 22))["kz-answer"]  # Nowruz: off until the 25th
    assert moved["due_hi"] == evening(2026, 3, 26)
    short = told(registered=noon(2025, 12, 31))["kz-answer"]  # there is no 31 February
    assert short["due_hi"] == evening(2026, 3, 2)


def test_days_off_that_are_stated_are_counted_out() -> None:
    free = {"KZ": [date(2026, 2, 3), date(2026, 2, 4)], "GB": [date(2026, 2, 5)]}
    found = told(registered=noon(2026, 2, 2), days_off=free)
    assert found["kz-answer"]["due_lo"] == evening(2026, 2, 25)
    assert found["kz-forward"]["due_lo"] == evening(2026, 2, 9)


def test_calendar_days_that_end_on_a_day_off_end_on_the_next_that_is_none() -> None:
    own = rule(days=5, counted="calendar")
    found = told(registered=noon(2026, 2, 2), own=(own,))["kz-answer"]  # 7 February is a Saturday
    assert found["due_lo"] == evening(2026, 2, 9)


def test_a_feast_of_the_moon_that_is_estimated_is_told() -> None:
    estimated = [
        day
        for day, name in holidays.country_holidays("KZ", years=2029, language="en_US").items()
        if "estimated" in name
    ]
    before = datetime.combine(estimated[0] - timedelta(5), datetime.min.time(), ALMATY)
    assert rules_of.FEAST in told(registered=before)["kz-answer"]["note"]
    after = before + timedelta(20)
    assert rules_of.FEAST not in told(registered=after)["kz-answer"]["note"]


days = st.dates(date(2021, 7, 1), date(2030, 1, 1))


@given(days, st.integers(1, 400), st.sampled_from(["working", "calendar"]))
@settings(max_examples=60)
def test_nothing_is_due_on_a_day_off(day: date, count: int, counted: str) -> None:
    known = holidays.country_holidays("KZ")
    own = rule(clock="own", days=count, counted=counted)
    found = told(registered=noon(day.year, day.month, day.day), own=(own,))
    for clock in found.values():
        for end in ("due_lo", "due_hi"):
            assert known.is_working_day(clock[end].astimezone(ALMATY).date())
        assert clock["started_lo"] < clock["due_lo"] <= clock["due_hi"]


@given(days, st.integers(1, 60))
@settings(max_examples=60)
def test_as_many_days_are_worked_until_it_is_due_as_the_rule_says(day: date, count: int) -> None:
    known = holidays.country_holidays("KZ")
    own = rule(clock="own", days=count)
    due = told(registered=noon(day.year, day.month, day.day), own=(own,))["own"]["due_lo"]
    last = due.astimezone(ALMATY).date()
    between = (day + timedelta(n) for n in range(1, (last - day).days + 1))
    assert sum(map(known.is_working_day, between)) == count


@given(st.lists(days, min_size=2, max_size=2))
@settings(max_examples=60)
def test_who_is_registered_later_is_owed_no_earlier(two: list[date]) -> None:
    first, second = (told(registered=noon(d.year, d.month, d.day)) for d in sorted(two))
    for clock in first:
        for end in ("due_lo", "due_hi"):
            assert first[clock][end] <= second[clock][end]


# Where a clock starts


def test_an_upload_starts_no_clock() -> None:
    found = told(act(noon(2026, 2, 9)), published_at=noon(2026, 2, 2))["kz-answer"]
    assert (found["started_lo"], found["due_lo"], found["state"]) == (None, None, "unknown")
    assert (found["response_id"], found["is_late"]) == (None, None)
    assert found["note"] == rules_of.NEVER_REGISTERED


@pytest.mark.parametrize(
    ("country", "year", "note"),
    [
        (None, 2026, rules_of.NO_COUNTRY),
        ("KZ", 2016, rules_of.NO_RULE),
        ("FR", 2026, rules_of.NO_RULE),
    ],
)
def test_where_no_rule_is_held_the_row_says_so(country: str | None, year: int, note: str) -> None:
    found = told(registered=noon(year, 2, 2), jurisdiction=country)
    assert list(found) == ["none"]
    assert (found["none"]["state"], found["none"]["note"]) == ("unknown", note)


def test_signatures_start_a_clock_between_two_looks() -> None:
    looks = [(noon(2017, 1, day), count) for day, count in [(6, 11_000), (1, 10), (4, 9_000)]]
    found = told(signed=looks, jurisdiction="GB", published_at=noon(2016, 12, 1))
    response, debate = found["gb-response"], found["gb-debate"]
    assert (response["started_lo"], response["started_hi"]) == (noon(2017, 1, 4), noon(2017, 1, 6))
    assert (response["state"], response["due_lo"], response["is_late"]) == ("waiting", None, None)
    assert response["note"] == rules_of.NO_TIME
    assert (debate["started_lo"], debate["started_hi"], debate["state"]) == (None, None, "unknown")
    assert debate["note"] == rules_of.TOO_FEW


def test_the_number_itself_is_enough_and_one_less_is_not() -> None:
    opened: Any = {"jurisdiction": "GB", "published_at": noon(2016, 12, 1)}
    for number, state in [(10_000, "waiting"), (9_999, "unknown")]:
        found = told(signed=[(noon(2017, 1, 6), number)], **opened)["gb-response"]
        assert found["state"] == state


def test_numbers_that_fall_again_do_not_start_it_again() -> None:
    counts = [9_000, 11_000, 9_500, 12_000]
    looks = [(noon(2017, 1, day + 1), count) for day, count in enumerate(counts)]
    found = told(signed=looks, jurisdiction="GB")["gb-response"]
    assert (found["started_lo"], found["started_hi"]) == (noon(2017, 1, 1), noon(2017, 1, 2))


def test_enough_at_the_first_look_began_at_the_earliest_at_opening() -> None:
    looks = [(noon(2017, 1, 6), 20_000)]
    opened = told(signed=looks, jurisdiction="GB", published_at=noon(2016, 12, 1))["gb-response"]
    assert (opened["started_lo"], opened["started_hi"]) == (noon(2016, 12, 1), noon(2017, 1, 6))
    unknown = told(signed=looks, jurisdiction="GB")["gb-response"]
    assert (unknown["started_lo"], unknown["started_hi"]) == (None, noon(2017, 1, 6))


def test_a_number_that_nobody_dated_was_seen_by_the_end_of_what_was_looked_at() -> None:
    known: Any = {"jurisdiction": "GB", "published_at": noon(2016, 12, 1)}
    found = told(signed=[(None, 20_000)], outcome_known_until=noon(2017, 5, 1), **known)
    response = found["gb-response"]
    assert (response["started_lo"], response["started_hi"]) == (noon(2016, 12, 1), noon(2017, 5, 1))
    assert rules_of.NO_DAY in response["note"]
    closed = told(signed=[(None, 20_000)], closes_at=noon(2017, 2, 1), **known)["gb-response"]
    assert closed["started_hi"] == noon(2017, 2, 1)


def test_signatures_that_come_too_late_start_nothing() -> None:
    opened: Any = {"jurisdiction": "US", "published_at": noon(2013, 3, 1)}
    late = told(signed=[(noon(2013, 4, 2), 90_000), (noon(2013, 4, 3), 100_001)], **opened)
    assert (late["us-response"]["state"], late["us-response"]["started_hi"]) == ("unknown", None)
    assert late["us-response"]["note"] == rules_of.TOO_LATE
    just = told(signed=[(noon(2013, 3, 29), 90_000), (noon(2013, 4, 3), 100_001)], **opened)
    start = just["us-response"]["started_lo"], just["us-response"]["started_hi"]
    assert start == (noon(2013, 3, 29), noon(2013, 3, 31))  # thirty days after the first of March


def test_of_several_petitions_the_first_starts_it_and_their_numbers_are_not_added() -> None:
    looks = [(noon(2017, 1, 6), 6_000, "x:1"), (noon(2017, 1, 6), 6_000, "x:2")]
    assert told(signed=looks, jurisdiction="GB")["gb-response"]["started_hi"] is None
    looks += [(noon(2017, 1, 9), 12_000, "x:2"), (noon(2017, 1, 8), 12_000, "x:1")]
    found = told(signed=looks, jurisdiction="GB")["gb-response"]
    assert (found["started_lo"], found["started_hi"]) == (noon(2017, 1, 6), noon(2017, 1, 8))
    assert rules_of.SEVERAL in found["note"]


def test_without_a_number_nothing_is_known_to_run() -> None:
    found = told(jurisdiction="GB", published_at=noon(2017, 1, 1))["gb-response"]
    assert (found["state"], found["note"]) == ("unknown", rules_of.NO_COUNT)


def test_a_rule_of_one_register_is_not_for_another() -> None:
    opened: Any = {"jurisdiction": "GB", "published_at": noon(2017, 1, 1)}
    assert list(told(register="keepiton", **opened)) == ["none"]
    assert list(told(register="uk-petitions", **opened)) == ["gb-debate", "gb-response"]


@pytest.mark.parametrize(
    ("opened", "clock"),
    [
        ((2011, 10, 2), "us-response-2011"),
        ((2012, 6, 1), "us-response-2012"),
        ((2013, 1, 17), "us-response"),
        ((2022, 1, 1), "none"),
    ],
)
def test_the_number_is_that_of_the_time(opened: Day, clock: str) -> None:
    assert list(told(jurisdiction="US", published_at=noon(*opened))) == [clock]


# What became of it


@pytest.mark.parametrize(
    ("known", "state", "is_late"),
    [
        ((2026, 2, 22), "waiting", None),
        ((2026, 2, 23), "due", None),  # the day itself
        ((2026, 2, 25), "due", None),  # it may have been extended
        ((2026, 4, 2), "due", None),
        ((2026, 4, 3), "overdue", True),
    ],
)
def test_a_state_is_as_of_when_answers_were_looked_for(
    known: Day,
    state: str,
    is_late: bool | None,  # noqa: FBT001
) -> None:
    found = told(registered=noon(2026, 2, 2), outcome_known_until=noon(*known))["kz-answer"]
    assert (found["state"], found["is_late"], found["judged_at"]) == (state, is_late, noon(*known))


def test_it_is_never_judged_later_than_now() -> None:
    now = noon(2026, 2, 10)
    for until in (None, noon(2040, 1, 1)):
        found = told(registered=noon(2026, 2, 2), now=now, outcome_known_until=until)["kz-answer"]
        assert (found["state"], found["judged_at"]) == ("waiting", now)


def test_what_began_after_the_last_look_is_not_known() -> None:
    found = told(registered=noon(2026, 2, 2), outcome_known_until=noon(2026, 1, 1))["kz-answer"]
    assert found["state"] == "unknown"
    assert rules_of.NOT_YET in found["note"]


@pytest.mark.parametrize(
    ("lo", "hi", "is_late"),
    [
        ((2026, 2, 10), (2026, 2, 20), False),
        ((2026, 2, 20), (2026, 2, 28), None),  # late unless it was extended
        ((2026, 3, 1), (2026, 3, 2), None),
        ((2026, 4, 2), (2026, 4, 9), None),
        ((2026, 4, 3), (2026, 4, 30), True),
    ],
)
def test_lateness_of_an_interval(
    lo: Day,
    hi: Day,
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


def test_the_first_act_that_answers_or_refuses_decides() -> None:
    denied = act(noon(2026, 2, 5), verb_code="12", rung=-1)
    helped = act(noon(2026, 2, 9)) | {"response_id": "s"}
    found = told(helped, denied, registered=noon(2026, 2, 2))["kz-answer"]
    assert (found["state"], found["response_id"]) == ("refused", "r")


def test_an_answer_from_before_the_start_is_none() -> None:
    early = told(act(noon(2026, 1, 5), noon(2026, 1, 9)), registered=noon(2026, 2, 2))
    assert early["kz-answer"]["response_id"] is None
    assert rules_of.BEFORE in early["kz-answer"]["note"]
    perhaps = told(act(noon(2026, 1, 5), noon(2026, 2, 9)), registered=noon(2026, 2, 2))
    assert perhaps["kz-answer"]["response_id"] == "r"
    assert rules_of.NOT_SURELY_AFTER in perhaps["kz-answer"]["note"]


def test_what_is_owed_on_a_condition_is_neither_overdue_nor_answered_by_chance() -> None:
    found = told(act(noon(2026, 2, 9)), registered=noon(2026, 2, 2))["kz-forward"]
    assert (found["due_lo"], found["state"]) == (evening(2026, 2, 5), "unknown")
    assert found["response_id"] is None
    assert found["only_if"] == "it was sent to an authority that it does not concern"
    own = msgspec.structs.replace(PRESETS["kz-forward"], answered_by=("022",))
    passed = act(noon(2026, 2, 9), verb_code="0223")
    answered = told(passed, registered=noon(2026, 2, 2), own=(own,))["kz-forward"]
    assert (answered["state"], answered["is_late"]) == ("answered", True)


def test_only_whoever_owes_it_answers() -> None:
    looks = [(noon(2017, 1, 6), 200_000)]
    commons = act(noon(2017, 2, 1), verb_code="03", rung=2, actor_code="GBRLEG")
    found = told(commons, signed=looks, jurisdiction="GB")
    assert (found["gb-response"]["state"], found["gb-debate"]["state"]) == ("waiting", "waiting")
    debate = commons | {"verb_code": "04"}
    found = told(debate, signed=looks, jurisdiction="GB")
    assert (found["gb-response"]["state"], found["gb-debate"]["state"]) == ("waiting", "answered")
    government = act(noon(2017, 2, 1), actor_code="GBRGOV")
    found = told(government, signed=looks, jurisdiction="GB")
    assert (found["gb-response"]["state"], found["gb-debate"]["state"]) == ("answered", "waiting")
    uncoded = told(act(noon(2017, 2, 1)), signed=looks, jurisdiction="GB")
    assert uncoded["gb-response"]["state"] == "answered"


@given(frames(APPEALS), frames(RESPONSES))
@settings(max_examples=40)
def test_whatever_is_declared_has_its_rows(appeals: pl.DataFrame, responses: pl.DataFrame) -> None:
    known = appeals.unique("appeal_id").with_columns(jurisdiction=pl.lit("KZ"))
    acts = responses.unique("response_id")
    found = clocks(known, pl.DataFrame(schema=SIGNATURES), acts, now=NOW)
    assert set(found["appeal_id"]) == set(known["appeal_id"])
    assert found.unique(CLOCKS.key).height == found.height
    late = found.filter(pl.col("state") == "overdue")
    assert late.filter(pl.col("judged_at") <= pl.col("due_hi")).is_empty()
    assert found.filter(pl.col("started_hi").is_null(), pl.col("is_late").is_not_null()).is_empty()


# Rules


def test_an_own_rule_takes_the_place_of_a_preset() -> None:
    found = told(registered=noon(2026, 2, 2), own=(rule(days=1),))["kz-answer"]
    assert found["due_lo"] == found["due_hi"] == evening(2026, 2, 3)


@pytest.mark.parametrize("preset", presets(), ids=lambda rule: rule.clock)
def test_every_preset_is_a_rule_with_a_source_and_the_day_it_was_looked_up(preset: Rule) -> None:
    assert mistake(preset) is None
    assert preset.checked
    row = told(jurisdiction=preset.jurisdiction, published_at=noon(2014, 1, 1)
               if preset.jurisdiction == "US" else noon(2024, 1, 1))  # fmt: skip
    for told_row in row.values():
        assert "looked up on" in told_row["source"]


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({"source": " "}, "needs a name, what is owed, and a source"),
        ({"clock": "none"}, "choose another"),
        ({"jurisdiction": "Kazakhstan"}, "write an ISO 3166 code"),
        ({"jurisdiction": "XX"}, "whose days off are not known"),
        ({"subdivision": "ENG"}, "whose days off are not known"),
        ({"timezone": "+05:00"}, "write a name such as Asia/Almaty"),
        ({"starts": "signatures"}, "write how many"),
        ({"signatures": 5}, "remove them"),
        ({"within": 5}, "remove them"),
        ({"days": 0}, "from 1 to 3650"),
        ({"days": None, "longest": "2mo"}, "has no days"),
        ({"longest": "2 months"}, "60d, 8w, 2mo"),
        ({"since": date(2030, 1, 1), "until": date(2029, 1, 1)}, "in order"),
    ],
)
def test_mistakes_in_rules_are_named(changes: dict[str, Any], fact: str) -> None:
    assert fact in (mistake(msgspec.structs.replace(rule(), **changes)) or "")


def test_own_rules_and_days_off_are_read_from_the_settings(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s", appeal_id="a")
    post = {"appeal_id": "a", "post_id": "x:1", "platform": "x", "kind": "original"}
    store.append(POSTS, rows(POSTS, post | {"source": "test"}))
    told_by_user = """
[[appeals]]
id = "a"
jurisdiction = "KZ"
registered_at = 2026-02-02
outcome_known_until = 2026-02-20
[[clocks]]
clock = "city"
jurisdiction = "KZ"
timezone = "Asia/Almaty"
what = "an answer of the city"
starts = "registered"
days = 2
counted = "working"
since = 2026-02-02
source = "its charter"
[days_off]
KZ = [2026-02-03]
"""
    (store.path / "groundswell.toml").write_text(told_by_user)
    for now in (NOW, NOW + timedelta(days=9)):  # outcomes are known until February
        measure(Store(store.path), now=now)
    assert store.read("runs")["inputs"].n_unique() == 1
    found = {row["clock"]: row for row in store.read("clocks").to_dicts()}
    assert found["city"]["due_lo"] == evening(2026, 2, 5)
    assert found["kz-answer"]["due_lo"] == evening(2026, 2, 24)
    (store.path / "groundswell.toml").write_text(
        told_by_user.replace("02-03]", "02-04, 2026-02-05]")
    )
    assert not measure(Store(store.path), now=NOW).skipped
    assert store.read("runs")["inputs"].n_unique() == 2
    assert store.read("clocks").filter(clock="city")["due_lo"].item() == evening(2026, 2, 6)


def test_where_nobody_says_until_when_answers_were_looked_for_another_day_is_measured_anew(
    tmp_path: Path,
) -> None:
    store = Store.create(tmp_path / "s", appeal_id="a")
    early = {"appeal_id": "a", "actor": "city", "verb_code": "01"} | act(noon(2026, 1, 5))
    utc = {name: early[name].astimezone(UTC) for name in ("from", "to")}
    store.append(RESPONSES, rows(RESPONSES, early | utc))
    declared = '[[appeals]]\nid = "a"\njurisdiction = "KZ"\nregistered_at = 2026-02-02\n'
    (store.path / "groundswell.toml").write_text(declared)
    states = []
    for day in (20, 23, 23):
        measure(Store(store.path), now=noon(2026, 2, day))
        states.append(store.read("clocks").filter(clock="kz-answer")["state"].item())
    assert states == ["waiting", "due", "due"]
    assert store.read("runs")["inputs"].n_unique() == 2


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("days = 0", "clock 'c' has days = 0"),
        ("since = 2026-01-01T00:00:00Z", "Expected `date`, got `datetime`"),
        ("owed = 3", "unknown field `owed`"),
        ("[days_off]\nKazakhstan = [2026-01-01]", "write an ISO 3166 code such as KZ"),
    ],
)
def test_mistakes_in_the_settings_are_named(text: str, fact: str) -> None:
    entry = '[[clocks]]\nclock = "c"\njurisdiction = "KZ"\ntimezone = "Asia/Almaty"\nwhat = "w"\n'
    entry += 'starts = "registered"\nsource = "s"\n'
    assert decode(entry, place="t").clocks[0].clock == "c"
    with pytest.raises(SettingsError) as error:
        decode(text if text.startswith("[") else entry + text, place="t")
    assert fact in str(error.value)
    with pytest.raises(SettingsError, match="clock 'c' is written twice"):
        decode(entry + entry, place="t")


def test_no_appeal_has_no_clock() -> None:
    nobody = pl.DataFrame(schema=SIGNATURES)
    found = clocks(APPEALS.empty(), nobody, RESPONSES.empty(), now=NOW)
    assert found.equals(CLOCKS.empty())


# Real registers


def imported(folder: Path, file: Path, **how: Any) -> Store:  # noqa: ANN401 - as of import_files
    import_files(folder / "s", [file], **how)
    store = Store(folder / "s")
    measure(store, now=NOW)
    return store


def test_a_petition_of_parliament_from_its_file_to_the_table(shared: Path, tmp_path: Path) -> None:
    """The site says itself when the petition of 2016 reached both numbers."""
    store = imported(tmp_path, shared / "data/petitions_with_responses/uk_131215_api.json")
    found = {row["clock"]: row for row in store.read("clocks").to_dicts()}
    response = datetime(2016, 6, 24, 6, 54, 57, 319_000, tzinfo=UTC)
    debate = datetime(2016, 6, 24, 10, 48, 23, 281_000, tzinfo=UTC)
    opened = datetime(2016, 5, 25, 11, 19, 56, 925_000, tzinfo=UTC)
    assert {name: (row["started_lo"], row["started_hi"]) for name, row in found.items()} == {
        "gb-response": (opened, response),
        "gb-debate": (response, debate),
    }
    for row in found.values():
        assert (row["state"], row["due_hi"], row["is_late"]) == ("waiting", None, None)
        assert row["judged_at"] == datetime(2016, 6, 27, 0, 24, 58, 353_000, tzinfo=UTC)


def test_counts_that_were_polled_date_the_number(shared: Path, tmp_path: Path) -> None:
    file = shared / "data/petitions_with_responses/uk_wayback_tra_ehrc.csv"
    polled = pl.read_csv(file, try_parse_dates=True).sort("timestamp")
    told_by_file = [
        (time.replace(tzinfo=UTC), number)
        for time, number in polled.select("timestamp", "count").rows()
    ]
    enough = next(n for n, (_, number) in enumerate(told_by_file) if number >= 10_000)
    looks = told_by_file[enough - 1][0], told_by_file[enough][0]
    store = imported(tmp_path, file, appeal="tra", timezone="UTC")
    (store.path / "groundswell.toml").write_text('[[appeals]]\nid = "tra"\njurisdiction = "GB"\n')
    measure(Store(store.path), now=NOW)
    found = store.read("clocks").filter(clock="gb-response")
    assert found.select("started_lo", "started_hi", "state").rows() == [(*looks, "waiting")]


def test_the_petitions_to_the_white_house(shared: Path, tmp_path: Path) -> None:
    """Statuses and numbers are the register's own; the rules tell the same, but for three days."""
    file = shared / "data/petitions_with_responses/wtp_petitions.csv"
    store = imported(tmp_path, file)
    own = pl.read_csv(file, infer_schema_length=None).select(
        "status", "signatureCount", "signatureThreshold", appeal_id=pl.format("wtp-{}", "id")
    )
    found = (
        store.read("clocks").join(own, on="appeal_id").join(store.read("appeals"), on="appeal_id")
    )
    assert found.height == own.height == 945
    needs = pl.col("clock").replace_strict(
        {name: rule.signatures for name, rule in PRESETS.items()}
    )
    created = pl.col("published_at").dt.convert_time_zone("America/New_York").dt.date()
    other = found.filter(needs != pl.col("signatureThreshold"))
    days = {date(2011, 10, 3): 1, date(2013, 1, 14): 1, date(2013, 1, 15): 3}
    assert dict(other.group_by(created).len().rows()) == days
    assert {(status, state): count for status, state, count
            in found.group_by("status", "state").len().rows()} == {
        ("responded", "answered"): 94,
        ("responded", "waiting"): 1,  # answered before it was there
        ("pending response", "waiting"): 21,
        ("open", "unknown"): 36,
        ("closed", "unknown"): 792,
        ("closed", "waiting"): 1,  # created in the evening in which the number rose
    }  # fmt: skip
    (early,) = found.filter(status="responded", state="waiting").to_dicts()
    assert rules_of.BEFORE in early["note"]
    enough = pl.col("signatureCount") >= needs
    assert found.filter(enough).height == found["started_hi"].count() == 97
    below = own.filter(pl.col("signatureCount") < pl.col("signatureThreshold"), status="responded")
    assert found.filter(~enough, state="answered").height == below.height == 20
    assert found.filter(pl.col("started_hi") > pl.col("closes_at")).is_empty()
    assert found["due_hi"].count() == found["is_late"].count() == 0  # no time was promised
