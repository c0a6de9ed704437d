"""Appeals beside each other: the figures draw what the tables say, where it belongs."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import at, rows

from analytics.measured import CASCADES, COURSES, EQUAL_SIZE, WAITS
from dashboards.figures.compare import (
    BANDS,
    BEYOND,
    CHANCE,
    EQUAL,
    INFERRED,
    UNMATCHED,
    courses_figure,
    equal_size_figure,
    sizes_figure,
    standing_figure,
    waiting_figure,
)
from dashboards.figures.labels import LONGEST, plain
from dashboards.theme import LIGHT


def course(appeal: str, *told: tuple[float, int]) -> list[dict[str, Any]]:
    return [
        {"appeal_id": appeal, "hours": hours, "count": count, "at": at(hours)}
        for hours, count in told
    ]


def courses(*told: list[dict[str, Any]]) -> pl.DataFrame:
    every = [row for rows_ in told for row in rows_]
    return rows(COURSES, *every, what="posts", until=at(900), clock_basis="published")


def test_each_panel_has_its_appeal_in_front_and_the_others_behind() -> None:
    table = courses(course("a", (1, 3), (2, 9)), course("b", (1, 0), (5, 7)), course("c", (1, 1)))
    figure = courses_figure(table, {"a": "One", "b": "Two", "c": "Three"}, chosen="b")
    behind, front = figure.data[2], figure.data[3]
    assert (list(front.x), list(front.y)) == ([5], [7])  # 0 has no place on an axis of powers
    assert front.xaxis == behind.xaxis == "x2"
    assert list(behind.x) == [1, 2, None, 1, None]
    assert list(behind.y) == [3, 9, None, 1, None]
    assert [trace.line.color for trace in figure.data[1::2]] == [
        LIGHT.ink, LIGHT.accent, LIGHT.ink,
    ]  # fmt: skip
    assert [note.text for note in figure.layout.annotations] == ["One", "<b>Two</b>", "Three"]


@pytest.mark.parametrize("many", [1, 2, 3, 4, 5, 12])
def test_panels_share_their_ranges_and_do_not_overlap(many: int) -> None:
    names = {f"a{n}": f"n{n}" for n in range(many)}
    table = courses(*(course(name, (1, 2), (48, 10 * n + 5)) for n, name in enumerate(names)))
    layout = courses_figure(table, names, chosen="a0").layout.to_plotly_json()
    x = [axis for name, axis in layout.items() if name.startswith("xaxis")]
    y = [axis for name, axis in layout.items() if name.startswith("yaxis")]
    assert len(x) == len(y) == many
    assert len({tuple(axis["range"]) for axis in y}) == 1
    places = [(*across["domain"], *up["domain"]) for across, up in zip(x, y, strict=True)]
    for one, (left, right, low, high) in enumerate(places):
        assert 0 <= left < right <= 1
        assert 0 <= low < high <= 1
        for other in places[one + 1 :]:
            beside = right <= other[0] or other[1] <= left
            assert beside or high <= other[2] or other[3] <= low


def cascade(number: int, size: int, **told: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "root_id": f"x:{number}", "platform": "x", "root_held": True, "size": size,
        "accounts": size, "shares": size - 1, "observed": 0, "replies": 0, "depth": 2,
        "virality": 1.5, "method": "calibrated",
    } | told  # fmt: skip


def test_a_cascade_stands_over_its_size_with_a_band_where_it_is_inferred() -> None:
    banded = {"virality_lo": 1.2, "virality_hi": 2.2}
    own = rows(CASCADES, cascade(1, 9, **banded), cascade(2, 5), appeal_id="a")
    others = rows(CASCADES, cascade(3, 7, virality=1.8), appeal_id="b")
    rest, band, mine = sizes_figure(own, others, "virality").data
    assert (list(rest.x), list(rest.y)) == ([7], [1.8])
    assert (list(band.x), list(band.y)) == ([9, 9, None], [1.2, 2.2, None])
    assert (list(mine.x), list(mine.y)) == ([9, 5], [1.5, 1.5])


def test_bands_are_drawn_of_the_first_cascades_alone() -> None:
    banded = {"depth_lo": 1, "depth_hi": 4}
    own = rows(CASCADES, *(cascade(n, 9, **banded) for n in range(BANDS + 5)), appeal_id="a")
    band, mine = sizes_figure(own, CASCADES.empty(), "depth").data
    assert len(band.x) == 3 * BANDS
    assert len(mine.x) == BANDS + 5


def matched(measure: str, larger: float | None, **told: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "platform": "x", "method": "observed", "measure": measure, "cascades": 20, "others": 30,
        "appeals": 2, "pairs": 15, "left_out": 5, "larger": larger, "chance_lo": 0.4,
        "chance_hi": 0.6, "unmatched": 0.8, "p": 0.2, "tests": 3,
    } | told  # fmt: skip


def test_what_is_beyond_chance_is_marked_and_inference_has_its_bounds() -> None:
    table = rows(
        EQUAL_SIZE, matched("depth", 0.7), matched("max_breadth", None), matched(
            "virality", 0.5, method="calibrated", larger_least=0.1, larger_most=0.9),
        appeal_id="a",
    )  # fmt: skip
    figure = equal_size_figure(table)
    found = {trace.name: (list(trace.x), list(trace.y)) for trace in figure.data}
    one, two = figure.layout.yaxis.tickvals
    assert one < two
    assert found == {
        CHANCE: ([0.4, 0.6, None] * 2, [one, one, None, two, two, None]),
        INFERRED: ([0.1, 0.9, None], [two, two, None]),
        UNMATCHED: ([0.8, 0.8], [one, two]),
        EQUAL: ([0.5], [two]),
        BEYOND: ([0.7], [one]),
    }
    assert list(figure.layout.yaxis.ticktext) == ["deeper", "more viral"]
    heads = [note.text for note in figure.layout.annotations]
    assert heads == ["<b>X, links observed</b>", "<b>X, links inferred</b>"]


def test_a_wait_is_a_span_till_a_response_or_till_it_was_last_looked_for() -> None:
    told = [
        {"appeal_id": "a", "lo_days": 3.0, "hi_days": 5.0, "is_ended": True},
        {"appeal_id": "b", "lo_days": 30.0, "hi_days": None, "is_ended": False},
    ]
    figure = waiting_figure(
        rows(WAITS, *told, ending="rung_1", is_counted=True), {"a": "<i>One</i>"}, chosen="b"
    )
    waited, came, response, still = figure.data
    assert list(waited.x) == [0, 3, None, 0, 30, None]
    assert list(came.x) == [3, 5, None]
    assert (list(response.x), list(response.y)) == ([5], [0])
    assert (list(still.x), list(still.y)) == ([30], [1])
    assert list(figure.layout.yaxis.ticktext) == ["&lt;i&gt;One&lt;/i&gt;", "<b>b</b>"]


def test_appeals_stand_by_signatures_and_by_what_became_of_them() -> None:
    table = pl.DataFrame(
        {
            "appeal_id": ["a", "b", "c", "d"],
            "value": [50, 900, 0, 70],
            "is_ended": [True, False, True, None],
        }
    )
    figure = standing_figure(table, chosen="d")
    found = {trace.name: (list(trace.x), list(trace.y)) for trace in figure.data}
    assert found == {
        "none had come (1)": ([900], [1]),
        "not known (1)": ([70], [2]),
        "a response came (1)": ([50], [3]),
        "this appeal": ([70], [2]),
    }


@given(st.text(max_size=80))
@settings(max_examples=40)
def test_a_title_is_drawn_as_it_stands_on_one_line(title: str) -> None:
    shown = plain(title)
    assert "<" not in shown
    assert shown.isprintable()
    assert len(shown) <= 5 * LONGEST


@pytest.mark.parametrize("mark", ["\u202e", "\u200f", "\x00", "\n"])
def test_marks_that_turn_the_line_around_are_left_out(mark: str) -> None:
    assert mark not in plain(f"a{mark}b")
