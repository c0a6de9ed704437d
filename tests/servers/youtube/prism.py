"""Prism between a collector and its stand-in: whatever breaks YouTube's description is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from real_servers import free_port, installed, started


@contextmanager
def guarding(upstream: str, log: Path) -> Iterator[str]:
    """Start prism before a server; yield its address."""
    documents = files("googleapiclient") / "discovery_cache" / "documents" / "youtube.v3.json"
    folder, port = installed("youtube", str(documents)), free_port()
    prism = folder / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    command = ["node", str(prism), "proxy", "openapi.json", upstream, "--errors"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with started("youtube", command, port=port, log=log, folder=folder) as address:
        yield address
