"""The aligned picture draws every row it gets, where it belongs."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from analytics.measured import COUNTER_HISTORY, TIMELINE
from analytics.tables import RESPONSES
from dashboards.figures.story import story_figure

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = (START, START + timedelta(days=9))


def timeline(counts: dict[str, list[int]]) -> pl.DataFrame:
    rows = [
        ("a", platform, "1d", START + timedelta(days=day), posts, 0, posts, 0, 1, 0)
        for platform, series in counts.items()
        for day, posts in enumerate(series)
    ]
    return pl.DataFrame(rows, schema=TIMELINE.schema, orient="row")


def act(day: int, days: int, rung: int | None, actor: str = "Ministry") -> dict[str, object]:
    start = START + timedelta(days=day)
    return {
        "response_id": f"{actor}{day}", "appeal_id": "a", "from": start,
        "to": start + timedelta(days=days), "actor": actor, "verb_code": "09", "rung": rung,
    }  # fmt: skip


def responses(*acts: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(acts), schema=RESPONSES.schema)


@given(
    st.dictionaries(
        st.sampled_from(["x", "telegram", "web", "unknown"]),
        st.lists(st.integers(1, 999), min_size=1, max_size=9),
        min_size=1,
    )
)
def test_bars_add_up_to_the_posts_of_each_platform(counts: dict[str, list[int]]) -> None:
    figure = story_figure(
        timeline(counts), COUNTER_HISTORY.empty(), responses(), window=WINDOW, published=None
    )
    drawn = [sum(trace.y) for trace in figure.data if trace.type == "bar"]
    assert drawn == [sum(series) for series in counts.values()]


def test_platforms_do_not_share_a_scale() -> None:
    figure = story_figure(
        timeline({"x": [1], "web": [2]}),
        COUNTER_HISTORY.empty(),
        responses(),
        window=WINDOW,
        published=None,
    )
    assert len({trace.yaxis for trace in figure.data}) == 2


def test_an_act_is_drawn_over_the_time_in_which_it_can_have_happened() -> None:
    figure = story_figure(
        timeline({"x": [1]}),
        COUNTER_HISTORY.empty(),
        responses(act(2, 3, 3)),
        window=WINDOW,
        published=START,
    )
    spans = [
        list(trace.x) for trace in figure.data if trace.type == "scatter" and len(trace.x) == 2
    ]
    assert [START + timedelta(days=2), START + timedelta(days=5)] in spans


def test_both_branches_of_the_ladder_are_drawn_and_never_netted() -> None:
    acts = responses(act(1, 1, 1), act(2, 1, -3), act(4, 1, 3), act(5, 1, None))
    figure = story_figure(
        timeline({"x": [1]}), COUNTER_HISTORY.empty(), acts, window=WINDOW, published=None
    )
    steps = [list(t.y) for t in figure.data if t.type == "scatter" and t.line.shape == "hv"]
    assert steps == [[1, 3, 3], [-3, -3]]


def test_every_axis_of_time_is_the_same() -> None:
    figure = story_figure(
        timeline({"x": [1, 2], "web": [3]}),
        COUNTER_HISTORY.empty(),
        responses(act(1, 1, 1)),
        window=WINDOW,
        published=START,
    )
    assert {trace.xaxis for trace in figure.data} <= {None, "x"}
    assert tuple(figure.layout.xaxis.range) == WINDOW
