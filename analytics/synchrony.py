"""Pairs of shares of one object within a window, and who is in pairs with whom.

A *pair* is two shares of one object by two accounts, at most a window apart; an *edge* is two
accounts that make a pair, and its *weight* the number of their pairs. What counts as a pair follows
CooRTweet (Righetti and Balluff 2025) row by row. :func:`pairs` and :func:`edges` write them out;
:func:`counted` tells the same numbers of shares that make more pairs than anybody can write.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.errors import MeasureError

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Reals = npt.NDArray[np.float64]

QUANTILE = 0.5  # an edge counts as strong above this quantile of all weights, as in CooRTweet
AT_ONCE = 20_000_000  # pairs that are written down at once; 8 bytes each
_SECOND = 1_000_000


class Sweep(NamedTuple):
    """Shares as arrays, in the order of object and time; see :mod:`analytics.pairs`.

    ``row`` is the place of each in the table it was made from, ``own`` tells the posts that are
    their own object: these count as participation and make no pair.
    """

    bounds: Ints
    at: Ints
    account: Codes
    content: Codes
    own: Flags
    row: Ints
    accounts: int
    contents: int

    def of(self, kept: Flags) -> "Sweep":
        """Return some of the rows; objects that lose all remain, without rows."""
        before = np.concatenate([[0], np.cumsum(kept)])
        return self._replace(
            bounds=before[self.bounds],
            at=self.at[kept],
            account=self.account[kept],
            content=self.content[kept],
            own=self.own[kept],
            row=self.row[kept],
        )


def encoded(shares: pl.DataFrame) -> Sweep:
    """Return shares as arrays; those without an account or a time are left out.

    Of two shares at the same time, the one whose account was met first counts as the older.
    """
    rows = shares.with_row_index("row").filter(
        pl.all_horizontal(pl.col("object_id", "account_id", "content_id", "at").is_not_null())
    )
    (objects, many), (account, accounts), (content, contents) = (
        _codes(rows[name]) for name in ("object_id", "account_id", "content_id")
    )
    first = np.full(accounts, len(rows), np.int64)
    np.minimum.at(first, account, np.arange(len(rows)))
    at = rows["at"].cast(pl.Int64).to_numpy()
    order = np.lexsort((first[account], at, objects))
    counts = np.bincount(objects, minlength=many)
    return Sweep(
        bounds=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        at=at[order],
        account=account[order],
        content=content[order],
        own=(rows["object_id"] == rows["content_id"]).to_numpy()[order],
        row=rows["row"].cast(pl.Int64).to_numpy()[order],
        accounts=accounts,
        contents=contents,
    )


def _codes(names: pl.Series) -> tuple[Codes, int]:
    """Return the number of each name among the distinct names, and how many these are."""
    codes = names.rank("dense").cast(pl.Int32).to_numpy() - 1
    return codes, int(codes.max()) + 1 if len(codes) else 0


def _participating(sweep: Sweep, participation: int) -> Sweep:
    shares = np.bincount(sweep.account, minlength=sweep.accounts)
    return sweep.of(shares[sweep.account] >= participation)


def microseconds(window: float) -> int:
    """Return a window of seconds as whole microseconds; an error where it is not above 0."""
    if not (math.isfinite(window) and window > 0):
        msg = f"a window of {window:g} s holds no two shares; take one above 0, such as 60"
        raise MeasureError(msg)
    return round(window * _SECOND)


def _checked(participation: int) -> int:
    if participation < 1:
        msg = f"a participation of {participation} leaves nothing out; 1 keeps every account"
        raise MeasureError(msg)
    return participation


# written out


def pairs(
    shares: pl.DataFrame, *, window: float, participation: int = 1, loops: bool = False
) -> pl.DataFrame:
    """Return every pair of shares, as CooRTweet's ``detect_groups`` does.

    Accounts with fewer than ``participation`` shares are left out first. Of what remains, accounts
    with that many shares *in pairs* are kept together with whom they are paired with.

    Parameters
    ----------
    shares
        As of :func:`shared_objects`.
    window
        Seconds; shares exactly so far apart are a pair.
    participation
        Shares that an account must have.
    loops
        Whether to keep pairs of one account with itself, of one post with itself under one object,
        and of a post that is the object.

    Returns
    -------
    DataFrame
        One row per pair: ``object_id``, ``content_id`` and ``account_id`` of the older share,
        ``content_id_y`` and ``account_id_y`` of the newer, ``time_delta`` in seconds.

    Raises
    ------
    MeasureError
        The window is not above 0, the participation below 1, or there are more than 20 million.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> shares = pl.DataFrame({
    ...     "object_id": ["o"] * 3, "account_id": ["a", "b", "c"], "content_id": ["1", "2", "3"],
    ...     "at": [datetime(2026, 1, 1, 0, m, tzinfo=UTC) for m in (0, 1, 3)],
    ... })
    >>> pairs(shares, window=60).select("account_id", "account_id_y", "time_delta").rows()
    [('a', 'b', 60.0)]
    """
    every = _participating(encoded(shares), _checked(participation))
    sweep = every if loops else every.of(~every.own)
    most = int(places(sweep, microseconds(window)).sum())
    if most > AT_ONCE:
        msg = f"there are up to {most:,} pairs; take a shorter window, or count them by `measure`"
        raise MeasureError(msg)
    older, newer = ends(sweep, window, loops=loops)
    paired = np.zeros(sweep.contents, np.bool_)
    paired[sweep.content[older]] = paired[sweep.content[newer]] = True
    kept = _involved(every, paired, participation)[sweep.account]
    of_either = kept[older] | kept[newer]
    return written(shares, sweep, older[of_either], newer[of_either])


def ends(sweep: Sweep, window: float, *, loops: bool = False) -> tuple[Ints, Ints]:
    """Return the places of the older and of the newer share of each pair."""
    from analytics import pairs as loop  # noqa: PLC0415

    reach = microseconds(window)
    older, newer = np.empty((2, int(places(sweep, reach).sum())), np.int64)
    rows = (sweep.bounds, sweep.at, sweep.account, sweep.content)
    found = loop.write_pairs(*rows, reach, loops, older, newer)
    return older[:found], newer[:found]


def places(sweep: Sweep, window: int) -> Ints:
    """Return how many pairs each object's shares make if those of one account are pairs, too."""
    from analytics import pairs as loop  # noqa: PLC0415

    found = np.empty(len(sweep.bounds) - 1, np.int64)
    loop.count_places(sweep.bounds, sweep.at, window, found)
    return found


def _involved(sweep: Sweep, paired: Flags, participation: int) -> Flags:
    """Return which accounts have enough shares of posts that are in a pair."""
    rows = sweep.account[paired[sweep.content]]
    enough: Flags = np.bincount(rows, minlength=sweep.accounts) >= participation
    return enough


def written(shares: pl.DataFrame, sweep: Sweep, older: Ints, newer: Ints) -> pl.DataFrame:
    """Return pairs as a table; ``shares`` is what the arrays were made from."""
    first, second = (shares[sweep.row[ends]] for ends in (older, newer))
    return first.select(
        "object_id",
        "content_id",
        content_id_y=second["content_id"],
        time_delta=pl.Series((sweep.at[newer] - sweep.at[older]) / _SECOND),
        account_id="account_id",
        account_id_y=second["account_id"],
    )


def edges(found: pl.DataFrame, *, quantile: float = QUANTILE) -> pl.DataFrame:
    """Return who is in pairs with whom, as CooRTweet's ``generate_coordinated_network`` does.

    Parameters
    ----------
    found
        Pairs, as of :func:`pairs`.
    quantile
        An edge is above the threshold if it weighs more than this quantile of all weights (R's
        type 7), and not if it weighs as much.

    Returns
    -------
    DataFrame
        One row per edge: ``from`` and ``to`` (accounts, the smaller id first), ``weight`` (pairs),
        ``avg_time_delta`` (seconds), ``n_content_id`` and ``n_content_id_y`` (distinct older and
        newer posts, whichever account they are of), ``edge_symmetry_score`` (the smaller of these
        by the larger) and ``above``.
    """
    older = pl.col("account_id") < pl.col("account_id_y")
    ends = {
        "from": pl.when(older).then("account_id").otherwise("account_id_y"),
        "to": pl.when(older).then("account_id_y").otherwise("account_id"),
    }
    counts = pl.col("n_content_id", "n_content_id_y")
    weights = (
        found.group_by(*(end.alias(name) for name, end in ends.items()))
        .agg(
            weight=pl.len().cast(pl.Int64),
            avg_time_delta=pl.col("time_delta").mean(),
            n_content_id=pl.col("content_id").n_unique().cast(pl.Int64),
            n_content_id_y=pl.col("content_id_y").n_unique().cast(pl.Int64),
        )
        .sort("from", "to")
    )
    return weights.with_columns(
        edge_symmetry_score=pl.min_horizontal(counts) / pl.max_horizontal(counts),
        above=pl.col("weight") > pl.col("weight").quantile(quantile, "linear"),
    )


# counted


class Repeated(NamedTuple):
    """Edges of more than one pair: the key of each, its pairs, and the objects of these."""

    keys: Ints
    pairs: Ints
    objects: Ints


class Counted(NamedTuple):
    """What the shares of one setting make: pairs, accounts in them, and edges by their weight.

    ``repeated`` are the edges that weigh more than 1; all others weigh 1. ``left_out`` tells
    objects whose pairs are counted, but make no edge here.
    """

    pairs: int
    accounts: int
    edges: int
    repeated: Repeated
    left_out: Flags
    left_out_pairs: int

    def threshold(self, quantile: float) -> float | None:
        """Return R's type-7 quantile of all weights; null without an edge."""
        if not self.edges:
            return None
        place = (self.edges - 1) * quantile
        weights = np.sort(self.repeated.pairs)
        ones = self.edges - len(weights)
        below, above = (
            1 if at < ones else int(weights[at - ones])
            for at in (math.floor(place), math.ceil(place))
        )
        return below + (above - below) * (place - math.floor(place))

    def above(self, threshold: float | None, accounts: int) -> tuple[int, int]:
        """Return how many edges weigh more than the threshold, and the accounts in them."""
        strong = self.repeated.keys[self.repeated.pairs > (threshold or 0)]
        return len(strong), len(np.unique(np.concatenate([strong // accounts, strong % accounts])))


def counted(every: Sweep, *, window: float, participation: int = 1, most: int = AT_ONCE) -> Counted:
    """Count pairs, accounts and edges exactly as :func:`pairs` and :func:`edges` would give them.

    No pair is written down but those that can come again, and of these no more than ``most``: the
    objects with most of them are left out of the edges, and told. Their pairs and accounts count.
    """
    reach = microseconds(window)
    every = _participating(every, _checked(participation))
    sweep = every.of(~every.own)
    made = partners(sweep, np.ones(len(sweep.at), np.bool_), reach)
    paired = np.zeros(sweep.contents, np.bool_)
    paired[sweep.content[made > 0]] = True
    fails = ~_involved(every, paired, participation)[sweep.account]
    lost = np.where(fails, partners(sweep, fails, reach), 0)  # what fails makes no pair with it
    by_object = (per_object(made, sweep.bounds) - per_object(lost, sweep.bounds)) // 2
    left_out = crowded(sweep, window, most)
    told = ~per_share(left_out, sweep.bounds)
    again = _repeated(sweep.of(told), ~fails[told], reach)
    return Counted(
        pairs=int(by_object.sum()),
        accounts=len(np.unique(sweep.account[made > lost])),
        edges=int(by_object[~left_out].sum() - (again.pairs - 1).sum()),
        repeated=again,
        left_out=left_out,
        left_out_pairs=int(by_object[left_out].sum()),
    )


def partners(sweep: Sweep, among: Flags, window: int) -> Ints:
    """Return of each share how many pairs it makes with some of the shares."""
    from analytics import pairs as loop  # noqa: PLC0415

    found = np.empty(len(sweep.at), np.int64)
    rows = (sweep.bounds, sweep.at, sweep.account)
    loop.count_partners(*rows, among, window, sweep.accounts, found)
    return found


def per_object(values: Ints, bounds: Ints) -> Ints:
    """Add up the values of each object."""
    totals = np.concatenate([[0], np.cumsum(values)])
    sums: Ints = totals[bounds[1:]] - totals[bounds[:-1]]
    return sums


def per_share(of_object: npt.NDArray[Any], bounds: Ints) -> npt.NDArray[Any]:
    """Give each share what is its object's."""
    return np.repeat(of_object, np.diff(bounds))


def standing_of(sweep: Sweep) -> npt.NDArray[np.int8]:
    """Return the standing of each share: see :mod:`analytics.pairs`."""
    from analytics import pairs as loop  # noqa: PLC0415

    found = np.empty(len(sweep.at), np.int8)
    loop.tell_standing(sweep.bounds, sweep.account, sweep.accounts, found)
    return found


def crowded(sweep: Sweep, window: float, most: int = AT_ONCE) -> Flags:
    """Return the objects to leave out so that no more pairs than ``most`` need be written.

    Looked at are the pairs that can come again, as they are and as they are by chance.
    """
    needed = repeatable_by_object(sweep, window)
    order = np.argsort(needed, kind="stable")
    found = np.empty(len(needed), np.bool_)
    found[order] = np.cumsum(needed[order]) > most
    return found


def repeatable_by_object(sweep: Sweep, window: float) -> Reals:
    """Return how many pairs of each object can come again, as they are or in the mean by chance."""
    from analytics.pairs import AGAIN, ONCE  # noqa: PLC0415

    sweep = sweep.of(~sweep.own)
    standing, reach = standing_of(sweep), microseconds(window)
    again = per_object((standing == AGAIN).astype(np.int64), sweep.bounds) > 0
    some = sweep.of(per_share(again, sweep.bounds) | (standing != ONCE))
    held = per_object(partners(some, np.ones(len(some.at), np.bool_), reach), some.bounds) / 2
    rows, left = np.diff(sweep.bounds), np.diff(some.bounds)
    share = left * (left - 1.0) / np.maximum(rows * (rows - 1.0), 1)
    most: Reals = np.maximum(held, places(sweep, reach) * share)
    return most


def _repeated(sweep: Sweep, passes: Flags, window: int) -> Repeated:
    """Return the edges that weigh more than 1."""
    return weighed(repeatable(sweep, sweep.account, standing_of(sweep), passes, window))


def repeatable(
    sweep: Sweep,
    account: Codes,
    standing: npt.NDArray[np.int8],
    passes: Flags,
    window: int,
) -> Ints:
    """Return a key for each pair that can come again."""
    from analytics import pairs as loop  # noqa: PLC0415

    rows = (sweep.bounds, sweep.at, sweep.own, account, standing, passes, window, sweep.accounts)
    keys = np.empty(max(2 * len(account), 1024), np.int64)
    found = loop.write_repeatable(*rows, keys)
    if found > len(keys):
        keys = np.empty(found, np.int64)
        loop.write_repeatable(*rows, keys)
    return keys[:found]


def weighed(keys: Ints) -> Repeated:
    """Return the edges that come again, of the keys of all pairs."""
    from analytics import pairs as loop  # noqa: PLC0415

    keys.sort()
    found = np.empty((3, len(keys) // 2), np.int64)
    many = loop.tally(keys, *found)
    return Repeated(*(column[:many].copy() for column in found))
