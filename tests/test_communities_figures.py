"""Communities, mixing and languages: the figures draw what the tables say, where it belongs."""

from typing import Any

import plotly.graph_objects as go
import polars as pl
import pytest
from strategies import rows

from analytics.measured import COMMUNITIES, HOMOPHILY, LANGUAGES, MIXING, PARTITIONS
from dashboards.figures.communities import (
    FEWEST,
    ROUND,
    communities_figure,
    homophily_figure,
    mixing_figure,
    partition_figure,
    parts_figure,
)
from dashboards.theme import DARK, LIGHT

PARTITION = {
    "accounts": 60, "pairs": 90, "component": 55, "communities": 3, "modularity": 0.62,
    "first_modularity": 0.6, "chance_lo": 0.4, "chance": 0.45, "chance_hi": 0.5, "rewired": 99,
    "stability": 0.9, "runs": 20,
}  # fmt: skip


def community(number: int, accounts: int, inside: float, top: float) -> dict[str, Any]:
    return {
        "community": number, "accounts": accounts, "inside": 10, "across": 5,
        "inside_share": inside, "top_share": top, "attributed": 1.0, "top_account_id": "x:~1",
        "language_known": 0, "role_known": 0,
    }  # fmt: skip


def named(value: str | None) -> str:
    return "unknown" if value is None else value.upper()


def drawn(figure: go.Figure) -> dict[str, list[list[Any]]]:
    return {trace.name: [list(trace.x), list(trace.y)] for trace in figure.data if trace.name}


def test_a_partition_stands_beside_what_chance_does() -> None:
    figure = partition_figure(rows(PARTITIONS, PARTITION, appeal_id="a"))
    assert [list(trace.x) for trace in figure.data] == [[0.4, 0.5], [0.6], [0.62]]


def test_a_community_has_its_size_and_both_of_its_parts_in_one_row() -> None:
    told = community(0, 40, 0.9, 0.2), community(1, 15, 0.5, 1.0)
    figure = communities_figure(rows(COMMUNITIES, *told, appeal_id="a"))
    bar, line, inside, top = figure.data
    assert (list(bar.x), list(bar.y)) == ([40, 15], [0, 1])
    assert list(line.x) == [0.9, 0.2, None, 0.5, 1.0, None]
    assert (list(inside.x), list(top.x)) == ([0.9, 0.5], [0.2, 1.0])
    assert list(figure.layout.yaxis.ticktext) == ["40", "15"]


def languages(*told: tuple[str, str | None, int]) -> pl.DataFrame:
    zero = dict.fromkeys(
        ("originals", "shares", "replies", "accounts", "detected", "by_platform", "by_original"), 0
    )
    known = [
        {"platform": platform, "lang": lang, "posts": posts, "share": 0.1} | zero
        for platform, lang, posts in told
    ]
    return rows(LANGUAGES, *known, appeal_id="a")


def parts(table: pl.DataFrame, values: list[str]) -> go.Figure:
    return parts_figure(
        table, row="platform", value="lang", size="posts", values=values, named=named,
        rows=[("x", "X"), ("vk", "VK")],
    )  # fmt: skip


def test_parts_have_one_colour_each_and_the_rest_is_told_apart_from_what_is_not_known() -> None:
    table = languages(("x", "kk", 3), ("x", "ru", 5), ("vk", "ru", 2), ("vk", None, 4),
                      ("vk", "de", 1), ("x", "fr", 1))  # fmt: skip
    figure = parts(table, ["ru", "kk"])
    assert drawn(figure) == {
        "RU": [[5, 2], [0, 1]],
        "KK": [[3], [0]],
        "others": [[1, 1], [1, 0]],
        "unknown": [[4], [1]],
    }
    colours = {trace.name: trace.marker.color for trace in figure.data}
    assert len({*colours.values()}) == 4
    assert colours["RU"] == LIGHT.series[0]
    assert figure.data[-1].marker.pattern.shape == "/"
    assert figure.layout.barnorm == "percent"


def test_a_row_that_was_not_asked_for_is_not_drawn() -> None:
    assert drawn(parts(languages(("bluesky", "ru", 5)), ["ru"])) == {}


def cell(source: str | None, target: str | None, links: int, expected: float) -> dict[str, Any]:
    ratio = links / expected if expected else None
    return {
        "by": "language", "source": source, "target": target, "links": links, "shares": links,
        "expected": expected, "ratio": ratio,
    }  # fmt: skip


def test_a_cell_is_coloured_by_the_power_of_two_where_enough_is_expected() -> None:
    told = [
        cell("kk", "kk", 40, 10), cell("kk", "ru", 5, 20), cell("ru", "kk", 3, FEWEST - 1),
        cell("ru", None, 0, 9),
    ]  # fmt: skip
    figure = mixing_figure(
        rows(MIXING, *told, appeal_id="a"), values=["kk", "ru", None], named=named
    )
    (grid,) = figure.data
    assert [list(line) for line in grid.z] == [
        [2, -2, None],
        [None, None, -ROUND],
        [None, None, None],
    ]
    assert [list(line) for line in grid.text][:2] == [["40", "5", ""], ["3", "", "0"]]
    assert list(grid.x) == ["KK", "RU", "unknown"]


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_ink_can_be_read_on_the_strongest_cell(look: Any) -> None:  # noqa: ANN401
    table = rows(MIXING, cell("kk", "kk", 800, 10), appeal_id="a")
    (grid,) = mixing_figure(table, values=["kk"], named=named, look=look).data
    for place in (0, -1):
        assert contrast(grid.colorscale[place][1], look.ink) > 4.5


def contrast(ground: str, ink: str) -> float:
    """Return the ratio of WCAG 2.2."""
    strong = [int(part) for part in ground.removeprefix("rgb(").rstrip(")").split(",")]
    written = [int(ink[place : place + 2], 16) for place in (1, 3, 5)]
    low, high = sorted(map(luminance, (strong, written)))
    return (high + 0.05) / (low + 0.05)


def luminance(parts: list[int]) -> float:
    linear = [
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_each_trait_has_its_index_and_what_chance_gives() -> None:
    told = [
        {"by": "language", "pairs": 9, "known": 9, "external": 3, "ei": -0.5, "ei_expected": 0.1},
        {"by": "role", "pairs": 9, "known": 4, "external": 2, "ei": 0.0, "ei_expected": -0.2},
    ]
    figure = homophily_figure(rows(HOMOPHILY, *told, appeal_id="a"), named=str.upper)
    line, expected, found = figure.data
    assert list(line.x) == [0.1, -0.5, None, -0.2, 0.0, None]
    assert (list(expected.x), list(found.x)) == ([0.1, -0.2], [-0.5, 0.0])
    assert list(figure.layout.yaxis.ticktext) == ["LANGUAGE", "ROLE"]
