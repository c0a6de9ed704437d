"""Communities, synchronised sharing and Compare as functions: what they say, and what they keep."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from reading_pages import cards, figure, told, words
from simulating import simulated
from strategies import at, rows

from analytics import Store, measure
from analytics.measured import (
    CASCADES,
    COMMUNITIES,
    COMMUNITY_MIX,
    COORDINATION,
    COUNTER_HISTORY,
    COURSES,
    EQUAL_SIZE,
    LANGUAGES,
    PARTITIONS,
    SUMMARY,
    WAITS,
)
from analytics.schema import Table
from analytics.tables import APPEALS, POSTS
from dashboards.i18n import number
from dashboards.pages import communities, compare, coordination
from dashboards.view import View

PAGES = (communities, coordination, compare)
HOSTILE = "<script>alert(1)</script>\u202e=1+1" + "x" * 10_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with simulated(tmp_path_factory.mktemp("compared"), posts=3_000, seed=5) as filled:
        yield filled


def view(appeal_id: str = "simulated", **more: Any) -> View:  # noqa: ANN401
    return View(appeal_id, **more)


# a simulated store, in which communities and groups were planted


def test_communities_are_said_as_they_were_measured(store: Store) -> None:
    page = communities.layout(store, view())
    (partition,) = store.read("partitions").to_dicts()
    assert f"{partition['communities']} communities among" in words(page)
    assert "more than every graph of chance" in words(page)
    assert {"communities-firm", "communities-sizes", "communities-languages"} < {*cards(page)}
    drawn = figure(page, "communities-mix-language")
    shown = store.read("community_mix").filter(pl.col("community") < communities.LARGEST)
    accounts = sum(sum(trace.x) for trace in drawn.data)
    assert accounts == shown.filter(by="language")["accounts"].sum()


def test_planted_groups_are_told_as_sums(store: Store) -> None:
    groups = store.read("coordination_groups").filter(chance="dealt")
    planted = pl.read_parquet(store.path / "truth/coordination.parquet").filter("coordinated")
    assert groups.height >= planted["set"].n_unique() > 0
    drawn = figure(coordination.layout(store, view()), "coordination-groups")
    assert sorted(drawn.data[-1].x) == sorted(groups["meetings"])


def test_looks_that_pass_are_counted(store: Store) -> None:
    looks = store.read("coordination").drop_nulls(["repeated", "null_mean", "window"])
    page = words(coordination.layout(store, view()))
    assert f"{number(looks.height)} looks were taken" in page
    beyond = looks.filter(pl.col("q") <= 0.05).height
    assert (f"In {beyond} of them" in page) == (beyond > 0)


@pytest.mark.parametrize("page", PAGES)
def test_no_account_is_named(store: Store, page: Any) -> None:  # noqa: ANN401
    said = told(page.layout(store, view()))
    assert not [account for account in store.read("accounts")["account_id"] if account in said]
    assert ":~" not in said


@pytest.mark.parametrize("page", PAGES)
def test_no_word_blames_or_explains(store: Store, page: Any) -> None:  # noqa: ANN401
    said = words(page.layout(store, view())).lower()
    for word in ("bot ", "bots", "troll", "fake", "caused", "led to", "thanks to", "impact"):
        assert word not in said
    assert said.count("inauthentic") == (page is coordination)


def test_every_figure_has_its_table_and_how_it_was_computed(store: Store) -> None:
    found = {
        name: card for page in PAGES for name, card in cards(page.layout(store, view())).items()
    }
    assert len(found) > 8
    for card in found.values():
        assert "How is this computed?" in words(card)
        assert "The numbers as a table" in words(card)


def test_filters_that_change_nothing_are_said_to(store: Store) -> None:
    for page in (communities, coordination):
        assert "do not change" in words(page.layout(store, view(start=at(0))))
        assert "do not change" not in words(page.layout(store, view()))


def test_platforms_narrow_the_languages(store: Store) -> None:
    page = cards(communities.layout(store, view(platforms=("x",))))
    figure = page["communities-languages"].children[1].children[1].data["figure"]
    assert list(figure.layout.yaxis.ticktext) == ["X"]


# appeals beside each other


def written(path: Path, *tables: tuple[Table, pl.DataFrame]) -> Store:
    """Return a store that holds finished tables."""
    store = Store.create(path, appeal_id=None)
    for table, frame in tables:
        if table.measured:
            store.write(table, frame)
        else:
            store.append(table, frame)
    return store


def register(appeals: int, **more: Any) -> list[tuple[Table, pl.DataFrame]]:  # noqa: ANN401
    """Return the tables of a register of so many appeals; every tenth had a response."""
    names = [{"appeal_id": f"a{n:04}", "title": f"Appeal {n}"} | more for n in range(appeals)]
    ids = [{"appeal_id": row["appeal_id"]} for row in names]
    zero = {"posts": 3, "accounts": 1, "shares": 0, "observed": 0, "window_posts": 3}
    zero |= {"top_shares": 0, "top_reposts": 0, "top_source_shares": 0, "responses": 0}
    grown = [
        row | {"hours": float(age), "count": n + age, "at": at(age)}
        for n, row in enumerate(ids)
        for age in (1, 2, 5)
    ]
    waited = [
        row | {"is_ended": n % 10 == 0, "lo_days": 9.0, "hi_days": 9.0 if n % 10 == 0 else None}
        for n, row in enumerate(ids)
    ]
    shown = [row | {"value": 10 * n + 1} for n, row in enumerate(ids)]
    return [
        (APPEALS, rows(APPEALS, *names, simulated=False)),
        (SUMMARY, rows(SUMMARY, *ids, **zero)),
        (COURSES, rows(COURSES, *grown, what="posts", until=at(9), clock_basis="published")),
        (WAITS, rows(WAITS, *waited, ending="rung_1", is_counted=True, register="r")),
        (COUNTER_HISTORY, rows(COUNTER_HISTORY, *shown, platform="petition",
                               metric="signatures", definition="count", posts=1)),
    ]  # fmt: skip


def test_two_thousand_appeals_are_bounded_and_said(tmp_path: Path) -> None:
    store = written(tmp_path / "s", *register(2_000))
    page = compare.layout(store, view("a0007"))
    assert "Showing 12 of 2,000" in words(page)
    growth = figure(page, "compare-growth-posts")
    first = growth.layout.annotations[0].text
    assert first == "<b>Appeal 7</b>"
    standing = figure(page, "compare-standing")
    assert sum(len(trace.x) for trace in standing.data) == 2_000 + 1
    assert len(told(page)) < 1_500_000


def test_few_appeals_have_a_row_each(tmp_path: Path) -> None:
    store = written(tmp_path / "s", *register(5))
    page = cards(compare.layout(store, view("a0003")))
    figure = page["compare-waits"].children[1].children[1].data["figure"]
    assert list(figure.layout.yaxis.ticktext).count("<b>Appeal 3</b>") == 1
    assert "A response had come to 1 of 5 appeals" in words(page["compare-waits"])


@pytest.mark.parametrize(
    ("selection", "warned"),
    [("found_by_outcome", True), (None, True), ("sample", True), ("census", False)],
)
def test_the_warning_of_selection_stands_unless_all_are_held(
    tmp_path: Path, selection: str | None, *, warned: bool
) -> None:
    store = written(tmp_path / "s", *register(2, selection=selection))
    said = words(compare.layout(store, view("a0000")))
    assert ("because they succeeded bias everything" in said) == warned


def test_a_difference_at_equal_size_is_said_with_what_chance_does(tmp_path: Path) -> None:
    row = {
        "platform": "x", "method": "calibrated", "measure": "depth", "cascades": 20, "others": 30,
        "appeals": 1, "pairs": 15, "left_out": 5, "larger": 0.7, "chance_lo": 0.4,
        "chance_hi": 0.6, "larger_least": 0.1, "larger_most": 0.9, "unmatched": 0.8, "p": 0.1,
        "tests": 1,
    }  # fmt: skip
    few = row | {"measure": "virality", "larger": None, "note": "fewer than ten pairs"}
    cascade = {
        "platform": "x", "root_held": True, "size": 9, "accounts": 9, "shares": 8, "observed": 0,
        "replies": 0, "method": "calibrated", "depth": 3, "virality": 2.0,
    }  # fmt: skip
    each = [cascade | {"root_id": f"x:{n}", "appeal_id": f"a000{n}"} for n in range(2)]
    store = written(
        tmp_path / "s", *register(2), (CASCADES, rows(CASCADES, *each)),
        (EQUAL_SIZE, rows(EQUAL_SIZE, row, few, appeal_id="a0000")),
    )  # fmt: skip
    page = compare.layout(store, view("a0000"))
    said = words(cards(page)["compare-equal-size"])
    assert "outside what chance does: 1 of 1;" in said
    assert "X: this appeal's is deeper in 70% of pairs, where chance has 40% to 60%" in said
    assert "inference allows either side" in said
    assert {"compare-size-depth", "compare-size-virality"} < {*cards(page)}


# nothing to show, and hostile words


@pytest.mark.parametrize("page", PAGES)
def test_an_unmeasured_store_says_what_to_do(tmp_path: Path, page: Any) -> None:  # noqa: ANN401
    pair = [{"appeal_id": name} for name in ("a", "b")]
    store = written(tmp_path / "s", (APPEALS, rows(APPEALS, *pair, simulated=False)))
    assert "groundswell measure" in words(page.layout(store, view("a")))


def test_one_post_leaves_the_pages_up(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s")
    post = {"post_id": "x:1", "platform": "x", "kind": "original", "source": "test"}
    store.append(POSTS, rows(POSTS, post, appeal_id="appeal"))
    measure(store)
    said = [words(page.layout(store, view("appeal"))) for page in PAGES]
    assert "there are no communities" in said[0]
    assert "nothing to hold against chance" in said[1]
    assert "nothing to compare it with" in said[2]


def test_communities_that_are_not_told_say_why(tmp_path: Path) -> None:
    few = {"accounts": 9, "pairs": 8, "component": 9, "note": "fewer than 50 accounts"}
    summary = register(1)[1]
    store = written(
        tmp_path / "s", *register(1)[:1], summary,
        (PARTITIONS, rows(PARTITIONS, few, appeal_id="a0000")),
    )  # fmt: skip
    assert "fewer than 50 accounts" in words(communities.layout(store, view("a0000")))


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    """They are drawn and written as they stand, never as marks."""
    firm = {
        "accounts": 60, "pairs": 90, "component": 60, "communities": 1, "modularity": 0.6,
        "first_modularity": 0.6, "chance_lo": 0.4, "chance": 0.4, "chance_hi": 0.5,
        "rewired": 99, "stability": 0.9, "runs": 20,
    }  # fmt: skip
    one = {
        "community": 0, "accounts": 60, "inside": 1, "across": 0, "inside_share": 1.0,
        "attributed": 0.0, "top_account_id": "x:~1", "top_share": 0.1, "language": HOSTILE,
        "language_known": 60, "role_known": 0,
    }  # fmt: skip
    mix = [{"community": 0, "by": "language", "value": v, "accounts": 30} for v in (HOSTILE, "kk")]
    zero = dict.fromkeys(
        ("originals", "shares", "replies", "accounts", "detected", "by_platform", "by_original"), 0
    )
    spoken = {"platform": "x", "lang": HOSTILE, "posts": 9, "share": 1.0} | zero
    look = {
        "object": "url", "window": 10.0, "window_basis": "set", "participation": 1, "shares": 2,
        "unplaced": 0, "accounts": 2, "objects": 1, "note": HOSTILE,
    }  # fmt: skip
    about = {"appeal_id": "a0000"}
    store = written(
        tmp_path / "s", *register(3, title=HOSTILE),
        (PARTITIONS, rows(PARTITIONS, firm, **about)),
        (COMMUNITIES, rows(COMMUNITIES, one, **about)),
        (COMMUNITY_MIX, rows(COMMUNITY_MIX, *mix, **about)),
        (LANGUAGES, rows(LANGUAGES, spoken, **about)),
        (COORDINATION, rows(COORDINATION, look, **about)),
    )  # fmt: skip
    for page in PAGES:
        made = page.layout(store, view("a0000"))
        assert words(made)
        for card in cards(made).values():
            assert "<script" not in told(card.children[1].children[1].data["figure"])
