"""X, through tweepy: searches, posts with their quotes, reposters and replies, timelines, a stream.

What ``ask`` may hold: a post (its address or number), an account (``@name``), or words to search.

- X charges for every post that it returns, and twice as much for an account: ``budget`` counts
  posts, and an account counts as two.
- Search has given no reposts since May 2026: who reposted is asked for per post, and comes without
  times.
- tweepy asks with the old names of fields; answers are read under the old and the new ones.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec
import requests
import tweepy

from analytics.errors import CollectError, CursorError, GoneError, UnreachableError
from analytics.settings import SourceSettings
from collectors.credentials import missing
from collectors.sources import Check, Cursor, Estimate, Page, Source, Task, World
from collectors.web import Deadline, json_of, refuse, session, told_apart

POST_PRICE = 0.005  # US dollars, from X's price page in November 2026
ACCOUNT_WEIGHT = 2  # an account costs as much as so many posts
PAGE = 100
STREAM_SECONDS = 5.0
RULE_TAG = "groundswell"
_POST = re.compile(r"(?:https?://(?:\w+\.)?(?:x|twitter)\.com/\w+/status/)?(\d{5,20})(?:[/?#].*)?")
_FIELDS = {
    "expansions": [
        "author_id", "referenced_tweets.id", "referenced_tweets.id.author_id",
        "in_reply_to_user_id", "entities.mentions.username", "attachments.media_keys",
    ],
    "tweet_fields": [
        "id", "text", "author_id", "created_at", "conversation_id", "in_reply_to_user_id",
        "referenced_tweets", "public_metrics", "entities", "attachments", "lang", "note_tweet",
        "edit_history_tweet_ids",
    ],
    "user_fields": ["id", "username", "name", "created_at", "public_metrics", "verified"],
    "media_fields": ["media_key", "type", "url"],
}  # fmt: skip
_USER_FIELDS = {"user_fields": _FIELDS["user_fields"]}


class XSettings(SourceSettings, kw_only=True):
    """A source on X.

    Attributes
    ----------
    archive
        Search all posts ever, not the last seven days (X sells it to some only).
    since, until
        Bounds of a search in the archive.
    quotes, reposters, replies
        What is asked for of each post that ``ask`` names.
    expand
        Ask for these of every original that a search finds, too; it costs accordingly.
    recount
        Ask again for the numbers of the originals that a search finds.
    stream
        Receive what matches as it is posted, until stopped, instead of searching.
    """

    archive: bool = False
    since: datetime | None = None
    until: datetime | None = None
    quotes: bool = True
    reposters: bool = True
    replies: bool = True
    expand: bool = False
    recount: bool = False
    stream: bool = False


class _Meta(msgspec.Struct):
    next_token: str | None = None
    newest_id: str | None = None
    result_count: int = 0


class _Reference(msgspec.Struct):
    type: str | None = None


class _Found(msgspec.Struct):
    id: str = ""
    referenced_tweets: list[_Reference] = []
    referenced_posts: list[_Reference] = []

    @property
    def is_original(self) -> bool:
        """Whether it is neither repost, quote nor reply."""
        return not (self.referenced_tweets or self.referenced_posts)


class _Problem(msgspec.Struct):
    resource_id: str = ""
    value: str = ""
    resource_type: str = ""
    type: str = ""


class _Answer(msgspec.Struct):
    """What of an answer decides how to go on."""

    data: list[_Found] | _Found = []
    meta: _Meta = msgspec.field(default_factory=_Meta)
    errors: list[_Problem] = []
    includes: dict[str, list[msgspec.Raw]] = {}

    @property
    def items(self) -> list[_Found]:
        """The posts or accounts that were asked for."""
        return self.data if isinstance(self.data, list) else [self.data]


class XSource:
    """Asks X what one entry of the settings wants.

    Parameters
    ----------
    client
        A tweepy client that returns responses as they came (``return_type=requests.Response``) and
        never waits by itself.
    settings, now
        What to ask, and the clock.
    """

    unit = "posts"

    def __init__(self, client: tweepy.Client, settings: XSettings, world: World) -> None:
        self._client = client
        self._settings = settings
        self._now = world.now
        self._stream: Iterator[bytes] | None = None
        self._kinds = {
            "search": self._search,
            "replies": self._search,
            "counts": self._lookup,
            "post": self._lookup,
            "quotes": self._quotes,
            "reposters": self._reposters,
            "account": self._account,
            "timeline": self._timeline,
            "stream": self._streamed,
        }

    def tasks(self) -> Sequence[Task]:
        """Return one question for each thing to ask; posts bring more with them."""
        found = []
        words = []
        for asked in self._settings.ask:
            if post := _POST.fullmatch(asked.strip()):
                found += [Task(kind="post", subject=post[1]), *self._of_post(post[1])]
            elif asked.startswith("@"):
                found.append(Task(kind="account", subject=asked[1:], repeats=False))
            elif self._settings.stream:
                words.append(asked)
            else:
                found.append(Task(kind="search", subject=asked))
        return [*found, Task(kind="stream", subject="\n".join(words))] if words else found

    def _of_post(self, post: str) -> list[Task]:
        told = self._settings
        wanted = {"quotes": told.quotes, "reposters": told.reposters, "replies": told.replies}
        return [Task(kind=kind, subject=post) for kind, asked in wanted.items() if asked]

    def price(self, task: Task) -> int:
        """Return the most that the next page can cost."""
        match task.kind:
            case "account":
                return ACCOUNT_WEIGHT
            case "reposters":
                return PAGE * ACCOUNT_WEIGHT
            case "post" | "counts":
                return task.subject.count(",") + 1
        return PAGE

    def ask(self, task: Task) -> Page:
        """Return the next page of an answer."""
        with told_apart("X"):
            try:
                return self._kinds[task.kind](task)
            except tweepy.HTTPException as error:
                raise _as_fact(error, task, self._now()) from None

    def _search(self, task: Task) -> Page:
        cursor = task.cursor or {}
        query = f"conversation_id:{task.subject}" if task.kind == "replies" else task.subject
        bounds: dict[str, Any] = {
            "since_id": cursor.get("since"),
            "next_token": cursor.get("token"),
        }
        told = self._settings
        if told.archive and not cursor.get("since"):
            bounds |= {"start_time": told.since, "end_time": told.until}
        ask = self._client.search_all_tweets if told.archive else self._client.search_recent_tweets
        return self._listed(task, ask(query, max_results=PAGE, **_FIELDS, **bounds))

    def _quotes(self, task: Task) -> Page:
        token = (task.cursor or {}).get("token")
        return self._listed(
            task,
            self._client.get_quote_tweets(
                task.subject, max_results=PAGE, pagination_token=token, **_FIELDS
            ),
        )

    def _timeline(self, task: Task) -> Page:
        cursor = task.cursor or {}
        return self._listed(
            task,
            self._client.get_users_tweets(
                task.subject,
                max_results=PAGE,
                pagination_token=cursor.get("token"),
                since_id=cursor.get("since"),
                **_FIELDS,
            ),
        )

    def _listed(self, task: Task, response: Any) -> Page:  # noqa: ANN401 - tweepy is untyped
        """Return a page of posts, newest first; the next time only newer ones are asked for."""
        payload, answer = self._read(response)
        cursor = task.cursor or {}
        newest = cursor.get("newest") or answer.meta.newest_id
        mark: Cursor = {"since": cursor.get("since"), "newest": newest}
        done = answer.meta.next_token is None
        last = newest or cursor.get("since")
        is_search = task.kind in {"search", "replies", "timeline"}
        after: Cursor | None = {"since": last} if is_search and last else None
        return Page(
            payload=payload,
            format="x-v2" if answer.items else None,
            cursor=after if done else mark | {"token": answer.meta.next_token},
            done=done,
            found=self._arising(task, answer),
            received=len(answer.items),
            spent=len(answer.items),
            items=" ".join(item.id for item in answer.items),
        )

    def _arising(self, task: Task, answer: _Answer) -> list[Task]:
        """Return what the originals of a search give rise to."""
        originals = [item.id for item in answer.items if item.is_original]
        if task.kind != "search" or not originals:
            return []
        found = [Task(kind="counts", subject=",".join(originals))] if self._settings.recount else []
        if self._settings.expand:
            found += [each for post in originals for each in self._of_post(post)]
        return found

    def _lookup(self, task: Task) -> Page:
        ids = task.subject.split(",")
        payload, answer = self._read(self._client.get_tweets(ids, **_FIELDS))
        lost = [each.resource_id or each.value for each in answer.errors]
        gone = [f"x:{post}" for post in ids if post in lost]
        return Page(
            payload=payload,
            format="x-v2" if answer.items else None,
            gone=gone,
            received=len(answer.items),
            known=len(ids),
            spent=len(answer.items),
        )

    def _reposters(self, task: Task) -> Page:
        token = (task.cursor or {}).get("token")
        response = self._client.get_retweeters(
            task.subject, max_results=PAGE, pagination_token=token, **_USER_FIELDS
        )
        payload, answer = self._read(response)
        following = answer.meta.next_token
        return Page(
            payload=payload,
            format="x-reposters" if answer.items else None,
            cursor={"token": following} if following else None,
            done=following is None,
            received=len(answer.items),
            spent=ACCOUNT_WEIGHT * len(answer.items),
            items=" ".join(item.id for item in answer.items),
        )

    def _account(self, task: Task) -> Page:
        response = self._client.get_user(username=task.subject, **_USER_FIELDS)
        payload, answer = self._read(response)
        found = [Task(kind="timeline", subject=each.id) for each in answer.items if each.id]
        if not found:
            msg = f"X knows no account @{task.subject}"
            raise GoneError(msg)
        return Page(payload=payload, format="x-v2", found=found, received=1, spent=ACCOUNT_WEIGHT)

    def _streamed(self, task: Task) -> Page:
        """Return what came in the next few seconds."""
        if self._stream is None:
            self._stream = self._opened(task.subject)
        lines = self._received(Deadline(STREAM_SECONDS))
        if self._stream is None and not lines:
            msg = "X closed the stream"
            raise UnreachableError(msg)
        return Page(
            payload=b"\n".join(lines),
            format="x-v2" if lines else None,
            cursor={"pages": (task.cursor or {}).get("pages", 0) + 1},
            done=False,
            live=True,
            received=len(lines),
            spent=len(lines),
        )

    def _received(self, deadline: Deadline) -> list[bytes]:
        """Return the lines of the next moments; what came before a break is kept."""
        lines: list[bytes] = []
        try:
            for line in self._stream or ():
                if line.strip():
                    lines.append(self._stamped(line, "stream"))
                if not deadline.left or len(lines) >= PAGE:
                    return lines
        except (requests.exceptions.RequestException, OSError):
            pass
        self._stream = None
        return lines

    def _set_rules(self, wanted: Sequence[str]) -> None:
        """Make the stream's rules ours; those that others set are left alone."""
        rules = tweepy.StreamingClient(
            self._client.bearer_token, return_type=requests.Response, max_retries=0
        )
        rules.session = self._client.session
        held = json_of(rules.get_rules().content, "X").get("data") or []
        ours = {each["value"]: each["id"] for each in held if each.get("tag") == RULE_TAG}
        if gone := [number for value, number in ours.items() if value not in wanted]:
            rules.delete_rules(gone)
        if new := [each for each in wanted if each not in ours]:
            rules.add_rules([tweepy.StreamRule(value=each, tag=RULE_TAG) for each in new])

    def _opened(self, subject: str) -> Iterator[bytes]:
        """Set the rules, open the stream, and yield its lines; empty ones keep it alive."""
        self._set_rules(subject.split("\n"))
        params = {name.replace("_", ".", 1): ",".join(told) for name, told in _FIELDS.items()}
        response = self._client.session.get(
            "https://api.twitter.com/2/tweets/search/stream",
            params=params,
            headers={"Authorization": f"Bearer {self._client.bearer_token}"},
            stream=True,
        )
        refuse(response.status_code, response.headers, "X", now=self._now())
        lines: Iterator[bytes] = response.iter_lines(chunk_size=None)
        return lines

    def _read(self, response: requests.Response) -> tuple[bytes, _Answer]:
        body = response.content
        json_of(body, "X")
        try:
            answer = msgspec.json.decode(body, type=_Answer)
        except msgspec.ValidationError:
            msg = "X gave an answer of another form"
            raise UnreachableError(msg) from None
        return self._stamped(body, str(response.url)), answer

    def _stamped(self, body: bytes, url: str) -> bytes:
        """Add where and when it was asked, as twarc does, so that other tools read it too."""
        at = self._now().strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
        told = msgspec.json.encode({"url": url, "version": "groundswell", "retrieved_at": at})
        return body.rstrip()[:-1] + b',"__twarc":' + told + b"}"

    def check(self) -> Sequence[Check]:
        """Say that X can be reached; whether it takes the key cannot be known free of charge."""
        with told_apart("X"):
            response = self._client.session.head("https://api.twitter.com/2/openapi.json")
        fact = f"answers (status {response.status_code}); the key is tried by the first question"
        return [Check("reach", fact)]

    def estimate(self) -> Estimate:
        """Return what the budget allows; a search has no end that could be known before."""
        budget = self._settings.budget
        basis = (
            "X charges 0.005 dollars a post and 0.010 an account, each once a day (its price page, "
            "November 2026); what it attaches to posts may be charged too."
        )
        if budget is None:
            return Estimate(None, self.unit, basis=f"{basis} Set a budget to bound it.")
        return Estimate(budget, self.unit, money=budget * POST_PRICE, basis=basis)

    def period(self, now: datetime) -> str:
        """Count the budget over all time: it is money."""
        del now
        return "ever"

    def close(self) -> None:
        """Hang up."""
        self._client.session.close()


def _as_fact(error: tweepy.HTTPException, task: Task, now: datetime) -> Exception:
    """Return what an error of X means for collecting."""
    response = error.response
    said = "; ".join(error.api_messages or (error.api_errors and map(str, error.api_errors)) or ())
    told = " ".join(said.split())[:160]
    cursor = task.cursor or {}
    if response.status_code == requests.codes.bad_request and cursor:
        return CursorError(f"X no longer knows the place where we stopped ({told})")
    try:
        refuse(response.status_code, _headers(response), "X", now=now, said=told)
    except Exception as fact:  # noqa: BLE001 - it is returned
        if response.status_code == requests.codes.not_found and task.kind == "post":
            return GoneError(str(fact), [f"x:{task.subject}"])
        return fact
    return UnreachableError(f"X answered with status {response.status_code}")


def _headers(response: requests.Response) -> Mapping[str, str]:
    return dict(response.headers)


class XPlatform:
    """How X is asked: with a bearer token of an app."""

    name = "x"
    label = "X (Twitter), API v2"
    settings = XSettings
    secrets: ClassVar[Mapping[str, str]] = {"x_bearer_token": "the developer console of X"}

    def open(self, settings: XSettings, world: World) -> Source:
        """Return a source with a client of its own."""
        if fact := missing(self.secrets, world.secrets):
            raise CollectError(fact)
        client = tweepy.Client(
            world.secrets["x_bearer_token"], return_type=requests.Response, wait_on_rate_limit=False
        )
        client.session = session(server=settings.server)
        return XSource(client, settings, world)


PLATFORM = XPlatform()
