"""CrowdTangle: commas in numbers, zones by letters, and what only looks like a count."""

import csv
import json
from datetime import UTC, datetime, timedelta, timezone
from io import StringIO
from pathlib import Path

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.crowdtangle import FORMAT
from collectors.exports.formats import Head, detect
from collectors.exports.sources import Source

NOON = datetime(2021, 5, 20, 12, tzinfo=UTC)
PAGE = {
    "Page Name": "Invented Page",
    "User Name": "invented.page",
    "Facebook Id": "100000000000000001",
    "Page Category": "MEDIA",
    "Page Created": "2015-01-01 07:00:00 EST",
    "Likes at Posting": "900",
    "Followers at Posting": "1,234,567",
    "Post Created": "2021-05-20 08:00:00 EDT",
    "Post Created Date": "2021-05-20",
    "Post Created Time": "08:00:00",
    "Type": "Link",
    "Total Interactions": "1,010",
    "Likes": "1,000",
    "Comments": "0",
    "Shares": "3",
    "Love": "7",
    "Wow": "",
    "Post Views": "0",
    "URL": "https://www.facebook.com/100000000000000001/posts/222",
    "Message": "Look #march https://a.example/t",
    "Link": "https://short.example/1",
    "Final Link": "https://b.example/long",
    "Description": "words of the page linked to",
    "Overperforming Score": "-1.2",
}
PHOTO = {
    "Account": "Invented",
    "User Name": "invented",
    "Followers at Posting": "1200",
    "Post Created": "2021-05-20 12:00:00 GMT",
    "Type": "Photo",
    "Total Interactions": "5",
    "Likes": "5",
    "Comments": "1",
    "Views": "0",
    "URL": "https://www.instagram.com/p/CODE_1/",
    "Link": "https://www.instagram.com/p/CODE_1/",
    "Photo": "https://pictures.example/1.jpg",
    "Title": "",
    "Description": "With @a.friend, #тег and me@mail.example",
}


def table(*rows: dict[str, str]) -> bytes:
    text = StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def given_file(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "export.csv"
    path.write_bytes(table(*rows))
    return path


def post(done: Read) -> dict[str, object]:
    return done.rows["posts"].row(0, named=True)


def shown(done: Read) -> dict[object, object]:
    return dict(done.rows["numbers shown"].select("definition", "value").iter_rows())


def test_a_post_of_a_page_is_read(tmp_path: Path) -> None:
    row = post(read(FORMAT, given_file(tmp_path, PAGE)))
    assert row["post_id"] == "facebook:100000000000000001_222"
    assert row["account_id"] == "facebook:100000000000000001"
    assert (row["platform"], row["kind"], row["at"]) == ("facebook", "original", NOON)
    assert row["text"] == PAGE["Message"]
    assert row["urls"] == ["https://b.example/long", "https://a.example/t"]
    assert row["hashtags"] == ["march"]
    assert row["parent_id"] is None


def test_counts_lose_their_commas_and_keep_their_names(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, PAGE))
    assert shown(done) == {
        "crowdtangle Likes": 1000,
        "crowdtangle Comments": 0,
        "crowdtangle Shares": 3,
        "crowdtangle Love": 7,
    }
    metrics = dict(done.rows["numbers shown"].select("definition", "metric").iter_rows())
    assert metrics["crowdtangle Shares"] == "reposts"
    assert metrics["crowdtangle Love"] == "reactions"
    assert done.rows["numbers shown"]["observed_at"].null_count() == 4


def test_views_of_a_film_count_from_zero_and_each_kind_stands_alone(tmp_path: Path) -> None:
    film = {**PAGE, "Type": "Native Video", "Total Views": "2,000", "Post Views": "0",
            "Total Views For All Crossposts": "3000"}  # fmt: skip
    found = shown(read(FORMAT, given_file(tmp_path, film)))
    views = {name: value for name, value in found.items() if "Views" in str(name)}
    assert views == {
        "crowdtangle Post Views": 0,
        "crowdtangle Total Views": 2000,
        "crowdtangle Total Views For All Crossposts": 3000,
    }


def test_no_views_beside_what_is_no_film_are_unknown(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, PAGE))
    assert any(reason.startswith("0 views") for reason in done.lost("unknown", "values"))


def test_sums_and_scores_are_noted_and_not_read(tmp_path: Path) -> None:
    noted = read(FORMAT, given_file(tmp_path, PAGE, PAGE)).lost("unknown", "fields")
    assert noted["field Total Interactions only adds up other columns: not read"] == 1
    assert noted["field Overperforming Score is not read"] == 2
    assert noted["field Likes at Posting is not read"] == 2
    assert noted["field Description is not read"] == 2


def test_followers_are_those_at_the_time_of_posting(tmp_path: Path) -> None:
    account = read(FORMAT, given_file(tmp_path, PAGE)).rows["accounts"].row(0, named=True)
    assert (account["followers"], account["observed_at"]) == (1_234_567, NOON)
    assert (account["handle"], account["name"]) == ("invented.page", "Invented Page")
    assert account["created_at"] == datetime(2015, 1, 1, 12, tzinfo=UTC)


def test_every_known_zone_is_read_by_its_letters(tmp_path: Path) -> None:
    clocks = {"UTC": 12, "EST": 7, "EDT": 8, "CST": 6, "CDT": 7, "MST": 5, "MDT": 6, "PST": 4,
              "pdt": 5}  # fmt: skip
    rows = [
        {**PAGE, "Post Created": f"2021-05-20 {hour:02}:00:00 {zone}"}
        for zone, hour in clocks.items()
    ]
    done = read(FORMAT, given_file(tmp_path, *rows))
    assert done.rows["posts"]["at"].to_list() == [NOON] * len(rows)


def test_other_zones_are_the_one_given_or_unknown(tmp_path: Path) -> None:
    rows = [{**PAGE, "Post Created": f"2021-05-20 17:00:00{end}"} for end in (" IST", "")]
    path = given_file(tmp_path, *rows, {**PAGE, "Post Created": "yesterday"})
    done = read(FORMAT, path)
    assert done.rows["posts"]["at"].to_list() == [None, None, None]
    assert sorted(done.lost("unknown", "times").values()) == [1, 2]
    assert done.place("a time whose zone") == "export.csv, row 2"
    east = read(FORMAT, path, zone=timezone(timedelta(hours=5)))
    assert east.rows["posts"]["at"].to_list() == [NOON, NOON, None]


def test_a_post_of_instagram_is_read(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, PHOTO))
    row = post(done)
    assert (row["post_id"], row["account_id"]) == ("instagram:CODE_1", "instagram:@invented")
    assert (row["at"], row["text"]) == (NOON, PHOTO["Description"])
    assert row["mentions"] == ["instagram:@a.friend"]
    assert row["hashtags"] == ["тег"]
    assert row["urls"] == []
    assert shown(done) == {"crowdtangle Likes": 5, "crowdtangle Comments": 1}


def test_posts_of_groups_and_films_are_named_by_their_address(tmp_path: Path) -> None:
    addresses = {
        "https://www.facebook.com/groups/12/permalink/34": "facebook:12_34",
        "https://www.facebook.com/12/posts/34?x=1": "facebook:12_34",
        "https://www.facebook.com/12/videos/34/": "facebook:12_34",
        "https://www.facebook.com/photo.php?fbid=5": "facebook:https://www.facebook.com/photo.php?fbid=5",
    }
    rows = [{**PAGE, "URL": address, "Group Name": "g"} for address in addresses]
    done = read(FORMAT, given_file(tmp_path, *rows, {**rows[0], "URL": ""}))
    assert done.rows["posts"]["post_id"].to_list() == list(addresses.values())
    assert done.lost("dropped", "rows") == {"has no address that names a post: set aside": 1}


def test_a_cell_that_is_no_count_is_left_empty_and_noted(tmp_path: Path) -> None:
    done = read(FORMAT, given_file(tmp_path, {**PAGE, "Likes": "many"}))
    assert "crowdtangle Likes" not in shown(done)
    assert done.lost("unknown", "values")["Likes is no count: left empty"] == 1


def test_its_files_are_known_by_content(tmp_path: Path) -> None:
    for row in (PAGE, PHOTO):
        assert detect(Head.of(Source(given_file(tmp_path, row)))) is FORMAT
    other = tmp_path / "other.json"
    other.write_text(json.dumps(PAGE))
    assert not FORMAT.knows(Head.of(Source(other)))


@given(data=st.data())
@settings(max_examples=40)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(table(PAGE, PAGE))))
