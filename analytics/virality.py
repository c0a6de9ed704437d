"""Cascades: size, time and shape, one row each."""

import polars as pl

from analytics.measured import CASCADES
from analytics.tables import SHARES

_ROOT = ("appeal_id", "root_id")
MOST_LEFT_OUT = 0.1  # of a cascade's posts; with more undrawn, its shape is unknown
_SHAPE = tuple(
    name + end
    for name in ("depth", "max_breadth", "virality", "mean_depth", "broadcast")
    for end in ("_lo", "", "_hi")
)


def cascades(posts: pl.DataFrame, shares: pl.DataFrame, shapes: pl.DataFrame) -> pl.DataFrame:
    """Return every cascade: each root that is held or referred to, with all shares below it.

    Parameters
    ----------
    posts, shares, shapes
        Rows of the tables of these names; ``shares`` as :func:`analytics.trees.shares` gives them.

    Returns
    -------
    DataFrame
        The table ``cascades``. Shares whose root is unknown are in no cascade. Its shape is that of
        the links as they were observed where all of them were, else that of the calibrated model,
        with its band; from the star around the original, which is what most platforms tell, none
        is computed. It is null where a tenth of the posts or more could not be placed in time.

    Notes
    -----
    Structural virality is the mean distance between two posts of a cascade (Goel, Anderson, Hofman
    and Watts 2016, Management Science 62(1)).
    """
    members = _members(shares)
    roots = _roots(posts, members)
    found = (
        roots.join(_sums(members, roots), on=_ROOT, how="left")
        .join(_replies(posts, members), on=_ROOT, how="left")
        .join(_best(shapes), on=_ROOT, how="left")
        .with_columns(pl.col("shares", "observed", "replies").fill_null(0))
        .with_columns(size=pl.col("shares") + 1, accounts=pl.col("accounts").fill_null(1))
    )
    alone = pl.col("shares") == 0
    whole = pl.col("drawn") > (1 - MOST_LEFT_OUT) * pl.col("size")
    return CASCADES.check(
        found.with_columns(
            *(pl.when(whole).then(name).alias(name) for name in (*_SHAPE, "method")),
            first_at=pl.coalesce("root_at", "first_share"),
        )
        .with_columns(
            depth=pl.when(alone).then(0).otherwise("depth"),
            max_breadth=pl.when(alone).then(1).otherwise("max_breadth"),
        )
        .select(*CASCADES.columns)
        .sort("appeal_id", pl.col("size") * -1, "root_id")
    )


def _best(shapes: pl.DataFrame) -> pl.DataFrame:
    """Return the method that each cascade's shape is told by; an observed one has no band."""
    best = shapes.filter(pl.col("method").is_in(["observed", "calibrated"]))
    inferred = pl.col("method") == "calibrated"
    bands = [name for name in _SHAPE if name.endswith(("_lo", "_hi"))]
    return best.with_columns(pl.when(inferred).then(name).alias(name) for name in bands).select(
        *_ROOT, "method", "drawn", *_SHAPE
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
