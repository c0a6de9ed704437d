"""The tree of bubbles: discs without an empty middle, a seam or an overlap."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from analytics import forest
from analytics.radial import PACKED, bubbles, packed, radii

Reals = npt.NDArray[np.float64]


def links(parents: list[int | None]) -> npt.NDArray[np.int64]:
    """Return a forest in the order of time: post i hangs from one before it, or from none."""
    return np.array(
        [-1 if parent is None or not post else parent % post for post, parent in enumerate(parents)]
    )


def two_levels(first: int, each: int) -> npt.NDArray[np.int64]:
    """Return an original, posts that hang from it, and posts that hang from each of them."""
    hubs = np.zeros(first, np.int64)
    return np.concatenate([[-1], hubs, np.tile(np.arange(1, first + 1), each)])


def overlap(x: Reals, y: Reals, radius: Reals) -> float:
    """Return how deep any two discs lie in each other; 0 where they only touch."""
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(apart, np.inf)
    return float(np.max(radius[:, None] + radius - apart, initial=0))


@given(st.lists(st.floats(0.5, 200), min_size=1, max_size=60))
def test_no_disc_lies_on_another(told: list[float]) -> None:
    radius = np.array(told)
    x, y = packed(radius)
    assert overlap(x, y, radius) <= 1e-6


def test_discs_lie_close_to_each_other_the_largest_in_the_middle() -> None:
    radius = np.random.default_rng(0).pareto(1.5, 2_000) + 1
    x, y = packed(radius)
    away = np.hypot(x, y)
    filled = (radius**2).sum() / (away + radius).max() ** 2
    assert filled > 0.6
    assert away[np.argmax(radius)] < radius.max()
    assert np.corrcoef(np.log(radius), away)[0, 1] < -0.5


def test_what_is_too_many_to_be_packed_surrounds_the_rest() -> None:
    radius = np.concatenate([np.full(PACKED, 2.0), np.full(4_000, 1.5)])
    x, y = packed(radius)
    place = np.column_stack([x, y])
    apart, _ = cKDTree(place).query(place[PACKED:], k=2)
    assert apart[:, 1].min() >= 3.0
    outside = np.hypot(x, y)[PACKED:]
    assert outside.min() > np.hypot(x, y)[:PACKED].max()


def test_a_star_is_a_sunflower() -> None:
    x, y = bubbles(np.array([-1] + [0] * 1_000))
    away = np.hypot(x - x[0], y - y[0])[1:]
    assert away == pytest.approx(np.sqrt(np.arange(1_000) + 2))
    turn = np.diff(np.unwrap(np.arctan2(y - y[0], x - x[0])[1:]))
    assert np.ptp(turn % (2 * np.pi)) < 0.02  # every post is turned as far as the one before


@pytest.mark.parametrize("link", [two_levels(30, 60), two_levels(400, 5), two_levels(2, 900)])
def test_a_disc_has_no_empty_middle_and_no_seam(link: npt.NDArray[np.int64]) -> None:
    x, y = bubbles(link)
    x, y = x - x[0], y - y[0]
    away, turn = np.hypot(x, y)[1:], np.sort(np.arctan2(y, x)[1:])
    whole = np.sqrt(len(link))
    assert away.max() <= radii(np.array([len(link)]))[0]
    for part in (0.3, 0.5, 0.7):
        assert (away < part * whole).mean() == pytest.approx(part**2, abs=0.04)
    gaps = np.diff(turn, append=turn[0] + 2 * np.pi)
    assert gaps.max() < 2 * np.pi / 60


@given(st.lists(st.none() | st.integers(0, 1_000), min_size=1, max_size=80))
def test_every_post_lies_in_the_disc_of_its_cascade(parents: list[int | None]) -> None:
    link = links(parents)
    x, y = bubbles(link)
    head, size = forest.heads(link), forest.sizes(link)
    away = np.hypot(x - x[head], y - y[head])
    assert (away <= radii(size[head])).all()
    first = link < 0
    assert overlap(x[first], y[first], radii(size[first])) <= 1e-6
