"""Stores whose settings name sources on loopback."""

from pathlib import Path
from typing import Any

import tomli_w

from analytics.store import Store


def store_with(path: Path, *sources: dict[str, Any], **settings: object) -> Store:
    """Make a store with these ``[[sources]]``."""
    store = Store.create(path, appeal_id="park")
    told = {"appeals": [{"id": "park"}], "sources": list(sources)} | settings
    (path / "groundswell.toml").write_text(tomli_w.dumps(told), encoding="utf-8")
    return Store(store.path)
