"""A report on paper: A4, numbered pages, readable aloud (PDF/UA), set by Typst.

The page's own file says how it looks (``page.typ``); words and drawings reach it as data, so that
nothing that somebody wrote is ever read as an instruction.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from typing import Any, NamedTuple

from analytics.errors import FormatError
from dashboards.i18n import _
from dashboards.report.document import Answers, Block, Bullets, Document, Picture, Sheet, Text
from dashboards.report.drawing import NO_KALEIDO
from dashboards.report.html import tame
from dashboards.sheet import cell

TALL = 480  # pixels: a figure that text flows around, so that no page ends half empty before it
BOXES = (
    "Letters that no font here has are boxes in it; install fonts that have them (Noto) and write "
    "it again."
)
ACROSS = 100  # letters of a table that fit on a page side by side
SHORT, LONG = 16, 45  # letters of a column that is never broken, and that all longer ones count as


class Paper(NamedTuple):
    """A PDF, and what its reader has to know of it; nothing to know is empty."""

    data: bytes
    note: str


def as_pdf(document: Document, drawings: Mapping[str, str]) -> Paper:
    """Return a document as PDF, with the drawing of every picture by its name.

    The same document, drawings and fonts give the same bytes: the day in it is that of measuring.
    Letters that no font of the machine has are drawn as boxes, which the rules for reading aloud
    forbid: such a file does not claim to follow them.

    Raises
    ------
    FormatError
        What sets it is not installed.
    """
    try:
        import typst  # noqa: PLC0415 - an extra
    except ImportError:
        raise FormatError(NO_KALEIDO) from None
    told = _tamed(
        {
            "title": tame(document.title).strip()
            or document.made_by,  # paper must be called something
            "period": document.period,
            "lang": document.lang,
            "warnings": document.warnings,
            "made_by": document.made_by,
            "contents": _("Contents"),
            "sections": [
                {"title": section.title, "blocks": [_block(b, drawings) for b in section.blocks]}
                for section in document.sections
            ],
        }
    )
    page = files("dashboards.report").joinpath("page.typ").read_bytes()
    asked: dict[str, Any] = {
        "sys_inputs": {"document": json.dumps(told)},
        "format": "pdf",
        "timestamp": document.measured_at.replace(microsecond=0),
    }
    try:
        return Paper(typst.compile(page, **asked, pdf_standards=["ua-1"]), "")
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        return Paper(typst.compile(page, **asked), BOXES)


def _block(block: Block, drawings: Mapping[str, str]) -> dict[str, Any]:
    match block:
        case Text() | Bullets():
            told = asdict(block)
        case Answers():
            told = {"told": list(block.told.items())}
        case Sheet():
            names = list(block.columns.values())
            rows = [[cell(v) for v in row] for row in block.rows.select(list(block.columns)).rows()]
            told = {"caption": block.caption, "columns": names, "rows": rows}
            told["wide"] = _widths([names, *rows])
        case Picture():
            told = {
                "title": block.title,
                "said": block.said or block.title,
                "drawing": drawings[block.name],
            }
            told["tall"] = (block.figure.layout.height or 0) > TALL
    return {"kind": type(block).__name__, **told}


def _widths(rows: list[list[str]]) -> list[int]:
    """Return how the columns of a table share the page; 0: as wide as what stands in it.

    >>> _widths([["a", "What it did"], ["b", "word " * 30]])
    [0, 45]
    """
    longest = [max(len(words) for words in column) for column in zip(*rows, strict=True)]
    if sum(longest) <= ACROSS:
        return [0] * len(longest)
    return [0 if n <= SHORT else min(n, LONG) for n in longest]


def _tamed(value: Any) -> Any:  # noqa: ANN401 - what JSON can say
    """Return the same with all words tamed, but for drawings: those are Plotly's own."""
    if isinstance(value, dict):
        return {k: v if k == "drawing" else _tamed(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_tamed(one) for one in value]
    return tame(value) if isinstance(value, str) else value
