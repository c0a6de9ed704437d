"""GDELT's events: articles that report them, and candidates for what authorities did."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.formats import Head, detect
from collectors.exports.gdelt_events import COLUMNS, COLUMNS_1, FORMAT
from collectors.exports.sources import Source

A = "https://www.news.example/a"
DAY = ["20251231", "202512", "2025", "2025.9"]


def cells(event: str, columns: Sequence[str] | None = None, **told: str) -> list[str]:
    known = {
        "globaleventid": event,
        **dict(zip(("sqldate", "monthyear", "year", "fractiondate"), DAY, strict=True)),
        "actor1code": "KAZCOP",
        "actor1name": "POLICE",
        "actor1type1code": "COP",
        "actor2name": "SOMEBODY",
        "isrootevent": "1",
        "eventcode": "042",
        "dateadded": "20260301120000",
        "sourceurl": A,
    }
    return [(known | told).get(name, "") for name in columns or COLUMNS]


def bare(folder: Path, *rows: list[str]) -> Path:
    path = folder / "export.CSV"
    path.write_text("".join("\t".join(row) + "\n" for row in rows))
    return path


def with_header(folder: Path, *rows: list[str]) -> Path:
    path = folder / "events.csv"
    names = [{"sqldate": "Day"}.get(name, name.upper()) for name in COLUMNS]
    path.write_text("".join(",".join(row) + "\n" for row in (names, *rows)))
    return path


def acts(done: Read, *names: str) -> list[tuple[object, ...]]:
    return done.rows["proposals"].select(names).rows()


@pytest.mark.parametrize("layout", [bare, with_header])
def test_an_act_of_an_authority_is_a_candidate_and_says_whose(
    tmp_path: Path, layout: object
) -> None:
    assert callable(layout)
    done = read(FORMAT, layout(tmp_path, cells("7"), cells("8", eventcode="0233")))
    names = ("response_id", "actor", "actor_code", "verb_code", "coder", "rung", "target")
    assert acts(done, *names) == [
        ("gdelt:7", "POLICE", "KAZCOP", "042", "GDELT", 2, None),
        ("gdelt:8", "POLICE", "KAZCOP", "0233", "GDELT", None, None),
    ]
    assert acts(done, "summary", "status", "confidence", "level") == [(None,) * 4] * 2
    assert done.rows["proposals"]["sources"].to_list() == [[A], [A]]


def test_an_event_is_a_whole_day_and_is_reported_when_gdelt_saw_it(tmp_path: Path) -> None:
    done = read(FORMAT, bare(tmp_path, cells("7", sqldate="20070101"), cells("8")))
    assert acts(done, "from", "to", "reported_at")[0] == (
        datetime(2007, 1, 1, tzinfo=UTC),
        datetime(2007, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    assert done.rows["posts"]["at"].to_list() == [datetime(2026, 3, 1, 12, tzinfo=UTC)]


def test_rungs_of_acts_that_need_a_target_stay_unknown(tmp_path: Path) -> None:
    codes = ("173", "175", "091", "12", "010")
    rows = [cells(str(n), eventcode=code) for n, code in enumerate(codes)]
    assert acts(read(FORMAT, bare(tmp_path, *rows)), "rung") == [
        (None,), (None,), (3,), (-1,), (1,),
    ]  # fmt: skip


@pytest.mark.parametrize("role", ["GOV", "JUD", "COP", "MIL", "LEG", "SPY"])
@pytest.mark.parametrize("place", ["1", "2", "3"])
def test_a_role_of_the_state_counts_in_any_place(tmp_path: Path, role: str, place: str) -> None:
    told = {"actor1type1code": "CVL", f"actor1type{place}code": role}
    assert len(acts(read(FORMAT, bare(tmp_path, cells("7", None, **told))), "actor")) == 1


def test_acts_of_others_leave_their_article_and_a_note(tmp_path: Path) -> None:
    rows = (
        cells("7", actor1type1code="MED"),
        cells("8", actor1type1code="", actor2type1code="COP"),
        cells("9", actor1type1code="OPP"),
    )
    done = read(FORMAT, bare(tmp_path, *rows))
    assert acts(done, "actor") == []
    assert done.rows["posts"].height == 1
    assert list(done.lost("unknown", "events").values()) == [3]
    assert not done.lost("dropped", "responses")


def test_an_article_is_one_post_with_all_the_events_it_reports(tmp_path: Path) -> None:
    other = cells("9", sourceurl="http://b.example/1")
    done = read(FORMAT, bare(tmp_path, cells("7"), cells("8"), other))
    posts = done.rows["posts"]
    assert posts.select("post_id", "account_id", "kind").rows() == [
        (f"web:{A}", "web:news.example", "article"),
        ("web:http://b.example/1", "web:b.example", "article"),
    ]
    assert {"gdelt:7", "gdelt:8"} <= set(posts["object_keys"][0])
    assert done.lost("merged", "rows") == {"one more event in an article that is kept": 1}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"eventcode": "---"}, "has no CAMEO event code"),
        ({"eventcode": "42"}, "has no CAMEO event code"),
        ({"sqldate": "20260230"}, "has no day that can be read"),
        ({"actor1name": "", "actor1code": ""}, "names no actor"),
    ],
)
def test_acts_that_cannot_be_used_are_refused_and_their_article_kept(
    tmp_path: Path, told: dict[str, str], reason: str
) -> None:
    done = read(FORMAT, bare(tmp_path, cells("1"), cells("7", None, **told)))
    assert acts(done, "response_id") == [("gdelt:1",)]
    assert done.lost("dropped", "responses") == {reason: 1}
    assert done.place(reason) == "export.CSV, row 2"
    assert done.rows["posts"].height == 1


def test_a_code_without_its_leading_zero_is_never_mended(tmp_path: Path) -> None:
    done = read(FORMAT, with_header(tmp_path, cells("7", eventcode="40")))
    assert acts(done, "verb_code") == []
    assert sum(done.lost("dropped", "responses").values()) == 1


@pytest.mark.parametrize(
    ("code", "root", "kept"),
    [
        ("014", "01", True),
        ("14", "1", False),
        ("14", "14", True),
        ("14", "", True),
        ("17", "01", False),
    ],
)
def test_a_code_that_a_spreadsheet_made_another_is_refused(
    tmp_path: Path, code: str, root: str, *, kept: bool
) -> None:
    done = read(FORMAT, with_header(tmp_path, cells("7", eventcode=code, eventrootcode=root)))
    assert len(acts(done, "verb_code")) == kept
    assert [reason.split(":")[0] for reason in done.lost("dropped", "responses")] == (
        [] if kept else ["its codes have lost their zeros, as in a spreadsheet"]
    )


def test_version_1_tells_the_day_only(tmp_path: Path) -> None:
    rows = [cells(each, COLUMNS_1, dateadded="20130501") for each in "78"]
    path = bare(tmp_path, *rows)
    assert len(COLUMNS_1) == 58
    assert detect(Head.of(Source(path))) is FORMAT
    done = read(FORMAT, path)
    assert done.rows["posts"]["at"].to_list() == [datetime(2013, 5, 1, tzinfo=UTC)]
    assert sorted(done.lost("unknown", "times").values()) == [1, 1]


def test_tables_from_before_articles_were_named_give_proposals_alone(tmp_path: Path) -> None:
    rows = [cells(each, COLUMNS_1[:-1], dateadded="20130301") for each in "78"]
    done = read(FORMAT, bare(tmp_path, *rows))
    assert acts(done, "response_id", "sources") == [("gdelt:7", None), ("gdelt:8", None)]
    assert done.rows["posts"].is_empty()
    assert done.lost("unknown", "articles") == {"names no article on the web": 2}


def test_a_citation_is_a_source_and_no_article(tmp_path: Path) -> None:
    done = read(FORMAT, bare(tmp_path, cells("7", sourceurl="BBC Monitoring")))
    assert done.rows["proposals"]["sources"].to_list() == [["BBC Monitoring"]]
    assert done.rows["posts"].is_empty()


def test_the_many_columns_of_places_are_one_note(tmp_path: Path) -> None:
    rows = (cells("7", actiongeo_fullname="Esik", actor1geo_type="0"), cells("8"))
    noted = read(FORMAT, bare(tmp_path, *rows)).lost("unknown", "fields")
    assert {reason: n for reason, n in noted.items() if "geo" in reason} == {
        "fields with geo_ in their names (places) are not read": 1
    }
    assert noted["field actor2name is not read"] == 2


def test_numbers_that_pandas_made_of_times_are_read(tmp_path: Path) -> None:
    row = cells("7", dateadded="20260301120000.0", sqldate="20251231.0")
    done = read(FORMAT, with_header(tmp_path, row))
    assert acts(done, "reported_at") == [(datetime(2026, 3, 1, 12, tzinfo=UTC),)]


def test_both_versions_have_the_columns_that_gdelt_documents() -> None:
    assert (len(COLUMNS), len(COLUMNS_1)) == (61, 58)
    assert COLUMNS.index("eventcode") == COLUMNS_1.index("eventcode") == 26
    assert COLUMNS[-2:] == ("dateadded", "sourceurl")


def test_a_real_table_gives_its_articles_and_three_acts(shared: Path) -> None:
    done = read(FORMAT, shared / "data" / "gdelt_samples" / "events2samp_english.csv")
    posts, responses = done.rows["posts"], done.rows["proposals"]
    assert posts.height + sum(done.lost("merged", "rows").values()) == 50
    assert responses.height + sum(done.lost("unknown", "events").values()) == 50
    assert responses.height == 3
    assert responses["verb_code"].str.starts_with("0").all()  # leading zeros are kept
    assert (responses["from"] < responses["reported_at"].dt.offset_by("-300d")).all()


def test_a_real_table_without_its_header_reads_the_same(shared: Path, tmp_path: Path) -> None:
    path = shared / "data" / "gdelt_samples" / "events2samp_english.csv"
    table = pl.read_csv(path, infer_schema=False).drop("CAMEOCodeDescription").fill_null("")
    raw = bare(tmp_path, *map(list, table.rows()))
    assert detect(Head.of(Source(raw))) is FORMAT
    one, other = read(FORMAT, path), read(FORMAT, raw)
    assert one.rows["posts"].equals(other.rows["posts"])
    assert one.rows["proposals"].equals(other.rows["proposals"])


SAMPLE = "\n".join("\t".join(cells(each)) for each in "789").encode()


@given(data=st.data())
@settings(max_examples=40)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SAMPLE)))
