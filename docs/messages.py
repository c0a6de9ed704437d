"""Brings the catalogues of messages up to date with the code: ``make messages``.

What is new comes in without a translation, and ``tests/test_i18n.py`` fails until it has one; what
the code no longer says goes. Words that tables carry from closed lists are messages as well.
"""

import ast
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from analytics import beside, candidates, claims, clocks, coverage, opinions, waits
from analytics.clocks import presets
from analytics.codes import code_list
from analytics.responses import RUNG_NAMES
from analytics.tables import CHANGES_SEEN, LEVELS, METRICS, OUTCOMES, SELECTIONS, TARGETS

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "dashboards" / "locale"
NOTING = (beside, candidates, clocks, coverage, opinions, waits)  # modules that write notes
HEAD = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: {language}\\n"
"Plural-Forms: {plural}\\n"

"""
FORMS = {"_": 1, "N_": 1, "ngettext": 2}  # functions, and how many forms each is given


def main() -> None:
    """Write each catalogue with the messages of today."""
    for path in sorted(LOCALE.glob("*.po")):
        with path.open("rb") as held:
            catalogue = read_po(held, locale=path.stem)
        catalogue.update(messages(), no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        path.write_text(_written(catalogue, path.stem), encoding="utf-8")


def _written(catalogue: Catalog, language: str) -> str:
    """Return a catalogue as a file, with no more in its head than is true of it."""
    text = BytesIO()
    write_po(text, catalogue, omit_header=True, sort_output=True, width=100, no_location=True)
    head = HEAD.format(language=language, plural=catalogue.plural_forms)
    return head + text.getvalue().decode("utf-8")


def messages() -> Catalog:
    """Return every message that the code can say."""
    found = Catalog(project="Groundswell", charset="utf-8")
    for path in sorted((ROOT / "dashboards").rglob("*.py")):
        for words in _said(ast.parse(path.read_text("utf-8"))):
            found.add(words)
    for words in sorted(set(told())):
        found.add(words)
    return found


def _said(tree: ast.AST) -> Iterator[str | tuple[str, str]]:
    """Yield the messages that code names as such; a variable is no message."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        forms = FORMS.get(getattr(call.func, "id", ""), 0)
        words = [arg.value for arg in call.args[:forms] if isinstance(arg, ast.Constant)]
        if forms and len(words) == forms and all(words):
            yield str(words[0]) if forms == 1 else (str(words[0]), str(words[1]))


def told() -> Iterator[str]:
    """Yield what measured tables say in words of closed lists."""
    yield from RUNG_NAMES.values()
    yield from (*LEVELS, *TARGETS, *SELECTIONS, *METRICS, *OUTCOMES, *CHANGES_SEEN)
    yield from code_list()["name"]
    yield from (*claims.RIVALS, claims.PRESENT, claims.ABSENT, claims.NOT_KNOWN)
    for rule in presets():
        yield from (words for words in (rule.what, rule.only_if) if words)
    for module in NOTING:
        yield from _notes(module)


def _notes(module: ModuleType) -> Iterator[str]:
    """Yield the sentences that a module writes into tables: its constants, and what it names."""
    for name, value in vars(module).items():
        if name.isupper() and isinstance(value, str) and " " in value and "{" not in value:
            yield value
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if getattr(call.func, "id", "") in {"_named", "_column"}:
            values = [str(node.value) for node in call.args if isinstance(node, ast.Constant)]
            yield from (value for value in values if " " in value)


if __name__ == "__main__":
    main()
