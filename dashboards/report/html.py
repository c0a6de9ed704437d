"""A report as one page that needs nothing else: no server, no script and no font from elsewhere."""

import json
import re
from importlib.resources import files
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment

from dashboards.i18n import _
from dashboards.report.document import Document
from dashboards.sheet import cell
from dashboards.theme import graph_config

# Nothing may be asked of anybody, whatever the page holds.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
)
LONGEST = 2_000  # characters of one piece of somebody's words
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)


def as_html(document: Document) -> str:
    """Return a document as a page."""
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - five megabytes

    pictures = bool(document.pictures())
    template = _environment().from_string(_held("page.html.j2"))
    return template.render(
        document=document, policy=POLICY, style=_held("page.css"), pictures=pictures,
        plotly=get_plotlyjs() if pictures else "",
        config=_script(graph_config()),
        words={"contents": _("Contents")},
    )  # fmt: skip


def _environment() -> Environment:
    environment = Environment(autoescape=True)
    environment.filters.update(
        tame=tame, cell=cell, figure=_figure, kind=lambda block: type(block).__name__
    )
    return environment


def tame(words: str) -> str:
    """Return somebody's words without signs that turn the text around them, and not endless.

    >>> tame("a\u202eb" + "c" * 3000)[:3], len(tame("c" * 3000))
    ('abc', 2001)
    """
    plain = _HIDDEN.sub("", words)
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}…"


def _figure(figure: go.Figure) -> str:
    return _script(json.loads(figure.to_json()))


def _script(value: Any) -> str:  # noqa: ANN401 - what JSON can say
    """Return a value as JSON that can stand inside a script: nothing in it ends one."""
    told = json.dumps(value, ensure_ascii=True)
    return told.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _held(name: str) -> str:
    return files("dashboards.report").joinpath(name).read_text("utf-8")
