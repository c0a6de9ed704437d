"""X API v2 as twarc2 and academictwitteR save it: pages, single posts, flattened posts, arrays.

One line, or one file, is one of

- a page: ``{"data": [...], "includes": {"users": [...], "tweets": [...]}, "errors": [...]}``,
- a single post of a stream: the same with one object in ``data``,
- a flattened post, with its author and the posts it refers to inside,
- an array of posts (``data_*.json`` of academictwitteR) or its includes (``users_*.json``).

Traps met in real files: R writes an empty list as ``{}``; the ``retweet_count`` of a repost is the
original's; a repost's text is cut, so it is left to its original where that is there; pages are not
in order; a broken line must not cost the rest; 0 impressions means that none were reported.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
import polars as pl

from analytics.tables import ACCOUNTS, COUNTERS, POSTS, STRINGS
from collectors.exports.documents import documents
from collectors.exports.formats import Head, Options, Part, named_on
from collectors.exports.losses import Losses
from collectors.exports.objects import nested, object_keys
from collectors.exports.sources import Source
from collectors.exports.times import iso
from collectors.exports.x_payload import READ, Entities, Item, Metrics, Payload, decode, listed

ASKED = "posts asked for"
REFERRED = "posts they refer to"
BROKEN = "broken JSON: it ends too early or has a damaged place"
CHUNK = 20_000  # posts and accounts turned into tables at a time

_METRICS = {
    "retweet_count": "reposts",
    "repost_count": "reposts",
    "reply_count": "replies",
    "like_count": "likes",
    "quote_count": "quotes",
    "bookmark_count": "bookmarks",
    "impression_count": "views",
}
_OF_THE_ORIGINAL = ("retweet_count", "repost_count")  # all that a repost's metrics tell
_LINKS = {
    "retweeted": "repost",
    "reposted": "repost",
    "quoted": "quote",
    "replied_to": "reply",
}


class XV2:
    """Reads what twarc2 and academictwitteR save."""

    name = "x-v2"
    label = "X API v2 (twarc2, academictwitteR)"

    def knows(self, head: Head) -> bool:
        """Judge by member names that only X's API v2 uses together."""
        posts = {"author_id", "created_at"} <= head.keys and "id_str" not in head.keys
        users = {"username", "public_metrics"} <= head.keys
        return posts or users

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and counters; files of includes first: posts lean on them."""
        reading = _Reading(options.losses)
        for source in sorted(files, key=_is_not_includes):
            yield from reading.file(source)
        reading.note_unresolved()


FORMAT = XV2()


def _is_not_includes(source: Source) -> bool:
    return not {"users", "tweets"} <= Head.of(source).keys


class _Reading:
    """What is remembered from one document to the next."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses
        self.authors: dict[str, str | None] = {}  # of every post seen
        self.referred: dict[str, str] = {}  # post ids, each with the place of the first mention

    def file(self, source: Source) -> Iterator[Part]:
        names: Counter[str] = Counter()
        waiting: list[Payload] = []
        rows = 0
        for payload in self._payloads(source):
            names.update(name for post in payload.names for name in post)
            waiting.append(payload)
            rows += len(payload)
            if rows >= CHUNK:
                yield from self._parts(waiting)
                waiting, rows = [], 0
        yield from self._parts(waiting)
        for name in sorted(names.keys() - READ):
            reason = f"field {name} is not read"
            self.losses.add("unknown", "fields", reason, names[name], example=source.name)

    def _payloads(self, source: Source) -> Iterator[Payload]:
        """Yield what a file's documents hold; a broken one is set aside with its place."""
        for place, text in documents(source, self.losses):
            if payload := self._decoded(text, place, "rows" if place != source.name else "files"):
                yield payload

    def _decoded(self, text: bytes, place: str, what: str) -> Payload | None:
        try:
            payload = decode(text)
        except msgspec.ValidationError as error:
            reason = f"not as X's API writes it ({error})"
            self.losses.add("dropped", what, reason, example=place)
            return None
        except (ValueError, RecursionError):
            self.losses.add("dropped", what, BROKEN, example=place)
            return None
        self._remember(payload, place)
        return payload

    def _remember(self, payload: Payload, place: str) -> None:
        if not len(payload) and not payload.others:
            self.losses.add("dropped", "rows", "holds no post and no account", example=place)
        reason = "neither a post nor an account"
        self.losses.add("dropped", "rows", reason, payload.others, example=place)
        for title in payload.refusals:
            reason = f"refused by the platform: {title}"
            self.losses.add("unknown", "references", reason, example=place)
        for post in (*payload.referred, *payload.asked):
            self.authors[post.id or ""] = post.author_id
        for post in payload.asked:
            for other in post.references:
                self.referred.setdefault(other.id or "", place)

    def _parts(self, payloads: list[Payload]) -> Iterator[Part]:
        users = [(u, p.retrieved_at) for p in payloads for u in p.users]
        asked = [(post, p.retrieved_at) for p in payloads for post in p.asked]
        referred = [(post, p.retrieved_at) for p in payloads for post in p.referred]
        yield Part(ACCOUNTS, _accounts(users), "accounts")
        yield Part(POSTS, self._posts(asked), ASKED)
        yield Part(POSTS, self._posts(referred), REFERRED)
        yield Part(COUNTERS, _counters(asked + referred), "numbers shown")

    def _posts(self, posts: list[tuple[Item, str | None]]) -> pl.DataFrame:
        links = [_link(post) for post, _ in posts]
        kinds = [kind for kind, _ in links]
        others = [other for _, other in links]
        authors = [self.authors.get(other) if other else None for other in others]
        answered = [
            post.in_reply_to_user_id if kind == "reply" else None
            for (post, _), kind in zip(posts, kinds, strict=True)
        ]
        self._note_double_links(posts)
        frame = pl.DataFrame(
            {
                "id": [post.id for post, _ in posts],
                "author": [post.author_id for post, _ in posts],
                "created_at": [post.created_at for post, _ in posts],
                "kind": kinds,
                "other": others,
                "other_author": authors,
                "answered": answered,
                "text": [
                    self._text(post, kind) for (post, _), kind in zip(posts, kinds, strict=True)
                ],
                "lang": [post.lang for post, _ in posts],
                "urls": nested([_urls(post) for post, _ in posts]),
                "hashtags": nested([_hashtags(post) for post, _ in posts]),
                "media_keys": nested([_media(post) for post, _ in posts]),
                "collected_at": [_retrieved(post, at) for post, at in posts],
            },
            schema_overrides=_RAW,
        )
        self._note_bad_times(frame)
        return _as_posts(frame)

    def _text(self, post: Item, kind: str) -> str | None:
        """Return the whole text; none for a repost whose original is there."""
        if kind == "repost" and any(other.id in self.authors for other in post.references):
            return None
        note = post.note_tweet.text if post.note_tweet else None
        return note or post.text

    def _note_double_links(self, posts: list[tuple[Item, str | None]]) -> None:
        twice = [post for post, _ in posts if len(post.references) > 1]
        reason = "a quote that also answers: kept as a quote, the answer's link is not"
        self.losses.add("dropped", "links", reason, len(twice))

    def _note_bad_times(self, frame: pl.DataFrame) -> None:
        bad = frame.filter(_time("created_at").is_null())
        if bad.height:
            reason = "no readable time: kept, but without one"
            self.losses.add("unknown", "times", reason, bad.height)

    def note_unresolved(self) -> None:
        """Count the posts that are referred to and are in none of the files."""
        missing = [other for other in self.referred if other not in self.authors]
        if missing:
            reason = "not in these files: deleted, protected, or not asked for"
            place = self.referred[missing[0]]
            self.losses.add("unknown", "references", reason, len(missing), example=place)


_RAW: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String, "author": pl.String, "created_at": pl.String, "kind": pl.String,
    "other": pl.String, "other_author": pl.String, "answered": pl.String, "text": pl.String,
    "lang": pl.String, "urls": STRINGS, "hashtags": STRINGS, "media_keys": STRINGS,
    "collected_at": pl.String,
}  # fmt: skip


def _link(post: Item) -> tuple[str, str | None]:
    """Return what the post does, and to which post; a share goes before an answer."""
    kinds = {_LINKS.get(other.type or ""): other.id or None for other in post.references}
    for kind in ("repost", "quote", "reply"):
        if kind in kinds:
            return kind, kinds[kind]
    return "original", None


def _entities(post: Item) -> Entities:
    note = post.note_tweet.entities if post.note_tweet else None
    return note or post.entities or Entities()


def _urls(post: Item) -> list[str]:
    found = (url.unwound_url or url.expanded_url for url in listed(_entities(post).urls))
    return [url for url in found if url]


def _hashtags(post: Item) -> list[str]:
    return [tag.tag for tag in listed(_entities(post).hashtags)]


def _media(post: Item) -> list[str]:
    return listed(post.attachments.media_keys) if post.attachments else []


def _retrieved(post: Item, of_page: str | None) -> str | None:
    return post.twarc.retrieved_at if post.twarc else of_page


def _time(column: str) -> pl.Expr:
    """Return X's and twarc's times, null where they cannot be read."""
    return iso(pl.col(column))


def _x(column: str) -> pl.Expr:
    return named_on("x", column)


def _as_posts(raw: pl.DataFrame) -> pl.DataFrame:
    """Return raw columns as posts. A repost names only its original: its parent stays unknown."""
    is_repost = pl.col("kind") == "repost"
    is_quote = pl.col("kind") == "quote"
    parent = pl.when(~is_repost)
    return raw.select(
        post_id=_x("id"),
        platform=pl.lit("x"),
        account_id=_x("author"),
        at=_time("created_at"),
        kind="kind",
        parent_id=parent.then(_x("other")),
        parent_account_id=pl.when(is_quote).then(_x("other_author")).otherwise(_x("answered")),
        root_id=pl.when(is_repost).then(_x("other")),
        root_account_id=pl.when(is_repost).then(_x("other_author")),
        basis=parent.then(pl.when(pl.col("other").is_not_null()).then(pl.lit("observed"))),
        text="text",
        lang=pl.when(~pl.col("lang").is_in(["und", "qme", "zxx"])).then("lang"),
        urls="urls",
        hashtags="hashtags",
        media_keys="media_keys",
        object_keys=object_keys("urls"),
        collected_at=_time("collected_at"),
    )


def _accounts(users: list[tuple[Item, str | None]]) -> pl.DataFrame:
    metrics = [user.public_metrics or Metrics() for user, _ in users]
    raw = pl.DataFrame(
        {
            "id": [user.id for user, _ in users],
            "handle": [user.username for user, _ in users],
            "name": [user.name for user, _ in users],
            "followers": [m.followers_count for m in metrics],
            "following": [m.following_count for m in metrics],
            "posts": [m.tweet_count if m.post_count is None else m.post_count for m in metrics],
            "created_at": [user.created_at for user, _ in users],
            "observed_at": [_retrieved(user, at) for user, at in users],
        },
        schema={
            "id": pl.String, "handle": pl.String, "name": pl.String, "followers": pl.Int64,
            "following": pl.Int64, "posts": pl.Int64, "created_at": pl.String,
            "observed_at": pl.String,
        },
    )  # fmt: skip
    raw = raw.with_columns(id=_x("id"))
    return raw.filter(pl.col("id").is_not_null()).select(
        account_id="id",
        platform=pl.lit("x"),
        handle="handle",
        name="name",
        followers="followers",
        following="following",
        posts="posts",
        created_at=_time("created_at"),
        role=pl.lit("unknown"),
        observed_at=_time("observed_at"),
    )


def _counters(posts: list[tuple[Item, str | None]]) -> pl.DataFrame:
    rows = [
        (f"x:{owner.strip()}", _METRICS[name], value, f"x v2 {name}", _retrieved(post, at))
        for post, at in posts
        if post.public_metrics is not None
        for owner, name, value in _shown(post, post.public_metrics)
    ]
    schema = dict.fromkeys(COUNTERS.columns, pl.String) | {"value": pl.Int64}
    order = ("post_id", "metric", "value", "definition", "observed_at")
    raw = pl.DataFrame(rows, schema={name: schema[name] for name in order}, orient="row")
    return raw.with_columns(observed_at=_time("observed_at")).unique(maintain_order=True)


def _shown(post: Item, metrics: Metrics) -> Iterator[tuple[str, str, int]]:
    """Yield whose number it is, its name and its value."""
    kind, original = _link(post)
    names = _OF_THE_ORIGINAL if kind == "repost" else tuple(_METRICS)
    owner = (original if kind == "repost" else post.id) or ""
    for name in names if owner.strip() else ():
        value = getattr(metrics, name)
        if value is not None and not (name == "impression_count" and value == 0):
            yield owner, name, value
