"""Bluesky's API: posts as they are shown, reposts in feeds, and who reposted without a time."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read, written

from collectors.exports.bluesky import FORMAT
from collectors.exports.formats import Head, detect
from collectors.exports.sources import Source

LATER = "createdAt is later than the network's own time, which is taken instead"
UNMET = "not in these files: deleted, hidden, or not asked for"
NO_TIME = "who reposted is told, but not when: kept without a time"


def uri(who: str, key: str, kind: str = "app.bsky.feed.post") -> str:
    return f"at://did:plc:{who}/{kind}/{key}"


def repost_uri(who: str, key: str) -> str:
    return uri(who, key, "app.bsky.feed.repost")


def profile(who: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON can hold
    return {"did": f"did:plc:{who}", "handle": f"{who}.example", "displayName": who} | more


def post(who: str = "ana", key: str = "1", **record: Any) -> dict[str, Any]:  # noqa: ANN401
    told = {"$type": "app.bsky.feed.post", "text": "Save it", "createdAt": "2026-03-01T12:00:00Z"}
    return {
        "uri": uri(who, key),
        "author": profile(who),
        "record": told | record,
        "indexedAt": "2026-03-01T12:00:01Z",
    }


def reads(folder: Path, *documents: Any) -> Read:  # noqa: ANN401
    return read(FORMAT, written(folder / "f.json", *documents))


def only(done: Read, what: str = "posts") -> dict[str, Any]:
    assert done.rows[what].height == 1
    return done.rows[what].row(0, named=True)


def test_a_post_is_known_by_its_address_and_its_author_by_did(tmp_path: Path) -> None:
    done = reads(tmp_path, {"posts": [post(langs=["kk", "ru"])]})
    found = only(done)
    assert found["post_id"] == "bluesky:at://did:plc:ana/app.bsky.feed.post/1"
    assert found["account_id"] == "bluesky:did:plc:ana"
    assert (found["kind"], found["text"], found["lang"]) == ("original", "Save it", "kk")
    assert done.rows["accounts"].select("account_id", "handle", "name").rows() == [
        ("bluesky:did:plc:ana", "ana.example", "ana")
    ]


def test_a_time_set_in_the_future_gives_way_to_that_of_the_network(tmp_path: Path) -> None:
    late = post(key="2", createdAt="2031-01-01T00:00:00Z")
    broken = post(key="3", createdAt="soon")
    done = reads(tmp_path, {"posts": [post(), late, broken]})
    assert [at.second for at in done.rows["posts"]["at"]] == [0, 1, 1]
    times = done.lost("unknown", "times")
    assert times == {LATER: 1, "createdAt cannot be read: the network's own time is taken": 1}


def test_links_tags_and_mentions_come_from_facets_and_embeds(tmp_path: Path) -> None:
    features = [
        {"$type": "app.bsky.richtext.facet#link", "uri": "https://a.example/x"},
        {"$type": "app.bsky.richtext.facet#tag", "tag": "park"},
        {"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:bo"},
    ]
    embed = {
        "external": {"uri": "https://b.example"},
        "images": [{"image": {"ref": {"$link": "b"}}}],
    }
    told = post(facets=[{"features": [each]} for each in features], embed=embed, tags=["trees"])
    found = only(reads(tmp_path, {"posts": [told]}))
    assert found["urls"] == ["https://a.example/x", "https://b.example"]
    assert found["hashtags"] == ["park", "trees"]
    assert found["mentions"] == ["bluesky:did:plc:bo"]
    assert found["media_keys"] == ["b"]


def test_a_reply_and_a_quote_name_their_parents(tmp_path: Path) -> None:
    reply = {"parent": {"uri": uri("bo", "5")}, "root": {"uri": uri("cy", "6")}}
    quote = {"record": {"uri": uri("bo", "5")}}
    with_media = {"record": {"record": {"uri": uri("bo", "7")}}, "media": {"images": []}}
    done = reads(
        tmp_path,
        {"posts": [post(reply=reply), post(key="2", embed=quote), post(key="3", embed=with_media)]},
    )
    names = ("kind", "parent_id", "parent_account_id", "root_id", "basis")
    assert done.rows["posts"].select(names).rows() == [
        ("reply", f"bluesky:{uri('bo', '5')}", "bluesky:did:plc:bo", None, "observed"),
        ("quote", f"bluesky:{uri('bo', '5')}", "bluesky:did:plc:bo", None, "observed"),
        ("quote", f"bluesky:{uri('bo', '7')}", "bluesky:did:plc:bo", None, "observed"),
    ]
    assert done.lost("unknown", "references") == {UNMET: 2}


def test_a_list_or_a_feed_that_is_shown_inside_is_no_quote(tmp_path: Path) -> None:
    embed = {"record": {"uri": uri("bo", "5", "app.bsky.graph.list")}}
    assert only(reads(tmp_path, {"posts": [post(embed=embed)]}))["kind"] == "original"


def test_a_quote_that_answers_is_kept_as_a_quote(tmp_path: Path) -> None:
    both = post(
        reply={"parent": {"uri": uri("cy", "6")}}, embed={"record": {"uri": uri("bo", "5")}}
    )
    done = reads(tmp_path, {"posts": [both]})
    assert only(done)["parent_id"] == f"bluesky:{uri('bo', '5')}"
    assert sum(done.lost("dropped", "links").values()) == 1


def test_posts_inside_and_above_others_are_kept_as_what_they_refer_to(tmp_path: Path) -> None:
    inner = post("bo", "5")
    inner["value"] = inner.pop("record")
    outer = post(embed={"record": {"uri": uri("bo", "5")}}) | {"embed": {"record": inner}}
    above = {"parent": post("cy", "6"), "root": {"uri": uri("di", "7"), "notFound": True}}
    done = reads(tmp_path, {"feed": [{"post": outer, "reply": above}]})
    referred = done.rows["posts they refer to"]
    assert set(referred["account_id"]) == {"bluesky:did:plc:bo", "bluesky:did:plc:cy"}
    assert done.lost("unknown", "references") == {}


def test_a_repost_in_a_feed_names_its_root_and_has_its_own_time(tmp_path: Path) -> None:
    reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": profile("bo")}
    reason |= {"uri": repost_uri("bo", "9"), "indexedAt": "2026-03-02T08:00:00Z"}
    done = reads(tmp_path, {"feed": [{"post": post(), "reason": reason}]})
    found = only(done, "reposts")
    assert found["post_id"] == f"bluesky:{repost_uri('bo', '9')}"
    assert (found["account_id"], found["kind"]) == ("bluesky:did:plc:bo", "repost")
    assert found["root_id"] == f"bluesky:{uri('ana', '1')}"
    assert found["root_account_id"] == "bluesky:did:plc:ana"
    assert (found["parent_id"], found["basis"], found["text"]) == (None, None, None)
    assert found["at"] == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert only(done)["account_id"] == "bluesky:did:plc:ana"


def test_a_pinned_post_is_no_repost(tmp_path: Path) -> None:
    reason = {"$type": "app.bsky.feed.defs#reasonPin", "by": profile("bo")}
    assert "reposts" not in reads(tmp_path, {"feed": [{"post": post(), "reason": reason}]}).rows


def test_who_reposted_without_a_time_is_a_repost_without_one(tmp_path: Path) -> None:
    done = reads(tmp_path, {"uri": uri("ana", "1"), "repostedBy": [profile("bo"), profile("cy")]})
    assert done.rows["reposts"].select("post_id", "at", "root_id", "parent_id").rows() == [
        (f"bluesky:{repost_uri(who, 'of:1')}", None, f"bluesky:{uri('ana', '1')}", None)
        for who in ("bo", "cy")
    ]
    assert done.lost("unknown", "times") == {NO_TIME: 2}


def test_a_repost_that_a_feed_shows_is_not_repeated_without_its_time(tmp_path: Path) -> None:
    reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": profile("bo")}
    reason |= {"uri": repost_uri("bo", "9"), "indexedAt": "2026-03-02T08:00:00Z"}
    told = {"uri": uri("ana", "1"), "repostedBy": [profile("bo"), profile("cy")]}
    done = reads(tmp_path, told, {"feed": [{"post": post(), "reason": reason}]})
    assert done.rows["reposts"]["account_id"].to_list() == [
        "bluesky:did:plc:bo", "bluesky:did:plc:cy"
    ]  # fmt: skip
    assert done.rows["reposts"]["at"].null_count() == 1
    assert sum(done.lost("merged", "rows").values()) == 1


def test_a_repost_without_an_address_gets_the_id_of_who_and_what(tmp_path: Path) -> None:
    reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": profile("bo")}
    reason |= {"indexedAt": "2026-03-02T08:00:00Z"}
    done = reads(tmp_path, {"feed": [{"post": post(), "reason": reason}]})
    assert only(done, "reposts")["post_id"] == f"bluesky:{repost_uri('bo', 'of:1')}"


def test_who_liked_is_an_account_and_no_share(tmp_path: Path) -> None:
    like = {"actor": profile("bo"), "createdAt": "2026-03-01T12:00:00Z"}
    done = reads(tmp_path, {"uri": uri("ana", "1"), "likes": [like]})
    assert set(done.rows) == {"accounts"}
    assert list(done.lost("dropped", "rows").values()) == [1]


def test_a_thread_is_read_to_its_ends_and_what_is_hidden_is_named(tmp_path: Path) -> None:
    hidden = {"$type": "app.bsky.feed.defs#blockedPost", "uri": uri("di", "4"), "blocked": True}
    below = {"post": post("bo", "2"), "replies": [{"post": post("cy", "3")}, hidden]}
    top = {"post": post(), "parent": {"post": post("ed", "0")}, "replies": [below]}
    done = reads(tmp_path, {"thread": top})
    assert set(done.rows["posts"]["account_id"]) == {
        f"bluesky:did:plc:{who}" for who in ("ana", "bo", "cy", "ed")
    }
    assert done.lost("unknown", "references") == {UNMET: 1}


def test_numbers_shown_are_kept_and_a_0_is_a_0(tmp_path: Path) -> None:
    done = reads(tmp_path, {"posts": [post() | {"likeCount": 3, "repostCount": 0}]})
    assert done.rows["numbers shown"].select("metric", "value", "definition").rows() == [
        ("likes", 3, "bluesky likeCount"),
        ("reposts", 0, "bluesky repostCount"),
    ]


def test_profiles_followers_and_lists_are_accounts(tmp_path: Path) -> None:
    counted = profile("ana", followersCount=5, followsCount=0, postsCount=7)
    members = {"list": {"creator": profile("bo"), "uri": "at://x"}, "items": [{"subject": counted}]}
    done = reads(tmp_path, members, {"subject": counted, "followers": [profile("cy")]}, counted)
    rows = done.rows["accounts"].unique().sort("account_id")
    assert rows.select("handle", "followers", "following", "posts").rows() == [
        ("ana.example", 5, 0, 7), ("bo.example", None, None, None), ("cy.example", None, None, None)
    ]  # fmt: skip
    assert done.rows["follows"].rows() == [("bluesky:did:plc:cy", "bluesky:did:plc:ana", None)]


def test_what_depends_on_who_asked_is_not_read_nor_told(tmp_path: Path) -> None:
    done = reads(tmp_path, {"posts": [post() | {"viewer": {"like": "at://me/x/1"}}]})
    assert done.lost("unknown", "fields") == {}


def test_one_bad_post_costs_only_itself(tmp_path: Path) -> None:
    done = reads(tmp_path, {"posts": [post(text=7), post(key="2")]})
    assert done.rows["posts"].height == 1
    assert done.place("not as Bluesky writes it") == "f.json, line 1, item 1"


@pytest.mark.parametrize(
    "document",
    [
        {"posts": [post()]},
        {"feed": [{"post": post()}]},
        {"thread": {"post": post()}},
        {"uri": uri("ana", "1"), "repostedBy": [profile("bo")]},
        {"likes": [{"actor": profile("bo")}]},
        {"profiles": [profile("bo")]},
        profile("bo"),
    ],
)
def test_answers_are_known_by_what_is_in_them(tmp_path: Path, document: Any) -> None:  # noqa: ANN401
    assert detect(Head.of(Source(written(tmp_path / "f", document)))) is FORMAT


def test_real_answers_give_what_they_hold(shared: Path) -> None:
    folder = shared / "data" / "bluesky"
    done = read(FORMAT, folder)
    searches = [read(FORMAT, path) for path in sorted(folder.glob("*searchPosts*"))]
    found = [
        set(each.rows["posts"]["post_id"]) for each in searches if each.rows["posts"].height > 1
    ]
    assert [len(each) for each in found] == [100, 100]
    assert len(found[0] & found[1]) == 77
    feed = read(FORMAT, next(folder.glob("*getAuthorFeed*")))
    assert feed.rows["posts"].height == 25
    assert feed.rows["reposts"].height == 10
    assert feed.rows["reposts"]["at"].null_count() == 0
    reposts = done.rows["reposts"]
    assert (reposts.height, reposts["at"].null_count()) == (35, 25)
    assert reposts["root_id"].null_count() == 0
    assert done.lost("unknown", "times") == {LATER: 7, NO_TIME: 25}
    assert all(detect(Head.of(Source(path))) is FORMAT for path in folder.glob("*.json"))


REASON = {"$type": "#reasonRepost", "by": profile("bo"), "indexedAt": "2026-03-02T08:00:00Z"}
SAMPLE = "\n".join(
    json.dumps(each)
    for each in (
        {"feed": [{"post": post() | {"likeCount": 1}, "reason": REASON}]},
        {"thread": {"post": post(), "replies": [{"post": post("bo", "2")}]}},
        {"uri": uri("ana", "1"), "repostedBy": [profile("bo")]},
        {"subject": profile("ana"), "follows": [profile("bo")]},
    )
).encode()


@given(data=st.data())
@settings(max_examples=50)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SAMPLE)))
