"""What authorities said, and what others wrote of them: posts that may tell of a response.

Nothing here enters the ledger of responses: a person judges. A candidate is a post of an account
whose role is official, or an article or a post of media with a sentence that tells of an act of an
authority; the fact that brought it up stands beside it. The actor code is that of the country whose
authorities the appeal asks: a sentence of another country's police is coded as if it were ours.
"""

from datetime import UTC, datetime, timedelta

import polars as pl

from analytics.acts import proposed, sentences, worth_reading
from analytics.codes import actor_code
from analytics.days import day_told
from analytics.measured import CANDIDATES

LINKS = "links to what the appeal shows"
ANSWERS = "passes on, quotes or answers a post of the appeal"
AFTER = "said after the appeal was published"
CODED = "coded by {}, judged by nobody"
TELLS = "a sentence tells of an act of an authority"
_KEY = ["appeal_id", "post_id"]
_POST = (*_KEY, "account_id", "platform", "at", "kind", "text", "urls")
_TOLD = ("sentence", "language", "actor", "actor_code", "actor_kind", "verb_code", "target",
         "from", "to", "score")  # fmt: skip


def candidates(
    appeals: pl.DataFrame, posts: pl.DataFrame, accounts: pl.DataFrame, proposals: pl.DataFrame
) -> pl.DataFrame:
    """Return the posts that may be responses, or tell of one.

    Parameters
    ----------
    appeals, posts, accounts, proposals
        Rows of the tables of these names.

    Returns
    -------
    DataFrame
        The table ``candidates``. For officials ``why`` is the strongest of three facts: the post
        links to what the appeal declares as its material, it refers to a post of somebody else, or
        it was said after the appeal was published (if that is declared; otherwise after its first
        post by others). Articles and posts of media are there where a sentence tells of an act.
        Of several sentences the one that tells most stands in the row. What a machine coded stands
        there under its own id.

    Examples
    --------
    >>> from analytics.tables import ACCOUNTS, APPEALS, POSTS, PROPOSALS
    >>> appeal = {"appeal_id": "a", "object_keys": ["youtube:v"], "simulated": False}
    >>> row = {"appeal_id": "a", "platform": "x", "kind": "original", "source": "doc"}
    >>> posts = pl.DataFrame([row | {"post_id": "x:1", "account_id": "x:7",
    ...                              "object_keys": ["youtube:v"]}])
    >>> official = {"account_id": "x:7", "platform": "x", "role": "official"}
    >>> tables = (APPEALS, [appeal]), (POSTS, posts), (ACCOUNTS, [official])
    >>> told = (table.check(pl.DataFrame(rows)) for table, rows in tables)
    >>> found = candidates(*told, PROPOSALS.empty())
    >>> found.select("post_id", "why").row(0)
    ('x:1', 'links to what the appeal shows')
    """
    official = accounts.filter(pl.col("role") == "official").select("account_id").unique()
    theirs = posts.join(official, on="account_id", how="semi")
    others = posts.join(official, on="account_id", how="anti")
    rows = (
        theirs.join(_declared(appeals), on="appeal_id", how="left")
        .join(_first(others), on="appeal_id", how="left")
        .join(_referring(theirs, others), on=_KEY, how="left")
    )
    shown = pl.col("object_keys").list.set_intersection(pl.col("declared")).list.len() > 0
    since = pl.col("at") >= pl.coalesce("published_at", "first_at")
    why = (
        pl.when(shown)
        .then(pl.lit(LINKS))
        .when(pl.col("refers"))
        .then(pl.lit(ANSWERS))
        .when(since)
        .then(pl.lit(AFTER))
    )
    found = rows.with_columns(why=why).filter(pl.col("why").is_not_null())
    reported = _reported(others, accounts).with_columns(why=pl.lit(TELLS))
    both = pl.concat([found.select(*_POST, "why"), reported.select(*_POST, "why")])
    where = dict(appeals.select("appeal_id", "jurisdiction").iter_rows())
    told = both.join(_told(both, where), on=_KEY, how="left", maintain_order="left")
    kept = told.filter((pl.col("why") != TELLS) | pl.col("sentence").is_not_null())
    every = pl.concat([kept.select(*CANDIDATES.columns), _coded(proposals)])
    return CANDIDATES.check(every.sort("appeal_id", "at", "post_id"))


def _coded(proposals: pl.DataFrame) -> pl.DataFrame:
    """Return what machines coded, as candidates."""
    given = {name: pl.col(name) for name in ("appeal_id", "actor", "actor_code", "actor_kind",
                                             "verb_code", "target", "from", "to")}  # fmt: skip
    told = proposals.select(
        post_id="response_id", at="reported_at", text="summary", urls="sources",
        why=pl.format(CODED, pl.col("coder").fill_null("a machine")),
        kind=pl.lit("article"), platform=pl.col("response_id").str.extract(r"^([a-z0-9_]+):"),
        **given,
    )  # fmt: skip
    return pl.concat([CANDIDATES.empty(), told], how="diagonal").select(*CANDIDATES.columns)


def _reported(others: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return articles, and posts of media."""
    media = accounts.filter(pl.col("role") == "media").select("account_id").unique()
    theirs = others.join(media, on="account_id", how="semi")
    articles = others.filter(pl.col("kind") == "article")
    return pl.concat([theirs, articles]).unique(_KEY, keep="first", maintain_order=True)


def _told(posts: pl.DataFrame, where: dict[str, str | None]) -> pl.DataFrame:
    """Return of each post the sentence that tells most of an act, with what it tells.

    ``where`` is the jurisdiction of each appeal: its authorities are meant where a sentence names
    none of another country.
    """
    read = posts.filter(pl.col("kind") != "repost", worth_reading(pl.col("text")))
    rows = []
    for appeal_id, post_id, at, text in read.select(*_KEY, "at", "text").iter_rows():
        found = [(act, said) for said in sentences(text) if (act := proposed(said))]
        if found:
            act, said = max(found, key=lambda each: each[0].score)
            rows.append((appeal_id, post_id, said, act.language, act.actor,
                         actor_code(where.get(appeal_id), act.actor_role), act.actor_kind,
                         act.verb_code, act.target, *_day(said, at), act.score))  # fmt: skip
    told = CANDIDATES.empty().select(*_KEY, *_TOLD)
    return pl.DataFrame(rows, schema=told.schema, orient="row")


def _day(sentence: str, at: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return the beginning and the end of the day that a sentence names."""
    day = day_told(sentence, at.date()) if at else None
    if day is None:
        return None, None
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return start, start + timedelta(days=1, microseconds=-1)


def _declared(appeals: pl.DataFrame) -> pl.DataFrame:
    return appeals.select("appeal_id", "published_at", declared="object_keys")


def _first(others: pl.DataFrame) -> pl.DataFrame:
    return others.group_by("appeal_id").agg(first_at=pl.col("at").min())


def _referring(theirs: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Return which posts name a post of somebody else."""
    ends = pl.concat(
        [theirs.select(*_KEY, other=name).drop_nulls() for name in ("parent_id", "root_id")]
    )
    held = others.select("appeal_id", other="post_id")
    found = ends.join(held, on=["appeal_id", "other"], how="semi").select(_KEY).unique()
    return found.with_columns(refers=pl.lit(value=True))
