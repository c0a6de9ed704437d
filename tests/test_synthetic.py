"""The simulated appeal: what it promises, and what must never be in it."""

import subprocess
import sys
from datetime import timedelta
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analytics.errors import MeasureError
from analytics.scenario import COLLECTED, PUBLISHED, STORY, VIDEO
from analytics.synthetic import Simulation, simulate
from analytics.tables import ACCOUNTS, APPEALS, COUNTERS, FOLLOWS, POSTS, RESPONSES, TARGETS
from analytics.truth import TRUE_ACCOUNTS, TRUE_COORDINATION, TRUE_PARENTS, TRUE_RESPONSES

TABLES = (APPEALS, POSTS, ACCOUNTS, COUNTERS, FOLLOWS, RESPONSES)
TRUTHS = {
    "truth": TRUE_PARENTS,
    "true_coordination": TRUE_COORDINATION,
    "true_responses": TRUE_RESPONSES,
    "true_accounts": TRUE_ACCOUNTS,
}
FRAMES = {table.name: table for table in TABLES} | TRUTHS
LOCAL = "6h"  # Almaty was at UTC+6 in 2016

DIGEST = """
from hashlib import sha256
from analytics.synthetic import simulate
made = vars(simulate(posts=3000, seed=11))
print({name: sha256(made[name].write_ndjson().encode()).hexdigest() for name in made})
"""


@cache
def simulation(posts: int = 20_000, seed: int = 5) -> Simulation:
    return simulate(posts=posts, seed=seed)


def with_parents(happened: pl.DataFrame) -> pl.DataFrame:
    """Join what really happened with the time and the depth of its true parent."""
    parents = happened.select("post_id", parent_at="at", parent_depth="depth")
    return happened.filter(pl.col("post_id") != VIDEO).join(
        parents, left_on="parent_id", right_on="post_id", how="left"
    )


@given(posts=st.integers(1, 200), seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_any_size_and_seed_keeps_the_promises(posts: int, seed: int) -> None:
    made = simulate(posts=posts, seed=seed)
    assert made.posts.height == posts
    assert made.posts["at"].min() == PUBLISHED
    assert made.truth["post_id"].is_unique().all()
    assert made.truth["held"].sum() == posts
    children = with_parents(made.truth)
    assert children["parent_at"].null_count() == 0
    assert (children["parent_at"] < children["at"]).all()
    assert (children["depth"] == children["parent_depth"] + 1).all()


@given(posts=st.integers(1, 200), seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=20)
def test_frames_pass_the_check_of_their_table(posts: int, seed: int) -> None:
    made = simulate(posts=posts, seed=seed)
    for name, table in FRAMES.items():
        frame = getattr(made, name)
        assert_frame_equal(table.check(frame), frame)
        assert not frame.select(table.key).is_duplicated().any()


def test_same_seed_same_frames() -> None:
    one, other = (simulate(posts=2000, seed=3) for _ in range(2))
    for name in FRAMES:
        assert_frame_equal(getattr(one, name), getattr(other, name))


def test_another_seed_another_spread_but_the_same_story() -> None:
    one, other = (simulate(posts=2000, seed=seed) for seed in (3, 4))
    assert not one.posts.equals(other.posts)
    assert not one.truth.equals(other.truth)
    assert not one.follows.equals(other.follows)
    assert_frame_equal(one.responses, other.responses)


def test_number_of_cores_changes_nothing() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={"POLARS_MAX_THREADS": cores, "PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True,
            check=True,
        ).stdout
        for cores in ("1", "3")
    }
    assert len(digests) == 1


def test_fewer_than_one_post_is_refused() -> None:
    with pytest.raises(MeasureError, match="cannot simulate 0 posts; ask for at least 1"):
        simulate(posts=0, seed=1)


def test_appeal_is_labelled_simulated() -> None:
    appeals = simulate(posts=10, seed=1, appeal_id="lesson").appeals
    assert appeals["simulated"].to_list() == [True]
    assert appeals["appeal_id"].to_list() == ["lesson"]


def test_mix_of_platforms() -> None:
    counts = dict(simulation().posts["platform"].value_counts().iter_rows())
    shares = {platform: count / 20_000 for platform, count in counts.items()}
    assert shares == pytest.approx(
        {"x": 0.545, "bluesky": 0.1, "telegram": 0.2, "youtube": 0.14, "web": 0.015}, abs=0.001
    )


def test_the_video_comes_first_and_nothing_after_the_collection() -> None:
    posts = simulation().posts
    assert posts["post_id"][0] == VIDEO
    assert (posts["at"][1:] > PUBLISHED).all()
    assert (posts["at"] < COLLECTED).all()


def test_links_join_by_the_object_alone() -> None:
    links = simulation().posts.filter(
        pl.col("kind").is_in(["original", "article"]), pl.col("post_id") != VIDEO
    )
    assert links["object_keys"].to_list() == [[VIDEO]] * links.height
    assert links.select("parent_id", "basis", "root_id").null_count().row(0) == (links.height,) * 3


@pytest.mark.parametrize("platform", ["x", "telegram"])
def test_reposts_hide_the_parent_that_the_truth_knows(platform: str) -> None:
    reposts = simulation().posts.filter(platform=platform, kind="repost")
    assert reposts.select("parent_id", "basis").null_count().row(0) == (reposts.height,) * 2
    assert reposts["root_id"].null_count() == 0
    true = reposts.join(simulation().truth, on="post_id", suffix="_true")
    assert true["parent_id_true"].null_count() == 0
    assert (true["parent_id_true"] != true["root_id"]).sum() > reposts.height / 5


def test_what_is_observed_is_true() -> None:
    observed = simulation().posts.filter(basis="observed")
    true = observed.join(simulation().truth, on="post_id", suffix="_true")
    assert (true["parent_id"] == true["parent_id_true"]).all()
    assert set(observed["kind"]) == {"quote", "reply", "comment", "repost"}
    assert set(observed.filter(kind="repost")["platform"]) == {"bluesky"}


def test_nobody_reposts_one_original_twice() -> None:
    reposts = simulation().posts.filter(platform="x", kind="repost")
    assert not reposts.select("root_id", "account_id").is_duplicated().any()


def test_the_collector_missed_some_reposts_and_some_hours_of_telegram() -> None:
    missed = simulation().truth.filter(~pl.col("held"))
    on_x = missed.filter(pl.col("post_id").str.starts_with("x:"))
    on_telegram = missed.filter(pl.col("post_id").str.starts_with("telegram:"))
    reposts = simulation().posts.filter(platform="x", kind="repost").height
    assert on_x.height + on_telegram.height == missed.height
    assert on_x.height / (reposts + on_x.height) == pytest.approx(0.08, abs=0.01)
    assert (
        on_telegram["at"]
        .is_between(PUBLISHED + timedelta(hours=66), PUBLISHED + timedelta(hours=72))
        .all()
    )


def test_counters_rise_and_are_never_negative() -> None:
    counters = simulation().counters.sort("observed_at")
    steps = counters.select(pl.col("value").diff().over("post_id", "metric")).to_series()
    assert steps.drop_nulls().min() == 0
    assert counters["value"].min() == 0


def test_shown_reposts_exceed_what_is_held() -> None:
    last = simulation().counters.filter(metric="reposts").sort("observed_at")
    shown = last.group_by("post_id").agg(pl.col("value").last())
    held = simulation().posts.filter(platform="x", kind="repost").group_by("root_id").len()
    both = shown.join(held, left_on="post_id", right_on="root_id")
    assert (both["len"] <= both["value"]).all()
    total = both.select(share=pl.col("len").sum() / pl.col("value").sum())
    assert total["share"].item() == pytest.approx(0.92, abs=0.01)


def test_cascades_have_a_heavy_tail() -> None:
    reposts = simulation().posts.filter(platform="x", kind="repost")
    sizes = reposts["root_id"].value_counts()["count"].sort().to_list()
    assert sizes[-1] > 50 * sizes[len(sizes) // 2]


def test_nights_are_quieter_than_evenings() -> None:
    hour = simulation().posts["at"].dt.offset_by(LOCAL).dt.hour()
    night, evening = (hour.is_between(*hours).sum() for hours in ((2, 4), (19, 21)))
    assert 0 < night < evening / 8


def test_numbers_of_accounts_are_plausible() -> None:
    accounts = simulation().accounts
    posts = simulation().posts
    assert accounts["account_id"].is_unique().all()
    assert set(accounts["account_id"]) == set(posts["account_id"])
    assert 0 < accounts["followers"].null_count() < accounts.height
    for column in ("followers", "following", "posts"):
        assert (accounts[column].drop_nulls() >= 0).all()
    assert (accounts["created_at"].drop_nulls() < PUBLISHED).all()


def test_only_invented_institutions_have_names_and_words() -> None:
    accounts = simulation().accounts
    named = accounts.filter(pl.col("name").is_not_null())
    assert set(named["role"]) == {"media", "ngo", "official"}
    assert named["name"].str.contains(r"^(News|Legal aid group|Public office) \d+$").all()
    assert (
        accounts.filter(role="person")["handle"].null_count()
        == accounts.filter(role="person").height
    )
    speakers = (
        simulation().posts.filter(pl.col("text").is_not_null()).join(accounts, on="account_id")
    )
    assert set(speakers["role"]) == {"media", "official"}


def test_hosts_are_reserved_for_examples() -> None:
    posts = simulation().posts
    hosts = pl.concat([posts["urls"].explode(), posts["post_id"]]).str.extract(r"https://([^/]+)")
    assert hosts.drop_nulls().str.ends_with(".example").all()


def test_responses_follow_the_story() -> None:
    responses = simulation().responses
    assert responses.height == len(STORY) == 9
    assert (responses["from"] < responses["to"]).all()
    assert responses["reported_at"].is_between(responses["from"], COLLECTED).all()
    assert set(responses["target"]) <= set(TARGETS)
    assert responses["rung"].null_count() == responses.height
    before = responses.filter(pl.col("from") < PUBLISHED)
    assert before["verb_code"].to_list() == ["0841"]
    assert (before["to"] < PUBLISHED).all()


def test_both_branches_of_the_ladder_show() -> None:
    after = simulation().responses.filter(pl.col("from") >= PUBLISHED)
    assert after["verb_code"].to_list() == ["12", "010", "030", "09", "173", "091", "09", "010"]
    assert after["target"][0] == "appellant"
    assert after.filter(verb_code="173")["target"].to_list() == ["accused"]
