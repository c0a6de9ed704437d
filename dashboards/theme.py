"""One look: colours, type and the Plotly template.

Platform colours start from Okabe and Ito's set, which the colour-blind can tell apart.
"""

from typing import Any

import plotly.graph_objects as go

INK = "#1b1f2a"
MUTED = "#5c6372"
RULE = "#e3e1da"
PAPER = "#fbfaf7"
CARD = "#ffffff"
NIGHT = "#0b0e17"  # ground of the share graph
ACCENT = "#0f5e8c"
FONT = "Inter, 'Segoe UI', 'Noto Sans', 'Helvetica Neue', Arial, sans-serif"

# One colour per platform, readable on paper and on the night ground.
PLATFORMS = {
    "youtube": "#d55e00",
    "telegram": "#0a84c6",
    "x": "#8a6fd1",
    "web": "#009e73",
    "bluesky": "#56b4e9",
    "mastodon": "#cc79a7",
    "facebook": "#7f8fa6",
    "vk": "#b08d00",
}
OTHER_PLATFORM = "#8c8c8c"

PLATFORM_NAMES = {
    "youtube": "YouTube",
    "telegram": "Telegram",
    "x": "X",
    "web": "News and web",
    "bluesky": "Bluesky",
    "mastodon": "Mastodon",
    "facebook": "Facebook",
    "vk": "VK",
}

# Diverging, safe for the colour-blind: what helps the appellant against what harms.
RUNG_HELPS = "#1b7f79"
RUNG_NEUTRAL = "#9aa0ab"
RUNG_HARMS = "#b2456e"

# "Share chart…" would upload the figure to another host: it is removed everywhere.
GRAPH_CONFIG: Any = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["sendChartToCloud", "lasso2d", "select2d", "autoScale2d"],
    "responsive": True,
}


def platform_colour(platform: str) -> str:
    """Return the platform's colour, grey for one that has none."""
    return PLATFORMS.get(platform, OTHER_PLATFORM)


def platform_name(platform: str) -> str:
    """Return the platform's name as people write it."""
    return PLATFORM_NAMES.get(platform, platform.capitalize())


def rung_colour(rung: int | None) -> str:
    """Return the colour of a rung: helps, harms, or neither."""
    if not rung:
        return RUNG_NEUTRAL
    return RUNG_HELPS if rung > 0 else RUNG_HARMS


TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hoverlabel": {"bgcolor": CARD, "bordercolor": RULE, "font": {"family": FONT, "size": 12}},
        "xaxis": {"showgrid": False, "zeroline": False, "linecolor": RULE, "ticks": "outside"},
        "yaxis": {"gridcolor": RULE, "zeroline": False, "rangemode": "tozero"},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    }
)
