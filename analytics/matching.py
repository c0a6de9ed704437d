"""Comparing the shapes of two groups of cascades, only ever at exactly equal size.

Large cascades are deeper, broader and more viral than small ones, whatever spread them. A
difference between groups says nothing of how they spread until both hold cascades of the same sizes
(Juul and Ugander 2021, PNAS 118(46)).
"""

import warnings

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.kernels import compiled

Ints = npt.NDArray[np.int64]
Row = dict[str, str | int | float]

MEASURES = ("depth", "max_breadth", "virality")
RESAMPLES = 10_000
_BAND = {"_lo": 0.05, "": 0.5, "_hi": 0.95}
_ENDS = {"_lo": "_hi", "": "", "_hi": "_lo"}  # the greater D, the smaller p
_SCHEMA = {
    "measure": pl.String,
    **dict.fromkeys(("pairs", "left_out_a", "left_out_b", "dropped_a", "dropped_b"), pl.Int64),
    **{name + end: pl.Float64 for name in ("d", "p") for end in _BAND},
    "unmatched_d": pl.Float64,
    "unmatched_p": pl.Float64,
}


def comparison(
    a: pl.DataFrame, b: pl.DataFrame, *, resamples: int = RESAMPLES, seed: int = 0
) -> pl.DataFrame:
    """Compare two groups of cascades, paired at exactly equal size.

    In each resample, every cascade is paired with one of the other group that has exactly as many
    posts, without replacement, for as long as there is one; of the group that has more of a size, a
    random part is taken. The two-sample Kolmogorov-Smirnov statistic D is the largest distance
    between the distributions of a measure in the two halves of the pairs.

    Parameters
    ----------
    a, b
        One row per cascade: ``size`` and any of ``depth``, ``max_breadth``, ``virality``, as in the
        table ``cascades``. What both have is compared.
    resamples
        How often to pair anew.
    seed
        Of the pairing. The order of the rows does not matter, nor which group comes first.

    Returns
    -------
    DataFrame
        One row for ``size``, which is equal by construction, and one for each measure: ``pairs``;
        ``left_out_a`` and ``left_out_b``, cascades that find no other of their size;
        ``dropped_a`` and ``dropped_b``, cascades that lack the size or a measure, and are compared
        nowhere; ``d`` and ``p``, medians over resamples, with their 5 % and 95 % points (``_lo``,
        ``_hi``); and, *for reference only*, ``unmatched_d`` and ``unmatched_p`` of the groups as
        they are. D and p are null where there is nothing to compare.

    Notes
    -----
    The p of a resample is exact for measures without ties, and with ties too large rather than too
    small. A large median says that these data show no difference at equal size, not that there is
    none. A measure that is the median of drawn trees carries what the model put into it.

    Examples
    --------
    >>> small = pl.DataFrame({"size": [4, 4, 9], "depth": [1, 3, 2]})
    >>> large = pl.DataFrame({"size": [4, 9, 9, 70], "depth": [2, 5, 6, 40]})
    >>> comparison(small, large).select("measure", "pairs", "left_out_b", "d").rows()
    [('size', 2, 2, 0.0), ('depth', 2, 2, 0.5)]
    """
    names = ["size", *(name for name in MEASURES if name in a.columns and name in b.columns)]
    whole_a, whole_b = (_whole(group, names) for group in (a, b))
    steps = _steps(whole_a, whole_b, resamples, seed)
    pairs = _pairs(whole_a, whole_b)
    counts: Row = {
        "pairs": pairs,
        "left_out_a": whole_a.height - pairs,
        "left_out_b": whole_b.height - pairs,
        "dropped_a": a.height - whole_a.height,
        "dropped_b": b.height - whole_b.height,
    }
    rows: list[Row] = [
        {"measure": name}
        | counts
        | (_bands(steps[:, place], pairs) if pairs and resamples else {})
        | _unmatched(whole_a[name], whole_b[name])
        for place, name in enumerate(names)
    ]
    return pl.DataFrame(rows, schema=_SCHEMA)


def _whole(group: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Return the cascades that lack nothing, in an order that only they decide."""
    return group.select(names).fill_nan(None).drop_nulls().sort(names)


def _pairs(a: pl.DataFrame, b: pl.DataFrame) -> int:
    both = a.group_by("size").len().join(b.group_by("size").len(), on="size")
    return int(both.select(pl.min_horizontal("len", "len_right").sum()).item())


def _steps(a: pl.DataFrame, b: pl.DataFrame, resamples: int, seed: int) -> Ints:
    """Return D times the number of pairs, a row per resample and a column per measure."""
    both = pl.concat([a, b], how="vertical_relaxed")
    codes = both.select(pl.all().rank("dense").cast(pl.Int64) - 1).to_numpy()
    common = np.intersect1d(a["size"].to_numpy(), b["size"].to_numpy())
    ends = np.stack([_ends(group["size"], common) for group in (a, b)], axis=1)
    ends[:, 1] += a.height  # by size, group, end
    take = np.diff(ends).min(axis=1, keepdims=True)
    blocks = np.concatenate([ends, np.repeat(take, 2, axis=1)], axis=2).reshape(-1, 3)
    steps = np.zeros((resamples, codes.shape[1]), np.int64)
    rng = np.random.default_rng(seed)
    codes = np.ascontiguousarray(codes)
    compiled(_resample)(codes, blocks, rng, steps)
    return steps


def _ends(size: pl.Series, common: npt.NDArray[np.generic]) -> Ints:
    """Return where the cascades of each common size begin and end."""
    sizes = size.to_numpy()
    ends = np.searchsorted(sizes, common, "left"), np.searchsorted(sizes, common, "right")
    return np.stack(ends, axis=1).astype(np.int64)


def _resample(codes: Ints, blocks: Ints, rng: np.random.Generator, steps: Ints) -> None:
    """Take some of every block at random, and measure how far the two groups are apart.

    ``codes`` has a row per cascade and a column per measure. A block is where the cascades of one
    group and size begin and end, and how many are taken of them; every other is the first group's.
    Compiled.
    """
    rows, measures = codes.shape
    order = np.arange(rows)
    excess = np.zeros((measures, rows), np.int64)
    for resample in range(len(steps)):
        excess[:] = 0
        for block in range(len(blocks)):
            begin, end, take = blocks[block]
            for place in range(begin, begin + take):
                if begin + take < end:
                    other = place + int(rng.random() * (end - place))
                    order[place], order[other] = order[other], order[place]
                for measure in range(measures):
                    excess[measure, codes[order[place], measure]] += 1 - 2 * (block % 2)
        for measure in range(measures):
            apart = 0
            for code in range(rows):
                apart += excess[measure, code]
                steps[resample, measure] = max(steps[resample, measure], abs(apart))


def _bands(steps: Ints, pairs: int) -> Row:
    """Return median, 5 % and 95 % point of D and of p, by nearest rank."""
    ordered = np.sort(steps)
    found: Row = {}
    for end, q in _BAND.items():
        step = int(ordered[max(int(np.ceil(q * len(ordered))) - 1, 0)])
        found["d" + end] = step / pairs
        found["p" + _ENDS[end]] = chance(step, pairs)
    return found


def chance(step: int, pairs: int) -> float:
    """Return the probability of D ≥ step / pairs between two samples of one distribution.

    Exact where no two values are equal (Gnedenko and Korolyuk 1951): over h = step, 2 step, …,
    p = 2 Σ ±C(2n, n - h) / C(2n, n).

    >>> round(chance(3, 3), 9), round(chance(1, 3), 9)  # 2 of the 20 orders; all
    (0.1, 1.0)
    """
    if step == 0:
        return 1.0
    j = np.arange(1, pairs + 1)
    ratio = np.exp(np.cumsum(np.log((pairs - j + 1) / (pairs + j))))  # C(2n, n - j) / C(2n, n)
    terms = ratio[step - 1 :: step]
    signs = np.where(np.arange(len(terms)) % 2, -1.0, 1.0)
    return float(np.clip(2 * terms @ signs, 0.0, 1.0))


def _unmatched(a: pl.Series, b: pl.Series) -> Row:
    """Return D and p of the groups as they are."""
    if a.is_empty() or b.is_empty():
        return {}
    from scipy.stats import ks_2samp  # noqa: PLC0415

    with warnings.catch_warnings():  # scipy warns where rounding lifts its exact p above 1
        warnings.simplefilter("ignore", RuntimeWarning)
        found = ks_2samp(a.to_numpy(), b.to_numpy())
    return {"unmatched_d": float(found.statistic), "unmatched_p": float(found.pvalue)}
