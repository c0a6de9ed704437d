"""The three sentences of the story, from finished tables.

They stand on the lowest rung of claims: what was counted, and what came after what. No sentence
says or implies why anything happened (docs/decisions/0006).
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from analytics.clocks import (
    NEVER_REGISTERED,
    NO_CLOCK,
    NO_COUNT,
    NO_COUNTRY,
    NO_RULE,
    TOO_FEW,
    TOO_LATE,
)
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


NO_ADVICE = (
    "Rules are those that the table names, as of the day on which they were looked up. This is no "
    "legal advice."
)
_TO_DO = {
    NEVER_REGISTERED: "To start it, register the appeal with an authority, and write the day as "
    "registered_at into groundswell.toml.",
    NO_COUNT: "Import how many had signed when.",
    TOO_FEW: "Import later numbers if there are any.",
    TOO_LATE: "",
    NO_RULE: "Write one as [[clocks]] into groundswell.toml, with its source.",
    NO_COUNTRY: "Write its jurisdiction into groundswell.toml.",
}


def clock(row: dict[str, Any]) -> str:
    """Say what is owed by when, and what became of it.

    Parameters
    ----------
    row
        A row of ``clocks``. Days are those of the country.
    """
    if row["state"] == "unknown":
        return _no_clock(row)
    what = row["what"][:1].upper() + row["what"][1:]
    if row["state"] in {"answered", "refused"}:
        verb = "came" if row["state"] == "answered" else "was refused"
        came = _span(row["answered_lo"], row["answered_hi"], row["timezone"])
        return f"{what} {verb} {came}{_in_time(row)}."
    none = f"By {_local(row['judged_at'], row)} none is on record"
    if row["due_hi"] is None:
        started = _span(row["started_lo"], row["started_hi"], row["timezone"], "on or before")
        return f"{what} is owed; the clock started {started}, and no day is promised. {none}."
    if row["state"] == "overdue":
        over = _count((row["judged_at"] - row["due_hi"]) // timedelta(days=1), "day")
        return f"{what} was owed by {_due_day(row)}. {none}, {over} after that."
    return f"{what} is owed by {_due_day(row)}. {none}."


def _no_clock(row: dict[str, Any]) -> str:
    """Say why nothing is known to run, and what to do about it."""
    if row["only_if"] and row["started_hi"]:
        by = f" by {_due_day(row)}" if row["due_hi"] else ""
        return f"If {row['only_if']}, {row['what']} is owed{by}; the records do not tell."
    note = row["note"]
    to_do = next((_TO_DO[said] for said in _TO_DO if said in (note or "")), "")
    about = "" if row["clock"] == NO_CLOCK else f" for {row['what']}"
    why = f": {note}" if note else ""
    return f"No clock is known to run{about}{why}. {to_do}".strip()


def _in_time(row: dict[str, Any]) -> str:
    if row["due_hi"] is None:
        return "; no day was promised" if row["started_hi"] else "; no clock is known to have run"
    if row["is_late"] is None:
        return f"; it was owed by {_due_day(row)}, and the days do not tell whether it was late"
    return f", {'late' if row['is_late'] else 'in time'}: it was owed by {_due_day(row)}"


def _due_day(row: dict[str, Any]) -> str:
    last = _local(row["due_hi"], row)
    if row["due_lo"] is None:
        return f"{last} at the latest"
    first = _local(row["due_lo"], row)
    return first if first == last else f"{first}, or at the latest by {last}"


def _local(time: datetime, row: dict[str, Any]) -> str:
    return day(time.astimezone(ZoneInfo(row["timezone"])))


def _span(lo: datetime | None, hi: datetime, zone: str, by: str = "by") -> str:
    """Return an interval in words, in days of a place.

    >>> from datetime import UTC
    >>> _span(datetime(2026, 1, 1, 20, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC), "Asia/Almaty")
    'between 2 January 2026 and 3 January 2026'
    """
    last = day(hi.astimezone(ZoneInfo(zone)))
    if lo is None:
        return f"{by} {last}"
    first = day(lo.astimezone(ZoneInfo(zone)))
    return f"on {last}" if first == last else f"between {first} and {last}"
