r"""Posts that a platform gives as HTML: their words, and the links in them.

What is read here was cleaned by the platform that gave it: a few harmless tags, all of them whole.

>>> post = '<p>See <a href="https://a.example/?x=1&amp;y=2">a.<b>ex</b></a></p><p>2 &lt; 3</p>'
>>> plain(post)
'See a.ex\n\n2 < 3'
>>> links(post)
['https://a.example/?x=1&y=2']
"""

import html
import re

_INSIDE = r"""(?:[^<>"']++|"[^"]*+"|'[^']*+')*+"""  # of a tag: quoted signs do not end it
_TAG = re.compile(rf"</?[a-zA-Z]{_INSIDE}>")
_LINE = re.compile(rf"<br\b{_INSIDE}>", re.IGNORECASE)
_PARAGRAPH = re.compile(r"</(?:p|div|li|blockquote)\s*>", re.IGNORECASE)
_ANCHOR = re.compile(rf"<a\s({_INSIDE})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(href|class)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_NAMING = {"mention", "hashtag"}  # classes of links that name an account or a tag


def plain(post: str) -> str:
    """Return the words, with a line for each line that is shown."""
    if "<" in post:
        post = _TAG.sub("", _PARAGRAPH.sub("\n\n", _LINE.sub("\n", post)))
    return (html.unescape(post) if "&" in post else post).strip()


def links(post: str) -> list[str]:
    """Return the addresses behind the links, but not those of mentions and hashtags."""
    found = []
    for inside in _ANCHOR.findall(post):
        told = {name.lower(): a or b for name, a, b in _ATTRIBUTE.findall(inside)}
        address = html.unescape(told.get("href", ""))
        if address.startswith("http") and _NAMING.isdisjoint(told.get("class", "").split()):
            found.append(address)
    return list(dict.fromkeys(found))
