"""The law of the simulated spread, as analytics/branching.py states it, recovered from the truth.

Nothing of the simulator but its constants is used here: the truth has to follow the formulas.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from analytics.branching import SHORTEST_LAG
from analytics.scenario import (
    BLUESKY,
    COLLECTED,
    PUBLISHED,
    RHYTHM,
    TELEGRAM,
    VIDEO,
    WAVES,
    Platform,
    X,
)
from analytics.synthetic import simulate

Reals = npt.NDArray[np.float64]

SPREADING = pytest.mark.parametrize(
    "platform", [X, BLUESKY, TELEGRAM], ids=lambda platform: platform.name
)


@cache
def truth(seed: int, posts: int = 4000) -> pl.DataFrame:
    made = simulate(posts=posts, seed=seed)
    planted = made.true_coordination.select("post_id", planted=True)
    return (
        made.truth.join(planted, on="post_id", how="left", maintain_order="left")
        .with_columns(pl.col("planted").fill_null(value=False))
        .with_columns(awake=pl.Series(hours_awake(made.truth["at"])))
    )


def hours_awake(at: pl.Series) -> Reals:
    """Add up the rhythm, second by second of the local day, from the publication on."""
    rate = np.repeat(RHYTHM / RHYTHM.mean(), 3600) / 3600
    start = PUBLISHED.hour * 3600 + 6 * 3600  # Almaty was at UTC+6
    seconds = int((COLLECTED - PUBLISHED).total_seconds())
    passed = np.concatenate([[0.0], np.cumsum(np.resize(np.roll(rate, -start), seconds))])
    return np.asarray(passed[(at - PUBLISHED).dt.total_seconds().to_numpy()])


def of_platform(platform: Platform, seed: int, posts: int = 4000) -> pl.DataFrame:
    return truth(seed, posts).filter(platform=platform.name).filter(pl.col("post_id") != VIDEO)


def with_children(posts: pl.DataFrame) -> pl.DataFrame:
    """Count what hangs from each post by the spread itself."""
    grown = posts.filter(~pl.col("planted"))
    children = grown["parent_id"].value_counts(name="children")
    return grown.join(children, left_on="post_id", right_on="parent_id", how="left").with_columns(
        pl.col("children").fill_null(0)
    )


def utterance(posts: pl.DataFrame) -> pl.Series:
    """Walk from each repost up to what it shows."""
    up = {
        post: parent if kind == "repost" else None
        for post, parent, kind in posts.select("post_id", "parent_id", "kind").iter_rows()
    }
    shown = []
    for post in up:
        top = post
        while (parent := up[top]) is not None:
            top = parent
        shown.append(top)
    return pl.Series(shown, dtype=pl.String)


@SPREADING
def test_the_reproduction_number_is_recovered(platform: Platform) -> None:
    """Reposts for each repost: the platform's number, less what the collection cut off."""
    passed_on = below = 0
    for seed in range(40):
        reposts = of_platform(platform, seed).filter(~pl.col("planted"), kind="repost")
        passed_on += int(reposts["parent_id"].is_in(reposts["post_id"].implode()).sum())
        below += reposts.height
    expected = platform.reproduction * platform.below["repost"]
    assert passed_on / below == pytest.approx(expected, abs=0.035)


@SPREADING
def test_lags_are_log_normal_in_hours_awake(platform: Platform) -> None:
    """Of reposts: what else there is does not hang from what it came through."""
    lags = []
    for seed in range(10):
        posts = of_platform(platform, seed).filter(~pl.col("planted"))
        above = posts.select(parent_id="post_id", parent_awake="awake")
        reposts = posts.filter(kind="repost").join(above, on="parent_id")
        lags.append((reposts["awake"] - reposts["parent_awake"]).to_numpy())
    whole_seconds = 1 / 3600
    logs = np.log(np.concatenate(lags) - SHORTEST_LAG + whole_seconds)
    assert np.median(logs) == pytest.approx(np.log(platform.lag), abs=0.12)
    assert np.std(logs) == pytest.approx(1.5, abs=0.06)


class Judged(NamedTuple):
    """What a law says of the true parents: its probability of each, and what it would expect."""

    given: Reals
    foreseen: Reals

    def off(self) -> float:
        """Return how many standard errors the law is off."""
        difference = self.given - self.foreseen
        return float(abs(difference.mean()) / (difference.std() / len(difference) ** 0.5))


def judged(platform: Platform, law: Callable[[Reals, Reals, float], Reals]) -> Judged:
    """Ask a law for the parent of every repost, among all that showed the same before it."""
    rows = [
        row
        for seed in range(5)
        for _, tree in in_trees(of_platform(platform, seed)).group_by("shown")
        for row in judged_tree(tree.sort("at", "post_id"), platform.lag, law)
    ]
    return Judged(*np.array(rows).T)


def in_trees(posts: pl.DataFrame) -> pl.DataFrame:
    return posts.with_columns(shown=utterance(posts)).filter(~pl.col("planted"))


def judged_tree(
    tree: pl.DataFrame, lag: float, law: Callable[[Reals, Reals, float], Reals]
) -> Iterator[tuple[float, float]]:
    place = {post: n for n, post in enumerate(tree["post_id"])}
    awake, expected = tree["awake"].to_numpy(), tree["expected"].to_numpy()
    for k, parent in enumerate(tree["parent_id"]):
        age = awake[k] - awake[:k] - SHORTEST_LAG
        possible = age > 0
        if parent in place and possible.sum() > 1 and possible[place[parent]]:
            weight = np.zeros(k)
            weight[possible] = law(expected[:k][possible], age[possible], lag)
            p = weight / weight.sum()
            yield float(p[place[parent]]), float((p * p).sum())


def stated(expected: Reals, age: Reals, lag: float) -> Reals:
    """Weigh by how often a post is passed on in the mean, and by a log-normal lag."""
    return np.asarray(expected / age * np.exp(-(np.log(age / lag) ** 2) / (2 * 1.5**2)))


def without_followers(expected: Reals, age: Reals, lag: float) -> Reals:
    return stated(np.ones_like(expected), age, lag)


def without_recency(expected: Reals, age: Reals, _: float) -> Reals:
    return expected + 0 * age


@SPREADING
def test_true_parents_follow_the_stated_law(platform: Platform) -> None:
    """A law that holds gives the true parent on average what it foresees: its sum of squares."""
    right = judged(platform, stated)
    assert right.off() < 4
    assert right.given.mean() > 0.25


@SPREADING
@pytest.mark.parametrize("law", [without_followers, without_recency])
def test_no_other_law_does(platform: Platform, law: Callable[[Reals, Reals, float], Reals]) -> None:
    right, wrong = judged(platform, stated), judged(platform, law)
    assert right.given.mean() > wrong.given.mean() + 0.02
    assert wrong.off() > 8


@SPREADING
def test_what_a_post_expects_is_what_it_gets(platform: Platform) -> None:
    """What hangs from a repost is all reposts; of those expecting little, and of the others."""
    both = [with_children(of_platform(platform, seed)) for seed in range(20)]
    reposts = pl.concat(both).filter(kind="repost").sort("expected")
    half = reposts.height // 2
    for part in (reposts[:half], reposts[half:]):
        expected = float(part["expected"].sum()) * platform.below["repost"]
        assert part["children"].sum() == pytest.approx(expected, rel=0.06)


@SPREADING
def test_few_posts_have_most_children(platform: Platform) -> None:
    children = with_children(of_platform(platform, 1, 60_000))["children"].sort().to_numpy()
    poisson = np.sort(np.random.default_rng(1).poisson(children.mean(), len(children)))
    top = len(children) // 100
    assert children[-top:].sum() / children.sum() > 0.2
    assert poisson[-top:].sum() / poisson.sum() < 0.08  # what no tail gives
    assert children[-1] > 20 * poisson[-1]


def test_followers_have_a_heavy_tail() -> None:
    """Of the most followed tenth, Hill's estimate of the exponent is small."""
    followers = simulate(posts=60_000, seed=1).true_accounts.filter(platform="x")["followers"]
    top = followers.sort(descending=True).head(followers.len() // 10).to_numpy()
    assert 0.5 < 1 / np.log(top / top[-1]).mean() < 2


def test_a_day_has_24_hours_awake_and_posts_keep_its_rhythm() -> None:
    day = pl.Series([PUBLISHED, PUBLISHED + timedelta(days=1)])
    assert np.diff(hours_awake(day)) == pytest.approx(24)
    hours = truth(2, 60_000)["at"].dt.offset_by("6h").dt.hour().value_counts().sort("at")
    share = hours["count"].to_numpy() / hours["count"].sum()
    assert np.abs(share - RHYTHM / RHYTHM.sum()).max() < 0.02


def test_roots_begin_with_the_waves() -> None:
    """Of the roots of a wave, half come within 24 (2^(1/1.2) - 1) hours awake."""
    first = truth(2, 60_000).filter(pl.col("depth") == 1)["at"].sort()
    second_wave = WAVES[1][0]
    before = first.filter(first < second_wave)
    share = before.len() / first.len()
    delay = float(hours_awake(pl.Series([second_wave]))[0])
    come = 1 - (1 + delay / 24) ** -1.2
    assert share == pytest.approx(WAVES[0][1] * come, abs=0.03)
