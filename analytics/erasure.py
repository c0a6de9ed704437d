"""Forgetting: who and what is meant, the marks that are laid, and what goes with them.

First the marks are laid, in one commit; from then on nothing of what they mark comes in. Then it is
taken out of what is held, table by table. Who is killed in between goes on later with the marks
alone: no list of names lies anywhere.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl

from analytics.catalog import TABLES
from analytics.errors import ProtectionError
from analytics.protection import PSEUDONYM, Protector, read_key
from analytics.schema import STRINGS, Table
from analytics.store import Store
from analytics.tables import ACCOUNTS, CHANGES, POSTS, TOMBSTONES
from analytics.tombstones import Marks

Kind = Literal["account", "post"]

_NAME = re.compile(r"(?!https?:)[a-z][a-z0-9_]*:@?[^\s@]\S*")
_GONE = ("deleted", "gone")
_ARTICLES = "web"


@dataclass(frozen=True)
class Names:
    """Accounts and posts, under every name by which the store may hold them, and as told."""

    accounts: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()

    def __or__(self, other: "Names") -> "Names":
        """Return the names in either."""
        return Names(self.accounts | other.accounts, self.posts | other.posts)

    def __bool__(self) -> bool:
        """Tell whether it names anything."""
        return bool(self.accounts or self.posts)


def named(store: Store, told: Iterable[str], kind: Kind | None = None) -> Names:
    """Return the names of accounts and posts that somebody tells, with the posts of the accounts.

    Parameters
    ----------
    store
        Where they may be held.
    told
        ``platform:id``, ``platform:@handle`` or a pseudonym.
    kind
        What is meant where an account and a post are held under the same name.

    Raises
    ------
    ProtectionError
        One is the name of an account and of a post.
    """
    hide = Protector(key=read_key(store.store_id))
    accounts: set[str] = set()
    posts: set[str] = set()
    for each in told:
        as_account = _met(store, "account", {each, hide.pseudonym(each)} | _same(store, each))
        as_post = _met(store, "post", {each, hide.post(each)})
        chosen = kind or _kind(each, as_account=bool(as_account), as_post=bool(as_post))
        if chosen == "account":
            accounts |= as_account | {each, hide.pseudonym(each)}
        else:
            posts |= as_post | {each, hide.post(each)}
    return Names(frozenset(accounts), frozenset(posts | _written_by(store, accounts)))


def _kind(told: str, *, as_account: bool, as_post: bool) -> Kind:
    if as_account and as_post:
        msg = f"{told} is an account and a post here; say which is meant: --as account, --as post"
        raise ProtectionError(msg)
    if as_post or (not as_account and "/" in told):
        return "post"
    return "account"


def _same(store: Store, told: str) -> set[str]:
    """Return the ids and handles that profiles show beside a name, where handles are kept."""
    name = told.lower()
    named = pl.concat_str("platform", pl.lit(":@"), "handle").str.to_lowercase()
    profiles = (
        store.scan(ACCOUNTS.name)
        .filter(pl.col("handle").is_not_null())
        .select("account_id", named=named)
        .unique()
        .filter((pl.col("account_id").str.to_lowercase() == name) | (pl.col("named") == name))
        .collect()
    )
    return {*profiles["account_id"], *profiles["named"]}


def _met(store: Store, kind: Kind, names: set[str]) -> set[str]:
    """Return the names under which something is held, as they are written there."""
    wanted = [name.lower() for name in names]
    found: set[str] = set()
    for table in _kept():
        for name, column in table.columns.items():
            if column.holds != kind or table.name not in store.versions():
                continue
            held = pl.col(name).explode() if column.dtype == STRINGS else pl.col(name)
            values = store.scan(table.name).select(held.alias("name")).unique()
            found.update(
                values.filter(pl.col("name").str.to_lowercase().is_in(wanted)).collect()["name"]
            )
    return found


def _kept() -> list[Table]:
    return [table for table in TABLES.values() if not table.measured]


def _written_by(store: Store, accounts: set[str]) -> set[str]:
    mine = store.scan(POSTS.name).filter(pl.col("account_id").is_in(sorted(accounts)))
    return set(mine.select("post_id").collect()["post_id"])


def refuse_nonsense(told: str) -> None:
    """Refuse what names nobody.

    Raises
    ------
    ProtectionError
        It is neither ``platform:id`` nor ``platform:@handle``.
    """
    if not _NAME.fullmatch(told):
        msg = f"{told!r} names nobody; write platform:id or platform:@handle, such as x:@somebody"
        raise ProtectionError(msg)


def refuse_declared(store: Store, told: Iterable[str]) -> None:
    """Refuse what ``groundswell.toml`` still names: it is the user's own file.

    Raises
    ------
    ProtectionError
        It names one of these.
    """
    lines = (store.path / "groundswell.toml").read_text(encoding="utf-8").splitlines()
    for each in told:
        name = each.partition(":")[2].lstrip("@").lower()
        for number, line in enumerate(lines, 1):
            if _stands_in(name, line.partition("#")[0].lower()):
                msg = (
                    f"groundswell.toml names {each} in line {number}; take it out there first, "
                    "then forget it"
                )
                raise ProtectionError(msg)


def _stands_in(name: str, line: str) -> bool:
    before, found, after = line.partition(name)
    word = "_"
    return bool(found) and not (
        before[-1:].isalnum() or before[-1:] == word or after[:1].isalnum() or after[:1] == word
    )


def lay(store: Store, names: Names, *, at: datetime) -> int:
    """Lay the marks of what is to be forgotten; return how many are new."""
    marks = Marks(read_key(store.store_id), ())
    laid = {*map(marks.account, names.accounts), *map(marks.post, names.posts)}
    rows = pl.DataFrame({"mark": sorted(laid)}, schema={"mark": pl.String}).with_columns(
        at=pl.lit(at, TOMBSTONES.columns["at"].dtype)
    )
    return store.append(TOMBSTONES, rows).new


def erase(store: Store, names: Names, *, at: datetime) -> dict[str, int]:
    """Mark what is named and take it out of what is kept; return rows that went, by table."""
    with store.writing():
        lay(store, names, at=at)
        return store.take_out_forgotten()


def erase_deleted(store: Store, *, at: datetime, since: datetime) -> int:
    """Forget the posts that their platform no longer shows; return how many are newly forgotten.

    What authorities, media and other listed accounts take down stays on record, and so do articles:
    that they were there is part of what happened. What is measured names the others until it is
    measured the next time.

    Parameters
    ----------
    store
        Where they are held.
    at
        When they are forgotten.
    since
        Of posts that were first held after this, one that merely is not shown may be shown again:
        only those are forgotten that their platform says were deleted.
    """
    if CHANGES.name not in store.versions():
        return 0
    with store.writing():
        posts = _deleted(store, since)
        if not posts:
            return 0
        laid = lay(store, Names(posts=posts), at=at)
        store.take_out_forgotten()
        return laid


def _deleted(store: Store, since: datetime) -> frozenset[str]:
    gone = (
        store.scan(CHANGES.name)
        .filter(pl.col("what").is_in(_GONE), pl.col("platform") != _ARTICLES)
        .group_by("post_id")
        .agg(is_told=(pl.col("what") == _GONE[0]).any())
    )
    posts = (
        store.scan(POSTS.name)
        .group_by("post_id")
        .agg(pl.col("account_id").first(), pl.col("collected_at").min())
    )
    seen_before = (pl.col("collected_at") < since).fill_null(value=True)
    rows = gone.join(posts, on="post_id", how="left").filter(pl.col("is_told") | seen_before)
    listed = store.listed
    return frozenset(
        post for post, account in rows.select("post_id", "account_id").collect().iter_rows()
        if not PSEUDONYM.fullmatch(post) and not (account and account.lower() in listed)
    )  # fmt: skip


def left(store: Store) -> dict[str, int]:
    """Return how many rows still tell of what was forgotten, by table; empty when all is done.

    Raises
    ------
    StoreError
        A table cannot be read.
    """
    found = {}
    for table in _kept():
        if table is TOMBSTONES or table.name not in store.versions():
            continue
        held = store.read(table.name)
        clean = store.marks.without(table, held)
        if not clean.equals(held):
            found[table.name] = max(1, held.height - clean.height)
    return found
