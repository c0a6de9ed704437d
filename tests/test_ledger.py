"""The ledger of reach: what is counted, what bounds it, and what is never derived."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import at, frames, rows

from analytics.measured import SHARES_TABLE
from analytics.reach import Definitions, definitions, reach, views
from analytics.settings import decode
from analytics.tables import ACCOUNTS, AUDIENCES, COUNTERS, POSTS

COMMON = {"appeal_id": "a", "source": "test"}


def posts(*told: dict[str, Any], platform: str = "x") -> pl.DataFrame:
    numbered = [{"post_id": f"{platform}:p{n}", "kind": "original"} | t for n, t in enumerate(told)]
    return rows(POSTS, *numbered, platform=platform, **COMMON)


def seen(*told: tuple[str, int | None, float | None], platform: str = "x") -> pl.DataFrame:
    profiles = [
        {"account_id": f"{platform}:{who}", "followers": followers,
         "observed_at": None if hours is None else at(hours)}
        for who, followers, hours in told
    ]  # fmt: skip
    return rows(ACCOUNTS, *profiles, platform=platform, role="unknown")


def by(*who: str | None, platform: str = "x", **more: Any) -> pl.DataFrame:  # noqa: ANN401
    told = [{"account_id": w and f"{platform}:{w}", "at": at(n)} | more for n, w in enumerate(who)]
    return posts(*told, platform=platform)


def last(found: pl.DataFrame) -> dict[str, Any]:
    return found.sort("at", nulls_last=True).row(-1, named=True)


def stated(text: str) -> pl.DataFrame:
    return decode(text, place="t").audiences()


CAP = '[reach.x]\npopulation = {}\npopulation_source = "report"\npopulation_date = 2026-01-31\n'
SEEN = "[reach.x]\nvisibility = [{}, {}]\nvisibility_reason = 'our own posts'\n"


# bounds


def test_the_interval_is_the_published_one() -> None:
    found = last(
        reach(
            by("a", "b", "c"),
            seen(("a", 1000, 1), ("b", 500, 1), ("c", 300, 1)),
            stated(CAP.format(1500)),
        )
    )
    assert (found["union_lo"], found["union_hi"], found["follower_sum"]) == (1000, 1500, 1800)
    assert "at most the 1500 accounts there are: report, 2026-01-31" in found["note"]


def test_without_a_stated_population_nothing_caps_the_sum() -> None:
    found = last(reach(by("a", "b"), seen(("a", 1000, 1), ("b", 500, 1))))
    assert (found["union_hi"], found["population"]) == (1500, None)
    assert "at most all added, if nobody follows two" in found["note"]
    assert "there are" not in found["note"]


def test_a_population_below_one_account_s_followers_is_not_used() -> None:
    found = last(reach(by("a", "b"), seen(("a", 1000, 1), ("b", 5, 1)), stated(CAP.format(900))))
    assert (found["union_lo"], found["union_hi"]) == (1000, 1005)
    assert "not used" in found["note"]


def test_a_hidden_number_is_unknown_and_leaves_the_upper_end_open() -> None:
    accounts = seen(("a", 1000, 1), ("b", None, 1))
    found = last(reach(by("a", "b", "c"), accounts))
    assert (found["counted"], found["hidden"]) == (1, 2)
    assert (found["union_lo"], found["follower_sum"], found["union_hi"]) == (1000, 1000, None)
    assert "the sum lacks 2 carriers" in found["note"]
    assert "at most" not in found["note"]
    capped = last(reach(by("a", "b", "c"), accounts, stated(CAP.format(5000))))
    assert capped["union_hi"] == 5000


def test_a_share_whose_account_is_unknown_leaves_the_upper_end_open() -> None:
    found = last(reach(by("a", None), seen(("a", 1000, 1))))
    assert (found["unknown"], found["accounts"], found["union_hi"]) == (1, 1, None)
    assert "lacks the accounts of 1 posts" in found["note"]


def test_an_answer_by_an_unknown_account_does_not() -> None:
    both = pl.concat([by("a"), posts({"post_id": "x:r", "kind": "reply", "at": at(1)})])
    found = last(reach(both, seen(("a", 1000, 1))))
    assert (found["unknown"], found["union_hi"]) == (1, 1000)


def test_where_no_number_is_known_there_is_none_and_it_is_said() -> None:
    found = last(reach(by("a"), ACCOUNTS.empty()))
    assert [found[n] for n in ("largest", "follower_sum", "union_lo", "union_hi")] == [None] * 4
    assert found["note"] == "no carrier's number of followers is known"


def test_zero_followers_are_known() -> None:
    found = last(reach(by("a"), seen(("a", 0, 1))))
    assert (found["counted"], found["union_lo"], found["union_hi"]) == (1, 0, 0)


def test_a_negative_number_is_none() -> None:
    found = last(reach(by("a"), seen(("a", -1, 1))))
    assert (found["counted"], found["hidden"], found["union_lo"]) == (0, 1, None)


def test_an_account_counts_once_however_often_it_shares() -> None:
    found = last(reach(by("a", "a", "b"), seen(("a", 10, 1), ("b", 5, 1))))
    assert (found["accounts"], found["follower_sum"]) == (2, 15)


def test_who_only_answers_took_part_and_carried_nothing() -> None:
    found = last(reach(by("a", kind="reply"), seen(("a", 10, 1))))
    assert (found["accounts"], found["carriers"], found["union_lo"]) == (1, 0, None)
    assert found["note"] == "no account is known to have written an original or to have shared"


# when numbers were seen


@pytest.mark.parametrize(
    ("told", "followers"),
    [
        ([("a", 10, 100), ("a", 20, 3), ("a", 30, -50)], 20),
        ([("a", 10, None), ("a", 20, 90)], 20),
        ([("a", 10, None), ("a", 30, None), ("a", 20, None)], 30),
        ([("a", 10, 2), ("a", 20, -2)], 20),
        ([("a", None, 0), ("a", 20, 90)], 20),
    ],
)
def test_the_number_seen_nearest_to_the_first_carrying_post_counts(
    told: list[tuple[str, int | None, float | None]], followers: int
) -> None:
    found = last(reach(by("a", "a"), seen(*told)))
    assert found["follower_sum"] == followers


def test_when_the_numbers_were_seen_is_told() -> None:
    accounts = seen(("a", 1, 5), ("b", 1, 9), ("c", 1, None), ("d", None, 1))
    found = last(reach(by("a", "b", "c", "d"), accounts))
    assert (found["counted_from"], found["counted_to"]) == (at(5), at(9))
    assert found["undated"] == 1


# over time


def test_what_has_no_time_is_in_a_row_of_its_own() -> None:
    told = pl.concat([by("a"), posts({"post_id": "x:u", "account_id": "x:b"})])
    found = reach(told, seen(("a", 10, 1), ("b", 20, 1))).sort("at", nulls_last=True)
    assert found.select("at", "posts", "accounts", "follower_sum").rows() == [
        (at(0), 1, 1, 10), (None, 2, 2, 30),
    ]  # fmt: skip


def test_each_twentieth_of_the_posts_makes_a_row() -> None:
    found = reach(by(*(str(n) for n in range(41))), ACCOUNTS.empty())
    assert found["posts"].to_list() == [-(-41 * step // 20) for step in range(1, 21)]
    assert found["at"].to_list()[0] == at(2)


def plain(held: pl.DataFrame, accounts: pl.DataFrame, until: datetime | None) -> dict[str, Any]:
    """Count one platform in plain Python; every account has one number at most."""
    followers = {a["account_id"]: a["followers"] for a in accounts.to_dicts()}
    past = [p for p in held.to_dicts() if until is None or (p["at"] and p["at"] <= until)]
    carrying = [p for p in past if p["kind"] not in {"reply", "comment"}]
    who = {p["account_id"] for p in carrying} - {None}
    known = [followers[w] for w in who if followers.get(w) is not None]
    is_open = len(known) < len(who) or any(p["account_id"] is None for p in carrying)
    return {
        "posts": len(past),
        "accounts": len({p["account_id"] for p in past} - {None}),
        "carriers": len(who),
        "counted": len(known),
        "union_lo": max(known, default=None),
        "union_hi": sum(known) if known and not is_open else None,
    }


@given(frames(POSTS, max_size=14), st.lists(st.none() | st.integers(0, 9), min_size=4, max_size=4))
@hypothesis_settings(max_examples=80)
def test_every_row_is_that_of_plain_python(held: pl.DataFrame, numbers: list[int | None]) -> None:
    ids = ["x:1", "x:2", "telegram:a/1", "bluesky:at://did:b/p/1"]
    profiles = [
        {"account_id": who, "platform": platform, "followers": followers}
        for who, followers in zip(ids, numbers, strict=True)
        for platform in ("x", "telegram")
    ]
    accounts = rows(ACCOUNTS, *profiles, role="unknown")
    found = reach(held, accounts)
    places = held.select("appeal_id", "platform").unique()
    assert found.select("appeal_id", "platform").unique().height == places.height
    for row in found.to_dicts():
        here = held.filter(appeal_id=row["appeal_id"], platform=row["platform"])
        expected = plain(here, accounts.filter(platform=row["platform"]), row["at"])
        assert {name: row[name] for name in expected} == expected


@given(frames(POSTS, max_size=14), st.lists(st.integers(0, 9), min_size=2, max_size=2))
@hypothesis_settings(max_examples=60)
def test_intervals_only_widen_over_time(held: pl.DataFrame, numbers: list[int]) -> None:
    accounts = seen(("1", numbers[0], 1), ("2", numbers[1], 1))
    found = reach(held, accounts, stated(CAP.format(12)))
    for _, group in found.sort("at", nulls_last=True).group_by("appeal_id", "platform"):
        for name in ("posts", "accounts", "union_lo", "union_hi"):
            told = group[name].drop_nulls()
            assert told.is_sorted()


audience = st.sets(st.integers(0, 30), max_size=12)


@given(st.lists(audience, min_size=1, max_size=6), st.integers(31, 60))
def test_the_true_union_lies_in_the_interval(lists: list[set[int]], population: int) -> None:
    who = [str(n) for n in range(len(lists))]
    accounts = seen(*((w, len(ids), 1.0) for w, ids in zip(who, lists, strict=True)))
    found = last(reach(by(*who), accounts, stated(CAP.format(population))))
    assert found["union_lo"] <= len(set().union(*lists)) <= found["union_hi"]


@given(st.permutations(range(5)))
def test_names_of_accounts_change_nothing(order: list[int]) -> None:
    numbers = [5, None, 7, 0, 11]
    first = [str(n) for n in range(5)]
    renamed = [str(n) for n in order]
    results = [
        reach(by(*names), seen(*((w, n, 1.0) for w, n in zip(names, numbers, strict=True))))
        for names in (first, renamed)
    ]
    assert_frame_equal(*results)


# platforms


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5))
def test_another_platform_changes_no_row(numbers: list[int]) -> None:
    x, others = by("a", "b"), by(*"cdefg"[: len(numbers)], platform="telegram")
    accounts = seen(("a", 10, 1), ("b", 20, 1))
    more = seen(*(("cdefg"[n], f, 1.0) for n, f in enumerate(numbers)), platform="telegram")
    alone = reach(x, accounts)
    both = reach(pl.concat([x, others]), pl.concat([accounts, more]))
    assert_frame_equal(both.filter(platform="x"), alone)
    assert set(both["platform"]) == {"x", "telegram"}


def test_one_name_on_two_platforms_is_two_accounts() -> None:
    told = pl.concat([by("a"), by("a", platform="telegram")])
    assert reach(told, ACCOUNTS.empty())["accounts"].to_list() == [1, 1]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5), st.integers(1, 10**6))
def test_no_number_of_youtube_enters_a_derived_figure(numbers: list[int], other: int) -> None:
    names = "cdefg"[: len(numbers)]
    tube = by(*names, platform="youtube")
    more = seen(*((w, f, 1.0) for w, f in zip(names, numbers, strict=True)), platform="youtube")
    everything = '[reach.x]\nvisibility = [0.1, 0.5]\nvisibility_reason = "r"\n'
    audiences = stated(everything)
    both = reach(pl.concat([by("a"), tube]), pl.concat([seen(("a", other, 1)), more]), audiences)
    assert_frame_equal(both.filter(platform="x"), reach(by("a"), seen(("a", other, 1)), audiences))
    found = both.filter(platform="youtube")
    for name in ("largest", "follower_sum", "union_lo", "union_hi", "scenario_lo", "scenario_hi"):
        assert found[name].null_count() == found.height
    assert found["note"].str.contains("no estimate of unique viewers").all()
    assert last(found)["counted"] == len(numbers)


def test_a_stated_audience_does_not_open_youtube() -> None:
    forced = pl.DataFrame([("youtube", 10**9, "s", 0.1, 0.5, "r")], schema=AUDIENCES, orient="row")
    found = last(reach(by("a", platform="youtube"), seen(("a", 5, 1), platform="youtube"), forced))
    assert (found["union_hi"], found["scenario_hi"], found["scenario_lo"]) == (None, None, None)


# scenario


def test_a_scenario_needs_a_stated_visibility() -> None:
    accounts = seen(("a", 1000, 1), ("b", 501, 1))
    found = last(reach(by("a", "b"), accounts, stated(SEEN.format(0.015, 0.1))))
    assert (found["scenario_lo"], found["scenario_hi"]) == (15, 151)
    assert "a scenario, no estimate: our own posts" in found["note"]
    without = last(reach(by("a", "b"), accounts))
    assert (without["scenario_lo"], without["scenario_hi"]) == (None, None)
    assert "scenario" not in without["note"]


def test_a_scenario_never_exceeds_the_interval() -> None:
    told = stated(CAP.format(1100) + "visibility = [0, 1]\nvisibility_reason = 'all'\n")
    found = last(reach(by("a", "b"), seen(("a", 1000, 1), ("b", 500, 1)), told))
    assert (found["scenario_lo"], found["scenario_hi"]) == (0, 1100)


def test_an_empty_store_has_no_ledger() -> None:
    assert reach(POSTS.empty(), ACCOUNTS.empty()).is_empty()


# views


def shown(*told: tuple[str, str, int, datetime | None]) -> pl.DataFrame:
    numbers = [
        {"post_id": post, "definition": definition, "value": value, "observed_at": when}
        for post, definition, value, when in told
    ]
    return rows(COUNTERS, *numbers, metric="views")


def of(counters: pl.DataFrame, *ids: str, told: Definitions | None = None) -> pl.DataFrame:
    held = [{"post_id": one, "platform": one.split(":", maxsplit=1)[0]} for one in ids]
    all_held = rows(POSTS, *held, kind="original", **COMMON)
    return views(counters, all_held, SHARES_TABLE.empty(), told)


BREAK = Definitions(
    pl.DataFrame({"platform": ["x"], "counts": ["times shown"], "source": ["c"]}),
    pl.DataFrame(
        {"platform": ["x"], "at": [at(10)], "what": ["counts otherwise"], "source": ["s"]},
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    ),
)


def test_a_series_is_cut_where_the_platform_began_to_count_otherwise() -> None:
    found = of(
        shown(("x:1", "d", 5, at(1)), ("x:2", "d", 7, at(2)), ("x:1", "d", 90, at(10)),
              ("x:1", "d", 91, at(11))),
        "x:1", "x:2", told=BREAK,
    )  # fmt: skip
    assert found.select("part", "value", "posts", "note", "source").rows() == [
        (0, 5, 1, None, "c"), (0, 12, 2, None, "c"),
        (1, 90, 1, "counts otherwise", "s"), (1, 91, 1, None, "c"),
    ]  # fmt: skip


def test_a_change_cuts_no_other_platform_and_no_series_that_begins_later() -> None:
    others = of(shown(("telegram:1", "d", 5, at(1)), ("telegram:1", "d", 9, at(11))),
                "telegram:1", told=BREAK)  # fmt: skip
    assert others.select("part", "value", "note").rows() == [(0, 5, None), (0, 9, None)]
    later = of(shown(("x:1", "d", 9, at(11))), "x:1", told=BREAK)
    assert later.select("part", "note").rows() == [(1, None)]


def test_another_definition_is_no_continuation() -> None:
    found = of(shown(("x:1", "old", 5, at(1)), ("x:1", "new", 9, at(2))), "x:1").sort("at")
    assert found["value"].to_list() == [5, 9]
    assert found["note"].to_list() == [
        None, "no continuation of the numbers that are called old",
    ]  # fmt: skip


def test_a_number_without_a_time_is_in_no_part() -> None:
    found = of(shown(("x:1", "d", 5, None), ("x:1", "d", 4, at(11))), "x:1", told=BREAK)
    assert found.select("part", "at", "value").rows() == [(1, at(11), 4), (None, None, 5)]


def test_views_of_two_platforms_are_never_added_and_other_metrics_are_none() -> None:
    both = shown(("x:1", "d", 5, at(1)), ("youtube:v", "d", 7, at(1)))
    likes = both.with_columns(metric=pl.lit("likes"), value=pl.lit(99, pl.Int64))
    found = of(pl.concat([both, likes]), "x:1", "youtube:v")
    assert found.select("platform", "value").rows() == [("x", 5), ("youtube", 7)]


def test_shorts_are_counted_otherwise_since_the_end_of_march_2025() -> None:
    change = definitions().changes.filter(platform="youtube")
    assert change["at"].to_list() == [datetime(2025, 3, 31, tzinfo=UTC)]
    for told in definitions():
        assert told["source"].str.starts_with("https://").all()


def test_no_counters_no_views() -> None:
    assert of(COUNTERS.empty(), "x:1").is_empty()
