"""How much to believe of a p when several things were tried."""

from collections.abc import Sequence

import polars as pl


def with_q(tested: pl.DataFrame, over: Sequence[str]) -> pl.DataFrame:
    """Return the rows with ``tests``, how many were tried, and ``q``, the false discovery rate.

    Parameters
    ----------
    tested
        One row per test, with its ``p``; null where nothing was tested.
    over
        Columns that say which tests were tried together; none where all were.

    Returns
    -------
    DataFrame
        The same rows in the same order. ``q`` is the least rate of false discoveries at which the
        row would be told (Benjamini and Hochberg 1995); null where ``p`` is.

    Examples
    --------
    >>> with_q(pl.DataFrame({"p": [0.01, 0.04, None, 0.03]}), [])["q"].to_list()
    [0.03, 0.04, None, 0.04]
    """
    family = list(over) or pl.lit(0)
    many = pl.col("p").count().over(family)
    raised = pl.col("p") * many / pl.col("p").rank("max").over(family)
    told = tested.with_row_index("_row").with_columns(tests=many.cast(pl.Int64), q=raised)
    from_above = pl.col("q").cum_min().over(family).clip(upper_bound=1)
    return (
        told.sort("p", descending=True, nulls_last=True)
        .with_columns(q=pl.when(pl.col("p").is_not_null()).then(from_above))
        .sort("_row")
        .drop("_row")
    )
