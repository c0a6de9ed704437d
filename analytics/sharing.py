"""Who shared what when: the objects by which posts can be held side by side."""

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.errors import MeasureError
from analytics.joining import comparable
from analytics.likeness import alike_texts
from analytics.material import is_material
from analytics.measured import OBJECTS

Ints = npt.NDArray[np.int64]

SHARE: dict[str, pl.DataType | type[pl.DataType]] = {
    "appeal_id": pl.String,
    "object_id": pl.String,
    "account_id": pl.String,
    "content_id": pl.String,
    "platform": pl.String,
    "at": pl.Datetime("us", "UTC"),
}
_ALIKE = 0.8  # Jaccard likeness from which words count as the same


def shared_objects(posts: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return who shared which object when.

    Parameters
    ----------
    posts
        Rows of ``posts``.
    by
        What an object is. ``original``: the post that a repost or a quote passes on, or what a
        file names as the objects. ``url``: the first address or post linked to that names
        material (:mod:`analytics.material`); ``hashtag``: all hashtags of a post, in their order
        (Pacheco et al. 2021); ``media``: the platform's id of the first picture or video, else the
        hash of a picture; ``text``: words that are the same or nearly. A post has one object of
        each kind, unless a file names several: two posts that have five hashtags in common meet
        once, not five times.
        Reposts bring no links, hashtags, media or words of their own, and so count by original
        alone.

    Returns
    -------
    DataFrame
        One row per share: ``appeal_id``, ``object_id``, ``account_id``, ``content_id`` (the post),
        ``platform``, ``at``. Accounts and times may be null.

    Raises
    ------
    MeasureError
        There is no such kind of object.
    """
    if by not in OBJECTS:
        msg = f"there are no objects {by!r}; choose one of: {', '.join(OBJECTS)}"
        raise MeasureError(msg)
    rows = _BY[by](posts)
    return rows.select(*(pl.col(name).cast(dtype) for name, dtype in SHARE.items()))


def _rows(posts: pl.DataFrame, objects: pl.Expr) -> pl.DataFrame:
    """Return a row for each object of a list, once a post."""
    named = posts.select(
        "appeal_id", "account_id", "platform", "at", content_id="post_id", object_id=objects
    )
    lists = named.schema["object_id"] == pl.List(pl.String)
    if lists:
        named = named.filter(pl.col("object_id").list.len() > 0).explode("object_id")
        named = named.unique(["appeal_id", "content_id", "object_id"], maintain_order=True)
    return named.filter(pl.col("object_id").is_not_null())


def _originals(posts: pl.DataFrame) -> pl.DataFrame:
    keys = pl.col("object_keys").list.eval(
        pl.element().filter(pl.element().str.starts_with("object:"))
    )
    named = posts.with_columns(keys=keys)
    told = named.filter(pl.col("keys").list.len() > 0)
    ids = pl.col("object_id").str.replace("object:", "", literal=True)
    explicit = _rows(told, pl.col("keys")).with_columns(
        object_id=pl.concat_str("platform", pl.lit(":"), ids)
    )
    others = named.filter(pl.col("keys").list.len().fill_null(0) == 0)
    passed = pl.when(pl.col("kind") == "repost").then(pl.coalesce("root_id", "parent_id")).when(
        pl.col("kind") == "quote"
    ).then(pl.coalesce("parent_id", "root_id"))  # fmt: skip
    return pl.concat([explicit, _rows(others, passed)])


def _own(posts: pl.DataFrame) -> pl.DataFrame:
    return posts.filter(pl.col("kind") != "repost")


def _urls(posts: pl.DataFrame) -> pl.DataFrame:
    not_media = ~pl.col("object_id").str.contains("^(?:object|pdq):")
    return _first(
        _rows(_own(posts), pl.col("object_keys")).filter(not_media, is_material("object_id"))
    )


def _hashtags(posts: pl.DataFrame) -> pl.DataFrame:
    tags = pl.col("hashtags").list.eval(pl.element().str.to_lowercase())
    together = tags.list.unique(maintain_order=True).list.join(" ")
    return _rows(_own(posts).filter(pl.col("hashtags").list.len() > 0), together)


def _media(posts: pl.DataFrame) -> pl.DataFrame:
    hashes = pl.col("object_keys").list.eval(
        pl.element().filter(pl.element().str.starts_with("pdq:"))
    )
    keys = pl.concat_list(pl.col("media_keys").fill_null([]), hashes.fill_null([]))
    return _first(_rows(_own(posts), keys))


def _first(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the first object of each post."""
    return rows.unique(["appeal_id", "content_id"], keep="first", maintain_order=True)


def _texts(posts: pl.DataFrame) -> pl.DataFrame:
    words = (
        comparable(_own(posts))
        .join(posts.select("appeal_id", "post_id", "at"), on=["appeal_id", "post_id"])
        .sort("appeal_id", "at", "post_id", nulls_last=True)
        .with_columns(appeal=pl.col("appeal_id").rank("dense").cast(pl.Int64))
    )
    distinct = words.unique(["appeal_id", "words"], keep="first", maintain_order=True)
    (links,) = alike_texts(distinct, jaccard=(_ALIKE,), within=("appeal",))
    group = components(links["left"].to_numpy(), links["right"].to_numpy(), distinct.height)
    named = distinct.select("appeal_id", "words", object_id=pl.Series(group).cast(pl.String))
    clusters = words.join(named, on=["appeal_id", "words"]).select(
        "appeal_id", "post_id", object_id=pl.concat_str(pl.lit("text:"), "object_id")
    )
    return posts.join(clusters, on=["appeal_id", "post_id"]).rename({"post_id": "content_id"})


_BY = {
    "original": _originals,
    "url": _urls,
    "hashtag": _hashtags,
    "media": _media,
    "text": _texts,
}


def components(left: Ints, right: Ints, nodes: int) -> Ints:
    """Return the number of the component that each node is in."""
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    links = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(nodes, nodes))
    found: Ints = connected_components(links, directed=False)[1].astype(np.int64)
    return found


def as_coortweet(shares: pl.DataFrame) -> pl.DataFrame:
    """Return shares as CooRTweet takes them; those without an account or a time are left out.

    Returns
    -------
    DataFrame
        ``object_id``, ``account_id``, ``content_id`` and ``timestamp_share`` (seconds since 1970).
    """
    whole = shares.drop_nulls(["object_id", "account_id", "content_id", "at"])
    return whole.select(
        "object_id",
        "account_id",
        "content_id",
        timestamp_share=pl.col("at").dt.timestamp("us") / 1_000_000,
    )
