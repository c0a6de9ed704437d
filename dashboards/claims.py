"""The words of claims, by template and level; they say what is associated, never why.

Every sentence ends with what it rests on: how many, over what time, against what, how many tests
were tried, and what else would look the same (docs/decisions/0006).
"""

from collections.abc import Mapping
from typing import Any

from analytics.responses import RUNG_NAMES
from dashboards.i18n import N_, _, ngettext, noted, number, signed

# How attention beside a response is told, by the level that it has earned.
BESIDE = (
    N_(
        "Around this response, {times} as many posts a day were held after it as before it "
        "({rests})."
    ),
    N_(
        "This response is associated in time with {times} as many posts a day after it as before "
        "it ({rests})."
    ),
    N_(
        "After this response attention was {times} what it had been before, which exceeds what "
        "placebo dates show ({rests})."
    ),
    N_(
        "Attention was {times} what it had been before, consistent with an effect of this "
        "response, assuming that nothing else changed at that time and that the control series "
        "were untouched by it ({rests})."
    ),
)
WAITS_DIFFER = (
    N_("How long appeals waited does not tell the groups apart: {about} ({rests})."),
    N_("How long appeals waited is associated with the group that they are of: {about} ({rests})."),
)
STARTS = {"published": N_("publication"), "first_post": N_("the first post held")}
_MOST_HOURS = 48


def sentence(claim: Mapping[str, Any]) -> str:
    """Return a claim in words, with what it rests on.

    Parameters
    ----------
    claim
        A row of the table ``claims``.

    Examples
    --------
    >>> row = {"template": "after", "level": 0, "rung": 3, "value": None, "value_lo": 480.0,
    ...        "value_hi": 504.0, "n": 2, "window": None, "compared_with": None, "tests": 0,
    ...        "q": None, "rivals": None, "about": "published", "needs": None}
    >>> sentence(row)  # doctest: +NORMALIZE_WHITESPACE
    '“opens a process” (rung +3) came 20 to 21 days after publication (2 responses on record;
    compared with nothing; 0 tests tried).'
    """
    return _said(claim).replace("{rests}", "; ".join(_rests_on(claim)))


def more(claim: Mapping[str, Any]) -> str:
    """Return what it would take to say more; nothing on the highest level."""
    if not claim["needs"]:
        return ""
    return _("To say more takes {needs}.").format(needs=_(claim["needs"]))


def _said(claim: Mapping[str, Any]) -> str:
    """Return the sentence, but for what it rests on."""
    rests = "{rests}"
    match claim["template"]:
        case "after":
            return _("“{name}” (rung {rung}) came {when} ({rests}).").format(
                name=_(RUNG_NAMES[claim["rung"]]), rung=signed(claim["rung"]), rests=rests,
                when=when(claim["value_lo"], claim["value_hi"], claim["about"]),
            )  # fmt: skip
        case "none_yet":
            return _none_yet(claim["value"])
        case "beside":
            return _beside(claim)
        case "waited":
            return _waited(claim)
        case _template:
            return _(WAITS_DIFFER[claim["level"]]).format(about=claim["about"], rests=rests)


def _none_yet(days: float | None) -> str:
    if days is None:
        return _("No response is on record ({rests}).")
    return ngettext(
        "No response is on record, {n} day after publication ({rests}).",
        "No response is on record, {n} days after publication ({rests}).",
        round(days),
    ).replace("{n}", number(days))


def _beside(claim: Mapping[str, Any]) -> str:
    if claim["value"] is None:
        return _(
            "How many posts were held before and after this response cannot be compared ({rests})."
        )
    return _(BESIDE[claim["level"]]).format(times=_times(claim), rests="{rests}")


def _waited(claim: Mapping[str, Any]) -> str:
    ending, rests = _ending(claim["about"]), "{rests}"
    if claim["value"] is None:
        return _(
            "More than half of the appeals still waited for {ending} after {days} days ({rests})."
        ).format(ending=ending, days=number(claim["window"]), rests=rests)
    lo, hi = claim["value_lo"], claim["value_hi"]
    band = "" if lo is None else f" [{number(lo)} – {'…' if hi is None else number(hi)}]"  # noqa: RUF001 - a span
    return _(
        "Half of the appeals had {ending} by {days}{band} days after publication ({rests})."
    ).format(ending=ending, days=number(claim["value"]), band=band, rests=rests)


def when(lo: float | None, hi: float | None, start: str | None) -> str:
    """Return a lag in words.

    Parameters
    ----------
    lo, hi
        Its ends in hours; None where it is not known.
    start
        Where its clock starts, as ``clock_basis`` in the table ``lags``.

    Examples
    --------
    >>> when(480, 504, "published")
    '20 to 21 days after publication'
    """
    if lo is None or hi is None or start is None:
        return _("at a time that cannot be set against the appeal's")
    since = _(STARTS[start])
    if lo >= 0 and hi < _MOST_HOURS:
        return _hours(lo, hi, since)
    return _days(lo / 24, hi / 24, since)


def _hours(lo: float, hi: float, since: str) -> str:
    """Return an interval, or its one number where both ends read the same."""
    if f"{lo:.0f}" == f"{hi:.0f}":
        said = ngettext("{n} hour after {start}", "{n} hours after {start}", round(hi))
        return said.format(n=number(hi), start=since)
    said = ngettext(
        "{lo} to {hi} hour after {start}", "{lo} to {hi} hours after {start}", round(hi)
    )
    return said.format(lo=number(lo), hi=number(hi), start=since)


def _days(lo: float, hi: float, since: str) -> str:
    if hi < 0:
        said = ngettext(
            "{hi} to {lo} day before {start}", "{hi} to {lo} days before {start}", round(-lo)
        )
        return said.format(lo=number(-lo), hi=number(-hi), start=since)
    if lo < 0:
        said = _("between {lo} days before and {hi} days after {start}")
        return said.format(lo=number(-lo), hi=number(hi), start=since)
    if f"{lo:.0f}" == f"{hi:.0f}":
        said = ngettext("{n} day after {start}", "{n} days after {start}", round(hi))
        return said.format(n=number(hi), start=since)
    said = ngettext("{lo} to {hi} day after {start}", "{lo} to {hi} days after {start}", round(hi))
    return said.format(lo=number(lo), hi=number(hi), start=since)


def _ending(about: str) -> str:
    if not about.startswith("rung_"):
        return _("an act that harms")
    rung = int(about.removeprefix("rung_"))
    said = _("“{name}” (rung {rung}) or more")
    return said.format(name=_(RUNG_NAMES[rung]), rung=signed(rung))


def _times(claim: Mapping[str, Any]) -> str:
    ends = claim["value_lo"], claim["value_hi"]
    band = "" if None in ends else f" [{_figures(ends[0])} – {_figures(ends[1])}]"  # noqa: RUF001 - a span
    return _("{n} times").format(n=f"{_figures(claim['value'])}{band}")


def _figures(value: float) -> str:
    """Return a ratio to two figures."""
    return number(float(f"{value:.2g}"), places=2 if value < 1 else 1 if value < 10 else 0)  # noqa: PLR2004


def _rests_on(claim: Mapping[str, Any]) -> list[str]:
    tests = ngettext("{n} test tried", "{n} tests tried", claim["tests"])
    compared = claim["compared_with"]
    return [
        _held(claim),
        *([_over(claim)] if claim["window"] is not None else []),
        _("compared with {what}").format(what=noted(compared))
        if compared
        else _("compared with nothing"),
        tests.format(n=number(claim["tests"])),
        *([_("false discovery rate {q}").format(q=f"{claim['q']:.2g}")]
          if claim["q"] is not None else []),
        *([_("what else would look the same: {rivals}").format(rivals=_rivals(claim["rivals"]))]
          if claim["rivals"] else []),
    ]  # fmt: skip


def _held(claim: Mapping[str, Any]) -> str:
    """Say how much of what is held stands behind a claim."""
    n = claim["n"]
    match claim["template"]:
        case "beside":
            said = ngettext("{n} post in both windows", "{n} posts in both windows", n)
        case "waited" | "waits_differ":
            said = ngettext("{n} appeal", "{n} appeals", n)
        case _other:
            said = ngettext("{n} response on record", "{n} responses on record", n)
    return said.format(n=number(n))


def _over(claim: Mapping[str, Any]) -> str:
    """Say over what time."""
    days = claim["window"]
    if claim["template"] in {"none_yet", "waited"}:
        said = ngettext(
            "followed for {n} day at most", "followed for {n} days at most", round(days)
        )
        return said.format(n=number(days))
    said = ngettext("{n} day on either side", "{n} days on either side", round(days))
    return said.format(n=number(days))


def _rivals(rivals: list[str]) -> str:
    """Return other readings, each with what is known of it."""
    return ", ".join(": ".join(_(part) for part in rival.split(": ")) for rival in rivals)
