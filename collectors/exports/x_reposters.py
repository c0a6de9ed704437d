"""Who reposted, as X's API lists it: accounts without times, on pages of ``retweeted_by``.

The page itself does not say which post was reposted; the address it was asked at does, which twarc
writes into ``__twarc``. Such a repost has no id and no time: its id is made of who reposted and
what (``x:ACCOUNT/of/POST``). Where the repost itself is held too, it counts once
(``analytics.trees``).
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from analytics.tables import ACCOUNTS, POSTS
from collectors.exports.documents import Decoding, Document, chunks, documents
from collectors.exports.formats import Head, Options, Part
from collectors.exports.json_posts import Account, Post, account_rows, post_rows
from collectors.exports.sources import Source
from collectors.exports.times import moment

ASKED_AT = re.compile(rb"/(?:tweets|posts)/(\d+)/(?:retweeted_by|reposted_by)")
_NO_TIME = "who reposted is told, but not when: kept without a time"
_NO_POST = "does not say which post was reposted"


class _Metrics(msgspec.Struct, gc=False):
    followers_count: int | None = None
    following_count: int | None = None
    tweet_count: int | None = None
    post_count: int | None = None


class _User(msgspec.Struct, gc=False):
    id: str
    username: str | None = None
    name: str | None = None
    created_at: str | None = None
    public_metrics: _Metrics | None = None


class _Twarc(msgspec.Struct, gc=False):
    url: str = ""
    retrieved_at: str | None = None


class _Page(msgspec.Struct, gc=False):
    data: list[_User] = []
    twarc: _Twarc = msgspec.field(default_factory=_Twarc, name="__twarc")


class XReposters:
    """Reads pages of ``retweeted_by``."""

    name = "x-reposters"
    label = "X API v2: who reposted a post (twarc2 retweeted-by)"

    def knows(self, head: Head) -> bool:
        """Judge by the address that the page was asked at."""
        is_page = {"data", "__twarc", "__twarc.url"} <= head.items
        return is_page and bool(ASKED_AT.search(head.data))

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts and their reposts."""
        for source in files:
            decoding = Decoding(source, options.losses, "X's API")
            for some in chunks(documents(source, options.losses)):
                yield from _parts(some, decoding, options)


FORMAT = XReposters()


def _parts(some: Sequence[Document], decoding: Decoding, options: Options) -> Iterator[Part]:
    pages = decoding.each(_Page, some, what="pages", count=False)
    accounts: list[Account] = []
    posts: list[Post] = []
    for page in pages:
        found = ASKED_AT.search(page.twarc.url.encode())
        if not found:
            options.losses.add("dropped", "pages", _NO_POST, example=some[0].place)
            continue
        post = found[1].decode()
        seen_at = moment(page.twarc.retrieved_at)
        accounts += [_account(user, seen_at) for user in page.data]
        posts += [
            Post(f"{user.id}/of/{post}", "repost", user.id, root=post, seen_at=seen_at)
            for user in page.data
        ]
    yield Part(ACCOUNTS, account_rows(accounts, "x"), "accounts")
    rows = post_rows(posts, "x")
    options.losses.add("unknown", "times", _NO_TIME, rows.height, example=some[0].place)
    yield Part(POSTS, rows, "reposts")


def _account(user: _User, seen_at: int | None) -> Account:
    told = user.public_metrics or _Metrics()
    return Account(
        user.id,
        handle=user.username,
        name=user.name,
        followers=told.followers_count,
        following=told.following_count,
        posts=told.tweet_count if told.post_count is None else told.post_count,
        created_at=moment(user.created_at),
        seen_at=seen_at,
    )
