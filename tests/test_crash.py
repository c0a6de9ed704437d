"""A process killed at any moment leaves a store with everything acknowledged in it, once.

Run as a script, this file is the writer: it appends batch after batch and says when each is done.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from strategies import at, rows

from analytics.merging import Written
from analytics.schema import Table
from analytics.store import Batch, Store
from analytics.tables import ACCOUNTS, COUNTERS, POSTS

KILLS = 20
LONGEST = 0.5  # seconds from the first acknowledgement to the kill
SIZE = 5
TABLES = (POSTS, ACCOUNTS, COUNTERS)


def batch(number: int) -> Iterator[tuple[Table, pl.DataFrame]]:
    """Return the pages of one batch; its posts complete some of the batch before."""
    ids = [f"x:{number}-{i}" for i in range(SIZE)]
    post = {"appeal_id": "a", "platform": "x", "kind": "original", "source": "crash"}
    late = [{"post_id": f"x:{number - 1}-{i}", "at": at(24 * (number % 3))} for i in range(2)]
    new = [
        {"post_id": post_id, "at": None if i < 2 else at(number)} for i, post_id in enumerate(ids)
    ]
    yield POSTS, rows(POSTS, *new, *(late if number else []), **post)
    account = {"platform": "x", "role": "person", "observed_at": at(number)}
    yield ACCOUNTS, rows(ACCOUNTS, *({"account_id": i} for i in ids), **account)
    number_shown = {"metric": "views", "value": number, "definition": "d"}
    yield COUNTERS, rows(COUNTERS, *({"post_id": i} for i in ids), **number_shown)


def write(path: Path, start: int) -> None:
    """Append batches until killed; after each table of a batch, say so."""
    store = Store(path)
    number = start
    while True:
        for table, page in batch(number):
            store.append(table, page, batch=Batch("crash", number))
            sys.stdout.write(f"{table.name} {number}\n")
            sys.stdout.flush()
        if number % 10 == 9:
            store.compact()
        number += 1


def killed(path: Path, start: int, after: float) -> dict[str, int]:
    """Run a writer, kill it some seconds after its first word, and return what it acknowledged."""
    command = [sys.executable, __file__, str(path), str(start)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        first = writer.stdout.readline()
        time.sleep(after)
        writer.kill()
        said = [first, *writer.stdout.read().splitlines(keepends=True)]
    whole = [line.split() for line in said if line.endswith("\n")]
    assert whole, "the writer died before it wrote anything"
    return {name: int(number) for name, number in whole}


def numbers(store: Store, table: Table) -> set[int]:
    """Return the batches that are in a table, having checked that each is whole and there once."""
    frame = store.read(table.name)
    assert not frame.select(table.key).is_duplicated().any()
    name = "post_id" if table is not ACCOUNTS else "account_id"
    if table is ACCOUNTS:  # pseudonyms; the time tells the batch
        counts = frame["observed_at"].value_counts()
        found = {int((time - at(0)).total_seconds() // 3600): n for time, n in counts.iter_rows()}
    else:
        told = frame[name].str.extract(r"^x:(\d+)-").cast(pl.Int64).alias("n")
        found = dict(told.value_counts().iter_rows())
    assert set(found.values()) <= {SIZE}, f"{table.name} holds part of a batch"
    return {*found}


def assert_completed(store: Store, last: int) -> None:
    """Every batch but the last has had its unknown times filled by the next."""
    posts = store.read("posts", columns=["post_id", "at"])
    assert posts.filter(pl.col("at").is_null()).height == 2
    assert posts.filter(pl.col("post_id").str.starts_with(f"x:{last}-"))["at"].null_count() == 2


def test_a_writer_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    path = Store.create(tmp_path / "s").path
    moment = np.random.default_rng(7)
    acknowledged = dict.fromkeys((table.name for table in TABLES), -1)
    for _ in range(KILLS):
        start = min(acknowledged.values()) + 1  # what is half done comes again
        acknowledged |= killed(path, start, moment.uniform(0, LONGEST))
        store = Store(path)
        for table in TABLES:
            there = numbers(store, table)
            assert {*range(acknowledged[table.name] + 1)} <= there
            assert len(there) <= acknowledged[table.name] + 2, "nobody sent that batch"
            acknowledged[table.name] = max(there)
        assert_completed(store, acknowledged["posts"])
    assert min(acknowledged.values()) >= KILLS // 2  # it went on, however slow the machine
    replay(store, acknowledged)


def replay(store: Store, acknowledged: dict[str, int]) -> None:
    """Send everything again, as numbered batches and as plain pages: nothing changes."""
    before = {table.name: store.read(table.name) for table in TABLES}
    versions = store.versions()
    for number in range(min(acknowledged.values()) + 1):
        for table, page in batch(number):
            again = Batch("crash", number)
            assert store.append(table, page, batch=again) == Written(held=page.height)
            assert store.append(table, page).new == 0
    assert store.versions() == versions
    for name, frame in before.items():
        assert store.read(name).equals(frame)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
