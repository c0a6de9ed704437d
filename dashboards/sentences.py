"""The three sentences of the story, from finished tables.

They stand on the lowest rung of claims: what was counted, and what came after what. No sentence
says or implies why anything happened (docs/decisions/0006).
"""

from datetime import datetime
from typing import Any

import polars as pl

from analytics.models import beats_chance, fits
from analytics.responses import RUNG_NAMES
from dashboards.claims import when
from dashboards.theme import platform_name

_IN_WORDS = {"web": "the web", "unknown": "a platform that the files do not name"}


def how_far(summary: dict[str, Any], counters: pl.DataFrame) -> str:
    """Say how many took part, where, and what the platforms themselves showed."""
    if not summary["posts"]:
        return "No posts are held yet."
    names = [_IN_WORDS.get(name) or platform_name(name) for name in summary["platforms"]]
    held = (
        f"{_count(summary['accounts'], 'account')} took part in {_count(summary['posts'], 'post')} "
        f"that are held, on {_listed(names)}"
    )
    shown = _views(counters)
    return f"{held}; {shown}." if shown else f"{held}. No platform's own count of views is held."


def who_carried(summary: dict[str, Any]) -> str:
    """Say which post was shared most, and for how many shares it is known who passed it on."""
    shares = summary["shares"]
    if not shares:
        return "No share of any post is held."
    top = _named_most(summary, _count(shares, "share"))
    if not summary["observed"]:
        return f"{top}the platforms name only originals, not who passed a post to whom."
    known = f"{top}who passed it to whom was observed for {_percent(summary['observed'], shares)}"
    return f"{known} of the shares; of the others only the original is named."


def _named_most(summary: dict[str, Any], shares: str) -> str:
    if summary["top_post_id"]:
        platform = platform_name(summary["top_post_id"].split(":", 1)[0])
        who = _who(summary["top_account_id"], "its account")
        return (
            f"One post on {platform} is named by {summary['top_shares']:,} of the {shares} held "
            f"({who}); "
        )
    if summary["top_source_id"]:
        who = _who(summary["top_source_id"], "it")
        named = f"{summary['top_source_shares']:,} of the {shares} held"
        return f"One account is named as the source of {named} ({who}); "
    return f"{shares} are held; "


def what_authorities_did(lags: pl.DataFrame, responses: int) -> str:
    """Say how many responses are on record, and when the furthest rungs were first reached."""
    if not responses:
        return "No response of an authority is on record yet."
    steps = [_reached(lags, +1), _reached(lags, -1)]
    said = "; ".join(step for step in steps if step)
    record = f"{_count(responses, 'response')} of authorities {_are(responses)} on record"
    return f"{record}: {said}." if said else f"{record}; none has a place on the ladder."


def shape_sentences(cascades: pl.DataFrame, parent_models: pl.DataFrame) -> list[str]:
    """Say how the shapes of cascades are known, platform by platform.

    Parameters
    ----------
    cascades
        Rows of the table of one appeal.
    parent_models
        The store's own fits; empty where ``groundswell measure --validate`` never ran.
    """
    shared = cascades.filter(pl.col("shares") > 0)
    said = []
    for (platform,), own in shared.group_by("platform", maintain_order=True):
        hidden = own.filter(pl.col("observed") < pl.col("shares")).height
        name = _IN_WORDS.get(str(platform)) or platform_name(str(platform))
        if not hidden:
            said.append(f"On {name}, every share says what it passed on: shapes are observed.")
            continue
        said.append(
            f"On {name}, {hidden:,} of {_count(own.height, 'cascade')} with shares hide who passed "
            f"a post to whom. {_inferred(fits(parent_models, str(platform)), str(platform))}"
        )
    return said


def _inferred(rows: pl.DataFrame, platform: str) -> str:
    """Say what the inference rests on, or that there is none."""
    if not beats_chance(rows):
        return (
            "Parents cannot be inferred here: where they are known, the best model did not clearly "
            "beat chance. No shape is shown."
        )
    fitted = rows.unique("fitted_on", maintain_order=True)
    rests = _listed([
        f"{targets:,} known parents of {source}"
        for targets, source in fitted.select("targets", "fitted_on").iter_rows()
    ])  # fmt: skip
    said = f"Their shapes are inferred, with bands, by a model fitted on {rests}"
    if platform in rows["platform"]:
        return f"{said}."
    return f"{said}, from other platforms; whether it holds on this one has not been verified."


def _reached(lags: pl.DataFrame, sign: int) -> str:
    side = lags.filter(pl.col("rung") * sign > 0)
    if side.is_empty():
        return ""
    first = side.sort(pl.col("rung").abs(), descending=True).row(0, named=True)
    lag = when(first["lag_lo"], first["lag_hi"], first["clock_basis"])
    which = "furthest step that helps" if sign > 0 else "furthest step that harms"
    return f"the {which}, “{RUNG_NAMES[first['rung']]}” (rung {first['rung']:+d}), came {lag}"


def _who(account: str | None, it: str) -> str:
    """Name an account if it is public."""
    if account is None or ":~" in account:
        return f"{it} is not named"
    return account


def _views(counters: pl.DataFrame) -> str:
    """Say the newest dated number of views of each platform; numbers are never added."""
    views = counters.filter(pl.col("metric") == "views", pl.col("at").is_not_null())
    newest = views.sort("at").unique(["platform", "definition"], keep="last", maintain_order=True)
    said = [
        f"{platform_name(row['platform'])} showed {row['value']:,} views by {day(row['at'])}"
        for row in newest.sort("platform").iter_rows(named=True)
    ]
    return _listed(said)


def period(start: datetime | None, end: datetime | None) -> str:
    """Return a stretch of days in words.

    >>> period(datetime(2016, 8, 29), datetime(2016, 9, 2))
    '29 August to 2 September 2016'
    """
    if start is None or end is None:
        return "no dated posts"
    if start.date() == end.date():
        return day(end)
    same_year = start.year == end.year
    first = f"{start.day} {start:%B}" if same_year else day(start)
    return f"{first} to {day(end)}"


def day(time: datetime) -> str:
    """Return a date in words."""
    return f"{time.day} {time:%B %Y}"


def _percent(part: int, whole: int) -> str:
    """Return a share in words that round neither to none nor to all.

    >>> _percent(1, 1000), _percent(999, 1000), _percent(5, 10)
    ('under 1%', 'over 99%', '50%')
    """
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "under 1%"
    return "over 99%" if 99 < percent < 100 else f"{percent:.0f}%"  # noqa: PLR2004


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _listed(words: list[str]) -> str:
    """Return words as people list them.

    >>> _listed(["X", "Telegram", "YouTube"])
    'X, Telegram and YouTube'
    """
    return (
        words[0]
        if len(words) == 1
        else " and ".join([", ".join(words[:-1]), *words[-1:]])
        if words
        else ""
    )


def synchronised(row: dict[str, Any]) -> list[str]:
    """Say what one window gives, and what chance would give.

    Parameters
    ----------
    row
        As of :func:`analytics.coordination.told`.
    """
    pairs = (
        f"{_count(row['pairs'], 'pair')} of shares of one {row['object']} by two accounts are at "
        f"most {row['window']:g} s apart: {_count(row['accounts_in_pairs'], 'account')}"
    )
    edges = (
        f", {_count(row['edges'], 'edge')}, {row['edges_above']:,} of them above the threshold "
        f"({row['accounts_above']:,} accounts)."
        if row["edges"] is not None
        else "; who is in pairs with whom was not looked at."
    )
    said = [pairs + edges]
    if row["p"] is not None:
        chance = f"{row['null_mean']:,.1f} ({row['null_lo']:,.0f} to {row['null_hi']:,.0f})"
        said.append(
            f"Repeated pairs, of all shares: {row['repeated']:,}, and {chance} where accounts are "
            f"dealt anew within each object (p {row['p']:.3g}, {row['permutations']:,} draws)."
        )
    if row["note"]:
        said.append(f"Bounded: {row['note']}.")
    said.append(
        "Synchronised sharing tells neither who is behind an account, nor that anybody planned it."
    )
    return said
