"""What sentences tell of acts of authorities: proposals for a person to judge, never responses.

A sentence is read by a dictionary that anyone can read and change, ``analytics/data/acts.csv``:
words of acts with their CAMEO codes, of authorities, and of whom it was done to, in English,
Russian and Kazakh, in any of their forms. A demand, a condition and a denial that something was
done are no acts. How often it is right is in ``docs/candidates.md``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl

from analytics.stemming import is_form

SPAN = 6  # words within which the words of an act stand
NEAR = 3  # words before an act in which "not" takes it back
MOST_LETTERS = 20_000  # of a text; the rest is not read
LANGUAGES = ("en", "ru", "kk")
# Of several acts in a sentence the one that says most: to speak is part of nearly all.
_FIRST = ("175", "1721", "173", "116", "115", "083", "172", "12", "09", "13", "04", "03", "01")
_ALONE = {"175", "1721", "173", "116", "115", "172", "09"}  # told without an authority being named
_SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=[\"«“(]?[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ])|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_KAZAKH = re.compile("[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_NOT_DONE = re.compile(r"(?:ма|ме|ба|бе|па|пе)(?:ды|ді|ған|ген|й|с|п|у)")


@dataclass(frozen=True)
class Rule:
    """Words that stand near each other, in any of their forms, and what they mean."""

    code: str
    words: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class Proposal:
    """What a sentence tells; None where it does not."""

    verb_code: str
    actor: str | None
    actor_kind: str | None
    actor_role: str | None
    target: str | None
    language: str
    score: float  # 0 … 1: how much of an act is told; no probability


@cache
def rules(language: str) -> dict[str, tuple[Rule, ...]]:
    """Return the dictionary of a language, by part: verb, actor, target, negation, unreal."""
    with (files("analytics") / "data" / "acts.csv").open("rb") as file:
        told = pl.read_csv(file, infer_schema=False).filter(pl.col("language") == language)
    return {
        str(part): tuple(
            Rule(code or "", tuple(words.split()), language)
            for code, words in own.select("code", "words").iter_rows()
        )
        for (part,), own in told.group_by("part", maintain_order=True)
    }


def sentences(text: str) -> list[str]:
    """Cut a text into sentences.

    >>> sentences("Полиция начала проверку. Суд молчит.")
    ['Полиция начала проверку.', 'Суд молчит.']
    """
    parts = (part.strip() for part in _SENTENCE.split(text[:MOST_LETTERS]))
    return [part for part in parts if part]


def proposed(sentence: str) -> Proposal | None:
    """Return the act that a sentence tells of; None where it tells of none.

    Examples
    --------
    >>> found = proposed("Полицейские задержали четверых подозреваемых.")
    >>> found.verb_code, found.actor_kind, found.target
    ('173', 'police', 'accused')
    >>> proposed("Пользователи требуют от полиции возбудить дело.") is None
    True
    """
    found = [
        proposal for language in _languages(sentence) if (proposal := _read(sentence, language))
    ]
    return max(found, key=lambda each: each.score, default=None)


def _languages(sentence: str) -> Sequence[str]:
    if _KAZAKH.search(sentence):
        return ("kk",)
    return ("ru", "kk") if _CYRILLIC.search(sentence) else ("en",)


def _read(sentence: str, language: str) -> Proposal | None:
    """Read a sentence by one language."""
    words = [word.lower() for word in _WORD.findall(sentence)]
    own = rules(language)
    if any(_places(words, rule) for rule in own["unreal"]):
        return None
    acts = [
        (place, rule) for rule in own["verb"] for place in _places(words, rule)
        if not _taken_back(words, place, own["negation"])
    ]  # fmt: skip
    actor = min(((place, rule) for rule in own["actor"] for place in _places(words, rule)),
                key=lambda each: each[0], default=None)  # fmt: skip
    told = [(place, rule) for place, rule in acts if actor or rule.code in _ALONE]
    if not told:
        return None
    place, rule = min(told, key=lambda each: (_FIRST.index(each[1].code), -len(each[1].words)))
    kind, _, role = actor[1].code.partition(":") if actor else ("", "", "")
    target = _target(words, own["target"], place, actor[0] if actor else -1)
    score = 0.4 + 0.3 * bool(actor) + 0.15 * bool(target) + 0.15 * (len(rule.words) > 1)
    return Proposal(
        rule.code, words[actor[0]] if actor else None, kind or None, role or None, target,
        language, round(score, 2),
    )  # fmt: skip


def _places(words: Sequence[str], rule: Rule) -> list[int]:
    """Return where the words of a rule stand near each other: the place of the first of them."""
    first, *others = rule.words
    return [
        place
        for place, word in enumerate(words)
        if is_form(word, first, rule.language)
        and all(
            any(is_form(near, other, rule.language) for near in _around(words, place))
            for other in others
        )
    ]


def _around(words: Sequence[str], place: int) -> Sequence[str]:
    return words[max(place - SPAN, 0) : place + SPAN + 1]


def _taken_back(words: Sequence[str], place: int, negations: Sequence[Rule]) -> bool:
    """Return whether a sentence says that an act was not done."""
    language = negations[0].language
    near = words[place : place + SPAN] if language == "kk" else words[max(place - NEAR, 0) : place]
    said = any(is_form(word, rule.words[0], language) for rule in negations for word in near)
    bent = language == "kk" and any(_NOT_DONE.search(word, 2) for word in near[:NEAR])
    return said or bent


def _target(words: Sequence[str], targets: Sequence[Rule], act: int, actor: int) -> str | None:
    """Return whom it was done to: of those named, the nearest to the act, but the authority."""
    near = [
        (abs(place - act), rule.code)
        for rule in targets
        for place in _places(words, rule)
        if place != actor
    ]
    return min(near)[1] if near else None


def worth_reading(text: pl.Expr) -> pl.Expr:
    """Return whether a text can tell of an act at all: a cheap look before sentences are read."""
    begins = sorted({
        rule.words[0][:4]
        for language in LANGUAGES
        for rule in rules(language)["verb"]
        if len(rule.words[0]) > 2  # noqa: PLR2004 - shorter ones begin too much
    })  # fmt: skip
    return text.str.to_lowercase().str.contains_any(begins).fill_null(value=False)
