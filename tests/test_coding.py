"""Second coders: who agrees with whom, and what is to be settled."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from strategies import at, rows

from analytics.coding import agreement, coded, differing
from analytics.errors import FormatError
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
    found = differing(coded(acts(VERBS), again(AGAIN))).filter(field="verb_code")
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
    held = store.read("codings").drop_nulls("value")
    assert held.select("response_id", "field", "value").sort("field").rows() == [
        ("r0", "target", "accused"), ("r0", "verb_code", "09"),
    ]  # fmt: skip


def test_a_row_with_a_mistake_is_refused_and_the_rest_kept(store: Store, tmp_path: Path) -> None:
    path = filled(store, tmp_path, verb_code=["x", "116"])
    losses = import_codings(store, path, coder="Bea", at=NOON)
    (row,) = losses.filter(outcome="dropped").to_dicts()
    assert row["reason"] == "verb_code 'x' is no CAMEO code such as 09 or 173"
    assert row["example"] == "sheet.csv, row 2"
    assert store.read("codings")["response_id"].unique().to_list() == ["r1"]


def test_a_sheet_of_other_responses_is_refused(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("response_id,verb_code\nzz,09\n")
    with pytest.raises(FormatError, match="row 2: names no response on record: 'zz'"):
        import_codings(store, path, coder="Bea", at=NOON)
