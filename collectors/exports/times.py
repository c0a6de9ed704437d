"""Times as files write them, turned into UTC; what is no time, or has no zone, becomes null.

>>> from datetime import timedelta, timezone
>>> written = pl.DataFrame({"at": ["2021-01-01T10:00:00Z", "2021-01-01 15:00", "12345678"]})
>>> east = timezone(timedelta(hours=5))
>>> written.select(iso(pl.col("at"), east)).to_series().dt.to_string().to_list()
['2021-01-01 10:00:00.000000+00:00', '2021-01-01 10:00:00.000000+00:00', None]
"""

from datetime import UTC as WORLD
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import polars as pl

from analytics.errors import SettingsError
from analytics.schema import UTC
from analytics.settings import zone_of

_EPOCH = datetime(1970, 1, 1, tzinfo=WORLD)
_USUAL = "%Y-%m-%dT%H:%M:%S.%3fZ"
_SECONDS_LACKING = r"^(\S+T\d{2}:\d{2})(Z|[+-]\d{2}:?\d{2})?$"


def iso(column: pl.Expr, zone: tzinfo | None = None) -> pl.Expr:
    """Return ISO 8601 times as UTC; those without a zone are read in the zone given, if any."""
    return column.map_batches(lambda times: _iso(times, zone), return_dtype=UTC)


def _iso(times: pl.Series, zone: tzinfo | None) -> pl.Series:
    """Return times as UTC; the commonest form is read ten times as fast as all forms are."""
    column = pl.col(times.name)
    usual = column.str.to_datetime(_USUAL, time_unit="us", strict=False)
    usual = _of_our_era(usual.dt.replace_time_zone("UTC"))
    found = times.to_frame().select(usual).to_series()
    others = times.filter(found.is_null() & times.is_not_null()).unique().to_frame()
    if others.is_empty():
        return found
    read = others.select(column, _any_iso(column, zone).alias("\0at")).drop_nulls()
    slow = times.to_frame().join(read, on=times.name, how="left", maintain_order="left")["\0at"]
    return found.zip_with(found.is_not_null(), slow)


def _any_iso(column: pl.Expr, zone: tzinfo | None) -> pl.Expr:
    text = column.str.strip_chars().str.replace(" ", "T").str.replace(_SECONDS_LACKING, "$1:00$2")
    zoned = text.str.replace(r"Z$", "+00:00")
    exact = zoned.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False)
    exact = _of_our_era(exact.dt.convert_time_zone("UTC"))
    if zone is None:
        return exact
    local = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    return pl.coalesce(exact, in_zone(local, zone))


def moment(told: str | None) -> int | None:
    """Return one ISO 8601 time with a zone in microseconds since 1970; null where it is none.

    >>> moment("2026-03-01T12:00:00.000Z"), moment("yesterday"), moment("2026-03-01")
    (1772366400000000, None, None)
    """
    try:
        at = datetime.fromisoformat(told or "")
    except ValueError:
        return None
    return None if at.tzinfo is None else (at - _EPOCH) // timedelta(microseconds=1)


def epoch(column: pl.Expr) -> pl.Expr:
    """Return seconds since 1970, written as text or number, as UTC."""
    microseconds = (column.cast(pl.Float64, strict=False) * 1e6).cast(pl.Int64, strict=False)
    return _of_our_era(pl.from_epoch(microseconds, time_unit="us").dt.replace_time_zone("UTC"))


def in_zone(local: pl.Expr, zone: tzinfo) -> pl.Expr:
    """Return local times as UTC; null where clocks skipped a time or showed it twice."""
    local = _of_our_era(local)
    if isinstance(zone, ZoneInfo):
        there = local.dt.replace_time_zone(zone.key, ambiguous="null", non_existent="null")
        return there.dt.convert_time_zone("UTC")
    return (local - pl.lit(zone.utcoffset(None))).dt.replace_time_zone("UTC")


def known_zone(name: str) -> tzinfo:
    """Return a zone that both Python and Polars know.

    Raises
    ------
    SettingsError
        There is no such zone.
    """
    zone = zone_of(name)
    try:
        pl.select(in_zone(pl.lit(datetime(2000, 1, 1)), zone))  # noqa: DTZ001 - a local time
    except pl.exceptions.PolarsError:
        msg = f"time zone {name!r} is not known; write its full name, such as Asia/Almaty"
        raise SettingsError(msg) from None
    return zone


def _of_our_era(time: pl.Expr) -> pl.Expr:
    """Return null for what no calendar of ours can show: a number that was no time."""
    return pl.when(time.dt.year().is_between(2, 9998)).then(time)
