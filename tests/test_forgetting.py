"""What is forgotten is in no byte of the store, stays out, and leaves the rest as it was."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import polars as pl
import pytest
from collecting_stores import store_with
from hypothesis import given
from hypothesis import strategies as st
from strategies import at, rows
from typer.testing import CliRunner

from analytics.erasure import Names, erase, erase_deleted, lay, left, named
from analytics.errors import ProtectionError
from analytics.protection import Protector, read_key
from analytics.runner import measure
from analytics.searching import meets, needles, searched
from analytics.store import Store
from analytics.tables import ACCOUNTS, CHANGES, COUNTERS, EDITS, FOLLOWS, POSTS, RESPONSES
from analytics.tombstones import Marks
from collectors.exports import import_files
from collectors.forgetting import Forgotten, forget, meant
from collectors.journal import Journal
from collectors.opening import examine
from collectors.sources import Page, Task
from dashboards.cli import app

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ANN, ANNS_HANDLE = "x:70010001", "x:@ann_of_the_park"
BEN = "x:70020002"
FIRST, SECOND, SHARED, ANSWER = "x:9000000001", "x:9000000002", "x:9000000003", "x:9000000004"
SEALED = {"protection": {"level": "strict"}}
OPEN = {"protection": {"level": "open", "reason": "to test"}}


def posts() -> pl.DataFrame:
    """Ann's two posts; Ben shares one and answers her; an office mentions her."""
    return rows(
        POSTS,
        {"post_id": FIRST, "account_id": ANN, "kind": "original", "text": "help"},
        {"post_id": SECOND, "account_id": ANN, "kind": "repost", "root_id": "x:9000000009"},
        {"post_id": SHARED, "account_id": BEN, "kind": "repost", "root_id": FIRST,
         "root_account_id": ANN, "urls": ["https://x.com/ann_of_the_park/status/9000000001"],
         "object_keys": [FIRST]},
        {"post_id": ANSWER, "account_id": "x:70030003", "kind": "reply", "parent_id": FIRST,
         "parent_account_id": ANN, "basis": "observed", "mentions": [ANN, ANNS_HANDLE, BEN],
         "text": "@ann_of_the_park we look into it, see x.com/ann_of_the_park and @ben"},
        appeal_id="park", platform="x", at=at(0), source="test", collected_at=at(1),
    )  # fmt: skip


def fill(store: Store) -> Store:
    """Write everything that can name Ann into a store."""
    told = {"platform": "x", "role": "person", "observed_at": at(1)}
    ann = {"account_id": ANN, "handle": "ann_of_the_park", "name": "Ann"}
    ben = {"account_id": BEN, "handle": "ben", "name": "Ben"}
    store.append(ACCOUNTS, rows(ACCOUNTS, ann, ben, **told))
    store.append(POSTS, posts())
    number = {"metric": "likes", "definition": "likes", "observed_at": at(1), "value": 3}
    store.append(COUNTERS, rows(COUNTERS, {"post_id": FIRST}, {"post_id": SHARED}, **number))
    edited = {"what": "edited", "text": "help!", "observed_at": at(1), "platform": "x"}
    store.append(CHANGES, rows(CHANGES, {"post_id": FIRST, "account_id": ANN}, **edited))
    edge = {"follower_id": BEN, "followed_id": ANN, "observed_at": at(1)}
    store.append(FOLLOWS, rows(FOLLOWS, edge))
    act = {"response_id": "r1", "appeal_id": "park", "from": at(5), "to": at(6), "actor": "police"}
    sources = ["https://x.com/ann_of_the_park/status/9000000001", "https://news.example/a"]
    act |= {"verb_code": "09", "sources": sources, "target": "appellant"}
    store.append(RESPONSES, rows(RESPONSES, act))
    trail = {"edit_id": "e1", "response_id": "r1", "appeal_id": "park", "at": at(7), "who": "me"}
    safe = store.read("responses")["sources"][0].to_list()
    trail |= {"act": "add", "field": "sources", "now": "|".join(safe)}
    store.append(EDITS, rows(EDITS, trail))
    return store


def park(folder: Path, **settings: object) -> Store:
    """Return a filled and measured store."""
    store = fill(store_with(folder / "s", **(settings or SEALED)))
    measure(store, now=NOW)
    return store


def forgotten(store: Store, *told: str, **more: str) -> Forgotten:
    return forget(store, told, now=lambda: NOW, **more)  # type: ignore[arg-type]


def stands(store: Store, *names: str) -> list[str]:
    """Return where names stand: an own search, by reading every table and every other byte."""
    hide = Protector(key=read_key(store.store_id))
    short = [name.partition(":")[2] for each in names for name in (each, hide.pseudonym(each))]
    wanted = re.compile(
        "|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in short), re.IGNORECASE
    )
    found = []
    for path in store.path.rglob("*"):
        if path.is_file():
            told = path.read_bytes().decode("latin-1")
            if path.suffix == ".parquet":
                told += pl.read_parquet(path).write_ndjson()
            if wanted.search(told):
                found.append(str(path.relative_to(store.path)))
    return found


@pytest.mark.parametrize("settings", [SEALED, OPEN])
def test_an_account_leaves_every_byte(tmp_path: Path, settings: dict[str, object]) -> None:
    store = park(tmp_path, **settings)
    names = (ANN, ANNS_HANDLE, FIRST, SECOND)
    assert {path.split("/")[0] for path in stands(store, *names)} == {"tables"}
    done = forgotten(store, ANN, ANNS_HANDLE)
    assert (done.rows["posts"], done.rows["accounts"], done.rows["counters"]) == (2, 1, 1)
    assert stands(store, *names) == []
    assert done.proof.places == []
    assert done.proof.files > 50
    assert stands(store, BEN, SHARED)  # the search can find
    assert left(store) == {}


def test_what_shared_a_forgotten_post_stays_one_cascade(tmp_path: Path) -> None:
    store = park(tmp_path)
    forgotten(store, ANN)
    held = store.read("posts")
    stand_in = store.marks.stand_in(FIRST)
    share = held.row(by_predicate=pl.col("post_id") == SHARED, named=True)
    assert (share["root_id"], share["root_account_id"]) == (stand_in, None)
    answer = held.row(by_predicate=pl.col("post_id") == ANSWER, named=True)
    assert (answer["parent_id"], answer["parent_account_id"]) == (stand_in, None)
    assert Protector(key=read_key(store.store_id)).pseudonym(BEN) in answer["mentions"]
    assert stand_in in store.read("cascades")["root_id"].to_list()
    assert store.read("tombstones").columns == ["mark", "at"]
    assert store.read("responses")["sources"].to_list() == [["https://news.example/a"]]


def test_a_post_goes_and_its_account_stays(tmp_path: Path) -> None:
    store = park(tmp_path)
    done = forgotten(store, "https://x.com/ann_of_the_park/status/9000000001")
    assert done.rows["posts"] == 1
    assert stands(store, FIRST) == []
    assert stands(store, SECOND)
    assert store.read("accounts").height == 2


def test_what_was_forgotten_stays_out_when_it_comes_again(tmp_path: Path) -> None:
    store = park(tmp_path)
    forgotten(store, ANN, ANNS_HANDLE)
    before = {name: store.read(name) for name in ("posts", "accounts", "counters", "follows")}
    fill(store)
    assert store.append(POSTS, posts()).forgotten == 2
    for name, frame in before.items():
        assert store.read(name).equals(frame), name
    assert stands(store, ANN, ANNS_HANDLE, FIRST, SECOND) == []


def test_a_handle_is_found_beside_its_id_where_profiles_are_kept(tmp_path: Path) -> None:
    store = park(tmp_path, **OPEN)
    forgotten(store, ANNS_HANDLE)
    assert stands(store, ANN, ANNS_HANDLE, FIRST) == []
    words = store.read("posts").filter(post_id=ANSWER)["text"].item()
    assert words == "~ we look into it, see ~ and @ben"


def test_a_pseudonym_is_name_enough(tmp_path: Path) -> None:
    store = park(tmp_path)
    forgotten(store, Protector(key=read_key(store.store_id)).pseudonym(ANN))
    assert stands(store, ANN, FIRST, SECOND) == []


def test_a_run_that_was_killed_is_finished_without_the_names(tmp_path: Path) -> None:
    store = park(tmp_path)
    lay(store, named(store, [ANN]), at=NOW)  # and then it is killed
    assert left(store)["posts"] == 2
    (told,) = [each for each in examine(store) if each.what == "forgetting"]
    assert not told.fine
    assert "posts 2" in told.fact
    assert forgotten(Store(store.path)).rows["posts"] == 2
    assert left(store) == {}
    assert stands(store, ANN, FIRST, SECOND) == []


def test_with_nothing_left_nothing_is_measured(tmp_path: Path) -> None:
    store = park(tmp_path)
    store.remove(RESPONSES, "response_id", ["r1"])
    forgotten(store, ANN, BEN, "x:70030003")
    assert store.read("posts").is_empty()
    assert store.read("cascades").is_empty()
    assert stands(store, ANN, BEN, "x:70030003", FIRST, SHARED) == []


def test_somebody_who_was_never_held_stays_out_from_now_on(tmp_path: Path) -> None:
    store = store_with(tmp_path / "s")
    done = forgotten(store, ANN)
    assert (done.tombstones, done.rows) == (2, {})
    fill(store)
    assert stands(store, ANN) == []


# pages and files as they came


def page(*posts: tuple[str, str]) -> Page:
    data = [
        {"id": post.partition(":")[2], "author_id": author.partition(":")[2], "text": "words",
         "created_at": "2026-03-01T10:00:00.000Z"}
        for post, author in posts
    ]  # fmt: skip
    users = [{"id": ANN.partition(":")[2], "username": ANNS_HANDLE.partition("@")[2]}]
    shown = {"users": users} if ANN in dict(posts).values() else {}
    payload = {"data": data, "includes": shown, "meta": {"result_count": len(data)}}
    return Page(payload=msgspec.json.encode(payload), format="x-v2", received=len(data))


def test_pages_and_questions_that_tell_of_it_go(tmp_path: Path) -> None:
    store = store_with(tmp_path / "s")
    journal = Journal(store)
    for number, each in enumerate([page((FIRST, ANN)), page((SHARED, BEN))]):
        found = Task(kind="reposters", subject=(FIRST, SHARED)[number].partition(":")[2])
        each.found = [found]
        journal.keep("x", "park", Task(kind="search", subject=f"n{number}"), each, at=at(2))
    journal.close()
    done = forgotten(store, ANN)
    assert (done.pages, done.questions, done.rows["posts"]) == (1, 1, 1)
    journal = Journal(store)
    (kept,) = journal.all()
    assert SHARED.partition(":")[2].encode() in kept.page.payload
    subjects = {question.task.subject for _, question in journal.questions()}
    assert subjects == {"n0", "n1", SHARED.partition(":")[2]}
    assert done.proof.places == []
    fill(store)
    assert stands(store, ANN, ANNS_HANDLE, FIRST) == []  # the page told the handle


def test_files_that_tell_of_it_go(tmp_path: Path) -> None:
    store = store_with(tmp_path / "s", **OPEN)
    for name, post in (("a", (FIRST, ANN)), ("b", (SHARED, BEN))):
        (tmp_path / f"{name}.json").write_bytes(page(post).payload)
        import_files(store.path, [tmp_path / f"{name}.json"])
    done = forgotten(store, ANN)
    assert done.files == 1
    kept = store.read("imports").sort("at")["payload"].to_list()
    assert [name is None for name in kept] == [True, False]
    assert stands(store, ANN, ANNS_HANDLE, FIRST) == []


def test_what_a_simulation_planted_goes_too(tmp_path: Path) -> None:
    path = tmp_path / "s"
    run = CliRunner().invoke(app, ["simulate", str(path), "--posts", "200", "--seed", "3"])
    assert run.exit_code == 0, run.output
    store = Store(path)
    post = store.read("posts").filter(kind="repost")["post_id"][0]
    assert any(place.startswith("truth") for place in stands(store, post))
    forgotten(store, post)
    assert stands(store, post) == []


# what platforms delete


def gone(store: Store, what: str, post_id: str = FIRST, platform: str = "x") -> None:
    told = {"post_id": post_id, "what": what, "observed_at": at(9), "platform": platform}
    store.append(CHANGES, rows(CHANGES, told | {"account_id": ANN}))


@pytest.mark.parametrize(
    ("what", "since", "laid"), [("deleted", 0, 1), ("gone", 5, 1), ("gone", 0, 0)]
)
def test_what_a_platform_deletes_becomes_a_tombstone(
    tmp_path: Path, what: str, since: int, laid: int
) -> None:
    store = fill(store_with(tmp_path / "s"))
    gone(store, what)
    assert erase_deleted(store, at=NOW, since=at(since)) == laid
    assert (FIRST in store.read("posts")["post_id"]) is not bool(laid)
    kept = store.read("changes").filter(pl.col("what") == what)
    if laid:
        row = (store.marks.stand_in(FIRST), None)
        assert kept.select("post_id", "account_id").rows() == [row]
    assert erase_deleted(store, at=NOW, since=at(since)) == 0


def test_what_authorities_and_media_take_down_stays_on_record(tmp_path: Path) -> None:
    public = [
        {"account": ANN, "role": "official", "reason": "is the mayor", "source": "the gazette"}
    ]
    store = fill(store_with(tmp_path / "s", public=public))
    gone(store, "deleted")
    gone(store, "gone", "web:https://news.example/a", "web")
    assert erase_deleted(store, at=NOW, since=at(50)) == 0
    assert FIRST in store.read("posts")["post_id"]


# names


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("https://x.com/somebody", "x:@somebody"),
        ("t.me/park", "telegram:park"),
        ("https://twitter.com/i/status/12", "x:12"),
        ("https://www.youtube.com/watch?v=abcdefghijk", "youtube:abcdefghijk"),
        ("bluesky:at://did:plc:abc/app.bsky.feed.post/1", None),
        ("mastodon:ann@a.example", None),
        ("x:@somebody", None),
    ],
)
def test_addresses_name_whom_they_show(told: str, name: str | None) -> None:
    assert meant(told) == (name or told)


@pytest.mark.parametrize(
    "told", ["somebody", "https://news.example/a", "x:", "x: a", "X 7", "@ann"]
)
def test_what_names_nobody_is_refused(tmp_path: Path, told: str) -> None:
    store = store_with(tmp_path / "s")
    with pytest.raises(ProtectionError, match=r"names nobody; write platform:id"):
        forgotten(store, told)
    assert store.versions() == {} or store.read("tombstones").is_empty()


def test_a_name_of_two_things_is_asked_back(tmp_path: Path) -> None:
    store = store_with(tmp_path / "s", **OPEN)
    both = {"post_id": "x:7", "account_id": "x:7", "kind": "original", "platform": "x"}
    store.append(POSTS, rows(POSTS, both, appeal_id="park", source="test"))
    with pytest.raises(ProtectionError, match="an account and a post here; say which"):
        forgotten(store, "x:7")
    assert forgotten(store, "x:7", kind="post").rows == {"posts": 1}


@pytest.mark.parametrize(
    "settings",
    [
        {"public": [{"account": ANN, "role": "official", "reason": "mayor", "source": "s"}]},
        {"appeals": [{"id": "park", "object_keys": [FIRST]}]},
    ],
)  # fmt: skip
def test_what_the_settings_name_is_taken_out_there_first(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    store = fill(store_with(tmp_path / "s", **settings))
    told = ANN if "public" in settings else FIRST
    with pytest.raises(ProtectionError, match=rf"groundswell.toml names {told} in line \d+"):
        forgotten(store, told)
    assert stands(store, told)
    text = (store.path / "groundswell.toml").read_text()
    bare = "\n".join(line for line in text.splitlines() if told not in line)
    public = re.sub(r"\[\[public\]\].*", "", bare, flags=re.DOTALL)
    (store.path / "groundswell.toml").write_text(public.replace("    ,\n", ""))
    again = Store(store.path)
    forgotten(again, told)
    assert stands(again, told) == []
    fill(again)  # and the store goes on


# the search


@given(
    before=st.binary(max_size=40), after=st.binary(max_size=40), name=st.sampled_from([ANN, FIRST])
)
def test_a_name_between_any_bytes_is_found(before: bytes, after: bytes, name: str) -> None:
    bare = name.partition(":")[2].encode()
    assert meets(before + b"\0" + bare + b"\0" + after, needles([name]))
    assert not meets(before.replace(bare, b"") + b"1" + bare + b"1", needles([name]))


@pytest.mark.parametrize("offset", [-9, -1, 0, 1])
def test_a_name_on_the_seam_of_two_chunks_is_found(tmp_path: Path, offset: int) -> None:
    size = 16 << 20
    (tmp_path / "f").write_bytes(b" " * (size + offset) + b"70010001" + b" " * 10)
    assert searched(tmp_path, needles([ANN])).places == ["f"]


def test_words_inside_tables_are_found_however_they_are_packed(tmp_path: Path) -> None:
    table = pl.DataFrame({"a": [f"{n} words" for n in range(1000)] + [f"{ANN} here"]})
    table.write_parquet(tmp_path / "t.parquet", compression="zstd", compression_level=22)
    lists = pl.DataFrame({"b": [["q"], [FIRST], None]})
    lists.write_parquet(tmp_path / "l.parquet", compression="lz4")
    assert searched(tmp_path, needles([ANN])).places == ["t.parquet"]
    assert searched(tmp_path, needles([FIRST])).places == ["l.parquet"]


# marks


def test_marks_are_keyed_and_tell_accounts_from_posts() -> None:
    one, other = Marks(b"k" * 32, ()), Marks(b"l" * 32, ())
    assert one.account("x:7") != one.post("x:7")
    assert one.account("x:7") != other.account("x:7")
    assert one.account("x:@Ann") == one.account("x:@ann")
    assert re.fullmatch(r"x:~[0-9a-f]{32}", one.stand_in("x:7"))


NAMES = st.sampled_from(["x:1", "x:2", "x:3", "telegram:a/1", "bluesky:at://did:plc:b/p/1"])


@given(st.lists(st.fixed_dictionaries({
    "post_id": NAMES, "account_id": st.none() | NAMES, "parent_id": st.none() | NAMES,
    "mentions": st.none() | st.lists(NAMES, max_size=3),
    "text": st.none() | st.sampled_from(["x:1 and x:2", "see t.me/a/1", "@1 said", "nothing"]),
}), min_size=1, max_size=8), NAMES)  # fmt: skip
def test_without_is_idempotent_and_leaves_others_alone(
    told: list[dict[str, object]], name: str
) -> None:
    frame = rows(POSTS, *told, appeal_id="a", platform="x", kind="original", source="s")
    bare = Marks(b"k" * 32, ())
    marks = Marks(b"k" * 32, [bare.account(name), bare.post(name)])
    once = marks.without(POSTS, frame)
    assert marks.without(POSTS, once).equals(once)
    assert bare.without(POSTS, frame) is frame
    cells = once.select("post_id", "account_id", "parent_id").rows()
    assert not any(name in row for row in cells)
    assert not any(name in (listed or []) for listed in once["mentions"].to_list())
    alone = frame.filter(
        ~pl.any_horizontal(pl.col("post_id", "account_id", "parent_id") == name).fill_null(
            value=False
        )
    )
    assert once.height >= alone.height


# the command


def invoke(*words: str) -> tuple[int, str]:
    run = CliRunner().invoke(app, [*map(str, words)], input="n\n")
    return run.exit_code, run.output


def test_the_command_asks_first_and_tells_what_it_did(tmp_path: Path) -> None:
    store = park(tmp_path)
    code, said = invoke("forget", str(store.path), ANN)
    assert code == 1
    assert "It cannot be undone" in said
    assert stands(store, ANN)
    code, said = invoke("forget", str(store.path), ANN, ANNS_HANDLE, "--yes")
    assert code == 0, said
    assert "posts 2" in said
    assert "packed and unpacked: nothing left" in said
    code, said = invoke("forget", str(store.path), BEN, "--yes", "--json")
    assert code == 0, said
    assert json.loads(said)["proof"]["places"] == []


def test_what_the_search_still_finds_is_told_with_its_place(tmp_path: Path) -> None:
    store = park(tmp_path)
    (store.path / "notes.txt").write_text("ask @ann_of_the_park")
    code, said = invoke("forget", str(store.path), ANN, ANNS_HANDLE, "--yes")
    assert code == 1
    assert "still in notes.txt; take it out there" in said


def test_erasing_names_that_are_not_held_changes_nothing(tmp_path: Path) -> None:
    store = fill(store_with(tmp_path / "s"))
    before = {name: store.read(name) for name in store.versions()}
    assert erase(store, Names(frozenset({"x:5"}), frozenset({"x:6"})), at=NOW) == {}
    for name, frame in before.items():
        assert store.read(name).equals(frame)
