"""How a simulated appeal spreads: the law of its trees, and of their times.

Each platform is a forest whose roots hang from the video. With Λ(t) the hours awake that have
passed since the publication (the clock slows down at night), a Z that is standard normal and a P
whose Pareto tail is P(P > x) = (1 + x)^-1.1:

- A root comes at Λ(wave) + 0.02 + D, the wave drawn by its weight, with
  P(D > d) = (1 + d / 24)^-1.2, cut at the collection.
- A post i of an account with F followers passes the appeal on N times, N being Poisson with mean
  min(L, a · R · c · F^β). R is the platform's ``reproduction``, β its ``pull``; c makes the mean of
  c · F^β over the accounts that are drawn 1; L = 2 + 0.05 times the platform's posts. a is 1, but
  0.2 for a reply and 0.5 · (1 + P) for a root.
- What is passed on comes at Λ(i) + 0.02 + lag · exp(1.5 Z), ``lag`` being the platform's, if that
  is before the collection. Its author does not depend on i.

So a repost that came at Λ(k) came through the earlier post i that shows, or is, the same utterance
with a probability in proportion to min(L, a · R · c · F^β) · φ(Λ(k) - Λ(i)), φ being the density of
that lag. A repost hangs from the post through which it came; a quote, a reply or a comment from the
utterance which that shows. Nobody reposts twice, or themselves: a new person does it instead, as
much followed as they are, or a hundred times as much as is usual if they are followed more.

A node is a row of a table: ``node`` (its number), ``parent`` (null for a root), ``shown`` (the
utterance that a repost shows, else itself), ``cascade`` (its root), ``depth`` and ``shown_depth``
(steps from the video), ``kind``, ``account`` (row of the accounts), ``awake``, ``second`` (from the
publication), ``expected`` (the mean of N), ``held`` and ``set`` (its group or burst, if planted).
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.scenario import HOURS, PUBLISHED, RHYTHM, WAVES, Platform

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

ACTIVITY = 1.6  # how unequally the accounts of a kind post; 1 is equally
ROOT_BOOST = 0.5  # pull of the least noticed root, beside what passes it on
ROOT_TAIL = 1.1  # exponent of how much more the others are noticed
REPLY_BOOST = 0.2  # pull of a reply, beside the same
LARGEST = 0.05  # of a platform's posts: the children that a post can expect
MOST_FOLLOWED = 20_000_000
WAVE_SCALE = 24.0  # hours awake
WAVE_EXPONENT = 1.2
SHORTEST_LAG = 0.02  # hours awake, over half a minute at the busiest hour
LAG_SPREAD = 1.5  # of the logarithm of a lag


class Audience(NamedTuple):
    """The accounts of one platform, and the most children that a post there can expect."""

    platform: Platform
    accounts: pl.DataFrame
    largest: float


def audience(platform: Platform, need: int, rng: np.random.Generator) -> Audience:
    """Make the accounts that may post: the few public actors first, then the many persons."""
    public = _public_actors(platform, need)
    persons = int(platform.persons * need) + (4 if platform.persons else 0)
    most = platform.followers * 20 * (1 + rng.pareto(1.2, public.height))
    typical = platform.followers * rng.lognormal(0, 1.8, persons)
    followers = np.concatenate([most, typical]).clip(1, MOST_FOLLOWED).astype(np.int64)
    private = _private(platform, np.arange(1, persons + 1))
    accounts = pl.concat([public, private]).with_columns(
        followers=pl.Series(followers),
        pull=pl.Series(_pull(platform, followers, _chances(platform, public.height, persons))),
    )
    return Audience(platform, accounts, largest=2 + LARGEST * need)


def _pull(platform: Platform, followers: Integers, chances: Reals) -> Reals:
    """Return how much is drawn from each account; its mean is 1 below the roots.

    So the reproduction number is the platform's whatever the accounts drawn, and below 1.
    """
    pull: Reals = followers.astype(np.float64) ** platform.pull
    return pull / float((chances * pull).sum())  # the sum of `@` would depend on the cores


def _chances(platform: Platform, actors: int, persons: int) -> Reals:
    """Return the probability of each account below the roots; see `_authors`."""
    share = platform.public[1]
    return np.concatenate(
        [
            weight * np.diff((np.arange(size + 1) / max(size, 1)) ** (1 / ACTIVITY))
            for weight, size in ((share, actors), (1 - share, persons))
        ]
    )


def _public_actors(platform: Platform, need: int) -> pl.DataFrame:
    """Invent media, legal aid groups and public offices; on the web media alone."""
    outlets = 4 + round(need**0.4)
    roles = [("media", "news", "News", outlets)]
    if not platform.only_media:
        roles.append(("ngo", "aid", "Legal aid group", outlets // 3))
        roles.append(("official", "office", "Public office", outlets // 4))
    rows = [
        (platform.account.format(who), role, platform.handle.format(who), name)
        for role, who, name in _numbered(roles)
    ]
    return pl.DataFrame(rows, schema=["account_id", "role", "handle", "name"], orient="row")


def _numbered(roles: list[tuple[str, str, str, int]]) -> list[tuple[str, str, str]]:
    return [
        (role, f"{short}-{n}", f"{name} {n}")
        for role, short, name, count in roles
        for n in range(1, count + 1)
    ]


def _private(platform: Platform, numbers: Integers) -> pl.DataFrame:
    return pl.DataFrame({"number": numbers}).select(
        account_id=pl.format(platform.account.format(f"{platform.person}-{{}}"), "number"),
        role=pl.lit(platform.role),
        handle=pl.lit(None, pl.String),
        name=pl.lit(None, pl.String),
    )


def _authors(
    accounts: pl.DataFrame, public: float, size: int, rng: np.random.Generator
) -> pl.Series:
    """Draw rows of the accounts: a few post often, most post once."""
    actors = accounts["name"].count()
    persons = accounts.height - actors
    is_public = rng.random(size) < public
    rank = rng.random(size) ** ACTIVITY
    row = np.where(is_public, rank * actors, actors + rank * persons)
    return pl.Series(row.astype(np.int64))


def _clock() -> Reals:
    """Return the hours awake that have passed at each hour since the publication."""
    local_hour = (PUBLISHED.hour + 6 + np.arange(HOURS)) % 24
    return np.concatenate([[0.0], np.cumsum(RHYTHM[local_hour] / RHYTHM.mean())])


CLOCK = _clock()


def _awake(moment: datetime) -> float:
    hours = (moment - PUBLISHED) / timedelta(hours=1)
    return float(np.interp(hours, np.arange(HOURS + 1), CLOCK))


def seconds(awake: Reals) -> Integers:
    """Turn hours awake into whole seconds since the publication."""
    hours = np.interp(awake, CLOCK, np.arange(HOURS + 1))
    return (hours * 3600).astype(np.int64)


def _root_times(size: int, rng: np.random.Generator) -> Reals:
    """Draw hours awake: a wave, and a delay that decays as a power law until the collection."""
    weights = np.array([weight for _, weight in WAVES])
    starts = np.array([_awake(start) for start, _ in WAVES]) + SHORTEST_LAG
    start: Reals = starts[rng.choice(len(WAVES), size, p=weights / weights.sum())]
    in_time = 1 - (1 + (CLOCK[-1] - start) / WAVE_SCALE) ** -WAVE_EXPONENT
    delay: Reals = (1 - rng.random(size) * in_time) ** (-1 / WAVE_EXPONENT) - 1
    return start + WAVE_SCALE * delay


def grown(audience: Audience, need: int, rng: np.random.Generator) -> pl.DataFrame:
    """Grow cascades until as many posts as needed are held; return their nodes."""
    parts: list[pl.DataFrame] = []
    held = nodes = 0
    while not parts or held < need:
        part = _grow(audience, roots=(need - held) // 8 + 2, first=nodes, rng=rng)
        parts.append(_seen(part, audience.platform, rng))
        held += int(parts[-1]["held"].sum())
        nodes += part.height
    return _cut(pl.concat(parts), need)


def _grow(audience: Audience, *, roots: int, first: int, rng: np.random.Generator) -> pl.DataFrame:
    """Grow whole cascades, one generation after the other; a row comes after its parent's."""
    begin = _roots(audience, np.arange(first, first + roots), rng)
    generations = [_noticed(audience, begin, rng)]
    while generations[-1].height:
        first += generations[-1].height
        below = _children(audience, generations[-1], first, rng)
        generations.append(_noticed(audience, below, rng))
    return pl.concat(generations)


def _roots(audience: Audience, node: Integers, rng: np.random.Generator) -> pl.DataFrame:
    platform = audience.platform
    return pl.DataFrame({"node": node}).with_columns(
        cascade="node",
        parent=pl.lit(None, pl.Int64),
        depth=pl.lit(1, pl.Int64),
        shown="node",
        shown_depth=pl.lit(1, pl.Int64),
        kind=pl.lit(platform.root),
        account=_authors(audience.accounts, platform.public[0], len(node), rng),
        awake=pl.Series(_root_times(len(node), rng)),
    )


def _children(
    audience: Audience, above: pl.DataFrame, first: int, rng: np.random.Generator
) -> pl.DataFrame:
    """Draw the next generation. A repost hangs from what was seen, all else from what it shows."""
    platform = audience.platform
    born = rng.poisson(above["expected"].to_numpy())
    below = above[np.repeat(np.arange(above.height), born)]
    is_repost = pl.col("kind") == "repost"
    return (
        below.drop("expected")
        .with_columns(
            kind=_kinds(platform, below.height, rng),
            account=_authors(audience.accounts, platform.public[1], below.height, rng),
            awake=pl.col("awake") + lags(platform, below.height, rng),
        )
        .filter(pl.col("awake") < CLOCK[-1])
        .with_columns(
            parent=pl.when(is_repost).then("node").otherwise("shown"),
            depth=pl.when(is_repost).then("depth").otherwise("shown_depth") + 1,
            node=pl.int_range(first, first + pl.len(), dtype=pl.Int64),
        )
        .with_columns(
            shown=pl.when(is_repost).then("shown").otherwise("node"),
            shown_depth=pl.when(is_repost).then("shown_depth").otherwise("depth"),
        )
    )


def _noticed(audience: Audience, nodes: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Add the expected number of children of each node; that of a root has a Pareto tail."""
    pull = audience.accounts["pull"].to_numpy()[nodes["account"].to_numpy()]
    attention = ROOT_BOOST * (1 + rng.pareto(ROOT_TAIL, nodes.height))
    boost = np.where(nodes["parent"].is_null().to_numpy(), attention, 1.0)
    boost[(nodes["kind"] == "reply").to_numpy()] = REPLY_BOOST
    expected: Reals = boost * audience.platform.reproduction * pull
    return nodes.with_columns(expected=pl.Series(expected.clip(max=audience.largest)))


def lags(platform: Platform, size: int, rng: np.random.Generator) -> pl.Series:
    """Draw hours awake from a post to what comes from it."""
    return pl.Series(SHORTEST_LAG + platform.lag * rng.lognormal(0, LAG_SPREAD, size))


def _kinds(platform: Platform, size: int, rng: np.random.Generator) -> pl.Series:
    drawn = rng.choice(len(platform.below), size, p=list(platform.below.values()))
    return pl.Series(list(platform.below)).gather(drawn)


def _seen(nodes: pl.DataFrame, platform: Platform, rng: np.random.Generator) -> pl.DataFrame:
    """Add when each post was made, in seconds, and whether the collector held it."""
    missed = pl.Series(rng.random(nodes.height) < platform.missed)
    start, end = (hour * 3600 for hour in platform.gap)
    return nodes.with_columns(
        second=pl.Series(seconds(nodes["awake"].to_numpy())),
        set=pl.lit(None, pl.String),
    ).with_columns(
        held=~(missed & (pl.col("kind") == "repost")) & ~pl.col("second").is_between(start, end - 1)
    )


def _cut(nodes: pl.DataFrame, need: int) -> pl.DataFrame:
    """Keep whole cascades until enough is held; the last one loses its latest generations."""
    count = pl.col("held").cum_sum()
    enough = (count < need) | ((count == need) & pl.col("held"))
    return nodes.sort("cascade", maintain_order=True).filter(enough)


def in_time_order(nodes: pl.DataFrame) -> pl.DataFrame:
    """Sort by time and number the nodes, their parents and what they show anew."""
    nodes = nodes.sort("second", "node")
    node = nodes["node"].to_numpy()
    place = np.zeros(node.max(initial=-1) + 1, dtype=np.int64)
    place[node] = np.arange(nodes.height)
    places = pl.Series(place)
    return nodes.with_columns(
        node=places.gather(nodes["node"]),
        parent=places.gather(nodes["parent"]),
        shown=places.gather(nodes["shown"]),
        cascade=places.gather(nodes["cascade"]),
    )


def once_each(nodes: pl.DataFrame, audience: Audience) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Let nobody repost twice, or themselves: a person about as much followed does it instead.

    Returns the nodes, and the accounts with those persons.
    """
    platform, accounts, _ = audience
    their_own = pl.col("account") == pl.col("account").gather("shown")
    again = nodes.select(
        (pl.col("kind") == "repost") & (their_own | ~_first_of_theirs(nodes))
    ).to_series()
    rows = again.arg_true().to_numpy()
    account = nodes["account"].to_numpy().copy()
    followers = accounts["followers"].gather(account[rows])
    account[rows] = accounts.height + np.arange(len(rows))
    others = _private(platform, account[rows] + 1).with_columns(
        followers=followers.clip(upper_bound=platform.followers * 100)
    )
    return nodes.with_columns(account=pl.Series(account)), pl.concat(
        [accounts.drop("pull"), others]
    )


def _first_of_theirs(nodes: pl.DataFrame) -> pl.Series:
    """Return whether an account shows an utterance for the first time; what is planted goes first.

    So it is never what was planted that somebody else does instead.
    """
    first = pl.struct("shown", "account").is_first_distinct()
    ordered = nodes.select("node", "shown", "account", planted=pl.col("set").is_not_null())
    return (
        ordered.sort("planted", descending=True, maintain_order=True)
        .select("node", first=first)
        .sort("node")["first"]
    )
