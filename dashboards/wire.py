"""Pictures on the wire: one binary blob each, or one for a part that is looked at closely.

The browser hands the arrays to its graphics card without parsing them. All numbers are
little-endian, and every array starts at a multiple of its item's size::

    offset  type     count  what
    0       u8       4      magic, "GSTR"
    4       u32      1      version of this format, 3
    8       u32      1      n, number of places: posts, or accounts
    12      u32      1      m, number of links
    16      u32      2      width and height of the raster; 0 where there is none
    24      u32      1      bytes of the JSON
    28      u32      1      0
    32      f32      2n     x, y of each place
            f32      n      its time, in hours after the origin; -1e30 where it is not known
            u32      n      its number in the table
            u32      n      what hangs from it, or how often it was shared
            u32      2m     parent and child of each link: indices into the arrays above
            u8       n      platform: an index into "platforms", and 128 outside the filters
            u8       n      kind: an index into "kinds", and 128 where it came from elsewhere
            u8       m      how each link is known: an index into "styles", and 8 for a jump
            u8       w·h    raster: how many places there are, by logarithm, 255 for the most
            u8       w·h    and the platform of most of them
            UTF-8           JSON, as :func:`about` has it

Places come by time where it is known. Links come by style, and within a style so that the first of
them are a fair sample of all. The origin is where the opening stretch starts: there single
precision is good to the second, however old the oldest post is.

A picture of more than ``FINE`` places comes as a sample, the places from which most hangs and a
fair part of the others, over a raster that counts all; who zooms in asks for the part that is seen.
"""

import json
import struct
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dashboards.pictures import STYLES, Picture

MAGIC: Final = b"GSTR"
VERSION: Final = 3
HEADER: Final = struct.Struct("<4s7I")
FINE: Final = 120_000  # places in one blob
GREATEST: Final = 0.25  # of these, how many for what hangs from them
WIDTH, HEIGHT = 900, 450  # of the raster; about one item for two pixels
GOLDEN = (5**0.5 - 1) / 2
ELSEWHERE, OUTSIDE = 128, 128
TIMELESS = -1e30

Box = tuple[float, float, float, float]  # x0, x1, y0, y1
Ints = npt.NDArray[np.int64]


def encode(
    picture: Picture,
    box: Box | None = None,
    *,
    outside: npt.NDArray[np.bool_] | None = None,
    fine: int = FINE,
) -> bytes:
    """Encode a picture, or what of it lies in a box, as described above.

    ``outside`` marks the places that filters of language and role leave out; those of time and
    platform are the browser's.
    """
    inside = _inside(picture, box)
    shown = sampled(picture, inside, fine)
    links, style = _links_among(picture, shown)
    raster = _raster(picture) if box is None and len(shown) < len(inside) else ()
    words = json.dumps(about(picture, box, len(inside)), ensure_ascii=False).encode()
    size = (WIDTH, HEIGHT) if raster else (0, 0)
    header = HEADER.pack(MAGIC, VERSION, len(shown), len(links), *size, len(words), 0)
    return b"".join([header, *_arrays(picture, shown, links, style, outside), *raster, words])


def about(picture: Picture, box: Box | None, held: int) -> dict[str, Any]:
    """Return what is said of a blob: ``held`` places lie in its box, of ``all``."""
    times = picture.hours[np.isfinite(picture.hours)]
    return {
        "picture": picture.name,
        "origin": picture.origin,
        "span": [float(times.min()), float(times.max())] if len(times) else None,
        "open": picture.open,
        "stretch": picture.stretch,
        "box": box,
        "held": held,
        "all": picture.size,
        "platforms": picture.platforms,
        "kinds": picture.kinds,
        "styles": STYLES,
        "lanes": picture.lanes,
        "marks": picture.marks,
    }


def box_of(asked: Mapping[str, str]) -> Box | None:
    """Return the box that somebody asks for; None where it is none.

    >>> box_of({"box": "0,1.5,0,1"}), box_of({"box": "0,nan,1"}), box_of({})
    ((0.0, 1.5, 0.0, 1.0), None, None)
    """
    told = asked.get("box", "").split(",")
    try:
        x0, x1, y0, y1 = (float(number) for number in told)
    except ValueError:
        return None
    return (x0, x1, y0, y1) if np.isfinite([x0, x1, y0, y1]).all() else None


def sampled(picture: Picture, inside: Ints, fine: int) -> Ints:
    """Return which of some places are drawn: all, or the greatest and a fair part of the others."""
    if len(inside) <= fine:
        return inside
    mixed = inside * GOLDEN % 1
    great = np.argpartition(-picture.below[inside] - mixed, int(fine * GREATEST))
    mixed[great[: int(fine * GREATEST)]] = -1
    return np.sort(inside[np.argpartition(mixed, fine)[:fine]])


def _inside(picture: Picture, box: Box | None) -> Ints:
    if box is None:
        return np.arange(picture.size)
    x0, x1, y0, y1 = box
    seen = (picture.x >= x0) & (picture.x <= x1) & (picture.y >= y0) & (picture.y <= y1)
    return np.flatnonzero(seen)


def _links_among(picture: Picture, shown: Ints) -> tuple[Ints, Ints]:
    """Return the links whose ends are both shown, as indices into what is shown."""
    place = np.full(picture.size, -1)
    place[shown] = np.arange(len(shown))
    links = place[picture.links]
    whole = (links >= 0).all(axis=1)
    return links[whole], picture.style[whole]


def _arrays(
    picture: Picture,
    shown: Ints,
    links: Ints,
    style: Ints,
    outside: npt.NDArray[np.bool_] | None,
) -> list[bytes]:
    kind = picture.kind + ELSEWHERE * picture.jumped
    group = picture.group if outside is None else picture.group + OUTSIDE * outside
    arrays: tuple[npt.NDArray[Any], ...] = (
        np.column_stack([picture.x[shown], picture.y[shown]]).astype("<f4"),
        np.nan_to_num(picture.hours[shown], nan=TIMELESS).astype("<f4"),
        shown.astype("<u4"),
        picture.below[shown].astype("<u4"),
        links.astype("<u4", order="C"),
        group[shown].astype("u1"),
        kind[shown].astype("u1"),
        style.astype("u1"),
    )
    return [array.tobytes() for array in arrays]


def _raster(picture: Picture) -> tuple[bytes, bytes]:
    """Return how many places lie in each cell of where the picture opens, and of which platform."""
    x0, x1, y0, y1 = picture.open
    column = np.floor((picture.x - x0) / (x1 - x0) * WIDTH)
    row = np.floor((picture.y - y0) / (y1 - y0) * HEIGHT)
    seen = (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT)
    cell = (row[seen] * WIDTH + column[seen]).astype(np.int64)
    counted = [
        np.bincount(cell[picture.group[seen] == group], minlength=WIDTH * HEIGHT)
        for group in range(len(picture.platforms))
    ]
    total = np.log1p(np.sum(counted, axis=0))
    tone = np.ceil(255 * total / max(total.max(), 1e-9))
    return tone.astype("u1").tobytes(), np.argmax(counted, axis=0).astype("u1").tobytes()
