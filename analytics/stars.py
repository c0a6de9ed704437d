"""From shares to arrays: cascades whose parents are partly hidden, ready to be drawn.

A *star* is an original and the shares that name it, the unit in which parents are inferred; a
cascade is a tree of stars, joined where a parent is known. Dirty data are put right by rule, and
counted (``coverage``): a share dated before what it shares is dated like it; one whose parent is
not held hangs from the original that it names; one without a time and with a hidden parent is in no
tree; accounts that hide their followers are given the median of the cascade, else of the platform.
"""

from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics import forest
from analytics.tables import SHARES

_KEY = ["appeal_id", "post_id"]
_TREE = ["appeal_id", "root_id"]
HIDDEN, ELSEWHERE = -1, -2


@dataclass(frozen=True, kw_only=True, eq=False)
class Stars:
    """Cascades as arrays, every parent a smaller number than its child.

    ``nodes`` has a row per post: its cascade and key, ``seconds`` since the cascade began,
    ``followers``, ``link`` (the known parent's row in the cascade, the original's where it is
    hidden, -1 at the top), ``hidden``, and why it was put right: ``early``, ``torn``, ``filled``.
    ``starts`` cuts the nodes into cascades. Events are the posts again, star by star: ``members``
    (row in the cascade), ``truth`` (the known parent's number in the star, ``HIDDEN``, or
    ``ELSEWHERE``) and ``told`` (the same, or ``HIDDEN`` where it is veiled), cut into stars by
    ``star_starts``, and the stars into cascades by ``stars_of``.
    """

    nodes: pl.DataFrame
    starts: forest.Ints
    members: forest.Ints
    told: forest.Ints
    truth: forest.Ints
    star_starts: forest.Ints
    stars_of: forest.Ints

    @property
    def trees(self) -> pl.DataFrame:
        """One row per cascade: its key, ``drawn`` (posts) and ``hidden`` (parents)."""
        return (
            self.nodes.group_by("tree", maintain_order=True)
            .agg(
                pl.col(*_TREE).first(),
                drawn=pl.len().cast(pl.Int64),
                hidden=pl.col("hidden").sum().cast(pl.Int64),
            )
            .drop("tree")
        )

    def without_told(self) -> "Stars":
        """Return the same with every share hung from the original of its star."""
        begin = pl.col("node").first().over("tree")
        star = pl.when(pl.col("star").is_not_null()).then(pl.col("star") - begin)
        return replace(self, nodes=self.nodes.with_columns(link=pl.coalesce(star, "link")))

    def star_sizes(self) -> forest.Ints:
        """Return the number of events of each star."""
        return np.diff(self.star_starts)

    def of_events(self, column: str) -> npt.NDArray[np.float64]:
        """Return a column of the nodes, by event."""
        return self.nodes[column].cast(pl.Float64).to_numpy()[self.rows_of_events()]

    def rows_of_events(self) -> forest.Ints:
        """Return the row in ``nodes`` of each event."""
        first = np.repeat(self.starts[:-1], np.diff(self.star_starts[self.stars_of]))
        return self.members + first

    def seeds(self, seed: int) -> npt.NDArray[np.uint64]:
        """Return a number for each cascade that depends on nothing but its key and the seed."""
        keys = self.trees.select(*_TREE).iter_rows()
        named = (blake2b(f"{seed}\n{a}\n{r}".encode(), digest_size=8).digest() for a, r in keys)
        return np.array([int.from_bytes(name, "little") for name in named], np.uint64)


def stars(
    posts: pl.DataFrame, shares: pl.DataFrame, accounts: pl.DataFrame, *, veiled: bool = False
) -> Stars:
    """Arrange every cascade that has a share.

    Parameters
    ----------
    posts, shares, accounts
        Rows of the tables of these names; a parent in ``shares`` whose basis is *inferred* counts
        as hidden.
    veiled
        Whether to hide what is known as well, in order to see whether it would be found again.

    Examples
    --------
    >>> from analytics.tables import ACCOUNTS, POSTS
    >>> from analytics.trees import shares
    >>> row = {"appeal_id": "a", "platform": "x", "source": "doc", "kind": "repost"}
    >>> posts = POSTS.check(pl.DataFrame([
    ...     row | {"post_id": "x:1", "kind": "original", "at": "2026-01-01T10:00:00Z"},
    ...     row | {"post_id": "x:2", "root_id": "x:1", "at": "2026-01-01T10:01:00Z"},
    ...     row | {"post_id": "x:3", "root_id": "x:1", "at": "2026-01-01T10:03:00Z"},
    ... ]).with_columns(pl.col("at").str.to_datetime(time_unit="us", time_zone="UTC")))
    >>> found = stars(posts, shares(posts), ACCOUNTS.empty())
    >>> found.nodes["seconds"].to_list(), found.told.tolist()
    ([0.0, 60.0, 180.0], [-2, -1, -1])
    """
    nodes = _nodes(posts, shares, accounts)
    starts = _cuts(nodes["tree"])
    events = _events(nodes, veiled=veiled)
    per_star = events.group_by("tree", "star", maintain_order=True).len()
    star_starts = np.concatenate([[0], per_star["len"].cast(pl.Int64).cum_sum().to_numpy()])
    per_tree = nodes.select("tree").unique(maintain_order=True).join(
        per_star.group_by("tree").agg(stars=pl.len()), on="tree", how="left", maintain_order="left"
    )  # fmt: skip
    stars_of = per_tree["stars"].fill_null(0).cast(pl.Int64).cum_sum().to_numpy()
    return Stars(
        nodes=nodes,
        starts=starts,
        members=(events["node"] - pl.Series(starts).gather(events["tree"])).to_numpy(),
        told=events["told"].to_numpy(),
        truth=events["truth"].to_numpy(),
        star_starts=star_starts.astype(np.int64),
        stars_of=np.concatenate([[0], stars_of]).astype(np.int64),
    )


def _cuts(tree: pl.Series) -> forest.Ints:
    values = tree.to_numpy()
    inner = np.flatnonzero(values[1:] != values[:-1]) + 1
    return np.unique(np.concatenate([[0], inner, [len(values)]])).astype(np.int64)


def _nodes(posts: pl.DataFrame, shares: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return every post of every cascade in the order of time, parents first."""
    raw = _raw(posts, shares).with_row_index("node").with_columns(pl.col("node").cast(pl.Int64))
    raw = _linked(raw)
    link = raw["up"].to_numpy()
    known = raw["at"].dt.timestamp("us").cast(pl.Float64).fill_null(float("-inf")).to_numpy()
    began = raw.select(pl.col("at").min().over(_TREE)).to_series()
    top = link < 0
    earliest = began.dt.timestamp("us").cast(pl.Float64).fill_null(0.0).to_numpy()
    known = np.where(top & np.isneginf(known), earliest, known)
    at = forest.most_above(link, known)
    raw = raw.with_columns(
        clock=pl.Series(at),
        steps=pl.Series(forest.depths(link)),
        early=pl.Series((known < at) & ~np.isneginf(known)),
    ).sort("appeal_id", "root_id", "clock", "steps", "post_id")
    return _numbered(_with_followers(raw, accounts))


def _raw(posts: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Return the shares that can be placed, and the tops of their cascades."""
    named = posts.select(*_KEY, named="root_id")
    below = (
        shares.filter(pl.col("kind").is_in(SHARES), pl.col("root_id").is_not_null())
        .with_columns(hidden=pl.col("basis").is_null() | (pl.col("basis") == "inferred"))
        .filter(pl.col("at").is_not_null() | ~pl.col("hidden"))
        .join(named, on=_KEY, how="left", maintain_order="left")
        .select(
            *_KEY, "root_id", "platform", "account_id", "root_account_id", "at", "hidden", "named",
            parent_id=pl.when(~pl.col("hidden")).then("parent_id"),
        )
    )  # fmt: skip
    held = posts.select(*_KEY, "at", "account_id")
    tops = (
        below.group_by(_TREE, maintain_order=True)
        .agg(pl.col("platform", "root_account_id").first())
        .with_columns(post_id="root_id")
        .join(held, on=_KEY, how="left", maintain_order="left")
        .with_columns(
            account_id=pl.coalesce("account_id", "root_account_id"),
            hidden=pl.lit(value=False),
            parent_id=pl.lit(None, pl.String),
            named=pl.lit(None, pl.String),
        )
    )
    return pl.concat([tops.select(below.columns), below]).drop("root_account_id")


def _linked(raw: pl.DataFrame) -> pl.DataFrame:
    """Add the rows of the known parent, the star's original and the top; ``up`` is the nearest."""
    place = raw.select(*_TREE, "post_id", "node")
    tops = place.filter(pl.col("post_id") == pl.col("root_id"))
    raw = raw.join(
        tops.select(*_TREE, root_id_node="node"), on=_TREE, how="left", maintain_order="left"
    )
    for column in ("parent_id", "named"):
        found = place.rename({"post_id": column, "node": f"{column}_node"})
        raw = raw.join(found, on=[*_TREE, column], how="left", maintain_order="left")
    is_top = pl.col("post_id") == pl.col("root_id")
    return raw.with_columns(
        star=pl.when(~is_top & pl.col("named").is_not_null()).then(
            pl.coalesce("named_node", "root_id_node")
        ),
        torn=~is_top & ~pl.col("hidden") & pl.col("parent_id_node").is_null(),
        up=pl.when(is_top)
        .then(-1)
        .otherwise(pl.coalesce("parent_id_node", "named_node", "root_id_node")),
    )


def _with_followers(raw: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Add each account's newest number of followers; fill in what is hidden."""
    newest = (
        accounts.filter(pl.col("followers").is_not_null())
        .sort("observed_at", nulls_last=False)
        .group_by("account_id")
        .agg(followers=pl.col("followers").last().cast(pl.Float64))
    )
    joined = raw.join(newest, on="account_id", how="left", maintain_order="left")
    shown = pl.col("followers")
    return joined.with_columns(
        filled=shown.is_null(),
        followers=pl.coalesce(
            shown, shown.median().over(_TREE), shown.median().over("platform"), pl.lit(0.0)
        ),
    )


def _numbered(nodes: pl.DataFrame) -> pl.DataFrame:
    """Give the nodes, in their final order, numbers within the whole and within the cascade."""
    old = nodes["node"].to_numpy()
    new = np.empty(len(old), np.int64)
    new[old] = np.arange(len(old))
    nodes = nodes.with_columns(
        node=pl.int_range(pl.len(), dtype=pl.Int64),
        tree=(pl.struct(_TREE).rle_id().cast(pl.Int64)),
        star=_moved(nodes["star"], new),
        up=_moved(pl.Series("up", nodes["up"].replace(-1, None)), new),
    )
    return nodes.with_columns(
        seconds=(pl.col("clock") - pl.col("clock").first().over("tree")) / 1e6,
        link=(pl.col("up") - pl.col("node").first().over("tree")).fill_null(-1),
    ).select(
        "tree", *_TREE, "post_id", "node", "star", "link", "platform", "account_id", "at",
        "seconds", "followers", "hidden", "early", "torn", "filled",
    )  # fmt: skip


def _moved(numbers: pl.Series, new: forest.Ints) -> pl.Series:
    return pl.Series(new).gather(numbers) if len(new) else numbers


def _events(nodes: pl.DataFrame, *, veiled: bool) -> pl.DataFrame:
    """Return the posts of each star in which a parent is hidden, its original first."""
    shares = nodes.filter(pl.col("star").is_not_null())
    with_doubt = shares.filter(pl.col("hidden") | veiled).select("star").unique()
    members = shares.join(with_doubt, on="star", how="semi", maintain_order="left")
    tops = members.select("tree", "star").unique(maintain_order=True).with_columns(
        node="star", up=pl.lit(None, pl.Int64), hidden=pl.lit(value=False), torn=pl.lit(value=False)
    )  # fmt: skip
    begin = nodes.group_by("tree").agg(begin=pl.col("node").min())
    rows = members.join(begin, on="tree", how="left", maintain_order="left").select(
        "tree", "star", "node", "hidden", "torn", up=pl.col("link") + pl.col("begin")
    )
    events = pl.concat([tops.select(rows.columns), rows]).sort("tree", "star", "node")
    events = events.with_columns(number=pl.int_range(pl.len(), dtype=pl.Int64).over("tree", "star"))
    numbers = events.select("tree", "star", up="node", parent="number")
    known = pl.when(pl.col("hidden") | pl.col("torn")).then(HIDDEN)
    return events.join(
        numbers, on=["tree", "star", "up"], how="left", maintain_order="left"
    ).with_columns(
        truth=known.otherwise(pl.col("parent").fill_null(ELSEWHERE)),
        told=pl.when(pl.col("hidden") | (veiled & pl.col("parent").is_not_null()))
        .then(HIDDEN)
        .otherwise(pl.col("parent").fill_null(ELSEWHERE)),
    )
