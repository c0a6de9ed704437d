"""The reader's language: messages, numbers and days.

Messages are gettext's: English is what stands in the code, the others are catalogues in ``locale``.
The language is set once for each page, report or command, with :func:`speaking`; outside of it all
is English. Numbers and days follow Unicode's CLDR, by Babel.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_compact_decimal, format_percent

LANGUAGES = {"en": "English", "ru": "Русский", "kk": "Қазақша"}
SOURCE = "en"  # what the code says
_DAYS = {"en": "d MMMM y", "ru": "d MMMM y", "kk": "y ж. d MMMM"}

_language: ContextVar[str] = ContextVar("language", default=SOURCE)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say everything inside in a language; in English where it is not one of ours.

    >>> with speaking("ru"):
    ...     number(0.25, places=2)
    '0,25'
    """
    token = _language.set(language if language in LANGUAGES else SOURCE)
    try:
        yield
    finally:
        _language.reset(token)


def spoken() -> str:
    """Return the language that is spoken."""
    return _language.get()


def _(message: str) -> str:
    """Return a message in the reader's language."""
    return catalogue(spoken()).gettext(message) if message else ""  # gettext's "" is its header


def ngettext(one: str, many: str, number: float) -> str:
    """Return the form that a number asks for; fractions take the plural."""
    whole = int(number) if number == int(number) else 2
    return catalogue(spoken()).ngettext(one, many, whole)


def N_(message: str) -> str:  # noqa: N802 - gettext's name
    """Mark a constant that is translated where it is used."""
    return message


@cache
def catalogue(language: str) -> NullTranslations:
    """Return the messages of a language."""
    if language == SOURCE:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, _written(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def _written(language: str) -> Catalog:
    with files("dashboards").joinpath("locale", f"{language}.po").open("rb") as written:
        return read_po(written, locale=language)


def noted(note: str | None) -> str:
    """Return what a table notes, part by part, in the reader's language.

    Tables say their notes in English. Where a number or a name stands in one, its message has
    ``{}`` in that place.

    >>> with speaking("ru"):
    ...     noted("fewer than 12 bins or 50 posts are held from the peak to the next rise")
    'от пика до следующего подъёма собрано меньше 12 интервалов или 50 постов'
    """
    return "; ".join(_part(part) for part in (note or "").split("; ") if part)


def _part(part: str) -> str:
    said = _(part)
    if said != part or spoken() == SOURCE:
        return said
    for pattern, message in _patterns(spoken()):
        if found := pattern.fullmatch(part):
            return message.format(*(_grouped(value) for value in found.groups()))
    return part


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the messages with a place for a number or a name, and how each is recognised."""
    places = {
        one.id: str(one.string)
        for one in _written(language)
        if isinstance(one.id, str) and "{}" in one.id and one.string
    }
    return tuple(
        (re.compile(re.escape(said).replace(r"\{\}", "(.+?)"), re.DOTALL), message)
        for said, message in sorted(places.items(), key=lambda one: -len(one[0]))
    )


def _grouped(value: str) -> str:
    """Return what stood in a place: a whole number as the reader writes it."""
    digits = value.replace(",", "")
    return number(int(digits)) if digits.isascii() and digits.isdigit() else _(value)


def number(value: float | None, *, places: int = 0) -> str:
    """Return a number as the reader writes it; what is not known is said.

    >>> number(1234567), number(0.456, places=2), number(None)
    ('1,234,567', '0.46', 'not known')
    """
    if value is None:
        return _("not known")
    return f"{value:,.{places}f}".translate(_signs(spoken()))


def compact(value: float) -> str:
    """Return a round number as short as the language has it.

    >>> compact(500), compact(500_000)
    ('500', '500K')
    """
    said = format_compact_decimal(value, locale=spoken(), fraction_digits=1)
    return said.replace("м.", "мың") if spoken() == "kk" else said  # CLDR has both for thousands


def signed(value: int) -> str:
    """Return a number with its sign.

    >>> signed(3), signed(0), signed(-1)
    ('+3', '0', '−1')
    """
    return f"{value:+d}".replace("-", "−") if value else "0"


@cache
def _signs(language: str) -> dict[int, str]:
    """Return what stands between thousands and before a fraction, for English signs."""
    symbols = Locale.parse(language).number_symbols["latn"]
    return str.maketrans({",": symbols["group"], ".": symbols["decimal"]})


def percent(share: float | None, *, places: int = 0) -> str:
    """Return a share that is rounded neither to none nor to all.

    >>> percent(0.001), percent(0.999), percent(0.5), percent(1), percent(None)
    ('under 1%', 'over 99%', '50%', '100%', 'not known')
    """
    if share is None:
        return _("not known")
    least = 10.0 ** -(2 + places)
    if 0 < share < least:
        return _("under {share}").format(share=_percent(least, places))
    if 1 - least < share < 1:
        return _("over {share}").format(share=_percent(1 - least, places))
    return _percent(share, places)


def _percent(share: float, places: int) -> str:
    fraction = f".{'0' * places}" if places else ""
    whole = Locale.parse(spoken()).percent_formats[None].pattern
    pattern = whole.replace("#,##0", f"#,##0{fraction}")
    return format_percent(share, format=pattern, locale=spoken())


def day(time: date | datetime) -> str:
    """Return a day in words.

    >>> day(date(2016, 8, 29))
    '29 August 2016'
    >>> with speaking("ru"):
    ...     day(date(2016, 8, 29))
    '29 августа 2016'
    """
    return format_date(time, format=_DAYS[spoken()], locale=spoken())


def period(first: date | datetime | None, last: date | datetime | None) -> str:
    """Return a stretch of days in words.

    >>> period(date(2016, 8, 29), date(2016, 9, 2))
    '29 August to 2 September 2016'
    >>> with speaking("kk"):
    ...     period(date(2016, 8, 29), date(2016, 9, 2))
    '2016 ж. 29 тамыз – 2 қыркүйек'
    """
    if first is None or last is None:
        return _("no dated posts")
    if _day(first) == _day(last):
        return day(last)
    ends = [day(first), day(last)]
    if first.year == last.year:  # which is then said once: where the language has it in a day
        second = _DAYS[spoken()].startswith("y")
        ends[second] = format_date((first, last)[second], "d MMMM", spoken())
    return _("{first} to {last}").format(first=ends[0], last=ends[1])


def _day(time: date | datetime) -> date:
    return time.date() if isinstance(time, datetime) else time


def listed(words: Sequence[str]) -> str:
    """Return words as people list them.

    >>> listed(["X", "Telegram", "YouTube"]), listed(["X"]), listed([])
    ('X, Telegram and YouTube', 'X', '')
    """
    if len(words) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(words)
    return _("{some} and {last}").format(some=", ".join(words[:-1]), last=words[-1])
