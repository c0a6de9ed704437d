"""Communities: the karate club, igraph, scikit-learn and networkx as oracles, planted groups."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import igraph
import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score
from strategies import frames, rows

from analytics import communities as told
from analytics import partitions
from analytics.communities import (
    communities,
    community_mix,
    crossings,
    described,
    homophily,
    links,
    mixing,
    partition,
    traits,
)
from analytics.graphs import account_edges
from analytics.measured import SHARES_TABLE
from analytics.tables import ACCOUNTS, POSTS

Labels = list[int]
SEEDS = np.arange(30, dtype=np.uint64)


def pairs_of(graph: "nx.Graph[Any]") -> told.Pairs:
    """Return each edge once; nodes are 0, 1, 2 and so on."""
    found = list(graph.edges(data="weight", default=1.0))
    one, two, weight = (np.array(part) for part in zip(*found, strict=True))
    return one.astype(np.int32), two.astype(np.int32), weight.astype(float)


def edges_of(graph: "nx.Graph[Any]", *, attributed: int = 0) -> pl.DataFrame:
    """Return a graph as links of an appeal."""
    one, two, weight = pairs_of(graph)
    return pl.DataFrame({
        "appeal_id": ["a"] * one.size,
        "source": [f"x:{node:04}" for node in one],
        "target": [f"x:{node:04}" for node in two],
        "weight": weight.astype(np.int64),
        "attributed": np.full(one.size, attributed),
    })  # fmt: skip


def unweighted(graph: "nx.Graph[Any]") -> "nx.Graph[Any]":
    return nx.Graph(graph.edges)


def modularity(graph: "nx.Graph[Any]", label: Labels) -> float:
    """Return the modularity that our loop finds."""
    rows_of = told._within(pairs_of(graph), np.arange(len(graph)), len(graph))
    nothing, each = np.zeros(len(graph)), np.array(label, np.int32)
    found: float = partitions.modularity(
        rows_of.start, rows_of.other, rows_of.weight, nothing, each
    )
    return found


def known(accounts: Mapping[str, str | None]) -> pl.DataFrame:
    """Return what is known of accounts: languages."""
    nothing = [None] * len(accounts)
    return pl.DataFrame(
        {"account_id": [*accounts], "platform": ["x"] * len(accounts),
         "language": [*accounts.values()], "role": nothing},
        schema=dict.fromkeys(("account_id", "platform", "language", "role"), pl.String),
    )  # fmt: skip


def club() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the karate club, and which of the two clubs each joined as its language."""
    graph = nx.karate_club_graph()
    side = {f"x:{node:04}": "mr" if name == "Mr. Hi" else "of"
            for node, name in graph.nodes(data="club")}  # fmt: skip
    return edges_of(unweighted(graph)), known(side)


# --- partitions


def test_the_karate_club_falls_into_the_same_four_every_time() -> None:
    found = partition(pairs_of(unweighted(nx.karate_club_graph())), 34, SEEDS)
    assert found.modularity == pytest.approx(0.419790, abs=5e-7)
    assert found.by_run == pytest.approx([found.modularity] * 30)
    assert found.label.max() + 1 == 4
    assert found.stability == pytest.approx(1.0)


@pytest.mark.parametrize(("weight", "wanted"), [(None, 0.358235), ("weight", 0.391438)])
def test_modularity_of_the_split_that_happened(weight: str | None, wanted: float) -> None:
    graph = nx.karate_club_graph()
    side = [int(name == "Officer") for _, name in graph.nodes(data="club")]
    graph = graph if weight else unweighted(graph)
    assert modularity(graph, side) == pytest.approx(wanted, abs=5e-7)


@st.composite
def labelled(draw: st.DrawFn) -> tuple[Any, Labels]:
    """Draw a connected weighted graph and a partition of it."""
    size = draw(st.integers(2, 25))
    tree = [(node, draw(st.integers(0, node - 1))) for node in range(1, size)]
    node = st.integers(0, size - 1)
    more = draw(st.lists(st.tuples(node, node), max_size=40))
    graph: nx.Graph[Any] = nx.Graph()
    graph.add_nodes_from(range(size))
    for one, two in tree + more:
        if one != two:
            graph.add_edge(one, two, weight=float(draw(st.integers(1, 5))))
    label = draw(st.lists(st.integers(0, 4), min_size=size, max_size=size))
    return graph, label


@given(labelled())
def test_modularity_is_that_of_networkx(drawn: tuple[Any, Labels]) -> None:
    graph, label = drawn
    parts = [{k for k, own in enumerate(label) if own == each} for each in {*label}]
    assert modularity(graph, label) == pytest.approx(nx.community.modularity(graph, parts))


@given(labelled())
@settings(max_examples=60)
def test_no_run_is_worse_than_one_community_or_all_alone_and_parts_are_connected(
    drawn: tuple[Any, Labels],
) -> None:
    graph, _ = drawn
    found = partition(pairs_of(graph), len(graph), SEEDS[:5])
    assert sorted(found.kept) == list(range(len(graph)))
    label = dict(zip(found.kept.tolist(), found.label.tolist(), strict=True))
    parts = [{k for k in label if label[k] == each} for each in {*label.values()}]
    assert found.modularity == pytest.approx(nx.community.modularity(graph, parts))
    assert found.modularity > -1e-12
    assert all(nx.is_connected(graph.subgraph(part)) for part in parts)
    assert [len([k for k in label if label[k] == own]) for own in sorted({*label.values()})] == (
        sorted(map(len, parts), reverse=True)
    )
    leaves = [node for node in graph if graph.degree(node) == 1]
    assert all(label[node] == label[next(iter(graph[node]))] for node in leaves)


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_what_igraph_finds_is_hardly_better(seed: int) -> None:
    graph = nx.powerlaw_cluster_graph(200, 2, 0.5, seed=seed)
    ours = partition(pairs_of(graph), 200, SEEDS[:10]).modularity
    other = igraph.Graph.from_networkx(graph)
    theirs = max(other.community_leiden("modularity", n_iterations=-1).q for _ in range(10))
    assert ours >= theirs - 0.005


@given(st.integers(0, 10_000), st.integers(2, 6))
@settings(max_examples=20)
def test_planted_groups_are_found(seed: int, groups: int) -> None:
    graph = nx.planted_partition_graph(groups, 30, 0.5, 0.01, seed=seed)
    found = partition(pairs_of(graph), 30 * groups, SEEDS[:3])
    planted = found.kept // 30
    assert adjusted_mutual_info_score(planted, found.label) > 0.97


@given(labelled())
def test_merging_nodes_with_one_neighbour_loses_nothing(drawn: tuple[Any, Labels]) -> None:
    graph, _ = drawn
    rows_of = told._within(pairs_of(graph), np.arange(len(graph)), len(graph))
    start, other, weight, inside, part = partitions.collapsed(
        rows_of.start, rows_of.other, rows_of.weight
    )
    label = np.arange(start.size - 1, dtype=np.int32) % 3
    whole = modularity(graph, label[part].tolist())
    assert partitions.modularity(start, other, weight, inside, label) == pytest.approx(whole)
    assert all(part[node] == part[next(iter(graph[node]))]
               for node in graph if graph.degree(node) == 1)  # fmt: skip
    assert start.size - 1 == max(1, sum(graph.degree(node) > 1 for node in graph))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=200))
def test_mutual_information_is_that_of_scikit_learn(both: list[tuple[int, int]]) -> None:
    one, two = (np.array(part, np.int32) for part in zip(*both, strict=True))
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, len(both) + 1)))])
    theirs = adjusted_mutual_info_score(one, two)
    assert partitions.ami(one, two, logs) == pytest.approx(theirs, abs=1e-9)


def test_mutual_information_of_thousands_of_communities() -> None:
    rng = np.random.default_rng(0)
    one = np.minimum(rng.zipf(1.4, 40_000), 3000).astype(np.int32)
    two = np.where(rng.random(40_000) < 0.3, rng.integers(0, 2000, 40_000), one).astype(np.int32)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, one.size + 1)))])
    theirs = adjusted_mutual_info_score(one, two)
    assert partitions.ami(one, two, logs) == pytest.approx(theirs, abs=1e-9)


@given(labelled(), st.integers(0, 2**63))
def test_rewiring_keeps_every_degree_and_makes_no_second_edge(
    drawn: tuple[Any, Labels], seed: int
) -> None:
    one, two, _ = pairs_of(drawn[0])
    before = np.bincount(np.concatenate([one, two]))
    partitions.rewired(one, two, len(drawn[0]), 20 * one.size, np.uint64(seed))
    assert np.bincount(np.concatenate([one, two])).tolist() == before.tolist()
    assert (one != two).all()
    edges = {frozenset(edge) for edge in zip(one.tolist(), two.tolist(), strict=True)}
    assert len(edges) == one.size


def test_rewiring_reaches_every_graph_of_these_degrees_alike() -> None:
    seen: dict[Any, int] = {}
    for seed in range(3000):
        one, two = (np.array(part, np.int32) for part in ([0, 2, 4], [1, 3, 5]))
        partitions.rewired(one, two, 6, 30, np.uint64(seed))
        drawn = frozenset(map(frozenset, zip(one.tolist(), two.tolist(), strict=True)))
        seen[drawn] = seen.get(drawn, 0) + 1
    assert len(seen) == 15  # perfect matchings of six
    assert sum((count - 200) ** 2 / 200 for count in seen.values()) < 36.1  # chi-square, .999


def test_on_graphs_drawn_by_chance_p_is_spread_out() -> None:
    found = []
    for seed in range(30):
        graph: nx.Graph[Any] = nx.Graph(nx.configuration_model([1, 2, 3, 4] * 20, seed=seed))
        graph.remove_edges_from(list(nx.selfloop_edges(graph)))
        one, two, weight = pairs_of(graph)
        partitions.rewired(one, two, 80, 100 * one.size, np.uint64(seed))
        seeds = np.arange(1000 * seed, 1000 * seed + 40, dtype=np.uint64)
        first = partition((one, two, weight), 80, seeds[:1]).modularity
        row = told._against_chance((one, two, weight), 80, first, np.resize(seeds[1:], 99))
        found.append(float(str(row["p"])))
    assert 0.3 < np.mean(found) < 0.7
    assert sum(p < 0.2 for p in found) < 14
    assert sum(p > 0.8 for p in found) < 14


# --- tables


def test_planted_groups_hold_against_chance_and_a_wheel_of_chance_does_not() -> None:
    planted = nx.planted_partition_graph(3, 30, 0.4, 0.02, seed=1)
    row = communities(edges_of(planted)).partitions.row(0, named=True)
    assert (row["accounts"], row["component"], row["communities"]) == (90, 90, 3)
    assert row["p"] == pytest.approx(0.01)
    assert row["chance_lo"] <= row["chance"] <= row["chance_hi"] < row["first_modularity"]
    assert row["first_modularity"] <= row["modularity"]
    assert (row["runs"], row["rewired"], row["note"]) == (20, 99, None)
    flat = communities(edges_of(nx.gnm_random_graph(90, 400, seed=1))).partitions
    assert flat["p"][0] > 0.05
    assert flat["stability"][0] < row["stability"]


def test_below_fifty_accounts_nothing_is_told_but_why() -> None:
    edges, _ = club()
    found = communities(edges)
    (row,) = found.partitions.to_dicts()
    assert (row["accounts"], row["pairs"], row["component"]) == (34, 78, 34)
    assert row["note"] == "fewer than 50 accounts are connected"
    assert row["communities"] is row["modularity"] is row["p"] is None
    assert found.members.is_empty()
    assert described(found.members, edges, known({})).is_empty()
    fifty = nx.relabel_nodes(nx.cycle_graph(50), {49: 50})
    assert communities(edges_of(fifty)).partitions["note"][0] is None


def test_appeals_are_told_apart_and_the_same_seed_finds_the_same() -> None:
    one = edges_of(nx.planted_partition_graph(3, 30, 0.4, 0.02, seed=1))
    both = pl.concat([one, one.with_columns(appeal_id=pl.lit("b")), edges_of(nx.path_graph(2))
                      .with_columns(appeal_id=pl.lit("c"))])  # fmt: skip
    found = communities(both, seed=3)
    assert found.partitions["appeal_id"].to_list() == ["a", "b", "c"]
    alone = communities(one.sample(fraction=1, shuffle=True, seed=5), seed=3)
    assert found.partitions.row(0) == alone.partitions.row(0)
    for appeal in "ab":
        members = (
            found.members.filter(pl.col("appeal_id") == appeal).drop("appeal_id").sort("account_id")
        )
        assert members.equals(alone.members.drop("appeal_id").sort("account_id"))


def test_a_star_is_one_audience_and_says_so() -> None:
    graph = nx.disjoint_union(nx.star_graph(40), nx.star_graph(30))
    graph.add_edge(0, 41)
    edges = edges_of(graph, attributed=1)
    found = communities(edges)
    assert found.partitions["attributed"].to_list() == [1.0]
    table = described(found.members, edges, known({}))
    assert table.select("accounts", "inside", "across", "top_account_id", "top_share").rows() == [
        (41, 40, 1, "x:0000", 1.0), (31, 30, 1, "x:0041", 1.0),
    ]  # fmt: skip
    assert table["attributed"].to_list() == [1.0, 1.0]
    assert table["inside_share"].to_list() == pytest.approx([40 / 41, 30 / 31])


def test_what_a_community_is_made_of() -> None:
    graph = nx.star_graph(59)
    edges = edges_of(graph)
    said = dict.fromkeys((f"x:{node:04}" for node in range(30)), "kk")
    said |= dict.fromkeys((f"x:{node:04}" for node in range(30, 40)), "ru")
    members = communities(edges).members
    (row,) = described(members, edges, known(said)).to_dicts()
    assert (row["language"], row["language_share"], row["language_known"]) == ("kk", 0.75, 40)
    plain = 0.75 * np.log2(4 / 3) + 0.25 * np.log2(4)
    assert row["language_entropy"] == pytest.approx(plain + 1 / (2 * 40 * np.log(2)))
    assert (row["role"], row["role_entropy"], row["role_known"]) == (None, None, 0)
    mixed = community_mix(members, known(said)).filter(pl.col("by") == "language")
    assert mixed.select("value", "accounts").rows() == [("kk", 30), (None, 20), ("ru", 10)]


def test_the_two_clubs_keep_to_themselves() -> None:
    (row,) = homophily(crossings(*club())).filter(pl.col("by") == "language").to_dicts()
    assert (row["pairs"], row["known"], row["external"]) == (78, 78, 11)
    assert row["ei"] == pytest.approx(-0.717949, abs=5e-7)
    assert row["assortativity"] == pytest.approx(0.717531, abs=5e-7)
    assert row["ei_expected"] == pytest.approx(1 - 2 * (17 * 16 * 2) / (34 * 33))


@given(labelled())
def test_assortativity_is_that_of_networkx(drawn: tuple[Any, Labels]) -> None:
    graph, label = drawn
    nx.set_node_attributes(graph, dict(enumerate(label)), "of")
    said = known({f"x:{node:04}": f"l{own}" for node, own in enumerate(label)})
    edges = edges_of(graph)
    back = edges.rename({"source": "target", "target": "source"}).select(edges.columns)
    (row,) = homophily(crossings(pl.concat([edges, back]), said)).filter(
        pl.col("by") == "language").to_dicts()  # fmt: skip
    assert row["pairs"] == graph.number_of_edges()
    if len({*label}) == 1:
        assert row["assortativity"] is None
        return
    theirs = nx.attribute_assortativity_coefficient(graph, "of")
    assert row["assortativity"] == pytest.approx(theirs)


def test_unknown_is_left_out_of_indexes_and_is_a_value_of_its_own_in_the_matrix() -> None:
    edges = edges_of(nx.path_graph(4))  # 0 - 1 - 2 - 3
    crossed = crossings(edges, known({"x:0000": "kk", "x:0001": "kk", "x:0002": "ru"}))
    (row,) = homophily(crossed).filter(pl.col("by") == "language").to_dicts()
    assert (row["pairs"], row["known"], row["external"], row["ei"]) == (3, 2, 1, 0)
    (role,) = homophily(crossed).filter(pl.col("by") == "role").to_dicts()
    assert (role["known"], role["ei"], role["assortativity"]) == (0, None, None)
    cells = mixing(crossed).filter(pl.col("by") == "language")
    told_links = {(r["source"], r["target"]): r["links"] for r in cells.to_dicts()}
    assert told_links == {
        ("kk", "kk"): 1, ("kk", "ru"): 1, ("ru", None): 1, ("ru", "kk"): 0, ("ru", "ru"): 0,
        ("kk", None): 0, (None, "kk"): 0, (None, "ru"): 0, (None, None): 0,
    }  # fmt: skip
    assert cells["expected"].sum() == pytest.approx(3)


def test_the_expected_matrix_is_the_mean_of_all_deals() -> None:
    edges = edges_of(nx.gnm_random_graph(12, 20, seed=2))
    accounts = sorted({*edges["source"], *edges["target"]})
    values = ["kk"] * 5 + ["ru"] * 4 + ["en"] * (len(accounts) - 9)
    crossed = crossings(edges, known(dict(zip(accounts, values, strict=True))))
    cells = mixing(crossed).filter(pl.col("by") == "language")
    rng, dealt = np.random.default_rng(0), 0
    for _ in range(4000):
        own = dict(zip(accounts, rng.permutation(values), strict=True))
        dealt += sum(own[one] == "kk" and own[two] == "ru"
                     for one, two in edges.select("source", "target").iter_rows())  # fmt: skip
    (row,) = cells.filter(pl.col("source") == "kk", pl.col("target") == "ru").to_dicts()
    assert dealt / 4000 == pytest.approx(row["expected"], rel=0.05)
    assert row["ratio"] == pytest.approx(row["links"] / row["expected"])


@given(frames(SHARES_TABLE, max_size=12))
@settings(max_examples=50)
def test_links_are_the_edges_of_every_appeal(shares: pl.DataFrame) -> None:
    found = links(shares).sort("appeal_id", "source", "target")
    parts = [
        account_edges(part).group_by("source", "target")
        .agg(weight=pl.col("shares").sum(),
             attributed=pl.col("shares").filter(pl.col("basis") == "root").sum())
        .select(pl.lit(appeal).alias("appeal_id"), pl.all())
        for (appeal,), part in shares.partition_by("appeal_id", as_dict=True).items()
    ]  # fmt: skip
    wanted = pl.concat([found.clear(), *parts]).sort("appeal_id", "source", "target")
    assert found.rows() == wanted.rows()


@given(frames(POSTS), frames(ACCOUNTS), frames(SHARES_TABLE, max_size=20))
@settings(max_examples=50)
def test_any_tables_can_be_measured(
    posts: pl.DataFrame, accounts: pl.DataFrame, shares: pl.DataFrame
) -> None:
    posts = posts.unique(POSTS.key, keep="first", maintain_order=True)
    edges, about = links(shares), traits(posts, accounts)
    assert about["account_id"].is_unique().all()
    found = communities(edges)
    assert found.partitions["appeal_id"].to_list() == sorted(edges["appeal_id"].unique())
    assert described(found.members, edges, about).is_empty()
    crossed = crossings(edges, about)
    assert homophily(crossed).height == 3 * found.partitions.height
    assert mixing(crossed)["links"].sum() == 3 * edges.height


def test_the_language_of_an_account_is_the_one_of_most_of_its_posts() -> None:
    post: dict[str, Any] = {"appeal_id": "a", "platform": "x", "kind": "original", "source": "t"}
    posts = rows(POSTS, *(
        post | {"post_id": f"x:{k}", "account_id": who, "lang": lang}
        for k, (who, lang) in enumerate([
            ("x:1", "kk-KZ"), ("x:1", "kk"), ("x:1", "ru"), ("x:2", "und"), ("x:3", "RU"),
            ("x:3", "kk"), ("x:4", None), (None, "en"),
        ])
    ))  # fmt: skip
    profile = {"platform": "x"}
    accounts = rows(ACCOUNTS, profile | {"account_id": "x:1", "role": "unknown"},
                    profile | {"account_id": "x:1", "role": "media"},
                    profile | {"account_id": "telegram:5", "role": "unknown"})  # fmt: skip
    assert traits(posts, accounts).sort("account_id").rows() == [
        ("telegram:5", "telegram", None, None), ("x:1", "x", "kk", "media"),
        ("x:2", "x", None, None), ("x:3", "x", None, None), ("x:4", "x", None, None),
    ]  # fmt: skip


def test_stability_is_the_mean_over_all_pairs_of_runs() -> None:
    graph = nx.gnm_random_graph(60, 150, seed=4)
    drawn = [k % 2 for k in graph], [k % 3 for k in graph], [k // 20 for k in graph]
    labels = [np.array(parts, np.int32) for parts in drawn]
    theirs = [adjusted_mutual_info_score(one, two) for one, two in combinations(labels, 2)]
    assert told._stability(labels) == pytest.approx(np.mean(theirs))
    assert np.isnan(told._stability(labels[:1]))
