"""Share graphs as networkx objects: who was shared by whom, and which post came from which."""

from collections.abc import Iterator
from typing import Any

import networkx as nx
import polars as pl


def account_edges(shares: pl.DataFrame) -> pl.DataFrame:
    """Return the edges of the account graph: source, the account that was shared, and target.

    Parameters
    ----------
    shares
        Rows of ``shares``.

    Returns
    -------
    DataFrame
        One row per pair of accounts and ``basis``: ``source``, ``target``, ``basis``, ``shares``,
        ``first_at``, ``last_at``. The basis ``root`` says that the platform names only the
        original's author: the sharer may have met the post anywhere; a likeliest parent is no edge.
        Self-shares are left out.

    Examples
    --------
    >>> from analytics.measured import SHARES_TABLE
    >>> row = {"appeal_id": "a", "platform": "x", "kind": "repost", "root_account_id": "x:1"}
    >>> shares = SHARES_TABLE.check(pl.DataFrame([
    ...     row | {"post_id": "x:8", "account_id": "x:2"},
    ...     row | {"post_id": "x:9", "account_id": "x:2"},
    ... ]))
    >>> account_edges(shares).select("source", "target", "basis", "shares").rows()
    [('x:1', 'x:2', 'root', 2)]
    """
    return (
        between_accounts(shares)
        .group_by("source", "target", "basis")
        .agg(
            shares=pl.len().cast(pl.Int64),
            first_at=pl.col("at").min(),
            last_at=pl.col("at").max(),
        )
        .sort("shares", "source", "target", "basis", descending=[True, False, False, False])
    )


def between_accounts(shares: pl.DataFrame) -> pl.DataFrame:
    """Return one row per share of which two accounts are known, as :func:`account_edges` has them.

    ``appeal_id``, ``at``, ``source``, ``target`` and ``basis``.
    """
    known = pl.col("parent_account_id").is_not_null() & pl.col("basis").ne_missing("inferred")
    return (
        shares.select(
            "appeal_id",
            "at",
            source=pl.when(known).then("parent_account_id").otherwise("root_account_id"),
            target="account_id",
            basis=pl.when(known)
            .then(pl.col("basis").fill_null("observed"))
            .otherwise(pl.lit("root")),
        )
        .drop_nulls(["source", "target"])
        .filter(pl.col("source") != pl.col("target"))
    )


def account_graph(
    shares: pl.DataFrame, accounts: pl.DataFrame, traits: pl.DataFrame | None = None
) -> "nx.MultiDiGraph[str]":
    """Return who was shared by whom.

    Parameters
    ----------
    shares, accounts
        Rows of the tables of these names.
    traits
        One row per account with ``account_id``; its other columns become attributes of the nodes.

    Returns
    -------
    MultiDiGraph
        Nodes are accounts, with ``platform``, ``role`` and what ``traits`` tells. Edges run from
        the account that was shared to the one that shared, with ``basis``, ``shares``, and where
        they are known the ISO times ``first_at`` and ``last_at``; ``start`` repeats the first: by
        it a GEXF file is dynamic. What is unknown is left out.
    """
    edges = account_edges(shares)
    ends = pl.concat([edges["source"], edges["target"]]).unique().sort().to_frame("account_id")
    roles = accounts.sort("role").unique("account_id", keep="first").select("account_id", "role")
    nodes = ends.join(roles, on="account_id", how="left").select(
        "account_id", _platform("account_id"), pl.col("role").fill_null("unknown")
    )
    if traits is not None:
        nodes = nodes.join(traits, on="account_id", how="left", maintain_order="left")
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_nodes_from((name, told) for (name,), told in _told(nodes, 1))
    timed = _told(edges.with_columns(start="first_at"), 2)
    graph.add_edges_from((source, target, told) for (source, target), told in timed)
    return graph


def post_graph(posts: pl.DataFrame, shares: pl.DataFrame) -> "nx.DiGraph[str]":
    """Return which post came from which.

    Parameters
    ----------
    posts, shares
        Rows of the tables of these names.

    Returns
    -------
    DiGraph
        Nodes are the posts held and those that shares name, with ``platform`` and, of posts held,
        ``kind``, ``account_id`` and ``at``, repeated as ``start``. An edge runs from a post to each
        share of it, with ``basis``, ``confidence`` and the share's time as ``start``. Where the
        parent is hidden the edge runs from the root and its basis is ``root``; a parent that is
        only inferred has the basis ``inferred``: leave these out before you measure anything.

    Examples
    --------
    >>> from analytics.measured import SHARES_TABLE
    >>> from analytics.tables import POSTS
    >>> share = {"appeal_id": "a", "platform": "x", "kind": "repost", "post_id": "x:2"}
    >>> shares = SHARES_TABLE.check(pl.DataFrame([share | {"root_id": "x:1"}]))
    >>> list(post_graph(POSTS.empty(), shares).edges(data="basis"))
    [('x:1', 'x:2', 'root')]
    """
    hidden = pl.col("parent_id").is_null()
    edges = shares.select(
        pl.coalesce("parent_id", "root_id").alias("source"),
        target="post_id",
        basis=pl.when(hidden).then(pl.lit("root")).otherwise(pl.col("basis").fill_null("observed")),
        confidence="confidence",
        start="at",
    ).drop_nulls(["source", "target"])
    held = posts.select("post_id", "kind", "account_id", "at", start="at").unique("post_id")
    named = pl.concat([edges["source"], edges["target"], held["post_id"]]).unique().sort()
    nodes = named.to_frame("post_id").join(held, on="post_id", how="left", maintain_order="left")
    graph: nx.DiGraph[str] = nx.DiGraph()
    placed = nodes.select("post_id", _platform("post_id"), pl.exclude("post_id"))
    graph.add_nodes_from((name, told) for (name,), told in _told(placed, 1))
    graph.add_edges_from((source, target, told) for (source, target), told in _told(edges, 2))
    return graph


def _platform(name: str) -> pl.Expr:
    return pl.col(name).str.extract(r"^([a-z0-9_]+):").alias("platform")


_NOT_XML = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"  # GEXF and GraphML cannot hold them


def _told(frame: pl.DataFrame, named: int) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Give each row as its first columns and, by name, what is known of the others."""
    texts = pl.selectors.string().str.replace_all(_NOT_XML, "\ufffd")
    times = pl.selectors.datetime().dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    names = frame.columns[named:]
    for row in frame.with_columns(texts, times).iter_rows():
        told = zip(names, row[named:], strict=True)
        yield row[:named], {name: value for name, value in told if value is not None}
