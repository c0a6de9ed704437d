"""X API v1.1 as twarc 1, rtweet, tweepy and the old stream saved it.

A file holds posts as lines, as an array, one after another with line breaks inside, or in pages
``{"statuses": [...], "search_metadata": {...}}``. A post holds its author, and whole, the post that
it reposts (``retweeted_status``) or quotes (``quoted_status``); these are kept as posts of their
own.

Traps met in real files:

- A repost repeats numbers of its original, as 0 in the stream, and its text is cut. So only the
  original that it holds is asked for numbers and words.
- The words are in ``full_text``, in ``extended_tweet`` or, cut to 140 signs, in ``text``; links and
  hashtags behind the cut stand in ``extended_tweet`` alone.
- Many programs round long numbers: an id comes from its ``_str`` member, else from a whole number,
  never from a number with a point.
- ``is_quote_status`` stays true when the quoted post is gone; then it is a quote of nothing named.
- The same post comes again and again: once for every repost, and once for every search.
- When a number was shown is never said, so ``observed_at`` stays unknown.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, TypeAlias

import msgspec
import polars as pl

from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from collectors.exports.documents import Decoding, Document, chunks, documents, inside, names_read
from collectors.exports.formats import Head, Options, Part, named_on
from collectors.exports.losses import Losses
from collectors.exports.objects import nested, object_keys
from collectors.exports.sources import Source
from collectors.exports.times import epoch, iso

ASKED = "posts asked for"
REFERRED = "posts they refer to"

_METRICS = {
    "retweet_count": "reposts",
    "favorite_count": "likes",
    "quote_count": "quotes",
    "reply_count": "replies",
}
_WRAPPER = b'"statuses"'  # never inside a post: quotes in a text are escaped
_TIME = "%a %b %d %H:%M:%S %z %Y"
_LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$"
_Number: TypeAlias = Any  # a program may have wrapped it: {"$numberLong": "1"}
_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None


class _User(msgspec.Struct, gc=False):
    id_str: str | None = None
    id: _Number = None
    screen_name: str | None = None
    name: str | None = None
    followers_count: _Count = None
    friends_count: _Count = None
    statuses_count: _Count = None
    created_at: str | None = None


class _Tag(msgspec.Struct, gc=False):
    text: str = ""


class _Unwound(msgspec.Struct, gc=False):
    url: str | None = None


class _Url(msgspec.Struct, gc=False):
    url: str | None = None
    expanded_url: str | None = None
    unwound: _Unwound | None = None


class _Mention(msgspec.Struct, gc=False):
    id_str: str | None = None
    id: _Number = None
    screen_name: str | None = None


class _Media(msgspec.Struct, gc=False):
    id_str: str | None = None
    id: _Number = None


class _Entities(msgspec.Struct, gc=False):
    hashtags: list[_Tag] | None = None
    urls: list[_Url] | None = None
    user_mentions: list[_Mention] | None = None
    media: list[_Media] | None = None


class _Extended(msgspec.Struct, gc=False):
    full_text: str | None = None
    entities: _Entities | None = None
    extended_entities: _Entities | None = None


class _Status(msgspec.Struct, gc=False):
    id_str: str | None = None
    id: _Number = None
    created_at: str | None = None
    timestamp_ms: str | int | None = None
    user: _User | None = None
    text: str | None = None
    full_text: str | None = None
    extended_tweet: _Extended | None = None
    entities: _Entities | None = None
    extended_entities: _Entities | None = None
    lang: str | None = None
    retweeted_status: "_Status | None" = None
    quoted_status: "_Status | None" = None
    quoted_status_id_str: str | None = None
    quoted_status_id: _Number = None
    is_quote_status: bool | None = None
    in_reply_to_status_id_str: str | None = None
    in_reply_to_status_id: _Number = None
    in_reply_to_user_id_str: str | None = None
    in_reply_to_user_id: _Number = None
    in_reply_to_screen_name: str | None = None
    retweet_count: _Count = None
    favorite_count: _Count = None
    quote_count: _Count = None
    reply_count: _Count = None

    @property
    def number(self) -> str | None:
        """Its id."""
        return _id(self.id_str, self.id)

    @property
    def is_told(self) -> bool:
        """Whether it says anything that only a post says."""
        return bool(self.number or self.user or self.text or self.full_text)


class _Page(msgspec.Struct):
    statuses: list[msgspec.Raw] = []


READ = names_read(_Status) | {
    "truncated", "display_text_range", "favorited", "retweeted", "quoted_status_permalink", "geo"
}  # fmt: skip


class XV1:
    """Reads posts of X API v1.1."""

    name = "x-v1"
    label = "X API v1.1 (twarc 1, rtweet, tweepy, stream)"

    def knows(self, head: Head) -> bool:
        """Judge by a post's own members, at the top or in a page."""
        return any(
            {f"{place}created_at", f"{place}user"} <= head.items
            and bool({f"{place}id_str", f"{place}id"} & head.items)
            and bool({f"{place}favorite_count", f"{place}is_quote_status"} & head.items)
            and bool({f"{place}text", f"{place}full_text"} & head.items)
            for place in ("", "statuses[].")
        )

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and numbers."""
        reading = _Reading(options.losses)
        for source in files:
            yield from reading.file(source)
        reading.note_unresolved()


FORMAT = XV1()


class _Reading:
    """What is remembered from one document to the next: which posts were there."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses
        self.held: set[str] = set()
        self.unmet: dict[str, str] = {}  # answered or quoted posts, and the file that names them

    def file(self, source: Source) -> Iterator[Part]:
        decoding = Decoding(source, self.losses, "X's API")
        for some in chunks(_posts_in(source, decoding, self.losses)):
            asked = self._asked(some, decoding)
            referred = [inner for post in asked for inner in _inside(post)]
            posts = pl.concat([_raw(asked), _raw(referred)])
            self._note(posts, source)
            yield Part(ACCOUNTS, _accounts(post.user for post in [*asked, *referred]), "accounts")
            yield Part(POSTS, _posts(posts.head(len(asked))), ASKED)
            yield Part(POSTS, _posts(posts.tail(len(referred))), REFERRED)
            yield Part(COUNTERS, _counters(posts), "numbers shown")
        decoding.note_unread(READ)

    def _asked(self, some: list[Document], decoding: Decoding) -> list[_Status]:
        """Return the posts among some documents; the others are noted."""
        asked = []
        found = decoding.each(_Status, some)
        for status in found:
            if status.number:
                asked.append(status)
                continue
            told = status.is_told
            reason = "a post without a whole id" if told else "a message of the stream, not a post"
            self.losses.add("dropped", "rows", reason, example=decoding.source.name)
        return asked

    def _note(self, posts: pl.DataFrame, source: Source) -> None:
        bad = int(posts.select(_time("created_at", "timestamp").is_null().sum()).item())
        reason = "no readable time: kept, but without one"
        self.losses.add("unknown", "times", reason, bad, example=source.name)
        reason = "both quotes and answers: the quote's link is kept, if it names a post"
        twice = int(posts["twice"].sum())
        self.losses.add("dropped", "links", reason, twice, example=source.name)
        nameless = posts.filter(pl.col("other").is_null() & (pl.col("kind") != "original"))
        reason = "passes on or quotes a post that is not named"
        self.losses.add("unknown", "references", reason, nameless.height, example=source.name)
        self.held.update(posts["id"])
        for other in posts["other"].drop_nulls().unique(maintain_order=True):
            self.unmet.setdefault(other, source.name)

    def note_unresolved(self) -> None:
        """Count the posts that are referred to and are in none of the files."""
        reason = "not in these files: deleted, protected, or not asked for"
        places = [place for other, place in self.unmet.items() if other not in self.held]
        first = next(iter(places), None)
        self.losses.add("unknown", "references", reason, len(places), example=first)


def _posts_in(source: Source, decoding: Decoding, losses: Losses) -> Iterator[Document]:
    """Yield a file's posts, out of the pages where it has pages."""
    for document in documents(source, losses):
        if _WRAPPER not in bytes(document.text):
            yield document
            continue
        for page in decoding.each(_Page, [document], count=False):
            yield from inside(document, page.statuses, "post")


def _inside(post: _Status) -> Iterator[_Status]:
    """Yield the posts that a post holds, and those that they hold."""
    waiting = [post]
    while waiting:
        outer = waiting.pop()
        inner = (outer.retweeted_status, outer.quoted_status)
        held = [each for each in inner if each is not None and each.number]
        yield from held
        waiting += held


def _id(text: str | None, number: _Number) -> str | None:
    """Return an id, from text or from a whole number.

    >>> _id(None, 1400000000000000001), _id("", 1.4e18), _id(" 1", None)
    ('1400000000000000001', None, '1')
    """
    if text and text.strip():
        return text.strip()
    is_whole = isinstance(number, str | int) and not isinstance(number, bool)
    return str(number).strip() or None if is_whole else None


_NOBODY = _User()
_NOTHING = _Entities()


def _texts(name: str, values: Iterable[str | None]) -> pl.Series:
    return pl.Series(name, list(values), dtype=pl.String)


def _raw(posts: list[_Status]) -> pl.DataFrame:
    """Return posts as they were told, one a row, in plain columns."""
    links = [_link(post) for post in posts]
    users = [post.user or _NOBODY for post in posts]
    entities = [_entities(post) for post in posts]
    return pl.DataFrame(
        [
            _texts("id", (post.number for post in posts)),
            _texts("author", (_id(user.id_str, user.id) for user in users)),
            _texts("handle", (user.screen_name for user in users)),
            _texts("created_at", (post.created_at for post in posts)),
            _texts("timestamp", (_or_none(post.timestamp_ms) for post in posts)),
            _texts("kind", (kind for kind, *_ in links)),
            _texts("other", (other for _, other, *_ in links)),
            _texts("other_author", (author for *_, author, _ in links)),
            pl.Series("twice", [twice for *_, twice in links], dtype=pl.Boolean),
            _texts("text", map(_text, posts)),
            _texts("lang", (post.lang for post in posts)),
            nested([_urls(each) for each in entities]).alias("urls"),
            nested([[tag.text for tag in each.hashtags or ()] for each in entities]).alias(
                "hashtags"
            ),
            nested([_mentions(each) for each in entities]).alias("mentions"),
            nested([_media(post) for post in posts]).alias("media_keys"),
            *(
                pl.Series(name, [getattr(post, name) for post in posts], dtype=pl.Int64)
                for name in _METRICS
            ),
        ]
    )


def _or_none(value: Any) -> str | None:  # noqa: ANN401 - whatever stood there
    return None if value is None else str(value)


def _link(post: _Status) -> tuple[str, str | None, str | None, bool]:
    """Return what a post does, to which post, whose that is, and whether it does both of two."""
    original, quoted = post.retweeted_status, post.quoted_status
    if original is not None and original.is_told:
        return "repost", original.number, _author(original.user), False
    answered = _id(post.in_reply_to_status_id_str, post.in_reply_to_status_id)
    other = _id(post.quoted_status_id_str, post.quoted_status_id)
    whose = None
    if quoted is not None and quoted.is_told:
        other, whose = quoted.number or other, _author(quoted.user)
    if other or (post.is_quote_status and not answered):
        return "quote", other, whose, answered is not None
    if answered:
        whose = _id(post.in_reply_to_user_id_str, post.in_reply_to_user_id)
        handle = post.in_reply_to_screen_name
        return "reply", answered, _account(whose, handle), bool(post.is_quote_status)
    return "original", None, None, False


def _author(user: _User | None) -> str | None:
    return _account(_id(user.id_str, user.id), user.screen_name) if user else None


def _account(number: str | None, handle: str | None) -> str | None:
    if number:
        return f"x:{number}"
    return f"x:@{handle}" if handle else None


def _text(post: _Status) -> str | None:
    extended = post.extended_tweet.full_text if post.extended_tweet else None
    return extended or post.full_text or post.text


def _entities(post: _Status) -> _Entities:
    extended = post.extended_tweet.entities if post.extended_tweet else None
    return extended or post.entities or _NOTHING


def _urls(entities: _Entities) -> list[str]:
    found = (
        (url.unwound and url.unwound.url) or url.expanded_url or url.url
        for url in entities.urls or ()
    )
    return [url for url in found if url]


def _mentions(entities: _Entities) -> list[str]:
    found = (_account(_id(m.id_str, m.id), m.screen_name) for m in entities.user_mentions or ())
    return [account for account in found if account]


def _media(post: _Status) -> list[str]:
    extended = post.extended_tweet
    places = (
        extended and extended.extended_entities,
        extended and extended.entities,
        post.extended_entities,
        post.entities,
    )
    found = next((place.media for place in places if place and place.media), [])
    numbers = (_id(media.id_str, media.id) for media in found)
    return [number for number in numbers if number]


def _time(column: str, milliseconds: str | None = None) -> pl.Expr:
    """Return times as v1.1 writes them, as programs rewrite them, or as the stream counts them."""
    told = pl.col(column).str.strip_chars()
    written = told.str.to_datetime(_TIME, time_unit="us", strict=False)
    ways = [written.dt.convert_time_zone("UTC"), iso(told)]
    if milliseconds is not None:
        ways.append(epoch(pl.col(milliseconds).cast(pl.Float64, strict=False) / 1000))
    return pl.coalesce(ways)


def _x(column: str) -> pl.Expr:
    return named_on("x", column)


def _posts(raw: pl.DataFrame) -> pl.DataFrame:
    """Return raw columns as posts. A repost names only its original: its parent stays unknown."""
    is_repost = pl.col("kind") == "repost"
    by_name = pl.concat_str(pl.lit("x:@"), pl.col("handle").replace("", None))
    has_parent = ~is_repost & pl.col("other").is_not_null()
    return raw.select(
        post_id=_x("id"),
        platform=pl.lit("x"),
        account_id=pl.coalesce(_x("author"), by_name),
        at=_time("created_at", "timestamp"),
        kind="kind",
        parent_id=pl.when(~is_repost).then(_x("other")),
        parent_account_id=pl.when(~is_repost).then("other_author"),
        root_id=pl.when(is_repost).then(_x("other")),
        root_account_id=pl.when(is_repost).then("other_author"),
        basis=pl.when(has_parent).then(pl.lit("observed")),
        text=pl.when(~is_repost).then("text"),
        lang=pl.when(
            pl.col("lang").str.contains(_LANGUAGE) & ~pl.col("lang").is_in(["und", "qme", "zxx"])
        ).then("lang"),
        urls="urls",
        hashtags="hashtags",
        mentions="mentions",
        media_keys="media_keys",
        object_keys=object_keys("urls"),
    )


def _accounts(found: Iterable[_User | None]) -> pl.DataFrame:
    users = [user for user in found if user is not None]
    raw = pl.DataFrame(
        [
            _texts("id", (_id(user.id_str, user.id) for user in users)),
            _texts("handle", (user.screen_name for user in users)),
            _texts("name", (user.name for user in users)),
            _texts("created_at", (user.created_at for user in users)),
            pl.Series("followers", [user.followers_count for user in users], dtype=pl.Int64),
            pl.Series("following", [user.friends_count for user in users], dtype=pl.Int64),
            pl.Series("posts", [user.statuses_count for user in users], dtype=pl.Int64),
        ]
    )
    return (
        raw.unique(maintain_order=True)
        .filter(_x("id").is_not_null())
        .select(
            account_id=_x("id"),
            platform=pl.lit("x"),
            handle="handle",
            name="name",
            followers="followers",
            following="following",
            posts="posts",
            created_at=_time("created_at"),
            role=pl.lit("unknown"),
        )
    )


def _counters(raw: pl.DataFrame) -> pl.DataFrame:
    """Return the numbers shown beside posts; those beside a repost are never its own."""
    told = raw.filter(pl.col("kind") != "repost").select("id", *_METRICS).unpivot(
        list(_METRICS), index="id", variable_name="name"
    )  # fmt: skip
    return (
        told.filter(pl.col("value").is_not_null())
        .select(
            post_id=_x("id"),
            metric=pl.col("name").replace_strict(_METRICS, return_dtype=pl.String),
            value="value",
            definition=pl.lit("x v1.1 ") + pl.col("name"),
        )
        .unique(maintain_order=True)
    )
