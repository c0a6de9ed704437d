"""Second coders: who agrees with whom, and what is to be settled."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from strategies import at, rows

from analytics import ledger
from analytics.coders import code
from analytics.coding import CODED, FIRST, agreement, coded, differing
from analytics.errors import FormatError, LedgerError
from analytics.sheets import coding_sheet
from analytics.store import Store
from analytics.tables import CODINGS, RESPONSES
from collectors.authorities import import_codings, import_responses

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
VERBS = ["09", "12", "173", "173", "01", "091"]
AGAIN = ["09", "12", "173", "09", "01", "09"]


def acts(verbs: list[str]) -> pl.DataFrame:
    act: dict[str, Any] = {"appeal_id": "a", "from": at(0), "to": at(1), "actor": "Police",
                           "target": "accused", "coder": "Ann"}  # fmt: skip
    return rows(RESPONSES, *(act | {"response_id": f"r{k}", "verb_code": verb}
                             for k, verb in enumerate(verbs)))  # fmt: skip


def again(verbs: list[str], target: str | None = "accused", coder: str = "Bea") -> pl.DataFrame:
    told = [
        {"response_id": f"r{k}", "field": field, "coder": coder, "value": value, "at": NOON}
        for k, verb in enumerate(verbs)
        for field, value in (("verb_code", verb), ("target", target))
    ]
    return rows(CODINGS, *told)


def of(field: str, codes: pl.DataFrame) -> dict[str, Any]:
    return agreement(codes).filter(field=field).row(0, named=True)


def test_agreement_is_that_of_krippendorffs_own_program() -> None:
    krippendorff = pytest.importorskip("krippendorff")
    codes = coded(acts(VERBS), again(AGAIN))
    values = sorted({*VERBS, *AGAIN})
    data = [[values.index(verb) for verb in coder] for coder in (VERBS, AGAIN)]
    wanted = krippendorff.alpha(data, level_of_measurement="nominal")
    assert of("verb_code", codes)["alpha"] == pytest.approx(wanted)
    rungs = [[{"09": 3, "12": -1, "173": 4, "01": 1, "091": 3}[v] for v in c]
             for c in (VERBS, AGAIN)]  # fmt: skip
    ordinal = krippendorff.alpha(rungs, level_of_measurement="ordinal")
    assert of("rung", codes)["alpha"] == pytest.approx(ordinal)


def test_roots_agree_where_the_finer_codes_do_not() -> None:
    codes = coded(acts(["09", "091", "12"]), again(["091", "09", "12"]))
    assert of("verb_root", codes)["alpha"] == 1
    assert of("verb_code", codes)["alpha"] < 1
    assert of("verb_root", codes)["reading"] == "firm"


def test_a_field_that_nobody_coded_twice_is_not_told() -> None:
    codes = coded(acts(VERBS), again(AGAIN))
    assert "impact" not in agreement(codes)["field"].to_list()
    assert agreement(coded(acts(VERBS), CODINGS.empty())).is_empty()


def test_where_all_codes_are_the_same_there_is_no_alpha() -> None:
    told = of("target", coded(acts(VERBS), again(AGAIN)))
    assert (told["alpha"], told["reading"], told["responses"]) == (None, None, 6)


def test_what_differs_is_listed_coder_by_coder() -> None:
    found = differing(coded(acts(VERBS), again(AGAIN)), acts(VERBS)).filter(field="verb_code")
    assert found.select("response_id", "coder", "value").rows() == [
        ("r3", "Ann", "173"), ("r3", "Bea", "09"), ("r5", "Ann", "091"), ("r5", "Bea", "09"),
    ]  # fmt: skip


def test_targets_decide_rungs_of_the_second_coder_too() -> None:
    codes = coded(acts(["173"]), again(["173"], target="appellant"))
    rungs = codes.filter(field="rung").sort("coder")["value"].to_list()
    assert rungs == ["4", "-3"]


# Through a sheet


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.create(tmp_path / "s", appeal_id="a")
    path = tmp_path / "acts.csv"
    path.write_text("response_id,from,actor,verb_code,target\nr0,2026,Police,09,accused\n"
                    "r1,2026,Court,116,accused\n")  # fmt: skip
    import_responses(store, path)
    return store


def filled(store: Store, folder: Path, **codes: list[str]) -> Path:
    sheet = coding_sheet(store.read("responses"))
    path = folder / "sheet.csv"
    sheet.with_columns(pl.Series(name, values) for name, values in codes.items()).write_csv(path)
    return path


def test_a_sheet_that_was_coded_is_read(store: Store, tmp_path: Path) -> None:
    path = filled(store, tmp_path, verb_code=["09", ""], target=["accused", ""])
    losses = import_codings(store, path, coder="Bea", at=NOON)
    assert losses.filter(outcome="kept")["count"].sum() == 7
    held = store.read("codings").filter(coder="Bea").drop_nulls("value")
    assert held.select("response_id", "field", "value").sort("field").rows() == [
        ("r0", "target", "accused"), ("r0", "verb_code", "09"),
    ]  # fmt: skip


def test_a_row_with_a_mistake_is_refused_and_the_rest_kept(store: Store, tmp_path: Path) -> None:
    path = filled(store, tmp_path, verb_code=["x", "116"])
    losses = import_codings(store, path, coder="Bea", at=NOON)
    (row,) = losses.filter(outcome="dropped").to_dicts()
    assert row["reason"] == "verb_code 'x' is no CAMEO code such as 09 or 173"
    assert row["example"] == "sheet.csv, row 2"
    assert store.read("codings").filter(coder="Bea")["response_id"].unique().to_list() == ["r1"]


def test_a_sheet_of_other_responses_is_refused(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("response_id,verb_code\nzz,09\n")
    with pytest.raises(FormatError, match="row 2: names no response on record: 'zz'"):
        import_codings(store, path, coder="Bea", at=NOON)


def test_each_row_can_name_its_coder(store: Store, tmp_path: Path) -> None:
    path = filled(store, tmp_path, verb_code=["09", "116"], coder=["Bea", ""])
    import_codings(store, path, coder="Cem", at=NOON)
    held = store.read("codings").filter(pl.col("coder") != FIRST)
    coders = held.select("response_id", "coder").unique().sort("response_id")
    assert coders.rows() == [("r0", "Bea"), ("r1", "Cem")]


def test_a_row_that_nobody_coded_is_refused(store: Store, tmp_path: Path) -> None:
    path = filled(store, tmp_path, verb_code=["09", "116"], coder=["Bea", " "])
    losses = import_codings(store, path, at=NOON)
    (row,) = losses.filter(outcome="dropped").to_dicts()
    assert row["reason"].startswith("coder is missing; write it in the column coder")
    assert row["example"] == "sheet.csv, row 3"


def test_the_first_coder_is_no_second_coder(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    path.write_text("response_id,from,actor,verb_code,coder\nr2,2026,Police,09,Ann\n")
    import_responses(store, path)
    mistakes = code(store, "r2", {"verb_code": "12"}, coder=" ann", at=NOON)
    assert mistakes == {"coder": "'ann' coded it first; a second coder is another person"}
    assert store.read("codings").is_empty()
    assert not code(store, "r2", {"verb_code": "12"}, coder="Bea", at=NOON)


def test_a_coder_who_codes_again_keeps_both_and_the_last_counts(store: Store) -> None:
    for hour, verb in enumerate(("12", "12", "01")):
        told = {"verb_code": verb, "target": "accused"}
        assert not code(store, "r0", told, coder="Bea", at=NOON.replace(hour=hour))
    own = store.read("codings").filter(coder="Bea")
    held = own.filter(field="verb_code").sort("at")
    assert held["value"].to_list() == ["12", "01"]  # the same again is no new code
    assert own.height == len(CODED) + 1  # neither is none again
    codes = coded(store.read("responses"), store.read("codings"))
    verbs = codes.filter(field="verb_code", coder="Bea")["value"].to_list()
    assert verbs == ["01"]


def test_codes_are_checked_and_there_has_to_be_one(store: Store) -> None:
    assert code(store, "r0", {"verb_code": "9"}, coder="Bea", at=NOON) == {
        "verb_code": "'9' is no CAMEO code such as 09 or 173"
    }
    with pytest.raises(LedgerError, match="no code is given; there are verb_code, target"):
        code(store, "r0", dict.fromkeys(CODED, " "), coder="Bea", at=NOON)
    with pytest.raises(LedgerError, match="there is no response zz"):
        code(store, "zz", {"verb_code": "09"}, coder="Bea", at=NOON)


def test_an_impact_that_is_not_known_has_no_place_in_the_order() -> None:
    told = [
        {"response_id": f"r{k}", "field": "impact", "coder": "Bea", "value": value, "at": NOON}
        for k, value in enumerate(["01", "06", "99", "02"])
    ]
    first = acts(["09"] * 4).with_columns(impact=pl.Series(["01", "06", "06", "02"]))
    both = of("impact", coded(first, rows(CODINGS, *told)))
    assert (both["responses"], both["alpha"], both["reading"]) == (3, 1.0, "firm")


def test_codes_of_a_response_that_was_removed_are_left_out() -> None:
    two = pl.concat([again(["09", "12"]), again(["12", "12"], coder="Cem")])
    assert coded(acts(["09"]), two)["response_id"].unique().to_list() == ["r0"]


def test_readings_begin_at_their_marks() -> None:
    # alpha of 2 coders and binary codes: 1 - (n - 1) * mixed / (ones * zeros), n codes in all
    first = ["09"] * 10 + ["12"] * 10
    told = {}
    for wrong in (1, 2, 3, 4):
        second = ["12"] * wrong + first[wrong:]
        row = of("verb_code", coded(acts(first), again(second)))
        n, ones = 40, 20 - wrong
        wanted = 1 - (n - 1) * wrong / (ones * (n - ones))
        assert row["alpha"] == pytest.approx(wanted)
        told[wrong] = row["reading"]
    assert told == {1: "firm", 2: "firm", 3: "tentative", 4: "weak"}


def test_what_is_settled_later_does_not_change_how_far_coders_agreed(store: Store) -> None:
    for name, verb in (("r0", "12"), ("r1", "116")):
        code(store, name, {"verb_code": verb, "target": "accused"}, coder="Bea", at=NOON)
    before = coded(store.read("responses"), store.read("codings")).sort(pl.all())
    ledger.edited(store, "r0", {"verb_code": "12"}, who="Cem", at=NOON.replace(hour=13))
    code(store, "r0", {"verb_code": "12"}, coder="Dana", at=NOON.replace(hour=14))
    codes = coded(store.read("responses"), store.read("codings")).sort(pl.all())
    assert codes.filter(pl.col("coder") != "Dana").equals(before)
    found = differing(codes, store.read("responses")).filter(field="verb_code")
    assert found.select("response_id", "coder", "value", "on_record").rows() == [
        ("r0", "Bea", "12", "12"), ("r0", "Dana", "12", "12"), ("r0", FIRST, "09", "12"),
    ]  # fmt: skip
