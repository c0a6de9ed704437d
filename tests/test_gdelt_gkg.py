"""GDELT's knowledge graph: articles, what they link to, and nothing of the persons in them."""

from datetime import UTC, datetime
from pathlib import Path

from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read

from collectors.exports.formats import Head, detect
from collectors.exports.gdelt_gkg import COLUMNS, FORMAT
from collectors.exports.sources import Source

A = "https://www.news.example/a"
VIDEO = "https://youtube.com/embed/abcdefghijk"
LINKS = "https://b.example/1;https://c.example/2?x=1;y=2;http://d.example"
EXTRAS = (
    f"<PAGE_LINKS>{LINKS}</PAGE_LINKS><PAGE_AUTHORS>Some Body</PAGE_AUTHORS>"
    "<PAGE_TITLE>Grain &#x2013; and bread</PAGE_TITLE>"
)


def row(number: int = 0, **told: str) -> list[str]:
    cells = {
        "gkgrecordid": f"20260301120000-{number}",
        "date": "20260301120000",
        "sourcecollectionidentifier": "1",
        "sourcecommonname": "news.example",
        "documentidentifier": A,
        "persons": "some body",
        "gcam": "wc:12",
    }
    return [(cells | told).get(name, "") for name in COLUMNS]


def bare(folder: Path, *rows: list[str]) -> Path:
    path = folder / "gkg.csv"
    path.write_text("".join("\t".join(each) + "\n" for each in rows))
    return path


def test_an_article_carries_its_title_links_and_videos(tmp_path: Path) -> None:
    done = read(FORMAT, bare(tmp_path, row(extras=EXTRAS, socialvideoembeds=f"{VIDEO};")))
    posts = done.rows["posts"]
    assert posts.select("post_id", "account_id", "kind", "text", "lang").row(0) == (
        f"web:{A}", "web:news.example", "article", "Grain \u2013 and bread", "en",
    )  # fmt: skip
    assert posts["at"].item() == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert posts["urls"].item().to_list() == [
        "https://b.example/1", "https://c.example/2?x=1;y=2", "http://d.example", VIDEO,
    ]  # fmt: skip
    assert "youtube:abcdefghijk" in posts["object_keys"].item()
    assert posts["object_keys"].item().len() == 5


def test_what_is_not_extracted_is_unknown_and_not_none(tmp_path: Path) -> None:
    posts = read(FORMAT, bare(tmp_path, row(), row(1))).rows["posts"]
    assert posts.select("urls", "text").row(0) == (None, None)


def test_persons_are_counted_as_not_read_and_stand_nowhere(tmp_path: Path) -> None:
    done = read(FORMAT, bare(tmp_path, row(extras=EXTRAS)))
    assert done.lost("unknown", "fields")["field persons is not read"] == 1
    assert "ome" not in done.rows["posts"].drop("at").write_json()
    assert "body" not in done.rows["accounts"].drop("created_at", "observed_at").write_json()


def test_translated_records_tell_their_language(tmp_path: Path) -> None:
    translated = row(gkgrecordid="20260301120000-T1", translationinfo="srclc:ukr;eng:x")
    path = bare(tmp_path, translated, translated)
    assert detect(Head.of(Source(path))) is FORMAT
    assert read(FORMAT, path).rows["posts"]["lang"].to_list() == ["uk", "uk"]


def test_what_is_not_on_the_web_or_has_no_time_is_set_aside(tmp_path: Path) -> None:
    path = bare(tmp_path, row(), row(1, documentidentifier="BBC, 9 pm"), row(2, date="soon"))
    done = read(FORMAT, path)
    assert done.rows["posts"].height == 1
    assert done.lost("dropped", "rows") == {
        "is no article on the web": 1,
        "has no time that can be read": 1,
    }


def test_columns_as_the_codebook_names_them_are_read(tmp_path: Path) -> None:
    path = tmp_path / "gkg.csv"
    names = "GKGRECORDID,V2.1DATE,V2SOURCECOMMONNAME,V2DOCUMENTIDENTIFIER,V2EXTRASXML"
    path.write_text(f"{names}\n20260301120000-0,20260301120000,news.example,{A},\n")
    assert detect(Head.of(Source(path))) is FORMAT
    assert read(FORMAT, path).rows["posts"]["post_id"].to_list() == [f"web:{A}"]


def test_a_real_table_keeps_every_article(shared: Path) -> None:
    done = read(FORMAT, shared / "data" / "gdelt_samples" / "gkg2samp_english.csv")
    posts = done.rows["posts"]
    assert (posts.height, posts["post_id"].n_unique()) == (50, 50)
    assert not done.lost("dropped", "rows")
    assert posts["urls"].drop_nulls().len() >= 23  # so many have links
    assert set(done.rows["accounts"]["role"]) == {"media"}


SAMPLE = "\n".join("\t".join(row(n, extras=EXTRAS)) for n in range(2)).encode()


@given(data=st.data())
@settings(max_examples=40)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    survives(FORMAT, data.draw(damaged(SAMPLE)))
