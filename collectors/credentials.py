"""Secrets: from the environment, or from one file beside the keys; never from a store.

``GROUNDSWELL_X_BEARER_TOKEN`` in the environment and ``x_bearer_token = "…"`` in
``credentials.toml`` in the folder of the keys mean the same; the environment wins.

>>> missing({"x_bearer_token": "the developer console of X"}, {})
'GROUNDSWELL_X_BEARER_TOKEN is not set (the developer console of X gives it)'
"""

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

from analytics.errors import CollectError
from analytics.protection import key_folder

_PREFIX = "GROUNDSWELL_"


def credentials_path() -> Path:
    """Return where secrets may lie in a file."""
    return key_folder() / "credentials.toml"


def secrets() -> dict[str, str]:
    """Return every secret that is told, by name in small letters.

    Raises
    ------
    CollectError
        The file is readable by others, or no TOML.
    """
    told = {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.startswith(_PREFIX) and value.strip()
    }
    return _from_file(credentials_path()) | told


def _from_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        msg = f"{path} can be read by others; run: chmod 600 {path}"
        raise CollectError(msg)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f'{path} is no TOML ({error}); write lines such as: youtube_api_key = "…"'
        raise CollectError(msg) from None
    return {name.lower(): str(value) for name, value in told.items()}


def missing(wanted: Mapping[str, str], told: Mapping[str, str]) -> str | None:
    """Return which of the wanted secrets is not told, and where one gets it; None if all are."""
    for name, place in wanted.items():
        if not told.get(name):
            return f"{_PREFIX}{name.upper()} is not set ({place} gives it)"
    return None
