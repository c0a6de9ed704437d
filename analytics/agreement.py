"""How far coders agree, beyond what chance would give: Krippendorff's alpha."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

Reals = npt.NDArray[np.float64]
Level = Literal["nominal", "ordinal"]

DRAWS = 1000


def alpha(codes: pl.DataFrame, *, level: Level = "nominal") -> float | None:
    """Return Krippendorff's alpha of one field (Krippendorff 2004; Hayes and Krippendorff 2007).

    Parameters
    ----------
    codes
        One row per unit and coder: ``unit``, ``coder``, ``value``; a null value is no code. The
        values of an ordinal field are numbers.
    level
        *nominal*: any two different values differ alike. *ordinal*: by how many codes lie between.

    Returns
    -------
    float or None
        1 where all agree, 0 where they agree as chance would have it, below where less. None where
        no unit has two codes, or all codes are the same: there is nothing to disagree about.

    Examples
    --------
    >>> two = pl.DataFrame({"unit": [1, 1, 2, 2, 3, 3], "coder": ["a", "b"] * 3,
    ...                     "value": ["09", "09", "12", "12", "09", "12"]})
    >>> round(alpha(two), 4)
    0.4444
    """
    counts = _counts(codes)
    return _alpha(counts, _distances(counts, level)) if counts.size else None


def alpha_band(
    codes: pl.DataFrame, *, level: Level = "nominal", seed: int = 0, draws: int = DRAWS
) -> tuple[float | None, float | None]:
    """Return the 2.5 % and 97.5 % points of alpha over units drawn anew, with replacement.

    Draws in which all codes are the same have no alpha and are left out; None with fewer than two
    units that have two codes.
    """
    counts = _counts(codes)
    if len(counts) < 2:  # noqa: PLR2004 - one unit has no spread
        return None, None
    rng = np.random.default_rng(seed)
    distances = _distances(counts, level)
    drawn = (
        _alpha(counts[rng.integers(0, len(counts), len(counts))], distances) for _ in range(draws)
    )
    values = [value for value in drawn if value is not None]
    if not values:
        return None, None
    lo, hi = np.quantile(values, [0.025, 0.975])
    return float(lo), float(hi)


def disagreements(codes: pl.DataFrame) -> pl.DataFrame:
    """Return the units whose coders differ, for a person to decide.

    Parameters
    ----------
    codes
        One row per unit, field and coder: ``unit``, ``field``, ``coder``, ``value``.

    Returns
    -------
    DataFrame
        One row per unit and field: ``coders`` and their ``values``, in the order of the coders.
    """
    given = codes.drop_nulls("value").sort("unit", "field", "coder")
    both = given.group_by("unit", "field", maintain_order=True).agg(
        coders=pl.col("coder"), values=pl.col("value")
    )
    return both.filter(pl.col("values").list.n_unique() > 1)


def _counts(codes: pl.DataFrame) -> Reals:
    """Return how often each value was given to each unit that has two codes or more."""
    given = codes.drop_nulls("value").with_columns(
        codes=pl.len().over("unit"), place=pl.col("value").rank("dense").cast(pl.Int64) - 1
    )
    paired = given.filter(pl.col("codes") > 1)
    unit = paired["unit"].rank("dense").cast(pl.Int64).to_numpy() - 1
    place = paired["place"].to_numpy()
    counts = np.zeros((unit.max(initial=-1) + 1, place.max(initial=-1) + 1))
    np.add.at(counts, (unit, place), 1.0)
    return counts


def _distances(counts: Reals, level: Level) -> Reals:
    """Return how far any two values are apart, squared."""
    if level == "nominal":
        return 1.0 - np.eye(counts.shape[1])
    total = counts.sum(axis=0)
    middle = total.cumsum() - total / 2
    apart: Reals = np.square(middle[:, None] - middle[None, :])
    return apart


def _alpha(counts: Reals, distances: Reals) -> float | None:
    size = counts.sum(axis=1)
    total = counts.sum(axis=0)
    within = (counts.T / (size - 1)) @ counts - np.diag((counts / (size - 1)[:, None]).sum(axis=0))
    expected = (np.outer(total, total) - np.diag(total)) / (total.sum() - 1)
    chance = float((expected * distances).sum())
    return 1.0 - float((within * distances).sum()) / chance if chance > 0 else None
