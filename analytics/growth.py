"""How cascades grew: size, accounts and shape over time, and how long each step took.

Everything is counted in posts whose time is known, in the order of time; no parent is needed for
that. A shape is told only where every parent in the cascade is observed: with hidden parents, it
would be that of the star which platforms draw (docs/decisions/0002).
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.measured import GROWTH, MILESTONES
from analytics.stars import stars
from analytics.tables import ACCOUNTS, SHARES

Ints = npt.NDArray[np.int64]

FEWEST = 4  # posts of a cascade whose growth is told
STEPS = 23  # sizes at which a cascade is measured, besides the one it ends with
ACCOUNTS_REACHED = (10, 100, 1000, 10_000)
_TREE = ["appeal_id", "root_id"]
_HOUR = 3600
_BANDED = {f"{name}{end}" for name in ("depth", "max_breadth", "virality")
           for end in ("_lo", "", "_hi")}  # fmt: skip


def placed(posts: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Return the posts of all cascades in the order of time.

    Parameters
    ----------
    posts, shares
        Rows of the tables of these names; ``shares`` as :func:`analytics.trees.shares` gives them.

    Returns
    -------
    DataFrame
        One row per root and share whose time is known; a root without a time begins with its first
        share, and what is dated before the post it came from is dated like it. ``tree`` numbers the
        cascades, ``size`` the posts of each, 1 for the root; ``accounts`` counts the distinct ones
        so far (who is unknown is not counted), ``new`` whether this is one more. ``seconds`` run
        from ``began_at``. ``link`` is the parent's place in the cascade, 0 for the root, where it
        is known; ``whole`` says whether all parents and times of the cascade are.
    """
    member = pl.col("kind").is_in(SHARES) & pl.col("root_id").is_not_null()
    unknown = pl.col("basis").ne_missing("observed") | pl.col("at").is_null()
    told = shares.filter(member).with_columns(whole=~unknown.any().over(_TREE))
    found = stars(posts, told.filter(pl.col("at").is_not_null()), ACCOUNTS.empty())
    whole = told.select(*_TREE, "whole").unique()
    nodes = found.nodes.join(whole, on=_TREE, how="left", maintain_order="left")
    first = pl.struct("tree", "account_id").is_first_distinct()
    return nodes.with_columns(
        size=pl.int_range(pl.len(), dtype=pl.Int64).over("tree") + 1,
        began_at=pl.coalesce(pl.col("at").first(), pl.col("at").min()).over("tree"),
        new=first & pl.col("account_id").is_not_null(),
    ).select(
        "tree", *_TREE, "platform", "account_id", "began_at", "seconds", "size", "link", "whole",
        "new", accounts=pl.col("new").cast(pl.Int64).cum_sum().over("tree"),
    )  # fmt: skip


def growth(nodes: pl.DataFrame, inferred: pl.DataFrame | None = None) -> pl.DataFrame:
    """Measure every cascade of three shares or more at the sizes 1, 2, 5, 10, …, and at its last.

    The sizes are the same in all cascades: shapes may be compared only at equal size (Juul and
    Ugander 2021).

    Parameters
    ----------
    nodes
        Posts in the order of time, as :func:`placed` gives them.
    inferred
        Bands of cascades whose parents are partly hidden, by size, as
        :func:`analytics.diffusion.all_shapes` draws them; without, their shapes stay null.

    Returns
    -------
    DataFrame
        The table ``growth``, one row per cascade and size. Depth, breadth and virality are those of
        the tree as it was then, observed, or drawn with a band; among posts of the same time, those
        nearer to the root are first.

    Examples
    --------
    >>> from analytics.tables import POSTS
    >>> from analytics.trees import shares
    >>> row = {"appeal_id": "a", "platform": "x", "source": "doc", "kind": "quote"}
    >>> posts = POSTS.check(pl.DataFrame([
    ...     row | {"post_id": "x:1", "kind": "original", "at": "2026-01-01T10:00:00Z"},
    ...     row | {"post_id": "x:2", "parent_id": "x:1", "at": "2026-01-01T10:30:00Z"},
    ...     row | {"post_id": "x:3", "parent_id": "x:2", "at": "2026-01-01T10:45:00Z"},
    ...     row | {"post_id": "x:4", "parent_id": "x:1", "at": "2026-01-01T12:00:00Z"},
    ... ]).with_columns(
    ...     pl.col("at").str.to_datetime(time_unit="us", time_zone="UTC"),
    ...     basis=pl.when(pl.col("parent_id").is_not_null()).then(pl.lit("observed")),
    ... ))
    >>> nodes = placed(posts, shares(posts))
    >>> growth(nodes).select("size", "depth", "max_breadth").rows()
    [(1, 0, 1), (2, 1, 1), (4, 2, 2)]
    >>> milestones(nodes, posts).select("size", "half_hours", "peak_shares").rows()
    [(4, 0.5, 2)]
    """
    rows = nodes.with_columns(last=pl.len().over("tree")).filter(pl.col("last") >= FEWEST)
    is_step = pl.col("size").is_in(sizes()) | (pl.col("size") == pl.col("last"))
    checked = rows.filter(is_step).with_columns(
        at=pl.col("began_at") + pl.duration(microseconds=(pl.col("seconds") * 1e6).round())
    )
    shapes = _shapes(rows.filter("whole"), checked.filter("whole"))
    bands = GROWTH.empty() if inferred is None else inferred
    drawn = bands.select(*_TREE, "size", *(name for name in bands.columns if name in _BANDED))
    seen = checked.join(shapes, on=["tree", "size"], how="left", maintain_order="left")
    both = seen.join(drawn, on=[*_TREE, "size"], how="left", maintain_order="left", suffix="_drawn")
    return GROWTH.check(
        both.with_columns(
            *(pl.coalesce(name, f"{name}_drawn") for name in ("depth", "max_breadth", "virality")),
            method=pl.when("whole")
            .then(pl.lit("observed"))
            .when(pl.col("depth_drawn").is_not_null())
            .then(pl.lit("calibrated")),
        ).select(*GROWTH.columns)
    )


def sizes() -> list[int]:
    """Return the sizes at which every cascade is measured.

    >>> sizes()[:8], len(sizes())
    ([1, 2, 5, 10, 20, 50, 100, 200], 23)
    """
    return [(1, 2, 5)[step % 3] * 10 ** (step // 3) for step in range(STEPS)]


def _shapes(rows: pl.DataFrame, checked: pl.DataFrame) -> pl.DataFrame:
    """Measure the whole cascades at the sizes to be checked."""
    from analytics import parents  # noqa: PLC0415

    per_tree = checked.group_by("tree", maintain_order=True).agg(pl.len(), pl.col("last").first())
    starts, cuts = (
        np.concatenate([[0], per_tree[name].cast(pl.Int64).cum_sum().to_numpy()]).astype(np.int64)
        for name in ("last", "len")
    )
    out = np.empty((checked.height, len(parents.MEASURES)))
    link = rows["link"].cast(pl.Int32).to_numpy()
    parents.measure_forest(link, starts, checked["size"].to_numpy(), cuts, out)
    return checked.select(
        "tree",
        "size",
        depth=pl.Series(out[:, 0]).cast(pl.Int64),
        max_breadth=pl.Series(out[:, 1]).cast(pl.Int64),
        virality=pl.Series(out[:, 2], nan_to_null=True),
    )


def milestones(nodes: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Tell how long each cascade took to reach accounts, half its size, and half its pace.

    Parameters
    ----------
    nodes
        Posts in the order of time, as :func:`placed` gives them.
    posts
        Rows of ``posts``: up to the last of a platform, an hour without shares counts as observed.

    Returns
    -------
    DataFrame
        The table ``milestones``, one row per cascade with a share whose time is known. Hours are
        those of the cascade, from ``began_at``. A number of accounts that was not reached is null:
        censored, not never.
    """
    half = (pl.col("size").last() + 1) // 2 - 1
    hours = pl.col("seconds") / _HOUR
    found = nodes.group_by("tree", maintain_order=True).agg(
        pl.col(*_TREE, "platform", "began_at").first(),
        pl.col("size", "accounts").last(),
        *(
            hours.filter(pl.col("new") & (pl.col("accounts") == count)).first()
            .alias(f"hours_to_{count}")
            for count in ACCOUNTS_REACHED
        ),
        half_hours=hours.get(half),
    )  # fmt: skip
    seen = posts.group_by("appeal_id", "platform").agg(seen=pl.col("at").max())
    start = pl.col("began_at") + pl.duration(hours="peak")
    end = start + pl.duration(hours=pl.col("half_life_hours") + 1)
    rows = found.join(_pace(nodes), on="tree", how="left", maintain_order="left").join(
        seen, on=["appeal_id", "platform"], how="left", maintain_order="left"
    )
    return MILESTONES.check(
        rows.with_columns(
            peak_at=start, half_life_hours=pl.when(end <= pl.col("seen")).then("half_life_hours")
        ).select(*MILESTONES.columns)
    )


def _pace(nodes: pl.DataFrame) -> pl.DataFrame:
    """Return each cascade's peak hour, and how many hours later its pace was half of that.

    The hours from the peak on that are busier than half of it are without a gap exactly up to then.
    """
    per_hour = (
        nodes.filter(pl.col("size") > 1)
        .group_by("tree", hour=(pl.col("seconds") // _HOUR).cast(pl.Int64))
        .agg(shares=pl.len().cast(pl.Int64))
        .sort("tree", "hour")
    )
    busy = per_hour.with_columns(
        peak_shares=pl.col("shares").max().over("tree"),
        peak=pl.col("hour").gather(pl.col("shares").arg_max()).first().over("tree"),
    ).filter(pl.col("hour") >= pl.col("peak"), 2 * pl.col("shares") > pl.col("peak_shares"))
    later = pl.col("hour") - pl.col("peak")
    without_gap = later == pl.int_range(pl.len())
    return busy.group_by("tree").agg(
        pl.col("peak", "peak_shares").first(),
        half_life_hours=without_gap.sum().cast(pl.Int64),
    )
