"""The ledger of responses: what may be entered, who entered it, and what was there before.

Whatever changes a response goes through :func:`record`, which writes what it was and what it is
now, field by field, before it changes anything. Nothing is overwritten without a trace, and any
act of changing can be undone; undoing is an act of changing, too.
"""

import calendar
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal
from uuid import uuid4

import polars as pl

from analytics.codes import codes, wrong_actor
from analytics.errors import LedgerError
from analytics.garbled import is_garbled
from analytics.responses import with_rungs
from analytics.store import Store
from analytics.tables import EDITS, LEVELS, RESPONSES, TARGETS

Cells = Mapping[str, str | None]
Act = Literal["add", "edit", "import", "undo", "remove"]

FIELDS = (
    "from", "to", "reported_at", "actor", "actor_code", "actor_kind", "level", "verb_code",
    "target", "huridocs_type", "summary", "sources", "coder", "confidence", "status", "impact",
)  # fmt: skip
REQUIRED = ("from", "actor", "verb_code")
CLOSED = ("actor_kind", "huridocs_type", "impact", "status")
_NAMED = ("actor", "verb_code", "target", "summary")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", re.ASCII)
_CAMEO = re.compile(r"(0[1-9]|1\d|20)\d{0,2}", re.ASCII)
_LINK = re.compile(r"https?://(?:[^\s/|@]+@)?[^\s/|@.]+\.[^\s|]+", re.IGNORECASE)
BETWEEN = "|"  # items of a list


def checked(cells: Cells, zone: tzinfo = UTC) -> tuple[dict[str, Any], dict[str, str]]:
    """Read what somebody entered for a response.

    Parameters
    ----------
    cells
        By field, as a CSV has them; ``date`` stands for ``from``. A date may be a year, a month, a
        day or a time, and is the interval in which it can lie; sources have ``|`` between them.
    zone
        Of dates without one.

    Returns
    -------
    values
        By column of ``responses``; null where nothing was entered. Only the fields that are right.
    mistakes
        By field, what is wrong with it and how to write it; empty where all is right.

    Examples
    --------
    >>> values, mistakes = checked({"from": "2016-08", "actor": "police", "verb_code": "9"})
    >>> values["to"].isoformat(), mistakes
    ('2016-08-31T23:59:59.999999+00:00', {'verb_code': "'9' is no CAMEO code such as 09 or 173"})
    """
    told = {name: (text or "").strip() for name, text in cells.items()}
    told["from"] = told.get("from") or told.get("date", "")
    values: dict[str, Any] = {}
    mistakes: dict[str, str] = {}
    for field in FIELDS:
        try:
            values[field] = _READERS.get(field, _text)(field, told.get(field, ""), zone)
        except ValueError as error:
            mistakes[field] = str(error)
    mistakes |= {name: "is missing" for name in REQUIRED if not told.get(name)}
    if not {"from", "to"} & set(mistakes):
        values["from"], values["to"], wrong = _ordered(values["from"], values["to"])
        mistakes |= {"to": wrong} if wrong else {}
    values["reported_at"] = values["reported_at"][0] if values.get("reported_at") else None
    return {name: values.get(name) for name in FIELDS if name not in mistakes}, mistakes


def _ordered(
    first: tuple[datetime, datetime], last: tuple[datetime, datetime] | None
) -> tuple[datetime, datetime, str | None]:
    start, end = first[0], (last or first)[1]
    return start, end, "ends before it begins" if end < start else None


def named(cells: Cells, appeal_id: str) -> str:
    """Return an id for a response by what was done, so that the same file again changes nothing."""
    told = [cells.get(name) or "" for name in ("from", "date", "to", *_NAMED)]
    return hashlib.sha256(repr([appeal_id, *told]).encode()).hexdigest()[:12]


# Reading one field


def _text(_: str, text: str, __: tzinfo) -> str | None:
    if is_garbled(text):
        msg = "holds letters that were lost on the way; save the text as UTF-8"
        raise ValueError(msg)
    return text or None


def _verb(_: str, text: str, __: tzinfo) -> str | None:
    if text and not _CAMEO.fullmatch(text):
        msg = f"{text!r} is no CAMEO code such as 09 or 173"
        raise ValueError(msg)
    return text or None


def _actor_code(_: str, text: str, __: tzinfo) -> str | None:
    if text and (wrong := wrong_actor(text)):
        msg = f"{text!r}: {wrong}" if wrong.startswith("'") else f"{text!r} {wrong}"
        raise ValueError(msg)
    return text or None


def _closed(field: str, text: str, _: tzinfo) -> str | None:
    known = codes(field)
    if text and text not in known:
        some = ", ".join(f"{code} ({name})" for code, name in list(known.items())[:3])
        msg = f"{text!r} is no code of docs/codebook.md, such as {some}"
        raise ValueError(msg)
    return text or None


def _one_of(field: str, text: str, _: tzinfo) -> str | None:
    values = {"level": LEVELS, "target": TARGETS}[field]
    if text and text.lower() not in values:
        msg = f"{text!r} is none of {', '.join(values)}"
        raise ValueError(msg)
    return text.lower() or None


def _sources(_: str, text: str, zone: tzinfo) -> list[str]:
    _text("", text, zone)
    told = [source.strip() for source in text.split(BETWEEN) if source.strip()]
    for source in told:
        if source.lower().startswith(("http:", "https:")) and not _LINK.fullmatch(source):
            msg = f"{source!r} is no address; write it whole, with | between sources"
            raise ValueError(msg)
    return told


def _confidence(_: str, text: str, __: tzinfo) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        msg = f"{text!r} is not between 0 and 1"
        raise ValueError(msg)
    return value


def _interval(_: str, text: str, zone: tzinfo) -> tuple[datetime, datetime] | None:
    return moments(text, zone) if text else None


def moments(text: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the first and last moment that a date can mean.

    Raises
    ------
    ValueError
        It is no date.
    """
    try:
        if found := _DATE.fullmatch(text):
            return _whole(int(found[1]), int(found[2] or 0), int(found[3] or 0), zone)
        if not _TIME.match(text):
            raise ValueError(text)  # noqa: TRY301 - told below, as all that is no date
        time = datetime.fromisoformat(text)
        moment = (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        msg = f"{text!r} is no date; write 2016-08, 2016-08-29 or 2016-08-29T18:30+06:00"
        raise ValueError(msg) from None
    return moment, moment


def _whole(year: int, month: int, day: int, zone: tzinfo) -> tuple[datetime, datetime]:
    last_month = month or 12
    last_day = day or calendar.monthrange(year, last_month)[1]
    start = datetime(year, month or 1, day or 1, tzinfo=zone)
    end = datetime(year, last_month, last_day, tzinfo=zone) + timedelta(days=1)
    return start.astimezone(UTC), end.astimezone(UTC) - timedelta(microseconds=1)


_READERS = {
    **dict.fromkeys(("from", "to", "reported_at"), _interval),
    **dict.fromkeys(("level", "target"), _one_of),
    **dict.fromkeys(CLOSED, _closed),
    "verb_code": _verb, "actor_code": _actor_code, "sources": _sources, "confidence": _confidence,
}  # fmt: skip


def as_cells(row: Mapping[str, Any]) -> dict[str, str]:
    """Return a response as somebody would enter it: times in full, empty where nothing is known.

    >>> as_cells({"from": datetime(2016, 8, 29, tzinfo=UTC), "sources": ["a", "b"], "level": None})
    {'from': '2016-08-29T00:00:00+00:00', 'sources': 'a|b', 'level': ''}
    """
    return {name: _cell(value) for name, value in row.items()}


def _cell(value: Any) -> str:  # noqa: ANN401 - cells of all types
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat()
        case list():
            return BETWEEN.join(_cell(item) for item in value)
        case _:
            return str(value)


# Changing the ledger


def added(
    store: Store, cells: Cells, *, appeal_id: str, who: str, at: datetime
) -> tuple[str | None, dict[str, str]]:
    """Add a response; return its id, or None and the mistakes by field.

    Raises
    ------
    LedgerError
        Nobody is named who adds it, or it is on record already.
    """
    values, mistakes = checked(cells, store.zone)
    if mistakes:
        return None, mistakes
    response_id = cells.get("response_id") or named(cells, appeal_id)
    if response_id in set(store.read("responses", columns=["response_id"])["response_id"]):
        msg = f"response {response_id} is on record already; edit it, or give it another id"
        raise LedgerError(msg)
    row = values | {"response_id": response_id, "appeal_id": appeal_id}
    record(store, [row], act="add", who=who, at=at)
    return response_id, {}


def edited(
    store: Store, response_id: str, cells: Cells, *, who: str, at: datetime
) -> dict[str, str]:
    """Change some fields of a response; return the mistakes by field, if any: then nothing changed.

    An empty cell takes away what was there.

    Raises
    ------
    LedgerError
        There is no such response, or nobody is named who changes it.
    """
    held = held_response(store, response_id)
    told = as_cells(held) | dict(cells)
    if cells.get("from") and "to" not in cells:
        told["to"] = ""  # another date, as wide as it is written
    values, mistakes = checked(told, store.zone)
    if not mistakes:
        record(store, [held | values], act="edit", who=who, at=at)
    return mistakes


def earlier_than_appeals(responses: pl.DataFrame, appeals: pl.DataFrame) -> pl.DataFrame:
    """Return the responses that were over before their appeal was published: worth a look.

    >>> appeals = pl.DataFrame({"appeal_id": ["a"], "published_at": [datetime(2026, 5, 1)]})
    >>> acts = pl.DataFrame({"appeal_id": ["a", "a"],
    ...                      "to": [datetime(2026, 4, 30), datetime(2026, 5, 2)]})
    >>> earlier_than_appeals(acts, appeals)["to"].to_list()
    [datetime.datetime(2026, 4, 30, 0, 0)]
    """
    begun = appeals.select("appeal_id", "published_at")
    late = responses.join(begun, on="appeal_id", how="inner")
    return late.filter(pl.col("to") < pl.col("published_at")).drop("published_at")


def held_response(store: Store, response_id: str) -> dict[str, Any]:
    """Return a response that is on record.

    Raises
    ------
    LedgerError
        There is none of that id.
    """
    for row in store.read("responses").filter(response_id=response_id).iter_rows(named=True):
        return row
    msg = f"there is no response {response_id}; `groundswell respond {store.path} list` names them"
    raise LedgerError(msg)


def record(
    store: Store,
    rows: Iterable[Mapping[str, Any]],
    *,
    act: Act,
    who: str,
    at: datetime,
    undoes: str | None = None,
) -> int:
    """Write responses and, before, what of each changes; return how many responses change.

    Raises
    ------
    LedgerError
        Nobody is named who does it.
    """
    name = _signed(who)
    whole = [dict.fromkeys(RESPONSES.columns) | dict(row) for row in rows]
    safe = store.protected(RESPONSES, with_rungs(pl.DataFrame(whole, schema=RESPONSES.schema)))
    with store.writing():
        held = {row["response_id"]: row for row in store.read("responses").iter_rows(named=True)}
        changing = [
            row for row in safe.iter_rows(named=True)
            if _changes(held.get(row["response_id"], {}), row)
        ]  # fmt: skip
        trail = [
            told for row in changing
            for told in _trail(held.get(row["response_id"], {}), row,
                               {"act": act, "who": name, "at": at, "undoes": undoes})
        ]  # fmt: skip
        if changing:
            store.append(EDITS, pl.DataFrame(trail, schema=EDITS.schema))
            store.append(RESPONSES, pl.DataFrame(changing, schema=RESPONSES.schema))
    return len(changing)


def _signed(who: str) -> str:
    if not who.strip():
        msg = "say who does this (--by NAME): every change of the ledger is signed"
        raise LedgerError(msg)
    return who.strip()


def removed(
    store: Store, response_id: str, *, who: str, at: datetime, undoes: str | None = None
) -> None:
    """Take a response out of the ledger; what it was stays in the trail.

    Raises
    ------
    LedgerError
        There is no such response, or nobody is named who removes it.
    """
    held = held_response(store, response_id)
    name = _signed(who)
    gone = dict.fromkeys(FIELDS) | {name: held[name] for name in ("response_id", "appeal_id")}
    act = "remove" if undoes is None else "undo"
    trail = _trail(held, gone, {"act": act, "who": name, "at": at, "undoes": undoes})
    with store.writing():
        store.append(EDITS, pl.DataFrame(trail, schema=EDITS.schema))
        store.remove(RESPONSES, "response_id", [response_id])


def undone(store: Store, edit_id: str, *, who: str, at: datetime) -> str:
    """Put back what an act of changing changed; return the id of the response.

    Raises
    ------
    LedgerError
        There is no such act, it is undone already, a later one changed the same fields, or nobody
        is named.
    """
    edits = store.read("edits")
    own = edits.filter(edit_id=edit_id)
    if own.is_empty():
        msg = f"there is no change {edit_id}; `groundswell respond {store.path} history` names them"
        raise LedgerError(msg)
    _can_be_undone(edits, own)
    response_id, appeal_id = own.select("response_id", "appeal_id").row(0)
    was = dict(own.select("field", "was").iter_rows())
    if "from" in was and was["from"] is None:  # it was added
        removed(store, response_id, who=who, at=at, undoes=edit_id)
        return str(response_id)
    held = store.read("responses").filter(response_id=response_id)
    before = held.row(0, named=True) if held.height else dict.fromkeys(FIELDS)
    values, mistakes = checked(as_cells(before) | was, UTC)
    for field in [name for name in was if name in mistakes]:
        msg = f"{field} {mistakes[field]}: what was there before is no longer a code"
        raise LedgerError(msg)
    row = before | values | {"response_id": response_id, "appeal_id": appeal_id}
    record(store, [row], act="undo", who=who, at=at, undoes=edit_id)
    return str(response_id)


def _can_be_undone(edits: pl.DataFrame, own: pl.DataFrame) -> None:
    edit_id, response_id, when = own.select("edit_id", "response_id", "at").row(0)
    if edit_id not in set(in_force(edits)["edit_id"]):
        msg = f"change {edit_id} is undone already; to have it back, undo what undid it"
        raise LedgerError(msg)
    later = in_force(edits).filter(
        pl.col("response_id") == response_id, pl.col("at") > when, pl.col("act") != "undo",
        pl.col("field").is_in(own["field"].implode()),
    )  # fmt: skip
    if not later.is_empty():
        last = later.sort("at")["edit_id"][-1]
        msg = f"change {last} came later and changed the same; undo that one before"
        raise LedgerError(msg)


def in_force(edits: pl.DataFrame) -> pl.DataFrame:
    """Return the changes that were not taken back, the newest first.

    One that was taken back is in force again when what took it back was taken back itself.
    """
    acts = edits.sort("at", descending=True).unique("edit_id", keep="first", maintain_order=True)
    gone: set[str] = set()
    for edit_id, undoes in acts.select("edit_id", "undoes").iter_rows():
        if undoes is not None and edit_id not in gone:
            gone.add(undoes)
    newest = edits.sort("at", "edit_id", descending=True, maintain_order=True)
    return newest.filter(~pl.col("edit_id").is_in(sorted(gone)))


def history(store: Store, response_id: str | None = None) -> pl.DataFrame:
    """Return who changed what, the newest first: rows of ``edits``, of one response or of all."""
    edits = store.read("edits").sort("at", "edit_id", descending=True, maintain_order=True)
    return edits if response_id is None else edits.filter(response_id=response_id)


def _changes(held: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return any(_or_none(held.get(name)) != _or_none(row.get(name)) for name in FIELDS)


def _or_none(value: Any) -> Any:  # noqa: ANN401 - cells of all types
    return None if value == [] else value


def _trail(
    held: Mapping[str, Any], row: Mapping[str, Any], about: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return a row for each field that changes."""
    common = {
        "edit_id": uuid4().hex[:12], "response_id": row["response_id"],
        "appeal_id": row["appeal_id"], **about,
    }  # fmt: skip
    return [
        common | {"field": name, "was": _cell(held.get(name)) or None,
                  "now": _cell(row.get(name)) or None}
        for name in FIELDS
        if _or_none(held.get(name)) != _or_none(row.get(name))
    ]  # fmt: skip
