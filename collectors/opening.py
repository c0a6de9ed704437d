"""From ``groundswell.toml`` to sources that can be asked, estimated and examined."""

import platform as machine
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from random import Random, SystemRandom

import polars as pl

from analytics import __version__
from analytics.erasure import left
from analytics.errors import GroundswellError, SettingsError
from analytics.protection import key_folder, key_path, read_key
from analytics.store import Store
from collectors.asking import Asked
from collectors.collecting import Limits, Report, collect
from collectors.credentials import missing, secrets
from collectors.pacing import Pace, seconds
from collectors.sources import Check, Estimate, World, configured, platform

_TOLD_VERSIONS = ("polars", "deltalake", "tweepy")
_LITTLE_SPACE = 1 << 30


def collect_store(
    store: Store, names: Sequence[str], *, limits: Limits, tell: Callable[[str], None]
) -> Report:
    """Ask the sources that a store's settings name, or only some of them.

    Raises
    ------
    SettingsError
        No source is named, or an entry is wrong.
    CollectError
        A secret is missing.
    """
    everyone = list(opened(store, names))
    lasting = None if limits.lasting is None else seconds(limits.lasting, place="--for")
    pace = Pace(_chance(), allowed=lasting)
    return collect(store, everyone, pace=pace, now=_now, limits=limits, tell=tell)


def estimates(store: Store, names: Sequence[str]) -> dict[str, Estimate]:
    """Return what asking each source may cost; those that are free say so."""
    free = Estimate(None, "requests", basis="Asking is free of charge.")
    return {asked.name: asked.source.estimate() or free for asked in opened(store, names)}


def _now() -> datetime:
    return datetime.now(UTC)


def _chance() -> Random:
    return SystemRandom()


def log_in(
    store: Store, name: str, ask: Callable[[str], str], ask_hidden: Callable[[str], str]
) -> str:
    """Log in to a platform that wants it done once by a person; return who is logged in.

    Raises
    ------
    SettingsError
        The platform needs no login.
    CollectError
        A secret is missing, or the platform refuses.
    """
    if name != "telegram":
        msg = f"{name!r} needs no login; its keys are told in the environment (docs/collectors.md)"
        raise SettingsError(msg)
    from collectors import telegram  # noqa: PLC0415 - it needs libraries that others do not

    servers = [told.server for told in configured(store.settings).values() if told.platform == name]
    return telegram.log_in(
        _world(store),
        lambda: ask("Telephone number, with its country in front"),
        lambda: ask("Code that Telegram sent"),
        lambda: ask_hidden("Password of the account"),
        server=next(iter(servers), None),
    )


def _world(store: Store) -> World:
    private = key_folder() / f"{store.store_id}.sessions"
    return World(secrets=secrets(), now=_now, private=str(private))


def opened(store: Store, names: Sequence[str] = ()) -> Iterator[Asked]:
    """Yield the sources that a store's settings name, or only some of them, ready to be asked."""
    known = configured(store.settings)
    if not known:
        msg = (
            f"{store.path / 'groundswell.toml'} names no source; "
            "add a [[sources]] entry, docs/collectors.md has one for each platform"
        )
        raise SettingsError(msg)
    for name in names or known:
        if name not in known:
            msg = f"there is no source {name!r} in groundswell.toml; there are: {', '.join(known)}"
            raise SettingsError(msg)
        told = known[name]
        appeal_id = store.settings.appeal_id(told.appeal)
        yield Asked(platform(told.platform).open(told, _world(store)), told, appeal_id)


def examine(store: Store) -> list[Check]:
    """Look at versions, the store, its key, and every source's key and reach; spends no quota."""
    return [*_about_versions(), *_about_store(store), *_about_sources(store)]


def _about_versions() -> Iterator[Check]:
    told = ", ".join(f"{name} {version(name)}" for name in _TOLD_VERSIONS)
    yield Check("versions", f"groundswell {__version__}, Python {machine.python_version()}, {told}")


def _about_store(store: Store) -> Iterator[Check]:
    try:
        rows = {name: _height(store, name) for name in store.versions()}
        told = ", ".join(f"{name} {count:,}" for name, count in rows.items()) or "empty"
        yield Check("store", f"every table can be read: {told}")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        yield Check("store", f"a table cannot be read ({error}); restore your copy", fine=False)
    yield _told("settings", lambda: f"protection is {store.settings.protection.level}")
    yield _told_forgotten(store)
    yield _told(
        "key", lambda: f"{key_path(store.store_id)} ({len(read_key(store.store_id))} bytes)"
    )
    free = shutil.disk_usage(store.path).free
    yield Check("space", f"{free / (1 << 30):,.1f} GB are free", fine=free > _LITTLE_SPACE)
    state = store.path / "raw" / "state.sqlite"
    if state.is_file():
        yield _about_state(state)


def _told_forgotten(store: Store) -> Check:
    what = "forgetting"
    try:
        unfinished = left(store)
        many = store.read("tombstones", columns=["mark"]).height
    except GroundswellError as error:
        return Check(what, str(error), fine=False)
    if unfinished:
        rows = ", ".join(f"{name} {count:,}" for name, count in unfinished.items())
        way_out = f"finish it: groundswell forget {store.path}"
        return Check(what, f"a run was stopped before its end ({rows} left); {way_out}", fine=False)
    return Check(what, f"{many:,} tombstones; nothing is held of what they mark")


def _height(store: Store, name: str) -> int:
    return int(store.scan(name).select(pl.len()).collect().item())


def _about_state(state: Path) -> Check:
    what = "state of collecting"
    try:
        with closing(sqlite3.connect(state)) as connection:
            fact = str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    except sqlite3.Error as error:
        fact = str(error)
    if fact == "ok":
        return Check(what, "sound")
    way_out = f"remove {state}: then every question is asked from its beginning"
    return Check(what, f"damaged ({fact.splitlines()[0]}); {way_out}", fine=False)


def _about_sources(store: Store) -> Iterator[Check]:
    try:
        known = configured(store.settings)
    except GroundswellError as error:
        yield Check("sources", str(error), fine=False)
        return
    for name, told in known.items():
        of = platform(told.platform)
        try:
            if fact := missing(of.secrets, secrets()):
                yield Check(name, fact, fine=False)
                continue
            source = of.open(told, _world(store))
            for check in source.check():
                yield Check(f"{name}: {check.what}", check.fact, check.fine)
            source.close()
        except GroundswellError as error:
            yield Check(name, str(error), fine=False)


def _told(what: str, look: Callable[[], str]) -> Check:
    try:
        return Check(what, look())
    except GroundswellError as error:
        return Check(what, str(error), fine=False)
