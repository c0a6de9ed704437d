"""The report: the numbers of the tables, one page that needs nothing, nobody who is private."""

import hashlib
import io
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kaleido import PageGenerator
from playwright.sync_api import sync_playwright
from serving import installed, launch
from simulating import simulated
from typer.testing import CliRunner

from analytics import Store, measure
from analytics.tables import POSTS
from dashboards.cli import app
from dashboards.i18n import speaking
from dashboards.report import write_report
from dashboards.report.contents import document
from dashboards.report.document import Bullets, Document, Section, Sheet, Text
from dashboards.report.drawing import _page, drawn
from dashboards.report.html import as_html, tame
from dashboards.report.pdf import as_pdf
from dashboards.view import View


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with simulated(tmp_path_factory.mktemp("report"), posts=500, seed=5) as filled:
        yield filled


class _Seen(HTMLParser):
    """What a reader of a page gets: its words, its tags, and where it would ask."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.asked: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside = tag
        self.asked += [v or "" for k, v in attrs if k in {"src", "href", "action", "srcset"}]

    def handle_data(self, data: str) -> None:
        if self._inside not in {"script", "style"}:
            self.words.append(data)


def said(page: str) -> str:
    return " ".join(" ".join(_Seen(page).words).split())


def test_the_report_says_the_numbers_of_the_tables(store: Store) -> None:
    told = document(store, View("simulated"))
    page = said(as_html(told))
    facts = store.read("summary").row(0, named=True)
    assert f"{facts['accounts']:,} accounts took part in {facts['posts']:,} posts" in page
    for act in store.read("responses").to_dicts():
        assert act["actor"] in page
        assert act["summary"] in page
    assert "Simulated: nothing here is real" in page
    assert "Seed 0" in page


def test_the_page_asks_nobody_and_leads_only_into_itself(store: Store) -> None:
    seen = _Seen(as_html(document(store, View("simulated"))))
    assert seen.asked
    assert all(link.startswith("#") for link in seen.asked)
    assert not {"link", "iframe", "img", "object"} & set(seen.tags)


def test_no_private_account_stands_in_a_report(store: Store) -> None:
    page = as_html(document(store, View("simulated")))
    body = page[: page.index("<script>")]
    assert not re.search(r":~[0-9a-f]{8}", body)
    private = store.read("posts").filter(pl.col("account_id").str.contains(":~"))["text"]
    assert not [words for words in private.drop_nulls() if words in body]


def report_of(words: str) -> Document:
    rows = pl.DataFrame({"cell": [words]})
    blocks = (Text(words), Bullets((words,)), Sheet(rows, {"cell": "Cell"}, "Rows"))
    sections = (Section("one", "One", blocks),)
    return Document(
        words, words, "en", (words,), sections, "Groundswell", datetime(2026, 1, 1, tzinfo=UTC)
    )


PLAIN = _Seen(as_html(report_of("words"))).tags


@given(
    st.text(max_size=200) | st.sampled_from(["</td></script><script>alert(1)</script>", "{{7*7}}"])
)
def test_words_of_others_stay_words(words: str) -> None:
    page = as_html(report_of(words))
    assert _Seen(page).tags == PLAIN
    assert "49" not in said(page) or "49" in words


@given(st.text(st.characters(codec="utf-8"), max_size=5_000))
def test_no_words_turn_those_around_them_or_never_end(words: str) -> None:
    told = tame(words)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u0000]", told)
    assert len(told) <= 2_001


def test_a_bundle_holds_every_measured_table_and_its_sums(store: Store, tmp_path: Path) -> None:
    first, second = (tmp_path / name for name in ("a.zip", "b.zip"))
    for path in (first, second):
        write_report(store, path, appeal=None, lang="en")
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        names = set(archive.namelist())
        for line in archive.read("SHA256SUMS").decode().splitlines():
            digest, name = line.split("  ")
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
            names.remove(name)
        assert names == {"SHA256SUMS"}
        held = pl.read_parquet(io.BytesIO(archive.read("tables/summary.parquet")))
        assert held.equals(store.read("summary"))
        assert not [name for name in archive.namelist() if "posts" in name or "accounts." in name]


def run(*arguments: Any) -> Any:  # noqa: ANN401 - as typer has it
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["-o", "r.docx"], "ends in none of .html, .pdf, .zip"),
        (["-o", "r.html", "--lang", "xx"], "no report in 'xx'"),
        (["-o", "r.html", "--appeal", "nobody"], "has no appeal 'nobody'"),
        (["-o", "none/r.html"], "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said(store: Store, arguments: list[str], why: str) -> None:
    done = run("report", store.path, *arguments)
    assert done.exit_code == 1
    assert why in " ".join(done.stderr.split())


def test_a_store_without_measures_and_one_of_several_appeals_say_what_to_do(tmp_path: Path) -> None:
    bare = Store.create(tmp_path / "bare", appeal_id="a")
    bare.declare_appeals()
    assert "groundswell measure" in run("report", bare.path, "-o", tmp_path / "r.html").stderr
    row = {"platform": "x", "kind": "original", "source": "t"}
    several = [row | {"post_id": f"x:{name}", "appeal_id": name} for name in "ab"]
    both = Store.create(tmp_path / "both", appeal_id=None)
    words = '[[appeals]]\nid = "a"\n[[appeals]]\nid = "b"\n'
    (both.path / "groundswell.toml").write_text(words, encoding="utf-8")
    both = Store(both.path)
    both.append(POSTS, pl.DataFrame(several))
    measure(both)
    assert "--appeal: a, b" in run("report", both.path, "-o", tmp_path / "r.html").stderr
    assert run("report", both.path, "-o", tmp_path / "r.html", "--appeal", "a").exit_code == 0


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let figures be drawn by the browser of the tests, wherever it is."""
    if not installed():
        with sync_playwright() as playwright:
            monkeypatch.setenv("BROWSER_PATH", playwright.chromium.executable_path)


def on_paper(data: bytes) -> tuple[pypdf.PdfReader, str]:
    paper = pypdf.PdfReader(io.BytesIO(data))
    return paper, " ".join(" ".join(page.extract_text() for page in paper.pages).split())


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
@pytest.mark.usefixtures("chromium")
def test_paper_says_what_the_page_says(store: Store, tmp_path: Path, lang: str) -> None:
    path = tmp_path / "report.pdf"
    done = write_report(store, path, appeal=None, lang=lang)
    assert done["note"] is None
    paper, words = on_paper(path.read_bytes())
    root: Any = paper.trailer["/Root"]
    assert root["/Lang"] == lang
    assert root["/MarkInfo"]["/Marked"]
    assert paper.metadata
    assert paper.metadata.title == "A mother's video appeal (simulated)"
    assert float(paper.pages[0].mediabox.width) == pytest.approx(595, abs=1)
    assert len(paper.pages) > 3
    assert f"{len(paper.pages)} / {len(paper.pages)}" in words
    with speaking(lang):
        told = document(store, View("simulated", lang=lang))
    for section in told.sections:
        assert section.title in words
        for block in section.blocks:
            if isinstance(block, Bullets):
                begins = [squeezed(item)[:50] for item in block.items]  # pages end anywhere
                assert all(begin in squeezed(words) for begin in begins)


def squeezed(words: str) -> str:
    """Return words without blanks and hyphens: lines of paper end anywhere."""
    return re.sub(r"[\s\u00ad\u2010-]", "", words)


@given(
    st.text(max_size=200)
    | st.sampled_from(["#panic()", "$x$ @label <a> *b* _c_ `d`", "a" * 10_000])
)
@settings(max_examples=25)
def test_words_of_others_are_no_marks_on_paper(words: str) -> None:
    paper, told = on_paper(as_pdf(report_of(words), {}).data)
    plain = squeezed(tame(words))
    if plain.isascii():
        assert plain in squeezed(told)
    assert len(paper.pages) < 12


@pytest.mark.usefixtures("chromium")
@pytest.mark.browser
def test_the_same_store_gives_the_same_paper(store: Store, tmp_path: Path) -> None:
    first, second = (tmp_path / name for name in ("1.pdf", "2.pdf"))
    for path in (first, second):
        write_report(store, path, appeal=None, lang="en")
    assert first.read_bytes() == second.read_bytes()


def test_letters_without_a_font_are_told() -> None:
    paper = as_pdf(report_of("\U0010fffd"), {})
    assert "boxes" in paper.note
    assert on_paper(paper.data)[0].pages


@pytest.mark.usefixtures("chromium")
@pytest.mark.browser
def test_a_figure_is_drawn_in_the_readers_language(store: Store) -> None:
    with speaking("kk"):
        told = document(store, View("simulated", lang="kk"))
        svg = drawn(told.pictures())
    assert set(svg) == {picture.name for picture in told.pictures()}
    assert "қыр" in svg["story"]
    assert "Sep" not in svg["story"]


def test_the_page_that_draws_asks_nobody() -> None:
    page = _page(PageGenerator(mathjax=False)).generate_index()
    assert "default-src 'none'" in page
    sources = re.findall(r'src="([^"]*)"', page)
    assert sources
    assert all(source.startswith("file:") for source in sources)


def test_without_a_browser_it_is_said_what_to_do(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    done = run("report", store.path, "-o", tmp_path / "r.pdf")
    assert done.exit_code == 1
    assert "no Chrome or Chromium was found" in " ".join(done.stderr.split())


def test_without_the_extra_it_is_said_what_to_install(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("choreographer.errors", "kaleido", "typst"):
        monkeypatch.setitem(sys.modules, name, None)
    done = run("report", store.path, "-o", tmp_path / "r.pdf")
    assert "pip install 'groundswell[pdf]'" in " ".join(done.stderr.split())


@pytest.mark.browser
def test_the_page_draws_its_pictures_from_a_file_alone(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(store, path, appeal=None, lang="kk")
    asked, errors = [], []
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
        page.goto(path.as_uri())
        page.wait_for_selector("#figure-story .bars path", state="attached")
        assert page.get_attribute("html", "lang") == "kk"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []
