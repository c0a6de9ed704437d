"""How well hidden parents are inferred where all are known: simulated appeals, told the truth.

Prints the table ``validation`` for an appeal whose every parent is taken from what the simulator
wrote down, X and Telegram included, which hide them.

    python benchmarks/parents_of_simulated.py [--posts 100000] [--seed 1]
"""

import argparse
import os
import tempfile
from pathlib import Path

import polars as pl

from analytics.tables import SHARES
from analytics.trees import shares
from analytics.validation import validate
from collectors.simulated import write_simulation


def main() -> None:
    """Print every method's score on every platform."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["GROUNDSWELL_KEYS"] = f"{name}/keys"
        path = Path(name) / "store"
        store = write_simulation(path, posts=asked.posts, seed=asked.seed)
        posts = told(store.read("posts"), pl.read_parquet(path / "truth" / "parents.parquet"))
        scored, _ = validate(posts, shares(posts), store.read("accounts"), source="simulation")
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=240, float_precision=3):
        print(scored.drop("gain_lo", "gain_hi", "hit_chance"))


def told(posts: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """Return the posts, every share with its true parent where that is held."""
    known = truth.select("post_id", true_parent="parent_id")
    held = posts.select(true_parent="post_id", there=True)
    joined = posts.join(known, on="post_id", how="left", maintain_order="left").join(
        held, on="true_parent", how="left", maintain_order="left"
    )
    sure = pl.col("kind").is_in(SHARES) & pl.col("there").is_not_null()
    return joined.with_columns(
        parent_id=pl.when(sure).then("true_parent").otherwise("parent_id"),
        basis=pl.when(sure).then(pl.lit("observed")).otherwise("basis"),
    ).select(posts.columns)


if __name__ == "__main__":
    main()
