"""Bluesky's own servers, asked as they are: what people did there is held, edge for edge."""

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest
from atproto import Client, models
from bluesky_network import Network, running
from collecting_stores import collected, store_with
from loopback import HALF, PAGE_FOR_PEOPLE, Answer, Loopback, as_json, serving
from reading import read
from websockets.exceptions import WebSocketException
from websockets.sync.server import ServerConnection, serve

from analytics.errors import (
    CollectError,
    CursorError,
    GoneError,
    RateLimitedError,
    RefusedError,
    UnreachableError,
)
from analytics.store import Store
from collectors.bluesky import PLATFORM, BlueskySettings, BlueskySource
from collectors.exports.jetstream import FORMAT
from collectors.sources import Task, World

OPEN = {"level": "open", "reason": "a test with invented accounts"}
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running(tmp_path_factory.mktemp("network")) as network:
        yield network
    for client in PEOPLE:
        client.request.close()


PEOPLE: list[Client] = []


def person(network: Network, name: str) -> Client:
    client = Client(base_url=f"{network.pds}/xrpc")
    PEOPLE.append(client)
    handle = f"{name}.test"
    told = {"email": f"{handle}@x.test", "handle": handle, "password": f"pw-{name}"}
    client.com.atproto.server.create_account(told)
    network.settle()
    client.login(handle, f"pw-{name}")
    return client


def store(path: Path, network: Network, *ask: str, **more: object) -> Store:
    entry = {
        "platform": "bluesky", "ask": list(ask), "server": network.bsky, "directory": network.plc,
    }  # fmt: skip
    return store_with(path / "s", entry | more, protection=OPEN)


def repost(client: Client, of: models.ComAtprotoRepoStrongRef.Main, **more: object) -> str:
    """Make a repost, through another one if ``via`` says so."""
    record = {"$type": "app.bsky.feed.repost", "subject": of, **more}
    record["createdAt"] = client.get_current_time_iso()
    made = client.com.atproto.repo.create_record(
        {"repo": client.me.did, "collection": "app.bsky.feed.repost", "record": record}
    )
    return str(made.uri)


@pytest.mark.servers
def test_what_people_do_is_held_edge_for_edge_with_times(tmp_path: Path, network: Network) -> None:
    ana, bo, cy, dee = (person(network, name) for name in ("anna", "boris", "cyril", "diana"))
    root = ana.send_post("please help #graphpark")
    ref = models.create_strong_ref(root)
    plain = repost(bo, ref)
    listed = bo.com.atproto.repo.get_record(
        {"repo": bo.me.did, "collection": "app.bsky.feed.repost", "rkey": plain.rsplit("/")[-1]}
    )
    through = repost(cy, ref, via={"uri": plain, "cid": listed.cid})
    quote = dee.send_post("look", embed=models.AppBskyEmbedRecord.Main(record=ref))
    answer = bo.send_post(
        "is it true?", reply_to=models.AppBskyFeedPost.ReplyRef(parent=ref, root=ref)
    )
    deeper = cy.send_post(
        "yes",
        reply_to=models.AppBskyFeedPost.ReplyRef(parent=models.create_strong_ref(answer), root=ref),
    )
    gone = dee.send_post("to be deleted #graphpark")
    network.settle()
    held = store(tmp_path, network, "#graphpark", root.uri, gone.uri)
    assert collected(held).stopped == {}
    posts = held.read("posts").filter(~pl.col("post_id").str.contains("/of:"))
    names = ("post_id", "kind", "parent_id", "root_id", "basis")
    assert sorted(map(str, posts.select(names).rows())) == sorted(
        map(
            str,
            [
                (f"bluesky:{root.uri}", "original", None, None, None),
                (f"bluesky:{gone.uri}", "original", None, None, None),
                (f"bluesky:{plain}", "repost", None, f"bluesky:{root.uri}", None),
                (f"bluesky:{through}", "repost", f"bluesky:{plain}", f"bluesky:{root.uri}",
                 "observed"),
                (f"bluesky:{quote.uri}", "quote", f"bluesky:{root.uri}", None, "observed"),
                (f"bluesky:{answer.uri}", "reply", f"bluesky:{root.uri}", None, "observed"),
                (f"bluesky:{deeper.uri}", "reply", f"bluesky:{answer.uri}", None, "observed"),
            ],
        )
    )  # fmt: skip
    assert posts["at"].null_count() == 0
    followers = held.read("accounts").filter(account_id=f"bluesky:{bo.me.did}")["followers"]
    assert followers.drop_nulls().len() > 0
    dee.delete_post(gone.uri)
    network.settle()
    collected(held)
    assert held.read("changes").select("post_id", "what").rows() == [
        (held.marks.stand_in(f"bluesky:{gone.uri}"), "gone")
    ]


@pytest.mark.servers
def test_the_firehose_tells_what_belongs_to_the_appeal_and_what_is_deleted(
    network: Network,
) -> None:
    eve, fay = person(network, "evelyn"), person(network, "fatima")
    root = eve.send_post("please look #firepark")
    fay.send_post("nothing to do with it")
    shared = repost(fay, models.create_strong_ref(root))
    fay.delete_repost(shared)
    network.settle()
    stream = network.pds.replace("http", "ws")
    asked = PLATFORM.open(
        BlueskySettings(
            platform="bluesky", ask=["#firepark"], stream="firehose", stream_server=stream
        ),
        World(),
    )
    page = asked.ask(Task(kind="stream", subject="#firepark", cursor={"at": 1}))
    asked.close()
    told = page.payload.decode()
    assert root.uri.rsplit("/")[-1] in told
    assert '"operation":"delete"' in told
    assert "nothing to do with it" not in told


@pytest.mark.servers
@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # the SDK's own
def test_the_firehose_of_a_real_server_is_read_with_files_and_edges(
    tmp_path: Path, network: Network
) -> None:
    gul, han = person(network, "gulnar"), person(network, "hanife")
    root = gul.send_image("see #imagepark", PIXEL, "a picture")
    ref = models.create_strong_ref(root)
    shared = repost(han, ref)
    network.settle()
    told = {"stream": "firehose", "stream_server": network.pds.replace("http", "ws")}
    settings = BlueskySettings(platform="bluesky", **told)  # type: ignore[arg-type]
    future = Task(kind="stream", subject="#imagepark", cursor={"at": 10**9})
    with closing(PLATFORM.open(settings, World())) as asked:
        with pytest.raises(CursorError):
            asked.ask(future)
        page = asked.ask(Task(kind="stream", subject="#imagepark", cursor={"at": 1}))
    (tmp_path / "page.jsonl").write_bytes(page.payload)
    posts = read(FORMAT, tmp_path / "page.jsonl").rows["posts"].sort("at")
    assert posts["post_id"].to_list() == [f"bluesky:{root.uri}", f"bluesky:{shared}"]
    assert posts["media_keys"][0].to_list()
    assert posts["at"].null_count() == 0


@pytest.mark.servers
def test_a_real_limit_is_kept_to(tmp_path: Path) -> None:
    folder = tmp_path / "limited"
    folder.mkdir()
    with running(folder, rate_limits=True) as limited:
        world = World(secrets={"bluesky_handle": "nobody.test", "bluesky_app_password": "wrong"})
        settings = BlueskySettings(platform="bluesky", server=limited.pds)
        seen: list[CollectError] = []
        with closing(PLATFORM.open(settings, world)) as asked:
            while len(seen) < 60 and not any(isinstance(e, RateLimitedError) for e in seen):
                with pytest.raises(CollectError) as raised:
                    asked.ask(Task(kind="search", subject="words"))
                seen.append(raised.value)
    assert isinstance(seen[0], RefusedError)
    assert isinstance(seen[-1], RateLimitedError)
    assert seen[-1].seconds
    assert "wrong" not in str(seen)


# faults, on a stand-in


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving(lambda _: as_json({"posts": []})) as server:
        yield server


def source(server: Loopback) -> BlueskySource:
    settings = BlueskySettings(platform="bluesky", server=server.url, directory=server.url)
    found = PLATFORM.open(settings, World())
    assert isinstance(found, BlueskySource)
    return found


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (as_json({}, 429, ratelimit_reset="1"), RateLimitedError),
        (as_json({}, 429), RateLimitedError),
        (as_json({}, 502), UnreachableError),
        (PAGE_FOR_PEOPLE, UnreachableError),
        (HALF, UnreachableError),
        (as_json({"posts": 7}), UnreachableError),
        (as_json({"error": "ExpiredToken", "message": "Token has expired"}, 400), UnreachableError),
        (as_json({"error": "AuthMissing"}, 401), RefusedError),
        (as_json({"error": "InvalidRequest", "message": "Error: no such thing"}, 400), GoneError),
        (as_json({"error": "InvalidRequest", "message": "Malformed cursor"}, 400), CursorError),
    ],
)
def test_each_fault_is_told_apart(
    server: Loopback, answer: Answer, error: type[CollectError]
) -> None:
    server.faults.append(answer)
    task = Task(kind="search", subject="#park", cursor={"at": "here"})
    with pytest.raises(error) as raised:
        source(server).ask(task)
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("asked", "kind", "subject"),
    [
        ("at://did:plc:a/app.bsky.feed.post/3k", "post", "at://did:plc:a/app.bsky.feed.post/3k"),
        ("https://bsky.app/profile/ana.example/post/3k", "address", "ana.example 3k"),
        ("@ana.example", "account", "ana.example"),
        ("#park", "search", "#park"),
    ],
)
def test_what_is_asked_is_told_apart(server: Loopback, asked: str, kind: str, subject: str) -> None:
    found = source(server)
    found._settings.ask = [asked]
    assert [(task.kind, task.subject) for task in found.tasks()] == [(kind, subject)]


def test_a_login_is_used_and_never_told(server: Loopback) -> None:
    secrets = {"bluesky_handle": "ana.example", "bluesky_app_password": "very-secret"}
    settings = BlueskySettings(platform="bluesky", server=server.url)
    server.service = lambda asked: as_json(
        {"accessJwt": "token"} if asked.path.endswith("createSession") else {"posts": []}
    )
    asked = PLATFORM.open(settings, World(secrets=secrets))
    page = asked.ask(Task(kind="search", subject="#park"))
    assert server.asked[-1].headers["Authorization"] == "Bearer token"
    assert b"very-secret" not in page.payload


# the stream, on a stand-in


def event(number: int) -> dict[str, object]:
    """Return one event of Jetstream; every tenth belongs to the appeal."""
    text = f"look {number} #park" if number % 10 == 0 else f"something else {number}"
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-03-01T12:00:00Z"}
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": f"k{number}"}
    return {
        "did": f"did:plc:a{number % 500}", "time_us": 1_772_366_400_000_000 + number,
        "kind": "commit", "commit": commit | {"record": record},
    }  # fmt: skip


@contextmanager
def streaming(events: int) -> Iterator[tuple[str, list[str]]]:
    """Stream events to whoever connects, from the place that is asked for; note the places."""
    asked: list[str] = []

    def answer(connection: ServerConnection) -> None:
        assert connection.request is not None
        place = parse_qs(urlsplit(connection.request.path).query).get("cursor", ["0"])[0]
        asked.append(place)
        first = max(0, int(place) - 1_772_366_400_000_000 + 1) if place != "0" else 0
        with suppress(WebSocketException):
            for number in range(first, events):
                connection.send(json.dumps(event(number)))

    with serve(answer, "127.0.0.1", 0) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/subscribe", asked
        server.shutdown()


def test_a_stream_goes_on_behind_the_last_event(tmp_path: Path) -> None:
    with streaming(6_000) as (address, asked):
        entry = {"platform": "bluesky", "ask": ["#park"], "stream": "jetstream"}
        held = store_with(tmp_path / "s", entry | {"stream_server": address})
        collected(held, lasting=4.0)
        collected(held, lasting=3.0)
    assert held.read("posts").height == 600
    assert asked[0] == "0"
    assert int(asked[-1]) > 1_772_366_400_000_000
    assert held.read("posts")["at"].null_count() == 0
