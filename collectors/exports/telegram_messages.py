"""Tables of Telegram messages as researchers publish them, as CSV or as JSON.

One row is one message: the channel and the message's number in it, when it was published, and,
where the table has them, its numbers and what it was forwarded from. Names of columns differ from
one project to the next; those that mean the same for certain are read alike (``ALIASES``). Texts
are often left out, channels are often replaced by tokens, and numbers that passed through a table
of decimals come as ``7.0``.

Times without a zone are UTC, as Telegram's API gives them and as such tables say of themselves.
Where only ``sender_id`` tells the channel, it is marked (``-100`` and the number): in a channel,
the channel itself is the sender of every post.

Telegram shows no views in groups and no replies where comments are off; many tables hold 0 there.
So a 0 is kept only where it was surely shown: forwards of a message that has views.

A forward names the channel in which the message first appeared, and mostly its number there, not
the one it was forwarded from: that is the root, and the parent stays unknown. Views and forwards of
a forward are its own: Telegram counts them apart from the original's.

>>> links = pl.DataFrame({"text": ["see (https://a.example/x), [y](http://b.example) #Tag_1"]})
>>> links.select(_urls(), _tags()).row(0)
(['https://a.example/x', 'http://b.example'], ['Tag_1'])
"""

from collections.abc import Iterator, Sequence
from datetime import UTC
from operator import attrgetter

import msgspec
import polars as pl

from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from collectors.exports.csvs import ROW, batches, note_unread, refused, with_columns_of
from collectors.exports.documents import Decoding, chunks, documents
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.sources import Source
from collectors.exports.telegram_peers import bare_number, not_told, number
from collectors.exports.times import iso

ALIASES = {
    "channel": ("channel_id", "chat_id", "channel", "channel_name", "channel_username"),
    "number": ("msg_id", "message_id"),
    "date": ("date",),
    "text": ("text", "message"),
    "sender": ("sender_id",),
    "views": ("views",),
    "replies": ("replies",),
    "forwards": ("forwards",),
    "is_forward": ("is_forward",),
    "from": ("fwd_from", "fwd_from_id"),
    "from_kind": ("fwd_peer_type",),
    "from_number": ("fwd_orig_msg_id", "fwd_channel_post"),
    "answered": ("reply_to", "reply_to_msg_id"),
}  # the first that holds something is taken
_TELLING = {"sender_id", "is_forward", "fwd_from", "fwd_from_id", "views"}
_SAID_TWICE = {"is_reply"}
_METRICS = ("views", "replies", "forwards")
_COUNT = r"^\d{1,18}$"

_Cell = str | int | float | bool | None
_Row = msgspec.defstruct(
    "_Row",
    [(name, _Cell, None) for names in ALIASES.values() for name in names],
    gc=False,
)
_READ = {name for names in ALIASES.values() for name in names}


class TelegramMessages:
    """Reads tables of Telegram messages."""

    name = "telegram-messages"
    label = "table of Telegram messages (CSV or JSON)"

    def knows(self, head: Head) -> bool:
        """Judge by the names of columns: a numbered message of a channel, and Telegram's words."""
        names = set(head.columns) or set(head.items)
        has = {name for name, aliases in ALIASES.items() if names & set(aliases)}
        return {"channel", "number", "date"} <= has and bool(names & _TELLING)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and the numbers shown."""
        losses = options.losses
        told: set[tuple[str, str | None]] = set()
        for source in files:
            found = _of_json if Head.of(source).is_json else _of_csv
            for rows in found(source, options):
                checked = _checked(rows, source, losses)
                _note_unknown(checked, source, losses)
                yield Part(ACCOUNTS, _accounts(checked, told), "accounts")
                yield Part(POSTS, _posts(checked), "posts")
                yield Part(COUNTERS, _numbers(checked, source, losses), "numbers shown")


FORMAT = TelegramMessages()


def _of_csv(source: Source, options: Options) -> Iterator[pl.DataFrame]:
    for _, rows in batches([source], options.losses, options.scratch):
        note_unread(rows, _READ | _SAID_TWICE, source, options.losses)
        yield with_columns_of(rows, sorted(_READ)).with_columns(
            place=pl.concat_str(pl.lit("row "), pl.col(ROW).cast(pl.String))
        )


def _of_json(source: Source, options: Options) -> Iterator[pl.DataFrame]:
    decoding = Decoding(source, options.losses, "a table of messages")
    names = sorted(_READ)
    first = 1
    for group in chunks(documents(source, options.losses)):
        decoded = decoding.each(_Row, group)
        columns = zip(*map(attrgetter(*names), decoded), strict=True)
        cells = {
            name: list(map(_text, column))
            for name, column in zip(names, columns, strict=False)  # none where no item fits
            if name == names[0] or column.count(None) < len(column)
        }
        rows = pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))
        numbered = rows.with_row_index(ROW, offset=first)
        first += len(group)
        yield with_columns_of(numbered, names).with_columns(
            place=pl.concat_str(
                pl.lit("message "), pl.coalesce("message_id", "msg_id", pl.lit("without a number"))
            )
        )
    decoding.note_unread(_READ | _SAID_TWICE)


def _text(cell: _Cell) -> str | None:
    return cell if cell is None or isinstance(cell, str) else str(cell)


def _checked(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return the rows under one name for each thing, without those that name no message."""
    named = rows.select(
        ROW,
        "place",
        *(pl.coalesce(aliases).alias(name) for name, aliases in ALIASES.items()),
        told=pl.coalesce(ALIASES["channel"][:2]),
    )
    named = named.with_columns(
        pl.col("number", "from_number", "answered").str.replace(r"^(\d+)\.0*$", "$1"),
        is_forward=pl.col("is_forward").str.to_lowercase().is_in(["1", "1.0", "true", "t", "yes"]),
        sender=number("sender"),
        from_id=bare_number("from"),
        at=iso(pl.col("date"), UTC),
    )
    named = named.with_columns(chat=_chat(), is_forward=_is_forward())
    lacking = pl.col("chat").is_null() | ~pl.col("number").str.contains(r"^\d+$")
    return refused(named, lacking, "lacks a channel or a message's number", source, losses)


def _chat() -> pl.Expr:
    """Return the chat: by its id, by the channel that sent the post, by its token or its name."""
    by_id = _token(bare_number("told").str.strip_prefix("-"))
    by_sender = pl.when(_is_channel()).then(bare_number("sender"))
    return pl.coalesce(by_id, by_sender, _token(bare_number("channel")))


def _is_channel() -> pl.Expr:
    return pl.col("sender").str.contains(r"^-1\d{12}$").fill_null(value=False)


def _token(text: pl.Expr) -> pl.Expr:
    """Return a short name as it is, and any other as a name that is no id."""
    is_short = text.str.contains(r"^[\w-]+$") & ~text.str.contains(r"[^\x00-\x7F]")
    name = pl.concat_str(pl.lit("name="), text.str.replace_all("/", "%2F", literal=True))
    return pl.when(is_short).then(text).otherwise(name)


def _is_forward() -> pl.Expr:
    return (
        pl.col("is_forward").fill_null(value=False)
        | pl.col("from").is_not_null()
        | pl.col("from_number").is_not_null()
    )


def _note_unknown(rows: pl.DataFrame, source: Source, losses: Losses) -> None:
    forward, origin = pl.col("is_forward"), pl.col("from").is_not_null()
    notes = {
        ("times", "no readable time: kept without a time"): pl.col("at").is_null(),
        ("references", "a forward that hides its origin"): forward & ~origin,
        ("references", "a forward that names its origin but not the message there"): forward
        & origin & _root().is_null(),
    }  # fmt: skip
    for (what, reason), which in notes.items():
        found = rows.filter(which)
        if found.height:
            example = f"{source.name}, {found['place'][0]}"
            losses.add("unknown", what, reason, found.height, example=example)


def _telegram(*columns: str | pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit("telegram:"), *columns)


def _here() -> pl.Expr:
    return _telegram("chat")


def _sender() -> pl.Expr:
    """Return who wrote it: a person where the table tells one, else the channel."""
    is_person = pl.col("sender").str.contains(r"^[1-9]\d{0,11}$")
    return pl.when(is_person).then(_telegram(pl.lit("user"), "sender")).otherwise(_here())


def _origin() -> pl.Expr:
    """Return the account that wrote the original; a number of a person has ``user`` in front."""
    is_person = pl.col("from_kind").str.contains("User") & pl.col("from").str.contains(r"^\d")
    person = _telegram(pl.lit("user"), number("from"))
    return pl.when(is_person).then(person).otherwise(_telegram(_token(pl.col("from_id"))))


def _root() -> pl.Expr:
    is_person = pl.col("from_kind").str.contains("User").fill_null(value=False)
    in_channel = ~is_person & pl.col("from_number").str.contains(r"^\d+$")
    return pl.when(in_channel).then(
        _telegram(_token(pl.col("from_id")), pl.lit("/"), "from_number")
    )


def _urls() -> pl.Expr:
    """Return the addresses that stand in a text: Telegram makes links of all of them."""
    found = pl.col("text").str.extract_all(r"""https?://[^\s<>"\[\])(*]+""")
    return found.list.eval(pl.element().str.strip_chars_end(".,;:!?'»”…_")).alias("urls")


def _tags() -> pl.Expr:
    found = pl.col("text").str.extract_all(r"(?:^|[\s(\[*])#\w+")
    return found.list.eval(pl.element().str.replace(r"^.*?#", "")).alias("hashtags")


def _accounts(rows: pl.DataFrame, told: set[tuple[str, str | None]]) -> pl.DataFrame:
    """Return the accounts; a channel's name where an id stands beside it."""
    is_name = (pl.col("channel") != pl.col("chat")) & pl.col("told").is_null() & _is_channel()
    unnamed = pl.lit(None, pl.String)
    seen = pl.concat(
        [
            rows.select(account_id=_here(), name=pl.when(is_name).then("channel")),
            rows.select(account_id=_sender(), name=unnamed),
            rows.select(account_id=_origin(), name=unnamed),
        ]
    )
    return not_told(seen, told).with_columns(platform=pl.lit("telegram"), role=pl.lit("unknown"))


def _posts(rows: pl.DataFrame) -> pl.DataFrame:
    forward = pl.col("is_forward")
    answers = pl.col("answered").str.contains(r"^\d+$").fill_null(value=False) & ~forward
    return rows.select(
        post_id=_telegram("chat", pl.lit("/"), "number"),
        platform=pl.lit("telegram"),
        account_id=_sender(),
        at="at",
        kind=pl.when(forward).then(pl.lit("repost")).when(answers).then(pl.lit("reply"))
        .otherwise(pl.lit("original")),
        parent_id=pl.when(answers).then(_telegram("chat", pl.lit("/"), "answered")),
        root_id=pl.when(forward).then(_root()),
        root_account_id=pl.when(forward).then(_origin()),
        basis=pl.when(answers).then(pl.lit("observed")),
        text="text",
        urls=_urls(),
        hashtags=_tags(),
    ).with_columns(object_keys("urls"))  # fmt: skip


def _numbers(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return the numbers shown; an empty cell is no number, and a 0 mostly tells nothing."""
    shown = []
    for metric in _METRICS:
        held = rows.filter(pl.col(metric).is_not_null())
        is_count = number(metric).str.contains(_COUNT)
        is_blank = is_count & (number(metric).str.strip_chars("0") == "") & ~_is_true_zero(metric)
        for reason, which in (
            (f"{metric} is no number: left out", ~is_count),
            (f"{metric} 0, which can stand for a number not shown: left out", is_blank),
        ):
            odd = held.filter(which)
            if odd.height:
                example = f"{source.name}, {odd['place'][0]}"
                losses.add("unknown", "values", reason, odd.height, example=example)
        shown.append(
            held.filter(is_count, ~is_blank).select(
                post_id=_telegram("chat", pl.lit("/"), "number"),
                metric=pl.lit(metric),
                value=number(metric).cast(pl.Int64),
                definition=pl.lit(f"{FORMAT.name} {metric}"),
            )
        )
    return pl.concat(shown)


def _is_true_zero(metric: str) -> pl.Expr:
    """Return where a 0 was shown: Telegram shows forwards together with views, or neither."""
    seen = number("views").str.contains(r"^0*[1-9]").fill_null(value=False)
    return seen if metric == "forwards" else pl.lit(value=False)
