"""YouTube's Data API: videos, channels, searches, and threads whose replies may be elsewhere."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read, written

from collectors.exports.formats import Head, detect
from collectors.exports.sources import Source
from collectors.exports.youtube_api import FORMAT

NO_REPLIES = "replies that YouTube counts and no file holds: ask for comments with parentId"


def page(kind: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"kind": f"youtube#{kind}ListResponse", "pageInfo": {"totalResults": 9}, "items": items}


def video(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON can hold
    snippet = {
        "publishedAt": "2026-03-01T12:00:00.000Z",
        "channelId": "UCtown",
        "channelTitle": "Town News",
        "title": "The park #park",
        "description": "See https://a.example/x.",
        "defaultAudioLanguage": "kk",
        "tags": ["tree", "town"],
    }
    return {"kind": "youtube#video", "id": "abcdefghijk", "snippet": snippet} | more


def comment(number: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    snippet = {
        "textDisplay": "A<br>b &amp; c",
        "authorDisplayName": "Ana",
        "authorChannelId": {"value": "UCana"},
        "likeCount": 2,
        "publishedAt": "2026-03-01T13:00:00Z",
        "updatedAt": "2026-03-01T13:00:00Z",
    }
    return {"kind": "youtube#comment", "id": number, "snippet": snippet | more}


def thread(replies: int, *inside: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    snippet = {
        "videoId": "abcdefghijk",
        "channelId": "UCtown",
        "topLevelComment": comment("Ug1"),
        "totalReplyCount": replies,
    }
    found: dict[str, Any] = {"kind": "youtube#commentThread", "id": "Ug1"}
    return (
        found | {"snippet": snippet | more} | ({"replies": {"comments": inside}} if inside else {})
    )


def reads(folder: Path, *documents: Any) -> Read:  # noqa: ANN401
    return read(FORMAT, written(folder / "f.json", *documents))


def test_a_video_is_a_post_that_its_own_id_joins_to_others(tmp_path: Path) -> None:
    done = reads(tmp_path, page("video", video()))
    post = done.rows["posts"].row(0, named=True)
    assert post["post_id"] == "youtube:abcdefghijk"
    assert post["account_id"] == "youtube:UCtown"
    assert post["at"] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert post["object_keys"][0] == "youtube:abcdefghijk"
    assert post["urls"] == ["https://a.example/x"]
    assert post["hashtags"] == ["park"]
    assert post["lang"] == "kk"
    assert done.lost("unknown", "fields") == {"field tags is not read": 1}


def test_numbers_are_text_and_those_that_are_hidden_are_unknown(tmp_path: Path) -> None:
    shown = {"viewCount": "12", "favoriteCount": "0", "commentCount": "0"}
    done = reads(tmp_path, page("video", video(statistics=shown)))
    assert done.rows["numbers shown"].select("metric", "value", "definition").rows() == [
        ("views", 12, "youtube api viewCount"),
        ("replies", 0, "youtube api commentCount"),
    ]


def test_a_private_video_is_never_kept_and_an_unlisted_one_is(tmp_path: Path) -> None:
    videos = [
        video(id=name * 11, status={"privacyStatus": status})
        for name, status in (("a", "private"), ("b", "unlisted"))
    ]
    done = reads(tmp_path, page("video", *videos))
    assert done.rows["posts"]["post_id"].to_list() == ["youtube:bbbbbbbbbbb"]
    assert done.lost("dropped", "rows") == {"a private video: never kept": 1}


def test_a_channel_is_an_account_whose_hidden_followers_are_unknown(tmp_path: Path) -> None:
    def channel(name: str, **numbers: Any) -> dict[str, Any]:  # noqa: ANN401
        words = {"title": name, "customUrl": f"@{name}", "publishedAt": "2020-01-01T00:00:00Z"}
        return {"kind": "youtube#channel", "id": f"UC{name}", "snippet": words} | {
            "statistics": numbers
        }

    done = reads(
        tmp_path,
        page(
            "channel",
            channel("ana", subscriberCount="1200", videoCount="3", hiddenSubscriberCount=False),
            channel("bo", subscriberCount="0", hiddenSubscriberCount=True),
        ),
    )
    assert done.rows["accounts"].select("account_id", "handle", "followers", "posts").rows() == [
        ("youtube:UCana", "ana", 1200, 3),
        ("youtube:UCbo", "bo", None, None),
    ]


def test_a_search_finds_videos_and_channels_and_drops_playlists(tmp_path: Path) -> None:
    def result(kind: str, **number: str) -> dict[str, Any]:
        told = {"title": "Park &amp; trees", "description": "cut ...", "channelId": "UCtown"}
        return {"kind": "youtube#searchResult", "snippet": told} | {
            "id": {"kind": f"youtube#{kind}"} | number
        }

    done = reads(
        tmp_path,
        page(
            "search",
            result("video", videoId="abcdefghijk"),
            result("channel", channelId="UCtown"),
            result("playlist", playlistId="PL1"),
        ),
    )
    assert done.rows["posts"].select("post_id", "text").rows() == [
        ("youtube:abcdefghijk", "Park & trees\n\ncut ...")
    ]
    assert set(done.rows["accounts"]["account_id"]) == {"youtube:UCtown"}
    assert done.lost("dropped", "rows") == {"found a playlist: neither video nor channel": 1}


def test_a_search_is_read_after_the_videos_whose_words_are_whole(tmp_path: Path) -> None:
    found = {"kind": "youtube#searchResult", "snippet": {"title": "The"}}
    found |= {"id": {"kind": "youtube#video", "videoId": "abcdefghijk"}}
    first = written(tmp_path / "a.json", page("search", found))
    second = written(tmp_path / "b.json", page("video", video()))
    texts = read(FORMAT, first, second).rows["posts"]["text"].to_list()
    assert texts == ["The park #park\n\nSee https://a.example/x.", "The"]


def test_comments_answer_the_video_and_replies_the_comment(tmp_path: Path) -> None:
    reply = comment("Ug1.9", parentId="Ug1", videoId="abcdefghijk", textOriginal="1 &amp; <2>")
    done = reads(tmp_path, page("commentThread", thread(1, reply)))
    names = ("post_id", "kind", "parent_id", "parent_account_id", "basis", "text")
    assert done.rows["posts"].select(names).rows() == [
        ("youtube:Ug1", "comment", "youtube:abcdefghijk", "youtube:UCtown", "observed", "A\nb & c"),
        ("youtube:Ug1.9", "reply", "youtube:Ug1", None, "observed", "1 &amp; <2>"),
    ]
    assert NO_REPLIES not in done.lost("unknown", "references")


def test_replies_that_no_file_holds_are_counted(tmp_path: Path) -> None:
    done = reads(tmp_path, page("commentThread", thread(3, comment("Ug1.1", parentId="Ug1"))))
    assert done.lost("unknown", "references")[NO_REPLIES] == 2
    more = page("comment", comment("Ug1.1", parentId="Ug1"), comment("Ug1.2", parentId="Ug1"))
    done = reads(tmp_path, page("commentThread", thread(3)), more)
    assert done.lost("unknown", "references")[NO_REPLIES] == 1
    replies = done.rows["numbers shown"].filter(metric="replies")
    assert replies.select("post_id", "value").rows() == [("youtube:Ug1", 3)]


def test_a_comment_without_its_video_has_no_known_parent(tmp_path: Path) -> None:
    done = reads(tmp_path, page("comment", comment("Ug1")))
    names = ("kind", "parent_id", "parent_account_id", "basis")
    assert done.rows["posts"].select(names).rows() == [("comment", None, None, None)]
    assert sum("without the video" in reason for reason in done.lost("unknown", "references")) == 1


def test_a_video_that_comments_answer_and_no_file_holds_is_an_unknown_reference(
    tmp_path: Path,
) -> None:
    reason = "not in these files: deleted, hidden, or not asked for"
    done = reads(tmp_path, page("commentThread", thread(0)))
    assert done.lost("unknown", "references") == {reason: 1}
    done = reads(tmp_path, page("commentThread", thread(0)), page("video", video()))
    assert done.lost("unknown", "references") == {}


def test_an_author_whose_channel_is_gone_is_known_by_handle_or_not_at_all(tmp_path: Path) -> None:
    found = [
        comment("Ug1", authorChannelId=None, authorChannelUrl="http://youtube.com/channel/UCx"),
        comment("Ug2", authorChannelId={}, authorDisplayName="@bo"),
        comment("Ug3", authorChannelId=None),
    ]
    done = reads(tmp_path, page("comment", *found))
    assert done.rows["posts"]["account_id"].to_list() == ["youtube:UCx", "youtube:@bo", None]


def test_what_is_held_back_from_the_public_is_never_kept(tmp_path: Path) -> None:
    done = reads(
        tmp_path,
        page("commentThread", thread(0, isPublic=False)),
        page("comment", comment("Ug2", moderationStatus="heldForReview")),
    )
    assert "posts" not in done.rows
    assert sum(done.lost("dropped", "rows").values()) == 2


def test_comments_that_were_edited_are_counted(tmp_path: Path) -> None:
    later = comment("Ug1", updatedAt="2026-03-02T13:00:00Z")
    done = reads(tmp_path, page("comment", later, comment("Ug2")))
    assert list(done.lost("unknown", "texts").values()) == [1]


def test_an_edit_is_a_change_with_its_time_words_and_author(tmp_path: Path) -> None:
    later = comment("Ug1", updatedAt="2026-03-02T13:00:00Z", textOriginal="new words")
    done = reads(tmp_path, page("comment", later, comment("Ug2"), comment("Ug3", updatedAt="?")))
    names = ("post_id", "platform", "what", "at", "text", "account_id")
    assert done.rows["edits"].select(names).rows() == [
        (
            "youtube:Ug1",
            "youtube",
            "edited",
            datetime(2026, 3, 2, 13, tzinfo=UTC),
            "new words",
            "youtube:UCana",
        )
    ]
    assert done.rows["posts"]["post_id"].to_list() == [f"youtube:Ug{n}" for n in (1, 2, 3)]


def test_a_page_without_edits_brings_no_changes(tmp_path: Path) -> None:
    assert "edits" not in reads(tmp_path, page("comment", comment("Ug1"))).rows


def test_one_bad_item_costs_only_itself(tmp_path: Path) -> None:
    bad = video(id=["no id"])
    done = reads(tmp_path, page("video", bad, video()))
    assert done.rows["posts"].height == 1
    assert done.place("not as YouTube's API writes it") == "f.json, line 1, item 1"


def test_an_answer_that_is_an_error_is_told_as_one(tmp_path: Path) -> None:
    error = {"error": {"code": 403, "errors": [{"domain": "youtube.quota", "reason": "quota"}]}}
    path = written(tmp_path / "f.json", error)
    assert detect(Head.of(Source(path))) is FORMAT
    done = read(FORMAT, path)
    assert list(done.lost("dropped", "rows")) == [
        "an answer in which YouTube only reports an error: ask again"
    ]


def test_real_answers_give_what_their_pages_hold(shared: Path) -> None:
    folder = shared / "data" / "youtube_api_v3"
    done = read(FORMAT, folder)
    posts = done.rows["posts"]
    counts = dict(posts["kind"].value_counts().iter_rows())
    assert counts == {"original": 33, "comment": 13, "reply": 3}  # 25 of the search, 8 of pages
    assert posts["at"].null_count() == 0
    assert posts["account_id"].null_count() == 0
    assert done.lost("unknown", "references")[NO_REPLIES] == 3
    names = [path for path in folder.iterdir() if path.suffix == ".json"]
    assert all(detect(Head.of(Source(path))) is FORMAT for path in names)
    videos = posts.filter(kind="original")
    own = videos.select(pl.col("object_keys").list.contains(pl.col("post_id"))).to_series()
    assert own.all()


SAMPLE = "\n".join(
    json.dumps(each)
    for each in (
        page("video", video(statistics={"viewCount": "12"})),
        page("commentThread", thread(2, comment("Ug1.9", parentId="Ug1"))),
    )
).encode()


@given(data=st.data())
@settings(max_examples=50)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SAMPLE)))
