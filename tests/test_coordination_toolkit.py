"""The Coordination Network Toolkit's table: eight places, with a header or without one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from reading import Read, read

from collectors.exports.coordination_toolkit import COLUMNS, FORMAT
from collectors.exports.formats import Head
from collectors.exports.sources import Source

HEADER = ",".join(COLUMNS)
TIME = datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
ORIGINAL = "c1,a1,writer,,,words,1600000000,"


def table(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = folder / "messages.csv"
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def told(done: Read, *names: str, what: str = "posts") -> list[tuple[Any, ...]]:
    return done.rows[what].select(*names).rows()


def is_known(path: Path) -> bool:
    return FORMAT.knows(Head.of(Source(path)))


def test_a_repost_names_its_root_and_no_parent(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, HEADER, "c2,a2,sharer,c1,,words,1600000000,", ORIGINAL))
    names = ("post_id", "platform", "account_id", "at", "kind", "root_id", "root_account_id")
    assert told(done, *names) == [
        ("unknown:c2", "unknown", "unknown:a2", TIME, "repost", "unknown:c1", "unknown:a1"),
        ("unknown:c1", "unknown", "unknown:a1", TIME, "original", None, None),
    ]
    assert told(done, "text", "parent_id", "basis") == [(None, None, None), ("words", None, None)]
    assert done.losses.is_empty()


def test_a_reply_has_the_answered_message_as_parent(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, HEADER, ORIGINAL, "c2,a2,b,,c1,no,1600000000.5,"))
    names = ("kind", "parent_id", "parent_account_id", "basis", "root_id", "text")
    expected = ("reply", "unknown:c1", "unknown:a1", "observed", None, "no")
    assert told(done, *names)[1] == expected
    assert done.rows["posts"]["at"][1] == TIME.replace(microsecond=500_000)


def test_a_repost_whose_original_is_not_there_keeps_the_words(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, HEADER, "c2,a2,b,c1,,words,1600000000,"))
    assert told(done, "root_id", "root_account_id", "text") == [("unknown:c1", None, "words")]
    reason = "not in these files: deleted, protected, or not asked for"
    assert done.lost("unknown", "references") == {reason: 1}
    assert done.place("not in these files") == "messages.csv, row 2"


def test_a_repost_that_also_answers_is_a_repost_and_that_is_noted(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, HEADER, ORIGINAL, "c2,a2,b,c1,c1,words,1600000000,"))
    assert told(done, "kind", "parent_id")[1] == ("repost", None)
    assert list(done.lost("dropped", "links").values()) == [1]


def test_a_message_that_repeats_itself_is_an_original(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, HEADER, "c1,a1,a,c1,,words,1600000000,"))
    assert told(done, "kind", "root_id", "text") == [("original", None, "words")]


def test_a_file_without_a_header_keeps_its_first_line(tmp_path: Path) -> None:
    path = table(tmp_path, ORIGINAL, 'c2,a2,b,c1,,"two\nlines, quoted",1600000000,', ",x,,,,,,")
    assert not is_known(path)
    whole = table(tmp_path, ORIGINAL, 'c2,a2,b,c1,,"two\nlines, quoted",1600000000,')
    assert is_known(whole)
    assert told(read(FORMAT, whole), "post_id") == [("unknown:c1",), ("unknown:c2",)]


def test_rows_of_a_file_without_a_header_are_counted_from_the_first(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, "c1,a1,a,c9,,words,1600000000,"))
    assert done.place("not in these files") == "messages.csv, row 1"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251"])
def test_a_file_without_a_header_may_have_any_encoding(tmp_path: Path, encoding: str) -> None:
    words = "Прокуратура возобновила дело, сообщает редакция"
    lines = [f'c{n},a1,писатель,,,"{words}",1600000000,' for n in range(9)]
    path = table(tmp_path, *lines, encoding=encoding)
    assert is_known(path)
    assert set(told(read(FORMAT, path), "text")) == {(words,)}


def test_a_header_may_stand_in_any_order(tmp_path: Path) -> None:
    names = HEADER.split(",")[::-1]
    path = table(tmp_path, ",".join(names), ",1600000000,words,,,writer,a1,c1")
    assert is_known(path)
    assert told(read(FORMAT, path), "post_id", "account_id") == [("unknown:c1", "unknown:a1")]


def test_a_header_with_other_names_is_read_by_place_when_asked_for(tmp_path: Path) -> None:
    path = table(tmp_path, "a,b,c,d,e,f,g,h", ORIGINAL)
    assert not is_known(path)
    assert told(read(FORMAT, path), "post_id", "at") == [("unknown:c1", TIME)]


def test_links_stand_with_blanks_between(tmp_path: Path) -> None:
    links = "http://a.example  https://youtu.be/abcdefghijk"
    done = read(FORMAT, table(tmp_path, HEADER, ORIGINAL + links, ORIGINAL.replace("c1", "c2")))
    assert told(done, "urls") == [(links.split(),), ([],)]
    assert "youtube:abcdefghijk" in done.rows["posts"]["object_keys"][0].to_list()


@pytest.mark.parametrize("count", ["12.5", "yesterday", "", "1600000000000", "nan"])
def test_a_count_that_tells_no_date_is_unknown(tmp_path: Path, count: str) -> None:
    done = read(FORMAT, table(tmp_path, HEADER, f"c1,a1,a,,,words,{count},"))
    assert told(done, "at") == [(None,)]
    assert done.place("no readable time") == "messages.csv, row 2"


def test_a_row_without_an_id_is_refused_and_one_without_an_author_kept(tmp_path: Path) -> None:
    path = table(tmp_path, HEADER, ",a1,a,,,words,1600000000,", "c1,,,,,words,1600000000,")
    done = read(FORMAT, path)
    assert told(done, "post_id", "account_id") == [("unknown:c1", None)]
    assert done.lost("dropped", "rows") == {"lacks an id": 1}
    assert done.place("lacks an id") == "messages.csv, row 2"


def test_names_are_kept_with_their_accounts(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, HEADER, ORIGINAL, ORIGINAL, "c3,a3,,,,words,1600000000,"))
    assert told(done, "account_id", "handle", what="accounts") == [("unknown:a1", "writer")]


def test_ids_never_pass_through_numbers(tmp_path: Path) -> None:
    number = "18446744073709551617"
    done = read(FORMAT, table(tmp_path, HEADER, f"{number},007,a,,,words,1600000000,"))
    assert told(done, "post_id", "account_id") == [(f"unknown:{number}", "unknown:007")]


def test_a_table_with_other_columns_is_refused(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, "a,b", "1,2"))
    assert done.rows == {}
    assert done.losses.filter(outcome="dropped", what="files").height == 1


@pytest.mark.parametrize(
    "line",
    [
        "c1,a1,a,,,words,16,",  # a count of something else
        "c1,a1,a,,,words,1600000000,no link",
        "c1,a1,a,,,words,1600000000",
        "two words,a1,a,,,words,1600000000,",
        '{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8}',
    ],
)
def test_other_files_are_not_its_own(tmp_path: Path, line: str) -> None:
    assert not is_known(table(tmp_path, line))


SAMPLE = f"""{ORIGINAL}
c2,a2,b,c1,,"wo""rds,
",1600000001.5,http://a.example
c3,a3,,,c2,,1600000002,
"""


@pytest.mark.parametrize("header", [f"{HEADER}\n", ""])
@given(content=damaged(SAMPLE.encode()))
@settings(max_examples=50)
def test_damaged_files_are_read_or_refused_and_nothing_else(header: str, content: bytes) -> None:
    survives(FORMAT, header.encode() + content)
