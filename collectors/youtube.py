"""YouTube, through google-api-python-client: videos, their comments, searches, channels.

What ``ask`` may hold: a video (its address or its id of eleven signs), a channel (``@handle``, its
address or id), or words to search; one word of eleven letters is searched when it stands in quotes.

- YouTube counts a quota by the day of the Pacific coast: ``budget`` counts its units, a search as
  100, everything else as 1.
- Results of a search are cut and have no numbers: they only say which videos to ask for.
- Numbers and words have to be asked for anew, or deleted, within 30 days: ``poll_to`` ends there.
- The key travels in a header: no address holds it, and so no error, no log and no redirect does.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import httplib2
import msgspec
import polars as pl
import requests
from googleapiclient.discovery import build
from googleapiclient.model import RawModel

from analytics.errors import (
    CollectError,
    CursorError,
    GoneError,
    RateLimitedError,
    RefusedError,
    SettingsError,
    UnreachableError,
)
from analytics.settings import SourceSettings
from collectors.credentials import missing
from collectors.exports.html_texts import plain
from collectors.exports.objects import object_keys
from collectors.pacing import seconds
from collectors.sources import Check, Cursor, Estimate, Page, Source, Task, World
from collectors.web import json_of, refuse, retry_seconds, session, told_apart

FORMAT = "youtube-api"
KEY = "youtube_api_key"
BUDGET = 10_000  # units a day, which every project has
SEARCH_PRICE = 100
BATCH = 50  # videos in one question, and results on a page
COMMENTS = 100  # on a page
REFRESH_DAYS = 30
OVERLAP = timedelta(days=1)  # a search finds some videos only hours after they were published
LOST_AFTER = 3  # failures of one page in a row, after which its place counts as forgotten
_HOME = "https://youtube.googleapis.com"
_PACIFIC = ZoneInfo("America/Los_Angeles")
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_CHANNEL = re.compile(r"(?:channel/)?(UC[A-Za-z0-9_-]{22}|@[^\s/?#]+|user/[^\s/?#]+)(?:[/?#].*)?")
_ON_YOUTUBE = re.compile(
    r"(?i)(?:https?://)?(?:\w+\.)?(?:youtube(?:-nocookie)?\.com|youtu\.be)/(\S*)"
)
_OF_HTTPLIB2 = {"user-agent", "content-length"}  # headers that requests knows better
# What YouTube's errors name as their reason.
_PLACE = {"invalidPageToken", "pageTokenInvalid"}
_QUOTA = {"quotaExceeded", "dailyLimitExceeded"}
_HASTE = {"rateLimitExceeded", "userRateLimitExceeded"}
_NO_KEY = {
    "keyInvalid", "keyExpired", "API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "accessNotConfigured",
    "SERVICE_DISABLED", "ipRefererBlocked",
}  # fmt: skip
_CLOSED = {
    "commentsDisabled", "playlistItemsNotAccessible", "channelClosed", "channelSuspended",
    "youtube.commentThread.forbidden", "youtube.comment.forbidden",
    "youtube.playlistItem.forbidden",
}  # fmt: skip
_FAILED = "processingFailure"

_T = TypeVar("_T")


class YouTubeSettings(SourceSettings, kw_only=True):
    """A source on YouTube.

    Attributes
    ----------
    comments
        Ask for the comments and replies of each video that ``ask`` names.
    comments_again
        How often all comments of a video are listed anew, for what was edited, answered or liked
        since; in between only new ones are asked for.
    expand
        Ask for the comments of every video that a search or a channel brings, too.
    since
        Leave out what a search or a channel has from before this time.
    """

    budget: int | None = BUDGET
    comments: bool = True
    comments_again: str = "6h"
    expand: bool = False
    since: datetime | None = None

    def __post_init__(self) -> None:
        """Check what types cannot say.

        Raises
        ------
        ValueError
            A duration is none or too long, or an address names neither video nor channel.
        """
        for name in ("poll_from", "poll_to"):
            if _seconds(getattr(self, name), name) > REFRESH_DAYS * 86_400:
                msg = f"{name} may be {REFRESH_DAYS}d at most: by then YouTube wants data refreshed"
                raise ValueError(msg)
        _seconds(self.comments_again, "comments_again")
        for asked in self.ask:
            _named(asked)

    @property
    def bound(self) -> datetime | None:
        """``since``, in UTC where it names no zone."""
        return self.since and (self.since if self.since.tzinfo else self.since.replace(tzinfo=UTC))


def _seconds(duration: str, name: str) -> float:
    try:
        return seconds(duration, place=name)
    except SettingsError as error:
        raise ValueError(str(error)) from None


def _named(asked: str) -> Task:
    """Return the question that a line of ``ask`` stands for."""
    asked = asked.strip()
    address = _ON_YOUTUBE.fullmatch(asked)
    if channel := _CHANNEL.fullmatch(unquote(address[1]) if address else asked):
        return Task(kind="channel", subject=channel[1])
    if _VIDEO.fullmatch(asked):
        return Task(kind="video", subject=asked)
    if not address:
        return Task(kind="search", subject=asked)
    key = pl.DataFrame({"urls": [[asked]]}).select(object_keys("urls")).item()[0]
    platform, _, video = key.partition(":")
    if platform != "youtube":
        msg = f"{asked!r} names neither a video nor a channel; write @handle or an id"
        raise ValueError(msg)
    return Task(kind="video", subject=video)


class _Item(msgspec.Struct):
    id: str


class _FoundId(msgspec.Struct, rename="camel"):
    video_id: str


class _Words(msgspec.Struct, rename="camel"):
    published_at: datetime | None = None


class _Found(msgspec.Struct):
    id: _FoundId
    snippet: _Words = msgspec.field(default_factory=_Words)


class _Top(msgspec.Struct):
    snippet: _Words = msgspec.field(default_factory=_Words)


class _ThreadWords(msgspec.Struct, rename="camel"):
    top_level_comment: _Top = msgspec.field(default_factory=_Top)
    total_reply_count: int = 0


class _Replies(msgspec.Struct):
    comments: list[msgspec.Raw] = []


class _Thread(msgspec.Struct):
    id: str
    snippet: _ThreadWords
    replies: _Replies = msgspec.field(default_factory=_Replies)

    @property
    def at(self) -> datetime | None:
        """When it was begun."""
        return self.snippet.top_level_comment.snippet.published_at

    @property
    def rest(self) -> list[Task]:
        """What brings the replies that YouTube left out; their number tells when there are more."""
        count = self.snippet.total_reply_count
        if count <= len(self.replies.comments):
            return []
        return [Task(kind="replies", subject=f"{self.id}#{count}", repeats=False)]


class _Lists(msgspec.Struct):
    uploads: str = ""


class _ChannelDetails(msgspec.Struct, rename="camel"):
    related_playlists: _Lists = msgspec.field(default_factory=_Lists)


class _Channel(msgspec.Struct, rename="camel"):
    id: str
    content_details: _ChannelDetails = msgspec.field(default_factory=_ChannelDetails)


class _UploadDetails(msgspec.Struct, rename="camel"):
    video_id: str
    video_published_at: datetime | None = None


class _Upload(msgspec.Struct, rename="camel"):
    content_details: _UploadDetails


class _Answer(msgspec.Struct, Generic[_T], rename="camel"):
    """What of an answer decides how to go on."""

    kind: str
    items: list[_T] = []
    next_page_token: str | None = None


class _Reason(msgspec.Struct):
    reason: str = ""
    domain: str = ""


class _Error(msgspec.Struct):
    message: str = ""
    errors: list[_Reason] = []
    details: list[_Reason] = []

    @property
    def reasons(self) -> set[str]:
        """The reasons that it names in its old style and in its new one, bare and in full."""
        told = (*self.errors, *self.details)
        return {name for e in told for name in (e.reason, f"{e.domain}.{e.reason}")}


class _Failure(msgspec.Struct):
    error: _Error = msgspec.field(default_factory=_Error)


class _FailedError(Exception):
    """An answer that is none."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class _Wire:
    """What Google's library takes for httplib2: a session whose requests end in time and size."""

    def __init__(self, web: requests.Session) -> None:
        self._web = web

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> tuple[httplib2.Response, bytes]:
        """Ask; who redirects us could get the key, and is not followed."""
        sent = {n: told for n, told in (headers or {}).items() if n.lower() not in _OF_HTTPLIB2}
        response = self._web.request(method, uri, data=body, headers=sent, allow_redirects=False)
        if response.status_code != HTTPStatus.OK:
            raise _FailedError(response)
        return httplib2.Response({"status": str(response.status_code)}), response.content


class YouTubeSource:
    """Asks YouTube what one entry of the settings wants.

    Parameters
    ----------
    web
        A session that holds the key.
    settings, world
        What to ask, and the clock.
    """

    unit = "units"

    def __init__(self, web: requests.Session, settings: YouTubeSettings, world: World) -> None:
        self._web = web
        self._settings = settings
        self._world = world
        self._failures: dict[str, int] = {}
        self._named = [_named(asked) for asked in settings.ask]
        videos = (task.subject for task in self._named if task.kind == "video")
        self._videos_asked = list(dict.fromkeys(videos))
        self._api: Any = build(
            "youtube",
            "v3",
            http=_Wire(web),
            model=RawModel(),
            static_discovery=True,
            cache_discovery=False,
            client_options={"api_endpoint": settings.server} if settings.server else None,
        )
        self._kinds: dict[str, Callable[[Task], Page]] = {
            "video": self._video,
            "comments": self._comments,
            "replies": self._replies,
            "search": self._search,
            "channel": self._channel,
            "uploads": self._uploads,
        }

    def tasks(self) -> Sequence[Task]:
        """Return one question for each thing to ask; videos share theirs and bring comments."""
        others = [task for task in self._named if task.kind != "video"]
        return [*_of_videos(self._videos_asked, comments=self._settings.comments), *others]

    def price(self, task: Task) -> int:
        """Return what the next page costs."""
        return SEARCH_PRICE if task.kind == "search" else 1

    def ask(self, task: Task) -> Page:
        """Return the next page of an answer."""
        with told_apart("YouTube"):
            try:
                page = self._kinds[task.kind](task)
            except _FailedError as error:
                raise self._as_fact(error.response, task) from None
        self._failures.pop(task.key, None)
        return page

    def _read(self, kind: str, request: Any, item: type[_T]) -> tuple[bytes, _Answer[_T]]:  # noqa: ANN401
        """Return an answer as received, and what of it decides how to go on."""
        body: bytes = request.execute(num_retries=0)
        json_of(body, "YouTube")
        try:
            answer = msgspec.json.decode(body, type=_Answer[item])  # type: ignore[valid-type]
        except msgspec.ValidationError:
            answer = _Answer(kind="")
        if answer.kind != f"youtube#{kind}ListResponse":
            msg = "YouTube gave an answer of another form"
            raise UnreachableError(msg)
        return body, answer

    def _video(self, task: Task) -> Page:
        """Return words and numbers of some videos; those that are not shown are gone."""
        videos = task.subject.split(",")
        parts = "snippet,statistics,contentDetails"
        payload, answer = self._read(
            "video", self._api.videos().list(part=parts, id=task.subject), _Item
        )
        shown = {item.id for item in answer.items}
        return Page(
            payload=payload,
            format=FORMAT if shown else None,
            gone=[f"youtube:{video}" for video in videos if video not in shown],
            received=len(answer.items),
            known=len(videos),
        )

    def _comments(self, task: Task) -> Page:
        """Return threads, newest first: all of them, or until they are no longer new."""
        place = task.cursor or {}
        if "token" not in place:
            place = self._start_of_comments(place)
        request = self._api.commentThreads().list(
            part="snippet,replies",
            videoId=task.subject,
            order="time",
            maxResults=COMMENTS,
            pageToken=place["token"],
        )
        payload, answer = self._read("commentThread", request, _Thread)
        done, cursor = _after_comments(place, answer)
        return Page(
            payload=payload,
            format=FORMAT if answer.items else None,
            cursor=cursor,
            done=done,
            found=[task for thread in answer.items for task in thread.rest],
            received=len(answer.items),
        )

    def _start_of_comments(self, mark: Cursor) -> Cursor:
        """Return where a listing begins, and whether only new threads are wanted of it."""
        now = self._world.now()
        again = timedelta(seconds=_seconds(self._settings.comments_again, "comments_again"))
        full, since = mark.get("full"), mark.get("since")
        only_new = since is not None and full is not None and now - full < again
        begun = {"full": full if only_new else now, "since": since, "only_new": only_new}
        return begun | {"newest": None, "token": None}

    def _replies(self, task: Task) -> Page:
        thread, _, count = task.subject.partition("#")
        request = self._api.comments().list(
            part="snippet",
            parentId=thread,
            maxResults=COMMENTS,
            pageToken=(task.cursor or {}).get("token"),
        )
        payload, answer = self._read("comment", request, _Item)
        return _paged(
            answer.next_page_token,
            payload=payload,
            format=FORMAT if answer.items else None,
            received=len(answer.items),
            known=int(count),
        )

    def _search(self, task: Task) -> Page:
        """Return which videos are found; they are asked for by themselves."""
        place = task.cursor or {}
        place = {"after": place.get("after") or self._settings.bound, "seen": {}} | place
        payload, answer = self._read("search", self._searching(task.subject, place), _Found)
        now = self._world.now()
        found = {item.id.video_id: item.snippet.published_at or now for item in answer.items}
        new = [video for video in found if video not in place["seen"]]
        following = place | {"seen": place["seen"] | found, "token": answer.next_page_token}
        return Page(
            payload=payload,
            cursor=following if answer.next_page_token else _after_search(following),
            done=not answer.next_page_token,
            found=self._bringing(new),
            received=len(answer.items),
            spent=SEARCH_PRICE,
        )

    def _searching(self, words: str, place: Cursor) -> Any:  # noqa: ANN401 - of Google's library
        after: datetime | None = place["after"]
        return self._api.search().list(
            part="snippet",
            q=words,
            type="video",
            order="date",
            safeSearch="none",
            maxResults=BATCH,
            publishedAfter=after and f"{after.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            pageToken=place.get("token"),
        )

    def _channel(self, task: Task) -> Page:
        """Return a channel and its numbers; its uploads are a playlist."""
        name = task.subject
        which = {"@": "forHandle", "u": "forUsername", "U": "id"}[name[0]]
        asked = {which: name.removeprefix("user/")}
        parts = "snippet,statistics,contentDetails"
        payload, answer = self._read(
            "channel", self._api.channels().list(part=parts, **asked), _Channel
        )
        if not answer.items:
            msg = f"YouTube knows no channel {name}"
            raise GoneError(msg)
        lists = [item.content_details.related_playlists.uploads for item in answer.items]
        found = [Task(kind="uploads", subject=uploads) for uploads in lists if uploads]
        return Page(payload=payload, format=FORMAT, found=found, received=len(answer.items))

    def _uploads(self, task: Task) -> Page:
        """Return which videos a channel has, newest first, until they are known or too old."""
        place: Cursor = {"known": [], "token": None} | (task.cursor or {})
        request = self._api.playlistItems().list(
            part="contentDetails",
            playlistId=task.subject,
            maxResults=BATCH,
            pageToken=place["token"],
        )
        payload, answer = self._read("playlistItem", request, _Upload)
        uploads = [item.content_details for item in answer.items]
        new = [each.video_id for each in uploads if self._is_wanted(each, place["known"])]
        first = place.get("first") or [each.video_id for each in uploads]
        done = len(new) < len(uploads) or not answer.next_page_token
        following = place | {"first": first, "token": answer.next_page_token}
        return Page(
            payload=payload,
            cursor={"known": first} if done else following,
            done=done,
            found=self._bringing(new),
            received=len(uploads),
        )

    def _is_wanted(self, upload: _UploadDetails, known: Sequence[str]) -> bool:
        at, bound = upload.video_published_at, self._settings.bound
        return upload.video_id not in known and not (at and bound and at < bound)

    def _bringing(self, videos: Iterable[str]) -> list[Task]:
        """Return the questions for videos that were come across; those of ``ask`` have theirs."""
        others = [video for video in videos if video not in self._videos_asked]
        return _of_videos(others, comments=self._settings.expand)

    def _as_fact(self, response: requests.Response, task: Task) -> Exception:
        """Return what an error of YouTube means for collecting."""
        error = _error_of(response.content)
        said = self._without_key(" ".join(plain(error.message).split()))[:160].rstrip(".")
        now, reasons = self._world.now(), error.reasons
        for signs, fact in (
            (_PLACE, CursorError(f"YouTube no longer knows the place where we stopped ({said})")),
            (_QUOTA, RateLimitedError("YouTube's quota of today is spent", _until_midnight(now))),
            (_HASTE, RateLimitedError(f"YouTube asks for a pause ({said})", _wait(response, now))),
            (_NO_KEY, RefusedError(f"YouTube refuses; check the key and its rights ({said})")),
            (_CLOSED, GoneError(f"YouTube does not show it to everybody ({said})")),
        ):
            if signs & reasons:
                return fact
        if _FAILED in reasons:
            return self._failed(task)
        return _by_status(response, task, said, now)

    def _without_key(self, words: str) -> str:
        key = self._world.secrets.get(KEY)
        return words.replace(key, "…") if key else words

    def _failed(self, task: Task) -> Exception:
        """Return a failure of YouTube's; again and again on one page, it means a place too old."""
        failures = self._failures[task.key] = self._failures.get(task.key, 0) + 1
        if failures >= LOST_AFTER and (task.cursor or {}).get("token"):
            del self._failures[task.key]
            return CursorError("YouTube cannot go on from the place where we stopped")
        return UnreachableError("YouTube could not process the question just now")

    def check(self) -> Sequence[Check]:
        """Say that YouTube can be reached; a key is only tried by a question, which costs quota."""
        with told_apart("YouTube"):
            home = self._settings.server or _HOME
            response = self._web.head(f"{home}/$discovery/rest?version=v3", allow_redirects=False)
        answers = f"answers (status {response.status_code}); the key is tried by the first question"
        rule = (
            f"its policies allow data to be held for {REFRESH_DAYS} days unless it is refreshed: "
            f"let pages_days be {REFRESH_DAYS} at most; docs/collectors.md tells the rest"
        )
        return [Check("reach", answers), Check("policy", rule)]

    def estimate(self) -> Estimate:
        """Return what the budget of a day allows; how much there is to list is not known before."""
        basis = (
            "Asking is free of charge; YouTube counts units, by the day of the Pacific coast: "
            "here a search is counted as 100, everything else as 1."
        )
        return Estimate(self._settings.budget, "units a day", basis=basis)

    def period(self, now: datetime) -> str:
        """Count the budget by the day of the Pacific coast, as YouTube does."""
        return now.astimezone(_PACIFIC).date().isoformat()

    def close(self) -> None:
        """Hang up."""
        self._web.close()


def _of_videos(videos: Sequence[str], *, comments: bool) -> list[Task]:
    """Return the questions for videos: as few as can be for numbers, one each for comments."""
    batches = [videos[start : start + BATCH] for start in range(0, len(videos), BATCH)]
    found = [Task(kind="video", subject=",".join(batch)) for batch in batches]
    return found + [Task(kind="comments", subject=video) for video in videos if comments]


def _paged(token: str | None, **page: Any) -> Page:  # noqa: ANN401 - what a page takes
    return Page(cursor={"token": token} if token else None, done=not token, **page)


def _after_comments(place: Cursor, answer: _Answer[_Thread]) -> tuple[bool, Cursor]:
    """Return whether a listing is over, and where it goes on, now or the next time."""
    times = [thread.at for thread in answer.items if thread.at]
    newest = max([*filter(None, [place["newest"]]), *times], default=None)
    is_old = place["only_new"] and times and all(at <= place["since"] for at in times)
    if is_old or not answer.next_page_token:
        return True, {"since": newest or place["since"], "full": place["full"]}
    return False, place | {"newest": newest, "token": answer.next_page_token}


def _after_search(place: Cursor) -> Cursor | None:
    """Return from when to search the next time, and what was found since then."""
    seen: dict[str, datetime] = place["seen"]
    if not seen:
        return {"after": place["after"]} if place["after"] else None
    after: datetime = max(seen.values()) - OVERLAP
    return {"after": after, "seen": {video: at for video, at in seen.items() if at >= after}}


def _error_of(body: bytes) -> _Error:
    try:
        return msgspec.json.decode(body, type=_Failure).error
    except (ValueError, RecursionError):
        return _Error()


def _wait(response: requests.Response, now: datetime) -> float | None:
    return retry_seconds(response.headers, now=now)


def _until_midnight(now: datetime) -> float:
    """Return how many seconds are left of the day on the Pacific coast.

    >>> _until_midnight(datetime(2026, 3, 1, 7, 59, tzinfo=UTC))
    60.0
    """
    tomorrow = now.astimezone(_PACIFIC).date() + timedelta(days=1)
    return (datetime.combine(tomorrow, time(), _PACIFIC) - now).total_seconds()


def _by_status(response: requests.Response, task: Task, said: str, now: datetime) -> Exception:
    status = response.status_code
    if status < HTTPStatus.BAD_REQUEST:
        return UnreachableError(f"YouTube gave no answer, but status {status}")
    try:
        refuse(status, response.headers, "YouTube", now=now, said=said)
    except CollectError as fact:
        lost = {"comments": task.subject, "replies": task.subject.partition("#")[0]}
        if status == HTTPStatus.NOT_FOUND and task.kind in lost:
            return GoneError(str(fact), [f"youtube:{lost[task.kind]}"])
        return fact
    return UnreachableError(f"YouTube answered with status {status}")


class YouTubePlatform:
    """How YouTube is asked: with the API key of a project."""

    name = "youtube"
    label = "YouTube, Data API v3"
    settings = YouTubeSettings
    secrets: ClassVar[Mapping[str, str]] = {KEY: "the Google Cloud console, under credentials,"}

    def open(self, settings: YouTubeSettings, world: World) -> Source:
        """Return a source with a session of its own."""
        if fact := missing(self.secrets, world.secrets):
            raise CollectError(fact)
        web = session(server=settings.server)
        web.headers["X-Goog-Api-Key"] = world.secrets[KEY]
        return YouTubeSource(web, settings, world)


PLATFORM = YouTubePlatform()
