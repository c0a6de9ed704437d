"""Who carried it: how many shares hang from an account's own, with the doubt of every rank.

Two things are kept apart. What hangs from an account's *originals* is told by every platform: it
started them. What hangs from its *shares* it carried, and there most platforms hide who shared
whom: the credit is an average over drawn trees, the rank an interval. Ancestors share the credit
for a post, so that credits add up to more than there are shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.carrying import Forest, Links, drawn, draws
from analytics.measured import CARRIERS, REMOVAL, SPREADERS
from analytics.tables import SHARES

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST = 1000  # accounts of an appeal that are listed, by each measure
CANDIDATES = 2000  # accounts whose rank is followed from draw to draw
SURE = 0.95  # of the draws in which the first is first, to be named
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # accounts taken away
KEPT = 10  # draws whose trees are kept
RANKINGS = ("credit", "reshares", "h_index", "pagerank", "followers")
# Conventions of the trade, not findings; they say nothing of who is listened to.
TIERS = {"nano": 0, "micro": 10_000, "macro": 100_000, "mega": 1_000_000}
_OWN = ["appeal_id", "account_id"]
_STAYS = np.int32(2**31 - 1)


@dataclass(frozen=True, eq=False)
class Credits:
    """What hangs from each account, draw by draw.

    ``people`` has a row per appeal and account: its key and ``code``, its row here. ``carried[b]``
    is the credit for shares in draw ``b``; ``started`` what hangs from its originals. Of every
    forest, ``codes`` are the accounts of its nodes, -1 where not known, and ``kept`` some of its
    trees: parents, and what hangs below.
    """

    people: pl.DataFrame
    carried: npt.NDArray[np.float32]
    started: Integers
    codes: list[Integers]
    kept: list[list[tuple[Links, Links]]]


def credits_of(found: Sequence[Forest], *, seed: int = 0) -> Credits:
    """Add up, draw by draw, how many posts hang from the posts of each account.

    Parameters
    ----------
    found
        What :func:`analytics.carrying.forests` gives.
    seed
        Of the draws.
    """
    people = _people(found)
    codes = [_codes(forest, people) for forest in found]
    count = draws(list(found))
    carried = np.zeros((count, people.height), np.float32)
    started = np.zeros(people.height, np.int64)
    kept = [
        _add(forest, code, carried, started, seed)
        for forest, code in zip(found, codes, strict=True)
    ]
    return Credits(people, carried, started, codes, kept)


def _people(found: Sequence[Forest]) -> pl.DataFrame:
    named = [forest.nodes.select(_OWN).drop_nulls() for forest in found]
    empty = pl.DataFrame(schema=dict.fromkeys(_OWN, pl.String))
    return pl.concat([empty, *named]).unique().sort(_OWN).with_row_index("code")


def _codes(forest: Forest, people: pl.DataFrame) -> Integers:
    joined = forest.nodes.select(_OWN).join(people, on=_OWN, how="left", maintain_order="left")
    return joined["code"].cast(pl.Int64).fill_null(-1).to_numpy()


def _add(
    forest: Forest, code: Integers, carried: npt.NDArray[np.float32], started: Integers, seed: int
) -> list[tuple[Links, Links]]:
    kept: list[tuple[Links, Links]] = []
    known, top = code >= 0, forest.nodes["top"].to_numpy()
    shared = known & ~top
    people = len(started)

    def credit(draw: int, parent: Links, below: Links) -> None:
        if draw < KEPT:
            kept.append((parent.copy(), below.copy()))
        own = np.bincount(code[shared], below[shared] - 1.0, people).astype(np.float32)
        if forest.doubtful:
            carried[draw] += own
        else:
            carried[:] += own
        if draw == 0:
            begun = known & top
            started[:] += np.bincount(code[begun], below[begun] - 1, people).astype(np.int64)

    drawn(forest, len(carried), seed, credit)
    return kept


def spreaders(
    ranked: pl.DataFrame, shares: pl.DataFrame, accounts: pl.DataFrame, positions: pl.DataFrame
) -> pl.DataFrame:
    """Rank the accounts that carried an appeal.

    Parameters
    ----------
    ranked
        What :func:`ranks` gives.
    shares, accounts
        Rows of the tables of these names.
    positions
        One row per account with ``pagerank``, as :func:`analytics.networks.positions` gives it.

    Returns
    -------
    DataFrame
        The table ``spreaders``: of every appeal, the accounts that are among the first thousand by
        any measure.
    """
    told = (
        ranked.join(_reshared(shares), on=_OWN, how="full", coalesce=True)
        .join(positions.select("account_id", "pagerank"), on="account_id", how="left")
        .join(profiles(accounts), on="account_id", how="left")
        .with_columns(
            pl.col("credit", "credit_lo", "credit_hi").fill_null(0.0),
            pl.col("started", "reshares", "h_index").fill_null(0),
            pl.col("first_chance").fill_null(0.0),
            pl.col("role").fill_null("unknown"),
        )
    )
    measures = ("credit", "started", "reshares", "h_index", "pagerank", "followers")
    places = [
        pl.col(name).rank("ordinal", descending=True).over("appeal_id") <= MOST for name in measures
    ]
    kept = told.filter(pl.any_horizontal(*places, pl.col("first_chance") > 0))
    return SPREADERS.check(
        kept.select(*SPREADERS.columns).sort(
            "appeal_id", "rank", "reshares", "account_id", nulls_last=True,
            descending=[False, False, True, False],
        )
    )  # fmt: skip


def ranks(found: Credits) -> pl.DataFrame:
    """Return mean credit with its 5-95 % band, and of the candidates the rank with its own."""
    parts = []
    for (appeal_id,), own in found.people.group_by("appeal_id", maintain_order=True):
        code = own["code"].to_numpy()
        carried = found.carried[:, code]
        mean = carried.mean(axis=0)
        order = np.argsort(-mean, kind="stable")
        some = order[: max(int((mean[order[:CANDIDATES]] > 0).sum()), 0)]
        lo, hi = _band(carried[:, some])
        rank = _ranks(carried, some)
        rank_lo, rank_hi = _band(rank)
        parts.append(
            pl.DataFrame(
                {
                    "appeal_id": [str(appeal_id)] * len(some),
                    "account_id": own["account_id"].to_numpy()[some],
                    "credit": mean[some], "credit_lo": lo, "credit_hi": hi,
                    "rank": np.arange(1, len(some) + 1),
                    "rank_lo": rank_lo.astype(np.int64), "rank_hi": rank_hi.astype(np.int64),
                    "first_chance": _first(rank),
                },
                schema=_RANKED,
            )
        )  # fmt: skip
    begun = found.people.with_columns(started=pl.Series(found.started, dtype=pl.Int64))
    ranked = pl.concat([pl.DataFrame(schema=_RANKED), *parts])
    return ranked.join(
        begun.filter(pl.col("started") > 0).drop("code"), on=_OWN, how="full", coalesce=True
    )


_RANKED = {
    "appeal_id": pl.String, "account_id": pl.String,
    "credit": pl.Float64, "credit_lo": pl.Float64, "credit_hi": pl.Float64,
    "rank": pl.Int64, "rank_lo": pl.Int64, "rank_hi": pl.Int64, "first_chance": pl.Float64,
}  # fmt: skip


def _band(values: npt.NDArray[np.generic]) -> tuple[Reals, Reals]:
    if not values.shape[1]:
        return np.empty(0), np.empty(0)
    lo, hi = np.quantile(values.astype(np.float64), [0.05, 0.95], axis=0, method="nearest")
    return lo, hi


def _ranks(carried: npt.NDArray[np.float32], some: Integers) -> Integers:
    """Return in every draw how many have more credit than each of some accounts, and one."""
    out = np.empty((len(carried), len(some)), np.int64)
    for draw, credit in enumerate(carried):
        own = credit[some]
        rivals = np.sort(credit[credit > own.min(initial=0)])
        out[draw] = 1 + len(rivals) - np.searchsorted(rivals, own, side="right")
    return out


def _first(rank: Integers) -> Reals:
    """Return the share of draws in which each is first; of several equals each counts in part."""
    first = rank == 1
    ties = first.sum(axis=1, keepdims=True)
    chance: Reals = (first / np.maximum(ties, 1)).mean(axis=0)
    return chance


def _reshared(shares: pl.DataFrame) -> pl.DataFrame:
    """Return what platforms attribute: shares of an account's posts, and their h-index.

    A share counts for the post it names: its parent where that is observed, else its original.
    """
    known = pl.col("parent_id").is_not_null() & (pl.col("basis") != "inferred")
    named = shares.filter(pl.col("kind").is_in(SHARES)).select(
        "appeal_id", "post_id",
        of=pl.when(known).then("parent_id").otherwise("root_id"),
        account_id=pl.when(known).then("parent_account_id").otherwise("root_account_id"),
    )  # fmt: skip
    counts = named.drop_nulls(["of", "account_id"]).group_by(*_OWN, "of").len("reshares")
    place = pl.col("reshares").rank("ordinal", descending=True).over(_OWN)
    return (
        counts.with_columns(pl.col("reshares").cast(pl.Int64), place=place)
        .group_by(_OWN)
        .agg(
            pl.col("reshares").sum(),
            h_index=(pl.col("reshares") >= pl.col("place")).sum().cast(pl.Int64),
        )
    )


def h_index(counts: Sequence[int]) -> int:
    """Return the largest h for which h posts were shared h times or more (FIB, DeVerna et al.).

    >>> h_index([10, 8, 5, 4, 3]), h_index([])
    (4, 0)
    """
    ordered = np.sort(np.asarray(counts, np.int64))[::-1]
    return int((ordered >= np.arange(1, len(ordered) + 1)).sum())


def profiles(accounts: pl.DataFrame) -> pl.DataFrame:
    """Return each account's newest number of followers, its tier and its role.

    A tier is a convention by followers; a role that is known (official, media, NGO, public figure)
    stands instead of it. It is null where followers are hidden.
    """
    newest = (
        accounts.sort("observed_at", nulls_last=False)
        .group_by("account_id")
        .agg(
            followers=pl.col("followers").drop_nulls().last(),
            role=pl.col("role").filter(~pl.col("role").is_in(["unknown", "person"])).first(),
            private=(pl.col("role") == "person").any(),
        )
    )
    role = (
        pl.when(pl.col("role").is_not_null())
        .then("role")
        .otherwise(pl.when("private").then(pl.lit("person")).otherwise(pl.lit("unknown")))
    )
    tier = pl.lit(None, pl.String)
    for name, least in TIERS.items():
        tier = pl.when(pl.col("followers") >= least).then(pl.lit(name)).otherwise(tier)
    return newest.select(
        "account_id", "followers", role=role, tier=pl.when(pl.col("role").is_null()).then(tier)
    )


def gini(values: Reals) -> float | None:
    """Return Gini's coefficient of what each has: 0 where all have the same; None where nobody has.

    >>> gini(np.array([0.0, 0, 0, 1])), gini(np.array([1.0, 2, 3, 4]))
    (0.75, 0.25)
    """
    total, n = float(values.sum()), len(values)
    if not total > 0:
        return None
    ordered = np.sort(values)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total))


def carriers(found: Credits, ranked: pl.DataFrame, forests: Sequence[Forest]) -> pl.DataFrame:
    """Tell of every appeal how its credit is spread, and whether anybody is surely first.

    Parameters
    ----------
    found, ranked, forests
        What :func:`credits_of` and :func:`ranks` give, and what they were made of.

    Returns
    -------
    DataFrame
        The table ``carriers``, one row per appeal. ``first_id`` names an account only if it is
        first in 95 % of the draws; ``could_be_first`` counts those that are in any.
    """
    shared = pl.concat(
        [
            forest.nodes.filter(~pl.col("top")).select(
                "appeal_id", hidden="hidden", unknown=pl.col("hidden") & (forest.model is None)
            )
            for forest in forests
        ]
        or [pl.DataFrame(schema={"appeal_id": pl.String, "hidden": bool, "unknown": bool})]
    )
    counts = shared.group_by("appeal_id").agg(
        shares=pl.len().cast(pl.Int64),
        hidden=pl.col("hidden").sum().cast(pl.Int64),
        unknown=pl.col("unknown").sum().cast(pl.Int64),
    )
    known = ranked.drop_nulls("rank")
    first = (
        known.sort("first_chance", "rank", descending=[True, False])
        .group_by("appeal_id", maintain_order=True)
        .agg(
            first_id=pl.col("account_id").first(),
            first_chance=pl.col("first_chance").first(),
            could_be_first=(pl.col("first_chance") > 0).sum().cast(pl.Int64),
        )
    )
    sure = pl.when(pl.col("first_chance") >= SURE).then("first_id")
    return CARRIERS.check(
        counts.join(_spread(found), on="appeal_id", how="left")
        .join(first, on="appeal_id", how="left")
        .with_columns(pl.col("could_be_first").fill_null(0), first_id=sure)
        .select(*CARRIERS.columns)
        .sort("appeal_id")
    )


def _spread(found: Credits) -> pl.DataFrame:
    rows = []
    for (appeal_id,), own in found.people.group_by("appeal_id", maintain_order=True):
        some = found.carried[: 2 * KEPT]
        carried = some[:, own["code"].to_numpy()].astype(np.float64)
        unequal = [value for draw in carried if (value := gini(draw)) is not None]
        ten = np.sort(carried, axis=1)[:, -10:].sum(axis=1)
        total = carried.sum(axis=1)
        share = ten[total > 0] / total[total > 0]
        rows.append((appeal_id, len(own), len(found.carried), *_three(unequal), *_three(share)))
    names = ("gini_lo", "gini", "gini_hi", "ten_lo", "ten", "ten_hi")
    schema = {"appeal_id": pl.String, "accounts": pl.Int64, "draws": pl.Int64}
    return pl.DataFrame(rows, schema=schema | dict.fromkeys(names, pl.Float64), orient="row")


def _three(values: Sequence[float] | Reals) -> tuple[float | None, float | None, float | None]:
    if not len(values):
        return None, None, None
    lo, middle, hi = np.quantile(values, [0.05, 0.5, 0.95])
    return float(lo), float(middle), float(hi)


def removal(
    found: Credits, forests: Sequence[Forest], listed: pl.DataFrame, shares: pl.DataFrame
) -> pl.DataFrame:
    """Bound what would be missing without the first accounts of a ranking.

    Parameters
    ----------
    found, forests
        What :func:`credits_of` gives, and what it was made of.
    listed, shares
        Rows of ``spreaders`` and of ``shares``.

    Returns
    -------
    DataFrame
        The table ``removal``, one row per appeal, ranking and number of accounts.
    """
    places = pl.concat([_places(listed, name) for name in RANKINGS])
    tables = [_table(found.people, places.filter(ranking=name)) for name in RANKINGS]
    appeals = (
        pl.concat(
            [pl.Series("appeal_id", [], pl.String), *(each.nodes["appeal_id"] for each in forests)]
        )
        .unique()
        .sort()
    )
    own, gone = _taken(found, forests, tables, appeals)
    rows = [
        (appeal, name, size, *(_three(gone[:, a, r, s])), float(own[a, r, s]))
        for a, appeal in enumerate(appeals)
        for r, name in enumerate(RANKINGS)
        for s, size in enumerate(SIZES)
    ]
    names = ("tree_lo", "tree", "tree_hi", "own")
    schema = {"appeal_id": pl.String, "ranking": pl.String, "accounts": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema | dict.fromkeys(names, pl.Float64), orient="row")
    most = places.group_by("appeal_id", "ranking").agg(most=pl.len().cast(pl.Int64))
    kept = frame.join(most, on=["appeal_id", "ranking"]).filter(
        (pl.col("accounts") <= pl.col("most")) & pl.col("own").is_not_nan()
    )
    static = _static(places, _reshared(shares))
    keys = ["appeal_id", "ranking", "accounts"]
    joined = kept.join(static, on=keys, how="left")
    return REMOVAL.check(joined.select(*REMOVAL.columns).sort(keys))


def _places(listed: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the first thousand of a ranking; those who have nothing are in none."""
    best = listed.filter(pl.col(name) > 0)
    order = pl.struct(-pl.col(name).cast(pl.Float64), "account_id").rank("ordinal")
    placed = best.select(*_OWN, place=order.over("appeal_id").cast(pl.Int64), ranking=pl.lit(name))
    return placed.filter(pl.col("place") <= SIZES[-1])


def _table(people: pl.DataFrame, places: pl.DataFrame) -> Links:
    """Return the place of every account in a ranking, the last one standing for nobody known."""
    joined = people.join(places, on=_OWN, how="left", maintain_order="left")
    place = joined["place"].fill_null(int(_STAYS)).cast(pl.Int32).to_numpy()
    return np.append(place, _STAYS)


def _taken(
    found: Credits, forests: Sequence[Forest], tables: list[Links], appeals: pl.Series
) -> tuple[Reals, Reals]:
    """Return the shares of all shares that are the accounts' own, and that hang from these."""
    from analytics import parents  # noqa: PLC0415

    shape = (len(appeals), len(tables), len(SIZES) + 1)
    count = min(KEPT, len(found.carried))
    own, gone, total = np.zeros(shape), np.zeros((count, *shape)), np.zeros(len(appeals))
    for forest, code, kept in zip(forests, found.codes, found.kept, strict=True):
        top = forest.nodes["top"].to_numpy()
        of = _places_of(appeals, forest.nodes["appeal_id"])[~top]
        total += np.bincount(of, minlength=len(appeals))
        least = np.empty(len(top), np.int32)
        for r, table in enumerate(tables):
            rank = np.where(top, _STAYS, table[code])
            own[:, r] += _by_size(rank[~top], of, len(appeals))
            for draw in range(count):
                if draw < len(kept):  # one tree without doubt stands for all draws
                    parents.first_removed(kept[draw][0], rank, least)
                    counted = _by_size(least[~top], of, len(appeals))
                gone[draw, :, r] += counted
    with np.errstate(invalid="ignore"):
        part = total[:, None, None]
        return own[..., :-1].cumsum(axis=-1) / part, gone[..., :-1].cumsum(axis=-1) / part


def _places_of(values: pl.Series, of: pl.Series) -> Integers:
    found = (
        pl.Series(of)
        .to_frame("v")
        .join(values.to_frame("v").with_row_index("n"), on="v", how="left", maintain_order="left")
    )
    return found["n"].cast(pl.Int64).to_numpy()


def _by_size(rank: Links, of: Integers, appeals: int) -> Reals:
    """Count posts by appeal and by the least of ``SIZES`` that takes them away."""
    size = np.searchsorted(np.array(SIZES), rank)
    cells = np.bincount(of * (len(SIZES) + 1) + size, minlength=appeals * (len(SIZES) + 1))
    return cells.reshape(appeals, -1).astype(np.float64)


def _static(places: pl.DataFrame, reshared: pl.DataFrame) -> pl.DataFrame:
    """Return which share of attributed reshares is left without the first accounts."""
    total = reshared.group_by("appeal_id").agg(total=pl.col("reshares").sum())
    steps = pl.DataFrame({"accounts": SIZES}, schema={"accounts": pl.Int64})
    joined = places.join(reshared, on=_OWN, how="left").join(total, on="appeal_id", how="left")
    crossed = joined.join(steps, how="cross").filter(pl.col("place") <= pl.col("accounts"))
    left = 1 - pl.col("reshares").fill_null(0).sum() / pl.col("total").first()
    return crossed.group_by("appeal_id", "ranking", "accounts").agg(static=left)
