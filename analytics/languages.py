"""The language of posts and of accounts: what the words tell, what the platform says, or neither.

What a platform says of a language is its guess or its user's setting. Where the words tell another
language with confidence, they are believed (``docs/decisions/0019``). A repost has no words of its
own: it is in the language of what it passes on, where that is held.
"""

import polars as pl

from analytics.detection import SAME, UNKNOWN
from analytics.measured import LANGUAGES
from analytics.tables import SHARES

ORIGINAL = "original"
# What platforms write where they tell no language; X has codes for media, tags, names and links.
_NONE = ("und", "zxx", "mis", "mul", "qme", "qht", "qam", "qct", "qst", "art")
_POST = ["appeal_id", "post_id"]


def language(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the language of each post and how it is known.

    Parameters
    ----------
    posts
        Rows of ``posts``.

    Returns
    -------
    DataFrame
        One row per post, in their order: ``appeal_id``, ``post_id``; ``lang``, a BCP 47 code
        without region or script, ``und`` where there are words and nobody tells their language,
        null where there are neither words nor a code; ``basis``: ``detected`` in the words,
        ``platform`` where only the platform tells it, ``original`` where a repost has it from the
        post that it passes on, null where ``lang`` is.

    Examples
    --------
    >>> from analytics.tables import POSTS
    >>> row = {"appeal_id": "a", "platform": "x", "source": "doc", "kind": "original"}
    >>> posts = POSTS.check(pl.DataFrame([
    ...     row | {"post_id": "x:1", "lang": "ru", "text_lang": "kk"},
    ...     row | {"post_id": "x:2", "lang": "in", "text_lang": "und"},
    ...     row | {"post_id": "x:3", "kind": "repost", "lang": "ru", "root_id": "x:1"},
    ... ]))
    >>> language(posts).select("lang", "basis").rows()
    [('kk', 'detected'), ('id', 'platform'), ('kk', 'original')]
    """
    own = posts.select(
        *_POST, "parent_id", "root_id", is_empty=_passes_on(), **_by_itself(_code("lang"))
    )
    giving = own.filter(~pl.col("is_empty"), pl.col("lang").is_not_null())
    for name in ("parent_id", "root_id"):
        given = giving.select("appeal_id", pl.col("post_id").alias(name), "lang")
        own = own.join(
            given, on=["appeal_id", name], how="left", maintain_order="left", suffix=f"_of_{name}"
        )
    passed_on = pl.when("is_empty").then(pl.coalesce("lang_of_parent_id", "lang_of_root_id"))
    return own.select(
        *_POST,
        lang=pl.coalesce(passed_on, "lang"),
        basis=pl.when(passed_on.is_not_null()).then(pl.lit(ORIGINAL)).otherwise("basis"),
    )


def _passes_on() -> pl.Expr:
    return (pl.col("kind") == "repost") & pl.col("text_lang").is_null()


def _code(column: str) -> pl.Expr:
    """Return what a platform says as one BCP 47 code for one language; null where it says none."""
    code = pl.col(column).str.to_lowercase().str.extract(r"^([a-z]{2,3})(?:[-_]|$)")
    return pl.when(~code.is_in(_NONE)).then(code.replace(SAME))


def _by_itself(code: pl.Expr) -> dict[str, pl.Expr]:
    """Return the language that a post has without looking at others, and how it is known."""
    seen = pl.col("text_lang")
    is_clear = seen.is_not_null() & (seen != UNKNOWN)
    by_words = pl.when(seen.is_not_null()).then(pl.lit("detected"))
    by_platform = pl.when(code.is_not_null()).then(pl.lit("platform"))
    return {
        "lang": pl.when(is_clear).then(seen).otherwise(pl.coalesce(code, seen)),
        "basis": pl.when(is_clear).then(by_words).otherwise(pl.coalesce(by_platform, by_words)),
    }


def post_languages(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the language of each post as groups are compared by: null where it is not known.

    Returns
    -------
    DataFrame
        One row per post: ``appeal_id``, ``post_id`` and ``lang``, never ``und``.
    """
    return language(posts).select(*_POST, lang=_known())


def account_languages(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the language in which each account posts most.

    Parameters
    ----------
    posts
        Rows of ``posts``; those without an account are left out.

    Returns
    -------
    DataFrame
        One row per appeal and account, sorted: ``appeal_id``, ``account_id``; ``lang``, the
        language of more of its posts than any other, null where two are as frequent or none is
        known; ``posts``, how many of its posts are in a known language.

    Examples
    --------
    >>> from analytics.tables import POSTS
    >>> row = {"appeal_id": "a", "platform": "x", "source": "doc", "kind": "original"}
    >>> posts = POSTS.check(pl.DataFrame([
    ...     row | {"post_id": f"x:{n}", "account_id": f"x:{who}", "text_lang": lang}
    ...     for n, (who, lang) in enumerate([("a", "kk"), ("a", "kk"), ("a", "ru"), ("b", "und")])
    ... ]))
    >>> account_languages(posts).select("account_id", "lang", "posts").rows()
    [('x:a', 'kk', 3), ('x:b', None, 0)]
    """
    account = ["appeal_id", "account_id"]
    told = (
        posts.select(*account)
        .with_columns(language(posts).select(lang=_known()))
        .filter(pl.col("account_id").is_not_null())
    )
    known = told.drop_nulls().group_by(*account, "lang").agg(n=pl.len().cast(pl.Int64))
    whole = known.group_by(account).agg(most=pl.col("n").max(), posts=pl.col("n").sum())
    ahead = known.join(whole, on=account).filter(pl.col("n") == pl.col("most"))
    first = ahead.group_by(account).agg(pl.col("lang", "posts").first(), tied=pl.len())
    return (
        told.select(account)
        .unique()
        .join(first, on=account, how="left")
        .select(
            *account,
            lang=pl.when(pl.col("tied") == 1).then("lang"),
            posts=pl.col("posts").fill_null(0),
        )
        .sort(account)
    )


def _known() -> pl.Expr:
    return pl.when(pl.col("lang") != UNKNOWN).then("lang")


def languages(posts: pl.DataFrame) -> pl.DataFrame:
    """Count posts and accounts by language.

    Parameters
    ----------
    posts
        Rows of ``posts``.

    Returns
    -------
    DataFrame
        The table ``languages``: ``und`` and null have rows of their own.
    """
    told = posts.with_columns(language(posts).select("lang", "basis"))
    kind, basis = pl.col("kind"), pl.col("basis")
    counts = {
        "originals": kind.is_in(["original", "article"]),
        "shares": kind.is_in(SHARES),
        "replies": kind.is_in(["reply", "comment"]),
        "detected": basis == "detected",
        "by_platform": basis == "platform",
        "by_original": basis == ORIGINAL,
    }
    by = ["appeal_id", "platform"]
    rows = told.group_by(*by, "lang").agg(
        posts=pl.len().cast(pl.Int64),
        accounts=pl.col("account_id").drop_nulls().n_unique().cast(pl.Int64),
        **{name: test.sum().cast(pl.Int64) for name, test in counts.items()},
    )
    is_known = pl.col("lang").is_not_null() & (pl.col("lang") != UNKNOWN)
    clear = pl.when(is_known).then("posts")
    shares = {"share": pl.col("posts") / pl.col("posts").sum().over(by)}
    shares["share_of_known"] = clear / clear.sum().over(by)
    rows = rows.with_columns(**shares)
    most_first = rows.sort(*by, -pl.col("posts"), "lang", nulls_last=True)
    return LANGUAGES.check(most_first.select(*LANGUAGES.columns))
