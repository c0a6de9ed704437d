"""Posts and accounts taken out of JSON, turned into the rows of tables.

A format tells each post as one ``Post``, with bare ids; here they become columns, and the platform
goes in front of the ids. Times are whole microseconds since 1970.

>>> likes = Shown("likes", "site likes", 3)
>>> post = Post("1", account="7", at=microseconds(1_772_366_400), kind="original", shown=[likes])
>>> post_rows([post], "site").select("post_id", "account_id", "at").row(0)
('site:1', 'site:7', datetime.datetime(2026, 3, 1, 12, 0, tzinfo=zoneinfo.ZoneInfo(key='UTC')))
>>> shown_rows([post], "site").select("post_id", "metric", "value").row(0)
('site:1', 'likes', 3)
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec
import polars as pl

from analytics.schema import UTC
from analytics.tables import COUNTERS
from collectors.exports.formats import named_on
from collectors.exports.objects import nested, object_keys

Id: TypeAlias = str | int | None
Number: TypeAlias = int | str | None

SECONDS = 1_000_000
MILLISECONDS = 1_000
_FIRST = -62_104_060_800 * SECONDS  # in the year 2
_LAST = 253_370_764_799 * SECONDS  # in the year 9998
_LARGEST = 2**63 - 1
_DIGITS = 19  # of the largest number that a table holds


class Shown(NamedTuple):
    """One number beside a post."""

    metric: str
    definition: str
    value: int


class Post(msgspec.Struct, gc=False):
    """A post as its platform tells it; ids have no platform in front, except in mentions."""

    id: str | None
    kind: str
    account: str | None = None
    at: int | None = None
    parent: str | None = None
    parent_account: str | None = None
    root: str | None = None
    root_account: str | None = None
    text: str | None = None
    lang: str | None = None
    urls: Sequence[str] = ()
    hashtags: Sequence[str] = ()
    mentions: Sequence[str] = ()
    media: Sequence[str] = ()
    seen_at: int | None = None  # when the platform was asked
    shown: Sequence[Shown] = ()


class Account(msgspec.Struct, gc=False):
    """An account as its platform tells it."""

    id: str | None
    handle: str | None = None
    name: str | None = None
    followers: int | None = None
    following: int | None = None
    posts: int | None = None
    created_at: int | None = None
    seen_at: int | None = None


def identifier(*told: Id) -> str | None:
    """Return the first id that is told, as text.

    >>> identifier(None, " ", 12, "13")
    '12'
    """
    for each in told:
        if each is not None and (text := str(each).strip()):
            return text
    return None


def whole(told: float | str | None) -> int | None:
    """Return a count; null where it is none, or one that no table can hold.

    >>> whole("1200"), whole(0), whole(-1), whole("1.2M"), whole("9" * 30)
    (1200, 0, None, None, None)
    """
    if isinstance(told, str):
        digits = told.strip()
        if not digits.isascii() or not digits.isdigit() or len(digits) > _DIGITS:
            return None
        told = int(digits)
    if told is None or not 0 <= told <= _LARGEST:
        return None
    return int(told)


def microseconds(told: float | str | None, unit: int = SECONDS) -> int | None:
    """Return a time since 1970 in microseconds; null where it is no time of our calendar.

    >>> microseconds("1772366400"), microseconds(1772366400123, MILLISECONDS), microseconds("soon")
    (1772366400000000, 1772366400123000, None)
    """
    if told is None:
        return None
    try:
        number = told
        if isinstance(number, str):
            number = int(number) if number.isdigit() else float(number)
        moment = number * unit
        return round(moment) if number and _FIRST < moment < _LAST else None
    except (ValueError, OverflowError):
        return None


def numbers(definition: str, told: Iterable[tuple[str, str, float | str | None]]) -> list[Shown]:
    """Return the numbers that are told, each with a metric and the platform's own name for it."""
    return [
        Shown(metric, f"{definition} {name}", count)
        for metric, name, value in told
        if (count := whole(value)) is not None
    ]


def post_rows(posts: Sequence[Post], platform: str) -> pl.DataFrame:
    """Return posts as rows of ``posts``; one that has no id is left out."""
    raw = pl.DataFrame(
        [
            _texts("id", [post.id for post in posts]),
            _texts("account", [post.account for post in posts]),
            _texts("parent", [post.parent for post in posts]),
            _texts("parent_account", [post.parent_account for post in posts]),
            _texts("root", [post.root for post in posts]),
            _texts("root_account", [post.root_account for post in posts]),
            _texts("kind", [post.kind for post in posts]),
            _texts("text", [post.text or None for post in posts]),
            _texts("lang", [post.lang or None for post in posts]),
            _times("at", [post.at for post in posts]),
            _times("collected_at", [post.seen_at for post in posts]),
            nested([post.urls for post in posts]).alias("urls"),
            nested([post.hashtags for post in posts]).alias("hashtags"),
            nested([post.mentions for post in posts]).alias("mentions"),
            nested([post.media for post in posts]).alias("media_keys"),
        ]
    )
    rows = raw.select(
        "at", "kind", "text", "lang", "urls", "hashtags", "mentions", "media_keys", "collected_at",
        post_id=named_on(platform, "id"),
        platform=pl.lit(platform),
        account_id=named_on(platform, "account"),
        parent_id=named_on(platform, "parent"),
        parent_account_id=named_on(platform, "parent_account"),
        root_id=named_on(platform, "root"),
        root_account_id=named_on(platform, "root_account"),
    )  # fmt: skip
    is_seen = pl.any_horizontal(pl.col("parent_id", "parent_account_id").is_not_null())
    return rows.filter(pl.col("post_id").is_not_null()).with_columns(
        object_keys("urls"), basis=pl.when(is_seen).then(pl.lit("observed"))
    )


def account_rows(accounts: Sequence[Account], platform: str) -> pl.DataFrame:
    """Return accounts as rows of ``accounts``, each once; one that has no id is left out."""
    raw = pl.DataFrame(
        [
            _texts("id", [each.id for each in accounts]),
            _texts("handle", [each.handle or None for each in accounts]),
            _texts("name", [each.name or None for each in accounts]),
            pl.Series("followers", [each.followers for each in accounts], dtype=pl.Int64),
            pl.Series("following", [each.following for each in accounts], dtype=pl.Int64),
            pl.Series("posts", [each.posts for each in accounts], dtype=pl.Int64),
            _times("created_at", [each.created_at for each in accounts]),
            _times("observed_at", [each.seen_at for each in accounts]),
        ]
    )
    rows = raw.select(
        "handle", "name", "followers", "following", "posts", "created_at", "observed_at",
        account_id=named_on(platform, "id"),
        platform=pl.lit(platform),
        role=pl.lit("unknown"),
    )  # fmt: skip
    return rows.filter(pl.col("account_id").is_not_null()).unique(maintain_order=True)


def shown_rows(posts: Sequence[Post], platform: str) -> pl.DataFrame:
    """Return the numbers beside posts as rows of ``counters``."""
    found = [(post.id, shown, post.seen_at) for post in posts for shown in post.shown]
    raw = pl.DataFrame(
        [
            _texts("id", [number for number, _, _ in found]),
            _texts("metric", [shown.metric for _, shown, _ in found]),
            pl.Series("value", [shown.value for _, shown, _ in found], dtype=pl.Int64),
            _texts("definition", [shown.definition for _, shown, _ in found]),
            _times("observed_at", [at for _, _, at in found]),
        ]
    )
    rows = raw.with_columns(post_id=named_on(platform, "id")).drop("id")
    return rows.filter(pl.col("post_id").is_not_null()).select(COUNTERS.columns.keys())


def _texts(name: str, values: list[str | None]) -> pl.Series:
    return pl.Series(name, values, dtype=pl.String)


def _times(name: str, values: list[int | None]) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Int64).cast(pl.Datetime("us")).cast(UTC)
