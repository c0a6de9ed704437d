"""Asking one source, in a thread of its own: one question after another, patiently.

A pause that the platform asks for is kept. What cannot be reached is tried again, after longer and
longer waits drawn at random. A place that the platform forgot means to ask from the beginning, and
what is not there is noted and passed over. Only keys that are refused, a budget that is spent and
a platform that stays away end the asking; then the next run goes on from there.
"""

import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Thread
from time import monotonic

import msgspec

from analytics.errors import (
    CollectError,
    CursorError,
    GoneError,
    GroundswellError,
    RateLimitedError,
    UnreachableError,
)
from analytics.settings import SourceSettings
from collectors.agenda import Agenda
from collectors.journal import Journal, Kept, passing
from collectors.pacing import Pace, StoppedError
from collectors.sources import Page, Source, Task

TRIES = 8  # in a row, before a source is left for another day
PATIENCE = 15 * 60.0  # the longest pause that is waited for, unless we follow
SHORTEST_PAUSE = 0.5  # a shorter one is none: then it is asked again as after a failure
LONGEST_PAUSE = 86_400.0  # after which a platform is asked again, whatever it said
KEEP_EVERY = 60.0  # seconds between two places of a quiet stream that are kept
EMPTY_PAGES = 20  # in one answer, each with a place for the next
RESTARTS = 3  # of one question whose place the platform forgot
_LONGEST_NAP = 60.0
_ADDRESS = re.compile(r"\w+://\S+")  # may carry a secret
_LONG = timedelta(days=366)
_GLANCE = 1.0  # second


@dataclass(frozen=True)
class Asked:
    """A source, and what the settings say of it."""

    source: Source
    settings: SourceSettings
    appeal_id: str

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return self.settings.name


class Asker(Thread):
    """Asks one source until there is nothing to ask, or it is time to stop.

    Parameters
    ----------
    asked, agenda
        The source, and its questions.
    journal
        Where pages are laid before anything else.
    hand_on
        Takes each page that has been laid there.
    pace, now
        Who waits, and the clock.
    follow
        Ask again and again, instead of once.
    """

    def __init__(
        self,
        asked: Asked,
        agenda: Agenda,
        journal: Journal,
        *,
        hand_on: Callable[["Asker", Kept], None],
        pace: Pace,
        now: Callable[[], datetime],
        follow: bool,
    ) -> None:
        super().__init__(name=f"asking {asked.name}", daemon=True)
        self.asked = asked
        self.agenda = agenda
        self.stopped: str | None = None  # why, if before the end
        self._journal = journal
        self._hand_on = hand_on
        self._pace = pace
        self._now = now
        self._follow = follow
        self._look_again = 0.0
        self._keep_again = 0.0
        self._failures = 0
        self._restarts: dict[str, int] = {}
        self._seen: dict[str, Counter[str]] = {}  # what pages of open questions hold
        self._spent: dict[str, int] = {}

    def run(self) -> None:
        """Ask; whatever goes wrong ends this source alone, with a sentence."""
        try:
            self._ask_all()
        except StoppedError:
            pass
        except GroundswellError as error:
            self.stopped = str(error)
        except Exception as error:  # one source's mistake must not stop the others
            fact = _ADDRESS.sub("…", f"{type(error).__name__}: {error}".splitlines()[0])
            self.stopped = (
                f"this should not happen ({fact}); "
                "please report it with what GROUNDSWELL_DEBUG=1 prints"
            )
            if os.environ.get("GROUNDSWELL_DEBUG"):
                raise
        finally:
            self.asked.source.close()

    def _ask_all(self) -> None:
        while not self._pace.over:
            each = self.agenda.next()
            left = self._woken(is_idle=each is None)
            if each := each or self.agenda.next():
                self._ask(each.task)
            elif left is None:
                return
            else:
                self._pace.wait(min(left, _LONGEST_NAP))

    def _woken(self, *, is_idle: bool) -> float | None:
        """Open what is due, if we follow; return in how many seconds the next question is.

        While there is much to ask, looking for what is due every second is enough.
        """
        if not self._follow or not (is_idle or monotonic() >= self._look_again):
            return None
        self._look_again = monotonic() + _GLANCE
        return self.agenda.wake(self._now().timestamp())

    def _ask(self, task: Task) -> None:
        self._stay_within_budget(task)
        at = self._now()
        try:
            page = self.asked.source.ask(task)
        except RateLimitedError as error:
            self._pause(error)
        except UnreachableError as error:
            self._try_again(error)
        except CursorError as error:
            self._start_again(task, error)
        except GoneError as error:
            self._failures = 0
            self._take(task, Page(gone=error.gone, spent=0, refused=str(error)), at)
        else:
            self._failures = 0
            if page.done:
                self._restarts.pop(task.key, None)
            self._take(task, self._without_circles(task, page), at)

    def _take(self, task: Task, page: Page, at: datetime) -> None:
        """Lay the page on disk, then go on from it and hand it on."""
        if self._says_nothing(page):
            self.agenda.note(passing(self.asked.name, self.asked.appeal_id, task, page, at=at))
            return
        period = self.asked.source.period(at)
        spent = self._spent_in(period)
        kept = self._journal.keep(
            self.asked.name, self.asked.appeal_id, task, page, at=at, period=period
        )
        self._spent[period] = spent + page.spent
        self.agenda.note(kept)
        self._hand_on(self, kept)

    def _says_nothing(self, page: Page) -> bool:
        """Return whether a live page only moves its place on, which need not be kept each time."""
        if not page.live or page.payload or page.found or page.gone:
            return False
        if monotonic() < self._keep_again:
            return True
        self._keep_again = monotonic() + KEEP_EVERY
        return False

    def _spent_in(self, period: str) -> int:
        if period not in self._spent:
            self._spent[period] = self._journal.spent(self.asked.name, period)
        return self._spent[period]

    def _stay_within_budget(self, task: Task) -> None:
        budget, source = self.asked.settings.budget, self.asked.source
        if budget is None:
            return
        price = source.price(task)
        while (spent := self._spent_in(source.period(self._now()))) + price > budget:
            if not self._follow or price > budget or not self._renews():
                msg = (
                    f"the budget of {budget:,} {source.unit} would be exceeded "
                    f"({spent:,} are spent); raise it in groundswell.toml to go on"
                )
                raise CollectError(msg)
            self._pace.wait(_LONGEST_NAP)

    def _renews(self) -> bool:
        """Return whether the budget begins anew some day."""
        now = self._now()
        return self.asked.source.period(now) != self.asked.source.period(now + _LONG)

    def _pause(self, error: RateLimitedError) -> None:
        if error.seconds is None or error.seconds < SHORTEST_PAUSE:
            self._try_again(error)
            return
        if error.seconds > PATIENCE and not self._follow:
            minutes = error.seconds / 60
            msg = f"{error}, of {minutes:,.0f} minutes; run it again then, or use --follow"
            raise CollectError(msg)
        self._pace.wait(self._pace.after_limit(min(error.seconds, LONGEST_PAUSE)))

    def _try_again(self, error: CollectError) -> None:
        self._failures += 1
        if self._failures >= TRIES and not self._follow:
            msg = f"{error}; tried {TRIES} times, run it again to go on"
            raise CollectError(msg)
        self._pace.wait(self._pace.before_retry(self._failures))

    def _start_again(self, task: Task, error: CursorError) -> None:
        self._restarts[task.key] = self._restarts.get(task.key, 0) + 1
        self._seen.pop(task.key, None)  # the same pages may come again
        if task.cursor is None or self._restarts[task.key] > RESTARTS:
            self._take(task, Page(spent=0, refused=str(error)), self._now())
            return
        self.agenda.start_again(task)

    def _without_circles(self, task: Task, page: Page) -> Page:
        """Return the page as the last one if the server gives the same one again and again."""
        if page.done:
            self._seen.pop(task.key, None)
            return page
        seen = self._seen.setdefault(task.key, Counter())
        this = page.items or (str(hash(page.payload)) if page.received else "")
        seen[this] += 1
        often = seen[this] > (1 if page.received else EMPTY_PAGES)
        if page.live or not (often or page.cursor == task.cursor):
            return page
        del self._seen[task.key]
        return msgspec.structs.replace(page, done=True, cursor=None)
