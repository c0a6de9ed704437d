"""Lists of who reposted: accounts without times, and the post that the address names."""

from pathlib import Path
from typing import Any

import pytest
from reading import read, written

from collectors.exports import known_formats
from collectors.exports.formats import Head, detect
from collectors.exports.sources import Source
from collectors.exports.x_reposters import FORMAT


def page(place: str = "/2/tweets/1234567/retweeted_by", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    user = {"id": "7", "username": "ann", "name": "Ann", "public_metrics": {"followers_count": 3}}
    url = f"https://api.twitter.com{place}?max_results=100"
    stamp = {"url": url, "retrieved_at": "2026-03-01T12:00:00.000000+00:00"}
    return {
        "data": [user, user | {"id": "8"}],
        "meta": {"result_count": 2},
        "__twarc": stamp,
    } | more


def test_each_account_has_reposted_the_post_that_the_address_names(tmp_path: Path) -> None:
    done = read(FORMAT, written(tmp_path / "f", page()))
    told = done.rows["reposts"].select(
        "post_id", "account_id", "root_id", "kind", "at", "parent_id"
    )
    assert told.rows() == [
        ("x:7/of/1234567", "x:7", "x:1234567", "repost", None, None),
        ("x:8/of/1234567", "x:8", "x:1234567", "repost", None, None),
    ]
    assert done.rows["accounts"]["followers"].to_list() == [3, 3]
    assert done.rows["reposts"]["collected_at"].dt.to_string("%F %T").unique().item() == (
        "2026-03-01 12:00:00"
    )
    assert sum(done.lost("unknown", "times").values()) == 2


def test_the_new_name_of_the_place_is_read_too(tmp_path: Path) -> None:
    done = read(FORMAT, written(tmp_path / "f", page("/2/posts/1234567/reposted_by")))
    assert done.rows["reposts"]["root_id"].unique().item() == "x:1234567"


def test_a_page_that_names_no_post_is_dropped_and_told(tmp_path: Path) -> None:
    done = read(FORMAT, written(tmp_path / "f", page("/2/lists/5/members")))
    assert done.lost("dropped", "pages") == {"does not say which post was reposted": 1}


@pytest.mark.parametrize(
    ("place", "name"), [("tweets/1/retweeted_by", "x-reposters"), ("u", "x-v2")]
)
def test_only_pages_of_reposters_are_known(tmp_path: Path, place: str, name: str) -> None:
    found = detect(Head.of(Source(written(tmp_path / "f", page(f"/2/{place}")))))
    assert found is known_formats()[name]
