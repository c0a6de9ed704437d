"""Hoaxy's edges: every post is by the account that wrote it, whichever way its edge runs."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from reading import Read, read

from analytics.store import Store
from collectors.exports import import_files
from collectors.exports.hoaxy import FORMAT

HEADER = (
    "canonical_url,from_user_id,from_user_screen_name,to_user_id,to_user_screen_name,"
    "tweet_id,tweet_type,is_mention,tweet_created_at"
)
TIME = "2026-03-01T12:00:00.000Z"


def edges(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "edges.csv"
    path.write_text("\n".join((header, *(f"{row},{TIME}" for row in rows))) + "\n")
    return path


def told(done: Read, *names: str) -> list[tuple[object, ...]]:
    return done.rows["posts"].sort("post_id").select("post_id", *names).rows()


def test_a_repost_is_by_the_one_it_runs_to(tmp_path: Path) -> None:
    done = read(FORMAT, edges(tmp_path, "http://a.example,1,writer,2,sharer,50,retweet,FALSE"))
    names = ("account_id", "kind", "root_account_id", "parent_account_id", "basis", "parent_id")
    assert told(done, *names) == [("x:50", "x:2", "repost", "x:1", None, None, None)]
    assert done.rows["posts"]["at"].to_list() == [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    assert done.rows["posts"]["urls"].to_list() == [["http://a.example"]]


def test_a_quote_is_by_the_one_it_runs_to_and_its_parent_is_seen(tmp_path: Path) -> None:
    done = read(FORMAT, edges(tmp_path, "u,1,writer,2,sharer,50,quote,FALSE"))
    names = ("account_id", "kind", "root_account_id", "parent_account_id", "basis")
    assert told(done, *names) == [("x:50", "x:2", "quote", None, "x:1", "observed")]


def test_answers_and_mentions_are_by_the_one_they_run_from(tmp_path: Path) -> None:
    done = read(
        FORMAT,
        edges(
            tmp_path,
            "u,1,writer,2,answered,50,reply,FALSE",
            "u,1,writer,2,mentioned,51,origin,TRUE",
            "u,1,sharer,2,mentioned,52,retweet,TRUE",
        ),
    )
    assert told(done, "account_id", "kind", "parent_account_id", "root_account_id") == [
        ("x:50", "x:1", "reply", "x:2", None),
        ("x:51", "x:1", "original", None, None),
        ("x:52", "x:1", "repost", None, None),
    ]


def test_a_post_in_several_rows_is_read_from_the_row_that_tells_who_shared(tmp_path: Path) -> None:
    mention = "u,2,sharer,3,mentioned,50,retweet,true"
    shared = "u,1,writer,2,sharer,50,retweet,false"
    for rows in ((mention, shared), (shared, mention)):
        done = read(FORMAT, edges(tmp_path, *rows))
        assert told(done, "account_id", "root_account_id") == [("x:50", "x:2", "x:1")]
        assert done.losses.select("outcome", "count").rows() == [("dropped", 1)]


def test_a_file_that_does_not_tell_mentions_is_read_all_the_same(tmp_path: Path) -> None:
    header = "canonical_url,from_user_id,to_user_id,tweet_id,tweet_type,row,tweet_created_at"
    done = read(FORMAT, edges(tmp_path, "u,1,2,50,retweet,9", header=header))
    assert told(done, "account_id") == [("x:50", "x:2")]


def test_rows_without_an_id_a_time_or_a_known_type_are_refused(tmp_path: Path) -> None:
    path = edges(
        tmp_path,
        "u,1,a,2,b,50,origin,",
        "u,1,a,2,b,,reply,",
        "u,1,a,2,b,51,like,",
        ",,,,,52,quote,",
    )
    path.write_text(path.read_text() + "u,1,a,2,b,53,reply,,yesterday\n")
    done = read(FORMAT, path)
    assert told(done, "account_id", "urls") == [("x:50", "x:1", ["u"]), ("x:52", None, None)]
    assert done.lost("dropped", "rows") == {"lacks an id, a time or a known type": 3}
    assert done.place("lacks") == "edges.csv, row 3"


def test_ids_never_pass_through_numbers(tmp_path: Path) -> None:
    row = "u,007,a,18446744073709551617,b,00012345678901234567890,retweet,FALSE"
    done = read(FORMAT, edges(tmp_path, row))
    assert told(done, "account_id", "root_account_id") == [
        ("x:00012345678901234567890", "x:18446744073709551617", "x:007")
    ]


def test_real_exports_give_one_row_a_post(shared: Path, tmp_path: Path) -> None:
    report = import_files(tmp_path / "s", [shared / "data" / "hoaxy_2020"])
    posts = Store(tmp_path / "s").read("posts")
    rows = report.losses.filter(pl.col("what").is_in(["posts", "rows"]))
    assert rows.filter(outcome="kept")["count"].sum() == posts.height
    assert rows["count"].sum() == 9_344
    reposts = posts.filter(kind="repost")
    by_others = reposts["account_id"].ne_missing(reposts["root_account_id"]).sum()
    assert by_others > 0.99 * reposts.height > 0
