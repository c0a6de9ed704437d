"""What ``groundswell respond`` does with the ledger, told to a person and as a document."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import typer

from analytics import ledger
from analytics.citing import cite
from analytics.errors import LedgerError
from analytics.ledger import earlier_than_appeals
from analytics.sheets import appeals_csv, coding_sheet, responses_csv
from analytics.store import Store
from dashboards import console

T = TypeVar("T")
Document = dict[str, Any]
Listing = tuple[str, list[str], list[tuple[Any, ...]]]  # a title, names, rows


@dataclass(frozen=True)
class Outcome:
    """What an action gives: a document, and for a person tables and a sentence."""

    document: Document
    sentence: str = ""
    tables: tuple[Listing, ...] = ()

    def show(self) -> None:
        """Print it for a person."""
        for title, names, rows in self.tables:
            console.table(title, names, rows)
        if self.sentence:
            console.say(self.sentence)


@dataclass(frozen=True)
class Asked:
    """What the user said beside the action."""

    file: Path | None = None
    appeal: str | None = None
    response_id: str | None = None
    edit_id: str | None = None
    told: dict[str, str] = field(default_factory=dict)
    who: str = ""
    out: Path | None = None
    by_appeal: bool = False


def cells(told: list[str]) -> dict[str, str]:
    """Return ``field=value`` words by field.

    >>> cells(["from=2016-08", "summary=a = b"])
    {'from': '2016-08', 'summary': 'a = b'}
    """
    known = {"date", "response_id", *ledger.FIELDS}
    pairs = [word.partition("=") for word in told]
    for name, sign, _ in pairs:
        if not sign or name not in known:
            msg = f"--set takes field=value; {name!r} is none of {', '.join(sorted(known))}"
            raise typer.BadParameter(msg)
    return {name: value for name, _, value in pairs}


def listed(store: Store, asked: Asked) -> Outcome:
    """List responses on record."""
    held = store.read("responses", appeal_id=asked.appeal).sort("from")
    names = ["response_id", "from", "to", "rung", "actor", "verb_code", "target", "summary"]
    table = ("Responses on record", names, held.select(names).rows())
    return Outcome({"responses": held.to_dicts()}, tables=(table,))


def candidates(store: Store, asked: Asked) -> Outcome:
    """List what may be a response and is not on record."""
    found = store.read("candidates", appeal_id=asked.appeal).sort("at")
    names = ["at", "account_id", "why", "text", "post_id"]
    table = ("Posts of officials that may be responses", names, found.select(names).rows())
    said = "Found by the last `groundswell measure`; none of them is on record."
    return Outcome({"candidates": found.to_dicts()}, said, (table,))


def add(store: Store, asked: Asked) -> Outcome:
    """Add one response."""
    appeal_id = store.settings.appeal_id(asked.appeal)
    store.declare_appeals()
    response_id, mistakes = ledger.added(
        store, asked.told, appeal_id=appeal_id, who=asked.who, at=datetime.now(UTC)
    )
    _refuse(mistakes)
    own = store.read("responses").filter(response_id=response_id)
    early = earlier_than_appeals(own, store.read("appeals")).height > 0
    note = " It is earlier than its appeal: kept as told." if early else ""
    return Outcome(
        {"response_id": response_id, "is_before_appeal": early},
        f"Response {response_id} is on record.{note}",
    )


def edit(store: Store, asked: Asked) -> Outcome:
    """Change some fields of one response."""
    response_id = needed(asked.response_id, "--id", "edit")
    _refuse(ledger.edited(store, response_id, asked.told, who=asked.who, at=datetime.now(UTC)))
    said = f"Response {response_id} is changed; `groundswell respond {store.path} undo` undoes it."
    return Outcome({"response_id": response_id}, said)


def remove(store: Store, asked: Asked) -> Outcome:
    """Take one response out of the ledger."""
    response_id = needed(asked.response_id, "--id", "remove")
    ledger.removed(store, response_id, who=asked.who, at=datetime.now(UTC))
    said = f"Response {response_id} is removed; `groundswell respond {store.path} undo` undoes it."
    return Outcome({"response_id": response_id}, said)


def undo(store: Store, asked: Asked) -> Outcome:
    """Take back one change: if none is named, the newest that is no undoing and is in force."""
    acts = ledger.in_force(ledger.history(store, asked.response_id)).filter(pl.col("act") != "undo")
    edit_id = asked.edit_id or (None if acts.is_empty() else str(acts["edit_id"][0]))
    if edit_id is None:
        msg = f"there is nothing to undo; `groundswell respond {store.path} history` tells all"
        raise LedgerError(msg)
    response_id = ledger.undone(store, edit_id, who=asked.who, at=datetime.now(UTC))
    said = f"Change {edit_id} of response {response_id} is undone."
    return Outcome({"response_id": response_id, "edit_id": edit_id}, said)


def cited(store: Store, asked: Asked) -> Outcome:
    """Keep when a source was looked at, and the hash of what was seen."""
    response_id = needed(asked.response_id, "--id", "cite")
    source = needed(asked.told.get("sources"), "--set sources=ADDRESS", "cite")
    seen = None if asked.file is None else asked.file.read_bytes()
    sha256 = cite(store, response_id, source, at=datetime.now(UTC), seen=seen)
    said = f"{source} was looked at now" + (f"; SHA-256 {sha256}" if sha256 else "")
    return Outcome({"response_id": response_id, "source": source, "sha256": sha256}, said)


def history(store: Store, asked: Asked) -> Outcome:
    """Tell who changed what, and what was there before."""
    edits = ledger.history(store, asked.response_id)
    names = ["at", "who", "act", "response_id", "field", "was", "now", "edit_id", "undoes"]
    table = ("Changes, the newest first", names, edits.select(names).rows())
    return Outcome({"edits": edits.to_dicts()}, tables=(table,))


def export(store: Store, asked: Asked) -> Outcome:
    """Write the ledger as a CSV, or a row for each appeal."""
    out = needed(asked.out, "--out", "export")
    responses = store.read("responses", appeal_id=asked.appeal)
    if asked.by_appeal:
        appeals = store.read("appeals", appeal_id=asked.appeal)
        rows = appeals_csv(appeals, store.read("clocks"), responses)
    else:
        rows = responses_csv(responses.sort("from", "response_id"), store.read("response_sources"))
    return _written(rows, out)


def sheet(store: Store, asked: Asked) -> Outcome:
    """Write what a second coder is given: no codes."""
    out = needed(asked.out, "--out", "code")
    return _written(coding_sheet(store.read("responses", appeal_id=asked.appeal)), out)


def disagreements(store: Store, _: Asked) -> Outcome:
    """Tell how far coders agree, and what is to be settled."""
    agreed, differing = store.read("agreement"), store.read("disagreements")
    names = ["field", "responses", "coders", "alpha", "alpha_lo", "alpha_hi", "reading"]
    return Outcome(
        {"agreement": agreed.to_dicts(), "disagreements": differing.to_dicts()},
        "Found by the last `groundswell measure`.",
        (("Agreement (Krippendorff)", names, agreed.select(names).rows()),
         ("To be settled", differing.columns, differing.rows())),
    )  # fmt: skip


ACTIONS: dict[str, Callable[[Store, Asked], Outcome]] = {
    "list": listed, "candidates": candidates, "add": add, "edit": edit, "remove": remove,
    "cite": cited, "undo": undo, "history": history, "export": export, "code": sheet,
    "disagreements": disagreements,
}  # fmt: skip


def _written(rows: pl.DataFrame, out: Path) -> Outcome:
    with out.open("wb") as file:
        rows.write_csv(file)
    return Outcome({"file": str(out), "rows": rows.height}, f"{out}: {rows.height:,} rows")


def _refuse(mistakes: dict[str, str]) -> None:
    """Say what is wrong, field by field."""
    if mistakes:
        facts = "; ".join(f"{name} {wrong}" for name, wrong in mistakes.items())
        raise LedgerError(facts)


def needed(value: T | None, what: str, action: str) -> T:
    """Return what an action cannot do without.

    Raises
    ------
    BadParameter
        It was not told.
    """
    if value is None:
        msg = f"`groundswell respond STORE {action}` needs {what}"
        raise typer.BadParameter(msg)
    return value
