"""Telethon's messages: where they stand, what they were forwarded from, and UTF-16 places."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read, written

from analytics.errors import GroundswellError
from collectors.exports import telegram_desktop, telegram_messages
from collectors.exports.formats import Head, Options, detect
from collectors.exports.sources import Source
from collectors.exports.telethon import FORMAT

NUMBER = 1243038268


def message(number: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    told = {
        "_": "Message",
        "id": number,
        "peer_id": {"_": "PeerChannel", "channel_id": NUMBER},
        "date": "2026-03-01T12:00:00+00:00",
        "message": "words",
        "post": True,
        "from_id": None,
        "fwd_from": None,
        "reply_to": None,
    }
    return told | more


def group(number: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return message(number, post=False, from_id=person(5)) | more


def person(number: int) -> dict[str, Any]:
    return {"_": "PeerUser", "user_id": number}


def channel(number: int) -> dict[str, Any]:
    return {"_": "PeerChannel", "channel_id": number}


def forward(**more: Any) -> dict[str, Any]:  # noqa: ANN401
    return message(fwd_from={"_": "MessageFwdHeader", "date": "2026-03-01T11:00:00"} | more)


def lines(folder: Path, *messages: dict[str, Any]) -> Path:
    return written(folder / "messages.jsonl", *messages)


def column(done: Read, name: str) -> list[Any]:
    return done.rows["posts"][name].to_list()


def told(done: Read, *names: str) -> tuple[object, ...]:
    return done.rows["posts"].select(*names).row(0)


@pytest.mark.parametrize(
    "date", ["2026-03-01T12:00:00+00:00", "2026-03-01 12:00:00.000000", "2026-03-01T15:00:00+03:00"]
)
def test_times_are_utc_with_or_without_a_zone(tmp_path: Path, date: str) -> None:
    done = read(FORMAT, lines(tmp_path, message(date=date, edit_date="2026-04-01T00:00:00")))
    assert column(done, "at") == [datetime(2026, 3, 1, 12, tzinfo=UTC)]


def test_a_time_that_is_none_is_counted(tmp_path: Path) -> None:
    done = read(FORMAT, lines(tmp_path, message(date="soon"), message(2, date=None)))
    assert column(done, "at") == [None, None]
    assert done.lost("unknown", "times") == {"no readable time: kept without a time": 2}


def test_lines_lists_and_objects_give_the_same(tmp_path: Path) -> None:
    messages = [message(1), message(2)]
    paths = [
        lines(tmp_path, *messages),
        written(tmp_path / "list", messages),
        written(tmp_path / "object", {"channel": "x", "messages": messages}),
    ]
    for path in paths:
        assert detect(Head.of(Source(path))) is FORMAT
        ids = column(read(FORMAT, path), "post_id")
        assert ids == [f"telegram:{NUMBER}/1", f"telegram:{NUMBER}/2"]


@pytest.mark.parametrize(
    "place",
    [
        {"peer_id": channel(NUMBER)},
        {"peer_id": {"channel_id": -1001243038268}},
        {"peer_id": -1001243038268},
        {"peer_id": None, "to_id": channel(NUMBER)},
        {"peer_id": None, "chat_id": -1001243038268},
    ],
    ids=str,
)
def test_a_channel_has_one_number_however_it_is_marked(
    tmp_path: Path, place: dict[str, Any]
) -> None:
    done = read(FORMAT, lines(tmp_path, message() | place))
    assert told(done, "post_id", "account_id") == (
        f"telegram:{NUMBER}/1", f"telegram:{NUMBER}"
    )  # fmt: skip


def test_three_formats_give_one_id_to_one_message(tmp_path: Path) -> None:
    said = {"id": 7, "type": "message", "date_unixtime": "1772366400", "from_id": "x", "text": "t"}
    chat = {"name": "n", "type": "public_channel", "id": NUMBER, "messages": [said]}
    header = "channel_id,msg_id,date,views"
    table = tmp_path / "t.csv"
    table.write_text(f"{header}\n-1001243038268,7,2026-03-01T12:00:00Z,1\n")
    done = [
        read(telegram_desktop.FORMAT, written(tmp_path / "d", chat)),
        read(telegram_messages.FORMAT, table),
        read(FORMAT, lines(tmp_path, message(7))),
    ]
    names = ("post_id", "account_id", "at", "kind")
    assert len({told(each, *names) for each in done}) == 1


def test_in_a_group_the_sender_is_the_account(tmp_path: Path) -> None:
    senders = (person(5), channel(77), None, -1000000000077, 5)
    done = read(FORMAT, lines(tmp_path, *(group(n, from_id=s) for n, s in enumerate(senders))))
    assert column(done, "account_id") == [
        "telegram:user5", "telegram:77", f"telegram:{NUMBER}", "telegram:77", "telegram:user5"
    ]  # fmt: skip


def test_in_a_private_chat_nobody_is_guessed(tmp_path: Path) -> None:
    done = read(FORMAT, lines(tmp_path, message(peer_id=person(5), post=False)))
    assert told(done, "post_id", "account_id") == ("telegram:5/1", None)


def test_a_forward_names_its_root_and_never_its_parent(tmp_path: Path) -> None:
    header = {"from_id": channel(77), "channel_post": 8, "saved_from_peer": channel(99)}
    done = read(FORMAT, lines(tmp_path, forward(**header) | {"reply_to": {"reply_to_msg_id": 3}}))
    assert told(done, "kind", "root_id", "root_account_id", "parent_id", "basis") == (
        "repost", "telegram:77/8", "telegram:77", None, None
    )  # fmt: skip


def test_a_forward_of_old_versions_names_its_channel_bare(tmp_path: Path) -> None:
    done = read(FORMAT, lines(tmp_path, forward(channel_id=77, channel_post=8, from_id=None)))
    assert told(done, "root_id", "root_account_id") == ("telegram:77/8", "telegram:77")


def test_origins_that_hide_are_counted(tmp_path: Path) -> None:
    headers: tuple[dict[str, Any], ...] = ({"from_id": person(5)}, {"from_name": "A/B"}, {})
    done = read(FORMAT, lines(tmp_path, *(forward(**h) | {"id": n} for n, h in enumerate(headers))))
    assert column(done, "root_account_id") == ["telegram:user5", "telegram:name=A%2FB", None]
    assert column(done, "root_id") == [None] * 3
    assert done.lost("unknown", "references") == {
        "a forward that hides its origin": 1,
        "a forward that names its origin but not the message there": 2,
    }


@pytest.mark.parametrize(
    "answer",
    [
        {"reply_to": {"reply_to_msg_id": 3}},
        {"reply_to": {"reply_to_msg_id": 3, "reply_to_top_id": 2, "forum_topic": True}},
        {"reply_to_msg_id": 3},
        {"reply_to": 3},
    ],
    ids=str,
)
def test_an_answer_has_an_observed_parent(tmp_path: Path, answer: dict[str, Any]) -> None:
    done = read(FORMAT, lines(tmp_path, message() | answer))
    parent = f"telegram:{NUMBER}/3"
    assert told(done, "kind", "parent_id", "basis") == ("reply", parent, "observed")


def test_an_answer_to_another_chat_names_that_chat(tmp_path: Path) -> None:
    reply = {"reply_to_msg_id": 3, "reply_to_peer_id": channel(77)}
    assert column(read(FORMAT, lines(tmp_path, group(reply_to=reply))), "parent_id") == [
        "telegram:77/3"
    ]


@pytest.mark.parametrize(
    "reply", [{"reply_to_msg_id": 3, "forum_topic": True}, {"peer": person(5), "story_id": 3}]
)
def test_a_topic_or_a_story_is_no_answered_post(tmp_path: Path, reply: dict[str, Any]) -> None:
    done = read(FORMAT, lines(tmp_path, group(reply_to=reply)))
    assert told(done, "kind", "parent_id", "basis") == ("original", None, None)


def entity(kind: str, text: str, words: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    before = text[: text.index(words)]
    told = {"_": f"MessageEntity{kind}", "offset": len(before.encode("utf-16-le")) // 2}
    return told | {"length": len(words.encode("utf-16-le")) // 2} | more


@pytest.mark.parametrize("start", ["", "слово ", "\U0001f600\U0001f1f0\U0001f1ff "])
def test_places_in_a_text_count_utf16_units(tmp_path: Path, start: str) -> None:
    text = f"{start}https://a.example/x here #площадь @someone"
    entities = [
        entity("Url", text, "https://a.example/x"),
        entity("TextUrl", text, "here", url="https://youtu.be/abcdefghijk"),
        entity("Hashtag", text, "#площадь"),
        entity("Mention", text, "@someone"),
        entity("MentionName", text, "here", user_id=5),
    ]
    done = read(FORMAT, lines(tmp_path, message(message=text, entities=entities)))
    assert column(done, "urls") == [["https://a.example/x", "https://youtu.be/abcdefghijk"]]
    assert column(done, "object_keys")[0][1] == "youtube:abcdefghijk"
    assert column(done, "hashtags") == [["площадь"]]
    assert column(done, "mentions") == [["telegram:@someone", "telegram:user5"]]


def test_places_outside_of_a_text_give_nothing(tmp_path: Path) -> None:
    far = {"_": "MessageEntityHashtag", "offset": 90, "length": 4}
    done = read(FORMAT, lines(tmp_path, message(entities=[far]), message(2, message="😀")))
    assert column(done, "hashtags") == [[], []]


def test_media_have_stable_ids_and_previews_are_links(tmp_path: Path) -> None:
    page = {"_": "MessageMediaWebPage", "webpage": {"_": "WebPage", "url": "https://a.example/p"}}
    messages = (
        message(1, media={"_": "MessageMediaPhoto", "photo": {"_": "Photo", "id": 2**62}}),
        message(2, media={"_": "MessageMediaDocument", "document": {"id": 7}}),
        message(3, media=page),
        message(4, media=page, message="a.example/p", entities=[
            {"_": "MessageEntityUrl", "offset": 0, "length": 11}]),
        message(5, media="MessageMediaPhoto"),
    )  # fmt: skip
    done = read(FORMAT, lines(tmp_path, *messages))
    assert column(done, "media_keys")[:2] == [
        [f"telegram:photo:{2**62}"], ["telegram:document:7"]
    ]  # fmt: skip
    assert column(done, "urls")[2:] == [["https://a.example/p"], ["a.example/p"], []]


def test_numbers_are_those_shown_and_null_is_none(tmp_path: Path) -> None:
    results = [{"count": 3, "reaction": {"emoticon": "x"}}, {"count": 2}]
    shown = message(
        views=9, forwards=0, replies={"_": "MessageReplies", "replies": 4},
        reactions={"_": "MessageReactions", "results": results},
    )  # fmt: skip
    done = read(FORMAT, lines(tmp_path, shown, message(2, views=None, replies=None)))
    numbers = done.rows["numbers shown"].select("post_id", "metric", "value", "definition").rows()
    here = f"telegram:{NUMBER}/1"
    assert sorted(numbers) == [
        (here, "forwards", 0, "telethon forwards"),
        (here, "reactions", 5, "telethon reactions.results, all kinds"),
        (here, "replies", 4, "telethon replies.replies"),
        (here, "views", 9, "telethon views"),
    ]


def test_service_messages_are_dropped_and_counted(tmp_path: Path) -> None:
    pinned = message(2, _="MessageService", action={"_": "MessageActionPinMessage"})
    nameless = message(3, action={"_": "MessageActionChatAddUser"})
    nameless.pop("_")
    done = read(FORMAT, lines(tmp_path, message(1), pinned, nameless))
    assert column(done, "post_id") == [f"telegram:{NUMBER}/1"]
    reason = "service message (pinned, joined, renamed …): not a post"
    assert done.lost("dropped", "rows") == {reason: 2}
    assert done.place("service") == "messages.jsonl, message 2"


def test_a_message_that_stands_nowhere_is_refused(tmp_path: Path) -> None:
    done = read(FORMAT, lines(tmp_path, message(1), message(2, peer_id=None)))
    assert column(done, "post_id") == [f"telegram:{NUMBER}/1"]
    assert done.lost("dropped", "rows") == {"does not say in which chat it stands": 1}


@pytest.mark.parametrize(
    "wrong", [{"id": "7"}, {"id": 2**70}, {"message": 5}, {"views": -1}, {"entities": 3}], ids=str
)
def test_a_message_of_wrong_types_is_set_aside_alone(tmp_path: Path, wrong: dict[str, Any]) -> None:
    done = read(FORMAT, lines(tmp_path, message(1), message(2) | wrong, message(3)))
    assert column(done, "post_id") == [f"telegram:{NUMBER}/1", f"telegram:{NUMBER}/3"]
    assert sum(done.lost("dropped", "rows").values()) == 1


def test_an_account_is_told_once_and_by_the_name_it_shows(tmp_path: Path) -> None:
    header = {"from_id": channel(77), "from_name": "Elsewhere"}
    done = read(FORMAT, lines(tmp_path, message(1), forward(**header) | {"id": 2}))
    accounts = done.rows["accounts"].select("account_id", "name").rows()
    assert sorted(accounts) == [(f"telegram:{NUMBER}", None), ("telegram:77", "Elsewhere")]


SAMPLE = json.dumps(
    message(
        fwd_from={"from_id": channel(77), "channel_post": 8},
        entities=[{"_": "MessageEntityUrl", "offset": 0, "length": 5}],
        media={"photo": {"id": 5}},
        views=3,
    )
).encode()


@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_no_bytes_raise_anything_but_our_own_errors(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = SAMPLE + b"\n" + SAMPLE
    at = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 9))
    put_in = data.draw(st.binary(max_size=6) | st.sampled_from([b"{", b"null", b"-1", b"9" * 30]))
    path = tmp_path_factory.mktemp("damaged") / "f"
    path.write_bytes(whole[:at] + put_in + whole[at + cut :])
    try:
        for part in FORMAT.read([Source(path)], Options("a")):
            common = {"appeal_id": "a", "source": "s"}
            stamps = {n: v for n, v in common.items() if n in part.table.columns}
            part.table.check(part.frame.with_columns(pl.lit(v).alias(n) for n, v in stamps.items()))
    except GroundswellError:
        return


# the real sample


def test_real_messages_give_what_they_are_known_to_hold(shared: Path) -> None:
    path = next((shared / "data" / "telegram_telethon_raw").glob("*.txt"))
    assert detect(Head.of(Source(path))) is FORMAT
    done = read(FORMAT, path)
    posts = done.rows["posts"]
    assert (posts.height, posts["account_id"].n_unique()) == (3, 1)
    assert posts["at"].null_count() == 0
    assert posts["kind"].to_list() == ["original"] * 3
    assert posts["media_keys"].list.len().to_list() == [1, 1, 1]
    assert posts["urls"].list.eval(pl.element().str.starts_with("http")).list.all().all()
    metrics = done.rows["numbers shown"]["metric"].value_counts(sort=True)["metric"].to_list()
    assert set(metrics) == {"views", "forwards", "reactions"}


# whole answers


def answer(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    chats = [{"_": "Channel", "id": NUMBER, "title": "Square", "username": "square"}]
    return {"_": "ChannelMessages", "chats": chats, "users": [], "messages": list(messages)} | more


def test_answers_tell_who_is_who_and_their_messages(tmp_path: Path) -> None:
    user = {"_": "User", "id": 5, "first_name": "Ana", "last_name": "Bo", "usernames": [
        {"username": "old", "active": False}, {"username": "ana", "active": True},
    ]}  # fmt: skip
    path = written(tmp_path / "pages", answer(message(1), users=[user]), answer(message(2)))
    assert detect(Head.of(Source(path))) is FORMAT
    done = read(FORMAT, path)
    assert column(done, "post_id") == [f"telegram:{NUMBER}/1", f"telegram:{NUMBER}/2"]
    named = done.rows["accounts"].select("account_id", "handle", "name").unique()
    assert set(named.rows()) == {
        (f"telegram:{NUMBER}", "square", "Square"), ("telegram:user5", "ana", "Ana Bo"),
    }  # fmt: skip


def test_followers_come_with_everything_about_a_channel(tmp_path: Path) -> None:
    chat = {"_": "Channel", "id": NUMBER, "title": "Square", "date": "2020-01-01T00:00:00Z"}
    told = {"_": "ChatFull", "users": [], "full_chat": {"id": NUMBER, "participants_count": 700}}
    chats = [chat | {"left": True}, chat | {"id": 7, "left": False, "participants_count": 3}]
    done = read(FORMAT, written(tmp_path / "full", told | {"chats": chats}))
    assert done.rows["accounts"].select("account_id", "followers", "created_at").rows() == [
        (f"telegram:{NUMBER}", 700, datetime(2020, 1, 1, tzinfo=UTC)),
        ("telegram:7", 3, None),
    ]


def test_comments_answer_the_post_that_they_were_asked_for(tmp_path: Path) -> None:
    below = {"channel_id": NUMBER, "post": 3}
    other = {"peer_id": channel(9)}
    first = group(51, reply_to={"reply_to_msg_id": 50}) | other
    second = group(52, reply_to={"reply_to_msg_id": 51, "reply_to_top_id": 50}) | other
    done = read(FORMAT, written(tmp_path / "page", answer(first, second, comments_of=below)))
    assert column(done, "parent_id") == [f"telegram:{NUMBER}/3", "telegram:9/51"]
    assert column(done, "kind") == ["reply", "reply"]


def test_edits_become_changes_but_not_those_that_telegram_hides(tmp_path: Path) -> None:
    edited = {"edit_date": "2026-04-01T00:00:00Z"}
    told = [message(1, **edited), message(2, **edited, edit_hide=True), forward(id=3, **edited)]
    done = read(FORMAT, lines(tmp_path, *told))
    assert done.rows["edits"].select("post_id", "what", "at", "text", "account_id").rows() == [
        (f"telegram:{NUMBER}/1", "edited", datetime(2026, 4, 1, tzinfo=UTC), "words",
         f"telegram:{NUMBER}"),
    ]  # fmt: skip


def test_what_is_no_longer_there_is_counted(tmp_path: Path) -> None:
    empty = {"_": "MessageEmpty", "id": 8, "peer_id": channel(NUMBER)}
    done = read(FORMAT, written(tmp_path / "page", answer(message(1), empty)))
    assert column(done, "post_id") == [f"telegram:{NUMBER}/1"]
    assert done.lost("dropped", "rows") == {"no longer there: deleted, or never a message": 1}


def test_an_answer_that_is_damaged_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "pages"
    good = json.dumps(answer(message(1)))
    path.write_text(f'{good}\n{{"chats": 7}}\n{good[:-30]}\n')
    done = read(FORMAT, path)
    assert column(done, "post_id") == [f"telegram:{NUMBER}/1"]
    assert sum(done.lost("dropped", "answers").values()) == 2
