"""Waiting: the only place that sleeps, and the rules for how long.

>>> next_interval(600.0, moved=True, shortest=60.0, longest=86_400.0)
300.0
>>> next_interval(600.0, moved=False, shortest=60.0, longest=86_400.0)
1200.0
"""

import re
from random import Random
from threading import Event
from time import monotonic

from analytics.errors import SettingsError

FIRST_WAIT = 1.0
LONGEST_WAIT = 120.0
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class StoppedError(Exception):
    """Somebody asked to stop while we waited, or the time allowed is over."""


class Pace:
    """Waits, until somebody asks to stop or the time allowed is over.

    Parameters
    ----------
    rng
        What jitter is drawn from.
    allowed
        Seconds from now after which every wait ends; None for no bound.
    """

    def __init__(self, rng: Random, *, allowed: float | None = None) -> None:
        self._rng = rng
        self._stop = Event()
        self._end = None if allowed is None else monotonic() + allowed

    @property
    def over(self) -> bool:
        """Whether it is time to stop."""
        return self._stop.is_set() or (self._end is not None and monotonic() >= self._end)

    def stop(self) -> None:
        """End every wait, now and from now on."""
        self._stop.set()

    def left(self) -> float | None:
        """Return how many seconds are allowed still; None for no bound."""
        return None if self._end is None else max(0.0, self._end - monotonic())

    def wait(self, seconds: float) -> None:
        """Wait.

        Raises
        ------
        StoppedError
            It is time to stop.
        """
        left = self.left()
        self._stop.wait(seconds if left is None else min(seconds, left))
        if self.over:
            raise StoppedError

    def before_retry(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row: longer each time, at random.

        Full jitter: many who failed together do not come back together.
        """
        return self._rng.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures, 30)))

    def after_limit(self, seconds: float) -> float:
        """Return how long to wait where a platform names a time: that, and a little more."""
        return seconds + self._rng.uniform(0.05, 0.5)


def next_interval(interval: float, *, moved: bool, shortest: float, longest: float) -> float:
    """Return when to ask again: sooner where something moved, later where nothing did."""
    return min(longest, max(shortest, interval / 2 if moved else interval * 2))


def seconds(duration: str, *, place: str) -> float:
    """Return a duration such as ``90s``, ``10m``, ``2h`` or ``1d`` in seconds.

    Raises
    ------
    SettingsError
        It is no duration.

    >>> seconds("10m", place="--for")
    600.0
    """
    found = _DURATION.fullmatch(duration.strip())
    if not found or not float(found[1]):
        msg = f"{place}: {duration!r} is no duration; write one such as 90s, 10m, 2h or 1d"
        raise SettingsError(msg)
    return float(found[1]) * _SECONDS[found[2]]
