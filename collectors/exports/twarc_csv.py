"""twarc-csv's table: one row for each post that twarc collected from X API v2.

Ids are written in full, lists as JSON inside a cell. Traps met in real files:

- A repost's row shows its original's text, numbers, links, hashtags, media and mentions, unless the
  tool was told not to merge them or never saw the original. The numbers are the original's. The
  links, hashtags and media are what is passed on; whom the repost itself mentions is not told.
  Where a row is not merged, its text begins with ``RT @`` and the original's name, and only its
  ``retweet_count`` is the original's.
- Line breaks in a text are written as a backslash and an n; they are restored.
- Mentions are names without ids; ids come from the other rows of the same files.
- Counts turn into ``12.0`` where one row of the column is empty.
- A spreadsheet that saved the file again has rounded the ids: such rows are set aside.
- A picture's link has no scheme; its media key says the same.
- 0 impressions means that none were reported.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import polars as pl

from analytics.schema import STRINGS
from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from collectors.exports.csvs import ROW, batches, note_unread, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part, named_on
from collectors.exports.losses import Losses
from collectors.exports.objects import is_own_media, nested, object_keys
from collectors.exports.sources import Source
from collectors.exports.times import iso

NEEDED = {"id", "author_id", "created_at"}
_TELLING = ("referenced_tweets.", "public_metrics.")  # how names of twarc's columns begin

_METRICS = {
    "retweet": "reposts",
    "reply": "replies",
    "like": "likes",
    "quote": "quotes",
    "bookmark": "bookmarks",
    "impression": "views",
}
_LINKS = {
    "repost": "referenced_tweets.retweeted.id",
    "quote": "referenced_tweets.quoted.id",
    "reply": "referenced_tweets.replied_to.id",
}
_NAMED = {
    "author.id": "author.username",
    "retweeted_user_id": "retweeted_username",
    "quoted_user_id": "quoted_username",
    "in_reply_to_user_id": "in_reply_to_username",
}
_LISTS = ("entities.hashtags", "entities.mentions", "entities.urls", "attachments.media_keys")
_TEXTS = (
    *NEEDED, *_LINKS.values(), *_NAMED.keys(), *_NAMED.values(), "text", "lang", "author.name",
    "author.created_at", "__twarc.retrieved_at",
)  # fmt: skip
_OF_AUTHORS = {
    "followers": "author.public_metrics.followers_count",
    "following": "author.public_metrics.following_count",
    "posts": "author.public_metrics.tweet_count",
}
_SHOWN = {f"public_metrics.{name}_count": metric for name, metric in _METRICS.items()}
_READ = (*_TEXTS, *_LISTS, *_OF_AUTHORS.values(), *_SHOWN)
# what other columns say already, and what only twarc needs
_SAID_TWICE = {"conversation_id", "edit_history_tweet_ids", "__twarc.url", "__twarc.version"}
_WHOLE = r"^\d+$"


class TwarcCSV:
    """Reads what twarc-csv makes of posts."""

    name = "twarc-csv"
    label = "twarc-csv"

    def knows(self, head: Head) -> bool:
        """Judge by column names: nobody else writes the API's members with dots."""
        names = head.columns
        return set(names) >= NEEDED and any(name.startswith(_TELLING) for name in names)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and numbers, after a look at which posts and names there are."""
        reading = _Reading(options.losses, _told_in(files, options))
        for source, told in batches(files, options.losses, options.scratch, needs=NEEDED):
            note_unread(told, {*_READ, *_SAID_TWICE}, source, options.losses)
            rows = reading.checked(with_columns_of(told, _READ), source)
            yield Part(ACCOUNTS, _accounts(rows), "accounts")
            yield Part(POSTS, reading.posts(rows, source), "posts")
            yield Part(COUNTERS, _counters(rows), "numbers shown")
        reading.note_unresolved()


FORMAT = TwarcCSV()


@dataclass
class _Told:
    """What the rows tell about each other: which posts have one, and whose name is whose."""

    posts: set[str] = field(default_factory=set)
    accounts: dict[str, str] = field(default_factory=dict)


def _told_in(files: Sequence[Source], options: Options) -> _Told:
    told = _Told()
    # losses are noted when the rows are read for good
    for _, raw in batches(files, Losses(), options.scratch, needs=NEEDED):
        rows = _plain(with_columns_of(raw, ["id", *_NAMED.keys(), *_NAMED.values()]))
        told.posts.update(rows["id"].drop_nulls())
        for number, handle in _NAMED.items():
            pairs = rows.select(pl.col(handle).str.to_lowercase(), number).drop_nulls().unique()
            told.accounts.update(pairs.iter_rows())
    return told


class _Reading:
    """What is remembered from one batch to the next."""

    def __init__(self, losses: Losses, told: _Told) -> None:
        self.losses = losses
        self.told = told
        self.unmet: dict[str, str] = {}  # posts without a row, and where they are referred to

    def checked(self, rows: pl.DataFrame, source: Source) -> pl.DataFrame:
        """Return the rows that have an id, with what follows from several columns."""
        rows = _plain(rows)
        reason = "has no whole id; a spreadsheet may have rounded it, so use the file as written"
        rows = refused(rows, ~pl.col("id").str.contains(_WHOLE), reason, source, self.losses)
        ids = ["author_id", *_LINKS.values(), *_NAMED]
        broken = rows.select((~pl.col(name).str.contains(_WHOLE)).sum() for name in ids)
        self.losses.add(
            "unknown", "references", "an id that is no whole number: left empty",
            sum(broken.row(0)), example=source.name,
        )  # fmt: skip
        rows = rows.with_columns(pl.when(pl.col(n).str.contains(_WHOLE)).then(n) for n in ids)
        rows = rows.with_columns(
            author=pl.coalesce("author_id", "author.id"),
            kind=pl.coalesce(
                *(pl.when(pl.col(n).is_not_null()).then(pl.lit(k)) for k, n in _LINKS.items()),
                pl.lit("original"),
            ),
            other=pl.coalesce(*_LINKS.values()),
            at=iso(pl.col("created_at")),
            retrieved=iso(pl.col("__twarc.retrieved_at")),
            is_merged=_is_merged(),
        )
        self._note(rows, source)
        return rows

    def _note(self, rows: pl.DataFrame, source: Source) -> None:
        reason = "no readable time: kept, but without one"
        bad = rows["at"].null_count()
        self.losses.add("unknown", "times", reason, bad, example=source.name)
        reason = "a quote that also answers: kept as a quote, the answer's link is not"
        both = (rows["kind"] == "quote") & rows[_LINKS["reply"]].is_not_null()
        self.losses.add("dropped", "links", reason, int(both.sum()), example=source.name)
        references = rows.unique("other", keep="first", maintain_order=True)
        for other, row in references.select("other", ROW).drop_nulls().iter_rows():
            if other not in self.told.posts:
                self.unmet.setdefault(other, f"{source.name}, row {row}")
        reason = "the original's words beside a repost: kept only where it has a row of its own"
        originals = rows.filter(pl.col("is_merged") & pl.col("text").is_not_null())["other"]
        lost = sum(other not in self.told.posts for other in originals)
        self.losses.add("dropped", "texts", reason, lost, example=source.name)

    def note_unresolved(self) -> None:
        """Count the posts that are referred to and have no row."""
        reason = "not in these files: deleted, protected, or not asked for"
        first = next(iter(self.unmet.values()), None)
        self.losses.add("unknown", "references", reason, len(self.unmet), example=first)

    def posts(self, rows: pl.DataFrame, source: Source) -> pl.DataFrame:
        """Return the posts. A repost names only its original: its parent stays unknown."""
        rows = rows.with_columns(self._lists(rows, source))
        is_repost = pl.col("kind") == "repost"
        is_quote = pl.col("kind") == "quote"
        is_reply = pl.col("kind") == "reply"
        is_held = pl.col("other").is_in(list(self._held(rows["other"])))
        words = pl.col("text").str.replace_all("\\n", "\n", literal=True)
        return rows.select(
            post_id=_x("id"),
            platform=pl.lit("x"),
            account_id=_x("author"),
            at="at",
            kind="kind",
            parent_id=pl.when(~is_repost).then(_x("other")),
            parent_account_id=pl.when(is_quote).then(_x("quoted_user_id"))
            .when(is_reply).then(_x("in_reply_to_user_id")),
            root_id=pl.when(is_repost).then(_x("other")),
            root_account_id=pl.when(is_repost).then(_x("retweeted_user_id")),
            basis=pl.when(is_quote | is_reply).then(pl.lit("observed")),
            text=pl.when(~(pl.col("is_merged") | (is_repost & is_held))).then(words),
            lang=pl.when(~pl.col("lang").is_in(["und", "qme", "zxx"])).then("lang"),
            urls="urls",
            hashtags="hashtags",
            mentions=pl.when(~pl.col("is_merged")).then("mentions"),
            media_keys="media_keys",
            object_keys=object_keys("urls"),
            collected_at="retrieved",
        )  # fmt: skip

    def _held(self, others: pl.Series) -> set[str]:
        return set(others.drop_nulls()) & self.told.posts

    def _lists(self, rows: pl.DataFrame, source: Source) -> list[pl.Series]:
        tags, mentions, urls, media = (_items(rows[n], source, self.losses) for n in _LISTS)
        word = pl.element()
        is_whole = word.str.contains("://", literal=True)
        links = urls.list.eval(word.filter(is_whole))
        short = int((urls.list.len() - links.list.len()).sum())
        reason = "a picture's short link: its media key is kept"
        self.losses.add("dropped", "links", reason, short, example=source.name)
        return [
            tags.list.eval(word.str.strip_prefix("#")).alias("hashtags"),
            self._mentioned(mentions).alias("mentions"),
            links.alias("urls"),
            media.alias("media_keys"),
        ]

    def _mentioned(self, mentions: pl.Series) -> pl.Series:
        """Return accounts by their ids, where a row tells them, else by their names."""
        handle = pl.element().str.strip_prefix("@")
        handles = mentions.explode().drop_nulls().str.strip_prefix("@").str.to_lowercase().unique()
        ids = pl.Series([self.told.accounts.get(each) for each in handles], dtype=pl.String)
        known = handle.str.to_lowercase().replace_strict(handles, ids, default=None)
        by_id = pl.concat_str(pl.lit("x:"), known)
        by_name = pl.concat_str(pl.lit("x:@"), handle)
        is_id = handle.str.starts_with("x:")
        return mentions.list.eval(pl.when(is_id).then(handle).otherwise(by_id.fill_null(by_name)))


class _Entity(msgspec.Struct):
    """A hashtag, link or mention as the API has it: twarc-csv can be told to leave it so."""

    tag: str = ""
    username: str = ""
    id: str | None = None
    expanded_url: str | None = None
    unwound_url: str | None = None

    def __str__(self) -> str:
        """Return the word that twarc-csv makes of it; a mention with its id as ours."""
        if self.username:
            return f"x:{self.id}" if self.id else f"@{self.username}"
        url = self.unwound_url or self.expanded_url or ""
        return self.tag or ("" if is_own_media(url) else url)


_CELL = msgspec.json.Decoder(list[str | _Entity])
_VALUE = msgspec.json.Decoder()
_VALUES = msgspec.json.Decoder(list)


def _items(cells: pl.Series, source: Source, losses: Losses) -> pl.Series:
    """Return the lists inside cells; one that cannot be read is noted, and empty."""
    none = pl.Series([[]], dtype=STRINGS)
    try:
        found = cells.str.json_decode(STRINGS)
    except pl.exceptions.PolarsError:
        lists = [_words(cell) for cell in cells.fill_null("[]")]
        reason = f"{cells.name} cannot be read: left empty"
        losses.add("unknown", "values", reason, lists.count(None), example=source.name)
        found = nested([words or [] for words in lists])
    filled = found.fill_null(none)
    return filled.list.eval(pl.element().filter(pl.element().str.len_bytes() > 0))


def _words(cell: str) -> list[str] | None:
    """Return the words of a list in a cell, however much of the API's form it has kept.

    >>> _words('["#a", {"tag": "b"}, {"username": "c", "id": "3"}]')
    ['#a', 'b', 'x:3']
    """
    try:
        return [str(each) for each in _CELL.decode(cell)]
    except (ValueError, RecursionError):
        return None


def _plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Return texts without JSON around them: twarc-csv can be told to put it there."""
    if not rows["id"].str.starts_with('"').any():
        return rows
    return rows.with_columns(_unquoted(rows[n]) for n in _TEXTS if n in rows.columns)


def _unquoted(cells: pl.Series) -> pl.Series:
    told = cells.fill_null("null").to_list()
    try:
        found = _VALUES.decode("[" + ",".join(told) + "]")
    except (ValueError, RecursionError):
        found = []
    if len(found) != len(told):
        found = [_value(cell) for cell in told]
    pairs = zip(found, cells, strict=True)
    texts = [new if isinstance(new, str) else old for new, old in pairs]
    return pl.Series(cells.name, texts, dtype=pl.String)


def _value(cell: str) -> object:
    try:
        return _VALUE.decode(cell)
    except (ValueError, RecursionError):
        return None


def _is_merged() -> pl.Expr:
    """Return whether a repost's row shows its original's text and numbers."""
    original = pl.col("retweeted_user_id").is_not_null()
    name = pl.col("retweeted_username").str.to_lowercase()
    own = pl.concat_str(pl.lit("rt @"), name, pl.lit(":"), ignore_nulls=True)
    begins = pl.col("text").str.to_lowercase().str.starts_with(pl.coalesce(own, pl.lit("rt @")))
    is_repost = pl.col(_LINKS["repost"]).is_not_null()
    return (is_repost & original & ~begins).fill_null(value=False)


def _x(column: str) -> pl.Expr:
    return named_on("x", column)


def _count(column: str) -> pl.Expr:
    number = pl.col(column).str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)
    return pl.when(number >= 0).then(number)


def _accounts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the authors as they were seen, and those of whom only the name is told."""
    authors = rows.select(
        account_id=_x("author"),
        platform=pl.lit("x"),
        handle="author.username",
        name="author.name",
        **{name: _count(column) for name, column in _OF_AUTHORS.items()},
        created_at=iso(pl.col("author.created_at")),
        role=pl.lit("unknown"),
        observed_at="retrieved",
    )
    others = [
        rows.select(
            account_id=_x(number), platform=pl.lit("x"), handle=handle, role=pl.lit("unknown"),
            observed_at="retrieved",
        )
        for number, handle in _NAMED.items() if number != "author.id"
    ]  # fmt: skip
    only_named = pl.concat(others).join(authors, on=["account_id", "observed_at"], how="anti")
    both = pl.concat([authors, only_named], how="diagonal").unique(maintain_order=True)
    told = pl.any_horizontal(pl.col("handle", *_OF_AUTHORS).is_not_null())
    return both.filter(pl.col("account_id").is_not_null() & told)


def _counters(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the numbers shown, each beside the post that it belongs to."""
    is_repost = pl.col("kind") == "repost"
    belongs = ~is_repost | pl.col("is_merged")
    reposts = "public_metrics.retweet_count"
    views = "public_metrics.impression_count"
    shown = rows.select(
        *(pl.when(belongs).then(_count(n)).alias(n) for n in _SHOWN if n != reposts),
        _count(reposts).alias(reposts),
        post_id=pl.when(is_repost).then(_x("other")).otherwise(_x("id")),
        observed_at="retrieved",
    ).with_columns(pl.col(views).replace(0, None))
    told = shown.unpivot(list(_SHOWN), index=["post_id", "observed_at"], variable_name="name")
    return (
        told.filter(pl.col("value").is_not_null())
        .select(
            post_id="post_id",
            metric=pl.col("name").replace_strict(_SHOWN, return_dtype=pl.String),
            value="value",
            definition=pl.lit("twarc-csv ") + pl.col("name"),
            observed_at="observed_at",
        )
        .unique(maintain_order=True)
    )
