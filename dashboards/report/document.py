"""What a report is made of; whoever writes it down knows nothing of the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go
import polars as pl


@dataclass(frozen=True)
class Text:
    """A paragraph; ``quiet`` where it only explains."""

    words: str
    quiet: bool = False


@dataclass(frozen=True)
class Answers:
    """Questions, and what is to be said to each in a sentence or two."""

    told: Mapping[str, str]


@dataclass(frozen=True)
class Bullets:
    """Sentences of one kind."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A table: which columns of the rows are shown, and what they are called."""

    rows: pl.DataFrame
    columns: Mapping[str, str]
    caption: str


@dataclass(frozen=True)
class Picture:
    """A figure, what it is of, and what is seen in it, in words."""

    figure: go.Figure
    name: str
    title: str
    said: str


Block = Text | Answers | Bullets | Sheet | Picture


@dataclass(frozen=True)
class Section:
    """A chapter; ``name`` is what links lead to."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A whole report in one language."""

    title: str
    period: str
    lang: str
    warnings: tuple[str, ...]  # what no reader may miss: simulated, protection open
    sections: tuple[Section, ...]
    made_by: str
    measured_at: datetime

    def pictures(self) -> list[Picture]:
        """Return the figures of all chapters, in order."""
        return [b for section in self.sections for b in section.blocks if isinstance(b, Picture)]
