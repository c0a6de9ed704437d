"""CrowdTangle's CSV: posts of Facebook pages and groups, and of Instagram accounts.

CrowdTangle was closed in August 2024; its files live on in archives. Traps:

- Numbers have commas between thousands.
- A time names its zone by letters, most often Eastern time, which is EST or EDT by season. Only the
  letters in ``ZONES`` are read; others stand for several zones, so the zone given is taken.
- A post has no id of its own: it is in the address, in several forms.
- "Total Interactions" adds up the other columns and is not read; so are the "Overperforming"
  columns, which CrowdTangle reckoned itself.
- "Likes at Posting" are likes of the page, not followers.
- Of posts that are no film, 0 views means that there were none to count.
- "Post Views", "Total Views" and "Total Views For All Crossposts" count different things: each is
  kept under its own name, never added.
- A page that passes on a post names it as a link at most, so no parent is known.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo

import polars as pl

from analytics.schema import STRINGS
from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from collectors.exports.cells import (
    counters,
    joined,
    links_in,
    note_no_counts,
    note_where,
    tags_in,
    whole,
)
from collectors.exports.csvs import batches, note_unread, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part, named_on
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.sources import Source
from collectors.exports.times import in_zone

COLUMNS = {"User Name", "Post Created", "Type", "Likes", "Comments", "URL"}
ZONES = {
    "UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7,
}  # fmt: skip
_OF_FACEBOOK = {"Facebook Id", "Message"}
_OF_INSTAGRAM = {"Account", "Description"}
_VIEWS = ("Post Views", "Total Views", "Total Views For All Crossposts", "Views")
_METRICS = {
    "Likes": "likes",
    "Comments": "replies",
    "Shares": "reposts",
    **dict.fromkeys(("Love", "Wow", "Haha", "Sad", "Angry", "Care"), "reactions"),
    **dict.fromkeys(_VIEWS, "views"),
}
_READ = {
    *COLUMNS, *_METRICS, "Facebook Id", "Page Name", "Group Name", "Page Created", "Account",
    "Followers at Posting", "Message", "Title", "Description", "Link", "Final Link",
}  # fmt: skip
_SAID_TWICE = {"Post Created Date", "Post Created Time"}
_SUM = "Total Interactions"
_IS_SUM = "field Total Interactions only adds up other columns: not read"
_NO_ZONE = (
    "a time whose zone is not told, or by letters that stand for several: say which with "
    "--timezone, for example --timezone America/New_York"
)
_NO_TIME = "no readable time: kept, but without one"
_NO_ID = "has no address that names a post: set aside"
_NO_FILM = "0 views beside a post that is no film: nothing was counted"
_MENTION = r"(?:^|[^\w@./])@([A-Za-z0-9_][A-Za-z0-9_.]*)"


class CrowdTangle:
    """Reads what CrowdTangle exported."""

    name = "crowdtangle"
    label = "CrowdTangle CSV (Facebook, Instagram)"

    def knows(self, head: Head) -> bool:
        """Judge by column names."""
        columns = set(head.columns)
        return columns >= COLUMNS and (columns >= _OF_FACEBOOK or columns >= _OF_INSTAGRAM)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and numbers."""
        losses = options.losses
        summed: set[Source] = set()
        for source, told in batches(files, losses, options.scratch, needs=COLUMNS):
            sums = {name for name in told.columns if name.startswith(_SUM)}
            if sums and source not in summed:
                losses.add("unknown", "fields", _IS_SUM, example=source.name)
            summed.add(source)
            note_unread(told, _known(told.columns) | _SAID_TWICE | sums, source, losses)
            is_facebook = "Facebook Id" in told.columns
            rows = _read(with_columns_of(told, _READ), source, options, is_facebook=is_facebook)
            yield Part(ACCOUNTS, _accounts(rows, options.zone, is_facebook=is_facebook), "accounts")
            yield Part(POSTS, _posts(rows), "posts")
            yield Part(COUNTERS, counters(_films(rows, source, losses), _METRICS, self.name),
                       "numbers shown")  # fmt: skip


FORMAT = CrowdTangle()


def _known(columns: Sequence[str]) -> set[str]:
    """Return the columns that are read; a description is an account's own words on Instagram."""
    is_facebook = "Facebook Id" in columns
    return _READ - ({"Description", "Title", "Account"} if is_facebook else set())


def _read(
    rows: pl.DataFrame, source: Source, options: Options, *, is_facebook: bool
) -> pl.DataFrame:
    """Return the rows that name a post, with what is common to both platforms."""
    platform = "facebook" if is_facebook else "instagram"
    post = _facebook_post() if is_facebook else _instagram_post()
    rows = rows.with_columns(
        platform=pl.lit(platform),
        post_id=pl.concat_str(pl.lit(f"{platform}:"), post),
        at=_time("Post Created", options.zone),
    )
    losses = options.losses
    rows = refused(rows, pl.col("post_id").is_null(), _NO_ID, source, losses)
    is_time = _local("Post Created").is_not_null()
    lost = pl.col("at").is_null()
    note_where(rows, lost & is_time, _NO_ZONE, source, losses, what="times")
    note_where(rows, lost & ~is_time, _NO_TIME, source, losses, what="times")
    note_no_counts(rows, _METRICS, source, losses)
    by_handle = pl.concat_str(pl.lit(f"{platform}:@"), "User Name")
    page = named_on(platform, "Facebook Id") if is_facebook else by_handle
    return rows.with_columns(account_id=pl.coalesce(page, by_handle))


def _facebook_post() -> pl.Expr:
    """Return the wall and the number of a post, as its address has them, else the address."""
    address = pl.col("URL").str.replace(r"[?#].*$", "").str.strip_chars_end("/")
    wall = address.str.extract(r"facebook\.com/(?:groups/)?([^/]+)/(?:posts|permalink|videos)/")
    number = address.str.extract(r"/(?:posts|permalink|videos)/(?:[^/]+/)*(\d+)$")
    return pl.coalesce(pl.concat_str(wall, pl.lit("_"), number), "URL")


def _instagram_post() -> pl.Expr:
    """Return the code of a post, as addresses have it, else the address."""
    code = pl.col("URL").str.extract(r"instagram\.com/(?:[^/]+/)?(?:p|reel|tv)/([^/?#]+)")
    return pl.coalesce(code, "URL")


def _zone_letters(column: str) -> pl.Expr:
    return pl.col(column).str.extract(r"\d\s+([A-Za-z]{2,5})$").str.to_uppercase()


def _local(column: str) -> pl.Expr:
    """Return a time as its clock showed it."""
    clock = pl.col(column).str.extract(r"^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)")
    return clock.str.replace("T", " ").str.to_datetime(
        "%Y-%m-%d %H:%M:%S", time_unit="us", strict=False
    )


def _time(column: str, zone: tzinfo | None) -> pl.Expr:
    """Return times in UTC: by the letters after them, else in the zone given, if any."""
    hours = _zone_letters(column).replace_strict(ZONES, default=None, return_dtype=pl.Int64)
    by_letters = in_zone(_local(column) - pl.duration(hours=hours), UTC)
    if zone is None:
        return by_letters
    return pl.coalesce(by_letters, in_zone(_local(column), zone))


def _accounts(rows: pl.DataFrame, zone: tzinfo | None, *, is_facebook: bool) -> pl.DataFrame:
    """Return each account as it was when it posted."""
    name = pl.coalesce("Page Name", "Group Name") if is_facebook else pl.col("Account")
    found = rows.filter(pl.col("account_id").is_not_null()).select(
        account_id="account_id",
        platform="platform",
        handle="User Name",
        name=name,
        followers=whole("Followers at Posting"),
        created_at=_time("Page Created", zone),
        role=pl.lit("unknown"),
        observed_at="at",
    )
    return found.unique(maintain_order=True)


def _posts(rows: pl.DataFrame) -> pl.DataFrame:
    is_facebook = pl.col("platform") == "facebook"
    caption = pl.concat_str("Title", "Description", separator="\n\n", ignore_nulls=True)
    rows = rows.with_columns(
        text=pl.when(is_facebook).then("Message").otherwise(caption.replace("", None)),
        link=pl.coalesce("Final Link", "Link"),
    )
    linked = pl.when(pl.col("link") != pl.col("URL")).then(pl.concat_list("link")).cast(STRINGS)
    return rows.select(
        post_id="post_id",
        platform="platform",
        account_id="account_id",
        at="at",
        kind=pl.lit("original"),
        text="text",
        urls=joined(linked, links_in(pl.col("text"))),
        hashtags=tags_in("text"),
        mentions=pl.when(~is_facebook).then(_mentions()),
    ).with_columns(object_keys("urls"))


def _mentions() -> pl.Expr:
    """Return the accounts that an Instagram caption names."""
    named = pl.col("text").str.extract_all(_MENTION)
    handle = pl.element().str.replace(r"^[^@]*@", "").str.strip_chars_end(".")
    return named.list.eval(pl.concat_str(pl.lit("instagram:@"), handle))


def _films(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return rows in which views are null where there was no film to see."""
    is_film = pl.col("Type").str.contains(r"(?i)video|live|igtv|reel").fill_null(value=False)
    is_film &= ~pl.col("Type").str.contains(r"(?i)youtube").fill_null(value=False)
    none = {name: ~is_film & (whole(name) == 0).fill_null(value=False) for name in _VIEWS}
    note_where(rows, pl.any_horizontal(none.values()), _NO_FILM, source, losses, what="values")
    return rows.with_columns(pl.when(~flag).then(name).alias(name) for name, flag in none.items())
