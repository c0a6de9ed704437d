"""Posts of Instagram and Threads as their web pages get them, inside of what Zeeschuimer kept.

Traps: Instagram sends a post in two shapes, one with short names (``code``, ``taken_at``), one with
"edges" (``shortcode``, ``edge_media_to_caption``); both are named by their code here, as in their
addresses. A number that is hidden is -1, and beside ``like_and_view_counts_disabled`` it counts
friends only. Advertisements come between the posts. An answer on Threads does not name the post
that it answers.
"""

from collections.abc import Sequence

import msgspec

from collectors.exports.captures import SHOWN_BY, Capture, Taken
from collectors.exports.json_posts import (
    Account,
    Id,
    Number,
    Post,
    Shown,
    identifier,
    microseconds,
    numbers,
)

_NOT_ONE = "no post inside: no code"
_ADVERTISED = "an advertisement: never kept"
_UNNAMED = "answers a post that is not named"
_HIDDEN = "numbers that the author hides"
_REDIRECT = "https://www.facebook.com/ads/ig_redirect"


class _Words(msgspec.Struct, gc=False):
    text: str | None = None


class _Node(msgspec.Struct, gc=False):
    node: _Words | None = None


class _Edges(msgspec.Struct, gc=False):
    edges: list[_Node] = []


class _Count(msgspec.Struct, gc=False):
    count: Number = None


class _User(msgspec.Struct, gc=False):
    pk: Id = None
    id: Id = None
    username: str | None = None
    full_name: str | None = None


class _Medium(msgspec.Struct, gc=False):
    pk: Id = None
    id: Id = None


class _Preview(msgspec.Struct, gc=False):
    url: str | None = None


class _Named(msgspec.Struct, gc=False):
    code: str | None = None
    user: _User | None = None


class _Shared(msgspec.Struct, gc=False):
    quoted_post: _Named | None = None
    reposted_post: _Named | None = None


class _Threads(msgspec.Struct, gc=False):
    repost_count: Number = None
    direct_reply_count: Number = None
    quote_count: Number = None
    is_reply: bool | None = None
    share_info: _Shared | None = None
    link_preview_attachment: _Preview | None = None


class _Item(msgspec.Struct, gc=False):
    code: str | None = None
    shortcode: str | None = None
    pk: Id = None
    id: Id = None
    taken_at: Number = None
    taken_at_timestamp: Number = None
    caption: _Words | None = None
    edge_media_to_caption: _Edges | None = None
    user: _User | None = None
    owner: _User | None = None
    product_type: str | None = None
    link: str | None = None
    carousel_media: list[_Medium] | None = None
    like_and_view_counts_disabled: bool | None = None
    like_count: Number = None
    comment_count: Number = None
    view_count: Number = None
    play_count: Number = None
    video_view_count: Number = None
    edge_media_preview_like: _Count | None = None
    edge_media_preview_comment: _Count | None = None
    edge_media_to_comment: _Count | None = None
    text_post_app_info: _Threads | None = None

    @property
    def key(self) -> str | None:
        """Its code."""
        return identifier(self.code, self.shortcode)

    @property
    def words(self) -> str | None:
        """What is written below it."""
        if self.caption is not None:
            return self.caption.text
        edges = self.edge_media_to_caption.edges if self.edge_media_to_caption else []
        return next((each.node.text for each in edges if each.node is not None), None)


class Line(Capture, kw_only=True, gc=False):
    """One capture of a post."""

    data: _Item


def taken(lines: Sequence[Line]) -> Taken:
    """Return the posts and accounts that captures of Instagram hold."""
    return _taken(lines, "instagram")


def taken_threads(lines: Sequence[Line]) -> Taken:
    """Return the posts and accounts that captures of Threads hold."""
    found = _taken(lines, "threads")
    unnamed = sum(post.kind == "reply" for post in found.posts)
    found.unknown["references", _UNNAMED] += unnamed
    return found


def _taken(lines: Sequence[Line], platform: str) -> Taken:
    found = Taken()
    for line in lines:
        item = line.data
        if item.product_type == "ad" or (item.link or "").startswith(_REDIRECT):
            found.refused[_ADVERTISED] += 1
            continue
        if item.key is None:
            found.refused[_NOT_ONE] += 1
            continue
        account = _account(item.user or item.owner, line.seen_at)
        found.accounts.append(account)
        found.posts.append(_post(item, account.id, line.seen_at, platform))
        found.unknown["numbers shown", _HIDDEN] += bool(item.like_and_view_counts_disabled)
    return found


def _account(user: _User | None, seen_at: int | None = None) -> Account:
    told = user or _User()
    number = identifier(told.pk, told.id, told.username and f"@{told.username}")
    return Account(number, told.username, told.full_name, seen_at=seen_at)


def _post(item: _Item, author: str | None, seen_at: int | None, platform: str) -> Post:
    told = item.text_post_app_info or _Threads()
    preview = told.link_preview_attachment
    post = Post(
        item.key,
        "reply" if told.is_reply else "original",
        account=author,
        at=microseconds(item.taken_at or item.taken_at_timestamp),
        text=item.words,
        urls=[preview.url] if preview is not None and preview.url else (),
        media=[key for each in item.carousel_media or () if (key := identifier(each.pk, each.id))],
        seen_at=seen_at,
        shown=_shown(item, told, platform),
    )
    shared = told.share_info or _Shared()
    if shared.reposted_post is not None:
        post.kind = "repost"
        post.root = shared.reposted_post.code
        post.root_account = _account(shared.reposted_post.user).id
    elif shared.quoted_post is not None:
        post.kind = "quote"
        post.parent = shared.quoted_post.code
        post.parent_account = _account(shared.quoted_post.user).id
    return post


def _shown(item: _Item, told: _Threads, platform: str) -> list[Shown]:
    is_hidden = bool(item.like_and_view_counts_disabled)
    likes = item.edge_media_preview_like or _Count()
    some_comments = item.edge_media_preview_comment or _Count()
    comments = item.edge_media_to_comment or _Count()
    can_be_hidden = (
        ("likes", "like_count", item.like_count),
        ("likes", "edge_media_preview_like.count", likes.count),
        ("views", "view_count", item.view_count),
        ("views", "play_count", item.play_count),
        ("views", "video_view_count", item.video_view_count),
    )
    public = (
        ("replies", "comment_count", item.comment_count),
        ("replies", "edge_media_preview_comment.count", some_comments.count),
        ("replies", "edge_media_to_comment.count", comments.count),
        ("reposts", "repost_count", told.repost_count),
        ("replies", "direct_reply_count", told.direct_reply_count),
        ("quotes", "quote_count", told.quote_count),
    )
    return numbers(f"{SHOWN_BY} {platform}", (*(() if is_hidden else can_be_hidden), *public))
