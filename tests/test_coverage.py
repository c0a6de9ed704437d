"""What share of what is known is held, in a case that fits in the head."""

from typing import Any

import polars as pl
from hypothesis import given, settings
from strategies import at, frames, rows

from analytics.coverage import coverage
from analytics.tables import ACCOUNTS, COUNTERS, FOLLOWS, POSTS
from analytics.trees import shares

COMMON = {"appeal_id": "a", "platform": "x", "source": "test"}


def covered(
    *told: dict[str, Any],
    numbers: pl.DataFrame | None = None,
    accounts: pl.DataFrame | None = None,
) -> dict[str, list[Any]]:
    posts = rows(POSTS, *told, **COMMON)
    found = coverage(
        posts,
        shares(posts),
        COUNTERS.empty() if numbers is None else numbers,
        ACCOUNTS.empty() if accounts is None else accounts,
        FOLLOWS.empty(),
    )
    assert found["note"].str.len_chars().min()
    return {what: counts for what, *counts in found.select("what", "held", "known", "share").rows()}


ORIGINAL = {"post_id": "x:1", "kind": "original", "account_id": "x:a", "at": at(1), "text": "t"}
REPOST = {"post_id": "x:2", "kind": "repost", "root_id": "x:1", "account_id": "x:b"}
QUOTE = {"post_id": "x:3", "kind": "quote", "parent_id": "x:9", "basis": "observed"}


def test_reposts_are_compared_with_the_largest_number_shown() -> None:
    shown = {"post_id": "x:1", "metric": "reposts", "definition": "d"}
    numbers = rows(
        COUNTERS,
        shown | {"value": 4},
        shown | {"value": 3},
        shown | {"metric": "likes", "value": 9},
    )
    reposts = [REPOST | {"post_id": f"x:2{n}"} for n in range(3)]
    what = "reposts of the posts whose number is shown"
    assert covered(ORIGINAL, *reposts, numbers=numbers)[what] == [3, 4, 0.75]
    assert covered(ORIGINAL, numbers=numbers)[what] == [0, 4, 0.0]
    assert covered(*reposts, numbers=numbers)[what] == [3, 4, 0.75]  # the original is not held
    assert what not in covered(ORIGINAL, *reposts)


def test_no_more_is_held_than_is_known() -> None:
    numbers = rows(COUNTERS, {"post_id": "x:1", "metric": "reposts", "value": 1, "definition": "d"})
    reposts = [REPOST | {"post_id": f"x:2{n}"} for n in range(3)]
    found = covered(ORIGINAL, *reposts, numbers=numbers)
    assert found["reposts of the posts whose number is shown"] == [1, 1, 1.0]


def test_a_number_of_nothing_gives_no_share() -> None:
    numbers = rows(COUNTERS, {"post_id": "x:1", "metric": "reposts", "value": 0, "definition": "d"})
    found = covered(ORIGINAL, numbers=numbers)
    assert found["reposts of the posts whose number is shown"] == [0, 0, None]


def test_parents_references_times_accounts_and_words() -> None:
    found = covered(ORIGINAL, REPOST, QUOTE)
    assert found["shares whose parent was observed"] == [1, 2, 0.5]
    assert found["posts that others share or answer"] == [1, 2, 0.5]
    assert found["posts with a time"] == [1, 3, 1 / 3]
    assert found["posts with a known account"] == [2, 3, 2 / 3]
    assert found["posts with their words"] == [1, 2, 0.5]  # a repost has no words of its own


def test_accounts_whose_followers_are_known() -> None:
    profile = {"account_id": "x:a", "platform": "x", "role": "person"}
    accounts = rows(ACCOUNTS, profile, profile | {"followers": 5}, profile | {"account_id": "x:z"})
    found = covered(ORIGINAL, REPOST, QUOTE, accounts=accounts)
    assert found["accounts whose followers are known"] == [1, 2, 0.5]


def test_rings_and_shares_dated_before_what_they_share_are_counted() -> None:
    found = covered(
        ORIGINAL,
        REPOST | {"at": at(0)},
        QUOTE | {"parent_id": "x:4"},
        QUOTE | {"post_id": "x:4", "parent_id": "x:3"},
    )
    assert found["shares set aside: their links run in a ring"] == [2, None, None]
    assert found["shares dated before what they share"] == [1, None, None]
    for time in (None, at(1), at(2)):
        assert "shares dated before what they share" not in covered(ORIGINAL, REPOST | {"at": time})


@given(posts=frames(POSTS, max_size=10), numbers=frames(COUNTERS), accounts=frames(ACCOUNTS))
@settings(max_examples=40)
def test_shares_lie_between_none_and_all(
    posts: pl.DataFrame, numbers: pl.DataFrame, accounts: pl.DataFrame
) -> None:
    posts = posts.unique(POSTS.key, maintain_order=True)
    found = coverage(posts, shares(posts), numbers, accounts, FOLLOWS.empty())
    assert not found.select("appeal_id", "platform", "what").is_duplicated().any()
    assert found["share"].drop_nulls().is_between(0, 1).all()
    for held, known, share in found.select("held", "known", "share").iter_rows():
        assert share == (held / known if known else None)
