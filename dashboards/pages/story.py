"""The page Story: how far it went, who carried it, what authorities did, on one axis of time."""

from datetime import datetime, timedelta
from typing import Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
import polars as pl
from dash import Dash, dcc, html
from dash.development.base_component import Component

from analytics.store import Store
from dashboards import sentences
from dashboards.figures.story import story_figure
from dashboards.grids import grid
from dashboards.theme import GRAPH_CONFIG
from dashboards.view import View

FIGURE = "story-figure"
RESPONSES = "story-responses"

NOT_MEASURED = (
    "Nothing has been measured for this appeal. Import posts or responses, then run "
    "“groundswell measure” on the store."
)
NO_TIMES = "Nothing that is held of this appeal carries a time, so there is no picture."
FROM_REGISTER = "One of the register {}. Titles are words of private people: they are not kept."
UNTITLED = (
    "Say in groundswell.toml what this appeal is called and when it was published, then measure "
    "again."
)
HOW_TO_READ = (
    "Bars count the posts that are held, each platform on its own scale; where there is no bar, "
    "nothing is held. An act of an authority is drawn over the time in which it can have happened. "
    "Drag to move, double-click for the whole of time."
)
AFTER = "What stands after something did not, for that, happen because of it."
HOURLY = timedelta(days=6)  # shorter stretches are drawn by the hour

_COLUMNS: dict[str, dict[str, Any]] = {
    "when": {"headerName": "When (UTC)", "maxWidth": 150, "minWidth": 120},
    "actor": {"headerName": "Authority", "flex": 1, "minWidth": 120},
    "summary": {"headerName": "What it did", "flex": 2, "minWidth": 170},
    "rung": {"headerName": "Rung", "maxWidth": 90},
    "target": {"headerName": "To whom", "maxWidth": 120},
    "sources": {"headerName": "Sources", "flex": 1, "minWidth": 110},
}


def layout(store: Store, view: View) -> Component:
    """Return the page for one appeal."""
    appeal_id = view.appeal_id
    summary = store.read("summary", appeal_id=appeal_id)
    if summary.is_empty():
        return dmc.Stack([dmc.Title("The story", order=1), dmc.Text(NOT_MEASURED)])
    facts = summary.row(0, named=True)
    appeal = store.read("appeals", appeal_id=appeal_id).row(0, named=True)
    responses = store.read("responses", appeal_id=appeal_id).sort("from")
    return dmc.Stack(
        [
            _heading(appeal, facts),
            _three_sentences(store, appeal_id, facts),
            *_picture(store, view, facts),
            *_evidence(view.kept(responses, at="to")),
        ],
        gap="lg",
    )


def figure(store: Store, view: View) -> go.Figure | None:
    """Return the aligned picture of one appeal; None where nothing carries a time."""
    appeal_id = view.appeal_id
    facts = store.read("summary", appeal_id=appeal_id).row(0, named=True)
    appeal = store.read("appeals", appeal_id=appeal_id).row(0, named=True)
    responses = store.read("responses", appeal_id=appeal_id)
    window = _window(facts, appeal["published_at"], responses)
    if window is None:
        return None
    window = view.start or window[0], view.end or window[1]
    every = "1h" if window[1] - window[0] <= HOURLY else "1d"
    lanes = pl.Enum(facts["platforms"] or [])
    timeline = view.kept(store.read("timeline", appeal_id=appeal_id).filter(every=every))
    views = store.read("counter_history", appeal_id=appeal_id).filter(
        pl.col("metric") == "views", pl.col("at").is_not_null()
    )
    return story_figure(
        timeline.sort(pl.col("platform").cast(lanes), "at"),
        view.kept(views).sort("platform", "at"),
        view.kept(responses, at="to"),
        window=window,
        published=appeal["published_at"],
        look=view.look,
    )


def register(app: Dash, store: Store) -> None:
    """Add nothing: the page answers by itself."""


def _window(
    facts: dict[str, Any], published: datetime | None, responses: pl.DataFrame
) -> tuple[datetime, datetime] | None:
    """Return the stretch that holds most posts, publication and every response, with a margin."""
    times = [facts["window_from"], facts["window_to"], published]
    times += [*responses["from"], *responses["to"]]
    known = [time for time in times if time is not None]
    if not known:
        return None
    margin = max((max(known) - min(known)) * 0.02, timedelta(hours=1))
    return min(known) - margin, max(known) + margin


def _picture(store: Store, view: View, facts: dict[str, Any]) -> list[Component]:
    drawn = figure(store, view)
    if drawn is None:
        return [dmc.Text(NO_TIMES, c="dimmed")]
    return [
        dcc.Graph(
            id=FIGURE,
            figure=drawn,
            config=GRAPH_CONFIG,
            style={"height": drawn.layout.height},
        ),
        dmc.Text(f"{_showing(facts)} {HOW_TO_READ} {AFTER}", size="sm", c="dimmed"),
    ]


def _called(appeal: dict[str, Any]) -> str:
    return appeal["appeal_id"] if appeal["register"] else "Untitled appeal"


def _untitled(appeal: dict[str, Any]) -> str:
    """Say why there is no title, or how to give one."""
    return FROM_REGISTER.format(appeal["register"]) if appeal["register"] else UNTITLED


def _heading(appeal: dict[str, Any], facts: dict[str, Any]) -> Component:
    return html.Header(
        [
            dmc.Text(
                sentences.period(facts["window_from"], facts["window_to"]), className="eyebrow"
            ),
            dmc.Title(appeal["title"] or _called(appeal), order=1),
            *([] if appeal["title"] else [dmc.Text(_untitled(appeal), size="sm", c="dimmed")]),
        ]
    )


def _three_sentences(store: Store, appeal_id: str, facts: dict[str, Any]) -> Component:
    counters = store.read("counter_history", appeal_id=appeal_id)
    lags = store.read("lags", appeal_id=appeal_id)
    said = {
        "How far did it go?": sentences.how_far(facts, counters),
        "Who carried it?": sentences.who_carried(facts),
        "What did authorities do?": sentences.what_authorities_did(lags, facts["responses"]),
    }
    cards = [
        html.Section([dmc.Title(question, order=2, size="h5"), html.P(answer)], className="answer")
        for question, answer in said.items()
    ]
    return html.Div(cards, className="answers")


def _showing(facts: dict[str, Any]) -> str:
    inside, total = facts["window_posts"], facts["posts"]
    if inside == total:
        return f"The picture opens on all {total:,} posts held."
    return f"The picture opens on a stretch that holds {inside:,} of {total:,} posts."


def _evidence(responses: pl.DataFrame) -> list[Component]:
    if responses.is_empty():
        return []
    return [
        dmc.Title("The record of responses", order=2, size="h4"),
        grid(RESPONSES, responses.with_columns(when=_when()), _COLUMNS),
    ]


def _when() -> pl.Expr:
    first, last = (pl.col(end).dt.strftime("%Y-%m-%d") for end in ("from", "to"))
    return pl.when(first == last).then(first).otherwise(pl.format("{} to {}", first, last))
