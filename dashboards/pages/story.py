"""The page Story: how far it went, who carried it, what authorities did, on one axis of time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
import polars as pl
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from analytics.store import Store
from dashboards import cards, sentences
from dashboards.figures.story import ACT, METRICS, POSTS, caption, story_figure
from dashboards.i18n import N_, _, ngettext, number, period, speaking
from dashboards.sheet import as_table
from dashboards.theme import platform_name
from dashboards.view import URL, View, appeals_of, search_of, view_of

FIGURE = "story-figure"
FEW_POSTS = 20
LISTED = 50  # responses in the record below the picture; Authorities has all
MOVED, MARK = "story-moved", "story-mark"  # what the reader did in the picture
CLICKED = "story-clicked"

NOT_MEASURED = N_(
    "Nothing has been measured for this appeal. Import posts or responses, then run "
    "“groundswell measure” on the store."
)
NO_TIMES = N_("Nothing that is held of this appeal carries a time, so there is no picture.")
FROM_REGISTER = N_(
    "One of the register {register}. Titles are words of private people: they are not kept."
)
UNTITLED = N_(
    "Say in groundswell.toml what this appeal is called and when it was published, then measure "
    "again."
)
HOW_TO_READ = N_(
    "Bars count the posts that are held, each platform on its own scale; where there is no bar, "
    "nothing is held. An act of an authority is drawn over the time in which it can have happened. "
    "Drag over a stretch to look at it alone, on every page; double-click for the whole of time. "
    "Click a bar or an act for what stands behind it."
)
GONE = N_("Hatched: posts that were seen later as deleted or no longer shown.")
OWED = N_("Shaded: the time that an authority had, by the rule that the clock is of.")
AFTER = N_("What stands after something did not, for that, happen because of it.")
WHOLE = N_("The three sentences speak of the whole appeal, whatever is filtered.")
NOT_CLICKED = N_("Click a bar or an act in the picture for what stands behind it.")
HOURLY = timedelta(days=6)  # shorter stretches are drawn by the hour


def layout(store: Store, view: View) -> Component:
    """Return the page for one view."""
    summary = store.read("summary", appeal_id=view.appeal_id)
    if summary.is_empty():
        return dmc.Stack([dmc.Title(_("The story"), order=1), dmc.Text(_(NOT_MEASURED))])
    facts = summary.row(0, named=True)
    appeal = store.read("appeals", appeal_id=view.appeal_id).row(0, named=True)
    return dmc.Stack(
        [
            _heading(appeal, facts),
            _three_sentences(store, view, facts),
            *_picture(store, view, facts),
            *_evidence(_responses(store, view)),
        ],
        gap="lg",
    )


def figure(store: Store, view: View) -> go.Figure | None:
    """Return the aligned picture of one view; None where nothing carries a time."""
    facts = store.read("summary", appeal_id=view.appeal_id).row(0, named=True)
    appeal = store.read("appeals", appeal_id=view.appeal_id).row(0, named=True)
    responses = _responses(store, view)
    views = _views(store, view)
    window = _window(facts, appeal["published_at"], responses, views)
    if window is None:
        return None
    window = view.start or window[0], view.end or window[1]
    return story_figure(
        _timeline(store, view, facts, "1h" if window[1] - window[0] <= HOURLY else "1d"),
        views,
        responses,
        store.read("clocks", appeal_id=view.appeal_id),
        window=window,
        published=appeal["published_at"],
        published_by=appeal["published_by"],
        look=view.look,
    )


def register(app: Dash, store: Store) -> None:
    """Take a stretch that is dragged over into the address, and tell of what is clicked."""

    @app.callback(
        Output(URL, "search", allow_duplicate=True),
        Input(MOVED, "data"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _brush(change: dict[str, Any] | None, search: str) -> Any:  # noqa: ANN401
        return brushed(store, change or {}, search)

    @app.callback(
        Output(CLICKED, "children"),
        Input(MARK, "data"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _click(click: dict[str, Any] | None, search: str) -> Any:  # noqa: ANN401
        return clicked(store, click or {}, search)


def brushed(store: Store, change: dict[str, Any], search: str) -> Any:  # noqa: ANN401
    """Return the address of the view whose time was dragged over; nothing new for other changes."""
    view = view_of(search, appeals_of(store))
    if view is None:
        return no_update
    if change.get("xaxis.autorange"):
        return search_of(view, start=None, end=None) if view.start or view.end else no_update
    ends = [change.get(f"xaxis.range[{end}]") for end in (0, 1)]
    if None in ends:
        return no_update
    start, end = (_minute(str(told)) for told in ends)
    return search_of(view, start=start, end=end) if start < end else no_update


def clicked(store: Store, click: dict[str, Any], search: str) -> Any:  # noqa: ANN401
    """Return what stands behind the mark that was clicked."""
    view = view_of(search, appeals_of(store))
    what, *named = click.get("customdata") or [None]
    if view is None or what not in {ACT, POSTS}:
        return no_update
    with speaking(view.lang):
        if what == ACT:
            return _act(store, str(named[0]))
        return _posts(view, str(named[0]), _minute(str(click["x"])), click["y"])


def _act(store: Store, response_id: str) -> list[Component] | Any:  # noqa: ANN401
    """Return what is on record of one act."""
    rows = store.read("responses").filter(response_id=response_id)
    if rows.is_empty():
        return no_update
    act = rows.row(0, named=True)
    sources = html.Ul([html.Li(source) for source in act["sources"] or []])
    return [
        dmc.Text([html.Strong(act["actor"]), ", ", period(act["from"], act["to"])]),
        dmc.Text(act["summary"] or _("No sentence is on record.")),
        dmc.Text(_("Sources:"), size="sm")
        if act["sources"]
        else dmc.Text(_("No source is named.")),
        sources,
    ]


def _posts(view: View, platform: str, at: datetime, posts: int) -> list[Component]:
    """Return a way to the posts of one bar."""
    day = at.replace(hour=0, minute=0)
    there = search_of(view, start=day, end=day + timedelta(days=1), platforms=(platform,))
    said = _("{platform}, {day}: {n} posts held.").format(
        platform=platform_name(platform), day=period(at, at), n=number(posts)
    )
    return [
        dmc.Text(said),
        dcc.Link(_("Look at this day on this platform"), href=f"/spread{there}"),
    ]


def _minute(told: str) -> datetime:
    """Return a time of Plotly's, to the minute."""
    moment = datetime.fromisoformat(told.replace(" ", "T")[:16])
    return moment.replace(second=0, microsecond=0, tzinfo=UTC)


def _responses(store: Store, view: View) -> pl.DataFrame:
    return view.kept(store.read("responses", appeal_id=view.appeal_id), at="to").sort("from")


def _timeline(store: Store, view: View, facts: dict[str, Any], every: str) -> pl.DataFrame:
    rows = store.read("timeline", appeal_id=view.appeal_id).filter(every=every)
    lanes = pl.Enum(facts["platforms"] or [])
    return view.kept(rows).sort(pl.col("platform").cast(lanes), "at")


def _views(store: Store, view: View) -> pl.DataFrame:
    history = store.read("counter_history", appeal_id=view.appeal_id)
    shown = history.filter(pl.col("metric").is_in(list(METRICS)), pl.col("at").is_not_null())
    first = pl.col("metric").max().over("platform")  # views, where both are shown
    return view.kept(shown.filter(pl.col("metric") == first)).sort("platform", "at")


def _window(
    facts: dict[str, Any],
    published: datetime | None,
    responses: pl.DataFrame,
    views: pl.DataFrame,
) -> tuple[datetime, datetime] | None:
    """Return the stretch that holds most posts, publication and every response, with a margin.

    Where hardly any post is held, as of a petition, what was shown over time is the story.
    """
    times = [facts["window_from"], facts["window_to"], published]
    times += [*responses["from"], *responses["to"]]
    if facts["posts"] < FEW_POSTS:
        times += [views["at"].min(), views["at"].max()]
    known = [time for time in times if time is not None]
    if not known:
        return None
    margin = max((max(known) - min(known)) * 0.02, timedelta(hours=1))
    return min(known) - margin, max(known) + margin


def _picture(store: Store, view: View, facts: dict[str, Any]) -> list[Component]:
    drawn = figure(store, view)
    if drawn is None:
        return [dmc.Text(_(NO_TIMES), c="dimmed")]
    drawn.update_layout(uirevision=search_of(view))  # new numbers leave what was moved as it is
    seen: dict[str, Any] = {"aria-label": caption(_responses(store, view), facts["posts"])}
    told: dict[str, Any] = {"aria-live": "polite"}
    return [
        html.Div(
            cards.drawn(FIGURE, drawn, moved=MOVED, clicked=MARK, doubleClick="autosize"),
            role="group",
            className="wide",
            tabIndex=0,
            **seen,
        ),
        html.Div(dmc.Text(_(NOT_CLICKED), c="dimmed"), id=CLICKED, className="card", **told),
        dmc.Text(" ".join(_notes(view, facts, drawn)), size="sm", c="dimmed"),
    ]  # fmt: skip


def _notes(view: View, facts: dict[str, Any], drawn: go.Figure) -> list[str]:
    """Say how the picture is to be read, and what of it is not the whole."""
    hatched = any(trace.type == "bar" and trace.marker.pattern.shape for trace in drawn.data)
    shaded = any(shape.type == "rect" for shape in drawn.layout.shapes)
    return [
        *([_showing(facts)] if facts["posts"] and not view.is_filtered else []),
        _(HOW_TO_READ),
        *([_(GONE)] if hatched else []),
        *([_(OWED)] if shaded else []),
        _(AFTER),
        *([_(WHOLE)] if view.is_filtered else []),
    ]


def called(appeal: dict[str, Any]) -> str:
    """Return what an appeal without a title is called."""
    return str(appeal["appeal_id"]) if appeal["register"] else _("Untitled appeal")


def _untitled(appeal: dict[str, Any]) -> str:
    """Say why there is no title, or how to give one."""
    register = appeal["register"]
    return _(FROM_REGISTER).format(register=register) if register else _(UNTITLED)


def _heading(appeal: dict[str, Any], facts: dict[str, Any]) -> Component:
    span = facts["window_from"], facts["window_to"]
    return html.Header(
        [
            *([dmc.Text(period(*span), className="eyebrow")] if None not in span else []),
            dmc.Title(appeal["title"] or called(appeal), order=1, lineClamp=6),
            *([] if appeal["title"] else [dmc.Text(_untitled(appeal), size="sm", c="dimmed")]),
        ]
    )


def answers(store: Store, view: View, facts: dict[str, Any]) -> dict[str, str]:
    """Return the three questions of the story, each with its answer."""
    counters = store.read("counter_history", appeal_id=view.appeal_id)
    lags = store.read("lags", appeal_id=view.appeal_id)
    return {
        _("How far did it go?"): sentences.how_far(facts, counters),
        _("Who carried it?"): sentences.who_carried(facts),
        _("What did authorities do?"): sentences.what_authorities_did(lags, facts["responses"]),
    }


def _three_sentences(store: Store, view: View, facts: dict[str, Any]) -> Component:
    cards = [
        html.Section([dmc.Title(question, order=2, size="h5"), html.P(answer)], className="answer")
        for question, answer in answers(store, view, facts).items()
    ]
    return html.Div(cards, className="answers")


def _showing(facts: dict[str, Any]) -> str:
    inside, total = facts["window_posts"], facts["posts"]
    if inside == total:
        said = ngettext(
            "The picture opens on the one post held.",
            "The picture opens on all {n} posts held.",
            total,
        )
        return said.format(n=number(total))
    said = _("The picture opens on a stretch that holds {some} of {all} posts.")
    return said.format(some=number(inside), all=number(total))


def _evidence(responses: pl.DataFrame) -> list[Component]:
    if responses.is_empty():
        return []
    columns = {
        "when": _("When (UTC)"), "actor": _("Authority"), "summary": _("What it did"),
        "rung": _("Rung"), "target": _("To whom"), "sources": _("Sources"),
    }  # fmt: skip
    table = as_table(sentences.acts(responses), columns, most=LISTED)
    return [
        dmc.Title(_("The record of responses"), order=2, size="h4"),
        html.Div(table, className="wide record", tabIndex=0),
    ]
