"""Tables of Telegram messages: names of columns, numbers that are none, and hidden origins."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from analytics.errors import GroundswellError
from collectors.exports.formats import Head, Options, detect
from collectors.exports.sources import Source
from collectors.exports.telegram_messages import FORMAT

HEADER = "channel,msg_id,date,views,replies,forwards,is_forward,fwd_from,fwd_orig_msg_id,reply_to"
TIME = "2026-03-01T12:00:00Z"


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "messages.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def items(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "messages.json"
    path.write_text(json.dumps(list(rows), indent=1))
    return path


def item(number: object = 5, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    told = {"message_id": number, "sender_id": -1001243038268, "text": "words", "date": TIME}
    return told | {"channel": "Square News"} | more


def told(done: Read, *names: str) -> list[tuple[object, ...]]:
    return done.rows["posts"].select(*names).rows()


def test_a_row_is_a_post_of_its_channel(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, f"c_1,7,{TIME},10,2,0,0,,,"))
    names = ("post_id", "account_id", "kind", "parent_id", "root_id", "basis")
    assert told(done, *names) == [("telegram:c_1/7", "telegram:c_1", "original", None, None, None)]
    assert done.rows["posts"]["at"].to_list() == [datetime(2026, 3, 1, 12, tzinfo=UTC)]


@pytest.mark.parametrize("date", ["2026-03-01 12:00:00", "2026-03-01T15:00:00+03:00"])
def test_times_without_a_zone_are_utc(tmp_path: Path, date: str) -> None:
    done = read(FORMAT, table(tmp_path, f"c_1,7,{date},,,,0,,,"))
    assert done.rows["posts"]["at"].to_list() == [datetime(2026, 3, 1, 12, tzinfo=UTC)]


def test_a_time_that_is_none_is_counted(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, "c_1,7,soon,,,,0,,,"))
    assert done.rows["posts"]["at"].to_list() == [None]
    assert done.lost("unknown", "times") == {"no readable time: kept without a time": 1}


def test_a_forward_names_its_origin_and_never_its_parent(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, f"c_1,7,{TIME},,,,1,c_2,40,6"))
    names = ("kind", "root_id", "root_account_id", "parent_id", "basis")
    assert told(done, *names) == [("repost", "telegram:c_2/40", "telegram:c_2", None, None)]


def test_forwards_of_hidden_origins_are_counted(tmp_path: Path) -> None:
    rows = (f"c_1,7,{TIME},,,,1,,,", f"c_1,8,{TIME},,,,1,c_2,,", f"c_1,9,{TIME},,,,true,c_2,3,")
    done = read(FORMAT, table(tmp_path, *rows))
    assert told(done, "kind", "root_id", "root_account_id") == [
        ("repost", None, None), ("repost", None, "telegram:c_2"),
        ("repost", "telegram:c_2/3", "telegram:c_2"),
    ]  # fmt: skip
    assert done.lost("unknown", "references") == {
        "a forward that hides its origin": 1,
        "a forward that names its origin but not the message there": 1,
    }
    assert done.place("a forward that hides") == "messages.csv, row 2"


def test_a_person_is_told_from_a_channel_of_the_same_number(tmp_path: Path) -> None:
    header = f"{HEADER},fwd_peer_type"
    rows = (f"c_1,7,{TIME},,,,1,5,,,PeerUser", f"c_1,8,{TIME},,,,1,5,2,,PeerChannel")
    done = read(FORMAT, table(tmp_path, *rows, header=header))
    assert told(done, "root_account_id") == [("telegram:user5",), ("telegram:5",)]


def test_an_answer_has_an_observed_parent(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, f"c_1,7,{TIME},,,,0,,,6"))
    assert told(done, "kind", "parent_id", "basis") == [("reply", "telegram:c_1/6", "observed")]


def test_numbers_that_passed_through_decimals_are_whole_again(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, f"-1001243038268.0,7.0,{TIME},3.0,,,1,1243038269.0,40.0,"))
    assert told(done, "post_id", "root_id") == [("telegram:1243038268/7", "telegram:1243038269/40")]
    assert done.rows["numbers shown"]["value"].to_list() == [3]


def test_a_zero_is_kept_only_where_it_was_shown(tmp_path: Path) -> None:
    rows = (f"c_1,7,{TIME},10,0,0,0,,,", f"c_1,8,{TIME},0,3,0,0,,,", f"c_1,9,{TIME},many,,,0,,,")
    done = read(FORMAT, table(tmp_path, *rows))
    shown = done.rows["numbers shown"].select("post_id", "metric", "value", "definition")
    assert sorted(shown.rows()) == [
        ("telegram:c_1/7", "forwards", 0, "telegram-messages forwards"),
        ("telegram:c_1/7", "views", 10, "telegram-messages views"),
        ("telegram:c_1/8", "replies", 3, "telegram-messages replies"),
    ]
    assert done.lost("unknown", "values") == {
        "views is no number: left out": 1,
        "views 0, which can stand for a number not shown: left out": 1,
        "replies 0, which can stand for a number not shown: left out": 1,
        "forwards 0, which can stand for a number not shown: left out": 1,
    }


def test_rows_that_name_no_message_are_refused(tmp_path: Path) -> None:
    rows = (f",7,{TIME},,,,0,,,", f"c_1,,{TIME},,,,0,,,", f"c_1,x,{TIME},,,,0,,,")
    done = read(FORMAT, table(tmp_path, *rows, f"c_1,8,{TIME},,,,0,,,"))
    assert told(done, "post_id") == [("telegram:c_1/8",)]
    assert done.lost("dropped", "rows") == {"lacks a channel or a message's number": 3}
    assert done.place("lacks") == "messages.csv, row 2"


def test_other_names_of_columns_are_read_alike(tmp_path: Path) -> None:
    header = "message_id,channel_id,channel_name,date,message,views,reply_to_msg_id"
    done = read(FORMAT, table(tmp_path, f"7,-1001243038268,Square,{TIME},hi,1,6", header=header))
    assert told(done, "post_id", "text", "parent_id") == [
        ("telegram:1243038268/7", "hi", "telegram:1243038268/6")
    ]


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    header = f"{HEADER},has_url,is_reply"
    done = read(FORMAT, table(tmp_path, f"c_1,7,{TIME},,,,0,,,,1,0", header=header))
    assert done.lost("unknown", "fields") == {"field has_url is not read": 1}


def test_the_marked_sender_of_a_post_is_its_channel(tmp_path: Path) -> None:
    done = read(FORMAT, items(tmp_path, item(5)))
    assert told(done, "post_id", "account_id") == [("telegram:1243038268/5", "telegram:1243038268")]
    accounts = done.rows["accounts"].select("account_id", "name").rows()
    assert accounts == [("telegram:1243038268", "Square News")]


def test_where_a_person_is_the_sender_the_chat_is_known_by_its_name(tmp_path: Path) -> None:
    done = read(FORMAT, items(tmp_path, item(5, sender_id=77, channel="A/b c")))
    assert told(done, "post_id", "account_id") == [("telegram:name=A%2Fb c/5", "telegram:user77")]


def test_links_and_hashtags_are_taken_from_the_text(tmp_path: Path) -> None:
    text = "[see](https://youtu.be/abcdefghijk) https://a.example/x. #площадь a#b"
    done = read(FORMAT, items(tmp_path, item(5, text=text), item(6, text="")))
    assert done.rows["posts"]["urls"].to_list()[0] == [
        "https://youtu.be/abcdefghijk", "https://a.example/x"
    ]  # fmt: skip
    assert done.rows["posts"]["hashtags"].to_list()[0] == ["площадь"]
    assert done.rows["posts"]["object_keys"].to_list()[0][0] == "youtube:abcdefghijk"
    assert done.rows["posts"]["text"].to_list() == [text, None]


def test_an_item_of_wrong_types_is_set_aside_alone(tmp_path: Path) -> None:
    done = read(FORMAT, items(tmp_path, item(5), item([6]), item(7)))
    assert told(done, "post_id") == [("telegram:1243038268/5",), ("telegram:1243038268/7",)]
    assert sum(done.lost("dropped", "rows").values()) == 1


def test_items_that_hold_nothing_that_is_read_are_refused(tmp_path: Path) -> None:
    done = read(FORMAT, items(tmp_path, {"a": 1}, {"a": 2}))
    assert done.lost("dropped", "rows") == {"lacks a channel or a message's number": 2}
    assert done.place("lacks") == "messages.json, row 1"


def test_a_channel_is_told_by_its_name_however_late_the_name_comes(tmp_path: Path) -> None:
    forward = item(5, sender_id=-1000000000077, channel="Other", fwd_from=1243038268)
    (tmp_path / "later").mkdir()
    done = read(FORMAT, items(tmp_path, forward), items(tmp_path / "later", item(6)))
    names = done.rows["accounts"].select("account_id", "name").rows()
    assert ("telegram:1243038268", "Square News") in names


def test_tables_of_other_things_are_not_claimed(tmp_path: Path) -> None:
    for header in ("id,channel,date,text", "message_id,date,views", "channel,message_id,date,body"):
        assert not FORMAT.knows(Head.of(Source(table(tmp_path, "a,b,c,d", header=header))))


SAMPLES = (
    f"{HEADER}\nc_1,7,{TIME},10,2,0,1,c_2,40,6\nc_1,8,{TIME},,,,0,,,7\n".encode(),
    json.dumps([item(5), item(6)], indent=1).encode(),
)


@pytest.mark.parametrize("sample", SAMPLES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_no_bytes_raise_anything_but_our_own_errors(
    tmp_path_factory: pytest.TempPathFactory, sample: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(sample)))
    cut = data.draw(st.integers(0, 9))
    folder = tmp_path_factory.mktemp("damaged")
    path = folder / "f"
    path.write_bytes(sample[:at] + data.draw(st.binary(max_size=6)) + sample[at + cut :])
    (folder / "scratch").mkdir()
    try:
        for part in FORMAT.read([Source(path)], Options("a", scratch=folder / "scratch")):
            common = {"appeal_id": "a", "source": "s"}
            stamps = {n: v for n, v in common.items() if n in part.table.columns}
            part.table.check(part.frame.with_columns(pl.lit(v).alias(n) for n, v in stamps.items()))
    except GroundswellError:
        return


# the real samples


def test_real_metadata_gives_what_it_is_known_to_hold(shared: Path) -> None:
    folder = shared / "data" / "telegram_forward_graph"
    path = next(folder.glob("*.csv.gz"))
    found = detect(Head.of(Source(path)))
    assert found is FORMAT
    done = read(FORMAT, path)
    posts = done.rows["posts"]
    assert (posts.height, posts["post_id"].n_unique()) == (170_541, 170_541)
    forwards = posts.filter(kind="repost")
    assert forwards.height == 45_207
    assert forwards["parent_id"].null_count() == forwards.height
    hidden, without_number = sorted(done.lost("unknown", "references").values())
    assert 0.03 < hidden / forwards.height < 0.04
    assert 0.08 < (hidden + without_number) / forwards.height < 0.11
    assert forwards["root_id"].null_count() == hidden + without_number
    held = forwards["root_id"].is_in(posts["post_id"].to_list()).sum()
    assert 0.25 < held / forwards.height < 0.28


def test_real_posts_give_what_they_are_known_to_hold(shared: Path) -> None:
    files = sorted((shared / "data" / "telegram_russian_news").glob("*.json"))
    done = read(FORMAT, *files)
    posts = done.rows["posts"]
    assert posts.height == 2_577
    numbers = {path.name.split("_")[0].removeprefix("100") for path in files}
    assert set(posts["account_id"]) == {f"telegram:{number}" for number in numbers}
    assert posts["at"].null_count() == posts["text"].null_count() == 0
    assert set(done.lost("unknown", "fields")) == {"field category is not read"}
