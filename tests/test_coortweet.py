"""CooRTweet's table of shares: ids as text, times in seconds, one post with several objects."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from reading import read

from collectors.exports import import_files
from collectors.exports.coortweet import FORMAT
from collectors.exports.formats import Head
from collectors.exports.sources import Source

HEADER = "object_id,account_id,content_id,timestamp_share\n"


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "shares.csv"
    path.write_text(header + "".join(f"{row}\n" for row in rows))
    return path


def test_a_share_names_its_object_as_root_and_no_parent(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, "o1,a1,c1,1000", "c2,a2,c2,1001.5"))
    names = ("post_id", "account_id", "kind", "root_id", "parent_id", "basis", "at")
    assert done.rows["posts"].select(names).rows() == [
        ("unknown:c1", "unknown:a1", "repost", "unknown:o1", None, None,
         datetime(1970, 1, 1, 0, 16, 40, tzinfo=UTC)),
        ("unknown:c2", "unknown:a2", "original", None, None, None,
         datetime(1970, 1, 1, 0, 16, 41, 500_000, tzinfo=UTC)),
    ]  # fmt: skip


def test_rows_of_one_post_are_merged_and_counted(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, "o1,a1,c1,1000", "o2,a1,c1,1000", "o2,a1,c1,1000"))
    assert done.rows["posts"]["object_keys"].to_list() == [["object:o1", "object:o2"]]
    reason = "one post with several objects, or the same row again"
    assert done.lost("merged", "rows") == {reason: 2}


def test_ids_never_pass_through_numbers(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, "007,18446744073709551617,00012345678901234567,1000"))
    assert done.rows["posts"].select("post_id", "account_id", "root_id").row(0) == (
        "unknown:00012345678901234567", "unknown:18446744073709551617", "unknown:007"
    )  # fmt: skip


@pytest.mark.parametrize(
    "time", ["", "soon", "nan", "inf", "-inf", "1e30", "1623881091000", "9" * 400]
)
def test_a_row_without_a_time_is_refused_with_its_place(tmp_path: Path, time: str) -> None:
    done = read(FORMAT, table(tmp_path, "o,a,c1,1000", f"o,a,c2,{time}"))
    assert done.rows["posts"]["post_id"].to_list() == ["unknown:c1"]
    assert done.lost("dropped", "rows") == {"lacks an id or a time": 1}
    assert done.place("lacks") == "shares.csv, row 3"


@pytest.mark.parametrize("row", [",a,c,1", 'o,"",c,1', "o,a, ,1"])
def test_a_row_without_an_id_is_refused(tmp_path: Path, row: str) -> None:
    done = read(FORMAT, table(tmp_path, row))
    assert done.rows["posts"].is_empty()
    assert done.lost("dropped", "rows") == {"lacks an id or a time": 1}


@pytest.mark.parametrize(
    "header",
    [
        "content_id,timestamp_share,object_id,account_id\n",
        "content_id;timestamp_share;object_id;account_id\n",
        "content_id\ttimestamp_share\tobject_id\taccount_id\n",
        '"content_id", "timestamp_share", "object_id", "account_id"\r\n',
        "\ufeffcontent_id,timestamp_share,object_id,account_id\n",
    ],
    ids=["reordered", "semicolons", "tabs", "quoted", "byte order mark"],
)
def test_columns_are_found_by_name_however_they_are_written(tmp_path: Path, header: str) -> None:
    by = ";" if ";" in header else "\t" if "\t" in header else ","
    path = table(tmp_path, by.join(("c", "1000", "o", "a")), header=header)
    assert FORMAT.knows(Head.of(Source(path)))
    assert read(FORMAT, path).rows["posts"]["root_id"].to_list() == ["unknown:o"]


def test_further_columns_do_no_harm(tmp_path: Path) -> None:
    header = f"at,root,rows,objects,row,{HEADER}"
    done = read(FORMAT, table(tmp_path, "1,2,3,4,5,o,a,c,1000", header=header))
    assert done.rows["posts"]["root_id"].to_list() == ["unknown:o"]


def test_real_shares_give_what_they_are_known_to_hold(shared: Path, tmp_path: Path) -> None:
    report = import_files(tmp_path / "s", [shared / "data" / "coortweet_russia_germany"])
    told = {(r["outcome"], r["what"]): r["count"] for r in report.losses.to_dicts()}
    assert told == {("kept", "posts"): 35_085, ("merged", "rows"): 40, ("dropped", "files"): 1}
