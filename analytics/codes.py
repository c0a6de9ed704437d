"""Closed lists of codes that anyone can read and change: ``analytics/data/codes.csv``.

``huridocs_type``, ``impact`` and ``status`` are HURIDOCS' lists 27 (types of responses), 44 (impact
on the situation) and 45 (intervention status), their codes without the zeros at the end, named and
explained in our own words. ``actor_kind`` adds to CAMEO the bodies that it does not tell apart.
``primary_role`` and ``secondary_role`` are CAMEO's roles of actors (manual 1.1b3): a primary one
comes first, a secondary one follows it or stands alone. Countries are those of ISO 3166
(``analytics/data/countries.csv``).
"""

import re
from functools import cache
from importlib.resources import files

import polars as pl

_ACTOR = re.compile(r"[A-Z]{3}(?:[A-Z]{3}){0,4}", re.ASCII)


def _list(name: str) -> pl.DataFrame:
    with (files("analytics") / "data" / name).open("rb") as file:
        return pl.read_csv(file, infer_schema=False)


@cache
def code_list() -> pl.DataFrame:
    """Return the lists: a row per ``field`` and ``code``: ``name``, ``meaning``, ``example``."""
    return _list("codes.csv")


@cache
def codes(field: str) -> dict[str, str]:
    """Return the names of a field's codes.

    >>> codes("impact")["06"]
    'strong negative'
    """
    own = code_list().filter(pl.col("field") == field)
    return dict(own.select("code", "name").iter_rows())


@cache
def countries() -> dict[str, str]:
    """Return the names of countries by their three letters.

    >>> countries()["KAZ"]
    'Kazakhstan'
    """
    return dict(_list("countries.csv").select("code", "name").iter_rows())


@cache
def _by_two_letters() -> dict[str, str]:
    return dict(_list("countries.csv").select("alpha2", "code").iter_rows())


def actor_code(jurisdiction: str | None, role: str | None) -> str | None:
    """Return the CAMEO actor of a country and a role; None where one of them is not known.

    Parameters
    ----------
    jurisdiction
        ISO 3166: of two letters, with or without a part of the country.
    role
        A CAMEO role.

    Examples
    --------
    >>> actor_code("KZ", "COP"), actor_code("KZ-75", "JUD"), actor_code(None, "COP")
    ('KAZCOP', 'KAZJUD', None)
    """
    country = _by_two_letters().get((jurisdiction or "").split("-")[0].upper())
    return country + role if country and role else None


def wrong_actor(code: str) -> str | None:
    """Return what is wrong with a CAMEO actor code; None where nothing is.

    >>> wrong_actor("KAZCOP"), wrong_actor("KAZXYZ")
    (None, "'XYZ' is no CAMEO role such as COP, GOV or JUD")
    >>> wrong_actor("KAZLEGGOV")
    "'GOV' is a primary role and comes first after the country"
    """
    if not _ACTOR.fullmatch(code):
        return "is no CAMEO actor such as KAZCOP: a country and roles, three capitals each"
    origin, *roles = [code[k : k + 3] for k in range(0, len(code), 3)]
    if origin not in countries() and origin not in codes("actor_origin"):
        return f"{origin!r} is no country's code such as KAZ or GBR"
    first, second = codes("primary_role"), codes("secondary_role")
    unknown = [role for role in roles if role not in first and role not in second]
    if unknown:
        return f"{unknown[0]!r} is no CAMEO role such as COP, GOV or JUD"
    late = [role for role in roles[1:] if role in first]
    return f"{late[0]!r} is a primary role and comes first after the country" if late else None
