"""What counts as sharing an object, kind by kind, and CooRTweet's table of it."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from strategies import at, rows

from analytics.errors import FormatError, MeasureError
from analytics.sharing import as_coortweet, shared_objects
from analytics.store import Store
from analytics.tables import POSTS
from collectors.exports import import_files
from dashboards.export import export_store

COMMON = {"appeal_id": "a", "platform": "x", "source": "test", "account_id": "x:a"}
WORDS = "the pump at the end of our street has given no water since the first of may and nobody "
WORDS += "who could mend it has come to look at it, although the mayor was told about it in winter"


def shared_by(kind: str, *told: dict[str, Any]) -> list[tuple[str, str]]:
    posts = rows(POSTS, *({"kind": "original", "at": at(0)} | post for post in told), **COMMON)
    return shared_objects(posts, kind).select("object_id", "content_id").rows()


def test_a_repost_shares_its_root_and_a_quote_what_it_quotes() -> None:
    found = shared_by(
        "original",
        {"post_id": "x:1", "kind": "repost", "root_id": "x:0"},
        {"post_id": "x:2", "kind": "quote", "root_id": "x:0", "parent_id": "x:1"},
        {"post_id": "x:3", "kind": "repost", "parent_id": "x:1"},
        {"post_id": "x:4", "kind": "reply", "parent_id": "x:1"},
        {"post_id": "x:5", "kind": "repost"},
        {"post_id": "x:6"},
    )
    assert found == [("x:0", "x:1"), ("x:1", "x:2"), ("x:1", "x:3")]


def test_what_a_file_names_as_objects_counts_each() -> None:
    found = shared_by(
        "original",
        {
            "post_id": "x:1",
            "kind": "repost",
            "root_id": "x:o",
            "object_keys": ["object:o", "object:p"],
        },
        {"post_id": "x:2", "object_keys": ["object:2", "url:a.example/x"]},
    )
    assert found == [("x:o", "x:1"), ("x:p", "x:1"), ("x:2", "x:2")]


def test_links_count_as_far_as_they_name_material_and_are_no_reposts() -> None:
    keys = ["url:a.example", "url:a.example/news/1", "youtube:abc", "url:a.example/news/1", "pdq:0"]
    found = shared_by(
        "url",
        {"post_id": "x:1", "object_keys": keys},
        {"post_id": "x:2", "kind": "repost", "object_keys": keys},
    )
    assert found == [("url:a.example/news/1", "x:1")]


def test_hashtags_are_one_object_a_post_and_differ_in_no_capitals() -> None:
    found = shared_by(
        "hashtag",
        {"post_id": "x:1", "hashtags": ["Вода", "вода", "b"]},
        {"post_id": "x:2", "hashtags": ["b"]},
        {"post_id": "x:3"},
        {"post_id": "x:4", "hashtags": []},
    )
    assert found == [("вода b", "x:1"), ("b", "x:2")]


def test_media_are_the_platforms_keys_else_hashes() -> None:
    found = shared_by(
        "media",
        {"post_id": "x:1", "media_keys": ["3_1"], "object_keys": ["pdq:00", "url:a.example/x"]},
        {"post_id": "x:2", "object_keys": ["pdq:00"]},
    )
    assert found == [("3_1", "x:1"), ("pdq:00", "x:2")]


def test_words_that_are_nearly_the_same_are_one_object() -> None:
    found = shared_by(
        "text",
        {"post_id": "x:1", "text": WORDS},
        {"post_id": "x:2", "text": WORDS.upper() + " https://a.example #water"},
        {"post_id": "x:3", "text": WORDS + " again"},
        {"post_id": "x:4", "text": WORDS[::-1]},
        {"post_id": "x:5", "kind": "repost", "text": WORDS},
        {"post_id": "x:6", "text": "too short to tell"},
    )
    objects: dict[str, set[str]] = {}
    for name, post in found:
        objects.setdefault(name, set()).add(post)
    assert sorted(map(sorted, objects.values())) == [["x:1", "x:2", "x:3"], ["x:4"]]


@pytest.mark.parametrize("kind", ["original", "url", "hashtag", "media", "text"])
def test_no_posts_share_nothing(kind: str) -> None:
    assert shared_objects(POSTS.empty(), kind).is_empty()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(MeasureError, match="choose one of: original, url, hashtag, media, text"):
        shared_objects(POSTS.empty(), "video")


# CooRTweet's table

SHARES = (
    "object_id,account_id,content_id,timestamp_share\n"
    "o,a,c1,1000\no,b,c2,1001.5\np,b,c2,1001.5\nc3,a,c3,2000\n"
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "in.csv").write_text(SHARES)
    import_files(tmp_path / "s", [tmp_path / "in.csv"])
    return Store(tmp_path / "s")


def test_what_came_from_coortweet_goes_back(tmp_path: Path, store: Store) -> None:
    done = export_store(store, tmp_path / "out.csv", coortweet="original")
    assert done["counts"] == {"rows": 4}
    told = pl.read_csv(tmp_path / "out.csv")
    assert told.columns == ["object_id", "account_id", "content_id", "timestamp_share"]
    names = told.select("object_id", "content_id", "timestamp_share").rows()
    assert sorted(names) == [
        ("unknown:c3", "unknown:c3", 2000.0), ("unknown:o", "unknown:c1", 1000.0),
        ("unknown:o", "unknown:c2", 1001.5), ("unknown:p", "unknown:c2", 1001.5),
    ]  # fmt: skip
    assert told["account_id"].n_unique() == 2
    assert not set(told["account_id"]) & {"a", "b", "unknown:a", "unknown:b"}  # pseudonyms


@pytest.mark.parametrize(
    ("name", "kind", "fact"),
    [("out.csv", "url", "has no posts that share by url"), ("out.gexf", "original", "is no .csv")],
)
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, store: Store, name: str, kind: str, fact: str
) -> None:
    with pytest.raises(FormatError, match=fact):
        export_store(store, tmp_path / name, coortweet=kind)
    assert not (tmp_path / name).exists()


def test_shares_without_account_or_time_are_left_out() -> None:
    posts = rows(
        POSTS,
        {"post_id": "x:1", "kind": "repost", "root_id": "x:0", "at": at(0)},
        {"post_id": "x:2", "kind": "repost", "root_id": "x:0"},
        {"post_id": "x:3", "kind": "repost", "root_id": "x:0", "at": at(0), "account_id": None},
        **COMMON,
    )
    assert as_coortweet(shared_objects(posts, "original"))["content_id"].to_list() == ["x:1"]
