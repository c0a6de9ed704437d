"""Bands over drawn trees: the same on any number of cores, and honest about dirty data."""

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import at, frames, rows

from analytics import diffusion, parents
from analytics.coverage import coverage
from analytics.diffusion import all_shapes, shapes, with_likeliest
from analytics.growth import growth, placed
from analytics.measured import PARENT_MODELS
from analytics.models import chosen, pdi
from analytics.stars import stars
from analytics.tables import ACCOUNTS, COUNTERS, FOLLOWS, POSTS
from analytics.trees import shares
from analytics.virality import cascades

COMMON = {"appeal_id": "a", "platform": "x", "source": "test"}
CHOOSE = chosen(PARENT_MODELS.empty())
NOBODY = ACCOUNTS.empty()


def star(n: int, *, name: str = "r", step: float = 1.0, **changes: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return an original and reposts of it whose parents are hidden, some at the same time."""
    top = {"post_id": f"x:{name}", "kind": "original", "at": at(0)}
    below = [
        {
            "post_id": f"x:{name}{k:06}", "kind": "repost", "root_id": f"x:{name}",
            "account_id": f"x:account{k}", "at": at(0) + timedelta(minutes=step * (k // 2)),
        } | changes
        for k in range(1, n)
    ]  # fmt: skip
    return [top, *below]


def found(posts: pl.DataFrame, trees: int = 30) -> pl.DataFrame:
    return all_shapes(posts, shares(posts), NOBODY, choose=CHOOSE, trees=trees)[0]


def test_a_hidden_cascade_has_a_star_a_grid_and_a_band() -> None:
    posts = rows(POSTS, *star(200), **COMMON)
    told = found(posts)
    assert told["method"].to_list() == ["calibrated", "pdi", "star"]
    assert told["trees"].to_list() == [30, 450, 1]
    by = {row["method"]: row for row in told.to_dicts()}
    assert by["star"]["depth"] == 1
    assert by["star"]["virality"] == pytest.approx(2 - 2 / 200)
    for method in ("calibrated", "pdi"):
        band = by[method]
        assert 1 < band["depth_lo"] <= band["depth"] <= band["depth_hi"] < 200
        assert band["virality_lo"] < band["virality"] < band["virality_hi"]
    (cascade,) = cascades(posts, shares(posts), told).to_dicts()
    assert cascade["method"] == "calibrated"
    assert cascade["virality_hi"] == by["calibrated"]["virality_hi"]


def test_a_cascade_is_drawn_the_same_whatever_is_beside_it_and_on_any_number_of_cores() -> None:
    one, two = star(150), star(90, name="s", step=20)
    alone = found(rows(POSTS, *one, **COMMON))
    both = rows(POSTS, *two, *one, **COMMON)
    assert_frame_equal(found(both).filter(root_id="x:r"), alone)
    drawn = [
        shapes(stars(both, shares(both), NOBODY), pdi(), method="pdi", seed=3, trees=4, workers=w)
        for w in (1, 3)
    ]
    assert_frame_equal(drawn[0], drawn[1])


def test_fewer_trees_are_the_first_of_more() -> None:
    posts = rows(POSTS, *star(40), **COMMON)
    held = stars(posts, shares(posts), NOBODY)
    model = pdi((0.5,), (2.0,))
    three = shapes(held, model, method="pdi", seed=1, trees=3)
    again = shapes(held, model, method="pdi", seed=1, trees=3)
    other = shapes(held, model, method="pdi", seed=2, trees=3)
    assert_frame_equal(three, again)
    assert three["mean_depth"].item() != other["mean_depth"].item()


def test_large_cascades_are_drawn_as_small_ones_are(monkeypatch: pytest.MonkeyPatch) -> None:
    posts = rows(POSTS, *star(300), **COMMON)
    held = stars(posts, shares(posts), NOBODY)
    whole = shapes(held, pdi(), method="pdi", seed=1, trees=5)
    monkeypatch.setattr(diffusion, "_LARGE", 100)
    assert_frame_equal(shapes(held, pdi(), method="pdi", seed=1, trees=5), whole)


def test_observed_parents_are_the_same_in_every_tree() -> None:
    chain = [
        {
            "post_id": f"x:r{k:06}", "kind": "repost", "root_id": "x:r", "at": at(k),
            "parent_id": "x:r" if k == 1 else f"x:r{k - 1:06}", "basis": "observed",
        }
        for k in range(1, 6)
    ]  # fmt: skip
    last = {"post_id": "x:z", "kind": "repost", "root_id": "x:r", "at": at(9)}
    posts = rows(POSTS, star(1)[0], *chain, last, **COMMON)
    told = found(posts)
    assert (told["depth_lo"] >= 5).all()
    assert told.filter(method="star")["depth"].item() == 5
    assert told["depth_hi"].is_in([5, 6]).all()  # the last may hang from the chain's end


def test_the_first_repost_can_only_come_from_the_original() -> None:
    told = found(rows(POSTS, *star(2), **COMMON)).filter(method="calibrated")
    assert told.select("depth_lo", "depth_hi", "virality").row(0) == (1, 1, 1.0)


def test_a_share_without_a_time_is_in_no_tree_and_is_counted() -> None:
    lost = {"post_id": "x:lost", "kind": "repost", "root_id": "x:r"}
    posts = rows(POSTS, *star(30), lost, **COMMON)
    told = found(posts)
    assert told["drawn"].unique().to_list() == [30]
    (cascade,) = cascades(posts, shares(posts), told).to_dicts()
    assert (cascade["size"], cascade["method"]) == (31, "calibrated")
    counted = coverage(posts, shares(posts), COUNTERS.empty(), NOBODY, FOLLOWS.empty())
    row = counted.filter(pl.col("what").str.contains("without a time whose parent"))
    assert row["held"].to_list() == [1]


def test_a_cascade_of_which_too_much_has_no_time_has_no_shape() -> None:
    lost = [{"post_id": f"x:l{k}", "kind": "repost", "root_id": "x:r"} for k in range(5)]
    posts = rows(POSTS, *star(10), *lost, **COMMON)
    (cascade,) = cascades(posts, shares(posts), found(posts)).to_dicts()
    assert (cascade["depth"], cascade["method"]) == (None, None)


def test_a_share_dated_before_its_original_is_as_old_as_it() -> None:
    early = star(3)
    early[1]["at"] = at(-5)
    nodes = stars(*_told(early), NOBODY).nodes
    assert nodes["seconds"].min() == 0
    assert nodes["early"].sum() == 1
    assert (nodes["link"].to_numpy() < np.arange(3)).all()


def test_hidden_followers_are_the_median_of_those_that_are_shown() -> None:
    posts = rows(POSTS, *star(5), **COMMON)
    shown = [{"account_id": f"x:account{k}", "followers": 10 * k, "role": "person"} for k in (1, 3)]
    accounts = rows(ACCOUNTS, *shown, platform="x")
    nodes = stars(posts, shares(posts), accounts).nodes
    assert nodes["followers"].to_list() == [20.0, 10.0, 20.0, 30.0, 20.0]
    assert nodes["filled"].sum() == 3


def _told(told: list[dict[str, Any]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    posts = rows(POSTS, *told, **COMMON)
    return posts, shares(posts)


def test_the_likeliest_parent_is_named_with_its_probability() -> None:
    posts, told = _told(star(20))
    filled = with_likeliest(posts, told, NOBODY, choose=CHOOSE)
    assert filled["basis"].unique().to_list() == ["inferred"]
    assert filled["confidence"].is_between(0, 1).all()
    assert filled["parent_id"][0] == "x:r"
    assert filled["confidence"][0] == 1
    assert filled.drop("parent_id", "parent_account_id", "basis", "confidence").equals(
        told.drop("parent_id", "parent_account_id", "basis", "confidence")
    )


def test_where_nothing_beats_chance_nothing_is_inferred() -> None:
    posts, told = _told(star(20))
    none, _ = all_shapes(posts, told, NOBODY, choose=lambda _: None, trees=10)
    assert none["method"].to_list() == ["pdi", "star"]
    (cascade,) = cascades(posts, told, none).to_dicts()
    assert (cascade["depth"], cascade["virality"], cascade["method"]) == (None, None, None)
    filled = with_likeliest(posts, told, NOBODY, choose=lambda _: None)
    assert filled["parent_id"].null_count() == 19


@given(frames(POSTS, max_size=12))
@settings(max_examples=40, deadline=None)
def test_whatever_comes_in_no_share_is_lost(posts: pl.DataFrame) -> None:
    posts = posts.unique(POSTS.key, maintain_order=True)
    told = shares(posts)
    shaped, _ = all_shapes(posts, told, NOBODY, choose=CHOOSE, trees=10)
    table = cascades(posts, told, shaped)
    assert (
        table["shares"].sum()
        == told.filter(
            pl.col("kind").is_in(["repost", "quote"]), pl.col("root_id").is_not_null()
        ).height
    )
    assert (shaped["drawn"] >= 1).all()
    for name in ("depth", "max_breadth", "virality"):
        known = shaped.filter(pl.col(name).is_not_null())
        assert (known[f"{name}_lo"] <= known[name]).all()
        assert (known[name] <= known[f"{name}_hi"]).all()


@given(st.integers(2, 12), st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_bands_hold_the_exact_expectation(n: int, seed: int) -> None:
    posts, told = _told(star(n * 4, step=seed + 1))
    held = stars(posts, told, NOBODY)
    model = pdi((0.5,), (2.0,))
    band = shapes(held, model, method="pdi", seed=seed, trees=100).row(0, named=True)
    depth, below = np.empty(n * 4), np.empty(n * 4)
    parents.expected_measures(
        0, model.figures[0], held.of_events("seconds"), held.of_events("followers"), held.told,
        depth, below,
    )  # fmt: skip
    assert band["mean_depth_lo"] <= depth[1:].mean() <= band["mean_depth_hi"]


def test_growth_of_a_hidden_cascade_has_bands_that_end_in_its_shape() -> None:
    posts, told = _told(star(60))
    _, drawn = all_shapes(posts, told, NOBODY, choose=CHOOSE, trees=30)
    assert drawn["size"].to_list() == [1, 2, 5, 10, 20, 50, 60]
    whole = found(posts).filter(method="calibrated").row(0, named=True)
    last = drawn.row(-1, named=True)
    assert {name: last[name] for name in last if name in whole} == {
        name: whole[name] for name in last if name in whole
    }
    for end in ("_lo", "", "_hi"):
        for name in ("depth", "max_breadth"):
            assert drawn[f"{name}{end}"].is_sorted()
    table = growth(placed(posts, told), drawn)
    assert table["method"].unique().to_list() == ["calibrated"]
    assert table["virality_lo"].null_count() == 1  # of one post alone


def test_what_follow_lists_told_is_not_called_observed() -> None:
    posts, told = _told(star(3))
    followed = told.with_columns(
        basis=pl.lit("follow"), parent_id=pl.lit("x:r"), confidence=pl.lit(1.0)
    )
    methods = all_shapes(posts, followed, NOBODY, choose=CHOOSE, trees=10)[0]["method"].to_list()
    assert methods == ["calibrated", "follow", "pdi", "star"]
