"""What twarc's own tools make of twelve real files, edge for edge and row for row.

twarc-network draws an edge from whoever reposts, quotes, answers or mentions to the one who is
reposted and so on. It draws none to a post that did not come with the file, and none for the
``@name`` that X itself puts before a repost. Two things differ, both by design: a post that quotes
and answers keeps one link with us, the quote's; and the peer writes hashtags in small letters.
"""

import ast
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest
from reading import Read, read

from collectors.exports import twarc_csv, x_v2
from collectors.exports.x_v2 import ASKED, REFERRED

CRASHED = {
    ("flat", "user"), ("noflat", "user"), ("withheld", "user"), ("withheld", "tweet"),
    ("withheld", "hashtag"),
}  # fmt: skip
NAMES = (
    "2sets", "brexit", "edited_after", "entities_test", "flat", "geo_tweets", "kpop", "many_urls",
    "noflat", "quoted_edit", "tweets", "withheld",
)  # fmt: skip
OF_ANOTHER_PAGE = {"withheld": 10}  # posts whose original twarc-csv did not find
WORDS = {"repost": "retweet"}  # the peer's words for kinds of posts, where they are not ours
METRICS = {
    "retweet_count": "reposts",
    "reply_count": "replies",
    "like_count": "likes",
    "quote_count": "quotes",
    "bookmark_count": "bookmarks",
    "impression_count": "views",
}

Edges = Counter[tuple[str, ...]]


def samples(kind: str) -> list[Any]:
    """Return the samples as parameters; one on which the peer crashed is skipped, and says so."""
    reason = "the peer crashed"
    return [
        pytest.param(name, id=f"{name}: {reason}", marks=pytest.mark.skip(reason=reason))
        if (name, kind) in CRASHED
        else pytest.param(name, id=name)
        for name in NAMES
    ]


class Twofold(NamedTuple):
    """A post that quotes one post and answers another, or the same."""

    account: str
    post: str
    quoted: str
    answered: str
    answered_account: str | None


class Sample:
    """One of the real files: as we read it, and what its JSON says beside that."""

    def __init__(self, shared: Path, name: str) -> None:
        self.folder = shared / "oracles" / "twarc"
        self.name = name
        self.path = self.folder / f"{name}.input.jsonl"
        self.read: Read = read(x_v2.FORMAT, self.path)
        lines = self.path.read_text().split("\n")
        self.documents = [json.loads(line) for line in lines if line.strip()]

    @property
    def posts(self) -> list[dict[str, Any]]:
        """The posts asked for."""
        return self.read.rows[ASKED].to_dicts()

    @cached_property
    def held(self) -> set[str]:
        """Every post that came with the file."""
        return {post for what in (ASKED, REFERRED) for post in self.read.rows[what]["post_id"]}

    @cached_property
    def ids(self) -> dict[str, str]:
        """Ids by the names that the peer writes."""
        return {
            each["username"]: f"x:{each['id']}"
            for each in mappings(self.documents)
            if "username" in each and "id" in each
        }

    @cached_property
    def twofold(self) -> list[Twofold]:
        """The posts asked for of which we keep one link, and the peer two."""
        authors = {
            each["id"]: f"x:{each['author_id']}"
            for each in mappings(self.documents)
            if "author_id" in each
        }
        found = []
        for post in self._asked():
            others = {each["type"]: each["id"] for each in post.get("referenced_tweets") or []}
            if {"quoted", "replied_to"} <= others.keys():
                quoted, answered = others["quoted"], others["replied_to"]
                account = authors[post["id"]]
                found.append(Twofold(account, post["id"], quoted, answered, authors.get(answered)))
        return found

    def _asked(self) -> Iterator[dict[str, Any]]:
        for document in self.documents:
            data = document.get("data", document)
            yield from data if isinstance(data, list) else [data]

    def network(self, nodes: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Return the peer's edges. A file without a byte says that it found none."""
        path = self.folder / f"{self.name}.twarc-network.{nodes}.csv"
        edges = []
        for line in path.read_text().splitlines():
            ends, told = line.split(",{", 1)
            one, other = ends.split(",")
            edges.append((one, other, ast.literal_eval("{" + told)))
        return edges


@cache
def sample_of(shared: Path, name: str) -> Sample:
    return Sample(shared, name)


def apart(ours: Iterable[Any], theirs: Iterable[Any]) -> tuple[int, int]:
    """Return how many things only one side has: what they are belongs in no report."""
    one, other = Counter(ours), Counter(theirs)
    return (one - other).total(), (other - one).total()


SAME = (0, 0)


def mappings(value: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - whatever JSON can hold
    """Yield every mapping inside."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from mappings(inner)


def linked(post: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the post that a post reposts, quotes or answers, and its author."""
    return post["root_id"] or post["parent_id"], post["root_account_id"] or post[
        "parent_account_id"
    ]


def own_mentions(post: dict[str, Any]) -> list[str]:
    """Return whom a post mentions in its own words: before a repost, X puts the author's name."""
    mentions: list[str] = post["mentions"] or []
    is_put_there = post["kind"] == "repost" and mentions[:1] == [post["root_account_id"]]
    return mentions[1:] if is_put_there else mentions


@pytest.mark.parametrize("name", samples("user"))
def test_accounts_are_linked_as_twarc_network_links_them(shared: Path, name: str) -> None:
    sample = sample_of(shared, name)
    theirs: Edges = Counter()
    for one, other, weights in sample.network("user"):
        assert weights.pop("weight") == sum(weights.values())
        for kind, weight in weights.items():
            theirs[sample.ids[one], sample.ids[other], kind] += weight
    ours: Edges = Counter()
    for post in sample.posts:
        linked_to, whose = linked(post)
        if linked_to in sample.held:
            ours[post["account_id"], str(whose), WORDS.get(post["kind"], post["kind"])] += 1
        for mentioned in own_mentions(post):
            ours[post["account_id"], mentioned, "mention"] += 1
    answers = Counter(
        (each.account, str(each.answered_account), "reply")
        for each in sample.twofold
        if f"x:{each.answered}" in sample.held
    )
    assert apart((ours + answers).elements(), theirs.elements()) == SAME


@pytest.mark.parametrize("name", samples("tweet"))
def test_posts_are_linked_as_twarc_network_links_them(shared: Path, name: str) -> None:
    sample = sample_of(shared, name)
    theirs = {(f"x:{one}", f"x:{other}", told["type"]) for one, other, told in
              sample.network("tweet")}  # fmt: skip
    ours = {
        (post["post_id"], str(linked(post)[0]), WORDS.get(post["kind"], post["kind"]))
        for post in sample.posts
        if linked(post)[0] in sample.held
    }
    for each in sample.twofold:
        post, quoted, answered = (f"x:{n}" for n in (each.post, each.quoted, each.answered))
        if answered in sample.held:
            ours.add((post, answered, "reply"))
        if quoted == answered:  # the peer has one edge between two posts, and the last type wins
            ours.discard((post, quoted, "quote"))
    assert apart(ours, theirs) == SAME


@pytest.mark.parametrize("name", samples("hashtag"))
def test_hashtags_stand_together_as_twarc_network_counts_them(shared: Path, name: str) -> None:
    sample = sample_of(shared, name)
    theirs = Counter(
        {(one, other): told["weight"] for one, other, told in sample.network("hashtag")}
    )
    ours: Edges = Counter()
    for post in sample.posts:
        ours.update(combinations([f"#{tag.lower()}" for tag in post["hashtags"] or ()], 2))
    assert apart(ours.elements(), theirs.elements()) == SAME


def table(shared: Path, name: str) -> pl.DataFrame:
    path = shared / "oracles" / "twarc" / f"{name}.twarc-csv.csv"
    return pl.read_csv(path, infer_schema=False)


@pytest.mark.parametrize("name", NAMES)
def test_posts_are_those_of_twarc_csv(shared: Path, name: str) -> None:
    rows = table(shared, name)
    ours = sample_of(shared, name).read.rows[ASKED]
    theirs = [
        (f"x:{number}", f"x:{author}", datetime.fromisoformat(at))
        for number, author, at in rows.select("id", "author_id", "created_at").iter_rows()
    ]
    assert apart(ours.select("post_id", "account_id", "at").unique().iter_rows(), theirs) == SAME


Number = tuple[str, str, int, datetime]


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_of_twarc_csv(shared: Path, name: str) -> None:
    """A repost's row shows its original's numbers, if the original came with the file."""
    sample = sample_of(shared, name)
    theirs: set[Number] = set()
    for row in table(shared, name).iter_rows(named=True):
        original = row["referenced_tweets.retweeted.id"]
        is_merged = row["retweeted_user_id"] is not None
        at = datetime.fromisoformat(row["__twarc.retrieved_at"])
        for field, metric in METRICS.items():
            value = row[f"public_metrics.{field}"]
            is_unknown = value is None or (metric == "views" and float(value) == 0)
            is_of_the_repost = original and not is_merged and metric != "reposts"
            if not (is_unknown or is_of_the_repost):
                theirs.add((f"x:{original or row['id']}", metric, int(float(value)), at))
    names = ("post_id", "metric", "value", "observed_at")
    ours = set(sample.read.rows["numbers shown"].select(names).iter_rows())
    beside = {(post, metric, at) for post, metric, _, at in theirs}
    assert apart((each for each in ours if (each[0], each[1], each[3]) in beside), theirs) == SAME


@pytest.mark.parametrize("name", NAMES)
def test_the_table_that_twarc_csv_made_tells_the_same_as_its_json(shared: Path, name: str) -> None:
    """But for whose post it was that came with another page only: twarc-csv looks at one."""
    path = shared / "oracles" / "twarc" / f"{name}.twarc-csv.csv"
    from_table = read(twarc_csv.FORMAT, path).rows["posts"].sort("post_id")
    from_json = sample_of(shared, name).read.rows[ASKED].unique("post_id").sort("post_id")
    names = (
        "post_id", "account_id", "at", "kind", "parent_id", "root_id", "basis", "lang",
        "collected_at",
    )  # fmt: skip
    assert from_table.select(names).equals(from_json.select(names))
    others = ("parent_account_id", "root_account_id")
    untold = sum(from_table[n].ne_missing(from_json[n]).sum() for n in others)
    assert untold == sum((from_table[n].is_null() & from_json[n].is_not_null()).sum()
                         for n in others)  # fmt: skip
    assert untold == OF_ANOTHER_PAGE.get(name, 0)


@pytest.mark.parametrize("name", NAMES)
def test_the_words_in_that_table_are_those_of_its_json(shared: Path, name: str) -> None:
    """A repost's row shows its original's, so reposts are left out."""
    path = shared / "oracles" / "twarc" / f"{name}.twarc-csv.csv"
    sample = sample_of(shared, name)
    ids = {f"x:@{handle}": number for handle, number in sample.ids.items()}
    told = []
    for posts in (read(twarc_csv.FORMAT, path).rows["posts"], sample.read.rows[ASKED]):
        rows = posts.unique("post_id").filter(pl.col("kind") != "repost")
        mentions = pl.col("mentions").list.eval(pl.element().replace(ids))
        lists = (pl.col(n).fill_null([]) for n in ("hashtags", "media_keys"))
        words = rows.select("post_id", *lists, mentions.fill_null([]), "text")
        told.append([str(row) for row in words.iter_rows()])
    assert apart(*told) == SAME
