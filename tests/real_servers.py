"""Platforms' own servers on 127.0.0.1: installed at first use, started, stopped by their own ids.

They are installed into ``~/.cache/groundswell-servers``, or the folder that ``GROUNDSWELL_SERVERS``
names. Where one cannot be had, tests are skipped with the reason; in CI they fail.
"""

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from loopback import wait_until

SERVERS = Path(__file__).parent / "servers"
INSTALLING = 540.0  # seconds, at most
STARTING = 60.0


def unavailable(reason: str) -> None:
    """Fail where everything has to be there, and skip elsewhere."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def installed(name: str, *arguments: str) -> Path:
    """Run a server's ``install.sh FOLDER …``; return the folder."""
    home = os.environ.get("GROUNDSWELL_SERVERS") or "~/.cache/groundswell-servers"
    folder = Path(home).expanduser() / name
    folder.mkdir(parents=True, exist_ok=True)
    command = ["sh", str(SERVERS / name / "install.sh"), str(folder), *arguments]
    with FileLock(folder / "installing.lock"):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALLING)
        except subprocess.CalledProcessError as error:
            told = (error.stderr or error.stdout or "").strip()[-300:]
            unavailable(f"the server for {name} cannot be installed ({told})")
        except (OSError, subprocess.TimeoutExpired) as error:
            unavailable(f"the server for {name} cannot be installed ({error})")
    return folder


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(port: int) -> bool:
    """Return whether somebody listens on a port."""
    with closing(socket.socket()) as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def started(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    log: Path,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Start a server, yield its address when it listens, and stop it."""
    whole = {**os.environ, **(environment or {})}
    with log.open("w") as told:
        process = subprocess.Popen(command, cwd=folder, env=whole, stdout=told, stderr=told)
    try:
        wait_until(lambda: answers(port) or process.poll() is not None, seconds=STARTING)
        if process.poll() is not None or not answers(port):
            unavailable(f"the server for {name} did not start ({log.read_text()[-300:]})")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
