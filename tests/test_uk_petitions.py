"""Petitions to the UK Parliament, and what it and the Government did about them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.formats import Head
from collectors.exports.sources import Source
from collectors.exports.uk_petitions import FORMAT

OPENED = "2026-03-01T12:00:00.000Z"


def petition(**told: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a member holds
    attributes = {
        "action": "Mend the bridge", "background": "It fell.", "additional_details": "",
        "state": "open", "signature_count": 12_345, "created_at": "2026-02-28T09:00:00.000Z",
        "updated_at": "2026-06-01T00:00:00.000Z", "opened_at": OPENED, "creator_name": "Somebody",
        "rejected_at": None, "rejection": None, "government_response_at": None,
        "government_response": None, "scheduled_debate_date": None, "debate_outcome_at": None,
        "debate": None,
    }  # fmt: skip
    return {"type": "petition", "id": 600_001, "attributes": attributes | told}


def written(folder: Path, *petitions: dict[str, Any], page: bool = False) -> Read:
    address = "https://petition.parliament.uk/petitions/600001.json"
    path = folder / "petition.json"
    data: Any = list(petitions) if page else petitions[0]
    path.write_text(json.dumps({"links": {"self": address}, "data": data}))
    assert FORMAT.knows(Head.of(Source(path)))
    return read(FORMAT, path)


def acts(done: Read) -> list[tuple[Any, ...]]:
    return done.rows["responses"].select("response_id", "verb_code", "rung", "from", "to").rows()


def test_a_petition_is_a_post_without_an_account(tmp_path: Path) -> None:
    done = written(tmp_path, petition())
    names = ("post_id", "platform", "account_id", "at", "kind", "text", "urls")
    assert done.rows["posts"].select(names).rows() == [
        ("petition:uk/600001", "petition", None, datetime(2026, 3, 1, 12, tzinfo=UTC), "original",
         "Mend the bridge\n\nIt fell.", ["https://petition.parliament.uk/petitions/600001"])
    ]  # fmt: skip
    assert "Somebody" not in str(done.rows)


def test_signatures_are_of_the_records_last_change(tmp_path: Path) -> None:
    shown = written(tmp_path, petition()).rows["numbers shown"]
    assert shown.select("metric", "value", "observed_at").rows() == [
        ("signatures", 12_345, datetime(2026, 6, 1, tzinfo=UTC))
    ]


def test_older_pages_and_lists_are_read_too(tmp_path: Path) -> None:
    older = petition(open_at=OPENED)
    del older["attributes"]["opened_at"]
    second = petition() | {"id": "600002"}
    done = written(tmp_path, older, second, page=True)
    assert done.rows["posts"]["post_id"].to_list() == ["petition:uk/600001", "petition:uk/600002"]
    assert done.rows["posts"]["at"].null_count() == 0


def test_a_rejection_is_a_denial(tmp_path: Path) -> None:
    told = petition(
        rejected_at="2026-03-05T10:00:00Z", rejection={"code": "duplicate", "details": "x"}
    )
    at = datetime(2026, 3, 5, 10, tzinfo=UTC)
    assert acts(written(tmp_path, told)) == [("uk-petitions:600001/rejection", "12", -1, at, at)]


def test_an_answer_without_a_clock_is_of_a_whole_day_in_london(tmp_path: Path) -> None:
    told = petition(government_response={"responded_on": "2026-04-02", "summary": "s"})
    assert acts(written(tmp_path, told)) == [
        ("uk-petitions:600001/answer", "01", 1, datetime(2026, 4, 1, 23, tzinfo=UTC),
         datetime(2026, 4, 2, 22, 59, 59, 999_999, tzinfo=UTC))
    ]  # fmt: skip


def test_a_debate_is_held_on_its_day_and_was_promised_before(tmp_path: Path) -> None:
    told = petition(
        scheduled_debate_date="2026-05-04",
        debate_outcome_at="2026-05-05T12:00:00Z",
        debate={"debated_on": "2026-05-04", "transcript_url": "https://hansard.example/1"},
    )
    done = written(tmp_path, told)
    end = datetime(2026, 5, 4, 22, 59, 59, 999_999, tzinfo=UTC)
    assert acts(done) == [
        ("uk-petitions:600001/schedule", "03", 2, datetime(2026, 3, 1, 12, tzinfo=UTC), end),
        ("uk-petitions:600001/debate", "04", 2, datetime(2026, 5, 3, 23, tzinfo=UTC), end),
    ]
    assert done.rows["responses"]["sources"].to_list()[1][1] == "https://hansard.example/1"


def test_a_debate_that_is_refused_is_a_denial_and_a_vague_outcome_is_dropped(
    tmp_path: Path,
) -> None:
    at = datetime(2026, 5, 5, 12, tzinfo=UTC)
    told = {"debate_outcome_at": "2026-05-05T12:00:00Z"}
    refused = written(tmp_path, petition(**told, debate_state="not_debated"))
    assert acts(refused) == [("uk-petitions:600001/no-debate", "12", -1, at, at)]
    vague = written(tmp_path, petition(**told))
    assert vague.rows["responses"].is_empty()
    assert sum(vague.lost("dropped", "responses").values()) == 1


def test_a_response_before_its_petition_is_kept_and_one_without_a_date_is_not(
    tmp_path: Path,
) -> None:
    early = written(tmp_path, petition(government_response_at="2026-01-01T00:00:00Z"))
    assert early.rows["responses"].height == 1
    assert early.lost("unknown", "times") == {
        "a response earlier than its petition: kept as told": 1
    }
    undated = written(tmp_path, petition(government_response={"responded_on": "soon"}))
    assert undated.rows["responses"].is_empty()
    assert undated.lost("dropped", "responses") == {"a response without a date that can be read": 1}


def test_one_bad_petition_costs_only_itself(tmp_path: Path) -> None:
    done = written(tmp_path, petition(signature_count="many"), petition(), page=True)
    assert done.rows["posts"].height == 1
    assert sum(done.lost("dropped", "rows").values()) == 1


def test_the_real_petition_has_its_signatures_and_no_response(shared: Path) -> None:
    done = read(FORMAT, shared / "data" / "petitions_with_responses" / "uk_131215_api.json")
    assert done.rows["posts"]["post_id"].to_list() == ["petition:uk/131215"]
    assert done.rows["numbers shown"]["value"].to_list() == [3_555_721, 10_000, 100_000]
    (appeal,) = done.rows["appeals"].to_dicts()
    assert (appeal["appeal_id"], appeal["jurisdiction"]) == ("uk-131215", "GB")
    assert appeal["registered_at"] < appeal["outcome_known_until"]
    assert done.rows["responses"].is_empty()
    assert "field signatures_by_constituency is not read" in done.lost("unknown", "fields")


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_comes_is_read_or_refused(data: st.DataObject) -> None:
    told = petition(
        scheduled_debate_date="2026-05-04",
        rejected_at="2026-03-05T10:00:00Z",
        government_response={"responded_on": "2026-04-02"},
        debate={"debated_on": "2026-05-04"},
    )
    whole = data.draw(st.sampled_from([{"data": told}, {"data": [told, told]}]))
    survives(FORMAT, data.draw(damaged(json.dumps(whole).encode())))
