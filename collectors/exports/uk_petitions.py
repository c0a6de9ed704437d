"""Petitions to the UK Parliament, as its petitions site gives them as JSON.

One petition (``/petitions/131215.json``) or a page of many. The petition is a post; the number of
its signatures is of the time when the record last changed (``updated_at``). The Government's
answer, a rejection, and a debate become responses. Times are in UTC; bare dates are days in London.

- A rejection is a denial (CAMEO 12), the Government's answer a statement (01), a debate a
  consultation (04), and to refuse one a denial (12).
- That a debate was scheduled is a promise (03). When it was made is not told: between the opening
  of the petition and the debate, or the record's last change if that came first.
- Each petition is an appeal by itself. When thresholds were reached, it had so many signatures.
- Signatures by country and constituency have no place in the tables. The creator's name is never
  read: creators are private people.
"""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import msgspec
import polars as pl

from analytics.schema import STRINGS
from analytics.tables import APPEALS, COUNTERS, POSTS, RESPONSES
from collectors.exports.coded_acts import day_begins, day_ends, placed
from collectors.exports.documents import Decoding, Document, chunks, documents, inside, names_read
from collectors.exports.formats import Head, Options, Part
from collectors.exports.losses import Losses
from collectors.exports.objects import object_keys
from collectors.exports.paired import paired
from collectors.exports.sources import Source
from collectors.exports.times import iso

LONDON = ZoneInfo("Europe/London")
_REACHED = {"response_threshold_reached_at": 10_000, "debate_threshold_reached_at": 100_000}
_ATTRIBUTES = ("attributes.action", "attributes.signature_count")
_GOVERNMENT = ("UK Government", "GBRGOV")
_COMMITTEE = ("Petitions Committee of the House of Commons", "GBRLEG")
_COMMONS = ("House of Commons", "GBRLEG")

_NO_OPENING = "when it was opened is not told: the time of its creation stands instead"
_NO_TIME = "a time that cannot be read"
_BEFORE = "a response earlier than its petition: kept as told"
_NO_DATE = "a response without a date that can be read"
_NO_OUTCOME = "an outcome of a debate of which neither a day nor a refusal is told"


class _Links(msgspec.Struct):
    itself: str | None = msgspec.field(default=None, name="self")


class _Rejection(msgspec.Struct):
    code: str | None = None


class _Answer(msgspec.Struct):
    responded_on: str | None = None
    created_at: str | None = None


class _Debate(msgspec.Struct):
    debated_on: str | None = None
    transcript_url: str | None = None


class _Attributes(msgspec.Struct):
    action: str | None = None
    background: str | None = None
    additional_details: str | None = None
    state: str | None = None
    signature_count: int | None = None
    created_at: str | None = None
    updated_at: str | None = None
    open_at: str | None = None
    opened_at: str | None = None
    rejected_at: str | None = None
    government_response_at: str | None = None
    scheduled_debate_date: str | None = None
    debate_outcome_at: str | None = None
    debate_state: str | None = None
    closed_at: str | None = None
    response_threshold_reached_at: str | None = None
    debate_threshold_reached_at: str | None = None
    rejection: _Rejection | None = None
    government_response: _Answer | None = None
    debate: _Debate | None = None


class _Petition(msgspec.Struct):
    id: str | int
    attributes: msgspec.Raw
    links: _Links | None = None


class _Page(msgspec.Struct):
    data: msgspec.Raw
    links: _Links | None = None


class UkPetitions:
    """Reads petitions with what Parliament and the Government did about them."""

    name = "uk-petitions"
    label = "UK Parliament petitions JSON"
    register = True

    def knows(self, head: Head) -> bool:
        """Judge by the paths of a petition's members, alone or on a page."""
        items = head.items
        return any(
            {f"{start}.{name}" for name in _ATTRIBUTES} <= items for start in ("data", "data[]")
        )

    def read(self, files: Sequence[Source], options: Options) -> Iterator[Part]:
        """Yield petitions, their signatures, and responses."""
        for source in files:
            decoding = Decoding(source, options.losses, "the petitions site")
            for some in chunks(documents(source, options.losses)):
                found = _petitions(some, decoding)
                if found.is_empty():
                    continue
                rows = _timed(found, source, options.losses)
                yield Part(APPEALS, _appeals(rows, options), "appeals")
                yield Part(POSTS, _posts(rows), "posts")
                yield Part(COUNTERS, _signatures(rows), "numbers shown")
                yield Part(RESPONSES, _responses(rows, source, options.losses), "responses")
            decoding.note_unread({*names_read(_Attributes), *names_read(_Page, _Petition), "type"})


FORMAT = UkPetitions()


def _petitions(some: Sequence[Document], decoding: Decoding) -> pl.DataFrame:
    """Return the petitions of documents, one a row, every cell as it was written."""
    petitions: list[Document] = []
    addresses: list[str | None] = []
    for document, page in paired(decoding, _Page, some):
        if bytes(page.data).lstrip()[:1] == b"[":
            try:
                raws = msgspec.json.decode(page.data, type=list[msgspec.Raw])
            except (ValueError, RecursionError):
                decoding.losses.add("dropped", "rows", "broken JSON", example=document.place)
                continue
            petitions += inside(document, raws, "petition")
            addresses += [None] * len(raws)
        else:
            petitions.append(Document(document.place, page.data))
            addresses.append(page.links.itself if page.links else None)
    rows = [
        _row(petition, attributes, address)
        for one, address in zip(petitions, addresses, strict=True)
        for _, petition in paired(decoding, _Petition, [one])
        for attributes in decoding.each(_Attributes, [Document(one.place, petition.attributes)])
    ]
    return pl.DataFrame(rows, schema=_SCHEMA)


_TEXTS = (
    "state", "created_at", "updated_at", "rejected_at", "government_response_at",
    "scheduled_debate_date", "debate_outcome_at", "debate_state", "closed_at",
    "response_threshold_reached_at", "debate_threshold_reached_at", "action",
)  # fmt: skip
_SCHEMA = {
    "id": pl.String, "text": pl.String, "opened_at": pl.String, "address": pl.String,
    "signatures": pl.Int64, "rejected": pl.Boolean, "code": pl.String, "answered": pl.Boolean,
    "responded_on": pl.String, "answer_made_at": pl.String, "debated_on": pl.String,
    "transcript": pl.String, **dict.fromkeys(_TEXTS, pl.String),
}  # fmt: skip


def _row(petition: _Petition, told: _Attributes, address: str | None) -> dict[str, object]:
    own = petition.links.itself if petition.links else None
    words = (told.action, told.background, told.additional_details)
    answer = told.government_response or _Answer()
    debate = told.debate or _Debate()
    count = told.signature_count
    return {
        "id": str(petition.id).strip() or None,
        "text": "\n\n".join(word.strip() for word in words if word and word.strip()) or None,
        "opened_at": told.opened_at or told.open_at,
        "address": own or address,
        "signatures": count if count is not None and 0 <= count < 1 << 63 else None,
        "rejected": told.rejection is not None or bool(told.rejected_at),
        "code": told.rejection.code if told.rejection else None,
        "answered": told.government_response is not None or bool(told.government_response_at),
        "responded_on": answer.responded_on,
        "answer_made_at": answer.created_at,
        "debated_on": debate.debated_on,
        "transcript": debate.transcript_url,
        **{name: getattr(told, name) for name in _TEXTS},
    }


def _timed(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return the petitions with ids and times; those without an id are dropped."""
    lost = rows["id"].is_null()
    losses.add("dropped", "rows", "lacks its id", int(lost.sum()), example=source.name)
    times = ("opened_at", "created_at", "updated_at", "rejected_at", "government_response_at",
             "debate_outcome_at", "answer_made_at", "closed_at", *_REACHED)  # fmt: skip
    rows = rows.filter(~lost)
    before = rows.select((pl.col(*times) != "").fill_null(value=False))
    rows = rows.with_columns(iso(pl.col(name)).alias(name) for name in times)
    unread = sum(int((before[name] & rows[name].is_null()).sum()) for name in times)
    losses.add("unknown", "times", _NO_TIME, unread, example=source.name)
    unopened = rows.filter(pl.col("opened_at").is_null() & pl.col("created_at").is_not_null())
    losses.add("unknown", "times", _NO_OPENING, unopened.height, example=source.name)
    page = pl.col("address").str.replace(r"\.json(?:\?.*)?$", "")
    return rows.with_columns(
        post_id=pl.format("petition:uk/{}", "id"),
        appeal_id=pl.format("uk-{}", "id"),
        at=pl.coalesce("opened_at", "created_at"),
        page=pl.coalesce(page, pl.format("https://petition.parliament.uk/petitions/{}", "id")),
    )


def _appeals(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return each petition as an appeal, open to signatures from its opening on."""
    return rows.select(
        "appeal_id",
        closes_at="closed_at",
        title=pl.col("action") if options.keeps_words else pl.lit(None, pl.String),
        published_at="at",
        registered_at="opened_at",
        outcome_known_until="updated_at",
        jurisdiction=pl.lit("GB"),
        object_keys=pl.concat_list("page"),
        register=pl.lit(FORMAT.name),
        simulated=pl.lit(value=False),
    )


def _posts(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "appeal_id",
        "post_id",
        "at",
        "text",
        platform=pl.lit("petition"),
        kind=pl.lit("original"),
        lang=pl.lit("en"),
        urls=pl.concat_list("page").cast(STRINGS),
    ).with_columns(object_keys("urls"))


def _signatures(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the numbers of signatures that are told: the newest, and when thresholds were met."""
    newest = _shown(rows, "signature_count", pl.col("signatures"), "updated_at")
    reached = [_shown(rows, name, pl.lit(number), name) for name, number in _REACHED.items()]
    return pl.concat([newest, *(told.drop_nulls("observed_at") for told in reached)])


def _shown(rows: pl.DataFrame, name: str, value: pl.Expr, at: str) -> pl.DataFrame:
    return rows.select(
        "post_id",
        metric=pl.lit("signatures"),
        value=value.cast(pl.Int64),
        definition=pl.lit(f"uk-petitions {name}"),
        observed_at=at,
    ).drop_nulls("value")


def _responses(rows: pl.DataFrame, source: Source, losses: Losses) -> pl.DataFrame:
    """Return what was done about petitions; what has no date is dropped."""
    debated = _day("debated_on")
    refused = pl.col("debate_state") == "not_debated"
    scheduled = _day("scheduled_debate_date")
    latest = pl.min_horizontal(day_ends(scheduled, LONDON), "updated_at")
    answered_at = pl.coalesce("government_response_at", day_begins(_day("responded_on"), LONDON))
    answered_to = pl.coalesce("government_response_at", day_ends(_day("responded_on"), LONDON))
    told = pl.concat(
        [
            _acts(rows, "rejected", ("rejection", "12", *_COMMITTEE),
                  (pl.col("rejected_at"), pl.col("rejected_at")),
                  pl.format("Petition {} was rejected ({})", "id", pl.col("code").fill_null("?"))),
            _acts(rows, "answered", ("answer", "01", *_GOVERNMENT), (
                      pl.coalesce(answered_at, "answer_made_at"),
                      pl.coalesce(answered_to, "answer_made_at")),
                  pl.format("The Government responded to petition {}", "id")),
            _acts(rows, pl.col("scheduled_debate_date").is_not_null(),
                  ("schedule", "03", *_COMMITTEE), (pl.min_horizontal("at", latest), latest),
                  pl.format("A debate on petition {} was scheduled for {}", "id",
                            "scheduled_debate_date")),
            _acts(rows, pl.col("debated_on").is_not_null(), ("debate", "04", *_COMMONS),
                  (day_begins(debated, LONDON), day_ends(debated, LONDON)),
                  pl.format("Petition {} was debated", "id")),
            _acts(rows, refused & pl.col("debated_on").is_null(),
                  ("no-debate", "12", *_COMMITTEE),
                  (pl.col("debate_outcome_at"), pl.col("debate_outcome_at")),
                  pl.format("It was decided not to debate petition {}", "id")),
        ]
    )  # fmt: skip
    vague = rows.filter(
        pl.col("debate_outcome_at").is_not_null(),
        pl.col("debated_on").is_null(),
        ~refused.fill_null(value=False),
    )
    losses.add("dropped", "responses", _NO_OUTCOME, vague.height, example=source.name)
    dated = told.filter(pl.col("from").is_not_null(), pl.col("to").is_not_null())
    losses.add("dropped", "responses", _NO_DATE, told.height - dated.height, example=source.name)
    early = dated.filter(pl.col("to") < pl.col("at")).height
    losses.add("unknown", "times", _BEFORE, early, example=source.name)
    return placed(dated.drop("at"))


def _acts(
    rows: pl.DataFrame,
    which: pl.Expr | str,
    act: tuple[str, str, str, str],
    span: tuple[pl.Expr, pl.Expr],
    summary: pl.Expr,
) -> pl.DataFrame:
    name, verb_code, actor, actor_code = act
    which = pl.col(which) if isinstance(which, str) else which
    transcript = pl.col("transcript") if name == "debate" else pl.lit(None, pl.String)
    return rows.filter(which.fill_null(value=False)).select(
        "appeal_id",
        span[0].alias("from"),
        span[1].alias("to"),
        "at",
        response_id=pl.format("uk-petitions:{}/{}", "id", pl.lit(name)),
        actor=pl.lit(actor),
        actor_code=pl.lit(actor_code),
        level=pl.lit("national"),
        verb_code=pl.lit(verb_code),
        target=pl.lit(None, pl.String),
        summary=summary,
        sources=pl.concat_list("page", transcript).list.drop_nulls().cast(STRINGS),
        coder=pl.lit("UK Parliament"),
    )


def _day(name: str) -> pl.Expr:
    day = pl.col(name).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    return pl.when(day.dt.year().is_between(1900, 9000)).then(day)
