"""The core of Groundswell: tables in, tables out; no network, no drawing.

The public names are listed in ``__all__`` and loaded when first used, so that
``groundswell --help`` need not wait for Polars.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from analytics.catalog import TABLES
    from analytics.errors import GroundswellError
    from analytics.graphs import account_graph
    from analytics.runner import measure
    from analytics.schema import Table
    from analytics.store import Store

__all__ = ["TABLES", "GroundswellError", "Store", "Table", "account_graph", "measure"]

_HOME = {
    "GroundswellError": "analytics.errors",
    "Store": "analytics.store",
    "TABLES": "analytics.catalog",
    "Table": "analytics.tables",
    "account_graph": "analytics.graphs",
    "measure": "analytics.runner",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute can be anything
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOME[name]), name)
