"""How much of what could be known the store holds: what every other number rests on."""

import polars as pl

from analytics.joining import comparable
from analytics.measured import COVERAGE
from analytics.tables import SHARES

_BY = ("appeal_id", "platform")


def coverage(
    posts: pl.DataFrame,
    shares: pl.DataFrame,
    counters: pl.DataFrame,
    accounts: pl.DataFrame,
    follows: pl.DataFrame,
) -> pl.DataFrame:
    """Count, by appeal and platform, what is held of what is known to exist.

    Parameters
    ----------
    posts, shares, counters, accounts, follows
        Rows of the tables of these names.

    Returns
    -------
    DataFrame
        The table ``coverage``. ``known`` is null where nobody says how many there are.
    """
    parts = [
        _reposts(posts, counters),
        _parents(shares),
        _references(posts),
        _column(posts, "at", "posts with a time", "posts without one are on no timeline"),
        _column(posts, "account_id", "posts with a known account", "others count as no account"),
        _words(posts),
        _comparable(posts),
        _followers(posts, accounts),
        _set_aside(posts, shares),
        _backwards(posts, shares),
        _torn(posts, shares),
        _timeless(shares),
        _orphans(shares, follows),
    ]
    told = [name for name in COVERAGE.columns if name != "share"]
    rows = pl.concat([part.select(told) for part in parts])
    share = pl.when(pl.col("known") > 0).then(pl.col("held") / pl.col("known"))
    return COVERAGE.check(
        rows.with_columns(share=share).select(*COVERAGE.columns).sort(*_BY, "what")
    )


def _named(frame: pl.DataFrame, what: str, note: str) -> pl.DataFrame:
    return frame.with_columns(
        pl.col("held", "known").cast(pl.Int64), what=pl.lit(what), note=pl.lit(note)
    )


def _reposts(posts: pl.DataFrame, counters: pl.DataFrame) -> pl.DataFrame:
    """Compare the reposts held with the largest number that the platform ever showed."""
    shown = (
        counters.filter(pl.col("metric") == "reposts")
        .group_by("post_id")
        .agg(shown=pl.col("value").max())
    )
    reposts = posts.filter(pl.col("kind") == "repost").group_by(*_BY, post_id="root_id")
    counted = reposts.agg(held=pl.len().cast(pl.Int64))
    known = pl.concat([posts.select(*_BY, "post_id"), counted.select(*_BY, "post_id")]).unique()
    both = known.join(shown, on="post_id").join(counted, on=[*_BY, "post_id"], how="left")
    return _named(
        both.group_by(_BY).agg(
            held=pl.min_horizontal(pl.col("held").fill_null(0), "shown").sum(),
            known=pl.col("shown").sum(),
        ),
        "reposts of the posts whose number is shown",
        "the rest were deleted, private, or not collected",
    )


def _parents(shares: pl.DataFrame) -> pl.DataFrame:
    own = shares.filter(pl.col("kind").is_in(SHARES))
    return _named(
        own.group_by(_BY).agg(held=(pl.col("basis") == "observed").sum(), known=pl.len()),
        "shares whose parent was observed",
        "of the others only the original is named: who passed it to whom is not known",
    )


def _references(posts: pl.DataFrame) -> pl.DataFrame:
    ends = pl.concat(
        [posts.select(*_BY, post_id=column).drop_nulls() for column in ("parent_id", "root_id")]
    ).unique()
    there = posts.select("appeal_id", "post_id", there=True)
    found = ends.join(there, on=["appeal_id", "post_id"], how="left")
    return _named(
        found.group_by(_BY).agg(held=pl.col("there").sum(), known=pl.len()),
        "posts that others share or answer",
        "the rest are not in what was imported or collected",
    )


def _column(posts: pl.DataFrame, column: str, what: str, note: str) -> pl.DataFrame:
    return _named(
        posts.group_by(_BY).agg(held=pl.col(column).is_not_null().sum(), known=pl.len()), what, note
    )


def _words(posts: pl.DataFrame) -> pl.DataFrame:
    own = posts.filter(pl.col("kind") != "repost")
    return _column(own, "text", "posts with their words", "protection keeps no private words")


def _comparable(posts: pl.DataFrame) -> pl.DataFrame:
    """Count the posts whose words can join them to others."""
    own = posts.filter(pl.col("kind") != "repost")
    found = own.group_by(_BY).agg(known=pl.len()).join(
        comparable(own).group_by(_BY).agg(held=pl.len()), on=_BY, how="left"
    )  # fmt: skip
    return _named(
        found.with_columns(pl.col("held").fill_null(0)),
        "posts with enough words to be compared",
        "others join a story by what they link to or show, and not by their words",
    )


def _followers(posts: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    known = accounts.group_by("account_id").agg(known=pl.col("followers").is_not_null().any())
    acting = posts.select(*_BY, "account_id").drop_nulls().unique()
    found = acting.join(known, on="account_id", how="left")
    return _named(
        found.group_by(_BY).agg(held=pl.col("known").sum(), known=pl.len()),
        "accounts whose followers are known",
        "the rest hide them, or their profile was not given",
    )


def _set_aside(posts: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Count the shares whose told links could not be followed."""
    told = posts.filter(
        pl.col("kind").is_in(SHARES),
        pl.col("root_id").is_not_null() | pl.col("parent_id").is_not_null(),
    )
    rootless = shares.filter(pl.col("root_id").is_null())
    bad = told.join(rootless, on=["appeal_id", "post_id"], how="semi")
    return _named(
        bad.group_by(_BY).agg(held=pl.len()).with_columns(known=pl.lit(None, pl.Int64)),
        "shares set aside: their links run in a ring",
        "they are counted as posts and are in no cascade",
    )


def _backwards(posts: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Count the shares dated before what they share."""
    times = posts.select("appeal_id", up="post_id", up_at="at")
    linked = shares.with_columns(up=pl.coalesce("parent_id", "root_id"))
    early = linked.join(times, on=["appeal_id", "up"]).filter(pl.col("at") < pl.col("up_at"))
    return _named(
        early.group_by(_BY).agg(held=pl.len()).with_columns(known=pl.lit(None, pl.Int64)),
        "shares dated before what they share",
        "a clock was wrong somewhere: in trees they are as old as what they share",
    )


def _torn(posts: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Count the shares whose parent is told but not held."""
    held = posts.select("appeal_id", parent_id="post_id")
    told = shares.filter(pl.col("basis") == "observed")
    return _named(
        told.join(held, on=["appeal_id", "parent_id"], how="anti")
        .group_by(_BY)
        .agg(held=pl.len())
        .with_columns(known=pl.lit(None, pl.Int64)),
        "shares whose parent is told but not held",
        "in trees they hang from the original that they name",
    )


def _orphans(shares: pl.DataFrame, follows: pl.DataFrame) -> pl.DataFrame:
    """Count the shares whose parent a follow list told, of those whose account's list is held."""
    asked = shares.filter(
        pl.col("kind").is_in(SHARES),
        pl.col("basis").is_null() | (pl.col("basis") == "follow"),
        pl.col("at").is_not_null(),
        pl.col("root_id").is_not_null(),
    ).join(follows.select(account_id="follower_id").unique(), on="account_id", how="semi")
    return _named(
        asked.group_by(_BY).agg(held=(pl.col("basis") == "follow").sum(), known=pl.len()),
        "shares whose parent a follow list told",
        "the rest are orphans: their accounts follow no earlier sharer",
    )


def _timeless(shares: pl.DataFrame) -> pl.DataFrame:
    """Count the shares that are in no tree: neither when nor from whom is known."""
    lost = shares.filter(
        pl.col("kind").is_in(SHARES), pl.col("basis").is_null(), pl.col("at").is_null()
    )
    return _named(
        lost.group_by(_BY).agg(held=pl.len()).with_columns(known=pl.lit(None, pl.Int64)),
        "shares without a time whose parent is hidden",
        "they count in size and accounts and are in no tree",
    )
