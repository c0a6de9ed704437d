"""How alike accounts are in what they share, at whatever time."""

from typing import Any

import numpy as np
import polars as pl

from analytics.measured import SIMILARITY
from analytics.sharing import components
from analytics.synchrony import Sweep

LEAST_SHARES = 10  # of an account that is compared
TOP = 0.005  # of all pairs, by their cosine
MOST_ACCOUNTS = 5_000  # that are compared: those that shared most
MOST_PAIRS = 5_000_000  # that share an object, each object counted: those with most sharers go


def similarity(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return the table ``similarity``: what :func:`compared` tells, where there are two to compare.

    Parameters
    ----------
    rows
        What it tells of each appeal and kind of object, with ``appeal_id`` and ``object``.
    """
    kept = [row for row in rows if row["accounts"] > 1]
    return SIMILARITY.check(pl.DataFrame(kept, schema=SIMILARITY.schema).sort(SIMILARITY.key))


def compared(sweep: Sweep, *, least: int = LEAST_SHARES) -> dict[str, Any]:
    """Compare the accounts that share most by what they share.

    An account is the objects it shared, how often, each weighed by how few of the accounts compared
    share it (TF-IDF, smoothed, of length 1); two accounts are as alike as the cosine of these. Kept
    are the 0.5 % of pairs that are most alike, ties included (Pacheco et al. 2021, who compare
    accounts with ten reposts and more).

    Parameters
    ----------
    sweep
        Shares of one appeal and kind of object.
    least
        Shares of an account that is compared.

    Returns
    -------
    dict
        A row of the table ``similarity``, but for the names of appeal and object.
    """
    shares = np.bincount(sweep.account, minlength=sweep.accounts)
    active = np.flatnonzero(shares >= least)
    kept = np.sort(active[np.argsort(-shares[active], kind="stable")][:MOST_ACCOUNTS])
    vectors, left_out = _weighed(sweep, kept)
    cosine = cosines(vectors)
    cutoff = _cutoff(cosine.data)
    strong = cosine.data >= cutoff if cutoff is not None else np.zeros(0, np.bool_)
    ends = cosine.row[strong], cosine.col[strong]
    group = components(*ends, len(kept))[np.unique(np.concatenate(ends))]
    sizes = np.bincount(group)
    return {
        "least_shares": least,
        "accounts": len(active),
        "compared": len(kept),
        "pairs": len(cosine.data),
        "cutoff": cutoff,
        "edges": int(strong.sum()),
        "accounts_in_edges": len(group),
        "components": int((sizes > 0).sum()),
        "largest": int(sizes.max(initial=0)),
        "note": _note(len(active) - len(kept), left_out),
    }


def _weighed(sweep: Sweep, kept: np.ndarray[Any, Any]) -> tuple[Any, int]:
    """Return how often each account shared each object, and how many objects are left out."""
    from scipy.sparse import csr_array  # noqa: PLC0415

    place = np.full(sweep.accounts, -1)
    place[kept] = np.arange(len(kept))
    objects = np.repeat(np.arange(len(sweep.bounds) - 1), np.diff(sweep.bounds))
    told = place[sweep.account] >= 0
    shape = (len(kept), len(sweep.bounds) - 1)
    ones = np.ones(int(told.sum()))
    counts = csr_array((ones, (place[sweep.account[told]], objects[told])), shape=shape)
    counts.sum_duplicates()
    sharers = np.bincount(counts.indices, minlength=shape[1]).astype(np.int64)
    order = np.argsort(sharers, kind="stable")
    room = np.empty(shape[1], np.bool_)
    room[order] = np.cumsum(sharers[order] * (sharers[order] - 1) // 2) <= MOST_PAIRS
    return counts[:, room], int((~room).sum())


def cosines(counts: Any) -> Any:  # noqa: ANN401 - sparse arrays of scipy have no types
    """Return the cosine of each pair of rows that have something in common, as a sparse array.

    Parameters
    ----------
    counts
        A sparse array: how often each account (row) shared each object (column). An object weighs
        ln((1 + accounts) / (1 + accounts that share it)) + 1.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> found = cosines(csr_array([[1, 1, 0], [1, 1, 0], [1, 0, 1]]))  # "a b", "a b", "a c"
    >>> found.toarray().round(6)
    array([[0.      , 1.      , 0.311917],
           [0.      , 0.      , 0.311917],
           [0.      , 0.      , 0.      ]])
    """
    from scipy.sparse import csr_array, diags_array, triu  # noqa: PLC0415

    accounts = counts.shape[0]
    sharers = np.bincount(counts.indices, minlength=counts.shape[1])
    weight = np.log((1 + accounts) / (1 + sharers)) + 1
    rows = csr_array(counts.astype(float) @ diags_array(weight))
    length = np.sqrt(np.asarray((rows * rows).sum(axis=1)).ravel())
    rows = diags_array(1 / np.where(length > 0, length, 1)) @ rows
    return triu(rows @ rows.T, k=1, format="coo")


def _cutoff(cosine: np.ndarray[Any, Any]) -> float | None:
    """Return the cosine of the last pair of the top; null without a pair."""
    if not len(cosine):
        return None
    place = max(len(cosine) - max(round(TOP * len(cosine)), 1), 0)
    return float(np.partition(cosine, place)[place])


def _note(accounts: int, objects: int) -> str | None:
    said = []
    if accounts:
        said.append(f"accounts that shared less are not compared: {accounts:,}")
    if objects:
        said.append(f"objects that most accounts share are left out: {objects:,}")
    return "; ".join(said) or None
