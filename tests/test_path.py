"""One datum, from a payload to a pixel: the same post at every step of docs/architecture.md."""

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import sync_playwright
from serving import launch, served, visit

from analytics import Store, measure
from collectors.exports import import_files
from dashboards.pages.story import figure
from dashboards.view import View

AT = datetime(2026, 3, 1, 10, 20, tzinfo=UTC)
PAYLOAD = {
    "data": [
        {
            "id": "2",
            "author_id": "22",
            "created_at": "2026-03-01T10:20:00.000Z",
            "text": "RT @somebody: an invented app…",
            "referenced_tweets": [{"type": "retweeted", "id": "1"}],
            "public_metrics": {"retweet_count": 41},
        }
    ],
    "includes": {
        "users": [{"id": "22", "username": "sharer", "public_metrics": {"followers_count": 5}}],
        "tweets": [
            {
                "id": "1",
                "author_id": "11",
                "created_at": "2026-03-01T09:00:00.000Z",
                "text": "an invented appeal",
            }
        ],
    },
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    file = tmp_path / "page.jsonl"
    file.write_text(json.dumps(PAYLOAD), encoding="utf-8")
    import_files(tmp_path / "store", [file])
    return Store(tmp_path / "store")


def test_payload_to_store(store: Store) -> None:
    post = store.read("posts").filter(post_id="x:2").row(0, named=True)
    assert (post["at"], post["kind"], post["root_id"], post["parent_id"]) == (
        AT,
        "repost",
        "x:1",
        None,
    )
    assert post["account_id"].startswith("x:~")
    assert post["text"] is None
    shown = store.read("counters").select("post_id", "metric", "value").rows()
    assert shown == [("x:1", "reposts", 41)]


def test_store_to_number(store: Store) -> None:
    measure(store)
    share = store.read("shares").row(0, named=True)
    assert (share["post_id"], share["root_id"], share["basis"]) == ("x:2", "x:1", "inferred")
    cascade = store.read("cascades").row(0, named=True)
    assert (cascade["root_id"], cascade["size"], cascade["depth"]) == ("x:1", 2, 1)
    hour = store.read("timeline").filter(pl.col("every") == "1h", pl.col("shares") == 1)
    assert hour["at"].to_list() == [AT.replace(minute=0)]


def test_number_to_ink(store: Store) -> None:
    measure(store)
    drawn = figure(store, View("appeal"))
    assert drawn is not None
    bars = drawn.data[0]
    assert dict(zip(bars.x, bars.y, strict=True)) == {
        AT.replace(hour=9, minute=0): 1,
        AT.replace(minute=0): 1,
    }


@pytest.mark.browser
def test_ink_to_pixel(store: Store) -> None:
    measure(store)
    with sync_playwright() as playwright, served(store) as base:
        browser = launch(playwright)
        with visit(browser, base) as seen:
            page = seen.open("/")
            page.wait_for_selector(".js-plotly-plot .bars path")
            heights = page.eval_on_selector_all(
                ".js-plotly-plot .bars path",
                "bars => bars.map(bar => bar.getBoundingClientRect().height)",
            )
            assert len(heights) == 2
            assert min(heights) > 50
            assert seen.errors == []
        browser.close()
