"""The page Reach: a ledger of what is known of how far it went, and nothing added up.

How many people saw an appeal is not known. What is known stands in lines that each stand alone, a
platform at a time (docs/decisions/0017).
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import dash_mantine_components as dmc
import polars as pl
from dash import Dash, html
from dash.development.base_component import Component

from analytics.store import Store
from dashboards import ledger
from dashboards.cards import figure_card
from dashboards.figures.labels import plain
from dashboards.figures.reach import (
    accounts_figure,
    coverage_figure,
    decay_figure,
    forecast_figure,
    interval_figure,
    overlaps_figure,
    pace_figure,
    tried_figure,
    views_figure,
)
from dashboards.i18n import N_, _, day, ngettext, number, period
from dashboards.sheet import headers
from dashboards.theme import platform_name
from dashboards.view import View

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURLY = timedelta(days=6)  # shorter stretches are drawn by the hour
LOOKED_BACK = 6.0  # hours of age at which forecasts of finished cascades are shown
MOST = 20  # cascades whose forecast is drawn

NOT_MEASURED = N_(
    "Nothing has been measured for this appeal. Import posts, then run “groundswell measure” on "
    "the store."
)
LEAD = N_(
    "How many people saw it is not known, by anybody. What is known stands below, line by line, "
    "each with what it takes for granted. No line is added to another: one person can hold several "
    "accounts, and every platform counts in its own way."
)
LEDGER = N_("Counted from the first post held up to the end of what is shown.")
WHOLE = N_(
    "A window of time changes the ledger and the pictures over time. Half-lives, forecasts and "
    "coverage are of the whole time, and no number on this page is kept by language or by role."
)
NO_TIMES = N_("Nothing that is held carries a time, so there is no picture over time.")
NO_VIEWS = N_("No platform's own count of views is held with its time.")
NO_BOUNDS = N_("No carrier's number of followers is known with a time, so there is no interval.")
NO_PACE = N_("Too few posts carry a time to tell where the pace changed.")
NO_DECAY = N_("No half-life is told: fewer than 12 bins or 50 posts follow the busiest one.")
NO_FORECAST = N_("Nothing that goes on is large enough to be forecast.")
NO_LISTS = N_("No list of followers is held, so distinct followers cannot be counted.")
HOW_ACCOUNTS = N_(
    "Distinct accounts with a post held by then: a floor, since what is not held is not counted. "
    "The shaded part wrote an original or an article, or passed one on; the others answered. There "
    "is a row where each twentieth of the posts held had been made. Table: reach."
)
HOW_INTERVAL = N_(
    "Fréchet's bounds of a union: the least is the largest number of followers of one carrier, the "
    "most is all of them added, or the stated number of accounts on the platform where that is "
    "less. Both hold whatever the overlap. Where one carrier's number is hidden there is no upper "
    "end, and the hatched part goes on. Numbers of followers are those seen nearest to an "
    "account's first post. It is no count of people, nor of anybody who saw a post. Table: reach."
)
HOW_VIEWS = N_(
    "For each post the newest number that the platform had shown by then, added over the posts "
    "held, never over platforms or definitions. One account can count many times. Where a platform "
    "changed what it counts, the line is cut. Table: views."
)
HOW_PACE = N_(
    "The shortest stretch that holds 95% of the posts is cut where that lowers its Poisson "
    "deviance by more than a penalty of two log n "
    "for each change, with deviance divided by how unruly the series is (optimal partition, "
    "Killick, Fearnhead and Eckley 2012). Blue bars: where a change can lie, from series drawn "
    "anew, 5% to 95%. Diamonds: bins that stand out more than chance would give once in twenty "
    "series. Bars are posts an hour of each hour or day. A stretch describes counts; what began it "
    "is not told. Tables: timeline, phases, peaks."
)
HOW_DECAY = N_(
    "Three laws, fitted by Poisson likelihood to the bins from the busiest on until the pace rises "
    "again; the size of a dot is the law's Akaike weight among the three, which says which is "
    "nearest and not that any is right. Lines are 95% intervals, widened by how unruly the series "
    "is; an arrow has no upper end (Candia et al. 2019). Table: decay."
)
HOW_FORECAST = N_(
    "The model of Zhao et al. (2015) where followers of all sharers are known, else one that "
    "counts shares. A full dot: the 90% interval was made of how far the same forecast was from "
    "the truth in finished cascades of this platform (split-conformal). A ring and a dotted line: "
    "there were fewer than 20 of them, so the range is the model's own and usually too narrow. No "
    "interval knows of what never happened before. Table: forecasts."
)
HOW_TRIED = N_(
    "Cascades that are finished, forecast as they stood at this age: across, what came in the end; "
    "upright, the forecast with its interval. On the dotted line both are equal. Those held are "
    "the largest of each platform, which are harder than any taken by chance. Table: forecasts."
)
HOW_OUTLOOK = N_(
    "The time watched is cut into 24 windows and the last two are compared with the busiest. What "
    "that state was followed by is read from finished cascades, and tried on others. Cascades are "
    "the judges: an appeal made of many rises again more often."
)
HOW_OVERLAPS = N_(
    "Lists of followers that are held, each account counted once. Complete lists give a count; "
    "lists held in part give a floor, with an arrow; two complete lists taken for samples of one "
    "public give at least so many (Chapman 1951). Table: overlaps."
)
HOW_COVERAGE = N_(
    "What is held, divided by how much there is, where somebody says how much that is. Nothing on "
    "this page speaks of what is not held. Table: coverage."
)
_REACH = {
    "platform": N_("Platform"), "at": N_("By (UTC)"), "posts": N_("Posts"),
    "accounts": N_("Accounts that took part"), "carriers": N_("Accounts that carried it"),
}  # fmt: skip
_INTERVAL = {
    "platform": N_("Platform"), "at": N_("By (UTC)"), "union_lo": N_("At least"),
    "union_hi": N_("At most"), "counted": N_("Carriers with a number"),
    "hidden": N_("Carriers without one"), "population": N_("Accounts on the platform, as stated"),
    "scenario_lo": N_("Scenario from"), "scenario_hi": N_("Scenario to"),
    "note": N_("What it takes for granted"),
}  # fmt: skip
_VIEWS = {
    "platform": N_("Platform"), "definition": N_("The platform's name for it"),
    "at": N_("By (UTC)"), "value": N_("Views"), "posts": N_("Posts"),
    "counts": N_("What is counted"), "note": N_("To mind"), "source": N_("Source"),
}  # fmt: skip
_PHASES = {
    "platform": N_("Platform"), "from": N_("From (UTC)"), "from_lo": N_("Earliest"),
    "from_hi": N_("Latest"), "to": N_("To (UTC)"), "posts": N_("Posts"),
    "per_hour": N_("Posts an hour"), "ratio": N_("By the pace before"),
}  # fmt: skip
_DECAY = {
    "platform": N_("Platform"), "law": N_("Law"), "half_life_hours": N_("Half-life, hours"),
    "half_life_lo": N_("At least"), "half_life_hi": N_("At most"), "weight": N_("Weight"),
    "dispersion": N_("Dispersion"), "bins": N_("Bins"), "posts": N_("Posts"),
    "note": N_("To mind"),
}  # fmt: skip
_FORECASTS = {
    "platform": N_("Platform"), "age_hours": N_("Age, hours"), "shares": N_("Shares by then"),
    "forecast_lo": N_("Forecast from"), "forecast": N_("Forecast"),
    "forecast_hi": N_("Forecast to"), "kind": N_("Kind"), "calibrated_on": N_("Tried on"),
    "final": N_("In the end"), "note": N_("To mind"),
}  # fmt: skip
_OVERLAPS = {
    "platform": N_("Platform"), "method": N_("Method"), "carriers": N_("Carriers"),
    "lists": N_("Lists"), "complete": N_("Complete lists"), "value_lo": N_("At least"),
    "value": N_("Distinct accounts"), "value_hi": N_("At most"), "note": N_("To mind"),
}  # fmt: skip
_COVERAGE = {
    "platform": N_("Platform"), "what": N_("What"), "held": N_("Held"), "known": N_("There are"),
    "share": N_("Part"), "note": N_("What it means"),
}  # fmt: skip


def layout(store: Store, view: View) -> Component:
    """Return the page for one view."""
    title = dmc.Title(_("How far did it go?"), order=1)
    reach = store.read("reach", appeal_id=view.appeal_id)
    if reach.is_empty():
        return dmc.Stack([title, dmc.Text(_(NOT_MEASURED))])
    return dmc.Stack(
        [
            title,
            dmc.Text(_(LEAD), className="seen"),
            *([dmc.Text(_(WHOLE), c="dimmed", size="sm")] if view.is_filtered else []),
            *_ledger(store, view, reach),
            *_over_time(view, reach),
            *_views(store, view),
            *_lists(store, view),
            *_pace(store, view),
            *_decay(store, view),
            *_outlook(store, view),
            *_forecasts(store, view),
            *_coverage(store, view),
        ],
        gap="lg",
    )


def register(app: Dash, store: Store) -> None:
    """Add nothing: the page answers by itself."""


def _ledger(store: Store, view: View, reach: pl.DataFrame) -> list[Component]:
    """Return a block of lines for each platform, as of the end of the view."""
    so_far = replace(view, start=None)  # what is counted is counted from the beginning
    rows = so_far.kept(reach).sort("accounts", "at", nulls_last=True)
    last = rows.unique("platform", keep="last", maintain_order=True)
    views = ledger.newest(so_far.kept(store.read("views", appeal_id=view.appeal_id)))
    blocks = [
        _block(row, views.filter(platform=row["platform"]), view)
        for row in last.sort("accounts", "platform", descending=[True, False]).to_dicts()
    ]
    if not blocks:
        return [dmc.Text(_("Nothing that is held lies within these filters."))]
    return [
        html.Section(
            [
                html.Header([dmc.Title(_("The ledger"), order=2, size="h4"), dmc.Text(_(LEDGER))]),
                html.Div(blocks, className="ledger"),
            ],
            className="card",
        )
    ]


def _block(row: dict[str, Any], views: pl.DataFrame, view: View) -> Component:
    """Return what is known of one platform."""
    shown = [ledger.shown(told) for told in views.sort("definition").to_dicts()]
    lines = {
        _("Took part"): [ledger.took_part(row)],
        _("Carried it"): [ledger.carried(row)],
        _("Accounts that follow a carrier"): [ledger.followed(row)],
        _("Views, as the platform showed them"): shown or [_("none held")],
    }
    by = _("all of it, with posts without a time") if row["at"] is None else day(row["at"])
    told = [part for name, words in lines.items() for part in (html.Dt(name), *map(html.Dd, words))]
    style = {"borderTopColor": view.look.platform(row["platform"])}
    return html.Section(
        [
            dmc.Title(platform_name(row["platform"]), order=3, size="h5"),
            dmc.Text(_("by {day}").format(day=by) if row["at"] else by, size="sm", c="dimmed"),
            html.Dl(told),
            *(dmc.Text(words, size="sm", c="dimmed") for words in ledger.assumed(row)),
        ],
        className="answer",
        style=style,
    )


def _over_time(view: View, reach: pl.DataFrame) -> list[Component]:
    rows = view.kept(reach.drop_nulls("at")).sort("platform", "at")
    if rows.is_empty():
        return [dmc.Text(_(NO_TIMES), c="dimmed")]
    last, first = rows["at"].max(), rows["at"].min()
    said = _("Accounts that took part from {period}, each platform on its own scale.")
    cards = [
        figure_card(
            "reach-accounts", accounts_figure(rows, look=view.look),
            title=_("Who took part, over time"), rows=rows, columns=headers(_REACH),
            said=said.format(period=period(first, last)), how=_(HOW_ACCOUNTS), wide=True,  # type: ignore[arg-type]
        )
    ]  # fmt: skip
    bounded = rows.drop_nulls("union_lo")
    if bounded.is_empty():
        return [*cards, dmc.Text(_(NO_BOUNDS), c="dimmed")]
    return [*cards, _interval(bounded, view)]


def _interval(rows: pl.DataFrame, view: View) -> Component:
    last = rows.unique("platform", keep="last", maintain_order=True).to_dicts()
    said = " ".join(
        _("{platform}: {bounds}.").format(
            platform=platform_name(row["platform"]), bounds=ledger.followed(row)
        )
        for row in last
    )
    return figure_card(
        "reach-interval", interval_figure(rows, look=view.look),
        title=_("How many accounts follow one of the carriers"), said=f"{said} {_(ledger.UNSEEN)}",
        rows=rows, columns=headers(_INTERVAL), how=_(HOW_INTERVAL), wide=True,
    )  # fmt: skip


def _views(store: Store, view: View) -> list[Component]:
    all_ = view.kept(store.read("views", appeal_id=view.appeal_id))
    rows = all_.drop_nulls("at").sort("platform", "definition", "at")
    if rows.is_empty():
        return [dmc.Text(_(NO_VIEWS), c="dimmed")]
    newest = ledger.newest(rows).to_dicts()
    said = " ".join(
        _("{platform}: {views}.").format(
            platform=platform_name(row["platform"]), views=ledger.shown(row)
        )
        for row in newest
    )
    return [
        figure_card(
            "reach-views", views_figure(rows, look=view.look),
            title=_("Views, as platforms showed them"), said=said, rows=all_,
            columns=headers(_VIEWS), how=_(HOW_VIEWS), wide=True,
        )
    ]  # fmt: skip


def _lists(store: Store, view: View) -> list[Component]:
    rows = view.kept(store.read("overlaps", appeal_id=view.appeal_id))
    whole = rows.filter(pl.col("account_id").is_null()).sort("platform", "method")
    if whole.is_empty():
        return [dmc.Text(_(NO_LISTS), c="dimmed")]
    said = _("Lists of followers are held of some carriers only; an arrow is a floor.")
    return [
        figure_card(
            "reach-lists", overlaps_figure(whole, look=view.look),
            title=_("Distinct followers, where lists are held"), said=said, rows=whole,
            columns=headers(_OVERLAPS), how=_(HOW_OVERLAPS),
        )
    ]  # fmt: skip


def _pace(store: Store, view: View) -> list[Component]:
    phases = _within(view, view.kept(store.read("phases", appeal_id=view.appeal_id), at=""))
    if phases.is_empty():
        return [dmc.Text(_(NO_PACE), c="dimmed")]
    shown = phases.sort("platform", "phase")
    ends = [*shown["from"], *shown["to"]]
    window = max(min(ends), view.start or min(ends)), min(max(ends), view.end or max(ends))
    every, long = ("1h", HOUR) if window[1] - window[0] <= HOURLY else ("1d", DAY)
    timeline = store.read("timeline", appeal_id=view.appeal_id).filter(every=every)
    in_part = pl.col("at").is_between(window[0] - long, window[1], closed="none")
    inside = view.kept(timeline).filter(in_part).sort("at")
    peaks = view.kept(store.read("peaks", appeal_id=view.appeal_id))
    drawn = pace_figure(inside, shown, peaks, window=window, look=view.look)
    changes = shown.filter(pl.col("phase") > 0, pl.col("from") >= window[0]).height
    said = ngettext(
        "The pace changed {n} time in all the series shown.",
        "The pace changed {n} times in all the series shown.", changes,
    )  # fmt: skip
    return [
        figure_card(
            "reach-pace", drawn,
            title=_("Where the pace changed"), said=said.format(n=number(changes)),
            rows=shown, columns=headers(_PHASES), how=_(HOW_PACE), wide=True,
        )
    ]  # fmt: skip


def _within(view: View, phases: pl.DataFrame) -> pl.DataFrame:
    """Return the stretches that lie in the window of time, in part at least."""
    kept = [pl.col("to") > view.start] if view.start else []
    kept += [pl.col("from") < view.end] if view.end else []
    return phases.filter(kept) if kept else phases


def _decay(store: Store, view: View) -> list[Component]:
    rows = view.kept(store.read("decay", appeal_id=view.appeal_id))
    told = rows.drop_nulls("half_life_hours").sort("platform")
    if told.is_empty():
        return [dmc.Text(_(NO_DECAY), c="dimmed")]
    return [
        figure_card(
            "reach-decay", decay_figure(told, look=view.look), title=_("How fast it faded"),
            said=ledger.half_lives(told), rows=rows, columns=headers(_DECAY), how=_(HOW_DECAY),
        )
    ]  # fmt: skip


def _outlook(store: Store, view: View) -> list[Component]:
    rows = view.kept(store.read("outlook", appeal_id=view.appeal_id)).sort("platform")
    if rows.is_empty():
        return []
    return [
        html.Section(
            [
                dmc.Title(_("Has it peaked?"), order=2, size="h4"),
                html.Ul([html.Li(ledger.outlook(row)) for row in rows.to_dicts()]),
                *(dmc.Text(said) for said in ledger.tried(rows)),
                html.Details([html.Summary(_("How is this computed?")), html.P(_(HOW_OUTLOOK))]),
            ],
            className="card",
        )
    ]


def _forecasts(store: Store, view: View) -> list[Component]:
    rows = view.kept(store.read("forecasts", appeal_id=view.appeal_id), at="")
    open_ = rows.filter(pl.col("now"), pl.col("forecast").is_not_null(), ~pl.col("finished"))
    tried = rows.filter(~pl.col("now"), pl.col("finished"), age_hours=LOOKED_BACK)
    looked = tried.drop_nulls(["forecast", "forecast_lo", "forecast_hi", "final"])
    drawn = open_.sort("forecast", "root_id", descending=[True, False]).head(MOST)
    cards = [_coming(drawn, open_.height, view)] if drawn.height else []
    return [
        *(cards or [dmc.Text(_(NO_FORECAST), c="dimmed")]),
        *([_tried(looked, view)] if looked.height else []),
    ]


def _coming(drawn: pl.DataFrame, all_: int, view: View) -> Component:
    names = [_cascade(row) for row in drawn.to_dicts()]
    said = _(
        "Showing {n} of {all} cascades that go on, as they stood when they were last looked at. A "
        "dotted line was tried on nothing."
    ).format(n=number(drawn.height), all=number(all_))
    return figure_card(
        "reach-forecasts", forecast_figure(drawn, names, look=view.look),
        title=_("How large will they be?"), said=said, rows=drawn, columns=headers(_FORECASTS),
        how=_(HOW_FORECAST),
    )  # fmt: skip


def _cascade(row: dict[str, Any]) -> str:
    began = row["at"] - timedelta(hours=row["age_hours"])
    told = {"platform": platform_name(row["platform"]), "day": f"{began:%Y-%m-%d %H:%M}"}
    return plain(_("{platform}, begun {day}").format(**told))


def _tried(looked: pl.DataFrame, view: View) -> Component:
    return figure_card(
        "reach-tried", tried_figure(looked, look=view.look),
        title=_("What earlier forecasts were worth"),
        said=ledger.looked_back(looked),
        rows=looked, columns=headers(_FORECASTS), how=_(HOW_TRIED),
    )  # fmt: skip


def _coverage(store: Store, view: View) -> list[Component]:
    rows = view.kept(store.read("coverage", appeal_id=view.appeal_id)).sort("what", "platform")
    if rows.is_empty():
        return []
    said = _("How much of what these numbers rest on is held. A ring: how much there is, is not "
             "known.")  # fmt: skip
    return [
        figure_card(
            "reach-coverage", coverage_figure(rows, told=_, look=view.look),
            title=_("What is held, and what is not"), said=said, rows=rows,
            columns=headers(_COVERAGE), how=_(HOW_COVERAGE),
        )
    ]  # fmt: skip
