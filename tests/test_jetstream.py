"""Jetstream: records as they are made; ``via`` is the one place where a parent is observed."""

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
from collectors.exports.jetstream import FORMAT
from collectors.exports.sources import Source

POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
NOON = 1_772_366_400_000_000  # 2026-03-01T12:00:00Z
UNMET = "not in these files: deleted, hidden, or not asked for"


def uri(who: str, key: str, collection: str = POST) -> str:
    return f"at://did:plc:{who}/{collection}/{key}"


def event(
    who: str,
    key: str,
    collection: str,
    record: dict[str, Any] | None,
    *,
    operation: str = "create",
    at: int = NOON,
) -> dict[str, Any]:
    commit: dict[str, Any] = {
        "rev": "r",
        "operation": operation,
        "collection": collection,
        "rkey": key,
    }
    commit |= {"record": record, "cid": "c"} if record is not None else {}
    return {"did": f"did:plc:{who}", "time_us": at, "kind": "commit", "commit": commit}


def post(who: str, key: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    record = {"$type": POST, "text": "Save it", "createdAt": "2026-03-01T11:59:59Z"}
    return event(who, key, POST, record | more)


def repost(who: str, key: str, subject: str, via: str | None = None) -> dict[str, Any]:
    record: dict[str, Any] = {"subject": {"uri": subject}, "createdAt": "2026-03-01T11:59:59Z"}
    return event(who, key, REPOST, record | ({"via": {"uri": via}} if via else {}))


def reads(folder: Path, *documents: Any) -> Read:  # noqa: ANN401
    return read(FORMAT, written(folder / "f.jsonl", *documents))


def test_a_repost_that_names_its_via_has_an_observed_parent(tmp_path: Path) -> None:
    first, second = uri("bo", "2", REPOST), uri("cy", "3", REPOST)
    done = reads(
        tmp_path,
        post("ana", "1"),
        repost("bo", "2", uri("ana", "1")),
        repost("cy", "3", uri("ana", "1"), via=first),
    )
    names = ("parent_id", "parent_account_id", "basis", "root_id", "root_account_id")
    reposts = done.rows["posts"].filter(kind="repost").select("post_id", *names)
    root = (f"bluesky:{uri('ana', '1')}", "bluesky:did:plc:ana")
    assert reposts.rows() == [
        (f"bluesky:{first}", None, None, None, *root),
        (f"bluesky:{second}", f"bluesky:{first}", "bluesky:did:plc:bo", "observed", *root),
    ]
    assert done.lost("unknown", "references") == {}


def test_a_repost_is_never_its_own_parent(tmp_path: Path) -> None:
    done = reads(tmp_path, repost("bo", "2", uri("ana", "1"), via=uri("bo", "2", REPOST)))
    assert done.rows["posts"].select("parent_id", "basis").rows() == [(None, None)]


def test_originals_and_parents_that_are_not_in_the_files_are_counted(tmp_path: Path) -> None:
    via = uri("bo", "2", REPOST)
    done = reads(tmp_path, *(repost(who, "3", uri("ana", "1"), via=via) for who in ("cy", "di")))
    assert done.lost("unknown", "references") == {UNMET: 2}
    assert done.place("not in these files") == "f.jsonl"


def test_the_earlier_of_the_authors_time_and_the_streams_counts(tmp_path: Path) -> None:
    late = post("bo", "2", createdAt="2031-01-01T00:00:00Z")
    done = reads(tmp_path, post("ana", "1"), late)
    assert done.rows["posts"]["at"].to_list() == [
        datetime(2026, 3, 1, 11, 59, 59, tzinfo=UTC), datetime(2026, 3, 1, 12, tzinfo=UTC)
    ]  # fmt: skip
    assert sum(done.lost("unknown", "times").values()) == 1


def test_likes_and_other_records_are_counted_and_left_out(tmp_path: Path) -> None:
    done = reads(
        tmp_path,
        event("bo", "1", "app.bsky.feed.like", {"subject": {"uri": uri("ana", "1")}}),
        event("bo", "self", "app.bsky.actor.profile", {"displayName": "Bo"}),
        event("bo", "1", "org.example.thing", {"text": 5, "subject": 7}),
        {"did": "did:plc:bo", "time_us": NOON, "kind": "account", "account": {"active": False}},
    )
    assert done.rows == {}
    assert done.lost("dropped", "rows") == {
        "a like: not a share": 1,
        "a profile: names and pictures only": 1,
        "a record of another kind: neither post, repost nor follow": 1,
        "an account was opened or closed: no post": 1,
    }


def test_follows_and_handles_are_read(tmp_path: Path) -> None:
    identity = {"did": "did:plc:bo", "time_us": NOON, "kind": "identity"}
    identity |= {"identity": {"did": "did:plc:bo", "handle": "bo.example"}}
    follow = event("bo", "1", "app.bsky.graph.follow", {"subject": "did:plc:ana"})
    done = reads(tmp_path, identity, follow)
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert done.rows["follows"].rows() == [("bluesky:did:plc:bo", "bluesky:did:plc:ana", noon)]
    assert done.rows["accounts"].select("account_id", "handle", "observed_at").rows() == [
        ("bluesky:did:plc:bo", "bo.example", noon)
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_deleted_stays_as_it_was_and_the_change_is_told(tmp_path: Path, order: int) -> None:
    events = [post("ana", "1"), event("ana", "1", POST, None, operation="delete"), post("bo", "1")]
    done = reads(tmp_path, *events[::order])
    assert done.rows["posts"].height == 2
    change = done.rows["changes"].select("post_id", "what", "account_id", "text").rows()
    assert change == [(f"bluesky:{uri('ana', '1')}", "deleted", "bluesky:did:plc:ana", None)]
    assert done.rows["changes"]["at"].null_count() == 0
    assert not done.lost("dropped", "rows")


def test_what_is_written_anew_is_an_edit(tmp_path: Path) -> None:
    record = {"$type": POST, "text": "better", "createdAt": "2026-03-01T12:00:00Z"}
    done = reads(tmp_path, event("ana", "1", POST, record, operation="update"))
    assert done.rows["changes"].select("what", "text").rows() == [("edited", "better")]


def test_records_of_a_repository_are_read_alone_and_in_pages(tmp_path: Path) -> None:
    repost_record = {"$type": REPOST, "subject": {"uri": uri("ana", "1")}}
    kept = {"uri": uri("bo", "2", REPOST), "cid": "c", "value": repost_record}
    written_post = {"$type": POST, "text": "hello", "createdAt": "2026-03-01T12:00:00Z"}
    page = {"records": [{"uri": uri("ana", "1"), "value": written_post}], "cursor": "x"}
    for name, document in (("a", kept), ("b", page)):
        assert detect(Head.of(Source(written(tmp_path / name, document)))) is FORMAT
    done = reads(tmp_path, kept, page)
    assert done.rows["posts"].select("account_id", "kind").rows() == [
        ("bluesky:did:plc:ana", "original"), ("bluesky:did:plc:bo", "repost")
    ]  # fmt: skip
    assert sum(done.lost("unknown", "times").values()) == 1  # this repost has none


def test_one_bad_event_costs_only_itself(tmp_path: Path) -> None:
    path = written(tmp_path / "f.jsonl", post("ana", "1"), post("bo", "1", text=5))
    path.write_text(path.read_text() + '\n{"did": "did:plc:cy", "time_us": 17')
    done = read(FORMAT, path)
    assert done.rows["posts"].height == 1
    assert done.place("not as Bluesky writes it") == "f.jsonl, line 2"
    assert done.place("broken JSON") == "f.jsonl, line 3"


def test_a_stream_is_known_whatever_comes_first_in_it(tmp_path: Path) -> None:
    like = event("bo", "1", "app.bsky.feed.like", {"subject": {"uri": uri("ana", "1")}})
    account = {"did": "did:plc:bo", "time_us": NOON, "kind": "account"}
    for first in (like, account, post("ana", "1")):
        assert detect(Head.of(Source(written(tmp_path / "f", first)))) is FORMAT


SAMPLE = "\n".join(
    json.dumps(each)
    for each in (
        post("ana", "1", langs=["kk"], embed={"record": {"uri": uri("cy", "4")}}),
        repost("bo", "2", uri("ana", "1"), via=uri("cy", "3", REPOST)),
        event("ana", "1", POST, None, operation="delete"),
        event("bo", "1", "app.bsky.graph.follow", {"subject": "did:plc:ana"}),
        {"uri": uri("bo", "2", REPOST), "value": {"$type": REPOST, "subject": {"uri": "at://x"}}},
    )
).encode()


@given(data=st.data())
@settings(max_examples=50)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SAMPLE)))
