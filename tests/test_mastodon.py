"""Mastodon: statuses of any server by their ``uri``, boosts, and lists that tell only accounts."""

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
from collectors.exports.mastodon import FORMAT
from collectors.exports.sources import Source

UNMET = "answers a status that is not in these files: only its server's number is told"
HOME = "town.example"


def person(name: str, server: str = HOME, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    told: dict[str, Any] = {"id": f"n-{name}", "username": name, "display_name": name.title()}
    told |= {"acct": name if server == HOME else f"{name}@{server}"}
    told |= {"url": f"https://{server}/@{name}", "statuses_count": 3, "followers_count": 5}
    return told | more


def uri(name: str, number: str, server: str = HOME) -> str:
    return f"https://{server}/users/{name}/statuses/{number}"


def status(number: str, name: str = "ana", server: str = HOME, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    told = {
        "id": number,
        "uri": uri(name, number, server),
        "created_at": "2026-03-01T12:00:00.000Z",
        "visibility": "public",
        "language": "kk",
        "content": "<p>Save the park</p>",
        "account": person(name, server),
        "in_reply_to_id": None,
        "reblog": None,
        "poll": None,
    }
    return told | more


def reads(folder: Path, *documents: Any) -> Read:  # noqa: ANN401
    return read(FORMAT, written(folder / "f.json", *documents))


def test_a_status_is_known_by_its_uri_and_its_author_by_name_and_server(tmp_path: Path) -> None:
    done = reads(tmp_path, [status("1"), status("2", "bo", "far.example")])
    assert done.rows["posts"].select("post_id", "account_id").rows() == [
        (f"mastodon:{uri('ana', '1')}", "mastodon:ana@town.example"),
        (f"mastodon:{uri('bo', '2', 'far.example')}", "mastodon:bo@far.example"),
    ]
    assert done.rows["accounts"].select("handle", "name", "followers", "posts").rows() == [
        ("ana@town.example", "Ana", 5, 3), ("bo@far.example", "Bo", 5, 3)
    ]  # fmt: skip


def test_html_becomes_plain_text_with_its_warning_before_it(tmp_path: Path) -> None:
    told = status("1", content="<p>Save<br/>it &amp; go</p><p>2 &lt; 3</p>", spoiler_text="Trees")
    done = reads(tmp_path, [told])
    assert done.rows["posts"]["text"].to_list() == ["Trees\n\nSave\nit & go\n\n2 < 3"]


def test_links_are_those_that_name_neither_account_nor_tag(tmp_path: Path) -> None:
    content = (
        '<a href="https://far.example/@bo" class="u-url mention">@bo</a>'
        '<a href="https://town.example/tags/park" class="mention hashtag">#park</a>'
        '<a href="https://a.example/x?a=1&amp;b=2" rel="nofollow"><span>a.ex</span></a>'
    )
    told = status("1", content=content, mentions=[person("bo", "far.example")])
    told |= {"tags": [{"name": "park"}], "card": {"url": "https://b.example"}}
    post = reads(tmp_path, [told]).rows["posts"].row(0, named=True)
    assert post["urls"] == ["https://a.example/x?a=1&b=2", "https://b.example"]
    assert post["mentions"] == ["mastodon:bo@far.example"]
    assert post["hashtags"] == ["park"]


def test_a_boost_names_only_the_original(tmp_path: Path) -> None:
    original = status("1", "bo", "far.example", reblogs_count=7)
    boost = status("2", language="en", content=original["content"], reblog=original)
    boost |= {"uri": f"{uri('ana', '2')}/activity", "reblogs_count": 0}
    done = reads(tmp_path, [boost])
    post = done.rows["posts"].row(0, named=True)
    assert (post["kind"], post["account_id"]) == ("repost", "mastodon:ana@town.example")
    assert post["root_id"] == f"mastodon:{original['uri']}"
    assert post["root_account_id"] == "mastodon:bo@far.example"
    assert (post["parent_id"], post["basis"], post["text"], post["lang"]) == (None,) * 4
    referred = done.rows["posts they refer to"].row(0, named=True)
    assert (referred["text"], referred["lang"]) == ("Save the park", "kk")
    assert done.rows["numbers shown"].select("post_id", "value").rows() == [
        (f"mastodon:{original['uri']}", 7)
    ]


def test_what_is_answered_is_found_by_its_number_in_any_file_of_the_server(tmp_path: Path) -> None:
    reply = status("9", "bo", in_reply_to_id="1", in_reply_to_account_id="n-ana")
    first = written(tmp_path / "a.json", [reply])
    second = written(tmp_path / "b.json", [status("1")])
    done = read(FORMAT, first, second)
    post = done.rows["posts"].filter(kind="reply").row(0, named=True)
    assert post["parent_id"] == f"mastodon:{uri('ana', '1')}"
    assert post["parent_account_id"] == "mastodon:ana@town.example"
    assert (post["basis"], post["root_id"]) == ("observed", None)
    assert done.lost("unknown", "references") == {}


def test_a_number_means_nothing_on_another_server(tmp_path: Path) -> None:
    reply = status("9", "bo", "far.example", in_reply_to_id="1") | {"account": person("bo")}
    reply["account"]["url"] = "https://far.example/@bo"
    first = written(tmp_path / "a.json", [reply])
    second = written(tmp_path / "b.json", [status("1")])
    done = read(FORMAT, first, second)
    assert done.rows["posts"].filter(kind="reply")["parent_id"].to_list() == [None]
    assert done.lost("unknown", "references") == {UNMET: 1}


def test_whom_a_status_answers_may_be_known_when_what_it_answers_is_not(tmp_path: Path) -> None:
    cy = person("cy", "far.example")
    answers = status("1", in_reply_to_id="7", in_reply_to_account_id="n-cy", mentions=[cy])
    itself = status("2", in_reply_to_id="8", in_reply_to_account_id="n-ana")
    nobody = status("3", in_reply_to_id="7", in_reply_to_account_id="n-x")
    done = reads(tmp_path, [answers, itself, nobody])
    assert done.rows["posts"].select("parent_id", "parent_account_id", "basis").rows() == [
        (None, "mastodon:cy@far.example", "observed"),
        (None, "mastodon:ana@town.example", "observed"),
        (None, None, None),
    ]
    assert done.lost("unknown", "references") == {UNMET: 2}


def test_a_quote_names_its_parent(tmp_path: Path) -> None:
    quoted = status("1", "bo", "far.example")
    told = status("2", quote={"state": "accepted", "quoted_status": quoted}, in_reply_to_id="5")
    done = reads(tmp_path, [told])
    post = done.rows["posts"].row(0, named=True)
    assert (post["kind"], post["parent_id"]) == ("quote", f"mastodon:{quoted['uri']}")
    assert post["parent_account_id"] == "mastodon:bo@far.example"
    assert sum(done.lost("dropped", "links").values()) == 1


def test_only_public_and_unlisted_statuses_are_kept(tmp_path: Path) -> None:
    kinds = ["public", "unlisted", "private", "direct", "limited", "odd", None]
    done = reads(tmp_path, [status(str(n), visibility=each) for n, each in enumerate(kinds)])
    assert done.rows["posts"].height == 2
    assert done.lost("dropped", "rows") == {
        "for followers only: never kept": 1,
        "a private message: never kept": 1,
        "for some: never kept": 1,
        "not said to be public: never kept": 2,
    }


def test_the_original_of_a_boost_is_not_kept_if_it_is_not_public(tmp_path: Path) -> None:
    hidden = status("1", visibility="private")
    done = reads(tmp_path, [status("2", reblog=hidden)])
    assert "posts they refer to" not in done.rows


def test_a_thread_is_read_with_all_that_is_above_and_below(tmp_path: Path) -> None:
    above, below = status("1"), status("3", "bo", in_reply_to_id="1")
    done = reads(tmp_path, {"ancestors": [above], "descendants": [below]})
    assert done.rows["posts"]["kind"].to_list() == ["original", "reply"]


def test_a_list_of_accounts_gives_accounts_and_says_what_it_lacks(tmp_path: Path) -> None:
    done = reads(tmp_path, [person("ana"), person("bo", "far.example")])
    assert set(done.rows) == {"accounts"}
    [(reason, count)] = done.lost("unknown", "references").items()
    assert "does not say which status" in reason
    assert count == 2


def test_numbers_that_a_server_hides_are_unknown(tmp_path: Path) -> None:
    hidden = person("ana", followers_count=-1)
    done = reads(tmp_path, [status("1", account=hidden, replies_count=0, favourites_count=None)])
    assert done.rows["accounts"]["followers"].to_list() == [None]
    assert done.rows["numbers shown"].select("metric", "value", "definition").rows() == [
        ("replies", 0, "mastodon replies_count")
    ]


def test_a_stream_that_ends_in_half_a_line_loses_only_that(tmp_path: Path) -> None:
    path = written(tmp_path / "f.ndjson", status("1"), status("2"), status("3"))
    path.write_text(path.read_text()[:-40])
    done = read(FORMAT, path)
    assert done.rows["posts"].height == 2
    assert done.place("broken JSON") == "f.ndjson, line 3"


def test_edits_and_polls_are_counted(tmp_path: Path) -> None:
    edited = status("1", edited_at="2026-03-02T12:00:00.000Z", poll={"options": []})
    done = reads(tmp_path, [edited, status("2")])
    assert list(done.lost("unknown", "texts").values()) == [1]
    assert done.lost("unknown", "fields") == {"field poll is not read": 1}
    assert done.rows["posts"]["at"].to_list() == [datetime(2026, 3, 1, 12, tzinfo=UTC)] * 2


def test_media_are_the_same_whichever_server_shows_them(tmp_path: Path) -> None:
    there = {"url": "https://far.example/a.png", "remote_url": None}
    here = {"url": "https://town.example/cache/a.png", "remote_url": "https://far.example/a.png"}
    told = [status("1", media_attachments=[there]), status("2", media_attachments=[here])]
    keys = reads(tmp_path, told).rows["posts"]["media_keys"].to_list()
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    "document",
    [
        [status("1")],
        status("1"),
        {"ancestors": [], "descendants": [status("1")]},
        [person("ana")],
        {"accounts": [person("ana")], "statuses": [], "hashtags": []},
    ],
)
def test_answers_are_known_by_what_is_in_them(tmp_path: Path, document: Any) -> None:  # noqa: ANN401
    assert detect(Head.of(Source(written(tmp_path / "f", document)))) is FORMAT


def test_real_answers_give_what_they_hold(shared: Path) -> None:
    folder = shared / "data" / "mastodon"
    done = read(FORMAT, folder)
    posts = done.rows["posts"]
    assert (posts.height, posts["post_id"].n_unique()) == (341, 336)
    assert posts["account_id"].null_count() == posts["at"].null_count() == 0
    thread = read(FORMAT, folder / "context_0.json", folder / "status_0.json").rows["posts"]
    assert thread.filter(kind="reply").height == 127
    assert thread.filter(kind="reply")["parent_id"].null_count() == 0
    for name in ("reblogged_by_0.json", "favourited_by_0.json"):
        assert read(FORMAT, folder / name).rows["accounts"].height == 40
    assert read(FORMAT, folder / "stream_mastodonsocial.ndjson").rows["posts"].height == 48
    names = [path for path in folder.iterdir() if "json" in path.suffix]
    assert all(detect(Head.of(Source(path))) is FORMAT for path in names)


SAMPLE = "\n".join(
    json.dumps(each)
    for each in (
        status("1", content='<p>a <a href="https://a.example">b</a></p>', replies_count=1),
        status("2", "bo", reblog=status("3", "cy", "far.example")),
        {"ancestors": [status("4", in_reply_to_id="1")], "descendants": []},
        person("di"),
    )
).encode()


@given(data=st.data())
@settings(max_examples=50)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SAMPLE)))
