"""Messages as Telethon gives them: ``Message.to_dict()`` as JSON, in lists or lines.

Times are UTC, though many writers drop the zone: Telethon makes every date from seconds since 1970.
Places in a text count UTF-16 units, so an emoji counts two. Channels are bare numbers in
``peer_id``, and marked ones (``-100`` and the number) where scripts saved ``chat_id`` or
``sender_id``. In a forum, ``reply_to_msg_id`` of a message that answers nobody is its topic.

A forward names the channel in which the message first appeared and its number there, not the one it
was forwarded from: that is the root, and the parent stays unknown. What ``saved_from_peer`` names
can be either, so it is not taken. Views and forwards of a forward are its own: Telegram counts them
apart from the original's.

Answers of Telegram as a whole (``messages.ChannelMessages`` and others, ``to_dict()``) tell the
channels and people, too. In pages that Groundswell asked for, ``comments_of`` says below which post
the messages stand: what answers nobody else there answers that post.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Annotated

import msgspec
import polars as pl

from analytics.schema import STRINGS
from analytics.tables import ACCOUNTS, CHANGES, COUNTERS, POSTS
from collectors.exports.documents import (
    Decoding,
    Document,
    chunks,
    documents,
    elements,
    inside,
    names_read,
)
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.objects import nested, object_keys
from collectors.exports.sources import Source
from collectors.exports.telegram_peers import bare, by_name, chat, not_told, sender
from collectors.exports.times import iso

_Int = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Id = int | str


class _Named(msgspec.Struct, gc=False):
    channel_id: _Id | None = None
    user_id: _Id | None = None
    chat_id: _Id | None = None


_Peer = _Named | int | str | None


class _Forward(msgspec.Struct, gc=False):
    from_id: _Peer = None
    channel_id: _Id | None = None  # before 2020
    from_name: str | None = None
    channel_post: _Int | None = None
    saved_from_peer: _Peer = None


class _Reply(msgspec.Struct, gc=False):
    reply_to_msg_id: _Int | None = None
    reply_to_peer_id: _Peer = None
    reply_to_top_id: _Int | None = None
    forum_topic: bool | None = None


class _Entity(msgspec.Struct, gc=False, rename={"kind": "_"}):
    kind: str = ""
    offset: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 0
    length: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 0
    url: str | None = None
    user_id: _Id | _Named | None = None


class _Reaction(msgspec.Struct, gc=False):
    count: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class _Reactions(msgspec.Struct, gc=False):
    results: list[_Reaction] = []


class _Replies(msgspec.Struct, gc=False):
    replies: _Count | None = None


class _File(msgspec.Struct, gc=False):
    id: _Id | None = None


class _Page(msgspec.Struct, gc=False):
    url: str | None = None


class _Media(msgspec.Struct, gc=False):
    photo: _File | str | None = None
    document: _File | str | None = None
    webpage: _Page | str | None = None


class _Message(msgspec.Struct, gc=False, rename={"kind": "_", "sender": "from_id"}):
    id: _Int
    kind: str = "Message"
    date: str | None = None
    message: str | None = None
    peer_id: _Peer = None
    to_id: _Peer = None  # before 2020
    chat_id: _Id | None = None
    channel_id: _Id | None = None
    sender: _Peer = None
    sender_id: _Id | None = None
    post: bool | None = None
    action: msgspec.Raw = msgspec.Raw(b"null")
    fwd_from: _Forward | None = None
    reply_to: _Reply | int | None = None
    reply_to_msg_id: _Int | None = None
    entities: list[_Entity] | None = None
    media: _Media | str | None = None
    views: _Count | None = None
    forwards: _Count | None = None
    replies: _Replies | _Count | None = None
    reactions: _Reactions | None = None
    edit_date: str | None = None
    edit_hide: bool | None = None


class _Alias(msgspec.Struct, gc=False):
    username: str = ""
    active: bool = False


class _Chat(msgspec.Struct, gc=False, rename={"kind": "_"}):
    id: _Int
    kind: str = ""
    title: str | None = None
    username: str | None = None
    usernames: list[_Alias] | None = None
    first_name: str | None = None
    last_name: str | None = None
    participants_count: _Count | None = None
    date: str | None = None
    left: bool | None = None


class _Full(msgspec.Struct, gc=False):
    id: _Int
    participants_count: _Count | None = None


class _Post(msgspec.Struct, gc=False):
    channel_id: _Int
    post: _Int


class _Answer(msgspec.Struct, gc=False):
    """What Telegram answered to one question."""

    comments_of: _Post | None = None
    full_chat: _Full | None = None
    messages: list[msgspec.Raw] = []
    chats: list[msgspec.Raw] = []
    users: list[msgspec.Raw] = []


_ABOUT_THE_READER = {  # of the message as one client sees it, or how it is shown: not the post
    "effect", "from_boosts_applied", "from_scheduled", "invert_media", "legacy",
    "media_unread", "mentioned", "noforwards", "offline", "out", "quick_reply_shortcut_id",
    "report_delivery_until_date", "saved_peer_id", "silent", "ttl_period",
    "video_processing_pending",
}  # fmt: skip
_READ = names_read(_Message) | _ABOUT_THE_READER
_HERE = {"peer_id", "to_id", "chat_id", "channel_id"}
_OWN_WORDS = {"_", "fwd_from", "peer_id.channel_id", "to_id.channel_id"}
_WRAPPED = "messages[]."
_LINKS = {"MessageEntityUrl", "MessageEntityTextUrl"}
_ANSWER = {"_", "chats", "users"}
_EMPTY = "no longer there: deleted, or never a message"
_SERVICES = "service message (pinned, joined, renamed …): not a post"


class Telethon:
    """Reads messages as Telethon writes them."""

    name = "telethon"
    label = "Telethon JSON"

    def knows(self, head: Head) -> bool:
        """Judge by member names: a message in the words of Telegram's API, and where it stands."""
        names = head.items
        return _is_message(names) or _is_message(_wrapped(names)) or _is_answer(names)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and the numbers shown."""
        told: set[tuple[str, str | None]] = set()
        for source in files:
            decoding = Decoding(source, options.losses, "Telethon")
            if _is_answer(Head.of(source).items):
                yield from _answered(decoding, told)
            else:
                for group in chunks(_messages(source, options.losses)):
                    yield from _parts(decoding.each(_Message, group), decoding, told)
            decoding.note_unread(_READ)


FORMAT = Telethon()


def _is_message(names: frozenset[str]) -> bool:
    return {"id", "date", "message"} <= names and bool(_HERE & names and _OWN_WORDS & names)


def _is_answer(names: frozenset[str]) -> bool:
    return names >= _ANSWER


def _wrapped(names: frozenset[str]) -> frozenset[str]:
    return frozenset(n.removeprefix(_WRAPPED) for n in names if n.startswith(_WRAPPED))


def _messages(source: Source, losses: Losses) -> Iterator[Document]:
    """Yield a file's messages, which can lie in a list, in lines, or inside one object."""
    if _is_message(_wrapped(Head.of(source).items)):
        found = enumerate(elements(source, losses, depth=2), 1)
        return (Document(f"{source.name}, message number {n}", text) for n, text in found)
    return documents(source, losses)


def _answered(decoding: Decoding, told: set[tuple[str, str | None]]) -> Iterator[Part]:
    """Yield the rows of answers: who is named in each, then its messages."""
    for document in documents(decoding.source, decoding.losses):
        for answer in decoding.each(_Answer, [document], what="answers", count=False):
            named = [*answer.chats, *answer.users]
            people = decoding.each(_Chat, inside(document, named, "peer"), count=False)
            accounts = _profiles(people, answer.full_chat)
            told.update((account, None) for account in accounts["account_id"])
            yield Part(ACCOUNTS, accounts, "accounts")
            below = answer.comments_of
            parent = f"telegram:{below.channel_id}/{below.post}" if below else None
            messages = decoding.each(_Message, inside(document, answer.messages, "message"))
            yield from _parts(messages, decoding, told, below=parent)


def _parts(
    decoded: list[_Message],
    decoding: Decoding,
    told: set[tuple[str, str | None]],
    *,
    below: str | None = None,
) -> Iterator[Part]:
    source, losses = decoding.source, decoding.losses
    empty = [m for m in decoded if m.kind == "MessageEmpty"]
    if empty:
        example = f"{source.name}, message {empty[0].id}"
        losses.add("dropped", "rows", _EMPTY, len(empty), example=example)
        decoded = [m for m in decoded if m.kind != "MessageEmpty"]
    messages = [m for m in decoded if m.kind == "Message" and bytes(m.action) == b"null"]
    services = [m for m in decoded if m.kind != "Message" or bytes(m.action) != b"null"]
    if services:
        example = f"{source.name}, message {services[0].id}"
        losses.add("dropped", "rows", _SERVICES, len(services), example=example)
    chats = [_chat(m) for m in messages]
    homeless = [m for m, here in zip(messages, chats, strict=True) if here is None]
    if homeless:
        example = f"{source.name}, message {homeless[0].id}"
        reason = "does not say in which chat it stands"
        losses.add("dropped", "rows", reason, len(homeless), example=example)
    placed = [(m, here) for m, here in zip(messages, chats, strict=True) if here is not None]
    if placed:
        raw = _raw([m for m, _ in placed], [here for _, here in placed], below)
        _note_unknown(raw, source, losses)
        yield Part(ACCOUNTS, _accounts(raw, told), "accounts")
        yield Part(POSTS, _posts(raw), "posts")
        yield Part(COUNTERS, _numbers(raw), "numbers shown")
        if (edits := _edits(raw)).height:
            yield Part(CHANGES, edits, "edits")


# who and where


def _number(peer: _Peer) -> str | None:
    """Return the number under which a chat's posts stand."""
    if isinstance(peer, _Named):
        given = next((n for n in (peer.channel_id, peer.chat_id, peer.user_id) if n), None)
        return None if given is None else chat(given)
    return None if peer is None or peer == "" else chat(peer)


def _account(peer: _Peer) -> str | None:
    """Return the account behind a peer: people and small groups have the kind in front."""
    if isinstance(peer, _Named):
        if peer.channel_id:
            return f"telegram:{bare(peer.channel_id)}"
        if peer.user_id:
            return f"telegram:user{peer.user_id}"
        return f"telegram:chat{peer.chat_id}" if peer.chat_id else None
    return None if peer is None or peer == "" else f"telegram:{sender(peer)}"


def _chat(message: _Message) -> str | None:
    places = (message.peer_id, message.to_id, message.chat_id, message.channel_id)
    return next((number for place in places if (number := _number(place))), None)


def _is_private(message: _Message) -> bool:
    peer = message.peer_id or message.to_id
    return isinstance(peer, _Named) and not (peer.channel_id or peer.chat_id)


def _author(message: _Message, here: str) -> str | None:
    """Return who wrote a message: a channel speaks for all who post in it."""
    told = _account(message.sender) or _account(message.sender_id)
    if message.post:
        return f"telegram:{here}"
    return told or (None if _is_private(message) else f"telegram:{here}")


def _origin(forward: _Forward | None) -> str | None:
    """Return the account that wrote the original; by its name where it hides behind one."""
    if forward is None:
        return None
    peer = _Named(channel_id=forward.channel_id) if forward.channel_id else forward.from_id
    told = _account(peer)
    if told is None and forward.from_name:
        return f"telegram:{by_name(forward.from_name)}"
    return told


def _root(forward: _Forward | None) -> str | None:
    if forward is None or forward.channel_post is None:
        return None
    peer = _Named(channel_id=forward.channel_id) if forward.channel_id else forward.from_id
    where = _number(peer)
    return None if where is None else f"telegram:{where}/{forward.channel_post}"


def _parent(message: _Message, here: str, below: str | None) -> str | None:
    """Return the post that is answered; to stand in a topic of a forum is no answer.

    Comments ``below`` a post of a channel answer a copy of it in the group where they stand.
    """
    reply = message.reply_to
    if below and isinstance(reply, _Reply) and reply.reply_to_top_id is None:
        return below
    if not isinstance(reply, _Reply):
        answered = reply if isinstance(reply, int) else message.reply_to_msg_id
        return None if answered is None else f"telegram:{here}/{answered}"
    in_topic = reply.forum_topic and reply.reply_to_top_id is None
    if reply.reply_to_msg_id is None or in_topic:
        return None
    return f"telegram:{_number(reply.reply_to_peer_id) or here}/{reply.reply_to_msg_id}"


# what a text holds


def _pieces(message: _Message) -> list[tuple[_Entity, str]]:
    """Return the marked pieces of a text, each with its words."""
    text, entities = message.message, message.entities
    if not text or not entities:
        return []
    wide = b"" if text.isascii() else text.encode("utf-16-le", errors="surrogatepass")
    if len(wide) in {0, 2 * len(text)}:
        return [(e, text[e.offset : e.offset + e.length]) for e in entities]
    cut = [wide[2 * e.offset : 2 * (e.offset + e.length)] for e in entities]
    return [
        (e, c.decode("utf-16-le", errors="replace")) for e, c in zip(entities, cut, strict=True)
    ]


def _urls(message: _Message, pieces: list[tuple[_Entity, str]]) -> list[str]:
    """Return the links in a text, and the one of its preview if it is another."""
    links = [e.url or words for e, words in pieces if e.kind in _LINKS]
    media = message.media
    page = media.webpage if isinstance(media, _Media) else None
    preview = page.url if isinstance(page, _Page) else None
    if preview and not any(_address(link) == _address(preview) for link in links):
        links.append(preview)
    return [link for link in links if link]


def _address(link: str) -> str:
    return link.split("://", 1)[-1].rstrip("/").lower()


def _tags(pieces: list[tuple[_Entity, str]]) -> list[str]:
    tags = [words.removeprefix("#") for e, words in pieces if e.kind == "MessageEntityHashtag"]
    return [tag for tag in tags if tag]


def _mentions(pieces: list[tuple[_Entity, str]]) -> list[str]:
    """Return the accounts that a text names: by their handle, or, if they have none, by number."""
    found = []
    for entity, words in pieces:
        if entity.kind == "MessageEntityMention" and len(words) > 1:
            found.append(f"telegram:{words}")
        elif entity.kind in {"MessageEntityMentionName", "InputMessageEntityMentionName"}:
            user = entity.user_id.user_id if isinstance(entity.user_id, _Named) else entity.user_id
            found += [f"telegram:user{user}"] if user else []
    return found


def _media_keys(message: _Message) -> list[str]:
    media = message.media
    if not isinstance(media, _Media):
        return []
    files = (("photo", media.photo), ("document", media.document))
    return [f"telegram:{kind}:{f.id}" for kind, f in files if isinstance(f, _File) and f.id]


# rows


def _raw(messages: list[_Message], chats: list[str], below: str | None) -> pl.DataFrame:
    pairs = list(zip(messages, chats, strict=True))
    pieces = [_pieces(m) for m in messages]
    columns = {
        "post_id": [f"telegram:{here}/{m.id}" for m, here in pairs],
        "chat": [f"telegram:{here}" for here in chats],
        "account_id": [_author(m, here) for m, here in pairs],
        "date": [m.date for m in messages],
        "is_forward": [m.fwd_from is not None for m in messages],
        "origin": [_origin(m.fwd_from) for m in messages],
        "origin_name": [m.fwd_from.from_name if m.fwd_from else None for m in messages],
        "root_id": [_root(m.fwd_from) for m in messages],
        "parent": [_parent(m, here, below) for m, here in pairs],
        "edited": [None if m.edit_hide else m.edit_date for m in messages],
        "text": [m.message for m in messages],
        "urls": nested([_urls(m, p) for m, p in zip(messages, pieces, strict=True)]),
        "hashtags": nested([_tags(p) for p in pieces]),
        "mentions": nested([_mentions(p) for p in pieces]),
        "media_keys": nested([_media_keys(m) for m in messages]),
        "views": [m.views for m in messages],
        "forwards": [m.forwards for m in messages],
        "replies": [m.replies.replies if isinstance(m.replies, _Replies) else m.replies
                    for m in messages],
        "reactions": [_reactions(m) for m in messages],
    }  # fmt: skip
    return pl.DataFrame(columns, schema=_RAW)


_RAW: dict[str, pl.DataType | type[pl.DataType]] = {
    "post_id": pl.String, "chat": pl.String, "account_id": pl.String, "date": pl.String,
    "is_forward": pl.Boolean, "origin": pl.String, "origin_name": pl.String, "root_id": pl.String,
    "parent": pl.String, "edited": pl.String, "text": pl.String, "urls": STRINGS,
    "hashtags": STRINGS, "mentions": STRINGS, "media_keys": STRINGS, "views": pl.Int64,
    "forwards": pl.Int64, "replies": pl.Int64, "reactions": pl.Int64,
}  # fmt: skip


def _reactions(message: _Message) -> int | None:
    if message.reactions is None or not message.reactions.results:
        return None
    return sum(each.count for each in message.reactions.results)


def _note_unknown(raw: pl.DataFrame, source: Source, losses: Losses) -> None:
    forward = pl.col("is_forward")
    notes = {
        ("times", "no readable time: kept without a time"): iso(pl.col("date"), UTC).is_null(),
        ("references", "a forward that hides its origin"): forward & pl.col("origin").is_null(),
        ("references", "a forward that names its origin but not the message there"): forward
        & pl.col("origin").is_not_null() & pl.col("root_id").is_null(),
    }  # fmt: skip
    for (what, reason), which in notes.items():
        found = raw.filter(which)
        if found.height:
            number = found["post_id"][0].rpartition("/")[2]
            example = f"{source.name}, message {number}"
            losses.add("unknown", what, reason, found.height, example=example)


def _accounts(raw: pl.DataFrame, told: set[tuple[str, str | None]]) -> pl.DataFrame:
    unnamed = pl.lit(None, pl.String)
    named = pl.concat(
        [
            raw.select(account_id="origin", name="origin_name"),
            *(raw.select(account_id=who, name=unnamed) for who in ("account_id", "chat")),
        ]
    )
    return not_told(named, told).with_columns(platform=pl.lit("telegram"), role=pl.lit("unknown"))


def _profiles(people: list[_Chat], full: _Full | None) -> pl.DataFrame:
    """Return channels, groups and people as answers name them."""
    counted = {full.id: full.participants_count} if full else {}
    columns = {
        "account_id": [f"telegram:{_PEOPLE.get(p.kind, '')}{p.id}" for p in people],
        "handle": [_handle(p) for p in people],
        "name": [_shown_name(p) for p in people],
        "followers": [counted.get(p.id, p.participants_count) for p in people],
        "opened": [p.date if p.left and p.kind == "Channel" else None for p in people],
    }
    schema = dict.fromkeys(columns, pl.String()) | {"followers": pl.Int64()}
    named = pl.DataFrame(columns, schema=schema).with_columns(
        platform=pl.lit("telegram"),
        role=pl.lit("unknown"),
        created_at=iso(pl.col("opened"), UTC),
    )
    return named.drop("opened")


_PEOPLE = {"User": "user", "UserEmpty": "user", "Chat": "chat", "ChatForbidden": "chat"}


def _shown_name(peer: _Chat) -> str | None:
    return peer.title or " ".join(filter(None, (peer.first_name, peer.last_name))) or None


def _handle(peer: _Chat) -> str | None:
    others = (each.username for each in peer.usernames or () if each.active)
    return next((name for name in (peer.username, *others) if name), None)


def _edits(raw: pl.DataFrame) -> pl.DataFrame:
    """Return the messages whose words were changed, with the words since then."""
    return raw.filter(pl.col("edited").is_not_null() & ~pl.col("is_forward")).select(
        "post_id",
        "account_id",
        platform=pl.lit("telegram"),
        what=pl.lit("edited"),
        at=iso(pl.col("edited"), UTC),
        text=pl.when(pl.col("text") != "").then("text"),
    )


def _posts(raw: pl.DataFrame) -> pl.DataFrame:
    answers = pl.col("parent").is_not_null() & ~pl.col("is_forward")
    return raw.select(
        post_id="post_id",
        platform=pl.lit("telegram"),
        account_id="account_id",
        at=iso(pl.col("date"), UTC),
        kind=pl.when("is_forward").then(pl.lit("repost")).when(answers).then(pl.lit("reply"))
        .otherwise(pl.lit("original")),
        parent_id=pl.when(answers).then("parent"),
        root_id="root_id",
        root_account_id="origin",
        basis=pl.when(answers).then(pl.lit("observed")),
        text=pl.when(pl.col("text") != "").then("text"),
        urls="urls",
        hashtags="hashtags",
        mentions="mentions",
        media_keys="media_keys",
        object_keys=object_keys("urls"),
    )  # fmt: skip


_SHOWN = {
    "views": "telethon views",
    "forwards": "telethon forwards",
    "replies": "telethon replies.replies",
    "reactions": "telethon reactions.results, all kinds",
}


def _numbers(raw: pl.DataFrame) -> pl.DataFrame:
    shown = [
        raw.select(
            "post_id", value=name, metric=pl.lit(name), definition=pl.lit(definition)
        ).drop_nulls("value")
        for name, definition in _SHOWN.items()
    ]  # fmt: skip
    return pl.concat(shown)
