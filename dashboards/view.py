"""What a reader looks at: an appeal, filters, language and look; all of it fits into an address.

An address can be sent to somebody, typed by hand or forged: whatever in it is not understood is
as if it were not there, and nothing of it is ever used as a path or as code.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import polars as pl

from analytics.store import Store
from dashboards.i18n import LANGUAGES, SOURCE
from dashboards.theme import LIGHT, LOOKS, Look

URL, LOOK_NOW = "url", "look-now"  # where the app holds what a view is made of
LONGEST = 2_000  # characters of a part of an address that are looked at
MOST = 50  # values of one filter
PICTURES = ("river", "tree", "map")  # of the page Spread
_FILTERS = {"platforms": "platform", "languages": "lang", "roles": "role"}


@dataclass(frozen=True)
class View:
    """One view; ``start`` and ``end`` bound time (UTC, half-open), an empty filter keeps all."""

    appeal_id: str
    start: datetime | None = None
    end: datetime | None = None
    platforms: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    picture: str = PICTURES[0]
    lang: str = SOURCE
    look: Look = LIGHT

    @property
    def is_filtered(self) -> bool:
        """Return whether something is left out."""
        return bool(self.start or self.end or self.platforms or self.languages or self.roles)

    @property
    def last(self) -> datetime | None:
        """Return the last moment that is shown."""
        return self.end and self.end - timedelta(microseconds=1)

    def kept(self, rows: pl.DataFrame, *, at: str = "at") -> pl.DataFrame:
        """Return the rows that the filters keep, by the columns that there are.

        A row without a time is kept where time is not bounded, and left out where it is.
        """
        kept = self.keeps(rows.columns, at=at)
        return rows.filter(kept) if kept else rows

    def keeps(self, columns: Collection[str], *, at: str = "at") -> list[pl.Expr]:
        """Return what the filters ask of a row, by the columns that there are."""
        asked = [
            pl.col(column).is_in(list(values))
            for name, column in _FILTERS.items()
            if (values := getattr(self, name)) and column in columns
        ]
        if at in columns:
            asked += [pl.col(at) >= self.start] if self.start else []
            asked += [pl.col(at) < self.end] if self.end else []
        return asked


def appeals_of(store: Store) -> list[str]:
    """Return the appeals that are held, first those of which most is told."""
    known = store.read("appeals", columns=["appeal_id"])
    told = store.read("summary", columns=["appeal_id", "responses", "posts"])
    return (
        known.join(told, on="appeal_id", how="left")
        .sort("responses", "posts", "appeal_id", descending=[True, True, False], nulls_last=True)
        .get_column("appeal_id")
        .to_list()
    )


def view_of(
    search: str | None, appeals: Collection[str], *, look: str | None = None
) -> View | None:
    """Return the view that an address names; None where no appeal is held.

    Parameters
    ----------
    search
        What stands after ``?``; anything may stand there.
    appeals
        The appeals that are held; the first is shown where the address names none of them.
    look
        The name of the look that the reader chose.

    Examples
    --------
    >>> view = view_of("?appeal=a&platform=x,web&from=2026-01-02&to=2026-01-03", ["a"])
    >>> view.platforms, view.start.isoformat(), view.end.isoformat()
    (('x', 'web'), '2026-01-02T00:00:00+00:00', '2026-01-04T00:00:00+00:00')
    """
    asked = _asked(search)
    first = next(iter(appeals), None)
    if first is None:
        return None
    appeal_id = asked.get("appeal", first)
    start, end = _moment(asked.get("from")), _moment(asked.get("to"), last=True)
    if start and end and start >= end:
        start = end = None
    return View(
        appeal_id=appeal_id if appeal_id in appeals else first,
        start=start,
        end=end,
        platforms=several(asked.get("platform")),
        languages=several(asked.get("language")),
        roles=several(asked.get("role")),
        picture=asked["picture"] if asked.get("picture") in PICTURES else PICTURES[0],
        lang=language_of(search),
        look=LOOKS.get(look or "", LIGHT),
    )


def language_of(search: str | None) -> str:
    """Return the language that an address names."""
    told = _asked(search).get("lang")
    return told if told in LANGUAGES else SOURCE


def search_of(view: View, **changes: Any) -> str:  # noqa: ANN401 - as the fields are
    """Return what stands after ``?`` in the address of a view, with some of it changed.

    >>> search_of(View("a", platforms=("x", "web")), lang="kk")
    '?appeal=a&platform=x%2Cweb&lang=kk'
    """
    shown = replace(view, **changes)
    told: Mapping[str, str | None] = {
        "appeal": shown.appeal_id,
        "from": _told(shown.start) if shown.start else None,
        "to": _until(shown.end) if shown.end else None,
        "platform": ",".join(shown.platforms),
        "language": ",".join(shown.languages),
        "role": ",".join(shown.roles),
        "picture": shown.picture if shown.picture != PICTURES[0] else None,
        "lang": shown.lang if shown.lang != SOURCE else None,
    }
    return f"?{urlencode({name: value for name, value in told.items() if value})}"


def _asked(search: str | None) -> dict[str, str]:
    """Return the first value of each name; of one that is too long, nothing."""
    try:
        values = parse_qs((search or "").removeprefix("?"), max_num_fields=MOST)
    except ValueError:
        return {}
    return {name: told[0] for name, told in values.items() if len(told[0]) <= LONGEST}


def several(told: str | None) -> tuple[str, ...]:
    """Return the names that a part of an address lists, each once, not endless.

    >>> several("x,web, x"), several(None)
    (('x', 'web'), ())
    """
    named = dict.fromkeys(name.strip() for name in (told or "").split(","))
    return tuple(name for name in named if name)[:MOST]


def _moment(told: str | None, *, last: bool = False) -> datetime | None:
    """Return a moment; of a bare day its start, or its end where it is the last one."""
    try:
        day = date.fromisoformat(told or "")
        return datetime.combine(day, time(), UTC) + timedelta(days=1 if last else 0)
    except (ValueError, OverflowError):
        return _instant(told)


def _instant(told: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(told or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _has_hour(moment: datetime) -> bool:
    return moment.timetz() != time(tzinfo=UTC)


def _until(end: datetime) -> str:
    """Return an end as it is told: a day stands for all of it."""
    return _told(end) if _has_hour(end) else f"{end - timedelta(microseconds=1):%Y-%m-%d}"


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}" if _has_hour(moment) else f"{moment:%Y-%m-%d}"
