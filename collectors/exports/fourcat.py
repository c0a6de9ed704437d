"""4CAT's CSV, of every data source: X, Telegram, Bluesky, VK, TikTok, and whatever was uploaded.

Each data source writes columns of its own behind ``id, thread_id, body``; one module each reads
them (``fourcat_x.py`` and the others). A file is gone through twice: first for what all its rows
tell together (``fourcat_clocks.py``, ``fourcat_source.py``), then for the rows themselves. Columns
are found by name, in whatever order they stand.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from analytics.errors import FormatError
from collectors.exports.csvs import batches, note_unread, with_columns_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.fourcat_bluesky import BLUESKY
from collectors.exports.fourcat_clocks import Clocks
from collectors.exports.fourcat_source import DataSource, Handles, Rows
from collectors.exports.fourcat_telegram import TELEGRAM
from collectors.exports.fourcat_tiktok import TIKTOK, TIKTOK_COMMENTS
from collectors.exports.fourcat_upload import UPLOAD
from collectors.exports.fourcat_vk import VK
from collectors.exports.fourcat_x import X
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

# the upload comes last: all others have most of its columns
DATA_SOURCES = (X, TELEGRAM, BLUESKY, VK, TIKTOK, TIKTOK_COMMENTS, UPLOAD)


class FourCat:
    """Reads the CSV files that 4CAT gives out."""

    name = "4cat"
    label = "4CAT CSV"

    def knows(self, head: Head) -> bool:
        """Judge by column names: those of one data source, all of them."""
        return _of(head.columns) is not None

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and counters, file by file; all files are looked at first."""
        surveys = [_survey(source, kind, options) for source, kind in _known(files, options)]
        for survey in surveys:
            yield from _parts(survey, options)


FORMAT = FourCat()


@dataclass(frozen=True)
class _Survey:
    """What all rows of a file tell together."""

    source: Source
    kind: DataSource
    clocks: Clocks | None
    handles: Handles


def _of(columns: Collection[str]) -> DataSource | None:
    return next((each for each in DATA_SOURCES if each.needs <= set(columns)), None)


def _known(files: Sequence[Source], options: Options) -> Iterator[tuple[Source, DataSource]]:
    """Yield files with their data sources; others are noted and passed over."""
    for source in files:
        try:
            kind = _of(Head.of(source).columns)
        except FormatError as error:
            options.losses.add("dropped", "files", str(error), example=source.name)
            continue
        if kind:
            yield source, kind
        else:
            reason = f"has not the columns of 4CAT ({', '.join(sorted(UPLOAD.needs))})"
            options.losses.add("dropped", "files", reason, example=source.name)


def _survey(source: Source, kind: DataSource, options: Options) -> _Survey:
    """Go through a file once; what is lost on the way is noted when its rows are read."""
    clocks = Clocks(kind.clock, uploaded=kind is UPLOAD) if kind.clock else None
    handles = Handles()
    if clocks or kind.handles:
        for _, rows in batches([source], Losses(), options.scratch, needs=kind.needs):
            told = with_columns_of(rows, kind.surveyed)
            handles.watch(told, kind.handles)
            if clocks:
                clocks.watch(told)
    if clocks and clocks.need_zone and options.zone is None:
        msg = (
            f"{source.name} has times without a zone, and no unix_timestamp beside them; "
            "say which with --timezone, for example --timezone Asia/Almaty"
        )
        raise FormatError(msg)
    return _Survey(source, kind, clocks, handles)


def _parts(survey: _Survey, options: Options) -> Iterator[Part]:
    source, kind, losses = survey.source, survey.kind, options.losses
    read = {*kind.columns, *kind.repeats}
    for _, told in batches([source], losses, options.scratch, needs=kind.needs):
        note_unread(told, read, source, losses)
        rows: pl.DataFrame = with_columns_of(told, kind.columns)
        if survey.clocks:
            rows = survey.clocks.timed(rows, source, losses, options.zone)
        yield from kind.parts(Rows(rows, source, options, survey.handles))
