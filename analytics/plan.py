"""Every measure, what it is computed from, and the order in which they run.

``Data`` computes what several measures need once, when the first of them asks. A new measure is a
table in ``measured.py`` and one line in ``MEASURES``.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property

import polars as pl

from analytics import measured as tables
from analytics.around import Days, days, interruptions, leading, superposed
from analytics.attention import Series, attention, peaks, phases, series, timeline
from analytics.beside import response_attention
from analytics.brokers import brokers
from analytics.candidates import candidates
from analytics.carrying import Forest, forests
from analytics.claims import claims
from analytics.clocks import SIGNATURES, clocks
from analytics.coding import agreement, coded, differing
from analytics.communities import (
    Found,
    communities,
    community_mix,
    crossings,
    described,
    homophily,
    links,
    mixing,
    traits,
)  # fmt: skip
from analytics.comparing import courses, equal_size
from analytics.coordination import Screened, screened
from analytics.coverage import coverage
from analytics.decay import decay
from analytics.diffusion import Choice, all_shapes, with_likeliest
from analytics.errors import MeasureError
from analytics.following import with_followed
from analytics.forecasts import forecasts
from analytics.graphs import account_edges
from analytics.growth import growth, milestones, placed
from analytics.hawkes import excitation
from analytics.joining import stories, story_members
from analytics.lags import lags
from analytics.languages import languages, post_languages
from analytics.layout import layout
from analytics.mapping import account_map
from analytics.models import chosen
from analytics.networks import positions
from analytics.opinions import opinion_agreement, opinions, population
from analytics.outlook import outlook
from analytics.overlaps import overlaps
from analytics.reach import counter_history, reach, views
from analytics.schema import Table
from analytics.spreaders import Credits, carriers, credits_of, ranks, removal, spreaders
from analytics.store import Store
from analytics.summary import summary
from analytics.trees import counted_once, shares
from analytics.virality import cascades
from analytics.waits import competing, median_waits, survival, wait_comparisons, waits


class Data:
    """What one run of measures is computed from.

    Parameters
    ----------
    store
        Whose tables.
    trees
        How many to draw by each setting of PDI.
    seed
        Of all that is drawn.
    now
        As of when clocks are judged where nobody said until when answers were looked for.

    Raises
    ------
    MeasureError
        The store holds neither posts nor responses.
    """

    def __init__(self, store: Store, *, trees: int, seed: int, now: datetime) -> None:
        self.posts = counted_once(store.read("posts"))
        self.responses, self.codings = store.read("responses"), store.read("codings")
        if self.posts.is_empty() and self.responses.is_empty():
            way_out = f"begin with `groundswell import {store.path} FILE`"
            msg = f"{store.path} holds no posts yet; {way_out}"
            raise MeasureError(msg)
        self.accounts, self.counters = store.read("accounts"), store.read("counters")
        self.changes = store.read("changes")
        self.stances, self.proposals = store.read("stances"), store.read("proposals")
        self.appeals, self.follows = store.read("appeals"), store.read("follows")
        self.audiences = store.settings.audiences()
        self.choose: Choice = chosen(store.read("parent_models"))
        self.trees, self.seed, self.now = trees, seed, now
        self.rules, self.days_off = store.settings.clocks, store.settings.days_off

    @cached_property
    def shares(self) -> pl.DataFrame:
        """Shares with the parents that are observed or told by follow lists."""
        return with_followed(self.posts, shares(self.posts), self.follows)

    @cached_property
    def likeliest(self) -> pl.DataFrame:
        """Shares with the likeliest parent where it is hidden: for lists and pictures alone."""
        return with_likeliest(self.posts, self.shares, self.accounts, choose=self.choose)

    @cached_property
    def shapes(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Shapes of cascades, and how they grew."""
        return all_shapes(
            self.posts, self.shares, self.accounts,
            choose=self.choose, seed=self.seed, trees=self.trees,
        )  # fmt: skip

    @cached_property
    def cascades(self) -> pl.DataFrame:
        """Cascades with their shapes."""
        return cascades(self.posts, self.shares, self.shapes[0])

    @cached_property
    def placed(self) -> pl.DataFrame:
        """Posts of cascades in the order of time."""
        return placed(self.posts, self.shares)

    @cached_property
    def members(self) -> pl.DataFrame:
        """Cascades and the stories that they are of."""
        return story_members(self.posts, self.shares)

    @cached_property
    def series(self) -> list[Series]:
        """Posts in bins of time."""
        return list(series(self.posts))

    @cached_property
    def phases(self) -> pl.DataFrame:
        """Stretches of time of one pace."""
        return phases(self.series, seed=self.seed)

    @cached_property
    def attention(self) -> pl.DataFrame:
        """When each series was busiest."""
        return attention(self.series)

    @cached_property
    def peaks(self) -> pl.DataFrame:
        """Bins that stand out."""
        return peaks(self.series)

    @cached_property
    def waits(self) -> pl.DataFrame:
        """How long each appeal waited for each ending."""
        return waits(self.appeals, self.posts, self.responses)

    @cached_property
    def survival(self) -> pl.DataFrame:
        """Who still waits, by register and ending."""
        return survival(self.waits)

    @cached_property
    def history(self) -> pl.DataFrame:
        """What platforms showed, by time."""
        return counter_history(self.counters, self.posts, self.shares)

    @cached_property
    def signatures(self) -> pl.DataFrame:
        """How many had signed an appeal when."""
        signed = self.counters.filter(pl.col("metric") == "signatures")
        whose = self.posts.select("appeal_id", "post_id", posted_at="at")
        return signed.join(whose, on="post_id").select(list(SIGNATURES))

    @cached_property
    def timeline(self) -> pl.DataFrame:
        """Posts by hour and by day."""
        return timeline(self.posts, self.changes)

    @cached_property
    def days(self) -> dict[str, Days]:
        """Posts a day of each appeal."""
        return days(self.timeline)

    @cached_property
    def lags(self) -> pl.DataFrame:
        """First responses at each rung."""
        return lags(
            self.appeals, self.posts, self.responses, attention=self.attention, peaks=self.peaks
        )

    @cached_property
    def beside(self) -> pl.DataFrame:
        """Attention before and after each response."""
        return response_attention(self.posts, self.responses, self.counters)

    @cached_property
    def interruptions(self) -> pl.DataFrame:
        """Posts a day from each response on, over those expected."""
        return interruptions(self.responses, self.days)

    @cached_property
    def medians(self) -> pl.DataFrame:
        """How long half of a register's appeals waited."""
        return median_waits(self.waits, self.survival)

    @cached_property
    def compared(self) -> pl.DataFrame:
        """Groups of appeals whose waits are compared."""
        return wait_comparisons(self.waits, self.posts, self.counters)

    @cached_property
    def media(self) -> pl.DataFrame:
        """When media published something."""
        named = self.accounts.filter(pl.col("role") == "media").select("account_id").unique()
        theirs = self.posts.join(named, on="account_id", how="semi")
        articles = self.posts.filter(pl.col("kind") == "article")
        both = pl.concat([part.select("appeal_id", "at") for part in (theirs, articles)])
        return both.drop_nulls().unique()

    @cached_property
    def codes(self) -> pl.DataFrame:
        """What coders made of responses that several coded."""
        return coded(self.responses, self.codings)

    @cached_property
    def screen(self) -> Screened:
        """Synchronised sharing, against chance."""
        return screened(self.posts, self.accounts, seed=self.seed, quick=True)

    @cached_property
    def links(self) -> pl.DataFrame:
        """Who shared whom, by appeal."""
        return links(self.shares)

    @cached_property
    def traits(self) -> pl.DataFrame:
        """Platform, language and role of each account."""
        return traits(self.posts, self.accounts)

    @cached_property
    def spoken(self) -> pl.DataFrame:
        """The language of each post."""
        return post_languages(self.posts)

    @cached_property
    def parted(self) -> Found:
        """Communities of accounts."""
        return communities(self.links, seed=self.seed)

    @cached_property
    def mapped(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Places of accounts, and the shares between them."""
        return account_map(self.shares, self.parted.members, traits=self.traits)

    @cached_property
    def crossed(self) -> pl.DataFrame:
        """Links between accounts, by the traits of both."""
        return crossings(self.links, self.traits)

    @cached_property
    def forests(self) -> list[Forest]:
        """Cascades of each platform, to be drawn and kept."""
        return forests(self.posts, self.shares, self.accounts, choose=self.choose)

    @cached_property
    def credits(self) -> Credits:
        """What hangs from each account, draw by draw."""
        return credits_of(self.forests, seed=self.seed)

    @cached_property
    def ranks(self) -> pl.DataFrame:
        """Who carried most, with the doubt of each rank."""
        return ranks(self.credits)

    @cached_property
    def spreaders(self) -> pl.DataFrame:
        """The accounts that are listed."""
        return spreaders(self.ranks, self.shares, self.accounts, self.positions)

    @cached_property
    def positions(self) -> pl.DataFrame:
        """Where accounts stand in the graph of who shared whom."""
        edges = account_edges(self.shares).rename({"shares": "weight"})
        return positions(edges, seed=self.seed)


MEASURES: tuple[tuple[Table, Callable[[Data], pl.DataFrame]], ...] = (
    (tables.SHARES_TABLE, lambda d: d.likeliest),
    (tables.SHAPES, lambda d: d.shapes[0]),
    (tables.CASCADES, lambda d: d.cascades),
    (tables.GROWTH, lambda d: growth(d.placed, d.shapes[1])),
    (tables.MILESTONES, lambda d: milestones(d.placed, d.posts)),
    (tables.EQUAL_SIZE, lambda d: equal_size(d.cascades, seed=d.seed)),
    (tables.COURSES, lambda d: courses(
        d.appeals, d.posts, d.signatures.select("appeal_id", "value", at="observed_at"))),
    (tables.SPREADERS, lambda d: d.spreaders),
    (tables.CARRIERS, lambda d: carriers(d.credits, d.ranks, d.forests)),
    (tables.REMOVAL, lambda d: removal(d.credits, d.forests, d.spreaders, d.shares)),
    (tables.BROKERS, lambda d: brokers(
        d.credits, d.forests, d.shares,
        spoken=d.spoken, members=d.parted.members, positions=d.positions)),
    (tables.PARTITIONS, lambda d: d.parted.partitions),
    (tables.COMMUNITY_MEMBERS, lambda d: d.parted.members),
    (tables.COMMUNITIES, lambda d: described(d.parted.members, d.links, d.traits)),
    (tables.COMMUNITY_MIX, lambda d: community_mix(d.parted.members, d.traits)),
    (tables.HOMOPHILY, lambda d: homophily(d.crossed)),
    (tables.MIXING, lambda d: mixing(d.crossed)),
    (tables.STORY_MEMBERS, lambda d: d.members),
    (tables.STORIES, lambda d: stories(d.posts, d.shares, d.members)),
    (tables.TIMELINE, lambda d: d.timeline),
    (tables.ATTENTION, lambda d: d.attention),
    (tables.PHASES, lambda d: d.phases),
    (tables.PEAKS, lambda d: d.peaks),
    (tables.DECAY, lambda d: decay(d.series, d.phases, seed=d.seed)),
    (tables.EXCITATION, lambda d: excitation(d.posts, d.placed, d.accounts)),
    (tables.FORECASTS, lambda d: forecasts(d.posts, d.placed, d.accounts)),
    (tables.OUTLOOK, lambda d: outlook(d.posts, d.placed)),
    (tables.LANGUAGES, lambda d: languages(d.posts)),
    (tables.COUNTER_HISTORY, lambda d: d.history),
    (tables.REACH, lambda d: reach(d.posts, d.accounts, d.audiences)),
    (tables.VIEWS, lambda d: views(d.counters, d.posts, d.shares)),
    (tables.OVERLAPS, lambda d: overlaps(d.posts, d.accounts, d.follows)),
    (tables.COVERAGE, lambda d: coverage(d.posts, d.shares, d.counters, d.accounts, d.follows)),
    (tables.COORDINATION, lambda d: d.screen.settings),
    (tables.COORDINATION_GROUPS, lambda d: d.screen.groups),
    (tables.COORDINATION_FLAGS, lambda d: d.screen.flags),
    (tables.SIMILARITY, lambda d: d.screen.similarity),
    (tables.CLOCKS,
     lambda d: clocks(
         d.appeals, d.signatures, d.responses, now=d.now, own=d.rules, days_off=d.days_off)),
    (tables.AGREEMENT, lambda d: agreement(d.codes, seed=d.seed)),
    (tables.DISAGREEMENTS, lambda d: differing(d.codes, d.responses)),
    (tables.INTERRUPTIONS, lambda d: d.interruptions),
    (tables.EPOCHS, lambda d: superposed(d.responses, d.days)),
    (tables.LEADS, lambda d: leading(d.timeline, seed=d.seed)),
    (tables.LAGS, lambda d: d.lags),
    (tables.RESPONSE_ATTENTION, lambda d: d.beside),
    (tables.WAITS, lambda d: d.waits),
    (tables.SURVIVAL, lambda d: d.survival),
    (tables.MEDIAN_WAITS, lambda d: d.medians),
    (tables.WAIT_COMPARISONS, lambda d: d.compared),
    (tables.COMPETING, lambda d: competing(d.waits, d.appeals)),
    (tables.OPINIONS, lambda d: opinions(population(d.posts), d.stances, seed=d.seed)),
    (tables.OPINION_AGREEMENT, lambda d: opinion_agreement(d.stances, seed=d.seed)),
    (tables.CLAIMS, lambda d: claims(
        d.appeals, d.responses, lags=d.lags, beside=d.beside, interruptions=d.interruptions,
        waited=d.medians, comparisons=d.compared, media=d.media)),
    (tables.CANDIDATES, lambda d: candidates(d.appeals, d.posts, d.accounts, d.proposals)),
    (tables.LAYOUT, lambda d: layout(
        d.posts, d.likeliest, spoken=d.spoken, traits=d.traits)),
    (tables.ACCOUNT_MAP, lambda d: d.mapped[0]),
    (tables.ACCOUNT_TIES, lambda d: d.mapped[1]),
    (tables.SUMMARY, lambda d: summary(d.appeals, d.posts, d.shares, d.responses)),
)  # fmt: skip
