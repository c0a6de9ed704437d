"""One appeal in a few numbers."""

from typing import Any

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from strategies import at, rows

from analytics.summary import MOST, most_shared, opening, summary
from analytics.tables import APPEALS, POSTS, RESPONSES
from analytics.trees import shares

COMMON = {"appeal_id": "a", "platform": "x", "source": "test", "kind": "original"}


def summed(*told: dict[str, Any]) -> dict[str, Any]:
    numbered = ({"post_id": f"x:{n}"} | row for n, row in enumerate(told))
    posts = rows(POSTS, *numbered, **COMMON)
    (row,) = summary(APPEALS.empty(), posts, shares(posts), RESPONSES.empty()).to_dicts()
    return row


QUOTE = {"kind": "quote", "parent_id": "x:0", "basis": "observed"}
REPOST = {"kind": "repost", "root_id": "x:0"}


def test_what_is_held_is_counted() -> None:
    found = summed(
        {"account_id": "x:a", "at": at(0)},
        QUOTE | {"account_id": "x:b", "at": at(3)},
        REPOST | {"account_id": "x:b"},
        {"kind": "reply", "parent_id": "x:0"},
    )
    assert (found["posts"], found["accounts"], found["shares"], found["observed"]) == (4, 2, 2, 1)
    assert (found["first_at"], found["last_at"]) == (at(0), at(3))


def test_platforms_come_by_their_posts_and_then_by_their_names() -> None:
    found = summed(*({"platform": name} for name in ("x", "web", "youtube", "x", "telegram")))
    assert found["platforms"] == ["x", "telegram", "web", "youtube"]


def test_the_most_shared_post_is_the_one_that_most_shares_name() -> None:
    found = summed({"account_id": "x:a"}, QUOTE, REPOST, REPOST, REPOST | {"root_id": "x:9"})
    assert (found["top_post_id"], found["top_account_id"]) == ("x:0", "x:a")
    assert (found["top_shares"], found["top_reposts"]) == (3, 2)


def test_of_posts_shared_as_often_the_first_by_name_is_taken() -> None:
    posts = rows(POSTS, *({"post_id": f"x:{n}", "kind": "repost", "root_id": f"x:{7 - n}"}
                          for n in range(3)), **COMMON)  # fmt: skip
    assert most_shared(posts.lazy()).collect()["top_post_id"].to_list() == ["x:5"]


def test_the_author_of_a_post_that_is_not_held_is_known_from_its_shares() -> None:
    found = summed(
        REPOST | {"root_id": "x:9"}, REPOST | {"root_id": "x:9", "root_account_id": "x:z"}
    )
    assert (found["top_post_id"], found["top_account_id"]) == ("x:9", "x:z")


def test_an_appeal_without_posts_has_zeros_and_its_responses() -> None:
    appeal = rows(APPEALS, {"appeal_id": "b", "simulated": False})
    act = {"response_id": "r", "appeal_id": "b", "actor": "police", "verb_code": "09"}
    responses = rows(RESPONSES, act | {"from": at(0), "to": at(1)})
    posts = POSTS.empty()
    (found,) = summary(appeal, posts, shares(posts), responses).to_dicts()
    assert (found["appeal_id"], found["posts"], found["shares"]) == ("b", 0, 0)
    assert (found["responses"], found["first_at"], found["platforms"]) == (1, None, None)


def test_appeals_are_kept_apart() -> None:
    posts = rows(POSTS, {"post_id": "x:1"}, {"post_id": "x:1", "appeal_id": "b"}, **COMMON)
    found = summary(APPEALS.empty(), posts, shares(posts), RESPONSES.empty())
    assert found.select("appeal_id", "posts").rows() == [("a", 1), ("b", 1)]


def test_posts_without_times_have_no_window() -> None:
    found = summed({})
    assert (found["window_from"], found["window_to"], found["window_posts"]) == (None, None, 0)


def test_a_few_much_older_posts_are_not_in_the_window() -> None:
    found = summed(*({"at": at(hours)} for hours in (0, *range(1000, 1099))))
    assert (found["window_from"], found["window_to"]) == (at(1000), at(1098))
    assert found["window_posts"] == 99


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60).map(sorted))
def test_a_window_holds_most_posts_in_no_more_time_than_needed(times: list[int]) -> None:
    start, end = opening(np.array(times))
    inside = end - start + 1
    assert inside >= MOST * len(times)
    shortest = min(
        times[first + inside - 1] - times[first] for first in range(len(times) - inside + 1)
    )
    # longer than the shortest only by ends of all time that are near
    assert times[end] - times[start] <= 1.5 * shortest or inside == len(times)


def test_the_window_of_a_table_is_the_opening_of_its_times() -> None:
    told = [{"at": at(hours)} for hours in (5, 1, 3)]
    found = summed(*told, {})
    assert (found["window_from"], found["window_to"], found["window_posts"]) == (at(1), at(5), 3)
    assert pl.Series([found["window_from"]]).dtype == POSTS.schema["at"]
