"""Answers of YouTube's Data API v3: videos, channels, search, comment threads and comments.

A document is a page ``{"kind": "youtube#…ListResponse", "items": [...]}`` or one resource, each
with its ``kind``. Traps:

- ``pageInfo.totalResults`` is a guess, or the size of the page: it is not read.
- Numbers come as text; those that a channel hides are not there at all.
- A thread brings a few of its replies or none: the others need a further call
  (``comments.list``), and those that no file holds are counted.
- An edited comment comes with its last words only; ``updatedAt`` tells when they were written.
- ``authorChannelId`` is an object with a ``value``, and is lacking where a channel is gone.
- A comment may come without its video (``comments.list`` never names it): its parent is unknown.
- A result of a search has its title in HTML and its description cut; a video's own page is read
  before, so that its words are the ones that are kept.
- ``tags`` of a video are keywords that nobody sees: only what is written with # is a hashtag.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import polars as pl

from analytics.tables import ACCOUNTS, CHANGES, COUNTERS, POSTS
from collectors.exports.documents import Decoding, Document, chunks, documents, inside, names_read
from collectors.exports.formats import Head, Options, Part, named_on
from collectors.exports.html_texts import plain
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.paired import paired
from collectors.exports.references import References
from collectors.exports.sources import Source
from collectors.exports.times import iso
from collectors.exports.youtube_texts import hashtags_in, links_in

_SEARCHED = "youtube#searchResult"
_KINDS = {"youtube#video", "youtube#channel", _SEARCHED, "youtube#commentThread", "youtube#comment"}
_PAGES = {  # whose items are all of one kind, which then need not be asked
    "youtube#videoListResponse": "youtube#video",
    "youtube#channelListResponse": "youtube#channel",
    "youtube#searchListResponse": _SEARCHED,
    "youtube#commentThreadListResponse": "youtube#commentThread",
    "youtube#commentListResponse": "youtube#comment",
}
_OTHERS = {"youtube#playlistItem", "youtube#playlist", "youtube#activity", "youtube#subscription"}
_SHOWN = {"viewCount": "views", "likeCount": "likes", "commentCount": "replies"}
_PUBLIC = {"public", "unlisted", None}
_REFUSED = "an answer in which YouTube only reports an error: ask again"
_CUT = "words of a search result: YouTube cuts the description"
_EDITED = "edited after it was published: the words are the last ones"
_NO_TIME = "no readable time: kept, but without one"
_NO_VIDEO = "comments without the video they answer: ask for commentThreads, which name it"
_NO_REPLIES = "replies that YouTube counts and no file holds: ask for comments with parentId"

Number = str | int | None
_NOTHING = msgspec.Raw()


class _Page(msgspec.Struct):
    kind: str | None = None
    items: list[msgspec.Raw] | None = None
    error: msgspec.Raw = _NOTHING


class _Look(msgspec.Struct):
    kind: str | None = None


class _ResultId(msgspec.Struct):
    kind: str | None = None


class _SearchLook(msgspec.Struct):
    id: _ResultId


class _VideoWords(msgspec.Struct, rename="camel", gc=False):
    published_at: str | None = None
    channel_id: str | None = None
    channel_title: str | None = None
    title: str | None = None
    description: str | None = None
    default_language: str | None = None
    default_audio_language: str | None = None
    tags: msgspec.Raw = _NOTHING


class _VideoNumbers(msgspec.Struct, rename="camel", gc=False):
    view_count: Number = None
    like_count: Number = None
    comment_count: Number = None


class _Status(msgspec.Struct, rename="camel", gc=False):
    privacy_status: str | None = None


class _Video(msgspec.Struct, gc=False):
    id: str
    snippet: _VideoWords = msgspec.field(default_factory=_VideoWords)
    statistics: _VideoNumbers = msgspec.field(default_factory=_VideoNumbers)
    status: _Status = msgspec.field(default_factory=_Status)


class _VideoId(msgspec.Struct, rename={"video_id": "videoId"}, gc=False):
    video_id: str


class _FoundVideo(msgspec.Struct, gc=False):
    id: _VideoId
    snippet: _VideoWords = msgspec.field(default_factory=_VideoWords)


class _ChannelWords(msgspec.Struct, rename="camel", gc=False):
    title: str | None = None
    custom_url: str | None = None
    published_at: str | None = None


class _ChannelNumbers(msgspec.Struct, rename="camel", gc=False):
    subscriber_count: Number = None
    hidden_subscriber_count: bool = False
    video_count: Number = None


class _ChannelId(msgspec.Struct, rename={"channel_id": "channelId"}, gc=False):
    channel_id: str


class _Channel(msgspec.Struct, gc=False):
    id: str | _ChannelId
    snippet: _ChannelWords = msgspec.field(default_factory=_ChannelWords)
    statistics: _ChannelNumbers = msgspec.field(default_factory=_ChannelNumbers)


class _Value(msgspec.Struct, gc=False):
    value: str | None = None


class _CommentWords(msgspec.Struct, rename="camel", gc=False):
    video_id: str | None = None
    channel_id: str | None = None
    parent_id: str | None = None
    text_original: str | None = None
    text_display: str | None = None
    author_display_name: str | None = None
    author_channel_id: _Value | None = None
    author_channel_url: str | None = None
    like_count: Number = None
    published_at: str | None = None
    updated_at: str | None = None
    moderation_status: str | None = None


class _Comment(msgspec.Struct, gc=False):
    id: str
    snippet: _CommentWords = msgspec.field(default_factory=_CommentWords)


class _ThreadWords(msgspec.Struct, rename="camel", gc=False):
    video_id: str | None = None
    channel_id: str | None = None
    top_level_comment: _Comment | None = None
    total_reply_count: Number = None
    is_public: bool = True


class _Replies(msgspec.Struct):
    comments: list[msgspec.Raw] = []


class _Thread(msgspec.Struct):
    id: str
    snippet: _ThreadWords = msgspec.field(default_factory=_ThreadWords)
    replies: _Replies = msgspec.field(default_factory=_Replies)


_READ = names_read(_Thread, _Video, _Channel, _Look) | {"etag"}


class YouTubeAPI:
    """Reads answers of YouTube's Data API v3."""

    name = "youtube-api"
    label = "YouTube Data API v3 JSON"

    def knows(self, head: Head) -> bool:
        """Judge by the kind that every answer names, or by an error of YouTube's."""
        if "kind" in head.items:
            return b'"youtube#' in head.data
        is_error = "error.errors[].domain" in head.items
        return is_error and b'"youtube.' in head.data

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and numbers; results of searches last: their words are cut."""
        reading = _Reading(options.losses)
        for source in sorted(files, key=_is_search):
            yield from reading.file(source)
        reading.note_what_lacks()


FORMAT = YouTubeAPI()


def _is_search(source: Source) -> bool:
    return b'"youtube#searchResult"' in Head.of(source).data


class _Reading:
    """What is remembered from one file to the next: which posts are held, and which are named."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses
        self.references = References()
        self.threads: list[pl.DataFrame] = []  # comments with the number of their replies
        self.answers: list[pl.DataFrame] = []  # replies with the comment they answer
        self.place = ""
        self.first_thread = ""  # where it stands

    def file(self, source: Source) -> Iterator[Part]:
        decoding = Decoding(source, self.losses, "YouTube's API")
        self.place = source.name
        for some in chunks(documents(source, self.losses)):
            yield from self._parts(self._by_kind(decoding, some), decoding)
        decoding.note_unread(_READ)

    def _by_kind(
        self, decoding: Decoding, some: Sequence[Document]
    ) -> dict[str | None, list[Document]]:
        items: list[Document] = []
        found: dict[str | None, list[Document]] = defaultdict(list)
        for document, page in paired(decoding, _Page, some):
            if bytes(page.error):
                self.losses.add("dropped", "rows", _REFUSED, example=document.place)
            elif page.items is None:
                items.append(document)
            elif page.kind in _PAGES:
                found[_PAGES[page.kind]] += inside(document, page.items)
            else:
                items += inside(document, page.items)
        for document, look in paired(decoding, _Look, items):
            if look.kind in _KINDS:
                found[look.kind].append(document)
            else:
                kind = look.kind if look.kind in _OTHERS else "thing of another kind"
                reason = f"a {kind}: neither video, channel nor comment"
                self.losses.add("dropped", "rows", reason, example=document.place)
        return found

    def _parts(self, found: dict[str | None, list[Document]], decoding: Decoding) -> Iterator[Part]:
        results = self._by_result(found[_SEARCHED], decoding)
        channels = decoding.each(_Channel, found["youtube#channel"])
        channels += decoding.each(_Channel, results["youtube#channel"])
        videos = self._seen(decoding.each(_Video, found["youtube#video"]))
        videos += self._as_seen(decoding.each(_FoundVideo, results["youtube#video"]))
        comments = self._comments(found, decoding)
        if channels:
            yield Part(ACCOUNTS, _channels(channels), "accounts")
        if videos:
            yield from self._of_videos(videos)
        if comments:
            yield from self._of_comments(comments)

    def _by_result(
        self, found: list[Document], decoding: Decoding
    ) -> dict[str | None, list[Document]]:
        results: dict[str | None, list[Document]] = defaultdict(list)
        for document, look in paired(decoding, _SearchLook, found):
            if look.id.kind in {"youtube#video", "youtube#channel"}:
                results[look.id.kind].append(document)
            else:
                reason = "found a playlist: neither video nor channel"
                self.losses.add("dropped", "rows", reason, example=document.place)
        return results

    def _seen(self, videos: list[_Video]) -> list[_Video]:
        """Return the videos that anybody can see."""
        seen = [video for video in videos if video.status.privacy_status in _PUBLIC]
        reason = "a private video: never kept"
        self.losses.add("dropped", "rows", reason, len(videos) - len(seen), example=self.place)
        tagged = sum(bool(bytes(video.snippet.tags)) for video in seen)
        reason = "field tags is not read"
        self.losses.add("unknown", "fields", reason, tagged, example=self.place)
        return seen

    def _as_seen(self, results: list[_FoundVideo]) -> list[_Video]:
        """Return results of a search as the videos that were found."""
        self.losses.add("unknown", "texts", _CUT, len(results), example=self.place)
        return [
            _Video(
                result.id.video_id,
                msgspec.structs.replace(
                    result.snippet,
                    title=plain(result.snippet.title or "") or None,
                    description=plain(result.snippet.description or "") or None,
                ),
            )
            for result in results
        ]

    def _comments(
        self, found: dict[str | None, list[Document]], decoding: Decoding
    ) -> "list[tuple[_Comment, _ThreadWords]]":
        """Return comments with what their thread says of them."""
        alone = decoding.each(_Comment, found["youtube#comment"])
        comments = [(comment, _ThreadWords()) for comment in alone]
        inner: list[Document] = []
        for document, thread in paired(decoding, _Thread, found["youtube#commentThread"]):
            told = thread.snippet
            if not told.is_public:
                reason = "a comment held back from the public: never kept"
                self.losses.add("dropped", "rows", reason, example=document.place)
                continue
            if told.top_level_comment is not None:
                comments.append((told.top_level_comment, told))
            inner += inside(document, thread.replies.comments, "reply")
        comments += [(reply, _ThreadWords()) for reply in decoding.each(_Comment, inner)]
        shown = [each for each in comments if _is_shown(each[0])]
        reason = "a comment held back by moderation: never kept"
        self.losses.add("dropped", "rows", reason, len(comments) - len(shown), example=self.place)
        return shown

    def _of_videos(self, videos: list[_Video]) -> Iterator[Part]:
        posts = _videos(videos)
        self._note_times(posts)
        self.references.hold(posts["post_id"])
        yield Part(ACCOUNTS, _owners(videos), "accounts")
        yield Part(POSTS, posts, "posts")
        numbers = [(video.id, video.statistics) for video in videos]
        yield Part(COUNTERS, _shown(numbers), "numbers shown")

    def _of_comments(self, comments: "list[tuple[_Comment, _ThreadWords]]") -> Iterator[Part]:
        raw = _raw_comments(comments)
        posts = _as_comments(raw)
        self._note_times(posts)
        self._note_comments(raw)
        self.references.hold(posts["post_id"])
        self.references.name(posts["parent_id"], self.place)
        self.first_thread = self.first_thread or self.place
        self.threads.append(posts.select("post_id").with_columns(raw["replies"]))
        self.answers.append(posts.filter(kind="reply").select("post_id", "parent_id"))
        yield Part(ACCOUNTS, _writers(raw), "accounts")
        yield Part(POSTS, posts, "posts")
        yield Part(COUNTERS, _beside_comments(raw), "numbers shown")
        if (edits := _edits(raw)).height:
            yield Part(CHANGES, edits, "edits")

    def _note_times(self, posts: pl.DataFrame) -> None:
        lacking = posts["at"].null_count()
        self.losses.add("unknown", "times", _NO_TIME, lacking, example=self.place)

    def _note_comments(self, raw: pl.DataFrame) -> None:
        edited = raw.filter(_is_edited()).height
        self.losses.add("unknown", "texts", _EDITED, edited, example=self.place)
        lacking = raw.filter(pl.col("video").is_null(), pl.col("answered").is_null()).height
        self.losses.add("unknown", "references", _NO_VIDEO, lacking, example=self.place)

    def note_what_lacks(self) -> None:
        """Count the posts that are named and not held, and the replies that are only counted."""
        self.references.note(self.losses)
        if not self.threads:
            return
        threads = pl.concat(self.threads).group_by("post_id").agg(pl.col("replies").max())
        held = pl.concat(self.answers).unique("post_id").group_by("parent_id").agg(held=pl.len())
        told = threads.join(held, left_on="post_id", right_on="parent_id", how="left")
        lacking = pl.col("replies") - pl.col("held").fill_null(0).cast(pl.Int64)
        missing = int(told.select(lacking.clip(lower_bound=0).sum()).item())
        self.losses.add("unknown", "references", _NO_REPLIES, missing, example=self.first_thread)


def _is_shown(comment: _Comment) -> bool:
    return comment.snippet.moderation_status in {None, "published"}


def _texts(values: Iterable[str | None]) -> pl.Series:
    return pl.Series(list(values), dtype=pl.String)


def _numbers(values: Iterable[Number]) -> pl.Series:
    """Return numbers that came as text or number; what is no count is unknown."""
    texts = _texts(None if value is None else str(value) for value in values)
    counts = texts.cast(pl.Int64, strict=False)
    return counts.set(counts < 0, None)


def _youtube(column: str) -> pl.Expr:
    return named_on("youtube", column)


def _video_columns(videos: list[_Video]) -> pl.DataFrame:
    told = [video.snippet for video in videos]
    raw = pl.DataFrame(
        {
            "id": _texts(video.id for video in videos),
            "channel": _texts(each.channel_id for each in told),
            "channel_title": _texts(each.channel_title for each in told),
            "title": _texts(each.title for each in told),
            "description": _texts(each.description for each in told),
            "lang": _texts(each.default_language or each.default_audio_language for each in told),
            "published_at": _texts(each.published_at for each in told),
        }
    )
    return raw.with_columns(id=_youtube("id")).filter(pl.col("id").is_not_null())


def _videos(videos: list[_Video]) -> pl.DataFrame:
    raw = _video_columns(videos)
    words = pl.concat_str("title", "description", separator="\n\n", ignore_nulls=True)
    raw = raw.with_columns(text=words.str.strip_chars().replace("", None))
    keys = pl.concat_list(pl.concat_list("id"), object_keys("urls").fill_null([]))
    return raw.select(
        post_id="id",
        platform=pl.lit("youtube"),
        account_id=_youtube("channel"),
        at=iso(pl.col("published_at")),
        kind=pl.lit("original"),
        text="text",
        lang="lang",
        urls=links_in("text"),
        hashtags=hashtags_in("text"),
        id="id",
    ).select(
        pl.exclude("id"), object_keys=keys.list.unique(maintain_order=True)
    )  # fmt: skip


def _owners(videos: list[_Video]) -> pl.DataFrame:
    named = _video_columns(videos).select(
        account_id=_youtube("channel"),
        platform=pl.lit("youtube"),
        name="channel_title",
        role=pl.lit("unknown"),
    )
    return named.filter(pl.col("account_id").is_not_null()).unique(maintain_order=True)


def _channels(channels: list[_Channel]) -> pl.DataFrame:
    words = [channel.snippet for channel in channels]
    numbers = [channel.statistics for channel in channels]
    ids = (c.id if isinstance(c.id, str) else c.id.channel_id for c in channels)
    raw = pl.DataFrame(
        {
            "id": _texts(ids),
            "handle": _texts(each.custom_url for each in words),
            "title": _texts(each.title for each in words),
            "followers": _numbers(
                None if each.hidden_subscriber_count else each.subscriber_count for each in numbers
            ),
            "videos": _numbers(each.video_count for each in numbers),
            "published_at": _texts(each.published_at for each in words),
        }
    )
    found = raw.select(
        account_id=_youtube("id"),
        platform=pl.lit("youtube"),
        handle=pl.col("handle").str.strip_prefix("@").replace("", None),
        name="title",
        followers="followers",
        posts="videos",
        created_at=iso(pl.col("published_at")),
        role=pl.lit("unknown"),
    )
    return found.filter(pl.col("account_id").is_not_null())


def _shown(numbers: list[tuple[str, _VideoNumbers]]) -> pl.DataFrame:
    raw = pl.DataFrame(
        {
            "id": _texts(video for video, _ in numbers),
            "viewCount": _numbers(each.view_count for _, each in numbers),
            "likeCount": _numbers(each.like_count for _, each in numbers),
            "commentCount": _numbers(each.comment_count for _, each in numbers),
        }
    )
    return _as_counters(raw, _SHOWN)


def _beside_comments(raw: pl.DataFrame) -> pl.DataFrame:
    told = raw.select("id", likeCount="likes", totalReplyCount="replies")
    return _as_counters(told, {"likeCount": "likes", "totalReplyCount": "replies"})


def _as_counters(raw: pl.DataFrame, metrics: dict[str, str]) -> pl.DataFrame:
    told = raw.unpivot(list(metrics), index="id", variable_name="name")
    told = told.with_columns(id=_youtube("id")).drop_nulls()
    return told.select(
        post_id="id",
        metric=pl.col("name").replace_strict(metrics, return_dtype=pl.String),
        value="value",
        definition=pl.lit("youtube api ") + pl.col("name"),
    )


def _raw_comments(comments: "list[tuple[_Comment, _ThreadWords]]") -> pl.DataFrame:
    told: list[Any] = [comment.snippet for comment, _ in comments]
    raw = pl.DataFrame(
        {
            "id": _texts(comment.id for comment, _ in comments),
            "answered": _texts(each.parent_id for each in told),
            "video": _texts(
                each.video_id or thread.video_id
                for each, (_, thread) in zip(told, comments, strict=True)
            ),
            "owner": _texts(
                each.channel_id or thread.channel_id
                for each, (_, thread) in zip(told, comments, strict=True)
            ),
            "channel": _texts(_channel_of(each) for each in told),
            "name": _texts(each.author_display_name for each in told),
            "text": _texts(_words(each) for each in told),
            "published_at": _texts(each.published_at for each in told),
            "updated_at": _texts(each.updated_at for each in told),
            "likes": _numbers(each.like_count for each in told),
            "replies": _numbers(thread.total_reply_count for _, thread in comments),
        }
    )
    blank = pl.col("id", "answered", "video", "owner").str.strip_chars().replace("", None)
    return raw.with_columns(blank).filter(pl.col("id").is_not_null())


def _channel_of(told: _CommentWords) -> str | None:
    """Return the author: the channel's id, else the handle."""
    if told.author_channel_id is not None and told.author_channel_id.value:
        return told.author_channel_id.value
    _, _, channel = (told.author_channel_url or "").partition("/channel/")
    name = told.author_display_name or ""
    return channel.split("/")[0] or (name if name.startswith("@") and len(name) > 1 else None)


def _words(told: _CommentWords) -> str | None:
    if told.text_original is not None:
        return told.text_original or None
    return plain(told.text_display or "") or None


def _as_comments(raw: pl.DataFrame) -> pl.DataFrame:
    is_reply = pl.col("answered").is_not_null()
    parent = pl.coalesce(_youtube("answered"), _youtube("video"))
    of_the_video = ~is_reply & pl.col("video").is_not_null()
    return raw.select(
        post_id=_youtube("id"),
        platform=pl.lit("youtube"),
        account_id=_youtube("channel"),
        at=iso(pl.col("published_at")),
        kind=pl.when(is_reply).then(pl.lit("reply")).otherwise(pl.lit("comment")),
        parent_id=parent,
        parent_account_id=pl.when(of_the_video).then(_youtube("owner")),
        basis=pl.when(parent.is_not_null()).then(pl.lit("observed")),
        text="text",
        urls=links_in("text"),
        hashtags=hashtags_in("text"),
    ).with_columns(object_keys("urls"))


def _is_edited() -> pl.Expr:
    return iso(pl.col("updated_at")) > iso(pl.col("published_at"))


def _edits(raw: pl.DataFrame) -> pl.DataFrame:
    return raw.filter(_is_edited()).select(
        post_id=_youtube("id"),
        platform=pl.lit("youtube"),
        what=pl.lit("edited"),
        at=iso(pl.col("updated_at")),
        text="text",
        account_id=_youtube("channel"),
    )


def _writers(raw: pl.DataFrame) -> pl.DataFrame:
    is_handle = pl.col("name").str.starts_with("@")
    named = raw.select(
        account_id=_youtube("channel"),
        platform=pl.lit("youtube"),
        handle=pl.when(is_handle).then(pl.col("name").str.strip_prefix("@")),
        name=pl.when(~is_handle).then("name"),
        role=pl.lit("unknown"),
    )
    return named.filter(pl.col("account_id").is_not_null()).unique(maintain_order=True)
