"""How often sentences are read right: CAMEO's gold-coded ones, and ours in Russian and Kazakh.

The gold sentences test a parser: they tell of states in an invented world, and their codes are of
WEIS, CAMEO's forerunner (there are roots up to 22), so that they are translated before they are
compared. The English dictionary was not tuned on them. Ours were labelled before the matcher was
written, half of them held back.

    python benchmarks/candidates.py GOLD.xml
"""

import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from analytics.acts import proposed

LABELLED = Path(__file__).parent.parent / "tests" / "labelled" / "acts.csv"
NONE = "none"
# Roots of WEIS and what they are in CAMEO (McClelland 1976; Schrodt 2012).
WEIS = {
    "01": "08", "02": "01", "03": "04", "04": "05", "05": "03", "06": "07", "07": "07", "08": "03",
    "09": "02", "10": "02", "11": "12", "12": "11", "13": "14", "14": "12", "15": "10", "16": "13",
    "17": "13", "18": "15", "19": "16", "20": "17", "21": "17", "22": "19",
}  # fmt: skip


def main() -> None:
    """Print precision and recall."""
    with pl.Config(tbl_rows=40, tbl_cols=12, tbl_width_chars=160):
        print(of_labelled())
        if len(sys.argv) > 1:
            print(of_gold(Path(sys.argv[1])))


def of_labelled() -> pl.DataFrame:
    """Return by language and half how often an act is seen, and what is told of it right."""
    told = pl.read_csv(LABELLED, infer_schema=False)
    rows = []
    for (language, split), own in told.group_by("language", "split", maintain_order=True):
        found = [(row, proposed(row["sentence"])) for row in own.to_dicts()]
        seen = [(row, act) for row, act in found if act and row["verb_code"] != NONE]
        acts, said = sum(row["verb_code"] != NONE for row, _ in found), sum(
            act is not None for _, act in found)  # fmt: skip
        rows.append({
            "language": language, "half": split, "sentences": own.height, "acts": acts,
            "precision": len(seen) / said, "recall": len(seen) / acts,
            "root_right": _share(act.verb_code[:2] == row["verb_code"][:2] for row, act in seen),
            "actor_right": _share(act.actor_kind == row["actor_kind"] for row, act in seen),
            "target_right": _share(act.target == row["target"] for row, act in seen),
        })  # fmt: skip
    return pl.DataFrame(rows)


def _share(right: Any) -> float:  # noqa: ANN401 - of yes and no
    values = [bool(value) for value in right]
    return sum(values) / len(values)


def of_gold(path: Path) -> pl.DataFrame:
    """Return by root code how many sentences have it in the gold codes, are given it, and both."""
    gold, given, both = Counter[str](), Counter[str](), Counter[str]()
    for sentence in ET.parse(path).getroot().iter("Sentence"):  # noqa: S314 - the user's own file
        told = {(event.get("eventcode") or "")[:2] for event in sentence.iter("EventCoding")}
        codes = {WEIS[root] for root in told & WEIS.keys()}
        if not codes:
            continue
        text = (sentence.findtext("Text") or "").replace("\n", " ").strip()
        act = proposed(text)
        gold.update(codes)
        if act:
            given[act.verb_code[:2]] += 1
            both[act.verb_code[:2]] += act.verb_code[:2] in codes
    roots = sorted(gold.keys() | given.keys())
    return pl.DataFrame(
        {"root": roots, "gold": [gold[r] for r in roots], "given": [given[r] for r in roots],
         "both": [both[r] for r in roots]}
    ).with_columns(
        precision=pl.when(pl.col("given") > 0).then(pl.col("both") / pl.col("given")),
        recall=pl.when(pl.col("gold") > 0).then(pl.col("both") / pl.col("gold")),
    )  # fmt: skip


if __name__ == "__main__":
    main()
