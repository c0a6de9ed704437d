"""How many posts a second collecting parses, protects and stores, from pages on loopback.

The yardstick is ``orjson.loads`` over the same pages in the same run. Run it with
``python benchmarks/collect_rate.py [--pages 200]``; pin it to one core with ``taskset -c 0``.
"""

import argparse
import os
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlsplit

import orjson
import tomli_w

from analytics.store import Store
from collectors.collecting import collect
from collectors.opening import opened
from collectors.pacing import Pace

PAGE = 100
START = datetime(2026, 3, 1, tzinfo=UTC)


def page(number: int, pages: int) -> bytes:
    """Return one page of a search, with the members that real ones have."""
    posts = [_post(number * PAGE + n) for n in range(PAGE)]
    meta = {"result_count": PAGE, "newest_id": posts[0]["id"], "oldest_id": posts[-1]["id"]}
    if number + 1 < pages:
        meta["next_token"] = str(number + 1)
    users = [_user(each) for each in {post["author_id"] for post in posts}]
    return orjson.dumps({"data": posts, "includes": {"users": users}, "meta": meta})


def _post(number: int) -> dict[str, object]:
    words = f"Please look at what happened in the park, number {number} #park"
    return {
        "id": str(10**18 + number),
        "author_id": str(10**9 + number % 30_000),
        "created_at": f"{START + timedelta(seconds=number):%Y-%m-%dT%H:%M:%S.000Z}",
        "text": words,
        "lang": "en",
        "conversation_id": str(10**18 + number),
        "entities": {
            "hashtags": [{"start": 1, "end": 5, "tag": "park"}],
            "urls": [{"expanded_url": f"https://news.example/story/{number % 50}"}],
        },
        "referenced_tweets": [{"type": "quoted", "id": str(10**18)}],
        "public_metrics": {
            "retweet_count": number % 7, "reply_count": 0, "like_count": 3, "quote_count": 1,
        },
    }  # fmt: skip


def _user(number: object) -> dict[str, object]:
    metrics = {"followers_count": 10, "following_count": 5, "tweet_count": 100}
    return {
        "id": number, "username": f"u{number}", "name": "A name", "public_metrics": metrics,
        "created_at": "2020-01-01T00:00:00.000Z",
    }  # fmt: skip


def served(bodies: list[bytes]) -> ThreadingHTTPServer:
    """Serve pages by their token."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            body = bodies[int(query.get("next_token", ["0"])[0])]
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=200)
    pages = parser.parse_args().pages
    bodies = [page(number, pages) for number in range(pages)]
    started = time.perf_counter()
    for body in bodies:
        orjson.loads(body)
    bare = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GROUNDSWELL_KEYS"] = f"{folder}/keys"
        os.environ["GROUNDSWELL_X_BEARER_TOKEN"] = "token"  # noqa: S105 - of nobody
        server = served(bodies)
        store = Store.create(f"{folder}/s", appeal_id="park")
        source = {
            "platform": "x",
            "ask": ["#park"],
            "server": f"http://127.0.0.1:{server.server_port}",
        }
        told = tomli_w.dumps({"appeals": [{"id": "park"}], "sources": [source]})
        Path(folder, "s", "groundswell.toml").write_text(told)
        started, cpu = time.perf_counter(), time.process_time()
        everyone = list(opened(Store(store.path)))
        pace = Pace(Random())  # noqa: S311 - no secret
        report = collect(store, everyone, pace=pace, now=lambda: datetime.now(UTC))
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        server.shutdown()
    posts = pages * PAGE
    print(f"{report.new_posts:,} posts in {seconds:.1f} s, {cpu:.1f} s of CPU (server included)")
    print(f"{posts / cpu:,.0f} posts per CPU second; {cpu / bare:,.0f} times bare orjson.loads")


if __name__ == "__main__":
    main()
