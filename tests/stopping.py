"""A format that is stopped in the middle, as a user stops a long import."""

import signal
from collections.abc import Iterator, Sequence

import polars as pl

from analytics.tables import POSTS
from collectors.exports.formats import Head, Options, Part
from collectors.exports.sources import Source


class Interrupted:
    """A format that is stopped by Ctrl+C after its first rows have been handed over."""

    name = "interrupted"
    label = "nothing"

    def __init__(self, *, posts: int) -> None:
        self.posts = posts

    def knows(self, head: Head) -> bool:
        """Know a file of one word."""
        return head.data.startswith(b"stop")

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield some posts, then press Ctrl+C."""
        assert files
        assert options.appeal_id
        ids = pl.DataFrame({"post_id": [f"x:{n}" for n in range(self.posts)]})
        yield Part(POSTS, ids.with_columns(platform=pl.lit("x"), kind=pl.lit("original")), "posts")
        signal.raise_signal(signal.SIGINT)
