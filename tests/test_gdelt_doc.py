"""Article lists of GDELT's search, in each of the forms in which they come."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read

from collectors.exports.formats import Head, detect
from collectors.exports.gdelt_doc import FORMAT, MOST
from collectors.exports.sources import Source

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A = "https://www.news.example/a"
CSV = "\ufeffURL,MobileURL,Date,Title\n{}\n"


def article(**told: object) -> dict[str, object]:
    return {
        "url": A,
        "url_mobile": "",
        "title": "Grain , and bread",
        "seendate": "20260301T120000Z",
        "socialimage": "",
        "domain": "news.example",
        "language": "Russian",
        "sourcecountry": "Kazakhstan",
    } | told


def answer(folder: Path, *articles: dict[str, object]) -> Path:
    path = folder / "doc.json"
    path.write_text(json.dumps({"articles": articles}))
    return path


def text(folder: Path, content: str) -> Path:
    path = folder / "doc.csv"
    path.write_text(content)
    return path


def told(done: Read, *names: str) -> list[tuple[object, ...]]:
    return done.rows["posts"].select(names).rows()


NAMES = ("post_id", "account_id", "at", "kind", "text", "lang")
ROW = (f"web:{A}", "web:news.example", NOON, "article", "Grain , and bread", "ru")


def test_a_csv_behind_its_mark_is_read(tmp_path: Path) -> None:
    path = text(tmp_path, CSV.format(f'{A},,2026-03-01 12:00:00,"Grain , and bread"'))
    assert detect(Head.of(Source(path))) is FORMAT
    assert told(read(FORMAT, path), *NAMES) == [(*ROW[:-1], None)]


def test_an_answer_in_json_also_tells_the_language(tmp_path: Path) -> None:
    path = answer(tmp_path, article())
    assert detect(Head.of(Source(path))) is FORMAT
    assert told(read(FORMAT, path), *NAMES) == [ROW]


def test_a_list_and_lines_of_articles_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "doc.json"
    both = [article(), article(url="http://b.example/1")]
    for content in (json.dumps(both), "\n".join(map(json.dumps, both))):
        path.write_text(content)
        assert detect(Head.of(Source(path))) is FORMAT
        assert told(read(FORMAT, path), *NAMES)[0] == ROW


def test_a_table_that_a_client_wrote_is_read(tmp_path: Path) -> None:
    names = ",".join(["", *article()])
    cells = ",".join(json.dumps(each) for each in article().values())
    path = text(tmp_path, f"{names}\n0,{cells}\n")
    assert detect(Head.of(Source(path))) is FORMAT
    done = read(FORMAT, path)
    assert told(done, *NAMES) == [ROW]
    assert not done.lost("unknown", "fields")


def test_that_the_time_is_not_publication_is_said(tmp_path: Path) -> None:
    done = read(FORMAT, answer(tmp_path, article(), article(url="http://b.example/1")))
    ((reason, count),) = done.lost("unknown", "times").items()
    assert "GDELT saw it" in reason
    assert count == 2


def test_a_time_that_cannot_be_read_is_unknown_and_noted(tmp_path: Path) -> None:
    done = read(FORMAT, answer(tmp_path, article(seendate="yesterday")))
    assert told(done, "at") == [(None,)]
    assert done.lost("unknown", "times") == {"no time that can be read": 1}


def test_a_language_that_is_not_known_stays_unknown(tmp_path: Path) -> None:
    done = read(FORMAT, answer(tmp_path, article(language="Klingon")))
    assert told(done, "lang") == [(None,)]
    assert sum(done.lost("unknown", "languages").values()) == 1


def test_one_broken_article_costs_only_itself(tmp_path: Path) -> None:
    path = answer(tmp_path, article(), article(title="X"), article(url="http://b.example/1"))
    path.write_text(path.read_text().replace('"X"', '"\\x"'))
    done = read(FORMAT, path)
    assert len(told(done, "at")) == 2
    assert sum(done.lost("dropped", "rows").values()) == 1
    done = read(FORMAT, answer(tmp_path, article(), article(url=["no"]), article(title=7)))
    assert [row[0] for row in told(done, "text")] == ["Grain , and bread", "7"]


def test_articles_without_an_address_are_set_aside(tmp_path: Path) -> None:
    done = read(FORMAT, answer(tmp_path, article(), article(url=None), article(url="a book")))
    assert len(told(done, "at")) == 1
    assert done.lost("dropped", "rows") == {"has no address on the web": 2}
    assert done.place("has no address") == "doc.json, row 2"


@pytest.mark.parametrize("count", [MOST, MOST - 1])
def test_a_full_list_is_said_to_be_perhaps_not_all(tmp_path: Path, count: int) -> None:
    done = read(FORMAT, answer(tmp_path, *(article(url=f"{A}{n}") for n in range(count))))
    assert len(told(done, "at")) == count
    assert len(done.lost("unknown", "articles")) == (count == MOST)


@given(data=st.data())
@settings(max_examples=50)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    as_json = json.dumps({"articles": [article(), article()]})
    as_csv = CSV.format(f"{A},,2026-03-01 12:00:00,Grain")
    whole = data.draw(st.sampled_from([as_json, as_csv])).encode()
    survives(FORMAT, data.draw(damaged(whole)))
