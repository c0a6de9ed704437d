"""The log of who acted on whom: posts without ids, by the one who acts."""

from datetime import UTC, datetime
from pathlib import Path

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.formats import Head
from collectors.exports.snap_activity import FORMAT
from collectors.exports.sources import Source

LINES = ("1 2 1341100972 RT", "3 2 1341100972 MT", "4 2 1341100973 RE")


def log(folder: Path, *lines: str, by: str = " ") -> Read:
    path = folder / "activity"
    header = ["userA,userB,timestamp,interaction"] if by == "," else []
    path.write_text("\n".join([*header, *(line.replace(" ", by) for line in lines)]) + "\n")
    assert FORMAT.knows(Head.of(Source(path)))
    return read(FORMAT, path)


def test_posts_are_by_the_one_who_acts(tmp_path: Path) -> None:
    names = (
        "account_id", "kind", "root_account_id", "parent_account_id", "basis", "mentions",
        "parent_id", "root_id",
    )  # fmt: skip
    for by in (" ", ","):
        posts = log(tmp_path, *LINES, by=by).rows["posts"]
        assert posts.select(names).rows() == [
            ("x:1", "repost", "x:2", None, None, None, None, None),
            ("x:3", "original", None, None, None, ["x:2"], None, None),
            ("x:4", "reply", None, "x:2", "observed", None, None, None),
        ]
    assert posts["at"][0] == datetime(2012, 7, 1, 0, 2, 52, tzinfo=UTC)


def test_ids_do_not_depend_on_the_order_of_lines_and_name_nobody(tmp_path: Path) -> None:
    again = (LINES[0], *LINES)
    first = log(tmp_path, *again).rows["posts"].sort("post_id")
    other = log(tmp_path, *reversed(again)).rows["posts"].sort("post_id")
    assert first.equals(other)
    assert first["post_id"].to_list() == [
        "x:activity/1341100972/1", "x:activity/1341100972/2", "x:activity/1341100972/3",
        "x:activity/1341100973/1",
    ]  # fmt: skip


def test_who_acts_on_himself_is_kept_and_counted(tmp_path: Path) -> None:
    done = log(tmp_path, "1 1 1341100972 RT", *LINES)
    assert done.lost("unknown", "accounts") == {"a user who acts on itself: kept as told": 1}
    assert done.rows["posts"].height == 4


def test_lines_that_tell_no_act_are_refused(tmp_path: Path) -> None:
    done = log(tmp_path, *LINES, "1 2 now RT", "1 2 1341100972 XX", "1 2 3")
    assert done.rows["posts"].height == 3
    assert sum(done.lost("dropped", "rows").values()) == 3


def test_the_real_log_keeps_every_row(shared: Path) -> None:
    done = read(FORMAT, shared / "data" / "higgs_twitter")
    posts = done.rows["posts"]
    assert posts.height == posts["post_id"].n_unique() == 20_244
    assert dict(posts["kind"].value_counts().iter_rows()) == {
        "repost": 11_384, "original": 7_349, "reply": 1_511
    }  # fmt: skip


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    header = data.draw(st.sampled_from(["", "userA,userB,timestamp,interaction\n"]))
    text = header + "\n".join(LINES)
    survives(FORMAT, data.draw(damaged((text.replace(" ", ",") if header else text).encode())))
