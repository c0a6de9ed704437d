"""The time-river on the wire: one binary blob per appeal, and the words for one post.

The browser hands the blob to its graphics card without parsing it. All numbers are little-endian;
every array starts at a multiple of its item's size::

    offset  type     count  what
    0       u8       4      magic, "GSTR"
    4       u32      1      version of this format, 1
    8       u32      1      n, number of posts
    12      u32      1      m, number of links
    16      f64      1      origin: the time of x = 0, in milliseconds since 1970 UTC
    24      f64      2      first and last x
    40      f64      2      the stretch of x to open on
    56      u32      1      bytes of the lanes' JSON
    60      u32      1      0
    64      f32      2n     x, y of each post: hours after the origin; 0 (top) … 1 (bottom)
            f32      n      radius of each post in pixels
            u8       4n     red, green, blue, alpha of each post
            u32      2m     parent and child of each link
            u8       m      how each link is known: an index into STYLES
            UTF-8           lanes, top first: [{"name", "colour", "posts", "top", "bottom"}, …]

Posts come in the order of time, numbered as in the table ``layout``. Links come by style, and
within a style so that the first of them are a fair sample of all. The origin is where the opening
stretch starts: there single precision is good to the second, however old the oldest post is.
"""

import json
import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.summary import opening
from dashboards.theme import DARK, platform_name

MAGIC: Final = b"GSTR"
VERSION: Final = 1
HEADER: Final = struct.Struct("<4s3Id2d2d2I")
STYLES: Final = ("observed", "object", "inferred", "hidden")

GOLDEN = (5**0.5 - 1) / 2  # its multiples, less their whole parts, mix the posts of all times
LARGEST = 17.0  # radius in pixels
PADDING = 0.03  # of the opening stretch, on either side
SHORTEST = 1.0  # hours; the least to open on
THINNEST = 0.5  # least height of a lane, in mean heights

LINKS = {
    "observed": "link stated by the platform",
    "object": "linked through what both point to",
    "follow": "link inferred from who follows whom",
    "inferred": "link inferred",
}
HIDDEN = "only the root is known: the platform hides the parent"
HEAD = "first of its branch"


def encode(layout: pl.DataFrame) -> bytes:
    """Encode the ``layout`` of one appeal, of at least one post, as described above."""
    layout = layout.sort("node")
    start, end = _opening(layout["x"])
    links = _links(layout)
    river = lanes(layout)
    names = json.dumps(river.drop("platform").to_dicts(), ensure_ascii=False).encode()
    x = layout["x"].to_numpy() - start
    header = HEADER.pack(
        MAGIC, VERSION, layout.height, links.height,
        _milliseconds(layout, start), x.min(), x.max(), 0.0, end - start, len(names), 0,
    )  # fmt: skip
    arrays = (
        np.column_stack([x, _height(layout, river)]).astype("<f4"),
        _radius(layout).astype("<f4"),
        _rgba(layout),
        links.select("parent", "node").to_numpy().astype("<u4", order="C"),
        links["style"].to_numpy().astype("u1"),
    )
    return b"".join([header, *(array.tobytes() for array in arrays), names])


def lanes(layout: pl.DataFrame) -> pl.DataFrame:
    """Return the lanes of one appeal from top to bottom.

    Returns
    -------
    DataFrame
        One row per ``platform``: its ``name`` and ``colour`` on screen, how many ``posts`` it has,
        and where it lies, ``top`` to ``bottom`` (0 … 1). A lane of four times the posts is twice
        as high, but none is so thin that it cannot be read.
    """
    found = layout.group_by("platform").agg(pl.col("y").min(), posts=pl.len()).sort("y")
    root = pl.col("posts").sqrt()
    height = pl.max_horizontal(root, root.mean() * THINNEST)
    bottom = (height / height.sum()).cum_sum()
    return found.select(
        "platform",
        name=pl.col("platform").map_elements(platform_name, pl.String),
        colour=pl.col("platform").map_elements(DARK.platform, pl.String),
        posts="posts",
        top=bottom.shift(fill_value=0.0),
        bottom=bottom,
    )


def styles(layout: pl.DataFrame) -> list[int]:
    """Return which of ``STYLES``, by index, the links of one appeal have."""
    return sorted(_links(layout)["style"].unique())


def describe(layout: pl.DataFrame, node: int) -> dict[str, Any] | None:
    """Return what can be said of one post of one appeal, never its text; None if there is no such.

    The values are for people, except ``node``, ``descendants`` and ``account_id``, which is the id
    as stored: a pseudonym wherever protection asks for one.
    """
    found = layout.filter(pl.col("node") == node)
    if found.is_empty():
        return None
    post = found.row(0, named=True)
    return {
        "node": post["node"],
        "platform": platform_name(post["platform"]),
        "kind": post["kind"],
        "at": f"{post['at']:%Y-%m-%d %H:%M} UTC",
        "link": HEAD if post["parent"] is None else LINKS.get(post["basis"], HIDDEN),
        "descendants": post["descendants"],
        "account_id": post["account_id"],
    }


def _opening(x: pl.Series) -> tuple[float, float]:
    """Return the stretch of time to open on: all of it, but for sparse and far ends."""
    start, end = opening(x.to_numpy())
    lo, hi = x[start], x[end]
    pad = max((hi - lo) * PADDING, (SHORTEST - (hi - lo)) / 2)
    return float(lo - pad), float(hi + pad)


def _milliseconds(layout: pl.DataFrame, x: float) -> float:
    """Return the time at an x, counted from 1970."""
    first = layout.row(0, named=True)
    return float(first["at"].timestamp() * 1e3 + (x - first["x"]) * 3.6e6)


def _height(layout: pl.DataFrame, river: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Return each post's y, with every lane as high as it is to be drawn."""
    across = layout.join(river, on="platform", how="left", maintain_order="left").select(
        pl.col("top") + (pl.col("y") - pl.col("y").floor()) * (pl.col("bottom") - pl.col("top"))
    )
    return across.to_series().to_numpy()


def _radius(layout: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Return the radius of each post: more for one that much hangs from."""
    return np.minimum(0.9 + 0.6 * layout["descendants"].to_numpy() ** 0.36, LARGEST)


def _rgba(layout: pl.DataFrame) -> npt.NDArray[np.uint8]:
    """Return the platform's colour; what passes the appeal on is brighter than what answers it."""
    names = layout["platform"].unique(maintain_order=True)
    palette = [[*bytes.fromhex(DARK.platform(name)[1:]), 255] for name in names]
    number = layout["platform"].replace_strict(names, range(len(names)))
    rgba: npt.NDArray[np.uint8] = np.array(palette, np.uint8)[number.to_numpy()]
    rgba[:, 3] = np.where(layout["kind"].is_in(["reply", "comment"]), 120, 190)
    rgba[layout["descendants"].to_numpy() > 0, 3] = 255
    return rgba


def _links(layout: pl.DataFrame) -> pl.DataFrame:
    """Return ``parent``, ``node`` and ``style`` of every link, in the order of the wire."""
    style = pl.col("basis").replace({"follow": "inferred"}).fill_null("hidden")
    return (
        layout.filter(pl.col("parent").is_not_null())
        .select(
            "parent",
            "node",
            style=style.replace_strict(list(STYLES), range(len(STYLES)), return_dtype=pl.UInt8),
        )
        .sort("style", pl.col("node") * GOLDEN % 1)
    )
