"""What a command says: sentences, tables and progress on stderr, results on stdout."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import typer

WIDE = 160  # columns of a table that goes to a file


def say(text: str) -> None:
    """Print a line for a person."""
    typer.echo(text.encode(errors="replace").decode())  # names of files may be of any bytes


def complain(text: str) -> None:
    """Print one sentence about what went wrong."""
    typer.echo(f"groundswell: {text}", err=True)


def emit(document: dict[str, Any]) -> None:
    """Print a result as one JSON document, in ASCII: any terminal and any pipe can carry it."""
    typer.echo(json.dumps(document, default=_plain, indent=1))


def _plain(value: object) -> str:
    """Return what JSON has no word for: a time as ISO 8601, a path, a decimal."""
    return value.isoformat() if isinstance(value, date) else str(value)


def table(title: str, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    """Print a table for a person, on stderr."""
    from rich.table import Table  # noqa: PLC0415 - --help does without it

    grid = Table(*names, title=title, title_justify="left", box=None, pad_edge=False)
    for row in rows:
        grid.add_row(*("" if cell is None else _cell(cell) for cell in row))
    _stderr().print(grid)


def _stderr() -> Any:  # noqa: ANN401 - rich is loaded when needed
    from rich.console import Console  # noqa: PLC0415 - --help does without it

    console = Console(stderr=True)
    if not console.is_terminal:
        console.width = WIDE
    return console


def _cell(value: object) -> str:
    from rich.markup import escape  # noqa: PLC0415

    return f"{value:,}" if isinstance(value, int) else escape(str(value))


@contextmanager
def progress(text: str) -> Iterator[Any]:
    """Show that something is going on; silent without a terminal."""
    console = _stderr()
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(text) as status:
        yield lambda step: status.update(f"{text} · {step}")
