"""What officials said that may be a response: found by facts, never put on record by itself."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from strategies import at, rows

from analytics.acts import rules
from analytics.candidates import AFTER, ANSWERS, LINKS, TELLS, candidates
from analytics.codes import actor_code, wrong_actor
from analytics.measured import READ_IN
from analytics.tables import ACCOUNTS, APPEALS, POSTS, PROPOSALS

VIDEO = "youtube:abcdefghijk"
COMMON = {"appeal_id": "a", "platform": "x", "kind": "original", "source": "test"}
OFFICIAL = {"account_id": "x:7", "platform": "x", "role": "official"}


def appeals(**told: object) -> pl.DataFrame:
    return rows(APPEALS, {"appeal_id": "a", "object_keys": [VIDEO], "simulated": False} | told)


def found(*posts: dict[str, Any], **told: object) -> list[tuple[str, str]]:
    accounts = rows(ACCOUNTS, OFFICIAL, OFFICIAL | {"account_id": "x:8", "role": "person"})
    held = POSTS.check(rows(POSTS, *posts, **COMMON))
    return (
        candidates(appeals(**told), held, accounts, PROPOSALS.empty())
        .select("post_id", "why")
        .rows()
    )


def test_the_strongest_fact_is_given() -> None:
    mother = {"post_id": "x:1", "account_id": "x:9", "at": at(0)}
    told = {"account_id": "x:7", "at": at(5)}
    assert found(
        mother,
        told | {"post_id": "x:2", "object_keys": [VIDEO], "parent_id": "x:1"},
        told | {"post_id": "x:3", "parent_id": "x:1"},
        told | {"post_id": "x:4"},
        told | {"post_id": "x:5", "at": at(-5)},
    ) == [("x:2", LINKS), ("x:3", ANSWERS), ("x:4", AFTER)]


def test_only_officials_are_looked_at() -> None:
    other = {"post_id": "x:2", "account_id": "x:8", "at": at(5), "object_keys": [VIDEO]}
    assert found({"post_id": "x:1", "account_id": "x:9", "at": at(0)}, other) == []


def test_the_declared_publication_starts_the_clock() -> None:
    posts = (
        {"post_id": "x:1", "account_id": "x:9", "at": at(0)},
        {"post_id": "x:2", "account_id": "x:7", "at": at(5)},
    )
    assert found(*posts, published_at=at(6)) == []
    assert found(*posts, published_at=at(4)) == [("x:2", AFTER)]


def test_an_officials_own_thread_is_no_answer_to_others() -> None:
    told = {"account_id": "x:7"}
    assert found(told | {"post_id": "x:1"}, told | {"post_id": "x:2", "parent_id": "x:1"}) == []


def test_no_posts_no_candidates() -> None:
    empty = candidates(appeals(), POSTS.empty(), ACCOUNTS.empty(), PROPOSALS.empty())
    assert empty.is_empty()


def read(*posts: dict[str, Any], **told: object) -> list[dict[str, Any]]:
    paper = {"account_id": "web:paper.example", "platform": "web", "role": "media"}
    held = rows(POSTS, *posts, **COMMON)
    return candidates(
        appeals(**told), held, rows(ACCOUNTS, OFFICIAL, paper), PROPOSALS.empty()
    ).to_dicts()


ARTICLE = {"post_id": "web:https://paper.example/1", "platform": "web", "kind": "article",
           "account_id": "web:paper.example", "at": at(48)}  # fmt: skip
TOLD = "Мать ждёт. Вчера полиция задержала подозреваемых. Дождь."


def test_an_article_that_tells_of_an_act_is_a_candidate_with_its_sentence() -> None:
    (row,) = read(ARTICLE | {"text": TOLD})
    assert (row["why"], row["sentence"]) == (TELLS, "Вчера полиция задержала подозреваемых.")
    assert (row["verb_code"], row["actor"], row["target"]) == ("173", "полиция", "accused")
    assert row["from"] == at(24).replace(hour=0)
    assert row["to"] - row["from"] == timedelta(days=1, microseconds=-1)


@pytest.mark.parametrize(
    ("jurisdiction", "code"), [("KZ", "KAZCOP"), ("GB-SCT", "GBRCOP"), (None, None), ("Q9", None)]
)
def test_an_actor_is_coded_by_the_country_that_the_appeal_is_of(
    jurisdiction: str | None, code: str | None
) -> None:
    (row,) = read(ARTICLE | {"text": TOLD}, jurisdiction=jurisdiction)
    assert (row["actor"], row["actor_code"]) == ("полиция", code)


@pytest.mark.parametrize("language", READ_IN)
def test_every_actor_of_the_dictionary_has_a_code_that_the_ledger_takes(language: str) -> None:
    for rule in rules(language)["actor"]:
        code = actor_code("KZ", rule.code.partition(":")[2])
        assert code is not None
        assert wrong_actor(code) is None


def test_an_article_that_tells_of_none_is_no_candidate() -> None:
    assert (
        read(ARTICLE | {"text": "Мать ждёт."}, ARTICLE | {"post_id": "web:2", "text": None}) == []
    )


def test_words_of_others_are_not_read() -> None:
    assert read(ARTICLE | {"kind": "comment", "account_id": "x:9", "text": TOLD}) == []


def test_an_official_who_tells_of_no_act_stays_a_candidate_by_the_other_facts() -> None:
    mother = {"post_id": "x:1", "account_id": "x:9", "at": at(0)}
    (row,) = read(mother, {"post_id": "x:2", "account_id": "x:7", "at": at(5), "text": "Привет."})
    assert (row["why"], row["sentence"], row["verb_code"]) == (AFTER, None, None)


def test_what_a_machine_coded_is_a_candidate_and_no_response() -> None:
    act = {
        "response_id": "gdelt:7", "appeal_id": "a", "from": at(0), "to": at(23),
        "actor": "Police", "verb_code": "173", "coder": "GDELT",
        "sources": ["https://paper.example/1"],
    }  # fmt: skip
    nothing = appeals(), POSTS.empty(), ACCOUNTS.empty()
    (row,) = candidates(*nothing, rows(PROPOSALS, act)).to_dicts()
    assert (row["post_id"], row["why"]) == ("gdelt:7", "coded by GDELT, judged by nobody")
    assert (row["verb_code"], row["from"], row["to"]) == ("173", at(0), at(23))
