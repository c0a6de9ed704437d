"""The page Responses: what authorities did beside attention, what is owed, and the ledger."""

from datetime import datetime, timedelta
from typing import Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
import polars as pl
from dash import Dash, html
from dash.development.base_component import Component

from analytics.responses import RUNG_NAMES
from analytics.store import Store
from dashboards import cards, sentences
from dashboards.claims import more, sentence
from dashboards.figures.aligned import aligned_figure
from dashboards.figures.clocks import clocks_figure
from dashboards.figures.survival import survival_figure
from dashboards.grids import grid
from dashboards.i18n import N_, _, ngettext, noted, number, period, signed
from dashboards.pages import entry
from dashboards.sheet import in_words
from dashboards.theme import Look
from dashboards.view import View

PICTURED = N_("Posts held over time, and below them responses on the ladder")
SHOWN = "responses-shown"
BESIDE = "responses-beside"
HOURLY = timedelta(days=6)  # shorter stretches are drawn by the hour
DAYS = 7  # of the windows that are shown
ENOUGH = 10  # appeals of a register for a curve

NO_RESPONSE = N_("No response of an authority is on record yet.")
HOW_TO_READ = N_(
    "Above, posts held; below, each act on its rung, over the whole time in which it can have "
    "happened: a tick where that is exact. Help and harm are both drawn and never set off against "
    "each other. What stands after something did not, for that, happen because of it."
)
WINDOWS = N_(
    "{days} days before each response and {days} after, over all times at which it can have "
    "happened; the table response_attention holds other windows. One appeal is described here, "
    "and nothing is tested against others."
)
NO_TIMES = N_("Nothing that is held of this appeal carries a time, so there is no picture.")
NOT_MEASURED = N_("Not told yet: run “groundswell measure” on the store.")
NEVER = N_("Came to none of them until they were last looked at: {endings}.")
NOTHING_TO_SAY = N_(
    "Nothing is on record of which anything could be said; measure again after a change."
)
LEVELS_TOLD = N_(
    "Each sentence is as strong as what stands behind it in brackets, and no stronger; none says "
    "why."
)
ALONE = N_(
    "A curve of waiting needs {enough} appeals or more of one register; held here: {held}. One "
    "appeal alone is described, not compared. Import a register, then measure again."
)
SELECTED = {
    "census": N_("All appeals of the register are held."),
    "sample": N_("The appeals are a sample of the register."),
    "chosen": N_("The appeals were chosen by somebody: no share here speaks of others."),
    "found_by_outcome": N_(
        "The appeals were found because of what became of them: that biases every number here."
    ),
    None: N_(
        "It is not told how the appeals came to be in this store. If they were found because they "
        "succeeded, that biases every number here."
    ),
}
HELP = N_("Furthest act of help: rung {rung}, {name} ({actor}, {when}).")
HARM = N_("Furthest act of harm: rung {rung}, {name} ({actor}, {when}).")
NO_HELP, NO_HARM = N_("No act of help is on record."), N_("No act of harm is on record.")
ENDINGS = {
    "acknowledged": N_("a first acknowledgement"), "any": N_("a first response"),
    "negative": N_("a first act that harms"),
}  # fmt: skip
_BESIDE: dict[str, dict[str, Any]] = {
    "actor": {"headerName": N_("Authority"), "flex": 1, "minWidth": 130},
    "what": {"headerName": N_("Of what"), "minWidth": 100, "maxWidth": 120},
    "when": {"headerName": N_("When (UTC)"), "minWidth": 120, "maxWidth": 170},
    "before": {"headerName": N_("A day before"), "minWidth": 110},
    "after": {"headerName": N_("A day after"), "minWidth": 110},
    "percentile": {"headerName": N_("After: above so many windows"), "minWidth": 130},
    "ratio": {"headerName": N_("After by before, 95 %"), "minWidth": 140},
    "note": {"headerName": N_("To mind"), "flex": 2, "minWidth": 190},
}


def layout(store: Store, view: View, key: str = "") -> Component:
    """Return the page for one appeal; with the key of this run, changes are taken."""
    return dmc.Stack(
        [
            dmc.Title(_("What authorities did, and when"), order=1),
            dmc.Stack(shown(store, view), id=SHOWN, gap="md"),
            *_clocks(store.read("clocks", appeal_id=view.appeal_id), view.look),
            *_beside(store, view.appeal_id),
            *_waits(store, view),
            *_claims(store, view.appeal_id),
            *entry.layout(store, view.appeal_id, key),
        ],
        gap="lg",
    )


def register(app: Dash, store: Store, key: str = "") -> None:
    """Take changes of the ledger, and draw the picture again after each."""
    entry.register(app, store, key, shown=lambda view: shown(store, view), where=SHOWN)


def shown(store: Store, view: View) -> list[Component]:
    """Return the picture and the ladder, of responses as they are now."""
    responses = view.kept(store.read("responses", appeal_id=view.appeal_id), at="to")
    if responses.is_empty():  # attention alone is on the page Story
        return _ladder(responses)
    aligned = figure(store, view)
    picture: list[Component] = [dmc.Text(_(NO_TIMES), c="dimmed")]
    pictured: dict[str, Any] = {"aria-label": _(PICTURED)}
    if aligned is not None:
        picture = [
            html.Div(
                cards.drawn("responses-picture", aligned),
                role="group",
                className="wide",
                tabIndex=0,
                **pictured,
            ),
            dmc.Text(_(HOW_TO_READ), size="sm", c="dimmed"),
        ]
    return [*picture, *_ladder(responses)]


def figure(store: Store, view: View) -> go.Figure | None:
    """Return attention and responses of one appeal on one axis; None where nothing has a time."""
    appeal = store.read("appeals", appeal_id=view.appeal_id).row(0, named=True)
    responses = view.kept(store.read("responses", appeal_id=view.appeal_id), at="to")
    timeline = view.kept(store.read("timeline", appeal_id=view.appeal_id)).sort("platform", "at")
    span = window(timeline.filter(every="1d"), responses, appeal["published_at"])
    if span is None:
        return None
    every = "1h" if span[1] - span[0] <= HOURLY else "1d"
    return aligned_figure(
        timeline.filter(every=every),
        responses,
        window=span,
        published=appeal["published_at"],
        look=view.look,
    )


def window(
    timeline: pl.DataFrame, responses: pl.DataFrame, published: datetime | None
) -> tuple[datetime, datetime] | None:
    """Return the stretch that holds all posts and responses, with a margin."""
    times = [*timeline["at"], *responses["from"], *responses["to"], published]
    known = [time for time in times if time is not None]
    if not known:
        return None
    margin = max((max(known) - min(known)) * 0.03, timedelta(hours=1))
    return min(known) - margin, max(known) + margin


def reached(responses: pl.DataFrame, sign: int) -> dict[str, Any] | None:
    """Return the response furthest up (1) or down (-1) the ladder, the first such; None if none.

    Where intervals overlap, first is the one that was certainly over first.
    """
    own = responses.filter(pl.col("rung") * sign > 0)
    ordered = own.sort(pl.col("rung") * -sign, "to", "from")
    return ordered.row(0, named=True) if ordered.height else None


def ladder_sentence(responses: pl.DataFrame, sign: int) -> str:
    """Say how far one branch of the ladder was reached, when and by whom."""
    first = reached(responses, sign)
    if first is None:
        return _(NO_HELP) if sign > 0 else _(NO_HARM)
    said = _(HELP) if sign > 0 else _(HARM)
    rung = first["rung"]
    return said.format(
        rung=signed(rung), name=_(RUNG_NAMES[rung]), actor=first["actor"],
        when=period(first["from"], first["to"]),
    )  # fmt: skip


def _ladder(responses: pl.DataFrame) -> list[Component]:
    said = [html.Li(ladder_sentence(responses, sign)) for sign in (1, -1)]
    off = responses["rung"].null_count()
    if off:
        placed = ngettext("{n} act has no place on the ladder.", "{n} acts have none.", off)
        said.append(html.Li(placed.format(n=number(off))))
    body = html.Ul(said) if responses.height else dmc.Text(_(NO_RESPONSE))
    return [dmc.Title(_("How far up the ladder, and how far down"), order=2, size="h4"), body]


def _clocks(clocks: pl.DataFrame, look: Look) -> list[Component]:
    title = dmc.Title(_("What is owed by when"), order=2, size="h4")
    if clocks.is_empty():
        return [title, dmc.Text(_(NOT_MEASURED), c="dimmed")]
    said = [html.Li(sentences.clock(row)) for row in clocks.iter_rows(named=True)]
    drawn = []
    if clocks["started_hi"].count():
        strip = clocks_figure(clocks, look=look)
        drawn = cards.drawn("clocks-picture", strip)
    advice = dmc.Text(_(sentences.NO_ADVICE), size="sm", c="dimmed")
    return [title, html.Ul(said), *drawn, advice]


def _beside(store: Store, appeal_id: str) -> list[Component]:
    rows = store.read("response_attention", appeal_id=appeal_id).filter(days=DAYS)
    title = dmc.Title(_("Attention beside each response"), order=2, size="h4")
    if rows.is_empty():
        return [title, dmc.Text(_(NOT_MEASURED), c="dimmed")]
    actors = store.read("responses", columns=["response_id", "actor"])
    return [title, dmc.Text(_(WINDOWS).format(days=DAYS), size="sm", c="dimmed"),
            grid(BESIDE, beside(rows, actors), _BESIDE)]  # fmt: skip


def beside(rows: pl.DataFrame, actors: pl.DataFrame) -> pl.DataFrame:
    """Return attention before and after each response, as words for a table."""
    told = rows.join(actors, on="response_id", how="left").sort("from", "what", "days")
    return in_words(told, "note").with_columns(
        when=_days(),
        before=_between("before_lo", "before_hi", 1),
        after=_between("after_lo", "after_hi", 1),
        percentile=_percent("percentile_lo", "percentile_hi"),
        ratio=_ratio(),
    )


def _days() -> pl.Expr:
    first, last = (pl.col(end).dt.strftime("%Y-%m-%d") for end in ("from", "to"))
    return pl.when(first == last).then(first).otherwise(pl.format("{} / {}", first, last))


def _between(lo: str, hi: str, places: int) -> pl.Expr:
    first, last = (pl.col(end).round(places).cast(pl.String) for end in (lo, hi))
    both = pl.when(first == last).then(first).otherwise(pl.format("{} … {}", first, last))
    return both.fill_null(_("not known"))


def _percent(lo: str, hi: str) -> pl.Expr:
    first, last = ((pl.col(end) * 100).round(0).cast(pl.Int64) for end in (lo, hi))
    one, both = pl.format("{} %", first), pl.format("{} … {} %", first, last)
    return pl.when(first == last).then(one).otherwise(both).fill_null(_("not known"))


def _ratio() -> pl.Expr:
    middle, lo, hi = (pl.col(name).round(2).cast(pl.String) for name in _RATIO)
    told = pl.format("{} [{} … {}]", middle, lo, hi.fill_null(_("no end")))
    return told.fill_null(_("not known"))


_RATIO = ("ratio", "ratio_lo", "ratio_hi")


def curves_of(store: Store, view: View) -> tuple[pl.DataFrame, list[str]]:
    """Return the curves of the register that an appeal is of, and what is to be known of them."""
    appeal = store.read("appeals", appeal_id=view.appeal_id).row(0, named=True)
    own = pl.col("register").eq_missing(appeal["register"])
    survival = store.read("survival").filter(own)
    curves = survival.drop_nulls("day")
    if curves.height:
        return curves, [
            _(SELECTED.get(how, SELECTED[None])) for how in curves["selection"].unique()
        ]
    held = number(store.read("appeals").filter(own).height)
    few = _(ALONE).format(enough=number(ENOUGH), held=held)
    return curves, [few, *(noted(note) for note in survival["note"].drop_nulls().unique().sort())]


def endings_that_came(curves: pl.DataFrame) -> list[str]:
    """Return the endings that came to any appeal, the first rung first."""
    came = curves.group_by("ending").agg(pl.col("ended").sum() > 0).filter("ended")["ending"]
    return sorted(came, key=lambda name: (name[0] != "r", name))


def _waits(store: Store, view: View) -> list[Component]:
    title = dmc.Title(_("How long appeals like this one wait"), order=2, size="h4")
    curves, notes = curves_of(store, view)
    if curves.is_empty():
        return [title, *(dmc.Text(note) for note in notes)]
    warned = dmc.Alert(" ".join(notes), color="yellow", variant="light")
    return [title, warned, *_curves(curves, view.look)]


def _curves(curves: pl.DataFrame, look: Look) -> list[Component]:
    """Draw the endings that came to anybody, and name the others."""
    came = endings_that_came(curves)
    drawn: list[Component] = []
    for ending in came:
        words = ending_words(ending)
        plot = survival_figure(curves.filter(ending=ending), ending=words, look=look)
        drawn += [
            dmc.Title(_("Until {ending}").format(ending=words), order=3, size="h5"),
            *cards.drawn(f"waits-{ending}", plot),
        ]
    never = sorted(set(curves["ending"]) - set(came), reverse=True)
    if never:
        none = "; ".join(ending_words(ending) for ending in never)
        drawn.append(dmc.Text(_(NEVER).format(endings=none), size="sm", c="dimmed"))
    return drawn


def claims_of(store: Store, appeal_id: str) -> pl.DataFrame:
    """Return what may be said of an appeal and of its register, the strongest first."""
    register = store.read("appeals", appeal_id=appeal_id)["register"][0]
    of_register = pl.col("appeal_id").is_null() & pl.col("claim_id").str.contains(
        f"/{register}/", literal=True
    )
    own = store.read("claims").filter((pl.col("appeal_id") == appeal_id) | of_register)
    return own.sort("level", "claim_id", descending=[True, False])


def _claims(store: Store, appeal_id: str) -> list[Component]:
    """Say what the data carry of this appeal and of its register, at the level that was earned."""
    told = claims_of(store, appeal_id).to_dicts()
    title = dmc.Title(_("What may be said"), order=2, size="h4")
    if not told:
        return [title, dmc.Text(_(NOTHING_TO_SAY), c="dimmed")]
    said = [html.Li([sentence(row), " ", html.Span(more(row), className="more")]) for row in told]
    return [title, dmc.Text(_(LEVELS_TOLD), size="sm", c="dimmed"), html.Ul(said)]


def ending_words(ending: str) -> str:
    """Return what an ending of ``waits`` means.

    >>> ending_words("rung_3"), ending_words("negative")
    ('rung +3 or above: opens a process', 'a first act that harms')
    """
    rung = ending.removeprefix("rung_")
    if rung.isdigit():
        said = _("rung +{rung} or above: {name}")
        return said.format(rung=rung, name=_(RUNG_NAMES[int(rung)]))
    return _(ENDINGS.get(ending, ending))
