"""Distinct followers: published figures, exact unions of simulated lists, and what stays open."""

import itertools
import json
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from strategies import rows

from analytics.overlaps import chao1, chapman, overlaps, sampled_union, sketched_union
from analytics.tables import ACCOUNTS, FOLLOWS, POSTS

Lists = dict[str, set[str]]


# formulas


def test_the_published_figures_are_reached(shared: Path) -> None:
    told = json.loads((shared / "oracles/science.json").read_text())["reach"]
    assert chapman(200, 150, 30) == pytest.approx(tuple(told["chapman_200_150_30"]), abs=1e-9)
    assert [chao1(10, 4, 2), chao1(10, 4, 2, corrected=False)] == told["chao1"]
    assert sampled_union(1000, 500, 30, 200) == pytest.approx(tuple(told["overlap"]), abs=1e-6)


def test_chapman_becomes_lincoln_and_petersen() -> None:
    scale = 100_000  # of samples of 200 and 150 with 30 in both: 200 * 150 / 30 = 1000
    value, error = chapman(200 * scale, 150 * scale, 30 * scale)
    assert value / scale == pytest.approx(1000, rel=1e-4)
    assert error / value < 0.001


def test_chapman_is_unbiased_where_the_samples_cover_the_public() -> None:
    draw = Random(1)  # noqa: S311
    public = range(100)
    found = []
    for _ in range(4000):
        first, second = set(draw.sample(public, 60)), set(draw.sample(public, 50))
        found.append(chapman(60, 50, len(first & second))[0])
    assert sum(found) / len(found) == pytest.approx(100, abs=0.6)


@given(st.integers(1, 60), st.data())
def test_the_interval_is_clopper_and_pearson_s(sampled: int, data: st.DataObject) -> None:
    both = data.draw(st.integers(0, sampled))
    exact = binomtest(both, sampled).proportion_ci(0.95, method="exact")
    found = sampled_union(10**6, 1000, both, sampled)
    assert found.low == pytest.approx(10**6 + 1000 * (1 - exact.high))
    assert found.high == pytest.approx(10**6 + 1000 * (1 - exact.low))
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize("share", [0.02, 0.15, 0.5])
def test_the_interval_covers_at_least_as_often_as_it_says(share: float) -> None:
    truth = 1000 + 500 - 500 * share
    covered = sum(
        binom.pmf(k, 40, share)
        for k in range(41)
        if sampled_union(1000, 500, k, 40).low <= truth <= sampled_union(1000, 500, k, 40).high
    )
    assert 0.95 <= covered <= 1


def test_a_union_is_no_smaller_than_either_audience() -> None:
    found = sampled_union(1000, 500, 200, 200)
    assert (found.value, found.low) == (1000, 1000)
    assert found.high == pytest.approx(1500 - 500 * 0.025 ** (1 / 200))


def test_a_small_audience_cannot_be_most_of_a_large_one() -> None:
    assert sampled_union(10, 500, 30, 200) == (500, 500, 500)


@pytest.mark.parametrize(("both", "sampled"), [(1, 0), (0, 0), (3, 2), (-1, 5)])
def test_an_impossible_sample_is_refused(both: int, sampled: int) -> None:
    with pytest.raises(ValueError, match="sampled followers"):
        sampled_union(10, 10, both, sampled)


def test_impossible_captures_are_refused() -> None:
    with pytest.raises(ValueError, match="in both of 5 and 3"):
        chapman(5, 3, 4)
    with pytest.raises(ValueError, match="count them again"):
        chao1(5, 4, 2)
    with pytest.raises(ValueError, match="count them again"):
        chao1(5, 4, 0, corrected=False)


@pytest.mark.parametrize("seed", range(5))
def test_a_sketch_is_within_its_bounds(seed: int) -> None:
    draw = Random(seed)  # noqa: S311
    lists = [[f"{draw.randrange(60_000)}" for _ in range(20_000)] for _ in range(5)]
    truth = len(set(itertools.chain(*lists)))
    found = sketched_union(lists)
    assert abs(found.value / truth - 1) < 3 / (2**12 - 1) ** 0.5
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(4 * truth / 2**6, rel=0.2)


@given(st.lists(st.sets(st.integers(0, 500)), max_size=4))
@hypothesis_settings(max_examples=40)
def test_a_sketch_of_short_lists_is_exact(lists: list[set[int]]) -> None:
    truth = len(set().union(*lists))
    found = sketched_union([str(one) for one in ids] for ids in lists)
    assert found == (truth, truth, truth)


# the table


def table(
    lists: Lists, followers: dict[str, int | None], platform: str = "x", **more: int
) -> pl.DataFrame:
    held = [{"post_id": f"{platform}:p{w}", "account_id": f"{platform}:{w}"} for w in followers]
    profiles = [
        {"account_id": f"{platform}:{w}", "followers": count} for w, count in followers.items()
    ]
    edges = [
        {"follower_id": f"{platform}:{one}", "followed_id": f"{platform}:{w}"}
        for w, ids in lists.items()
        for one in ids
    ]
    common: dict[str, Any] = {"platform": platform}
    return overlaps(
        rows(POSTS, *held, **common, kind="original", source="test", appeal_id="a"),
        rows(ACCOUNTS, *profiles, **common, role="unknown"),
        rows(FOLLOWS, *edges) if edges else FOLLOWS.empty(),
        **more,
    )


LISTS = {"a": {"1", "2", "3", "4"}, "b": {"3", "4", "5"}, "c": {"4", "6"}}


def complete(lists: Lists) -> dict[str, int | None]:
    return {who: len(ids) for who, ids in lists.items()}


def whole(found: pl.DataFrame) -> dict[str, Any]:
    return found.filter(pl.col("account_id").is_null()).row(0, named=True)


def test_complete_lists_are_counted_one_by_one() -> None:
    found = table(LISTS, complete(LISTS))
    row = whole(found)
    assert (row["method"], row["value_lo"], row["value"], row["value_hi"]) == ("exact", 6, 6, 6)
    pairs = found.filter(pl.col("account_id").is_not_null(), method="exact")
    assert pairs.select("account_id", "other_account_id", "both", "value").rows() == [
        ("x:a", "x:b", 2, 5), ("x:a", "x:c", 1, 5), ("x:b", "x:c", 1, 4),
    ]  # fmt: skip


@pytest.mark.parametrize("hidden", [None, 9])
def test_a_list_that_is_not_complete_makes_a_floor(hidden: int | None) -> None:
    row = whole(table(LISTS, complete(LISTS) | {"c": hidden}))
    assert (row["method"], row["value"], row["value_hi"]) == ("held", 6, None)
    assert (row["complete"], row["at_least"]) == (2, True)


def test_a_carrier_without_a_list_makes_a_floor() -> None:
    row = whole(table(LISTS, complete(LISTS) | {"d": 5}))
    assert (row["method"], row["carriers"], row["lists"], row["complete"]) == ("held", 4, 3, 3)


def test_whichever_list_is_complete_the_other_is_the_sample() -> None:
    found = table({"a": {"1", "2"}, "b": {"2", "3"}}, {"a": 4, "b": 2}).filter(method="sample")
    assert found.select("account_id", "other_account_id", "both", "sampled", "value").rows() == [
        ("x:b", "x:a", 1, 2, 4),
    ]


def test_a_part_of_a_list_is_an_estimate_that_says_what_it_takes_for_granted() -> None:
    a = {str(n) for n in range(1000)}
    part = {str(n) for n in range(970, 1170)}  # 30 of 200 follow a, too
    found = table({"a": a, "b": part}, {"a": 1000, "b": 500})
    row = found.filter(method="sample").row(0, named=True)
    assert (row["both"], row["sampled"], row["followers"]) == (30, 200, 1500)
    assert (row["value_lo"], row["value"], row["value_hi"]) == (1396, 1425, 1449)
    assert "takes the part that is held of one list for a random sample" in row["note"]


def test_two_parts_tell_nothing_of_their_union() -> None:
    found = table(LISTS, {"a": 10, "b": 10, "c": 10})
    assert found.height == 1
    assert whole(found)["method"] == "held"


def test_a_part_of_a_list_of_unknown_length_is_no_sample() -> None:
    found = table({"a": LISTS["a"], "b": LISTS["b"]}, {"a": 4, "b": None})
    assert found["method"].to_list() == ["held"]


def test_two_complete_lists_tell_of_a_public_that_is_larger() -> None:
    a, b = {str(n) for n in range(200)}, {str(n) for n in range(170, 320)}
    found = table({"a": a, "b": b}, {"a": 200, "b": 150}).filter(method="capture")
    row = found.row(0, named=True)
    assert (row["both"], row["value"], row["value_hi"]) == (30, 978, None)
    assert row["value_lo"] == int(978.0645 - 1.96 * 141.894)
    assert row["note"].startswith("at least")


def test_lists_with_nobody_in_common_tell_of_no_public() -> None:
    found = table({"a": {"1"}, "b": {"2"}}, {"a": 1, "b": 1})
    assert set(found["method"]) == {"exact"}


def test_who_follows_themselves_or_is_told_twice_counts_once() -> None:
    edges = [{"follower_id": "x:1", "followed_id": "x:a"}] * 2
    edges.append({"follower_id": "x:a", "followed_id": "x:a"})
    posts = rows(POSTS, {"post_id": "x:p", "account_id": "x:a"}, platform="x", kind="original",
                 source="t", appeal_id="a")  # fmt: skip
    found = overlaps(posts, ACCOUNTS.empty(), rows(FOLLOWS, *edges))
    assert whole(found)["value"] == 1


def test_long_lists_are_sketched_and_say_so() -> None:
    row = whole(table(LISTS, complete(LISTS), exact_up_to=3))
    assert (row["method"], row["value"], row["at_least"]) == ("sketch", 6, True)


def test_youtube_has_no_overlaps() -> None:
    assert table(LISTS, complete(LISTS), platform="youtube").is_empty()


def test_without_follow_lists_there_are_none() -> None:
    assert table({}, {"a": 5}).is_empty()


follower_lists = st.dictionaries(
    st.sampled_from("abcde"),
    st.sets(st.integers(0, 40).map(str), min_size=1, max_size=25),
    min_size=1,
)


@given(follower_lists, st.data())
@hypothesis_settings(max_examples=60)
def test_a_floor_is_never_above_the_true_union(lists: Lists, data: st.DataObject) -> None:
    held = {
        who: set(data.draw(st.lists(st.sampled_from(sorted(ids)), min_size=1)))
        for who, ids in lists.items()
    }
    row = whole(table(held, complete(lists)))
    truth = len(set().union(*lists.values()))
    assert row["value"] <= truth
    assert row["method"] == "held" or row["value"] == truth


@given(follower_lists)
@hypothesis_settings(max_examples=40)
def test_pairs_are_those_of_plain_python(lists: Lists) -> None:
    found = table(lists, complete(lists)).filter(pl.col("account_id").is_not_null(), method="exact")
    expected = [
        (f"x:{a}", f"x:{b}", len(lists[a] & lists[b]), len(lists[a] | lists[b]))
        for a, b in itertools.combinations(sorted(lists), 2)
    ]
    assert (
        found.select("account_id", "other_account_id", "both", "value").sort(pl.all()).rows()
        == expected
    )
