"""Who may write: somebody at this machine, in a page that this app gave out.

A page of another site can make a browser send requests to this machine. It cannot read what comes
back, so it does not know the key; its name stands as ``Origin``; and a name that was pointed at
this machine stands as ``Host``. Each of the three is looked at, and where the request comes from.
"""

import secrets
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from dashboards.i18n import N_

NOT_HERE = N_("Changes are taken only from this machine. Nothing was changed.")
NOT_OURS = N_("This page was not given out by this app. Nothing was changed: load the page again.")


def new_key() -> str:
    """Return a key for one run of the app; pages carry it and send it along with each change."""
    return secrets.token_urlsafe(32)


def refusal(
    headers: Mapping[str, str], remote: str | None, *, given: str | None, key: str
) -> str | None:
    """Return why a change is not taken; None where it may be.

    Parameters
    ----------
    headers
        Of the request.
    remote
        The address that it came from; None where it is not known: then it is refused.
    given
        The key that the page sent along.
    key
        The key of this run; empty where nobody may change anything.

    Examples
    --------
    >>> refusal({"host": "127.0.0.1:8050"}, "127.0.0.1", given="k", key="k")
    >>> refusal({"host": "evil.example"}, "127.0.0.1", given="k", key="k") == NOT_HERE
    True
    """
    told = {name.lower(): value for name, value in headers.items()}
    host = told.get("host", "")
    if not key or not (is_loopback(remote or "") and is_loopback(name_of(f"//{host}"))):
        return NOT_HERE
    origin = told.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return NOT_OURS
    return None if secrets.compare_digest((given or "").encode(), key.encode()) else NOT_OURS


def name_of(address: str) -> str:
    """Return the host that an address names; nothing where it names none.

    >>> name_of("//localhost:8050"), name_of("//[::1]:80"), name_of("//[")
    ('localhost', '::1', '')
    """
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def is_loopback(name: str) -> bool:
    """Return whether a name is this machine, to itself alone.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost.evil.example")
    (True, False)
    """
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
