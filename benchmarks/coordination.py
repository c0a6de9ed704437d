"""What synchronised sharing costs, as ratios, and how much memory a crowd takes.

The yardstick is a bare Polars sort of the same rows by object and time. The crowds: 20,000 shares
of one object within a minute; with ``--large``, 10 million shares, a tenth of them of one object
within an hour.

    python benchmarks/coordination.py [--large] [--shares FILE.csv]
"""

import argparse
import resource
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import polars as pl

from analytics.chance import held_against_dealing, held_against_trading
from analytics.coordination import settings
from analytics.synchrony import counted, edges, encoded, ends, pairs

DRAWS = 500
ROUNDS = 9


def main() -> None:
    """Print milliseconds, ratios and memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="10⁷ shares")
    parser.add_argument("--shares", type=Path, help="as CooRTweet takes them; else they are drawn")
    asked = parser.parse_args()
    table = (
        drawn(35_000, 7_300, 9_500, span=86_400 * 60) if not asked.shares else read(asked.shares)
    )
    ordinary(table)
    crowd()
    if asked.large:
        large()


def read(path: Path) -> pl.DataFrame:
    """Return a table of shares as it is used here."""
    at = (pl.col("timestamp_share").cast(pl.Float64) * 1e6).cast(pl.Int64)
    told = pl.read_csv(path, infer_schema=False)
    return told.with_columns(at=at.cast(pl.Datetime("us", "UTC")), platform=pl.lit("x"))


def drawn(shares: int, objects: int, accounts: int, *, span: int) -> pl.DataFrame:
    """Draw shares whose objects and accounts have heavy tails."""
    rng = np.random.default_rng(shares)
    codes = {
        "object_id": np.minimum(rng.pareto(0.8, shares) * 20, objects - 1).astype(np.int64),
        "account_id": np.minimum(rng.pareto(1.2, shares) * accounts / 20, accounts - 1).astype(int),
        "content_id": np.arange(shares),
    }
    at = pl.Series("at", (rng.random(shares) * span * 1e6).astype(np.int64))
    frame = pl.DataFrame(codes).cast(pl.String)
    return frame.with_columns(at.cast(pl.Datetime("us", "UTC")), platform=pl.lit("x"))


def ordinary(table: pl.DataFrame) -> None:
    """Measure the steps on a table of ordinary size."""
    window = 60.0
    bare = best(lambda: table.sort("object_id", "at"))
    sweep = encoded(table)
    steps: dict[str, Callable[[], object]] = {
        "ids to arrays": lambda: encoded(table),
        "pairs, from ids to a table": lambda: pairs(table, window=window, participation=2),
        "pairs and edges as tables": lambda: edges(pairs(table, window=window, participation=2)),
        "the same counted, once encoded": lambda: counted(sweep, window=window, participation=2),
        "pairs as arrays, once encoded": lambda: ends(sweep, window),
    }
    found = counted(sweep, window=window)
    print(f"{table.height:,} shares, {found.pairs:,} pairs; bare sort {bare * 1e3:.1f} ms")
    for name, step in steps.items():
        took = best(step)
        print(f"  {name}: {took * 1e3:.1f} ms, {took / bare:.2f} bare sorts")
    for name, draw in (
        ("dealt", lambda: held_against_dealing(sweep, window=window, permutations=DRAWS)),
        ("traded", lambda: held_against_trading(sweep, window=window, trades=DRAWS)),
    ):
        print(f"  {DRAWS} draws {name}: {best(draw, rounds=2):.2f} s")


def crowd() -> None:
    """Measure one object that 20,000 share within a minute: 200 million pairs."""
    n = 20_000
    before = memory()
    sweep = encoded(drawn(n, 1, n, span=60).with_columns(account_id="content_id"))
    took = best(lambda: counted(sweep, window=60.0), rounds=3)
    found = counted(sweep, window=60.0)
    print(f"one object, {n:,} shares, {found.pairs:,} pairs: {took * 1e3:.1f} ms")
    print(f"  {found.pairs / took:,.0f} pairs a second, {memory() - before:,.0f} MB more")
    busy = drawn(n, 1, 2_000, span=60)
    sweep = encoded(busy)
    took = best(lambda: counted(sweep, window=60.0), rounds=2)
    found = counted(sweep, window=60.0)
    print(f"  2,000 accounts that come again: {took * 1e3:.0f} ms, {found.pairs:,} pairs, ", end="")
    print(f"{found.left_out.sum()} object left out, {memory() - before:,.0f} MB more")


def large() -> None:
    """Screen 10 million shares, a million of them of one object within an hour."""
    table = pl.concat(
        [
            drawn(9_000_000, 500_000, 3_000_000, span=86_400 * 30),
            drawn(1_000_000, 1, 3_000_000, span=3600).with_columns(
                object_id=pl.lit("hot"), content_id=pl.concat_str(pl.lit("h"), "content_id")
            ),
        ]
    )
    before, start = memory(), perf_counter()
    print(f"{table.height:,} shares, {before:,.0f} MB before")
    for setting in settings(table, encoded(table), windows=[10.0, 60.0], quick=True, usual=False):
        row = setting.row
        print(f"  {row['window']:g} s: {row['pairs']:,} pairs, {row['edges']:,} edges, ", end="")
        print(f"{row['permutations']} draws; {row['note']}")
    print(f"  {perf_counter() - start:.1f} s, {memory() - before:,.0f} MB more")


def best(step: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    """Return the shortest of several runs, after one that compiles."""
    step()
    times = []
    for _ in range(rounds):
        start = perf_counter()
        step()
        times.append(perf_counter() - start)
    return min(times)


def memory() -> float:
    """Return the most memory used so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
