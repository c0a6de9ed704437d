"""The page where people code what posts say: a draw, blind second coders, nothing lost."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import expect, sync_playwright
from serving import launch, served, visit
from strategies import at, rows

from analytics.measured import OPINION_AGREEMENT, OPINIONS
from analytics.opinions import drawn, population
from analytics.store import Store
from analytics.tables import POSTS
from dashboards.figures.opinions import opinions_figure, stretches_figure
from dashboards.pages import stances
from dashboards.pages.stances import (
    BACK,
    SKIP,
    USUAL,
    Asked,
    Choice,
    choice_of,
    keep,
    stepped,
    work,
)
from dashboards.view import View

NOTHING = Asked(None, None, None)
ANN, BOB = Choice("Ann", 20, blind=False), Choice("Bob", 20, blind=True)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("GROUNDSWELL_KEYS", str(tmp_path / "keys"))
    made = Store.create(tmp_path / "s", appeal_id="a")
    toml = made.path / "groundswell.toml"
    words = toml.read_text("utf-8").replace('level = "strict"', 'level = "open"\nreason = "a test"')
    toml.write_text(words, encoding="utf-8")
    opened = Store(made.path)
    opened.declare_appeals()
    common = {"appeal_id": "a", "platform": "youtube", "kind": "comment", "source": "test"}
    posts = [{"post_id": f"youtube:{k:02}", "text": f"words {k}", "at": at(k)} for k in range(50)]
    opened.append(POSTS, rows(POSTS, *posts, **common))
    return opened


def shown(store: Store, choice: Choice) -> list[str]:
    return work(store, "a", choice).left


@pytest.mark.parametrize("by_day", [False, True])
def test_posts_come_in_the_order_of_the_draw_and_each_once(store: Store, by_day: bool) -> None:  # noqa: FBT001
    ann = ANN._replace(by_day=by_day)
    wanted = drawn(population(store.read("posts")), 20, by_day=by_day)
    seen, at_now = [], stepped(store, "a", ann, NOTHING)["at"]
    while at_now:
        seen.append(at_now)
        at_now = stepped(store, "a", ann, Asked("asks", at_now, "police"))["at"]
    assert seen == wanted["post_id"].to_list()
    kept = store.read("stances").select("post_id", "probability")
    assert dict(kept.iter_rows()) == dict(wanted.select("post_id", "probability").iter_rows())


def test_a_second_coder_gets_what_another_coded_and_no_code(store: Store) -> None:
    assert "Nobody else" in str(stepped(store, "a", BOB, NOTHING)["card"])
    first = shown(store, ANN)[:6]
    for post in first:
        keep(store, "a", ANN, post, target="court", stance="condemns")
    todo = work(store, "a", BOB)
    assert set(todo.left) == set(first)
    assert not {"stance", "target", "coder"} & set(todo.sample.columns)
    assert "condemns" not in str(stepped(store, "a", BOB, NOTHING)["card"])
    assert shown(store, Choice("Ann", 20, blind=True)) == []
    keep(store, "a", BOB, todo.left[0], target="court", stance="asks")
    keep(store, "a", ANN, shown(store, ANN)[0], target="court", stance="condemns")
    assert [post for post in shown(store, BOB) if post in first] == todo.left[1:]
    assert store.read("stances").filter("is_blind")["coder"].to_list() == ["Bob"]


def test_taking_back_removes_the_last_code_of_this_coder_alone(store: Store) -> None:
    nothing = stepped(store, "a", ANN, Asked(BACK, None, None))
    assert "no code" in nothing["said"]
    first, second = shown(store, ANN)[:2]
    for post in (first, second):
        keep(store, "a", ANN, post, target=None, stance="neutral")
        keep(store, "a", BOB, post, target=None, stance="asks")
    found = stepped(store, "a", ANN, Asked(BACK, None, None))
    assert found["at"] == second
    told = store.read("stances").select("post_id", "coder").rows()
    assert set(told) == {(first, "Ann"), (first, "Bob"), (second, "Bob")}


def test_a_skipped_post_comes_again_at_the_end(store: Store) -> None:
    first, second, third = shown(store, ANN)[:3]
    assert stepped(store, "a", ANN, Asked(SKIP, first, None))["at"] == second
    assert stepped(store, "a", ANN, Asked("asks", second, None))["at"] == third
    for post in shown(store, ANN)[1:-1]:
        keep(store, "a", ANN, post, target=None, stance="asks")
    (_, last) = shown(store, ANN)
    assert stepped(store, "a", ANN, Asked("asks", last, None))["at"] == first


def test_progress_is_told(store: Store) -> None:
    keep(store, "a", ANN, shown(store, ANN)[0], target=None, stance="asks")
    assert "1 of 20 coded" in str(stepped(store, "a", ANN, NOTHING)["card"])


def test_a_post_that_does_not_speak_of_authorities_has_no_target(store: Store) -> None:
    keep(store, "a", ANN, shown(store, ANN)[0], target="police", stance="not_about")
    assert store.read("stances")["target"].to_list() == [None]


def test_without_a_name_nothing_is_kept_or_shown(store: Store) -> None:
    nobody = Choice("", 20, blind=False)
    found = stepped(store, "a", nobody, Asked("asks", shown(store, ANN)[0], None))
    assert "who codes" in found["said"]
    assert store.read("stances").is_empty()
    assert "words" not in str(found["card"])


@pytest.mark.parametrize("post", ["youtube:99", "'; DROP TABLE", "x" * 10_000])
def test_what_was_not_drawn_is_not_kept(store: Store, post: str) -> None:
    found = stepped(store, "a", ANN, Asked("asks", post, None))
    assert "Nothing was saved" in found["said"]
    assert store.read("stances").is_empty()


@pytest.mark.parametrize("size", ["", None, "7", "9" * 400, "-1", "all"])
def test_a_forged_size_is_the_usual_one(size: str | None) -> None:
    assert choice_of("n" * 10_000, size, by_day=False, blind=False).size == USUAL


def test_a_strict_store_says_why_there_is_nothing_to_code(tmp_path: Path) -> None:
    strict = Store.create(tmp_path / "strict", appeal_id="a")
    strict.declare_appeals()
    assert "No words of posts are held" in str(stances.layout(strict, View("a")))


SHARE: dict[str, Any] = {
    "appeal_id": "a", "target": "any", "stance": "condemns", "is_whole": True, "posts": 100,
    "coded": 40, "method": "coded_only", "share": 0.5, "lo": 0.4, "hi": 0.7, "from": at(0),
    "to": at(99),
}  # fmt: skip


def test_a_share_is_drawn_with_its_interval() -> None:
    both = [SHARE, SHARE | {"method": "prediction_powered", "share": 0.55, "lo": 0.5}]
    drawn_of = opinions_figure(rows(OPINIONS, *both)).data
    assert [list(trace.x) for trace in drawn_of] == [[0.5], [0.55]]
    assert drawn_of[0].error_x.array[0] == pytest.approx(0.2)
    assert drawn_of[1].error_x.arrayminus[0] == pytest.approx(0.05)


def test_posts_that_speak_of_no_authority_are_told_and_not_drawn() -> None:
    silent = SHARE | {"stance": "not_about", "share": 0.9, "lo": 0.85, "hi": 0.94}
    told = rows(OPINIONS, SHARE, silent)
    (points,) = opinions_figure(told).data
    assert list(points.x) == [0.5]
    said = stances.whole_in_words(told)
    assert "Of 100 posts with words, 40 were coded by a person." in said
    assert "90% of posts speak of no authority (from 85% to 94%)" in said
    assert len(opinions_figure(rows(OPINIONS, silent)).data) == 0


def test_posts_in_no_stretch_are_counted() -> None:
    first = SHARE | {"is_whole": False, "posts": 30}
    told = rows(OPINIONS, SHARE, first, first | {"from": at(50), "to": at(60), "posts": 20})
    parts = told.filter(~pl.col("is_whole"))
    assert "50 posts are in none" in stances.stretches_in_words(told, parts)


def test_over_time_the_helped_estimate_is_drawn_where_there_is_one() -> None:
    part = SHARE | {"is_whole": False}
    told = rows(OPINIONS, part, part | {"method": "prediction_powered", "share": 0.6})
    (line,) = stretches_figure(told).data
    assert list(line.y) == [0.6, 0.6]


def test_agreement_is_told_or_said_to_be_unknown() -> None:
    assert "not known" in stances.agreement(OPINION_AGREEMENT.empty())[0]
    row = {"appeal_id": "a", "field": "stance", "posts": 30, "coders": 2, "alpha": 0.71,
           "alpha_lo": 0.6, "alpha_hi": 0.8}  # fmt: skip
    assert "0.71 [0.60; 0.80], on 30 posts" in stances.agreement(rows(OPINION_AGREEMENT, row))[0]


@pytest.mark.browser
def test_posts_are_coded_by_keys_and_by_mouse(store: Store) -> None:
    first = work(store, "a", Choice("", 200, blind=False)).sample["text"].to_list()
    with sync_playwright() as playwright, served(store) as base:
        browser = launch(playwright)
        with visit(browser, base) as seen:
            page = seen.open("/opinions")
            page.get_by_label("Who codes?").fill("Ann")
            page.keyboard.press("Tab")
            words = page.locator("#stances-card blockquote")
            expect(words).to_have_text(first[0])
            page.locator("main h1").click()
            page.keyboard.press("1")
            expect(page.get_by_label("police (1)")).to_be_checked()
            page.keyboard.press("c")
            expect(words).to_have_text(first[1])
            page.keyboard.press("b")
            expect(words).to_have_text(first[0])
            expect(page.locator("#stances-card")).to_contain_text("0 of 50 coded")
            page.get_by_text("court (3)").click()
            page.get_by_role("button", name="defends (d)").click()
            expect(words).to_have_text(first[1])
            expect(page.locator("#stances-card")).to_contain_text("1 of 50 coded")
            page.evaluate("dash_clientside.set_props('stances-key', {data: 'forged'})")
            for key in "cb":
                page.keyboard.press(key)
                expect(page.locator("#stances-said")).to_contain_text("not given out by this app")
                page.keyboard.press("s")
                expect(page.locator("#stances-said")).to_be_empty()
            assert seen.errors == []
        browser.close()
    (row,) = store.read("stances").to_dicts()
    assert (row["stance"], row["target"], row["coder"]) == ("defends", "court", "Ann")
    assert row["at"] > datetime(2026, 1, 1, tzinfo=UTC)
