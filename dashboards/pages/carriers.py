"""The page Carriers: who carried it, with the doubt of every rank, and how much hung on them.

Accounts are pseudonyms unless they are public actors; no other name of an account is shown.
"""

from typing import Any

import dash_mantine_components as dmc
import polars as pl
from dash import Dash, html
from dash.development.base_component import Component

from analytics.store import Store
from dashboards.cards import figure_card
from dashboards.figures.carriers import (
    RANKING_NAMES,
    brokers_figure,
    concentration_figure,
    groups_figure,
    rankings_figure,
    ranks_figure,
    removal_figure,
)
from dashboards.i18n import N_, _, ngettext, number, percent
from dashboards.naming import named
from dashboards.sheet import headers
from dashboards.view import View

DRAWN = 30  # accounts whose rank is drawn
ACROSS = 8  # accounts of one border that are drawn
TAKEN = 10  # accounts without which a sentence says what would be missing
BORDERS = {
    "language": N_("Between languages"), "platform": N_("Between platforms"),
    "community": N_("Between communities"),
}  # fmt: skip

NOT_MEASURED = N_(
    "Nothing has been measured for this appeal. Import posts, then run “groundswell measure” on "
    "the store."
)
NO_SHARES = N_("No share is held, so nobody is known to have carried it.")
NO_CREDIT = N_("Nothing that is held hangs from a share, so there is no order of carriers.")
DRAWN_ONLY = N_(
    "There, ranks are intervals over trees drawn from a model; what it gets wrong is in no "
    "interval."
)
NO_BROKERS = N_("No share is held that is known to cross a border of language, platform or "
                "community.")  # fmt: skip
LEAD = N_(
    "What hangs from an account's own posts it started; what hangs from what it passed on it "
    "carried. Most platforms tell the first and hide the second. Private accounts stand here under "
    "a pseudonym."
)
WHOLE = N_(
    "Platforms and roles narrow the lists of accounts. Ranks, concentration and what would be "
    "missing are of the whole appeal: no time or language is kept with them."
)
HOW_RANKS = N_(
    "Where the platform hides who shared whom, up to a hundred trees of each cascade are drawn "
    "from a calibrated model, and in each the posts that hang from an account's shares are "
    "counted. The dot is its place by the mean; the bar holds its place in 90% of the trees. Where "
    "parents are known, bars have no width. Held against cascades whose true parents are known, "
    "the ten accounts with most inferred credit shared 14% with the true ten: read the bar, not "
    "the order (DeVerna et al. 2024). Table: spreaders."
)
HOW_GROUPS = N_(
    "A dot is an account. Its tier is a convention of the trade by followers, its role what it is "
    "declared to be. Listed are the first thousand accounts by any measure, so that those who "
    "carried nothing are mostly missing. Followers tell little of who carries. Table: spreaders."
)
HOW_CONCENTRATION = N_(
    "The part of all credit that is that of the ten accounts with most, and Gini's coefficient "
    "over all accounts, zeros too; the bar holds 90% of the trees drawn. Those above an account in "
    "a tree share its credit, so that credits add up to more than there are shares. Table: "
    "carriers."
)
HOW_REMOVAL = N_(
    "Without the first accounts by what they carried, at least their own shares would be missing, "
    "and at most all that hangs from them. The truth lies between: others had other ways to it, "
    "but how many would have taken them is not known. The band above is the 95% point over trees. "
    "Originals stay, since all hangs from the first. Table: removal."
)
HOW_RANKINGS = N_(
    "Of the reshares that platforms attribute, the part that is left once the posts of the first "
    "accounts of a ranking are taken away, originals counted (DeVerna et al. 2024). The lower a "
    "curve, the more of what was shared was theirs. It is bookkeeping on what happened, no "
    "forecast of what would have. Table: removal."
)
HOW_BROKERS = N_(
    "Posts that hang from shares of an account's posts by somebody on the other side of a border, "
    "those shares included; the mean over trees where parents are hidden. An unknown language or "
    "community crosses nothing. Betweenness: Freeman 1977; constraint: Burt 1992. Table: brokers."
)
_SPREADERS = {
    "who": N_("Account"), "role": N_("Role"), "rank": N_("Rank"), "rank_lo": N_("Rank from"),
    "rank_hi": N_("Rank to"), "first_chance": N_("First in this part of draws"),
    "credit": N_("Carried"), "credit_lo": N_("Carried from"), "credit_hi": N_("Carried to"),
    "started": N_("Started"), "reshares": N_("Shares that name it"), "h_index": N_("h-index"),
    "tier": N_("Tier"), "followers": N_("Followers"),
}  # fmt: skip
_GROUPS = {
    "who": N_("Account"), "role": N_("Role"), "tier": N_("Tier"), "followers": N_("Followers"),
    "credit": N_("Carried"),
}  # fmt: skip
_CARRIERS = {
    "shares": N_("Shares"), "hidden": N_("Whose parent is hidden"),
    "unknown": N_("Of these, not inferred"), "accounts": N_("Accounts"), "draws": N_("Trees drawn"),
    "could_be_first": N_("Could be first"), "first_chance": N_("Likeliest first, part of draws"),
    "ten_lo": N_("Ten accounts, from"), "ten": N_("Ten accounts"), "ten_hi": N_("to"),
    "gini_lo": N_("Gini, from"), "gini": N_("Gini"), "gini_hi": N_("up to"),
}  # fmt: skip
_REMOVAL = {
    "ranking": N_("Ranking"), "accounts": N_("Accounts"), "own": N_("Their own shares"),
    "tree": N_("Hang from them"), "tree_lo": N_("from"), "tree_hi": N_("to"),
    "static": N_("Left of attributed reshares"),
}  # fmt: skip
_BROKERS = {
    "who": N_("Account"), "role": N_("Role"), "across": N_("Border"), "credit": N_("Hang from it"),
    "crossings": N_("Shares across"), "betweenness": N_("Betweenness"),
    "constraint": N_("Constraint"), "effective_size": N_("Effective size"),
}  # fmt: skip


def layout(store: Store, view: View) -> Component:
    """Return the page for one view."""
    title = dmc.Title(_("Who carried it?"), order=1)
    if store.read("summary", appeal_id=view.appeal_id).is_empty():
        return dmc.Stack([title, dmc.Text(_(NOT_MEASURED))])
    carriers = store.read("carriers", appeal_id=view.appeal_id)
    if carriers.is_empty():
        return dmc.Stack([title, dmc.Text(_(NO_SHARES))])
    told = carriers.row(0, named=True)
    listed = _listed(store, view)
    return dmc.Stack(
        [
            title,
            dmc.Text(_(LEAD), className="seen"),
            *([dmc.Text(_(WHOLE), c="dimmed", size="sm")] if view.is_filtered else []),
            html.Section([html.P(first(told, _first_name(store, told))), html.P(hidden(told))],
                         className="answer"),
            *_ranks(listed, told, view),
            *_groups(listed, view),
            *_concentration(carriers, view),
            *_removal(store, view),
            *_brokers(store, view),
        ],
        gap="lg",
    )  # fmt: skip


def register(app: Dash, store: Store) -> None:
    """Add nothing: the page answers by itself."""


def first(told: dict[str, Any], who: str | None) -> str:
    """Say who is first, or that nobody can be called so.

    Parameters
    ----------
    told
        The row of ``carriers``.
    who
        What the first account is called; None where none is first in 95 % of the draws.
    """
    if not told["could_be_first"]:
        return _(NO_CREDIT)
    if who is not None:
        said = _("{who} carried most: it is first in {chance} of the trees drawn.")
        return said.format(who=who, chance=percent(told["first_chance"]))
    said = ngettext(
        "There is no stable first: {n} account is first in some of the trees drawn, the likeliest "
        "in {chance} of them.",
        "There is no stable first: {n} accounts are each first in some of the trees drawn, the "
        "likeliest in {chance} of them.",
        told["could_be_first"],
    )
    return said.format(n=number(told["could_be_first"]), chance=percent(told["first_chance"]))


def hidden(told: dict[str, Any]) -> str:
    """Say of how many shares it is hidden whom they came from, and what that does to ranks."""
    if not told["hidden"]:
        said = _("Of all {n} shares it is known whom they came from, so ranks have no interval.")
        return said.format(n=number(told["shares"]))
    said = _("Of {hidden} of {n} shares the platform hides whom they came from.")
    words = said.format(hidden=number(told["hidden"]), n=number(told["shares"]))
    if told["unknown"]:
        more = _(
            "Of {unknown} of these nothing can be inferred: only the original's author is credited."
        )
        return f"{words} {more.format(unknown=number(told['unknown']))}"
    return f"{words} {_(DRAWN_ONLY)}"


def _first_name(store: Store, told: dict[str, Any]) -> str | None:
    if told["first_id"] is None:
        return None
    one = pl.DataFrame({"account_id": [told["first_id"]]})
    return str(named(store, one)["who"][0])


def _listed(store: Store, view: View) -> pl.DataFrame:
    """Return the accounts that are listed and kept by the filters, under the names they have."""
    rows = named(store, store.read("spreaders", appeal_id=view.appeal_id))
    return view.kept(rows).sort("rank", "account_id", nulls_last=True)


def _ranks(listed: pl.DataFrame, told: dict[str, Any], view: View) -> list[Component]:
    ranked = listed.drop_nulls("rank")
    if ranked.is_empty():
        return [dmc.Text(_(NO_CREDIT), c="dimmed")]
    drawn = ranked.head(DRAWN)
    return [
        figure_card(
            "carriers-ranks", ranks_figure(drawn, look=view.look),
            title=_("Ranks, and how sure they are"), said=_overlap(drawn, ranked.height, told),
            rows=ranked, columns=headers(_SPREADERS), how=_(HOW_RANKS),
        )
    ]  # fmt: skip


def _overlap(drawn: pl.DataFrame, all_: int, told: dict[str, Any]) -> str:
    """Say how many are shown, and how many of them could stand where the first stands."""
    reach = drawn["rank_hi"][0]
    rivals = drawn.filter(pl.col("rank_lo") <= reach).height - 1
    shown = _("Showing {n} of {all} accounts from whose shares something hangs.")
    words = shown.format(n=number(drawn.height), all=number(all_))
    if told["draws"] == 1 or not rivals:
        return words
    said = ngettext(
        "The bar of the uppermost is overlapped by that of {n} other.",
        "The bar of the uppermost is overlapped by those of {n} others.", rivals,
    )  # fmt: skip
    return f"{words} {said.format(n=number(rivals))}"


def _groups(listed: pl.DataFrame, view: View) -> list[Component]:
    if listed.is_empty():
        return []
    said = _(
        "{n} accounts by what they are, and private ones by their number of followers: how much "
        "hangs from what each passed on."
    ).format(n=number(listed.height))
    return [
        figure_card(
            "carriers-groups", groups_figure(listed, look=view.look),
            title=_("Large accounts and small ones"), said=said, rows=listed,
            columns=headers(_GROUPS), how=_(HOW_GROUPS),
        )
    ]  # fmt: skip


def _concentration(carriers: pl.DataFrame, view: View) -> list[Component]:
    told = carriers.row(0, named=True)
    if told["ten"] is None:
        return []
    said = _("Ten of {n} accounts hold {ten} of what was carried ({lo} to {hi} over trees drawn).")
    return [
        figure_card(
            "carriers-concentration", concentration_figure(carriers, look=view.look),
            title=_("On how few it rested"), rows=carriers, columns=headers(_CARRIERS),
            said=said.format(
                n=number(told["accounts"]), ten=percent(told["ten"]), lo=percent(told["ten_lo"]),
                hi=percent(told["ten_hi"]),
            ),
            how=_(HOW_CONCENTRATION),
        )
    ]  # fmt: skip


def _removal(store: Store, view: View) -> list[Component]:
    rows = store.read("removal", appeal_id=view.appeal_id)
    if rows.is_empty():
        return []
    order = [name for name in RANKING_NAMES if name in set(rows["ranking"])]
    ordered = rows.sort(pl.col("ranking").replace_strict(order, range(len(order))), "accounts")
    by_credit = ordered.filter(ranking="credit")
    cards = [_bounds(by_credit, view)] if by_credit.height else []
    left = ordered.drop_nulls("static")
    return [*cards, *([_rankings(left, view)] if left.height else [])]


def _bounds(rows: pl.DataFrame, view: View) -> Component:
    told = rows.filter(pl.col("accounts") <= TAKEN).tail(1).row(0, named=True)
    said = ngettext(
        "Without the {n} account that carried most, between {own} and {tree} of all shares would "
        "be missing.",
        "Without the {n} accounts that carried most, between {own} and {tree} of all shares would "
        "be missing.",
        told["accounts"],
    )
    return figure_card(
        "carriers-removal", removal_figure(rows, look=view.look),
        title=_("What would be missing without them"), rows=rows, columns=headers(_REMOVAL),
        said=said.format(
            n=number(told["accounts"]), own=percent(told["own"], places=1),
            tree=percent(told["tree"], places=1),
        ),
        how=_(HOW_REMOVAL),
    )  # fmt: skip


def _rankings(rows: pl.DataFrame, view: View) -> Component:
    said = _("The lower a curve, the more of what was shared is of the accounts taken away.")
    return figure_card(
        "carriers-rankings", rankings_figure(rows, look=view.look),
        title=_("What is left without the first of each ranking"), said=said, rows=rows,
        columns=headers(_REMOVAL), how=_(HOW_RANKINGS),
    )  # fmt: skip


def _brokers(store: Store, view: View) -> list[Component]:
    rows = view.kept(named(store, store.read("brokers", appeal_id=view.appeal_id)))
    if rows.is_empty():
        return [dmc.Text(_(NO_BROKERS), c="dimmed")]
    ordered = rows.sort("across", "credit", "account_id", descending=[False, True, False])
    drawn = ordered.group_by("across", maintain_order=True).head(ACROSS)
    said = _("Showing {n} of {all} accounts whose posts were passed on across a border.")
    borders = {across: _(title) for across, title in BORDERS.items()}
    return [
        figure_card(
            "carriers-brokers", brokers_figure(drawn, borders, look=view.look),
            title=_("Who carried it over borders"), rows=ordered, columns=headers(_BROKERS),
            said=said.format(n=number(drawn.height), all=number(ordered.height)),
            how=_(HOW_BROKERS),
        )
    ]  # fmt: skip
