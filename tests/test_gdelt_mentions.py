"""GDELT's mentions: one post for each article, joined with others by the events it names."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.formats import Head, detect
from collectors.exports.gdelt_mentions import COLUMNS, FORMAT
from collectors.exports.sources import Source

TIME = "20260301120000"


def cells(event: str, url: str, *, time: str = TIME, kind: str = "1", language: str = "") -> str:
    told = [event, "20260101000000", time, kind, "news.example", url]
    return "\t".join([*told, "1", "-1", "2", "3", "0", "60", "900", "-1.5", language, ""])


def bare(folder: Path, *rows: str, name: str = "mentions.CSV") -> Path:
    path = folder / name
    path.write_bytes("".join(f"{row}\n" for row in rows).encode())
    return path


def with_header(folder: Path, *rows: str) -> Path:
    header = ",".join(name.upper() for name in COLUMNS)
    lines = (",".join(row.split("\t")) for row in rows)
    return bare(folder, header, *lines, name="mentions.csv")


def told(done: Read, *names: str) -> list[tuple[object, ...]]:
    return done.rows["posts"].select(names).rows()


A = "https://www.news.example/a"
B = "http://north.news.example/b"


def test_an_article_is_one_post_with_all_the_events_it_names(tmp_path: Path) -> None:
    rows = (cells("7", A), cells("8", B), cells("9", A), cells("7", A))
    done = read(FORMAT, bare(tmp_path, *rows))
    assert told(done, "post_id", "account_id", "kind", "platform", "text", "urls") == [
        (f"web:{A}", "web:news.example", "article", "web", None, None),
        (f"web:{B}", "web:north.news.example", "article", "web", None, None),
    ]
    keys = done.rows["posts"]["object_keys"].to_list()
    assert [[key for key in each if key.startswith("gdelt:")] for each in keys] == [
        ["gdelt:7", "gdelt:9"],
        ["gdelt:8"],
    ]
    assert all(len(each) > len([k for k in each if k.startswith("gdelt:")]) for each in keys)
    assert done.lost("merged", "rows") == {"one more event in an article that is kept": 2}


def test_the_time_is_when_gdelt_saw_it_and_that_is_said(tmp_path: Path) -> None:
    done = read(FORMAT, bare(tmp_path, cells("7", A), cells("8", B)))
    assert done.rows["posts"]["at"].to_list() == [datetime(2026, 3, 1, 12, tzinfo=UTC)] * 2
    (reason, count), *others = done.lost("unknown", "times").items()
    assert "GDELT saw it" in reason
    assert (count, others) == (2, [])


def test_tables_with_a_header_say_the_same_as_bare_ones(tmp_path: Path) -> None:
    rows = (cells("7", A), cells("8", B, language="srclc:rus;eng:GT-RUS 1.0"))
    one, other = read(FORMAT, bare(tmp_path, *rows)), read(FORMAT, with_header(tmp_path, *rows))
    assert one.rows["posts"].equals(other.rows["posts"])
    assert one.rows["accounts"].equals(other.rows["accounts"])


def test_outlets_are_media_and_have_the_name_that_is_told(tmp_path: Path) -> None:
    done = read(FORMAT, bare(tmp_path, cells("7", A), cells("8", B)))
    assert done.rows["accounts"].select("account_id", "name", "role").rows() == [
        ("web:news.example", "news.example", "media"),
        ("web:north.news.example", "news.example", "media"),
    ]


@pytest.mark.parametrize(
    ("info", "lang"),
    [
        ("srclc:rus;eng:GT-RUS 1.0", "ru"),
        ("", "en"),
        ("srclc:kaz;eng:x", "kk"),
        ("srclc:zzz;", None),
    ],
)
def test_the_language_is_the_one_translated_from(
    tmp_path: Path, info: str, lang: str | None
) -> None:
    done = read(FORMAT, bare(tmp_path, cells("7", A, language=info)))
    assert told(done, "lang") == [(lang,)]
    assert sum(done.lost("unknown", "languages").values()) == (lang is None)


def test_what_is_not_on_the_web_is_set_aside(tmp_path: Path) -> None:
    rows = (cells("7", A), cells("8", "A Newspaper, page 2", kind="2"))
    done = read(FORMAT, bare(tmp_path, *rows))
    assert len(done.rows["posts"]) == 1
    assert done.lost("dropped", "rows") == {"cites no article on the web": 1}
    assert done.place("cites") == "mentions.CSV, row 2"


def test_rows_without_a_time_or_of_another_length_are_set_aside(tmp_path: Path) -> None:
    rows = (cells("7", A), cells("8", B, time="20261301000000"), "9\t1\t2", cells("1", B))
    done = read(FORMAT, bare(tmp_path, *rows))
    assert len(done.rows["posts"]) == 2
    assert sorted(done.lost("dropped", "rows").values()) == [1, 1]
    assert done.place("has no time") == "mentions.CSV, row 2"
    assert done.place("has not 16 cells") == "mentions.CSV, row 3"


def test_quotes_are_letters_and_windows_line_ends_are_none(tmp_path: Path) -> None:
    path = bare(tmp_path, cells("7", 'https://news.example/"a'), cells("8", A))
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    done = read(FORMAT, path)
    assert [row[0] for row in told(done, "post_id")] == [
        'web:https://news.example/"a', f"web:{A}",
    ]  # fmt: skip


def test_ids_never_pass_through_numbers(tmp_path: Path) -> None:
    done = read(FORMAT, bare(tmp_path, cells("0018446744073709551617", A)))
    assert "gdelt:0018446744073709551617" in done.rows["posts"]["object_keys"].item()


@pytest.mark.parametrize("layout", [bare, with_header])
def test_both_layouts_are_known_and_by_no_other_format(tmp_path: Path, layout: object) -> None:
    assert callable(layout)
    assert detect(Head.of(Source(layout(tmp_path, cells("7", A), cells("8", B))))) is FORMAT


def test_one_damaged_line_at_the_top_does_not_hide_a_table(tmp_path: Path) -> None:
    path = bare(tmp_path, "x\ty", cells("7", A), cells("8", B))
    assert detect(Head.of(Source(path))) is FORMAT


def test_a_file_of_another_kind_is_refused_and_named(tmp_path: Path) -> None:
    path = bare(tmp_path, "id,text", "1,words", name="posts.csv")
    done = read(FORMAT, path)
    assert not done.rows
    (reason,) = done.lost("dropped", "files")
    assert "posts.csv is not a table of GDELT Mentions" in reason


def test_a_real_table_gives_each_article_once(shared: Path) -> None:
    done = read(FORMAT, shared / "data" / "gdelt_samples" / "mentions_20170701234500.csv")
    posts = done.rows["posts"]
    assert posts["post_id"].is_unique().all()
    assert posts.height + sum(done.lost("merged", "rows").values()) == 1_635
    assert not done.lost("dropped", "rows")
    assert posts["lang"].null_count() == 0
    assert posts["at"].unique().to_list() == [datetime(2017, 7, 1, 23, 45, tzinfo=UTC)]


SAMPLE = "\n".join((cells("7", A), cells("8", B), cells("9", A, language="srclc:rus;"))).encode()
WITH_HEADER = "\n".join((",".join(COLUMNS), cells("7", A).replace("\t", ","))).encode()


@given(data=st.data())
@settings(max_examples=40)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(data.draw(st.sampled_from([SAMPLE, WITH_HEADER])))))
