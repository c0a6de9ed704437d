"""Synchronised sharing, from posts to tables of sums and to the command line."""

import json
from collections import Counter
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import entropy, false_discovery_control
from strategies import at, rows
from test_chance import planted
from test_synchrony import START, shares
from typer.testing import CliRunner, Result

from analytics.coordination import habits, screened, settings, told, usual_window
from analytics.errors import MeasureError
from analytics.measured import COORDINATION, COORDINATION_GROUPS
from analytics.runner import measure
from analytics.sharing import shared_objects
from analytics.synchrony import encoded
from analytics.tables import ACCOUNTS, POSTS
from analytics.truth import TRUE_COORDINATION
from collectors.exports import import_files
from collectors.simulated import write_simulation
from dashboards.cli import app
from dashboards.sentences import synchronised

COMMON = {"appeal_id": "a", "platform": "x", "kind": "repost", "source": "test"}
WORDS = ("inauthentic", "bot", "caused", "led to", "thanks to", "impact")


def posts(*appeals: str) -> pl.DataFrame:
    """Return reposts of the planted appeal, once for each name."""
    found = shares(*planted())
    return pl.concat(
        POSTS.check(
            found.select(
                post_id=pl.concat_str(pl.lit(f"x:{name}"), "content_id"),
                appeal_id=pl.lit(name),
                platform=pl.lit("x"),
                account_id=pl.concat_str(pl.lit("x:"), "account_id"),
                at="at",
                kind=pl.lit("repost"),
                root_id=pl.concat_str(pl.lit("x:"), "object_id"),
                source=pl.lit("test"),
            )
        )
        for name in appeals or ("a",)
    )


def test_tables_tell_the_planted_group_and_no_account() -> None:
    found = screened(posts(), ACCOUNTS.empty(), permutations=99)
    told_groups = found.groups.filter(window=60.0)
    counts = ("chance", "group", "accounts", "edges", "objects", "pairs")
    assert told_groups.select(counts).rows() == [
        (chance, 1, 5, 10, 10, 100) for chance in ("dealt", "traded")
    ]  # fmt: skip
    assert told_groups["median_gap"].to_list() == [6.0, 6.0]
    assert (told_groups["expected"] < told_groups["meetings"] / 5).all()
    hidden = told_groups.select("platforms", "from_at", "to_at").null_count().row(0)
    assert hidden == (2, 2, 2)  # five accounts are few: no times, no platforms
    for table in found:
        cells = {str(cell) for row in table.rows() for cell in row}
        assert not any(cell.startswith("x:") for cell in cells)


def test_a_group_of_ten_has_hours_and_platforms() -> None:
    told_posts = [
        {"post_id": f"x:{o}/{a}", "account_id": f"x:{a}", "root_id": f"x:{o}"}
        | {"at": at(o + a / 3600 if a < 10 else o + 5 + 3 * a)}
        for o, a in product(range(8), range(30))
    ]  # ten within ten seconds, twenty others hours apart from each other
    found = screened(rows(POSTS, *told_posts, **COMMON), ACCOUNTS.empty(), permutations=99)
    (group,) = found.groups.filter(window=60.0, chance="dealt").to_dicts()
    assert (group["accounts"], group["edges"], group["pairs"]) == (10, 45, 8 * 45)
    assert (group["platforms"], group["from_at"], group["to_at"]) == (["x"], at(0), at(7))


def test_windows_are_at_least_three_and_one_is_the_datas() -> None:
    found = screened(posts(), ACCOUNTS.empty(), permutations=19).settings
    assert found.filter(window_basis="set")["window"].to_list() == [10.0, 60.0, 600.0]
    (own,) = found.filter(window_basis="data")["window"]
    assert own == usual_window(encoded(shares(*planted())))


@pytest.mark.parametrize(
    ("seconds", "window"),
    [([0, 1], 1.0), ([0, 0], 1.0), ([0, 40], 40.0), ([0, 86_400], 3600.0), ([0], None),
     ([0, *range(7, 7 + 100 * 20, 100)], 7.0)],
)  # fmt: skip
def test_the_window_of_the_data_is_a_tenth_of_the_gaps(
    seconds: list[int], window: float | None
) -> None:
    table = shares(*(("o", f"a{n}", str(n), second) for n, second in enumerate(seconds)))
    assert usual_window(encoded(table)) == (window if len(seconds) < 20 else 100.0)


def test_p_q_and_interval_are_those_of_the_draws() -> None:
    found = screened(posts(), ACCOUNTS.empty(), permutations=99).settings
    sixty = found.filter(window=60.0).to_dicts()[0]
    assert sixty["repeated"] >= sixty["met"] >= 10
    assert sixty["p_3"] == 0.01
    assert sixty["null_lo"] <= sixty["null_mean"] <= sixty["null_hi"]
    assert sixty["traded_lo"] <= sixty["traded_mean"] <= sixty["traded_hi"]
    assert found["q"].to_list() == pytest.approx(false_discovery_control(found["p"]))
    assert sixty["participation"] == 2
    assert sixty["note"] is None


def test_appeals_are_screened_apart() -> None:
    one = screened(posts("a"), ACCOUNTS.empty(), permutations=19)
    two = screened(posts("a", "b"), ACCOUNTS.empty(), permutations=19)
    for alone, together in zip(one, two, strict=True):
        assert together.filter(appeal_id="a").equals(alone)
        assert together.filter(appeal_id="b").drop("appeal_id").equals(alone.drop("appeal_id"))


def test_what_has_no_account_or_time_is_counted_as_such() -> None:
    held = posts().with_columns(
        account_id=pl.when(pl.col("root_id") != "x:o39").then("account_id"),
        at=pl.when(pl.col("root_id") != "x:o38").then("at"),
    )
    (setting,) = settings_of(held)
    assert (setting["shares"], setting["unplaced"]) == (posts().height - 24, 24)


def settings_of(
    held: pl.DataFrame, *, permutations: int = 19, quick: bool = False
) -> list[dict[str, Any]]:
    """Return what is told of originals within a minute."""
    found = screened(
        held,
        ACCOUNTS.empty(),
        by=["original"],
        windows=[60.0],
        permutations=permutations,
        quick=quick,
    )
    return found.settings.filter(window_basis="set").to_dicts()


def test_nothing_close_is_held_against_nothing() -> None:
    far = [
        {"post_id": f"x:{n}", "root_id": "x:0", "account_id": f"x:{n}", "at": at(n)}
        for n in range(4)
    ]
    (setting,) = settings_of(rows(POSTS, *far, **COMMON))
    assert (setting["pairs"], setting["edges"], setting["repeated"]) == (0, 0, 0)
    assert {setting[name] for name in ("p", "q", "null_mean", "null_lo", "threshold")} == {None}
    assert setting["note"].startswith("no two shares of one object are so close")


@pytest.mark.parametrize("held", [POSTS.empty(), posts().head(1)], ids=["none", "one"])
def test_what_is_shared_once_has_no_row(held: pl.DataFrame) -> None:
    assert [table.height for table in screened(held, ACCOUNTS.empty())] == [0, 0, 0, 0]


def test_a_quick_screen_says_what_it_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics.coordination.QUICKLY", 30_000)
    monkeypatch.setattr("analytics.coordination.MOST_QUICKLY", 50)
    whole, quick = (settings_of(posts(), permutations=99, quick=quick) for quick in (False, True))
    assert whole[0]["permutations"] == whole[0]["trades"] == 99
    assert 19 <= quick[0]["permutations"] < 99
    assert quick[0]["not_drawn"] > 0
    assert "fewer draws than 99" in quick[0]["note"]
    assert "too many pairs to be held against chance" in quick[0]["note"]
    same = ("pairs", "accounts_in_pairs", "edges", "edges_above", "left_out")
    assert [whole[0][name] for name in same] == [quick[0][name] for name in same]


def test_a_crowd_alone_has_pairs_and_no_edges_that_are_known() -> None:
    n, accounts = 8000, 900
    crowd = [
        {"post_id": f"x:{i}", "root_id": "x:o", "account_id": f"x:{i % accounts}"}
        | {"at": START + timedelta(milliseconds=7 * i)}
        for i in range(n)
    ]
    found = told(rows(POSTS, *crowd, **COMMON), by="original", window=60.0)
    same = sum(k * (k - 1) // 2 for k in Counter(i % accounts for i in range(n)).values())
    assert found["pairs"] == n * (n - 1) // 2 - same
    assert found["accounts_in_pairs"] == accounts
    unknown = ("edges", "edges_above", "repeated", "met", "traded", "p", "null_mean", "threshold")
    assert {found[name] for name in unknown} == {None}
    assert (found["left_out"], found["left_out_pairs"]) == (1, found["pairs"])
    assert "objects with too many pairs, counted but in no edge: 1" in found["note"]
    assert "was not looked at" in " ".join(synchronised(found))


# habits


def test_habits_by_hand() -> None:
    minutes = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    many = [{"post_id": f"x:{m}", "account_id": "x:a", "at": at(m / 60)} for m in minutes]
    alone = {"post_id": "x:b", "account_id": "x:b", "at": at(0)}
    two = [{"post_id": f"x:c{m}", "account_id": "x:c", "at": at(m / 60)} for m in (0, 6)]
    known = rows(
        ACCOUNTS,
        {"account_id": "x:a", "created_at": at(-48), "observed_at": at(1)},
        {"account_id": "x:b", "observed_at": at(1)},
        platform="x", role="unknown",
    )  # fmt: skip
    found = habits(rows(POSTS, *many, alone, *two, **COMMON), known).sort("account_id")
    gaps = np.floor(np.log2(np.diff(minutes) * 60 + 1))
    bits = entropy(np.unique(gaps, return_counts=True)[1], base=2)
    assert found.drop("appeal_id").rows() == [
        ("x:a", pytest.approx(11 / (512 / 60)), pytest.approx(bits), 2.0),
        ("x:b", None, None, None),
        ("x:c", 2.0, None, None),
    ]


def test_habits_of_few_are_not_told() -> None:
    known = rows(ACCOUNTS, *(
        {"account_id": f"x:g{n}", "created_at": START, "observed_at": at(0)} for n in range(5)
    ), platform="x", role="unknown")  # fmt: skip
    found = screened(posts(), known, windows=[60.0], permutations=99).flags
    everyone = found.filter(pl.col("chance").is_null(), flag="posts_per_hour").to_dicts()[0]
    assert everyone["accounts"] >= 40
    assert everyone["q25"] <= everyone["q50"] <= everyone["q75"]
    grouped = found.filter(pl.col("chance") == "dealt", window=60.0)
    assert set(grouped["accounts"]) <= {0, 5}
    assert grouped.select("q25", "q50", "q75").null_count().row(0) == (grouped.height,) * 3


# what is planted in the simulated appeal


@pytest.mark.parametrize("seed", [1, 2])
def test_planted_groups_are_found_and_bursts_are_not(tmp_path: Path, seed: int) -> None:
    store = write_simulation(tmp_path / "s", posts=10_000, seed=seed)
    truth = pl.read_parquet(store.path / f"{TRUE_COORDINATION.name}.parquet")
    held = shared_objects(store.read("posts"), "original")
    how = {"windows": [60.0], "permutations": 99, "usual": False}
    (setting,) = settings(held, encoded(held), **how)  # type: ignore[arg-type]
    found = set(setting.beyond["traded"].accounts)
    groups = truth.filter("coordinated")
    bursts = truth.filter(~pl.col("coordinated"))
    assert groups["set"].n_unique() >= 5
    assert len(found & set(groups["account_id"])) >= 0.9 * groups["account_id"].n_unique()
    assert len(found & set(bursts["account_id"])) <= 0.02 * bursts["account_id"].n_unique()
    assert len(found - set(groups["account_id"])) <= 0.1 * len(found)
    assert setting.row["traded_p"] == 0.01


# the whole way


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_published_numbers_from_file_to_command(tmp_path: Path, shared: Path) -> None:
    import_files(tmp_path / "s", [shared / "data" / "coortweet_russia_germany"])
    result = run(
        "coordination", tmp_path / "s", "--window", "60s", "--participation", "2", "--json"
    )
    found = json.loads(result.stdout)
    assert (found["pairs"], found["accounts"], found["edges"]) == (3791, 2110, 3721)
    assert (found["accounts_above_threshold"], found["edges_above_threshold"]) == (94, 60)
    repeated = found["repeated_pairs"]
    assert repeated["observed"] == 63
    assert repeated["null_mean"] == pytest.approx(7.4, abs=0.8)
    assert repeated["null_interval"] == [pytest.approx(3, abs=1), pytest.approx(13, abs=2)]
    assert repeated["p"] == pytest.approx(1 / 501)
    assert found["repeated_pairs_3"]["observed"] == 11
    assert found["bounded"] == {"left_out": 0, "left_out_pairs": 0, "not_drawn": 0, "note": None}
    said = run("coordination", tmp_path / "s", "--permutations", "19").stdout
    assert "3,791 pairs" in said
    assert not any(word in said for word in WORDS)


def test_measure_writes_what_the_command_says(tmp_path: Path) -> None:
    store = write_simulation(tmp_path / "s", posts=2000, seed=1)
    measure(store)
    held = store.read(COORDINATION.name)
    assert held["window"].n_unique() >= 3
    alone = told(store.read("posts"), by="original", window=60.0)
    (row,) = held.filter(object="original", window=60.0).to_dicts()
    same = ("pairs", "edges", "repeated", "met", "traded", "shares", "accounts")
    assert [row[name] for name in same] == [alone[name] for name in same]
    assert store.read(COORDINATION_GROUPS.name).filter(pl.col("q") > 0.05).is_empty()


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (["--window", "0s"], "no duration"),
        (["--window=-60s"], "no duration"),
        (["--window", "soon"], "no duration"),
        (["--participation", "0"], "1 keeps every account"),
        (["--object", "video"], "choose one of: original"),
        (["--object", "url"], "shares are held by: original"),
        (["--appeal", "other"], "there is no appeal 'other'"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, words: list[str], fact: str) -> None:
    path = tmp_path / "in.csv"
    path.write_text("object_id,account_id,content_id,timestamp_share\no,a,c,1000\n")
    import_files(tmp_path / "s", [path])
    result = run("coordination", tmp_path / "s", *words)
    assert result.exit_code == 1
    assert fact in result.stderr


def test_nothing_shared_at_all_is_refused() -> None:
    with pytest.raises(MeasureError, match="held by: nothing"):
        told(POSTS.empty(), by="original", window=60.0)


def test_an_object_shared_once_makes_no_pair(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("object_id,account_id,content_id,timestamp_share\no,a,c,1000\n")
    import_files(tmp_path / "s", [path])
    found = json.loads(run("coordination", tmp_path / "s", "--json").stdout)
    assert (found["shares"], found["pairs"], found["repeated_pairs"]["p"]) == (1, 0, None)
    assert "nothing to hold against chance" in found["bounded"]["note"]
