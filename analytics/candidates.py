"""What authorities said while an appeal spread: posts that may be responses, for a person to judge.

Nothing here enters the ledger of responses. A candidate is a post of an account whose role is
official, with the fact that brought it up.
"""

import polars as pl

from analytics.measured import CANDIDATES

LINKS = "links to what the appeal shows"
ANSWERS = "passes on, quotes or answers a post of the appeal"
AFTER = "said after the appeal was published"
_KEY = ["appeal_id", "post_id"]


def candidates(appeals: pl.DataFrame, posts: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return the posts of official accounts that may be responses.

    Parameters
    ----------
    appeals, posts, accounts
        Rows of the tables of these names.

    Returns
    -------
    DataFrame
        The table ``candidates``. ``why`` is the strongest of three facts: it links to what the
        appeal declares as its material, it refers to a post of somebody else, or it was said after
        the appeal was published (if that is declared; otherwise after its first post by others).

    Examples
    --------
    >>> from analytics.tables import ACCOUNTS, APPEALS, POSTS
    >>> appeal = {"appeal_id": "a", "object_keys": ["youtube:v"], "simulated": False}
    >>> row = {"appeal_id": "a", "platform": "x", "kind": "original", "source": "doc"}
    >>> posts = pl.DataFrame([row | {"post_id": "x:1", "account_id": "x:7",
    ...                              "object_keys": ["youtube:v"]}])
    >>> official = {"account_id": "x:7", "platform": "x", "role": "official"}
    >>> tables = (APPEALS, [appeal]), (POSTS, posts), (ACCOUNTS, [official])
    >>> found = candidates(*(table.check(pl.DataFrame(rows)) for table, rows in tables))
    >>> found.select("post_id", "why").row(0)
    ('x:1', 'links to what the appeal shows')
    """
    official = accounts.filter(pl.col("role") == "official").select("account_id").unique()
    theirs = posts.join(official, on="account_id", how="semi")
    others = posts.join(official, on="account_id", how="anti")
    rows = (
        theirs.join(_declared(appeals), on="appeal_id", how="left")
        .join(_first(others), on="appeal_id", how="left")
        .join(_referring(theirs, others), on=_KEY, how="left")
    )
    shown = pl.col("object_keys").list.set_intersection(pl.col("declared")).list.len() > 0
    since = pl.col("at") >= pl.coalesce("published_at", "first_at")
    why = (
        pl.when(shown)
        .then(pl.lit(LINKS))
        .when(pl.col("refers"))
        .then(pl.lit(ANSWERS))
        .when(since)
        .then(pl.lit(AFTER))
    )
    found = rows.with_columns(why=why).filter(pl.col("why").is_not_null())
    return CANDIDATES.check(found.select(*CANDIDATES.columns).sort("appeal_id", "at", "post_id"))


def _declared(appeals: pl.DataFrame) -> pl.DataFrame:
    return appeals.select("appeal_id", "published_at", declared="object_keys")


def _first(others: pl.DataFrame) -> pl.DataFrame:
    return others.group_by("appeal_id").agg(first_at=pl.col("at").min())


def _referring(theirs: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Return which posts name a post of somebody else."""
    ends = pl.concat(
        [theirs.select(*_KEY, other=name).drop_nulls() for name in ("parent_id", "root_id")]
    )
    held = others.select("appeal_id", other="post_id")
    found = ends.join(held, on=["appeal_id", "other"], how="semi").select(_KEY).unique()
    return found.with_columns(refers=pl.lit(value=True))
