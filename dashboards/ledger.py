"""The ledger of reach in words: lines that stand alone, platform by platform, never added up."""

from typing import Any

import polars as pl

from analytics.reach import BARRED
from dashboards.i18n import N_, _, day, listed, ngettext, noted, number, percent
from dashboards.theme import platform_name

UNSEEN = N_("They follow: whether any of them saw a post is not known.")
_PEAKED = {
    "yes": N_("On {platform} it has peaked: the last two windows are {state} of the busiest."),
    "no": N_("On {platform} it has not peaked: the last two windows are {state} of the busiest."),
    "not known": N_("Whether it has peaked on {platform} is not known."),
}
_ANSWERS = {
    "yes": N_("It has peaked"), "no": N_("It has not peaked"), "not known": N_("Not known"),
}  # fmt: skip
_STATES = {
    "near its peak": N_("near the height"), "below half": N_("below half"),
    "below a tenth": N_("below a tenth"),
}  # fmt: skip


def took_part(row: dict[str, Any]) -> str:
    """Say how many took part by when; what is held is a floor."""
    said = ngettext("at least {n} account", "at least {n} accounts", row["accounts"])
    count = said.format(n=number(row["accounts"]))
    if row["unknown"]:
        more = ngettext(
            "{count}; of {n} more post it is not known whose it is",
            "{count}; of {n} more posts it is not known whose they are",
            row["unknown"],
        )
        return more.format(count=count, n=number(row["unknown"]))
    return count


def carried(row: dict[str, Any]) -> str:
    """Say how many of them carried it."""
    said = ngettext(
        "{n} account, which wrote an original or passed one on",
        "{n} accounts, which wrote an original or passed one on", row["carriers"],
    )  # fmt: skip
    return said.format(n=number(row["carriers"]))


def followed(row: dict[str, Any]) -> str:
    """Say between which bounds lies how many accounts follow a carrier, or why nothing is told."""
    if row["platform"] in BARRED:
        said = _("not told: the policies of {platform} allow no estimate of unique viewers")
        return said.format(platform=platform_name(row["platform"]))
    if row["union_lo"] is None:
        return (
            _("not known: no carrier's number of followers is known")
            if row["carriers"]
            else _("none: nobody is known to have written an original or to have passed one on")
        )
    ends = {"lo": number(row["union_lo"]), "hi": number(row["union_hi"])}
    if row["union_hi"] is None:
        return _("at least {lo} accounts, and no upper end").format(**ends)
    return _("between {lo} and {hi} accounts").format(**ends)


def assumed(row: dict[str, Any]) -> list[str]:
    """Say what the bounds take for granted; nothing where there are none."""
    if row["union_lo"] is None:
        return []
    said = [_("The least: everybody follows the account that has most followers."), _most(row)]
    if row["scenario_hi"] is not None or row["scenario_lo"] is not None:
        said.append(
            _("Scenario with a stated visibility, no estimate: from {lo} to {hi} accounts.").format(
                lo=number(row["scenario_lo"]), hi=number(row["scenario_hi"])
            )
        )
    return [*said, _(UNSEEN)]


def _most(row: dict[str, Any]) -> str:
    """Say what the upper end rests on, or whose followers nobody counted."""
    if row["union_hi"] is not None and row["union_hi"] == row["population"]:
        said = _("The most: all {n} accounts that are stated to be on the platform.")
        return said.format(n=number(row["population"]))
    if row["union_hi"] is not None:
        return _("The most: nobody follows two of them.")
    if row["hidden"]:
        said = ngettext(
            "No upper end: {n} of {all} carriers does not show its number of followers.",
            "No upper end: {n} of {all} carriers do not show their number of followers.",
            row["hidden"],
        )
        return said.format(n=number(row["hidden"]), all=number(row["carriers"]))
    return _("No upper end: of some posts it is not known whose they are.")


def shown(row: dict[str, Any]) -> str:
    """Say one number of views as the platform showed it, with its definition and its day."""
    when = _("by {day}").format(day=day(row["at"])) if row["at"] else _("on a day not told")
    said = ngettext(
        "{views} {when}, on {n} post; the platform calls it “{definition}”",
        "{views} {when}, on {n} posts; the platform calls it “{definition}”", row["posts"],
    )  # fmt: skip
    return said.format(
        views=number(row["value"]), when=when, n=number(row["posts"]),
        definition=row["definition"],
    )  # fmt: skip


def newest(views: pl.DataFrame) -> pl.DataFrame:
    """Return the newest number of each definition; one with a time before one without."""
    ordered = views.sort("at", nulls_last=False)
    return ordered.unique(["platform", "definition"], keep="last", maintain_order=True)


def outlook(row: dict[str, Any]) -> str:
    """Say whether it has peaked on a platform."""
    state = _(_STATES[row["state"]]) if row["state"] else _("not known")
    return _(_PEAKED[row["peaked"]]).format(platform=platform_name(row["platform"]), state=state)


def tried(outlooks: pl.DataFrame) -> list[str]:
    """Say how often each answer was right of cascades that are finished, once for each answer."""
    known = outlooks.drop_nulls("right").unique(
        ["peaked", "right", "tested_on", "source"], maintain_order=True
    )
    said = _(
        "“{answer}” was right for {right} of {n} finished cascades in the same state ({lo} to "
        "{hi} with 95% confidence); {source}."
    )
    return [
        said.format(
            answer=_(_ANSWERS[row["peaked"]]), right=percent(row["right"], places=1),
            n=number(row["tested_on"]), lo=percent(row["right_lo"], places=1),
            hi=percent(row["right_hi"], places=1), source=noted(row["source"]),
        )
        for row in known.iter_rows(named=True)
    ]  # fmt: skip


def half_lives(decay: pl.DataFrame) -> str:
    """Say of which platforms a half-life is told, and that no law is the true one."""
    named = decay.filter(pl.col("half_life_hours").is_not_null())["platform"].unique().sort()
    names = [platform_name(name) for name in named if name != "all"]
    if not names:
        return _("Half-lives of all platforms together, by three laws.")
    said = _("Half-lives on {platforms}, by three laws: where they disagree, so do the data.")
    return said.format(platforms=listed(names))


def looked_back(looked: pl.DataFrame) -> str:
    """Say how many intervals held what came in the end, and how many had been tried before.

    Parameters
    ----------
    looked
        Rows of ``forecasts`` of finished cascades, of one age, with an interval.
    """
    inside = looked.filter(pl.col("final").is_between("forecast_lo", "forecast_hi")).height
    said = ngettext(
        "Looked back on at an age of {age} hours: {inside} of {n} interval holds what came.",
        "Looked back on at an age of {age} hours: {inside} of {n} intervals hold what came.",
        looked.height,
    ).format(
        age=number(looked["age_hours"][0]), inside=number(inside), n=number(looked.height)
    )  # fmt: skip
    own = looked.filter(pl.col("kind") != "calibrated").height
    if not own:
        return said
    more = _(
        "Of these, {n} are ranges of the model alone: tried on nothing, and usually too narrow."
    )
    return f"{said} {more.format(n=number(own))}"
