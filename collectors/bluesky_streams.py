"""Bluesky's live streams: what belongs to an appeal, out of all that is posted anywhere.

Jetstream tells events as JSON, the firehose as CBOR in CAR files, which ``atproto`` reads; both
give lines in Jetstream's form. A stream is read for a few moments at a time.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from datetime import datetime
from hashlib import blake2b
from typing import Any, Protocol

import msgspec
from atproto import CAR, CID
from atproto_subscription.frames import Frame
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from analytics.errors import CursorError, UnreachableError
from collectors.web import USER_AGENT, Deadline, refuse

JETSTREAM = "wss://jetstream2.us-east.bsky.network/subscribe"
FIREHOSE = "wss://bsky.network"
OLDEST = 0  # the place of the firehose's oldest event that is still kept
POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
LIVE_SECONDS = 2.0
LIVE_EVENTS = 2_000
KNOWN = 200_000  # posts of the appeal that a stream is compared with
LARGEST_FRAME = 8 << 20
_AHEAD = 60_000_000  # microseconds by which clocks may differ
_MARK = 8  # bytes
_COLLECTIONS = (f"{POST}/", f"{REPOST}/")


class Matching:
    """Which events belong to the appeal: by words, or by a post that is known to belong to it.

    Words belong if each of an entry's is in the text; between quotation marks, if the text has
    them as they stand.

    >>> matching = Matching(["#park"])
    >>> record = {"$type": "app.bsky.feed.post", "text": "see #Park"}
    >>> matching.takes("at://did:plc:a/app.bsky.feed.post/1", record)
    True
    >>> record = {"subject": {"uri": "at://did:plc:a/app.bsky.feed.post/1"}}
    >>> matching.takes("at://did:plc:b/app.bsky.feed.repost/2", record)
    True
    >>> again = Matching([])
    >>> again.remember(matching.newest(1_000))
    >>> again.takes("at://did:plc:b/app.bsky.feed.repost/2", None)
    True
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._entries = [found for entry in words if (found := _parts(entry))]
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def know(self, uri: str) -> None:
        """Take a post for one of the appeal's from now on."""
        self._know(_mark(uri))

    def newest(self, count: int) -> bytes:
        """Return what is known of the newest posts, for the next run: so many marks."""
        return b"".join(list(self._known)[-count:])

    def remember(self, marks: bytes) -> None:
        """Take over what an earlier run knew."""
        for place in range(0, len(marks), _MARK):
            self._know(marks[place : place + _MARK])

    def takes(self, uri: str, record: object) -> bool:
        """Return whether an event belongs to the appeal; what does is known from now on."""
        if not isinstance(record, Mapping):
            return _mark(uri) in self._known  # it was deleted
        named = any(_mark(other) in self._known for other in _referred(record))
        if not named and not self._speaks_of_it(record):
            return False
        self.know(uri)
        return True

    def _speaks_of_it(self, record: Mapping[str, Any]) -> bool:
        text = _words_of(record)
        return any(all(part in text for part in parts) for parts in self._entries)

    def _know(self, mark: bytes) -> None:
        self._known[mark] = None
        while len(self._known) > KNOWN:
            self._known.popitem(last=False)


def _mark(uri: str) -> bytes:
    return blake2b(uri.encode(errors="replace"), digest_size=_MARK).digest()


def _parts(entry: str) -> list[str]:
    """Return what a text must hold to have the words of an entry.

    >>> _parts("Save #Park"), _parts('"save the park"')
    (['save', '#park'], ['save the park'])
    """
    bare = entry.casefold().strip()
    if len(bare) > 2 and bare[0] == bare[-1] == '"':  # noqa: PLR2004 - the two marks
        return [bare[1:-1]]
    return bare.split()


def _words_of(record: Mapping[str, Any]) -> str:
    """Return a post's text, with the hashtags that are told beside it."""
    tags = record.get("tags")
    beside = [f" #{tag}" for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    text = record.get("text")
    return f"{text if isinstance(text, str) else ''}{''.join(beside)}".casefold()


def _referred(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the addresses that a post or repost names."""
    reply, inner = _inside(record, "reply"), _inside(_inside(record, "embed"), "record")
    for place in (_inside(record, "subject"), _inside(record, "via"), _inside(reply, "parent"),
                  _inside(reply, "root"), inner, _inside(inner, "record")):  # fmt: skip
        if isinstance(uri := place.get("uri"), str):
            yield uri


def _inside(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part of a record; anybody may have written something else there."""
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


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
    """Jetstream: events in JSON, with the time as their place.

    Raises
    ------
    CursorError
        The place lies in the future: there everything until then would be passed over in silence.
    """

    def __init__(self, address: str | None, at: int | None, *, now: datetime) -> None:
        if at and at > now.timestamp() * 1_000_000 + _AHEAD:
            msg = "the place in Bluesky's stream lies in the future"
            raise CursorError(msg)
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
        self._is_behind = bool(at)
        place = f"?cursor={at}" if at is not None else ""
        method = "com.atproto.sync.subscribeRepos"
        super().__init__(f"{address or FIREHOSE}/xrpc/{method}{place}")

    def events(self, matching: Matching) -> tuple[list[bytes], int | None]:
        """Return the events of the next moments that match, and the number of the last.

        Raises
        ------
        CursorError
            The place where we stopped is no longer kept, or lies in the future.
        UnreachableError
            The firehose gives another error.
        """
        lines: list[bytes] = []
        at: int | None = None
        for message in self.messages():
            if (frame := _frame(message)) is None:
                continue
            self._look_for_errors(frame)
            body = frame.body
            with suppress(Exception):  # anybody's server may have written it, in any shape
                lines += _told(body, matching)
            number = body.get("seq") if isinstance(body, dict) else None
            at = number if isinstance(number, int) else at
        return lines, at

    def _look_for_errors(self, frame: Frame) -> None:
        body = frame.body
        if isinstance(body, dict):
            if self._is_behind and body.get("name") == "OutdatedCursor":
                msg = "Bluesky's firehose no longer keeps the place where we stopped"
                raise CursorError(msg)
        elif "Cursor" in body.error:
            msg = "the place in Bluesky's firehose lies in the future"
            raise CursorError(msg)
        else:
            msg = f"Bluesky's firehose ends ({body.error[:60]})"
            raise UnreachableError(msg)


def _frame(message: str | bytes) -> Frame | None:
    """Return a message of the firehose; null where it is damaged."""
    with suppress(Exception):  # of the libraries for CBOR, and of many kinds
        return Frame.from_bytes(message) if isinstance(message, bytes) else None
    return None


def _told(body: Any, matching: Matching) -> Iterator[bytes]:  # noqa: ANN401 - as it was decoded
    """Yield what of a commit belongs to the appeal."""
    wanted = [op for op in body.get("ops", ()) if op["path"].startswith(_COLLECTIONS)]
    made = any(op.get("cid") is not None for op in wanted)
    blocks = CAR.from_bytes(body["blocks"]).blocks if made else {}
    records = {_key(cid): record for cid, record in blocks.items()}
    for op in wanted:
        record = records.get(_key(op["cid"])) if op.get("cid") is not None else None
        deleted = op["action"] == "delete"
        if (record or deleted) and matching.takes(f"at://{body['repo']}/{op['path']}", record):
            yield _as_event(body, op, record)


def _as_event(body: Mapping[str, Any], op: Mapping[str, Any], record: object) -> bytes:
    collection, _, key = op["path"].partition("/")
    told = {"operation": op["action"], "collection": collection, "rkey": key}
    told |= {} if record is None else {"record": _with_links(record)}
    event = {"did": body["repo"], "time_us": _microseconds(body["time"]), "kind": "commit"}
    return msgspec.json.encode(event | {"commit": told}, enc_hook=str)


def _key(link: Any) -> str:  # noqa: ANN401 - a CID, decoded or not
    """Return a link as text, however the library tells it."""
    return str((CID.decode(link) if isinstance(link, str | bytes) else link).encode())


def _with_links(value: Any) -> Any:  # noqa: ANN401 - whatever a record holds
    """Return a record with the files in it named as JSON names them."""
    if isinstance(value, dict):
        found = {name: _with_links(inner) for name, inner in value.items()}
        if found.get("$type") == "blob" and isinstance(found.get("ref"), str | bytes):
            found["ref"] = {"$link": _key(found["ref"])}
        return found
    return [_with_links(each) for each in value] if isinstance(value, list) else value


def _microseconds(told: str) -> int:
    return round(datetime.fromisoformat(told).timestamp() * 1_000_000)
