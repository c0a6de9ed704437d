"""Self-excitation: how many shares one share brings, and whether a model of that fits at all.

A Hawkes process (Hawkes 1971): every event raises the chance of more. Its branching factor n* is
the mean number of events that one event brings directly; near 1 the spread feeds itself. It is
fitted by maximum likelihood over the logarithms of its figures, from several starts (Nelder & Mead:
methods that follow the gradient stall on this flat surface), and checked by time-rescaling: with
the right model, the integral of the intensity between events is exponential with mean 1 (Ogata
1988).

Two warnings belong to every n*. News, day and night, which come from outside, look like
self-excitation to a model without them, and push n* towards 1. And a fit that the residuals reject
has an n* that means little: ``ks_p`` says so.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import exp, expm1, inf, log
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.measured import EXCITATION

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Kernel = Literal["exponential", "power"]
Background = Literal["none", "constant", "daily"]

FEWEST = 30  # events, below which nothing is fitted
MOST = 1000  # events that are fitted, the first ones: what came before them is known
CASCADES = 3  # of each appeal and platform that are fitted by themselves
MOST_CASCADES = 6
FOLLOWERS_EXPONENT = 2.016  # of the power law of followers on Twitter (Mishra et al. 2016)
STEEPEST = 3.0  # θ of a power law; beyond, it is an exponential
CRITICAL = 0.9
LEVEL = 3.841458820694124  # 95 % point of χ² with one degree of freedom
DAY = 24.0
_MARK_LIMIT = FOLLOWERS_EXPONENT - 1
_STEEPEST_MARK = 1.0  # β; beyond, a few accounts are everything
_FAR = 40.0  # log units of any figure from one event per gap
_STRONGEST = 20.0  # n* that is tried
_KINDS = {"exponential": 0, "power": 1}


@dataclass(frozen=True, eq=False)
class Runs:
    """Events of one or more runs, each watched from 0 to its end, in one unit of time.

    ``starts`` cuts ``times`` (in order within a run) into runs; ``marks`` are followers, or None.
    ``day`` is the length of a day in that unit.
    """

    starts: Integers
    times: Reals
    ends: Reals
    marks: Reals | None = None
    day: float = DAY

    @property
    def gap(self) -> float:
        """Mean time between events."""
        return float(self.ends.sum() / max(len(self.times), 1))


def one_run(
    times: Sequence[float] | Reals, end: float, marks: Sequence[float] | Reals | None = None
) -> Runs:
    """Return one run of events that was watched from 0 to ``end``."""
    found = np.asarray(times, np.float64)
    marked = None if marks is None else np.asarray(marks, np.float64)
    return Runs(np.array([0, len(found)]), found, np.array([float(end)]), marked)


@dataclass(frozen=True)
class Form:
    """Which figures a model has.

    A run without background begins with an event that needs no explanation: the original. With
    ``root`` that one has a weight of its own: it brings more shares, or fewer, than a share does.
    """

    kernel: Kernel | None = "exponential"
    background: Background = "none"
    marked: bool = False
    root: bool = False

    @property
    def name(self) -> str:
        """What the model is called in tables.

        >>> Form("power", "daily", marked=True).name
        'power law, by followers, daily background'
        """
        parts = [{"exponential": "exponential", "power": "power law", None: "no excitation"}]
        words = [parts[0][self.kernel]]
        words += ["by followers"] if self.marked else []
        words += ["own weight of the original"] if self.root else []
        words += [f"{self.background} background"] if self.background != "none" else []
        return ", ".join(words)

    @property
    def free(self) -> int:
        """How many figures are fitted."""
        excitation = 0 if self.kernel is None else 2 + (self.kernel == "power")
        outside = {"none": 0, "constant": 1, "daily": 3}[self.background]
        return excitation + outside + self.marked + self.root


@dataclass(frozen=True)
class Fit:
    """A fitted model: figures in the unit of the run's times.

    ``branching`` is n*; with marks, over followers drawn from their power law.
    """

    form: Form
    branching: float
    theta: float = 1.0
    c: float = 1.0
    beta: float = 0.0
    background: float = 0.0
    daily: tuple[float, float] = (0.0, 0.0)
    root: float = 1.0
    log_likelihood: float = -inf
    events: int = 0
    point: tuple[float, ...] = ()  # where the search ended

    @property
    def aicc(self) -> float:
        """Akaike's criterion, corrected for small samples; less is better."""
        k, n = self.form.free, self.events
        return 2 * k - 2 * self.log_likelihood + 2 * k * (k + 1) / max(n - k - 1, 1)

    @property
    def is_sane(self) -> bool:
        """Whether the figures are such as events can tell."""
        steep = self.form.kernel == "power" and self.theta > STEEPEST
        return not steep and self.beta <= _STEEPEST_MARK and self.branching <= _STRONGEST

    @property
    def half_time(self) -> float:
        """Time by which half of what an event brings has come.

        >>> Fit(Form("exponential"), 0.5, theta=log(2)).half_time
        1.0
        """
        if self.form.kernel is None:
            return 0.0
        if self.form.kernel == "exponential":
            return log(2) / self.theta
        return self.c * expm1(min(log(2) / self.theta, _FAR))

    @property
    def figures(self) -> tuple[float, ...]:
        """The figures in the order that the compiled loops take."""
        base = self.branching / mark_factor(self.beta)
        p, q = self.daily
        return base, self.theta, self.c, self.beta, self.background, p, q, self.root


def mark_factor(beta: float) -> float:
    """Return the mean of m^β over followers: (a - 1)/(a - 1 - β) with a = 2.016.

    >>> round(0.8 * mark_factor(0.1), 6)
    0.887336
    """
    return _MARK_LIMIT / (_MARK_LIMIT - beta) if beta < _MARK_LIMIT else inf


def log_likelihood(runs: Runs, fit: Fit) -> float:
    """Return Σ log λ(t) - ∫ λ; the first event of a run without background is given.

    Examples
    --------
    >>> model = Fit(Form("exponential", "constant"), 0.25, theta=2.0, background=1.0)
    >>> round(log_likelihood(one_run([1, 2, 4], 5), model), 6)
    -5.639643
    """
    return _likelihood(runs, fit.form)(fit)


def _likelihood(runs: Runs, form: Form) -> Callable[[Fit], float]:
    from analytics import intensities  # noqa: PLC0415

    logs = _log_marks(runs, form)
    room = [np.empty(len(runs.times) + extra) for extra in (0, 0, 1)]
    kind, omega = _KINDS.get(form.kernel or "", 0), 2 * np.pi / runs.day
    first = int(form.background == "none")

    def of(fit: Fit) -> float:
        return float(
            intensities.log_likelihood(
                kind, runs.starts, runs.times, logs, runs.ends, fit.figures, omega, first, *room
            )
        )

    return of


def _log_marks(runs: Runs, form: Form) -> Reals:
    """Return log followers; none counts as one, who may still be seen by somebody."""
    if not form.marked or runs.marks is None:
        return np.zeros(len(runs.times))
    return np.log(np.maximum(runs.marks, 1.0))


def fit(runs: Runs, form: Form) -> Fit:
    """Fit one model by maximum likelihood.

    Parameters
    ----------
    runs
        The events.
    form
        Which figures it has; with ``marked``, the runs need marks.

    Returns
    -------
    Fit
        The best of several searches by Nelder and Mead over the logarithms of the figures.
    """
    return _polished(runs, _coarse(runs, form))


def best_fit(runs: Runs, forms: Sequence[Form]) -> Fit:
    """Return the model with the least AICc; the best two of a first search are fitted to the end.

    Raises
    ------
    ValueError
        There are no forms.
    """
    found = sorted((_coarse(runs, form) for form in forms), key=lambda model: model.aicc)
    return min((_polished(runs, model) for model in found[:2]), key=lambda model: model.aicc)


def _coarse(runs: Runs, form: Form) -> Fit:
    searches = [_search(_loss(runs, form), x, most=120) for x in _begin(runs, form)]
    return _as_fit(runs, form, *min(searches, key=lambda found: found[1]))


def _polished(runs: Runs, model: Fit) -> Fit:
    loss = _loss(runs, model.form)
    return _as_fit(runs, model.form, *_search(loss, np.array(model.point), most=600, near=1e-4))


def _as_fit(runs: Runs, form: Form, point: Reals, least: float) -> Fit:
    events = len(runs.times) - (form.background == "none") * len(runs.ends)
    found = _told(form, runs.gap, point)
    return replace(found, log_likelihood=-least, events=events, point=tuple(point.tolist()))


def _loss(runs: Runs, form: Form) -> Callable[[Reals], float]:
    return partial(
        _lost, _likelihood(runs, form), partial(_told, form, runs.gap), float(runs.ends.max())
    )


def _lost(
    of: Callable[[Fit], float], told: Callable[[Reals], Fit], longest: float, x: Reals
) -> float:
    """Return minus the log-likelihood; infinite for figures that no data can tell from others."""
    if np.abs(x).max() > _FAR:
        return inf
    trial = told(x)
    if not trial.is_sane or trial.half_time > longest:
        return inf
    value = of(trial)
    return -value if np.isfinite(value) else inf


def _search(
    loss: Callable[[Reals], float], x: Reals, *, most: int, near: float = 1e-2, step: float = 0.4
) -> tuple[Reals, float]:
    """Return where a loss is least near x, to ``near`` in x and ``near**2`` in itself, and it."""
    from scipy.optimize import minimize  # noqa: PLC0415

    simplex = np.vstack([x, x + step * np.eye(len(x))])
    options = {"maxfev": most, "xatol": near, "fatol": near**2, "initial_simplex": simplex}
    with np.errstate(invalid="ignore"):
        found = minimize(loss, x, method="Nelder-Mead", options=options)
    return found.x, float(found.fun)


def _told(form: Form, gap: float, x: Reals) -> Fit:
    """Return the model that a point of the search stands for; times count in mean gaps."""
    left = iter(x.tolist())
    values: dict[str, Any] = {"branching": 0.0}
    if form.kernel == "exponential":
        values = {"branching": exp(next(left)), "theta": exp(next(left)) / gap}
    elif form.kernel == "power":
        values = {
            "branching": exp(next(left)),
            "theta": exp(next(left)),
            "c": exp(next(left)) * gap,
        }
    if form.marked:
        values["beta"] = _MARK_LIMIT / (1 + exp(-next(left)))
    if form.root:
        values["root"] = exp(next(left))
    if form.background != "none":
        values["background"] = exp(next(left)) / gap
    if form.background == "daily":
        p, q = next(left), next(left)
        far = float(np.sqrt(1 + p * p + q * q))
        values["daily"] = (p / far, q / far)
    return Fit(form, **values)


def _begin(runs: Runs, form: Form) -> Iterator[Reals]:
    """Return where searches start: strong and weak, quick and slow."""
    gaps = np.diff(runs.times)
    quick = (
        float(
            np.log(
                max(
                    np.median(
                        gaps[gaps > 0],
                    )
                    / runs.gap,
                    1e-4,
                )
            )
        )
        if (gaps > 0).any()
        else 0.0
    )
    tail = [-1.0] * form.marked + [1.0] * form.root
    outside = {"none": [], "constant": [0.0], "daily": [0.0, 0.1, 0.1]}[form.background]
    if form.kernel is None:
        yield np.array(outside)
        return
    for strength, scale in ((-0.3, quick), (-0.7, quick + 2.5)):
        shape = [-scale] if form.kernel == "exponential" else [-0.7, scale - 1.0]
        yield np.array([strength, *shape, *tail, *(outside[:1] and [-1.0]), *outside[1:]])


def residuals(runs: Runs, model: Fit) -> Reals:
    """Return the integral of the intensity between events: exponential if the model is right."""
    from analytics import intensities  # noqa: PLC0415

    logs, omega = _log_marks(runs, model.form), 2 * np.pi / runs.day
    kind, first = _KINDS.get(model.form.kernel or "", 0), int(model.form.background == "none")
    found = []
    for low, high, end in zip(runs.starts[:-1], runs.starts[1:], runs.ends, strict=True):
        rate, mass = np.empty(high - low), np.empty(high - low + 1)
        intensities.lay_out(
            kind, runs.times[low:high], logs[low:high], end, model.figures, omega,
            np.empty(high - low), rate, mass,
        )  # fmt: skip
        found.append(mass[first:-1])
    return np.concatenate(found)


def ks_p(runs: Runs, model: Fit) -> float:
    """Return how well the residuals fit: the p of Kolmogorov and Smirnov; small is bad.

    Figures fitted to the same events make it too large; read it as an upper bound. It is the limit
    for many events, corrected for fewer (Stephens 1970).
    """
    from scipy.special import kolmogorov  # noqa: PLC0415

    values = np.sort(-np.expm1(-residuals(runs, model)))
    n, place = len(values), np.arange(len(values))
    far = max(float(((place + 1) / n - values).max()), float((values - place / n).max()))
    return float(kolmogorov((n**0.5 + 0.12 + 0.11 / n**0.5) * far))


def interval(runs: Runs, model: Fit) -> tuple[float, float]:
    """Return the 95 % profile interval of n*: all n* whose best fit is not much worse.

    An end that lies beyond a factor of about 1,000 is given as 0 or as infinite.
    """
    loss = _loss(runs, model.form)
    strength, rest = model.point[0], [np.array(model.point[1:])]

    def worse(away: float) -> float:
        rest[0], least = _search(
            lambda x: loss(np.concatenate([[strength + away], x])), rest[0], most=150, step=0.1
        )
        return 2 * (least + model.log_likelihood) - LEVEL

    low, high = _crossing(worse, -1.0), _crossing(worse, 1.0)
    return model.branching * exp(low), model.branching * exp(high)


_BEYOND = 7.0  # log units
_STEP = 0.1
_HALVINGS = 8


def _crossing(worse: Callable[[float], float], side: float) -> float:
    """Return where a function that is below 0 at 0 comes up to 0; infinite where it is too far."""
    inner, outer = 0.0, _STEP
    while worse(side * outer) < 0:
        inner, outer = outer, 2 * outer
        if outer > _BEYOND:
            return side * inf
    for _ in range(_HALVINGS):
        middle = (inner + outer) / 2
        inner, outer = (middle, outer) if worse(side * middle) < 0 else (inner, middle)
    return side * (inner + outer) / 2


_TREE = ["appeal_id", "root_id"]
_OUTSIDE: tuple[Background, ...] = ("constant", "daily")
_NO_EXCITATION = {name: Form(None, name) for name in _OUTSIDE}


def excitation(posts: pl.DataFrame, nodes: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Fit self-excitation to every appeal on every platform, and to its largest cascades.

    Parameters
    ----------
    posts, accounts
        Rows of the tables of these names.
    nodes
        Posts of cascades in the order of time, as :func:`analytics.growth.placed` gives them.

    Returns
    -------
    DataFrame
        The table ``excitation``. Of two kernels, with followers where all are known, the model with
        the least AICc; a platform has a background, constant or with the rhythm of a day, a
        cascade begins with its original. With fewer than 30 events nothing is fitted: ``note``
        says so. Of more than 1,000 the first 1,000 are fitted (``events_used``): what excited them
        is all held.
    """
    sources = [*_of_platforms(posts), *_of_cascades(posts, nodes, accounts)]
    found = [_row(source) for source in sources]
    names = ["appeal_id", "platform", "scope", "root_id"]
    return EXCITATION.check(
        pl.DataFrame(found, schema=EXCITATION.schema).sort(names, nulls_last=True)
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """What is fitted: times in microseconds, in order, and until when it was watched."""

    key: dict[str, str | None]
    times: Integers
    end: int
    marks: Reals | None
    backgrounds: tuple[Background, ...]


def watched_until(posts: pl.DataFrame) -> pl.DataFrame:
    """Return until when each appeal was watched on each platform.

    That is the last time at which the platform was asked or the last post held, whichever is later:
    that nothing is held from after it says nothing.
    """
    asked = pl.max_horizontal("at", "collected_at").max()
    ends = posts.group_by("appeal_id", "platform").agg(watched_until=asked)
    return ends.drop_nulls().sort("appeal_id", "platform")


def _of_platforms(posts: pl.DataFrame) -> Iterator[Source]:
    dated = (
        posts.select("appeal_id", "platform", "at")
        .drop_nulls("at")
        .sort("appeal_id", "platform", "at")
    )
    ends = {(a, p): end for a, p, end in _microseconds(watched_until(posts)).iter_rows()}
    for (appeal, platform), own in dated.group_by("appeal_id", "platform", maintain_order=True):
        key = {"appeal_id": str(appeal), "platform": str(platform), "scope": "platform"}
        times = own["at"].to_physical().to_numpy()
        yield Source(
            key=key | {"root_id": None},
            times=times,
            end=ends[appeal, platform],
            marks=None,
            backgrounds=("constant", "daily"),
        )


def _microseconds(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("watched_until").to_physical())


def _of_cascades(
    posts: pl.DataFrame, nodes: pl.DataFrame, accounts: pl.DataFrame
) -> Iterator[Source]:
    known = with_followers(largest(nodes), accounts)
    ends = _microseconds(watched_until(posts))
    for (tree,), own in known.join(
        ends, on=["appeal_id", "platform"], how="left", maintain_order="left"
    ).group_by("tree", maintain_order=True):
        del tree
        first = own.row(0, named=True)
        key = {name: first[name] for name in ("appeal_id", "platform", "root_id")}
        times = own["began_at"].to_physical() + (own["seconds"] * 1e6).round().cast(pl.Int64)
        marks = None if own["followers"].null_count() else own["followers"].to_numpy()
        yield Source(
            key=key | {"scope": "cascade"},
            times=times.to_numpy(),
            end=max(first["watched_until"] or 0, int(times[-1])),
            marks=marks,
            backgrounds=("none",),
        )


def largest(nodes: pl.DataFrame) -> pl.DataFrame:
    """Return the posts of the largest cascades of each appeal and platform, if large enough."""
    sizes = nodes.group_by("tree", "appeal_id", "platform").agg(events=pl.len())
    most = (
        sizes.filter(pl.col("events") > FEWEST)
        .sort("events", "tree", descending=[True, False])
        .group_by("appeal_id", "platform", maintain_order=True)
        .head(CASCADES)
        .sort("events", "tree", descending=[True, False])
        .head(MOST_CASCADES)
    )
    return nodes.join(most.select("tree"), on="tree", how="semi", maintain_order="left")


def with_followers(nodes: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Add the followers of each account, the median of what was seen; null where hidden."""
    own = accounts.join(nodes.select("account_id").unique(), on="account_id", how="semi")
    seen = own.group_by("account_id").agg(pl.col("followers").median())
    return nodes.join(seen, on="account_id", how="left", maintain_order="left")


def _row(source: Source) -> dict[str, Any]:
    told: dict[str, Any] = dict.fromkeys(EXCITATION.columns) | source.key
    shares = len(source.times) - (source.backgrounds == ("none",))
    told |= {"events": shares, "events_used": 0, "note": _too_few(source, shares)}
    if told["note"]:
        return told
    runs, until, coarse = _runs(source)
    forms = _forms(source.backgrounds, runs)
    model = best_fit(runs, forms)
    others = [fit(runs, _NO_EXCITATION[b]).aicc for b in source.backgrounds if b != "none"]
    without = min(others, default=None)
    low, high = interval(runs, model)
    residual = ks_p(runs, model)
    return told | {
        "events_used": model.events,
        "from": _time(int(source.times[0])),
        "until": _time(until),
        "model": model.form.name,
        "branching_lo": low,
        "branching": model.branching,
        "branching_hi": high if np.isfinite(high) else None,
        "half_time_hours": model.half_time,
        "gain": None if without is None else without - model.aicc,
        "ks_p": residual,
        "note": "; ".join(_cautions(told["events"], model, high, residual, coarse=coarse)) or None,
    }


def _time(microseconds: int) -> Any:  # noqa: ANN401
    return pl.Series([microseconds]).cast(pl.Datetime("us", "UTC")).item()


_COARSE = 3600 * 10**6
_UNITS = (86_400 * 10**6, _COARSE, 60 * 10**6, 10**6, 1)


def _too_few(source: Source, events: int) -> str | None:
    if events < FEWEST:
        return f"{events} events with a time; {FEWEST} are needed"
    if _unit(source.times) >= _COARSE:
        return "times are told to the hour or the day: who followed whom is not to be seen"
    return None


def _unit(times: Integers) -> int:
    """Return the largest unit, from day to microsecond, that all times are multiples of."""
    return next(unit for unit in _UNITS if not (times % unit).any())


def _runs(source: Source) -> tuple[Runs, int, bool]:
    """Return the first events in hours, until when they were watched, and if many times are equal.

    Events told to the same second (or minute) are spread evenly over it: at equal times, the
    likelihood of a model that is quick enough has no bound.
    """
    most = MOST + (source.backgrounds == ("none",))
    times = source.times[:most]
    end = int(source.times[most]) if len(source.times) > most else source.end
    unit = _unit(source.times)
    spread = _apart(times, unit)
    hours = (spread - times[0]) / 3.6e9
    marks = None if source.marks is None else source.marks[:most]
    until = max((end - times[0]) / 3.6e9, hours[-1]) + (unit / 3.6e9) * (end == times[-1])
    starts = np.array([0, len(times)])
    equal = float((np.diff(times) == 0).mean()) > _MANY
    return Runs(starts, hours, np.array([until]), marks), end, equal


_MANY = 0.2


def _apart(times: Integers, unit: int) -> Reals:
    _, first, count = np.unique(times, return_index=True, return_counts=True)
    place = np.arange(len(times)) - np.repeat(first, count)
    spread: Reals = times + unit * place / np.repeat(count, count)
    return spread


def _forms(backgrounds: tuple[Background, ...], runs: Runs) -> list[Form]:
    own = (False, True) if backgrounds == ("none",) else (False,)
    marks = (False,) if runs.marks is None else (False, True)
    kernels: tuple[Kernel, ...] = ("exponential", "power")
    return [
        Form(kernel, background, marked=marked, root=root)
        for kernel in kernels
        for background in backgrounds
        for marked in marks
        for root in own
    ]


def _cautions(
    events: int, model: Fit, high: float, residual: float, *, coarse: bool
) -> Iterator[str]:
    if events > model.events:
        yield f"fitted on the first {model.events} of {events} events"
    if coarse:
        yield "many events share a time and were spread evenly over it"
    if residual < 0.05:  # noqa: PLR2004
        yield "the residuals reject the model"
    if high >= CRITICAL:
        yield "near 1 news, day and night can look like self-excitation"
