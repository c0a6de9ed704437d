"""Languages of posts and accounts: what is believed, what is inherited, how it is counted."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import at, frames, rows

from analytics import merging
from analytics.languages import account_languages, language, languages, post_languages
from analytics.runner import measure
from analytics.store import Store
from analytics.tables import POSTS

COMMON = {"appeal_id": "a", "platform": "x", "source": "test"}
KAZAKH = "Барлық адамдар тумысынан азат және тең болып дүниеге келеді"
RUSSIAN = "Люди рождаются свободными и равными в своем достоинстве"


def posts(*told: dict[str, Any]) -> pl.DataFrame:
    """Return posts, numbered, that are originals where nothing else is told."""
    return rows(
        POSTS,
        *({"post_id": f"x:{n}", "kind": "original"} | post for n, post in enumerate(told)),
        **COMMON,
    )


def told(*of: dict[str, Any]) -> list[tuple[str | None, str | None]]:
    """Return the language and the basis of each post."""
    return language(posts(*of)).select("lang", "basis").rows()


# which is believed


@pytest.mark.parametrize(
    ("lang", "text_lang", "found"),
    [
        ("ru", "kk", ("kk", "detected")),  # X has no code for Kazakh
        ("kk", "kk", ("kk", "detected")),
        ("ru", "und", ("ru", "platform")),
        ("ru", None, ("ru", "platform")),
        (None, "ru", ("ru", "detected")),
        (None, "und", ("und", "detected")),
        ("und", "und", ("und", "detected")),
        ("qme", None, (None, None)),
        (None, None, (None, None)),
    ],
)
def test_words_are_believed_where_they_tell_something(
    lang: str | None, text_lang: str | None, found: tuple[str | None, str | None]
) -> None:
    assert told({"lang": lang, "text_lang": text_lang}) == [found]


@pytest.mark.parametrize(
    ("code", "lang"),
    [
        ("in", "id"), ("iw", "he"), ("ji", "yi"), ("En-US", "en"), ("zh-Hant-TW", "zh"),
        ("pt_BR", "pt"), ("nb", "no"), ("nn", "no"), ("ckb", "ku"), ("zxx", None), ("mul", None),
        ("qht", None), ("", None), ("Kazakh", None), ("kk", "kk"), ("fil", "tl"), ("tl", "tl"),
    ],
)  # fmt: skip
def test_codes_of_platforms_become_one_a_language(code: str, lang: str | None) -> None:
    assert told({"lang": code}) == [(lang, "platform" if lang else None)]


def test_a_repost_is_in_the_language_of_what_it_passes_on() -> None:
    first = {"post_id": "x:first", "text_lang": "kk", "lang": "ru"}
    passed = {"kind": "repost", "root_id": "x:first", "lang": "ru"}
    again = {"kind": "repost", "parent_id": "x:1", "root_id": "x:first"}
    lost = {"kind": "repost", "root_id": "x:elsewhere", "lang": "ru"}
    silent = {"kind": "repost", "root_id": "x:elsewhere"}
    assert told(first, passed, again, lost, silent) == [
        ("kk", "detected"),
        ("kk", "original"),
        ("kk", "original"),
        ("ru", "platform"),
        (None, None),
    ]


def test_a_repost_of_a_quote_is_in_the_language_of_the_quote() -> None:
    top = {"post_id": "x:top", "text_lang": "ru"}
    quote = {"post_id": "x:q", "kind": "quote", "root_id": "x:top", "text_lang": "kk"}
    passed = {"kind": "repost", "parent_id": "x:q", "root_id": "x:top"}
    assert told(top, quote, passed)[2] == ("kk", "original")


def test_quotes_and_replies_inherit_nothing() -> None:
    top = {"post_id": "x:top", "text_lang": "ru"}
    assert told(top, *({"kind": kind, "root_id": "x:top"} for kind in ("quote", "reply")))[1:] == [
        (None, None),
        (None, None),
    ]


def test_nothing_is_inherited_over_appeals_or_from_itself() -> None:
    other = posts({"post_id": "x:top", "text_lang": "kk"}).with_columns(appeal_id=pl.lit("b"))
    passed = posts({"kind": "repost", "root_id": "x:top"})
    ring = posts({"post_id": "x:r", "kind": "repost", "parent_id": "x:r", "lang": "ru"})
    found = language(pl.concat([other, passed, ring]))
    assert found["lang"].to_list() == ["kk", None, "ru"]
    assert found["basis"].to_list() == ["detected", None, "platform"]


def test_posts_are_compared_by_known_languages_only() -> None:
    found = post_languages(posts({"text_lang": "und"}, {"text_lang": "kk"}, {}))
    assert found.columns == ["appeal_id", "post_id", "lang"]
    assert found["lang"].to_list() == [None, "kk", None]


# accounts


def test_an_account_is_in_the_language_of_most_of_its_posts() -> None:
    said: dict[str | None, list[str | None]] = {
        "x:most": ["kk", "kk", "ru", "und", None],
        "x:tie": ["kk", "ru", "und", "und", "und"],
        "x:none": ["und", None],
        None: ["kk"],
    }
    each = [{"account_id": who, "text_lang": lang} for who, all_ in said.items() for lang in all_]
    assert account_languages(posts(*each)).select("account_id", "lang", "posts").rows() == [
        ("x:most", "kk", 3),
        ("x:none", None, 0),
        ("x:tie", None, 2),
    ]


# the table


def test_languages_are_counted() -> None:
    found = languages(
        posts(
            {"text_lang": "kk", "account_id": "x:a"},
            {"kind": "repost", "root_id": "x:0", "account_id": "x:a"},
            {"kind": "reply", "text_lang": "kk"},
            {"kind": "quote", "text_lang": "und", "lang": "ru", "account_id": "x:a"},
            {"text_lang": "und", "account_id": "x:b"},
            {"kind": "comment"},
        )
    )
    names = ["lang", "posts", "originals", "shares", "replies", "accounts", "share"]
    assert found.select(names).rows() == [
        ("kk", 3, 1, 1, 1, 1, 0.5),
        ("ru", 1, 0, 1, 0, 1, 1 / 6),
        ("und", 1, 1, 0, 0, 1, 1 / 6),
        (None, 1, 0, 0, 1, 0, 1 / 6),
    ]
    assert found["share_of_known"].to_list() == [0.75, 0.25, None, None]
    known = ["detected", "by_platform", "by_original"]
    assert found.select(known).rows() == [(2, 0, 1), (0, 1, 0), (1, 0, 0), (0, 0, 0)]


def test_nothing_has_no_languages() -> None:
    assert languages(POSTS.empty()).is_empty()
    assert account_languages(POSTS.empty()).is_empty()
    assert language(POSTS.empty()).is_empty()


LANGS = st.sampled_from(["kk", "ru", "und", None])


@given(frames(POSTS, max_size=10), st.lists(LANGS, min_size=10, max_size=10), st.integers(0, 9))
def test_every_post_is_counted_once_in_whatever_order(
    drawn: pl.DataFrame, of: list[str | None], turn: int
) -> None:
    found = pl.Series("text_lang", of[: drawn.height], dtype=pl.String)
    held = drawn.with_columns(found).unique(POSTS.key, keep="first", maintain_order=True)
    counted = languages(held)
    assert counted["posts"].sum() == held.height
    whole = counted.group_by("appeal_id", "platform").agg(pl.col("share", "share_of_known").sum())
    assert whole["share"].to_list() == pytest.approx([1] * whole.height)
    assert all(part == pytest.approx(1) or part == 0 for part in whole["share_of_known"])
    bases = counted.select(pl.sum_horizontal("detected", "by_platform", "by_original")).to_series()
    assert bases.to_list() == [
        0 if lang is None else n for lang, n in counted.select("lang", "posts").rows()
    ]
    turned = pl.concat([held[turn:], held[:turn]])
    assert_frame_equal(languages(turned), counted)
    assert_frame_equal(account_languages(turned), account_languages(held))


# the store


def test_the_language_outlives_the_words(tmp_path: Path) -> None:
    """At protection level strict the words of private accounts are gone, their language is not."""
    store = Store.create(tmp_path / "s")
    wrote = posts(
        {"text": KAZAKH, "lang": "ru", "account_id": "x:a", "at": at(0)},
        {"text": RUSSIAN, "account_id": "x:b", "at": at(1)},
        {"kind": "repost", "root_id": "x:0", "account_id": "x:b", "at": at(2)},
        {"text": "42 🔥 https://a.example", "account_id": "x:b", "at": at(3)},
    )
    store.append(POSTS, wrote)
    held = store.read("posts").sort("post_id")
    assert held["text"].null_count() == held.height
    assert held["text_lang"].to_list() == ["kk", "ru", None, "und"]
    assert held["lang"].to_list() == ["ru", None, None, None]
    measure(store)
    found = store.read("languages").select("lang", "posts", "detected", "by_original")
    assert found.rows() == [("kk", 2, 1, 1), ("ru", 1, 1, 0), ("und", 1, 1, 0)]


def test_a_store_of_an_earlier_version_learns_languages(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s")
    wrote = posts({"text": KAZAKH, "at": at(0)}, {"text": RUSSIAN})
    older = store.protector.protect(POSTS, wrote).drop("text_lang", "text_lang_confidence")
    store._commit(POSTS, older, None)
    assert store.read("posts")["text_lang"].null_count() == 2
    again = store.append(POSTS, wrote)
    assert (again.completed, again.disagreeing) == (2, 0)
    assert sorted(store.read("posts")["text_lang"]) == ["kk", "ru"]
    assert store.append(POSTS, wrote).held == 2


def test_another_finding_is_no_disagreement() -> None:
    """A later version may find another language in the same words: what is held stays."""
    held = posts({"text_lang": "und", "text_lang_confidence": 0.6})
    new = posts({"text_lang": "kk", "text_lang_confidence": 0.9, "lang": "ru"})
    done, merged, _ = merging.merge(POSTS, held, new)
    assert (done.completed, done.disagreeing) == (1, 0)
    assert merged.select("lang", "text_lang", "text_lang_confidence").row(0) == ("ru", "und", 0.6)


def test_words_that_are_kept_are_looked_at_anew(tmp_path: Path) -> None:
    open_ = '[protection]\nlevel = "open"\nreason = "test"\n[[appeals]]\nid = "a"\n'
    Store.create(tmp_path / "s")
    (tmp_path / "s" / "groundswell.toml").write_text(open_)
    store = Store(tmp_path / "s")
    store.append(POSTS, posts({"text": KAZAKH, "text_lang": "xx", "text_lang_confidence": 1.0}))
    assert store.read("posts")["text_lang"].to_list() == ["kk"]
