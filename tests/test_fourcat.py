"""4CAT's CSV files: two clocks, names without ids, and one reader for each data source."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read
from test_importing import damaged, survives

from analytics.errors import FormatError
from collectors.exports.formats import Head, Options, detect, known_formats
from collectors.exports.fourcat import FORMAT
from collectors.exports.sources import Source, find

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT_NOON = {"timestamp": "2026-03-01 12:00:00", "unix_timestamp": "1772366400"}
X = {
    "id": "50", "thread_id": "40", "link": "https://x.com/ann/status/50", "body": "words",
    "author": "Ann", "author_fullname": "Ann A", "author_id": "7", "author_followers": "12",
    "language_guess": "en", "like_count": "3", "retweet_count": "2", "impression_count": "0",
    "is_retweet": "no", "retweeted_user": "", "is_quote_tweet": "no", "quoted_user": "",
    "is_reply": "no", "replied_user": "", "hashtags": "", "urls": "", "images": "", "videos": "",
    "mentions": "", **AT_NOON,
}  # fmt: skip
TELEGRAM = {
    "id": "square-9", "thread_id": "square", "chat": "square", "author": "42",
    "author_username": "square", "author_name": "", "author_is_bot": "no", "body": "words",
    "is_reply": "False", "reply_to": "", "views": "100", "reactions": "",
    "author_forwarded_from_name": "", "author_forwarded_from_username": "",
    "author_forwarded_from_id": "", "entities_mentioned": "", "unix_timestamp_forwarded_from": "",
    "link_attached": "", "attachment_data": "", **AT_NOON,
}  # fmt: skip
POST = "/app.bsky.feed.post/"
PAGE = "https://bsky.app/profile/"
BLUESKY = {
    "collected_at": "2026-03-02T10:00:00.5", "id": f"at://did:plc:a{POST}k1",
    "thread_id": f"at://did:plc:a{POST}k1", "created_at": "2026-03-01T13:00:00+01:00",
    "author": "ann.example", "author_id": "did:plc:a", "body": "words", "tags": "",
    "like_count": "1", "quote_count": "2", "reply_count": "3", "repost_count": "4",
    "quoted_post": "", "replied_to_post": "", "mentions": "", "links": "", "images": "",
    "languages": "N/A", "author_display_name": "Ann", "author_created_at": "",
    "timestamp": "1772366400.0",
}  # fmt: skip
VK = {
    "id": "5", "thread_id": "5", "link": "https://vk.com/wall-1_5", "item_type": "post",
    "body": "words", "author_id": "-1", "author_screen_name": "grp", "author_name": "Group",
    "author_followers": "N/A", "in_reply_to_user": "", "in_reply_to_comment_id": "",
    "views": "10", "likes": "2", "post_comments": "", "videos": "", "links": "", **AT_NOON,
}  # fmt: skip
TIKTOK = {
    "id": "9", "thread_id": "9", "author": "ann", "author_full": "Ann", "author_followers": "5",
    "body": "words", "tiktok_url": "https://www.tiktok.com/@ann/video/9", "likes": "1",
    "comments": "-1", "shares": "3", "plays": "4", "hashtags": "a,b", "challenges": "b,c",
    "stickers": "on the\npicture", **AT_NOON,
}  # fmt: skip
COMMENT = {
    "id": "91", "thread_id": "9", "author": "bob", "author_full": "Bob", "body": "words",
    "likes": "1", "replies": "2", "post_id": "9", "is_comment_on_comment": "no",
    "language_guess": "en", **AT_NOON,
}  # fmt: skip
UPLOAD = {"id": "1", "thread_id": "1", "author": "ann", "body": "words", **AT_NOON}
SAMPLES = {
    "x": X, "telegram": TELEGRAM, "bluesky": BLUESKY, "vk": VK, "tiktok": TIKTOK,
    "comments": COMMENT, "upload": UPLOAD,
}  # fmt: skip


def table(folder: Path, *rows: dict[str, str], name: str = "4cat") -> Path:
    path = folder / f"{name}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def told(done: Read, *names: str) -> list[tuple[object, ...]]:
    return done.rows["posts"].select(*names).rows()


def numbers(done: Read) -> dict[tuple[str, str], int]:
    """Return the numbers shown, by post and by what they are called."""
    rows = done.rows["numbers shown"].select("post_id", "definition", "value").rows()
    return {(post, name): value for post, name, value in rows}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_data_source_is_found_by_its_columns_and_by_no_other_format(
    name: str, tmp_path: Path
) -> None:
    backwards = dict(reversed(SAMPLES[name].items()))
    head = Head.of(Source(table(tmp_path, backwards)))
    assert [each.name for each in known_formats().values() if each.knows(head)] == ["4cat"]
    assert read(FORMAT, table(tmp_path, backwards)).rows["posts"].height == 1


# the two clocks

SERVER_LOCAL = {"timestamp": "2026-03-01 15:00:00", "unix_timestamp": "1772366400"}
SHIFTED_SECONDS = {"timestamp": "2026-03-01 12:00:00", "unix_timestamp": "1772355600"}


@pytest.mark.parametrize(
    ("row", "clocks", "right"),
    [
        (TELEGRAM, SERVER_LOCAL, "unix_timestamp"),
        (VK, SERVER_LOCAL, "unix_timestamp"),
        (COMMENT, SERVER_LOCAL, "unix_timestamp"),
        (X, SHIFTED_SECONDS, "timestamp"),
    ],
)
def test_of_two_clocks_that_differ_the_right_one_is_taken_and_told(
    row: dict[str, str], clocks: dict[str, str], right: str, tmp_path: Path
) -> None:
    done = read(FORMAT, table(tmp_path, row | clocks, row | clocks | {"id": "square-10"}))
    assert set(done.rows["posts"]["at"]) == {NOON}
    (reason,) = done.lost("unknown", "times")
    assert done.lost("unknown", "times")[reason] == 2
    assert "3 h ahead" in reason
    assert f": {right} was taken" in reason
    assert done.place("timestamp runs") == "4cat.csv, row 2"


def test_clocks_that_agree_are_no_loss(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, TELEGRAM))
    assert told(done, "at") == [(NOON,)]
    assert not done.lost("unknown", "times")


def test_a_summer_hour_is_a_second_shift(tmp_path: Path) -> None:
    summer = {"timestamp": "2026-07-01 16:00:00", "unix_timestamp": "1782907200"}
    rows = (TELEGRAM | SERVER_LOCAL, TELEGRAM | summer | {"id": "square-10"})
    done = read(FORMAT, table(tmp_path, *rows))
    assert told(done, "at") == [(NOON,), (datetime(2026, 7, 1, 12, tzinfo=UTC),)]
    assert sorted(done.lost("unknown", "times").values()) == [1, 1]


def test_clocks_that_no_zone_explains_give_no_time(tmp_path: Path) -> None:
    odd = TELEGRAM | {"timestamp": "2026-03-01 12:07:00"}
    done = read(FORMAT, table(tmp_path, odd))
    assert told(done, "at") == [(None,)]
    reason = "the two clocks of the row differ by no whole quarter-hours: kept without a time"
    assert done.lost("unknown", "times") == {reason: 1}


def test_a_missing_clock_is_made_up_for_by_the_other_and_the_files_shift(tmp_path: Path) -> None:
    lacking = TELEGRAM | SERVER_LOCAL | {"id": "square-10", "unix_timestamp": ""}
    done = read(FORMAT, table(tmp_path, lacking, TELEGRAM | SERVER_LOCAL))
    assert told(done, "at") == [(NOON,), (NOON,)]
    lacking = X | SHIFTED_SECONDS | {"id": "51", "timestamp": "no time"}
    done = read(FORMAT, table(tmp_path, lacking, X | SHIFTED_SECONDS))
    assert told(done, "at") == [(NOON,), (NOON,)]


def test_local_times_alone_need_a_zone_before_anything_is_read(tmp_path: Path) -> None:
    alone = {name: cell for name, cell in TELEGRAM.items() if name != "unix_timestamp"}
    good = table(tmp_path, X, name="a")
    bad = table(tmp_path, alone, name="b")
    options = Options("appeal", scratch=tmp_path)
    parts = FORMAT.read(find([good, bad], tmp_path).sources, options)
    with pytest.raises(FormatError, match=r"b\.csv has times without a zone.*--timezone"):
        next(iter(parts))
    done = read(FORMAT, bad, zone=ZoneInfo("Asia/Almaty"))
    assert told(done, "at") == [(datetime(2026, 3, 1, 7, tzinfo=UTC),)]


# X


def test_a_repost_names_its_source_by_the_id_that_another_row_tells(tmp_path: Path) -> None:
    repost = X | {"id": "51", "author": "bob", "author_id": "8", "is_retweet": "yes"}
    rows = (repost | {"retweeted_user": "ANN"}, X, repost | {"id": "52", "retweeted_user": "zed"})
    done = read(FORMAT, table(tmp_path, *rows))
    names = ("post_id", "kind", "root_account_id", "root_id", "parent_id", "basis")
    assert told(done, *names) == [
        ("x:51", "repost", "x:7", None, None, None),
        ("x:50", "original", None, None, None, None),
        ("x:52", "repost", "x:@zed", None, None, None),
    ]


def test_a_handle_that_belonged_to_two_accounts_stays_a_handle(tmp_path: Path) -> None:
    other = X | {"id": "51", "author_id": "8"}
    repost = X | {"id": "52", "author": "b", "is_retweet": "yes", "retweeted_user": "ann"}
    done = read(FORMAT, table(tmp_path, X, other, repost))
    assert told(done, "root_account_id")[2] == ("x:@ann",)


def test_numbers_beside_a_repost_are_left_out(tmp_path: Path) -> None:
    repost = X | {"id": "51", "is_retweet": "yes", "retweeted_user": "ann"}
    done = read(FORMAT, table(tmp_path, X, repost))
    assert numbers(done) == {("x:50", "4cat x like_count"): 3, ("x:50", "4cat x retweet_count"): 2}
    (reason,) = done.lost("dropped", "numbers shown")
    assert reason.startswith("stands beside a repost")
    assert done.lost("dropped", "numbers shown") == {reason: 2}


def test_quotes_and_answers_name_whom_but_not_what(tmp_path: Path) -> None:
    quote = X | {"id": "51", "is_quote_tweet": "yes", "quoted_user": "ann"}
    answer = X | {"id": "52", "is_reply": "yes", "replied_user": "bob"}
    both = X | {"id": "53", "is_quote_tweet": "yes", "is_reply": "yes", "quoted_user": "bob"}
    done = read(FORMAT, table(tmp_path, quote, answer, both))
    names = ("kind", "parent_account_id", "parent_id", "root_id", "basis")
    assert told(done, *names) == [
        ("quote", "x:7", None, None, "observed"),
        ("reply", "x:@bob", None, None, "observed"),
        ("quote", "x:@bob", None, None, "observed"),
    ]
    assert list(done.lost("dropped", "links").values()) == [1]


def test_a_quote_of_nobody_is_told_as_an_unresolved_reference(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, X | {"is_quote_tweet": "yes"}))
    assert told(done, "kind", "basis") == [("quote", None)]
    assert sum(done.lost("unknown", "references").values()) == 1


def test_a_post_that_x_refused_is_no_post(tmp_path: Path) -> None:
    gone = X | {"id": "51", "author_id": "UNKNOWN", "author": "UNKNOWN", "body": ""}
    done = read(FORMAT, table(tmp_path, X, gone))
    assert told(done, "post_id") == [("x:50",)]
    assert list(done.lost("dropped", "rows").values()) == [1]


def test_lists_of_x_keep_addresses_with_commas_whole(tmp_path: Path) -> None:
    row = X | {
        "hashtags": "one,two",
        "mentions": "Ann,zed",
        "urls": "https://a.example/1,2,http://b.example",
        "images": "https://pbs.twimg.com/media/AbC-1.jpg",
        "videos": "https://video.twimg.com/ext_tw_video/77/pu/vid/a.mp4",
    }
    done = read(FORMAT, table(tmp_path, row))
    assert told(done, "hashtags", "mentions", "urls", "media_keys") == [
        (
            ["one", "two"],
            ["x:7", "x:@zed"],
            ["https://a.example/1,2", "http://b.example"],
            ["AbC-1", "77"],
        )
    ]


def test_profiles_of_x_are_kept_with_their_followers(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, X, X | {"id": "51"}))
    columns = ("account_id", "handle", "name", "followers")
    assert done.rows["accounts"].select(columns).rows() == [("x:7", "Ann", "Ann A", 12)]


def test_what_is_not_read_is_counted(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, X | {"place_name": "here", "long_lat": ""}))
    assert done.lost("unknown", "fields") == {"field place_name is not read": 1}


# Telegram


def test_messages_of_telegram_carry_chat_and_number(tmp_path: Path) -> None:
    answer = TELEGRAM | {"id": "square-10", "is_reply": "True", "reply_to": "9", "author": "8"}
    done = read(FORMAT, table(tmp_path, TELEGRAM, answer | {"author_name": "Zoe"}))
    assert told(done, "post_id", "account_id", "kind", "parent_id", "basis") == [
        ("telegram:square/9", "telegram:42", "original", None, None),
        ("telegram:square/10", "telegram:user8", "reply", "telegram:square/9", "observed"),
    ]


def test_a_forward_names_a_root_account_and_no_parent(tmp_path: Path) -> None:
    by_id = TELEGRAM | {"author_forwarded_from_id": "55", "reply_to": "1"}
    by_handle = TELEGRAM | {"id": "square-10", "author_forwarded_from_username": "Square"}
    by_name = TELEGRAM | {"id": "square-11", "author_forwarded_from_name": "Some/one"}
    hidden = TELEGRAM | {"id": "square-12", "unix_timestamp_forwarded_from": "1772366400"}
    done = read(FORMAT, table(tmp_path, by_id, by_handle, by_name, hidden))
    assert told(done, "kind", "root_account_id", "parent_id", "basis") == [
        ("repost", "telegram:55", None, None),
        ("repost", "telegram:42", None, None),
        ("repost", "telegram:name=Some%2Fone", None, None),
        ("repost", None, None, None),
    ]


def test_a_person_forwarded_is_the_person_who_writes(tmp_path: Path) -> None:
    writes = TELEGRAM | {"author": "8", "author_name": "Zoe", "author_username": "zoe"}
    forward = TELEGRAM | {"id": "square-10", "author_forwarded_from_id": "8"}
    again = TELEGRAM | {
        "id": "square-11", "author_forwarded_from_username": "zoe", "author_forwarded_from_id": "8",
    }  # fmt: skip
    done = read(FORMAT, table(tmp_path, writes, forward, again))
    assert told(done, "root_account_id")[1:] == [("telegram:user8",), ("telegram:user8",)]


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("👍👍❤️", 3),
        ("🤷\u200d♂️🤷\u200d♂️", 2),
        ("🔥{'_type': 'ReactionCount', 'count': 12}, ", 13),
    ],
)
def test_reactions_are_counted_sign_by_sign(written: str, count: int, tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, TELEGRAM | {"reactions": written}))
    assert numbers(done)["telegram:42/9", "4cat telegram reactions"] == count


def test_reactions_that_cannot_be_counted_are_no_number(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, TELEGRAM | {"reactions": "many", "views": ""}))
    assert not numbers(done)
    assert sum(done.lost("unknown", "values").values()) == 1


def test_words_of_telegram_give_links_tags_and_mentions(tmp_path: Path) -> None:
    row = TELEGRAM | {
        "body": "See https://a.example/b_(c). #город @zoe",
        "link_attached": "https://d.example",
        "entities_mentioned": "zoe",
        "attachment_data": '{"id": 99, "dc_id": 2}',
    }
    done = read(FORMAT, table(tmp_path, row))
    assert told(done, "urls", "hashtags", "mentions", "media_keys") == [
        (["https://a.example/b_(c)", "https://d.example"], ["город"], ["telegram:@zoe"], ["99"])
    ]


def test_an_answer_to_no_message_is_an_unresolved_reference(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, TELEGRAM | {"is_reply": "True"}))
    assert told(done, "kind", "parent_id") == [("reply", None)]
    assert sum(done.lost("unknown", "references").values()) == 1


def test_a_message_without_a_number_is_refused(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, TELEGRAM, TELEGRAM | {"id": "square-"}))
    assert done.lost("dropped", "rows") == {"lacks a chat or a number": 1}
    assert done.place("lacks") == "4cat.csv, row 3"


# Bluesky


def test_what_bluesky_quotes_and_answers_is_an_observed_parent(tmp_path: Path) -> None:
    other = {"author": "bob.example", "author_id": "did:plc:b"}
    quote = other | {"id": f"at://did:plc:b{POST}k2", "quoted_post": f"{PAGE}Ann.example/post/k1"}
    answer = other | {
        "id": f"at://did:plc:b{POST}k3", "thread_id": f"at://did:plc:r{POST}k0",
        "replied_to_post": f"{PAGE}gone.example/post/k0",
    }  # fmt: skip
    deeper = answer | {"replied_to_post": f"{PAGE}did:plc:z/post/k9"}
    done = read(FORMAT, table(tmp_path, *(BLUESKY | row for row in ({}, quote, answer, deeper))))
    names = ("kind", "parent_id", "parent_account_id", "root_id", "basis")
    root = f"bluesky:at://did:plc:r{POST}k0"
    assert told(done, *names) == [
        ("original", None, None, None, None),
        ("quote", f"bluesky:at://did:plc:a{POST}k1", "bluesky:did:plc:a", None, "observed"),
        ("reply", root, "bluesky:did:plc:r", None, "observed"),
        ("reply", f"bluesky:at://did:plc:z{POST}k9", "bluesky:did:plc:z", None, "observed"),
    ]
    assert not done.lost("unknown", "references")


def test_a_writer_known_by_handle_only_is_named_so_and_told(tmp_path: Path) -> None:
    row = BLUESKY | {"quoted_post": f"{PAGE}zed.example/post/k5"}
    done = read(FORMAT, table(tmp_path, row))
    assert told(done, "parent_id", "parent_account_id") == [
        (f"bluesky:at://zed.example{POST}k5", "bluesky:@zed.example")
    ]
    assert sum(done.lost("unknown", "references").values()) == 1


@pytest.mark.parametrize("word", ["DELETED", "REMOVED BY AUTHOR", "VIEWER BLOCKED BY AUTHOR"])
def test_a_quote_of_what_is_gone_has_no_parent(word: str, tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, BLUESKY | {"quoted_post": word}))
    assert told(done, "kind", "parent_id", "basis") == [("quote", None, None)]
    assert sum(done.lost("unknown", "references").values()) == 1


def test_the_time_of_collecting_needs_the_servers_zone(tmp_path: Path) -> None:
    path = table(tmp_path, BLUESKY)
    done = read(FORMAT, path)
    assert told(done, "at", "collected_at") == [(NOON, None)]
    assert list(done.lost("unknown", "times").values()) == [1]
    done = read(FORMAT, path, zone=ZoneInfo("Europe/Paris"))
    seen = datetime(2026, 3, 2, 9, 0, 0, 500_000, tzinfo=UTC)
    assert told(done, "at", "collected_at") == [(NOON, seen)]
    assert set(done.rows["numbers shown"]["observed_at"]) == {seen}


def test_mentions_of_bluesky_are_handles_or_dids(tmp_path: Path) -> None:
    row = BLUESKY | {"mentions": "did:plc:z,ann.example,new.example", "languages": "kk,ru"}
    done = read(FORMAT, table(tmp_path, row))
    mentions = ["bluesky:did:plc:z", "bluesky:did:plc:a", "bluesky:@new.example"]
    assert told(done, "mentions", "lang") == [(mentions, "kk")]


# VK


def test_comments_of_vk_hang_from_the_post_or_from_the_comment_they_answer(tmp_path: Path) -> None:
    comment = {"item_type": "comment", "author_id": "7", "views": ""}
    first = comment | {"id": "6", "link": "https://vk.com/wall-1_6"}
    second = comment | {
        "id": "7", "link": "https://vk.com/wall-1_7", "in_reply_to_comment_id": "6",
        "in_reply_to_user": "7",
    }  # fmt: skip
    done = read(FORMAT, table(tmp_path, *(VK | row for row in ({}, first, second))))
    names = ("post_id", "account_id", "kind", "parent_id", "parent_account_id", "root_id")
    assert told(done, *names) == [
        ("vk:-1_5", "vk:-1", "original", None, None, None),
        ("vk:-1_6", "vk:7", "comment", "vk:-1_5", None, "vk:-1_5"),
        ("vk:-1_7", "vk:7", "comment", "vk:-1_6", "vk:7", "vk:-1_5"),
    ]


def test_rows_of_vk_without_a_wall_or_a_known_type_are_refused(tmp_path: Path) -> None:
    rows = (VK, VK | {"link": "https://vk.com/wallNone_5"}, VK | {"item_type": "story"})
    done = read(FORMAT, table(tmp_path, *rows))
    assert done.lost("dropped", "rows") == {
        "its link names no wall": 1,
        "is neither a post nor a comment": 1,
    }


def test_followers_that_vk_did_not_tell_are_unknown(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, VK, VK | {"author_followers": "9"}))
    assert done.rows["accounts"]["followers"].to_list() == [None, 9]


def test_lists_of_vk_are_apart_by_commas_and_blanks(tmp_path: Path) -> None:
    row = VK | {
        "links": "https://a.example/1, https://b.example",
        "videos": "https://vk.com/video-1_7, https://vk.com/video2_8",
    }
    done = read(FORMAT, table(tmp_path, row))
    assert told(done, "urls", "media_keys") == [
        (["https://a.example/1", "https://b.example"], ["-1_7", "2_8"])
    ]


# TikTok


def test_challenges_are_hashtags_and_minus_one_is_no_count(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, TIKTOK))
    assert told(done, "post_id", "account_id", "at", "hashtags") == [
        ("tiktok:9", "tiktok:@ann", NOON, ["a", "b", "c"])
    ]
    assert numbers(done) == {
        ("tiktok:9", "4cat tiktok likes"): 1,
        ("tiktok:9", "4cat tiktok shares"): 3,
        ("tiktok:9", "4cat tiktok plays"): 4,
    }
    assert done.lost("unknown", "values") == {"comments is no count: left empty": 1}


def test_older_files_of_tiktok_have_seconds_and_other_names(tmp_path: Path) -> None:
    old = {name: TIKTOK[name] for name in ("id", "thread_id", "author", "body", "tiktok_url")}
    old |= {"author_id": "77", "timestamp": "1772366400", "amount_plays": "4"}
    done = read(FORMAT, table(tmp_path, old))
    assert told(done, "account_id", "at") == [("tiktok:77", NOON)]
    assert numbers(done) == {("tiktok:9", "4cat tiktok amount_plays"): 4}


def test_comments_of_tiktok_hang_from_the_video_unless_they_stand_in_a_thread(
    tmp_path: Path,
) -> None:
    inside = COMMENT | {"id": "92", "thread_id": "91", "is_comment_on_comment": "yes"}
    done = read(FORMAT, table(tmp_path, COMMENT, inside))
    assert told(done, "post_id", "kind", "parent_id", "root_id", "basis") == [
        ("tiktok:91", "comment", "tiktok:9", "tiktok:9", "observed"),
        ("tiktok:92", "comment", None, "tiktok:9", None),
    ]
    assert sum(done.lost("unknown", "references").values()) == 1


# uploads


def test_an_upload_gets_its_platform_from_its_link(tmp_path: Path) -> None:
    linked = UPLOAD | {"link": "https://www.instagram.com/p/AbC/", "likes": "7"}
    bare = UPLOAD | {"id": "2", "thread_id": "1", "link": "", "likes": ""}
    done = read(FORMAT, table(tmp_path, linked, bare))
    assert told(done, "post_id", "platform", "account_id", "parent_id") == [
        ("instagram:AbC", "instagram", "instagram:@ann", None),
        ("unknown:2", "unknown", "unknown:@ann", None),
    ]
    assert numbers(done) == {("instagram:AbC", "4cat likes"): 7}
    assert sum(done.lost("unknown", "references").values()) == 1
    assert done.lost("unknown", "platforms") == {"no link tells the platform": 1}


def test_a_zone_that_the_user_gives_counts_more_than_the_servers(tmp_path: Path) -> None:
    path = table(tmp_path, UPLOAD | SERVER_LOCAL)
    assert told(read(FORMAT, path), "at") == [(NOON,)]
    at = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert told(read(FORMAT, path, zone=ZoneInfo("Asia/Almaty")), "at") == [(at,)]


def test_a_file_of_another_kind_is_passed_over(tmp_path: Path) -> None:
    other = table(tmp_path, {"a": "1", "b": "2"}, name="a")
    done = read(FORMAT, other, table(tmp_path, X, name="b"))
    assert done.rows["posts"].height == 1
    assert list(done.lost("dropped", "files").values()) == [1]


def payload(row: dict[str, str]) -> bytes:
    with TemporaryDirectory() as folder:
        path = table(Path(folder), row)
        assert detect(Head.of(Source(path))) is FORMAT
        return path.read_bytes()


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_damaged_files_are_read_or_refused_and_nothing_else(name: str, data: st.DataObject) -> None:
    survives(data.draw(damaged(payload(SAMPLES[name]))), "4cat")


CELLS = st.text(max_size=8) | st.sampled_from(
    ["", "nan", "9" * 30, "-1", "yes", "N/A", "@", "@\n", "did:", "https://", ",,", "1e300",
     "2026-03-01 12:00:00", "9999-12-31 23:59:59", "0001-01-01 00:00:00", "-62135596800",
     "253402300799", "at://a/b", "#", "\u200d"]
)  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_any_cell_is_read_or_refused(name: str, data: st.DataObject) -> None:
    row = {column: data.draw(st.just(cell) | CELLS) for column, cell in SAMPLES[name].items()}
    lines = (row.keys(), row.values())
    quoted = (",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    survives("\n".join(quoted).encode(errors="replace"), "4cat")
