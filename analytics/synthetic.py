"""Simulated appeals, of which everything is known: for the demo, for tests and for examples.

What the appeal is about is in ``analytics/scenario.py``; every account and number is invented. How
it spreads is in ``analytics/branching.py``, what is planted in ``analytics/planting.py``. The waves
of news follow reports of acts, and no act follows a wave: the acts are the same whatever the seed.

What the simulated collector sees. X and Telegram hide the parent of a repost and name the original.
Bluesky tells through which repost another one came, if the program of nine users in ten says so; a
repost that came from the original itself names that alone. Eight of a hundred reposts on X were
missed, and so was all of Telegram from the 66th to the 72nd hour. Numbers shown by the platforms
count what was missed, so coverage is below one.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from analytics import branching, planting
from analytics.branching import Integers
from analytics.errors import MeasureError
from analytics.responses import with_rungs
from analytics.scenario import (
    APPELLANT,
    BLUESKY,
    COLLECTED,
    HASHTAGS,
    HOURS,
    LANGUAGES,
    PHRASES,
    PUBLISHED,
    REGISTERED,
    STORY,
    TELEGRAM,
    UNREPORTED,
    VIDEO,
    VIDEO_URL,
    WAVES,
    WEB,
    YOUTUBE,
    Act,
    Platform,
    X,
)
from analytics.schema import STRINGS
from analytics.tables import ACCOUNTS, APPEALS, COUNTERS, FOLLOWS, POSTS, RESPONSES
from analytics.truth import TRUE_ACCOUNTS, TRUE_COORDINATION, TRUE_PARENTS, TRUE_RESPONSES

FEWEST_ARTICLES = 3
VIDEO_DAYS = 42  # on which its numbers were read, and once more at the end
READ_AFTER_DAYS = (1, 7, 70)  # after an original, or at the end if that comes first
FOLLOWING = 12  # followers of the appellant


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulation:
    """The tables of one simulated appeal, and what really happened.

    ``truth`` has one row for everything that happened, whether the collector held it or not. It and
    the frames whose name begins with ``true`` are the tables of ``analytics.tables.TRUTH``.
    """

    appeals: pl.DataFrame
    posts: pl.DataFrame
    accounts: pl.DataFrame
    counters: pl.DataFrame
    follows: pl.DataFrame
    responses: pl.DataFrame
    truth: pl.DataFrame
    true_coordination: pl.DataFrame
    true_responses: pl.DataFrame
    true_accounts: pl.DataFrame


def simulate(*, posts: int, seed: int, appeal_id: str = "simulated") -> Simulation:
    """Simulate one appeal with known parents.

    Parameters
    ----------
    posts
        How many posts the collector held, the video included: 1 … 1,000,000.
    seed
        The same seed gives the same tables, on any number of cores.
    appeal_id
        The appeal that the rows belong to.

    Returns
    -------
    Simulation
        Six tables of the data model, and the truth about them.

    Raises
    ------
    MeasureError
        Fewer than one post was asked for.

    Examples
    --------
    >>> simulation = simulate(posts=1000, seed=1)
    >>> simulation.posts["platform"].value_counts().sort("count").rows()
    [('web', 15), ('bluesky', 100), ('youtube', 141), ('telegram', 200), ('x', 544)]

    A repost on X names its original and hides its parent; the truth knows both.

    >>> repost = simulation.posts.filter(kind="repost", platform="x").row(0, named=True)
    >>> repost["parent_id"] is None, repost["root_id"] is None
    (True, False)
    >>> simulation.truth.filter(post_id=repost["post_id"])["parent_id"].null_count()
    0
    """
    if posts < 1:
        msg = f"cannot simulate {posts} posts; ask for at least 1, the video itself"
        raise MeasureError(msg)
    rng = np.random.default_rng(seed)
    *others, on_x = (_forest(platform, need, rng) for platform, need in _needs(posts))
    forests = [*others, on_x]
    happened = _in_order([_video(), *(forest.posts for forest in forests)]).with_columns(
        appeal_id=pl.lit(appeal_id)
    )
    acts = _acts(appeal_id, rng)
    return Simulation(
        appeals=_appeals(appeal_id),
        posts=_held(happened),
        accounts=_accounts(forests, rng),
        counters=_counters(happened, on_x, rng),
        follows=_follows(forests),
        responses=_responses(acts),
        truth=_true_parents(happened),
        true_coordination=_true_coordination(happened),
        true_responses=_true_responses(acts),
        true_accounts=_true_accounts(forests, happened),
    )


def _in_order(posts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(posts, how="diagonal").sort("at", maintain_order=True)


def _needs(posts: int) -> list[tuple[Platform, int]]:
    """Share the posts other than the video out among the platforms; X takes the rest."""
    rest = posts - 1
    needs = [(platform, round(platform.share * rest)) for platform in (YOUTUBE, TELEGRAM, BLUESKY)]
    articles = min(max(FEWEST_ARTICLES, round(WEB.share * rest)), rest // 4)
    needs.append((WEB, articles))
    return [*needs, (X, rest - sum(need for _, need in needs))]


class Forest(NamedTuple):
    """What happened on one platform.

    ``posts`` are rows of the posts table with what is true of them; ``nodes`` the same rows as
    numbers (``analytics/branching.py`` says which).
    """

    platform: Platform
    posts: pl.DataFrame
    nodes: pl.DataFrame
    accounts: pl.DataFrame
    lists: planting.FollowLists


def _forest(platform: Platform, need: int, rng: np.random.Generator) -> Forest:
    """Let happen what makes as many posts held as needed."""
    audience = branching.audience(platform, need, rng)
    plan = planting.planned(audience, need, rng)
    grown = branching.grown(audience, need - plan.height, rng)
    both = planting.with_planted(grown, plan, platform, rng)
    nodes, accounts = branching.once_each(branching.in_time_order(both), audience)
    lists = planting.follow_lists(platform, nodes, accounts["followers"], rng)
    return Forest(platform, _posts(nodes, accounts, platform, rng), nodes, accounts, lists)


POST_ID = {
    "x": pl.format("x:{}", 1_000_000_001 + pl.col("node")),
    "telegram": pl.format("{}/{}", "account_id", pl.int_range(1, pl.len() + 1).over("account_id")),
    "bluesky": pl.format(
        "bluesky:at://{}/app.bsky.feed.{}/{}",
        pl.col("account_id").str.strip_prefix("bluesky:"),
        pl.when(pl.col("kind") == "repost").then(pl.lit("repost")).otherwise(pl.lit("post")),
        pl.col("node") + 1,
    ),
    "youtube": pl.format(VIDEO + "/c{}", pl.col("node") + 1),
    "web": pl.format(
        "web:https://{}/story-{}",
        pl.col("account_id").str.strip_prefix("web:"),
        pl.col("node") + 1,
    ),
}


def _posts(
    nodes: pl.DataFrame, accounts: pl.DataFrame, platform: Platform, rng: np.random.Generator
) -> pl.DataFrame:
    """Turn nodes into rows of the posts table, with what is true of them."""
    named = nodes.with_columns(
        accounts.select("account_id", "role")[nodes["account"].to_numpy()]
    ).with_columns(post_id=POST_ID[platform.name], via=_is_told(platform, nodes.height, rng))
    return named.select(
        "post_id",
        "account_id",
        "kind",
        "depth",
        "expected",
        "held",
        "set",
        platform=pl.lit(platform.name),
        at=_moment(pl.col("second")),
        true_parent_id=_from("post_id").fill_null(VIDEO),
        true_parent_account_id=_from("account_id").fill_null(APPELLANT),
        true_root_id=pl.col("post_id").gather("cascade"),
        **_observed(),
        **_content(named, rng),
    )


def _moment(second: pl.Expr) -> pl.Expr:
    return pl.lit(PUBLISHED) + pl.duration(seconds=second)


def _is_link() -> pl.Expr:
    """Whether a post only links to the video, so that no platform says where it came from."""
    return pl.col("parent").is_null() & pl.col("kind").is_in(["original", "article"])


def _is_told(platform: Platform, size: int, rng: np.random.Generator) -> pl.Expr:
    """Whether a repost names the repost through which it came."""
    program_tells = pl.lit(pl.Series(rng.random(size) < platform.tells, dtype=pl.Boolean))
    through_another = (pl.col("kind") == "repost") & (_from("kind") == "repost")
    return through_another & program_tells


def _from(column: str) -> pl.Expr:
    """Return what a column says of the post from which each came."""
    return pl.col(column).gather("parent")


def _observed() -> dict[str, pl.Expr]:
    """Return what the platform says about where a post came from."""
    is_repost = pl.col("kind") == "repost"
    says = ~(is_repost | _is_link()) | pl.col("via")
    return {
        "parent_id": pl.when(says).then(_from("post_id").fill_null(VIDEO)),
        "parent_account_id": pl.when(says).then(_from("account_id").fill_null(APPELLANT)),
        "root_id": pl.when(is_repost).then(pl.col("post_id").gather("shown")),
        "root_account_id": pl.when(is_repost).then(pl.col("account_id").gather("shown")),
        "basis": pl.when(says).then(pl.lit("observed")),
    }


def _content(named: pl.DataFrame, rng: np.random.Generator) -> dict[str, pl.Series]:
    """Draw words, languages and tags. A repost has no words and takes the rest from its original.

    Only media and officials have words: nothing is put into a private person's mouth.
    """
    size = named.height
    phrase = PHRASES.gather(rng.choice(len(PHRASES), size))
    lang = LANGUAGES.gather(rng.choice(len(LANGUAGES), size, p=[0.55, 0.30, 0.05, 0.10]))
    tags = HASHTAGS.gather(rng.choice(len(HASHTAGS), size, p=[0.5, 0.2, 0.1, 0.1, 0.1]))
    speaks = pl.col("role").is_in(["media", "official"]) & (pl.col("kind") != "repost")
    return (
        named.with_columns(phrase=phrase, lang=lang, tags=tags, link=_is_link().cast(pl.Int64))
        .with_columns(
            text=pl.when(speaks).then(pl.format("{} (report {}).", "phrase", pl.col("node") + 1))
        )
        .with_columns(lang=pl.when(pl.col("text").is_null()).then("lang").otherwise(pl.lit("en")))
        .select(
            "text",
            lang=pl.col("lang").gather("shown"),
            hashtags=pl.col("tags").gather("shown"),
            urls=pl.lit(pl.Series([[], [VIDEO_URL]])).gather("link"),
            object_keys=pl.lit(pl.Series([[], [VIDEO]])).gather("link"),
        )
        .to_dict()
    )


def _video() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "post_id": [VIDEO],
            "platform": ["youtube"],
            "account_id": [APPELLANT],
            "at": [PUBLISHED],
            "kind": ["original"],
            "depth": [0],
            "held": [True],
            "lang": ["kk"],
            "urls": [[VIDEO_URL]],
            "hashtags": [[]],
            "object_keys": [[VIDEO]],
        },
        schema_overrides={"hashtags": STRINGS},
    )


def _held(happened: pl.DataFrame) -> pl.DataFrame:
    """Return the posts that the collector held."""
    return POSTS.check(
        happened.filter("held")
        .drop("depth", "expected", "held", "set", pl.selectors.starts_with("true_"))
        .with_columns(
            source=pl.lit("simulated"),
            collected_at=pl.lit(COLLECTED),
        )
    )


def _accounts(forests: list[Forest], rng: np.random.Generator) -> pl.DataFrame:
    """Return the accounts of the posts held, as they were seen when the platforms were asked."""
    appellant = pl.DataFrame(
        {"account_id": [APPELLANT], "platform": ["youtube"], "role": ["person"],
         "followers": [FOLLOWING]}
    )  # fmt: skip
    profiles = [_profiles(forest, rng) for forest in forests]
    return ACCOUNTS.check(
        pl.concat([appellant, *profiles], how="diagonal").with_columns(
            observed_at=pl.lit(COLLECTED)
        )
    )


def _profiles(forest: Forest, rng: np.random.Generator) -> pl.DataFrame:
    """Show each account that was seen; following, posts and age are known on X alone."""
    seen = forest.nodes.filter("held")["account"].unique().sort()
    is_shown = pl.Series(rng.random(len(seen)) >= forest.platform.hidden)
    is_public = pl.col("name").is_not_null() & pl.lit(forest.platform is not WEB)
    profiles = forest.accounts[seen.to_numpy()].with_columns(
        platform=pl.lit(forest.platform.name),
        followers=pl.when(is_shown | is_public).then("followers"),
    )
    return profiles.with_columns(**_habits(len(seen), rng)) if forest.platform is X else profiles


def _habits(size: int, rng: np.random.Generator) -> dict[str, pl.Series | pl.Expr]:
    opened = pl.Series(rng.integers(30, 2500, size))
    return {
        "following": pl.Series(rng.lognormal(5.5, 1.0, size).astype(np.int64)),
        "posts": pl.Series(1 + rng.lognormal(6.5, 1.6, size).astype(np.int64)),
        "created_at": pl.lit(PUBLISHED) - pl.duration(days=pl.lit(opened)),
    }


def _counters(happened: pl.DataFrame, on_x: Forest, rng: np.random.Generator) -> pl.DataFrame:
    """Return the numbers that the platforms showed; they count what the collector missed too."""
    video = _video_counters(happened, int(rng.integers(50, 70)))
    reposts = pl.concat([_repost_counters(on_x, days) for days in READ_AFTER_DAYS])
    shown = pl.concat([video, reposts, _likes(reposts)])
    return COUNTERS.check(shown.unique(maintain_order=True))


def _video_counters(happened: pl.DataFrame, viewers: int) -> pl.DataFrame:
    """Show the video's numbers once a day; its views rise with the posts made so far."""
    read = np.array([*range(24, VIDEO_DAYS * 24 + 1, 24), HOURS]) * 3600
    posts = np.searchsorted(_since(happened), read, side="right")
    comments = np.searchsorted(_since(happened.filter(kind="comment")), read, side="right")
    post_id = pl.repeat(VIDEO, len(read), eager=True)
    return pl.concat(
        [
            _numbers(post_id, "views", posts * viewers, "youtube viewCount", read),
            _numbers(post_id, "likes", posts * viewers // 40, "youtube likeCount", read),
            _numbers(post_id, "replies", comments, "youtube commentCount", read),
        ]
    )


def _since(posts: pl.DataFrame) -> Integers:
    """Return the sorted seconds from the publication to each post."""
    return (posts["at"] - PUBLISHED).dt.total_seconds().sort().to_numpy()


def _repost_counters(forest: Forest, days: int) -> pl.DataFrame:
    """Show how often each original that is held had been reposted so many days after it."""
    second = forest.nodes["second"].to_numpy()
    shown = forest.nodes["shown"].to_numpy()
    read = np.minimum(second + days * 86_400, HOURS * 3600)
    counted = (forest.nodes["kind"] == "repost").to_numpy() & (second <= read[shown])
    value = np.bincount(shown[counted], minlength=len(shown))
    node = forest.nodes.filter(pl.col("held"), kind="original")["node"].to_numpy()
    post_id = forest.posts["post_id"][node]
    return _numbers(post_id, "reposts", value[node], "x retweet_count", read[node])


def _likes(reposts: pl.DataFrame) -> pl.DataFrame:
    """Show three likes for a repost, and one at least."""
    return reposts.with_columns(
        metric=pl.lit("likes"), value=1 + 3 * pl.col("value"), definition=pl.lit("x like_count")
    )


def _numbers(
    post_id: pl.Series, metric: str, value: Integers, definition: str, second: Integers
) -> pl.DataFrame:
    return pl.DataFrame({"post_id": post_id, "value": value, "second": second}).select(
        "post_id",
        metric=pl.lit(metric),
        value=pl.col("value").cast(pl.Int64),
        definition=pl.lit(definition),
        observed_at=_moment(pl.col("second")),
    )


def _appeals(appeal_id: str) -> pl.DataFrame:
    return APPEALS.check(
        pl.DataFrame(
            {
                "appeal_id": [appeal_id],
                "title": ["A mother's video appeal (simulated)"],
                "published_at": [PUBLISHED],
                "registered_at": [REGISTERED],
                "jurisdiction": ["KZ"],
                "object_keys": [[VIDEO, f"url:{VIDEO_URL}"]],
                "outcome_known_until": [COLLECTED],
                "simulated": [True],
            },
        )
    )


def _acts(appeal_id: str, rng: np.random.Generator) -> pl.DataFrame:
    """Return what the authorities did: all of the story, and what was never reported."""
    acts = [*STORY, *UNREPORTED]
    table = pl.DataFrame(acts, schema=list(Act._fields), orient="row")
    return with_rungs(
        table.rename({"earliest": "from", "latest": "to"}).with_columns(
            response_id=pl.format("{}-{}", pl.lit(appeal_id), pl.int_range(1, pl.len() + 1)),
            appeal_id=pl.lit(appeal_id),
            at=planting.done_at(acts, rng),
            recorded=pl.Series([act in STORY for act in acts]),
        )
    )


def _responses(acts: pl.DataFrame) -> pl.DataFrame:
    """Return the acts of the story; each was reported at the latest time it can have happened."""
    return RESPONSES.check(
        acts.filter("recorded")
        .drop("news", "at", "recorded", "rung")
        .with_columns(
            reported_at=pl.col("to"),
            sources=pl.concat_list(pl.lit("simulated")),
            coder=pl.lit("simulator"),
            status=pl.lit("simulated"),
        )
    )


def _true_responses(acts: pl.DataFrame) -> pl.DataFrame:
    told = [pl.when("recorded").then(name).alias(name) for name in ("from", "to")]
    news = pl.col("news") / sum(weight for _, weight in WAVES)
    known = acts.with_columns(*told, news=news).with_columns(reported_at="to")
    return TRUE_RESPONSES.check(known.select(*TRUE_RESPONSES.columns))


def _true_parents(happened: pl.DataFrame) -> pl.DataFrame:
    true = ("parent_id", "parent_account_id", "root_id")
    return TRUE_PARENTS.check(
        happened.with_columns(pl.col(f"true_{name}").alias(name) for name in true).select(
            *TRUE_PARENTS.columns
        )
    )


def _true_coordination(happened: pl.DataFrame) -> pl.DataFrame:
    planted = happened.filter(pl.col("set").is_not_null()).with_columns(
        coordinated=pl.col("set").str.contains(":group-"), object_id="true_parent_id"
    )
    return TRUE_COORDINATION.check(planted.select(*TRUE_COORDINATION.columns))


def _true_accounts(forests: list[Forest], happened: pl.DataFrame) -> pl.DataFrame:
    """Return all who really posted, with what is true of them."""
    appellant = pl.DataFrame(
        {"account_id": [APPELLANT], "role": ["person"], "followers": [FOLLOWING]}
    )
    everybody = pl.concat([appellant, *(_everybody(forest) for forest in forests)], how="diagonal")
    group = pl.col("set").filter(pl.col("set").str.contains(":group-"))
    acted = happened.group_by("account_id", "platform").agg(
        posts=pl.len().cast(pl.Int64),
        held=pl.col("held").sum().cast(pl.Int64),
        group=group.first(),
    )
    found = everybody.join(acted, on="account_id", how="inner", maintain_order="left")
    return TRUE_ACCOUNTS.check(
        found.with_columns(pl.col("listed").fill_null(value=False)).select(*TRUE_ACCOUNTS.columns)
    )


def _everybody(forest: Forest) -> pl.DataFrame:
    place = pl.int_range(pl.len(), dtype=pl.Int64)
    return forest.accounts.select(
        "account_id", "role", "followers", listed=place.is_in(forest.lists.accounts.implode())
    )


def _follows(forests: list[Forest]) -> pl.DataFrame:
    """Return whom some of the sharers followed when the platforms were asked."""
    edges = pl.concat(
        forest.lists.edges.select(
            forest.accounts["account_id"].gather(forest.lists.edges[column]).alias(f"{column}_id")
            for column in ("follower", "followed")
        )
        for forest in forests
    )
    return FOLLOWS.check(edges.with_columns(observed_at=pl.lit(COLLECTED)))
