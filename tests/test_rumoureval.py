"""Threads of replies: trees of ids, and times of those that could still be read."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.formats import Head, detect
from collectors.exports.rumoureval import FORMAT
from collectors.exports.sources import Source

TREES = {"1000001": {"1000001": {"1000002": {"1000003": []}, "1000004": []}, "1000005": []}}
TIMES: dict[str, Any] = {
    str(post): {"time": 1.4e9 + post, "text_len": 5}
    for post in (1_000_001, 1_000_002, 1_000_003, 1_000_005)
}


def threads(folder: Path, trees: Any = TREES, times: Any = TIMES) -> Read:  # noqa: ANN401
    for name, told in (("structures", trees), ("posts_time", times)):
        if told is not None:
            (folder / f"{name}.json").write_text(json.dumps(told))
            assert detect(Head.of(Source(folder / f"{name}.json"))) is FORMAT
    return read(FORMAT, folder)


def test_parents_and_roots_are_those_of_the_tree(tmp_path: Path) -> None:
    posts = threads(tmp_path).rows["posts"].sort("post_id")
    assert posts.select("post_id", "kind", "parent_id", "root_id", "basis").rows() == [
        ("x:1000001", "original", None, None, None),
        ("x:1000002", "reply", "x:1000001", "x:1000001", "observed"),
        ("x:1000003", "reply", "x:1000002", "x:1000001", "observed"),
        ("x:1000005", "reply", None, "x:1000001", None),
    ]
    assert posts["at"][0] == datetime.fromtimestamp(1_401_000_001, UTC)


def test_ids_without_a_post_are_references_and_no_posts(tmp_path: Path) -> None:
    done = threads(tmp_path)
    assert done.lost("unknown", "references") == {
        "no post of that id: deleted before it was read": 1,
        "the post that was answered is not told": 1,
    }


def test_trees_alone_give_posts_without_times(tmp_path: Path) -> None:
    done = threads(tmp_path, times=None)
    assert done.rows["posts"].height == done.rows["posts"]["at"].null_count() == 5
    assert sum(done.lost("unknown", "times").values()) == 5


def test_times_alone_and_times_that_are_none_are_counted(tmp_path: Path) -> None:
    alone = threads(tmp_path, trees=None)
    assert alone.rows["posts"].is_empty()
    assert alone.lost("dropped", "rows") == {"a time of a post that stands in no tree": 4}
    odd = threads(tmp_path, times=TIMES | {"1000002": {"time": "late"}})
    assert odd.rows["posts"].height == 4
    assert odd.lost("unknown", "times") == {"a time that cannot be read": 1}


def test_a_branch_that_is_no_tree_costs_only_itself(tmp_path: Path) -> None:
    done = threads(tmp_path, trees={"1000001": {"1000001": {"1000002": 7}}})
    assert done.rows["posts"].height == 2
    assert done.place("a branch") == "structures.json, line 1, thread 1"


def test_the_real_threads_agree_with_their_readme(shared: Path) -> None:
    folder = shared / "data" / "rumoureval2017_threads"
    done = read(FORMAT, folder / "structures.json", folder / "posts_time.json")
    posts = done.rows["posts"]
    assert posts.height == 4_519
    assert posts.filter(kind="original").height == 297
    assert sum(done.lost("unknown", "references").values()) == 341


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    whole = json.dumps(data.draw(st.sampled_from([TREES, TIMES]))).encode()
    survives(FORMAT, data.draw(damaged(whole)))
