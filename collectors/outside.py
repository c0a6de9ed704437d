"""Addresses that others name: asked where everybody can ask, and never inside a network.

A feed, a redirect or a link may name a machine beside ours: its router, its database, the address
at which a cloud tells secrets. Only hosts that the settings name may lie there.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests

from analytics.errors import GoneError
from collectors.web import LARGEST, TOTAL_SECONDS, Bounded, session

_PORTS = {"http": 80, "https": 443}


def outside_session(named: Iterable[str], *, server: str | None = None) -> requests.Session:
    """Return a bounded session that asks the hosts of some addresses, and public ones."""
    made = session(server=server)
    hosts = {urlsplit(address).netloc.lower() for address in named}
    adapter = Outside(hosts, total=TOTAL_SECONDS, largest=LARGEST, server=server)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


class Outside(Bounded):
    """Sends requests to public hosts and to some that are named.

    Where another server stands in for all hosts, it learns which one is meant, and answers count as
    given by that one.
    """

    def __init__(self, hosts: set[str], **bounds: Any) -> None:  # noqa: ANN401 - of Bounded
        self._hosts = hosts
        super().__init__(**bounds)

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # type: ignore[override]  # noqa: ANN401 - of requests
        """Send a request if its host may be asked.

        Raises
        ------
        GoneError
            It lies inside a network.
        """
        meant = request.url or ""
        host = urlsplit(meant).netloc.rpartition("@")[2].lower()
        if self._server:
            request.headers["Host"] = host
        elif host not in self._hosts and _is_inside(meant):
            msg = f"{urlsplit(meant).hostname} lies inside a network; only settings may name it"
            raise GoneError(msg)
        try:
            response = super().send(request, **how)
        finally:
            request.url = meant
        response.url = meant
        return response


def _is_inside(address: str) -> bool:
    """Return whether a host has an address that is not public; a name nobody knows has none.

    >>> _is_inside("http://127.0.0.1/"), _is_inside("http://[::ffff:10.0.0.1]:80/x")
    (True, True)
    >>> _is_inside("http://1.1.1.1/")
    False
    """
    parts = urlsplit(address)
    port = parts.port or _PORTS.get(parts.scheme.lower(), 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return not all(_is_public(str(place[0])) for *_, place in found)


def _is_public(address: str) -> bool:
    told = ipaddress.ip_address(address.partition("%")[0])
    mapped = told.ipv4_mapped if isinstance(told, ipaddress.IPv6Address) else None
    found = mapped or told
    return found.is_global and not found.is_multicast
