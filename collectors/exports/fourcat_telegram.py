"""4CAT's CSV of Telegram.

Traps: the id is the chat's name and the message's number in one; numbers of channels and of people
look alike, but only people have a name in ``author_name``, and get ``user`` before their number, as
in other exports; a forward names where the message first appeared (by id, by handle, or by name
only), which is a root and never a parent; reactions are written out, one sign for each; 0 views is
written as nothing. ``timestamp`` is local to the server.
"""

from collections.abc import Iterator

import polars as pl

from collectors.exports.cells import items, joined, links_in, note_where, said_yes, tags_in
from collectors.exports.csvs import ROW, refused
from collectors.exports.formats import Part, named_on
from collectors.exports.fourcat_source import (
    DataSource,
    Handles,
    Rows,
    account_rows,
    post_rows,
    shown,
)
from collectors.exports.objects import object_keys

_METRICS = {"views": "views", "forwards": "forwards", "reactions": "reactions"}
_ORIGIN = (
    "author_forwarded_from_id", "author_forwarded_from_username", "author_forwarded_from_name",
    "unix_timestamp_forwarded_from",
)  # fmt: skip
_SENDER = pl.concat_str(
    pl.when(pl.col("author_name").is_not_null()).then(pl.lit("user")).otherwise(pl.lit("")),
    "author",
)
_SIGN = r"\p{Extended_Pictographic}"
_JOINED_SIGNS = "\u200d"  # two signs that are shown as one
_COUNTED = r"'count': (\d+)"  # of a reaction that has no sign
_MEDIA = r'"id":\s*"?(\d+)'
_UNNUMBERED = "answers something that is no message of the chat, or that is not named"


def _parts(rows: Rows) -> Iterator[Part]:
    losses, source = rows.options.losses, rows.source
    frame = rows.frame.with_columns(
        number=pl.col("id").str.extract(r"(\d+)$"),
        room=pl.coalesce(
            rows.handles.known(pl.col("chat")),  # other tools number the posts of a channel by it
            "chat",
            "thread_id",
            pl.col("id").str.extract(r"^(.+)-\d+$"),
        )
        .str.replace_all("/", "%2F", literal=True),
    )  # fmt: skip
    lacking = pl.any_horizontal(pl.col("number", "room").is_null())
    frame = refused(frame, lacking, "lacks a chat or a number", source, losses)
    posts = _posts(frame, rows.handles)
    unresolved = (pl.col("kind") == "reply") & pl.col("parent_id").is_null()
    note_where(posts, unresolved, _UNNUMBERED, source, losses, what="references")
    yield account_rows(
        posts, "telegram", account_id="account_id", handle="author_username", name="author_name"
    )
    yield account_rows(
        posts,
        "telegram",
        account_id="root_account_id",
        handle="author_forwarded_from_username",
        name="author_forwarded_from_name",
    )
    yield post_rows(posts)
    counted = posts.select(
        ROW, "post_id", "views", "forwards", reactions=_reactions().cast(pl.String)
    )
    unread = posts["reactions"].is_not_null() & counted["reactions"].is_null()
    reason = "reactions of a kind that cannot be counted"
    note_where(posts, unread, reason, source, losses, what="values")
    yield shown(rows, counted, _METRICS, "4cat telegram")


def _posts(rows: pl.DataFrame, handles: Handles) -> pl.DataFrame:
    """Return the columns of the file, and those of posts."""
    forwarded = pl.any_horizontal(pl.col(_ORIGIN).is_not_null())
    answers = pl.col("reply_to").is_not_null() | said_yes("is_reply")
    rows = rows.with_columns(
        kind=pl.when(forwarded).then(pl.lit("repost")).when(answers).then(pl.lit("reply"))
        .otherwise(pl.lit("original")),
    )  # fmt: skip
    is_reply = pl.col("kind") == "reply"
    words = pl.coalesce("body_markdown", "body")
    rows = rows.with_columns(
        post_id=_message(pl.col("number")),
        platform=pl.lit("telegram"),
        account_id=pl.coalesce(
            pl.concat_str(pl.lit("telegram:"), _SENDER),
            handles.account("telegram", pl.col("author_username")),
        ),
        parent_id=pl.when(is_reply).then(_message(pl.col("reply_to").str.extract(r"^(\d+)$"))),
        root_account_id=pl.coalesce(
            pl.concat_str(pl.lit("telegram:"), handles.known(pl.col("author_forwarded_from_id"))),
            named_on("telegram", "author_forwarded_from_id"),
            handles.account("telegram", pl.col("author_forwarded_from_username")),
            pl.concat_str(
                pl.lit("telegram:name="),
                pl.col("author_forwarded_from_name").str.replace_all("/", "%2F", literal=True),
            ),
        ),
        text=pl.col("body"),
        urls=joined(links_in(words), links_in(pl.col("link_attached"))),
        hashtags=tags_in("body"),
        mentions=handles.accounts(rows, "telegram", items("entities_mentioned")),
        media_keys=pl.concat_list(pl.col("attachment_data").str.extract(_MEDIA)).list.drop_nulls(),
    )
    return rows.with_columns(
        object_keys("urls"),
        basis=pl.when(pl.col("parent_id").is_not_null()).then(pl.lit("observed")),
    )


def _message(number: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit("telegram:"), "room", pl.lit("/"), number)


def _reactions() -> pl.Expr:
    """Return how many reactions are written out; null where none can be made out."""
    written = pl.col("reactions")
    signs = written.str.count_matches(_SIGN)
    pairs = written.str.count_matches(_JOINED_SIGNS)
    others = written.str.extract_all(_COUNTED).list.eval(
        pl.element().str.extract(_COUNTED).cast(pl.Int64, strict=False)
    )
    count = signs.cast(pl.Int64) - pairs.cast(pl.Int64) + others.list.sum()
    return pl.when(count > 0).then(count)


TELEGRAM = DataSource(
    name="Telegram",
    needs=frozenset({"id", "thread_id", "body", "author_username", "author_forwarded_from_name"}),
    reads=(
        "chat", "author", "author_name", "body_markdown", "is_reply", "reply_to", *_ORIGIN,
        "entities_mentioned", "link_attached", "attachment_data",
    ),
    repeats=frozenset({
        "entities_linked", "all_connections", "timestamp_forwarded_from", "timestamp_edited",
    }),
    clock="unix_timestamp",
    handles=(
        ("author_username", _SENDER),
        ("author", _SENDER),
        ("author_forwarded_from_username", "author_forwarded_from_id"),
    ),
    metrics=_METRICS,
    parts=_parts,
)  # fmt: skip
