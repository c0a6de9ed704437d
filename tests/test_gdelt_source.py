"""GDELT, asked on a real wire: every article in every stretch of time, however crowded."""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from collecting_stores import collected, store_with
from loopback import CUT, PAGE_FOR_PEOPLE, Answer, Asked, Loopback, as_json, serving

from analytics.errors import CollectError, GoneError, RateLimitedError, UnreachableError
from analytics.store import Store
from collectors.asking import PATIENCE
from collectors.exports.gdelt_doc import MOST
from collectors.exports.gdelt_events import COLUMNS
from collectors.gdelt import GdeltSettings, GdeltSource
from collectors.opening import examine
from collectors.sources import Task, World
from collectors.web import session

START = datetime(2026, 3, 1, tzinfo=UTC)
TOO_FAST = b"Please limit requests to one every 5 seconds or contact us for larger queries."
STAMP = "%Y%m%d%H%M%S"


def table(*rows: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("20260301000000.export.CSV", b"\n".join(rows) + b"\n")
    return packed.getvalue()


def event(number: int, **told: str) -> bytes:
    cells = dict.fromkeys(COLUMNS, "") | {
        "globaleventid": str(number), "sqldate": "20260301", "monthyear": "202603", "year": "2026",
        "actor1code": "KAZGOV", "actor1name": "GOVERNMENT", "actor1type1code": "GOV",
        "eventcode": "014", "eventrootcode": "01", "dateadded": "20260301001500",
        "sourceurl": f"https://news.example/{number}",
    }  # fmt: skip
    return "\t".join((cells | told).values()).encode()


class Gdelt:
    """A search over planted articles, as crowded as one wants, and tables of events."""

    def __init__(self, times: list[datetime]) -> None:
        self.times = times
        self.tables = {"20260301001500.export.CSV.zip": table(event(1), event(2))}

    def __call__(self, asked: Asked) -> Answer:
        """Answer as GDELT does."""
        if asked.path == "/api/v2/doc/doc":
            return self._articles(asked.query)
        name = asked.path.rpartition("/")[2]
        if name == "lastupdate.txt":
            newest = max(self.tables, default="")
            address = f"http://data.gdeltproject.org/gdeltv2/{newest}"
            return Answer(f"12 0abc {address}\n9 0abc http://x/1.mentions.CSV.zip\n".encode())
        body = self.tables.get(name)
        return Answer(b"no", 404) if body is None else Answer(body)

    def _articles(self, query: dict[str, str]) -> Answer:
        since, until = query["startdatetime"], query["enddatetime"]
        within = [each for each in self.times if since <= each.strftime(STAMP) <= until]
        newest = sorted(within, reverse=True)[: int(query["maxrecords"])]
        return as_json({"articles": [_article(each) for each in newest]} if newest else {})


def _article(at: datetime) -> dict[str, str]:
    seen = at.strftime("%Y%m%dT%H%M%SZ")
    url = f"https://news.example/{at:%d%H%M%S}"
    return {"url": url, "seendate": seen, "title": "Хлеб", "domain": "n", "language": "Russian"}


@pytest.fixture
def server() -> Iterator[Loopback]:
    times = [START + timedelta(minutes=minute) for minute in range(700)]
    with serving(Gdelt(times)) as server:
        yield server


def gdelt(server: Loopback) -> Gdelt:
    assert isinstance(server.service, Gdelt)
    return server.service


def store(path: Path, server: Loopback, *ask: str, **more: object) -> Store:
    entry = {
        "platform": "gdelt", "ask": list(ask), "server": server.url, "pause": 0.0,
        "since": START, "until": START + timedelta(days=2),
    }  # fmt: skip
    return store_with(path / "s", entry | more)


def source(server: Loopback, *ask: str, **told: object) -> GdeltSource:
    settings = GdeltSettings(platform="gdelt", ask=list(ask), **told)  # type: ignore[arg-type]
    return GdeltSource(settings, World(now=lambda: START), session(server=server.url, total=5))


def test_crowded_stretches_are_halved_until_nothing_is_cut_off(
    tmp_path: Path, server: Loopback
) -> None:
    held = store(tmp_path, server, '"bread"')
    assert collected(held).stopped == {}
    posts = held.read("posts").sort("at")
    assert posts["at"].to_list() == gdelt(server).times
    assert posts["lang"].unique().to_list() == ["ru"]
    full = [asked for asked in server.asked if asked.query["maxrecords"] == str(MOST)]
    assert len(full) == len(server.asked) > 3
    lost = held.read("losses")["reason"].to_list()
    assert not [each for each in lost if "there may be more" in each]


def test_a_quarter_of_an_hour_is_not_halved_and_the_loss_is_told(
    tmp_path: Path, server: Loopback
) -> None:
    gdelt(server).times = [START + timedelta(milliseconds=1000 * n) for n in range(400)]
    held = store(tmp_path, server, "bread", until=START + timedelta(minutes=15))
    collected(held)
    assert held.read("posts").height == MOST
    lost = held.read("losses").filter(what="articles")["reason"].to_list()
    assert any("there may be more" in each for each in lost)


def test_a_second_run_asks_from_where_the_first_ended(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, "bread")
    collected(held)
    before = held.read("posts").height
    number = len(server.asked)
    assert collected(held).new_posts == 0
    assert held.read("posts").height == before
    assert [asked.query["startdatetime"] for asked in server.asked[number:]] == ["20260302220000"]


def test_searches_are_kept_apart(server: Loopback) -> None:
    asked = source(server, "bread", since=START, until=START + timedelta(hours=1))
    asked.ask(Task(kind="search", subject="bread"))
    with pytest.raises(RateLimitedError) as raised:
        asked.ask(Task(kind="search", subject="bread"))
    assert raised.value.seconds == 5.0
    assert len(server.asked) == 1


# events


def test_rows_that_mention_what_is_asked_for_are_kept_as_received(
    tmp_path: Path, server: Loopback
) -> None:
    rows = [
        event(1),
        event(2, sourceurl="https://news.example/Bread-Riot"),
        event(3, actiongeo_fullname="Breadtown, KZ"),
        event(4, actor2name="BREAD UNION", actor1code="EDU", actor1type1code="EDU"),
        event(5, numsources="bread"),
    ]
    gdelt(server).tables = {"20260301001500.export.CSV.zip": table(*rows)}
    asked = source(server, '"bread"', since=START)
    page = asked.ask(Task(kind="table", subject="20260301001500.export.CSV.zip"))
    assert page.payload == b"\n".join(rows[1:4]) + b"\n"
    held = store(tmp_path, server, '"bread"', articles=False, events=True)
    collected(held)
    assert sorted(held.read("proposals")["response_id"]) == ["gdelt:2", "gdelt:3"]
    assert sorted(held.read("posts")["post_id"]) == [
        "web:https://news.example/3", "web:https://news.example/4",
        "web:https://news.example/Bread-Riot",
    ]  # fmt: skip


def test_tables_since_the_last_pass_are_fetched_once(tmp_path: Path, server: Loopback) -> None:
    held = store(tmp_path, server, "news.example", articles=False, events=True)
    collected(held)
    names = ["20260301003000", "20260301004500"]
    gdelt(server).tables |= {
        f"{name}.export.CSV.zip": table(event(n)) for n, name in enumerate(names, 3)
    }
    collected(held)
    paths = [path.rpartition("/")[2] for path in server.paths()]
    for name in ("20260301001500", *names):
        assert paths.count(f"{name}.export.CSV.zip") == 1
    assert held.read("proposals").height == 4


@pytest.mark.parametrize("body", [b"PK\x03\x04half", b"", b"<html>", table(event(1))[:-30]])
def test_a_damaged_table_is_asked_again(server: Loopback, body: bytes) -> None:
    gdelt(server).tables = {"20260301001500.export.CSV.zip": body}
    with pytest.raises(UnreachableError):
        source(server, "a").ask(Task(kind="table", subject="20260301001500.export.CSV.zip"))


# what goes wrong


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(TOO_FAST), RateLimitedError),
        (Answer(TOO_FAST, 429), RateLimitedError),
        (as_json({}, 429, retry_after="7"), RateLimitedError),
        (as_json({}, 503), UnreachableError),
        (PAGE_FOR_PEOPLE, UnreachableError),
        (Answer(b'{"articles": [{"url"'), UnreachableError),
        (CUT, UnreachableError),
        (Answer(b"Your query was too short or too long.\n"), GoneError),
        (as_json({}, 404), GoneError),
    ],
)
def test_each_fault_is_told_apart(
    server: Loopback, answer: Answer, error: type[CollectError]
) -> None:
    server.faults.append(answer)
    with pytest.raises(error) as raised:
        source(server, "bread").ask(Task(kind="search", subject="bread"))
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)


def test_the_pause_is_the_one_that_gdelt_names(server: Loopback) -> None:
    server.faults.append(Answer(TOO_FAST))
    with pytest.raises(RateLimitedError) as raised:
        source(server, "bread").ask(Task(kind="search", subject="bread"))
    assert raised.value.seconds == 5.0


def test_a_damaged_article_costs_only_itself(tmp_path: Path, server: Loopback) -> None:
    def damaged(real: Callable[[Asked], Answer]) -> Callable[[Asked], Answer]:
        def answer(asked: Asked) -> Answer:
            body = real(asked).body
            return Answer(body.replace(b'"title": "', b'"title": "\\x', 1))

        return answer

    gdelt(server).times = gdelt(server).times[:10]
    server.service = damaged(server.service)
    held = store(tmp_path, server, "bread")
    assert collected(held).stopped == {}
    assert held.read("posts").height == 9


def test_faults_in_between_lose_nothing(tmp_path: Path, server: Loopback) -> None:
    server.faults.extend([as_json({}, 503), Answer(b'{"articles": [')])
    held = store(tmp_path, server, "bread")
    assert collected(held).stopped == {}
    assert held.read("posts").height == 700


def test_examining_spends_no_search(tmp_path: Path, server: Loopback) -> None:
    found = {check.what: check for check in examine(store(tmp_path, server, "bread"))}
    assert found["gdelt: reach"].fine
    assert server.paths() == ["/gdeltv2/lastupdate.txt"]


def test_a_limit_that_stays_ends_asking_in_the_end(server: Loopback) -> None:
    server.service = lambda _: Answer(TOO_FAST)
    asked = source(server, pause=0.0)
    waits = []
    for _ in range(9):
        with pytest.raises(RateLimitedError) as raised:
            asked.ask(Task(kind="search", subject="bread"))
        waits.append(raised.value.seconds or 0.0)
    assert waits == [5.0 * 2**number for number in range(9)]
    assert waits[-1] > PATIENCE


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ('"bread riot"', True),
        ("riot (city OR bread) sourcecountry:KZ -sport", True),
        ("riot food", False),
        ("riot -sport domain:a.example", True),
        ("domain:a.example", False),
    ],
)
def test_rows_of_events_answer_to_the_words_of_a_query(
    server: Loopback,
    query: str,
    kept: bool,  # noqa: FBT001
) -> None:
    row = event(1, sourceurl="https://a.example/2026/Bread-riot%20in_town")
    server.service = lambda _: Answer(table(row, event(2)))
    task = Task(kind="table", subject="20260301001500.export.CSV.zip")
    page = source(server, query).ask(task)
    assert (page.received, page.known) == (int(kept), 2)
