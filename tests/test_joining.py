"""Cascades that carry the same material are one story, and no others are."""

from itertools import combinations
from typing import Any

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import at, rows

from analytics.coverage import coverage
from analytics.diffusion import all_shapes
from analytics.joining import LOOSE, STRICT, stories, story_members
from analytics.measured import PARENT_MODELS
from analytics.models import chosen
from analytics.tables import ACCOUNTS, COUNTERS, FOLLOWS, POSTS
from analytics.trees import shares
from analytics.virality import cascades

COMMON = {"appeal_id": "a", "source": "test"}
SAID = (
    "The pump at the end of our street has given no water since the first of May, and nobody who "
    "could mend it has come to look at it, though we wrote to the mayor four times. Pass it on!"
)


def posts(*told: dict[str, Any]) -> pl.DataFrame:
    """Return posts x:1, x:2, … an hour after each other, by accounts of the same numbers."""
    numbered = (
        {"post_id": f"x:{n}", "account_id": f"x:acc{n}", "at": at(n), "platform": "x"}
        | {"kind": "original"} | post
        for n, post in enumerate(told, 1)
    )  # fmt: skip
    return rows(POSTS, *numbered, **COMMON)


def carrying(*keys: str) -> dict[str, Any]:
    return {"object_keys": list(keys)}


def repost(root: str) -> dict[str, Any]:
    return {"kind": "repost", "root_id": root}


def members(told: pl.DataFrame) -> pl.DataFrame:
    return story_members(told, shares(told))


def summed(told: pl.DataFrame) -> pl.DataFrame:
    return stories(told, shares(told), members(told))


def parts(told: pl.DataFrame, level: str) -> set[frozenset[str]]:
    """Return the cascades of each story of several."""
    found = members(told).filter(pl.col("level") == level)
    return {
        frozenset(part)
        for part in found.group_by("appeal_id", "story_id").agg("root_id")["root_id"]
    }


def joined(*told: dict[str, Any], level: str = "strict") -> list[list[str]]:
    return sorted(sorted(part) for part in parts(posts(*told), level))


def reasons(*told: dict[str, Any], level: str = "strict") -> list[tuple[Any, ...]]:
    """Return what is joined to what, by what, and how strongly."""
    found = members(posts(*told)).filter(pl.col("level") == level, pl.col("by").is_not_null())
    columns = ("root_id", "joined_to", "by", pl.col("strength").round(2))
    return found.sort("root_id").select(*columns).rows()


YOUTUBE = {"post_id": "youtube:v", "platform": "youtube"}
WEB = {"post_id": "web:https://www.a.example/1", "platform": "web", "kind": "article"}


def test_a_video_joins_who_links_to_it_whether_it_is_held_or_not() -> None:
    assert reasons(YOUTUBE, carrying("youtube:v")) == [("x:2", "youtube:v", "post", 1)]
    assert reasons(carrying("youtube:v"), carrying("youtube:v")) == [("x:2", "x:1", "post", 1)]


def test_an_article_joins_by_its_address() -> None:
    article = WEB | carrying("url:a.example/1", "url:a.example/2", "youtube:v")
    assert reasons(article, carrying("url:a.example/1")) == [("x:2", WEB["post_id"], "address", 1)]


def test_a_video_or_an_article_joins_by_what_it_shows_at_the_loose_level_only() -> None:
    shop = "url:shop.example/name"
    one, other = ({"post_id": f"youtube:{n}", "object_keys": [f"youtube:{n}", shop]} for n in "vw")
    assert joined(one, other, level="loose") == [["youtube:v", "youtube:w"]]
    assert not joined(one, other)


def test_files_join_on_one_platform_and_pdq_hashes_anywhere() -> None:
    file, other = {"media_keys": ["3_77"]}, {"media_keys": ["77"]}
    assert reasons(file, other) == [("x:2", "x:1", "media", 1)]
    assert not joined(file, other | {"platform": "telegram"})
    assert not joined(file, other | {"kind": "reply"})
    near = [{"media_keys": ["pdq:" + "f0" * 32]}, {"object_keys": ["pdq:" + "f0" * 31 + "ff"]}]
    assert reasons(near[0], near[1] | {"platform": "vk"}) == [("x:2", "x:1", "picture", 0.98)]


def test_words_join_where_they_are_nearly_the_same() -> None:
    shouted = "@mayor " + SAID.upper() + " https://a.example #water"
    assert reasons({"text": SAID}, {"text": shouted}) == [("x:2", "x:1", "text", 1)]
    ((_, _, by, strength),) = reasons({"text": SAID}, {"text": SAID + " Please."})
    assert (by, 0.8 < strength < 1) == ("text", True)


def test_short_words_join_nothing() -> None:
    short = "The pump at the end of our street is dry, come and see"
    assert not joined({"text": short}, {"text": short})
    assert not joined({"text": "ha " * 200}, {"text": "ha " * 200})


def test_reports_that_differ_in_a_number_are_one_story_at_the_loose_level_only() -> None:
    told = [
        {"text": SAID},
        {"text": SAID.replace("four", "4")},
        {"text": SAID.replace("four", "5")},
    ]
    assert joined(*told, level="loose") == [["x:1", "x:2", "x:3"]]
    assert not joined(*told)


def test_the_most_trusted_join_is_told() -> None:
    both = carrying("url:a.example/1") | {"text": SAID}
    assert reasons(both, both) == [("x:2", "x:1", "address", 1)]


def test_a_post_of_two_links_joins_by_the_first_a_list_of_many_too() -> None:
    apart = carrying("url:a.example/1"), carrying("url:a.example/2"), carrying("youtube:v")
    both = carrying("url:a.example/1", "url:a.example/2")
    assert joined(*apart, both) == [["x:1", "x:4"]]
    assert joined(*apart, both, level="loose") == [["x:1", "x:2", "x:4"]]
    digest = carrying(*(f"url:a.example/{n}" for n in range(1, 5)), "youtube:v")
    for level in ("strict", "loose"):
        assert joined(*apart, digest, level=level) == [
            ["x:3", "x:4"]
        ]  # an id goes before addresses


@pytest.mark.parametrize("key", ["url:a.example", "url:x.com/name", "url:t.me/chan", "gdelt:7"])
def test_what_is_no_material_joins_nothing(key: str) -> None:
    assert not joined(*[carrying(key)] * 5, level="loose")


def test_what_a_repost_of_an_unknown_root_passes_on_joins() -> None:
    link = carrying("url:a.example/1")
    assert joined({"kind": "repost"} | link, link) == [["x:1", "x:2"]]
    assert joined(repost("x:99") | link, link) == [["x:2", "x:99"]]


def test_what_a_quote_links_to_does_not_join_the_cascade_it_stands_in() -> None:
    quote = {"kind": "quote", "parent_id": "x:1", "basis": "observed"}
    link = carrying("url:a.example/1")
    assert not joined({}, quote | link, link)
    assert not joined({}, quote, repost("x:2") | link, link)
    assert joined({}, quote, carrying("x:2")) == [["x:1", "x:3"]]  # who links to the quote is met


def test_appeals_are_kept_apart() -> None:
    told = posts(carrying("youtube:v") | {"text": SAID}, carrying("youtube:v") | {"text": SAID})
    apart = told.with_columns(appeal_id=pl.Series(["a", "b"]))
    assert members(apart).is_empty()


def test_a_story_sums_up_its_cascades() -> None:
    told = posts(
        {}, repost("x:1"), YOUTUBE | {"account_id": "youtube:acc"},
        carrying("youtube:v") | {"at": None}, repost("x:4"), {"kind": "reply", "parent_id": "x:1"},
        repost("x:99") | carrying("youtube:v") | {"root_account_id": "x:seen"},
    )  # fmt: skip
    whole, alone = summed(told).filter(pl.col("level") == "strict").to_dicts()
    assert whole == {
        "appeal_id": "a", "level": "strict", "story_id": "youtube:v", "cascades": 3, "posts": 4,
        "accounts": 5, "platforms": ["x", "youtube"], "first_at": at(3), "last_at": at(7),
        "joined_by": ["post"], "weakest": 1.0,
    }  # fmt: skip
    assert (alone["story_id"], alone["posts"], alone["joined_by"]) == ("x:1", 2, [])


KEYS = st.lists(
    st.sampled_from(["youtube:v", "url:a.example/1", "url:a.example/2", "x:1", "x:3"]),
    max_size=5,
    unique=True,
)

TEXTS = st.sampled_from([None, SAID, SAID.replace("pump", "well"), SAID[:150]])


@st.composite
def appeals(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw posts of all kinds that carry few keys and few texts."""
    told: list[dict[str, Any]] = []
    for n in range(draw(st.integers(2, 9))):
        kind = draw(
            st.sampled_from(["original", "original", "article", "reply", "repost", "quote"])
        )
        post: dict[str, Any] = {"kind": kind, "object_keys": draw(KEYS)}
        root = f"x:{draw(st.integers(0, n))}" if kind == "repost" and n else None
        parent = f"x:{draw(st.integers(1, n))}" if kind == "quote" and n else None
        told.append(
            post | {"root_id": root, "parent_id": parent, "basis": parent and "observed"}
            | {"text": draw(TEXTS)}
        )  # fmt: skip
    return told


def pairs(told: pl.DataFrame, most: int) -> set[frozenset[str]]:
    """Join by ids and addresses as one would by hand: each post with each other."""
    tops = dict(
        shares(told)
        .filter(pl.col("kind").is_in(["repost", "quote"]))
        .select("post_id", "root_id")
        .iter_rows()
    )
    graph: nx.Graph[str] = nx.Graph()
    carried: dict[str, set[str]] = {}
    for post in told.iter_rows(named=True):
        root = tops.get(post["post_id"]) or post["post_id"]
        keys = {root, post["post_id"]}
        if root == post["post_id"] or (post["kind"] == "repost" and post["root_id"] == root):
            own = {post["post_id"], *post["object_keys"][: post["kind"] == "article"]}
            links = list(dict.fromkeys(post["object_keys"]))
            links.sort(key=lambda key: (key not in own, key.startswith("url:")))
            keys |= set(links if len(links) <= most else links[:1])
        carried.setdefault(root, set()).update(keys)
    graph.add_nodes_from(carried)
    graph.add_edges_from(
        (a, b) for a, b in combinations(carried, 2) if carried[a] & carried[b] - {None}
    )
    return {frozenset(part) for part in nx.connected_components(graph) if len(part) > 1}


@given(appeals())
@settings(max_examples=150)
def test_keys_join_what_all_pairs_join(drawn: list[dict[str, Any]]) -> None:
    told = posts(*drawn).with_columns(text=pl.lit(None, pl.String))
    assert parts(told, "strict") == pairs(told, STRICT.links)
    assert parts(told, "loose") == pairs(told, LOOSE.links)


@given(appeals(), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_rows_does_not_matter(drawn: list[dict[str, Any]], random: Any) -> None:  # noqa: ANN401
    told = posts(*drawn)
    order = random.sample(range(told.height), told.height)
    assert_frame_equal(members(told[order]), members(told))
    assert_frame_equal(summed(told[order]), summed(told))


@given(appeals())
@settings(max_examples=40)
def test_what_is_joined_at_the_strict_level_is_joined_at_the_loose(
    drawn: list[dict[str, Any]],
) -> None:
    told = posts(*drawn)
    loose = parts(told, "loose")
    assert all(any(part <= whole for whole in loose) for part in parts(told, "strict"))


@given(appeals(), KEYS, st.sampled_from([None, SAID]), st.integers(-5, 20))
@settings(max_examples=60)
def test_a_further_post_splits_no_story(
    drawn: list[dict[str, Any]], keys: list[str], text: str | None, hours: int
) -> None:
    more = {"post_id": "x:77", "object_keys": keys, "text": text, "at": at(hours)}
    before, after = posts(*drawn), posts(*drawn, more)
    for level in ("strict", "loose"):
        wholes = parts(after, level)
        assert all(any(part <= whole for whole in wholes) for part in parts(before, level))


@given(appeals())
@settings(max_examples=60)
def test_every_story_holds_together_and_every_cascade_is_in_one(
    drawn: list[dict[str, Any]],
) -> None:
    told = posts(*drawn)
    found = members(told)
    for (_, story), part in found.group_by("level", "story_id"):
        ways: nx.Graph[str] = nx.Graph(
            part.drop_nulls("joined_to").select("root_id", "joined_to").rows()
        )
        assert set(ways) == set(part["root_id"])
        assert nx.is_tree(ways)
        assert part.filter(pl.col("joined_to").is_null())["root_id"].to_list() == [story]
    every = summed(told)
    for level in ("strict", "loose"):
        sums = every.filter(pl.col("level") == level)
        lone = posts_in_no_story(told, found.filter(pl.col("level") == level))
        assert sums["posts"].sum() == told.height - lone
        assert sums["posts"].min() is None or sums["last_at"].null_count() == 0


def posts_in_no_story(told: pl.DataFrame, found: pl.DataFrame) -> int:
    shared = shares(told).filter(pl.col("kind").is_in(["repost", "quote"]))
    rootless = shared.filter(pl.col("root_id").is_null())["post_id"].to_list()
    used = {*shared["root_id"], *found["root_id"]}
    answers = told.filter(pl.col("kind") == "reply")["post_id"].to_list()
    return sum(post not in used for post in rootless + answers)


@given(appeals())
@settings(max_examples=30)
def test_no_join_enters_a_tree(drawn: list[dict[str, Any]]) -> None:
    told = posts(*drawn)
    bare = told.with_columns(
        object_keys=pl.lit([], pl.List(pl.String)), text=pl.lit(None, pl.String)
    )
    assert_frame_equal(shaped(told), shaped(bare))


def shaped(told: pl.DataFrame) -> pl.DataFrame:
    shared = shares(told)
    choose = chosen(PARENT_MODELS.empty())
    found, _ = all_shapes(told, shared, ACCOUNTS.empty(), choose=choose, trees=10)
    return cascades(told, shared, found)


def test_an_object_in_every_post_takes_one_join_a_post() -> None:
    told = posts(*[carrying("youtube:v")] * 2000)
    found = members(told).filter(pl.col("level") == "strict")
    assert found.height == 2000
    assert found["joined_to"].unique().to_list().count("x:1") == 1
    assert found["joined_to"].drop_nulls().n_unique() == 1


def test_coverage_says_how_many_posts_have_words_to_compare() -> None:
    told = posts({"text": SAID}, {"text": "Help!"}, {}, repost("x:1"))
    empty = COUNTERS.empty(), ACCOUNTS.empty(), FOLLOWS.empty()
    (found,) = coverage(told, shares(told), *empty).filter(
        pl.col("what") == "posts with enough words to be compared"
    ).to_dicts()  # fmt: skip
    assert (found["held"], found["known"]) == (1, 3)


def test_no_posts_no_stories() -> None:
    assert members(POSTS.empty()).is_empty()
    assert summed(POSTS.empty()).is_empty()
