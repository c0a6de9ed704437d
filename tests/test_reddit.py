"""Reddit: trees of comments, stubs, deleted authors, crossposts, and dumps."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read, written

from analytics.store import Store
from collectors.exports import import_files
from collectors.exports.formats import Head, detect
from collectors.exports.reddit import CROSSPOSTED, FORMAT
from collectors.exports.sources import Source

AT = 1772366400
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POST: dict[str, Any] = {
    "id": "p1",
    "name": "t3_p1",
    "subreddit": "city",
    "author": "writer",
    "created_utc": float(AT),
    "created": AT + 28800.0,
    "title": "The square",
    "selftext": "See https://a.example/x. Thanks u/helper!",
    "url": "https://www.reddit.com/r/city/comments/p1/",
    "is_self": True,
    "score": 12,
    "likes": None,
    "num_comments": 3,
}
COMMENT: dict[str, Any] = {
    "id": "c1",
    "name": "t1_c1",
    "subreddit": "city",
    "author": "reader",
    "created_utc": AT,
    "body": "Good",
    "link_id": "t3_p1",
    "parent_id": "t3_p1",
    "score": -4,
    "replies": "",
}


def thing(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "data": data}


def listing(*things: dict[str, Any]) -> dict[str, Any]:
    return thing("Listing", {"after": None, "children": list(things)})


def answer(number: str, parent: str, **more: object) -> dict[str, Any]:
    told = {**COMMENT, "id": number, "name": f"t1_{number}", "parent_id": parent, **more}
    return thing("t1", told)


TREE = [
    listing(thing("t3", POST)),
    listing(
        thing("t1", {**COMMENT, "replies": listing(answer("c2", "t1_c1"))}),
        thing("more", {"count": 7, "children": ["c8"], "id": "c8", "parent_id": "t3_p1"}),
        thing("more", {"count": 0, "children": [], "id": "_", "parent_id": "t1_c1"}),
    ),
]
SAMPLE = json.dumps(TREE).encode()


def given_file(folder: Path, *documents: object) -> Path:
    return written(folder / "listing.json", *documents)


def told(done: Read, *names: str, what: str = "posts") -> list[tuple[object, ...]]:
    return done.rows[what].sort("post_id").select("post_id", *names).rows()


def test_a_tree_of_comments_is_read_to_its_leaves(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, TREE))
    assert told(done, "kind", "parent_id", "root_id", "basis") == [
        ("reddit:t1_c1", "comment", "reddit:t3_p1", "reddit:t3_p1", "observed"),
        ("reddit:t1_c2", "comment", "reddit:t1_c1", "reddit:t3_p1", "observed"),
        ("reddit:t3_p1", "original", None, None, None),
    ]
    assert done.rows["posts"]["at"].unique().to_list() == [NOON]


def test_a_stub_counts_the_comments_that_were_not_sent(tmp_path: Path) -> None:
    lost = read(FORMAT, given_file(tmp_path, TREE)).lost("unknown", "references")
    behind, elsewhere = sorted(lost.items())
    assert behind[0].startswith("comments behind a 'more' stub")
    assert behind[1] == 7
    assert elsewhere[0].startswith("threads that go on elsewhere")
    assert elsewhere[1] == 1


def test_words_links_and_names_come_from_title_and_text(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, listing(thing("t3", POST))))
    row = done.rows["posts"].row(0, named=True)
    assert row["text"] == "The square\n\nSee https://a.example/x. Thanks u/helper!"
    assert row["urls"] == ["https://a.example/x"]
    assert [key.rsplit("/", 1)[1] for key in row["object_keys"]] == ["x"]
    assert row["mentions"] == ["reddit:@helper"]
    assert row["hashtags"] is None


def test_a_link_that_was_posted_is_kept_and_html_is_undone(tmp_path: Path) -> None:
    post = {**POST, "is_self": False, "url": "http://b.example/?a=1&amp;b=2", "selftext": "",
            "title": "2 &lt; 3 &amp;amp;"}  # fmt: skip
    row = read(FORMAT, given_file(tmp_path, thing("t3", post))).rows["posts"].row(0, named=True)
    assert row["urls"] == ["http://b.example/?a=1&b=2"]
    assert row["text"] == "2 < 3 &amp;"


def test_deleted_authors_and_words_are_unknown_and_counted(tmp_path: Path) -> None:
    gone = answer("c3", "t3_p1", author="[deleted]", body="[removed]")
    done = read(FORMAT, given_file(tmp_path, listing(gone, answer("c4", "t3_p1", author=None))))
    assert told(done, "account_id", "text") == [
        ("reddit:t1_c3", None, None),
        ("reddit:t1_c4", None, "Good"),
    ]
    assert sum(done.lost("unknown", "accounts").values()) == 2
    assert sum(done.lost("unknown", "texts").values()) == 1
    assert done.rows["accounts"].height == 0


def test_numbers_keep_reddits_names_and_a_score_can_be_below_zero(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, TREE))
    shown = done.rows["numbers shown"].sort("post_id", "metric")
    assert shown.select("post_id", "metric", "value", "definition").rows() == [
        ("reddit:t1_c1", "likes", -4, "reddit score"),
        ("reddit:t1_c2", "likes", -4, "reddit score"),
        ("reddit:t3_p1", "likes", 12, "reddit score"),
        ("reddit:t3_p1", "replies", 3, "reddit num_comments"),
    ]
    assert shown["observed_at"].null_count() == 4


def test_a_hidden_score_is_no_number(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, answer("c5", "t3_p1", score=1, score_hidden=True)))
    assert done.rows["numbers shown"].is_empty()


def test_a_crosspost_has_an_observed_parent_which_is_kept_too(tmp_path: Path) -> None:
    crosspost = {
        **POST, "id": "p2", "name": "t3_p2", "crosspost_parent": "t3_p1", "is_self": False,
        "url": "/r/city/comments/p1/", "selftext": "", "crosspost_parent_list": [POST],
    }  # fmt: skip
    done = read(FORMAT, given_file(tmp_path, listing(thing("t3", crosspost))))
    assert told(done, "kind", "parent_id", "basis", "urls") == [
        ("reddit:t3_p2", "repost", "reddit:t3_p1", "observed",
         ["https://www.reddit.com/r/city/comments/p1/"]),
    ]  # fmt: skip
    assert told(done, "kind", what=CROSSPOSTED) == [("reddit:t3_p1", "original")]
    assert done.lost("unknown", "references") == {}


def test_what_is_named_and_in_no_file_is_counted(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, answer("c5", "t1_c4")))
    assert sum(done.lost("unknown", "references").values()) == 2  # the comment and the post


def test_dumps_are_read_line_by_line_with_the_time_of_their_numbers(tmp_path: Path) -> None:
    post = {k: v for k, v in POST.items() if k != "name"}
    lines = (
        {**post, "created_utc": str(AT), "retrieved_on": AT + 60},
        {**COMMENT, "name": None, "_meta": {"retrieved_2nd_on": AT + 90}, "retrieved_on": AT + 5},
    )
    path = given_file(tmp_path, *lines)
    path.write_text(path.read_text() + "\n{broken\n")
    done = read(FORMAT, path)
    assert told(done, "at") == [("reddit:t1_c1", NOON), ("reddit:t3_p1", NOON)]
    seen = done.rows["numbers shown"].select("post_id", "observed_at").unique().sort("post_id")
    assert [(post, int(at.timestamp()) - AT) for post, at in seen.rows()] == [
        ("reddit:t1_c1", 90),
        ("reddit:t3_p1", 60),
    ]
    assert sum(done.lost("dropped", "rows").values()) == 1


def test_a_parent_without_its_kind_is_unknown(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, {**COMMENT, "parent_id": 36363}))
    assert told(done, "parent_id", "root_id", "basis") == [
        ("reddit:t1_c1", None, "reddit:t3_p1", None)
    ]
    assert any("bare number" in reason for reason in done.lost("unknown", "references"))


def test_answers_of_morechildren_and_of_arctic_shift_are_read(tmp_path: Path) -> None:
    more = {"json": {"errors": [], "data": {"things": [answer("c9", "t3_p1")]}}}
    for document in (more, {"data": [{**COMMENT, "id": "c9", "name": "t1_c9"}]}):
        path = given_file(tmp_path, document)
        assert told(read(FORMAT, path)) == [("reddit:t1_c9",)]
        assert detect(Head.of(Source(path))) is FORMAT


def test_what_is_neither_post_nor_comment_is_counted(tmp_path: Path) -> None:
    odd = listing(thing("t5", {"id": "x"}), answer("c1", "t3_p1"), thing("t1", {"body": "no id"}))
    done = read(FORMAT, given_file(tmp_path, odd))
    assert done.lost("dropped", "rows") == {
        "neither a post nor a comment": 1,
        "a post or comment without an id": 1,
    }
    assert done.place("neither") == "listing.json, line 1, item 1"


def test_an_item_of_a_wrong_type_costs_only_itself(tmp_path: Path) -> None:
    lines = ({**COMMENT, "body": 7}, {**COMMENT, "id": "c2", "name": "t1_c2"})
    done = read(FORMAT, given_file(tmp_path, *lines))
    assert told(done) == [("reddit:t1_c2",)]
    assert done.place("not as Reddit writes it") == "listing.json, line 1"


def test_its_files_are_known_by_content(tmp_path: Path) -> None:
    for documents in ([TREE], [listing(thing("t3", POST))], [POST, POST], [COMMENT]):
        assert detect(Head.of(Source(given_file(tmp_path, *documents)))) is FORMAT


@given(data=st.data())
@settings(max_examples=50)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SAMPLE)))


def test_a_real_tree_is_read_whole(shared: Path) -> None:
    tree = shared / "data" / "reddit_api" / "test_replace__all_0.json"
    done = read(FORMAT, tree)
    posts = done.rows["posts"]
    assert posts["kind"].value_counts(sort=True).rows() == [("comment", 476), ("original", 1)]
    assert posts["account_id"].null_count() == 16
    assert sum(done.lost("unknown", "accounts").values()) == 16
    assert posts["parent_id"].null_count() == 1
    assert posts["at"].null_count() == 0


def test_real_stubs_are_counted_with_what_they_stand_for(shared: Path) -> None:
    tree = shared / "data" / "reddit_api" / "test_replace__all_0.json"
    stubs = [stub["data"]["count"] for stub in _stubs(json.loads(tree.read_text()))]
    assert len(stubs) == 18
    lost = read(FORMAT, tree).lost("unknown", "references")
    assert sorted(lost.values()) == sorted([sum(stubs), stubs.count(0)])


def _stubs(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    if isinstance(value, list):
        return [stub for item in value for stub in _stubs(item)]
    if not isinstance(value, dict):
        return []
    here = [value] if value.get("kind") == "more" else []
    return here + [stub for item in value.values() for stub in _stubs(item)]


def test_all_real_answers_go_into_one_store(shared: Path, tmp_path: Path) -> None:
    report = import_files(tmp_path / "s", [shared / "data" / "reddit_api"])
    posts = Store(tmp_path / "s").read("posts")
    assert posts["kind"].value_counts(sort=True).rows() == [("comment", 541), ("original", 11)]
    dropped = report.losses.filter(outcome="dropped")
    assert dropped["example"].to_list() == ["README.md"]
