"""JSON in pieces: every layout gives the same documents, whatever the size of the bites."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.exports import documents as module
from collectors.exports.documents import (
    BROKEN,
    BROKEN_OFF,
    Decoding,
    Document,
    chunks,
    documents,
    elements,
    inside,
)
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

POSTS = [{"id": n, "text": 'a "quoted" \\ {brace] ' * n, "tags": [{"t": "x"}]} for n in range(9)]


def read(content: bytes) -> tuple[list[Any], list[str], dict[str, int]]:
    """Read bytes; return the documents, their places, and the losses with their counts."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "f.json"
        path.write_bytes(content)
        losses = Losses()
        found = list(documents(Source(path), losses))
    counted = dict(losses.table("i").select("reason", "count").iter_rows())
    return [msgspec.json.decode(d.text) for d in found], [d.place for d in found], counted


LAYOUTS = {
    "lines": "\n".join(map(json.dumps, POSTS)),
    "lines with blanks between": "\n\n  \n".join(map(json.dumps, POSTS)) + "\n",
    "lines as Windows ends them": "\r\n".join(map(json.dumps, POSTS)),
    "an array": json.dumps(POSTS),
    "an indented array": json.dumps(POSTS, indent=2),
    "indented objects one after another": "\n".join(json.dumps(p, indent=1) for p in POSTS),
    "two arrays": json.dumps(POSTS[:4], indent=1) + "\n" + json.dumps(POSTS[4:], indent=1),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("bite", [7, 64, 1 << 22])
def test_every_layout_gives_the_same_documents(
    layout: str, encoding: str, bite: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", bite)
    found, places, losses = read(LAYOUTS[layout].encode(encoding))
    assert found == POSTS
    assert len(set(places)) == len(POSTS)
    assert losses == {}


def test_one_object_is_one_document_named_by_its_file() -> None:
    assert read(json.dumps({"a": POSTS}, indent=1).encode()) == ([{"a": POSTS}], ["f.json"], {})


def test_a_single_line_is_told_by_its_number() -> None:
    assert read(b'{"a": 1}')[1] == ["f.json, line 1"]


def test_a_broken_first_line_costs_only_itself() -> None:
    content = '{"id": 0, "text\n' + "\n".join(map(json.dumps, POSTS))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "f.json"
        path.write_text(content)
        found = [d.text for d in documents(Source(path), Losses())]
    assert [json.loads(bytes(text)) for text in found[1:]] == POSTS


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_of_a_truncated_array_the_whole_items_come_and_the_end_is_told(cut: int) -> None:
    found, _, losses = read(json.dumps(POSTS).encode()[:-cut])
    assert found == POSTS[: len(found)]
    assert len(found) >= len(POSTS) - 1
    assert losses == {BROKEN: 1}


def test_of_an_array_with_a_damaged_place_it_is_told_that_the_rest_is_lost() -> None:
    items = [{"id": n, "words": "some words"} for n in range(9)]
    damaged = json.dumps(items).replace('"id": 3, "words": "some words"}', '"id": 3', 1)
    found, _, losses = read(damaged.encode())
    assert [each["id"] for each in found] == [0, 1, 2]
    assert losses == {BROKEN_OFF: 1}


@pytest.mark.parametrize("layout", ["a line", "an object"])
def test_what_is_too_large_in_one_piece_is_set_aside(
    layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_DOCUMENT", 1000)
    monkeypatch.setattr(module, "_CHUNK", 100)
    large = {"text": "a" * 5000}
    monkeypatch.setattr(module, "_FIRST_LINE", 500)
    if layout == "a line":
        found, _, losses = read("\n".join([json.dumps(large), json.dumps(POSTS[0]), "{}"]).encode())
        assert found == [POSTS[0], {}]
    else:
        found, _, losses = read(json.dumps(large, indent=1).encode())
        assert found == []
    assert [reason.partition(" in one")[0] for reason in losses] == ["is more than 128 MB"]


def test_elements_of_any_depth_are_found_wherever_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    export = {"about": {"x": {"deep": 1}}, "chats": {"list": [{"messages": POSTS}, {"id": 2}]}}
    path.write_text(json.dumps(export, indent=1))
    chats = [json.loads(each) for each in elements(Source(path), Losses(), depth=3)]
    assert chats == [{"messages": POSTS}, {"id": 2}]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(), VALUES, min_size=1), min_size=1, max_size=5)


@settings(max_examples=150)
@given(
    OBJECTS, st.integers(1, 40), st.sampled_from(["ascii", "unicode"]), st.sampled_from([None, 1])
)
def test_arrays_are_cut_where_json_says(
    objects: list[Any],
    bite: int,
    letters: str,
    indent: int | None,
) -> None:
    content = json.dumps(objects, indent=indent, ensure_ascii=letters == "ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", bite)
        found, _, losses = read(content.encode(errors="surrogatepass"))
    assert found == objects
    assert losses == {}


@settings(max_examples=200)
@given(st.binary(max_size=80), st.integers(1, 30))
def test_whatever_bytes_come_nothing_is_raised(content: bytes, bite: int) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", bite)
        path = Path(folder) / "f"
        path.write_bytes(b'[{"a": "' + content)
        list(documents(Source(path), Losses()))
        list(elements(Source(path), Losses(), depth=2))


class Post(msgspec.Struct):
    """What is read of a post in these tests."""

    id: int
    text: str = ""


def test_what_does_not_fit_is_set_aside_alone_and_unread_members_are_counted() -> None:
    texts = [b'{"id": 1, "geo": 2}', b'{"id": "x"}', b'{"id": 3, "geo": 4}', b'{"id": 4']
    losses = Losses()
    decoding = Decoding(Source(Path("f")), losses, "the example")
    found = decoding.each(Post, [Document(f"f, line {n}", t) for n, t in enumerate(texts, 1)])
    decoding.note_unread({"id"})
    assert [post.id for post in found] == [1, 3]
    assert losses.table("i").select("reason", "count", "example").rows() == [
        ("not as the example writes it (Expected `int`, got `str` - at `$.id`)", 1, "f, line 2"),
        (BROKEN, 1, "f, line 4"),
        ("field geo is not read", 2, "f"),
    ]


def test_parts_of_a_document_have_places_of_their_own() -> None:
    parts = inside(Document("f, line 2", b""), [msgspec.Raw(b"1"), msgspec.Raw(b"2")], "post")
    assert [part.place for part in parts] == ["f, line 2, post 1", "f, line 2, post 2"]


@given(st.lists(st.binary(min_size=1, max_size=9)), st.integers(1, 20), st.integers(1, 4))
def test_chunks_hold_all_in_order_and_are_bounded(texts: list[bytes], size: int, rows: int) -> None:
    found = [Document(str(n), text) for n, text in enumerate(texts)]
    parts = list(chunks(found, size=size, rows=rows))
    assert [each for part in parts for each in part] == found
    assert all(len(part) <= rows for part in parts)
    assert all(sum(len(bytes(d.text)) for d in part[:-1]) < size for part in parts)
