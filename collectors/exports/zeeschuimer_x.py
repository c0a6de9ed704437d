"""Posts of X as its web pages get them, inside of what Zeeschuimer kept.

Traps: a post can lie one level deeper (``tweet``) where X shows a note beside it; the program wrote
some ids through a number with a point (``id``, ``item_id``), so only ``rest_id`` and ``id_str`` are
read; the words of a long post are in ``note_tweet``, cut in ``full_text``; a repost repeats numbers
of the original, which is inside and tells its own; the name of an account moved from ``legacy`` to
``core``; older captures have the author in ``user``; a post shown as an advertisement is marked.
"""

from collections.abc import Iterator, Sequence

import msgspec
import polars as pl

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

_TIME = "%a %b %d %H:%M:%S %z %Y"
_NO_LANGUAGE = {"und", "zxx"}  # and those that begin with q
_TWICE = "a quote that also answers: kept as a quote, the answer's link is not"
_EMPTY = "no post of X inside: withheld, gone, or only named"
_WITHHELD = "a repost whose original is withheld or gone"
_PROMOTED = "posts shown as advertisements: kept like the others"


class _Tag(msgspec.Struct, gc=False):
    text: str = ""


class _Url(msgspec.Struct, gc=False):
    url: str | None = None
    expanded_url: str | None = None


class _Mention(msgspec.Struct, gc=False):
    id_str: Id = None
    screen_name: str | None = None


class _Medium(msgspec.Struct, gc=False):
    media_key: str | None = None
    id_str: Id = None


class _Entities(msgspec.Struct, gc=False):
    hashtags: list[_Tag] | None = None
    urls: list[_Url] | None = None
    user_mentions: list[_Mention] | None = None
    media: list[_Medium] | None = None


class _UserWords(msgspec.Struct, gc=False):
    screen_name: str | None = None
    name: str | None = None
    created_at: str | None = None
    followers_count: Number = None
    friends_count: Number = None
    statuses_count: Number = None


class _User(_UserWords, gc=False):
    rest_id: Id = None
    id_str: Id = None
    legacy: _UserWords | None = None
    core: _UserWords | None = None


class _UserResult(msgspec.Struct, gc=False):
    result: _User | None = None


class _Core(msgspec.Struct, gc=False):
    user_results: _UserResult | None = None


class _NoteResult(msgspec.Struct, gc=False):
    text: str | None = None
    entity_set: _Entities | None = None


class _NoteResults(msgspec.Struct, gc=False):
    result: _NoteResult | None = None


class _Note(msgspec.Struct, gc=False):
    note_tweet_results: _NoteResults | None = None


class _Views(msgspec.Struct, gc=False):
    count: Number = None


class _Legacy(msgspec.Struct, gc=False):
    id_str: Id = None
    user_id_str: Id = None
    created_at: str | None = None
    full_text: str | None = None
    lang: str | None = None
    entities: _Entities | None = None
    extended_entities: _Entities | None = None
    in_reply_to_status_id_str: Id = None
    in_reply_to_user_id_str: Id = None
    in_reply_to_screen_name: str | None = None
    quoted_status_id_str: Id = None
    retweeted_status_id_str: Id = None
    retweeted_status_result: "_Result | None" = None
    retweet_count: Number = None
    favorite_count: Number = None
    reply_count: Number = None
    quote_count: Number = None
    bookmark_count: Number = None


class _Tweet(msgspec.Struct, gc=False):
    rest_id: Id = None
    legacy: _Legacy | None = None
    core: _Core | None = None
    user: _User | None = None
    views: _Views | None = None
    ext_views: _Views | None = None
    note_tweet: _Note | None = None
    quoted_status_result: "_Result | None" = None
    tweet: "_Tweet | None" = None
    promoted: bool | None = None

    @property
    def number(self) -> str | None:
        """Its id."""
        return identifier(self.rest_id, self.legacy.id_str if self.legacy else None)

    @property
    def author(self) -> _User | None:
        """Who wrote it."""
        if self.core is not None and self.core.user_results is not None:
            return self.core.user_results.result
        return self.user

    @property
    def author_id(self) -> str | None:
        """The number of who wrote it."""
        named = self.legacy.user_id_str if self.legacy else None
        user = self.author
        return identifier(named, *((user.rest_id, user.id_str) if user else ()))


class _Result(msgspec.Struct, gc=False):
    result: _Tweet | None = None


class Line(Capture, kw_only=True, gc=False):
    """One capture of a post."""

    data: _Tweet


def taken(lines: Sequence[Line]) -> Taken:
    """Return the posts and accounts that captures of X hold."""
    found = Taken()
    referred: list[tuple[_Tweet, int | None]] = []
    asked: list[tuple[_Tweet, int | None]] = []
    for line in lines:
        tweet = _whole(line.data)
        if tweet is None:
            found.refused[_EMPTY] += 1
            continue
        asked.append((tweet, line.seen_at))
        referred += ((inner, line.seen_at) for inner in _inside(tweet))
        promoted = line.data.promoted or tweet.promoted
        found.unknown["posts", _PROMOTED] += bool(promoted)
    clock = _clock([*asked, *referred])
    found.posts = [_post(tweet, at, clock, found) for tweet, at in asked]
    found.referred = [_post(tweet, at, clock, found) for tweet, at in referred]
    found.accounts = [
        account
        for tweet, at in (*asked, *referred)
        if (account := _account(tweet, at, clock)) is not None
    ]
    return found


def _whole(tweet: _Tweet | None) -> _Tweet | None:
    """Return the post itself, if there is one, from whatever level it lies on."""
    while tweet is not None and tweet.tweet is not None and tweet.legacy is None:
        tweet = tweet.tweet
    if tweet is None or tweet.legacy is None or tweet.number is None:
        return None
    return tweet


def _held(result: _Result | None) -> _Tweet | None:
    return _whole(result.result) if result is not None else None


def _inside(tweet: _Tweet) -> Iterator[_Tweet]:
    """Yield the posts that a post reposts or quotes, and those that these do."""
    legacy = tweet.legacy or _Legacy()
    for inner in (_held(legacy.retweeted_status_result), _held(tweet.quoted_status_result)):
        if inner is not None:
            yield inner
            yield from _inside(inner)


def _clock(tweets: Sequence[tuple[_Tweet, int | None]]) -> dict[str, int | None]:
    """Return every time that posts and accounts tell, as X writes it, in microseconds."""
    told = {tweet.legacy.created_at for tweet, _ in tweets if tweet.legacy}
    told |= {_words(tweet.author).created_at for tweet, _ in tweets}
    texts = pl.Series([text for text in told if text], dtype=pl.String)
    times = texts.str.to_datetime(_TIME, time_unit="us", strict=False).to_physical()
    seconds = ((None if time is None else time // 10**6) for time in times.to_list())
    return dict(zip(texts.to_list(), map(microseconds, seconds), strict=True))


def _words(user: _User | None) -> _UserWords:
    """Return what is told of an account, from wherever X put it at the time."""
    if user is None:
        return _UserWords()
    old, new = user.legacy or user, user.core or _UserWords()
    return _UserWords(
        new.screen_name or old.screen_name,
        new.name or old.name,
        new.created_at or old.created_at,
        old.followers_count,
        old.friends_count,
        old.statuses_count,
    )


def _account(tweet: _Tweet, at: int | None, clock: dict[str, int | None]) -> Account | None:
    if tweet.author_id is None or tweet.author is None:
        return None
    told = _words(tweet.author)
    return Account(
        tweet.author_id,
        told.screen_name,
        told.name,
        whole(told.followers_count),
        whole(told.friends_count),
        whole(told.statuses_count),
        clock.get(told.created_at or ""),
        at,
    )


def _post(tweet: _Tweet, at: int | None, clock: dict[str, int | None], found: Taken) -> Post:
    legacy = tweet.legacy or _Legacy()
    note = _note(tweet)
    entities = note.entity_set or legacy.entities or _Entities()
    post = Post(
        tweet.number,
        "original",
        account=tweet.author_id,
        at=clock.get(legacy.created_at or ""),
        text=note.text or legacy.full_text,
        lang=_language(legacy.lang),
        urls=_urls(entities),
        hashtags=[tag.text for tag in entities.hashtags or () if tag.text],
        mentions=_mentions(entities),
        media=_media(legacy),
        seen_at=at,
        shown=_shown(tweet),
    )
    _link(post, tweet, found)
    return post


def _link(post: Post, tweet: _Tweet, found: Taken) -> None:
    """Say what a post reposts, quotes or answers; a share goes before an answer."""
    legacy = tweet.legacy or _Legacy()
    original = _held(legacy.retweeted_status_result)
    quoted = _held(tweet.quoted_status_result)
    answered = identifier(legacy.in_reply_to_status_id_str)
    if original is not None or legacy.retweeted_status_result or legacy.retweeted_status_id_str:
        post.kind = "repost"
        named = original.number if original else None
        post.root = identifier(legacy.retweeted_status_id_str, named)
        found.unknown["references", _WITHHELD] += post.root is None
        post.root_account = original.author_id if original else None
        post.text = None if original else post.text
        post.shown = ()
    elif quoted is not None or identifier(legacy.quoted_status_id_str):
        post.kind = "quote"
        post.parent = identifier(legacy.quoted_status_id_str, quoted.number if quoted else None)
        post.parent_account = quoted.author_id if quoted else None
        found.dropped["links", _TWICE] += answered is not None
    elif answered is not None:
        post.kind = "reply"
        post.parent = answered
        handle = legacy.in_reply_to_screen_name
        post.parent_account = identifier(legacy.in_reply_to_user_id_str, handle and f"@{handle}")


def _note(tweet: _Tweet) -> _NoteResult:
    results = tweet.note_tweet.note_tweet_results if tweet.note_tweet else None
    return (results.result if results else None) or _NoteResult()


def _language(told: str | None) -> str | None:
    return None if told is None or told in _NO_LANGUAGE or told.startswith("q") else told


def _urls(entities: _Entities) -> list[str]:
    found = (each.expanded_url or each.url for each in entities.urls or ())
    return [url for url in found if url]


def _mentions(entities: _Entities) -> list[str]:
    found = (
        identifier(each.id_str, each.screen_name and f"@{each.screen_name}")
        for each in entities.user_mentions or ()
    )
    return [f"x:{account}" for account in found if account]


def _media(legacy: _Legacy) -> list[str]:
    held = next((each for each in (legacy.extended_entities, legacy.entities) if each), None)
    found = (identifier(each.media_key, each.id_str) for each in (held and held.media) or ())
    return [key for key in found if key]


def _shown(tweet: _Tweet) -> list[Shown]:
    legacy = tweet.legacy or _Legacy()
    views = tweet.views or tweet.ext_views or _Views()
    return numbers(
        f"{SHOWN_BY} x",
        (
            ("reposts", "retweet_count", legacy.retweet_count),
            ("likes", "favorite_count", legacy.favorite_count),
            ("replies", "reply_count", legacy.reply_count),
            ("quotes", "quote_count", legacy.quote_count),
            ("bookmarks", "bookmark_count", legacy.bookmark_count),
            ("views", "views.count", views.count),
        ),
    )
