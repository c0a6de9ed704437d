"""Sentences coded by hand: acts of states become responses, sentences are not read."""

from datetime import UTC, datetime
from pathlib import Path

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.formats import Head
from collectors.exports.petrarch import FORMAT
from collectors.exports.sources import Source

SENTENCES = """<Validation><!-- codings --><Sentences>
<Sentence date="20260301" id="S-1" sentence="true">
<EventCoding sourcecode="ARNGOV" targetcode="GON" eventcode="173"></EventCoding>
<EventCoding sourcecode="GON" targetcode="ARNGOV" eventcode="141"></EventCoding>
<EventCoding sourcecode="ARNCOP" targetcode="GON" eventcode="903"></EventCoding>
<EventCoding noevents="True"></EventCoding>
<Text>Secret words.</Text></Sentence>
<Sentence date="soon" id="S-1"><EventCoding sourcecode="---MIL" targetcode="" eventcode="12"/></Sentence>
<Sentence date="20260302" id="S-1"><EventCoding sourcecode="---MIL" targetcode="" eventcode="12"/></Sentence>
</Sentences></Validation>
"""  # noqa: E501


def coded(folder: Path, text: str = SENTENCES) -> Read:
    path = folder / "records.xml"
    path.write_text(text)
    assert FORMAT.knows(Head.of(Source(path)))
    return read(FORMAT, path, zone=UTC)


def test_acts_of_authorities_are_responses_of_their_day(tmp_path: Path) -> None:
    names = ("response_id", "from", "actor", "actor_code", "verb_code", "rung", "sources")
    assert coded(tmp_path).rows["responses"].select(names).rows() == [
        ("petrarch:S-1/1", datetime(2026, 3, 1, tzinfo=UTC), "government (ARNGOV)", "ARNGOV",
         "173", None, ["sentence S-1"]),
        ("petrarch:S-1/5", datetime(2026, 3, 2, tzinfo=UTC), "army (---MIL)", "---MIL", "12", -1,
         ["sentence S-1"]),
    ]  # fmt: skip


def test_what_is_no_response_is_dropped_with_its_reason(tmp_path: Path) -> None:
    done = coded(tmp_path)
    assert done.lost("dropped", "responses") == {
        "its source is no part of a state": 1,
        "its event code is none of CAMEO's": 1,
        "its sentence has no date that can be read": 1,
        "a coding that tells of no event": 1,
    }
    assert done.place("its source") == "records.xml, line 4"
    assert "Secret" not in str(done.rows["responses"].rows())


def test_entities_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE v [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    done = coded(tmp_path, bomb + SENTENCES.replace("Secret", "&b;"))
    assert not done.rows
    assert "declares entities" in next(iter(done.lost("dropped", "files")))


def test_broken_xml_is_read_up_to_the_break(tmp_path: Path) -> None:
    done = coded(tmp_path, SENTENCES.replace('<Sentence date="soon"', '<Sentence date=soon"'))
    assert done.rows["responses"].height == 1
    assert done.place("broken XML") == "records.xml, line 8"


def test_every_real_coding_is_kept_or_dropped_with_a_reason(shared: Path) -> None:
    done = read(FORMAT, shared / "data" / "cameo_petrarch2" / "PETR.UnitTest.records.xml")
    kept = done.rows["responses"]
    assert kept.height + sum(done.lost("dropped", "responses").values()) == 385
    assert kept["response_id"].n_unique() == kept.height == 79


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SENTENCES.encode())))
