"""What people say about the authorities: a random sample that people code, and a classifier.

No score stands for itself. Persons code a random sample; a classifier that learns from their codes
guesses all other posts; and how far its guesses are off is measured on coded posts that it has not
seen and taken off. So the interval holds even where the classifier is poor: then it is as wide as
that of the codes alone (Angelopoulos et al. 2023; Zrnic and Candès 2024; over a finite population,
with posts that were not all as likely to be drawn, Särndal, Swensson and Wretman 1992).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

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
FEWEST_OF_STRATUM = 10  # coded posts of days in a row that are estimated for themselves
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


def drawn(held: pl.DataFrame, size: int, *, seed: int = 0, by_day: bool = False) -> pl.DataFrame:
    """Draw posts of one appeal to be coded, each as likely as any other or as many of each day.

    Parameters
    ----------
    held
        As of :func:`population`.
    size
        How many; all where there are fewer.
    seed
        Of the draw; a smaller sample of one seed is part of a larger one.
    by_day
        Whether each day gives as many posts as any other, as far as it has them: then quiet days
        are told of too, and a post of a loud day is less likely to be drawn.

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
    if by_day:
        return _drawn_by_day(held[order], size)
    share = min(size / held.height, 1.0) if held.height else 1.0
    return held[order[:size]].with_columns(probability=pl.lit(share))


def _drawn_by_day(shuffled: pl.DataFrame, size: int) -> pl.DataFrame:
    """Take the first post of each day, then the second of each, until there are enough."""
    day = pl.col("at").dt.truncate("1d")
    turn = pl.int_range(pl.len()).over(day)
    counted = shuffled.with_columns(day=day, of=pl.len().over(day))
    taken = counted.sort(turn, maintain_order=True).head(size)
    chance = pl.len().over("day") / pl.col("of")
    return taken.with_columns(probability=chance).drop("day", "of")


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
        coded.select("post_id", "target", "stance", "probability"), on="post_id", how="left",
        maintain_order="left",
    )  # fmt: skip
    known = np.flatnonzero(both["stance"].is_not_null().to_numpy())
    rng = np.random.default_rng(seed)
    fold = np.full(both.height, -1, np.int64)
    fold[known] = rng.permutation(known.size) % FOLDS
    places = list(_places(both, fold >= 0))
    said = [each for each in _said(both) if each[2][known].any()]
    guessed = _guessed(both["text"], [truth for _, _, truth in said], fold, seed)
    for (target, stance, truth), guess in zip(said, guessed, strict=True):
        place = {"appeal_id": held["appeal_id"][0], "target": target, "stance": stance}
        yield from (place | row for row in _shares(truth, fold >= 0, guess, places))


def _said(both: pl.DataFrame) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Yield each authority with each stance, and of which posts a person said so."""
    for target in (ANY, *both["target"].drop_nulls().unique().sort()):
        about = pl.lit(value=True) if target == ANY else pl.col("target") == target
        for stance in STANCES_OF:
            says = ((pl.col("stance") == stance) & about).fill_null(value=False)
            yield target, stance, both.select(says).to_series().to_numpy()


def _guessed(
    text: pl.Series, truths: list[npt.NDArray[np.bool_]], fold: Integers, seed: int
) -> list[Reals | None]:
    """Return guesses of what is said often enough to be learnt; None of the rest."""
    known = fold >= 0
    can = [known.sum() >= FEWEST and _is_learnt_of(truth[known]) for truth in truths]
    some = [truth for truth, may in zip(truths, can, strict=True) if may]
    found = iter(guesses(text, np.array(some), fold, seed=seed) if some else ())
    return [next(found) if may else None for may in can]


def _is_learnt_of(said: npt.NDArray[np.bool_]) -> bool:
    return FEWEST_OF_EACH <= int(said.sum()) <= said.size - FEWEST_OF_EACH


class _Place(NamedTuple):
    """Days that are told of: from when to when, which posts, and what their codes stand for."""

    row: dict[str, Any]
    inside: npt.NDArray[np.bool_]
    stands: "Standing"


def _places(both: pl.DataFrame, known: npt.NDArray[np.bool_]) -> Iterator[_Place]:
    """Yield the whole time and its stretches."""
    for row, inside in _stretches(both["at"], known):
        own = both.filter(inside)
        counts = {"posts": own.height, "coded": int((inside & known).sum())}
        yield _Place(row | counts, inside, standing(own["at"], own["probability"]))


def _shares(
    truth: npt.NDArray[np.bool_],
    known: npt.NDArray[np.bool_],
    guessed: Reals | None,
    places: list[_Place],
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one stance, over the whole and by stretches."""
    for row, inside, stands in places:
        alone = _by_codes(truth[inside & known], stands)
        yield row | {"method": "coded_only"} | alone
        own = None if guessed is None else guessed[inside]
        helped = _helped(truth[inside], known[inside], own, stands)
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


class Standing(NamedTuple):
    """What coded posts stand for.

    Attributes
    ----------
    pull
        Of each coded post: what share of all posts it stands for; they add up to 1.
    group
        Of each coded post: the days in a row that are estimated for themselves.
    doubt
        Of each coded post: how much of the squared distance from its group counts as variance.
    """

    pull: Reals
    group: Integers
    doubt: Reals


def standing(at: pl.Series, probability: pl.Series) -> Standing:
    """Tell what coded posts stand for, by how likely each was to be drawn.

    Where all were as likely, all stand for as much. Where not, days in a row of which
    ``FEWEST_OF_STRATUM`` posts are coded are strata: each counts by how many posts it has, and a
    post within by one over its probability (Särndal, Swensson and Wretman 1992, chapter 7).

    Parameters
    ----------
    at
        When each post was published.
    probability
        With which it was drawn; null for a post that nobody coded.

    Examples
    --------
    >>> at = pl.Series([None] * 4, dtype=pl.Datetime)
    >>> standing(at, pl.Series([0.5, 0.25, None, None])).pull.round(3).tolist()
    [0.333, 0.667]
    """
    known = probability.is_not_null().to_numpy()
    likely = probability.drop_nulls().to_numpy()
    everywhere = _strata(at, known) if np.ptp(likely) > 0 else np.zeros(known.size, np.int64)
    group = everywhere[known]
    size, coded = np.bincount(everywhere).astype(float), np.bincount(group).astype(float)
    weight = np.where((size == coded)[group], 1.0, 1 / likely)  # where all are coded, none is drawn
    within = weight / np.bincount(group, weight)[group]
    pull = within * (size / size.sum())[group]
    unseen = (1 - coded / size) * coded / np.maximum(coded - 1, 1)
    return Standing(pull, group, pull**2 * unseen[group])


def _strata(at: pl.Series, known: npt.NDArray[np.bool_]) -> Integers:
    """Return the stratum of each post: days in a row with enough codes; a rest joins the last."""
    days = pl.DataFrame({"day": at.dt.truncate("1d"), "known": known})
    numbers, group, coded = [], 0, 0
    counts = days.group_by("day").agg(pl.col("known").sum()).sort("day")
    for count in counts["known"]:
        if coded >= FEWEST_OF_STRATUM:
            group, coded = group + 1, 0
        numbers.append(group)
        coded += count
    last = group - 1 if coded < FEWEST_OF_STRATUM and group else group
    place = days["day"].rank("dense").fill_null(0).to_numpy().astype(np.int64)
    first = 0 if counts["day"].has_nulls() else 1
    strata: Integers = np.minimum(numbers, last)[place - first]
    return strata


def _by_codes(said: npt.NDArray[np.bool_], stands: Standing) -> dict[str, Any]:
    """Return the share among coded posts, with Wilson's interval for a finite population."""
    if said.size < FEWEST:
        return {"note": TOO_FEW}
    share, doubt = float(stands.pull @ said), float(stands.doubt.sum())
    if doubt == 0:
        return {"share": share, "lo": share, "hi": share, "worth": float(said.size)}
    told = 1 / (doubt * (1 - 1 / said.size))  # as many of endlessly many would tell
    middle = (share + _Z**2 / (2 * told)) / (1 + _Z**2 / told)
    half = _Z / (1 + _Z**2 / told) * np.sqrt(share * (1 - share) / told + _Z**2 / (4 * told**2))
    return {"share": share, "lo": max(float(middle - half), 0.0),
            "hi": min(float(middle + half), 1.0), "worth": float(said.size)}  # fmt: skip


def _helped(
    truth: npt.NDArray[np.bool_],
    known: npt.NDArray[np.bool_],
    guessed: Reals | None,
    stands: Standing,
) -> dict[str, Any]:
    """Return the share with a classifier's help, or why there is none."""
    if known.sum() < FEWEST:
        return {"note": TOO_FEW}
    if guessed is None or not _is_learnt_of(truth[known]):
        return {"note": ONE_SIDED}
    share, error, worth = powered(truth.astype(float), known, guessed, stands)
    return {"share": min(max(share, 0.0), 1.0), "lo": max(share - _Z * error, 0.0),
            "hi": min(share + _Z * error, 1.0), "worth": worth}  # fmt: skip


def powered(
    truth: Reals, known: npt.NDArray[np.bool_], guessed: Reals, stands: Standing
) -> tuple[float, float, float]:
    """Estimate a mean by guesses for all, and by how far they are off where the truth is known.

    Parameters
    ----------
    truth
        1 or 0 for each member of the population; counts where it is known.
    known
        Of which members it is.
    guessed
        The guess for each member, by what has not learnt from that member's truth.
    stands
        What the members stand for whose truth is known, in their order.

    Returns
    -------
    mean, error, worth
        The estimate, its standard error, and how many known members would tell as much alone.

    Examples
    --------
    >>> truth, known = np.array([1.0, 0, 1, 0]), np.array([True, True, False, False])
    >>> days = pl.Series([None] * 4, dtype=pl.Datetime)
    >>> stands = standing(days, pl.Series([0.5, 0.5, None, None]))
    >>> powered(truth, known, np.full(4, 0.7), stands)[0]  # a guess that tells nothing
    0.5
    """
    weight = _weight(truth[known], guessed[known], stands.pull)
    left = truth[known] - weight * guessed[known]
    mean = weight * guessed.mean() + stands.pull @ left
    spread = _spread(left, stands)
    n = float(known.sum())
    worth = n * _spread(truth[known], stands) / spread if spread else n
    return float(mean), float(np.sqrt(spread)), float(worth)


def _spread(values: Reals, stands: Standing) -> float:
    """Return the variance of a mean, as if one more were as far off as can be, each way.

    Nearly all guesses may be right: then the few that are not have hardly been met, and the spread
    of those that were is too small. The two are the four of Agresti and Coull (1998), for misses.
    """
    whole = np.bincount(stands.group, stands.pull)
    middle = np.bincount(stands.group, stands.pull * values) / whole
    return float(stands.doubt @ (values - middle[stands.group]) ** 2
                 + 2 * (stands.doubt @ stands.pull))  # fmt: skip


def _weight(truth: Reals, guessed: Reals, pull: Reals) -> float:
    """Return how far to trust the guesses: what leaves the least spread, from not at all to fully.

    As of PPI++ (Angelopoulos, Duchi and Zrnic 2023).
    """
    off = guessed - pull @ guessed
    spread = float(pull @ off**2)
    if spread == 0:
        return 0.0
    together = float(pull @ ((truth - pull @ truth) * off))
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
