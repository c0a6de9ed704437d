"""The sentences of pages and reports, from finished tables.

Those of the story stand on the lowest rung of claims: what was counted, and what came after what.
No sentence says or implies why anything happened (docs/decisions/0006). Sentences are whole
messages, so that other languages can order their words as they need.
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
from dashboards.i18n import N_, _, day, listed, ngettext, noted, number, percent, period, signed
from dashboards.naming import cut
from dashboards.sheet import in_words
from dashboards.theme import platform_name

_IN_WORDS = {"web": N_("the web"), "petition": N_("the petition site"),
             "unknown": N_("a platform that the files do not name")}  # fmt: skip


def how_far(summary: dict[str, Any], counters: pl.DataFrame) -> str:
    """Say how many took part, where, and what the platforms themselves showed."""
    if not summary["posts"]:
        return _("No posts are held yet.")
    said = _("{accounts} took part in {posts} that are held, on {platforms}; {views}.")
    if not summary["accounts"]:
        said = _("Held: {posts} of no known account, on {platforms}; {views}.")
    return said.format(
        accounts=_accounts(summary["accounts"]),
        posts=_posts(summary["posts"]),
        platforms=listed([_on(name) for name in summary["platforms"]]),
        views=_shown(counters) or _("no platform's own count of views is held"),
    )


def who_carried(summary: dict[str, Any]) -> str:
    """Say which post was shared most, and for how many shares it is known who passed it on."""
    if not summary["shares"]:
        return _("No share of any post is held.")
    return " ".join(said for said in (_named_most(summary), _known_ways(summary)) if said)


def _known_ways(summary: dict[str, Any]) -> str:
    """Say of how many shares it is known who passed a post to whom."""
    if not summary["observed"]:
        return _("The platforms name only originals, not who passed a post to whom.")
    said = _(
        "Who passed it to whom was observed for {share} of the shares; of the others only the "
        "original is named."
    )
    return said.format(share=percent(summary["observed"] / summary["shares"]))


def _named_most(summary: dict[str, Any]) -> str:
    shares = ngettext("{n} share held", "{n} shares held", summary["shares"]).format(
        n=number(summary["shares"])
    )
    if summary["top_post_id"]:
        said = _("One post on {platform} is named by {some} of the {shares} ({who}).")
        return said.format(
            platform=platform_name(summary["top_post_id"].split(":", 1)[0]),
            some=number(summary["top_shares"]),
            shares=shares,
            who=cut(summary["top_account_id"]) if _is_public(summary["top_account_id"])
            else _("its account is not named"),
        )  # fmt: skip
    if summary["top_source_id"]:
        said = _("One account is named as the source of {some} of the {shares} ({who}).")
        return said.format(
            some=number(summary["top_source_shares"]),
            shares=shares,
            who=cut(summary["top_source_id"]) if _is_public(summary["top_source_id"])
            else _("it is not named"),
        )  # fmt: skip
    return _("There are {shares}.").format(shares=shares)


def what_authorities_did(lags: pl.DataFrame, responses: int) -> str:
    """Say how many responses are on record, and when the furthest rungs were first reached."""
    if not responses:
        return _("No response of an authority is on record yet.")
    record = ngettext(
        "{n} response of authorities is on record.", "{n} responses of authorities are on record.",
        responses,
    ).format(n=number(responses))  # fmt: skip
    steps = [step for step in (_reached(lags, +1), _reached(lags, -1)) if step]
    return " ".join([record, *(steps or [_("None has a place on the ladder.")])])


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
    return [
        _shape_sentence(str(platform), own, parent_models)
        for (platform,), own in shared.group_by("platform", maintain_order=True)
    ]


def _shape_sentence(platform: str, own: pl.DataFrame, parent_models: pl.DataFrame) -> str:
    hidden = own.filter(pl.col("observed") < pl.col("shares")).height
    if not hidden:
        said = _("On {platform}, every share says what it passed on: shapes are observed.")
        return said.format(platform=_on(platform))
    said = ngettext(
        "On {platform}, {hidden} of {n} cascade with shares hides who passed a post to whom.",
        "On {platform}, {hidden} of {n} cascades with shares hide who passed a post to whom.",
        own.height,
    ).format(platform=_on(platform), hidden=number(hidden), n=number(own.height))
    return f"{said} {_inferred(fits(parent_models, platform), platform)}"


def _inferred(rows: pl.DataFrame, platform: str) -> str:
    """Say what the inference rests on, or that there is none."""
    if not beats_chance(rows):
        return _(
            "Parents cannot be inferred here: where they are known, the best model did not clearly "
            "beat chance. No shape is shown."
        )
    fitted = rows.unique("fitted_on", maintain_order=True)
    rests = listed([
        _("{n} known parents of {source}").format(n=number(targets), source=source)
        for targets, source in fitted.select("targets", "fitted_on").iter_rows()
    ])  # fmt: skip
    if platform in rows["platform"]:
        said = _("Their shapes are inferred, with bands, by a model fitted on {parents}.")
    else:
        said = _(
            "Their shapes are inferred, with bands, by a model fitted on {parents}, from other "
            "platforms; whether it holds on this one has not been verified."
        )
    return said.format(parents=rests)


def _reached(lags: pl.DataFrame, sign: int) -> str:
    side = lags.filter(pl.col("rung") * sign > 0)
    if side.is_empty():
        return ""
    first = side.sort(pl.col("rung").abs(), descending=True).row(0, named=True)
    said = (
        _("The furthest step that helps, “{name}” (rung {rung}), came {when}.")
        if sign > 0
        else _("The furthest step that harms, “{name}” (rung {rung}), came {when}.")
    )
    return said.format(
        name=_(RUNG_NAMES[first["rung"]]),
        rung=signed(first["rung"]),
        when=when(first["lag_lo"], first["lag_hi"], first["clock_basis"]),
    )


def _is_public(account: str | None) -> bool:
    """Return whether an account is named: pseudonyms name nobody."""
    return account is not None and ":~" not in account


def _shown(counters: pl.DataFrame) -> str:
    """Say the newest number of views and of signatures of each platform; none are added."""
    views = counters.filter(pl.col("metric") == "views", pl.col("at").is_not_null())
    signatures = counters.filter(pl.col("metric") == "signatures")
    newest = [
        views.sort("at").unique(["platform", "definition"], keep="last", maintain_order=True),
        signatures.sort("value", "at", nulls_last=False).unique(
            "platform", keep="last", maintain_order=True
        ),
    ]
    return listed([
        _one_shown(row) for rows in newest for row in rows.sort("platform").iter_rows(named=True)
    ])  # fmt: skip


def _one_shown(row: dict[str, Any]) -> str:
    n = row["value"]
    if row["metric"] == "views":
        said = ngettext(
            "{platform} showed {n} view by {day}", "{platform} showed {n} views by {day}", n
        )
    elif row["at"] is None:
        said = ngettext("{platform} showed {n} signature", "{platform} showed {n} signatures", n)
    else:
        said = ngettext(
            "{platform} showed {n} signature by {day}",
            "{platform} showed {n} signatures by {day}",
            n,
        )
    told = day(row["at"]) if row["at"] else ""
    return said.format(platform=_on(row["platform"]), n=number(n), day=told)


def _on(platform: str) -> str:
    """Return a platform as it is named within a sentence."""
    return _(_IN_WORDS[platform]) if platform in _IN_WORDS else platform_name(platform)


def _accounts(n: int) -> str:
    return ngettext("{n} account", "{n} accounts", n).format(n=number(n))


def _posts(n: int) -> str:
    return ngettext("{n} post", "{n} posts", n).format(n=number(n))


def synchronised(row: dict[str, Any]) -> list[str]:
    """Say what one window gives, and what chance would give.

    Parameters
    ----------
    row
        As of :func:`analytics.coordination.told`.
    """
    said = [_pairs(row), _edges(row)]
    if row["p"] is not None:
        said.append(
            _(
                "Repeated pairs, of all shares: {repeated}, and {mean} ({lo} to {hi}) where "
                "accounts are dealt anew within each object (p {p}, {draws} draws)."
            ).format(
                repeated=number(row["repeated"]), mean=number(row["null_mean"], places=1),
                lo=number(row["null_lo"]), hi=number(row["null_hi"]), p=f"{row['p']:.3g}",
                draws=number(row["permutations"]),
            )
        )  # fmt: skip
    if row["note"]:
        said.append(_("Bounded: {note}.").format(note=noted(row["note"])))
    said.append(_(NOT_PLANNED))
    return said


NOT_PLANNED = N_(
    "Synchronised sharing tells neither who is behind an account, nor that anybody planned it."
)


def _pairs(row: dict[str, Any]) -> str:
    said = ngettext(
        "{n} pair of shares of one {object} by two accounts is at most {window} s apart: "
        "{accounts}.",
        "{n} pairs of shares of one {object} by two accounts are at most {window} s apart: "
        "{accounts}.",
        row["pairs"],
    )
    return said.format(
        n=number(row["pairs"]), object=row["object"], window=f"{row['window']:g}",
        accounts=_accounts(row["accounts_in_pairs"]),
    )  # fmt: skip


def _edges(row: dict[str, Any]) -> str:
    if row["edges"] is None:
        return _("Who is in pairs with whom was not looked at.")
    said = ngettext(
        "Between them there is {n} edge, {above} above the threshold ({accounts}).",
        "Between them there are {n} edges, {above} above the threshold ({accounts}).",
        row["edges"],
    )
    return said.format(
        n=number(row["edges"]), above=number(row["edges_above"]),
        accounts=_accounts(row["accounts_above"]),
    )  # fmt: skip


NO_ADVICE = N_(
    "Rules are those that the table names, as of the day on which they were looked up. This is no "
    "legal advice."
)
_TO_DO = {
    NEVER_REGISTERED: N_(
        "To start it, register the appeal with an authority, and write the day as registered_at "
        "into groundswell.toml."
    ),
    NO_COUNT: N_("Import how many had signed when."),
    TOO_FEW: N_("Import later numbers if there are any."),
    TOO_LATE: "",
    NO_RULE: N_("Write one as [[clocks]] into groundswell.toml, with its source."),
    NO_COUNTRY: N_("Write its jurisdiction into groundswell.toml."),
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
    if row["state"] == "answered":
        came = _("{what}: it came {when}; {in_time}.")
        return came.format(what=_what(row), when=_answered(row), in_time=_in_time(row))
    if row["state"] == "refused":
        refused = _("{what}: it was refused {when}; {in_time}.")
        return refused.format(what=_what(row), when=_answered(row), in_time=_in_time(row))
    return _owed(row)


def _owed(row: dict[str, Any]) -> str:
    """Say what is still owed, by when."""
    until = {"what": _what(row), "now": _local(row["judged_at"], row)}
    if row["due_hi"] is None:
        started = _span(row["started_lo"], row["started_hi"], row["timezone"], start=True)
        said = _(
            "{what}: it is owed; the clock started {started}, and no day is promised. By {now} "
            "none is on record."
        )
        return said.format(started=started, **until)
    if row["state"] == "overdue":
        over = (row["judged_at"] - row["due_hi"]) // timedelta(days=1)
        said = ngettext(
            "{what}: it was owed by {due}. By {now} none is on record, {n} day after that.",
            "{what}: it was owed by {due}. By {now} none is on record, {n} days after that.",
            over,
        )
        return said.format(due=_due_day(row), n=number(over), **until)
    said = _("{what}: it is owed by {due}. By {now} none is on record.")
    return said.format(due=_due_day(row), **until)


def _what(row: dict[str, Any]) -> str:
    """Return what is owed, as the beginning of a sentence."""
    what = _(row["what"])
    return what[:1].upper() + what[1:]


def _no_clock(row: dict[str, Any]) -> str:
    """Say why nothing is known to run, and what to do about it."""
    if row["only_if"] and row["started_hi"]:
        return _on_condition(row)
    note = noted(row["note"])
    about = _("No clock is known to run.")
    if row["clock"] != NO_CLOCK:
        about = _("No clock is known to run for {what}.").format(what=_(row["what"]))
    to_do = next((_TO_DO[said] for said in _TO_DO if said in (row["note"] or "")), "")
    why = f"{note[:1].upper()}{note[1:]}." if note else ""
    return " ".join(said for said in (about, why, to_do and _(to_do)) if said)


def _on_condition(row: dict[str, Any]) -> str:
    told = {"condition": _(row["only_if"]), "what": _(row["what"])}
    if row["due_hi"]:
        said = _("If {condition}, {what} is owed by {due}; the records do not tell.")
        return said.format(due=_due_day(row), **told)
    return _("If {condition}, {what} is owed; the records do not tell.").format(**told)


def _in_time(row: dict[str, Any]) -> str:
    if row["due_hi"] is None and row["started_hi"]:
        return _("no day was promised")
    if row["due_hi"] is None:
        return _("no clock is known to have run")
    if row["is_late"] is None:
        said = _("it was owed by {due}, and the days do not tell whether it was late")
    elif row["is_late"]:
        said = _("late: it was owed by {due}")
    else:
        said = _("in time: it was owed by {due}")
    return said.format(due=_due_day(row))


def _due_day(row: dict[str, Any]) -> str:
    last = _local(row["due_hi"], row)
    if row["due_lo"] is None:
        return _("{day} at the latest").format(day=last)
    first = _local(row["due_lo"], row)
    if first == last:
        return first
    return _("{first}, or at the latest by {last}").format(first=first, last=last)


def _local(time: datetime, row: dict[str, Any]) -> str:
    return day(time.astimezone(ZoneInfo(row["timezone"])))


def _answered(row: dict[str, Any]) -> str:
    return _span(row["answered_lo"], row["answered_hi"], row["timezone"])


def _span(lo: datetime | None, hi: datetime, zone: str, *, start: bool = False) -> str:
    """Return an interval in words, in days of a place.

    >>> from datetime import UTC
    >>> _span(datetime(2026, 1, 1, 20, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC), "Asia/Almaty")
    'between 2 January 2026 and 3 January 2026'
    """
    last = day(hi.astimezone(ZoneInfo(zone)))
    if lo is None:
        return (_("on or before {day}") if start else _("by {day}")).format(day=last)
    first = day(lo.astimezone(ZoneInfo(zone)))
    if first == last:
        return _("on {day}").format(day=last)
    return _("between {first} and {last}").format(first=first, last=last)


def acts(responses: pl.DataFrame) -> pl.DataFrame:
    """Return rows of ``responses`` with ``when``, ``rung`` and ``target`` in words."""
    told = responses.to_dicts()
    rungs = [
        "" if r["rung"] is None else f"{signed(r['rung'])} {_(RUNG_NAMES[r['rung']])}" for r in told
    ]
    return in_words(responses, "target").with_columns(
        pl.Series("when", [period(row["from"], row["to"]) for row in told], pl.String),
        pl.Series("rung", rungs, pl.String),
    )
