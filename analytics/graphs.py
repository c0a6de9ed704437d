"""Share graphs as networkx objects: who was shared by whom."""

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


def account_graph(shares: pl.DataFrame, accounts: pl.DataFrame) -> "nx.MultiDiGraph[str]":
    """Return who was shared by whom.

    Parameters
    ----------
    shares, accounts
        Rows of the tables of these names.

    Returns
    -------
    MultiDiGraph
        Nodes are accounts, with ``platform`` and ``role``. Edges run from the account that was
        shared to the one that shared, with ``basis``, ``shares``, and ISO times ``first_at`` and
        ``last_at`` where they are known.
    """
    edges = account_edges(shares)
    ends = pl.concat([edges["source"], edges["target"]]).unique().sort()
    roles = accounts.sort("role").unique("account_id", keep="first").select("account_id", "role")
    nodes = ends.to_frame("account_id").join(roles, on="account_id", how="left")
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_nodes_from(
        (account, {"platform": account.split(":", 1)[0], "role": role or "unknown"})
        for account, role in nodes.iter_rows()
    )
    times = [pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name in ("first_at", "last_at")]
    for source, target, basis, count, first, last in edges.with_columns(times).iter_rows():
        told = {"first_at": first, "last_at": last}
        attributes = {name: time for name, time in told.items() if time}
        graph.add_edge(source, target, basis=basis, shares=count, **attributes)
    return graph
