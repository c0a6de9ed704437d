"""Trees of retweets and replies, as the rumour data sets Twitter15 and Twitter16 write them.

Each tree is one text file of lines ``['uid', 'tweet id', 'delay']->['uid', 'tweet id', 'delay']``,
parent first, delays in minutes since the source tweet; the parent of the tree's root is ``ROOT``.
A retweet bears the id of the tweet that it passes on, so that only user and tweet together name a
node: the first of a tweet's nodes is the tweet, the others are called ``x:…/retweet/1``,
``x:…/retweet/2`` and so on, in the order of the files (no account's id may stand in a post's id).

The parents are those of the data set. A node that comes again keeps its first parent; lines from a
node to itself, and nodes that do not hang from the root, are left out. A post that stands in two
trees has its place in the first. Children can be older than their parents, and are kept as told.
Times are made of the moment inside the root's id (X's own, to the millisecond) and the delay, which
is rounded to 0.01 minutes.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from analytics.schema import UTC
from analytics.tables import POSTS
from collectors.exports.documents import text
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import UNREADABLE, Source, bare_fact

BATCH_LINES = 1_000_000
MAX_TREE = 1 << 28
_NODE = r"\['([^']*)',\s*'([^']*)',\s*'([^']*)'\]"
_LINE = rf"^\s*{_NODE}\s*->\s*{_NODE}\s*$"
_CELLS = ("parent_uid", "parent_tweet", "parent_delay", "uid", "tweet", "delay")
_LABEL = r"^(?:true|false|unverified|non-rumor):\d+\s*$"
_FIRST_TIMED_ID = 30_000_000_000  # ids before November 2010 were just numbers
_EPOCH = 1_288_834_974_657  # milliseconds, of X's ids
_WITHIN = ["tree", "uid", "tweet"]

_TOO_LARGE = f"what stands behind the first {MAX_TREE >> 20} MB of a tree: not read"
_NO_LINE = "is no line of a tree"
_LOOP = "a node that is its own parent"
_AGAIN = "a node that comes again: its first parent is kept"
_ELSEWHERE = "a post of two trees: its place in the first is kept"
_LOOSE = "does not hang from the root of its tree"
_EARLIER = "a child earlier than its parent: kept as told"
_NEGATIVE = "a delay below zero: kept as told"
_NO_TIME = "neither the root's id nor the delay tells a time"
_DERIVED = "made of the root's id and a delay, to 0.6 seconds"
_LABELLED = "field label is not read"


class PropagationTrees:
    """Reads trees of retweets and replies."""

    name = "propagation-trees"
    label = "Propagation trees (Twitter15, Twitter16)"

    def knows(self, head: Head) -> bool:
        """Judge by the first line: an edge of a tree, or a tree's label."""
        line = pl.Series([head.first_line[:1000]])
        return bool(line.str.contains(_LINE).any() or line.str.contains(_LABEL).any())

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield the nodes of all trees as posts."""
        waiting: list[pl.DataFrame] = []
        for source in files:
            lines = _lines(source, options.losses)
            if lines.height:
                waiting.append(lines.with_columns(tree=pl.lit(source.name)))
            if sum(map(len, waiting)) >= BATCH_LINES:
                yield Part(POSTS, _posts(pl.concat(waiting), options.losses), "posts")
                waiting = []
        if waiting:
            yield Part(POSTS, _posts(pl.concat(waiting), options.losses), "posts")


FORMAT = PropagationTrees()


def _lines(source: Source, losses: Losses) -> pl.DataFrame:
    """Return a file's lines with their numbers; none of a file of labels."""
    schema = {"number": pl.UInt32, "line": pl.String}
    try:
        with text(source) as file:
            data = file.read(MAX_TREE)
    except UNREADABLE as error:
        reason = f"cannot be read to its end ({bare_fact(error)})"
        losses.add("dropped", "files", reason, example=source.name)
        return pl.DataFrame(schema=schema)
    if len(data) == MAX_TREE:
        losses.add("dropped", "rows", _TOO_LARGE, example=source.name)
    lines = pl.DataFrame({"line": data.decode(errors="replace").split("\n")})
    numbered = lines.with_row_index("number", offset=1).filter(
        pl.col("line").str.strip_chars() != ""
    )
    labels = numbered.filter(pl.col("line").str.contains(_LABEL))
    losses.add("unknown", "fields", _LABELLED, labels.height, example=source.name)
    return numbered.filter(~pl.col("line").str.contains(_LABEL)).cast(schema)  # type: ignore[arg-type]


def _posts(lines: pl.DataFrame, losses: Losses) -> pl.DataFrame:
    edges = _edges(lines, losses)
    nodes = _without(edges, ~pl.struct(_WITHIN).is_first_distinct(), _AGAIN, losses)
    nodes = _timed(_placed(_named(_reached(nodes, losses))), losses)
    elsewhere = nodes.filter(~pl.col("post_id").is_first_distinct())
    if elsewhere.height:
        losses.add("merged", "rows", _ELSEWHERE, elsewhere.height, example=_place(elsewhere))
    nodes = nodes.unique("post_id", keep="first", maintain_order=True)
    return nodes.select(
        "post_id", "at", "parent_id", "root_id",
        platform=pl.lit("x"),
        account_id=pl.format("x:{}", "uid"),
        kind=pl.when("is_root").then(pl.lit("original"))
        .when("is_share").then(pl.lit("repost")).otherwise(pl.lit("reply")),
        parent_account_id=pl.when(~pl.col("is_root")).then(pl.format("x:{}", "parent_uid")),
        root_account_id=pl.when(~pl.col("is_root")).then(pl.format("x:{}", "root_uid")),
        basis=pl.when(pl.col("parent_id").is_not_null()).then(pl.lit("observed")),
    )  # fmt: skip


def _edges(lines: pl.DataFrame, losses: Losses) -> pl.DataFrame:
    """Return the edges that lines tell, without those from a node to itself."""
    cells = pl.col("line").str.extract_groups(_LINE).struct.rename_fields(list(_CELLS))
    edges = lines.select("tree", "number", cells.alias("cells")).unnest("cells")
    edges = edges.with_columns(
        pl.col("parent_delay", "delay").cast(pl.Float64, strict=False).name.suffix("_minutes")
    )
    empty = pl.any_horizontal(pl.col(*_CELLS).is_null() | (pl.col(*_CELLS) == ""))
    edges = _without(edges, empty, _NO_LINE, losses)
    delay, before = pl.col("delay_minutes"), pl.col("parent_delay_minutes")
    of_root = pl.col("parent_uid") == "ROOT"
    _note(edges, ~of_root & (delay < before), _EARLIER, losses)
    _note(edges, delay < 0, _NEGATIVE, losses)
    same = (pl.col("uid") == pl.col("parent_uid")) & (pl.col("tweet") == pl.col("parent_tweet"))
    return _without(edges, same, _LOOP, losses)


def _reached(nodes: pl.DataFrame, losses: Losses) -> pl.DataFrame:
    """Return the nodes from which the way up ends at a root: neither a gap nor a circle."""
    numbered = nodes.with_row_index("n")
    above = numbered.select("tree", parent_uid="uid", parent_tweet="tweet", above="n")
    joined = numbered.join(
        above, on=["tree", "parent_uid", "parent_tweet"], how="left", maintain_order="left"
    )
    top, gap = nodes.height, nodes.height + 1
    up = np.append(joined["above"].fill_null(gap).to_numpy().astype(np.int64), [top, gap])
    up[:-2][(joined["parent_uid"] == "ROOT").to_numpy()] = top
    for _ in range(int(nodes.height).bit_length() + 1):  # twice as far in every round
        up = up[up]
    loose = pl.Series(up[:-2] != top)
    return _without(nodes.with_columns(loose=loose), pl.col("loose"), _LOOSE, losses).drop("loose")


def _named(nodes: pl.DataFrame) -> pl.DataFrame:
    """Return the nodes with ids; one that stands in two trees is one post."""
    posts = nodes.select("tweet", "uid").unique(maintain_order=True)
    order = pl.int_range(pl.len()).over("tweet")
    posts = posts.with_columns(
        is_share=order > 0,
        post_id=pl.when(order == 0)
        .then(pl.format("x:{}", "tweet"))
        .otherwise(pl.format("x:{}/retweet/{}", "tweet", order)),
    )
    nodes = nodes.with_columns(is_root=pl.col("parent_uid") == "ROOT")
    return nodes.join(posts, on=["tweet", "uid"], how="left", maintain_order="left")


def _placed(nodes: pl.DataFrame) -> pl.DataFrame:
    """Return the nodes with their parent's id, and what is known of their tree's first root."""
    above = nodes.select("tree", parent_uid="uid", parent_tweet="tweet", parent_id="post_id")
    roots = nodes.filter("is_root").unique("tree", keep="first", maintain_order=True)
    root = roots.select(
        "tree", root_id="post_id", root_uid="uid", root_tweet="tweet", root_delay="delay_minutes"
    )
    keys = ["tree", "parent_uid", "parent_tweet"]
    placed = nodes.join(above, on=keys, how="left", maintain_order="left")
    placed = placed.join(root, on="tree", how="left", maintain_order="left")
    return placed.with_columns(root_id=pl.when(~pl.col("is_root")).then("root_id"))


def _timed(nodes: pl.DataFrame, losses: Losses) -> pl.DataFrame:
    number = pl.col("root_tweet").cast(pl.Int64, strict=False)
    made = pl.when(number >= _FIRST_TIMED_ID).then(number // (1 << 22) + _EPOCH)
    since = ((pl.col("delay_minutes") - pl.col("root_delay")) * 60_000).round()
    moment = made + since.cast(pl.Int64, strict=False)
    at = (moment * 1000).cast(UTC)
    nodes = nodes.with_columns(at=pl.when(at.dt.year().is_between(2006, 9998)).then(at))
    _note(nodes, pl.col("at").is_null(), _NO_TIME, losses)
    _note(nodes, pl.col("at").is_not_null(), _DERIVED, losses)
    return nodes


def _without(rows: pl.DataFrame, bad: pl.Expr, reason: str, losses: Losses) -> pl.DataFrame:
    flags = rows.select(bad.fill_null(value=True)).to_series()
    if count := int(flags.sum()):
        losses.add("dropped", "rows", reason, count, example=_place(rows.filter(flags)))
    return rows.filter(~flags)


def _note(rows: pl.DataFrame, fact: pl.Expr, reason: str, losses: Losses) -> None:
    flags = rows.select(fact.fill_null(value=False)).to_series()
    if count := int(flags.sum()):
        losses.add("unknown", "times", reason, count, example=_place(rows.filter(flags)))


def _place(rows: pl.DataFrame) -> str:
    return f"{rows['tree'][0]}, line {rows['number'][0]}"
