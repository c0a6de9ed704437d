"""What is measured: what one row of each table is, its columns and its key.

``docs/tables.md`` is generated from here and from ``tables.py``.
"""

import polars as pl

from analytics.schema import (
    APPEAL_ID,
    PLATFORM_NAME,
    Column,
    Table,
    count,
    flag,
    ident,
    number,
    strings,
    text,
    time,
)
from analytics.tables import (
    BASES,
    JOINS,
    KINDS,
    METHODS,
    METRICS,
    OVERLAP_METHODS,
    ROLES,
    STANCES_OF,
    TARGETS,
    TRAITS,
)

OBJECTS = ("original", "url", "hashtag", "media", "text")
CHANCES = ("dealt", "traded")
BESIDE = ("posts", "signatures")
BEFORE = ("yes", "perhaps", "no")
PEAKED = ("stands_out", "busiest")
ENDINGS = ("rung_1", "rung_2", "rung_3", "rung_4", "rung_5", "negative")
CURVES = ("kaplan_meier", "turnbull")
FIRST = ("helped", "harmed", "closed", "waiting")
PARTED = ("register", "jurisdiction", "early_posts", "early_signatures")
FLAGS = ("posts_per_hour", "gap_entropy", "account_age")
READINGS = ("firm", "tentative", "weak")
INTERRUPTED = ("quasi_poisson", "structural", "structural_smooth")
CLOCK_STATES = ("waiting", "due", "overdue", "answered", "refused", "unknown")
OPINED = ("coded_only", "prediction_powered")
READ_IN = ("en", "ru", "kk")
TEMPLATES = ("after", "none_yet", "beside", "waited", "waits_differ")

SHARES_TABLE = Table(
    name="shares",
    row="one share: a post passed on, or one that links to another post of the appeal",
    key=("appeal_id", "post_id"),
    day="at",
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "post_id": ident("the share", "post", null=False),
        "parent_id": ident(
            "the post it came from, the likeliest where inferred; null where unknown", "post"
        ),
        "root_id": ident("the original at the top of its cascade; null where unknown", "post"),
        "account_id": ident("who shared", "account"),
        "parent_account_id": ident("who was shared; null where hidden", "account"),
        "root_account_id": ident("who wrote the original", "account"),
        "platform": PLATFORM_NAME,
        "at": time("when"),
        "kind": text("repost or quote; original or article where it links", null=False),
        "basis": text("how the parent is known; null where it is hidden", values=BASES),
        "confidence": number(
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
        "appeal_id": APPEAL_ID,
        "root_id": ident("the post at the top, held or only referred to", "post", null=False),
        "platform": PLATFORM_NAME,
        "root_account_id": ident("who wrote it", "account"),
        "root_held": flag("whether the root itself is held", null=False),
        "size": count("posts in it, the root included", null=False),
        "accounts": count("distinct accounts in it, the root's included", null=False),
        "shares": count("reposts and quotes in it", null=False),
        "observed": count("of these, how many have an observed parent", null=False),
        "replies": count("replies and comments to its posts that are held", null=False),
        "method": text(
            "how its shape is known: observed, or calibrated where parents are inferred; null "
            "where it is not known",
            values=METHODS,
        ),
        "depth_lo": count("its 5 % point"),
        "depth": count("longest way from the root, in shares; the median where inferred"),
        "depth_hi": count("its 95 % point"),
        "max_breadth_lo": count("its 5 % point"),
        "max_breadth": count("most posts at one depth; the median where inferred"),
        "max_breadth_hi": count("its 95 % point"),
        "virality_lo": number("its 5 % point"),
        "virality": number("mean distance between two of its posts; null for one post alone"),
        "virality_hi": number("its 95 % point"),
        "mean_depth_lo": number("its 5 % point"),
        "mean_depth": number("mean way from the root, in shares; null for one post alone"),
        "mean_depth_hi": number("its 95 % point"),
        "broadcast_lo": number("its 5 % point"),
        "broadcast": number("largest broadcast: share of all its shares that hang from one post"),
        "broadcast_hi": number("its 95 % point"),
        "first_at": time("the root's time, else the first share's"),
        "last_at": time("the last share's time"),
        "half_at": time("by when half of the shares held had been made"),
    },
)

SHAPES = Table(
    name="shapes",
    row="the shape of one cascade as one method tells it",
    key=("appeal_id", "root_id", "method"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "root_id": ident("the post at the top", "post", null=False),
        "method": text("how hidden parents are told", null=False, values=METHODS),
        "trees": count("trees drawn, over all settings of the method", null=False),
        "drawn": count("posts in each tree; shares without a time are in none", null=False),
        "hidden": count("of these, how many have a hidden parent", null=False),
        "depth_lo": count("its 5 % point"),
        "depth": count("longest way from the root, in shares; the median where it is inferred"),
        "depth_hi": count("its 95 % point"),
        "max_breadth_lo": count("its 5 % point"),
        "max_breadth": count("most posts at one depth; the median where it is inferred"),
        "max_breadth_hi": count("its 95 % point"),
        "virality_lo": number("its 5 % point"),
        "virality": number("mean distance between two of its posts; null for one post alone"),
        "virality_hi": number("its 95 % point"),
        "mean_depth_lo": number("its 5 % point"),
        "mean_depth": number("mean way from the root, in shares; null for one post alone"),
        "mean_depth_hi": number("its 95 % point"),
        "broadcast_lo": number("its 5 % point"),
        "broadcast": number("largest broadcast: share of all its shares that hang from one post"),
        "broadcast_hi": number("its 95 % point"),
    },
)

PARENT_MODELS = Table(
    name="parent_models",
    row="one of ten settings of the calibrated model of hidden parents, for one platform",
    key=("platform", "setting"),
    measured=True,
    on_request=True,
    columns={
        "platform": PLATFORM_NAME,
        "setting": count("0 … 9; together they spread as far as the fit is uncertain", null=False),
        "root_intercept": number("log-odds of the original as parent of the second share"),
        "root_slope": number("what is added to them for each e-fold of earlier posts"),
        "alpha": number("exponent by which the pull of a post falls with its age"),
        "shift": number("age in seconds below which it hardly falls"),
        "spread": number("shape of the distribution of shares that a post brings about"),
        "mean": number("its mean, in units of the kernel"),
        "audience": number("exponent by which that mean rises with followers"),
        "burst": number("weight of what bursts say"),
        "recent": number("weight of age alone; the rest is blind chance"),
        "fitted_on": text("what it was fitted on", null=False),
        "targets": count("known parents that were fitted", null=False),
        "cascades": count("cascades that they are in", null=False),
        "gain": number("nats per share against chance, on cascades left out of the fit"),
        "gain_lo": number("its 5 % point over cascades"),
        "gain_hi": number("its 95 % point"),
    },
)

VALIDATION = Table(
    name="validation",
    row="how well one setting of one method finds parents that are known, when they are hidden",
    key=("platform", "method", "setting", "among"),
    measured=True,
    on_request=True,
    columns={
        "platform": PLATFORM_NAME,
        "method": text("how hidden parents are told", null=False, values=METHODS),
        "setting": text("its figures; for calibrated, fitted without the cascade", null=False),
        "among": text(
            "all earlier posts, or others: without the original",
            null=False,
            values=("all", "others"),
        ),
        "targets": count("shares whose parent is known and was hidden", null=False),
        "cascades": count("cascades that they are in", null=False),
        "gain": number("mean log score, nats per share, against chance; null where impossible"),
        "gain_lo": number("its 5 % point over cascades drawn again"),
        "gain_hi": number("its 95 % point"),
        "hit": number("how often the true parent is drawn"),
        "hit_chance": number("how often a random earlier post is"),
        "whole": count("cascades with all parents known, whose shape was compared"),
        "depth_error": number("mean of (median depth - true depth) / true depth"),
        "depth_inside": number("how often the band holds the true depth"),
        "virality_error": number("the same for virality"),
        "virality_inside": number("how often the band holds the true virality"),
        "top_overlap": number("mean Jaccard overlap of the ten accounts that most hangs from"),
    },
)

STORY_MEMBERS = Table(
    name="story_members",
    row="one cascade that is joined with others; one without a row is a story by itself",
    key=("appeal_id", "level", "root_id"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "level": text("how like is like enough: strict or loose", null=False),
        "root_id": ident("the cascade, or a share whose root is unknown", "post", null=False),
        "story_id": ident(
            "its story: the root of the story's earliest cascade", "post", null=False
        ),
        "joined_to": ident("the cascade that ties it to its story; null for the earliest", "post"),
        "by": text("what both carry, of several the most trusted", values=JOINS),
        "key": ident("the id or address that both carry; null for likeness", "object"),
        "strength": number("1 where it is the same, else how like: 0 … 1"),
    },
)

STORIES = Table(
    name="stories",
    row="one story: all cascades that carry the same material, on whatever platforms",
    key=("appeal_id", "level", "story_id"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "level": text("how like is like enough: strict or loose", null=False),
        "story_id": ident("the root of its earliest cascade", "post", null=False),
        "cascades": count("cascades in it; shares whose root is unknown are none", null=False),
        "posts": count("posts held in them: roots, reposts and quotes", null=False),
        "accounts": count("distinct accounts in them, as far as known", null=False),
        "platforms": strings("platforms of these posts, in the order of the alphabet"),
        "first_at": time("the first of these posts"),
        "last_at": time("the last"),
        "joined_by": strings("what joins it; empty for one cascade"),
        "weakest": number("strength of its weakest join; null for one cascade"),
    },
)

GROWTH = Table(
    name="growth",
    row="one cascade of three shares or more, when it had a certain size",
    key=("appeal_id", "root_id", "size"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "root_id": ident("the post at the top", "post", null=False),
        "platform": PLATFORM_NAME,
        "size": count(
            "posts by then, the root included: 1, 2, 5, 10, 20, 50, …, and in the end; shares "
            "without a time are not counted",
            null=False,
        ),
        "accounts": count("distinct accounts by then, the root's included", null=False),
        "at": time("when it had this size", null=False),
        "method": text(
            "how its shape is known: observed, or calibrated where parents are inferred; null "
            "where it is not known",
            values=METHODS,
        ),
        "depth_lo": count("its 5 % point; null where observed"),
        "depth": count("longest way from the root; the median where inferred"),
        "depth_hi": count("its 95 % point"),
        "max_breadth_lo": count("its 5 % point"),
        "max_breadth": count("most posts at one depth; the median where inferred"),
        "max_breadth_hi": count("its 95 % point"),
        "virality_lo": number("its 5 % point"),
        "virality": number("mean distance between two of these posts; null for one post alone"),
        "virality_hi": number("its 95 % point"),
    },
)

MILESTONES = Table(
    name="milestones",
    row="one cascade with a share whose time is known, and how long it took to spread",
    key=("appeal_id", "root_id"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "root_id": ident("the post at the top", "post", null=False),
        "platform": PLATFORM_NAME,
        "size": count("posts with a known time, the root included", null=False),
        "accounts": count("distinct accounts among them, the root's included", null=False),
        "began_at": time(
            "the root's time, else the first share's: where hours count from", null=False
        ),
        "hours_to_10": number("hours until 10 distinct accounts; null where there are fewer"),
        "hours_to_100": number("hours until 100; null where there are fewer"),
        "hours_to_1000": number("hours until 1,000; null where there are fewer"),
        "hours_to_10000": number("hours until 10,000; null where there are fewer"),
        "half_hours": number("hours until half of `size`, rounded up", null=False),
        "peak_at": time("start of the hour with most shares, the first if several", null=False),
        "peak_shares": count("shares in that hour", null=False),
        "half_life_hours": count(
            "hours from the peak hour to the next with at most half as many shares; null where "
            "nothing is held from after it"
        ),
    },
)

EQUAL_SIZE = Table(
    name="equal_size",
    row="one measure of one appeal's cascades on one platform, against those of all other appeals "
    "that have exactly as many posts",
    key=("appeal_id", "platform", "method", "measure"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": PLATFORM_NAME,
        "method": text("how the shapes of both sides are known", null=False, values=METHODS),
        "measure": text(
            "what is compared", null=False, values=("depth", "max_breadth", "virality")
        ),
        "cascades": count("cascades of the appeal of three posts or more, shape told", null=False),
        "others": count("such cascades of other appeals", null=False),
        "appeals": count("other appeals that they are of", null=False),
        "pairs": count(
            "most pairs of one of each side with exactly as many posts, none in two pairs",
            null=False,
        ),
        "left_out": count("cascades of the appeal that are in no such pairing", null=False),
        "larger": number(
            "of two of one size, one of each side: how often the appeal's has more; ties half; .5 "
            "where both are alike; sizes weigh as the pairs that they make"
        ),
        "chance_lo": number("95 % of that lie above this were they dealt anew within each size"),
        "chance_hi": number("and below this"),
        "larger_least": number(
            "the same with every inferred shape of the appeal at its 5 % point and all others at "
            "their 95 %; null where observed"
        ),
        "larger_most": number("and the other way round"),
        "unmatched": number(
            "the same without regard to size: for reference, it mostly says that sizes differ"
        ),
        "d_lo": number("5 % point over pairings"),
        "d": number("Kolmogorov and Smirnov's D between both halves of the pairs, the median"),
        "d_hi": number("95 % point"),
        "p_lo": number("5 % point of the p of D over pairings"),
        "p": number("its median"),
        "p_hi": number("95 % point"),
        "tests": count("rows with a p in this table", null=False),
        "q": number("false discovery rate over all of them (Benjamini and Hochberg)"),
        "note": text("why nothing is told; null where it is"),
    },
)

COURSES = Table(
    name="courses",
    row="how far one appeal had come at one age: the same ages for all",
    key=("appeal_id", "what", "hours"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "what": text("what is counted", null=False, values=BESIDE),
        "hours": number(
            "age: 1, 2, 5, 10, 20, 50, … hours while it was watched, and when it last was",
            null=False,
        ),
        "at": time("the time of that", null=False),
        "count": count("posts held up to then; or the most signatures shown by then", null=False),
        "until": time("until when it was watched: nothing is known of what came after", null=False),
        "clock_basis": text("where age starts: published (declared) or first_post", null=False),
    },
)

PARTITIONS = Table(
    name="partitions",
    row="one appeal's graph of who shared whom, and how firmly it falls into communities",
    key=("appeal_id",),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "accounts": count("accounts that shared one another, as far as known", null=False),
        "pairs": count("pairs of accounts of which one shared the other", null=False),
        "attributed": number(
            "share of these accounts' shares that name the original's author alone (basis `root`): "
            "where it is high, communities are audiences, not groups"
        ),
        "component": count("accounts in the largest connected component", null=False),
        "communities": count("communities in that component; null where none are told"),
        "modularity": number("Q of the partition chosen, the highest of all runs"),
        "runs": count("runs of the Leiden algorithm, each from its own random numbers"),
        "stability": number("mean adjusted mutual information of two runs: 1 where all agree"),
        "first_modularity": number("Q of the first run, which is what chance is held against"),
        "chance_lo": number("lowest Q of one run on a graph rewired with the same degrees"),
        "chance": number("mean Q of one run on such graphs"),
        "chance_hi": number("highest Q of one run on such graphs"),
        "rewired": count("how many such graphs were drawn; fewer where the graph is large"),
        "p": number(
            "share of graphs, this one included, whose first run reaches this Q; null with fewer "
            "than 19 rewired"
        ),
        "note": text("why no communities are told; null where they are"),
    },
)

COMMUNITIES = Table(
    name="communities",
    row="one community of accounts that shared each other more than others",
    key=("appeal_id", "community"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "community": count("its number: 0 for the largest", null=False),
        "accounts": count("accounts in it", null=False),
        "inside": count("shares from one of its accounts to another", null=False),
        "across": count("shares between one of its accounts and one of another", null=False),
        "inside_share": number("inside / (inside + across)", null=False),
        "attributed": number(
            "of the shares inside, the part that names the original's author alone", null=False
        ),
        "top_account_id": ident("whom most shares inside are of", "account", null=False),
        "top_share": number(
            "the part of the shares inside that is of that account: 1 is one account's audience",
            null=False,
        ),
        "platform": text("platform of most of its accounts, of equals the first by name"),
        "platform_share": number("their part of its accounts"),
        "platform_entropy": number("Shannon's H of platforms in bits, Miller and Madow's"),
        "language": text("language of most of its accounts, among those known"),
        "language_share": number("their part of accounts whose language is known"),
        "language_entropy": number("H of languages in bits; null where none is known"),
        "language_known": count("accounts whose language is known", null=False),
        "role": text("role of most of its accounts, among those known"),
        "role_share": number("their part of accounts whose role is known"),
        "role_entropy": number("H of roles in bits; null where none is known"),
        "role_known": count("accounts whose role is known", null=False),
    },
)

COMMUNITY_MIX = Table(
    name="community_mix",
    row="accounts of one platform, language or role in one community",
    key=("appeal_id", "community", "by", "value"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "community": count("the community", null=False),
        "by": text("what accounts are told apart by", null=False, values=TRAITS),
        "value": text("which one; null where unknown"),
        "accounts": count("how many accounts of the community", null=False),
    },
)

COMMUNITY_MEMBERS = Table(
    name="community_members",
    row="one account of the largest component",
    key=("appeal_id", "account_id"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "account_id": ident("the account", "account", null=False),
        "community": count("its community", null=False),
    },
)

HOMOPHILY = Table(
    name="homophily",
    row="how much accounts of one platform, language or role keep to themselves",
    key=("appeal_id", "by"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "by": text("what accounts are told apart by", null=False, values=TRAITS),
        "pairs": count("pairs of accounts of which one shared the other", null=False),
        "known": count("of these, pairs of which both are known: all below is of them", null=False),
        "external": count("of these, pairs of two different ones", null=False),
        "ei": number("E-I index: (external - internal) / known; -1 … 1; null where none is known"),
        "ei_expected": number("the same if values were dealt out anew among these accounts"),
        "assortativity": number("Newman's: 1 where like meet like only, 0 by chance; or null"),
    },
)

MIXING = Table(
    name="mixing",
    row="who shared whom, by two values of platform, language or role",
    key=("appeal_id", "by", "source", "target"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "by": text("what accounts are told apart by", null=False, values=TRAITS),
        "source": text("of who was shared; null where unknown"),
        "target": text("of who shared; null where unknown"),
        "links": count("pairs of accounts, this way round", null=False),
        "shares": count("shares of these pairs", null=False),
        "attributed": number("part of them that names the original's author alone"),
        "expected": number("links if values were dealt out anew among all accounts", null=False),
        "ratio": number("links / expected; null where none is expected"),
    },
)

EXCITATION = Table(
    name="excitation",
    row="how far posts bring more posts: an appeal on one platform, or one of its cascades",
    key=("appeal_id", "platform", "scope", "root_id"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": PLATFORM_NAME,
        "scope": text("what was fitted", null=False, values=("platform", "cascade")),
        "root_id": ident("the cascade; null for a platform", "post"),
        "events": count("posts with a time; of a cascade, without the original", null=False),
        "events_used": count(
            "of these, the first ones, which were fitted; 0 where none", null=False
        ),
        "from": time("the first of them, or the original; null where nothing was fitted"),
        "until": time("until when they were watched"),
        "model": text("kernel, marks and background of the model with the least AICc"),
        "branching_lo": number("lower end of its 95 % profile interval"),
        "branching": number("n*: posts that one post brings directly, on average"),
        "branching_hi": number("upper end; null where it has none"),
        "half_time_hours": number("hours by which half of what a post brings has come"),
        "gain": number(
            "AICc of the best model without excitation minus that of this one: above 0 it is "
            "better; null for cascades"
        ),
        "ks_p": number("p of Kolmogorov and Smirnov for its residuals; small: the model is wrong"),
        "note": text("why nothing was fitted, or what to beware of"),
    },
)

FORECASTS = Table(
    name="forecasts",
    row="how large one cascade will be in the end, as forecast when it had a certain age",
    key=("appeal_id", "root_id", "age_hours"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "root_id": ident("the post at the top", "post", null=False),
        "platform": PLATFORM_NAME,
        "age_hours": number("hours after the original at which it was forecast", null=False),
        "at": time("the time of that", null=False),
        "now": flag("whether that is the end of what is held, and not a look back", null=False),
        "shares": count("shares with a time by then", null=False),
        "method": text(
            "seismic: by followers; count: by shares alone", values=("seismic", "count")
        ),
        "kind": text(
            "calibrated: interval from finished cascades of the same platform and age; model "
            "range: from the model alone, usually too narrow; no forecast",
            null=False,
            values=("calibrated", "model range", "no forecast"),
        ),
        "model": number("shares in the end as the model alone says"),
        "forecast_lo": number("lower end of the 90 % interval"),
        "forecast": number("shares in the end; null where there is no forecast"),
        "forecast_hi": number("upper end"),
        "calibrated_on": count("finished cascades that the interval rests on", null=False),
        "finished": flag("whether it is finished: then `final` is known", null=False),
        "final": count("shares in the end, where it is finished"),
        "note": text("why there is no forecast, or what to beware of"),
    },
)

OUTLOOK = Table(
    name="outlook",
    row="whether one appeal has peaked on one platform",
    key=("appeal_id", "platform"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": PLATFORM_NAME,
        "peaked": text("the answer", null=False, values=("yes", "no", "not known")),
        "posts": count("posts with a time, of every kind", null=False),
        "watched_until": time("the end of what was watched; nothing is known from after it"),
        "window_hours": number("length of the windows compared: a 24th of the time watched"),
        "peak_at": time("start of the busiest window so far"),
        "peak_posts": count("posts in it"),
        "hours_since_peak": number("from its end to the end of what was watched"),
        "last_posts": number("posts a window in the last two windows"),
        "share_of_peak": number("last_posts / peak_posts"),
        "state": text(
            "what the rule sees", values=("near its peak", "below half", "below a tenth")
        ),
        "age_hours": number("age at which finished cascades were in the same state"),
        "fitted_on": count("finished cascades by which this state was given its answer"),
        "tested_on": count("other finished cascades that were given the same answer"),
        "right": number("share of these in which it was right; null where none was tested"),
        "right_lo": number("lower end of its 95 % interval (Clopper and Pearson)"),
        "right_hi": number("upper end"),
        "source": text("whose cascades these were"),
        "note": text("why it is not known, or what to beware of"),
    },
)

SPREADERS = Table(
    name="spreaders",
    row="one account that carried or began an appeal, among the first 1,000 by any measure",
    key=("appeal_id", "account_id"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "account_id": ident("the account", "account", null=False),
        "credit": number("posts that hang from its shares, in the mean of the draws", null=False),
        "credit_lo": number("5 % point over draws", null=False),
        "credit_hi": number("95 % point", null=False),
        "rank": count("by mean credit; null where nothing hangs from any share of it"),
        "rank_lo": count("5 % point of its rank over draws: 1 is the first"),
        "rank_hi": count("95 % point"),
        "first_chance": number("share of the draws in which it is first", null=False),
        "started": count("posts that hang from its originals: the same in every draw", null=False),
        "reshares": count(
            "shares that name a post of it: as parent where observed, else as original", null=False
        ),
        "h_index": count("h posts of it were shared h times or more, by the same rule", null=False),
        "pagerank": number("of who is shared, by the same rule; null where it was not shared"),
        "followers": count("the newest number that it showed; null where it hides it"),
        "tier": text(
            "nano, micro (10,000 followers), macro (100,000) or mega (a million): a convention; "
            "null where the role is known or followers are hidden",
            values=("nano", "micro", "macro", "mega"),
        ),
        "role": text("what kind of actor holds it", null=False, values=ROLES),
    },
)

CARRIERS = Table(
    name="carriers",
    row="one appeal: how the credit for its shares is spread, and whether anybody is surely first",
    key=("appeal_id",),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "shares": count("reposts and quotes that could be placed", null=False),
        "hidden": count("of them, those whose parent is hidden", null=False),
        "unknown": count("of these, those whose platform allows no inference", null=False),
        "accounts": count("distinct accounts of these posts and their originals"),
        "draws": count("trees of each cascade; 1 where nothing is hidden"),
        "first_id": ident("the account with most credit, if first in 95 % of draws", "account"),
        "first_chance": number("share of the draws in which the likeliest first is first"),
        "could_be_first": count("accounts that are first in any draw", null=False),
        "ten": number("share of all credit that is that of ten accounts; ancestors share it"),
        "ten_lo": number("5 % point"),
        "ten_hi": number("95 % point"),
        "gini": number("Gini's coefficient of credit over all accounts"),
        "gini_lo": number("5 % point"),
        "gini_hi": number("95 % point"),
    },
)

REMOVAL = Table(
    name="removal",
    row="the first accounts of one ranking, and bounds of what would be missing without them",
    key=("appeal_id", "ranking", "accounts"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "ranking": text("by what they are the first", null=False),
        "accounts": count("how many of them: 1, 2, 5, 10, …", null=False),
        "own": number(
            "share of all shares that are theirs: the least that would be missing", null=False
        ),
        "tree": number(
            "share of all shares that hang from these, themselves included: the most, since others "
            "could have come to it in other ways",
            null=False,
        ),
        "tree_lo": number("5 % point over draws", null=False),
        "tree_hi": number("95 % point", null=False),
        "static": number("share of attributed reshares that is left without their posts"),
    },
)

BROKERS = Table(
    name="brokers",
    row="one account whose posts were passed on across a border",
    key=("appeal_id", "account_id", "across"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "account_id": ident("the account that was shared", "account", null=False),
        "across": text(
            "which border: of language, platform or community",
            null=False,
            values=("language", "platform", "community"),
        ),
        "credit": number(
            "posts that hang from shares of its posts on the other side, themselves included; the "
            "mean over draws where parents are hidden",
            null=False,
        ),
        "crossings": number("shares of its posts from the other side, in the mean", null=False),
        "betweenness": number("share of shortest ways between others that lead over it"),
        "betweenness_sampled": flag("whether that is an estimate from some accounts"),
        "constraint": number("Burt's: low where its neighbours do not know each other"),
        "effective_size": number("Burt's: neighbours, less what they have in common"),
    },
)

TIMELINE = Table(
    name="timeline",
    row="one platform in one window of time; windows without posts have no row",
    key=("appeal_id", "platform", "every", "at"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": PLATFORM_NAME,
        "every": text("length of the window: 1h or 1d", null=False),
        "at": time("its start; the window is half-open", null=False),
        "posts": count("posts held, of every kind", null=False),
        "originals": count("originals and articles among them", null=False),
        "shares": count("reposts and quotes among them", null=False),
        "replies": count("replies and comments among them", null=False),
        "accounts": count("distinct accounts among them", null=False),
        "gone": count("of them, seen later as deleted or no longer shown", null=False),
    },
)

LANGUAGES = Table(
    name="languages",
    row="one language on one platform: how much of what is held is in it",
    key=("appeal_id", "platform", "lang"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": PLATFORM_NAME,
        "lang": text(
            "BCP 47 code; und where there are words and nobody tells their language; null where "
            "there are neither words nor a code"
        ),
        "posts": count("posts held in it, of every kind", null=False),
        "originals": count("originals and articles among them", null=False),
        "shares": count("reposts and quotes among them", null=False),
        "replies": count("replies and comments among them", null=False),
        "accounts": count("distinct accounts with a post in it; one may have several", null=False),
        "detected": count("posts whose words tell it; of und, whose words do not", null=False),
        "by_platform": count("posts of which only the platform tells it", null=False),
        "by_original": count("reposts that have it from the post they pass on", null=False),
        "share": number("part of all posts held of the platform: 0 … 1", null=False),
        "share_of_known": number("part of those in a known language; null for und and null"),
    },
)

ATTENTION = Table(
    name="attention",
    row="the posts of one appeal on one platform, or on all, as a series in time",
    key=("appeal_id", "platform"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": text("the platform, or all: the posts of several added up", null=False),
        "posts": count("posts held whose time is known", null=False),
        "outside": count(
            "of them, how many lie outside the shortest stretch that holds 95 %; the rest of the "
            "row but `half_at` tells nothing of them",
            null=False,
        ),
        "minutes": count("width of the bins that are compared", null=False),
        "dispersion": number(
            "how much wider neighbouring bins differ than by chance alone: 1 as Poisson's"
        ),
        "began_at": time("the first post", null=False),
        "half_at": time(
            "when half of these posts were there; it moves as more are held", null=False
        ),
        "seen_until": time("the last post: nothing is known of what came after", null=False),
        "peak_at": time("start of the bin with most posts, the first if several"),
        "peak_posts": count("posts in it"),
        "half_life_hours": number(
            "hours from there to the next bin with at most half as many; null where none is held"
        ),
    },
)

PHASES = Table(
    name="phases",
    row="a stretch of time in which posts came at one pace",
    key=("appeal_id", "platform", "phase"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": text("the platform, or all", null=False),
        "phase": count("0, 1, 2, … in order", null=False),
        "from": time("its first bin", null=False),
        "from_lo": time("5 % point of where it began; null for the first"),
        "from_hi": time("95 % point"),
        "to": time("its end, half-open", null=False),
        "minutes": count("width of the bins", null=False),
        "posts": count("posts in it", null=False),
        "per_hour": number("posts an hour", null=False),
        "ratio": number("its pace divided by that of the phase before; null if that had none"),
        "trend": text(
            "whether that is a rise or a fall", null=False, values=("start", "rise", "fall")
        ),
    },
)

PEAKS = Table(
    name="peaks",
    row="a bin of time that stands out from those around it",
    key=("appeal_id", "platform", "rank"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": text("the platform, or all", null=False),
        "rank": count("1 for the most prominent", null=False),
        "at": time("its start", null=False),
        "minutes": count("its width", null=False),
        "posts": count("posts in it", null=False),
        "prominence": number("posts by which it stands out", null=False),
        "half_life_hours": number(
            "hours to the next bin with at most half as many; null where none is held"
        ),
    },
)

DECAY = Table(
    name="decay",
    row="one law of decay, fitted to posts from the busiest bin on, until their pace rises again",
    key=("appeal_id", "platform", "law"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": text("the platform, or all", null=False),
        "law": text(
            "exponential, power or bi-exponential; null where nothing is fitted",
            values=("exponential", "power", "bi-exponential"),
        ),
        "minutes": count("width of the bins", null=False),
        "bins": count(
            "bins from the busiest on, up to the next phase of a faster pace", null=False
        ),
        "posts": count("posts in them", null=False),
        "dispersion": number("how much wider bins lie around the nearest law than Poisson's would"),
        "deviance": number("Poisson deviance of the fit: the smaller, the nearer"),
        "weight": number("Akaike weight of this law among those fitted, 0 … 1"),
        "half_life_hours": number("hours until half is left, by this law"),
        "half_life_lo": number("its 95 % interval; null where the data do not settle it"),
        "half_life_hi": number("its upper end; null where it has none"),
        "figures": text("the law's figures as JSON, rates an hour"),
        "note": text("why nothing is fitted"),
    },
)

COUNTER_HISTORY = Table(
    name="counter_history",
    row="what one platform showed by one time, added over the posts held; never over platforms",
    key=("appeal_id", "platform", "metric", "definition", "at"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": PLATFORM_NAME,
        "metric": text("what was counted", null=False, values=METRICS),
        "definition": text("the platform's own name for it", null=False),
        "at": time("the time up to which it was shown; null where no payload says when"),
        "value": count("sum of each post's newest number", null=False),
        "posts": count("posts that had shown a number by then", null=False),
    },
)

REACH = Table(
    name="reach",
    row="what is known by one time of how far an appeal went on one platform; never over platforms",
    key=("appeal_id", "platform", "at"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": PLATFORM_NAME,
        "at": time(
            "everything up to then, it included, is counted; null: all, with posts without a time"
        ),
        "posts": count("posts held, of every kind", null=False),
        "unknown": count("posts among them whose account is not known", null=False),
        "accounts": count("distinct accounts that posted them: a floor", null=False),
        "carriers": count(
            "accounts among them that wrote an original or an article, or shared", null=False
        ),
        "counted": count("carriers whose number of followers is known, 0 included", null=False),
        "hidden": count("carriers whose number of followers is not known", null=False),
        "largest": count("most followers of one counted carrier; null where none is counted"),
        "follower_sum": count(
            "followers of all counted carriers added; whoever follows two counts twice"
        ),
        "union_lo": count("at least so many accounts follow one of the carriers: `largest`"),
        "union_hi": count(
            "at most so many do: `follower_sum`, or `population` where that is less; null where a "
            "carrier is hidden or unknown and no population is stated"
        ),
        "population": count("accounts on the platform as groundswell.toml states; null: no cap"),
        "scenario_lo": count("the stated low visibility times `largest`, rounded down"),
        "scenario_hi": count(
            "the stated high visibility times `follower_sum`, rounded up, at most `union_hi`; null "
            "where a carrier is hidden or unknown"
        ),
        "counted_from": time("when the oldest number of followers used was seen"),
        "counted_to": time("when the newest one was seen"),
        "undated": count("numbers of followers used that do not say when they were seen",
                         null=False),
        "note": text("what the interval takes for granted, or why there is none", null=False),
    },
)  # fmt: skip

VIEWS = Table(
    name="views",
    row="what one platform showed as views by one time, by one definition, added over the posts",
    key=("appeal_id", "platform", "definition", "part", "at"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": PLATFORM_NAME,
        "definition": text("the platform's own name for it, verbatim", null=False),
        "part": count(
            "changes of what the platform counts that lie before it; numbers of two parts are no "
            "series. Null where `at` is"
        ),
        "at": time("the time up to which it was shown; null where no payload says when"),
        "value": count("sum of each post's newest number in this part", null=False),
        "posts": count("posts that had shown a number in this part by then", null=False),
        "counts": text("what is counted, in words; null where no source is held"),
        "note": text("why a series ends before this row, on the first row after the break"),
        "source": text("address of where the platform says what it counts, or that it changed"),
    },
)

OVERLAPS = Table(
    name="overlaps",
    row="how many distinct accounts follow the carriers whose lists of followers are held",
    key=("appeal_id", "platform", "method", "account_id", "other_account_id"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": PLATFORM_NAME,
        "method": text(
            "exact: complete lists; held: a floor, from whatever is held of all lists; sketch: the "
            "same, estimated; sample: one complete list and a part of the other; capture: the "
            "public that two complete lists were drawn from, were they independent",
            null=False, values=OVERLAP_METHODS,
        ),
        "account_id": ident("one of a pair of carriers; null for all of them", "account"),
        "other_account_id": ident("the other one", "account"),
        "carriers": count("carriers it is about, with a list or without", null=False),
        "lists": count("of these, how many have a list of followers", null=False),
        "complete": count(
            "of these, how many lists are as long as the number of followers", null=False
        ),
        "followers": count("followers of the two as counted, added; null for all"),
        "sampled": count("accounts of the partial list that were looked at"),
        "both": count("accounts that are in both lists"),
        "value_lo": count("its lower end, at 95 %, rounded down"),
        "value": count("distinct accounts, nearest whole number", null=False),
        "value_hi": count("its upper end, at 95 %, rounded up; null where it is only a floor"),
        "at_least": flag("whether it is a floor", null=False),
        "note": text("what it takes for granted", null=False),
    },
)  # fmt: skip

COVERAGE = Table(
    name="coverage",
    row="one thing that could be known, and how much of it is",
    key=("appeal_id", "platform", "what"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "platform": PLATFORM_NAME,
        "what": text("what was counted", null=False),
        "held": count("how many of them the store holds", null=False),
        "known": count("how many there are; null where nobody says"),
        "share": number("held / known; null where unknown or where known is 0"),
        "note": text("what it means for a reader", null=False),
    },
)

LAGS = Table(
    name="lags",
    row="the first response of an appeal at one rung of the ladder",
    key=("appeal_id", "rung"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "rung": Column(dtype=pl.Int8, doc="the rung", null=False),
        "response_id": text("the response that can have been first", null=False),
        "responses": count("responses coded at this rung", null=False),
        "clock_start": time("where the clock starts, at the earliest"),
        "clock_end": time("where it starts, at the latest"),
        "clock_basis": text("published (declared) or first_post (the first post held)"),
        "lag_lo": number("hours from there to the earliest possible time"),
        "lag_hi": number("hours from there to the latest possible time of a first response"),
        "before_appeal": text(
            "whether the authority acted before that start; perhaps where dates do not tell",
            values=BEFORE,
        ),
        "peak_from": time("start of the bin with most posts; null where no series is told"),
        "peak_to": time("its end"),
        "peak_basis": text("stands_out (in `peaks`), or busiest: no bin stands out", values=PEAKED),
        "peak_lag_lo": number("hours from that bin's end to the earliest possible time"),
        "peak_lag_hi": number("hours from its start to the latest; negative: before the peak"),
        "first_lag_lo": number(
            "least hours since the first acknowledgement (rung 1); 0 for that itself; null "
            "without one"
        ),
        "first_lag_hi": number("most hours since then"),
    },
)

RESPONSE_ATTENTION = Table(
    name="response_attention",
    row="one response, one kind of attention, one length of window: before it and after it",
    key=("appeal_id", "response_id", "what", "days"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "response_id": text("the response", null=False),
        "what": text(
            "posts held; or signatures, where they were shown twice or more",
            null=False,
            values=BESIDE,
        ),
        "days": number("length of each window", null=False),
        "from": time("earliest time at which the response can have happened", null=False),
        "to": time("latest", null=False),
        "held_from": time(
            "first post held, or first time signatures were shown; null where none is"
        ),
        "held_to": time("when last anything was collected: nothing is known of what came after"),
        "gap_hours": number(
            "longest stretch of the windows without a post, or without a number shown: silence and "
            "a pause of the collector look alike"
        ),
        "before_lo": number(
            "posts or signatures a day before it, the least over its possible times"
        ),
        "before_hi": number("the most"),
        "after_lo": number("a day after it, the least over its possible times"),
        "after_hi": number("the most"),
        "before_percentile_lo": number(
            "share of all windows of this length with fewer than the one before, ties half: "
            "0 … 1; the least"
        ),
        "before_percentile_hi": number("the most"),
        "percentile_lo": number("the same of the window after: the least"),
        "percentile_hi": number("the most"),
        "before": count("how many before it, were it in the middle of its possible times"),
        "after": count("how many after it, the same"),
        "ratio": number("after by before, the same; null where nothing was before"),
        "ratio_least": number("the least over its possible times"),
        "ratio_most": number("the most"),
        "ratio_lo": number(
            "95 % interval of the ratio, its least lower end: conditional binomial, counts divided "
            "by `dispersion`; null where that is not told"
        ),
        "ratio_hi": number("its greatest upper end; null where there is none below a million"),
        "exact_lo": number("the same as if each came by itself (dispersion 1): the lower end"),
        "exact_hi": number("the upper end"),
        "dispersion": number(
            "how much wider counts within the windows differ than by chance alone: 1 as Poisson's; "
            "null where numbers were shown too seldom to tell"
        ),
        "windows": count(
            "other dates of this appeal, a window apart and outside its windows, whose ratio is "
            "told"
        ),
        "placebo_p": number(
            "(1 + of them, with as large a change, up or down) / (1 + all), the largest over its "
            "possible times; null below 20 of them"
        ),
        "note": text("why something is null, or what to mind"),
    },
)

WAITS = Table(
    name="waits",
    row="one appeal and one ending: how long it waited, or still waits",
    key=("appeal_id", "ending"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "ending": text("the first response at this rung or above; or at any negative rung",
                       null=False, values=ENDINGS),
        "lo_days": number(
            "days from the start to the earliest possible time of it, negative where it came "
            "before; where it has not come, to when it was last looked for"
        ),
        "hi_days": number("to its latest possible time; null where it has not come"),
        "is_ended": flag("whether it came; null where nobody knows"),
        "is_counted": flag("whether curves and tests count it; `note` says why not", null=False),
        "response_id": text("the response that can have been first"),
        "clock_start": time("where the days are counted from, at the earliest"),
        "clock_end": time("at the latest"),
        "clock_basis": text("published (declared) or first_post (the first post held)"),
        "register": text("the register that the appeal is of; null for none"),
        "jurisdiction": text("ISO 3166 code of the country whose authorities are asked"),
        "selection": text("how appeals came to be in this store; null where it is not told"),
        "note": text("why it is not counted, or what to mind"),
    },
)  # fmt: skip

SURVIVAL = Table(
    name="survival",
    row="one time in the curve of those who still wait, of one register and one ending",
    key=("register", "ending", "day"),
    measured=True,
    columns={
        "register": text("the register; null for appeals of none"),
        "ending": text("what they wait for", null=False, values=ENDINGS),
        "method": text("kaplan_meier, or turnbull where dates are wide; null where refused",
                       values=CURVES),
        "day": number("days from the start; null in the one row of a refusal"),
        "from_day": number(
            "where the step begins: earlier than `day` where dates are wide and nothing is known "
            "in between"
        ),
        "at_risk": count("appeals that can still have waited just before that"),
        "ended": count("of these, how many ended then; null where dates are wide"),
        "censored": count("of these, how many were last looked at then"),
        "waiting": number("estimated share that still waits after it: 0 … 1"),
        "waiting_lo": number("its 95 % band (log-log); null where it cannot be told"),
        "waiting_hi": number("the upper end"),
        "selection": text("the worst way in which any of them came to be in the store"),
        "note": text("what is missing, or what to mind"),
    },
)  # fmt: skip

MEDIAN_WAITS = Table(
    name="median_waits",
    row="how long half of a register's appeals waited for one ending",
    key=("register", "ending"),
    measured=True,
    columns={
        "register": text("the register; null for appeals of none"),
        "ending": text("what they wait for", null=False, values=ENDINGS),
        "appeals": count("appeals that are counted", null=False),
        "ended": count("of these, for how many it came", null=False),
        "left_out": count("appeals that are not counted: `waits` says why", null=False),
        "early": count("of these, how many had it before they were published", null=False),
        "median_lo": number("lower end of its 95 % interval, days"),
        "median": number("days by which half no longer wait; null where fewer have ended"),
        "median_hi": number("upper end; null where the curve's band stays above one half"),
        "watched_days": number("the longest that any of them was looked at"),
        "selection": text("the worst way in which any of them came to be in the store"),
        "note": text("what is missing, or what to mind"),
    },
)

WAIT_COMPARISONS = Table(
    name="wait_comparisons",
    row="two sets of appeals and one ending: whether they wait alike (log-rank)",
    key=("by", "register", "ending", "one", "other"),
    measured=True,
    columns={
        "by": text("what parts them", null=False, values=PARTED),
        "register": text("the register within which they are compared; null across registers"),
        "ending": text("what they wait for; null in the row of a refusal", values=ENDINGS),
        "one": text("one set; many or few posts or signatures: above the median, or not"),
        "other": text("the other set; `others`: all but the one"),
        "landmark_days": number("only who still waited then is compared, from then on"),
        "appeals": count("appeals in both sets"),
        "one_appeals": count("in the one"),
        "one_ended": count("for how many of these it came"),
        "other_appeals": count("in the other"),
        "other_ended": count("for how many of these it came"),
        "statistic": number("chi-square with one degree of freedom"),
        "p": number(
            "chance of so large a difference where both wait alike; the larger of that with all "
            "dates at their earliest and at their latest"
        ),
        "tests": count("comparisons with a p in this table: that many were tried"),
        "q": number("false discovery rate over all of them (Benjamini and Hochberg)"),
        "selection": text("the worst way in which any of them came to be in the store"),
        "note": text("what is missing, or what to mind"),
    },
)

COMPETING = Table(
    name="competing",
    row="the share of a register's appeals to which one of several ends came first, by a day",
    key=("register", "ending", "day"),
    measured=True,
    columns={
        "register": text("the register; null for appeals of none"),
        "ending": text("which came first; or that none has", values=FIRST),
        "day": number("days from the start; null in the one row of a refusal"),
        "share": number("share to which it has come first by then; all ends add up to 1"),
        "share_lo": number("the least, where dates do not tell which of two came first"),
        "share_hi": number("the most"),
        "appeals": count("appeals that are counted", null=False),
        "ended": count("of these, to how many this end came first"),
        "undecided": count("of these, for how many dates do not tell which came first"),
        "answered_later": count("appeals that were closed first and helped or harmed afterwards"),
        "selection": text("the worst way in which any of them came to be in the store"),
        "note": text("what is missing, or what to mind"),
    },
)

AGREEMENT = Table(
    name="agreement",
    row="one field that two coders and more coded, and how far they agree",
    key=("field",),
    measured=True,
    columns={
        "field": text("verb_root, verb_code, target, level or rung", null=False),
        "level": text("how differences count", null=False, values=("nominal", "ordinal")),
        "responses": count("coded by two or more", null=False),
        "coders": count("different coders", null=False),
        "alpha": number("Krippendorff's alpha; null where there is nothing to disagree about"),
        "alpha_lo": number("its 2.5 % point over responses drawn anew"),
        "alpha_hi": number("its 97.5 % point"),
        "reading": text("firm from .8, tentative from .667, else weak", values=READINGS),
    },
)

DISAGREEMENTS = Table(
    name="disagreements",
    row="what one coder made of a field of a response on which coders differ, to be settled",
    key=("response_id", "field", "coder"),
    measured=True,
    columns={
        "response_id": text("the response", null=False),
        "field": text("the field", null=False),
        "coder": text("the coder", null=False),
        "value": text("the code given"),
        "on_record": text("the code in `responses` now: what was settled, if anything was"),
    },
)

CLOCKS = Table(
    name="clocks",
    row="one rule of an appeal's jurisdiction: what is owed by when, and what became of it",
    key=("appeal_id", "clock"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "clock": text("the rule (analytics/data/clocks.toml); none where none is held", null=False),
        "jurisdiction": text("ISO 3166 code of the country whose authorities are asked"),
        "what": text("what is owed"),
        "only_if": text("a condition that the tables do not tell; null where it is owed anyway"),
        "basis": text("what starts it; never an upload", values=("registered", "signatures")),
        "timezone": text("where its days begin and end; null where there is no rule"),
        "started_lo": time("when it started, at the earliest; null where that is not known"),
        "started_hi": time("when it started, at the latest; null where it is not known to run"),
        "due_lo": time("end of the day by which it is owed; null where no time is promised"),
        "due_hi": time("the same with the longest extension, and the latest start"),
        "judged_at": time("until when answers were looked for", null=False),
        "state": text(
            "as of then; waiting before the day it is due, overdue after the latest; unknown where "
            "no clock is known to run",
            null=False,
            values=CLOCK_STATES,
        ),
        "response_id": text("the first act that answers or refuses"),
        "answered_lo": time("when that was, at the earliest"),
        "answered_hi": time("when that was, at the latest"),
        "is_late": flag(
            "whether that, or nothing so far, came after the latest due; null where it cannot be "
            "told"
        ),
        "note": text("what to know of it"),
        "source": text("where the rule is written, and when that was looked up"),
    },
)

INTERRUPTIONS = Table(
    name="interruptions",
    row="one response and one method: posts a day from it on, over those that were expected",
    key=("appeal_id", "response_id", "method"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "response_id": text("the response", null=False),
        "method": text("how it was told", null=False, values=INTERRUPTED),
        "day": time("the day of the response; null where it is not known to a day"),
        "before": count("days looked at before it"),
        "after": count("days looked at from it on"),
        "controls": count("series of other appeals that had no response at that time", null=False),
        "ratio": number("posts a day over those expected; null where not told"),
        "ratio_lo": number("its lower end, at 95 %"),
        "ratio_hi": number("its upper end"),
        "placebos": count("days before the response tried in the same way"),
        "placebo_p": number(
            "(1 + placebo days as extreme) / (1 + placebo days); null below 20 of them"
        ),
        "agrees": flag(
            "whether all methods tell the same side and the same verdict; null where one has none"
        ),
        "note": text("what is missing"),
    },
)

EPOCHS = Table(
    name="epochs",
    row="one appeal: posts a day around all its responses laid over each other",
    key=("appeal_id",),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "moments": count("days with a response and whole windows around them", null=False),
        "overlapping": count("of them, how many share days with the next", null=False),
        "reach": count("days on either side", null=False),
        "before": number("mean posts a day before; null where not told"),
        "after": number("mean posts a day from the response on"),
        "rise": number("after less before"),
        "p": number("share of shifts of all moments together that rise as much"),
        "note": text("what is missing"),
    },
)

LEADS = Table(
    name="leads",
    row="two platforms of an appeal: which of them moved first, by three readings",
    key=("appeal_id", "one", "other"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "one": text("a platform", null=False),
        "other": text("another", null=False),
        "days": count("days of both", null=False),
        "lag": count("days by which `one` leads where whitened series stand out; negative: lags"),
        "correlation": number("at the lag at which it is largest, after whitening"),
        "bound": number("what chance stays within over all lags, at 95 %"),
        "p_one": number("Granger's p that changes of `one` tell of those of `other`"),
        "p_other": number("and the other way"),
        "bits_one": number("transfer entropy from `one` to `other`, less that of shuffled series"),
        "bits_other": number("and the other way"),
        "note": text("what it cannot tell, or what is missing", null=False),
    },
)

OPINIONS = Table(
    name="opinions",
    row="the share of posts with a stance towards an authority, in one stretch of days",
    key=("appeal_id", "target", "stance", "from", "method"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "target": text("which authority; any for all of them", null=False),
        "stance": text("what is said", null=False, values=STANCES_OF),
        "from": time("the first day of the stretch; that of the first post for the whole"),
        "to": time("its last day"),
        "is_whole": flag("whether it is the whole time", null=False),
        "method": text("codes alone, or helped by a classifier", null=False, values=OPINED),
        "posts": count("posts with words in the stretch", null=False),
        "coded": count("of them, how many a person coded", null=False),
        "share": number("estimated share of these posts; null where too few were coded"),
        "lo": number("its lower end, at 95 %"),
        "hi": number("its upper end"),
        "worth": number("coded posts without a classifier that would tell as much"),
        "note": text("what is missing"),
    },
)

OPINION_AGREEMENT = Table(
    name="opinion_agreement",
    row="one field of the coded posts, and how far coders agree on it",
    key=("appeal_id", "field"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "field": text("stance or target", null=False),
        "posts": count("coded by two or more", null=False),
        "coders": count("different coders", null=False),
        "alpha": number("Krippendorff's alpha, nominal; null where there is nothing to differ on"),
        "alpha_lo": number("its 2.5 % point over posts drawn anew"),
        "alpha_hi": number("its 97.5 % point"),
    },
)

CLAIMS = Table(
    name="claims",
    row="one statement that the data carry, with all that it rests on",
    key=("claim_id",),
    measured=True,
    columns={
        "claim_id": text("what it is of, unique in the store", null=False),
        "level": Column(
            dtype=pl.Int8,
            doc="0: it occurred; 1: it is associated in time; 2: it exceeds what placebo dates "
            "show; 3: it is consistent with an effect, on assumptions",
            null=False,
        ),
        "template": text("which statement", null=False, values=TEMPLATES),
        "appeal_id": text("the appeal; null where it is of several"),
        "response_id": text("the response, if it is of one"),
        "rung": Column(dtype=pl.Int8, doc="the rung of the response ladder"),
        "about": text("the ending and groups compared, or where a clock starts; else null"),
        "value": number("what was found, in `unit`"),
        "value_lo": number("its lower end"),
        "value_hi": number("its upper end"),
        "unit": text("hours, days, times or posts per day"),
        "n": count("what was counted: responses, or appeals", null=False),
        "window": number("days looked at on either side, or followed"),
        "compared_with": text("against what it was held; null where against nothing"),
        "tests": count("of this kind tried in this store", null=False),
        "q": number("false discovery rate over them; null where nothing was tested"),
        "rivals": strings("what else would look the same, and whether it is there"),
        "needs": text("what the next level would take; null on the highest"),
    },
)

CANDIDATES = Table(
    name="candidates",
    row="one post that may be a response or tell of one; a person has to judge",
    key=("appeal_id", "post_id"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "post_id": ident("the post, or the id of what a machine coded", "post", null=False),
        "account_id": ident("whose post it is; null where that is not told", "account"),
        "platform": PLATFORM_NAME,
        "at": time("when it was published"),
        "kind": text("what it does", null=False, values=KINDS),
        "why": text("the fact that brought it up", null=False),
        "text": text("its words"),
        "urls": strings("links in it"),
        "sentence": text("the sentence that tells of an act; null where none was found"),
        "language": text("in which it was read", values=READ_IN),
        "actor": text("the authority, in the word that the sentence has for it"),
        "actor_code": text(
            "CAMEO: the country that the appeal is of, and the role of the actor; null where one "
            "of them is not known"
        ),
        "actor_kind": text("what kind of body that is (docs/codebook.md)"),
        "verb_code": text("what was done: CAMEO"),
        "target": text("whom it was done to", values=TARGETS),
        "from": time("beginning of the day that the sentence names (UTC); null where none is"),
        "to": time("end of that day"),
        "score": number("how much of an act the sentence tells, 0 … 1; no probability"),
    },
)

COORDINATION = Table(
    name="coordination",
    row="one kind of object and one window: how often accounts share the same within it",
    key=("appeal_id", "object", "window"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "object": text("what is shared", null=False, values=OBJECTS),
        "window": number("seconds; null where the data give none"),
        "window_basis": text(
            "set, or data: a tenth of the gaps between two shares of one object are shorter",
            null=False,
            values=("set", "data"),
        ),
        "participation": count("shares that an account must have, in all and in pairs", null=False),
        "shares": count("shares with an account and a time", null=False),
        "unplaced": count("shares without an account or a time: left out", null=False),
        "accounts": count("accounts that shared", null=False),
        "objects": count("distinct objects shared", null=False),
        "pairs": count("two shares of one object by two accounts within the window"),
        "accounts_in_pairs": count("accounts in them"),
        "edges": count("two accounts that make a pair; null where all their objects are left out"),
        "quantile": number("of the edges' weights (pairs an edge): above it an edge is strong"),
        "threshold": number("that quantile; null without an edge"),
        "edges_above": count("edges that weigh more than the threshold"),
        "accounts_above": count("accounts in these"),
        "repeated": count("edges of all shares, whatever participation, that weigh 2 or more"),
        "null_mean": number("such edges in the mean, accounts dealt anew within each object"),
        "null_lo": number("their 2.5 % point"),
        "null_hi": number("their 97.5 % point"),
        "p": number("(1 + draws with as many or more) / (1 + draws)"),
        "q": number("false discovery rate over all rows of the appeal (Benjamini and Hochberg)"),
        "repeated_3": count("edges that weigh 3 or more"),
        "null_mean_3": number("such edges in the mean, accounts dealt anew"),
        "p_3": number("p of these"),
        "met": count("edges of pairs under 2 objects or more"),
        "null_mean_met": number("such edges in the mean, accounts dealt anew"),
        "p_met": number("p of these"),
        "permutations": count("draws"),
        "traded": count("edges that weigh 2 or more, an account counting once for each object"),
        "traded_mean": number("such edges in the mean, accounts trading objects (curveball)"),
        "traded_lo": number("their 2.5 % point"),
        "traded_hi": number("their 97.5 % point"),
        "traded_p": number("p of these"),
        "trades": count("draws"),
        "groups": count("groups of accounts that meet again beyond accounts dealt anew"),
        "accounts_in_groups": count("accounts in them"),
        "groups_traded": count(
            "groups of accounts that meet again beyond accounts trading objects"
        ),
        "accounts_in_groups_traded": count("accounts in them"),
        "left_out": count("objects with so many pairs that they make no edge here"),
        "left_out_pairs": count("their pairs, which are counted above"),
        "not_drawn": count("objects with so many pairs that they are not held against chance"),
        "note": text("what was bounded, or why something is null"),
    },
)

COORDINATION_GROUPS = Table(
    name="coordination_groups",
    row="one group of accounts that meet again within a window beyond chance, as sums",
    key=("appeal_id", "object", "window", "chance", "group"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "object": text("what they share", null=False, values=OBJECTS),
        "window": number("seconds", null=False),
        "chance": text(
            "what they go beyond: dealt, accounts dealt anew within each object; or traded, "
            "accounts trading objects: weaker, as accounts of one taste go beyond it too",
            null=False,
            values=CHANCES,
        ),
        "group": count("1 for the largest", null=False),
        "accounts": count("accounts in it", null=False),
        "edges": count("edges between them that weigh 2 or more beyond chance", null=False),
        "objects": count("objects that these share", null=False),
        "pairs": count("pairs of shares in these edges", null=False),
        "meetings": count("sum over the edges of the objects under which the two meet", null=False),
        "expected": number("that sum in the mean, by this chance", null=False),
        "q": number("share of chance among edges as seldom as its commonest", null=False),
        "median_gap": number("seconds between the two shares of a pair, the median"),
        "platforms": strings("platforms of the shares; null below 10 accounts"),
        "from_at": time("hour of the first share of a pair; null below 10 accounts"),
        "to_at": time("hour of the last"),
    },
)

COORDINATION_FLAGS = Table(
    name="coordination_flags",
    row="how one trait is spread over accounts: over all, or over those in groups",
    key=("appeal_id", "object", "window", "chance", "flag"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "object": text("what they share; null for all accounts", values=OBJECTS),
        "window": number("seconds; null for all accounts"),
        "chance": text("what the groups go beyond; null for all accounts", values=CHANCES),
        "flag": text("the trait", null=False, values=FLAGS),
        "accounts": count("accounts of which it is known", null=False),
        "q25": number("a quarter is below; null below 10 accounts"),
        "q50": number("the median"),
        "q75": number("three quarters are below"),
    },
)

SIMILARITY = Table(
    name="similarity",
    row="how alike accounts are in what they share, whenever",
    key=("appeal_id", "object"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "object": text("what is shared", null=False, values=OBJECTS),
        "least_shares": count("shares that an account must have", null=False),
        "accounts": count("accounts that have them", null=False),
        "compared": count("of these, how many were compared", null=False),
        "pairs": count("two accounts that share an object", null=False),
        "cutoff": number("cosine of TF-IDF above which the pairs at the top lie"),
        "edges": count("pairs at or above it", null=False),
        "accounts_in_edges": count("accounts in them", null=False),
        "components": count("groups that these edges make", null=False),
        "largest": count("accounts in the largest", null=False),
        "note": text("what was bounded, or why something is null"),
    },
)

LAYOUT = Table(
    name="layout",
    row="one post, placed in the pictures called time-river and tree",
    key=("appeal_id", "post_id"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "node": count("its number in the picture: 0, 1, 2, … within the appeal", null=False),
        "post_id": ident("the post", "post", null=False),
        "parent": count("number of the post it hangs from; null for the first of a branch"),
        "account_id": ident("who posted", "account"),
        "platform": PLATFORM_NAME,
        "kind": text("what it does", null=False, values=KINDS),
        "basis": text("how that link is known; null where only the root is", values=BASES),
        "confidence": number("probability of that parent; null where only the root is known"),
        "lang": text("the language of its words, or its platform's word for it; null if unknown"),
        "role": text("what kind of account posted it", values=ROLES),
        "at": time("when", null=False),
        "x": number("time, in hours since the appeal's first post", null=False),
        "y": number("place across the river; lanes are platforms", null=False),
        "tree_x": number("place in the tree; a post has an area of pi", null=False),
        "tree_y": number("place in the tree; (0, 0) is the middle", null=False),
        "descendants": count("posts that hang from it, directly or not", null=False),
    },
)

ACCOUNT_MAP = Table(
    name="account_map",
    row="one account in the picture called map, or those of a community that are not drawn singly",
    key=("appeal_id", "node"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "node": count("its number in the picture: 0, 1, 2, … within the appeal", null=False),
        "account_id": ident("the account; null for several that stand as one", "account"),
        "community": count("its community; null outside the largest component"),
        "platform": text("its platform; of several, the one of most", null=False),
        "lang": text("the language it posts in most; null if unknown, and for several"),
        "role": text("what kind of account it is; null for several", values=ROLES),
        "accounts": count("accounts that stand here: 1 where they are drawn singly", null=False),
        "shared": count("shares of theirs by accounts elsewhere in the picture", null=False),
        "sharing": count("shares that they made of accounts elsewhere", null=False),
        "first_at": time("the first of these shares; null where none has a time"),
        "x": number("place; those with many ties lie together", null=False),
        "y": number("place; the unit is arbitrary", null=False),
    },
)

ACCOUNT_TIES = Table(
    name="account_ties",
    row="shares between two places of the picture called map",
    key=("appeal_id", "source", "target"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "source": count("number in ``account_map`` of who was shared", null=False),
        "target": count("number of who shared", null=False),
        "shares": count("how often", null=False),
        "observed": count(
            "of these, those whose parent is known; the others name the original's author alone",
            null=False,
        ),
        "first_at": time("the first of them"),
    },
)

SUMMARY = Table(
    name="summary",
    row="one appeal in a few numbers, all of them counts of what is held",
    key=("appeal_id",),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "posts": count("posts held", null=False),
        "accounts": count("distinct accounts that took part, as far as known", null=False),
        "platforms": strings("platforms, the one with most posts first"),
        "shares": count("reposts and quotes held", null=False),
        "observed": count("of these, how many have an observed parent", null=False),
        "first_at": time("the first post"),
        "last_at": time("the last post"),
        "window_from": time("start of the shortest stretch that holds 95 % of the posts"),
        "window_to": time("its end"),
        "window_posts": count("posts in it", null=False),
        "top_post_id": ident("the post that most shares name as what they share", "post"),
        "top_account_id": ident("who wrote it", "account"),
        "top_shares": count("how many shares name it", null=False),
        "top_reposts": count("how many of these are reposts", null=False),
        "top_source_id": ident("the account that most shares name as their source", "account"),
        "top_source_shares": count("how many shares name it", null=False),
        "responses": count("responses on record", null=False),
    },
)
