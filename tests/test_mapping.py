"""The map of accounts: who shared each other lies together, and nobody is lost."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.mapping import account_map
from analytics.measured import ACCOUNT_MAP, ACCOUNT_TIES, COMMUNITY_MEMBERS, SHARES_TABLE

START = datetime(2026, 3, 1, tzinfo=UTC)
NOBODY = COMMUNITY_MEMBERS.empty()
Pair = tuple[str, str]


def shares_of(pairs: list[Pair], basis: str | None = "observed") -> pl.DataFrame:
    """Return shares: of whom, and by whom."""
    common = {"appeal_id": "a", "platform": "x", "kind": "repost", "basis": basis}
    rows = [
        common | {"post_id": f"x:{n}", "at": START + timedelta(hours=n), "account_id": by,
                  "parent_account_id" if basis else "root_account_id": of}
        for n, (of, by) in enumerate(pairs)
    ]  # fmt: skip
    return SHARES_TABLE.check(pl.DataFrame(rows, SHARES_TABLE.schema))


def members_of(**community: int) -> pl.DataFrame:
    rows = [("a", f"x:{name}", number) for name, number in community.items()]
    return pl.DataFrame(rows, COMMUNITY_MEMBERS.schema, orient="row")


def clique(names: str) -> list[Pair]:
    return [(f"x:{one}", f"x:{two}") for one, two in combinations(names, 2)]


def test_groups_that_share_each_other_lie_apart() -> None:
    one, two = "abcdefgh", "ijklmnop"
    bridge = [("x:a", "x:i")]
    placed, _ = account_map(shares_of(clique(one) + clique(two) + bridge), NOBODY)
    first = placed["account_id"].is_in([f"x:{name}" for name in one]).to_numpy()
    x, y = placed["x"].to_numpy(), placed["y"].to_numpy()
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    within = max(apart[first][:, first].mean(), apart[~first][:, ~first].mean())
    assert apart[first][:, ~first].mean() > 1.5 * within


def test_a_place_says_how_often_it_was_shared_and_since_when() -> None:
    placed, ties = account_map(
        shares_of([("x:a", "x:b"), ("x:a", "x:b"), ("web:c", "x:a"), ("x:a", "x:a")]), NOBODY
    )
    told = {row["account_id"]: row for row in placed.iter_rows(named=True)}
    assert [(told[name]["shared"], told[name]["sharing"]) for name in ("x:a", "x:b", "web:c")] == [
        (2, 1), (0, 2), (1, 0),
    ]  # fmt: skip
    assert told["web:c"]["platform"] == "web"
    assert told["web:c"]["first_at"] == START + timedelta(hours=2)
    assert ties["shares"].sort().to_list() == [1, 2]


def test_a_hidden_parent_makes_a_tie_that_says_so() -> None:
    _, ties = account_map(shares_of([("x:a", "x:b")], basis=None), NOBODY)
    assert ties.select("shares", "observed").rows() == [(1, 0)]


def test_the_others_of_a_community_stand_as_one() -> None:
    pairs = [("x:a", "x:b"), ("x:a", "x:c"), ("x:a", "x:d"), ("x:e", "x:b"), ("x:c", "x:f")]
    members = members_of(a=0, b=0, c=0, d=0, e=1)
    placed, ties = account_map(shares_of(pairs), members, most=2)
    assert placed["node"].to_list() == [0, 1, 2, 3, 4]
    assert placed["account_id"].to_list() == ["x:a", "x:b", None, None, None]
    rest = placed.filter(pl.col("account_id").is_null()).select("community", "accounts").rows()
    assert rest == [(None, 1), (0, 2), (1, 1)]
    assert ties["shares"].sum() == 5


def test_accounts_that_stand_alone_tell_their_language_and_role() -> None:
    shares = shares_of([*[("x:a", "x:b")] * 3, ("x:a", "x:c"), ("x:a", "x:d")])
    traits = pl.DataFrame({
        "account_id": ["x:a", "x:b", "x:c"], "language": ["ru", None, "kk"],
        "role": ["media", None, "ngo"],
    })  # fmt: skip
    nodes, _ties = account_map(shares, NOBODY, traits=traits, most=2)
    told = ACCOUNT_MAP.check(nodes).select("account_id", "lang", "role").rows()
    assert told == [("x:a", "ru", "media"), ("x:b", None, "unknown"), (None, None, None)]


def test_of_nothing_there_is_no_map() -> None:
    placed, ties = account_map(SHARES_TABLE.empty(), NOBODY)
    assert placed.is_empty()
    assert ties.is_empty()


accounts = st.sampled_from([f"x:{name}" for name in "abcdefgh"])


@given(st.lists(st.tuples(accounts, accounts), max_size=30), st.integers(1, 10))
def test_every_account_has_one_place_and_every_tie_two(pairs: list[Pair], most: int) -> None:
    shares = shares_of(pairs)
    placed, ties = account_map(shares, members_of(a=0, b=0, c=1), most=most)
    ACCOUNT_MAP.check(placed)
    ACCOUNT_TIES.check(ties)
    tied = {name for pair in pairs if pair[0] != pair[1] for name in pair}
    assert placed["accounts"].sum() == len(tied)
    assert placed["node"].to_list() == list(range(placed.height))
    assert placed["x"].is_finite().all()
    assert placed["y"].is_finite().all()
    assert {*ties["source"], *ties["target"]} <= {*placed["node"]}
    if most >= len(tied):
        assert ties["shares"].sum() == len([pair for pair in pairs if pair[0] != pair[1]])


def test_the_same_shares_make_the_same_map() -> None:
    shares = shares_of(clique("abcdef"))
    again = account_map(shares.reverse(), NOBODY)[0]
    assert again["x"].to_list() == pytest.approx(account_map(shares, NOBODY)[0]["x"].to_list())
