"""How far it went, as far as anyone has shown: a ledger of what is known, and no one number.

Accounts are counted, never people: one person may hold several, on one platform or on many. Nothing
is added over platforms. YouTube's policies allow no estimate of unique viewers and no figure that
mixes its numbers with others: of YouTube, accounts and views stand as they were shown.
"""

import tomllib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import polars as pl

from analytics.measured import COUNTER_HISTORY, REACH, TIMELINE, VIEWS
from analytics.schema import UTC as UTC_TIME
from analytics.tables import AUDIENCES, SHARES

WINDOWS = ("1h", "1d")
HOURS = (1, 3, 6, 12, 24, 48, 72, 168, 336, 720, 2160, 8760)  # since a platform's first post
CARRYING = ("original", "article", *SHARES)  # what followers are offered; answers mostly are not
BARRED = {
    "youtube": "YouTube's policies allow no estimate of unique viewers: its numbers of subscribers "
    "are neither added nor compared",
}
_PLACE = ["appeal_id", "platform"]
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # stands for an unknown time: it comes after all others


def timeline(posts: pl.DataFrame) -> pl.DataFrame:
    """Count the posts held in windows of an hour and of a day (UTC).

    Parameters
    ----------
    posts
        Rows of ``posts``; those without a time are in no window.

    Returns
    -------
    DataFrame
        The table ``timeline``. A window in which nothing is held has no row: whether nothing
        happened or nothing was collected is not known.
    """
    timed = posts.filter(pl.col("at").is_not_null())
    return TIMELINE.check(
        pl.concat([_windows(timed, every) for every in WINDOWS]).sort(
            "appeal_id", "every", "platform", "at"
        )
    )


def _windows(posts: pl.DataFrame, every: str) -> pl.DataFrame:
    kind = pl.col("kind")
    counts = {
        "originals": kind.is_in(["original", "article"]),
        "shares": kind.is_in(SHARES),
        "replies": kind.is_in(["reply", "comment"]),
    }
    return (
        posts.group_by("appeal_id", "platform", pl.col("at").dt.truncate(every))
        .agg(
            posts=pl.len().cast(pl.Int64),
            accounts=pl.col("account_id").drop_nulls().n_unique().cast(pl.Int64),
            **{name: test.sum().cast(pl.Int64) for name, test in counts.items()},
        )
        .with_columns(every=pl.lit(every))
        .select(*TIMELINE.columns)
    )


def counter_history(
    counters: pl.DataFrame, posts: pl.DataFrame, shares: pl.DataFrame
) -> pl.DataFrame:
    """Add up, for every time at which a platform was asked, each post's newest number.

    Numbers of different platforms, metrics or definitions are never added.

    Parameters
    ----------
    counters, posts, shares
        Rows of the tables of these names. Numbers count for the posts held and for the roots that
        shares refer to.

    Returns
    -------
    DataFrame
        The table ``counter_history``. Numbers whose time is unknown stand in a row of their own
        (``at`` null), each post with its largest.
    """
    shown = _shown(counters, posts, shares)
    return COUNTER_HISTORY.check(
        _over_time(shown, _SERIES)
        .select(*COUNTER_HISTORY.columns)
        .sort(COUNTER_HISTORY.key, nulls_last=True)
    )


_SERIES = ("appeal_id", "platform", "metric", "definition")


def _shown(counters: pl.DataFrame, posts: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Return the numbers of the posts held and of the roots that shares refer to, by appeal."""
    appeals = pl.concat(
        [posts.select("appeal_id", "post_id"), shares.select("appeal_id", post_id="root_id")]
    ).unique()
    return counters.join(appeals.drop_nulls(), on="post_id").with_columns(
        platform=pl.col("post_id").str.extract(r"^([a-z0-9_]+):")
    )


def _over_time(shown: pl.DataFrame, series: tuple[str, ...]) -> pl.DataFrame:
    columns = [*series, "at", "value", "posts"]
    dated = _dated(shown.filter(pl.col("observed_at").is_not_null()), series)
    undated = _undated(shown.filter(pl.col("observed_at").is_null()), series)
    return pl.concat([dated.select(columns), undated.select(columns)])


def _dated(shown: pl.DataFrame, series: tuple[str, ...]) -> pl.DataFrame:
    post = (*series, "post_id")
    steps = (
        shown.group_by(*post, "observed_at")
        .agg(pl.col("value").max())
        .sort(*post, "observed_at")
        .with_columns(
            step=pl.col("value") - pl.col("value").shift(1, fill_value=0).over(post),
            first=pl.col("value").shift(1).over(post).is_null(),
        )
    )
    return (
        steps.group_by(*series, at="observed_at")
        .agg(pl.col("step").sum(), pl.col("first").sum().cast(pl.Int64))
        .sort(*series, "at")
        .with_columns(
            value=pl.col("step").cum_sum().over(series),
            posts=pl.col("first").cum_sum().over(series),
        )
    )


def _undated(shown: pl.DataFrame, series: tuple[str, ...]) -> pl.DataFrame:
    newest = shown.group_by(*series, "post_id").agg(pl.col("value").max())
    sums = newest.group_by(series).agg(pl.col("value").sum(), posts=pl.len().cast(pl.Int64))
    return sums.with_columns(at=pl.lit(None, shown["observed_at"].dtype))


class Definitions(NamedTuple):
    """What platforms count as views, by platform, and when that changed."""

    counted: pl.DataFrame
    changes: pl.DataFrame


@cache
def definitions() -> Definitions:
    """Return what ``analytics/data/definitions.toml`` says.

    >>> definitions().changes.select("platform", "at").rows()
    [('youtube', datetime.datetime(2025, 3, 31, 0, 0, tzinfo=zoneinfo.ZoneInfo(key='UTC')))]
    """
    told = tomllib.loads((files("analytics") / "data" / "definitions.toml").read_text("utf-8"))
    counted = pl.DataFrame(told["counted"]).select("platform", "counts", "source")
    changes = pl.DataFrame(told["changes"]).select(
        "platform", pl.col("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"), "what",
        "source",
    )  # fmt: skip
    return Definitions(counted, changes)


def views(
    counters: pl.DataFrame,
    posts: pl.DataFrame,
    shares: pl.DataFrame,
    told: Definitions | None = None,
) -> pl.DataFrame:
    """Add up what each platform showed as views, and cut where it began to count otherwise.

    Parameters
    ----------
    counters, posts, shares
        Rows of the tables of these names, as :func:`counter_history` takes them.
    told
        Other definitions and changes than :func:`definitions` gives.

    Returns
    -------
    DataFrame
        The table ``views``. Each part of a series begins anew: a post counts in it from the first
        number that was shown after the change. What a change is not known to concern is cut, too.

    Examples
    --------
    >>> from analytics.measured import SHARES_TABLE
    >>> from analytics.tables import COUNTERS, POSTS
    >>> posts = POSTS.check(pl.DataFrame([{"appeal_id": "a", "post_id": "youtube:v", "source": "d",
    ...     "platform": "youtube", "kind": "original"}]))
    >>> shown = COUNTERS.check(pl.DataFrame([
    ...     {"post_id": "youtube:v", "metric": "views", "definition": "viewCount", "value": value,
    ...      "observed_at": datetime(2025, month, 1, tzinfo=UTC)}
    ...     for month, value in ((3, 100), (4, 900))
    ... ], schema_overrides={"observed_at": UTC_TIME}))
    >>> views(shown, posts, SHARES_TABLE.empty()).select("part", "value").rows()
    [(0, 100), (1, 900)]
    """
    counted, changes = told or definitions()
    shown = _shown(counters, posts, shares).filter(metric="views")
    parts = _cut(shown, changes)
    series = ("appeal_id", "platform", "definition", "part")
    rows = _over_time(parts, series).sort(*series, "at", nulls_last=True)
    return VIEWS.check(_with_breaks(rows, counted, changes).select(*VIEWS.columns))


def _numbered(changes: pl.DataFrame) -> pl.DataFrame:
    """Add to each change its number on its platform, from 1 on."""
    ordered = changes.sort("at", "platform")
    return ordered.with_columns(part=pl.int_range(1, pl.len() + 1).over("platform"))


def _cut(shown: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """Add to each number how many changes of what its platform counts lie before it."""
    before = _numbered(changes).select("platform", "part", observed_at="at")
    timed = shown.filter(pl.col("observed_at").is_not_null()).sort("observed_at")
    known = timed.join_asof(
        before, on="observed_at", by="platform", strategy="backward", check_sortedness=False
    ).with_columns(pl.col("part").fill_null(0))
    unknown = shown.filter(pl.col("observed_at").is_null())
    return pl.concat([known, unknown], how="diagonal")


def _with_breaks(rows: pl.DataFrame, counted: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """Add what is counted, and on the first row after a break why the series ends there."""
    series = ["appeal_id", "platform", "definition"]
    begun = (
        rows.group_by(series).agg(pl.col("at").min()).drop_nulls("at").sort(*_PLACE, "at", "definition")
        .with_columns(last=pl.col("definition").shift(1).over(_PLACE))
    )  # fmt: skip
    ends = _numbered(changes).select("platform", "part", "what", cut_source="source")
    joined = (
        rows.join(begun, on=[*series, "at"], how="left", maintain_order="left")
        .join(ends, on=["platform", "part"], how="left", maintain_order="left")
        .join(counted, on="platform", how="left", maintain_order="left")
    )
    is_cut = (pl.col("part") > pl.col("part").min().over(series)) & (
        pl.col("at") == pl.col("at").min().over([*series, "part"])
    )
    renamed = pl.format("no continuation of the numbers that are called {}", "last")
    return joined.with_columns(
        note=pl.when(is_cut).then("what").otherwise(renamed),
        source=pl.when(is_cut).then("cut_source").otherwise("source"),
    )


def reach(
    posts: pl.DataFrame, accounts: pl.DataFrame, audiences: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Keep the ledger: who took part by a time, and what their numbers of followers allow to say.

    Between max F and ΣF lies how many accounts follow one of the carriers, whatever their overlap
    (Fréchet's bounds). Of the numbers of an account, the one counts that was seen nearest to its
    first carrying post; of those without a time, and of equally near ones, the largest.

    Parameters
    ----------
    posts, accounts
        Rows of the tables of these names. A negative number of followers is none: it is unknown.
    audiences
        What the user states, as :meth:`analytics.settings.Settings.audiences` gives it.

    Returns
    -------
    DataFrame
        The table ``reach``: per appeal and platform, rows at 1, 3, 6, 12 hours, 1, 2, 3, 7, 14, 30,
        90, 365 days after the first post there, and at the last one. A platform's rows depend on
        that platform alone.

    Examples
    --------
    >>> from analytics.tables import ACCOUNTS, POSTS
    >>> row = {"appeal_id": "a", "platform": "x", "source": "doc", "kind": "original"}
    >>> posts = POSTS.check(pl.DataFrame(
    ...     [row | {"post_id": f"x:{who}", "account_id": f"x:{who}"} for who in "abcd"]))
    >>> accounts = ACCOUNTS.check(pl.DataFrame([
    ...     {"account_id": f"x:{who}", "platform": "x", "followers": followers, "role": "person"}
    ...     for who, followers in zip("abc", (1000, 500, 300))]))
    >>> found = reach(posts, accounts)
    >>> found.select("accounts", "counted", "hidden", "union_lo", "union_hi").row(0)
    (4, 3, 1, 1000, 1800)
    """
    stated = pl.DataFrame(schema=AUDIENCES) if audiences is None else audiences
    times = _times(posts)
    events = [_posts(posts), _actors(posts), _carriers(posts, accounts)]
    known = pl.concat(events, how="diagonal").with_columns(pl.col("at").fill_null(_NEVER))
    rows = _cumulated(known, times).join(stated, on="platform", how="left", maintain_order="left")
    return REACH.check(
        _noted(_bounded(rows))
        .with_columns(at=pl.when(pl.col("at") < _NEVER).then("at"))
        .select(*REACH.columns)
    )


def _times(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the times at which a platform is counted; ``_NEVER`` where posts have none."""
    spans = posts.group_by(_PLACE).agg(
        first=pl.col("at").min(), last=pl.col("at").max(), untimed=pl.col("at").has_nulls()
    )
    hours = pl.DataFrame({"hours": HOURS})
    between = spans.join(hours, how="cross").select(
        *_PLACE, "last", at=pl.col("first") + pl.duration(hours="hours")
    )
    ends = spans.filter(pl.col("last").is_not_null()).select(*_PLACE, at="last")
    never = spans.filter("untimed").select(*_PLACE, at=pl.lit(_NEVER, UTC_TIME))
    steps = between.filter(pl.col("at") < pl.col("last")).drop("last")
    return pl.concat([steps, ends, never]).sort(*_PLACE, "at")


def _posts(posts: pl.DataFrame) -> pl.DataFrame:
    unknown = pl.col("account_id").is_null().cast(pl.Int64)
    return posts.select(*_PLACE, "at", posts=pl.lit(1, pl.Int64), unknown=unknown)


def _actors(posts: pl.DataFrame) -> pl.DataFrame:
    """Return each account with the time of its first post."""
    return _first(posts).select(*_PLACE, "at", accounts=pl.lit(1, pl.Int64))


def _first(posts: pl.DataFrame) -> pl.DataFrame:
    known = posts.filter(pl.col("account_id").is_not_null())
    return known.group_by(*_PLACE, "account_id").agg(pl.col("at").min())


def _carriers(posts: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return each carrier with the time of its first carrying post, and its followers."""
    carriers = with_followers(_first(posts.filter(pl.col("kind").is_in(CARRYING))), accounts)
    counted = pl.col("followers").is_not_null()
    may_add = counted & ~pl.col("platform").is_in(list(BARRED))
    followers = pl.when(may_add).then("followers")
    return carriers.select(
        *_PLACE,
        "at",
        carriers=pl.lit(1, pl.Int64),
        counted=counted.cast(pl.Int64),
        largest=followers,
        follower_sum=followers,
        counted_from="observed_at",
        counted_to="observed_at",
        undated=(counted & pl.col("observed_at").is_null()).cast(pl.Int64),
    )


def with_followers(carriers: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Add each account's number of followers as it was seen nearest to ``at``, and when.

    Parameters
    ----------
    carriers
        Columns ``appeal_id``, ``platform``, ``account_id``, ``at``.
    accounts
        Rows of ``accounts``.
    """
    seen = accounts.filter(pl.col("followers") >= 0).select(
        "platform", "account_id", "followers", "observed_at"
    )
    nearest = (
        carriers.join(seen, on=["platform", "account_id"])
        .with_columns(away=(pl.col("observed_at") - pl.col("at")).abs())
        .sort(
            *_PLACE, "account_id", "away", pl.col("followers").neg(), "observed_at",
            nulls_last=True,
        )
        .unique([*_PLACE, "account_id"], keep="first")
        .drop("at", "away")
    )  # fmt: skip
    return carriers.join(nearest, on=[*_PLACE, "account_id"], how="left", maintain_order="left")


_ADDED = ("posts", "unknown", "accounts", "carriers", "counted", "follower_sum", "undated")


def _cumulated(events: pl.DataFrame, times: pl.DataFrame) -> pl.DataFrame:
    """Count at each time what had happened by then."""
    steps = times.select(*_PLACE, "at", step="at").sort("at")
    placed = events.sort("at").join_asof(
        steps, on="at", by=_PLACE, strategy="forward", check_sortedness=False
    )
    gained = placed.group_by(*_PLACE, at="step").agg(
        pl.col(*_ADDED).sum(),
        pl.col("largest", "counted_to").max(),
        pl.col("counted_from").min(),
    )
    rows = times.join(gained, on=[*_PLACE, "at"], how="left", maintain_order="left")
    return rows.with_columns(
        pl.col(*_ADDED).fill_null(0).cum_sum().over(_PLACE),
        pl.col("largest", "counted_to").cum_max().forward_fill().over(_PLACE),
        pl.col("counted_from").cum_min().forward_fill().over(_PLACE),
    )


def _bounded(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the bounds; null where nothing is counted, or where nothing may be derived."""
    total = pl.when(pl.col("largest").is_not_null()).then("follower_sum")
    is_cap = pl.col("population") >= pl.col("largest")
    low, high = (
        (pl.col(f"visibility_{end}") * pl.col(of)).round(6)
        for end, of in (("lo", "largest"), ("hi", "follower_sum"))
    )
    return rows.with_columns(
        hidden=pl.col("carriers") - pl.col("counted"),
        follower_sum=total,
        is_cap=is_cap & (pl.col("population") < total),
    ).with_columns(
        union_lo="largest",
        union_hi=pl.when("is_cap").then("population").otherwise("follower_sum"),
        scenario_lo=low.floor().cast(pl.Int64),
        scenario_hi=high.ceil().cast(pl.Int64),
    ).with_columns(
        scenario_hi=pl.when(pl.col("scenario_hi").is_not_null()).then(
            pl.min_horizontal("scenario_hi", "union_hi")
        ),
    )  # fmt: skip


def _noted(rows: pl.DataFrame) -> pl.DataFrame:
    """Say in words what the interval takes for granted, or why there is none."""
    barred = pl.col("platform").replace_strict(BARRED, default=None, return_dtype=pl.String)
    has = pl.col("union_lo").is_not_null()
    none = (
        pl.when(pl.col("carriers") == 0)
        .then(pl.lit("no account is known to have written an original or to have shared"))
        .otherwise(pl.lit("no carrier's number of followers is known"))
    )
    base = pl.lit(
        "from: all followers follow the account that has most; to: nobody follows two of them. "
        "They are accounts that follow, not accounts or people that saw it"
    )
    left_out = pl.format(
        "{} carriers whose number is not known are left out: the upper end holds without them",
        "hidden",
    )
    cap = pl.format("no more than the {} accounts there are: {}", "population", "stated")
    too_small = pl.lit("the stated population is less than one account's followers and not used")
    scenario = pl.format("a scenario, no estimate: {}", "reason")
    return rows.with_columns(
        note=pl.concat_str(
            pl.coalesce(barred, pl.when(has).then(base).otherwise(none)),
            pl.when(has & (pl.col("hidden") > 0)).then(left_out),
            pl.when(has & pl.col("is_cap")).then(cap),
            pl.when(has & (pl.col("population") < pl.col("largest"))).then(too_small),
            pl.when(pl.col("scenario_hi").is_not_null()).then(scenario),
            separator="; ",
            ignore_nulls=True,
        )
    )
