"""A stand-in for YouTube: the lists of Data API v3 that are asked, over what a test plants.

Answers have the form of real ones, with the quirks that matter: numbers as text, newest first,
opaque tokens, titles in HTML and cut descriptions in a search, replies that are left out of their
thread, items that are not there at all where nothing is found, and errors in their two styles.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from loopback import Answer, Asked, as_json

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "AIza-of-nobody"
CUT = 30  # signs of a description that a search shows
INLINE = 2  # replies that a thread brings

Item = dict[str, Any]


def video_id(number: int) -> str:
    """Return the id of a planted video."""
    return f"video-{number:05d}"


def channel_id(number: int) -> str:
    """Return the id of a planted channel."""
    return f"UC{number:022d}"


def at(minutes: int) -> str:
    """Return a time as YouTube writes it."""
    return f"{START + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class YouTubeReplay:
    """Videos, comments and channels, in the order they were planted.

    ``page`` is the largest size of a page, whatever is asked for. Pages in ``stale`` fail.
    """

    page: int = 100
    videos: dict[str, Item] = field(default_factory=dict)
    comments: dict[str, Item] = field(default_factory=dict)
    handles: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)  # videos whose comments are switched off

    def video(self, number: int, owner: int, words: str, *, minute: int, about: str = "") -> str:
        """Plant a video."""
        snippet = {
            "publishedAt": at(minute),
            "channelId": channel_id(owner),
            "channelTitle": f"Channel {owner}",
            "title": words,
            "description": about,
            "thumbnails": _thumbnails(number),
            "categoryId": "25",
            "liveBroadcastContent": "none",
            "localized": {"title": words, "description": about},
            "defaultAudioLanguage": "kk",
        }
        details = {
            "duration": "PT3M30S", "dimension": "2d", "definition": "hd", "caption": "false",
            "licensedContent": False, "projection": "rectangular",
        }  # fmt: skip
        made: Item = {
            "kind": "youtube#video",
            "etag": f"v{number}",
            "id": video_id(number),
            "snippet": snippet,
            "contentDetails": details,
        }
        self.videos[made["id"]] = made
        self.shows(number, views=10, likes=1)
        return str(made["id"])

    def shows(self, number: int, **numbers: int) -> None:
        """Let a video show numbers: ``views``, ``likes``."""
        told = {"viewCount": str(numbers["views"]), "likeCount": str(numbers["likes"])}
        self.videos[video_id(number)]["statistics"] = told | {"favoriteCount": "0"}

    def comment(
        self, name: str, author: int, words: str, *, minute: int, under: str, edited: int = 0
    ) -> None:
        """Plant a comment ``under`` a video, or a reply under a comment, or either anew."""
        above = self.comments.get(under)
        snippet = {
            "textDisplay": html.escape(words, quote=False).replace("\n", "<br>"),
            "textOriginal": words,
            "authorDisplayName": f"@user{author}",
            "authorProfileImageUrl": "https://yt3.example/a",
            "authorChannelUrl": f"http://www.youtube.com/@user{author}",
            "authorChannelId": {"value": channel_id(author)},
            "canRate": True,
            "viewerRating": "none",
            "likeCount": author,
            "publishedAt": at(minute),
            "updatedAt": at(edited or minute),
        }
        video = above["snippet"]["videoId"] if above else under
        snippet |= {"channelId": self.videos[video]["snippet"]["channelId"], "videoId": video}
        if above:
            snippet["parentId"] = under
        made = {"kind": "youtube#comment", "etag": name, "id": name, "snippet": snippet}
        self.comments[name] = made

    def __call__(self, asked: Asked) -> Answer:
        """Answer as YouTube does."""
        if asked.path == "/$discovery/rest":
            return as_json({"kind": "discovery#restDescription"})
        if KEY not in {t for n, t in asked.headers.items() if n.lower() == "x-goog-api-key"}:
            return refused_key()
        answers = {
            "videos": self._videos,
            "commentThreads": self._threads,
            "comments": self._replies,
            "search": self._search,
            "channels": self._channels,
            "playlistItems": self._uploads,
        }
        query = asked.query or dict(parse_qsl(asked.body.decode()))  # a long one comes as a body
        return answers[asked.path.removeprefix("/youtube/v3/")](query)

    def _videos(self, query: dict[str, str]) -> Answer:
        parts = {"kind", "etag", "id", *query["part"].split(",")}
        shown = [each for each in query["id"].split(",") if each in self._shown()]
        items = [{n: t for n, t in self.videos[each].items() if n in parts} for each in shown]
        return _listed("video", items, {"totalResults": len(items), "resultsPerPage": len(items)})

    def _shown(self) -> dict[str, Item]:
        return {name: each for name, each in self.videos.items() if name not in self.gone}

    def _threads(self, query: dict[str, str]) -> Answer:
        video = query["videoId"]
        if video not in self._shown():
            return failure(404, "videoNotFound", "youtube.commentThread", "No such video.")
        if video in self.closed:
            words = 'The video has <a href="/x">disabled comments</a>.'
            return failure(403, "commentsDisabled", "youtube.commentThread", words)
        tops = [each for each in self._among(video) if "parentId" not in each["snippet"]]
        return self._paged("commentThread", [self._thread(each) for each in tops], query)

    def _among(self, video: str) -> list[Item]:
        told = [e for e in self.comments.values() if e["snippet"]["videoId"] == video]
        return _newest_first([each for each in told if each["id"] not in self.gone])

    def _thread(self, top: Item) -> Item:
        video = top["snippet"]["videoId"]
        replies = [e for e in self._among(video) if e["snippet"].get("parentId") == top["id"]]
        snippet = {
            "channelId": top["snippet"]["channelId"],
            "videoId": video,
            "topLevelComment": top,
            "canReply": True,
            "totalReplyCount": len(replies),
            "isPublic": True,
        }
        made = {"kind": "youtube#commentThread", "etag": "t", "id": top["id"], "snippet": snippet}
        return made | ({"replies": {"comments": replies[:INLINE]}} if replies else {})

    def _replies(self, query: dict[str, str]) -> Answer:
        """Answer with replies, which do not name their video here."""
        if query["parentId"] in self.gone:
            return failure(404, "commentNotFound", "youtube.comment", "No such comment.")
        told = [
            each
            for each in self.comments.values()
            if each["snippet"].get("parentId") == query["parentId"]
        ]
        bare = [
            each | {"snippet": {n: t for n, t in each["snippet"].items() if n != "videoId"}}
            for each in told
        ]
        return self._paged("comment", bare, query)

    def _search(self, query: dict[str, str]) -> Answer:
        found = [
            each
            for each in self._shown().values()
            if query["q"].casefold() in each["snippet"]["title"].casefold()
            and each["snippet"]["publishedAt"] >= query.get("publishedAfter", "")
        ]
        return self._paged("search", [_as_result(each) for each in _newest_first(found)], query)

    def _channels(self, query: dict[str, str]) -> Answer:
        number = self.handles.get(query.get("forHandle", "").casefold())
        if "id" in query:
            number = {channel_id(each): each for each in self.handles.values()}.get(query["id"])
        if number is None:
            return _listed("channel", None, {"totalResults": 0, "resultsPerPage": 5})
        handle = next(name for name, each in self.handles.items() if each == number)
        return _listed("channel", [_channel(number, handle)], {"totalResults": 1})

    def _uploads(self, query: dict[str, str]) -> Answer:
        owner = query["playlistId"].replace("UU", "UC", 1)
        own = [e for e in self._shown().values() if e["snippet"]["channelId"] == owner]
        items = [
            {
                "kind": "youtube#playlistItem",
                "etag": "p",
                "id": f"of-{each['id']}",
                "contentDetails": {
                    "videoId": each["id"],
                    "videoPublishedAt": each["snippet"]["publishedAt"],
                },
            }
            for each in _newest_first(own)
        ]
        return self._paged("playlistItem", items, query)

    def _paged(self, kind: str, items: Sequence[Item], query: dict[str, str]) -> Answer:
        token = query.get("pageToken", "at-0")
        if not re.fullmatch(r"at-\d+", token):
            words = "The request specifies an invalid page token."
            return failure(400, "invalidPageToken", f"youtube.{kind}", words)
        start, size = int(token[3:]), min(self.page, int(query["maxResults"]))
        some = list(items[start : start + size])
        info = {"totalResults": len(some), "resultsPerPage": size}
        more = {"nextPageToken": f"at-{start + size}"} if start + size < len(items) else {}
        return _listed(kind, some, info, **more)


def _listed(kind: str, items: list[Item] | None, info: dict[str, int], **more: str) -> Answer:
    told: Item = {"kind": f"youtube#{kind}ListResponse", "etag": "e", "pageInfo": info}
    return as_json(told | more | ({} if items is None else {"items": items}))


def _newest_first(items: Sequence[Item]) -> list[Item]:
    return sorted(items, key=lambda each: str(each["snippet"]["publishedAt"]), reverse=True)


def _thumbnails(number: int) -> Item:
    return {"default": {"url": f"https://i.example/{number}.jpg", "width": 120, "height": 90}}


def _as_result(video: Item) -> Item:
    """Return a video as a search shows it: its title in HTML, its description cut."""
    words = video["snippet"]
    snippet = {
        "publishedAt": words["publishedAt"],
        "channelId": words["channelId"],
        "title": html.escape(words["title"]),
        "description": words["description"][:CUT] + " ...",
        "thumbnails": words["thumbnails"],
        "channelTitle": words["channelTitle"],
        "liveBroadcastContent": "none",
    }
    named = {"kind": "youtube#video", "videoId": video["id"]}
    return {"kind": "youtube#searchResult", "etag": "s", "id": named, "snippet": snippet}


def _channel(number: int, handle: str) -> Item:
    return {
        "kind": "youtube#channel",
        "etag": "c",
        "id": channel_id(number),
        "snippet": {
            "title": f"Channel {number}",
            "description": "",
            "customUrl": handle,
            "publishedAt": "2015-01-01T00:00:00Z",
        },
        "contentDetails": {
            "relatedPlaylists": {"likes": "", "uploads": channel_id(number).replace("UC", "UU", 1)}
        },
        "statistics": {
            "viewCount": "1000",
            "subscriberCount": str(10 * number),
            "hiddenSubscriberCount": False,
            "videoCount": "2",
        },
    }


def failure(status: int, reason: str, domain: str, words: str = "", **headers: str) -> Answer:
    """Return an error as YouTube words it."""
    told = {"message": words, "domain": domain, "reason": reason}
    return as_json(
        {"error": {"code": status, "message": words, "errors": [told]}}, status, **headers
    )


def refused_key() -> Answer:
    """Return what is said of a wrong key: the reason stands in the details."""
    words = "API key not valid. Please pass a valid API key."
    error = {
        "code": 400,
        "message": words,
        "errors": [{"message": words, "domain": "global", "reason": "badRequest"}],
        "status": "INVALID_ARGUMENT",
        "details": [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
        ],
    }
    return as_json({"error": error}, 400)


def planted(service: YouTubeReplay) -> YouTubeReplay:
    """Plant an appeal: video 1 of channel 1, comments and replies under it, and two copies."""
    service.handles |= {"@town": 1, "@police": 9}
    service.video(1, 1, "Help the park", minute=0, about="Please watch #park " + "and tell " * 9)
    service.video(
        2, 2, "Help the park (copy)", minute=30, about="again https://youtu.be/" + video_id(1)
    )
    service.video(
        3, 3, "HELP THE PARK & share", minute=60, about="A third time, for everybody " * 3
    )
    service.video(4, 9, "We have opened a case", minute=90, about="Statement of the police")
    for number in range(1, 6):
        words = f"comment {number} https://news.example/{number}"
        service.comment(f"Ug{number}", 10 + number, words, minute=number, under=video_id(1))
    for number in range(1, 6):
        name, minute = f"Ug1.r{number}", 10 + number
        service.comment(name, 20 + number, f"reply {number}", minute=minute, under="Ug1")
    service.comment("Ug2.r1", 30, "one reply", minute=20, under="Ug2")
    return service
