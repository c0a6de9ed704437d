"""What may join posts, and what is met in posts that have nothing in common."""

import polars as pl
import pytest

from analytics.material import is_material


def joins(key: str | None) -> bool:
    return bool(
        pl.DataFrame({"key": [key]}, schema={"key": pl.String}).select(is_material("key")).item()
    )


@pytest.mark.parametrize(
    "key",
    [
        "url:a.example/news/1", "url:a.example/about", "url:a.example?p=12",
        "url:a.example/kk/petition",
        "url:a.example/index.php?id=7", "url:bit.ly/3kXyZ", "url:xx.com/name", "url:notx.com/name",
        "url:facebook.com/name/posts/1", "url:facebook.com/watch?v=1",
        "url:youtube.com/playlist?list=PL1", "url:t.me/c/12/34", "url:support.example/1",
        "url:instagram.com/stories/name/1", "url:business.a.example/news/1",
        "x:12", "youtube:abcdefghijk", "telegram:chan/4", "object:video-1", "web:https://a.example/1",
    ],
)  # fmt: skip
def test_material_joins(key: str) -> None:
    assert joins(key)


@pytest.mark.parametrize(
    "key",
    [
        "url:a.example", "url:a.example/", "url:a.example/index.html", "url:a.example/kk",
        "url:a.example/en-GB/", "url:x.com", "url:x.com/name", "url:twitter.com/~5ee410e1",
        "url:t.me/s/chan",
        "url:x.com/search?q=water", "url:x.com/hashtag/water", "url:bsky.app/search?q=nsc",
        "url:bsky.app/profile/a.example", "url:youtube.com/@name", "url:youtube.com/@name/videos",
        "url:youtube.com/channel/UC1", "url:facebook.com/groups/7",
        "url:facebook.com/profile.php?id=7",
        "url:web.facebook.com/sharer/sharer.php?u=x", "url:reddit.com/r/kz", "url:vk.com/club7",
        "url:patreon.com/name", "gdelt:669671178",
        "url:support.twitter.com/articles/20169199", "url:google.com/maps/search?api=1&query=22",
        "url:google.co.uk/search?q=water", "pdq:" + "0f" * 32, None,
    ],
)  # fmt: skip
def test_what_many_posts_have_joins_nothing(key: str | None) -> None:
    assert not joins(key)
