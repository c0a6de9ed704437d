"""Tables that people keep: columns by many names, links that tell the platform, odd cells."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read
from test_importing import HOAXY, TABLE, damaged, survives

from analytics.errors import FormatError
from analytics.store import Store
from collectors.exports import import_files
from collectors.exports import spreadsheet as module
from collectors.exports.formats import Head, Options, Part, detect
from collectors.exports.sources import Source, find
from collectors.exports.spreadsheet import FORMAT, fields

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALMATY = ZoneInfo("Asia/Almaty")
RUSSIAN = (
    "Номер;Текст поста;Ссылка;Автор;Дата;Время;Лайки;Просмотры;Платформа\n"
    "1;Дорога #мост;https://t.me/square/42;@ann;01.03.2026;17:00;1 200;;\n"
    "2;Слова;;Ann A;01.03.2026 17:00;;0;;Вконтакте\n"
)


def table(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def told(done: Read, *names: str) -> list[tuple[object, ...]]:
    return done.rows["posts"].select(*names).rows()


def test_a_russian_table_is_found_and_read(tmp_path: Path) -> None:
    path = table(tmp_path, RUSSIAN)
    assert detect(Head.of(Source(path))) is FORMAT
    done = read(FORMAT, path, zone=ALMATY)
    assert told(done, "post_id", "platform", "account_id", "at", "kind", "hashtags") == [
        ("telegram:square/42", "telegram", "telegram:@ann", NOON, "original", ["мост"]),
        ("vk:2", "vk", "vk:name=Ann A", NOON, "original", []),
    ]
    assert done.rows["numbers shown"].select("metric", "value", "definition").rows() == [
        ("likes", 1200, "spreadsheet Лайки"),
        ("likes", 0, "spreadsheet Лайки"),
    ]


def test_the_least_is_words_and_an_id(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, "custom_id,text,label\na1,words,3\n"))
    assert told(done, "post_id", "platform", "account_id", "at", "text") == [
        ("unknown:a1", "unknown", None, None, "words")
    ]
    assert done.lost("unknown", "fields") == {"field label is not read": 1}
    assert list(done.lost("unknown", "platforms").values()) == [1]


@pytest.mark.parametrize(
    "header", ["text,likes", "id,likes", "id,title,url", "id;name", "text", "id,texts"]
)
def test_tables_without_words_or_without_a_name_are_left(header: str, tmp_path: Path) -> None:
    assert not FORMAT.knows(Head.of(Source(table(tmp_path, f"{header}\na,b\n"))))


FOURCAT = "id,thread_id,author,body,timestamp\n1,1,a,words,2026-03-01 12:00:00\n"


@pytest.mark.parametrize(("name", "text"), [("hoaxy", HOAXY), ("table", TABLE), ("4cat", FOURCAT)])
def test_it_gives_way_to_every_other_format(name: str, text: str, tmp_path: Path) -> None:
    header, *rows = text.splitlines()
    wider = "\n".join((f"id,text,{header}" if name == "hoaxy" else header, *rows))
    found = detect(Head.of(Source(table(tmp_path, wider))))
    assert found is not None
    assert found.name == name


class _AsksBack:
    """Another format that gives way to all others."""

    name = "asks-back"
    label = "asks back"

    def knows(self, head: Head) -> bool:
        return FORMAT.knows(head)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        del files, options
        yield from ()


def test_it_can_be_asked_by_the_format_that_it_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = {"asks-back": _AsksBack(), "spreadsheet": FORMAT}
    monkeypatch.setattr(module, "known_formats", lambda: both)
    head = Head.of(Source(table(tmp_path, "id,text\n1,words\n")))
    assert FORMAT.knows(head)
    assert FORMAT.knows(head)  # the guard is taken down again


def test_the_first_of_several_names_is_taken_and_the_others_counted(tmp_path: Path) -> None:
    assert fields(["Post ID", "ID", "BODY", "post-text"]) == {"id": "ID", "text": "BODY"}
    done = read(FORMAT, table(tmp_path, "post_id,id,text\np,i,words\n"))
    assert told(done, "post_id") == [("unknown:i",)]
    assert done.lost("unknown", "fields") == {"field post_id is not read": 1}


@pytest.mark.parametrize(
    ("link", "post_id"),
    [
        ("https://x.com/ann/status/12?s=20", "x:12"),
        ("https://mobile.twitter.com/ann/status/12", "x:12"),
        ("https://www.youtube.com/watch?t=1&v=abcdefghijk", "youtube:abcdefghijk"),
        ("https://youtu.be/abcdefghijk", "youtube:abcdefghijk"),
        ("https://www.youtube.com/watch?v=abcdefghijk&lc=Ugx1.2", "youtube:Ugx1.2"),
        ("https://t.me/s/square/42", "telegram:square/42"),
        ("t.me/square/42", "telegram:square/42"),
        ("https://t.me/c/123/42", "telegram:123/42"),
        ("https://vk.com/feed?w=wall-1_2", "vk:-1_2"),
        ("https://m.vk.com/wall-1_2?reply=3", "vk:-1_3"),
        ("https://www.tiktok.com/@ann/video/77", "tiktok:77"),
        ("https://instagram.com/p/Ab-C_d/", "instagram:Ab-C_d"),
        ("https://bsky.app/profile/did:plc:a/post/k1",
         "bluesky:at://did:plc:a/app.bsky.feed.post/k1"),
        ("https://t.me/square", "telegram:7"),
        ("https://news.example/story", "unknown:7"),
        ("", "unknown:7"),
    ],
)  # fmt: skip
def test_a_link_gives_the_platform_and_its_own_id(link: str, post_id: str, tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, f'id,url,text\n7,"{link}",words\n'))
    assert told(done, "post_id", "platform") == [(post_id, post_id.split(":", maxsplit=1)[0])]


def test_a_row_with_nothing_but_a_link_is_known_by_it(tmp_path: Path) -> None:
    path = table(tmp_path, "link,text\nhttps://a.example/1,words\n,words\n")
    done = read(FORMAT, path)
    assert told(done, "post_id") == [("unknown:https://a.example/1",)]
    assert done.lost("dropped", "rows") == {"lacks an id and a link": 1}
    assert done.place("lacks") == "table.csv, row 3"


@pytest.mark.parametrize(
    ("said", "platform"),
    [("Twitter/X", "x"), ("TikTok", "tiktok"), ("Одноклассники", "ok"), ("My Site", "my_site"),
     ("Дзен", "unknown"), ("", "unknown"), ("4chan", "unknown")],
)  # fmt: skip
def test_the_table_can_say_the_platform(said: str, platform: str, tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, f"id,text,platform\n7,words,{said}\n"))
    assert told(done, "platform", "post_id") == [(platform, f"{platform}:7")]


@pytest.mark.parametrize(
    ("author", "account"),
    [
        ("@ann", "unknown:@ann"),
        ("https://vk.com/id5?from=x", "unknown:@id5"),
        ("Ann Bee", "unknown:name=Ann Bee"),
        ("@", None),
        ("", None),
    ],
)
def test_writers_are_handles_profiles_or_names(
    author: str, account: str | None, tmp_path: Path
) -> None:
    done = read(FORMAT, table(tmp_path, f"id,text,author\n7,words,{author}\n"))
    assert told(done, "account_id") == [(account,)]


def test_an_id_of_a_writer_goes_before_the_name(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, "id,text,author,user_id\n7,words,ann,0012\n"))
    assert told(done, "account_id") == [("unknown:0012",)]
    assert done.rows["accounts"].select("account_id", "handle").rows() == [("unknown:0012", "ann")]


def test_a_name_is_no_handle(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, "id,text,author\n7,w,Ann Bee\n8,w,@ann\n"))
    assert done.rows["accounts"].select("handle", "name").rows() == [
        (None, "Ann Bee"),
        ("ann", None),
    ]


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01 17:00:00+05:00",
        "1772366400",
        "1772366400000",
        "Sun Mar 01 12:00:00 +0000 2026",
    ],
)
def test_times_with_a_zone_need_no_other(written: str, tmp_path: Path) -> None:
    assert told(read(FORMAT, table(tmp_path, f"id,text,date\n7,w,{written}\n")), "at") == [(NOON,)]


@pytest.mark.parametrize(
    "written",
    ["2026-03-01 17:00", "2026-03-01T17:00:00.000", "01.03.2026 17:00", "1.3.2026 17:00:00"],
)
def test_local_times_are_read_in_the_users_zone_or_refused(written: str, tmp_path: Path) -> None:
    path = table(tmp_path, f"id,text,date\n7,w,{written}\n")
    assert told(read(FORMAT, path, zone=ALMATY), "at") == [(NOON,)]
    with pytest.raises(FormatError, match=r"table\.csv has times without a zone.*--timezone"):
        read(FORMAT, path)


def test_a_zone_is_asked_for_before_anything_is_read(tmp_path: Path) -> None:
    good = table(tmp_path, "id,text\n7,w\n", "a.csv")
    bad = table(tmp_path, "id,text,date\n7,w,2026-03-01 17:00\n", "b.csv")
    options = Options("appeal", scratch=tmp_path)
    parts = FORMAT.read(find([good, bad], tmp_path).sources, options)
    with pytest.raises(FormatError, match="--timezone"):
        next(iter(parts))


def test_a_day_without_an_hour_is_its_midnight_and_counted(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, "id,text,date\n7,w,2026-03-01\n8,w,01.03.2026\n"), zone=UTC)
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    assert told(done, "at") == [(midnight,), (midnight,)]
    reason = "only a day, without an hour: kept as its midnight"
    assert done.lost("unknown", "times") == {reason: 2}


@pytest.mark.parametrize("written", ["3/4/2026", "yesterday", "45000", "2026"])
def test_what_is_no_plain_time_is_left_empty_and_counted(written: str, tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, f"id,text,date\n7,w,{written}\n8,w,\n"), zone=UTC)
    assert told(done, "at") == [(None,), (None,)]
    assert done.lost("unknown", "times") == {"no readable time: kept without one": 1}


@pytest.mark.parametrize(
    ("written", "value"),
    [("1,200", 1200), ("1 200", 1200), ("12.0", 12), ("0", 0), ("1.2K", None), ("-1", None),
     ("1.000", None), ("12,5", None)],
)  # fmt: skip
def test_counts_are_whole_numbers_or_left_empty(
    written: str, value: int | None, tmp_path: Path
) -> None:
    done = read(FORMAT, table(tmp_path, f'id,text,views\n7,w,"{written}"\n'))
    assert done.rows["numbers shown"]["value"].to_list() == ([] if value is None else [value])
    lost = {"views is no count: left empty": 1} if value is None else {}
    assert done.lost("unknown", "values") == lost


def test_words_give_links_and_hashtags_and_columns_of_hashtags_go_before(tmp_path: Path) -> None:
    text = 'id,text,tags\n7,"https://a.example/x#y, #one",\n8,#one,"#two, three"\n'
    done = read(FORMAT, table(tmp_path, text))
    assert told(done, "urls", "hashtags") == [
        (["https://a.example/x#y"], ["one"]),
        ([], ["two", "three"]),
    ]


def test_a_file_without_the_columns_is_passed_over(tmp_path: Path) -> None:
    other = table(tmp_path, "a,b\n1,2\n", "a.csv")
    done = read(FORMAT, other, table(tmp_path, "id,text\n7,w\n", "b.csv"))
    assert done.rows["posts"].height == 1
    assert list(done.lost("dropped", "files").values()) == [1]


def test_a_real_table_is_kept_whole(shared: Path, tmp_path: Path) -> None:
    report = import_files(tmp_path / "s", [shared / "data" / "kazakh_russian_text"])
    posts = Store(tmp_path / "s").read("posts")
    assert report.files["format"].drop_nulls().to_list() == ["spreadsheet"]
    assert posts.height == 16_796
    assert posts["platform"].unique().to_list() == ["unknown"]
    assert posts["account_id"].null_count() == posts["at"].null_count() == posts.height
    rows = report.losses.filter(pl.col("what").is_in(["posts", "rows"]))
    assert rows["count"].sum() == 16_796
    unread = report.losses.filter(what="fields").sort("reason")["reason"].to_list()
    assert unread == [f"field {name} is not read" for name in ("domain", "label", "text_cleaned")]


@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    content = data.draw(damaged(RUSSIAN.encode()))
    survives(content)
    survives(content, "spreadsheet")


CELLS = st.text(max_size=8) | st.sampled_from(
    ["", "nan", "9" * 30, "-1", "@", "@\n", "https://t.me/", "https://t.me/a/1", "x:", "1e300",
     "2026-03-01", "01.03.2026", "31.12.9999 23:59", "00:00", "999999999999", "#", "x_", "Вк"]
)  # fmt: skip


@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_any_cell_is_read_or_refused(data: st.DataObject) -> None:
    header = "id,text,url,author,author_id,date,time,platform,likes,hashtags"
    cells = (data.draw(CELLS).replace('"', '""') for _ in header.split(","))
    row = ",".join(f'"{cell}"' for cell in cells)
    survives(f"{header}\n{row}\n".encode(errors="replace"), "spreadsheet")
