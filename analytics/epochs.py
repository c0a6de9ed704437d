"""What a series does around many moments, on average: superposed epochs (Chree 1912).

The p is that of moments shifted together along the series, its ends joined: what the moments have
in common with each other stays, what they have in common with the series goes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FEWEST = 10  # moments


@dataclass(frozen=True)
class Epochs:
    """The mean of a series at each distance from moments, and whether it rises after them."""

    around: Integers  # distances
    mean: Reals
    rise: float  # mean after, over all distances from 0 on, less the mean before
    p: float
    moments: int
    overlapping: int  # moments nearer to another than both windows together


def superposed(series: Reals, moments: Integers, *, reach: int) -> Epochs | None:
    """Lay the stretches around moments over each other.

    Parameters
    ----------
    series
        At equal distances.
    moments
        Places in it; those without a whole window on both sides are left out.
    reach
        How far to look on either side.

    Returns
    -------
    Epochs or None
        None where no moment has a whole window. The least p is one over the length of the series.

    Examples
    --------
    >>> series = np.zeros(20)
    >>> series[4:7], series[14:17] = [5, 9, 4], [4, 8, 3]
    >>> found = superposed(series, np.array([4, 14]), reach=2)
    >>> found.mean.tolist(), found.rise, found.p
    ([0.0, 0.0, 4.5, 8.5, 3.5], 5.5, 0.1)
    """
    held = np.unique(moments)
    held = held[(held >= reach) & (held < series.size - reach)]
    if not held.size:
        return None
    around = np.arange(-reach, reach + 1)
    mean = series[held[:, None] + around].mean(axis=0)
    rises = _shifted(series, held, around)
    near = np.diff(held) <= 2 * reach
    overlapping = int(np.union1d(held[:-1][near], held[1:][near]).size)
    p = float((rises >= rises[0] - 1e-12 * max(abs(rises[0]), 1.0)).mean())
    return Epochs(around, mean, float(rises[0]), p, held.size, overlapping)


def _shifted(series: Reals, held: Integers, around: Integers) -> Reals:
    """Return the rise for every shift of all moments together, none first."""
    places = (held[:, None] + around)[None] + np.arange(series.size)[:, None, None]
    wrapped = series[places % series.size].mean(axis=1)
    rises: Reals = wrapped[:, around >= 0].mean(axis=1) - wrapped[:, around < 0].mean(axis=1)
    return rises
