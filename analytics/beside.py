"""Attention beside a response: what was held before it and after it, described and not explained.

When an authority acts is no accident: it acts when there is attention. A rise or a fall around a
response is therefore no test of anything. Only where the same appeal has twenty other dates to hold
it against is a p told, of how often attention changed as much there. The date of a response is an
interval, so that every number is a range over all the times that it allows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.measured import RESPONSE_ATTENTION
from analytics.tables import COUNTERS

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

DAYS = (1, 7, 28)  # lengths of windows
TIMES = 33  # at which a response of unknown time is put, its ends included
WINDOWS = 2_000  # that the window after is compared with, at most
FEWEST_PLACEBOS = 20  # other dates, below which no p is told
FEWEST_WINDOWS = 4  # side by side, below which no percentile is told
LEVEL = 0.95
MOST = 1e6  # a ratio above which no end is told
_DAY = 24 * 3600 * 1_000_000  # microseconds
_HOUR = 3600 * 1_000_000

_NO_COUNTERS = COUNTERS.empty()

NO_POSTS = "no post with a time is held"
TOO_EARLY = "the window before begins before the first post held"
TOO_LATE = "the window after ends after anything was last collected"
NONE_BEFORE = "nothing is held in the window before: silence, or a pause of the collector"
NONE_AFTER = "nothing is held in the window after: silence, or a pause of the collector"
LONG_GAP = "a stretch of half a window or more without a post: silence, or a pause of the collector"
FEW_WINDOWS = "too few windows of this length fit into what is held for a percentile"


class RateRatio(NamedTuple):
    """A rate by another: the ratio, its 95 % interval, and p of the two being equal."""

    ratio: Reals
    lo: Reals
    hi: Reals
    p: Reals


def rate_ratio(before: Reals, after: Reals, *, dispersion: float = 1.0) -> RateRatio:
    """Compare counts in equal times: ratio after by before, its exact 95 % interval, and p.

    Given their sum, the count after is binomial with one half where both rates are equal
    (conditional test; the interval is Clopper and Pearson's of that share). Posts answer each
    other, so that the interval is too narrow where counts differ more than by chance alone:
    ``dispersion`` divides them first.

    Parameters
    ----------
    before, after
        Counts in two windows of equal length.
    dispersion
        How much wider than Poisson's the counts are, at least 1; p is told as without it.

    Returns
    -------
    RateRatio
        The ratio is infinite where nothing was before, and NaN where nothing was at all.

    Examples
    --------
    >>> [float(f"{value:.3g}") for value in rate_ratio(np.array(10.0), np.array(40.0))]
    [4.0, 1.97, 8.97, 2.39e-05]
    """
    from scipy.stats import binom  # noqa: PLC0415

    one, other = np.asarray(after) / dispersion, np.asarray(before) / dispersion
    with np.errstate(divide="ignore", invalid="ignore"):
        fewer = binom.cdf(np.minimum(before, after), np.add(before, after), 0.5)
        return RateRatio(
            np.divide(after, before), _lower_odds(one, other), 1 / _lower_odds(other, one),
            np.minimum(2 * fewer, 1.0),
        )  # fmt: skip


def _lower_odds(one: Reals, other: Reals) -> Reals:
    """Return the lower end of the odds of one against the other (Clopper and Pearson 1934)."""
    from scipy.special import betaincinv  # noqa: PLC0415

    share = betaincinv(np.maximum(one, _LEAST), other + 1, (1 - LEVEL) / 2)
    return np.where(one > 0, share / (1 - share), 0.0)


_LEAST = 1e-12


def response_attention(
    posts: pl.DataFrame, responses: pl.DataFrame, counters: pl.DataFrame = _NO_COUNTERS
) -> pl.DataFrame:
    """Tell of each response the posts a day in equal windows before it and after it.

    Parameters
    ----------
    posts, responses, counters
        Rows of the tables of these names. Posts of all platforms are added up; those without a
        time are left out. Of counters, signatures are set beside responses too, where they were
        shown twice or more: those of the post and the definition that were shown most often.

    Returns
    -------
    DataFrame
        The table ``response_attention``, one row per response and length of window, and more where
        signatures were shown. Where a window reaches outside what is held, or nothing is held in
        it, what rests on it is null and ``note`` says so: silence and a pause of the collector look
        alike.
    """
    acts = responses.select("appeal_id", "response_id", "from", "to")
    asked = acts.select("appeal_id").unique()
    mine = posts.join(asked, on="appeal_id", how="semi")
    held = {"posts": dict(_held(mine)), "signatures": dict(_shown(mine, counters))}
    rows = [
        row | {"what": what}
        for (appeal_id,), own in acts.group_by("appeal_id", maintain_order=True)
        for what, series in held.items()
        if what == "posts" or str(appeal_id) in series
        for days in DAYS
        for row in _beside(own, series.get(str(appeal_id)), days)
    ]
    found = pl.DataFrame(rows, schema=RESPONSE_ATTENTION.schema)
    return RESPONSE_ATTENTION.check(found.sort(RESPONSE_ATTENTION.key))


class _Series:
    """What happened by time (microseconds), and until when anything was collected."""

    step = 0  # narrowest bin that tells how counts differ

    def __init__(self, times: Integers, until: int) -> None:
        self.times, self.first, self.until = times, int(times[0]), until
        self.gaps = np.diff(times, append=until)

    def count(self, begin: Integers, length: int) -> Reals:
        """Count posts in half-open windows; NaN where none is held."""
        ends = np.searchsorted(self.times, np.stack([begin, begin + length]))
        return np.where(ends[1] > ends[0], ends[1] - ends[0], np.nan)

    def gap_hours(self, begin: int, end: int) -> float:
        """Return the longest stretch without a post between two times."""
        first, last = np.searchsorted(self.times, [begin, end])
        inside = self.times[first:last]
        if not len(inside):
            return (end - begin) / _HOUR
        edges = max(int(inside[0]) - begin, end - int(inside[-1]))
        return max(edges, int(self.gaps[first : last - 1].max(initial=0))) / _HOUR


class _Shown(_Series):
    """A number that was shown at some times; in between it is taken to have grown evenly."""

    def __init__(self, times: Integers, values: Integers) -> None:
        super().__init__(times, int(times[-1]))
        self.values = np.maximum.accumulate(values)
        self.step = int(np.median(np.diff(times)))

    def count(self, begin: Integers, length: int) -> Reals:
        """Return by how much it grew in windows; NaN where it was not shown inside."""
        windows = np.stack([begin, begin + length])
        grown = np.diff(np.interp(windows, self.times, self.values), axis=0)[0]
        inside = np.diff(np.searchsorted(self.times, windows), axis=0)[0]
        return np.where(inside > 0, grown, np.nan)


def _held(posts: pl.DataFrame) -> Iterator[tuple[str, _Series]]:
    """Return the posts held of each appeal; collecting went on until it last brought anything."""
    dated = posts.select("appeal_id", "at", "collected_at").drop_nulls("at")
    for (appeal_id,), own in dated.group_by("appeal_id", maintain_order=True):
        until = own.select(pl.max_horizontal("at", "collected_at").max().dt.timestamp("us")).item()
        yield str(appeal_id), _Series(own["at"].sort().dt.timestamp("us").to_numpy(), until)


def _shown(posts: pl.DataFrame, counters: pl.DataFrame) -> Iterator[tuple[str, _Series]]:
    """Return the signatures of each appeal, as they were shown most often."""
    signed = counters.filter(pl.col("metric") == "signatures").drop_nulls("observed_at")
    whose = posts.select("appeal_id", "post_id")
    series = (
        signed.join(whose, on="post_id")
        .unique(["appeal_id", "post_id", "definition", "observed_at"])
        .with_columns(times=pl.len().over("appeal_id", "post_id", "definition"))
        .filter(pl.col("times") > 1)
        .sort("times", "post_id", "definition", "observed_at", descending=[True, *[False] * 3])
    )
    for (appeal_id,), own in series.group_by("appeal_id", maintain_order=True):
        best = own.head(own["times"][0])
        times = best["observed_at"].dt.timestamp("us").to_numpy()
        yield str(appeal_id), _Shown(times, best["value"].to_numpy())


def _beside(own: pl.DataFrame, held: _Series | None, days: int) -> Iterator[dict[str, Any]]:
    """Describe all responses of an appeal by windows of one length."""
    if held is None:
        yield from (row | {"days": days, "note": NO_POSTS} for row in own.to_dicts())
        return
    length = days * _DAY
    every = _Windows(length, _spread(held, length), *_placebos(held, length))
    ends = own.select(pl.col("from", "to").dt.timestamp("us")).to_numpy()
    about = {"days": days, "held_from": _time(held.first), "held_to": _time(held.until)}
    for row, (first, last) in zip(own.to_dicts(), ends.tolist(), strict=True):
        yield row | about | _described(held, first, last, every)


@dataclass(frozen=True)
class _Windows:
    """All windows of one length: counts in order, and how counts change around other dates."""

    length: int
    spread: Reals | None
    dates: Integers
    changes: Reals

    def as_large(self, at: Integers, change: float) -> tuple[int, float | None]:
        """Return how many dates lie outside the windows of a response, and p of its change."""
        apart = (self.dates <= at[0] - 2 * self.length) | (self.dates >= at[-1] + 2 * self.length)
        changes = np.abs(self.changes[apart])
        p = (1 + int((changes >= change).sum())) / (1 + len(changes))
        return len(changes), p if len(changes) >= FEWEST_PLACEBOS else None


def _placebos(held: _Series, length: int) -> tuple[Integers, Reals]:
    """Return dates a window apart, and the log ratio after by before at each, where it is told."""
    dates = np.arange(held.first + length, held.until - length + 1, length, dtype=np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        changes = np.log(held.count(dates, length) / held.count(dates - length, length))
    told = ~np.isnan(changes)
    return dates[told], changes[told]


def _time(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)


def _spread(held: _Series, length: int) -> Reals | None:
    """Return the counts of windows all over what is held, in order; None where few fit."""
    first, room = held.first, held.until - held.first - length
    if room < (FEWEST_WINDOWS - 1) * length:
        return None
    counts = held.count(np.linspace(first, first + room, WINDOWS).astype(np.int64), length)
    return np.sort(np.nan_to_num(counts))


def _described(held: _Series, first: int, last: int, every: _Windows) -> dict[str, Any]:
    """Describe one response at all the times that its date allows."""
    length, spread = every.length, every.spread
    early, late = first - length < held.first, last + length > held.until
    notes = [TOO_EARLY] * early + [TOO_LATE] * late
    at = np.unique(np.linspace(first, last, TIMES).astype(np.int64))
    before = None if early else held.count(at - length, length)
    after = None if late else held.count(at, length)
    if before is not None and np.isnan(before).any():
        before, notes = None, [*notes, NONE_BEFORE]
    if after is not None and np.isnan(after).any():
        after, notes = None, [*notes, NONE_AFTER]
    told = _paces("before", before, length, spread) | _paces("after", after, length, spread)
    if before is not None and after is not None:
        told |= _ratios(held, at, before, after, every)
        gap = held.gap_hours(int(at[0]) - length, int(at[-1]) + length)
        told["gap_hours"] = gap
        notes += [LONG_GAP] * (gap * _HOUR >= length / 2)
    if spread is None and told:
        notes.append(FEW_WINDOWS)
    return told | {"note": "; ".join(notes) or None}


def _paces(side: str, counts: Reals | None, length: int, spread: Reals | None) -> dict[str, float]:
    """Return posts a day and their percentile, the least and the most."""
    if counts is None:
        return {}
    days, ends = length / _DAY, (float(counts.min()), float(counts.max()))
    told = {f"{side}_lo": ends[0] / days, f"{side}_hi": ends[1] / days}
    if spread is None:
        return told
    name = "percentile" if side == "after" else "before_percentile"
    low, high = (_percentile(spread, end) for end in ends)
    return told | {f"{name}_lo": low, f"{name}_hi": high}


def _percentile(spread: Reals, count: float) -> float:
    fewer, upto = np.searchsorted(spread, count), np.searchsorted(spread, count, side="right")
    return float(fewer + upto) / (2 * len(spread))


def _ratios(
    held: _Series, at: Integers, before: Reals, after: Reals, every: _Windows
) -> dict[str, Any]:
    """Return the ratio over all possible times, with its intervals, beside other dates."""
    told, middle, length = rate_ratio(before, after), len(at) // 2, every.length
    with np.errstate(divide="ignore", invalid="ignore"):
        windows, p = every.as_large(at, float(np.abs(np.log(told.ratio)).min()))
    found = {
        "before": round(before[middle]), "after": round(after[middle]),
        "ratio": float(told.ratio[middle]),
        "ratio_least": float(told.ratio.min()), "ratio_most": float(told.ratio.max()),
        "exact_lo": float(told.lo.min()), "exact_hi": float(told.hi.max()),
        "windows": windows, "placebo_p": p,
    }  # fmt: skip
    if held.step > _bin(length):
        return _bounded(found)
    wide = max(dispersion(held, int(time), length) for time in {at[0], at[-1]})
    widened = rate_ratio(before, after, dispersion=wide)
    ends = {"ratio_lo": float(widened.lo.min()), "ratio_hi": float(widened.hi.max())}
    return _bounded(found | {"dispersion": wide} | ends)


def _bounded(found: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers, null where there is no end: nothing, or next to nothing, was before."""
    return {
        name: None if value is not None and not value < MOST else value
        for name, value in found.items()
    }


def _bin(length: int) -> int:
    return _HOUR if length == _DAY else _DAY


def dispersion(held: _Series, at: int, length: int) -> float:
    """Return Pearson's statistic by degrees of freedom of counts around the mean of each window.

    Windows of a day are cut into hours, longer ones into days. It is 1 at least.
    """
    each = _bin(length)
    edges = np.arange(at - length, at + length, each)
    counts = np.nan_to_num(held.count(edges, each)).reshape(2, -1)
    mean = counts.mean(axis=1, keepdims=True)
    freedom = counts.size - 2
    scale = np.where(mean > 0, mean, 1.0)  # a window in which nothing grew differs from none
    return max(1.0, float(((counts - mean) ** 2 / scale).sum()) / freedom)
