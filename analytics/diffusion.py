"""Shapes of cascades whose parents are hidden: bands over drawn trees, never one tree.

Each method is a row: what was observed alone, the star around the original, following where lists
of followed accounts are held, and the models that draw (:mod:`analytics.models`). Nothing here
reads the tree of likeliest parents: it is flatter than any tree that was ever drawn.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.growth import FEWEST, sizes
from analytics.measured import SHAPES, SHARES_TABLE
from analytics.models import FIGURES, Model, pdi
from analytics.stars import ELSEWHERE, HIDDEN, Stars, stars
from analytics.tables import SHARES

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

TREES = 100  # of each setting
MOST_DRAWN = 150_000_000  # posts in all trees of one method; beyond, fewer trees are drawn
FEWEST_TREES = 4
ROOM = 20_000_000  # links held at once by one worker
WORKERS = os.cpu_count() or 1
MEASURES = ("depth", "max_breadth", "virality", "mean_depth", "broadcast")
_COUNTS = MEASURES[:2]
_Arrays = tuple[Any, Any, Any, Any, Any, Any, Any, Any, Any]
_TREE = ["appeal_id", "root_id"]
_HIDDEN = pl.col("basis").ne_missing(pl.lit("observed"))


Choice = Callable[[str], Model | None]


def all_shapes(
    posts: pl.DataFrame, shares: pl.DataFrame, accounts: pl.DataFrame, *,
    choose: Choice, seed: int = 0, trees: int = TREES,
) -> pl.DataFrame:  # fmt: skip
    """Return the shape of every cascade with a share, by every method that applies.

    Parameters
    ----------
    posts, shares, accounts
        Rows of the tables of these names; ``shares`` as :func:`analytics.trees.shares` gives them.
    choose
        Returns the calibrated model for a platform; None where parents cannot be inferred.
    seed
        Of all that is drawn.
    trees
        Drawn by each of the fifteen settings of PDI; a tenth as many by each of the ten settings of
        the calibrated model.

    Returns
    -------
    DataFrame
        The table ``shapes``. Where every parent was observed, one row, *observed*; else *star*,
        *follow* where follow lists told any parent, *pdi*, and *calibrated* where it applies.
    """
    doubtful = shares.with_columns(doubt=(pl.col("kind").is_in(SHARES) & _HIDDEN).any().over(_TREE))
    parts = [SHAPES.empty()]
    for platform, own in by_platform(doubtful):
        told = stars(posts, own.filter(~pl.col("doubt")), accounts)
        parts.append(shapes(told, None, method="observed", seed=seed))
        hidden = own.filter("doubt")
        if not hidden.is_empty():
            parts += _doubtful(posts, hidden, accounts, choose(platform), seed=seed, trees=trees)
    return pl.concat(parts).sort(*_TREE, "method")


def grown(
    posts: pl.DataFrame, shares: pl.DataFrame, accounts: pl.DataFrame, *,
    choose: Choice, seed: int = 0, trees: int = TREES,
) -> pl.DataFrame:  # fmt: skip
    """Measure the trees of cascades with hidden parents as they grew.

    Parameters
    ----------
    posts, shares, accounts, choose, seed, trees
        As of :func:`all_shapes`; the trees of the calibrated model are the same.

    Returns
    -------
    DataFrame
        One row per cascade of four posts and more and size (1, 2, 5, 10, …, and the last): median
        and 5-95 % of ``depth``, ``max_breadth`` and ``virality`` over trees and settings.
    """
    hidden = (pl.col("kind").is_in(SHARES) & _HIDDEN).any().over(_TREE)
    parts = [_GROWN]
    for platform, own in by_platform(shares):
        model, doubtful = choose(platform), own.filter(hidden)
        if model and not doubtful.is_empty():
            each = max(trees // len(model.figures), 1)
            parts.append(_grown(stars(posts, doubtful, accounts), model, each, seed))
    return pl.concat(parts)


def _grown(stars: Stars, model: Model, trees: int, seed: int) -> pl.DataFrame:
    from analytics import parents  # noqa: PLC0415

    size = np.diff(stars.starts)
    steps = [_checkpoints(int(n)) for n in size]
    cuts = np.concatenate([[0], np.cumsum([len(step) for step in steps])]).astype(np.int64)
    at = np.concatenate([np.empty(0, np.int64), *steps]).astype(np.int64)
    out = np.empty((len(at), 3, 3))
    arrays = _arrays(stars, stars.told, seed)
    count = _affordable(stars, len(model.kinds), trees)

    def part(cascades: Integers) -> None:
        parents.draw_growth(
            cascades, *arrays, model.kinds, model.figures, count, ROOM, at, cuts, out
        )

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(part, _parts(np.flatnonzero(size >= FEWEST), size)))
    rows = stars.trees.select(*_TREE)[np.repeat(np.arange(len(size)), np.diff(cuts))]
    return rows.with_columns(pl.Series("size", at), *_columns(out))


def _checkpoints(size: int) -> Integers:
    """Return the sizes at which a cascade is measured; none of a small one."""
    steps = np.array(sizes(), np.int64)
    return np.append(steps[steps < size], size) if size >= FEWEST else steps[:0]


def by_platform(shares: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Cut shares by platform, no cascade in two; the first name counts where data mix them."""
    first = pl.col("platform").min().over(_TREE)
    whose = pl.when(pl.col("root_id").is_null()).then("platform").otherwise(first)
    named = shares.with_columns(whose=whose)
    for (platform,), own in named.group_by("whose", maintain_order=True):
        yield str(platform), own.drop("whose")


def _doubtful(
    posts: pl.DataFrame, shares: pl.DataFrame, accounts: pl.DataFrame, model: Model | None,
    *, seed: int, trees: int,
) -> Iterator[pl.DataFrame]:  # fmt: skip
    found = stars(posts, shares, accounts)
    bare = found
    if shares["basis"].eq("follow").any():
        yield shapes(found, None, method="follow", seed=seed)
        told = pl.when(pl.col("basis") != "follow")
        star = shares.with_columns(parent_id=told.then("parent_id"), basis=told.then("basis"))
        bare = stars(posts, star, accounts)
    yield shapes(bare, None, method="star", seed=seed)
    yield shapes(found, pdi(), method="pdi", seed=seed, trees=trees)
    if model:
        each = max(trees // len(model.figures), 1)
        yield shapes(found, model, method="calibrated", seed=seed, trees=each)


def shapes(
    stars: Stars, model: Model | None, *, method: str, seed: int, trees: int = TREES,
    workers: int = WORKERS,
) -> pl.DataFrame:  # fmt: skip
    """Measure the trees that a model draws; without a model, the links as they stand.

    Parameters
    ----------
    stars
        The cascades; parents that are told stay as they are in every tree.
    model
        What draws the hidden parents; None hangs them from the star's original.
    method
        What the rows are called.
    seed
        A cascade's trees depend on this, on its key, and on nothing else.
    trees
        How many for each of the model's settings; fewer, and the same ones, where all cascades
        together would take more than ``MOST_DRAWN`` posts.
    workers
        Threads; the result is the same with any number.

    Returns
    -------
    DataFrame
        The table ``shapes``: median and 5-95 % over trees and settings.
    """
    kinds, figures, told = _settings(stars, model)
    count = _affordable(stars, len(kinds), trees) if model else 1
    bands = np.empty((len(stars.starts) - 1, len(MEASURES), 3))
    _draw_all(stars, told, kinds, figures, bands, trees=count, seed=seed, workers=workers)
    rows = stars.trees.with_columns(
        method=pl.lit(method), trees=pl.lit(count * len(kinds), pl.Int64)
    )
    return SHAPES.check(rows.with_columns(*_columns(bands)).select(*SHAPES.columns))


def _settings(stars: Stars, model: Model | None) -> tuple[Integers, Reals, Integers]:
    if model is None:
        return np.zeros(1, np.int64), np.zeros((1, FIGURES)), np.full_like(stars.told, ELSEWHERE)
    return model.kinds, model.figures, stars.told


def _affordable(stars: Stars, settings: int, trees: int) -> int:
    """Return how many trees of each setting stay within what is drawn at most."""
    posts = int(stars.trees.filter(pl.col("hidden") > 0)["drawn"].sum())
    return max(min(trees, MOST_DRAWN // max(posts * settings, 1)), min(FEWEST_TREES, trees))


def _columns(bands: Reals) -> Iterable[pl.Series]:
    for place, name in enumerate(MEASURES[: bands.shape[1]]):
        for end, part in enumerate(("_lo", "", "_hi")):
            column = pl.Series(name + part, bands[:, place, end], nan_to_null=True)
            yield column.cast(pl.Int64) if name in _COUNTS else column


def _draw_all(
    stars: Stars, told: Integers, kinds: Integers, figures: Reals, bands: Reals,
    *, trees: int, seed: int, workers: int,
) -> None:  # fmt: skip
    """Draw and measure every cascade, the large ones tree by tree on all workers."""
    from analytics import parents  # noqa: PLC0415

    arrays = _arrays(stars, told, seed)
    size = np.diff(stars.starts)
    large = size > _LARGE

    def part(cascades: Integers) -> None:
        parents.draw_cascades(cascades, *arrays, kinds, figures, trees, ROOM, bands)

    def one_setting(task: tuple[int, int]) -> Reals:
        found = np.empty((trees, len(MEASURES)))
        x, cell = task
        parents.draw_setting(x, *arrays, cell, kinds[cell], figures[cell], trees, ROOM, found)
        return found

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(part, _parts(np.flatnonzero(~large), size)))
        for x in np.flatnonzero(large):
            found = np.concatenate(
                list(pool.map(one_setting, ((int(x), cell) for cell in range(len(kinds)))))
            )
            parents.bands(found, 0.05, 0.95, bands[x])


def _arrays(stars: Stars, told: Integers, seed: int) -> "_Arrays":
    """Return cascades in the form that the compiled loops take."""
    return (
        stars.starts, stars.stars_of, stars.members, stars.star_starts,
        stars.nodes["link"].cast(pl.Int32).to_numpy(), stars.of_events("seconds"),
        stars.of_events("followers"), told, stars.seeds(seed),
    )  # fmt: skip


_LARGE = 50_000  # posts, from which one cascade keeps all workers busy
_PART = 100_000  # posts in one piece of work


def _parts(cascades: Integers, size: Integers) -> list[Integers]:
    """Cut cascades into pieces of about the same number of posts, in order."""
    ends = np.cumsum(size[cascades])
    cuts = np.searchsorted(ends, np.arange(_PART, ends[-1] if len(ends) else 0, _PART))
    return [part for part in np.split(cascades, np.unique(cuts)) if len(part)]


def with_likeliest(
    posts: pl.DataFrame, shares: pl.DataFrame, accounts: pl.DataFrame, *, choose: Choice
) -> pl.DataFrame:
    """Fill in the likeliest parent of every share whose parent is hidden.

    Returns
    -------
    DataFrame
        The table ``shares``: the basis of what was filled in is *inferred*, its confidence the
        probability of that parent by the middle of the calibrated model's settings. It is for the
        eye and for lists; measures rest on drawn trees.
    """
    parts = [_LIKELY]
    for platform, own in by_platform(shares):
        model = choose(platform)
        if model and own["basis"].null_count():
            parts.append(likeliest(stars(posts, own, accounts), model))
    filled = shares.join(pl.concat(parts), on=["appeal_id", "post_id"], how="left",
                         maintain_order="left")  # fmt: skip
    new = pl.col("basis").is_null() & pl.col("likely_id").is_not_null()
    return SHARES_TABLE.check(
        filled.with_columns(
            parent_id=pl.coalesce("parent_id", "likely_id"),
            parent_account_id=pl.coalesce("parent_account_id", "likely_account_id"),
            confidence=pl.when(new).then("chance").otherwise("confidence"),
            basis=pl.when(new).then(pl.lit("inferred")).otherwise("basis"),
        ).select(*SHARES_TABLE.columns)
    )


_GROWN = pl.DataFrame(
    schema={
        "appeal_id": pl.String, "root_id": pl.String, "size": pl.Int64,
        **{f"{name}{end}": pl.Int64 if name in _COUNTS else pl.Float64
           for name in MEASURES[:3] for end in ("_lo", "", "_hi")},
    }
)  # fmt: skip
_LIKELY = pl.DataFrame(
    schema={
        "appeal_id": pl.String, "post_id": pl.String, "likely_id": pl.String,
        "likely_account_id": pl.String, "chance": pl.Float64,
    }
)  # fmt: skip


def likeliest(stars: Stars, model: Model) -> pl.DataFrame:
    """Return the likeliest parent of every share whose parent is hidden.

    Returns
    -------
    DataFrame
        One row per share: its key, ``likely_id`` and ``chance``, its probability by the middle of
        the model's settings. For the eye only, and for lists: no measure is computed from it.
    """
    from analytics import parents  # noqa: PLC0415

    seconds, followers = stars.of_events("seconds"), stars.of_events("followers")
    parent, chance = np.empty(len(seconds), np.int64), np.empty(len(seconds))
    middle = np.median(model.figures, axis=0)
    for low, high in zip(stars.star_starts[:-1], stars.star_starts[1:], strict=True):
        part = slice(int(low), int(high))
        parents.likeliest(
            middle, seconds[part], followers[part], stars.told[part], parent[part], chance[part]
        )
    return _named(stars, parent, chance)


def _named(stars: Stars, parent: Integers, chance: Reals) -> pl.DataFrame:
    row = stars.rows_of_events()
    hidden = parent != HIDDEN
    first = np.repeat(stars.star_starts[:-1], stars.star_sizes())
    keys = stars.nodes.select("appeal_id", "post_id", "account_id")
    found = keys[row[(first + parent)[hidden]]]
    named: pl.DataFrame = keys[row[hidden]].select("appeal_id", "post_id")
    return named.with_columns(
        likely_id=found["post_id"],
        likely_account_id=found["account_id"],
        chance=pl.Series(chance[hidden]),
    )
