"""The two clocks of a 4CAT file: ``timestamp`` in words, ``unix_timestamp`` in seconds.

4CAT takes the zone of its server when it turns one into the other. On a server that is not set to
UTC one of the two is therefore shifted, and which one depends on the data source: where 4CAT got
seconds, the words are shifted; where it got words, the seconds are. The difference of the two shows
the shift, in whole quarter-hours. Any other difference means that a cell was damaged.

>>> row = {ROW: [2], "timestamp": ["2026-03-01 15:00:00"], "unix_timestamp": ["1772366400"]}
>>> clocks = Clocks("unix_timestamp")
>>> clocks.watch(pl.DataFrame(row))
>>> clocks.shifts
{10800}
"""

from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo
from typing import Literal

import polars as pl

from collectors.exports.cells import note_where
from collectors.exports.csvs import ROW
from collectors.exports.losses import Losses
from collectors.exports.sources import Source
from collectors.exports.times import epoch, iso

Clock = Literal["timestamp", "unix_timestamp"]

_QUARTER = 15 * 60
_WIDEST = 14 * 60 * 60  # no place on Earth is further from UTC
_USUAL = "%Y-%m-%d %H:%M:%S"
_SECONDS = r"^\d{9,10}(\.\d+)?$"
_ZONED = r"\d(Z|[+-]\d{2}:?\d{2})$"
_DAMAGED = "the two clocks of the row differ by no whole quarter-hours: kept without a time"
_NONE = "no readable time: kept without one"
_UPLOADED = (
    "an uploaded time without a zone: read as the 4CAT server read it; --timezone says it better"
)


@dataclass
class Clocks:
    """What the clocks of one file show, and the times that follow.

    ``uploaded`` says that ``timestamp`` is as a person wrote it: a zone that the user gives counts
    more than what the server made of it.
    """

    right: Clock
    uploaded: bool = False
    shifts: set[int] = field(default_factory=set)  # in seconds, words minus seconds
    has_bare: bool = False  # a row has only words, without a zone

    @property
    def need_zone(self) -> bool:
        """Whether rows have a time of unknown zone, and nothing shows which it is."""
        return self.has_bare and self.right == "unix_timestamp" and not self.shifts

    def watch(self, rows: pl.DataFrame) -> None:
        """Look at some rows of the file."""
        seen = _read(rows.select("timestamp", "unix_timestamp"))
        self.shifts.update(seen["shift"].drop_nulls().unique())
        self.has_bare |= bool((seen["bare"] & seen["seconds"].is_null()).any())

    def timed(
        self, rows: pl.DataFrame, source: Source, losses: Losses, zone: tzinfo | None
    ) -> pl.DataFrame:
        """Return rows with ``at``; shifts and times that cannot be known are noted."""
        told = _read(rows.select(ROW, "timestamp", "unix_timestamp"))
        if self.uploaded and zone:
            told = told.with_columns(at=pl.coalesce(_in(zone), "seconds"))
            note_no_times(told, source, losses)
            return rows.with_columns(told["at"])
        right = pl.col("worded" if self.right == "timestamp" else "seconds")
        at = pl.when(~pl.col("damaged")).then(pl.coalesce(right, self._from_the_other(zone)))
        told = told.with_columns(at=at)
        self._note(told, source, losses)
        return rows.with_columns(told["at"])

    def _from_the_other(self, zone: tzinfo | None) -> pl.Expr:
        """Return times where the right clock shows none, by the only shift that the file has."""
        if len(self.shifts) != 1:
            return _in(zone)
        (shift,) = self.shifts
        offset = pl.lit(timedelta(seconds=shift))
        if self.right == "timestamp":
            return pl.col("seconds") + offset
        return pl.when("bare").then(pl.col("worded") - offset).otherwise("worded")

    def _note(self, told: pl.DataFrame, source: Source, losses: Losses) -> None:
        for shift in sorted(set(told["shift"].drop_nulls()) - {0}):
            way = "ahead of" if shift > 0 else "behind"
            reason = (
                f"timestamp runs {abs(shift) / 3600:g} h {way} unix_timestamp, as on a 4CAT server "
                f"not set to UTC: {self.right} was taken"
            )
            note_where(told, pl.col("shift") == shift, reason, source, losses, what="times")
        note_where(told, pl.col("damaged"), _DAMAGED, source, losses, what="times")
        note_no_times(told.filter(~pl.col("damaged")), source, losses)
        if self.uploaded:
            guessed = pl.col("bare") & pl.col("at").is_not_null()
            note_where(told, guessed, _UPLOADED, source, losses, what="times")


def note_no_times(rows: pl.DataFrame, source: Source, losses: Losses) -> None:
    """Note rows whose ``at`` is empty."""
    note_where(rows, pl.col("at").is_null(), _NONE, source, losses, what="times")


def epoch_of(column: pl.Expr) -> pl.Expr:
    """Return seconds since 1970 as times; null for what is written otherwise."""
    return epoch(pl.when(column.str.contains(_SECONDS)).then(column))


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    """Return what the two clocks show, and how they differ.

    ``worded`` is ``timestamp`` as if its clock were set to UTC; ``bare`` tells that it has no zone.
    """
    words = pl.col("timestamp")
    rows = rows.with_columns(
        seconds=epoch(pl.col("unix_timestamp")),
        worded=words.str.to_datetime(_USUAL, time_unit="us", strict=False).dt.replace_time_zone(
            "UTC"
        ),
    )
    unusual = pl.when(pl.col("worded").is_null()).then(words)
    rows = rows.with_columns(
        bare=pl.col("worded").is_not_null(),
        worded=pl.coalesce("worded", epoch_of(unusual), iso(unusual, UTC)),
    )
    zoned = words.str.contains(_ZONED) | words.str.contains(_SECONDS)
    difference = (pl.col("worded") - pl.col("seconds")).dt.total_seconds()
    rows = rows.with_columns(
        bare=pl.col("bare") | (pl.col("worded").is_not_null() & ~zoned),
        difference=difference,
    )
    explained = (pl.col("difference") % _QUARTER == 0) & (pl.col("difference").abs() <= _WIDEST)
    return rows.with_columns(
        bare=pl.col("bare").fill_null(value=False),
        shift=pl.when(explained).then("difference"),
        damaged=(pl.col("difference").is_not_null() & ~explained).fill_null(value=False),
    )


def _in(zone: tzinfo | None) -> pl.Expr:
    """Return ``timestamp`` in a zone; without one, only what needs none."""
    words = pl.col("timestamp")
    return pl.coalesce(epoch_of(words), iso(words, zone))
