"""Secrets come from the environment or a file of the user's own, and are never shown."""

from pathlib import Path

import pytest

from analytics.errors import CollectError
from collectors.credentials import credentials_path, missing, secrets

WANTED = {"x_bearer_token": "the developer console of X"}


def written(text: str, mode: int = 0o600) -> Path:
    path = credentials_path()
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    written('x_bearer_token = "from the file"\nyoutube_api_key = "k"')
    monkeypatch.setenv("GROUNDSWELL_X_BEARER_TOKEN", "from outside")
    told = secrets()
    assert told["x_bearer_token"] == "from outside"  # noqa: S105 - of nobody
    assert told["youtube_api_key"] == "k"


def test_an_empty_secret_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDSWELL_X_BEARER_TOKEN", " ")
    fact = missing(WANTED, secrets())
    assert fact is not None
    assert "GROUNDSWELL_X_BEARER_TOKEN" in fact


def test_a_file_that_others_can_read_is_refused() -> None:
    path = written('x_bearer_token = "secret"', 0o644)
    with pytest.raises(CollectError, match=f"chmod 600 {path}"):
        secrets()


def test_a_file_that_is_no_toml_says_what_to_write_and_not_what_it_holds() -> None:
    written("x_bearer_token: very-secret")
    with pytest.raises(CollectError, match="is no TOML") as raised:
        secrets()
    assert "very-secret" not in str(raised.value)
