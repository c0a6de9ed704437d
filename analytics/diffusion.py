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
MOST_DRAWN = 60_000_000  # posts in all trees of one method; beyond, fewer trees are drawn
FEWEST_TREES = 4
ROOM = 20_000_000  # links held at once by one worker
WORKERS = os.cpu_count() or 1
MEASURES = ("depth", "max_breadth", "virality", "mean_depth", "broadcast")
_COUNTS = MEASURES[:2]
_GROWING = MEASURES[:3]
_Arrays = tuple[Any, Any, Any, Any, Any, Any, Any, Any, Any]
_TREE = ["appeal_id", "root_id"]
_HIDDEN = pl.col("basis").ne_missing(pl.lit("observed"))


Choice = Callable[[str], Model | None]


def all_shapes(
    posts: pl.DataFrame, shares: pl.DataFrame, accounts: pl.DataFrame, *,
    choose: Choice, seed: int = 0, trees: int = TREES,
) -> tuple[pl.DataFrame, pl.DataFrame]:  # fmt: skip
    """Return the shape of every cascade with a share, by every method that applies, as it grew too.

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
    shapes : DataFrame
        The table ``shapes``. Where every parent was observed, one row, *observed*; else *star*,
        *follow* where follow lists told any parent, *pdi*, and *calibrated* where it applies.
    grown : DataFrame
        One row per size (1, 2, 5, 10, …, and the last) of a cascade of four posts and more that the
        calibrated model drew: median and 5-95 % of ``depth``, ``max_breadth`` and ``virality`` of
        the same trees as they were then.
    """
    doubtful = shares.with_columns(doubt=(pl.col("kind").is_in(SHARES) & _HIDDEN).any().over(_TREE))
    shaped, grown = [SHAPES.empty()], [_GROWN]
    for platform, own in by_platform(doubtful):
        told = stars(posts, own.filter(~pl.col("doubt")), accounts)
        shaped.append(shapes(told, None, method="observed", seed=seed))
        hidden, model = own.filter("doubt"), choose(platform)
        if hidden.is_empty():
            continue
        found = stars(posts, hidden, accounts)
        shaped += _by_rule(posts, hidden, accounts, found, seed)
        shaped.append(shapes(found, pdi(), method="pdi", seed=seed, trees=trees))
        if model:
            each = max(trees // len(model.figures), 1)
            last, steps = growing(found, model, method="calibrated", seed=seed, trees=each)
            shaped.append(last)
            grown.append(steps)
    return pl.concat(shaped).sort(*_TREE, "method"), pl.concat(grown)


def by_platform(shares: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Cut shares by platform, no cascade in two; the first name counts where data mix them."""
    first = pl.col("platform").min().over(_TREE)
    whose = pl.when(pl.col("root_id").is_null()).then("platform").otherwise(first)
    named = shares.with_columns(whose=whose)
    for (platform,), own in named.group_by("whose", maintain_order=True):
        yield str(platform), own.drop("whose")


def _by_rule(
    posts: pl.DataFrame, shares: pl.DataFrame, accounts: pl.DataFrame, found: Stars, seed: int
) -> Iterator[pl.DataFrame]:
    """Measure what follow lists tell, if they do, and the star."""
    if shares["basis"].eq("follow").any():
        yield shapes(found, None, method="follow", seed=seed)
        told = pl.when(pl.col("basis") != "follow")
        bare = shares.with_columns(parent_id=told.then("parent_id"), basis=told.then("basis"))
        found = stars(posts, bare, accounts)
    yield shapes(found, None, method="star", seed=seed)


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
    size = np.diff(stars.starts)
    cuts = np.arange(len(size) + 1)
    bands, drawn = _bands(stars, model, size, cuts, trees=trees, seed=seed, workers=workers)
    return _table(stars, bands, method, drawn)


def growing(
    stars: Stars, model: Model, *, method: str, seed: int, trees: int = TREES,
    workers: int = WORKERS,
) -> tuple[pl.DataFrame, pl.DataFrame]:  # fmt: skip
    """Measure the trees that a model draws, as :func:`shapes`, and as they grew.

    Returns
    -------
    shapes, grown : DataFrame
        As of :func:`all_shapes`.
    """
    size = np.diff(stars.starts)
    steps = [_checkpoints(int(n)) for n in size]
    cuts = np.concatenate([[0], np.cumsum([len(step) for step in steps])]).astype(np.int64)
    at = np.concatenate([np.empty(0, np.int64), *steps])
    bands, drawn = _bands(stars, model, at, cuts, trees=trees, seed=seed, workers=workers)
    rows = stars.trees.select(*_TREE)[np.repeat(np.arange(len(size)), np.diff(cuts))]
    grown = rows.with_columns(pl.Series("size", at), *_columns(bands[:, : len(_GROWING)]))
    large = pl.Series(np.repeat(size >= FEWEST, np.diff(cuts)))
    return _table(stars, bands[cuts[1:] - 1], method, drawn), grown.filter(large)


def _checkpoints(size: int) -> Integers:
    """Return the sizes at which a cascade is measured; of a small one only the last."""
    steps = np.array(sizes(), np.int64)
    return np.append(steps[steps < size] if size >= FEWEST else steps[:0], size)


def _table(stars: Stars, bands: Reals, method: str, drawn: int) -> pl.DataFrame:
    rows = stars.trees.with_columns(method=pl.lit(method), trees=pl.lit(drawn, pl.Int64))
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


def _bands(
    stars: Stars, model: Model | None, at: Integers, cuts: Integers,
    *, trees: int, seed: int, workers: int,
) -> tuple[Reals, int]:  # fmt: skip
    """Draw every cascade, the large ones tree by tree on all workers; measure it at its sizes."""
    from analytics import parents  # noqa: PLC0415

    kinds, figures, told = _settings(stars, model)
    count = _affordable(stars, len(kinds), trees) if model else 1
    arrays = arrays_of(stars, told, seed)
    out = np.empty((len(at), len(MEASURES), 3))
    size = np.diff(stars.starts)
    large = size > _LARGE

    def part(cascades: Integers) -> None:
        parents.draw_cascades(cascades, *arrays, kinds, figures, count, ROOM, at, cuts, out)

    def one_setting(task: tuple[int, int]) -> Reals:
        x, cell = task
        own = at[cuts[x] : cuts[x + 1]]
        found = np.empty((len(own), count, len(MEASURES)))
        parents.draw_setting(x, *arrays, cell, kinds[cell], figures[cell], count, ROOM, own, found)
        return found

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(part, parts(np.flatnonzero(~large), size)))
        for x in np.flatnonzero(large):
            tasks = ((int(x), cell) for cell in range(len(kinds)))
            found = np.concatenate(list(pool.map(one_setting, tasks)), axis=1)
            for check, row in enumerate(range(cuts[x], cuts[x + 1])):
                parents.bands(found[check], 0.05, 0.95, out[row])
    return out, count * len(kinds)


def arrays_of(stars: Stars, told: Integers, seed: int) -> "_Arrays":
    """Return cascades in the form that the compiled loops take."""
    return (
        stars.starts, stars.stars_of, stars.members, stars.star_starts,
        stars.nodes["link"].cast(pl.Int32).to_numpy(), stars.of_events("seconds"),
        stars.of_events("followers"), told, stars.seeds(seed),
    )  # fmt: skip


_LARGE = 50_000  # posts, from which one cascade keeps all workers busy
_PART = 100_000  # posts in one piece of work


def parts(cascades: Integers, size: Integers) -> list[Integers]:
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
    found = [_LIKELY]
    for platform, own in by_platform(shares):
        model = choose(platform)
        if model and own["basis"].null_count():
            found.append(likeliest(stars(posts, own, accounts), model))
    filled = shares.join(pl.concat(found), on=["appeal_id", "post_id"], how="left",
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
           for name in _GROWING for end in ("_lo", "", "_hi")},
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
