"""``groundswell forget``: accounts and posts leave every place of a store, and a search proves it.

The tables are analytics' (:mod:`analytics.erasure`); here are the pages and files as they came, the
questions that are still open, and the order of it all. Each step can be repeated: a run that was
killed is finished by the next, with or without the names.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import polars as pl

from analytics.erasure import Kind, Names, lay, named, refuse_declared, refuse_nonsense
from analytics.errors import FormatError, MeasureError
from analytics.protection import Protector, read_key
from analytics.runner import measure
from analytics.searching import Needles, Opener, Searched, meets, needles, searched
from analytics.store import Store
from analytics.tables import ACCOUNTS, IMPORTS
from analytics.tombstones import Finder
from collectors.collecting import alone, catch_up, journal_of, parts_of
from collectors.exports.formats import Options, Part
from collectors.exports.hosts import post_at
from collectors.exports.importing import SCRATCH
from collectors.exports.losses import Losses
from collectors.exports.sources import find
from collectors.journal import STATE, Journal, Kept, Progress

RAW = "raw"
TRUTH = "truth"  # of simulated stores
CHUNK = 16 << 20
_ADDRESS = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+/", re.IGNORECASE)


@dataclass(frozen=True)
class Forgotten:
    """What one run of ``groundswell forget`` took away, and what the search found after it."""

    tombstones: int
    rows: dict[str, int]  # by table
    pages: int
    questions: int
    files: int  # payloads as they were imported
    proof: Searched


def forget(
    store: Store,
    told: Sequence[str],
    *,
    kind: Kind | None = None,
    now: Callable[[], datetime],
    report: Callable[[str], None] = lambda _: None,
) -> Forgotten:
    """Take accounts and posts out of a store for good, and search every byte of it for them.

    Parameters
    ----------
    store
        The store.
    told
        ``platform:id``, ``platform:@handle``, a pseudonym, or the address of a profile or post.
        Without any, what an earlier run was killed over is finished.
    kind
        What is meant where an account and a post have the same name.
    now
        The clock.
    report
        Called with each step.

    Raises
    ------
    ProtectionError
        A name is none, means two things, or stands in ``groundswell.toml``.
    StoreError
        Another process collects, measures or writes.
    """
    asked = [meant(each) for each in told]
    refuse_declared(store, asked)
    with alone(store), journal_of(store) as journal:
        catch_up(store, journal, now=now)
        report("looking for it")
        names = named(store, asked, kind)
        names |= _shown_beside(store, journal, names)
        with store.measuring(), store.writing():
            tombstones = lay(store, names, at=now())
            store.forget_public(sorted(names.accounts))
            report("taking it out of the tables")
            rows = store.take_out_forgotten()
            report("taking it out of what is kept as it came")
            wanted = needles(names.accounts | names.posts)
            pages, questions = _leave_journal(store, journal, wanted)
            files = _leave_payloads(store, wanted)
            _leave_truth(store)
        report("measuring again")
        _measure_again(store, now())
        store.drop_history()
        report("searching every byte")
        proof = searched(store.path, wanted, _openers(journal))
    return Forgotten(tombstones, rows, pages, questions, files, proof)


def meant(told: str) -> str:
    """Return the name that somebody means, where they tell an address.

    Raises
    ------
    ProtectionError
        It names nobody.

    Examples
    --------
    >>> meant("https://x.com/somebody"), meant("t.me/park/7"), meant("x:12")
    ('x:@somebody', 'telegram:park/7', 'x:12')
    """
    if _ADDRESS.match(told):
        post = pl.DataFrame({"link": [told]}).select(post_at("link")).item()
        finder = Finder()
        finder.url(told)
        told = str(post) if post is not None else finder.met[-1] if finder.met else told
    refuse_nonsense(told)
    return told


# What is kept as it came


def _shown_beside(store: Store, journal: Journal, names: Names) -> Names:
    """Return the ids and handles that kept pages show beside names that are to be forgotten."""
    hide = Protector(key=read_key(store.store_id))
    found: set[str] = set()
    for kept in journal.all() if names.accounts else ():
        for part in _parts(kept):
            if part.table is not ACCOUNTS or "handle" not in part.frame.columns:
                continue
            shown = part.frame.select("account_id", "platform", "handle").drop_nulls().unique()
            for account, platform, handle in shown.iter_rows():
                own = {account, f"{platform}:@{handle}"}
                own |= {hide.pseudonym(each) for each in own}
                found |= own if own & names.accounts else set()
    return Names(accounts=frozenset(found))


def _parts(kept: Kept) -> list[Part]:
    with TemporaryDirectory(prefix=SCRATCH, ignore_cleanup_errors=True) as scratch:
        options = Options(kept.appeal_id, losses=Losses(), scratch=Path(scratch))
        return parts_of(kept, options)


def _leave_journal(store: Store, journal: Journal, wanted: Needles) -> tuple[int, int]:
    """Remove the pages and questions that tell of it; return how many of each."""
    pages = questions = 0
    for kept in journal.all():
        if _page_tells(store, kept, wanted):
            journal.remove(kept)
            pages += 1
    for source, question in journal.questions():
        if _question_tells(store, question, wanted):
            journal.drop(source, question)
            questions += 1
    journal.wipe()
    return pages, questions


def _page_tells(store: Store, kept: Kept, wanted: Needles) -> bool:
    if meets(msgspec.msgpack.encode(kept), wanted):
        return True
    for part in _parts(kept):
        names = [name for name in part.table.columns if name in part.frame.columns]
        rows = part.table.check(_whole(part.frame.select(names), part))
        safe = store.protected(part.table, rows)
        if not store.marks.without(part.table, safe).equals(safe):
            return True
    return False


def _whole(frame: pl.DataFrame, part: Part) -> pl.DataFrame:
    """Fill in what every row of a writing has in common."""
    lacking = [name for name in ("appeal_id", "source") if name in part.table.columns]
    return frame.with_columns(pl.lit("-").alias(n) for n in lacking if n not in frame.columns)


def _question_tells(store: Store, question: Progress, wanted: Needles) -> bool:
    said = msgspec.json.encode(question)
    subject = question.task.subject
    return meets(said, wanted) or store.marks.left_out(subject, None) != subject


def _leave_payloads(store: Store, wanted: Needles) -> int:
    """Remove the imported files that tell of it; they were kept at protection level open only."""
    folder = store.path / RAW
    gone = [
        path for path in sorted(folder.glob("*"))
        if path.is_file() and not path.suffix and any(meets(d, wanted) for d in _unpacked(path))
    ]  # fmt: skip
    if not gone:
        return 0
    for path in gone:
        path.unlink()
    places = [str(path.relative_to(store.path)) for path in gone]
    rows = store.read(IMPORTS.name).filter(pl.col("payload").is_in(places))
    store.append(IMPORTS, rows.with_columns(payload=pl.lit(None, pl.String)))
    return len(gone)


def _unpacked(path: Path) -> Iterator[bytes]:
    """Yield the contents of a file, unpacked, in chunks that overlap."""
    with TemporaryDirectory(prefix=SCRATCH, ignore_cleanup_errors=True) as scratch:
        for source in find([path], Path(scratch)).sources:
            before = b""
            with source.open() as file:
                while chunk := file.read(CHUNK):
                    yield before + chunk
                    before = chunk[-4096:]


def _leave_truth(store: Store) -> None:
    """Take it out of what a simulation planted."""
    for path in sorted((store.path / TRUTH).glob("*.parquet")):
        rows = pl.read_parquet(path)
        gone = pl.repeat(value=False, n=rows.height, eager=True)
        for name in rows.select(pl.col(pl.String)).columns:
            gone |= store.marks.of_accounts(rows[name]) | store.marks.of_posts(rows[name])
        if gone.any():
            part = path.with_suffix(".part")
            rows.filter(~gone).write_parquet(part)
            part.replace(path)


def _measure_again(store: Store, at: datetime) -> None:
    """Measure what is left, where anything was measured; with nothing left, empty the results."""
    if store.read("runs", columns=["run_id"]).is_empty():
        return
    try:
        measure(store, force=True, now=at)
    except MeasureError:
        store.empty_measured()


def _openers(journal: Journal) -> dict[str, Opener]:
    def page(path: Path) -> Iterator[bytes]:
        yield msgspec.msgpack.encode(journal.page(path))

    def questions(path: Path) -> Iterator[bytes]:
        if path.name == Path(STATE).name:
            yield from (msgspec.json.encode(each) for _, each in journal.questions())

    return {".page": page, ".sqlite": questions, "": _unpacked_or_nothing}


def _unpacked_or_nothing(path: Path) -> Iterator[bytes]:
    try:
        yield from _unpacked(path)
    except (FormatError, OSError):  # no file that was imported
        return
