"""What posts have in common: the ids and addresses by which posts of several platforms join.

>>> links = [["https://youtu.be/abcdefghijk?t=3", "https://www.a.example/x/?utm_source=x#top"]]
>>> pl.DataFrame({"urls": links}).select(object_keys("urls")).item().to_list()
['youtube:abcdefghijk', 'url:a.example/x']
>>> pl.DataFrame({"urls": [["https://x.com/a/status/12", "https://t.me/s/square/7"]]}).select(
...     object_keys("urls")
... ).item().to_list()
['x:12', 'telegram:square/7']
"""

import re
from collections.abc import Sequence

import polars as pl
from courlan import clean_url

from analytics.schema import STRINGS

_BETWEEN = "\x1f"  # stands in no word
_START = r"(?i)^(?:https?://)?(?:www\.|m\.|mobile\.|music\.)?"
# Addresses of posts, and the id of the post that each names.
_POSTS = {
    "youtube:": _START + r"(?:youtube(?:-nocookie)?\.com/"
    r"(?:watch/?\?(?:[^#]*&)?v=|shorts/|live/|embed/|v/)|youtu\.be/)((?-i)[A-Za-z0-9_-]{11})(?:[^\w-]|$)",
    "x:": _START + r"(?:x|twitter)\.com/(?:[^/?#]+|i/web)/status(?:es)?/(\d+)",
    "telegram:": _START + r"(?:t\.me|telegram\.me)/(?:s/|c/)?([A-Za-z0-9_]+/\d+)",
    "vk:": _START + r"(?:vk\.com|vk\.ru)/(?:[^#]*[?&]w=)?wall(-?\d+_\d+)",
    "tiktok:": _START + r"tiktok\.com/@[^/?#]+/(?:video|photo)/(\d+)",
    "instagram:": _START + r"instagram\.com/(?:[^/?#]+/)?(?:p|reels?|tv)/((?-i)[A-Za-z0-9_-]+)",
    "bluesky:at://": _START + r"bsky\.app/profile/(did:[a-z]+:[\w.:%-]+/post/\w+)",
}
# Addresses that are canonical as they stand: most are, and cleaning takes a hundred times as long.
_PLAIN = r"^https?://[a-z0-9][a-z0-9.-]*\.[a-z]{2,}(?:/[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*)*/?$"
_OWN_MEDIA = re.compile(r"(?:x|twitter)\.com/[^/?#]+/status/\d+/(?:photo|video)/\d+$")
_NUMBER = re.compile(r"\d{3}")
_BEFORE_A_NAME = re.compile(r"(?i)^https?://(?:(?:www|m|mobile|amp)\.)?")


def object_keys(urls: str) -> pl.Expr:
    """Return the keys of a column of lists of addresses: a post's id, else the bare address.

    Addresses that differ only in what does not tell what they show (scheme, ``www.``, trackers,
    fragment, order of parameters, a stroke at the end) have one key.
    """
    return pl.col(urls).map_batches(_keys_of_lists, return_dtype=STRINGS).alias("object_keys")


def _keys_of_lists(lists: pl.Series) -> pl.Series:
    addresses = lists.explode().drop_nulls().unique()
    if addresses.is_empty():
        return lists
    keys = pl.element().replace_strict(addresses, _keys(addresses), return_dtype=pl.String)
    distinct = pl.col(lists.name).list.eval(keys).list.unique(maintain_order=True)
    return lists.to_frame().select(distinct).to_series()


def _keys(addresses: pl.Series) -> pl.Series:
    """Return the key of each address."""
    address = pl.col("address")
    named = [
        pl.concat_str(pl.lit(platform), address.str.extract(pattern))
        for platform, pattern in _POSTS.items()
    ]
    name = address.str.replace(_BEFORE_A_NAME.pattern, "").str.strip_chars_end("/")
    plain = pl.when(address.str.contains(_PLAIN)).then(pl.lit("url:") + name)
    found = pl.DataFrame({"address": addresses}).select("address", key=pl.coalesce(*named, plain))
    others = found.filter(pl.col("key").is_null())["address"]
    pages = pl.DataFrame({"address": others, "page": list(map(_bare, others))}, strict=False)
    joined = found.join(pages, on="address", how="left", maintain_order="left")
    record = pl.col("key").str.replace(r"^(bluesky:at://[^/]+)/post/", "${1}/app.bsky.feed.post/")
    return joined.select(pl.coalesce(record, pl.col("page").cast(pl.String))).to_series()


def _bare(address: str) -> str:
    """Return the key of a page: its canonical address without what only says how to get there."""
    try:
        canonical = clean_url(address) or address
    except (ValueError, UnicodeError):  # what looks like an address and is none
        canonical = address
    page, _, query = canonical.split("#", 1)[0].partition("?")
    told = [part for part in query.split("&") if part]
    told += [part for part in _numbers(address) if part not in told]
    query = "?" + "&".join(told) if told else ""
    page = page.replace("%40", "@")  # so that a name is found, and has one pseudonym
    return "url:" + _BEFORE_A_NAME.sub("", page).rstrip("/") + query


def _numbers(address: str) -> list[str]:
    """Return the parameters that are bare numbers, which courlan drops: some sites name pages so.

    >>> _numbers("https://a.example/spip.php?article352521"), _numbers("https://a.example/x?b=1&amp")
    (['article352521'], [])
    """
    query = address.split("#", 1)[0].partition("?")[2]
    return [part for part in query.split("&") if "=" not in part and _NUMBER.search(part)]


def is_own_media(url: str) -> bool:
    """Return whether an address that X adds to a text only shows the picture in it.

    >>> is_own_media("https://twitter.com/a/status/12/photo/1"), is_own_media("https://x.com/photo/")
    (True, False)
    """
    return ("/photo/" in url or "/video/" in url) and bool(_OWN_MEDIA.search(url))


def nested(lists: Sequence[Sequence[str]]) -> pl.Series:
    """Return lists of words as a column; Polars takes ten times as long to build it from lists.

    >>> nested([["a", "b"], []]).to_list()
    [['a', 'b'], []]
    """
    joined = pl.Series(
        [_BETWEEN.join(words) if words else None for words in lists], dtype=pl.String
    )
    return joined.str.split(_BETWEEN).fill_null(pl.Series([[]], dtype=STRINGS))
