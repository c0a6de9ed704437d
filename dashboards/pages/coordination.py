"""The page Together or organised?: synchronised sharing, held against chance."""

from typing import Any

import dash_mantine_components as dmc
import polars as pl
from dash import Dash, html
from dash.development.base_component import Component

from analytics.store import Store
from dashboards.cards import figure_card
from dashboards.figures.coordination import (
    SURE,
    flags_figure,
    groups_figure,
    seconds,
    synchrony_figure,
)
from dashboards.i18n import N_, _, ngettext, noted, number
from dashboards.sheet import headers
from dashboards.view import View

MOST = 12  # groups that are drawn

NOT_MEASURED = N_(
    "Nothing has been measured for this appeal. Import posts, then run “groundswell measure” on "
    "the store."
)
NOTHING = N_(
    "No two accounts that are held shared the same thing, so there is nothing to hold against "
    "chance."
)
NO_CHANCE = N_("Nothing could be held against chance: {notes}.")
NO_GROUP = N_("No group of accounts met again more often than chance has them meet.")
NOT_INAUTHENTIC = N_(
    "Synchronised is not inauthentic. Supporters of a grieving family who gather at one hour share "
    "together, and so do readers of one channel. These numbers tell neither that somebody planned "
    "it nor who is behind an account. No account is scored, and none is named."
)
WHOLE = N_("These numbers are of the whole appeal: the filters do not change them.")
HOW_SYNCHRONY = N_(
    "Two shares of the same thing by two accounts, at most so many seconds apart, make a pair; two "
    "accounts with two pairs or more met again. In a burst everybody meets, so one pair says "
    "nothing. Chance: the accounts that shared a thing are dealt anew to its shares, while times, "
    "bursts and who shares what stay as they are. The mark is filled where, over all rows here, a "
    "rate of false discoveries of 5 % is not passed (Benjamini and Hochberg). Pairs as in "
    "CooRTweet; a window with a star is told by the data, as in CooRnet (Giglietto et al. "
    "2020): a tenth of the pauses between two shares of one thing are shorter. "
    "Chance knows no days and nights, no follow lists and no notifications: what it does not give "
    "may have many reasons. The table has a second chance, weaker: accounts trade things too."
)
HOW_GROUPS = N_(
    "Pairs of accounts that met again more often than chance allows are joined into groups. "
    "Meetings are added over the pairs of the group; what is expected is their mean by chance. "
    "Groups are shown as sums, never as lists of accounts; their platforms and times are told from "
    "ten accounts on."
)
HOW_FLAGS = N_(
    "Quarters over accounts: the bar is the middle half, the line the median. They are told from "
    "ten accounts on. None of these traits tells who is behind an account: busy people post often, "
    "and new accounts are opened for a cause."
)
_COORDINATION = {
    "object": N_("What was shared"), "window": N_("Within seconds"), "shares": N_("Shares"),
    "accounts": N_("Accounts"), "pairs": N_("Pairs"), "repeated": N_("Met again"),
    "null_mean": N_("By chance, mean"), "null_lo": N_("By chance, 2.5 %"),
    "null_hi": N_("By chance, 97.5 %"), "p": N_("p"), "q": N_("False discovery rate"),
    "permutations": N_("Draws"), "traded": N_("Met again, second count"),
    "traded_mean": N_("Accounts trading, mean"), "traded_lo": N_("Accounts trading, 2.5 %"),
    "traded_hi": N_("Accounts trading, 97.5 %"), "traded_p": N_("p, accounts trading"),
    "groups": N_("Groups"), "accounts_in_groups": N_("Accounts in groups"),
    "unplaced": N_("Shares left out: no account or time"), "note": N_("To mind"),
}  # fmt: skip
_GROUPS = {
    "object": N_("What was shared"), "window": N_("Within seconds"), "group": N_("Group"),
    "accounts": N_("Accounts"), "objects": N_("Things shared"), "meetings": N_("Meetings"),
    "expected": N_("By chance"), "q": N_("False discovery rate"),
    "median_gap": N_("Seconds apart, median"), "platforms": N_("Platforms"),
}  # fmt: skip
_FLAGS = {
    "flag": N_("Trait"), "object": N_("What groups shared; all accounts where not told"),
    "window": N_("Within seconds"), "accounts": N_("Accounts"), "q25": N_("A quarter below"),
    "q50": N_("Half below"), "q75": N_("Three quarters below"),
}  # fmt: skip


def layout(store: Store, view: View) -> Component:
    """Return the page for one appeal."""
    title = dmc.Title(_("Together or organised?"), order=1)
    if store.read("summary", appeal_id=view.appeal_id).is_empty():
        return dmc.Stack([title, dmc.Text(_(NOT_MEASURED))])
    return dmc.Stack(
        [
            title,
            html.Aside(dmc.Text(_(NOT_INAUTHENTIC)), className="said seen"),
            *([dmc.Text(_(WHOLE), c="dimmed", size="sm")] if view.is_filtered else []),
            *_synchrony(store, view),
        ],
        gap="lg",
    )


def register(app: Dash, store: Store) -> None:
    """Add nothing: the page answers by itself."""


def _synchrony(store: Store, view: View) -> list[Component]:
    """Return what was found over all windows, the groups, and traits; or why there is nothing."""
    looks = store.read("coordination", appeal_id=view.appeal_id).sort("object", "window")
    tested = looks.drop_nulls(["repeated", "null_mean", "window"])
    if looks.is_empty():
        return [dmc.Text(_(NOTHING))]
    if tested.is_empty():
        notes = [noted(note) for note in looks["note"].drop_nulls().unique().sort()]
        return [dmc.Text(_(NO_CHANCE).format(notes=", ".join(notes) or _("not known")))]
    card = figure_card(
        "coordination-synchrony", synchrony_figure(looks, look=view.look),
        title=_("Do the same accounts share the same things together, again and again?"),
        said=_verdict(tested), rows=looks, columns=headers(_COORDINATION), how=_(HOW_SYNCHRONY),
    )  # fmt: skip
    return [card, *_groups(store, view), *_flags(store, view)]


def _verdict(tested: pl.DataFrame) -> str:
    """Say in how many looks accounts met again more often than chance has them, and where."""
    beyond = tested.filter(pl.col("q") <= SURE)
    looked = ngettext(
        "{n} look was taken: one kind of thing and one window.",
        "{n} looks were taken: so many kinds of things and windows.",
        tested.height,
    ).format(n=number(tested.height))
    if beyond.is_empty():
        none = _(
            "With so many looks, some lie outside the grey by chance: over all of them together, "
            "no more pairs of accounts met again than chance allows."
        )
        return f"{looked} {none}"
    most = beyond.sort("p", pl.col("null_mean") - pl.col("repeated")).row(0, named=True)
    found = ngettext(
        "In {n} of them, more pairs of accounts met again than by chance: within {time}, {pairs} "
        "where chance gives {mean}.",
        "In {n} of them, more pairs of accounts met again than by chance; most clearly within "
        "{time}: {pairs} where chance gives {mean}.",
        beyond.height,
    ).format(
        n=number(beyond.height), time=seconds(most["window"]), pairs=number(most["repeated"]),
        mean=number(most["null_mean"], places=1),
    )  # fmt: skip
    return f"{looked} {found}"


def _groups(store: Store, view: View) -> list[Component]:
    """Return groups beyond the strict chance, as sums."""
    groups = store.read("coordination_groups", appeal_id=view.appeal_id).filter(chance="dealt")
    if groups.is_empty():
        return [dmc.Text(_(NO_GROUP))]
    most = groups.sort("meetings", "object", "window", "group", descending=[True] + [False] * 3)
    drawn = most.head(MOST).sort("object", "window", maintain_order=True)
    said = _(
        "Groups of accounts of which each pair, taken by itself, met again beyond chance; told as "
        "sums. One group can be seen within several windows. Showing {n} of {all}."
    ).format(n=number(min(MOST, groups.height)), all=number(groups.height))
    return [
        figure_card(
            "coordination-groups", groups_figure(drawn, look=view.look),
            title=_("Groups that met again"), said=said, rows=most, columns=headers(_GROUPS),
            how=_(HOW_GROUPS),
        )
    ]  # fmt: skip


def _flags(store: Store, view: View) -> list[Component]:
    """Return traits of all accounts beside those of accounts in groups, where ten are known."""
    told = store.read("coordination_flags", appeal_id=view.appeal_id).drop_nulls("q50")
    grouped = told.filter(chance="dealt").sort("accounts", "window", descending=[True, False])
    if grouped.is_empty():
        return []
    look = grouped.row(0, named=True)
    same = grouped.filter(object=look["object"], window=look["window"])
    every = told.filter(pl.col("object").is_null()).join(same, on="flag", how="semi")
    rows = pl.concat([every, same])
    return [
        figure_card(
            "coordination-flags", flags_figure(rows, look=view.look),
            title=_("Traits of accounts in groups, beside all accounts"), said=_beside(look),
            rows=rows, columns=headers(_FLAGS), how=_(HOW_FLAGS),
        )
    ]  # fmt: skip


def _beside(look: dict[str, Any]) -> str:
    said = _(
        "Accounts in groups that met within {time}, beside all accounts that are held. {n} "
        "accounts in groups."
    )
    return said.format(time=seconds(look["window"]), n=number(look["accounts"]))
