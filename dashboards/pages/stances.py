"""The page Opinions: people code what posts say of authorities, and what that lets one estimate."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import dash_mantine_components as dmc
import polars as pl
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component

from analytics.opinions import ANY, drawn, population
from analytics.store import Store
from analytics.tables import SPOKEN_OF, STANCES, STANCES_OF
from dashboards import guard
from dashboards.cards import figure_card
from dashboards.figures.opinions import (
    METHOD_NAMES,
    POWERED,
    SILENT,
    STANCE_NAMES,
    TARGET_NAMES,
    opinions_figure,
    stretches_figure,
)
from dashboards.i18n import N_, _, day, ngettext, number, percent, speaking
from dashboards.pages.entry import POLITE
from dashboards.theme import platform_name
from dashboards.view import URL, View, appeals_of, view_of

WHO, SIZE, BY_DAY, BLIND = "stances-who", "stances-size", "stances-by-day", "stances-blind"
KEY, TARGET, AT = "stances-key", "stances-target", "stances-at"
CARD, SAID, BACK, SKIP = "stances-card", "stances-said", "stances-back", "stances-skip"

SIZES = (100, 200, 400, 800)
USUAL = 200
LONGEST_NAME = 80
SEED = 0  # of the draw: everybody who codes this appeal codes the same sample
_KEYS = dict(zip(STANCES_OF, "cdanx", strict=True))

NO_WORDS = N_(
    "No words of posts are held, so that nobody can code them: at the level strict none of private "
    "people are kept. Choose another level in groundswell.toml, with a reason, before you import."
)
NO_NAME = N_("Say first who codes.")
DONE = N_("All {n} posts of this sample are coded. Run “groundswell measure” to see the shares.")
NOTHING_CODED = N_(
    "Nobody else has coded a post of this appeal yet: there is nothing to code again."
)
TAKEN_BACK = N_("The last code was taken back.")
NONE_TO_TAKE = N_("There is no code of this sample to take back.")
NOT_DRAWN = N_("That post is not in this sample any more. Nothing was saved.")
WHAT = N_(
    "A random sample of posts, one at a time: of which authority does it speak, and how? What you "
    "choose is saved at once. Shares of all posts are then estimated with the help of a "
    "classifier, whose misses on coded posts are taken off: the interval holds even where it "
    "guesses poorly."
)
BY_DAY_TOLD = N_("As many of each day as of any other (tells of quiet days; the whole less well)")
BLIND_TOLD = N_("I code again what somebody else coded, without seeing it (for agreement)")
NOTHING_YET = N_(
    "No share is estimated yet: code thirty posts or more, then run “groundswell measure”."
)
HOW = N_(
    "Shares of the posts with words of their own; a coded post stands for as many as one over the "
    "chance with which it was drawn. The codes alone give Wilson's interval for a "
    "finite population; with a classifier (runs of letters, learnt in folds) its misses on coded "
    "posts that it has not seen are taken off: prediction-powered inference, Angelopoulos et al. "
    "2023, Zrnic and Candès 2024. An interval is of 95 %."
)


class Choice(NamedTuple):
    """Who codes what: the coder, the draw, and whether it is coded a second time."""

    who: str
    size: int
    blind: bool
    by_day: bool = False


class Work(NamedTuple):
    """What one coder is to code.

    Attributes
    ----------
    sample
        One row per post of the sample, in the order in which it is coded, with ``probability``.
    left
        Ids of those that are not coded yet, in that order.
    """

    sample: pl.DataFrame
    left: list[str]


class Asked(NamedTuple):
    """What was pressed: a stance, back, next, or none; on which post, with which authority."""

    pressed: str | None
    post_id: str | None
    target: str | None


def layout(store: Store, view: View, key: str = "") -> Component:
    """Return the page for one view; with the key of this run, codes are taken."""
    return dmc.Stack(
        [
            dmc.Title(_("What people say about the authorities"), order=1),
            dmc.Text(_(WHAT)),
            *_coding(store, view, key),
            *_found(store, view),
        ],
        gap="lg",
    )


def _coding(store: Store, view: View, key: str) -> list[Component]:
    if work(store, view.appeal_id, Choice("", USUAL, blind=False)).sample.is_empty():
        return [dmc.Alert(_(NO_WORDS), color="yellow", variant="light")]
    sizes = [str(size) for size in SIZES]
    return [
        dcc.Store(id=KEY, data=key),
        dcc.Store(id=AT),
        dmc.Group(
            [
                dmc.TextInput(
                    id=WHO, label=_("Who codes?"), persistence=True, persistence_type="session",
                    debounce=True, w=240,
                ),
                dmc.Select(
                    id=SIZE, label=_("Posts in the sample"), data=sizes, value=str(USUAL),
                    w=180, allowDeselect=False,
                ),
                dmc.Checkbox(id=BY_DAY, label=_(BY_DAY_TOLD), checked=False),
                dmc.Checkbox(id=BLIND, label=_(BLIND_TOLD), checked=False),
            ],
            align="end",
        ),
        html.Div(id=SAID, role="status", className="said", **POLITE),
        html.Div(dmc.Text(_(NO_NAME)), id=CARD, className="card coded"),
        html.Fieldset([html.Legend(_("It speaks of:")), _targets()], className="choices"),
        html.Div([_stance(stance) for stance in STANCES_OF], className="choices"),
        dmc.Group(
            [
                dmc.Button(_("Take the last one back (b)"), id=BACK, variant="default",
                           **{"data-key": "b"}),
                dmc.Button(_("Next without a code (s)"), id=SKIP, variant="default",
                           **{"data-key": "s"}),
            ]
        ),
    ]  # fmt: skip


def _targets() -> Component:
    """Return the authorities that a post may speak of; chosen without asking the server."""
    names = [_("none in particular"), *(_(TARGET_NAMES[target]) for target in SPOKEN_OF)]
    keys: list[dict[str, Any]] = [{"data-key": str(place)} for place in range(len(names))]
    chips = [
        dmc.Chip(
            f"{name} ({place})",
            value=value,
            variant="outline",
            radius="sm",
            size="md",
            **keys[place],
        )
        for place, (name, value) in enumerate(zip(names, ("none", *SPOKEN_OF), strict=True))
    ]
    return dmc.ChipGroup(dmc.Group(chips, gap="xs"), id=TARGET, value="none", multiple=False)


def _stance(stance: str) -> Component:
    letter: dict[str, Any] = {"data-key": _KEYS[stance]}
    words = f"{_(STANCE_NAMES[stance])} ({_KEYS[stance]})"
    return html.Button(words, id={"stance": stance}, className="choice stance", **letter)


def register(app: Dash, store: Store, key: str = "") -> None:
    """Take codes from the page, and show the next post after each."""

    @app.callback(
        output={
            "card": Output(CARD, "children"), "at": Output(AT, "data"),
            "said": Output(SAID, "children"), "target": Output(TARGET, "value"),
        },
        inputs={
            "who": Input(WHO, "value"), "size": Input(SIZE, "value"),
            "by_day": Input(BY_DAY, "checked"), "blind": Input(BLIND, "checked"),
            "_stance": Input({"stance": ALL}, "n_clicks"), "_back": Input(BACK, "n_clicks"),
            "_skip": Input(SKIP, "n_clicks"),
        },
        state={
            "target": State(TARGET, "value"), "at": State(AT, "data"),
            "given": State(KEY, "data"), "search": State(URL, "search"),
        },
    )  # fmt: skip
    def _step(
        *, who: str | None, size: str | None, by_day: bool, blind: bool, target: str | None,
        at: str | None, given: str | None, search: str, **_clicks: Any,  # noqa: ANN401
    ) -> dict[str, Any]:  # fmt: skip
        appeals = appeals_of(store)
        view = view_of(search, appeals) or View("")
        choice = choice_of(who, size, by_day=by_day, blind=blind)
        pressed = ctx.triggered_id
        name = pressed.get("stance") if isinstance(pressed, dict) else pressed
        changes = name in (*STANCES_OF, BACK)
        with speaking(view.lang):
            refused = changes and guard.refusal(ctx.headers, ctx.remote, given=given, key=key)
            asked = Asked(None if refused else name, at, target if target in SPOKEN_OF else None)
            return stepped(store, view.appeal_id, choice, asked, said=refused or "")


def choice_of(who: str | None, size: str | None, *, by_day: bool, blind: bool) -> Choice:
    """Return what the fields say, whatever a browser sends."""
    many = {str(each): each for each in SIZES}.get(size or "", USUAL)
    return Choice(str(who or "").strip()[:LONGEST_NAME], many, bool(blind), bool(by_day))


def stepped(
    store: Store, appeal_id: str, choice: Choice, asked: Asked, *, said: str = ""
) -> dict[str, Any]:
    """Return the page after one step: a code kept, one taken back, or one passed over."""
    pressed, after, back = *asked[:2], None
    if pressed in STANCES_OF and after:
        said = keep(store, appeal_id, choice, after, target=asked.target, stance=str(pressed))
    if pressed == BACK:
        back = take_back(store, appeal_id, choice)
        said = _(TAKEN_BACK) if back else _(NONE_TO_TAKE)
    todo = work(store, appeal_id, choice)
    moved = pressed == SKIP or pressed in STANCES_OF
    post_id = back or following(todo, after if moved else None)
    return {
        "card": card(todo, post_id, choice), "at": post_id, "said": said,
        "target": "none",
    }  # fmt: skip


def work(store: Store, appeal_id: str, choice: Choice) -> Work:
    """Return the sample of a coder, and what of it is not coded yet.

    A second coder is given what others coded, in an order that tells nothing of it.
    """
    codes = store.read("stances", appeal_id=appeal_id)
    if choice.blind:
        others = codes.filter(~pl.col("is_blind"), pl.col("coder") != choice.who)
        sample, done = (
            _again(store, others, choice.size),
            codes.filter(pl.col("coder") == choice.who),
        )
    else:
        version = store.versions().get("posts", -1)
        sample = _first(str(store.path), version, appeal_id, choice.size, choice.by_day)
        done = codes.filter(~pl.col("is_blind"))
    left = sample.join(done, on="post_id", how="anti", maintain_order="left")
    return Work(sample, left["post_id"].to_list())


@lru_cache(maxsize=8)
def _first(
    path: str, _version: int, appeal_id: str, size: int, by_day: bool  # noqa: FBT001
) -> pl.DataFrame:  # fmt: skip
    """Draw from all posts: once for each version of them, as there may be millions."""
    held = population(Store(path).read("posts", appeal_id=appeal_id))
    return drawn(held, size, seed=SEED, by_day=by_day)


def _again(store: Store, others: pl.DataFrame, size: int) -> pl.DataFrame:
    """Draw from posts that others coded; what they code later changes the order of none."""
    coded = others.select("post_id", "probability").unique("post_id", keep="first")
    some = store.scan("posts").filter(pl.col("post_id").is_in(coded["post_id"].implode()))
    held = population(some.collect()).join(coded, on="post_id")
    return held.sort(pl.col("post_id").hash(SEED), "post_id").head(size)


def following(todo: Work, after: str | None) -> str | None:
    """Return the next post after one, from the start again at the end; None if none is left."""
    order = todo.sample["post_id"].to_list()
    start = order.index(after) + 1 if after in order else 0
    left = set(todo.left)
    return next((post for post in order[start:] + order[:start] if post in left), None)


def take_back(store: Store, appeal_id: str, choice: Choice) -> str | None:
    """Take the last code of a coder's sample away and return its post; None if there is none."""
    sample = work(store, appeal_id, choice).sample
    codes = store.read("stances", appeal_id=appeal_id).join(sample, on="post_id", how="semi")
    own = codes.filter(pl.col("coder") == choice.who, pl.col("is_blind") == choice.blind)
    if own.is_empty():
        return None
    last: str = own.sort("at")["post_id"][-1]
    store.remove(STANCES, "post_id", [last], appeal_id=appeal_id, coder=choice.who)
    return last


def keep(
    store: Store, appeal_id: str, choice: Choice, post_id: str, *, target: str | None, stance: str
) -> str:
    """Keep a code of one post; return what is to be said of it."""
    if not choice.who:
        return _(NO_NAME)
    drawn_so = work(store, appeal_id, choice).sample.filter(pl.col("post_id") == post_id)
    if drawn_so.is_empty():
        return _(NOT_DRAWN)
    about = None if stance == STANCES_OF[-1] else target
    row = {
        "appeal_id": appeal_id, "post_id": post_id, "coder": choice.who, "stance": stance,
        "target": about, "probability": drawn_so["probability"][0], "is_blind": choice.blind,
        "at": datetime.now(UTC),
    }  # fmt: skip
    store.append(STANCES, pl.DataFrame([row], schema=STANCES.schema))
    said = [_(STANCE_NAMES[stance]), *([_(TARGET_NAMES[about])] if about else [])]
    return _("Saved: {codes}.").format(codes=", ".join(said))


def card(todo: Work, post_id: str | None, choice: Choice) -> Component:
    """Return what a coder sees of a post: its words, and no code."""
    if not choice.who:
        return dmc.Text(_(NO_NAME))
    if todo.sample.is_empty():
        return dmc.Text(_(NOTHING_CODED))
    all_ = todo.sample.height
    row = todo.sample.filter(pl.col("post_id") == (post_id or ""))
    if row.is_empty():
        return dmc.Text(_(DONE).format(n=number(all_)))
    return dmc.Stack([_progress(all_ - len(todo.left), all_), *_words(row.row(0, named=True))])


def _progress(done: int, all_: int) -> Component:
    said = _("{done} of {all} coded").format(done=number(done), all=number(all_))
    told: dict[str, Any] = {"aria-label": said}
    bar = html.Progress(value=str(done), max=str(all_), **told)
    return dmc.Group([dmc.Text(said, size="sm", c="dimmed"), bar])


def _words(row: dict[str, Any]) -> list[Component]:
    when = day(row["at"]) if row["at"] else _("no day is known")
    known = row["platform"] != "unknown"
    where = f"{platform_name(row['platform']) if known else _('platform not known')}, {when}"
    return [html.Blockquote(row["text"], className="words post", dir="auto", tabIndex="0"),
            dmc.Text(where, size="sm", c="dimmed")]  # fmt: skip


def _found(store: Store, view: View) -> list[Component]:
    """Return what was estimated, and how far coders agree."""
    rows = store.read("opinions", appeal_id=view.appeal_id)
    told = rows.filter("is_whole").drop_nulls("share")
    if told.is_empty():
        return [dmc.Text(_(NOTHING_YET), c="dimmed")]
    agreed = store.read("opinion_agreement", appeal_id=view.appeal_id)
    return [
        dmc.Title(_("What that lets one estimate"), order=2, size="h3"),
        html.Ul([html.Li(words) for words in agreement(agreed)]),
        _whole(told, view),
        *_over_time(rows, view),
    ]


def agreement(rows: pl.DataFrame) -> list[str]:
    """Say how far coders agree, or that only one coded."""
    if rows.is_empty():
        return [_("One person coded each post: how far two would agree is not known.")]
    said = _("Krippendorff's alpha of {field}: {alpha} [{lo}; {hi}], on {n} posts coded twice.")
    names = {"stance": _("stances"), "target": _("authorities")}
    return [
        said.format(
            field=names[row["field"]], n=number(row["posts"]),
            **{end: number(row[name], places=2)
               for end, name in (("alpha", "alpha"), ("lo", "alpha_lo"), ("hi", "alpha_hi"))},
        )
        for row in rows.to_dicts()
    ]  # fmt: skip


def _whole(told: pl.DataFrame, view: View) -> Component:
    return figure_card(
        "opinions", opinions_figure(told, look=view.look),
        title=_("Shares of posts, over the whole time"), said=whole_in_words(told),
        rows=_named(told), columns=_columns(), how=_(HOW),
    )  # fmt: skip


def whole_in_words(told: pl.DataFrame) -> str:
    """Say how many were coded, and how many posts speak of no authority."""
    best = told.sort(pl.col("method") != POWERED).row(0, named=True)
    said = _("Of {posts} posts with words, {coded} were coded by a person.").format(
        posts=number(best["posts"]), coded=number(best["coded"])
    )
    silent = told.filter(pl.col("stance") == SILENT).sort(pl.col("method") != POWERED)
    if silent.is_empty():
        return said
    row = silent.row(0, named=True)
    more = _("{share} of posts speak of no authority (from {lo} to {hi}); they are not drawn.")
    ends = {name: percent(row[name]) for name in ("share", "lo", "hi")}
    return f"{said} {more.format(**ends)}"


def _over_time(rows: pl.DataFrame, view: View) -> list[Component]:
    parts = rows.filter(~pl.col("is_whole"), target=pl.lit(ANY)).drop_nulls("share")
    if parts.is_empty():
        return []
    return [
        figure_card(
            "opinions-over-time", stretches_figure(parts, look=view.look),
            title=_("Shares over time, of all authorities"), said=stretches_in_words(rows, parts),
            rows=_named(parts), columns=_columns(), how=_(HOW),
        )
    ]  # fmt: skip


def stretches_in_words(rows: pl.DataFrame, parts: pl.DataFrame) -> str:
    """Say what a stretch is, and how many posts are in none."""
    said = _("Each stretch is of the fewest days in a row with thirty coded posts or more.")
    inside = int(parts.unique("from")["posts"].sum())
    out: int = rows.filter("is_whole")["posts"][0] - inside
    more = ngettext(
        "{n} post is in none: its day is not known, or too few of its days are coded.",
        "{n} posts are in none: their day is not known, or too few of their days are coded.", out,
    )  # fmt: skip
    return f"{said} {more.format(n=number(out))}" if out else said


def _named(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the names of codes in the reader's language."""
    names = {
        "target": {ANY: _("any authority")} | {k: _(v) for k, v in TARGET_NAMES.items()},
        "stance": {k: _(v) for k, v in STANCE_NAMES.items()},
        "method": {k: _(v) for k, v in METHOD_NAMES.items()},
    }
    return rows.with_columns(pl.col(name).replace(told) for name, told in names.items())


def _columns() -> dict[str, str]:
    return {
        "from": _("From"), "to": _("To"), "target": _("Authority"), "stance": _("Says"),
        "method": _("By"), "posts": _("Posts"), "coded": _("Coded"), "share": _("Share"),
        "lo": _("From, at 95 %"), "hi": _("To, at 95 %"),
    }  # fmt: skip
