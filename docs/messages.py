"""Brings the catalogues of messages up to date with the code: ``make messages``.

What is new comes in without a translation, and ``tests/test_i18n.py`` fails until it has one; what
the code no longer says goes. Words that tables carry from closed lists are messages as well.
"""

import ast
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from analytics import (
    around,
    beside,
    candidates,
    claims,
    clocks,
    communities,
    comparing,
    coordination,
    coverage,
    decay,
    forecasts,
    hawkes,
    leads,
    opinions,
    outlook,
    overlaps,
    reach,
    similarity,
    waits,
)
from analytics.clocks import presets
from analytics.codes import code_list
from analytics.responses import RUNG_NAMES
from analytics.tables import CHANGES_SEEN, LEVELS, METRICS, OUTCOMES, SELECTIONS, TARGETS

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "dashboards" / "locale"
# Modules that write notes for people into tables …
NOTING = (
    around, beside, candidates, claims, communities, comparing, coordination, coverage, decay,
    forecasts, hawkes, leads, opinions, outlook, overlaps, reach, similarity, waits,
)  # fmt: skip
NAMING = (clocks,)  # … and those whose notes are their constants, beside much else that they say
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
    told_of = reach.definitions()
    for words in (*told_of.counted["counts"], *told_of.changes["what"]):
        yield from words.split("; ")
    for module in NAMING:
        named = (v for k, v in vars(module).items() if k.isupper() and isinstance(v, str))
        yield from (words for words in named if " " in words)
    for module in NOTING:
        for words in _sentences(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
            yield from (part for part in words.split("; ") if _PHRASE.search(part))


_PHRASE = re.compile(r"[a-z]{2,}[^_]* ([^_]* )?[a-z]{2,}|[a-z]{3,} {}$")


def _sentences(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of a module, with ``{}`` for what is filled in; no docstring, no error."""
    passed = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant() as held) | ast.Raise(exc=held):
                passed |= {id(part) for part in ast.walk(held)} if held else set()
            case ast.Assign(targets=[ast.Name(id="msg")], value=held):
                passed |= {id(part) for part in ast.walk(held)}
            case ast.JoinedStr():
                passed |= {id(part) for part in ast.walk(node)} - {id(node)}
    for node in (node for node in ast.walk(tree) if id(node) not in passed):
        match node:
            case ast.Constant(value=str(words)):
                yield words
            case ast.JoinedStr(values=parts):
                yield "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in parts)


if __name__ == "__main__":
    main()
