"""Figures of reach against small tables, in closed form."""

from collections.abc import Mapping
from math import log10

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import at, rows

from analytics.measured import (
    COVERAGE,
    DECAY,
    FORECASTS,
    OVERLAPS,
    PEAKS,
    PHASES,
    REACH,
    TIMELINE,
    VIEWS,
)
from dashboards.figures.panels import powers
from dashboards.figures.reach import (
    UNKNOWN_AT,
    accounts_figure,
    coverage_figure,
    decay_figure,
    forecast_figure,
    interval_figure,
    overlaps_figure,
    pace_figure,
    tried_figure,
    views_figure,
)
from dashboards.theme import DARK

HOSTILE = "<script>alert(1)</script>\u202e" + "x" * 10_000


def reach(*told: dict[str, object]) -> pl.DataFrame:
    least = {
        "appeal_id": "a", "posts": 9, "unknown": 0, "accounts": 7, "carriers": 5, "counted": 5,
        "hidden": 0, "undated": 0, "note": "",
    }  # fmt: skip
    return rows(REACH, *(least | row for row in told))


def two_platforms() -> pl.DataFrame:
    return reach(
        {"platform": "x", "at": at(1), "accounts": 3, "carriers": 2, "union_lo": 10},
        {"platform": "x", "at": at(2), "accounts": 8, "carriers": 5, "union_lo": 200},
        {"platform": "vk", "at": at(1), "union_lo": 0, "union_hi": 0},
        {"platform": "vk", "at": at(3), "union_lo": 90, "union_hi": 1000},
    )


def test_accounts_are_drawn_platform_by_platform_and_never_added() -> None:
    figure = accounts_figure(two_platforms())
    drawn = {(trace.yaxis, trace.name): list(trace.y) for trace in figure.data}
    assert drawn == {
        ("y", "carriers"): [2, 5], ("y", "accounts"): [3, 8],
        ("y2", "carriers"): [5, 5], ("y2", "accounts"): [7, 7],
    }  # fmt: skip


def test_bounds_without_an_upper_end_go_on_to_the_edge_and_say_so() -> None:
    figure = interval_figure(two_platforms())
    by_panel = {axis: [t for t in figure.data if t.yaxis == axis] for axis in ("y", "y2")}
    (hatched,) = [trace for trace in figure.data if trace.fillpattern.shape]
    assert hatched.yaxis == "y"
    assert log10(hatched.y[0]) == pytest.approx(figure.layout.yaxis.range[1])
    assert [list(t.y) for t in by_panel["y2"] if t.name == "union_hi"] == [[1, 1000]]
    assert not [t for t in by_panel["y"] if t.name == "union_hi"]
    assert sum("no upper end" in note.text for note in figure.layout.annotations) == 1


def test_views_of_two_parts_or_two_definitions_are_never_joined() -> None:
    told = [
        ("viewCount", 0, 1, 5),
        ("viewCount", 0, 2, 9),
        ("viewCount", 1, 3, 2),
        ("plays", 0, 1, 4),
    ]
    views = rows(
        VIEWS,
        *({"definition": name, "part": part, "at": at(hour), "value": value}
          for name, part, hour, value in told),
        appeal_id="a", platform="youtube", posts=1,
    )  # fmt: skip
    drawn = [(trace.yaxis, list(trace.y)) for trace in views_figure(views).data]
    assert drawn == [("y", [5, 9]), ("y", [2]), ("y2", [4])]


def test_a_hostile_definition_stays_words() -> None:
    views = rows(VIEWS, {"value": 1, "at": at(1), "part": 0}, appeal_id="a", platform="x", posts=1,
                 definition=HOSTILE)  # fmt: skip
    (title,) = views_figure(views).layout.annotations
    assert "&lt;script&gt;" in title.text
    assert "<script" not in title.text
    assert len(title.text) < 200


def test_the_pace_is_posts_an_hour_and_the_doubt_of_a_change_is_shaded() -> None:
    phases = rows(
        PHASES,
        {"phase": 0, "from": at(0), "to": at(48), "per_hour": 2.0, "trend": "start", "posts": 96},
        {"phase": 1, "from": at(48), "from_lo": at(40), "from_hi": at(50), "to": at(72),
         "per_hour": 0.0, "ratio": 0.0, "trend": "fall", "posts": 0},
        appeal_id="a", platform="x", minutes=60,
    )  # fmt: skip
    day = {"shares": 0, "replies": 0, "originals": 0, "accounts": 1, "gone": 0}
    timeline = rows(TIMELINE, *({"at": at(24 * n), "posts": 48} | day for n in range(2)),
                    appeal_id="a", platform="x", every="1d")  # fmt: skip
    peaks = rows(PEAKS, {"rank": 1, "at": at(24), "posts": 30}, appeal_id="a", platform="x",
                 minutes=360, prominence=9.0)  # fmt: skip
    figure = pace_figure(timeline, phases, peaks)
    bars, steps, peak = figure.data
    assert list(bars.y) == [2, 2]
    assert list(steps.y) == [2, 2, None, 0, 0, None]
    assert (list(peak.x), list(peak.y)) == ([at(27)], [5.0])
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(at(40), at(50))]


def test_a_half_life_without_an_upper_end_has_an_arrow_beyond_all_that_is_told() -> None:
    decay = rows(
        DECAY,
        {"law": "power", "half_life_hours": 4.0, "half_life_lo": 2.0, "weight": 0.9},
        {"law": "exponential", "half_life_hours": 30.0, "half_life_lo": 20.0,
         "half_life_hi": 40.0, "weight": 0.1},
        appeal_id="a", platform="x", minutes=60, bins=20, posts=60,
    )  # fmt: skip
    figure = decay_figure(decay)
    lines = {tuple(trace.x): trace for trace in figure.data if "lines" in trace.mode}
    assert [20.0, 40.0] in map(list, lines)
    (arrow,) = [trace for trace in lines.values() if "markers" in trace.mode]
    assert arrow.x[0] == 2.0
    assert arrow.x[1] > 40.0
    dots = [trace.marker.size for trace in figure.data if trace.mode == "markers"]
    assert dots[0] > dots[1]  # the nearer law first, and larger
    assert [name.split(": ")[1] for name in figure.layout.yaxis.ticktext] == [
        "power law",
        "exponential",
    ]


def forecasts(*told: Mapping[str, object]) -> pl.DataFrame:
    least = {"root_id": "x:1", "age_hours": 6.0, "at": at(6), "shares": 10, "calibrated_on": 30,
             "kind": "calibrated", "now": False, "finished": True}  # fmt: skip
    return rows(FORECASTS, *({**least, **row} for row in told), appeal_id="a", platform="x")


def test_a_range_that_was_tried_on_nothing_looks_unlike_one_that_was() -> None:
    ends = {"forecast_lo": 10.0, "forecast": 20.0, "forecast_hi": 40.0}
    figure = forecast_figure(forecasts(ends, ends | {"kind": "model range"}), ["a", "b"])
    dashes = [trace.line.dash for trace in figure.data if trace.mode == "lines"]
    symbols = [t.marker.symbol for t in figure.data if t.mode == "markers" and t.x == (20.0,)]
    assert dashes == ["solid", "dot"]
    assert symbols == ["circle", "circle-open"]


def test_forecasts_that_missed_are_told_from_those_that_held() -> None:
    ends = {"forecast_lo": 10.0, "forecast": 20.0, "forecast_hi": 40.0}
    table = forecasts(*(ends | {"final": final} for final in (9, 10, 40, 41)), {"final": 7})
    _diagonal, held, missed = tried_figure(table).data
    assert list(held.x) == [10, 40]
    assert list(missed.x) == [9, 41]
    assert list(held.error_y.array) == [20, 20]
    assert list(held.error_y.arrayminus) == [10, 10]


def test_a_floor_has_an_arrow_and_a_count_has_none() -> None:
    told = {"carriers": 3, "lists": 2, "complete": 1, "note": "", "value": 50}
    overlaps = rows(
        OVERLAPS,
        told | {"method": "exact", "value_lo": 50, "value_hi": 50, "at_least": False},
        told | {"method": "held", "value_lo": 50, "at_least": True},
        appeal_id="a", platform="x",
    )  # fmt: skip
    lines = [trace for trace in overlaps_figure(overlaps).data if "lines" in trace.mode]
    assert [trace.mode for trace in lines] == ["lines", "lines+markers"]
    assert list(lines[0].x) == [50, 50]


def test_what_nobody_counts_stands_beyond_the_axis() -> None:
    coverage = rows(
        COVERAGE,
        {"platform": "x", "what": "posts with a time", "held": 3, "known": 4, "share": 0.75},
        {"platform": "x", "what": HOSTILE, "held": 3},
        {"platform": "vk", "what": "posts with a time", "held": 0, "known": 0},
        appeal_id="a", note="",
    )  # fmt: skip
    figure = coverage_figure(coverage, told=str, look=DARK)
    x, vk = figure.data
    assert list(x.x) == [0.75, UNKNOWN_AT]
    assert list(x.marker.symbol) == ["circle", "circle-open"]
    assert list(vk.x) == [UNKNOWN_AT]
    assert x.customdata[0] == "3 of 4 held"
    assert "<script" not in "".join(figure.layout.yaxis.ticktext)


@given(st.floats(1e-2, 1e9), st.floats(1, 1e6))
def test_numbers_of_an_axis_of_powers_hold_what_is_drawn(low: float, times: float) -> None:
    told = powers(low, low * times)
    assert told[0] <= low * 1.000001
    assert told[-1] >= low * times * 0.999999
    assert told == sorted(told)
    assert 2 <= len(told) <= 12 or low == low * times
