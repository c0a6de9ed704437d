"""Comparing appeals: closed forms, scipy and plain counting as oracles, and invariants."""

import itertools
import math
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.stats import mannwhitneyu
from strategies import START, at, rows

from analytics import parents
from analytics.comparing import ENOUGH, FEW_PAIRS, courses, equal_size
from analytics.measured import CASCADES
from analytics.tables import APPEALS, POSTS

COMMON = {
    "platform": "x", "root_held": True, "observed": 0, "replies": 0, "method": "observed",
}  # fmt: skip
NONE = pl.DataFrame(schema={"appeal_id": pl.String, "at": POSTS.schema["at"], "value": pl.Int64})

Shape = tuple[int, int]  # size, depth


def cascades(*told: tuple[str, int, int], **changes: Any) -> pl.DataFrame:  # noqa: ANN401
    """Return cascades of appeals, with a size and a depth each."""
    known = [
        {"appeal_id": appeal, "root_id": f"x:{n}", "size": size, "accounts": size}
        | {"shares": size - 1, "depth": depth, "max_breadth": size - depth, "virality": depth / 3}
        for n, (appeal, size, depth) in enumerate(told)
    ]
    return rows(CASCADES, *(row | changes for row in known), **COMMON)


def of(a: list[Shape], b: list[Shape], **changes: Any) -> pl.DataFrame:  # noqa: ANN401
    """Return the cascades of two appeals."""
    return cascades(*(("a", *c) for c in a), *(("b", *c) for c in b), **changes)


def depth(table: pl.DataFrame, appeal: str = "a") -> dict[str, Any]:
    (only,) = table.filter(pl.col("measure") == "depth", pl.col("appeal_id") == appeal).to_dicts()
    return only


SOME = st.lists(st.tuples(st.integers(3, 4), st.integers(1, 5)), min_size=10, max_size=20)


# closed forms


def test_one_that_is_always_deeper_is_deeper_in_every_pair() -> None:
    found = equal_size(of([(5, 3)] * 10, [(5, 2)] * 12), seed=0)
    told = depth(found)
    assert (told["cascades"], told["others"], told["pairs"], told["left_out"]) == (10, 12, 10, 0)
    assert (told["larger"], told["d"], told["tests"]) == (1, 1, 6)
    assert depth(found, "b")["larger"] == 0
    assert told["p"] < 0.001


def test_without_ties_chance_is_as_wide_as_mann_and_whitney_s() -> None:
    ours, theirs = [(9, 2 * n) for n in range(10)], [(9, 2 * n + 1) for n in range(12)]
    told = depth(equal_size(of(ours, theirs), seed=0))
    sd = ((10 + 12 + 1) / (12 * 10 * 12)) ** 0.5
    assert told["chance_hi"] - 0.5 == pytest.approx(1.959964 * sd)
    assert told["chance_lo"] == pytest.approx(1 - told["chance_hi"])
    assert told["larger"] == pytest.approx(sum(range(10)) / 120)


def test_where_all_are_alike_chance_has_no_width() -> None:
    told = depth(equal_size(of([(5, 2)] * 10, [(5, 2)] * 10), seed=0))
    assert (told["chance_lo"], told["larger"], told["chance_hi"]) == (0.5, 0.5, 0.5)


def test_what_differs_by_rounding_alone_is_alike() -> None:
    many = of([(5, 2)] * 10, [(5, 2)] * 10)
    nudged = many.with_columns(virality=pl.lit(1.6) + 1e-13 * (pl.col("appeal_id") == "a"))
    found = equal_size(nudged, seed=0).filter(pl.col("measure") == "virality")
    assert found["larger"].to_list() == [0.5, 0.5]


def test_sizes_weigh_as_the_pairs_that_they_make() -> None:
    """Of nine pairs all are won, of three none, whatever more there is on one side."""
    ours = [(5, 3)] * 9 + [(6, 1)] * 30
    theirs = [(5, 2)] * 40 + [(6, 2)] * 3 + [(7, 2)] * 9
    told = depth(equal_size(of(ours, theirs), seed=0))
    assert (told["pairs"], told["left_out"]) == (12, 27)
    assert told["larger"] == pytest.approx(9 / 12)


def test_bands_of_inferred_shapes_tell_the_least_and_the_most() -> None:
    ends = {"depth_lo": 1, "depth_hi": 9, "method": "calibrated"}
    ends |= {"max_breadth_lo": 1, "max_breadth_hi": 2, "virality_lo": 1.0, "virality_hi": 1.0}
    found = equal_size(of([(20, 5)] * 10, [(20, 5)] * 10, **ends), seed=0)
    told = depth(found)
    assert (told["larger_least"], told["larger"], told["larger_most"]) == (0, 0.5, 1)
    virality = found.filter(pl.col("measure") == "virality").row(0, named=True)
    assert (virality["larger_least"], virality["larger_most"]) == (0.5, 0.5)


# oracles


@given(SOME, SOME)
@settings(max_examples=20)
def test_at_one_size_it_is_scipy_s(a: list[Shape], b: list[Shape]) -> None:
    ours, theirs = ([deep for _, deep in part] for part in (a, b))
    told = depth(equal_size(of([(9, d) for d in ours], [(9, d) for d in theirs]), seed=0))
    found = mannwhitneyu(ours, theirs, method="asymptotic", use_continuity=False)
    assert told["larger"] == pytest.approx(found.statistic / (len(ours) * len(theirs)))
    within = told["chance_hi"] - 0.5
    if 0 < within < 0.5:
        z = abs(told["larger"] - 0.5) / (within / 1.959964)
        assert math.erfc(z / math.sqrt(2)) == pytest.approx(found.pvalue, abs=1e-6)


def test_chance_is_that_of_all_ways_to_deal_them_anew() -> None:
    """By counting all deals of two sizes, ties among them."""
    small, large = [1, 1, 2, 3, 5, 5], [2, 2, 4, 4, 4, 7, 8, 9, 9]
    ours = [(4, d) for d in (1, 2, 5)] + [(9, d) for d in (2, 4, 7)]
    theirs = [(4, d) for d in (1, 3, 5)] + [(9, d) for d in (2, 4, 4, 8, 9, 9)]
    many = of([*ours, *ours, *ours], [*theirs, *theirs, *theirs])
    told = depth(equal_size(many, seed=0))
    dealt = [ways(small * 3, 9), ways(large * 3, 9)]
    variance = sum(0.25 * np.var(each) for each in dealt)
    assert told["pairs"] == 18
    assert ((told["chance_hi"] - 0.5) / 1.959964) ** 2 == pytest.approx(variance, rel=0.03)


def ways(values: list[int], taken: int) -> list[float]:
    """Return how often the taken are the larger, over many random deals."""
    rng = np.random.default_rng(7)
    found = []
    for _ in range(20_000):
        order = rng.permutation(values)
        ours, theirs = order[:taken, None], order[None, taken:]
        found.append(float(((ours > theirs) + 0.5 * (ours == theirs)).mean()))
    return found


@given(SOME, SOME)
@settings(max_examples=20)
def test_it_is_the_mean_over_all_pairs_of_equal_size(a: list[Shape], b: list[Shape]) -> None:
    counts = {s: (sum(x == s for x, _ in a), sum(x == s for x, _ in b)) for s in (3, 4)}
    pairs = sum(min(each) for each in counts.values())
    found = depth(equal_size(of(a, b), seed=0))
    assert found["pairs"] == pairs
    if pairs < ENOUGH:
        assert (found["larger"], found["p"], found["note"]) == (None, None, FEW_PAIRS)
        return
    won = 0.0
    for size, each in counts.items():
        both = itertools.product((d for s, d in a if s == size), (d for s, d in b if s == size))
        wins = [(x > y) + (x == y) / 2 for x, y in both]
        won += min(each) * float(np.mean(wins)) if wins else 0.0
    assert found["larger"] == pytest.approx(won / pairs)


# invariants


@given(SOME, SOME)
@settings(max_examples=15)
def test_the_other_side_sees_the_rest(a: list[Shape], b: list[Shape]) -> None:
    found = equal_size(of(a, b), seed=1)
    one, other = depth(found), depth(found, "b")
    assert one["pairs"] == other["pairs"]
    if one["larger"] is not None:
        assert one["larger"] == pytest.approx(1 - other["larger"])
        assert (one["d"], one["p"]) == (other["d"], other["p"])
        assert one["chance_lo"] <= 0.5 <= one["chance_hi"]


def test_the_order_of_the_rows_does_not_matter() -> None:
    many = of([(3 + n % 3, n % 5) for n in range(40)], [(3 + n % 3, n % 4) for n in range(50)])
    assert_frame_equal(equal_size(many, seed=3), equal_size(many.reverse(), seed=3))


def test_a_difference_of_sizes_is_no_difference_at_equal_size() -> None:
    """Trees that differ only in how many children a post has are alike, given their size."""
    rng = np.random.default_rng(2021)
    trees = [("a", *grown(0.95, rng)) for _ in range(900)]
    trees += [("b", *grown(0.6, rng)) for _ in range(900)]
    told = depth(equal_size(cascades(*(t for t in trees if t[1] >= 3)), seed=0))
    assert told["pairs"] > 100
    assert told["chance_lo"] < told["larger"] < told["chance_hi"]
    assert told["unmatched"] > told["chance_hi"]
    assert told["p"] > 0.5


def grown(mean: float, rng: np.random.Generator) -> Shape:
    link, node = [-1], 0
    while node < len(link) < 3_000:
        link += [node] * int(rng.poisson(mean))
        node += 1
    out = np.empty((1, 1, 5))
    parents.measure_trees(np.array([link], np.int32), np.array([len(link)]), out)
    return len(link), int(out[0, 0, 0])


# nothing to compare


def test_one_appeal_is_held_against_none() -> None:
    assert equal_size(cascades(*(("a", 5, 2) for _ in range(30))), seed=0).is_empty()
    assert equal_size(CASCADES.empty(), seed=0).is_empty()


def test_another_platform_or_another_method_is_not_compared() -> None:
    a, b = cascades(*(("a", 5, 2),) * 20), cascades(*(("b", 5, 2),) * 20)
    for change in ({"platform": "vk"}, {"method": "calibrated"}):
        other = b.with_columns(**{name: pl.lit(value) for name, value in change.items()})
        assert equal_size(CASCADES.check(pl.concat([a, other])), seed=0).is_empty()


def test_cascades_of_two_posts_or_of_unknown_shape_are_not_compared() -> None:
    known = of([(5, 2)] * 12, [(5, 2)] * 12)
    pairs = of([(2, 1)] * 12, [(2, 1)] * 12)
    hidden = of([(5, 2)] * 3, [(5, 2)] * 3, method=None)
    found = equal_size(pl.concat([known, pairs, hidden]), seed=0)
    assert_frame_equal(found, equal_size(known, seed=0))


# growth at equal age


def posts(*hours: float | None, appeal: str = "a", **more: Any) -> pl.DataFrame:  # noqa: ANN401
    told = [
        {"post_id": f"x:{appeal}{n}", "at": None if hour is None else at(hour)} | more
        for n, hour in enumerate(hours)
    ]
    if not told:
        return POSTS.empty()
    return rows(POSTS, *told, appeal_id=appeal, platform="x", kind="original", source="test")


def signed(*told: tuple[float, int], appeal: str = "a") -> pl.DataFrame:
    known = [(appeal, at(hour), value) for hour, value in told]
    return pl.DataFrame(known, schema=NONE.schema, orient="row")


def course(
    held: pl.DataFrame, shown: pl.DataFrame = NONE, *, published: datetime | None = None
) -> list[tuple[Any, ...]]:
    appeals = rows(APPEALS, {"appeal_id": "a", "simulated": False, "published_at": published})
    return courses(appeals, held, shown).select("what", "hours", "count").rows()


def test_age_counts_from_publication_where_that_is_declared() -> None:
    held = posts(3, 3.5, 7)
    assert course(held) == [("posts", 1, 2), ("posts", 2, 2), ("posts", 4, 3)]
    declared = courses(
        rows(APPEALS, {"appeal_id": "a", "simulated": False, "published_at": START}), held, NONE
    )
    assert declared.select("hours", "count").rows() == [(1, 0), (2, 0), (5, 2), (7, 3)]
    assert declared["clock_basis"].unique().to_list() == ["published"]


def test_it_is_watched_until_it_was_last_collected() -> None:
    held = posts(0, 1, collected_at=at(12))
    assert course(held) == [("posts", h, 2) for h in (1, 2, 5, 10, 12)]


def test_signatures_are_those_shown_by_then_and_none_before_the_first() -> None:
    shown = signed((1.5, 40), (4, 90), (6, 80))
    found = course(posts(), shown, published=START)
    assert found == [("signatures", 2, 40), ("signatures", 5, 90), ("signatures", 6, 90)]


def test_what_has_one_time_or_no_start_has_no_course() -> None:
    assert course(posts(3)) == []
    assert course(posts(None, None)) == []
    assert course(posts(), signed((1, 40), (1, 50)), published=START) == []
    assert course(posts(), signed((1, 40), (9, 50))) == []  # nobody says when it was published


@given(st.lists(st.integers(0, 400), min_size=2, max_size=30))
@settings(max_examples=20)
def test_counts_are_those_of_plain_counting(hours: list[int]) -> None:
    first, last = min(hours), max(hours)
    for _, age, held in course(posts(*hours)):
        assert held == sum(hour <= first + age for hour in hours)
        assert age <= last - first


def test_appeals_have_courses_of_their_own() -> None:
    both = pl.concat([posts(0, 1, 9), posts(5, 6, 8, appeal="b")])
    found = courses(APPEALS.empty(), both, NONE).filter(pl.col("hours") == 1)
    assert found.select("appeal_id", "count").rows() == [("a", 2), ("b", 2)]
