"""Has it peaked? A rule, and how often it was right for cascades whose end is known.

The time that was watched is cut into 24 windows. The last two are compared with the busiest one so
far: near its peak, below half, below a tenth. What that state is worth is looked up, and not
believed: among finished cascades that were in the same state at about the same age, how often did a
busier window follow? One half of them decides what the state means (*yes* where for 80 % none
followed, *no* where for at most 20 % none did, else *not known*); how often that answer is right is
counted in the other.
"""

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.forecasts import lives
from analytics.hawkes import watched_until
from analytics.measured import OUTLOOK

Reals = npt.NDArray[np.float64]

WINDOWS = 24
LAST = 2  # windows that are compared with the busiest
FEWEST = 30  # posts by then
FEWEST_JUDGES = 20  # finished cascades, in each half
AGES = (6.0, 12.0, 24.0, 48.0, 96.0, 168.0, 336.0)  # hours
WATCHED = 2.0  # times the age at which a cascade is looked back on
MOST_JUDGES = 600
SURE = 0.8  # share of finished cascades, from which a state is given an answer
STATES = ("near its peak", "below half", "below a tenth")
_TREE = ["appeal_id", "root_id"]
_SCHEMA = {
    "age_hours": pl.Float64, "state": pl.String, "half": pl.Int64, "cascades": pl.Int64,
    "passed": pl.Int64,
}  # fmt: skip


def windows(hours: Reals, age: float) -> npt.NDArray[np.int64]:
    """Count the posts in 24 windows of the same length that end at an age.

    >>> windows(np.array([0.0, 0.5, 23.5, 30.0]), 24.0)[[0, 1, 23]].tolist()
    [2, 0, 1]
    """
    seen = hours[hours <= age]
    place = np.minimum((seen / age * WINDOWS).astype(np.int64), WINDOWS - 1)
    return np.bincount(place, minlength=WINDOWS)


def state(counts: npt.NDArray[np.int64]) -> str:
    """Return what the last two windows are, compared with the busiest.

    >>> state(np.array([9, 40, 10, 3, 4]))
    'below a tenth'
    """
    share = counts[-LAST:].mean() / counts.max()
    return STATES[int(share < 0.5) + int(share < 0.1)]  # noqa: PLR2004


def busier_followed(hours: Reals, age: float) -> bool:
    """Return whether a window of the same length after an age held more than the busiest before."""
    later = hours[hours > age]
    if not len(later):
        return False
    _, counts = np.unique((later - age) // (age / WINDOWS), return_counts=True)
    return bool(counts.max() > windows(hours, age).max())


def peak_figures(posts: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """Count, by state and age, in how many finished cascades the peak had passed.

    Parameters
    ----------
    posts
        Rows of ``posts``.
    nodes
        Posts of cascades in the order of time, as :func:`analytics.growth.placed` gives them.

    Returns
    -------
    DataFrame
        One row per platform, age, state and half (0 decides, 1 tests): ``cascades`` that had 30
        posts by that age and were watched for twice as long, and ``passed``, how many of them had
        no busier window afterwards.
    """
    known = lives(posts, nodes).filter(
        pl.col("finished"), pl.col("shares") >= FEWEST, pl.col("hours") >= WATCHED * AGES[0]
    )
    parts = [pl.DataFrame(schema={"platform": pl.String, **_SCHEMA})]
    for (platform,), own in known.group_by("platform", maintain_order=True):
        judges = own.sort("order").head(MOST_JUDGES)
        rows = pl.DataFrame(_looked_back(judges, nodes), schema=_LOOKED, orient="row")
        counted = rows.group_by("age_hours", "state", "half").agg(
            cascades=pl.len().cast(pl.Int64), passed=pl.col("passed").sum().cast(pl.Int64)
        )
        parts.append(counted.select(pl.lit(platform).alias("platform"), *_SCHEMA))
    return pl.concat(parts).sort("platform", "age_hours", "state", "half")


_LOOKED = {"age_hours": pl.Float64, "state": pl.String, "half": pl.Int64, "passed": pl.Boolean}


def _looked_back(judges: pl.DataFrame, nodes: pl.DataFrame) -> list[tuple[float, str, int, bool]]:
    own = nodes.join(judges.select("tree", "half", "hours"), on="tree", how="inner",
                     maintain_order="left")  # fmt: skip
    found = []
    for _, cascade in own.group_by("tree", maintain_order=True):
        hours = cascade["seconds"].to_numpy() / 3600
        half, watched = cascade.row(0, named=True)["half"], cascade["hours"][0]
        for age in AGES:
            if watched >= WATCHED * age and (hours <= age).sum() >= FEWEST:
                passed = not busier_followed(hours, age)
                found.append((age, state(windows(hours, age)), half, passed))
    return found


@cache
def shipped() -> pl.DataFrame:
    """Return figures measured on public collections, for stores with too few finished cascades."""
    path = files("analytics").joinpath("data/peaks.csv")
    with path.open("rb") as file:
        return pl.read_csv(file, schema_overrides=_SCHEMA)


def outlook(posts: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """Say whether each appeal has peaked on each platform, and how far to trust that.

    Parameters
    ----------
    posts
        Rows of ``posts``.
    nodes
        Posts of cascades in the order of time, as :func:`analytics.growth.placed` gives them.

    Returns
    -------
    DataFrame
        The table ``outlook``, one row per appeal and platform with a post. All posts with a time
        count, of every kind. What is watched ends with the last time a platform was asked, else
        with its last post: silence after that is not known to be silence. The judges are finished
        cascades of the same platform in this store where each half has 20 in that state, else
        those of public collections (``source``).
    """
    figures = peak_figures(posts, nodes)
    ends = watched_until(posts)
    rows = [
        _row(str(appeal), str(platform), own, ends, figures)
        for (appeal, platform), own in posts.select("appeal_id", "platform", "at").group_by(
            "appeal_id", "platform", maintain_order=True
        )
    ]
    found = pl.DataFrame(rows, schema=OUTLOOK.schema)
    return OUTLOOK.check(found.sort("appeal_id", "platform"))


def _row(
    appeal: str, platform: str, own: pl.DataFrame, ends: pl.DataFrame, figures: pl.DataFrame
) -> dict[str, Any]:
    told: dict[str, Any] = dict.fromkeys(OUTLOOK.columns)
    told |= {"appeal_id": appeal, "platform": platform, "peaked": "not known"}
    at = own["at"].drop_nulls().sort()
    told["posts"] = len(at)
    if len(at) < FEWEST:
        return told | {"note": f"{len(at)} posts with a time; {FEWEST} are needed"}
    named = (pl.col("appeal_id") == appeal) & (pl.col("platform") == platform)
    end = ends.filter(named)["watched_until"][0]
    hours = (at - at[0]).dt.total_microseconds().to_numpy() / 3.6e9
    age = (end - at[0]).total_seconds() / 3600
    if age < 1:
        return told | {"watched_until": end, "note": "watched for less than an hour"}
    counts = windows(hours, age)
    return told | _evidence(counts, age, at[0], end) | _judged(platform, age, counts, figures)


def _evidence(counts: npt.NDArray[np.int64], age: float, begin: Any, end: Any) -> dict[str, Any]:  # noqa: ANN401
    length, peak = age / WINDOWS, int(counts.argmax())
    starts = pl.Series([begin]) + pl.Series([round(peak * length * 3.6e9)]).cast(pl.Duration("us"))
    last = float(counts[-LAST:].mean())
    return {
        "watched_until": end,
        "window_hours": length,
        "peak_at": starts.item(),
        "peak_posts": int(counts[peak]),
        "hours_since_peak": (WINDOWS - 1 - peak) * length,
        "last_posts": last,
        "share_of_peak": last / int(counts[peak]),
        "state": state(counts),
    }


_SHIPPED = "cascades on Twitter 2014-2016 and Weibo 2011-2015"
_OWN = "cascades of the same platform in this store"
_CAUTION = "cascades are the judges: an appeal of many cascades may rise again more often"


def _judged(
    platform: str, age: float, counts: npt.NDArray[np.int64], figures: pl.DataFrame
) -> dict[str, Any]:
    near = min(AGES, key=lambda known: abs(np.log(known / age)))
    seen = state(counts)
    own = figures.filter(pl.col("platform") == platform).drop("platform")
    for table, source in ((own, _OWN), (shipped(), _SHIPPED)):
        both = _halves(table, near, seen)
        if min(both[0][0], both[1][0]) >= FEWEST_JUDGES:
            return {"age_hours": near, "source": source, **_answer(*both)}
    return {"note": "too few finished cascades were in this state at this age"}


def _halves(table: pl.DataFrame, age: float, seen: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return how many cascades were in a state at an age, and how many had passed, by half."""
    own = table.filter(pl.col("age_hours") == age, pl.col("state") == seen)
    rows = [
        own.filter(pl.col("half") == half).select("cascades", "passed").sum() for half in (0, 1)
    ]
    first, second = ((int(row["cascades"][0]), int(row["passed"][0])) for row in rows)
    return first, second


def _answer(fitted: tuple[int, int], tested: tuple[int, int]) -> dict[str, Any]:
    """Return what a state means by one half, and how often that was right in the other."""
    share = fitted[1] / fitted[0]
    peaked = "yes" if share >= SURE else "no" if share <= 1 - SURE else "not known"
    told: dict[str, Any] = {"peaked": peaked, "fitted_on": fitted[0], "tested_on": tested[0]}
    if peaked == "not known":
        note = f"of {fitted[0]} finished cascades in this state, {fitted[1]} had peaked"
        return told | {"note": note}
    right = tested[1] if peaked == "yes" else tested[0] - tested[1]
    low, high = clopper_pearson(right, tested[0])
    told |= {"right": right / tested[0], "right_lo": low, "right_hi": high}
    return told | {"note": _CAUTION}


def clopper_pearson(hits: int, tries: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper & Pearson 1934).

    >>> [round(end, 4) for end in clopper_pearson(0, 10)]
    [0.0, 0.3085]
    """
    from scipy.special import betaincinv  # noqa: PLC0415

    tail = (1 - level) / 2
    low = float(betaincinv(hits, tries - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, tries - hits, 1 - tail)) if hits < tries else 1.0
    return low, high
