"""Probabilities of hidden parents: closed forms, the reference's own figures, and what is drawn."""

import csv
import json
from fractions import Fraction
from pathlib import Path

import networkx as nx
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from analytics import models, parents

Reals = npt.NDArray[np.float64]
CALIBRATED = np.array([1.0, -0.2, 1.1, 300.0, 0.2, 0.1, 0.4, 0.5, 0.3])
UNIFORM = np.array([-40.0, 0.0, 1.0, 300.0, 0.2, 0.1, 0.0, 0.0, 0.0])


def hidden(n: int) -> npt.NDArray[np.int64]:
    told = np.full(n, parents.HIDDEN)
    told[0] = parents.ELSEWHERE
    return told


def rows(
    kind: str,
    figures: Reals,
    t: ArrayLike,
    followers: ArrayLike,
    told: npt.NDArray[np.int64] | None = None,
) -> Reals:
    t, followers = np.asarray(t, np.float64), np.asarray(followers, np.float64)
    out = np.empty((len(t), len(t)))
    known = hidden(len(t)) if told is None else told
    parents.probability_rows(models.KINDS[kind], figures, t, followers, known, out)
    return out


def pdi(gamma: float, alpha: float, *, floor: float = 1.0, shift: float = 0.0) -> Reals:
    return np.array([gamma, alpha, floor, shift, 0, 0, 0, 0, 0])


@st.composite
def cascades(draw: st.DrawFn, most: int = 12) -> tuple[Reals, Reals]:
    """Return times in order, with ties, and followers, with zeros."""
    n = draw(st.integers(2, most))
    gaps = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 60.0, 5e3]), min_size=n, max_size=n))
    seen = draw(st.lists(st.sampled_from([0.0, 0.0, 1.0, 50.0, 1e6]), min_size=n, max_size=n))
    t = np.cumsum(gaps)
    return t - t[0], np.array(seen, float)


def test_the_closed_form_of_pdi(shared: Path) -> None:
    told = json.loads((shared / "oracles" / "science.json").read_text())["pdi"]
    t, followers = [*told["t"], told["tk"]], [*told["F"], 7]
    for name, expected in told["closed"].items():
        gamma, alpha = map(float, name.split(","))
        assert rows("pdi", pdi(gamma, alpha), t, followers)[3, :3] == pytest.approx(
            expected, abs=5e-7
        )


def test_the_reference_code_of_pdi_agrees_on_thirty_events(shared: Path) -> None:
    folder = shared / "oracles" / "pdi"
    with (folder / "cascade30.csv").open() as file:
        events = list(csv.DictReader(file))
    t = [float(event["t"]) for event in events]
    followers = [float(event["followers"]) for event in events]
    with (folder / "cascade30_parent_probs.csv").open() as file:
        told = list(csv.DictReader(file))
    compared = 0
    for line in told:
        gamma, alpha = float(line["gamma"]), float(line["alpha"])
        ours = rows("pdi", pdi(gamma, alpha, floor=0.0, shift=0.1), t, followers)
        child, parent = int(line["child"]), int(line["parent"])
        # the reference integrates its density over 0.2 ms around Δt + 0.1 s
        assert ours[child, parent] == pytest.approx(float(line["p_exact"]), rel=3e-6)
        assert ours[child, parent] == pytest.approx(float(line["p_reference"]), rel=1e-5)
        compared += 1
    assert compared == 3 * 29 * 30 // 2


def influences(t: Reals, m: Reals, rate: float) -> Reals:
    depth, below = np.empty(len(t)), np.empty(len(t))
    figures = models.decay(rate).figures[0]
    parents.expected_measures(1, figures, t, m, hidden(len(t)), depth, below)
    return below


def test_influence_is_that_of_birdspotter(shared: Path) -> None:
    told = json.loads((shared / "oracles" / "science.json").read_text())["birdspotter"]
    found = influences(np.array(told["times"], float), np.array(told["m"], float), 6.8e-5)
    assert found == pytest.approx(told["influence"], abs=1e-6)


@pytest.mark.parametrize("name", ["cascade30", "seismic_first1000", "seismic_first3000"])
def test_influence_is_that_of_birdspotter_event_by_event(shared: Path, name: str) -> None:
    with (shared / "oracles" / "birdspotter" / f"{name}_influence.csv").open() as file:
        told = list(csv.DictReader(file))
    t, m = (np.array([float(line[key]) for line in told]) for key in ("time", "magnitude"))
    expected = [float(line["influence_default"]) for line in told]
    assert influences(t, m, 6.8e-5) == pytest.approx(expected, rel=1e-10)


def test_followers_that_nobody_has_drop_their_term() -> None:
    with_term = rows("pdi", pdi(0.75, 2.0), [0, 60, 120, 180], [0, 0, 0, 0])
    without = rows("pdi", pdi(0.0, 2.0), [0, 60, 120, 180], [5, 1, 1, 1])
    assert with_term == pytest.approx(without)


def test_shares_in_one_second_are_one_second_apart() -> None:
    found = rows("pdi", pdi(0.0, 3.0), [0, 10, 10, 10], [1, 1, 1, 1])
    assert found[3, 1] == found[3, 2] == pytest.approx(1 / (2 + 10**-3.0))


def test_a_parent_without_followers_is_never_drawn_by_followers() -> None:
    found = rows("pdi", pdi(1.0, 2.0), [0, 1, 2, 3, 4], [0, 0, 5, 0, 1])
    assert found[4].tolist() == [0, 0, 1, 0, 0]
    assert found[2].tolist() == pytest.approx([0.5, 0.5, 0, 0, 0])  # nothing speaks for either


@given(cascades(), st.sampled_from(["pdi", "decay", "calibrated"]))
@settings(deadline=None)
def test_every_row_is_a_distribution_over_earlier_events(
    cascade: tuple[Reals, Reals], kind: str
) -> None:
    figures = {"pdi": pdi(0.25, 2.0), "decay": models.decay().figures[0], "calibrated": CALIBRATED}
    found = rows(kind, figures[kind], *cascade)
    assert found[1:].sum(axis=1) == pytest.approx(1)
    assert (found >= 0).all()
    assert np.triu(found).sum() == 0


@given(cascades())
@settings(deadline=None)
def test_what_is_told_stays(cascade: tuple[Reals, Reals]) -> None:
    t, followers = cascade
    told = hidden(len(t))
    told[-1] = len(t) // 2 - 1 if len(t) > 2 else 0
    found = rows("calibrated", CALIBRATED, t, followers, told)
    assert found[-1, told[-1]] == 1


def recursive(n: int) -> Reals:
    """Return the rows of the random recursive tree: every earlier event is as likely."""
    return np.tril(np.ones((n, n)), -1) / np.maximum(np.arange(n), 1)[:, None]


def test_the_random_recursive_tree_is_known_in_closed_form(shared: Path) -> None:
    told = json.loads((shared / "oracles" / "science.json").read_text())["rrt_EW"]
    for n, wiener in told.items():
        assert parents.expected_distances(recursive(int(n))) == pytest.approx(
            float(Fraction(wiener))
        )
    n = 100
    harmonic = np.cumsum(1 / np.arange(1, n + 1))
    flat = pdi(1.0, 1.0)
    depth, below = np.empty(n), np.empty(n)
    parents.expected_measures(0, flat, np.arange(n) * 1.0, np.ones(n), hidden(n), depth, below)
    assert depth[1:] == pytest.approx(harmonic[:-1])
    assert below == pytest.approx(n / np.arange(1, n + 1))
    virality = 2 * ((n + 1) * (harmonic[-1] - 2) + 2) / (n - 1)
    assert parents.expected_distances(recursive(n)) * 2 / (n * (n - 1)) == pytest.approx(virality)


@given(cascades())
@settings(deadline=None)
def test_expectations_add_up(cascade: tuple[Reals, Reals]) -> None:
    t, followers = cascade
    n = len(t)
    depth, below, levels = np.empty(n), np.empty(n), np.empty(n)
    parents.expected_measures(2, CALIBRATED, t, followers, hidden(n), depth, below)
    parents.expected_levels(rows("calibrated", CALIBRATED, t, followers), levels)
    assert below[0] == pytest.approx(n)
    assert levels.sum() == pytest.approx(n)
    assert below.sum() == pytest.approx(depth.sum() + n)
    assert (levels * np.arange(n)).sum() == pytest.approx(depth.sum())


def drawn(
    kind: str, figures: Reals, t: Reals, followers: Reals, trees: int, *, by_table: bool
) -> npt.NDArray[np.int32]:
    """Draw trees of one star by one of the two ways."""
    n = len(t)
    terms, weight = np.empty((parents.ROWS, parents.TERMS)), np.empty((parents.TERMS, n))
    root, told = np.empty(n), hidden(n)
    first = parents.lay_out(models.KINDS[kind], figures, t, followers, told, terms, weight, root)
    states = np.arange(1, trees + 1).astype(np.uint64) * np.uint64(7919)
    link = np.full((trees, n), -1, np.int32)
    way = parents.by_table if by_table else parents.by_ranges
    way(first, t, told, terms, weight, root, states, np.arange(n), link)
    return link


def wild(n: int) -> tuple[Reals, Reals]:
    """Return a cascade with ties, long silences, and accounts that nobody follows."""
    rng = np.random.default_rng(8)
    t = np.floor(np.sort(rng.pareto(0.5, n) * 20))
    followers: Reals = np.floor(rng.pareto(0.8, n) * 50) * rng.integers(0, 2, n)
    followers[:3] = 0
    return np.minimum(t - t[0], 1e7), followers


CELLS = [
    ("pdi", pdi(0.25, 2.0)), ("pdi", pdi(0.75, 1.1)), ("pdi", pdi(0.5, 3.0)),
    ("pdi", pdi(0.0, 2.5, floor=0.0, shift=0.1)), ("calibrated", CALIBRATED),
]  # fmt: skip


@pytest.mark.parametrize("by_table", [True, False])
@pytest.mark.parametrize(("kind", "figures"), CELLS)
def test_what_is_drawn_follows_the_probabilities(
    kind: str, figures: Reals, *, by_table: bool
) -> None:
    """Chi-square over all events, against the textbook's matrix of all pairs."""
    t, followers = wild(60)
    trees = 4000
    link = drawn(kind, figures, t, followers, trees, by_table=by_table)
    expected = rows(kind, figures, t, followers) * trees
    statistic, freedom = 0.0, 0
    for k in range(2, len(t)):
        counted = np.bincount(link[:, k], minlength=len(t)).astype(float)
        assert counted[expected[k] == 0].sum() == 0  # what is impossible is never drawn
        rare = expected[k] < 5
        cells = np.append(expected[k][~rare], expected[k][rare].sum())
        seen = np.append(counted[~rare], counted[rare].sum())
        cells, seen = cells[cells > 0], seen[cells > 0]
        statistic += float(((seen - cells) ** 2 / cells).sum())
        freedom += len(cells) - 1
    # Wilson & Hilferty: (χ²/f)^⅓ is nearly normal; 4 standard errors
    z = ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / np.sqrt(2 / (9 * freedom))
    assert abs(z) < 4


@pytest.mark.parametrize(("kind", "figures"), CELLS)
def test_averages_of_drawn_trees_agree_with_the_exact_expectations(
    kind: str, figures: Reals
) -> None:
    t, followers = wild(80)
    trees = 2000
    link = drawn(kind, figures, t, followers, trees, by_table=False)
    found = np.empty((trees, 5))
    parents.measure_trees(link, np.array([80]), found[None])
    depth, below = np.empty(80), np.empty(80)
    parents.expected_measures(models.KINDS[kind], figures, t, followers, hidden(80), depth, below)
    virality = parents.expected_distances(rows(kind, figures, t, followers)) * 2 / (80 * 79)
    for column, exact in ((3, depth[1:].mean()), (2, virality)):
        error = found[:, column].std(ddof=1) / np.sqrt(trees)
        assert abs(found[:, column].mean() - exact) < 4 * error


@given(st.integers(2, 30), st.integers(0, 2**32))
@settings(deadline=None)
def test_measures_of_a_tree_are_those_of_networkx(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    link = np.array([[-1, *(int(rng.integers(0, k)) for k in range(1, n))]], np.int32)
    found = np.empty((1, 5))
    parents.measure_trees(link, np.array([n]), found[None])
    graph = nx.Graph([(k, int(link[0, k])) for k in range(1, n)])
    depths = nx.single_source_shortest_path_length(graph, 0)
    level = np.bincount(list(depths.values()))
    children = np.bincount(link[0, 1:])
    expected = [
        max(depths.values()), level.max(), nx.wiener_index(graph) * 2 / (n * (n - 1)),
        sum(depths.values()) / (n - 1), children.max() / (n - 1),
    ]  # fmt: skip
    assert found[0].tolist() == pytest.approx(expected)


def test_the_wiener_index_of_a_long_path_does_not_overflow() -> None:
    n = 3_000_000
    found = np.empty((1, 5))
    parents.measure_trees(np.arange(-1, n - 1, dtype=np.int32)[None], np.array([n]), found[None])
    assert found[0, 2] == pytest.approx((n + 1) / 3, rel=1e-9)


def test_the_sum_of_exponentials_is_the_power_law() -> None:
    for alpha, shift in ((0.7, 100.0), (1.0, 500.0), (1.5, 30.0)):
        share, speed = parents._exponentials(alpha, shift, 1e6)
        ages = np.geomspace(1, 1e6, 50)
        ours = (share[:, None] * np.exp(-speed[:, None] * ages)).sum(axis=0)
        assert ours == pytest.approx((ages + shift) ** -alpha, rel=0.03)


def test_an_event_that_a_burst_follows_is_a_likelier_parent() -> None:
    t = np.concatenate([[0.0, 1000.0, 20_000.0], 20_000 + np.arange(1, 40) * 10.0, [30_000.0]])
    found = rows("calibrated", CALIBRATED, t, np.ones(len(t)))
    assert found[-1, 2] > 5 * found[-1, 1]


@given(cascades(40))
@settings(deadline=None)
def test_the_likeliest_parent_is_the_one_of_the_whole_row(cascade: tuple[Reals, Reals]) -> None:
    t, followers = cascade
    n = len(t)
    found, chance = np.empty(n, np.int64), np.empty(n)
    parents.likeliest(CALIBRATED, t, followers, hidden(n), found, chance)
    matrix = rows("calibrated", CALIBRATED, t, followers)
    assert found[0] == parents.HIDDEN
    for k in range(1, n):
        assert matrix[k, found[k]] >= 0.93 * matrix[k].max()  # sums are true to 3 %
        assert chance[k] == pytest.approx(matrix[k, found[k]], rel=0.07)
