"""A store that the simulator makes, and the truth beside its tables."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from simulating import simulated

from analytics import Store, measure
from analytics.catalog import TABLES
from analytics.synthetic import simulate
from analytics.truth import TRUTH

PRIVATE = "(?:person|viewer|channel)-"  # what ids of private accounts have in the simulator


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with simulated(tmp_path_factory.mktemp("truth"), posts=3_000, seed=4) as made:
        yield made


def truth(store: Store, name: str) -> pl.DataFrame:
    return pl.read_parquet(store.path / "truth" / f"{name}.parquet")


@pytest.mark.parametrize("name", TRUTH)
def test_every_truth_is_a_file_with_the_columns_that_are_documented(
    store: Store, name: str
) -> None:
    held = pl.read_parquet(store.path / f"{name}.parquet")
    assert held.height
    assert held.schema == TRUTH[name].schema
    assert not held.select(TRUTH[name].key).is_duplicated().any()
    about = (store.path / "truth" / "README.md").read_text(encoding="utf-8")
    assert f"`{name.removeprefix('truth/')}.parquet`" in about


def test_the_truth_joins_the_posts_of_the_store(store: Store) -> None:
    columns = ["appeal_id", "post_id", "platform", "account_id", "kind", "at"]
    held = truth(store, "parents").filter("held").select(columns).sort("post_id")
    assert_frame_equal(held, store.read("posts").select(columns).sort("post_id"))


@pytest.mark.parametrize("column", ["parent_id", "parent_account_id"])
def test_what_is_observed_in_the_store_is_true(store: Store, column: str) -> None:
    observed = store.read("posts").filter(pl.col(column).is_not_null())
    both = observed.join(truth(store, "parents"), on="post_id", suffix="_true")
    assert both.height == observed.height > 100
    assert {"bluesky", "x"} <= set(both["platform"])
    assert (both[column] == both[f"{column}_true"]).all()


def test_true_parents_that_are_held_are_posts_of_the_store(store: Store) -> None:
    parents = truth(store, "parents")
    missed = parents.filter(~pl.col("held"))["post_id"]
    known = pl.concat([store.read("posts")["post_id"], missed])
    for column in ("parent_id", "root_id"):
        assert parents[column].drop_nulls().is_in(known.implode()).all()


def test_the_truth_joins_accounts_follows_and_responses(store: Store) -> None:
    accounts = truth(store, "accounts")
    everybody = accounts["account_id"].implode()
    assert store.read("accounts")["account_id"].is_in(everybody).all()
    follows = store.read("follows")
    assert follows.height
    assert follows["followed_id"].is_in(everybody).all()
    listed = accounts.filter("listed")["account_id"].implode()
    assert follows["follower_id"].is_in(listed).all()
    recorded = truth(store, "responses").filter("recorded").select("response_id", "from", "rung")
    responses = store.read("responses").select("response_id", "from", "rung")
    assert_frame_equal(recorded, responses, check_row_order=False)


def test_what_is_planted_joins_the_store(store: Store) -> None:
    planted = truth(store, "coordination")
    posts = store.read("posts").join(planted, on=["post_id", "account_id", "at"])
    assert posts.height == planted.height > 50
    assert (posts["root_id"] == posts["object_id"]).all()


def test_private_accounts_have_pseudonyms_in_the_truth_too(store: Store) -> None:
    made = simulate(posts=3_000, seed=4)
    assert made.truth["account_id"].str.contains(PRIVATE).any()
    for name, table in TRUTH.items():
        held = pl.read_parquet(store.path / f"{name}.parquet")
        for column, told in table.columns.items():
            if told.holds:
                assert not held[column].drop_nulls().str.contains(PRIVATE).any(), (name, column)


def test_no_measure_reads_the_truth(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDSWELL_KEYS", str(store.path.parent / "keys"))
    measured = [name for name, table in TABLES.items() if table.measured]
    with_truth = {name: store.read(name) for name in measured}
    shutil.move(store.path / "truth", store.path.parent / "elsewhere")
    try:
        measure(store, force=True)
    finally:
        shutil.move(store.path.parent / "elsewhere", store.path / "truth")
    for name, before in with_truth.items():
        assert_frame_equal(store.read(name), before, check_row_order=False)


def test_a_new_simulation_replaces_the_truth_of_the_older_one(tmp_path: Path) -> None:
    with simulated(tmp_path, posts=300, seed=1), simulated(tmp_path, posts=200, seed=1) as newer:
        assert truth(newer, "parents")["held"].sum() == 200
