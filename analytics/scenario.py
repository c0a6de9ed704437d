"""What the simulated appeal is about: its story, its platforms, its words.

The story follows the published timeline of Esik (Kazakhstan, 2016): suspects of an assault are
released, the victim's mother publishes a 3½-minute video, national media carry it, regional
authorities open a new investigation and arrest suspects, an anticorruption agency examines the
police, the trial opens and is adjourned. Everything else is invented: every account, text, number
and host. Actors are called by their office, and days that were not published are intervals. Bluesky
was not there yet in 2016: it is in because it tells through which repost another came. How posts
spread is in ``analytics/branching.py``, what is planted among them in ``analytics/planting.py``.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

VIDEO = "youtube:simulated"
VIDEO_URL = "https://youtube.example/watch?v=simulated"
APPELLANT = "youtube:appellant"
REGISTERED = datetime(2016, 8, 15, 4, tzinfo=UTC)
PUBLISHED = datetime(2016, 8, 27, 14, tzinfo=UTC)  # 20:00 in Almaty, which was at UTC+6
COLLECTED = datetime(2016, 11, 1, tzinfo=UTC)
HOURS = (COLLECTED - PUBLISHED) // timedelta(hours=1)

# Posts by hour of the local day, from midnight on, beside a day of equal hours.
RHYTHM = np.array(
    [
        [0.50, 0.25, 0.12, 0.08, 0.08, 0.15, 0.35, 0.65, 0.90, 1.05, 1.10, 1.15],
        [1.20, 1.25, 1.20, 1.15, 1.15, 1.20, 1.35, 1.60, 1.85, 1.90, 1.60, 1.05],
    ]
).ravel()


class Act(NamedTuple):
    """One act of an authority, and the size of the news wave that its report sets off."""

    earliest: datetime
    latest: datetime
    actor: str
    actor_code: str
    level: str
    verb_code: str
    target: str
    summary: str
    confidence: float
    news: float


def _day(month: int, day: int) -> datetime:
    return datetime(2016, month, day, tzinfo=UTC)


STORY = (
    Act(_day(8, 15), _day(8, 18), "District police department", "KAZCOP", "local", "0841",
        "accused", "The people whom residents had handed over were released.", 0.6, 0),
    Act(_day(8, 29), _day(8, 31), "District police department", "KAZCOP", "local", "12",
        "appellant", "The department denied that it had ignored the complaint.", 0.7, 0),
    Act(_day(8, 31), _day(9, 2), "Regional police department", "KAZCOP", "regional", "010",
        "public", "The department stated that it knew of the video.", 0.8, 0.03),
    Act(_day(9, 2), _day(9, 5), "Regional prosecutor's office", "KAZJUDPRS", "regional", "030",
        "appellant", "The office said that it would review the case file.", 0.7, 0.03),
    Act(_day(9, 5), _day(9, 8), "Regional police department", "KAZCOP", "regional", "09",
        "accused", "A new investigation of the assault was opened.", 0.9, 0.10),
    Act(_day(9, 8), _day(9, 12), "Regional police department", "KAZCOP", "regional", "173",
        "accused", "Four suspects were arrested.", 0.9, 0.16),
    Act(_day(9, 13), _day(9, 19), "Regional anticorruption agency", "KAZGOV", "regional", "091",
        "institution", "An examination of the district police was opened.", 0.8, 0.08),
    Act(_day(10, 10), _day(10, 14), "Court of first instance", "KAZJUD", "local", "09",
        "accused", "The trial of the four suspects opened.", 0.9, 0.06),
    Act(_day(10, 13), _day(10, 18), "Court of first instance", "KAZJUD", "local", "010",
        "public", "The hearing was adjourned to 25 October.", 0.9, 0.04),
)  # fmt: skip

# What was done and never became known: in the truth alone.
UNREPORTED = (
    Act(_day(9, 6), _day(9, 8), "District police department", "KAZCOP", "local", "091",
        "institution", "The officers who had been on duty were questioned.", 1.0, 0),
)  # fmt: skip

# When a wave of news begins, and its weight among them.
WAVES = (
    (PUBLISHED, 0.28),
    (datetime(2016, 8, 30, 5, tzinfo=UTC), 0.22),  # national media take it up
    *((act.latest, act.news) for act in STORY if act.news),
)

LANGUAGES = pl.Series(["ru", "kk", "en", None], dtype=pl.String)
HASHTAGS = pl.Series([[], ["appeal"], ["әділет"], ["справедливость"], ["appeal", "hearus"]])
PHRASES = pl.Series(
    [
        "A family asks the authorities to look at their case again",
        "What is known so far about the appeal",
        "The video appeal and what was said about it",
        "Questions about the case and who has answered",
        "An overview of the case",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Platform:
    """How an appeal spreads on one platform, and what the platform and the collector hide."""

    name: str
    share: float  # of all posts
    root: str  # kind of a root
    below: dict[str, float]  # kinds of what hangs below, with their shares
    account: str  # form of an account's id
    person: str  # what a private account is called in it
    role: str  # of a private account
    persons: float  # private accounts for each post
    public: tuple[float, float]  # share of public actors among roots, and below
    followers: int  # median of a private account
    reproduction: float  # expected children of what hangs below; below 1, so that all ends
    pull: float = 0.0  # exponent by which these rise with the followers
    lag: float = 1.0  # median hours awake from parent to child
    only_media: bool = False
    handle: str = "{}"  # form of a public actor's handle
    hidden: float = 0.0  # share of private accounts whose followers are not shown
    missed: float = 0.0  # share of reposts that the collector missed
    gap: tuple[int, int] = (0, 0)  # hours since publication when it saw nothing
    tells: float = 0.0  # share of reposts seen through another whose program names that one
    planted: float = 0.0  # of its posts, at most: shared in groups or in bursts
    listed: float = 0.0  # share of sharers of whom it is known whom they follow


X = Platform(
    name="x",
    share=0.545,
    root="original",
    below={"repost": 0.87, "quote": 0.09, "reply": 0.04},
    account="x:{}",
    person="person",
    role="person",
    persons=0.9,
    public=(0.08, 0.01),
    followers=300,
    reproduction=0.78,
    pull=0.7,
    lag=1.5,
    hidden=0.05,
    missed=0.08,
    planted=0.1,
    listed=0.1,
)
BLUESKY = Platform(
    name="bluesky",
    share=0.10,
    root="original",
    below={"repost": 0.90, "quote": 0.06, "reply": 0.04},
    account="bluesky:did:plc:{}",
    person="person",
    role="person",
    persons=0.8,
    public=(0.08, 0.01),
    followers=120,
    reproduction=0.74,
    pull=0.5,
    lag=1.0,
    handle="{}.example",
    tells=0.9,
    planted=0.1,
    listed=0.4,
)
TELEGRAM = Platform(
    name="telegram",
    share=0.20,
    root="original",
    below={"repost": 1.0},
    account="telegram:{}",
    person="channel",
    role="unknown",
    persons=0.3,
    public=(0.12, 0.04),
    followers=900,
    reproduction=0.70,
    pull=0.6,
    lag=2.5,
    hidden=0.1,
    gap=(66, 72),
)
YOUTUBE = Platform(
    name="youtube",
    share=0.14,
    root="comment",
    below={"comment": 1.0},
    account="youtube:{}",
    person="viewer",
    role="person",
    persons=1.5,
    public=(0.0, 0.0),
    followers=20,
    reproduction=0.1,
    lag=6.0,
    hidden=0.9,
)
WEB = Platform(
    name="web",
    share=0.015,
    root="article",
    below={"article": 1.0},
    account="web:{}.example",
    person="",
    role="media",
    persons=0.0,
    public=(1.0, 1.0),
    followers=1,
    reproduction=0.0,
    only_media=True,
    handle="{}.example",
    hidden=1.0,
)
