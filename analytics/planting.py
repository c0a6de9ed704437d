"""What is planted in a simulated appeal beside its spread, so that measures can be held against it.

*Groups.* On X and Bluesky a few groups of ordinary persons repost the same originals again and
again: 4 to 6 accounts, 5 to 8 originals, each time all within 45 seconds. Beside each group, two
*bursts* mean nothing: 4 to 6 persons repost one original within 45 seconds, once. No account is in
two of these. What is planted hangs from the original, and nothing hangs from it; all of it is held.
At most a tenth of a platform's posts are planted; a group with its bursts needs up to 60, so that
below 600 posts of the platform there are none.

*Follow lists.* Of a sample of the sharers it is known whom they follow: each account from whom a
share of theirs really came with probability 0.8, and others, ten on average (geometric), drawn in
proportion to their followers.

*Acts.* Each act was done at a time drawn evenly from the interval in which it is recorded.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from analytics.branching import Audience, Integers, lags, seconds
from analytics.scenario import HOURS, Act, Platform
from analytics.tables import SHARES

ACCOUNTS = (4, 6)  # of a group or a burst
OBJECTS = (5, 8)  # that a group shares; a burst shares one
BURSTS = 2  # beside each group
MOST_GROUPS = 12  # on one platform
WITHIN = 45  # seconds from the first to the last who shares an object
FOLLOWS_SOURCE = 0.8
OTHERS = 10  # followed besides, on average
_LAST_DAY = 86_400  # seconds before the collection: nothing is planted on what came later


def planned(audience: Audience, need: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return one row for each repost to plant: its ``set``, ``act`` and ``account``.

    An act is one set that shares one object.
    """
    most = ACCOUNTS[1] * (OBJECTS[1] + BURSTS)
    groups = min(MOST_GROUPS, int(audience.platform.planted * need) // most)
    bursts = BURSTS * groups
    accounts = _between(ACCOUNTS, groups + bursts, rng)
    objects = np.concatenate([_between(OBJECTS, groups, rng), np.ones(bursts, np.int64)])
    acts = np.repeat(np.arange(groups + bursts), objects)  # the set of each
    first_account = np.cumsum(accounts) - accounts
    who = [first_account[of] + np.arange(accounts[of]) for of in acts]
    persons = _persons(audience, int(accounts.sum()), rng)
    names = _names(audience.platform, groups, bursts)
    return pl.DataFrame(
        {
            "set": pl.Series([names[of] for of in acts], dtype=pl.String),
            "act": np.arange(len(acts)),
            "account": pl.Series([persons[each] for each in who], dtype=pl.List(pl.Int64)),
        }
    ).explode("account")


def _between(limits: tuple[int, int], size: int, rng: np.random.Generator) -> Integers:
    return rng.integers(limits[0], limits[1] + 1, size)


def _persons(audience: Audience, size: int, rng: np.random.Generator) -> Integers:
    """Draw rows of different private accounts."""
    private = audience.accounts["name"].is_null().arg_true().cast(pl.Int64).to_numpy()
    return rng.choice(private, size, replace=False)


def _names(platform: Platform, groups: int, bursts: int) -> list[str]:
    return [
        f"{platform.name}:{kind}-{n}"
        for kind, count in (("group", groups), ("burst", bursts))
        for n in range(1, count + 1)
    ]


def with_planted(
    nodes: pl.DataFrame, plan: pl.DataFrame, platform: Platform, rng: np.random.Generator
) -> pl.DataFrame:
    """Return the nodes with those of the plan after them."""
    if plan.is_empty():
        return nodes
    acts = _acts(nodes, plan, platform, rng)[plan["act"].to_numpy()]
    offset = pl.Series(rng.integers(0, WITHIN + 1, plan.height))
    first = int(nodes["node"].to_numpy().max()) + 1
    return pl.concat(
        [
            nodes,
            acts.with_columns(
                node=pl.int_range(first, first + pl.len(), dtype=pl.Int64),
                parent="node",
                shown="node",
                depth=pl.col("depth") + 1,
                shown_depth="depth",
                kind=pl.lit("repost"),
                expected=pl.lit(0.0),
                account=plan["account"],
                second=pl.col("second") + offset,
                held=pl.lit(value=True),
                set=plan["set"],
            ),
        ]
    )


def _acts(
    nodes: pl.DataFrame, plan: pl.DataFrame, platform: Platform, rng: np.random.Generator
) -> pl.DataFrame:
    """Return the original that each act shares, with the second in which the act begins."""
    end = HOURS * 3600
    free = nodes.filter(
        pl.col("kind") == "original",
        pl.col("second") < end - _LAST_DAY,
        ~pl.col("account").is_in(plan["account"].implode()),
    )
    count = plan["act"].n_unique()
    drawn = free[rng.permutation(free.height)[np.arange(count) % free.height]]
    awake = drawn.select(pl.col("awake") + lags(platform, count, rng)).to_series()
    begin = seconds(awake.to_numpy()).clip(max=end - WITHIN - 1)
    return drawn.with_columns(awake=awake, second=pl.Series(begin))


class FollowLists(NamedTuple):
    """Whom a sample of sharers follows: ``accounts`` whose lists are known, and the ``edges``."""

    accounts: pl.Series
    edges: pl.DataFrame


def follow_lists(
    platform: Platform, nodes: pl.DataFrame, followers: pl.Series, rng: np.random.Generator
) -> FollowLists:
    """Draw whom some of the sharers follow.

    Parameters
    ----------
    platform
        Says for what share of the sharers it is known.
    nodes
        What happened on the platform, numbered in the order of the rows.
    followers
        Of each account; nodes name accounts by their place in it.
    rng
        Where chance comes from.

    Returns
    -------
    FollowLists
        Both as places of accounts; one row of ``edges`` is a ``follower`` and whom it ``followed``.
    """
    shares = nodes.filter(pl.col("held"), pl.col("kind").is_in(SHARES))
    sharers = shares["account"].unique().sort()
    listed = sharers.filter(pl.Series(rng.random(len(sharers)) < platform.listed, dtype=pl.Boolean))
    edges = pl.concat(
        [_sources(shares, nodes, listed, rng), _others(nodes, followers, listed, rng)]
    )
    not_self = edges.filter(pl.col("follower") != pl.col("followed"))
    return FollowLists(listed, not_self.unique().sort("follower", "followed"))


def _sources(
    shares: pl.DataFrame, nodes: pl.DataFrame, listed: pl.Series, rng: np.random.Generator
) -> pl.DataFrame:
    """Return those from whom the listed really had something, most of them."""
    pairs = (
        shares.select(follower="account", followed=nodes["account"].gather(shares["parent"]))
        .filter(pl.col("follower").is_in(listed.implode()))
        .unique()
        .sort("follower", "followed")
    )
    return pairs.filter(pl.Series(rng.random(pairs.height) < FOLLOWS_SOURCE, dtype=pl.Boolean))


def _others(
    nodes: pl.DataFrame, followers: pl.Series, listed: pl.Series, rng: np.random.Generator
) -> pl.DataFrame:
    """Return others whom the listed follow, the most followed most often."""
    acting = nodes["account"].unique().sort().to_numpy()
    count = rng.geometric(1 / OTHERS, len(listed))
    weight = np.cumsum(followers.to_numpy()[acting].astype(np.float64))
    place = np.searchsorted(weight, rng.random(count.sum()) * weight[-1:].sum(), side="right")
    follower = np.repeat(listed.to_numpy(), count)
    return pl.DataFrame({"follower": follower, "followed": acting[place]})


def done_at(acts: list[Act], rng: np.random.Generator) -> pl.Series:
    """Draw when each act was really done: a second of its interval."""
    length = [int((act.latest - act.earliest).total_seconds()) for act in acts]
    earliest = pl.Series([act.earliest for act in acts], dtype=pl.Datetime("us", "UTC"))
    after = pl.Series(rng.integers(0, length) * 1_000_000).cast(pl.Duration("us"))
    return earliest + after
