"""The shape of cascades: size, depth, breadth and structural virality, in one pass over all.

Depth, breadth and virality are given only where every share's parent was observed and is held: from
a star around the original, which is what most platforms tell, they would say nothing.
"""

import numpy as np
import polars as pl

from analytics import forest
from analytics.tables import CASCADES, SHARES

_ROOT = ("appeal_id", "root_id")


def cascades(posts: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Return every cascade: each root that is held or referred to, with all shares below it.

    Parameters
    ----------
    posts, shares
        Rows of the tables of these names; ``shares`` as :func:`analytics.trees.shares` gives them.

    Returns
    -------
    DataFrame
        The table ``cascades``. Shares whose root is unknown are in no cascade.

    Notes
    -----
    Structural virality is the mean distance between two posts of a cascade (Goel, Anderson, Hofman
    and Watts 2016, Management Science 62(1)), computed as 2W / n(n - 1) with
    W = Σ s(n - s) over all posts but the root, s being the size of the post's subtree.
    """
    members = _members(shares)
    roots = _roots(posts, members)
    found = (
        roots.join(_sums(members, roots), on=_ROOT, how="left")
        .join(_shapes(members), on=_ROOT, how="left")
        .join(_replies(posts, members), on=_ROOT, how="left")
        .with_columns(pl.col("shares", "observed", "replies").fill_null(0))
    )
    complete = (pl.col("observed") == pl.col("shares")) & (pl.col("shares") > 0)
    alone = pl.col("shares") == 0
    return CASCADES.check(
        found.with_columns(
            size=pl.col("shares") + 1,
            accounts=pl.col("accounts").fill_null(1),
            depth=pl.when(complete).then("depth").when(alone).then(0),
            max_breadth=pl.when(complete).then("max_breadth").when(alone).then(1),
            virality=pl.when(complete).then("virality"),
            first_at=pl.coalesce("root_at", "first_share"),
        )
        .select(*CASCADES.columns)
        .sort("appeal_id", pl.col("size") * -1, "root_id")
    )


def _members(shares: pl.DataFrame) -> pl.DataFrame:
    return shares.filter(pl.col("kind").is_in(SHARES), pl.col("root_id").is_not_null())


def _roots(posts: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Return the posts that top a cascade: all that are no share, and roots only referred to."""
    held = posts.filter(~pl.col("kind").is_in(SHARES)).select(
        "appeal_id", "platform", root_id="post_id", root_account_id="account_id",
        root_at="at", root_held=True,
    )  # fmt: skip
    missing = members.join(held, on=_ROOT, how="anti").group_by(_ROOT).agg(
        pl.col("platform").min(),
        pl.col("root_account_id").min(),  # the one that is known, if any share knows it
        root_at=pl.lit(None, members["at"].dtype),
        root_held=pl.lit(value=False),
    )  # fmt: skip
    return pl.concat([held, missing.select(held.columns)])


def _sums(members: pl.DataFrame, roots: pl.DataFrame) -> pl.DataFrame:
    root_accounts = roots.select(*_ROOT, account_id="root_account_id")
    accounts = (
        pl.concat([members.select(*_ROOT, "account_id"), root_accounts])
        .group_by(_ROOT)
        .agg(accounts=pl.col("account_id").drop_nulls().n_unique().cast(pl.Int64))
    )
    half = (pl.col("at").drop_nulls().len() - 1) // 2  # the ⌈m/2⌉-th of m shares in time
    return (
        members.group_by(_ROOT)
        .agg(
            shares=pl.len().cast(pl.Int64),
            observed=(pl.col("basis") == "observed").sum().cast(pl.Int64),
            first_share=pl.col("at").min(),
            last_at=pl.col("at").max(),
            half_at=pl.col("at").drop_nulls().sort().get(half, null_on_oob=True),
        )
        .join(accounts, on=_ROOT, how="right")
    )


def _replies(posts: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Count the replies to each cascade's posts."""
    root_of = members.select("appeal_id", "root_id", parent_id="post_id")
    answers = posts.filter(pl.col("kind").is_in(["reply", "comment"])).select(
        "appeal_id", "parent_id"
    )
    placed = answers.join(root_of, on=["appeal_id", "parent_id"], how="left")
    return (
        placed.with_columns(root_id=pl.coalesce("root_id", "parent_id"))
        .group_by(_ROOT)
        .agg(replies=pl.len().cast(pl.Int64))
    )


def _shapes(members: pl.DataFrame) -> pl.DataFrame:
    """Measure the trees whose shares all have an observed parent."""
    whole = pl.col("basis").eq_missing(pl.lit("observed")).all().over(_ROOT)
    edges = members.filter(whole).select(*_ROOT, "post_id", "parent_id")
    tops = edges.select(*_ROOT).unique(maintain_order=True).with_columns(
        post_id="root_id", parent_id=pl.lit(None, pl.String)
    )  # fmt: skip
    nodes = pl.concat([tops, edges])
    there = nodes.select("appeal_id", parent_id="post_id")
    torn = edges.join(there, on=["appeal_id", "parent_id"], how="anti")  # a parent is not held
    nodes = nodes.join(torn, on=_ROOT, how="anti", maintain_order="left").with_row_index("node")
    numbers = nodes.select("appeal_id", "node", parent_id="post_id").rename({"node": "up"})
    nodes = nodes.join(numbers, on=["appeal_id", "parent_id"], how="left", maintain_order="left")
    link = nodes["up"].cast(pl.Int64).fill_null(-1).to_numpy()
    depth = forest.depths(link)
    return shape(nodes.select(*_ROOT), depth, forest.sizes(link, depth))


def shape(trees: pl.DataFrame, depth: forest.Ints, size: forest.Ints) -> pl.DataFrame:
    """Return depth, breadth and structural virality of each tree of a forest.

    Parameters
    ----------
    trees
        One row per node: the columns that name its tree.
    depth, size
        Of each node: links above it, and nodes in its subtree, itself included.

    Returns
    -------
    DataFrame
        One row per tree: ``depth``, ``max_breadth`` (posts) and ``virality`` (shares; null for a
        tree of one post).
    """
    by = trees.columns
    nodes = trees.with_columns(depth=pl.Series(depth), s=pl.Series(size.astype(np.float64)))
    breadths = nodes.group_by(*by, "depth").agg(breadth=pl.len().cast(pl.Int64))
    n = pl.len().cast(pl.Float64)
    below = pl.col("s").filter(pl.col("depth") > 0)
    wiener = (below * (n - below)).sum()
    return (
        nodes.group_by(by)
        .agg(virality=pl.when(n > 1).then(2 * wiener / (n * (n - 1))))
        .join(
            breadths.group_by(by).agg(
                depth=pl.col("depth").max(), max_breadth=pl.col("breadth").max()
            ),
            on=by,
        )
    )
