"""Writes the pages of docs/ that are made from code: tables, codebook, commands.

Run it with ``make docs``; ``tests/test_docs.py`` fails when a page differs from the code.
"""

import re
import subprocess
import sys
from pathlib import Path

from analytics.catalog import TABLES
from analytics.responses import RUNG_NAMES, ladder
from analytics.schema import UTC, Column, Table
from analytics.truth import TRUTH

DOCS = Path(__file__).parent
_NOTICE = "<!-- Made by docs/generate.py: change the code, then run make docs. -->\n"
_COMMANDS = (
    "demo", "init", "import", "formats", "collect", "login", "doctor", "respond", "opinions", "measure",
    "coordination", "serve", "export", "simulate", "compact",
)  # fmt: skip


def tables_page() -> str:
    """Return docs/tables.md."""
    intro = (
        "# Tables\n\n" + _NOTICE + "\nAll times are UTC microseconds. Ids have the platform in "
        "front (`x:123`, `telegram:chan/42`). Unknown is null, never 0 or an empty string. A CSV "
        "writes lists with `|` between their items.\n"
    )
    truth = (
        "\n## The truth of a simulated appeal\n\nParquet files that `groundswell simulate` writes "
        "beside the tables; no measure reads them ([how it spreads](simulation.md)).\n"
    )
    told = "\n".join(_told(table) for table in TRUTH.values())
    return intro + "\n".join(_table(table) for table in TABLES.values()) + truth + told


def _table(table: Table) -> str:
    kind = "Measured by `groundswell measure`" if table.measured else "Kept"
    how = {"complete": "nulls are filled, nothing is overwritten", "replace": "the newer row holds"}
    again = "" if table.measured else f"When a row comes again, {how[table.merge]}."
    about = f"One row is {table.row}. {kind}; key: {_codes(table.key)}. {again}"
    return _section(f"## {table.name}", about, table)


def _told(table: Table) -> str:
    about = f"One row is {table.row}. Key: {_codes(table.key)}."
    return _section(f"### {table.name}.parquet", about, table)


def _section(heading: str, about: str, table: Table) -> str:
    lines = [
        f"\n{heading}\n",
        f"{about}\n",
        "| column | type | may be null | meaning |",
        "|---|---|---|---|",
        *(_column(name, column) for name, column in table.columns.items()),
        "",
    ]
    return "\n".join(lines)


def _column(name: str, column: Column) -> str:
    values = f" One of {_codes(column.values)}." if column.values else ""
    null = "yes" if column.null else "no"
    return f"| `{name}` | {_type(column)} | {null} | {column.doc}.{values} |"


def _type(column: Column) -> str:
    return "time" if column.dtype == UTC else str(column.dtype).lower().replace("string", "text")


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def codebook_page() -> str:
    """Return docs/codebook.md."""
    rules = ladder().sort("rung", "verb", descending=[True, False])
    rungs = "\n".join(f"| {rung:+d} | {name} |" for rung, name in RUNG_NAMES.items())
    rows = "\n".join(
        f"| {rule['rung']:+d} | {rule['verb']} | {rule['target'] or 'any'} | {rule['meaning']} | "
        f"{rule['example']} |"
        for rule in rules.iter_rows(named=True)
    )
    return f"""# Codebook of responses

{_NOTICE}
What an authority did is coded with a verb (CAMEO event code) and a target: whom it was done to. The
rung on the response ladder follows from both, by the table below (`analytics/data/ladder.csv`). The
longest code that begins the verb decides; among equal codes, the row that names the target. An act
that no row fits has no rung. The two branches, what helps the appellant and what harms, are shown
side by side and never netted.

The verbs are CAMEO's (Schrodt 2012). The ladder itself is this project's own synthesis: say so when
you cite it, and fix your codes before you look at the spread.

## Rungs

| rung | the authority |
|---|---|
{rungs}

## Rules

| rung | verb begins with | target | meaning | example |
|---|---|---|---|---|
{rows}
"""


def commands_page() -> str:
    """Return docs/commands.md."""
    parts = [f"# Commands\n\n{_NOTICE}\n```text\n{_help()}\n```\n"]
    parts += [f"## groundswell {name}\n\n```text\n{_help(name)}\n```\n" for name in _COMMANDS]
    return "\n".join(parts)


def _help(*names: str) -> str:
    command = [sys.executable, "-c", "from dashboards.cli import main; main()", *names, "--help"]
    environment = {"COLUMNS": "88", "PATH": "/usr/bin:/bin", "TERM": "dumb"}
    done = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)  # noqa: S603
    text = re.sub(r"^Usage: \S+", "Usage: groundswell", done.stdout.strip(), count=1)
    return "\n".join(line.rstrip() for line in text.splitlines())


PAGES = {
    "tables.md": tables_page,
    "codebook.md": codebook_page,
    "commands.md": commands_page,
}


if __name__ == "__main__":
    for page, make in PAGES.items():
        (DOCS / page).write_text(make(), encoding="utf-8")
