"""The time-river: closed forms, and what holds for any posts and links."""

from datetime import UTC, datetime, timedelta
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analytics.layout import layout as placed
from analytics.measured import LAYOUT, SHARES_TABLE
from analytics.tables import POSTS

START = datetime(2026, 3, 1, tzinfo=UTC)
NO_SHARES = SHARES_TABLE.empty()


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def posts_of(*rows: dict[str, Any]) -> pl.DataFrame:
    """Return posts; the platform is the part of the id before the colon."""
    common = {"appeal_id": "a", "kind": "repost", "source": "test"}
    full = [common | {"platform": row["post_id"].split(":")[0]} | row for row in rows]
    return POSTS.check(pl.DataFrame(full, POSTS.schema))


def shares_of(*rows: tuple[str, str | None, str | None, str | None]) -> pl.DataFrame:
    """Return shares, given as (post, parent, root, basis)."""
    common: dict[str, str | None] = {"appeal_id": "a", "platform": "x", "kind": "repost"}
    full = [
        common | {"post_id": post, "parent_id": parent, "root_id": root, "basis": basis}
        for post, parent, root, basis in rows
    ]
    return SHARES_TABLE.check(pl.DataFrame(full, SHARES_TABLE.schema))


def river(posts: pl.DataFrame, shares: pl.DataFrame = NO_SHARES) -> pl.DataFrame:
    return LAYOUT.check(placed(posts, shares))


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    """Compile the kernels before any test is timed."""
    river(*star(3))


def star(size: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = [{"post_id": f"x:{n:04}", "at": at(n / 10)} for n in range(size)]
    links = [(f"x:{n:04}", "x:0000", "x:0000", "observed") for n in range(1, size)]
    return posts_of(*rows), shares_of(*links)


# Each case is a list of posts: platform, minute or None for no time, and which post it names as its
# parent (itself and later ones too, so that there are rings and parents younger than their child).
cases = st.lists(
    st.tuples(
        st.sampled_from(["x", "telegram", "web"]),
        st.none() | st.integers(0, 100_000),
        st.none() | st.integers(0, 19),
    ),
    max_size=20,
    unique_by=lambda post: post[1] if post[1] is not None else object(),
)
Case = list[tuple[str, int | None, int | None]]


def tables_of(case: Case, rename: str = "{}") -> tuple[pl.DataFrame, pl.DataFrame]:
    ids = [f"{platform}:" + rename.format(n) for n, (platform, _, _) in enumerate(case)]
    rows = [
        {"post_id": post_id, "at": None if minute is None else at(minute / 60)}
        for post_id, (_, minute, _) in zip(ids, case, strict=True)
    ]
    links = [
        (ids[n], ids[parent % len(case)], None, "observed")
        for n, (_, _, parent) in enumerate(case)
        if parent is not None
    ]
    return posts_of(*rows), shares_of(*links)


def test_a_star_hangs_from_its_first_post_in_the_middle_of_the_lane() -> None:
    found = river(*star(1000))
    assert found["parent"].to_list() == [None] + [0] * 999
    assert found["descendants"].to_list() == [999] + [0] * 999
    assert found["y"][0] == pytest.approx(0.5, abs=0.05)
    fan = found["y"][1:]
    assert (fan > 0.5).mean() == pytest.approx(0.5, abs=0.02)  # as many above as below
    assert fan.n_unique() == 999


def test_a_comet_closes_towards_its_tail() -> None:
    off_axis = np.abs(river(*star(1000))["y"].to_numpy() - 0.5)
    assert off_axis[100:300].mean() > 1.5 * off_axis[-200:].mean()


def test_a_chain_counts_down() -> None:
    posts = posts_of(*({"post_id": f"x:{n}", "at": at(n)} for n in range(5)))
    shares = shares_of(*((f"x:{n}", f"x:{n - 1}", "x:0", "observed") for n in range(1, 5)))
    found = river(posts, shares)
    assert found["parent"].to_list() == [None, 0, 1, 2, 3]
    assert found["descendants"].to_list() == [4, 3, 2, 1, 0]
    assert found["x"].to_list() == [0, 1, 2, 3, 4]


def test_a_link_to_another_platform_leaves_the_post_in_its_own_lane() -> None:
    posts = posts_of({"post_id": "youtube:v", "at": at(0)}, {"post_id": "x:1", "at": at(1)})
    found = river(posts, shares_of(("x:1", "youtube:v", "youtube:v", "object")))
    assert found["y"].floor().to_list() == [0, 1]
    assert found["descendants"].to_list() == [1, 0]
    assert found["basis"].to_list() == [None, "object"]


def test_a_hidden_parent_leaves_the_link_to_the_root_without_basis() -> None:
    posts = posts_of({"post_id": "x:1", "at": at(0)}, {"post_id": "x:2", "at": at(1)})
    found = river(posts, shares_of(("x:2", None, "x:1", None)))
    assert found.select("parent", "basis").rows() == [(None, None), (0, None)]


def test_a_link_keeps_how_sure_it_is_and_an_answer_is_sure() -> None:
    posts = posts_of(
        {"post_id": "x:1", "at": at(0)},
        {"post_id": "x:2", "at": at(1)},
        {"post_id": "x:3", "at": at(2)},
        {"post_id": "x:4", "at": at(3), "kind": "reply", "parent_id": "x:2", "basis": "observed"},
    )
    shares = shares_of(("x:2", "x:1", "x:1", "inferred"), ("x:3", None, "x:1", None))
    shares = shares.with_columns(confidence=pl.when(basis="inferred").then(0.7))
    found = river(posts, shares)
    assert found["parent"].to_list() == [None, 0, 0, 1]
    assert found["basis"].to_list() == [None, "inferred", None, "observed"]
    assert found["confidence"].to_list() == [None, 0.7, None, 1.0]


def test_discs_of_the_tree_are_cut_where_the_platform_changes() -> None:
    posts, shares = star(100)
    elsewhere = posts_of({"post_id": "web:1", "at": at(50)})
    linked = shares_of(("web:1", "x:0000", "x:0000", "object"))
    found = river(pl.concat([posts, elsewhere]), pl.concat([shares, linked]))
    x, y = found["tree_x"].to_numpy(), found["tree_y"].to_numpy()
    away = np.hypot(x - x[0], y - y[0])
    inside = (found["platform"] == "x").to_numpy()
    assert away[inside].max() <= 10
    assert away[~inside].min() > 10


def test_the_root_stands_in_for_a_parent_that_is_not_held() -> None:
    posts = posts_of({"post_id": "x:1", "at": at(0)}, {"post_id": "x:3", "at": at(1)})
    found = river(posts, shares_of(("x:3", "x:2", "x:1", "observed")))
    assert found.select("parent", "basis").rows() == [(None, None), (0, None)]


def test_answers_hang_from_the_parent_in_posts_and_shares_do_not() -> None:
    link = {"parent_id": "x:1", "basis": "observed"}
    posts = posts_of(
        {"post_id": "x:1", "at": at(0)},
        {"post_id": "x:2", "at": at(1), "kind": "reply", **link},
        {"post_id": "x:3", "at": at(2), "kind": "repost", **link},
    )
    assert river(posts)["parent"].to_list() == [None, 0, None]


def test_a_ring_is_opened_at_its_earliest_post() -> None:
    posts = posts_of(*({"post_id": f"x:{n}", "at": at(n)} for n in range(4)))
    ring = shares_of(
        ("x:0", "x:3", None, "observed"),  # leads into the ring
        ("x:1", "x:2", None, "observed"),
        ("x:2", "x:3", None, "observed"),
        ("x:3", "x:1", None, "observed"),
    )
    found = river(posts, ring)
    assert found["parent"].to_list() == [3, None, 3, 1]
    assert found["basis"].to_list() == ["observed", None, "observed", "observed"]
    assert found["descendants"].to_list() == [0, 3, 0, 2]


def test_a_post_dated_before_its_parent_stays_where_its_date_puts_it() -> None:
    posts = posts_of({"post_id": "x:1", "at": at(5)}, {"post_id": "x:2", "at": at(2)})
    found = river(posts, shares_of(("x:2", "x:1", None, "observed")))
    assert found.select("post_id", "parent", "x").rows() == [("x:2", 1, 0.0), ("x:1", None, 3.0)]


def test_language_and_role_are_told_where_they_are_known() -> None:
    posts = posts_of(
        {"post_id": "x:1", "at": at(0), "account_id": "x:a", "lang": "en"},
        {"post_id": "x:2", "at": at(1), "account_id": "x:b"},
        {"post_id": "x:3", "at": at(2)},
    )
    spoken = pl.DataFrame(
        {"appeal_id": ["a", "b"], "post_id": ["x:1", "x:2"], "lang": ["ru", "kk"]}
    )
    traits = pl.DataFrame({"account_id": ["x:a", "x:b"], "role": ["media", None]})
    told = LAYOUT.check(placed(posts, NO_SHARES, spoken=spoken, traits=traits))
    assert told["lang"].to_list() == ["ru", None, None]
    assert told["role"].to_list() == ["media", "unknown", "unknown"]
    assert river(posts)["role"].unique().to_list() == ["unknown"]


def test_nothing_in_nothing_out() -> None:
    assert_frame_equal(river(POSTS.empty()), LAYOUT.empty())
    assert_frame_equal(river(posts_of({"post_id": "x:1", "at": None})), LAYOUT.empty())


def test_one_post_stands_in_the_middle() -> None:
    row = river(posts_of({"post_id": "x:1", "at": at(7)})).row(0, named=True)
    assert (row["node"], row["parent"], row["x"], row["descendants"]) == (0, None, 0.0, 0)
    assert row["y"] == pytest.approx(0.5, abs=0.05)


def test_appeals_do_not_touch_each_other() -> None:
    posts, shares = star(50)
    other = pl.col("appeal_id").replace("a", "b")
    both = river(
        pl.concat([posts, posts.with_columns(other)]),
        pl.concat([shares, shares.with_columns(other)]),
    )
    alone = river(posts, shares)
    assert_frame_equal(both, pl.concat([alone, alone.with_columns(other)]))


def test_large_branches_that_meet_do_not_overprint() -> None:
    names = [(f"x:{branch}", f"x:{branch}{n:04}", n) for branch in range(3) for n in range(400)]
    heads = [{"post_id": f"x:{branch}", "at": at(branch / 100)} for branch in range(3)]
    leaves = [{"post_id": leaf, "at": at(1 + n / 100)} for _, leaf, n in names]
    links = [(leaf, head, None, "observed") for head, leaf, _ in names]
    found = river(posts_of(*heads, *leaves), shares_of(*links))
    body = found.filter(pl.col("x") < 4)  # tails may be crossed
    places = body.group_by(body["post_id"].str.slice(0, 3)).agg(
        pl.col("y").min(), hi=pl.col("y").max()
    )
    low, high = places.sort("y").get_columns()[1:]
    assert (low[1:] > high[:-1]).all()


def test_posts_of_one_instant_spread_over_the_lane() -> None:
    found = river(posts_of(*({"post_id": f"x:{n}", "at": at(0)} for n in range(5000))))
    counts, _ = np.histogram(found["y"], bins=8, range=(0.04, 0.96))
    assert counts.min() > 5000 / 8 / 3


def test_a_few_old_posts_do_not_squeeze_the_rest() -> None:
    posts, shares = star(1000)
    old = posts_of({"post_id": "x:old", "at": START - timedelta(days=400)})
    before = river(posts, shares)["y"].to_numpy()
    after = river(pl.concat([posts, old]), shares).filter(pl.col("post_id") != "x:old")["y"]
    assert np.abs(after.to_numpy() - before).max() < 0.1


@given(cases)
def test_every_post_with_a_time_is_placed_once_at_its_time(case: Case) -> None:
    posts, shares = tables_of(case)
    found = river(posts, shares)
    timed = posts.filter(pl.col("at").is_not_null()).sort("at")
    assert found["post_id"].to_list() == timed["post_id"].to_list()
    assert found["node"].to_list() == list(range(timed.height))
    hours = [(time - timed["at"][0]) / timedelta(hours=1) for time in timed["at"]]
    assert found["x"].to_list() == pytest.approx(hours)


@given(cases)
def test_lanes_follow_the_first_post_of_each_platform(case: Case) -> None:
    found = river(*tables_of(case))
    lane = {
        name: number for number, name in enumerate(found["platform"].unique(maintain_order=True))
    }
    assert found["y"].floor().to_list() == [lane[name] for name in found["platform"]]


@given(cases)
def test_links_form_a_forest_and_descendants_count_it(case: Case) -> None:
    found = river(*tables_of(case))
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(found["node"])
    graph.add_edges_from(found.drop_nulls("parent").select("parent", "node").iter_rows())
    assert nx.is_directed_acyclic_graph(graph)
    assert found["descendants"].to_list() == [len(nx.descendants(graph, n)) for n in found["node"]]


@given(cases, st.randoms(use_true_random=False))
def test_neither_names_nor_the_order_of_rows_change_the_picture(case: Case, chance: Any) -> None:  # noqa: ANN401 - hypothesis names no type for its Random
    order = chance.sample(range(100, 100 + len(case)), len(case))
    posts, shares = tables_of(case)
    mapping = {name: f"{name}-{order[n]}" for n, name in enumerate(posts["post_id"])}
    renamed = [
        frame.with_columns(pl.col("^(post|parent)_id$").replace(mapping)).sample(
            fraction=1, shuffle=True, seed=order[0] if order else 0
        )
        for frame in (posts, shares)
    ]
    same = ["node", "parent", "x", "y", "tree_x", "tree_y", "descendants", "basis"]
    assert_frame_equal(river(posts, shares).select(same), river(*renamed).select(same))
