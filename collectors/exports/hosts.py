r"""What the address of a post tells: its platform, and the platform's own id of the post.

>>> found = ["https://t.me/s/square/42", "vk.com/wall-1_2?reply=3", "x.com/ann", "a.example"]
>>> links = pl.DataFrame({"link": found})
>>> links.select(platform_at("link"), post_at("link").alias("post")).rows()
[('telegram', 'telegram:square/42'), ('vk', 'vk:-1_3'), ('x', None), (None, None)]
"""

import polars as pl

from collectors.exports.objects import object_keys

_HOSTS = {
    "x.com": "x",
    "twitter.com": "x",
    "t.me": "telegram",
    "telegram.me": "telegram",
    "youtube.com": "youtube",
    "youtu.be": "youtube",
    "facebook.com": "facebook",
    "fb.com": "facebook",
    "fb.watch": "facebook",
    "instagram.com": "instagram",
    "threads.net": "threads",
    "threads.com": "threads",
    "tiktok.com": "tiktok",
    "vk.com": "vk",
    "vk.ru": "vk",
    "ok.ru": "ok",
    "bsky.app": "bluesky",
    "mastodon.social": "mastodon",
    "reddit.com": "reddit",
    "weibo.com": "weibo",
    "linkedin.com": "linkedin",
}
_HOST = r"^(?:https?://)?(?:(?:www|m|mobile|music|vm|old|new)\.)?([^/:?#\s]+)"
_ON_YOUTUBE = r"(?:youtube\.com|youtu\.be)/.*[?&]lc=([A-Za-z0-9_.-]+)"
_ON_VK = r"wall(-?\d+)_\d+\?(?:.*&)?reply=(\d+)"
_ON_BLUESKY = r"bsky\.app/profile/([^/?#]+)/post/([^/?#]+)"


def platform_at(column: str) -> pl.Expr:
    """Return which platform an address is on; null where it is on none of the known ones."""
    host = pl.col(column).str.strip_chars().str.to_lowercase().str.extract(_HOST)
    return host.replace_strict(_HOSTS, default=None, return_dtype=pl.String)


def post_at(column: str) -> pl.Expr:
    """Return the post or comment at an address, as ``platform:id``; null if it names none."""
    link = pl.col(column)
    on_youtube = pl.concat_str(pl.lit("youtube:"), link.str.extract(_ON_YOUTUBE))
    on_vk = pl.concat_str(
        pl.lit("vk:"), link.str.extract(_ON_VK, 1), pl.lit("_"), link.str.extract(_ON_VK, 2)
    )
    return pl.coalesce(on_youtube, on_vk, link.map_batches(_keys, return_dtype=pl.String))


def writer_on_bluesky(column: str) -> pl.Expr:
    """Return whom the address of a post on Bluesky names: a handle, or a DID."""
    return pl.col(column).str.extract(_ON_BLUESKY, 1)


def key_on_bluesky(column: str) -> pl.Expr:
    """Return the record key in the address of a post on Bluesky."""
    return pl.col(column).str.extract(_ON_BLUESKY, 2)


def _keys(links: pl.Series) -> pl.Series:
    """Return the keys by which addresses on known platforms join other posts."""
    rows = links.to_frame("link").select(
        links=pl.concat_list(pl.when(platform_at("link").is_not_null()).then("link"))
        .list.drop_nulls()
    )  # fmt: skip
    keys = rows.select(object_keys("links").list.first()).to_series()
    return keys.set(keys.str.starts_with("url:").fill_null(value=False), None)
