"""Runs every measure over a store and writes the results as tables."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from uuid import uuid4

import polars as pl

from analytics import __version__
from analytics.candidates import candidates
from analytics.catalog import TABLES
from analytics.coverage import coverage
from analytics.diffusion import TREES, all_shapes, grown, with_likeliest
from analytics.errors import MeasureError
from analytics.following import with_followed
from analytics.forecasts import forecasts
from analytics.growth import growth, milestones, placed
from analytics.hawkes import excitation
from analytics.joining import stories, story_members
from analytics.lags import lags
from analytics.layout import time_river
from analytics.measured import (
    CANDIDATES,
    CASCADES,
    COUNTER_HISTORY,
    COVERAGE,
    EXCITATION,
    FORECASTS,
    GROWTH,
    LAGS,
    LAYOUT,
    MILESTONES,
    OUTLOOK,
    PARENT_MODELS,
    SHAPES,
    SHARES_TABLE,
    STORIES,
    STORY_MEMBERS,
    SUMMARY,
    TIMELINE,
    VALIDATION,
)
from analytics.models import chosen
from analytics.outlook import outlook
from analytics.reach import counter_history, timeline
from analytics.responses import with_rungs
from analytics.store import Store
from analytics.summary import summary
from analytics.tables import RESPONSES, RUNS
from analytics.trees import counted_once, shares
from analytics.virality import cascades

ENGINES = ("local",)
INPUTS = ("appeals", "posts", "accounts", "counters", "follows", "responses", "parent_models")


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
    report
        Called with the name of each table before it is computed.

    Raises
    ------
    MeasureError
        The engine is unknown, or the store holds neither posts nor responses.
    """
    if engine not in ENGINES:
        msg = f"there is no engine {engine!r}; choose one of: {', '.join(ENGINES)}"
        raise MeasureError(msg)
    start = perf_counter()
    with store.writing():
        store.declare_appeals()
        _place_responses(store)
        rows = _validate(store, seed, report) if validate else {}
        inputs = _inputs(store, trees, seed)
        if not force and not validate and _is_current(store, inputs):
            return Run({}, perf_counter() - start, skipped=True)
        rows |= _measure_all(store, trees, seed, report)
        _note_run(store, engine, inputs, perf_counter() - start)
    return Run(rows, perf_counter() - start)


def _inputs(store: Store, trees: int, seed: int) -> str:
    versions = {name: v for name, v in store.versions().items() if name in INPUTS}
    return json.dumps(versions | {"trees": trees, "seed": seed}, sort_keys=True)


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


def _measure_all(
    store: Store, trees: int, seed: int, report: Callable[[str], None]
) -> dict[str, int]:
    posts, accounts, counters = (store.read(name) for name in ("posts", "accounts", "counters"))
    appeals, responses = store.read("appeals"), store.read("responses")
    posts = counted_once(posts)
    if posts.is_empty() and responses.is_empty():
        msg = f"{store.path} holds no posts yet; begin with `groundswell import {store.path} FILE`"
        raise MeasureError(msg)
    report("shares")
    follows = store.read("follows")
    shared = with_followed(posts, shares(posts), follows)
    choose = chosen(store.read("parent_models"))
    shapes = all_shapes(posts, shared, accounts, choose=choose, seed=seed, trees=trees)
    in_time = placed(posts, shared)
    drawn = grown(posts, shared, accounts, choose=choose, seed=seed, trees=trees)
    report(STORY_MEMBERS.name)
    members = story_members(posts, shared)
    steps: list[tuple[str, Callable[[], pl.DataFrame]]] = [
        (SHARES_TABLE.name, lambda: with_likeliest(posts, shared, accounts, choose=choose)),
        (SHAPES.name, lambda: shapes),
        (CASCADES.name, lambda: cascades(posts, shared, shapes)),
        (STORY_MEMBERS.name, lambda: members),
        (STORIES.name, lambda: stories(posts, shared, members)),
        (GROWTH.name, lambda: growth(in_time, drawn)),
        (MILESTONES.name, lambda: milestones(in_time, posts)),
        (TIMELINE.name, lambda: timeline(posts)),
        (COUNTER_HISTORY.name, lambda: counter_history(counters, posts, shared)),
        (COVERAGE.name, lambda: coverage(posts, shared, counters, accounts, follows)),
        (EXCITATION.name, lambda: excitation(posts, in_time, accounts)),
        (FORECASTS.name, lambda: forecasts(posts, in_time, accounts)),
        (OUTLOOK.name, lambda: outlook(posts, in_time)),
        (LAGS.name, lambda: lags(appeals, posts, responses)),
        (CANDIDATES.name, lambda: candidates(appeals, posts, accounts)),
        (LAYOUT.name, lambda: time_river(posts, shared)),
        (SUMMARY.name, lambda: summary(appeals, posts, shared, responses)),
    ]
    return {name: _step(store, name, compute, report) for name, compute in steps}


def _step(
    store: Store, name: str, compute: Callable[[], pl.DataFrame], report: Callable[[str], None]
) -> int:
    report(name)
    frame = compute()
    store.write(TABLES[name], frame)
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
