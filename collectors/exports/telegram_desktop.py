r"""Telegram Desktop's JSON export: one chat, or all of them (``result.json``).

Traps met in real files: ``date`` is the local time of the exporting computer, without its zone, and
older versions write no ``date_unixtime``; ``text`` is a string, or a list of strings and entities;
control characters come as ``\x0b``, which is not JSON; ids are numbers, or ``channel123``.

A forward names the channel in which the message first appeared, not the one it was forwarded from
(core.telegram.org/constructor/messageFwdHeader): that is the cascade's root account. The message
itself is not named, so parents and roots stay unknown.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Annotated

import msgspec
import polars as pl

from analytics.errors import FormatError
from analytics.tables import ACCOUNTS, COUNTERS, POSTS, STRINGS
from collectors.exports.documents import text as text_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.objects import nested, object_keys
from collectors.exports.sources import UNREADABLE, Source
from collectors.exports.times import epoch, in_zone

_Int = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class _Entity(msgspec.Struct):
    type: str = "plain"
    text: str = ""
    href: str | None = None


class _Reaction(msgspec.Struct):
    count: _Count = 0


class _Message(msgspec.Struct, rename={"sender_id": "from_id"}):
    id: _Int
    type: str = "message"
    date: str | None = None
    date_unixtime: str | _Int | None = None
    sender_id: str | int | None = None
    forwarded_from: str | None = None
    forwarded_from_id: str | int | None = None
    reply_to_message_id: _Int | None = None
    text: "str | list[str | _Entity]" = ""
    text_entities: list[_Entity] = []
    reactions: list[_Reaction] = []


class _RawChat(msgspec.Struct):
    id: int | None = None
    name: str | None = None
    type: str | None = None
    messages: list[msgspec.Raw] = []


class _Chats(msgspec.Struct, rename={"chats": "list"}):
    chats: list[_RawChat] = []


class _Export(_RawChat):
    chats: _Chats | None = None
    left_chats: _Chats | None = None


@dataclass(frozen=True)
class _Chat:
    """One chat, with the messages that could be read."""

    source: Source
    id: str
    name: str | None
    is_channel: bool
    messages: list[_Message]


_EXPORT = msgspec.json.Decoder(_Export)
_MESSAGE = msgspec.json.Decoder(_Message)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_READ = {f.encode_name for f in msgspec.structs.fields(_Message)} | {"from", "text_entities"}
_LOOSE_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\x([0-9a-fA-F]{2})")


class TelegramDesktop:
    """Reads what Telegram Desktop exports as JSON."""

    name = "telegram-desktop"
    label = "Telegram Desktop JSON"

    def knows(self, head: Head) -> bool:
        """Judge by member names: a chat's messages, in Desktop's own words."""
        one_chat = {"messages", "type", "date", "text"} <= head.keys
        account = {"about", "personal_information"} <= head.keys  # its chats come later
        return account or (one_chat and {"from_id", "actor_id", "chats"} & head.keys != frozenset())

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts and posts, chat by chat; names of all chats are known beforehand."""
        chats = [chat for source in files for chat in _chats(source, options.losses)]
        if options.zone is None:
            _refuse_local_times(chats)
        by_name = _by_name(chats)
        for chat in chats:
            _note_services(chat, options.losses)
            if messages := _messages(chat):
                yield Part(ACCOUNTS, _accounts(chat, by_name), "accounts")
                yield Part(POSTS, _posts(chat, messages, by_name, options), "posts")
                yield Part(COUNTERS, _reactions(chat), "numbers shown")


FORMAT = TelegramDesktop()


def _chats(source: Source, losses: Losses) -> list[_Chat]:
    try:
        with text_of(source) as file:
            export = _decoded(file.read(1 << 31))
    except msgspec.ValidationError as error:
        losses.add("dropped", "files", f"not as Telegram writes it ({error})", example=source.name)
        return []
    except (ValueError, RecursionError, *UNREADABLE):
        reason = "broken JSON: it ends too early or has a damaged place"
        losses.add("dropped", "files", reason, example=source.name)
        return []
    members: Counter[str] = Counter()
    lists = [chats.chats for chats in (export.chats, export.left_chats) if chats]
    chats = [_chat(raw, source, losses, members) for raw in chain([export], *lists)]
    for name in sorted(members.keys() - _READ):
        reason = f"field {name} is not read"
        losses.add("unknown", "fields", reason, members[name], example=source.name)
    return [chat for chat in chats if chat.messages]


def _decoded(text: bytes) -> _Export:
    try:
        return _EXPORT.decode(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return _EXPORT.decode(_LOOSE_ESCAPE.sub(rb"\1\\u00\2", text))


def _chat(raw: _RawChat, source: Source, losses: Losses, members: Counter[str]) -> _Chat:
    """Return a chat; a message that is not as Telegram writes it is set aside alone."""
    messages = []
    for number, text in enumerate(raw.messages):
        try:
            messages.append(_MESSAGE.decode(text))
            members.update(_MEMBERS.decode(text).keys())
        except (ValueError, RecursionError) as error:
            reason = f"not as Telegram writes it ({error})"
            losses.add("dropped", "rows", reason, example=f"{source.name}, message number {number}")
    chat_id = f"name={_one_piece(raw.name or source.stem)}" if raw.id is None else str(raw.id)
    return _Chat(source, chat_id, raw.name, (raw.type or "").endswith("channel"), messages)


def _one_piece(name: str) -> str:
    """Return a name without the stroke that ends the chat in a post's id."""
    return name.replace("/", "%2F")


def _refuse_local_times(chats: list[_Chat]) -> None:
    for chat in chats:
        if any(m.date and m.date_unixtime is None for m in chat.messages):
            msg = (
                f"{chat.source.name} has times without a zone: they are local to the computer that "
                "exported it; say which with --timezone, for example --timezone Europe/Minsk"
            )
            raise FormatError(msg)


def _by_name(chats: list[_Chat]) -> dict[str, str]:
    """Return which chat a name means, where it can mean only one."""
    ids: dict[str, set[str]] = {}
    for chat in chats:
        if chat.name:
            ids.setdefault(chat.name, set()).add(chat.id)
    return {name: found.pop() for name, found in ids.items() if len(found) == 1}


def _note_services(chat: _Chat, losses: Losses) -> None:
    services = [message for message in chat.messages if message.type != "message"]
    if services:
        place = f"{chat.source.name}, message {services[0].id}"
        reason = "service message (pinned, joined, renamed …): not a post"
        losses.add("dropped", "rows", reason, len(services), example=place)


def _account(chat: _Chat, sender: str | int | None) -> str:
    """Return the sender's account: a channel by its number, a person with ``user`` in front."""
    if sender in {None, ""} or chat.is_channel:
        return f"telegram:{chat.id}"
    return f"telegram:{str(sender).removeprefix('channel')}"


def _origin(message: _Message, by_name: dict[str, str]) -> str | None:
    """Return the account in which a forward first appeared; by its name where no id is given."""
    if message.forwarded_from_id not in {None, ""}:
        return f"telegram:{str(message.forwarded_from_id).removeprefix('channel')}"
    if not message.forwarded_from:
        return None
    name = message.forwarded_from
    return f"telegram:{by_name.get(name) or f'name={_one_piece(name)}'}"


def _messages(chat: _Chat) -> list[_Message]:
    return [message for message in chat.messages if message.type == "message"]


def _posts(
    chat: _Chat, messages: list[_Message], by_name: dict[str, str], options: Options
) -> pl.DataFrame:
    raw = pl.DataFrame(
        {
            "id": [m.id for m in messages],
            "account_id": [_account(chat, m.sender_id) for m in messages],
            "date": [m.date for m in messages],
            "seconds": [None if (s := m.date_unixtime) is None else str(s) for m in messages],
            "origin": [_origin(m, by_name) for m in messages],
            "reply_to": [m.reply_to_message_id for m in messages],
            "text": [_plain(m) for m in messages],
            "urls": nested([_links(m) for m in messages]),
            "hashtags": nested([_tags(m) for m in messages]),
        },
        schema_overrides={
            "date": pl.String, "seconds": pl.String, "origin": pl.String, "reply_to": pl.Int64,
            "urls": STRINGS, "hashtags": STRINGS,
        },
    )  # fmt: skip
    raw = _timed(raw, chat, options)
    return _shaped(raw, chat.id)


def _timed(raw: pl.DataFrame, chat: _Chat, options: Options) -> pl.DataFrame:
    """Return the messages with their times; those that have none are counted by reason."""
    local = pl.col("date").str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
    exact = epoch(pl.col("seconds"))
    at = exact if options.zone is None else pl.coalesce(exact, in_zone(local, options.zone))
    timed = raw.with_columns(at=at, local=local)
    for reason, readable in (
        ("local time that was skipped or came twice when clocks changed", True),
        ("no readable time", False),
    ):
        known = pl.col("local").is_not_null()
        lost = timed.filter(pl.col("at").is_null(), known if readable else ~known)
        if lost.height:
            place = f"{chat.source.name}, message {lost['id'][0]}"
            told = f"{reason}: kept without a time"
            options.losses.add("unknown", "times", told, lost.height, example=place)
    return timed


def _in_chat(chat_id: str, column: str) -> pl.Expr:
    return pl.concat_str(pl.lit(f"telegram:{chat_id}/"), pl.col(column).cast(pl.String))


def _shaped(raw: pl.DataFrame, chat_id: str) -> pl.DataFrame:
    forwarded = pl.col("origin").is_not_null()
    answers = pl.col("reply_to").is_not_null() & ~forwarded
    return raw.select(
        post_id=_in_chat(chat_id, "id"),
        platform=pl.lit("telegram"),
        account_id="account_id",
        at="at",
        kind=pl.when(forwarded).then(pl.lit("repost")).when(answers).then(pl.lit("reply"))
        .otherwise(pl.lit("original")),
        parent_id=pl.when(answers).then(_in_chat(chat_id, "reply_to")),
        root_account_id="origin",
        basis=pl.when(answers).then(pl.lit("observed")),
        text=pl.when(pl.col("text") != "").then("text"),
        urls="urls",
        hashtags="hashtags",
        object_keys=object_keys("urls"),
    )  # fmt: skip


def _accounts(chat: _Chat, by_name: dict[str, str]) -> pl.DataFrame:
    names = {_origin(m, by_name): m.forwarded_from for m in chat.messages}
    names |= {_account(chat, m.sender_id): None for m in _messages(chat)}
    names[f"telegram:{chat.id}"] = chat.name
    known = {account: name for account, name in names.items() if account}
    return pl.DataFrame(
        {
            "account_id": list(known),
            "platform": ["telegram"] * len(known),
            "name": pl.Series(list(known.values()), dtype=pl.String),
            "role": ["unknown"] * len(known),
        }
    )


def _reactions(chat: _Chat) -> pl.DataFrame:
    shown = [
        (f"telegram:{chat.id}/{m.id}", sum(r.count for r in m.reactions))
        for m in _messages(chat)
        if m.reactions
    ]
    rows = pl.DataFrame(shown, schema={"post_id": pl.String, "value": pl.Int64}, orient="row")
    return rows.with_columns(
        metric=pl.lit("reactions"),
        definition=pl.lit("telegram reactions, all kinds"),
    )


def _pieces(message: _Message) -> list[_Entity]:
    pieces = message.text if isinstance(message.text, list) else [message.text]
    return [_Entity(text=piece) if isinstance(piece, str) else piece for piece in pieces]


def _plain(message: _Message) -> str:
    return "".join(piece.text for piece in _pieces(message))


def _links(message: _Message) -> list[str]:
    return [
        piece.href or piece.text
        for piece in _pieces(message)
        if piece.type in {"link", "text_link"}
    ]


def _tags(message: _Message) -> list[str]:
    return [p.text.removeprefix("#") for p in _pieces(message) if p.type == "hashtag"]
