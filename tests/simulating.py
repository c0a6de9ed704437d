"""A measured store with a simulated appeal, for tests that only read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analytics import Store, measure
from collectors.simulated import write_simulation


@contextmanager
def simulated(folder: Path, *, posts: int, seed: int) -> Iterator[Store]:
    """Make the store in a folder, with its key beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROUNDSWELL_KEYS", str(folder / "keys"))
        store = write_simulation(folder / "store", posts=posts, seed=seed)
        measure(store)
        yield store
