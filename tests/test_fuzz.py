"""Every format against damaged real files: rows, losses or one sentence, and nothing else."""

from pathlib import Path

import pytest
from damaging import damaged, survives
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.exports.formats import Head, detect, known_formats
from collectors.exports.sources import find

SAMPLE_BYTES = 20_000
DAMAGES = 40  # of each file

# A real file of every format of which there is one; formats without are damaged in tests of their
# own, with invented samples.
SAMPLES = {
    "bluesky": "bluesky/app.bsky.feed.searchPosts_b1263.json",
    "coortweet": "coortweet_russia_germany/russian_coord_tweets.csv.gz",
    "gdelt-events": "gdelt_samples/events2samp_english.csv",
    "gdelt-gkg": "gdelt_samples/gkg2samp_english.csv",
    "gdelt-mentions": "gdelt_samples/mentions_20170701234500.csv",
    "feed": "gov_feeds/wh_blog.xml",
    "hoaxy": "hoaxy_2020/Yikes_State_Department_Precedent_Qualifies_This_2020_Electi.csv",
    "keepiton": "keepiton_shutdowns/keepiton_2019.csv",
    "mass-mobilization": "mass_mobilization/mm_events_1990_2011.csv",
    "mastodon": "mastodon/status_0.json",
    "mediacloud": "mediacloud_stories/mediacloud_yt_stories_a.csv",
    "petrarch": "cameo_petrarch2/PETR.UnitTest.records.xml",
    "petition-counts": "petitions_with_responses/uk_wayback_tra_ehrc.csv",
    "propagation-trees": "twitter15_16_trees/twitter16.tar.gz",
    "reddit": "reddit_api/test_replace__all_13.json",
    "reshare-times": "seismic_evently_cascades/seismic_tweet.csv",
    "rumoureval": "rumoureval2017_threads/structures.json",
    "snap-activity": "higgs_twitter/activity_0701_0702.csv.gz",
    "spreadsheet": "kazakh_russian_text/kazsandra_04_pc_valid.zip",
    "adoption-survey": "diffusion_networks_survey/medInnovations.csv",
    "telegram-desktop": "telegram_desktop/tsikhanouskaya.json",
    "telegram-messages": "telegram_forward_graph/messages_2024-04-01_2024-07-01.csv.gz",
    "telethon": "telegram_telethon_raw/bloomberg_telethon.jsonl.txt",
    "twarc-csv": "../oracles/twarc/geo_tweets.twarc-csv.csv",
    "uk-petitions": "petitions_with_responses/uk_131215_api.json",
    "we-the-people": "petitions_with_responses/wtp_petitions.csv",
    "weibo-reposts": "weibo_ced/reposts.csv.gz",
    "x-v1": "x_v11_fixtures",
    "x-v2": "x_v2_fixtures",
    "youtube-api": "youtube_api_v3",
}


def sample(shared: Path, name: str, scratch: Path) -> bytes:
    """Return the beginning of a real file, cut where a line ends if it has short ones."""
    sources = find([shared / "data" / SAMPLES[name]], scratch).sources
    known = (each for each in sources if known_formats()[name].knows(Head.of(each)))
    whole = min((each.head(10**6) for each in known), key=len)
    data = whole[:SAMPLE_BYTES]
    end = data.rfind(b"\n")
    return data[:end] if len(whole) > SAMPLE_BYTES and end > 0 else data


@pytest.mark.parametrize("name", SAMPLES)
def test_a_damaged_real_file_is_read_or_refused(name: str, shared: Path, tmp_path: Path) -> None:
    whole = sample(shared, name, tmp_path)
    assert whole
    survives(known_formats()[name], whole)

    @settings(max_examples=DAMAGES, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(damaged(whole))
    def read(content: bytes) -> None:
        survives(known_formats()[name], content)

    read()


@settings(max_examples=60, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_a_file_given_to_the_wrong_format_is_refused_in_a_sentence(
    data: st.DataObject, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name = data.draw(st.sampled_from(sorted(SAMPLES)))
    other = data.draw(st.sampled_from(sorted(known_formats())))
    survives(known_formats()[other], sample(shared, name, tmp_path_factory.mktemp("scratch")))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_real_file_is_known_by_one_format_only(name: str, shared: Path, tmp_path: Path) -> None:
    for source in find([shared / "data" / SAMPLES[name]], tmp_path).sources[:30]:
        head = Head.of(source)
        knowing = [each for each, reader in known_formats().items() if reader.knows(head)]
        assert len(knowing) <= 1, source.name
        found = detect(head)
        assert (found.name if found else None) == (knowing[0] if knowing else None)
