"""Words of others in a picture: shortened, on one line, and never taken for marks."""

import html

LONGEST = 34  # characters


def short(words: str) -> str:
    r"""Return words on one line, without what cannot be seen, at most so long.

    >>> short("long " * 20), short("two\n\u202elines")
    ('long long long long long long lon…', 'two lines')
    """
    shown = " ".join("".join(mark if mark.isprintable() else " " for mark in words).split())
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1].rstrip()}…"


def plain(words: str) -> str:
    """Return words as a picture draws them: Plotly takes tags for marks otherwise.

    >>> plain("<b>water</b>")
    '&lt;b&gt;water&lt;/b&gt;'
    """
    return html.escape(short(words), quote=False)
