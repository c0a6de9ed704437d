"""What may join posts: addresses and ids that name one piece of material, and not a whole site."""

import polars as pl

# Keys that name what articles are about, not what they carry; likenesses are compared elsewhere.
_NO_MATERIAL = r"^(?:gdelt|pdq):"
_HOME = r"^url:[^/?]*(?:/+(?:(?:index|home|default)(?:\.\w+)?|[a-z]{2}(?:[-_][A-Za-z]{2})?)?)?/*$"
# On these hosts a path of one step is an account, and only what lies below it is a post.
_HOSTS = (
    r"(?:x\.com|twitter\.com|facebook\.com|fb\.com|instagram\.com|threads\.(?:net|com)"
    r"|youtube\.com|t\.me|telegram\.(?:me|org)|vk\.(?:com|ru)|ok\.ru|tiktok\.com|bsky\.app|reddit\.com"
    r"|linkedin\.com|weibo\.com|patreon\.com|linktr\.ee|paypal\.(?:com|me)|ko-fi\.com"
    r"|buymeacoffee\.com|discord\.(?:gg|com)|whatsapp\.com|wa\.me)"
)
_HELP = (
    rf"^url:(?:help|support|about|business|legal|policies)\.(?:{_HOSTS}|google\.com)(?:/|$)"
    r"|^url:(?:[\w-]+\.)*google\.[a-z.]+/(?:search|maps)\b"
)
_STEP = r"[^/?]+"
_SHOWS_MANY = (
    rf"(?:/+{_STEP})?/*$"  # the top page, or an account
    r"|/+(?:search|hashtag|explore|intent|share|sharer|login|signup|profile\.php|joinchat|addlist)\b"
    rf"|/+(?:channel|c|user|s|r|u|in|groups|company|pages|invite|profile|@)/+{_STEP}/*$"
    rf"|/+{_STEP}/+(?:videos|shorts|streams|playlists|community|about|featured|photos|with_replies"
    r"|media|likes|followers|following)/*$"
    r"|/+@[^/?]+/*$"
)


def is_material(key: str) -> pl.Expr:
    """Return whether a column of ``object_keys`` names material by which posts may be joined.

    The rule looks at the key alone, never at how many posts carry it: else a story would fall apart
    when further posts come in. A site's home page, and on platforms an account, a channel, a group,
    a hashtag or a search, is met in posts that have nothing else in common; GDELT's numbers of
    events name what articles tell of; maps and help pages tell of no appeal. None joins anything.

    >>> keys = ["url:a.example", "url:a.example/kk/", "url:a.example/news/1", "url:x.com/name",
    ...         "url:youtube.com/@name/videos", "url:facebook.com/name/posts/1", "x:12", "gdelt:7"]
    >>> pl.DataFrame({"key": keys}).filter(is_material("key"))["key"].to_list()
    ['url:a.example/news/1', 'url:facebook.com/name/posts/1', 'x:12']
    """
    many = pl.any_horizontal(
        pl.col(key).str.contains(pattern)
        for pattern in (_NO_MATERIAL, _HOME, _HELP, rf"^url:(?:[\w-]+\.)*{_HOSTS}(?:{_SHOWS_MANY})")
    )
    return pl.col(key).is_not_null() & ~many
