"""What all data sources of 4CAT have in common: how one is recognised, and what a file of it tells.

Handles are resolved to ids by the file itself: where one row gives both, all rows gain by it. A
handle that belongs to several ids in one file is left a handle.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from analytics.tables import ACCOUNTS, COUNTERS, POSTS
from collectors.exports.cells import counters, note_no_counts
from collectors.exports.formats import Options, Part
from collectors.exports.fourcat_clocks import Clock
from collectors.exports.sources import Source

_HANDLES = {"handle": pl.String, "id": pl.String}

CLOCKS = ("timestamp", "unix_timestamp")
Pair = tuple[str, str | pl.Expr]  # the column of a handle, and what gives its id


@dataclass
class Handles:
    """Which id each handle has, as far as the rows of a file tell both."""

    _found: list[pl.DataFrame] = field(default_factory=list)

    def watch(self, rows: pl.DataFrame, pairs: Sequence[Pair]) -> None:
        """Remember the handles and ids in some rows."""
        for handle, number in pairs:
            both = rows.select(handle=_bare(pl.col(handle)), id=number).drop_nulls()
            self._found.append(both.filter(pl.col("handle") != "").unique())

    def known(self, handle: pl.Expr) -> pl.Expr:
        """Return the id of a handle; null where it is not known."""
        if self._known.is_empty():
            return pl.lit(None, pl.String)
        return _bare(handle).replace_strict(
            self._known["handle"], self._known["id"], default=None, return_dtype=pl.String
        )

    @cached_property
    def _known(self) -> pl.DataFrame:
        every = pl.concat([pl.DataFrame(schema=_HANDLES), *self._found]).unique()
        number = pl.col("id").str.strip_prefix("user")  # before Telegram's numbers of people
        grouped = every.group_by("handle").agg(
            one=number.n_unique() == 1, id=pl.col("id").sort_by(pl.col("id").str.len_bytes()).last()
        )
        return grouped.filter("one")

    def account(self, platform: str, handle: pl.Expr) -> pl.Expr:
        """Return the account of a handle: with its id if known, else with ``@``."""
        bare = handle.str.strip_chars().str.strip_prefix("@")
        bare = pl.when(bare != "").then(bare)
        return pl.coalesce(
            pl.concat_str(pl.lit(f"{platform}:"), self.known(handle)),
            pl.concat_str(pl.lit(f"{platform}:@"), bare),
        )

    def accounts(self, rows: pl.DataFrame, platform: str, handles: pl.Expr) -> pl.Series:
        """Return the accounts of lists of handles."""
        lists = rows.with_row_index("\0n").select("\0n", handle=handles)
        each = lists.explode("handle", empty_as_null=True).drop_nulls()
        named = each.select("\0n", account=self.account(platform, pl.col("handle"))).drop_nulls()
        grouped = named.group_by("\0n", maintain_order=True).agg("account")
        return lists.join(grouped, on="\0n", how="left", maintain_order="left")["account"]


@dataclass(frozen=True)
class Rows:
    """Some rows of a file, with their times in ``at`` and only the columns that are read."""

    frame: pl.DataFrame
    source: Source
    options: Options
    handles: Handles


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """One data source of 4CAT: its columns, which clock is right, and what becomes of its rows."""

    name: str
    needs: frozenset[str]
    reads: tuple[str, ...]
    repeats: frozenset[str]  # columns that only say what others say
    clock: Clock | None  # none where the source has a clock of another name
    handles: tuple[Pair, ...]
    metrics: dict[str, str]  # what each column of counts counts
    parts: Callable[[Rows], Iterator[Part]]

    @property
    def columns(self) -> tuple[str, ...]:
        """All that is read, the clocks included."""
        return tuple(dict.fromkeys((*self.needs, *self.reads, *self.metrics, *CLOCKS)))

    @property
    def surveyed(self) -> tuple[str, ...]:
        """What must be seen of all rows before one is read: the clocks, handles and their ids."""
        ids = [pl.col(each) if isinstance(each, str) else each for _, each in self.handles]
        named = [name for each in ids for name in each.meta.root_names()]
        return tuple(dict.fromkeys((*CLOCKS, *(handle for handle, _ in self.handles), *named)))


def account_rows(rows: pl.DataFrame, platform: str, **columns: pl.Expr | str) -> Part:
    """Return accounts, each way of seeing one once; those without an id are left out."""
    told = rows.select(platform=pl.lit(platform), role=pl.lit("unknown"), **columns)
    return Part(ACCOUNTS, told.drop_nulls("account_id").unique(maintain_order=True), "accounts")


def post_rows(rows: pl.DataFrame) -> Part:
    """Return posts: the columns of the table that the rows have."""
    return Part(POSTS, rows.select(n for n in POSTS.columns if n in rows.columns), "posts")


def shown(rows: Rows, posts: pl.DataFrame, metrics: dict[str, str], maker: str) -> Part:
    """Return the numbers beside posts; cells that hold no number are noted."""
    note_no_counts(posts, metrics, rows.source, rows.options.losses)
    return Part(COUNTERS, counters(posts, metrics, maker), "numbers shown")


def _bare(handle: pl.Expr) -> pl.Expr:
    """Return a handle as platforms compare them: without @, whatever its case."""
    return handle.str.strip_chars().str.strip_prefix("@").str.to_lowercase()
