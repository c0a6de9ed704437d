"""A data centre of Telegram on 127.0.0.1: real TCP, real MTProto 2.0, real TL; answers as planted.

A client that comes for the first time agrees with it on a key. Most tests have a session with a key
already (``plant``). What is sent is packed, encrypted and checked as Telegram does.
"""

import asyncio
import hashlib
import inspect
import os
import struct
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from telegram_handshake import PRIME, Handshake, make_known
from telethon import functions as f
from telethon import password as srp
from telethon.crypto import AES, AuthKey
from telethon.extensions import BinaryReader
from telethon.network.mtprotostate import MTProtoState
from telethon.sessions import SQLiteSession
from telethon.tl import types as t
from telethon.tl.core import GzipPacked, MessageContainer

TL: TypeAlias = Any  # Telethon has no types

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = hashlib.shake_256(b"the key of a data centre on loopback").digest(256)
CODE = "12345"
_PLANTED = AuthKey(KEY)
_FOURTH = 4
_NO_SUCH_KEY = struct.pack("<i", -404)
_RESULT = 0xF35C6D01
_VECTOR = 0x1CB5C415
_WRAPPERS = (
    f.InvokeWithLayerRequest, f.InitConnectionRequest, f.InvokeWithoutUpdatesRequest,
)  # fmt: skip
_ON_CONNECTING = (
    f.help.GetConfigRequest, f.users.GetUsersRequest, f.updates.GetStateRequest,
    f.updates.GetDifferenceRequest,
)  # fmt: skip
_UNANSWERED = (t.MsgsAck, f.DestroySessionRequest)
_BEFORE_LOGIN = (
    f.help.GetConfigRequest, f.auth.SendCodeRequest, f.auth.SignInRequest,
    f.account.GetPasswordRequest, f.auth.CheckPasswordRequest,
)  # fmt: skip


class RefusalError(Exception):
    """An error as Telegram names it."""

    def __init__(self, code: int, name: str) -> None:
        super().__init__(name)
        self.code = code
        self.name = name


DROP = RefusalError(0, "the connection is dropped in mid-answer")
SILENCE = RefusalError(0, "no answer comes")
GARBAGE = RefusalError(0, "a packet that nobody can read")


def at(minutes: float) -> datetime:
    """Return a time, in minutes after everything began."""
    return START + timedelta(minutes=minutes)


@dataclass
class Centre:
    """Channels and their messages, and what is to go wrong.

    Attributes
    ----------
    faults
        Given one after another, each instead of the answer to a question about Telegram's content.
    asked
        Every such question, as it came.
    knows
        Whether the account that asks is logged in.
    password
        What it takes to log in, besides a code.
    elsewhere
        The centre where whoever logs in is at home instead: it is the fourth.
    keys
        What clients have agreed on, each under its number.
    """

    channels: dict[int, t.Channel] = field(default_factory=dict)
    followers: dict[int, int] = field(default_factory=dict)
    messages: dict[int, dict[int, t.Message]] = field(default_factory=dict)
    users: dict[int, t.User] = field(default_factory=dict)
    copies: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    faults: deque[RefusalError | None] = field(default_factory=deque)
    asked: list[TL] = field(default_factory=list)
    knows: bool = True
    password: "Password | None" = None
    elsewhere: "Centre | None" = None
    keys: dict[int, AuthKey] = field(default_factory=lambda: {_PLANTED.key_id: _PLANTED})
    connections: int = 0
    address: str = ""

    # what is planted

    def channel(self, number: int, name: str | None, title: str, **more: TL) -> t.Channel:
        """Plant a channel, or, with ``megagroup=True``, a group."""
        told = {"broadcast": not more.get("megagroup"), "left": True, "date": at(-1000)} | more
        self.channels[number] = t.Channel(
            id=number, title=title, photo=t.ChatPhotoEmpty(), username=name,
            access_hash=number * 7, **told,
        )  # fmt: skip
        self.messages[number] = {}
        self.followers[number] = number * 100
        return self.channels[number]

    def user(self, number: int, name: str) -> t.PeerUser:
        """Plant a person."""
        self.users[number] = t.User(id=number, first_name=name, username=name, access_hash=number)
        return t.PeerUser(number)

    def post(self, channel: int, number: int, minutes: float, text: str, **more: TL) -> t.Message:
        """Plant a message."""
        told = {"post": bool(self.channels[channel].broadcast), "views": number * 10} | more
        told.setdefault("forwards", None if told["views"] is None else number)
        message = t.Message(
            id=number, peer_id=t.PeerChannel(channel), date=at(minutes), message=text, **told
        )
        self.messages[channel][number] = message
        return message

    def forward(self, channel: int, number: int, minutes: float, of: t.Message) -> t.Message:
        """Plant a message that passes another on: from where that first appeared."""
        first = of.fwd_from or t.MessageFwdHeader(
            date=of.date, from_id=of.peer_id, channel_post=of.id
        )
        return self.post(channel, number, minutes, of.message, fwd_from=first)

    def discussed(self, post: t.Message, group: int, copy: int) -> None:
        """Let a post be discussed in a group, below its copy there."""
        place = (post.peer_id.channel_id, post.id)
        self.copies[place] = (group, copy)
        post.replies = t.MessageReplies(0, 0, comments=True, channel_id=group)

    def comment(
        self, post: t.Message, number: int, minutes: float, who: t.PeerUser, text: str, *,
        answers: int | None = None,
    ) -> t.Message:  # fmt: skip
        """Plant a comment below a post, or an answer to another comment there."""
        group, copy = self.copies[post.peer_id.channel_id, post.id]
        below = t.MessageReplyHeader(
            reply_to_msg_id=answers or copy, reply_to_top_id=copy if answers else None
        )
        post.replies.replies += 1
        return self.post(group, number, minutes, text, from_id=who, reply_to=below, views=None)

    # where it listens

    @contextmanager
    def running(self) -> Iterator["Centre"]:
        """Serve until the end of the block, in a thread of its own."""
        make_known()
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        started = asyncio.run_coroutine_threadsafe(_started(self), loop)
        server = started.result(10)
        self.address = "{}:{}".format(*server.sockets[0].getsockname()[:2])
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(_stopped(server), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    def plant(self, path: Path) -> None:
        """Write the session of an account that has met this centre."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        session = SQLiteSession(str(path))
        host, _, port = self.address.partition(":")
        session.set_dc(2, host, int(port))
        session.auth_key = AuthKey(KEY)
        session.save()
        session.close()

    def names(self) -> list[str]:
        """Return what was asked, by its names in Telegram's schema, without ``Request``."""
        return [type(each).__name__.removesuffix("Request") for each in self.asked]

    # what it answers

    def answer(self, request: TL) -> TL:
        """Return the answer to a request.

        Raises
        ------
        RefusalError
            It is an error.
        """
        if not self.knows and not isinstance(request, _BEFORE_LOGIN):
            raise RefusalError(401, "AUTH_KEY_UNREGISTERED")
        if not isinstance(request, _ON_CONNECTING):
            self.asked.append(request)
            if self.faults and (fault := self.faults.popleft()):
                raise fault
        if type(request) not in _ANSWERS:
            raise RefusalError(400, f"METHOD_{type(request).__name__.upper()}_INVALID")
        return _ANSWERS[type(request)](self, request)

    def resolve(self, request: TL) -> TL:
        """Answer who has a name."""
        name = request.username.lower()
        for each in self.channels.values():
            if (each.username or "").lower() == name:
                return t.contacts.ResolvedPeer(t.PeerChannel(each.id), [each], [])
        for user in self.users.values():
            if (user.username or "").lower() == name:
                return t.contacts.ResolvedPeer(t.PeerUser(user.id), [], [user])
        raise RefusalError(400, "USERNAME_NOT_OCCUPIED")

    def full(self, request: TL) -> TL:
        """Answer everything about a channel."""
        number = self._visible(request.channel)
        full = t.ChannelFull(
            id=number, about="", read_inbox_max_id=0, read_outbox_max_id=0, unread_count=0,
            chat_photo=t.PhotoEmpty(0), notify_settings=t.PeerNotifySettings(), bot_info=[], pts=1,
            participants_count=self.followers[number],
        )  # fmt: skip
        return t.messages.ChatFull(full, [self.channels[number]], [])

    def history(self, request: TL) -> TL:
        """Answer messages of a channel, newest first."""
        return self._page(request, list(self.messages[self._visible(request.peer)].values()))

    def search(self, request: TL) -> TL:
        """Answer messages that hold words."""
        held = self.messages[self._visible(request.peer)].values()
        found = [each for each in held if request.q.lower() in each.message.lower()]
        return self._page(request, found)

    def replies(self, request: TL) -> TL:
        """Answer the comments below a post."""
        place = (self._visible(request.peer), request.msg_id)
        if place not in self.copies:
            raise RefusalError(400, "MSG_ID_INVALID")
        group, copy = self.copies[place]
        below = [
            each
            for each in self.messages[group].values()
            if each.reply_to
            and copy in {each.reply_to.reply_to_msg_id, each.reply_to.reply_to_top_id}
        ]
        return self._page(request, below)

    def numbered(self, request: TL) -> TL:
        """Answer messages by their numbers; those that are not there come empty."""
        number = self._visible(request.channel)
        held = self.messages[number]
        peer = t.PeerChannel(number)
        found = [held.get(each.id) or t.MessageEmpty(each.id, peer) for each in request.id]
        return self._messages(found, len(found))

    def _visible(self, peer: TL) -> int:
        number = int(peer.channel_id)
        if number in self.hidden:
            raise RefusalError(400, "CHANNEL_PRIVATE")
        if number not in self.channels or peer.access_hash != self.channels[number].access_hash:
            raise RefusalError(400, "CHANNEL_INVALID")
        return number

    def _page(self, request: TL, found: list[t.Message]) -> TL:
        newest_first = sorted(found, key=lambda each: -each.id)
        wanted = [
            each
            for each in newest_first
            if each.id > request.min_id and (not request.offset_id or each.id < request.offset_id)
        ]
        return self._messages(wanted[: request.limit], len(found))

    def _messages(self, messages: list[TL], count: int) -> TL:
        return t.messages.ChannelMessages(
            pts=1, count=count, messages=messages, topics=[],
            chats=list(self.channels.values()), users=list(self.users.values()),
        )  # fmt: skip

    def send_code(self, request: TL) -> TL:
        """Answer that a code is on its way."""
        if self.elsewhere is not None:
            raise RefusalError(303, f"PHONE_MIGRATE_{_FOURTH}")
        if len(request.phone_number) < len(CODE):
            raise RefusalError(400, "PHONE_NUMBER_INVALID")
        return t.auth.SentCode(type=t.auth.SentCodeTypeApp(len(CODE)), phone_code_hash="hash")

    def sign_in(self, request: TL) -> TL:
        """Answer who it is, if the code is right."""
        if request.phone_code != CODE:
            raise RefusalError(400, "PHONE_CODE_INVALID")
        if self.password is not None:
            raise RefusalError(401, "SESSION_PASSWORD_NEEDED")
        self.knows = True
        return t.auth.Authorization(_ME)

    def riddle(self, request: TL) -> TL:
        """Answer what to reckon from the password."""
        assert request
        assert self.password is not None
        return self.password.riddle()

    def check_password(self, request: TL) -> TL:
        """Answer who it is, if the password is right."""
        assert self.password is not None
        if not self.password.is_solved_by(request.password):
            raise RefusalError(400, "PASSWORD_HASH_INVALID")
        self.knows = True
        return t.auth.Authorization(_ME)

    def me(self, request: TL) -> bytes:
        """Answer who asks."""
        return struct.pack("<Ii", _VECTOR, len(request.id)) + bytes(_ME) * len(request.id)

    def config(self, request: TL) -> TL:
        """Answer a configuration; what nobody reads of it is nought."""
        assert request
        return _config(self.elsewhere)

    def state(self, request: TL) -> TL:
        """Answer up to where updates go."""
        assert request
        return t.updates.State(1, 0, START, 1, 0)

    def difference(self, request: TL) -> TL:
        """Answer that there are no updates."""
        assert request
        return t.updates.DifferenceEmpty(START, 1)


class Password:
    """A password that the centre checks without being told it (SRP, RFC 5054)."""

    def __init__(self, words: str) -> None:
        self._kind = t.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
            b"salt1", b"salt2", 3, PRIME
        )
        self._proof = int.from_bytes(srp.compute_digest(self._kind, words), "big")
        self._secret = int.from_bytes(os.urandom(256), "big")
        p, g = PRIME, (3).to_bytes(256, "big")
        factor = int.from_bytes(srp.sha256(p, g), "big")
        shown = factor * self._proof + pow(3, self._secret, self._modulus)
        self._shown = (shown % self._modulus).to_bytes(256, "big")

    @property
    def _modulus(self) -> int:
        return int.from_bytes(PRIME, "big")

    def riddle(self) -> TL:
        """Return what is shown to who wants to log in."""
        return t.account.Password(
            new_algo=t.PasswordKdfAlgoUnknown(), new_secure_algo=t.SecurePasswordKdfAlgoUnknown(),
            secure_random=b"", has_password=True, current_algo=self._kind, srp_B=self._shown,
            srp_id=1,
        )  # fmt: skip

    def is_solved_by(self, told: TL) -> bool:
        """Return whether who answers knows the password."""
        mix = int.from_bytes(srp.sha256(told.A, self._shown), "big")
        base = int.from_bytes(told.A, "big") * pow(self._proof, mix, self._modulus)
        key = srp.sha256(pow(base, self._secret, self._modulus).to_bytes(256, "big"))
        group = srp.xor(srp.sha256(PRIME), srp.sha256((3).to_bytes(256, "big")))
        salts = (srp.sha256(self._kind.salt1), srp.sha256(self._kind.salt2))
        return bool(srp.sha256(group, *salts, told.A, self._shown, key) == told.M1)


_ME = t.User(id=1, is_self=True, first_name="Reader", access_hash=1)
_ANSWERS: dict[type, Callable[[Centre, TL], TL]] = {
    f.contacts.ResolveUsernameRequest: Centre.resolve,
    f.channels.GetFullChannelRequest: Centre.full,
    f.channels.GetMessagesRequest: Centre.numbered,
    f.messages.GetHistoryRequest: Centre.history,
    f.messages.SearchRequest: Centre.search,
    f.messages.GetRepliesRequest: Centre.replies,
    f.auth.SendCodeRequest: Centre.send_code,
    f.auth.SignInRequest: Centre.sign_in,
    f.account.GetPasswordRequest: Centre.riddle,
    f.auth.CheckPasswordRequest: Centre.check_password,
    f.users.GetUsersRequest: Centre.me,
    f.updates.GetStateRequest: Centre.state,
    f.updates.GetDifferenceRequest: Centre.difference,
    f.help.GetConfigRequest: Centre.config,
}


def _config(elsewhere: Centre | None) -> TL:
    host, _, port = elsewhere.address.partition(":") if elsewhere else ("", "", "")
    options = [t.DcOption(_FOURTH, host, int(port))] if port else []
    now = datetime.now(UTC)
    told: dict[str, TL] = {
        "date": now, "expires": now + timedelta(days=1), "test_mode": False, "this_dc": 2,
        "dc_options": options, "dc_txt_domain_name": "", "me_url_prefix": "",
    }  # fmt: skip
    named = list(inspect.signature(t.Config.__init__).parameters.values())[1:]
    needed = [each.name for each in named if each.default is inspect.Parameter.empty]
    return t.Config(**{name: told.get(name, 0) for name in needed})


# the wire


async def _started(centre: Centre) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        centre.connections += 1
        await _Line(centre, reader, writer).serve()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def _stopped(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class _Line:
    """One connection: packets come in, are decrypted and answered."""

    def __init__(
        self, centre: Centre, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._centre = centre
        self._reader = reader
        self._writer = writer
        self._key = _PLANTED
        self._handshake: Handshake | None = None
        self._session = 0
        self._packets = 0
        self._contents = 0
        self._last = 0

    async def serve(self) -> None:
        try:
            while True:
                self._take(await self._packet())
                await self._writer.drain()
        except (EOFError, OSError, asyncio.CancelledError):
            pass
        finally:
            self._writer.close()

    async def _packet(self) -> bytes:
        size, _ = struct.unpack("<ii", await self._reader.readexactly(8))
        return (await self._reader.readexactly(size - 8))[:-4]

    def _take(self, packet: bytes) -> None:
        """Answer a packet: a step towards a key, or what is sealed with one that is known."""
        (key_id,) = struct.unpack("<Q", packet[:8])
        if not key_id:
            self._agree(BinaryReader(packet[20:]).tgread_object())
        elif key_id in self._centre.keys:
            self._key = self._centre.keys[key_id]
            for number, request in _unpacked(*self._opened(packet)):
                self._handle(number, request)
        else:
            self._write(_NO_SUCH_KEY)

    def _agree(self, request: TL) -> None:
        if isinstance(request, f.ReqPqMultiRequest):
            self._handshake = Handshake(request.nonce)
        assert self._handshake is not None
        body = bytes(self._handshake.answer(request))
        self._write(struct.pack("<qqi", 0, self._number(), len(body)) + body)
        if key := self._handshake.key:
            self._centre.keys[key.key_id] = key

    def _opened(self, packet: bytes) -> tuple[int, bytes]:
        """Return the number and the body of a message."""
        key, vector = MTProtoState._calc_key(self._key.key, packet[8:24], client=True)
        plain = AES.decrypt_ige(packet[24:], key, vector)
        _, self._session, number, _, length = struct.unpack("<qqqii", plain[:32])
        return number, plain[32 : 32 + length]

    def _handle(self, number: int, request: TL) -> None:
        while isinstance(request, _WRAPPERS):
            request = request.query
        if isinstance(request, _UNANSWERED):
            return
        if isinstance(request, f.PingRequest | f.PingDelayDisconnectRequest):
            self._send(bytes(t.Pong(number, request.ping_id)))
            return
        if (body := self._answered(request)) is not None:
            self._send(struct.pack("<Iq", _RESULT, number) + body)

    def _answered(self, request: TL) -> bytes | None:
        try:
            return bytes(self._centre.answer(request))
        except RefusalError as refusal:
            if refusal is SILENCE:
                return None
            if refusal is GARBAGE:
                self._writer.write(struct.pack("<ii", 1 << 30, 0) + os.urandom(64))
                return None
            if refusal is DROP:
                self._writer.write(struct.pack("<ii", 4096, self._packets) + os.urandom(1024))
                raise ConnectionError from None
            return bytes(t.RpcError(refusal.code, refusal.name))

    def _send(self, body: bytes) -> None:
        head = struct.pack(
            "<qqqii", 0, self._session, self._number(), self._contents * 2 + 1, len(body)
        )
        self._contents += 1
        plain = head + body
        plain += os.urandom(-(len(plain) + 12) % 16 + 12)
        seal = hashlib.sha256(self._key.key[96:128] + plain).digest()[8:24]
        key, vector = MTProtoState._calc_key(self._key.key, seal, client=False)
        self._write(
            struct.pack("<Q", self._key.key_id) + seal + AES.encrypt_ige(plain, key, vector)
        )

    def _number(self) -> int:
        """Return a number for the next message: the time, and more than the last one's."""
        self._last = max((int(time.time() * 2**32) & ~3) | 1, self._last + 4)
        return self._last

    def _write(self, content: bytes) -> None:
        packet = struct.pack("<ii", len(content) + 12, self._packets) + content
        self._packets += 1
        self._writer.write(packet + struct.pack("<I", zlib.crc32(packet)))


def _unpacked(number: int, body: bytes) -> Iterator[tuple[int, TL]]:
    """Yield the requests in a message, each with its number."""
    content = BinaryReader(body).tgread_object()
    if isinstance(content, MessageContainer):
        for each in content.messages:
            yield each.msg_id, _unzipped(each.obj)
    else:
        yield number, _unzipped(content)


def _unzipped(content: TL) -> TL:
    return (
        BinaryReader(content.data).tgread_object() if isinstance(content, GzipPacked) else content
    )
