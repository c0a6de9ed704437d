"""Telegram Desktop's JSON: local times, loose escapes, forwards, and exports of whole accounts."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read, written

from analytics.errors import FormatError, GroundswellError
from analytics.store import Store
from collectors.exports import import_files, telegram_desktop
from collectors.exports.documents import chunks
from collectors.exports.formats import Head, Options
from collectors.exports.sources import Source
from collectors.exports.telegram_desktop import FORMAT

MINSK = ZoneInfo("Europe/Minsk")
BERLIN = ZoneInfo("Europe/Berlin")


def message(number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    told = {"id": number, "type": "message", "date": "2026-03-01T15:00:00", "text": f"m{number}"}
    return told | more


def timed(number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return message(number, date_unixtime="1772366400") | more


def channel(*messages: dict[str, Any], number: int = 42, name: str = "Square") -> dict[str, Any]:
    told = {"name": name, "type": "public_channel", "id": number}
    return told | {"messages": list(messages)}


def export(folder: Path, *messages: dict[str, Any], **chat: Any) -> Path:  # noqa: ANN401
    return written(folder / "result.json", channel(*messages, **chat))


def column(done: Read, name: str) -> list[Any]:
    return done.rows["posts"][name].to_list()


NO_ZONE = (
    "result.json has times without a zone: they are local to the computer that exported it; "
    "say which with --timezone, for example --timezone Europe/Minsk"
)


def test_local_times_need_a_zone_and_the_sentence_says_how(tmp_path: Path) -> None:
    path = export(tmp_path, message(1), message(2))
    with pytest.raises(FormatError) as refused:
        read(FORMAT, path)
    assert str(refused.value) == NO_ZONE


def test_messages_that_show_both_clocks_tell_the_zone_of_the_others(tmp_path: Path) -> None:
    done = read(FORMAT, export(tmp_path, timed(1), message(2, date="2026-03-01T16:00:00")))
    assert column(done, "at") == [datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (12, 13)]
    evidence = "read as UTC+03:00; of its first messages, 1 show both clocks"
    assert done.lost("unknown", "times") == {f"local time without a zone: {evidence}": 1}
    assert done.place("local time") == "result.json, message 2"


def test_a_zone_that_is_given_goes_before_one_that_is_guessed(tmp_path: Path) -> None:
    done = read(FORMAT, export(tmp_path, timed(1), message(2)), zone=BERLIN)
    assert column(done, "at") == [datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (12, 14)]
    assert not done.lost("unknown", "times")


@pytest.mark.parametrize("stamp", ["1772362800", "1772366460", "1772000000", "soon"])
def test_clocks_that_disagree_or_differ_by_no_zone_are_no_evidence(
    tmp_path: Path, stamp: str
) -> None:
    first = [timed(1)] if stamp == "1772362800" else []
    path = export(tmp_path, *first, message(2, date_unixtime=stamp), message(3))
    with pytest.raises(FormatError):
        read(FORMAT, path)


def test_another_export_of_the_same_messages_tells_the_zone(tmp_path: Path) -> None:
    old = export(tmp_path, message(1, date="2026-03-01T07:00:00"), message(2))
    new = written(tmp_path / "new", channel(timed(1)))
    other = written(tmp_path / "other", channel(timed(1), number=43))
    with pytest.raises(FormatError):
        read(FORMAT, old, other)
    done = read(FORMAT, old, new)
    assert [at.hour for at in column(done, "at")] == [12, 20, 12]
    evidence = "of its first messages, 1 have their UTC in another file of this import"
    reason = f"local time without a zone: read as UTC-05:00; {evidence}"
    assert done.lost("unknown", "times") == {reason: 2}


def test_a_local_time_far_down_a_file_stays_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_desktop, "_SAMPLE", 1)
    first = timed(1, date="1999-01-01T00:00:00")
    done = read(FORMAT, export(tmp_path, first, message(2)))
    assert column(done, "at") == [datetime(2026, 3, 1, 12, tzinfo=UTC), None]
    reason = "local time without a zone, which --timezone can tell: kept without a time"
    assert done.lost("unknown", "times") == {reason: 1}


@pytest.mark.parametrize("zone", [timezone(timedelta(hours=3)), MINSK], ids=str)
def test_local_times_are_read_in_the_zone_given(tmp_path: Path, zone: Any) -> None:  # noqa: ANN401
    done = read(FORMAT, export(tmp_path, message(1)), zone=zone)
    assert column(done, "at") == [datetime(2026, 3, 1, 12, tzinfo=UTC)]


@pytest.mark.parametrize("stamp", ["1772366400", 1772366400])
def test_unix_times_need_no_zone_and_win_over_local_ones(tmp_path: Path, stamp: object) -> None:
    path = export(tmp_path, message(1, date="1999-01-01T00:00:00", date_unixtime=stamp))
    for zone in (None, MINSK):
        done = read(FORMAT, path, zone=zone)
        assert column(done, "at") == [datetime(2026, 3, 1, 12, tzinfo=UTC)]


def test_times_that_clocks_skipped_or_showed_twice_stay_unknown(tmp_path: Path) -> None:
    skipped = message(1, date="2026-03-29T02:30:00")
    twice = message(2, date="2026-10-25T02:30:00")
    done = read(FORMAT, export(tmp_path, skipped, twice, message(3)), zone=BERLIN)
    assert column(done, "at") == [None, None, datetime(2026, 3, 1, 14, tzinfo=UTC)]
    reason = "local time that was skipped or came twice when clocks changed"
    assert done.lost("unknown", "times") == {f"{reason}: kept without a time": 2}
    assert done.place(reason) == "result.json, message 1"


def test_times_that_are_none_are_told_apart_from_skipped_ones(tmp_path: Path) -> None:
    bad = ({"date_unixtime": "soon"}, {"date_unixtime": "9" * 17}, {"date": "1 March"})
    path = export(tmp_path, *(timed(n, date=None) | each for n, each in enumerate(bad, 1)))
    done = read(FORMAT, path)
    assert column(done, "at")[:2] == [None, None]
    assert done.lost("unknown", "times") == {"no readable time: kept without a time": 2}


def test_control_characters_written_as_x_are_mended(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    told = json.dumps(channel(timed(1, text="oneVtwo"), timed(2, text="C:\\x0b")))
    path.write_text(told.replace("V", "\\x0b"))
    assert column(read(FORMAT, path), "text") == ["one\vtwo", "C:\\x0b"]


def test_text_may_be_pieces_and_links_and_tags_are_taken_from_them(tmp_path: Path) -> None:
    pieces = [
        "see ",
        {"type": "text_link", "text": "here", "href": "https://a.example/page"},
        {"type": "link", "text": "https://youtu.be/abcdefghijk"},
        {"type": "hashtag", "text": "#square"},
        {"type": "custom_emoji", "text": "!", "document_id": "x"},
    ]
    done = read(FORMAT, export(tmp_path, timed(1, text=pieces), timed(2, text="")))
    assert column(done, "text") == ["see herehttps://youtu.be/abcdefghijk#square!", None]
    assert column(done, "urls")[0] == ["https://a.example/page", "https://youtu.be/abcdefghijk"]
    page, video = column(done, "object_keys")[0]
    assert page.startswith("url:")
    assert page.endswith("a.example/page")
    assert video == "youtube:abcdefghijk"
    assert column(done, "hashtags") == [["square"], []]


def test_a_forward_names_its_origin_and_never_its_parent(tmp_path: Path) -> None:
    here = export(
        tmp_path,
        timed(1, forwarded_from="Held", reply_to_message_id=7),
        timed(2, forwarded_from="Elsewhere"),
        timed(3, forwarded_from="Renamed since", forwarded_from_id="channel77"),
        timed(4, forwarded_from="A person", forwarded_from_id="user5"),
        timed(5, forwarded_from=None),
    )
    held = written(tmp_path / "held.json", channel(timed(1), number=99, name="Held"))
    done = read(FORMAT, here, held)
    forwards = done.rows["posts"].head(5)
    assert forwards["kind"].to_list() == ["repost"] * 4 + ["original"]
    assert forwards["root_account_id"].to_list() == [
        "telegram:99", "telegram:name=Elsewhere", "telegram:77", "telegram:user5", None
    ]  # fmt: skip
    assert forwards["parent_id"].null_count() == forwards["root_id"].null_count() == 5


def test_a_name_that_two_chats_bear_is_not_resolved(tmp_path: Path) -> None:
    files = [
        written(tmp_path / "1", channel(timed(1), number=1, name="News")),
        written(tmp_path / "2", channel(timed(1), number=2, name="News")),
        written(tmp_path / "3", channel(timed(1, forwarded_from="News"), number=3)),
    ]
    assert column(read(FORMAT, *files), "root_account_id")[-1] == "telegram:name=News"


def test_an_answer_has_an_observed_parent(tmp_path: Path) -> None:
    done = read(FORMAT, export(tmp_path, timed(2, reply_to_message_id=1)))
    told = done.rows["posts"].select("post_id", "kind", "parent_id", "basis").row(0)
    assert told == ("telegram:42/2", "reply", "telegram:42/1", "observed")


def test_in_a_group_the_sender_is_the_account_in_a_channel_the_channel(tmp_path: Path) -> None:
    senders = ("user5", "channel77", 6, "", None)
    messages = [timed(n, from_id=sender) for n, sender in enumerate(senders)]
    group = channel(*messages, number=9) | {"type": "private_supergroup"}
    done = read(FORMAT, written(tmp_path / "group", group), export(tmp_path, timed(1, from_id=6)))
    assert column(done, "account_id") == [
        "telegram:user5", "telegram:77", "telegram:6", "telegram:9", "telegram:9", "telegram:42"
    ]  # fmt: skip


def test_service_messages_are_dropped_and_counted(tmp_path: Path) -> None:
    pinned = {"id": 7, "type": "service", "date": "2026-03-01T15:00:00", "action": "pin_message"}
    done = read(FORMAT, export(tmp_path, pinned | {"date_unixtime": "1"}, timed(8)))
    assert column(done, "post_id") == ["telegram:42/8"]
    reason = "service message (pinned, joined, renamed …): not a post"
    assert done.lost("dropped", "rows") == {reason: 1}
    assert done.place("service") == "result.json, message 7"


def test_a_chat_of_service_messages_only_does_not_disturb_the_others(tmp_path: Path) -> None:
    service = {"id": 1, "type": "service", "date": "2026-03-01T15:00:00", "date_unixtime": "1"}
    chats = {"list": [channel(service, number=1), channel(timed(1), number=2)]}
    report = import_files(tmp_path / "s", [written(tmp_path / "r", {"chats": chats} | HINT)])
    assert report.losses.filter(outcome="kept", what="posts")["count"].item() == 1


HINT = {"about": "Here is the data you requested.", "personal_information": {}}


def test_an_export_of_the_whole_account_gives_every_chat(tmp_path: Path) -> None:
    account = HINT | {
        "contacts": {"list": [{"first_name": "N" * 300_000}]},
        "chats": {"list": [channel(timed(1), number=1), channel(timed(1, edited="x"), number=2)]},
        "left_chats": {"list": [channel(timed(1), number=3)]},
    }
    path = written(tmp_path / "account", account)
    assert FORMAT.knows(Head.of(Source(path)))
    done = read(FORMAT, path)
    assert column(done, "post_id") == ["telegram:1/1", "telegram:2/1", "telegram:3/1"]
    assert done.lost("unknown", "fields") == {"field edited is not read": 1}


def test_reactions_are_numbers_of_their_post(tmp_path: Path) -> None:
    shown = [{"type": "emoji", "emoji": "+", "count": 3}, {"type": "paid", "count": 2}]
    done = read(FORMAT, export(tmp_path, timed(1, reactions=shown), timed(2)))
    told = done.rows["numbers shown"].select("post_id", "metric", "value").rows()
    assert told == [("telegram:42/1", "reactions", 5)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "7"},
        {"id": 2**70},
        {"text": 5},
        {"text": [["nested"]]},
        {"reactions": [{"count": 2**70}]},
        {"reply_to_message_id": 2**70},
        {"date": 1},
    ],
    ids=str,
)
def test_a_message_of_wrong_types_is_set_aside_alone(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    done = read(FORMAT, export(tmp_path, timed(1), timed(2) | wrong, timed(3)))
    assert column(done, "post_id") == ["telegram:42/1", "telegram:42/3"]
    assert sum(done.lost("dropped", "rows").values()) == 1
    assert done.place("not as Telegram writes it") == "result.json, message number 1"


def test_a_chat_without_a_number_is_known_by_its_name(tmp_path: Path) -> None:
    chat = channel(timed(1), timed(2, reply_to_message_id=1), name="a/{}b")
    chat.pop("id")
    done = read(FORMAT, written(tmp_path / "r", chat))
    assert column(done, "post_id") == ["telegram:name=a%2F{}b/1", "telegram:name=a%2F{}b/2"]
    assert column(done, "account_id") == ["telegram:name=a%2F{}b"] * 2


def test_a_truncated_export_gives_what_stands_before_its_end(tmp_path: Path) -> None:
    path = export(tmp_path, timed(1), timed(2))
    path.write_bytes(path.read_bytes()[:-9])
    done = read(FORMAT, path)
    assert column(done, "post_id") == ["telegram:42/1"]
    reason = "broken JSON: it ends too early or has a damaged place"
    assert done.lost("dropped", "rows") == {reason: 1}
    assert done.place(reason) == "result.json, at its end"


def test_an_export_is_read_in_pieces_that_make_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = export(tmp_path, *(timed(n, forwarded_from=f"Origin {n % 5}") for n in range(60)))
    whole = read(FORMAT, path)
    monkeypatch.setattr(telegram_desktop, "chunks", lambda found: chunks(found, rows=7))
    pieces = read(FORMAT, path)
    assert pieces.rows["posts"].equals(whole.rows["posts"])
    assert (
        pieces.rows["accounts"].sort("account_id").equals(whole.rows["accounts"].sort("account_id"))
    )


def test_what_is_said_of_a_chat_may_stand_behind_its_messages(tmp_path: Path) -> None:
    chat = channel(timed(1, from_id="user5"), name="a], b")
    path = written(tmp_path / "r", {"messages": chat.pop("messages")} | chat)
    done = read(FORMAT, path)
    assert column(done, "account_id") == ["telegram:42"]
    assert done.rows["accounts"]["name"].to_list() == ["a], b"]


def test_chats_can_come_in_a_list_or_one_a_line(tmp_path: Path) -> None:
    chats = [channel(timed(1, from_id="channel1"), number=n) for n in (1, 2)]
    for path in (written(tmp_path / "l", *chats), written(tmp_path / "a", chats)):
        assert FORMAT.knows(Head.of(Source(path)))
        assert column(read(FORMAT, path), "post_id") == ["telegram:1/1", "telegram:2/1"]


def test_a_damaged_chat_of_an_account_loses_only_its_damaged_message(tmp_path: Path) -> None:
    chats = [channel(timed(1), timed(2), timed(3), number=1), channel(timed(1), number=2)]
    path = written(tmp_path / "account", HINT | {"chats": {"list": chats}})
    path.write_text(path.read_text().replace('"id": 2, "type": "message"', '"id": 2x, "type": 1'))
    done = read(FORMAT, path)
    assert column(done, "post_id") == ["telegram:1/1", "telegram:1/3", "telegram:2/1"]
    assert sum(done.lost("dropped", "rows").values()) == 1
    assert done.place("broken JSON") == "account, chat 1, message number 1"


def test_old_numbers_of_chats_are_brought_to_the_bare_ones(tmp_path: Path) -> None:
    old = channel(timed(1, from_id=9832972860), timed(2, reply_to_message_id=1), number=9832972860)
    done = read(FORMAT, written(tmp_path / "r", old))
    assert column(done, "post_id") == ["telegram:1243038268/1", "telegram:1243038268/2"]
    assert column(done, "parent_id") == [None, "telegram:1243038268/1"]
    person = channel(timed(1), number=9832972860) | {"type": "personal_chat"}
    done = read(FORMAT, written(tmp_path / "r", person))
    assert column(done, "post_id") == ["telegram:9832972860/1"]


def test_an_answer_to_another_chat_names_that_chat(tmp_path: Path) -> None:
    answer = timed(2, reply_to_message_id=1, reply_to_peer_id="channel77")
    assert column(read(FORMAT, export(tmp_path, answer)), "parent_id") == ["telegram:77/1"]


def test_accounts_that_a_text_names_are_told_by_handle_or_number(tmp_path: Path) -> None:
    pieces = [
        {"type": "mention", "text": "@someone"},
        {"type": "mention_name", "text": "A person", "user_id": 5},
        {"type": "mention_name", "text": "Nobody"},
    ]
    messages = (timed(1, text=pieces), timed(2, text="flat", text_entities=pieces), timed(3))
    done = read(FORMAT, export(tmp_path, *messages))
    named = ["telegram:@someone", "telegram:user5"]
    assert column(done, "mentions") == [named, named, []]


def test_plain_entities_mark_nothing_and_odd_ones_cost_nothing(tmp_path: Path) -> None:
    plain = [{"type": "plain", "text": "m1"}]
    done = read(FORMAT, export(tmp_path, timed(1, text_entities=plain), timed(2, text_entities=7)))
    assert column(done, "text") == ["m1", "m2"]
    assert column(done, "urls") == [[], []]


def test_what_was_saved_from_a_chat_is_a_forward_of_unknown_origin(tmp_path: Path) -> None:
    done = read(FORMAT, export(tmp_path, timed(1, saved_from="Somewhere")))
    told = done.rows["posts"].select("kind", "parent_id", "root_account_id", "basis").row(0)
    assert told == ("repost", None, None, None)
    assert sum(done.lost("unknown", "references").values()) == 1


def test_an_edited_message_keeps_the_time_of_its_post(tmp_path: Path) -> None:
    done = read(FORMAT, export(tmp_path, timed(1, edited_unixtime="1772999999")))
    assert column(done, "at") == [datetime(2026, 3, 1, 12, tzinfo=UTC)]


def test_views_and_forwards_are_read_where_an_export_has_them(tmp_path: Path) -> None:
    done = read(FORMAT, export(tmp_path, timed(1, views=9, forwards=0), timed(2)))
    shown = done.rows["numbers shown"].select("post_id", "metric", "value", "definition").rows()
    assert shown == [
        ("telegram:42/1", "views", 9, "telegram-desktop views"),
        ("telegram:42/1", "forwards", 0, "telegram-desktop forwards"),
    ]


def test_messages_that_telegram_could_not_export_are_counted_apart(tmp_path: Path) -> None:
    done = read(FORMAT, export(tmp_path, {"id": 1, "type": "unsupported"}, timed(2)))
    reason = "of a kind that Telegram could not export: it has no content"
    assert done.lost("dropped", "rows") == {reason: 1}


def sample(kind: str) -> bytes:
    chat = channel(timed(1, forwarded_from="A", text=["a", {"type": "link", "text": "b"}]))
    kinds = {"chat": chat, "account": HINT | {"chats": {"list": [chat]}}, "list": [chat, chat]}
    return json.dumps(kinds[kind]).encode()


@pytest.mark.parametrize("kind", ["chat", "account", "list"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_no_bytes_raise_anything_but_our_own_errors(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    whole = sample(kind)
    at = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 9))
    put_in = data.draw(st.binary(max_size=6) | st.sampled_from([b"{", b"]}", b'"', b"9" * 30]))
    folder = tmp_path_factory.mktemp("damaged")
    path = folder / "f"
    path.write_bytes(whole[:at] + put_in + whole[at + cut :])
    (folder / "scratch").mkdir()
    zone = data.draw(st.sampled_from([None, MINSK]))
    try:
        for part in FORMAT.read([Source(path)], Options("a", zone, scratch=folder / "scratch")):
            common = {"appeal_id": "a", "source": "s"}
            stamps = {n: v for n, v in common.items() if n in part.table.columns}
            part.table.check(part.frame.with_columns(pl.lit(v).alias(n) for n, v in stamps.items()))
    except GroundswellError:
        return


# the real samples


def test_real_channels_give_what_they_are_known_to_hold(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "telegram_desktop"
    with pytest.raises(FormatError, match="times without a zone"):
        import_files(tmp_path / "s", [folder])
    assert not (tmp_path / "s").exists()
    report = import_files(tmp_path / "s", [folder], timezone="-04:00")
    services = report.losses.filter(pl.col("reason").str.starts_with("service"))
    assert services["count"].item() == 9
    posts = Store(tmp_path / "s").read("posts")
    assert posts.height == 1_816
    assert posts["at"].null_count() == 0
    forwards = posts.filter(kind="repost")
    assert (forwards.height, report.held["repost"], report.named) == (344, 344, 344)
    assert forwards["root_account_id"].null_count() == 0
    held = forwards["root_account_id"].is_in(posts["account_id"].unique().to_list())
    assert 0 < held.sum() < 344  # some origins are among the channels held, others are only named
