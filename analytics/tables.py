"""The data model: what one row of each table is, its columns, its key, and the check at the door.

All times are UTC microseconds. Ids are strings with the platform in front (``x:123``,
``telegram:chan/42``, ``youtube:vid``, ``web:URL``). Unknown is null, never 0 or "".
``docs/tables.md`` is generated from this module.

>>> POSTS.key
('appeal_id', 'post_id')
>>> POSTS.check(pl.DataFrame({"post_id": ["x:1"]}))
Traceback (most recent call last):
analytics.errors.TableError: posts: the columns appeal_id, platform, kind, source are missing; ...
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from analytics.errors import TableError

Holds = Literal["account", "post", "object", "handle", "text", "url"]

UTC = pl.Datetime("us", "UTC")
STRINGS = pl.List(pl.String)

PLATFORM = r"^[a-z][a-z0-9_]*$"
IDENTIFIER = r"^[a-z][a-z0-9_]*:."
FORMS = {PLATFORM: "a short name such as x or telegram", IDENTIFIER: "platform:id"}

KINDS = ("original", "repost", "quote", "reply", "comment", "article")
SHARES = ("repost", "quote")  # a reply is not a share (docs/decisions/0004)
METHODS = ("observed", "star", "follow", "pdi", "calibrated")
BASES = ("observed", "object", "follow", "inferred")
JOINS = ("post", "address", "object", "media", "picture", "text")  # the most trusted first
ROLES = ("person", "media", "ngo", "official", "public_figure", "unknown")
METRICS = (
    "views", "likes", "reposts", "quotes", "replies", "forwards", "reactions", "bookmarks",
    "signatures",
)  # fmt: skip
LEVELS = ("local", "regional", "national")
TARGETS = ("appellant", "supporters", "accused", "institution", "public")
CHANGES_SEEN = ("edited", "deleted", "gone")  # gone: no longer shown, and nobody says why
OUTCOMES = ("kept", "merged", "dropped", "unknown")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its type, what it means, whether it may be null, and what it identifies."""

    dtype: pl.DataType | type[pl.DataType]
    doc: str
    null: bool = True
    values: tuple[str, ...] = ()
    form: str | None = None  # a pattern
    holds: Holds | None = None  # what protection must look at


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """One table of the store.

    ``day`` names the time column whose UTC date partitions the files. ``merge`` says what happens
    when a row comes again: ``complete`` fills the nulls of the row that is held and changes nothing
    else, ``replace`` takes the newer row (the old one stays in the store's history). A table
    ``on_request`` is measured by ``groundswell measure --validate`` alone.
    """

    name: str
    row: str
    columns: dict[str, Column]
    key: tuple[str, ...]
    day: str | None = None
    merge: Literal["complete", "replace"] = "complete"
    measured: bool = False
    on_request: bool = False

    @property
    def is_personal(self) -> bool:
        """Whether protection has to look at it."""
        return any(column.holds for column in self.columns.values())

    @property
    def schema(self) -> pl.Schema:
        """Column names and types, in order."""
        return pl.Schema({name: column.dtype for name, column in self.columns.items()})

    def empty(self) -> pl.DataFrame:
        """Return the table without rows."""
        return pl.DataFrame(schema=self.schema)

    def check(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the frame with exactly this table's columns, in order.

        Columns that may be null are added when they are missing.

        Raises
        ------
        TableError
            A required column is missing, a column is unknown, a type differs, a required value is
            null, or a value is outside the column's list. The message names the first bad row.
        """
        self._check_names(frame.columns)
        frame = frame.with_columns(
            pl.lit(None, column.dtype).alias(name)
            for name, column in self.columns.items()
            if name not in frame.columns
        ).select(*self.columns)
        for name, column in self.columns.items():
            self._check_column(frame[name], column)
        return frame

    def _check_names(self, names: Sequence[str]) -> None:
        missing = [n for n, c in self.columns.items() if not c.null and n not in names]
        if missing:
            msg = (
                f"{self.name}: the columns {', '.join(missing)} are missing; "
                f"docs/tables.md lists what each table needs"
            )
            raise TableError(msg)
        unknown = [n for n in names if n not in self.columns]
        if unknown:
            msg = f"{self.name}: there is no column {unknown[0]!r}; docs/tables.md lists them all"
            raise TableError(msg)

    def _check_column(self, series: pl.Series, column: Column) -> None:
        place = f"{self.name}.{series.name}"
        if series.dtype != column.dtype:
            msg = f"{place} is {series.dtype}, but has to be {column.dtype}; cast it"
            raise TableError(msg)
        if not column.null and series.null_count():
            row = series.is_null().arg_true()[0]
            msg = f"{place} is empty in row {row}; every row needs it"
            raise TableError(msg)
        bad = self._outside(series, column)
        if bad.any():
            row = bad.arg_true()[0]
            values = f"one of: {', '.join(column.values)}"
            way_out = FORMS[column.form] if column.form else values
            msg = f"{place} is {str(series[row])[:60]!r} in row {row}; write {way_out}"
            raise TableError(msg)

    @staticmethod
    def _outside(series: pl.Series, column: Column) -> pl.Series:
        if column.values:
            return ~series.is_in(column.values) & series.is_not_null()
        if column.form:
            return (~series.str.contains(column.form)).fill_null(value=False)
        return pl.Series([False])


def _text(doc: str, *, null: bool = True, values: tuple[str, ...] = ()) -> Column:
    return Column(dtype=pl.String, doc=doc, null=null, values=values)


def _id(doc: str, holds: Holds, *, null: bool = True) -> Column:
    form = IDENTIFIER if holds in {"account", "post"} else None
    return Column(dtype=pl.String, doc=doc, null=null, form=form, holds=holds)


def _list(doc: str, holds: Holds | None = None) -> Column:
    return Column(dtype=STRINGS, doc=doc, holds=holds)


def _time(doc: str, *, null: bool = True) -> Column:
    return Column(dtype=UTC, doc=doc, null=null)


def _count(doc: str, *, null: bool = True) -> Column:
    return Column(dtype=pl.Int64, doc=doc, null=null)


def _number(doc: str, *, null: bool = True) -> Column:
    return Column(dtype=pl.Float64, doc=doc, null=null)


_APPEAL_ID = _text("the appeal it belongs to", null=False)
_PLATFORM = Column(
    dtype=pl.String,
    doc="x, telegram, youtube, bluesky, mastodon, web, …",
    null=False,
    form=PLATFORM,
)

APPEALS = Table(
    name="appeals",
    row="one appeal",
    key=("appeal_id",),
    merge="replace",
    columns={
        "appeal_id": _APPEAL_ID,
        "title": _text("what the appeal is called on screen"),
        "published_at": _time("when it was first published; clocks of lags start here"),
        "registered_at": _time("when it was registered with an authority; legal clocks start here"),
        "jurisdiction": _text("ISO 3166 code of the country whose authorities are asked"),
        "object_keys": _list("ids and URLs that identify its material, as declared"),
        "outcome_known_until": _time("responses were looked for up to this time"),
        "simulated": Column(
            dtype=pl.Boolean, doc="made by the simulator; said on every screen", null=False
        ),
    },
)

POSTS = Table(
    name="posts",
    row="one public utterance",
    key=("appeal_id", "post_id"),
    day="at",
    columns={
        "post_id": _id("the post", "post", null=False),
        "appeal_id": _APPEAL_ID,
        "platform": _PLATFORM,
        "account_id": _id("who wrote or shared it", "account"),
        "at": _time("when it was published"),
        "kind": _text("what it does", null=False, values=KINDS),
        "parent_id": _id("the post directly shared or answered; null where hidden", "post"),
        "parent_account_id": _id("who wrote the parent, where the platform says it", "account"),
        "root_id": _id("the original at the top, as the platform names it", "post"),
        "root_account_id": _id("who wrote that original, where the platform says it", "account"),
        "basis": _text("how the parent is known; null where it is not", values=BASES),
        "text": _id("the words; null in a repost and where protection keeps none", "text"),
        "lang": _text("BCP 47 code as the platform says"),
        "urls": _list("links in it, expanded", "url"),
        "hashtags": _list("hashtags in it, without #"),
        "mentions": _list("accounts it names: platform:id, or platform:@handle", "account"),
        "media_keys": _list("the platform's ids of attached media"),
        "object_keys": _list("ids and URLs by which it joins other posts", "object"),
        "source": _text("the format or collector it came through", null=False),
        "collected_at": _time("when the platform was asked, where the payload says it"),
    },
)

ACCOUNTS = Table(
    name="accounts",
    row="one profile as seen once",
    key=("account_id", "observed_at", "followers", "following", "posts"),
    day="observed_at",
    columns={
        "account_id": _id("the account", "account", null=False),
        "platform": _PLATFORM,
        "handle": _id("short name; kept for public actors only", "handle"),
        "name": _id("display name; kept for public actors only", "handle"),
        "followers": _count("accounts that follow it"),
        "following": _count("accounts it follows"),
        "posts": _count("posts it ever made"),
        "created_at": _time("when the account was opened"),
        "role": _text("what kind of actor holds it", null=False, values=ROLES),
        "observed_at": _time("when the profile was seen; null where the payload does not say"),
    },
)

COUNTERS = Table(
    name="counters",
    row="one number that a platform showed",
    key=("post_id", "metric", "definition", "observed_at", "value"),
    day="observed_at",
    columns={
        "post_id": _id("the post it stood beside", "post", null=False),
        "metric": _text("what was counted", null=False, values=METRICS),
        "value": _count("the number, verbatim", null=False),
        "definition": _text("the platform's own name for it, in the form it was read", null=False),
        "observed_at": _time("when it was shown; null where the payload does not say"),
    },
)

CHANGES = Table(
    name="changes",
    row="one change that a platform showed in a post after it was published",
    key=("post_id", "what", "at"),
    columns={
        "post_id": _id("the post", "post", null=False),
        "platform": _PLATFORM,
        "what": _text("edited, deleted, or gone: no longer shown", null=False, values=CHANGES_SEEN),
        "at": _time("when it was changed; null where the platform does not say"),
        "text": _id("the words after an edit; null where protection keeps none", "text"),
        "account_id": _id("who wrote the post, where it is told", "account"),
        "observed_at": _time("when the change was first seen"),
    },
)

FOLLOWS = Table(
    name="follows",
    row="one follow edge",
    key=("follower_id", "followed_id", "observed_at"),
    day="observed_at",
    columns={
        "follower_id": _id("who follows", "account", null=False),
        "followed_id": _id("who is followed", "account", null=False),
        "observed_at": _time("when the edge was seen"),
    },
)

RESPONSES = Table(
    name="responses",
    row="one dated, sourced act of an authority",
    key=("response_id",),
    merge="replace",
    columns={
        "response_id": _text("a short id, unique in the store", null=False),
        "appeal_id": _APPEAL_ID,
        "from": _time("earliest time at which it can have happened", null=False),
        "to": _time("latest time at which it can have happened", null=False),
        "reported_at": _time("when it was first reported"),
        "actor": _text("the institution, in words; never a private person", null=False),
        "actor_code": _text("CAMEO actor code, such as KAZCOP"),
        "level": _text("level of government", values=LEVELS),
        "verb_code": _text("CAMEO event code, as text: 09, 173, …", null=False),
        "target": _text("whom it was done to; decides the sign of the rung", values=TARGETS),
        "huridocs_type": _text("HURIDOCS type of response (list 27)"),
        "rung": Column(
            dtype=pl.Int8, doc="response ladder, -4 … 6, by verb and target (docs/codebook.md)"
        ),
        "summary": _text("one sentence in the coder's words"),
        "sources": _list("URLs or citations", "url"),
        "coder": _text("who coded it"),
        "confidence": _number("the coder's, 0 … 1"),
        "status": _text("HURIDOCS status (list 45)"),
    },
)

IMPORTS = Table(
    name="imports",
    row="one file that was read",
    key=("import_id", "file", "sha256"),
    merge="replace",
    columns={
        "import_id": _text("one run of `groundswell import`", null=False),
        "at": _time("when it ran", null=False),
        "appeal_id": _APPEAL_ID,
        "file": _text(
            "the file's name as given; at protection level strict its number", null=False
        ),
        "sha256": _text("hash of the payload as received", null=False),
        "bytes": _count("its size", null=False),
        "format": _text("the format that read it; null when none did"),
        "timezone": _text("the zone given for times without one"),
        "payload": _text("file of the kept payload in the store; null when only its hash is kept"),
        "version": _text("the version of groundswell that read it", null=False),
    },
)

LOSSES = Table(
    name="losses",
    row="what became of some of the rows of one import, with the reason",
    key=("import_id", "outcome", "what", "reason"),
    merge="replace",
    columns={
        "import_id": _text("one run of `groundswell import`", null=False),
        "outcome": _text("what became of them", null=False, values=OUTCOMES),
        "what": _text("posts, accounts, rows, fields, files, …", null=False),
        "reason": _text("why", null=False),
        "count": _count("how many", null=False),
        "example": _text("the place of the first: a file (as in imports) and a row, never content"),
    },
)

COLLECTIONS = Table(
    name="collections",
    row="one kind of question that one run of `groundswell collect` asked of one source",
    key=("run_id", "source", "kind"),
    merge="replace",
    columns={
        "run_id": _text("one run of `groundswell collect`", null=False),
        "at": _time("when it began", null=False),
        "appeal_id": _APPEAL_ID,
        "source": _text("the source's name in groundswell.toml", null=False),
        "platform": _PLATFORM,
        "kind": _text("what was asked: search, quotes, history, …", null=False),
        "questions": _count("questions of this kind", null=False),
        "unanswered": _count("of these, how many are not answered to the end", null=False),
        "refused": _count("of these, how many the platform has no answer to", null=False),
        "requests": _count("pages that came", null=False),
        "received": _count("items on them", null=False),
        "known": _count("items that the platform says there are; null where it does not say"),
        "spent": _count("what they cost, in the source's unit", null=False),
        "unit": _text("that unit: posts, units, requests", null=False),
        "fact": _text("why the source stopped before its end; null where it did not"),
        "version": _text("the version of groundswell that asked", null=False),
    },
)

SHARES_TABLE = Table(
    name="shares",
    row="one share: a post passed on, or one that links to another post of the appeal",
    key=("appeal_id", "post_id"),
    day="at",
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "post_id": _id("the share", "post", null=False),
        "parent_id": _id(
            "the post it came from, the likeliest where inferred; null where unknown", "post"
        ),
        "root_id": _id("the original at the top of its cascade; null where unknown", "post"),
        "account_id": _id("who shared", "account"),
        "parent_account_id": _id("who was shared; null where hidden", "account"),
        "root_account_id": _id("who wrote the original", "account"),
        "platform": _PLATFORM,
        "at": _time("when"),
        "kind": _text("repost or quote; original or article where it links", null=False),
        "basis": _text("how the parent is known; null where it is hidden", values=BASES),
        "confidence": _number(
            "probability of that parent: 1 where observed; null where the parent is hidden"
        ),
    },
)

CASCADES = Table(
    name="cascades",
    row="one cascade: a root and every share below it",
    key=("appeal_id", "root_id"),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "root_id": _id("the post at the top, held or only referred to", "post", null=False),
        "platform": _PLATFORM,
        "root_account_id": _id("who wrote it", "account"),
        "root_held": Column(dtype=pl.Boolean, doc="whether the root itself is held", null=False),
        "size": _count("posts in it, the root included", null=False),
        "accounts": _count("distinct accounts in it, the root's included", null=False),
        "shares": _count("reposts and quotes in it", null=False),
        "observed": _count("of these, how many have an observed parent", null=False),
        "replies": _count("replies and comments to its posts that are held", null=False),
        "method": _text(
            "how its shape is known: observed, or calibrated where parents are inferred; null "
            "where it is not known",
            values=METHODS,
        ),
        "depth_lo": _count("its 5 % point"),
        "depth": _count("longest way from the root, in shares; the median where inferred"),
        "depth_hi": _count("its 95 % point"),
        "max_breadth_lo": _count("its 5 % point"),
        "max_breadth": _count("most posts at one depth; the median where inferred"),
        "max_breadth_hi": _count("its 95 % point"),
        "virality_lo": _number("its 5 % point"),
        "virality": _number("mean distance between two of its posts; null for one post alone"),
        "virality_hi": _number("its 95 % point"),
        "mean_depth_lo": _number("its 5 % point"),
        "mean_depth": _number("mean way from the root, in shares; null for one post alone"),
        "mean_depth_hi": _number("its 95 % point"),
        "broadcast_lo": _number("its 5 % point"),
        "broadcast": _number("largest broadcast: share of all its shares that hang from one post"),
        "broadcast_hi": _number("its 95 % point"),
        "first_at": _time("the root's time, else the first share's"),
        "last_at": _time("the last share's time"),
        "half_at": _time("by when half of the shares held had been made"),
    },
)

SHAPES = Table(
    name="shapes",
    row="the shape of one cascade as one method tells it",
    key=("appeal_id", "root_id", "method"),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "root_id": _id("the post at the top", "post", null=False),
        "method": _text("how hidden parents are told", null=False, values=METHODS),
        "trees": _count("trees drawn, over all settings of the method", null=False),
        "drawn": _count("posts in each tree; shares without a time are in none", null=False),
        "hidden": _count("of these, how many have a hidden parent", null=False),
        "depth_lo": _count("its 5 % point"),
        "depth": _count("longest way from the root, in shares; the median where it is inferred"),
        "depth_hi": _count("its 95 % point"),
        "max_breadth_lo": _count("its 5 % point"),
        "max_breadth": _count("most posts at one depth; the median where it is inferred"),
        "max_breadth_hi": _count("its 95 % point"),
        "virality_lo": _number("its 5 % point"),
        "virality": _number("mean distance between two of its posts; null for one post alone"),
        "virality_hi": _number("its 95 % point"),
        "mean_depth_lo": _number("its 5 % point"),
        "mean_depth": _number("mean way from the root, in shares; null for one post alone"),
        "mean_depth_hi": _number("its 95 % point"),
        "broadcast_lo": _number("its 5 % point"),
        "broadcast": _number("largest broadcast: share of all its shares that hang from one post"),
        "broadcast_hi": _number("its 95 % point"),
    },
)

PARENT_MODELS = Table(
    name="parent_models",
    row="one of ten settings of the calibrated model of hidden parents, for one platform",
    key=("platform", "setting"),
    measured=True,
    on_request=True,
    columns={
        "platform": _PLATFORM,
        "setting": _count("0 … 9; together they spread as far as the fit is uncertain", null=False),
        "root_intercept": _number("log-odds of the original as parent of the second share"),
        "root_slope": _number("what is added to them for each e-fold of earlier posts"),
        "alpha": _number("exponent by which the pull of a post falls with its age"),
        "shift": _number("age in seconds below which it hardly falls"),
        "spread": _number("shape of the distribution of shares that a post brings about"),
        "mean": _number("its mean, in units of the kernel"),
        "audience": _number("exponent by which that mean rises with followers"),
        "burst": _number("weight of what bursts say"),
        "recent": _number("weight of age alone; the rest is blind chance"),
        "fitted_on": _text("what it was fitted on", null=False),
        "targets": _count("known parents that were fitted", null=False),
        "cascades": _count("cascades that they are in", null=False),
        "gain": _number("nats per share against chance, on cascades left out of the fit"),
        "gain_lo": _number("its 5 % point over cascades"),
        "gain_hi": _number("its 95 % point"),
    },
)

VALIDATION = Table(
    name="validation",
    row="how well one setting of one method finds parents that are known, when they are hidden",
    key=("platform", "method", "setting", "among"),
    measured=True,
    on_request=True,
    columns={
        "platform": _PLATFORM,
        "method": _text("how hidden parents are told", null=False, values=METHODS),
        "setting": _text("its figures; for calibrated, fitted without the cascade", null=False),
        "among": _text(
            "all earlier posts, or others: without the original",
            null=False,
            values=("all", "others"),
        ),
        "targets": _count("shares whose parent is known and was hidden", null=False),
        "cascades": _count("cascades that they are in", null=False),
        "gain": _number("mean log score, nats per share, against chance; null where impossible"),
        "gain_lo": _number("its 5 % point over cascades drawn again"),
        "gain_hi": _number("its 95 % point"),
        "hit": _number("how often the true parent is drawn"),
        "hit_chance": _number("how often a random earlier post is"),
        "whole": _count("cascades with all parents known, whose shape was compared"),
        "depth_error": _number("mean of (median depth - true depth) / true depth"),
        "depth_inside": _number("how often the band holds the true depth"),
        "virality_error": _number("the same for virality"),
        "virality_inside": _number("how often the band holds the true virality"),
        "top_overlap": _number("mean Jaccard overlap of the ten accounts that most hangs from"),
    },
)

STORY_MEMBERS = Table(
    name="story_members",
    row="one cascade that is joined with others; one without a row is a story by itself",
    key=("appeal_id", "level", "root_id"),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "level": _text("how like is like enough: strict or loose", null=False),
        "root_id": _id("the cascade, or a share whose root is unknown", "post", null=False),
        "story_id": _id("its story: the root of the story's earliest cascade", "post", null=False),
        "joined_to": _id("the cascade that ties it to its story; null for the earliest", "post"),
        "by": _text("what both carry, of several the most trusted", values=JOINS),
        "key": _id("the id or address that both carry; null for likeness", "object"),
        "strength": _number("1 where it is the same, else how like: 0 … 1"),
    },
)

STORIES = Table(
    name="stories",
    row="one story: all cascades that carry the same material, on whatever platforms",
    key=("appeal_id", "level", "story_id"),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "level": _text("how like is like enough: strict or loose", null=False),
        "story_id": _id("the root of its earliest cascade", "post", null=False),
        "cascades": _count("cascades in it; shares whose root is unknown are none", null=False),
        "posts": _count("posts held in them: roots, reposts and quotes", null=False),
        "accounts": _count("distinct accounts in them, as far as known", null=False),
        "platforms": _list("platforms of these posts, in the order of the alphabet"),
        "first_at": _time("the first of these posts"),
        "last_at": _time("the last"),
        "joined_by": _list("what joins it; empty for one cascade"),
        "weakest": _number("strength of its weakest join; null for one cascade"),
    },
)

GROWTH = Table(
    name="growth",
    row="one cascade of three shares or more, when it had a certain size",
    key=("appeal_id", "root_id", "size"),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "root_id": _id("the post at the top", "post", null=False),
        "platform": _PLATFORM,
        "size": _count(
            "posts by then, the root included: 1, 2, 5, 10, 20, 50, …, and in the end; shares "
            "without a time are not counted",
            null=False,
        ),
        "accounts": _count("distinct accounts by then, the root's included", null=False),
        "at": _time("when it had this size", null=False),
        "method": _text(
            "how its shape is known: observed, or calibrated where parents are inferred; null "
            "where it is not known",
            values=METHODS,
        ),
        "depth_lo": _count("its 5 % point; null where observed"),
        "depth": _count("longest way from the root; the median where inferred"),
        "depth_hi": _count("its 95 % point"),
        "max_breadth_lo": _count("its 5 % point"),
        "max_breadth": _count("most posts at one depth; the median where inferred"),
        "max_breadth_hi": _count("its 95 % point"),
        "virality_lo": _number("its 5 % point"),
        "virality": _number("mean distance between two of these posts; null for one post alone"),
        "virality_hi": _number("its 95 % point"),
    },
)

MILESTONES = Table(
    name="milestones",
    row="one cascade with a share whose time is known, and how long it took to spread",
    key=("appeal_id", "root_id"),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "root_id": _id("the post at the top", "post", null=False),
        "platform": _PLATFORM,
        "size": _count("posts with a known time, the root included", null=False),
        "accounts": _count("distinct accounts among them, the root's included", null=False),
        "began_at": _time(
            "the root's time, else the first share's: where hours count from", null=False
        ),
        "hours_to_10": _number("hours until 10 distinct accounts; null where there are fewer"),
        "hours_to_100": _number("hours until 100; null where there are fewer"),
        "hours_to_1000": _number("hours until 1,000; null where there are fewer"),
        "hours_to_10000": _number("hours until 10,000; null where there are fewer"),
        "half_hours": _number("hours until half of `size`, rounded up", null=False),
        "peak_at": _time("start of the hour with most shares, the first if several", null=False),
        "peak_shares": _count("shares in that hour", null=False),
        "half_life_hours": _count(
            "hours from the peak hour to the next with at most half as many shares; null where "
            "nothing is held from after it"
        ),
    },
)

TIMELINE = Table(
    name="timeline",
    row="one platform in one window of time; windows without posts have no row",
    key=("appeal_id", "platform", "every", "at"),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "platform": _PLATFORM,
        "every": _text("length of the window: 1h or 1d", null=False),
        "at": _time("its start; the window is half-open", null=False),
        "posts": _count("posts held, of every kind", null=False),
        "originals": _count("originals and articles among them", null=False),
        "shares": _count("reposts and quotes among them", null=False),
        "replies": _count("replies and comments among them", null=False),
        "accounts": _count("distinct accounts among them", null=False),
    },
)

COUNTER_HISTORY = Table(
    name="counter_history",
    row="what one platform showed by one time, added over the posts held; never over platforms",
    key=("appeal_id", "platform", "metric", "definition", "at"),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "platform": _PLATFORM,
        "metric": _text("what was counted", null=False, values=METRICS),
        "definition": _text("the platform's own name for it", null=False),
        "at": _time("the time up to which it was shown; null where no payload says when"),
        "value": _count("sum of each post's newest number", null=False),
        "posts": _count("posts that had shown a number by then", null=False),
    },
)

COVERAGE = Table(
    name="coverage",
    row="one thing that could be known, and how much of it is",
    key=("appeal_id", "platform", "what"),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "platform": _PLATFORM,
        "what": _text("what was counted", null=False),
        "held": _count("how many of them the store holds", null=False),
        "known": _count("how many there are; null where nobody says"),
        "share": _number("held / known; null where unknown or where known is 0"),
        "note": _text("what it means for a reader", null=False),
    },
)

LAGS = Table(
    name="lags",
    row="the first response of an appeal at one rung of the ladder",
    key=("appeal_id", "rung"),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "rung": Column(dtype=pl.Int8, doc="the rung", null=False),
        "response_id": _text("the response that can have been first", null=False),
        "responses": _count("responses coded at this rung", null=False),
        "clock_start": _time("where the clock starts"),
        "clock_basis": _text("published (declared) or first_post (the first post held)"),
        "lag_lo": _number("hours from there to the earliest possible time"),
        "lag_hi": _number("hours from there to the latest possible time of a first response"),
    },
)

CANDIDATES = Table(
    name="candidates",
    row="one post of an official account that may be a response; a person has to judge",
    key=("appeal_id", "post_id"),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "post_id": _id("the post", "post", null=False),
        "account_id": _id("the official account", "account", null=False),
        "platform": _PLATFORM,
        "at": _time("when it was published"),
        "kind": _text("what it does", null=False, values=KINDS),
        "why": _text("the fact that brought it up", null=False),
        "text": _text("its words"),
        "urls": _list("links in it"),
    },
)

LAYOUT = Table(
    name="layout",
    row="one post, placed in the picture called time-river",
    key=("appeal_id", "post_id"),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "node": _count("its number in the picture: 0, 1, 2, … within the appeal", null=False),
        "post_id": _id("the post", "post", null=False),
        "parent": _count("number of the post it hangs from; null for the first of a branch"),
        "account_id": _id("who posted", "account"),
        "platform": _PLATFORM,
        "kind": _text("what it does", null=False, values=KINDS),
        "basis": _text("how that link is known; null where only the root is", values=BASES),
        "at": _time("when", null=False),
        "x": _number("time, in hours since the appeal's first post", null=False),
        "y": _number("place across the river; lanes are platforms", null=False),
        "descendants": _count("posts that hang from it, directly or not", null=False),
    },
)

SUMMARY = Table(
    name="summary",
    row="one appeal in a few numbers, all of them counts of what is held",
    key=("appeal_id",),
    measured=True,
    columns={
        "appeal_id": _APPEAL_ID,
        "posts": _count("posts held", null=False),
        "accounts": _count("distinct accounts that took part, as far as known", null=False),
        "platforms": _list("platforms, the one with most posts first"),
        "shares": _count("reposts and quotes held", null=False),
        "observed": _count("of these, how many have an observed parent", null=False),
        "first_at": _time("the first post"),
        "last_at": _time("the last post"),
        "window_from": _time("start of the shortest stretch that holds 95 % of the posts"),
        "window_to": _time("its end"),
        "window_posts": _count("posts in it", null=False),
        "top_post_id": _id("the post that most shares name as what they share", "post"),
        "top_account_id": _id("who wrote it", "account"),
        "top_shares": _count("how many shares name it", null=False),
        "top_reposts": _count("how many of these are reposts", null=False),
        "top_source_id": _id("the account that most shares name as their source", "account"),
        "top_source_shares": _count("how many shares name it", null=False),
        "responses": _count("responses on record", null=False),
    },
)

RUNS = Table(
    name="runs",
    row="one run of `groundswell measure`",
    key=("run_id",),
    merge="replace",
    columns={
        "run_id": _text("short id", null=False),
        "at": _time("when it ended", null=False),
        "engine": _text("where it ran", null=False),
        "version": _text("the version of groundswell", null=False),
        "inputs": _text("version of every table it read, trees and seed, as JSON", null=False),
        "seconds": _number("how long it took", null=False),
    },
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        APPEALS, POSTS, ACCOUNTS, COUNTERS, CHANGES, FOLLOWS, RESPONSES, IMPORTS, LOSSES,
        COLLECTIONS, RUNS,
        SHARES_TABLE, CASCADES, SHAPES, STORY_MEMBERS, STORIES,
        GROWTH, MILESTONES, TIMELINE, COUNTER_HISTORY, COVERAGE, LAGS,
        CANDIDATES, LAYOUT, PARENT_MODELS, VALIDATION,
        SUMMARY,
    )
}  # fmt: skip

TRUE_PARENTS = Table(
    name="truth/parents",
    row="one post that really happened, whether it was held or missed",
    key=("appeal_id", "post_id"),
    columns={
        "appeal_id": _APPEAL_ID,
        "post_id": _id("the post", "post", null=False),
        "platform": _PLATFORM,
        "account_id": _id("who wrote or shared it", "account", null=False),
        "kind": _text("what it does", null=False, values=KINDS),
        "at": _time("when it was published", null=False),
        "parent_id": _id(
            "the post it really came from; the video where it only links to it, null for the video",
            "post",
        ),
        "parent_account_id": _id("who wrote that", "account"),
        "root_id": _id("the top of its tree on its platform; null for the video", "post"),
        "depth": _count("steps from the video", null=False),
        "expected": _number("how often it would be passed on in the mean; null for the video"),
        "held": Column(dtype=pl.Boolean, doc="whether `posts` has it", null=False),
    },
)

TRUE_COORDINATION = Table(
    name="truth/coordination",
    row="one planted repost: of a group that acts together, or of a burst that means nothing",
    key=("appeal_id", "post_id"),
    columns={
        "appeal_id": _APPEAL_ID,
        "post_id": _id("the repost", "post", null=False),
        "platform": _PLATFORM,
        "account_id": _id("who shared", "account", null=False),
        "set": _text("the group or the burst", null=False),
        "coordinated": Column(dtype=pl.Boolean, doc="true in a group", null=False),
        "object_id": _id("the post that was shared", "post", null=False),
        "at": _time("when", null=False),
    },
)

TRUE_RESPONSES = Table(
    name="truth/responses",
    row="one act of an authority as it was really done",
    key=("response_id",),
    columns={
        "response_id": _text("its id, in `responses` too where it was recorded", null=False),
        "appeal_id": _APPEAL_ID,
        "at": _time("when it was really done", null=False),
        "from": _time("earliest time at which it can have happened, as recorded"),
        "to": _time("latest such time; null where it was not recorded"),
        "reported_at": _time("when it was first reported; null where it never was"),
        "actor": _text("the institution, in words", null=False),
        "verb_code": _text("CAMEO event code, as text", null=False),
        "target": _text("whom it was done to", null=False, values=TARGETS),
        "rung": Column(dtype=pl.Int8, doc="response ladder, -4 … 6"),
        "recorded": Column(dtype=pl.Boolean, doc="whether `responses` has it", null=False),
        "news": _number("share of all roots that its report set off", null=False),
    },
)

TRUE_ACCOUNTS = Table(
    name="truth/accounts",
    row="one account that really posted",
    key=("account_id",),
    columns={
        "account_id": _id("the account", "account", null=False),
        "platform": _PLATFORM,
        "role": _text("what kind of actor holds it", null=False, values=ROLES),
        "followers": _count("accounts that follow it, shown or not", null=False),
        "posts": _count("posts of the appeal that it made", null=False),
        "held": _count("of these, how many `posts` has", null=False),
        "group": _text("the group that it acts together with; null for all others"),
        "listed": Column(
            dtype=pl.Boolean, doc="whether `follows` says whom it follows", null=False
        ),
    },
)

# Files that the simulator writes beside the tables; no measure reads them.
TRUTH: dict[str, Table] = {
    table.name: table for table in (TRUE_PARENTS, TRUE_COORDINATION, TRUE_RESPONSES, TRUE_ACCOUNTS)
}
