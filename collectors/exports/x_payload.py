"""What documents of X API v2 hold, decoded and sorted; nothing is judged here.

>>> page = b'{"data": {"id": "1", "text": "hello", "author_id": "7", "geo": {}}}'
>>> payload = Payload.of([Document("line 1", page)], Losses())
>>> [post.id for post in payload.asked.items], payload.unread
(['1'], Counter({'geo': 1}))
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec

from collectors.exports.documents import BROKEN, Document
from collectors.exports.losses import Losses

# R writes an empty list as {}
_Empty: TypeAlias = Annotated[dict[str, Any], msgspec.Meta(max_length=0)]
_T = TypeVar("_T")
_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Metrics(msgspec.Struct, gc=False):
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


class _Tag(msgspec.Struct, gc=False):
    tag: str


class _Url(msgspec.Struct, gc=False):
    expanded_url: str | None = None
    unwound_url: str | None = None


class _Mention(msgspec.Struct, gc=False):
    id: str | None = None
    username: str | None = None


class Entities(msgspec.Struct, gc=False):
    """Hashtags, links and mentions of a text."""

    hashtags: list[_Tag] | _Empty = []
    urls: list[_Url] | _Empty = []
    mentions: list[_Mention] | _Empty = []


class _Attachments(msgspec.Struct, gc=False):
    media_keys: list[str] | _Empty = []


class _Note(msgspec.Struct, gc=False):
    text: str | None = None
    entities: Entities | None = None


class _Twarc(msgspec.Struct, gc=False):
    retrieved_at: str | None = None


class Item(msgspec.Struct, gc=False):
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
    edit_history_tweet_ids: list[str] | _Empty = []
    author: "Item | None" = None
    username: str | None = None
    name: str | None = None
    twarc: _Twarc | None = msgspec.field(default=None, name="__twarc")

    @property
    def is_post(self) -> bool:
        """Whether it is a whole post, not a bare reference to one."""
        told = self.author_id is not None or self.text is not None
        return told and self.username is None and bool(self.id and self.id.strip())

    @property
    def references(self) -> "list[Item]":
        """The posts it passes on, quotes or answers."""
        return listed(self.referenced_tweets) or listed(self.referenced_posts)


class _Includes(msgspec.Struct, gc=False):
    users: list[Item] | _Empty = []
    tweets: list[Item] | _Empty = []
    posts: list[Item] | _Empty = []


class _Refusal(msgspec.Struct, gc=False):
    title: str = "no reason given"


class _Page(Item, gc=False):
    """Whatever a document can be; the fields of a flattened post are inherited."""

    data: list[Item] | Item | None = None
    includes: _Includes | None = None
    errors: list[_Refusal] | _Empty = []
    users: list[Item] | _Empty = []
    tweets: list[Item] | _Empty = []


_NOT_TOLD = msgspec.Raw()


class _Reference(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A bare reference, as pages have them; flattened posts have whole posts in their place."""

    type: str | None = None
    id: str | None = None


class _Told(Item, forbid_unknown_fields=True, gc=False):
    """A post or an account with every member that X documents; those that are not read stay raw.

    So members that are not read are counted without a second look at the text.
    """

    referenced_tweets: list[_Reference] | _Empty = []  # type: ignore[assignment]
    referenced_posts: list[_Reference] | _Empty = []  # type: ignore[assignment]
    author: None = None  # only flattened posts have it inside
    article: msgspec.Raw = _NOT_TOLD
    card_uri: msgspec.Raw = _NOT_TOLD
    community_id: msgspec.Raw = _NOT_TOLD
    context_annotations: msgspec.Raw = _NOT_TOLD
    description: msgspec.Raw = _NOT_TOLD
    display_text_range: msgspec.Raw = _NOT_TOLD
    edit_controls: msgspec.Raw = _NOT_TOLD
    geo: msgspec.Raw = _NOT_TOLD
    location: msgspec.Raw = _NOT_TOLD
    media_metadata: msgspec.Raw = _NOT_TOLD
    most_recent_tweet_id: msgspec.Raw = _NOT_TOLD
    non_public_metrics: msgspec.Raw = _NOT_TOLD
    organic_metrics: msgspec.Raw = _NOT_TOLD
    pinned_tweet_id: msgspec.Raw = _NOT_TOLD
    possibly_sensitive: msgspec.Raw = _NOT_TOLD
    profile_banner_url: msgspec.Raw = _NOT_TOLD
    profile_image_url: msgspec.Raw = _NOT_TOLD
    promoted_metrics: msgspec.Raw = _NOT_TOLD
    protected: msgspec.Raw = _NOT_TOLD
    reply_settings: msgspec.Raw = _NOT_TOLD
    scopes: msgspec.Raw = _NOT_TOLD
    source: msgspec.Raw = _NOT_TOLD
    subscription_type: msgspec.Raw = _NOT_TOLD
    suggested_source_links: msgspec.Raw = _NOT_TOLD
    url: msgspec.Raw = _NOT_TOLD
    verified: msgspec.Raw = _NOT_TOLD
    verified_type: msgspec.Raw = _NOT_TOLD
    withheld: msgspec.Raw = _NOT_TOLD
    # These only repeat what others say, and are not counted.
    author_metrics: msgspec.Raw = _NOT_TOLD
    conversation_id: msgspec.Raw = _NOT_TOLD
    in_reply_to_user: msgspec.Raw = _NOT_TOLD


class _ToldPage(msgspec.Struct, gc=False):
    """A page of which every member is known, as nearly all are."""

    data: list[_Told] | _Told
    includes: _Includes | None = None
    errors: list[_Refusal] | _Empty = []
    users: list[Item] | _Empty = []
    tweets: list[Item] | _Empty = []
    twarc: _Twarc | None = msgspec.field(default=None, name="__twarc")


_Raws: TypeAlias = list[msgspec.Raw] | _Empty


class _LooseIncludes(msgspec.Struct):
    users: _Raws = []
    tweets: _Raws = []
    posts: _Raws = []


class _LoosePage(msgspec.Struct):
    """A page whose items are not looked at yet."""

    data: _Raws | None = None
    includes: _LooseIncludes | None = None
    errors: list[_Refusal] | _Empty = []
    users: _Raws = []
    tweets: _Raws = []
    twarc: _Twarc | None = msgspec.field(default=None, name="__twarc")


class _Names(msgspec.Struct, gc=False):
    data: list[dict[str, msgspec.Raw]] | dict[str, msgspec.Raw] | None = None


_TOLD_PAGES = msgspec.json.Decoder(list[_ToldPage])
_PAGE = msgspec.json.Decoder(_Page)
_PAGES = msgspec.json.Decoder(list[_Page])
_LOOSE = msgspec.json.Decoder(_LoosePage)
_ITEM = msgspec.json.Decoder(Item)
_PAGE_NAMES = msgspec.json.Decoder(list[_Names])
_ITEM_NAMES = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])

# Members that are read, and those that only repeat what others say.
READ = {f.encode_name for f in msgspec.structs.fields(_Page)} | {
    "conversation_id", "edit_history_tweet_ids", "in_reply_to_user", "author_metrics"
}  # fmt: skip
_UNREAD = sorted({f.encode_name for f in msgspec.structs.fields(_Told)} - READ)


@dataclass
class Items:
    """Posts or accounts, each with the time it was asked for and the number of its document."""

    items: list[Item] = field(default_factory=list)
    retrieved: list[str | None] = field(default_factory=list)
    documents: list[int] = field(default_factory=list)

    def add(self, items: Sequence[Item], retrieved: str | None, document: int) -> None:
        """Add what one document holds."""
        self.items += items
        self.retrieved += [retrieved] * len(items)
        self.documents += [document] * len(items)


@dataclass
class Payload:
    """The posts asked for, and the posts and accounts that came with them."""

    places: list[str] = field(default_factory=list)
    asked: Items = field(default_factory=Items)
    referred: Items = field(default_factory=Items)
    users: Items = field(default_factory=Items)
    unread: "Counter[str]" = field(default_factory=Counter)  # members that are not read

    @classmethod
    def of(cls, documents: Sequence[Document], losses: Losses) -> "Payload":
        """Return what documents hold; what cannot be read is noted, item by item."""
        payload = cls([document.place for document in documents])
        joined = b"[" + b",".join([each.text for each in documents]) + b"]"
        with suppress(ValueError, RecursionError):
            told = _TOLD_PAGES.decode(joined)
            if len(told) == len(documents):
                for number, known in enumerate(told):
                    payload._add(number, known, losses)
                payload._count_told(told)
                return payload
        try:
            pages = _PAGES.decode(joined)
        except (ValueError, RecursionError):
            pages = []
        if len(pages) == len(documents):
            for number, page in enumerate(pages):
                payload._add(number, page, losses)
            payload._count_unread(pages, joined)
        else:
            for number, document in enumerate(documents):
                payload._add_alone(number, document, losses)
        return payload

    def _add_alone(self, number: int, document: Document, losses: Losses) -> None:
        """Add a document, without those of its items that do not fit."""
        text = bytes(document.text)
        try:
            page = _decoded(text, document.place, losses)
        except msgspec.ValidationError as error:
            _refuse(error, document.place, losses)
        except (ValueError, RecursionError):
            losses.add("dropped", "rows", BROKEN, example=document.place)
        else:
            self._add(number, page, losses)
            self._count_unread([page], b"[" + text + b"]")

    def _count_told(self, pages: Sequence[_ToldPage]) -> None:
        items = [item for page in pages for item in _data(page)]
        for name in _UNREAD:
            told = sum(getattr(item, name) is not _NOT_TOLD for item in items)
            if told:
                self.unread[name] += told

    def _add(self, number: int, page: "_Page | _ToldPage", losses: Losses) -> None:
        place = self.places[number]
        at = page.twarc.retrieved_at if page.twarc else None
        data = _data(page)
        posts = [item for item in data if item.is_post]
        users = [item for item in data if item.username is not None]
        others = len(data) - len(posts) - len(users)
        losses.add("dropped", "rows", "neither a post nor an account", others, example=place)
        includes = page.includes or _Includes()
        beside = [*listed(includes.tweets), *listed(includes.posts), *listed(page.tweets)]
        referred = [item for item in beside if item.is_post]
        users += [*listed(includes.users), *listed(page.users)]
        if not (posts or users or referred or others):
            losses.add("dropped", "rows", "holds no post and no account", example=place)
        for refusal in listed(page.errors):
            reason = f"refused by the platform: {refusal.title}"
            losses.add("unknown", "references", reason, example=place)
        if isinstance(page, _Page):
            _unfold(posts, referred, users)
        self.asked.add(posts, at, number)
        self.referred.add(referred, at, number)
        self.users.add(users, at, number)

    def _count_unread(self, pages: Sequence[_Page], joined: bytes) -> None:
        """Count unread members; of a page in which an item does not fit, none are counted."""
        with suppress(ValueError, RecursionError):
            self._count_new(pages, joined)

    def _count_new(self, pages: Sequence[_Page], joined: bytes) -> None:
        told: list[tuple[str, ...]] = []
        if any(page.data is None for page in pages):
            flat = zip(_ITEM_NAMES.decode(joined), pages, strict=True)
            told += [tuple(members) for members, page in flat if page.data is None and page.is_post]
        if any(page.data is not None for page in pages):
            data = (page.data for page in _PAGE_NAMES.decode(joined))
            lists = ([each] if isinstance(each, dict) else each or [] for each in data)
            told += [tuple(members) for each in lists for members in each]
        for members, count in Counter(told).items():
            for name in set(members) - READ:
                self.unread[name] += count


def listed(value: list[_T] | _Empty) -> list[_T]:
    """Return a list that R may have written as an empty mapping."""
    return value if isinstance(value, list) else []


def _data(page: _Page | _ToldPage) -> Sequence[Item]:
    if isinstance(page.data, list):
        return page.data
    if page.data is not None:
        return [page.data]
    return [page] if isinstance(page, _Page) and page.id is not None else []


def _unfold(posts: list[Item], referred: list[Item], users: list[Item]) -> None:
    """Take out what flattened posts have inside."""
    waiting = [*posts, *referred]
    while waiting:
        users += (post.author for post in waiting if post.author is not None)
        inner = [
            other
            for post in waiting
            for other in post.references
            if (other.author_id is not None or other.text is not None) and other.is_post
        ]
        referred += inner
        waiting = inner


def _decoded(text: bytes, place: str, losses: Losses) -> _Page:
    """Return a page with the items that fit; the others are noted."""
    try:
        return _PAGE.decode(text)
    except msgspec.ValidationError:
        loose = _LOOSE.decode(text)
        if loose.data is None and not (loose.includes or loose.users or loose.tweets):
            raise
    includes = loose.includes or _LooseIncludes()
    return _Page(
        data=_fitting(loose.data or [], place, losses),
        includes=_Includes(
            users=_fitting(includes.users, place, losses),
            tweets=_fitting(includes.tweets, place, losses),
            posts=_fitting(includes.posts, place, losses),
        ),
        errors=loose.errors,
        users=_fitting(loose.users, place, losses),
        tweets=_fitting(loose.tweets, place, losses),
        twarc=loose.twarc,
    )


def _fitting(raws: Iterable[Any], place: str, losses: Losses) -> list[Item]:
    items = []
    for raw in raws:
        try:
            items.append(_ITEM.decode(raw))
        except (ValueError, RecursionError, TypeError) as error:
            _refuse(error, place, losses)
    return items


def _refuse(error: Exception, place: str, losses: Losses) -> None:
    fact = re.sub(r"\$\[\d+\]", "$", str(error))
    losses.add("dropped", "rows", f"not as X's API writes it ({fact})", example=place)
