"""The words of claims, by template and level; they say what is associated, never why.

Every sentence ends with what it rests on: how many, over what time, against what, how many tests
were tried, and what else would look the same (docs/decisions/0006). Other languages are other
phrase books with the same keys.
"""

from collections.abc import Mapping
from typing import Any

from analytics.responses import RUNG_NAMES

Words = Mapping[str, str]

ENGLISH: Words = {
    "after": "“{rung_name}” (rung {rung:+d}) came {when}",
    "published": "publication",
    "first_post": "the first post held",
    "none_yet": "No response is on record",
    "none_yet_until": "No response is on record, {days:,.0f} days after publication",
    "beside_0": "Around this response, {times} as many posts a day were held after it as before it",
    "beside_1": "This response is associated in time with {times} as many posts a day after it as "
    "before it",
    "beside_2": "After this response attention was {times} what it had been before, which exceeds "
    "what placebo dates show",
    "beside_3": "Attention was {times} what it had been before, consistent with an effect of this "
    "response, assuming that nothing else changed at that time and that the control series were "
    "untouched by it",
    "beside_unknown": "How many posts were held before and after this response cannot be compared",
    "waited": "Half of the appeals had {ending} by {days:,.0f} days{band} after publication",
    "waited_longer": "More than half of the appeals still waited for {ending} after {days:,.0f} "
    "days",
    "rung": "“{name}” (rung {rung:+d}) or more",
    "negative": "an act that harms",
    "band": " [{lo:,.0f} to {hi}]",
    "waits_differ_0": "How long appeals waited does not tell the groups apart ({about})",
    "waits_differ_1": "How long appeals waited is associated with the group that they are of "
    "({about})",
    "n_responses": "{n:,} response on record|{n:,} responses on record",
    "n_posts": "{n:,} post in both windows|{n:,} posts in both windows",
    "n_appeals": "{n:,} appeal|{n:,} appeals",
    "window": "{days:g} days on either side",
    "followed": "followed for {days:,.0f} days at most",
    "compared": "compared with {what}",
    "not_compared": "compared with nothing",
    "tests": "{tests} test tried|{tests} tests tried",
    "q": "false discovery rate {q:.2g}",
    "rivals": "what else would look the same: {rivals}",
    "needs": "To say more takes {needs}.",
    "hours": "{lo:.0f} to {hi:.0f} hours after {start}|{hi:.0f} hours after {start}",
    "days": "{lo:.0f} to {hi:.0f} days after {start}|{hi:.0f} days after {start}",
    "around": "between {lo:.0f} days before and {hi:.0f} days after {start}",
    "before": "{hi:.0f} to {lo:.0f} days before {start}",
    "untimed": "at a time that cannot be set against the appeal's",
}
_MOST_HOURS = 48


def sentence(claim: Mapping[str, Any], words: Words = ENGLISH) -> str:
    """Return a claim in words, with what it rests on.

    Parameters
    ----------
    claim
        A row of the table ``claims``.
    words
        A phrase book.

    Examples
    --------
    >>> row = {"template": "after", "level": 0, "rung": 3, "value": None, "value_lo": 480.0,
    ...        "value_hi": 504.0, "n": 2, "window": None, "compared_with": None, "tests": 0,
    ...        "q": None, "rivals": None, "about": "published", "needs": None}
    >>> sentence(row)  # doctest: +NORMALIZE_WHITESPACE
    '“opens a process” (rung +3) came 20 to 21 days after publication (2 responses on record;
    compared with nothing; 0 tests tried).'
    """
    return f"{_said(claim, words)} ({'; '.join(_rests_on(claim, words))})."


def more(claim: Mapping[str, Any], words: Words = ENGLISH) -> str:
    """Return what it would take to say more; nothing on the highest level."""
    return words["needs"].format(needs=claim["needs"]) if claim["needs"] else ""


def _said(claim: Mapping[str, Any], words: Words) -> str:
    match claim["template"]:
        case "after":
            name, rung = RUNG_NAMES[claim["rung"]], claim["rung"]
            lag = when(claim["value_lo"], claim["value_hi"], claim["about"], words)
            return words["after"].format(rung_name=name, rung=rung, when=lag)
        case "none_yet":
            days = claim["value"]
            known = "none_yet" if days is None else "none_yet_until"
            return words[known].format(days=days)
        case "beside" if claim["value"] is None:
            return words["beside_unknown"]
        case "beside":
            return words[f"beside_{claim['level']}"].format(times=_times(claim))
        case "waited":
            return _waited(claim, words)
        case template:
            return words[f"{template}_{claim['level']}"].format(about=claim["about"])


def when(lo: float | None, hi: float | None, start: str | None, words: Words = ENGLISH) -> str:
    """Return a lag in words.

    Parameters
    ----------
    lo, hi
        Its ends in hours; None where it is not known.
    start
        Where its clock starts, as ``clock_basis`` in the table ``lags``.
    words
        A phrase book.

    Examples
    --------
    >>> when(480, 504, "published")
    '20 to 21 days after publication'
    """
    if lo is None or hi is None or start is None:
        return words["untimed"]
    if lo >= 0 and hi < _MOST_HOURS:
        return _between("hours", lo, hi, words[start], words)
    lo, hi = lo / 24, hi / 24
    if hi < 0:
        return words["before"].format(lo=-lo, hi=-hi, start=words[start])
    if lo < 0:
        return words["around"].format(lo=-lo, hi=hi, start=words[start])
    return _between("days", lo, hi, words[start], words)


def _between(unit: str, lo: float, hi: float, start: str, words: Words) -> str:
    """Return an interval, or its one number where both ends read the same."""
    two, one = words[unit].split("|")
    return (one if f"{lo:.0f}" == f"{hi:.0f}" else two).format(lo=lo, hi=hi, start=start)


def _waited(claim: Mapping[str, Any], words: Words) -> str:
    ending = _ending(claim["about"], words)
    if claim["value"] is None:
        return words["waited_longer"].format(ending=ending, days=claim["window"])
    lo, hi = claim["value_lo"], claim["value_hi"]
    band = "" if lo is None else words["band"].format(lo=lo, hi="…" if hi is None else f"{hi:,.0f}")
    return words["waited"].format(ending=ending, days=claim["value"], band=band)


def _ending(about: str, words: Words) -> str:
    rung = int(about.removeprefix("rung_")) if about.startswith("rung_") else None
    if rung is None:
        return words["negative"]
    return words["rung"].format(name=RUNG_NAMES[rung], rung=rung)


def _times(claim: Mapping[str, Any]) -> str:
    ends = claim["value_lo"], claim["value_hi"]
    band = "" if None in ends else f" [{ends[0]:.2g} to {ends[1]:.2g}]"
    return f"{claim['value']:.2g}{band} times"


def _rests_on(claim: Mapping[str, Any], words: Words) -> list[str]:
    what = {"beside": "n_posts", "waited": "n_appeals", "waits_differ": "n_appeals"}.get(
        claim["template"], "n_responses"
    )
    compared, window = claim["compared_with"], claim["window"]
    length = "followed" if claim["template"] in {"none_yet", "waited"} else "window"
    return [
        _counted(words[what], n=claim["n"]),
        *([words[length].format(days=window)] if window is not None else []),
        words["compared"].format(what=compared) if compared else words["not_compared"],
        _counted(words["tests"], tests=claim["tests"]),
        *([words["q"].format(q=claim["q"])] if claim["q"] is not None else []),
        *([words["rivals"].format(rivals=", ".join(claim["rivals"]))] if claim["rivals"] else []),
    ]


def _counted(both: str, **number: int) -> str:
    one, many = both.split("|")
    return (one if next(iter(number.values())) == 1 else many).format(**number)
