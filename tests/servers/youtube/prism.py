"""Prism between a collector and its stand-in: whatever breaks YouTube's description is refused.

It is installed at first use, into ``~/.cache/groundswell-servers/youtube``, or into the folder that
``GROUNDSWELL_SERVERS`` names; nothing but loopback is asked once it runs.
"""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path

import pytest
from filelock import FileLock
from loopback import wait_until

HERE = Path(__file__).parent
INSTALLING = 300.0  # seconds, at most
STARTING = 60.0


def _unavailable(reason: str) -> None:
    """Fail where everything has to be there, and skip elsewhere."""
    said = f"the check against YouTube's description cannot run: {reason}"
    if os.environ.get("CI") == "true":
        pytest.fail(said)
    pytest.skip(said)


def _installed() -> Path:
    home = os.environ.get("GROUNDSWELL_SERVERS") or "~/.cache/groundswell-servers"
    folder = Path(home).expanduser() / "youtube"
    folder.mkdir(parents=True, exist_ok=True)
    documents = files("googleapiclient") / "discovery_cache" / "documents" / "youtube.v3.json"
    command = ["sh", str(HERE / "install.sh"), str(folder), str(documents)]
    with FileLock(folder / "installing.lock"):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALLING)
        except subprocess.CalledProcessError as error:
            _unavailable(f"install.sh failed ({(error.stderr or '').strip()[-200:]})")
        except (OSError, subprocess.TimeoutExpired) as error:
            _unavailable(f"install.sh did not end ({error})")
    return folder


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(port: int) -> bool:
    with closing(socket.socket()) as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def guarding(upstream: str, log: Path) -> Iterator[str]:
    """Start prism before a server; yield its address; stop it by its own process id."""
    folder, port = _installed(), _free_port()
    prism = folder / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    command = ["node", str(prism), "proxy", "openapi.json", upstream, "--errors"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with log.open("w") as told:
        process = subprocess.Popen(command, cwd=folder, stdout=told, stderr=subprocess.STDOUT)
    try:
        started = wait_until(lambda: _answers(port) or process.poll() is not None, seconds=STARTING)
        if not started or process.poll() is not None:
            _unavailable(f"prism did not start ({log.read_text()[-200:]})")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)
