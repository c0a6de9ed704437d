"""What a page made of components says and draws, for tests of pages as functions."""

import json
from typing import Any

from dash.development.base_component import Component
from plotly.utils import PlotlyJSONEncoder


def words(component: Any) -> str:  # noqa: ANN401 - children can be anything
    """Return the words that stand on a page."""
    if isinstance(component, (list, tuple)):
        return " ".join(words(child) for child in component)
    if isinstance(component, Component):
        return words(getattr(component, "children", None))
    return "" if component is None else str(component)


def told(component: Any) -> str:  # noqa: ANN401
    """Return all of a page, its figures with it."""
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


def cards(component: Any) -> dict[str, Component]:  # noqa: ANN401
    """Return the cards of a page by the id of their figure."""
    if isinstance(component, (list, tuple)):
        return {name: card for child in component for name, card in cards(child).items()}
    if not isinstance(component, Component):
        return {}
    if "figure-card" in (getattr(component, "className", None) or ""):
        return {component.children[1].children[0].id: component}
    return cards(getattr(component, "children", None))


def figure(page: Component, name: str) -> Any:  # noqa: ANN401
    """Return the figure of one card."""
    _place, held = cards(page)[name].children[1].children
    return held.data["figure"]
