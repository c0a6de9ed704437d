"""Every error that is raised on purpose. Each message names the place, the fact and the way out.

::

    GroundswellError      caught once, in dashboards.cli, and printed as one sentence
    ├── StoreError        the directory is not a store, is locked, or is of another version
    ├── SettingsError     groundswell.toml cannot be read or contradicts itself
    ├── ProtectionError   the key is missing or readable by others, or the public list changed
    ├── TableError        a table does not have the columns, types or values it promises
    ├── FormatError       a file cannot be read, or no format knows it
    ├── MeasureError      a measure was asked for what it cannot give
    └── ServeError        the app cannot be opened: a port in use, a store never measured
"""


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


class MeasureError(GroundswellError):
    """A measure was asked for something that the data cannot give."""


class ServeError(GroundswellError):
    """The app cannot be opened."""
