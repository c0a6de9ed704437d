"""A stand-in for a Mastodon server: the places that are asked, over statuses that a test plants.

Numbers are this server's own, pages have Link headers, boosts are statuses with the original
inside, and whoever is of another server is told with it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from loopback import Answer, Asked, as_json

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOME = "town.example"


@dataclass
class MastodonService:
    """Statuses and who boosted them."""

    page: int = 3
    statuses: dict[int, dict[str, Any]] = field(default_factory=dict)
    boosts: dict[int, list[int]] = field(default_factory=dict)  # of a status: accounts
    gone: set[int] = field(default_factory=set)
    url: str = ""

    def account(self, number: int) -> dict[str, Any]:
        """Return an account; those with an odd number are of another server."""
        host = HOME if number % 2 == 0 else "other.example"
        acct = f"user{number}" if host == HOME else f"user{number}@{host}"
        return {
            "id": str(number), "username": f"user{number}", "acct": acct,
            "url": f"https://{host}/@user{number}", "display_name": f"User {number}",
            "followers_count": 10 * number, "following_count": 1, "statuses_count": 5,
            "created_at": "2020-01-01T00:00:00.000Z",
        }  # fmt: skip

    def uri(self, number: int, author: int) -> str:
        """Return the address by which a status is known everywhere."""
        host = HOME if author % 2 == 0 else "other.example"
        return f"https://{host}/users/user{author}/statuses/{number}"

    def post(self, number: int, author: int, text: str, **told: object) -> dict[str, Any]:
        """Plant a status."""
        made: dict[str, Any] = {
            "id": str(number), "uri": self.uri(number, author),
            "created_at": f"{START + timedelta(minutes=number):%Y-%m-%dT%H:%M:%S.000Z}",
            "account": self.account(author), "visibility": "public", "content": f"<p>{text}</p>",
            "language": "en", "in_reply_to_id": None, "in_reply_to_account_id": None,
            "reblog": None, "mentions": [], "tags": [], "media_attachments": [],
            "reblogs_count": 0, "favourites_count": 1, "replies_count": 0, "edited_at": None,
        }  # fmt: skip
        self.statuses[number] = made | told
        return self.statuses[number]

    def reply(self, number: int, author: int, to: int) -> None:
        """Plant an answer."""
        above = self.statuses[to]
        self.post(
            number, author, f"answer {number}", in_reply_to_id=above["id"],
            in_reply_to_account_id=above["account"]["id"],
        )  # fmt: skip

    def boost(self, number: int, who: int, of: int) -> None:
        """Plant a boost: a status of its own, and an entry in the list."""
        self.post(number, who, "", reblog=self.statuses[of])
        self.boosts.setdefault(of, []).append(who)
        self.statuses[of]["reblogs_count"] += 1

    def __call__(self, asked: Asked) -> Answer:
        """Answer as Mastodon does."""
        places: tuple[tuple[str, Callable[..., Answer]], ...] = (
            (r"/api/v1/timelines/tag/(\w+)", self._tag),
            (r"/api/v1/statuses/(\d+)", self._status),
            (r"/api/v1/statuses/(\d+)/context", self._context),
            (r"/api/v1/statuses/(\d+)/reblogged_by", self._boosters),
            (r"/api/v1/statuses/(\d+)/quotes", self._quotes),
            (r"/api/v1/accounts/lookup", self._lookup),
            (r"/api/v1/accounts/(\d+)/statuses", self._posts),
            (r"/api/v2/search", self._search),
            (r"/api/v./instance.*", lambda _: as_json({"uri": HOME, "version": "4.7.0"})),
        )
        for pattern, answer in places:
            if found := re.fullmatch(pattern, asked.path):
                return answer(asked, *found.groups())
        return as_json({"error": "Record not found"}, 404)

    def _tag(self, asked: Asked, tag: str) -> Answer:
        return self._paged(asked, [s for s in self._shown() if f"#{tag}" in s["content"]])

    def _shown(self) -> list[dict[str, Any]]:
        return [each for number, each in self.statuses.items() if number not in self.gone]

    def _status(self, asked: Asked, number: str) -> Answer:
        assert asked
        if int(number) in self.gone or int(number) not in self.statuses:
            return as_json({"error": "Record not found"}, 404)
        return as_json(self.statuses[int(number)])

    def _context(self, asked: Asked, number: str) -> Answer:
        assert asked
        below: list[dict[str, Any]] = []
        waiting = [number]
        while waiting:
            found = [s for s in self._shown() if s["in_reply_to_id"] in waiting]
            below += found
            waiting = [each["id"] for each in found]
        return as_json({"ancestors": [], "descendants": below})

    def _boosters(self, asked: Asked, number: str) -> Answer:
        who = self.boosts.get(int(number), [])
        return self._paged(asked, [self.account(each) for each in who])

    def _quotes(self, asked: Asked, number: str) -> Answer:
        quoting = [s for s in self._shown() if s.get("quoted") == int(number)]
        return self._paged(asked, quoting)

    def _lookup(self, asked: Asked) -> Answer:
        name = asked.query["acct"]
        found = re.fullmatch(r"user(\d+)(?:@.*)?", name)
        return as_json(self.account(int(found[1]))) if found else as_json({}, 404)

    def _posts(self, asked: Asked, number: str) -> Answer:
        own = [each for each in self._shown() if each["account"]["id"] == number]
        return self._paged(asked, own)

    def _search(self, asked: Asked) -> Answer:
        found = [each for each in self._shown() if asked.query["q"] in each["content"]]
        at = int(asked.query.get("offset", 0))
        return as_json({"statuses": found[at : at + 40], "accounts": [], "hashtags": []})

    def _paged(self, asked: Asked, items: Sequence[dict[str, Any]]) -> Answer:
        newest_first = sorted(items, key=lambda each: -int(each["id"]))
        most = int(asked.query.get("max_id", 10**9))
        least = int(asked.query.get("since_id", 0))
        fitting = [each for each in newest_first if least < int(each["id"]) < most]
        some = fitting[: self.page]
        headers: dict[str, str] = {}
        if len(fitting) > len(some):
            place = f"{self.url}{asked.path}?max_id={some[-1]['id']}"
            headers["link"] = f'<{place}>; rel="next"'
        return as_json(some, 200, **headers)


def planted(service: MastodonService) -> MastodonService:
    """Plant an appeal: status 1 by account 2, boosts, answers to answers, a quote."""
    service.post(1, 2, "please help #park")
    for number in range(10, 15):
        service.boost(number, number, 1)
    service.reply(20, 3, 1)
    service.reply(21, 4, 20)
    service.reply(22, 5, 21)
    quoted = {"state": "accepted", "quoted_status": service.statuses[1]}
    service.post(30, 7, "look at this #park", quote=quoted, quoted=1)
    return service
