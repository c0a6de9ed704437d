"""VK: walls in every wrapper, chains of what was passed on, and comments."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read, written

from collectors.exports.formats import Head, detect
from collectors.exports.sources import Source
from collectors.exports.vk import FORMAT, PASSED_ON

AT = 1772366400
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POST: dict[str, Any] = {
    "id": 34,
    "owner_id": -12,
    "from_id": -12,
    "date": AT,
    "post_type": "post",
    "text": "Come [id5|Friend] [club6|Club] #город@club https://a.example/x.",
    "likes": {"count": 0, "user_likes": 0},
    "reposts": {"count": 3},
    "comments": {"count": 1},
    "views": {"count": 100},
    "attachments": [
        {"type": "link", "link": {"url": "https://b.example", "title": "b"}},
        {"type": "photo", "photo": {"id": 8, "owner_id": -12}},
        {"type": "video", "video": {"id": 9, "owner_id": 7}},
        {"type": "poll", "poll": {"id": 1}},
    ],
}
OLDEST: dict[str, Any] = {
    "id": 1, "owner_id": 3, "from_id": 3, "date": AT - 60, "post_type": "post", "text": "First",
}  # fmt: skip
MIDDLE = {**OLDEST, "id": 2, "owner_id": 4, "from_id": 4, "text": ""}
SHARE = {
    "id": 35, "owner_id": 7, "from_id": 7, "date": AT, "post_type": "post", "text": "",
    "copy_history": [MIDDLE, OLDEST],
}  # fmt: skip
PEOPLE = [{"id": 7, "first_name": "A", "last_name": "B", "screen_name": "ab", "followers_count": 9}]
GROUPS = [{"id": 12, "name": "Club", "screen_name": "club", "members_count": 50}]
PAGE = {
    "response": {"count": 2, "items": [POST, SHARE], "profiles": PEOPLE, "groups": GROUPS},
}
COMMENT: dict[str, Any] = {
    "id": 40, "post_id": 34, "owner_id": -12, "from_id": 7, "date": AT, "text": "Yes",
    "parents_stack": [], "likes": {"count": 2},
}  # fmt: skip
SAMPLE = json.dumps(PAGE).encode()


def given_file(folder: Path, *documents: object) -> Path:
    return written(folder / "wall.json", *documents)


def told(done: Read, *names: str, what: str = "posts") -> list[tuple[object, ...]]:
    return done.rows[what].sort("post_id").select("post_id", *names).rows()


def test_a_post_of_a_community_is_read(tmp_path: Path) -> None:
    row = read(FORMAT, given_file(tmp_path, POST)).rows["posts"].row(0, named=True)
    assert (row["post_id"], row["account_id"]) == ("vk:-12_34", "vk:-12")
    assert (row["kind"], row["at"], row["text"]) == ("original", NOON, POST["text"])
    assert row["urls"] == ["https://b.example", "https://a.example/x"]
    assert row["media_keys"] == ["photo-12_8", "video7_9"]
    assert row["mentions"] == ["vk:5", "vk:-6"]
    assert row["hashtags"] == ["город"]


@pytest.mark.parametrize(
    "document",
    [PAGE, PAGE["response"], {"response": [POST, SHARE]}, {"response": [2, POST, SHARE]},
     [POST, SHARE]],
)  # fmt: skip
def test_every_wrapper_is_seen_through(tmp_path: Path, document: object) -> None:
    path = given_file(tmp_path, document)
    assert told(read(FORMAT, path)) == [("vk:-12_34",), ("vk:7_35",)]
    assert detect(Head.of(Source(path))) is FORMAT


def test_posts_as_lines_are_read(tmp_path: Path) -> None:
    path = given_file(tmp_path, POST, SHARE)
    assert told(read(FORMAT, path)) == [("vk:-12_34",), ("vk:7_35",)]
    assert detect(Head.of(Source(path))) is FORMAT


def test_a_chain_of_shares_gives_every_hop_as_an_observed_parent(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, SHARE))
    names = ("kind", "parent_id", "parent_account_id", "root_id", "basis")
    assert told(done, *names) == [
        ("vk:7_35", "repost", "vk:4_2", "vk:4", None, "observed"),
    ]
    assert told(done, *names, what=PASSED_ON) == [
        ("vk:3_1", "original", None, None, None, None),
        ("vk:4_2", "repost", "vk:3_1", "vk:3", None, "observed"),
    ]
    assert done.lost("unknown", "references") == {}


def test_passed_on_with_words_it_is_a_quote(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, {**SHARE, "text": "Look"}))
    assert told(done, "kind", "parent_id") == [("vk:7_35", "quote", "vk:4_2")]


def test_numbers_are_those_of_the_post_and_what_is_not_there_is_unknown(tmp_path: Path) -> None:
    shown = read(FORMAT, given_file(tmp_path, PAGE)).rows["numbers shown"]
    assert shown.sort("definition").select("post_id", "metric", "value", "definition").rows() == [
        ("vk:-12_34", "replies", 1, "vk comments.count"),
        ("vk:-12_34", "likes", 0, "vk likes.count"),
        ("vk:-12_34", "reposts", 3, "vk reposts.count"),
        ("vk:-12_34", "views", 100, "vk views.count"),
    ]
    assert shown["observed_at"].null_count() == 4


def test_people_and_communities_are_accounts(tmp_path: Path) -> None:
    accounts = read(FORMAT, given_file(tmp_path, PAGE)).rows["accounts"].sort("account_id")
    assert accounts.select("account_id", "handle", "name", "followers").rows() == [
        ("vk:-12", "club", "Club", 50),
        ("vk:7", "ab", "A B", 9),
    ]


def test_an_author_written_into_a_post_is_an_account(tmp_path: Path) -> None:
    inside = {**POST, "author_profile": {**GROUPS[0], "4CAT_author_profile_type": "groups"}}
    nobody = {**SHARE, "author_profile": {}}
    accounts = read(FORMAT, given_file(tmp_path, inside, nobody)).rows["accounts"]
    assert accounts["account_id"].to_list() == ["vk:-12"]


def test_comments_and_answers_to_them_name_what_they_answer(tmp_path: Path) -> None:
    below = {**COMMENT, "id": 41, "parents_stack": [40], "reply_to_comment": 40, "reply_to_user": 7}
    page = {"response": {"count": 1, "items": [{**COMMENT, "thread": {"items": [below]}}]}}
    path = given_file(tmp_path, page)
    done = read(FORMAT, path)
    names = ("kind", "parent_id", "parent_account_id", "root_id")
    assert told(done, *names) == [
        ("vk:-12_40", "comment", "vk:-12_34", None, "vk:-12_34"),
        ("vk:-12_41", "comment", "vk:-12_40", "vk:7", "vk:-12_34"),
    ]
    assert sum(done.lost("unknown", "references").values()) == 1  # the post itself
    assert detect(Head.of(Source(path))) is FORMAT


def test_what_is_not_public_is_never_kept(tmp_path: Path) -> None:
    lines = (
        {**POST, "friends_only": 1},
        {**POST, "post_type": "postpone"},
        {"id": 5, "owner_id": 6, "is_deleted": True, "date": 0},
        {"id": 5, "date": AT, "text": "no wall"},
    )
    done = read(FORMAT, given_file(tmp_path, *lines))
    assert "posts" not in done.rows
    assert sorted(done.lost("dropped", "rows").values()) == [1, 1, 1, 1]
    assert done.place("for friends only") == "wall.json, line 1"


def test_an_answer_that_reports_an_error_is_counted(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, POST, {"error": {"error_code": 6}}))
    assert done.place("an answer in which VK") == "wall.json, line 2"


def test_an_item_of_a_wrong_type_costs_only_itself(tmp_path: Path) -> None:
    page = {"response": {"items": [{**POST, "text": 7}, SHARE]}}
    done = read(FORMAT, given_file(tmp_path, page))
    assert told(done) == [("vk:7_35",)]
    assert done.place("not as VK's API writes it") == "wall.json, line 1, item 1"


def test_a_time_that_is_none_is_unknown(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, {**POST, "date": 2**62}))
    assert told(done, "at") == [("vk:-12_34", None)]
    assert sum(done.lost("unknown", "times").values()) == 1


@given(data=st.data())
@settings(max_examples=50)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SAMPLE)))
