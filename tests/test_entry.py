"""The page Responses: what it says of tables, and what it does to the ledger."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_pages import words
from strategies import at, rows

from analytics.ledger import checked, history
from analytics.measured import SURVIVAL
from analytics.store import Store
from analytics.tables import RESPONSES
from dashboards import guard
from dashboards.pages import entry, responses
from dashboards.view import View

ALMATY = timezone(timedelta(hours=6))
GOOD = {"from": "2016-08-29", "actor": "police", "verb_code": "173", "target": "accused"}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("GROUNDSWELL_KEYS", str(tmp_path / "keys"))
    return Store.create(tmp_path / "store", appeal_id="a")


def do(store: Store, act: str, hours: int, cells: dict[str, str] | None = None, *,
       cell: dict[str, str] | None = None, who: str = "AB") -> entry.Answer:  # fmt: skip
    return entry.change(
        store, act, dict(cells or {}), cell or {}, appeal_id="a", who=who, at=at(hours)
    )


def test_a_response_is_entered_corrected_and_undone_with_a_trace(store: Store) -> None:
    said, mistakes, changed = do(store, "add", 1, GOOD)
    assert (mistakes, changed) == ({}, True)
    only = entry.ledger_rows(store, "a")[0]
    assert (only["from"], only["to"], only["coder"]) == ("2016-08-29", "", "AB")
    cell = {"rowId": only["response_id"], "colId": "target", "value": "appellant"}
    assert do(store, "edit", 2, cell=cell, who="CD")[2]
    assert entry.ledger_rows(store, "a")[0]["rung"].startswith("−3")
    assert do(store, "undo", 3)[2]
    assert entry.ledger_rows(store, "a")[0]["rung"].startswith("+4")
    trail = history(store).filter(field="target").select("who", "act", "was", "now").rows()
    assert trail == [
        ("AB", "undo", "appellant", "accused"),
        ("CD", "edit", "accused", "appellant"),
        ("AB", "add", None, "accused"),
    ]
    assert only["response_id"] in said


def test_everything_can_be_undone_and_then_nothing(store: Store) -> None:
    do(store, "add", 1, GOOD)
    do(store, "add", 2, GOOD | {"actor": "court"})
    assert do(store, "undo", 3)[2]
    assert [row["actor"] for row in entry.ledger_rows(store, "a")] == ["police"]
    assert do(store, "undo", 4)[2]
    assert entry.ledger_rows(store, "a") == []
    assert do(store, "undo", 5) == (entry.NOTHING, {}, False)


def test_one_field_changed_twice_goes_back_step_by_step(store: Store) -> None:
    do(store, "add", 1, GOOD)
    cell = {"rowId": entry.ledger_rows(store, "a")[0]["response_id"], "colId": "target"}
    do(store, "edit", 2, cell=cell | {"value": "public"})
    do(store, "edit", 3, cell=cell | {"value": "supporters"})
    seen = []
    for hours in (4, 5):
        assert do(store, "undo", hours)[2]
        seen.append(entry.ledger_rows(store, "a")[0]["target"])
    assert seen == ["public", "accused"]


def test_what_is_wrong_is_told_at_its_field_and_changes_nothing(store: Store) -> None:
    said, mistakes, changed = do(store, "add", 1, GOOD | {"verb_code": "9", "from": "soon"})
    assert set(mistakes) == {"verb_code", "from"}
    assert not changed
    assert "'9' is no CAMEO code" in said
    assert entry.ledger_rows(store, "a") == []


def test_a_wrong_cell_is_marked_with_the_reason(store: Store) -> None:
    do(store, "add", 1, GOOD)
    held = entry.ledger_rows(store, "a")
    cell = {"rowId": held[0]["response_id"], "colId": "confidence", "value": "7"}
    said, mistakes, changed = do(store, "edit", 2, cell=cell)
    assert not changed
    assert "between 0 and 1" in entry.marked(held, cell, mistakes, said)[0]["wrong"]["confidence"]
    assert "wrong" in held[0]
    assert held[0]["wrong"] == {}


@pytest.mark.parametrize("who", ["", "  "])
def test_nobody_changes_anything_unsigned(store: Store, who: str) -> None:
    assert do(store, "add", 1, GOOD, who=who) == (entry.NO_NAME, {}, False)
    assert store.read("responses").is_empty()


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - zone added below
    st.sampled_from(["%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    st.sampled_from([UTC, ALMATY]),
)
def test_dates_are_shown_as_they_were_written(time: datetime, pattern: str, zone: timezone) -> None:
    text = time.strftime(pattern)
    told, _ = checked({"from": text}, zone)
    shown, until = entry.written(told["from"], told["to"], zone)
    assert shown.startswith(text)
    assert until == ""
    again, _ = checked({"from": shown}, zone)
    assert (again["from"], again["to"]) == (told["from"], told["to"])


def test_an_interval_is_written_with_both_its_ends() -> None:
    told, _ = checked({"from": "2016-08-11", "to": "2016-08-20"}, ALMATY)
    assert entry.written(told["from"], told["to"], ALMATY) == ("2016-08-11", "2016-08-20")


def test_a_date_is_read_back_in_words() -> None:
    assert entry.meaning("2016-02", "", UTC) == (
        "Read as some time from 2016-02-01 00:00 to 2016-02-29 23:59 UTC."
    )
    assert entry.meaning("2016-02-30", "", UTC) == ""


def test_branches_are_told_apart_and_never_netted() -> None:
    acts = rows(
        RESPONSES,
        {"response_id": "p", "rung": 4, "actor": "police", "verb_code": "173", "to": at(2)},
        {"response_id": "o", "rung": 4, "actor": "late", "verb_code": "173", "to": at(9)},
        {"response_id": "b", "rung": 1, "actor": "office", "verb_code": "02", "to": at(2)},
        {"response_id": "d", "rung": -1, "actor": "office", "verb_code": "12", "to": at(2)},
        {"response_id": "c", "rung": -3, "actor": "court", "verb_code": "173", "to": at(2)},
        {"response_id": "n", "rung": None, "actor": "nobody", "verb_code": "01", "to": at(2)},
        **{"appeal_id": "a", "from": at(1)},
    )
    assert responses.reached(acts, 1)["response_id"] == "p"  # type: ignore[index]
    assert responses.reached(acts, -1)["response_id"] == "c"  # type: ignore[index]
    assert "rung −3" in responses.ladder_sentence(acts, -1)
    assert responses.ladder_sentence(acts.filter(rung=4), -1) == "No act of harm is on record."


OWN = {"host": "127.0.0.1:8050", "origin": "http://127.0.0.1:8050"}


@pytest.mark.parametrize(
    ("headers", "remote", "given", "why"),
    [
        (OWN, "127.0.0.1", "k", None),
        ({"Host": "localhost:8050"}, "::1", "k", None),
        (OWN, "127.0.0.1", "other", guard.NOT_OURS),
        (OWN, "127.0.0.1", None, guard.NOT_OURS),
        (OWN | {"origin": "https://evil.example"}, "127.0.0.1", "k", guard.NOT_OURS),
        (OWN | {"origin": "null"}, "127.0.0.1", "k", guard.NOT_OURS),
        (OWN | {"origin": "http://127.0.0.1:9999"}, "127.0.0.1", "k", guard.NOT_OURS),
        ({"host": "evil.example", "origin": "http://evil.example"}, "127.0.0.1", "k",
         guard.NOT_HERE),
        ({"host": "127.0.0.1.evil.example"}, "127.0.0.1", "k", guard.NOT_HERE),
        (OWN, "192.0.2.7", "k", guard.NOT_HERE),
        (OWN, None, "k", guard.NOT_HERE),
        ({}, "127.0.0.1", "k", guard.NOT_HERE),
    ],
)  # fmt: skip
def test_only_this_machine_in_a_page_of_ours_may_write(
    headers: dict[str, str], remote: str | None, given: str | None, why: str | None
) -> None:
    assert guard.refusal(headers, remote, given=given, key="k") == why


def test_a_curve_of_waiting_comes_with_how_the_appeals_were_chosen(store: Store) -> None:
    store.declare_appeals()
    assert "10 appeals or more" in words(responses.layout(store, View("a")))
    step = {"ending": "rung_1", "method": "kaplan_meier", "at_risk": 12, "ended": 3, "censored": 0}
    told = rows(
        SURVIVAL,
        step | {"day": 0.0, "from_day": 0.0, "waiting": 1.0},
        step | {"day": 9.0, "from_day": 9.0, "waiting": 0.75, "waiting_lo": 0.4, "waiting_hi": 0.9},
        selection="found_by_outcome",
    )
    store.write(SURVIVAL, told)
    said = words(responses.layout(store, View("a")))
    assert "found because of what became of them" in said
    assert "Until rung +1 or above: acknowledges" in said
    assert "10 appeals or more" not in said
