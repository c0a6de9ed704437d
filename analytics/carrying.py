"""Trees drawn once more, to be kept: what hangs from each post, tree by tree.

Cascades whose parents were all observed are one tree, the same in every draw. Where parents are
hidden, each draw takes a tree of the calibrated model, the settings in turn (``docs/decisions``
0014, 0015). Where a platform's parents cannot be inferred, everything hangs from the original, and
only the original's account is credited with certainty: ``unknown`` counts these shares.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.diffusion import WORKERS, Choice, arrays_of, by_platform, parts
from analytics.models import Model
from analytics.stars import ELSEWHERE, Stars, stars

Integers = npt.NDArray[np.int64]
Links = npt.NDArray[np.int32]

MOST_DRAWN = 30_000_000  # posts in all draws
FEWEST_DRAWS, MOST_DRAWS = 20, 100


@dataclass(frozen=True, eq=False)
class Forest:
    """The cascades of one platform, with the model that draws their hidden parents, if any.

    ``nodes`` has a row per post, parents first: ``appeal_id``, ``root_id``, ``post_id``,
    ``account_id``, ``top`` (whether it is the original), ``hidden`` (its parent).
    """

    nodes: pl.DataFrame
    stars: Stars
    model: Model | None
    told: Integers

    @property
    def doubtful(self) -> bool:
        """Whether its trees differ from draw to draw."""
        return self.model is not None and bool(self.nodes["hidden"].any())


def forests(
    posts: pl.DataFrame, shares: pl.DataFrame, accounts: pl.DataFrame, *, choose: Choice
) -> list[Forest]:
    """Arrange the cascades of every platform.

    Parameters
    ----------
    posts, shares, accounts, choose
        As of :func:`analytics.diffusion.all_shapes`.
    """
    found = []
    for platform, own in by_platform(shares):
        arranged = stars(posts, own, accounts)
        if arranged.nodes.is_empty():
            continue
        model = choose(platform)
        told = arranged.told if model else np.full_like(arranged.told, ELSEWHERE)
        nodes = arranged.nodes.select(
            "appeal_id", "root_id", "post_id", "account_id", "hidden", top=pl.col("link") < 0
        )
        found.append(Forest(nodes, arranged, model, told))
    return found


def draws(found: list[Forest]) -> int:
    """Return how many trees of each cascade are drawn; one where nothing is in doubt."""
    posts = sum(each.nodes.height for each in found if each.doubtful)
    return min(max(MOST_DRAWN // posts, FEWEST_DRAWS), MOST_DRAWS) if posts else 1


def drawn(forest: Forest, count: int, seed: int, use: Callable[[int, Links, Links], None]) -> None:
    """Draw the trees of a forest and hand each to ``use``: its draw, the parents, what hangs below.

    Parameters
    ----------
    forest
        The cascades; of those without doubt the one tree is handed over as draw 0.
    count
        How many draws.
    seed
        The trees are those that :func:`analytics.diffusion.all_shapes` draws with it.
    use
        Called once a draw, in the order of settings; ``parent`` are rows of ``forest.nodes``, -1 at
        the top; ``below`` counts the post itself.
    """
    from analytics import parents  # noqa: PLC0415

    kinds, figures = _settings(forest)
    arrays = arrays_of(forest.stars, forest.told, seed)
    size = np.diff(forest.stars.starts)
    pieces = parts(np.arange(len(size)), size)
    for cell, begin, trees in _plan(len(kinds), count if forest.doubtful else 1):
        parent = np.empty((trees, forest.nodes.height), np.int32)
        below = np.empty_like(parent)

        def part(
            cascades: Integers, cell: int = cell, begin: int = begin,
            parent: Links = parent, below: Links = below,
        ) -> None:  # fmt: skip
            parents.draw_links(
                cascades, *arrays, cell, kinds[cell], figures[cell], begin, parent, below
            )

        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(part, pieces))
        for tree in range(trees):
            use(cell + (begin + tree) * len(kinds), parent[tree], below[tree])


def _settings(forest: Forest) -> tuple[Integers, npt.NDArray[np.float64]]:
    from analytics.models import FIGURES  # noqa: PLC0415

    if forest.model is None:
        return np.zeros(1, np.int64), np.zeros((1, FIGURES))
    return forest.model.kinds, forest.model.figures


_TOGETHER = 16  # trees of a setting that are held at once


def _plan(settings: int, count: int) -> Iterator[tuple[int, int, int]]:
    """Deal draws to settings in turn: draw b is tree b // settings of setting b % settings."""
    for cell in range(min(settings, count)):
        own = len(range(cell, count, settings))
        for begin in range(0, own, _TOGETHER):
            yield cell, begin, min(_TOGETHER, own - begin)
