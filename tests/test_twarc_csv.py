"""twarc-csv's table: what a repost's row shows is its original's; lists are JSON in cells."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports import import_files
from collectors.exports.formats import Head
from collectors.exports.sources import Source
from collectors.exports.twarc_csv import FORMAT

COLUMNS = (
    "id", "conversation_id", "referenced_tweets.replied_to.id", "referenced_tweets.retweeted.id",
    "referenced_tweets.quoted.id", "author_id", "in_reply_to_user_id", "in_reply_to_username",
    "retweeted_user_id", "retweeted_username", "quoted_user_id", "quoted_username", "created_at",
    "text", "lang", "public_metrics.impression_count", "public_metrics.reply_count",
    "public_metrics.retweet_count", "public_metrics.quote_count", "public_metrics.like_count",
    "public_metrics.bookmark_count", "entities.hashtags", "entities.mentions", "entities.urls",
    "attachments.media_keys", "author.id", "author.created_at", "author.username", "author.name",
    "author.public_metrics.followers_count", "author.public_metrics.following_count",
    "author.public_metrics.tweet_count", "geo.country", "__twarc.retrieved_at",
)  # fmt: skip
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEEN = datetime(2026, 3, 2, tzinfo=UTC)
SHOWN = {
    "public_metrics.like_count": "7",
    "public_metrics.retweet_count": "5",
    "public_metrics.impression_count": "0",
}


def row(number: str = "50", **more: str) -> dict[str, str]:
    return {
        "id": number,
        "author_id": "2",
        "author.id": "2",
        "author.username": "sharer",
        "created_at": "2026-03-01T12:00:00.000Z",
        "text": "words",
        "__twarc.retrieved_at": "2026-03-02T00:00:00+00:00",
    } | more


def repost(number: str = "51", **more: str) -> dict[str, str]:
    """Return a row as twarc-csv merges it: all but the author is the original's."""
    return row(number) | {
        "referenced_tweets.retweeted.id": "40",
        "retweeted_user_id": "1",
        "retweeted_username": "Writer",
        "text": "the original's words",
        "entities.mentions": '["@third"]',
        "entities.hashtags": '["#appeal"]',
    } | SHOWN | more  # fmt: skip


def table(folder: Path, *rows: dict[str, str], name: str = "posts.csv") -> Path:
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def told(done: Read, *names: str, what: str = "posts") -> list[tuple[Any, ...]]:
    return done.rows[what].select(*names).rows()


def numbers(done: Read) -> set[tuple[Any, ...]]:
    return set(told(done, "post_id", "metric", "value", what="numbers shown"))


def test_a_repost_names_its_original_and_no_parent(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, repost()))
    names = ("post_id", "account_id", "at", "kind", "root_id", "root_account_id", "parent_id")
    expected = ("x:51", "x:2", NOON, "repost", "x:40", "x:1", None)
    assert told(done, *names) == [expected]
    assert told(done, "basis", "collected_at") == [(None, SEEN)]


def test_quotes_and_replies_have_a_parent_that_was_seen(tmp_path: Path) -> None:
    quote = {"referenced_tweets.quoted.id": "40", "quoted_user_id": "1"}
    reply = {"referenced_tweets.replied_to.id": "41", "in_reply_to_user_id": "3"}
    done = read(FORMAT, table(tmp_path, row("52", **quote), row("53", **reply), row("54")))
    names = ("post_id", "kind", "parent_id", "parent_account_id", "basis", "root_id")
    assert told(done, *names) == [
        ("x:52", "quote", "x:40", "x:1", "observed", None),
        ("x:53", "reply", "x:41", "x:3", "observed", None),
        ("x:54", "original", None, None, None, None),
    ]


def test_a_post_that_quotes_and_answers_is_a_quote_and_that_is_noted(tmp_path: Path) -> None:
    both = {"referenced_tweets.quoted.id": "40", "referenced_tweets.replied_to.id": "41"}
    done = read(FORMAT, table(tmp_path, row("52", **both)))
    assert told(done, "kind", "parent_id") == [("quote", "x:40")]
    assert sum(done.lost("dropped", "links").values()) == 1


def test_numbers_beside_a_repost_are_its_originals(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, repost("51"), repost("52"), row("53", **SHOWN)))
    assert numbers(done) == {
        ("x:40", "likes", 7), ("x:40", "reposts", 5), ("x:53", "likes", 7), ("x:53", "reposts", 5)
    }  # fmt: skip
    assert done.rows["numbers shown"].height == 4
    names = ("definition", "observed_at")
    assert ("twarc-csv public_metrics.like_count", SEEN) in told(done, *names, what="numbers shown")


def test_words_and_mentions_beside_a_repost_are_not_its_own(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, repost(), row("52")))
    names = ("text", "mentions", "hashtags")
    assert told(done, *names) == [(None, None, ["appeal"]), ("words", [], [])]
    assert list(done.lost("dropped", "texts").values()) == [1]


def test_a_repost_that_was_not_merged_gives_only_its_reposts_to_the_original(
    tmp_path: Path,
) -> None:
    cut = "RT @Writer: the original's wor…"
    unseen = repost("52", retweeted_user_id="", retweeted_username="", text=cut)
    done = read(FORMAT, table(tmp_path, repost("51", text=cut), unseen))
    assert numbers(done) == {("x:40", "reposts", 5)}
    assert told(done, "text", "mentions") == [(cut, ["x:@third"])] * 2
    assert not done.lost("dropped", "texts")


def test_an_unmerged_reposts_words_are_left_to_an_original_with_a_row(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, repost("51", text="RT @writer: the"), row("40")))
    assert told(done, "post_id", "text") == [("x:51", None), ("x:40", "words")]
    assert not done.lost("unknown", "references")


def test_a_repost_of_a_repost_written_by_hand_is_still_merged(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, repost(text="RT @somebody: old words")))
    assert told(done, "text") == [(None,)]
    assert ("x:40", "likes", 7) in numbers(done)


def test_lists_in_cells_are_read_without_their_signs(tmp_path: Path) -> None:
    lists = {
        "entities.hashtags": json.dumps(["#Әділет", "#b"]),
        "entities.urls": json.dumps(["https://youtu.be/abcdefghijk", "pic.twitter.com/abc"]),
        "attachments.media_keys": json.dumps(["3_1"]),
    }
    done = read(FORMAT, table(tmp_path, row(**lists)))
    names = ("hashtags", "urls", "object_keys", "media_keys")
    assert told(done, *names) == [
        (["Әділет", "b"], ["https://youtu.be/abcdefghijk"], ["youtube:abcdefghijk"], ["3_1"])
    ]
    short = "a picture's short link: its media key is kept"
    assert done.lost("dropped", "links") == {short: 1}


def test_lists_left_as_the_api_has_them_are_read_too(tmp_path: Path) -> None:
    lists = {
        "entities.hashtags": json.dumps([{"start": 0, "tag": "a"}]),
        "entities.urls": json.dumps([{"expanded_url": "http://a.example", "url": "http://t.co/1"}]),
        "entities.mentions": json.dumps([{"username": "third", "id": "3"}, {"username": "four"}]),
    }
    done = read(FORMAT, table(tmp_path, row(**lists)))
    expected = (["a"], ["http://a.example"], ["x:3", "x:@four"])
    assert told(done, "hashtags", "urls", "mentions") == [expected]


def test_a_broken_list_costs_only_itself(tmp_path: Path) -> None:
    rows = [
        row("50", **{"entities.hashtags": "['#a']"}),
        row("51", **{"entities.hashtags": '["#b"]'}),
    ]
    done = read(FORMAT, table(tmp_path, *rows))
    assert told(done, "hashtags") == [([],), (["b"],)]
    reason = "entities.hashtags cannot be read: left empty"
    assert done.lost("unknown", "values") == {reason: 1}


def test_a_mentioned_name_becomes_an_id_if_any_file_tells_it(tmp_path: Path) -> None:
    first = table(tmp_path, row("50", **{"entities.mentions": '["@THIRD", "@nobody"]'}))
    second = table(tmp_path, row("60", **{"author.id": "3", "author.username": "third"}), name="b")
    done = read(FORMAT, first, second)
    assert (["x:3", "x:@nobody"],) in told(done, "mentions")


def test_line_breaks_of_a_text_are_restored(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, row(text="one\\ntwo")))
    assert told(done, "text") == [("one\ntwo",)]


def test_authors_are_seen_when_the_row_was_and_others_by_name_only(tmp_path: Path) -> None:
    seen = {
        "author.name": "A Sharer",
        "author.created_at": "2020-01-01T00:00:00.000Z",
        "author.public_metrics.followers_count": "12.0",
        "author.public_metrics.following_count": "0",
        "author.public_metrics.tweet_count": "3",
    }
    done = read(FORMAT, table(tmp_path, repost("51", **seen), repost("52", **seen)))
    names = ("account_id", "handle", "name", "followers", "following", "posts", "observed_at")
    assert told(done, *names, what="accounts") == [
        ("x:2", "sharer", "A Sharer", 12, 0, 3, SEEN),
        ("x:1", "Writer", None, None, None, None, SEEN),
    ]


def test_numbers_that_were_not_shown_are_not_zero(tmp_path: Path) -> None:
    shown = {"public_metrics.like_count": "0.0", "public_metrics.reply_count": ""}
    done = read(FORMAT, table(tmp_path, row(**shown)))
    assert numbers(done) == {("x:50", "likes", 0)}


def test_ids_that_a_spreadsheet_rounded_are_refused(tmp_path: Path) -> None:
    rows = [row("1.40888E+18"), row("1408876829491015681"), row("")]
    done = read(FORMAT, table(tmp_path, *rows))
    assert told(done, "post_id") == [("x:1408876829491015681",)]
    assert done.place("has no whole id") == "posts.csv, row 2"
    assert sum(done.lost("dropped", "rows").values()) == 2


def test_a_rounded_reference_is_left_empty(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, repost(**{"referenced_tweets.retweeted.id": "1.4E+18"})))
    assert told(done, "root_id", "kind") == [(None, "original")]
    reason = "an id that is no whole number: left empty"
    assert done.lost("unknown", "references") == {reason: 1}


def test_an_unreadable_time_is_unknown(tmp_path: Path) -> None:
    done = read(FORMAT, table(tmp_path, row(created_at="yesterday")))
    assert told(done, "at") == [(None,)]
    assert list(done.lost("unknown", "times").values()) == [1]


def test_texts_that_were_written_as_json_are_read(tmp_path: Path) -> None:
    quoted = {name: json.dumps(value) for name, value in row(text='say "да"\n').items()}
    done = read(FORMAT, table(tmp_path, quoted | {"entities.hashtags": '["#a"]'}))
    names = ("post_id", "account_id", "at", "text", "hashtags")
    assert told(done, *names) == [("x:50", "x:2", NOON, 'say "да"\n', ["a"])]


def test_posts_that_have_no_row_and_fields_that_are_not_read_are_counted(tmp_path: Path) -> None:
    rows = [repost("51"), repost("52", **{"geo.country": "Italy"})]
    done = read(FORMAT, table(tmp_path, *rows))
    reason = "not in these files: deleted, protected, or not asked for"
    assert done.lost("unknown", "references") == {reason: 1}
    assert done.place("not in these files") == "posts.csv, row 2"
    assert done.lost("unknown", "fields") == {"field geo.country is not read": 1}


def test_a_table_without_its_authors_columns_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text(
        "id,author_id,created_at,public_metrics.like_count\n5,2,2026-03-01T12:00:00.000Z,1\n"
    )
    assert FORMAT.knows(Head.of(Source(path)))
    done = read(FORMAT, path)
    assert told(done, "post_id", "account_id", "text") == [("x:5", "x:2", None)]
    assert done.rows["accounts"].is_empty()


@pytest.mark.parametrize("header", ["id,author_id,created_at,body", "id,text,public_metrics.x"])
def test_other_tables_are_not_its_own(tmp_path: Path, header: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(f"{header}\n1,2,3,4\n")
    assert not FORMAT.knows(Head.of(Source(path)))


def test_real_tables_are_kept_whole(shared: Path, tmp_path: Path) -> None:
    files = sorted((shared / "oracles" / "twarc").glob("*.twarc-csv.csv"))
    report = import_files(tmp_path / "s", files)
    rows = report.losses
    posts = rows.filter(what="posts")
    assert posts["count"].sum() == 1_794  # kept, or merged: some files hold the same posts
    assert posts.filter(outcome="dropped").is_empty()
    assert report.files["format"].unique().to_list() == ["twarc-csv"]


def _sample() -> bytes:
    with TemporaryDirectory() as folder:
        lists = {"entities.mentions": '["@writer"]', "entities.urls": '["http://a.example"]'}
        return table(Path(folder), row(**SHOWN), repost(), row("52", **lists)).read_bytes()


@given(content=damaged(_sample()))
@settings(max_examples=50)
def test_damaged_tables_are_read_or_refused_and_nothing_else(content: bytes) -> None:
    survives(FORMAT, content)


CELLS = st.text(max_size=8) | st.sampled_from(
    [
        "",
        " ",
        "nan",
        "1e300",
        "9" * 30,
        "-1",
        "x:\n",
        '"',
        "[]",
        "[1]",
        "[[[",
        '["a"]',
        "null",
        "{}",
    ]
)


@given(data=st.data())
@settings(max_examples=50)
def test_any_cell_is_read_or_refused(data: st.DataObject) -> None:
    cells = {name: data.draw(CELLS) for name in data.draw(st.sets(st.sampled_from(COLUMNS)))}
    with TemporaryDirectory() as folder:
        clean = {k: v.encode(errors="replace").decode() for k, v in cells.items()}
        content = table(Path(folder), repost(), row("52") | clean).read_bytes()
    survives(FORMAT, content)
