"""Words read in a wrong encoding are told; words of many languages are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.garbled import is_garbled

KAZAKH = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
WORDS = st.lists(st.text(KAZAKH, min_size=2, max_size=9), min_size=2, max_size=6).map(" ".join)


@given(WORDS)
def test_words_of_russian_and_kazakh_are_right(words: str) -> None:
    assert not is_garbled(words)
    assert not is_garbled(words.title())


@pytest.mark.parametrize("encoding", ["latin-1", "koi8-r"])
@given(words=WORDS)
def test_their_utf_8_read_as_something_else_is_told(words: str, encoding: str) -> None:
    assert is_garbled(words.encode().decode(encoding))


@pytest.mark.parametrize("encoding", ["cp1251", "cp1252"])
@pytest.mark.parametrize("words", ["Полиция закрыла дело", "Әкімдік өтінішті қарады"])
def test_so_it_is_where_some_letters_were_lost(words: str, encoding: str) -> None:
    assert is_garbled(words.encode().decode(encoding, errors="replace"))
    assert is_garbled(words.encode().decode(encoding, errors="ignore"))


@pytest.mark.parametrize(
    "words",
    ["ESPAÑA ÑANDÚ", "«CAFÉ» Île-de-France", "Łódź Õunapuu", "São João", "中国 政府", "القضاء",
     "Ёлка её № 5", "Why??? Who??", "ÜBER Ämter", "", "???"],
)  # fmt: skip
def test_other_languages_and_marks_are_right(words: str) -> None:
    assert not is_garbled(words)


@pytest.mark.parametrize("words", ["cafÃ©", "?????? ????", "????", "a\N{REPLACEMENT CHARACTER}b"])
def test_western_letters_and_marks_in_their_place_are_told(words: str) -> None:
    assert is_garbled(words)
