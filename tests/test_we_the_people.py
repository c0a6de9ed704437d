"""We the People: petitions, answers given to many at once, and signatures."""

from datetime import UTC, datetime
from pathlib import Path

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.formats import Head
from collectors.exports.sources import Source
from collectors.exports.we_the_people import FORMAT

SITE = "https://petitions.example/petition"
PETITIONS = (
    "id,type,title,body,signatureCount,url,deadline,status,created,response.id,response.url,"
    "response.associationTime\n"
    f'p1,petition,Mend,"It\r\nfell",5001,{SITE}/mend/a1,1,responded,1300000000,7.0,http://r/7,1300009000.0\n'
    f"p2,petition,Paint,,12,{SITE}/paint/b2,1,responded,1300010000,7.0,http://r/7,1300009000.0\n"
    f"p3,petition,Open,,0,{SITE}/open/c3,1,open,1300020000,,,\n"
)
ANSWERED = (
    "signed_label,goal_number,view_description,signatures_number,nodepetition_link\n"
    f"signed,5000,Mend,6000,{SITE}/mend\n"
    f"signed,5000,Sing,7000,{SITE}/sing\n"
)
SIGNATURES = "id,created,zip3\ns1,1300000100,303\ns2,1300000200,\ns3,,101\n"


def files(folder: Path, **texts: str) -> Read:
    for name, text in texts.items():
        path = folder / f"{name}.csv"
        path.write_text(text, newline="")
        assert FORMAT.knows(Head.of(Source(path)))
    return read(FORMAT, folder)


def test_petitions_are_posts_with_their_signatures(tmp_path: Path) -> None:
    done = files(tmp_path, petitions=PETITIONS)
    assert done.rows["posts"].select("post_id", "account_id", "kind", "text").rows() == [
        ("petition:wtp/p1", None, "original", "Mend\n\nIt\r\nfell"),
        ("petition:wtp/p2", None, "original", "Paint"),
        ("petition:wtp/p3", None, "original", "Open"),
    ]
    assert done.rows["posts"]["at"][0] == datetime(2011, 3, 13, 7, 6, 40, tzinfo=UTC)
    assert done.rows["numbers shown"]["value"].to_list() == [5_001, 12, 0]


def test_one_answer_to_many_petitions_is_a_response_of_each(tmp_path: Path) -> None:
    responses = files(tmp_path, petitions=PETITIONS).rows["responses"]
    summary = "Official response to 2 petition(s)"
    wanted = ["appeal_id", "response_id", "verb_code", "rung", "summary"]
    assert responses.select(wanted).rows() == [
        ("wtp-p1", "wtp:7/p1", "01", 1, summary), ("wtp-p2", "wtp:7/p2", "01", 1, summary),
    ]  # fmt: skip
    pages = [["http://r/7", f"{SITE}/mend/a1"], ["http://r/7", f"{SITE}/paint/b2"]]
    assert responses["sources"].to_list() == pages


def test_each_petition_is_an_appeal(tmp_path: Path) -> None:
    done = files(tmp_path, petitions=PETITIONS)
    appeals = done.rows["appeals"]
    assert appeals["appeal_id"].to_list() == ["wtp-p1", "wtp-p2", "wtp-p3"]
    assert appeals["appeal_id"].to_list() == done.rows["posts"]["appeal_id"].to_list()
    assert set(appeals["register"]) == {"we-the-people"}
    assert set(appeals["jurisdiction"]) == {"US"}
    assert appeals["registered_at"].to_list() == done.rows["posts"]["at"].to_list()
    latest = datetime.fromtimestamp(1_300_020_000, UTC)  # the last that any row tells of
    assert set(appeals["outcome_known_until"]) == {latest}
    assert appeals["title"].null_count() == appeals.height  # words of private people


def test_an_answer_before_its_petition_is_kept_as_told(tmp_path: Path) -> None:
    done = files(tmp_path, petitions=PETITIONS)
    reason = "a response earlier than its petition: kept as told"
    assert done.lost("unknown", "times") == {reason: 1}
    assert done.place(reason) == "petitions.csv, row 3"


def test_answers_without_dates_are_dropped_and_their_petitions_are_not(tmp_path: Path) -> None:
    done = files(tmp_path, answered=ANSWERED)
    assert done.rows["responses"].is_empty()
    assert done.lost("dropped", "responses") == {"answered, with no date of the answer": 2}
    assert done.rows["posts"].select("post_id", "at").rows() == [
        ("petition:wtp/mend", None), ("petition:wtp/sing", None)
    ]  # fmt: skip


def test_words_of_an_address_join_the_two_files(tmp_path: Path) -> None:
    done = files(tmp_path, petitions=PETITIONS, answered=ANSWERED)
    assert done.rows["posts"].height == 4
    shown = done.rows["numbers shown"].filter(post_id="petition:wtp/p1")
    assert shown["value"].to_list() == [5_001, 6_000]


def test_signatures_are_comments_without_people(tmp_path: Path) -> None:
    done = files(tmp_path, signatures=SIGNATURES)
    names = ("post_id", "kind", "account_id", "parent_id", "text")
    assert done.rows["posts"].select(names).rows() == [
        ("petition:wtp/signature/s1", "comment", None, None, None),
        ("petition:wtp/signature/s2", "comment", None, None, None),
    ]
    assert done.lost("dropped", "rows") == {"lacks its id or a time": 1}
    assert "303" not in str(done.rows["posts"].rows())


def test_the_real_files_agree_with_their_readme(shared: Path) -> None:
    folder = shared / "data" / "petitions_with_responses"
    petitions = read(FORMAT, folder / "wtp_petitions.csv")
    assert petitions.rows["posts"].height == 945
    sources = petitions.rows["responses"]["sources"].list.len()
    assert sources.sum() - sources.len() == 95  # the dev half of 186 answered
    assert sum(petitions.lost("unknown", "times").values()) == 1
    answered = read(FORMAT, folder / "wtp_responded_list_2016.csv")
    assert sum(answered.lost("dropped", "responses").values()) == 277
    signatures = read(FORMAT, folder / "wtp_one_petition_signatures.csv")
    assert signatures.rows["posts"].height == 11_786


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([PETITIONS, ANSWERED, SIGNATURES]))
    survives(FORMAT, data.draw(damaged(whole.encode())))
