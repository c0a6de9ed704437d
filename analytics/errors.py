"""Every error that is raised on purpose. Each message names the place, the fact and the way out.

::

    GroundswellError      caught once, in dashboards.cli, and printed as one sentence
    ├── StoreError        the directory is not a store, is locked, or is of another version
    ├── SettingsError     groundswell.toml cannot be read or contradicts itself
    ├── ProtectionError   the key is missing or readable by others, or the public list changed
    ├── TableError        a table does not have the columns, types or values it promises
    ├── FormatError       a file cannot be read, or no format knows it
    ├── CollectError      a platform cannot be asked, or gives no answer
    │   ├── RateLimitedError   it asks for a pause
    │   ├── UnreachableError   it cannot be reached now, or answers nonsense
    │   ├── GoneError          what was asked for is no longer there
    │   ├── RefusedError       it wants other keys, or more money
    │   └── CursorError        it no longer knows the place where we stopped
    ├── LedgerError       a response cannot be entered, changed or undone as asked
    ├── MeasureError      a measure was asked for what it cannot give
    └── ServeError        the app cannot be opened: a port in use, a store never measured
"""

from collections.abc import Sequence


class GroundswellError(Exception):
    """Anything that a user can put right; the message is one plain sentence."""


class StoreError(GroundswellError):
    """The directory is not a store, is locked by another process, or has another version."""


class SettingsError(GroundswellError):
    """``groundswell.toml`` cannot be read or contradicts itself."""


class ProtectionError(GroundswellError):
    """The pseudonym key is missing or exposed, or the public list no longer fits the data."""


class TableError(GroundswellError):
    """A table lacks a column, has a wrong type, or holds a value outside its list."""


class FormatError(GroundswellError):
    """A file is missing, broken or of no known format."""


class LedgerError(GroundswellError):
    """A response cannot be entered, changed or undone as asked."""


class CollectError(GroundswellError):
    """A platform cannot be asked, or gives no answer."""


class RateLimitedError(CollectError):
    """A platform asks for a pause; ``seconds`` is how long, None where it does not say."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class UnreachableError(CollectError):
    """A platform cannot be reached now, or answers nonsense: worth trying again."""


class GoneError(CollectError):
    """What was asked for is not there; ``gone`` names the posts that are known to be missing."""

    def __init__(self, message: str, gone: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.gone = gone


class RefusedError(CollectError):
    """A platform refuses: other keys, other rights or more money are needed."""


class CursorError(CollectError):
    """A platform no longer knows the place where we stopped; the question starts again."""


class MeasureError(GroundswellError):
    """A measure was asked for something that the data cannot give."""


class ServeError(GroundswellError):
    """The app cannot be opened."""
