"""Telegram, through Telethon: public channels, their posts, the comments below them, searches.

What ``ask`` may hold: a channel (``@name`` or its address on t.me), or one post (its address).

- One account of Telegram reads; ``log_in`` makes it known once. Its session lies outside the store.
- Telethon neither waits nor asks again by itself, but for two seconds after Telegram's own errors.
- Every round looks again at the newest messages, as many as ``recount`` says: numbers, edits, and
  what is missing there and was seen before, which is gone.
- A page is what Telethon made of the answer (``to_dict``), as JSON with the messages at its end.
"""

import asyncio
import logging
import math
import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, TypeAlias, TypeVar

import msgspec
from telethon import TelegramClient, errors, functions, utils
from telethon.network.connection.tcpfull import ConnectionTcpFull, FullPacketCodec
from telethon.sessions import SQLiteSession
from telethon.tl import types

from analytics.errors import (
    CollectError,
    GoneError,
    RateLimitedError,
    RefusedError,
    SettingsError,
    UnreachableError,
)
from analytics.settings import SourceSettings
from collectors.credentials import missing
from collectors.sources import Check, Cursor, Estimate, Page, Source, Task, World

TL: TypeAlias = Any  # Telethon has no types

FORMAT = "telethon"
PAGE = 100  # messages at most, by Telegram's rules
LARGEST = 1 << 25  # bytes of one packet
CONNECT = 15.0  # seconds to connect
TOTAL = 60.0  # seconds for one answer, with everything it takes
IDLE = 60.0  # seconds without a question, after which the connection is made anew
SESSION = "telegram.session"
WAY_OUT = "run: groundswell login STORE telegram"
_HOME = 2  # the data centre at which a new account of ours begins
_ADDRESS = re.compile(r"(?i)(?:https?://)?(?:www\.)?(?:t|telegram)\.me/(?:s/)?(\S+)")
_CHANNEL = re.compile(r"@?([A-Za-z]\w{3,31})/?")
_POST = re.compile(r"([A-Za-z]\w{3,31})/(\d{1,10})/?")
_DAMAGED = (
    errors.InvalidBufferError,
    errors.InvalidChecksumError,
    errors.SecurityError,
    errors.TypeNotFoundError,
)
_NOT_KNOWN = (
    errors.UnauthorizedError,
    errors.AuthKeyError,
    errors.ApiIdInvalidError,
    errors.ConnectionApiIdInvalidError,
    errors.AuthKeyNotFound,
)
_T = TypeVar("_T")


class TelegramSettings(SourceSettings, kw_only=True):
    """A source on Telegram.

    Attributes
    ----------
    since
        Ask for no older messages.
    search
        Words; only messages that hold them are asked for, instead of all.
    comments
        Ask for the comments below posts, too.
    origins
        Ask for the messages that forwards came from, where their channels are public.
    recount
        How many of the newest messages are looked at again in every round.
    """

    since: datetime | None = None
    search: tuple[str, ...] = ()
    comments: bool = False
    origins: bool = True
    recount: int = PAGE


class TelegramSource:
    """Asks Telegram what one entry of the settings wants.

    Parameters
    ----------
    wire
        The connection, with the account that reads.
    settings
        What to ask.
    """

    unit = "requests"

    def __init__(self, wire: "Wire", settings: TelegramSettings) -> None:
        self._wire = wire
        self._settings = settings
        self._newest = {"limit": min(PAGE, settings.recount)}
        self._asked = [_asked(each) for each in settings.ask]
        self._kinds: dict[str, Callable[[Task, _Channel], Page]] = {
            "channel": self._channel,
            "history": self._history,
            "search": self._history,
            "recount": self._recount,
            "post": self._posts,
            "origins": self._posts,
            "comments": self._comments,
        }

    def tasks(self) -> Sequence[Task]:
        """Return the questions about each channel and each post."""
        return [task for name, post in self._asked for task in self._of(name, post)]

    def _of(self, name: str, post: int | None) -> list[Task]:
        told = self._settings
        if post is not None:
            return [Task(kind="post", subject=f"{name}/{post}")]
        words = [Task(kind="search", subject=f"{name} {each}") for each in told.search]
        newest = [Task(kind="recount", subject=name)] if told.recount and not words else []
        return [
            Task(kind="channel", subject=name),
            *(words or [Task(kind="history", subject=name)]),
            *newest,
        ]

    def price(self, task: Task) -> int:
        """Return 1: a page is a request."""
        del task
        return 1

    def ask(self, task: Task) -> Page:
        """Return the next page of an answer; a name that is new to us is looked up first."""
        name = re.split("[ /]", task.subject)[0]
        held = self._wire.known(name)
        if held is None:
            return self._resolved(task, name)
        try:
            return self._kinds[task.kind](task, held)
        except _ClosedError as error:
            numbers = task.subject.partition("/")[2] if task.kind == "post" else ""
            raise GoneError(str(error), held.posts(_numbers(numbers))) from None

    def _resolved(self, task: Task, name: str) -> Page:
        cursor = task.cursor or {}
        if cursor.get("resolved"):
            msg = f"@{name} on Telegram is no channel; ask for public channels only"
            raise GoneError(msg)
        found = self._wire.asked(functions.contacts.ResolveUsernameRequest(name))
        return Page(
            payload=_payload(found),
            format=FORMAT,
            cursor=cursor | {"resolved": True},
            done=False,
            items=f"{name} resolved",
        )

    def _channel(self, task: Task, channel: "_Channel") -> Page:
        del task
        request = functions.channels.GetFullChannelRequest(channel.asked)
        return Page(payload=_payload(self._wire.asked(request)), format=FORMAT, received=1)

    def _history(self, task: Task, channel: "_Channel") -> Page:
        cursor = task.cursor or {}
        words = task.subject.partition(" ")[2]
        bounds = {"offset_id": cursor.get("offset", 0), "min_id": cursor.get("since", 0)}
        return self._older(task, self._wire.asked(_listing(channel, words, bounds)))

    def _comments(self, task: Task, channel: "_Channel") -> Page:
        cursor, post = task.cursor or {}, int(task.subject.partition("/")[2])
        bounds = {"offset_id": cursor.get("offset", 0), "min_id": cursor.get("since", 0)}
        request = functions.messages.GetRepliesRequest(
            channel.asked, post, hash=0, **_EVERYTHING | bounds
        )
        below = {"comments_of": {"channel_id": channel.number, "post": post}}
        return self._older(task, self._wire.asked(request), **below)

    def _older(self, task: Task, answer: TL, **stamp: TL) -> Page:
        """Return a page, newest first; it ends at an empty one, then only newer ones are asked."""
        cursor = task.cursor or {}
        ids = [message.id for message in answer.messages]
        newest = max([cursor.get("newest", 0), cursor.get("since", 0), *ids])
        done = not ids or self._is_too_old(answer.messages)
        onward: Cursor = {
            "offset": min(ids, default=0), "newest": newest, "since": cursor.get("since", 0),
        }  # fmt: skip
        return Page(
            payload=_payload(answer, **stamp),
            format=FORMAT if ids else None,
            cursor={"since": newest} if done else onward,
            done=done,
            found=self._arising(task, answer),
            received=len(ids),
            known=None if cursor.get("since") else getattr(answer, "count", None),
            items=" ".join(map(str, ids)),
        )

    def _is_too_old(self, messages: Iterable[Any]) -> bool:
        since = self._settings.since
        if since is None:
            return False
        first = since if since.tzinfo else since.replace(tzinfo=UTC)
        return any(each.date < first for each in messages if each.date)  # empty ones have none

    def _recount(self, task: Task, channel: "_Channel") -> Page:
        """Look again at the newest messages, then at those below that were seen before."""
        cursor = task.cursor or {}
        if left := cursor.get("left", []):
            answer = self._wire.asked(channel.messages(left[:PAGE]))
            seen, left = cursor["ids"], left[PAGE:]
            lost = _empty(answer)
        else:
            answer = self._wire.asked(_listing(channel, "", self._newest))
            seen, left, lost = self._compared(cursor.get("ids", []), answer)
        mark: Cursor = {"ids": [each for each in seen if each not in lost]}
        return Page(
            payload=_payload(answer),
            format=FORMAT,
            cursor=mark | {"left": left} if left else mark,
            done=not left,
            found=self._arising(task, answer),
            gone=channel.posts(lost),
            received=len(answer.messages) - len(_empty(answer)),
            items=" ".join(str(each.id) for each in answer.messages),
        )

    def _compared(self, seen: list[int], answer: TL) -> tuple[list[int], list[int], list[int]]:
        """Return what has been seen by now, what of it lies further down, and what is missing."""
        there = {message.id for message in answer.messages}
        oldest = min(there, default=0)
        lost = [each for each in seen if each not in there and each > oldest]
        everything = sorted({*seen, *there}, reverse=True)[: self._settings.recount]
        return everything, [each for each in everything if each < oldest], lost

    def _posts(self, task: Task, channel: "_Channel") -> Page:
        numbers = _numbers(task.subject.partition("/")[2])
        answer = self._wire.asked(channel.messages(numbers))
        lost = _empty(answer)
        return Page(
            payload=_payload(answer),
            format=FORMAT,
            found=self._arising(task, answer) if task.kind == "post" else (),
            gone=channel.posts(lost) if task.kind == "post" else (),
            received=len(numbers) - len(lost),
            known=len(numbers),
        )

    def _arising(self, task: Task, answer: TL) -> list[Task]:
        """Return the comments and the originals that messages make us ask for."""
        found = []
        if self._settings.origins and task.kind != "recount":
            found += self._origins(answer)
        if self._settings.comments and task.kind != "comments":
            name = re.split("[ /]", task.subject)[0]
            found += [
                Task(kind="comments", subject=f"{name}/{message.id}")
                for message in answer.messages
                if (told := getattr(message, "replies", None)) and told.comments and told.replies
            ]
        return found

    def _origins(self, answer: TL) -> list[Task]:
        """Return questions about the originals of forwards, one for each public channel."""
        whole = {name for name, post in self._asked if post is None and not self._settings.search}
        names = {chat.id: name for chat in answer.chats if (name := _name(chat)) not in whole}
        wanted: dict[str, set[int]] = {}
        for channel, post in map(_origin, answer.messages):
            if post and (name := names.get(channel)):
                wanted.setdefault(name, set()).add(post)
        return [
            Task(kind="origins", subject=f"{name}/{_joined(posts)}", repeats=False)
            for name, posts in wanted.items()
        ]

    def check(self) -> Sequence[Check]:
        """Say whether Telegram can be reached, and knows the account that reads."""
        try:
            self._wire.asked(functions.updates.GetStateRequest())
        except CollectError as error:
            return [Check("reach", str(error), fine=False)]
        return [Check("reach", "answers, and knows the account that reads")]

    def estimate(self) -> Estimate | None:
        """Return None: asking is free of charge."""
        return None

    def period(self, now: datetime) -> str:
        """Count requests by the day."""
        return now.date().isoformat()

    def close(self) -> None:
        """Hang up."""
        self._wire.close()


# what is asked


_EVERYTHING: dict[str, TL] = {
    "offset_id": 0, "offset_date": None, "add_offset": 0, "limit": PAGE, "max_id": 0, "min_id": 0,
}  # fmt: skip


class _Channel(msgspec.Struct):
    """A channel whose address among Telegram's servers is known."""

    number: int
    secret: int

    @property
    def asked(self) -> TL:
        """The channel as a request names it."""
        return types.InputChannel(self.number, self.secret)

    def messages(self, numbers: Sequence[int]) -> TL:
        """Return the request for messages by their numbers."""
        return functions.channels.GetMessagesRequest(
            self.asked, [types.InputMessageID(number) for number in numbers]
        )

    def posts(self, numbers: Iterable[int]) -> list[str]:
        """Return messages as posts are named in the tables."""
        return [f"telegram:{self.number}/{number}" for number in numbers]


def _listing(channel: _Channel, words: str, bounds: dict[str, int]) -> TL:
    """Return the request for messages, all or those that hold words, newest first."""
    told = _EVERYTHING | bounds
    peer = types.InputPeerChannel(channel.number, channel.secret)
    if not words:
        return functions.messages.GetHistoryRequest(peer, hash=0, **told)
    del told["offset_date"]
    anything = types.InputMessagesFilterEmpty()
    return functions.messages.SearchRequest(
        peer, words, anything, min_date=None, max_date=None, hash=0, **told
    )


def _asked(told: str) -> tuple[str, int | None]:
    """Return the channel that an entry of ``ask`` names, in small letters, and the post, if any.

    >>> _asked("@Square"), _asked("https://t.me/s/square"), _asked("t.me/square/7?single")
    (('square', None), ('square', None), ('square', 7))
    """
    address = _ADDRESS.fullmatch(told.strip())
    path = re.split("[?#]", address[1])[0] if address else told.strip()
    if address and (post := _POST.fullmatch(path)) and post[1].lower() != "c":
        return post[1].lower(), int(post[2])
    if (channel := _CHANNEL.fullmatch(path)) and (address or path.startswith("@")):
        return channel[1].lower(), None
    msg = f"Telegram cannot be asked {told!r}; write @channel, or the t.me address of a public post"
    raise SettingsError(msg)


def _name(chat: TL) -> str | None:
    """Return the name by which anybody finds a channel; null where it is private."""
    if not isinstance(chat, types.Channel):
        return None
    names = [chat.username, *(each.username for each in chat.usernames or () if each.active)]
    return next((name.lower() for name in names if name), None)


def _origin(message: TL) -> tuple[int, int]:
    """Return the channel and the message that a forward came from; 0 where it does not say."""
    forward = getattr(message, "fwd_from", None)
    channel = getattr(getattr(forward, "from_id", None), "channel_id", None)
    return channel or 0, getattr(forward, "channel_post", None) or 0


def _joined(numbers: Iterable[int]) -> str:
    return ",".join(map(str, sorted(numbers)))


def _numbers(joined: str) -> list[int]:
    return [int(number) for number in joined.split(",") if number]


# what is answered


def _empty(answer: TL) -> list[int]:
    """Return the messages that were asked for and are not there."""
    return [each.id for each in answer.messages if isinstance(each, types.MessageEmpty)]


def _payload(answer: TL, **stamp: TL) -> bytes:
    """Return an answer as JSON, its messages at the end."""
    told: dict[str, TL] = answer.to_dict()
    messages = {"messages": told.pop("messages")} if "messages" in told else {}
    return msgspec.json.encode(stamp | told | messages)


# the wire


class _PasswordError(CollectError):
    """Telegram wants the account's password, too."""


class _ElsewhereError(UnreachableError):
    """The account is at home in another data centre; the client has gone there by now."""


class _ClosedError(GoneError):
    """A channel was closed to the public, or to the account that reads."""


class _Codec(FullPacketCodec):  # type: ignore[misc]  # untyped
    """Telegram's packets, none larger than an answer can be."""

    async def read_packet(self, reader: asyncio.StreamReader) -> bytes:
        """Return the next packet."""
        return bytes(await super().read_packet(_Bounded(reader)))


class _Bounded:
    """A stream that gives only so much at once."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def readexactly(self, size: int) -> bytes:
        """Return so many bytes."""
        if size > LARGEST:
            msg = f"a packet of {size:,} bytes"
            raise ConnectionError(msg)
        return await self._reader.readexactly(size)


class _Connection(ConnectionTcpFull):  # type: ignore[misc]  # untyped
    packet_codec = _Codec


class _Client(TelegramClient):  # type: ignore[misc]  # untyped
    """Telethon's client, which goes to another data centre only to log in: to go costs the key."""

    moves = False

    async def _switch_dc(self, new_dc: int) -> None:
        if self.moves:
            await super()._switch_dc(new_dc)
            msg = "the account is at home in another data centre of Telegram; log in again"
            raise _ElsewhereError(msg)


class Wire:
    """Telethon, asked from one thread: each answer has its time, and nothing is tried again.

    Parameters
    ----------
    path
        The session, as Telethon keeps it.
    secrets
        The app's id and hash.
    server
        ``host:port`` of another server than Telegram's.
    moves
        Whether it may go to another data centre, if Telegram says so; who is logged in is no more.
    """

    def __init__(
        self,
        path: Path,
        secrets: Mapping[str, str],
        server: str | None = None,
        *,
        moves: bool = False,
    ) -> None:
        self._path = path
        self._moves = moves
        self._secrets = secrets
        self._server = server
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: TL = None
        self._last = 0.0

    def asked(self, request: TL) -> TL:
        """Return what Telegram answers to a request.

        Raises
        ------
        RateLimitedError, UnreachableError, GoneError, RefusedError
            It does not.
        """
        self._need_session()
        return self.run(lambda client: client(request))

    def run(self, ask: Callable[[TL], Awaitable[_T]]) -> _T:
        """Return what becomes of a connected client, within a time."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        with _told_apart():
            try:
                return self._loop.run_until_complete(asyncio.wait_for(self._ask(ask), TOTAL))
            except (TimeoutError, OSError, EOFError):
                self._loop.run_until_complete(self._hang_up())
                raise

    def known(self, name: str) -> _Channel | None:
        """Return a channel that was looked up before, by this account."""
        self._need_session()
        with _told_apart():
            row = self._made().session.get_entity_rows_by_username(name)
        number, kind = utils.resolve_id(row[0]) if row else (0, types.PeerChannel)
        return _Channel(number, row[1]) if row and kind is types.PeerChannel else None

    def forget(self) -> None:
        """Forget the channels that were looked up: each account has its own addresses of them."""
        self.close()
        with closing(sqlite3.connect(self._path)) as session, session:
            session.execute("DELETE FROM entities")
        self._loop = self._client = None

    def close(self) -> None:
        """Hang up."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.run_until_complete(self._hang_up())
            self._loop.close()
        elif self._client is not None:
            self._client.session.close()

    def _need_session(self) -> None:
        if not self._path.is_file():
            msg = f"no account of Telegram is logged in; {WAY_OUT}"
            raise RefusedError(msg)

    def _made(self) -> TL:
        """Return the client; it waits for nothing, and asks nothing twice."""
        if self._client is None:
            self._client = _Client(
                _session(self._path, self._server),
                _app_id(self._secrets),
                self._secrets["telegram_api_hash"],
                connection=_Connection,
                timeout=CONNECT,
                device_model="Groundswell",
                system_version="1",
                app_version="1",
                request_retries=0,
                connection_retries=0,
                retry_delay=0,
                auto_reconnect=False,
                flood_sleep_threshold=0,
                raise_last_call_error=True,
                receive_updates=False,
                base_logger=_quiet(),
            )
            self._client.moves = self._moves
        return self._client

    async def _ask(self, ask: Callable[[TL], Awaitable[_T]]) -> _T:
        client = self._made()
        if monotonic() - self._last > IDLE:
            await self._hang_up()
        if not client.is_connected():
            await client.connect()
        try:
            return await ask(client)
        finally:
            self._last = monotonic()
            client.session.save()

    async def _hang_up(self) -> None:
        if self._client is not None:
            with suppress(Exception):  # whatever it is, nobody waits for it
                await asyncio.wait_for(self._client.disconnect(), CONNECT)


def _session(path: Path, server: str | None) -> SQLiteSession:
    try:
        session = SQLiteSession(str(path))
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        msg = f"{path} is damaged; remove it, then {WAY_OUT}"
        raise RefusedError(msg) from None
    if server:
        host, _, port = server.rpartition(":")
        if session.auth_key is None:  # else it knows where the account is at home
            session.set_dc(session.dc_id or _HOME, host, int(port))
            session.save()
    return session


def _app_id(secrets: Mapping[str, str]) -> int:
    told = secrets["telegram_api_id"]
    if not told.isascii() or not told.isdigit():
        msg = "GROUNDSWELL_TELEGRAM_API_ID is no number; copy it from my.telegram.org"
        raise RefusedError(msg)
    return int(told)


def _quiet() -> logging.Logger:
    """Return a logger that says nothing: errors are told in our own words."""
    logger = logging.getLogger("groundswell.telegram")
    logger.disabled = True
    logger.setLevel(logging.CRITICAL + 1)
    return logger


@contextmanager
def _told_apart() -> Iterator[None]:
    """Turn what Telethon raises into what it means for collecting."""
    try:
        yield
    except CollectError:
        raise
    except (errors.RPCError, errors.AuthKeyNotFound) as error:
        raise _as_fact(error) from None
    except sqlite3.Error as error:
        msg = f"the session of Telegram cannot be used ({error}); stop whoever uses it"
        raise UnreachableError(msg) from None
    except (TimeoutError, OSError, EOFError, BufferError, ValueError, *_DAMAGED) as error:
        msg = f"Telegram cannot be reached ({_happened(error)}); check the connection"
        raise UnreachableError(msg) from None


def _happened(error: Exception) -> str:
    """Return what went wrong on the way, in plain words."""
    match error:
        case TimeoutError():
            return "no answer in time"
        case EOFError():
            return "the connection broke off"
        case OSError():
            return "no connection"
    return "the answer is damaged"


_MEANT: tuple[tuple[TL, type[CollectError], str], ...] = (
    (errors.SessionPasswordNeededError, _PasswordError, "wants the account's password, too"),
    (_NOT_KNOWN, RefusedError, "does not know the account that reads"),
    (errors.ChannelPrivateError, _ClosedError, "does not show it any more"),
    (
        (errors.BadRequestError, errors.ForbiddenError, errors.NotFoundError),
        GoneError,
        "does not show it",
    ),
    (errors.RPCError, UnreachableError, "fails just now"),
)


def _as_fact(error: Exception) -> CollectError:
    """Return what an error of Telegram means."""
    if isinstance(error, errors.FloodError | errors.PhonePasswordFloodError):
        return RateLimitedError("Telegram asks for a pause", getattr(error, "seconds", None))
    kind, words = next((kind, words) for raised, kind, words in _MEANT if isinstance(error, raised))
    way_out = f"; {WAY_OUT}" if kind is RefusedError else ""
    return kind(f"Telegram {words} ({type(error).__name__.removesuffix('Error')}){way_out}")


# logging in


def session_path(private: str, server: str | None = None) -> Path:
    """Return where the session of an account lies; each server has its own accounts."""
    place = f"-{re.sub('[^a-z0-9.]', '-', server.lower())}" if server else ""
    return Path(private) / f"telegram{place}.session"


def log_in(
    world: World,
    ask_phone: Callable[[], str],
    ask_code: Callable[[], str],
    ask_password: Callable[[], str],
    *,
    server: str | None = None,
) -> str:
    """Log the account that reads in, once, and return its name.

    Raises
    ------
    RefusedError
        Telegram does not take the number, the code or the password.
    CollectError
        A secret is missing, or Telegram gives no answer.
    """
    if fact := missing(TelegramPlatform.secrets, world.secrets):
        raise CollectError(fact)
    path = session_path(world.private, server)
    _keep_private(path)
    wire = Wire(path, world.secrets, server, moves=True)
    try:
        if not _at_home(wire, lambda client: client.is_user_authorized()):
            _enter(wire, ask_phone, ask_code, ask_password)
            wire.forget()
        return str(utils.get_display_name(wire.run(lambda client: client.get_me())))
    except GoneError as error:
        msg = f"{error}; log in again"
        raise RefusedError(msg) from None
    except RateLimitedError as error:
        msg = f"{error}{_length(error.seconds)}; log in again then"
        raise RefusedError(msg) from None
    finally:
        wire.close()


def _length(seconds: float | None) -> str:
    """Return how long a pause is, as it follows the word; nothing if nobody said it."""
    minutes = math.ceil((seconds or 0) / 60)
    return f" of {minutes:,} minute{'s' * (minutes > 1)}" if minutes else ""


def _enter(
    wire: Wire,
    ask_phone: Callable[[], str],
    ask_code: Callable[[], str],
    ask_password: Callable[[], str],
) -> None:
    phone = utils.parse_phone(ask_phone().strip())
    if phone is None:
        msg = "that is no telephone number; write it with its country in front, as +15550100"
        raise RefusedError(msg)
    _at_home(wire, lambda client: client.send_code_request(phone))
    code = ask_code().strip()
    try:
        wire.run(lambda client: client.sign_in(phone, code))
    except _PasswordError:
        password = ask_password()
        wire.run(lambda client: client.sign_in(password=password))


def _at_home(wire: Wire, ask: Callable[[TL], Awaitable[_T]]) -> _T:
    """Return what becomes of a client in the data centre where the account is at home."""
    try:
        return wire.run(ask)
    except _ElsewhereError:
        return wire.run(ask)


def _keep_private(path: Path) -> None:
    """Make the folder and the session so that nobody else can read them."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    path.touch(mode=0o600)
    path.chmod(0o600)


class TelegramPlatform:
    """How Telegram is asked: with an app of one's own, and an account that logged in with it."""

    name = "telegram"
    label = "Telegram, public channels"
    settings = TelegramSettings
    secrets: ClassVar[Mapping[str, str]] = {
        "telegram_api_id": "my.telegram.org",
        "telegram_api_hash": "my.telegram.org",
    }

    def open(self, settings: TelegramSettings, world: World) -> Source:
        """Return a source with a connection of its own."""
        if fact := missing(self.secrets, world.secrets):
            raise CollectError(fact)
        path = session_path(world.private, settings.server)
        return TelegramSource(Wire(path, world.secrets, settings.server), settings)


PLATFORM = TelegramPlatform()
