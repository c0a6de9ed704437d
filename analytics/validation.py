"""Scoring the inference of parents where they are known: hide them, infer them, compare.

Every known parent is hidden at once. A method is scored by the logarithm of the probability that it
gave the true parent, against blind chance (a random earlier post of the same star), on cascades
that its figures have not seen; and by how often the true one is drawn. Where all parents of a
cascade are known, the bands of its shape are held against the true shape.

Two questions are kept apart: which of *all* earlier posts it was, and, where it was not the
original, which of the *others*. Platforms that never tell the original as a parent answer only the
second.
"""

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics import calibration
from analytics.calibration import Fit, Sample
from analytics.diffusion import by_platform, shapes
from analytics.measured import PARENT_MODELS, VALIDATION
from analytics.models import FIGURE_NAMES, KINDS, Model, pdi
from analytics.stars import ELSEWHERE, HIDDEN, Stars, stars
from analytics.tables import SHARES

Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

DRAWS = 1000  # of cascades, for the interval of a mean
TOP = 10
FIRST_CHOICE = 2  # number of the last share that has one other than the original before it
MOST_SHAPES = 300  # cascades whose shape is compared, in the order of a hash
FEWEST_IN_SHAPE = 20  # posts of a cascade whose shape is compared
_TREE = ["appeal_id", "root_id"]


def validate(
    posts: pl.DataFrame, shares: pl.DataFrame, accounts: pl.DataFrame, *,
    source: str, seed: int = 0, trees: int = 20,
) -> tuple[pl.DataFrame, pl.DataFrame]:  # fmt: skip
    """Fit and score the inference of parents on every platform that tells some.

    Parameters
    ----------
    posts, shares, accounts
        Rows of the tables of these names; ``shares`` as :func:`analytics.trees.shares` gives them.
    source
        What the fit is said to rest on.
    seed
        Of drawn trees and of the cascades drawn again.
    trees
        Drawn by each setting where shapes are compared.

    Returns
    -------
    tuple of DataFrame
        The tables ``validation`` and ``parent_models``; the second has rows only for platforms with
        enough known parents.
    """
    scored, fitted = [VALIDATION.empty()], [PARENT_MODELS.empty()]
    for platform, own in by_platform(shares):
        veiled = stars(posts, own, accounts, veiled=True)
        sample = Sample.of(veiled, most=None)
        if not len(sample.number):
            continue
        fit = calibration.fit(veiled)
        whole = _known(posts, own, accounts)
        rows = [*_scores(sample, fit, seed), *_of_shapes(whole, fit, seed, trees)]
        table = _joined(rows).with_columns(platform=pl.lit(platform))
        scored.append(VALIDATION.check(table.select(*VALIDATION.columns)))
        if fit:
            fitted.append(_settings(fit, table, platform, source))
    return pl.concat(scored), pl.concat(fitted)


def _joined(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Lay what was found of one method and setting beside each other."""
    found: dict[tuple[object, ...], dict[str, object]] = {}
    for row in rows:
        key = (row["method"], row["setting"], row["among"])
        found.setdefault(key, dict.fromkeys(VALIDATION.columns)).update(row)
    kept = [row for row in found.values() if row["targets"] is not None]
    return pl.DataFrame(kept, schema=VALIDATION.schema)


def _settings(fit: Fit, table: pl.DataFrame, platform: str, source: str) -> pl.DataFrame:
    best = table.filter(pl.col("method") == "calibrated", pl.col("among") == "others")
    gains = best.select("gain", "gain_lo", "gain_hi").row(0, named=True)
    rows = pl.DataFrame(fit.settings(), schema=list(FIGURE_NAMES))
    told = {"platform": platform, "fitted_on": source, **gains}
    return PARENT_MODELS.check(
        rows.with_columns(
            setting=pl.int_range(pl.len(), dtype=pl.Int64),
            targets=pl.lit(fit.targets, pl.Int64),
            cascades=pl.lit(fit.cascades, pl.Int64),
            **{name: pl.lit(value) for name, value in told.items()},
        ).select(*PARENT_MODELS.columns)
    )


def _scores(sample: Sample, fit: Fit | None, seed: int) -> Iterator[dict[str, object]]:
    """Score every method on every known parent."""
    yield from _star(sample)
    grid = pdi()
    for figures in grid.figures:
        name = f"gamma={figures[0]:g} alpha={figures[1]:g}"
        yield from _scored(sample, "pdi", name, sample.scores("pdi", figures), seed=seed)
    if fit:
        fold = calibration.folds(sample.stars.trees)[sample.cascade]
        found = np.empty((len(fold), 2))
        for g, figures in enumerate(fit.left_out):
            found[fold == g] = sample.scores("calibrated", figures, fold == g)[:, :2]
        yield from _scored(sample, "calibrated", "", found, seed=seed)


def _star(sample: Sample) -> Iterator[dict[str, object]]:
    """Score the star: it always says the original, right or impossible, without a log score."""
    if sample.is_root.any():
        yield {
            "method": "star", "setting": "", "among": "all", "targets": len(sample.number),
            "cascades": len(np.unique(sample.cascade)), "hit": float(sample.is_root.mean()),
            "hit_chance": float((1 / sample.number).mean()),
        }  # fmt: skip


def _scored(
    sample: Sample, method: str, setting: str, found: Reals, *, seed: int
) -> Iterator[dict[str, object]]:
    true, root = found[:, 0], found[:, 1]
    others = ~sample.is_root & (sample.number > FIRST_CHOICE)
    asked: list[tuple[str, Flags, Reals, Reals]] = []
    if sample.is_root.any():
        asked.append(("all", np.ones(len(true), bool), true, 1 / sample.number))
    with np.errstate(divide="ignore", invalid="ignore"):
        asked.append(("others", others, true / (1 - root), 1 / (sample.number - 1)))
    for among, rows, p, chance in asked:
        if not rows.any():
            continue
        gain = np.log(np.maximum(p[rows], 1e-300) / chance[rows])
        low, high = _interval(gain, sample.cascade[rows], seed)
        yield {
            "method": method, "setting": setting, "among": among, "targets": int(rows.sum()),
            "cascades": len(np.unique(sample.cascade[rows])), "gain": float(gain.mean()),
            "gain_lo": low, "gain_hi": high, "hit": float(p[rows].mean()),
            "hit_chance": float(chance[rows].mean()),
        }  # fmt: skip


def _interval(
    values: Reals, cluster: npt.NDArray[np.int64], seed: int
) -> tuple[float | None, float | None]:
    """Return 5 % and 95 % points of a mean, whole cascades drawn again (bootstrap)."""
    _, place = np.unique(cluster, return_inverse=True)
    count = np.bincount(place)
    if len(count) < 2:  # noqa: PLR2004
        return None, None
    total = np.bincount(place, weights=values)
    drawn = np.random.default_rng(seed).multinomial(
        len(count), np.full(len(count), 1 / len(count)), DRAWS
    )
    low, high = np.quantile((drawn @ total) / (drawn @ count), [0.05, 0.95])
    return float(low), float(high)


def _known(
    posts: pl.DataFrame, shares: pl.DataFrame, accounts: pl.DataFrame
) -> tuple[Stars, Stars]:
    """Return the cascades all of whose parents are known, veiled and as they are."""
    own = shares.filter(pl.col("kind").is_in(SHARES))
    unknown = own.filter(pl.col("basis").ne_missing("observed")).select(*_TREE).unique()
    large = own.group_by(_TREE).len().filter(pl.col("len") >= FEWEST_IN_SHAPE - 1)
    sure = large.join(unknown, on=_TREE, how="anti")
    order = [blake2b(name.encode(), digest_size=8).digest() for name in sure["root_id"]]
    some = sure.with_columns(order=pl.Series(order, dtype=pl.Binary)).sort("order")
    whole = own.join(some.head(MOST_SHAPES), on=_TREE, how="semi")
    return stars(posts, whole, accounts, veiled=True), stars(posts, whole, accounts)


def _of_shapes(
    whole: tuple[Stars, Stars], fit: Fit | None, seed: int, trees: int
) -> Iterator[dict[str, object]]:
    """Compare bands with true shapes, setting by setting for PDI."""
    veiled, bare = whole
    if not len(veiled.trees):
        return
    truth = shapes(bare, None, method="observed", seed=seed)
    star = shapes(veiled.without_told(), None, method="star", seed=seed)
    yield {"method": "star", "setting": "", "among": "all"} | _off(star, truth)
    tops = _Tops(veiled)
    for figures in pdi().figures:
        cell = Model("pdi", figures[None])
        drawn = shapes(veiled, cell, method="pdi", seed=seed, trees=trees * 5)
        key = {"setting": f"gamma={figures[0]:g} alpha={figures[1]:g}", "among": "all"}
        yield {"method": "pdi"} | key | _off(drawn, truth) | tops.overlap("pdi", figures)
    if fit and fit.names_root:
        model = Model("calibrated", fit.settings())
        drawn = shapes(veiled, model, method="calibrated", seed=seed, trees=trees)
        yield (
            {"method": "calibrated", "setting": "", "among": "all"}
            | _off(drawn, truth)
            | tops.overlap("calibrated", fit.figures)
        )


def _off(found: pl.DataFrame, truth: pl.DataFrame) -> dict[str, object]:
    """Return how far depth and virality are off, and how often the band holds them."""
    both = found.join(truth.select(*_TREE, true_depth="depth", true_virality="virality"), on=_TREE)
    told: dict[str, object] = {"whole": both.height}
    for name in ("depth", "virality"):
        true, middle = pl.col(f"true_{name}"), pl.col(name)
        inside = true.is_between(pl.col(f"{name}_lo"), pl.col(f"{name}_hi"))
        row = both.select(off=((middle - true) / true).mean(), inside=inside.mean()).row(0)
        told |= {f"{name}_error": row[0], f"{name}_inside": row[1]}
    return told


class _Tops:
    """The accounts from which most hangs, in the true trees and as expected by a model."""

    def __init__(self, veiled: Stars) -> None:
        self.stars = veiled
        self.seconds = veiled.of_events("seconds")
        self.followers = veiled.of_events("followers")
        sure = np.where(veiled.truth == HIDDEN, 0, veiled.truth)
        self.true = [self._credit("pdi", pdi().figures[0], sure, s) for s in self._stars()]

    def overlap(self, kind: str, figures: Reals) -> dict[str, object]:
        """Return the mean Jaccard overlap of the top ten, the original left out."""
        found = (self._credit(kind, figures, self.stars.told, s) for s in self._stars())
        both = zip(self.true, found, strict=True)
        return {"top_overlap": float(np.mean([_jaccard(a, b) for a, b in both]))}

    def _stars(self) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self.stars.star_sizes() > 2 * TOP)

    def _credit(
        self, kind: str, figures: Reals, told: npt.NDArray[np.int64], star: int
    ) -> set[int]:
        from analytics import parents  # noqa: PLC0415

        part = slice(int(self.stars.star_starts[star]), int(self.stars.star_starts[star + 1]))
        depth, below = np.empty(part.stop - part.start), np.empty(part.stop - part.start)
        parents.expected_measures(
            KINDS[kind], figures, self.seconds[part], self.followers[part],
            np.where(told[part] == ELSEWHERE, HIDDEN, told[part]), depth, below,
        )  # fmt: skip
        return set((1 + np.argsort(-below[1:], kind="stable")[:TOP]).tolist())


def _jaccard(a: set[int], b: set[int]) -> float:
    return len(a & b) / len(a | b)
