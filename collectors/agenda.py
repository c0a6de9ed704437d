"""The questions of one source: which to ask now, and how far each is.

>>> from datetime import UTC, datetime
>>> from collectors.sources import Page
>>> agenda = Agenda([Task(kind="search", subject="#park")], [], interval=60.0)
>>> task = agenda.next().task
>>> page = Page(found=[Task(kind="quotes", subject="7")])
>>> at = datetime(2026, 3, 1, tzinfo=UTC)
>>> kept = Kept(number=1, source="x", appeal_id="a", at=at, sha256="", task=task, page=page)
>>> agenda.note(kept)
>>> agenda.next().task.key
'quotes 7'
"""

from collections import deque
from collections.abc import Mapping, Sequence
from threading import Lock

import msgspec

from collectors.journal import Kept, Progress
from collectors.sources import Task


class Agenda:
    """The questions of one source; safe to use from several threads.

    A **round** asks every question to its end. A new one begins when all have been answered.

    Parameters
    ----------
    tasks
        What the settings ask for.
    held
        How far the questions were when the last run ended. Those that arose from what the settings
        no longer ask for are left alone.
    interval
        Seconds between two times of asking, to begin with.
    """

    def __init__(self, tasks: Sequence[Task], held: Sequence[Progress], *, interval: float) -> None:
        wanted = {task.key for task in tasks}
        self._lock = Lock()
        self._all = {each.task.key: each for each in held if each.origin in wanted}
        for task in tasks:
            first = Progress(task=task, origin=task.key, interval=interval)
            self._all.setdefault(task.key, first)
        self._open: deque[str] = deque()
        self._waiting: set[str] = set()  # the same questions, to look one up
        if not any(each.state == "open" for each in self._all.values()):
            for key in self._all:
                self._reopen(key)
        for key, each in self._all.items():
            if each.state == "open" and key not in self._waiting:
                self._add(key)

    def next(self) -> Progress | None:
        """Return the question to ask now: the first that is open, in the order they arose."""
        with self._lock:
            while self._open:
                each = self._all[self._open[0]]
                if each.state == "open":
                    return each
                self._waiting.discard(self._open.popleft())
            return None

    def wake(self, now: float) -> float | None:
        """Open the questions that are due; return in how many seconds the next one is.

        A clock that was set back puts no question off by more than its interval.
        """
        with self._lock:
            waiting = [e for e in self._all.values() if e.state == "done" and e.task.repeats]
            for each in waiting:
                if each.due - now > each.interval:
                    soon = msgspec.structs.replace(each, due=now + each.interval)
                    self._all[each.task.key] = soon
                elif each.due <= now:
                    self._reopen(each.task.key)
            due = [self._all[each.task.key].due for each in waiting]
            return max(0.0, min(due) - now) if due else None

    def note(self, kept: Kept) -> None:
        """Note that a page has come."""
        with self._lock:
            if kept.page.live and self._open and self._open[0] == kept.task.key:
                self._open.rotate(-1)
            for each in after(self._all, kept):
                self._all[each.task.key] = each
                if each.state == "open" and each.task.key not in self._waiting:
                    self._add(each.task.key)

    def start_again(self, task: Task) -> None:
        """Ask a question from its beginning: its place is lost."""
        with self._lock:
            fresh = msgspec.structs.replace(task, cursor=None)
            self._all[task.key] = msgspec.structs.replace(self._all[task.key], task=fresh)

    def settle(self, key: str, interval: float) -> None:
        """Take over the interval after which a question is asked again."""
        with self._lock:
            each = self._all[key]
            due = each.due - each.interval + interval
            self._all[key] = msgspec.structs.replace(each, interval=interval, due=due)

    def everything(self) -> list[Progress]:
        """Return how far every question is."""
        with self._lock:
            return list(self._all.values())

    def _reopen(self, key: str) -> None:
        each = self._all[key]
        if each.state in {"done", "gone"} and each.task.repeats:
            self._all[key] = msgspec.structs.replace(each, state="open")
            if key not in self._waiting:
                self._add(key)

    def _add(self, key: str) -> None:
        self._open.append(key)
        self._waiting.add(key)


def after(known: Mapping[str, Progress], kept: Kept) -> list[Progress]:
    """Return what a page changes: how far its question is, and the questions that arise from it."""
    page, task = kept.page, kept.task
    before = known.get(task.key) or Progress(task=task, origin=task.key)
    each = msgspec.structs.replace(
        before,
        task=msgspec.structs.replace(task, cursor=page.cursor),
        state="gone" if page.refused else "done" if page.done else "open",
        due=kept.at.timestamp() + before.interval,
        requests=before.requests + 1,
        received=before.received + page.received,
        known=before.known if page.known is None else page.known,
        fact=page.refused,
    )
    found = {new.key: new for new in page.found if new.key not in known and new.key != task.key}
    return [each] + [
        Progress(task=new, origin=before.origin, interval=before.interval) for new in found.values()
    ]
