"""Stories join what carries the same material, for a reason, and nothing else."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import at, rows

from analytics import shingles
from analytics.diffusion import all_shapes
from analytics.joining import LEVELS, SHORTEST, stories, story_members
from analytics.models import chosen
from analytics.tables import ACCOUNTS, PARENT_MODELS, POSTS
from analytics.trees import shares
from analytics.virality import cascades

WORDS = "the mother of the girl asks the prosecutor to open the case of last summer again today"
KEYS = ["url:a.example/one", "url:b.example/two", "youtube:v", "x:1", "url:a.example"]


def root(name: str, **told: Any) -> dict[str, Any]:  # noqa: ANN401
    common = {"appeal_id": "a", "platform": name.partition(":")[0], "source": "test"}
    return common | {"post_id": name, "kind": "original", "at": at(0)} | told


def members(*told: dict[str, Any], level: str = "strict") -> dict[str, str]:
    found = story_members(rows(POSTS, *told)).filter(level=level)
    return dict(found.select("root_id", "story_id").iter_rows())


def test_a_link_joins_the_video_itself_and_others_that_link_to_it() -> None:
    found = members(
        root("youtube:v"), root("x:1", object_keys=["youtube:v"], at=at(1)),
        root("telegram:a/1", object_keys=["youtube:v", "url:c.example/x"], at=at(2)),
        root("x:2", object_keys=["url:c.example/x"], at=at(3)), root("x:3", at=at(4)),
    )  # fmt: skip
    assert found == dict.fromkeys(["youtube:v", "x:1", "telegram:a/1", "x:2"], "youtube:v")


@pytest.mark.parametrize(
    "place",
    ["url:a.example", "url:twitter.com/~9231c5", "url:facebook.com/page", "url:google.com/maps/x"],
)
def test_a_home_page_or_a_profile_joins_nothing(place: str) -> None:
    assert members(root("x:1", object_keys=[place]), root("x:2", object_keys=[place])) == {}


def test_a_link_that_an_account_puts_under_everything_joins_only_its_first() -> None:
    signed = [
        root(f"x:{n:02}", object_keys=["url:a.example/us"], account_id="x:a", at=at(n))
        for n in range(10)
    ]
    other = root("x:99", object_keys=["url:a.example/us"], account_id="x:b", at=at(20))
    assert members(*signed, other) == {"x:00": "x:00", "x:99": "x:00"}
    assert len(members(*signed[:9])) == 9


def test_attached_media_join() -> None:
    found = members(root("x:1", media_keys=["3_7"]), root("x:2", media_keys=["3_7"], at=at(1)))
    assert found == {"x:1": "x:1", "x:2": "x:1"}


def test_nearly_the_same_words_join_and_two_levels_tell_how_nearly() -> None:
    near, far = (
        WORDS + " please",
        WORDS[:40] + " and nothing of it has been true for a very long while",
    )
    told = [root("x:1", text=WORDS), root("x:2", text=near), root("x:3", text=far)]
    assert members(*told) == {"x:1": "x:1", "x:2": "x:1"}
    less = WORDS.replace("last summer", "winter")
    both = [root("x:1", text=WORDS), root("x:2", text=less)]
    assert members(*both) == {}
    assert members(*both, level="loose") == {"x:1": "x:1", "x:2": "x:1"}


def test_the_same_sentence_with_other_numbers_is_another_one() -> None:
    one, two = f"{WORDS}, for the 12th time", f"{WORDS}, for the 13th time"
    assert members(root("x:1", text=one), root("x:2", text=two), level="loose") == {}
    again = f"{WORDS}, once more for the 12th time"
    assert members(root("x:1", text=one), root("x:2", text=again)) != {}


def test_short_words_join_nothing() -> None:
    short = "we demand justice now"
    assert len(short) < SHORTEST
    assert members(root("x:1", text=short), root("x:2", text=short), level="loose") == {}


def test_links_and_names_are_no_words() -> None:
    one, two = f"{WORDS} https://t.example/1 @somebody", f"{WORDS} https://t.example/2 #other"
    assert members(root("x:1", text=one), root("x:2", text=two)) == {"x:1": "x:1", "x:2": "x:1"}


def test_appeals_are_never_joined() -> None:
    one, two = root("x:1", object_keys=["youtube:v"]), root("x:2", object_keys=["youtube:v"])
    assert members(one, two | {"appeal_id": "b"}) == {}


def test_a_story_adds_up_cascades() -> None:
    told = [
        root("x:1", object_keys=["youtube:v"], account_id="x:a"),
        root("x:2", object_keys=["youtube:v"], account_id="x:b", at=at(2)),
        root("x:3", kind="repost", root_id="x:2", account_id="x:a", at=at(5)),
    ]
    posts = rows(POSTS, *told)
    shared = shares(posts)
    shaped = all_shapes(
        posts, shared, ACCOUNTS.empty(), choose=chosen(PARENT_MODELS.empty()), trees=10
    )
    whole = cascades(posts, shared, shaped)
    found = stories(posts, shared, whole, story_members(posts)).filter(level="strict")
    row = found.row(0, named=True)
    assert (row["cascades"], row["posts"], row["accounts"]) == (2, 3, 2)
    assert (row["first_at"], row["last_at"], row["joined_by"]) == (at(0), at(5), ["object"])


POST = st.fixed_dictionaries(
    {
        "object_keys": st.lists(st.sampled_from(KEYS), max_size=2),
        "text": st.sampled_from([None, WORDS, WORDS + " please", WORDS.upper()]),
    }
)


@given(st.lists(POST, min_size=2, max_size=8), st.randoms())
@settings(max_examples=50, deadline=None)
def test_more_posts_never_split_a_story_and_their_order_is_irrelevant(
    told: list[dict[str, Any]],
    chance: Any,  # noqa: ANN401
) -> None:
    posts = [root(f"x:{number}", at=at(number), **post) for number, post in enumerate(told)]
    for level in LEVELS:
        fewer, more = members(*posts[:-1], level=level), members(*posts, level=level)
        for one, other in itertools.combinations(fewer, 2):
            assert fewer[one] != fewer[other] or more[one] == more[other]
    strict, loose = members(*posts), members(*posts, level="loose")
    for one, other in itertools.combinations(strict, 2):
        assert strict[one] != strict[other] or loose[one] == loose[other]
    shuffled = rows(POSTS, *posts)[chance.sample(range(len(posts)), len(posts))]
    assert_frame_equal(story_members(shuffled), story_members(rows(POSTS, *posts)))


def sets(texts: list[str]) -> tuple[Any, Any]:
    letters = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    hashes = np.empty(len(letters), np.uint64)
    ends = np.cumsum([len(text) for text in texts])
    return hashes, shingles.shingle_hashes(letters, ends, hashes)


@given(st.lists(st.text("abя ", min_size=5, max_size=40), min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_overlap_is_that_of_the_sets_themselves(texts: list[str]) -> None:
    hashes, ends = sets(texts)
    pairs = np.array(list(itertools.combinations(range(len(texts)), 2)))
    found = np.empty(len(pairs))
    shingles.overlaps(pairs[:, 0].copy(), pairs[:, 1].copy(), hashes, ends, found)
    runs = [{text[i : i + 5] for i in range(len(text) - 4)} for text in texts]
    expected = [len(runs[a] & runs[b]) / len(runs[a] | runs[b]) for a, b in pairs]
    assert found.tolist() == pytest.approx(expected)


def test_buckets_are_shared_as_often_as_the_formula_says() -> None:
    """P(s) = 1 - (1 - s^rows)^bands: 1,000 pairs of sets of a known overlap."""
    rng = np.random.default_rng(5)
    shared, own, pairs = 60, 20, 1000  # overlap 60 / 100
    overlap = shared / (shared + 2 * own)
    drawn = rng.integers(0, 2**63, (pairs, shared + 2 * own)).astype(np.uint64)
    sides = [drawn[:, : shared + own], np.delete(drawn, np.s_[shared : shared + own], axis=1)]
    bands = []
    for side in sides:
        ends = np.arange(1, pairs + 1) * side.shape[1]
        bands.append(np.empty((pairs, shingles.BANDS), np.uint64))
        shingles.band_hashes(np.sort(side, axis=1).ravel(), ends, bands[-1])
    met = float((bands[0] == bands[1]).any(axis=1).mean())
    expected = 1 - (1 - overlap**shingles.ROWS) ** shingles.BANDS
    assert met == pytest.approx(
        expected, abs=4 * np.sqrt(expected * (1 - expected) / pairs) + 0.002
    )
