"""The reader's language: every message has its translation, and every placeholder is in it."""

import importlib.util
import re
from datetime import date
from functools import cache
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from simulating import simulated

from analytics.catalog import TABLES
from dashboards.i18n import (
    LANGUAGES,
    SOURCE,
    _,
    day,
    listed,
    ngettext,
    noted,
    number,
    percent,
    period,
    speaking,
)
from dashboards.i18n import catalogue as compiled
from dashboards.sheet import in_words

ROOT = Path(__file__).parents[1]
OTHERS = [language for language in LANGUAGES if language != SOURCE]
PLACE = re.compile(r"%?\{[^{}]*\}")
# Words that say why, or that reach is known: no language has them (docs/decisions/0006).
CAUSAL = {
    "ru": r"\b(из-за|благодаря|вызва\w*|привел\w* к|потому что|вследствие|в результате|заставил)\b",
    "kk": r"\b(себебі|себебінен|салдарынан|арқасында|нәтижесінде|кесірінен|тудыр\w*)\b",
}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "docs" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def said(tool: ModuleType) -> Catalog:
    found: Catalog = tool.messages()
    return found


@cache
def held(language: str) -> Catalog:
    with (ROOT / "dashboards" / "locale" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def texts(message: Message) -> list[str]:
    forms = message.string
    return list(forms) if isinstance(forms, (tuple, list)) else [forms or ""]


def sources(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, (tuple, list)) else [message.id]


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_has_a_translation_and_no_other_is_kept(said: Catalog, language: str) -> None:
    known = {tuple(sources(message)) for message in said if message.id}
    there = {tuple(sources(message)): message for message in held(language) if message.id}
    assert known - set(there) == set(), "run make messages, and translate what is new"
    assert set(there) - known == set(), "run make messages"
    assert [key for key, message in there.items() if not all(texts(message))] == []
    assert [key for key, message in there.items() if message.fuzzy] == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_placeholder_is_in_every_form(language: str) -> None:
    for message in held(language):
        wanted = set(PLACE.findall(sources(message)[-1]))
        for form in texts(message) if message.id else []:
            assert set(PLACE.findall(form)) == wanted, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_there_are_as_many_forms_as_the_language_has(language: str) -> None:
    plural = [message for message in held(language) if isinstance(message.id, (tuple, list))]
    assert plural
    assert {len(texts(message)) for message in plural} == {{"ru": 3, "kk": 2}[language]}


@pytest.mark.parametrize("language", OTHERS)
def test_no_language_says_why(language: str) -> None:
    why = re.compile(CAUSAL[language], re.IGNORECASE)
    assert [form for message in held(language) for form in texts(message) if why.search(form)] == []


@given(st.integers(0, 10**6))
def test_russian_counts_as_russians_do(n: int) -> None:
    tens, ones = n % 100, n % 10
    form = 2 if ones in {0, 5, 6, 7, 8, 9} or 10 < tens < 20 else 0 if ones == 1 else 1
    message = held("ru").get("{n} post")
    assert message is not None
    with speaking("ru"):
        assert ngettext("{n} post", "{n} posts", n) == texts(message)[form]


def test_numbers_and_days_are_written_as_the_language_does() -> None:
    told = {}
    for language in LANGUAGES:
        with speaking(language):
            told[language] = (
                number(1234567), number(0.5, places=1), percent(0.256), day(date(2016, 8, 29)),
                period(date(2016, 8, 29), date(2016, 9, 2)), listed(["X", "Y", "Z"]),
            )  # fmt: skip
    assert told["en"][:4] == ("1,234,567", "0.5", "26%", "29 August 2016")
    assert told["ru"][:4] == ("1\xa0234\xa0567", "0,5", "26\xa0%", "29 августа 2016")
    assert told["kk"][:4] == ("1\xa0234\xa0567", "0,5", "26%", "2016 ж. 29 тамыз")
    assert told["ru"][5] == "X, Y и Z"
    assert told["kk"][5] == "X, Y және Z"


def test_outside_of_a_page_all_is_english_and_a_forged_language_is_too() -> None:
    assert _("not known") == "not known"
    with speaking("../../etc"):
        assert _("not known") == "not known"
    assert compiled("ru").gettext("not known") != "not known"


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return every note that the tables of a simulated appeal hold."""
    with simulated(tmp_path_factory.mktemp("notes"), posts=400, seed=3) as store:
        tables = {name: store.read(name) for name, table in TABLES.items() if table.measured}
    columns = ("note", "started_note", "needs", "compared_with")
    rows = (table[name] for table in tables.values() for name in columns if name in table.columns)
    return {part for notes in rows for note in notes.drop_nulls() for part in note.split("; ")}


@pytest.mark.parametrize("language", OTHERS)
def test_what_tables_note_is_said_in_every_language(notes: set[str], language: str) -> None:
    assert len(notes) > 20
    with speaking(language):
        assert [note for note in sorted(notes) if noted(note) == note] == []
        assert not [
            note for note in sorted(notes) if re.search(r"[a-z]{3,} [a-z]{3,}", noted(note))
        ]


def test_a_note_keeps_its_numbers_and_names() -> None:
    with speaking("ru"):
        assert noted("3 of 28 days are held of both") == "по обеим собрано 3 из 28 дней"
        assert noted("12,000 events with a time; 50 are needed") == (
            "событий со временем: 12\xa0000; нужно: 50"
        )
        assert noted("what no catalogue knows; 5 of 6") == "what no catalogue knows; 5 of 6"


def test_words_of_tables_are_translated_where_the_language_is_known() -> None:
    rows = pl.DataFrame({"note": ["half is gone sooner than a bin can show", None], "n": [1, 2]})
    with speaking("kk"):
        told = in_words(rows, "note")["note"].to_list()
    assert told == ["жартысы бір аралық көрсете алатыннан тезірек кетеді", None]
