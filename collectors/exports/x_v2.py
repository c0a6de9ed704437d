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

import polars as pl

from analytics.tables import ACCOUNTS, CHANGES, COUNTERS, POSTS
from collectors.exports.documents import chunks, documents
from collectors.exports.formats import Head, Options, Part, named_on
from collectors.exports.losses import Losses
from collectors.exports.objects import is_own_media, nested, object_keys
from collectors.exports.sources import Source
from collectors.exports.times import iso
from collectors.exports.x_payload import Entities, Item, Items, Metrics, Payload, listed
from collectors.exports.x_reposters import ASKED_AT

ASKED = "posts asked for"
REFERRED = "posts they refer to"
CHUNK_BYTES = 1 << 23  # of JSON turned into tables at a time

# Where posts name their author, and accounts themselves, in everything that is read here.
_PLACES = ("", "data[].", "data.", "includes.tweets[].", "includes.posts[].", "tweets[].")
_AUTHORS = {f"{place}author_id" for place in _PLACES}
_NAMES = {f"{place}username" for place in ("", "data[].", "data.", "includes.users[].", "users[].")}

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
        posts = "created_at" in head.keys and "id_str" not in head.keys
        users = "public_metrics" in head.keys
        is_known = (posts and bool(_AUTHORS & head.items)) or (users and bool(_NAMES & head.items))
        return is_known and not ASKED_AT.search(head.data)

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
    """What is remembered from one document to the next: who wrote which post."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses
        self.authors: list[pl.DataFrame] = []  # of every post seen; ids as numbers
        self.unmet: list[pl.DataFrame] = []  # posts referred to before they were seen, if ever

    def file(self, source: Source) -> Iterator[Part]:
        unread: Counter[str] = Counter()
        for some in chunks(documents(source, self.losses), size=CHUNK_BYTES):
            payload = Payload.of(some, self.losses)
            unread.update(payload.unread)
            yield from self._parts(payload)
        for name, count in sorted(unread.items()):
            reason = f"field {name} is not read"
            self.losses.add("unknown", "fields", reason, count, example=source.name)

    def _parts(self, payload: Payload) -> Iterator[Part]:
        asked, referred = _raw(payload.asked), _raw(payload.referred)
        posts = pl.concat([asked, referred])
        self._remember(posts)
        authors = self._authors_of(posts["other"])
        self._note(payload, asked, posts, authors)
        yield Part(ACCOUNTS, _accounts(payload.users), "accounts")
        yield Part(POSTS, _as_posts(asked, authors), ASKED)
        yield Part(POSTS, _as_posts(referred, authors), REFERRED)
        yield Part(COUNTERS, _counters(posts), "numbers shown")
        if edited := [p for p in payload.asked.items if len(p.edit_history_tweet_ids) > 1]:
            yield Part(CHANGES, _edits(edited), "edits")

    def _remember(self, posts: pl.DataFrame) -> None:
        new = _numbered(posts.select("id", "author"), "id", "author").filter(
            pl.col("id").is_not_null()
        )
        new = new.unique("id", keep="last", maintain_order=True)
        while self.authors and self.authors[-1].height < 2 * new.height:
            older = self.authors.pop()
            new = pl.concat([older, new]).unique("id", keep="last", maintain_order=True)
        self.authors.append(new)

    def _authors_of(self, others: pl.Series) -> pl.DataFrame:
        """Return those of some posts that were seen, with their authors."""
        wanted = _numbered(others.drop_nulls().unique().to_frame("id"), "id")
        found = [seen.join(wanted, on="id", how="semi") for seen in self.authors]
        known = pl.concat(found).unique("id", keep="last")
        return known.with_columns(pl.col("id", "author").cast(pl.String))

    def _note(
        self, payload: Payload, asked: pl.DataFrame, posts: pl.DataFrame, authors: pl.DataFrame
    ) -> None:
        """Note what is not known of these posts, and what they refer to that was not seen."""
        bad = int(posts.select(_time("created_at").is_null().sum()).item())
        self.losses.add("unknown", "times", "no readable time: kept, but without one", bad)
        reason = "a quote that also answers: kept as a quote, the answer's link is not"
        self.losses.add("dropped", "links", reason, int(posts["twice"].sum()))
        further = [
            {"id": other.id, "document": document}
            for post, document in zip(payload.asked.items, payload.asked.documents, strict=True)
            if len(post.referenced_tweets) > 1
            for other in post.references
        ]
        first = asked.select(id="other", document="document")
        named = pl.concat([first, pl.DataFrame(further, schema=_LINKED)]).drop_nulls()
        unmet = named.unique("id", keep="first", maintain_order=True)
        unmet = unmet.join(authors, on="id", how="anti", maintain_order="left")
        places = pl.Series(payload.places, dtype=pl.String)
        self.unmet.append(unmet.select("id", place=places.gather(unmet["document"])))

    def note_unresolved(self) -> None:
        """Count the posts that are referred to and are in none of the files."""
        unmet = pl.concat([*self.unmet, pl.DataFrame(schema=_UNMET)])
        unmet = unmet.unique("id", keep="first", maintain_order=True)
        unmet = unmet.with_columns(number=pl.col("id").cast(pl.UInt64, strict=False))
        for seen in self.authors:
            unmet = unmet.join(
                seen, left_on="number", right_on="id", how="anti", maintain_order="left"
            )
        if unmet.height:
            reason = "not in these files: deleted, protected, or not asked for"
            place = unmet["place"][0]
            self.losses.add("unknown", "references", reason, unmet.height, example=place)


def _numbered(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Return X's ids as the numbers that they are, in a fifth of the memory; else null."""
    return rows.with_columns(pl.col(*columns).cast(pl.UInt64, strict=False))


_LINKED = {"id": pl.String, "document": pl.UInt32}
_UNMET = {"id": pl.String, "place": pl.String}
_NO_METRICS = Metrics()
_NO_ENTITIES = Entities()


def _raw(found: Items) -> pl.DataFrame:
    """Return posts as they were told, one a row, in plain columns."""
    posts = found.items
    kinds, others, twice = _links(posts)
    notes = {n: post.note_tweet for n, post in enumerate(posts) if post.note_tweet is not None}
    texts = [post.text for post in posts]
    entities = [post.entities or _NO_ENTITIES for post in posts]
    for n, note in notes.items():  # a long post: its beginning is in the usual places
        texts[n] = note.text or texts[n]
        entities[n] = note.entities or entities[n]
    told = pl.Series([each is not _NO_ENTITIES for each in entities], dtype=pl.Boolean)
    metrics = [post.public_metrics or _NO_METRICS for post in posts]
    return pl.DataFrame(
        [
            _texts("id", [post.id for post in posts]),
            _texts("author", [post.author_id for post in posts]),
            _texts("created_at", [post.created_at for post in posts]),
            _texts("kind", kinds),
            _texts("other", others),
            pl.Series("twice", twice, dtype=pl.Boolean),
            told.alias("told"),
            _texts("answered", [post.in_reply_to_user_id for post in posts]),
            _texts("text", texts),
            _texts("lang", [post.lang for post in posts]),
            nested([_urls(each) if each.urls else () for each in entities]).alias("urls"),
            nested([_tags(each) if each.hashtags else () for each in entities]).alias("hashtags"),
            nested([_mentions(each) if each.mentions else () for each in entities]).alias(
                "mentions"
            ),
            nested([_media(post) if post.attachments else () for post in posts]).alias(
                "media_keys"
            ),
            _texts("retrieved", _retrieved(found)),
            pl.Series("document", found.documents, dtype=pl.UInt32),
            *(
                pl.Series(name, [getattr(each, name) for each in metrics], dtype=pl.Int64)
                for name in _METRICS
            ),
        ]
    )


def _texts(name: str, values: list[str | None]) -> pl.Series:
    return pl.Series(name, values, dtype=pl.String)


def _links(posts: list[Item]) -> tuple[list[str | None], list[str | None], list[bool]]:
    """Return what each post does, to which post, and whether it also answers or quotes another."""
    kinds: list[str | None] = []
    others: list[str | None] = []
    twice: list[bool] = []
    for post in posts:
        found = post.referenced_tweets or post.referenced_posts
        if not found:
            kind, other, more = "original", None, False
        elif len(found) == 1 and isinstance(found, list):
            kind = _LINKS.get(found[0].type or "", "original")
            other, more = (None if kind == "original" else found[0].id), False
        else:
            kind, other, more = _first_link(post.references)
        kinds.append(kind)
        others.append(other or None)
        twice.append(more)
    return kinds, others, twice


def _first_link(references: list[Item]) -> tuple[str, str | None, bool]:
    """Return the one link that is kept: a share goes before an answer."""
    kinds = {_LINKS.get(other.type or ""): other.id for other in references}
    for kind in ("repost", "quote", "reply"):
        if kind in kinds:
            return kind, kinds[kind], len(references) > 1
    return "original", None, len(references) > 1


def _tags(post: Entities) -> list[str]:
    return [tag.tag for tag in listed(post.hashtags)]


def _mentions(post: Entities) -> list[str]:
    return [f"x:{one.id}" if one.id else f"x:@{one.username}" for one in listed(post.mentions)]


def _media(post: Item) -> list[str]:
    return listed(post.attachments.media_keys) if post.attachments else []


def _urls(post: Entities) -> list[str]:
    found = (url.unwound_url or url.expanded_url for url in listed(post.urls))
    return [url for url in found if url and not is_own_media(url)]


def _retrieved(found: Items) -> list[str | None]:
    """Return when each was asked for: as its page says, or the flattened post itself."""
    return [
        at if item.twarc is None else item.twarc.retrieved_at
        for item, at in zip(found.items, found.retrieved, strict=True)
    ]


def _time(column: str) -> pl.Expr:
    """Return X's and twarc's times, null where they cannot be read."""
    return iso(pl.col(column))


def _x(column: str) -> pl.Expr:
    return named_on("x", column)


def _as_posts(raw: pl.DataFrame, authors: pl.DataFrame) -> pl.DataFrame:
    """Return raw columns as posts. A repost names only its original: its parent stays unknown."""
    known = authors.select(other="id", other_author="author", is_known=pl.lit(value=True))
    raw = raw.join(known, on="other", how="left", maintain_order="left")
    is_repost = pl.col("kind") == "repost"
    is_quote = pl.col("kind") == "quote"
    is_reply = pl.col("kind") == "reply"
    parent = pl.when(~is_repost)
    told = pl.when("told")  # X may leave them out of a copy: then they are unknown, not none
    return raw.select(
        post_id=_x("id"),
        platform=pl.lit("x"),
        account_id=_x("author"),
        at=_time("created_at"),
        kind="kind",
        parent_id=parent.then(_x("other")),
        parent_account_id=pl.when(is_quote).then(_x("other_author"))
        .when(is_reply).then(_x("answered")),
        root_id=pl.when(is_repost).then(_x("other")),
        root_account_id=pl.when(is_repost).then(_x("other_author")),
        basis=parent.then(pl.when(pl.col("other").is_not_null()).then(pl.lit("observed"))),
        text=pl.when(~(is_repost & pl.col("is_known").fill_null(value=False))).then("text"),
        lang=pl.when(~pl.col("lang").is_in(["und", "qme", "zxx"])).then("lang"),
        urls=told.then("urls"),
        hashtags=told.then("hashtags"),
        mentions=told.then("mentions"),
        media_keys="media_keys",
        object_keys=told.then(object_keys("urls")),
        collected_at=_time("retrieved"),
    )  # fmt: skip


def _accounts(found: Items) -> pl.DataFrame:
    users = found.items
    metrics = [user.public_metrics or _NO_METRICS for user in users]
    raw = pl.DataFrame(
        {
            "id": _texts("id", [user.id for user in users]),
            "handle": _texts("handle", [user.username for user in users]),
            "name": _texts("name", [user.name for user in users]),
            "followers": pl.Series([m.followers_count for m in metrics], dtype=pl.Int64),
            "following": pl.Series([m.following_count for m in metrics], dtype=pl.Int64),
            "posts": pl.Series(
                [m.tweet_count if m.post_count is None else m.post_count for m in metrics],
                dtype=pl.Int64,
            ),
            "created_at": _texts("created_at", [user.created_at for user in users]),
            "retrieved": _texts("retrieved", _retrieved(found)),
        }
    )
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
        observed_at=_time("retrieved"),
    )


def _edits(edited: list[Item]) -> pl.DataFrame:
    """Return what the newest version of each post says of those before: X numbers them anew."""
    found = [
        (
            before,
            post.created_at,
            (post.note_tweet and post.note_tweet.text) or post.text,
            post.author_id,
        )
        for post in edited
        for before in listed(post.edit_history_tweet_ids)
        if before != post.id
    ]
    raw = pl.DataFrame(found, schema=["id", "created_at", "text", "author"], orient="row")
    raw = raw.cast(pl.String).filter(pl.col("id").is_not_null())
    return raw.select(
        post_id=_x("id"),
        platform=pl.lit("x"),
        what=pl.lit("edited"),
        at=_time("created_at"),
        text="text",
        account_id=_x("author"),
    )


def _counters(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the numbers shown, each beside the post that it belongs to."""
    is_repost = pl.col("kind") == "repost"
    owner = pl.when(is_repost).then(_x("other")).otherwise(_x("id"))
    theirs = [pl.when(~is_repost).then(name) for name in _METRICS if name not in _OF_THE_ORIGINAL]
    shown = posts.select(
        *theirs, *_OF_THE_ORIGINAL, post_id=owner, observed_at=_time("retrieved")
    ).filter(pl.col("post_id").is_not_null())
    shown = shown.with_columns(pl.col("impression_count").replace(0, None))
    told = shown.unpivot(
        list(_METRICS), index=["post_id", "observed_at"], variable_name="name"
    ).filter(pl.col("value").is_not_null())
    return told.select(
        post_id="post_id",
        metric=pl.col("name").replace_strict(_METRICS, return_dtype=pl.String),
        value="value",
        definition=pl.lit("x v2 ") + pl.col("name"),
        observed_at="observed_at",
    ).unique(maintain_order=True)
