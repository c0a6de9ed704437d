"""The simulator as a source: a store filled with one simulated appeal, through the usual door.

What is true of it lies beside the tables as Parquet files, ``STORE/truth/``, under the same
pseudonyms. No measure reads them.
"""

import shutil
from pathlib import Path

import msgspec
import polars as pl

from analytics.errors import StoreError
from analytics.protection import key_path
from analytics.responses import with_rungs
from analytics.schema import Table
from analytics.settings import Appeal, PublicActor, Settings
from analytics.store import Store, is_store
from analytics.synthetic import Simulation, simulate
from analytics.tables import ACCOUNTS, APPEALS, COUNTERS, FOLLOWS, POSTS, RESPONSES
from analytics.truth import TRUE_ACCOUNTS, TRUE_COORDINATION, TRUE_PARENTS, TRUE_RESPONSES, TRUTH

_NAMED = ("media", "ngo", "official")
_REASON = "invented by the simulator; nobody real"
_ABOUT = """What really happened in this simulated appeal, for holding measures against it; none of
them reads it. The columns are in docs/tables.md, the law of the spread in docs/simulation.md.

"""
_HEADER = "# Written by the simulator. Everything in this store is invented.\n\n"


def write_simulation(path: Path, *, posts: int, seed: int) -> Store:
    """Make a store that holds one simulated appeal; an older simulation there is replaced.

    What is true of it is written into ``truth/`` in the store: the tables of
    ``analytics.tables.TRUTH``, a Parquet file each.

    Raises
    ------
    StoreError
        The path holds a store with real data, or other files.
    """
    _clear(path)
    simulation = simulate(posts=posts, seed=seed)
    store = Store.create(path)
    text = msgspec.toml.encode(_settings(simulation)).decode()
    (path / "groundswell.toml").write_text(_HEADER + text, encoding="utf-8")
    store.append(APPEALS, simulation.appeals)
    store.append(ACCOUNTS, simulation.accounts)
    store.append(POSTS, simulation.posts)
    store.append(COUNTERS, simulation.counters)
    store.append(FOLLOWS, simulation.follows)
    store.append(RESPONSES, with_rungs(simulation.responses))
    _tell(store, simulation)
    return store


def _tell(store: Store, simulation: Simulation) -> None:
    """Write the truth beside the tables, its accounts named as there."""
    (store.path / "truth").mkdir()
    for table, frame in _truths(simulation):
        rows = store.protector.protect(table, table.check(frame))
        rows.write_parquet(store.path / f"{table.name}.parquet")
    lines = [
        f"- `{name.removeprefix('truth/')}.parquet`: {table.row}\n" for name, table in TRUTH.items()
    ]
    (store.path / "truth" / "README.md").write_text(_ABOUT + "".join(lines), encoding="utf-8")


def _truths(simulation: Simulation) -> list[tuple[Table, pl.DataFrame]]:
    return [
        (TRUE_PARENTS, simulation.truth),
        (TRUE_COORDINATION, simulation.true_coordination),
        (TRUE_RESPONSES, simulation.true_responses),
        (TRUE_ACCOUNTS, simulation.true_accounts),
    ]


def _clear(path: Path) -> None:
    if not is_store(path):
        return
    store = Store(path)
    if not _is_ours(store):
        msg = f"{path} is a store that the simulator did not make; choose another directory"
        raise StoreError(msg)
    key_path(store.store_id).unlink(missing_ok=True)
    shutil.rmtree(path)


def _is_ours(store: Store) -> bool:
    """Return whether a store holds a simulation, perhaps an unfinished one, and nothing else."""
    told = store.path / "groundswell.toml"
    ours = told.is_file() and told.read_text(encoding="utf-8").startswith(_HEADER)
    return ours and store.read("imports").is_empty()


def _settings(simulation: Simulation) -> Settings:
    """Declare the appeal, and the invented institutions as public actors."""
    told = simulation.appeals.row(0, named=True)
    appeal = {name: told[name] for name in Appeal.__struct_fields__ if name in told}
    named = simulation.accounts.filter(pl.col("role").is_in(_NAMED)).unique(
        "account_id", maintain_order=True
    )
    return Settings(
        appeals=[Appeal(id=told["appeal_id"], **appeal)],
        public=[
            PublicActor(account=account, role=role, reason=_REASON, source="simulated")
            for account, role in named.select("account_id", "role").iter_rows()
        ],
    )
