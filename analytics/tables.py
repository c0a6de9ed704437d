"""What is kept: what one row of each table is, its columns and its key.

What is measured is in ``measured.py``; ``docs/tables.md`` is generated from both.

>>> POSTS.key
('appeal_id', 'post_id')
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

KINDS = ("original", "repost", "quote", "reply", "comment", "article")
SHARES = ("repost", "quote")  # a reply is not a share (docs/decisions/0004)
METHODS = ("observed", "star", "follow", "pdi", "calibrated")
OVERLAP_METHODS = ("exact", "held", "sketch", "sample", "capture")
BASES = ("observed", "object", "follow", "inferred")
JOINS = ("post", "address", "object", "media", "picture", "text")  # the most trusted first
ACTS = ("add", "edit", "import", "undo", "remove")
STANCES_OF = ("condemns", "defends", "asks", "neutral", "not_about")
SPOKEN_OF = ("police", "prosecutor", "court", "government", "local_government", "other")
SELECTIONS = ("census", "sample", "chosen", "found_by_outcome")
ROLES = ("person", "media", "ngo", "official", "public_figure", "unknown")
METRICS = (
    "views", "likes", "reposts", "quotes", "replies", "forwards", "reactions", "bookmarks",
    "signatures",
)  # fmt: skip
TRAITS = ("platform", "language", "role")
LEVELS = ("local", "regional", "national")
TARGETS = ("appellant", "supporters", "accused", "institution", "public")
CHANGES_SEEN = ("edited", "deleted", "gone")  # gone: no longer shown, and nobody says why
OUTCOMES = ("kept", "merged", "dropped", "unknown")


APPEALS = Table(
    name="appeals",
    row="one appeal",
    key=("appeal_id",),
    merge="replace",
    columns={
        "appeal_id": APPEAL_ID,
        "title": text("what the appeal is called on screen"),
        "published_at": time("when it was first published; clocks of lags start here"),
        "published_by": time("the latest it can have been; null where published_at is exact"),
        "registered_at": time("when it was registered with an authority; legal clocks start here"),
        "jurisdiction": text("ISO 3166 code of the country whose authorities are asked"),
        "object_keys": strings("ids and URLs that identify its material, as declared"),
        "outcome_known_until": time("responses were looked for up to this time"),
        "plan": text("where a plan of analysis was registered before outcomes were looked at"),
        "plan_at": time("when it was registered"),
        "register": text("the register that it is one of, as its format is named"),
        "selection": text("how appeals came to be in that register", values=SELECTIONS),
        "closes_at": time("when it was to close, or signatures were needed"),
        "simulated": flag("made by the simulator; said on every screen", null=False),
    },
)

POSTS = Table(
    name="posts",
    row="one public utterance",
    key=("appeal_id", "post_id"),
    day="at",
    columns={
        "post_id": ident("the post", "post", null=False),
        "appeal_id": APPEAL_ID,
        "platform": PLATFORM_NAME,
        "account_id": ident("who wrote or shared it", "account"),
        "at": time("when it was published"),
        "kind": text("what it does", null=False, values=KINDS),
        "parent_id": ident("the post directly shared or answered; null where hidden", "post"),
        "parent_account_id": ident("who wrote the parent, where the platform says it", "account"),
        "root_id": ident("the original at the top, as the platform names it", "post"),
        "root_account_id": ident("who wrote that original, where the platform says it", "account"),
        "basis": text("how the parent is known; null where it is not", values=BASES),
        "text": ident("the words; null in a repost and where protection keeps none", "text"),
        "lang": text("BCP 47 code as the platform says"),
        "text_lang": text(
            "BCP 47 code that its words tell, found before protection takes them away; und where "
            "they tell none with confidence; null where there were no words"
        ),
        "text_lang_confidence": number(
            "probability of the language likeliest by the words; null where there were none"
        ),
        "urls": strings("links in it, expanded", "url"),
        "hashtags": strings("hashtags in it, without #"),
        "mentions": strings("accounts it names: platform:id, or platform:@handle", "account"),
        "media_keys": strings("the platform's ids of attached media"),
        "object_keys": strings("ids and URLs by which it joins other posts", "object"),
        "source": text("the format or collector it came through", null=False),
        "collected_at": time("when the platform was asked, where the payload says it"),
    },
)

ACCOUNTS = Table(
    name="accounts",
    row="one profile as seen once",
    key=("account_id", "observed_at", "followers", "following", "posts"),
    day="observed_at",
    columns={
        "account_id": ident("the account", "account", null=False),
        "platform": PLATFORM_NAME,
        "handle": ident("short name; kept for public actors only", "handle"),
        "name": ident("display name; kept for public actors only", "handle"),
        "followers": count("accounts that follow it"),
        "following": count("accounts it follows"),
        "posts": count("posts it ever made"),
        "created_at": time("when the account was opened"),
        "role": text("what kind of actor holds it", null=False, values=ROLES),
        "observed_at": time("when the profile was seen; null where the payload does not say"),
    },
)

COUNTERS = Table(
    name="counters",
    row="one number that a platform showed",
    key=("post_id", "metric", "definition", "observed_at", "value"),
    day="observed_at",
    columns={
        "post_id": ident("the post it stood beside", "post", null=False),
        "metric": text("what was counted", null=False, values=METRICS),
        "value": count("the number, verbatim", null=False),
        "definition": text("the platform's own name for it, in the form it was read", null=False),
        "observed_at": time("when it was shown; null where the payload does not say"),
    },
)

CHANGES = Table(
    name="changes",
    row="one change that a platform showed in a post after it was published",
    key=("post_id", "what", "at"),
    columns={
        "post_id": ident("the post", "post", null=False),
        "platform": PLATFORM_NAME,
        "what": text("edited, deleted, or gone: no longer shown", null=False, values=CHANGES_SEEN),
        "at": time("when it was changed; null where the platform does not say"),
        "text": ident("the words after an edit; null where protection keeps none", "text"),
        "account_id": ident("who wrote the post, where it is told", "account"),
        "observed_at": time("when the change was first seen"),
    },
)

FOLLOWS = Table(
    name="follows",
    row="one follow edge",
    key=("follower_id", "followed_id", "observed_at"),
    day="observed_at",
    columns={
        "follower_id": ident("who follows", "account", null=False),
        "followed_id": ident("who is followed", "account", null=False),
        "observed_at": time("when the edge was seen"),
    },
)

RESPONSES = Table(
    name="responses",
    row="one dated, sourced act of an authority",
    key=("response_id",),
    merge="replace",
    columns={
        "response_id": text("a short id, unique in the store", null=False),
        "appeal_id": APPEAL_ID,
        "from": time("earliest time at which it can have happened", null=False),
        "to": time("latest time at which it can have happened", null=False),
        "reported_at": time("when it was first reported"),
        "actor": text("the institution, in words; never a private person", null=False),
        "actor_code": text("CAMEO actor code, such as KAZCOP"),
        "level": text("level of government", values=LEVELS),
        "verb_code": text("CAMEO event code, as text: 09, 173, …", null=False),
        "target": text("whom it was done to; decides the sign of the rung", values=TARGETS),
        "actor_kind": text("kind of body, where CAMEO does not tell it (docs/codebook.md)"),
        "huridocs_type": text("HURIDOCS type of response (list 27, docs/codebook.md)"),
        "rung": Column(
            dtype=pl.Int8, doc="response ladder, -4 … 6, by verb and target (docs/codebook.md)"
        ),
        "summary": text("one sentence in the coder's words"),
        "sources": strings("URLs or citations", "url"),
        "coder": text("who coded it"),
        "confidence": number("the coder's, 0 … 1"),
        "status": text("HURIDOCS intervention status (list 45)"),
        "impact": text("HURIDOCS impact on the situation (list 44), as the coder sees it"),
    },
)

PROPOSALS = Table(
    name="proposals",
    row="one act of an authority that a machine coded; nobody has judged it, nothing counts it",
    key=("response_id",),
    merge="replace",
    columns=RESPONSES.columns,
)

RESPONSE_SOURCES = Table(
    name="response_sources",
    row="one source of a response, as it was when somebody looked at it",
    key=("response_id", "source", "retrieved_at"),
    columns={
        "response_id": text("the response", null=False),
        "source": ident("its address or citation, as in `responses`", "url", null=False),
        "retrieved_at": time("when it was looked at", null=False),
        "sha256": text("hash of the bytes that were seen; null where only the date is known"),
    },
)

EDITS = Table(
    name="edits",
    row="one field of a response that somebody changed",
    key=("edit_id", "field"),
    columns={
        "edit_id": text("one act of changing, of one response", null=False),
        "response_id": text("the response", null=False),
        "appeal_id": APPEAL_ID,
        "at": time("when", null=False),
        "who": text("who says that they did it", null=False),
        "act": text("what it was", null=False, values=ACTS),
        "undoes": text("the edit_id that it takes back; null where it takes back none"),
        "field": text("the column of `responses`", null=False),
        "was": text("what was there before, as a CSV writes it; null where nothing was"),
        "now": text("what is there since"),
    },
)

CODINGS = Table(
    name="codings",
    row="what a further coder, who saw no codes, made of one field of a response",
    key=("response_id", "field", "coder", "at"),
    columns={
        "response_id": text("the response", null=False),
        "field": text("verb_code, target, level, …", null=False),
        "coder": text("the further coder", null=False),
        "value": text("the code given; null where none"),
        "at": time("when it was given; a later code of the same coder holds", null=False),
    },
)

STANCES = Table(
    name="stances",
    row="what one coder made of one post that a random sample drew",
    key=("appeal_id", "post_id", "coder"),
    merge="replace",
    columns={
        "appeal_id": APPEAL_ID,
        "post_id": ident("the post", "post", null=False),
        "coder": text("who coded it", null=False),
        "target": text("of which authority it speaks", values=SPOKEN_OF),
        "stance": text("what it does with that authority", null=False, values=STANCES_OF),
        "probability": number("with which the sample drew it", null=False),
        "is_blind": flag("a further coder's, who saw no codes: for agreement alone", null=False),
        "at": time("when it was read in", null=False),
    },
)

IMPORTS = Table(
    name="imports",
    row="one file that was read",
    key=("import_id", "file", "sha256"),
    merge="replace",
    columns={
        "import_id": text("one run of `groundswell import`", null=False),
        "at": time("when it ran", null=False),
        "appeal_id": APPEAL_ID,
        "file": text("the file's name as given; at protection level strict its number", null=False),
        "sha256": text("hash of the payload as received", null=False),
        "bytes": count("its size", null=False),
        "format": text("the format that read it; null when none did"),
        "timezone": text("the zone given for times without one"),
        "payload": text("file of the kept payload in the store; null when only its hash is kept"),
        "version": text("the version of groundswell that read it", null=False),
    },
)

LOSSES = Table(
    name="losses",
    row="what became of some of the rows of one import, with the reason",
    key=("import_id", "outcome", "what", "reason"),
    merge="replace",
    columns={
        "import_id": text("one run of `groundswell import`", null=False),
        "outcome": text("what became of them", null=False, values=OUTCOMES),
        "what": text("posts, accounts, rows, fields, files, …", null=False),
        "reason": text("why", null=False),
        "count": count("how many", null=False),
        "example": text("the place of the first: a file (as in imports) and a row, never content"),
    },
)

COLLECTIONS = Table(
    name="collections",
    row="one kind of question that one run of `groundswell collect` asked of one source",
    key=("run_id", "source", "kind"),
    merge="replace",
    columns={
        "run_id": text("one run of `groundswell collect`", null=False),
        "at": time("when it began", null=False),
        "appeal_id": APPEAL_ID,
        "source": text("the source's name in groundswell.toml", null=False),
        "platform": PLATFORM_NAME,
        "kind": text("what was asked: search, quotes, history, …", null=False),
        "questions": count("questions of this kind", null=False),
        "unanswered": count("of these, how many are not answered to the end", null=False),
        "refused": count("of these, how many the platform has no answer to", null=False),
        "requests": count("pages that came", null=False),
        "received": count("items on them", null=False),
        "known": count("items that the platform says there are; null where it does not say"),
        "spent": count("what they cost, in the source's unit", null=False),
        "unit": text("that unit: posts, units, requests", null=False),
        "fact": text("why the source stopped before its end; null where it did not"),
        "version": text("the version of groundswell that asked", null=False),
    },
)
RUNS = Table(
    name="runs",
    row="one run of `groundswell measure`",
    key=("run_id",),
    merge="replace",
    columns={
        "run_id": text("short id", null=False),
        "at": time("when it ended", null=False),
        "engine": text("where it ran", null=False),
        "version": text("the version of groundswell", null=False),
        "inputs": text("version of every table it read, trees and seed, as JSON", null=False),
        "seconds": number("how long it took", null=False),
    },
)

TOMBSTONES = Table(
    name="tombstones",
    row="one account or post that was forgotten; nothing else is kept of it",
    key=("mark",),
    columns={
        "mark": text("HMAC-SHA256 of its id under a key of the store", null=False),
        "at": time("when it was forgotten", null=False),
    },
)

AUDIENCES = pl.Schema(
    {
        "platform": pl.String,
        "population": pl.Int64,
        "stated": pl.String,
        "visibility_lo": pl.Float64,
        "visibility_hi": pl.Float64,
        "reason": pl.String,
    }
)  # what groundswell.toml states of platforms; never stored
