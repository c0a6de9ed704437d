"""CSV files as batches of text columns: ids never pass through numbers.

Any encoding and separator is read, in bounded memory. Rows that do not fit the header are set aside
and counted; a file in which the fast reader stumbles is read again by a patient one.
"""

import csv
import io
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import IO

import polars as pl

from analytics.errors import FormatError
from collectors.exports.losses import Losses
from collectors.exports.sources import UNREADABLE, Source, bare_fact
from collectors.exports.texts import encoding_of, first_foreign, is_utf8, recoded

ROW = "\0row"  # number of the row in its file: the header is row 1, blank lines are none
BATCH_ROWS = 100_000
LINES = 20_000  # of files without a header, whose lines can be long
MAX_CELL = 1 << 26
_SEPARATORS = ",;\t|"  # spreadsheets of many countries write semicolons
_MISFIT = "has more cells than the header has names: set aside"
_TOO_LONG = "has a cell that never ends: set aside"
_SWALLOWED = "stand inside a cell before them, whose quote is not closed: close it, import again"
_FEWEST_NAMES = 5  # of a header; with fewer, a text of several lines can look like rows


def batches(
    files: Sequence[Source],
    losses: Losses,
    scratch: Path,
    *,
    needs: Collection[str] = (),
    whole: bool = False,
) -> Iterator[tuple[Source, pl.DataFrame]]:
    """Yield the rows of CSV files, every column as text and ``ROW`` with each row's number.

    A file that cannot be read is noted and passed over.

    Parameters
    ----------
    files, losses, scratch
        What to read, where losses are noted, and a folder for what must be recoded.
    needs
        Columns without which a file is refused.
    whole
        Yield each file in one piece: for formats whose rows must be seen together.
    """
    for source in files:
        try:
            for rows in _batches(source, losses, scratch, needs, whole=whole):
                yield source, rows
        except FormatError as error:
            losses.add("dropped", "files", str(error), example=source.name)
        except UNREADABLE as error:
            reason = f"cannot be read to its end ({bare_fact(error)})"
            losses.add("dropped", "files", reason, example=source.name)


def plain(
    source: Source,
    losses: Losses,
    scratch: Path,
    *,
    separator: str,
    columns: Sequence[str],
) -> Iterator[pl.DataFrame]:
    """Yield the rows of a file that has no header and quotes nothing, as GDELT writes them.

    A row with another number of cells than there are ``columns`` is set aside.
    """
    path = _utf8(source, losses, scratch)
    if not path.stat().st_size:
        return
    lines = pl.scan_lines(path, glob=False, row_index_name=ROW, row_index_offset=1)
    bare_lines = lines.with_columns(pl.col("line").str.strip_chars_end("\r"))
    for numbered in bare_lines.filter(pl.col("line") != "").collect_batches(chunk_size=LINES):
        fits = pl.col("line").str.count_matches(separator, literal=True) == len(columns) - 1
        fits = fits.fill_null(value=False)
        misfit = f"has not {len(columns)} cells: set aside"
        fitting = refused(numbered, ~fits, misfit, source, losses)
        cells = pl.col("line").str.split_exact(separator, len(columns) - 1)
        named = cells.struct.rename_fields(columns).alias("cells")
        yield fitting.select(ROW, named).unnest("cells")


def refused(
    rows: pl.DataFrame, bad: pl.Expr, reason: str, source: Source, losses: Losses
) -> pl.DataFrame:
    """Return the rows without the bad ones, which are noted as dropped, with the first's place."""
    flags = rows.select(bad.fill_null(value=True)).to_series()
    if not flags.any():
        return rows
    place = f"{source.name}, row {rows.filter(flags)[ROW][0]}"
    losses.add("dropped", "rows", reason, int(flags.sum()), example=place)
    return rows.filter(~flags)


def with_columns_of(rows: pl.DataFrame, names: Collection[str]) -> pl.DataFrame:
    """Return the rows with a column for each name, trimmed; null where the file has none.

    >>> with_columns_of(pl.DataFrame({"id": [" 1", ""]}), ["id", "lang"]).rows()
    [('1', None), (None, None)]
    """
    held = set(rows.columns)
    numbered = [ROW] if ROW in held else []
    return rows.select(
        *numbered,
        *(
            pl.col(n).str.strip_chars().replace("", None) if n in held
            else pl.lit(None, pl.String).alias(n)
            for n in names
        ),
    )  # fmt: skip


def note_unread(rows: pl.DataFrame, read: Collection[str], source: Source, losses: Losses) -> None:
    """Note the columns that hold something and are not read, with the number of their values."""
    names = [n for n in rows.columns if n not in read and n != ROW]
    told = rows.select((pl.col(n).fill_null("").str.strip_chars() != "").sum() for n in names)
    for name in sorted(names):
        reason = f"field {name} is not read"
        losses.add("unknown", "fields", reason, int(told[name][0]), example=source.name)


def separator_of(header: str) -> str:
    """Return what stands between the names of a CSV's header.

    >>> separator_of("from;actor;verb_code")
    ';'
    """
    return max(_SEPARATORS, key=header.count)


def names_of(head: bytes) -> tuple[str, ...]:
    """Return the names in the header of a CSV that begins like this; none if it is none."""
    text = head.decode(encoding_of(head), errors="replace")
    line = text.split("\n", 1)[0].split("\r", 1)[0].removeprefix("\ufeff")
    if not line.isprintable() and "\t" not in line:
        return ()
    try:
        names = next(csv.reader([line], delimiter=separator_of(line)), [])
    except csv.Error:
        return ()
    return tuple(map(bare, names)) if len(names) > 1 else ()


def bare(name: str) -> str:
    """Return the name of a column without blanks and quotes around it."""
    return name.strip("\ufeff \t\r\n\"'")


def _batches(
    source: Source, losses: Losses, scratch: Path, needs: Collection[str], *, whole: bool
) -> Iterator[pl.DataFrame]:
    path = _utf8(source, losses, scratch)
    separator, names = _header(path)
    if missing := sorted(set(needs) - set(names)):
        msg = f"{source.name} has no column {missing[0]!r}; leave out --format to have it detected"
        raise FormatError(msg)
    if not _is_regular(path, separator, names):
        path = _mended(path, (separator, names), source, losses, scratch)
        separator = ","
    for batch in _scanned(path, separator, names, whole=whole):
        _note_swallowed(batch, separator, source, losses)
        yield _without_blanks(batch)


def _note_swallowed(batch: pl.DataFrame, separator: str, source: Source, losses: Losses) -> None:
    """Note lines inside cells that look like rows: a quote was not closed before them."""
    names = [name for name in batch.columns if name != ROW]
    if len(names) < _FEWEST_NAMES:
        return
    for name in names:
        cells = batch.filter(pl.col(name).str.contains("\n", literal=True)).select(ROW, cell=name)
        if cells.is_empty():
            continue
        lines = cells.with_columns(pl.col("cell").str.split("\n")).explode("cell")
        cuts = pl.col("cell").str.count_matches(separator, literal=True)
        in_prose = pl.col("cell").str.contains(f"{separator} ", literal=True)
        rows = lines.filter(cuts == len(names) - 1, ~in_prose)
        if rows.height:
            place = f"{source.name}, row {rows[ROW][0]}"
            losses.add("dropped", "rows", _SWALLOWED, rows.height, example=place)


def _is_regular(path: Path, separator: str, names: Sequence[str]) -> bool:
    """Return whether the fast reader gets through: rows it gave before it stumbled cannot be used.

    It gives pieces from behind the place where it stumbles, and leaves out others before it.
    """
    if _longest_line(path) > MAX_CELL:
        return False
    try:
        told = _scan(path, separator, names).select(
            pl.len(), pl.all().null_count().name.suffix("-")
        )
        rows = told.collect(engine="streaming")["len"][0]
    except pl.exceptions.PolarsError:
        return False
    return bool(rows) or not _more_than_a_header(path)


def _longest_line(path: Path) -> int:
    """Return the length of the longest line, if any is longer than what is read at a time."""
    longest = length = 0
    with path.open("rb") as file:
        while (data := file.read(min(1 << 22, MAX_CELL))) and longest <= MAX_CELL:
            first, last = data.find(b"\n"), data.rfind(b"\n")
            longest = max(longest, length + (first if first >= 0 else len(data)))
            length = length + len(data) if last < 0 else len(data) - last - 1
    return longest


def _without_blanks(batch: pl.DataFrame) -> pl.DataFrame:
    return batch.filter(~pl.all_horizontal(pl.exclude(ROW).is_null()))


def _scan(path: Path, separator: str, names: Sequence[str]) -> pl.LazyFrame:
    return pl.scan_csv(
        path, infer_schema=False, separator=separator, has_header=False, skip_rows=1,
        schema=dict.fromkeys(names, pl.String), row_index_name=ROW, row_index_offset=2,
    )  # fmt: skip


def _scanned(
    path: Path, separator: str, names: Sequence[str], *, whole: bool
) -> Iterator[pl.DataFrame]:
    rows = _scan(path, separator, names)
    if whole:
        yield rows.collect()
        return
    yield from rows.collect_batches(chunk_size=BATCH_ROWS)


def _header(path: Path) -> tuple[str, list[str]]:
    """Return the separator and the columns' names; a name that comes twice gets a number."""
    with path.open("rb") as file:
        line = file.readline(1 << 20).split(b"\r", 1)[0].decode(errors="replace").rstrip("\n")
    separator = separator_of(line)
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        cells = []
    names: list[str] = []
    for cell in map(bare, cells):
        again = sum(name == cell or name.startswith(f"{cell} (") for name in names)
        names.append(f"{cell} ({again + 1})" if again else cell)
    if not names:
        msg = f"{path.name} is not a readable CSV; save it as UTF-8 with commas"
        raise FormatError(msg)
    return separator, names


def _more_than_a_header(path: Path) -> bool:
    with path.open("rb") as file:
        return any(line.strip() for line in file.read(1 << 16).splitlines()[1:])


def _utf8(source: Source, losses: Losses, scratch: Path) -> Path:
    """Return a plain UTF-8 file of the source: itself, or a copy in ``scratch``."""
    sample = first_foreign(source)
    encoding = encoding_of(source.head(4096))
    plain_file = source.member is None and source.path == source.payload
    if (
        plain_file
        and encoding == "utf-8"
        and _is_text(str(source.path))
        and source.path.stat().st_size
        and is_utf8(source)
        and not _is_packed(source)
    ):
        return source.path
    if encoding == "utf-8":
        encoding = encoding_of(sample)
    path = scratch / f"text{len(list(scratch.iterdir()))}.csv"
    damaged = 0
    with source.open() as packed, path.open("wb") as file:
        for piece, broken in recoded(packed, encoding):
            file.write(piece)
            damaged += broken
    if encoding not in {"utf-8", "utf-8-sig"} and "16" not in encoding:
        reason = f"not UTF-8: read as {encoding}, the likeliest encoding"
        losses.add("unknown", "encodings", reason, example=source.name)
    losses.add("unknown", "characters", "damaged: kept as �", damaged, example=source.name)
    return path


def _is_text(path: str) -> bool:
    """Return whether a path can be written as text: those of other bytes are copied first."""
    return path == path.encode(errors="replace").decode()


def _is_packed(source: Source) -> bool:
    with source.open() as file:
        return not (isinstance(file, io.BufferedReader) and isinstance(file.raw, io.FileIO))


def _mended(
    path: Path, header: tuple[str, list[str]], source: Source, losses: Losses, scratch: Path
) -> Path:
    """Write the rows that a patient reader can make out, in the simplest form; note the others."""
    separator, names = header
    csv.field_size_limit(min(MAX_CELL, sys.maxsize))
    mended = scratch / f"mended{len(list(scratch.iterdir()))}.csv"
    with (
        path.open(encoding="utf-8", errors="replace", newline="") as text,
        mended.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(names)
        for number, cells in _patient(text, separator, source, losses):
            if any(cells[len(names) :]):
                losses.add("dropped", "rows", _MISFIT, example=f"{source.name}, row {number}")
            else:
                writer.writerow([*cells, *[""] * (len(names) - len(cells))][: len(names)])
    return mended


def _bounded_lines(text: IO[str], source: Source, losses: Losses) -> Iterator[str]:
    """Yield lines; one that is longer than any cell may be is set aside."""
    number = 0
    while line := text.readline(MAX_CELL):
        number += 1
        if len(line) == MAX_CELL and not line.endswith("\n"):
            losses.add("dropped", "rows", _TOO_LONG, example=f"{source.name}, line {number}")
            while line and not line.endswith("\n"):
                line = text.readline(1 << 20)
            continue
        yield line.replace("\0", "")


def _patient(
    text: IO[str], separator: str, source: Source, losses: Losses
) -> Iterator[tuple[int, list[str]]]:
    rows = csv.reader(_bounded_lines(text, source, losses), delimiter=separator)
    number = 0
    while True:
        number += 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error:
            losses.add("dropped", "rows", _TOO_LONG, example=f"{source.name}, row {number}")
            continue
        if number > 1 and cells:
            yield number, cells
