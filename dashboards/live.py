"""What happens while a page is open: something new comes in, is measured, and is shown.

Measuring runs in a process of its own, so that pages answer meanwhile and it can be stopped at any
moment: what was written stands, the rest is computed next time.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty
from typing import Any

from dash import Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from analytics.errors import GroundswellError
from analytics.plan import MEASURES
from analytics.runner import is_due, measure
from analytics.store import Store
from dashboards import guard
from dashboards.i18n import _, number, speaking
from dashboards.view import URL, language_of

PULSE, STAMP, NEWS = "live-pulse", "live-stamp", "live-news"
START, STOP, KEY = "live-start", "live-stop", "live-key"
EVERY = 4_000  # milliseconds between two looks
AGAIN = timedelta(seconds=30)  # between two runs that start by themselves


@dataclass(frozen=True)
class Step:
    """How far measuring has come: the table that is computed, and how many are done."""

    table: str
    done: int


class Measuring:
    """Measures a store in another process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: BaseProcess | None = None
        self._told: Queue[str] | None = None
        self._step = Step("", 0)
        self._started: datetime | None = None
        self.error = ""

    def start(self, now: datetime) -> None:
        """Start, unless it runs."""
        if self.is_running:
            return
        context = get_context("spawn")
        self._told, self._started = context.Queue(), now
        self._step, self.error = Step("", -1), ""
        self._process = context.Process(target=_measure, args=(self._path, self._told), daemon=True)
        self._process.start()

    def stop(self) -> None:
        """Stop it; what it has written stands."""
        if self._process is not None and self._process.is_alive():
            self._process.terminate()
            self._process.join()

    @property
    def is_running(self) -> bool:
        """Return whether it computes."""
        return self._process is not None and self._process.is_alive()

    @property
    def step(self) -> Step | None:
        """Return how far it has come; None where it does not run."""
        self._hear()
        return self._step if self.is_running else None

    def may_start(self, now: datetime) -> bool:
        """Return whether it may start by itself: not at once after the last time."""
        return not self.is_running and (self._started is None or now - self._started >= AGAIN)

    def _hear(self) -> None:
        with suppress(Empty):
            while self._told is not None:
                word, _sep, rest = self._told.get_nowait().partition(" ")
                if word == "!":
                    self.error = rest
                else:
                    self._step = Step(word, self._step.done + 1)


def _measure(path: Path, told: "Queue[str]") -> None:
    """Measure; tell each table as it is begun, or why nothing can be done."""
    try:
        measure(Store(path), report=told.put)
    except GroundswellError as error:
        told.put(f"! {error}")


def stamp(store: Store) -> str:
    """Return what changes when a page would show something else."""
    versions = store.versions()
    return "/".join(str(versions.get(name, -1)) for name in ("runs", "responses", "appeals"))


def news(store: Store, measuring: Measuring) -> list[Component]:
    """Return what is going on, and buttons to start and to stop it, of which one is shown."""
    step = measuring.step
    due = step is None and not measuring.error and is_due(store)
    return [
        *_told(step, measuring.error, due=due),
        html.Button(_("Measure"), id=START, className="quiet", hidden=not due),
        html.Button(_("Stop"), id=STOP, className="quiet", hidden=step is None),
    ]


def _told(step: Step | None, error: str, *, due: bool) -> list[Component]:
    if step is not None:
        done, most = max(step.done, 0), len(MEASURES)
        said = _("Measuring: {table} ({done} of {all})").format(
            table=step.table or "…", done=number(done), all=number(most)
        )
        return [html.Progress(value=str(done), max=str(most)), html.Span(said)]
    if error:
        return [html.Span(error)]
    return [html.Span(_("Something has come that is not measured yet."))] if due else []


def register(
    app: Dash,
    store: Store,
    key: str,
    measuring: Measuring,
    *,
    follows: bool,
    writing: tuple[str, ...],
) -> None:
    """Look at the store again and again; measure when somebody asks, or by itself."""

    @app.callback(
        Output(STAMP, "data"),
        Output(NEWS, "children"),
        Input(PULSE, "n_intervals"),
        State(STAMP, "data"),
        State(URL, "pathname"),
        State(URL, "search"),
        prevent_initial_call=True,  # a page waits for all that may still change its stamp
    )
    def _pulse(_beat: int, seen: str, pathname: str, search: str) -> tuple[Any, Any]:
        with speaking(language_of(search)), suppress(GroundswellError):
            return looked(store, measuring, seen, is_form=pathname in writing, follows=follows)
        return no_update, no_update

    @app.callback(
        Output(NEWS, "children", allow_duplicate=True),
        Input(START, "n_clicks"),
        Input(STOP, "n_clicks"),
        State(KEY, "data"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _act(start: int | None, stop: int | None, given: str | None, search: str) -> Any:  # noqa: ANN401
        if not (start or stop):
            return no_update
        with speaking(language_of(search)):
            refused = guard.refusal(ctx.headers, ctx.remote, given=given, key=key)
            if refused:
                return [html.Span(_(refused))]
            measuring.stop() if stop else measuring.start(datetime.now().astimezone())
            return news(store, measuring)


def looked(
    store: Store, measuring: Measuring, seen: str, *, is_form: bool, follows: bool
) -> tuple[Any, Any]:
    """Return the stamp of what is held where a page is to be drawn anew, and the news.

    A page with a form is left as it is: what somebody types there must not be lost.
    """
    now = datetime.now().astimezone()
    if follows and measuring.may_start(now) and is_due(store):
        measuring.start(now)
    told, held = news(store, measuring), stamp(store)
    if held == seen or measuring.is_running:
        return no_update, told
    if is_form:
        said = _("There are new numbers: load this page again to see them.")
        return no_update, [*told, html.Span(said)]
    return held, told
