"""Tables on screen: AG Grid with one look, readable by keyboard and screen reader."""

from typing import Any

import dash_ag_grid as dag
import polars as pl

from dashboards.i18n import N_, _, spoken

PAGE = 20  # rows; shorter tables are shown whole
# The page's own colours, so that a grid follows its look.
_THEME = """themeQuartz.withParams({
  backgroundColor: "var(--card)", foregroundColor: "var(--ink)", headerTextColor: "var(--muted)",
  headerBackgroundColor: "var(--card)", borderColor: "var(--rule)", accentColor: "var(--accent)",
  browserColorScheme: "inherit", fontFamily: "inherit", headerFontWeight: 600,
  wrapperBorder: false, wrapperBorderRadius: 0, columnBorder: false,
})"""
WORDS = {  # of the grid itself
    "page": N_("Page"), "of": N_("of"), "to": N_("to"), "firstPage": N_("First page"),
    "previousPage": N_("Previous page"), "nextPage": N_("Next page"),
    "lastPage": N_("Last page"), "noRowsToShow": N_("Nothing to show"),
}  # fmt: skip
OPTIONS: dict[str, Any] = {
    "theme": {"function": _THEME},
    "domLayout": "autoHeight",
    "paginationPageSize": PAGE,
    "paginationPageSizeSelector": False,
    "enableCellTextSelection": True,
    "ensureDomOrder": True,
    "animateRows": False,
}


def grid(component_id: str, rows: pl.DataFrame, columns: dict[str, dict[str, Any]]) -> dag.AgGrid:
    """Return a table; ``columns`` maps names to AG Grid's column settings, in order.

    Their headings are messages.
    """
    times = pl.selectors.datetime().dt.strftime("%Y-%m-%d %H:%M")
    lists = pl.selectors.by_dtype(pl.List(pl.String)).list.join(" · ")
    settings = [
        {"field": name, "wrapText": True, "autoHeight": True, **_spoken(setting)}
        for name, setting in columns.items()
    ]
    return dag.AgGrid(
        id=component_id,
        rowData=rows.select(list(columns)).with_columns(times, lists).to_dicts(),
        columnDefs=settings,
        defaultColDef={"resizable": True, "sortable": True, "minWidth": 90},
        dashGridOptions=OPTIONS
        | {"pagination": rows.height > PAGE, "localeText": {k: _(v) for k, v in WORDS.items()}},
        columnSize="responsiveSizeToFit",
        style={"height": None, "width": "100%"},
    )  # fmt: skip


def _spoken(setting: dict[str, Any]) -> dict[str, Any]:
    """Return a column's settings in the reader's language."""
    told = setting | {"headerName": _(setting["headerName"])}
    if "valueFormatter" in setting:
        written = setting["valueFormatter"]["function"].replace("LANGUAGE", f"'{spoken()}'")
        told["valueFormatter"] = {"function": written.replace("UNKNOWN", f"'{_('not known')}'")}
    return told


COUNT = {
    "type": "rightAligned",
    "valueFormatter": {  # what is not known is no 0
        "function": "params.value === null ? UNKNOWN : params.value.toLocaleString(LANGUAGE)"
    },
}
