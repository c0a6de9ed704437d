"""What a second coder makes of responses, without seeing the first coder's codes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from analytics.coding import CODED, FIRST, newest
from analytics.errors import LedgerError
from analytics.ledger import Cells, as_cells, checked, held_response
from analytics.merging import Written
from analytics.store import Store
from analytics.tables import CODINGS

Codes = dict[str, str | None]


def checked_codes(
    held: Mapping[str, Any], cells: Cells, coder: str
) -> tuple[Codes, dict[str, str]]:
    """Read the codes that somebody gives a response.

    Parameters
    ----------
    held
        The response, as the first coder has it.
    cells
        By field, as a CSV has them.
    coder
        Who codes.

    Returns
    -------
    codes
        By field of ``CODED``; null where none was given.
    mistakes
        By field, what is wrong; ``coder`` where nobody is named, or the first coder once more.
    """
    told = {field: cells.get(field) or "" for field in CODED}
    values, wrong = checked(as_cells(held) | told)
    mistakes = {field: wrong[field] for field in CODED if field in wrong}
    if not coder.strip():
        mistakes["coder"] = "is missing; write it in the column coder, or say --by NAME"
    elif _same(coder, held.get("coder")):
        mistakes["coder"] = f"{coder.strip()!r} coded it first; a second coder is another person"
    return {field: values.get(field) for field in CODED}, mistakes


def _same(one: str, other: str | None) -> bool:
    return other is not None and one.strip().casefold() == other.strip().casefold()


def code(
    store: Store, response_id: str, cells: Cells, *, coder: str, at: datetime
) -> dict[str, str]:
    """Keep what somebody makes of one response; return the mistakes by field, if any.

    Raises
    ------
    LedgerError
        There is no such response, or no code is given.
    """
    if not any((cells.get(field) or "").strip() for field in CODED):
        msg = f"no code is given; there are {', '.join(CODED)}"
        raise LedgerError(msg)
    given, mistakes = checked_codes(held_response(store, response_id), cells, coder)
    if not mistakes:
        keep_codes(store, code_rows(response_id, given, coder=coder, at=at))
    return mistakes


def code_rows(
    response_id: str, codes: Codes, *, coder: str, at: datetime
) -> Iterable[dict[str, Any]]:
    """Return codes of one response as rows of ``codings``."""
    common = {"response_id": response_id, "coder": coder.strip(), "at": at}
    return [common | {"field": field, "value": value} for field, value in codes.items()]


def keep_codes(store: Store, rows: Iterable[Mapping[str, Any]]) -> Written:
    """Write codes that differ from those that hold; nothing that was given before is lost.

    Where a response is coded again for the first time, what the first coder made of it is kept
    beside: what is settled later changes the ledger, and must not change how far they agreed.
    """
    key = ["response_id", "field", "coder", "value"]
    told = pl.DataFrame(list(rows), schema=CODINGS.schema)
    with store.writing():
        holding = store.read("codings")
        store.append(CODINGS, _first_codes(told, holding, store.read("responses")))
        fresh = told.join(newest(holding), on=key, how="anti", nulls_equal=True)
        done = store.append(CODINGS, fresh)
    return done + Written(held=told.height - fresh.height)


def _first_codes(
    told: pl.DataFrame, holding: pl.DataFrame, responses: pl.DataFrame
) -> pl.DataFrame:
    new = told.join(holding, on="response_id", how="anti")
    when = new.group_by("response_id").agg(pl.col("at").min())
    index = ["response_id", "coder", "at"]
    return (
        responses.join(when, on="response_id")
        .with_columns(pl.col("coder").fill_null(FIRST))
        .unpivot(on=list(CODED), index=index, variable_name="field")
        .select(CODINGS.schema.names())
    )
