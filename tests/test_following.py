"""Parents told by follow lists: the published example, a brute-force reference, and dirty data."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.coverage import coverage
from analytics.following import followed, with_followed
from analytics.tables import ACCOUNTS, COUNTERS, FOLLOWS, POSTS
from analytics.trees import shares

START = datetime(2026, 1, 1, tzinfo=UTC)
COMMON = {"appeal_id": "a", "platform": "x", "source": "test"}


def star(*told: tuple[str, str, int | None]) -> pl.DataFrame:
    """Return an original and reposts of it: post, account, seconds."""
    rows: list[dict[str, Any]] = [
        COMMON
        | {
            "post_id": f"x:{post}",
            "account_id": f"x:{account}",
            "kind": "repost" if number else "original",
            "root_id": f"x:{told[0][0]}" if number else None,
            "at": None if seconds is None else START + timedelta(seconds=seconds),
        }
        for number, (post, account, seconds) in enumerate(told)
    ]
    return POSTS.check(pl.DataFrame(rows, schema_overrides=POSTS.schema).select(*rows[0]))


def lists(**by: str) -> pl.DataFrame:
    edges = [(f"x:{who}", f"x:{whom}") for who, all_ in by.items() for whom in all_]
    return FOLLOWS.check(
        pl.DataFrame(edges, schema={"follower_id": pl.String, "followed_id": pl.String},
                     orient="row")
    )  # fmt: skip


def parents(posts: pl.DataFrame, follows: pl.DataFrame) -> dict[str, Any]:
    found = followed(posts, shares(posts), follows)
    return dict(found.select("post_id", "parent_id").iter_rows())


def test_the_worked_example() -> None:
    posts = star(*((name, name, second) for second, name in enumerate("RABCDE")))
    follows = lists(A="R", B="RA", C="R", D="AB", E="Z")
    assert parents(posts, follows) == {
        "x:A": "x:R", "x:B": "x:A", "x:C": "x:R", "x:D": "x:B", "x:E": None,
    }  # fmt: skip


def test_accounts_whose_list_is_not_held_are_left_alone() -> None:
    posts = star(("R", "R", 0), ("A", "A", 1), ("B", "B", 2))
    assert parents(posts, lists(B="A")) == {"x:B": "x:A"}


def test_nobody_passes_on_their_own_post_and_equal_times_go_by_id() -> None:
    posts = star(("R", "R", 0), ("1", "A", 5), ("2", "B", 5), ("3", "A", 9))
    assert parents(posts, lists(A="AB", B="A")) == {"x:1": None, "x:2": "x:1", "x:3": "x:2"}


def test_a_share_without_a_time_is_neither_child_nor_parent() -> None:
    posts = star(("R", "R", 0), ("1", "A", None), ("2", "B", 5))
    assert parents(posts, lists(A="R", B="A")) == {"x:2": None}


def test_confidence_is_one_over_the_sharers_followed_and_orphans_stay_hidden() -> None:
    posts = star(*((name, name, second) for second, name in enumerate("RABE")))
    filled = with_followed(posts, shares(posts), lists(A="R", B="RA", E="Z"))
    told = filled.select("post_id", "parent_account_id", "basis", "confidence").rows()
    assert told == [
        ("x:A", "x:R", "follow", 1.0), ("x:B", "x:A", "follow", 0.5), ("x:E", None, None, None),
    ]  # fmt: skip


def test_orphans_are_counted() -> None:
    posts = star(*((name, name, second) for second, name in enumerate("RABE")))
    follows = lists(A="R", B="RA", E="Z")
    filled = with_followed(posts, shares(posts), follows)
    counted = coverage(posts, filled, COUNTERS.empty(), ACCOUNTS.empty(), follows)
    row = counted.filter(pl.col("what").str.contains("a follow list told"))
    assert row.select("held", "known").rows() == [(2, 3)]


@given(
    st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(0, 4)), max_size=8),
    st.sets(st.tuples(st.sampled_from("ABCDR"), st.sampled_from("ABCDR"))),
)
@settings(max_examples=60, deadline=None)
def test_it_is_the_newest_earlier_sharer_that_is_followed(
    told: list[tuple[str, int]], edges: set[tuple[str, str]]
) -> None:
    posts = star(("R", "R", 0), *((f"{n}", who, when) for n, (who, when) in enumerate(told)))
    by = {who: "".join(b for a, b in edges if a == who) for who, _ in edges}
    events = [("R", -1, "x:R"), *((who, when, f"x:{n}") for n, (who, when) in enumerate(told))]
    expected = {}
    for who, when, name in events[1:]:
        if by.get(who):
            earlier = [
                (t, post)
                for whom, t, post in events
                if whom in by[who] and whom != who and (t, post) < (when, name)
            ]
            expected[name] = max(earlier)[1] if earlier else None
    assert parents(posts, lists(**by)) == expected
