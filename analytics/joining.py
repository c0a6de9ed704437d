"""Stories: cascades that carry the same material, joined across platforms, each with its reason.

Joined by, in the order of trust: the address or id of what is linked, or of a post itself; an
attached picture or video by the platform's own key; words that are nearly the same. A wrong merge
is worse than a miss: addresses that name no document join nothing, nor do short texts or texts
whose numbers differ (the same sentence about another day), and every table is given at two levels,
of which the loose one trusts words more. Cascades are never merged: depth and virality stay those
of each tree (docs/decisions/0004).
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.tables import STORIES, STORY_MEMBERS

LEVELS = {"strict": 0.8, "loose": 0.7}  # least overlap of five-letter shingles
SIGNATURE = 10  # posts of one account with the same link: it signs them with it
SHORTEST = 50  # letters of a text that may join
_NOT_WORDS = r"https?://\S+|[@#]\S+|\s+"
_ROOT_KINDS = ("original", "article")
# Pages that are a place and not a document: a host, a profile on a platform, a search, a map.
_PLACE = (
    r"^url:(?:[^/]+|[^/]*google\.[a-z.]+/(?:maps|search)\b.*|(?:x|twitter|facebook|instagram|t|telegram|youtube|tiktok|vk|bsky|linkedin)"
    r"\.[a-z]+/(?:@|c/|user/|channel/|profile/|in/)?[^/?]+)$"
)


def is_document(key: str) -> pl.Expr:
    """Return whether a key names something that can be passed on.

    >>> keys = ["url:a.example", "url:twitter.com/somebody", "url:a.example/story", "youtube:abc"]
    >>> pl.DataFrame({"key": keys}).filter(is_document("key"))["key"].to_list()
    ['url:a.example/story', 'youtube:abc']
    """
    return ~pl.col(key).str.contains(_PLACE)


def story_members(posts: pl.DataFrame) -> pl.DataFrame:
    """Return which cascades carry the same material.

    Parameters
    ----------
    posts
        Rows of ``posts``. Only originals and articles are compared: what is shared from them is in
        their cascades.

    Returns
    -------
    DataFrame
        The table ``story_members``, one row per level and cascade that shares its material with
        another. Adding posts only adds members and joins stories; the order of rows is irrelevant.

    Examples
    --------
    >>> from analytics.tables import POSTS
    >>> row = {"appeal_id": "a", "source": "doc", "kind": "original"}
    >>> posts = POSTS.check(pl.DataFrame([
    ...     row | {"post_id": "youtube:v", "platform": "youtube", "object_keys": None},
    ...     row | {"post_id": "x:1", "platform": "x", "object_keys": ["youtube:v"]},
    ... ], schema_overrides={"object_keys": pl.List(pl.String)}))
    >>> story_members(posts).select("level", "root_id", "story_id", "why").rows()[:2]
    [('loose', 'x:1', 'x:1', 'object'), ('loose', 'youtube:v', 'x:1', 'object')]
    """
    roots = posts.filter(pl.col("kind").is_in(_ROOT_KINDS)).sort(
        "appeal_id", "at", "post_id", nulls_last=True
    )
    roots = roots.with_row_index("node").with_columns(pl.col("node").cast(pl.Int64))
    links = pl.concat([_by_key(roots), _by_words(roots)])
    parts = [_joined(roots, links, level) for level in LEVELS]
    return pl.concat([STORY_MEMBERS.empty(), *parts]).sort("appeal_id", "level", "root_id")


def _by_key(roots: pl.DataFrame) -> pl.DataFrame:
    """Link every post to the first that has the same key, or is what the key names."""
    own = roots.select("appeal_id", "node", key="post_id", why=pl.lit("object"))
    linked = [
        roots.select("appeal_id", "node", key=column, why=pl.lit(why))
        .explode("key")
        .filter(pl.col("key").is_not_null())
        .filter(is_document("key") if why == "object" else pl.lit(value=True))
        for column, why in (("object_keys", "object"), ("media_keys", "media"))
    ]
    keys = _without_signatures(pl.concat([own, *linked]).unique(maintain_order=True), roots)
    first = pl.col("node").min().over("appeal_id", "key", "why")
    return (
        keys.with_columns(first=first)
        .filter(pl.col("node") != pl.col("first"))
        .select("first", "node", "why", strength=pl.lit(1.0))
    )


def _without_signatures(keys: pl.DataFrame, roots: pl.DataFrame) -> pl.DataFrame:
    """Keep the first of many posts under which one account puts the same link or picture."""
    whose = keys.join(roots.select("node", "account_id"), on="node", maintain_order="left")
    mine = ["appeal_id", "account_id", "key"]
    often = pl.col("account_id").is_not_null() & (pl.len().over(mine) >= SIGNATURE)
    first = pl.col("node") == pl.col("node").min().over(mine)
    return whose.filter(~often | first).drop("account_id")


def _by_words(roots: pl.DataFrame) -> pl.DataFrame:
    """Link posts whose words overlap, with how much."""
    told = roots.filter(pl.col("text").is_not_null()).select(
        "appeal_id", "node",
        words=pl.col("text").str.to_lowercase().str.replace_all(_NOT_WORDS, " ").str.strip_chars(),
    )  # fmt: skip
    told = told.filter(pl.col("words").str.len_chars() >= SHORTEST)
    same = pl.col("node").first().over("appeal_id", "words")
    copies = told.with_columns(first=same).filter(pl.col("first") != pl.col("node"))
    distinct = told.unique(["appeal_id", "words"], keep="first", maintain_order=True)
    found = [copies.select("first", "node", strength=pl.lit(1.0))]
    found += [_near(part) for part in distinct.partition_by("appeal_id", maintain_order=True)]
    return pl.concat(found).select("first", "node", pl.lit("text").alias("why"), "strength")


def _near(texts: pl.DataFrame) -> pl.DataFrame:
    """Link distinct texts that share a bucket and overlap enough for the loose level."""
    from analytics import shingles  # noqa: PLC0415

    letters = np.frombuffer("".join(texts["words"]).encode("utf-32-le"), np.uint32)
    cuts = texts["words"].str.len_chars().cast(pl.Int64).cum_sum().to_numpy()
    hashes = np.empty(len(letters), np.uint64)
    ends = shingles.shingle_hashes(letters, cuts, hashes)
    bands = np.empty((texts.height, shingles.BANDS), np.uint64)
    shingles.band_hashes(hashes, ends, bands)
    first, second = _candidates(bands, shingles.LOOKED_BACK)
    overlap = np.empty(len(first))
    shingles.overlaps(first, second, hashes, ends, overlap)
    node = texts["node"].to_numpy()
    numbers = texts["words"].str.extract_all(r"\d+").list.sort().list.join(" ")
    pairs = pl.DataFrame({"first": node[first], "node": node[second], "strength": overlap})
    same = numbers.gather(first) == numbers.gather(second)
    return pairs.filter(same, pl.col("strength") >= min(LEVELS.values()))


def _candidates(
    bands: npt.NDArray[np.uint64], back: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pair each text with those before it in any of its buckets, at most ``back`` of them."""
    pairs = [np.empty((0, 2), np.int64)]
    for band in bands.T:
        order = np.argsort(band, kind="stable")
        for step in range(1, back + 1):
            same = band[order[step:]] == band[order[:-step]]
            pairs.append(np.column_stack([order[:-step][same], order[step:][same]]))
    found = np.unique(np.concatenate(pairs), axis=0)
    return found[:, 0].copy(), found[:, 1].copy()


def _joined(roots: pl.DataFrame, links: pl.DataFrame, level: str) -> pl.DataFrame:
    """Name the members of every story of one level."""
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    kept = links.filter(pl.col("strength") >= LEVELS[level])
    ends = [kept[name].to_numpy() for name in ("first", "node")]
    graph = coo_array((np.ones(kept.height), (ends[0], ends[1])), shape=(roots.height,) * 2)
    _, story = connected_components(graph, directed=False)
    turned = kept.select(node="first", why="why", strength="strength")
    both = pl.concat([kept.select("node", "why", "strength"), turned])
    rank = pl.col("why").replace_strict({"object": 0, "media": 1, "text": 2})
    best = both.sort(rank, pl.col("strength") * -1).unique("node", keep="first")
    placed = roots.select("appeal_id", "node", root_id="post_id").with_columns(
        story=pl.Series(story), level=pl.lit(level)
    )
    return STORY_MEMBERS.check(
        placed.with_columns(story_id=pl.col("root_id").first().over("story"))
        .join(best.select("node", "why", "strength"), on="node")
        .select(*STORY_MEMBERS.columns)
    )


def stories(
    posts: pl.DataFrame, shares: pl.DataFrame, cascades: pl.DataFrame, members: pl.DataFrame
) -> pl.DataFrame:
    """Add up the cascades of every story.

    Parameters
    ----------
    posts, shares, cascades, members
        Rows of ``posts``, ``shares``, ``cascades`` and ``story_members``.

    Returns
    -------
    DataFrame
        The table ``stories``: sums over cascades, never a shape of their union.
    """
    keys = ["appeal_id", "level", "story_id"]
    told = members.join(
        cascades.select("appeal_id", "root_id", "platform", "size", "first_at", "last_at"),
        on=["appeal_id", "root_id"],
    )
    whose = pl.concat([
        shares.select("appeal_id", "root_id", "account_id"),
        posts.select("appeal_id", "account_id", root_id="post_id").select(
            "appeal_id", "root_id", "account_id"
        ),
    ])  # fmt: skip
    accounts = (
        members.join(whose, on=["appeal_id", "root_id"])
        .group_by(keys)
        .agg(accounts=pl.col("account_id").drop_nulls().n_unique().cast(pl.Int64))
    )
    sums = told.group_by(keys).agg(
        cascades=pl.len().cast(pl.Int64),
        posts=pl.col("size").sum(),
        platforms=pl.col("platform").unique().sort(),
        joined_by=pl.col("why").unique().sort(),
        first_at=pl.col("first_at").min(),
        last_at=pl.max_horizontal(pl.col("last_at").max(), pl.col("first_at").max()),
    )
    whole = sums.join(accounts, on=keys, how="left").with_columns(pl.col("accounts").fill_null(0))
    return STORIES.check(
        whole.select(*STORIES.columns).sort("appeal_id", "level", pl.col("posts") * -1, "story_id")
    )
