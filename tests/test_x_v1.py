"""X API v1.1: every layout it was saved in, and what belongs to a repost or to its original."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from reading import Read, read, written

from analytics.store import Store
from collectors.exports import import_files
from collectors.exports.formats import Head
from collectors.exports.sources import Source
from collectors.exports.x_v1 import ASKED, FORMAT, REFERRED

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRITTEN = "Sun Mar 01 12:00:00 +0000 2026"


def user(number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"id": number, "id_str": str(number), "screen_name": f"user{number}"} | more


def post(number: int, by: int = 7, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "id": number,
        "id_str": str(number),
        "created_at": WRITTEN,
        "text": f"words of {number}",
        "user": user(by),
        "is_quote_status": False,
        "favorite_count": 0,
    } | more


def repost(number: int, original: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return post(number, 8, text="RT @user7: wor…", retweeted_status=original, **more)


def told(done: Read, *names: str, what: str = ASKED) -> list[tuple[Any, ...]]:
    return done.rows[what].select(*names).rows()


def numbers(done: Read) -> set[tuple[Any, ...]]:
    return set(told(done, "post_id", "metric", "value", what="numbers shown"))


POSTS = [post(1), post(2)]
LAYOUTS = {
    "lines": "\n".join(json.dumps(each) for each in POSTS),
    "an array": json.dumps(POSTS),
    "a page": json.dumps({"statuses": POSTS, "search_metadata": {"count": 2}}),
    "an indented page": json.dumps({"statuses": POSTS, "search_metadata": {}}, indent=1),
    "pages as lines": "\n".join(json.dumps({"statuses": [each]}) for each in POSTS),
    "an array of pages": json.dumps([{"statuses": [each]} for each in POSTS]),
    "indented, one after another": "\n".join(json.dumps(each, indent=2) for each in POSTS),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_tells_the_same(tmp_path: Path, layout: str) -> None:
    path = tmp_path / "posts"
    path.write_text(LAYOUTS[layout])
    assert FORMAT.knows(Head.of(Source(path)))
    done = read(FORMAT, path)
    names = ("post_id", "account_id", "at", "kind", "text", "parent_id", "root_id", "basis")
    assert told(done, *names) == [
        ("x:1", "x:7", NOON, "original", "words of 1", None, None, None),
        ("x:2", "x:7", NOON, "original", "words of 2", None, None, None),
    ]
    assert done.losses.is_empty()


def test_a_repost_names_its_original_which_is_kept_as_a_post_of_its_own(tmp_path: Path) -> None:
    done = read(FORMAT, written(tmp_path / "p", repost(2, post(1))))
    names = ("post_id", "account_id", "kind", "root_id", "root_account_id", "parent_id", "text")
    assert told(done, *names) == [("x:2", "x:8", "repost", "x:1", "x:7", None, None)]
    expected = ("x:1", "x:7", "original", None, None, None, "words of 1")
    assert told(done, *names, what=REFERRED) == [expected]
    assert done.losses.is_empty()


def test_numbers_beside_a_repost_are_read_beside_its_original_only(tmp_path: Path) -> None:
    original = post(1, retweet_count=9, favorite_count=4, quote_count=1, reply_count=0)
    stream = repost(2, original, retweet_count=0)
    search = repost(3, original, retweet_count=9)
    done = read(FORMAT, written(tmp_path / "p", stream, search))
    assert numbers(done) == {
        ("x:1", "reposts", 9), ("x:1", "likes", 4), ("x:1", "quotes", 1), ("x:1", "replies", 0)
    }  # fmt: skip
    assert done.rows["numbers shown"].height == 4
    definitions = done.rows["numbers shown"]["definition"]
    assert set(definitions) == {
        "x v1.1 retweet_count", "x v1.1 favorite_count", "x v1.1 quote_count",
        "x v1.1 reply_count",
    }  # fmt: skip


def test_a_quote_has_the_quoted_post_as_parent_even_inside_a_repost(tmp_path: Path) -> None:
    quoted = post(1, 5)
    quote = post(2, quoted_status=quoted, quoted_status_id_str="1", is_quote_status=True)
    done = read(FORMAT, written(tmp_path / "p", quote, repost(3, quote, is_quote_status=True)))
    names = ("post_id", "kind", "parent_id", "parent_account_id", "basis", "root_id")
    assert told(done, *names) == [
        ("x:2", "quote", "x:1", "x:5", "observed", None),
        ("x:3", "repost", None, None, None, "x:2"),
    ]
    assert sorted(told(done, "post_id", what=REFERRED)) == [("x:1",), ("x:1",), ("x:2",)]


def test_a_quote_of_a_deleted_post_has_no_parent_or_one_that_is_not_there(tmp_path: Path) -> None:
    nameless = post(2, is_quote_status=True)
    named = post(3, is_quote_status=True, quoted_status_id_str="1")
    done = read(FORMAT, written(tmp_path / "p", nameless, named))
    assert told(done, "kind", "parent_id", "basis") == [
        ("quote", None, None),
        ("quote", "x:1", "observed"),
    ]
    assert done.lost("unknown", "references") == {
        "passes on or quotes a post that is not named": 1,
        "not in these files: deleted, protected, or not asked for": 1,
    }


def test_a_reply_has_the_answered_post_as_parent(tmp_path: Path) -> None:
    answer = post(2, in_reply_to_status_id_str="1", in_reply_to_user_id_str="5")
    done = read(FORMAT, written(tmp_path / "p", answer, post(1, 5)))
    names = ("kind", "parent_id", "parent_account_id", "basis")
    assert told(done, *names)[0] == ("reply", "x:1", "x:5", "observed")
    assert done.losses.is_empty()


def test_a_post_that_quotes_and_answers_keeps_the_quotes_link_and_that_is_noted(
    tmp_path: Path,
) -> None:
    both: dict[str, Any] = {"in_reply_to_status_id_str": "1", "is_quote_status": True}
    named = post(3, quoted_status_id_str="2", **both)
    done = read(FORMAT, written(tmp_path / "p", named, post(4, **both)))
    assert told(done, "kind", "parent_id") == [("quote", "x:2"), ("reply", "x:1")]
    assert list(done.lost("dropped", "links").values()) == [2]


def test_words_behind_the_cut_are_found(tmp_path: Path) -> None:
    cut = {"text": "wor…", "truncated": True, "entities": {"hashtags": []}}
    tags = {"hashtags": [{"text": "appeal"}]}
    stream = post(1) | cut | {"extended_tweet": {"full_text": "all words", "entities": tags}}
    search = post(2) | {"full_text": "all words", "entities": tags}
    del search["text"]
    done = read(FORMAT, written(tmp_path / "p", stream, search))
    assert told(done, "text", "hashtags") == [("all words", ["appeal"])] * 2


def test_links_mentions_and_media_are_read(tmp_path: Path) -> None:
    entities = {
        "urls": [
            {"url": "http://t.co/1", "expanded_url": "https://youtu.be/abcdefghijk"},
            {"url": "http://t.co/2", "expanded_url": "http://s.example",
             "unwound": {"url": "http://a.example/x"}},
            {"url": "http://t.co/3", "expanded_url": None},
        ],
        "user_mentions": [{"id_str": "5", "screen_name": "five"}, {"screen_name": "six"}],
        "media": [{"id_str": "90"}],
    }  # fmt: skip
    more = {"media": [{"id_str": "90"}, {"id": 91}]}
    done = read(FORMAT, written(tmp_path / "p", post(1, entities=entities, extended_entities=more)))
    links = ["https://youtu.be/abcdefghijk", "http://a.example/x", "http://t.co/3"]
    assert told(done, "urls", "mentions") == [(links, ["x:5", "x:@six"])]
    assert told(done, "media_keys") == [(["90", "91"],)]
    assert "youtube:abcdefghijk" in done.rows[ASKED]["object_keys"][0].to_list()


def test_ids_come_from_text_or_whole_numbers_only(tmp_path: Path) -> None:
    rounded = post(1) | {"id": 1.4e18, "id_str": "1400000000000000001"}
    whole = post(1) | {"id": 2**64 + 1, "id_str": None}
    wrapped = post(1) | {"id": {"$numberLong": "3"}, "id_str": "3"}
    lost = post(1) | {"id": 1.5e18, "id_str": None}
    done = read(FORMAT, written(tmp_path / "p", rounded, whole, wrapped, lost))
    expected = [("x:1400000000000000001",), ("x:18446744073709551617",), ("x:3",)]
    assert told(done, "post_id") == expected
    assert done.lost("dropped", "rows") == {"a post without a whole id": 1}


def test_times_are_read_as_x_wrote_them_as_others_rewrite_them_or_as_the_stream_counts(
    tmp_path: Path,
) -> None:
    ways = [WRITTEN, "Sun Mar 01 17:00:00 +0500 2026", "2026-03-01T12:00:00Z", None, "yesterday"]
    posts = [post(n, created_at=way) for n, way in enumerate(ways, 1)]
    counted = post(9, created_at=None, timestamp_ms="1772366400000")
    done = read(FORMAT, written(tmp_path / "p", *posts, counted))
    assert done.rows[ASKED]["at"].to_list() == [NOON, NOON, NOON, None, None, NOON]
    assert list(done.lost("unknown", "times").values()) == [2]


def test_messages_of_the_stream_are_counted_apart(tmp_path: Path) -> None:
    gone = {"delete": {"status": {"id_str": "5"}}}
    done = read(FORMAT, written(tmp_path / "p", gone, post(1), {"limit": {"track": 3}}))
    assert told(done, "post_id") == [("x:1",)]
    assert done.lost("dropped", "rows") == {"a message of the stream, not a post": 2}


def test_one_post_that_does_not_fit_costs_only_itself(tmp_path: Path) -> None:
    page = {"statuses": [post(1), post(2, text=["no", "text"]), post(3)]}
    done = read(FORMAT, written(tmp_path / "p", page))
    assert told(done, "post_id") == [("x:1",), ("x:3",)]
    assert sum(done.lost("dropped", "rows").values()) == 1
    assert done.place("not as X's API").endswith("post 2")


def test_accounts_are_everybodys_and_when_they_were_seen_is_unknown(tmp_path: Path) -> None:
    known = user(5, name="Five", followers_count=3, friends_count=0, statuses_count=9,
                 created_at=WRITTEN)  # fmt: skip
    done = read(FORMAT, written(tmp_path / "p", repost(2, post(1, user=known)), post(3, 8)))
    names = ("account_id", "handle", "name", "followers", "following", "posts", "observed_at")
    assert told(done, *names, what="accounts") == [
        ("x:8", "user8", None, None, None, None, None),
        ("x:5", "user5", "Five", 3, 0, 9, None),
    ]


def test_an_author_without_an_id_is_known_by_name(tmp_path: Path) -> None:
    done = read(FORMAT, written(tmp_path / "p", post(1, user={"screen_name": "five"})))
    assert told(done, "account_id") == [("x:@five",)]


def test_a_language_that_is_none_is_unknown(tmp_path: Path) -> None:
    posts = [post(n, lang=lang) for n, lang in enumerate(["kk", "und", "gAAAAA==", "zh-tw"], 1)]
    done = read(FORMAT, written(tmp_path / "p", *posts))
    assert told(done, "lang") == [("kk",), (None,), (None,), ("zh-tw",)]


def test_other_json_is_not_its_own(tmp_path: Path) -> None:
    v2 = {"data": [{"id": "1", "author_id": "7", "created_at": "2026-03-01T12:00:00Z"}]}
    weibo = {"id": 1, "created_at": WRITTEN, "text": "t", "user": {"id": 1}, "reposts_count": 1}
    inside = {"item_id": "1", "data": {"legacy": post(1)}}
    for document in (v2, weibo, inside):
        assert not FORMAT.knows(Head.of(Source(written(tmp_path / "p", document))))


def test_real_posts_are_kept_whole_and_those_found_twice_once(shared: Path, tmp_path: Path) -> None:
    report = import_files(tmp_path / "s", [shared / "data" / "x_v11_fixtures"])
    assert report.losses.filter(outcome="dropped", what="rows").is_empty()
    asked = report.losses.filter(what=ASKED)
    assert asked["count"].sum() == 500 + 15
    assert asked.filter(outcome="merged")["count"].sum() == 50
    posts = Store(tmp_path / "s").read("posts")
    assert posts["at"].null_count() == 0
    assert posts.filter(kind="repost")["root_account_id"].null_count() == 0


def test_real_reposts_are_as_many_as_the_files_say(shared: Path) -> None:
    files = sorted((shared / "data" / "x_v11_fixtures").glob("*.json"))
    assert read(FORMAT, *files).rows[ASKED].filter(kind="repost").height == 224 + 15


def test_anonymised_real_posts_are_kept_whole(shared: Path) -> None:
    path = shared / "data" / "seismic_evently_cascades" / "evently_tweets_anonymized.v11.jsonl"
    done = read(FORMAT, path)
    assert done.rows[ASKED].height == 359
    assert done.rows[ASKED].filter(kind="repost").height == 47
    assert done.rows[ASKED]["at"].null_count() == 0
    assert done.losses.filter(outcome="dropped").is_empty()


SAMPLE = "\n".join(
    json.dumps(each)
    for each in (
        {"statuses": [post(1)]},
        repost(2, post(3, quoted_status=post(4), retweet_count=3)),
        post(5, in_reply_to_status_id_str="1", extended_tweet={"full_text": "f"}),
    )
).encode()


@given(content=damaged(SAMPLE))
@settings(max_examples=50)
def test_damaged_files_are_read_or_refused_and_nothing_else(content: bytes) -> None:
    survives(FORMAT, content)


def test_posts_inside_each_other_without_end_are_refused(tmp_path: Path) -> None:
    deep = '{"id_str": "1", "retweeted_status": ' * 5_000 + "{}" + "}" * 5_000
    path = tmp_path / "p"
    path.write_text(json.dumps(post(1)) + "\n" + deep + "\n")
    assert told(read(FORMAT, path), "post_id") == [("x:1",)]
