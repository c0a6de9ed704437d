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
from analytics.tables import BASES, JOINS, KINDS, METHODS, METRICS

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
        "clock_start": time("where the clock starts"),
        "clock_basis": text("published (declared) or first_post (the first post held)"),
        "lag_lo": number("hours from there to the earliest possible time"),
        "lag_hi": number("hours from there to the latest possible time of a first response"),
    },
)

CANDIDATES = Table(
    name="candidates",
    row="one post of an official account that may be a response; a person has to judge",
    key=("appeal_id", "post_id"),
    measured=True,
    columns={
        "appeal_id": APPEAL_ID,
        "post_id": ident("the post", "post", null=False),
        "account_id": ident("the official account", "account", null=False),
        "platform": PLATFORM_NAME,
        "at": time("when it was published"),
        "kind": text("what it does", null=False, values=KINDS),
        "why": text("the fact that brought it up", null=False),
        "text": text("its words"),
        "urls": strings("links in it"),
    },
)

LAYOUT = Table(
    name="layout",
    row="one post, placed in the picture called time-river",
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
        "at": time("when", null=False),
        "x": number("time, in hours since the appeal's first post", null=False),
        "y": number("place across the river; lanes are platforms", null=False),
        "descendants": count("posts that hang from it, directly or not", null=False),
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
