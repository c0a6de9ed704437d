"""How large a cascade will be in the end, with an interval that has been tried on finished ones.

Two models say what is still to come from what is there, Λ, and what that brings in turn:

    N = R + Λ / (1 - p·n*),   Λ = p·Σ F_i·(share of the kernel that is still to come)

*seismic* (Zhao et al., KDD 2015) weighs a sharer by followers and takes the published kernel and
n* = 100; *count* needs no followers: every share weighs 1, the original as much as it did in
finished cascades of the same platform, which also give the kernel. p is what this cascade showed
lately. At p·n* ≥ 1 it is supercritical: no forecast, which is an answer and no error.

Model intervals are far too narrow (on SEISMIC's own sample they hold the truth at one of six
times). The interval here is split-conformal (Vovk et al. 2005): how far the same forecast at the
same age was from the truth in finished cascades that the model was not fitted on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp, inf, isfinite, log
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.hawkes import watched_until, with_followers
from analytics.measured import FORECASTS

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

AGES = (1.0, 3.0, 6.0, 12.0, 24.0, 48.0)  # hours at which finished cascades are looked back on
FEWEST = 10  # shares by an age, below which nothing is forecast
FEWEST_FINISHED = 20  # below, the interval is the model's own
FEWEST_LEARNT = 10  # finished cascades that a kernel is learnt from
MOST_LEARNT, MOST_EVENTS = 40, 200
MOST_CALIBRATED = 300
SHOWN = 20  # of each appeal and platform: the largest that go on, and the largest finished
SEEN, QUIET = 168.0, 48.0  # hours: finished is what was watched so long and was silent so long
LEVEL = 0.9
MEAN_FOLLOWERS = 100.0  # n* of SEISMIC
_HOUR = 3600.0


@dataclass(frozen=True)
class Memory:
    """A kernel that is constant for ``until`` seconds and then falls like a power law.

    Attributes
    ----------
    height, until, theta
        The kernel; its integral is 1.
    root
        Weight of the original where shares weigh 1; 1 where followers weigh.
    mean_weight
        n*: mean weight of those who will share.
    shortest, longest
        Bounds in seconds of the stretch that p is taken from, else the last half of the age.
    """

    height: float
    until: float
    theta: float
    root: float = 1.0
    mean_weight: float = 1.0
    shortest: float = 0.0
    longest: float = inf


SEISMIC = Memory(6.265725e-4, 300.0, 0.2314843, 1.0, MEAN_FOLLOWERS, 300.0, 7200.0)
_FEWEST_RECENT = 5  # shares that p is taken from


@dataclass(frozen=True, eq=False)
class Stock:
    """Cascades as arrays: seconds since the original, in order, and what each sharer weighs."""

    starts: Integers
    seconds: Reals
    weight: Reals


def seen_by(stock: Stock, ages: Reals, memory: Memory) -> Reals:
    """Return p, Λ/p and the shares held, of every cascade at every age.

    Parameters
    ----------
    stock
        The cascades.
    ages
        In seconds since the original.
    memory
        The kernel.

    Returns
    -------
    array
        By cascade, age and figure; p is NaN where nothing can have brought a share.
    """
    from analytics import intensities  # noqa: PLC0415

    out = np.empty((len(stock.starts) - 1, len(ages), 3))
    intensities.infect_all(
        stock.starts, stock.seconds, stock.weight, np.asarray(ages, np.float64), memory.height,
        memory.until, memory.theta, memory.shortest, memory.longest, _FEWEST_RECENT, out,
    )  # fmt: skip
    return out


def final_size(p: Reals, coming: Reals, held: Reals, mean_weight: float) -> Reals:
    """Return R + Λ/(1 - p·n*); infinite where it is supercritical, NaN where p is not known.

    >>> final_size(np.array([0.004, 0.02]), np.array([500.0, 500.0]), np.array([10.0, 10.0]), 100)
    array([13.33333333,         inf])
    """
    strength = p * mean_weight
    with np.errstate(divide="ignore", invalid="ignore"):
        found = held + p * coming / (1 - strength)
    sizes: Reals = np.where(strength >= 1, inf, found)
    return sizes


def remainder_quantiles(
    coming: float, strength: float, levels: tuple[float, ...]
) -> tuple[int, ...]:
    """Return quantiles of what is still to come, if the model and its figures are right.

    It is generalised Poisson: P(k) = Λ(Λ + n*k)^(k-1)·e^(-Λ-n*k)/k!, mean Λ/(1 - n*), variance
    Λ/(1 - n*)³. Where that is very wide, its limit for large Λ, the inverse Gaussian, is taken.

    >>> remainder_quantiles(20, 0.6, (0.025, 0.5, 0.975))
    (22, 48, 91)
    """
    from scipy.stats import invgauss  # noqa: PLC0415

    mean, spread = coming / (1 - strength), (coming / (1 - strength) ** 3) ** 0.5
    most = mean + 12 * spread + 50 / (1 - strength) ** 2
    if most > _MOST_SUMMED:
        shape = mean**3 / spread**2
        return tuple(
            _where(lambda x: invgauss.cdf(x, mean / shape, scale=shape), q) for q in levels
        )
    below = np.cumsum(remainder_chances(coming, strength, int(most)))
    return tuple(int(np.searchsorted(below, q * below[-1])) for q in levels)


_MOST_SUMMED = 20_000


def _where(below: Callable[[float], float], level: float) -> int:
    """Return where a distribution reaches a level; scipy's own inverse fails for very wide ones."""
    low, high = 0.0, 1.0
    while below(high) < level:
        low, high = high, 2 * high
    while high - low > _ROUNDING * high + 1 / 2:
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < level else (low, middle)
    return int(high)


def remainder_chances(coming: float, strength: float, most: int) -> Reals:
    """Return the chances of 0, 1, …, ``most`` more shares.

    >>> remainder_chances(0.5, 0.5, 2).round(6)
    array([0.606531, 0.18394 , 0.083674])
    """
    from scipy.special import gammaln  # noqa: PLC0415

    k = np.arange(most + 1.0)
    if coming <= 0:
        none: Reals = (k == 0).astype(np.float64)
        return none
    total = coming + strength * k
    chances: Reals = np.exp(log(coming) + (k - 1) * np.log(total) - total - gammaln(k + 1))
    return chances


def learnt(stock: Stock, ends: Reals) -> Memory:
    """Learn a kernel, and how much an original weighs, from finished cascades.

    Parameters
    ----------
    stock
        The cascades; their weights are not looked at.
    ends
        Until when each was watched, in seconds.

    Returns
    -------
    Memory
        What makes the times of the shares likeliest, each cascade having its own p. That makes
        the weight of the original rough: chance in the size of a cascade goes into its p.
    """
    from scipy.optimize import minimize  # noqa: PLC0415

    from analytics import intensities  # noqa: PLC0415

    def lost(x: Reals) -> float:
        root, until, theta = np.exp(x)
        if not (_THETA[0] < theta < _THETA[1] and 1 <= root < _ROOT and 1 <= until < ends.max()):
            return inf
        return -float(
            intensities.shape_likelihood(stock.starts, stock.seconds, ends, root, until, theta)
        )

    options = {"maxfev": 150, "xatol": 1e-2, "fatol": 1e-1}
    with np.errstate(invalid="ignore"):
        found = [
            minimize(lost, np.log([root, 600.0, 0.5]), method="Nelder-Mead", options=options)
            for root in _ROOTS
        ]
    best = min(found, key=lambda one: float(one.fun))
    root, until, theta = np.exp(best.x).tolist()
    return Memory(theta / (until * (1 + theta)), until, theta, root)


_THETA = (0.01, 3.0)
_ROOT = 1e4
_ROOTS = (5.0, 50.0)


def conformal(scores: Reals, level: float = LEVEL) -> tuple[float, float, float]:
    """Return the lower end, the median and the upper end of what the next score will be.

    With n scores the ends are the ⌈(n+1)(1±level)/2⌉-th smallest, so that an interval holds the
    next with at least that chance, if it comes from where they came from. Infinite where n is too
    small for an end.

    >>> conformal(np.arange(19.0))
    (0.0, 9.0, 18.0)
    """
    ordered = np.concatenate([[-inf], np.sort(scores), [inf]])
    n = len(scores)
    tail = (n + 1) * (1 - level) / 2
    low = int(np.floor(tail + _ROUNDING))
    return float(ordered[low]), float(np.median(scores)), float(ordered[n + 1 - low])


_ROUNDING = 1e-9


def score(final: Reals, held: Reals, model: Reals) -> Reals:
    """Return log((N - R + 1)/(N̂ - R + 1)): how far a forecast was from the truth.

    One is added to both: many cascades have nothing more to come.
    """
    found: Reals = np.log((final - held + 1) / (model - held + 1))
    return found


def corrected(held: float, model: float, by: float) -> float:
    """Return a forecast moved by a score; never below what is held.

    >>> round(corrected(10, 19, log(2)), 9)
    29.0
    """
    return (
        held + max((model - held + 1) * exp(by) - 1, 0.0)
        if isfinite(by)
        else (inf if by > 0 else held)
    )


_TREE = ["appeal_id", "root_id"]


def lives(posts: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """Tell which cascades are finished.

    Parameters
    ----------
    posts
        Rows of ``posts``: until when each platform was watched.
    nodes
        Posts of cascades in the order of time, as :func:`analytics.growth.placed` gives them.

    Returns
    -------
    DataFrame
        One row per cascade with at least 10 shares: ``shares``, ``hours`` (watched since the
        original), ``finished`` (watched for 7 days or more and silent for the last 2) and ``half``,
        0 or 1, by a hash of its key.
    """
    ends = watched_until(posts)
    rows = (
        nodes.group_by("tree", maintain_order=True)
        .agg(pl.col(*_TREE, "platform", "began_at").first(), shares=pl.len().cast(pl.Int64) - 1,
             last=pl.col("seconds").last() / _HOUR)
        .filter(pl.col("shares") >= FEWEST)
        .join(ends, on=["appeal_id", "platform"], how="inner", maintain_order="left")
    )  # fmt: skip
    until = (pl.col("watched_until") - pl.col("began_at")).dt.total_microseconds() / 3.6e9
    halves = [crc32(f"{a}\n{r}".encode()) for a, r in rows.select(*_TREE).iter_rows()]
    return rows.with_columns(
        hours=pl.max_horizontal(until, "last"), order=pl.Series(halves, dtype=pl.Int64)
    ).with_columns(
        finished=(pl.col("hours") >= SEEN) & (pl.col("hours") - pl.col("last") >= QUIET),
        half=pl.col("order") % 2,
    )  # fmt: skip


def stock(nodes: pl.DataFrame, weight: str | None, root: float = 1.0) -> Stock:
    """Return cascades as arrays, weighed by a column, or each share 1 and the original ``root``."""
    sizes = nodes.group_by("tree", maintain_order=True).len()["len"].to_numpy()
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    weights = np.ones(nodes.height) if weight is None else nodes[weight].to_numpy().astype(float)
    if weight is None:
        weights[starts[:-1]] = root
    return Stock(starts, nodes["seconds"].to_numpy(), weights)


def forecasts(posts: pl.DataFrame, nodes: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Forecast the final size of cascades, those that go on now and the finished ones looking back.

    Parameters
    ----------
    posts, accounts
        Rows of the tables of these names.
    nodes
        Posts of cascades in the order of time, as :func:`analytics.growth.placed` gives them.

    Returns
    -------
    DataFrame
        The table ``forecasts``. Of each appeal and platform the 20 largest cascades that go on, at
        their age now, and the 20 largest finished ones at 1, 3, 6, 12, 24 and 48 hours, where they
        had 10 shares by then. Where the followers of all its sharers are known a cascade is
        forecast by *seismic*, else by *count*. Of the finished cascades of a platform (of all
        appeals) one half teaches the kernel, and up to 300 of the other calibrate; a cascade that
        is looked back on never calibrates itself.
    """
    known = lives(posts, nodes)
    parts: list[dict[str, Any]] = []
    marked = with_followers(
        nodes.join(known.select("tree"), on="tree", how="semi", maintain_order="left"), accounts
    )
    for _, own in known.group_by("platform", maintain_order=True):
        parts += _of_platform(own, marked)
    found = pl.DataFrame(parts, schema=FORECASTS.schema).sort(*_TREE, "age_hours")
    return FORECASTS.check(found)


def _of_platform(own: pl.DataFrame, marked: pl.DataFrame) -> Iterator[dict[str, Any]]:
    shown = pl.concat(
        own.filter(pl.col("finished") == done)
        .sort("shares", "tree", descending=[True, False])
        .group_by("appeal_id", maintain_order=True)
        .head(SHOWN)
        .select(own.columns)
        for done in (False, True)
    )
    spare = own.filter(pl.col("finished"), pl.col("half") == 1).sort("order")
    used = pl.concat([shown, spare.head(MOST_CALIBRATED)]).unique("tree")
    held = marked.join(used.select("tree"), on="tree", how="semi", maintain_order="left")
    hidden = held.filter(pl.col("followers").is_null())["tree"].unique()
    for method, memory in (("seismic", SEISMIC), ("count", _memory(own, marked))):
        named = pl.col("tree").is_in(hidden.implode())
        asked = shown.filter(named if method == "count" else ~named)
        # what followers are known for can be told by counts, too, and may calibrate them
        judges = spare.head(MOST_CALIBRATED)
        judges = judges if method == "count" else judges.filter(~named)
        if memory is None:
            yield from _refused(asked)
        elif not asked.is_empty():
            yield from _Teller(method, memory, judges, held).rows(asked)


def _memory(own: pl.DataFrame, marked: pl.DataFrame) -> Memory | None:
    """Return the kernel of a platform's finished cascades; None where there are too few."""
    finished = own.filter(
        pl.col("finished"), pl.col("half") == 0, pl.col("shares") <= MOST_EVENTS
    ).sort("order").head(MOST_LEARNT)  # fmt: skip
    if finished.height < FEWEST_LEARNT:
        return None
    nodes = marked.join(finished.select("tree"), on="tree", how="semi", maintain_order="left")
    ends = nodes.select("tree").unique(maintain_order=True).join(
        finished, on="tree", how="left", maintain_order="left"
    )["hours"]  # fmt: skip
    return learnt(stock(nodes, None), ends.to_numpy() * _HOUR)


def _refused(asked: pl.DataFrame) -> Iterator[dict[str, Any]]:
    why = "followers are hidden, and fewer than 10 finished cascades tell how shares come"
    for row in asked.iter_rows(named=True):
        yield _bare(row, row["hours"], not row["finished"], row["shares"]) | {"note": why}


def _bare(row: dict[str, Any], age: float, now: bool, shares: int) -> dict[str, Any]:  # noqa: FBT001
    told: dict[str, Any] = dict.fromkeys(FORECASTS.columns)
    told |= {name: row[name] for name in (*_TREE, "platform", "finished")}
    at = pl.Series([row["began_at"]]) + pl.Series([round(age * 3.6e9)]).cast(pl.Duration("us"))
    told |= {"age_hours": age, "at": at.item(), "now": now, "shares": shares}
    final = row["shares"] if row["finished"] else None
    return told | {"kind": "no forecast", "calibrated_on": 0, "final": final}


class _Teller:
    """One method on one platform: forecasts, and the finished cascades that judge them."""

    def __init__(
        self, method: str, memory: Memory, judges: pl.DataFrame, marked: pl.DataFrame
    ) -> None:
        self.method, self.memory, self.marked = method, memory, marked
        self.judges, self.stock = self._stock(judges)
        self.final = self.judges["shares"].to_numpy().astype(np.float64)
        self.known: dict[float, tuple[Reals, Integers]] = {}

    def _stock(self, wanted: pl.DataFrame) -> tuple[pl.DataFrame, Stock]:
        nodes = self.marked.join(
            wanted.select("tree"), on="tree", how="semi", maintain_order="left"
        )
        order = nodes.select("tree").unique(maintain_order=True)
        rows = order.join(wanted, on="tree", how="left", maintain_order="left")
        weight = "followers" if self.method == "seismic" else None
        return rows, stock(nodes, weight, self.memory.root)

    def scores(self, age: float) -> tuple[Reals, Integers]:
        """Return the scores of finished cascades at an age, and whose they are."""
        if age not in self.known:
            p, coming, held = seen_by(self.stock, np.array([age * _HOUR]), self.memory)[:, 0].T
            model = final_size(p, coming, held, self.memory.mean_weight)
            told = (held >= FEWEST) & np.isfinite(model)
            trees = self.judges["tree"].to_numpy()[told]
            self.known[age] = score(self.final[told], held[told], model[told]), trees
        return self.known[age]

    def rows(self, asked: pl.DataFrame) -> Iterator[dict[str, Any]]:
        """Yield the rows of the table."""
        rows, own = self._stock(asked)
        for place, row in enumerate(rows.iter_rows(named=True)):
            part = slice(int(own.starts[place]), int(own.starts[place + 1]))
            alone = Stock(np.array([0, part.stop - part.start]), own.seconds[part],
                          own.weight[part])  # fmt: skip
            ages = AGES if row["finished"] else (row["hours"],)
            for age in ages:
                p, coming, held = seen_by(alone, np.array([age * _HOUR]), self.memory)[0, 0]
                if held >= FEWEST and age <= row["hours"]:
                    bare = _bare(row, age, not row["finished"], int(held))
                    yield bare | self._told(row["tree"], age, p, coming, held)

    def _told(self, tree: int, age: float, p: float, coming: float, held: float) -> dict[str, Any]:
        strength = p * self.memory.mean_weight
        told: dict[str, Any] = {"method": self.method}
        if not strength < 1:
            note = (
                "supercritical: each share brings more than one" if strength >= 1 else "p unknown"
            )
            return told | {"note": note}
        model = held + p * coming / (1 - strength)
        scores, whose = self.scores(age)
        others = scores[whose != tree]
        if len(others) >= FEWEST_FINISHED:
            low, middle, high = (corrected(held, model, by) for by in conformal(others))
            kind, note = "calibrated", ""
        else:
            ends = remainder_quantiles(p * coming, strength, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
            low, middle, high = held + ends[0], model, held + ends[1]
            kind, note = "model range", "not calibrated: fewer than 20 finished cascades"
        return told | {
            "kind": kind, "model": model, "forecast_lo": low, "forecast": middle,
            "forecast_hi": high, "calibrated_on": len(others), "note": note or None,
        }  # fmt: skip
