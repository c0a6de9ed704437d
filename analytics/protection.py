"""Protection at the door of the store: one pseudonym function for every account.

A pseudonym is HMAC-SHA256 of the account's id, in lower case, under a key of the store, cut to 128
bits, after ``~``. The key never lies in the store: it is in the user's own configuration folder, or
where ``GROUNDSWELL_KEYS`` says. Whoever has the store alone can neither read nor guess an account.

>>> protector = Protector(key=b"k" * 32)
>>> protector.pseudonym("x:12")
'x:~308f98fe64f934504de2a8fa5d79aee3'
>>> protector.pseudonym(protector.pseudonym("x:12")) == protector.pseudonym("x:12")
True
"""

import hmac
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from analytics.errors import ProtectionError
from analytics.schema import STRINGS, Table
from analytics.tables import ACCOUNTS

PSEUDONYM = re.compile(r"[a-z][a-z0-9_]*:~[0-9a-f]{32}")
KEY_BYTES = 32
MET_ROWS = 500_000  # accounts whose pseudonyms are remembered, to hash them once

# Post ids that carry their account: telegram:CHANNEL/42, bluesky:at://DID/…, vk:OWNER_42, and
# x:ACCOUNT/of/POST for a repost that is only listed. The parts are the platform, a scheme, the
# account and the rest.
OWNED_POSTS = (
    r"^(telegram|bluesky):(at://)?([^/]+)(/.*)?$",
    r"^(vk|facebook):()(-?\d+)(_.*)$",
    r"^(x|mastodon):()([^/]+)(/of/.*)$",
)

# Profile addresses: a host, perhaps a folder, then the account's handle or its id.
PROFILE_HOSTS = {
    "x.com": "x",
    "twitter.com": "x",
    "t.me": "telegram",
    "telegram.me": "telegram",
    "bsky.app": "bluesky",
    "youtube.com": "youtube",
    "facebook.com": "facebook",
    "instagram.com": "instagram",
    "tiktok.com": "tiktok",
    "vk.com": "vk",
    "vk.ru": "vk",
    "threads.net": "threads",
    "threads.com": "threads",
    "telegram.dog": "telegram",
    "fb.com": "facebook",
    "fb.me": "facebook",
    "m.me": "facebook",
    "reddit.com": "reddit",
    "weibo.com": "weibo",
    "weibo.cn": "weibo",
    "ok.ru": "ok",
    "linkedin.com": "linkedin",
    "wa.me": "whatsapp",
    "github.com": "github",
    "patreon.com": "patreon",
    "linktr.ee": "linktree",
    "twitch.tv": "twitch",
    "nitter.net": "x",
    "vxtwitter.com": "x",
    "fxtwitter.com": "x",
}
_FOLDERS = {
    "x": r"i/user/|intent/(?:user|follow)\?(?:[^#\s]*&)?(?:screen_name|user_id)=",
    "telegram": "s/|c/|boost/",
    "bluesky": "profile/",
    "youtube": "channel/|user/|c/",
    "facebook": r"profile\.php\?(?:[^#\s]*&)?id=",
    "instagram": "stories/",
    "reddit": "user/|u/",
    "weibo": "u/|profile/|n/",
    "ok": "profile/",
    "linkedin": "in/|pub/",
}
_ONLY_IN_FOLDERS = {"reddit": "user/|u/", "linkedin": "in/|pub/"}  # elsewhere nobody is named
_ID_FOLDERS = ("channel/", "i/user/", "id=", "user_id=")
_COMPANY = (
    "about|ads|blog|business|careers|developers?|engineering|help|investor|legal|newsroom|policies"
    "|privacy|status|support|transparency"
)  # hosts on which the platforms speak themselves
# Another host can end alike: fox.com.
_START = rf"(?:(?<![\w.-])|(?<=%2F))(?!(?:{_COMPANY})\.)(?:[\w-]+\.)*"
_SLASH = "(?:/|%2F)"
_PLACES = "|".join(
    f"{re.escape(host)}{_SLASH}(?:{_FOLDERS.get(platform, '')})"
    f"{'' if platform in _ONLY_IN_FOLDERS else '?'}"
    for host, platform in PROFILE_HOSTS.items()
)
_SCRIPT = r"[\w.]+\.php\?[^#\s]+|people/[^?#\s]+"  # names somebody somewhere: one piece
PROFILE_URL = re.compile(
    rf"{_START}({_PLACES})(?:@|%40)?({_SCRIPT}|(?:(?!%2F)[^/?#&@\s()<>\[\]\"'])+)", re.IGNORECASE
)
_HOST_END = re.compile("/|%2f")
FEDIVERSE_URL = re.compile(
    r"(?:https?://|^url:)([^/\s]+)/(?:[^\s@]*/)?(?:@|%40|users/)([^/?#\s()<>\[\]\"']+)",
    re.IGNORECASE,
)
# Accounts that addresses carry elsewhere: their platform, whether it is an id, and its group.
_INSIDE = (
    ("vk", True, re.compile(r"(?:wall|video|photo|topic)(-?\d+)_\d+", re.IGNORECASE)),
    ("facebook", True, re.compile(r"/groups/[^/?#\s]+/user/(\d+)", re.IGNORECASE)),
    ("bluesky", True, re.compile(r"\b(did(?::|%3A)(?:plc|web)(?::|%3A)[\w.-]+)", re.IGNORECASE)),
    ("bluesky", False, re.compile(r"([\w-]+\.bsky\.social)(?![\w.-]*@)", re.IGNORECASE)),
    ("mail", True, re.compile(r"mailto:([^?\s&]+)", re.IGNORECASE)),
    ("telegram", True, re.compile(r"\btg://user\?id=(\d+)", re.IGNORECASE)),
    ("telegram", True, re.compile(r"(?:^url:|//)(\w+)\.t\.me\b", re.IGNORECASE)),
    ("x", False, re.compile(r"[?&]screen_name=(\w+)", re.IGNORECASE)),
    ("x", False, re.compile(r"search\?[^#\s]*?q=(?:%40|@)(\w+)", re.IGNORECASE)),
    (
        "web",
        False,
        re.compile(r"(?<![\w~-])([\w-]+)\.(?:livejournal|substack|tumblr)\.com\b", re.IGNORECASE),
    ),
    ("telegram", True, re.compile(r"(?:#@|#%40|\btg://resolve\?domain=)(\w+)", re.IGNORECASE)),
    ("x", False, re.compile(r"[?&](?:via|related)=(?:@|%40)?(\w+)", re.IGNORECASE)),
    ("x", False, re.compile(r"search\?[^#\s]*?from(?::|%3A)(?:@|%40)?(\w+)", re.IGNORECASE)),
)
_CHANNEL_NAME = re.compile(r"[?&]ab_channel=[^&#\s]*", re.IGNORECASE)
_MAY_NAME = (
    rf"(?i){'|'.join(map(re.escape, PROFILE_HOSTS))}|/@|/%40|#@|/users/|/user/|did:|did%3a|tg:"
    r"|mailto:|bsky\.social|livejournal|substack|tumblr|[?&](?:via|related|screen_name)="
)
MENTION = re.compile(r"(?<![\w@/])@([a-z0-9_](?:[\w.@-]*\w)?)", re.IGNORECASE | re.ASCII)
_NOT_A_HANDLE = {
    "x": {"explore", "hashtag", "home", "i", "intent", "login", "search", "share"},
    "telegram": {"addstickers", "iv", "joinchat", "share"},
    "bluesky": {"hashtag", "img", "search"},
    "youtube": {
        "clip", "embed", "feed", "hashtag", "live", "playlist", "post", "redirect", "results",
        "shorts", "v", "watch",
    },
    "facebook": {
        "events", "groups", "hashtag", "login", "marketplace", "photo", "reel", "share", "sharer",
        "story", "video", "watch",
    },
    "instagram": {"explore", "p", "reel", "reels", "tv"},
    "tiktok": {"discover", "explore", "login", "music", "tag", "t"},
    "threads": {"login", "search", "t"},
    "vk": {"feed", "search", "video"},
    "weibo": {"hot", "login", "signup", "tv"},
    "ok": {"dk", "group", "search", "video"},
    "github": {"about", "features", "orgs", "search", "sponsors", "topics"},
    "twitch": {"directory", "videos"},
    "linkedin": set(),
}  # fmt: skip


class Protector:
    """Replaces private accounts in tables; knows who is public.

    Parameters
    ----------
    key
        The store's secret.
    public
        Accounts that may be named, with their role: ``platform:id`` or ``platform:@handle``.
    everything
        Keep all as it came (protection level ``open``).
    """

    def __init__(
        self, *, key: bytes, public: Mapping[str, str] | None = None, everything: bool = False
    ) -> None:
        self._key = key
        self._everything = everything
        self.public = {account.lower(): role for account, role in (public or {}).items()}
        self._met = pl.DataFrame(schema={"id": pl.String, "safe": pl.String})
        self._handles: set[str] = set()  # of public accounts that were listed by id
        self.learned: dict[str, str] = {}  # public accounts that were listed by handle

    def is_public(self, account_id: str) -> bool:
        """Return whether the account may be named."""
        named = account_id.lower()
        return self._everything or named in self.public or named in self._handles

    def pseudonym(self, account_id: str) -> str:
        """Return the account's id as it may be stored: itself if public, else its pseudonym."""
        if self.is_public(account_id) or PSEUDONYM.fullmatch(account_id):
            return account_id
        return self._hidden([account_id])[0]

    def post(self, post_id: str) -> str:
        """Return a post's id as it may be stored: with a private account in it replaced.

        >>> Protector(key=b"k" * 32).post("x:1")
        'x:1'
        """
        return str(self._posts(pl.Series([post_id]))[0])

    def _hidden(self, accounts: Iterable[str]) -> list[str]:
        """Return the pseudonyms of private accounts."""
        key, digest = self._key, hmac.digest
        return [
            f"{account.partition(':')[0]}:~"
            f"{digest(key, account.lower().encode(), 'sha256').hex()[:32]}"
            for account in accounts
        ]

    def protect(self, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a checked table with every account, handle and private text replaced."""
        if table is ACCOUNTS:
            frame = self._learn(frame)
        if self._everything:
            return frame
        private = self._private(frame) if "account_id" in frame.columns else None
        for name, column in table.columns.items():
            match column.holds:
                case "account" if column.dtype == STRINGS:
                    frame = frame.with_columns(_mapped(frame[name], self._accounts))
                case "account":
                    frame = frame.with_columns(self._accounts(frame[name]))
                case "post":
                    frame = frame.with_columns(self._posts(frame[name]))
                case "handle" | "text" if private is not None:
                    kept = pl.when(~private).then(pl.col(name))
                    frame = frame.with_columns(kept.alias(name))
                    if column.holds == "text":
                        frame = frame.with_columns(self._words(frame[name], frame["platform"]))
                case "url" | "object":
                    frame = frame.with_columns(_mapped(frame[name], self._posts))
        return frame

    def _private(self, frame: pl.DataFrame) -> pl.Series:
        public = self._public_among(frame["account_id"].drop_nulls().unique())
        return ~frame["account_id"].is_in(public.implode()).fill_null(value=False)

    def _learn(self, accounts: pl.DataFrame) -> pl.DataFrame:
        """Learn which handle is which account, and give public accounts their role."""
        if not self.public:
            return accounts
        before = len(self.public) + len(self._handles)
        known = accounts.select("account_id", "platform", "handle").drop_nulls().unique()
        for account_id, platform, handle in known.iter_rows():
            named = f"{platform}:@{handle}".lower()
            if self.is_public(account_id):
                self._handles.add(named)
            if named in self.public:
                self.public[account_id.lower()] = self.public[named]
                self.learned[account_id.lower()] = named
        if before != len(self.public) + len(self._handles):
            self._met = self._met.clear()  # some of them may be named now
        listed = {a: self.public.get(a.lower()) for a in accounts["account_id"].unique()}
        roles = {account: role for account, role in listed.items() if role}
        named_role = pl.col("account_id").replace_strict(
            roles, default=None, return_dtype=pl.String
        )
        return accounts.with_columns(role=pl.coalesce(named_role, "role"))

    def _accounts(self, series: pl.Series) -> pl.Series:
        """Replace private accounts; each that is met is hashed once in the protector's life."""
        names = series.drop_nulls().unique().to_frame("id")
        held = names.join(self._met, on="id", how="inner")
        if held.height < names.height:
            new = names.join(held, on="id", how="anti")["id"]
            added = pl.DataFrame({"id": new, "safe": self._renamed(new)})
            self._met = added if self._met.height > MET_ROWS else pl.concat([self._met, added])
            held = pl.concat([held, added])
        safe = series.to_frame("id").join(held, on="id", how="left", maintain_order="left")
        return safe["safe"].alias(series.name)

    def _renamed(self, new: pl.Series) -> pl.Series:
        public = self._public_among(new)
        kept = new.is_in(public.implode()) | new.str.contains(f"^(?:{PSEUDONYM.pattern})$")
        hidden = pl.Series(new.filter(~kept), dtype=pl.String)
        names = pl.DataFrame(
            {"id": hidden, "safe": pl.Series(self._hidden(hidden), dtype=pl.String)}
        )
        found = new.to_frame("id").join(names, on="id", how="left", maintain_order="left")
        return found.select(pl.coalesce("safe", "id")).to_series()

    def _public_among(self, accounts: pl.Series) -> pl.Series:
        """Return those of distinct accounts that may be named."""
        if self._everything:
            return accounts
        listed = pl.Series([*self.public, *self._handles], dtype=pl.String)
        return accounts.filter(accounts.str.to_lowercase().is_in(listed.implode()))

    def _posts(self, series: pl.Series) -> pl.Series:
        """Replace the account inside post ids that carry one."""
        is_bare = (series.str.slice(0, 2) == "x:") & ~series.str.contains("/", literal=True)
        if is_bare.all():  # these carry none, and are many
            return series
        for pattern in OWNED_POSTS:
            series = self._owned_posts(series, pattern)
        return self._addresses(series)

    def _addresses(self, series: pl.Series) -> pl.Series:
        """Replace the accounts in addresses; only what can name one is looked at closely."""
        named = series.filter(series.str.contains(_MAY_NAME)).unique()
        return _replace(series, named, (self.url(address) for address in named))

    def _owned_posts(self, series: pl.Series, pattern: str) -> pl.Series:
        if not series.str.contains(pattern).any():
            return series
        parts = series.to_frame("id").select(
            "id",
            owner=pl.concat_str(
                pl.col("id").str.extract(pattern, 1),
                pl.lit(":"),
                pl.col("id").str.extract(pattern, 3),
            ),
        )
        owner = self._accounts(parts["owner"]).str.extract(r"^[a-z]+:(.*)$")
        rebuilt = pl.concat_str(
            pl.col("id").str.extract(pattern, 1),
            pl.lit(":"),
            pl.col("id").str.extract(pattern, 2).fill_null(""),
            owner,
            pl.col("id").str.extract(pattern, 4).fill_null(""),
        )
        return parts.select(pl.coalesce(rebuilt, "id")).to_series().alias(series.name)

    def url(self, address: str) -> str:
        """Return an address with the handle of a private profile replaced by its pseudonym.

        >>> protector = Protector(key=b"k" * 32, public={"x:@Ministry": "official"})
        >>> protector.url("https://x.com/ministry/status/1")
        'https://x.com/ministry/status/1'
        >>> protector.url("https://x.com/somebody/status/1")
        'https://x.com/~b5cbab8e066298e614e908c6c803833b/status/1'
        """
        hidden = PROFILE_URL.sub(self._hide_profile, address)
        hidden = _CHANNEL_NAME.sub("", FEDIVERSE_URL.sub(self._hide_fediverse, hidden))
        for platform, by_id, pattern in _INSIDE:
            hidden = pattern.sub(partial(self._hide_inside, platform, by_id), hidden)
        return hidden

    def words(self, text: str, platform: str) -> str:
        """Return the words of a public account, with the private accounts in them replaced.

        >>> Protector(key=b"k" * 32).words("see @somebody and a@b.example", "x")
        'see @~b5cbab8e066298e614e908c6c803833b and a@b.example'
        """
        return MENTION.sub(
            lambda found: _spliced(found, 1, self._handle(platform, found[1])), self.url(text)
        )

    def _words(self, texts: pl.Series, platforms: pl.Series) -> pl.Series:
        pairs = zip(texts, platforms, strict=True)
        safe = [None if text is None else self.words(text, platform) for text, platform in pairs]
        return pl.Series(texts.name, safe, dtype=pl.String)

    def _hide_profile(self, found: re.Match[str]) -> str:
        place = found[1].lower()
        platform = PROFILE_HOSTS[_HOST_END.split(place)[0]]
        handle = found[2].rstrip(".,;:!")
        if handle.lower() in _NOT_A_HANDLE.get(platform, ()):
            return found[0]
        by_id = (
            place.endswith(_ID_FOLDERS)
            or handle.lower().startswith(("did:", "did%3a"))
            or platform == "telegram"
        )
        safe = self._handle(platform, unquote(handle), by_id=by_id)
        return _spliced(found, 2, safe + found[2][len(handle) :])

    def _hide_fediverse(self, found: re.Match[str]) -> str:
        if found[1].lower().removeprefix("www.") in PROFILE_HOSTS:
            return found[0]
        at_home = found[2] if "@" in found[2] else f"{found[2]}@{found[1]}"
        safe = self._handle("mastodon", at_home)
        return found[0] if safe == at_home else _spliced(found, 2, safe)

    def _hide_inside(self, platform: str, by_id: bool, found: re.Match[str]) -> str:  # noqa: FBT001 - a row of the list
        return _spliced(found, 1, self._handle(platform, unquote(found[1]), by_id=by_id))

    def _handle(self, platform: str, handle: str, *, by_id: bool = False) -> str:
        """Return a handle as it may be stored; the same whatever was learned before."""
        if handle.startswith("~"):
            return handle
        named = f"{platform}:@{handle}".lower()
        is_id = by_id or platform == "mastodon"  # where accounts have no other id
        account = f"{platform}:{handle}" if is_id else named
        if named in self._handles or self.is_public(named) or self.is_public(account):
            return handle
        return self.pseudonym(account).split(":", 1)[1]


def _spliced(found: re.Match[str], group: int, new: str) -> str:
    start, end = (place - found.start() for place in found.span(group))
    return found[0][:start] + new + found[0][end:]


def _mapped(lists: pl.Series, function: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Apply a function to words, or to what is in lists, each value once."""
    if lists.dtype != STRINGS:
        return function(lists)
    values = lists.explode().drop_nulls().unique()
    safe = function(values)
    changed = values != safe
    if not changed.any():
        return lists
    clean = pl.element().replace(values.filter(changed), safe.filter(changed))
    return lists.to_frame().select(pl.col(lists.name).list.eval(clean)).to_series()


def _replace(series: pl.Series, old: pl.Series, new: Iterable[str]) -> pl.Series:
    changed = {a: b for a, b in zip(old, new, strict=True) if a != b}
    return series.replace(changed) if changed else series


def key_folder() -> Path:
    """Return the folder of the keys: ``GROUNDSWELL_KEYS``, or the user's configuration folder."""
    if chosen := os.environ.get("GROUNDSWELL_KEYS"):
        return Path(chosen)
    config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(config) / "groundswell" / "keys"


def key_path(store_id: str) -> Path:
    """Return where a store's key lies."""
    return key_folder() / f"{store_id}.key"


def make_key(store_id: str) -> Path:
    """Make a store's key, readable by its owner only, and return its path.

    Raises
    ------
    ProtectionError
        The folder of the keys cannot be written.
    """
    path = key_path(store_id)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        msg = (
            f"the pseudonym key cannot be written to {path.parent} ({error.strerror}); "
            "name a folder of your own in GROUNDSWELL_KEYS"
        )
        raise ProtectionError(msg) from None
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(KEY_BYTES))
    return path


def read_key(store_id: str) -> bytes:
    """Return a store's key.

    Raises
    ------
    ProtectionError
        The key is not there, is not a key, or others may read it.
    """
    path = key_path(store_id)
    try:
        text = path.read_bytes().decode(errors="replace").strip()
    except OSError:
        msg = (
            f"the pseudonym key of this store is not at {path}; bring it from the machine that "
            "made the store, or name its folder in GROUNDSWELL_KEYS (reading needs no key)"
        )
        raise ProtectionError(msg) from None
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        msg = f"{path} can be read by others; run: chmod 600 {path}"
        raise ProtectionError(msg)
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        msg = f"{path} does not hold a key; restore it from your copy"
        raise ProtectionError(msg)
    return bytes.fromhex(text)


def account_columns(table: Table) -> list[str]:
    """Return the columns of a table that hold accounts.

    >>> from analytics.tables import POSTS
    >>> account_columns(POSTS)
    ['account_id', 'parent_account_id', 'root_account_id', 'mentions']
    """
    return [name for name, column in table.columns.items() if column.holds == "account"]
