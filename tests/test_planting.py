"""What is planted is there, what is innocent is not like it, and the truth says which is which."""

from collections import Counter
from functools import cache
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analytics.responses import with_rungs
from analytics.scenario import STORY, UNREPORTED
from analytics.synthetic import Simulation, simulate
from analytics.tables import SHARES

WINDOW = 60  # seconds, in which a measure would look
Pair = tuple[str, ...]


@cache
def simulation(posts: int = 20_000, seed: int = 5) -> Simulation:
    return simulate(posts=posts, seed=seed)


def together(posts: pl.DataFrame) -> Counter[Pair]:
    """Count, pair by pair of accounts, the originals that both reposted within the window."""
    found: Counter[Pair] = Counter()
    reposts = posts.filter(kind="repost").sort("at").group_by("root_id", maintain_order=True)
    for _, group in reposts:
        events = group.select("account_id", pl.col("at").dt.epoch("s")).rows()
        for n, (account, at) in enumerate(events):
            for other, later in events[n + 1 :]:
                if later - at > WINDOW:
                    break
                found[tuple(sorted((account, other)))] += 1
    return found


def pairs_of(sets: pl.DataFrame) -> set[Pair]:
    return {
        pair
        for accounts in sets.group_by("set").agg(pl.col("account_id").unique().sort())["account_id"]
        for pair in combinations(accounts, 2)
    }


@pytest.mark.parametrize("seed", range(3))
def test_groups_share_together_again_and_again_and_nobody_else_does(seed: int) -> None:
    made = simulation(seed=seed)
    counted = together(made.posts.filter(pl.col("platform").is_in(["x", "bluesky"])))
    true = made.true_coordination
    grouped = pairs_of(true.filter("coordinated"))
    innocent = pairs_of(true.filter(~pl.col("coordinated")))
    assert min(counted[pair] for pair in grouped) >= 5
    assert {counted[pair] for pair in innocent} == {1}
    often = {pair for pair, times in counted.items() if times >= 4}
    assert often == grouped
    once = sum(times == 1 for pair, times in counted.items() if pair not in grouped)
    assert once > 5 * len(grouped)  # so that to have shared together once says little


@given(posts=st.integers(1, 4000), seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=30)
def test_what_is_planted_keeps_its_promises(posts: int, seed: int) -> None:
    made = simulate(posts=posts, seed=seed)
    true = made.true_coordination
    assert made.posts.height == posts
    assert true.height <= posts / 10
    assert (true.group_by("account_id").agg(pl.col("set").n_unique())["set"] == 1).all()
    by_set = true.group_by("set", "coordinated").agg(
        accounts=pl.col("account_id").n_unique(), objects=pl.col("object_id").n_unique(),
        reposts=pl.len(),
    )  # fmt: skip
    assert by_set["accounts"].is_between(4, 6).all()
    assert (by_set["reposts"] == by_set["accounts"] * by_set["objects"]).all()
    assert by_set.filter("coordinated")["objects"].is_between(5, 8).all()
    assert (by_set.filter(~pl.col("coordinated"))["objects"] == 1).all()
    width = true.group_by("set", "object_id").agg(pl.col("at").max() - pl.col("at").min())["at"]
    assert (width.dt.total_seconds() <= 45).all()


def test_there_are_groups_on_both_platforms_and_twice_as_many_bursts() -> None:
    sets = simulation().true_coordination.select("platform", "set", "coordinated").unique()
    counted = sets.group_by("platform", bursts=~pl.col("coordinated")).len()
    count = {(platform, bursts): n for platform, bursts, n in counted.iter_rows()}
    assert set(count) == {(name, bursts) for name in ("x", "bluesky") for bursts in (False, True)}
    for name in ("x", "bluesky"):
        assert count[name, True] == 2 * count[name, False] >= 2


def test_what_is_planted_is_held_and_stands_in_the_trees() -> None:
    made = simulation()
    true = made.true_coordination
    posts = made.posts.join(true, on=["post_id", "account_id", "at", "platform"])
    assert posts.height == true.height
    assert set(posts["kind"]) == {"repost"}
    assert (posts["root_id"] == posts["object_id"]).all()
    placed = made.truth.join(true, on="post_id")
    assert (placed["parent_id"] == placed["object_id"]).all()
    assert (placed["root_id"] == placed["object_id"]).all()
    assert not made.truth["parent_id"].is_in(true["post_id"].implode()).any()


def test_no_id_and_no_number_gives_the_groups_away() -> None:
    """Their members are drawn from all persons: most post nothing else, and some do."""
    made = simulation()
    grouped = made.true_accounts.filter(pl.col("group").is_not_null())
    planted = made.true_coordination.filter("coordinated")
    assert dict(grouped.select("account_id", "group").iter_rows()) == dict(
        planted.select("account_id", "set").iter_rows()
    )
    assert set(grouped["role"]) == {"person"}
    assert grouped["posts"].sum() > planted.height
    numbers = grouped["account_id"].str.extract(r"(\d+)$").cast(pl.Int64)
    low, high = np.percentile(numbers.to_numpy(), [10, 90])
    assert high > 5 * low


@pytest.mark.parametrize("platform", ["x", "bluesky", "telegram"])
def test_nobody_reposts_one_original_twice_or_themselves(platform: str) -> None:
    reposts = simulation().posts.filter(platform=platform, kind="repost")
    assert not reposts.select("root_id", "account_id").is_duplicated().any()
    assert (reposts["root_account_id"] != reposts["account_id"]).all()


def test_bluesky_tells_through_which_repost_another_came_and_no_other_parent() -> None:
    made = simulation()
    kinds = made.truth.select(parent_id="post_id", parent_kind="kind")
    true = made.truth.join(kinds, on="parent_id").select("post_id", "parent_id", "parent_kind")
    reposts = made.posts.filter(platform="bluesky", kind="repost").join(
        true, on="post_id", suffix="_true"
    )
    through = reposts.filter(parent_kind="repost")
    told = through.filter(pl.col("parent_id").is_not_null())
    assert (told["parent_id"] == told["parent_id_true"]).all()
    assert (told["parent_id"] != told["root_id"]).all()
    assert set(told["basis"]) == {"observed"}
    assert told.height / through.height == pytest.approx(0.9, abs=0.03)
    direct = reposts.filter(pl.col("parent_kind") != "repost")
    assert direct.select("parent_id", "parent_account_id", "basis").null_count().row(0) == (
        (direct.height,) * 3
    )
    assert (direct["parent_id_true"] == direct["root_id"]).all()


def test_most_sharers_follow_whom_they_had_it_from() -> None:
    made = simulation()
    listed = made.true_accounts.filter("listed")
    true = made.truth.filter("held", pl.col("kind").is_in(SHARES)).select(
        follower_id="account_id", followed_id="parent_account_id"
    )
    known = true.unique().join(listed, left_on="follower_id", right_on="account_id", how="semi")
    followed = known.join(made.follows, on=["follower_id", "followed_id"], how="semi")
    assert followed.height / known.height == pytest.approx(0.8, abs=0.03)
    assert made.follows.height / listed.height == pytest.approx(11, abs=2)  # the source, and others


def test_follow_lists_are_of_a_sample_of_the_sharers() -> None:
    made = simulation()
    listed = made.true_accounts.filter("listed")
    assert set(made.follows["follower_id"]) <= set(listed["account_id"])
    assert (made.follows["follower_id"] != made.follows["followed_id"]).all()
    assert not made.follows.is_duplicated().any()
    sharers = made.posts.filter(pl.col("kind").is_in(SHARES)).select("account_id", "platform")
    share = {
        name: listed.filter(platform=name).height
        / sharers.filter(platform=name)["account_id"].n_unique()
        for name in ("x", "bluesky", "telegram")
    }
    assert share == pytest.approx({"x": 0.1, "bluesky": 0.4, "telegram": 0.0}, abs=0.03)


@pytest.mark.parametrize("seed", range(5))
def test_acts_were_done_when_the_record_says_that_they_can_have_been(seed: int) -> None:
    made = simulation(100, seed)
    true = made.true_responses
    both = made.responses.join(true, on="response_id", suffix="_true")
    assert both.height == len(STORY) == made.responses.height
    assert (both["at"] >= both["from"]).all()
    assert (both["at"] < both["to"]).all()
    assert (both["at"] < both["reported_at"]).all()
    for column in ("from", "to", "verb_code", "target", "reported_at"):
        assert (both[column] == both[f"{column}_true"]).all()
    assert with_rungs(made.responses)["rung"].to_list() == both["rung_true"].to_list()
    assert 0 < true["news"].sum() < 1


def test_an_act_that_nobody_reported_is_in_the_truth_alone() -> None:
    made = simulation()
    unknown = made.true_responses.filter(~pl.col("recorded"))
    assert unknown.height == len(UNREPORTED) == 1
    assert unknown.select("from", "to", "reported_at").null_count().row(0) == (1, 1, 1)
    assert not unknown["response_id"].is_in(made.responses["response_id"].implode()).any()


def test_true_times_differ_by_seed_and_nothing_else_of_the_acts() -> None:
    one, other = (simulation(100, seed).true_responses for seed in (1, 2))
    assert (one["at"] != other["at"]).all()
    assert_frame_equal(one.drop("at"), other.drop("at"))


def test_true_accounts_are_all_who_posted() -> None:
    made = simulation()
    counted = made.truth.group_by("account_id").agg(
        posts=pl.len().cast(pl.Int64), held=pl.col("held").sum().cast(pl.Int64)
    )
    found = made.true_accounts.select("account_id", "posts", "held")
    assert_frame_equal(found.sort("account_id"), counted.sort("account_id"))
    shown = made.accounts.select("account_id", "followers").drop_nulls()
    both = shown.join(made.true_accounts, on="account_id", suffix="_true")
    assert both.height == shown.height
    assert (both["followers"] == both["followers_true"]).all()
