"""Telegram, asked through Telethon on a real wire: what was planted is in the store."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from collecting_stores import collected, store_with
from telegram_centre import CODE, DROP, GARBAGE, SILENCE, Centre, Password, RefusalError, at
from telethon.tl import types as t

from analytics.errors import (
    CollectError,
    GoneError,
    RateLimitedError,
    RefusedError,
    SettingsError,
    UnreachableError,
)
from analytics.protection import key_folder
from analytics.store import Store
from collectors import telegram
from collectors.opening import examine
from collectors.sources import Cursor, Page, Task, World
from collectors.telegram import PLATFORM, TelegramSettings, TelegramSource, log_in, session_path

SECRETS = {"telegram_api_id": "12345", "telegram_api_hash": "a-hash-that-is-secret"}
SQUARE, COPY, ECHO, FAR, GROUP = 1001, 1002, 1003, 1004, 1005
WORDS = "مرحبا на площади 🌳 #park"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(f"GROUNDSWELL_{name.upper()}", value)


@pytest.fixture
def centre() -> Iterator[Centre]:
    with planted(Centre()).running() as centre:
        yield centre


def planted(centre: Centre) -> Centre:
    """Plant an appeal that three channels pass on, with comments, and one from far away."""
    for number, name in ((SQUARE, "square"), (COPY, "copycat"), (ECHO, "echo"), (FAR, "far")):
        centre.channel(number, name, f"The {name}")
    centre.channel(GROUP, None, "Talk", megagroup=True)
    ana, ben = centre.user(5, "ana"), centre.user(6, "ben")
    before = len(WORDS.encode("utf-16-le")) // 2 - len("#park")
    tag = t.MessageEntityHashtag(before, len("#park"))
    first = centre.post(SQUARE, 1, 1, WORDS, entities=[tag])
    centre.post(SQUARE, 2, 2, "words", edit_date=at(50))
    centre.post(SQUARE, 3, 3, "more", reply_to=t.MessageReplyHeader(reply_to_msg_id=1))
    centre.post(SQUARE, 4, 4, "loved", edit_date=at(51), edit_hide=True)
    passed_on = centre.forward(COPY, 1, 30, first)
    centre.forward(ECHO, 7, 40, passed_on)
    centre.forward(ECHO, 8, 41, centre.post(FAR, 9, 20, "from far #park"))
    hidden = t.MessageFwdHeader(date=at(0), from_name="Somebody")
    centre.post(ECHO, 9, 42, "heard", fwd_from=hidden)
    centre.discussed(first, GROUP, 50)
    centre.comment(first, 51, 10, ana, "yes")
    centre.comment(first, 52, 11, ben, "why", answers=51)
    return centre


def store(path: Path, centre: Centre, *ask: str, **more: Any) -> Store:  # noqa: ANN401
    entry = {"platform": "telegram", "ask": list(ask), "server": centre.address} | more
    made = store_with(path / "s", entry, protection={"level": "open", "reason": "a test"})
    centre.plant(session_path(str(key_folder() / f"{made.store_id}.sessions"), centre.address))
    return made


@pytest.fixture
def source(tmp_path: Path, centre: Centre) -> Iterator[TelegramSource]:
    made = opened(tmp_path, centre, "@square")
    yield made
    made.close()


def opened(path: Path, centre: Centre, *ask: str, **more: Any) -> TelegramSource:  # noqa: ANN401
    private = str(path / "sessions")
    centre.plant(session_path(private, centre.address))
    told = TelegramSettings(platform="telegram", ask=list(ask), server=centre.address, **more)
    made = PLATFORM.open(told, World(secrets=SECRETS, private=private))
    assert isinstance(made, TelegramSource)
    return made


def answered(source: TelegramSource, kind: str, subject: str) -> list[Page]:
    """Return the pages of a whole answer."""
    pages: list[Page] = []
    cursor: Cursor | None = None
    while not pages or not pages[-1].done:
        pages.append(source.ask(Task(kind=kind, subject=subject, cursor=cursor)))
        cursor = pages[-1].cursor
    return pages


def post(channel: int, number: int) -> str:
    return f"telegram:{channel}/{number}"


EDGES = [
    (post(SQUARE, 1), "original", None, None, at(1)),
    (post(SQUARE, 2), "original", None, None, at(2)),
    (post(SQUARE, 3), "reply", post(SQUARE, 1), None, at(3)),
    (post(SQUARE, 4), "original", None, None, at(4)),
    (post(COPY, 1), "repost", None, post(SQUARE, 1), at(30)),
    (post(ECHO, 7), "repost", None, post(SQUARE, 1), at(40)),
    (post(ECHO, 8), "repost", None, post(FAR, 9), at(41)),
    (post(ECHO, 9), "repost", None, None, at(42)),
    (post(FAR, 9), "original", None, None, at(20)),
    (post(GROUP, 51), "reply", post(SQUARE, 1), None, at(10)),
    (post(GROUP, 52), "reply", post(GROUP, 51), None, at(11)),
]


def test_what_was_planted_is_held_edge_for_edge(tmp_path: Path, centre: Centre) -> None:
    held = store(tmp_path, centre, "@square", "t.me/copycat", "@Echo", comments=True)
    report = collected(held)
    assert report.stopped == {}
    posts = held.read("posts").sort("post_id")
    assert posts.select("post_id", "kind", "parent_id", "root_id", "at").rows() == EDGES
    assert set(posts.filter(pl.col("parent_id").is_not_null())["basis"]) == {"observed"}
    assert posts.filter(post_id=post(SQUARE, 1))["text"].item() == WORDS
    assert posts.filter(post_id=post(SQUARE, 1))["hashtags"].item().to_list() == ["park"]


def test_strict_protection_keeps_the_edges_and_only_what_officials_say(
    tmp_path: Path, centre: Centre
) -> None:
    told = {"platform": "telegram", "server": centre.address, "comments": True}
    held = store_with(
        tmp_path / "s",
        told | {"name": "city", "ask": ["@square"], "role": "official"},
        told | {"name": "rest", "ask": ["@copycat", "@echo"]},
    )
    centre.plant(session_path(str(key_folder() / f"{held.store_id}.sessions"), centre.address))
    assert collected(held, one_by_one=True).stopped == {}
    posts = held.read("posts")
    spoken = posts.filter(pl.col("text").is_not_null())
    assert set(spoken["account_id"]) == {f"telegram:{SQUARE}"}
    root = spoken.filter(pl.col("at") == at(1))["post_id"].item()
    below = posts.filter((pl.col("parent_id") == root) | (pl.col("root_id") == root))
    assert sorted(below["at"].to_list()) == [at(3), at(10), at(30), at(40)]
    roles = dict(held.read("accounts").select("account_id", "role").unique().iter_rows())
    assert roles[f"telegram:{SQUARE}"] == "official"
    assert "ana" not in str(held.read("accounts")["handle"].to_list())


def test_a_second_run_asks_for_what_is_new_only(tmp_path: Path, centre: Centre) -> None:
    held = store(tmp_path, centre, "@square", recount=0)
    collected(held)
    before = held.read("posts")
    assert collected(held).new_posts == 0
    assert held.read("posts").height == before.height
    centre.post(SQUARE, 6, 100, "new")
    assert collected(held).new_posts == 1
    asked = [each for each in centre.asked if type(each).__name__ == "GetHistoryRequest"]
    assert [(each.offset_id, each.min_id) for each in asked] == [
        (0, 0), (1, 0), (0, 4), (0, 4), (6, 4),
    ]  # fmt: skip
    assert centre.names().count("ResolveUsername") == 1


def test_a_long_history_is_asked_page_by_page(centre: Centre, source: TelegramSource) -> None:
    for number in range(5, 251):
        centre.post(SQUARE, number, number, "many")
    pages = answered(source, "history", "square")
    assert [page.received for page in pages[1:]] == [100, 100, 50, 0]
    assert {page.known for page in pages[1:]} == {250}
    assert pages[-1].cursor == {"since": 250}


def test_since_ends_a_history(tmp_path: Path, centre: Centre) -> None:
    for number in range(5, 251):
        centre.post(SQUARE, number, number, "many")
    source = opened(tmp_path, centre, "@square", since=at(200).replace(tzinfo=None))
    assert [page.received for page in answered(source, "history", "square")[1:]] == [100]
    source.close()


def test_a_history_may_hold_empty_messages(tmp_path: Path, centre: Centre) -> None:
    centre.messages[SQUARE][2] = t.MessageEmpty(2, t.PeerChannel(SQUARE))
    held = store(tmp_path, centre, "@square", since=at(0), comments=True)
    assert collected(held).stopped == {}
    posts = held.read("posts").filter(account_id=f"telegram:{SQUARE}")
    assert sorted(posts["post_id"]) == [post(SQUARE, number) for number in (1, 3, 4)]


def test_numbers_become_a_history_and_followers_too(tmp_path: Path, centre: Centre) -> None:
    held = store(tmp_path, centre, "@square")
    for views in (70, 75, 90):
        centre.messages[SQUARE][1].views = views
        centre.followers[SQUARE] = views * 10
        collected(held)
    told = held.read("counters").filter(metric="views", post_id=post(SQUARE, 1))
    assert told.sort("observed_at")["value"].to_list() == [70, 70, 75, 90]
    accounts = held.read("accounts").filter(account_id=f"telegram:{SQUARE}").drop_nulls("followers")
    assert accounts.sort("observed_at")["followers"].to_list() == [700, 750, 900]
    assert set(accounts["handle"]) == {"square"}
    assert set(accounts["created_at"]) == {at(-1000)}


def test_edits_and_what_is_gone_become_changes(tmp_path: Path, centre: Centre) -> None:
    held = store(tmp_path, centre, "@square")
    collected(held)
    edited = centre.messages[SQUARE][3]
    edited.message, edited.edit_date = "other words", at(60)
    del centre.messages[SQUARE][2]
    collected(held)
    collected(held)
    changes = held.read("changes").sort("post_id", "what")
    assert changes.select("post_id", "what", "at", "text").rows() == [
        (post(SQUARE, 3), "edited", at(60), "other words"),
        (held.marks.stand_in(post(SQUARE, 2)), "gone", None, None),
    ]
    assert held.read("posts").filter(post_id=post(SQUARE, 3))["text"].to_list() == ["more"]


def test_what_is_gone_further_down_is_noticed_too(tmp_path: Path, centre: Centre) -> None:
    for number in range(5, 251):
        centre.post(SQUARE, number, number, "many")
    source = opened(tmp_path, centre, "@square", recount=220)
    (_, *first) = answered(source, "recount", "square")
    assert [page.received for page in first] == [100]
    for number in range(251, 401):
        centre.post(SQUARE, number, number, "more")
    for number in (200, 160, 390):
        del centre.messages[SQUARE][number]
    task = Task(kind="recount", subject="square", cursor=first[-1].cursor)
    again = source.ask(task)
    assert (again.received, again.gone, again.done) == (100, [], False)
    last = source.ask(Task(kind="recount", subject="square", cursor=again.cursor))
    assert (last.received, last.gone) == (98, [post(SQUARE, 200), post(SQUARE, 160)])
    assert last.cursor
    assert len(last.cursor["ids"]) == 198
    source.close()


def test_one_post_is_asked_by_its_address(tmp_path: Path, centre: Centre) -> None:
    held = store(tmp_path, centre, "https://t.me/square/2", "https://t.me/square/1", comments=True)
    collected(held)
    del centre.messages[SQUARE][2]
    collected(held)
    numbers = sorted(held.read("posts")["post_id"])
    assert numbers == [post(SQUARE, 1), post(GROUP, 51), post(GROUP, 52)]
    gone = held.read("changes").filter(what="gone")
    assert gone["post_id"].to_list() == [held.marks.stand_in(post(SQUARE, 2))]


def test_words_are_searched_inside_a_channel(tmp_path: Path, centre: Centre) -> None:
    held = store(tmp_path, centre, "@square", "@echo", search=["#park"], origins=False)
    collected(held)
    assert sorted(held.read("posts")["post_id"]) == [
        post(SQUARE, 1), post(ECHO, 7), post(ECHO, 8),
    ]  # fmt: skip
    assert "GetHistory" not in centre.names()


def test_new_comments_are_asked_for_later(tmp_path: Path, centre: Centre) -> None:
    held = store(tmp_path, centre, "@square", comments=True)
    collected(held)
    first = centre.messages[SQUARE][1]
    centre.comment(first, 60, 90, centre.user(7, "cho"), "late")
    assert collected(held).new_posts == 1
    late = held.read("posts").filter(post_id=post(GROUP, 60))
    assert late.select("parent_id", "account_id").rows() == [(post(SQUARE, 1), "telegram:user7")]


# what goes wrong


@pytest.mark.parametrize(
    ("fault", "meant"),
    [
        (RefusalError(420, "FLOOD_WAIT_33"), (RateLimitedError, "asks for a pause")),
        (RefusalError(420, "FLOOD_PREMIUM_WAIT_9"), (RateLimitedError, "asks for a pause")),
        (RefusalError(400, "CHANNEL_PRIVATE"), (GoneError, "ChannelPrivate")),
        (RefusalError(403, "CHAT_FORBIDDEN"), (GoneError, "Forbidden")),
        (RefusalError(401, "AUTH_KEY_UNREGISTERED"), (RefusedError, "groundswell login")),
        (RefusalError(401, "SESSION_REVOKED"), (RefusedError, "groundswell login")),
        (RefusalError(400, "CONNECTION_API_ID_INVALID"), (RefusedError, "groundswell login")),
        (RefusalError(401, "USER_DEACTIVATED"), (RefusedError, "groundswell login")),
        (RefusalError(406, "AUTH_KEY_DUPLICATED"), (RefusedError, "groundswell login")),
        (RefusalError(500, "RPC_CALL_FAIL"), (UnreachableError, "fails just now")),
        (RefusalError(303, "USER_MIGRATE_4"), (UnreachableError, "fails just now")),
        (DROP, (UnreachableError, "broke off")),
        (GARBAGE, (UnreachableError, "(no connection|broke off)")),
        (SILENCE, (UnreachableError, "no answer in time")),
    ],
    ids=str,
)
def test_each_fault_is_told_apart(
    centre: Centre,
    source: TelegramSource,
    monkeypatch: pytest.MonkeyPatch,
    fault: RefusalError,
    meant: tuple[type[CollectError], str],
) -> None:
    error, fact = meant
    monkeypatch.setattr(telegram, "TOTAL", 3.0)
    source.ask(Task(kind="channel", subject="square"))
    centre.faults.append(fault)
    with pytest.raises(error, match=fact) as raised:
        source.ask(Task(kind="history", subject="square"))
    assert type(raised.value) is error
    assert SECRETS["telegram_api_hash"] not in str(raised.value)
    if error is UnreachableError:
        assert source.ask(Task(kind="history", subject="square")).received == 4


def test_a_pause_is_as_long_as_telegram_says(centre: Centre, source: TelegramSource) -> None:
    centre.faults.append(RefusalError(420, "FLOOD_WAIT_33"))
    with pytest.raises(RateLimitedError) as raised:
        source.ask(Task(kind="channel", subject="square"))
    assert raised.value.seconds == 33
    assert centre.names() == ["ResolveUsername"]


def test_faults_in_between_lose_nothing(tmp_path: Path, centre: Centre) -> None:
    held = store(tmp_path, centre, "@square", "@copycat", "@echo", comments=True)
    faults = [None, None, DROP, RefusalError(420, "FLOOD_WAIT_1"), None, DROP]
    centre.faults.extend(faults)
    assert collected(held).stopped == {}
    posts = held.read("posts").sort("post_id")
    assert posts.select("post_id", "kind", "parent_id", "root_id", "at").rows() == EDGES


def test_channels_that_are_not_there_do_not_stop_the_others(tmp_path: Path, centre: Centre) -> None:
    centre.hidden.add(COPY)
    held = store(tmp_path, centre, "@nowhere", "@ana_person", "@copycat", "@square")
    centre.user(9, "ana_person")
    report = collected(held)
    assert report.stopped == {}
    assert report.sources.filter(kind="history")["refused"].to_list() == [3]
    assert held.read("posts").height == 4


def test_a_post_in_a_channel_that_closed_is_gone(tmp_path: Path, centre: Centre) -> None:
    held = store(tmp_path, centre, "t.me/square/2")
    collected(held)
    centre.hidden.add(SQUARE)
    collected(held)
    assert held.read("changes").filter(what="gone")["post_id"].to_list() == [
        held.marks.stand_in(post(SQUARE, 2))
    ]


def test_an_account_that_is_not_logged_in_is_one_sentence(tmp_path: Path, centre: Centre) -> None:
    held = store(tmp_path, centre, "@square")
    centre.knows = False
    assert "run: groundswell login" in collected(held).stopped["telegram"]
    session_path(str(key_folder() / f"{held.store_id}.sessions"), centre.address).unlink()
    assert collected(held).stopped == {
        "telegram": "no account of Telegram is logged in; run: groundswell login STORE telegram"
    }
    assert "GetHistory" not in centre.names()


def test_a_session_that_is_damaged_is_one_sentence(tmp_path: Path, centre: Centre) -> None:
    source = opened(tmp_path, centre, "@square")
    session_path(str(tmp_path / "sessions"), centre.address).write_bytes(b"no session" * 1000)
    with pytest.raises(RefusedError, match="is damaged"):
        source.ask(Task(kind="channel", subject="square"))
    source.close()


@pytest.mark.parametrize("name", list(SECRETS))
def test_a_missing_key_says_where_one_gets_it(
    tmp_path: Path, centre: Centre, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(f"GROUNDSWELL_{name.upper()}")
    with pytest.raises(CollectError, match=r"is not set \(my\.telegram\.org gives it\)"):
        collected(store(tmp_path, centre, "@square"))


def test_an_app_id_that_is_no_number_is_one_sentence(
    tmp_path: Path, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDSWELL_TELEGRAM_API_ID", "a-hash")
    stopped = collected(store(tmp_path, centre, "@square")).stopped
    assert stopped["telegram"].startswith("GROUNDSWELL_TELEGRAM_API_ID is no number")


@pytest.mark.parametrize(
    "asked", ["square", "https://t.me/+invitation", "t.me/c/123/4", "@a b", "t.me/joinchat/abc"]
)
def test_only_what_is_public_can_be_asked(tmp_path: Path, centre: Centre, asked: str) -> None:
    with pytest.raises(SettingsError, match="write @channel"):
        opened(tmp_path, centre, asked)


def test_examining_reaches_out_and_asks_nothing(tmp_path: Path, centre: Centre) -> None:
    held = store(tmp_path, centre, "@square")
    assert {check.what: check.fine for check in examine(held)}["telegram: reach"]
    centre.knows = False
    assert not {check.what: check.fine for check in examine(held)}["telegram: reach"]
    assert centre.names() == []


def test_two_sources_use_one_session(tmp_path: Path, centre: Centre) -> None:
    entry = {"platform": "telegram", "server": centre.address}
    held = store_with(
        tmp_path / "s",
        entry | {"name": "a", "ask": ["@square"]},
        entry | {"name": "b", "ask": ["@copycat", "@echo"]},
    )
    centre.plant(session_path(str(key_folder() / f"{held.store_id}.sessions"), centre.address))
    assert collected(held).stopped == {}
    assert held.read("posts").height == 9


def test_a_connection_that_idled_is_made_anew(
    centre: Centre, source: TelegramSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.ask(Task(kind="channel", subject="square"))
    monkeypatch.setattr(telegram, "IDLE", 0.0)
    source.ask(Task(kind="channel", subject="square"))
    assert centre.connections == 2


# logging in


def logged_in(
    private: Path, centre: Centre, code: str, phone: str = "+15550100", words: str = ""
) -> str:
    world = World(secrets=SECRETS, private=str(private))
    centre.plant(session_path(str(private), centre.address))
    return log_in(world, lambda: phone, lambda: code, lambda: words, server=centre.address)


def test_an_account_is_logged_in_once(tmp_path: Path, centre: Centre) -> None:
    centre.knows = False
    assert logged_in(tmp_path / "p", centre, f" {CODE} ") == "Reader"
    assert centre.names() == ["SendCode", "SignIn"]
    assert logged_in(tmp_path / "p", centre, "not asked") == "Reader"
    assert centre.names() == ["SendCode", "SignIn"]
    path = session_path(str(tmp_path / "p"), centre.address)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_who_logs_in_for_the_first_time_agrees_on_a_key(tmp_path: Path, centre: Centre) -> None:
    centre.knows = False
    world = World(secrets=SECRETS, private=str(tmp_path))
    assert log_in(world, lambda: "+15550100", lambda: CODE, str, server=centre.address) == "Reader"
    assert len(centre.keys) == 2
    told = TelegramSettings(platform="telegram", ask=["@square"], server=centre.address)
    source = PLATFORM.open(told, world)
    assert source.ask(Task(kind="channel", subject="square")).items == "square resolved"
    source.close()
    assert len(centre.keys) == 2


def test_an_account_may_be_at_home_in_another_data_centre(
    tmp_path: Path, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram._Client, "_config", None)
    centre.knows = False
    world = World(secrets=SECRETS, private=str(tmp_path))
    with planted(Centre(knows=False)).running() as home:
        centre.elsewhere = home
        who = log_in(world, lambda: "+15550100", lambda: CODE, str, server=centre.address)
        assert (who, centre.knows, home.knows) == ("Reader", False, True)
        assert home.names() == ["SendCode", "SignIn"]
        told = TelegramSettings(platform="telegram", ask=["@square"], server=centre.address)
        source = PLATFORM.open(told, world)
        source.ask(Task(kind="channel", subject="square"))
        source.close()
        assert home.names() == ["SendCode", "SignIn", "ResolveUsername"]


def test_who_collects_is_not_led_away(
    tmp_path: Path, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram._Client, "_config", None)
    source = opened(tmp_path, centre, "@square")
    with planted(Centre(knows=False)).running() as home:
        centre.elsewhere = home
        centre.faults.append(RefusalError(303, "USER_MIGRATE_4"))
        with pytest.raises(UnreachableError, match="UserMigrate"):
            source.ask(Task(kind="channel", subject="square"))
        assert source.ask(Task(kind="channel", subject="square")).items == "square resolved"
        assert home.connections == 0
    source.close()


def test_a_code_for_another_data_centre_is_asked_for_anew(
    tmp_path: Path, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram._Client, "_config", None)
    centre.knows = False
    with planted(Centre(knows=False)).running() as home:
        centre.faults.extend([None, RefusalError(303, "USER_MIGRATE_4")])
        world = World(secrets=SECRETS, private=str(tmp_path))

        def told() -> str:
            centre.elsewhere = home
            return CODE

        with pytest.raises(UnreachableError, match=r"another data centre.*log in again"):
            log_in(world, lambda: "+15550100", told, str, server=centre.address)
        who = log_in(world, lambda: "+15550100", lambda: CODE, str, server=centre.address)
        assert (who, centre.knows, home.knows) == ("Reader", False, True)
        assert home.names() == ["SendCode", "SignIn"]


@pytest.mark.parametrize(
    ("fault", "fact"),
    [
        (RefusalError(420, "FLOOD_WAIT_3600"), "pause of 60 minutes; log in again then"),
        (RefusalError(420, "FLOOD_WAIT_3601"), "pause of 61 minutes; log in again then"),
        (RefusalError(420, "FLOOD_WAIT_30"), "pause of 1 minute; log in again then"),
        (RefusalError(406, "PHONE_PASSWORD_FLOOD"), "asks for a pause; log in again then"),
    ],
    ids=str,
)
def test_a_pause_at_login_says_how_long(
    tmp_path: Path, centre: Centre, fault: RefusalError, fact: str
) -> None:
    centre.knows = False
    centre.faults.append(fault)
    with pytest.raises(RefusedError, match=fact):
        logged_in(tmp_path / "p", centre, CODE)


def test_a_key_that_telegram_forgot_is_one_sentence(centre: Centre, source: TelegramSource) -> None:
    centre.keys.clear()
    with pytest.raises(RefusedError, match=r"AuthKeyNotFound.*groundswell login"):
        source.ask(Task(kind="channel", subject="square"))


@pytest.mark.parametrize(
    ("phone", "code", "fact"),
    [
        ("+15550100", "99999", "PhoneCodeInvalid.*log in again"),
        ("+0", CODE, "PhoneNumberInvalid.*log in again"),
        ("nobody", CODE, "that is no telephone number"),
    ],
)
def test_a_wrong_code_or_number_is_one_sentence(
    tmp_path: Path, centre: Centre, phone: str, code: str, fact: str
) -> None:
    centre.knows = False
    with pytest.raises(RefusedError, match=fact):
        logged_in(tmp_path / "p", centre, code, phone)


def test_an_account_may_have_a_password(tmp_path: Path, centre: Centre) -> None:
    centre.knows = False
    centre.password = Password("open sesame")
    with pytest.raises(RefusedError, match="PasswordHashInvalid"):
        logged_in(tmp_path / "p", centre, CODE, words="open barley")
    assert not centre.knows
    assert logged_in(tmp_path / "p", centre, CODE, words="open sesame") == "Reader"
    assert centre.knows


def test_another_account_looks_names_up_anew(tmp_path: Path, centre: Centre) -> None:
    source = opened(tmp_path, centre, "@square")
    answered(source, "channel", "square")
    source.close()
    centre.channels[SQUARE].access_hash = 99
    source = opened(tmp_path, centre, "@square")
    with pytest.raises(GoneError, match="ChannelInvalid") as raised:
        source.ask(Task(kind="post", subject="square/1"))
    assert not raised.value.gone
    source.close()
    centre.knows = False
    logged_in(tmp_path / "sessions", centre, CODE)
    source = opened(tmp_path, centre, "@square")
    assert answered(source, "post", "square/1")[-1].received == 1
    source.close()
