"""Runs every measure over a store and writes the results as tables."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from uuid import uuid4

import polars as pl

from analytics import __version__
from analytics.attention import attention, peaks, phases, series, timeline
from analytics.candidates import candidates
from analytics.catalog import TABLES
from analytics.communities import (
    communities,
    community_mix,
    crossings,
    described,
    homophily,
    links,
    mixing,
    traits,
)
from analytics.coordination import screened
from analytics.coverage import coverage
from analytics.decay import decay
from analytics.diffusion import TREES, all_shapes, with_likeliest
from analytics.errors import MeasureError
from analytics.following import with_followed
from analytics.forecasts import forecasts
from analytics.growth import growth, milestones, placed
from analytics.hawkes import excitation
from analytics.joining import stories, story_members
from analytics.lags import lags
from analytics.languages import languages
from analytics.layout import time_river
from analytics.measured import (
    ATTENTION,
    CANDIDATES,
    CASCADES,
    COMMUNITIES,
    COMMUNITY_MEMBERS,
    COMMUNITY_MIX,
    COORDINATION,
    COORDINATION_FLAGS,
    COORDINATION_GROUPS,
    COUNTER_HISTORY,
    COVERAGE,
    DECAY,
    EXCITATION,
    FORECASTS,
    GROWTH,
    HOMOPHILY,
    LAGS,
    LANGUAGES,
    LAYOUT,
    MILESTONES,
    MIXING,
    OUTLOOK,
    OVERLAPS,
    PARENT_MODELS,
    PARTITIONS,
    PEAKS,
    PHASES,
    REACH,
    SHAPES,
    SHARES_TABLE,
    SIMILARITY,
    STORIES,
    STORY_MEMBERS,
    SUMMARY,
    TIMELINE,
    VALIDATION,
    VIEWS,
)
from analytics.models import chosen
from analytics.outlook import outlook
from analytics.overlaps import overlaps
from analytics.reach import counter_history, reach, views
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
    stated = store.settings.audiences().to_dicts()
    asked = {"trees": trees, "seed": seed, "audiences": stated}
    return json.dumps(versions | asked, sort_keys=True)


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
    audiences = store.settings.audiences()
    posts = counted_once(posts)
    if posts.is_empty() and responses.is_empty():
        msg = f"{store.path} holds no posts yet; begin with `groundswell import {store.path} FILE`"
        raise MeasureError(msg)
    report("shares")
    follows = store.read("follows")
    shared = with_followed(posts, shares(posts), follows)
    choose = chosen(store.read("parent_models"))
    shapes, grown = all_shapes(posts, shared, accounts, choose=choose, seed=seed, trees=trees)
    in_time = placed(posts, shared)
    report(STORY_MEMBERS.name)
    members = story_members(posts, shared)
    in_bins = list(series(posts))
    phased = phases(in_bins, seed=seed)
    report(COORDINATION.name)
    screen = screened(posts, accounts, seed=seed, quick=True)
    report(PARTITIONS.name)
    edges, known = links(shared), traits(posts, accounts)
    parted, crossed = communities(edges, seed=seed), crossings(edges, known)
    steps: list[tuple[str, Callable[[], pl.DataFrame]]] = [
        (SHARES_TABLE.name, lambda: with_likeliest(posts, shared, accounts, choose=choose)),
        (SHAPES.name, lambda: shapes),
        (CASCADES.name, lambda: cascades(posts, shared, shapes)),
        (STORY_MEMBERS.name, lambda: members),
        (STORIES.name, lambda: stories(posts, shared, members)),
        (GROWTH.name, lambda: growth(in_time, grown)),
        (MILESTONES.name, lambda: milestones(in_time, posts)),
        (PARTITIONS.name, lambda: parted.partitions),
        (COMMUNITY_MEMBERS.name, lambda: parted.members),
        (COMMUNITIES.name, lambda: described(parted.members, edges, known)),
        (COMMUNITY_MIX.name, lambda: community_mix(parted.members, known)),
        (HOMOPHILY.name, lambda: homophily(crossed)),
        (MIXING.name, lambda: mixing(crossed)),
        (TIMELINE.name, lambda: timeline(posts)),
        (ATTENTION.name, lambda: attention(in_bins)),
        (PHASES.name, lambda: phased),
        (PEAKS.name, lambda: peaks(in_bins)),
        (DECAY.name, lambda: decay(in_bins, phased, seed=seed)),
        (LANGUAGES.name, lambda: languages(posts)),
        (COUNTER_HISTORY.name, lambda: counter_history(counters, posts, shared)),
        (REACH.name, lambda: reach(posts, accounts, audiences)),
        (VIEWS.name, lambda: views(counters, posts, shared)),
        (OVERLAPS.name, lambda: overlaps(posts, accounts, follows)),
        (COVERAGE.name, lambda: coverage(posts, shared, counters, accounts, follows)),
        (EXCITATION.name, lambda: excitation(posts, in_time, accounts)),
        (FORECASTS.name, lambda: forecasts(posts, in_time, accounts)),
        (OUTLOOK.name, lambda: outlook(posts, in_time)),
        (LAGS.name, lambda: lags(appeals, posts, responses)),
        (COORDINATION.name, lambda: screen.settings),
        (COORDINATION_GROUPS.name, lambda: screen.groups),
        (COORDINATION_FLAGS.name, lambda: screen.flags),
        (SIMILARITY.name, lambda: screen.similarity),
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
