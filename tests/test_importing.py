"""Importing: formats found by content, refusals that change nothing, and whatever bytes come."""

import gzip
import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stopping import Interrupted

from analytics.errors import FormatError, GroundswellError, SettingsError, StoreError
from analytics.store import Store
from collectors import writing
from collectors.exports import (
    Format,
    Head,
    Options,
    import_files,
    importing,
    known_formats,
    sources,
)
from collectors.exports.formats import detect
from collectors.exports.sources import Source

X_POST = {
    "id": "1",
    "author_id": "7",
    "created_at": "2026-03-01T12:00:00.000Z",
    "text": "words",
    "lang": "en",
    "referenced_tweets": [{"type": "quoted", "id": "2"}],
    "public_metrics": {"retweet_count": 1, "like_count": 2},
    "entities": {"urls": [{"expanded_url": "https://a.example"}], "hashtags": [{"tag": "t"}]},
}
X_PAGE = {
    "data": [X_POST],
    "includes": {"users": [{"id": "7", "username": "u", "name": "U"}]},
    "errors": [{"title": "Not Found Error"}],
}
TELEGRAM = {
    "name": "Square",
    "type": "public_channel",
    "id": 42,
    "messages": [
        {
            "id": 1,
            "type": "message",
            "date": "2026-03-01T15:00:00",
            "date_unixtime": "1772366400",
            "from_id": "channel42",
            "forwarded_from": "Elsewhere",
            "reply_to_message_id": 5,
            "text": ["a", {"type": "hashtag", "text": "#b"}],
            "reactions": [{"type": "emoji", "count": 1}],
        }
    ],
}
COORTWEET = "object_id,account_id,content_id,timestamp_share\no,a,c,1000\n"
HOAXY = (
    "canonical_url,from_user_id,from_user_screen_name,to_user_id,to_user_screen_name,tweet_id,"
    "tweet_type,is_mention,tweet_created_at\nu,1,a,2,b,50,retweet,FALSE,2026-03-01T12:00:00.000Z\n"
)
TABLE = "post_id,platform,kind,at,urls\nx:9,x,original,2026-03-01T12:00:00Z,https://a.example\n"
COORTWEET_HEADER, HOAXY_HEADER = (text.splitlines()[0] for text in (COORTWEET, HOAXY))
SAMPLES = {
    "x-v2": json.dumps(X_PAGE).encode(),
    "telegram-desktop": json.dumps(TELEGRAM).encode(),
    "coortweet": COORTWEET.encode(),
    "hoaxy": HOAXY.encode(),
    "table": TABLE.encode(),
}


def parquet() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "posts"
        pl.DataFrame({"post_id": ["x:1"], "platform": "x", "kind": "original"}).write_parquet(path)
        return path.read_bytes()


def picture() -> bytes:
    """Return a whole PNG of one black point."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    )


def written(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def kept(report: importing.Report) -> int:
    posts = report.losses.filter(pl.col("what").str.starts_with("posts"), outcome="kept")
    return int(posts["count"].sum())


# detection


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("disguise", ["result.json", "data_1.csv", "photo.png", "no-ending"])
def test_a_format_is_found_by_content_whatever_the_file_is_called(
    tmp_path: Path, name: str, disguise: str
) -> None:
    path = written(tmp_path / disguise, SAMPLES[name])
    found = detect(Head.of(Source(path)))
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("name", SAMPLES)
def test_packed_files_and_byte_order_marks_are_seen_through(
    tmp_path: Path, name: str, keys: Path
) -> None:
    path = written(tmp_path / "f", gzip.compress(b"\xef\xbb\xbf" + SAMPLES[name]))
    report = import_files(tmp_path / "s", [path])
    assert report.files["format"].to_list() == [name]
    assert kept(report) == 1
    assert len(list(keys.iterdir())) == 1


def test_a_file_that_two_formats_know_names_both_and_the_way_out(tmp_path: Path) -> None:
    header = f"{COORTWEET_HEADER},{HOAXY_HEADER}"
    path = written(tmp_path / "both", header + "\n")
    with pytest.raises(FormatError) as refused:
        import_files(tmp_path / "s", [path])
    told = "both could be coortweet, hoaxy; choose one with --format"
    assert str(refused.value) == told
    row = "o,a,c,1000,u,1,a,2,b,50,retweet,FALSE,2026-03-01T12:00:00.000Z\n"
    path.write_text(header + "\n" + row)
    report = import_files(tmp_path / "s", [path], format_name="hoaxy")
    assert Store(tmp_path / "s").read("posts")["post_id"].to_list() == ["x:50"]
    assert report.files["format"].to_list() == ["hoaxy"]


# refusals: one plain sentence, and nothing is changed


def tiny(content: bytes | str) -> Callable[[Path], list[Path]]:
    return lambda folder: [written(folder / "f", content)]


def pictures(folder: Path) -> list[Path]:
    for n in range(3):
        written(folder / "album" / "deep" / f"{n}.png", picture())
    return [folder / "album"]


def empty_folder(folder: Path) -> list[Path]:
    (folder / "nothing").mkdir()
    return [folder / "nothing"]


def hidden_only(folder: Path) -> list[Path]:
    written(folder / "hidden" / ".cache" / "x", SAMPLES["x-v2"])
    return [folder / "hidden"]


def pipe(folder: Path) -> list[Path]:
    os.mkfifo(folder / "pipe")
    return [folder / "pipe"]


def spreadsheet(folder: Path) -> list[Path]:
    return [zipped(folder / "f.xlsm", {"[Content_Types].xml": b"<Types/>", "xl/vba.bin": b"-"})]


def bomb(folder: Path) -> list[Path]:
    line = b'{"author_id": "1", "created_at": "", "text": "' + b"a" * (1 << 23)
    return [zipped(folder / "bomb.zip", {"a.json": line}, packed=zipfile.ZIP_DEFLATED)]


def locked(folder: Path) -> list[Path]:
    path = zipped(folder / "f.zip", {"a.csv": SAMPLES["coortweet"]})
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1  # says that it is encrypted
    path.write_bytes(data)
    return [path]


def nested(folder: Path) -> list[Path]:
    inner = zipped(folder / "inner", {"a.csv": SAMPLES["coortweet"]})
    return [zipped(folder / "f.zip", {"inner.zip": inner.read_bytes()})]


def climbing(folder: Path) -> list[Path]:
    return [zipped(folder / "f.zip", {"../../f.csv": SAMPLES["coortweet"]})]


@pytest.fixture(autouse=True)
def small_bombs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call a bomb what unpacks to more than a megabyte, so that tests are quick."""
    monkeypatch.setattr(sources, "BOMB_BYTES", 1 << 20)


def zipped(path: Path, members: dict[str, bytes], packed: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


REFUSED: dict[str, tuple[Callable[[Path], list[Path]], str]] = {
    "a folder of pictures": (
        pictures,
        r"0\.png is a picture; name the export it was taken of \(nor can 2 more files be read\)$",
    ),
    "an empty file": (tiny(b""), r"^f is empty; export it again$"),
    "blanks only": (tiny(b" \n\t"), r"^f is empty; export it again$"),
    "a byte order mark only": (tiny(b"\xef\xbb\xbf"), r"^f is empty; export it again$"),
    "an empty folder": (empty_folder, r"nothing holds no files; name the folder or file"),
    "hidden files only": (hidden_only, r"hidden holds no files; name the folder or file"),
    "a missing file": (lambda f: [f / "gone"], r"/gone does not exist; check the path$"),
    "a pipe": (
        pipe,
        r"pipe is neither a file nor a folder; .* pipe it to -$",
    ),
    "truncated JSON": (
        tiny(SAMPLES["telegram-desktop"][:-9]),
        r"^f, at its end: broken JSON: it ends too early .*; nothing was imported, export it again",
    ),
    "a truncated array": (
        tiny(json.dumps([X_POST])[:-9]),
        r"^f, at its end: broken JSON: it ends too early .*; nothing was imported",
    ),
    "deeply nested JSON": (
        tiny('{"author_id": "1", "created_at": "", "geo": ' + "[" * 99_999),
        r"^f, at its end: broken JSON.*; nothing was imported",
    ),
    "a binary file": (tiny(bytes(range(256)) * 9), r"^f is in no format that groundswell reads;"),
    "a header in Windows-1251": (
        tiny("город,площадь".encode("cp1251")),
        r"^f is in no format that groundswell reads;",
    ),
    "a web page": (tiny("<!DOCTYPE html><html>"), r"^f is a web page; export the data itself"),
    "a PDF": (tiny(b"%PDF-1.7 ..."), r"^f is a PDF; save its table as CSV"),
    "a spreadsheet with macros": (spreadsheet, r"^f\.xlsm is a spreadsheet .*; save its table as"),
    "a zip bomb": (bomb, r"^bomb\.zip/a\.json: cannot be .* \(unpacks to more than 250 times"),
    "a zip with a password": (locked, r"is protected by a password; unpack it and name the files"),
    "an archive in an archive": (nested, r"inner\.zip is an archive inside an archive; unpack"),
    "a name that climbs out": (
        climbing,
        r"/\.\./\.\./f\.csv has a name that climbs out",
    ),
    "a header only": (
        tiny(HOAXY_HEADER + "\n"),
        r"^f: holds no posts; nothing was imported, export it again or choose another file$",
    ),
    "rows that do not fit": (
        tiny(COORTWEET.split("\n", maxsplit=1)[0] + "\na,b,c,d,e,f\n"),
        r"^f, row 2: has more cells than the header has names: set aside; nothing was imported",
    ),
    "broken gzip": (
        tiny(gzip.compress(SAMPLES["x-v2"])[:40]),
        r"^f cannot be read \(.*\); check the file and your rights to it$",
    ),
    "damaged gzip": (
        tiny(gzip.compress(b"a" * 999)[:10] + b"\xff" * 20),
        r"^f cannot be read \(.*\); check the file and your rights to it$",
    ),
    "Parquet in name only": (
        tiny(b"PAR1" + b"\xff" * 99 + b"PAR1"),
        r"^f is in no format that groundswell reads;",
    ),
    "local times": (
        tiny(SAMPLES["telegram-desktop"].replace(b'"date_unixtime": "1772366400", ', b"")),
        r"^f has times without a zone.*; say which with --timezone",
    ),
}


def contents(folder: Path) -> dict[str, bytes]:
    found = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in found}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_and_leaves_no_trace(
    tmp_path: Path, keys: Path, case: str
) -> None:
    make, sentence = REFUSED[case]
    files = make(tmp_path)
    with pytest.raises(FormatError) as refused:
        import_files(tmp_path / "store", files)
    assert re.search(sentence, str(refused.value))
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "store").exists()
    assert list(keys.iterdir()) == []


@pytest.mark.parametrize("level", ["strict", "open"])
def test_what_cannot_be_read_leaves_a_store_as_it_was(tmp_path: Path, level: str) -> None:
    store = tmp_path / "store"
    Store.create(store)
    toml = store / "groundswell.toml"
    chosen = f'level = "{level}"\nreason = "invented posts"'
    toml.write_text(toml.read_text().replace('level = "strict"', chosen))
    import_files(store, [written(tmp_path / "good", SAMPLES["x-v2"])])
    before = contents(store)
    for number, (make, _) in enumerate(REFUSED.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(FormatError):
            import_files(store, make(folder))
    assert contents(store) == before


def test_a_refusal_of_one_format_comes_before_another_is_written(tmp_path: Path) -> None:
    local = SAMPLES["telegram-desktop"].replace(b'"date_unixtime": "1772366400", ', b"")
    files = [written(tmp_path / "a", SAMPLES["coortweet"]), written(tmp_path / "b", local)]
    store = Store.create(tmp_path / "store")
    with pytest.raises(FormatError, match="without a zone"):
        import_files(store.path, files)
    assert store.versions() == {}


WTP = b"id,title,signatureCount,created,status,response.id,response.associationTime\n" + b"".join(
    b"p%d,A,%d,1300000000,open,%s\n" % (k, k, b"7,1300009000" if k == 1 else b",") for k in range(3)
)


def test_a_register_brings_an_appeal_for_each_petition(tmp_path: Path) -> None:
    report = import_files(tmp_path / "s", [written(tmp_path / "f", WTP)])
    store = Store(tmp_path / "s")
    assert store.read("appeals")["appeal_id"].sort().to_list() == ["wtp-p0", "wtp-p1", "wtp-p2"]
    assert store.read("responses")["appeal_id"].to_list() == ["wtp-p1"]
    assert (report.appeal_id, store.settings.appeals) == ("we-the-people", [])
    assert store.read("appeals")["title"].to_list() == [None] * 3  # words of private people
    import_files(tmp_path / "s", [written(tmp_path / "g", WTP)])
    assert store.read("appeals").height == 3


def test_a_register_keeps_titles_where_words_are_kept(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s", appeal_id=None)
    toml = store.path / "groundswell.toml"
    chosen = 'level = "open"\nreason = "petitions of a public register"'
    toml.write_text(toml.read_text().replace('level = "strict"', chosen))
    import_files(store.path, [written(tmp_path / "f", WTP)])
    assert set(Store(store.path).read("appeals")["title"]) == {"A"}


def test_a_register_can_be_of_the_one_appeal_that_is_asked_for(tmp_path: Path) -> None:
    import_files(tmp_path / "s", [written(tmp_path / "f", WTP)], appeal="park")
    store = Store(tmp_path / "s")
    assert store.read("appeals")["appeal_id"].to_list() == ["park"]
    assert set(store.read("posts")["appeal_id"]) == {"park"}
    assert store.read("responses")["appeal_id"].to_list() == ["park"]


def test_a_register_stands_beside_an_appeal_that_is_declared(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s", appeal_id="park")
    import_files(store.path, [written(tmp_path / "f", WTP)])
    held = store.read("appeals")["appeal_id"].sort().to_list()
    assert held == ["park", "wtp-p0", "wtp-p1", "wtp-p2"]


def test_a_folder_that_was_there_is_left_there_and_empty(tmp_path: Path, keys: Path) -> None:
    (tmp_path / "store").mkdir()
    with pytest.raises(FormatError):
        import_files(tmp_path / "store", [written(tmp_path / "f", HOAXY_HEADER + "\n")])
    assert list((tmp_path / "store").iterdir()) == []
    assert list(keys.iterdir()) == []


def test_a_directory_of_other_things_is_never_taken_for_a_store(tmp_path: Path, keys: Path) -> None:
    mine = written(tmp_path / "papers" / "letter", "mine")
    good = written(tmp_path / "good", SAMPLES["x-v2"])
    for path in (mine.parent, mine):
        with pytest.raises(StoreError, match="is there already and is not a store; choose another"):
            import_files(path, [good])
    assert contents(mine.parent) == {"letter": b"mine"}
    assert list(keys.iterdir()) == []


@pytest.mark.parametrize("zone", ["Mars/Olympus", "localtime", "+99:00", "../etc/passwd", "05:00"])
def test_an_unknown_zone_is_refused_before_anything_is_made(tmp_path: Path, zone: str) -> None:
    path = written(tmp_path / "f", SAMPLES["x-v2"])
    with pytest.raises(SettingsError, match=r"time zone '.*' is not known; write"):
        import_files(tmp_path / "store", [path], timezone=zone)
    assert not (tmp_path / "store").exists()


def test_an_unknown_appeal_leaves_no_half_made_store(tmp_path: Path, keys: Path) -> None:
    path = written(tmp_path / "f", SAMPLES["x-v2"])
    import_files(tmp_path / "s", [path], appeal="park")
    with pytest.raises(SettingsError, match="there is no appeal 'garden'; choose one"):
        import_files(tmp_path / "s", [path], appeal="garden")
    assert len(list(keys.iterdir())) == 1


def test_an_unknown_format_names_those_that_are_known(tmp_path: Path) -> None:
    path = written(tmp_path / "f", SAMPLES["x-v2"])
    with pytest.raises(FormatError, match="no format 'xml'; `groundswell formats` lists them"):
        import_files(tmp_path / "store", [path], format_name="xml")
    assert not (tmp_path / "store").exists()


WRONG = [
    (name, content)
    for name in SAMPLES
    for content in (*SAMPLES, "parquet", "picture")
    if name != content and (name, content) != ("table", "parquet")
]


@pytest.mark.parametrize(("name", "content"), WRONG)
def test_a_wrong_format_chosen_by_hand_is_refused(tmp_path: Path, name: str, content: str) -> None:
    others = {"parquet": parquet(), "picture": picture()}
    path = written(tmp_path / "f", SAMPLES.get(content) or others[content])
    with pytest.raises(FormatError, match=r"nothing was imported|is a picture; name the export"):
        import_files(tmp_path / "store", [path], format_name=name)
    assert not (tmp_path / "store").exists()


def test_a_store_is_not_read_as_if_it_were_an_export(tmp_path: Path) -> None:
    import_files(tmp_path / "work" / "store", [written(tmp_path / "f", SAMPLES["x-v2"])])
    with pytest.raises(FormatError, match=r"store is a store; .*groundswell export"):
        import_files(tmp_path / "other", [tmp_path / "work" / "store"])
    written(tmp_path / "work" / "shares", COORTWEET)
    report = import_files(tmp_path / "other", [tmp_path / "work"])
    assert report.files["file"].to_list() == ["shares"]


# what is read


def test_of_a_mixed_folder_the_readable_files_are_kept_and_the_others_listed(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "mixed"
    for name, content in SAMPLES.items():
        written(folder / name / "result.json", content)
    written(folder / "photo.png", picture())
    written(folder / "empty", b"")
    written(folder / "packed.gz", gzip.compress(SAMPLES["x-v2"])[:30])
    written(folder / "truncated", json.dumps([X_POST])[:-9])
    report = import_files(tmp_path / "s", [folder])
    assert kept(report) == len(SAMPLES)
    dropped = report.losses.filter(outcome="dropped").select("example", "reason")
    told = dict(dropped.iter_rows())
    assert set(told) == {"photo.png", "empty", "packed.gz", "truncated, at its end"}
    assert told["photo.png"].startswith("is a picture")
    assert told["empty"] == "is empty"
    assert told["packed.gz"].startswith("cannot be read (")
    assert told["truncated, at its end"].startswith("broken JSON")
    assert report.files.height == len(SAMPLES) + 4


def test_the_same_files_again_change_nothing(tmp_path: Path) -> None:
    files = [written(tmp_path / name, content) for name, content in SAMPLES.items()]
    import_files(tmp_path / "s", files)
    before = Store(tmp_path / "s").versions()
    for again in (files, files[::-1], files[:2]):  # the whole, in another order, and in part
        report = import_files(tmp_path / "s", again)
        assert report.losses.filter(outcome="kept").is_empty()
        assert report.losses.filter(outcome="merged", what="posts").height
        after = Store(tmp_path / "s").versions()
        for name in ("posts", "accounts", "counters"):
            assert after[name] == before[name]


def test_a_file_given_twice_is_read_once(tmp_path: Path) -> None:
    path = written(tmp_path / "d" / "f", COORTWEET)
    report = import_files(tmp_path / "s", [path, tmp_path / "d"])
    assert report.files.height == 1


def test_a_name_of_any_bytes_is_shown_as_well_as_can_be(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv"))
    path.write_text(COORTWEET + "o,a,c2,\n")
    report = import_files(tmp_path / "s", [path])
    assert report.files["file"].to_list() == ["?.csv"]
    assert "?.csv, row 3" in report.losses["example"].to_list()


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Format:
    each = Interrupted(posts=3)
    monkeypatch.setitem(known_formats(), each.name, each)
    return each


@pytest.mark.usefixtures("interrupted")
def test_what_was_written_before_an_interruption_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "FLUSH_ROWS", 3)
    path = written(tmp_path / "f", "stop")
    with pytest.raises(KeyboardInterrupt):
        import_files(tmp_path / "s", [path])
    assert Store(tmp_path / "s").read("posts").height == 3


@pytest.mark.usefixtures("interrupted")
def test_an_interruption_before_anything_was_written_leaves_no_store(
    tmp_path: Path, keys: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        import_files(tmp_path / "s", [written(tmp_path / "f", "stop")])
    assert not (tmp_path / "s").exists()
    assert list(keys.iterdir()) == []


# whatever comes


def survives(content: bytes, name: str | None = None) -> None:
    """Read bytes as a format would, and the whole way up to the store's check."""
    with TemporaryDirectory() as folder:
        path = written(Path(folder) / "f", content)
        options = Options("appeal", UTC, scratch=Path(folder))
        try:
            found = known_formats()[name] if name else detect(Head.of(Source(path)))
            for part in found.read([Source(path)], options) if found else ():
                writing._joined({(part.table, part.what): [part.frame]})
                part.table.check(writing._stamped(part, "appeal", "fuzz"))
        except GroundswellError as error:
            assert "\n" not in str(error).strip()  # noqa: PT017 - any other error fails the test
        options.losses.table("import")


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Return a payload with pieces cut out, written over or put in."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 12))
        pieces = st.binary(max_size=8) | st.sampled_from(
            [b"", b"null", b"[]", b"{}", b'"', b"-1", b"1e999", b"9" * 30, b"NaN", b"\\ud800",
             b"\x00", b"\xff", b"\r", b"\n", b",", b"[" * 3000, b'""', b"true", b"\\x0b"]
        )  # fmt: skip
        data[at : at + length] = draw(pieces)
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@pytest.mark.parametrize("name", [*SAMPLES, "parquet"])
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_damaged_files_are_read_or_refused_and_nothing_else(name: str, data: st.DataObject) -> None:
    whole = parquet() if name == "parquet" else SAMPLES[name]
    content = data.draw(damaged(whole))
    survives(content)
    survives(content, "table" if name == "parquet" else name)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.sampled_from([2**63, -(2**63) - 1, 10**400, "", " ", "\n", "\0", "9" * 25, 0]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401
    """Return the way to every value inside a document."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [way, *(place for key, inner in items for place in places(inner, (*way, key)))]


def replaced(value: Any, way: tuple[Any, ...], new: object) -> Any:  # noqa: ANN401
    if not way:
        return new
    copy = value.copy()
    copy[way[0]] = replaced(value[way[0]], way[1:], new)
    return copy


@pytest.mark.parametrize(("name", "document"), [("x-v2", X_PAGE), ("telegram-desktop", TELEGRAM)])
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_wrong_types_in_any_member_are_read_or_refused(
    name: str, document: dict[str, Any], data: st.DataObject
) -> None:
    way = data.draw(st.sampled_from(places(document)))
    wrong = replaced(document, way, data.draw(ANYTHING))
    survives(json.dumps(wrong).encode(), name)


CELLS = st.text(max_size=8) | st.sampled_from(
    ["", " ", "nan", "inf", "1e300", "9" * 30, "-1", "x:\n", '"', "true", "2026-03-01T12:00:00Z",
     "+99999-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"]
)  # fmt: skip


@pytest.mark.parametrize("name", ["coortweet", "hoaxy", "table"])
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_any_cell_of_a_csv_is_read_or_refused(name: str, data: st.DataObject) -> None:
    header, row, *_ = (line.split(",") for line in SAMPLES[name].decode().split("\n"))
    cells = [data.draw(st.just(cell) | CELLS) for cell in row]
    quoted = ('"' + cell.replace('"', '""') + '"' for cell in cells)
    text = ",".join(header) + "\n" + ",".join(quoted) + "\n"
    survives(text.encode(errors="replace"), name)


# names of files


def test_names_of_files_stay_out_of_a_strict_store(tmp_path: Path) -> None:
    path = written(tmp_path / "somebody_778899.csv", SAMPLES["coortweet"])
    report = importing.import_files(tmp_path / "s", [path])
    store = Store(tmp_path / "s")
    assert report.files["file"].to_list() == ["somebody_778899.csv"]
    assert store.read("imports")["file"].to_list() == ["file 1.csv"]
    held = b"".join(each.read_bytes() for each in store.path.rglob("*") if each.is_file())
    assert b"778899" not in held


def test_the_place_of_a_loss_is_kept_with_its_files_number(tmp_path: Path) -> None:
    rows = "object_id,account_id,content_id,timestamp_share\no,a,c1,1000\no,a,,2\n"
    report = importing.import_files(tmp_path / "s", [written(tmp_path / "ann.csv", rows)])
    shown = report.losses["example"].drop_nulls().to_list()
    kept_ = Store(tmp_path / "s").read("losses")["example"].drop_nulls().to_list()
    assert shown
    assert sorted(kept_) == sorted(place.replace("ann.csv", "file 1.csv") for place in shown)


@pytest.mark.parametrize(
    ("name", "ending"),
    [("a.json", ".json"), ("a.b.CSV.gz", ".csv.gz"), ("a.778899", ""), ("a.zip/b.jsonl", ".jsonl")],
)
def test_only_usual_endings_are_kept(name: str, ending: str) -> None:
    assert importing._ending(name) == ending


def test_names_of_files_stay_out_of_reasons_too(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    written(folder / "a.csv", SAMPLES["coortweet"])
    broken = gzip.compress(os.urandom(99_999).hex().encode())[:-9]
    written(folder / "somebody_778899.csv.gz", broken)
    importing.import_files(tmp_path / "s", [folder])
    store = Store(tmp_path / "s")
    assert store.read("losses").filter(outcome="dropped").height
    held = b"".join(each.read_bytes() for each in store.path.rglob("*") if each.is_file())
    assert b"778899" not in held


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_file_without_rights_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    written(tmp_path / "d" / "a.csv", SAMPLES["coortweet"])
    written(tmp_path / "d" / "b.csv", SAMPLES["coortweet"]).chmod(0)
    report = importing.import_files(tmp_path / "s", [tmp_path / "d"])
    assert report.files["file"].to_list() == ["a.csv"]


def test_a_file_that_vanishes_is_told_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "d" / "a.csv", SAMPLES["coortweet"])
    written(tmp_path / "d" / "b.csv", "")
    real = Store.keep_payload

    def kept(store: Store, payload: Path) -> tuple[str, str | None]:
        if payload.name == "b.csv":
            raise PermissionError(13, "Permission denied", str(payload))
        return real(store, payload)

    monkeypatch.setattr(Store, "keep_payload", kept)
    report = importing.import_files(tmp_path / "s", [tmp_path / "d"])
    assert report.files["file"].to_list() == ["a.csv"]
