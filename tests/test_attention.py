"""Posts over time, against plain Python."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import at, frames, rows

from analytics.attention import (
    MOST_BINS,
    TOGETHER,
    attention,
    peaks,
    phases,
    series,
    timeline,
)  # fmt: skip
from analytics.measured import TIMELINE
from analytics.tables import CHANGES, POSTS

COMMON = {"appeal_id": "a", "platform": "x", "source": "test"}
GROUPS = {
    "original": "originals", "article": "originals", "repost": "shares", "quote": "shares",
    "reply": "replies", "comment": "replies",
}  # fmt: skip


def windows(*times: datetime, every: str = "1h") -> list[tuple[Any, ...]]:
    told = ({"post_id": f"x:{n}", "at": time} for n, time in enumerate(times))
    found = timeline(rows(POSTS, *told, kind="original", **COMMON))
    return found.filter(every=every).select("at", "posts").rows()


def test_windows_are_half_open() -> None:
    last = at(1) - timedelta(microseconds=1)
    assert windows(at(0), last, at(1)) == [(at(0), 2), (at(1), 1)]
    assert windows(at(23.99), at(24), every="1d") == [(at(0), 1), (at(24), 1)]


def test_windows_without_posts_have_no_row() -> None:
    assert windows(at(0), at(5)) == [(at(0), 1), (at(5), 1)]


def test_posts_without_a_time_are_in_no_window() -> None:
    assert timeline(rows(POSTS, {"post_id": "x:1"}, kind="original", **COMMON)).is_empty()


@given(frames(POSTS, max_size=12))
@settings(max_examples=60)
def test_counts_are_those_of_plain_python(posts: pl.DataFrame) -> None:
    expected: dict[tuple[Any, ...], dict[str, Any]] = {}
    for post in posts.filter(pl.col("at").is_not_null()).to_dicts():
        for every, start in (("1h", post["at"].replace(minute=0)), ("1d", midnight(post["at"]))):
            key = (post["appeal_id"], post["platform"], every, start)
            row = expected.setdefault(key, defaultdict(int, people=set()))
            row["posts"] += 1
            row[GROUPS[post["kind"]]] += 1
            row["people"] |= {post["account_id"]} - {None}
    columns = ("posts", "originals", "shares", "replies")
    gone = posts["post_id"].gather_every(3)
    for post in posts.filter(
        pl.col("at").is_not_null(), pl.col("post_id").is_in(gone.implode())
    ).to_dicts():
        for every, start in (("1h", post["at"].replace(minute=0)), ("1d", midnight(post["at"]))):
            expected[post["appeal_id"], post["platform"], every, start]["gone"] += 1
    seen = [
        {"post_id": post, "what": "deleted", "observed_at": at(0)} for post in [*gone, *gone[:1]]
    ]
    edited = [
        {"post_id": post, "what": "edited", "observed_at": at(0)} for post in posts["post_id"]
    ]
    changes = pl.DataFrame([*seen, *edited], schema=CHANGES.schema)
    assert_frame_equal(
        timeline(posts, changes),
        pl.DataFrame(
            [
                [*k, *(row[c] for c in columns), len(row["people"]), row["gone"]]
                for k, row in expected.items()
            ],
            schema=TIMELINE.schema,
            orient="row",
        ),
        check_row_order=False,
    )


def midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


# bins, peaks and phases


def held(*hours: float, platform: str = "x") -> pl.DataFrame:
    told = ({"post_id": f"x:{n}", "at": at(h), "platform": platform} for n, h in enumerate(hours))
    return rows(POSTS, *told, appeal_id="a", source="test", kind="original")


def test_bins_are_as_narrow_as_there_are_posts_for() -> None:
    (few,) = series(held(0, 10))
    (many,) = series(held(*(hour / 50 for hour in range(500))))
    assert (few.minutes, many.minutes) == (30, 5)


@given(st.lists(st.floats(0, 2000), min_size=1, max_size=60))
def test_every_post_is_in_a_bin_or_told(hours: list[float]) -> None:
    (found,) = series(held(*hours))
    assert len(found.counts) <= MOST_BINS
    last = [h for h in hours if at(h) >= found.at(len(found.counts))]
    assert found.counts.sum() + found.outside + len(last) >= len(hours)
    assert found.counts.sum() <= len(hours)


def test_the_bin_that_was_not_over_is_left_out() -> None:
    (found,) = series(held(*(n / 12 for n in range(720)), 60.01))
    assert set(found.counts) == {found.counts[0]}


def test_several_platforms_are_counted_together_too() -> None:
    both = pl.concat([held(0, 1, 2), held(3, 4, platform="telegram")])
    found = {one.platform: len(one.times) for one in series(both)}
    assert found == {"x": 3, "telegram": 2, TOGETHER: 5}
    assert [one.platform for one in series(held(0, 1))] == ["x"]


BURST = [
    *(hour + n / 7 for hour in range(48) for n in range(6)),
    *(20 + n / 300 for n in range(300)),
]


def test_a_burst_is_the_peak_and_its_half_life_is_told() -> None:
    found = list(series(held(*BURST)))
    (row,) = attention(found).to_dicts()
    assert at(20) <= row["peak_at"] < at(21)
    assert 0 < row["half_life_hours"] <= 1
    first = peaks(found).row(0, named=True)
    assert first["rank"] == 1
    assert at(20) <= first["at"] < at(21)


def test_a_large_burst_does_not_hide_a_smaller_one() -> None:
    later = [70 + n / 400 for n in range(400)]
    large = [20 + n / 2000 for n in range(2000)]
    rng = np.random.default_rng(4)
    found = peaks(list(series(held(*sorted([*rng.uniform(0, 100, 400), *later, *large])))))
    assert any(at(70) <= start < at(71.5) for start in found["at"])


def test_a_steady_stream_has_no_peak_and_one_phase() -> None:
    rng = np.random.default_rng(1)
    found = list(series(held(*np.sort(rng.uniform(0, 200, 2000)).tolist())))
    assert peaks(found).height <= 2
    assert phases(found).height == 1
    assert phases(found).select("ratio", "trend").rows() == [(None, "start")]


def test_a_pace_that_changed_makes_two_phases() -> None:
    rng = np.random.default_rng(2)
    slow, fast = rng.uniform(0, 100, 200), rng.uniform(100, 200, 1600)
    found = phases(list(series(held(*np.sort(np.concatenate([slow, fast])).tolist()))))
    first, second = found.to_dicts()
    assert abs((second["from"] - at(100)).total_seconds()) < 4 * 3600
    assert second["from_lo"] <= second["from"] <= second["from_hi"]
    assert second["ratio"] == pytest.approx(8, rel=0.2)
    assert second["trend"] == "rise"
    assert first["to"] == second["from"]


def test_what_happens_weeks_later_is_told_weeks_later_and_otherwise_alike() -> None:
    later = timedelta(weeks=5)
    posts = held(*BURST)
    moved = list(series(posts.with_columns(pl.col("at") + later)))
    for measure in (attention, phases, peaks):
        there = measure(list(series(posts))).with_columns(pl.col(pl.Datetime) + later)
        assert_frame_equal(measure(moved), there)


def test_half_of_the_posts_at_random_tell_the_same_change() -> None:
    rng = np.random.default_rng(6)
    hours = np.sort(np.concatenate([rng.uniform(0, 100, 800), rng.uniform(100, 200, 6400)]))
    half = hours[rng.random(len(hours)) < 0.5]
    whole, thinned = (phases(list(series(held(*h.tolist())))).row(1, named=True)
                      for h in (hours, half))  # fmt: skip
    assert abs((thinned["from"] - whole["from"]).total_seconds()) < 3 * 3600
    assert thinned["per_hour"] / whole["per_hour"] == pytest.approx(0.5, rel=0.1)
    assert thinned["ratio"] == pytest.approx(whole["ratio"], rel=0.2)


def test_half_the_posts_were_there_by_the_median() -> None:
    (row,) = attention(list(series(held(0, 1, 2, 3, 50)))).to_dicts()
    assert (row["half_at"], row["posts"], row["seen_until"]) == (at(2), 5, at(50))


def test_a_fall_is_only_told_where_something_later_is_held() -> None:
    (row,) = attention(list(series(held(*(10 * (n / 300) ** 0.5 for n in range(300)))))).to_dicts()
    assert row["half_life_hours"] is None


def test_fewer_than_thirty_posts_have_no_phases() -> None:
    found = list(series(held(*range(29))))
    assert phases(found).is_empty()
    assert peaks(found).is_empty()
    assert attention(found).height == 1


def test_nothing_makes_nothing() -> None:
    assert attention(list(series(POSTS.empty()))).is_empty()
    untimed = rows(POSTS, {"post_id": "x:1"}, kind="original", **COMMON)
    assert list(series(untimed)) == []
