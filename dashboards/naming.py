"""What an account is called on a page: public ones by name, all others by nothing that names them.

The store keeps pseudonyms of private accounts unless its protection is open. Pages name an account
only where its role says that it is a public actor, however open the store is.
"""

import polars as pl

from analytics.store import Store
from dashboards.i18n import _, number
from dashboards.theme import platform_name

PUBLIC = ("media", "ngo", "official", "public_figure")  # roles that may be named
SHOWN = 8  # characters of a pseudonym
LONGEST = 60  # characters of a name


def named(store: Store, rows: pl.DataFrame) -> pl.DataFrame:
    """Add to rows with ``account_id`` what each is called (``who``), its ``role`` and ``platform``.

    The order of rows is kept; the same account is called the same in all of them.
    """
    wanted = rows["account_id"].unique(maintain_order=True)
    held = store.scan("accounts").filter(pl.col("account_id").is_in(wanted.implode())).collect()
    names = called(held, wanted)
    return rows.drop("role", strict=False).join(
        names, on="account_id", how="left", maintain_order="left"
    )


def called(accounts: pl.DataFrame, wanted: pl.Series) -> pl.DataFrame:
    """Return what accounts are called, a row for each that is wanted.

    >>> from analytics.tables import ACCOUNTS
    >>> held = pl.DataFrame([{"account_id": "x:7", "platform": "x", "name": "City Hall",
    ...                       "role": "official"}], schema=ACCOUNTS.schema)
    >>> called(held, pl.Series("account_id", ["x:7", "x:~00ff00ff00ff", "x:8"]))["who"].to_list()
    ['City Hall, X', 'X ~00ff00ff', 'X, no. 3 (not named)']
    """
    known = pl.col("role").is_in(PUBLIC)
    own = accounts.filter(pl.col("account_id").is_in(wanted.implode()))
    told = own.group_by("account_id").agg(
        name=pl.coalesce("name", "handle").drop_nulls().first(),
        role=pl.coalesce(pl.col("role").filter(known).first(), pl.col("role").first()),
    )
    rows = wanted.to_frame("account_id").join(
        told, on="account_id", how="left", maintain_order="left"
    )
    who = [
        _called(account_id, name if role in PUBLIC else None, role, place)
        for place, (account_id, name, role) in enumerate(rows.iter_rows(), 1)
    ]
    return rows.select(
        "account_id",
        who=pl.Series(who, dtype=pl.String),
        role=pl.col("role").fill_null("unknown"),
        platform=pl.col("account_id").str.extract(r"^([a-z0-9_]+):"),
    )


def cut(name: str) -> str:
    r"""Return a name on one line, without what cannot be seen, and not endless.

    >>> cut("a\u202e\nb"), len(cut("x" * 10_000))
    ('a b', 60)
    """
    seen = " ".join("".join(mark if mark.isprintable() else " " for mark in name).split())
    return seen if len(seen) <= LONGEST else f"{seen[: LONGEST - 1]}…"


def _called(account_id: str, name: str | None, role: str | None, place: int) -> str:
    platform, _colon, own = account_id.partition(":")
    if role in PUBLIC:
        return _("{name}, {platform}").format(
            name=cut(name or own), platform=platform_name(platform)
        )
    if own.startswith("~"):
        return f"{platform_name(platform)} {own[: SHOWN + 1]}"
    said = _("{platform}, no. {place} (not named)")
    return said.format(platform=platform_name(platform), place=number(place))
