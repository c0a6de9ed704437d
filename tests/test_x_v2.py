"""X API v2: every shape that twarc2 and academictwitteR write, and what each number belongs to."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from reading import Read, read, written

from analytics.store import Store
from collectors.exports import import_files
from collectors.exports.documents import BROKEN
from collectors.exports.formats import Head
from collectors.exports.sources import Source
from collectors.exports.x_v2 import ASKED, FORMAT, REFERRED

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RETRIEVED = {"retrieved_at": "2026-03-02T00:00:00+00:00"}


def post(number: int, by: int = 7, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "id": str(number),
        "author_id": str(by),
        "created_at": "2026-03-01T12:00:00.000Z",
        "text": f"words of {number}",
    } | more


def user(number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"id": str(number), "username": f"user{number}", "name": f"User {number}"} | more


def link(kind: str, number: int) -> list[dict[str, str]]:
    return [{"type": kind, "id": str(number)}]


def reposted(number: int, original: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return post(number, referenced_tweets=link("retweeted", original), **more)


def rows_of(done: Read, what: str, *columns: str) -> list[Any]:
    return done.rows[what].select(*columns).rows()


def counters(done: Read) -> set[tuple[str, str, int]]:
    return set(done.rows["numbers shown"].select("post_id", "metric", "value").iter_rows())


PAGE = {
    "data": [post(2, 8, referenced_tweets=link("quoted", 1))],
    "includes": {"users": [user(7), user(8)], "tweets": [post(1)]},
    "__twarc": RETRIEVED,
}
SINGLE = PAGE | {"data": PAGE["data"][0]}  # type: ignore[index]
FLATTENED = post(
    2,
    8,
    author=user(8),
    referenced_tweets=[{"type": "quoted", **post(1), "author": user(7)}],
    __twarc=RETRIEVED,
)
ARRAY = [post(2, 8, referenced_tweets=link("quoted", 1))]
INCLUDES = {"users": [user(7), user(8)], "tweets": [post(1)]}


@pytest.mark.parametrize(
    ("shape", "documents"),
    [
        ("a page", [[PAGE]]),
        ("a single post of a stream", [[SINGLE]]),
        ("a flattened post", [[FLATTENED]]),
        ("an array and its includes", [[ARRAY], [INCLUDES]]),
    ],
)
def test_every_shape_tells_the_same(tmp_path: Path, shape: str, documents: list[Any]) -> None:
    files = [written(tmp_path / f"{n}.json", *each) for n, each in enumerate(documents)]
    done = read(FORMAT, *files)
    asked = ("x:2", "x:8", NOON, "quote", "x:1", "x:7", "observed", "words of 2")
    names = ("post_id", "account_id", "at", "kind", "parent_id", "parent_account_id", "basis")
    assert rows_of(done, ASKED, *names, "text") == [asked], shape
    assert rows_of(done, REFERRED, "post_id", "account_id", "kind") == [("x:1", "x:7", "original")]
    assert set(done.rows["accounts"]["handle"]) == {"user7", "user8"}
    assert done.losses.is_empty()


def test_an_array_may_be_packed_indented_and_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps(ARRAY, indent=1).encode()))
    assert rows_of(read(FORMAT, path), ASKED, "post_id") == [("x:2",)]


def test_blank_lines_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "stream.jsonl"
    path.write_text("\n\n" + json.dumps(post(1)) + "\n\n" + json.dumps(post(2)) + "\n")
    done = read(FORMAT, path)
    assert done.rows[ASKED]["post_id"].to_list() == ["x:1", "x:2"]
    assert done.losses.is_empty()


def test_r_writes_an_empty_list_as_a_mapping(tmp_path: Path) -> None:
    empty: dict[str, Any] = {}
    more = {
        "referenced_tweets": empty,
        "entities": {"urls": empty, "hashtags": empty},
        "attachments": {"media_keys": empty},
    }
    page = {"data": [post(1) | more], "includes": {"users": empty, "tweets": empty}}
    done = read(FORMAT, written(tmp_path / "page", page | {"errors": empty}))
    names = ("kind", "urls", "hashtags", "media_keys")
    assert rows_of(done, ASKED, *names) == [("original", [], [], [])]


def test_old_and_new_member_names_are_read_alike(tmp_path: Path) -> None:
    old = post(2, referenced_tweets=link("retweeted", 1), public_metrics={"retweet_count": 5})
    new = post(2, referenced_posts=link("reposted", 1), public_metrics={"repost_count": 5})
    both = old | new | {"public_metrics": {"retweet_count": 5, "repost_count": 5}}
    read_alike = [read(FORMAT, written(tmp_path / "p", {"data": [p]})) for p in (old, new, both)]
    for done in read_alike:
        assert rows_of(done, ASKED, "kind", "root_id", "parent_id") == [("repost", "x:1", None)]
        assert counters(done) == {("x:1", "reposts", 5)}
        assert not done.lost("dropped", "links")


def test_reposts_shown_beside_a_repost_are_the_originals(tmp_path: Path) -> None:
    shown = {"retweet_count": 9, "like_count": 0, "reply_count": 0}
    page = {"data": [reposted(2, 1, public_metrics=shown), post(3, public_metrics=shown)]}
    done = read(FORMAT, written(tmp_path / "page", page))
    assert counters(done) == {
        ("x:1", "reposts", 9),
        ("x:3", "reposts", 9),
        ("x:3", "likes", 0),
        ("x:3", "replies", 0),
    }


def test_a_repost_of_nothing_named_gives_its_numbers_to_nobody(tmp_path: Path) -> None:
    nameless = [{"type": "retweeted"}]
    page = {"data": [post(2, referenced_tweets=nameless, public_metrics={"retweet_count": 9})]}
    done = read(FORMAT, written(tmp_path / "page", page))
    assert rows_of(done, ASKED, "kind", "root_id") == [("repost", None)]
    assert counters(done) == set()


def test_a_reposts_cut_text_is_left_to_an_original_that_is_there(tmp_path: Path) -> None:
    page = {"data": [reposted(2, 1), reposted(4, 3)], "includes": {"tweets": [post(1)]}}
    done = read(FORMAT, written(tmp_path / "page", page))
    assert rows_of(done, ASKED, "post_id", "text") == [("x:2", None), ("x:4", "words of 4")]


def test_a_long_post_is_read_to_its_end(tmp_path: Path) -> None:
    entities = {"hashtags": [{"tag": "late"}], "urls": [{"expanded_url": "https://a.example/b"}]}
    note = {"text": "words " * 100, "entities": entities}
    done = read(FORMAT, written(tmp_path / "page", {"data": [post(1, note_tweet=note)]}))
    names = ("text", "hashtags", "urls", "object_keys")
    told = (note["text"], ["late"], ["https://a.example/b"], ["url:a.example/b"])
    assert rows_of(done, ASKED, *names) == [told]


def test_no_impressions_means_that_none_were_reported(tmp_path: Path) -> None:
    shown = {"impression_count": 0, "like_count": 0}
    seen = {"impression_count": 3}
    page = {"data": [post(1, public_metrics=shown), post(2, public_metrics=seen)]}
    done = read(FORMAT, written(tmp_path / "page", page))
    assert counters(done) == {("x:1", "likes", 0), ("x:2", "views", 3)}


def test_a_quote_that_also_answers_is_a_quote_and_the_answer_is_counted(tmp_path: Path) -> None:
    links = link("replied_to", 1) + link("quoted", 3)
    done = read(FORMAT, written(tmp_path / "page", {"data": [post(2, referenced_tweets=links)]}))
    assert rows_of(done, ASKED, "kind", "parent_id") == [("quote", "x:3")]
    reason = "a quote that also answers: kept as a quote, the answer's link is not"
    assert done.lost("dropped", "links") == {reason: 1}


def test_an_answer_names_whom_it_answers(tmp_path: Path) -> None:
    answer = post(2, referenced_tweets=link("replied_to", 1), in_reply_to_user_id="5")
    done = read(FORMAT, written(tmp_path / "page", {"data": [answer]}))
    names = ("kind", "parent_id", "parent_account_id", "basis")
    assert rows_of(done, ASKED, *names) == [("reply", "x:1", "x:5", "observed")]


def test_a_broken_line_is_set_aside_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "stream.jsonl"
    deep = b'{"id": "3", "author_id": "7", "x": ' + b"[" * 9000 + b"]" * 9000 + b"}"
    lines = [post(1), post(2)]
    good = [json.dumps(line).encode() for line in lines]
    path.write_bytes(b"\n".join([good[0], good[1][:40], b'{"id": "\xff"}', deep, good[1]]))
    done = read(FORMAT, path)
    assert done.rows[ASKED]["post_id"].to_list() == ["x:1", "x:2"]
    assert done.lost("dropped", "rows") == {BROKEN: 3}
    assert done.place(BROKEN) == "stream.jsonl, line 2"


def test_a_line_with_a_wrong_type_is_set_aside_with_the_fact(tmp_path: Path) -> None:
    path = written(tmp_path / "p.jsonl", post(1), post(2) | {"id": 2}, post(3, lang=["en"]))
    done = read(FORMAT, path)
    assert done.rows[ASKED]["post_id"].to_list() == ["x:1"]
    assert done.lost("dropped", "rows") == {
        "not as X's API writes it (Expected `str | null`, got `int` - at `$.id`)": 1,
        "not as X's API writes it (Expected `str | null`, got `array` - at `$.lang`)": 1,
    }
    assert done.losses["example"].to_list() == ["p.jsonl, line 2", "p.jsonl, line 3"]


def test_a_number_too_large_for_a_table_is_no_number(tmp_path: Path) -> None:
    shown = {"like_count": 2**63}
    done = read(FORMAT, written(tmp_path / "p", post(1, public_metrics=shown), post(2)))
    assert done.rows[ASKED]["post_id"].to_list() == ["x:2"]
    assert done.losses.filter(outcome="dropped")["count"].sum() == 1


def test_of_a_truncated_array_all_that_is_whole_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "data_1.json"
    path.write_text(json.dumps([post(1), post(2)])[:-20])
    done = read(FORMAT, path)
    assert done.rows[ASKED]["post_id"].to_list() == ["x:1"]
    assert done.lost("dropped", "rows") == {BROKEN: 1}
    assert done.place(BROKEN) == "data_1.json, at its end"


def test_of_a_page_only_the_item_of_a_wrong_type_is_lost(tmp_path: Path) -> None:
    page = {
        "data": [post(1), post(2, lang=["en"]), post(3)],
        "includes": {"users": [user(7), user(8) | {"name": 8}], "tweets": [post(4), [5]]},
    }
    done = read(FORMAT, written(tmp_path / "p.jsonl", page, page))
    assert done.rows[ASKED]["post_id"].to_list() == ["x:1", "x:3"] * 2
    assert done.rows[REFERRED]["post_id"].to_list() == ["x:4"] * 2
    assert sum(done.lost("dropped", "rows").values()) == 6
    assert "not as X's API writes it (Expected `str | null`, got `array` - at `$.lang`)" in (
        done.lost("dropped", "rows")
    )


def test_a_packed_file_that_ends_too_early_gives_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "stream.gz"
    lines = b"\n".join(json.dumps(post(n)).encode() for n in range(20_000))
    path.write_bytes(gzip.compress(lines, 1)[:-2000])
    done = read(FORMAT, path)
    assert 0 < done.rows[ASKED].height < 20_000
    assert sum(done.lost("dropped", "files").values()) == 1


def test_a_post_without_its_author_is_kept_and_what_is_no_post_is_counted(tmp_path: Path) -> None:
    bare = {"id": "1", "text": "asked for without expansions"}
    compliance = {"id": "2", "action": "delete"}
    done = read(FORMAT, written(tmp_path / "p", {"data": [bare, compliance, post(3)]}))
    assert rows_of(done, ASKED, "post_id", "account_id") == [("x:1", None), ("x:3", "x:7")]
    assert done.lost("dropped", "rows") == {"neither a post nor an account": 1}


def test_empty_ids_are_no_ids(tmp_path: Path) -> None:
    page = {
        "data": [post(1) | {"id": " "}, post(2) | {"author_id": ""}],
        "includes": {"users": [user(7) | {"id": ""}]},
    }
    done = read(FORMAT, written(tmp_path / "p", page))
    assert rows_of(done, ASKED, "post_id", "account_id") == [("x:2", None)]
    assert done.rows["accounts"].is_empty()


def test_references_that_are_not_there_are_counted_once_each(tmp_path: Path) -> None:
    refused = {"title": "Not Found Error", "resource_id": "9"}
    pages = [
        {"data": [reposted(2, 9), reposted(3, 9)], "errors": [refused]},
        {"data": [reposted(4, 1), reposted(5, 8)], "includes": {"tweets": [post(1)]}},
    ]
    done = read(FORMAT, written(tmp_path / "pages.jsonl", *pages))
    assert done.lost("unknown", "references") == {
        "refused by the platform: Not Found Error": 1,
        "not in these files: deleted, protected, or not asked for": 2,
    }
    assert done.place("not in these files") == "pages.jsonl, line 1"


def test_members_that_are_not_read_are_named_with_their_counts(tmp_path: Path) -> None:
    page = {"data": [post(1, geo={}), post(2, geo={}, withheld={})]}
    done = read(FORMAT, written(tmp_path / "p.jsonl", page, post(3, geo={})))
    assert done.lost("unknown", "fields") == {
        "field geo is not read": 3,
        "field withheld is not read": 1,
    }


def test_times_that_cannot_be_read_are_unknown_and_counted(tmp_path: Path) -> None:
    times = ["yesterday", "", "99999-01-01T00:00:00.000Z", "2026-03-01T12:00:00+00:00"]
    page = {"data": [post(n) | {"created_at": at} for n, at in enumerate(times, 1)]}
    done = read(FORMAT, written(tmp_path / "p", page))
    assert done.rows[ASKED]["at"].to_list() == [None, None, None, NOON]
    assert done.lost("unknown", "times") == {"no readable time: kept, but without one": 3}


def test_ids_never_pass_through_numbers(tmp_path: Path) -> None:
    ids = ["00012345678901234567890", "18446744073709551617"]
    page = {"data": [post(0) | {"id": each} for each in ids]}
    done = read(FORMAT, written(tmp_path / "p", page))
    assert done.rows[ASKED]["post_id"].to_list() == [f"x:{each}" for each in ids]


def test_files_of_includes_are_read_before_the_posts_that_lean_on_them(tmp_path: Path) -> None:
    first = written(tmp_path / "a.json", [reposted(2, 1)])
    second = written(tmp_path / "z.json", INCLUDES)
    done = read(FORMAT, first, second)
    assert rows_of(done, ASKED, "root_account_id", "text") == [("x:7", None)]


@pytest.mark.parametrize(
    "foreign",
    [
        b'{"id_str": "1", "created_at": "", "author_id": 1}',
        b'[{"name": "left-pad", "version": "1.0"}]',
        b"id,author_id,created_at\n1,2,3\n",
    ],
)
def test_other_files_are_not_taken_for_it(foreign: bytes) -> None:
    assert not FORMAT.knows(Head(Source(Path("data_1.json")), foreign))


# the real samples


@pytest.fixture(scope="module")
def hongkong(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Import the real pages twice; the report of the second time lies beside the store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROUNDSWELL_KEYS", str(tmp_path_factory.mktemp("keys")))
        path = tmp_path_factory.mktemp("hk") / "store"
        folder = shared / "data" / "x_v2_standwithhongkong" / "hk2"
        first = import_files(path, [folder])
        first.losses.write_parquet(path.parent / "first")
        before = Store(path).versions()
        again = import_files(path, [folder])
        again.losses.write_parquet(path.parent / "again")
        after = Store(path).versions()
        measured = ("posts", "accounts", "counters")
        assert {n: after[n] for n in measured} == {n: before[n] for n in measured}
    return path


def counted(losses: Path, outcome: str, what: str) -> int:
    return int(pl.read_parquet(losses).filter(outcome=outcome, what=what)["count"].sum())


def test_real_pages_give_the_posts_they_are_known_to_hold(hongkong: Path) -> None:
    first = hongkong.parent / "first"
    assert counted(first, "kept", ASKED) == 3_498
    assert counted(first, "kept", REFERRED) == 480
    losses = pl.read_parquet(first)
    met = losses.filter(pl.col("reason").str.contains("^(held|completed)"), outcome="merged")
    assert met.filter(pl.col("what").is_in([REFERRED, "posts"]))["count"].sum() == 171
    posts = Store(hongkong).read("posts")
    assert posts.height == 3_978
    named = posts.filter(kind="repost", root_id="x:1407331905959677036")
    assert named["account_id"].n_unique() == named.height == 961


def test_real_pages_hold_each_kind_as_often_as_counted(shared: Path) -> None:
    folder = shared / "data" / "x_v2_standwithhongkong" / "hk2"
    done = read(FORMAT, *sorted(folder.glob("*.json")))
    kinds = done.rows[ASKED]["kind"].value_counts()
    counts = dict(kinds.iter_rows())
    assert counts["repost"] == 2_523
    assert sum(counts.values()) == 3_498
    assert counts["quote"] + counts["reply"] + counts["original"] == 975
    assert counts["quote"] == 269  # a quote that also answers is a quote
    assert done.rows[REFERRED]["post_id"].n_unique() == 651


def test_real_pages_imported_again_are_all_merged(hongkong: Path) -> None:
    again = pl.read_parquet(hongkong.parent / "again")
    assert again.filter(outcome="kept").is_empty()
    for what in ("accounts", ASKED, REFERRED, "numbers shown"):
        assert counted(hongkong.parent / "again", "merged", what) > 0
    assert counted(hongkong.parent / "again", "merged", REFERRED) == 1_076  # and one copy differs


def test_every_shape_among_the_real_fixtures_is_imported(shared: Path, tmp_path: Path) -> None:
    report = import_files(tmp_path / "store", [shared / "data" / "x_v2_fixtures"])
    read_files = report.files.drop_nulls("format")
    assert read_files.height == 23
    unread = report.files.filter(pl.col("format").is_null())["file"].to_list()
    assert "README.md" in unread
    assert "empty.json" in unread
    broken = report.losses.filter(reason=BROKEN)
    assert broken["example"].to_list() == ["streaming_output_with_error.jsonl, line 8"]


# edits


def test_an_edited_post_is_a_change_of_the_versions_before_it(tmp_path: Path) -> None:
    told = {
        "id": "12", "author_id": "7", "created_at": "2026-03-01T12:00:00.000Z", "text": "better",
        "edit_history_tweet_ids": ["11", "12"],
    }  # fmt: skip
    plain = told | {"id": "13", "edit_history_tweet_ids": ["13"]}
    done = read(FORMAT, written(tmp_path / "f", {"data": [told, plain]}))
    row = done.rows["edits"].select("post_id", "what", "text", "account_id").row(0)
    assert row == ("x:11", "edited", "better", "x:7")
    assert done.rows["edits"].height == 1
    assert done.rows["edits"]["at"].dt.hour().item() == 12
