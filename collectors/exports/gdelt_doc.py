"""Being written."""

from collections.abc import Iterator, Sequence

from collectors.exports.formats import Head, Options, Part
from collectors.exports.sources import Source


class Unwritten:
    """Being written."""

    name = "gdelt-doc"
    label = "gdelt-doc"

    def knows(self, head: Head) -> bool:
        """Know nothing yet."""
        return head.is_parquet and not head.data

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield nothing yet."""
        del files, options
        yield from ()


FORMAT = Unwritten()
