"""The page Compare: one appeal beside the others of the store, at equal age and equal size."""

from typing import Any

import dash_mantine_components as dmc
import polars as pl
from dash import Dash, html
from dash.development.base_component import Component

from analytics.store import Store
from dashboards.cards import figure_card
from dashboards.figures.compare import (
    MEASURES,
    courses_figure,
    equal_size_figure,
    sizes_figure,
    standing_figure,
    waiting_figure,
)
from dashboards.figures.survival import survival_figure
from dashboards.i18n import N_, _, ngettext, number, percent
from dashboards.sheet import headers
from dashboards.theme import platform_name
from dashboards.view import View

PANELS = 12  # appeals beside each other
WAITING = 30  # appeals that have a row of their own
DOTS = 1_500  # cascades of other appeals that are drawn, the largest
OWN = 500  # and of this one
FEWEST = 3  # posts of a cascade that is compared

ALONE = N_(
    "This store holds one appeal: there is nothing to compare it with. Import others beside it, "
    "failures included, or a register, then measure again."
)
NOT_MEASURED = N_(
    "Nothing has been measured yet. Import posts or responses, then run “groundswell measure” on "
    "the store."
)
WHOLE = N_("Appeals are compared as a whole: the filters do not change these numbers.")
SUCCEEDED = N_(
    "Appeals that were found because they succeeded bias everything on this page: those that "
    "nobody heard of are missing, and nothing computed can mend that."
)
GROWN = {"posts": N_("Posts held, at equal age"), "signatures": N_("Signatures, at equal age")}
SELECTED: dict[str | None, str] = {
    "census": N_("All {n} appeals of this kind say that their register is held whole."),
    "sample": N_("{n} appeals are a sample of their register."),
    "chosen": N_("{n} appeals were chosen by somebody: no share here speaks of others."),
    "found_by_outcome": N_("{n} appeals were found because of what became of them."),
    None: N_("Of {n} appeals nobody says how they came to be in this store."),
}
NO_COURSE = N_(
    "No growth is told of this appeal: that needs dated posts, or signatures shown at several "
    "times, beside another appeal that has them."
)
NO_MATCH = N_(
    "No cascade of this appeal of three posts or more, whose shape is known, is on a platform "
    "where another appeal has one: shapes cannot be compared at equal size."
)
NO_CURVE = N_(
    "A curve of waiting needs ten appeals of one register or more; {n} of this one counted here."
)
NO_WAIT = N_(
    "Until when responses were looked for is not known of these appeals (outcome_known_until), so "
    "that no wait is told."
)
HOW_COURSES = N_(
    "Counted at the same ages for all: 1, 2, 5, 10, 20, 50, … hours after publication, or after "
    "the first post held where publication is not declared. Both axes go by powers of ten. A line "
    "ends where the appeal was last watched: nothing is known of what came after. More posts held "
    "can mean that more was collected."
)
HOW_SIZES = N_(
    "Larger cascades are deeper and more viral whatever spread them (Juul and Ugander 2021): "
    "compare only what stands above the same size. Where a platform names only the original, "
    "parents are drawn a hundred times and more by the calibrated model: the dot is the median, "
    "the line runs from the 5 % to the 95 % point."
)
HOW_EQUAL = N_(
    "Cascades of this appeal are held against those of all others with exactly as many posts, on "
    "one platform, shapes known in one way. Each size weighs as the pairs that it makes; equal "
    "values count half (Mann and Whitney 1947). Grey: 95 % of what comes out when the same "
    "cascades are dealt out anew within each size. The thin line: every inferred shape of this "
    "appeal at one end of its band and all others at the other end; what holds along all of it "
    "rests on no inference. Below ten pairs nothing is told. The table has the test of Juul and "
    "Ugander (2021), Kolmogorov and Smirnov's D over random pairings, and the rate of false "
    "discoveries over all comparisons of the store. Cascades share accounts, which no test here "
    "knows."
)
HOW_WAITS = N_(
    "From publication to the first response of an authority at any rung of the ladder; where it "
    "has not come, to when it was last looked for: that is when somebody looked, not when the "
    "appeal failed. Appeals of which nobody says until when responses were looked for are left out."
)
HOW_SURVIVAL = N_(
    "Kaplan and Meier's estimate, or Turnbull's where dates are wide, with its 95 % band. Ticks: "
    "appeals that were last looked at then. It takes for granted that appeals looked at for less "
    "long would have waited like the others."
)
HOW_STANDING = N_(
    "Signatures as they were shown, by one and the same counter of the register; where it was "
    "shown more than once, the newest number. Whether a response came is told by the record of "
    "responses. That the most signed were answered more often does not say why they were."
)
_COURSES = {
    "title": N_("Appeal"), "hours": N_("Hours"), "count": N_("Held by then"),
    "until": N_("Watched until"), "clock_basis": N_("Age starts at"),
}  # fmt: skip
_EQUAL = {
    "platform": N_("Platform"), "method": N_("Shapes"), "measure": N_("Measure"),
    "cascades": N_("Cascades"), "others": N_("Of others"), "appeals": N_("Other appeals"),
    "pairs": N_("Pairs"), "left_out": N_("Left out"), "larger": N_("Larger so often"),
    "chance_lo": N_("By chance, least"), "chance_hi": N_("By chance, most"),
    "larger_least": N_("Inference allows, least"), "larger_most": N_("Inference allows, most"),
    "unmatched": N_("Size left out of account"), "d": N_("D, median"), "p": N_("p, median"),
    "q": N_("False discovery rate"), "note": N_("To mind"),
}  # fmt: skip
_SIZES = {
    "root_id": N_("Cascade"), "size": N_("Posts"), "method": N_("Shape"),
    "depth_lo": N_("Depth, 5 %"), "depth": N_("Depth"), "depth_hi": N_("Depth, 95 %"),
    "virality_lo": N_("Virality, 5 %"), "virality": N_("Virality"),
    "virality_hi": N_("Virality, 95 %"),
}  # fmt: skip
_WAITS = {
    "title": N_("Appeal"), "is_ended": N_("A response came"), "lo_days": N_("Days, least"),
    "hi_days": N_("Days, most"), "clock_basis": N_("Counted from"), "note": N_("To mind"),
}  # fmt: skip
_SURVIVAL = {
    "register": N_("Register"), "day": N_("Day"), "at_risk": N_("At risk"),
    "waiting": N_("Still waiting"), "waiting_lo": N_("2.5 % point"),
    "waiting_hi": N_("97.5 % point"), "note": N_("To mind"),
}  # fmt: skip
_STANDING = {
    "title": N_("Appeal"), "value": N_("Signatures shown"), "is_ended": N_("A response came"),
}  # fmt: skip


def layout(store: Store, view: View) -> Component:
    """Return the page: one appeal in front, the others behind it."""
    heading = dmc.Title(_("Compare"), order=1)
    appeals = store.read("appeals")
    if appeals.height < 2:  # noqa: PLR2004 - nothing to compare with
        return dmc.Stack([heading, dmc.Text(_(ALONE))])
    if store.read("summary").is_empty():
        return dmc.Stack([heading, _warning(appeals), dmc.Text(_(NOT_MEASURED))])
    titled = appeals.select("appeal_id", "register", title=pl.coalesce("title", "appeal_id"))
    return dmc.Stack(
        [
            heading,
            _warning(appeals),
            *([dmc.Text(_(WHOLE), c="dimmed", size="sm")] if view.is_filtered else []),
            *_courses(store, view, titled),
            *_shapes(store, view),
            *_waits(store, view, titled),
            *_standing(store, view, titled),
        ],
        gap="lg",
    )


def register(app: Dash, store: Store) -> None:
    """Add nothing: the page answers by itself."""


def _warning(appeals: pl.DataFrame) -> Component:
    """Say how the appeals came to be here, and what that does to every number."""
    kinds = appeals["selection"].value_counts().sort("count", descending=True)
    said = " ".join(_(SELECTED[kind]).format(n=number(many)) for kind, many in kinds.iter_rows())
    if {*appeals["selection"]} == {"census"}:
        return html.Aside(said, className="said seen")
    return html.Aside([html.Strong(_(SUCCEEDED)), f" {said}"], className="said seen")


def _courses(store: Store, view: View, titled: pl.DataFrame) -> list[Component]:
    """Return growth at equal age, a card for posts and one for signatures."""
    courses = store.read("courses").filter(pl.len().over("appeal_id", "what") > 1)
    cards = [
        card
        for what in ("posts", "signatures")
        for card in _course(courses.filter(what=what), what, view, titled)
    ]
    return cards or [dmc.Text(_(NO_COURSE))]


def _course(rows: pl.DataFrame, what: str, view: View, titled: pl.DataFrame) -> list[Component]:
    """Return the panels, this appeal's first; nothing where there is none to compare."""
    most = rows.sort("count", "appeal_id", descending=[True, False])
    held = most["appeal_id"].unique(maintain_order=True).to_list()
    if view.appeal_id not in held or len(held) < 2:  # noqa: PLR2004 - nothing to compare
        return []
    shown = [*dict.fromkeys([view.appeal_id, *held])][:PANELS]
    called = dict(titled.select("appeal_id", "title").iter_rows())
    names = {name: called.get(name, name) for name in shown}
    drawn = rows.filter(pl.col("appeal_id").is_in(shown))
    told = drawn.join(titled, on="appeal_id", how="left").sort("appeal_id", "hours")
    return [
        figure_card(
            f"compare-growth-{what}",
            courses_figure(drawn, names, chosen=view.appeal_id, look=view.look),
            title=_(GROWN[what]), said=_showing(len(shown), len(held)), rows=told,
            columns=headers(_COURSES), how=_(HOW_COURSES), wide=True,
        )
    ]  # fmt: skip


def _showing(shown: int, held: int) -> str:
    said = _("Each panel is one appeal, the others stand behind it in grey. Showing {n} of {all}.")
    return said.format(n=number(shown), all=number(held))


def _shapes(store: Store, view: View) -> list[Component]:
    """Return shapes at equal size: how often larger than others', and every cascade."""
    found = store.read("equal_size", appeal_id=view.appeal_id).sort("platform", "method", "measure")
    if found.is_empty():
        return [dmc.Text(_(NO_MATCH))]
    told = found.drop_nulls("larger")
    card = figure_card(
        "compare-equal-size", equal_size_figure(told, look=view.look),
        title=_("Shapes at equal size, against chance"), said=_alike(found), rows=found,
        columns=headers(_EQUAL), how=_(HOW_EQUAL),
    )  # fmt: skip
    return [*([card] if told.height else [dmc.Text(_alike(found))]), *_sizes(store, view, found)]


def _alike(found: pl.DataFrame) -> str:
    """Say which shapes differ at equal size by more than chance, in words of how often."""
    told = found.drop_nulls("larger")
    if told.is_empty():
        few = _(
            "Fewer than ten cascades of this appeal have a cascade of equal size elsewhere: {n}."
        )
        return few.format(n=number(found["pairs"].max()))  # type: ignore[arg-type]
    apart = told.filter(~pl.col("larger").is_between("chance_lo", "chance_hi"))
    said = [
        _("Comparisons at equal size that lie outside what chance does: {n} of {all}; chance alone "
          "puts one in twenty there.").format(n=number(apart.height), all=number(told.height)),
        *(_apart(row) for row in apart.to_dicts()),
    ]  # fmt: skip
    open_ = pl.col("larger_least").lt(0.5) & pl.col("larger_most").gt(0.5)
    if not told.filter(open_).is_empty():
        said.append(_("Where the thin line crosses the middle, inference allows either side."))
    return " ".join(said)


def _apart(row: dict[str, Any]) -> str:
    said = _(
        "{platform}: this appeal's is {measure} in {share} of pairs, where chance has {low} to "
        "{high}."
    )
    return said.format(
        platform=platform_name(row["platform"]), measure=_(MEASURES[row["measure"]]),
        share=percent(row["larger"]), low=percent(row["chance_lo"]),
        high=percent(row["chance_hi"]),
    )  # fmt: skip


def _sizes(store: Store, view: View, found: pl.DataFrame) -> list[Component]:
    """Return every cascade by its size, of the platform and method with most pairs."""
    first = found.sort("pairs", descending=True).row(0, named=True)
    cascades = store.read("cascades", columns=["appeal_id", "platform", *_SIZES])
    alike = cascades.filter(
        pl.col("size") >= FEWEST, platform=first["platform"], method=first["method"]
    )
    ordered = alike.sort("size", "root_id", descending=[True, False])
    is_own = pl.col("appeal_id") == view.appeal_id
    own, others = ordered.filter(is_own), ordered.filter(~is_own)
    said = _(
        "{platform}. Only what stands above the same size can be compared. Showing {n} of {all} "
        "cascades of this appeal, {m} of {rest} of others, the largest."
    ).format(
        platform=platform_name(first["platform"]), n=number(min(OWN, own.height)),
        all=number(own.height), m=number(min(DOTS, others.height)), rest=number(others.height),
    )  # fmt: skip
    titles = {"depth": _("Depth by size"), "virality": _("Virality by size")}
    return [
        figure_card(
            f"compare-size-{measure}",
            sizes_figure(own.head(OWN), others.head(DOTS), measure, look=view.look),
            title=title, said=said, rows=own.head(OWN), columns=headers(_SIZES), how=_(HOW_SIZES),
        )
        for measure, title in titles.items()
    ]  # fmt: skip


def _waits(store: Store, view: View, titled: pl.DataFrame) -> list[Component]:
    """Return who still waits for a response: each appeal, or the curve of the register."""
    waits = store.read("waits").filter(ending="rung_1").join(titled, on="appeal_id", how="left")
    told = waits.filter(pl.col("is_counted"), pl.col("is_ended").is_not_null())
    if told.is_empty():
        return [dmc.Text(_(NO_WAIT))]
    if told.height > WAITING:
        return _curve(store, view, titled, told)
    rows = told.sort("is_ended", "lo_days", "appeal_id", descending=[True, False, False])
    called = dict(titled.select("appeal_id", "title").iter_rows())
    return [
        figure_card(
            "compare-waits",
            waiting_figure(rows, called, chosen=view.appeal_id, look=view.look),
            title=_("Waiting for a response"), said=_answered(told, waits.height), rows=rows,
            columns=headers(_WAITS), how=_(HOW_WAITS),
        )
    ]  # fmt: skip


def _answered(told: pl.DataFrame, held: int) -> str:
    ended = told.filter("is_ended").height
    return ngettext(
        "A response had come to {ended} of {n} appeal that was watched; {left} of {all} left out.",
        "A response had come to {ended} of {n} appeals that were watched; {left} of {all} left "
        "out.",
        told.height,
    ).format(
        ended=number(ended), n=number(told.height), left=number(held - told.height),
        all=number(held),
    )  # fmt: skip


def _curve(store: Store, view: View, titled: pl.DataFrame, told: pl.DataFrame) -> list[Component]:
    whose = titled.filter(appeal_id=view.appeal_id)["register"].to_list()
    rows = store.read("survival").filter(pl.col("ending") == "rung_1")
    own = rows.filter(pl.col("register").is_in(whose, nulls_equal=True))
    waits = told.filter(pl.col("register").is_in(whose, nulls_equal=True))
    if own.drop_nulls("day").is_empty():
        return [dmc.Text(_(NO_CURVE).format(n=number(waits.height)))]
    return [
        figure_card(
            "compare-survival",
            survival_figure(own, ending=_("a first response"), look=view.look),
            title=_("Waiting for a response"), said=_own_wait(waits, view), rows=own,
            columns=headers(_SURVIVAL), how=_(HOW_SURVIVAL),
        )
    ]  # fmt: skip


def _own_wait(waits: pl.DataFrame, view: View) -> str:
    """Say how long this appeal waited, among how many."""
    among = _("{ended} of {n} appeals of this register that were watched had a response.").format(
        ended=number(waits.filter("is_ended").height), n=number(waits.height)
    )
    own = waits.filter(appeal_id=view.appeal_id)
    if own.is_empty():
        return f"{among} {_('This appeal is not among them: no wait is told of it.')}"
    row: dict[str, Any] = own.row(0, named=True)
    if row["is_ended"]:
        said = _("To this one, a response came within {days} days.")
        return f"{among} {said.format(days=number(row['hi_days'], places=1))}"
    said = _("This one still waited when it was last looked at, {days} days after publication.")
    return f"{among} {said.format(days=number(row['lo_days']))}"


def _standing(store: Store, view: View, titled: pl.DataFrame) -> list[Component]:
    """Return where the appeal stands by signatures, among those counted in the same way."""
    columns = ["appeal_id", "metric", "definition", "at", "value"]
    shown = store.read("counter_history", columns=columns).filter(metric="signatures")
    newest = shown.sort("at", nulls_last=False).unique(
        ["appeal_id", "definition"], keep="last", maintain_order=True
    )
    counted = newest.with_columns(alike=pl.len().over("definition"))
    own = counted.filter(appeal_id=view.appeal_id).sort("alike", "definition", descending=True)
    alike = newest.filter(pl.col("definition").is_in(own["definition"].head(1).to_list()))
    if alike.height < 2:  # noqa: PLR2004 - nothing to stand beside
        return []
    ended = store.read("waits").filter(ending="rung_1").select("appeal_id", "is_ended")
    rows = alike.join(ended, on="appeal_id", how="left").join(titled, on="appeal_id", how="left")
    said = _("{n} appeals by the same counter; this one has {value} signatures.")
    return [
        figure_card(
            "compare-standing", standing_figure(rows, chosen=view.appeal_id, look=view.look),
            title=_("Signatures, and who had a response"),
            said=said.format(n=number(alike.height), value=number(own["value"][0])),
            rows=rows.sort("value", descending=True), columns=headers(_STANDING),
            how=_(HOW_STANDING),
        )
    ]  # fmt: skip
