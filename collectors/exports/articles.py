"""News articles as posts of their outlets, whatever tool found them.

An article is known by its address as it was written; ``object_keys`` hold the address, or the video
at it, in the form by which other posts join. Its account is the outlet: the host, without www.

>>> found = pl.DataFrame({"url": ["https://www.news.example/a#top"], "at": [None],
...                       "name": ["The News"], "links": [["https://youtu.be/abcdefghijk"]]})
>>> as_posts(found).select("post_id", "account_id").row(0)
('web:https://www.news.example/a#top', 'web:news.example')
>>> as_posts(found)["object_keys"].item()[1]
'youtube:abcdefghijk'
>>> outlets(found).select("account_id", "name", "role").row(0)
('web:news.example', 'The News', 'media')
"""

import polars as pl

from analytics.schema import STRINGS, UTC
from collectors.exports.objects import object_keys

PLATFORM = "web"
_HOST = r"(?i)^https?://(?:[^/?#@\s]*@)?([^/?#:@\s]+)"
_ADDRESSES = "\0addresses"
_OPTIONAL: dict[str, pl.DataType | type[pl.DataType]] = {
    "account_id": pl.String, "name": pl.String, "text": pl.String, "lang": pl.String,
    "links": STRINGS, "keys": STRINGS, "collected_at": UTC,
}  # fmt: skip


def is_web(address: pl.Expr) -> pl.Expr:
    """Return whether a text is an address on the web; no where there is none."""
    return address.str.contains(_HOST).fill_null(value=False)


def outlet_of(address: pl.Expr) -> pl.Expr:
    """Return the account of the outlet at an address; null where it is not on the web.

    >>> addresses = pl.DataFrame({"url": ["HTTP://me@WWW.News.example:80/x", "a book"]})
    >>> addresses.select(outlet_of(pl.col("url"))).to_series().to_list()
    ['web:news.example', None]
    """
    host = address.str.extract(_HOST).str.to_lowercase().str.strip_chars(".")
    return pl.concat_str(pl.lit(f"{PLATFORM}:"), host.str.replace(r"^www\.(.)", "$1"))


def as_posts(found: pl.DataFrame) -> pl.DataFrame:
    """Return one post for each article.

    Parameters
    ----------
    found
        One row an article: ``url`` (never null) and ``at``. Where they are known, also ``text``,
        ``lang``, ``links`` (in it), ``keys`` (what else joins it to other posts), ``account_id``
        (where it is not the host of the address) and ``collected_at``.
    """
    rows = _filled(found)
    addresses = pl.concat_list(pl.concat_list("url"), pl.col("links").fill_null([]))
    joined = pl.concat_list("object_keys", pl.col("keys").fill_null([]))
    return (
        rows.with_columns(addresses.alias(_ADDRESSES))
        .with_columns(object_keys(_ADDRESSES))
        .select(
            post_id=pl.concat_str(pl.lit(f"{PLATFORM}:"), "url"),
            platform=pl.lit(PLATFORM),
            account_id="account_id",
            at=pl.col("at").cast(UTC),
            kind=pl.lit("article"),
            text="text",
            lang="lang",
            urls="links",
            object_keys=joined.list.unique(maintain_order=True),
            collected_at="collected_at",
        )
    )


def outlets(found: pl.DataFrame, role: str = "media") -> pl.DataFrame:
    """Return one account for each outlet, with the first name that is told for it."""
    named = _filled(found).filter(pl.col("account_id").is_not_null())
    first = pl.col("name").drop_nulls().first()
    return named.group_by("account_id", maintain_order=True).agg(first).select(
        account_id="account_id",
        platform=pl.lit(PLATFORM),
        name="name",
        role=pl.lit(role),
    )  # fmt: skip


def _filled(found: pl.DataFrame) -> pl.DataFrame:
    rows = found.with_columns(
        pl.lit(None, dtype).alias(name)
        for name, dtype in _OPTIONAL.items()
        if name not in found.columns
    )
    return rows.with_columns(account_id=pl.coalesce("account_id", outlet_of(pl.col("url"))))
