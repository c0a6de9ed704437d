"""The page Communities and languages: who shared whom, and whether that falls into parts."""

from collections.abc import Callable
from typing import Any

import dash_mantine_components as dmc
import polars as pl
from dash import Dash
from dash.development.base_component import Component

from analytics.store import Store
from analytics.tables import TRAITS
from dashboards.cards import figure_card
from dashboards.figures.communities import (
    communities_figure,
    homophily_figure,
    mixing_figure,
    partition_figure,
    parts_figure,
)
from dashboards.figures.labels import short
from dashboards.filters import ROLE_NAMES, language_name
from dashboards.i18n import N_, _, ngettext, noted, number, percent
from dashboards.sheet import headers
from dashboards.theme import platform_name
from dashboards.view import View

LARGEST = 12  # communities that are drawn
COLOURED = 6  # values of a trait that have a colour of their own
CELLS = 8  # values of a trait in the grid of who shared whom
AUDIENCE = 0.8  # from here on a community is said to be an audience

TRAIT_NAMES = {"platform": N_("Platform"), "language": N_("Language"), "role": N_("Role")}
MIX_TITLES = {
    "platform": N_("Platforms in each community"), "language": N_("Languages in each community"),
    "role": N_("Roles in each community"),
}  # fmt: skip
MIXING_TITLES = {
    "platform": N_("Who shared whom, by platform"),
    "language": N_("Who shared whom, by language"), "role": N_("Who shared whom, by role"),
}  # fmt: skip

NOT_MEASURED = N_(
    "Nothing has been measured for this appeal. Import posts, then run “groundswell measure” on "
    "the store."
)
NO_SHARES = N_("No share is held of which it is known who was shared, so there are no communities.")
NO_LANGUAGES = N_("No post is held here, so there are no languages to tell.")
WHOLE = N_(
    "These numbers are of the whole appeal: filters of time, language and role do not change them."
)
LEAD = N_(
    "Accounts that shared each other more than others make a community. It is told from who shared "
    "whom alone; nobody has asked these accounts what they think they belong to."
)
HOW_PARTED = N_(
    "The Leiden algorithm parts the graph of who shared whom so that modularity is high "
    "(Traag, Waltman and van Eck 2019): the weight of ties inside communities, less what their "
    "ties would give by chance. Grey: one run each on graphs in which the ends of ties were "
    "swapped, so that every account keeps as many. Even such graphs have a high modularity where "
    "they are sparse: only what lies to the right of the grey says something."
)
HOW_COMMUNITIES = N_(
    "Inside: shares from one account of the community to another, divided by all shares that it "
    "takes part in. Of one account: the part of the shares inside that is of one single account. "
    "Where a platform names only the original, everybody who shared it is tied to its author, "
    "although they may have met it anywhere."
)
HOW_MIX = N_(
    "Accounts of each community, counted by what is known of them; what is not known is hatched "
    "and counted too. The language is that of most of an account's posts."
)
HOW_MIXING = N_(
    "The number in a cell counts pairs of accounts of which one shared the other. Its colour "
    "compares that with what it would be were the values dealt out anew among all accounts: "
    "links, times the share of all pairs that these values make. A cell in which fewer than "
    "five are expected has no colour, because a ratio would say nothing."
)
HOW_HOMOPHILY = N_(
    "The E-I index (Krackhardt and Stern 1988): pairs of accounts unlike each other less pairs "
    "that are alike, divided by all of which both are known. The tick is the same were the values "
    "dealt out anew among these accounts. Why like shares like is not told by it: they may have "
    "chosen each other, or have met the same post."
)
HOW_LANGUAGES = N_(
    "A post's language is told by its words, else by the platform, else by the post that it passes "
    "on. Short posts, and Kazakh typed without its own letters, often tell none: shares of known "
    "languages lean towards those who write at length."
)
_COMMUNITIES = {
    "community": N_("Number"), "accounts": N_("Accounts"), "inside": N_("Shares inside"),
    "across": N_("Shares across"), "inside_share": N_("Part inside"),
    "top_share": N_("Part of one account"), "attributed": N_("Part that names only the original"),
    "platform": N_("Platform of most"), "language": N_("Language of most"),
    "language_known": N_("Accounts with a known language"), "role": N_("Role of most"),
    "role_known": N_("Accounts with a known role"),
}  # fmt: skip
_PARTITION = {
    "modularity": N_("Modularity, best run"), "first_modularity": N_("Modularity, first run"),
    "chance_lo": N_("By chance, least"), "chance": N_("By chance, mean"),
    "chance_hi": N_("By chance, most"), "rewired": N_("Graphs of chance"), "p": N_("p"),
    "stability": N_("Agreement of two runs"), "communities": N_("Communities"),
    "component": N_("Accounts in the largest connected part"), "accounts": N_("Accounts in all"),
}  # fmt: skip
_MIX = {"community": N_("Community"), "value": N_("Value"), "accounts": N_("Accounts")}
_MIXING = {
    "source": N_("Who was shared"), "target": N_("Who shared"), "links": N_("Links"),
    "expected": N_("Expected"), "ratio": N_("Links by expected"), "shares": N_("Shares"),
}  # fmt: skip
_HOMOPHILY = {
    "by": N_("Trait"), "pairs": N_("Pairs"), "known": N_("Both known"),
    "external": N_("Of two kinds"), "ei": N_("E-I index"), "ei_expected": N_("Dealt out anew"),
    "assortativity": N_("Assortativity"),
}  # fmt: skip
_LANGUAGES = {
    "platform": N_("Platform"), "lang": N_("Language"), "posts": N_("Posts"),
    "share": N_("Part of all posts"), "accounts": N_("Accounts"),
    "detected": N_("Told by the words"), "by_platform": N_("Told by the platform"),
    "by_original": N_("Told by what they pass on"),
}  # fmt: skip


def layout(store: Store, view: View) -> Component:
    """Return the page for one appeal."""
    title = dmc.Title(_("Communities and languages"), order=1)
    if store.read("summary", appeal_id=view.appeal_id).is_empty():
        return dmc.Stack([title, dmc.Text(_(NOT_MEASURED))])
    return dmc.Stack(
        [
            title,
            dmc.Text(_(LEAD), className="seen"),
            *([dmc.Text(_(WHOLE), c="dimmed", size="sm")] if view.is_filtered else []),
            *_parted(store, view),
            *_mixed(store, view),
            *_spoken(store, view),
        ],
        gap="lg",
    )


def register(app: Dash, store: Store) -> None:
    """Add nothing: the page answers by itself."""


def _parted(store: Store, view: View) -> list[Component]:
    """Return how firm the communities are, how large, and of whom; or why none are told."""
    partition = store.read("partitions", appeal_id=view.appeal_id)
    if partition.is_empty():
        return [dmc.Text(_(NO_SHARES))]
    told = partition.row(0, named=True)
    if told["communities"] is None:
        said = _("No communities are told: {why}.").format(why=noted(told["note"]))
        return [dmc.Text(said)]
    communities = store.read("communities", appeal_id=view.appeal_id).sort("community")
    mix = store.read("community_mix", appeal_id=view.appeal_id)
    drawn = communities.head(LARGEST)
    return [
        figure_card(
            "communities-firm", partition_figure(partition, look=view.look),
            title=_("How firm are the communities?"), said=_firm(told), rows=partition,
            columns=headers(_PARTITION), how=_(HOW_PARTED),
        ),
        figure_card(
            "communities-sizes", communities_figure(drawn, look=view.look),
            title=_("Groups, or audiences of one account?"), said=_audiences(communities),
            rows=communities, columns=headers(_COMMUNITIES), how=_(HOW_COMMUNITIES),
        ),
        *(card for by in ("language", "platform", "role") for card in _mix(mix, drawn, by, view)),
    ]  # fmt: skip


def _firm(told: dict[str, Any]) -> str:
    """Say how many communities there are, and whether chance has them too."""
    many = ngettext(
        "{n} community among {accounts} accounts.", "{n} communities among {accounts} accounts.",
        told["communities"],
    ).format(n=number(told["communities"]), accounts=number(told["component"]))  # fmt: skip
    agree = _("Two runs agree by {agreement} of 1; below 0.8, no single one should be named.")
    apart = told["first_modularity"] > told["chance_hi"]
    chance = (
        _("The graph falls apart more than every graph of chance that was drawn ({n}).")
        if apart
        else _("Graphs of chance fall apart as much ({n} drawn): these parts say nothing.")
    ).format(n=number(told["rewired"]))
    return f"{many} {chance} {agree.format(agreement=number(told['stability'], places=2))}"


def _audiences(communities: pl.DataFrame) -> str:
    """Say how many communities are audiences of one account, and how many are drawn."""
    alone = communities.filter(pl.col("top_share") >= AUDIENCE).height
    said = ngettext(
        "In {n} of {all} communities, {part} or more of the shares are of one single account: that "
        "is an audience, and its members need not know of each other.",
        "In {n} of {all} communities, {part} or more of the shares are of one single account: "
        "those are audiences, and their members need not know of each other.",
        alone,
    ).format(n=number(alone), all=number(communities.height), part=percent(AUDIENCE))
    return f"{said} {_showing(communities.height)}"


def _showing(held: int) -> str:
    said = _("Showing the largest {n} of {all}.")
    return said.format(n=number(min(LARGEST, held)), all=number(held))


def _mix(mix: pl.DataFrame, drawn: pl.DataFrame, by: str, view: View) -> list[Component]:
    """Return of whom the communities are, by one trait; nothing where all are alike or unknown."""
    own = mix.filter(by=by).sort("accounts", descending=True, maintain_order=True)
    values = own["value"].drop_nulls().unique(maintain_order=True).to_list()
    if len(values) < 2:  # noqa: PLR2004 - nothing to tell apart
        return []
    rows = [
        (told["community"], _people(told["accounts"]))
        for told in drawn.select("community", "accounts").to_dicts()
    ]
    figure = parts_figure(
        own, row="community", value="value", size="accounts", rows=rows, values=values[:COLOURED],
        named=_namer(by), coloured=view.look.platform if by == "platform" else None,
        look=view.look,
    )  # fmt: skip
    said = _("Each bar is one community, the largest on top; hatched is what is not known.")
    return [
        figure_card(
            f"communities-mix-{by}", figure, title=_(MIX_TITLES[by]),
            said=f"{said} {_showing(mix['community'].n_unique())}",
            rows=own.sort("community", maintain_order=True), columns=headers(_MIX), how=_(HOW_MIX),
        )
    ]  # fmt: skip


def _people(accounts: int) -> str:
    return ngettext("{n} account", "{n} accounts", accounts).format(n=number(accounts))


def _mixed(store: Store, view: View) -> list[Component]:
    """Return whether like share like: the index of each trait, and the grids behind it."""
    homophily = store.read("homophily", appeal_id=view.appeal_id)
    told = homophily.filter(pl.col("ei").is_not_null(), pl.col("ei_expected") > -1).sort("by")
    mixing = store.read("mixing", appeal_id=view.appeal_id)
    if told.is_empty():
        return []
    card = figure_card(
        "communities-homophily",
        homophily_figure(told, named=lambda by: _(TRAIT_NAMES[by]), look=view.look),
        title=_("Do like share like?"), said=_likes(told), rows=homophily,
        columns=headers(_HOMOPHILY), how=_(HOW_HOMOPHILY),
    )  # fmt: skip
    grids = [_grid(mixing.filter(by=by), by, view) for by in TRAITS if by in {*told["by"]}]
    return [card, *grids]


def _likes(told: pl.DataFrame) -> str:
    """Say of each trait whether accounts share their own kind more than if dealt out anew."""
    more = _("{trait}: accounts share their own kind more than if values were dealt out anew.")
    less = _("{trait}: accounts share other kinds more than if values were dealt out anew.")
    return " ".join(
        (more if found < expected else less).format(trait=_(TRAIT_NAMES[by]))
        for by, found, expected in told.select("by", "ei", "ei_expected").iter_rows()
    )


def _grid(mixing: pl.DataFrame, by: str, view: View) -> Component:
    most = mixing.sort("links", "source", descending=[True, False], nulls_last=True)
    values = [*dict.fromkeys([*most["source"], *most["target"]])]
    shown = sorted(values[:CELLS], key=lambda value: value is None)  # what is not known is last
    said = _(
        "Green: shared more often than if dealt out anew; red: less often. Showing {n} of {all} "
        "values, the commonest."
    ).format(n=number(len(shown)), all=number(len(values)))
    return figure_card(
        f"communities-mixing-{by}",
        mixing_figure(mixing, values=shown, named=_namer(by), look=view.look),
        title=_(MIXING_TITLES[by]), said=said, rows=most, columns=headers(_MIXING),
        how=_(HOW_MIXING), wide=True,
    )  # fmt: skip


def _spoken(store: Store, view: View) -> list[Component]:
    """Return how much of what is held is in which language, platform by platform."""
    held = store.read("languages", appeal_id=view.appeal_id)
    rows = held.filter(pl.col("platform").is_in(list(view.platforms))) if view.platforms else held
    if rows.is_empty():
        return [dmc.Text(_(NO_LANGUAGES))]
    most = rows.sort("posts", "lang", descending=[True, False], nulls_last=True)
    spoken = most["lang"].drop_nulls().unique(maintain_order=True).to_list()
    known = [lang for lang in spoken if lang != "und"][:COLOURED]
    platforms = most["platform"].unique(maintain_order=True).to_list()
    figure = parts_figure(
        rows, row="platform", value="lang", size="posts", values=known,
        rows=[(name, platform_name(name)) for name in platforms],
        named=_namer("language"), look=view.look,
    )  # fmt: skip
    return [
        figure_card(
            "communities-languages", figure, title=_("Languages of the posts held"),
            said=_spread(most), rows=most, columns=headers(_LANGUAGES), how=_(HOW_LANGUAGES),
        )
    ]  # fmt: skip


def _spread(most: pl.DataFrame) -> str:
    """Say what most posts are in on each platform."""
    first = most.drop_nulls("share_of_known").unique("platform", keep="first", maintain_order=True)
    said = _("{platform}: {share} of the posts held are in {language}.")
    return " ".join(
        said.format(
            platform=platform_name(row["platform"]),
            share=percent(row["share"]),
            language=short(language_name(row["lang"])),
        )
        for row in first.to_dicts()
    ) or _("No post tells its language.")


def _namer(by: str) -> Callable[[str | None], str]:
    """Return how values of a trait are called."""

    def named(value: str | None) -> str:
        if value is None:
            return _("not known")
        if by == "language":
            return language_name(value)
        return platform_name(value) if by == "platform" else _(ROLE_NAMES.get(value, value))

    return named
