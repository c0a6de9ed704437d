"""Responses from a CSV kept by hand: dates as intervals, refused rows with reasons, rungs."""

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics.errors import FormatError
from analytics.store import Store
from collectors.authorities import import_responses, read_responses
from collectors.exports.losses import Losses

ALMATY = ZoneInfo("Asia/Almaty")
JUST = timedelta(microseconds=1)


def csv(folder: Path, *rows: str, header: str = "from,to,actor,verb_code,target") -> Path:
    path = folder / "acts.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def acts(path: Path, zone: tzinfo = UTC) -> tuple[pl.DataFrame, dict[str, str]]:
    """Read a file; return its rows, and the place of every reason for a refusal."""
    losses = Losses()
    rows, _ = read_responses(path, losses, appeal_id="park", zone=zone)
    refused = losses.table("i").filter(outcome="dropped")
    return rows, dict(refused.select("reason", "example").iter_rows())


def moment(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("told", "start", "end"),
    [
        ("2016", moment(2016, 1, 1), moment(2017, 1, 1) - JUST),
        ("2016-02", moment(2016, 2, 1), moment(2016, 3, 1) - JUST),
        ("2016-12", moment(2016, 12, 1), moment(2017, 1, 1) - JUST),
        ("2016-02-29", moment(2016, 2, 29), moment(2016, 3, 1) - JUST),
        ("2016-08-29T18:30", moment(2016, 8, 29, 18, 30), moment(2016, 8, 29, 18, 30)),
        ("2016-08-29 18:30:05", moment(2016, 8, 29, 18, 30, 5), moment(2016, 8, 29, 18, 30, 5)),
        ("2016-08-29T18:30+06:00", moment(2016, 8, 29, 12, 30), moment(2016, 8, 29, 12, 30)),
    ],
)
def test_a_date_is_the_interval_that_it_can_mean(
    tmp_path: Path, told: str, start: datetime, end: datetime
) -> None:
    rows, refused = acts(csv(tmp_path, f"{told},,Police,09,accused"))
    assert refused == {}
    assert rows.select("from", "to").row(0) == (start, end)


def test_days_begin_and_end_in_the_zone_of_the_store(tmp_path: Path) -> None:
    path = csv(tmp_path, "2016-08-29,,Police,09,", "2016-08-29T18:30,,Police,09,")
    rows, _ = acts(path, zone=ALMATY)
    assert rows.select("from", "to").rows() == [
        (moment(2016, 8, 28, 18), moment(2016, 8, 29, 18) - JUST),
        (moment(2016, 8, 29, 12, 30), moment(2016, 8, 29, 12, 30)),
    ]


def test_a_day_on_which_clocks_change_is_as_long_as_it_was(tmp_path: Path) -> None:
    rows, _ = acts(csv(tmp_path, "2026-03-29,,Police,09,"), zone=ZoneInfo("Europe/Berlin"))
    lasted = rows.select(pl.col("to") - pl.col("from")).item()
    assert lasted == timedelta(hours=23) - JUST


def test_from_and_to_span_the_whole_of_both(tmp_path: Path) -> None:
    rows, _ = acts(csv(tmp_path, "2016-08,2016-09-02,Police,09,"))
    assert rows.select("from", "to").row(0) == (moment(2016, 8, 1), moment(2016, 9, 3) - JUST)


def test_the_rung_follows_from_verb_and_target(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "2016,,Prosecutor,09,accused",
        "2016,,Police,173,accused",
        "2016,,Police,173,Supporters",
        "2016,,Police,02,",
    )
    rows, _ = acts(path)
    assert rows["rung"].to_list() == [3, 4, -3, None]


HEADER = "from,to,reported_at,actor,verb_code,target,level,confidence,appeal_id"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2016-13,,,Police,09,,,,", "from '2016-13' is no date"),
        ("20160829,,,Police,09,,,,", "from '20160829' is no date"),
        ("2016-W35-1,,,Police,09,,,,", "from '2016-W35-1' is no date"),
        ("9999,,,Police,09,,,,", "from '9999' is no date"),
        ("0001-01-01T00:00+14:00,,,Police,09,,,,", "from '0001-01-01T00:00+14:00' is no date"),
        (",,,Police,09,,,,", "from is missing"),
        ("2016,soon,,Police,09,,,,", "to 'soon' is no date"),
        ("2016,,soon,Police,09,,,,", "reported_at 'soon' is no date"),
        ("2016-02,2016-01,,Police,09,,,,", "to ends before it begins"),
        ("2016,,,,09,,,,", "actor is missing"),
        ("2016,,,Police,9,,,,", "verb_code '9' is no CAMEO code"),
        ("2016,,,Police,21,,,,", "verb_code '21' is no CAMEO code"),
        ("2016,,,Police,\u0660\u0669,,,,", "verb_code '\u0660\u0669' is no CAMEO code"),
        ("2016,,,Police,09,mother,,,", "target 'mother' is none of appellant"),
        ("2016,,,Police,09,,world,,", "level 'world' is none of local"),
        ("2016,,,Police,09,,,1.5,", "confidence '1.5' is not between 0 and 1"),
        ("2016,,,Police,09,,,nan,", "confidence 'nan' is not between 0 and 1"),
        ("2016,,,Police,09,,,sure,", "confidence 'sure' is not between 0 and 1"),
        ("2016,,,Police,09,,,,garden", "appeal 'garden' is not declared in groundswell.toml"),
        ("2016,,,Police,09,,,,,surplus", "has more cells than there are columns"),
        ("2016,,,Police", "verb_code is missing"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_and_the_rest_is_kept(
    tmp_path: Path, row: str, reason: str
) -> None:
    good = "2016,,,Police,09,accused,local,0.5,park"
    rows, refused = acts(csv(tmp_path, good, row, header=HEADER))
    assert rows.height == 1
    assert [told[: len(reason)] for told in refused] == [reason]
    assert list(refused.values()) == ["acts.csv, row 3"]


def test_sources_are_split_and_what_is_not_told_is_null(tmp_path: Path) -> None:
    header = "Date;Actor;VERB_CODE;sources;summary"
    row = '2016;"Police; traffic";09;https://a.example | a letter;'
    rows, _ = acts(csv(tmp_path, row, "", ";;;;", header="\ufeff" + header))
    assert rows.height == 1
    told = rows.row(0, named=True)
    assert told["sources"] == ["https://a.example", "a letter"]
    assert told["actor"] == "Police; traffic"
    assert [told[n] for n in ("target", "level", "summary", "confidence", "coder")] == [None] * 5


@pytest.mark.parametrize(
    ("header", "missing"),
    [("from,actor", "verb_code"), ("from,verb_code", "actor"), ("actor,verb_code", "from")],
)
def test_a_column_that_is_needed_is_named(tmp_path: Path, header: str, missing: str) -> None:
    with pytest.raises(FormatError, match=f"acts.csv has no column '{missing}'; docs/tables.md"):
        acts(csv(tmp_path, "a,b", header=header))


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"\x1f\x8bxx"],
    ids=["empty", "binary", "broken gzip"],
)
def test_a_file_that_is_no_csv_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "acts.csv"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"^acts.csv [^\n]*; [^\n]*$"):
        acts(path)


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16", "utf-8-sig"])
def test_a_spreadsheets_own_encoding_is_understood(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "acts.csv"
    path.write_bytes("from;actor;verb_code\n2016;Областная прокуратура;09\n".encode(encoding))
    assert acts(path)[0]["actor"].to_list() == ["Областная прокуратура"]


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store", appeal_id="park")
    path = csv(tmp_path, "2016,,Police,09,accused", "2017,,Police,09,accused")
    first = import_responses(store, path)
    assert dict(first.select("reason", "count").iter_rows()) == {"new": 2}
    held, versions = store.read("responses"), store.versions()
    again = import_responses(store, path)
    assert dict(again.select("reason", "count").iter_rows()) == {"held already, the same": 2}
    assert store.versions()["responses"] == versions["responses"]
    assert_frame_equal(store.read("responses"), held)


def test_acts_that_differ_only_in_whom_they_hit_are_two(tmp_path: Path) -> None:
    rows, _ = acts(csv(tmp_path, "2016,,Police,173,accused", "2016,,Police,173,supporters"))
    assert rows["response_id"].n_unique() == 2


def test_the_same_act_for_another_appeal_is_another_response(tmp_path: Path) -> None:
    header = "from,actor,verb_code,appeal_id"
    path = csv(tmp_path, "2016,Police,09,park", "2016,Police,09,", header=header)
    losses = Losses()
    rows, _ = read_responses(path, losses, appeal_id="garden", declared=["park"])
    assert rows["appeal_id"].to_list() == ["park", "garden"]
    assert rows["response_id"].n_unique() == 2


def test_a_file_of_which_nothing_can_be_used_changes_nothing(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    with pytest.raises(FormatError, match=r"row 2: actor is missing; nothing was imported"):
        import_responses(store, csv(tmp_path, "2016,,,09,accused"))
    assert store.versions() == {}
