"""Tables on screen: AG Grid with one look, readable by keyboard and screen reader."""

from typing import Any

import dash_ag_grid as dag
import polars as pl

from dashboards.i18n import _

PAGE = 20  # rows; shorter tables are shown whole
# The page's own colours, so that a grid follows its look.
_THEME = """themeQuartz.withParams({
  backgroundColor: "var(--card)", foregroundColor: "var(--ink)", headerTextColor: "var(--muted)",
  headerBackgroundColor: "var(--card)", borderColor: "var(--rule)", accentColor: "var(--accent)",
  browserColorScheme: "inherit", fontFamily: "inherit", headerFontWeight: 600,
  wrapperBorder: false, wrapperBorderRadius: 0, columnBorder: false,
})"""
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
        {
            "field": name,
            "wrapText": True,
            "autoHeight": True,
            **setting,
            "headerName": _(setting["headerName"]),
        }
        for name, setting in columns.items()
    ]
    return dag.AgGrid(
        id=component_id,
        rowData=rows.select(list(columns)).with_columns(times, lists).to_dicts(),
        columnDefs=settings,
        defaultColDef={"resizable": True, "sortable": True, "minWidth": 90},
        dashGridOptions=OPTIONS | {"pagination": rows.height > PAGE},
        columnSize="responsiveSizeToFit",
        style={"height": None, "width": "100%"},
    )  # fmt: skip


COUNT = {
    "type": "rightAligned",
    "valueFormatter": {  # what is not known is no 0
        "function": "params.value === null ? 'not known' : d3.format(',')(params.value)"
    },
}
