"""Positions: published figures, what igraph and networkx answer, and what renaming keeps."""

from pathlib import Path

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analytics.networks import (
    POSITIONS,
    betweenness,
    components,
    cores,
    network,
    pagerank,
    positions,
)

Drawn = list[tuple[int, int, int]]


def edges(pairs: Drawn) -> pl.DataFrame:
    """Return an edge frame: who was shared, who shared, how often."""
    rows = [(f"x:{one:03}", f"x:{two:03}", float(weight)) for one, two, weight in pairs]
    return pl.DataFrame(rows, schema=["source", "target", "weight"], orient="row")


def karate() -> pl.DataFrame:
    """Return Zachary's club, each tie both ways and alike."""
    ties = nx.karate_club_graph().edges
    return edges([(*tie, 1) for tie in ties] + [(two, one, 1) for one, two in ties])


@st.composite
def graphs(draw: st.DrawFn) -> Drawn:
    """Draw directed weighted graphs, with loops and with edges that come twice."""
    node = st.integers(0, draw(st.integers(1, 14)))
    found: Drawn = draw(st.lists(st.tuples(node, node, st.integers(1, 9)), max_size=40))
    return found


def as_networkx(drawn: Drawn) -> "nx.DiGraph[str]":
    """Return the graph from who shared to who was shared."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for source, target, weight in edges(drawn).iter_rows():
        if source != target:
            before = graph.get_edge_data(target, source, {"weight": 0})["weight"]
            graph.add_edge(target, source, weight=before + weight)
    return graph


def undirected(graph: "nx.DiGraph[str]") -> "nx.Graph[str]":
    """Return the graph without directions; weights both ways are added up."""
    found: nx.Graph[str] = nx.Graph()
    weights: list[tuple[str, str, float]] = list(graph.edges(data="weight"))
    for one, two, weight in weights:
        before = found.get_edge_data(one, two, {"weight": 0})["weight"]
        found.add_edge(one, two, weight=before + weight)
    return found


def test_positions_in_the_karate_club() -> None:
    told = {row["account_id"]: row for row in positions(karate(), seed=0).to_dicts()}
    rank = [told[name]["pagerank"] for name in ("x:033", "x:000", "x:032")]
    assert rank == pytest.approx([0.100918, 0.097002, 0.071692], abs=6e-6)
    assert told["x:000"]["betweenness"] == pytest.approx(0.437635, abs=5e-7)
    assert told["x:033"]["betweenness"] == pytest.approx(0.304075, abs=5e-7)
    assert told["x:000"]["constraint"] == pytest.approx(0.155423, abs=5e-7)
    assert not any(row["betweenness_sampled"] for row in told.values())


def test_a_star_of_sharers() -> None:
    star = positions(edges([(0, leaf, 1) for leaf in range(1, 5)]), seed=0)
    assert star["pagerank"].to_list() == pytest.approx([0.52381] + 4 * [0.11905], abs=5e-6)
    assert star["constraint"].to_list() == [0.25, 1, 1, 1, 1]
    assert star["effective_size"].to_list() == [4, 1, 1, 1, 1]
    assert star["betweenness"].to_list() == [1, 0, 0, 0, 0]
    assert star["core"].to_list() == [1] * 5


@pytest.mark.parametrize("name", ["wikivote", "rt100k"])
def test_what_igraph_finds(shared: Path, name: str) -> None:
    folder = shared / "oracles/graph"
    # igraph walks each edge from its first column to its second, as we do from target to source
    told = pl.read_parquet(folder / f"{name}_edges.parquet").select(
        source=pl.format("x:{}", "target"), target=pl.format("x:{}", "source")
    )
    graph = network(told)
    order = pl.DataFrame({"node": graph.ids.str.slice(2).cast(pl.Int64)})
    theirs = order.join(
        pl.read_parquet(folder / f"{name}_nodes_igraph.parquet"), on="node", how="left",
        maintain_order="left",
    )  # fmt: skip
    assert np.abs(pagerank(graph) - theirs["pagerank_d0.85"].to_numpy()).sum() < 1e-9
    assert cores(graph).tolist() == theirs["coreness_undirected"].to_list()
    both = pl.DataFrame({"ours": components(graph), "theirs": theirs["wcc"]}).unique()
    assert both.height == both["ours"].n_unique() == both["theirs"].n_unique()


def test_betweenness_as_igraph_finds_it(shared: Path) -> None:
    folder = shared / "oracles/graph"
    told = pl.read_parquet(folder / "wikivote_edges.parquet").select(
        source=pl.format("x:{}", "source"), target=pl.format("x:{}", "target")
    )
    graph = network(told)
    found, sampled = betweenness(graph, seed=0, exact=10_000)
    order = pl.DataFrame({"node": graph.ids.str.slice(2).cast(pl.Int64)})
    theirs = order.join(
        pl.read_parquet(folder / "wikivote_nodes_igraph.parquet"), on="node", how="left",
        maintain_order="left",
    )["betweenness_undirected"].to_numpy()  # fmt: skip
    pairs = (graph.nodes - 1) * (graph.nodes - 2) / 2
    assert not sampled
    assert found * pairs == pytest.approx(theirs, rel=1e-9, abs=1e-6)
    some, sampled = betweenness(graph, seed=0)
    assert sampled
    assert np.corrcoef(some, found)[0, 1] > 0.9
    assert some.sum() == pytest.approx(found.sum(), rel=0.05)


@given(graphs())
def test_positions_are_those_of_networkx(drawn: Drawn) -> None:
    graph = as_networkx(drawn)
    found = positions(edges(drawn), seed=0)
    assert found["account_id"].to_list() == sorted(graph)
    if not graph:
        return
    without = undirected(graph)
    theirs = {
        "pagerank": nx.pagerank(graph, tol=1e-12, max_iter=1000),
        "core": nx.core_number(without),
        "betweenness": nx.betweenness_centrality(without),
        "constraint": nx.constraint(without, weight="weight"),
        # told for all nodes at once, networkx divides by the wrong node's strongest tie
        "effective_size": nx.effective_size(without, list(without), weight="weight"),
    }
    for name, oracle in theirs.items():
        wanted = [oracle[account] for account in found["account_id"]]
        assert found[name].to_list() == pytest.approx(wanted, abs=1e-9), name
    parts = sorted(nx.weakly_connected_components(graph), key=lambda part: (-len(part), min(part)))
    number = {account: k for k, part in enumerate(parts) for account in part}
    assert found["component"].to_list() == [number[account] for account in found["account_id"]]


@given(graphs(), st.permutations(range(15)))
@settings(max_examples=50)
def test_names_do_not_matter(drawn: Drawn, names: list[int]) -> None:
    renamed = [(names[one], names[two], weight) for one, two, weight in drawn]
    back = pl.DataFrame({
        "account_id": [f"x:{name:03}" for name in names], "old": [f"x:{k:03}" for k in range(15)]
    })  # fmt: skip
    measured = positions(edges(renamed), seed=0).join(back, on="account_id", maintain_order="left")
    told = measured.with_columns(account_id="old").drop("old").sort("account_id")
    assert_frame_equal(told.drop("component"), positions(edges(drawn), seed=0).drop("component"))


@given(graphs())
def test_a_sample_of_all_accounts_is_exact(drawn: Drawn) -> None:
    graph = network(edges(drawn))
    whole, sampled = betweenness(graph, seed=1, exact=0)
    assert sampled == (graph.nodes > 0)
    assert whole == pytest.approx(betweenness(graph, seed=0)[0])


def test_betweenness_on_a_ring() -> None:
    ring = network(edges([(k, (k + 1) % 401, 1) for k in range(401)]))
    exact, sampled = betweenness(ring, seed=0)
    each_way = sum(range(1, 200)) / (400 * 399 / 2)  # pairs of others that are joined over a node
    assert not sampled
    assert exact == pytest.approx(np.full(401, each_way))
    some, sampled = betweenness(ring, seed=0, exact=400)
    assert sampled
    assert some.mean() == pytest.approx(each_way)
    assert some.tolist() != pytest.approx(exact.tolist())


def test_without_edges_there_are_no_positions() -> None:
    nothing = positions(edges([]), seed=0)
    assert nothing.schema == POSITIONS
    assert nothing.is_empty()
    alone = edges([(1, 1, 1)]).vstack(
        pl.DataFrame(
            {"source": [None], "target": ["x:1"], "weight": [1.0]}, schema=edges([]).schema
        )
    )
    assert positions(alone, seed=0).is_empty()
