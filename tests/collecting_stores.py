"""Stores whose settings name sources on loopback."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import tomli_w

from analytics.store import Store
from collectors.collecting import Limits, Report, collect
from collectors.opening import opened
from collectors.pacing import Pace


def store_with(path: Path, *sources: dict[str, Any], **settings: object) -> Store:
    """Make a store with these ``[[sources]]``."""
    store = Store.create(path, appeal_id="park")
    told = {"appeals": [{"id": "park"}], "sources": list(sources)} | settings
    (path / "groundswell.toml").write_text(tomli_w.dumps(told), encoding="utf-8")
    return Store(store.path)


def collected(store: Store, *, lasting: float | None = None, **limits: Any) -> Report:  # noqa: ANN401
    """Ask every source of a store, without long waits between tries."""
    pace = Pace(Hasty(), allowed=lasting)
    return collect(
        store,
        list(opened(store)),
        pace=pace,
        now=lambda: datetime.now(UTC),
        limits=Limits(**limits),
    )


class Hasty(Random):
    """A chance that always draws the shortest wait."""

    def uniform(self, a: float, b: float) -> float:
        """Return the smaller bound."""
        return min(a, b)
