"""Bluesky's live streams: what belongs to an appeal, out of all that is posted anywhere.

Jetstream tells events as JSON, the firehose as CBOR in CAR files, which ``atproto`` reads; both give
lines in Jetstream's form. A stream is read for a few moments at a time.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import Any, Protocol

import msgspec
from atproto import CAR, models, parse_subscribe_repos_message
from atproto_subscription.frames import Frame
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from analytics.errors import CursorError, UnreachableError
from collectors.web import USER_AGENT, Deadline, refuse

JETSTREAM = "wss://jetstream2.us-east.bsky.network/subscribe"
FIREHOSE = "wss://bsky.network"
POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
LIVE_SECONDS = 2.0
LIVE_EVENTS = 2_000
KNOWN = 200_000  # posts of the appeal that a stream is compared with
LARGEST_FRAME = 8 << 20


class Matching:
    """Which events belong to the appeal: by words, or by a post that is known to belong to it.

    >>> matching = Matching(["#park"], [])
    >>> record = {"$type": "app.bsky.feed.post", "text": "see #Park"}
    >>> matching.takes("at://did:plc:a/app.bsky.feed.post/1", record), matching.known
    (True, ['at://did:plc:a/app.bsky.feed.post/1'])
    >>> record = {"$type": "app.bsky.feed.repost", "subject": {"uri": matching.known[0]}}
    >>> matching.takes("at://did:plc:b/app.bsky.feed.repost/2", record)
    True
    """

    def __init__(self, words: Sequence[str], known: Sequence[str]) -> None:
        self._words = [word.lower() for word in words]
        self._known = OrderedDict.fromkeys(known)

    @property
    def known(self) -> list[str]:
        """The posts and reposts of the appeal, the newest last."""
        return list(self._known)

    def takes(self, uri: str, record: Mapping[str, Any] | None) -> bool:
        """Return whether an event belongs to the appeal; what does is known from now on."""
        if record is None:
            return uri in self._known  # it was deleted
        text = str(record.get("text") or "").lower()
        named = any(other in self._known for other in _referred(record))
        if not named and not any(word in text for word in self._words):
            return False
        self._known[uri] = None
        while len(self._known) > KNOWN:
            self._known.popitem(last=False)
        return True


def _referred(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the addresses that a post or repost names."""
    reply, embed = record.get("reply") or {}, record.get("embed") or {}
    inner = embed.get("record") or {}
    for place in (record.get("subject"), record.get("via"), reply.get("parent"),
                  reply.get("root"), inner, inner.get("record")):  # fmt: skip
        if isinstance(place, Mapping) and isinstance(place.get("uri"), str):
            yield place["uri"]


class Live(Protocol):
    """A stream of the network's events."""

    is_closed: bool

    def events(self, matching: Matching) -> tuple[list[bytes], int | None]:
        """Return the events of the next moments that match, and the place behind them."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class _Stream:
    """What both streams have in common: a connection that is read for a few moments at a time."""

    def __init__(self, address: str) -> None:
        self.is_closed = False
        self._opened = ExitStack()
        try:
            opening = connect(
                address, max_size=LARGEST_FRAME, user_agent_header=USER_AGENT, open_timeout=20
            )
            self._socket: ClientConnection = self._opened.enter_context(opening)
        except InvalidStatus as error:
            headers = dict(error.response.headers.raw_items())
            now = datetime.now().astimezone()
            refuse(error.response.status_code, headers, "Bluesky's stream", now=now)
            msg = "Bluesky's stream does not open"
            raise UnreachableError(msg) from None
        except (OSError, WebSocketException) as error:
            msg = f"Bluesky's stream cannot be reached ({type(error).__name__})"
            raise UnreachableError(msg) from None

    def messages(self) -> Iterator[str | bytes]:
        """Yield what comes in the next moments."""
        deadline = Deadline(LIVE_SECONDS)
        for _ in range(LIVE_EVENTS):
            try:
                yield self._socket.recv(timeout=max(0.01, deadline.left))
            except TimeoutError:
                return
            except (OSError, WebSocketException):
                self.is_closed = True
                return
            if not deadline.left:
                return

    def close(self) -> None:
        """Hang up."""
        self._opened.close()


class Jetstream(_Stream):
    """Jetstream: events in JSON, with the time as their place."""

    def __init__(self, address: str | None, at: int | None) -> None:
        wanted = "&".join(f"wantedCollections={name}" for name in (POST, REPOST))
        place = f"&cursor={at}" if at else ""
        super().__init__(f"{address or JETSTREAM}?{wanted}{place}")

    def events(self, matching: Matching) -> tuple[list[bytes], int | None]:
        """Return the events of the next moments that match, and the time of the last."""
        lines, at = [], None
        for message in self.messages():
            line = message.encode() if isinstance(message, str) else message
            with suppress(ValueError, KeyError, TypeError, AttributeError):
                event = msgspec.json.decode(line)
                at = int(event["time_us"])
                commit = event.get("commit") or {}
                uri = f"at://{event['did']}/{commit['collection']}/{commit['rkey']}"
                if matching.takes(uri, commit.get("record")):
                    lines.append(line.strip())
        return lines, at


class Firehose(_Stream):
    """The firehose: commits in CBOR, with a number as their place; told on in Jetstream's form."""

    def __init__(self, address: str | None, at: int | None) -> None:
        place = f"?cursor={at}" if at else ""
        method = "com.atproto.sync.subscribeRepos"
        super().__init__(f"{address or FIREHOSE}/xrpc/{method}{place}")

    def events(self, matching: Matching) -> tuple[list[bytes], int | None]:
        """Return the events of the next moments that match, and the number of the last."""
        lines: list[bytes] = []
        at: int | None = None
        for message in self.messages():
            frame = Frame.from_bytes(message) if isinstance(message, bytes) else None
            if frame is None:
                continue
            if frame.is_error:
                msg = "Bluesky's firehose no longer knows the place where we stopped"
                raise CursorError(msg)
            commit = parse_subscribe_repos_message(frame)
            at = getattr(commit, "seq", None) or at
            if isinstance(commit, models.ComAtprotoSyncSubscribeRepos.Commit):
                lines += self._told(commit, matching)
        return lines, at

    def _told(
        self, commit: "models.ComAtprotoSyncSubscribeRepos.Commit", matching: Matching
    ) -> Iterator[bytes]:
        wanted = [op for op in commit.ops if op.path.startswith((f"{POST}/", f"{REPOST}/"))]
        blocks = CAR.from_bytes(commit.blocks).blocks if wanted and commit.blocks else {}
        for op in wanted:
            record = blocks.get(op.cid) if op.cid is not None else None
            if matching.takes(f"at://{commit.repo}/{op.path}", record):
                collection, _, key = op.path.partition("/")
                told = {"operation": op.action, "collection": collection, "rkey": key}
                if record is not None:
                    told["record"] = record
                event = {"did": commit.repo, "time_us": _microseconds(commit.time)}
                event |= {"kind": "commit", "commit": told}
                yield msgspec.json.encode(event, enc_hook=str)


def _microseconds(told: str) -> int:
    return round(datetime.fromisoformat(told).timestamp() * 1_000_000)
