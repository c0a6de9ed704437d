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

from analytics.measured import COUNTER_HISTORY, REACH, VIEWS
from analytics.schema import UTC as UTC_TIME
from analytics.tables import AUDIENCES, SHARES

STEPS = 20  # times at which a platform is counted: by when each twentieth of its posts was made
CARRYING = ("original", "article", *SHARES)  # what followers are offered; answers mostly are not
BARRED = {
    "youtube": "YouTube's policies allow no estimate of unique viewers: its numbers of subscribers "
    "are neither added nor compared",
}
_PLACE = ["appeal_id", "platform"]
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # stands for an unknown time: it comes after all others


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
    shown = _shown(counters.filter(metric="views"), posts, shares)
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
        rows.group_by(series).agg(pl.col("at").min()).drop_nulls("at")
        .sort(*_PLACE, "at", "definition")
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
    (Fréchet's bounds). Where a carrier's number is hidden there is no upper end but a stated
    population. Of the numbers of an account, the one counts that was seen nearest to its
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
        The table ``reach``: per appeal and platform a row by when each twentieth of the posts held
        there had been made, and one for all of them where some have no time. A platform's rows
        depend on that platform alone.

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
    (4, 3, 1, 1000, None)
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
    timed = posts.filter(pl.col("at").is_not_null())
    nth = (pl.int_range(1, STEPS + 1) * pl.len() + STEPS - 1) // STEPS  # rounded up
    steps = (
        timed.group_by(_PLACE)
        .agg(pl.col("at").sort().gather(nth - 1))
        .explode("at")
        .cast({"at": UTC_TIME})
    )
    untimed = posts.filter(pl.col("at").is_null()).select(_PLACE).unique()
    never = untimed.with_columns(at=pl.lit(_NEVER, UTC_TIME))
    return pl.concat([steps, never]).unique().sort(*_PLACE, "at")


def _posts(posts: pl.DataFrame) -> pl.DataFrame:
    unknown = pl.col("account_id").is_null()
    lost = unknown & pl.col("kind").is_in(CARRYING)
    return posts.select(
        *_PLACE,
        "at",
        posts=pl.lit(1, pl.Int64),
        unknown=unknown.cast(pl.Int64),
        lost=lost.cast(pl.Int64),
    )


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
    joined = carriers.join(
        seen, on=["platform", "account_id"], how="left", maintain_order="left"
    ).with_row_index()
    again = pl.struct(*_PLACE, "account_id").is_duplicated()
    if seen["account_id"].is_unique().all():
        return joined.drop("index")
    away = (pl.col("observed_at") - pl.col("at")).abs()
    nearest = (
        joined.filter(again)
        .sort(away, pl.col("followers").neg(), "observed_at", nulls_last=True)
        .unique([*_PLACE, "account_id"], keep="first", maintain_order=True)
    )
    return pl.concat([joined.filter(~again), nearest]).sort("index").drop("index")


_ADDED = ("posts", "unknown", "lost", "accounts", "carriers", "counted", "follower_sum", "undated")


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
    is_open = (pl.col("carriers") > pl.col("counted")) | (pl.col("lost") > 0)
    bound = pl.when(~is_open).then(total)
    cap = pl.when(pl.col("population") >= pl.col("largest")).then("population")
    high = pl.min_horizontal(bound, cap)
    low_seen, high_seen = (
        (pl.col(f"visibility_{end}") * of).round(6)
        for end, of in (("lo", pl.col("largest")), ("hi", bound))
    )
    return rows.with_columns(
        hidden=pl.col("carriers") - pl.col("counted"),
        follower_sum=total,
        is_open=is_open,
        is_cap=(high == cap) & (bound.is_null() | (cap < bound)),
        union_lo="largest",
        union_hi=high,
        scenario_lo=low_seen.floor().cast(pl.Int64),
        scenario_hi=pl.when(high_seen.is_not_null()).then(
            pl.min_horizontal(high_seen.ceil().cast(pl.Int64), high)
        ),
    )


_LEAST = "at least the followers of the account that has most, if all others follow it, too"
_MOST = "at most all added, if nobody follows two"
_UNSEEN = "they follow: whether any of them saw a post is not known"
_NOBODY = "no account is known to have written an original or to have shared"
_UNCOUNTED = "no carrier's number of followers is known"
_TOO_SMALL = "the stated population is less than one account's followers and not used"


def _noted(rows: pl.DataFrame) -> pl.DataFrame:
    """Say in words what the interval takes for granted, or why there is none."""
    has = pl.col("union_lo").is_not_null()
    none = pl.when(pl.col("carriers") == 0).then(pl.lit(_NOBODY)).otherwise(pl.lit(_UNCOUNTED))
    barred = pl.col("platform").replace_strict(BARRED, default=None, return_dtype=pl.String)
    is_summed = (pl.col("union_hi") == pl.col("follower_sum")) & ~pl.col("is_open")
    said = [
        pl.coalesce(barred, pl.when(has).then(pl.lit(_LEAST)).otherwise(none)),
        *(pl.when(has & test).then(words) for test, words in _open_ends()),
        pl.when(is_summed).then(pl.lit(_MOST)),
        pl.when("is_cap").then(
            pl.format("at most the {} accounts there are: {}", "population", "stated")
        ),
        pl.when(has & (pl.col("population") < pl.col("largest"))).then(pl.lit(_TOO_SMALL)),
        pl.when(has).then(pl.lit(_UNSEEN)),
        pl.when(pl.col("scenario_lo").is_not_null()).then(
            pl.format("a scenario, no estimate: {}", "reason")
        ),
    ]
    return rows.with_columns(note=pl.concat_str(said, separator="; ", ignore_nulls=True))


def _open_ends() -> list[tuple[pl.Expr, pl.Expr]]:
    """Say whose followers nobody counted: the sum is no upper end with them."""
    return [
        (
            pl.col("hidden") > 0,
            pl.format("the sum lacks {} carriers that hide their number of followers", "hidden"),
        ),
        (
            pl.col("lost") > 0,
            pl.format("the sum lacks the accounts of {} posts, which are not known", "lost"),
        ),
    ]
