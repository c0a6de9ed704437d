"""How fast `import` reads X API v2 pages, as a ratio to parsing the same bytes with orjson alone.

The pages are simulated: as large as real ones, with users, originals, links and hashtags. Both run
in this process, one after the other, several rounds; the median ratio is what to quote.

    python benchmarks/import_rate.py [--posts 20000] [--rounds 5]
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path
from time import perf_counter

import orjson

from collectors.exports import import_files

PAGE = 500


def main() -> None:
    """Print rows per second of both, and the ratio of their times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GROUNDSWELL_KEYS"] = f"{folder}/keys"
        file = Path(folder) / "pages.jsonl"
        file.write_bytes(b"\n".join(pages(asked.posts)))
        rounds = [_round(file, Path(folder) / f"store{n}") for n in range(asked.rounds)]
    bare, whole = (statistics.median(times) for times in zip(*rounds, strict=True))
    ratio = statistics.median(ours / theirs for theirs, ours in rounds)
    print(f"{asked.posts:,} posts, median of {asked.rounds} rounds")
    print(f"orjson.loads alone   {asked.posts / bare:>10,.0f} posts/s")
    print(f"groundswell import   {asked.posts / whole:>10,.0f} posts/s, into the store")
    print(f"time of import / time of orjson.loads = {ratio:.2f}")


def _round(file: Path, store: Path) -> tuple[float, float]:
    start = perf_counter()
    with file.open("rb") as lines:
        for line in lines:
            orjson.loads(line)
    middle = perf_counter()
    import_files(store, [file])
    return middle - start, perf_counter() - middle


def pages(posts: int) -> list[bytes]:
    """Return pages of invented posts, two of three of them reposts."""
    return [orjson.dumps(_page(first, min(PAGE, posts - first))) for first in range(0, posts, PAGE)]


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
    words = "An invented post about an invented appeal, about as long as such posts are. " * 2
    post: dict[str, object] = {
        "id": str(number),
        "author_id": str(number * 7919 % 100_003),
        "conversation_id": str(number),
        "created_at": f"2026-02-{number % 28 + 1:02}T{number % 24:02}:{number % 60:02}:00.000Z",
        "lang": "en",
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "source": "Simulator",
        "text": words,
        "entities": {
            "hashtags": [{"start": 0, "end": 9, "tag": "Appeal"}],
            "urls": [{"start": 10, "end": 33, "expanded_url": f"https://news.example/{number}"}],
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
        "public_metrics": {
            "followers_count": number % 5000, "following_count": 10, "tweet_count": 100,
            "listed_count": 0,
        },
    }  # fmt: skip


if __name__ == "__main__":
    main()
