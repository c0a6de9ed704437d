"""Pairs and edges: CooRTweet and another toolkit row by row, counting by hand, and invariants."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import MeasureError
from analytics.sharing import SHARE
from analytics.synchrony import Counted, counted, crowded, edges, encoded, pairs

START = datetime(2026, 1, 1, tzinfo=UTC)
PAIR = ("object_id", "content_id", "content_id_y", "time_delta", "account_id", "account_id_y")
Row = tuple[str, str, str, int]


def shares(*told: Row) -> pl.DataFrame:
    """Return a table of shares: object, account, content, second."""
    rows = [
        {"appeal_id": "a", "platform": "x", "object_id": o, "account_id": a, "content_id": c}
        | {"at": START + timedelta(seconds=s)}
        for o, a, c, s in told
    ]
    return pl.DataFrame(rows, schema=SHARE)


@pytest.fixture(scope="module")
def russian(shared: Path) -> pl.DataFrame:
    path = shared / "data/coortweet_russia_germany/russian_coord_tweets.csv.gz"
    seconds = pl.col("timestamp_share").cast(pl.Float64)
    at = (seconds * 1e6).cast(pl.Int64).cast(pl.Datetime("us", "UTC"))
    return pl.read_csv(path, infer_schema=False).with_columns(at=at)


def sorted_rows(frame: pl.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    return frame.select(names).sort(names).rows()


# oracles

CONFIGURATIONS = [(10, 2, 447, 525, 442, 8, 4), (10, 5, 22, 23, 20, 2, 1),
                  (60, 2, 3791, 2110, 3721, 94, 60), (60, 5, 1235, 772, 1193, 59, 36),
                  (60, 1, 6281, 3954, 6206, None, None)]  # fmt: skip


@pytest.mark.parametrize("told", CONFIGURATIONS, ids=str)
def test_the_published_numbers(russian: pl.DataFrame, told: tuple[int, ...]) -> None:
    window, participation, many, accounts, links, above_accounts, above = told
    found = pairs(russian, window=window, participation=participation)
    network = edges(found)
    assert (found.height, ends(network), network.height) == (many, accounts, links)
    if above is not None:
        strong = network.filter("above")
        assert (ends(strong), strong.height) == (above_accounts, above)
    sweep = encoded(russian)
    fast = counted(sweep, window=window, participation=participation)
    assert (fast.pairs, fast.accounts, fast.edges) == (many, accounts, links)
    assert fast.above(fast.threshold(0.5), sweep.accounts) == (
        network["above"].sum(), ends(network.filter("above")),
    )  # fmt: skip


def ends(network: pl.DataFrame) -> int:
    return pl.concat([network["from"], network["to"]]).n_unique()


def test_weights_of_the_published_network(russian: pl.DataFrame) -> None:
    network = edges(pairs(russian, window=60, participation=2))
    assert Counter(network["weight"]) == {1: 3661, 2: 51, 3: 8, 4: 1}


@pytest.mark.parametrize(("window", "participation"), [(10, 2), (10, 5), (60, 2)])
def test_pairs_are_coortweets_row_by_row(
    russian: pl.DataFrame, shared: Path, window: int, participation: int
) -> None:
    oracle = f"russian_tw{window}_mp{participation}_pairs.csv"
    told = pl.read_csv(shared / "oracles/coortweet" / oracle, infer_schema=False)
    found = pairs(russian, window=window, participation=participation)
    seconds = pl.col("time_delta").cast(pl.Float64)
    assert sorted_rows(found, *PAIR) == sorted_rows(told.with_columns(seconds), *PAIR)


def test_loops_are_coortweets_row_by_row(russian: pl.DataFrame, shared: Path) -> None:
    path = shared / "oracles/coortweet/russian_tw10_mp5_loops_pairs.csv"
    told = pl.read_csv(path, infer_schema=False)
    found = pairs(russian, window=10, participation=5, loops=True)
    seconds = pl.col("time_delta").cast(pl.Float64)
    assert sorted_rows(found, *PAIR) == sorted_rows(told.with_columns(seconds), *PAIR)


def test_faster_pairs_are_those_that_coortweet_flags(russian: pl.DataFrame, shared: Path) -> None:
    told = pl.read_csv(
        shared / "oracles/coortweet/russian_tw60_mp2_flag10_pairs.csv", infer_schema=False
    ).with_columns(pl.col("time_delta").cast(pl.Float64))
    flagged = told.with_columns(fast=pl.col("time_window_10") == "1")
    found = pairs(russian, window=60, participation=2)
    within = found.with_columns(fast=pl.col("time_delta") <= 10)
    assert sorted_rows(within, *PAIR) == sorted_rows(flagged, *PAIR)
    differs = within.join(flagged, on=PAIR, suffix="_told").filter(
        pl.col("fast") != pl.col("fast_told")
    )
    # a pair that only the longer window's second filter keeps is none of the shorter one's
    assert differs.filter(pl.col("fast_told")).is_empty()
    quick = pairs(russian, window=10, participation=2)
    assert flagged["fast"].sum() == quick.join(found, on=PAIR, how="semi").height


@pytest.mark.parametrize("tag", ["tw10_mp2", "tw10_mp5", "tw60_mp2"])
def test_edges_are_coortweets(russian: pl.DataFrame, shared: Path, tag: str) -> None:
    folder = shared / "oracles/coortweet"
    told = pl.read_csv(folder / f"russian_{tag}_edges_ew0.5.csv", infer_schema_length=None)
    window, participation = (int(part[2:]) for part in tag.split("_"))
    found = pairs(russian, window=window, participation=participation)
    low, high = pl.min_horizontal("from", "to"), pl.max_horizontal("from", "to")
    told = told.with_columns(low.alias("from"), high.alias("to")).sort("from", "to")
    ours = edges(found)
    for name in ("from", "to", "weight", "n_content_id", "n_content_id_y"):
        assert ours[name].to_list() == told[name].to_list(), name
    for name in ("avg_time_delta", "edge_symmetry_score"):
        np.testing.assert_allclose(ours[name], told[name], rtol=1e-12)
    assert ours["above"].to_list() == (told["weight_threshold"] == 1).to_list()
    (summary,) = pl.read_csv(folder / "summary.csv").filter(tag=f"russian_{tag}").to_dicts()
    fast = counted(encoded(russian), window=window, participation=participation)
    assert (summary["pairs"], summary["edges"], summary["nodes"]) == (
        fast.pairs, fast.edges, fast.accounts,
    )  # fmt: skip
    for percent in (50, 90, 95, 99):
        limit = fast.threshold(percent / 100)
        assert limit == pytest.approx(summary[f"thr{percent}"], rel=1e-12)
    assert summary["kept50"] == edges(found)["above"].sum()


@pytest.mark.parametrize(("window", "least"), [(10, 1), (60, 1), (60, 2)])
def test_another_toolkits_weights_follow_from_the_same_pairs(
    russian: pl.DataFrame, shared: Path, window: int, least: int
) -> None:
    """Directed: how many of a user's messages are near one of another's; each is near itself."""
    told = pl.read_csv(
        shared / f"oracles/coordination_network_toolkit/"
        f"russian_co_retweet_tw{window}_mew{least}_edges.csv",
        schema_overrides={"user_1": pl.String, "user_2": pl.String},
    )
    once = russian.unique("content_id", keep="first", maintain_order=True)
    near = pairs(once, window=window, loops=True)
    there = near.select("account_id", "account_id_y", "content_id")
    back = near.select(
        account_id="account_id_y", account_id_y="account_id", content_id="content_id_y"
    )
    itself = once.select("account_id", pl.col("account_id").alias("account_id_y"), "content_id")
    found = (
        pl.concat([there, back, itself])
        .unique()
        .group_by("account_id", "account_id_y")
        .len("weight")
    ).filter(pl.col("weight") >= least)
    assert sorted_rows(found, "account_id", "account_id_y", "weight") == sorted_rows(
        told, "user_1", "user_2", "weight"
    )


# counting by hand


def by_hand(told: list[Row], window: int, participation: int) -> list[tuple[Row, Row]]:
    """Return all pairs, compared two by two."""
    shares_of = Counter(account for _, account, _, _ in told)
    some = [row for row in told if shares_of[row[1]] >= participation]
    found = [
        (a, b)
        for a, b in combinations(some, 2)
        if a[0] == b[0] and abs(a[3] - b[3]) <= window and a[1] != b[1] and a[2] != b[2]
        if a[0] not in {a[2], b[2]}
    ]
    contents = {row[2] for pair in found for row in pair}
    involved = Counter(row[1] for row in some if row[2] in contents)
    return [pair for pair in found if any(involved[row[1]] >= participation for row in pair)]


@st.composite
def tables(draw: st.DrawFn, *, most: int = 24) -> list[Row]:
    """Draw few accounts, objects and seconds, so that nearly all meet; a post has one account."""
    posts = draw(st.integers(1, most))
    who = [draw(st.sampled_from("abcde")) for _ in range(posts)]
    rows = [
        (draw(st.sampled_from(["o", "p", "q", "0"])), account, str(n), draw(st.integers(0, 12)))
        for n, account in enumerate(who)
    ]
    again = [
        (draw(st.sampled_from("opq")), *rows[n][1:])
        for n in draw(st.sets(st.integers(0, posts - 1), max_size=4))
    ]
    return list(dict.fromkeys(rows + again))


@given(tables(), st.integers(1, 8), st.integers(1, 4))
@settings(max_examples=150)
def test_pairs_are_those_of_comparing_two_by_two(
    told: list[Row], window: int, participation: int
) -> None:
    table = shares(*told)
    found = pairs(table, window=window, participation=participation)
    expected = by_hand(told, window, participation)
    unordered = Counter((a[0], frozenset({(a[1], a[2]), (b[1], b[2])})) for a, b in expected)
    ours = Counter(
        (o, frozenset({(a, c), (b, d)}))
        for o, a, c, b, d in found.select(
            "object_id", "account_id", "content_id", "account_id_y", "content_id_y"
        ).iter_rows()
    )
    assert ours == unordered
    assert (found["time_delta"] >= 0).all()


@given(tables(), st.integers(1, 8), st.integers(1, 4), st.floats(0, 1))
@settings(max_examples=150)
def test_what_is_counted_is_what_is_written(
    told: list[Row], window: int, participation: int, quantile: float
) -> None:
    table, sweep = shares(*told), encoded(shares(*told))
    found = pairs(table, window=window, participation=participation)
    network = edges(found, quantile=quantile)
    fast = counted(sweep, window=window, participation=participation)
    accounts = pl.concat([found["account_id"], found["account_id_y"]]).n_unique()
    assert (fast.pairs, fast.accounts, fast.edges) == (found.height, accounts, network.height)
    again = network.filter(pl.col("weight") > 1)["weight"]
    assert sorted(fast.repeated.pairs.tolist()) == sorted(again)
    limit = fast.threshold(quantile)
    assert limit == (
        pytest.approx(network["weight"].quantile(quantile, "linear")) if fast.edges else None
    )
    if limit is not None and limit == round(limit):  # else rounding decides what is above
        strong = network.filter("above")
        assert fast.above(limit, sweep.accounts) == (
            strong.height,
            ends(strong) if strong.height else 0,
        )


@given(tables(), st.integers(1, 8), st.integers(0, 12))
@settings(max_examples=100)
def test_left_out_objects_still_count_as_pairs(told: list[Row], window: int, most: int) -> None:
    sweep = encoded(shares(*told))
    whole = counted(sweep, window=window)
    part = counted(sweep, window=window, most=most)
    assert (part.pairs, part.accounts) == (whole.pairs, whole.accounts)
    assert (part.left_out == crowded(sweep, window, most)).all()
    kept = {row for row in told if row[0] not in named(sweep, part, told)}
    alone = counted(encoded(shares(*kept)), window=window)
    assert part.left_out_pairs == whole.pairs - alone.pairs
    assert part.edges == alone.edges
    assert sorted(part.repeated.pairs) == sorted(alone.repeated.pairs)


def named(sweep: Any, part: Counted, told: list[Row]) -> set[str]:  # noqa: ANN401
    """Return the names of the objects that were left out; they are numbered by name."""
    names = sorted({row[0] for row in told})
    assert len(names) == len(sweep.bounds) - 1
    return {name for name, out in zip(names, part.left_out, strict=True) if out}


# invariants


@given(tables(), st.integers(1, 8), st.integers(1, 3), st.permutations("abcde"))
@settings(max_examples=50)
def test_names_do_not_matter(
    told: list[Row], window: int, participation: int, names: list[str]
) -> None:
    new = dict(zip("abcde", names, strict=True))
    renamed = [(o, new[a], c, s) for o, a, c, s in told]
    first, second = (
        counted(encoded(shares(*rows)), window=window, participation=participation)
        for rows in (told, renamed)
    )
    assert first[:3] == second[:3]
    assert sorted(first.repeated.pairs) == sorted(second.repeated.pairs)


@given(tables())
@settings(max_examples=50)
def test_a_longer_window_has_all_pairs_of_a_shorter_one(told: list[Row]) -> None:
    table = shares(*told)
    before: set[tuple[Any, ...]] = set()
    for window in (1, 2, 5, 12):
        now = set(pairs(table, window=window).rows())
        assert before <= now
        before = now


def test_the_window_includes_its_end() -> None:
    table = shares(("o", "a", "1", 0), ("o", "b", "2", 60), ("o", "c", "3", 121))
    assert pairs(table, window=60).select("account_id", "account_id_y").rows() == [("a", "b")]
    assert pairs(table, window=59.999).is_empty()
    assert pairs(table, window=61).height == 2


def test_of_two_at_one_time_the_account_met_first_is_older() -> None:
    table = shares(("p", "b", "1", 0), ("o", "a", "2", 5), ("o", "b", "3", 5))
    assert pairs(table, window=1).select("account_id", "account_id_y").rows() == [("b", "a")]


def test_what_has_no_account_or_time_is_in_no_pair() -> None:
    table = shares(("o", "a", "1", 0), ("o", "b", "2", 1), ("o", "c", "3", 2))
    hidden = table.with_columns(
        account_id=pl.when(pl.col("content_id") != "1").then("account_id"),
        at=pl.when(pl.col("content_id") != "2").then("at"),
    )
    assert pairs(hidden, window=60).is_empty()
    assert counted(encoded(hidden), window=60)[:3] == (0, 0, 0)


def test_times_before_1970_are_times() -> None:
    table = shares(("o", "a", "1", 0), ("o", "b", "2", 30)).with_columns(
        at=pl.col("at") - timedelta(days=40_000)
    )
    assert pairs(table, window=60)["time_delta"].to_list() == [30.0]


@pytest.mark.parametrize("table", [shares(), shares(("o", "a", "1", 0))], ids=["none", "one"])
def test_nothing_to_pair(table: pl.DataFrame) -> None:
    found = pairs(table, window=60)
    assert found.is_empty()
    assert edges(found).is_empty()
    fast = counted(encoded(table), window=60)
    assert fast[:3] == (0, 0, 0)
    assert fast.threshold(0.5) is None
    assert fast.above(None, 1) == (0, 0)


@pytest.mark.parametrize("window", [0, -60, float("nan"), float("inf")])
@pytest.mark.parametrize("measure", [pairs, lambda t, **how: counted(encoded(t), **how)])
def test_a_window_without_length_is_refused(window: float, measure: Callable[..., Any]) -> None:
    with pytest.raises(MeasureError, match="take one above 0"):
        measure(shares(("o", "a", "1", 0)), window=window)


def test_a_participation_below_one_is_refused() -> None:
    with pytest.raises(MeasureError, match="1 keeps every account"):
        pairs(shares(("o", "a", "1", 0)), window=60, participation=0)


def test_a_crowd_is_counted_and_not_written_down() -> None:
    n = 20_000
    at = [START + timedelta(seconds=second % 60) for second in range(n)]
    table = pl.DataFrame(
        {"object_id": ["o"] * n, "account_id": [f"a{i}" for i in range(n)],
         "content_id": [f"c{i}" for i in range(n)], "at": at},
        schema_overrides={"at": SHARE["at"]},
    )  # fmt: skip
    fast = counted(encoded(table), window=60)
    assert (fast.pairs, fast.accounts, fast.edges) == (n * (n - 1) // 2, n, n * (n - 1) // 2)
    assert not fast.left_out.any()  # nobody meets again, so nothing has to be written
    with pytest.raises(MeasureError, match="199,990,000 pairs"):
        pairs(table, window=60)
