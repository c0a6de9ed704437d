"""Writes the pages of docs/ that are made from code: tables, codebook, commands.

Run it with ``make docs``; ``tests/test_docs.py`` fails when a page differs from the code.
"""

import re
import subprocess
import sys
from pathlib import Path

from analytics.catalog import TABLES
from analytics.codes import code_list
from analytics.responses import RUNG_NAMES, ladder
from analytics.schema import UTC, Column, Table
from analytics.truth import TRUTH

DOCS = Path(__file__).parent
_NOTICE = "<!-- Made by docs/generate.py: change the code, then run make docs. -->\n"
_COMMANDS = (
    "demo", "init", "import", "formats", "collect", "login", "doctor", "respond", "opinions",
    "measure", "coordination", "serve", "report", "export", "simulate", "compact",
    "forget",
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

## How to code

One row is one act of one authority. What is not known is left empty, never guessed; a day that is
not known is an interval (`from`, `to`). Of two acts on one day, each has its own row. An actor is
an institution: no private person is named, not in the summary either. The summary is one sentence
that says what was done and no code: it is all that a second coder sees. A response is on record
when a person has read its source; say when it was looked at (`retrieved_at`) and give the hash of
what was seen (`sha256`, or `groundswell respond STORE cite FILE`), since pages change. Sign what
you enter and code with a name that you would publish; initials do.

A second coder is another person, who codes at least a fifth of the responses without seeing what
the first one coded: `groundswell respond STORE code -o sheet.csv` writes the sheet,
`groundswell respond STORE code sheet.csv --by NAME` reads it. How far both agree, and what is to be
settled, is measured ([measures.md](measures.md#agreement-of-coders)).

The lists below are `analytics/data/codes.csv`. Codes of HURIDOCS' lists are written without the
zeros at their end; names and meanings are in our own words.
{_lists()}
## Codes of actors

`actor_code` is a country's three letters (ISO 3166, `analytics/data/countries.csv`), or one of
{_named("actor_origin")}, then CAMEO roles. A primary role comes first; a secondary one follows it
or stands alone. Bodies that CAMEO does not tell apart have a code of their own in `actor_kind`.

{_rows("primary_role", "primary role")}

{_rows("secondary_role", "secondary role")}
"""


_LISTS = {
    "huridocs_type": "Types of responses (HURIDOCS list 27)",
    "impact": "Assessed impact (HURIDOCS list 44)",
    "status": "Intervention status (HURIDOCS list 45)",
    "actor_kind": "Kinds of bodies",
}


def _lists() -> str:
    parts = [f"\n## {title}: `{field}`\n\n{_rows(field)}\n" for field, title in _LISTS.items()]
    return "".join(parts)


def _rows(field: str, heading: str = "code") -> str:
    told = code_list().filter(field=field).iter_rows(named=True)
    rows = [f"| {c['code']} | {c['name']} | {c['meaning']} | {c['example']} |" for c in told]
    return "\n".join([f"| {heading} | name | meaning | example |", "|---|---|---|---|", *rows])


def _named(field: str) -> str:
    told = code_list().filter(field=field).select("code", "name").iter_rows()
    return ", ".join(f"{code} ({name})" for code, name in told)


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
