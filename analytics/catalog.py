"""Every table of a store, by name: first what is kept, then what is measured."""

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
from analytics.schema import Table
from analytics.tables import (
    ACCOUNTS,
    APPEALS,
    CHANGES,
    COLLECTIONS,
    COUNTERS,
    FOLLOWS,
    IMPORTS,
    LOSSES,
    POSTS,
    RESPONSES,
    RUNS,
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        APPEALS, POSTS, ACCOUNTS, COUNTERS, CHANGES, FOLLOWS, RESPONSES, IMPORTS, LOSSES,
        COLLECTIONS, RUNS,
        SHARES_TABLE, CASCADES, SHAPES, STORY_MEMBERS, STORIES,
        GROWTH, MILESTONES, TIMELINE, COUNTER_HISTORY, COVERAGE, LAGS,
        EXCITATION, FORECASTS, OUTLOOK,
        CANDIDATES, LAYOUT, PARENT_MODELS, VALIDATION,
        SUMMARY,
    )
}  # fmt: skip
