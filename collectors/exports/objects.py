"""What posts have in common: the ids and addresses by which posts of several platforms join.

>>> links = pl.DataFrame({"urls": [["https://youtu.be/abcdefghijk?t=3", "http://a.example/x#top"]]})
>>> links.select(object_keys("urls")).item().to_list()
['youtube:abcdefghijk', 'url:http://a.example/x']
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import polars as pl

_YOUTUBE = (
    r"(?:youtube\.com/(?:watch\?(?:.*&)?v=|shorts/|live/|embed/)|youtu\.be/)([A-Za-z0-9_-]{11})"
)


def object_keys(urls: str) -> pl.Expr:
    """Return the keys of a column of lists of addresses: a video's id, else the bare address."""
    address = pl.element()
    video = pl.concat_str(pl.lit("youtube:"), address.str.extract(_YOUTUBE))
    page = pl.concat_str(pl.lit("url:"), address.str.replace(r"#.*$", ""))
    return pl.col(urls).list.eval(pl.coalesce(video, page)).alias("object_keys")


def nested(lists: Sequence[Sequence[str]]) -> pl.Series:
    """Return lists of words as a column; Polars takes ten times as long to build it from lists.

    >>> nested([["a", "b"], []]).to_list()
    [['a', 'b'], []]
    """
    rows = np.repeat(np.arange(len(lists)), [len(words) for words in lists])
    words = pl.Series(list(chain.from_iterable(lists)), dtype=pl.String)
    filled = pl.DataFrame({"row": rows, "words": words}).group_by("row", maintain_order=True)
    all_rows = pl.DataFrame({"row": np.arange(len(lists))})
    found = all_rows.join(filled.agg("words"), on="row", how="left", maintain_order="left")
    return found.select(pl.col("words").fill_null([])).to_series()
