r"""Telegram Desktop's JSON export: one chat, or all of them (``result.json``).

Traps met in real files: ``date`` is the local time of the exporting computer, without its zone, and
older versions write no ``date_unixtime``; ``text`` is a string, or a list of strings and entities;
control characters come as ``\x0b``, which is not JSON; ids are numbers, or ``channel123``, and old
numbers carry the kind of chat in their upper half. Attached files are named by their place in the
export, which differs from one export to the next: they give no ``media_keys``.

A forward names the channel in which the message first appeared, not the one it was forwarded from
(core.telegram.org/constructor/messageFwdHeader): that is the cascade's root account. The message
itself is not named, so parents and roots stay unknown. What ``saved_from`` names can be either, so
it only tells that a message was forwarded.

Where a file has local times only, its zone has to be told. Two things are taken as evidence of it:
messages of the same file that show both clocks, and messages that another file of the same import
shows in UTC, if they all agree on one offset. Nothing else in an export tells where it was made.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import chain, islice
from typing import Annotated

import msgspec
import polars as pl

from analytics.errors import FormatError
from analytics.schema import STRINGS
from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from collectors.exports.documents import (
    BROKEN,
    Decoding,
    Document,
    chunks,
    documents,
    elements,
    names_read,
)
from collectors.exports.documents import text as text_of
from collectors.exports.formats import HEAD_BYTES, Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.objects import nested, object_keys
from collectors.exports.sources import UNREADABLE, Source, bare_fact
from collectors.exports.telegram_peers import bare, by_name, not_told
from collectors.exports.telegram_peers import chat as number_of
from collectors.exports.times import epoch, in_zone

_Int = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class _Entity(msgspec.Struct, gc=False):
    type: str = "plain"
    text: str = ""
    href: str | None = None
    user_id: str | int | None = None


class _Reaction(msgspec.Struct, gc=False):
    count: _Count = 0


class _Message(msgspec.Struct, gc=False, rename={"sender_id": "from_id"}):
    id: _Int
    type: str = "message"
    date: str | None = None
    date_unixtime: str | _Int | None = None
    sender_id: str | int | None = None
    forwarded_from: str | None = None
    forwarded_from_id: str | int | None = None
    saved_from: str | None = None
    reply_to_message_id: _Int | None = None
    reply_to_peer_id: str | int | None = None
    text: "str | list[str | _Entity]" = ""
    text_entities: msgspec.Raw = msgspec.Raw(b"[]")
    reactions: list[_Reaction] = []
    views: _Count | None = None
    forwards: _Count | None = None


class _Clocks(msgspec.Struct):
    id: _Int
    date: str | None = None
    date_unixtime: str | _Int | None = None


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
    """What is said of a chat before its messages."""

    id: str
    name: str | None
    is_channel: bool


@dataclass(frozen=True)
class _Guess:
    """The zone of a file's local times, with what speaks for it."""

    zone: tzinfo
    evidence: str


@dataclass
class _File:
    """What a first look at a file tells: its chats, and the clocks of their first messages."""

    source: Source
    names: dict[str, set[str]] = field(default_factory=dict)
    local: dict[tuple[str, int], datetime] = field(default_factory=dict)
    exact: dict[tuple[str, int], datetime] = field(default_factory=dict)
    guess: _Guess | None = None


@dataclass(frozen=True)
class _Place:
    """What the messages of one chat are read with."""

    source: Source
    chat: _Chat
    known: dict[str, str]  # names that mean one chat
    guess: _Guess | None
    zone: tzinfo | None
    losses: Losses
    told: set[tuple[str, str | None]]  # accounts that were yielded, with their names


_CHAT = msgspec.json.Decoder(_RawChat)
_EXPORT = msgspec.json.Decoder(_Export)
_ENTITIES = msgspec.json.Decoder(list[_Entity])
_CLOCKS = msgspec.json.Decoder(_Clocks)
_READ = names_read(_Message) | {"from"}
_LOOSE_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\x([0-9a-fA-F]{2})")
_MESSAGES = re.compile(rb'"messages"\s*:\s*\[')
_END_OF_LIST = re.compile(rb"\]\s*,")
_UNFIT = "not as Telegram writes it"
_EMPTY_LIST = 2  # bytes of it
_SAMPLE = 1000  # messages of a chat whose clocks are compared
_TAIL_BYTES = 1 << 16
_ACCOUNT = {"about", "personal_information", "chats", "left_chats"}
_LINKS = {"link", "text_link"}
_LATEST_ZONE = timedelta(hours=14)
_QUARTER = timedelta(minutes=15)


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
        seen = [_first_look(source, options) for source in files]
        if options.zone is None:
            _find_zones(seen)
        known = _known([file.names for file in seen])
        told: set[tuple[str, str | None]] = set()
        for file in seen:
            decoding = Decoding(file.source, options.losses, "Telegram")
            for chat, messages in _chats(file.source, options):
                place = _Place(
                    file.source, chat, known, file.guess, options.zone, options.losses, told
                )  # fmt: skip
                for group in chunks(messages):
                    yield from _parts(decoding.each(_Message, _mended(group)), place)
            decoding.note_unread(_READ)


FORMAT = TelegramDesktop()


# the chats of a file


def _chats(source: Source, options: Options) -> Iterator[tuple[_Chat, Iterable[Document]]]:
    """Yield each chat with its messages, which are cut out of the file one by one."""
    try:
        head = Head.of(source)
        if _is_list(head):
            yield from _listed(source, options)
        elif "messages" in head.paths or not head.paths & _ACCOUNT:
            yield from _only(source, options)
        else:
            yield from _of_account(source, options)
    except (FormatError, *UNREADABLE) as error:
        reason = f"cannot be read to its end ({bare_fact(error)})"
        options.losses.add("dropped", "files", reason, example=source.name)


def _is_list(head: Head) -> bool:
    """Return whether there are several documents, in a list or one a line."""
    first, _, rest = head.data.strip().partition(b"\n")
    if first.startswith(b"["):
        return True
    try:
        msgspec.json.decode(first)
    except (ValueError, RecursionError):
        return False
    return bool(rest)


def _only(source: Source, options: Options) -> Iterator[tuple[_Chat, Iterable[Document]]]:
    """Yield the one chat of a file; whatever its size, little of it is held at a time."""
    try:
        chat = _chat(_header(source), source)
    except msgspec.ValidationError as error:
        reason = f"{_UNFIT} ({error})"
        options.losses.add("dropped", "files", reason, example=source.name)
        return
    except (ValueError, RecursionError):
        options.losses.add("dropped", "files", BROKEN, example=source.name)
        return
    found = enumerate(elements(source, options.losses, depth=2))
    yield chat, (Document(f"{source.name}, message number {n}", text) for n, text in found)


def _header(source: Source) -> _RawChat:
    """Return what is said of a chat before its messages, or, in files saved anew, after them."""
    with text_of(source) as file:
        head = file.read(HEAD_BYTES)
        start = _MESSAGES.search(head)
        raw = _CHAT.decode(_loosened(head[: start.end()] + b"]}" if start else head))
        if raw.type is not None:
            return raw
        tail = head
        while piece := file.read(1 << 20):
            tail = (tail + piece)[-_TAIL_BYTES:]
    for end in reversed(list(_END_OF_LIST.finditer(tail))):
        try:
            last = _CHAT.decode(_loosened(b"{" + tail[end.end() :]))
        except (ValueError, RecursionError):
            continue
        return _RawChat(id=raw.id or last.id, name=raw.name or last.name, type=last.type)
    return raw


def _of_account(source: Source, options: Options) -> Iterator[tuple[_Chat, Iterable[Document]]]:
    """Yield the chats of a whole account, held one at a time."""
    for number, text in enumerate(elements(source, options.losses, depth=3), 1):
        if b'"messages"' not in text:
            continue  # a contact, a session …
        name = f"{source.name}, chat {number}"
        try:
            yield from _with_messages([_CHAT.decode(_loosened(text))], source, name)
        except (ValueError, RecursionError):  # its messages are cut out one by one
            path = options.scratch / f"chat{len(list(options.scratch.iterdir()))}.json"
            path.write_bytes(text)
            yield from _only(Source(path, name), options)
            path.unlink()


def _listed(source: Source, options: Options) -> Iterator[tuple[_Chat, Iterable[Document]]]:
    for document in documents(source, options.losses):
        try:
            export = _EXPORT.decode(_loosened(bytes(document.text)))
        except msgspec.ValidationError as error:
            reason = f"{_UNFIT} ({error})"
            options.losses.add("dropped", "rows", reason, example=document.place)
        except (ValueError, RecursionError):
            options.losses.add("dropped", "rows", BROKEN, example=document.place)
        else:
            lists = [chats.chats for chats in (export.chats, export.left_chats) if chats]
            yield from _with_messages(chain([export], *lists), source, document.place)


def _with_messages(
    chats: Iterable[_RawChat], source: Source, place: str
) -> Iterator[tuple[_Chat, Iterable[Document]]]:
    for raw in chats:
        if raw.messages:
            found = enumerate(raw.messages)
            yield (
                _chat(raw, source),
                (Document(f"{place}, message number {n}", bytes(text)) for n, text in found),
            )


def _chat(raw: _RawChat, source: Source) -> _Chat:
    is_channel = (raw.type or "").endswith("channel")
    has_number = is_channel or (raw.type or "").endswith("group")  # a person's stays as it is
    if raw.id is None:
        chat_id = by_name(raw.name or source.stem)
    else:
        chat_id = number_of(raw.id) if has_number else str(raw.id)
    return _Chat(chat_id, raw.name, is_channel)


def _loosened(text: bytes) -> bytes:
    r"""Return a text whose ``\x0b`` are written as JSON wants it.

    >>> _loosened(rb'"\x0b, \\x0b"')
    b'"\\u000b, \\\\x0b"'
    """
    return _LOOSE_ESCAPE.sub(rb"\1\\u00\2", text) if b"\\x" in text else text


def _mended(group: list[Document]) -> list[Document]:
    if not any(b"\\x" in bytes(text) for _, text in group):
        return group
    return [Document(place, _loosened(bytes(text))) for place, text in group]


# names and zones, before anything is read


def _first_look(source: Source, options: Options) -> _File:
    """Return what the beginning of every chat tells; losses are noted when all of it is read."""
    found = _File(source)
    looking = Options(options.appeal_id, scratch=options.scratch)
    for chat, messages in _chats(source, looking):
        if chat.name:
            found.names.setdefault(chat.name, set()).add(chat.id)
        if options.zone is None:
            for document in islice(messages, _SAMPLE):
                _note_clocks(chat, bytes(document.text), found)
    return found


def _note_clocks(chat: _Chat, text: bytes, found: _File) -> None:
    try:
        message = _CLOCKS.decode(_loosened(text))
        key = (chat.id, message.id)
        if message.date:
            found.local[key] = datetime.fromisoformat(message.date).replace(tzinfo=UTC)
        if message.date_unixtime is not None:
            found.exact[key] = datetime.fromtimestamp(int(message.date_unixtime), UTC)
    except (ValueError, OverflowError, OSError, RecursionError):
        return  # the full reading tells what is wrong with it


def _find_zones(files: list[_File]) -> None:
    """Find the zone of each file that has local times only.

    Raises
    ------
    FormatError
        Nothing tells it.
    """
    elsewhere: dict[tuple[str, int], datetime] = {}
    for file in files:
        elsewhere |= file.exact
    for file in files:
        file.guess = _guess(file.local, file.exact, "show both clocks") or _guess(
            file.local, elsewhere, "have their UTC in another file of this import"
        )
        if file.guess is None and file.local.keys() - file.exact.keys():
            msg = (
                f"{file.source.name} has times without a zone: they are local to the computer that "
                "exported it; say which with --timezone, for example --timezone Europe/Minsk"
            )
            raise FormatError(msg)


def _guess(
    local: dict[tuple[str, int], datetime], exact: dict[tuple[str, int], datetime], what: str
) -> _Guess | None:
    """Return the one offset by which local times differ from exact ones; None if they disagree."""
    offsets = [local[key] - exact[key] for key in local.keys() & exact.keys()]
    likely = [each for each in offsets if not each % _QUARTER and abs(each) <= _LATEST_ZONE]
    if len(set(likely)) != 1 or len(likely) < len(offsets):
        return None
    zone = timezone(likely[0])
    return _Guess(zone, f"read as {zone}; of its first messages, {len(likely)} {what}")


def _known(names: Iterable[dict[str, set[str]]]) -> dict[str, str]:
    """Return which chat a name means, where it can mean only one."""
    ids: dict[str, set[str]] = {}
    for each in names:
        for name, found in each.items():
            ids.setdefault(name, set()).update(found)
    return {name: next(iter(found)) for name, found in ids.items() if len(found) == 1}


# rows


def _parts(decoded: list[_Message], place: _Place) -> Iterator[Part]:
    messages = [message for message in decoded if message.type == "message"]
    if len(messages) < len(decoded):
        _note_services(decoded, place)
    if messages:
        known = place.known
        origins = [
            _origin(m, known) if m.forwarded_from or m.forwarded_from_id else None for m in messages
        ]
        senders = _senders(messages, place.chat)
        yield Part(ACCOUNTS, _accounts(messages, origins, senders, place), "accounts")
        yield Part(POSTS, _posts(messages, origins, senders, place), "posts")
        yield Part(COUNTERS, _numbers(messages, place.chat), "numbers shown")


def _note_services(decoded: list[_Message], place: _Place) -> None:
    services = [message for message in decoded if message.type == "service"]
    others = [message for message in decoded if message.type not in {"service", "message"}]
    for found, reason in (
        (services, "service message (pinned, joined, renamed …): not a post"),
        (others, "of a kind that Telegram could not export: it has no content"),
    ):
        if found:
            example = f"{place.source.name}, message {found[0].id}"
            place.losses.add("dropped", "rows", reason, len(found), example=example)


def _senders(messages: list[_Message], chat: _Chat) -> list[str]:
    """Return the senders' accounts: a channel by its number, a person with ``user`` in front."""
    here = f"telegram:{chat.id}"
    if chat.is_channel:
        return [here] * len(messages)
    told = [m.sender_id for m in messages]
    return [here if peer is None or peer == "" else f"telegram:{bare(peer)}" for peer in told]


def _origin(message: _Message, known: dict[str, str]) -> str | None:
    """Return the account in which a forward first appeared; by its name where no id is given."""
    if message.forwarded_from_id:
        return f"telegram:{bare(message.forwarded_from_id)}"
    name = message.forwarded_from
    return f"telegram:{known.get(name) or by_name(name)}" if name else None


def _parents(messages: list[_Message], chat: _Chat) -> list[str | None]:
    """Return the posts that are answered, which can stand in another chat."""
    told = [(m.reply_to_message_id, m.reply_to_peer_id) for m in messages]
    return [
        None if answered is None else f"telegram:{number_of(peer) if peer else chat.id}/{answered}"
        for answered, peer in told
    ]


def _posts(
    messages: list[_Message], origins: list[str | None], senders: list[str], place: _Place
) -> pl.DataFrame:
    marked = [_entities(m) for m in messages]
    raw = pl.DataFrame(
        {
            "id": [m.id for m in messages],
            "account_id": senders,
            "date": [m.date for m in messages],
            "seconds": [s if isinstance(s := m.date_unixtime, str) else _text(s) for m in messages],
            "origin": origins,
            "saved": [m.saved_from is not None for m in messages],
            "parent": _parents(messages, place.chat),
            "text": [m.text if isinstance(m.text, str) else _plain(m.text) for m in messages],
            "urls": nested([_links(each) if each else () for each in marked]),
            "hashtags": nested([_tags(each) if each else () for each in marked]),
            "mentions": nested([_mentions(each) if each else () for each in marked]),
        },
        schema_overrides={
            "date": pl.String, "seconds": pl.String, "origin": pl.String, "parent": pl.String,
            "urls": STRINGS, "hashtags": STRINGS, "mentions": STRINGS,
        },
    )  # fmt: skip
    _note_hidden(raw, place)
    return _shaped(_timed(raw, place), place.chat.id)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _note_hidden(raw: pl.DataFrame, place: _Place) -> None:
    hidden = raw.filter(pl.col("saved"), pl.col("origin").is_null())
    if hidden.height:
        reason = "saved from a chat that may or may not be the origin: the origin stays unknown"
        example = f"{place.source.name}, message {hidden['id'][0]}"
        place.losses.add("unknown", "references", reason, hidden.height, example=example)


def _timed(raw: pl.DataFrame, place: _Place) -> pl.DataFrame:
    """Return the messages with their times; those that are guessed or unknown are counted."""
    local = pl.col("date").str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
    exact = epoch(pl.col("seconds"))
    zone = place.zone or (place.guess.zone if place.guess else None)
    timed = raw.with_columns(exact=exact, local=local)
    at = pl.col("exact") if zone is None else pl.coalesce("exact", in_zone(pl.col("local"), zone))
    timed = timed.with_columns(at=at)
    lost, readable = pl.col("at").is_null(), pl.col("local").is_not_null()
    skipped = "local time that was skipped or came twice when clocks changed"
    nowhere = "local time without a zone, which --timezone can tell"
    notes = [
        (lost & readable, f"{nowhere if zone is None else skipped}: kept without a time"),
        (lost & ~readable, "no readable time: kept without a time"),
    ]
    if place.guess and place.zone is None:
        guessed = ~lost & pl.col("exact").is_null()
        notes.append((guessed, f"local time without a zone: {place.guess.evidence}"))
    for which, reason in notes:
        found = timed.filter(which)
        if found.height:
            example = f"{place.source.name}, message {found['id'][0]}"
            place.losses.add("unknown", "times", reason, found.height, example=example)
    return timed


def _shaped(raw: pl.DataFrame, chat_id: str) -> pl.DataFrame:
    forwarded = pl.col("origin").is_not_null() | pl.col("saved")
    answers = pl.col("parent").is_not_null() & ~forwarded
    return raw.select(
        post_id=pl.concat_str(pl.lit(f"telegram:{chat_id}/"), pl.col("id").cast(pl.String)),
        platform=pl.lit("telegram"),
        account_id="account_id",
        at="at",
        kind=pl.when(forwarded).then(pl.lit("repost")).when(answers).then(pl.lit("reply"))
        .otherwise(pl.lit("original")),
        parent_id=pl.when(answers).then("parent"),
        root_account_id="origin",
        basis=pl.when(answers).then(pl.lit("observed")),
        text=pl.when(pl.col("text") != "").then("text"),
        urls="urls",
        hashtags="hashtags",
        mentions="mentions",
        object_keys=object_keys("urls"),
    )  # fmt: skip


def _accounts(
    messages: list[_Message], origins: list[str | None], senders: list[str], place: _Place
) -> pl.DataFrame:
    told = {(o, m.forwarded_from) for o, m in zip(origins, messages, strict=True) if o}
    named = [
        *sorted(told, key=repr),
        *((sender, None) for sender in dict.fromkeys(senders)),
        (f"telegram:{place.chat.id}", place.chat.name),
    ]
    schema = {"account_id": pl.String, "name": pl.String}
    rows = pl.DataFrame(named, schema=schema, orient="row")
    return not_told(rows, place.told).with_columns(
        platform=pl.lit("telegram"), role=pl.lit("unknown")
    )


def _numbers(messages: list[_Message], chat: _Chat) -> pl.DataFrame:
    """Return the numbers shown; a forward's own ones, which Telegram counts apart."""
    counts = (
        ("reactions", "telegram reactions, all kinds", [_reactions(m) for m in messages]),
        ("views", "telegram-desktop views", [m.views for m in messages]),
        ("forwards", "telegram-desktop forwards", [m.forwards for m in messages]),
    )
    ids = pl.DataFrame({"id": [m.id for m in messages]}, schema={"id": pl.Int64})
    shown = [
        ids.select(
            post_id=pl.concat_str(pl.lit(f"telegram:{chat.id}/"), pl.col("id").cast(pl.String)),
            value=pl.Series(values, dtype=pl.Int64),
            metric=pl.lit(metric),
            definition=pl.lit(definition),
        ).filter(pl.col("value").is_not_null())
        for metric, definition, values in counts
    ]
    return pl.concat(shown)


def _reactions(message: _Message) -> int | None:
    return sum(each.count for each in message.reactions) if message.reactions else None


def _entities(message: _Message) -> Sequence[_Entity]:
    """Return the marked pieces of a text; as Desktop writes it, a plain string has none.

    Where others made a string of the pieces, ``text_entities`` still tells them.
    """
    if isinstance(message.text, list):
        return [piece for piece in message.text if not isinstance(piece, str)]
    told = bytes(message.text_entities)
    if len(told) <= _EMPTY_LIST or (told.count(b'"type"') == 1 and b'"plain"' in told):
        return ()
    try:
        return _ENTITIES.decode(told)
    except (ValueError, RecursionError):
        return ()  # the text itself is known


def _plain(pieces: Iterable[str | _Entity]) -> str:
    return "".join([piece if isinstance(piece, str) else piece.text for piece in pieces])


def _links(pieces: Sequence[_Entity]) -> list[str]:
    return [piece.href or piece.text for piece in pieces if piece.type in _LINKS]


def _tags(pieces: Sequence[_Entity]) -> list[str]:
    return [piece.text.removeprefix("#") for piece in pieces if piece.type == "hashtag"]


def _mentions(pieces: Sequence[_Entity]) -> list[str]:
    """Return the accounts that a text names: by their handle, or, if they have none, by number."""
    handles = [f"telegram:{p.text}" for p in pieces if p.type == "mention" and len(p.text) > 1]
    numbers = [
        f"telegram:user{p.user_id}" for p in pieces if p.type == "mention_name" and p.user_id
    ]
    return handles + numbers
