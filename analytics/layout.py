"""Where each post stands in the pictures called time-river and tree.

Time runs along the river, platforms are its lanes. Inside a lane every branch is a comet: its first
post is the head, and what hangs from it fans out behind. Branches are set down from the largest to
the smallest, each as near to the middle of its lane as there is room at its time, so a lane is wide
where much happens and thin where little does. Nothing is random. The tree is that of
:mod:`analytics.radial`, cut where a link leads from one platform to another.

The rules, for data as it comes:

- A post without a time cannot be placed and is left out.
- A post hangs from its parent, the likeliest where shares name one; where the parent is hidden or
  not held, a share hangs from its root.
- A ring of links is opened at its earliest post.
- A post dated before its parent stays where its date puts it.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics import forest, radial
from analytics.kernels import compiled
from analytics.measured import LAYOUT

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_OBSERVED = pl.col("basis") == "observed"
MARGIN = 0.04  # of a lane, kept free at either edge
CENTRAL = (0.01, 0.99)  # shares of the posts between which time is divided evenly
COLUMNS = 900  # divisions of that stretch of time; about one per pixel or two
OUTER = 90  # columns per e-fold of time outside it
ROWS = 1024  # on each side of a lane's middle; what does not fit overprints
FULL = 10  # rows that a lane needs before it is spread over its whole width
FAN = 0.6  # height of a branch of n posts: n ** FAN rows
BODY = 0.8  # share of its posts for which a comet claims room; its tail may be crossed
AIR = 1.1  # room claimed, in heights of the comet
NOSE = 10  # columns in which a comet opens,
BLUNT = 0.35  # from this part of its height


def layout(
    posts: pl.DataFrame,
    shares: pl.DataFrame,
    *,
    spoken: pl.DataFrame | None = None,
    traits: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Place every post that has a time.

    Parameters
    ----------
    posts
        Rows of ``posts``, of any number of appeals.
    shares
        Rows of ``shares`` of the same appeals: what hangs from what.
    spoken
        The language of each post, as :func:`analytics.languages.post_languages` gives it.
    traits
        The role of each account, as :func:`analytics.communities.traits` gives it.

    Returns
    -------
    DataFrame
        The table ``layout``, by appeal and node. ``node`` counts an appeal's posts by time and id.
        ``x`` is hours since the appeal's first post. ``y`` is in [k, k + 1) for the platform whose
        first post came after those of k others. ``basis`` and ``confidence`` are null where there
        is no link and where only the root is known.

    Examples
    --------
    >>> from datetime import UTC, datetime, timedelta
    >>> from analytics.measured import SHARES_TABLE
    >>> from analytics.tables import POSTS
    >>> start = datetime(2026, 3, 1, tzinfo=UTC)
    >>> row = {"appeal_id": "a", "platform": "x", "source": "doc"}
    >>> posts = POSTS.check(pl.DataFrame([
    ...     row | {"post_id": "x:1", "kind": "original", "at": start},
    ...     row | {"post_id": "x:2", "kind": "reply", "at": start + timedelta(hours=3),
    ...            "parent_id": "x:1", "basis": "observed"},
    ... ], schema_overrides={"at": pl.Datetime("us", "UTC")}))
    >>> placed = layout(posts, SHARES_TABLE.empty())
    >>> placed.select("node", "parent", "basis", "x", "descendants").rows()
    [(0, None, None, 0.0, 1), (1, 0, 'observed', 3.0, 0)]
    """
    nodes = _nodes(posts)
    if nodes.is_empty():
        return LAYOUT.empty()
    linked = _linked(nodes, shares)
    placed = [_placed(appeal) for appeal in linked.partition_by("appeal_id", maintain_order=True)]
    return _described(pl.concat(placed), spoken, traits).select(*LAYOUT.columns)


def _described(
    placed: pl.DataFrame, spoken: pl.DataFrame | None, traits: pl.DataFrame | None
) -> pl.DataFrame:
    """Add the language of each post and the role of its account, for pictures that are filtered."""
    told = placed.drop("lang", "role", strict=False).with_columns(
        lang=pl.lit(None, pl.String), role=pl.lit("unknown")
    )
    if spoken is not None:
        told = told.drop("lang").join(
            spoken, on=["appeal_id", "post_id"], how="left", maintain_order="left"
        )
    if traits is not None:
        told = told.drop("role").join(
            traits.select("account_id", "role"), on="account_id", how="left", maintain_order="left"
        )
    return told.with_columns(pl.col("role").fill_null("unknown"))


def _nodes(posts: pl.DataFrame) -> pl.DataFrame:
    """Keep posts with a time, and number them; ``lane`` ranks platforms by their first post."""
    first = pl.col("at").min().over("appeal_id", "platform")
    return (
        posts.filter(pl.col("at").is_not_null())
        .sort("appeal_id", "at", "post_id")
        .with_columns(
            node=pl.int_range(pl.len()).over("appeal_id"),
            x=(pl.col("at") - pl.col("at").min().over("appeal_id")) / pl.duration(hours=1),
            lane=pl.struct(first, "platform").rank("dense").over("appeal_id").cast(pl.Int64) - 1,
        )
    )


def _linked(nodes: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Add ``parent``, the node that each node's row names, and ``basis``."""
    named = shares.select(
        "appeal_id", "post_id", "root_id",
        shared_id="parent_id", shared_basis="basis", shared_confidence="confidence", is_share=True,
    )  # fmt: skip
    told = nodes.drop("root_id").join(
        named, on=["appeal_id", "post_id"], how="left", maintain_order="left"
    )
    answers = pl.col("is_share").is_null() & pl.col("kind").is_in(["reply", "comment"])
    told = told.with_columns(
        near=pl.when(answers).then("parent_id").otherwise("shared_id"),
        basis=pl.when(answers).then("basis").otherwise("shared_basis"),
        confidence=pl.when(~answers).then("shared_confidence").when(_OBSERVED).then(1.0),
    )
    told = _numbered(_numbered(told, nodes, "near"), nodes, "root_id")
    return told.with_columns(
        parent=pl.coalesce("near_node", "root_id_node"),
        **_where("near_node", "basis", "confidence"),
    )


def _numbered(frame: pl.DataFrame, nodes: pl.DataFrame, name: str) -> pl.DataFrame:
    """Add the node number of the post that a column names; null where it is not placed."""
    numbers = nodes.select("appeal_id", pl.col("post_id").alias(name), node="node")
    return frame.join(
        numbers, on=["appeal_id", name], how="left", maintain_order="left", suffix=f"_{name}"
    ).rename({f"node_{name}": f"{name}_node"})


def _placed(nodes: pl.DataFrame) -> pl.DataFrame:
    """Open the rings of one appeal, count what hangs from each node, and give it a place."""
    link = forest.open_rings(nodes["parent"].fill_null(-1).to_numpy())
    lane = nodes["lane"].to_numpy()
    inside = np.where((link >= 0) & (lane[link] == lane), link, -1)
    across = _across(nodes["x"].to_numpy(), lane, inside)
    tree_x, tree_y = radial.bubbles(inside)
    parent = pl.Series(link)
    return nodes.with_columns(
        parent=pl.when(parent >= 0).then(parent),
        y=pl.Series(lane + across),
        tree_x=pl.Series(tree_x),
        tree_y=pl.Series(tree_y),
        descendants=pl.Series(forest.sizes(link) - 1),
    ).with_columns(**_where("parent", "basis", "confidence"))


def _where(known: str, *names: str) -> dict[str, pl.Expr]:
    """Return columns that are null wherever another one is."""
    return {name: pl.when(pl.col(known).is_not_null()).then(name) for name in names}


def _across(x: Floats, lane: Ints, inside: Ints) -> Floats:
    """Return each node's place across its lane, 0 … 1."""
    size, head = forest.sizes(inside), forest.heads(inside)
    late = forest.rank_within(head) / np.maximum(size[head] - 1, 1)  # share of its branch before it
    side = _sides(inside, size, head)
    time = _columns(x)
    fan = _fan(late, time - time[head]) * (size[head] ** FAN - 1) / 2
    claim = np.where(late < BODY, fan, 0)
    column = time.astype(np.int64)
    place = np.empty(len(x))
    for number in range(lane.max() + 1):
        here = np.flatnonzero(lane == number)
        row = _middle_rows(head[here], size, column[here], claim[here]) + fan[here] * side[here]
        place[here] = _spread(row + _unevenness(here))
    return place


def _fan(late: Floats, after: Floats) -> Floats:
    """Return the outline of a comet: a blunt nose, and a tail that closes.

    ``late`` is the share of the branch that came before a post, ``after`` the columns of time
    between the post and its head.
    """
    nose = BLUNT + (1 - BLUNT) * (after / NOSE).clip(0, 1) ** 0.5
    return nose * np.minimum(1, 5 * late) ** 0.5 * (1 - 0.75 * late)


def _sides(inside: Ints, size: Ints, head: Ints) -> Floats:
    """Return where a node stands in the fan of its branch, from -1 to 1.

    What hangs from a node gets a band of the fan in proportion to its number, and the node stands
    in the middle of it. Siblings take their bands in an order that time does not show in; the fan
    is denser towards its axis.
    """
    turn = forest.mixed(forest.rank_within(inside))
    band = np.where(inside >= 0, forest.sum_before(inside, turn, size), 0)
    edge = forest.sums_above(inside, band)
    side: Floats = (2 * edge + size) / size[head] - 1
    return np.copysign(np.abs(side) ** 1.4, side)


def _columns(x: Floats) -> Floats:
    """Count columns of time: even where nearly all posts are, ever longer before and after."""
    lo, hi = np.quantile(x, CENTRAL)
    inner = (x - lo) / max(hi - lo, 1e-9) * COLUMNS
    beyond = np.maximum(-inner, inner - COLUMNS).clip(0)
    tail = OUTER * np.log1p(beyond / OUTER)
    column: Floats = np.where(inner < 0, -tail, inner.clip(max=COLUMNS) + tail)
    column -= np.floor(column.min())
    return column


def _middle_rows(head: Ints, size: Ints, column: Ints, claim: Floats) -> Floats:
    """Return the row of each node's branch in one lane: the free one nearest to the middle.

    ``claim`` is how many rows a node keeps free on either side of its branch's row.
    """
    order = np.lexsort((column, head, -size[head]))
    branch, column, claim = head[order], column[order], claim[order]
    new_branch = np.diff(branch, prepend=-1) != 0
    cell = np.flatnonzero(new_branch | (np.diff(column, prepend=-1) != 0))
    half = np.rint(np.maximum.reduceat(claim, cell) * AIR).astype(np.int64)
    first = np.append(np.flatnonzero(new_branch[cell]), len(cell))
    rows = int(min(ROWS, (2 * half + 1).sum()))
    middle = compiled(_settle)(first, column[cell], half, rows)
    row = np.empty(len(head))
    row[order] = middle[np.cumsum(new_branch) - 1]
    return row


def _unevenness(node: Ints) -> Floats:
    """Return a part of a row by which each node stands off, so that rows do not look ruled."""
    return 0.8 * (forest.mixed(node) - 0.5)


def _spread(row: Floats) -> Floats:
    """Map rows to 0 … 1, in their order: half as they lie, half so that posts fill the lane."""
    far = np.abs(row)
    rank = np.searchsorted(np.sort(far), far, side="right") / len(far)
    evenly = far / max(far.max(), FULL)
    reach: Floats = (rank * min(1, far.max() / FULL) + evenly) / 2
    return 0.5 + np.copysign(reach, row) * (0.5 - MARGIN)


def _settle(first: Ints, column: Ints, half: Ints, rows: int) -> Floats:
    """Set branches down one by one, each in the free row nearest to the middle.

    Branch b covers ``half`` rows on either side of its own in ``column`` of each of its cells
    first[b] … first[b + 1]. Rows are tried in the order 0, 1, -1, 2, -2, …; a column has no room
    for anything before the row at which its last single post came to rest.
    """
    base = rows + half.max()
    taken = np.zeros((column.max() + 1, 2 * base + 1), np.bool_)
    full = np.zeros(column.max() + 1, np.int64)
    middle = np.empty(len(first) - 1)
    for branch in range(len(middle)):
        start, end = first[branch], first[branch + 1]
        turn, row, clash = full[column[start:end]].max(), 0, True
        while clash and turn < 2 * rows:
            turn += 1
            row = turn // 2 * (1 - 2 * (turn % 2))
            clash = False
            for cell in range(start, end):
                low = base + row - half[cell]
                if taken[column[cell], low : low + 2 * half[cell] + 1].any():
                    clash = True
                    break
        if clash:
            row = int((branch * forest.GOLDEN % 1 - 0.5) * 2 * rows)
        for cell in range(start, end):
            low = base + row - half[cell]
            taken[column[cell], low : low + 2 * half[cell] + 1] = True
        if end - start == 1 and half[start] == 0:
            full[column[start]] = turn
        middle[branch] = row
    return middle
