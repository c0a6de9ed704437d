"""What other tools get: graphs and tables, whole or refused with a way out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics.catalog import TABLES
from analytics.errors import FormatError, SettingsError
from analytics.runner import measure
from analytics.store import Store
from collectors.simulated import write_simulation
from dashboards.export import GRAPHS, export_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROUNDSWELL_KEYS", str(tmp_path_factory.mktemp("keys")))
        made = write_simulation(tmp_path_factory.mktemp("sim") / "store", posts=300, seed=3)
        measure(made)
    return made


@pytest.mark.parametrize(
    ("ending", "reader"), [(".gexf", nx.read_gexf), (".graphml", nx.read_graphml)]
)
@pytest.mark.parametrize("nodes", GRAPHS)
def test_a_graph_can_be_read_again(
    store: Store, tmp_path: Path, ending: str, reader: Callable[..., Any], nodes: str
) -> None:
    path = tmp_path / f"graph{ending.upper()}"
    done = export_store(store, path, graph=nodes)
    graph = reader(path)
    counts = {nodes: graph.number_of_nodes(), "edges": graph.number_of_edges()}
    assert done == {"file": str(path), "counts": counts}
    assert counts["edges"] > 0


def test_accounts_come_with_what_is_measured_of_them(store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path / "g.gexf")
    graph = nx.read_gexf(tmp_path / "g.gexf")
    (first,) = store.read("spreaders").drop_nulls("rank").sort("rank").head(1).to_dicts()
    node = graph.nodes[first["account_id"]]
    assert node["credit"] == pytest.approx(first["credit"])
    assert (node["rank_lo"], node["rank_hi"]) == (first["rank_lo"], first["rank_hi"])
    assert any("community" in told for _, told in graph.nodes(data=True))


@pytest.mark.parametrize("name", TABLES)
def test_every_table_that_holds_rows_is_written_whole(
    store: Store, tmp_path: Path, name: str
) -> None:
    held = store.read(name)
    for ending in ("csv", "parquet"):
        path = tmp_path / f"{name}.{ending}"
        if held.is_empty():
            with pytest.raises(FormatError, match=f"has no {name}; run: groundswell"):
                export_store(store, path, table=name)
            assert not path.exists()
        else:
            assert export_store(store, path, table=name)["counts"] == {"rows": held.height}
    if not held.is_empty():
        assert_frame_equal(pl.read_parquet(tmp_path / f"{name}.parquet"), held)
        rows = pl.read_csv(tmp_path / f"{name}.csv", infer_schema=False)
        assert rows.shape == held.shape


def test_times_are_written_as_iso_8601_in_utc(store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path / "p.csv", table="posts")
    written = pl.read_csv(tmp_path / "p.csv", infer_schema=False)["at"]
    assert written.str.contains(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$").all()
    read = written.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC")
    assert read.to_list() == store.read("posts")["at"].to_list()


def test_only_the_appeal_asked_for_is_written(store: Store, tmp_path: Path) -> None:
    appeal = store.read("appeals")["appeal_id"][0]
    done = export_store(store, tmp_path / "p.csv", table="posts", appeal_id=appeal)
    assert done["counts"] == {"rows": 300}
    for path in (tmp_path / "q.csv", tmp_path / "q.gexf"):
        with pytest.raises(SettingsError, match="there is no appeal 'garden'; choose one"):
            export_store(store, path, table="posts", appeal_id="garden")
        assert not path.exists()


def test_what_cannot_be_written_is_refused_with_a_way_out(store: Store, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    cases = {
        tmp_path / "p.xls": "p.xls ends in none of .gexf, .graphml, .csv, .parquet; choose one",
        tmp_path / "gone" / "p.csv": "gone is not a directory; make it first",
        tmp_path / "folder.csv": "folder.csv cannot be written .*; choose another file",
    }
    for path, sentence in cases.items():
        with pytest.raises(FormatError, match=sentence):
            export_store(store, path, table="posts")
    with pytest.raises(FormatError, match="there is no table 'tweets'; choose one of: appeals, "):
        export_store(store, tmp_path / "p.csv", table="tweets")
    with pytest.raises(FormatError, match="there is no graph of 'people'; choose one of: accounts"):
        export_store(store, tmp_path / "g.gexf", graph="people")


def test_a_store_that_was_never_measured_has_no_graph(tmp_path: Path) -> None:
    empty = Store.create(tmp_path / "s")
    with pytest.raises(FormatError, match="has no shares; run: groundswell measure"):
        export_store(empty, tmp_path / "g.gexf")
    assert not (tmp_path / "g.gexf").exists()
