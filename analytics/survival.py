"""How long until something happens, when it has not happened to all: survival, with doubt.

A *spell* is the wait of one appeal: ``hours`` from its clock's start, and ``happened``, false where
nothing had happened when it was last looked at (censored). Where a date is an interval, so is the
wait: :func:`turnbull` takes ``hours_lo`` and ``hours_hi``. Appeals that were found because they
were answered make every wait look short: nothing here can mend that.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

LEVEL = 0.95


def kaplan_meier(spells: pl.DataFrame) -> pl.DataFrame:
    """Estimate the share that still waits (Kaplan and Meier 1958), by group.

    Parameters
    ----------
    spells
        One row per wait: ``group``, ``hours``, ``happened``.

    Returns
    -------
    DataFrame
        One row per group and time at which something happened or was last looked at: ``at_risk``,
        ``events``, ``censored``, ``survival`` and its log-log 95 % band from Greenwood's variance;
        the band is null where the estimate is 0 or 1.

    Examples
    --------
    >>> spells = pl.DataFrame({"group": "a", "hours": [1.0, 2, 3], "happened": [True, False, True]})
    >>> kaplan_meier(spells).select("hours", "at_risk", "survival").rows()
    [(1.0, 3, 0.666...), (2.0, 2, 0.666...), (3.0, 1, 0.0)]
    """
    steps = _steps(spells)
    left, log = pl.col("at_risk") - pl.col("events"), pl.col("survival").log()
    stays = left / pl.col("at_risk")
    greenwood = (pl.col("events") / (pl.col("at_risk") * left)).cum_sum().over("group")
    estimated = steps.with_columns(
        survival=stays.cum_prod().over("group"), variance=greenwood
    ).with_columns(spread=_quantile() * pl.col("variance").sqrt() / log.abs())
    inside = (pl.col("survival") > 0) & (pl.col("survival") < 1)
    return estimated.select(
        "group", "hours", "at_risk", "events", "censored", "survival",
        survival_lo=pl.when(inside).then((log * pl.col("spread").exp()).exp()),
        survival_hi=pl.when(inside).then((log * (-pl.col("spread")).exp()).exp()),
    )  # fmt: skip


def _steps(spells: pl.DataFrame) -> pl.DataFrame:
    gone = pl.col("events") + pl.col("censored")
    return (
        spells.group_by("group", "hours")
        .agg(
            events=pl.col("happened").sum().cast(pl.Int64),
            censored=(~pl.col("happened")).sum().cast(pl.Int64),
        )
        .sort("group", "hours")
        .with_columns(at_risk=gone.cum_sum(reverse=True).over("group"))
    )


def _quantile() -> float:
    from scipy.stats import norm  # noqa: PLC0415

    return float(norm.ppf(0.5 + LEVEL / 2))


def medians(curves: pl.DataFrame) -> pl.DataFrame:
    """Return when half no longer waits: the first time at which survival is at most one half.

    Parameters
    ----------
    curves
        What :func:`kaplan_meier` gives.

    Returns
    -------
    DataFrame
        One row per group: ``median`` in hours with its band, the times at which the band's ends
        pass one half (Brookmeyer and Crowley 1982); null where they do not.
    """

    def passed(column: str) -> pl.Expr:
        return pl.col("hours").filter(pl.col(column) <= 0.5).min()  # noqa: PLR2004 - a half

    return curves.group_by("group", maintain_order=True).agg(
        median_lo=passed("survival_lo"), median=passed("survival"), median_hi=passed("survival_hi")
    )


def log_rank(spells: pl.DataFrame) -> tuple[float, int, float]:
    """Test whether all groups wait alike (Mantel 1966): chi-square, degrees of freedom, p.

    Parameters
    ----------
    spells
        One row per wait: ``group``, ``hours``, ``happened``; two groups or more.
    """
    from scipy.stats import chi2  # noqa: PLC0415

    risk, events = _crossed(spells)
    total, died = risk.sum(axis=1), events.sum(axis=1)
    expected = risk * (died / total)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        ties = np.where(total > 1, (total - died) / (total - 1), 0.0)
    share = risk / total[:, None]
    pooled = (died * ties)[:, None, None] * (
        share[:, :, None] * np.eye(risk.shape[1]) - share[:, :, None] * share[:, None, :]
    )
    surplus = (events - expected).sum(axis=0)[1:]
    variance = pooled.sum(axis=0)[1:, 1:]
    statistic = float(surplus @ np.linalg.pinv(variance) @ surplus)
    freedom = risk.shape[1] - 1
    return statistic, freedom, float(chi2.sf(statistic, freedom))


def _crossed(spells: pl.DataFrame) -> tuple[Reals, Reals]:
    """Return, at every time of an event, who is at risk and to whom it happened, by group."""
    codes = spells["group"].rank("dense").to_numpy().astype(np.int64) - 1
    hours, happened = spells["hours"].to_numpy(), spells["happened"].to_numpy()
    at = np.unique(hours[happened])
    own = np.eye(codes.max() + 1)[codes]
    place = np.searchsorted(at, hours[happened])
    events = np.zeros((len(at), own.shape[1]))
    np.add.at(events, place, own[happened])
    waits = np.searchsorted(at, hours, side="right")  # how many of these times it was at risk at
    ends = np.zeros((len(at) + 1, own.shape[1]))
    np.add.at(ends, waits, own)
    return ends[::-1].cumsum(axis=0)[::-1][1:], events


def aalen_johansen(spells: pl.DataFrame) -> pl.DataFrame:
    """Estimate how often each of several ends comes first (Aalen and Johansen 1978), by group.

    Parameters
    ----------
    spells
        One row per wait: ``group``, ``hours``, ``end``: which came first, null where none had.

    Returns
    -------
    DataFrame
        One row per group, end and time at which anything ended: ``incidence``, the share to which
        this end has come by then. The ends of a group and those who still wait add up to one.

    Examples
    --------
    >>> spells = pl.DataFrame({"group": "a", "hours": [1.0, 2, 3, 4], "end": ["A", "B", None, "A"]})
    >>> aalen_johansen(spells).filter(end="A")["incidence"].to_list()
    [0.25, 0.25, 0.75]
    """
    curve = kaplan_meier(spells.with_columns(happened=pl.col("end").is_not_null()))
    before = pl.col("survival").shift(1, fill_value=1.0).over("group")
    times = curve.filter(pl.col("events") > 0).select("group", "hours")
    rates = curve.select("group", "hours", rate=before / pl.col("at_risk"))
    counts = spells.drop_nulls("end").group_by("group", "end", "hours").len()
    grid = times.join(counts.select("group", "end").unique(), on="group")
    return (
        grid.join(counts, on=["group", "end", "hours"], how="left")
        .join(rates, on=["group", "hours"], how="left")
        .sort("group", "end", "hours")
        .select(
            "group", "end", "hours",
            incidence=(pl.col("len").fill_null(0) * pl.col("rate")).cum_sum().over("group", "end"),
        )
    )  # fmt: skip


def turnbull(lo: Reals, hi: Reals, *, tolerance: float = 1e-9, most: int = 20_000) -> pl.DataFrame:
    """Estimate the share that still waits when waits are known as intervals (Turnbull 1976).

    Parameters
    ----------
    lo, hi
        What is known of each wait, in hours: it ended in [lo, hi]; ``hi`` is infinite where it had
        not ended by ``lo``.
    tolerance, most
        The estimate is renewed until no weight moves by more, at most so often.

    Returns
    -------
    DataFrame
        One row per stretch in which waits can have ended, ``from`` and ``to`` (infinite in the
        last, if anybody still waits), with its ``weight`` and the ``survival`` after it. Within a
        stretch nothing is known: draw a box, not a slope.

    Examples
    --------
    >>> turnbull(np.array([1.0, 1.0, 3.0]), np.array([2.0, 4.0, np.inf])).rows()
    [(1.0, 2.0, 0.5, 0.5), (3.0, 4.0, 0.5, 0.0)]
    """
    waits = np.isinf(hi)
    after = np.nextafter(lo, np.inf)  # what had not ended by a time ends later
    lo = np.where(waits, after, lo)
    left, right = _innermost(lo, hi)
    first, last = np.searchsorted(left, lo), np.searchsorted(right, hi, side="right")
    weight = np.full(len(left), 1 / max(len(left), 1))
    for _ in range(most):
        renewed = weight * _odds(weight, first, last) / len(lo)
        moved, weight = np.abs(renewed - weight).max(initial=0.0), renewed
        if moved <= tolerance:
            break
    left = np.where(np.isin(left, after[waits]), np.nextafter(left, -np.inf), left)
    frame = pl.DataFrame({"from": left, "to": right, "weight": weight})
    return frame.with_columns(survival=(1 - pl.col("weight").cum_sum()).clip(0, 1))


def _odds(weight: Reals, first: Integers, last: Integers) -> Reals:
    """Return, for every stretch, the sum of 1 / (weight of what a wait holds) over its waits.

    A wait holds stretches without a break, so that sums from the left give all of this at once.
    """
    upto = np.concatenate([[0.0], np.cumsum(weight)])
    share = 1 / (upto[last] - upto[first])
    edges = np.bincount(first, share, len(upto)) - np.bincount(last, share, len(upto))
    odds: Reals = np.cumsum(edges)[:-1]
    return odds


def _innermost(lo: Reals, hi: Reals) -> tuple[Reals, Reals]:
    """Return the stretches that begin where a wait's begins and end where the next one ends."""
    at = np.concatenate([lo, hi])
    is_end = np.repeat([False, True], len(lo))
    order = np.lexsort((is_end, at))
    at, is_end = at[order], is_end[order]
    inner = np.flatnonzero(~is_end[:-1] & is_end[1:])
    left, right = at[inner], at[inner + 1]
    keep = np.ones(len(left), dtype=bool)
    if len(left) > 1:
        keep[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    return left[keep], right[keep]
