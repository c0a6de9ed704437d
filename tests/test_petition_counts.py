"""Series of signature counts: numbers at times, whose zone the user has to tell."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read

from collectors.exports.formats import Head
from collectors.exports.petition_counts import FORMAT
from collectors.exports.sources import Source

LONDON = ZoneInfo("Europe/London")
SERIES = 'timestamp,count\n2026-07-01 12:00:00,100\n2026-07-01 12:01:00.250000,"1,200"\n'


def series(folder: Path, name: str, text: str = SERIES) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_counts_are_numbers_shown_at_times_in_the_zone_that_is_said(tmp_path: Path) -> None:
    done = read(FORMAT, series(tmp_path, "uk_600001_counts.csv"), zone=LONDON)
    names = ("post_id", "metric", "value", "observed_at")
    assert done.rows["numbers shown"].select(names).rows() == [
        ("petition:uk/600001", "signatures", 100, datetime(2026, 7, 1, 11, tzinfo=UTC)),
        ("petition:uk/600001", "signatures", 1_200,
         datetime(2026, 7, 1, 11, 1, 0, 250_000, tzinfo=UTC)),
    ]  # fmt: skip
    assert done.rows["posts"].select("post_id", "at", "kind").rows() == [
        ("petition:uk/600001", None, "original")
    ]


def test_without_a_zone_the_file_is_passed_over_with_the_way_out(tmp_path: Path) -> None:
    done = read(FORMAT, series(tmp_path, "a.csv"))
    assert not done.rows
    reason = next(iter(done.lost("dropped", "files")))
    assert "--timezone Europe/London" in reason


def test_times_with_a_zone_need_no_other(tmp_path: Path) -> None:
    done = read(FORMAT, series(tmp_path, "a.csv", "timestamp,count\n2026-07-01T12:00:00Z,5\n"))
    assert done.rows["numbers shown"]["observed_at"].to_list() == [
        datetime(2026, 7, 1, 12, tzinfo=UTC)
    ]


def test_a_petition_that_is_not_named_is_called_by_the_file(tmp_path: Path) -> None:
    done = read(FORMAT, series(tmp_path, "tracker_2026.csv"), zone=UTC)
    assert done.rows["posts"]["post_id"].to_list() == ["petition:counts/tracker_2026"]
    assert sum(done.lost("unknown", "references").values()) == 1


def test_rows_without_a_time_or_a_count_are_refused(tmp_path: Path) -> None:
    text = SERIES + "soon,7\n2026-07-01 12:02:00,many\n2026-07-01 12:03:00,-4\n"
    done = read(FORMAT, series(tmp_path, "a.csv", text), zone=UTC)
    assert done.lost("dropped", "rows") == {"lacks a time or a count": 3}
    assert done.place("lacks") == "a.csv, row 4"


def test_only_two_columns_are_such_a_series(tmp_path: Path) -> None:
    path = series(tmp_path, "a.csv", "timestamp,count,text\n2026-07-01 12:00:00,1,a\n")
    assert not FORMAT.knows(Head.of(Source(path)))


def test_real_series_keep_every_point(shared: Path) -> None:
    folder = shared / "data" / "petitions_with_responses"
    for name, points in (("gc", 88), ("tra", 41)):
        path = folder / f"uk_wayback_{name}_ehrc.csv"
        assert FORMAT.knows(Head.of(Source(path)))
        assert read(FORMAT, path, zone=UTC).rows["numbers shown"].height == points


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SERIES.encode())))
