"""Posts and comments of TikTok as its web pages get them, inside of what Zeeschuimer kept.

Traps: ``author`` is an object, or a bare handle where the item came with the page itself; numbers
come as numbers and, in ``statsV2``, as text, which alone has reposts; ``duetFromId`` is "0" where
there is no other film; ``shareCount`` counts what was passed on anywhere, messages included. A
comment in a thread names only the comment at the top of it: what it answers is not told.
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
    whole,
)

_NOT_ONE = "no film of TikTok inside: no id"
_NO_COMMENT = "no comment of TikTok inside: no id"
_IN_THREAD = "answers a comment or an answer below it: which one is not told"
_ADVERTISED = "posts shown as advertisements: kept like the others"
_NONE = {None, "", "0"}
_NO_LANGUAGE = {None, "", "un"}


class _Author(msgspec.Struct, rename="camel", gc=False):
    id: Id = None
    unique_id: str | None = None
    nickname: str | None = None


class _AuthorNumbers(msgspec.Struct, rename="camel", gc=False):
    follower_count: Number = None
    following_count: Number = None
    video_count: Number = None


class _Numbers(msgspec.Struct, rename="camel", gc=False):
    digg_count: Number = None
    comment_count: Number = None
    share_count: Number = None
    play_count: Number = None
    collect_count: Number = None
    repost_count: Number = None


class _Challenge(msgspec.Struct, gc=False):
    title: str | None = None


class _Extra(msgspec.Struct, rename="camel", gc=False):
    hashtag_name: str | None = None
    user_id: Id = None
    user_unique_id: str | None = None


class _Duet(msgspec.Struct, rename="camel", gc=False):
    duet_from_id: Id = None


class _Item(msgspec.Struct, gc=False):
    id: Id = None
    desc: str | None = None
    created: Number = msgspec.field(default=None, name="createTime")
    author: _Author | str | None = None
    author_id: Id = msgspec.field(default=None, name="authorId")
    nickname: str | None = None
    author_stats: _AuthorNumbers | None = msgspec.field(default=None, name="authorStats")
    author_stats_v2: _AuthorNumbers | None = msgspec.field(default=None, name="authorStatsV2")
    stats: _Numbers | None = None
    stats_v2: _Numbers | None = msgspec.field(default=None, name="statsV2")
    challenges: list[_Challenge] | None = None
    extras: list[_Extra] | None = msgspec.field(default=None, name="textExtra")
    duet: _Duet | None = msgspec.field(default=None, name="duetInfo")
    language: str | None = msgspec.field(default=None, name="textLanguage")
    is_ad: bool | None = msgspec.field(default=None, name="isAd")

    @property
    def writer(self) -> Account:
        """Who published it."""
        told = self.author
        author = told if isinstance(told, _Author) else _Author(None, told, self.nickname)
        handle = author.unique_id
        return Account(
            identifier(author.id, self.author_id, handle and f"@{handle}"), handle, author.nickname
        )


class Line(Capture, kw_only=True, gc=False):
    """One capture of a film."""

    data: _Item


class _Commenter(msgspec.Struct, gc=False):
    uid: Id = None
    unique_id: str | None = None
    nickname: str | None = None


class _Comment(msgspec.Struct, gc=False):
    cid: Id = None
    aweme_id: Id = None
    reply_id: Id = None
    text: str | None = None
    create_time: Number = None
    user: _Commenter | None = None
    digg_count: Number = None
    reply_comment_total: Number = None
    comment_language: str | None = None


class CommentLine(Capture, kw_only=True, gc=False):
    """One capture of a comment."""

    data: _Comment


def taken(lines: Sequence[Line]) -> Taken:
    """Return the posts and accounts that captures of TikTok hold."""
    found = Taken()
    for line in lines:
        item = line.data
        if identifier(item.id) is None:
            found.refused[_NOT_ONE] += 1
            continue
        writer = item.writer
        stats = item.author_stats or item.author_stats_v2 or _AuthorNumbers()
        writer.followers = whole(stats.follower_count)
        writer.following = whole(stats.following_count)
        writer.posts = whole(stats.video_count)
        writer.seen_at = line.seen_at
        found.accounts.append(writer)
        found.posts.append(_post(item, writer.id, line.seen_at))
        found.unknown["posts", _ADVERTISED] += bool(item.is_ad)
    return found


def _post(item: _Item, author: str | None, seen_at: int | None) -> Post:
    extras = item.extras or ()
    tags = [each.title for each in item.challenges or ()]
    tags += [each.hashtag_name for each in extras]
    named = (
        identifier(each.user_id, each.user_unique_id and f"@{each.user_unique_id}")
        for each in extras
    )
    duet = identifier(item.duet.duet_from_id if item.duet else None)
    is_duet = duet not in _NONE
    return Post(
        identifier(item.id),
        "quote" if is_duet else "original",
        account=author,
        at=microseconds(item.created),
        parent=duet if is_duet else None,
        text=item.desc,
        lang=None if item.language in _NO_LANGUAGE else item.language,
        hashtags=list(dict.fromkeys(tag for tag in tags if tag)),
        mentions=[f"tiktok:{account}" for account in named if account not in _NONE],
        seen_at=seen_at,
        shown=_shown(item),
    )


def _shown(item: _Item) -> list[Shown]:
    plain, text = item.stats or _Numbers(), item.stats_v2 or _Numbers()
    told = (
        ("likes", "diggCount", plain.digg_count, text.digg_count),
        ("replies", "commentCount", plain.comment_count, text.comment_count),
        ("forwards", "shareCount", plain.share_count, text.share_count),
        ("views", "playCount", plain.play_count, text.play_count),
        ("bookmarks", "collectCount", plain.collect_count, text.collect_count),
        ("reposts", "repostCount", plain.repost_count, text.repost_count),
    )
    return numbers(
        f"{SHOWN_BY} tiktok",
        ((metric, name, b if whole(a) is None else a) for metric, name, a, b in told),
    )


def taken_comments(lines: Sequence[CommentLine]) -> Taken:
    """Return the comments and accounts that captures of TikTok's comments hold."""
    found = Taken()
    for line in lines:
        comment = line.data
        if identifier(comment.cid) is None:
            found.refused[_NO_COMMENT] += 1
            continue
        user = comment.user or _Commenter()
        account = identifier(user.uid, user.unique_id and f"@{user.unique_id}")
        found.accounts.append(Account(account, user.unique_id, user.nickname, seen_at=line.seen_at))
        in_thread = identifier(comment.reply_id) not in _NONE
        found.unknown["references", _IN_THREAD] += in_thread
        film = identifier(comment.aweme_id)
        found.posts.append(
            Post(
                identifier(comment.cid),
                "comment",
                account=account,
                at=microseconds(comment.create_time),
                parent=None if in_thread else film,
                root=film,
                text=comment.text,
                lang=None if comment.comment_language in _NO_LANGUAGE else comment.comment_language,
                seen_at=line.seen_at,
                shown=numbers(
                    f"{SHOWN_BY} tiktok comment",
                    (
                        ("likes", "digg_count", comment.digg_count),
                        ("replies", "reply_comment_total", comment.reply_comment_total),
                    ),
                ),
            )
        )
    return found
