"""Surveys of adoption: whom people turn to becomes a follow edge."""

from pathlib import Path

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.adoption_survey import FORMAT
from collectors.exports.formats import Head
from collectors.exports.sources import Source

SURVEY = """"id","age","net11","net2_1","commun","toa","study"
1,40,2,3,1,16,1
2,NA,2,NA,1,NA,1
1,50,9,9,2,3,1
NA,50,9,9,2,3,1
"""


def asked(folder: Path, text: str = SURVEY) -> Read:
    path = folder / "doctors.csv"
    path.write_text(text)
    assert FORMAT.knows(Head.of(Source(path)))
    return read(FORMAT, path)


def test_a_tie_is_an_edge_within_a_community(tmp_path: Path) -> None:
    edges = asked(tmp_path).rows["follows"]
    assert sorted(edges.select("follower_id", "followed_id").rows()) == [
        ("survey:1/1/1", "survey:1/1/2"),
        ("survey:1/1/1", "survey:1/1/3"),
        ("survey:1/2/1", "survey:1/2/9"),
    ]


def test_what_is_lost_is_told(tmp_path: Path) -> None:
    done = asked(tmp_path)
    assert done.lost("dropped", "rows") == {
        "lacks a number, a community or a study": 1, "names itself": 1
    }  # fmt: skip
    assert sum(done.lost("merged", "rows").values()) == 1
    assert sum(done.lost("unknown", "references").values()) == 2
    assert sum(done.lost("unknown", "times").values()) == 2
    assert sum(done.lost("unknown", "fields").values()) == 1


def test_the_real_surveys_give_their_ties(shared: Path) -> None:
    folder = shared / "data" / "diffusion_networks_survey"
    doctors = read(FORMAT, folder / "medInnovations.csv")
    farmers = read(FORMAT, folder / "brfarmers.csv")
    assert sum(doctors.lost("unknown", "times").values()) == 125
    assert sum(farmers.lost("unknown", "times").values()) == 692
    for done, ties in ((doctors, 912), (farmers, 2_927)):
        itself = done.lost("dropped", "rows").get("names itself", 0)
        again = sum(done.lost("merged", "rows").values())
        assert done.rows["follows"].height + itself + again == ties


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SURVEY.encode())))
