"""What the pictures of the page Spread are told to say and to colour, and what stands behind a dot.

The pictures are drawn in the browser (``assets/graph.js``): it is told every word in the reader's
language, and holds none of its own.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import polars as pl

from analytics.store import Store
from dashboards.i18n import N_, _, number
from dashboards.pictures import DOUBTFUL, LIKELY, Picture, version
from dashboards.theme import platform_name
from dashboards.view import View

# How strongly links of each style are drawn, and what they say; the surest first.
STYLE_NAMES: Mapping[str, tuple[float, str]] = {
    "observed": (1.0, N_("the platform states the link")),
    "object": (0.6, N_("both point to the same thing")),
    "follow": (0.5, N_("inferred from who follows whom")),
    "likely": (0.4, N_("inferred: the likeliest parent, {likely} sure or more")),
    "doubtful": (0.24, N_("inferred: the likeliest parent, {doubtful} to {likely} sure")),
    "unlikely": (0.13, N_("inferred: the likeliest parent, less than {doubtful} sure")),
    "hidden": (0.2, N_("only the original is known: the platform hides the parent")),
}
KIND_NAMES = {
    "original": N_("post"), "repost": N_("repost"), "quote": N_("quote"), "reply": N_("reply"),
    "comment": N_("comment"), "article": N_("article"), "account": N_("account"),
    "several": N_("several accounts of one community"),
}  # fmt: skip
LABELS = {
    "river": N_("Time-river. Posts: {n}."),
    "tree": N_("Tree. Posts: {n}."),
    "map": N_("Map. Places of accounts: {n}."),
}
KEYS = N_(
    "Arrow keys move, plus and minus zoom, 0 shows all. Enter selects the place in view with most "
    "behind it, and again the next one; Escape clears. Space plays the spread, brackets step "
    "through it. The numbers stand in a table below."
)
WORDS = {
    "noWebgl": N_(
        "This picture needs WebGL2, which this browser does not offer or has switched off. The "
        "table below and the other pages are complete without it."
    ),
    "failed": N_("The picture could not be loaded. Reload the page to try again."),
    "lost": N_("The graphics card was taken away; the picture comes back with it."),
    "view": N_("In view: {n} of {all}"),
    "sample": N_("In view: {n}, of a sample of {drawn} of {all}"),
    "shaded": N_("In view: {n}, of a sample of {drawn} of {all}; the shading counts all"),
    "closer": N_("Zoom in"),
    "away": N_("Zoom out"),
    "home": N_("Reset the view"),
    "ever": N_("Show all of time"),
    "play": N_("Play the spread"),
    "pause": N_("Pause"),
    "step": N_("One step forward"),
    "scrubber": N_("Time up to which is shown"),
    "everything": N_("the whole time"),
    "until": N_("until {time}: {n} of {all}"),
    "untilSample": N_("until {time}: {n} of a sample of {all}"),
    "timeless": N_("time not known"),
    "first": N_("first of its cascade"),
    "jump": N_("came from another platform"),
    "below": N_("Hang from it, directly or not: {n}"),
    "several": N_("Accounts: {n}"),
    "community": N_("Community {community}, accounts: {n}"),
}
SHARED = N_("Shares of its posts by accounts on the map: {n}")
HEAD = N_("first of its cascade")


def source(store: Store, view: View, picture: Picture) -> dict[str, Any]:
    """Return what the browser is told of a picture, in the reader's language."""
    words = {name: _(told) for name, told in WORDS.items()}
    if picture.name == "map":
        words["below"] = _(SHARED)
    look = view.look
    return {
        "appeal": view.appeal_id,
        "picture": picture.name,
        "lang": view.lang,
        "blob": _address(store, view),
        "words": words | {"label": f"{_(LABELS[picture.name])} {_(KEYS)}"},
        "kinds": {kind: _(KIND_NAMES[kind]) for kind in picture.kinds},
        "styles": {
            style: {"strength": strength, "words": style_words(style)}
            for style, (strength, _said) in STYLE_NAMES.items()
        },
        "platforms": {
            name: {"name": platform_name(name), "colour": look.platform(name)}
            for name in picture.platforms
        },
        "look": {
            "name": look.name, "ground": look.ground, "ink": look.ink, "muted": look.muted,
            "grey": look.neutral,
        },
        "kept": {
            "from": view.start and view.start.timestamp() * 1e3,
            "to": view.last and view.last.timestamp() * 1e3,
            "platforms": list(view.platforms),
            "others": bool(view.languages or view.roles),
        },
    }  # fmt: skip


def style_words(style: str) -> str:
    """Return what a style of link says.

    >>> style_words("doubtful")
    'inferred: the likeliest parent, 50% to 80% sure'
    """
    sure = {"likely": f"{LIKELY:.0%}", "doubtful": f"{DOUBTFUL:.0%}"}
    return _(STYLE_NAMES[style][1]).format(**sure)


def _address(store: Store, view: View) -> str:
    """Return where the blob is; another one each time its table is written."""
    filters = {"language": ",".join(view.languages), "role": ",".join(view.roles)}
    asked = {"v": version(store, view.picture)} | {k: v for k, v in filters.items() if v}
    return f"/graph/{quote(view.appeal_id, safe='')}/{view.picture}.bin?{urlencode(asked)}"


def post(store: Store, appeal_id: str, node: int) -> dict[str, str] | None:
    """Return what can be said of one post, never its text; None if there is no such.

    The account is named as it is stored: by a pseudonym wherever protection asks for one.
    """
    found = _row(store, "layout", appeal_id, node)
    if found is None:
        return None
    kind, platform = _(KIND_NAMES[found["kind"]]), platform_name(found["platform"])
    return {
        _("Post"): _("{kind} on {platform}").format(kind=kind, platform=platform),
        _("Time"): f"{found['at']:%Y-%m-%d %H:%M} UTC",
        _("Link"): link_words(found),
        _("Hang from it, directly or not"): number(found["descendants"]),
        _("Account, as stored"): found["account_id"] or _("not known"),
        _("Post, as stored"): found["post_id"],
    }


def link_words(post: Mapping[str, Any]) -> str:
    """Return how the link of a post is known.

    >>> link_words({"parent": 3, "basis": "inferred", "confidence": 0.62})
    'inferred: the likeliest parent, with a probability of 62%'
    """
    if post["parent"] is None:
        return _(HEAD)
    if post["basis"] == "inferred":
        said = _("inferred: the likeliest parent, with a probability of {sure}")
        return said.format(sure=f"{post['confidence'] or 0:.0%}")
    return _(STYLE_NAMES[post["basis"] or "hidden"][1])


def account(store: Store, appeal_id: str, node: int) -> dict[str, str] | None:
    """Return what can be said of one place on the map; None if there is no such."""
    found = _row(store, "account_map", appeal_id, node)
    if found is None:
        return None
    community = found["community"]
    return {
        _("Account, as stored"): found["account_id"]
        or _("Accounts that are not drawn singly: {n}").format(n=number(found["accounts"])),
        _("Platform"): platform_name(found["platform"]),
        _("Community"): _("outside the largest component")
        if community is None
        else number(community + 1),
        _("Was shared by accounts elsewhere on the map"): number(found["shared"]),
        _("Shared accounts elsewhere on the map"): number(found["sharing"]),
        _("First of these shares"): f"{found['first_at']:%Y-%m-%d %H:%M} UTC"
        if found["first_at"]
        else _("not known"),
    }


def _row(store: Store, table: str, appeal_id: str, node: int) -> dict[str, Any] | None:
    """Return one row; the others are not read."""
    rows = store.scan(table).filter(pl.col("appeal_id") == appeal_id, pl.col("node") == node)
    found = rows.collect()
    return None if found.is_empty() else found.row(0, named=True)
