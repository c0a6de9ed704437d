"""From posts to shares: what each was passed on from, as far as anybody says.

Three kinds of knowledge are kept apart. A quote names the post it quotes: its parent is *observed*.
A post that links to another post held (a video, an article) hangs from it by that *object*. A
repost on most platforms names only the original at the top: its *root* is known, its parent is
hidden, and stays null (docs/decisions/0002).
"""

import numpy as np
import polars as pl

from analytics import forest
from analytics.material import is_material
from analytics.measured import SHARES_TABLE
from analytics.tables import SHARES

_KEY = ("appeal_id", "post_id")
_LISTED = r"/of[/:]"


def counted_once(posts: pl.DataFrame) -> pl.DataFrame:
    """Return posts without reposts that a platform only lists and that are held themselves, too.

    Lists of who reposted (``x:ACCOUNT/of/POST``, on Bluesky ``…/of:KEY``) tell neither an id nor a
    time. Where the same account's repost of the same original is held with its time, that one
    counts.

    >>> from analytics.tables import POSTS
    >>> row = {"appeal_id": "a", "platform": "x", "kind": "repost", "source": "doc"}
    >>> row |= {"account_id": "x:7", "root_id": "x:1"}
    >>> posts = pl.DataFrame([row | {"post_id": "x:7/of/1"}, row | {"post_id": "x:9"}])
    >>> counted_once(POSTS.check(posts))["post_id"].to_list()
    ['x:9']
    """
    listed = pl.col("post_id").str.contains(_LISTED) & (pl.col("kind") == "repost")
    whose = ["appeal_id", "account_id", "root_id"]
    held = posts.filter(~listed & (pl.col("kind") == "repost")).select(whose).unique()
    twice = posts.filter(listed).join(held, on=whose, how="semi").select("appeal_id", "post_id")
    return posts.join(twice, on=["appeal_id", "post_id"], how="anti", maintain_order="left")


def shares(posts: pl.DataFrame) -> pl.DataFrame:
    """Return every share among the posts.

    Parameters
    ----------
    posts
        Rows of ``posts``.

    Returns
    -------
    DataFrame
        The table ``shares``, one row per repost, quote, or post that links to another post held.
        ``root_id`` is the top of the chain of shares; it may be a post that is not held. Where a
        parent is not held, the chain goes on at the original that the platform names. A link
        that closes a ring, or that runs from a post to itself, is not followed: that share keeps
        neither parent nor root (``coverage`` counts them).

    Examples
    --------
    >>> from analytics.tables import POSTS
    >>> row = {"appeal_id": "a", "platform": "x", "source": "doc"}
    >>> posts = POSTS.check(pl.DataFrame([
    ...     row | {"post_id": "x:1", "account_id": "x:7", "kind": "original"},
    ...     row | {"post_id": "x:2", "kind": "quote", "parent_id": "x:1", "basis": "observed"},
    ...     row | {"post_id": "x:3", "kind": "repost", "root_id": "x:2"},
    ... ]))
    >>> shares(posts).select("post_id", "parent_id", "root_id", "root_account_id", "basis").rows()
    [('x:2', 'x:1', 'x:1', 'x:7', 'observed'), ('x:3', None, 'x:1', 'x:7', None)]
    """
    told = pl.concat([_told(posts), _by_object(posts)]).sort("appeal_id", "at", "post_id")
    tops = _tops(told, _missing_links(told, posts))
    writers = posts.select("appeal_id", "post_id", writer="account_id")
    rows = (
        told.join(tops, on=_KEY, how="left", maintain_order="left")
        .join(_writer_of(writers, "parent_id"), on=["appeal_id", "parent_id"], how="left")
        .join(_writer_of(writers, "root_id"), on=["appeal_id", "root_id"], how="left")
    )
    is_top = pl.col("root_id") == pl.col("named_root")
    return SHARES_TABLE.check(
        rows.with_columns(
            parent_id=pl.when(~pl.col("ring")).then("parent_id"),
            basis=pl.when(~pl.col("ring")).then("basis"),
            parent_account_id=pl.coalesce("parent_account_id", "parent_id_writer"),
            root_account_id=pl.coalesce(
                "root_id_writer",
                pl.when(is_top | pl.col("root_id").is_null()).then("root_account_id"),
            ),
        )
        .with_columns(confidence=pl.when(pl.col("basis").is_not_null()).then(1.0))
        .select(*SHARES_TABLE.columns)
        .sort("appeal_id", "at", "post_id", nulls_last=True)
    )


_COLUMNS = (
    "appeal_id", "post_id", "parent_id", "account_id", "parent_account_id", "root_account_id",
    "platform", "at", "kind", "basis",
)  # fmt: skip


def _told(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the shares as the platforms tell them."""
    rows = posts.filter(pl.col("kind").is_in(SHARES))
    return rows.select(*_COLUMNS, named_root="root_id")


def _by_object(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the posts that carry the id or the address of another post held.

    Of several, the one that the post names first counts.
    """
    links = (
        posts.filter(pl.col("kind").is_in(["original", "article"]), pl.col("parent_id").is_null())
        .explode("object_keys")
        .filter(is_material("object_keys"))
        .with_row_index("place")
        .join(_named(posts), on=["appeal_id", "object_keys"], how="inner")
        .filter(pl.col("named") != pl.col("post_id"))
        .sort("place")
        .unique(_KEY, keep="first", maintain_order=True)
    )
    return links.with_columns(
        parent_id="named",
        parent_account_id="writer",
        basis=pl.lit("object"),
    ).select(*_COLUMNS, named_root=pl.lit(None, pl.String))


def _named(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the post that each key names: by its id, else the first article at that address."""
    posts = posts.select(
        "appeal_id", "at", "kind", "object_keys", named="post_id", writer="account_id"
    )
    by_id = posts.with_columns(object_keys="named", by_address=False)
    articles = posts.filter(pl.col("kind") == "article")
    at_address = articles.with_columns(pl.col("object_keys").list.first(), by_address=True)
    return (
        pl.concat([by_id, at_address.select(by_id.columns)])
        .drop_nulls("object_keys")
        .sort("by_address", "at", "named", nulls_last=True)
        .unique(["appeal_id", "object_keys"], keep="first", maintain_order=True)
        .select("appeal_id", "object_keys", "named", "writer")
    )


def _missing_links(told: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Return what is known of parents that are not held: the original that their shares name."""
    held = posts.select("appeal_id", parent_id="post_id")
    return (
        told.filter(pl.col("parent_id") != pl.col("named_root"))
        .join(held, on=["appeal_id", "parent_id"], how="anti", maintain_order="left")
        .unique(["appeal_id", "parent_id"], keep="first", maintain_order=True)
        .select("appeal_id", post_id="parent_id", up="named_root")
    )


def _tops(told: pl.DataFrame, missing_links: pl.DataFrame) -> pl.DataFrame:
    """Return the top of each share's chain, and whether its own link closes a ring.

    What hangs from another post by an object starts a cascade of its own: platforms are joined in
    the picture, never in a tree (docs/decisions/0004).
    """
    chain = told.select(
        "appeal_id",
        "post_id",
        up=pl.when(pl.col("basis").ne_missing("object")).then(
            pl.coalesce("parent_id", "named_root")
        ),
    )
    chain = pl.concat([chain, missing_links])
    ids = pl.concat(
        [chain.select("appeal_id", "post_id"), chain.select("appeal_id", post_id="up").drop_nulls()]
    )
    nodes = ids.unique(maintain_order=True).with_row_index("node")
    numbered = chain.join(nodes, on=_KEY, how="left", maintain_order="left").join(
        nodes.rename({"post_id": "up", "node": "up_node"}),
        on=["appeal_id", "up"],
        how="left",
        maintain_order="left",
    )
    link = np.full(nodes.height, -1, np.int64)
    link[numbered["node"].to_numpy()] = numbered["up_node"].cast(pl.Int64).fill_null(-1).to_numpy()
    opened = forest.open_rings(link)
    head = forest.heads(opened)
    top = nodes["post_id"].gather(head)
    ring = pl.Series(opened != link)
    in_ring = ring.gather(head)
    found = nodes.select(*_KEY).with_columns(top=top, ring=ring, in_ring=in_ring)
    return (
        numbered.join(found, on=_KEY, how="left", maintain_order="left")
        .select(
            *_KEY,
            "ring",
            root_id=pl.when(~pl.col("in_ring"), pl.col("up").is_not_null()).then("top"),
        )
        .unique(_KEY, maintain_order=True)
    )


def _writer_of(writers: pl.DataFrame, column: str) -> pl.DataFrame:
    return writers.rename({"post_id": column, "writer": f"{column}_writer"})
