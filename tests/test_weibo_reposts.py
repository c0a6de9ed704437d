"""Weibo's cascades: who was reposted is told or not, times are of Beijing, ids stand in names."""

import json
from datetime import UTC, datetime
from pathlib import Path

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.formats import Head, detect
from collectors.exports.sources import Source
from collectors.exports.weibo_reposts import FORMAT

REPOSTS = """cascade_id,mid,parent,uid,date,text_len
7_zRoot,zA,,u11,2013-01-02 08:00:00,0
7_zRoot,zB,zA,u12,2013-01-02 07:00:00,3
7_zRoot,zC,zB,vanity.name,04月24日 10:11,0
,zD,,u13,2013-01-02 08:00:00,0
"""
ORIGINALS = """cascade_id,label,time_unix,followers,friends,messages,verified,reposts,comments,likes
7_zRoot,rumor,1357000000,50,5,500,True,30,4,0
8_zOther,non-rumor,Sat Mar 02 09:15:07 +0800 2013,,,,,1,0,2
"""
ORIGINAL = {
    "text": "Слова", "source": "web", "has_url": False, "pics": 1, "time": 1357000000,
    "reposts": 3, "comments": 2, "likes": 1,
    "user": {"followers": 9, "friends": 8, "messages": 7, "time": 1300000000, "gender": "m"},
}  # fmt: skip
SHARES: list[dict[str, object]] = [
    {"kids": [], "uid": 11, "parent": "", "text": "", "mid": "zA", "date": "2013-01-02 08:00:00"},
    {"kids": [], "uid": "12", "parent": "zA", "text": "w", "mid": "zB", "date": "2013-01-03 8:00"},
]


def tables(folder: Path) -> Read:
    (folder / "reposts.csv").write_text(REPOSTS)
    (folder / "originals.csv").write_text(ORIGINALS)
    return read(FORMAT, folder)


def raw(folder: Path, name: str) -> Read:
    (folder / f"{name}_original.json").write_text(json.dumps(ORIGINAL, indent=0))
    (folder / f"{name}_repost.json").write_text(json.dumps(SHARES, indent=0))
    return read(FORMAT, folder)


def test_a_parent_is_known_only_where_it_is_told(tmp_path: Path) -> None:
    posts = tables(tmp_path).rows["posts"].filter(kind="repost")
    assert posts.select("post_id", "parent_id", "basis", "root_id").rows() == [
        ("weibo:zA", None, None, "weibo:zRoot"),
        ("weibo:zB", "weibo:zA", "observed", "weibo:zRoot"),
        ("weibo:zC", "weibo:zB", "observed", "weibo:zRoot"),
    ]


def test_times_without_a_zone_are_of_beijing_and_those_without_a_year_are_unknown(
    tmp_path: Path,
) -> None:
    done = tables(tmp_path)
    assert done.rows["posts"].filter(kind="repost")["at"].to_list() == [
        datetime(2013, 1, 2, tzinfo=UTC), datetime(2013, 1, 1, 23, tzinfo=UTC), None
    ]  # fmt: skip
    assert done.lost("unknown", "times") == {
        "a date that lacks the year or is none: no time": 1,
        "a repost earlier than the post it was made from: kept as told": 1,
    }


def test_both_ways_of_writing_an_originals_time_are_read(tmp_path: Path) -> None:
    originals = tables(tmp_path).rows["posts"].filter(kind="original")
    assert originals["at"].to_list() == [
        datetime(2013, 1, 1, 0, 26, 40, tzinfo=UTC), datetime(2013, 3, 2, 1, 15, 7, tzinfo=UTC)
    ]  # fmt: skip


def test_a_uid_that_is_no_number_is_a_handle(tmp_path: Path) -> None:
    accounts = tables(tmp_path).rows["posts"].filter(kind="repost")["account_id"]
    assert accounts.to_list() == ["weibo:u11", "weibo:u12", "weibo:@vanity.name"]


def test_numbers_are_kept_verbatim_and_profiles_only_where_told(tmp_path: Path) -> None:
    done = tables(tmp_path)
    shown = done.rows["numbers shown"].sort("post_id", "metric")
    assert shown.select("metric", "value").rows() == [
        ("likes", 2), ("replies", 0), ("reposts", 1), ("likes", 0), ("replies", 4), ("reposts", 30)
    ]  # fmt: skip
    assert done.rows["accounts"].select("account_id", "followers").rows() == [
        ("weibo:author-of/zRoot", 50)
    ]


def test_rows_without_an_id_are_refused(tmp_path: Path) -> None:
    done = tables(tmp_path)
    assert done.lost("dropped", "rows") == {"lacks its id or that of its cascade": 1}
    assert done.place("lacks") == "reposts.csv, row 5"


def test_a_files_name_tells_the_original_and_its_author(tmp_path: Path) -> None:
    posts = raw(tmp_path, "7_zRoot_1234567").rows["posts"]
    assert set(posts.filter(kind="repost")["root_id"]) == {"weibo:cascade/7_zRoot_1234567"}
    (tmp_path / "7_zRoot_1234567_original.json").unlink()
    (tmp_path / "7_zRoot_1234567_repost.json").unlink()
    (tmp_path / "original-microblog").mkdir()
    (tmp_path / "rumor-repost").mkdir()
    name = "7_zRoot_1234567.json"
    (tmp_path / "original-microblog" / name).write_text(json.dumps(ORIGINAL, indent=0))
    (tmp_path / "rumor-repost" / name).write_text(json.dumps(SHARES, indent=0))
    done = read(FORMAT, tmp_path)
    named = done.rows["posts"].filter(kind="original").select("post_id", "account_id", "text")
    assert named.rows() == [("weibo:zRoot", "weibo:1234567", "Слова")]
    assert set(done.rows["posts"].filter(kind="repost")["root_id"]) == {"weibo:zRoot"}


def test_a_name_that_tells_nothing_names_the_cascade(tmp_path: Path) -> None:
    done = raw(tmp_path, "9_rumor")
    assert set(done.rows["posts"]["root_id"].drop_nulls()) == {"weibo:cascade/9_rumor"}
    assert done.lost("unknown", "references") == {
        "the original's id is not told: named by its file": 1
    }


def test_a_table_tells_which_original_a_number_stands_for(tmp_path: Path) -> None:
    (tmp_path / "originals.csv").write_text(ORIGINALS)
    done = raw(tmp_path, "7_rumor")
    assert set(done.rows["posts"].filter(kind="repost")["root_id"]) == {"weibo:zRoot"}


def test_one_bad_item_costs_only_itself(tmp_path: Path) -> None:
    shares = [SHARES[0], {**SHARES[1], "mid": ["no"]}, {**SHARES[1], "uid": 2**70, "mid": "zE"}]
    (tmp_path / "9_repost.json").write_text(json.dumps(shares, indent=0))
    done = read(FORMAT, tmp_path)
    assert done.rows["posts"]["account_id"].to_list() == ["weibo:11", f"weibo:{2**70}"]
    assert sum(done.lost("dropped", "rows").values()) == 1


def test_real_tables_keep_every_row(shared: Path) -> None:
    folder = shared / "data" / "weibo_ced"
    done = read(FORMAT, folder / "reposts.csv.gz", folder / "originals.csv.gz")
    posts = done.rows["posts"]
    assert posts.filter(kind="repost").height == 254_554
    assert posts.filter(kind="original").height == 700
    assert posts.height - posts["post_id"].n_unique() == 134
    assert posts["at"].null_count() == 18
    reposts = posts.filter(kind="repost")
    assert round(reposts["parent_id"].null_count() / reposts.height, 2) == 0.62
    assert reposts["root_id"].null_count() == 0


def test_real_samples_of_the_raw_layout_are_known_and_read(shared: Path) -> None:
    folder = shared / "data" / "weibo_ced" / "raw_format_samples"
    for path in folder.iterdir():
        assert detect(Head.of(Source(path))) is FORMAT
    kinds = read(FORMAT, folder).rows["posts"]["kind"].value_counts()
    assert dict(kinds.iter_rows()) == {"original": 6, "repost": 327}


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([
        REPOSTS, ORIGINALS, json.dumps(SHARES, indent=0), json.dumps(ORIGINAL)
    ]))  # fmt: skip
    survives(FORMAT, data.draw(damaged(whole.encode())))
