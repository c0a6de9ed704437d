"""Graphs and tables for other tools: Gephi, networkx, R, spreadsheets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl

from analytics.catalog import TABLES
from analytics.errors import FormatError
from analytics.graphs import account_graph, post_graph
from analytics.sharing import as_coortweet, shared_objects
from analytics.store import Store

WRITERS: dict[str, Callable[..., None]] = {
    ".gexf": nx.write_gexf,
    ".graphml": nx.write_graphml,
}
ENDINGS = (*WRITERS, ".csv", ".parquet")
GRAPHS = ("accounts", "posts")  # what the nodes are


def export_store(
    store: Store,
    output: Path,
    *,
    table: str = "shares",
    graph: str = "accounts",
    coortweet: str | None = None,
    appeal_id: str | None = None,
) -> dict[str, Any]:
    """Write a graph or one table; the ending of the file says which.

    With ``coortweet``, a kind of object such as ``url``: who shared which when, as CooRTweet takes
    it.

    Raises
    ------
    FormatError
        The ending, the graph or the table is unknown, there is nothing to write, or the file cannot
        be written.
    """
    ending = output.suffix.lower()
    if ending not in ENDINGS:
        msg = f"{output.name} ends in none of {', '.join(ENDINGS)}; choose one of them"
        raise FormatError(msg)
    if not output.parent.is_dir():
        msg = f"{output.parent} is not a directory; make it first"
        raise FormatError(msg)
    try:
        if coortweet is not None:
            counts = _coortweet(store, output, coortweet, appeal_id)
        elif ending in WRITERS:
            counts = _graph(store, output, graph, appeal_id)
        else:
            counts = _table(store, output, table, appeal_id)
    except OSError as error:
        msg = f"{output} cannot be written ({error.strerror or error}); choose another file"
        raise FormatError(msg) from None
    return {"file": str(output), "counts": counts}


def _coortweet(store: Store, output: Path, by: str, appeal_id: str | None) -> dict[str, int]:
    if output.suffix.lower() != ".csv":
        msg = f"{output.name} is no .csv, which is what CooRTweet reads"
        raise FormatError(msg)
    rows = as_coortweet(shared_objects(store.read("posts", appeal_id=appeal_id), by))
    if rows.is_empty():
        msg = f"{store.path} has no posts that share by {by}; choose another kind of object"
        raise FormatError(msg)
    rows.write_csv(output, float_scientific=False)
    return {"rows": rows.height}


def _graph(store: Store, output: Path, nodes: str, appeal_id: str | None) -> dict[str, int]:
    if nodes not in GRAPHS:
        msg = f"there is no graph of {nodes!r}; choose one of: {', '.join(GRAPHS)}"
        raise FormatError(msg)
    shares = store.read("shares", appeal_id=appeal_id)
    if shares.is_empty():
        raise FormatError(_nothing(store, "shares", appeal_id))
    graph: nx.Graph[str] = (
        post_graph(store.read("posts", appeal_id=appeal_id), shares)
        if nodes == "posts"
        else account_graph(shares, store.read("accounts"), _traits(store, appeal_id))
    )
    WRITERS[output.suffix.lower()](graph, output)
    return {nodes: graph.number_of_nodes(), "edges": graph.number_of_edges()}


def _traits(store: Store, appeal_id: str | None) -> pl.DataFrame | None:
    """Return what is measured of accounts; nothing where several appeals would tell of one."""
    listed = store.read("spreaders", appeal_id=appeal_id)
    members = store.read("community_members", appeal_id=appeal_id)
    if pl.concat([listed["appeal_id"], members["appeal_id"]]).n_unique() != 1:
        return None
    names = ("followers", "tier", "credit", "rank_lo", "rank_hi", "started", "reshares")
    return listed.select("account_id", *names).join(
        members.select("account_id", "community"), on="account_id", how="full", coalesce=True
    )


def _table(store: Store, output: Path, table: str, appeal_id: str | None) -> dict[str, int]:
    if table not in TABLES:
        msg = f"there is no table {table!r}; choose one of: {', '.join(TABLES)}"
        raise FormatError(msg)
    of_appeal = appeal_id if "appeal_id" in TABLES[table].columns else None
    rows = store.read(table, appeal_id=of_appeal)
    if rows.is_empty():
        raise FormatError(_nothing(store, table, appeal_id))
    if output.suffix.lower() == ".parquet":
        rows.write_parquet(output)
    else:
        items = pl.element().str.replace_all("|", "%7C", literal=True)
        lists = pl.selectors.by_dtype(pl.List(pl.String)).list.eval(items).list.join("|")
        times = pl.selectors.datetime().dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
        rows.with_columns(lists, times).write_csv(output)
    return {"rows": rows.height}


def _nothing(store: Store, table: str, appeal_id: str | None) -> str:
    """Say why there are no rows to write; an appeal that nobody declared is named as such."""
    if appeal_id is not None:
        store.settings.appeal_id(appeal_id)
    made_by = "measure" if TABLES[table].measured else "import"
    return f"{store.path} has no {table}; run: groundswell {made_by} {store.path}"
