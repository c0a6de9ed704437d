"""What sentences tell of acts of authorities, and what they do not."""

import re
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.acts import LANGUAGES, proposed, rules, sentences, worth_reading
from analytics.codes import codes
from analytics.days import day_told
from analytics.responses import ladder
from analytics.stemming import is_form
from analytics.tables import TARGETS

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("sentence", "code", "kind", "target"),
    [
        ("Police arrested four suspects on Monday.", "173", "police", "accused"),
        ("Demonstrators were arrested by police.", "173", "police", "supporters"),
        ("The prosecutor reopened the case.", "09", "prosecutor", None),
        ("Officials denied the report.", "12", "government", None),
        ("Суд признал активистку виновной.", "116", "court", None),
        ("Прокуратура отказала в возбуждении дела.", "12", "prosecutor", None),
        ("Полиция күдіктілерді ұстады.", "173", "police", "accused"),
        ("Сайт бұғатталды.", "1721", None, "public"),
    ],
)
def test_an_act_is_told_with_who_and_whom(
    sentence: str, code: str, kind: str | None, target: str | None
) -> None:
    found = proposed(sentence)
    assert found
    assert (found.verb_code, found.actor_kind, found.target) == (code, kind, target)


@pytest.mark.parametrize(
    "sentence",
    [
        "Police did not arrest anyone.",
        "If the court convicts him, she will appeal.",
        "Activists demand that police arrest the suspects.",
        "The weather was fine.",
        "Полиция не задержала подозреваемых.",
        "Полиция ешкімді ұстамады.",
        "Прокуратура әлі іс қозғаған жоқ.",
        "She said that it was cold.",  # nobody of the authorities is named
        "",
        "...",
        "Ð\x9fÐ¾Ð»Ð¸Ñ\x86Ð¸Ñ\x8f",
    ],
)
def test_what_is_no_act_proposes_nothing(sentence: str) -> None:
    assert proposed(sentence) is None


@pytest.mark.parametrize(
    ("word", "stem", "language", "is_one"),
    [
        ("прокуратураның", "прокуратура", "kk", True),
        ("полицейлердің", "полицей", "kk", True),
        ("бостандығынан", "бостандық", "kk", True),
        ("сотталушы", "соттал", "kk", True),
        ("сотка", "сот", "kk", False),
        ("әкімдік", "әкім", "kk", True),
        ("анау", "ана", "kk", True),
        ("қозғалтқыш", "қозға", "kk", False),
        ("подозреваемых", "подозреваемые", "ru", True),
        ("судно", "суд", "ru", False),
        ("arrests", "arrest", "en", True),
    ],
)
def test_words_are_known_in_their_forms(word: str, stem: str, language: str, is_one: bool) -> None:  # noqa: FBT001
    assert is_form(word, stem, language) == is_one


def test_sentences_are_cut_where_they_end() -> None:
    text = "Полиция начала проверку. «Ждём», сказала мать! Әкім үндемеді.\nСот ертең."
    assert sentences(text) == [
        "Полиция начала проверку.", "«Ждём», сказала мать!", "Әкім үндемеді.", "Сот ертең.",
    ]  # fmt: skip
    assert sentences("ст. 10 п. 5 закона") == ["ст. 10 п. 5 закона"]


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    for sentence in sentences(text):
        proposed(sentence)


def test_a_megabyte_is_read_in_part() -> None:
    assert sum(map(len, sentences("Полиция молчит. " * 70_000))) <= 20_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_a_code_that_can_be_entered(language: str) -> None:
    own = rules(language)
    assert set(own) == {"verb", "actor", "target", "negation", "unreal"}
    verbs = set(ladder()["verb"])
    for rule in own["verb"]:
        assert any(rule.code.startswith(verb) for verb in verbs)
    for rule in own["actor"]:
        kind, _, role = rule.code.partition(":")
        assert kind in codes("actor_kind")
        assert role in {*codes("primary_role"), *codes("secondary_role")}
    assert {rule.code for rule in own["target"]} <= set(TARGETS)


def test_the_cheap_look_leaves_out_nothing_that_is_read() -> None:
    told = pl.read_csv(ROOT / "tests/labelled/acts.csv", infer_schema=False)
    worth = told.select(worth=worth_reading(pl.col("sentence")))["worth"]
    for sentence, look in zip(told["sentence"], worth, strict=True):
        assert look or proposed(sentence) is None


def test_the_page_says_how_often_it_is_right(shared: Path) -> None:
    sys.path.insert(0, str(ROOT))
    from benchmarks.candidates import of_gold, of_labelled  # noqa: PLC0415

    page = (ROOT / "docs/candidates.md").read_text(encoding="utf-8")
    names = {"ru": "Russian", "kk": "Kazakh"}
    for row in of_labelled().to_dicts():
        shares = [row[name] for name in ("precision", "recall", "root_right", "actor_right",
                                         "target_right")]  # fmt: skip
        words = " | ".join(f"{share:.2f}".removeprefix("0") for share in shares)
        line = f"| {names[row['language']]} | {row['half']} | {row['sentences']} | {row['acts']} "
        assert f"{line}| {words} |" in page
    gold = shared / "data" / "cameo_petrarch2" / "PETR.UnitTest.records.xml"
    for row in of_gold(gold).to_dicts():
        counts = f"{row['gold']} | {row['given']} | {row['both']} |"
        assert re.search(rf"^\| {row['root']} [^|]+\| {re.escape(counts)}", page, re.MULTILINE)


# Days


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("Police arrested them on August 29, 2016.", date(2016, 8, 29)),
        ("On 29 August police arrested them.", date(2016, 8, 29)),
        ("29 августа полицейские задержали четверых.", date(2016, 8, 29)),
        ("29-го августа их задержали.", date(2016, 8, 29)),
        ("Сот 5 қыркүйекте үкім шығарды.", date(2016, 9, 5)),
        ("2015 жылғы 5 қыркүйекте ұсталды.", date(2015, 9, 5)),
        ("Задержаны 03.09.2016 в городе.", date(2016, 9, 3)),
        ("Yesterday police arrested them.", date(2016, 9, 5)),
        ("Полиция оларды кеше ұстады.", date(2016, 9, 5)),
        ("Позавчера суд вынес приговор.", date(2016, 9, 4)),
        ("Задержали 31 декабря.", date(2015, 12, 31)),  # of the year before
        ("The trial begins on 25 October 2016.", None),  # yet to come
        ("30 февраля.", None),
        ("Police arrested four suspects.", None),
    ],
)
def test_days_are_read_as_seen_from_publication(sentence: str, day: date | None) -> None:
    assert day_told(sentence, date(2016, 9, 6)) == day


@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.integers(0, 364))
def test_a_day_without_a_year_is_the_last_of_its_kind(published: date, back: int) -> None:
    day = published - timedelta(days=back)
    told = day_told(f"{day.day} {day:%B}", published)
    assert told is None or (told.day, told.month) == (day.day, day.month)
    assert told is None or told <= published
    assert told is not None or (day.month, day.day) == (2, 29)
