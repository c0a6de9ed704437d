"""Protests and what states did about them: acts with the span of their protest."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.coded_acts import is_verb
from collectors.exports.formats import Head
from collectors.exports.mass_mobilization import ACTS, FORMAT
from collectors.exports.sources import Source

KINDS = (
    "arrests", "accomodation", "beatings", "crowddispersal", "ignore", "killings", "shootings"
)  # fmt: skip
HEADER = f"id,country,protestnumber,protesterviolence,location,{','.join(KINDS)},no_response,start_date,end_date\n"  # noqa: E501


def event(number: int, *acts: str, first: str = "2026-03-01", last: str = "2026-03-02") -> str:
    flags = ",".join("1" if kind in acts else "0" for kind in KINDS)
    return f"{number},Somewhere,1,0,The square,{flags},1,{first},{last}\n"


def done(folder: Path, *events: str, header: str = HEADER) -> Read:
    path = folder / "protests.csv"
    path.write_text(header + "".join(events))
    assert FORMAT.knows(Head.of(Source(path)))
    return read(FORMAT, path, zone=UTC)


def test_each_act_is_a_response_within_the_days_of_its_protest(tmp_path: Path) -> None:
    found = done(tmp_path, event(7, "arrests", "shootings"))
    names = ("response_id", "from", "to", "actor", "verb_code", "target", "rung", "summary")
    span = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, 23, 59, 59, 999_999, tzinfo=UTC))
    assert found.rows["responses"].select(names).rows() == [
        ("mass-mobilization:7/arrests", *span, "Government of Somewhere", "173", "supporters", -3,
         "Arrests at a protest in The square"),
        ("mass-mobilization:7/shootings", *span, "Government of Somewhere", "175", "supporters",
         -4, "Shootings at a protest in The square"),
    ]  # fmt: skip
    assert sum(found.lost("unknown", "times").values()) == 2


def test_to_ignore_is_no_act_and_no_response_says_nothing(tmp_path: Path) -> None:
    found = done(tmp_path, event(1, "ignore"), event(2), event(3, "ignore", "killings"))
    assert found.rows["responses"]["response_id"].to_list() == ["mass-mobilization:3/killings"]
    assert found.lost("unknown", "responses") == {"whether the state did anything is not coded": 1}
    assert sum(found.lost("dropped", "responses").values()) == 1
    known = found.rows["appeals"]["outcome_known_until"].is_not_null().to_list()
    assert known == [True, False, True]


def test_a_concession_has_a_code_and_no_rung(tmp_path: Path) -> None:
    found = done(tmp_path, event(1, "accomodation"))
    assert found.rows["responses"].select("verb_code", "target", "rung").rows() == [
        ("08", None, None)
    ]


def test_events_without_days_or_with_days_backwards_are_refused(tmp_path: Path) -> None:
    found = done(tmp_path, event(1, "arrests", first=""), event(2, "arrests", last="2025-01-01"))
    assert found.rows["responses"].is_empty()
    assert sum(found.lost("dropped", "rows").values()) == 2


def test_the_projects_own_table_tells_acts_in_words(tmp_path: Path) -> None:
    header = (
        "id,country,protestnumber,protesterviolence,location,startday,startmonth,startyear,endday,"
        "endmonth,endyear,stateresponse1,stateresponse2\n"
    )
    line = "7,Somewhere,1,0,Square,1,3,2026,2.0,3,2026,crowd dispersal,accomodation\n"
    found = done(tmp_path, line, "8,Somewhere,0,.,,,,,,,,.,\n", header=header)
    assert found.rows["responses"].select("verb_code", "from").rows() == [
        ("175", datetime(2026, 3, 1, tzinfo=UTC)), ("08", datetime(2026, 3, 1, tzinfo=UTC))
    ]  # fmt: skip
    assert sum(found.lost("dropped", "rows").values()) == 1


@pytest.mark.parametrize("kind", ACTS)
def test_every_act_has_a_code_of_cameo(kind: str, tmp_path: Path) -> None:
    acts = done(tmp_path, event(1, kind)).rows["responses"]
    assert acts.filter(is_verb(acts["verb_code"])).height == 1  # type: ignore[arg-type]


def test_every_real_event_is_kept_or_dropped_with_a_reason(shared: Path) -> None:
    path = shared / "data" / "mass_mobilization" / "mm_events_1990_2011.csv"
    found = read(FORMAT, path, zone=UTC)
    acts, events = found.rows["responses"], found.rows["appeals"]
    assert events["appeal_id"].n_unique() + sum(found.lost("dropped", "rows").values()) == 9_606
    assert acts["appeal_id"].is_in(events["appeal_id"].implode()).all()
    assert acts.height == acts["response_id"].n_unique() == 6_891
    other = path.with_name("country_year_types.csv")
    assert not FORMAT.knows(Head.of(Source(other)))


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged((HEADER + event(1, "arrests") + event(2)).encode())))
