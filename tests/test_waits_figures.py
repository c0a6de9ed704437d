"""Curves and the aligned picture draw every row that they get, where it belongs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import plotly.graph_objects as go
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from analytics.measured import SURVIVAL, TIMELINE
from analytics.responses import RUNG_NAMES
from analytics.tables import RESPONSES
from dashboards.figures.aligned import OFF, aligned_figure
from dashboards.figures.survival import NO_REGISTER, survival_figure
from dashboards.theme import LIGHT

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = (START, START + timedelta(days=40))


def step(day: float | None, waiting: float | None, **told: Any) -> dict[str, Any]:  # noqa: ANN401
    row = {"register": "r", "ending": "rung_1", "day": day, "from_day": day, "waiting": waiting,
           "at_risk": 10, "ended": 1, "censored": 0}  # fmt: skip
    return row | told


def curves(*steps: dict[str, Any]) -> go.Figure:
    rows = SURVIVAL.check(pl.DataFrame(list(steps), schema=SURVIVAL.schema))
    return survival_figure(rows, ending="any answer")


def lines(figure: go.Figure) -> dict[str, list[list[float]]]:
    named = [trace for trace in figure.data if trace.name and trace.mode == "lines"]
    return {trace.name: [list(trace.x), list(trace.y)] for trace in named}


def texts(figure: go.Figure) -> str:
    return " ".join(note.text for note in figure.layout.annotations)


def test_each_register_has_a_curve_of_steps() -> None:
    figure = curves(step(0, 1.0), step(3, 0.5), step(0, 1.0, register=None),
                    step(8, 0.9, register=None))  # fmt: skip
    assert lines(figure) == {"r": [[0, 3], [1, 0.5]], NO_REGISTER: [[0, 8], [1, 0.9]]}
    assert {t.line.shape for t in figure.data if t.name} == {"hv"}


def test_a_band_is_drawn_where_it_is_told() -> None:
    figure = curves(step(0, 1.0), step(3, 0.5, waiting_lo=0.3, waiting_hi=0.7), step(9, 0.0))
    upper, lower = figure.data[:2]
    assert (list(upper.x), list(upper.y), upper.fill) == ([3], [0.7], None)
    assert (list(lower.x), list(lower.y), lower.fill) == ([3], [0.3], "tonexty")


def test_where_nothing_is_known_a_box_is_drawn_and_no_slope() -> None:
    figure = curves(step(0, 1.0), step(9, 0.4, from_day=5))
    (box,) = [trace for trace in figure.data if trace.fill == "toself"]
    assert list(box.x) == [5, 9, 9, 5, 5, None]
    assert list(box.y) == [1, 1, 0.4, 0.4, 1, None]


def test_under_each_tick_stands_how_many_were_still_at_risk() -> None:
    figure = curves(step(0, 1.0, at_risk=30), step(4, 0.9, at_risk=20), step(10, 0.8, at_risk=7))
    (row,) = [trace for trace in figure.data if trace.mode == "text"]
    at_risk = dict(zip(row.x, row.text, strict=True))
    assert (at_risk[0], at_risk[2], at_risk[4], at_risk[6]) == ("30", "20", "20", "7")


def test_who_was_last_looked_at_is_marked() -> None:
    figure = curves(step(0, 1.0), step(4, 1.0, ended=0, censored=2))
    (marks,) = [trace for trace in figure.data if trace.mode == "markers"]
    assert list(marks.x) == [4]


def test_a_refusal_is_written_where_the_curve_would_be() -> None:
    figure = curves(step(None, None, note="appeals counted: 3, needed: 10"))
    assert "r: appeals counted: 3, needed: 10" in texts(figure)
    assert lines(figure) == {}


def timeline(counts: dict[str, list[int]]) -> pl.DataFrame:
    rows = [
        ("a", platform, "1d", START + timedelta(days=day), posts, 0, posts, 0, 1, 0)
        for platform, series in counts.items()
        for day, posts in enumerate(series)
    ]
    return pl.DataFrame(rows, schema=TIMELINE.schema, orient="row")


def act(day: int, days: int, rung: int | None) -> dict[str, Any]:
    start = START + timedelta(days=day)
    return {"response_id": f"{day}{rung}", "appeal_id": "a", "from": start,
            "to": start + timedelta(days=days), "actor": "Ministry", "verb_code": "09",
            "rung": rung}  # fmt: skip


def aligned(
    counts: dict[str, list[int]],
    *acts: dict[str, Any],
    peak: tuple[datetime, datetime] | None = None,
) -> go.Figure:
    responses = pl.DataFrame(list(acts), schema=RESPONSES.schema)
    return aligned_figure(timeline(counts), responses, window=WINDOW, published=START, peak=peak)


def bars(figure: go.Figure) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.type == "scatter"]


@given(
    st.dictionaries(
        st.sampled_from(["x", "telegram", "web"]), st.lists(st.integers(1, 99), min_size=1)
    )
)
def test_every_post_is_drawn(counts: dict[str, list[int]]) -> None:
    figure = aligned({name: series for name, series in counts.items() if series})
    drawn = [sum(trace.y) for trace in figure.data if trace.type == "bar"]
    assert drawn == [sum(series) for series in counts.values()]


def test_an_act_is_a_bar_over_its_possible_times_on_its_rung() -> None:
    figure = aligned({"x": [1]}, act(2, 3, 3), act(9, 0, -3))
    helps, harms = bars(figure)
    assert list(helps.x) == [START + timedelta(days=2), START + timedelta(days=5)]
    assert (list(helps.y), helps.line.color) == ([3, 3], LIGHT.helps)
    assert (list(harms.y), harms.line.color) == ([-3, -3], LIGHT.harms)
    assert list(harms.x) == [START + timedelta(days=9)] * 2


def test_acts_on_one_rung_stand_beside_each_other() -> None:
    drawn = bars(aligned({"x": [1]}, *(act(2, 3, 3) | {"response_id": str(n)} for n in range(3))))
    heights = {trace.y[0] for trace in drawn}
    assert len(heights) == 3
    assert {round(height) for height in heights} == {3}


def test_acts_off_the_ladder_have_a_line_of_their_own() -> None:
    ladder = aligned({"x": [1]}, act(2, 3, 3)).layout.yaxis2
    assert (len(ladder.ticktext), OFF in ladder.ticktext) == (len(RUNG_NAMES), False)
    figure = aligned({"x": [1]}, act(2, 3, None))
    names = dict(zip(figure.layout.yaxis2.ticktext, figure.layout.yaxis2.tickvals, strict=True))
    assert bars(figure)[0].y[0] == names[OFF]


def test_posts_and_acts_share_one_axis_of_time() -> None:
    peak = (START + timedelta(days=1), START + timedelta(days=2))
    figure = aligned({"x": [1, 2], "web": [3]}, act(1, 1, 1), peak=peak)
    assert {trace.xaxis for trace in figure.data} <= {None, "x"}
    assert tuple(figure.layout.xaxis.range) == WINDOW
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [peak, (START, START)]
    assert "published" in texts(figure)


def test_nothing_but_responses_is_drawn_too() -> None:
    assert len(aligned({}, act(2, 3, 3)).data) == 1
