"""Web sites on loopback: feeds, sitemaps and articles that link to a video and to each other."""

from collections.abc import Mapping
from hashlib import sha256

from loopback import Answer, Asked

VIDEO = "https://youtu.be/abcdefghijk"
A, B, C = (f"https://{name}.example/{name}" for name in ("a", "b", "gov"))
FILLING = "Neighbours asked the council for an answer, and the council met on Monday evening. " * 3


def rss(site: str, *items: str, title: str = "The News") -> str:
    """Return a feed of a site."""
    head = f"<title>{title}</title><link>{site}/</link><language>en</language>"
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'
    )


def item(url: str, minute: int, words: str, title: str = "Bread") -> str:
    """Return an item that was published some minutes after noon."""
    date = f"<pubDate>Sun, 01 Mar 2026 12:{minute:02}:00 +0000</pubDate>"
    told = f"<description><![CDATA[{words}]]></description>"
    return f"<item><title>{title}</title><link>{url}</link>{date}{told}</item>"


def link(to: str) -> str:
    """Return a link."""
    return f'<p>See <a href="{to}">this</a>.</p>'


def article(*links: str, minute: int = 0, title: str = "Bread", words: str = FILLING) -> str:
    """Return the page of an article with links in its words."""
    meta = f'<meta property="article:published_time" content="2026-03-01T17:{minute:02}:00+05:00">'
    told = "".join(
        f'<p>{number}. {words} <a href="{to}">More about this</a> is told there.</p>'
        for number, to in enumerate(links, 1)
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{meta}'
        f"</head><body><nav><a href='https://menu.example/'>menu</a></nav><article>"
        f"<h1>{title}</h1><p>{words}</p>{told}</article></body></html>"
    )


def sitemap(*urls: str, changed: str = "2026-03-01", title: str = "") -> str:
    """Return a sitemap; of news where a title is told."""
    told = f"<n:news><n:title>{title}</n:title></n:news>" if title else ""
    inside = "".join(
        f"<url><loc>{url}</loc><lastmod>{changed}</lastmod>{told}</url>" for url in urls
    )
    names = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/n"'
    return f'<?xml version="1.0"?><urlset {names}>{inside}</urlset>'


class Sites:
    """Pages by their paths, with marks by which they are known again."""

    def __init__(self, pages: Mapping[str, str | bytes | Answer] | None = None) -> None:
        self.pages: dict[str, str | bytes | Answer] = dict(pages or {})

    def __call__(self, asked: Asked) -> Answer:
        """Answer as a careful server does."""
        page = self.pages.get(asked.path)
        if page is None:
            return Answer(b"not here", 404)
        if isinstance(page, Answer):
            return page
        body = page.encode() if isinstance(page, str) else page
        etag = f'"{sha256(body).hexdigest()[:8]}"'
        if asked.headers.get("If-None-Match") == etag:
            return Answer(b"", 304, {"etag": etag})
        return Answer(body, headers={"etag": etag, "content-type": _type(body)})


def _type(body: bytes) -> str:
    return "text/html" if body[:9].lower().startswith(b"<!doctype") else "application/octet-stream"


def planted() -> Sites:
    """Return three feeds that link to the video and to each other."""
    return Sites(
        {
            "/a/rss": rss(A, item(f"{A}/1", 1, link(VIDEO)), item(f"{A}/2", 2, link(f"{B}/1"))),
            "/b/rss": rss(
                B, item(f"{B}/1", 3, link(VIDEO) + link(f"{A}/1")), item(f"{B}/2", 4, "Weather")
            ),
            "/gov/rss": rss(
                C, item(f"{C}/1", 5, link(f"{A}/2"), "نحن نجيب — мы ответим"), title="The Council"
            ),
        }
    )
