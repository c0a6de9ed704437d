"""The shape of cascades: closed forms, independent oracles, and invariants."""

import math
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import at, rows, trees

from analytics import parents
from analytics.diffusion import all_shapes
from analytics.measured import PARENT_MODELS
from analytics.models import chosen
from analytics.tables import ACCOUNTS, POSTS
from analytics.trees import shares
from analytics.virality import cascades

COMMON = {"appeal_id": "a", "platform": "x", "source": "test"}
SHAPE = ("size", "depth", "max_breadth", "virality")


def observed(link: list[int], names: list[int] | None = None) -> pl.DataFrame:
    """Return the posts of a tree whose every parent was observed."""
    ids = [f"x:{name}" for name in (names or range(len(link)))]
    told: list[dict[str, Any]] = [
        {"post_id": ids[n], "kind": "quote", "parent_id": ids[up], "basis": "observed"}
        if up >= 0
        else {"post_id": ids[n], "kind": "original"}
        for n, up in enumerate(link)
    ]
    return rows(POSTS, *told, **COMMON)


def all_cascades(posts: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    choose = chosen(PARENT_MODELS.empty())
    found, _ = all_shapes(posts, told, ACCOUNTS.empty(), choose=choose, trees=20)
    return cascades(posts, told, found)


def measured(posts: pl.DataFrame) -> list[dict[str, Any]]:
    return all_cascades(posts, shares(posts)).to_dicts()


def measured_shape(link: list[int]) -> tuple[Any, ...]:
    (cascade,) = measured(observed(link))
    return tuple(cascade[name] for name in SHAPE)


def star(n: int) -> list[int]:
    return [-1] + [0] * (n - 1)


def path(n: int) -> list[int]:
    return list(range(-1, n - 1))


def ary(branches: int, height: int) -> list[int]:
    n = sum(branches**level for level in range(height + 1))
    return [-1, *((node - 1) // branches for node in range(1, n))]


def double_star(a: int, b: int) -> list[int]:
    return [-1, 0, *([0] * a), *([1] * b)]


def virality(wiener: float, n: int) -> float:
    return 2 * wiener / (n * (n - 1))


@pytest.mark.parametrize("n", [2, 3, 10, 100])
def test_a_star(n: int) -> None:
    assert measured_shape(star(n)) == (n, 1, n - 1, pytest.approx(2 - 2 / n))


@pytest.mark.parametrize("n", [2, 3, 10, 100])
def test_a_path(n: int) -> None:
    assert measured_shape(path(n)) == (n, n - 1, 1, pytest.approx((n + 1) / 3))


@pytest.mark.parametrize(
    ("height", "wiener", "value"),
    [
        (1, 4, 4 / 3),
        (2, 48, 2.285714),
        (3, 368, 3.504762),
        (4, 2304, 4.954839),
        (5, 12864, 6.58679),
    ],
)
def test_a_complete_binary_tree(height: int, wiener: int, value: float) -> None:
    n = 2 ** (height + 1) - 1
    assert value == pytest.approx(virality(wiener, n), abs=1e-6)
    assert measured_shape(ary(2, height)) == (
        n, height, 2**height, pytest.approx(virality(wiener, n)),
    )  # fmt: skip


def test_a_complete_ternary_tree() -> None:
    assert measured_shape(ary(3, 3)) == (40, 3, 27, pytest.approx(virality(3402, 40)))


@pytest.mark.parametrize(("a", "b", "value"), [(5, 5, 2.212121), (99, 99, 2.482513), (3, 9, None)])
def test_a_double_star(a: int, b: int, value: float | None) -> None:
    n = a + b + 2
    expected = virality((a + b) * (n - 1) + (a + 1) * (b + 1), n)
    assert value is None or value == pytest.approx(expected, abs=1e-6)
    assert measured_shape(double_star(a, b)) == (n, 2, max(a + 1, b), pytest.approx(expected))


def test_seven_posts_that_fit_in_the_head() -> None:
    found = measured_shape([-1, 0, 0, 0, 1, 1, 4])
    assert found == (7, 3, 3, pytest.approx(virality(46, 7)))
    assert found[-1] == pytest.approx(2.190476, abs=1e-6)


def test_one_post_has_no_virality() -> None:
    assert measured_shape([-1]) == (1, 0, 1, None)


def test_a_chain_of_10_000() -> None:
    assert measured_shape(path(10_000))[-1] == pytest.approx(10_001 / 3)


@given(trees())
@settings(max_examples=60)
def test_virality_is_the_mean_distance_that_networkx_finds(link: list[int]) -> None:
    size, depth, breadth, value = measured_shape(link)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(link)))
    graph.add_edges_from((node, up) for node, up in enumerate(link) if up >= 0)
    levels = list(nx.bfs_layers(graph, 0))
    assert (size, depth) == (len(link), len(levels) - 1)
    assert breadth == max(map(len, levels))
    if size == 1:
        assert value is None
    else:
        assert value == pytest.approx(virality(nx.wiener_index(graph), size), rel=1e-12)
        assert 2 - 2 / size - 1e-12 <= value <= (size + 1) / 3 + 1e-12


@given(trees(max_size=15), st.randoms())
@settings(max_examples=30)
def test_names_and_order_of_posts_do_not_matter(link: list[int], chance: Any) -> None:  # noqa: ANN401
    names = list(range(len(link)))
    chance.shuffle(names)
    other = observed(link, names)
    order = list(range(len(link)))
    chance.shuffle(order)
    (one,), (two,) = measured(observed(link)), measured(other[order])
    assert {n: one[n] for n in (*SHAPE, "observed")} == {n: two[n] for n in (*SHAPE, "observed")}
    shuffled = shares(other).sample(fraction=1, shuffle=True, seed=len(link))
    assert_frame_equal(all_cascades(other[order], shuffled), all_cascades(other, shares(other)))


def test_trees_that_igraph_measured(shared: Path) -> None:
    """Twitter15/16: 2,308 real cascades."""
    folder = shared / "oracles" / "cascade"
    trees = pl.read_csv(
        folder / "twitter15_16_parents.csv",
        new_columns=["dataset", "tweet_id", "parents"],
        schema_overrides=[pl.String] * 3,
    )
    expected = pl.read_csv(
        folder / "twitter15_16_metrics.csv", schema_overrides={"tweet_id": pl.String}
    )
    nodes = (
        trees.with_row_index("tree")
        .with_columns(pl.col("parents").str.split(" ").cast(pl.List(pl.Int64)))
        .with_columns(start=pl.col("parents").list.len().cum_sum() - pl.col("parents").list.len())
        .explode("parents")
    )
    starts = np.append(nodes.group_by("tree", maintain_order=True).first()["start"], nodes.height)
    link = nodes["parents"].cast(pl.Int32).to_numpy()
    found = np.empty((2308, 5))
    parents.measure_forest(link, starts, np.diff(starts), np.arange(2309), found)
    assert nodes.group_by("tree").len().sort("tree")["len"].to_list() == expected["size"].to_list()
    assert found[:, 0].tolist() == expected["depth"].to_list()
    assert found[:, 1].tolist() == expected["max_breadth"].to_list()
    for ours, theirs in zip(found[:, 2], expected["structural_virality_igraph"], strict=True):
        assert math.isclose(ours, theirs, rel_tol=1e-12)


# what is not known is not claimed


def test_a_star_of_hidden_parents_has_no_shape() -> None:
    told = [{"post_id": f"x:{n}", "kind": "repost", "root_id": "x:0"} for n in range(1, 5)]
    posts = rows(POSTS, {"post_id": "x:0", "kind": "original"}, *told, **COMMON)
    (cascade,) = measured(posts)
    assert (cascade["size"], cascade["shares"], cascade["observed"]) == (5, 4, 0)
    assert (cascade["depth"], cascade["max_breadth"], cascade["virality"]) == (None, None, None)


def test_one_hidden_parent_hides_the_shape() -> None:
    posts = rows(
        POSTS,
        {"post_id": "x:0", "kind": "original"},
        {"post_id": "x:1", "kind": "quote", "parent_id": "x:0", "basis": "observed"},
        {"post_id": "x:2", "kind": "repost", "root_id": "x:0"},
        **COMMON,
    )
    (cascade,) = measured(posts)
    assert (cascade["size"], cascade["observed"], cascade["depth"]) == (3, 1, None)


def test_a_share_whose_parent_is_not_held_hangs_from_the_original_that_it_names() -> None:
    via = {"kind": "repost", "root_id": "x:0", "parent_id": "x:9", "basis": "observed"}
    posts = rows(POSTS, {"post_id": "x:0", "kind": "original"}, via | {"post_id": "x:1"}, **COMMON)
    (cascade,) = measured(posts)
    assert (cascade["root_id"], cascade["size"], cascade["depth"]) == ("x:0", 2, 1)


def test_a_root_that_is_only_referred_to_has_a_cascade() -> None:
    share = {"kind": "repost", "root_id": "x:9"}
    posts = rows(
        POSTS,
        share | {"post_id": "x:1", "account_id": "x:acc1", "at": at(2)},
        share | {"post_id": "x:2", "account_id": "x:acc1", "root_account_id": "x:acc9"},
        **COMMON,
    )
    (cascade,) = measured(posts)
    assert (cascade["root_id"], cascade["root_held"]) == ("x:9", False)
    assert (cascade["root_account_id"], cascade["size"], cascade["accounts"]) == ("x:acc9", 3, 2)
    assert (cascade["first_at"], cascade["last_at"], cascade["half_at"]) == (at(2), at(2), at(2))


def test_shares_in_a_ring_are_in_no_cascade() -> None:
    ring = [
        {"post_id": f"x:{n}", "kind": "quote", "parent_id": f"x:{1 - n}", "basis": "observed"}
        for n in range(2)
    ]
    assert measured(rows(POSTS, *ring, **COMMON)) == []


def test_accounts_replies_and_times_are_counted() -> None:
    quote = {"kind": "quote", "parent_id": "x:0", "basis": "observed"}
    reply = {"kind": "reply", "account_id": "x:z"}
    posts = rows(
        POSTS,
        {"post_id": "x:0", "kind": "original", "account_id": "x:a", "at": at(0)},
        *({"post_id": f"x:{n}", "account_id": "x:b", "at": at(n)} | quote for n in (1, 2, 3)),
        {"post_id": "x:4"} | quote,
        reply | {"post_id": "x:5", "parent_id": "x:0"},
        reply | {"post_id": "x:6", "parent_id": "x:4"},
        reply | {"post_id": "x:7", "parent_id": "x:5"},
        **COMMON,
    )
    first, *others = measured(posts)
    assert first["root_id"] == "x:0"
    assert (first["size"], first["accounts"], first["replies"]) == (5, 2, 2)
    assert (first["first_at"], first["last_at"], first["half_at"]) == (at(0), at(3), at(2))
    assert [other["size"] for other in others] == [1, 1, 1]  # replies are roots that may be shared


def test_shares_without_times_have_no_half_time() -> None:
    (cascade,) = measured(observed(star(4)))
    assert (cascade["first_at"], cascade["last_at"], cascade["half_at"]) == (None, None, None)


def test_appeals_are_kept_apart() -> None:
    posts = observed(star(4))
    both = pl.concat([posts, posts.head(2).with_columns(appeal_id=pl.lit("b"))])
    assert [(c["appeal_id"], c["size"], c["depth"]) for c in measured(both)] == [
        ("a", 4, 1), ("b", 2, 1),
    ]  # fmt: skip
