"""Sources: wherever the bytes lie, they come unpacked, and an archive cannot do harm."""

import gzip
import io
import os
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from analytics.errors import FormatError
from collectors.exports import sources
from collectors.exports.sources import UNREADABLE, BombError, Found, Source, find

TEXT = b'{"id": 1}\n' * 100


def found(tmp_path: Path, *paths: Path) -> Found:
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return find(list(paths), scratch)


def zipped(path: Path, *names: str, content: bytes = TEXT) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def tarred(path: Path, *names: str, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(TEXT)
            archive.addfile(info, io.BytesIO(TEXT))
    return path


def contents(where: Found) -> dict[str, bytes]:
    return {source.name: source.head(10**6) for source in where.sources}


@pytest.mark.parametrize(
    "packed",
    [
        TEXT,
        gzip.compress(TEXT),
        gzip.compress(TEXT[:500]) + gzip.compress(TEXT[500:]),
        zstandard.compress(TEXT),
        zstandard.compress(TEXT[:500]) + zstandard.compress(TEXT[500:]),
    ],
    ids=["plain", "gzip", "gzip in two parts", "zstd", "zstd in two frames"],
)
def test_a_packed_file_gives_what_was_packed(tmp_path: Path, packed: bytes) -> None:
    (tmp_path / "any.name").write_bytes(packed)
    source = Source(tmp_path / "any.name")
    for _ in range(2):  # as often as it is opened
        assert source.head(10**6) == TEXT


def test_what_is_packed_with_a_long_window_is_read(tmp_path: Path) -> None:
    """Archives of Reddit are packed so."""
    settings = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
    packed = zstandard.ZstdCompressor(compression_params=settings).compress(TEXT)
    (tmp_path / "RS.zst").write_bytes(packed)
    assert Source(tmp_path / "RS.zst").head(10**6) == TEXT


def test_members_of_a_zip_are_sources_named_by_both(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", "one.json", "deep/two.json")
    where = found(tmp_path, path)
    assert contents(where) == {"a.zip/one.json": TEXT, "a.zip/deep/two.json": TEXT}
    assert {source.payload for source in where.sources} == {path}


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_members_of_a_tar_are_sources_and_nothing_is_written_beside_it(
    tmp_path: Path, mode: str
) -> None:
    path = tarred(tmp_path / "a.tar", "trees/1.txt", "trees/2.txt", mode=mode)
    where = found(tmp_path, path)
    assert contents(where) == {"a.tar/trees/1.txt": TEXT, "a.tar/trees/2.txt": TEXT}
    assert {source.payload for source in where.sources} == {path}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tar", "scratch"]


@pytest.mark.parametrize("name", ["../f.csv", "a/../../f.csv", "/etc/f.csv", "C:/f.csv", "..\\f"])
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_name_that_climbs_out_is_passed_over_and_told(
    tmp_path: Path, name: str, pack: Callable[..., Path]
) -> None:
    where = found(tmp_path, pack(tmp_path / "a", name, "good.csv"))
    assert [source.name for source in where.sources] == ["a/good.csv"]
    assert list(where.unread.values()) == [
        "has a name that climbs out of its archive; unpack it and name the file"
    ]


def test_a_tar_with_links_and_devices_gives_its_files_only(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"link{int(kind)}")
            info.type = kind
            info.linkname = "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("good")
        info.size = len(TEXT)
        archive.addfile(info, io.BytesIO(TEXT))
    assert contents(found(tmp_path, tmp_path / "a.tar")) == {"a.tar/good": TEXT}


def test_what_systems_leave_in_archives_and_folders_is_no_source(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", "__MACOSX/._x", ".DS_Store", "good.json")
    (tmp_path / "Thumbs.db").write_bytes(b"-")
    (tmp_path / ".hidden").write_bytes(b"-")
    folder = [p for p in tmp_path.iterdir() if p.name != "scratch"]
    assert folder
    names = [source.name for source in found(tmp_path, tmp_path).sources]
    assert names == ["a.zip/good.json"]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_bomb_is_stopped_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(sources, "BOMB_BYTES", 1 << 20)
    (tmp_path / "bomb").write_bytes(pack(bytes(1 << 24)))
    with pytest.raises(BombError, match="zip bomb"):
        Source(tmp_path / "bomb").head(1 << 24)


def test_a_small_file_may_be_packed_as_tightly_as_it_likes(tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(zstandard.compress(bytes(1 << 22)))
    assert len(Source(tmp_path / "zeros").head(1 << 23)) == 1 << 22


def test_a_pipe_into_the_command_is_read_as_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(TEXT))))
    assert contents(found(tmp_path, Path("-"))) == {"standard input": TEXT}


def test_the_same_file_named_twice_is_one_source(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(TEXT)
    assert len(found(tmp_path, path, path).sources) == 1


def test_nothing_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not exist; check the path"):
        found(tmp_path, tmp_path / "gone")


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_damaged_archive_is_told_and_never_raises(tmp_path: Path, cut: int) -> None:
    for name, path in (
        ("zip", zipped(tmp_path / "a.zip", "one")),
        ("tar", tarred(tmp_path / "a.tar", "one")),
    ):
        damaged = tmp_path / f"{name}-{cut}"
        damaged.write_bytes(path.read_bytes()[:-cut])
        where = found(tmp_path, damaged)
        for source in where.sources:
            try:
                source.head(10**6)
            except UNREADABLE:
                continue
        assert where.sources or where.unread


# broken off


def test_a_zstandard_file_that_breaks_off_is_told(tmp_path: Path) -> None:
    packed = zstandard.compress(os.urandom(1 << 20))
    path = tmp_path / "f.zst"
    path.write_bytes(packed[: len(packed) // 2])
    with Source(path).open() as file, pytest.raises(EOFError, match="breaks off"):
        file.read()


def test_zstandard_frames_behind_each_other_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "f.zst"
    path.write_bytes(b"".join(map(zstandard.compress, (b"one ", b"", b"two"))))
    with Source(path).open() as file:
        assert file.read() == b"one two"


def test_the_second_of_two_members_of_one_name_is_told(tmp_path: Path) -> None:
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.json", "2")
    found = find([path], tmp_path)
    assert [source.name for source in found.sources] == ["f.zip/a.json"]
    assert list(found.unread.values()) == [
        "stands in its archive twice; unpack it and name the files"
    ]
