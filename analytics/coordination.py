"""Synchronised sharing: accounts that share the same within seconds, held against chance.

That two accounts meet once says nothing: in a burst everybody meets. Whether they meet *again* is
held against two kinds of chance (:mod:`analytics.chance`), and no account is judged: what is told
are sums over many. It is never evidence of who is behind an account; supporters who gather at the
same hour share together too (docs/measures.md).
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.chance import Chance, can_meet, has_pairs, held_against_dealing, held_against_trading
from analytics.discovery import with_q
from analytics.errors import MeasureError
from analytics.measured import (
    COORDINATION,
    COORDINATION_FLAGS,
    COORDINATION_GROUPS,
    FLAGS,
    OBJECTS,
)
from analytics.sharing import components, shared_objects
from analytics.similarity import compared, similarity
from analytics.synchrony import (
    AT_ONCE,
    QUANTILE,
    Counted,
    Sweep,
    counted,
    crowded,
    encoded,
    ends,
    per_share,
    written,
)

Ints = npt.NDArray[np.int64]

WINDOWS = (10.0, 60.0, 600.0)  # seconds
USUAL = 0.1  # the window that is read from the data is this quantile of the gaps
LONGEST = 3600.0  # of that window
PARTICIPATION = 2
PERMUTATIONS = 500
LEAST_DRAWS = 19  # with which p can be 0.05
QUICKLY = 8_000_000  # shares, and eight times the pairs, looked at in all draws of a quick screen
MOST_QUICKLY = 300_000  # pairs written down in one draw of it
FALSE = 0.05  # share of chance among the edges that are told as groups, at most
FEWEST = 10  # accounts of which more than their number is told

_COUNTS = ("shares", "unplaced", "accounts", "objects")


class Screened(NamedTuple):
    """The tables ``coordination``, ``…_groups`` and ``…_flags``, and ``similarity``."""

    settings: pl.DataFrame
    groups: pl.DataFrame
    flags: pl.DataFrame
    similarity: pl.DataFrame


class Beyond(NamedTuple):
    """Edges that come again beyond chance, and their pairs. They name accounts: no table has them.

    ``edges``: ``account_id``, ``account_id_y``, ``objects``, ``expected``, ``q`` and ``group``.
    """

    edges: pl.DataFrame
    pairs: pl.DataFrame

    @property
    def accounts(self) -> pl.Series:
        """Return the accounts in them."""
        return pl.concat([self.edges["account_id"], self.edges["account_id_y"]]).unique()


class Setting(NamedTuple):
    """What is found with one kind of object and one window.

    ``row`` is one of the table ``coordination``; ``beyond`` has what goes beyond accounts ``dealt``
    anew and beyond accounts that ``traded`` objects.
    """

    row: dict[str, Any]
    beyond: dict[str, Beyond]


Found = tuple[str, str, Setting]  # of an appeal and a kind of object


def screened(
    posts: pl.DataFrame,
    accounts: pl.DataFrame,
    *,
    by: Sequence[str] = OBJECTS,
    windows: Sequence[float] = WINDOWS,
    participation: int = PARTICIPATION,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    quick: bool = False,
) -> Screened:
    """Look for synchronised sharing, always beside what chance would give.

    Parameters
    ----------
    posts, accounts
        Rows of the tables of these names.
    by
        Kinds of objects, as of :func:`analytics.sharing.shared_objects`. Where nothing of a kind
        was shared twice, there is no row.
    windows
        Seconds; one more is read from the data.
    participation
        Shares that an account must have, in all and in pairs, as in CooRTweet. What is held
        against chance are all shares: that two accounts meet again tells of two shares already.
    permutations
        How many draws.
    seed
        Of the draws.
    quick
        Whether to bound what a large appeal costs: fewer draws (``permutations`` and ``trades``
        tell how many, at least 19), and the objects with most pairs left out (``left_out``).

    Returns
    -------
    Screened
        Four tables of sums.

    Examples
    --------
    >>> from analytics.tables import ACCOUNTS, POSTS
    >>> row = {"appeal_id": "a", "platform": "x", "kind": "repost", "source": "doc"}
    >>> posts = POSTS.check(pl.DataFrame([
    ...     row | {"post_id": f"x:{o}{a}", "account_id": f"x:{a}", "root_id": f"x:{o}",
    ...            "at": f"2026-01-0{o}T00:00:0{second}Z"}
    ...     for o in (1, 2, 3) for second, a in enumerate("ab")
    ... ]).with_columns(pl.col("at").str.to_datetime(time_unit="us", time_zone="UTC")))
    >>> found = screened(posts, ACCOUNTS.empty(), windows=[60.0], permutations=99)
    >>> found.settings.select("pairs", "accounts_in_pairs", "edges", "repeated", "p").rows()[0]
    (3, 2, 1, 1, 1.0)
    """
    found: list[Found] = []
    alike: list[dict[str, Any]] = []
    for appeal_id, kind, shares in _each(posts, by):
        sweep = encoded(shares)
        alike.append({"appeal_id": appeal_id, "object": kind} | compared(sweep))
        each = settings(
            shares,
            sweep,
            windows=windows,
            participation=participation,
            permutations=permutations,
            seed=seed,
            quick=quick,
        )
        found += [(appeal_id, kind, setting) for setting in each]
    return Screened(
        _discovered([{"appeal_id": a, "object": k} | s.row for a, k, s in found]),
        _grouped(found),
        _flagged(found, posts, accounts),
        similarity(alike),
    )


def _each(posts: pl.DataFrame, by: Sequence[str]) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Yield the shares of each appeal and kind of object of which one was shared twice."""
    for kind in by:
        shares = shared_objects(posts, kind)
        for (appeal_id,), part in shares.partition_by("appeal_id", as_dict=True).items():
            if part["object_id"].is_duplicated().any():
                yield str(appeal_id), kind, part


def settings(
    shares: pl.DataFrame,
    sweep: Sweep,
    *,
    windows: Sequence[float] = WINDOWS,
    participation: int = PARTICIPATION,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    quick: bool = False,
    usual: bool = True,
) -> Iterator[Setting]:
    """Yield what is found in the shares of one appeal, window by window.

    Parameters
    ----------
    shares, sweep
        As of :func:`analytics.sharing.shared_objects`, and as arrays.
    windows, participation, permutations, seed, quick
        As of :func:`screened`.
    usual
        Whether to add the window that the data give.
    """
    told = {
        "participation": participation,
        "shares": len(sweep.at),
        "unplaced": shares.height - len(sweep.at),
        "accounts": sweep.accounts,
        "objects": len(sweep.bounds) - 1,
    }
    bases = dict.fromkeys(windows, "set")
    if usual and (own := usual_window(sweep)) is not None:
        bases.setdefault(own, "data")
    for window, basis in sorted(bases.items()):
        place = {"window": float(window), "window_basis": basis}
        yield _setting(shares, sweep, told | place, _Draws(permutations, seed, quick))


def told(
    posts: pl.DataFrame,
    *,
    by: str,
    window: float,
    participation: int = PARTICIPATION,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> dict[str, Any]:
    """Return what is found with one kind of object and one window: a row of ``coordination``.

    Raises
    ------
    MeasureError
        Nothing of this kind was shared, or a setting makes no sense.
    """
    shares = shared_objects(posts, by)
    if shares.is_empty():
        held = [kind for kind in OBJECTS if not shared_objects(posts, kind).is_empty()]
        msg = f"no post held shares by {by}; shares are held by: {', '.join(held) or 'nothing'}"
        raise MeasureError(msg)
    (setting,) = settings(
        shares,
        encoded(shares),
        windows=[window],
        participation=participation,
        permutations=permutations,
        seed=seed,
        usual=False,
    )
    return {"object": by} | setting.row


class _Draws(NamedTuple):
    """How many draws are asked for, and whether a large appeal may get fewer."""

    asked: int
    seed: int
    quick: bool

    @property
    def most(self) -> int:
        """Return how many pairs may be written down in one draw."""
        return MOST_QUICKLY if self.quick else AT_ONCE

    def dealt(self, sweep: Sweep, window: float) -> int:
        """Return how often accounts are dealt anew; not once where no two shares are so close."""
        shares, pairs = can_meet(sweep, window)
        return self._affordable(shares + 8 * pairs) if has_pairs(sweep, window) else 0

    def traded(self, sweep: Sweep, window: float) -> int:
        """Return how often accounts trade objects; not once where no two shares are so close."""
        return self._affordable(6 * len(sweep.at)) if has_pairs(sweep, window) else 0

    def _affordable(self, cost: int) -> int:
        if not self.quick:
            return self.asked
        return min(self.asked, max(LEAST_DRAWS, QUICKLY // max(cost, 1)))


def usual_window(sweep: Sweep) -> float | None:
    """Return the window that the data give: a tenth of all gaps is shorter, in whole seconds.

    A gap is the time between two shares of one object that follow each other. As in CooRnet
    (Giglietto et al. 2020), what is fast is what is faster than nearly all. At least a second, at
    most an hour; null where no object was shared twice.
    """
    gaps = np.diff(sweep.at)
    within = np.ones(len(sweep.at), np.bool_)
    within[sweep.bounds[:-1][np.diff(sweep.bounds) > 0]] = False
    gaps = gaps[within[1:]]
    if not len(gaps):
        return None
    seconds = np.quantile(gaps, USUAL, method="inverted_cdf") / 1e6
    return float(np.clip(np.ceil(seconds), 1, LONGEST))


def _setting(shares: pl.DataFrame, sweep: Sweep, told: dict[str, Any], draws: _Draws) -> Setting:
    window, participation = told["window"], told["participation"]
    found = counted(sweep, window=window, participation=participation)
    not_drawn = crowded(sweep, window, draws.most)
    looked_at = sweep.of(~per_share(not_drawn, sweep.bounds))
    dealt, seldom_dealt = held_against_dealing(
        looked_at, window=window, seed=draws.seed, permutations=draws.dealt(looked_at, window)
    )
    traded, seldom_traded = held_against_trading(
        looked_at, window=window, seed=draws.seed, trades=draws.traded(looked_at, window)
    )
    beyond = {
        "dealt": _beyond_chance(shares, looked_at, seldom_dealt, window),
        "traded": _beyond_chance(shares, looked_at, seldom_traded, window),
    }
    row = told | _counts(found, sweep) | _by_dealing(dealt) | _by_trading(traded)
    row |= {
        "groups": beyond["dealt"].edges["group"].n_unique(),
        "accounts_in_groups": len(beyond["dealt"].accounts),
        "groups_traded": beyond["traded"].edges["group"].n_unique(),
        "accounts_in_groups_traded": len(beyond["traded"].accounts),
        "not_drawn": int(not_drawn.sum()),
    }
    if row["not_drawn"] and not row["permutations"]:
        row |= dict.fromkeys(("repeated", "repeated_3", "met", "traded"))
    return Setting(row | {"note": _note(row, draws.asked)}, beyond)


def _counts(found: Counted, sweep: Sweep) -> dict[str, Any]:
    threshold = found.threshold(QUANTILE)
    edges, accounts = found.above(threshold, sweep.accounts)
    unknown = found.pairs > 0 and found.left_out_pairs == found.pairs
    return {
        "pairs": found.pairs,
        "accounts_in_pairs": found.accounts,
        "edges": None if unknown else found.edges,
        "quantile": QUANTILE,
        "threshold": threshold,
        "edges_above": None if unknown else edges,
        "accounts_above": None if unknown else accounts,
        "left_out": int(found.left_out.sum()),
        "left_out_pairs": found.left_out_pairs,
    }


def _by_dealing(chance: Chance) -> dict[str, Any]:
    twice = chance.draws[:, 0]
    low, high = _interval(twice)
    told = {"null_lo": low, "null_hi": high, "permutations": len(twice)}
    names = (("repeated", ""), ("repeated_3", "_3"), ("met", "_met"))
    for (name, end), observed, drawn in zip(names, chance.observed, chance.draws.T, strict=True):
        told |= {name: observed, f"null_mean{end}": _mean(drawn), f"p{end}": _p(observed, drawn)}
    return told


def _by_trading(chance: Chance) -> dict[str, Any]:
    drawn, observed = chance.draws[:, 0], chance.observed[0]
    low, high = _interval(drawn)
    return {
        "traded": observed,
        "traded_mean": _mean(drawn),
        "traded_lo": low,
        "traded_hi": high,
        "traded_p": _p(observed, drawn),
        "trades": len(drawn),
    }


def _mean(drawn: Ints) -> float | None:
    return float(drawn.mean()) if len(drawn) else None


def _interval(drawn: Ints) -> tuple[float | None, float | None]:
    if not len(drawn):
        return None, None
    low, high = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)


def _p(observed: int, drawn: Ints) -> float | None:
    """Return p of as many or more; it is never 0, and null without draws."""
    if not len(drawn):
        return None
    return float((1 + (drawn >= observed).sum()) / (1 + len(drawn)))


def _note(row: dict[str, Any], asked: int) -> str | None:
    """Say what was bounded."""
    if not row["permutations"] and not row["not_drawn"]:
        return "no two shares of one object are so close: there is nothing to hold against chance"
    said = []
    if row["left_out"]:
        said.append(f"objects with too many pairs, counted but in no edge: {row['left_out']:,}")
    if row["not_drawn"]:
        said.append(
            "objects with too many pairs to be held against chance, left out of repeated, met, "
            f"traded and groups: {row['not_drawn']:,}"
        )
    if 0 < row["permutations"] < asked or 0 < row["trades"] < asked:
        said.append(f"fewer draws than {asked:,}, as there are many shares")
    return "; ".join(said) or None


# groups


def _beyond_chance(
    shares: pl.DataFrame, sweep: Sweep, ranked: pl.DataFrame, window: float
) -> Beyond:
    """Return the edges that come again beyond chance, with their groups, and their pairs."""
    told = ranked.filter(pl.col("q") <= FALSE)
    accounts = np.unique([told["key"] // sweep.accounts, told["key"] % sweep.accounts])
    some = sweep.of(np.isin(sweep.account, accounts) & ~sweep.own)
    older, newer = ends(some, window)
    found = written(shares, some, older, newer).with_columns(
        key=pl.Series(_keys(some, older, newer), dtype=pl.Int64),
        at=shares["at"][some.row[older]],
        to=shares["at"][some.row[newer]],
        platform=shares["platform"][some.row[older]],
        platform_y=shares["platform"][some.row[newer]],
    )
    edges = _with_groups(told, shares, sweep)
    return Beyond(edges, found.join(edges.select("key", "group"), on="key"))


def _with_groups(edges: pl.DataFrame, shares: pl.DataFrame, sweep: Sweep) -> pl.DataFrame:
    """Name the accounts of edges, and the group that edges join them to."""
    key = edges["key"].to_numpy()
    nodes, codes = np.unique([key // sweep.accounts, key % sweep.accounts], return_inverse=True)
    left, right = codes.reshape(2, -1)
    a_row = np.empty(sweep.accounts, np.int64)
    a_row[sweep.account] = sweep.row
    names = shares["account_id"][a_row[nodes]]
    return edges.with_columns(
        account_id=names[left],
        account_id_y=names[right],
        group=pl.Series(components(left, right, len(nodes))[left], dtype=pl.Int64),
    )


def _keys(sweep: Sweep, older: Ints, newer: Ints) -> Ints:
    accounts: Ints = np.sort([sweep.account[older], sweep.account[newer]], axis=0).astype(np.int64)
    keys: Ints = accounts[0] * sweep.accounts + accounts[1]
    return keys


def _each_beyond(found: list[Found]) -> Iterator[tuple[str, dict[str, pl.Expr], Beyond]]:
    """Yield what goes beyond chance, with its appeal and its place in a table."""
    for appeal_id, kind, setting in found:
        for chance, beyond in setting.beyond.items():
            if not beyond.edges.is_empty():
                window = pl.lit(setting.row["window"], pl.Float64)
                yield (
                    appeal_id,
                    {"object": pl.lit(kind), "window": window, "chance": pl.lit(chance)},
                    beyond,
                )


def _grouped(found: list[Found]) -> pl.DataFrame:
    """Return the table ``coordination_groups``."""
    parts = [
        _groups(beyond)
        .with_columns(appeal_id=pl.lit(appeal_id), **place)
        .select(*COORDINATION_GROUPS.columns)
        for appeal_id, place, beyond in _each_beyond(found)
    ]
    return COORDINATION_GROUPS.check(pl.concat([COORDINATION_GROUPS.empty(), *parts]))


def _groups(beyond: Beyond) -> pl.DataFrame:
    of_edges = beyond.edges.group_by("group").agg(
        accounts=pl.concat([pl.col("account_id"), pl.col("account_id_y")])
        .n_unique()
        .cast(pl.Int64),
        edges=pl.len().cast(pl.Int64),
        meetings=pl.col("objects").sum(),
        expected=pl.col("expected").sum(),
        q=pl.col("q").max(),
    )
    of_pairs = beyond.pairs.group_by("group").agg(
        objects=pl.col("object_id").n_unique().cast(pl.Int64),
        pairs=pl.len().cast(pl.Int64),
        median_gap=pl.col("time_delta").median(),
        platforms=pl.concat([pl.col("platform"), pl.col("platform_y")]).unique().sort(),
        from_at=pl.col("at").min().dt.truncate("1h"),
        to_at=pl.col("to").max().dt.truncate("1h"),
    )
    told = of_edges.join(of_pairs, on="group").sort(
        "accounts", "pairs", "group", descending=[True, True, False]
    )
    few = pl.col("accounts") < FEWEST
    return told.with_columns(
        pl.when(~few).then(pl.col("platforms", "from_at", "to_at")),
        group=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
    )


def _discovered(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return the table ``coordination``, with the false discovery rate over each appeal's rows."""
    told = (
        pl.DataFrame(rows, schema_overrides=COORDINATION.schema) if rows else COORDINATION.empty()
    )
    judged = with_q(told.drop("q", strict=False), ["appeal_id"])
    return COORDINATION.check(judged.select(*COORDINATION.columns).sort(COORDINATION.key))


# habits


def _flagged(found: list[Found], posts: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return the table ``coordination_flags``."""
    if not found:
        return COORDINATION_FLAGS.empty()
    known = habits(posts, accounts)
    nowhere = {name: pl.lit(None, pl.String) for name in ("object", "chance")}
    everyone = known.with_columns(window=pl.lit(None, pl.Float64), **nowhere)
    grouped = [
        known.filter(pl.col("appeal_id") == appeal_id)
        .join(beyond.accounts.to_frame("account_id"), on="account_id", how="semi")
        .with_columns(**place)
        .select(everyone.columns)
        for appeal_id, place, beyond in _each_beyond(found)
    ]
    told = pl.concat([everyone, *grouped]).unpivot(
        on=FLAGS, index=COORDINATION_FLAGS.key[:-1], variable_name="flag"
    )
    enough = pl.col("value").count() >= FEWEST
    return COORDINATION_FLAGS.check(
        told.group_by(COORDINATION_FLAGS.key)
        .agg(
            accounts=pl.col("value").count().cast(pl.Int64),
            **{
                f"q{percent}": pl.when(enough).then(
                    pl.col("value").quantile(percent / 100, "linear")
                )
                for percent in (25, 50, 75)
            },
        )
        .select(*COORDINATION_FLAGS.columns)
        .sort(COORDINATION_FLAGS.key)
    )


def habits(posts: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return what is known of how each account posts; none of it says who is behind it.

    Returns
    -------
    DataFrame
        One row per appeal and account: ``posts_per_hour`` from its first to its last post held,
        over an hour at least (null for one post), ``gap_entropy``, the entropy in bits of the gaps
        between its posts, in classes each twice as long as the one before (null below 10 gaps), and
        ``account_age``, days from its opening to its first post held (null where not told).
    """
    opened = accounts.group_by("account_id").agg(opened=pl.col("created_at").min())
    placed = posts.filter(pl.col("account_id").is_not_null(), pl.col("at").is_not_null())
    hours = (pl.col("at").max() - pl.col("at").min()).dt.total_seconds() / 3600
    gaps = pl.col("at").diff().dt.total_seconds().drop_nulls()
    classes = (gaps + 1).log(2).floor().unique_counts()
    told = placed.group_by("appeal_id", "account_id").agg(
        posts_per_hour=pl.when(pl.len() > 1).then(pl.len() / hours.clip(lower_bound=1)),
        first=pl.col("at").min(),
        many=pl.len(),
    )
    active = told.filter(pl.col("many") > FEWEST).select("appeal_id", "account_id")
    entropy = (
        placed.join(active, on=["appeal_id", "account_id"], how="semi")
        .sort("at")
        .group_by("appeal_id", "account_id")
        .agg(gap_entropy=classes.entropy(base=2))
    )
    age = (pl.col("first") - pl.col("opened")).dt.total_seconds() / 86_400
    return (
        told.join(entropy, on=["appeal_id", "account_id"], how="left")
        .join(opened, on="account_id", how="left")
        .select("appeal_id", "account_id", *FLAGS[:2], account_age=age)
    )
