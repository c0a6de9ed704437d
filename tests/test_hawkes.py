"""Self-excitation: closed forms, published fits, simulated processes, and plain sums as oracles."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest
from strategies import at, rows

from analytics import hawkes, intensities
from analytics.growth import placed
from analytics.hawkes import (
    Fit,
    Form,
    Runs,
    fit,
    interval,
    ks_p,
    log_likelihood,
    one_run,
    residuals,
)
from analytics.tables import ACCOUNTS, POSTS
from analytics.trees import shares

Reals = npt.NDArray[np.float64]
COMMON = {"appeal_id": "a", "platform": "x", "source": "test"}


def simulated(
    seed: int, end: float, *, mu: float, branching: float, theta: float, wave: float = 0.0
) -> Reals:
    """Return events of an exponential Hawkes process by its clusters: immigrants and offspring."""
    draw = np.random.default_rng(seed)
    waiting = draw.uniform(0, end, draw.poisson(mu * end))
    if wave:
        keep = draw.uniform(0, 1 + wave, len(waiting)) < 1 + wave * np.cos(np.pi / 12 * waiting)
        waiting = waiting[keep]
    events = [waiting]
    while len(waiting):
        brought = np.repeat(waiting, draw.poisson(branching, len(waiting)))
        waiting = brought + draw.exponential(1 / theta, len(brought))
        waiting = waiting[waiting < end]
        events.append(waiting)
    found: Reals = np.sort(np.concatenate(events))
    return found


def seed4(shared: Any) -> Runs:  # noqa: ANN401
    path = shared / "data/fixtures/hawkes_exp_seed4.csv"
    events = pl.read_csv(path).sort("cascade", "time", maintain_order=True)
    sizes = events.group_by("cascade", maintain_order=True).len()["len"].to_list()
    starts = np.cumsum([0, *sizes]).astype(np.int64)
    return Runs(starts, events["time"].to_numpy(), np.full(len(sizes), 5.0))


def plain(times: Reals, end: float, model: Fit, log_marks: Reals | None = None) -> float:
    """Add up the likelihood pair by pair, as the formula says."""
    base, theta, c, beta, mu, p, q, root = model.figures
    omega = 2 * np.pi / 24
    weight = np.exp(beta * (np.zeros(len(times)) if log_marks is None else log_marks))
    weight[0] *= root

    def kernel(lag: Reals) -> Reals:
        power: Reals = theta * c**theta * (lag + c) ** (-1 - theta)
        quick: Reals = theta * np.exp(-theta * lag)
        return quick if model.form.kernel == "exponential" else power

    def mass(lag: Reals) -> Reals:
        power: Reals = 1 - (c / (lag + c)) ** theta
        quick: Reals = 1 - np.exp(-theta * lag)
        return quick if model.form.kernel == "exponential" else power

    first = int(model.form.background == "none")
    total = 0.0
    for i in range(first, len(times)):
        now = times[i]
        outside = mu * (1 + p * np.cos(omega * now) + q * np.sin(omega * now))
        total += np.log(outside + base * float(weight[:i] @ kernel(now - times[:i])))
    day = p * np.sin(omega * end) / omega + q * (1 - np.cos(omega * end)) / omega
    return float(total - mu * (end + day) - base * float(weight @ mass(end - times)))


def test_likelihood_of_three_events() -> None:
    model = Fit(Form("exponential", "constant"), 0.25, theta=2.0, background=1.0)
    assert log_likelihood(one_run([1, 2, 4], 5), model) == pytest.approx(
        -5.639642613920893, abs=1e-12
    )


@pytest.mark.parametrize("kernel", ["exponential", "power"])
@pytest.mark.parametrize("background", ["none", "constant", "daily"])
@given(seed=st.integers(0, 99), theta=st.floats(0.1, 1.5), c=st.floats(0.01, 5))
def test_likelihood_is_the_sum_over_pairs(
    kernel: hawkes.Kernel, background: hawkes.Background, seed: int, theta: float, c: float
) -> None:
    draw = np.random.default_rng(seed)
    times, marks = np.sort(draw.uniform(0, 50, 40)), draw.lognormal(4, 2, 40)
    form = Form(kernel, background, marked=True, root=True)
    model = Fit(
        form,
        0.7,
        theta=theta,
        c=c,
        beta=0.3,
        root=4.0,
        background=0.0 if background == "none" else 0.3,
        daily=(0.4, -0.3) if background == "daily" else (0.0, 0.0),
    )
    expected = plain(times, 60, model, np.log(np.maximum(marks, 1)))
    assert log_likelihood(one_run(times, 60, marks), model) == pytest.approx(
        expected, rel=1e-3, abs=0.03
    )


@given(theta=st.floats(0.05, 1), c=st.floats(1e-4, 10), lag=st.floats(0, 1000))
def test_power_law_as_a_sum_of_exponentials(theta: float, c: float, lag: float) -> None:
    rates, heights = np.empty(intensities.RATES), np.empty(intensities.RATES)
    count = intensities.mixture(intensities.POWER, theta, c, 1000.0, rates, heights)
    found = float(heights[:count] @ np.exp(-rates[:count] * lag))
    assert found == pytest.approx(theta * c**theta * (lag + c) ** (-1 - theta), rel=2e-4)


def test_published_fit(shared: Any) -> None:  # noqa: ANN401
    runs = seed4(shared)
    assert len(runs.times) == 414
    told = Fit(Form(), 0.851, theta=1.06)
    assert -log_likelihood(runs, told) == pytest.approx(285.4882793347552, abs=1e-9)
    model = fit(runs, Form())
    assert [model.branching, model.theta] == pytest.approx([0.8508201, 1.0612923], rel=1e-4)
    assert -model.log_likelihood == pytest.approx(285.488184435582, abs=1e-6)
    assert [*interval(runs, model)] == pytest.approx([0.7586078, 0.9508111], abs=3e-4)


def test_branching_of_published_models(shared: Any) -> None:  # noqa: ANN401
    found = pl.read_csv(shared / "oracles/evently/model_quantities.csv", infer_schema=False)
    for row in found.iter_rows(named=True):
        par = {k: float(v) for k, v in (part.split("=") for part in row["par"].split(";"))}
        base = par["K"]
        if "PL" in row["model"]:
            base /= par["theta"] * par["c"] ** par["theta"]
        beta = par.get("beta", 0.0)
        n = base * hawkes.mark_factor(beta)
        assert n == pytest.approx(float(row["branching_factor"]), rel=1e-10)
        model = Fit(Form(marked=True), n, theta=par["theta"], beta=beta)
        viral = model.figures[0] * 2**beta / (1 - n)
        assert viral == pytest.approx(float(row["viral_score_m0_2"]), rel=1e-10)


def test_what_was_put_in_comes_out() -> None:
    times = simulated(1, 1000, mu=0.5, branching=0.6, theta=2.0)
    runs = one_run(times, 1000)
    model = fit(runs, Form("exponential", "constant"))
    low, high = interval(runs, model)
    assert low < 0.6 < high
    assert high - low < 0.25
    assert model.theta == pytest.approx(2.0, rel=0.35)
    assert model.background == pytest.approx(0.5, rel=0.3)


def test_residuals_of_the_right_model_are_uniform_and_of_a_wrong_one_are_not() -> None:
    runs = one_run(simulated(2, 1000, mu=0.5, branching=0.7, theta=3.0), 1000)
    right = Fit(Form("exponential", "constant"), 0.7, theta=3.0, background=0.5)
    wrong = fit(runs, Form(None, "constant"))
    assert ks_p(runs, right) > 0.01
    assert ks_p(runs, wrong) < 1e-6
    assert residuals(runs, right).mean() == pytest.approx(1, abs=0.1)


def test_the_p_of_residuals_is_that_of_scipy() -> None:
    times = simulated(2, 300, mu=0.5, branching=0.7, theta=3.0)
    for branching in (0.7, 0.6, 0.5):
        model = Fit(Form("exponential", "constant"), branching, theta=3.0, background=0.5)
        runs = one_run(times, 300)
        expected = kstest(residuals(runs, model), "expon").pvalue
        assert ks_p(runs, model) == pytest.approx(expected, rel=0.05, abs=1e-3)


def test_thinning_gives_the_same_process() -> None:
    """Ogata's thinning knows the intensity alone, and no clusters."""
    draw, times, now = np.random.default_rng(5), [0.0], 0.0
    excited = 0.0
    while now < 600:
        bound = 0.5 + excited
        step = draw.exponential(1 / bound)
        excited *= np.exp(-2 * step)
        now += step
        if draw.uniform() * bound < 0.5 + excited:
            times.append(now)
            excited += 0.5 * 2
    kept = [time for time in times[1:] if time < 600]
    model = Fit(Form("exponential", "constant"), 0.5, theta=2.0, background=0.5)
    assert ks_p(one_run(kept, 600), model) > 0.01
    assert fit(one_run(kept, 600), model.form).branching == pytest.approx(0.5, abs=0.15)


def test_day_and_night_look_like_excitation_until_they_are_modelled() -> None:
    runs = one_run(simulated(3, 480, mu=3.0, branching=0.0, theta=1.0, wave=0.95), 480)
    without = fit(runs, Form("exponential", "constant"))
    with_days = fit(runs, Form("exponential", "daily"))
    assert without.branching > 0.5
    assert with_days.branching < 0.25
    assert with_days.aicc < without.aicc


@pytest.mark.parametrize("scale", [1 / 24, 60.0, 3600.0])
def test_the_unit_of_time_does_not_matter(scale: float) -> None:
    times = simulated(4, 200, mu=0.5, branching=0.5, theta=2.0)
    runs = Runs(
        np.array([0, len(times)]), times * scale, np.array([200.0 * scale]), None, 24 * scale
    )
    form = Form("exponential", "constant")
    reference = fit(one_run(times, 200), form)
    found = fit(runs, form)
    assert found.branching == pytest.approx(reference.branching, rel=1e-3)
    assert found.half_time == pytest.approx(reference.half_time * scale, rel=1e-3)


def posted(times: Reals, **changes: Any) -> pl.DataFrame:  # noqa: ANN401
    """Return posts, each by itself, so many hours after the first of May."""
    told = [{"post_id": f"x:{i}", "kind": "original", "at": at(t)} for i, t in enumerate(times)]
    return rows(POSTS, *(post | changes for post in told), **COMMON)


def excitation(posts: pl.DataFrame, accounts: pl.DataFrame | None = None) -> pl.DataFrame:
    nodes = placed(posts, shares(posts))
    return hawkes.excitation(posts, nodes, ACCOUNTS.empty() if accounts is None else accounts)


def test_table_tells_a_platform() -> None:
    posts = posted(simulated(6, 300, mu=0.5, branching=0.5, theta=1.0))
    found = excitation(posts).row(0, named=True)
    assert (found["scope"], found["root_id"], found["events"]) == ("platform", None, posts.height)
    assert found["branching_lo"] < 0.5 < found["branching_hi"]
    assert found["gain"] > 10
    assert found["ks_p"] > 0.01


def test_table_is_the_same_at_another_date() -> None:
    times = simulated(6, 100, mu=0.5, branching=0.5, theta=1.0)
    first, later = (excitation(posted(times + days)).drop("from", "until") for days in (0, 24 * 30))
    assert first["branching"].item() == pytest.approx(later["branching"].item(), rel=1e-3)


def test_few_events_are_refused_with_a_reason() -> None:
    found = excitation(posted(np.arange(29.0) ** 1.01)).row(0, named=True)
    assert (found["events_used"], found["branching"]) == (0, None)
    assert found["note"] == "29 events with a time; 30 are needed"


def test_coarse_times_are_refused_with_a_reason() -> None:
    assert "hour or the day" in excitation(posted(np.arange(40.0)))["note"].item()


def test_more_events_than_are_fitted_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hawkes, "MOST", 50)
    times = simulated(6, 200, mu=0.5, branching=0.5, theta=1.0)
    found = excitation(posted(times)).row(0, named=True)
    assert (found["events"], found["events_used"]) == (len(times), 50)
    assert f"first 50 of {len(times)}" in found["note"]
    assert found["until"] < at(float(times[51]))


def test_equal_times_do_not_break_the_fit() -> None:
    times = np.repeat(simulated(7, 200, mu=0.5, branching=0.3, theta=1.0), 3)
    found = excitation(posted(np.round(times * 3600) / 3600)).row(0, named=True)
    assert np.isfinite(found["branching"])
    assert "share a time" in found["note"]


def cascade(times: Reals) -> pl.DataFrame:
    told: list[dict[str, Any]] = [
        {
            "post_id": f"x:{i}",
            "account_id": f"x:by{i}",
            "kind": "repost",
            "root_id": "x:0",
            "at": at(t),
        }
        for i, t in enumerate(times)
    ]
    told[0] |= {"kind": "original", "root_id": None}
    return rows(POSTS, *told, **COMMON)


def test_table_tells_a_cascade_and_uses_followers_only_where_all_are_known() -> None:
    posts = cascade(np.concatenate([[0], simulated(8, 40, mu=1.0, branching=0.5, theta=1.0)]))
    seen = [
        {"account_id": f"x:by{i}", "role": "unknown", "followers": 100 * i, "platform": "x"}
        for i in range(posts.height)
    ]
    for accounts, marked in ((rows(ACCOUNTS, *seen), True), (rows(ACCOUNTS, *seen[1:]), False)):
        own = excitation(posts, accounts).filter(scope="cascade").row(0, named=True)
        assert own["events"] == own["events_used"] == posts.height - 1
        assert own["gain"] is None
        assert own["root_id"] == "x:0"
        assert marked or "followers" not in own["model"]


def test_nothing_and_times_unknown() -> None:
    assert excitation(POSTS.empty()).is_empty()
    assert excitation(posted(np.arange(3.0), at=None)).is_empty()
    assert (
        excitation(posted(np.array([1.0])))["note"].item() == "1 events with a time; 30 are needed"
    )
