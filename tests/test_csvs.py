"""CSV: any encoding, separator and damage; every cell as text, and no row lost in silence."""

import csv
import gzip
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.exports import csvs
from collectors.exports.csvs import ROW, batches, note_unread, plain, refused
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

ROWS = [("1", "площадь", "a,b"), ("007", "Қазақстан", 'he said "no"'), ("3", "", "two\nlines")]


def read(content: bytes, *, whole: bool = False) -> tuple[pl.DataFrame, dict[str, int]]:
    """Read bytes; return the rows, and the reasons of all losses with their counts."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "f.csv").write_bytes(content)
        (Path(folder) / "scratch").mkdir()
        losses = Losses()
        source = Source(Path(folder) / "f.csv")
        frames = [
            rows for _, rows in batches([source], losses, Path(folder) / "scratch", whole=whole)
        ]
    table = losses.table("i")
    reasons = dict(table.select("reason", "count").iter_rows())
    return pl.concat(frames) if frames else pl.DataFrame(), reasons


def written(separator: str = ",") -> str:
    quoted = [
        "id,place,words",
        *(",".join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in r) for r in ROWS),
    ]
    return "\n".join(
        line.replace(",", separator, 2) if n == 0 else line for n, line in enumerate(quoted)
    )


def told(rows: pl.DataFrame) -> list[tuple[str, ...]]:
    return [tuple(cell or "" for cell in row) for row in rows.drop(ROW).rows()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_of_every_form_is_read(encoding: str) -> None:
    rows, reasons = read(written().encode(encoding))
    assert told(rows) == ROWS
    assert reasons == {}


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp866"])
def test_an_old_cyrillic_encoding_is_guessed_and_said(encoding: str) -> None:
    lines = ["Прокуратура возобновила дело", "Следователи допросили свидетелей", "Город ждал"]
    content = "id,words\n" + "\n".join(f"{n},{line}" for n, line in enumerate(lines * 5))
    rows, reasons = read(content.encode(encoding))
    assert rows["words"].to_list() == lines * 5
    guess = next(iter(reasons))
    assert guess.startswith("not UTF-8: read as ")


def test_damaged_utf8_keeps_the_rest_and_is_counted() -> None:
    content = ("id,words\n" + "1,город и площадь\n" * 50).encode()
    rows, reasons = read(content.replace("площадь".encode(), b"\xd0", 1))
    assert rows.height == 50
    assert reasons == {"damaged: kept as �": 1}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_in_the_header(separator: str) -> None:
    rows, _ = read(f"id{separator}place\n1{separator}a\n".encode())
    assert rows.drop(ROW).rows() == [("1", "a")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_any_system_ends_them(ending: str) -> None:
    rows, reasons = read(ending.join(["id,place", "1,a", "2,b", ""]).encode())
    assert rows.drop(ROW).rows() == [("1", "a"), ("2", "b")]
    assert reasons == {}


def test_ids_stay_as_they_are_written() -> None:
    rows, _ = read(b"id,n\n0012345678901234567890,1e5\n")
    assert rows.drop(ROW).rows() == [("0012345678901234567890", "1e5")]


def test_a_row_with_too_many_cells_is_set_aside_and_the_rest_is_read() -> None:
    rows, reasons = read(b"id,place\n1,a\n2,b,c\n3,d\n")
    assert rows.drop(ROW).rows() == [("1", "a"), ("3", "d")]
    assert reasons == {"has more cells than the header has names: set aside": 1}


def test_a_quote_that_never_ends_costs_no_row_before_it() -> None:
    rows, _ = read(b'id,place\n1,a\n2,"b\n3,c\n')
    assert rows.drop(ROW).rows()[0] == ("1", "a")


def test_blank_lines_are_no_rows() -> None:
    rows, reasons = read(b"id,place\n\n1,a\n\n2,b\n")
    assert rows.rows() == [(2, "1", "a"), (3, "2", "b")]
    assert reasons == {}


def test_columns_of_one_name_are_told_apart() -> None:
    rows, _ = read(b"id,id,id\n1,2,3\n")
    assert rows.drop(ROW).columns == ["id", "id (2)", "id (3)"]


def test_a_long_file_comes_in_pieces_with_numbers_that_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(csvs, "BATCH_ROWS", 10)
    content = b"id,place\n" + b"".join(b"%d,a\n" % n for n in range(1000))
    rows, _ = read(content)
    assert rows[ROW].to_list() == list(range(2, 1002))


def test_a_file_mended_half_way_gives_no_row_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvs, "BATCH_ROWS", 10)
    lines = [b"%d,a" % n for n in range(50_000)]
    lines[40_000] += b",too,many"
    rows, reasons = read(b"id,place\n" + b"\n".join(lines))
    assert rows["id"].to_list() == [str(n) for n in range(50_000) if n != 40_000]
    assert sum(reasons.values()) == 1


def test_refused_rows_are_counted_with_the_place_of_the_first(tmp_path: Path) -> None:
    rows = pl.DataFrame({ROW: [2, 3, 4], "id": ["a", None, None]})
    losses = Losses()
    kept = refused(rows, pl.col("id").is_null(), "lacks an id", Source(tmp_path / "f"), losses)
    assert kept["id"].to_list() == ["a"]
    assert losses.table("i").select("count", "example").rows() == [(2, "f, row 3")]


def test_columns_that_are_not_read_are_named_with_the_number_of_their_values() -> None:
    rows = pl.DataFrame({ROW: [2, 3], "id": ["1", "2"], "geo": ["x", " "], "empty": [None, ""]})
    losses = Losses()
    note_unread(rows, ["id"], Source(Path("f")), losses)
    assert losses.table("i").select("reason", "count").rows() == [("field geo is not read", 1)]


def test_a_file_without_a_header_and_quotes_is_read_by_place(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b'1\t"a\tx\n2\tb\n\n3\tc\ty\n')
    losses = Losses()
    found = plain(Source(tmp_path / "f"), losses, tmp_path, separator="\t", columns=["n", "a", "b"])
    rows = pl.concat(list(found))
    assert rows.rows() == [(1, "1", '"a', "x"), (4, "3", "c", "y")]
    assert losses.count("dropped", "rows") == 1


@settings(max_examples=150)
@given(st.binary(max_size=60), st.booleans())
def test_whatever_bytes_come_are_rows_or_losses(content: bytes, whole: bool) -> None:  # noqa: FBT001
    rows, _ = read(b"id,place\n1,a\n" + content, whole=whole)
    assert rows.width in {0, 3}


@settings(max_examples=50)
@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=8))
def test_what_pythons_own_writer_writes_is_read_the_same(cells: list[tuple[str, str]]) -> None:
    cells = [
        (a.replace("\0", "").replace("\r", ""), b.replace("\0", "").replace("\r", ""))
        for a, b in cells
    ]
    cells = [pair for pair in cells if any(each for each in pair)]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerows([("id", "place"), *cells])
    rows, _ = read(file.getvalue().encode("utf-8", errors="replace"))
    clean = [tuple(c.encode("utf-8", errors="replace").decode() for c in pair) for pair in cells]
    assert (told(rows) if rows.width else []) == clean


# damage that swallows


def test_rows_that_an_open_quote_swallows_are_counted() -> None:
    lines = ["id,a,b,c,d", *(f"{n},a,b,c,d" for n in range(1, 40))]
    lines[10] = lines[10].replace("a", '"a')
    lines[20] = lines[20].replace(",d", ',"d')
    rows, reasons = read("\n".join(lines).encode())
    assert rows.height < 35
    assert reasons[csvs._SWALLOWED] >= 39 - rows.height - 1


def test_a_text_of_several_lines_is_no_swallowed_row() -> None:
    _, reasons = read(b'id,a,b,c,d\n1,"one\ntwo, three\nfour",b,c,d\n')
    assert reasons == {}


def test_a_letter_that_a_sample_cuts_in_two_tells_nothing() -> None:
    head = "id,text\n1,"
    text = head + "a" * (4095 - len(head)) + "Ж\n2,Қала Прокуратура\n"
    rows, reasons = read(gzip.compress(text.encode()))
    assert rows["text"][1] == "Қала Прокуратура"
    assert reasons == {}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_read_though_it_looks_like_utf_8(encoding: str) -> None:
    rows, _ = read("id,text\n1,Қала\n2,words and words\n".encode(encoding))
    assert rows["text"].to_list() == ["Қала", "words and words"]


def test_a_line_without_end_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvs, "MAX_CELL", 1 << 16)
    rows, reasons = read(b"id,text\n1," + b"a" * (1 << 20) + b"\n2,words\n")
    assert rows["id"].to_list() == ["2"]
    assert reasons == {csvs._TOO_LONG: 1}
