"""Final sizes: published forecasts, closed forms, and coverage on simulated cascades."""

from math import exp, factorial, inf
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import START

from analytics import forecasts as f
from analytics import intensities
from analytics.growth import placed
from analytics.tables import ACCOUNTS, POSTS
from analytics.trees import shares

Reals = npt.NDArray[np.float64]
SAMPLE = {  # seconds: p and the final size with n* = 100, as the published package gives them
    300: (0.018596245283, inf), 600: (0.007521788758, 262.9657453), 1800: (0.033596671976, inf),
    3600: (0.007908843303, 7580.7895259), 7200: (0.006107349909, 8760.969559),
    10800: (0.006412405407, 14140.1335065), 21600: (0.004444804054, 15144.9582919),
}  # fmt: skip


def sample(shared: Path) -> f.Stock:
    told = pl.read_csv(shared / "data/fixtures/seismic_tweet.csv")
    seconds, followers = (told.to_series(i).cast(pl.Float64).to_numpy() for i in (0, 1))
    return f.Stock(np.array([0, len(seconds)]), seconds, followers)


def test_published_forecasts(shared: Path) -> None:
    found = f.seen_by(sample(shared), np.array(list(SAMPLE), float), f.SEISMIC)[0]
    sizes = f.final_size(found[:, 0], found[:, 1], found[:, 2], 100)
    for (p, size), own, expected in zip(SAMPLE.values(), found, sizes, strict=True):
        assert own[0] == pytest.approx(p, rel=1e-9)
        assert expected == pytest.approx(size, rel=1e-9)


def test_every_prediction_time_of_the_oracle(shared: Path) -> None:
    told = pl.read_csv(shared / "oracles/seismic/infectiousness_prediction.csv", infer_schema=False)
    oracle = told.select(pl.all().str.strip_chars().cast(pl.Float64))
    found = f.seen_by(sample(shared), oracle["p.time"].to_numpy(), f.SEISMIC)[0]
    assert len(found) == 360
    assert found[:, 0] == pytest.approx(oracle["infectiousness"].to_numpy(), rel=1e-12)
    assert found[:, 2].tolist() == oracle["current.rt"].to_list()
    for n in (100, 200):
        sizes = f.final_size(found[:, 0], found[:, 1], found[:, 2], n)
        assert sizes == pytest.approx(oracle[f"pred_nstar{n}"].to_numpy(), rel=1e-11)


def test_what_is_left_of_the_kernel() -> None:
    kernel = (f.SEISMIC.height, f.SEISMIC.until, f.SEISMIC.theta)
    left = [intensities.flat_left(float(x), *kernel) for x in (0, 300, 3600, 86400)]
    assert left == pytest.approx([1, 0.81202825, 0.45683306, 0.21890733], abs=5e-9)


@given(x=st.floats(0.1, 1e5), until=st.floats(1, 1e4), theta=st.floats(0.05, 3))
def test_integrals_of_the_kernel(x: float, until: float, theta: float) -> None:
    height = theta / (until * (1 + theta))
    knots = np.unique(np.concatenate([np.geomspace(1e-3, x, 4000), [0, min(x, until)]]))
    middle, width = (knots[1:] + knots[:-1]) / 2, np.diff(knots)
    density = np.array([intensities.flat_height(m, height, until, theta) for m in middle])
    mass = intensities.flat_mass(x, height, until, theta)
    assert mass == pytest.approx(float(density @ width), rel=1e-3)
    assert mass + intensities.flat_left(x, height, until, theta) == pytest.approx(1, abs=1e-9)
    moment = intensities.flat_moment(x, height, until, theta)
    assert moment == pytest.approx(float((density * middle) @ width), rel=1e-3)


def test_the_first_moment_is_no_forecast() -> None:
    """At age 0 the published package divides by 0."""
    one = f.Stock(np.array([0, 1]), np.zeros(1), np.array([50.0]))
    found = f.seen_by(one, np.zeros(1), f.SEISMIC)[0, 0]
    assert np.isnan(found[0])
    assert np.isnan(f.final_size(found[0], found[1], found[2], 100))


def test_borel() -> None:
    """One seed of branching n: its family has a Borel size; Λ = n events to come, in the mean."""
    half = f.remainder_chances(0.5, 0.5, 3)
    assert half == pytest.approx([0.606531, 0.18394, 0.083674, 0.045112], abs=5e-7)
    for n, mean, variance in ((0.5, 2, 4), (0.9, 10, 900)):
        sizes = np.arange(20_001) + 1
        chances = f.remainder_chances(n, n, 20_000)
        assert chances.sum() == pytest.approx(1)
        assert float(sizes @ chances) == pytest.approx(mean)
        assert float((sizes - mean) ** 2 @ chances) == pytest.approx(variance, rel=1e-6)


def test_generalised_poisson() -> None:
    chances, k = f.remainder_chances(20, 0.6, 2000), np.arange(2001)
    mean = float(k @ chances)
    assert mean == pytest.approx(50)
    assert float((k - mean) ** 2 @ chances) ** 0.5 == pytest.approx(17.677669529663685)
    assert f.remainder_quantiles(20, 0.6, (0.025, 0.5, 0.975)) == (22, 48, 91)
    direct = 20 * (20 + 0.6 * 3) ** 2 * exp(-20 - 1.8) / factorial(3)
    assert chances[3] == pytest.approx(direct)


def test_wide_remainders_have_the_same_quantiles_by_their_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exact = f.remainder_quantiles(800, 0.7, (0.05, 0.5, 0.95))
    monkeypatch.setattr(f, "_MOST_SUMMED", 0)
    assert f.remainder_quantiles(800, 0.7, (0.05, 0.5, 0.95)) == pytest.approx(exact, rel=0.01)


@given(st.lists(st.floats(-5, 5), min_size=20, max_size=200), st.floats(-2, 2))
def test_conformal_ends_are_order_statistics(scores: list[float], shift: float) -> None:
    low, middle, high = f.conformal(np.array(scores))
    assert low <= middle <= high
    outside = sum(not low <= s <= high for s in scores)
    assert outside <= 0.1 * (len(scores) + 1)
    moved = f.conformal(np.array(scores) + shift)
    assert moved == pytest.approx((low + shift, middle + shift, high + shift), abs=1e-9)


@given(st.integers(0, 1000), st.integers(0, 1000), st.floats(0, 1000))
def test_a_forecast_moved_by_its_own_score_is_the_truth(held: int, more: int, model: float) -> None:
    truth, told = float(held + more), held + model
    by = float(f.score(np.array([truth]), np.array([float(held)]), np.array([told]))[0])
    assert f.corrected(held, told, by) == pytest.approx(truth, abs=1e-6)


def lomax(draw: np.random.Generator, count: int) -> Reals:
    """Draw lags in hours from a power law without a flat part."""
    lags: Reals = 0.2 * (draw.uniform(size=count) ** -0.8 - 1)
    return lags


def flat(draw: np.random.Generator, count: int) -> Reals:
    """Draw lags from the kernel of forecasts: even up to 0.2 hours, then with exponent 1.25."""
    even = draw.uniform(size=count) < 1.25 / 2.25
    return np.where(even, draw.uniform(0, 0.2, count), 0.2 * draw.uniform(size=count) ** -0.8)


def family(
    draw: np.random.Generator,
    root: float,
    branching: float,
    lags: Any = lomax,  # noqa: ANN401
) -> Reals:
    """Return hours of shares: the original brings ``root``, each share ``branching``."""
    events, parents, mean = [np.zeros(1)], np.zeros(1), root
    while len(parents):
        brought = np.repeat(parents, draw.poisson(mean, len(parents)))
        parents = brought + lags(draw, len(brought))
        mean = branching
        events.append(parents)
    return np.sort(np.concatenate(events))


def store(count: int, seed: int) -> pl.DataFrame:
    """Return cascades of one platform that began within forty days, watched for a year."""
    draw, parts = np.random.default_rng(seed), []
    for x in range(count):
        hours = family(draw, draw.gamma(2, 30), draw.uniform(0.2, 0.6))
        hours = hours[hours < 24 * 40]
        start = draw.uniform(0, 24 * 40)
        parts.append(
            pl.DataFrame({
                "post_id": [f"x:{x}"] + [f"x:{x}-{i}" for i in range(1, len(hours))],
                "hour": hours + start,
                "root_id": [None] + [f"x:{x}"] * (len(hours) - 1),
                "kind": ["original"] + ["repost"] * (len(hours) - 1),
            }, schema_overrides={"root_id": pl.String})
        )  # fmt: skip
    end = pl.DataFrame({"post_id": ["x:end"], "hour": [24 * 365.0], "kind": ["original"]})
    rows = pl.concat([*parts, end], how="diagonal")
    at = pl.lit(START) + pl.duration(microseconds=(pl.col("hour") * 3.6e9).round().cast(pl.Int64))
    named = {"appeal_id": pl.lit("a"), "platform": pl.lit("x"), "source": pl.lit("test")}
    whole = rows.with_columns(at=at.cast(pl.Datetime("us", "UTC")), **named).drop("hour")
    return POSTS.check(whole.with_columns(account_id="post_id"))


def forecast(posts: pl.DataFrame, accounts: pl.DataFrame | None = None) -> pl.DataFrame:
    known = ACCOUNTS.empty() if accounts is None else accounts
    return f.forecasts(posts, placed(posts, shares(posts)), known)


@pytest.fixture(scope="module")
def many() -> pl.DataFrame:
    return store(300, 1)


def test_intervals_hold_what_they_promise(many: pl.DataFrame, monkeypatch: Any) -> None:  # noqa: ANN401
    """On cascades chosen by chance; the largest are the hardest, and are shown."""
    monkeypatch.setattr(f, "SHOWN", 1000)
    found = forecast(many).filter(kind="calibrated")
    inside = pl.col("final").is_between("forecast_lo", "forecast_hi")
    by_age = found.group_by("age_hours").agg(inside.mean().alias("held"), pl.len())
    assert by_age.filter(pl.col("len") > 80)["held"].min() > 0.85  # type: ignore[operator]
    assert by_age.height >= 5
    assert (found["calibrated_on"] >= 20).all()


def test_no_cascade_calibrates_itself(many: pl.DataFrame, monkeypatch: Any) -> None:  # noqa: ANN401
    monkeypatch.setattr(f, "SHOWN", 1000)
    found = forecast(many).filter(kind="calibrated", age_hours=24.0)
    halves = f.lives(many, placed(many, shares(many))).select("root_id", "half")
    counted = (
        found.join(halves, on="root_id").group_by("half").agg(pl.col("calibrated_on").unique())
    )
    teaching, judging = (row[1] for row in counted.sort("half").iter_rows())
    assert len(teaching) == len(judging) == 1
    assert judging[0] == teaching[0] - 1


def test_forecasts_are_near_the_truth_and_nearer_with_age(many: pl.DataFrame) -> None:
    found = forecast(many).filter(kind="calibrated")
    error = (pl.col("forecast") / pl.col("final")).log().abs().median()
    by_age = found.group_by("age_hours").agg(error.alias("error")).sort("age_hours")["error"]
    assert by_age[-1] < 0.1
    assert by_age[-1] < by_age[0]


def test_what_goes_on_is_forecast_now_and_has_no_final_size(many: pl.DataFrame) -> None:
    cut = many.filter(pl.col("at") < START + pl.duration(days=41))
    found = forecast(cut)
    now = found.filter("now")
    assert not now.is_empty()
    assert now["final"].null_count() == now.height
    assert (now["at"] == cut["at"].max()).all()
    assert (found.filter(~pl.col("now"))["final"] >= found.filter(~pl.col("now"))["shares"]).all()


def test_few_finished_cascades_give_no_count_forecast_but_a_reason() -> None:
    found = forecast(store(3, 2))
    assert found["kind"].unique().to_list() == ["no forecast"]
    assert "fewer than 10 finished" in found["note"][0]


def test_followers_bring_seismic_and_a_range_that_says_it_is_not_calibrated() -> None:
    posts = store(12, 3)
    accounts = ACCOUNTS.check(
        posts.select(
            "account_id", "platform", role=pl.lit("unknown"), followers=pl.lit(60, pl.Int64)
        )
    )
    found = forecast(posts, accounts)
    assert found["method"].drop_nulls().unique().to_list() == ["seismic"]
    told = found.filter(kind="model range")
    assert not told.is_empty()
    assert told["note"].str.contains("not calibrated").all()
    assert (told["forecast_lo"] <= told["forecast_hi"]).all()
    one_hidden = accounts.with_columns(
        followers=pl.when(pl.col("account_id").str.ends_with("-1"))
        .then(None)
        .otherwise("followers")
    )
    assert forecast(posts, one_hidden).filter(method="seismic").is_empty()


def test_supercritical_is_an_answer(many: pl.DataFrame) -> None:
    found = forecast(many).filter(kind="no forecast")
    assert found["note"].str.contains("supercritical").all()
    assert found["forecast"].null_count() == found.height


def test_finished_is_watched_for_a_week_and_silent_for_two_days(many: pl.DataFrame) -> None:
    cut = many.filter(pl.col("at") < START + pl.duration(days=41))
    known = f.lives(cut, placed(cut, shares(cut)))
    end = cut.select(pl.col("at").max()).item()
    for row in known.iter_rows(named=True):
        own = cut.filter(
            (pl.col("root_id") == row["root_id"]) | (pl.col("post_id") == row["root_id"])
        )
        first, last = own.select(pl.col("at").min(), last=pl.col("at").max()).row(0)
        watched, silent = ((end - time).total_seconds() / 3600 for time in (first, last))
        assert row["finished"] == (watched >= 168 and silent >= 48)
        assert row["hours"] == pytest.approx(watched)
    assert {True, False} == set(known["finished"])


def test_a_kernel_is_learnt_again() -> None:
    draw, parts = np.random.default_rng(4), []
    for _ in range(60):
        hours = family(draw, 30.0, 0.3, flat)
        parts.append(hours[hours < 240] * 3600)
    starts = np.cumsum([0, *map(len, parts)]).astype(np.int64)
    told = f.Stock(starts, np.concatenate(parts), np.ones(starts[-1]))
    memory = f.learnt(told, np.full(60, 240 * 3600.0))
    assert 50 < memory.root < 400  # 30 / 0.3 = 100, roughly: see the docstring
    assert memory.theta == pytest.approx(1.25, rel=0.15)
    assert memory.until == pytest.approx(720, rel=0.2)
    assert intensities.flat_mass(
        np.inf, memory.height, memory.until, memory.theta
    ) == pytest.approx(1)


def test_nothing() -> None:
    assert forecast(POSTS.empty()).is_empty()
    assert forecast(store(1, 5).with_columns(at=pl.lit(None, pl.Datetime("us", "UTC")))).is_empty()
