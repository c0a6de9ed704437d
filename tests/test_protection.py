"""Private accounts never reach the disk; public ones keep their names."""

import re
from pathlib import Path

import polars as pl
import pytest
from strategies import at, rows

from analytics.errors import ProtectionError
from analytics.protection import Protector, key_path, make_key, read_key
from analytics.store import Store
from analytics.tables import ACCOUNTS, APPEALS, COUNTERS, FOLLOWS, POSTS
from collectors.exports.objects import object_keys

KEY = b"k" * 32
PUBLIC = {
    "x:@Ministry": "official",
    "telegram:Channel": "media",
    "youtube:UCpublic": "media",
    "mastodon:@office@gov.example": "official",
    "tiktok:@news": "media",
}
COMMON = {"appeal_id": "a", "platform": "x", "kind": "original", "source": "test"}


def protector(**public: str) -> Protector:
    return Protector(key=KEY, public=PUBLIC | public)


# pseudonyms


def test_a_pseudonym_is_hmac_sha256_as_in_rfc_4231_case_2() -> None:
    jefe = Protector(key=b"Jefe").pseudonym("what do ya want for nothing?")
    assert jefe.endswith(":~5bdcc146bf60754e6a042426089575c7")


def test_a_pseudonym_keeps_the_platform_and_nothing_else() -> None:
    assert re.fullmatch(r"x:~[0-9a-f]{32}", protector().pseudonym("x:12"))


def test_a_pseudonym_is_its_own_pseudonym() -> None:
    once = protector().pseudonym("x:12")
    assert protector().pseudonym(once) == once


def test_only_a_whole_pseudonym_passes_for_one() -> None:
    once = protector().pseudonym("x:12")
    for other in (once + "\n", once + "0", once[:-1], "x:~somebody"):
        assert protector().pseudonym(other) not in (other, once)


def test_case_platform_and_key_decide_as_they_should() -> None:
    names = protector()
    assert names.pseudonym("youtube:UCx") == names.pseudonym("youtube:ucX")
    assert names.pseudonym("x:12")[2:] != names.pseudonym("telegram:12")[9:]
    assert names.pseudonym("x:12") != Protector(key=b"o" * 32).pseudonym("x:12")


def test_public_accounts_keep_their_names_whatever_the_case() -> None:
    for account in ("telegram:channel", "telegram:CHANNEL", "telegram:Channel"):
        assert protector().is_public(account)
        assert protector().pseudonym(account) == account
    assert not protector().is_public("telegram:channel2")


def test_level_open_keeps_everything() -> None:
    posts = rows(POSTS, {"post_id": "telegram:joe/1", "account_id": "x:1", "text": "t"}, **COMMON)
    keeper = Protector(key=KEY, everything=True)
    assert keeper.protect(POSTS, posts).equals(posts)
    assert keeper.pseudonym("x:1") == "x:1"


# tables


def test_words_are_kept_for_public_accounts_only() -> None:
    posts = rows(
        POSTS,
        {"post_id": "x:1", "account_id": "telegram:channel"},
        {"post_id": "x:2", "account_id": "x:12"},
        {"post_id": "x:3"},
        text="words",
        **COMMON,
    )
    assert protector().protect(POSTS, posts)["text"].to_list() == ["words", None, None]


def test_private_accounts_in_public_words_are_replaced() -> None:
    text = ".@somebody, @ministry (x.com/somebody) mail@office.example"
    post = {"post_id": "x:1", "account_id": "x:7", "text": text}
    posts = protector(**{"x:7": "media"}).protect(POSTS, rows(POSTS, post, **COMMON))
    hidden = protector().url("x.com/somebody").removeprefix("x.com/")
    assert posts["text"].item() == f".@{hidden}, @ministry (x.com/{hidden}) mail@office.example"


def test_names_and_handles_are_kept_for_public_accounts_only() -> None:
    accounts = rows(
        ACCOUNTS,
        {"account_id": "telegram:channel", "name": "News", "handle": "channel"},
        {"account_id": "x:12", "name": "Joe", "handle": "joe"},
        platform="x",
        role="person",
    )
    safe = protector().protect(ACCOUNTS, accounts)
    assert safe["name"].to_list() == ["News", None]
    assert safe["handle"].to_list() == ["channel", None]
    assert safe["role"].to_list() == ["media", "person"]


def test_an_account_listed_by_its_handle_is_learned() -> None:
    account = {"account_id": "x:12", "handle": "MINISTRY", "role": "unknown", "platform": "x"}
    names = protector()
    assert names.pseudonym("x:12") != "x:12"
    safe = names.protect(ACCOUNTS, rows(ACCOUNTS, account))
    assert safe.select("account_id", "handle", "role").row(0) == ("x:12", "MINISTRY", "official")
    assert names.pseudonym("x:12") == "x:12"
    assert names.learned == {"x:12": "x:@ministry"}


def test_the_handle_of_an_account_listed_by_its_id_is_learned() -> None:
    names = protector(**{"x:7": "media"})
    assert "/news" not in names.url("https://x.com/news/status/1")
    account = {"account_id": "x:7", "handle": "News", "role": "media", "platform": "x"}
    names.protect(ACCOUNTS, rows(ACCOUNTS, account))
    assert names.url("https://x.com/news/status/1") == "https://x.com/news/status/1"


def test_what_a_private_address_becomes_does_not_depend_on_what_came_before() -> None:
    before, after = protector(), protector()
    account = {"account_id": "x:12", "handle": "joe", "role": "unknown", "platform": "x"}
    after.protect(ACCOUNTS, rows(ACCOUNTS, account))
    assert before.url("https://x.com/Joe") == after.url("https://x.com/joe")


@pytest.mark.parametrize(
    ("post", "account", "rest"),
    [
        ("telegram:joe/42", "telegram:joe", "telegram:{}/42"),
        ("telegram:joe_12/42", "telegram:joe_12", "telegram:{}/42"),
        ("telegram:joe", "telegram:joe", "telegram:{}"),
        ("bluesky:at://did:plc:joe/p/3k", "bluesky:did:plc:joe", "bluesky:at://{}/p/3k"),
        ("vk:-77_42", "vk:-77", "vk:{}_42"),
        ("facebook:77_42", "facebook:77", "facebook:{}_42"),
        ("web:https://x.com/joe/status/1", "x:@joe", "web:https://x.com/{}/status/1"),
        ("mastodon:https://a.example/@joe/1", "mastodon:joe@a.example",
         "mastodon:https://a.example/@{}/1"),
        ("telegram:channel/42", "telegram:channel", "telegram:channel/42"),
        ("x:1234_5", "x:1", "x:1234_5"),
    ],
)  # fmt: skip
def test_accounts_inside_post_ids_are_replaced(post: str, account: str, rest: str) -> None:
    names = protector()
    safe = rest.format(names.pseudonym(account).split(":", 1)[1])
    columns = {"post_id": post, "parent_id": post, "root_id": post, "object_keys": [post]}
    posts = names.protect(POSTS, rows(POSTS, columns, **COMMON))
    assert posts.select(*columns).row(0) == (safe, safe, safe, [safe])
    assert names.protect(POSTS, posts).equals(posts)
    counters = rows(COUNTERS, {"post_id": post, "metric": "views", "value": 1, "definition": "d"})
    assert names.protect(COUNTERS, counters)["post_id"].item() == safe


# addresses

PRIVATE = [
    "https://x.com/joe/status/1",
    "http://www.twitter.com/Joe?s=20",
    "mobile.twitter.com/joe",
    "https://X.com/JOE",
    "https://t.me/joe/42",
    "https://t.me/s/joe",
    "https://bsky.app/profile/joe.bsky.social/post/1",
    "https://bsky.app/profile/did:plc:joe",
    "https://www.youtube.com/@joe",
    "https://youtube.com/c/joe/videos",
    "https://youtube.com/user/joe",
    "https://youtube.com/channel/joe",
    "https://facebook.com/joe.smith/posts/1",
    "https://web.facebook.com/profile.php?id=joe&sk=about",
    "https://m.facebook.com/story.php?story_fbid=1&id=joe",
    "https://www.facebook.com/people/Joe-Smith/1234/",
    "https://instagram.com/joe",
    "https://www.instagram.com/stories/joe/1",
    "https://www.tiktok.com/@joe/video/1",
    "https://vk.com/joe",
    "https://vk.com/wall-joe_1",
    "https://www.threads.net/@joe",
    "https://mastodon.social/@joe/1",
    "https://mastodon.social/users/joe/statuses/1",
    "https://mastodon.social/@joe@other.example/1",
    "https://impostor.example/@office",
    "https://x.com/intent/user?screen_name=joe",
    "https://x.com/i/user/joe",
    "https://x.com/joe/channel/1",
    "https://x.com/s",
    "https://x.com/share?url=https://t.me/joe",
    "https://facebook.com/sharer/sharer.php?u=https%3A%2F%2Fx.com%2Fjoe%2Fstatus%2F1",
    "https://www.reddit.com/user/joe/comments/abc",
    "https://old.reddit.com/u/joe",
    "https://weibo.com/joe/AbC",
    "https://ok.ru/profile/joe",
    "https://www.linkedin.com/in/joe",
    "https://fb.com/joe",
    "https://telegram.dog/joe",
    "https://t.me/boost/joe",
    "https://wa.me/joe",
    "https://x.com/search?q=from%3Ajoe&f=live",
    "https://twitter.com/share?text=a&via=joe",
    "https://cdn.bsky.app/img/avatar/plain/did:plc:joe/abc@jpeg",
    "https://joe.bsky.social/post/1",
    "https://web.telegram.org/k/#@joe",
    "tg://resolve?domain=joe",
    "mailto:joe@example.org",
    "https://science.example/pages/@joe@other.example",
    "https://medium.com/@joe/a-text-1",
    "https://github.com/joe/project",
    "https://joe.livejournal.com/1.html",
    "https://joe.substack.com/p/1",
    "https://joe.t.me/12",
    "https://twitter.com/search?q=%40joe",
    "https://api.twitter.com/1.1/users/show.json?screen_name=joe",
]
NUMBERED = [  # where accounts are numbers
    "https://vk.com/feed?w=wall778899_45",
    "https://vk.com/video?z=video778899_45",
    "https://www.facebook.com/groups/1/user/778899/",
    "https://m.weibo.cn/u/778899",
    "https://twitter.com/intent/user?user_id=778899",
    "tg://user?id=778899",
]
KEPT = [
    "https://x.com/ministry/status/1",
    "https://t.me/channel/42",
    "https://youtube.com/channel/UCpublic",
    "https://www.tiktok.com/@news/video/1",
    "https://gov.example/@office/1",
    "https://x.com/i/web/status/1",
    "https://x.com/hashtag/joe",
    "https://youtube.com/watch?v=joe",
    "https://youtube.com/shorts/joe",
    "https://youtube.com/live/joe",
    "https://youtu.be/joe",
    "https://facebook.com/watch/?v=1",
    "https://facebook.com/groups/joe",
    "https://instagram.com/p/joe/",
    "https://t.me/joinchat/joe",
    "https://vk.com/feed",
    "https://fox.com/joe",
    "https://blog.twitter.com/joe",
    "https://transparency.facebook.com/joe",
    "https://www.reddit.com/r/joe/comments/abc",
    "https://example.org/a/joe?b=c#d",
    "https://x.com/",
    "joe",
    "",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_profiles_in_addresses_are_replaced(address: str) -> None:
    safe = protector().url(address)
    assert re.search("~[0-9a-f]{32}", safe)
    assert not re.search("joe|office|/s$", safe, re.IGNORECASE)
    assert protector().url(safe) == safe


@pytest.mark.parametrize("address", [*PRIVATE, *NUMBERED])
def test_private_profiles_in_keys_are_replaced_too(address: str) -> None:
    posts = pl.DataFrame({"urls": [[address]]}).with_columns(object_keys("urls"))
    told = posts.with_columns(pl.lit(value).alias(name) for name, value in COMMON.items())
    safe = protector().protect(POSTS, POSTS.check(told.with_columns(post_id=pl.lit("x:2"))))
    for column in ("urls", "object_keys"):
        assert not re.search("joe|778899", safe[column].item()[0], re.IGNORECASE)


def test_one_person_has_one_pseudonym_however_the_sign_is_written() -> None:
    safe = [protector().url(f"https://www.tiktok.com/{sign}joe") for sign in ("@", "%40")]
    assert safe[0].rpartition("~")[2] == safe[1].rpartition("~")[2]


def test_a_channel_name_that_an_address_carries_is_left_out() -> None:
    address = "https://www.youtube.com/watch?v=abcdefghijk&ab_channel=Joe"
    assert protector().url(address) == "https://www.youtube.com/watch?v=abcdefghijk"


@pytest.mark.parametrize("address", KEPT)
def test_other_addresses_are_kept_to_the_letter(address: str) -> None:
    assert protector().url(address) == address


def test_one_profile_has_one_pseudonym_in_all_addresses() -> None:
    addresses = ["https://x.com/joe", "twitter.com/Joe/status/1", "https://m.x.com/joe?s=1"]
    assert len({re.findall("~[0-9a-f]+", protector().url(a))[0] for a in addresses}) == 1


# the disk

SECRETS = ("joe", "70007", "chan7sel", "did:plc:sec", "hush")


def fill(store: Store) -> None:
    """Append rows that name private people in every place that can."""
    post = {
        "post_id": "telegram:chan7sel/1",
        "account_id": "x:70007",
        "parent_id": "bluesky:at://did:plc:sec/p/1",
        "parent_account_id": "bluesky:did:plc:sec",
        "root_id": "mastodon:https://a.example/@joe/1",
        "root_account_id": "x:70007",
        "text": "hush @joe",
        "urls": ["https://x.com/joe/status/1", "https://t.me/chan7sel"],
        "object_keys": ["url:https://x.com/joe/status/1", "telegram:chan7sel/1"],
    }
    told = {"post_id": "x:2", "account_id": "x:7", "text": "by @joe: https://x.com/joe/status/1"}
    store.append(POSTS, rows(POSTS, post, told, at=at(0), **COMMON))
    store.append(POSTS, rows(POSTS, post | {"lang": "ru"}, **COMMON))  # a rewrite
    account = {"account_id": "x:70007", "handle": "joe", "name": "hush", "role": "person"}
    store.append(ACCOUNTS, rows(ACCOUNTS, account, platform="x"))
    number = {"post_id": "telegram:chan7sel/1", "metric": "views", "value": 1, "definition": "d"}
    store.append(COUNTERS, rows(COUNTERS, number))
    edge = {"follower_id": "x:70007", "followed_id": "bluesky:did:plc:sec"}
    store.append(FOLLOWS, rows(FOLLOWS, edge))
    store.append(APPEALS, rows(APPEALS, {"appeal_id": "a", "simulated": False}))


def test_nothing_private_is_on_the_disk(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s")
    toml = store.path / "groundswell.toml"
    public = '[[public]]\naccount = "x:7"\nrole = "media"\nreason = "r"\nsource = "s"\n'
    toml.write_text(toml.read_text() + public)
    fill(store)
    store.compact()
    files = [path for path in store.path.rglob("*") if path.is_file()]
    parquet = [path for path in files if path.suffix == ".parquet"]
    assert len(parquet) >= 6
    written = [str(path).encode() + path.read_bytes() for path in files]
    written += [str(pl.read_parquet(path).to_dicts()).encode() for path in parquet]
    assert any(b"by @~" in content for content in written)
    for secret in SECRETS:
        assert not [c for c in written if secret.encode() in c.lower()], secret


# keys


def test_a_key_is_readable_by_its_owner_only(keys: Path) -> None:
    path = make_key("s")
    assert path == key_path("s") == keys / "s.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(read_key("s")) == 32


def test_a_key_is_never_overwritten() -> None:
    make_key("s")
    with pytest.raises(ProtectionError):
        make_key("s")


def test_a_key_that_others_can_read_is_refused() -> None:
    path = make_key("s")
    path.chmod(0o640)
    with pytest.raises(ProtectionError, match="can be read by others; run: chmod 600"):
        read_key("s")


def test_a_file_that_is_no_key_is_refused() -> None:
    path = make_key("s")
    path.write_text("secret")
    with pytest.raises(ProtectionError, match="does not hold a key; restore it from your copy"):
        read_key("s")


def test_reading_needs_no_key_and_writing_says_where_it_should_be(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s")
    page = rows(POSTS, {"post_id": "x:1"}, **COMMON)
    store.append(POSTS, page)
    key_path(store.store_id).unlink()
    assert Store(store.path).read("posts").height == 1
    with pytest.raises(ProtectionError, match="bring it from the machine that made the store"):
        Store(store.path).append(POSTS, page)


def test_the_key_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROUNDSWELL_KEYS")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert key_path("s") == tmp_path / "groundswell" / "keys" / "s.key"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert key_path("s") == Path.home() / ".config" / "groundswell" / "keys" / "s.key"
