"""Who keeps to whom: communities of accounts that shared each other, and what they have in common.

In a star, and platforms that name only the original draw stars, a community is an author's
audience: its members need not know of each other. ``attributed`` says how much of it rests on that.
"""

from dataclasses import dataclass
from itertools import combinations
from math import log

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.graphs import between_accounts
from analytics.languages import account_languages
from analytics.measured import (
    COMMUNITIES,
    COMMUNITY_MEMBERS,
    COMMUNITY_MIX,
    HOMOPHILY,
    MIXING,
    PARTITIONS,
)
from analytics.networks import Integers, Nodes, Reals, Rows, by_rows, each, network
from analytics.tables import TRAITS

FEWEST = 50  # accounts of a component whose communities are told
RUNS = 20
ROUNDS = 10  # of the Leiden algorithm in one run, at most; it ends when nothing is gained, or …
LEAST_ROUNDS = 2  # … after fewer, not less than this, where edges times rounds exceed EDGES
REWIRED = 99  # graphs drawn by chance, unless the graph is so large that …
EDGES = 2_000_000  # … they would have more edges than this together; never fewer than two
LEAST_REWIRED = 2
ENOUGH = 19  # graphs from which a p can be told
SWAPS = 10  # tried for each edge of a graph that is rewired
ROUNDING = 1e-9

_AT = ["appeal_id", "community"]

Seeds = npt.NDArray[np.uint64]
Pairs = tuple[Nodes, Nodes, Reals]


@dataclass(frozen=True)
class Found:
    """Partitions of all appeals: the tables ``partitions`` and ``community_members``."""

    partitions: pl.DataFrame
    members: pl.DataFrame


@dataclass(frozen=True)
class Partition:
    """The communities of one graph: of ``kept`` nodes, those of its largest component."""

    kept: Integers
    label: Nodes
    modularity: float
    stability: float
    by_run: list[float]


def links(shares: pl.DataFrame) -> pl.DataFrame:
    """Return who shared whom, in every appeal.

    Parameters
    ----------
    shares
        Rows of ``shares``.

    Returns
    -------
    DataFrame
        One row per appeal and pair, this way round: ``appeal_id``, ``source`` who was shared,
        ``target`` who shared, ``weight`` shares, and how many of them are ``attributed``, which
        name the original's author alone.
    """
    return (
        between_accounts(shares)
        .group_by("appeal_id", "source", "target")
        .agg(
            weight=pl.len().cast(pl.Int64),
            attributed=(pl.col("basis") == "root").sum().cast(pl.Int64),
        )
    )


def communities(edges: pl.DataFrame, *, seed: int = 0) -> Found:
    """Find the communities of every appeal, and hold them against chance.

    The graph is that of who shared whom, without directions, weighted by shares; its largest
    component is parted by the Leiden algorithm for modularity, in 20 runs.

    Parameters
    ----------
    edges
        As :func:`links` gives them.
    seed
        Of the runs and of the rewired graphs.

    Examples
    --------
    >>> friends = [("x:1", "x:2"), ("x:2", "x:3")]
    >>> edges = pl.DataFrame(friends, schema=["source", "target"], orient="row").with_columns(
    ...     appeal_id=pl.lit("a"), weight=pl.lit(1), attributed=pl.lit(0)
    ... )
    >>> communities(edges).partitions.select("accounts", "pairs", "note").rows()
    [(3, 2, 'fewer than 50 accounts are connected')]
    """
    rows, members = [], [COMMUNITY_MEMBERS.empty()]
    for (appeal,), part in sorted(edges.partition_by("appeal_id", as_dict=True).items()):
        row, held = _of_one(part, seed)
        attributed = part.select(pl.col("attributed").sum() / pl.col("weight").sum()).item()
        rows.append(row | {"appeal_id": appeal, "attributed": attributed})
        members.append(held.select(pl.lit(appeal).alias("appeal_id"), "account_id", "community"))
    told = pl.DataFrame(rows, schema_overrides=PARTITIONS.schema) if rows else PARTITIONS.empty()
    return Found(PARTITIONS.check(told), COMMUNITY_MEMBERS.check(pl.concat(members)))


def _of_one(edges: pl.DataFrame, seed: int) -> tuple[dict[str, object], pl.DataFrame]:
    graph = network(edges)
    pairs = _pairs(graph.undirected)
    row: dict[str, object] = {"accounts": graph.nodes, "pairs": pairs[0].size}
    kept = _largest(pairs, graph.nodes)
    row |= {"component": kept.size}
    if kept.size < FEWEST:
        note = f"fewer than {FEWEST} accounts are connected"
        return row | {"note": note}, COMMUNITY_MEMBERS.empty()
    drawn = np.random.default_rng(seed).integers(2**63, size=RUNS + REWIRED, dtype=np.uint64)
    runs, chance = drawn[:RUNS], drawn[RUNS:]
    found = partition(pairs, graph.nodes, runs)
    row |= {"communities": int(found.label.max()) + 1, "modularity": found.modularity}
    row |= {"runs": RUNS, "stability": found.stability, "first_modularity": found.by_run[0]}
    row |= _against_chance(pairs, graph.nodes, found.by_run[0], chance)
    members = pl.DataFrame({
        "account_id": graph.ids.gather(found.kept), "community": found.label.astype(np.int64)
    })  # fmt: skip
    return row, members


def _pairs(rows: Rows) -> Pairs:
    """Return each edge of an undirected graph once."""
    one = np.repeat(np.arange(rows.nodes, dtype=np.int32), np.diff(rows.start))
    once = one < rows.other
    return one[once], rows.other[once], rows.weight[once]


def _largest(pairs: Pairs, nodes: int) -> Integers:
    """Return the nodes of the largest component, in order."""
    from analytics import adjacency  # noqa: PLC0415

    return np.flatnonzero(adjacency.components(pairs[0], pairs[1], nodes) == 0)


def _within(pairs: Pairs, kept: Integers, nodes: int) -> Rows:
    """Return the graph among the nodes that are kept, which get new numbers."""
    number = np.full(nodes, -1, np.int32)
    number[kept] = np.arange(kept.size)
    one, two = number[pairs[0]], number[pairs[1]]
    is_in = (one >= 0) & (two >= 0)
    one, two, weight = one[is_in], two[is_in], pairs[2][is_in]
    ends, others = np.concatenate([one, two]), np.concatenate([two, one])
    return by_rows(ends, others, np.concatenate([weight, weight]), kept.size)


def partition(pairs: Pairs, nodes: int, seeds: Seeds) -> Partition:
    """Part the largest component of a graph, once for each seed.

    Parameters
    ----------
    pairs
        Each edge once: its two nodes and its weight.
    nodes
        How many there are.
    seeds
        One for each run.

    Returns
    -------
    Partition
        That of highest modularity, of equals the first; communities are numbered by size, those of
        equal size by their busiest account. ``stability`` is the mean adjusted mutual information
        of two runs, NaN for one run.
    """
    from analytics import partitions  # noqa: PLC0415

    kept = _busiest_first(_largest(pairs, nodes), pairs, nodes)
    rows = _within(pairs, kept, nodes)
    rounds = min(ROUNDS, max(LEAST_ROUNDS, EDGES // pairs[0].size))
    start, other, weight, inside, part = partitions.collapsed(rows.start, rows.other, rows.weight)
    labels = each(
        lambda k: partitions.leiden(start, other, weight, inside, seeds[k], rounds)[part],
        range(seeds.size),
    )
    nothing = np.zeros(kept.size)
    by_run = each(
        lambda k: partitions.modularity(rows.start, rows.other, rows.weight, nothing, labels[k]),
        range(seeds.size),
    )
    best = int(np.argmax(by_run))
    return Partition(kept, _by_size(labels[best]), by_run[best], _stability(labels), by_run)


def _busiest_first(kept: Integers, pairs: Pairs, nodes: int) -> Integers:
    """Put those with most neighbours first: what is often looked up lies together."""
    degree = np.bincount(pairs[0], minlength=nodes) + np.bincount(pairs[1], minlength=nodes)
    return kept[np.argsort(-degree[kept], kind="stable")]


def _by_size(label: Nodes) -> Nodes:
    """Call the largest community 0; labels come in the order of their first nodes."""
    order = np.argsort(-np.bincount(label), kind="stable")
    number = np.empty(order.size, np.int32)
    number[order] = np.arange(order.size)
    return number[label]


def _stability(labels: list[Nodes]) -> float:
    from analytics import partitions  # noqa: PLC0415

    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, labels[0].size + 1)))])
    both = list(combinations(range(len(labels)), 2))
    found = each(
        lambda k: partitions.ami(labels[both[k][0]], labels[both[k][1]], logs), range(len(both))
    )
    return float(np.mean(found)) if found else float("nan")


def _against_chance(pairs: Pairs, nodes: int, first: float, seeds: Seeds) -> dict[str, object]:
    """Hold the modularity of one run against that of one run on graphs with the same degrees."""
    count = min(REWIRED, max(LEAST_REWIRED, EDGES // pairs[0].size))
    found = np.array(each(lambda k: _by_chance(pairs, nodes, seeds[k]), range(count)))
    reached = int((found >= first - ROUNDING).sum())
    return {
        "chance_lo": float(found.min()),
        "chance": float(found.mean()),
        "chance_hi": float(found.max()),
        "rewired": count,
        "p": (reached + 1) / (count + 1) if count >= ENOUGH else None,
    }


def _by_chance(pairs: Pairs, nodes: int, seed: np.uint64) -> float:
    """Return the modularity of one run on the largest component of the graph rewired."""
    from analytics import partitions  # noqa: PLC0415

    one, two, weight = pairs[0].copy(), pairs[1].copy(), pairs[2]
    partitions.rewired(one, two, nodes, SWAPS * one.size, seed)
    return partition((one, two, weight), nodes, np.array([seed])).modularity


def traits(posts: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Tell by what accounts can be told apart.

    Parameters
    ----------
    posts, accounts
        Rows of the tables of these names.

    Returns
    -------
    DataFrame
        One row per account that any of the tables names: ``account_id``, ``platform``,
        ``language`` (that of the appeal for which most of its posts are in a known language),
        ``role``; null where unknown.
    """
    languages = (
        account_languages(posts)
        .sort("posts", "appeal_id", descending=[True, False])
        .unique("account_id", keep="first")
        .select("account_id", language="lang")
    )
    roles = accounts.filter(pl.col("role") != "unknown").sort("role")
    named = [posts.select(account_id=name)
             for name in ("account_id", "parent_account_id", "root_account_id")]  # fmt: skip
    every = pl.concat([*named, accounts.select("account_id")])
    return (
        every.drop_nulls().unique()
        .with_columns(platform=pl.col("account_id").str.extract(r"^([a-z0-9_]+):"))
        .join(languages, on="account_id", how="left")
        .join(roles.unique("account_id", keep="first").select("account_id", "role"),
              on="account_id", how="left")
    )  # fmt: skip


def described(members: pl.DataFrame, edges: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Tell of each community how much stays inside, whose audience it is, and who is in it.

    Parameters
    ----------
    members
        The table ``community_members``.
    edges
        As :func:`links` gives them.
    known
        As :func:`traits` gives them.

    Returns
    -------
    DataFrame
        The table ``communities``. Entropies are in bits and corrected by (K - 1) / 2n nats (Miller
        and Madow), K values among n accounts whose value is known.
    """
    mixed = community_mix(members, known)
    rows = members.group_by(_AT).agg(accounts=pl.len().cast(pl.Int64))
    for frame in (_ties(members, edges), *(_most(mixed, by) for by in TRAITS)):
        rows = rows.join(frame, on=_AT, how="left", maintain_order="left")
    counts = ("inside", "across", "language_known", "role_known")
    return COMMUNITIES.check(
        rows.with_columns(pl.col(counts).fill_null(0)).sort(_AT).select(*COMMUNITIES.columns)
    )


def _ties(members: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Return by community the shares inside and across, and whom those inside are of."""
    own = members.rename({"account_id": "source"})
    others = members.rename({"account_id": "target", "community": "theirs"})
    tied = edges.join(own, on=["appeal_id", "source"]).join(others, on=["appeal_id", "target"])
    stays = pl.col("community") == pl.col("theirs")
    inside = tied.filter(stays)
    top = (
        inside.group_by(*_AT, "source")
        .agg(most=pl.col("weight").sum())
        .sort("most", "source", descending=[True, False])
        .unique(_AT, keep="first", maintain_order=True)
    )
    leaves = tied.filter(~stays)
    both = [leaves.select(*_AT, "weight"),
            leaves.select("appeal_id", pl.col("theirs").alias("community"), "weight")]  # fmt: skip
    across = pl.concat(both).group_by(_AT).agg(across=pl.col("weight").sum())
    return (
        inside.group_by(_AT)
        .agg(inside=pl.col("weight").sum(), attributed=pl.col("attributed").sum())
        .join(across, on=_AT, how="left")
        .join(top, on=_AT, how="left")
        .with_columns(pl.col("across").fill_null(0))
        .select(
            *_AT, "inside", "across",
            inside_share=pl.col("inside") / (pl.col("inside") + pl.col("across")),
            attributed=pl.col("attributed") / pl.col("inside"),
            top_account_id="source",
            top_share=pl.col("most") / pl.col("inside"),
        )
    )  # fmt: skip


def community_mix(members: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Count the platforms, languages and roles in each community, as the table of that name."""
    told = members.join(known, on="account_id", how="left", maintain_order="left")
    parts = [
        told.group_by(*_AT, value=pl.col(by))
        .agg(accounts=pl.len().cast(pl.Int64))
        .with_columns(by=pl.lit(by))
        .select(*COMMUNITY_MIX.columns)
        .sort("accounts", "value", descending=[True, False], nulls_last=True)
        for by in TRAITS
    ]
    return COMMUNITY_MIX.check(pl.concat(parts).sort(*_AT, maintain_order=True))


def _most(mixed: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return the commonest known value of each community, its part, and the entropy of all."""
    held = mixed.filter(pl.col("by") == by, pl.col("value").is_not_null())
    count, part = pl.col("accounts"), pl.col("accounts") / pl.col("accounts").sum()
    entropy = -(part * part.log()).sum() + (pl.len() - 1) / (2 * count.sum())
    return held.group_by(_AT, maintain_order=True).agg(
        pl.col("value").first().alias(by),
        part.first().alias(f"{by}_share"),
        (entropy / log(2)).alias(f"{by}_entropy"),
        count.sum().alias(f"{by}_known"),
    )


def crossings(edges: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return the links with what is known of both ends.

    Parameters
    ----------
    edges
        As :func:`links` gives them.
    known
        As :func:`traits` gives them.

    Returns
    -------
    DataFrame
        One row per link: ``appeal_id``, ``source`` and ``target``, accounts by their numbers,
        ``weight``, ``attributed``, and each trait twice, of who was shared as in ``platform``, of
        who shared as in ``platform_to``.
    """
    ids = pl.concat([edges["source"], edges["target"]]).unique().sort()
    number = pl.col("account_id").cast(pl.Enum(ids), strict=False).to_physical()
    told = known.select(number, *TRAITS).drop_nulls("account_id")
    ends = pl.col("source", "target").cast(pl.Enum(ids)).to_physical()
    others = told.rename({by: f"{by}_to" for by in TRAITS})
    return (
        edges.with_columns(ends)
        .join(told, left_on="source", right_on="account_id", how="left")
        .join(others, left_on="target", right_on="account_id", how="left")
    )


def mixing(crossed: pl.DataFrame) -> pl.DataFrame:
    """Count who shared whom, by platform, language and role, against a deal by chance.

    Parameters
    ----------
    crossed
        As :func:`crossings` gives them.

    Returns
    -------
    DataFrame
        The table ``mixing``; unknown is a value of its own. ``expected`` is exact: were the values
        of N accounts, n of one and m of the other, dealt out anew, each of L links would join them
        with probability n·m / N(N - 1), or n(n - 1) / N(N - 1) within one. Pairs of values that no
        link joins have a row too.
    """
    parts = [_mixed(crossed, by) for by in TRAITS]
    return MIXING.check(pl.concat(parts).sort("appeal_id", "by", "source", "target"))


def _mixed(crossed: pl.DataFrame, by: str) -> pl.DataFrame:
    cell = ["appeal_id", "source", "target"]
    counted = crossed.group_by("appeal_id", source=by, target=f"{by}_to").agg(
        links=pl.len().cast(pl.Int64),
        shares=pl.col("weight").sum(),
        attributed=pl.col("attributed").sum() / pl.col("weight").sum(),
    )
    held = _held(crossed, by)
    sums = held.group_by("appeal_id").agg(every=pl.col("held").sum())
    drawn = crossed.group_by("appeal_id").agg(drawn=pl.len())
    cells = held.rename({"value": "source"}).join(
        held.rename({"value": "target", "held": "theirs"}), on="appeal_id"
    )
    same = pl.col("source").eq_missing(pl.col("target"))
    ways = pl.col("held") * (pl.col("theirs") - same.cast(pl.Int64))
    expected = pl.col("drawn") * ways / (pl.col("every") * (pl.col("every") - 1))
    return (
        cells.join(sums, on="appeal_id")
        .join(drawn, on="appeal_id")
        .join(counted, on=cell, how="left", nulls_equal=True)
        .with_columns(pl.col("links", "shares").fill_null(0), by=pl.lit(by), expected=expected)
        .with_columns(
            ratio=pl.when(pl.col("expected") > 0).then(pl.col("links") / pl.col("expected"))
        )
        .select(*MIXING.columns)
    )


def _held(crossed: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return how many accounts of each appeal's links have a value."""
    ends = [
        crossed.select("appeal_id", account=account, value=value)
        for account, value in (("source", by), ("target", f"{by}_to"))
    ]
    accounts = pl.concat(ends).unique(["appeal_id", "account"])
    return accounts.group_by("appeal_id", "value").agg(held=pl.len().cast(pl.Int64))


def homophily(crossed: pl.DataFrame) -> pl.DataFrame:
    """Tell how much accounts of one platform, language or role keep to themselves.

    Parameters
    ----------
    crossed
        As :func:`crossings` gives them; each pair of accounts counts once, whoever shared whom.

    Returns
    -------
    DataFrame
        The table ``homophily``. E-I is (external - internal) / known (Krackhardt and Stern 1988),
        beside what it would be if the values of the accounts in these pairs were dealt out anew;
        assortativity is (Σe - Σa²) / (1 - Σa²) (Newman 2003), null where all are of one value.
    """
    low, high = pl.min_horizontal("source", "target"), pl.max_horizontal("source", "target")
    pair = crossed.with_columns(low=low, high=high)
    once = pair.unique(["appeal_id", "low", "high"])
    parts = [_homophily(once, by) for by in TRAITS]
    return HOMOPHILY.check(pl.concat(parts).sort("appeal_id", "by"))


def _homophily(pairs: pl.DataFrame, by: str) -> pl.DataFrame:
    to = f"{by}_to"
    told = pairs.drop_nulls([by, to])
    rows = pairs.group_by("appeal_id").agg(
        pairs=pl.len().cast(pl.Int64),
        known=(pl.col(by).is_not_null() & pl.col(to).is_not_null()).sum().cast(pl.Int64),
        external=(pl.col(by) != pl.col(to)).sum().cast(pl.Int64),
    )
    for frame in (_squares(told, by), _dealt(told, by)):
        rows = rows.join(frame, on="appeal_id", how="left")
    external, spread = pl.col("external") / pl.col("known"), 1 - pl.col("squares")
    return rows.with_columns(
        by=pl.lit(by),
        ei=pl.when(pl.col("known") > 0).then(2 * external - 1),
        assortativity=pl.when(spread > ROUNDING).then(1 - external / spread),
    ).select(*HOMOPHILY.columns)


def _squares(told: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return Σa², a being the part of all ends of pairs that has a value."""
    ends = [told.select("appeal_id", value=end) for end in (by, f"{by}_to")]
    part = pl.col("len") / pl.col("len").sum()
    counted = pl.concat(ends).group_by("appeal_id", "value").len()
    return counted.group_by("appeal_id").agg(squares=(part**2).sum())


def _dealt(told: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return the E-I index expected when the accounts' values are dealt out anew."""
    held, every = pl.col("held"), pl.col("held").sum()
    alike = (held * (held - 1)).sum() / (every * (every - 1))
    return _held(told, by).group_by("appeal_id").agg(ei_expected=1 - 2 * alike)
