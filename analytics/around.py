"""Posts a day around responses, and between platforms: what changes level, and what moves first.

Everything here wants long series. Where they are short, a row says what is missing, and nothing is
computed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics import counterfactual, epochs, interrupted, leads
from analytics.measured import EPOCHS, INTERRUPTED, INTERRUPTIONS, LEADS

Reals = npt.NDArray[np.float64]

BEFORE, AFTER = 180, 28  # days looked at, at most
FEWEST_POSTS = 30
MOST_CONTROLS = 5
MOST_PLACEBOS = 60
LAG = 7  # days of the past that may tell
REACH = 7  # days around each response
MOST_PLATFORMS = 4
BELIEVED = 0.05
NOT_A_DAY = "its day is not known"
NO_DAYS = "fewer than {} days before it or {} after it are held"
FEW_POSTS = f"fewer than {FEWEST_POSTS} posts are held in these days"
NO_FIT = "the method does not settle on these days"
FEW_PLACEBOS = (
    f"{{}} of {interrupted.FEWEST_PLACEBOS} days before it could be tried in the same way"
)
_WEEK = 7.0
_DAY = 86_400_000_000


@dataclass(frozen=True)
class Days:
    """Posts a day of one appeal, from its first day held to its last, none left out."""

    appeal_id: str
    first: int  # days since 1970
    counts: Reals

    def between(self, start: int, end: int) -> Reals | None:
        """Return some days; None where they are not all held."""
        if start < self.first or end > self.first + self.counts.size:
            return None
        return self.counts[start - self.first : end - self.first]


def days(timeline: pl.DataFrame) -> dict[str, Days]:
    """Return posts a day of every appeal; its last day, which may not be over, is left out.

    Parameters
    ----------
    timeline
        Rows of the table of that name.
    """
    daily = timeline.filter(pl.col("every") == "1d").with_columns(
        day=pl.col("at").dt.timestamp("us") // _DAY
    )
    summed = daily.group_by("appeal_id", "day").agg(pl.col("posts").sum()).sort("appeal_id", "day")
    return {
        str(appeal): _filled(str(appeal), own["day"].to_numpy(), own["posts"].to_numpy())
        for (appeal,), own in summed.group_by("appeal_id", maintain_order=True)
        if own.height > 1
    }


def _filled(appeal_id: str, day: npt.NDArray[np.int64], posts: npt.NDArray[np.int64]) -> Days:
    counts = np.zeros(int(day[-1] - day[0]))
    counts[day[:-1] - day[0]] = posts[:-1]
    return Days(appeal_id, int(day[0]), counts)


def interruptions(responses: pl.DataFrame, held: dict[str, Days]) -> pl.DataFrame:
    """Hold posts a day after each response against what the days before let expect.

    Parameters
    ----------
    responses
        Rows of the table of that name.
    held
        As of :func:`days`.

    Returns
    -------
    DataFrame
        The table ``interruptions``: a row for every response and method. Where it cannot be told,
        numbers are null and ``note`` says what is missing.
    """
    acts = _dated(responses)
    busy: dict[str, list[int]] = {}
    for appeal, day in acts.select("appeal_id", "day").drop_nulls().iter_rows():
        busy.setdefault(appeal, []).append(day)
    refused = acts.with_columns(_missing(held)).filter(pl.col("note").is_not_null())
    tried = acts.join(refused, on="response_id", how="anti")
    rows = [row for act in tried.iter_rows(named=True) for row in _told(act, held, busy)]
    methods = pl.DataFrame({"method": INTERRUPTED})
    empty = refused.join(methods, how="cross").select(
        "appeal_id", "response_id", "method", "note", controls=pl.lit(0, pl.Int64),
        day=pl.from_epoch(pl.col("day"), "d").cast(INTERRUPTIONS.schema["day"]),
    )  # fmt: skip
    told = pl.DataFrame(rows, schema=INTERRUPTIONS.schema)
    both = pl.concat([told, empty], how="diagonal")
    return INTERRUPTIONS.check(both.select(*INTERRUPTIONS.columns).sort(INTERRUPTIONS.key))


def _dated(responses: pl.DataFrame) -> pl.DataFrame:
    """Return responses with their day, null where they can have come on several."""
    first, last = (pl.col(name).dt.timestamp("us") // _DAY for name in ("from", "to"))
    return responses.select(
        "appeal_id", "response_id", day=pl.when(last - first <= 1).then(first).cast(pl.Int64)
    )


def _missing(held: dict[str, Days]) -> pl.Expr:
    """Return what is missing to tell anything of a response."""
    ends = pl.DataFrame(
        [(d.appeal_id, d.first, d.first + d.counts.size) for d in held.values()],
        schema={"appeal_id": pl.String, "begin": pl.Int64, "end": pl.Int64}, orient="row",
    )  # fmt: skip
    begin, end = (
        pl.col("appeal_id").replace_strict(
            ends["appeal_id"], ends[name], default=None, return_dtype=pl.Int64
        )
        for name in ("begin", "end")
    )
    before, after = interrupted.FEWEST_BEFORE, interrupted.FEWEST_AFTER
    held_enough = (pl.col("day") - begin >= before) & (end - pl.col("day") >= after)
    return (
        pl.when(pl.col("day").is_null()).then(pl.lit(NOT_A_DAY))
        .when(~held_enough.fill_null(value=False)).then(pl.lit(NO_DAYS.format(before, after)))
        .alias("note")
    )  # fmt: skip


def _told(
    act: dict[str, Any], held: dict[str, Days], busy: dict[str, list[int]]
) -> Iterator[dict[str, Any]]:
    """Yield what each method tells of one response."""
    own, day = held[act["appeal_id"]], act["day"]
    start = max(own.first, day - BEFORE)
    end = min(own.first + own.counts.size, day + AFTER)
    series, place = own.between(start, end), day - start
    assert series is not None  # noqa: S101 - by construction
    others = [
        other for other in held.values()
        if other.appeal_id != own.appeal_id
        and not any(start <= each < end for each in busy.get(other.appeal_id, ()))
    ]  # fmt: skip
    controls = _controls(series, place, [other.between(start, end) for other in others])
    common = {
        "appeal_id": act["appeal_id"], "response_id": act["response_id"],
        "day": datetime.fromtimestamp(day * 86_400, UTC), "before": place, "after": end - day,
    }  # fmt: skip
    if series.sum() < FEWEST_POSTS:
        yield from (common | {"method": m, "controls": 0, "note": FEW_POSTS} for m in INTERRUPTED)
        return
    rows = [
        common | {"method": method, "controls": used} | _tried(method, series, place, columns)
        for method, columns, used in (
            ("quasi_poisson", None, 0),
            ("structural", controls, controls.shape[1]),
            ("structural_smooth", controls, controls.shape[1]),
        )
    ]
    agrees = _agree(rows)
    yield from (row | {"agrees": agrees} for row in rows)


def _tried(method: str, series: Reals, place: int, controls: Reals | None) -> dict[str, Any]:
    """Return what one method tells, and how its size stands among those of placebo days."""
    fit = _METHODS[method]
    found = fit(series, place, controls)
    if found is None:
        return {"note": NO_FIT}
    after = series.size - place
    places = list(interrupted.placebo_places(place, place))
    some = places[:: max(1, -(-len(places) // MOST_PLACEBOS))]
    sizes = [
        other[3] for at in some
        if (other := fit(series[: min(at + after, place)], at,
                         None if controls is None else controls[: min(at + after, place)]))
    ]  # fmt: skip
    ratio, lo, hi, size = found
    told = {"ratio": ratio, "ratio_lo": lo, "ratio_hi": hi, "placebos": len(sizes)}
    if len(sizes) < interrupted.FEWEST_PLACEBOS:
        return told | {"note": FEW_PLACEBOS.format(len(sizes))}
    return told | {"placebo_p": interrupted.placebo_p(size, np.array(sizes))}


_Fit = tuple[float, float, float, float]  # ratio, its ends, and its size in standard errors


def _by_steps(series: Reals, place: int, _: Reals | None) -> _Fit | None:
    lags = int(4 * (series.size / 100) ** (2 / 9))  # Newey and West 1994
    weekly = _WEEK if place >= 4 * _WEEK else None
    step = interrupted.interrupted(series, place, period=weekly, lags=lags)
    return (step.ratio, step.lo, step.hi, step.size) if step else None


def _by_level(series: Reals, place: int, controls: Reals | None) -> _Fit | None:
    return _relative(counterfactual.difference(series, place, controls))


def _by_smooth_level(series: Reals, place: int, controls: Reals | None) -> _Fit | None:
    still = counterfactual.SMOOTH * float(series[:place].std(ddof=1))
    if still == 0:
        return None
    return _relative(counterfactual.difference(series, place, controls, level_sd=still))


def _relative(found: counterfactual.Difference | None) -> _Fit | None:
    """Return a difference as a ratio of what was expected; None where nothing was."""
    if found is None or found.expected.mean() <= 0 or found.mean_sd == 0:
        return None
    middle, lo, hi = found.relative
    return 1 + middle, max(1 + lo, 0.0), 1 + hi, abs(found.mean) / found.mean_sd


_METHODS: dict[str, Callable[[Reals, int, Reals | None], _Fit | None]] = dict(
    zip(INTERRUPTED, (_by_steps, _by_level, _by_smooth_level), strict=True)
)


def _agree(rows: list[dict[str, Any]]) -> bool | None:
    """Return whether all methods tell the same side, and the same verdict against placebo days.

    None where one of them has no verdict.
    """
    told = [row for row in rows if row.get("placebo_p") is not None]
    if len(told) < len(rows):
        return None
    sides = {row["ratio"] > 1 for row in told}
    return len(sides) == 1 and len({row["placebo_p"] <= BELIEVED for row in told}) == 1


def _controls(series: Reals, place: int, others: list[Reals | None]) -> Reals:
    """Return, of other series of the same days, those most alike before a moment."""
    past = series[:place]
    moving = [each for each in others if each is not None and each[:place].std() > 0]
    if not moving or past.std() == 0:
        return np.empty((series.size, 0))
    alike = [-abs(float(np.corrcoef(each[:place], past)[0, 1])) for each in moving]
    best = np.argsort(alike, kind="stable")[:MOST_CONTROLS]
    return np.stack([moving[k] for k in best], axis=1)


def superposed(responses: pl.DataFrame, held: dict[str, Days]) -> pl.DataFrame:
    """Lay posts a day around all responses of an appeal over each other: the table ``epochs``."""
    acts = _dated(responses).drop_nulls()
    rows = [
        _around(str(appeal), own["day"].unique().sort().to_numpy(), held.get(str(appeal)))
        for (appeal,), own in acts.group_by("appeal_id", maintain_order=True)
    ]
    return EPOCHS.check(pl.DataFrame(rows, schema=EPOCHS.schema).sort("appeal_id"))


def _around(appeal_id: str, days: npt.NDArray[np.int64], own: Days | None) -> dict[str, Any]:
    row: dict[str, Any] = {"appeal_id": appeal_id, "moments": 0, "overlapping": 0, "reach": REACH}
    places = days - own.first if own else days[:0]
    whole = places[(places >= REACH) & (places < (own.counts.size if own else 0) - REACH)]
    if own is None or whole.size < epochs.FEWEST:
        fact = f"{whole.size} of {epochs.FEWEST} days with a response and whole windows are held"
        return row | {"moments": int(whole.size), "note": fact}
    found = epochs.superposed(own.counts, whole, reach=REACH)
    if found is None:
        return row | {"note": NO_FIT}
    return row | {
        "moments": found.moments, "overlapping": found.overlapping, "rise": found.rise,
        "before": float(found.mean[:REACH].mean()), "after": float(found.mean[REACH:].mean()),
        "p": found.p,
    }  # fmt: skip


def leading(timeline: pl.DataFrame, *, seed: int = 0) -> pl.DataFrame:
    """Tell which of two platforms of an appeal moved first: the table ``leads``."""
    daily = timeline.filter(pl.col("every") == "1d")
    rows = []
    for (appeal,), own in daily.group_by("appeal_id", maintain_order=True):
        counts = own.group_by("platform").agg(pl.col("posts").sum())
        most = counts.sort("posts", "platform", descending=[True, False]).head(MOST_PLATFORMS)
        series = {
            name: days(own.filter(pl.col("platform") == name)).get(str(appeal))
            for name in most["platform"].sort()
        }
        for (one, first), (other, second) in combinations(series.items(), 2):
            row = {"appeal_id": str(appeal), "one": one, "other": other}
            rows.append(row | _led(first, second, seed))
    return LEADS.check(pl.DataFrame(rows, schema=LEADS.schema).sort(LEADS.key))


def _led(first: Days | None, second: Days | None, seed: int) -> dict[str, Any]:
    """Return who of two moved first, on the days that are held of both."""
    if first is None or second is None:
        return {"days": 0, "note": f"0 of {leads.FEWEST} days are held of both"}
    begin = max(first.first, second.first)
    end = min(first.first + first.counts.size, second.first + second.counts.size)
    size = max(end - begin, 0)
    a, b = first.between(begin, end), second.between(begin, end)
    if a is None or b is None or size < leads.FEWEST:
        return {"days": size, "note": f"{size} of {leads.FEWEST} days are held of both"}
    return {"days": size} | _moved_first(np.sqrt(a), np.sqrt(b), seed)


def _moved_first(a: Reals, b: Reals, seed: int) -> dict[str, Any]:
    """Return three readings of two series; roots of counts, so that bursts do not decide alone."""
    seen = leads.crossed(a, b)
    best = int(np.argmax(np.abs(seen.values))) if seen else 0
    up, down = (
        leads.precedes(np.diff(x), np.diff(y), lag=min(LAG, a.size // 10))
        for x, y in ((a, b), (b, a))
    )
    row: dict[str, Any] = {
        "lag": seen.found if seen else None,
        "correlation": float(seen.values[best]) if seen else None,
        "bound": seen.bound if seen else None,
        "p_one": up.p if up else None,
        "p_other": down.p if down else None,
        "note": leads.WARNING if seen else NO_FIT,
    }
    if a.size > leads.FEWEST_SYMBOLS:
        x, y = ((np.diff(each) > 0).astype(np.int64) for each in (a, b))
        row["bits_one"] = leads.transfer(x, y, seed=seed).corrected
        row["bits_other"] = leads.transfer(y, x, seed=seed).corrected
    return row
