"""How many distinct accounts follow the carriers, where lists of their followers are held.

A list is complete where it is as long as the number of followers that the platform showed. A part
of a list is no sample unless it was drawn at random: an estimate says that it takes this for
granted. Sketches are made anew each time and never stored: they cannot forget an account.
"""

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from analytics.measured import OVERLAPS
from analytics.reach import BARRED, CARRYING, with_followers

LARGEST = 8  # lists, the longest ones: pairs of these are told
EXACT_UP_TO = 20_000_000  # edges; longer lists are counted by a sketch
LEVEL = 0.95
_Z = 1.959964  # standard normal, 97.5 %
_PLACE = ["appeal_id", "platform"]
_HELD = "a floor: some lists are not held or held in part, so there may be more"
_NOTES = {
    "exact": "all lists are complete: counted one by one",
    "held": _HELD,
    "sketch": f"{_HELD}; counted by a theta sketch, whose interval is its own error alone",
    "sample": "takes the part that is held of one list for a random sample of it",
    "capture": "at least `value_lo`: the public from which both sets of followers come, were "
    "they independent; who follows one mostly likes to follow the other, so there are more",
}


class Estimate(NamedTuple):
    """A figure and its interval."""

    value: float
    low: float
    high: float


def sampled_union(followers_a: int, followers_b: int, both: int, sampled: int) -> Estimate:
    """Estimate how many accounts follow A or B from a random sample of B's followers.

    |A or B| = F_A + F_B - F_B · π, with π = both / sampled; the interval is Clopper and Pearson's
    for π (95 %), which covers at least as often as it says. No end is below the larger audience.

    Parameters
    ----------
    followers_a, followers_b
        How many accounts follow A, and B.
    both, sampled
        How many followers of B were drawn, and how many of those also follow A.

    Raises
    ------
    ValueError
        Nothing was sampled, or more follow both than were sampled.

    Examples
    --------
    >>> tuple(round(value, 2) for value in sampled_union(1000, 500, both=30, sampled=200))
    (1425.0, 1396.42, 1448.23)
    """
    if not 0 <= both <= sampled or sampled < 1:
        msg = f"{both} of {sampled} sampled followers: sample one or more, and at most all follow"
        raise ValueError(msg)
    low, high = _clopper_pearson(both, sampled)
    total, least = followers_a + followers_b, max(followers_a, followers_b)
    value, least_likely, most_likely = (
        max(total - followers_b * share, least) for share in (both / sampled, high, low)
    )
    return Estimate(value, least_likely, most_likely)


def _clopper_pearson(both: int, sampled: int) -> tuple[float, float]:
    from scipy.stats import beta  # noqa: PLC0415

    tail = (1 - LEVEL) / 2
    low = beta.ppf(tail, both, sampled - both + 1) if both else 0.0
    high = beta.ppf(1 - tail, both + 1, sampled - both) if both < sampled else 1.0
    return float(low), float(high)


def chapman(first: int, second: int, both: int) -> tuple[float, float]:
    """Estimate a public from two independent samples of it; return it with its standard error.

    N = (n₁ + 1)(n₂ + 1) / (m + 1) - 1, Var = (n₁ + 1)(n₂ + 1)(n₁ - m)(n₂ - m) / ((m + 1)²(m + 2))
    (Chapman 1951; Seber 1970). Audiences depend on each other positively, which makes N too small:
    it is to be called *at least*.

    Raises
    ------
    ValueError
        More are in both samples than in one of them.

    Examples
    --------
    >>> [round(value, 3) for value in chapman(200, 150, 30)]
    [978.065, 141.894]
    """
    if not 0 <= both <= min(first, second):
        msg = f"{both} in both of {first} and {second}: at most all of the smaller one can be"
        raise ValueError(msg)
    product = (first + 1) * (second + 1)
    variance = product * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    return product / (both + 1) - 1, variance**0.5


def chao1(seen: int, once: int, twice: int, *, corrected: bool = True) -> float:
    """Estimate how many accounts there are at least, from how many were met once and twice.

    S + f₁(f₁ - 1) / (2(f₂ + 1)), or S + f₁² / (2f₂) uncorrected (Chao 1984). It takes what was met
    for a random sample. Accounts of a collection that is complete mostly post once: there, nobody
    is missing and it would say many are; no table has it.

    Raises
    ------
    ValueError
        A number is negative, more were met once and twice than at all, or nobody was met twice and
        no correction is wanted.

    Examples
    --------
    >>> chao1(10, 4, 2), chao1(10, 4, 2, corrected=False)
    (12.0, 14.0)
    """
    if min(seen, once, twice) < 0 or once + twice > seen or not (corrected or twice):
        msg = f"{once} met once and {twice} met twice of {seen}: count them again"
        raise ValueError(msg)
    unseen = once * (once - 1) / (2 * (twice + 1)) if corrected else once**2 / (2 * twice)
    return seen + unseen


def sketched_union(lists: Iterable[Iterable[str]], *, log_size: int = 12) -> Estimate:
    """Estimate how many distinct ids are in all lists, in a few kilobytes, by theta sketches.

    Parameters
    ----------
    lists
        Lists of ids; they may be read from anywhere, once, and need not be held.
    log_size
        Binary logarithm of how many hashes are kept; the relative error is 1 / √(2^log_size - 1).

    Returns
    -------
    Estimate
        The interval is two standard errors wide on each side (95 %); exact for short lists.

    Examples
    --------
    >>> sketched_union([["x:a", "x:b"], ["x:b", "x:c"]])
    Estimate(value=3.0, low=3.0, high=3.0)
    """
    from datasketches import theta_union, update_theta_sketch  # noqa: PLC0415

    union = theta_union(log_size)
    for ids in lists:
        sketch = update_theta_sketch(log_size)
        for one in ids:
            sketch.update(one)
        union.update(sketch)
    found = union.get_result()
    return Estimate(found.get_estimate(), found.get_lower_bound(2), found.get_upper_bound(2))


def overlaps(
    posts: pl.DataFrame,
    accounts: pl.DataFrame,
    follows: pl.DataFrame,
    *,
    exact_up_to: int = EXACT_UP_TO,
) -> pl.DataFrame:
    """Count or estimate the distinct followers of carriers, of all and of pairs.

    Parameters
    ----------
    posts, accounts, follows
        Rows of the tables of these names.
    exact_up_to
        So many follow edges of one platform are counted one by one; of more, a sketch is made.

    Returns
    -------
    DataFrame
        The table ``overlaps``: a row for all carriers of an appeal and platform, and rows for pairs
        among the eight with the longest lists, where one list or both are complete. Of YouTube
        there are none (see :data:`analytics.reach.BARRED`).

    Examples
    --------
    >>> from analytics.tables import ACCOUNTS, FOLLOWS, POSTS
    >>> row = {"appeal_id": "a", "platform": "x", "source": "doc", "kind": "original"}
    >>> posts = POSTS.check(pl.DataFrame(
    ...     [row | {"post_id": f"x:{who}", "account_id": f"x:{who}"} for who in "ab"]))
    >>> accounts = ACCOUNTS.check(pl.DataFrame([{"account_id": f"x:{who}", "platform": "x",
    ...     "followers": 2, "role": "person"} for who in "ab"]))
    >>> follows = FOLLOWS.check(pl.DataFrame([{"follower_id": f"x:{one}", "followed_id": f"x:{who}"}
    ...     for one, who in ("1a", "2a", "2b", "3b")]))
    >>> overlaps(posts, accounts, follows).select("method", "both", "value_lo", "value").rows()
    [('exact', None, 3, 3), ('capture', 1, 3, 4), ('exact', 1, 3, 3)]
    """
    carriers = _carriers(posts)
    edges = _edges(carriers, follows)
    if edges.is_empty():
        return OVERLAPS.empty()
    lists = _lists(carriers, edges, accounts)
    parts = [_all(carriers, lists, edges, exact_up_to), _pairs(lists, edges)]
    key = ["appeal_id", "platform", "account_id", "other_account_id", "method"]
    return OVERLAPS.check(pl.concat(parts).sort(key, nulls_last=False))


def _carriers(posts: pl.DataFrame) -> pl.DataFrame:
    carrying = posts.filter(
        pl.col("kind").is_in(CARRYING),
        pl.col("account_id").is_not_null(),
        ~pl.col("platform").is_in(list(BARRED)),
    )
    return carrying.group_by(*_PLACE, "account_id").agg(pl.col("at").min())


def _edges(carriers: pl.DataFrame, follows: pl.DataFrame) -> pl.DataFrame:
    """Return the followers that are held of each carrier, once each; nobody follows themselves."""
    held = follows.filter(pl.col("follower_id") != pl.col("followed_id")).select(
        "follower_id", account_id="followed_id"
    )
    return carriers.select(*_PLACE, "account_id").join(held.unique(), on="account_id")


def _lists(carriers: pl.DataFrame, edges: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return the carriers that have a list, with how long it is and whether it is complete."""
    held = edges.group_by(*_PLACE, "account_id").agg(held=pl.len().cast(pl.Int64))
    listed = carriers.join(held, on=[*_PLACE, "account_id"])
    return with_followers(listed, accounts).with_columns(
        complete=(pl.col("held") >= pl.col("followers")).fill_null(value=False)
    )


def _all(
    carriers: pl.DataFrame, lists: pl.DataFrame, edges: pl.DataFrame, exact_up_to: int
) -> pl.DataFrame:
    """Tell how many distinct accounts all lists of an appeal and platform hold."""
    sums = carriers.group_by(_PLACE).agg(carriers=pl.len().cast(pl.Int64))
    told = lists.group_by(_PLACE).agg(
        lists=pl.len().cast(pl.Int64), complete=pl.col("complete").sum().cast(pl.Int64)
    )
    places = sums.join(told, on=_PLACE).sort(_PLACE)
    rows = [row | _union(row, edges, exact_up_to) for row in places.iter_rows(named=True)]
    return _table(rows)


def _union(row: dict[str, object], edges: pl.DataFrame, exact_up_to: int) -> dict[str, object]:
    here = edges.filter(*(pl.col(name) == row[name] for name in _PLACE))
    if here.height > exact_up_to:
        by_account = here.partition_by("account_id")
        found = sketched_union(part["follower_id"] for part in by_account)
        return _told("sketch", found, at_least=True)
    count = here["follower_id"].n_unique()
    whole = row["complete"] == row["carriers"]
    estimate = Estimate(count, count, count)
    return _told("exact" if whole else "held", estimate, at_least=not whole)


def _pairs(lists: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Tell the pairs of long lists of which one or both are complete."""
    longest = (
        lists.sort(*_PLACE, pl.col("held").neg(), "account_id")
        .group_by(_PLACE, maintain_order=True).head(LARGEST)
    )  # fmt: skip
    pairs = longest.join(longest, on=_PLACE, suffix="_b").filter(
        pl.col("complete") & (pl.col("account_id") != pl.col("account_id_b")),
        ~pl.col("complete_b") | (pl.col("account_id") < pl.col("account_id_b")),
    )
    rows = _with_both(pairs, edges).iter_rows(named=True)
    return _table([told for row in rows for told in _pair(row)])


def _with_both(pairs: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Count the accounts that are in both lists of each pair."""
    key = [*_PLACE, "account_id", "account_id_b"]
    names = pairs.select(key)
    mine = names.join(edges, on=[*_PLACE, "account_id"])
    theirs = edges.rename({"account_id": "account_id_b"})
    shared = mine.join(theirs, on=[*_PLACE, "account_id_b", "follower_id"], how="semi")
    both = shared.group_by(key).agg(both=pl.len().cast(pl.Int64))
    return pairs.join(both, on=key, how="left").with_columns(pl.col("both").fill_null(0))


def _pair(row: dict[str, int]) -> list[dict[str, object]]:
    """Return what a pair of lists tells: a count and a public, or an estimate."""
    about = {name: row[name] for name in (*_PLACE, "account_id", "both")} | {
        "other_account_id": row["account_id_b"],
        "carriers": 2,
        "lists": 2,
        "complete": int(row["complete"]) + int(row["complete_b"]),
    }
    if not row["complete_b"]:
        return [about | told for told in _sampled(row)]
    union = row["held"] + row["held_b"] - row["both"]
    about["followers"] = row["held"] + row["held_b"]
    exact = about | _told("exact", Estimate(union, union, union))
    if not row["both"]:
        return [exact]  # lists without anybody in common tell of no public that both come from
    public, error = chapman(row["held"], row["held_b"], row["both"])
    capture = Estimate(public, max(union, public - _Z * error), public)
    return [exact, about | _told("capture", capture, at_least=True)]


def _sampled(row: dict[str, int]) -> list[dict[str, object]]:
    """Estimate the union where one list is complete; nothing where the other's length is hidden."""
    if row["followers_b"] is None:
        return []
    found = sampled_union(row["held"], row["followers_b"], row["both"], row["held_b"])
    about = {"followers": row["held"] + row["followers_b"], "sampled": row["held_b"]}
    return [about | _told("sample", found)]


def _told(method: str, found: Estimate, *, at_least: bool = False) -> dict[str, object]:
    return {
        "method": method,
        "value_lo": int(found.low // 1),
        "value": round(found.value),
        "value_hi": None if at_least else int(-(-found.high // 1)),
        "at_least": at_least,
        "note": _NOTES[method],
    }


def _table(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=OVERLAPS.schema)
