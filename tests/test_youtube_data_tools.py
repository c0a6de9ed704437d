"""YouTube Data Tools: videos and comments, with real ids or without, quoted or not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from damaging import damaged, survives
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read

from collectors.exports.formats import Head, detect
from collectors.exports.sources import Source
from collectors.exports.youtube_data_tools import FORMAT

VIDEO_HEADER = (
    "position,channelId,channelTitle,videoId,publishedAt,publishedAtSQL,videoTitle,"
    "videoDescription,tags,defaultLanguage,defaultLAudioLanguage,viewCount,likeCount,"
    "dislikeCount,favoriteCount,commentCount\n"
)
VIDEO = (
    '1,UCtown,"Town News",abcdefghijk,2026-03-01T12:00:00Z,"2026-03-01 12:00:00",'
    '"The park #park","See https://youtu.be/zzzzzzzzzzz and https://a.example/x.","a,b",kk,ru,'
    "100,,,0,3\n"
)
COMMENT_HEADER = (
    "id,replyCount,likeCount,publishedAt,authorName,text,authorChannelId,authorChannelUrl,"
    "isReply,isReplyTo,isReplyToName\n"
)
TOP = 'Ug1,3,5,"2026-03-01 12:00:00","Ana B","Save the ""park"", now",UCana,,0,,\n'
REPLY = 'Ug1.9,,0,"2026-03-01 12:05:00",@bo,"Yes #park",UCbo,,1,Ug1,"Ana B"\n'
COMMENTS_NAME = "videoinfo_abcdefghijk_2026_03_02-08_30_00_comments.csv"
NO_REPLIES = "replies that YouTube counts and the file does not hold"


def saved(folder: Path, text: str, name: str = COMMENTS_NAME) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_video_is_a_post_that_its_own_id_joins_to_others(tmp_path: Path) -> None:
    done = read(FORMAT, saved(tmp_path, VIDEO_HEADER + VIDEO, "list.csv"))
    post = done.rows["posts"].row(0, named=True)
    assert post["post_id"] == "youtube:abcdefghijk"
    assert post["account_id"] == "youtube:UCtown"
    assert post["kind"] == "original"
    assert post["at"] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert post["object_keys"][:2] == ["youtube:abcdefghijk", "youtube:zzzzzzzzzzz"]
    assert post["urls"] == ["https://youtu.be/zzzzzzzzzzz", "https://a.example/x"]
    assert post["lang"] == "kk"
    assert done.rows["accounts"].select("account_id", "name").rows() == [
        ("youtube:UCtown", "Town News")
    ]


def test_only_what_is_written_with_a_hash_sign_is_a_hashtag(tmp_path: Path) -> None:
    done = read(FORMAT, saved(tmp_path, VIDEO_HEADER + VIDEO, "list.csv"))
    assert done.rows["posts"]["hashtags"].to_list() == [["park"]]
    assert done.lost("unknown", "fields")["field tags is not read"] == 1


def test_numbers_that_a_channel_hides_are_unknown_and_not_0(tmp_path: Path) -> None:
    done = read(FORMAT, saved(tmp_path, VIDEO_HEADER + VIDEO, "list.csv"))
    shown = done.rows["numbers shown"].select("metric", "value", "definition", "observed_at")
    assert shown.rows() == [
        ("views", 100, "youtube data tools viewCount", None),
        ("replies", 3, "youtube data tools commentCount", None),
    ]


def test_times_of_comments_have_no_zone_and_are_utc(tmp_path: Path) -> None:
    done = read(FORMAT, saved(tmp_path, COMMENT_HEADER + TOP))
    assert done.rows["posts"]["at"].to_list() == [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    assert done.lost("unknown", "times") == {}


def test_comments_answer_the_video_and_replies_the_comment(tmp_path: Path) -> None:
    done = read(FORMAT, saved(tmp_path, COMMENT_HEADER + TOP + REPLY))
    names = ("post_id", "account_id", "kind", "parent_id", "basis", "text")
    assert done.rows["posts"].select(names).rows() == [
        ("youtube:Ug1", "youtube:UCana", "comment", "youtube:abcdefghijk", "observed",
         'Save the "park", now'),
        ("youtube:Ug1.9", "youtube:UCbo", "reply", "youtube:Ug1", "observed", "Yes #park"),
    ]  # fmt: skip
    assert done.rows["accounts"].select("handle", "name").rows() == [(None, "Ana B"), ("bo", None)]


def test_the_name_that_the_tool_gave_a_file_tells_when_it_was_made(tmp_path: Path) -> None:
    done = read(FORMAT, saved(tmp_path, COMMENT_HEADER + TOP))
    asked = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    for what, name in (("posts", "collected_at"), ("numbers shown", "observed_at")):
        assert done.rows[what][name].unique().to_list() == [asked]


def test_a_file_that_was_renamed_leaves_the_video_unknown(tmp_path: Path) -> None:
    done = read(FORMAT, saved(tmp_path, COMMENT_HEADER + TOP + REPLY, "my comments.csv"))
    assert done.rows["posts"]["parent_id"].to_list() == [None, "youtube:Ug1"]
    assert done.rows["posts"]["basis"].to_list() == [None, "observed"]
    assert sum("name their video" in reason for reason in done.lost("unknown", "references")) == 1


def test_replies_that_are_counted_and_not_there_are_reported(tmp_path: Path) -> None:
    done = read(FORMAT, saved(tmp_path, COMMENT_HEADER + TOP + REPLY))
    assert done.lost("unknown", "references")[NO_REPLIES] == 2
    values = done.rows["numbers shown"].filter(metric="replies").select("post_id", "value")
    assert values.rows() == [("youtube:Ug1", 3)]


def test_pseudonymised_files_are_read_and_their_weakness_is_told(tmp_path: Path) -> None:
    header = COMMENT_HEADER.replace("authorChannelId,authorChannelUrl,", "")
    top, reply, author = "a" * 40, "b" * 40, "c" * 40
    rows = (
        f'{top},1,0,"2026-03-01 12:00:00",{author},"Words here",0,,\n'
        f'{reply},,0,"2026-03-01 12:01:00",{author},"More words",1,{top},{author}\n'
    )
    done = read(FORMAT, saved(tmp_path, header + rows))
    assert done.rows["posts"].select("post_id", "account_id", "parent_id").rows() == [
        (f"youtube:sha1={top}", f"youtube:sha1={author}", "youtube:abcdefghijk"),
        (f"youtube:sha1={reply}", f"youtube:sha1={author}", f"youtube:sha1={top}"),
    ]
    assert done.rows["accounts"].select("handle", "name").rows() == [(None, None)]
    [(reason, count)] = done.lost("unknown", "accounts").items()
    assert "list of names can undo it" in reason
    assert count == 2


def test_an_author_without_a_channel_is_known_by_address_handle_or_name(tmp_path: Path) -> None:
    rows = (
        'Ug1,0,0,"2026-03-01 12:00:00",Ana,a,,http://www.youtube.com/channel/UCana,0,,\n'
        'Ug2,0,0,"2026-03-01 12:00:00",@bo,b,,,0,,\n'
        'Ug3,0,0,"2026-03-01 12:00:00","Cy/D",c,,,0,,\n'
        'Ug4,0,0,"2026-03-01 12:00:00",,d,,,0,,\n'
    )
    done = read(FORMAT, saved(tmp_path, COMMENT_HEADER + rows))
    assert done.rows["posts"]["account_id"].to_list() == [
        "youtube:UCana", "youtube:@bo", "youtube:name=Cy%2FD", None
    ]  # fmt: skip


def test_old_files_quote_nothing_and_hold_html(tmp_path: Path) -> None:
    header = COMMENT_HEADER.replace(",", "\t")
    rows = (
        'Ug1\t0\t0\t2026-03-01 12:00:00\tAna\t"Park&quot; <br />said\tUCana\t\t0\t\t\n'
        "Ug2\t0\t0\t2026-03-01 12:01:00\tBo\t2 &lt; 3\tUCbo\t\t0\t\t\n"
    )
    done = read(FORMAT, saved(tmp_path, header + rows, "comments.tab"))
    assert done.rows["posts"]["text"].to_list() == ['"Park" \nsaid', "2 < 3"]


def test_tabs_with_quotes_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = 'Ug1\t0\t0\t"2026-03-01 12:00:00"\t"Ana B"\t"Say ""a < b"" &amp; go"\tU\t\t0\t\t\n'
    path = saved(tmp_path, COMMENT_HEADER.replace(",", "\t") + rows, "comments.tab")
    done = read(FORMAT, path)
    assert done.rows["posts"]["text"].to_list() == ['Say "a < b" &amp; go']


def test_rows_without_an_id_and_times_that_are_none_are_told(tmp_path: Path) -> None:
    rows = ',0,0,"2026-03-01 12:00:00",Ana,a,UCana,,0,,\nUg2,0,0,yesterday,Bo,b,UCbo,,0,,\n'
    done = read(FORMAT, saved(tmp_path, COMMENT_HEADER + rows))
    assert done.rows["posts"].select("post_id", "at").rows() == [("youtube:Ug2", None)]
    assert done.place("lacks its id") == f"{COMMENTS_NAME}, row 2"
    assert done.place("no readable time") == f"{COMMENTS_NAME}, row 3"


@pytest.mark.parametrize("text", [VIDEO_HEADER + VIDEO, COMMENT_HEADER + TOP])
def test_a_file_is_known_by_its_columns(tmp_path: Path, text: str) -> None:
    found = detect(Head.of(Source(saved(tmp_path, text, "f"))))
    assert found is FORMAT


@given(data=st.data())
@settings(max_examples=50)
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    bare = (COMMENT_HEADER + "Ug1,0,0,2026-03-01 12:00:00,Ana,a,U,,0,,\n").replace(",", "\t")
    whole = data.draw(st.sampled_from([VIDEO_HEADER + VIDEO, COMMENT_HEADER + TOP + REPLY, bare]))
    survives(FORMAT, data.draw(damaged(whole.encode())))
