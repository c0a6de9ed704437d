"""Bluesky's live streams, on stand-ins."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import libipld
import pytest
from collecting_stores import collected, store_with
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import WebSocketException
from websockets.sync.server import ServerConnection, serve

from analytics.errors import CursorError, UnreachableError
from analytics.store import Store
from collectors.bluesky import PLATFORM, REMEMBERED, BlueskySettings, BlueskySource
from collectors.bluesky_streams import Firehose, Jetstream, Matching
from collectors.sources import Task, World

NOW = datetime(2026, 3, 1, 13, tzinfo=UTC)
FIRST = 1_772_366_400_000_000  # 2026-03-01 12:00
POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
OPEN = {"level": "open", "reason": "a test with invented accounts"}


@contextmanager
def telling(messages: Sequence[str | bytes], *, asked: list[str] | None = None) -> Iterator[str]:
    """Send messages to whoever connects, then stay silent; note what was asked."""

    def answer(connection: ServerConnection) -> None:
        if asked is not None and connection.request is not None:
            asked.append(connection.request.path)
        with suppress(WebSocketException):
            for message in messages:
                connection.send(message)
            for _ in connection:
                pass

    with serve(answer, "127.0.0.1", 0) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()


def event(number: int, who: str, operation: str, collection: str, key: str, **record: Any) -> str:  # noqa: ANN401
    commit: dict[str, Any] = {"operation": operation, "collection": collection, "rkey": key}
    if operation != "delete":
        commit["record"] = {"$type": collection, "createdAt": "2026-03-01T12:00:00Z"} | record
    return json.dumps({"did": who, "time_us": FIRST + number, "kind": "commit", "commit": commit})


ROOT = f"at://did:plc:a/{POST}/1"
EVENTS = [
    event(1, "did:plc:a", "create", POST, "1", text="Кел! #Park"),
    event(2, "did:plc:b", "create", POST, "2", text="nothing to do with it"),
    event(3, "did:plc:c", "create", REPOST, "3", subject={"uri": ROOT}),
    event(4, "did:plc:d", "create", REPOST, "4", subject={"uri": "at://did:plc:b/x/2"}),
    event(5, "did:plc:e", "create", POST, "5", text="so?", reply={"parent": {"uri": ROOT}}),
    event(6, "did:plc:a", "update", POST, "1", text="Кел, бүгін! #Park"),
    event(7, "did:plc:c", "delete", REPOST, "3"),
    event(8, "did:plc:b", "delete", POST, "2"),
    "not JSON",
    json.dumps({"time_us": FIRST + 9, "kind": "identity", "did": "did:plc:a"}),
]


def streaming(path: Path, address: str, *ask: str, **more: object) -> Store:
    entry = {"platform": "bluesky", "ask": list(ask), "stream": "jetstream"}
    return store_with(path / "s", entry | {"stream_server": address} | more, protection=OPEN)


def test_what_belongs_to_the_appeal_is_held_and_so_is_what_becomes_of_it(tmp_path: Path) -> None:
    with telling(EVENTS) as address:
        held = streaming(tmp_path, address, "#park")
        collected(held, lasting=3.0)
    posts = held.read("posts").sort("post_id").select("post_id", "text", "parent_id", "root_id")
    assert posts.rows() == [
        (f"bluesky:{ROOT}", "Кел! #Park", None, None),
        (f"bluesky:at://did:plc:e/{POST}/5", "so?", f"bluesky:{ROOT}", None),
    ]
    changes = held.read("changes").sort("at").select("post_id", "what", "text", "at")
    assert [row[:3] for row in changes.rows()] == [
        (f"bluesky:{ROOT}", "edited", "Кел, бүгін! #Park"),
        (held.marks.stand_in(f"bluesky:at://did:plc:c/{REPOST}/3"), "deleted", None),
    ]
    assert changes["at"][1] == datetime(2026, 3, 1, 12, 0, 0, 7, tzinfo=UTC)


def test_posts_that_are_named_are_followed_without_any_words(tmp_path: Path) -> None:
    with telling(EVENTS) as address:
        held = streaming(tmp_path, address, ROOT, server=address.replace("ws", "http"))
        collected(held, lasting=3.0)
    assert held.read("posts").sort("post_id")["kind"].to_list() == ["reply"]
    assert held.read("changes")["what"].to_list().count("deleted") == 1  # the repost
    assert "nothing to do with it" not in held.read("posts")["text"].to_list()


def asked(address: str, stream: str, *words: str) -> BlueskySource:
    told = {"stream": stream, "stream_server": address, "ask": list(words)}
    settings = BlueskySettings(platform="bluesky", **told)  # type: ignore[arg-type]
    found = PLATFORM.open(settings, World(now=lambda: NOW))
    assert isinstance(found, BlueskySource)
    return found


def test_what_is_known_outlives_a_run_in_few_bytes() -> None:
    many = [event(n, "did:plc:a", "create", POST, f"k{n}", text="#park") for n in range(1_500)]
    with telling(many) as address, closing(asked(address, "jetstream", "#park")) as source:
        page = source.ask(source.tasks()[0])
    assert page.received == 1_500
    assert page.cursor is not None
    assert len(page.cursor["known"]) == 8 * REMEMBERED
    late = [event(9_000, "did:plc:a", "delete", POST, key) for key in ("k1499", "k0")]
    with telling(late) as address, closing(asked(address, "jetstream", "#park")) as source:
        task = Task(kind="stream", subject="#park", cursor=page.cursor)
        payload = source.ask(task).payload
    assert b"k1499" in payload
    assert b'"k0"' not in payload


def test_a_place_in_the_future_is_none() -> None:
    at = int(NOW.timestamp() + 3_600) * 1_000_000
    with telling([]) as address:
        with pytest.raises(CursorError):
            Jetstream(address, at, now=NOW)
        Jetstream(address, at - 3_600_000_000, now=NOW).close()


# the firehose


def frame(header: dict[str, Any], body: dict[str, Any]) -> bytes:
    return bytes(libipld.encode_dag_cbor(header)) + bytes(libipld.encode_dag_cbor(body))


OUTDATED = frame({"op": 1, "t": "#info"}, {"name": "OutdatedCursor"})
FUTURE = frame({"op": -1}, {"error": "FutureCursor", "message": "Cursor in the future."})
TOO_SLOW = frame({"op": -1}, {"error": "ConsumerTooSlow"})
HEADER = {"op": 1, "t": "#commit"}
BROKEN = frame(
    HEADER,
    {"seq": 5, "repo": "did:plc:a", "time": "2026-03-01T12:00:00Z", "blocks": b"no CAR",
     "ops": [{"path": f"{POST}/1", "action": "create", "cid": b"none"}]},
)  # fmt: skip
DELETION = frame(
    HEADER,
    {"seq": 6, "repo": "did:plc:a", "time": "2026-03-01T12:00:00Z", "blocks": b"",
     "ops": [{"path": f"{POST}/1", "action": "delete", "cid": None}]},
)  # fmt: skip


@pytest.mark.parametrize(
    ("message", "error"),
    [(OUTDATED, CursorError), (FUTURE, CursorError), (TOO_SLOW, UnreachableError)],
)
def test_errors_of_the_firehose_are_told_apart(message: bytes, error: type[Exception]) -> None:
    with (
        telling([message]) as address,
        closing(Firehose(address, 7)) as stream,
        pytest.raises(error),
    ):
        stream.events(Matching([]))


def test_a_place_that_is_no_longer_kept_goes_on_at_the_oldest_that_is() -> None:
    paths: list[str] = []
    with telling([OUTDATED, DELETION], asked=paths) as address:
        source = asked(address, "firehose", ROOT)
        task = source.tasks()[-1]
        with closing(source):
            with pytest.raises(CursorError):
                source.ask(Task(kind=task.kind, subject=task.subject, cursor={"at": 3}))
            page = source.ask(task)
    assert [path.rpartition("?")[2] for path in paths] == ["cursor=3", "cursor=0"]
    assert page.cursor is not None
    assert page.cursor["at"] == 6


def test_what_is_damaged_is_passed_over() -> None:
    messages: list[str | bytes] = ["text", b"\xff\xff", BROKEN, frame(HEADER, {}), DELETION]
    matching = Matching([])
    matching.know(ROOT)
    with telling(messages) as address, closing(Firehose(address, None)) as stream:
        lines, at = stream.events(matching)
    assert [json.loads(line)["commit"] for line in lines] == [
        {"operation": "delete", "collection": POST, "rkey": "1"}
    ]
    assert at == 6


ANYTHING = st.recursive(
    st.none() | st.text() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["text", "tags", "reply", "parent", "embed", "record", "subject", "uri"]),
        inner,
    ),
)  # fmt: skip


@given(record=ANYTHING)
def test_records_of_any_shape_are_judged(record: object) -> None:
    assert Matching(["#park"]).takes("at://a/b/c", record) in {True, False}


@pytest.mark.parametrize(
    ("entry", "text", "belongs"),
    [
        ("save park", "the PARK: save it", True),
        ('"save park"', "the PARK: save it", False),
        ('"save park"', "Save Park!", True),
        ("парк", "Парк үшін", True),
        ("", "anything", False),
        ("ß", "STRASSE", True),
    ],
)
def test_words_are_matched_as_a_search_matches_them(entry: str, text: str, belongs: bool) -> None:  # noqa: FBT001
    assert Matching([entry]).takes("at://a/b/c", {"text": text}) is belongs


def test_hashtags_beside_the_text_count() -> None:
    assert Matching(["#park"]).takes("at://a/b/c", {"text": "come", "tags": ["Park"]})
