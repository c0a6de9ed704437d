"""The page Coding: what a second coder sees, and what is kept of the codes."""

from pathlib import Path

import pytest
from strategies import at, rows

from analytics.coding import CODED
from analytics.store import Store
from analytics.tables import RESPONSES
from dashboards.pages import coding

CODES = {"verb_code": "173", "target": "accused", "level": None, "impact": ""}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("GROUNDSWELL_KEYS", str(tmp_path / "keys"))
    made = Store.create(tmp_path / "store", appeal_id="a")
    told = [
        {"response_id": name, "coder": who, "actor": "police", "verb_code": "09", "rung": 3,
         "from": at(1), "to": at(2), "appeal_id": "a"}
        for name, who in {"p": "AB", "q": "AB", "r": "CD"}.items()
    ]  # fmt: skip
    made.append(RESPONSES, rows(RESPONSES, *told))
    return made


def test_a_coder_sees_no_codes_and_nothing_that_is_theirs(store: Store) -> None:
    left = coding.to_code(store, "a", "CD")
    assert left["response_id"].to_list() == ["p", "q"]
    assert not {*left.columns} & {*CODED, "rung", "coder", "confidence"}
    assert coding.to_code(store, "a", " ").is_empty()


def test_codes_are_kept_and_the_response_is_done_for_that_coder_only(store: Store) -> None:
    assert coding.code(store, "p", CODES, who="CD", at=at(5)) == {}
    own = store.read("codings").filter(coder="CD")
    kept = dict(own.select("field", "value").iter_rows())
    assert kept == dict.fromkeys(CODED) | {"verb_code": "173", "target": "accused"}
    assert coding.to_code(store, "a", "CD")["response_id"].to_list() == ["q"]
    assert coding.to_code(store, "a", "EF").height == 3
    assert store.read("responses").filter(response_id="p")["verb_code"].to_list() == ["09"]


def test_an_unknown_code_is_told_at_its_field_and_nothing_is_kept(store: Store) -> None:
    mistakes = coding.code(store, "p", CODES | {"impact": "much"}, who="CD", at=at(5))
    assert set(mistakes) == {"impact"}
    assert store.read("codings").is_empty()


def test_nothing_is_no_coding_and_the_first_coder_is_no_second(store: Store) -> None:
    empty = coding.code(store, "p", dict.fromkeys(CODED), who="CD", at=at(5))
    assert empty["verb_code"].startswith("no code is given")
    first = store.read("responses").filter(response_id="p")["coder"].item()
    assert set(coding.code(store, "p", CODES, who=f" {first.lower()}", at=at(5))) == {"coder"}
    assert store.read("codings").is_empty()


def test_the_next_comes_round_again(store: Store) -> None:
    left = coding.to_code(store, "a", "EF")
    order = [None, "p", "q", "r"]
    assert [coding.following(left, name)["response_id"] for name in order] == ["p", "q", "r", "p"]  # type: ignore[index]
    assert coding.following(left.clear(), None) is None
