"""Platforms' own numbers, against plain Python."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal
from strategies import at, frames, rows

from analytics.measured import COUNTER_HISTORY, SHARES_TABLE
from analytics.reach import counter_history
from analytics.tables import COUNTERS, POSTS

COMMON = {"appeal_id": "a", "platform": "x", "source": "test"}


# platforms' own numbers


def history(*told: dict[str, Any], posts: tuple[str, ...] = ("x:1", "x:2")) -> pl.DataFrame:
    numbers = rows(COUNTERS, *({"metric": "views", "definition": "d"} | row for row in told))
    held = rows(POSTS, *({"post_id": post} for post in posts), kind="original", **COMMON)
    return counter_history(numbers, held, SHARES_TABLE.empty())


def shown(post: str, value: int, hours: float | None) -> dict[str, Any]:
    return {"post_id": post, "value": value, "observed_at": hours if hours is None else at(hours)}


def test_the_newest_number_of_each_post_is_added() -> None:
    found = history(shown("x:1", 10, 0), shown("x:2", 5, 1), shown("x:1", 7, 2))
    assert found.select("at", "value", "posts").rows() == [
        (at(0), 10, 1), (at(1), 15, 2), (at(2), 12, 2),
    ]  # fmt: skip


def test_a_post_asked_often_is_one_post() -> None:
    found = history(*(shown("x:1", hour, hour) for hour in range(5)))
    assert found["posts"].to_list() == [1] * 5
    assert found["value"].to_list() == list(range(5))


def test_of_two_numbers_at_one_time_the_larger_counts() -> None:
    assert history(shown("x:1", 3, 0), shown("x:1", 9, 0))["value"].to_list() == [9]


@pytest.mark.parametrize("other", [{"metric": "likes"}, {"definition": "e"}])
def test_numbers_of_different_kinds_are_never_added(other: dict[str, str]) -> None:
    found = history(shown("x:1", 3, 0), shown("x:2", 4, 0) | other)
    assert sorted(found["value"]) == [3, 4]


def test_numbers_of_different_platforms_are_never_added() -> None:
    found = history(shown("x:1", 3, 0), shown("youtube:1", 4, 0), posts=("x:1", "youtube:1"))
    assert found.select("platform", "value").rows() == [("x", 3), ("youtube", 4)]


def test_numbers_without_a_time_stand_apart() -> None:
    found = history(
        shown("x:1", 9, None), shown("x:1", 8, None), shown("x:2", 1, None), shown("x:1", 3, 0)
    )
    assert found.select("at", "value", "posts").rows() == [(at(0), 3, 1), (None, 10, 2)]


def test_numbers_of_posts_that_are_not_held_do_not_count() -> None:
    assert history(shown("x:9", 3, 0)).is_empty()


def test_numbers_of_a_root_that_is_only_referred_to_count() -> None:
    share = {"appeal_id": "a", "post_id": "x:1", "root_id": "x:9", "platform": "x"}
    numbers = rows(COUNTERS, shown("x:9", 3, 0), metric="views", definition="d")
    found = counter_history(numbers, POSTS.empty(), rows(SHARES_TABLE, share, kind="repost"))
    assert found["value"].to_list() == [3]


@given(numbers=frames(COUNTERS, max_size=12), posts=frames(POSTS))
@settings(max_examples=60)
def test_sums_are_those_of_plain_python(numbers: pl.DataFrame, posts: pl.DataFrame) -> None:
    found = counter_history(numbers, posts, SHARES_TABLE.empty())
    told = numbers.to_dicts()
    expected = []
    series = {(row["metric"], row["definition"], row["observed_at"]) for row in told}
    for appeal, post_ids in posts_by_appeal(posts).items():
        for platform in ("x", "telegram", "bluesky"):
            for metric, definition, time in series:
                newest: dict[str, tuple[Any, int]] = {}
                for row in told:
                    if (
                        row["post_id"] in post_ids
                        and row["post_id"].startswith(f"{platform}:")
                        and (row["metric"], row["definition"]) == (metric, definition)
                        and comes_by(row["observed_at"], time)
                    ):
                        number = (row["observed_at"] or at(0), row["value"])
                        newest[row["post_id"]] = max(number, newest.get(row["post_id"], number))
                if any(comes_at(row, (metric, definition, time), newest) for row in told):
                    total = sum(value for _, value in newest.values())
                    expected.append(
                        (appeal, platform, metric, definition, time, total, len(newest))
                    )
    assert_frame_equal(
        found,
        pl.DataFrame(expected, schema=COUNTER_HISTORY.schema, orient="row"),
        check_row_order=False,
    )


def posts_by_appeal(posts: pl.DataFrame) -> dict[str, set[str]]:
    by_appeal = defaultdict(set)
    for appeal, post in posts.select("appeal_id", "post_id").iter_rows():
        by_appeal[appeal].add(post)
    return by_appeal


def comes_by(seen: datetime | None, time: datetime | None) -> bool:
    """Return whether a number counts at a time; those without a time count among themselves."""
    return seen is None if time is None else seen is not None and seen <= time


def comes_at(row: dict[str, Any], series: tuple[Any, ...], newest: dict[str, Any]) -> bool:
    """Return whether one of the posts was asked just then."""
    return row["post_id"] in newest and series == (
        row["metric"], row["definition"], row["observed_at"],
    )  # fmt: skip
