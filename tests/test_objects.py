"""Object keys: what shows the same has one key, and what shows another has another."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.exports.objects import _PLAIN, _bare, nested, object_keys


def key(address: str) -> str:
    return str(keys(address)[0])


def keys(*addresses: str) -> list[str]:
    frame = pl.DataFrame({"urls": [list(addresses)]})
    return list(frame.select(object_keys("urls")).item().to_list())


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/watch?v=a-b_c012345",
        "http://youtube.com/watch?feature=share&v=a-b_c012345#t=3",
        "https://m.youtube.com/watch/?v=a-b_c012345&list=x",
        "youtu.be/a-b_c012345?si=tracker",
        "https://www.youtube.com/shorts/a-b_c012345",
        "https://youtube.com/live/a-b_c012345?feature=share",
        "https://www.youtube-nocookie.com/embed/a-b_c012345",
    ],
)
def test_every_address_of_a_video_is_its_id(address: str) -> None:
    assert key(address) == "youtube:a-b_c012345"


@pytest.mark.parametrize(
    ("address", "post"),
    [
        ("https://twitter.com/somebody/status/123?s=20", "x:123"),
        ("https://x.com/i/web/status/123", "x:123"),
        ("https://t.me/s/square/7?single", "telegram:square/7"),
        ("https://t.me/c/1234567/89", "telegram:1234567/89"),
        ("https://vk.com/feed?w=wall-12_34", "vk:-12_34"),
        ("https://m.vk.com/wall12_34?reply=5", "vk:12_34"),
        ("https://www.tiktok.com/@name/video/99?lang=en", "tiktok:99"),
        ("https://www.instagram.com/reel/Ab_-9/?igsh=x", "instagram:Ab_-9"),
        (
            "https://bsky.app/profile/did:plc:abc/post/3k",
            "bluesky:at://did:plc:abc/app.bsky.feed.post/3k",
        ),
    ],
)
def test_the_address_of_a_post_is_the_posts_own_id(address: str, post: str) -> None:
    assert key(address) == post


SAME = [
    "https://a.example/news/1?b=2&a=1",
    "http://a.example/news/1?a=1&b=2",
    "https://www.a.example/news/1/?a=1&b=2#comments",
    "https://A.example/news/1?a=1&b=2&utm_source=x&fbclid=y",
    "https://m.a.example/news/1?a=1&b=2",
]


@pytest.mark.parametrize("address", SAME)
def test_a_page_has_one_key_however_it_was_reached(address: str) -> None:
    assert key(address) == key(SAME[0])


@pytest.mark.parametrize("other", ["https://a.example/news/2", "https://a.example/news/1?a=1"])
def test_another_page_has_another_key(other: str) -> None:
    assert key(other) != key(SAME[0])


def test_addresses_of_one_thing_are_one_key() -> None:
    assert keys("https://youtu.be/abcdefghijk", "https://youtu.be/abcdefghijk?t=1") == [
        "youtube:abcdefghijk"
    ]


def test_no_addresses_are_no_keys() -> None:
    frame = pl.DataFrame({"urls": [[], None]}, schema={"urls": pl.List(pl.String)})
    assert frame.select(object_keys("urls"))["object_keys"].to_list() == [[], None]


@given(st.lists(st.text(max_size=40) | st.sampled_from(SAME), max_size=5))
def test_whatever_stands_for_an_address_has_a_key(addresses: list[str]) -> None:
    assert all(each.partition(":")[2] is not None and ":" in each for each in keys(*addresses))


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x1f"), min_size=1)))
)
def test_nested_lists_are_the_same_as_built_one_by_one(lists: list[list[str]]) -> None:
    assert nested(lists).to_list() == lists


@given(st.from_regex(_PLAIN.replace("$", ""), fullmatch=True))
def test_an_address_that_looks_canonical_is(address: str) -> None:
    frame = pl.DataFrame({"urls": [[address]]})
    assert frame.select(object_keys("urls")).item().to_list()[0] == _bare(address)
