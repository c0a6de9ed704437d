"""Words of other people inside a picture: short enough, and never read as tags."""

from html import escape
from textwrap import shorten, wrap

LONGEST, MOST_TOLD = 60, 300  # characters of a line, and of what is told under the pointer


def short(name: str) -> str:
    """Return a name that fits into the picture.

    >>> short("<b>" + "police " * 20)
    '&lt;b&gt;police police police police police police police police…'
    """
    return _escaped(shorten(name, width=LONGEST, placeholder="…"))


def wrapped(text: str) -> str:
    """Return words in lines that fit under the pointer.

    >>> wrapped("a " * 40)
    'a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a<br>a a a a a a a a a a'
    """
    return "<br>".join(_escaped(line) for line in wrap(text[:MOST_TOLD], width=LONGEST))


def _escaped(words: str) -> str:
    """Return words as words: Plotly would read tags."""
    return escape(words, quote=False)
