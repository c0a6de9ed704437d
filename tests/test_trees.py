"""From posts to shares: who passed on what, as far as anybody says."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import at, links, rows

from analytics.tables import POSTS
from analytics.trees import shares

COMMON = {"appeal_id": "a", "platform": "x", "source": "test"}
ORIGINAL = {"kind": "original"}


def quote(parent: int | None) -> dict[str, Any]:
    return {"kind": "quote", "parent_id": parent and f"x:{parent}", "basis": "observed"}


def repost(root: int | None) -> dict[str, Any]:
    return {"kind": "repost", "root_id": root and f"x:{root}"}


def posts(*told: dict[str, Any]) -> pl.DataFrame:
    """Return posts x:1, x:2, … an hour after each other, by accounts of the same numbers."""
    numbered = (
        {"post_id": f"x:{n}", "account_id": f"x:acc{n}", "at": at(n)} | post
        for n, post in enumerate(told, 1)
    )
    return rows(POSTS, *numbered, **COMMON)


def roots(*told: dict[str, Any]) -> dict[str, str | None]:
    return dict(shares(posts(*told)).select("post_id", "root_id").iter_rows())


def test_a_repost_hangs_from_its_root_and_its_parent_stays_hidden() -> None:
    (share,) = shares(posts(ORIGINAL, repost(1))).to_dicts()
    assert share == {
        "appeal_id": "a", "post_id": "x:2", "parent_id": None, "root_id": "x:1",
        "account_id": "x:acc2", "parent_account_id": None, "root_account_id": "x:acc1",
        "platform": "x", "at": at(2), "kind": "repost", "basis": None, "confidence": None,
    }  # fmt: skip


def test_a_quote_is_observed() -> None:
    (share,) = shares(posts(ORIGINAL, quote(1))).to_dicts()
    assert (share["parent_id"], share["parent_account_id"]) == ("x:1", "x:acc1")
    assert (share["basis"], share["confidence"], share["root_id"]) == ("observed", 1.0, "x:1")


def test_quotes_of_quotes_lead_to_the_first() -> None:
    assert roots(ORIGINAL, quote(1), quote(2), quote(3)) == dict.fromkeys(
        ("x:2", "x:3", "x:4"), "x:1"
    )


def test_a_repost_of_a_quote_is_in_the_cascade_of_the_quoted_post() -> None:
    assert roots(ORIGINAL, quote(1), repost(2))["x:3"] == "x:1"


def test_a_root_that_is_not_held_is_still_the_root() -> None:
    told = posts(repost(9) | {"root_account_id": "x:seen"}, quote(8), repost(2))
    assert shares(told).select("post_id", "root_id", "root_account_id").rows() == [
        ("x:1", "x:9", "x:seen"),
        ("x:2", "x:8", None),
        ("x:3", "x:8", None),
    ]


def test_a_share_whose_parent_is_not_held_goes_to_the_root_it_names() -> None:
    via = repost(1) | {"parent_id": "x:9", "basis": "observed"}
    assert roots(ORIGINAL, via, quote(9)) == {"x:2": "x:1", "x:3": "x:1"}


def test_replies_and_comments_are_no_shares() -> None:
    assert not roots(ORIGINAL, *({"kind": k, "parent_id": "x:1"} for k in ("reply", "comment")))


def test_a_quoted_reply_is_a_root() -> None:
    assert roots(ORIGINAL, {"kind": "reply", "parent_id": "x:1"}, quote(2)) == {"x:3": "x:2"}


def test_a_share_of_nothing_known_has_no_root() -> None:
    assert roots(repost(None), quote(None)) == {"x:1": None, "x:2": None}


def test_a_post_that_shares_itself_is_set_aside() -> None:
    assert roots(ORIGINAL, quote(2), repost(3)) == {"x:2": None, "x:3": None}


def test_a_ring_is_set_aside_with_what_hangs_from_it() -> None:
    told = posts(quote(3), quote(1), quote(2), repost(2), ORIGINAL, quote(5))
    found = shares(told)
    assert found.select("post_id", "parent_id", "root_id").rows() == [
        ("x:1", None, None),  # where the ring is opened
        ("x:2", "x:1", None),
        ("x:3", "x:2", None),
        ("x:4", None, None),
        ("x:6", "x:5", "x:5"),
    ]
    assert found["basis"].null_count() == found["parent_id"].null_count()


def test_a_share_older_than_what_it_shares_is_kept_as_told() -> None:
    assert roots(quote(2), ORIGINAL) == {"x:1": "x:2"}


def test_appeals_are_kept_apart() -> None:
    told = posts(ORIGINAL, quote(1))
    both = pl.concat([told, told.with_columns(appeal_id=pl.lit("b"))])
    assert shares(both).select("appeal_id", "post_id").rows() == [("a", "x:2"), ("b", "x:2")]
    alone = pl.concat([told.head(1), told.tail(1).with_columns(appeal_id=pl.lit("b"))])
    assert shares(alone).select("root_account_id", "parent_account_id").row(0) == (None, None)


@pytest.mark.parametrize("kind", ["original", "article"])
def test_a_post_that_carries_another_hangs_from_it_by_the_object(kind: str) -> None:
    link = {"kind": kind, "object_keys": ["url:https://a.example", "x:2", "x:1"]}
    told = posts(ORIGINAL, link, quote(2))
    found = {share["post_id"]: share for share in shares(told).to_dicts()}
    assert (found["x:2"]["parent_id"], found["x:2"]["basis"]) == ("x:1", "object")
    assert found["x:2"]["root_id"] is None  # platforms are joined in the picture, not in a tree
    assert found["x:3"]["root_id"] == "x:2"


@given(st.permutations(range(6)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    told = posts(ORIGINAL, quote(1), repost(2), quote(6), quote(4), quote(5))
    assert_frame_equal(shares(told[order]), shares(told))


@given(links())
@settings(max_examples=50)
def test_every_quote_has_the_root_that_walking_finds(link: list[int]) -> None:
    told = posts(*(ORIGINAL if up < 0 else quote(up + 1) for up in link))
    found = dict(shares(told).select("post_id", "root_id").iter_rows())
    for node, up in enumerate(link):
        if up >= 0:
            assert found[f"x:{node + 1}"] == walked(link, node)


def walked(link: list[int], node: int) -> str | None:
    for _ in link:
        if link[node] < 0:
            return f"x:{node + 1}"
        node = link[node]
    return None


def test_no_posts_no_shares() -> None:
    assert shares(POSTS.empty()).is_empty()


ADDRESS = {"post_id": "web:https://www.a.example/1", "platform": "web", "kind": "article"}


def test_a_post_that_links_to_an_article_held_hangs_from_it_by_its_address() -> None:
    article = ADDRESS | {"object_keys": ["url:a.example/1", "url:a.example/2"]}
    link = {"kind": "original", "object_keys": ["url:a.example/2", "url:a.example/1"]}
    (share,) = shares(posts(article, link)).to_dicts()
    assert (share["post_id"], share["parent_id"]) == ("x:2", ADDRESS["post_id"])
    assert (share["basis"], share["root_id"], share["parent_account_id"]) == (
        "object",
        None,
        "x:acc1",
    )


def test_of_two_copies_of_an_address_the_first_is_linked_to() -> None:
    article = ADDRESS | {"object_keys": ["url:a.example/1"]}
    again = article | {"post_id": "web:http://a.example/1"}
    told = posts(article, again, ORIGINAL | {"object_keys": ["url:a.example/1"]})
    first = ADDRESS["post_id"]
    assert shares(told).select("post_id", "parent_id").rows() == [
        ("web:http://a.example/1", first),
        ("x:3", first),
    ]
    assert shares(told[::-1]).equals(shares(told))


def test_a_home_page_is_no_object() -> None:
    page = {"post_id": "web:https://a.example", "kind": "article", "object_keys": ["url:a.example"]}
    link = ORIGINAL | {"object_keys": ["url:a.example"]}
    assert shares(posts(page, *[link] * 3)).is_empty()
