r"""``groundswell.toml``: what the user decides about a store.

>>> decode('[[appeals]]\nid = "park"', place="groundswell.toml").appeals[0].id
'park'
>>> decode('[protection]\nlevel = "open"', place="groundswell.toml")
Traceback (most recent call last):
analytics.errors.SettingsError: groundswell.toml: protection is "open" without a reason; ...
"""

import json
import re
import tomllib
from collections import Counter
from datetime import UTC, date, datetime, time, tzinfo
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

import msgspec
import polars as pl

from analytics.clocks import COUNTRY, Rule, mistake
from analytics.errors import SettingsError
from analytics.schema import IDENTIFIER, PLATFORM
from analytics.tables import APPEALS, AUDIENCES

_ACCOUNT = re.compile(IDENTIFIER, re.IGNORECASE)

MOST_ACCOUNTS = 10**11
_OF_DAYS = ("clocks", "days_off")  # sections whose dates are days, and not the times they begin

Role = Literal["media", "ngo", "official", "public_figure"]


class Appeal(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One ``[[appeals]]`` entry."""

    id: str
    title: str | None = None
    published_at: datetime | None = None
    published_by: datetime | None = None  # where the day of publication is not known: the latest
    registered_at: datetime | None = None
    jurisdiction: str | None = None
    object_keys: list[str] = []
    outcome_known_until: datetime | None = None
    selection: Literal["census", "sample", "chosen", "found_by_outcome"] | None = None
    plan: str | None = None  # where a plan of analysis is registered, and when that was
    plan_at: datetime | None = None


class PublicActor(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One ``[[public]]`` entry: an account that may be named, and why."""

    account: str  # platform:id, or platform:@handle
    role: Role
    reason: str
    source: str


class Protection(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How much of private accounts is kept: nothing but keyed pseudonyms, or everything."""

    level: Literal["strict", "open"] = "strict"
    reason: str = ""


class SourceSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What every ``[[sources]]`` entry may say; each platform adds its own.

    ``role`` marks an authority, a newsroom or an organisation: the accounts that are asked for by
    name are then public actors, as if they were listed.
    """

    platform: str
    name: str = ""
    ask: list[str] = []
    appeal: str | None = None
    role: Role | None = None
    budget: int | None = None  # in the platform's own unit
    poll_from: str = "2m"  # how often a question is asked again while something moves
    poll_to: str = "1d"  # and when nothing does
    server: str | None = None  # another address than the platform's own


class Audience(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One ``[reach.PLATFORM]`` section: what the user states about the platform, and on whose word.

    A population caps what the sum of followers can come to. A visibility is the share of followers
    who see a post, at least and at most: no platform tells it, so it makes a scenario.
    """

    population: int | None = None  # accounts on the platform
    population_source: str = ""
    population_date: datetime | None = None
    visibility: tuple[float, float] | None = None
    visibility_reason: str = ""


class Settings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The whole file. ``sources`` are checked by their platforms."""

    timezone: str = "UTC"
    protection: Protection = msgspec.field(default_factory=Protection)
    appeals: list[Appeal] = []
    public: list[PublicActor] = []
    reach: dict[str, Audience] = {}  # by platform
    pages_days: int = 30  # how long pages that platforms gave are kept, sealed
    sources: list[dict[str, Any]] = []
    clocks: list[Rule] = []
    days_off: dict[str, list[date]] = {}  # besides public holidays, by country

    def appeal_id(self, asked: str | None, *, place: str = "groundswell.toml") -> str:
        """Return the appeal that is asked for, or the only one.

        Raises
        ------
        SettingsError
            The appeal is not declared, or none was asked for and there are several.
        """
        known = [appeal.id for appeal in self.appeals]
        if asked is None and len(known) == 1:
            return known[0]
        if asked in known:
            return asked
        if not known:
            msg = f"{place}: no appeal is declared; add an [[appeals]] entry with its id"
            raise SettingsError(msg)
        fact = "there are several appeals" if asked is None else f"there is no appeal {asked!r}"
        msg = f"{place}: {fact}; choose one with --appeal: {', '.join(known)}"
        raise SettingsError(msg)

    def appeals_table(self, *, simulated: bool = False) -> pl.DataFrame:
        """Return the declared appeals as the ``appeals`` table.

        Times without a zone are in the store's zone, and a date is the start of its day there.
        """
        zone = zone_of(self.timezone)
        rows = [
            {
                "appeal_id": a.id,
                "title": a.title,
                "published_at": _utc(a.published_at, zone),
                "published_by": _utc(a.published_by, zone),
                "registered_at": _utc(a.registered_at, zone),
                "jurisdiction": a.jurisdiction,
                "object_keys": a.object_keys,
                "outcome_known_until": _utc(a.outcome_known_until, zone),
                "plan": a.plan,
                "plan_at": _utc(a.plan_at, zone),
                "register": None,
                "selection": a.selection,
                "closes_at": None,
                "simulated": simulated,
            }
            for a in self.appeals
        ]
        return pl.DataFrame(rows, schema=APPEALS.schema)

    def audiences(self) -> pl.DataFrame:
        """Return what is stated about platforms' audiences, one row per platform."""
        rows = [
            {
                "platform": platform,
                "population": told.population,
                "stated": f"{told.population_source.strip()}, {told.population_date:%Y-%m-%d}"
                if told.population_date
                else None,
                "visibility_lo": told.visibility[0] if told.visibility else None,
                "visibility_hi": told.visibility[1] if told.visibility else None,
                "reason": told.visibility_reason.strip() or None,
            }
            for platform, told in self.reach.items()
        ]
        return pl.DataFrame(rows, schema=AUDIENCES)


def zone_of(name: str) -> tzinfo:
    """Return the time zone of an IANA name or of an offset such as ``+05:00``.

    >>> zone_of("-04:00").utcoffset(None)
    datetime.timedelta(days=-1, seconds=72000)
    """
    try:
        offset = datetime.strptime(name, "%z").tzinfo
    except ValueError:
        return _named_zone(name)
    return offset or UTC


def _named_zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        msg = (
            f"time zone {name!r} is not known; write a name such as Asia/Almaty or an offset +05:00"
        )
        raise SettingsError(msg) from None


def _utc(when: datetime | None, zone: tzinfo) -> datetime | None:
    if when is None:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)


def decode(text: str, *, place: str) -> Settings:
    """Return the settings that the text of a ``groundswell.toml`` holds.

    Raises
    ------
    SettingsError
        The text is not TOML, a field is unknown or of a wrong type, or entries contradict.
    """
    try:
        told = _days_as_times(tomllib.loads(text))
        settings = msgspec.convert(told, Settings, builtin_types=(datetime, date, time))
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        msg = f"{place}: {error}; `groundswell init` writes a commented example"
        raise SettingsError(msg) from None
    settings.public += _asked_by_role(settings)
    _check(settings, place)
    return settings


def _asked_by_role(settings: Settings) -> list[PublicActor]:
    """Return the accounts that sources with a role ask for by name, if they are not listed."""
    listed = {actor.account.lower() for actor in settings.public}
    found: dict[str, PublicActor] = {}
    for told in settings.sources:
        if told.get("role", "official") not in get_args(Role):
            msg = (
                f"a source has the role {told['role']!r}; write one of {', '.join(get_args(Role))}"
            )
            raise SettingsError(msg)
        for asked in told.get("ask", []) if told.get("role") else []:
            account = _account_asked(str(told.get("platform", "")), str(asked))
            if account and account not in listed:
                found[account] = PublicActor(
                    account=account,
                    role=told["role"],
                    reason="asked for by name in [[sources]]",
                    source="groundswell.toml",
                )
    return list(found.values())


def _account_asked(platform: str, asked: str) -> str | None:
    """Return the account that a question names; a site's is its host, as articles tell it.

    >>> _account_asked("news", "https://www.gov.example/rss"), _account_asked("x", "@Ministry")
    ('web:gov.example', 'x:@ministry')
    """
    if platform == "news":
        found = re.match(r"https?://(?:[^/?#@]*@)?([^/?#:\s]+)", asked.strip(), re.IGNORECASE)
        return f"web:{found[1].lower().strip('.').removeprefix('www.')}" if found else None
    return f"{platform}:{asked}".lower() if asked.startswith("@") else None


def _days_as_times(told: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    match told:
        case dict():
            return {
                name: value if name in _OF_DAYS else _days_as_times(value)
                for name, value in told.items()
            }
        case list():
            return [_days_as_times(value) for value in told]
        case date() if not isinstance(told, datetime):
            return datetime.combine(told, time.min)
    return told


def _check(settings: Settings, place: str) -> None:
    _check_appeals(settings, place)
    if settings.protection.level == "open" and not settings.protection.reason.strip():
        msg = f'{place}: protection is "open" without a reason; write one: every screen shows it'
        raise SettingsError(msg)
    _check_public(settings.public, place)
    _check_clocks(settings, place)
    for platform, told in settings.reach.items():
        _check_audience(f"{place}: [reach.{platform}]", platform, told)


def _check_clocks(settings: Settings, place: str) -> None:
    listed = Counter(rule.clock for rule in settings.clocks)
    for rule in settings.clocks:
        fact = "is written twice; keep one" if listed[rule.clock] > 1 else mistake(rule)
        if fact:
            msg = f"{place}: clock {rule.clock!r} {fact}"
            raise SettingsError(msg)
    for country in settings.days_off:
        if not re.match(COUNTRY, country):
            msg = f"{place}: [days_off] has {country!r}; write an ISO 3166 code such as KZ"
            raise SettingsError(msg)


def _check_appeals(settings: Settings, place: str) -> None:
    zone = zone_of(settings.timezone)
    ids = [appeal.id for appeal in settings.appeals]
    if len(ids) != len(set(ids)):
        msg = f"{place}: two appeals have the same id; give each its own"
        raise SettingsError(msg)
    if "" in ids:
        msg = f"{place}: an appeal has an empty id; give it a short name"
        raise SettingsError(msg)
    for appeal in settings.appeals:
        if mistake := _wrong_days(appeal, zone):
            msg = f"{place}: appeal {appeal.id!r} {mistake}"
            raise SettingsError(msg)


def _check_public(public: list[PublicActor], place: str) -> None:
    for actor in public:
        if not _ACCOUNT.match(actor.account) or not (actor.reason.strip() and actor.source.strip()):
            msg = (
                f"{place}: public actor {actor.account!r} needs platform:id, a reason and a source;"
                " private persons, victims, minors and suspects are never listed"
            )
            raise SettingsError(msg)
    listed = Counter(actor.account.lower() for actor in public)
    for account, entries in listed.items():
        if entries > 1:
            msg = f"{place}: public actor {account!r} is listed {entries} times; keep one entry"
            raise SettingsError(msg)


def _wrong_days(appeal: Appeal, zone: tzinfo) -> str | None:
    first, last = _utc(appeal.published_at, zone), _utc(appeal.published_by, zone)
    if last is not None and (first is None or last < first):
        return "has a published_by that is not after its published_at; give both, in order"
    if (appeal.plan is None) != (appeal.plan_at is None):
        return (
            "needs both plan and plan_at: where its plan of analysis is registered, and since when"
        )
    return None


def _check_audience(place: str, platform: str, told: Audience) -> None:
    fact = _mistake(platform, told)
    if fact:
        msg = f"{place}: {fact}"
        raise SettingsError(msg)


def _mistake(platform: str, told: Audience) -> str | None:
    """Return what is wrong with a section, and the way out."""
    if not re.match(PLATFORM, platform):
        return "this is no platform; write a short name such as [reach.x] or [reach.telegram]"
    if platform == "youtube":
        return "YouTube's policies allow no estimate of unique viewers; remove the section"
    return _wrong_population(told) or _wrong_visibility(told)


def _wrong_population(told: Audience) -> str | None:
    if told.population is None:
        return None
    if not 1 <= told.population <= MOST_ACCOUNTS:
        return f"a population of {told.population}; write how many accounts the platform has"
    if not (told.population_source.strip() and told.population_date):
        return "a population needs population_source and population_date; say who counted, and when"
    return None


def _wrong_visibility(told: Audience) -> str | None:
    if told.visibility is None:
        return None
    low, high = told.visibility
    if not 0 <= low <= high <= 1:
        return f"visibility is [{low}, {high}]; write two shares from 0 to 1, the lower one first"
    if not told.visibility_reason.strip():
        return "a visibility needs visibility_reason: every figure made with it shows that"
    return None


def load(path: Path) -> Settings:
    """Return the settings in a file; the defaults where there is no file."""
    if not path.exists():
        return Settings()
    try:
        return decode(path.read_text(encoding="utf-8"), place=path.name)
    except UnicodeDecodeError:
        msg = f"{path.name} is not UTF-8; save it as UTF-8"
        raise SettingsError(msg) from None
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror}); check the file and your rights to it"
        raise SettingsError(msg) from None


def template(appeal_id: str | None) -> str:
    """Return a commented ``groundswell.toml`` for one appeal; for none, where registers bring them.

    >>> decode(template('say "no"'), place="groundswell.toml").appeals[0].id
    'say "no"'
    """
    if appeal_id is None:
        return _TEMPLATE.replace("[[appeals]]\nid = {appeal_id}", '# [[appeals]]\n# id = "a"')
    return _TEMPLATE.replace("{appeal_id}", json.dumps(appeal_id))


_TEMPLATE = """\
# What Groundswell is told about this store. Lines that begin with # are examples.

timezone = "UTC"              # zone of times written here without one, and of the screen

[protection]
level = "strict"              # strict: keyed pseudonyms, no text of private accounts
# level = "open"              # everything is kept and shown; needs a reason, shown on every screen
# reason = "consent of all accounts, see the study protocol"

[[appeals]]
id = {appeal_id}
# title = "Reopen the case"
# published_at = 2016-08-29T18:30:00+06:00   # clocks of lags start here
# published_by = 2016-09-05                  # where the day is not known: between both
# registered_at = 2016-09-02                 # legal clocks start here, never at an upload
# jurisdiction = "KZ"
# object_keys = ["youtube:VIDEO_ID", "url:https://example.org/petition"]
# selection = "chosen"                       # or census, sample, found_by_outcome: how it got here
# outcome_known_until = 2016-12-31           # responses were looked for up to then
# plan = "https://example.org/plan"          # a plan of analysis, registered before …
# plan_at = 2016-08-30                       # … outcomes were looked at

# What an authority owes by when, beside the rules that are built in (docs/measures.md). One of the
# same name takes the place of a built-in rule; analytics/data/clocks.toml explains every field.
# [[clocks]]
# clock = "city-answer"
# jurisdiction = "KZ"
# timezone = "Asia/Almaty"
# what = "an answer of the city to a registered appeal"
# starts = "registered"       # or "signatures", with signatures = 1000
# days = 10
# counted = "working"         # or "calendar"
# source = "https://example.org/rules"
#
# [days_off]                  # besides the public holidays, by country
# KZ = [2026-03-20]

# What `groundswell collect` asks. docs/collectors.md has an entry for each platform; keys are told
# in the environment (GROUNDSWELL_X_BEARER_TOKEN), never here.
# [[sources]]
# platform = "bluesky"
# ask = ["#reopenthecase", "https://bsky.app/profile/example.org/post/3k"]
#
# [[sources]]
# platform = "x"
# ask = ["https://x.com/example/status/1234567890"]
# budget = 2000                # posts, in all: X charges for each
#
# [[sources]]
# name = "ministry"
# platform = "telegram"
# ask = ["@ministry"]
# role = "official"            # what it says is kept, under its name

# What you state about an audience, by platform. Without it the ledger of reach has no cap and no
# scenario. Followers live anywhere: state the accounts of the whole platform, not of one country.
# [reach.x]
# population = 600000000
# population_source = "https://example.org/annual-report"
# population_date = 2026-01-31
# visibility = [0.01, 0.35]   # share of followers who see a post: at least, at most
# visibility_reason = "our own posts, January 2026; the upper end is from Facebook, 2012"

# Accounts that may be named: officials, media and declared public figures only.
# Victims, minors and suspects never belong here.
# [[public]]
# account = "x:@ministry"
# role = "official"           # official, media, ngo, public_figure
# reason = "the ministry's own account"
# source = "https://example.org/contacts"
"""
