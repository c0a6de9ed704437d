"""Days that sentences name, in English, Russian and Kazakh, seen from the day of publication."""

import re
from datetime import date, timedelta

_MONTHS = (
    ("january", "январ", "қаңтар"), ("february", "феврал", "ақпан"), ("march", "март", "наурыз"),
    ("april", "апрел", "сәуір"), ("may", "мая", "мамыр"), ("june", "июн", "маусым"),
    ("july", "июл", "шілде"), ("august", "август", "тамыз"), ("september", "сентябр", "қыркүйек"),
    ("october", "октябр", "қазан"), ("november", "ноябр", "қараша"),
    ("december", "декабр", "желтоқсан"),
)  # fmt: skip
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_NAMES = "|".join(sorted(_MONTH, key=len, reverse=True))
_YEAR = r"(?:,?\s+(?P<year>(?:19|20)\d\d))?"
_BEFORE = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:-?[а-яё]+)?\s+(?P<month>{_NAMES})\w*{_YEAR}", re.IGNORECASE
)
_AFTER = re.compile(rf"\b(?P<month>{_NAMES})\w*\s+(?P<day>\d{{1,2}})(?!\d){_YEAR}", re.IGNORECASE)
_NUMBERS = re.compile(r"\b(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>(?:19|20)\d\d)\b")
_YEAR_FIRST = re.compile(
    rf"\b(?P<year>(?:19|20)\d\d)\s+жыл\w*\s+(?P<day>\d{{1,2}})\s+(?P<month>{_NAMES})", re.IGNORECASE
)
_BACK = {
    "today": 0, "yesterday": 1, "сегодня": 0, "вчера": 1, "позавчера": 2, "бүгін": 0, "кеше": 1,
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")


def day_told(sentence: str, published: date) -> date | None:
    """Return the day that a sentence names; None where it names none, or one that is yet to come.

    Parameters
    ----------
    sentence
        In one of the three languages.
    published
        When it was published: a day without a year is the last such day until then.

    Examples
    --------
    >>> seen = date(2016, 9, 6)
    >>> [day_told(said, seen) for said in ("вчера", "on 29 August", "2016 жылғы 5 қыркүйек")]
    [datetime.date(2016, 9, 5), datetime.date(2016, 8, 29), datetime.date(2016, 9, 5)]
    """
    for pattern in (_YEAR_FIRST, _BEFORE, _AFTER, _NUMBERS):
        if found := pattern.search(sentence):
            return _dated(found, published)
    words = (word.lower() for word in _WORD.findall(sentence))
    back = next((_BACK[word] for word in words if word in _BACK), None)
    return None if back is None else published - timedelta(days=back)


def _dated(found: re.Match[str], published: date) -> date | None:
    month = found["month"]
    number = int(month) if month.isdigit() else _MONTH[month.lower()]
    years = [int(found["year"])] if found["year"] else [published.year, published.year - 1]
    for year in years:
        try:
            day = date(year, number, int(found["day"]))
        except ValueError:
            continue
        if day <= published:
            return day
    return None
