"""One look, by day and by night: colours, type and the Plotly template.

Platform colours start from Okabe and Ito's set, which the colour-blind can tell apart. A figure
takes its look as an argument; the page's own colours are the same ones, in ``assets/style.css``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go
from babel import Locale

from dashboards.i18n import N_, _, spoken

FONT = "Inter, 'Segoe UI', 'Noto Sans', 'Helvetica Neue', Arial, sans-serif"

_BY_DAY = MappingProxyType({
    "youtube": "#d55e00", "telegram": "#0a84c6", "x": "#8a6fd1", "web": "#00875f",
    "bluesky": "#3a93c9", "mastodon": "#b85f96", "facebook": "#6b7b8c", "vk": "#927500",
})  # fmt: skip
_BY_NIGHT = MappingProxyType({
    "youtube": "#f07c28", "telegram": "#35a7e8", "x": "#a992ea", "web": "#1fb98a",
    "bluesky": "#7cc4f2", "mastodon": "#e08fbd", "facebook": "#9fb0c2", "vk": "#cfae2f",
})  # fmt: skip

PLATFORM_NAMES = {
    "youtube": "YouTube",
    "telegram": "Telegram",
    "x": "X",
    "web": N_("News and web"),
    "bluesky": "Bluesky",
    "mastodon": "Mastodon",
    "facebook": "Facebook",
    "vk": "VK",
    "petition": N_("Petition site"),
}


@dataclass(frozen=True)
class Look:
    """One palette: everything that a figure is drawn with.

    ``helps`` and ``harms`` diverge so that the colour-blind can tell them apart; ``series`` are the
    colours of things that have none of their own, in the order of use.
    """

    name: str
    ink: str
    muted: str
    rule: str
    paper: str
    card: str
    ground: str  # of the share graph
    accent: str
    helps: str
    harms: str
    neutral: str
    warns: str
    platforms: Mapping[str, str]
    other: str  # a platform without a colour of its own
    series: tuple[str, ...]
    template: go.layout.Template = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the Plotly template of this palette."""
        object.__setattr__(self, "template", _template(self))

    def platform(self, platform: str) -> str:
        """Return the platform's colour."""
        return self.platforms.get(platform, self.other)

    def rung(self, rung: int | None) -> str:
        """Return the colour of a rung: helps, harms, or neither."""
        if not rung:
            return self.neutral
        return self.helps if rung > 0 else self.harms


def _template(look: Look) -> go.layout.Template:
    label = {"family": FONT, "size": 12, "color": look.ink}
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": look.ink},
            "colorway": list(look.series),
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "hoverlabel": {"bgcolor": look.card, "bordercolor": look.rule, "font": label},
            "xaxis": {
                "showgrid": False, "zeroline": False, "linecolor": look.rule, "ticks": "outside",
                "gridcolor": look.rule, "tickcolor": look.rule, "zerolinecolor": look.muted,
            },
            "yaxis": {
                "gridcolor": look.rule, "zeroline": False, "rangemode": "tozero",
                "zerolinecolor": look.muted,
            },
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        }
    )  # fmt: skip


LIGHT = Look(
    name="light", ink="#1b1f2a", muted="#5c6372", rule="#e3e1da", paper="#fbfaf7", card="#ffffff",
    ground="#f1efe8", accent="#0f5e8c", helps="#1b7f79", harms="#b2456e", neutral="#747b88",
    warns="#8a6a00", platforms=_BY_DAY, other="#747b88",
    series=("#0f5e8c", "#c25400", "#00875f", "#7a5cc9", "#927500", "#b85f96", "#6b7b8c"),
)  # fmt: skip
DARK = Look(
    name="dark", ink="#e9e7e1", muted="#a3a9b6", rule="#2e3442", paper="#12151d", card="#1a1e29",
    ground="#0b0e17", accent="#6ab7e6", helps="#45bdb3", harms="#e3799f", neutral="#8f97a5",
    warns="#dfbb4d", platforms=_BY_NIGHT, other="#8f97a5",
    series=("#6ab7e6", "#f07c28", "#1fb98a", "#a992ea", "#cfae2f", "#e08fbd", "#9fb0c2"),
)  # fmt: skip
LOOKS = {look.name: look for look in (LIGHT, DARK)}

# "Share chart…" would upload the figure to another host: it is removed everywhere.
GRAPH_CONFIG: Any = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["sendChartToCloud", "lasso2d", "select2d", "autoScale2d"],
    "responsive": True,
}


def graph_config(**more: Any) -> Any:  # noqa: ANN401 - Plotly's own settings
    """Return the settings of a graph, with the months and days of the reader's language."""
    language = spoken()
    words = Locale.parse(language)
    form = {
        "months": [words.months["stand-alone"]["wide"][n] for n in range(1, 13)],
        "shortMonths": [words.months["format"]["abbreviated"][n].rstrip(".") for n in range(1, 13)],
        "days": [words.days["format"]["wide"][(n - 1) % 7] for n in range(7)],
        "shortDays": [words.days["format"]["abbreviated"][(n - 1) % 7] for n in range(7)],
        "decimal": words.number_symbols["latn"]["decimal"],
        "thousands": words.number_symbols["latn"]["group"],
        "dayMonth": "%-d %b",
        "dayMonthYear": "%-d %b %Y",
    }  # fmt: skip
    locale = {"dictionary": {}, "format": form}
    return GRAPH_CONFIG | {"locale": language, "locales": {language: locale}} | more


def platform_name(platform: str) -> str:
    """Return the platform's name as people write it."""
    return _(PLATFORM_NAMES.get(platform, platform.capitalize()))
