"""Comparing two groups of cascades, at equal size only.

Depth, breadth and virality grow with size. Two groups that differ in size differ in all of them,
and it says nothing about how they spread (Juul & Ugander 2021, PNAS 118(46)). So every cascade is
set against one of exactly the same size from the other group, many times, and what is left of the
difference is reported beside what it seemed to be.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.kernels import compiled

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

RESAMPLES = 10_000
MEASURES = ("depth", "max_breadth", "virality")
SCHEMA = {
    "measure": pl.String,
    "pairs": pl.Int64,
    "left_a": pl.Int64,
    "left_b": pl.Int64,
    "unknown_a": pl.Int64,
    "unknown_b": pl.Int64,
    **{name + end: pl.Float64 for name in ("d", "p") for end in ("_lo", "", "_hi", "_unmatched")},
}


def matched(
    a: pl.DataFrame, b: pl.DataFrame, *, measures: Sequence[str] = MEASURES,
    resamples: int = RESAMPLES, seed: int = 0,
) -> pl.DataFrame:  # fmt: skip
    """Compare two groups of cascades by pairs of equal size.

    Parameters
    ----------
    a, b
        Rows of ``cascades``: ``size`` and the measures.
    measures
        Columns to compare; a cascade whose measure is null is left out of that comparison.
    resamples
        How often the larger side of each size is drawn again, without replacement.
    seed
        Of the drawing.

    Returns
    -------
    DataFrame
        One row per measure: ``pairs``; cascades ``left`` over and ``unknown`` in each group; the
        statistic ``d`` of Kolmogorov and Smirnov, 0 … 1, and its ``p`` (two-sided, from the
        distribution at the effective number n·m / (n + m)), as median with 5 % and 95 % points over
        resamples; and both without matching, which confounds shape with size. Null where there are
        no pairs.

    Examples
    --------
    >>> small = pl.DataFrame({"size": [3] * 40, "depth": [1, 2] * 20})
    >>> large = pl.DataFrame({"size": [3] * 20 + [9] * 40, "depth": [1, 2] * 10 + [5] * 40})
    >>> found = matched(small, large, measures=["depth"], resamples=200)
    >>> found.select("pairs", "left_b", pl.col("d_unmatched").round(2)).rows()
    [(20, 40, 0.67)]
    """
    rows = [_compared(a, b, measure, resamples, seed) for measure in measures]
    return pl.DataFrame(rows, schema=SCHEMA)


def _compared(
    a: pl.DataFrame, b: pl.DataFrame, measure: str, resamples: int, seed: int
) -> dict[str, object]:
    known = [group.filter(pl.col(measure).is_not_null()).sort("size") for group in (a, b)]
    ranks, count = _ranks(*(group[measure].cast(pl.Float64).to_numpy() for group in known))
    cuts = _common(*(group["size"].to_numpy() for group in known))
    pairs = int(np.minimum(cuts[:, 1] - cuts[:, 0], cuts[:, 3] - cuts[:, 2]).sum())
    told: dict[str, object] = {
        "measure": measure,
        "pairs": pairs,
        "left_a": known[0].height - pairs,
        "left_b": known[1].height - pairs,
        "unknown_a": a.height - known[0].height,
        "unknown_b": b.height - known[1].height,
    }
    if not pairs:
        return told
    d = np.empty(resamples)
    compiled(_resample)(ranks[0], ranks[1], cuts, count, np.random.default_rng(seed), d)
    n, m = known[0].height, known[1].height
    whole = _distance(ranks[0], ranks[1], count)
    told |= _points("d", d) | _points("p", _p_value(d, pairs, pairs))
    return told | {"d_unmatched": whole, "p_unmatched": float(_p_value(np.array([whole]), n, m)[0])}


def _points(name: str, values: Reals) -> dict[str, object]:
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return {f"{name}_lo": float(low), name: float(middle), f"{name}_hi": float(high)}


def _ranks(a: Reals, b: Reals) -> tuple[list[Integers], int]:
    """Replace the values of both groups by their places in the common order."""
    values, rank = np.unique(np.concatenate([a, b]), return_inverse=True)
    return [rank[: len(a)].astype(np.int64), rank[len(a) :].astype(np.int64)], len(values)


def _common(a: Integers, b: Integers) -> Integers:
    """Return, for each size that both groups have, where its cascades begin and end in each."""
    sizes = np.intersect1d(a, b)
    ends = [np.searchsorted(group, sizes, side) for group in (a, b) for side in ("left", "right")]
    return np.column_stack(ends).astype(np.int64)


def _distance(a: Integers, b: Integers, count: int) -> float:
    steps = [np.cumsum(np.bincount(group, minlength=count)) / len(group) for group in (a, b)]
    return float(np.abs(steps[0] - steps[1]).max())


def _p_value(d: Reals, n: int, m: int) -> Reals:
    from scipy.stats import kstwo  # noqa: PLC0415

    values, place = np.unique(d, return_inverse=True)
    with np.errstate(all="ignore"):  # a distance of 1 has a density of 0, on which scipy stumbles
        found: Reals = np.clip(kstwo.sf(values, max(round(n * m / (n + m)), 1)), 0, 1)[place]
    return found


def _resample(  # noqa: PLR0917 # compiled loops know no keywords
    a: Integers, b: Integers, cuts: Integers, count: int, rng: np.random.Generator, out: Reals
) -> None:
    """Draw as many of the larger side of each size as the smaller has; write the distances."""
    a, b = a.copy(), b.copy()
    steps = np.empty(count, np.int64)
    for r in range(len(out)):
        steps[:] = 0
        pairs = 0
        for s in range(len(cuts)):
            n, m = cuts[s, 1] - cuts[s, 0], cuts[s, 3] - cuts[s, 2]
            k = min(n, m)
            pairs += k
            for side in range(2):
                group, low, all_of_it = (a, cuts[s, 0], n) if side == 0 else (b, cuts[s, 2], m)
                sign = 1 - 2 * side
                for i in range(k):
                    if all_of_it > k:
                        j = i + int(rng.random() * (all_of_it - i))
                        group[low + i], group[low + j] = group[low + j], group[low + i]
                    steps[group[low + i]] += sign
        far = 0
        total = 0
        for v in range(count):
            total += steps[v]
            far = max(far, abs(total))
        out[r] = far / pairs
