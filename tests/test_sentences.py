"""The sentences claim no more than the tables carry."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.measured import COUNTER_HISTORY, LAGS, SUMMARY
from dashboards import sentences

CAUSAL = re.compile(r"\b(caus\w*|led to|leads to|thanks to|impact\w*|because)\b", re.IGNORECASE)
START = datetime(2026, 1, 1, tzinfo=UTC)
counts = st.integers(0, 10**7)
accounts = st.sampled_from([None, "x:~" + "0" * 32, "x:ministry"])


@st.composite
def summaries(draw: st.DrawFn) -> dict[str, Any]:
    shares = draw(counts)
    named = draw(st.integers(0, shares))
    return dict.fromkeys(SUMMARY.columns) | {
        "posts": draw(counts),
        "accounts": draw(counts),
        "platforms": draw(st.lists(st.sampled_from(["x", "telegram", "vk"]), min_size=1)),
        "shares": shares,
        "observed": draw(st.integers(0, shares)),
        "top_post_id": "x:1" if named else None,
        "top_account_id": draw(accounts),
        "top_shares": named,
        "top_source_id": draw(accounts),
        "top_source_shares": draw(st.integers(0, shares)),
    }


LAG = ("appeal_id", "rung", "response_id", "responses", "clock_start", "clock_end", "clock_basis",
       "lag_lo", "lag_hi")  # fmt: skip


def lag_table(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    told = {name: LAGS.schema[name] for name in LAG}
    return LAGS.check(pl.DataFrame(rows, schema=told, orient="row"))


@st.composite
def lag_tables(draw: st.DrawFn) -> pl.DataFrame:
    rows = []
    for rung in draw(st.lists(st.integers(-4, 6), unique=True)):
        lo = draw(st.none() | st.floats(-5000, 5000))
        hi = None if lo is None else lo + draw(st.floats(0, 2000))
        basis = draw(st.sampled_from(["published", "first_post"]))
        rows.append(("a", rung, "r", 1, START, START, basis, lo, hi))
    return lag_table(rows)


@given(summaries(), lag_tables(), counts)
def test_no_sentence_says_why(facts: dict[str, Any], lags: pl.DataFrame, responses: int) -> None:
    said = [
        sentences.how_far(facts, COUNTER_HISTORY.empty()),
        sentences.who_carried(facts),
        sentences.what_authorities_did(lags, responses),
    ]
    for sentence in said:
        assert sentence.endswith(".")
        assert not CAUSAL.search(sentence)


@given(summaries())
def test_a_private_account_is_never_named(facts: dict[str, Any]) -> None:
    private = "x:~" + "a" * 32
    hidden = facts | {"top_account_id": private, "top_source_id": private}
    assert "~" not in sentences.who_carried(hidden)
    assert "~" not in sentences.who_carried(hidden | {"top_post_id": None})


def test_where_no_post_is_named_the_source_is() -> None:
    facts = {"shares": 344, "observed": 0, "top_post_id": None, "top_source_shares": 96}
    assert sentences.who_carried(facts | {"top_source_id": "telegram:42"}) == (
        "One account is named as the source of 96 of the 344 shares held (telegram:42). "
        "The platforms name only originals, not who passed a post to whom."
    )


def test_views_are_quoted_for_each_platform_and_never_added() -> None:
    rows = [
        ("a", "youtube", "views", "youtube viewCount", START, 1000, 1),
        ("a", "youtube", "views", "youtube viewCount", START + timedelta(days=2), 1500, 1),
        ("a", "telegram", "views", "telegram views", START, 70, 3),
    ]
    shown = pl.DataFrame(rows, schema=COUNTER_HISTORY.schema, orient="row")
    facts = {"posts": 3, "accounts": 2, "platforms": ["telegram", "youtube"]}
    assert sentences.how_far(facts, shown) == (
        "2 accounts took part in 3 posts that are held, on Telegram and YouTube; Telegram showed "
        "70 views by 1 January 2026 and YouTube showed 1,500 views by 3 January 2026."
    )


@pytest.mark.parametrize(
    ("lo", "hi", "words"),
    [
        (48.0, 72.0, "came 2 to 3 days after publication"),
        (48.0, 50.0, "came 2 days after publication"),
        (-48.0, 72.0, "came between 2 days before and 3 days after publication"),
        (-72.0, -48.0, "came 2 to 3 days before publication"),
        (None, None, "came at a time that cannot be set against the appeal's"),
    ],
)
def test_a_lag_is_said_as_the_interval_it_is(lo: float, hi: float, words: str) -> None:
    row = ("a", 3, "r", 1, START, START, "published", lo, hi)
    assert words in sentences.what_authorities_did(lag_table([row]), 1)


def test_helping_and_harming_are_both_said() -> None:
    rows = [("a", rung, "r", 1, START, START, "published", 24.0, 48.0) for rung in (3, -3)]
    said = sentences.what_authorities_did(lag_table(rows), 2)
    assert "rung +3" in said
    assert "rung −3" in said


def test_no_response_is_a_state() -> None:
    assert "on record yet" in sentences.what_authorities_did(LAGS.empty(), 0)
