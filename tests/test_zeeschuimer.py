"""Zeeschuimer: several platforms in one file, and the same item captured again and again."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read, written

from collectors.exports.formats import Head, detect
from collectors.exports.sources import Source
from collectors.exports.zeeschuimer import FORMAT, REFERRED

AT = 1772366400
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
X_NOON = "Sun Mar 01 12:00:00 +0000 2026"


def x_user(number: str, handle: str) -> dict[str, Any]:
    legacy = {"screen_name": handle, "name": handle.upper(), "followers_count": 5,
              "friends_count": 6, "statuses_count": 7, "created_at": X_NOON}  # fmt: skip
    return {"user_results": {"result": {"rest_id": number, "legacy": legacy}}}


def x_post(number: str, author: str = "7", **legacy: object) -> dict[str, Any]:
    told = {
        "id_str": number, "user_id_str": author, "created_at": X_NOON, "full_text": "words",
        "lang": "en", "retweet_count": 1, "favorite_count": 2, "reply_count": 0, "quote_count": 3,
        "bookmark_count": 4, "conversation_id_str": number,
        "entities": {
            "hashtags": [{"text": "t"}],
            "urls": [{"url": "https://t.co/1", "expanded_url": "https://a.example/x"}],
            "user_mentions": [{"id_str": "9", "screen_name": "n"}, {"screen_name": "m"}],
            "media": [{"id_str": "55", "media_key": "3_55"}],
        },
        **legacy,
    }  # fmt: skip
    return {
        "rest_id": number,
        "id": float(number),
        "core": x_user(author, f"u{author}"),
        "views": {"count": "100", "state": "EnabledWithCount"},
        "legacy": told,
    }


def captured(platform: str, data: object, after: float = 0, **more: object) -> dict[str, Any]:
    return {
        "nav_index": "1:1:0",
        "item_id": 1,
        "timestamp_collected": int((AT + 3600 + after) * 1000) + 123,
        "source_platform": platform,
        "source_platform_url": f"https://{platform}/home",
        "source_url": f"https://{platform}/api",
        "user_agent": "browser",
        "data": data,
        "id": 1,
        **more,
    }


FILM: dict[str, Any] = {
    "id": "7300000000000000001",
    "desc": "march #one",
    "createTime": str(AT),
    "author": {"id": "61", "uniqueId": "maker", "nickname": "Maker"},
    "authorStats": {"followerCount": 8, "followingCount": 0, "videoCount": 2},
    "stats": {"diggCount": 10, "shareCount": 0, "commentCount": 1, "playCount": 1000,
              "collectCount": "3"},
    "statsV2": {"diggCount": "10", "repostCount": "2"},
    "challenges": [{"title": "one"}, {"title": "two"}],
    "textExtra": [{"hashtagName": "one"}, {"hashtagName": "", "userUniqueId": "x", "userId": "62"}],
    "duetInfo": {"duetFromId": "0"},
    "textLanguage": "un",
    "video": {"id": "1"},
}  # fmt: skip
PICTURE: dict[str, Any] = {
    "code": "CODE1",
    "pk": "3300000000000000001",
    "taken_at": AT,
    "caption": {"text": "see #place https://a.example/x"},
    "user": {"pk": "71", "username": "seer", "full_name": "Seer"},
    "like_count": 9,
    "comment_count": 0,
    "play_count": None,
    "media_type": 8,
    "carousel_media": [{"pk": "1"}, {"pk": "2"}],
}
THREAD: dict[str, Any] = {
    "code": "CODE2",
    "pk": "81",
    "taken_at": AT,
    "caption": {"text": "a thread"},
    "user": {"pk": "72", "username": "talker"},
    "like_count": 1,
    "text_post_app_info": {
        "repost_count": 2,
        "direct_reply_count": 3,
        "quote_count": 4,
        "link_preview_attachment": {"url": "https://b.example"},
    },
}
SAMPLE = "\n".join(
    json.dumps(line)
    for line in (
        captured("twitter.com", x_post("50")),
        captured("tiktok.com", FILM),
        captured("instagram.com", PICTURE),
    )
).encode()


def given_file(folder: Path, *lines: object) -> Path:
    return written(folder / "items.ndjson", *lines)


def told(done: Read, *names: str, what: str = "posts") -> list[tuple[object, ...]]:
    return done.rows[what].sort("post_id").select("post_id", *names).rows()


def x_read(folder: Path, *posts: object) -> Read:
    return read(FORMAT, given_file(folder, *(captured("twitter.com", post) for post in posts)))


def shown(done: Read) -> dict[object, object]:
    return dict(done.rows["numbers shown"].select("definition", "value").iter_rows())


# captures


def test_the_same_item_again_is_one_post_with_a_history_of_numbers(tmp_path: Path) -> None:
    again = x_post("50", favorite_count=20)
    lines = (captured("twitter.com", x_post("50")), captured("twitter.com", again, after=60))
    done = read(FORMAT, given_file(tmp_path, *lines))
    assert told(done, "collected_at") == [
        ("x:50", NOON + timedelta(hours=1, milliseconds=123)),
    ]
    likes = done.rows["numbers shown"].filter(metric="likes").sort("observed_at")
    first = NOON + timedelta(hours=1, milliseconds=123)
    assert likes.select("value", "observed_at").rows() == [
        (2, first),
        (20, first + timedelta(minutes=1)),
    ]
    assert sum(done.lost("merged", "posts").values()) == 1


def test_an_item_that_was_written_over_has_the_newer_time(tmp_path: Path) -> None:
    line = captured("twitter.com", x_post("50"), last_updated=(AT + 7200) * 1000)
    done = read(FORMAT, given_file(tmp_path, line))
    assert done.rows["numbers shown"]["observed_at"].unique().to_list() == [
        NOON + timedelta(hours=2)
    ]


def test_items_of_a_platform_that_is_not_read_are_counted_by_name(tmp_path: Path) -> None:
    lines = [captured("linkedin.com", {}) for _ in range(2)]
    lines += [captured("Ω\n", {}), captured("twitter.com", x_post("50"))]
    done = read(FORMAT, given_file(tmp_path, *lines))
    assert done.lost("dropped", "rows") == {
        "items of linkedin.com: not read": 2,
        "items of a platform without a name: not read": 1,
    }
    assert done.place("items of linkedin") == "items.ndjson, line 1"
    assert told(done) == [("x:50",)]


def test_fields_that_are_not_read_are_noted_by_platform_item(tmp_path: Path) -> None:
    done = x_read(tmp_path, {**x_post("50"), "edit_control": {}})
    assert done.lost("unknown", "fields")["field edit_control is not read"] == 1


def test_an_item_of_a_wrong_type_costs_only_itself(tmp_path: Path) -> None:
    done = x_read(tmp_path, x_post("50", full_text=5), x_post("51"))
    assert told(done) == [("x:51",)]
    assert done.place("not as twitter.com writes it") == "items.ndjson, line 1"


def test_its_files_are_known_by_content(tmp_path: Path) -> None:
    for platform, data in (
        ("twitter.com", x_post("50")),
        ("tiktok.com", FILM),
        ("instagram.com", PICTURE),
        ("threads.net", THREAD),
        ("linkedin.com", {"entityUrn": "1"}),
    ):
        path = given_file(tmp_path, captured(platform, data))
        assert detect(Head.of(Source(path))) is FORMAT


@given(data=st.data())
@settings(max_examples=50)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SAMPLE)))


# X


def test_a_post_of_x_is_read(tmp_path: Path) -> None:
    done = x_read(tmp_path, x_post("50"))
    row = done.rows["posts"].row(0, named=True)
    assert (row["post_id"], row["account_id"]) == ("x:50", "x:7")
    assert (row["kind"], row["at"], row["text"], row["lang"]) == ("original", NOON, "words", "en")
    assert row["urls"] == ["https://a.example/x"]
    assert row["hashtags"] == ["t"]
    assert row["mentions"] == ["x:9", "x:@m"]
    assert row["media_keys"] == ["3_55"]
    account = done.rows["accounts"].row(0, named=True)
    assert (account["handle"], account["followers"], account["posts"]) == ("u7", 5, 7)
    assert account["created_at"] == NOON
    assert account["observed_at"] == row["collected_at"]


def test_numbers_of_x_keep_their_names(tmp_path: Path) -> None:
    assert shown(x_read(tmp_path, x_post("50"))) == {
        "zeeschuimer x retweet_count": 1,
        "zeeschuimer x favorite_count": 2,
        "zeeschuimer x reply_count": 0,
        "zeeschuimer x quote_count": 3,
        "zeeschuimer x bookmark_count": 4,
        "zeeschuimer x views.count": 100,
    }


def test_ids_come_from_text_and_never_from_the_rounded_number(tmp_path: Path) -> None:
    long = "1999999999999999999"
    assert told(x_read(tmp_path, x_post(long))) == [(f"x:{long}",)]


def test_a_post_one_level_deeper_is_found(tmp_path: Path) -> None:
    deeper = {"__typename": "TweetWithVisibilityResults", "tweet": x_post("50"), "id": None}
    assert told(x_read(tmp_path, deeper)) == [("x:50",)]


def test_a_repost_names_its_original_which_has_the_numbers(tmp_path: Path) -> None:
    original = {"result": {"tweet": x_post("50", author="8", favorite_count=99)}}
    repost = x_post("60", full_text="RT @u8: wor…", retweeted_status_result=original)
    done = x_read(tmp_path, repost)
    names = ("kind", "text", "parent_id", "root_id", "root_account_id", "basis")
    assert told(done, *names) == [("x:60", "repost", None, None, "x:50", "x:8", None)]
    assert told(done, "kind", "account_id", what=REFERRED) == [("x:50", "original", "x:8")]
    assert done.rows["numbers shown"]["post_id"].unique().to_list() == ["x:50"]
    assert done.rows["accounts"].height == 2
    assert done.lost("unknown", "references") == {}


def test_a_repost_whose_original_is_withheld_keeps_its_words(tmp_path: Path) -> None:
    done = x_read(tmp_path, x_post("60", retweeted_status_result={"result": {"tombstone": {}}}))
    assert told(done, "kind", "root_id", "text") == [("x:60", "repost", None, "words")]
    assert sum(done.lost("unknown", "references").values()) == 1


def test_a_quote_has_an_observed_parent_even_when_it_is_gone(tmp_path: Path) -> None:
    quoted = {"result": x_post("50", author="8")}
    quote = {**x_post("61", quoted_status_id_str="50"), "quoted_status_result": quoted}
    gone = {**x_post("62", quoted_status_id_str="51"), "quoted_status_result": {}}
    done = x_read(tmp_path, quote, gone)
    assert told(done, "kind", "parent_id", "parent_account_id", "basis") == [
        ("x:61", "quote", "x:50", "x:8", "observed"),
        ("x:62", "quote", "x:51", None, "observed"),
    ]
    assert sum(done.lost("unknown", "references").values()) == 1


def test_a_reply_names_what_it_answers(tmp_path: Path) -> None:
    reply = x_post("63", in_reply_to_status_id_str="50", in_reply_to_user_id_str="8")
    both = x_post("64", in_reply_to_status_id_str="50", quoted_status_id_str="51")
    done = x_read(tmp_path, reply, both)
    assert told(done, "kind", "parent_id", "parent_account_id") == [
        ("x:63", "reply", "x:50", "x:8"),
        ("x:64", "quote", "x:51", None),
    ]
    assert sum(done.lost("dropped", "links").values()) == 1


def test_the_words_of_a_long_post_are_whole(tmp_path: Path) -> None:
    note = {"note_tweet_results": {"result": {"text": "all words", "entity_set": {"urls": []}}}}
    done = x_read(tmp_path, {**x_post("65"), "note_tweet": note})
    assert told(done, "text", "urls") == [("x:65", "all words", [])]


def test_names_of_accounts_are_found_where_x_put_them_later(tmp_path: Path) -> None:
    post = x_post("50")
    result = post["core"]["user_results"]["result"]
    result["core"] = {"screen_name": "newer", "name": "Newer", "created_at": X_NOON}
    result["legacy"] = {"followers_count": 5}
    account = x_read(tmp_path, post).rows["accounts"].row(0, named=True)
    assert (account["handle"], account["followers"]) == ("newer", 5)


def test_older_captures_of_x_are_read(tmp_path: Path) -> None:
    post = x_post("50")
    old = {"id": 50.0, "type": "adaptive", "legacy": post["legacy"],
           "user": {"id_str": "7", "screen_name": "u7", "name": "U"}}  # fmt: skip
    done = x_read(tmp_path, old)
    assert told(done, "account_id") == [("x:50", "x:7")]
    assert done.rows["accounts"]["handle"].to_list() == ["u7"]


def test_an_item_without_a_post_is_counted(tmp_path: Path) -> None:
    done = x_read(tmp_path, {"__typename": "TweetTombstone", "tombstone": {}}, x_post("50"))
    assert list(done.lost("dropped", "rows").values()) == [1]


def test_a_time_that_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    done = x_read(tmp_path, x_post("50", created_at="yesterday"))
    assert told(done, "at") == [("x:50", None)]
    assert sum(done.lost("unknown", "times").values()) == 1


# TikTok


def test_a_film_of_tiktok_is_read(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, captured("tiktok.com", FILM)))
    row = done.rows["posts"].row(0, named=True)
    assert (row["post_id"], row["account_id"]) == ("tiktok:7300000000000000001", "tiktok:61")
    assert (row["at"], row["text"], row["lang"]) == (NOON, "march #one", None)
    assert row["hashtags"] == ["one", "two"]
    assert row["mentions"] == ["tiktok:62"]
    assert shown(done) == {
        "zeeschuimer tiktok diggCount": 10,
        "zeeschuimer tiktok shareCount": 0,
        "zeeschuimer tiktok commentCount": 1,
        "zeeschuimer tiktok playCount": 1000,
        "zeeschuimer tiktok collectCount": 3,
        "zeeschuimer tiktok repostCount": 2,
    }
    account = done.rows["accounts"].row(0, named=True)
    assert (account["handle"], account["followers"], account["following"]) == ("maker", 8, 0)


def test_a_duet_is_a_quote_of_the_film_it_names(tmp_path: Path) -> None:
    duet = {**FILM, "duetInfo": {"duetFromId": "73"}, "author": "maker", "nickname": "Maker"}
    done = read(FORMAT, given_file(tmp_path, captured("tiktok.com", duet)))
    assert done.rows["posts"].select("kind", "parent_id", "account_id").rows() == [
        ("quote", "tiktok:73", "tiktok:@maker")
    ]


def test_comments_of_tiktok_name_the_film_and_only_the_top_of_their_thread(tmp_path: Path) -> None:
    comment = {"cid": "1", "aweme_id": "73", "reply_id": "0", "text": "yes", "create_time": AT,
               "user": {"uid": "62", "unique_id": "reader"}, "digg_count": 0}  # fmt: skip
    below = {**comment, "cid": "2", "reply_id": "1"}
    lines = [captured("tiktok-comments", each) for each in (comment, below)]
    done = read(FORMAT, given_file(tmp_path, *lines))
    assert told(done, "kind", "parent_id", "root_id", "account_id") == [
        ("tiktok:1", "comment", "tiktok:73", "tiktok:73", "tiktok:62"),
        ("tiktok:2", "comment", None, "tiktok:73", "tiktok:62"),
    ]
    assert any(reason.startswith("answers") for reason in done.lost("unknown", "references"))


# Instagram and Threads


def test_a_post_of_instagram_is_read(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, captured("instagram.com", PICTURE)))
    row = done.rows["posts"].row(0, named=True)
    assert (row["post_id"], row["account_id"]) == ("instagram:CODE1", "instagram:71")
    assert (row["at"], row["hashtags"]) == (NOON, ["place"])
    assert row["urls"] == ["https://a.example/x"]
    assert row["media_keys"] == ["1", "2"]
    assert shown(done) == {
        "zeeschuimer instagram like_count": 9,
        "zeeschuimer instagram comment_count": 0,
    }


def test_both_shapes_of_instagram_give_the_same_post(tmp_path: Path) -> None:
    graph = {
        "__typename": "GraphImage",
        "id": "3300000000000000001",
        "shortcode": "CODE1",
        "taken_at_timestamp": AT,
        "edge_media_to_caption": {"edges": [{"node": {"text": PICTURE["caption"]["text"]}}]},
        "owner": {"id": "71", "username": "seer"},
        "edge_media_preview_like": {"count": -1},
        "edge_media_to_comment": {"count": 4},
    }
    names = ("post_id", "account_id", "at", "text", "hashtags", "urls")
    rows = [
        read(FORMAT, given_file(tmp_path, captured("instagram.com", data)))
        .rows["posts"]
        .select(names)
        .rows()
        for data in (PICTURE, graph)
    ]
    assert rows[0] == rows[1]
    done = read(FORMAT, given_file(tmp_path, captured("instagram.com", graph)))
    assert shown(done) == {"zeeschuimer instagram edge_media_to_comment.count": 4}


def test_hidden_numbers_and_advertisements_are_not_kept(tmp_path: Path) -> None:
    hidden = {**PICTURE, "like_and_view_counts_disabled": True}
    lines = [hidden, {**PICTURE, "code": "AD", "product_type": "ad"}]
    done = read(FORMAT, given_file(tmp_path, *(captured("instagram.com", each) for each in lines)))
    assert told(done) == [("instagram:CODE1",)]
    assert shown(done) == {"zeeschuimer instagram comment_count": 0}
    assert done.lost("dropped", "rows") == {"an advertisement: never kept": 1}


def test_a_thread_is_read_and_what_it_shares_is_named(tmp_path: Path) -> None:
    info = THREAD["text_post_app_info"]
    other = {"code": "CODE9", "user": {"pk": "73"}}
    lines = [
        THREAD,
        {**THREAD, "code": "Q",
         "text_post_app_info": {**info, "share_info": {"quoted_post": other}}},
        {**THREAD, "code": "R",
         "text_post_app_info": {**info, "share_info": {"reposted_post": other}}},
        {**THREAD, "code": "A", "text_post_app_info": {"is_reply": True}},
    ]  # fmt: skip
    done = read(FORMAT, given_file(tmp_path, *(captured("threads.net", each) for each in lines)))
    assert told(done, "kind", "parent_id", "root_id") == [
        ("threads:A", "reply", None, None),
        ("threads:CODE2", "original", None, None),
        ("threads:Q", "quote", "threads:CODE9", None),
        ("threads:R", "repost", None, "threads:CODE9"),
    ]
    first = done.rows["numbers shown"].filter(post_id="threads:CODE2")
    assert dict(first.select("metric", "value").iter_rows()) == {
        "likes": 1, "reposts": 2, "replies": 3, "quotes": 4,
    }  # fmt: skip
    assert done.rows["posts"].filter(pl.col("urls").list.contains("https://b.example")).height == 3
