"""What is true of a simulated appeal: files that the simulator writes; no measure reads them."""

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
    text,
    time,
)
from analytics.tables import KINDS, ROLES, TARGETS

TRUE_PARENTS = Table(
    name="truth/parents",
    row="one post that really happened, whether it was held or missed",
    key=("appeal_id", "post_id"),
    columns={
        "appeal_id": APPEAL_ID,
        "post_id": ident("the post", "post", null=False),
        "platform": PLATFORM_NAME,
        "account_id": ident("who wrote or shared it", "account", null=False),
        "kind": text("what it does", null=False, values=KINDS),
        "at": time("when it was published", null=False),
        "parent_id": ident(
            "the post it really came from; the video where it only links to it, null for the video",
            "post",
        ),
        "parent_account_id": ident("who wrote that", "account"),
        "root_id": ident("the top of its tree on its platform; null for the video", "post"),
        "depth": count("steps from the video", null=False),
        "expected": number("how often it would be passed on in the mean; null for the video"),
        "held": flag("whether `posts` has it", null=False),
    },
)

TRUE_COORDINATION = Table(
    name="truth/coordination",
    row="one planted repost: of a group that acts together, or of a burst that means nothing",
    key=("appeal_id", "post_id"),
    columns={
        "appeal_id": APPEAL_ID,
        "post_id": ident("the repost", "post", null=False),
        "platform": PLATFORM_NAME,
        "account_id": ident("who shared", "account", null=False),
        "set": text("the group or the burst", null=False),
        "coordinated": flag("true in a group", null=False),
        "object_id": ident("the post that was shared", "post", null=False),
        "at": time("when", null=False),
    },
)

TRUE_RESPONSES = Table(
    name="truth/responses",
    row="one act of an authority as it was really done",
    key=("response_id",),
    columns={
        "response_id": text("its id, in `responses` too where it was recorded", null=False),
        "appeal_id": APPEAL_ID,
        "at": time("when it was really done", null=False),
        "from": time("earliest time at which it can have happened, as recorded"),
        "to": time("latest such time; null where it was not recorded"),
        "reported_at": time("when it was first reported; null where it never was"),
        "actor": text("the institution, in words", null=False),
        "verb_code": text("CAMEO event code, as text", null=False),
        "target": text("whom it was done to", null=False, values=TARGETS),
        "rung": Column(dtype=pl.Int8, doc="response ladder, -4 … 6"),
        "recorded": flag("whether `responses` has it", null=False),
        "news": number("share of all roots that its report set off", null=False),
    },
)

TRUE_ACCOUNTS = Table(
    name="truth/accounts",
    row="one account that really posted",
    key=("account_id",),
    columns={
        "account_id": ident("the account", "account", null=False),
        "platform": PLATFORM_NAME,
        "role": text("what kind of actor holds it", null=False, values=ROLES),
        "followers": count("accounts that follow it, shown or not", null=False),
        "posts": count("posts of the appeal that it made", null=False),
        "held": count("of these, how many `posts` has", null=False),
        "group": text("the group that it acts together with; null for all others"),
        "listed": flag("whether `follows` says whom it follows", null=False),
    },
)

# Files that the simulator writes beside the tables; no measure reads them.
TRUTH: dict[str, Table] = {
    table.name: table for table in (TRUE_PARENTS, TRUE_COORDINATION, TRUE_RESPONSES, TRUE_ACCOUNTS)
}
