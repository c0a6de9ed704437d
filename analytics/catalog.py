"""Every table of a store, by name: first what is kept, then what is measured."""

from analytics.measured import (
    CANDIDATES,
    CASCADES,
    COORDINATION,
    COORDINATION_FLAGS,
    COORDINATION_GROUPS,
    COUNTER_HISTORY,
    COVERAGE,
    GROWTH,
    LAGS,
    LANGUAGES,
    LAYOUT,
    MILESTONES,
    OVERLAPS,
    PARENT_MODELS,
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
        GROWTH, MILESTONES, TIMELINE, LANGUAGES, COUNTER_HISTORY, REACH, VIEWS, OVERLAPS, COVERAGE,
        LAGS, COORDINATION, COORDINATION_GROUPS, COORDINATION_FLAGS, SIMILARITY,
        CANDIDATES, LAYOUT, PARENT_MODELS, VALIDATION,
        SUMMARY,
    )
}  # fmt: skip
