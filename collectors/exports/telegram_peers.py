"""Telegram's chats and people under one id each, however a tool writes them.

A channel has a bare number. Bots and Telethon mark it (``-100`` and the number, filled up to ten
digits), old versions of Desktop add 2**33 to it. People have numbers of their own, so they get
``user`` in front; what has no number is known by its name.

>>> bare("-1001243038268"), bare(9832972860), bare("channel1243038268"), bare("user5")
('1243038268', '1243038268', '1243038268', 'user5')
"""

import re
from functools import lru_cache

import polars as pl

_PEERS = 1 << 16  # the same ones come again and again
_MARKED = r"^-?1(\d{12})$"
_OLD_CHANNELS = range(2**33 + 1, 2**33 + 2**31)  # no channel has a bare number as large as these
_OLD_GROUPS = range(2**32 + 1, 2**32 + 2**31)


@lru_cache(_PEERS)
def bare(peer: str | int) -> str:
    """Return the bare number of a channel or group; ``user5`` and other words stay as they are."""
    text = str(peer).removeprefix("channel")
    if marked := re.match(_MARKED, text):
        return marked[1].lstrip("0") or text
    if isinstance(peer, int) and peer in _OLD_CHANNELS:
        return str(peer - 2**33)
    return text


@lru_cache(_PEERS)
def chat(peer: str | int) -> str:
    """Return the number under which a chat's posts stand, be it a channel, a group or a person.

    >>> chat("user5"), chat("chat7"), chat(-7), chat(4294967303)
    ('5', '7', '7', '7')
    """
    if isinstance(peer, int) and peer in _OLD_GROUPS:
        return str(peer - 2**32)
    number = re.match(r"^(?:user|chat|-)(\d+)$", bare(peer))
    return number[1] if number else bare(peer)


@lru_cache(_PEERS)
def sender(peer: str | int) -> str:
    """Return the account behind a marked number: people are positive, channels are marked.

    >>> sender(5), sender(-1001243038268), sender("user5"), sender(-7)
    ('user5', '1243038268', 'user5', 'chat7')
    """
    text = bare(peer)
    if text != str(peer) or not re.match(r"^-?\d+$", text):
        return text
    return f"chat{text[1:]}" if text.startswith("-") else f"user{text}"


def by_name(name: str) -> str:
    """Return what stands for an account of which only the name is known.

    >>> by_name("news/today")
    'name=news%2Ftoday'
    """
    return f"name={name.replace('/', '%2F')}"  # a stroke ends the chat in a post's id


def number(column: str) -> pl.Expr:
    """Return a column of numbers as text; tables often hold them as ``7.0``."""
    return pl.col(column).str.strip_chars().str.replace(r"^(-?\d+)\.0*$", "$1")


def bare_number(column: str) -> pl.Expr:
    """Return a column of chats with the mark of channels taken away."""
    text = number(column)
    marked = text.str.extract(_MARKED).str.strip_chars_start("0")
    return pl.coalesce(marked, text)


def not_told(accounts: pl.DataFrame, told: set[tuple[str, str | None]]) -> pl.DataFrame:
    """Return the accounts that were not told yet, or not by this name, and note that they are.

    >>> told = {("telegram:5", None)}
    >>> rows = pl.DataFrame({"account_id": ["telegram:5", "telegram:6"], "name": ["Square", None]})
    >>> not_told(rows, told).rows(), not_told(rows, told).rows()
    ([('telegram:5', 'Square'), ('telegram:6', None)], [])
    """
    names: dict[str, str | None] = {}
    for account, name in accounts.select("account_id", "name").unique(maintain_order=True).rows():
        if account is not None:
            names[account] = names.get(account) or name
    fresh = [
        (account, name)
        for account, name in names.items()
        if (account, name) not in told and (name or (account, None) not in told)
    ]
    told.update(fresh)
    told.update((account, None) for account, _ in fresh)
    schema = {"account_id": pl.String, "name": pl.String}
    return pl.DataFrame(fresh, schema=schema, orient="row")
