"""Closed lists of codes, each with its name and an example: ``analytics/data/codes.csv``.

``huridocs_type``, ``impact`` and ``status`` are HURIDOCS' lists 27 (types of responses), 44 (impact
on the situation) and 45 (intervention status), their codes without the zeros at the end, named in
our own words. ``actor_kind`` adds to CAMEO the bodies that it does not tell apart. ``actor_role``
are CAMEO's roles of actors (manual 1.1b3), those marked secondary following another.
"""

import re
from functools import cache
from importlib.resources import files

import polars as pl

_ACTOR = re.compile(r"[A-Z]{3}(?:[A-Z]{3}){0,4}", re.ASCII)


@cache
def code_list() -> pl.DataFrame:
    """Return the lists: one row per ``field`` and ``code``, with ``name`` and ``example``."""
    with (files("analytics") / "data" / "codes.csv").open("rb") as file:
        return pl.read_csv(file, infer_schema=False)


@cache
def codes(field: str) -> dict[str, str]:
    """Return the names of a field's codes.

    >>> codes("impact")["06"]
    'strong negative'
    """
    own = code_list().filter(pl.col("field") == field)
    return dict(own.select("code", "name").iter_rows())


def wrong_actor(code: str) -> str | None:
    """Return what is wrong with a CAMEO actor code; None where nothing is.

    >>> wrong_actor("KAZCOP"), wrong_actor("KAZXYZ")
    (None, "'XYZ' is no CAMEO role such as COP, GOV or JUD")
    """
    if not _ACTOR.fullmatch(code):
        return "is no CAMEO actor such as KAZCOP: a country and roles, three capitals each"
    parts = [code[k : k + 3] for k in range(3, len(code), 3)]
    unknown = [part for part in parts if part not in codes("actor_role")]
    return f"{unknown[0]!r} is no CAMEO role such as COP, GOV or JUD" if unknown else None
