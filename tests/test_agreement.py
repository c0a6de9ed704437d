"""Agreement of coders: the published example, another implementation, closed forms."""

from typing import Literal

import krippendorff
import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.agreement import alpha, alpha_band, disagreements

Reals = npt.NDArray[np.float64]

LEVELS: tuple[Literal["nominal", "ordinal"], ...] = ("nominal", "ordinal")

# Four coders, twelve units (Krippendorff 2011); * where a coder gave no code.
PUBLISHED = (
    "1 2 3 3 2 1 4 1 2 * * *",
    "1 2 3 3 2 2 4 1 2 5 * 3",
    "* 3 3 3 2 3 4 2 2 5 1 *",
    "1 2 3 3 2 4 4 1 2 5 1 *",
)


def table(matrix: Reals) -> pl.DataFrame:
    coders, units = matrix.shape
    return pl.DataFrame({
        "unit": np.tile(np.arange(units), coders), "coder": np.repeat(np.arange(coders), units),
        "value": matrix.ravel(),
    }).with_columns(pl.col("value").fill_nan(None))  # fmt: skip


EXAMPLE = np.array([[float(w) if w != "*" else np.nan for w in row.split()] for row in PUBLISHED])


def drawn(seed: int) -> Reals:
    rng = np.random.default_rng(seed)
    return np.where(rng.random((3, 12)) < 0.2, np.nan, rng.integers(1, 5, (3, 12)))


matrices = st.integers(0, 2**32).map(drawn)


def test_the_published_example() -> None:
    assert alpha(table(EXAMPLE)) == pytest.approx(0.743421052631579)
    assert alpha(table(EXAMPLE), level="ordinal") == pytest.approx(0.815, abs=5e-4)


@given(matrices)
@settings(max_examples=50, deadline=None)
def test_alpha_is_that_of_the_reference(matrix: Reals) -> None:
    for level in LEVELS:
        theirs = krippendorff.alpha(reliability_data=matrix, level_of_measurement=level)
        assert alpha(table(matrix), level=level) == pytest.approx(theirs)


def test_coders_who_agree_have_one_and_those_who_draw_lots_have_nothing() -> None:
    rng = np.random.default_rng(2)
    same = rng.integers(0, 4, 400).astype(float)
    assert alpha(table(np.stack([same, same]))) == pytest.approx(1)
    lots = alpha(table(rng.integers(0, 4, (2, 4000)).astype(float)))
    assert lots == pytest.approx(0, abs=0.05)


def test_where_there_is_nothing_to_disagree_about_alpha_is_unknown() -> None:
    assert alpha(table(np.ones((2, 5)))) is None
    assert alpha(table(np.array([[1.0, np.nan], [np.nan, 2.0]]))) is None
    assert alpha_band(table(np.ones((2, 1)))) == (None, None)


def test_the_band_holds_the_estimate_and_narrows_with_units() -> None:
    rng = np.random.default_rng(3)
    true = rng.integers(0, 4, 400)
    coders = np.where(rng.random((2, 400)) < 0.8, true, rng.integers(0, 4, (2, 400))).astype(float)
    widths = []
    for units in (40, 400):
        codes = table(coders[:, :units])
        lo, hi = alpha_band(codes)
        found = alpha(codes)
        assert lo is not None
        assert hi is not None
        assert found is not None
        assert lo < found < hi
        widths.append(hi - lo)
    assert widths[1] < widths[0] / 2


def test_what_coders_differ_about_is_listed() -> None:
    codes = pl.DataFrame({
        "unit": ["r1", "r1", "r1", "r1", "r2", "r2"],
        "field": ["verb", "verb", "level", "level", "verb", "verb"],
        "coder": ["anna", "boris"] * 3,
        "value": ["09", "12", "local", "local", "09", None],
    })  # fmt: skip
    found = disagreements(codes)
    assert found.rows() == [("r1", "verb", ["anna", "boris"], ["09", "12"])]
