"""One cascade of relative times: its size and its followers are known, its moments are not."""

from pathlib import Path

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read

from collectors.exports.formats import Head
from collectors.exports.reshare_times import FORMAT
from collectors.exports.sources import Source

CASCADE = '"relative_time_second","number_of_followers"\n0,2290\n11,0\n23,77\n'


def cascade(folder: Path, text: str = CASCADE, name: str = "tweet.csv") -> Path:
    path = folder / name
    path.write_text(text)
    assert FORMAT.knows(Head.of(Source(path)))
    return path


def test_the_first_row_is_the_original_and_no_time_is_made_up(tmp_path: Path) -> None:
    done = read(FORMAT, cascade(tmp_path))
    posts = done.rows["posts"]
    original = posts["post_id"][0]
    assert posts.select("kind", "root_id", "at").rows() == [
        ("original", None, None), ("repost", original, None), ("repost", original, None)
    ]  # fmt: skip
    assert sum(done.lost("unknown", "times").values()) == 3


def test_followers_are_kept_and_a_true_zero_is_one(tmp_path: Path) -> None:
    done = read(FORMAT, cascade(tmp_path))
    assert done.rows["accounts"]["followers"].to_list() == [2290, 0, 77]
    assert (
        done.rows["accounts"]["account_id"].to_list() == done.rows["posts"]["account_id"].to_list()
    )


def test_the_same_cascade_has_the_same_ids_whatever_its_file_is(tmp_path: Path) -> None:
    first = read(FORMAT, cascade(tmp_path)).rows["posts"]
    again = read(FORMAT, cascade(tmp_path, CASCADE.replace('"', ""), "b.csv")).rows["posts"]
    other = read(FORMAT, cascade(tmp_path, CASCADE.replace("77", "78"))).rows["posts"]
    assert first.equals(again)
    assert first["post_id"][0] != other["post_id"][0]


def test_a_cascade_without_its_beginning_has_a_root_that_is_not_held(tmp_path: Path) -> None:
    posts = read(FORMAT, cascade(tmp_path, CASCADE.replace("0,2290\n", ""))).rows["posts"]
    assert set(posts["kind"]) == {"repost"}
    assert posts["root_id"].n_unique() == 1
    assert posts["root_id"][0] not in posts["post_id"].to_list()


def test_rows_that_are_no_reshares_are_refused(tmp_path: Path) -> None:
    done = read(FORMAT, cascade(tmp_path, CASCADE + "x,1\n-5,1\nnan,1\n30,many\n"))
    assert sum(done.lost("dropped", "rows").values()) == 3
    assert done.lost("unknown", "values") == {"number_of_followers is no count: left empty": 1}
    assert done.rows["posts"].height == done.rows["accounts"].height + 1 == 4


def test_the_real_cascade_is_whole_and_its_neighbours_are_not_known(shared: Path) -> None:
    folder = shared / "data" / "fixtures"
    done = read(FORMAT, folder / "seismic_tweet.csv")
    assert done.rows["posts"].height == 15_563
    assert done.rows["accounts"].filter(followers=0).height == 40
    known = [path.name for path in folder.iterdir() if FORMAT.knows(Head.of(Source(path)))]
    assert known == ["seismic_tweet.csv"]


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(CASCADE.encode())))
