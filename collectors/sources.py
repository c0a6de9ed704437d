"""What a source is: one platform, asked one question after another, a page at a time.

A platform is one module with one object, ``PLATFORM``, named in the entry points
``groundswell.sources``; a third party adds one in the same way. A source knows how to ask; when to
ask, how often to try again, and what becomes of the answers is ``collecting``'s.

>>> "x" in known_platforms()
True
>>> platform("myspace")
Traceback (most recent call last):
analytics.errors.SettingsError: there is no source 'myspace'; there are: ...
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Protocol, TypeAlias, cast

import msgspec

from analytics.errors import CollectError, SettingsError
from analytics.settings import Role, Settings, SourceSettings

Cursor: TypeAlias = dict[str, Any]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One question: what is asked, of what, and where the next page of the answer begins.

    ``repeats`` says that the question is worth asking again: its answer changes with time.
    """

    kind: str
    subject: str
    repeats: bool = True
    cursor: Cursor | None = None

    @property
    def key(self) -> str:
        """What tells it from other questions of its source."""
        return f"{self.kind} {self.subject}"


class Page(msgspec.Struct, kw_only=True):
    """One answer, as received, and what it says about the rest.

    Attributes
    ----------
    payload, format
        The answer as received, and the import format that reads it; a page that holds nothing to
        read has no format.
    cursor, done
        Where the next page begins. Of the last page (``done``) it is the mark from which the
        question is asked the next time, if the platform can tell what is new.
    found
        Questions that the page gives rise to.
    gone
        Posts, as ``platform:id``, that were asked for and are no longer shown.
    received, known
        Items on the page, and how many the platform says there are in all.
    spent
        What the page cost, in the source's unit.
    refused
        Why the question has no answer, if it has none.
    live
        More comes as it happens: other questions have their turn before the next page.
    items
        What tells this page from another, where the payload also tells when it was asked for.
    """

    payload: bytes = b""
    format: str | None = None
    cursor: Cursor | None = None
    done: bool = True
    found: Sequence[Task] = ()
    gone: Sequence[str] = ()
    received: int = 0
    known: int | None = None
    spent: int = 1
    refused: str | None = None
    live: bool = False
    items: str = ""


@dataclass(frozen=True)
class Check:
    """One thing that ``groundswell doctor`` looked at."""

    what: str
    fact: str
    fine: bool = True


@dataclass(frozen=True)
class Estimate:
    """What asking may cost: at most so many of a unit, and so much money where it is known."""

    at_most: int | None  # None: without bound
    unit: str
    money: float | None = None  # US dollars
    basis: str = ""


class Source(Protocol):
    """One platform, as one entry of ``[[sources]]`` wants it asked."""

    unit: str

    def tasks(self) -> Sequence[Task]:
        """Return the questions that the settings ask for."""
        ...

    def price(self, task: Task) -> int:
        """Return the most that the next page of a question can cost, in the source's unit."""
        ...

    def ask(self, task: Task) -> Page:
        """Return the next page of an answer. One call, one request to the platform at most.

        Raises
        ------
        RateLimitedError, UnreachableError
            Ask again later.
        GoneError, RefusedError, CursorError
            This question has no answer; this source gives none; ask from the beginning.
        """
        ...

    def check(self) -> Sequence[Check]:
        """Look at keys and reach, without spending quota."""
        ...

    def estimate(self) -> Estimate | None:
        """Return what a run may cost; None where asking is free."""
        ...

    def period(self, now: datetime) -> str:
        """Name the span of time over which the budget counts."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


@dataclass(frozen=True)
class World:
    """What a source finds outside: secrets, the clock, a folder for what outlives a run."""

    secrets: Mapping[str, str] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    private: str = ""  # a folder outside the store, for sessions


class Platform(Protocol):
    """How a source of one platform is made."""

    name: str
    label: str
    settings: type[SourceSettings]
    secrets: ClassVar[Mapping[str, str]]  # name of each, and where one gets it

    def open(self, settings: Any, world: World) -> Source:  # noqa: ANN401 - of its own kind
        """Return a source that asks what the settings say.

        Raises
        ------
        CollectError
            A secret is missing, or a library that is not installed.
        """
        ...


@cache
def _entries() -> dict[str, EntryPoint]:
    found = entry_points(group="groundswell.sources")
    return {entry.name: entry for entry in sorted(found, key=lambda entry: entry.name)}


def known_platforms() -> list[str]:
    """Return the names of the platforms that can be asked."""
    return list(_entries())


@cache
def platform(name: str) -> Platform:
    """Return the platform of a name.

    Raises
    ------
    SettingsError
        There is none.
    CollectError
        It cannot be loaded: a library is missing, or somebody's own platform is broken.
    """
    if name not in _entries():
        msg = f"there is no source {name!r}; there are: {', '.join(known_platforms())}"
        raise SettingsError(msg)
    entry = _entries()[name]
    try:
        return cast("Platform", entry.load())
    except ModuleNotFoundError as error:
        msg = f"asking {name} needs {error.name}; run: pip install 'groundswell[collect]'"
        raise CollectError(msg) from None
    except Exception as error:  # noqa: BLE001 - anybody may have written it
        of = f" of {entry.dist.name}" if entry.dist else ""
        msg = f"the source {name}{of} cannot be loaded ({error}); update or uninstall it"
        raise CollectError(msg) from None


def configured(settings: Settings, *, place: str = "groundswell.toml") -> dict[str, SourceSettings]:
    """Return the sources that the settings name, each in its platform's own terms.

    Raises
    ------
    SettingsError
        An entry names no known platform, has a field that its platform does not know, or a name
        that another has.
    """
    found: dict[str, SourceSettings] = {}
    for told in settings.sources:
        name = str(told.get("name") or told.get("platform", ""))
        if name in found:
            msg = f"{place}: two sources are called {name!r}; give each its own name"
            raise SettingsError(msg)
        kind = platform(str(told.get("platform", ""))).settings
        try:
            found[name] = msgspec.convert(dict(told) | {"name": name}, kind)
        except msgspec.ValidationError as error:
            msg = f"{place}: source {name!r}: {error}; docs/collectors.md lists what it takes"
            raise SettingsError(msg) from None
    return found


__all__ = [
    "Check", "Cursor", "Estimate", "Page", "Platform", "Role", "Source", "Task", "World",
    "configured", "known_platforms", "platform",
]  # fmt: skip
