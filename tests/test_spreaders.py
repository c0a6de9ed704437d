"""Who carried it: closed forms on small trees, exact expectations, published indices, doubt."""

import csv
import gzip
import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import at, rows

from analytics import parents
from analytics.brokers import brokers
from analytics.carrying import Forest, drawn, draws, forests
from analytics.measured import PARENT_MODELS
from analytics.models import chosen
from analytics.spreaders import (
    Credits,
    carriers,
    credits_of,
    gini,
    h_index,
    profiles,
    ranks,
    removal,
    spreaders,
)  # fmt: skip
from analytics.tables import ACCOUNTS, POSTS
from analytics.trees import shares

COMMON = {"appeal_id": "a", "platform": "x", "source": "test"}
CHOOSE = chosen(PARENT_MODELS.empty())
POSITIONS = pl.DataFrame(
    schema={"account_id": pl.String, "pagerank": pl.Float64, "betweenness": pl.Float64,
            "betweenness_sampled": pl.Boolean, "constraint": pl.Float64,
            "effective_size": pl.Float64}
)  # fmt: skip
TREE = [-1, 0, 0, 0, 1, 1, 4]  # what hangs from 1 are 4, 5 and 6; from 4, 6


def tree(link: list[int], accounts: str | None = None, **changes: Any) -> pl.DataFrame:  # noqa: ANN401
    """Return a cascade whose every parent was observed; post k is by account k, or as told."""
    who = accounts or "".join(chr(97 + k) for k in range(len(link)))
    told = [
        {
            "post_id": f"x:{k}", "kind": "repost" if k else "original", "at": at(k),
            "account_id": f"x:{who[k]}", "root_id": "x:0" if k else None,
            "root_account_id": f"x:{who[0]}" if k else None,
            "parent_id": f"x:{up}" if k else None, "basis": "observed" if k else None,
            "parent_account_id": f"x:{who[up]}" if k else None,
        } | changes
        for k, up in enumerate(link)
    ]  # fmt: skip
    return rows(POSTS, *told, **COMMON)


def star(n: int, *, hours: float = 1.0) -> pl.DataFrame:
    """Return an original and reposts whose parents are hidden, each by an account of its own."""
    top = {"post_id": "x:0", "kind": "original", "at": at(0), "account_id": "x:top"}
    below = (
        {"post_id": f"x:{k}", "kind": "repost", "root_id": "x:0", "at": at(k * hours),
         "account_id": f"x:a{k:04}", "root_account_id": "x:top"}
        for k in range(1, n)
    )  # fmt: skip
    return rows(POSTS, top, *below, **COMMON)


def credited(posts: pl.DataFrame) -> tuple[Credits, list[Forest], pl.DataFrame]:
    told = shares(posts)
    found = forests(posts, told, ACCOUNTS.empty(), choose=CHOOSE)
    return credits_of(found), found, told


def listed(posts: pl.DataFrame) -> dict[str, dict[str, Any]]:
    credit, _, told = credited(posts)
    table = spreaders(ranks(credit), told, ACCOUNTS.empty(), POSITIONS)
    return {row["account_id"].removeprefix("x:"): row for row in table.to_dicts()}


def test_credit_is_what_hangs_from_the_shares_of_an_account() -> None:
    found = listed(tree(TREE))
    assert {name: row["credit"] for name, row in found.items()} == {"a": 0, "b": 3, "e": 1}
    assert found["a"]["started"] == 6
    assert found["a"]["rank"] is None
    assert [found["b"][n] for n in ("rank", "rank_lo", "rank_hi", "credit_lo", "credit_hi")] == [
        1, 1, 1, 3, 3,
    ]  # fmt: skip
    assert {name: row["reshares"] for name, row in found.items()} == {"a": 3, "b": 2, "e": 1}


def test_several_posts_of_one_account_add_up() -> None:
    found = listed(tree([-1, 0, 1, 0, 3, 3], accounts="abcbde"))
    assert found["b"]["credit"] == 3
    assert found["b"]["h_index"] == 1


@given(st.integers(2, 40), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_of_observed_trees_credits_are_steps_to_the_top(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    link = [-1, *(int(rng.integers(0, k)) for k in range(1, n))]
    who = "".join(chr(97 + int(k)) for k in rng.integers(0, 6, n))
    credit, _, _ = credited(tree(link, who))
    depth = [0]
    for up in link[1:]:
        depth.append(depth[up] + 1)
    assert credit.carried.sum() + credit.started.sum() == sum(depth)
    assert credit.started.sum() == n - 1


def test_drawn_credits_agree_with_the_exact_expectation() -> None:
    n = 60
    posts = star(n, hours=0.2)
    credit, (forest,), _ = credited(posts)
    model = forest.model
    assert model is not None
    expected = []
    for kind, figures in zip(model.kinds, model.figures, strict=True):
        depth, below = np.empty(n), np.empty(n)
        parents.expected_measures(
            kind, figures, forest.stars.of_events("seconds"), forest.stars.of_events("followers"),
            forest.told, depth, below,
        )  # fmt: skip
        expected.append(below[1:] - 1)
    count = 4000
    sums, squares = np.zeros(n - 1), np.zeros(n - 1)

    def add(_: int, __: Any, below: Any) -> None:  # noqa: ANN401
        sums[:] += below[1:] - 1
        squares[:] += (below[1:] - 1.0) ** 2

    drawn(forest, count, 1, add)
    mean = sums / count
    error = np.sqrt((squares / count - mean**2) / count)
    assert (np.abs(mean - np.mean(expected, axis=0)) <= 4.5 * error + 1e-9).all()
    assert credit.started.max() == n - 1


def test_where_nobody_is_surely_first_nobody_is_named() -> None:
    credit, found, _ = credited(star(40, hours=0.01))
    (row,) = carriers(credit, ranks(credit), found).to_dicts()
    assert row["first_id"] is None
    assert row["could_be_first"] > 1
    assert row["first_chance"] < 0.95
    assert (row["shares"], row["hidden"], row["unknown"]) == (39, 39, 0)
    ranked = ranks(credit).drop_nulls("rank")
    assert (ranked["rank_lo"] < ranked["rank_hi"]).any()
    assert ranked["first_chance"].sum() == pytest.approx(1)


def test_who_is_surely_first_is_named() -> None:
    credit, found, _ = credited(tree(TREE))
    (row,) = carriers(credit, ranks(credit), found).to_dicts()
    assert (row["first_id"], row["first_chance"], row["could_be_first"]) == ("x:b", 1, 1)
    assert (row["draws"], row["ten"]) == (1, 1)
    assert row["gini"] == pytest.approx(gini(np.array([0, 3, 0, 0, 1, 0, 0.0])))


def test_where_parents_cannot_be_inferred_only_the_beginner_is_credited() -> None:
    posts = star(30)
    told = shares(posts)
    found = forests(posts, told, ACCOUNTS.empty(), choose=lambda _: None)
    credit = credits_of(found)
    assert credit.carried.sum() == 0
    assert credit.started.sum() == 29
    (row,) = carriers(credit, ranks(credit), found).to_dicts()
    assert (row["unknown"], row["could_be_first"], row["ten"]) == (29, 0, None)


def test_the_same_draws_whatever_the_names_and_what_is_beside() -> None:
    alone, _, _ = credited(star(30))
    other = star(20).with_columns(
        pl.col("post_id", "root_id").str.replace(":", ":o"), appeal_id=pl.lit("b")
    )
    both, _, _ = credited(pl.concat([star(30), other]))
    code = both.people.filter(appeal_id="a")["code"].to_numpy()
    count = min(len(alone.carried), len(both.carried))
    np.testing.assert_array_equal(both.carried[:count, code], alone.carried[:count])


def test_removal_is_bounded_by_what_is_theirs_and_what_hangs_from_it() -> None:
    posts = tree(TREE)
    credit, found, told = credited(posts)
    table = removal(
        credit, found, spreaders(ranks(credit), told, ACCOUNTS.empty(), POSITIONS), told
    )
    first = {row["accounts"]: row for row in table.filter(ranking="credit").to_dicts()}
    assert first.keys() == {1, 2}
    assert [first[1][n] for n in ("own", "tree", "static")] == pytest.approx([1 / 6, 4 / 6, 4 / 6])
    assert [first[2][n] for n in ("own", "tree", "static")] == pytest.approx([2 / 6, 4 / 6, 3 / 6])
    assert (table["own"] <= table["tree"]).all()
    started = table.filter(ranking="reshares", accounts=1).row(0, named=True)
    assert (started["own"], started["tree"]) == (0, 0)  # the beginner's original stays


def test_more_accounts_take_more_away() -> None:
    credit, found, told = credited(star(300, hours=0.05))
    table = removal(
        credit, found, spreaders(ranks(credit), told, ACCOUNTS.empty(), POSITIONS), told
    ).filter(ranking="credit")
    assert table["own"].is_sorted()
    assert table["tree"].is_sorted()
    assert (table["tree_lo"] <= table["tree"]).all()
    assert (table["tree"] <= table["tree_hi"]).all()


@pytest.mark.parametrize(
    ("counts", "h"),
    [([5, 4, 3, 2, 1], 3), ([10, 8, 5, 4, 3], 4), ([25, 8, 5, 3, 3], 3), ([100], 1), ([], 0)],
)
def test_published_h_indices(counts: list[int], h: int) -> None:
    assert h_index(counts) == h


def test_h_indices_of_the_reference(shared: Path) -> None:
    with (shared / "oracles/fib/calc_fib_index_cases.csv").open(encoding="utf-8") as file:
        cases = list(csv.DictReader(file))
    assert len(cases) > 500
    for case in cases:
        counts = [int(word) for word in case["reshare_counts"].split()]
        assert h_index(counts) == int(case["fib_index"])
        assert sum(counts) == int(case["total_reshares"])


def test_h_indices_of_a_stream_are_those_of_the_reference(shared: Path) -> None:
    """Count as the reference does: a post's largest number, in whatever tweet it is shown."""
    folder = shared / "oracles/fib"
    since = float((folder / "stream_v1_meta.txt").read_text().split("=")[1].split()[0])
    most: dict[str, dict[str, int]] = defaultdict(dict)
    with gzip.open(folder / "stream_v1.jsonl.gzip", "rt", encoding="utf-8") as file:
        for line in file:
            try:
                tweet = json.loads(line)
            except ValueError:
                continue
            for told in (tweet, tweet.get("retweeted_status"), tweet.get("quoted_status")):
                _count(told, since, most)
    with (folder / "stream_v1_fib.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            counts = list(most[row["user_id"]].values())
            assert h_index(counts) == int(row["fib_index"])
            assert sum(counts) == int(row["total_reshares"])


def _count(told: dict[str, Any] | None, since: float, most: dict[str, dict[str, int]]) -> None:
    try:
        assert told is not None
        made = datetime.strptime(told["created_at"], "%a %b %d %H:%M:%S %z %Y").timestamp()
        own, post = most[told["user"]["id_str"]], told["id_str"]
        shown = int(told["retweet_count"])
    except (AssertionError, KeyError, TypeError, ValueError):
        return
    if made >= since:
        own[post] = max(shown, own.get(post, 0))


def test_h_index_of_the_table_is_that_of_the_counts() -> None:
    rng = np.random.default_rng(1)
    counts = [int(n) for n in rng.integers(0, 9, 12)]
    told: list[dict[str, Any]] = []
    for post, shared_by in enumerate(counts):
        told.append({"post_id": f"x:p{post}", "kind": "original", "account_id": "x:w"})
        told += [
            {"post_id": f"x:p{post}s{k}", "kind": "repost", "account_id": f"x:s{k}", "at": at(k),
             "root_id": f"x:p{post}", "root_account_id": "x:w"}
            for k in range(shared_by)
        ]  # fmt: skip
    row = listed(rows(POSTS, *told, **COMMON))["w"]
    assert (row["h_index"], row["reshares"]) == (h_index(counts), sum(counts))


def test_published_concentrations() -> None:
    assert gini(np.array([0.0, 0, 0, 1])) == 0.75
    assert gini(np.array([1.0, 2, 3, 4])) == pytest.approx(0.25)
    assert gini(np.zeros(3)) is None


def test_a_known_role_stands_instead_of_a_tier() -> None:
    profile: dict[str, Any] = {"platform": "x", "role": "unknown"}
    told = rows(
        ACCOUNTS,
        profile | {"account_id": "x:a", "followers": 9_999},
        profile | {"account_id": "x:b", "followers": 10_000},
        profile | {"account_id": "x:c", "followers": 2_000_000, "role": "media"},
        profile | {"account_id": "x:d"},
        {
            "account_id": "x:e",
            "followers": 5,
            "observed_at": at(1),
            "platform": "x",
            "role": "person",
        },
        profile | {"account_id": "x:e", "followers": 150_000, "observed_at": at(2)},
    )
    found = {row["account_id"]: row for row in profiles(told).to_dicts()}
    assert {name: (row["tier"], row["role"]) for name, row in found.items()} == {
        "x:a": ("nano", "unknown"), "x:b": ("micro", "unknown"), "x:c": (None, "media"),
        "x:d": (None, "unknown"), "x:e": ("macro", "person"),
    }  # fmt: skip


# brokers


def bridged(posts: pl.DataFrame, spoken: dict[str, str | None]) -> dict[tuple[str, str], Any]:
    credit, found, told = credited(posts)
    table = brokers(
        credit, found, told,
        spoken=pl.DataFrame(
            [("a", f"x:{post}", lang) for post, lang in spoken.items()],
            schema=dict.fromkeys(["appeal_id", "post_id", "lang"], pl.String), orient="row",
        ),
        members=pl.DataFrame(
            {"appeal_id": ["a"] * 2, "account_id": ["x:b", "x:e"], "community": [0, 1]}
        ),
        positions=POSITIONS,
    )  # fmt: skip
    return {(row["account_id"], row["across"]): row for row in table.to_dicts()}


def test_who_was_shared_on_the_other_side_is_credited_with_all_that_hangs_there() -> None:
    found = bridged(tree(TREE), {"0": "kk", "1": "ru", "2": "kk", "4": "kk", "5": None})
    assert found["x:a", "language"]["credit"] == 4  # post 1 and what hangs from it
    assert found["x:b", "language"]["credit"] == 2  # post 4 and 6; 5 is in no known language
    assert found["x:b", "community"]["credit"] == 2
    assert found.keys() == {
        ("x:a", "language"), ("x:b", "language"), ("x:b", "community"),
    }  # fmt: skip


def test_what_is_not_known_crosses_no_border() -> None:
    found = bridged(tree(TREE), dict.fromkeys("0123456"))
    assert found.keys() == {("x:b", "community")}


def test_links_between_platforms_are_crossings() -> None:
    post: dict[str, Any] = {"post_id": "telegram:c/1", "platform": "telegram", "kind": "original",
            "at": at(9), "account_id": "telegram:c", "object_keys": ["x:0"]}  # fmt: skip
    shared = {"post_id": "telegram:d/1", "platform": "telegram", "kind": "repost", "at": at(10),
              "account_id": "telegram:d", "root_id": "telegram:c/1", "parent_id": "telegram:c/1",
              "basis": "observed"}  # fmt: skip
    linked = rows(POSTS, post, shared, appeal_id="a", source="test")
    found = bridged(pl.concat([tree(TREE), linked]), {})
    assert found["x:a", "platform"]["credit"] == 2
    assert found["x:a", "platform"]["crossings"] == 1


def test_nothing_makes_nothing() -> None:
    credit, found, told = credited(POSTS.empty())
    assert carriers(credit, ranks(credit), found).is_empty()
    none = spreaders(ranks(credit), told, ACCOUNTS.empty(), POSITIONS)
    assert none.is_empty()
    assert removal(credit, found, none, told).is_empty()
    assert bridged(POSTS.empty(), {"0": "kk"}) == {}
    assert draws(found) == 1
