"""Mastodon, through Mastodon.py: hashtags, searches, accounts, statuses with threads and boosts.

What ``ask`` may hold: ``#tag`` and words (asked of every instance), the address of a status (asked
of its own server), or ``@name@server``.

- Every server knows a part only: several are asked, and a status that two of them know is one, by
  its ``uri``.
- Who boosted is listed without times. With ``boost_times`` the boosters' own posts are looked
  through for the boost, which has one.
- Answers tell statuses by their server's numbers: a page is stamped with its server, and with the
  status that it is about.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import msgspec
import requests
from mastodon import Mastodon
from mastodon.errors import MastodonError, MastodonNetworkError, MastodonRatelimitError

from analytics.errors import CollectError, GoneError, RateLimitedError, UnreachableError
from analytics.settings import SourceSettings
from collectors.sources import Check, Estimate, Page, Source, Task, World
from collectors.web import READ_SECONDS, bare, json_of, refuse, retry_seconds, session

PAGE = 40
LOOKED_THROUGH = 5  # pages of a booster's own posts
_STATUS = re.compile(r"(https?://[^/\s]+)/(?:@[^/\s]+|users/[^/\s]+/statuses|web/statuses)/(\w+)/?")
_ACCOUNT = re.compile(r"@([\w.-]+)@([\w.:-]+)")


class MastodonSettings(SourceSettings, kw_only=True):
    """A source on Mastodon.

    Attributes
    ----------
    instances
        Servers that are asked for hashtags, words and accounts.
    replies, boosts, quotes
        What is asked for of each status that ``ask`` names.
    boost_times
        Look through the posts of those who boosted for the time at which they did.
    expand
        Ask for all of this of every status that a hashtag or a search finds, too.
    """

    instances: list[str] = []  # noqa: RUF012 - msgspec copies it
    replies: bool = True
    boosts: bool = True
    quotes: bool = True
    boost_times: bool = True
    expand: bool = False


class _Account(msgspec.Struct):
    id: str | int
    acct: str
    url: str | None = None


class _Boosted(msgspec.Struct):
    uri: str


class _Status(msgspec.Struct):
    id: str | int
    uri: str
    account: _Account
    created_at: str | None = None
    reblog: _Boosted | None = None


class _Found(msgspec.Struct):
    statuses: list[_Status] = []


class _About(msgspec.Struct):
    """The status that a question is about, as far as its answers must be told."""

    id: str
    uri: str
    account: _Account
    created_at: str | None = None


_STATUSES = msgspec.json.Decoder(list[_Status])
_ACCOUNTS = msgspec.json.Decoder(list[_Account])


class Instance:
    """One server: its client, and the last answer as it came."""

    def __init__(self, address: str, token: str | None, server: str | None = None) -> None:
        self.address = address
        self.last: requests.Response | None = None
        self._session = session(server=server)
        self._session.hooks["response"] = [self._keep]
        self.client = Mastodon(
            api_base_url=address,
            access_token=token,
            session=self._session,
            ratelimit_method="throw",
            version_check_mode="created",
            mastodon_version=_NEWEST,  # else it is asked for, before the first question
            request_timeout=READ_SECONDS,
            user_agent=str(self._session.headers["User-Agent"]),
        )
        self.has_token = token is not None

    @property
    def host(self) -> str:
        """Its name."""
        return urlsplit(self.address).netloc.lower()

    def _keep(self, response: requests.Response, **_: object) -> None:
        self.last = response

    def close(self) -> None:
        """Hang up."""
        self._session.close()


class MastodonSource:
    """Asks Mastodon's servers what one entry of the settings wants.

    Parameters
    ----------
    instances
        The servers, by address; the first is asked for accounts.
    open_instance
        Gives a server that is not among them: that of a status's address.
    settings, now
        What to ask, and the clock.
    """

    unit = "requests"

    def __init__(
        self,
        instances: Mapping[str, Instance],
        open_instance: Callable[[str], Instance],
        settings: MastodonSettings,
        now: Callable[[], datetime],
    ) -> None:
        self._instances = dict(instances)
        self._open = open_instance
        self._settings = settings
        self._now = now
        self._kinds = {
            "hashtag": self._hashtag,
            "search": self._search,
            "status": self._status,
            "replies": self._context,
            "boosts": self._boosts,
            "quotes": self._quotes,
            "account": self._account,
            "posts": self._posts,
            "boost time": self._boost_time,
        }

    def tasks(self) -> Sequence[Task]:
        """Return a question for each thing to ask, of each server that can answer it."""
        return [task for asked in self._settings.ask for task in self._asked_for(asked.strip())]

    def _asked_for(self, asked: str) -> list[Task]:
        if found := _STATUS.fullmatch(asked):
            return [_task("status", found[1], found[2])]
        if _ACCOUNT.fullmatch(asked):
            return [_task("account", next(iter(self._instances)), asked[1:], repeats=False)]
        if asked.startswith("#"):
            return [_task("hashtag", each, asked[1:]) for each in self._instances]
        with_token = [each for each, told in self._instances.items() if told.has_token]
        return [_task("search", each, asked) for each in with_token or self._instances]

    def price(self, task: Task) -> int:
        """Return the price of a page: one request."""
        del task
        return 1

    def ask(self, task: Task) -> Page:
        """Return the next page of an answer."""
        address, _, subject = task.subject.partition(" ")
        if address not in self._instances:
            self._instances[address] = self._open(address)
        return self._kinds[task.kind](task, self._instances[address], subject)

    def _hashtag(self, task: Task, of: Instance, tag: str) -> Page:
        body = self._call(of, lambda: of.client.timeline_hashtag(tag, **_bounds(task)))
        return self._listed(task, of, body)

    def _search(self, task: Task, of: Instance, words: str) -> Page:
        offset = (task.cursor or {}).get("offset", 0)
        body = self._call(
            of,
            lambda: of.client.search_v2(
                words, resolve=False, result_type="statuses", limit=PAGE, offset=offset
            ),
        )
        found = _read(body, _Found).statuses
        done = len(found) < PAGE
        return Page(
            payload=_stamped(of, b"found", body),
            format="mastodon" if found else None,
            cursor=None if done else {"offset": offset + len(found)},
            done=done,
            found=self._arising(of, found) if self._settings.expand else [],
            received=len(found),
        )

    def _listed(self, task: Task, of: Instance, body: bytes) -> Page:
        """Return a page of statuses, newest first; the next time only newer ones are asked for."""
        statuses = _list(body, _STATUSES)
        cursor = task.cursor or {}
        newest = cursor.get("newest") or (str(statuses[0].id) if statuses else cursor.get("since"))
        following = _next(of)
        done = following is None or not statuses
        more = {"max": following, "newest": newest, "since": cursor.get("since")}
        return Page(
            payload=_stamped(of, b"statuses", body),
            format="mastodon" if statuses else None,
            cursor=({"since": newest} if newest else None) if done else more,
            done=done,
            found=self._arising(of, statuses) if self._settings.expand else [],
            received=len(statuses),
            items=" ".join(str(each.id) for each in statuses),
        )

    def _arising(self, of: Instance, statuses: Sequence[_Status]) -> list[Task]:
        originals = [each for each in statuses if each.reblog is None]
        return [task for each in originals for task in self._of_status(of, each)]

    def _of_status(self, of: Instance, status: _Status) -> list[Task]:
        told = self._settings
        wanted = {"replies": told.replies, "boosts": told.boosts, "quotes": told.quotes}
        about = _told(status)
        return [_task(kind, of.address, about) for kind, asked in wanted.items() if asked]

    def _status(self, task: Task, of: Instance, number: str) -> Page:
        del task
        body = self._call(of, lambda: of.client.status(number))
        status = _read(body, _Status)
        return Page(
            payload=_stamped(of, b"statuses", b"[" + body + b"]"),
            format="mastodon",
            found=self._of_status(of, status),
            received=1,
        )

    def _context(self, task: Task, of: Instance, subject: str) -> Page:
        del task
        about = _read(subject.encode(), _About)
        body = self._call(of, lambda: of.client.status_context(about.id), about)
        inner = body.strip()[1:]  # its members stand beside the stamp
        stamp = b'{"server":"%s","status":%s,' % (of.host.encode(), subject.encode())
        count = body.count(b'"uri"')
        return Page(payload=stamp + inner, format="mastodon", received=count)

    def _boosts(self, task: Task, of: Instance, subject: str) -> Page:
        about = _read(subject.encode(), _About)
        route = f"/api/v1/statuses/{about.id}/reblogged_by"
        body = self._call(of, lambda: self._routed(of, route, task), about)
        who = _list(body, _ACCOUNTS)
        following = _next(of)
        found = [
            _task("boost time", of.address, f"{each.id} {subject}", repeats=False) for each in who
        ]
        return Page(
            payload=_stamped(of, b"reblogged_by", body, subject.encode()),
            format="mastodon" if who else None,
            cursor={"max": following} if following and who else None,
            done=not (following and who),
            found=found if self._settings.boost_times else [],
            received=len(who),
            items=" ".join(str(each.id) for each in who),
        )

    def _quotes(self, task: Task, of: Instance, subject: str) -> Page:
        about = _read(subject.encode(), _About)
        bounds = {"max_id": (task.cursor or {}).get("max"), "limit": PAGE}
        body = self._call(of, lambda: of.client.status_quotes(about.id, **bounds), about)
        statuses = _list(body, _STATUSES)
        following = _next(of) if statuses else None
        return Page(
            payload=_stamped(of, b"statuses", body, subject.encode()),
            format="mastodon" if statuses else None,
            cursor={"max": following} if following else None,
            done=following is None,
            received=len(statuses),
            items=" ".join(str(each.id) for each in statuses),
        )

    def _routed(self, of: Instance, route: str, task: Task) -> object:
        """Ask a list whose pages the library does not turn."""
        place = (task.cursor or {}).get("max")
        asking = getattr(of.client, "_Mastodon__api_request")  # noqa: B009 - no public way
        return asking("GET", route, {"limit": PAGE, **({"max_id": place} if place else {})})

    def _account(self, task: Task, of: Instance, name: str) -> Page:
        del task
        handle, _, host = name.partition("@")
        asked = handle if host == of.host else name
        body = self._call(of, lambda: of.client.account_lookup(asked))
        account = _read(body, _Account)
        found = [_task("posts", of.address, str(account.id))]
        payload = _stamped(of, b"accounts", b"[" + body + b"]")
        return Page(payload=payload, format="mastodon", found=found, received=1)

    def _posts(self, task: Task, of: Instance, number: str) -> Page:
        body = self._call(of, lambda: of.client.account_statuses(number, **_bounds(task)))
        return self._listed(task, of, body)

    def _boost_time(self, task: Task, of: Instance, subject: str) -> Page:
        """Look through an account's posts for its boost of a status, and keep that alone."""
        number, _, told = subject.partition(" ")
        about = _read(told.encode(), _About)
        cursor = task.cursor or {}
        bounds = {"limit": PAGE, "exclude_replies": True, "max_id": cursor.get("max")}
        body = self._call(of, lambda: of.client.account_statuses(number, **bounds))
        statuses = _list(body, _STATUSES)
        boost = [each for each in statuses if each.reblog and each.reblog.uri == about.uri]
        looked = cursor.get("looked", 0) + 1
        older = statuses and (statuses[-1].created_at or "") < (about.created_at or "")
        following = _next(of)
        done = bool(boost or older or not following or not statuses or looked >= LOOKED_THROUGH)
        kept = _only(body, [str(each.id) for each in boost])
        return Page(
            payload=_stamped(of, b"statuses", kept),
            format="mastodon" if boost else None,
            cursor=None if done else {"max": following, "looked": looked},
            done=done,
            received=len(boost),
            items=" ".join(str(each.id) for each in statuses),
        )

    def _call(self, of: Instance, call: Callable[[], object], about: _About | None = None) -> bytes:
        """Return the body of an answer, as it came."""
        of.last = None
        try:
            call()
        except MastodonNetworkError as error:
            cause = error.__cause__ or error.__context__ or error
            msg = f"{of.host} cannot be reached ({bare(cause)}); check the connection"
            raise UnreachableError(msg) from None
        except MastodonError as error:
            self._raise(of, error, about)
        except requests.exceptions.RequestException as error:
            msg = f"{of.host} cannot be reached ({bare(error)}); check the connection"
            raise UnreachableError(msg) from None
        if of.last is None:
            msg = f"{of.host} gave no answer"
            raise UnreachableError(msg)
        json_of(of.last.content, of.host)
        return of.last.content

    def _raise(self, of: Instance, error: MastodonError, about: _About | None) -> None:
        """Raise what an error of the library means; what is only its own reading is let pass."""
        if of.last is None:
            msg = f"{of.host} cannot be asked ({type(error).__name__}); check the address"
            raise UnreachableError(msg) from None
        headers = of.last.headers
        if isinstance(error, MastodonRatelimitError):
            seconds = retry_seconds(headers, now=self._now())
            msg = f"{of.host} asks for a pause"
            raise RateLimitedError(msg, seconds) from None
        try:
            refuse(of.last.status_code, headers, of.host, now=self._now())
        except GoneError as fact:
            gone = [f"mastodon:{about.uri}"] if about and of.last.status_code == _NOT_FOUND else []
            raise GoneError(str(fact), gone) from None

    def check(self) -> Sequence[Check]:
        """Say of each server whether it answers, and whether it knows the token."""
        return [self._checked(of) for of in self._instances.values()]

    def _checked(self, of: Instance) -> Check:
        ask = of.client.account_verify_credentials if of.has_token else of.client.instance
        try:
            self._call(of, ask)
        except CollectError as error:
            return Check(of.host, str(error), fine=False)
        return Check(of.host, "answers, and knows the token" if of.has_token else "answers")

    def estimate(self) -> Estimate | None:
        """Return none: asking is free of charge."""
        return None

    def period(self, now: datetime) -> str:
        """Count a budget by the day."""
        return f"{now:%Y-%m-%d}"

    def close(self) -> None:
        """Hang up."""
        for each in self._instances.values():
            each.close()


_NOT_FOUND = 404
_NEWEST = "4.7.3"


def _task(kind: str, address: str, subject: str, *, repeats: bool = True) -> Task:
    return Task(kind=kind, subject=f"{address} {subject}", repeats=repeats)


def _bounds(task: Task) -> dict[str, Any]:
    cursor = task.cursor or {}
    return {"limit": PAGE, "max_id": cursor.get("max"), "since_id": cursor.get("since")}


def _told(status: _Status) -> str:
    """Return what a stamp says of a status."""
    about = _About(str(status.id), status.uri, status.account, status.created_at)
    return msgspec.json.encode(about).decode()


def _stamped(of: Instance, member: bytes, body: bytes, about: bytes | None = None) -> bytes:
    """Return an answer with what it does not say: its server, and the status that it is about."""
    if member == b"found":
        return b'{"server":"%s",' % of.host.encode() + body.strip()[1:]
    stamp = b'{"server":"%s",' % of.host.encode()
    stamp += b'"status":%s,' % about if about else b""
    return stamp + b'"%s":%s}' % (member, body)


def _only(body: bytes, numbers: Sequence[str]) -> bytes:
    """Return the statuses of a list that have these numbers, as they came."""
    raws = msgspec.json.decode(body, type=list[msgspec.Raw])
    kept = [raw for raw in raws if str(msgspec.json.decode(raw)["id"]) in numbers]
    return b"[" + b",".join(bytes(raw) for raw in kept) + b"]"


def _next(of: Instance) -> str | None:
    """Return where the next page begins, as the answer's Link header says."""
    url = (of.last.links.get("next") or {}).get("url") if of.last is not None else None
    return next(iter(parse_qs(urlsplit(url).query).get("max_id", [])), None) if url else None


def _list(body: bytes, decoder: "msgspec.json.Decoder[Any]") -> list[Any]:
    try:
        found: list[Any] = decoder.decode(body)
    except msgspec.ValidationError:
        msg = "the server gave an answer of another form"
        raise UnreachableError(msg) from None
    return found


def _read(body: bytes, kind: Any) -> Any:  # noqa: ANN401 - a struct, and one of its kind
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError:
        msg = "the server gave an answer of another form"
        raise UnreachableError(msg) from None


class MastodonPlatform:
    """How Mastodon is asked: without a token what is public, with one also searches."""

    name = "mastodon"
    label = "Mastodon, and servers that speak its API"
    settings = MastodonSettings
    secrets: ClassVar[Mapping[str, str]] = {}

    def open(self, settings: MastodonSettings, world: World) -> Source:
        """Return a source with a client for each server."""

        def open_instance(address: str) -> Instance:
            host = urlsplit(address).netloc.lower()
            by_host = f"mastodon_token_{re.sub(r'[^a-z0-9]', '_', host)}"
            token = world.secrets.get(by_host)
            if token is None and address in addresses:
                token = world.secrets.get("mastodon_token")
            return Instance(address, token, settings.server)

        addresses = [_address(each) for each in settings.instances]
        if not addresses and any(not _STATUS.fullmatch(each) for each in settings.ask):
            msg = (
                f"source {settings.name!r} names no server; add instances = "
                '["https://mastodon.social"] in groundswell.toml'
            )
            raise CollectError(msg)
        instances = {address: open_instance(address) for address in addresses}
        return MastodonSource(instances, open_instance, settings, world.now)


def _address(instance: str) -> str:
    """Return the address of a server that may be told by its name alone."""
    address = instance if "://" in instance else f"https://{instance}"
    return address.rstrip("/")


PLATFORM = MastodonPlatform()
