"""Attention over time: how many posts are held from when, and when their pace changed.

Posts are counted, nothing else: a pause of the collector looks like a fall. The last bin of a
series is left out of everything that compares bins, because it ends when the last post was held.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.changepoints import bands, calm_dispersion, changes, dispersion
from analytics.measured import ATTENTION, PEAKS, PHASES, TIMELINE
from analytics.summary import opening
from analytics.tables import SHARES

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

WINDOWS = ("1h", "1d")
GONE = ("deleted", "gone")  # of what is seen of posts later
TOGETHER = "all"  # platforms: posts are added up, which says nothing of readers
FEWEST = 30  # posts, below which no phases or peaks are told
MINUTES = (1, 5, 15, 30, 60, 180, 360, 720, 1440, 10080)  # widths of bins
MOST_BINS = 500
PROMINENT = 0.05  # chance that any bin of a steady series stands out as much
MOST_PEAKS = 10
_MINUTE = 60_000_000  # microseconds
_MONDAY = 4 * 24 * 60 * _MINUTE  # the first one after 1970 began


@dataclass(frozen=True)
class Series:
    """Posts of one appeal on one platform, in bins of equal width.

    ``counts`` begins at ``start`` (microseconds since 1970); the last bin, not yet over when the
    last post was held, is left out. ``outside`` posts are dated outside the stretch of time in
    which 95 % lie.
    """

    appeal_id: str
    platform: str
    times: Integers
    start: int
    minutes: int
    counts: Reals
    outside: int

    @property
    def hours(self) -> float:
        """Width of a bin."""
        return self.minutes / 60

    def at(self, place: int) -> datetime:
        """Return when a bin begins."""
        return _time(self.start + place * self.minutes * _MINUTE)


def _time(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)


def timeline(posts: pl.DataFrame, changed: pl.DataFrame | None = None) -> pl.DataFrame:
    """Count the posts held in windows of an hour and of a day (UTC).

    Parameters
    ----------
    posts
        Rows of ``posts``; those without a time are in no window.
    changed
        Rows of ``changes``: which of them are gone.

    Returns
    -------
    DataFrame
        The table ``timeline``. A window in which nothing is held has no row: whether nothing
        happened or nothing was collected is not known.
    """
    gone = pl.Series("post_id", [], pl.String)
    if changed is not None:
        gone = changed.filter(pl.col("what").is_in(GONE))["post_id"].unique()
    timed = posts.filter(pl.col("at").is_not_null()).with_columns(
        is_gone=pl.col("post_id").is_in(gone.implode())
    )
    return TIMELINE.check(
        pl.concat([_windows(timed, every) for every in WINDOWS]).sort(
            "appeal_id", "every", "platform", "at"
        )
    )


def _windows(posts: pl.DataFrame, every: str) -> pl.DataFrame:
    kind = pl.col("kind")
    counts = {
        "originals": kind.is_in(["original", "article"]),
        "shares": kind.is_in(SHARES),
        "replies": kind.is_in(["reply", "comment"]),
    }
    return (
        posts.group_by("appeal_id", "platform", pl.col("at").dt.truncate(every))
        .agg(
            posts=pl.len().cast(pl.Int64),
            accounts=pl.col("account_id").drop_nulls().n_unique().cast(pl.Int64),
            gone=pl.col("is_gone").sum().cast(pl.Int64),
            **{name: test.sum().cast(pl.Int64) for name, test in counts.items()},
        )
        .with_columns(every=pl.lit(every))
        .select(*TIMELINE.columns)
    )


def series(posts: pl.DataFrame) -> Iterator[Series]:
    """Cut the posts of every appeal into bins, for each platform and, of several, for all together.

    Bins are as narrow as leaves no more of them than there are posts, and no more than 500.
    """
    dated = posts.select("appeal_id", "platform", "at").drop_nulls()
    several = dated["platform"].n_unique() > 1 if dated.height else False
    both = dated.filter(pl.col("platform").n_unique().over("appeal_id") > 1) if several else None
    parts = [dated] if both is None else [dated, both.with_columns(platform=pl.lit(TOGETHER))]
    for (appeal_id, platform), own in (
        pl.concat(parts).sort("appeal_id", "platform", "at")
        .group_by("appeal_id", "platform", maintain_order=True)
    ):  # fmt: skip
        times = own["at"].dt.timestamp("us").to_numpy()
        yield _binned(str(appeal_id), str(platform), times)


def _binned(appeal_id: str, platform: str, times: Integers) -> Series:
    first, last = opening(times)
    inside = times[first : last + 1]
    span = int(inside[-1] - inside[0])
    most = min(MOST_BINS, max(len(inside), 24))
    fits = [each for each in MINUTES if span <= (most - 1) * each * _MINUTE]
    minutes = fits[0] if fits else MINUTES[-1]
    places = (inside - _MONDAY) // (minutes * _MINUTE)
    counts = np.bincount(places - places[0]).astype(float)
    return Series(
        appeal_id, platform, times, int(places[0]) * minutes * _MINUTE + _MONDAY, minutes,
        counts[:-1] if last == len(times) - 1 else counts, len(times) - len(inside),
    )  # fmt: skip


def attention(found: list[Series]) -> pl.DataFrame:
    """Tell of each series when half of it was there, when it was busiest, and how fast that faded.

    Parameters
    ----------
    found
        What :func:`series` gives.

    Returns
    -------
    DataFrame
        The table ``attention``, one row per appeal and platform.
    """
    rows = [_told(one) for one in found]
    return ATTENTION.check(pl.DataFrame(rows, schema=ATTENTION.schema).sort(ATTENTION.key))


def _told(one: Series) -> dict[str, Any]:
    half = one.times[(len(one.times) + 1) // 2 - 1]
    row: dict[str, Any] = {
        "appeal_id": one.appeal_id, "platform": one.platform, "posts": len(one.times),
        "outside": one.outside, "minutes": one.minutes, "began_at": _time(int(one.times[0])),
        "half_at": _time(int(half)), "seen_until": _time(int(one.times[-1])),
    }  # fmt: skip
    if len(one.counts):
        peak = int(one.counts.argmax())
        row |= {
            "dispersion": dispersion(one.counts), "peak_at": one.at(peak),
            "peak_posts": int(one.counts[peak]), "half_life_hours": half_life(one, peak),
        }  # fmt: skip
    return row


def half_life(one: Series, peak: int) -> float | None:
    """Return hours from a bin to the next with at most half as many posts; None if none is held."""
    after = np.flatnonzero(one.counts[peak + 1 :] <= one.counts[peak] / 2)
    return (int(after[0]) + 1) * one.hours if len(after) else None


def phases(found: list[Series], *, seed: int = 0) -> pl.DataFrame:
    """Cut each series of thirty posts and more where its pace changed.

    Changes are those of the optimal partition of the counts with Poisson cost, each paying what the
    Bayesian information criterion asks, widened by the dispersion of neighbouring bins; a phase has
    six bins at least (Killick, Fearnhead and Eckley 2012).

    Parameters
    ----------
    found
        What :func:`series` gives.
    seed
        Of the draws that tell how sure a change's place is.

    Returns
    -------
    DataFrame
        The table ``phases``. ``from_lo`` and ``from_hi`` are 5 % and 95 % points of where the phase
        began; null for the first.
    """
    rows = [row for one in found if len(one.times) >= FEWEST for row in _phases(one, seed)]
    return PHASES.check(pl.DataFrame(rows, schema=PHASES.schema).sort(PHASES.key))


def _phases(one: Series, seed: int) -> Iterator[dict[str, Any]]:
    at = changes(one.counts)
    near = bands(one.counts, at, seed=seed)
    ends = [0, *at.tolist(), len(one.counts)]
    before = None
    for number, (low, high) in enumerate(pairwise(ends)):
        pace = float(one.counts[low:high].sum()) / ((high - low) * one.hours)
        yield {
            "appeal_id": one.appeal_id, "platform": one.platform, "phase": number,
            "from": one.at(low), "to": one.at(high), "minutes": one.minutes,
            "from_lo": one.at(near[number - 1, 0]) if number else None,
            "from_hi": one.at(near[number - 1, 1]) if number else None,
            "posts": int(one.counts[low:high].sum()), "per_hour": pace,
            "ratio": pace / before if before else None, "trend": _trend(pace, before),
        }  # fmt: skip
        before = pace


def _trend(pace: float, before: float | None) -> str:
    if before is None:
        return "start"
    return "rise" if pace > before else "fall"


def peaks(found: list[Series]) -> pl.DataFrame:
    """Return the bins that stand out from what is around them, ten at most of a series.

    A peak counts if its prominence, how far one has to go down before it can go up higher, is more
    than two counts of its height would differ by chance, the dispersion of the calmer half of the
    series counted, once in twenty series of as many bins (Bonferroni).

    Parameters
    ----------
    found
        What :func:`series` gives.

    Returns
    -------
    DataFrame
        The table ``peaks``.
    """
    rows = [row for one in found if len(one.times) >= FEWEST for row in _peaks(one)]
    return PEAKS.check(pl.DataFrame(rows, schema=PEAKS.schema).sort(PEAKS.key))


def _peaks(one: Series) -> Iterator[dict[str, Any]]:
    from scipy.signal import find_peaks  # noqa: PLC0415
    from scipy.stats import norm  # noqa: PLC0415

    padded = np.concatenate([[0.0], one.counts, [0.0]])
    widths = norm.isf(PROMINENT / max(len(one.counts), 1))
    noise = widths * np.sqrt(2 * calm_dispersion(one.counts) * padded)
    places, told = find_peaks(padded, prominence=noise)
    order = np.argsort(-told["prominences"], kind="stable")[:MOST_PEAKS]
    for rank, place in enumerate(order):
        peak = int(places[place]) - 1
        yield {
            "appeal_id": one.appeal_id, "platform": one.platform, "rank": rank + 1,
            "at": one.at(peak), "minutes": one.minutes, "posts": int(one.counts[peak]),
            "prominence": float(told["prominences"][place]),
            "half_life_hours": half_life(one, peak),
        }  # fmt: skip
