"""Hashtags and links as they are written in the titles, descriptions and comments of YouTube.

>>> post = pl.DataFrame({"text": ["Read https://a.example/x#top. #march,#park2 but not #1"]})
>>> post.select(hashtags_in("text"), links_in("text")).row(0)
(['march', 'park2'], ['https://a.example/x#top'])
"""

import polars as pl

_TAG = r"\B#[\p{N}_]*\p{L}[\p{L}\p{M}\p{N}_]*"
_LINK = r"https?://[^\s<>\"]+"
_AFTER_A_LINK = ".,;:!?)]»”\u2019'"


def hashtags_in(text: str) -> pl.Expr:
    """Return the hashtags of a column of texts, without ``#``; a number alone is none."""
    tags = pl.col(text).str.replace_all(_LINK, " ").str.extract_all(_TAG)
    return tags.list.eval(pl.element().str.strip_prefix("#")).alias("hashtags")


def links_in(text: str) -> pl.Expr:
    """Return the addresses in a column of texts, without what punctuates the sentence."""
    links = pl.col(text).str.extract_all(_LINK)
    return links.list.eval(pl.element().str.strip_chars_end(_AFTER_A_LINK)).alias("urls")
