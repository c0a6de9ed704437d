"""What people say about the authorities: a random sample that people code, and a classifier.

No score stands for itself. Persons code a random sample; a classifier that learns from their codes
guesses all other posts; and how far its guesses are off is measured on coded posts that it has not
seen and taken off. So the interval holds even where the classifier is poor: then it is as wide as
that of the codes alone (Angelopoulos et al. 2023; Zrnic and Candès 2024; over a finite population
Särndal, Swensson and Wretman 1992).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.agreement import alpha, alpha_band
from analytics.guessing import FOLDS, guesses
from analytics.measured import OPINION_AGREEMENT, OPINIONS
from analytics.tables import STANCES_OF

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ANY = "any"
FEWEST = 30  # coded posts of a stretch of days
FEWEST_OF_EACH = 5  # with a stance and without, for the help of a classifier
TOO_FEW = f"fewer than {FEWEST} posts are coded"
ONE_SIDED = "too few posts with this stance, or without it, to learn from"
_Z = 1.959963984540054


def population(posts: pl.DataFrame, kinds: tuple[str, ...] = ()) -> pl.DataFrame:
    """Return the posts with words of their own, of some kinds or of all.

    Returns
    -------
    DataFrame
        One row per post, sorted: ``appeal_id``, ``post_id``, ``platform``, ``kind``, ``at``,
        ``text``.
    """
    spoken = posts.filter(
        pl.col("text").str.strip_chars().str.len_chars() > 0, pl.col("kind") != "repost"
    )
    chosen = spoken.filter(pl.col("kind").is_in(kinds)) if kinds else spoken
    return chosen.select("appeal_id", "post_id", "platform", "kind", "at", "text").sort(
        "appeal_id", "post_id"
    )


def drawn(held: pl.DataFrame, size: int, *, seed: int = 0) -> pl.DataFrame:
    """Draw posts of one appeal to be coded, each as likely as any other.

    Parameters
    ----------
    held
        As of :func:`population`.
    size
        How many; all where there are fewer.
    seed
        Of the draw; a smaller sample of one seed is part of a larger one.

    Returns
    -------
    DataFrame
        The rows that were drawn, in the order of the draw, with ``probability``.

    Examples
    --------
    >>> held = pl.DataFrame({"post_id": ["a", "b", "c", "d"]})
    >>> drawn(held, 2, seed=1)["probability"].to_list()
    [0.5, 0.5]
    """
    order = np.random.default_rng(seed).permutation(held.height)
    share = min(size / held.height, 1.0) if held.height else 1.0
    return held[order[:size]].with_columns(probability=pl.lit(share))


def opinions(held: pl.DataFrame, stances: pl.DataFrame, *, seed: int = 0) -> pl.DataFrame:
    """Estimate shares of stances, over the whole time and in stretches of days.

    Parameters
    ----------
    held
        As of :func:`population`. Of it, posts of the kinds of which some were coded are told of:
        codes of comments say nothing of articles.
    stances
        Rows of the table of that name; a further coder's are left out.
    seed
        Of the folds.

    Returns
    -------
    DataFrame
        The table ``opinions``. Stretches are the fewest days in a row with ``FEWEST`` coded posts.
    """
    coded = stances.filter(~pl.col("is_blind")).unique(
        ["appeal_id", "post_id"], keep="first", maintain_order=True
    )
    rows = [
        row
        for (appeal,), own in coded.sort("appeal_id", "post_id").group_by(
            "appeal_id", maintain_order=True
        )
        for row in _of_appeal(_told_of(held.filter(pl.col("appeal_id") == appeal), own), own, seed)
    ]
    return OPINIONS.check(pl.DataFrame(rows, schema=OPINIONS.schema).sort(OPINIONS.key))


def _told_of(held: pl.DataFrame, coded: pl.DataFrame) -> pl.DataFrame:
    """Return the posts of the kinds of which some were coded."""
    return held.join(held.join(coded, on="post_id", how="semi"), on="kind", how="semi",
                     maintain_order="left")  # fmt: skip


def _of_appeal(held: pl.DataFrame, coded: pl.DataFrame, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of one appeal."""
    both = held.join(
        coded.select("post_id", "target", "stance"), on="post_id", how="left",
        maintain_order="left",
    )  # fmt: skip
    known = np.flatnonzero(both["stance"].is_not_null().to_numpy())
    rng = np.random.default_rng(seed)
    fold = np.full(both.height, -1, np.int64)
    fold[known] = rng.permutation(known.size) % FOLDS
    targets = coded["target"].drop_nulls().unique().sort().to_list()
    for target in (ANY, *targets):
        about = pl.lit(value=True) if target == ANY else pl.col("target") == target
        for stance in STANCES_OF:
            says = (pl.col("stance") == stance) & about.fill_null(value=False)
            truth = both.select(says.fill_null(value=False)).to_series().to_numpy()
            if truth[known].any():
                place = {"appeal_id": held["appeal_id"][0], "target": target, "stance": stance}
                yield from (place | row for row in _shares(both, truth, fold, seed))


def _shares(
    both: pl.DataFrame, truth: npt.NDArray[np.bool_], fold: Integers, seed: int
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one stance, over the whole and by stretches."""
    known = fold >= 0
    said = int(truth[known].sum())
    learnt = FEWEST_OF_EACH <= said <= known.sum() - FEWEST_OF_EACH and known.sum() >= FEWEST
    guessed = guesses(both["text"], truth, fold, seed=seed) if learnt else None
    for place, inside in _stretches(both["at"], known):
        row = place | {"posts": int(inside.sum()), "coded": int((inside & known).sum())}
        yield row | {"method": "coded_only"} | _by_codes(truth[inside], fold[inside])
        own = None if guessed is None else guessed[:, inside]
        helped = _helped(truth[inside], fold[inside], own)
        yield row | {"method": "prediction_powered"} | helped


def _stretches(
    at: pl.Series, known: npt.NDArray[np.bool_]
) -> Iterator[tuple[dict[str, Any], npt.NDArray[np.bool_]]]:
    """Yield the whole, and days in a row of which enough posts are coded."""
    days = at.dt.truncate("1d")
    ends = {"from": days.min(), "to": days.max()}
    yield ends | {"is_whole": True}, np.ones(len(at), bool)
    counts = pl.DataFrame({"day": days, "known": known}).drop_nulls("day").group_by("day").agg(
        pl.col("known").sum()).sort("day")  # fmt: skip
    begin, coded = None, 0
    for day, count in counts.iter_rows():
        begin, coded = begin or day, coded + count
        if coded >= FEWEST:
            inside = ((days >= begin) & (days <= day)).fill_null(value=False).to_numpy()
            if not inside.all():
                yield {"from": begin, "to": day, "is_whole": False}, inside
            begin, coded = None, 0


def _by_codes(truth: npt.NDArray[np.bool_], fold: Integers) -> dict[str, Any]:
    """Return the share among coded posts, with Wilson's interval for a finite population."""
    known = fold >= 0
    n, size = int(known.sum()), truth.size
    if n < FEWEST:
        return {"note": TOO_FEW}
    share = float(truth[known].mean())
    if n == size:
        return {"share": share, "lo": share, "hi": share, "worth": float(n)}
    told = n / (1 - n / size)  # as many, drawn from what has no end, would tell
    middle = (share + _Z**2 / (2 * told)) / (1 + _Z**2 / told)
    half = _Z / (1 + _Z**2 / told) * np.sqrt(share * (1 - share) / told + _Z**2 / (4 * told**2))
    return {"share": share, "lo": max(float(middle - half), 0.0),
            "hi": min(float(middle + half), 1.0), "worth": float(n)}  # fmt: skip


def _helped(truth: npt.NDArray[np.bool_], fold: Integers, guessed: Reals | None) -> dict[str, Any]:
    """Return the share with a classifier's help, or why there is none."""
    known = fold >= 0
    said, n = int(truth[known].sum()), int(known.sum())
    if n < FEWEST:
        return {"note": TOO_FEW}
    if guessed is None or not FEWEST_OF_EACH <= said <= n - FEWEST_OF_EACH:
        return {"note": ONE_SIDED}
    share, error, worth = powered(truth.astype(float), fold, guessed)
    return {"share": min(max(share, 0.0), 1.0), "lo": max(share - _Z * error, 0.0),
            "hi": min(share + _Z * error, 1.0), "worth": worth}  # fmt: skip


def powered(truth: Reals, fold: Integers, guessed: Reals) -> tuple[float, float, float]:
    """Estimate a mean by guesses for all, and by how far they are off where the truth is known.

    Parameters
    ----------
    truth
        1 or 0 for each member of the population; counts where ``fold`` is not negative.
    fold
        In which fold a member's truth is; -1 where it is not known.
    guessed
        A row for each fold: guesses by what learnt from the other folds, for all members.

    Returns
    -------
    mean, error, worth
        The estimate, its standard error, and how many known members would tell as much alone.

    Examples
    --------
    >>> truth, fold = np.array([1.0, 0, 1, 0]), np.array([0, 1, -1, -1])
    >>> powered(truth, fold, np.full((2, 4), 0.5))[0]  # a guess that tells nothing: the codes alone
    0.5
    """
    known = fold >= 0
    own = guessed[np.maximum(fold, 0), np.arange(truth.size)]
    weight = _weight(truth[known], own[known])
    parts, sizes = [], []
    for each in range(len(guessed)):
        tested = fold == each
        if not tested.any():
            continue
        learnt = known & ~tested
        rest = ~learnt
        off = (truth[tested] - weight * guessed[each, tested]).mean()
        whole = truth[learnt].sum() + weight * guessed[each, rest].sum() + rest.sum() * off
        parts.append(whole / truth.size)
        sizes.append(int(tested.sum()))
    n = int(known.sum())
    left = truth[known] - weight * own[known]
    unseen = max(1 - n / truth.size, 0.0)
    spread = _spread(left)
    error = float(np.sqrt(unseen * spread / n))
    worth = n * _spread(truth[known]) / spread
    return float(np.average(parts, weights=sizes)), error, worth


def _spread(values: Reals) -> float:
    """Return a variance, as if one more were as far off as can be, each way.

    Nearly all guesses may be right: then the few that are not have hardly been met, and the spread
    of those that were is too small. The two are the four of Agresti and Coull (1998), for misses.
    """
    squares = float(((values - values.mean()) ** 2).sum())
    return (squares + 2) / max(values.size - 2, 1)


def _weight(truth: Reals, guessed: Reals) -> float:
    """Return how far to trust the guesses: what leaves the least spread, from not at all to fully.

    As of PPI++ (Angelopoulos, Duchi and Zrnic 2023).
    """
    spread = float(guessed.var())
    if spread == 0:
        return 0.0
    together = float(((truth - truth.mean()) * (guessed - guessed.mean())).mean())
    return min(max(together / spread, 0.0), 1.0)


def opinion_agreement(stances: pl.DataFrame, *, seed: int = 0) -> pl.DataFrame:
    """Return how far coders of posts agree: the table of that name."""
    rows = []
    for (appeal,), own in stances.group_by("appeal_id", maintain_order=True):
        for field in ("stance", "target"):
            units = own.select("coder", unit="post_id", value=field)
            twice = units.drop_nulls("value").group_by("unit").len().filter(pl.col("len") > 1)
            if twice.height:
                lo, hi = alpha_band(units, seed=seed)
                rows.append({
                    "appeal_id": appeal, "field": field, "posts": twice.height,
                    "coders": units["coder"].n_unique(), "alpha": alpha(units),
                    "alpha_lo": lo, "alpha_hi": hi,
                })  # fmt: skip
    told = pl.DataFrame(rows, schema=OPINION_AGREEMENT.schema)
    return OPINION_AGREEMENT.check(told.sort(OPINION_AGREEMENT.key))
