"""Mastodon's API: statuses (arrays, streams, one alone), contexts of threads, lists of accounts.

Any server that speaks Mastodon's API writes the same. Traps:

- ``id`` differs from server to server for one and the same status: its ``uri`` is its id here. What
  is answered is told by ``id`` alone, so it is looked up among all statuses that came from the same
  server; a file's server is the one at which accounts without ``@`` are at home.
- ``acct`` of an account of the asked server lacks that server: the profile's address tells it.
- A boost is a status of its own with the original inside: the original is the root, and which boost
  the user came through is told nowhere. Its language and its numbers are not its own.
- ``content`` is HTML; a warning above it (``spoiler_text``) is the author's words too.
- Statuses that are not public or unlisted are never kept. A stream may end in half a line.
- Lists of accounts (``reblogged_by``, ``favourited_by``) tell neither the status nor the time: they
  give accounts only. They stop at 40 or 80 a page.
- Pages that Groundswell asked for itself are stamped with what the answer does not say: the
  ``server``, and the ``status`` that was asked about. Accounts under ``reblogged_by`` have then
  boosted that status: reposts without a time, whose id is made of who and what.
- Numbers are those that the asked server knows of: for statuses of other servers they are low.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import polars as pl

from analytics.tables import ACCOUNTS, CHANGES, COUNTERS, POSTS
from collectors.exports.documents import Decoding, Document, chunks, documents, inside, names_read
from collectors.exports.formats import Head, Options, Part, named_on
from collectors.exports.html_texts import links, plain
from collectors.exports.json_posts import Post, post_rows
from collectors.exports.losses import Losses
from collectors.exports.objects import nested, object_keys
from collectors.exports.paired import paired
from collectors.exports.sources import Source
from collectors.exports.times import iso

ASKED = "posts"
REFERRED = "posts they refer to"
_PUBLIC = {"public", "unlisted"}
_HIDDEN = {"private": "for followers only", "direct": "a private message", "limited": "for some"}
_METRICS = {
    "reblogs_count": "reposts",
    "favourites_count": "likes",
    "replies_count": "replies",
    "quotes_count": "quotes",
}
_MARKS = (  # what answers have in common with nothing else
    {"uri", "visibility", "account.acct"},
    {"descendants[].uri", "descendants[].account.acct"},
    {"ancestors[].uri", "ancestors[].account.acct"},
    {"statuses[].uri", "statuses[].account.acct"},
    {"acct", "statuses_count", "username"},
    {"accounts[].acct", "accounts[].statuses_count"},
    {"server", "status.uri", "reblogged_by"},
)
_NO_TIME = "no readable time: kept, but without one"
_EDITED = "edited after it was published: the words are the last ones"
_UNMET = "answers a status that is not in these files: only its server's number is told"
_LISTED = "who boosted is told, but not when: kept without a time"
_LIST = "a list of accounts does not say which status they boosted or favoured, nor when"
_TWICE = "a quote that also answers: kept as a quote, the answer's link is not"

Number = str | int | None


class _Person(msgspec.Struct, gc=False):
    acct: str
    id: Number = None
    url: str | None = None
    display_name: str | None = None
    followers_count: int | None = None
    following_count: int | None = None
    statuses_count: int | None = None
    created_at: str | None = None


class _Tag(msgspec.Struct, gc=False):
    name: str | None = None


class _Card(msgspec.Struct, gc=False):
    url: str | None = None


class _Media(msgspec.Struct, gc=False):
    url: str | None = None
    remote_url: str | None = None


class _Quote(msgspec.Struct):
    quoted_status: "_Status | None" = None


class _Status(msgspec.Struct):
    uri: str
    account: _Person
    id: Number = None
    created_at: str | None = None
    edited_at: str | None = None
    visibility: str | None = None
    language: str | None = None
    content: str | None = None
    spoiler_text: str | None = None
    in_reply_to_id: Number = None
    in_reply_to_account_id: Number = None
    reblog: "_Status | None" = None
    quote: _Quote | None = None
    mentions: list[_Person] = []
    tags: list[_Tag] = []
    card: _Card | None = None
    media_attachments: list[_Media] = []
    reblogs_count: int | None = None
    favourites_count: int | None = None
    replies_count: int | None = None
    quotes_count: int | None = None
    poll: dict[str, msgspec.Raw] | None = None


class _Look(msgspec.Struct):
    """What decides how a document is read."""

    uri: str | None = None
    acct: str | None = None
    ancestors: list[msgspec.Raw] | None = None
    descendants: list[msgspec.Raw] | None = None
    statuses: list[msgspec.Raw] | None = None
    accounts: list[msgspec.Raw] | None = None
    server: str | None = None
    status: "_Known | None" = None
    reblogged_by: list[msgspec.Raw] | None = None


class _Home(msgspec.Struct, gc=False):
    acct: str | None = None
    url: str | None = None


class _Known(msgspec.Struct):
    """What others need to know of a status that they answer."""

    uri: str
    account: _Home
    id: Number = None
    in_reply_to_id: Number = None
    reblog: "_Known | None" = None


# What servers put beside a status for those who are logged in, or says what other members say.
_SAID_TWICE = {"url", "username", "bookmarked", "favourited", "reblogged", "muted", "pinned"}
_PICTURES = {"avatar", "avatar_static", "header", "header_static", "emojis"}
_READ = names_read(_Status, _Person) | _SAID_TWICE | _PICTURES


class Mastodon:
    """Reads statuses and accounts of Mastodon's API."""

    name = "mastodon"
    label = "Mastodon API JSON"

    def knows(self, head: Head) -> bool:
        """Judge by the members of a status, of an account, or of lists of them."""
        return any(marks <= head.items for marks in _MARKS)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield accounts, posts and numbers; statuses that are answered are found beforehand."""
        reading = _Reading(options.losses, _servers(files))
        for source in files:
            yield from reading.file(source)
        reading.note_unmet()


FORMAT = Mastodon()


@dataclass
class _Servers:
    """Which server each file came from, and which status its numbers mean there."""

    names: dict[str, str] = field(default_factory=dict)
    uris: dict[tuple[str, str], tuple[str, str | None]] = field(default_factory=dict)

    def of(self, source: Source) -> str:
        """Return the server, or the file's own name where nothing in it tells."""
        return self.names.get(source.name, f"file {source.name}")

    def named(self, server: str, number: Number) -> tuple[str, str | None] | None:
        """Return a status by its number, with its author."""
        return self.uris.get((server, str(number)))


def _servers(files: Sequence[Source]) -> _Servers:
    """Look through files for their servers and for the numbers of the statuses answered in them."""
    found = _Servers()
    known = [pl.DataFrame(schema=_KNOWN)]
    for source in files:
        statuses = _known(source)
        if server := statuses["server"].drop_nulls().first():
            found.names[source.name] = str(server)
        known.append(statuses.with_columns(server=pl.lit(found.of(source))))
    everything = pl.concat(known)
    answered = everything.select("server", number="answered").drop_nulls().unique()
    held = everything.join(answered, on=["server", "number"], how="semi")
    for server, number, uri, author in held.select("server", "number", "uri", "author").iter_rows():
        found.uris[server, number] = (uri, author)
    return found


_KNOWN = dict.fromkeys(("server", "number", "uri", "author", "answered"), pl.String())


def _known(source: Source) -> pl.DataFrame:
    """Return the statuses of a file: numbers, authors, what they answer, and servers that tell."""
    trial = Decoding(source, Losses(), "Mastodon")
    found = [pl.DataFrame(schema=_KNOWN)]
    for some in chunks(documents(source, trial.losses)):
        sorted_ = _sorted(trial, some)
        told = [*trial.each(_Known, sorted_.statuses, count=False), *sorted_.asked]
        told += [each.reblog for each in told if each.reblog]
        homes = [each.account for each in told]
        columns: dict[str, list[str | None]] = {
            "server": [
                sorted_.server or (_host(home.url) if home.acct and "@" not in home.acct else None)
                for home in homes
            ],
            "number": [None if each.id is None else str(each.id) for each in told],
            "uri": [each.uri for each in told],
            "author": [_handle(home.acct or "", home.url, None) for home in homes],
            "answered": [
                None if each.in_reply_to_id is None else str(each.in_reply_to_id) for each in told
            ],
        }
        found.append(pl.DataFrame(columns, schema=_KNOWN))
    return pl.concat(found)


@dataclass
class _Sorted:
    """Documents by what they are, not decoded."""

    statuses: list[Document] = field(default_factory=list)
    accounts: list[Document] = field(default_factory=list)
    others: list[Document] = field(default_factory=list)
    boosters: "list[tuple[_Known, list[Document]]]" = field(default_factory=list)
    asked: "list[_Known]" = field(default_factory=list)  # about which pages are
    server: str | None = None


def _sorted(decoding: Decoding, some: Sequence[Document]) -> _Sorted:
    found = _Sorted()
    for document, look in paired(decoding, _Look, some):
        found.server = look.server or found.server
        found.asked += [look.status] if look.status else []
        lists = (look.ancestors, look.descendants, look.statuses)
        if look.status is not None and look.reblogged_by is not None:
            who = inside(document, look.reblogged_by, "account")
            found.boosters.append((look.status, who))
        elif any(each is not None for each in (*lists, look.accounts)):
            raws = [raw for each in lists for raw in each or ()]
            found.statuses += inside(document, raws, "status")
            found.accounts += inside(document, look.accounts or (), "account")
        elif look.uri is not None and look.acct is None:
            found.statuses.append(document)
        elif look.acct is not None:
            found.accounts.append(document)
        else:
            found.others.append(document)
    return found


def _host(url: str | None) -> str | None:
    """Return the server in an address."""
    _, _, rest = (url or "").partition("://")
    return rest.split("/")[0].lower() or None


def _handle(acct: str, url: str | None, server: str | None) -> str | None:
    """Return ``name@server``; null where nothing tells the server.

    >>> _handle("ana", "https://town.example/@ana", None), _handle("ana@town.example", None, None)
    ('ana@town.example', 'ana@town.example')
    """
    name = acct.strip()
    if not name or "@" in name:
        return name or None
    host = _host(url) or server
    return f"{name}@{host}" if host else None


class _Reading:
    """What is remembered from one file to the next."""

    def __init__(self, losses: Losses, servers: _Servers) -> None:
        self.losses = losses
        self.servers = servers
        self.unmet: dict[tuple[str, str], str] = {}  # numbers of statuses, and where they are told
        self.server = ""
        self.place = ""

    def file(self, source: Source) -> Iterator[Part]:
        decoding = Decoding(source, self.losses, "Mastodon")
        self.server, self.place = self.servers.of(source), source.name
        for some in chunks(documents(source, self.losses)):
            found = _sorted(decoding, some)
            self.server = found.server or self.server
            for status, who in found.boosters:
                yield from self._boosts(status, decoding.each(_Person, who))
            reason = "neither a status nor an account"
            for document in found.others:
                self.losses.add("dropped", "rows", reason, example=document.place)
            people = decoding.each(_Person, found.accounts)
            self.losses.add("unknown", "references", _LIST, len(people), example=source.name)
            statuses = self._public(decoding.each(_Status, found.statuses))
            yield from self._parts(statuses, people)
        decoding.note_unread(_READ)

    def _boosts(self, status: _Known, people: list[_Person]) -> Iterator[Part]:
        """Yield the reposts that a list of accounts tells of one status."""
        original, _, number = status.uri.rpartition("/")
        home = f"{_host(original)}/{number}"
        author = _handle(status.account.acct or "", status.account.url, self.server)
        told = [(each, self._account(each)) for each in people]
        posts = [
            Post(f"{who}/of/{home}", "repost", who, root=status.uri, root_account=author)
            for _, who in told
            if who
        ]
        self.losses.add("unknown", "times", _LISTED, len(posts), example=self.place)
        yield Part(ACCOUNTS, self._accounts(people), "accounts")
        yield Part(POSTS, post_rows(posts, "mastodon"), "reposts")

    def _public(self, statuses: list[_Status]) -> list[_Status]:
        """Return the statuses that anybody may see."""
        for status in statuses:
            if status.visibility not in _PUBLIC:
                who = _HIDDEN.get(status.visibility or "", "not said to be public")
                reason = f"{who}: never kept"
                self.losses.add("dropped", "rows", reason, example=self.place)
        return [status for status in statuses if status.visibility in _PUBLIC]

    def _parts(self, asked: list[_Status], people: list[_Person]) -> Iterator[Part]:
        referred = _inner(asked)
        everyone = [*people, *(status.account for status in (*asked, *referred))]
        if everyone:
            yield Part(ACCOUNTS, self._accounts(everyone), "accounts")
        for some, what in ((asked, ASKED), (referred, REFERRED)):
            if some:
                yield Part(POSTS, self._posts(some, what), what)
                yield Part(COUNTERS, _counters(some), "numbers shown")
        if edited := [s for s in (*asked, *referred) if s.edited_at and s.reblog is None]:
            yield Part(CHANGES, self._edits(edited), "edits")

    def _edits(self, edited: list[_Status]) -> pl.DataFrame:
        raw = pl.DataFrame(
            {
                "uri": _texts([status.uri for status in edited]),
                "at": _texts([status.edited_at for status in edited]),
                "text": _texts([_words(status) for status in edited]),
                "author": _texts([self._account(status.account) for status in edited]),
            }
        )
        return raw.select(
            post_id=_mastodon("uri"),
            platform=pl.lit("mastodon"),
            what=pl.lit("edited"),
            at=iso(pl.col("at")),
            text="text",
            account_id=_mastodon("author"),
        ).drop_nulls("post_id")

    def _posts(self, statuses: list[_Status], what: str) -> pl.DataFrame:
        links_of = [self._link(status) for status in statuses]
        words = [status for status in statuses if status.reblog is None]
        raw = pl.DataFrame(
            {
                "uri": _texts([status.uri for status in statuses]),
                "author": _texts([self._account(status.account) for status in statuses]),
                "created": _texts([status.created_at for status in statuses]),
                "kind": _texts([link.kind for link in links_of]),
                "parent": _texts([link.parent for link in links_of]),
                "parent_author": _texts([link.parent_author for link in links_of]),
                "root": _texts([s.reblog.uri if s.reblog else None for s in statuses]),
                "root_author": _texts(
                    [self._account(s.reblog.account) if s.reblog else None for s in statuses]
                ),
                "text": _texts([_words(status) for status in statuses]),
                "lang": _texts([None if s.reblog else s.language for s in statuses]),
                "urls": nested([_urls(status) for status in statuses]),
                "hashtags": nested([_tags(status) for status in statuses]),
                "mentions": nested([self._mentions(status) for status in statuses]),
                "media_keys": nested([_media(status) for status in statuses]),
            }
        )
        posts = _shaped(raw)
        if what == ASKED:
            lacking = posts["at"].null_count()
            self.losses.add("unknown", "times", _NO_TIME, lacking, example=self.place)
            edited = sum(status.edited_at is not None for status in words)
            self.losses.add("unknown", "texts", _EDITED, edited, example=self.place)
            polls = sum(status.poll is not None for status in words)
            reason = "field poll is not read"
            self.losses.add("unknown", "fields", reason, polls, example=self.place)
        return posts

    def _link(self, status: _Status) -> "_Link":
        if status.reblog is not None:
            return _Link("repost")
        quoted = status.quote.quoted_status if status.quote else None
        if quoted is not None:
            twice = status.in_reply_to_id is not None
            self.losses.add("dropped", "links", _TWICE, int(twice), example=self.place)
            return _Link("quote", quoted.uri, self._account(quoted.account))
        if status.in_reply_to_id is None:
            return _Link("original")
        known = self.servers.named(self.server, status.in_reply_to_id)
        if known is not None:
            return _Link("reply", *known)
        place = (self.server, str(status.in_reply_to_id))
        self.unmet.setdefault(place, self.place)
        return _Link("reply", None, self._answered(status))

    def _answered(self, status: _Status) -> str | None:
        """Return whom a status answers, if it mentions them or answers itself."""
        number = str(status.in_reply_to_account_id)
        people = (status.account, *status.mentions)
        return next((self._account(each) for each in people if str(each.id) == number), None)

    def _account(self, person: _Person) -> str | None:
        server = None if self.server.startswith("file ") else self.server
        return _handle(person.acct, person.url, server)

    def _mentions(self, status: _Status) -> list[str]:
        if status.reblog is not None:
            return []
        found = (self._account(person) for person in status.mentions)
        return [f"mastodon:{each}" for each in found if each]

    def _accounts(self, people: list[_Person]) -> pl.DataFrame:
        raw = pl.DataFrame(
            {
                "handle": _texts([self._account(each) for each in people]),
                "name": _texts([each.display_name for each in people]),
                "followers": _counts([each.followers_count for each in people]),
                "following": _counts([each.following_count for each in people]),
                "posts": _counts([each.statuses_count for each in people]),
                "created": _texts([each.created_at for each in people]),
            }
        ).unique(maintain_order=True)
        return raw.filter(pl.col("handle").is_not_null()).select(
            account_id=_mastodon("handle"),
            platform=pl.lit("mastodon"),
            handle="handle",
            name=pl.col("name").replace("", None),
            followers="followers",
            following="following",
            posts="posts",
            created_at=iso(pl.col("created")),
            role=pl.lit("unknown"),
        )

    def note_unmet(self) -> None:
        """Count the statuses that are answered and are in none of the files."""
        if self.unmet:
            place = next(iter(self.unmet.values()))
            self.losses.add("unknown", "references", _UNMET, len(self.unmet), example=place)


@dataclass(frozen=True)
class _Link:
    """What a status does, to which other, and who wrote that."""

    kind: str
    parent: str | None = None
    parent_author: str | None = None


def _inner(statuses: list[_Status]) -> list[_Status]:
    """Return the originals of boosts and the statuses that are quoted, if anybody may see them."""
    boosted = [status.reblog for status in statuses if status.reblog]
    quotes = [status.quote for status in (*statuses, *boosted) if status.quote]
    found = [*boosted, *(quote.quoted_status for quote in quotes if quote.quoted_status)]
    return [status for status in found if status.visibility in _PUBLIC]


def _texts(values: Sequence[str | None]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def _counts(values: Sequence[int | None]) -> pl.Series:
    """Return numbers; servers that hide one write -1."""
    known = [None if value is None or not 0 <= value < 1 << 63 else value for value in values]
    return pl.Series(known, dtype=pl.Int64)


def _mastodon(column: str) -> pl.Expr:
    return named_on("mastodon", column)


def _shaped(raw: pl.DataFrame) -> pl.DataFrame:
    has_parent = pl.any_horizontal(pl.col("parent", "parent_author").is_not_null())
    rows = raw.select(
        post_id=_mastodon("uri"),
        platform=pl.lit("mastodon"),
        account_id=_mastodon("author"),
        at=iso(pl.col("created")),
        kind="kind",
        parent_id=_mastodon("parent"),
        parent_account_id=_mastodon("parent_author"),
        root_id=_mastodon("root"),
        root_account_id=_mastodon("root_author"),
        basis=pl.when(has_parent).then(pl.lit("observed")),
        text=pl.col("text").replace("", None),
        lang=pl.col("lang").replace("", None),
        urls="urls",
        hashtags="hashtags",
        mentions="mentions",
        media_keys="media_keys",
        object_keys=object_keys("urls"),
    )
    return rows.filter(pl.col("post_id").is_not_null())


def _words(status: _Status) -> str | None:
    if status.reblog is not None:
        return None
    text = plain(status.content or "")
    return f"{status.spoiler_text}\n\n{text}".strip() if status.spoiler_text else text


def _urls(status: _Status) -> list[str]:
    if status.reblog is not None:
        return []
    found = links(status.content or "")
    if status.card is not None and status.card.url:
        found.append(status.card.url)
    return list(dict.fromkeys(found))


def _tags(status: _Status) -> list[str]:
    if status.reblog is not None:
        return []
    return [tag.name.removeprefix("#") for tag in status.tags if tag.name and tag.name != "#"]


def _media(status: _Status) -> list[str]:
    """Return hashes of where files lie on the server that they were first put on."""
    if status.reblog is not None:
        return []
    found = (each.remote_url or each.url for each in status.media_attachments)
    return [hashlib.sha256(url.encode(errors="replace")).hexdigest()[:32] for url in found if url]


def _counters(statuses: list[_Status]) -> pl.DataFrame:
    """Return the numbers beside statuses; those of a boost are its original's."""
    own = [status for status in statuses if status.reblog is None]
    raw = pl.DataFrame(
        {
            "post_id": _texts([f"mastodon:{status.uri}" for status in own]),
            "reblogs_count": _counts([status.reblogs_count for status in own]),
            "favourites_count": _counts([status.favourites_count for status in own]),
            "replies_count": _counts([status.replies_count for status in own]),
            "quotes_count": _counts([status.quotes_count for status in own]),
        }
    ).filter(pl.col("post_id").str.strip_chars() != "mastodon:")
    told = raw.unpivot(list(_METRICS), index="post_id", variable_name="name").drop_nulls()
    return told.select(
        post_id="post_id",
        metric=pl.col("name").replace_strict(_METRICS, return_dtype=pl.String),
        value="value",
        definition=pl.lit("mastodon ") + pl.col("name"),
    ).unique(maintain_order=True)
