"""We the People, the White House's petitions (2011 to 2017), in the three CSV files made of them.

Petitions
    One row each, an appeal by itself, with times in seconds since 1970. Responses are known until
    the last moment that any row tells of. An answer (``response.id``) is often given to many
    petitions at once: it is a response of each, dated by when it was joined to it
    (``response.associationTime``). What was answered is not in the file, so that it is a statement
    (CAMEO 01). One can be older than its petition.
Answered petitions
    A list scraped from the site, without ids and dates. Its petitions are those of the first file
    where the words in their addresses agree with just one, else called by those words. That they
    were answered cannot be kept: a response needs a date.
Signatures
    One row each: an act in public without words, kept as a comment to a petition that the file does
    not name. Initials and postal codes of signers are not read, and say nothing of the appeal.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from analytics.schema import STRINGS, UTC
from analytics.tables import APPEALS, COUNTERS, POSTS, RESPONSES
from collectors.exports.cells import whole
from collectors.exports.coded_acts import placed
from collectors.exports.csvs import ROW, batches, note_unread, refused, with_columns_of
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.sources import Source
from collectors.exports.times import epoch

PETITIONS = {"id", "title", "signatureCount", "created", "status", "response.associationTime"}
ANSWERED = {"nodepetition_link", "signatures_number", "goal_number", "view_description"}
SIGNATURES = {"id", "created"}
_OF_SIGNERS = {"type", "name", "zip", "zip3"}
_MORE = {"body", "url", "response.id", "response.url", "deadline"}
_SAID_TWICE = {
    "signatures_number/_source", "goal_number/_source", "nodepetition_link/_text",
    "nodepetition_link/_source", "signed_label", "view_label", "goal_label",
}  # fmt: skip
_SLUG = r"/petition/([^/?#]+)"
_ANSWER: dict[str, pl.DataType | type[pl.DataType]] = {
    "appeal_id": pl.String, "answer": pl.String, "answer_url": pl.String, "answered_at": UTC,
    "url": pl.String,
}  # fmt: skip
_PETITION: dict[str, pl.DataType | type[pl.DataType]] = {
    "appeal_id": pl.String, "title": pl.String, "at": UTC, "closes_at": UTC, "answered_at": UTC,
}  # fmt: skip
_UNNAMED = "wtp-not-named"

_BEFORE = "a response earlier than its petition: kept as told"
_UNDATED = "answered, with no date of the answer"
_NO_PETITION = "the petition that was signed is not named"


class WeThePeople:
    """Reads petitions, their answers and signatures."""

    name = "we-the-people"
    label = "We the People (White House petitions) CSV"
    register = True

    def knows(self, head: Head) -> bool:
        """Judge by the names of columns."""
        columns = set(head.columns)
        signed = SIGNATURES < columns <= SIGNATURES | _OF_SIGNERS and columns & {"zip", "zip3"}
        return columns >= PETITIONS or columns >= ANSWERED or bool(signed)

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield petitions and signatures, numbers, and answers."""
        kinds: dict[str, list[Source]] = {}
        for source in files:
            kinds.setdefault(_layout(Head.of(source)), []).append(source)
        named: list[pl.DataFrame] = []
        answers = [pl.DataFrame(schema=_ANSWER)]
        petitions = [pl.DataFrame(schema=_PETITION)]
        for source, told in batches(kinds.get("petitions", ()), options.losses, options.scratch):
            rows = _petitions(told, source, options.losses)
            named.append(rows.select("post_id", slug=pl.col("url").str.extract(_SLUG)))
            answers.append(_answers(rows, source, options.losses))
            petitions.append(rows.select(list(_PETITION)))
            yield Part(POSTS, _posts(rows), "posts")
            yield Part(COUNTERS, _shown(rows, "signatureCount"), "numbers shown")
        yield Part(APPEALS, _appeals(pl.concat(petitions), options), "appeals")
        yield Part(RESPONSES, _responses(pl.concat(answers)), "responses")
        known = _only_once(named)
        for source, told in batches(kinds.get("answered", ()), options.losses, options.scratch):
            rows = _answered(told, known, source, options.losses)
            unheld = rows.filter(~pl.col("held"))
            yield Part(APPEALS, _undated(unheld, options), "appeals")
            yield Part(POSTS, _posts(unheld), "posts")
            yield Part(COUNTERS, _shown(rows, "signatures_number"), "numbers shown")
        for source, told in batches(kinds.get("signatures", ()), options.losses, options.scratch):
            signed = _signatures(told, source, options.losses)
            yield Part(APPEALS, _row_of(_UNNAMED).head(min(signed.height, 1)), "appeals")
            yield Part(POSTS, signed, "posts")


FORMAT = WeThePeople()


def _layout(head: Head) -> str:
    columns = set(head.columns)
    if columns >= ANSWERED:
        return "answered"
    return "signatures" if columns <= SIGNATURES | _OF_SIGNERS else "petitions"


def _petitions(told: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    note_unread(told, (PETITIONS | _MORE | {"type"}) - {"status"}, source, losses)
    rows = with_columns_of(told, sorted(PETITIONS | _MORE))
    rows = refused(rows, pl.col("id").is_null(), "lacks its id", source, losses)
    rows = rows.with_columns(
        post_id=pl.format("petition:wtp/{}", "id"),
        appeal_id=pl.format("wtp-{}", "id"),
        at=epoch(pl.col("created")),
        closes_at=epoch(pl.col("deadline")),
        answer=pl.col("response.id").str.replace(r"\.0$", ""),
        answered_at=epoch(pl.col("response.associationTime")),
        text=pl.concat_str("title", pl.col("body").str.strip_chars(), separator="\n\n",
                           ignore_nulls=True).replace("", None),
    )  # fmt: skip
    reason = "a time that cannot be read"
    untimed = rows.filter(pl.col("at").is_null()).height
    losses.add("unknown", "times", reason, untimed, example=source.name)
    return rows


def _appeals(petitions: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return the petitions as appeals; each was open to signatures when it was created."""
    last = pl.max_horizontal(pl.col("at").max(), pl.col("answered_at").max())
    return petitions.select(
        "appeal_id", "closes_at",
        title=pl.col("title") if options.keeps_words else pl.lit(None, pl.String),
        published_at="at",
        registered_at="at",
        outcome_known_until=last,
        jurisdiction=pl.lit("US"),
        register=pl.lit(FORMAT.name),
        simulated=pl.lit(value=False),
    )  # fmt: skip


def _row_of(appeal_id: str) -> pl.DataFrame:
    told = {"appeal_id": appeal_id, "title": None, "jurisdiction": "US", "register": FORMAT.name}
    return pl.DataFrame([told | {"simulated": False}], schema_overrides={"title": pl.String})


def _undated(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return petitions of which no time is known."""
    of_one = _row_of("").drop("appeal_id", "title")
    title = pl.col("view_description") if options.keeps_words else pl.lit(None, pl.String)
    return rows.select("appeal_id", title=title).join(of_one, how="cross")


def _posts(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "appeal_id",
        "post_id",
        "at",
        "text",
        platform=pl.lit("petition"),
        kind=pl.lit("original"),
        lang=pl.lit("en"),
        urls=pl.when(pl.col("url").is_not_null()).then(pl.concat_list("url")).cast(STRINGS),
    ).with_columns(object_keys("urls"))


def _shown(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    return rows.select(
        "post_id",
        metric=pl.lit("signatures"),
        value=whole(column),
        definition=pl.lit(f"we-the-people {column}"),
    ).drop_nulls("value")


def _answers(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return the answers that petitions were given, a row for each petition."""
    given = rows.filter(pl.col("answer").is_not_null())
    undated = given.filter(pl.col("answered_at").is_null()).height
    losses.add("dropped", "responses", _UNDATED, undated, example=source.name)
    given = given.filter(pl.col("answered_at").is_not_null())
    early = given.filter(pl.col("answered_at") < pl.col("at"))
    if early.height:
        place = f"{source.name}, row {early[ROW][0]}"
        losses.add("unknown", "times", _BEFORE, early.height, example=place)
    return given.with_columns(answer_url="response.url").select(list(_ANSWER))


def _responses(given: pl.DataFrame) -> pl.DataFrame:
    """Return each answer of each petition, with how many petitions it answers."""
    both = given.with_columns(petitions=pl.len().over("answer"))
    return placed(
        both.select(
            "appeal_id",
            pl.col("answered_at").alias("from"),
            pl.col("answered_at").alias("to"),
            sources=pl.concat_list("answer_url", "url")
            .list.drop_nulls()
            .list.unique(maintain_order=True),
            response_id=pl.format("wtp:{}/{}", "answer", pl.col("appeal_id").str.slice(4)),
            actor=pl.lit("White House"),
            actor_code=pl.lit("USAGOV"),
            level=pl.lit("national"),
            verb_code=pl.lit("01"),
            target=pl.lit(None, pl.String),
            summary=pl.format("Official response to {} petition(s)", "petitions"),
            coder=pl.lit("We the People"),
        )
    )


def _only_once(named: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the petitions whose address has words that no other petition's has."""
    none = pl.DataFrame(schema={"post_id": pl.String, "slug": pl.String})
    petitions = pl.concat([none, *named]).drop_nulls().unique()
    return petitions.filter(~pl.col("slug").is_duplicated())


def _answered(
    told: pl.DataFrame, known: pl.DataFrame, source: Source, losses: Losses
) -> pl.DataFrame:
    note_unread(told, (ANSWERED | _SAID_TWICE) - {"goal_number"}, source, losses)
    rows = with_columns_of(told, sorted(ANSWERED))
    rows = rows.with_columns(slug=pl.col("nodepetition_link").str.extract(_SLUG))
    rows = refused(rows, pl.col("slug").is_null(), "lacks its address", source, losses)
    losses.add("dropped", "responses", _UNDATED, rows.height, example=source.name)
    rows = rows.join(known, on="slug", how="left", maintain_order="left")
    return rows.with_columns(
        held=pl.col("post_id").is_not_null(),
        post_id=pl.coalesce("post_id", pl.format("petition:wtp/{}", "slug")),
        appeal_id=pl.format(
            "wtp-{}", pl.coalesce("post_id", "slug").str.strip_prefix("petition:wtp/")
        ),
        at=pl.lit(None, UTC),
        text="view_description",
        url="nodepetition_link",
    )


def _signatures(told: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    note_unread(told, SIGNATURES | {"type"}, source, losses)
    rows = with_columns_of(told, sorted(SIGNATURES))
    rows = rows.with_columns(at=epoch(pl.col("created")))
    lacking = pl.any_horizontal(pl.col("id", "at").is_null())
    rows = refused(rows, lacking, "lacks its id or a time", source, losses)
    losses.add("unknown", "references", _NO_PETITION, rows.height, example=source.name)
    return rows.select(
        "at",
        post_id=pl.format("petition:wtp/signature/{}", "id"),
        appeal_id=pl.lit(_UNNAMED),
        platform=pl.lit("petition"),
        kind=pl.lit("comment"),
    )
