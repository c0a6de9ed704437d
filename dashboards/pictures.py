"""The pictures of the page Spread as arrays: what stands where, and what is linked to what.

They are read from finished tables and nothing is computed but colours of links and where to open.
Each is kept until its table is written again: a hover, a click and a zoom ask for parts of it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from operator import and_
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics import forest
from analytics.store import Store
from analytics.summary import opening
from analytics.tables import KINDS

STYLES: Final = ("observed", "object", "follow", "likely", "doubtful", "unlikely", "hidden")
JUMP: Final = 8  # added to the style of a link from one platform to another
LIKELY, DOUBTFUL = 0.8, 0.5  # confidence from which an inferred link is drawn as these
GOLDEN = (5**0.5 - 1) / 2  # its multiples, less their whole parts, mix the posts of all times
KEPT = 4  # pictures held at once
PADDING = 0.03  # of the opening stretch, on either side
SHORTEST = 1.0  # hours; the least to open on
THINNEST = 0.5  # least height of a lane, in mean heights
NAMED = 60  # bubbles and communities whose name is shown
ACCOUNT, SEVERAL = "account", "several"
TABLES_OF: Final = {
    "river": ("layout",), "tree": ("layout",), "map": ("account_map", "account_ties"),
}  # fmt: skip
_LAYOUT = (
    "node", "parent", "platform", "kind", "basis", "confidence", "lang", "role", "at", "x", "y",
    "tree_x", "tree_y", "descendants",
)  # fmt: skip

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of one appeal; places come in the order of their numbers.

    ``x`` of the river is hours after ``origin``, as ``hours`` is everywhere (NaN where no time is
    known); ``below`` is posts that hang from a post, or shares of an account's posts. ``links``
    are parent and child, by ``style``, and within a style so that the first are a fair sample.
    """

    name: str
    origin: float  # milliseconds since 1970
    x: Reals
    y: Reals
    hours: Reals
    group: Integers  # index into ``platforms``
    kind: Integers  # index into ``kinds``
    below: Integers
    links: npt.NDArray[np.int64]  # two columns
    style: Integers  # index into STYLES, and JUMP
    platforms: tuple[str, ...]
    kinds: tuple[str, ...]
    open: tuple[float, float, float, float]  # x0, x1, y0, y1
    stretch: tuple[float, float] | None  # hours that are played; None where no time is known
    lang: pl.Series  # of each place, as words of a closed list
    role: pl.Series
    lanes: tuple[dict[str, Any], ...] = ()  # of the river: platform, posts, top, bottom
    marks: tuple[dict[str, Any], ...] = ()  # named places: x, y, radius, n, and whose

    @property
    def size(self) -> int:
        """How many places there are."""
        return len(self.x)

    @property
    def jumped(self) -> npt.NDArray[np.bool_]:
        """Which places a link from another platform leads to."""
        found = np.zeros(self.size, np.bool_)
        found[self.links[self.style >= JUMP, 1]] = True
        return found

    def outside(
        self, languages: Collection[str], roles: Collection[str]
    ) -> npt.NDArray[np.bool_] | None:
        """Return which places filters of language and role leave out; None where none is set."""
        asked = [(self.lang, languages), (self.role, roles)]
        kept = [
            series.is_in(list(names)).fill_null(value=False) for series, names in asked if names
        ]
        if not kept:
            return None
        left = ~reduce(and_, kept)
        return left.to_numpy()

    @cached_property
    def styles(self) -> list[str]:
        """The styles that its links have, the surest first."""
        return [STYLES[style] for style in np.unique(self.style % JUMP)]


def picture(store: Store, appeal_id: str, name: str) -> Picture | None:
    """Return a picture; None where there is nothing to draw."""
    return _held(store, version(store, name), appeal_id, name)


def version(store: Store, name: str) -> str | None:
    """Return what a picture is drawn from, as a version; None where something was never written."""
    versions = [store.version(table) for table in TABLES_OF[name]]
    return None if None in versions else "-".join(map(str, versions))


@lru_cache(maxsize=KEPT)
def _held(store: Store, version: str | None, appeal_id: str, name: str) -> Picture | None:
    """Return a picture as of a version of its tables."""
    if version is None:
        return None
    if name == "map":
        return account_picture(
            store.read("account_map", appeal_id=appeal_id),
            store.read("account_ties", appeal_id=appeal_id),
        )
    layout = store.read("layout", columns=_LAYOUT, appeal_id=appeal_id)
    return river_picture(layout) if name == "river" else tree_picture(layout)


def river_picture(layout: pl.DataFrame) -> Picture | None:
    """Return the time-river of one appeal."""
    if layout.is_empty():
        return None
    layout = layout.sort("node")
    start, end = _opening(layout["x"])
    river = lanes(layout)
    hours = layout["x"].to_numpy() - start
    return Picture(
        name="river", x=hours, y=_height(layout, river), open=(0.0, end - start, 0.0, 1.0),
        lanes=tuple(river.to_dicts()), **_of_posts(layout, start, end),
    )  # fmt: skip


def tree_picture(layout: pl.DataFrame) -> Picture | None:
    """Return the tree of one appeal: every cascade of one platform a disc.

    There is none where an older version placed the posts.
    """
    if layout.is_empty() or layout["tree_x"].has_nulls():
        return None
    layout = layout.sort("node")
    x, y = (layout[name].to_numpy() for name in ("tree_x", "tree_y"))
    common = _of_posts(layout, *_opening(layout["x"]))
    marks = tuple(_bubbles(layout, common["links"], common["style"]))
    return Picture(name="tree", x=x, y=y, open=_around(x, y, 2.0), marks=marks, **common)


def account_picture(nodes: pl.DataFrame, ties: pl.DataFrame) -> Picture | None:
    """Return the map of accounts of one appeal."""
    if nodes.is_empty():
        return None
    nodes = nodes.sort("node")
    held = pl.max_horizontal("source", "target") < nodes.height  # while the tables are written
    ties = ties.filter(held).sort("source", "target")
    group, platforms = _groups(nodes["platform"])
    x, y = (nodes[name].to_numpy() for name in ("x", "y"))
    several = nodes["account_id"].is_null().to_numpy()
    stated = (ties["observed"] * 2 >= ties["shares"]).to_numpy()
    ends = ties.select("source", "target").to_numpy()
    style = np.where(stated, 0, len(STYLES) - 1) + JUMP * (group[ends[:, 0]] != group[ends[:, 1]])
    order = np.argsort(style + np.arange(len(style)) * GOLDEN % 1)
    first = nodes["first_at"].min()
    origin = first.timestamp() * 1e3 if first else 0.0  # type: ignore[union-attr]
    hours = (nodes["first_at"].dt.timestamp("ms").cast(pl.Float64) - origin) / 3.6e6
    known = hours.drop_nulls().sort()
    below = np.where(several, nodes["accounts"], nodes["shared"])
    return Picture(
        name="map", origin=origin, x=x, y=y, hours=hours.to_numpy(), group=group,
        kind=several.astype(np.int64), below=below, links=ends[order], style=style[order],
        platforms=platforms, kinds=(ACCOUNT, SEVERAL), open=_around(x, y, 6.0),
        stretch=_opening(known) if len(known) else None,
        marks=tuple(_communities(nodes)), **_told(nodes),
    )  # fmt: skip


def lanes(layout: pl.DataFrame) -> pl.DataFrame:
    """Return the lanes of one appeal from top to bottom.

    Returns
    -------
    DataFrame
        One row per ``platform``: how many ``posts`` it has, and where it lies, ``top`` to
        ``bottom`` (0 … 1). A lane of four times the posts is twice as high, but none is so thin
        that it cannot be read.
    """
    found = layout.group_by("platform").agg(pl.col("y").min(), posts=pl.len()).sort("y")
    root = pl.col("posts").sqrt()
    height = pl.max_horizontal(root, root.mean() * THINNEST)
    bottom = (height / height.sum()).cum_sum()
    return found.select("platform", posts="posts", top=bottom.shift(fill_value=0.0), bottom=bottom)


def _of_posts(layout: pl.DataFrame, start: float, end: float) -> dict[str, Any]:
    """Return what river and tree have in common; time is counted from the start to open on."""
    group, platforms = _groups(layout["platform"])
    links, style = _links(layout, group)
    first = layout.row(0, named=True)
    origin = first["at"].timestamp() * 1e3 + (start - first["x"]) * 3.6e6
    kinds = layout["kind"].replace_strict(list(KINDS), range(len(KINDS))).to_numpy()
    return {
        "origin": float(origin), "hours": layout["x"].to_numpy() - start, "group": group,
        "platforms": platforms, "kind": kinds, "kinds": KINDS, "links": links, "style": style,
        "below": layout["descendants"].to_numpy(), "stretch": (0.0, end - start), **_told(layout),
    }  # fmt: skip


def _told(rows: pl.DataFrame) -> dict[str, Any]:
    return {name: rows[name].cast(pl.Categorical) for name in ("lang", "role")}


def _groups(platforms: pl.Series) -> tuple[Integers, tuple[str, ...]]:
    """Give platforms numbers, the one with most places first."""
    names = platforms.value_counts().sort("count", "platform", descending=[True, False])
    number = platforms.cast(pl.Enum(names["platform"])).to_physical()
    return number.cast(pl.Int64).to_numpy(), tuple(names["platform"])


def _links(layout: pl.DataFrame, group: Integers) -> tuple[Integers, Integers]:
    """Return the links of posts, and the style of each."""
    sure = pl.col("confidence").fill_null(0)
    inferred = (
        pl.when(sure >= LIKELY).then(pl.lit("likely")).when(sure >= DOUBTFUL)
        .then(pl.lit("doubtful")).otherwise(pl.lit("unlikely"))
    )  # fmt: skip
    basis = pl.when(pl.col("basis") == "inferred").then(inferred).otherwise("basis")
    told = layout.filter(pl.col("parent").is_not_null()).select(
        "parent", "node",
        style=basis.fill_null("hidden").replace_strict(
            list(STYLES), range(len(STYLES)), return_dtype=pl.Int64
        ),
    )  # fmt: skip
    ends = told.select("parent", "node").to_numpy()
    style = told["style"].to_numpy() + JUMP * (group[ends[:, 0]] != group[ends[:, 1]])
    order = np.argsort(style + ends[:, 1] * GOLDEN % 1)
    return ends[order], style[order]


def _height(layout: pl.DataFrame, river: pl.DataFrame) -> Reals:
    """Return each post's y, with every lane as high as it is to be drawn."""
    across = layout.join(river, on="platform", how="left", maintain_order="left").select(
        pl.col("top") + (pl.col("y") - pl.col("y").floor()) * (pl.col("bottom") - pl.col("top"))
    )
    return across.to_series().to_numpy()


def _opening(x: pl.Series) -> tuple[float, float]:
    """Return the stretch of time to open on: all of it, but for sparse and far ends."""
    start, end = opening(x.to_numpy())
    lo, hi = x[start], x[end]
    pad = max((hi - lo) * PADDING, (SHORTEST - (hi - lo)) / 2)
    return float(lo - pad), float(hi + pad)


def _around(x: Reals, y: Reals, rim: float) -> tuple[float, float, float, float]:
    """Return the box that holds all, with a rim."""
    pad = rim + PADDING * max(np.ptp(x), np.ptp(y))
    ends = (x.min() - pad, x.max() + pad, y.min() - pad, y.max() + pad)
    return float(ends[0]), float(ends[1]), float(ends[2]), float(ends[3])


def _bubbles(layout: pl.DataFrame, links: Integers, style: Integers) -> Sequence[dict[str, Any]]:
    """Return the largest discs of the tree: the middle, radius, posts and platform of each."""
    inside = layout.select("node", "platform", "tree_x", "tree_y", "parent").with_columns(
        jump=pl.Series(np.isin(np.arange(layout.height), links[style >= JUMP, 1]))
    )
    heads = inside.filter(pl.col("parent").is_null() | pl.col("jump"))
    link = np.full(layout.height, -1)
    link[links[style < JUMP, 1]] = links[style < JUMP, 0]
    disc = forest.heads(link)
    posts = np.bincount(disc, minlength=layout.height)[heads["node"].to_numpy()]
    largest = heads.with_columns(n=pl.Series(posts)).sort("n", "node", descending=[True, False])
    return largest.head(NAMED).select(
        x="tree_x", y="tree_y", radius=pl.col("n").sqrt() + 0.5, n="n", platform="platform"
    ).to_dicts()  # fmt: skip


def _communities(nodes: pl.DataFrame) -> Sequence[dict[str, Any]]:
    """Return the largest communities: where half of each lies, and how many accounts it has."""
    held = nodes.filter(pl.col("community").is_not_null())
    found = held.group_by("community").agg(
        pl.col("x", "y").median(), n=pl.col("accounts").sum(), shown=pl.len()
    )
    radius = pl.col("shown").sqrt() * 1.5
    largest = found.sort("n", "community", descending=[True, False]).head(NAMED)
    return largest.select("x", "y", "n", "community", radius=radius).to_dicts()
