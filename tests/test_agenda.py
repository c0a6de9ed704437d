"""Which question is asked, and when, whatever order pages come in."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from collectors.agenda import Agenda, after
from collectors.journal import Kept, Progress
from collectors.sources import Page, Task

AT = datetime(2026, 3, 1, tzinfo=UTC)
SEARCH = Task(kind="search", subject="#park")
ONCE = Task(kind="account", subject="ann", repeats=False)


def kept(task: Task, **page: object) -> Kept:
    told = Page(**page)  # type: ignore[arg-type]
    return Kept(number=1, source="x", appeal_id="a", at=AT, sha256="", task=task, page=told)


def asked(agenda: Agenda) -> str | None:
    each = agenda.next()
    return each.task.key if each else None


def test_questions_are_asked_in_the_order_they_arose() -> None:
    agenda = Agenda([SEARCH, ONCE], [], interval=60)
    quotes = Task(kind="quotes", subject="1")
    assert asked(agenda) == SEARCH.key
    agenda.note(kept(SEARCH, found=[quotes]))
    assert asked(agenda) == ONCE.key
    agenda.note(kept(ONCE))
    assert asked(agenda) == quotes.key
    agenda.note(kept(quotes))
    assert asked(agenda) is None


def test_a_new_round_asks_again_only_what_changes() -> None:
    done = [Progress(task=task, origin=task.key, state="done") for task in (SEARCH, ONCE)]
    agenda = Agenda([SEARCH, ONCE], done, interval=60)
    assert asked(agenda) == SEARCH.key
    agenda.note(kept(SEARCH))
    assert asked(agenda) is None


def test_a_round_that_was_left_is_ended_before_a_new_one() -> None:
    left = Task(kind="quotes", subject="1", cursor={"at": 3})
    held = [
        Progress(task=SEARCH, origin=SEARCH.key, state="done"),
        Progress(task=left, origin=SEARCH.key),
    ]
    agenda = Agenda([SEARCH], held, interval=60)
    first = agenda.next()
    assert first is not None
    assert first.task == left
    agenda.note(kept(left))
    assert asked(agenda) is None


def test_what_has_no_answer_is_not_asked_again() -> None:
    agenda = Agenda([SEARCH], [], interval=60)
    agenda.note(kept(SEARCH, refused="gone"))
    assert asked(agenda) is None
    assert agenda.wake(AT.timestamp() + 1e9) is None


def test_following_opens_what_is_due() -> None:
    agenda = Agenda([SEARCH], [], interval=60)
    agenda.note(kept(SEARCH))
    assert agenda.wake(AT.timestamp() + 10) == 50
    assert asked(agenda) is None
    agenda.wake(AT.timestamp() + 61)
    assert asked(agenda) == SEARCH.key


def test_a_shorter_interval_counts_from_the_last_answer() -> None:
    agenda = Agenda([SEARCH], [], interval=60)
    agenda.note(kept(SEARCH))
    agenda.settle(SEARCH.key, 30)
    assert agenda.wake(AT.timestamp() + 10) == 20


def test_a_clock_set_back_puts_a_question_off_by_its_interval_at_most() -> None:
    agenda = Agenda([SEARCH], [], interval=60)
    agenda.note(kept(SEARCH))
    back = AT.timestamp() - 1e6
    assert agenda.wake(back) == 60
    agenda.wake(back + 61)
    assert asked(agenda) == SEARCH.key


PAGES = st.builds(
    Page,
    cursor=st.none() | st.fixed_dictionaries({"at": st.integers(0, 9)}),
    done=st.booleans(),
    received=st.integers(0, 100),
    found=st.lists(
        st.builds(Task, kind=st.just("quotes"), subject=st.sampled_from("abc")), max_size=3
    ),
)


@given(st.lists(PAGES, max_size=12))
def test_pages_replayed_leave_an_agenda_where_pages_seen_live_do(pages: list[Page]) -> None:
    agenda = Agenda([SEARCH], [], interval=60)
    settled: dict[str, Progress] = {}
    for page in pages:
        each = agenda.next()
        if each is None:
            break
        came = kept(each.task)
        came.page = page
        agenda.note(came)
        for progress in after(settled, came):
            settled[progress.task.key] = progress
    live = {each.task.key: each for each in agenda.everything()}
    for key, progress in settled.items():
        assert (progress.task, progress.state) == (live[key].task, live[key].state)
        assert (progress.requests, progress.received) == (live[key].requests, live[key].received)
