r"""What was forgotten: a mark of each account and post, by which it is known again but never read.

A mark is HMAC-SHA256 of an id under a key derived from the store's. Rows of what is marked do not
come in, and where others name it, its name is left out: the same at the door, when a file comes
again, and in what is held, when it is to be forgotten. Who has the store alone learns nothing from
a mark; who has the key too can try a name that they know.

>>> marks = Marks(b"k" * 32, [])
>>> marks = Marks(b"k" * 32, [marks.account("x:7"), marks.post("x:12")])
>>> marks.of_accounts(pl.Series(["x:7", "x:8"])).to_list()
[True, False]
>>> marks.left_out("see https://x.com/i/status/12 and x:13", "x")
'see ~ and x:13'
"""

import hmac
import re
from collections.abc import Callable, Iterable, Iterator

import polars as pl

from analytics.protection import OWNED_POSTS, PROFILE_HOSTS, PSEUDONYM, Protector
from analytics.schema import STRINGS, Column, Table
from analytics.tables import CHANGES

_LABEL = b"groundswell forgetting 1"
_GONE = "~"
_MAY_NAME = "[~@/:]"
_PIECES = re.compile(r"([\s|<>()\[\]{}\"',;]+)")
_HIDDEN = re.compile("~[0-9a-f]{32}")
_HOSTS = PROFILE_HOSTS | {"youtu.be": "youtube"}
_HOST = re.compile(rf"(?:^|[/.:])({'|'.join(map(re.escape, _HOSTS))})/", re.IGNORECASE)
_NUMBERS = re.compile(r"[\w~-]+/\d+|-?[\w~]+_\d+|[\w-]+")  # as posts are numbered in addresses
_RECORD = re.compile(r"profile/([^/?#]+)/post/(\w+)")
_PLATFORMS = tuple(dict.fromkeys(PROFILE_HOSTS.values()))


_Test = Callable[[str], bool]


class Marks:
    """The marks of what was forgotten, and how to make one.

    Parameters
    ----------
    key
        The store's secret; the key of marks is derived from it.
    held
        Marks that are laid.
    """

    def __init__(self, key: bytes, held: Iterable[str]) -> None:
        self._key = hmac.digest(key, _LABEL, "sha256")
        self._held = frozenset(held)

    def __bool__(self) -> bool:
        """Tell whether anything was forgotten."""
        return bool(self._held)

    def account(self, account_id: str) -> str:
        """Return the mark of an account, by its id as it is kept: 64 hexadecimal digits."""
        hidden = PSEUDONYM.fullmatch(account_id)  # its platform need not stand beside it
        return self._mark("account", account_id[-32:] if hidden else account_id.lower())

    def post(self, post_id: str) -> str:
        """Return the mark of a post, by its id as it is kept: 64 hexadecimal digits."""
        return self._mark("post", post_id)

    def stand_in(self, post_id: str) -> str:
        """Return what stands for a forgotten post in the posts that share it.

        >>> Marks(b"k" * 32, []).stand_in("x:12")[:6]
        'x:~f7f'
        """
        return f"{post_id.partition(':')[0]}:~{self.post(post_id)[:32]}"

    def of_accounts(self, series: pl.Series) -> pl.Series:
        """Return which accounts were forgotten."""
        return self._among(series, self._is_account)

    def of_posts(self, series: pl.Series) -> pl.Series:
        """Return which posts were forgotten, themselves or with who wrote them."""
        return self._among(series, self._is_post)

    def left_out(self, text: str, platform: str | None) -> str:
        """Return words with ``~`` in the place of each piece that names what was forgotten."""
        pieces = _PIECES.split(text)
        return "".join(_GONE if self._names(each, platform) else each for each in pieces)

    def _mark(self, kind: str, name: str) -> str:
        return hmac.digest(self._key, f"{kind} {name}".encode(), "sha256").hex()

    def _is_account(self, account_id: str) -> bool:
        return self.account(account_id) in self._held

    def _is_post(self, post_id: str) -> bool:
        return self.post(post_id) in self._held or any(map(self._is_account, owners(post_id)))

    @staticmethod
    def _among(series: pl.Series, is_forgotten: _Test) -> pl.Series:
        names = series.drop_nulls().unique()
        found = [name for name in names if is_forgotten(name)]
        return series.is_in(pl.Series(found, dtype=pl.String).implode()).fill_null(value=False)

    def _names(self, piece: str, platform: str | None) -> bool:
        piece = piece.rstrip(".,:!?")
        if not re.search(_MAY_NAME, piece):
            return False
        return any(map(self._is_account, accounts_named(piece, platform))) or any(
            map(self._is_post, posts_named(piece))
        )

    # tables

    def without(self, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of a table that tell nothing of what was forgotten.

        Its own rows go. In the rows of others an account that was forgotten is unknown (null), a
        post has a stand-in, so that what shared it stays one cascade, and words have ``~``.
        """
        if not self or frame.is_empty():
            return frame
        if table is CHANGES:
            frame = self._only_gone(frame)
        frame = frame.filter(~self._own(table, frame))
        return frame.with_columns(
            self._clean(column, frame[name], frame) for name, column in table.columns.items()
        )

    def _only_gone(self, changes: pl.DataFrame) -> pl.DataFrame:
        """Keep of a forgotten post that it is gone, and since when, but not who wrote it."""
        forgotten = self.of_posts(changes["post_id"]) | self.of_accounts(changes["account_id"])
        blank = [
            pl.when(forgotten).then(None).otherwise(pl.col(name)).alias(name)
            for name in ("text", "account_id")
        ]
        return changes.with_columns(blank).filter(~forgotten | (pl.col("what") != "edited"))

    def _own(self, table: Table, frame: pl.DataFrame) -> pl.Series:
        found = pl.repeat(value=False, n=frame.height, eager=True)
        for name in own_columns(table):
            of = self.of_posts if table.columns[name].holds == "post" else self.of_accounts
            found |= of(frame[name])
        return found

    def _clean(self, column: Column, series: pl.Series, frame: pl.DataFrame) -> pl.Series:
        if column.dtype not in {pl.String, STRINGS} or column.values or series.is_empty():
            return series
        match column.holds, column.dtype == STRINGS:
            case "account", False:
                return series.set(self.of_accounts(series), None)
            case "account", True:
                return self._lists(series, self._is_account)
            case "post", _:
                return self._stand_ins(series)
            case _, True:
                return self._lists(series, lambda piece: self._names(piece, None))
        return self._words(series, frame)

    def _lists(self, lists: pl.Series, is_forgotten: _Test) -> pl.Series:
        items = lists.explode().drop_nulls().unique()
        gone = [item for item in items if is_forgotten(item)]
        if not gone:
            return lists
        kept = pl.element().filter(~pl.element().is_in(gone))
        return lists.to_frame().select(pl.col(lists.name).list.eval(kept)).to_series()

    def _stand_ins(self, series: pl.Series) -> pl.Series:
        gone = series.filter(self.of_posts(series)).unique()
        if gone.is_empty():
            return series
        return series.replace(gone, pl.Series([self.stand_in(post) for post in gone]))

    def _words(self, series: pl.Series, frame: pl.DataFrame) -> pl.Series:
        naming = series.str.contains(_MAY_NAME).fill_null(value=False)
        if not naming.any():
            return series
        by_row = "platform" in frame.columns and series.name != "platform"
        platforms = frame["platform"] if by_row else pl.repeat(None, len(series), eager=True)
        rows = pl.DataFrame({"text": series, "platform": platforms}).filter(naming).unique()
        clean = [self.left_out(text, platform) for text, platform in rows.iter_rows()]
        told = rows.with_columns(clean=pl.Series(clean, dtype=pl.String))
        found = pl.DataFrame({"text": series, "platform": platforms}).join(
            told, on=["text", "platform"], how="left", nulls_equal=True, maintain_order="left"
        )
        return found.select(pl.coalesce("clean", "text").alias(series.name)).to_series()


class Finder(Protector):
    """Notes whom words and addresses name, by the rules by which protection finds them."""

    def __init__(self) -> None:
        super().__init__(key=b"")
        self.met: list[str] = []

    def _handle(self, platform: str, handle: str, *, by_id: bool = False) -> str:
        names = [f"{platform}:{handle}", f"{platform}:@{handle}"]
        self.met += names[::-1] if by_id else names  # the likeliest last
        return handle


def accounts_named(piece: str, platform: str | None) -> Iterator[str]:
    """Yield the accounts that a word or an address may name, as they may be kept.

    >>> list(accounts_named("https://x.com/ann", None))
    ['x:ann', 'x:@ann', 'https://x.com/ann']
    """
    finder = Finder()
    finder.url(piece)
    for each in ((platform,) if platform else _PLATFORMS) if "@" in piece else ():
        finder.words(piece, each)
    yield from dict.fromkeys(finder.met)
    yield from (f"x:{hidden}" for hidden in _HIDDEN.findall(piece))
    yield piece


def posts_named(piece: str) -> Iterator[str]:
    """Yield the posts that a word or an address may name.

    >>> "telegram:park/7" in posts_named("https://t.me/park/7?single")
    True
    """
    yield piece
    found = _HOST.search(piece)
    if found is None:
        return
    platform, rest = _HOSTS[found[1].lower()], piece[found.end() :]
    for name in _NUMBERS.findall(rest):
        yield f"{platform}:{name}"
        yield f"{platform}:{name.removeprefix('wall')}"
    yield from (f"{platform}:{word}" for word in re.findall(r"[\w-]+", rest))
    for writer, record in _RECORD.findall(piece):
        yield f"bluesky:at://{writer}/app.bsky.feed.post/{record}"


def owners(post_id: str) -> Iterator[str]:
    """Yield the account that a post's id carries, if it carries one.

    >>> list(owners("telegram:park/7")), list(owners("x:12"))
    (['telegram:park'], [])
    """
    for pattern in OWNED_POSTS:
        if found := re.match(pattern, post_id):
            yield f"{found[1]}:{found[3]}"


def own_columns(table: Table) -> list[str]:
    """Return the columns that say whose a row is: what is forgotten takes it along.

    >>> from analytics.tables import FOLLOWS, POSTS
    >>> own_columns(POSTS), own_columns(FOLLOWS)
    (['post_id', 'account_id'], ['follower_id', 'followed_id'])
    """
    if table is CHANGES:  # that a post is gone is kept, under its stand-in
        return []
    return [
        name for name, column in table.columns.items()
        if column.holds in {"account", "post"} and (name in table.key or name == "account_id")
    ]  # fmt: skip
