"""From a store to a file that can be handed over."""

from pathlib import Path
from typing import Any

from analytics.errors import FormatError
from analytics.store import Store
from dashboards.i18n import LANGUAGES, speaking
from dashboards.report.bundle import as_bundle
from dashboards.report.contents import document
from dashboards.report.document import Document
from dashboards.report.drawing import drawn
from dashboards.report.html import as_html
from dashboards.report.pdf import as_pdf
from dashboards.view import View

ENDINGS = (".html", ".pdf", ".zip")


def write_report(store: Store, output: Path, *, appeal: str | None, lang: str) -> dict[str, Any]:
    """Write the report of one appeal; the ending of the file says in which form.

    Raises
    ------
    FormatError
        The ending or the language is unknown, no appeal is named among several, what makes a PDF is
        not here, or the file cannot be written.
    MeasureError
        Nothing was measured of the appeal.
    SettingsError
        There is no such appeal.
    """
    ending = output.suffix.lower()
    if ending not in ENDINGS:
        msg = f"{output.name} ends in none of {', '.join(ENDINGS)}; choose one of them"
        raise FormatError(msg)
    if lang not in LANGUAGES:
        msg = f"there is no report in {lang!r}; choose one of: {', '.join(LANGUAGES)}"
        raise FormatError(msg)
    view = View(_appeal(store, appeal), lang=lang)
    with speaking(lang):
        told = document(store, view)
        data, note = _written(store, view, told, ending)
    try:
        output.write_bytes(data)
    except OSError as error:
        msg = f"{output} cannot be written ({error.strerror or error}); choose another file"
        raise FormatError(msg) from None
    return {
        "file": str(output),
        "appeal": view.appeal_id,
        "lang": lang,
        "bytes": len(data),
        "note": note or None,
    }


def _written(store: Store, view: View, told: Document, ending: str) -> tuple[bytes, str]:
    """Return a file, and what has to be said of it."""
    if ending == ".pdf":
        return as_pdf(told, drawn(told.pictures()))
    page = as_html(told)
    return page.encode() if ending == ".html" else as_bundle(store, view, page, told.title), ""


def _appeal(store: Store, asked: str | None) -> str:
    known = store.read("appeals", columns=["appeal_id"])["appeal_id"].sort().to_list()
    if asked in known:
        return str(asked)
    if asked is None and len(known) == 1:
        return str(known[0])
    some = ", ".join(known[:5]) + (", …" if len(known) > 5 else "")  # noqa: PLR2004 - a hint
    fact = f"has no appeal {asked!r}" if asked else f"holds {len(known):,} appeals"
    msg = f"{store.path} {fact}; name one with --appeal: {some or 'none is held yet'}"
    raise FormatError(msg)
