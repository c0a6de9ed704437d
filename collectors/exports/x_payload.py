"""What a line or a file of X API v2 holds, decoded and sorted; nothing is judged here.

>>> payload = decode(b'{"data": {"id": "1", "text": "hello", "author_id": "7"}, "includes": {}}')
>>> [post.id for post in payload.asked], payload.names
(['1'], [['id', 'text', 'author_id']])
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec

_T = TypeVar("_T")
_Empty: TypeAlias = dict[str, Any]  # R writes an empty list as {}
_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Metrics(msgspec.Struct):
    """Numbers beside a post or an account, under old names and new."""

    retweet_count: _Count | None = None
    repost_count: _Count | None = None
    reply_count: _Count | None = None
    like_count: _Count | None = None
    quote_count: _Count | None = None
    bookmark_count: _Count | None = None
    impression_count: _Count | None = None
    followers_count: _Count | None = None
    following_count: _Count | None = None
    tweet_count: _Count | None = None
    post_count: _Count | None = None


class _Tag(msgspec.Struct):
    tag: str


class _Url(msgspec.Struct):
    expanded_url: str | None = None
    unwound_url: str | None = None


class Entities(msgspec.Struct):
    """Hashtags and links of a text."""

    hashtags: list[_Tag] | _Empty = []
    urls: list[_Url] | _Empty = []


class _Attachments(msgspec.Struct):
    media_keys: list[str] | _Empty = []


class _Note(msgspec.Struct):
    text: str | None = None
    entities: Entities | None = None


class _Twarc(msgspec.Struct):
    retrieved_at: str | None = None


class Item(msgspec.Struct):
    """A post, a reference to one, or an account: they come in the same places."""

    id: str | None = None
    type: str | None = None
    text: str | None = None
    author_id: str | None = None
    created_at: str | None = None
    lang: str | None = None
    in_reply_to_user_id: str | None = None
    referenced_tweets: "list[Item] | _Empty" = []
    referenced_posts: "list[Item] | _Empty" = []
    public_metrics: Metrics | None = None
    entities: Entities | None = None
    attachments: _Attachments | None = None
    note_tweet: _Note | None = None
    author: "Item | None" = None
    username: str | None = None
    name: str | None = None
    twarc: _Twarc | None = msgspec.field(default=None, name="__twarc")

    @property
    def is_post(self) -> bool:
        """Whether it is a whole post, not a bare reference to one."""
        told = self.author_id is not None or self.text is not None
        return bool(self.id and self.id.strip()) and self.username is None and told

    @property
    def references(self) -> "list[Item]":
        """The posts it passes on, quotes or answers."""
        return listed(self.referenced_tweets) or listed(self.referenced_posts)


class _Includes(msgspec.Struct):
    users: list[Item] | _Empty = []
    tweets: list[Item] | _Empty = []
    posts: list[Item] | _Empty = []


class _Refusal(msgspec.Struct):
    title: str = "no reason given"


class _Page(Item):
    """Whatever a line can be; the fields of a flattened post are inherited."""

    data: list[Item] | Item | None = None
    includes: _Includes | None = None
    errors: list[_Refusal] | _Empty = []
    users: list[Item] | _Empty = []
    tweets: list[Item] | _Empty = []


class _Names(msgspec.Struct):
    data: list[dict[str, msgspec.Raw]] | dict[str, msgspec.Raw] | None = None


_PAGE = msgspec.json.Decoder(_Page)
_ARRAY = msgspec.json.Decoder(list[Item])
_PAGE_NAMES = msgspec.json.Decoder(_Names)
_ITEM_NAMES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY_NAMES = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])

# Members that are read, and those that only repeat what others say.
READ = {f.encode_name for f in msgspec.structs.fields(_Page)} | {
    "conversation_id", "edit_history_tweet_ids", "in_reply_to_user", "author_metrics"
}  # fmt: skip


@dataclass
class Payload:
    """The posts asked for, the posts and accounts that came with them, and what was refused."""

    asked: list[Item] = field(default_factory=list)
    referred: list[Item] = field(default_factory=list)
    users: list[Item] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    others: int = 0  # items that are neither a post nor an account
    names: list[list[str]] = field(default_factory=list)
    retrieved_at: str | None = None

    def __len__(self) -> int:
        """Count posts and accounts."""
        return len(self.asked) + len(self.referred) + len(self.users)


def decode(text: bytes) -> Payload:
    """Return what one JSON document holds.

    Raises
    ------
    msgspec.DecodeError
        It is not JSON.
    msgspec.ValidationError
        It is not as X's API writes it.
    """
    if text.lstrip().startswith(b"["):
        payload = _sorted(_ARRAY.decode(text))
        payload.names = [list(item) for item in _ARRAY_NAMES.decode(text)]
        return payload
    page = _PAGE.decode(text)
    includes = page.includes or _Includes()
    payload = _sorted(_data(page))
    payload.users += [*listed(includes.users), *listed(page.users)]
    for post in (*listed(includes.tweets), *listed(includes.posts), *listed(page.tweets)):
        _refer(payload, post)
    payload.refusals = [refusal.title for refusal in listed(page.errors)]
    payload.retrieved_at = page.twarc.retrieved_at if page.twarc else None
    payload.names = _names(page, text)
    return payload


def _data(page: _Page) -> list[Item]:
    if isinstance(page.data, list):
        return page.data
    if page.data is not None:
        return [page.data]
    return [page] if page.id is not None else []


def _names(page: _Page, text: bytes) -> list[list[str]]:
    if page.data is None:
        return [list(_ITEM_NAMES.decode(text))] if page.is_post else []
    data = _PAGE_NAMES.decode(text).data
    return [list(item) for item in ([data] if isinstance(data, dict) else data or [])]


def _sorted(items: Iterable[Item]) -> Payload:
    payload = Payload()
    for item in items:
        if item.username is not None:
            payload.users.append(item)
        elif item.is_post:
            payload.asked.append(item)
            _unfold(payload, item)
        else:
            payload.others += 1
    return payload


def _refer(payload: Payload, post: Item) -> None:
    if post.is_post:
        payload.referred.append(post)
        _unfold(payload, post)


def _unfold(payload: Payload, post: Item) -> None:
    """Take out what a flattened post has inside."""
    if post.author is not None:
        payload.users.append(post.author)
    for other in post.references:
        _refer(payload, other)


def listed(value: list[_T] | _Empty) -> list[_T]:
    """Return a list that R may have written as an empty mapping."""
    return value if isinstance(value, list) else []
