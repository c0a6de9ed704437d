"""What sites ask of robots: which addresses they keep to people, and how slowly to come.

A site's ``robots.txt`` is read through the session of whoever asks, so that it is bounded as every
answer is, and held for a day. A site without one allows everything, and one that hides it from us
allows nothing.

>>> rules = Robots(requests.Session(), datetime.now)
>>> rules.knows("https://news.example/a")
False
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import requests

from analytics.errors import GoneError, RefusedError
from collectors.exports.texts import encoding_of
from collectors.web import checked

AGENT = "groundswell"
LARGEST = 500 << 10  # what lies beyond is not read, as RFC 9309 allows
LASTING = timedelta(days=1)
LONGEST_DELAY = 60.0


def origin_of(address: str) -> str:
    """Return scheme and host of an address.

    >>> origin_of("HTTPS://News.example/a?b")
    'https://news.example'
    """
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()


class Robots:
    """The rules of every site that was asked for them.

    Parameters
    ----------
    session, now
        How to ask, and the clock.
    """

    def __init__(self, session: requests.Session, now: Callable[[], datetime]) -> None:
        self._session = session
        self._now = now
        self._known: dict[str, tuple[datetime, RobotFileParser]] = {}

    def knows(self, address: str) -> bool:
        """Return whether the rules of a site are held, and are not too old."""
        held = self._known.get(origin_of(address))
        return held is not None and self._now() - held[0] < LASTING

    def learn(self, address: str) -> None:
        """Ask a site for its rules: one request.

        Raises
        ------
        RateLimitedError, UnreachableError
            Ask again later; until then nothing is known to be allowed.
        """
        origin = origin_of(address)
        rules = RobotFileParser()
        try:
            response = self._session.get(f"{origin}/robots.txt")
            body = checked(response, origin, now=self._now())[:LARGEST]
            rules.parse(body.decode(encoding_of(body), errors="replace").splitlines())
        except (GoneError, requests.exceptions.TooManyRedirects):
            rules.parse([])
        except RefusedError:
            rules.parse(["User-agent: *", "Disallow: /"])
        self._known[origin] = (self._now(), rules)

    def allow(self, address: str) -> bool:
        """Return whether a site whose rules are held lets us read an address."""
        return self._known[origin_of(address)][1].can_fetch(AGENT, address)

    def delay(self, address: str) -> float:
        """Return how many seconds a site wants between two requests; 0 where it does not say."""
        told = self._known[origin_of(address)][1].crawl_delay(AGENT)
        return min(float(told or 0), LONGEST_DELAY)
