"""Bluesky's own servers on 127.0.0.1: PostgreSQL, Redis, and the AT Protocol's own network."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from pwd import getpwnam

import requests
from real_servers import free_port, installed, started, unavailable

_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
"""


@dataclass(frozen=True)
class Network:
    """Where each server of the network listens."""

    plc: str
    pds: str
    bsky: str
    control: str

    def settle(self) -> None:
        """Wait until the AppView has indexed all that was posted."""
        requests.post(f"{self.control}/settle", timeout=60).raise_for_status()


@contextmanager
def running(folder: Path, *, rate_limits: bool = False) -> Iterator[Network]:
    """Start a network in an empty folder, and stop all of it."""
    home = installed("bluesky")
    with ExitStack() as stack:
        postgres = stack.enter_context(_postgres(folder))
        redis = stack.enter_context(_redis(folder))
        port = _five_free_ports()
        environment = {
            "ATP_PORT": str(port),
            "DB_POSTGRES_URL": f"postgresql://pg@127.0.0.1:{postgres}/atp",
            "REDIS_HOST": f"127.0.0.1:{redis}",
            "LOG_ENABLED": "false",
        } | ({"ATP_RATE_LIMITS": "1"} if rate_limits else {})
        command = [str(home / "node"), "network.mjs"]
        control = stack.enter_context(
            started(
                "bluesky", command, port=port, log=folder / "network.log", folder=home,
                environment=environment,
            )
        )  # fmt: skip
        where = requests.get(control, timeout=60)
        where.raise_for_status()
        yield Network(**where.json(), control=control)


def _five_free_ports() -> int:
    """Return the first of five ports in a row that nobody listens on."""
    while True:
        first = free_port()
        if first < 65_000:
            return first


@contextmanager
def _redis(folder: Path) -> Iterator[int]:
    port = free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    command += ["--dir", str(folder)]
    with started("bluesky", command, port=port, log=folder / "redis.log"):
        yield port


@contextmanager
def _postgres(folder: Path) -> Iterator[int]:
    """Start PostgreSQL on data of its own; it refuses to run as root, so ``postgres`` runs it."""
    data, port = folder / "postgres", free_port()
    data.mkdir()
    if os.geteuid() == 0:
        owner = getpwnam("postgres")
        for path in (data, *_ways_to(folder)):
            path.chmod(path.stat().st_mode | 0o011)
        os.chown(data, owner.pw_uid, owner.pw_gid)
    made = [*_as_postgres(), _tool("initdb"), "-D", str(data), "-A", "trust", "-U", "pg",
            "--no-sync", "-E", "UTF8", "--locale=C"]  # fmt: skip
    done = subprocess.run(made, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        unavailable(f"PostgreSQL cannot be set up ({done.stderr.strip()[-300:]})")
    settings = data / "postgresql.conf"
    settings.write_text(settings.read_text() + _SETTINGS + f"port = {port}\n")
    command = [*_as_postgres(), _tool("postgres"), "-D", str(data)]
    with started("bluesky", command, port=port, log=folder / "postgres.log"):
        create = [_tool("psql"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "pg"]
        create += ["-d", "postgres", "-c", "create database atp"]
        subprocess.run(create, check=True, capture_output=True)
        yield port


def _ways_to(folder: Path) -> list[Path]:
    """Return the folders above that others have to be let through."""
    return [each for each in (folder, *folder.parents) if "pytest" in str(each)]


def _as_postgres() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _tool(name: str) -> str:
    found = [shutil.which(name), *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))]
    tool = next((str(each) for each in found if each), "")
    if not tool:
        unavailable(f"PostgreSQL's {name} is not there")
    return tool
