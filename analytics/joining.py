"""Stories: cascades that carry the same material, joined over all platforms.

A cascade is joined by what its root carries, and by what reposts of that root carry: a quote's own
link does not join the cascade that it stands in. Joins are tried in the order of trust, the first
that ties two stories together counts, and each cascade keeps the one that ties it to its story:

``post``
    both carry the id of one post (a video, a forwarded message), or one of them is that post;
``address``, ``object``
    both carry one address, or one id of an object, in the form of decision 0007;
``media``
    both carry a file that the platform gives one id or hash;
``picture``
    both carry pictures whose PDQ hashes differ in few bits;
``text``
    their words are the same, or nearly, without links, names, hashtags and signs.

Everything is said at two levels. What is joined at ``strict`` is joined at ``loose``, too.
A cascade's links with others are for stories and pictures; no measure of a tree crosses them
(docs/decisions/0004, 0016).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.kernels import compiled
from analytics.likeness import alike_pictures, alike_texts, distinct_shingles
from analytics.material import is_material
from analytics.measured import STORIES, STORY_MEMBERS
from analytics.tables import JOINS, SHARES

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Level:
    """How like is like enough."""

    name: str
    jaccard: float  # of the shingles of two texts, at least
    numbers: bool  # whether two texts must tell the same numbers: reports of two days are alike
    bits: int  # of two PDQ hashes that differ, at most; 31 is usual and not verified by us
    links: int  # a post that carries more joins by its first only; its own id or address is first


STRICT = Level(name="strict", jaccard=0.8, numbers=True, bits=31, links=1)
LOOSE = Level(name="loose", jaccard=0.6, numbers=False, bits=31, links=3)
LEVELS = (STRICT, LOOSE)

LEAST_CHARACTERS = 60  # shorter words are said by people who never met
LEAST_SHINGLES = 40  # words that repeat themselves say no more than shorter ones
_SIGNS = r"(?:[^\p{L}\p{M}\p{N}]|\x{FE0F})+"  # the last of these makes a sign a picture
_ANSWERS = ("reply", "comment")
_POST, _ROOT = ["appeal_id", "post_id"], ["appeal_id", "root_id"]
_BY = pl.Enum(JOINS)
_HELD = ["appeal_id", "node", "post_id", "account_id", "platform", "at"]
_LINK = ["left", "right", "by", "key", "strength"]


def story_members(
    posts: pl.DataFrame, shares: pl.DataFrame, *, levels: tuple[Level, ...] = LEVELS
) -> pl.DataFrame:
    """Return the story of each cascade that is joined with others, and what joins it.

    Parameters
    ----------
    posts, shares
        Rows of the tables of these names; ``shares`` as :func:`analytics.trees.shares` gives them.
    levels
        How like is like enough; each adds its own rows.

    Returns
    -------
    DataFrame
        The table ``story_members``. A story is called by the root of its earliest cascade. A
        cascade without a row is a story by itself, called by its own root.

    Examples
    --------
    >>> from analytics.tables import POSTS
    >>> from analytics.trees import shares
    >>> row = {"appeal_id": "a", "source": "doc", "kind": "original"}
    >>> posts = POSTS.check(pl.DataFrame([
    ...     row | {"post_id": "youtube:v", "platform": "youtube"},
    ...     row | {"post_id": "x:2", "platform": "x", "object_keys": ["youtube:v"]},
    ... ]))
    >>> found = story_members(posts, shares(posts), levels=(STRICT,))
    >>> found.select("root_id", "story_id", "joined_to", "by").rows()
    [('x:2', 'x:2', None, None), ('youtube:v', 'x:2', 'x:2', 'post')]
    """
    cascades, placed = _cascades(posts, shares)
    carried = _carried(cascades, placed)
    words = _alike_in_words(placed, levels)
    parts = [
        _members(
            cascades,
            pl.concat([_same(carried, level), _alike_in_pictures(carried, level), alike]),
            level,
        )
        for level, alike in zip(levels, words, strict=True)
    ]
    return STORY_MEMBERS.check(pl.concat(parts).sort("appeal_id", "level", "story_id", "root_id"))


def stories(
    posts: pl.DataFrame,
    shares: pl.DataFrame,
    members: pl.DataFrame,
    *,
    levels: tuple[Level, ...] = LEVELS,
) -> pl.DataFrame:
    """Return every story: the cascades that carry the same material, taken together.

    Parameters
    ----------
    posts, shares
        Rows of the tables of these names.
    members
        What :func:`story_members` found in them, at the same levels.

    Returns
    -------
    DataFrame
        The table ``stories``. What joins nothing is a story by itself if it is a cascade; a lone
        reply, comment, or share whose root is unknown is in none.
    """
    cascades, placed = _cascades(posts, shares)
    held = pl.concat([placed.select(_HELD), _writers(shares, cascades)])
    parts = [_stories(cascades, held, members, level.name) for level in levels]
    return STORIES.check(
        pl.concat(parts).sort("appeal_id", "level", pl.col("posts") * -1, "story_id")
    )


def comparable(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the posts whose words are held and long enough to be compared, and these words.

    Returns
    -------
    DataFrame
        One row per post that is no repost: ``appeal_id``, ``platform``, ``post_id`` and ``words``,
        which have neither links, names, hashtags, signs nor capitals.

    >>> from analytics.tables import POSTS
    >>> told = "Read: https://a.example #water @ann The pump at the end of our "
    >>> told += "street is DRY since the first of May!"
    >>> row = {"appeal_id": "a", "platform": "x", "source": "doc", "kind": "original"}
    >>> posts = POSTS.check(pl.DataFrame([row | {"post_id": "x:1", "text": told}]))
    >>> comparable(posts)["words"].item()
    'read the pump at the end of our street is dry since the first of may'
    """
    words = pl.col("text").str.normalize("NFKC").str.replace_all(r"https?://\S+|[@#]\S+", " ")
    words = words.str.to_lowercase().str.replace_all(_SIGNS, " ").str.strip_chars()
    return (
        posts.filter(pl.col("kind") != "repost", pl.col("text").is_not_null())
        .select("appeal_id", "platform", "post_id", words=words)
        .filter(pl.col("words").str.len_chars() >= LEAST_CHARACTERS)
        .filter(
            pl.col("words").map_batches(distinct_shingles, return_dtype=pl.Int64) >= LEAST_SHINGLES
        )
    )


def _cascades(posts: pl.DataFrame, shares: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the cascades, numbered in the order of time, and the posts held with theirs.

    A share whose root is unknown carries what it passes on, and stands here for itself.
    """
    tops = shares.filter(pl.col("kind").is_in(SHARES)).select(*_POST, top="root_id")
    placed = (
        posts.join(tops, on=_POST, how="left", maintain_order="left")
        .with_columns(is_root=pl.col("top").is_null(), named="root_id")
        .with_columns(root_id=pl.coalesce("top", "post_id"))
    )
    cascades = (
        placed.group_by(_ROOT)
        .agg(
            first_at=pl.coalesce(pl.col("at").filter("is_root").first(), pl.col("at").min()),
            is_answer=(pl.len() == 1) & pl.col("kind").is_in(_ANSWERS).all(),
            is_rootless=(pl.len() == 1)
            & ((pl.col("kind").is_in(SHARES)) & pl.col("is_root")).all(),
        )
        .sort("appeal_id", "first_at", "root_id", nulls_last=True)
        .with_columns(node=pl.int_range(pl.len()))
    )
    nodes = cascades.select(*_ROOT, "node")
    return cascades, placed.join(nodes, on=_ROOT, how="left", maintain_order="left")


def _carried(cascades: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Return what each cascade carries: its root, and reposts of it, which change nothing.

    ``rank`` is the key's place among the links of its post, ``links`` how many there are; both are
    0 for ids of posts in a cascade, and for media.
    """
    of_root = (pl.col("kind") == "repost") & (pl.col("named") == pl.col("root_id"))
    carrying = placed.filter(pl.col("is_root") | of_root)
    links = _links(carrying)
    own = pl.concat(
        [
            placed.select("appeal_id", "node", key="post_id"),
            cascades.select("appeal_id", "node", key="root_id"),
        ]
    ).join(links, on=["appeal_id", "key"], how="semi")
    return pl.concat([links, _free(own, "post"), _free(_media(carrying), "media")]).unique()


def _free(found: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return keys that join whatever else their post carries."""
    zero = pl.lit(0, pl.Int64)
    return found.with_columns(by=pl.lit(by, _BY), rank=zero, links=zero)


def _links(carrying: pl.DataFrame) -> pl.DataFrame:
    """Return the ids and addresses in posts; a post's own goes first, then the most trusted."""
    told = carrying.select(
        "appeal_id", "node", "post_id", "kind", key="object_keys",
        first=pl.col("object_keys").list.first(),
    ).with_row_index("post")  # fmt: skip
    is_article = pl.col("kind") == "article"  # the first of its keys is its own address
    is_own = (pl.col("key") == pl.col("post_id")) | (
        is_article & (pl.col("key") == pl.col("first"))
    )
    is_address, is_object = (pl.col("key").str.starts_with(form) for form in ("url:", "object:"))
    by = pl.when(is_address).then(pl.lit("address")).when(is_object).then(pl.lit("object"))
    found = (
        told.explode("key")
        .filter(is_material("key"))
        .with_columns(by.otherwise(pl.lit("post")).cast(_BY).alias("by"), is_other=~is_own)
        .with_row_index("place")
        .sort("post", "is_other", "by", "place")
    )
    return found.select(
        "appeal_id", "node", "key", "by",
        rank=pl.col("key").cum_count().over("post").cast(pl.Int64),
        links=pl.len().over("post").cast(pl.Int64),
    )  # fmt: skip


def _media(carrying: pl.DataFrame) -> pl.DataFrame:
    """Return the files in posts; those of an answer are mostly a reaction, and left out."""
    showing = carrying.filter(~pl.col("kind").is_in(_ANSWERS))
    columns = ["appeal_id", "node", "platform"]
    key = pl.col("key").str.replace(r"^\d+_(\d+)$", "$1")  # X has two forms of one number
    is_hash = pl.col("key").str.starts_with("pdq:")
    files = showing.select(*columns, key="media_keys").explode("key").drop_nulls("key")
    hashes = showing.select(*columns, key="object_keys").explode("key").filter(is_hash)
    named = pl.when(is_hash).then("key").otherwise(pl.concat_str("platform", pl.lit(" "), key))
    return pl.concat([files, hashes]).select("appeal_id", "node", key=named)


def _same(carried: pl.DataFrame, level: Level) -> pl.DataFrame:
    """Link each cascade that carries a key with the earliest that does."""
    joining = carried.filter((pl.col("links") <= level.links) | (pl.col("rank") <= 1))
    return (
        joining.with_columns(left=pl.col("node").min().over("appeal_id", "key"))
        .filter(pl.col("left") != pl.col("node"))
        .select("left", "by", "key", right="node", strength=pl.lit(1.0))
        .select(_LINK)
    )


def _alike_in_pictures(carried: pl.DataFrame, level: Level) -> pl.DataFrame:
    """Link cascades that carry nearly the same picture."""
    hashes = carried.filter(pl.col("key").str.contains("^pdq:[0-9a-f]{64}$"))
    pictures = hashes.select("node", group=_number("appeal_id"), pdq=pl.col("key").str.slice(4))
    pictures = pictures.unique().sort("node", "pdq")
    return _looked_up(alike_pictures(pictures, bits=level.bits), pictures, "picture")


def _alike_in_words(placed: pl.DataFrame, levels: tuple[Level, ...]) -> list[pl.DataFrame]:
    """Link, for each level, cascades whose words are the same, or nearly."""
    texts = placed.filter("is_root")
    words = comparable(texts.drop("root_id")).join(texts.select(*_POST, "node"), on=_POST)
    every = words.with_columns(first=pl.col("node").min().over("appeal_id", "words")).sort("node")
    again = every.filter(pl.col("node") != pl.col("first"))
    same = _link(again.select(left="first", right="node", strength=pl.lit(1.0)), "text")
    told = every.filter(pl.col("node") == pl.col("first")).with_columns(
        appeal=_number("appeal_id"), numbers=pl.col("words").str.extract_all(r"\d+").list.join(" ")
    )
    told = told.with_columns(numbers=_number(pl.struct("appeal", "numbers")))
    near = alike_texts(
        told,
        jaccard=tuple(level.jaccard for level in levels),
        within=tuple("numbers" if level.numbers else "appeal" for level in levels),
    )
    return [pl.concat([same, _looked_up(found, told, "text")]) for found in near]


def _number(column: str | pl.Expr) -> pl.Expr:
    """Return the number of each value among the distinct values of a column."""
    column = pl.col(column) if isinstance(column, str) else column
    return column.rank("dense").cast(pl.Int64)


def _looked_up(found: pl.DataFrame, rows: pl.DataFrame, by: str) -> pl.DataFrame:
    """Name the cascades of rows that are alike."""
    nodes = [rows["node"].gather(found[end]).alias(end) for end in ("left", "right")]
    return _link(found.with_columns(nodes), by)


def _link(found: pl.DataFrame, by: str) -> pl.DataFrame:
    return found.with_columns(by=pl.lit(by, _BY), key=pl.lit(None, pl.String)).select(_LINK)


def _members(cascades: pl.DataFrame, links: pl.DataFrame, level: Level) -> pl.DataFrame:
    """Return the cascades that links join, each with the link that ties it to its story."""
    links = links.sort("by", -pl.col("strength"), "left", "right", "key")
    ends = (links[end].to_numpy().astype(np.int64) for end in ("left", "right"))
    head, up, via = compiled(_tied)(*ends, cascades.height)
    roots = cascades["root_id"]
    told = links.select("key", "strength", by=pl.col("by").cast(pl.String)).with_columns(
        via=pl.int_range(pl.len())
    )
    return (
        cascades.select(*_ROOT, level=pl.lit(level.name))
        .with_columns(
            pl.Series("via", via),
            story_id=roots.gather(head),
            joined_to=pl.when(pl.Series(up) >= 0).then(roots.gather(up.clip(0))),
        )
        .filter(pl.len().over("appeal_id", "story_id") > 1)
        .join(told, on="via", how="left", maintain_order="left")
        .select(*STORY_MEMBERS.columns)
    )


def _writers(shares: pl.DataFrame, cascades: pl.DataFrame) -> pl.DataFrame:
    """Return who wrote the roots, held or not, as rows without a post."""
    known = shares.filter(pl.col("kind").is_in(SHARES)).select(*_ROOT, account_id="root_account_id")
    rows = known.drop_nulls().unique().join(cascades.select(*_ROOT, "node"), on=_ROOT)
    return rows.select(
        "appeal_id", "node", "account_id",
        pl.lit(None, pl.String).alias("post_id"), pl.lit(None, pl.String).alias("platform"),
        pl.lit(None, cascades["first_at"].dtype).alias("at"),
    ).select(_HELD)  # fmt: skip


def _stories(
    cascades: pl.DataFrame, placed: pl.DataFrame, members: pl.DataFrame, level: str
) -> pl.DataFrame:
    """Sum up the stories of one level."""
    joined = members.filter(pl.col("level") == level)
    named = joined.select(*_ROOT, "story_id", "by", "strength")
    told = cascades.join(named, on=_ROOT, how="left").filter(
        pl.col("story_id").is_not_null() | ~(pl.col("is_answer") | pl.col("is_rootless"))
    )
    told = told.with_columns(pl.coalesce("story_id", "root_id").alias("story_id"))
    story = ["appeal_id", "story_id"]
    of_posts = placed.join(told.select("node", "story_id"), on="node").group_by(story).agg(
        posts=pl.col("post_id").count().cast(pl.Int64),
        accounts=pl.col("account_id").drop_nulls().n_unique().cast(pl.Int64),
        platforms=pl.col("platform").drop_nulls().unique().sort(),
        first_at=pl.col("at").min(),
        last_at=pl.col("at").max(),
    )  # fmt: skip
    return (
        told.group_by(story)
        .agg(
            cascades=(~pl.col("is_rootless")).sum().cast(pl.Int64),
            joined_by=pl.col("by").drop_nulls().unique().sort(),
            weakest=pl.col("strength").min(),
        )
        .join(of_posts, on=story, how="left")
        .with_columns(level=pl.lit(level))
        .select(*STORIES.columns)
    )


# A loop to be compiled.


def _tied(  # noqa: C901, PLR0912 - compiled, in one piece
    left: Ints, right: Ints, size: int
) -> tuple[Ints, Ints, Ints]:
    """Join what links join, the first links first; ``up`` and ``via`` lead to each story's head.

    A head is the first of its story. What a link closes into a ring is left out, so that one way
    is left from each to its head.
    """
    head = np.arange(size)
    kept = np.empty(size, np.int64)
    count = 0
    for link in range(len(left)):
        a, b = left[link], right[link]
        while head[a] != a:
            head[a] = head[head[a]]
            a = head[a]
        while head[b] != b:
            head[b] = head[head[b]]
            b = head[b]
        if a != b:
            head[max(a, b)] = min(a, b)
            kept[count] = link
            count += 1
    for node in range(size):
        head[node] = head[head[node]]  # a head is earlier than what it heads, and so is settled
    # the links of each node, one after the other
    start = np.zeros(size + 1, np.int64)
    for n in range(count):
        start[left[kept[n]] + 1] += 1
        start[right[kept[n]] + 1] += 1
    start = np.cumsum(start)
    place = start[:-1].copy()
    links = np.empty(2 * count, np.int64)
    for n in range(count):
        for end in (left[kept[n]], right[kept[n]]):
            links[place[end]] = kept[n]
            place[end] += 1
    # from the heads outwards
    up, via = np.full(size, -1, np.int64), np.full(size, -1, np.int64)
    queue = np.empty(size, np.int64)
    last = 0
    for node in range(size):
        if head[node] == node:
            queue[last] = node
            last += 1
    for n in range(size):
        node = queue[n]
        for at in range(start[node], start[node + 1]):
            link = links[at]
            other = left[link] + right[link] - node
            if other != head[node] and up[other] < 0:
                up[other], via[other] = node, link
                queue[last] = other
                last += 1
    return head, up, via
