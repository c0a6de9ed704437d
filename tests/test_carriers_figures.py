"""Figures of carriers against small tables, in closed form."""

import polars as pl
import pytest
from strategies import rows

from analytics.measured import BROKERS, CARRIERS, REMOVAL, SPREADERS
from analytics.tables import ACCOUNTS
from dashboards.figures.carriers import (
    brokers_figure,
    concentration_figure,
    group_of,
    groups_figure,
    rankings_figure,
    ranks_figure,
    removal_figure,
    role_colours,
)
from dashboards.naming import called
from dashboards.theme import DARK, LIGHT, Look

HOSTILE = "<script>alert(1)</script>\u202e" + "x" * 10_000


def spreaders(*told: dict[str, object]) -> pl.DataFrame:
    least = {"credit": 0.0, "credit_lo": 0.0, "credit_hi": 0.0, "first_chance": 0.0, "started": 0,
             "reshares": 0, "h_index": 0, "role": "unknown"}  # fmt: skip
    numbered = [least | {"account_id": f"x:{n}"} | row for n, row in enumerate(told)]
    table = rows(SPREADERS, *numbered, appeal_id="a")
    return table.with_columns(who=pl.format("who {}", "account_id"))


def test_a_rank_is_a_dot_within_its_interval_on_its_own_row() -> None:
    table = spreaders(
        {"rank": 1, "rank_lo": 1, "rank_hi": 3, "role": "media"},
        {"rank": 2, "rank_lo": 1, "rank_hi": 9},
        {"rank": 3, "rank_lo": 2, "rank_hi": 3, "role": "media"},
    )
    spans, dots, others, other = ranks_figure(table).data
    assert list(spans.x) == [1, 3, None, 2, 3, None]
    assert list(spans.y) == [0, 0, None, 2, 2, None]
    assert list(zip(dots.x, dots.y, strict=True)) == [(1, 0), (3, 2)]
    assert list(others.x) == [1, 9, None]
    assert list(other.y) == [1]
    assert dots.marker.color != other.marker.color


def test_roles_that_are_public_stand_before_the_number_of_followers() -> None:
    assert group_of({"role": "official", "tier": "mega"}) == "official"
    assert group_of({"role": "person", "tier": "micro"}) == "micro"
    assert group_of({"role": "unknown", "tier": None}) == "hidden"


def test_every_account_is_a_dot_in_its_group_and_nothing_stands_at_nought() -> None:
    table = spreaders(
        {"credit": 9.0, "tier": "nano"}, {"credit": 0.0, "tier": "nano"},
        {"credit": 99.0, "role": "media"}, {"credit": 4.0},
    )  # fmt: skip
    figure = groups_figure(table)
    assert [list(trace.x) for trace in figure.data] == [[100.0], [10.0, 1.0], [5.0]]
    rows_ = [{round(y) for y in trace.y} for trace in figure.data]
    assert rows_ == [{0}, {1}, {2}]
    axis = figure.layout.xaxis
    ticks = dict(zip(axis.tickvals, axis.ticktext, strict=True))
    assert (ticks[1], ticks[11]) == ("0", "10")


def removal(ranking: str, *told: tuple[int, float, float, float]) -> pl.DataFrame:
    numbered = (
        {"accounts": n, "own": own, "tree": tree, "tree_lo": tree, "tree_hi": tree + 0.1,
         "static": static}
        for n, own, tree, static in told
    )  # fmt: skip
    return rows(REMOVAL, *numbered, appeal_id="a", ranking=ranking)


def test_what_would_be_missing_lies_between_two_curves() -> None:
    figure = removal_figure(removal("credit", (1, 0.1, 0.2, 0.9), (2, 0.3, 0.5, 0.6)))
    drawn = {trace.name: list(trace.y) for trace in figure.data}
    assert drawn["least: their own shares"] == [0.1, 0.3]
    assert drawn["most: all that hangs from them"] == [0.2, 0.5]
    (band,) = [trace for trace in figure.data if trace.fill == "tonexty"]
    assert list(band.y) == pytest.approx([0.3, 0.6])


def test_rankings_are_told_apart_without_colour() -> None:
    table = pl.concat([removal("credit", (1, 0.1, 0.2, 0.9)), removal("followers", (1, 0, 0, 0.7))])
    figure = rankings_figure(table)
    assert {trace.name: list(trace.y) for trace in figure.data} == {
        "what they carried": [0.9], "followers": [0.7],
    }  # fmt: skip
    assert len({trace.line.dash for trace in figure.data}) == 2


def test_concentration_without_a_number_draws_nothing_of_it() -> None:
    told = {"shares": 3, "hidden": 0, "unknown": 0, "could_be_first": 1}
    some = {"gini_lo": 0.2, "gini": 0.3, "gini_hi": 0.5}
    figure = concentration_figure(rows(CARRIERS, told | some, appeal_id="a"))
    assert [list(trace.x) for trace in figure.data] == [[0.2, 0.5], [0.3]]


def test_brokers_stand_under_their_border_in_the_order_given() -> None:
    table = rows(
        BROKERS,
        {"account_id": "x:1", "across": "platform", "credit": 9.0},
        {"account_id": "x:2", "across": "platform", "credit": 99.0},
        {"account_id": "x:2", "across": "language", "credit": 4.0},
        appeal_id="a", crossings=1.0,
    ).with_columns(who=pl.lit(HOSTILE), role=pl.lit("unknown"))  # fmt: skip
    borders = {"language": "Languages", "platform": "Platforms", "community": "Communities"}
    figure = brokers_figure(table, borders, look=DARK)
    (dots,) = [trace for trace in figure.data if trace.mode == "markers"]
    assert list(zip(dots.x, dots.y, strict=True)) == [(5.0, 1), (10.0, 3), (100.0, 4)]
    assert [note.text for note in figure.layout.annotations] == [
        "<b>Languages</b>",
        "<b>Platforms</b>",
    ]
    drawn = "".join(figure.layout.yaxis.ticktext) + "".join(dots.customdata)
    assert "<script" not in drawn
    assert len(drawn) < 1_000


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_every_role_has_a_colour_of_its_own(look: Look) -> None:
    colours = role_colours(look)
    assert len({*colours.values()}) == len(colours) == 6


def test_an_account_is_named_only_where_its_role_is_public() -> None:
    known = rows(
        ACCOUNTS,
        {"account_id": "x:1", "name": "Ministry", "role": "official"},
        {"account_id": "x:2", "name": "A Person", "handle": "aperson", "role": "person"},
        {"account_id": "x:3", "name": "Somebody", "handle": "somebody", "role": "unknown"},
        platform="x",
    )  # fmt: skip
    ids = ["x:3", "x:1", "x:2", "x:~0123456789abcdef"]
    names = called(known, pl.Series("account_id", ids))["who"].to_list()
    assert names == ["X, no. 1 (not named)", "Ministry, X", "X, no. 3 (not named)", "X ~01234567"]
