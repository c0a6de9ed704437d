"""Posts that others name: which of them are in none of the files that were read.

Only hashes are remembered, eight bytes a post, so that long streams can be followed to their end.

>>> references = References()
>>> references.name(pl.Series(["bluesky:a", "bluesky:b"]), "posts.json")
>>> references.hold(pl.Series(["bluesky:b"]))
>>> losses = Losses()
>>> references.note(losses)
>>> losses.first("unknown", "references")
'posts.json: not in these files: deleted, hidden, or not asked for'
"""

from dataclasses import dataclass, field

import polars as pl

from collectors.exports.losses import Losses

UNMET = "not in these files: deleted, hidden, or not asked for"
_NAMED = {"post": pl.UInt64, "place": pl.UInt32}


@dataclass
class References:
    """What was held and what was named so far, in the order of reading."""

    _held: list[pl.Series] = field(default_factory=list)
    _named: list[pl.DataFrame] = field(default_factory=list)
    _places: list[str] = field(default_factory=list)

    def hold(self, posts: pl.Series) -> None:
        """Remember posts that are in the files."""
        self._held.append(posts.drop_nulls().unique().hash())

    def name(self, posts: pl.Series, place: str) -> None:
        """Remember posts that are named at a place."""
        named = posts.drop_nulls().unique(maintain_order=True).hash()
        if named.len():
            places = pl.repeat(len(self._places), named.len(), dtype=pl.UInt32, eager=True)
            self._named.append(pl.DataFrame({"post": named, "place": places}))
            self._places.append(place)

    def note(self, losses: Losses, reason: str = UNMET) -> None:
        """Count the posts that are named and not held."""
        named = pl.concat([*self._named, pl.DataFrame(schema=_NAMED)])
        held = pl.concat([*self._held, pl.Series(dtype=pl.UInt64)]).unique().to_frame("post")
        unmet = named.unique("post", keep="first", maintain_order=True)
        unmet = unmet.join(held, on="post", how="anti", maintain_order="left")
        if unmet.height:
            place = self._places[unmet["place"][0]]
            losses.add("unknown", "references", reason, unmet.height, example=place)
