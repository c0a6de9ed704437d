"""What happens when rows come again: by key, without a value that is known ever being lost."""

from dataclasses import dataclass

import polars as pl

from analytics.schema import Table

# Where two payloads differ only in these, they do not disagree, and nothing is completed.
_PROVENANCE = frozenset({"source", "collected_at"})
# What we find in a row ourselves may change with our version: it is completed and never disagrees.
_FOUND = frozenset({"text_lang", "text_lang_confidence"})
_NEW = "\0new"
_NO = pl.lit(value=False)


@dataclass(frozen=True)
class Written:
    """What an append did with its rows.

    ``new`` rows were added, ``completed`` held rows got values they lacked, ``held`` rows were
    there already, ``repeated`` rows shared a key with another row of the same append. Of the rows
    that were there, ``disagreeing`` ones brought a different value; the held value was kept.
    ``forgotten`` rows tell of what was forgotten; they were not let in.
    """

    new: int = 0
    completed: int = 0
    held: int = 0
    repeated: int = 0
    disagreeing: int = 0
    forgotten: int = 0

    def __add__(self, other: "Written") -> "Written":
        """Return the sum, field by field."""
        return Written(
            self.new + other.new,
            self.completed + other.completed,
            self.held + other.held,
            self.repeated + other.repeated,
            self.disagreeing + other.disagreeing,
            self.forgotten + other.forgotten,
        )


def one_row_a_key(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Merge rows of one key: the first value that is known, or the last row."""
    maybe = key_hashes(table, frame).is_duplicated()
    if not maybe.any():
        return frame
    exact = frame.filter(maybe).select(table.key).is_duplicated()
    again = maybe.scatter(maybe.arg_true(), exact)
    if table.merge == "replace":
        return frame.unique(table.key, keep="last", maintain_order=True)
    joined = _joining(table)
    first = pl.exclude(*table.key, *joined).drop_nulls().first()
    lists = [pl.col(n).explode().drop_nulls().unique(maintain_order=True) for n in joined]
    known = [pl.col(n).is_not_null().any().alias(n + _NEW) for n in joined]
    merged = frame.filter(again).group_by(table.key, maintain_order=True).agg(first, *lists, *known)
    merged = merged.with_columns(pl.when(pl.col(n + _NEW)).then(pl.col(n)).alias(n) for n in joined)
    return pl.concat([frame.filter(~again), merged.select(frame.columns)])


def key_hashes(table: Table, frame: pl.DataFrame) -> pl.Series:
    """Return a number for each row's key: equal keys have equal numbers, others hardly ever."""
    numbers = [pl.col(name).hash(seed) for seed, name in enumerate(table.key)]
    return frame.select(
        pl.fold(pl.lit(0, pl.UInt64), lambda a, b: (a * 31) ^ b, numbers)
    ).to_series()


def content_hashes(table: Table, frame: pl.DataFrame, keys: pl.Series) -> pl.Series:
    """Return a number for all that each row tells: equal rows have equal numbers.

    Where a row came from is no part of it. ``keys`` are the numbers of the rows' keys.
    """
    told = [name for name in table.columns if name not in {*table.key, *_PROVENANCE}]
    if not told:
        return keys
    numbers = [pl.col(name).hash(seed) for seed, name in enumerate(told)]
    folded = pl.fold(pl.lit(keys), lambda a, b: (a * 31) ^ b, numbers)
    return frame.select(folded.alias("told")).to_series()


def merge(
    table: Table, held: pl.DataFrame, frame: pl.DataFrame
) -> tuple[Written, pl.DataFrame, pl.DataFrame]:
    """Return what is done, the held rows as they are from now on, and the rows that are new.

    Parameters
    ----------
    table
        Its ``merge`` says how: nulls are filled, or the newer row holds.
    held
        The rows that are held under the keys of ``frame``.
    frame
        The rows that come, one a key.
    """
    new = frame.join(held, on=table.key, how="anti", nulls_equal=True)
    again = held.join(frame, on=table.key, how="left", nulls_equal=True, suffix=_NEW)
    merged, changed, disagreeing = _merged(table, again)
    done = Written(
        new=new.height,
        completed=int(changed.sum()),
        held=int((~changed).sum()),
        disagreeing=disagreeing,
    )
    return done, merged, new


def _merged(table: Table, again: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series, int]:
    """Return the merged rows, which of them changed, and how many held values disagree."""
    values = [name for name in table.columns if name not in table.key]
    if not values:  # the key is all there is
        return again, pl.repeat(value=False, n=again.height, eager=True), 0
    differ = {n: pl.col(n).ne_missing(pl.col(n + _NEW)) for n in values}
    if table.merge == "replace":
        changed = again.select(pl.any_horizontal(_NO, *differ.values())).to_series()
        newer = [pl.col(n + _NEW).alias(n) for n in values]
        return again.select(*table.key, *newer).select(*table.columns), changed, 0
    joined = _joining(table)
    told = [n for n in values if n not in {*_PROVENANCE, *joined}]
    fills = {n: pl.col(n).is_null() & pl.col(n + _NEW).is_not_null() for n in told}
    disagree = pl.any_horizontal(
        _NO,
        *(
            differ[n] & pl.col(n).is_not_null() & pl.col(n + _NEW).is_not_null()
            for n in told
            if n not in _FOUND
        ),
    )
    more = {n: _union(n).ne_missing(pl.col(n)) for n in joined}
    changes = [*fills.values(), *more.values()]
    flags = again.select(changed=pl.any_horizontal(_NO, *changes), disagree=disagree)
    filled = [_union(n) if n in more else pl.coalesce(n, n + _NEW) for n in values]
    merged = again.select(*table.key, *filled).select(*table.columns)
    old = [  # where a row came from is told anew with what it brought, never alone
        pl.when(flags["changed"]).then(merged[name]).otherwise(again[name]).alias(name)
        for name in values
        if name in _PROVENANCE
    ]
    merged = merged.with_columns(old)
    return merged, flags["changed"], int(flags["disagree"].sum())


def _joining(table: Table) -> list[str]:
    """Return the columns of keys that join a row to others: each source may know other ones."""
    return [n for n, column in table.columns.items() if column.holds == "object"]


def _union(name: str) -> pl.Expr:
    """Return the keys of a held row and of the one that comes."""
    ordered = pl.concat_list(name, name + _NEW).list.unique(maintain_order=True)
    return pl.coalesce(ordered, name, name + _NEW).alias(name)
