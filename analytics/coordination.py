"""Synchronised sharing: accounts that share the same within seconds, held against chance.

A *pair* is two shares of one object by two accounts, at most a window apart; an *edge* is two
accounts that make a pair, and its *weight* the number of their pairs. What counts as a pair follows
CooRTweet (Righetti & Balluff 2025), row by row. That two accounts meet once says nothing: in a
burst everybody meets. Whether they meet *again* is held against two kinds of chance, and an account
is never judged: what is stored are sums over many (docs/measures.md).
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.errors import MeasureError
from analytics.joining import comparable
from analytics.likeness import alike_texts
from analytics.material import is_material
from analytics.measured import COORDINATION, COORDINATION_FLAGS, COORDINATION_GROUPS, OBJECTS

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]

WINDOWS = (10.0, 60.0, 600.0)  # seconds
LONGEST = 3600.0  # of a window that is read from the data
USUAL = 0.1  # that window is this quantile of the gaps between two shares of one object
PARTICIPATION = 2
QUANTILE = 0.5  # an edge counts as strong above this quantile of all weights, as in CooRTweet
PERMUTATIONS = 500
LEAST_PERMUTATIONS = 99  # the least with which p can be 0.01
AT_ONCE = 20_000_000  # pairs that are written down at once; 8 bytes each
WORK = 400_000_000  # rows and pairs looked at for all permutations of one setting in `measure`
TRADES = 5  # for each object before the first draw of the curveball, one for each between draws
FALSE = 0.05  # share of chance among the edges that are told as groups, at most
FEWEST = 10  # accounts of which a quantile is told
_SECOND = 1_000_000
_DEALING, _TRADING = 1, 2  # streams of chance
_GRID, _STEP = 1200, 0.05  # classes of -log10(p) by which edges are ranked

SHARE = {
    "appeal_id": pl.String,
    "object_id": pl.String,
    "account_id": pl.String,
    "content_id": pl.String,
    "platform": pl.String,
    "at": pl.Datetime("us", "UTC"),
}


# what is shared


def shared_objects(posts: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return who shared which object when.

    Parameters
    ----------
    posts
        Rows of ``posts``.
    by
        What an object is. ``original``: the post that a repost or a quote passes on, or what a
        file names as the object. ``url``: an address or a post linked to, as far as it names
        material (:mod:`analytics.material`); ``hashtag``; ``media``: the platform's id of a
        picture or video, or the hash of a picture; ``text``: words that are the same or nearly.
        Reposts bring no links, hashtags, media or words of their own, and so count by original
        alone.

    Returns
    -------
    DataFrame
        One row per share: ``appeal_id``, ``object_id``, ``account_id``, ``content_id`` (the post),
        ``platform``, ``at``. Accounts and times may be null.

    Raises
    ------
    MeasureError
        There is no such kind of object.
    """
    if by not in OBJECTS:
        msg = f"there are no objects {by!r}; choose one of: {', '.join(OBJECTS)}"
        raise MeasureError(msg)
    rows = _BY[by](posts)
    return rows.select(*(pl.col(name).cast(dtype) for name, dtype in SHARE.items()))


def _rows(posts: pl.DataFrame, objects: pl.Expr) -> pl.DataFrame:
    """Return a row for each object of a list, once a post."""
    named = posts.select(
        "appeal_id", "account_id", "platform", "at", content_id="post_id", object_id=objects
    )
    lists = named.schema["object_id"] == pl.List(pl.String)
    if lists:
        named = named.filter(pl.col("object_id").list.len() > 0).explode("object_id")
        named = named.unique(["appeal_id", "content_id", "object_id"], maintain_order=True)
    return named.filter(pl.col("object_id").is_not_null())


def _originals(posts: pl.DataFrame) -> pl.DataFrame:
    keys = pl.col("object_keys").list.eval(
        pl.element().filter(pl.element().str.starts_with("object:"))
    )
    named = posts.with_columns(keys=keys)
    told = named.filter(pl.col("keys").list.len() > 0)
    ids = pl.col("object_id").str.replace("object:", "", literal=True)
    explicit = _rows(told, pl.col("keys")).with_columns(
        object_id=pl.concat_str("platform", pl.lit(":"), ids)
    )
    others = named.filter(pl.col("keys").list.len().fill_null(0) == 0)
    passed = pl.when(pl.col("kind") == "repost").then(pl.coalesce("root_id", "parent_id")).when(
        pl.col("kind") == "quote"
    ).then(pl.coalesce("parent_id", "root_id"))  # fmt: skip
    return pl.concat([explicit, _rows(others, passed)])


def _own(posts: pl.DataFrame) -> pl.DataFrame:
    return posts.filter(pl.col("kind") != "repost")


def _urls(posts: pl.DataFrame) -> pl.DataFrame:
    not_media = ~pl.col("object_id").str.contains("^(?:object|pdq):")
    return _rows(_own(posts), pl.col("object_keys")).filter(not_media, is_material("object_id"))


def _hashtags(posts: pl.DataFrame) -> pl.DataFrame:
    return _rows(_own(posts), pl.col("hashtags").list.eval(pl.element().str.to_lowercase()))


def _media(posts: pl.DataFrame) -> pl.DataFrame:
    hashes = pl.col("object_keys").list.eval(
        pl.element().filter(pl.element().str.starts_with("pdq:"))
    )
    keys = pl.concat_list(pl.col("media_keys").fill_null([]), hashes.fill_null([]))
    return _rows(_own(posts), keys)


def _texts(posts: pl.DataFrame) -> pl.DataFrame:
    words = (
        comparable(_own(posts))
        .join(posts.select("appeal_id", "post_id", "at"), on=["appeal_id", "post_id"])
        .sort("appeal_id", "at", "post_id", nulls_last=True)
        .with_columns(appeal=pl.col("appeal_id").rank("dense").cast(pl.Int64))
    )
    distinct = words.unique(["appeal_id", "words"], keep="first", maintain_order=True)
    (links,) = alike_texts(distinct, jaccard=(0.8,), within=("appeal",))
    group = _components(links["left"].to_numpy(), links["right"].to_numpy(), distinct.height)
    named = distinct.select("appeal_id", "words", object_id=pl.Series(group).cast(pl.String))
    clusters = words.join(named, on=["appeal_id", "words"]).select(
        "appeal_id", "post_id", object_id=pl.concat_str(pl.lit("text:"), "object_id")
    )
    return posts.join(clusters, on=["appeal_id", "post_id"]).rename({"post_id": "content_id"})


_BY = {
    "original": _originals,
    "url": _urls,
    "hashtag": _hashtags,
    "media": _media,
    "text": _texts,
}


def _components(left: Ints, right: Ints, nodes: int) -> Ints:
    """Return the number of the component that each node is in."""
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    links = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(nodes, nodes))
    found: Ints = connected_components(links, directed=False)[1].astype(np.int64)
    return found


# shares as arrays


class Sweep(NamedTuple):
    """Shares as arrays, in the order of object and time; see :mod:`analytics.pairs`.

    ``row`` is the place of each in the table it was made from, ``own`` tells the posts that are
    their own object: these count as participation and make no pair.
    """

    bounds: Ints
    at: Ints
    account: Codes
    content: Codes
    own: npt.NDArray[np.bool_]
    row: Ints
    accounts: int
    contents: int

    def of(self, kept: npt.NDArray[np.bool_]) -> "Sweep":
        """Return some of the rows; objects that lose all remain, without rows."""
        before = np.concatenate([[0], np.cumsum(kept)])
        per_row = (self.at, self.account, self.content, self.own, self.row)
        return Sweep(
            before[self.bounds], *(values[kept] for values in per_row), self.accounts, self.contents
        )


def encoded(shares: pl.DataFrame) -> Sweep:
    """Return shares as arrays; those without an account or a time are left out.

    Of two shares at the same time, the one whose account was met first counts as the older.
    """
    rows = shares.with_row_index("row").filter(
        pl.all_horizontal(pl.col("object_id", "account_id", "content_id", "at").is_not_null())
    )
    codes = {name: _codes(rows[f"{name}_id"]) for name in ("object", "account", "content")}
    first = np.full(codes["account"][1], len(rows), np.int64)
    np.minimum.at(first, codes["account"][0], np.arange(len(rows)))
    at = rows["at"].cast(pl.Int64).to_numpy()
    order = np.lexsort((first[codes["account"][0]], at, codes["object"][0]))
    counts = np.bincount(codes["object"][0], minlength=codes["object"][1])
    return Sweep(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        at[order],
        *(codes[name][0][order] for name in ("account", "content")),
        (rows["object_id"] == rows["content_id"]).to_numpy()[order],
        rows["row"].cast(pl.Int64).to_numpy()[order],
        codes["account"][1],
        codes["content"][1],
    )


def _codes(names: pl.Series) -> tuple[Codes, int]:
    """Return the number of each name among the distinct names, and how many these are."""
    codes = names.rank("dense").cast(pl.Int32).to_numpy() - 1
    return codes, int(codes.max()) + 1 if len(codes) else 0


def _participating(sweep: Sweep, participation: int) -> Sweep:
    shares = np.bincount(sweep.account, minlength=sweep.accounts)
    return sweep.of(shares[sweep.account] >= participation)


def _microseconds(window: float) -> int:
    if not (math.isfinite(window) and window > 0):
        msg = f"a window of {window:g} s holds no two shares; take one above 0, such as 60"
        raise MeasureError(msg)
    return round(window * _SECOND)


def _checked(participation: int) -> int:
    if participation < 1:
        msg = f"a participation of {participation} leaves nothing out; 1 keeps every account"
        raise MeasureError(msg)
    return participation


# pairs and edges, written out


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
    ... }).cast({"at": SHARE["at"]})
    >>> pairs(shares, window=60).select("account_id", "account_id_y", "time_delta").rows()
    [('a', 'b', 60.0)]
    """
    every = _participating(encoded(shares), _checked(participation))
    sweep = every if loops else every.of(~every.own)
    older, newer = _ends(sweep, _microseconds(window), loops=loops)
    paired = np.zeros(sweep.contents, np.bool_)
    paired[sweep.content[older]] = paired[sweep.content[newer]] = True
    kept = _involved(every, paired, participation)[sweep.account]
    of_either = kept[older] | kept[newer]
    return _written(shares, sweep, older[of_either], newer[of_either])


def _ends(sweep: Sweep, window: int, *, loops: bool) -> tuple[Ints, Ints]:
    """Return the rows of the older and of the newer share of each pair."""
    from analytics import pairs as loop  # noqa: PLC0415

    most = int(_places(sweep, window).sum())
    if most > AT_ONCE:
        msg = f"there are up to {most:,} pairs; take a shorter window, or count them by `measure`"
        raise MeasureError(msg)
    older, newer = np.empty((2, most), np.int64)
    rows = (sweep.bounds, sweep.at, sweep.account, sweep.content)
    found = loop.write_pairs(*rows, window, loops, older, newer)
    return older[:found], newer[:found]


def _places(sweep: Sweep, window: int) -> Ints:
    from analytics import pairs as loop  # noqa: PLC0415

    found = np.empty(len(sweep.bounds) - 1, np.int64)
    loop.count_places(sweep.bounds, sweep.at, window, found)
    return found


def _involved(
    sweep: Sweep, paired: npt.NDArray[np.bool_], participation: int
) -> npt.NDArray[np.bool_]:
    """Return which accounts have enough shares of posts that are in a pair."""
    rows = sweep.account[paired[sweep.content]]
    enough: npt.NDArray[np.bool_] = np.bincount(rows, minlength=sweep.accounts) >= participation
    return enough


def _written(shares: pl.DataFrame, sweep: Sweep, older: Ints, newer: Ints) -> pl.DataFrame:
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
        found.group_by(**ends)
        .agg(
            weight=pl.len().cast(pl.Int64),
            avg_time_delta=pl.col("time_delta").mean(),
            n_content_id=pl.col("content_id").n_unique().cast(pl.Int64),
            n_content_id_y=pl.col("content_id_y").n_unique().cast(pl.Int64),
        )
        .sort("from", "to")
    )
    limit = weights["weight"].quantile(quantile, "linear")
    return weights.with_columns(
        edge_symmetry_score=pl.min_horizontal(counts) / pl.max_horizontal(counts),
        above=pl.col("weight") > limit,
    )


# pairs and edges, counted


class Counted(NamedTuple):
    """What the shares of one setting make: pairs, accounts in them, and edges by their weight.

    ``weights`` are those of the edges that weigh more than 1, with their ``keys``; all other
    ``edges`` weigh 1. ``left_out`` tells objects whose pairs are counted, but make no edge here.
    """

    pairs: int
    accounts: int
    edges: int
    keys: Ints
    weights: Ints
    left_out: npt.NDArray[np.bool_]
    left_out_pairs: int

    def threshold(self, quantile: float) -> float | None:
        """Return R's type-7 quantile of all weights; null without an edge."""
        if not self.edges:
            return None
        place = (self.edges - 1) * quantile
        ones, ordered = self.edges - len(self.weights), np.sort(self.weights)
        below, above = (
            1 if at < ones else int(ordered[at - ones]) for at in (math.floor(place), math.ceil(place))
        )
        return below + (above - below) * (place - math.floor(place))

    def above(self, threshold: float | None, accounts: int) -> tuple[int, int]:
        """Return how many edges weigh more than the threshold, and the accounts in them."""
        strong = self.keys[self.weights > (threshold or 0)]
        return len(strong), len(np.unique(np.concatenate([strong // accounts, strong % accounts])))


def counted(every: Sweep, *, window: float, participation: int = 1, most: int = AT_ONCE) -> Counted:
    """Count pairs, accounts and edges exactly as :func:`pairs` and :func:`edges` would give them.

    No pair is written down but those that can come again, and of these no more than ``most``: the
    objects with most of them are left out of the edges, and told. Their pairs and accounts count.
    """
    reach = _microseconds(window)
    every = _participating(every, _checked(participation))
    sweep = every.of(~every.own)
    partners = _partners(sweep, np.ones(len(sweep.at), np.bool_), reach)
    paired = np.zeros(sweep.contents, np.bool_)
    paired[sweep.content[partners > 0]] = True
    fails = ~_involved(every, paired, participation)[sweep.account]
    lost = np.where(fails, _partners(sweep, fails, reach), 0)  # what fails makes no pair with it
    by_object = (_sums(partners, sweep.bounds) - _sums(lost, sweep.bounds)) // 2
    left_out = _crowded(sweep, reach, most)
    told = ~_spread(left_out, sweep.bounds)
    keys, weights = _repeated(sweep.of(told), ~fails[told], reach)

    return Counted(
        pairs=int(by_object.sum()),
        accounts=len(np.unique(sweep.account[partners > lost])),
        edges=int(by_object[~left_out].sum() - (weights - 1).sum()),
        keys=keys,
        weights=weights,
        left_out=left_out,
        left_out_pairs=int(by_object[left_out].sum()),
    )


def _partners(sweep: Sweep, among: npt.NDArray[np.bool_], window: int) -> Ints:
    """Return of each share how many pairs it makes with some of the shares."""
    from analytics import pairs as loop  # noqa: PLC0415

    found = np.empty(len(sweep.at), np.int64)
    rows = (sweep.bounds, sweep.at, sweep.account)
    loop.count_partners(*rows, among, window, sweep.accounts, found)
    return found


def _sums(values: Ints, bounds: Ints) -> Ints:
    """Add up the values of each object."""
    totals = np.concatenate([[0], np.cumsum(values)])
    return totals[bounds[1:]] - totals[bounds[:-1]]


def _spread(of_object: npt.NDArray[Any], bounds: Ints) -> npt.NDArray[Any]:
    """Give each share what is its object's."""
    return np.repeat(of_object, np.diff(bounds))


def _standing(sweep: Sweep) -> npt.NDArray[np.int8]:
    from analytics import pairs as loop  # noqa: PLC0415

    found = np.empty(len(sweep.at), np.int8)
    loop.tell_standing(sweep.bounds, sweep.account, sweep.accounts, found)
    return found


def _crowded(sweep: Sweep, window: int, most: int) -> npt.NDArray[np.bool_]:
    """Return the objects to leave out so that no more pairs than ``most`` need be written.

    Looked at are the pairs that can come again, as they are and as they are by chance.
    """
    from analytics.pairs import AGAIN, ONCE  # noqa: PLC0415

    standing = _standing(sweep)
    again = _spread(_sums((standing == AGAIN).astype(np.int64), sweep.bounds) > 0, sweep.bounds)
    matters = again | (standing != ONCE)
    of_them = sweep.of(matters)
    held = _sums(_partners(of_them, np.ones(len(of_them.at), np.bool_), window), of_them.bounds)
    rows, some = np.diff(sweep.bounds), np.diff(of_them.bounds)
    share = some * (some - 1.0) / np.maximum(rows * (rows - 1.0), 1)
    needed = np.maximum(held / 2, _places(sweep, window) * share)
    order = np.argsort(needed, kind="stable")
    crowded = np.empty(len(rows), np.bool_)
    crowded[order] = np.cumsum(needed[order]) > most
    return crowded


def _repeated(sweep: Sweep, passes: npt.NDArray[np.bool_], window: int) -> tuple[Ints, Ints]:
    """Return the keys of the edges that weigh more than 1, and their weights."""
    return _weighed(_keys(sweep, sweep.account, _standing(sweep), passes, window))


def _keys(
    sweep: Sweep,
    account: Codes,
    standing: npt.NDArray[np.int8],
    passes: npt.NDArray[np.bool_],
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


def _weighed(keys: Ints) -> tuple[Ints, Ints]:
    """Return the keys that come again, and how often each does."""
    from analytics import pairs as loop  # noqa: PLC0415

    keys.sort()
    repeated, weight = np.empty((2, len(keys) // 2), np.int64)
    found = loop.tally(keys, repeated, weight)
    return repeated[:found], weight[:found]


# chance


class Chance(NamedTuple):
    """How many edges come again when accounts are dealt anew, one number for each draw.

    ``twice`` are the edges that weigh 2 or more, ``thrice`` 3 or more. ``ranked`` counts edges of
    all draws by how seldom they would be so heavy, in steps of a twentieth of a power of ten.
    """

    observed: int
    observed_thrice: int
    twice: Ints
    thrice: Ints
    ranked: Ints


def _that_pair(sweep: Sweep, window: int) -> Sweep:
    """Return the shares of objects that have a pair of shares, whoever makes it."""
    return sweep.of(_spread(_places(sweep.of(~sweep.own), window) > 0, sweep.bounds))


def held_against_dealing(
    sweep: Sweep, *, window: float, permutations: int, seed: int = 0
) -> tuple[Chance, pl.DataFrame]:
    """Deal the accounts of each object anew to its shares, and see how often two meet again.

    Times, bursts and who shares which object stay; who stands beside whom is chance. A post that is
    the object itself is dealt too, and makes no pair.

    Parameters
    ----------
    sweep
        Shares, without the objects to be left out.
    window
        Seconds.
    permutations
        How many draws.
    seed
        Of the draws.

    Returns
    -------
    tuple
        What the draws give, and one row per edge that weighs 2 or more: ``key``, ``weight``,
        ``expected`` (its mean weight by chance) and ``q``, the share of chance among the edges
        that are as seldom as it is: how many a draw has of them, by how many there are.
    """
    from analytics import pairs as loop  # noqa: PLC0415

    reach = _microseconds(window)
    sweep = _that_pair(sweep, reach)
    standing, everyone = _standing(sweep), np.ones(len(sweep.at), np.bool_)
    means = _Means(sweep, reach)
    found = [_weighed(_keys(sweep, sweep.account, standing, everyone, reach))]
    seen = _ranks(*found[0], means)
    ranked, twice, thrice = np.zeros(_GRID, np.int64), [], []
    account, moved = sweep.account.copy(), standing.copy()
    for stream in _streams(seed, _DEALING, permutations):
        loop.deal(sweep.bounds, account, moved, stream)
        keys, weights = _weighed(_keys(sweep, account, moved, everyone, reach))
        twice.append(len(keys))
        thrice.append(int((weights > 2).sum()))
        ranked += np.bincount(_ranks(keys, weights, means), minlength=_GRID)
    keys, weights = found[0]
    chance = Chance(
        len(keys), int((weights > 2).sum()), np.array(twice), np.array(thrice), ranked
    )
    return chance, pl.DataFrame(
        {
            "key": keys,
            "weight": weights,
            "expected": means.of(keys),
            "q": _false_shares(seen, ranked, permutations),
        }
    )


def _streams(seed: int, use: int, draws: int) -> npt.NDArray[np.uint64]:
    return np.random.SeedSequence([seed, use]).generate_state(draws, np.uint64)


class _Means:
    """How many pairs two accounts make in the mean, when accounts are dealt anew."""

    def __init__(self, sweep: Sweep, window: int) -> None:
        many = np.diff(sweep.bounds)
        self.chance: Reals = _places(sweep.of(~sweep.own), window) / np.maximum(many * (many - 1) / 2, 1)
        objects = np.repeat(np.arange(len(many)), many)
        held, self.shares = np.unique(
            sweep.account.astype(np.int64) * max(len(many), 1) + objects, return_counts=True
        )
        self.objects = held % max(len(many), 1)
        self.starts = np.searchsorted(held // max(len(many), 1), np.arange(sweep.accounts + 1))
        self.accounts = sweep.accounts

    def of(self, keys: Ints) -> Reals:
        """Return the mean of each edge."""
        from analytics import pairs as loop  # noqa: PLC0415

        found = np.empty(len(keys))
        told = (self.starts, self.objects, self.shares, self.chance)
        loop.expect(keys, self.accounts, *told, found)
        return found


def _ranks(keys: Ints, weights: Ints, means: _Means) -> Ints:
    """Return how seldom each edge is so heavy: classes of -log10 of the tail of a Poisson law."""
    from scipy.special import gammainc  # noqa: PLC0415

    tail = np.maximum(gammainc(weights, means.of(keys)), 1e-300)
    return np.minimum(-np.log10(tail) / _STEP, _GRID - 1).astype(np.int64)


def _false_shares(ranks: Ints, ranked: Ints, draws: int) -> Reals:
    """Return the share of chance among edges at least as seldom as each; 1 where it is more."""
    seen = np.bincount(ranks, minlength=_GRID)
    by_chance = (1 + np.cumsum(ranked[::-1])[::-1]) / max(draws, 1)
    share = by_chance / np.maximum(np.cumsum(seen[::-1])[::-1], 1)
    least: Reals = np.minimum(np.minimum.accumulate(share), 1.0)
    return least[ranks]


def held_against_trading(
    sweep: Sweep, *, window: float, swaps: int, seed: int = 0
) -> tuple[int, Ints]:
    """Let accounts trade objects, and see how often two meet again.

    How many objects each account shares and how many accounts share each stay (the curveball of
    Strona et al. 2014), and so do the times of each object; who shares which object is chance. An
    account counts with its first share of an object.

    Returns
    -------
    tuple
        The edges that weigh 2 or more, as they are and in each draw.
    """
    from analytics import pairs as loop  # noqa: PLC0415

    reach = _microseconds(window)
    sweep = _that_pair(sweep, reach)
    objects = np.repeat(np.arange(len(sweep.bounds) - 1), np.diff(sweep.bounds))
    once = np.zeros(len(sweep.at), np.bool_)
    once[np.unique(objects * max(sweep.accounts, 1) + sweep.account, return_index=True)[1]] = True
    sweep = sweep.of(once)
    everyone, by_row = np.ones(len(sweep.at), np.bool_), _standing(sweep)
    standing = np.zeros(sweep.accounts, np.int8)
    standing[sweep.account] = by_row
    seen = len(_weighed(_keys(sweep, sweep.account, by_row, everyone, reach))[0])
    account, drawn = sweep.account.copy(), []
    many = len(sweep.bounds) - 1
    for n, stream in enumerate(_streams(seed, _TRADING, swaps)):
        loop.trade(sweep.bounds, account, sweep.accounts, many * (1 if n else TRADES), stream)
        keys = _keys(sweep, account, standing[account], everyone, reach)
        drawn.append(len(_weighed(keys)[0]))
    return seen, np.array(drawn, np.int64)
