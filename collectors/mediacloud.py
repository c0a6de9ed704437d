"""Media Cloud, through its own client: stories that a query finds in collections of outlets.

What ``ask`` may hold: a query in Media Cloud's language.

- A search has a first and a last day, and needs collections or sources of Media Cloud, by number.
- Media Cloud tells titles, outlets and days, never words of stories.
- Its client waits between requests by itself and makes one question of its own; here it is given a
  session that does neither, and ``collecting`` waits when Media Cloud says so.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import msgspec
import requests
from mediacloud.api import SearchApi
from mediacloud.error import APIResponseError

from analytics.errors import CollectError, CursorError, UnreachableError
from analytics.settings import SourceSettings
from collectors.credentials import missing
from collectors.sources import Check, Cursor, Estimate, Page, Source, Task, World
from collectors.web import checked, json_of, session, told_apart

PAGE = 1000
BACK = timedelta(days=30)
OVERLAP = timedelta(days=3)  # stories are found late
KEY = "mediacloud_api_key"
_FORGOTTEN = {400, 422}


class MediaCloudSettings(SourceSettings, kw_only=True):
    """A source at Media Cloud.

    Attributes
    ----------
    collections, sources
        Where to search: Media Cloud's numbers of collections, and of single outlets.
    since, until
        First and last day of the search; the last thirty days if they are not told.
    """

    collections: tuple[int, ...] = ()
    sources: tuple[int, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


class _Listed(msgspec.Struct):
    stories: list[dict[str, Any]]
    pagination_token: str | None


class MediaCloudSource:
    """Asks Media Cloud what one entry of the settings wants.

    Parameters
    ----------
    client
        Media Cloud's client, with a session that never waits.
    settings, world
        What to ask, and the clock.
    """

    unit = "requests"

    def __init__(self, client: SearchApi, settings: MediaCloudSettings, world: World) -> None:
        self._client = client
        self._session = client._session or session()  # noqa: SLF001 - it has no other door
        self._settings = settings
        self._now = world.now
        self._body = b""
        self._session.hooks["response"].append(self._keep)  # to have it as received

    def _keep(self, response: requests.Response, **_: object) -> None:
        self._body = response.content

    def tasks(self) -> Sequence[Task]:
        """Return one search for each query."""
        return [Task(kind="search", subject=query) for query in dict.fromkeys(self._settings.ask)]

    def price(self, task: Task) -> int:
        """Return 1: every page is one request."""
        del task
        return 1

    def ask(self, task: Task) -> Page:
        """Return the next page of an answer."""
        cursor = task.cursor or {}
        days = self._days(cursor)
        with told_apart("Media Cloud"):
            stories, token = self._listed(task.subject, days, cursor.get("token"))
        place: Cursor = {"token": token, "days": [each.isoformat() for each in days]}
        return Page(
            payload=self._body,
            format="mediacloud" if stories else None,
            cursor=place if token else {"since": days[1].isoformat()},
            done=not token,
            received=len(stories),
            items=" ".join(str(each.get("id")) for each in stories),
        )

    def _days(self, cursor: Cursor) -> tuple[date, date]:
        """Return the first and the last day: of the search that is under way, or of a new one."""
        if told := cursor.get("days"):
            return date.fromisoformat(told[0]), date.fromisoformat(told[1])
        until = self._settings.until or self._now()
        since = self._settings.since or until - BACK
        first, last = since.date(), until.date()
        if before := cursor.get("since"):
            first = max(first, date.fromisoformat(before) - OVERLAP)
        return min(first, last), last

    def _listed(
        self, query: str, days: tuple[date, date], token: str | None
    ) -> tuple[list[Any], str | None]:
        try:
            return self._client.story_list(
                query,
                *days,
                collection_ids=list(self._settings.collections),
                source_ids=list(self._settings.sources),
                pagination_token=token,
                page_size=PAGE,
            )
        except APIResponseError as error:
            raise self._as_fact(error.response, has_token=token is not None) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            return self._as_received()

    def _as_received(self) -> tuple[list[dict[str, Any]], str | None]:
        """Return the stories of an answer at which the client stumbled: a date may be none."""
        told = json_of(self._body, "Media Cloud")
        try:
            found = msgspec.convert(told, _Listed)
        except msgspec.ValidationError:
            msg = "Media Cloud gave an answer of another form"
            raise UnreachableError(msg) from None
        return found.stories, found.pagination_token

    def _as_fact(self, response: requests.Response, *, has_token: bool) -> Exception:
        """Return what an error of Media Cloud means for collecting."""
        if has_token and response.status_code in _FORGOTTEN:
            return CursorError("Media Cloud no longer knows the place where we stopped")
        try:
            json_of(checked(response, "Media Cloud", now=self._now()), "Media Cloud")
        except CollectError as fact:
            return fact
        return UnreachableError("Media Cloud gave an answer of another form")

    def check(self) -> Sequence[Check]:
        """Ask for the version of the service, and whose the key is."""
        with told_apart("Media Cloud"):
            try:
                self._client.user_profile()
            except APIResponseError as error:
                return [
                    Check("key", str(self._as_fact(error.response, has_token=False)), fine=False)
                ]
        return [Check("key", "is taken")]

    def estimate(self) -> Estimate | None:
        """Return None: Media Cloud is free of charge."""
        return None

    def period(self, now: datetime) -> str:
        """Count requests by the week, as Media Cloud counts them."""
        year, week, _ = now.astimezone(UTC).isocalendar()
        return f"{year}-W{week:02}"

    def close(self) -> None:
        """Hang up."""
        self._session.close()


class MediaCloudPlatform:
    """How Media Cloud is asked: with the key of an account."""

    name = "mediacloud"
    label = "Media Cloud"
    settings = MediaCloudSettings
    secrets: ClassVar[Mapping[str, str]] = {KEY: "the profile page of search.mediacloud.org"}

    def open(self, settings: MediaCloudSettings, world: World) -> Source:
        """Return a source with a client of its own."""
        if fact := missing(self.secrets, world.secrets):
            raise CollectError(fact)
        if not settings.collections and not settings.sources:
            msg = "Media Cloud searches in collections or sources: name some by their numbers"
            raise CollectError(msg)
        client = SearchApi(world.secrets[KEY])
        client._session = session(server=settings.server)  # noqa: SLF001 - its own one waits
        client._session.headers.update(client._headers)  # noqa: SLF001
        return MediaCloudSource(client, settings, world)


PLATFORM = MediaCloudPlatform()
