"""The store: nothing is lost, nothing is doubled, nothing held is overwritten."""

import json
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import at, frames, rows

from analytics import __version__
from analytics import store as store_module
from analytics.detection import with_text_lang
from analytics.errors import ProtectionError, StoreError
from analytics.measured import CASCADES, TIMELINE
from analytics.merging import Written
from analytics.schema import Table
from analytics.store import Batch, Store, is_store
from analytics.tables import ACCOUNTS, APPEALS, COUNTERS, FOLLOWS, POSTS, RESPONSES

POST = {"appeal_id": "a", "platform": "x", "kind": "original", "source": "test"}
OPEN = '[protection]\nlevel = "open"\nreason = "test"\n'
PUBLIC = '[[public]]\naccount = "{}"\nrole = "media"\nreason = "r"\nsource = "s"\n'


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "s")


def posts(*told: dict[str, Any], **common: Any) -> pl.DataFrame:  # noqa: ANN401
    return rows(POSTS, *told, **(POST | common))


def settle(store: Store, text: str) -> Store:
    """Write another ``groundswell.toml`` and open the store again."""
    (store.path / "groundswell.toml").write_text(text)
    return Store(store.path)


def held(store: Store, table: Table = POSTS) -> list[dict[str, Any]]:
    return store.read(table.name).sort(table.key).to_dicts()


# appending


def test_what_is_appended_is_read(store: Store) -> None:
    page = posts({"post_id": "x:1", "at": at(0), "urls": ["u"], "hashtags": []}, {"post_id": "x:2"})
    assert store.append(POSTS, page) == Written(new=2)
    assert_frame_equal(store.read("posts").sort("post_id"), page)


def test_an_empty_page_writes_nothing(store: Store) -> None:
    assert store.append(POSTS, POSTS.empty()) == Written()
    assert store.versions() == {}


def test_nulls_are_filled_and_held_values_stay(store: Store) -> None:
    store.append(POSTS, posts({"post_id": "x:1", "lang": "kk", "urls": ["u"]}))
    again = posts({"post_id": "x:1", "lang": "ru", "urls": ["w"], "hashtags": ["h"], "at": at(0)})
    assert store.append(POSTS, again) == Written(completed=1, disagreeing=1)
    (row,) = held(store)
    assert (row["lang"], row["urls"], row["hashtags"], row["at"]) == ("kk", ["u"], ["h"], at(0))


def test_a_known_nothing_is_not_unknown(store: Store) -> None:
    store.append(POSTS, posts({"post_id": "x:1", "urls": []}))
    assert store.append(POSTS, posts({"post_id": "x:1", "urls": ["u"]})).disagreeing == 1
    assert held(store)[0]["urls"] == []


def test_another_source_is_no_disagreement(store: Store) -> None:
    store.append(POSTS, posts({"post_id": "x:1", "collected_at": at(0)}))
    again = posts({"post_id": "x:1", "source": "other", "collected_at": at(1)})
    assert store.append(POSTS, again) == Written(held=1)
    assert held(store)[0]["source"] == "test"


def test_repeated_keys_are_merged_and_counted(store: Store) -> None:
    page = posts(
        {"post_id": "x:1", "lang": "kk"},
        {"post_id": "x:2"},
        {"post_id": "x:1", "lang": "ru", "at": at(0), "urls": ["u"]},
        {"post_id": "x:1", "urls": ["w"]},
    )
    assert store.append(POSTS, page) == Written(new=2, repeated=2)
    one, _ = held(store)
    assert (one["lang"], one["at"], one["urls"]) == ("kk", at(0), ["u"])


def test_a_post_whose_time_becomes_known_moves_to_its_day(store: Store) -> None:
    store.append(POSTS, posts({"post_id": "x:1"}, {"post_id": "x:2"}))
    store.append(POSTS, posts({"post_id": "x:3"}, at=at(0)))
    assert store.append(POSTS, posts({"post_id": "x:1"}, at=at(0))) == Written(completed=1)
    assert [(row["post_id"], row["at"]) for row in held(store)] == [
        ("x:1", at(0)), ("x:2", None), ("x:3", at(0)),
    ]  # fmt: skip
    assert days_of(store) == {"x:1": "2026-05-01", "x:2": None, "x:3": "2026-05-01"}


def days_of(store: Store) -> dict[str, str | None]:
    rows = pl.scan_delta(str(store.path / "tables" / "posts"))
    return dict(rows.select("post_id", pl.col("day").cast(pl.String)).collect().iter_rows())


def test_another_time_does_not_double_a_post(store: Store) -> None:
    store.append(POSTS, posts({"post_id": "x:1"}, at=at(0)))
    assert store.append(POSTS, posts({"post_id": "x:1"}, at=at(48))) == Written(
        held=1, disagreeing=1
    )
    assert [row["at"] for row in held(store)] == [at(0)]


def test_the_same_post_can_belong_to_two_appeals(store: Store) -> None:
    store.append(POSTS, posts({"post_id": "x:1"}))
    assert store.append(POSTS, posts({"post_id": "x:1"}, appeal_id="b")) == Written(new=1)
    assert store.read("posts", appeal_id="b", columns=["appeal_id"]).rows() == [("b",)]


@pytest.mark.parametrize("n", [1, 7])
def test_rows_that_are_all_key_are_held_when_they_come_again(store: Store, n: int) -> None:
    edges = [{"follower_id": f"x:{i}", "followed_id": "x:0"} for i in range(n)]
    numbers = [{"post_id": f"x:{i}", "value": i} for i in range(n)]
    for table, page in (
        (FOLLOWS, rows(FOLLOWS, *edges)),
        (COUNTERS, rows(COUNTERS, *numbers, metric="views", definition="d")),
    ):
        assert store.append(table, page) == Written(new=n)
        assert store.append(table, page) == Written(held=n)
        assert store.read(table.name).height == n


def test_a_response_is_replaced_by_its_newer_form(store: Store) -> None:
    act = {"response_id": "r", "appeal_id": "a", "actor": "police", "from": at(0), "to": at(1)}
    store.append(RESPONSES, rows(RESPONSES, act | {"verb_code": "09", "summary": "s"}))
    newer = rows(RESPONSES, act | {"verb_code": "12"})
    assert store.append(RESPONSES, newer) == Written(completed=1)
    assert store.append(RESPONSES, newer) == Written(held=1)
    assert_frame_equal(store.read("responses"), newer)
    twice = rows(RESPONSES, act | {"verb_code": "13"}, act | {"verb_code": "17"})
    assert store.append(RESPONSES, twice) == Written(completed=1, repeated=1)
    assert store.read("responses")["verb_code"].to_list() == ["17"]


def test_a_batch_sent_again_is_skipped(store: Store) -> None:
    page = posts({"post_id": "x:1"})
    assert store.append(POSTS, page, batch=Batch("import", 0)) == Written(new=1)
    assert store.append(POSTS, page, batch=Batch("import", 0)) == Written(held=1)
    changed = posts({"post_id": "x:1", "lang": "kk"})
    assert store.append(POSTS, changed, batch=Batch("import", 0)) == Written(held=1)
    assert store.append(POSTS, changed, batch=Batch("import", 1)) == Written(completed=1)
    assert store.append(POSTS, page, batch=Batch("other", 0)) == Written(held=1)


def test_versions_rise_only_when_something_changed(store: Store) -> None:
    page = posts({"post_id": "x:1", "lang": "kk"})
    store.append(POSTS, page)
    assert store.versions() == {"posts": 0}
    store.append(POSTS, page)
    store.append(POSTS, posts({"post_id": "x:1", "lang": "ru"}))
    assert store.versions() == {"posts": 0}
    store.append(POSTS, posts({"post_id": "x:1", "at": at(0)}))
    assert store.versions() == {"posts": 1}


class Model:
    """A table as a dict, merged one row after another."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.united = [n for n, column in table.columns.items() if column.holds == "object"]

    def append(self, frame: pl.DataFrame) -> Written:
        """Merge the rows of one page, then put each in its place."""
        page: dict[tuple[Any, ...], dict[str, Any]] = {}
        if self.table is POSTS:
            frame = with_text_lang(frame)
        for row in frame.to_dicts():
            key = tuple(row[name] for name in self.table.key)
            page[key] = self.merge(page[key], row) if key in page else row
        done = Written(repeated=frame.height - len(page))
        for key, row in page.items():
            done += self.put(key, row)
        return done

    def put(self, key: tuple[Any, ...], row: dict[str, Any]) -> Written:
        """Add a row, or merge it into the one that is held."""
        if key not in self.rows:
            self.rows[key] = row
            return Written(new=1)
        old, merged = self.rows[key], self.merge(self.rows[key], row)
        completes = self.table.merge == "complete"
        compared = row.keys() - ({"source", "collected_at"} if completes else set())
        changed = any(old[name] != merged[name] for name in compared)
        disagrees = completes and any(
            None not in (old[name], row[name]) and old[name] != row[name]
            for name in compared - {*self.united, "text_lang", "text_lang_confidence"}
        )
        self.rows[key] = merged if changed else old
        return Written(completed=changed, held=not changed, disagreeing=disagrees)

    def merge(self, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        """Fill what is not known, or take the newer row."""
        if self.table.merge == "replace":
            return new
        merged = {name: new[name] if value is None else value for name, value in old.items()}
        for name in self.united:
            if None not in (old[name], new[name]):
                merged[name] = list(dict.fromkeys([*old[name], *new[name]]))
        return merged


MODELLED = (POSTS, ACCOUNTS, COUNTERS, FOLLOWS, RESPONSES, APPEALS)


@given(table=st.sampled_from(MODELLED), data=st.data())
@settings(max_examples=60)
def test_any_appends_give_what_a_dict_would(table: Table, data: st.DataObject) -> None:
    model = Model(table)
    with TemporaryDirectory() as folder:
        store = settle(Store.create(Path(folder) / "s"), OPEN)
        for frame in data.draw(st.lists(frames(table), max_size=4)):
            assert astuple(store.append(table, frame)) == astuple(model.append(frame))
            assert_frame_equal(
                store.read(table.name),
                pl.DataFrame(list(model.rows.values()), schema=table.schema),
                check_row_order=False,
            )


def test_when_a_row_was_collected_changes_only_with_what_it_tells(tmp_path: Path) -> None:
    """Two rows of one day: the second is completed, the first brings nothing but its time."""
    store = settle(Store.create(tmp_path / "s"), OPEN)
    common = {"appeal_id": "a", "platform": "x", "kind": "original", "source": "t", "at": at(0)}
    one, two = common | {"post_id": "x:1"}, common | {"post_id": "x:2"}
    store.append(POSTS, rows(POSTS, one | {"object_keys": []}, two))
    later = {"collected_at": at(1)}
    store.append(POSTS, rows(POSTS, one | later, two | later | {"lang": "kk"}))
    told = store.read("posts").sort("post_id")["collected_at"].to_list()
    assert told == [None, at(1)]


@given(table=st.sampled_from(MODELLED), data=st.data())
@settings(max_examples=40)
def test_new_rows_first_and_the_others_at_the_end_give_the_same(
    table: Table, data: st.DataObject
) -> None:
    pages = data.draw(st.lists(frames(table), min_size=1, max_size=4))
    with TemporaryDirectory() as folder:
        model = Model(table)
        store = settle(Store.create(Path(folder) / "s"), OPEN)
        others = []
        for page in pages:
            model.append(page)
            done, differing = store.append_new(table, page)
            assert done.new + done.held + done.repeated + differing.height == page.height
            others.append(differing)
        store.append(table, pl.concat(others))
        assert_frame_equal(
            store.read(table.name),
            pl.DataFrame(list(model.rows.values()), schema=table.schema),
            check_row_order=False,
        )


def test_a_row_that_is_held_just_so_is_not_looked_up_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = posts({"post_id": "x:1"}, {"post_id": "x:2"})
    store.append_new(POSTS, page)
    monkeypatch.setattr(Store, "_held", None)
    assert store.append_new(POSTS, page)[0] == Written(held=2)


# replacing, compacting, reading


def test_write_replaces_a_measured_table(store: Store) -> None:
    row = {"appeal_id": "a", "platform": "x", "every": "1h", "at": at(0)}
    counts = dict.fromkeys(("posts", "originals", "shares", "replies", "accounts", "gone"), 1)
    for hour in range(3):
        store.write(TIMELINE, rows(TIMELINE, row | counts | {"at": at(hour)}))
    assert store.read("timeline")["at"].to_list() == [at(2)]
    store.write(TIMELINE, TIMELINE.empty())
    assert store.read("timeline").is_empty()


def test_write_does_not_go_round_the_door(store: Store) -> None:
    with pytest.raises(StoreError, match="posts is not a measured table; use append"):
        store.write(POSTS, posts({"post_id": "x:1"}))


def test_compacting_keeps_every_row_and_the_readers(store: Store) -> None:
    for number in range(12):
        time = at(24 * (number % 2)) if number % 3 else None
        store.append(POSTS, posts({"post_id": f"x:{number}"}, at=time))
    before = held(store)
    reader = store.scan("posts")
    assert store.compact() > 0
    assert held(store) == before
    assert reader.collect().height == 12
    assert store.compact() == 0
    assert store.append(POSTS, posts({"post_id": "x:0"}, at=at(0))) == Written(completed=1)
    assert store.read("posts").height == 12


def test_only_crowded_tables_are_compacted_when_so_asked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "CROWDED", 4)
    store.append(POSTS, posts({"post_id": "x:0"}, at=at(0)))
    assert store.compact(only_crowded=True) == 0
    for number in range(1, 6):
        store.append(POSTS, posts({"post_id": f"x:{number}"}, at=at(0)))
    assert store.compact(only_crowded=True) == 5


def test_a_table_never_written_is_empty(store: Store) -> None:
    assert_frame_equal(store.read("cascades"), CASCADES.empty())


def test_a_table_that_was_begun_but_never_written_is_empty(store: Store) -> None:
    (store.path / "tables" / "posts" / "_delta_log").mkdir(parents=True)
    assert store.read("posts").is_empty()
    assert store.versions() == {}
    assert store.append(POSTS, posts({"post_id": "x:1"})) == Written(new=1)


def test_columns_that_an_older_version_did_not_write_are_null_and_can_be_filled(
    store: Store,
) -> None:
    old = posts({"post_id": "x:1"}, {"post_id": "x:2"}).drop("lang", "urls")
    write_deltalake(
        str(store.path / "tables" / "posts"),
        old.with_columns(day=pl.lit(None, pl.Date)),
        partition_by=["day"],
    )
    assert store.read("posts").schema == POSTS.schema
    assert [row["lang"] for row in held(store)] == [None, None]
    page = posts({"post_id": "x:1", "lang": "kk", "at": at(0)}, {"post_id": "x:3", "urls": ["u"]})
    assert store.append(POSTS, page) == Written(new=1, completed=1)
    assert [(r["lang"], r["urls"]) for r in held(store)] == [
        ("kk", None), (None, None), (None, ["u"]),
    ]  # fmt: skip
    assert store.append(POSTS, page) == Written(held=2)


# readers and writers at once


def test_readers_see_whole_batches(store: Store) -> None:
    pages = [posts(*({"post_id": f"x:{n}-{i}"} for i in range(50))) for n in range(25)]
    seen: list[int] = []
    done = threading.Event()

    def read() -> None:
        reader = Store(store.path)
        while not done.is_set():
            seen.append(reader.read("posts", columns=["post_id"]).height)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for page in pages:
            store.append(POSTS, page)
    finally:
        done.set()
        thread.join()
    assert len(set(seen)) > 2
    assert [height % 50 for height in seen] == [0] * len(seen)
    assert seen == sorted(seen)


HOLD = """
import sys
from analytics.store import Store
with Store(sys.argv[1]).writing():
    print("holding", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def other_writer(store: Store) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "holding\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_writer_is_refused_clearly_and_readers_are_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(POSTS, posts({"post_id": "x:1"}))
    monkeypatch.setattr(store_module, "LOCK_SECONDS", 0.2)
    second = Store(store.path)
    with other_writer(store):
        with pytest.raises(StoreError, match="is being written by another process"):
            second.append(POSTS, posts({"post_id": "x:2"}))
        assert second.read("posts").height == 1
    assert second.append(POSTS, posts({"post_id": "x:2"})) == Written(new=1)


def test_a_second_writer_waits_its_turn(store: Store) -> None:
    with other_writer(store) as process:
        release = threading.Timer(0.3, lambda: process.communicate("go\n"))
        release.start()
        assert store.append(POSTS, posts({"post_id": "x:1"})) == Written(new=1)
        release.join()


def append_many(path: Path, writer: int) -> None:
    store = Store(path)
    for number in range(8):
        mine = {"post_id": f"x:{writer}-{number}"}
        shared = {"post_id": "x:shared", "lang" if writer else "text": "t"}
        store.append(POSTS, posts(mine, shared))


def test_two_writers_lose_nothing(store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=append_many, args=(store.path, n)) for n in (0, 1)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    ids = store.read("posts")["post_id"]
    assert ids.is_unique().all()
    assert len(ids) == 17


# opening


def test_creating_again_opens_what_is_there(store: Store) -> None:
    store.append(POSTS, posts({"post_id": "x:1"}))
    assert Store.create(store.path).read("posts").height == 1


def test_a_directory_with_other_files_is_not_made_a_store(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").touch()
    for path in (tmp_path, tmp_path / "thesis.odt"):
        with pytest.raises(StoreError, match="is not a store; choose another name"):
            Store.create(path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.odt"]


def test_what_is_not_a_store_is_said_to_be_none(tmp_path: Path) -> None:
    assert not is_store(tmp_path)
    with pytest.raises(StoreError, match="is not a store; `groundswell init"):
        Store(tmp_path)
    with pytest.raises(StoreError, match="does not exist; `groundswell init"):
        Store(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "{}", '{"format": "one", "store_id": "s"}', '{"format": 1}']
)
def test_a_damaged_store_file_is_reported(store: Store, text: str) -> None:
    (store.path / "store.json").write_text(text)
    with pytest.raises(StoreError, match=r"store\.json is damaged; restore it from a copy"):
        Store(store.path)


def test_a_newer_format_is_refused(store: Store) -> None:
    path = store.path / "store.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    with pytest.raises(StoreError, match=r"has store format 2, .* install a newer groundswell"):
        Store(store.path)


def test_a_store_says_where_it_is_and_what_it_holds(store: Store) -> None:
    assert repr(store) == f"<Store {store.path} (empty)>"
    store.append(POSTS, posts({"post_id": "x:1"}))
    assert repr(store) == f"<Store {store.path} (posts 0)>"


def test_payloads_are_kept_only_when_everything_is(store: Store, tmp_path: Path) -> None:
    payload = tmp_path / "payload.json"
    payload.write_bytes(b"{}")
    digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert store.keep_payload(payload) == (digest, None)
    kept = settle(store, OPEN).keep_payload(payload)
    assert kept == (digest, f"raw/{digest}")
    assert (store.path / "raw" / digest).read_bytes() == b"{}"


def test_declared_appeals_follow_the_settings(store: Store) -> None:
    store.append(APPEALS, rows(APPEALS, {"appeal_id": "b", "simulated": True}))
    store = settle(store, "[[appeals]]\nid = 'a'\ntitle = 'A'\n[[appeals]]\nid = 'b'\ntitle = 'B'")
    store.declare_appeals()
    told = store.read("appeals", columns=["appeal_id", "title", "simulated"]).sort("appeal_id")
    assert told.rows() == [("a", "A", False), ("b", "B", True)]
    assert store.simulated


# who is public must not change under the data


@pytest.mark.parametrize("table", [POSTS, ACCOUNTS, FOLLOWS])
def test_listing_an_account_after_it_was_written_is_refused(store: Store, table: Table) -> None:
    write_account(store, table, "x:Paper")
    changed = settle(store, PUBLIC.format("x:paper"))
    with pytest.raises(ProtectionError, match=r"the public list changed .* undo the change, or"):
        write_account(changed, table, "x:other")
    write_account(settle(store, ""), table, "x:other")


@pytest.mark.parametrize("table", [POSTS, ACCOUNTS, FOLLOWS])
def test_unlisting_an_account_after_it_was_written_is_refused(store: Store, table: Table) -> None:
    write_account(settle(store, PUBLIC.format("x:Paper")), table, "x:Paper")
    with pytest.raises(ProtectionError, match="the public list changed"):
        write_account(settle(store, ""), table, "x:other")


def write_account(store: Store, table: Table, account: str) -> None:
    told: dict[str, dict[str, Any]] = {
        "posts": {"post_id": f"{account}-post", "account_id": account} | POST,
        "accounts": {"account_id": account, "platform": "x", "role": "person"},
        "follows": {"follower_id": account, "followed_id": "x:0"},
    }
    store.append(table, rows(table, told[table.name]))


def test_listing_an_account_never_met_is_fine(store: Store) -> None:
    write_account(store, POSTS, "x:1")
    changed = settle(store, PUBLIC.format("x:paper"))
    write_account(changed, POSTS, "x:paper")
    assert "x:paper" in changed.read("posts")["account_id"].to_list()
    settle(store, PUBLIC.format("x:paper") + PUBLIC.format("x:new"))
    write_account(Store(store.path), POSTS, "x:paper")


@pytest.mark.parametrize("texts", [("", OPEN), (OPEN, "")])
def test_changing_the_level_after_writing_is_refused(store: Store, texts: tuple[str, str]) -> None:
    before, after = texts
    write_account(settle(store, before), POSTS, "x:1")
    with pytest.raises(ProtectionError, match=r"the protection level changed .* undo the change"):
        write_account(settle(store, after), POSTS, "x:2")
    write_account(settle(store, before), POSTS, "x:2")


def test_changing_the_level_before_anything_was_written_is_fine(store: Store) -> None:
    store.declare_appeals()
    write_account(settle(store, OPEN), POSTS, "x:1")
    assert store.read("posts")["account_id"].to_list() == ["x:1"]


PROFILE = {"account_id": "x:7", "handle": "Paper", "platform": "x", "role": "unknown"}


def test_a_handle_once_learned_stays_learned(store: Store) -> None:
    settle(store, PUBLIC.format("x:@paper")).append(ACCOUNTS, rows(ACCOUNTS, PROFILE))
    later = Store(store.path)
    write_account(later, POSTS, "x:7")
    assert later.read("posts")["account_id"].to_list() == ["x:7"]
    with pytest.raises(ProtectionError, match="the public list changed"):
        write_account(settle(store, ""), POSTS, "x:8")


def test_a_handle_learned_by_another_process_counts_at_once(store: Store) -> None:
    early = settle(store, PUBLIC.format("x:@paper"))
    write_account(early, POSTS, "x:8")
    Store(store.path).append(ACCOUNTS, rows(ACCOUNTS, PROFILE))
    write_account(early, POSTS, "x:7")
    assert "x:7" in early.read("posts")["account_id"].to_list()


def test_a_handle_learned_after_its_account_was_written_is_refused(store: Store) -> None:
    store = settle(store, PUBLIC.format("x:@paper"))
    write_account(store, POSTS, "x:7")
    fact = "x:@paper is an account already written as a pseudonym; .* new store, profiles first"
    with pytest.raises(ProtectionError, match=fact):
        store.append(ACCOUNTS, rows(ACCOUNTS, PROFILE))
    assert store.read("accounts").is_empty()
    write_account(store, POSTS, "x:8")
    assert store.read("posts")["account_id"].str.starts_with("x:~").all()


def test_every_commit_says_which_version_wrote_it(store: Store) -> None:
    store.append(POSTS, posts({"post_id": "x:1"}))
    (commit,) = DeltaTable(str(store.path / "tables" / "posts")).history()
    assert commit["groundswell"] == __version__


@pytest.mark.parametrize("name", ["with a blank", "апелляция", "a+b&c'(e)"])
def test_a_store_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    store = Store.create(tmp_path / name / name)
    rows = POSTS.check(pl.DataFrame([POST | {"post_id": "x:1"}, POST | {"post_id": "x:2"}]))
    for _ in range(2):
        store.append(POSTS, rows)
    assert Store(store.path).read("posts").height == 2


@pytest.mark.parametrize("sign", list("=%#?*[]"))
def test_a_folder_that_tables_cannot_lie_in_is_refused(tmp_path: Path, sign: str) -> None:
    with pytest.raises(StoreError, match="in its path, which tables cannot have; choose another"):
        Store.create(tmp_path / f"a{sign}b")


def test_a_table_that_cannot_be_written_is_one_sentence(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        msg = "Failed to write: No space left on device\nstack backtrace"
        raise DeltaError(msg)

    monkeypatch.setattr(store_module, "write_deltalake", fails)
    with pytest.raises(StoreError, match="No space left on device") as raised:
        store.append(POSTS, posts({"post_id": "x:0"}, at=at(0)))
    assert "\n" not in str(raised.value)


def test_keys_that_join_a_post_to_others_are_united(store: Store) -> None:
    one = {"post_id": "x:0", "object_keys": ["url:a.example"]}
    other = {"post_id": "x:0", "object_keys": ["youtube:v", "url:a.example"]}
    unknown = {"post_id": "x:0"}
    store.append(POSTS, posts(one, at=at(0)))
    assert store.append(POSTS, posts(other, at=at(0))) == Written(completed=1)
    assert store.append(POSTS, posts(other, unknown, one, at=at(0))).completed == 0
    assert store.read("posts")["object_keys"].to_list() == [["url:a.example", "youtube:v"]]
