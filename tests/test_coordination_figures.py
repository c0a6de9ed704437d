"""Synchronised sharing: the figures draw what was found beside what chance gives."""

import math
from typing import Any

import plotly.graph_objects as go
import pytest
from strategies import rows

from analytics.measured import COORDINATION, COORDINATION_FLAGS, COORDINATION_GROUPS
from dashboards.figures.coordination import (
    ALIKE,
    CHANCE,
    EXPECTED,
    FOUND,
    NONE_AT,
    flags_figure,
    groups_figure,
    seconds,
    synchrony_figure,
)
from dashboards.i18n import speaking


def look(kind: str, window: float | None, **told: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "object": kind, "window": window, "window_basis": "set", "participation": 2, "shares": 9,
        "unplaced": 0, "accounts": 5, "objects": 4, "repeated": 10, "null_mean": 2.0,
        "null_lo": 1.0, "null_hi": 4.0, "p": 0.01, "q": 0.01,
    } | told  # fmt: skip


def synchrony(*told: dict[str, Any]) -> go.Figure:
    return synchrony_figure(rows(COORDINATION, *told, appeal_id="a"))


def drawn(figure: go.Figure) -> dict[str, list[float | None]]:
    return {trace.name: list(trace.x) for trace in figure.data}


def test_found_and_chance_stand_in_one_row_on_an_axis_of_powers() -> None:
    figure = synchrony(look("url", 10))
    assert drawn(figure) == {
        CHANCE: [0.0, math.log10(4), None],
        EXPECTED: [math.log10(2)],
        FOUND: [1.0],
    }
    assert len({y for trace in figure.data for y in trace.y if y is not None}) == 1


def test_none_has_a_place_on_the_axis_and_is_called_none() -> None:
    figure = synchrony(look("url", 10, repeated=0, null_mean=0.0, null_lo=0.0, null_hi=0.0, q=1.0))
    assert drawn(figure)[ALIKE] == [math.log10(NONE_AT)]
    low, high, _gap = drawn(figure)[CHANCE]
    assert low is not None
    assert high is not None
    assert high > low  # a band without width is seen
    axis = figure.layout.xaxis
    assert dict(zip(axis.tickvals, axis.ticktext, strict=True))[math.log10(NONE_AT)] == "0"


def test_only_what_passes_over_all_looks_is_filled() -> None:
    figure = synchrony(look("url", 10, q=0.05), look("url", 60, q=0.06))
    assert len(drawn(figure)[FOUND]) == len(drawn(figure)[ALIKE]) == 1


def test_rows_go_by_kind_then_window_and_what_was_not_held_against_chance_is_left_out() -> None:
    figure = synchrony(
        look("text", 60), look("original", 600), look("original", 10), look("url", None),
        look("media", 10, null_mean=None), look("original", 18.5, window_basis="data"),
    )  # fmt: skip
    assert list(figure.layout.yaxis.ticktext) == [
        "10 seconds", "18.5 seconds *", "10 minutes", "60 seconds",
    ]  # fmt: skip
    heads = [note.text for note in figure.layout.annotations]
    assert heads == ["<b>The same post passed on</b>", "<b>The same words</b>"]
    places = list(figure.layout.yaxis.tickvals)
    assert places == sorted({*places})


def group(number: int, meetings: int, expected: float) -> dict[str, Any]:
    return {
        "object": "original", "window": 60.0, "chance": "dealt", "group": number, "accounts": 5,
        "edges": 4, "objects": 1, "pairs": 9, "meetings": meetings, "expected": expected, "q": 0.01,
    }  # fmt: skip


def test_a_group_is_a_line_from_chance_to_what_was_found() -> None:
    figure = groups_figure(
        rows(COORDINATION_GROUPS, group(1, 80, 40.5), group(2, 9, 1.0), appeal_id="a")
    )
    line, expected, found = figure.data
    assert list(line.x) == [40.5, 80, None, 1.0, 9, None]
    assert (list(expected.x), list(found.x)) == ([40.5, 1.0], [80, 9])
    assert list(figure.layout.yaxis.ticktext) == ["5 accounts, 1 thing"] * 2
    heads = [note.text for note in figure.layout.annotations]
    assert heads == ["<b>The same post passed on, within 60 seconds</b>"]


def trait(name: str, kind: str | None, *quarters: float) -> dict[str, Any]:
    window, chance = (None, None) if kind is None else (60.0, "dealt")
    told = dict(zip(("q25", "q50", "q75"), quarters, strict=True))
    return {"flag": name, "object": kind, "window": window, "chance": chance, "accounts": 12} | told


def test_traits_have_a_panel_each_with_all_accounts_and_those_in_groups() -> None:
    figure = flags_figure(
        rows(
            COORDINATION_FLAGS, trait("account_age", None, 1, 2, 3),
            trait("account_age", "original", 4, 5, 6), trait("posts_per_hour", None, 7, 8, 9),
            appeal_id="a",
        )
    )  # fmt: skip
    assert [(list(trace.x), trace.xaxis) for trace in figure.data] == [
        ([7, 9], "x"), ([8], "x"), ([1, 3], "x2"), ([2], "x2"), ([4, 6], "x2"), ([5], "x2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (1, "1 second"),
        (90, "90 seconds"),
        (120, "2 minutes"),
        (7200, "2 hours"),
        (2.5, "2.5 seconds"),
    ],
)
def test_a_window_is_told_in_words(window: float, said: str) -> None:
    with speaking("en"):
        assert seconds(window) == said
