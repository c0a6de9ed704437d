"""The ledger of responses: what may be entered, who changed it, and what was there before."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import at, rows

from analytics import ledger
from analytics.citing import cite
from analytics.codes import code_list, codes, wrong_actor
from analytics.coding import CODED
from analytics.errors import LedgerError
from analytics.ledger import CLOSED, FIELDS, as_cells, checked
from analytics.responses import ladder
from analytics.sheets import appeals_csv, coding_sheet, responses_csv
from analytics.store import Store
from analytics.tables import APPEALS, LEVELS, RESPONSE_SOURCES, RESPONSES, TARGETS
from collectors.authorities import import_responses
from collectors.exports.formats import Part
from collectors.exports.losses import Losses
from collectors.writing import Writing

CELLS = {"from": "2026-03", "actor": "Police", "verb_code": "09", "target": "accused"}
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "s", appeal_id="a")


def added(store: Store, **more: str) -> str:
    response_id, mistakes = ledger.added(store, CELLS | more, appeal_id="a", who="Ann", at=NOON)
    assert not mistakes
    assert response_id
    return response_id


def later(hours: int) -> datetime:
    return NOON + timedelta(hours=hours)


# What may be entered


@pytest.mark.parametrize(
    ("cells", "field", "words"),
    [
        ({"from": ""}, "from", "is missing"),
        ({"from": "May"}, "from", "'May' is no date; write 2016-08"),
        ({"from": "2026-02-30"}, "from", "is no date"),
        ({"to": "2025"}, "to", "ends before it begins"),
        ({"actor": " "}, "actor", "is missing"),
        ({"verb_code": "9"}, "verb_code", "'9' is no CAMEO code such as 09 or 173"),
        ({"verb_code": "21"}, "verb_code", "is no CAMEO code"),
        ({"target": "mother"}, "target", "is none of appellant, supporters"),
        ({"level": "city"}, "level", "is none of local, regional, national"),
        ({"actor_code": "police"}, "actor_code", "is no CAMEO actor such as KAZCOP"),
        ({"actor_code": "KAZXYZ"}, "actor_code", "'XYZ' is no CAMEO role"),
        ({"huridocs_type": "7"}, "huridocs_type", "is no code of docs/codebook.md, such as 01"),
        ({"impact": "good"}, "impact", "is no code of docs/codebook.md"),
        ({"status": "open"}, "status", "is no code of docs/codebook.md"),
        ({"actor_kind": "akimat"}, "actor_kind", "such as court (court)"),
        ({"confidence": "1.5"}, "confidence", "is not between 0 and 1"),
        ({"summary": "Полиция".encode().decode("cp1251")}, "summary", "holds letters that were"),
        ({"actor": "Әкімдік".encode().decode("latin-1")}, "actor", "holds letters that were lost"),
        ({"actor_code": "XYZCOP"}, "actor_code", "'XYZ' is no country's code such as KAZ"),
        ({"actor_code": "KAZLEGGOV"}, "actor_code", "'GOV' is a primary role and comes first"),
        ({"sources": "a|http://"}, "sources", "'http://' is no address"),
        ({"summary": "Pol\N{REPLACEMENT CHARACTER}ce"}, "summary", "save the text as UTF-8"),
    ],
)
def test_a_mistake_is_told_at_its_field(cells: dict[str, str], field: str, words: str) -> None:
    values, mistakes = checked(CELLS | cells)
    assert list(mistakes) == [field]
    assert words in mistakes[field]
    assert field not in values


def test_all_mistakes_are_told_at_once() -> None:
    assert set(checked({"level": "x", "confidence": "y"})[1]) == {
        "from", "actor", "verb_code", "level", "confidence",
    }  # fmt: skip


def test_a_month_is_an_interval_in_the_zone_of_the_store(store: Store) -> None:
    toml = store.path / "groundswell.toml"
    toml.write_text(toml.read_text().replace('timezone = "UTC"', 'timezone = "Asia/Almaty"'))
    opened = Store(store.path)
    added(opened)
    (row,) = opened.read("responses").to_dicts()
    assert row["from"] == datetime(2026, 2, 28, 19, tzinfo=UTC)
    assert row["to"] == datetime(2026, 3, 31, 19, tzinfo=UTC) - timedelta(microseconds=1)
    assert row["rung"] == 3


CODES = {field: st.sampled_from(["", *codes(field)]) for field in CLOSED}


@given(
    st.fixed_dictionaries(
        {
            "from": st.sampled_from(["2026", "2026-03", "2026-03-09", "2026-03-09T10:00Z"]),
            "actor": st.sampled_from(["Police", "Прокуратура", "Әкімдік"]),
            "verb_code": st.sampled_from(["01", "09", "173", "1721"]),
            "target": st.sampled_from(["", *TARGETS]),
            "level": st.sampled_from(["", *LEVELS]),
            "sources": st.sampled_from(["", "a", "https://a.example|b"]),
            "confidence": st.sampled_from(["", "0", "0.5"]),
            **CODES,
        }
    )
)
def test_what_is_written_out_is_read_back(cells: dict[str, str]) -> None:
    values, mistakes = checked(cells)
    assert not mistakes
    again, none = checked(as_cells(values))
    assert (again, none) == (values, {})


# Changes and their trail


def test_every_change_is_signed_and_says_what_was_there(store: Store) -> None:
    name = added(store)
    assert not ledger.edited(store, name, {"target": "appellant"}, who="Bea", at=later(1))
    (change,) = ledger.history(store).filter(act="edit").to_dicts()
    assert (change["who"], change["field"]) == ("Bea", "target")
    assert (change["was"], change["now"]) == ("accused", "appellant")
    assert store.read("responses")["rung"].to_list() == [-3]


@pytest.mark.parametrize("who", ["", " "])
def test_nobody_changes_the_ledger(store: Store, who: str) -> None:
    with pytest.raises(LedgerError, match="say who does this"):
        ledger.added(store, CELLS, appeal_id="a", who=who, at=NOON)
    assert store.read("responses").is_empty()


def test_a_mistake_changes_nothing(store: Store) -> None:
    name = added(store)
    before = store.read("responses"), store.read("edits")
    assert ledger.edited(store, name, {"verb_code": "x"}, who="Bea", at=later(1))
    assert_frame_equal(store.read("responses"), before[0])
    assert_frame_equal(store.read("edits"), before[1])


def test_another_date_is_as_wide_as_it_is_written(store: Store) -> None:
    name = added(store)
    ledger.edited(store, name, {"from": "2026-03-09"}, who="Bea", at=later(1))
    (row,) = store.read("responses").to_dicts()
    assert row["to"] - row["from"] == timedelta(days=1, microseconds=-1)


def test_an_act_that_is_on_record_is_not_added_twice(store: Store) -> None:
    added(store)
    with pytest.raises(LedgerError, match="is on record already; edit it"):
        ledger.added(store, CELLS, appeal_id="a", who="Ann", at=NOON)


def test_changing_what_is_not_there_names_the_way_out(store: Store) -> None:
    with pytest.raises(LedgerError, match="there is no response x; `groundswell respond"):
        ledger.edited(store, "x", {}, who="Ann", at=NOON)


def newest(store: Store) -> str:
    return str(ledger.history(store)["edit_id"][0])


@pytest.mark.parametrize(
    "cells", [{"summary": "It reopened."}, {"from": "2026-04"}, {"target": ""}]
)
def test_undoing_an_edit_puts_back_what_was_there(store: Store, cells: dict[str, str]) -> None:
    name = added(store)
    before = store.read("responses")
    ledger.edited(store, name, cells, who="Bea", at=later(1))
    assert not store.read("responses").equals(before)
    assert ledger.undone(store, newest(store), who="Cem", at=later(2)) == name
    assert_frame_equal(store.read("responses"), before)
    assert ledger.history(store)["act"][0] == "undo"


def test_a_change_is_undone_once(store: Store) -> None:
    name = added(store)
    ledger.edited(store, name, {"summary": "One."}, who="Bea", at=later(1))
    first = newest(store)
    ledger.undone(store, first, who="Bea", at=later(2))
    with pytest.raises(LedgerError, match=f"change {first} is undone already"):
        ledger.undone(store, first, who="Bea", at=later(3))


def test_changes_are_undone_one_after_another(store: Store) -> None:
    name = added(store)
    states = [store.read("responses")]
    for hour, words in enumerate(("One.", "Two."), 1):
        ledger.edited(store, name, {"summary": words}, who="Bea", at=later(hour))
        states.append(store.read("responses"))
    for hour, state in enumerate(reversed(states[:-1]), 3):
        acts = ledger.in_force(ledger.history(store)).filter(pl.col("act") != "undo")
        ledger.undone(store, acts["edit_id"][0], who="Cem", at=later(hour))
        assert_frame_equal(store.read("responses"), state)
    assert set(ledger.in_force(ledger.history(store))["act"]) == {"add", "undo"}


def test_undoing_can_be_undone(store: Store) -> None:
    name = added(store)
    ledger.edited(store, name, {"summary": "It reopened."}, who="Bea", at=later(1))
    after = store.read("responses")
    change = newest(store)
    ledger.undone(store, change, who="Cem", at=later(2))
    ledger.undone(store, newest(store), who="Cem", at=later(3))
    assert_frame_equal(store.read("responses"), after)
    assert change in set(ledger.in_force(ledger.history(store))["edit_id"])
    ledger.undone(store, change, who="Cem", at=later(4))  # and so it can be undone again
    assert store.read("responses")["summary"].to_list() == [None]


def test_undoing_an_addition_removes_and_undoing_that_brings_back(store: Store) -> None:
    added(store, summary="Reopened", sources="a|b", confidence="0.5")
    before = store.read("responses")
    ledger.undone(store, newest(store), who="Cem", at=later(1))
    assert store.read("responses").is_empty()
    ledger.undone(store, newest(store), who="Cem", at=later(2))
    assert_frame_equal(store.read("responses"), before)


def test_what_was_removed_stays_in_the_trail(store: Store) -> None:
    name = added(store)
    other = added(store, verb_code="173")
    ledger.removed(store, name, who="Bea", at=later(1))
    assert store.read("responses")["response_id"].to_list() == [other]
    gone = ledger.history(store, name).filter(act="remove")
    assert dict(gone.select("field", "was").iter_rows())["actor"] == "Police"


def test_a_change_with_a_later_one_of_the_same_is_undone_after_it(store: Store) -> None:
    name = added(store)
    ledger.edited(store, name, {"summary": "One."}, who="Bea", at=later(1))
    first = newest(store)
    ledger.edited(store, name, {"summary": "Two."}, who="Bea", at=later(2))
    with pytest.raises(LedgerError, match=f"change {newest(store)} came later"):
        ledger.undone(store, first, who="Bea", at=later(3))


def test_an_import_is_in_the_trail_and_the_same_file_again_is_not(
    store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "acts.csv"
    path.write_text("response_id,from,actor,verb_code\nr,2026,Police,09\n")
    import_responses(store, path, who="Ann", at=NOON)
    import_responses(store, path, who="Ann", at=later(1))
    assert set(ledger.history(store)["act"]) == {"import"}
    path.write_text("response_id,from,actor,verb_code\nr,2026,Police,12\n")
    import_responses(store, path, who="Bea", at=later(2))
    changed = ledger.history(store).row(0, named=True)
    assert (changed["who"], changed["was"], changed["now"]) == ("Bea", "09", "12")


def test_one_id_for_two_acts_is_refused_at_its_row(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "acts.csv"
    path.write_text("response_id,from,actor,verb_code\nr,2026,Police,09\nr,2026,Court,116\n")
    losses = import_responses(store, path)
    assert store.read("responses")["actor"].to_list() == ["Police"]
    (row,) = losses.filter(outcome="dropped").to_dicts()
    assert row["reason"] == "has the response_id of row 2; give each act its own"
    assert row["example"] == "acts.csv, row 3"


def test_a_response_before_its_appeal_is_kept_and_told(store: Store, tmp_path: Path) -> None:
    toml = store.path / "groundswell.toml"
    toml.write_text(toml.read_text().replace('id = "a"', 'id = "a"\npublished_at = 2026-05-01'))
    path = tmp_path / "acts.csv"
    path.write_text(
        "from,to,actor,verb_code\n2026-04,,Police,09\n2026-05,,Court,116\n"
        "2026-04,2026-05,Police,12\n"
    )  # the last: perhaps after it
    losses = import_responses(Store(store.path), path)
    told = losses.filter(outcome="unknown")
    assert told["reason"].to_list() == ["a response earlier than its appeal: kept as told"]
    assert told["count"].to_list() == [1]


def brought(store: Store, **more: str | int) -> Losses:
    """Write a response as the file of a register brings it; return what became of it."""
    act: dict[str, Any] = {"response_id": "w", "appeal_id": "a", "from": at(0), "to": at(1),
                           "actor": "Police", "verb_code": "09", "sources": []}  # fmt: skip
    losses = Losses()
    part = Part(RESPONSES, rows(RESPONSES, act | more), "responses")
    Writing(store, "a", losses).write("register", [part])
    return losses


def test_a_file_that_comes_again_overwrites_with_a_trail(store: Store) -> None:
    brought(store)
    assert store.read("edits").is_empty()  # nothing was there before
    brought(store, rung=3)  # the ladder's place is no change
    assert store.read("edits").is_empty()
    brought(store, verb_code="12")
    (told,) = ledger.history(store).to_dicts()
    assert (told["act"], told["who"]) == ("import", "register")
    assert (told["was"], told["now"]) == ("09", "12")
    assert store.read("responses").select("verb_code", "rung").rows() == [("12", -1)]


def test_what_a_person_changed_no_file_changes_back(store: Store) -> None:
    brought(store)
    ledger.edited(store, "w", {"verb_code": "173"}, who="Ann", at=NOON)
    losses = brought(store)
    assert store.read("responses")["verb_code"].to_list() == ["173"]
    assert losses.count("unknown", "responses") == 1


# Sheets


def test_the_ledger_goes_out_and_comes_back_the_same(store: Store, tmp_path: Path) -> None:
    added(store, summary="A, “quoted”\nline", sources="a|b", impact="06", status="07")
    added(store, verb_code="173", actor_kind="police", actor_code="KAZCOP", level="regional")
    before = store.read("responses").sort("response_id")
    responses_csv(before, store.read("response_sources")).write_csv(tmp_path / "out.csv")
    other = Store.create(tmp_path / "other", appeal_id="a")
    import_responses(other, tmp_path / "out.csv")
    assert_frame_equal(other.read("responses").sort("response_id"), before)


def test_a_second_coder_sees_no_codes() -> None:
    act = {"response_id": "r", "appeal_id": "a", "from": at(0), "to": at(1), "actor": "Police",
           "verb_code": "173", "target": "accused", "impact": "06", "coder": "Ann"}  # fmt: skip
    sheet = coding_sheet(rows(RESPONSES, act))
    assert set(CODED) <= set(sheet.columns)
    assert sheet.select(CODED).row(0) == ("",) * len(CODED)
    assert sheet["coder"].to_list() == [""]
    assert not {"rung", "confidence", "actor_code"} & set(sheet.columns)


def test_an_appeal_a_row_with_opened_deadline_and_closed() -> None:
    appeal = {"appeal_id": "a", "simulated": False, "registered_at": at(0), "published_at": at(3)}
    none = {"appeal_id": "b", "simulated": False, "published_at": at(5)}
    act: dict[str, Any] = {"appeal_id": "a", "actor": "Police", "verb_code": "09"}
    acts = rows(
        RESPONSES,
        act | {"response_id": "1", "from": at(1), "to": at(2), "rung": 1, "summary": "Noted"},
        act | {"response_id": "2", "from": at(3), "to": at(4), "rung": 3, "summary": "Reopened"},
        act | {"response_id": "4", "from": at(7), "to": at(7), "rung": 2, "summary": "Met"},
        act | {"response_id": "3", "from": at(5), "to": at(6), "rung": -3},
    )
    due = pl.DataFrame({"appeal_id": ["a"], "due_lo": [at(9)], "state": ["answered"]})
    first, second = appeals_csv(rows(APPEALS, appeal, none), due, acts).to_dicts()
    assert (first["opened"], first["deadline"]) == (at(0).isoformat(), at(9).isoformat())
    assert (first["closed"], first["outcome"]) == (at(4).isoformat(), "3")
    assert (first["how"], first["harm"], first["states"]) == ("Reopened", "-3", "answered")
    assert (second["opened"], second["closed"], second["outcome"]) == (at(5).isoformat(), "", "")


# Sources


def looks(store: Store) -> list[tuple[Any, ...]]:
    told = store.read("response_sources").sort("source", "retrieved_at")
    return told.select("source", "retrieved_at", "sha256").rows()


HASH = "ab" * 32


def test_each_source_has_its_time_and_hash_and_all_goes_out_and_back(
    store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "acts.csv"
    path.write_text(
        "response_id,from,actor,verb_code,sources,retrieved_at,sha256\n"
        f"r,2026,Police,09,a|b,2026-05-01|,{HASH.upper()}|\n"
    )
    import_responses(store, path)
    assert looks(store) == [("a", datetime(2026, 5, 1, tzinfo=UTC), HASH)]
    store.append(
        RESPONSE_SOURCES,
        rows(
            RESPONSE_SOURCES,
            {"response_id": "r", "source": "a", "retrieved_at": datetime(2026, 4, 1, tzinfo=UTC)},
        ),
    )
    responses_csv(store.read("responses"), store.read("response_sources")).write_csv(path)
    other = Store.create(tmp_path / "other", appeal_id="a")
    import_responses(other, path)
    assert looks(other) == looks(store)[1:]  # the last look


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("a|b,2026|2026|2026,", "retrieved_at tells of 3 sources, and there are 2"),
        ("a,2026," + HASH[:-1], "sha256 'abababababababababab' is no SHA-256"),
        ("a,soon,", "retrieved_at 'soon' is no date"),
        ("a,," + HASH, "sha256 has no retrieved_at; say when the source was looked at"),
    ],
)
def test_a_look_that_cannot_be_is_refused_with_its_row(
    store: Store, tmp_path: Path, cells: str, words: str
) -> None:
    path = tmp_path / "acts.csv"
    path.write_text(
        "from,actor,verb_code,sources,retrieved_at,sha256\n"
        f"2026,Police,09,{cells}\n2026,Court,116,,,\n"
    )
    losses = import_responses(store, path)
    assert words in losses.filter(outcome="dropped")["reason"].item()
    assert store.read("responses")["actor"].to_list() == ["Court"]
    assert looks(store) == []


def test_one_time_is_that_of_all_sources(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "acts.csv"
    path.write_text("from,actor,verb_code,sources,retrieved_at\n2026,Police,09,a|b,2026-05-01\n")
    import_responses(store, path)
    assert [row[0] for row in looks(store)] == ["a", "b"]


def test_a_source_is_hashed_and_every_look_is_kept(store: Store) -> None:
    name = added(store, sources="https://a.example/x|b")
    assert cite(store, name, "b", at=NOON) is None
    sha256 = cite(store, name, "b", at=later(1), seen=b"abc")  # FIPS 180-2, example 1
    assert sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert looks(store) == [("b", NOON, None), ("b", later(1), sha256)]
    with pytest.raises(LedgerError, match="has no source 'c'"):
        cite(store, name, "c", at=NOON)


def test_private_accounts_in_sources_are_in_no_table(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "acts.csv"
    path.write_text(
        "response_id,from,actor,verb_code,sources,retrieved_at\n"
        "r,2026,Police,09,https://x.com/somebody/status/1,2026-05-01\n"
    )
    import_responses(store, path)
    cite(store, "r", "https://x.com/somebody/status/1", at=NOON)
    for table in ("responses", "edits", "response_sources"):
        assert not store.read(table).is_empty()
        assert "somebody" not in str(store.read(table).to_dicts())
    before = store.read("edits").height
    import_responses(store, path)  # the same again is no change
    assert store.read("edits").height == before


# The trail as a whole


EDITS_OF = st.fixed_dictionaries(
    {},
    optional={
        "summary": st.sampled_from(["", "One.", "Two."]),
        "target": st.sampled_from(["", "accused", "appellant"]),
        "from": st.sampled_from(["2026", "2026-05", "2026-05-06T07:08Z"]),
        "sources": st.sampled_from(["", "a", "a|b"]),
        "confidence": st.sampled_from(["", "0.25"]),
    },
)


@settings(max_examples=8, deadline=None)
@given(st.lists(EDITS_OF, min_size=1, max_size=4))
def test_the_trail_leads_back_to_every_state_there_was(changes: list[dict[str, str]]) -> None:
    with TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "s", appeal_id="a")
        name = added(store)
        states = [as_cells(ledger.held_response(store, name))]
        for hour, cells in enumerate(changes, 1):
            assert not ledger.edited(store, name, cells, who="Bea", at=later(hour))
            states.append(as_cells(ledger.held_response(store, name)))
        edits = ledger.history(store, name).filter(act="edit")
    now = states[-1]
    for hour in range(len(changes), 0, -1):
        for told in edits.filter(at=later(hour)).iter_rows(named=True):
            assert now[told["field"]] == (told["now"] or "")
            now = now | {told["field"]: told["was"] or ""}
        assert {k: v for k, v in now.items() if k in FIELDS} == {
            k: v for k, v in states[hour - 1].items() if k in FIELDS
        }


def test_what_is_no_code_any_more_cannot_be_put_back(store: Store) -> None:
    name = added(store)
    row = ledger.held_response(store, name) | {"status": "open"}
    ledger.record(store, [row], act="import", who="Ann", at=later(1))
    assert ledger.edited(store, name, {"summary": "One."}, who="Ann", at=later(2)) == {
        "status": "'open' is no code of docs/codebook.md, such as 01 (much is done and goes on), "
        "02 (something is done and goes on), 03 (something token was done)"
    }
    assert not ledger.edited(store, name, {"status": "07"}, who="Ann", at=later(3))
    with pytest.raises(LedgerError, match="status 'open' is no code"):
        ledger.undone(store, newest(store), who="Ann", at=later(4))
    assert store.read("responses")["status"].to_list() == ["07"]


# Codes


def test_every_code_has_a_name_and_an_example_and_stands_once() -> None:
    every = code_list()
    assert every.null_count().sum_horizontal().item() == 0
    assert every.select("field", "code").is_unique().all()
    assert (every["example"] != "").all()
    assert set(CLOSED) < set(every["field"])
    assert (len(codes("huridocs_type")), len(codes("impact")), len(codes("status"))) == (23, 7, 7)


@pytest.mark.parametrize("code", ["KAZ", "KAZCOP", "KAZGOVLEG", "GBRGOV", "USAGOV"])
def test_countries_and_roles_are_actors(code: str) -> None:
    assert wrong_actor(code) is None


def test_every_verb_of_the_ladder_can_be_entered() -> None:
    for verb in ladder()["verb"]:
        assert not checked(CELLS | {"verb_code": verb})[1]
    assert set(FIELDS) <= set(RESPONSES.columns)
