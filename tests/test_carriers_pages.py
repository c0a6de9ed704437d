"""The pages Reach and Carriers as functions: what they say, what they keep, and what they miss."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from dash.development.base_component import Component
from reading_pages import cards, figure, told, words
from simulating import simulated
from strategies import at, rows

from analytics import Store, measure
from analytics.measured import FORECASTS, OUTLOOK
from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from dashboards import ledger
from dashboards.i18n import number
from dashboards.pages import carriers, reach
from dashboards.theme import DARK
from dashboards.view import View

PAGES = (reach, carriers)
VIEW = View("simulated")
HOSTILE = "<script>alert(1)</script>\u202e=1+1" + "x" * 10_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with simulated(tmp_path_factory.mktemp("carriers"), posts=1_000, seed=5) as filled:
        yield filled


def blocks(page: Component) -> list[str]:
    """Return the words of each platform in the ledger."""
    (grid,) = [part for part in flat(page) if getattr(part, "className", None) == "ledger"]
    return [words(block) for block in grid.children]


def flat(component: Any) -> list[Component]:  # noqa: ANN401
    if isinstance(component, (list, tuple)):
        return [part for child in component for part in flat(child)]
    if not isinstance(component, Component):
        return []
    return [component, *flat(getattr(component, "children", None))]


# a simulated store, of which it is known who really posted


def test_the_ledger_counts_the_accounts_that_were_held(store: Store) -> None:
    truth = pl.read_parquet(store.path / "truth/parents.parquet").filter("held")
    counts = truth.group_by("platform").agg(pl.col("account_id").n_unique())
    said = blocks(reach.layout(store, VIEW))
    assert len(said) == counts.height
    for accounts in counts["account_id"]:
        assert any(f"at least {number(accounts)} account" in block for block in said)


def test_views_stand_verbatim_and_nothing_is_added_over_platforms(store: Store) -> None:
    views = store.read("views").drop_nulls("at").sort("at")
    last = views.unique("platform", keep="last").to_dicts()
    said = " ".join(blocks(reach.layout(store, VIEW)))
    assert last
    for row in last:
        assert f"{number(row['value'])} by" in said
        assert row["definition"] in said
    counts = store.read("reach").sort("accounts").unique("platform", keep="last")["accounts"]
    assert number(int(counts.sum())) not in said


def test_youtube_has_no_interval_whatever_is_known_of_it(store: Store) -> None:
    page = reach.layout(store, VIEW)
    (said,) = [block for block in blocks(page) if "YouTube" in block]
    assert "allow no estimate of unique viewers" in said
    drawn = figure(page, "reach-interval")
    assert "YouTube" not in "".join(note.text for note in drawn.layout.annotations)


def test_a_window_of_time_and_a_platform_narrow_finished_rows(store: Store) -> None:
    all_ = store.read("reach").filter(platform="x").drop_nulls("at").sort("at")
    end = all_["at"][9]
    kept = all_.filter(pl.col("at") < end)
    page = reach.layout(store, replace(VIEW, end=end, platforms=("x",)))
    (said,) = blocks(page)
    assert f"at least {number(kept['accounts'][-1])} account" in said
    assert list(figure(page, "reach-accounts").data[-1].y) == kept["accounts"].to_list()
    assert reach.WHOLE in words(page)
    assert reach.WHOLE not in words(reach.layout(store, VIEW))


def test_the_ledger_of_a_later_window_counts_from_the_beginning(store: Store) -> None:
    start = store.read("reach").filter(platform="x").sort("at")["at"][-1]
    assert blocks(reach.layout(store, replace(VIEW, start=start))) == blocks(
        reach.layout(store, VIEW)
    )


def test_the_pace_of_a_window_stays_in_it(store: Store) -> None:
    phases = store.read("phases").filter(pl.col("platform") == "x").sort("phase")
    cut = phases["from"][1] + (phases["to"][1] - phases["from"][1]) / 2
    page = reach.layout(store, replace(VIEW, start=cut, platforms=("x",)))
    drawn = figure(page, "reach-pace")
    assert drawn.layout.xaxis.range[0] == cut
    assert all(time >= cut for bars in drawn.data if bars.type == "bar" for time in bars.x)
    assert f"The pace changed {phases.height - 2} time" in words(page)


def test_the_day_on_which_a_series_begins_has_its_bar(store: Store) -> None:
    first = store.read("phases").filter(platform="x")["from"].min()
    drawn = figure(reach.layout(store, replace(VIEW, platforms=("x",))), "reach-pace")
    (bars,) = [trace for trace in drawn.data if trace.type == "bar"]
    assert bars.x[0] <= first


def test_no_stable_first_is_said_where_nobody_is_surely_first(store: Store) -> None:
    (row,) = store.read("carriers").to_dicts()
    page = words(carriers.layout(store, VIEW))
    assert ("There is no stable first" in page) == (row["first_id"] is None)
    assert f"Of {number(row['hidden'])} of {number(row['shares'])} shares" in page


def test_ranks_are_drawn_as_measured(store: Store) -> None:
    ranked = store.read("spreaders").drop_nulls("rank").sort("rank").head(carriers.DRAWN)
    drawn = figure(carriers.layout(store, VIEW), "carriers-ranks")
    dots = {
        round(y): x
        for t in drawn.data
        if t.mode == "markers"
        for x, y in zip(t.x, t.y, strict=True)
    }
    assert [dots[place] for place in range(ranked.height)] == ranked["rank"].to_list()
    assert len(drawn.layout.yaxis.ticktext) == ranked.height


def test_only_public_actors_are_named(store: Store) -> None:
    accounts = store.read("accounts").unique("account_id")
    public = accounts.filter(pl.col("role").is_in(["media", "ngo", "official", "public_figure"]))
    page = told(carriers.layout(store, VIEW))
    assert any(f"{name}, " in page for name in public["name"].drop_nulls())
    private = accounts.filter(~pl.col("account_id").is_in(public["account_id"].implode()))
    assert not [account for account in private["account_id"] if account in page]


def test_roles_and_platforms_narrow_the_lists_and_the_page_says_what_is_whole(store: Store) -> None:
    page = carriers.layout(store, replace(VIEW, platforms=("x",), roles=("media",)))
    drawn = figure(page, "carriers-groups")
    assert [name.split()[0] for name in drawn.layout.yaxis.ticktext] == ["media"]
    assert carriers.WHOLE in words(page)


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_has_its_table_and_how_it_was_computed(store: Store, page: Any) -> None:  # noqa: ANN401
    found = cards(page.layout(store, replace(VIEW, look=DARK)))
    assert len(found) >= 5
    for card in found.values():
        assert "How is this computed?" in words(card)
        assert "The numbers as a table" in words(card)


@pytest.mark.parametrize("page", PAGES)
def test_no_word_blames_or_explains(store: Store, page: Any) -> None:  # noqa: ANN401
    said = words(page.layout(store, VIEW)).lower()
    for word in ("potential reach", " bots", "caused", "led to", "thanks to", "impact"):
        assert word not in said


# stores with little in them, or with words that nobody should trust


@pytest.mark.parametrize("page", PAGES)
def test_a_store_without_measures_says_what_to_do(tmp_path: Path, page: Any) -> None:  # noqa: ANN401
    empty = Store.create(tmp_path / "s")
    assert "groundswell measure" in words(page.layout(empty, View("appeal")))


def test_one_post_without_a_time_says_what_is_missing(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s")
    post = {"post_id": "x:1", "kind": "original", "source": "test"}
    store.append(POSTS, rows(POSTS, post, appeal_id="appeal", platform="x"))
    measure(store)
    page = words(reach.layout(store, View("appeal")))
    for said in (reach.NO_TIMES, reach.NO_VIEWS, reach.NO_PACE, reach.NO_DECAY, reach.NO_LISTS):
        assert said in page
    assert "at least 0 accounts; of 1 more post it is not known whose it is" in page
    assert carriers.NO_SHARES in words(carriers.layout(store, View("appeal")))


def test_an_open_store_shows_no_private_handle_and_hostile_words_stay_words(
    tmp_path: Path,
) -> None:
    store = Store.create(tmp_path / "s")
    toml = store.path / "groundswell.toml"
    toml.write_text('[protection]\nlevel = "open"\nreason = "a test"\n', encoding="utf-8")
    store = Store(store.path)
    common = {"appeal_id": "appeal", "platform": "x", "source": "test"}
    chain = [
        {"post_id": "x:1", "kind": "original", "account_id": "x:first_handle", "at": at(0)},
        {"post_id": "x:2", "kind": "repost", "account_id": "x:second_handle", "at": at(1),
         "parent_id": "x:1", "root_id": "x:1", "parent_basis": "observed"},
        {"post_id": "x:3", "kind": "repost", "account_id": "x:third_handle", "at": at(2),
         "parent_id": "x:2", "root_id": "x:1", "parent_basis": "observed"},
    ]  # fmt: skip
    store.append(POSTS, rows(POSTS, *({k: v for k, v in post.items() if k in POSTS.columns}
                                      for post in chain), **common))  # fmt: skip
    store.append(ACCOUNTS, rows(ACCOUNTS, {"account_id": "x:second_handle", "name": HOSTILE,
                                           "role": "unknown"}, platform="x"))  # fmt: skip
    shown = {"metric": "views", "value": 7, "definition": HOSTILE, "observed_at": at(3)}
    store.append(COUNTERS, rows(COUNTERS, shown, post_id="x:1"))
    measure(store)
    page = told(carriers.layout(store, View("appeal")))
    assert "_handle" not in page
    assert "<script" not in page
    (views,) = figure(reach.layout(store, View("appeal")), "reach-views").layout.annotations
    assert "<script" not in views.text


# sentences, in closed form


def test_bounds_are_said_as_they_are_known() -> None:
    row = {"platform": "x", "carriers": 3, "hidden": 0, "union_lo": 5, "union_hi": 9,
           "population": None, "scenario_lo": None, "scenario_hi": None}  # fmt: skip
    assert ledger.followed(row) == "between 5 and 9 accounts"
    assert "nobody follows two" in " ".join(ledger.assumed(row))
    capped = row | {"population": 9}
    assert "all 9 accounts that are stated" in " ".join(ledger.assumed(capped))
    open_ = row | {"union_hi": None, "hidden": 1}
    assert ledger.followed(open_) == "at least 5 accounts, and no upper end"
    assert "1 of 3 carriers does not show" in " ".join(ledger.assumed(open_))
    none = row | {"union_lo": None, "union_hi": None}
    assert ledger.followed(none).startswith("not known")
    assert ledger.assumed(none) == []
    assert "no estimate" in " ".join(ledger.assumed(row | {"scenario_lo": 1, "scenario_hi": 2}))


def test_a_first_is_named_only_where_the_table_names_one() -> None:
    row = {"could_be_first": 1, "first_chance": 0.97}
    assert carriers.first(row, "City Hall, X").startswith("City Hall, X carried most")
    assert "no stable first" in carriers.first(row | {"could_be_first": 4}, None)
    assert carriers.first(row | {"could_be_first": 0}, None) == carriers.NO_CREDIT


def test_a_rule_that_was_tried_on_nothing_claims_no_rate() -> None:
    row = {"platform": "x", "peaked": "not known", "state": None, "right": None}
    assert ledger.outlook(row) == "Whether it has peaked on X is not known."
    told = {"right": None, "peaked": "not known", "posts": 3, "platform": "x"}
    assert ledger.tried(rows(OUTLOOK, told, appeal_id="a")) == []
    sure = told | {"peaked": "yes", "right": 0.9, "right_lo": 0.8, "right_hi": 0.95,
                   "tested_on": 40, "source": "cascades of this store"}  # fmt: skip
    both = rows(OUTLOOK, sure, sure | {"platform": "vk"}, appeal_id="a")
    (said,) = ledger.tried(both)
    assert "right for 90.0% of 40 finished cascades" in said
    assert "80.0% to 95.0%" in said


def test_ranges_that_were_tried_on_nothing_are_told_apart_where_they_are_counted() -> None:
    ends = {"forecast_lo": 10.0, "forecast": 20.0, "forecast_hi": 40.0, "kind": "calibrated"}
    least = {"age_hours": 6.0, "at": at(6), "shares": 9, "now": False, "finished": True}
    common = {"appeal_id": "a", "platform": "x", "calibrated_on": 30, **least, **ends}
    tried = [{"root_id": "x:1", "final": 40}, {"root_id": "x:2", "final": 41}]
    said = ledger.looked_back(rows(FORECASTS, *tried, **common))
    assert said == "Looked back on at an age of 6 hours: 1 of 2 intervals hold what came."
    own = [tried[0] | {"kind": "model range"}, tried[1] | {"kind": "calibrated"}]
    del common["kind"]
    assert "Of these, 1 are ranges of the model alone" in ledger.looked_back(
        rows(FORECASTS, *own, **common)
    )
