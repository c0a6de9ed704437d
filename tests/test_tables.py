"""The door: what a table lets in, and what it says when it does not."""

import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import frames, rows

from analytics.catalog import TABLES
from analytics.errors import TableError
from analytics.schema import Table
from analytics.tables import APPEALS, POSTS, RESPONSES

POST = {"post_id": "x:1", "appeal_id": "a", "platform": "x", "kind": "original", "source": "test"}


def refused(frame: pl.DataFrame, table: Table = POSTS) -> str:
    with pytest.raises(TableError) as error:
        table.check(frame)
    return str(error.value)


def test_missing_columns_are_all_named() -> None:
    message = refused(pl.DataFrame([POST]).drop("kind", "source"))
    assert message == (
        "posts: the columns kind, source are missing; docs/tables.md lists what each table needs"
    )


def test_an_unknown_column_is_named() -> None:
    message = refused(pl.DataFrame([POST | {"author": "x:7"}]))
    assert message == "posts: there is no column 'author'; docs/tables.md lists them all"


def test_a_wrong_type_is_named_with_the_right_one() -> None:
    message = refused(pl.DataFrame([POST | {"text": 3}]))
    assert message == "posts.text is Int64, but has to be String; cast it"


def test_times_without_a_zone_are_refused() -> None:
    naive = pl.DataFrame([POST]).with_columns(at=pl.datetime(2026, 1, 1))
    assert "has to be Datetime(time_unit='us', time_zone='UTC')" in refused(naive)


def test_a_null_where_a_value_is_needed_is_named_with_its_row() -> None:
    message = refused(pl.DataFrame([POST, POST | {"kind": None}]))
    assert message == "posts.kind is empty in row 1; every row needs it"


def test_a_value_outside_the_list_is_named_with_the_list() -> None:
    message = refused(pl.DataFrame([POST, POST, POST | {"kind": "retweet"}]))
    assert message == (
        "posts.kind is 'retweet' in row 2; "
        "write one of: original, repost, quote, reply, comment, article"
    )


@pytest.mark.parametrize("bad", ["12", "", ":12", "x:", "X:12", "x :1"])
@pytest.mark.parametrize("column", ["post_id", "account_id", "parent_id", "root_id"])
def test_an_id_without_its_platform_is_refused(bad: str, column: str) -> None:
    message = refused(pl.DataFrame([POST, POST | {column: bad}], infer_schema_length=None))
    assert message == f"posts.{column} is {bad!r} in row 1; write platform:id"


def test_a_long_bad_value_is_cut() -> None:
    assert len(refused(pl.DataFrame([POST | {"kind": "k" * 1000}]))) < 250


@pytest.mark.parametrize(
    "good", ["x:1", "telegram:chan/42", "bluesky:at://did:plc:a/p/1", "web:https://a.example/ё"]
)
def test_ids_of_every_platform_are_let_in(good: str) -> None:
    assert rows(POSTS, POST | {"post_id": good})["post_id"].to_list() == [good]


def test_optional_columns_are_added_as_nulls_in_order() -> None:
    checked = POSTS.check(pl.DataFrame([dict(reversed(POST.items()))]))
    assert checked.schema == POSTS.schema
    lacking = len(POSTS.columns) - len(POST)
    assert checked.select(pl.exclude(*POST)).null_count().row(0) == (1,) * lacking


def test_required_values_of_every_type_may_not_be_null() -> None:
    act = {"response_id": "r", "appeal_id": "a", "actor": "police", "verb_code": "09"}
    nothing: dict[str, Any] = {"from": None, "to": None}
    frame = pl.DataFrame([act | nothing], schema_overrides=dict(RESPONSES.schema))
    assert refused(frame, RESPONSES) == "responses.from is empty in row 0; every row needs it"


@given(table=st.sampled_from(list(TABLES.values())), data=st.data())
@settings(max_examples=60)
def test_checking_again_changes_nothing(table: Table, data: st.DataObject) -> None:
    frame = data.draw(frames(table))
    once = table.check(frame.select(reversed(frame.columns)))
    assert_frame_equal(once, frame)
    assert_frame_equal(table.check(once), once)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_tables_describe_themselves(table: Table) -> None:
    assert {*table.key} <= table.columns.keys()
    assert table.day is None or table.schema[table.day] == APPEALS.schema["published_at"]
    assert table.check(table.empty()).is_empty()
    assert all(re.fullmatch(r"\S.*[^.\s]", column.doc) for column in table.columns.values())
