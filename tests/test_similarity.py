"""Accounts alike in what they share: scikit-learn as oracle, and bounds."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity
from test_synchrony import Row, shares

from analytics import similarity as module
from analytics.similarity import compared, cosines, similarity
from analytics.synchrony import encoded


def test_cosines_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(0.4, (30, 40))
    words = [" ".join(f"w{o} " * n for o, n in enumerate(row)) or "w" for row in counts]
    vectors = TfidfVectorizer(vocabulary=[f"w{o}" for o in range(40)]).fit_transform(words)
    expected = np.triu(cosine_similarity(vectors), 1)
    np.testing.assert_allclose(cosines(csr_array(counts)).toarray(), expected, atol=1e-12)


def sharing(**accounts: str) -> list[Row]:
    """Return who shares which objects, each named by a letter."""
    return [(o, a, f"{a}/{n}", n) for a, objects in accounts.items() for n, o in enumerate(objects)]


def test_three_accounts_by_hand() -> None:
    told = compared(encoded(shares(*sharing(a="xy", b="xy", c="xz", d="w"))), least=2)
    assert told["cutoff"] == pytest.approx(1)
    names = ("accounts", "compared", "pairs", "edges", "accounts_in_edges", "components", "largest")
    assert [told[name] for name in names] == [3, 3, 3, 1, 2, 1, 2]
    assert told["note"] is None


def test_ten_shares_are_enough_and_nine_are_not() -> None:
    table = shares(*sharing(a="abcdefghij", b="abcdefghij", c="abcdefghi"))
    assert compared(encoded(table))["accounts"] == 2


def test_ties_at_the_cutoff_are_kept() -> None:
    told = compared(encoded(shares(*sharing(a="xy", b="xy", c="xy", d="uv", e="uv"))), least=2)
    assert (told["edges"], told["components"], told["largest"]) == (4, 2, 3)


def test_what_is_bounded_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    table = encoded(shares(*sharing(a="wxyz", b="wxy", c="xyz", d="xu", e="xu")))
    monkeypatch.setattr(module, "MOST_ACCOUNTS", 3)
    told = compared(table, least=2)
    assert (told["accounts"], told["compared"], told["pairs"]) == (5, 3, 3)
    assert told["note"] == "accounts that shared less are not compared: 2"
    monkeypatch.setattr(module, "MOST_PAIRS", 5)
    told = compared(table, least=2)  # w and z join two each, x and y three each: 1 + 1 + 3
    assert told["note"].endswith("; objects that most accounts share are left out: 1")


def test_nobody_to_compare() -> None:
    told = compared(encoded(shares(*sharing(a="x", b="y"))), least=1)
    assert (told["pairs"], told["cutoff"], told["edges"], told["largest"]) == (0, None, 0, 0)


def test_the_table_has_a_row_where_two_can_be_compared() -> None:
    told = compared(encoded(shares(*sharing(a="abcdefghij", b="abcdefghij"))))
    alone = compared(encoded(shares(*sharing(a="abcdefghij"))))
    names = {"appeal_id": "a", "object": "url"}
    found = similarity([names | told, names | {"object": "text"} | alone])
    assert found.select("object", "accounts", "edges", "largest").rows() == [("url", 2, 1, 2)]
    assert similarity([]).is_empty()
