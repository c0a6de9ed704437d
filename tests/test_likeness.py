"""Near-duplicates against all pairs, taken one by one."""

import random
from itertools import combinations

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.likeness import (
    LEAST_SHINGLES,
    alike_pictures,
    alike_texts,
    chance,
    distinct_shingles,
)

WORDS = [f"{a}{b}{c}" for a in "бвгд" for b in "аеио" for c in "кмнпр"]


def test_bands_follow_the_textbook() -> None:
    assert chance(0.8, bands=20, rows=5) == pytest.approx(0.99964, abs=5e-6)
    assert chance(0.4, bands=20, rows=5) == pytest.approx(0.18605, abs=5e-6)
    threshold = (1 / 20) ** (1 / 5)
    assert threshold == pytest.approx(0.5493, abs=5e-5)
    assert chance(threshold, bands=20, rows=5) == pytest.approx(1 - (1 - 1 / 20) ** 20)


def text(seed: int, words: int = 40) -> list[str]:
    return random.Random(seed).choices(WORDS, k=words)  # noqa: S311 - no secret


def changed(words: list[str], places: list[int]) -> list[str]:
    return [f"x{n}z" if n in places else word for n, word in enumerate(words)]


def likeness(one: str, other: str) -> float:
    a, b = ({words[n : n + 5] for n in range(len(words) - 4)} for words in (one, other))
    return len(a & b) / len(a | b)


def parts(pairs: list[tuple[int, int]], size: int) -> set[frozenset[int]]:
    graph = nx.Graph(pairs)
    graph.add_nodes_from(range(size))
    return {frozenset(part) for part in nx.connected_components(graph)}


def linked(texts: list[str], jaccard: float, group: list[int] | None = None) -> pl.DataFrame:
    frame = pl.DataFrame({"words": texts, "group": group or [0] * len(texts)})
    return alike_texts(frame, jaccard=(jaccard,), within=("group",))[0]


@st.composite
def families(draw: st.DrawFn) -> list[str]:
    """Draw texts of which some are changed copies of others."""
    texts = [text(draw(st.integers(0, 3)))]
    for _ in range(draw(st.integers(1, 9))):
        source = draw(st.sampled_from(texts))
        places = draw(st.lists(st.integers(0, 39), max_size=6))
        texts.append(
            draw(st.sampled_from([text(draw(st.integers(0, 3))), changed(source, places)]))
        )
    return [" ".join(words) for words in texts]


@given(families())
@settings(max_examples=60)
def test_what_is_joined_is_what_all_pairs_join(texts: list[str]) -> None:
    alike = {
        pair: likeness(texts[pair[0]], texts[pair[1]])
        for pair in combinations(range(len(texts)), 2)
    }
    found = linked(texts, 0.8)
    assert parts(found.select("left", "right").rows(), len(texts)) == parts(
        [pair for pair, like in alike.items() if like >= 0.8], len(texts)
    )
    for left, right, strength in found.rows():
        assert strength == pytest.approx(alike[left, right])


@given(families())
@settings(max_examples=40)
def test_a_stricter_threshold_refines_the_looser(texts: list[str]) -> None:
    strict, loose = (
        parts(linked(texts, j).select("left", "right").rows(), len(texts)) for j in (0.8, 0.6)
    )
    assert all(any(part <= whole for whole in loose) for part in strict)


def test_signatures_meet_as_often_as_the_formula_says() -> None:
    """Of 300 pairs about as alike as the loose threshold, about as many meet as are expected."""
    pairs = [(text(2 * n, 60), text(2 * n, 60)) for n in range(1000, 1300)]
    texts = [" ".join(w) for a, b in pairs for w in (a, changed(b, list(range(n_changed(a)))))]
    like = [likeness(a, b) for a, b in zip(texts[::2], texts[1::2], strict=True)]
    group = [n // 2 for n in range(600)]
    found = linked(texts, 0.01, group).height
    expected = sum(chance(s) for s in like)
    spread = sum(chance(s) * (1 - chance(s)) for s in like) ** 0.5
    assert 0.2 < min(like) < max(like) < 0.5
    assert abs(found - expected) < 4 * spread


def n_changed(words: list[str]) -> int:
    return len(words) // 2 - 2


def test_groups_are_never_compared() -> None:
    same = " ".join(text(1))
    assert linked([same, same], 0.8, [0, 1]).is_empty()
    assert linked([same, same], 0.8, [1, 1]).rows() == [(0, 1, 1.0)]


def test_short_texts_join_nothing() -> None:
    short = "вода кончилась в нашем доме первого мая и больше не пришла"
    assert distinct_shingles(pl.Series([short]))[0] < LEAST_SHINGLES
    assert linked([short, short], 0.6).is_empty()


def test_a_thousand_copies_take_a_thousand_links() -> None:
    words = text(5, 60)
    copies = [" ".join([*words, f"copy{n}"]) for n in range(1000)]
    assert linked(copies, 0.8).height == 999


def test_no_texts_no_links() -> None:
    assert linked([], 0.8).is_empty()
    assert alike_pictures(
        pl.DataFrame(schema={"group": pl.Int64, "pdq": pl.String}), bits=31
    ).is_empty()


def picture(value: int) -> str:
    return f"{value:064x}"


SEEN = sum(1 << n for n in range(0, 256, 2))


@given(
    st.lists(st.sets(st.integers(0, 255), max_size=40), min_size=1, max_size=8), st.integers(0, 31)
)
@settings(max_examples=60)
def test_pictures_are_joined_as_all_pairs_join_them(flips: list[set[int]], bits: int) -> None:
    values = [SEEN ^ sum(1 << n for n in flip) for flip in flips]
    pairs = [
        (a, b)
        for a, b in combinations(range(len(values)), 2)
        if (values[a] ^ values[b]).bit_count() <= bits
    ]
    found = alike_pictures(
        pl.DataFrame({"group": [0] * len(values), "pdq": list(map(picture, values))}), bits=bits
    )
    assert parts(found.select("left", "right").rows(), len(values)) == parts(pairs, len(values))
    for left, right, strength in found.rows():
        assert strength == 1 - (values[left] ^ values[right]).bit_count() / 256


@pytest.mark.parametrize("bit", range(16))
@pytest.mark.parametrize("part", [0, 15])
def test_pictures_meet_however_31_bits_are_spread(bit: int, part: int) -> None:
    """Of sixteen parts, one differs in one bit and each other in two."""
    flips = {16 * part + bit} | {16 * n + place for n in range(16) if n != part for place in (3, 9)}
    pictures = [picture(SEEN), picture(SEEN ^ sum(1 << flip for flip in flips))]
    frame = pl.DataFrame({"group": [0, 0], "pdq": pictures})
    assert alike_pictures(frame, bits=31).rows() == [(0, 1, 1 - 31 / 256)]
    assert alike_pictures(frame, bits=30).is_empty()


@pytest.mark.parametrize("value", [0, (1 << 256) - 1, (1 << 40) - 1])
def test_the_hash_of_an_empty_picture_is_like_none(value: int) -> None:
    pictures = pl.DataFrame({"group": [0, 0], "pdq": [picture(value)] * 2})
    assert alike_pictures(pictures, bits=31).is_empty()
