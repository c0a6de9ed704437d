"""A table that a person keeps: any CSV with the words of posts and their ids or links.

Columns are found by their names, in English, Russian and Kazakh, in any case and order: see
``ALIASES``. The platform is that of the post's own link, else what the table says, else
``unknown``; a link on a known platform gives the platform's own id too, so that the post is the
same as in other exports. A table that another format knows is left to that format.

Traps: numbers with blanks or commas between thousands; ``@`` before names, or addresses of profiles
in their place; a day and an hour in two columns; a day without an hour, kept as its midnight and
counted; seconds or milliseconds since 1970; days before months where dots stand between them. Days
with strokes (3/4/2026) mean one day here and another there, and are not read.

>>> fields(["Номер", "Текст", "Ссылка", "Лайки"])
{'id': 'Номер', 'link': 'Ссылка', 'text': 'Текст', 'likes': 'Лайки'}
"""

import re
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from datetime import tzinfo

import polars as pl

from analytics.errors import FormatError
from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from collectors.exports.cells import counters, links_in, note_no_counts, note_where, tags_in
from collectors.exports.csvs import ROW, batches, note_unread, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part, known_formats
from collectors.exports.hosts import platform_at, post_at
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.sources import Source
from collectors.exports.times import epoch, in_zone, iso

UNKNOWN = "unknown"
ALIASES = {
    "id": (
        "id", "post_id", "custom_id", "message_id", "tweet_id", "comment_id", "status_id", "ид",
        "id_поста", "id_сообщения", "номер",
    ),
    "link": (
        "url", "link", "post_url", "permalink", "post_link", "message_url", "tweet_url",
        "ссылка", "ссылка_на_пост", "адрес", "сілтеме",
    ),
    "text": (
        "text", "full_text", "body", "message", "content", "caption", "post_text", "tweet_text",
        "текст", "текст_поста", "текст_сообщения", "сообщение", "содержание", "мәтін",
    ),
    "author_id": ("author_id", "user_id", "account_id", "id_автора"),
    "author": (
        "author", "username", "user_name", "user", "screen_name", "handle", "account", "автор",
        "пользователь", "аккаунт", "канал", "пайдаланушы",
    ),
    "day": (
        "timestamp", "created_at", "published_at", "posted_at", "datetime", "date_time", "date",
        "дата_и_время", "дата_публикации", "дата", "күні",
    ),
    "hour": ("time", "hour", "время", "уақыты"),
    "platform": ("platform", "network", "platform_name", "платформа", "соцсеть", "сеть"),
    "hashtags": ("hashtags", "tags", "хештеги", "хэштеги", "теги"),
    "lang": ("lang", "language", "язык", "тіл"),
    "likes": ("likes", "like_count", "likes_count", "favorites", "лайки", "лайков", "нравится"),
    "views": ("views", "view_count", "views_count", "impressions", "просмотры", "просмотров"),
    "reposts": (
        "shares", "share_count", "reposts", "repost_count", "retweets", "retweet_count", "репосты",
        "репостов", "поделились",
    ),
    "quotes": ("quotes", "quote_count", "цитаты"),
    "forwards": ("forwards", "forward_count", "пересылки", "пересланные"),
    "replies": (
        "comments", "comment_count", "comments_count", "replies", "reply_count", "комментарии",
        "комментариев", "ответы",
    ),
    "reactions": ("reactions", "reaction_count", "реакции", "реакций"),
    "bookmarks": ("bookmarks", "bookmark_count", "закладки"),
}  # fmt: skip
_METRICS = (
    "likes", "views", "reposts", "quotes", "forwards", "replies", "reactions", "bookmarks",
)  # fmt: skip
_PLATFORMS = {
    "twitter": "x", "twitter_x": "x", "x_twitter": "x", "x_com": "x", "твиттер": "x",
    "tg": "telegram", "телеграм": "telegram", "телеграмм": "telegram",
    "vkontakte": "vk", "вк": "vk", "вконтакте": "vk",
    "fb": "facebook", "фейсбук": "facebook", "инстаграм": "instagram", "insta": "instagram",
    "ютуб": "youtube", "ютьюб": "youtube", "тикток": "tiktok", "tik_tok": "tiktok",
    "bsky": "bluesky", "одноклассники": "ok", "odnoklassniki": "ok", "сайт": "web", "site": "web",
}  # fmt: skip
_SHORT_NAME = r"^[a-z][a-z0-9_]*$"
_PROFILE = r"^https?://[^/]+/@?([^/?#]+).*$"
_DOTTED = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M")
_DAYS = ("%Y-%m-%d", "%d.%m.%Y")
_OLD_X = "%a %b %d %H:%M:%S %z %Y"
_SECONDS = r"^\d{9,10}(\.\d+)?$"
_MILLISECONDS = r"^\d{12,13}$"
_ONLY_A_DAY = r"^(\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4})([T ]00:00(:00)?)?$"
_A_DAY = r"^(\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4})$"
_NO_HOUR = "only a day, without an hour: kept as its midnight"
_NO_TIME = "no readable time: kept without one"
_NO_PLATFORM = "neither a link nor a column tells the platform"
_ASKING: ContextVar[bool] = ContextVar("asking", default=False)


class Spreadsheet:
    """Reads tables that people keep."""

    name = "spreadsheet"
    label = "any table of posts (CSV with text, and id or link)"

    def knows(self, head: Head) -> bool:
        """Judge by column names, and only where no other format knows the file."""
        if _ASKING.get() or not _is_table_of_posts(head.columns):
            return False
        asked = _ASKING.set(True)
        try:
            others = (each for each in known_formats().values() if each is not self)
            return not any(each.knows(head) for each in others)
        finally:
            _ASKING.reset(asked)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and counters, file by file; all files are looked at first."""
        tables = [source for source in files if _is_readable(source, options)]
        if options.zone is None:
            for source in filter(_tells_times, tables):
                _refuse_local_times(source, options)
        for source in tables:
            yield from _parts(source, options)


FORMAT = Spreadsheet()


def fields(columns: Sequence[str]) -> dict[str, str]:
    """Return which column holds what: for each thing the first of its names that there is."""
    named = {_plain(column): column for column in reversed(columns)}
    found = {
        thing: next((named[name] for name in names if name in named), None)
        for thing, names in ALIASES.items()
    }
    return {thing: column for thing, column in found.items() if column is not None}


def _plain(column: str) -> str:
    return re.sub(r"[\s\-]+", "_", column.strip().casefold())


def _is_table_of_posts(columns: Sequence[str]) -> bool:
    found = fields(columns)
    return "text" in found and ("id" in found or "link" in found)


def _is_readable(source: Source, options: Options) -> bool:
    try:
        fact = None if _is_table_of_posts(Head.of(source).columns) else _unfit()
    except FormatError as error:
        fact = str(error)
    if fact:
        options.losses.add("dropped", "files", fact, example=source.name)
    return fact is None


def _unfit() -> str:
    return "has no column of words, or none of ids or links; name them text, and id or url"


def _tells_times(source: Source) -> bool:
    return not {"day", "hour"}.isdisjoint(fields(Head.of(source).columns))


def _refuse_local_times(source: Source, options: Options) -> None:
    """Refuse times without a zone where the user has named none."""
    for _, told in batches([source], Losses(), options.scratch):
        written = _renamed(told).select(_written())
        local = written.select(_local(pl.col("written")).is_not_null().any()).item()
        if local:
            msg = (
                f"{source.name} has times without a zone; "
                "say which with --timezone, for example --timezone Asia/Almaty"
            )
            raise FormatError(msg)


def _parts(source: Source, options: Options) -> Iterator[Part]:
    losses = options.losses
    for _, told in batches([source], losses, options.scratch):
        found = fields([name for name in told.columns if name != ROW])
        note_unread(told, found.values(), source, losses)
        posts = _posts(_timed(_renamed(told), source, options), source, losses)
        yield Part(ACCOUNTS, _accounts(posts), "accounts")
        yield Part(POSTS, posts.select(n for n in POSTS.columns if n in posts.columns), "posts")
        yield Part(COUNTERS, _counters(posts, found, source, losses), "numbers shown")


def _renamed(told: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with a column for each thing, null where the table has none."""
    found = fields([name for name in told.columns if name != ROW])
    rows = told.select(ROW, *(pl.col(column).alias(thing) for thing, column in found.items()))
    return with_columns_of(rows, list(ALIASES))


def _timed(rows: pl.DataFrame, source: Source, options: Options) -> pl.DataFrame:
    """Return the rows with ``at``; what is no time is noted."""
    rows = rows.with_columns(_written())
    rows = rows.with_columns(at=_time(pl.col("written"), options.zone))
    is_day = pl.col("written").str.contains(_A_DAY) & pl.col("at").is_not_null()
    lost = pl.col("written").is_not_null() & pl.col("at").is_null()
    note_where(rows, is_day, _NO_HOUR, source, options.losses, what="times")
    note_where(rows, lost, _NO_TIME, source, options.losses, what="times")
    return rows


def _written() -> pl.Expr:
    """Return the time as it is written: a day and an hour may stand in two columns."""
    day = pl.col("day").str.replace(_ONLY_A_DAY, "$1")
    apart = pl.concat_str(day, pl.lit(" "), "hour")
    whole = pl.when(day.str.contains(_A_DAY) & pl.col("hour").is_not_null()).then(apart)
    return pl.coalesce(whole, "day", "hour").alias("written")


def _time(written: pl.Expr, zone: tzinfo | None) -> pl.Expr:
    """Return times as UTC, in whichever of the usual ways they are written."""
    seconds = epoch(pl.when(written.str.contains(_SECONDS)).then(written))
    thousandths = pl.when(written.str.contains(_MILLISECONDS)).then(written)
    old = written.str.to_datetime(_OLD_X, time_unit="us", strict=False).dt.convert_time_zone("UTC")
    ways = [seconds, epoch(thousandths.cast(pl.Float64, strict=False) / 1000), old, iso(written)]
    if zone is not None:
        ways.append(in_zone(_local(written), zone))
    return pl.coalesce(ways)


def _local(written: pl.Expr) -> pl.Expr:
    """Return times that are written without a zone, as they are."""
    plain = written.str.replace("T", " ").str.replace(r"^(\S+ \d{1,2}:\d{2})$", "$1:00")
    dotted = [written.str.to_datetime(way, time_unit="us", strict=False) for way in _DOTTED]
    usual = plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    days = [written.str.to_date(way, strict=False).cast(pl.Datetime("us")) for way in _DAYS]
    return pl.coalesce(usual, *dotted, *days)


def _posts(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return the rows as posts, with the other columns beside them."""
    rows = rows.with_columns(platform=_platform(), own=post_at("link"), writer=_writer())
    rows = rows.with_columns(
        post_id=pl.coalesce("own", _named(pl.coalesce("id", "link"))), account_id=_account()
    )
    rows = refused(rows, pl.col("post_id").is_null(), "lacks an id and a link", source, losses)
    unknown = pl.col("platform") == UNKNOWN
    note_where(rows, unknown, _NO_PLATFORM, source, losses, what="platforms")
    tags = pl.col("hashtags").str.extract_all(r"[^\s,;|#]+").list.unique(maintain_order=True)
    return rows.with_columns(
        kind=pl.lit("original"),
        urls=links_in(pl.col("text")),
        hashtags=pl.coalesce(tags, tags_in("text")),
    ).with_columns(object_keys("urls"))


def _platform() -> pl.Expr:
    said = pl.col("platform").str.to_lowercase().str.strip_chars(" .")
    said = said.str.replace_all(r"[\s./()-]+", "_").str.strip_chars("_").replace(_PLATFORMS)
    short = pl.when(said.str.contains(_SHORT_NAME)).then(said)
    return pl.coalesce(platform_at("link"), short, pl.lit(UNKNOWN))


def _named(name: pl.Expr) -> pl.Expr:
    return pl.concat_str("platform", pl.lit(":"), name)


def _writer() -> pl.Expr:
    """Return the author without sign or address."""
    bare = pl.col("author").str.replace(_PROFILE, "$1").str.strip_prefix("@").str.strip_chars()
    return pl.when(bare != "").then(bare)


def _is_name() -> pl.Expr:
    return pl.col("writer").str.contains(r"\s")  # no handle has blanks in it


def _account() -> pl.Expr:
    """Return who wrote it: by id, by handle, or by a name."""
    sign = pl.when(_is_name()).then(pl.lit("name=")).otherwise(pl.lit("@"))
    return pl.coalesce(_named(pl.col("author_id")), _named(pl.concat_str(sign, "writer")))


def _accounts(posts: pl.DataFrame) -> pl.DataFrame:
    return (
        posts.select(
            "account_id",
            "platform",
            handle=pl.when(~_is_name()).then("writer"),
            name=pl.when(_is_name()).then("writer"),
            role=pl.lit("unknown"),
        )
        .drop_nulls("account_id")
        .unique(maintain_order=True)
    )


def _counters(
    posts: pl.DataFrame, found: dict[str, str], source: Source, losses: Losses
) -> pl.DataFrame:
    """Return the numbers in the table, under the names that its columns have."""
    columns = {found[thing]: thing for thing in _METRICS if thing in found}
    told = posts.select(
        ROW, "post_id", *(pl.col(thing).alias(column) for column, thing in columns.items())
    )
    note_no_counts(told, columns, source, losses)
    return counters(told, columns, "spreadsheet")
