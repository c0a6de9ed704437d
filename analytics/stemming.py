"""Words in any of their forms: by Snowball's stems in English and Russian, by endings in Kazakh.

No kept library knows Kazakh. Its words are a stem and endings in a row, each in the shapes that
vowel harmony gives it, so that a word is a form of a stem if what follows the stem is endings and
nothing else. A consonant at the end of the stem may have softened before a vowel.
"""

from functools import cache

_KAZAKH = (
    # number, case, person
    "лар лер дар дер тар тер ның нің дың дің тың тің ға ге қа ке на не да де та те нда нде "
    "дан ден тан тен нан нен мен бен пен ды ді ты ті ны ні н ым ім м ың ің ң ы і сы сі "
    "ымыз іміз ыңыз іңіз дағы дегі тағы тегі ндағы ндегі ғы гі қы кі шы ші лық лік дық дік "
    # of verbs: voice, participles, tenses, moods; not the negative, which takes an act back
    "л ыл іл ын ін т ыз із ған ген қан кен ды ді ты ті дым дім ып іп п атын етін йтын йтін уда уде "
    "у са се ады еді йды йді ар ер р мақ мек бақ бек пақ пек ып іп а е й лы лі"
)
_ENDINGS = tuple(sorted(set(_KAZAKH.split())))
_SOFT = {"п": "б", "к": "г", "қ": "ғ"}
_MOST = 5  # endings in a row


def is_form(word: str, stem: str, language: str) -> bool:
    """Return whether a word is a form of a stem.

    >>> is_form("прокуратураның", "прокуратура", "kk"), is_form("сотка", "сот", "kk")
    (True, False)
    >>> is_form("задержали", "задержан", "ru"), is_form("investigations", "investigate", "en")
    (True, True)
    """
    if language != "kk":
        return stemmed(word, language) == stemmed(stem, language)
    if word.startswith(stem):
        return _are_endings(word[len(stem) :], _MOST)
    soft = stem[:-1] + _SOFT.get(stem[-1], stem[-1])
    return word.startswith(soft) and _are_endings(word[len(soft) :], _MOST)


@cache
def _are_endings(rest: str, most: int) -> bool:
    if not rest:
        return True
    return most > 0 and any(
        rest.startswith(end) and _are_endings(rest[len(end) :], most - 1) for end in _ENDINGS
    )


@cache
def stemmed(word: str, language: str) -> str:
    """Return an English or Russian word without its endings (Porter 2001)."""
    return str(_snowball(language).stemWord(word))


@cache
def _snowball(language: str):  # type: ignore[no-untyped-def] # noqa: ANN202 - untyped
    import snowballstemmer  # noqa: PLC0415

    return snowballstemmer.stemmer({"en": "english", "ru": "russian"}[language])
