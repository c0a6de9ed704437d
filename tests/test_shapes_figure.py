"""The picture of shapes draws what the table says, and says which of it is inferred."""

import polars as pl

from analytics.measured import CASCADES, SHAPES
from dashboards.figures.shapes import INFERRED, MEDIAN, OBSERVED, PDI, STAR, shapes_figure

BAND = {
    "depth_lo": 3, "depth": 5, "depth_hi": 9, "max_breadth_lo": 4, "max_breadth": 5,
    "max_breadth_hi": 6, "virality_lo": 2.0, "virality": 2.5, "virality_hi": 4.0,
}  # fmt: skip


def cascade(number: int, size: int) -> dict[str, object]:
    return {
        "appeal_id": "a", "root_id": f"x:{number}", "platform": "x", "root_held": True,
        "size": size, "accounts": size, "shares": size - 1, "observed": 0, "replies": 0,
    }  # fmt: skip


def shape(number: int, method: str) -> dict[str, object]:
    told = {"trees": 100, "drawn": 10, "hidden": 9, "method": method}
    return {"appeal_id": "a", "root_id": f"x:{number}"} | told | BAND


CASCADES_OF_TWO = CASCADES.check(
    pl.DataFrame([cascade(1, 10), cascade(2, 5)], schema_overrides=CASCADES.schema)
)


def drawn(*rows: dict[str, object]) -> dict[str, list[list[object]]]:
    shapes = SHAPES.check(pl.DataFrame(list(rows), schema_overrides=SHAPES.schema))
    figure = shapes_figure(shapes, CASCADES_OF_TWO)
    return {f"{trace.name} {trace.xaxis}": [list(trace.x), list(trace.y)] for trace in figure.data}


def test_a_band_runs_from_its_low_to_its_high_end_in_the_row_of_its_cascade() -> None:
    found = drawn(shape(2, "calibrated"))
    assert found == {
        f"{INFERRED} x": [[3, 9, None], [1, 1, None]],
        f"{MEDIAN} x": [[5], [1]],
        f"{INFERRED} x2": [[2.0, 4.0, None], [1, 1, None]],
        f"{MEDIAN} x2": [[2.5], [1]],
    }


def test_methods_are_told_apart() -> None:
    found = drawn(shape(1, "star"), shape(1, "pdi"), shape(2, "observed"))
    names = {name.rsplit(" ", 1)[0] for name in found}
    assert names == {STAR, PDI, OBSERVED}


def test_cascades_that_are_not_asked_for_are_not_drawn() -> None:
    assert drawn(shape(3, "calibrated")) == {}
