r"""What tables hold in their cells: lists, counts, yes and no, and words with links in them.

>>> rows = pl.DataFrame({"urls": ["https://a.example/1,2,https://b.example"], "views": ["1,200"]})
>>> rows.select(addresses("urls"), whole("views")).row(0)
(['https://a.example/1,2', 'https://b.example'], 1200)
>>> words = pl.DataFrame({"text": ["Read #город: (https://a.example/b#top)."]})
>>> words.select(links_in(pl.col("text")).alias("links"), tags_in("text")).row(0)
(['https://a.example/b#top'], ['город'])
"""

from collections.abc import Mapping

import polars as pl

from analytics.schema import UTC
from analytics.tables import COUNTERS
from collectors.exports.csvs import ROW
from collectors.exports.losses import Losses
from collectors.exports.sources import Source

_PIECE = r'[^\s<>"()\[\]]'
_LINK = rf"https?://{_PIECE}+(?:\({_PIECE}*\){_PIECE}*)*"  # brackets in pairs belong to it
_AFTER_A_LINK = ".,;:!?*'»”\u2019…"
_TAG = r"#[\p{L}\p{N}\p{M}_]*\p{L}[\p{L}\p{N}\p{M}_]*"
_BETWEEN = "\x1f"  # stands in no address
_YES = ("yes", "true", "1")


def items(column: str, *, between: str = ",") -> pl.Expr:
    """Return the items of a list in a cell; null where the cell is empty."""
    return _clean(pl.col(column).str.split(between))


def addresses(column: str) -> pl.Expr:
    """Return the addresses in a cell, between commas; an address can hold commas itself."""
    apart = pl.col(column).str.replace_all(r",\s*(https?://)", f"{_BETWEEN}$1")
    return _clean(apart.str.split(_BETWEEN))


def links_in(words: pl.Expr) -> pl.Expr:
    """Return the web addresses that stand in words, without what follows them."""
    found = words.str.extract_all(_LINK)
    return _clean(found.list.eval(pl.element().str.strip_chars_end(_AFTER_A_LINK)))


def tags_in(column: str) -> pl.Expr:
    """Return the hashtags that stand in words, without #; those in addresses are none."""
    words = pl.col(column).str.replace_all(_LINK, " ")
    return _clean(words.str.extract_all(_TAG).list.eval(pl.element().str.slice(1)))


def joined(*lists: pl.Expr) -> pl.Expr:
    """Return several lists as one, each item once; null where all of them are null."""
    none = pl.lit([], pl.List(pl.String))
    both = pl.concat_list(each.fill_null(none) for each in lists)
    told = pl.any_horizontal(each.is_not_null() for each in lists)
    return pl.when(told).then(both.list.unique(maintain_order=True))


def said_yes(column: str) -> pl.Expr:
    """Return whether a cell says yes; an empty one does not."""
    return pl.col(column).str.to_lowercase().is_in(_YES).fill_null(value=False)


def whole(column: str) -> pl.Expr:
    """Return counts as numbers, commas and blanks between thousands allowed; else null."""
    text = pl.col(column).str.replace_all(r"[\s\u{a0}\u{202f}]", "")
    grouped = text.str.contains(r"^\d{1,3}(,\d{3})+$")
    bare = text.str.replace(r"\.0$", "")  # as spreadsheets write whole numbers
    number = pl.when(grouped).then(text.str.replace_all(",", "", literal=True)).otherwise(bare)
    count = number.cast(pl.Int64, strict=False)
    return pl.when(count >= 0).then(count).alias(column)


def counters(rows: pl.DataFrame, metrics: Mapping[str, str], maker: str) -> pl.DataFrame:
    """Return the counts beside posts as rows of ``counters``.

    Parameters
    ----------
    rows
        ``post_id``, ``observed_at`` where it is known, and the counts as text.
    metrics
        What each column counts.
    maker
        Whose words the columns' names are; goes before them in ``definition``.
    """
    if not metrics:
        return COUNTERS.empty()
    if "observed_at" not in rows.columns:
        rows = rows.with_columns(observed_at=pl.lit(None, UTC))
    told = rows.select("post_id", "observed_at", *map(whole, metrics)).unpivot(
        list(metrics), index=["post_id", "observed_at"], variable_name="name"
    )
    return told.drop_nulls(["post_id", "value"]).select(
        post_id="post_id",
        metric=pl.col("name").replace_strict(metrics, return_dtype=pl.String),
        value="value",
        definition=pl.lit(f"{maker} ") + pl.col("name"),
        observed_at="observed_at",
    )


def note_no_counts(
    rows: pl.DataFrame, names: Mapping[str, str], source: Source, losses: Losses
) -> None:
    """Note cells that should hold counts and hold something else."""
    lost = rows.select((pl.col(n).is_not_null() & whole(n).is_null()).alias(n) for n in names)
    for name in names:
        note_where(
            rows, lost[name], f"{name} is no count: left empty", source, losses, what="values"
        )


def note_where(
    rows: pl.DataFrame,
    flags: pl.Series | pl.Expr,
    reason: str,
    source: Source,
    losses: Losses,
    *,
    what: str,
) -> None:
    """Note rows of which something is unknown, with the place of the first."""
    if isinstance(flags, pl.Expr):
        flags = rows.select(flags.fill_null(value=False)).to_series()
    if count := int(flags.sum()):
        place = f"{source.name}, row {rows[ROW][int(flags.arg_true()[0])]}"
        losses.add("unknown", what, reason, count, example=place)


def _clean(lists: pl.Expr) -> pl.Expr:
    trimmed = lists.list.eval(pl.element().str.strip_chars())
    return trimmed.list.eval(pl.element().filter(pl.element() != "")).list.unique(
        maintain_order=True
    )
