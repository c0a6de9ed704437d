"""Who was shared by whom, as an object of networkx."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from strategies import at, frames, rows

from analytics.graphs import account_edges, account_graph, post_graph
from analytics.measured import SHARES_TABLE
from analytics.tables import ACCOUNTS, POSTS
from analytics.trees import shares

COMMON = {"appeal_id": "a", "platform": "x", "kind": "repost"}


def told(*wanted: dict[str, Any]) -> pl.DataFrame:
    numbered = ({"post_id": f"x:{n}", "account_id": "x:b"} | row for n, row in enumerate(wanted))
    return rows(SHARES_TABLE, *numbered, **COMMON)


OBSERVED = {"parent_account_id": "x:a", "root_account_id": "x:r", "basis": "observed"}
HIDDEN = {"root_account_id": "x:r"}


def test_an_edge_runs_from_the_account_that_was_shared_to_the_one_that_shared() -> None:
    (edge,) = account_graph(told(OBSERVED), ACCOUNTS.empty()).edges(data=True)
    assert edge == ("x:a", "x:b", {"basis": "observed", "shares": 1})


def test_where_the_parent_is_hidden_the_basis_is_the_root() -> None:
    (edge,) = account_edges(told(HIDDEN)).to_dicts()
    assert (edge["source"], edge["target"], edge["basis"]) == ("x:r", "x:b", "root")


def test_shares_of_one_pair_and_basis_are_one_edge() -> None:
    edges = account_edges(told(
        OBSERVED | {"at": at(2)}, OBSERVED | {"at": at(1)}, OBSERVED, HIDDEN,
        OBSERVED | {"basis": "object"},
    ))  # fmt: skip
    assert edges.select("source", "basis", "shares", "first_at", "last_at").rows() == [
        ("x:a", "observed", 3, at(1), at(2)),
        ("x:a", "object", 1, None, None),
        ("x:r", "root", 1, None, None),
    ]


def test_self_shares_and_shares_of_nobody_known_are_left_out() -> None:
    own = {"parent_account_id": "x:b", "basis": "observed"}
    nobody = {"account_id": None, "root_account_id": "x:r"}
    assert account_edges(told(own, {"root_account_id": "x:b"}, {}, nobody)).is_empty()
    assert len(account_graph(told(own), ACCOUNTS.empty())) == 0


def test_nodes_have_the_platform_and_the_role() -> None:
    profile = {"account_id": "x:a", "platform": "x"}
    accounts = rows(ACCOUNTS, profile | {"role": "media"}, profile | {"role": "unknown"})
    graph = account_graph(told(OBSERVED), accounts)
    assert {name: graph.nodes[name] for name in graph} == {
        "x:a": {"platform": "x", "role": "media"},
        "x:b": {"platform": "x", "role": "unknown"},
    }


def test_a_graph_survives_gexf(tmp_path: Path) -> None:
    by_object = OBSERVED | {"basis": "object"}  # a second edge between the same accounts
    shared = told(OBSERVED | {"at": at(1)}, OBSERVED | {"at": at(26)}, HIDDEN, by_object)
    graph = account_graph(shared, ACCOUNTS.empty())
    nx.write_gexf(graph, tmp_path / "g.gexf")
    again = nx.read_gexf(tmp_path / "g.gexf")
    assert again.is_directed()
    assert again.is_multigraph()
    for name, data in graph.nodes(data=True):
        assert data.items() <= again.nodes[name].items()
    edges = {(a, b, d["basis"]): d for a, b, d in again.edges(data=True)}
    assert edges.keys() == {
        ("x:a", "x:b", "observed"), ("x:a", "x:b", "object"), ("x:r", "x:b", "root"),
    }  # fmt: skip
    observed = edges["x:a", "x:b", "observed"]
    assert observed["shares"] == 2
    assert observed["first_at"] == "2026-05-01T01:00:00Z"
    assert observed["last_at"] == "2026-05-02T02:00:00Z"
    assert observed["start"] == "2026-05-01T01:00:00Z"
    assert "first_at" not in edges["x:r", "x:b", "root"]
    assert 'mode="dynamic"' in (tmp_path / "g.gexf").read_text()


def test_traits_become_attributes_of_the_nodes_they_tell_of() -> None:
    traits = pl.DataFrame(
        {"account_id": ["x:b", "x:z"], "community": [3, 4], "tier": ["micro", None]}
    )
    graph = account_graph(told(OBSERVED), ACCOUNTS.empty(), traits)
    assert graph.nodes["x:b"] == {
        "platform": "x", "role": "unknown", "community": 3, "tier": "micro",
    }  # fmt: skip
    assert graph.nodes["x:a"] == {"platform": "x", "role": "unknown"}
    assert "x:z" not in graph


def test_an_edge_between_posts_says_how_it_is_known() -> None:
    root = {"root_id": "x:r"}
    shared = told(
        root | {"parent_id": "x:r", "basis": "observed", "confidence": 1.0, "at": at(1)},
        root | {"parent_id": "x:0", "basis": "inferred", "confidence": 0.25},
        root,
        {},
    )
    posts = rows(POSTS, {"post_id": "x:r", "kind": "original", "account_id": "x:a", "at": at(0)},
                 appeal_id="a", platform="x", source="t")  # fmt: skip
    graph = post_graph(posts, shared)
    assert set(graph.edges(data="basis")) == {
        ("x:r", "x:0", "observed"), ("x:0", "x:1", "inferred"), ("x:r", "x:2", "root"),
    }  # fmt: skip
    assert graph.edges["x:0", "x:1"]["confidence"] == 0.25
    assert graph.edges["x:r", "x:0"]["start"] == "2026-05-01T01:00:00Z"
    assert graph.nodes["x:r"]["account_id"] == "x:a"
    assert graph.nodes["x:0"] == {"platform": "x"}


@pytest.mark.parametrize("write", [nx.write_gexf, nx.write_graphml])
def test_no_id_breaks_a_file(tmp_path: Path, write: Callable[..., None]) -> None:
    odd = OBSERVED | {"account_id": "web:<\x01&\"'>\ufffe"}
    write(account_graph(told(odd), ACCOUNTS.empty()), tmp_path / "g")
    read = nx.read_gexf if write is nx.write_gexf else nx.read_graphml
    assert set(read(tmp_path / "g")) == {"x:a", "web:<\ufffd&\"'>\ufffd"}


@given(frames(POSTS, max_size=12))
@settings(max_examples=40)
def test_every_share_between_two_known_accounts_is_in_one_edge(posts: pl.DataFrame) -> None:
    shared = shares(posts.unique(POSTS.key, maintain_order=True))
    expected = 0
    for share in shared.to_dicts():
        told = share["basis"] != "inferred" and share["parent_account_id"]
        source = told or share["root_account_id"]
        expected += None not in (source, share["account_id"]) and source != share["account_id"]
    edges = account_edges(shared)
    assert edges["shares"].sum() == expected
    assert not edges.select("source", "target", "basis").is_duplicated().any()
    assert account_graph(shared, ACCOUNTS.empty()).number_of_edges() == edges.height
