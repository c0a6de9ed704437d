"""Parents told by who follows whom: time-inferred diffusion.

Where an account's list of followed accounts is held, the post that it passed on most likely reached
it through the newest earlier sharer on that list (Goel, Anderson, Hofman & Watts 2016; Vosoughi,
Roy & Aral 2018). An account that follows none of them is an *orphan*: it met the post elsewhere.
"""

import polars as pl

from analytics.tables import SHARES

_KEY = ["appeal_id", "post_id"]
_STAR = ["appeal_id", "star"]


def followed(posts: pl.DataFrame, shares: pl.DataFrame, follows: pl.DataFrame) -> pl.DataFrame:
    """Find the parent of each share that is hidden and whose account's follow list is held.

    Parameters
    ----------
    posts, shares, follows
        Rows of the tables of these names.

    Returns
    -------
    DataFrame
        One row per such share that has a time: its key, ``parent_id`` and ``parent_account_id``
        (null for an orphan) and ``candidates``, how many earlier posts of the same star are by
        accounts that it follows. Equal times are ordered by id; nobody passes on their own post.

    Examples
    --------
    R is shared by A, who follows R, and by B, who follows both.

    >>> from datetime import UTC, datetime
    >>> from analytics.tables import FOLLOWS, POSTS
    >>> from analytics.trees import shares
    >>> row = {"appeal_id": "a", "platform": "x", "source": "doc", "kind": "repost"}
    >>> told = [("r", "original", 0), ("a", "repost", 1), ("b", "repost", 2)]
    >>> posts = POSTS.check(pl.DataFrame([
    ...     row | {"post_id": f"x:{n}", "account_id": f"x:{n}", "kind": kind,
    ...            "at": datetime(2026, 1, 1, hour, tzinfo=UTC),
    ...            "root_id": None if kind == "original" else "x:r"}
    ...     for n, kind, hour in told
    ... ], schema_overrides={"at": pl.Datetime("us", "UTC")}))
    >>> edges = [("x:a", "x:r"), ("x:b", "x:r"), ("x:b", "x:a")]
    >>> follows = FOLLOWS.check(pl.DataFrame(edges, schema=["follower_id", "followed_id"],
    ...                                      orient="row"))
    >>> followed(posts, shares(posts), follows).select("post_id", "parent_id", "candidates").rows()
    [('x:a', 'x:r', 1), ('x:b', 'x:a', 2)]
    """
    events = _events(posts, shares)
    lists = follows.select("follower_id", "followed_id").unique()
    asked = events.filter("hidden").join(
        lists.select(account_id="follower_id").unique(), on="account_id", how="semi"
    )
    among = lists.join(events.select(followed_id="account_id").unique(), on="followed_id",
                       how="semi")  # fmt: skip
    earlier = (
        asked.join(among, left_on="account_id", right_on="follower_id")
        .join(
            events.select(
                *_STAR, followed_id="account_id", up="post_id", up_at="at", up_is_top="is_top"
            ),
            on=[*_STAR, "followed_id"],
        )
        .filter(
            pl.col("followed_id") != pl.col("account_id"),
            pl.col("up_is_top")
            | (pl.col("up_at") < pl.col("at"))
            | ((pl.col("up_at") == pl.col("at")) & (pl.col("up") < pl.col("post_id"))),
        )
    )
    newest = (
        earlier.sort(pl.col("up_is_top").not_(), "up_at", "up")
        .group_by(_KEY)
        .agg(
            parent_id=pl.col("up").last(),
            parent_account_id=pl.col("followed_id").last(),
            candidates=pl.len().cast(pl.Int64),
        )
    )
    return (
        asked.select(*_KEY)
        .join(newest, on=_KEY, how="left", maintain_order="left")
        .with_columns(pl.col("candidates").fill_null(0))
        .sort(_KEY)
    )


def _events(posts: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Return the posts of every star with a time, and whether their parent is hidden."""
    hidden = shares.filter(
        pl.col("kind").is_in(SHARES), pl.col("basis").is_null(), pl.col("root_id").is_not_null()
    ).select(*_KEY, hidden=True)
    known = posts.filter(pl.col("account_id").is_not_null())
    below = known.filter(
        pl.col("kind").is_in(SHARES),
        pl.col("root_id") != pl.col("post_id"),
        pl.col("at").is_not_null(),
    ).select(*_KEY, "account_id", "at", star="root_id", is_top=False)
    tops = known.select(*_KEY, "account_id", "at", star="post_id", is_top=True).join(
        below.select(*_STAR).unique(), on=_STAR, how="semi"
    )
    return (
        pl.concat([tops, below])
        .join(hidden, on=_KEY, how="left", maintain_order="left")
        .with_columns(pl.col("hidden").fill_null(value=False) & ~pl.col("is_top"))
    )


def with_followed(posts: pl.DataFrame, shares: pl.DataFrame, follows: pl.DataFrame) -> pl.DataFrame:
    """Fill in the parents that follow lists tell.

    Returns
    -------
    DataFrame
        The table ``shares``; the basis of what was filled in is *follow*, its confidence one over
        the number of earlier sharers that the account follows. Orphans stay hidden.
    """
    if follows.is_empty():
        return shares
    found = followed(posts, shares, follows).filter(pl.col("candidates") > 0)
    joined = shares.join(
        found.rename({"parent_id": "up", "parent_account_id": "up_account"}),
        on=_KEY, how="left", maintain_order="left",
    )  # fmt: skip
    new = pl.col("up").is_not_null()
    return joined.with_columns(
        parent_id=pl.when(new).then("up").otherwise("parent_id"),
        parent_account_id=pl.when(new).then("up_account").otherwise("parent_account_id"),
        basis=pl.when(new).then(pl.lit("follow")).otherwise("basis"),
        confidence=pl.when(new).then(1 / pl.col("candidates")).otherwise("confidence"),
    ).select(shares.columns)
