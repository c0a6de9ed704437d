"""Comparing appeals: the shapes of their cascades at equal size, and their growth at equal age.

Larger cascades are deeper, broader and more viral whatever spread them, and older appeals have more
posts: what is not of one size or one age is not compared (Juul and Ugander 2021, PNAS 118(46)).
Nothing here knows how appeals came to be in the store.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from analytics.discovery import with_q
from analytics.growth import sizes
from analytics.lags import starts
from analytics.matching import MEASURES, comparison
from analytics.measured import COURSES, EQUAL_SIZE

FEWEST = 3  # posts of a cascade that is compared: below, there is one shape only
ENOUGH = 10  # pairs, below which nothing is told
MOST = 100  # appeals compared on one platform, those with most cascades
FEW_PAIRS = "fewer than ten pairs of equal size"
Row = dict[str, Any]

_RESAMPLES = 1_000
_WORK = 20_000_000  # cascades times resamples of one appeal
_WITHIN = 1.959964  # standard deviations that hold 95 % of a normal law
_COURSE = ["appeal_id", "what"]
_DIGITS = 9  # virality is a sum of many parts: what differs after these is rounding
_HOUR = 3_600_000_000  # microseconds


def equal_size(cascades: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Hold each appeal's cascades against those of all others that have exactly as many posts.

    Only cascades of one platform whose shapes are told by one method are held against each other.

    Parameters
    ----------
    cascades
        The table of this name.
    seed
        Of the pairing.

    Returns
    -------
    DataFrame
        The table ``equal_size``; empty where there is but one appeal. Of two cascades of one size,
        one of each side, ``larger`` is how often this appeal's has more of the measure, ties half;
        sizes weigh as the pairs that they make. ``chance_lo`` … ``chance_hi`` hold 95 % of what it
        would be were the same cascades dealt out anew within each size (variance exact, law
        normal).

    Examples
    --------
    >>> row = {"platform": "x", "root_held": True, "replies": 0, "observed": 3, "shares": 3}
    >>> row |= {"size": 4, "accounts": 4, "method": "observed", "max_breadth": 2, "virality": 1.5}
    >>> from analytics.measured import CASCADES
    >>> told = [row | {"appeal_id": "ab"[n % 2], "root_id": f"x:{n}", "depth": 1 + n % 2}
    ...         for n in range(20)]
    >>> found = equal_size(CASCADES.check(pl.DataFrame(told)), seed=0)
    >>> found.filter(measure="depth").select("appeal_id", "pairs", "larger").rows()
    [('a', 10, 0.0), ('b', 10, 1.0)]
    """
    told = cascades.filter(pl.col("size") >= FEWEST, pl.col("method").is_not_null())
    rows = [
        row
        for (platform, method), group in told.group_by("platform", "method", maintain_order=True)
        for row in _of_group(group, {"platform": platform, "method": method}, seed)
    ]
    found = pl.DataFrame(rows, schema=EQUAL_SIZE.schema).drop("q", "tests")
    return EQUAL_SIZE.check(with_q(found, []).select(*EQUAL_SIZE.columns).sort(EQUAL_SIZE.key))


def _of_group(group: pl.DataFrame, about: Row, seed: int) -> Iterator[Row]:
    """Describe each appeal of a platform and a method, where there are several."""
    number = group.group_by("appeal_id").len().sort("len", "appeal_id", descending=[True, False])
    for appeal_id in number["appeal_id"].head(MOST) if number.height > 1 else ():
        own = pl.col("appeal_id") == appeal_id
        yield from _of_appeal(
            group.filter(own), group.filter(~own), {**about, "appeal_id": appeal_id}, seed
        )


def _of_appeal(own: pl.DataFrame, others: pl.DataFrame, about: Row, seed: int) -> Iterator[Row]:
    """Describe every measure of one appeal's cascades."""
    pairs = _strata(own, others, "depth")["weight"].sum()
    counts = about | {
        "cascades": own.height, "others": others.height, "pairs": pairs,
        "appeals": others["appeal_id"].n_unique(), "left_out": own.height - pairs,
    }  # fmt: skip
    if pairs < ENOUGH:
        yield from (counts | {"measure": name, "note": FEW_PAIRS} for name in MEASURES)
        return
    apart = _apart(own, others, seed)
    for name in MEASURES:
        inferred = _inferred(own, others, name) if about["method"] != "observed" else {}
        yield counts | {"measure": name} | _larger(own, others, name) | inferred | apart[name]


def _apart(own: pl.DataFrame, others: pl.DataFrame, seed: int) -> dict[str, Row]:
    """Return how far the measures are apart in pairs, drawn anew many times."""
    both = own.join(others, on="size", how="semi"), others.join(own, on="size", how="semi")
    often = min(_RESAMPLES, max(_WORK // sum(part.height for part in both), 100))
    found = comparison(*both, resamples=often, seed=seed).rows_by_key(
        "measure", named=True, unique=True
    )
    kept = [f"{name}{end}" for name in ("d", "p") for end in ("_lo", "", "_hi")]
    return {name: {column: found[name][column] for column in kept} for name in MEASURES}


def _larger(own: pl.DataFrame, others: pl.DataFrame, measure: str) -> Row:
    """Return how often the appeal's cascade is the larger, what chance does, and it unmatched."""
    strata = _strata(own, others, measure)
    weight = pl.col("weight") / pl.col("weight").sum()
    larger, within = strata.select(
        (weight * pl.col("larger")).sum(), _WITHIN * (weight**2 * pl.col("variance")).sum().sqrt()
    ).row(0)
    alike = pl.lit(1)
    whole = _strata(own.with_columns(size=alike), others.with_columns(size=alike), measure)
    return {
        "larger": larger,
        "chance_lo": max(0.5 - within, 0.0),
        "chance_hi": min(0.5 + within, 1.0),
        "unmatched": whole["larger"].item(),
    }


def _inferred(own: pl.DataFrame, others: pl.DataFrame, measure: str) -> Row:
    """Return how often it is were every inferred shape at that end of its band that tells most."""
    ends = [pl.col(f"{measure}{end}").alias(measure) for end in ("_lo", "_hi")]
    low, high = ([part.select("size", end) for part in (own, others)] for end in ends)
    return {
        "larger_least": _larger(low[0], high[1], measure)["larger"],
        "larger_most": _larger(high[0], low[1], measure)["larger"],
    }


def _strata(own: pl.DataFrame, others: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Return, for each size that both have, how often the own is larger, and its variance.

    By ranks (Mann and Whitney 1947): ``larger`` is U / m n, and its variance that of all ways to
    deal the same m + n cascades, ties counted. ``weight`` is how many pairs the size makes.
    """
    sides = [part.select("size", value=pl.col(measure).cast(pl.Float64).round(_DIGITS), own=side)
             for side, part in ((True, own), (False, others))]  # fmt: skip
    tied = pl.len().over("size", "value")
    ranked = pl.concat(sides).with_columns(
        rank=pl.col("value").rank().over("size"), ties=tied**2 - 1
    )
    m, n = pl.col("m"), pl.col("n")
    sums = ranked.group_by("size").agg(
        pl.col("ties").sum(), m=pl.col("own").sum(), n=(~pl.col("own")).sum(),
        ranks=pl.col("rank").filter("own").sum(),
    ).cast({"ties": pl.Float64, "m": pl.Float64, "n": pl.Float64}).filter(m > 0, n > 0)  # fmt: skip
    return sums.sort("size").select(
        "size",
        weight=pl.min_horizontal(m, n).cast(pl.Int64),
        larger=(pl.col("ranks") - m * (m + 1) / 2) / (m * n),
        variance=(m + n + 1 - pl.col("ties") / ((m + n) * (m + n - 1))) / (12 * m * n),
    )


def courses(appeals: pl.DataFrame, posts: pl.DataFrame, signatures: pl.DataFrame) -> pl.DataFrame:
    """Return how far each appeal had come at the same ages: 1, 2, 5, 10, 20, 50, … hours.

    Parameters
    ----------
    appeals, posts
        Rows of the tables of these names.
    signatures
        One row for each number of signatures shown: ``appeal_id``, ``at``, ``value``.

    Returns
    -------
    DataFrame
        The table ``courses``, up to the age at which the appeal was last watched, which has a row
        of its own. Appeals with fewer than two dated posts have none of posts, those whose
        signatures were shown at fewer than two times none of signatures.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from analytics.tables import APPEALS, POSTS
    >>> row = {"appeal_id": "a", "platform": "x", "kind": "original", "source": "doc"}
    >>> told = [row | {"post_id": f"x:{hour}", "at": datetime(2026, 5, 1, hour, tzinfo=UTC)}
    ...         for hour in (0, 1, 3)]
    >>> posts = POSTS.check(pl.DataFrame(told, schema_overrides=POSTS.schema))
    >>> none = pl.DataFrame(schema={"appeal_id": pl.String, "at": POSTS.schema["at"],
    ...                             "value": pl.Int64})
    >>> courses(APPEALS.empty(), posts, none).select("hours", "count").rows()
    [(1.0, 2), (2.0, 2), (3.0, 3)]
    """
    seen = pl.concat([_posted(posts), _signed(signatures)])
    begun = starts(appeals, posts).select(
        "appeal_id", "clock_basis", start=pl.col("clock_start").dt.cast_time_unit("us")
    )
    ages = _ages(seen.group_by(_COURSE).agg(pl.col("until").max()).join(begun, on="appeal_id"))
    last = seen.sort("at").select(*_COURSE, "at", "count")
    found = ages.sort("at").join_asof(last, on="at", by=_COURSE, check_sortedness=False)
    posted = pl.when(pl.col("what") == "posts").then(0)
    told = found.with_columns(count=pl.coalesce("count", posted)).drop_nulls("count")
    return COURSES.check(told.select(*COURSES.columns).sort(COURSES.key))


def _posted(posts: pl.DataFrame) -> pl.DataFrame:
    """Return each appeal's posts counted in the order of time, and until when it was watched."""
    until = pl.max_horizontal("at", "collected_at").max().over("appeal_id")
    dated = posts.drop_nulls("at").with_columns(until=until).sort("at")
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("appeal_id")
    return dated.select("appeal_id", "at", "until", what=pl.lit("posts"), count=number).filter(
        pl.len().over("appeal_id") > 1
    )


def _signed(signatures: pl.DataFrame) -> pl.DataFrame:
    """Return the most signatures shown by each time, and when last any were."""
    shown = signatures.drop_nulls("at").sort("at").with_columns(
        until=pl.col("at").max().over("appeal_id")
    )  # fmt: skip
    most = pl.col("value").cum_max().over("appeal_id").cast(pl.Int64)
    return shown.select("appeal_id", "at", "until", what=pl.lit("signatures"), count=most).filter(
        pl.col("at").n_unique().over("appeal_id") > 1
    )


def _ages(watched: pl.DataFrame) -> pl.DataFrame:
    """Return the ages of each course: the same for all, while it was watched, and its last."""
    last = watched.with_columns(
        hours=(pl.col("until") - pl.col("start")).dt.total_microseconds() / _HOUR
    ).filter(pl.col("hours") > 0)
    steps = pl.DataFrame({"step": [float(size) for size in sizes()]})
    at = (pl.col("start") + pl.duration(microseconds=pl.col("hours") * _HOUR)).alias("at")
    early = (
        last.join(steps, how="cross")
        .filter(pl.col("step") < pl.col("hours"))
        .with_columns(hours="step")
    )
    return pl.concat([early.drop("step"), last]).with_columns(at)
