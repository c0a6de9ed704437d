"""VK: walls, searches and comments as its API answers, and single posts of them as lines.

A document is ``{"response": {"items": [...], "profiles": [...], "groups": [...]}}`` or the same
without ``response``, a list of posts, or one post. Traps:

- A number is unique on its wall only: a post is ``vk:<wall>_<number>``, and so is a comment.
- Negative numbers are communities.
- ``copy_history`` is what a post passes on: VK's documentation calls its entries parents, and lets
  the caller choose how many steps to send (two, if nothing is said). So the first entry is the post
  that was passed on, an observed parent, and each next one is the parent of the one before. The
  last entry may pass on another in turn, which was not sent: no root is claimed. Whether VK skips a
  post in between that added no words is documented nowhere.
- Passed on with words, it is a quote; without, a repost.
- Entries of the history come without numbers, and old posts without views: that is not 0.
- An answer below a comment names it in ``reply_to_comment``; ``parents_stack`` only its thread.
- Posts for friends only, and those not published yet, are never kept.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Annotated, TypeAlias

import msgspec
import polars as pl

from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from collectors.exports.cells import joined, links_in, tags_in
from collectors.exports.documents import Decoding, Document, chunks, documents, inside, names_read
from collectors.exports.formats import Head, Options, Part
from collectors.exports.json_posts import (
    Account,
    Post,
    Shown,
    account_rows,
    microseconds,
    numbers,
    post_rows,
    shown_rows,
    whole,
)
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.paired import paired
from collectors.exports.references import References
from collectors.exports.sources import Source

PLATFORM = "vk"
PASSED_ON = "posts they pass on"
_HIDDEN = {"postpone": "not published yet", "suggest": "suggested, not published"}
_NO_ID = "neither a post nor a comment: no number, or no wall"
_REFUSED = "an answer in which VK only reports an error: ask again"
_FRIENDS = "for friends only: never kept"
_DELETED = "deleted: nothing of it is left"
_NO_TIME = "no readable time: kept, but without one"
_NO_HISTORY = "a copy of a post that is not told"
_MENTION = re.compile(r"\[(id|club|public|event)(\d+)\|[^\]]*\]")
_WRAPPERS = ("response.items[].", "items[].", "response[].", "")

_NOTHING = msgspec.Raw()
_Number: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Answer(msgspec.Struct):
    """What is around posts."""

    response: msgspec.Raw = _NOTHING
    items: list[msgspec.Raw] | None = None
    profiles: list[msgspec.Raw] = []
    groups: list[msgspec.Raw] = []
    error: msgspec.Raw = _NOTHING


class _List(msgspec.Struct):
    items: list[msgspec.Raw]


class _Count(msgspec.Struct, gc=False):
    count: _Number | None = None


class _Medium(msgspec.Struct, gc=False):
    id: _Number | None = None
    owner_id: _Number | None = None
    url: str | None = None


class _Attachment(msgspec.Struct, gc=False):
    type: str = ""
    link: _Medium | None = None
    photo: _Medium | None = None
    video: _Medium | None = None
    doc: _Medium | None = None
    audio: _Medium | None = None


class _Thread(msgspec.Struct):
    items: list[msgspec.Raw] = []


class _Profile(msgspec.Struct, gc=False):
    """A person or a community."""

    id: _Number
    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    screen_name: str | None = None
    domain: str | None = None
    followers_count: _Number | None = None
    members_count: _Number | None = None


class _Post(msgspec.Struct, gc=False):
    """A post or a comment."""

    id: _Number | None = None
    post_id: _Number | None = None
    owner_id: _Number | None = None
    to_id: _Number | None = None
    source_id: _Number | None = None
    from_id: _Number | None = None
    date: _Number | None = None
    text: str | None = None
    post_type: str | None = None
    type: str | None = None
    copy_history: "list[_Post] | None" = None
    attachments: list[_Attachment] | None = None
    likes: _Count | None = None
    reposts: _Count | None = None
    comments: _Count | None = None
    views: _Count | None = None
    friends_only: int | bool | None = None
    is_deleted: bool | None = None
    deleted: bool | None = None
    reply_owner_id: _Number | None = None
    reply_post_id: _Number | None = None
    reply_to_user: _Number | None = None
    reply_to_comment: _Number | None = None
    parents_stack: list[_Number] | None = None
    thread: _Thread | None = None
    author_profile: msgspec.Raw = _NOTHING

    @property
    def wall(self) -> int | None:
        """Where it stands."""
        return self.owner_id or self.to_id or self.source_id

    @property
    def is_comment(self) -> bool:
        """Whether it stands below a post."""
        told = self.post_type == "reply" or self.parents_stack is not None
        return self.id is not None and self.post_id is not None and (told or not self.post_type)

    @property
    def key(self) -> str | None:
        """Its number with that of its wall."""
        return _on(self.wall, self.post_id if self.id is None else self.id)


_READ = names_read(_Post) | {"marked_as_ads", "hash", "can_edit", "can_delete"}


class VK:
    """Reads what VK's API answers."""

    name = "vk"
    label = "VK API JSON"

    def knows(self, head: Head) -> bool:
        """Judge by members that posts on walls have together, in one of VK's wrappers."""
        return any(_has_posts(head.items, wrapper) for wrapper in _WRAPPERS)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and numbers."""
        reading = _Reading(options.losses)
        for source in files:
            yield from reading.file(source)
        reading.references.note(options.losses)


FORMAT = VK()


def _has_posts(names: frozenset[str], wrapper: str) -> bool:
    told = {name.removeprefix(wrapper) for name in names if name.startswith(wrapper)}
    wall = told & {"owner_id", "to_id", "source_id"}
    number = told & {"id", "post_id"}
    words = told & {"text", "copy_history", "attachments", "post_type"}
    return "date" in told and bool(wall and number and words)


class _Reading:
    """What is remembered from one file to the next: which posts are held, and which are named."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses
        self.references = References()

    def file(self, source: Source) -> Iterator[Part]:
        decoding = Decoding(source, self.losses, "VK's API")
        for some in chunks(documents(source, self.losses)):
            items, profiles, groups = self._unwrapped(decoding, some)
            people = decoding.each(_Profile, profiles, what="accounts", count=False)
            communities = decoding.each(_Profile, groups, what="accounts", count=False)
            told = [*map(_person, people), *map(_community, communities)]
            yield Part(ACCOUNTS, account_rows(told, PLATFORM), "accounts")
            yield from self._parts(decoding, items)
        decoding.note_unread(_READ)

    def _unwrapped(
        self, decoding: Decoding, some: Sequence[Document]
    ) -> tuple[list[Document], list[Document], list[Document]]:
        """Return posts, people and communities."""
        items: list[Document] = []
        profiles: list[Document] = []
        groups: list[Document] = []
        waiting = list(some)
        while waiting:
            inner: list[Document] = []
            for document, answer in paired(decoding, _Answer, waiting):
                profiles += inside(document, answer.profiles, "profile")
                groups += inside(document, answer.groups, "group")
                response = bytes(answer.response)
                if response.startswith(b"{"):
                    inner.append(Document(document.place, answer.response))
                elif response.startswith(b"["):
                    wrapped = Document(document.place, b'{"items":' + response + b"}")
                    found = decoding.each(_List, [wrapped], count=False)
                    items += [item for each in found for item in _objects(document, each.items)]
                elif answer.items is not None:
                    items += _objects(document, answer.items)
                elif bytes(answer.error):
                    self.losses.add("dropped", "rows", _REFUSED, example=document.place)
                else:
                    items.append(document)
            waiting = inner
        return items, profiles, groups

    def _parts(self, decoding: Decoding, items: list[Document]) -> Iterator[Part]:
        """Yield what items hold, and below them what their threads hold."""
        waiting = items
        while waiting:
            first = waiting[0].place
            told = decoding.each(_Post, waiting)
            fits = len(told) == len(waiting)
            places = [each.place for each in waiting] if fits else [first] * len(told)
            waiting = [
                Document(f"{place}, answer {number}", raw)
                for place, post in zip(places, told, strict=True)
                if post.thread is not None
                for number, raw in enumerate(post.thread.items, 1)
            ]
            if kept := self._kept(told, places):
                yield from self._of_posts(decoding, kept, first)

    def _kept(self, told: Sequence[_Post], places: Sequence[str]) -> list[_Post]:
        """Return the posts that anybody can see."""
        kept = []
        for post, place in zip(told, places, strict=True):
            if reason := _refusal(post):
                self.losses.add("dropped", "rows", reason, example=place)
            else:
                kept.append(post)
        return kept

    def _of_posts(self, decoding: Decoding, told: Sequence[_Post], place: str) -> Iterator[Part]:
        posts = [_told(post) for post in told]
        older = [older for post in told for older in self._history(post, place)]
        copies = sum(post.post_type == "copy" and not post.copy_history for post in told)
        self.losses.add("unknown", "references", _NO_HISTORY, copies, example=place)
        missing = sum(post.at is None for post in (*posts, *older))
        self.losses.add("unknown", "times", _NO_TIME, missing, example=place)
        rows, older_rows = (_with_words(post_rows(each, PLATFORM)) for each in (posts, older))
        for each in (rows, older_rows):
            self.references.hold(each["post_id"])
            self.references.name(each["parent_id"], place)
            self.references.name(each["root_id"], place)
        authors = [
            Document(place, post.author_profile) for post in told if bytes(post.author_profile)
        ]
        named = [account for each in self._authors(decoding, authors) for account in each]
        yield Part(ACCOUNTS, account_rows(named, PLATFORM), "accounts")
        yield Part(POSTS, rows, "posts")
        yield Part(POSTS, older_rows, PASSED_ON)
        yield Part(COUNTERS, shown_rows(posts, PLATFORM), "numbers shown")

    def _authors(self, decoding: Decoding, found: list[Document]) -> Iterator[list[Account]]:
        """Yield the authors that some programs write into each post."""
        known = [each for each in found if b'"id"' in bytes(each.text)]
        for document, author in paired(decoding, _Profile, known):
            is_group = b'"groups"' in bytes(document.text) or author.name is not None
            yield [_community(author) if is_group else _person(author)]

    def _history(self, post: _Post, place: str) -> list[Post]:
        """Return the posts that a post passes on, each with its own parent."""
        if not post.copy_history:
            return []
        chain = [older for older in post.copy_history if older.key]
        lost = len(post.copy_history) - len(chain)
        self.losses.add("dropped", "rows", _NO_ID, lost, example=place)
        found = [_told(older, newer) for older, newer in pairwise(chain)]
        return [*found, *(_told(older) for older in chain[-1:])]


def _objects(document: Document, raws: Sequence[msgspec.Raw]) -> list[Document]:
    """Return those of some items that are objects: old answers begin with a count."""
    return [each for each in inside(document, raws) if bytes(each.text).startswith(b"{")]


def _refusal(post: _Post) -> str | None:
    if post.is_deleted or post.deleted:
        return _DELETED
    if post.friends_only:
        return _FRIENDS
    if post.post_type in _HIDDEN:
        return f"{_HIDDEN[post.post_type]}: never kept"
    return None if post.key else _NO_ID


def _told(post: _Post, passed_on: _Post | None = None) -> Post:
    """Return a post; ``passed_on`` is its parent where it stands in a history itself."""
    older = passed_on
    if post.copy_history:
        older = next((each for each in post.copy_history if each.key), None)
    author = post.from_id or post.wall
    found = Post(
        post.key,
        "original",
        account=None if author is None else str(author),
        at=microseconds(post.date),
        text=post.text,
        shown=_numbers(post),
    )
    if post.attachments:
        found.urls = _links(post.attachments)
        found.media = _media(post.attachments)
    if post.text and "|" in post.text:
        found.mentions = list(dict.fromkeys(map(_mentioned, _MENTION.finditer(post.text))))
    if older is not None:
        found.kind = "quote" if (post.text or "").strip() else "repost"
        found.parent = older.key
        source = older.from_id or older.wall
        found.parent_account = None if source is None else str(source)
    elif post.is_comment:
        found.kind = "comment"
        found.root = _on(post.wall, post.post_id)
        found.parent = _on(post.wall, post.reply_to_comment) or found.root
        found.parent_account = str(post.reply_to_user) if post.reply_to_user else None
    elif post.reply_post_id:
        found.kind = "reply"
        found.parent = _on(post.reply_owner_id or post.wall, post.reply_post_id)
    return found


def _on(wall: int | None, number: int | None) -> str | None:
    return f"{wall}_{number}" if wall and number else None


def _mentioned(found: "re.Match[str]") -> str:
    return f"{PLATFORM}:{'' if found[1] == 'id' else '-'}{found[2]}"


def _links(attachments: Iterable[_Attachment]) -> list[str]:
    return [each.link.url for each in attachments if each.link is not None and each.link.url]


def _media(attachments: Iterable[_Attachment]) -> list[str]:
    found = (
        (each.type, medium)
        for each in attachments
        for medium in (each.photo, each.video, each.doc, each.audio)
        if medium is not None
    )
    return [f"{kind}{medium.owner_id}_{medium.id}" for kind, medium in found if medium.id]


def _numbers(post: _Post) -> list[Shown]:
    return numbers(
        PLATFORM,
        (
            ("views", "views.count", _count(post.views)),
            ("likes", "likes.count", _count(post.likes)),
            ("reposts", "reposts.count", _count(post.reposts)),
            ("replies", "comments.count", _count(post.comments)),
        ),
    )


def _count(told: _Count | None) -> int | None:
    return told.count if told is not None else None


def _person(told: _Profile) -> Account:
    name = " ".join(part for part in (told.first_name, told.last_name) if part)
    return Account(
        str(told.id),
        told.screen_name or told.domain,
        name or told.name,
        whole(told.followers_count),
    )


def _community(told: _Profile) -> Account:
    """Return a community; its number is positive in lists of communities, negative in posts."""
    return Account(
        str(-abs(told.id)), told.screen_name or told.domain, told.name, whole(told.members_count)
    )


def _with_words(rows: pl.DataFrame) -> pl.DataFrame:
    """Return posts with the links and hashtags in their words; the name behind @ is a place."""
    return rows.with_columns(
        urls=joined(pl.col("urls"), links_in(pl.col("text"))), hashtags=tags_in("text")
    ).with_columns(object_keys("urls"))
