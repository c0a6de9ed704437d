"""Our import names belong to nobody else, and importing the core is light."""

import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

import analytics


@pytest.mark.parametrize("name", ["analytics", "collectors", "dashboards"])
def test_no_other_distribution_ships_our_names(name: str) -> None:
    assert set(packages_distributions().get(name, ["groundswell"])) == {"groundswell"}


def test_the_core_draws_nothing_and_calls_nobody() -> None:
    code = (
        "import sys, analytics; [getattr(analytics, n) for n in analytics.__all__]; "
        "print(sorted({'dash', 'plotly', 'tweepy', 'typer', 'fastapi'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    for name in analytics.__all__:
        assert getattr(analytics, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = analytics.nothing
