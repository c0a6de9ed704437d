"""Files with our own columns: what was exported comes back, and bad rows are refused alone."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from reading import read

from analytics.store import Store
from analytics.tables import ACCOUNTS, COUNTERS, FOLLOWS, POSTS
from collectors.exports import import_files
from collectors.exports.formats import Head
from collectors.exports.sources import Source
from collectors.exports.table import FORMAT
from dashboards.export import export_store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POST = {
    "post_id": "x:0001234567890123456789",
    "appeal_id": "appeal",
    "platform": "x",
    "account_id": "x:18446744073709551617",
    "at": NOON + timedelta(microseconds=1),
    "kind": "quote",
    "parent_id": "x:007",
    "parent_account_id": "x:1",
    "root_id": None,
    "root_account_id": None,
    "basis": "observed",
    "text": 'two lines,\n"quoted"; | and a tab\t',
    "lang": "kk",
    "urls": ["https://a.example/?q=1|2", "https://b.example/"],
    "hashtags": [],
    "media_keys": None,
    "object_keys": ["url:https://b.example/"],
    "source": "x-v2",
    "collected_at": None,
}
BARE = dict.fromkeys(POST) | {
    "post_id": "web:https://c.example/",
    "appeal_id": "appeal",
    "platform": "web",
    "kind": "article",
    "source": "x-v2",
}


def csv(folder: Path, text: str, name: str = "posts.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.fixture
def full(tmp_path: Path) -> Store:
    """Return a store that keeps texts, so that all of a post makes the way out and back."""
    store = Store.create(tmp_path / "full")
    settings = store.path / "groundswell.toml"
    level = 'level = "open"\nreason = "invented posts"'
    settings.write_text(settings.read_text().replace('level = "strict"', level))
    store = Store(store.path)
    store.append(POSTS, pl.DataFrame([POST, BARE], schema=POSTS.schema))
    return store


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_exported_posts_come_back_as_they_were(full: Store, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"posts.{ending}"
    export_store(full, path, table="posts")
    done = read(FORMAT, path.rename(tmp_path / "renamed.bin"))
    before, after = full.read("posts").sort("post_id"), done.rows["posts"].sort("post_id")
    if ending == "csv":  # a bar stands between items: inside one it is written as in a URL
        before = before.with_columns(
            pl.col("urls").list.eval(pl.element().str.replace("|", "%7C", literal=True))
        )
    assert_frame_equal(after, before)
    assert done.losses.is_empty()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_exported_posts_make_an_equal_store(full: Store, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"posts.{ending}"
    import_files(tmp_path / "protected", [_exported(full, path)])
    protected = Store(tmp_path / "protected")
    again = tmp_path / f"again.{ending}"
    import_files(tmp_path / "copy", [_exported(protected, again)])
    assert_frame_equal(
        Store(tmp_path / "copy").read("posts"), protected.read("posts"), check_row_order=False
    )


def _exported(store: Store, path: Path) -> Path:
    export_store(store, path, table="posts")
    return path


def test_every_table_that_can_be_read_is_known_by_its_columns(tmp_path: Path) -> None:
    for table in (POSTS, ACCOUNTS, COUNTERS, FOLLOWS):
        text = ",".join(table.columns) + "\n"
        assert FORMAT.knows(Head.of(Source(csv(tmp_path, text))))
        reordered = ";".join(reversed(table.columns)) + "\r\n"
        assert FORMAT.knows(Head.of(Source(csv(tmp_path, reordered))))
        assert not FORMAT.knows(Head.of(Source(csv(tmp_path, "further," + text))))
        parquet = tmp_path / "no-ending"
        table.empty().write_parquet(parquet)
        assert FORMAT.knows(Head.of(Source(parquet)))


def test_the_columns_that_an_import_adds_may_be_missing(tmp_path: Path) -> None:
    path = csv(tmp_path, "post_id,platform,kind\nx:1,x,original\n")
    posts = read(FORMAT, path).rows["posts"]
    assert posts.select("appeal_id", "source").row(0) == ("appeal", "table")


def test_rows_keep_the_appeal_that_they_name(tmp_path: Path) -> None:
    path = csv(tmp_path, "post_id,platform,kind,appeal_id\nx:1,x,original,park\nx:2,x,original,\n")
    assert read(FORMAT, path).rows["posts"]["appeal_id"].to_list() == ["park", "appeal"]


def test_a_row_that_its_table_cannot_take_is_refused_with_its_place(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "post_id,platform,kind,parent_id,basis\n"
        "x:1,x,original,,\n"
        ",x,original,,\n"
        "2,x,original,,\n"
        "x:3,X,original,,\n"
        "x:4,x,shout,,\n"
        "x:5,x,reply,5,observed\n"
        "x:6,x,reply,x:5,guessed\n",
    )
    done = read(FORMAT, path)
    assert done.rows["posts"]["post_id"].to_list() == ["x:1"]
    assert dict(done.losses.select("example", "reason").iter_rows()) == {
        "posts.csv, row 3": "post_id is empty or cannot be read; every row needs it",
        "posts.csv, row 4": "post_id is not written as platform:id",
        "posts.csv, row 5": "platform is not written as a short name such as x or telegram",
        "posts.csv, row 6": "kind is none of original, repost, quote, reply, comment, article",
        "posts.csv, row 7": "parent_id is not written as platform:id",
        "posts.csv, row 8": "basis is none of observed, object, follow, inferred",
    }


def test_a_value_that_cannot_be_read_is_left_empty_and_counted(tmp_path: Path) -> None:
    text = (
        "account_id,platform,role,followers,created_at\n"
        "x:1,x,person,many,2026-03-01T12:00:00Z\n"
        "x:2,x,person,9999999999999999999,last spring\n"
        "x:3,x,person,3,99999-01-01T00:00:00Z\n"
    )
    done = read(FORMAT, csv(tmp_path, text))
    assert done.rows["accounts"].select("followers", "created_at").rows() == [
        (None, NOON), (None, None), (3, None)
    ]  # fmt: skip
    assert done.lost("unknown", "values") == {
        "followers cannot be read: left empty": 2,
        "created_at cannot be read: left empty": 2,
    }


@pytest.mark.parametrize("zone", [timezone(timedelta(hours=5)), ZoneInfo("Asia/Qyzylorda")])
def test_times_without_a_zone_are_read_in_the_one_given(tmp_path: Path, zone: timezone) -> None:
    text = "post_id,platform,kind,at\n" + "".join(
        f"x:{n},x,original,{at}\n"
        for n, at in enumerate(
            (
                "2026-03-01T17:00:00",
                "2026-03-01 17:00",
                "2026-03-01T12:00:00Z",
                "2026-03-01T07-0500",
            )
        )
    )
    parquet = tmp_path / "local"
    naive = pl.DataFrame({"at": [datetime(2026, 3, 1, 17)]}, {"at": pl.Datetime("ns")})  # noqa: DTZ001
    told = {"post_id": "x:9", "platform": "x", "kind": "original"}
    naive.with_columns(pl.lit(v).alias(n) for n, v in told.items()).write_parquet(parquet)
    done = read(FORMAT, csv(tmp_path, text), parquet, zone=zone)
    assert done.rows["posts"]["at"].to_list() == [NOON, NOON, NOON, None, NOON]


def test_times_without_a_zone_are_refused_where_none_is_given(tmp_path: Path) -> None:
    path = csv(tmp_path, "post_id,platform,kind,at\nx:1,x,original,2026-03-01T17:00:00\n")
    done = read(FORMAT, path)
    assert not done.rows
    assert done.lost("dropped", "files") == {
        "posts.csv has times without a zone in column at; "
        "say which with --timezone, for example --timezone Asia/Almaty": 1
    }


def test_a_day_is_no_time(tmp_path: Path) -> None:
    path = csv(tmp_path, "post_id,platform,kind,at\nx:1,x,original,2026-03-01\n")
    done = read(FORMAT, path, zone=UTC)
    assert done.rows["posts"]["at"].to_list() == [None]
    assert done.lost("unknown", "values") == {"at cannot be read: left empty": 1}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("post_id", [1.5e18]),
        ("post_id", [18446744073709551615]),
        ("kind", [True]),
        ("at", [["2026"]]),
        ("urls", [{"a": 1}]),
        ("lang", [b"\xff"]),
    ],
)
def test_parquet_of_other_types_is_refused_and_never_guessed(
    tmp_path: Path, column: str, values: list[object]
) -> None:
    good = {"post_id": ["x:1"], "platform": ["x"], "kind": ["original"]}
    pl.DataFrame(good | {column: values}).write_parquet(tmp_path / "posts")
    done = read(FORMAT, tmp_path / "posts")
    kept = done.rows.get("posts", POSTS.empty())
    assert kept.is_empty() or kept[column].to_list() in ([None], [[None]], [[]])
    assert done.losses.height == 1


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    pl.DataFrame([POST], schema=POSTS.schema).write_parquet(tmp_path / "posts")
    whole = (tmp_path / "posts").read_bytes()
    (tmp_path / "posts").write_bytes(whole[:4] + b"\xff" * 400 + whole[404:])
    done = read(FORMAT, tmp_path / "posts")
    assert not done.rows
    assert done.losses.select("outcome", "what").rows() == [("dropped", "files")]
