"""What a user may write into ``groundswell.toml``, and what is said of mistakes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from analytics.errors import SettingsError
from analytics.settings import Settings, decode, load, template, zone_of

PUBLIC = '[[public]]\naccount = "x:1"\nrole = "media"\nreason = "r"\nsource = "s"\n'


def refused(text: str) -> str:
    with pytest.raises(SettingsError) as error:
        decode(text, place="groundswell.toml")
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("timezone = ", "Invalid value (at end of document)"),
        ("timezone = 5", "Expected `str`, got `int` - at `$.timezone`"),
        ("time_zone = 'UTC'", "Object contains unknown field `time_zone`"),
        ("[[appeals]]\ntitle = 'A'", "missing required field `id` - at `$.appeals[0]`"),
        ("[[appeals]]\nid = 'a'\npublished_at = 'May'", "at `$.appeals[0].published_at`"),
        ("[protection]\nlevel = 'none'", "Invalid enum value 'none' - at `$.protection.level`"),
        (PUBLIC.replace("media", "person"), "Invalid enum value 'person'"),
    ],
)
def test_mistakes_are_named_with_their_place_and_an_example(text: str, fact: str) -> None:
    message = refused(text)
    assert message.startswith("groundswell.toml: ")
    assert fact in message
    assert message.endswith("`groundswell init` writes a commented example")


def test_two_appeals_with_one_id_are_refused() -> None:
    message = refused("[[appeals]]\nid = 'a'\n[[appeals]]\nid = 'a'")
    assert message == "groundswell.toml: two appeals have the same id; give each its own"


def test_an_empty_appeal_id_is_refused() -> None:
    assert "an appeal has an empty id; give it a short name" in refused("[[appeals]]\nid = ''")


@pytest.mark.parametrize("reason", ["", "reason = '  '"])
def test_open_needs_a_reason(reason: str) -> None:
    assert 'protection is "open" without a reason' in refused(
        f"[protection]\nlevel = 'open'\n{reason}"
    )
    assert decode("[protection]\nlevel = 'open'\nreason = 'consent'", place="t").protection.reason


@pytest.mark.parametrize(
    ("right", "wrong"),
    [('"x:1"', '"ministry"'), ('"x:1"', '"x:"'), ('"r"', '" "'), ('"s"', '""')],
)
def test_a_public_actor_needs_an_id_a_reason_and_a_source(right: str, wrong: str) -> None:
    message = refused(PUBLIC.replace(right, wrong))
    assert "needs platform:id, a reason and a source" in message
    assert "victims, minors and suspects are never listed" in message


def test_a_public_actor_is_listed_once_whatever_the_case() -> None:
    twice = PUBLIC.replace("x:1", "x:@Ministry") + PUBLIC.replace("x:1", "x:@ministry")
    assert "public actor 'x:@ministry' is listed 2 times; keep one entry" in refused(twice)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "5"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    message = refused(f'timezone = "{name}"')
    assert "is not known; write a name such as Asia/Almaty or an offset +05:00" in message


@pytest.mark.parametrize(
    ("zone", "written", "utc"),
    [
        ("UTC", "2016-08-29T18:30:00", datetime(2016, 8, 29, 18, 30, tzinfo=UTC)),
        ("Asia/Almaty", "2016-08-29T18:30:00", datetime(2016, 8, 29, 12, 30, tzinfo=UTC)),
        ("-04:00", "2016-08-29T18:30:00", datetime(2016, 8, 29, 22, 30, tzinfo=UTC)),
        ("Europe/Berlin", "2016-01-01T00:00:00", datetime(2015, 12, 31, 23, tzinfo=UTC)),
        ("Asia/Almaty", "2016-08-29T18:30:00-04:00", datetime(2016, 8, 29, 22, 30, tzinfo=UTC)),
        ("Asia/Almaty", "2016-08-29T18:30:00Z", datetime(2016, 8, 29, 18, 30, tzinfo=UTC)),
        ("Asia/Almaty", "2016-09-02", datetime(2016, 9, 1, 18, tzinfo=UTC)),
    ],
)
def test_times_without_a_zone_are_local(zone: str, written: str, utc: datetime) -> None:
    text = f'timezone = "{zone}"\n[[appeals]]\nid = "a"\nregistered_at = {written}'
    assert decode(text, place="t").appeals_table()["registered_at"].to_list() == [utc]


def test_a_day_of_publication_can_lie_between_two() -> None:
    days = "published_at = 2016-08-15\npublished_by = 2016-09-05"
    row = decode(f'[[appeals]]\nid = "a"\n{days}', place="t").appeals_table().row(0, named=True)
    assert row["published_at"] == datetime(2016, 8, 15, tzinfo=UTC)
    assert row["published_by"] == datetime(2016, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "fact"),
    [
        ("published_by = 2016-09-05", "has a published_by that is not after its published_at"),
        ("published_at = 2016-09-06\npublished_by = 2016-09-05", "not after its published_at"),
        ('plan = "https://example.org/plan"', "needs both plan and plan_at"),
        ("plan_at = 2016-09-05", "needs both plan and plan_at"),
    ],
)
def test_half_told_days_are_refused(told: str, fact: str) -> None:
    assert fact in refused(f'[[appeals]]\nid = "a"\n{told}')


def test_offsets_and_names_are_zones() -> None:
    summer = datetime(2026, 7, 1, 12, tzinfo=UTC)
    hours = [
        summer.astimezone(zone_of(name)).hour for name in ("UTC", "+05:00", "-0330", "Asia/Tokyo")
    ]
    assert hours == [12, 17, 8, 21]


def test_the_appeal_asked_for_is_found_or_the_only_one_taken() -> None:
    one = decode("[[appeals]]\nid = 'a'", place="t")
    assert one.appeal_id(None) == one.appeal_id("a") == "a"
    two = decode("[[appeals]]\nid = 'a'\n[[appeals]]\nid = 'b'", place="t")
    assert two.appeal_id("b") == "b"
    with pytest.raises(SettingsError, match="several appeals; choose one with --appeal: a, b"):
        two.appeal_id(None)
    with pytest.raises(SettingsError, match="no appeal 'c'; choose one with --appeal: a, b"):
        two.appeal_id("c")
    for asked in (None, "a"):
        with pytest.raises(
            SettingsError, match="no appeal is declared; add an \\[\\[appeals\\]\\]"
        ):
            Settings().appeal_id(asked)


POPULATION = "population = 9\npopulation_source = 's'\npopulation_date = 2026-01-31\n"
VISIBILITY = "visibility = [0.1, 0.4]\nvisibility_reason = 'r'\n"


@pytest.mark.parametrize(
    ("section", "fact"),
    [
        ("[reach.X]\n" + POPULATION, "[reach.X]: this is no platform; write a short name"),
        ("[reach.'a b']\n" + POPULATION, "this is no platform; write a short name"),
        ("[reach.youtube]\n" + POPULATION, "no estimate of unique viewers; remove the section"),
        ("[reach.x]\n" + POPULATION.replace("9", "-9", 1), "a population of -9; write how many"),
        ("[reach.x]\n" + POPULATION.replace("9", "0", 1), "a population of 0; write how many"),
        ("[reach.x]\n" + POPULATION.replace("9", "9" * 30, 1), "write how many accounts"),
        ("[reach.x]\n" + POPULATION.replace("'s'", "' '"), "needs population_source and"),
        ("[reach.x]\npopulation = 9\npopulation_source = 's'", "needs population_source and"),
        ("[reach.x]\n" + VISIBILITY.replace("0.4", "1.4"), "[0.1, 1.4]; write two shares from"),
        ("[reach.x]\n" + VISIBILITY.replace("0.1", "-0.1"), "[-0.1, 0.4]; write two shares"),
        ("[reach.x]\n" + VISIBILITY.replace("0.1", "0.5"), "[0.5, 0.4]; write two shares"),
        ("[reach.x]\n" + VISIBILITY.replace("0.4", "nan"), "[0.1, nan]; write two shares"),
        ("[reach.x]\n" + VISIBILITY.replace("'r'", "''"), "a visibility needs visibility_reason"),
        ("[reach.x]\nvisibility = [0.1]", "of length 2, got 1 - at `$.reach[...].visibility`"),
        ("[reach.x]\nvisible = 1", "unknown field `visible` - at `$.reach[...]`"),
    ],
)
def test_a_wrong_audience_is_refused_with_its_place(section: str, fact: str) -> None:
    message = refused(section)
    assert message.startswith("groundswell.toml: ")
    assert fact in message


def test_audiences_are_a_row_for_each_platform() -> None:
    told = decode(f"[reach.x]\n{POPULATION}{VISIBILITY}\n[reach.telegram]\n{POPULATION}", place="t")
    assert told.audiences().rows() == [
        ("x", 9, "s, 2026-01-31", 0.1, 0.4, "r"),
        ("telegram", 9, "s, 2026-01-31", None, None, None),
    ]
    assert Settings().audiences().is_empty()


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path / "groundswell.toml")
    assert settings == Settings()
    assert settings.protection.level == "strict"


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "groundswell.toml"
    path.write_bytes('[[appeals]]\nid = "дело"'.encode("cp1251"))
    with pytest.raises(SettingsError, match=r"groundswell\.toml is not UTF-8; save it as UTF-8"):
        load(path)


def test_the_template_can_be_used_as_it_is_and_with_its_examples() -> None:
    text = template("park")
    assert [appeal.id for appeal in decode(text, place="t").appeals] == ["park"]
    examples = [line.removeprefix("# ") for line in text.splitlines()[2:] if "belong" not in line]
    told = "\n".join(
        line
        for line in examples
        if line.startswith("[") or (" = " in line and "strict" not in line)
    )
    settings = decode(told, place="t")
    assert settings.protection.level == "open"
    assert settings.public[0].account == "x:@ministry"
    assert settings.audiences()["visibility_hi"].to_list() == [0.35]
    assert settings.appeals_table().null_count().select("registered_at").item() == 0
