"""How many planted groups the screen finds in simulated appeals, and what it takes for one.

A planted group counts as found where half its accounts and more are in groups that the screen
tells; bursts that mean nothing are planted beside each group (docs/simulation.md).

    python benchmarks/coordination_of_simulated.py [--posts 20000] [--seeds 5]
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from analytics.coordination import settings
from analytics.sharing import shared_objects
from analytics.synchrony import encoded
from analytics.truth import TRUE_COORDINATION
from collectors.simulated import write_simulation


def main() -> None:
    """Print a row for each seed and window, and their sums."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    rows = [row for seed in range(1, asked.seeds + 1) for row in simulated(asked.posts, seed)]
    found = pl.DataFrame(rows)
    sums = found.group_by("window", "chance", maintain_order=True).agg(
        pl.col("groups", "found", "bursts", "bursts_in_groups", "told", "told_planted").sum(),
        pl.col("p").max(),
        pl.col("recall", "precision").mean(),
    )
    with pl.Config(tbl_rows=100, tbl_cols=20, tbl_width_chars=200):
        print(found)
        print(sums)


def simulated(posts: int, seed: int) -> list[dict[str, Any]]:
    """Simulate an appeal and hold what is found in each window against the truth."""
    with tempfile.TemporaryDirectory() as folder:
        store = write_simulation(Path(folder) / "s", posts=posts, seed=seed)
        truth = pl.read_parquet(store.path / f"{TRUE_COORDINATION.name}.parquet")
        shares = shared_objects(store.read("posts"), "original")
    return [
        {"seed": seed, "window": setting.row["window"], "chance": chance}
        | {"p": setting.row["p" if chance == "dealt" else "traded_p"]}
        | against(truth, beyond.accounts)
        for setting in settings(shares, encoded(shares), seed=seed, usual=False)
        for chance, beyond in setting.beyond.items()
    ]


def against(truth: pl.DataFrame, told: pl.Series) -> dict[str, Any]:
    """Count planted groups and bursts that are told, and accounts that were not planted."""
    sets = truth.unique(["set", "account_id"]).with_columns(
        told=pl.col("account_id").is_in(told.implode())
    )
    by_set = sets.group_by("set", "coordinated").agg(share=pl.col("told").mean())
    groups, bursts = by_set.filter("coordinated"), by_set.filter(~pl.col("coordinated"))
    planted = sets.filter("coordinated")
    return {
        "groups": groups.height,
        "found": int((groups["share"] >= 0.5).sum()),  # noqa: PLR2004 - half of it
        "recall": planted["told"].mean(),
        "bursts": bursts.height,
        "bursts_in_groups": int((bursts["share"] > 0).sum()),
        "told": len(told),
        "told_planted": int(planted["told"].sum()),
        "precision": int(planted["told"].sum()) / len(told) if len(told) else None,
    }


if __name__ == "__main__":
    main()
