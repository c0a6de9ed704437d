"""Filters, dragging and clicking: what they write into the address, and what they tell."""

import asyncio
import csv
import gzip
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import zstandard
from dash import no_update
from hypothesis import given
from hypothesis import strategies as st
from simulating import simulated
from starlette.datastructures import Headers
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from analytics import Store
from dashboards.app import chosen, show
from dashboards.compressing import Compressed
from dashboards.filters import bar, filtered
from dashboards.pages.story import brushed, clicked, figure
from dashboards.sheet import as_csv, as_table, folded
from dashboards.theme import DARK, LIGHT
from dashboards.view import View, view_of

APPEAL = "simulated"
AT = datetime(2016, 9, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with simulated(tmp_path_factory.mktemp("views"), posts=500, seed=5) as filled:
        yield filled


def test_what_is_chosen_stands_in_the_address(store: Store) -> None:
    told = ["2016-09-01", "2016-09-03", ["x", "web"], ["ru"], []]
    search = filtered(store, told, f"?appeal={APPEAL}&lang=kk")
    view = view_of(search, [APPEAL])
    assert view == View(
        APPEAL, AT, AT + timedelta(days=3), platforms=("x", "web"), languages=("ru",), lang="kk"
    )
    assert filtered(store, told, search) is no_update


@given(st.lists(st.none() | st.text() | st.lists(st.text()), min_size=5, max_size=5))
def test_whatever_a_field_holds_an_address_comes_of_it(store: Store, told: list[Any]) -> None:
    search = filtered(store, told, "?")
    assert search is no_update or view_of(search, [APPEAL]) is not None


def test_the_bar_is_set_as_the_view_is(store: Store) -> None:
    closed, opened = (
        vars(bar(store, view)) for view in (View(APPEAL), View(APPEAL, roles=("ngo",)))
    )
    assert (closed["open"], opened["open"]) == (False, True)


def test_a_stretch_that_is_dragged_over_narrows_every_page(store: Store) -> None:
    dragged = {
        "xaxis.range[0]": "2016-09-01 06:00:31.5", "xaxis.range[1]": "2016-09-02",
    }  # fmt: skip
    search = brushed(store, dragged, "?lang=ru")
    view = view_of(search, [APPEAL])
    assert view is not None
    assert (view.start, view.end) == (AT + timedelta(hours=6), AT + timedelta(days=1))
    drawn = figure(store, view)
    assert drawn is not None
    bars = [time for trace in drawn.data if trace.type == "bar" for time in trace.x]
    assert bars
    assert all(view.start <= time < view.end for time in bars)
    back = brushed(store, {"xaxis.autorange": True}, search)
    assert view_of(back, [APPEAL]) == View(APPEAL, lang="ru")


@pytest.mark.parametrize("change", [{}, {"autosize": True}, {"dragmode": "pan"}])
def test_other_changes_of_the_picture_leave_the_address(
    store: Store, change: dict[str, Any]
) -> None:
    assert brushed(store, change, "?") is no_update


def test_a_click_on_an_act_tells_what_is_on_record(store: Store) -> None:
    act = store.read("responses").row(0, named=True)
    point = {"customdata": ["act", act["response_id"]], "x": "2016-09-01", "y": 1}
    told = str(clicked(store, point, "?"))
    assert act["actor"] in told
    assert act["summary"] in told
    assert act["sources"][0] in told


def test_a_click_on_a_bar_leads_to_its_posts(store: Store) -> None:
    point = {"customdata": ["posts", "telegram"], "x": "2016-09-01 00:00", "y": 12}
    told = str(clicked(store, point, "?"))
    assert "12 posts held" in told
    assert "/spread?appeal=simulated&from=2016-09-01&to=2016-09-01&platform=telegram" in told


@pytest.mark.parametrize("click", [{}, {"customdata": []}, {"x": "soon"}, {"customdata": ["no"]}])
def test_a_click_on_nothing_tells_nothing(store: Store, click: dict[str, Any]) -> None:
    assert clicked(store, click, "?") is no_update


def test_another_appeal_keeps_the_language_and_no_filter(store: Store) -> None:
    assert chosen(store, APPEAL, f"?appeal={APPEAL}&lang=ru") is no_update
    assert chosen(store, "nobody", "?") is no_update


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_a_page_speaks_one_language(store: Store, lang: str) -> None:
    page, nav, _tools = show(store, "/", f"?lang={lang}")
    words = {
        "en": "How far did it go?",
        "ru": "Как далеко разошлось?",
        "kk": "Қаншалық алысқа жетті?",
    }
    assert [name for name, said in words.items() if said in str(page)] == [lang]
    assert str(nav)


def test_a_figure_is_drawn_in_the_look_that_it_is_given(store: Store) -> None:
    for look in (LIGHT, DARK):
        drawn = figure(store, View(APPEAL, look=look))
        assert drawn is not None
        colours = {trace.marker.color for trace in drawn.data if trace.type == "bar"}
        assert colours <= {look.platform(name) for name in (*look.platforms, "")}
        assert drawn.layout.template.layout.font.color == look.ink


@given(st.lists(st.text(max_size=30), max_size=5))
def test_no_cell_of_a_csv_is_a_formula_and_none_is_lost(words: list[str]) -> None:
    rows = pl.DataFrame({"words": words}, schema={"words": pl.String})
    told = list(csv.reader(io.StringIO(as_csv(rows, {"words": "Words"}), newline="")))[1:]
    cells = [row[0] if row else "" for row in told]
    assert len(cells) == len(words)
    for cell, word in zip(cells, words, strict=True):
        assert not cell.lstrip().startswith(("=", "+", "-", "@"))
        assert cell in {word, f"'{word}"}


def test_a_table_says_how_much_of_it_is_shown() -> None:
    rows = pl.DataFrame({"n": list(range(300)), "none": [None] * 300})
    table = str(as_table(rows, {"n": "Number", "none": "Nothing"}, most=200))
    assert "The first 200 of 300 rows" in table
    assert "not known" in table


def test_a_folded_table_holds_what_the_browser_says() -> None:
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    rows = pl.DataFrame({"at": [at, None], "n": [1_200, 3], "ids": [["a", "b"], []]})
    (place,) = folded(rows, {"at": "When", "n": "Number", "ids": "Names"}, most=1)
    told = json.loads(place.children.children)
    assert told["caption"] == "The first 1 of 2 rows; the CSV holds all."
    assert told["head"] == ["When", "Number", "Names"]
    assert told["columns"] == [["2026-01-02 03:04"], [1_200], ["a · b"]]


def ask(encodings: str, body: bytes, kind: str = "application/json") -> tuple[Headers, bytes]:
    """Return the answer of an app that sends a body in two parts, as it goes over the wire."""
    sent: list[Message] = []

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        response = StreamingResponse(_halves(body), media_type=kind)
        response.headers["Content-Length"] = str(len(body))
        await response(_scope, _receive, send)

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    asked = [(b"accept-encoding", encodings.encode())]
    asyncio.run(Compressed(answer)({"type": "http", "headers": asked}, receive, send))
    return Headers(raw=sent[0]["headers"]), b"".join(one.get("body", b"") for one in sent[1:])


async def _halves(body: bytes) -> AsyncIterator[bytes]:
    yield body[: len(body) // 2]
    yield body[len(body) // 2 :]


@pytest.mark.parametrize(("encoding", "opened"), [
    ("zstd", lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)),
    ("gzip", gzip.decompress),
])  # fmt: skip
def test_answers_are_smaller_and_the_same(encoding: str, opened: Callable[[bytes], bytes]) -> None:
    body = b"a number and a word; " * 5_000
    headers, data = ask(encoding, body)
    assert headers["content-encoding"] == encoding
    assert headers["vary"] == "Accept-Encoding"
    assert "content-length" not in headers
    assert len(data) < len(body) / 10
    assert opened(data) == body


@pytest.mark.parametrize(
    ("encodings", "body", "kind"),
    [
        ("br", b"a" * 9_000, "application/json"),
        ("zstd", b"short", "application/json"),
        ("zstd", b"a" * 9_000, "image/png"),
        ("gzip", b"a" * 9_000, "text/event-stream"),
    ],
)
def test_what_would_gain_nothing_is_sent_as_it_is(encodings: str, body: bytes, kind: str) -> None:
    headers, data = ask(encodings, body, kind)
    assert "content-encoding" not in headers
    assert data == body
