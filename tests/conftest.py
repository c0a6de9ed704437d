"""What every test gets: keys of its own, and the folder of shared data where there is one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from serving import launch

settings.register_profile("groundswell", deadline=None)  # a first call may compile or import
settings.load_profile("groundswell")

SHARED = Path(__file__).parents[1].parent / "shared"


@pytest.fixture(autouse=True)
def keys(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep pseudonym keys out of the user's own folder."""
    folder = tmp_path_factory.mktemp("keys")
    monkeypatch.setenv("GROUNDSWELL_KEYS", str(folder))
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of data and oracles that are not ours to publish."""
    if not SHARED.is_dir():
        reason = f"{SHARED} is not there: its data are read at test time and never committed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return SHARED


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a Chromium, stopped after the last test of a file."""
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()
