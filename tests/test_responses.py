"""The response ladder: verb and target decide the rung."""

import polars as pl
import pytest

from analytics.responses import RUNG_NAMES, RUNGS, ladder, with_rungs
from analytics.tables import TARGETS

HARMED = ("appellant", "supporters")


def rung(verb: str, target: str | None = None, table: pl.DataFrame | None = None) -> int | None:
    schema = {"verb_code": pl.String, "target": pl.String}
    acts = pl.DataFrame([(verb, target)], schema=schema, orient="row")
    placed: int | None = with_rungs(acts, table)["rung"].item()
    return placed


def test_the_longest_prefix_decides() -> None:
    table = pl.DataFrame(
        {"verb": ["1", "17", "173"], "target": [None] * 3, "rung": [1, 2, 3]},
        schema_overrides={"target": pl.String},
    )
    assert [rung(verb, None, table) for verb in ("1", "12", "171", "173", "1733", "2")] == [
        1, 1, 2, 3, 3, None,
    ]  # fmt: skip


def test_a_longer_verb_counts_for_more_than_the_target() -> None:
    table = pl.DataFrame({"verb": ["17", "173"], "target": ["accused", None], "rung": [1, 2]})
    assert rung("173", "accused", table) == 2
    assert rung("174", "accused", table) == 1


def test_a_row_that_names_the_target_comes_before_one_for_any() -> None:
    assert rung("09", "accused") == rung("09") == 3
    assert rung("09", "appellant") == -3


@pytest.mark.parametrize("verb", ["173", "1734", "115", "116", "172"])
def test_the_target_decides_the_sign(verb: str) -> None:
    helped = "institution" if verb == "172" else "accused"
    assert (rung(verb, helped) or 0) > 0
    assert [rung(verb, target) for target in HARMED] == [-3, -3]


@pytest.mark.parametrize(
    ("verb", "target"),
    [("02", None), ("1", None), ("999", "public"), ("173", None), ("13", "accused")],
)
def test_what_is_off_the_ladder_is_null(verb: str, target: str | None) -> None:
    assert rung(verb, target) is None


def test_every_row_of_the_ladder_can_be_reached() -> None:
    assert not ladder().select("verb", "target").is_duplicated().any()
    for verb, target, expected in ladder().select("verb", "target", "rung").iter_rows():
        assert rung(verb, target) == expected


def test_the_ladder_is_written_in_known_words() -> None:
    assert {*ladder()["target"].drop_nulls()} <= {*TARGETS}
    assert {*ladder()["rung"]} <= {*RUNGS} - {0}
    assert {*RUNG_NAMES} == {*RUNGS}
    assert ladder().select("meaning", "example").null_count().row(0) == (0, 0)


def test_nothing_done_to_those_who_appeal_stands_above_zero_but_words_and_promises() -> None:
    verbs = ladder()["verb"].unique()
    high = {verb for verb in verbs for target in HARMED if (rung(verb, target) or 0) > 2}
    assert high == {"083"}  # a rule is changed


def test_rows_keep_their_order_and_their_columns() -> None:
    acts = pl.DataFrame(
        {"verb_code": ["12", "02", "09"], "coder": ["a", "b", "c"], "rung": [9, 9, 9]}
    )
    placed = with_rungs(acts.with_columns(target=pl.lit("accused")))
    assert placed.columns == ["verb_code", "coder", "rung", "target"]
    assert placed.select("coder", "rung").rows() == [("a", -1), ("b", None), ("c", 3)]
    assert with_rungs(placed).equals(placed)
    assert with_rungs(placed.clear()).is_empty()
