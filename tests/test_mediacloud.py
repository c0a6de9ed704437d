"""Media Cloud's stories: kept with the dates as told, and with what is wrong with them."""

import json
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path

import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.formats import Head, detect
from collectors.exports.mediacloud import FORMAT
from collectors.exports.sources import Source

OF_A_TOPIC = (
    "guid,stories_id,title,url,language,media_id,media_name,collect_date,publish_date,"
    "date_is_reliable,facebook_share_count"
)
OF_A_SEARCH = "id,indexed_date,language,media_name,media_url,publish_date,title,url"
A = "https://www.news.example/a"


def story(published: str, *, url: str = A, reliable: str = "1", lang: str = "ru") -> str:
    collected = "2026-03-02 10:00:00.5"
    return f"g,12,Bread,{url},{lang},3,The News,{collected},{published},{reliable},4"


def topic(folder: Path, *rows: str, header: str = OF_A_TOPIC) -> Path:
    path = folder / "stories.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def told(done: Read, *names: str) -> list[tuple[object, ...]]:
    return done.rows["posts"].select(names).rows()


def test_a_story_is_an_article_of_its_outlet(tmp_path: Path) -> None:
    done = read(FORMAT, topic(tmp_path, story("2026-03-01 09:30:00")))
    assert told(done, "post_id", "account_id", "at", "kind", "text", "lang") == [
        (f"web:{A}", "web:news.example", datetime(2026, 3, 1, 9, 30, tzinfo=UTC), "article",
         "Bread", "ru"),
    ]  # fmt: skip
    assert told(done, "collected_at") == [(datetime(2026, 3, 2, 10, 0, 0, 500_000, tzinfo=UTC),)]
    assert done.rows["accounts"].select("account_id", "name", "role").rows() == [
        ("web:news.example", "The News", "media")
    ]


def test_stories_of_a_search_are_read(tmp_path: Path) -> None:
    row = f"ab12,2026-03-02 10:00:00,kk,news.example,https://news.example,2026-03-01,Bread,{A}"
    path = topic(tmp_path, row, header=OF_A_SEARCH)
    assert detect(Head.of(Source(path))) is FORMAT
    done = read(FORMAT, path)
    assert told(done, "post_id", "at", "lang", "collected_at") == [
        (f"web:{A}", datetime(2026, 3, 1, tzinfo=UTC), "kk", datetime(2026, 3, 2, 10, tzinfo=UTC))
    ]
    assert done.lost("unknown", "times") == {"publish_date is only a day: kept as its midnight": 1}


@pytest.mark.parametrize(
    ("published", "fact"),
    [
        ("2026-03-01 00:00:00", "publish_date is only a day"),
        ("2026-03-01", "publish_date is only a day"),
        ("2026-03-02 10:00:00.4", "publish_date is just when"),
        ("2026-03-01 00:00:01", None),
        ("someday", "no publish_date"),
        ("", "no publish_date"),
    ],
)
def test_dates_that_are_none_are_counted(tmp_path: Path, published: str, fact: str | None) -> None:
    done = read(FORMAT, topic(tmp_path, story(published)), zone=UTC)
    noted = done.lost("unknown", "times")
    assert [reason.startswith(fact or "?") for reason in noted] == ([True] if fact else [])
    assert len(told(done, "at")) == 1


def test_what_media_cloud_calls_unreliable_is_said(tmp_path: Path) -> None:
    rows = (story("2026-03-01 09:30:00", reliable="0"), story("2026-03-01 09:30:00"))
    done = read(FORMAT, topic(tmp_path, *rows), zone=UTC)
    assert done.lost("unknown", "times") == {"Media Cloud itself calls its date not reliable": 1}
    assert done.place("Media Cloud") == "stories.csv, row 2"


@pytest.mark.parametrize(("zone", "hour"), [(None, 9), (timezone(timedelta(hours=5)), 4)])
def test_times_are_read_in_the_zone_that_is_said(
    tmp_path: Path, zone: tzinfo | None, hour: int
) -> None:
    done = read(FORMAT, topic(tmp_path, story("2026-03-01 09:30:00")), zone=zone)
    assert told(done, "at") == [(datetime(2026, 3, 1, hour, 30, tzinfo=UTC),)]
    assert len(done.lost("unknown", "times")) == (zone is None)


def test_a_story_on_youtube_joins_the_video(tmp_path: Path) -> None:
    url = "https://www.youtube.com/embed/abcdefghijk?rel=0"
    done = read(FORMAT, topic(tmp_path, story("2026-03-01 09:30:00", url=url)))
    assert told(done, "object_keys", "account_id") == [(["youtube:abcdefghijk"], "web:youtube.com")]


def test_a_language_that_is_no_code_stays_unknown(tmp_path: Path) -> None:
    rows = [story("2026-03-01", lang=lang) for lang in ("pt_BR", "", "Russian?")]
    done = read(FORMAT, topic(tmp_path, *rows))
    assert told(done, "lang") == [("pt-BR",), (None,), (None,)]


def test_stories_without_an_address_are_set_aside(tmp_path: Path) -> None:
    done = read(FORMAT, topic(tmp_path, story("2026-03-01"), story("2026-03-01", url="")))
    assert len(told(done, "at")) == 1
    assert done.place("has no address") == "stories.csv, row 3"


def test_shares_that_are_not_read_are_counted(tmp_path: Path) -> None:
    done = read(FORMAT, topic(tmp_path, story("2026-03-01")))
    assert done.lost("unknown", "fields") == {"field facebook_share_count is not read": 1}


def test_real_stories_have_no_reliable_date_and_all_have_their_video(shared: Path) -> None:
    done = read(FORMAT, shared / "data" / "mediacloud_stories" / "mediacloud_yt_stories_a.csv")
    posts = done.rows["posts"]
    assert (posts.height, posts["post_id"].n_unique()) == (500, 500)
    noted = sorted(done.lost("unknown", "times").values())
    assert noted == [249, 251, 500, 500]  # collected, midnight, unreliable, without a zone
    assert posts["object_keys"].list.first().str.starts_with("youtube:").sum() >= 480
    assert posts["lang"].null_count() == 51


SAMPLE = "\n".join((OF_A_TOPIC, story("2026-03-01"), story("2026-03-01 10:00:00"))).encode()


@given(data=st.data())
@settings(max_examples=40)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SAMPLE)))


def test_stories_as_the_api_lists_them_are_read(tmp_path: Path) -> None:
    told = {
        "id": "ab12", "media_name": "news.example", "media_url": "news.example", "title": "Нан",
        "publish_date": "2026-03-01", "indexed_date": "2026-03-02T10:00:00.5", "language": "kk",
    }  # fmt: skip
    stories = [told | {"url": A}, told | {"url": "a book"}, told | {"url": f"{A}2", "title": 7}]
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"stories": stories, "pagination_token": None}))
    assert detect(Head.of(Source(path))) is FORMAT
    done = read(FORMAT, path)
    assert done.rows["posts"].select("post_id", "at", "text", "lang", "collected_at").rows() == [
        (f"web:{A}", datetime(2026, 3, 1, tzinfo=UTC), "Нан", "kk",
         datetime(2026, 3, 2, 10, 0, 0, 500_000, tzinfo=UTC)),
    ]  # fmt: skip
    assert done.lost("dropped", "rows")["has no address on the web"] == 1


@given(data=st.data())
@settings(max_examples=30)
def test_damaged_lists_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    told = {"media_name": "n", "title": "x", "url": A, "publish_date": "2026-03-01"}
    whole = json.dumps({"stories": [told, told], "pagination_token": "x"}).encode()
    survives(FORMAT, data.draw(damaged(whole)))
