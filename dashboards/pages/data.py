"""The page Data: how much is held, what was lost on the way in, and how numbers are made."""

import json
from typing import Any

import dash_mantine_components as dmc
import polars as pl
from dash import Dash, html
from dash.development.base_component import Component

from analytics import __version__
from analytics.catalog import TABLES
from analytics.store import Store
from dashboards.grids import COUNT, grid
from dashboards.i18n import N_, _, listed, number
from dashboards.sheet import in_words
from dashboards.view import View

COVERAGE = "data-coverage"
ASKED = "data-asked"
CHANGES = "data-changes"
NUMBERS = "data-numbers"
LOSSES = "data-losses"
FILES = "data-files"
_PAGES = "raw/pages/"  # what platforms gave is counted by question, not page by page

SIMULATED = N_(
    "This appeal is simulated: its posts, accounts and responses were drawn by a program, and "
    "nothing here is about anybody."
)
# What stands on the pages, how it is computed, and where that comes from.
METHODS = (
    (N_("Shapes of cascades"), N_(
        "Where a platform names only the original, parents are drawn by a model that was scored "
        "where they are known; depth and virality are bands over many drawn trees."
    ), "Goel et al. 2016; DeVerna et al. 2024"),
    (N_("Carriers"), N_(
        "Credit for the shares that hang from an account's posts, over drawn trees; ranks with the "
        "interval in which they lie."
    ), "DeVerna et al. 2024"),
    (N_("Followers of those who took part"), N_(
        "Bounds: from the largest audience alone to the sum of all, narrower where lists of "
        "followers are held. Nobody's reach is told."
    ), "Clopper and Pearson 1934; Chapman 1951"),
    (N_("Phases and peaks"), N_(
        "Changes of pace by penalised cost; bins that stand out of a steady series."
    ), "Killick et al. 2012"),
    (N_("Communities"), N_(
        "Accounts that share each other more than others, held against rewired graphs."
    ), "Traag et al. 2019"),
    (N_("Synchronised sharing"), N_(
        "Pairs of shares of one thing within seconds, against accounts dealt anew within each "
        "thing. No account is scored."
    ), "Righetti and Balluff 2025"),
    (N_("Responses and the ladder"), N_(
        "Acts are coded by people, with published schemes; the rung follows from the act and from "
        "whom it was done to. Help and harm are never set off against each other."
    ), "CAMEO (Schrodt 2012); HURIDOCS"),
    (N_("Clocks"), N_(
        "Rules of each country as data, in working days; a clock starts at registration, never at "
        "an upload."
    ), "analytics/data/clocks.toml"),
    (N_("Waits"), N_(
        "Of ten appeals and more: the share that still waits, those included that nobody answered."
    ), "Kaplan and Meier 1958; Turnbull 1976"),
    (N_("What may be said"), N_(
        "Four levels, each earned by a test against other times or other appeals; none says why."
    ), "Benjamini and Hochberg 1995"),
)  # fmt: skip

PERCENT = {
    "type": "rightAligned",
    "valueFormatter": {
        "function": "params.value === null ? UNKNOWN : params.value.toLocaleString(LANGUAGE, "
        "{style: 'percent', maximumFractionDigits: 1})"
    },
}
_COVERAGE: dict[str, dict[str, Any]] = {
    "platform": {"headerName": N_("Platform"), "maxWidth": 140, "minWidth": 100},
    "what": {"headerName": N_("What"), "flex": 2, "minWidth": 140},
    "share": {"headerName": N_("Share"), "maxWidth": 110, "minWidth": 80} | PERCENT,
    "held": {"headerName": N_("Held"), "maxWidth": 110} | COUNT,
    "known": {"headerName": N_("Known"), "maxWidth": 110} | COUNT,
    "note": {"headerName": N_("What it means"), "flex": 2, "minWidth": 200},
}
_NUMBERS: dict[str, dict[str, Any]] = {
    "platform": {"headerName": N_("Platform"), "maxWidth": 140, "minWidth": 80},
    "metric": {"headerName": N_("What"), "maxWidth": 130, "minWidth": 90},
    "value": {"headerName": N_("Number"), "maxWidth": 140, "minWidth": 100} | COUNT,
    "posts": {"headerName": N_("Of posts"), "maxWidth": 120} | COUNT,
    "at": {"headerName": N_("Shown by (UTC)"), "minWidth": 140, "flex": 1},
    "definition": {"headerName": N_("The platform's name for it"), "flex": 2, "minWidth": 160},
}
_ASKED: dict[str, dict[str, Any]] = {
    "at": {"headerName": N_("When (UTC)"), "minWidth": 150, "maxWidth": 160},
    "source": {"headerName": N_("Source"), "flex": 1, "minWidth": 110},
    "kind": {"headerName": N_("For"), "maxWidth": 130},
    "questions": {"headerName": N_("Asked"), "maxWidth": 100} | COUNT,
    "unanswered": {"headerName": N_("Open"), "maxWidth": 100} | COUNT,
    "refused": {"headerName": N_("Refused"), "maxWidth": 110} | COUNT,
    "received": {"headerName": N_("Received"), "maxWidth": 120} | COUNT,
    "known": {"headerName": N_("Exist"), "maxWidth": 110} | COUNT,
    "fact": {"headerName": N_("Why it stopped"), "flex": 2, "minWidth": 160},
}
_CHANGES: dict[str, dict[str, Any]] = {
    "observed_at": {"headerName": N_("Seen at (UTC)"), "maxWidth": 150},
    "platform": {"headerName": N_("Platform"), "maxWidth": 140},
    "what": {"headerName": N_("What"), "maxWidth": 120},
    "at": {"headerName": N_("Changed at (UTC)"), "maxWidth": 160},
    "post_id": {"headerName": N_("Post"), "flex": 1, "minWidth": 160},
}
_LOSSES: dict[str, dict[str, Any]] = {
    "outcome": {"headerName": N_("Outcome"), "maxWidth": 120},
    "count": {"headerName": N_("How many"), "maxWidth": 120} | COUNT,
    "what": {"headerName": N_("Of what"), "flex": 1, "minWidth": 140},
    "reason": {"headerName": N_("Why"), "flex": 2, "minWidth": 200},
    "example": {"headerName": N_("The first one"), "flex": 1, "minWidth": 160},
    "import_id": {"headerName": N_("Import"), "maxWidth": 150},
}
_FILES: dict[str, dict[str, Any]] = {
    "at": {"headerName": N_("Read at (UTC)"), "maxWidth": 150},
    "file": {"headerName": N_("File"), "flex": 1, "minWidth": 160},
    "format": {"headerName": N_("Format"), "maxWidth": 150},
    "bytes": {"headerName": N_("Bytes"), "maxWidth": 130} | COUNT,
    "sha256": {
        "headerName": N_("SHA-256"),
        "maxWidth": 150,
        "tooltipField": "sha256",
        "wrapText": False,
    },
    "import_id": {"headerName": N_("Import"), "maxWidth": 150},
}


def layout(store: Store, view: View) -> Component:
    """Return the page for one appeal."""
    appeal_id = view.appeal_id
    imports = store.read("imports", appeal_id=appeal_id).sort(
        "at", "file", descending=[True, False]
    )
    losses = losses_of(store, appeal_id)
    files = imports.filter(~pl.col("payload").str.starts_with(_PAGES).fill_null(value=False))
    return dmc.Stack(
        [
            dmc.Title(_("What all this rests on"), order=1),
            dmc.Text(_protection(store)),
            *_section(
                _("How much is held"), _("Run “groundswell measure” to see it."),
                COVERAGE, _coverage(store, appeal_id), _COVERAGE,
            ),
            *_section(
                _("Numbers that platforms showed"), _("No payload showed any."),
                NUMBERS, _numbers(store, appeal_id), _NUMBERS,
            ),
            *_section(
                _("What platforms were asked"), _("No platform was asked."),
                ASKED, _asked(store, appeal_id), _ASKED,
            ),
            *_section(
                _("Posts that were edited or are gone"), _("None was seen."),
                CHANGES, _changes(store, appeal_id), _CHANGES,
            ),
            *_section(
                _("What became of the rows that were read"), _("No file was imported."),
                LOSSES, losses, _LOSSES,
            ),
            *_section(_("Files"), _("No file was imported."), FILES, files, _FILES),
            *_methods(),
            *_runs(store),
        ],
        gap="md",
    )  # fmt: skip


def register(app: Dash, store: Store) -> None:
    """Add nothing: the page answers by itself."""


def losses_of(store: Store, appeal_id: str) -> pl.DataFrame:
    """Return what became of the rows that imports of an appeal read."""
    imports = store.read("imports", appeal_id=appeal_id)["import_id"]
    return store.read("losses").filter(pl.col("import_id").is_in(imports.implode()))


def _coverage(store: Store, appeal_id: str) -> pl.DataFrame:
    rows = store.read("coverage", appeal_id=appeal_id)
    return in_words(rows, "platform", "what", "note")


def _numbers(store: Store, appeal_id: str) -> pl.DataFrame:
    """Return the newest of each series; an unknown time stays unknown."""
    series = ["platform", "metric", "definition"]
    history = store.read("counter_history", appeal_id=appeal_id).sort("at", nulls_last=False)
    newest = history.unique(series, keep="last").sort(series)
    return in_words(newest, "platform", "metric").with_columns(
        at=pl.col("at").dt.strftime("%Y-%m-%d %H:%M").fill_null(_("not known")),
    )


def _asked(store: Store, appeal_id: str) -> pl.DataFrame:
    """Return the last run of each kind of question."""
    runs = store.read("collections", appeal_id=appeal_id).sort("at")
    last = runs.unique(["source", "kind"], keep="last", maintain_order=True)
    return last.with_columns(at=_minute("at"))


def _changes(store: Store, appeal_id: str) -> pl.DataFrame:
    changes = store.read("changes")
    own = changes.join(_posts_among(store, appeal_id, changes), on="post_id", how="semi")
    newest = own.sort("observed_at", descending=True)
    return in_words(newest, "platform").with_columns(
        at=_minute("at").fill_null(_("not known")),
        observed_at=_minute("observed_at"),
    )


def _posts_among(store: Store, appeal_id: str, changes: pl.DataFrame) -> pl.DataFrame:
    """Return the posts of an appeal that changed; few, however many there are."""
    changed = pl.col("post_id").is_in(changes["post_id"].unique().implode())
    asked = (pl.col("appeal_id") == appeal_id) & changed
    return store.scan("posts").filter(asked).select("post_id").collect()


def _minute(column: str) -> pl.Expr:
    return pl.col(column).dt.strftime("%Y-%m-%d %H:%M")


def _section(
    title: str, missing: str, component_id: str, rows: pl.DataFrame, columns: dict[str, Any]
) -> list[Component]:
    body = dmc.Text(missing, c="dimmed") if rows.is_empty() else grid(component_id, rows, columns)
    return [dmc.Title(title, order=2, size="h4"), body]


def _protection(store: Store) -> str:
    protection = store.settings.protection
    if protection.level == "open":
        said = _("Protection is open: everything is kept as it came. Reason: {reason}")
        return said.format(reason=protection.reason)
    return _(
        "Protection is strict: accounts appear under keyed pseudonyms (~…), private words are not "
        "kept. Public accounts that may be named: {n}."
    ).format(n=number(len(store.settings.public)))


def _methods() -> list[Component]:
    """Say how what stands on the pages is computed, and where that comes from."""
    head = html.Tr(
        [html.Th(_(name), scope="col") for name in (N_("What"), N_("How"), N_("Source"))]
    )
    body = [
        html.Tr([html.Td(_(what)), html.Td(_(how)), html.Td(source)])
        for what, how, source in METHODS
    ]
    table = html.Table([html.Thead(head), html.Tbody(body)], className="plain")
    return [
        dmc.Title(_("How it is computed"), order=2, size="h4"),
        html.Div(table, className="wide", tabIndex=0),
    ]


def _runs(store: Store) -> list[Component]:
    title = dmc.Title(_("To cite and to repeat"), order=2, size="h4")
    last = store.read("runs").sort("at").tail(1)
    if last.is_empty():
        never = _("Never measured. This is groundswell {version}.").format(version=__version__)
        return [title, dmc.Text(never, size="sm")]
    row = last.row(0, named=True)
    inputs = json.loads(row["inputs"])
    said = _(
        "Last measured {at} UTC in {seconds} s by groundswell {version} (engine: {engine}), with "
        "{trees} trees by each setting and seed {seed}."
    ).format(
        at=f"{row['at']:%Y-%m-%d %H:%M}",
        seconds=number(row["seconds"], places=1),
        version=row["version"],
        engine=row["engine"],
        trees=number(inputs.get("trees")),
        seed=inputs.get("seed"),
    )
    versions = [f"{name} {version}" for name, version in inputs.items() if name in TABLES]
    tables = _("Versions of the tables that went in: {versions}.").format(versions=listed(versions))
    simulated = [dmc.Text(_(SIMULATED), size="sm")] if store.simulated else []
    return [title, *simulated, dmc.Text(said, size="sm"), dmc.Text(tables, size="sm")]
