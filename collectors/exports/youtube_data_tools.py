r"""YouTube Data Tools: its lists of videos, and the comments of one video, as CSV or tabs.

Columns of videos are ``videoId, channelId, publishedAt, videoTitle, …``; of comments ``id,
replyCount, publishedAt, authorName, text, isReply, isReplyTo, …``. The tool asks YouTube's API and
writes down what it gets. Traps:

- Times of comments have no zone. They are UTC: the tool sets its own clock to UTC and only rewrites
  what the API says.
- Files of older versions end in ``.tab`` and quote nothing, even where a text begins with a quote
  sign, and their comments are HTML. Newer ones quote every cell that holds a blank.
- A file of comments does not say in any column which video they answer: only its name does, as long
  as it is the one that the tool gave it (``videoinfo_VIDEO_2026_03_01-12_00_00_comments.csv``).
  The time in a name, also UTC, is when the platform was asked.
- Pseudonymised files lack the author's channel, and replace display names and comment ids by their
  SHA-1 without a salt: whoever has a list of names can undo it, and namesakes become one account.
  They are kept as ``youtube:sha1=…`` and never joined with what has real ids.
- Channels can hide numbers: an empty cell is unknown, not 0.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath

import polars as pl

from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from collectors.exports.csvs import ROW, batches, note_unread, plain, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part, named_on
from collectors.exports.html_texts import plain as words_of
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.references import References
from collectors.exports.sources import UNREADABLE, Source
from collectors.exports.times import iso
from collectors.exports.youtube_texts import hashtags_in, links_in

VIDEOS = {"videoId", "channelId", "publishedAt", "videoTitle"}
COMMENTS = {"id", "replyCount", "publishedAt", "authorName", "isReply", "isReplyTo"}
_OF_VIDEOS = {
    "channelTitle", "videoDescription", "defaultLanguage", "defaultLAudioLanguage",
    "defaultAudioLanguage", "viewCount", "likeCount", "commentCount",
}  # fmt: skip
_OF_COMMENTS = {"likeCount", "text", "authorChannelId", "authorChannelUrl"}
_SAID_TWICE = {"position", "publishedAtSQL", "isReplyToName", "favoriteCount"}  # the last is dead
_SHOWN = {
    "viewCount": "views",
    "likeCount": "likes",
    "commentCount": "replies",
    "replyCount": "replies",
}

_QUOTED_TIME = re.compile(rb'\t"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"')
_NAME = re.compile(r"videoinfo_(?:UC[\w-]{22}_)?([\w-]{11})_\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d")
_ASKED = re.compile(r"_(\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d)(?:_|\.|$)")
_SHA1 = "^[0-9a-f]{40}$"
_PSEUDONYMS = (
    "the author is known by an unsalted SHA-1 of a display name: namesakes are one account, "
    "and whoever has a list of names can undo it"
)
_NO_VIDEO = "comments whose file does not name their video: keep the name that the tool gave it"
_NO_REPLIES = "replies that YouTube counts and the file does not hold"


class YouTubeDataTools:
    """Reads lists of videos and comments that YouTube Data Tools writes."""

    name = "youtube-data-tools"
    label = "YouTube Data Tools CSV (videos, comments)"

    def knows(self, head: Head) -> bool:
        """Judge by the names of the columns, as only this tool spells them."""
        columns = set(head.columns)
        return columns >= VIDEOS or columns >= COMMENTS

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield channels, videos or comments, and the numbers beside them."""
        references = References()
        for source in files:
            if "videoId" in Head.of(source).columns:
                for rows in _rows(source, VIDEOS, options):
                    yield from _videos(rows, source, options.losses, references)
            else:
                told = 0  # replies that YouTube counts, less those that are held
                for rows in _rows(source, COMMENTS, options):
                    yield from _comments(rows, source, options.losses, references)
                    told += _replies_lacking(rows)
                place = source.name
                options.losses.add(
                    "unknown", "references", _NO_REPLIES, max(0, told), example=place
                )
        references.note(options.losses)


FORMAT = YouTubeDataTools()


def _rows(source: Source, needs: set[str], options: Options) -> Iterator[pl.DataFrame]:
    head = Head.of(source)
    is_bare = "\t" in head.first_line and not _QUOTED_TIME.search(head.data)
    if not is_bare or not set(head.columns) >= needs:
        for _, rows in batches([source], options.losses, options.scratch, needs=needs):
            yield rows
        return
    names = list(dict.fromkeys(head.columns))
    try:
        for rows in plain(
            source, options.losses, options.scratch, separator="\t", columns=head.columns
        ):
            told = rows.filter(pl.col(ROW) > 1).select(ROW, *names)
            yield told.with_columns(pl.col("^text$").map_elements(words_of, pl.String))
    except (pl.exceptions.PolarsError, *UNREADABLE) as error:
        reason = f"cannot be read to its end ({type(error).__name__})"
        options.losses.add("dropped", "files", reason, example=source.name)


def _videos(
    told: pl.DataFrame, source: Source, losses: Losses, references: References
) -> Iterator[Part]:
    read = VIDEOS | _OF_VIDEOS
    note_unread(told, read | _SAID_TWICE, source, losses)
    rows = with_columns_of(told, sorted(read)).with_columns(post_id=_on_youtube("videoId"))
    rows = refused(rows, pl.col("post_id").is_null(), "names no video", source, losses)
    rows = _timed(rows.with_columns(account_id=_on_youtube("channelId")), source, losses)
    words = [pl.col("videoTitle"), pl.col("videoDescription")]
    rows = rows.with_columns(text=pl.concat_str(words, separator="\n\n", ignore_nulls=True))
    rows = rows.with_columns(text=pl.col("text").replace("", None))
    references.hold(rows["post_id"])
    yield Part(ACCOUNTS, _named(rows, "channelTitle"), "accounts")
    yield Part(POSTS, _as_videos(rows), "posts")
    yield Part(COUNTERS, _shown(rows, ["viewCount", "likeCount", "commentCount"]), "numbers shown")


def _as_videos(rows: pl.DataFrame) -> pl.DataFrame:
    itself = pl.concat_list("post_id")
    return rows.select(
        post_id="post_id",
        platform=pl.lit("youtube"),
        account_id="account_id",
        at="at",
        kind=pl.lit("original"),
        text="text",
        lang=pl.coalesce("defaultLanguage", "defaultLAudioLanguage", "defaultAudioLanguage"),
        urls=links_in("text"),
        hashtags=hashtags_in("text"),
        collected_at="asked",
    ).with_columns(
        object_keys=pl.concat_list(itself, object_keys("urls").fill_null([])).list.unique(
            maintain_order=True
        )
    )


def _comments(
    told: pl.DataFrame, source: Source, losses: Losses, references: References
) -> Iterator[Part]:
    read = COMMENTS | _OF_COMMENTS
    note_unread(told, read | _SAID_TWICE, source, losses)
    rows = with_columns_of(told, sorted(read)).with_columns(
        post_id=_on_youtube("id"),
        is_reply=_is_reply(),
        account_id=_author(),
    )
    bad = pl.any_horizontal(pl.col("post_id", "isReply").is_null())
    rows = refused(rows, bad, "lacks its id, or does not say whether it is a reply", source, losses)
    rows = _timed(rows, source, losses)
    rows = rows.with_columns(parent_id=_answered(_video_named(source)))
    _note_comments(rows, source, losses)
    references.hold(rows["post_id"])
    references.name(rows["parent_id"], source.name)
    yield Part(ACCOUNTS, _named(rows, "authorName"), "accounts")
    yield Part(POSTS, _as_comments(rows), "posts")
    yield Part(COUNTERS, _shown(rows, ["likeCount", "replyCount"]), "numbers shown")


def _as_comments(rows: pl.DataFrame) -> pl.DataFrame:
    kind = pl.when("is_reply").then(pl.lit("reply")).otherwise(pl.lit("comment"))
    return rows.select(
        post_id="post_id",
        platform=pl.lit("youtube"),
        account_id="account_id",
        at="at",
        kind=kind,
        parent_id="parent_id",
        basis=pl.when(pl.col("parent_id").is_not_null()).then(pl.lit("observed")),
        text="text",
        urls=links_in("text"),
        hashtags=hashtags_in("text"),
        collected_at="asked",
    ).with_columns(object_keys("urls"))


def _is_reply() -> pl.Expr:
    told = pl.col("isReply").str.strip_chars().str.to_lowercase()
    return told.is_in(["1", "true"]).fill_null(value=False)


def _answered(video: str | None) -> pl.Expr:
    """Return the comment that a reply answers, or the video that the others do."""
    top = pl.lit(f"youtube:{video}" if video else None, pl.String)
    return pl.when("is_reply").then(_on_youtube("isReplyTo")).otherwise(top)


def _note_comments(rows: pl.DataFrame, source: Source, losses: Losses) -> None:
    place = source.name
    hashed = rows.filter(pl.col("account_id").str.starts_with("youtube:sha1=")).height
    losses.add("unknown", "accounts", _PSEUDONYMS, hashed, example=place)
    tops = rows.filter(~pl.col("is_reply"))
    losses.add("unknown", "references", _NO_VIDEO, tops["parent_id"].null_count(), example=place)


def _replies_lacking(told: pl.DataFrame) -> int:
    """Return how many replies are counted in these rows, less the replies among them."""
    counted = pl.col("replyCount").str.strip_chars().cast(pl.Int64, strict=False)
    return int(told.select(counted.sum() - _is_reply().sum()).item())


def _author() -> pl.Expr:
    """Return the author: the channel's id, the handle, or else what stands for the name."""
    channel = pl.coalesce(
        "authorChannelId", pl.col("authorChannelUrl").str.extract(r"/channel/([\w-]+)")
    )
    name = pl.col("authorName").str.replace_all("/", "%2F", literal=True)
    is_plain = ~name.str.contains(f"{_SHA1}|^@")
    bare = pl.when(is_plain).then(pl.concat_str(pl.lit("youtube:name="), name))
    by_channel = pl.concat_str(pl.lit("youtube:"), channel)
    return pl.coalesce(by_channel, bare, _on_youtube("authorName"))


def _on_youtube(column: str) -> pl.Expr:
    """Return ids with the platform in front; those that were hashed say so."""
    hashed = pl.concat_str(pl.lit("youtube:sha1="), pl.col(column).str.to_lowercase())
    is_hash = pl.col(column).str.to_lowercase().str.contains(_SHA1)
    return pl.when(is_hash).then(hashed).otherwise(named_on("youtube", column))


def _timed(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    rows = rows.with_columns(at=iso(pl.col("publishedAt"), UTC), asked=pl.lit(_asked(source)))
    lacking = rows.filter(pl.col("at").is_null())
    if lacking.height:
        place = f"{source.name}, row {lacking[ROW][0]}"
        reason = "no readable time: kept, but without one"
        losses.add("unknown", "times", reason, lacking.height, example=place)
    return rows.with_columns(pl.col("asked").cast(pl.Datetime("us", "UTC")))


def _video_named(source: Source) -> str | None:
    found = _NAME.search(PurePosixPath(source.name).name)
    return found[1] if found else None


def _asked(source: Source) -> datetime | None:
    found = _ASKED.search(PurePosixPath(source.name).name)
    try:
        return datetime.strptime(f"{found[1]}Z", "%Y_%m_%d-%H_%M_%S%z") if found else None
    except ValueError:
        return None


def _named(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    named = rows.select("account_id", pl.col(name).alias("name"), "asked")
    named = named.filter(pl.col("account_id").is_not_null()).unique(maintain_order=True)
    hashed = pl.col("name").str.to_lowercase().str.contains(_SHA1)
    is_handle = pl.col("name").str.starts_with("@")
    return named.select(
        account_id="account_id",
        platform=pl.lit("youtube"),
        handle=pl.when(is_handle).then(pl.col("name").str.strip_prefix("@")),
        name=pl.when(~(hashed | is_handle)).then("name"),
        role=pl.lit("unknown"),
        observed_at="asked",
    )


def _shown(rows: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Return the numbers beside posts; an empty cell is one that the platform did not tell."""
    numbers = rows.select(
        "post_id", "asked", *(pl.col(name).cast(pl.Int64, strict=False) for name in names)
    )
    told = numbers.unpivot(names, index=["post_id", "asked"], variable_name="name")
    return told.filter(pl.col("value") >= 0).select(
        post_id="post_id",
        metric=pl.col("name").replace_strict(_SHOWN, return_dtype=pl.String),
        value="value",
        definition=pl.lit("youtube data tools ") + pl.col("name"),
        observed_at="asked",
    )
