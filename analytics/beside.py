"""Attention beside a response: what was held before it and after it, described and not explained.

When an authority acts is no accident: it acts when there is attention. A rise or a fall around a
response is therefore no test of anything, and no p-value stands in the table. The date of a
response is an interval, so that every number is a range over all the times that it allows.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.measured import RESPONSE_ATTENTION

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

DAYS = (1, 7, 28)  # lengths of windows
TIMES = 33  # at which a response of unknown time is put, its ends included
WINDOWS = 2_000  # that the window after is compared with, at most
FEWEST_WINDOWS = 4  # side by side, below which no percentile is told
LEVEL = 0.95
_DAY = 24 * 3600 * 1_000_000  # microseconds
_HOUR = 3600 * 1_000_000

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
    from scipy.special import betaincinv  # noqa: PLC0415
    from scipy.stats import binom  # noqa: PLC0415

    one, other = np.asarray(after) / dispersion, np.asarray(before) / dispersion
    tail = (1 - LEVEL) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        lo = np.where(one > 0, betaincinv(np.maximum(one, _LEAST), other + 1, tail), 0.0)
        hi = np.where(other > 0, betaincinv(one + 1, np.maximum(other, _LEAST), 1 - tail), 1.0)
        fewer = binom.cdf(np.minimum(before, after), np.add(before, after), 0.5)
        ratio = np.divide(after, before)
        return RateRatio(ratio, lo / (1 - lo), hi / (1 - hi), np.minimum(2 * fewer, 1.0))


_LEAST = 1e-12


def response_attention(posts: pl.DataFrame, responses: pl.DataFrame) -> pl.DataFrame:
    """Tell of each response the posts a day in equal windows before it and after it.

    Parameters
    ----------
    posts, responses
        Rows of the tables of these names. Posts of all platforms are added up; those without a
        time are left out.

    Returns
    -------
    DataFrame
        The table ``response_attention``, one row per response and length of window. Where a window
        reaches outside what is held, or nothing is held in it, what rests on it is null and
        ``note`` says so: silence and a pause of the collector look alike.
    """
    held = posts.select("appeal_id", "at", "collected_at").filter(pl.col("at").is_not_null())
    acts = responses.select("appeal_id", "response_id", "from", "to")
    mine = held.join(acts.select("appeal_id").unique(), on="appeal_id", how="semi")
    times = dict(_times(mine))
    rows = [
        row
        for (appeal_id,), own in acts.group_by("appeal_id", maintain_order=True)
        for days in DAYS
        for row in _beside(own, times.get(str(appeal_id)), days)
    ]
    found = pl.DataFrame(rows, schema=RESPONSE_ATTENTION.schema)
    return RESPONSE_ATTENTION.check(found.sort(RESPONSE_ATTENTION.key))


class _Held:
    """The times of an appeal's posts (microseconds), and until when anything was collected."""

    def __init__(self, times: Integers, until: int) -> None:
        self.times, self.until = times, until
        self.first = int(times[0])
        self.gaps = np.diff(times, append=until)

    def count(self, begin: Integers, length: int) -> Reals:
        """Count posts in half-open windows."""
        ends = np.searchsorted(self.times, np.stack([begin, begin + length]))
        counts: Reals = (ends[1] - ends[0]).astype(float)
        return counts

    def gap_hours(self, begin: int, end: int) -> float:
        """Return the longest stretch without a post between two times."""
        first, last = np.searchsorted(self.times, [begin, end])
        inside = self.times[first:last]
        if not len(inside):
            return (end - begin) / _HOUR
        edges = max(int(inside[0]) - begin, end - int(inside[-1]))
        return max(edges, int(self.gaps[first : last - 1].max(initial=0))) / _HOUR


def _times(held: pl.DataFrame) -> Iterator[tuple[str, _Held]]:
    for (appeal_id,), own in held.group_by("appeal_id", maintain_order=True):
        until = own.select(pl.max_horizontal("at", "collected_at").max().dt.timestamp("us")).item()
        yield str(appeal_id), _Held(own["at"].sort().dt.timestamp("us").to_numpy(), until)


def _beside(own: pl.DataFrame, held: _Held | None, days: int) -> Iterator[dict[str, Any]]:
    """Describe all responses of an appeal by windows of one length."""
    if held is None:
        yield from (row | {"days": days, "note": NO_POSTS} for row in own.to_dicts())
        return
    length = days * _DAY
    spread = _spread(held, length)
    ends = own.select(pl.col("from", "to").dt.timestamp("us")).to_numpy()
    for row, (first, last) in zip(own.to_dicts(), ends.tolist(), strict=True):
        about = {
            "days": days, "held_from": _time(held.first), "held_to": _time(held.until),
            "windows": (held.until - held.first) / length,
        }  # fmt: skip
        yield row | about | _described(held, first, last, length, spread)


def _time(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)


def _spread(held: _Held, length: int) -> Reals | None:
    """Return the counts of windows all over what is held, in order; None where few fit."""
    first, room = held.first, held.until - held.first - length
    if room < (FEWEST_WINDOWS - 1) * length:
        return None
    return np.sort(held.count(np.linspace(first, first + room, WINDOWS).astype(np.int64), length))


def _described(
    held: _Held, first: int, last: int, length: int, spread: Reals | None
) -> dict[str, Any]:
    """Describe one response at all the times that its date allows."""
    early, late = first - length < held.first, last + length > held.until
    notes = [TOO_EARLY] * early + [TOO_LATE] * late
    at = np.unique(np.linspace(first, last, TIMES).astype(np.int64))
    before = None if early else held.count(at - length, length)
    after = None if late else held.count(at, length)
    if before is not None and not before.all():
        before, notes = None, [*notes, NONE_BEFORE]
    if after is not None and not after.all():
        after, notes = None, [*notes, NONE_AFTER]
    told = _paces("before", before, length, spread) | _paces("after", after, length, spread)
    if before is not None and after is not None:
        told |= _ratios(held, at, length, before, after)
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
    held: _Held, at: Integers, length: int, before: Reals, after: Reals
) -> dict[str, float]:
    """Return the ratio with its interval as told and widened, over all possible times."""
    wide = max(dispersion(held, int(time), length) for time in {at[0], at[-1]})
    told, widened = rate_ratio(before, after), rate_ratio(before, after, dispersion=wide)
    return {
        "ratio_least": float(told.ratio.min()), "ratio_most": float(told.ratio.max()),
        "ratio_lo": float(told.lo.min()), "ratio_hi": float(told.hi.max()), "dispersion": wide,
        "wide_lo": float(widened.lo.min()), "wide_hi": float(widened.hi.max()),
    }  # fmt: skip


def dispersion(held: _Held, at: int, length: int) -> float:
    """Return Pearson's statistic by degrees of freedom of counts around the mean of each window.

    Windows of a day are cut into hours, longer ones into days. It is 1 at least.
    """
    each = _HOUR if length == _DAY else _DAY
    counts = held.count(np.arange(at - length, at + length, each), each).reshape(2, -1)
    mean = counts.mean(axis=1, keepdims=True)
    freedom = counts.size - 2
    return max(1.0, float(((counts - mean) ** 2 / mean).sum()) / freedom)
