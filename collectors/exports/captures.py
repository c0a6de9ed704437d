"""What Zeeschuimer writes around each item, and what its platforms' readers make of the items."""

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from collectors.exports.json_posts import MILLISECONDS, Account, Number, Post, microseconds

SHOWN_BY = "zeeschuimer"  # goes before a platform's own name for a number


class Capture(msgspec.Struct, gc=False):
    """When an item was seen in the browser, in milliseconds."""

    timestamp_collected: Number | float = None
    last_updated: Number | float = None

    @property
    def seen_at(self) -> int | None:
        """When it was seen as it is here: an item can be seen again and written over."""
        again = microseconds(self.last_updated, MILLISECONDS)
        return microseconds(self.timestamp_collected, MILLISECONDS) if again is None else again


@dataclass
class Taken:
    """The posts and accounts that some captures hold, and how many held none."""

    posts: list[Post] = field(default_factory=list)
    referred: list[Post] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    refused: "Counter[str]" = field(default_factory=Counter)
    dropped: "Counter[tuple[str, str]]" = field(default_factory=Counter)
    unknown: "Counter[tuple[str, str]]" = field(default_factory=Counter)
