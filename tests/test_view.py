"""What an address may say, and what it never does."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from dashboards.theme import DARK, LIGHT
from dashboards.view import PICTURES, View, search_of, view_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
NAMES = st.text(min_size=1).map(lambda text: text.replace(",", "").strip()).filter(bool)


@given(
    st.builds(
        View,
        appeal_id=st.just("a"),
        start=st.none() | MOMENTS.map(lambda at: at.replace(second=0, microsecond=0)),
        platforms=st.lists(NAMES, unique=True, max_size=5).map(tuple),
        languages=st.lists(NAMES, unique=True, max_size=5).map(tuple),
        picture=st.sampled_from(PICTURES),
        lang=st.sampled_from(["en", "ru", "kk"]),
    ),
    st.none() | st.integers(1, 100_000),
)
def test_a_view_that_is_sent_is_the_view_that_comes(view: View, minutes: int | None) -> None:
    start = view.start or AT
    sent = View(**{**vars(view), "end": minutes and start + timedelta(minutes=minutes)})
    assert view_of(search_of(sent), ["a"]) == sent


@given(st.text() | st.builds("?{}={}".format, st.sampled_from(["from", "to", "lang"]), st.text()))
def test_whatever_stands_in_an_address_a_page_is_shown(search: str) -> None:
    view = view_of(search, ["a", "b"], look=search)
    assert view is not None
    assert view.appeal_id in {"a", "b"}
    assert view.lang in {"en", "ru", "kk"}
    assert view.start is None or view.end is None or view.start < view.end


def test_what_is_forged_is_as_if_it_were_not_there() -> None:
    forged = (
        "?appeal=../../etc&lang=<script>&picture=../&from=soon&to=0000-00-00&platform="
        + "x" * 10_000
    )
    assert view_of(forged, ["a"], look="javascript:") == View("a")
    assert view_of("?" + "&".join(f"n{n}=1" for n in range(100)), ["a"]) == View("a")


def test_an_end_before_its_start_bounds_nothing() -> None:
    view = view_of("?from=2026-03-02&to=2026-03-01", ["a"])
    assert view == View("a")


def test_without_an_appeal_there_is_no_view() -> None:
    assert view_of("?appeal=a", []) is None


def test_a_look_is_the_readers() -> None:
    night, day = (view_of("", ["a"], look=name) for name in ("dark", None))
    assert night is not None
    assert day is not None
    assert (night.look, day.look) == (DARK, LIGHT)


def test_rows_are_kept_by_the_columns_that_there_are() -> None:
    rows = pl.DataFrame(
        {
            "platform": ["x", "x", "web", "x"],
            "at": [AT, AT + timedelta(hours=1), AT, None],
            "n": [1, 2, 3, 4],
        },
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )
    view = View("a", platforms=("x",), languages=("ru",))
    assert view.kept(rows)["n"].to_list() == [1, 2, 4]
    bounded = View("a", end=AT + timedelta(hours=1))
    assert bounded.kept(rows)["n"].to_list() == [1, 3]
    assert View("a").kept(rows).equals(rows)
