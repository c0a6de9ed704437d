"""From a simulated appeal to the three questions, without the command line.

Run it with ``python examples/one_appeal.py``; it writes into a temporary folder.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from analytics import Store, account_graph, measure
from collectors.simulated import write_simulation


def main() -> None:
    """Simulate, measure, and print what the tables say."""
    with TemporaryDirectory() as folder:
        os.environ["GROUNDSWELL_KEYS"] = f"{folder}/keys"
        store = write_simulation(Path(folder) / "store", posts=2_000, seed=1)
        measure(store)
        answer(store)


def answer(store: Store) -> None:
    """Print one line for each question."""
    facts = store.read("summary").row(0, named=True)
    print(f"How far: {facts['accounts']:,} accounts in {facts['posts']:,} posts that are held")
    graph = account_graph(store.read("shares"), store.read("accounts"))
    print(f"Who carried it: {graph.number_of_edges():,} ties among {len(graph):,} accounts")
    for lag in store.read("lags").iter_rows(named=True):
        first, last = lag["lag_lo"] / 24, lag["lag_hi"] / 24
        print(f"Rung {lag['rung']:+d}: {first:.0f} to {last:.0f} days after publication")


if __name__ == "__main__":
    main()
