"""Shutdowns that authorities ordered, from sheets that differ from year to year."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read

from collectors.exports.formats import Head
from collectors.exports.keepiton import FORMAT
from collectors.exports.sources import Source

HEADER = (
    "ID,start_date,end_date ,country ,geo_scope,area_name ,ordered_by ,actual_cause,news_link \n"
)
ROW = "1,2026-01-04,2026-01-11 00:00:00,Somewhere ,National,National ,{by},Protests,{link}\n"


def row(by: str = "Executive government", link: str = "https://a.example/1", **told: str) -> str:
    text = ROW.format(by=by, link=link)
    for old, new in told.items():
        text = text.replace({"start": "2026-01-04", "end": "2026-01-11 00:00:00"}[old], new)
    return text


def sheet(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "shutdowns.csv"
    path.write_text(header + "".join(rows))
    return path


def test_an_ordered_shutdown_restricts_the_public_from_its_first_day(tmp_path: Path) -> None:
    done = read(FORMAT, sheet(tmp_path, row()), zone=timezone(timedelta(hours=5)))
    names = ("from", "to", "actor", "level", "verb_code", "target", "rung", "summary", "sources")
    span = (datetime(2026, 1, 3, 19, tzinfo=UTC),
            datetime(2026, 1, 4, 18, 59, 59, 999_999, tzinfo=UTC))  # fmt: skip
    assert done.rows["responses"].select(names).rows() == [
        (*span,
         "Executive government (Somewhere)", "national", "1721", "public", -3,
         "Internet shutdown (kind not told) in National, Somewhere, from 2026-01-04 to 2026-01-11",
         ["https://a.example/1"])
    ]  # fmt: skip


def test_each_shutdown_is_a_case_that_was_found_by_its_outcome(tmp_path: Path) -> None:
    done = read(FORMAT, sheet(tmp_path, row(), row(link="https://a.example/2")))
    cases = done.rows["appeals"]
    assert cases["appeal_id"].to_list() == done.rows["responses"]["appeal_id"].to_list()
    assert cases["appeal_id"].n_unique() == 2
    assert set(cases["selection"]) == {"found_by_outcome"}


def test_only_what_an_authority_ordered_is_a_response(tmp_path: Path) -> None:
    who = ("Local government", "Judiciary", "Law Enforcemnet ", "Non-government", "Uknown ", "")
    done = read(FORMAT, sheet(tmp_path, *map(row, who)))
    assert done.rows["responses"]["level"].to_list() == ["local", None, None]
    assert done.lost("dropped", "responses") == {"no authority is told to have ordered it": 3}
    assert done.place("no authority") == "shutdowns.csv, row 5"


def test_ends_that_are_messy_are_counted_and_cost_nothing(tmp_path: Path) -> None:
    ends = ("Ongoing", "", "Unkown ", "2026-01-01", "next week")
    done = read(FORMAT, sheet(tmp_path, *(row(end=end) for end in ends)), zone=UTC)
    assert done.rows["responses"].height == 5
    assert done.lost("unknown", "times") == {
        "the end is not told, or it was going on": 3,
        "an end before the beginning: kept as told": 1,
        "an end that cannot be read": 1,
    }


def test_a_shutdown_without_a_first_day_is_dropped(tmp_path: Path) -> None:
    done = read(FORMAT, sheet(tmp_path, row(start="January"), row()))
    assert done.rows["responses"].height == 1
    assert done.lost("dropped", "responses") == {"has no first day that can be read": 1}


def test_ids_are_of_what_is_told_and_not_of_the_sheets_numbers(tmp_path: Path) -> None:
    rows = (row(), row(), row(link="https://a.example/2"))
    first = read(FORMAT, sheet(tmp_path, *rows)).rows["responses"]["response_id"]
    assert first.n_unique() == 3
    again = read(FORMAT, sheet(tmp_path, *(each.replace("1,", "9,", 1) for each in rows)))
    assert again.rows["responses"]["response_id"].to_list() == first.to_list()


def test_other_years_have_other_columns(tmp_path: Path) -> None:
    header = (
        "start_date_type,start_date,country,geo_scope,shutdown_type,ordered_by,actual_cause,"
        "info_source_link,end_date\n"
    )
    line = "Estimated,2026-01-04,Elsewhere,City,Throttle,Local government,Other,http://a.example,\n"
    path = sheet(tmp_path, line, header=header)
    assert FORMAT.knows(Head.of(Source(path)))
    done = read(FORMAT, path, zone=UTC)
    assert "Throttle) in City" in done.rows["responses"]["summary"][0]
    assert done.lost("unknown", "times")["the first day is an estimate"] == 1


def test_every_row_of_the_real_sheets_is_kept_or_dropped_with_a_reason(shared: Path) -> None:
    done = read(FORMAT, *sorted((shared / "data" / "keepiton_shutdowns").glob("*.csv")), zone=UTC)
    kept = done.rows["responses"]
    assert kept.height + sum(done.lost("dropped", "responses").values()) == 749
    assert kept["response_id"].n_unique() == kept.height == 620
    assert set(kept["rung"]) == {-3}


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged((HEADER + row() + row(end="Ongoing")).encode())))
