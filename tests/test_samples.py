"""Every folder of real files imports in one go, twice, and every row of it is accounted for.

The numbers are those that the people who gathered the files state, or counts of the files'
own rows.
"""

from pathlib import Path

import polars as pl
import pytest

from analytics.store import Store
from collectors.exports import import_files
from collectors.exports.importing import Report

# For each folder: what became of how many things. A reason may be given by its beginning.
Told = dict[tuple[str, str, str], int]
KEPT, MERGED, DROPPED, UNKNOWN = "kept", "merged", "dropped", "unknown"

FOLDERS: dict[str, Told] = {
    "bluesky": {
        (KEPT, "reposts", ""): 10 + 25,  # of an author's feed, and of one post
        (DROPPED, "rows", "a like"): 25,
        (UNKNOWN, "times", "who reposted is told, but not when"): 25,
    },
    "cameo_petrarch2": {(KEPT, "responses", ""): 79, (DROPPED, "responses", ""): 385 - 79},
    "coortweet_russia_germany": {(KEPT, "posts", ""): 35_125 - 40, (MERGED, "rows", ""): 40},
    "diffusion_networks_survey": {
        (UNKNOWN, "times", "toa: adoption is told in periods"): 125 + 692
    },
    "fixtures": {(KEPT, "posts", ""): 15_563, (DROPPED, "files", "is in no format"): 6},
    "gdelt_samples": {
        (UNKNOWN, "events", "no act of a state's authority"): 50 - 3,
        (KEPT, "proposals", ""): 3,
    },
    "gov_feeds": {(KEPT, "posts", ""): 3, (DROPPED, "files", "is a feed without items"): 1},
    "higgs_twitter": {(KEPT, "posts", ""): 20_244},
    "hoaxy_2020": {(KEPT, "posts", ""): 9_344 - 718, (DROPPED, "rows", "a further edge"): 718},
    "kazakh_russian_text": {(KEPT, "posts", ""): 16_796},
    "keepiton_shutdowns": {(KEPT, "responses", ""): 620, (DROPPED, "responses", ""): 749 - 620},
    "mass_mobilization": {
        (UNKNOWN, "times", "days are read"): 6_891,
        (KEPT, "responses", ""): 6_891,
        (KEPT, "appeals", ""): 9_606,
        (UNKNOWN, "responses", "whether the state did anything"): 25,
    },
    "mastodon": {(KEPT, "posts", ""): 336, (UNKNOWN, "references", "a list of accounts"): 40 + 40},
    "mediacloud_stories": {
        (KEPT, "posts", ""): 500,
        (UNKNOWN, "times", "Media Cloud itself calls"): 500,
        (UNKNOWN, "times", "publish_date is only a day"): 251,
        (UNKNOWN, "times", "publish_date is just when"): 249,
    },
    "petitions_with_responses": {
        (UNKNOWN, "references", "the petition that was signed is not named"): 11_786,
        (DROPPED, "responses", "answered, with no date of the answer"): 277,
        (UNKNOWN, "times", "a response earlier than its petition"): 1,
    },
    "reddit_api": {(UNKNOWN, "accounts", "authors whose account is deleted"): 16 + 1},
    "rumoureval2017_threads": {
        (KEPT, "posts", ""): 4_519,
        (UNKNOWN, "references", "no post of that id"): 341,
    },
    "seismic_evently_cascades": {
        (KEPT, "posts asked for", ""): 359,
        (KEPT, "posts", ""): 15_563,
        (DROPPED, "files", "is data of R"): 1,
    },
    "telegram_desktop": {(KEPT, "posts", ""): 1_816, (DROPPED, "rows", "service message"): 9},
    "telegram_forward_graph": {(KEPT, "posts", ""): 170_541},
    "telegram_russian_news": {(KEPT, "posts", ""): 2_577},
    "telegram_telethon_raw": {(KEPT, "posts", ""): 3},
    "twitter15_16_trees": {
        # a line for each edge of 818 trees: 363,536
        (KEPT, "posts", ""): 363_536 - 468 - 953 - 14_755,
        (MERGED, "rows", "a post of two trees"): 468,
        (DROPPED, "rows", "a node that is its own parent"): 953,
        (DROPPED, "rows", "a node that comes again"): 14_755,
    },
    "weibo_ced": {
        # 254,554 rows and 700 originals; posts of the raw samples stand among them
        (KEPT, "posts", ""): 254_554 + 700 - 134,
        (MERGED, "posts", "came more than once"): 134,
    },
    "x_v11_fixtures": {
        (KEPT, "posts asked for", ""): 500 + 15 - 50,
        (MERGED, "posts asked for", ""): 50,
    },
    "x_v2_fixtures": {
        (DROPPED, "files", "is empty"): 1,
        (DROPPED, "rows", "broken JSON"): 1,
        (UNKNOWN, "fields", "field withheld is not read"): 13,
    },
    "x_v2_standwithhongkong": {(KEPT, "posts asked for", ""): 3_498},
    "youtube_api_v3": {(DROPPED, "rows", "an answer in which YouTube only reports an error"): 1},
}
KINDS: dict[str, dict[str, int]] = {
    "reddit_api": {"comment": 541, "original": 11},
    "telegram_desktop": {"repost": 344},
    "telegram_forward_graph": {"repost": 45_207},
    "x_v2_standwithhongkong": {"repost": 2_523},
    "rumoureval2017_threads": {"original": 297},
    "weibo_ced": {"original": 700},
}


def count(report: Report, outcome: str, what: str, reason: str) -> int:
    """Return how many things met an outcome for a reason that begins so."""
    losses = report.losses.filter(pl.col("reason").str.starts_with(reason))
    return int(losses.filter(outcome=outcome, what=what)["count"].sum())


def held(store: Path) -> dict[str, int]:
    """Return the versions of the tables that an import writes to."""
    provenance = {"imports", "losses"}
    return {n: version for n, version in Store(store).versions().items() if n not in provenance}


def test_no_folder_of_samples_is_left_out(shared: Path) -> None:
    folders = {path.name for path in (shared / "data").iterdir() if path.is_dir()}
    assert folders == set(FOLDERS)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_imports_with_one_command(name: str, shared: Path, tmp_path: Path) -> None:
    zone = "-04:00" if name == "telegram_desktop" else None  # of the computer that exported it
    report = import_files(tmp_path / "s", [shared / "data" / name], timezone=zone)
    found = {told: count(report, *told) for told in FOLDERS[name]}
    assert found == FOLDERS[name]
    kinds = KINDS.get(name, {})
    assert {kind: report.held.get(kind) for kind in kinds} == kinds
    before = held(tmp_path / "s")
    again = import_files(tmp_path / "s", [shared / "data" / name], timezone=zone)
    assert again.losses.filter(outcome=KEPT).is_empty()
    assert held(tmp_path / "s") == before
