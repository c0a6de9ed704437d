"""How fast `import` reads: X API v2 as a ratio to parsing the same bytes alone, and rows a second.

The files are simulated, as heavy as real ones: pages of X with users, originals, annotations and
links; an export of Telegram Desktop; shares as CSV. For X, both run in this process, one after the
other, several rounds; the median ratio is what to quote. Pin it to one core to compare cores:

    taskset -c 0 python benchmarks/import_rate.py [--posts 20000] [--rounds 5] [--pages FILE]
"""

import argparse
import os
import resource
import statistics
import tempfile
from pathlib import Path
from time import perf_counter

import orjson

from collectors.exports import import_files

PAGE = 500
WORDS = "An invented post about an invented appeal, about as long as such posts are. "


def main() -> None:
    """Print rows per second, the ratio of times, and the most memory that was used."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", type=Path, help="pages of your own, one a line")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["GROUNDSWELL_KEYS"] = f"{folder}/keys"
        file = asked.pages or _written(folder / "pages.jsonl", pages(asked.posts))
        _compare(file, folder, asked.rounds)
        _rate("Telegram Desktop", _written(folder / "result.json", telegram(asked.posts)), folder)
        _rate("shares as CSV", _written(folder / "shares.csv", shares(asked.posts)), folder)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory used     {most:>10,.0f} MB")


def _compare(file: Path, folder: Path, rounds: int) -> None:
    posts = sum(len(orjson.loads(line)["data"]) for line in file.open("rb"))
    times = [_round(file, folder / f"store{n}") for n in range(rounds)]
    bare, whole = (statistics.median(each) for each in zip(*times, strict=True))
    ratio = statistics.median(ours / theirs for theirs, ours in times)
    size = file.stat().st_size
    print(f"{posts:,} posts asked for, {size / posts:,.0f} bytes each; median of {rounds} rounds")
    print(f"orjson.loads alone   {posts / bare:>10,.0f} posts/s")
    print(f"groundswell import   {posts / whole:>10,.0f} posts/s, into the store")
    print(f"time of import / time of orjson.loads = {ratio:.2f}")


def _round(file: Path, store: Path) -> tuple[float, float]:
    start = perf_counter()
    with file.open("rb") as lines:
        for line in lines:
            orjson.loads(line)
    middle = perf_counter()
    import_files(store, [file])
    return middle - start, perf_counter() - middle


def _rate(name: str, file: Path, folder: Path) -> None:
    start = perf_counter()
    report = import_files(folder / name, [file])
    rows = sum(report.held.values())
    print(f"{name:<20} {rows / (perf_counter() - start):>10,.0f} rows/s, into the store")


def _written(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"\n".join(lines))
    return path


def pages(posts: int) -> list[bytes]:
    """Return pages of invented posts, two of three of them reposts."""
    return [orjson.dumps(_page(first, min(PAGE, posts - first))) for first in range(0, posts, PAGE)]


def telegram(messages: int) -> list[bytes]:
    """Return an export of one channel, every third message a forward."""
    told = [
        {
            "id": number,
            "type": "message",
            "date": "2026-02-01T12:00:00",
            "date_unixtime": str(1_770_000_000 + number * 60),
            "from": "Invented channel",
            "from_id": "channel1234567890",
            "text": WORDS if number % 2 else [WORDS, {"type": "bold", "text": WORDS}],
            "text_entities": [{"type": "plain", "text": WORDS}],
        }
        | ({} if number % 3 else {"forwarded_from": f"Channel {number % 50}"})
        for number in range(messages)
    ]
    chat = {"name": "Invented", "type": "public_channel", "id": 1234567890, "messages": told}
    return [orjson.dumps(chat, option=orjson.OPT_INDENT_2)]


def shares(rows: int) -> list[bytes]:
    """Return a table of shares, as CooRTweet takes it."""
    lines = (f"o{n % 1000},a{n * 7919 % 10_007},c{n},{1_770_000_000 + n}" for n in range(rows))
    return [b"object_id,account_id,content_id,timestamp_share", *(line.encode() for line in lines)]


def _page(first: int, size: int) -> dict[str, object]:
    originals = [_post(10**9 + first // PAGE * 50 + n, None) for n in range(50)]
    data = [_post(first + n, originals[n % 50]["id"] if n % 3 else None) for n in range(size)]
    users = [_user(number) for number in {int(p["author_id"]) for p in (*data, *originals)}]
    return {
        "data": data,
        "includes": {"users": users, "tweets": originals},
        "meta": {"result_count": size},
        "__twarc": {"retrieved_at": "2026-03-01T12:00:00+00:00"},
    }


def _post(number: int, original: str | None) -> dict[str, str]:
    annotation = {
        "domain": {"id": "131", "name": "Unified topic", "description": "A topic of some kind"},
        "entity": {"id": "847", "name": "An invented place", "description": "Where it happens"},
    }
    post: dict[str, object] = {
        "id": str(number),
        "author_id": str(number * 7919 % 100_003),
        "conversation_id": str(number),
        "created_at": f"2026-02-{number % 28 + 1:02}T{number % 24:02}:{number % 60:02}:00.000Z",
        "lang": "en",
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "source": "Simulator",
        "edit_history_tweet_ids": [str(number)],
        "context_annotations": [annotation] * 5,
        "text": WORDS * 2,
        "entities": {
            "annotations": [{"start": 1, "end": 9, "probability": 0.9, "type": "Place"}] * 2,
            "hashtags": [{"start": 0, "end": 9, "tag": "Appeal"}],
            "urls": [
                {
                    "start": 10, "end": 33, "url": "https://t.co/invented",
                    "expanded_url": f"https://news.example/{number % 5000}",
                    "display_url": "news.example", "status": 200, "title": WORDS,
                }
            ],
            "mentions": [{"start": 34, "end": 40, "username": "nobody", "id": "1"}],
        },
        "public_metrics": {
            "retweet_count": 3, "reply_count": 1, "like_count": 9, "quote_count": 0
        },
    }  # fmt: skip
    if original:
        post["referenced_tweets"] = [{"type": "retweeted", "id": original}]
    return post  # type: ignore[return-value]


def _user(number: int) -> dict[str, object]:
    return {
        "id": str(number),
        "username": f"user{number}",
        "name": f"User {number}",
        "created_at": "2015-01-01T00:00:00.000Z",
        "description": WORDS,
        "location": "Nowhere",
        "profile_image_url": "https://images.example/profile/normal.jpg",
        "protected": False,
        "verified": False,
        "public_metrics": {
            "followers_count": number % 5000, "following_count": 10, "tweet_count": 100,
            "listed_count": 0,
        },
    }  # fmt: skip


if __name__ == "__main__":
    main()
