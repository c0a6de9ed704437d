"""Pages of articles: their words, links and times, out of whatever HTML sites write."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from news_sites import FILLING, VIDEO, A, B, article
from reading import Read, read, written

from collectors.exports.article import FORMAT
from collectors.exports.formats import Head
from collectors.exports.sources import Source

LINKED_DATA = (
    '<script type="application/ld+json">{"datePublished":"2026-03-01T14:30+05:00"}</script>'
)
SEEN = "2026-03-02T08:00:00+00:00"


def page(html: str, url: str = f"{A}/1") -> dict[str, str]:
    return {"url": url, "retrieved_at": SEEN, "html": html}


def done(folder: Path, *pages: dict[str, str]) -> Read:
    return read(FORMAT, written(folder / "pages.jsonl", *pages))


def told(folder: Path, html: str, *names: str) -> tuple[object, ...]:
    return done(folder, page(html)).rows["posts"].select(names).row(0)


def test_an_article_is_a_post_of_its_outlet(tmp_path: Path) -> None:
    names = ("post_id", "account_id", "kind", "at", "lang", "urls", "collected_at")
    assert told(tmp_path, article(VIDEO, f"{B}/1", minute=7), *names) == (
        f"web:{A}/1", "web:a.example", "article", datetime(2026, 3, 1, 12, 7, tzinfo=UTC), "en",
        [VIDEO, f"{B}/1"], datetime(2026, 3, 2, 8, tzinfo=UTC),
    )  # fmt: skip


def test_menus_are_no_words_and_no_links(tmp_path: Path) -> None:
    words, urls = told(tmp_path, article(VIDEO), "text", "urls")
    assert isinstance(words, str)
    assert words.startswith("Bread\n\nNeighbours asked")
    assert "menu" not in words
    assert urls == [VIDEO]


def test_links_join_other_posts(tmp_path: Path) -> None:
    (keys,) = told(tmp_path, article(VIDEO), "object_keys")
    assert keys == ["url:a.example/a/1", "youtube:abcdefghijk"]


def test_videos_that_are_embedded_are_links(tmp_path: Path) -> None:
    frame = '<iframe width="5" src="//www.youtube.com/embed/abcdefghijk?rel=0&amp;x=1"></iframe>'
    html = article().replace("</article>", f"{frame}</article>")
    (urls, keys) = told(tmp_path, html, "urls", "object_keys")
    assert urls == ["https://www.youtube.com/embed/abcdefghijk?rel=0&x=1"]
    assert "youtube:abcdefghijk" in keys  # type: ignore[operator]


@pytest.mark.parametrize(
    ("told_as", "at"),
    [
        ('<meta content="2026-03-01T09:30:00Z" name="datePublished">', (9, 30)),
        (LINKED_DATA, (9, 30)),
        ('<meta property="article:published_time" content="2026-03-01">', (0, 0)),
        ('<meta property="article:published_time" content="2026-03-01T09:30:00">', (0, 0)),
    ],
    ids=["meta", "linked data", "day", "no zone"],
)  # fmt: skip
def test_times_are_those_that_machines_are_told(
    tmp_path: Path, told_as: str, at: tuple[int, int]
) -> None:
    html = article().replace("<title>", f"{told_as}<title>")
    html = html.replace('<meta property="article:published_time" content="2026-03-01T17', "<x y='")
    read_ = done(tmp_path, page(html))
    assert read_.rows["posts"]["at"].item() == datetime(2026, 3, 1, *at, tzinfo=UTC)
    lost = read_.lost("unknown", "times")
    assert bool(lost) is (at == (0, 0))


def test_right_to_left_words_are_kept(tmp_path: Path) -> None:
    words = "طالب الجيران المجلس بإعادة فتح القضية يوم الاثنين. " * 8
    (text,) = told(tmp_path, article(VIDEO, words=words), "text")
    assert words.strip() in str(text)


@pytest.mark.parametrize("html", ["", "<html>", "<!doctype html><body></body>", "no page at all"])
def test_a_page_without_an_article_is_kept_without_words(tmp_path: Path, html: str) -> None:
    read_ = done(tmp_path, page(html), page(article(VIDEO), f"{A}/2"))
    assert read_.rows["posts"]["post_id"].to_list() == [f"web:{A}/1", f"web:{A}/2"]
    assert read_.rows["posts"]["text"].null_count() <= 1


def test_an_address_that_is_none_is_dropped(tmp_path: Path) -> None:
    read_ = done(tmp_path, page(article(), url="file:///a"))
    assert read_.lost("dropped", "rows") == {"has no address on the web": 1}


def test_the_name_of_the_site_is_kept_and_no_role_is_guessed(tmp_path: Path) -> None:
    html = article().replace("<title>", '<meta property="og:site_name" content="The News"><title>')
    accounts = done(tmp_path, page(html)).rows["accounts"]
    assert accounts.select("account_id", "name", "role").rows() == [
        ("web:a.example", "The News", "unknown")
    ]


def test_lines_are_known_by_their_members(tmp_path: Path) -> None:
    path = written(tmp_path / "pages.jsonl", page(FILLING))
    assert FORMAT.knows(Head.of(Source(path)))
    assert not FORMAT.knows(Head.of(Source(written(tmp_path / "x.jsonl", {"url": A, "html": ""}))))


@given(data=st.data())
@settings(max_examples=50)
def test_damaged_lines_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    lines = [json.dumps(page(article(VIDEO))), json.dumps(page(article(A), f"{A}/2"))]
    survives(FORMAT, data.draw(damaged("\n".join(lines).encode())))
