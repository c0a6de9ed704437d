"""Runs every measure over a store and writes the results as tables."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from uuid import uuid4

import msgspec
import polars as pl

from analytics import __version__
from analytics.catalog import TABLES
from analytics.diffusion import TREES
from analytics.errors import MeasureError
from analytics.measured import PARENT_MODELS, VALIDATION
from analytics.plan import MEASURES, Data
from analytics.responses import with_rungs
from analytics.schema import Table
from analytics.store import Store
from analytics.tables import RESPONSES, RUNS
from analytics.trees import counted_once, shares

ENGINES = ("local",)
INPUTS = (
    "appeals", "posts", "accounts", "counters", "follows", "responses", "codings", "stances",
    "proposals", "changes", "parent_models",
)  # fmt: skip
DATA = tuple(name for name in INPUTS if name not in {"appeals", "parent_models"})  # what comes in


@dataclass(frozen=True)
class Run:
    """What one run did: rows by table, or nothing where nothing had changed."""

    rows: dict[str, int]
    seconds: float
    skipped: bool = False


def measure(
    store: Store,
    *,
    engine: str = "local",
    force: bool = False,
    trees: int = TREES,
    seed: int = 0,
    validate: bool = False,
    now: datetime | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Run:
    """Compute every measure and replace the measured tables.

    Parameters
    ----------
    store
        The store to read and to write.
    engine
        Where to compute.
    force
        Compute even if neither the data nor the version of groundswell changed since the last run.
    trees
        How many to draw by each setting of PDI; the calibrated model draws a tenth as many.
    seed
        Of all that is drawn.
    validate
        Fit and score the inference of hidden parents first, on those that this store knows.
    now
        As of when clocks are judged where nobody said until when answers were looked for; by
        default the time of the call.
    report
        Called with the name of each table before it is computed.

    Raises
    ------
    MeasureError
        The engine is unknown, or the store holds neither posts nor responses.
    StoreError
        Another process measures or writes for too long. Others may write while this one computes:
        what they write is measured next time.
    """
    if engine not in ENGINES:
        msg = f"there is no engine {engine!r}; choose one of: {', '.join(ENGINES)}"
        raise MeasureError(msg)
    start = perf_counter()
    now = (now or datetime.now(UTC)).astimezone(UTC)
    with store.measuring():
        with store.writing():  # while everything is read, so that it is of one moment
            store.declare_appeals()
            _place_responses(store)
            rows = _validate(store, seed, report) if validate else {}
            inputs = _inputs(store, trees, seed, now)
            if not force and not validate and _is_current(store, inputs):
                return Run({}, perf_counter() - start, skipped=True)
            data = Data(store, trees=trees, seed=seed, now=now)
        rows |= _measure_all(store, data, report)
        _note_run(store, engine, inputs, perf_counter() - start)
    return Run(rows, perf_counter() - start)


def is_due(store: Store) -> bool:
    """Return whether something was written since the last run that it would have looked at.

    >>> from tempfile import mkdtemp
    >>> is_due(Store.create(mkdtemp() + "/store"))
    False
    """
    last = store.read("runs", columns=["at", "inputs"]).sort("at").tail(1)
    seen = json.loads(last["inputs"][0]) if last.height else {}
    now = {name: version for name, version in store.versions().items() if name in DATA}
    return any(version != seen.get(name) for name, version in now.items())


def _inputs(store: Store, trees: int, seed: int, now: datetime) -> str:
    versions = {name: v for name, v in store.versions().items() if name in INPUTS}
    stated = store.settings.audiences().to_dicts()
    rules = msgspec.to_builtins([store.settings.clocks, store.settings.days_off])
    day = str(now.date()) if _have_running_clocks(store.read("appeals"), now) else None
    asked = {"trees": trees, "seed": seed, "audiences": stated, "clocks": rules, "day": day}
    return json.dumps(versions | asked, sort_keys=True)


def _have_running_clocks(appeals: pl.DataFrame, now: datetime) -> bool:
    """Tell whether on another day a clock can say something else."""
    later = pl.col("outcome_known_until").fill_null(now) >= now
    return not appeals.filter(later, pl.col("jurisdiction").is_not_null()).is_empty()


def _validate(store: Store, seed: int, report: Callable[[str], None]) -> dict[str, int]:
    """Fit and score on this store's known parents; platforms that tell too few keep no fit."""
    from analytics.validation import validate  # noqa: PLC0415

    report(VALIDATION.name)
    posts = counted_once(store.read("posts"))
    scored, fitted = validate(
        posts, shares(posts), store.read("accounts"), source="this store", seed=seed
    )
    store.write(VALIDATION, scored)
    store.write(PARENT_MODELS, fitted)
    return {VALIDATION.name: scored.height, PARENT_MODELS.name: fitted.height}


def _is_current(store: Store, inputs: str) -> bool:
    last = store.read("runs").sort("at").tail(1)
    return last.select("inputs", "version").rows() == [(inputs, __version__)] and all(
        name in store.versions()
        for name, table in TABLES.items()
        if table.measured and not table.on_request
    )


def _place_responses(store: Store) -> None:
    """Place every response on the ladder as it is now."""
    responses = store.read("responses")
    if not responses.is_empty():
        store.append(RESPONSES, with_rungs(responses))


def _measure_all(store: Store, data: Data, report: Callable[[str], None]) -> dict[str, int]:
    return {table.name: _step(store, table, compute, data, report) for table, compute in MEASURES}


def _step(
    store: Store, table: Table, compute: Callable[[Data], pl.DataFrame], data: Data,
    report: Callable[[str], None],
) -> int:  # fmt: skip
    report(table.name)
    frame = compute(data)
    store.write(table, frame)
    return frame.height


def _note_run(store: Store, engine: str, inputs: str, seconds: float) -> None:
    row = {
        "run_id": uuid4().hex[:12],
        "at": datetime.now(UTC),
        "engine": engine,
        "version": __version__,
        "inputs": inputs,
        "seconds": seconds,
    }
    store.append(RUNS, pl.DataFrame([row], schema=RUNS.schema))
