r"""Telegram Desktop's JSON export: one chat, or all of them (``result.json``).

Traps met in real files: ``date`` is the local time of the exporting computer, without its zone, and
older versions write no ``date_unixtime``; ``text`` is a string, or a list of strings and entities;
control characters come as ``\x0b``, which is not JSON; ids are numbers, or ``channel123``.

A forward names the channel in which the message first appeared, not the one it was forwarded from
(core.telegram.org/constructor/messageFwdHeader): that is the cascade's root account. The message
itself is not named, so parents and roots stay unknown.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import polars as pl

from analytics.errors import FormatError
from analytics.tables import ACCOUNTS, COUNTERS, POSTS, STRINGS
from collectors.exports.formats import Head, Options, Part, read_all
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys


class _Entity(msgspec.Struct):
    type: str = "plain"
    text: str = ""
    href: str | None = None


class _Reaction(msgspec.Struct):
    count: int = 0


class _Message(msgspec.Struct, rename={"sender_id": "from_id"}):
    id: int
    type: str = "message"
    date: str | None = None
    date_unixtime: str | None = None
    sender_id: str | int | None = None
    forwarded_from: str | None = None
    forwarded_from_id: str | int | None = None
    reply_to_message_id: int | None = None
    text: "str | list[str | _Entity]" = ""
    text_entities: list[_Entity] = []
    reactions: list[_Reaction] = []


class _Chat(msgspec.Struct):
    id: int | None = None
    name: str | None = None
    type: str | None = None
    messages: list[_Message] = []


class _Chats(msgspec.Struct, rename={"chats": "list"}):
    chats: list[_Chat] = []


class _Export(_Chat):
    chats: _Chats | None = None


class _Names(msgspec.Struct):
    messages: list[dict[str, msgspec.Raw]] = []


_READ = {f.encode_name for f in msgspec.structs.fields(_Message)} | {"from", "text_entities"}
_LOOSE_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\x([0-9a-fA-F]{2})")


class TelegramDesktop:
    """Reads what Telegram Desktop exports as JSON."""

    name = "telegram-desktop"
    label = "Telegram Desktop JSON"

    def knows(self, head: Head) -> bool:
        """Judge by member names: a chat's messages, in Desktop's own words."""
        return {"messages", "type", "date", "text"} <= head.keys and (
            {"from_id", "actor_id", "chats"} & head.keys != frozenset()
        )

    def read(self, files: Sequence[Path], options: Options) -> Iterator[Part]:
        """Yield accounts and posts, chat by chat; names of all chats are known beforehand."""
        chats = [
            (path, chat) for path in files for chat in _chats(path, options.losses) if chat.messages
        ]
        _require_zone(chats, options.zone)
        by_name = {chat.name: _chat_id(chat) for _, chat in chats if chat.name}
        for path, chat in chats:
            _note_services(chat, path, options.losses)
            posts = _posts(chat, by_name, options)
            yield Part(ACCOUNTS, _accounts(chat, by_name), "accounts")
            yield Part(POSTS, posts, "posts")
            yield Part(COUNTERS, _reactions(chat), "numbers shown")


FORMAT = TelegramDesktop()


def _chats(path: Path, losses: Losses) -> list[_Chat]:
    text = read_all(path)
    try:
        export = _decoded(text)
    except msgspec.ValidationError as error:
        losses.add("dropped", "files", f"not as Telegram writes it ({error})", example=path.name)
        return []
    except msgspec.DecodeError:
        reason = "broken JSON: it ends too early or has a damaged place"
        losses.add("dropped", "files", reason, example=path.name)
        return []
    _note_fields(text, path, losses)
    return list(export.chats.chats) if export.chats else [export]


def _decoded(text: bytes) -> _Export:
    try:
        return msgspec.json.decode(text, type=_Export)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.json.decode(_LOOSE_ESCAPE.sub(rb"\1\\u00\2", text), type=_Export)


def _note_fields(text: bytes, path: Path, losses: Losses) -> None:
    strict = _LOOSE_ESCAPE.sub(rb"\1\\u00\2", text)
    messages = msgspec.json.decode(strict, type=_Names).messages
    names = pl.Series([name for message in messages for name in message], dtype=pl.String)
    unread = names.filter(~names.is_in(sorted(_READ))).value_counts(name="n").sort("")
    for name, count in unread.iter_rows():
        losses.add("unknown", "fields", f"field {name} is not read", count, example=path.name)


def _require_zone(chats: list[tuple[Path, _Chat]], zone: tzinfo | None) -> None:
    for path, chat in chats:
        if zone is None and any(m.date_unixtime is None for m in chat.messages):
            msg = (
                f"{path.name} has times without a zone: they are local to the computer that "
                "exported it; say which with --timezone, for example --timezone Europe/Minsk"
            )
            raise FormatError(msg)


def _note_services(chat: _Chat, path: Path, losses: Losses) -> None:
    services = [message for message in chat.messages if message.type != "message"]
    if services:
        place = f"{path.name}, message {services[0].id}"
        reason = "service message (pinned, joined, renamed …): not a post"
        losses.add("dropped", "rows", reason, len(services), example=place)


def _chat_id(chat: _Chat) -> str:
    return str(chat.id) if chat.id is not None else f"name={chat.name}"


def _account(chat: _Chat, sender: str | int | None) -> str:
    """Return the sender's account: a channel by its number, a person with ``user`` in front."""
    if sender is None or (chat.type or "").endswith("channel"):
        return f"telegram:{_chat_id(chat)}"
    return f"telegram:{str(sender).removeprefix('channel')}"


def _origin(message: _Message, by_name: dict[str, str]) -> str | None:
    """Return the account in which a forward first appeared; by its name where no id is given."""
    if message.forwarded_from_id is not None:
        return f"telegram:{str(message.forwarded_from_id).removeprefix('channel')}"
    if message.forwarded_from is None:
        return None
    name = message.forwarded_from
    return f"telegram:{by_name.get(name, f'name={name}')}"


def _messages(chat: _Chat) -> list[_Message]:
    return [message for message in chat.messages if message.type == "message"]


def _posts(chat: _Chat, by_name: dict[str, str], options: Options) -> pl.DataFrame:
    messages = _messages(chat)
    raw = pl.DataFrame(
        {
            "id": [m.id for m in messages],
            "account_id": [_account(chat, m.sender_id) for m in messages],
            "date": [m.date for m in messages],
            "seconds": [m.date_unixtime for m in messages],
            "origin": [_origin(m, by_name) for m in messages],
            "reply_to": [m.reply_to_message_id for m in messages],
            "text": [_plain(m) for m in messages],
            "urls": [_links(m) for m in messages],
            "hashtags": [_tags(m) for m in messages],
        },
        schema_overrides={
            "date": pl.String, "seconds": pl.String, "origin": pl.String, "reply_to": pl.Int64,
            "urls": STRINGS, "hashtags": STRINGS,
        },
    )  # fmt: skip
    posts = _shaped(raw.with_columns(at=_times(options.zone)), _chat_id(chat))
    lost = posts["at"].null_count()
    reason = "local time that was skipped or came twice when clocks changed: kept without a time"
    options.losses.add("unknown", "times", reason, lost)
    return posts


def _times(zone: tzinfo | None) -> pl.Expr:
    exact = pl.from_epoch(
        pl.col("seconds").cast(pl.Int64, strict=False) * 1_000_000, time_unit="us"
    )
    exact = exact.dt.replace_time_zone("UTC")
    if zone is None:
        return exact
    local = pl.col("date").str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
    return pl.coalesce(exact, _to_utc(local, zone))


def _to_utc(local: pl.Expr, zone: tzinfo) -> pl.Expr:
    if isinstance(zone, ZoneInfo):
        there = local.dt.replace_time_zone(zone.key, ambiguous="null", non_existent="null")
        return there.dt.convert_time_zone("UTC")
    offset = zone.utcoffset(None)
    return (local - pl.lit(offset)).dt.replace_time_zone("UTC")


def _shaped(raw: pl.DataFrame, chat_id: str) -> pl.DataFrame:
    forwarded = pl.col("origin").is_not_null()
    answers = pl.col("reply_to").is_not_null() & ~forwarded
    return raw.select(
        post_id=pl.format(f"telegram:{chat_id}/{{}}", "id"),
        platform=pl.lit("telegram"),
        account_id="account_id",
        at="at",
        kind=pl.when(forwarded).then(pl.lit("repost")).when(answers).then(pl.lit("reply"))
        .otherwise(pl.lit("original")),
        parent_id=pl.when(answers).then(pl.format(f"telegram:{chat_id}/{{}}", "reply_to")),
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
    names[f"telegram:{_chat_id(chat)}"] = chat.name
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
        (f"telegram:{_chat_id(chat)}/{m.id}", sum(r.count for r in m.reactions))
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
