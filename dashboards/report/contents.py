"""What a report of one appeal says, from finished tables and in the reader's language."""

import json
from typing import Any

import polars as pl

from analytics import __version__
from analytics.errors import MeasureError
from analytics.store import Store
from dashboards import sentences
from dashboards.claims import more, sentence
from dashboards.figures.clocks import clocks_figure
from dashboards.figures.story import caption
from dashboards.figures.survival import survival_figure
from dashboards.filters import ROLE_NAMES
from dashboards.i18n import N_, _, day, listed, ngettext, number, percent, period
from dashboards.pages import data, responses, story
from dashboards.report.document import (
    Answers,
    Block,
    Bullets,
    Document,
    Picture,
    Section,
    Sheet,
    Text,
)
from dashboards.sheet import in_words
from dashboards.view import View

CARRIERS = 20  # accounts that are listed
PUBLIC = ("media", "ngo", "official", "public_figure")  # roles that may be named
SIMULATED = N_("Simulated: nothing here is real")
OPEN = N_("Protection is open: {reason}")
NOT_MEASURED = "holds nothing measured of appeal {!r}; run: groundswell measure {}"
NO_REACH = N_(
    "How many people were reached is not known and is not told. What stands here was counted or "
    "was shown by a platform on a day; views of different platforms are different things and are "
    "never added."
)
NO_LIST = N_("No account that may be named is among those that carried it.")
PSEUDONYMS = N_(
    "Private accounts are not listed. Ranks are intervals: accounts whose intervals overlap cannot "
    "be put in an order."
)
LADDER = N_(
    "The rung follows from what was done and to whom, by a published table (CAMEO, HURIDOCS and a "
    "ladder of this project). Help and harm stand side by side and are never set off."
)
AFTER = N_("What stands after something did not, for that, happen because of it.")
CITE = N_(
    "Groundswell {version}: report on “{title}”. Measured {at} UTC from the versions of the tables "
    "named here. Name the version, the day, and the register or selection that the appeal is of."
)


def document(store: Store, view: View) -> Document:
    """Return the report of one view.

    Raises
    ------
    MeasureError
        Nothing was measured of its appeal.
    """
    summary = store.read("summary", appeal_id=view.appeal_id)
    if summary.is_empty():
        msg = f"{store.path} {NOT_MEASURED.format(view.appeal_id, store.path)}"
        raise MeasureError(msg)
    facts = summary.row(0, named=True)
    appeal = store.read("appeals", appeal_id=view.appeal_id).row(0, named=True)
    title = appeal["title"] or story.called(appeal)
    return Document(
        title=title,
        period=period(facts["window_from"], facts["window_to"]),
        lang=view.lang,
        warnings=_warnings(store),
        sections=(
            _story(store, view, facts),
            _responses(store, view),
            _claims(store, view),
            _clocks(store, view),
            _waits(store, view),
            _reach(store, view, facts),
            _carriers(store, view),
            _missing(store, view),
            _methods(),
            _versions(store, title),
        ),
        made_by=f"Groundswell {__version__}",
        measured_at=_run(store)["at"],
    )


def _warnings(store: Store) -> tuple[str, ...]:
    said = [_(SIMULATED)] if store.simulated else []
    if store.settings.protection.level == "open":
        said.append(_(OPEN).format(reason=store.settings.protection.reason))
    return tuple(said)


def _story(store: Store, view: View, facts: dict[str, Any]) -> Section:
    drawn = story.figure(store, view)
    blocks: list[Block] = [Answers(story.answers(store, view, facts))]
    if drawn is None:
        blocks.append(Text(_(story.NO_TIMES)))
    else:
        acts = store.read("responses", appeal_id=view.appeal_id)
        blocks.append(
            Picture(drawn, "story", _("Attention and authorities"), caption(acts, facts["posts"]))
        )
    blocks.append(Text(_(AFTER), quiet=True))
    return Section("story", _("The story"), tuple(blocks))


def _responses(store: Store, view: View) -> Section:
    rows = store.read("responses", appeal_id=view.appeal_id).sort("from", "to")
    title = _("What authorities did")
    if rows.is_empty():
        return Section("responses", title, (Text(_(responses.NO_RESPONSE)),))
    said = tuple(responses.ladder_sentence(rows, sign) for sign in (1, -1))
    columns = {
        "when": _("When (UTC)"), "actor": _("Authority"), "summary": _("What it did"),
        "target": _("To whom"), "rung": _("Rung"), "sources": _("Sources"),
    }  # fmt: skip
    table = Sheet(
        sentences.acts(rows), columns, _("The record of responses, each dated as an interval")
    )
    return Section("responses", title, (Bullets(said), table, Text(_(LADDER), quiet=True)))


def _claims(store: Store, view: View) -> Section:
    rows = responses.claims_of(store, view.appeal_id)
    title = _("What may be said")
    if rows.is_empty():
        return Section("claims", title, (Text(_(responses.NOTHING_TO_SAY)),))
    said = tuple(f"{sentence(row)} {more(row)}".strip() for row in rows.to_dicts())
    return Section("claims", title, (Text(_(responses.LEVELS_TOLD), quiet=True), Bullets(said)))


def _clocks(store: Store, view: View) -> Section:
    rows = store.read("clocks", appeal_id=view.appeal_id)
    title = _("What is owed by when")
    if rows.is_empty():
        return Section("clocks", title, (Text(_(responses.NOT_MEASURED)),))
    said = tuple(sentences.clock(row) for row in rows.to_dicts())
    blocks: list[Block] = [Bullets(said)]
    if rows["started_hi"].count():
        blocks.append(Picture(clocks_figure(rows), "clocks", title, " ".join(said)))
    return Section("clocks", title, (*blocks, Text(_(sentences.NO_ADVICE), quiet=True)))


def _waits(store: Store, view: View) -> Section:
    title = _("How long appeals like this one wait")
    curves, notes = responses.curves_of(store, view)
    if curves.is_empty():
        return Section("waits", title, tuple(Text(note) for note in notes))
    blocks: list[Block] = [Text(note) for note in notes]
    for ending in responses.endings_that_came(curves):
        words = responses.ending_words(ending)
        drawn = survival_figure(curves.filter(ending=ending), ending=words)
        said = _("Until {ending}").format(ending=words)
        blocks.append(Picture(drawn, f"waits-{ending}", said, said))
    return Section("waits", title, tuple(blocks))


def _reach(store: Store, view: View, facts: dict[str, Any]) -> Section:
    views = store.read("counter_history", appeal_id=view.appeal_id)
    newest = views.drop_nulls("at").sort("at").unique(
        ["platform", "metric", "definition"], keep="last", maintain_order=True
    )  # fmt: skip
    columns = {"platform": _("Platform"), "metric": _("What"), "value": _("Number"),
               "posts": _("Of posts"), "day": _("Shown by (UTC)"),
               "definition": _("The platform's name for it")}  # fmt: skip
    took = ngettext("{n} account took part.", "{n} accounts took part.", facts["accounts"])
    blocks: list[Block] = [Text(took.format(n=number(facts["accounts"]))), Text(_(NO_REACH))]
    if newest.height:
        ordered = newest.sort("platform", "metric")
        days = pl.Series("day", [day(at) for at in ordered["at"]], pl.String)
        told = in_words(ordered, "platform", "metric").with_columns(days)
        blocks.append(Sheet(told, columns, _("Numbers that platforms showed")))
    return Section("reach", _("How far it went"), tuple(blocks))


def _carriers(store: Store, view: View) -> Section:
    """Tell how the credit is spread, and list only accounts that may be named."""
    title = _("Who carried it")
    spread = store.read("carriers", appeal_id=view.appeal_id)
    if spread.is_empty() or spread["draws"][0] is None:
        return Section("carriers", title, (Text(_("No share of any post is held.")),))
    rows = store.read("spreaders", appeal_id=view.appeal_id)
    named = rows.filter(pl.col("role").is_in(PUBLIC), ~pl.col("account_id").str.contains(":~"))
    first = named.drop_nulls("rank").sort("rank", "account_id").head(CARRIERS)
    columns = {"account_id": _("Account"), "role": _("Role"), "ranks": _("Rank, as an interval"),
               "reshares": _("Shares that name it")}  # fmt: skip
    roles = pl.Series("role", [_(ROLE_NAMES[role]) for role in first["role"]], pl.String)
    told = first.with_columns(roles, ranks=pl.format("{} … {}", "rank_lo", "rank_hi"))
    table = [Sheet(told, columns, _("Accounts that may be named"))] if told.height else []
    none = [] if told.height else [Text(_(NO_LIST))]
    said = Text(_spread(spread.row(0, named=True)))
    return Section("carriers", title, (said, *table, *none, Text(_(PSEUDONYMS), quiet=True)))


def _spread(row: dict[str, Any]) -> str:
    """Say how much of the credit ten accounts have, and whether anybody is surely first."""
    ten = _("Ten accounts have {share} of all credit for shares ({lo} to {hi} over the draws).")
    said = ten.format(
        share=percent(row["ten"]), lo=percent(row["ten_lo"]), hi=percent(row["ten_hi"])
    )
    if row["first_id"]:
        return f"{said} {_('One account is first in nearly every draw.')}"
    first = ngettext(
        "There is no stable first: {n} account could be.",
        "There is no stable first: {n} accounts could be.",
        row["could_be_first"],
    )
    return f"{said} {first.format(n=number(row['could_be_first']))}"


def _missing(store: Store, view: View) -> Section:
    rows = store.read("coverage", appeal_id=view.appeal_id)
    columns = {"platform": _("Platform"), "what": _("What"), "part": _("Share"),
               "held": _("Held"), "known": _("Known"), "note": _("What it means")}  # fmt: skip
    part = pl.Series("part", [percent(share) for share in rows["share"]], pl.String)
    told = in_words(rows, "platform", "what", "note").with_columns(part)
    lost = data.losses_of(store, view.appeal_id).filter(pl.col("outcome") != "kept")
    reasons = {"outcome": _("Outcome"), "count": _("How many"), "what": _("Of what"),
               "reason": _("Why")}  # fmt: skip
    blocks: list[Block] = []
    if told.height:
        blocks.append(Sheet(told, columns, _("How much is held of what is known to exist")))
    if lost.height:
        told_of = in_words(lost, "outcome")
        blocks.append(Sheet(told_of, reasons, _("What became of rows that were not kept as new")))
    gone = int(store.read("timeline", appeal_id=view.appeal_id).filter(every="1d")["gone"].sum())
    if gone:
        said = ngettext(
            "{n} post is gone since it was collected.", "{n} posts are gone since.", gone
        )
        blocks.append(Text(said.format(n=number(gone))))
    return Section("missing", _("What is missing"), tuple(blocks))


def _methods() -> Section:
    rows = pl.DataFrame(
        [(_(what), _(how), source) for what, how, source in data.METHODS],
        schema=["what", "how", "source"], orient="row",
    )  # fmt: skip
    columns = {"what": _("What"), "how": _("How"), "source": _("Source")}
    return Section("methods", _("How it is computed"), (Sheet(rows, columns, _("Methods")),))


def _versions(store: Store, title: str) -> Section:
    row = _run(store)
    inputs = json.loads(row["inputs"])
    names = [f"{name} {version}" for name, version in inputs.items() if name in store.versions()]
    cite = _(CITE).format(version=row["version"], title=title, at=f"{row['at']:%Y-%m-%d %H:%M}")
    seeds = _("Seed {seed}; {trees} trees by each setting; engine {engine}.").format(
        seed=inputs.get("seed"), trees=number(inputs.get("trees")), engine=row["engine"]
    )
    tables = _("Versions of the tables that went in: {versions}.").format(versions=listed(names))
    notes = tuple(Text(words) for words in (cite, seeds, tables))
    return Section("cite", _("To cite and to repeat"), notes)


def _run(store: Store) -> dict[str, Any]:
    """Return the newest row of ``runs``: what measured all this."""
    return store.read("runs").sort("at").row(-1, named=True)
