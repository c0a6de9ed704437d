"""Who may ask, for how much, and what the browser may do with the answer.

A page of another site can make a browser ask this machine under a name of its own, and read what
comes back (DNS rebinding): a request that does not name loopback is refused before anything is
read. Behind a reverse proxy the name is the proxy's; there a header with a secret stands for it,
so that nobody gets past the proxy.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.guard import is_loopback, name_of

PROVES = "x-groundswell-proxy"
SHORTEST = 32  # characters of a secret
MOST = 8_000_000  # bytes of one request
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_KEPT = ("/_dash-component-suites/", "/assets/")  # what a browser may keep: scripts and styles
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def policy(hashes: Sequence[str], page: str) -> str:
    """Return the content security policy: nothing from elsewhere, no inline script but ours.

    Parameters
    ----------
    hashes
        Of the inline scripts that Dash writes, as ``Dash.csp_hashes`` gives them.
    page
        The page in which all stands, with inline scripts of its own.

    Examples
    --------
    >>> "script-src 'self' 'sha256-" in policy([], "<script>1</script>")
    True
    """
    own = [_hash(script) for script in _INLINE.findall(page)]
    scripts = " ".join(["'self'", *hashes, *own])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        "worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


class Door:
    """An ASGI app that answers only those who may ask, with headers that keep its answers in.

    Parameters
    ----------
    app
        What answers.
    allows
        The content security policy.
    secret
        Of the reverse proxy through which alone it may be asked; empty where it is asked from this
        machine.
    """

    def __init__(self, app: ASGIApp, *, allows: str, secret: str = "") -> None:
        self.app = app
        self.allows = allows
        self.secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._refusal(headers)
        if refused is None:
            await self.app(scope, _bounded(receive), self._sending(scope, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4003, "reason": refused[1]})
        else:
            status, why = refused
            answer = PlainTextResponse(why, status)
            await answer(scope, receive, self._sending(scope, send))

    def _refusal(self, headers: Headers) -> tuple[int, str] | None:
        if self.secret:
            given = headers.get(PROVES, "")
            if not secrets.compare_digest(given.encode(), self.secret.encode()):
                return 403, "This app is asked through its proxy alone."
        elif not is_loopback(name_of(f"//{headers.get('host', '')}")):
            return 421, "This app is open on this machine alone, as 127.0.0.1 or localhost."
        told = headers.get("content-length", "0")
        if not told.isdigit() or int(told) > MOST:
            return 413, f"A request may have {MOST:,} bytes."
        return None

    def _sending(self, scope: Scope, send: Send) -> Send:
        """Add the headers to what is sent."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers["content-security-policy"] = self.allows
                if not scope["path"].startswith(_KEPT):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        return sending


def _bounded(receive: Receive) -> Receive:
    """Return what a client sends, cut off where it is more than a request may have."""
    held = 0

    async def receiving() -> Message:
        nonlocal held
        message = await receive()
        held += len(message.get("body", b"")) if message["type"] == "http.request" else 0
        return message if held <= MOST else {"type": "http.disconnect"}

    return receiving
