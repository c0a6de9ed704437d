"""Pictures on the wire: decoded as the documentation says, whole, sampled and in parts."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dashboards
from analytics.measured import ACCOUNT_MAP, ACCOUNT_TIES, LAYOUT
from dashboards.pictures import (
    JUMP,
    STYLES,
    Picture,
    account_picture,
    lanes,
    river_picture,
    tree_picture,
)
from dashboards.spreading import STYLE_NAMES
from dashboards.wire import ELSEWHERE, HEADER, HEIGHT, OUTSIDE, VERSION, WIDTH, box_of, encode

START = datetime(2026, 3, 1, tzinfo=UTC)

# node, parent, basis, confidence, platform, kind, hours, y, descendants
RIVER: tuple[tuple[Any, ...], ...] = (
    (0, None, None, None, "youtube", "original", 0.0, 0.5, 5),
    (1, 0, "object", 1.0, "x", "original", 1.0, 1.5, 3),
    (2, 1, None, None, "x", "repost", 2.0, 1.25, 0),
    (3, 0, "observed", 1.0, "youtube", "comment", 3.0, 0.75, 0),
    (4, 1, "follow", 1.0, "x", "quote", 4.0, 1.96, 0),
    (5, 1, "inferred", 0.6, "x", "repost", 5.0, 1.1, 0),
)


@pytest.fixture
def river() -> pl.DataFrame:
    return river_of(RIVER)


def river_of(rows: tuple[tuple[Any, ...], ...]) -> pl.DataFrame:
    names = (
        "node", "parent", "basis", "confidence", "platform", "kind", "x", "y", "descendants",
    )  # fmt: skip
    full = [
        row
        | {
            "appeal_id": "a",
            "post_id": f"{row['platform']}:{row['node']}",
            "account_id": "x:someone",
            "role": "unknown",
            "at": START + timedelta(hours=row["x"]),
            "tree_x": 2.0 * row["node"],
            "tree_y": -1.0,
        }
        for row in (dict(zip(names, row, strict=True)) for row in rows)
    ]
    return LAYOUT.check(pl.DataFrame(full, LAYOUT.schema))


def drawn(layout: pl.DataFrame) -> Picture:
    picture = river_picture(layout)
    assert picture
    return picture


def decoded(blob: bytes) -> dict[str, Any]:
    """Read a blob as its documentation says, without any code of the encoder."""
    version, n, m, wide, high, words, _ = (int(one) for one in np.frombuffer(blob, "<u4", 7, 4))
    sizes = {
        "xy": ("<f4", 2 * n), "hours": ("<f4", n), "number": ("<u4", n), "below": ("<u4", n),
        "links": ("<u4", 2 * m), "group": ("u1", n), "kind": ("u1", n), "style": ("u1", m),
        "tone": ("u1", wide * high), "most": ("u1", wide * high),
    }  # fmt: skip
    found: dict[str, Any] = {"magic": blob[:4], "version": version}
    at = 32
    for name, (kind, count) in sizes.items():
        assert at % np.dtype(kind).itemsize == 0
        found[name] = np.frombuffer(blob, kind, count, at)
        at += found[name].nbytes
    assert len(blob) - at == words
    return found | {"about": json.loads(blob[at:])}


def test_a_blob_says_what_it_is(river: pl.DataFrame) -> None:
    found = decoded(encode(drawn(river)))
    assert HEADER.size == 32
    assert (found["magic"], found["version"]) == (b"GSTR", VERSION)
    assert (found["about"]["held"], found["about"]["all"], found["about"]["box"]) == (6, 6, None)


def test_posts_keep_their_times(river: pl.DataFrame) -> None:
    found = decoded(encode(drawn(river)))
    start = (found["about"]["origin"] - START.timestamp() * 1e3) / 3.6e6
    assert start + found["xy"][::2] == pytest.approx(river["x"].to_numpy(), abs=1e-5)
    assert found["hours"].tolist() == found["xy"][::2].tolist()
    assert found["about"]["span"] == pytest.approx([found["hours"][0], found["hours"][-1]])


def test_posts_keep_their_place_in_their_lane(river: pl.DataFrame) -> None:
    found = decoded(encode(drawn(river)))
    told = found["about"]["lanes"]
    top, bottom = (np.array([lane[end] for lane in told]) for end in ("top", "bottom"))
    lane = river["y"].to_numpy().astype(int)
    part = (found["xy"][1::2] - top[lane]) / (bottom - top)[lane]
    assert part == pytest.approx(river["y"].to_numpy() % 1, abs=1e-5)


def test_posts_keep_platform_kind_and_what_hangs_from_them(river: pl.DataFrame) -> None:
    found = decoded(encode(drawn(river)))
    about = found["about"]
    assert [about["platforms"][one] for one in found["group"]] == river["platform"].to_list()
    assert [about["kinds"][one % ELSEWHERE] for one in found["kind"]] == river["kind"].to_list()
    assert found["below"].tolist() == river["descendants"].to_list()


def test_what_filters_leave_out_is_marked(river: pl.DataFrame) -> None:
    roles = ["media", "person", "person", "unknown", "media", "person"]
    langs = ["ru", "ru", None, "kk", "kk", "en"]
    picture = drawn(river.with_columns(role=pl.Series(roles), lang=pl.Series(langs)))
    assert picture.outside((), ()) is None
    plain = decoded(encode(picture))["group"]
    for languages, kept_roles, kept in (
        (("ru",), (), [0, 1]),
        (("kk", "en"), ("person",), [5]),
        ((), ("media", "unknown"), [0, 3, 4]),
        (("zz",), (), []),
    ):
        blob = encode(picture, outside=picture.outside(languages, kept_roles))
        group = decoded(blob)["group"]
        assert np.flatnonzero(group < OUTSIDE).tolist() == kept
        assert (group % OUTSIDE == plain).all()


def test_links_come_by_style_with_every_basis_and_jumps_last(river: pl.DataFrame) -> None:
    found = decoded(encode(drawn(river)))
    styles = [(STYLES[number % JUMP], number >= JUMP) for number in found["style"]]
    links = zip(map(tuple, found["links"].reshape(-1, 2).tolist()), styles, strict=True)
    assert list(links) == [
        ((0, 3), ("observed", False)),
        ((1, 4), ("follow", False)),
        ((1, 5), ("doubtful", False)),
        ((1, 2), ("hidden", False)),
        ((0, 1), ("object", True)),
    ]
    assert np.flatnonzero(found["kind"] >= ELSEWHERE).tolist() == [1]


@pytest.mark.parametrize(
    ("confidence", "style"),
    [(0.8, "likely"), (0.79, "doubtful"), (0.5, "doubtful"), (0.2, "unlikely"), (None, "unlikely")],
)
def test_an_inferred_link_is_drawn_by_how_sure_it_is(
    river: pl.DataFrame, confidence: float | None, style: str
) -> None:
    last = river["node"] == 5
    told = river.with_columns(
        confidence=pl.when(last).then(pl.lit(confidence, pl.Float64)).otherwise("confidence")
    )
    assert style in drawn(told).styles


def test_the_first_links_of_a_style_are_a_fair_sample() -> None:
    child = decoded(encode(drawn(_star(10_000))))["links"][1::2]
    counts, _ = np.histogram(child[:1000], bins=10, range=(1, 10_000))
    assert counts.min() > 80


def test_the_order_of_rows_is_nothing_to_the_blob(river: pl.DataFrame) -> None:
    assert encode(drawn(river.reverse())) == encode(drawn(river))


def test_one_post_makes_a_blob(river: pl.DataFrame) -> None:
    found = decoded(encode(drawn(river.head(1))))
    assert found["links"].size == 0
    assert found["about"]["open"][:2] == pytest.approx([0, 1])  # an hour to look at


def test_a_few_far_posts_are_left_outside_the_opening_stretch() -> None:
    layout = _star(1000)
    far = layout.with_columns(x=pl.when(node=0).then(-5000.0).otherwise("x"))
    about = decoded(encode(drawn(far)))["about"]
    assert about["span"][0] < -4000
    assert about["stretch"] == pytest.approx([0, about["span"][1]], abs=110)
    near = decoded(encode(drawn(layout)))["about"]
    assert near["open"][0] <= near["span"][0] < near["span"][1] <= near["open"][1]


def test_lanes_fill_the_height_in_order(river: pl.DataFrame) -> None:
    found = lanes(river)
    assert found["platform"].to_list() == ["youtube", "x"]
    assert found["posts"].to_list() == [2, 4]
    assert found["top"].to_list() == pytest.approx([0, found["bottom"][0]])
    assert found["bottom"][1] == pytest.approx(1)


def test_a_lane_of_few_posts_can_still_be_read() -> None:
    few = _star(1).with_columns(platform=pl.lit("x"), y=pl.lit(1.5))
    found = lanes(pl.concat([_star(10_000), few]))
    assert np.diff(found.select("top", "bottom").to_numpy()).min() > 0.2


# More than can be drawn at once


def test_a_large_picture_comes_as_a_sample_over_a_raster_that_counts_all() -> None:
    picture = drawn(_star(5_000))
    found = decoded(encode(picture, fine=500))
    assert found["number"].size == 500
    assert found["number"][0] == 0  # from which all hangs
    assert np.diff(found["number"].astype(np.int64)).min() > 0
    counts, _ = np.histogram(found["number"], bins=10, range=(0, 5_000))
    assert counts.min() > 35
    assert (found["about"]["held"], found["about"]["all"]) == (5_000, 5_000)
    tone = found["tone"].reshape(HEIGHT, WIDTH)
    assert set(np.flatnonzero(tone.any(axis=1))) == {HEIGHT // 2}
    assert (tone > 0).sum() > 0.9 * WIDTH
    assert found["links"].reshape(-1, 2)[:, 0].max() == 0


def test_a_part_holds_all_that_lies_in_its_box_and_no_raster() -> None:
    picture = drawn(_star(5_000))
    found = decoded(encode(picture, (100.0, 110.05, 0.0, 1.0), fine=500))
    hours = picture.hours
    inside = np.flatnonzero((hours >= 100.0) & (hours <= 110.05))
    assert found["number"].tolist() == inside.tolist()
    assert found["about"]["held"] == inside.size
    assert found["tone"].size == found["links"].size == 0


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4),
    st.integers(1, 40),
)
def test_any_box_of_any_picture_makes_a_blob(box: list[float], fine: int) -> None:
    x0, x1, y0, y1 = box
    picture = drawn(_star(30))
    found = decoded(encode(picture, (x0, x1, y0, y1), fine=fine))
    assert found["number"].size == min(found["about"]["held"], fine)


@given(st.text())
def test_a_forged_box_is_none(told: str) -> None:
    box = box_of({"box": told})
    assert box is None or np.isfinite(box).all()


# The other pictures


def test_a_tree_names_its_largest_discs_cut_where_platforms_change(river: pl.DataFrame) -> None:
    picture = tree_picture(river)
    assert picture
    found = decoded(encode(picture))
    named = [(mark["platform"], mark["n"]) for mark in found["about"]["marks"]]
    assert named == [("x", 4), ("youtube", 2)]
    assert found["xy"][::2].tolist() == [0, 2, 4, 6, 8, 10]
    x0, x1, y0, y1 = found["about"]["open"]
    assert x0 < found["xy"][0]
    assert x1 > found["xy"][-2]
    assert y0 < -1 < y1


def test_a_map_tells_single_accounts_from_several_and_ties_by_what_is_known() -> None:
    common = {"appeal_id": "a", "sharing": 0, "y": 0.0}
    nodes = [
        common | {"node": 0, "account_id": "x:a", "community": 0, "platform": "x", "accounts": 1,
                  "shared": 7, "first_at": START, "x": 0.0},
        common | {"node": 1, "account_id": "web:b", "platform": "web", "accounts": 1, "shared": 0,
                  "x": 3.0},
        common | {"node": 2, "community": 0, "platform": "x", "accounts": 40, "shared": 1,
                  "first_at": START + timedelta(hours=2), "x": 6.0},
    ]  # fmt: skip
    ties = [
        {"appeal_id": "a", "source": 0, "target": 1, "shares": 4, "observed": 2},
        {"appeal_id": "a", "source": 0, "target": 2, "shares": 4, "observed": 1},
    ]
    picture = account_picture(
        ACCOUNT_MAP.check(pl.DataFrame(nodes, ACCOUNT_MAP.schema)),
        ACCOUNT_TIES.check(pl.DataFrame(ties, ACCOUNT_TIES.schema)),
    )
    assert picture
    found = decoded(encode(picture))
    assert [found["about"]["kinds"][one % ELSEWHERE] for one in found["kind"]] == [
        "account", "account", "several",
    ]  # fmt: skip
    assert found["below"].tolist() == [7, 0, 40]
    assert found["hours"].tolist() == [0, np.float32(-1e30), 2]
    styles = [(STYLES[number % JUMP], number >= JUMP) for number in found["style"]]
    assert styles == [("hidden", False), ("observed", True)]
    assert [(mark["community"], mark["n"]) for mark in found["about"]["marks"]] == [(0, 41)]


def test_nothing_makes_no_picture() -> None:
    assert river_picture(LAYOUT.empty()) is None
    assert tree_picture(LAYOUT.empty()) is None
    assert tree_picture(_star(3).with_columns(tree_x=pl.lit(None, pl.Float64))) is None
    assert account_picture(ACCOUNT_MAP.empty(), ACCOUNT_TIES.empty()) is None


def test_the_browser_holds_the_same_constants() -> None:
    script = Path(dashboards.__file__).with_name("assets") / "graph-data.js"
    constants = dict(re.findall(r"const ([A-Z]+) = (\d+);", script.read_text("utf-8")))
    told = {name: int(constants[name]) for name in ("VERSION", "ELSEWHERE", "OUTSIDE", "JUMP")}
    assert told == {
        "VERSION": VERSION, "ELSEWHERE": ELSEWHERE, "OUTSIDE": OUTSIDE, "JUMP": JUMP,
    }  # fmt: skip
    assert tuple(STYLE_NAMES) == STYLES


def _star(size: int) -> pl.DataFrame:
    """Return a layout in which everything hangs from the first post, one post every six minutes."""
    node = pl.int_range(size, dtype=pl.Int64)
    return LAYOUT.check(
        pl.select(
            node=node,
            appeal_id=pl.lit("a"),
            post_id=pl.format("youtube:{}", node),
            parent=pl.when(node > 0).then(pl.lit(0, pl.Int64)),
            platform=pl.lit("youtube"),
            kind=pl.lit("comment"),
            basis=pl.when(node > 0).then(pl.lit("observed")),
            at=pl.lit(START) + pl.duration(minutes=6 * node),
            x=node / 10,
            y=0.5,
            tree_x=node.cast(pl.Float64),
            tree_y=0.0,
            descendants=pl.when(node == 0).then(size - 1).otherwise(0).cast(pl.Int64),
        ).with_columns(pl.col("at").cast(LAYOUT.schema["at"]))
    )
