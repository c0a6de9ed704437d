"""Nothing that was received is lost and nothing counts twice, whatever happens in between."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import sleep
from typing import Any

import msgspec
import polars as pl
import pytest
from collecting_stores import Hasty, store_with
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from loopback import Answer, Asked, Loopback, as_json, serving
from x_service import BASE, XService, planted

from analytics.errors import (
    CollectError,
    CursorError,
    GoneError,
    GroundswellError,
    RateLimitedError,
    RefusedError,
    StoreError,
    UnreachableError,
)
from analytics.settings import SourceSettings
from analytics.store import Store
from collectors import asking
from collectors.asking import Asked as Wanted
from collectors.collecting import LOCK, Limits, collect, rebuild
from collectors.journal import Journal
from collectors.pacing import Pace, StoppedError, next_interval
from collectors.sources import Check, Estimate, Page, Source, Task

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TWENTY = 20


class Told(Source):
    """A source that answers what a test tells it: pages, or errors that are raised."""

    unit = "posts"

    def __init__(self, *answers: Page | Exception | Callable[[], Page], tasks: int = 1) -> None:
        self.answers = list(answers)
        self.asked: list[Task] = []
        self.closed = False
        self._tasks = tasks

    def tasks(self) -> Sequence[Task]:
        """Return as many questions as were asked for."""
        return [Task(kind="search", subject=f"words {n}") for n in range(self._tasks)]

    def price(self, task: Task) -> int:
        """Return a price."""
        assert task
        return 10

    def ask(self, task: Task) -> Page:
        """Give the next answer."""
        self.asked.append(task)
        answer = self.answers.pop(0) if self.answers else Page()
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    def check(self) -> Sequence[Check]:
        """Look at nothing."""
        return []

    def estimate(self) -> Estimate | None:
        """Know nothing."""
        return None

    def period(self, now: datetime) -> str:
        """Count by the day."""
        return f"{now:%F}"

    def close(self) -> None:
        """Note it."""
        self.closed = True


def page(*numbers: int, likes: int = 1, **more: object) -> Page:
    """Return a page of posts in X's form."""
    posts = [
        {
            "id": str(number),
            "author_id": "7",
            "created_at": "2026-03-01T10:00:00.000Z",
            "text": "words",
            "public_metrics": {"like_count": likes},
        }
        for number in numbers
    ]
    payload = msgspec.json.encode({"data": posts, "meta": {"result_count": len(posts)}})
    return Page(payload=payload, format="x-v2", received=len(posts), spent=10, **more)  # type: ignore[arg-type]


def more(number: int, at: int) -> Page:
    return page(number, cursor={"at": at}, done=False)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_with(tmp_path / "s")


def run(
    store: Store,
    *sources: Source,
    budget: int | None = None,
    now: Callable[[], datetime] | None = None,
    lasting: float | None = None,
    poll_from: str = "2m",
    **limits: object,
) -> tuple[dict[str, str], pl.DataFrame]:
    """Ask sources; return why some stopped, and the rows of ``collections``."""
    everyone = [
        Wanted(
            each,
            SourceSettings(platform="x", name=f"s{n}", budget=budget, poll_from=poll_from),
            "park",
        )
        for n, each in enumerate(sources)
    ]
    report = collect(
        store,
        everyone,
        pace=Pace(Hasty(), allowed=lasting),
        now=now or (lambda: NOW),
        limits=Limits(**limits),  # type: ignore[arg-type]
    )
    return report.stopped, report.sources


def held(store: Store) -> list[str]:
    return sorted(store.read("posts")["post_id"])


# the way of a page


def test_a_page_is_on_disk_before_the_next_is_asked_for(store: Store) -> None:
    seen: list[int] = []

    def look() -> Page:
        seen.append(len(list((store.path / "raw/pages").glob("*.page"))))
        return page(3)

    run(store, Told(more(1, 1), more(2, 2), look))
    assert seen == [2]
    assert held(store) == ["x:1", "x:2", "x:3"]


def test_each_page_is_asked_for_where_the_last_one_ended(store: Store) -> None:
    source = Told(more(1, 1), more(2, 2), page(3))
    run(store, source)
    assert [task.cursor for task in source.asked] == [None, {"at": 1}, {"at": 2}]
    assert source.closed


def test_pages_that_a_killed_run_left_are_written_first_and_not_asked_for_again(
    store: Store,
) -> None:
    journal = Journal(store)
    task = Told().tasks()[0]
    journal.keep("s0", "park", task, more(1, 1), at=NOW)
    journal.keep("s0", "park", task, more(2, 2), at=NOW)
    journal.close()
    source = Told(page(3))
    run(store, source)
    assert held(store) == ["x:1", "x:2", "x:3"]
    assert [each.cursor for each in source.asked] == [{"at": 2}]


def test_a_half_written_page_is_no_page(store: Store) -> None:
    folder = store.path / "raw/pages"
    folder.mkdir(parents=True)
    (folder / "000000000001.part").write_bytes(b"half")
    run(store, Told(page(1)))
    assert held(store) == ["x:1"]


def test_a_damaged_page_is_named_and_stops_everything(store: Store) -> None:
    run(store, Told(page(1)))
    (store.path / "raw/pages/000000000002.page").write_bytes(b"x" * 100)
    with pytest.raises(GroundswellError, match=r"000000000002\.page cannot be opened"):
        run(store, Told())


def test_questions_that_arise_are_asked_once(store: Store) -> None:
    arising = Task(kind="quotes", subject="1", repeats=False)
    source = Told(page(1, found=[arising]), page(2, found=[arising]))
    run(store, source)
    run(store, source)
    assert [task.kind for task in source.asked] == ["search", "quotes", "search"]


def test_what_the_settings_no_longer_ask_for_is_left_alone(store: Store) -> None:
    source = Told(page(1), page(2), page(3), tasks=2)
    run(store, source)
    source._tasks = 1
    run(store, source)
    assert [task.subject for task in source.asked] == ["words 0", "words 1", "words 0"]


def test_what_a_page_does_not_date_was_seen_when_it_came(store: Store) -> None:
    run(store, Told(page(1)))
    assert store.read("posts")["collected_at"].to_list() == [NOW]
    assert store.read("counters")["observed_at"].unique().to_list() == [NOW]


def test_provenance_names_every_page_and_its_hash(store: Store) -> None:
    run(store, Told(more(1, 1), page(2)))
    told = store.read("imports").sort("file")
    assert told["file"].to_list() == ["s0, page 1", "s0, page 2"]
    assert told["sha256"].str.len_chars().to_list() == [64, 64]
    assert told["format"].to_list() == ["x-v2", "x-v2"]


# what goes wrong


@pytest.mark.parametrize(
    "error",
    [UnreachableError("X fails"), RateLimitedError("wait", 0.0), RateLimitedError("wait")],
)
def test_what_passes_is_tried_again(store: Store, error: Exception) -> None:
    source = Told(more(1, 1), error, error, page(2))
    stopped, _ = run(store, source)
    assert stopped == {}
    assert held(store) == ["x:1", "x:2"]


def test_what_does_not_pass_is_left_for_another_day(store: Store) -> None:
    source = Told(more(1, 1), *[UnreachableError("X fails")] * asking.TRIES, page(2))
    stopped, rows = run(store, source)
    assert stopped == {"s0": f"X fails; tried {asking.TRIES} times, run it again to go on"}
    assert rows["unanswered"].to_list() == [1]
    assert held(store) == ["x:1"]
    run(store, source)
    assert held(store) == ["x:1", "x:2"]


def test_a_long_pause_ends_the_run_unless_we_follow(store: Store) -> None:
    stopped, _ = run(store, Told(RateLimitedError("X asks for a pause", 3600.0)))
    assert stopped == {
        "s0": "X asks for a pause, of 60 minutes; run it again then, or use --follow"
    }


def test_a_pause_of_no_time_is_a_failure_as_any_other(store: Store) -> None:
    source = Told(*[RateLimitedError("X asks for a pause", 0.0)] * TWENTY)
    stopped, _ = run(store, source)
    assert len(source.asked) == asking.TRIES
    assert "run it again to go on" in stopped["s0"]


def test_a_pause_without_end_has_one_when_we_follow(store: Store) -> None:
    endless = RateLimitedError("X asks for a pause", 1e18)
    stopped, _ = run(store, Told(endless), follow=True, lasting=0.3)
    assert stopped == {}


def test_a_place_lost_once_in_every_pass_is_found_again(store: Store) -> None:
    source = Told()
    for n in range(asking.RESTARTS + 2):
        source.answers += [more(n, 1), CursorError("forgotten"), more(n, 1), page(n + 100)]
        assert run(store, source)[1]["refused"].to_list() == [0]


def test_pages_of_a_source_that_is_not_asked_keep_their_questions(store: Store) -> None:
    run(store, Told(more(1, 1), RefusedError("no")))
    journal = Journal(store)
    task = journal.progress("s0")[0].task
    arising = Task(kind="quotes", subject="9")
    journal.keep("s0", "park", task, page(2, found=[arising]), at=NOW)
    journal.close()
    run(store)
    source = Told(page(3), page(4))
    run(store, source)
    assert [each.key for each in source.asked] == ["quotes 9"]


def test_keys_that_are_refused_end_the_source_and_no_other(store: Store) -> None:
    stopped, _ = run(store, Told(RefusedError("no")), Told(page(1)))
    assert stopped == {"s0": "no"}
    assert held(store) == ["x:1"]


def test_a_mistake_in_a_source_is_a_sentence(store: Store) -> None:
    stopped, _ = run(store, Told(KeyError("data")), Told(page(1)))
    assert "this should not happen (KeyError: 'data')" in stopped["s0"]
    assert held(store) == ["x:1"]


def test_a_lost_place_means_from_the_beginning(store: Store) -> None:
    source = Told(more(1, 1), CursorError("forgotten"), more(1, 1), page(2))
    stopped, _ = run(store, source)
    assert stopped == {}
    assert [task.cursor for task in source.asked] == [None, {"at": 1}, None, {"at": 1}]
    assert held(store) == ["x:1", "x:2"]


def test_a_place_that_is_always_lost_ends_the_question(store: Store) -> None:
    answers: list[Page | Exception] = []
    for _ in range(TWENTY):
        answers += [more(1, 1), CursorError("forgotten")]
    source = Told(*answers)
    stopped, rows = run(store, source)
    assert stopped == {}
    assert rows["refused"].to_list() == [1]
    assert len(source.asked) == 2 * (asking.RESTARTS + 1)


def test_what_is_gone_is_noted_and_passed_over(store: Store) -> None:
    source = Told(GoneError("not there", ["x:5"]), page(1), tasks=2)
    _, rows = run(store, source)
    assert rows.select("questions", "refused").rows() == [(2, 1)]
    assert store.read("changes").select("post_id", "what").rows() == [
        (store.marks.stand_in("x:5"), "gone")
    ]
    assert held(store) == ["x:1"]


def test_the_same_page_again_and_again_is_the_last(store: Store) -> None:
    endless = [page(1, cursor={"at": n}, done=False) for n in range(TWENTY)]
    source = Told(*endless)
    run(store, source)
    assert len(source.asked) == 2
    stuck = Told(*[more(1, 1)] * TWENTY)
    run(store_with(store.path.parent / "t"), stuck)
    assert len(stuck.asked) == 2


def test_pages_in_turn_and_empty_pages_end_too(store: Store) -> None:
    turns = [page(n % 2, cursor={"at": n}, done=False) for n in range(TWENTY)]
    in_turn = Told(*turns)
    run(store, in_turn)
    assert len(in_turn.asked) == 3
    empty = [Page(cursor={"at": n}, done=False) for n in range(5 * TWENTY)]
    source = Told(*empty)
    run(store_with(store.path.parent / "t"), source)
    assert len(source.asked) == asking.EMPTY_PAGES + 1


def test_a_mistake_tells_no_address(store: Store) -> None:
    stopped, _ = run(store, Told(ValueError("bad https://api.example/?key=very-secret")))
    assert "very-secret" not in stopped["s0"]


def test_what_no_table_can_take_is_set_aside_and_told(store: Store) -> None:
    broken = Page(payload=b"no json", format="x-v2", received=1)
    run(store, Told(broken, tasks=2))
    losses = store.read("losses").filter(outcome="dropped")
    assert losses.select("what", "reason", "example").rows() == [
        ("files", "holds no JSON", "s0, page 1")
    ]


def test_a_clock_that_jumps_back_puts_nothing_off(store: Store) -> None:
    back = timedelta(days=400)
    source = Told(page(1), page(2), page(3), page(4))
    run(
        store,
        source,
        now=lambda: datetime.now(UTC) - (back if source.asked else timedelta(0)),
        follow=True,
        lasting=1.0,
        poll_from="0.05s",
    )
    assert len(source.asked) > 2


# bounds


def test_a_budget_holds_over_runs_and_ends_with_its_period(store: Store) -> None:
    source = Told(more(1, 1), more(2, 2), page(3))
    assert "(20 are spent)" in run(store, source, budget=25)[0]["s0"]
    assert "(20 are spent)" in run(store, source, budget=25)[0]["s0"]
    tomorrow = NOW + timedelta(days=1)
    assert run(store, source, budget=25, now=lambda: tomorrow)[0] == {}
    assert held(store) == ["x:1", "x:2", "x:3"]


def test_following_waits_for_a_budget_that_begins_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_LONGEST_NAP", 0.05)
    source = Told(more(1, 1), more(2, 2), page(3))
    days = iter(range(1000))
    stopped, _ = run(
        store, source, budget=20, follow=True, lasting=2.0, poll_from="60s",
        now=lambda: NOW + timedelta(hours=next(days)),
    )  # fmt: skip
    assert stopped == {}
    assert held(store) == ["x:1", "x:2", "x:3"]


def test_a_bound_on_size_ends_the_run_and_loses_nothing(store: Store) -> None:
    source = Told(more(1, 1), more(2, 2), page(3))
    stopped, _ = run(store, source, at_most=1)
    assert "as much was received as is allowed" in stopped["s0"]
    run(store, source)
    assert held(store) == ["x:1", "x:2", "x:3"]


def test_a_bound_on_time_ends_the_run(store: Store) -> None:
    run(store, Told(), follow=True, lasting=0.3, poll_from="60s")
    assert store.read("collections")["requests"].to_list() == [1]


def test_two_runs_at_once_are_refused(store: Store) -> None:
    (store.path / "raw").mkdir(exist_ok=True)
    with (
        FileLock(store.path / LOCK),
        pytest.raises(StoreError, match="being collected into by another process"),
    ):
        run(store, Told())


def test_sources_can_be_asked_one_by_one(store: Store) -> None:
    order: list[str] = []

    def noted(name: str) -> Callable[[], Page]:
        def ask() -> Page:
            order.append(name)
            return page()

        return ask

    sources = [Told(*[noted(name)] * 3, tasks=3) for name in "ab"]
    run(store, *sources, one_by_one=True)
    assert "".join(order) == "aaabbb"


# following


def test_following_asks_again_and_numbers_become_a_history(store: Store) -> None:
    started = datetime.now(UTC)
    source = Told(*[page(1, likes=n) for n in range(TWENTY)])
    run(store, source, now=lambda: datetime.now(UTC), follow=True, lasting=2.0, poll_from="0.1s")
    told = store.read("counters").sort("observed_at")
    assert told.height == len(source.asked) > 3
    assert told["value"].to_list() == list(range(told.height))
    assert told["observed_at"].min() >= started  # type: ignore[operator]
    assert [each.interval for each in Journal(store).progress("s0")] == [0.1]  # it moved each time


def test_a_quiet_stream_fills_no_disk(store: Store) -> None:
    quiet = [Page(cursor={"at": n}, done=False, live=True) for n in range(1, TWENTY)]
    source = Told(*quiet, page(1, cursor={"at": 99}, done=False, live=True))
    run(store, source)
    assert [task.cursor for task in source.asked][1:3] == [{"at": 1}, {"at": 2}]
    assert source.asked[-1].cursor == {"at": 99}
    assert len(list((store.path / "raw/pages").glob("*.page"))) == 3
    assert held(store) == ["x:1"]


def test_what_does_not_move_is_asked_less_and_less(store: Store) -> None:
    source = Told(*[page(1)] * TWENTY)
    run(store, source, now=lambda: datetime.now(UTC), follow=True, lasting=2.0, poll_from="0.1s")
    (told,) = Journal(store).progress("s0")
    assert len(source.asked) > 2
    assert told.interval >= 0.2  # doubled with each answer that said nothing new


@given(st.floats(1, 1e6), st.booleans(), st.floats(1, 1e4), st.floats(1e4, 1e6))
def test_an_interval_stays_within_its_bounds(
    interval: float,
    moved: bool,  # noqa: FBT001 - drawn
    shortest: float,
    longest: float,
) -> None:
    after = next_interval(interval, moved=moved, shortest=shortest, longest=longest)
    assert shortest <= after <= longest
    assert (after <= max(interval, shortest)) if moved else (after >= min(interval, longest))


@given(st.integers(0, 100), st.integers())
def test_waits_grow_and_are_bounded(failures: int, seed: int) -> None:
    wait = Pace(Random(seed)).before_retry(failures)  # noqa: S311 - no secret
    assert 0 <= wait <= min(120, 2**failures)


def test_a_stop_ends_every_wait() -> None:
    pace = Pace(Hasty())
    pace.stop()
    with pytest.raises(StoppedError):
        pace.wait(3600)


# what is kept, and for how long


def test_no_account_lies_in_a_strict_store_in_clear(tmp_path: Path) -> None:
    with serving(planted(XService())) as server:
        store = _x_store(tmp_path, server)
        _collect_in_a_process(store).wait()
    assert held(store)
    for path in store.path.rglob("*"):
        if path.is_file() and path.name != "groundswell.toml":
            content = path.read_bytes()
            assert b"user2" not in content
            assert b"please help" not in content


def test_kept_pages_give_the_tables_again(store: Store) -> None:
    run(store, Told(more(1, 1), page(2)))
    before = store.read("posts").sort("post_id")
    for name in ("posts", "accounts", "counters"):
        for file in (store.path / "tables" / name).rglob("*"):
            if file.is_file():
                file.unlink()
    again = Store(store.path)
    assert rebuild(again) == 2
    assert again.read("posts").sort("post_id").equals(before)


def test_finished_pages_are_released_after_their_days(store: Store) -> None:
    run(store, Told(page(1)))
    old = next((store.path / "raw/pages").glob("*.page"))
    os.utime(old, (NOW.timestamp() - 40 * 86_400,) * 2)
    run(store, Told(page(2)))
    assert not old.exists()
    assert held(store) == ["x:1", "x:2"]


# killed


def test_pages_of_two_sources_are_finished_each_by_itself(store: Store) -> None:
    journal = Journal(store)
    task = Told().tasks()[0]
    journal.keep("s0", "park", task, more(1, 1), at=NOW)
    second = journal.keep("s1", "park", task, page(2), at=NOW)
    journal.finish([second], {})
    assert [kept.number for kept in journal.unfinished()] == [1]
    journal.close()
    again = Journal(store)
    assert [kept.number for kept in again.unfinished()] == [1]
    again.close()
    source = Told(page(3))
    run(store, source, Told())
    assert held(store) == ["x:1", "x:3"]
    assert source.asked[0].cursor == {"at": 1}


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
def test_what_could_not_be_written_is_written_by_the_next_run(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    source = Told(*[more(n, n) for n in range(1, 12)], page(12))
    with monkeypatch.context() as broken:
        broken.setattr(Store, "append_new", fails)
        with pytest.raises(type(error)):
            run(store, source)
    run(store, source)
    assert held(store) == sorted(f"x:{n}" for n in range(1, 13))


def test_a_write_that_is_stopped_once_loses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Store.append_new
    times: list[int] = []

    def once(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        times.append(1)
        if len(times) == 1:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    source = Told(*[more(n, n) for n in range(1, 5)], page(5))
    with monkeypatch.context() as broken:
        broken.setattr(Store, "append_new", once)
        with pytest.raises(KeyboardInterrupt):
            run(store, source)
    assert set(held(store)) >= {"x:1"}
    run(store, source)
    assert held(store) == sorted(f"x:{n}" for n in range(1, 6))


@pytest.fixture
def slow() -> Iterator[Loopback]:
    """Serve an appeal of many small pages, a little slowly."""
    service = XService(page=2)
    service.post(1, 1, "please help #park")
    for number in range(2, 60):
        service.post(number, number, "look #park", kind="quoted", of=max(1, number // 3))

    def answer(asked: Asked) -> Answer:
        sleep(0.01)
        return service(asked)

    with serving(answer) as server:
        yield server


def _x_store(tmp_path: Path, server: Loopback, name: str = "s") -> Store:
    entry = {"platform": "x", "ask": [str(BASE + 1), "#park"], "server": server.url}
    return store_with(tmp_path / name, entry)


def _collect_in_a_process(store: Store) -> subprocess.Popen[bytes]:
    groundswell = Path(sys.executable).with_name("groundswell")
    command = [str(groundswell), "collect", str(store.path), "--json"]
    environment = os.environ | {"GROUNDSWELL_X_BEARER_TOKEN": "token"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def test_killed_anywhere_the_next_run_goes_on(tmp_path: Path, slow: Loopback) -> None:
    whole = _x_store(tmp_path, slow, "whole")
    assert _collect_in_a_process(whole).wait() == 0
    broken = _x_store(tmp_path, slow)
    chance = Random(4)  # noqa: S311 - no secret
    kills = 0
    for _ in range(6):
        process = _collect_in_a_process(broken)
        try:
            process.wait(timeout=1.2 + chance.uniform(0, 1.5))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    assert _collect_in_a_process(broken).wait() == 0
    assert kills > 0
    names = ["post_id", "kind", "parent_id", "root_id", "at"]
    expected = whole.read("posts").select(names).sort(names)
    assert broken.read("posts").select(names).sort(names).equals(expected)
    assert broken.read("posts")["post_id"].is_unique().all()
    told = broken.read("counters")
    assert told.select("post_id", "metric", "definition", "observed_at").is_unique().all()


def test_stopping_politely_keeps_what_came(tmp_path: Path, slow: Loopback) -> None:
    store = _x_store(tmp_path, slow)
    process = _collect_in_a_process(store)
    while len(slow.asked) < 5:
        sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 130
    assert held(store)
    assert _collect_in_a_process(store).wait() == 0
    assert len(held(store)) == 59


def test_a_fault_of_the_platform_is_told_in_one_document(tmp_path: Path) -> None:
    with serving(lambda _: as_json({}, 401)) as server:
        assert _collect_in_a_process(_x_store(tmp_path, server)).wait() == 1


def test_the_error_of_collecting_is_a_collect_error() -> None:
    assert issubclass(RateLimitedError, CollectError)
