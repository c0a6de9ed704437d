"""ACLED: what forces of a state did, widened to what is known of the day."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.acled import ACTS, FORMAT
from collectors.exports.coded_acts import is_verb
from collectors.exports.formats import Head, detect
from collectors.exports.sources import Source

NAMES = (
    "event_id_cnty", "event_date", "time_precision", "sub_event_type", "actor1", "inter1",
    "actor2", "inter2", "source", "notes",
)  # fmt: skip
POLICE = "Police Forces of Kazakhstan (2019-)"


def event(**told: str) -> list[str]:
    cells = {
        "event_id_cnty": "KAZ12",
        "event_date": "2026-03-15",
        "time_precision": "1",
        "sub_event_type": "Arrests",
        "actor1": POLICE,
        "inter1": "State Forces",
        "actor2": "Civilians (Kazakhstan)",
        "inter2": "Civilians",
        "source": "A Paper; B Radio",
        "notes": "On 15 March somebody was arrested.",
    }
    return [(cells | told).get(name, "") for name in NAMES]


def table(folder: Path, *rows: list[str], names: tuple[str, ...] = NAMES, by: str = ",") -> Path:
    path = folder / "acled.csv"
    quoted = (by.join(f'"{cell}"' for cell in row) for row in (names, *rows))
    path.write_text("\n".join(quoted) + "\n")
    return path


def acts(done: Read, *names: str) -> list[tuple[object, ...]]:
    return done.rows["responses"].select(names).rows()


def test_an_arrest_is_an_act_of_the_force_and_has_no_target(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, event()))
    names = ("response_id", "actor", "verb_code", "target", "rung", "summary", "coder", "level")
    assert acts(done, *names) == [
        ("acled:KAZ12", POLICE, "173", None, None, "Arrests", "ACLED", None)
    ]
    assert done.rows["responses"]["sources"].to_list() == [["A Paper", "B Radio"]]


@pytest.mark.parametrize(
    "kind", ["Protest with intervention", "Excessive force against protesters"]
)
def test_force_against_a_protest_is_by_the_second_actor(tmp_path: Path, kind: str) -> None:
    crowd = {"actor1": "Protesters (Kazakhstan)", "inter1": "6", "actor2": POLICE, "inter2": "1"}
    done = read(FORMAT, table(tmp_path, event(sub_event_type=kind, **crowd)))
    assert acts(done, "actor", "verb_code", "target", "rung") == [(POLICE, "175", "public", -4)]


def test_the_words_of_the_coders_are_not_copied(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, event()))
    assert "somebody" not in done.rows["responses"].drop("from", "to", "reported_at").write_json()
    assert done.lost("unknown", "fields") == {"field notes is not read": 1}


@pytest.mark.parametrize(
    ("date", "precision", "first", "last"),
    [
        ("2026-03-15", "1", (2026, 3, 15), (2026, 3, 15)),
        ("15 March 2026", "1", (2026, 3, 15), (2026, 3, 15)),
        ("15-Mar-2026", "1", (2026, 3, 15), (2026, 3, 15)),
        ("2026-03-15 00:00:00", "1", (2026, 3, 15), (2026, 3, 15)),
        ("2026-03-15", "2", (2026, 3, 9), (2026, 3, 21)),
        ("2026-02-15", "3", (2026, 2, 1), (2026, 2, 28)),
        ("2026-03-15", "", (2026, 3, 15), (2026, 3, 15)),
    ],
)
def test_a_date_is_as_wide_as_its_precision(
    tmp_path: Path,
    date: str,
    precision: str,
    first: tuple[int, int, int],
    last: tuple[int, int, int],
) -> None:
    done = read(FORMAT, table(tmp_path, event(event_date=date, time_precision=precision)), zone=UTC)
    begin, end = (datetime(*day, tzinfo=UTC) for day in (first, last))
    assert acts(done, "from", "to") == [
        (begin, end + timedelta(days=1) - timedelta(microseconds=1))
    ]
    assert len(done.lost("unknown", "times")) == (precision == "")


def test_days_are_those_of_the_zone_that_is_said(tmp_path: Path) -> None:
    east = timezone(timedelta(hours=5))
    done = read(FORMAT, table(tmp_path, event()), zone=east)
    assert acts(done, "from") == [(datetime(2026, 3, 14, 19, tzinfo=UTC),)]
    assert not done.lost("unknown", "times")
    assert len(read(FORMAT, table(tmp_path, event())).lost("unknown", "times")) == 1


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"actor1": "A Militia", "inter1": "3"}, "no force of a state takes part in it"),
        ({"inter1": "External/Other forces"}, "no force of a state takes part in it"),
        ({"sub_event_type": "Other"}, "tells that a state's force was there, and not what it did"),
        (
            {"sub_event_type": "Violent demonstration"},
            "tells that a state's force was there, and not what it did",
        ),
        (
            {"sub_event_type": "Attack", "actor1": "X", "inter1": "2", "inter2": "1"},
            "tells that a state's force was there, and not what it did",
        ),
        ({"event_date": "15/03/26"}, "has no date that can be read"),
        ({"event_id_cnty": ""}, "lacks its id or its actor"),
    ],
)
def test_what_is_no_act_of_a_state_is_dropped_with_the_reason(
    tmp_path: Path, told: dict[str, str], reason: str
) -> None:
    done = read(FORMAT, table(tmp_path, event(), event(**{"event_id_cnty": "KAZ13", **told})))
    assert acts(done, "response_id") == [("acled:KAZ12",)]
    assert done.lost("dropped", "responses") == {reason: 1}
    assert done.place(reason) == "acled.csv, row 3"


def test_a_state_is_told_by_its_name_where_the_code_is_missing(tmp_path: Path) -> None:
    rows = [
        event(event_id_cnty=str(number), actor1=actor, inter1="")
        for number, actor in enumerate((POLICE, "Government of X (2020-)", "Police Union"))
    ]
    assert len(acts(read(FORMAT, table(tmp_path, *rows)), "actor")) == 2


def test_names_in_capitals_and_semicolons_are_read(tmp_path: Path) -> None:
    path = table(tmp_path, event(), names=tuple(map(str.upper, NAMES)), by=";")
    assert detect(Head.of(Source(path))) is FORMAT
    assert len(acts(read(FORMAT, path), "actor")) == 1


def test_every_act_has_a_code_of_cameo() -> None:
    codes = pl.DataFrame({"code": [act.verb_code for act in ACTS.values()]})
    assert codes.select(is_verb(pl.col("code"))).to_series().all()


def test_another_table_is_refused_by_name(tmp_path: Path) -> None:
    path = table(tmp_path, ["1", "x"], names=("id", "text"))
    assert not read(FORMAT, path).rows
    (reason,) = read(FORMAT, path).lost("dropped", "files")
    assert reason.startswith("has no column 'actor1'")


SAMPLE = "\n".join(",".join(row) for row in (NAMES, event(), event(event_id_cnty="2"))).encode()


@given(data=st.data())
@settings(max_examples=40)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SAMPLE)))
