"""Threads of replies on Twitter, as tables made of RumourEval 2017 hold them.

``structures.json`` has a tree of post ids for each thread, ``posts_time.json`` the time of each
post (seconds since 1970). Trees name posts that have no time: they were deleted before anybody
could read them, so that they are references and no posts. A reply at the top of its tree beside the
thread's first post has lost its parent. Authors and words are not in the files, labels have no
place in the tables.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec
import polars as pl

from analytics.tables import POSTS
from collectors.exports.documents import BROKEN, documents
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.sources import Source
from collectors.exports.times import epoch

_TREE = re.compile(rb'\s*\{\s*"\d{6,25}"\s*:\s*\{\s*"\d{6,25}"\s*:\s*(?:\{\s*["}]|\[\s*\])')
_TIME = re.compile(rb'\s*\{\s*"\d{6,25}"\s*:\s*\{\s*"time"\s*:')
_POST = {"post": pl.String, "parent": pl.String, "root": pl.String, "place": pl.String}

_NO_POST = "no post of that id: deleted before it was read"
_NO_PARENT = "the post that was answered is not told"
_NO_TREE = "a time of a post that stands in no tree"
_NO_TIME = "a time that cannot be read"
_NO_TIMES = "no times of posts came with the trees (posts_time.json)"


class _Time(msgspec.Struct):
    time: float | int | str | None = None


class RumourEval:
    """Reads trees of replies."""

    name = "rumoureval"
    label = "RumourEval 2017 threads"

    def knows(self, head: Head) -> bool:
        """Judge by the beginning: a tree of ids, or the time of an id."""
        return bool(_TREE.match(head.data) or _TIME.match(head.data))

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield the posts of all trees."""
        losses = options.losses
        times: dict[str, _Time] = {}
        nodes: list[tuple[str, str | None, str | None, str]] = []
        timed = False
        for source in files:
            is_time = bool(_TIME.match(Head.of(source).data))
            timed |= is_time
            for document in documents(source, losses):
                try:
                    if is_time:
                        times |= msgspec.json.decode(document.text, type=dict[str, _Time])
                    else:
                        nodes += _nodes(document.text, document.place, losses)
                except (ValueError, RecursionError):
                    losses.add("dropped", "rows", BROKEN, example=document.place)
        told = pl.DataFrame(nodes, schema=_POST, orient="row")
        if told.height and not timed:
            losses.add("unknown", "times", _NO_TIMES, told.height, example=told["place"][0])
        yield Part(POSTS, _posts(told, times if timed else None, losses), "posts")


FORMAT = RumourEval()


def _nodes(
    text: bytes | msgspec.Raw, place: str, losses: Losses
) -> list[tuple[str, str | None, str | None, str]]:
    """Return each post of a file's trees with its parent, its root and its place."""
    threads = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    nodes: list[tuple[str, str | None, str | None, str]] = []
    for number, (root, raw) in enumerate(threads.items(), 1):
        where = f"{place}, thread {number}"
        tree = msgspec.json.decode(raw)
        waiting: list[tuple[str, str | None, object]] = [
            (post, None, below) for post, below in _children(tree, where, losses)
        ]
        while waiting:
            post, parent, below = waiting.pop()
            nodes.append((post, parent, None if post == root else root, where))
            waiting += [(child, post, rest) for child, rest in _children(below, where, losses)]
    return nodes


def _children(tree: object, place: str, losses: Losses) -> list[tuple[str, object]]:
    """Return what hangs from a node: an empty list stands for nothing."""
    if isinstance(tree, dict):
        return list(tree.items())
    if tree != []:
        losses.add("dropped", "rows", "a branch that is no tree", example=place)
    return []


def _posts(nodes: pl.DataFrame, times: dict[str, _Time] | None, losses: Losses) -> pl.DataFrame:
    """Return the posts; without any times all that trees name are posts."""
    if times is not None:
        known = pl.DataFrame(
            {"post": list(times), "time": [_text(one.time) for one in times.values()]},
            schema={"post": pl.String, "time": pl.String},
        )
        named = nodes.join(known, on="post", how="left", maintain_order="left")
        held = named["post"].is_in(known["post"].implode())
        _note(named.filter(~held), "references", _NO_POST, losses)
        untimed = held & named.select(epoch(pl.col("time"))).to_series().is_null()
        _note(named.filter(untimed), "times", _NO_TIME, losses)
        unnamed = known.join(nodes, on="post", how="anti").height
        losses.add("dropped", "rows", _NO_TREE, unnamed)
        nodes = named.filter(held)
    else:
        nodes = nodes.with_columns(time=pl.lit(None, pl.String))
    is_reply = pl.col("root").is_not_null()
    _note(nodes.filter(is_reply & pl.col("parent").is_null()), "references", _NO_PARENT, losses)
    return nodes.select(
        at=epoch(pl.col("time")),
        post_id=pl.format("x:{}", "post"),
        platform=pl.lit("x"),
        kind=pl.when(is_reply).then(pl.lit("reply")).otherwise(pl.lit("original")),
        parent_id=pl.format("x:{}", "parent"),
        root_id=pl.format("x:{}", "root"),
        basis=pl.when(pl.col("parent").is_not_null()).then(pl.lit("observed")),
    )


def _note(rows: pl.DataFrame, what: str, reason: str, losses: Losses) -> None:
    if rows.height:
        losses.add("unknown", what, reason, rows.height, example=rows["place"][0])


def _text(value: float | str | None) -> str | None:
    return None if value is None else str(value)
