"""Words that were read in a wrong encoding on their way: told before they are kept."""

import re

_ENCODINGS = ("cp1251", "cp1252", "latin-1", "koi8-r")
_LOST = "\N{REPLACEMENT CHARACTER}"
_QUESTIONS = re.compile(r"\?{3,}\W+\?{2,}|^\W*\?{4,}\W*$")
_FOREIGN = re.compile("[^\x00-\x7f]+")
_CYRILLIC = re.compile("[\xd0\xd1][\x80-\xbf]")  # UTF-8 of Cyrillic, byte by byte
_FEWEST = 2  # letters that a run has to become, and pairs that there have to be
_MARKS = frozenset("\xc3\xc2")  # Western letters become pairs with these; hardly any word has them


def is_garbled(text: str) -> bool:
    """Tell whether letters were lost: UTF-8 read as another encoding, or only marks are left.

    >>> wrong = "Полиция".encode().decode("cp1251")
    >>> [is_garbled(word) for word in ("Полиция", wrong, "café", "why???", "?????? ????")]
    [False, True, False, False, True]
    """
    if _LOST in text or _QUESTIONS.search(text) or len(_CYRILLIC.findall(text)) >= _FEWEST:
        return True
    runs = _FOREIGN.findall(text)
    return any(_was_utf8(run, encoding) for run in runs for encoding in _ENCODINGS)


def _was_utf8(run: str, encoding: str) -> bool:
    """Tell whether letters become fewer when they are read again as UTF-8."""
    try:
        meant = run.encode(encoding).decode("utf-8")
    except UnicodeError:
        return False
    return len(meant) >= _FEWEST or run[0] in _MARKS
