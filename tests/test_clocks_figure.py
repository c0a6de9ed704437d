"""The strip of clocks draws what the table tells, and the sentences say no more than that."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_sentences import CAUSAL

from analytics import clocks as rules
from analytics.measured import CLOCK_STATES, CLOCKS
from dashboards.figures.clocks import clocks_figure, state_colour
from dashboards.sentences import NO_ADVICE, clock
from dashboards.theme import DARK, LIGHT

START = datetime(2026, 3, 2, 4, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def row(**told: Any) -> dict[str, Any]:  # noqa: ANN401 - cells of all types
    """Return a clock that started on 2 March and was looked at on 1 May."""
    known = {
        "appeal_id": "a", "clock": "kz-answer", "jurisdiction": "KZ", "what": "an answer",
        "basis": "registered", "timezone": "Asia/Almaty", "started_lo": START, "started_hi": START,
        "due_lo": day(25), "due_hi": day(63), "judged_at": day(60), "state": "due", "source": "s",
    }  # fmt: skip
    return dict.fromkeys(CLOCKS.columns) | known | told


def figure(*clocks: dict[str, Any]) -> Any:  # noqa: ANN401 - plotly is untyped
    return clocks_figure(CLOCKS.check(pl.DataFrame(list(clocks), schema=CLOCKS.schema)))


def drawn(*clocks: dict[str, Any]) -> list[tuple[str, list[datetime], float]]:
    return [(trace.name, list(trace.x), trace.y[0]) for trace in figure(*clocks).data]


NEVER = row(started_lo=None, started_hi=None, due_lo=None, due_hi=None, state="unknown",
            note=rules.NEVER_REGISTERED)  # fmt: skip
ANSWERED = {"response_id": "r", "answered_lo": day(20), "answered_hi": day(30)}


# The strip


def test_a_clock_runs_from_its_start_until_answers_were_looked_for() -> None:
    assert drawn(row()) == [("runs", [START, day(60)], 1), ("due", [day(25), day(63)], 1)]


def test_an_answer_ends_it_and_is_drawn_as_the_interval_that_it_is() -> None:
    found = drawn(row(state="answered", **ANSWERED))
    assert found[0] == ("runs", [START, day(30)], 1)
    assert found[-1] == ("answered", [day(20), day(30)], 1)


def test_a_start_between_two_looks_is_pale() -> None:
    found = figure(row(started_hi=day(3), due_lo=None, due_hi=None, state="waiting"))
    pale, runs = found.data
    assert (list(pale.x), list(runs.x)) == ([START, day(3)], [day(3), day(60)])
    assert pale.opacity < runs.opacity


def test_what_never_started_is_named_and_not_drawn() -> None:
    assert drawn(NEVER, row()) == drawn(row())  # and the other keeps the lowest lane
    assert any("no clock is known to run" in note.text for note in figure(NEVER).layout.annotations)


def test_days_are_those_of_the_country() -> None:
    """Midnight in New York is the next day in UTC."""
    end = datetime(2026, 3, 10, 3, 59, 59, tzinfo=UTC)
    late = row(timezone="America/New_York", due_lo=end, due_hi=end, state="overdue", is_late=True)
    texts = [note.text for note in figure(late).layout.annotations]
    assert "due 9 March 2026" in texts
    assert "9 March 2026" in clock(late)


def test_no_clocks_make_an_empty_strip() -> None:
    assert drawn() == []


def test_every_state_has_a_colour() -> None:
    for look in (LIGHT, DARK):
        assert all(state_colour(state, look).startswith("#") for state in CLOCK_STATES)


# The sentences


OWED = "27 March 2026, or at the latest by 4 May 2026"
CAME, BEGUN = "between 22 March 2026 and 1 April 2026", "between 2 March 2026 and 4 March 2026"
LATE = "By 14 May 2026 none is on record, 10 days after that"
UNTOLD, NONE = "and the days do not tell whether it was late", "By 1 May 2026 none is on record"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, f"An answer: it is owed by {OWED}. {NONE}."),
        (
            {"state": "overdue", "judged_at": day(73.5), "is_late": True},
            f"An answer: it was owed by {OWED}. {LATE}.",
        ),
        (
            {"state": "answered", **ANSWERED},
            f"An answer: it came {CAME}; it was owed by {OWED}, {UNTOLD}.",
        ),
        (
            {"state": "refused", "is_late": False, **ANSWERED | {"answered_hi": day(20)}},
            f"An answer: it was refused on 22 March 2026; in time: it was owed by {OWED}.",
        ),
        (
            {"state": "answered", "is_late": True, **ANSWERED, "due_lo": day(5), "due_hi": day(5)},
            f"An answer: it came {CAME}; late: it was owed by 7 March 2026.",
        ),
        (
            {"state": "waiting", "due_lo": None, "due_hi": None, "started_hi": day(2)},
            f"An answer: it is owed; the clock started {BEGUN}, and no day is promised. {NONE}.",
        ),
        (
            {"state": "unknown", "only_if": "it rained"},
            f"If it rained, an answer is owed by {OWED}; the records do not tell.",
        ),
    ],
)
def test_a_sentence_for_each_state(told: dict[str, Any], words: str) -> None:
    assert clock(row(**told)) == words


@pytest.mark.parametrize(
    ("note", "to_do"),
    [
        (rules.NEVER_REGISTERED, "register the appeal with an authority"),
        (rules.NO_COUNT, "Import how many had signed when"),
        (rules.NO_RULE, "[[clocks]]"),
        (rules.NO_COUNTRY, "Write its jurisdiction"),
    ],
)
def test_where_no_clock_runs_the_sentence_says_why_and_what_to_do(note: str, to_do: str) -> None:
    said = clock(NEVER | {"note": note})
    assert note.lower() in said.lower()
    assert to_do in said


times = st.none() | st.integers(0, 90).map(day)


@given(st.fixed_dictionaries({
    "state": st.sampled_from(CLOCK_STATES), "only_if": st.none() | st.just("it rained"),
    "started": times, "due": times, "is_late": st.none() | st.booleans(),
    "note": st.none() | st.just(rules.NO_TIME),
}))  # fmt: skip
def test_any_row_can_be_said_and_drawn(drawn_row: dict[str, Any]) -> None:
    told = {name: drawn_row[name] for name in ("state", "only_if", "is_late", "note")}
    for name in ("started", "due"):
        told |= dict.fromkeys([f"{name}_lo", f"{name}_hi"], drawn_row[name])
    if drawn_row["started"] is None and drawn_row["state"] in {"waiting", "due", "overdue"}:
        told["state"] = "unknown"  # no such row is measured
    if drawn_row["due"] is None and told["state"] in {"due", "overdue"}:
        told["state"] = "waiting"
    if told["state"] in {"answered", "refused"}:
        told |= ANSWERED
    said = clock(row(**told))
    assert not CAUSAL.search(said)
    assert not re.search("None|nan", said)
    assert said.endswith((".", "tell."))
    figure(row(**told))


def test_it_is_said_that_this_is_no_legal_advice() -> None:
    assert "no legal advice" in NO_ADVICE
