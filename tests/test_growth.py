"""Growth: closed forms on prefixes, networkx and plain counting as oracles, and invariants."""

import itertools
from datetime import timedelta
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import START, at, rows, trees

from analytics import parents
from analytics.diffusion import all_shapes
from analytics.growth import growth, milestones, placed, sizes
from analytics.measured import PARENT_MODELS
from analytics.models import chosen
from analytics.tables import ACCOUNTS, POSTS
from analytics.trees import shares
from analytics.virality import cascades

COMMON = {"appeal_id": "a", "platform": "x", "source": "test"}
SHAPE = ("depth", "max_breadth", "virality")


def prefixes(*forest: list[int]) -> list[list[Any]]:
    """Measure trees at every size."""
    ends = np.cumsum([0, *map(len, forest)])
    every = np.concatenate([np.arange(1, len(link) + 1) for link in forest])
    out = np.empty((len(every), 5))
    link = np.concatenate([np.array(link, np.int32) for link in forest])
    parents.measure_forest(link, ends, every, ends, out)
    return [
        [tuple(r) for r in out[low:high, :3].tolist()] for low, high in itertools.pairwise(ends)
    ]


def spread(link: list[int], hours: list[float] | None = None, **changes: Any) -> pl.DataFrame:  # noqa: ANN401
    """Return the posts of a tree whose every parent was observed, one every hour."""
    told: list[dict[str, Any]] = [
        {"post_id": f"x:{node}", "account_id": f"x:by{node}", "at": at((hours or range(99))[node])}
        | {"kind": "quote", "parent_id": f"x:{up}", "basis": "observed"}
        for node, up in enumerate(link)
    ]
    told[0] |= {"kind": "original", "parent_id": None, "basis": None}
    return rows(POSTS, *(post | changes for post in told), **COMMON)


def reposted(*hours: float | None, accounts: str | None = None) -> pl.DataFrame:
    """Return an original and reposts of it whose parents are hidden."""
    names = accounts or "abcdefghijklmnopqrstuvwxyz"
    told: list[dict[str, Any]] = [
        {"post_id": f"x:{n + 1}", "kind": "repost", "root_id": "x:0", "account_id": f"x:{names[n]}"}
        | {"at": None if hour is None else at(hour)}
        for n, hour in enumerate(hours)
    ]
    top = {"post_id": "x:0", "kind": "original", "account_id": "x:root", "at": at(0)}
    return rows(POSTS, top, *told, **COMMON)


def grown(posts: pl.DataFrame) -> list[dict[str, Any]]:
    return growth(placed(posts, shares(posts))).to_dicts()


def milestone(posts: pl.DataFrame, *, end: float | None = None) -> dict[str, Any]:
    """Return the milestones of the only cascade; a comment long after says that all was seen."""
    late = {"post_id": "x:late", "kind": "comment", "at": at(end or 0)}
    held = posts if end is None else pl.concat([posts, rows(POSTS, late, **COMMON)])
    (found,) = milestones(placed(held, shares(held)), held).to_dicts()
    return found


# closed forms


def test_a_star_grows() -> None:
    (found,) = prefixes([-1, *[0] * 99])
    assert found[0][:2] == (0, 1)
    assert np.isnan(found[0][2])
    for n, shape in enumerate(found[1:], start=2):
        assert shape == (1, n - 1, pytest.approx(2 - 2 / n))


def test_a_path_grows() -> None:
    (found,) = prefixes([*range(-1, 99)])
    for n, shape in enumerate(found[1:], start=2):
        assert shape == (n - 1, 1, pytest.approx((n + 1) / 3))


def test_a_complete_binary_tree_grows_level_by_level() -> None:
    (found,) = prefixes([-1, *((node - 1) // 2 for node in range(1, 63))])
    for height, wiener in enumerate((4, 48, 368, 2304, 12864), start=1):
        n = 2 ** (height + 1) - 1
        assert found[n - 1] == (height, 2**height, pytest.approx(2 * wiener / (n * (n - 1))))


def test_trees_side_by_side_do_not_mix() -> None:
    forest = [[*range(-1, 9)], [-1], [-1, 0, 0, 0, 1, 1, 4], [-1, *[0] * 5]]
    alone = [prefixes(link)[0] for link in forest]
    np.testing.assert_array_equal(
        np.concatenate(prefixes(*forest)), np.concatenate(alone)
    )  # NaN is NaN
    assert alone[2][-1] == (3, 3, pytest.approx(2.1904761905))


# oracles


@given(trees(max_size=25))
@settings(max_examples=50)
def test_every_prefix_is_what_networkx_finds(link: list[int]) -> None:
    graph: nx.Graph[int] = nx.Graph()
    (found,) = prefixes(link)
    for node, up in enumerate(link):
        graph.add_node(node)
        if up >= 0:
            graph.add_edge(node, up)
        levels = [len(level) for level in nx.bfs_layers(graph, 0)]
        n = node + 1
        assert found[node][:2] == (len(levels) - 1, max(levels))
        if n > 1:
            assert found[node][2] == pytest.approx(2 * nx.wiener_index(graph) / (n * (n - 1)))


@given(trees(max_size=60))
def test_depth_and_breadth_never_shrink(link: list[int]) -> None:
    (found,) = prefixes(link)
    for before, after in itertools.pairwise(found):
        assert before[0] <= after[0] <= before[0] + 1
        assert before[1] <= after[1] <= before[1] + 1


def test_a_million_posts_in_a_chain() -> None:
    n = 1_000_000
    out = np.empty((2, 5))
    link, ends = np.arange(-1, n - 1, dtype=np.int32), np.array([0, n])
    parents.measure_forest(link, ends, np.array([1000, n]), np.array([0, 2]), out)
    assert out[:, :3].tolist() == [
        [999, 1, pytest.approx(1001 / 3)], [n - 1, 1, pytest.approx((n + 1) / 3)],
    ]  # fmt: skip


# the table of growth


@given(trees(max_size=40), st.data())
@settings(max_examples=25)
def test_growth_ends_with_the_cascade(link: list[int], data: st.DataObject) -> None:
    step = data.draw(st.lists(st.integers(0, 3), min_size=len(link), max_size=len(link)))
    posts = spread(link, list(itertools.accumulate(step)))
    found = grown(posts)
    told = shares(posts)
    shapes, _ = all_shapes(posts, told, ACCOUNTS.empty(), choose=chosen(PARENT_MODELS.empty()))
    (cascade,) = cascades(posts, told, shapes).to_dicts()
    if len(link) < 4:
        assert found == []
        return
    assert [row["size"] for row in found] == sorted(
        {*(n for n in sizes() if n < len(link)), len(link)}
    )
    assert all(found[-1][name] == cascade[name] for name in ("size", "accounts", *SHAPE[:2]))
    assert found[-1]["virality"] == pytest.approx(cascade["virality"])
    assert (found[0]["at"], found[-1]["at"]) == (cascade["first_at"], cascade["last_at"])
    for before, after in itertools.pairwise(found):
        assert all(before[name] <= after[name] for name in ("at", "accounts", *SHAPE[:2]))


def test_growth_of_a_cascade_that_fits_in_the_head() -> None:
    found = grown(spread([-1, 0, 1, 1, 0, 2], [0, 1, 1.5, 2, 2, 9]))
    assert [(r["size"], r["at"], r["depth"], r["max_breadth"]) for r in found] == [
        (1, at(0), 0, 1), (2, at(1), 1, 1), (5, at(2), 2, 2), (6, at(9), 3, 2),
    ]  # fmt: skip
    assert [row["virality"] for row in found] == [None, 1, 1.8, pytest.approx(31 / 15)]


def test_with_a_hidden_parent_size_and_accounts_are_told_alone() -> None:
    observed = spread([-1, 0, 1, 2])
    hidden = rows(
        POSTS, {"post_id": "x:9", "kind": "repost", "root_id": "x:0", "at": at(9)}, **COMMON
    )
    assert all(row["depth"] is not None for row in grown(observed))
    found = grown(pl.concat([observed, hidden]))
    assert [(row["size"], row["accounts"]) for row in found] == [(1, 1), (2, 2), (5, 4)]
    assert {row[name] for row in found for name in SHAPE} == {None}


def test_an_inferred_parent_is_a_hidden_one() -> None:
    posts = spread([-1, 0, 1, 2])
    told = shares(posts)
    inferred = pl.when(pl.col("post_id") == "x:2").then(pl.lit("inferred")).otherwise("basis")
    found = growth(placed(posts, told.with_columns(basis=inferred)))
    assert found["size"].to_list() == [1, 2, 4]
    assert found.select(SHAPE).null_count().row(0) == (3, 3, 3)


@pytest.mark.parametrize(("shared", "told"), [(2, []), (3, [1, 2, 4])])
def test_growth_is_told_from_three_shares_on(shared: int, told: list[int]) -> None:
    assert [row["size"] for row in grown(reposted(*range(shared)))] == told


def test_a_share_without_a_time_is_not_counted_and_hides_the_shape() -> None:
    posts = spread([-1, 0, 1, 2, 3])
    untimed = pl.when(pl.col("post_id") != "x:2").then("at")
    found = grown(posts.with_columns(at=untimed))
    assert [row["size"] for row in found] == [1, 2, 4]
    assert {row[name] for row in found for name in SHAPE} == {None}


def test_accounts_that_come_again_are_counted_once() -> None:
    found = grown(reposted(1, 2, 3, 4, accounts="aabb"))
    assert [(row["size"], row["accounts"]) for row in found] == [(1, 1), (2, 2), (5, 3)]


def test_no_cascade_has_more_than_24_rows() -> None:
    assert sizes()[-1] >= 10**7
    assert len(sizes()) + 1 <= 24


# milestones


def test_time_to_ten_accounts() -> None:
    hours = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    found = milestone(reposted(*hours, accounts="aabcdefghi"))
    assert found["hours_to_10"] == 10  # the root's account, and a … i; the second post of a is none
    assert (found["size"], found["accounts"], found["began_at"]) == (11, 10, at(0))
    assert (found["hours_to_100"], found["hours_to_10000"]) == (None, None)
    assert milestone(reposted(*hours[:9], accounts="aabcdefgh"))["hours_to_10"] is None


def test_unknown_accounts_reach_nothing() -> None:
    posts = reposted(*range(1, 20)).with_columns(account_id=pl.lit(None, pl.String))
    found = milestone(posts)
    assert (found["size"], found["accounts"], found["hours_to_10"]) == (20, 0, None)


@pytest.mark.parametrize(
    ("hours", "half"), [([1], 0), ([1, 5], 1), ([1, 5, 7], 1), ([1, 5, 7, 8], 5)]
)
def test_half_of_the_posts_is_rounded_up(hours: list[float], half: float) -> None:
    assert milestone(reposted(*hours))["half_hours"] == half


@pytest.mark.parametrize(
    ("hours", "peak", "most", "life"),
    [
        ([0.1, 0.2, 0.3, 0.4, 1.1, 1.2, 1.3, 2.1, 2.2], 0, 4, 2),  # 4, 3, 2
        ([0.1, 0.2, 0.3, 0.4, 2.5, 2.6, 2.7], 0, 4, 1),  # 4, 0, 3
        ([0.5, 1.1, 1.2, 1.3, 2.1, 2.2, 3.1, 3.2], 1, 3, 3),  # 1, 3, 2, 2, 0
        ([0.1, 3.5], 0, 1, 1),  # the first of two peaks
    ],
)
def test_half_life_after_the_peak(hours: list[float], peak: int, most: int, life: int) -> None:
    found = milestone(reposted(*hours), end=99)
    assert (found["peak_at"], found["peak_shares"]) == (at(peak), most)
    assert found["half_life_hours"] == life


@pytest.mark.parametrize(("end", "life"), [(None, None), (1.9, None), (2, 1), (50, 1)])
def test_a_half_life_is_null_until_its_hour_is_over(end: float | None, life: int | None) -> None:
    assert milestone(reposted(0.1, 0.2, 0.3), end=end)["half_life_hours"] == life


@given(st.lists(st.integers(0, 6 * 60), min_size=1, max_size=25), st.integers(0, 12))
@settings(max_examples=80)
def test_half_life_is_what_walking_the_hours_finds(minutes: list[int], end: int) -> None:
    last = max(end, max(minutes) / 60)
    found = milestone(reposted(*sorted(m / 60 for m in minutes)), end=last)
    per_hour = [sum(m // 60 == hour for m in minutes) for hour in range(20)]
    peak = per_hour.index(max(per_hour))
    later = next(h for h in range(peak + 1, 20) if per_hour[h] <= per_hour[peak] / 2)
    assert found["peak_at"] == START + timedelta(hours=peak)
    assert found["half_life_hours"] == (later - peak if later + 1 <= last else None)


def test_a_root_without_a_time_begins_with_its_first_share() -> None:
    posts = reposted(3, 4, 7).filter(pl.col("post_id") != "x:0")
    found = milestone(posts)
    assert (found["began_at"], found["size"], found["half_hours"]) == (at(3), 4, 0)


def test_a_share_dated_before_its_root_counts_with_it() -> None:
    found = grown(reposted(-5, 2, 3))
    assert [(row["size"], row["at"]) for row in found] == [(1, at(0)), (2, at(0)), (4, at(3))]


def test_cascades_and_appeals_are_kept_apart() -> None:
    one = reposted(1, 2, 3)
    both = pl.concat(
        [one, spread([-1, 0, 1, 2], appeal_id="b"), reposted(5).with_columns(appeal_id=pl.lit("c"))]
    )
    arranged = placed(both, shares(both))
    assert growth(arranged).select("appeal_id", "size", "depth").rows() == [
        ("a", 1, None), ("a", 2, None), ("a", 4, None), ("b", 1, 0), ("b", 2, 1), ("b", 4, 3),
    ]  # fmt: skip
    found = milestones(arranged, both).select("appeal_id", "size", "accounts", "half_hours").rows()
    assert found == [("a", 4, 4, 1.0), ("b", 4, 4, 1.0), ("c", 2, 2, 0.0)]


@pytest.mark.parametrize("posts", [POSTS.empty(), reposted(), reposted(None, None)])
def test_without_timed_shares_nothing_grows(posts: pl.DataFrame) -> None:
    arranged = placed(posts, shares(posts))
    assert growth(arranged).is_empty()
    assert milestones(arranged, posts).is_empty()
