"""Feeds: three dialects of XML, dates that lack, and XML made to do harm."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from analytics.errors import FormatError
from analytics.store import Store
from collectors.exports import feed as module
from collectors.exports import import_files
from collectors.exports.feed import FORMAT, Entry, entries
from collectors.exports.formats import Head, detect
from collectors.exports.sources import Source

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A = "https://www.city.example/a"
DATE = "<pubDate>Sun, 01 Mar 2026 12:00:00 GMT</pubDate>"
ITEM = f"<item><title>Bread</title><link>{A}</link>{DATE}</item>"
CHANNEL = "<title>The City</title><link>http://www.city.example/</link><language>kk-KZ</language>"


def rss(folder: Path, *items: str, channel: str = CHANNEL, before: str = "") -> Path:
    path = folder / "feed.xml"
    path.write_text(
        f'<?xml version="1.0"?>{before}<rss version="2.0" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">'
        f"<channel>{channel}{''.join(items)}</channel></rss>"
    )
    return path


def item(*, title: str = "Bread", link: str = A, date: str = DATE, more: str = "") -> str:
    return f"<item><title>{title}</title><link>{link}</link>{date}{more}</item>"


def told(done: Read, *names: str) -> list[tuple[object, ...]]:
    return done.rows["posts"].select(names).rows()


NAMES = ("post_id", "account_id", "at", "kind", "text", "lang")
ROW = (f"web:{A}", "web:city.example", NOON, "article", "Bread", "kk-KZ")


def test_an_item_of_rss_is_an_article_of_the_feeds_site(tmp_path: Path) -> None:
    path = rss(tmp_path, ITEM)
    assert detect(Head.of(Source(path))) is FORMAT
    done = read(FORMAT, path)
    assert told(done, *NAMES) == [ROW]
    assert done.rows["accounts"].select("account_id", "name", "role").rows() == [
        ("web:city.example", "The City", "unknown")
    ]


def test_an_entry_of_atom_is_read_by_its_own_names(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="kk-KZ"><title>The City</title>'
        '<link rel="self" href="http://proxy.example/f"/><link href="http://www.city.example/"/>'
        '<entry><title type="html">Bre&lt;b&gt;ad&lt;/b&gt;</title><id>tag:1</id>'
        f'<author><name>Some Body</name></author><link rel="alternate" href="{A}"/>'
        "<updated>2026-04-01T00:00:00Z</updated>"
        "<published>2026-03-01T18:00:00+06:00</published></entry></feed>"
    )
    assert detect(Head.of(Source(path))) is FORMAT
    done = read(FORMAT, path)
    assert told(done, *NAMES) == [ROW]
    assert done.lost("unknown", "fields") == {"field author is not read": 1}


def test_an_item_of_rdf_stands_beside_its_channel(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        '<channel rdf:about="http://www.city.example/rss"><title>The City</title>'
        "<link>http://www.city.example/</link><dc:language>kk-KZ</dc:language></channel>"
        f'<item rdf:about="{A}"><title>Bread</title>'
        "<dc:date>2026-03-01T12:00:00Z</dc:date></item></rdf:RDF>"
    )
    assert detect(Head.of(Source(path))) is FORMAT
    assert told(read(FORMAT, path), *NAMES) == [ROW]


def test_words_are_the_title_and_the_description_without_markup(tmp_path: Path) -> None:
    html = '<p>Read <a href="https://b.example/1">this</a> &amp; that</p>'
    more = f"<description><![CDATA[{html}]]></description><media:title>Other</media:title>"
    done = read(FORMAT, rss(tmp_path, item(more=more)))
    assert told(done, "text", "urls") == [("Bread\n\nRead this & that", ["https://b.example/1"])]
    assert len(done.rows["posts"]["object_keys"].item()) == 2
    assert done.lost("unknown", "fields") == {"field title is not read": 1}


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Sun, 01 Mar 2026 12:00:00 +0000", NOON),
        ("Sun, 01 Mar 2026 18:00:00 +0600", NOON),
        ("Sun, 01 Mar 2026 18:00:00 +06:00", NOON),
        ("1 Mar 2026 07:00:00 EST", NOON),
        ("01 Mar 26 12:00 GMT", NOON),
        ("Sun, 01 Mar 2026 12:00:00 -0000", NOON),
        ("2026-03-01T12:00:00Z", NOON),
    ],
)
def test_dates_with_a_zone_are_exact(tmp_path: Path, date: str, at: datetime) -> None:
    done = read(FORMAT, rss(tmp_path, item(date=f"<pubDate>{date}</pubDate>")))
    assert told(done, "at") == [(at,)]
    assert not done.lost("unknown", "times")


@pytest.mark.parametrize(
    "date", ["Sun, 01 Mar 2026 17:00:00", "Sun, 01 Mar 2026 17:00:00 ALMT", "2026-03-01 17:00:00"]
)
def test_dates_without_a_known_zone_need_one(tmp_path: Path, date: str) -> None:
    path = rss(tmp_path, item(date=f"<pubDate>{date}</pubDate>"))
    done = read(FORMAT, path)
    assert told(done, "at") == [(None,)]
    assert list(done.lost("unknown", "times")) == [module._NO_ZONE]
    done = read(FORMAT, path, zone=timezone(timedelta(hours=5)))
    assert told(done, "at") == [(NOON,)]


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        ("", "no date is told"),
        ("<pubDate> </pubDate>", "no date is told"),
        ("<pubDate>yesterday</pubDate>", "a date that cannot be read"),
        ("<pubDate>2026-13-45</pubDate>", "a date that cannot be read"),
        ("<pubDate>Sun, 99 Mar 2026 12:00:00 GMT</pubDate>", "a date that cannot be read"),
    ],
)
def test_an_item_without_a_date_is_kept_without_one(tmp_path: Path, date: str, reason: str) -> None:
    done = read(FORMAT, rss(tmp_path, ITEM, item(link=f"{A}2", date=date)))
    assert told(done, "at") == [(NOON,), (None,)]
    assert done.lost("unknown", "times") == {reason: 1}
    assert done.place(reason) == "feed.xml, line 1"


def test_a_day_is_its_midnight_and_a_change_no_publication_and_both_are_said(
    tmp_path: Path,
) -> None:
    day = item(date="<dc:date>2026-03-01</dc:date>")
    changed = item(link=f"{A}2", date="<atom:updated>2026-03-01T12:00:00Z</atom:updated>")
    done = read(FORMAT, rss(tmp_path, day, changed))
    assert told(done, "at") == [(datetime(2026, 3, 1, tzinfo=UTC),), (NOON,)]
    assert sorted(done.lost("unknown", "times").values()) == [1, 1]


def test_an_item_is_known_by_its_address_else_by_its_id(tmp_path: Path) -> None:
    proxied = (
        '<item><link>http://p.example/1</link><guid isPermaLink="false">http://x.example</guid>'
        f"<feedburner:origLink>{A}</feedburner:origLink></item>"
    )
    items = (
        "<item><guid>https://city.example/guid</guid></item>",
        '<item><guid isPermaLink="false">80 at city</guid></item>',
        proxied,
        "<item><title>Neither</title></item>",
    )
    done = read(FORMAT, rss(tmp_path, *items))
    assert [row[0] for row in told(done, "post_id")] == [
        "web:https://city.example/guid", "web:80 at city", f"web:{A}",
    ]  # fmt: skip
    assert done.lost("dropped", "rows") == {"an item with neither an address nor an id": 1}


def test_an_item_that_names_its_source_is_the_sources(tmp_path: Path) -> None:
    source = '<source url="https://www.paper.example/rss">The Paper</source>'
    done = read(FORMAT, rss(tmp_path, item(more=source), item(link=f"{A}2")))
    assert told(done, "account_id") == [("web:paper.example",), ("web:city.example",)]
    assert set(done.rows["accounts"]["name"]) == {"The Paper", "The City"}


def test_a_feed_that_names_no_site_gives_articles_to_their_own_hosts(tmp_path: Path) -> None:
    done = read(
        FORMAT, rss(tmp_path, ITEM, channel="<image><link>http://no.example</link></image>")
    )
    assert told(done, "account_id", "lang") == [("web:city.example", None)]


def test_a_feed_without_items_imports_nothing_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"feed\.xml: is a feed without items; nothing was"):
        import_files(tmp_path / "s", [rss(tmp_path)])
    assert not (tmp_path / "s").exists()


def test_entities_that_are_declared_are_never_unfolded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    for declared in (f'<!ENTITY l0 "ha">{laughs}', f'<!ENTITY l9 SYSTEM "{secret.as_uri()}">'):
        path = rss(tmp_path, item(title="&l9;"), before=f"<!DOCTYPE rss [{declared}]>")
        assert detect(Head.of(Source(path))) is FORMAT
        done = read(FORMAT, path)
        assert not done.rows
        assert done.lost("dropped", "files") == {
            "declares entities, as XML made to do harm does: not read": 1
        }


def test_a_document_type_that_lies_elsewhere_is_not_fetched(tmp_path: Path) -> None:
    kind = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss.dtd">'
    assert told(read(FORMAT, rss(tmp_path, ITEM, before=kind)), *NAMES) == [ROW]


def test_entities_of_html_that_feeds_use_undeclared_are_their_letters(tmp_path: Path) -> None:
    done = read(FORMAT, rss(tmp_path, item(title="Bread&nbsp;&mdash; &nonsense;here")))
    assert told(done, "text") == [("Bread\u00a0— �here",)]


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-16", "gb2312", "utf-8-sig"])
def test_any_declared_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = rss(tmp_path, item(title="Прокуратура возобновила дело"))
    said = encoding.removesuffix("-sig")
    content = path.read_text().replace('version="1.0"', f'version="1.0" encoding="{said}"', 1)
    path.write_bytes(content.encode(encoding))
    assert detect(Head.of(Source(path))) is FORMAT
    assert told(read(FORMAT, path), "text") == [("Прокуратура возобновила дело",)]


def test_damaged_letters_are_kept_as_such_and_counted(tmp_path: Path) -> None:
    path = rss(tmp_path, item(title="Прокуратура возобновила дело?"))
    path.write_bytes(path.read_bytes().replace(b"?</title>", b"\xff</title>"))
    done = read(FORMAT, path)
    assert told(done, "text") == [("Прокуратура возобновила дело�",)]
    assert done.lost("unknown", "characters") == {"damaged: kept as �": 1}


def test_what_stands_before_a_broken_place_is_kept(tmp_path: Path) -> None:
    path = rss(tmp_path, ITEM, "\n<item><title>x</item>", ITEM)
    done = read(FORMAT, path)
    assert told(done, *NAMES) == [ROW]
    assert done.place("broken XML") == "feed.xml, line 2"


def test_long_feeds_come_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.exports.texts.CHUNK", 600)
    monkeypatch.setattr(module, "BATCH_ITEMS", 2)
    done = read(FORMAT, rss(tmp_path, *(item(link=f"{A}{n}") for n in range(9))))
    assert [row[0] for row in told(done, "post_id")] == [f"web:{A}{n}" for n in range(9)]


def test_words_without_end_are_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WORDS", 100)
    done = read(FORMAT, rss(tmp_path, item(title="a" * 1000, more="<description>b</description>")))
    assert len(str(told(done, "text")[0][0])) <= 103
    assert sum(done.lost("unknown", "texts").values()) == 1


@pytest.mark.parametrize(
    "content",
    [
        "<html><rss/></html>",
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>',
        "<feed><entry/></feed>",
        '<rdf:RDF xmlns:rdf="x"/>',
        "<!-- a -->" * 5000 + "<rss",
        "<rsss><channel/></rsss>",
        '{"rss": "<rss><channel>"}',
    ],
)
def test_other_xml_is_no_feed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "f.xml"
    path.write_text(content)
    assert not FORMAT.knows(Head.of(Source(path)))


def test_real_feeds_give_their_items_once(shared: Path, tmp_path: Path) -> None:
    report = import_files(tmp_path / "s", [shared / "data" / "gov_feeds"])
    posts = Store(tmp_path / "s").read("posts")
    assert posts.height == 3
    assert posts["at"].null_count() == 0
    assert report.losses.filter(what="files", reason="is a feed without items")["count"].sum() == 1
    assert Store(tmp_path / "s").read("accounts").height == 1


SAMPLE = (
    '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE rss><rss><channel><link>http://c.example'
    f"</link>{ITEM}<item><guid>1</guid><description>&lt;p&gt;a&nbsp;b</description></item>"
    "</channel></rss>"
).encode()


@given(data=st.data())
@settings(max_examples=50)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SAMPLE)))


def test_entries_are_the_items_with_their_words() -> None:
    items = (
        "<item><title>A</title><link>https://a.example/1</link><description>b</description></item>"
    )
    feed = f"<rss version='2.0'><channel>{items}<item><title>none</title></item></channel></rss>"
    assert entries(Source.in_memory("f", feed.encode())) == [Entry("https://a.example/1", "A\nb\n")]
    for broken in (feed[:-9], feed.replace("<rss", "<!DOCTYPE rss [<!ENTITY a 'b'>]><rss")):
        with pytest.raises(FormatError):
            entries(Source.in_memory("f", broken.encode()))


def test_a_wrong_word_about_the_encoding_does_no_harm(tmp_path: Path) -> None:
    path = rss(tmp_path, item(title="Хлеб"))
    told = path.read_text().replace('version="1.0"', 'version="1.0" encoding="windows-1251"', 1)
    path.write_text(told)
    assert read(FORMAT, path).rows["posts"]["text"].item() == "Хлеб"


def test_slips_of_sites_are_put_right(tmp_path: Path) -> None:
    marked = "<![CDATA[C & D \x0b<b>E</b> &amp; F]]>"
    path = rss(
        tmp_path,
        ITEM,
        item(title="A & B &eacute; &amp; &#233;", link=f"{A}?a=1&b=2"),
        item(title=marked, link=f"{A}3"),
    )
    done = read(FORMAT, path)
    assert told(done, "post_id", "text") == [
        (f"web:{A}", "Bread"), (f"web:{A}?a=1&b=2", "A & B é & é"), (f"web:{A}3", "C & D E & F"),
    ]  # fmt: skip
    assert list(done.lost("unknown", "characters").values()) == [2]


def test_what_stands_before_a_slip_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH_ITEMS", 1)
    items = [item(link=f"{A}{number}") for number in range(3)]
    done = read(FORMAT, rss(tmp_path, *items, item(title="A & B", link=f"{A}9")))
    assert done.rows["posts"]["post_id"].to_list() == [
        f"web:{A}{number}" for number in (0, 1, 2, 9)
    ]


JSON_ITEM = {
    "id": "1", "url": A, "title": "Bread", "date_published": "2026-03-01T18:00:00+06:00",
    "content_html": "<p>See <a href='https://youtu.be/abcdefghijk'>it</a></p>",
    "external_url": "https://b.example/1",
}  # fmt: skip


def json_feed(folder: Path, *items: object, **more: object) -> Path:
    path = folder / "feed.json"
    head = {"version": "https://jsonfeed.org/version/1.1", "title": "The City", "language": "kk-KZ"}
    path.write_text(
        json.dumps(head | {"home_page_url": "https://city.example/"} | more | {"items": items})
    )
    return path


def test_a_feed_in_json_is_read(tmp_path: Path) -> None:
    path = json_feed(tmp_path, JSON_ITEM)
    assert detect(Head.of(Source(path))) is FORMAT
    done = read(FORMAT, path)
    assert told(done, *NAMES) == [(*ROW[:4], "Bread\n\nSee it", "kk-KZ")]
    assert told(done, "urls") == [(["https://b.example/1", "https://youtu.be/abcdefghijk"],)]


def test_items_of_json_that_cannot_be_read_cost_nothing_else(tmp_path: Path) -> None:
    done = read(FORMAT, json_feed(tmp_path, {"title": 7}, {"title": "x"}, JSON_ITEM, 5))
    assert told(done, "post_id") == [(f"web:{A}",)]
    assert sum(done.losses.filter(outcome="dropped")["count"]) == 3


@pytest.mark.parametrize("text", ['{"version": "https://jsonfeed.org/version/1", "items": [', "[]"])
def test_broken_feeds_in_json_are_set_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / "feed.json"
    path.write_text(text)
    assert list(read(FORMAT, path).lost("dropped", "files")) == ["is no readable JSON Feed"]
