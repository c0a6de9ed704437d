"""What GDELT's tables have in common: two layouts of one table, its clock, its languages.

GDELT writes tables without a header, with tabs between the cells and nothing quoted, and calls them
CSV. Tools such as pandas and BigQuery pass them on as real CSV with a header, in capitals or small
letters. Both are read. All times are UTC, and tell when GDELT saw an article, not when it appeared.

>>> told = pl.DataFrame({"date": ["20170701234500", "20170701234500.0", "20170701", "now"]})
>>> [str(time) for time in told.select(seen(pl.col("date"))).to_series()]
['2017-07-01 23:45:00+00:00', '2017-07-01 23:45:00+00:00', '2017-07-01 00:00:00+00:00', 'None']
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from functools import cache

import polars as pl

from analytics.errors import FormatError
from collectors.exports import csvs
from collectors.exports.csvs import ROW, batches, plain
from collectors.exports.formats import Head, Options
from collectors.exports.losses import Losses
from collectors.exports.sources import UNREADABLE, Source
from collectors.exports.times import in_zone

SEEN = "when it was published is not told: the time at which GDELT saw it stands instead"
DAY_ONLY = "only the day is told: midnight UTC stands instead"
_LINES = 20
_PLACE = "geo_"
_TIME = r"^(\d{14})(?:\.0)?$"
_DAY = r"^(\d{8})(?:\.0)?$"

# GDELT's name of each language it reads, its code where GDELT translates, and what BCP 47 says.
_LANGUAGES = """
Afrikaans afr af, Albanian sqi sq, Amharic amh am, Arabic ara ar, Armenian hye hy,
Azerbaijani aze az, Basque eus eu, Belarusian bel be, Bengali ben bn, Bosnian bos bs,
Bulgarian bul bg, Burmese mya my, Catalan cat ca, Chinese zho zh, Croatian hrv hr, Czech ces cs,
Danish dan da, Dutch nld nl, English eng en, Estonian est et, Finnish fin fi, French fra fr,
Galician glg gl, Georgian kat ka, German deu de, Greek ell el, Gujarati guj gu, Hebrew heb he,
Hindi hin hi, Hungarian hun hu, Icelandic isl is, Indonesian ind id, Irish gle ga, Italian ita it,
Japanese jpn ja, Kannada kan kn, Kazakh kaz kk, Khmer khm km, Korean kor ko, Kurdish kur ku,
Kyrgyz kir ky, Lao lao lo, Latvian lav lv, Lithuanian lit lt, Macedonian mkd mk, Malay msa ms,
Malayalam mal ml, Maltese mlt mt, Marathi mar mr, Mongolian mon mn, Nepali nep ne,
Norwegian nor no, NorwegianNynorsk nno nn, Pashto pus ps, Persian fas fa, Polish pol pl,
Portuguese por pt, Punjabi pan pa, Romanian ron ro, Russian rus ru, Serbian srp sr,
Sinhalese sin si, Slovak slk sk, Slovenian slv sl, Somali som so, Spanish spa es, Swahili swa sw,
Swedish swe sv, Tajik tgk tg, Tamil tam ta, Tatar tat tt, Telugu tel te, Thai tha th,
Tibetan bod bo, Tigrinya tir ti, Turkish tur tr, Turkmen tuk tk, Ukrainian ukr uk, Urdu urd ur,
Uyghur uig ug, Uzbek uzb uz, Vietnamese vie vi, Welsh cym cy
"""


@dataclass(frozen=True)
class Layout:
    """One of GDELT's tables: its columns in order, and how they and its lines are known.

    Parameters
    ----------
    name
        What GDELT calls it.
    columns
        Lists of names, in small letters, one for each number of columns it ever had.
    begins
        How a line of the bare table begins.
    needs
        Columns without which a table with a header is not this one.
    renamed
        Other names that columns have in the wild.
    """

    name: str
    columns: Sequence[Sequence[str]]
    begins: re.Pattern[bytes]
    needs: frozenset[str]
    renamed: Mapping[str, str] = field(default_factory=dict)

    def knows(self, head: Head) -> bool:
        """Return whether a file is this table, bare or with a header."""
        return self.needs <= set(self._named(head.columns).values()) or bool(self.bare(head))

    def bare(self, head: Head) -> Sequence[str]:
        """Return the columns of a table without a header; none if it is not one."""
        if b"\t" not in head.data:
            return ()
        lines = head.data.split(b"\n")[:_LINES]
        known = [line for line in (lines[:-1] or lines) if self.begins.match(line)]
        if 2 * len(known) <= len(lines[:-1] or lines) - 1:  # one may be broken
            return ()
        cells = Counter(line.count(b"\t") + 1 for line in known)
        return next((each for each in self.columns if cells and _most(cells) == len(each)), ())

    def tables(self, source: Source, options: Options) -> Iterator[pl.DataFrame]:
        """Yield a file's rows under the names used here; what cannot be read is noted."""
        try:
            yield from self._tables(source, options)
        except FormatError as error:
            options.losses.add("dropped", "files", str(error), example=source.name)
        except (pl.exceptions.PolarsError, *UNREADABLE) as error:
            reason = f"cannot be read to its end ({type(error).__name__})"
            options.losses.add("dropped", "files", reason, example=source.name)

    def _tables(self, source: Source, options: Options) -> Iterator[pl.DataFrame]:
        head = Head.of(source)
        if columns := self.bare(head):
            yield from plain(
                source, options.losses, options.scratch, separator="\t", columns=columns
            )
            return
        names = self._named(head.columns)
        if missing := sorted(self.needs - set(names.values())):
            msg = (
                f"{source.name} is not a table of GDELT {self.name}: there is no column "
                f"{missing[0]!r}; leave out --format to have it detected"
            )
            raise FormatError(msg)
        for _, rows in batches([source], options.losses, options.scratch):
            yield rows.rename(names, strict=False)

    def _named(self, columns: Sequence[str]) -> dict[str, str]:
        """Return the name used here for each column that a file has; the first of a name wins."""
        names: dict[str, str] = {}
        for told in columns:
            small = told.lower()
            name = self.renamed.get(small, small)
            names[told] = told if name in names.values() else name
        return names


def _most(cells: "Counter[int]") -> int:
    return cells.most_common(1)[0][0]


def seen(column: pl.Expr) -> pl.Expr:
    """Return GDELT's times as UTC: to the second, or to the day in its older tables."""
    time = column.str.extract(_TIME).str.to_datetime("%Y%m%d%H%M%S", time_unit="us", strict=False)
    return in_zone(pl.coalesce(time, date(column).cast(pl.Datetime("us"))), UTC)


def date(column: pl.Expr) -> pl.Expr:
    """Return GDELT's days as dates."""
    return column.str.extract(_DAY).str.to_date("%Y%m%d", strict=False)


def note_unread(rows: pl.DataFrame, read: Collection[str], source: Source, losses: Losses) -> None:
    """Note the columns that are not read; those of places, which are many, as one."""
    places = {name for name in rows.columns if _PLACE in name}
    csvs.note_unread(rows, {*read, *places}, source, losses)
    names = [pl.col(name).fill_null("") != "" for name in places if name.endswith("fullname")]
    told = rows.select(pl.any_horizontal(names)).to_series().sum() if names else 0
    reason = f"fields with {_PLACE} in their names (places) are not read"
    losses.add("unknown", "fields", reason, int(told), example=source.name)


def note_times(told: pl.Series, source: Source, losses: Losses) -> None:
    """Note what articles' times are not."""
    days = told.str.contains(_DAY).sum()
    losses.add("unknown", "times", DAY_ONLY, int(days or 0), example=source.name)
    losses.add("unknown", "times", SEEN, told.len(), example=source.name)


def translated_from(column: pl.Expr) -> pl.Expr:
    """Return the language that GDELT translated from; blank means that it was English.

    >>> told = pl.DataFrame({"info": ["srclc:rus;eng:GT-RUS 1.0", None, "srclc:xyz;"]})
    >>> told.select(translated_from(pl.col("info"))).to_series().to_list()
    ['ru', 'en', None]
    """
    code = column.str.extract(r"(?i)srclc:\s*([a-z]{3})").str.to_lowercase()
    known = code.replace_strict(_known(1), default=None, return_dtype=pl.String)
    blank = column.fill_null("").str.strip_chars() == ""
    return pl.when(blank).then(pl.lit("en")).otherwise(known)


def language(column: pl.Expr) -> pl.Expr:
    """Return the code of a language that GDELT names in English.

    >>> told = pl.DataFrame({"language": ["Russian", "Klingon"]})
    >>> told.select(language(pl.col("language"))).to_series().to_list()
    ['ru', None]
    """
    name = column.str.to_lowercase().str.replace_all(r"[^a-z]", "")
    return name.replace_strict(_known(0), default=None, return_dtype=pl.String)


@cache
def _known(place: int) -> dict[str, str]:
    """Return codes by name (place 0) or by the code of three letters (place 1)."""
    rows = [each.split() for each in _LANGUAGES.split(",")]
    return {row[place].lower(): row[2] for row in rows}


def note_languages(rows: pl.DataFrame, told: str, source: Source, losses: Losses) -> None:
    """Note the languages that are named and not known here."""
    lacking = rows.filter(pl.col(told).is_not_null(), pl.col("lang").is_null())
    if lacking.height:
        place = f"{source.name}, row {lacking[ROW][0]}"
        reason = "a language whose code is not known here"
        losses.add("unknown", "languages", reason, lacking.height, example=place)


def event_keys(column: str) -> pl.Expr:
    """Return, for a group of rows, the keys of the events they name."""
    key = pl.concat_str(pl.lit("gdelt:"), column)
    return key.drop_nulls().unique(maintain_order=True)
