"""The ledger in a real Chromium: entered, refused at the field, put right, undone, and traced."""

import re
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, expect
from serving import served, visit

from analytics import Store, measure
from analytics.ledger import added, history
from analytics.tables import POSTS

pytestmark = pytest.mark.browser
ROW = "#entry-grid .ag-center-cols-container .ag-row"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("GROUNDSWELL_KEYS", str(tmp_path / "keys"))
    made = Store.create(tmp_path / "store", appeal_id="park")
    made.declare_appeals()
    return made


def test_a_response_is_entered_put_right_corrected_and_undone(
    browser: Browser, store: Store
) -> None:
    with served(store) as base, visit(browser, base) as seen:
        page = seen.open("/responses")
        page.get_by_label("Who codes?").fill("AB")
        page.get_by_label("When", exact=False).first.fill("2016-08")
        page.get_by_label("Authority", exact=False).first.fill("police")
        page.get_by_label("What it did: CAMEO code").fill("9")
        page.get_by_role("button", name="Enter it").click()
        expect(page.locator("#entry-said")).to_contain_text("no CAMEO code")
        expect(page.get_by_label("What it did: CAMEO code")).to_have_attribute(
            "aria-invalid", "true"
        )
        assert store.read("responses").is_empty()

        page.get_by_label("What it did: CAMEO code").fill("09")
        page.get_by_role("button", name="Enter it").click()
        expect(page.locator("#entry-said")).to_contain_text("is on record")
        expect(page.locator(ROW)).to_have_count(1)
        expect(page.locator("#responses-shown")).to_contain_text("rung +3")

        cell = page.locator(f"{ROW} [col-id='verb_code']")
        cell.dblclick()
        page.keyboard.press("Control+A")
        page.keyboard.type("nonsense")
        page.keyboard.press("Enter")
        expect(cell).to_have_class(re.compile("wrong"))
        assert store.read("responses")["verb_code"].to_list() == ["09"]

        cell.dblclick()
        page.keyboard.press("Control+A")
        page.keyboard.type("01")
        page.keyboard.press("Enter")
        expect(page.locator("#entry-said")).to_contain_text("is changed")
        page.get_by_role("button", name="Undo the last change").click()
        expect(page.locator("#entry-said")).to_contain_text("is undone")
        expect(cell).to_have_text("09")
        expect(page.locator("#entry-trail")).to_contain_text("undo")
        assert seen.errors == []
        assert seen.abroad == []
    acts = history(store).filter(field="verb_code").select("who", "act", "was", "now").rows()
    assert acts == [
        ("AB", "undo", "01", "09"), ("AB", "edit", "09", "01"), ("AB", "add", None, "09"),
    ]  # fmt: skip


def test_a_candidate_is_taken_into_the_form_and_by_a_person_into_the_ledger(
    browser: Browser, store: Store
) -> None:
    article = {"appeal_id": "park", "platform": "web", "kind": "article", "source": "test",
               "at": datetime(2016, 8, 30, 12, tzinfo=UTC)}  # fmt: skip
    url = "https://paper.example/{}"
    told = [
        {"post_id": "web:1", "text": "Вчера полиция задержала подозреваемых."},
        {"post_id": "web:2", "text": "Police opened an investigation."},
    ]
    words = '[protection]\nlevel = "open"\nreason = "a test"\n[[appeals]]\nid = "park"\n'
    (store.path / "groundswell.toml").write_text(words, encoding="utf-8")
    store = Store(store.path)
    rows = pl.DataFrame([article | row for row in told])
    links = pl.Series("urls", [[url.format(place)] for place in (1, 2)])
    store.append(POSTS, rows.with_columns(links))
    measure(store)
    with served(store) as base, visit(browser, base) as seen:
        page = seen.open("/responses")
        card = page.locator(".candidate", has_text="полиция")
        expect(card).to_contain_text("173; done to: accused; 29 August 2016")
        page.locator(".candidate", has_text="Police").get_by_role("button").last.click()
        expect(page.locator(".candidate:visible")).to_have_count(1)
        card.get_by_role("button", name="Take into the form").click()
        expect(page.get_by_label("What it did: CAMEO code")).to_have_value("173")
        assert store.read("responses").is_empty()
        page.get_by_label("Who codes?").fill("AB")
        page.get_by_role("button", name="Enter it").click()
        expect(page.locator("#entry-said")).to_contain_text("is on record")
        page.reload()
        expect(page.locator(".candidate:visible")).to_have_count(1)
        assert seen.errors == []
    (act,) = store.read("responses").to_dicts()
    assert (act["verb_code"], act["target"], act["coder"]) == ("173", "accused", "AB")
    assert (act["from"], act["sources"]) == (datetime(2016, 8, 29, tzinfo=UTC), [url.format(1)])


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_the_page_fits_its_screen(browser: Browser, store: Store, width: int) -> None:
    with served(store) as base, visit(browser, base, width=width) as seen:
        page = seen.open("/responses")
        page.wait_for_selector("#entry-grid .ag-header")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.errors == []


def test_a_second_coder_codes_by_keys_and_is_shown_no_codes(browser: Browser, store: Store) -> None:
    cells = {"from": "2016-08-29", "actor": "police", "verb_code": "173", "coder": "AB"}
    added(store, cells, appeal_id="park", who="AB", at=datetime(2026, 1, 1, tzinfo=UTC))
    with served(store) as base, visit(browser, base) as seen:
        page = seen.open("/coding")
        page.get_by_label("Who codes?").fill("CD")
        page.keyboard.press("Tab")
        expect(page.locator("#coding-card")).to_contain_text("1 left")
        assert "173" not in page.inner_text("main")
        page.get_by_label("What it did: CAMEO code").fill("09")
        page.locator("main h1").click()
        page.keyboard.press("s")
        expect(page.locator("#coding-card")).to_contain_text("Nothing is left to code for CD")
        assert seen.errors == []
    kept = store.read("codings").drop_nulls("value").select("field", "coder", "value").rows()
    assert sorted(kept) == [("verb_code", "AB", "173"), ("verb_code", "CD", "09")]
