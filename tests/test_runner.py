"""A run measures everything once, and again only when something changed."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from strategies import at, rows

from analytics import __version__, runner
from analytics.catalog import TABLES
from analytics.errors import MeasureError
from analytics.runner import measure
from analytics.store import Store
from analytics.synthetic import simulate
from analytics.tables import ACCOUNTS, APPEALS, COUNTERS, POSTS, RESPONSES, SHARES

COMMON = {"appeal_id": "appeal", "platform": "x", "source": "test"}
ACT = {"response_id": "r", "appeal_id": "appeal", "actor": "police", "verb_code": "09"}
MEASURED = {name for name, t in TABLES.items() if t.measured and not t.on_request}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.create(tmp_path / "s")
    share(store, 1)
    return store


def share(store: Store, number: int) -> None:
    original = {"post_id": "x:0", "kind": "original", "at": at(0)}
    repost = {"post_id": f"x:{number}", "kind": "repost", "root_id": "x:0", "at": at(number)}
    store.append(POSTS, rows(POSTS, original, repost, **COMMON))


def respond(store: Store, **changes: Any) -> None:  # noqa: ANN401
    store.append(RESPONSES, rows(RESPONSES, ACT | {"from": at(24), "to": at(48)} | changes))


def test_a_run_writes_every_measured_table(store: Store) -> None:
    said: list[str] = []
    run = measure(store, report=said.append)
    assert run.rows.keys() == {*said} == MEASURED
    assert run.rows == {name: store.read(name).height for name in MEASURED}
    assert store.read("cascades")["size"].to_list() == [2]
    assert not run.skipped


def test_what_is_stated_of_an_audience_is_measured_anew(store: Store) -> None:
    measure(store)
    assert measure(store).skipped
    path = store.path / "groundswell.toml"
    told = '[reach.x]\npopulation = 500\npopulation_source = "s"\npopulation_date = 2026-01-31\n'
    path.write_text(path.read_text(encoding="utf-8") + told, encoding="utf-8")
    assert not measure(Store(store.path)).skipped
    assert set(store.read("reach")["population"]) == {500}


def test_a_run_is_noted_with_the_versions_it_read(store: Store) -> None:
    measure(store)
    (note,) = store.read("runs").to_dicts()
    assert json.loads(note["inputs"]) == {
        "appeals": 0, "posts": 0, "seed": 0, "trees": 100, "audiences": [],
        "clocks": [[], {}], "day": None,
    }  # fmt: skip
    assert (note["engine"], note["version"]) == ("local", __version__)
    assert note["seconds"] > 0


def test_a_second_run_is_skipped_when_nothing_changed(store: Store) -> None:
    respond(store)
    measure(store)
    before = store.versions()
    again = measure(store)
    assert again.skipped
    assert again.rows == {}
    assert measure(Store(store.path)).skipped
    assert store.versions() == before


def test_force_measures_again(store: Store) -> None:
    first = measure(store)
    again = measure(store, force=True)
    assert not again.skipped
    assert again.rows == first.rows
    assert store.read("runs").height == 2


def test_new_data_are_measured(store: Store) -> None:
    measure(store)
    share(store, 2)
    assert not measure(store).skipped
    assert store.read("cascades")["size"].to_list() == [3]
    share(store, 2)  # nothing new
    assert measure(store).skipped


def test_a_new_declaration_is_measured(store: Store) -> None:
    respond(store)
    measure(store)
    assert store.read("lags")["clock_basis"].to_list() == ["first_post"]
    declared = '[[appeals]]\nid = "appeal"\npublished_at = 2026-04-30T00:00:00Z\n'
    (store.path / "groundswell.toml").write_text(declared)
    store = Store(store.path)
    assert not measure(store).skipped
    assert store.read("lags").select("clock_basis", "lag_lo").rows() == [("published", 48.0)]


def test_another_version_measures_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    measure(store)
    monkeypatch.setattr(runner, "__version__", "9.9.9")
    assert not measure(store).skipped


def test_a_table_that_is_missing_is_made_again(store: Store) -> None:
    measure(store)
    folder = store.path / "tables" / "lags"
    folder.rename(store.path / "lags-moved-away")
    assert not measure(store).skipped


def test_responses_are_placed_on_the_ladder(store: Store) -> None:
    respond(store, rung=6)
    measure(store)
    assert store.read("responses")["rung"].to_list() == [3]
    assert store.read("lags").select("rung", "lag_lo", "lag_hi").rows() == [(3, 24.0, 48.0)]


def test_responses_alone_can_be_measured(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "only")
    respond(store)
    assert measure(store).rows["lags"] == 1
    assert store.read("lags")["lag_lo"].to_list() == [None]


def test_an_empty_store_cannot_be_measured(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "empty")
    with pytest.raises(MeasureError, match="holds no posts yet; begin with `groundswell import"):
        measure(store)
    assert "runs" not in store.versions()


def test_an_unknown_engine_is_refused(store: Store) -> None:
    with pytest.raises(MeasureError, match="there is no engine 'hadoop'; choose one of: local"):
        measure(store, engine="hadoop")


def test_cascades_of_a_simulated_appeal_are_what_counting_gives(tmp_path: Path) -> None:
    made = simulate(posts=3000, seed=2)
    store = Store.create(tmp_path / "simulated", appeal_id="simulated")
    for table in (APPEALS, ACCOUNTS, POSTS, COUNTERS, RESPONSES):
        store.append(table, getattr(made, table.name))
    measure(store)
    found = store.read("cascades")
    assert dict(found.select("root_id", "size").iter_rows()) == counted(store.read("posts"))
    assert sorted(found["size"]) == sorted(counted(made.posts).values())  # pseudonyms aside
    assert max(found["size"]) > 10
    assert found["shares"].sum() == made.posts["kind"].is_in(SHARES).sum()


def counted(posts: pl.DataFrame) -> Counter[str]:
    """Count the posts under each root, one walk up after another."""
    held = {post["post_id"]: post for post in posts.to_dicts()}
    sizes: Counter[str] = Counter()
    for name in held:
        root = name
        while root in held and held[root]["kind"] in SHARES:
            root = held[root]["parent_id"] or held[root]["root_id"]
        sizes[root] += 1
    for root in [*sizes]:
        sizes[root] += root not in held  # what is only referred to is in its cascade too
    return sizes
