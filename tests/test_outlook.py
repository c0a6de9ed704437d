"""Has it peaked: rules on written-out series, judges whose fate is known, and refusals."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from strategies import at, rows

from analytics import outlook as o
from analytics.growth import placed
from analytics.tables import POSTS
from analytics.trees import shares

COMMON = {"appeal_id": "a", "platform": "x", "source": "test"}


def posted(*hours: float, **changes: Any) -> pl.DataFrame:  # noqa: ANN401
    told = [{"post_id": f"x:{i}", "kind": "original", "at": at(h)} for i, h in enumerate(hours)]
    return rows(POSTS, *(post | changes for post in told), **COMMON)


def cascade(name: str, hours: list[float], start: float = 0) -> pl.DataFrame:
    told: list[dict[str, Any]] = [
        {
            "post_id": f"x:{name}-{i}",
            "kind": "repost",
            "root_id": f"x:{name}-0",
            "at": at(start + h),
        }
        for i, h in enumerate(hours)
    ]
    told[0] |= {"kind": "original", "root_id": None}
    return rows(POSTS, *told, **COMMON)


def outlook(posts: pl.DataFrame) -> dict[str, Any]:
    return o.outlook(posts, placed(posts, shares(posts))).row(0, named=True)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50), st.floats(1, 100))
def test_windows_hold_every_post_once(hours: list[float], age: float) -> None:
    times = np.array(hours)
    counts = o.windows(times, age)
    assert (len(counts), counts.sum()) == (24, (times <= age).sum())


@given(st.lists(st.floats(0, 23.9), min_size=1, max_size=50), st.sampled_from([1 / 60, 7, 24]))
def test_the_unit_of_time_does_not_matter(hours: list[float], scale: float) -> None:
    times = np.floor(np.array(hours) * 4) / 4 + 0.1
    assert (o.windows(times, 24) == o.windows(times * scale, 24 * scale)).all()


@pytest.mark.parametrize(
    ("last", "expected"), [(20, "near its peak"), (10, "near its peak"), (9, "below half"),
                           (2, "below half"), (1, "below a tenth"), (0, "below a tenth")],
)  # fmt: skip
def test_states(last: int, expected: str) -> None:
    assert o.state(np.array([3, 20, *[0] * 20, last, last])) == expected


def test_a_busier_window_follows_or_not() -> None:
    first = [0.1] * 5
    assert not o.busier_followed(np.array(first), 24)
    assert not o.busier_followed(np.array([*first, *[30.5] * 5]), 24)
    assert o.busier_followed(np.array([*first, *[30.5] * 6]), 24)
    assert not o.busier_followed(np.array([*first, *[30.5] * 3, *[31.5] * 3]), 24)


@given(hits=st.integers(0, 40), misses=st.integers(0, 40))
def test_intervals_are_those_of_scipy(hits: int, misses: int) -> None:
    if hits + misses:
        expected = binomtest(hits, hits + misses).proportion_ci(method="exact")
        assert o.clopper_pearson(hits, hits + misses) == pytest.approx(
            (expected.low, expected.high)
        )


def judged(*, again: int) -> pl.DataFrame:
    """Return 100 cascades that fall still; so many of them rise again after three days."""
    rise = [72 + i / 1000 for i in range(60)]
    parts = [
        cascade(str(x), [i / 100 for i in range(40)] + (rise if x < again else []), start=x / 10)
        for x in range(100)
    ]
    return pl.concat([*parts, posted(24 * 30)])


@pytest.mark.parametrize(("again", "answer"), [(0, "yes"), (50, "not known"), (100, "no")])
def test_the_answer_is_what_judges_say(again: int, answer: str) -> None:
    posts = judged(again=again)
    figures = o.peak_figures(posts, placed(posts, shares(posts)))
    early = figures.filter(age_hours=24.0)
    assert early["state"].unique().to_list() == ["below a tenth"]
    assert (early["cascades"].sum(), early["passed"].sum()) == (100, 100 - again)
    told = o._judged("x", 24.0, np.array([40, *[0] * 23]), figures)
    assert told["peaked"] == answer
    if answer != "not known":
        assert (told["right"], told["right_hi"]) == (1, 1)
        low, _ = o.clopper_pearson(told["tested_on"], told["tested_on"])
        assert told["right_lo"] == pytest.approx(low)
        assert told["fitted_on"] + told["tested_on"] == 100


def test_other_platforms_do_not_judge() -> None:
    posts = judged(again=100)
    figures = o.peak_figures(posts, placed(posts, shares(posts)))
    told = o._judged("telegram", 24.0, np.array([40, *[0] * 23]), figures)
    assert told["source"] == o._SHIPPED
    assert told["peaked"] == "yes"


def test_shipped_figures() -> None:
    told = o.shipped()
    assert set(told["state"]) <= set(o.STATES)
    assert set(told["age_hours"]) == set(o.AGES)
    assert (told["passed"] <= told["cascades"]).all()
    assert (told.group_by("age_hours").agg(pl.col("cascades").sum())["cascades"] > 1000).all()


def test_evidence_of_a_series_written_out() -> None:
    found = outlook(posted(*[0.0] * 5, *[10.2] * 40, *[23.5, 24.0]))
    assert (found["window_hours"], found["peak_posts"], found["posts"]) == (1, 40, 47)
    assert found["peak_at"] == at(10)
    assert found["hours_since_peak"] == 13
    assert (found["last_posts"], found["share_of_peak"]) == (1, 1 / 40)
    assert found["state"] == "below a tenth"
    assert found["peaked"] == "yes"


def test_silence_after_the_last_post_is_not_known_to_be_silence() -> None:
    """Watched until the platform was asked, not until today; and asked later, it is silence."""
    hours = [i / 10 for i in range(240)]
    assert outlook(posted(*hours))["state"] == "near its peak"
    later = outlook(posted(*hours, collected_at=at(96)))
    assert later["state"] == "below a tenth"
    assert later["watched_until"] == at(96)


def test_few_posts_and_no_times_are_not_known() -> None:
    few = outlook(posted(*range(29)))
    assert (few["peaked"], few["note"]) == ("not known", "29 posts with a time; 30 are needed")
    assert outlook(posted(*range(40), at=None))["posts"] == 0
    assert outlook(posted(*[0.0] * 40))["note"] == "watched for less than an hour"
    assert o.outlook(POSTS.empty(), placed(POSTS.empty(), shares(POSTS.empty()))).is_empty()


@pytest.mark.parametrize("days", [1, 9_999])
def test_the_date_does_not_matter(days: int) -> None:
    hours = [i**2 / 100 for i in range(50)]
    first, later = (outlook(posted(*(h + 24 * d for h in hours))) for d in (0, days))
    same = ("peaked", "peak_posts", "last_posts", "state", "hours_since_peak")
    assert [first[name] for name in same] == [later[name] for name in same]
