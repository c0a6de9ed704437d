"""Trees of retweets and replies: a node is a user and a tweet, its parent is the first one told."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.formats import Head
from collectors.exports.propagation_trees import FORMAT
from collectors.exports.sources import Source

TWEET = 1_700_000_000_000_000_000
REPLY = TWEET + 5_000_000_000
MADE = datetime(2010, 11, 4, 1, 42, 54, 657_000, tzinfo=UTC) + timedelta(milliseconds=TWEET >> 22)
ROOT = ("ROOT", "ROOT", "0.0")
SOURCE = ("1", str(TWEET), "0.0")


def node(uid: int, delay: float, tweet: int = TWEET) -> tuple[str, str, str]:
    return str(uid), str(tweet), str(delay)


def tree(*edges: tuple[tuple[str, str, str], tuple[str, str, str]]) -> str:
    return "".join(f"{list(parent)}->{list(child)}\n" for parent, child in edges)


def planted(folder: Path, *edges: tuple[tuple[str, str, str], tuple[str, str, str]]) -> Read:
    (folder / "tree.txt").write_text(tree((ROOT, SOURCE), *edges))
    return read(FORMAT, folder)


def test_a_retweet_bears_the_tweets_id_and_is_numbered(tmp_path: Path) -> None:
    done = planted(tmp_path, (SOURCE, node(2, 1.0)), (node(2, 1.0), node(3, 2.5)))
    names = ("post_id", "account_id", "kind", "parent_id", "root_id", "basis")
    assert done.rows["posts"].select(names).rows() == [
        (f"x:{TWEET}", "x:1", "original", None, None, None),
        (f"x:{TWEET}/retweet/1", "x:2", "repost", f"x:{TWEET}", f"x:{TWEET}", "observed"),
        (f"x:{TWEET}/retweet/2", "x:3", "repost", f"x:{TWEET}/retweet/1", f"x:{TWEET}", "observed"),
    ]


def test_no_account_stands_in_the_id_of_a_post(tmp_path: Path) -> None:
    done = planted(tmp_path, (SOURCE, node(987_654, 1.0)))
    assert not done.rows["posts"]["post_id"].str.contains("987654").any()


def test_a_reply_has_an_id_of_its_own(tmp_path: Path) -> None:
    done = planted(tmp_path, (SOURCE, node(2, 1.0, REPLY)))
    reply = done.rows["posts"].filter(kind="reply")
    assert reply.select("post_id", "parent_id", "parent_account_id").rows() == [
        (f"x:{REPLY}", f"x:{TWEET}", "x:1")
    ]


def test_times_are_those_of_the_roots_id_and_the_delay(tmp_path: Path) -> None:
    done = planted(tmp_path, (SOURCE, node(2, 1.5)))
    assert done.rows["posts"]["at"].to_list() == [MADE, MADE + timedelta(seconds=90)]


def test_a_root_before_the_source_tweet_counts_from_there(tmp_path: Path) -> None:
    root = node(1, -10.0)
    (tmp_path / "tree.txt").write_text(tree((ROOT, root), (root, node(2, 0.5, REPLY))))
    posts = read(FORMAT, tmp_path).rows["posts"]
    assert posts["at"].to_list() == [MADE, MADE + timedelta(minutes=10.5)]


def test_a_node_that_comes_again_keeps_its_first_parent(tmp_path: Path) -> None:
    done = planted(
        tmp_path, (SOURCE, node(2, 1.0)), (SOURCE, node(3, 2.0)), (node(2, 1.0), node(3, 2.0))
    )
    assert done.rows["posts"]["parent_id"].to_list()[2] == f"x:{TWEET}"
    assert list(done.lost("dropped", "rows").values()) == [1]


def test_loops_circles_and_loose_ends_are_left_out(tmp_path: Path) -> None:
    done = planted(
        tmp_path,
        (node(2, 1.0), node(2, 1.0)),
        (node(3, 1.0), node(4, 1.0)),
        (node(4, 1.0), node(3, 1.0)),
        (node(8, 1.0), node(9, 1.0)),
    )
    assert done.rows["posts"].height == 1
    assert done.lost("dropped", "rows") == {
        "a node that is its own parent": 1,
        "does not hang from the root of its tree": 3,
    }


def test_impossible_delays_are_kept_as_told_and_counted(tmp_path: Path) -> None:
    done = planted(tmp_path, (SOURCE, node(2, 5.0)), (node(2, 5.0), node(3, -1.0)))
    times = done.lost("unknown", "times")
    assert times["a child earlier than its parent: kept as told"] == 1
    assert times["a delay below zero: kept as told"] == 1
    assert done.rows["posts"]["at"].to_list()[2] == MADE - timedelta(minutes=1)


def test_an_id_older_than_timed_ids_tells_no_time(tmp_path: Path) -> None:
    (tmp_path / "tree.txt").write_text(tree((ROOT, ("1", "12345", "0.0"))))
    done = read(FORMAT, tmp_path)
    assert done.rows["posts"]["at"].to_list() == [None]
    assert done.lost("unknown", "times") == {"neither the root's id nor the delay tells a time": 1}


def test_labels_and_lines_that_are_no_edges_are_named(tmp_path: Path) -> None:
    (tmp_path / "label.txt").write_text(f"non-rumor:{TWEET}\nfalse:{REPLY}\n")
    (tmp_path / "tree.txt").write_text(tree((ROOT, SOURCE)) + "['2', '3'->[]\n\n")
    assert FORMAT.knows(Head.of(Source(tmp_path / "label.txt")))
    done = read(FORMAT, tmp_path)
    assert done.lost("unknown", "fields") == {"field label is not read": 2}
    assert done.place("is no line of a tree") == "tree.txt, line 2"


def test_one_retweet_in_two_trees_is_one_post(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(tree((ROOT, SOURCE), (SOURCE, node(2, 1.0))))
    (tmp_path / "b.txt").write_text(
        tree((ROOT, SOURCE), (SOURCE, node(3, 1.0)), (SOURCE, node(2, 1.0)))
    )
    done = read(FORMAT, tmp_path)
    assert done.rows["posts"].select("account_id", "post_id").rows() == [
        ("x:1", f"x:{TWEET}"),
        ("x:2", f"x:{TWEET}/retweet/1"),
        ("x:3", f"x:{TWEET}/retweet/2"),
    ]
    assert done.lost("merged", "rows") == {"a post of two trees: its place in the first is kept": 2}


def test_real_trees_have_the_sizes_that_the_oracle_tells(shared: Path) -> None:
    done = read(FORMAT, shared / "data" / "twitter15_16_trees" / "twitter16.tar.gz")
    posts = done.rows["posts"]
    assert posts["post_id"].n_unique() == posts.height
    elsewhere = sum(done.lost("merged", "rows").values())
    assert posts.height + elsewhere + sum(done.lost("dropped", "rows").values()) == 363_536
    assert done.lost("dropped", "rows")["a node that is its own parent"] == 953
    times = done.lost("unknown", "times")
    assert times["a child earlier than its parent: kept as told"] == 4_510
    root = pl.coalesce("root_id", "post_id").str.strip_prefix("x:")
    sizes = dict(posts.group_by(root.alias("tree")).len().iter_rows())
    with (shared / "oracles" / "cascade" / "twitter15_16_metrics.csv").open() as file:
        told = [row for row in csv.DictReader(file) if row["dataset"] == "twitter16"]
    assert sum(sizes.values()) + elsewhere == sum(int(row["size"]) for row in told)
    same = sum(sizes.get(row["tweet_id"]) == int(row["size"]) for row in told)
    assert same == len(told) - 10  # nine hang from an earlier tweet, which may root another tree


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    whole = tree((ROOT, SOURCE), (SOURCE, node(2, 1.0)), (node(2, 1.0), node(3, 2.0, REPLY)))
    survives(FORMAT, data.draw(damaged(whole.encode())))
