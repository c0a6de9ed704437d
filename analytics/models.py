"""The models of hidden parents, their figures, and what speaks for each.

A model is a *kind* (see :mod:`analytics.parents`) and one row of figures for every way of setting
it: the published grid of PDI has fifteen, the calibrated model ten, which spread as far as its fit
is uncertain. Bands run over all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.measured import PARENT_MODELS

Reals = npt.NDArray[np.float64]

FIGURE_NAMES = (
    "root_intercept", "root_slope", "alpha", "shift", "spread", "mean", "audience", "burst",
    "recent",
)  # fmt: skip
FIGURES = len(FIGURE_NAMES)  # of the calibrated model; the others use the first few
KINDS = {"pdi": 0, "decay": 1, "calibrated": 2}
GAMMAS = (0.25, 0.5, 0.75)
ALPHAS = (1.1, 1.5, 2.0, 2.5, 3.0)
LEAST_AGE = 1.0  # seconds; two shares in the same second are as near as one second
DECAY_RATE = 6.8e-5  # per second, birdspotter's


@dataclass(frozen=True, eq=False)
class Model:
    """One way of telling who passed it on to whom.

    Attributes
    ----------
    name
        What it is called in the tables: ``pdi``, ``decay`` or ``calibrated``.
    figures
        One row per setting, padded to :data:`FIGURES`.
    """

    name: str
    figures: Reals

    @property
    def kinds(self) -> npt.NDArray[np.int64]:
        """The kind, by setting."""
        return np.full(len(self.figures), KINDS[self.name], np.int64)


def _rows(rows: list[tuple[float, ...]]) -> Reals:
    return np.array([row + (0.0,) * (FIGURES - len(row)) for row in rows], np.float64)


def pdi(gammas: tuple[float, ...] = GAMMAS, alphas: tuple[float, ...] = ALPHAS) -> Model:
    """Return probabilistic diffusion inference (DeVerna et al., arXiv 2410.21554).

    The parent is drawn by followers with probability gamma, and else by age to the power of -alpha.
    The figures are assumptions: nobody has fitted them, so all of the published grid is drawn.

    >>> len(pdi().figures)
    15
    """
    return Model("pdi", _rows([(g, a, LEAST_AGE, 0.0) for g, a in product(gammas, alphas)]))


def chosen(own: pl.DataFrame) -> Callable[[str], Model | None]:
    """Return how the calibrated model of a platform is found.

    Parameters
    ----------
    own
        The store's table ``parent_models``, which ``groundswell measure --validate`` fits.

    Returns
    -------
    Callable
        From a platform to its model: the store's own fit, else the one that comes with groundswell
        for this platform, else all of those, so that the band shows how far they differ. None where
        the fit did no better than chance on cascades that it had not seen.
    """

    def choose(platform: str) -> Model | None:
        rows = fits(own, platform)
        return _model(rows) if beats_chance(rows) else None

    return choose


def fits(own: pl.DataFrame, platform: str) -> pl.DataFrame:
    """Return the rows of ``parent_models`` that apply to a platform.

    Another platform in their column ``platform`` says that nobody has tried them on this one.
    """
    for table in (own, _shipped()):
        rows = table.filter(pl.col("platform") == platform)
        if not rows.is_empty():
            return rows
    return _shipped()


def beats_chance(rows: pl.DataFrame) -> bool:
    """Return whether a fit is clearly better than chance where it was not fitted."""
    return bool((rows["gain_lo"].fill_null(-1.0) > 0).all())


def _model(rows: pl.DataFrame) -> Model:
    return Model("calibrated", rows.select(FIGURE_NAMES).to_numpy())


@cache
def _shipped() -> pl.DataFrame:
    """Read the fits that come with groundswell; docs/validation.md says how they were made."""
    told = files("analytics").joinpath("data", "parent_models.csv").read_bytes()
    return PARENT_MODELS.check(pl.read_csv(told, schema=PARENT_MODELS.schema))


def decay(rate: float = DECAY_RATE) -> Model:
    """Return the model of birdspotter: followers times an exponential in age."""
    return Model("decay", _rows([(rate,)]))
