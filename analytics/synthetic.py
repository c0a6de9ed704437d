"""Simulated appeals, whose true parents are known: for the demo, for tests and for examples.

What the appeal is about is in ``analytics/scenario.py``. Every account and number is invented.

How it spreads. Each platform is a forest whose roots hang from the video. Roots come in waves of
news, each with a power-law decay; a wave follows the report of an act, and no act follows a wave:
the acts are the same whatever the seed. Below each root grows a branching process, in which the
expected number of children rises with the followers of the account and the lag is log-normal.
Time runs on a clock that slows down at night.

What the simulated collector sees. X and Telegram hide the parent of a repost and name the original.
Eight of a hundred reposts on X were missed, and so was all of Telegram from the 66th to the 72nd
hour. Numbers shown by the platforms count what was missed, so coverage is below one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.errors import MeasureError
from analytics.scenario import (
    APPELLANT,
    COLLECTED,
    HASHTAGS,
    HOURS,
    LANGUAGES,
    PHRASES,
    PUBLISHED,
    REGISTERED,
    RHYTHM,
    STORY,
    TELEGRAM,
    VIDEO,
    VIDEO_URL,
    WAVES,
    WEB,
    YOUTUBE,
    Act,
    Platform,
    X,
)
from analytics.tables import ACCOUNTS, APPEALS, COUNTERS, POSTS, RESPONSES, STRINGS

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

ACTIVITY = 1.6  # how unequally the accounts of a kind post; 1 is equally
ROOT_BOOST = 0.5  # pull of the least noticed root, beside what passes it on
ROOT_TAIL = 1.1  # exponent of how much more the others are noticed
REPLY_BOOST = 0.2  # pull of a reply, beside the same
LARGEST = 0.05  # of a platform's posts: the children that a post can expect
MOST_FOLLOWED = 20_000_000
FEWEST_ARTICLES = 3
VIDEO_DAYS = 42  # on which its numbers were read, and once more at the end
READ_AFTER_DAYS = (1, 7, 70)  # after an original, or at the end if that comes first
WAVE_SCALE = 24.0  # hours awake
WAVE_EXPONENT = 1.2
SHORTEST_LAG = 0.02  # hours awake, over half a minute at the busiest hour


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulation:
    """The tables of one simulated appeal, and what really happened.

    ``truth`` has one row for everything that happened, whether the collector held it or not:
    ``post_id``, ``parent_id`` (the true parent; the video where a post only links to it, null for
    the video), ``depth`` (steps from the video), ``at`` and ``held``.
    """

    appeals: pl.DataFrame
    posts: pl.DataFrame
    accounts: pl.DataFrame
    counters: pl.DataFrame
    responses: pl.DataFrame
    truth: pl.DataFrame


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
        Five tables of the data model, and the truth.

    Raises
    ------
    MeasureError
        Fewer than one post was asked for.

    Examples
    --------
    >>> simulation = simulate(posts=1000, seed=1)
    >>> simulation.posts["platform"].value_counts().sort("count").rows()
    [('web', 15), ('youtube', 141), ('telegram', 200), ('x', 644)]

    A repost names its original and hides its parent; the truth knows both.

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
    happened = _in_order([_video(), *(forest.posts for forest in forests)])
    return Simulation(
        appeals=_appeals(appeal_id),
        posts=_held(happened, appeal_id),
        accounts=_accounts(forests, rng),
        counters=_counters(happened, on_x, rng),
        responses=_responses(appeal_id),
        truth=happened.select(
            "post_id", pl.col("true_parent_id").alias("parent_id"), "depth", "at", "held"
        ),
    )


def _in_order(posts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(posts, how="diagonal").sort("at", maintain_order=True)


def _needs(posts: int) -> list[tuple[Platform, int]]:
    """Share the posts other than the video out among the platforms; X takes the rest."""
    rest = posts - 1
    needs = [(platform, round(platform.share * rest)) for platform in (YOUTUBE, TELEGRAM)]
    articles = min(max(FEWEST_ARTICLES, round(WEB.share * rest)), rest // 4)
    needs.append((WEB, articles))
    return [*needs, (X, rest - sum(need for _, need in needs))]


class Audience(NamedTuple):
    """The accounts of one platform, and the most children that a post there can expect."""

    platform: Platform
    accounts: pl.DataFrame
    largest: float


def _audience(platform: Platform, need: int, rng: np.random.Generator) -> Audience:
    """Make the accounts that may post: the few public actors first, then the many persons."""
    public = _public_actors(platform, need)
    persons = int(platform.persons * need) + (4 if platform.persons else 0)
    most = platform.followers * 20 * (1 + rng.pareto(1.2, public.height))
    typical = platform.followers * rng.lognormal(0, 1.8, persons)
    followers = np.concatenate([most, typical]).clip(1, MOST_FOLLOWED).astype(np.int64)
    private = _private(platform, np.arange(1, persons + 1))
    accounts = pl.concat([public, private]).with_columns(
        followers=pl.Series(followers),
        pull=pl.Series(_pull(platform, followers, _chances(platform, public.height, persons))),
    )
    return Audience(platform, accounts, largest=2 + LARGEST * need)


def _pull(platform: Platform, followers: Integers, chances: Reals) -> Reals:
    """Return how much is drawn from each account; its mean is 1 below the roots.

    So the reproduction number is the platform's whatever the accounts drawn, and below 1.
    """
    pull: Reals = followers.astype(np.float64) ** platform.pull
    return pull / float((chances * pull).sum())  # the sum of `@` would depend on the cores


def _chances(platform: Platform, actors: int, persons: int) -> Reals:
    """Return the probability of each account below the roots; see `_authors`."""
    share = platform.public[1]
    return np.concatenate(
        [
            weight * np.diff((np.arange(size + 1) / max(size, 1)) ** (1 / ACTIVITY))
            for weight, size in ((share, actors), (1 - share, persons))
        ]
    )


def _public_actors(platform: Platform, need: int) -> pl.DataFrame:
    """Invent media, legal aid groups and public offices; on the web media alone."""
    outlets = 4 + round(need**0.4)
    roles = [("media", "news", "News", outlets)]
    if not platform.only_media:
        roles.append(("ngo", "aid", "Legal aid group", outlets // 3))
        roles.append(("official", "office", "Public office", outlets // 4))
    end = ".example" if platform is WEB else ""
    rows = [
        (f"{platform.name}:{short}-{n}{end}", role, f"{short}-{n}{end}", f"{name} {n}")
        for role, short, name, count in roles
        for n in range(1, count + 1)
    ]
    return pl.DataFrame(rows, schema=["account_id", "role", "handle", "name"], orient="row")


def _private(platform: Platform, numbers: Integers) -> pl.DataFrame:
    return pl.DataFrame({"number": numbers}).select(
        account_id=pl.format(f"{platform.name}:{platform.person}-{{}}", "number"),
        role=pl.lit(platform.role),
        handle=pl.lit(None, pl.String),
        name=pl.lit(None, pl.String),
    )


def _authors(
    accounts: pl.DataFrame, public: float, size: int, rng: np.random.Generator
) -> pl.Series:
    """Draw rows of the accounts: a few post often, most post once."""
    actors = accounts["name"].count()
    persons = accounts.height - actors
    is_public = rng.random(size) < public
    rank = rng.random(size) ** ACTIVITY
    row = np.where(is_public, rank * actors, actors + rank * persons)
    return pl.Series(row.astype(np.int64))


def _clock() -> Reals:
    """Return the hours awake that have passed at each hour since the publication."""
    local_hour = (PUBLISHED.hour + 6 + np.arange(HOURS)) % 24
    return np.concatenate([[0.0], np.cumsum(RHYTHM[local_hour] / RHYTHM.mean())])


CLOCK = _clock()


def _awake(moment: datetime) -> float:
    hours = (moment - PUBLISHED) / timedelta(hours=1)
    return float(np.interp(hours, np.arange(HOURS + 1), CLOCK))


def _seconds(awake: Reals) -> Integers:
    """Turn hours awake into whole seconds since the publication."""
    hours = np.interp(awake, CLOCK, np.arange(HOURS + 1))
    return (hours * 3600).astype(np.int64)


def _root_times(size: int, rng: np.random.Generator) -> Reals:
    """Draw hours awake: a wave, and a delay that decays as a power law until the collection."""
    weights = np.array([weight for _, weight in WAVES])
    starts = np.array([_awake(start) for start, _ in WAVES]) + SHORTEST_LAG
    start: Reals = starts[rng.choice(len(WAVES), size, p=weights / weights.sum())]
    in_time = 1 - (1 + (CLOCK[-1] - start) / WAVE_SCALE) ** -WAVE_EXPONENT
    delay: Reals = (1 - rng.random(size) * in_time) ** (-1 / WAVE_EXPONENT) - 1
    return start + WAVE_SCALE * delay


class Forest(NamedTuple):
    """What happened on one platform.

    ``posts`` are rows of the posts table with their true parent; ``nodes`` the same rows as
    numbers (``shown`` is the row of the utterance that a repost shows).
    """

    platform: Platform
    posts: pl.DataFrame
    nodes: pl.DataFrame
    accounts: pl.DataFrame


def _forest(platform: Platform, need: int, rng: np.random.Generator) -> Forest:
    """Grow cascades until as many posts as needed are held."""
    audience = _audience(platform, need, rng)
    parts: list[pl.DataFrame] = []
    held = nodes = 0
    while not parts or held < need:
        part = _grow(audience, roots=(need - held) // 8 + 2, first=nodes, rng=rng)
        parts.append(_seen(part, platform, rng))
        held += int(parts[-1]["held"].sum())
        nodes += part.height
    kept = _in_time_order(_cut(pl.concat(parts), need))
    kept, accounts = _once_each(kept, audience)
    return Forest(platform, _posts(kept, accounts, platform, rng), kept, accounts)


def _grow(audience: Audience, *, roots: int, first: int, rng: np.random.Generator) -> pl.DataFrame:
    """Grow whole cascades, one generation after the other; a row comes after its parent's."""
    generations = [_roots(audience, np.arange(first, first + roots), rng)]
    while generations[-1].height:
        first += generations[-1].height
        generations.append(_children(audience, generations[-1], first, rng))
    return pl.concat(generations)


def _roots(audience: Audience, node: Integers, rng: np.random.Generator) -> pl.DataFrame:
    platform = audience.platform
    return pl.DataFrame({"node": node}).with_columns(
        cascade="node",
        parent=pl.lit(None, pl.Int64),
        depth=pl.lit(1, pl.Int64),
        shown="node",
        shown_depth=pl.lit(1, pl.Int64),
        kind=pl.lit(platform.root),
        account=_authors(audience.accounts, platform.public[0], len(node), rng),
        awake=pl.Series(_root_times(len(node), rng)),
    )


def _children(
    audience: Audience, above: pl.DataFrame, first: int, rng: np.random.Generator
) -> pl.DataFrame:
    """Draw the next generation. A repost hangs from what was seen, all else from what it shows."""
    platform = audience.platform
    born = rng.poisson(_offspring(audience, above, rng))
    below = above[np.repeat(np.arange(above.height), born)]
    is_repost = pl.col("kind") == "repost"
    return (
        below.with_columns(
            kind=_kinds(platform, below.height, rng),
            account=_authors(audience.accounts, platform.public[1], below.height, rng),
            awake=pl.col("awake") + _lags(platform, below.height, rng),
        )
        .filter(pl.col("awake") < CLOCK[-1])
        .with_columns(
            parent=pl.when(is_repost).then("node").otherwise("shown"),
            depth=pl.when(is_repost).then("depth").otherwise("shown_depth") + 1,
            node=pl.int_range(first, first + pl.len(), dtype=pl.Int64),
        )
        .with_columns(
            shown=pl.when(is_repost).then("shown").otherwise("node"),
            shown_depth=pl.when(is_repost).then("shown_depth").otherwise("depth"),
        )
    )


def _offspring(audience: Audience, nodes: pl.DataFrame, rng: np.random.Generator) -> Reals:
    """Return the expected number of children of each node; that of a root has a Pareto tail."""
    pull = audience.accounts["pull"].to_numpy()[nodes["account"].to_numpy()]
    attention = ROOT_BOOST * (1 + rng.pareto(ROOT_TAIL, nodes.height))
    boost = np.where(nodes["parent"].is_null().to_numpy(), attention, 1.0)
    boost[(nodes["kind"] == "reply").to_numpy()] = REPLY_BOOST
    expected: Reals = boost * audience.platform.reproduction * pull
    return expected.clip(max=audience.largest)


def _lags(platform: Platform, size: int, rng: np.random.Generator) -> pl.Series:
    return pl.Series(SHORTEST_LAG + platform.lag * rng.lognormal(0, 1.5, size))


def _kinds(platform: Platform, size: int, rng: np.random.Generator) -> pl.Series:
    drawn = rng.choice(len(platform.below), size, p=list(platform.below.values()))
    return pl.Series(list(platform.below)).gather(drawn)


def _seen(nodes: pl.DataFrame, platform: Platform, rng: np.random.Generator) -> pl.DataFrame:
    """Add when each post was made, in seconds, and whether the collector held it."""
    missed = pl.Series(rng.random(nodes.height) < platform.missed)
    start, end = (hour * 3600 for hour in platform.gap)
    return nodes.with_columns(
        second=pl.Series(_seconds(nodes["awake"].to_numpy())),
    ).with_columns(
        held=~(missed & (pl.col("kind") == "repost")) & ~pl.col("second").is_between(start, end - 1)
    )


def _cut(nodes: pl.DataFrame, need: int) -> pl.DataFrame:
    """Keep whole cascades until enough is held; the last one loses its latest generations."""
    count = pl.col("held").cum_sum()
    enough = (count < need) | ((count == need) & pl.col("held"))
    return nodes.sort("cascade", maintain_order=True).filter(enough)


def _in_time_order(nodes: pl.DataFrame) -> pl.DataFrame:
    """Sort by time and number the nodes, their parents and what they show anew."""
    nodes = nodes.sort("second", "node")
    node = nodes["node"].to_numpy()
    place = np.zeros(node.max(initial=-1) + 1, dtype=np.int64)
    place[node] = np.arange(nodes.height)
    places = pl.Series(place)
    return nodes.with_columns(
        node=places.gather(nodes["node"]),
        parent=places.gather(nodes["parent"]),
        shown=places.gather(nodes["shown"]),
    )


def _once_each(nodes: pl.DataFrame, audience: Audience) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Let nobody repost twice, or themselves: a person about as much followed does it instead."""
    platform, accounts, _ = audience
    their_own = pl.col("account") == pl.col("account").gather("shown")
    done_before = ~pl.struct("shown", "account").is_first_distinct()
    again = nodes.select((pl.col("kind") == "repost") & (their_own | done_before)).to_series()
    rows = again.arg_true().to_numpy()
    account = nodes["account"].to_numpy().copy()
    followers = accounts["followers"].gather(account[rows])
    account[rows] = accounts.height + np.arange(len(rows))
    others = _private(platform, account[rows] + 1).with_columns(
        followers=followers.clip(upper_bound=platform.followers * 100)
    )
    return nodes.with_columns(account=pl.Series(account)), pl.concat(
        [accounts.drop("pull"), others]
    )


POST_ID = {
    "x": pl.format("x:{}", 1_000_000_001 + pl.col("node")),
    "telegram": pl.format("{}/{}", "account_id", pl.int_range(1, pl.len() + 1).over("account_id")),
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
    """Turn nodes into rows of the posts table, with the true parent, the depth and ``held``."""
    named = nodes.with_columns(
        accounts.select("account_id", "role")[nodes["account"].to_numpy()]
    ).with_columns(post_id=POST_ID[platform.name])
    return named.select(
        "post_id",
        "account_id",
        "kind",
        "depth",
        "held",
        platform=pl.lit(platform.name),
        at=_moment(pl.col("second")),
        true_parent_id=pl.col("post_id").gather("parent").fill_null(VIDEO),
        **_observed(),
        **_content(named, rng),
    )


def _moment(second: pl.Expr) -> pl.Expr:
    return pl.lit(PUBLISHED) + pl.duration(seconds=second)


def _is_link() -> pl.Expr:
    """Whether a post only links to the video, so that no platform says where it came from."""
    return pl.col("parent").is_null() & pl.col("kind").is_in(["original", "article"])


def _observed() -> dict[str, pl.Expr]:
    """Return what the platform says about where a post came from."""
    hidden = pl.col("kind") == "repost"
    says = ~(hidden | _is_link())
    parent = pl.col("post_id").gather("parent").fill_null(VIDEO)
    author = pl.col("account_id").gather("parent").fill_null(APPELLANT)
    return {
        "parent_id": pl.when(says).then(parent),
        "parent_account_id": pl.when(says).then(author),
        "root_id": pl.when(hidden).then(pl.col("post_id").gather("shown")),
        "root_account_id": pl.when(hidden).then(pl.col("account_id").gather("shown")),
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


def _held(happened: pl.DataFrame, appeal_id: str) -> pl.DataFrame:
    """Return the posts that the collector held."""
    return POSTS.check(
        happened.filter("held")
        .drop("depth", "held", "true_parent_id")
        .with_columns(
            appeal_id=pl.lit(appeal_id),
            source=pl.lit("simulated"),
            collected_at=pl.lit(COLLECTED),
        )
    )


def _accounts(forests: list[Forest], rng: np.random.Generator) -> pl.DataFrame:
    """Return the accounts of the posts held, as they were seen when the platforms were asked."""
    appellant = pl.DataFrame(
        {"account_id": [APPELLANT], "platform": ["youtube"], "role": ["person"], "followers": [12]}
    )
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


def _responses(appeal_id: str) -> pl.DataFrame:
    """Return the acts of the story; each was reported at the latest time it can have happened."""
    acts = pl.DataFrame(STORY, schema=list(Act._fields), orient="row").drop("news")
    return RESPONSES.check(
        acts.rename({"earliest": "from", "latest": "to"}).with_columns(
            response_id=pl.format("{}-{}", pl.lit(appeal_id), pl.int_range(1, pl.len() + 1)),
            appeal_id=pl.lit(appeal_id),
            reported_at=pl.col("to"),
            sources=pl.concat_list(pl.lit("simulated")),
            coder=pl.lit("simulator"),
            status=pl.lit("simulated"),
        )
    )
