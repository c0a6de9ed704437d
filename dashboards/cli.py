"""The command line: the one module that knows collectors, analytics and dashboards.

Every command imports what it needs when it runs, so that ``--help`` stays fast.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analytics import __version__
from dashboards import console

if TYPE_CHECKING:
    import polars as pl

    from analytics.store import Store
    from dashboards.responding import Outcome

app = typer.Typer(
    help="Measures how a public appeal spreads and what the authorities do about it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

StorePath = Annotated[Path, typer.Argument(metavar="STORE", help="The store's directory.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
AppealId = Annotated[str | None, typer.Option("--appeal", help="Which appeal, if several.")]
Seed = Annotated[int, typer.Option("--seed", help="Same seed, same data.")]
Posts = Annotated[int, typer.Option("--posts", min=1, max=10_000_000, help="How many posts.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen on; loopback by default.")]
DEFAULT_PORT = 8050
LOOPBACK = "127.0.0.1"
DEMO_STORE = Path("groundswell-demo")


_ASIDE = ("accounts", "numbers shown")  # kept too, but not what people ask about first


class ResponseAction(StrEnum):
    """What ``groundswell respond`` does."""

    ADD = "add"
    IMPORT = "import"
    LIST = "list"
    EDIT = "edit"
    REMOVE = "remove"
    CITE = "cite"
    UNDO = "undo"
    HISTORY = "history"
    EXPORT = "export"
    CODE = "code"
    DISAGREEMENTS = "disagreements"
    CANDIDATES = "candidates"


def main() -> None:
    """Run the command line."""
    app()


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Register a command; its errors become one sentence and exit code 1."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - typer passes what is declared
        from analytics.errors import GroundswellError

        try:
            function(*args, **kwargs)
        except GroundswellError as error:
            _fail(str(error), as_json=bool(kwargs.get("as_json")))
        except KeyboardInterrupt:
            fact = "interrupted; everything up to here is kept, run it again to go on"
            _fail(fact, as_json=bool(kwargs.get("as_json")), code=130)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except OSError as error:
            place = error.filename or "a file"
            fact = f"{place}: {error.strerror or error}; check the path, your rights and the space"
            _fail(fact, as_json=bool(kwargs.get("as_json")))
        except Exception as error:
            if os.environ.get("GROUNDSWELL_DEBUG"):
                raise
            fact = f"{type(error).__name__}: {error}".splitlines()[0]
            _fail(
                f"this should not happen ({fact}); please report it with what "
                "GROUNDSWELL_DEBUG=1 prints",
                as_json=bool(kwargs.get("as_json")),
            )

    name = function.__name__.strip("_")
    return app.command(name)(run)


def _fail(message: str, *, as_json: bool, code: int = 1) -> None:
    if as_json:
        console.emit({"error": message})
    else:
        console.complain(message)
    raise typer.Exit(code) from None


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        console.say(f"groundswell {__version__}")
        raise typer.Exit


@command
def demo(
    posts: Posts = 10_000,
    seed: Seed = 1,
    port: Port = DEFAULT_PORT,
    store: Annotated[Path, typer.Option("--store", help="Where to make it.")] = DEMO_STORE,
) -> None:
    """Simulate one appeal, measure it, and open the app on this machine."""
    _require_free(LOOPBACK, port)
    with console.progress("Simulating an appeal"):
        _simulate_into(store, posts=posts, seed=seed)
    serve(store, port=port)


@command
def init(store: StorePath, appeal: AppealId = None, as_json: Json = False) -> None:
    """Make an empty store with a commented groundswell.toml."""
    from analytics.errors import StoreError
    from analytics.protection import key_path
    from analytics.store import Store, is_store

    if is_store(store):
        msg = f"{store} is a store already; edit {store / 'groundswell.toml'}"
        raise StoreError(msg)
    made = Store.create(store, appeal_id=appeal or "appeal")
    key = key_path(made.store_id)
    if as_json:
        console.emit({"store": str(store), "key": str(key)})
        return
    console.say(f"{store} is ready. Say in {store / 'groundswell.toml'} what the appeal is.")
    console.say(f"Its pseudonym key is {key}: keep it apart from the store, and keep a copy.")


@command
def import_(
    store: StorePath,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Files, folders, archives, or - for a pipe."),
    ],
    format_name: Annotated[
        str | None, typer.Option("--format", help="Do not detect, read as this format.")
    ] = None,
    appeal: AppealId = None,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", help="Zone of times without one: Asia/Almaty or +05:00."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read files that you already have; ends with a report of what was kept and what was not."""
    import polars as pl

    from collectors.exports import import_files

    with console.progress("Importing"), _stopped_politely():
        report = import_files(
            store, files, format_name=format_name, appeal=appeal, timezone=timezone
        )
    losses = report.losses.drop("import_id")
    if as_json:
        console.emit(
            {
                "import_id": report.import_id,
                "appeal_id": report.appeal_id,
                "files": report.files.drop("import_id").to_dicts(),
                "losses": losses.to_dicts(),
                "held": report.held,
                "shares_with_source": report.named,
                "most_shared": report.most_shared,
            }
        )
        return
    _print_losses(losses)
    read = report.files["format"].drop_nulls()
    kept = losses.filter(outcome="kept").filter(~pl.col("what").is_in(_ASIDE))
    new = ", ".join(f"{row['count']:,} {row['what']}" for row in kept.to_dicts()) or "nothing new"
    console.say(f"Read {len(read)} files ({', '.join(sorted(set(read)))}) into {store}: {new}.")
    if report.held:
        kinds = ", ".join(f"{count:,} {_kinds(kind)}" for kind, count in report.held.items())
        sources = f"Shares whose source account is named: {report.named:,}."
        console.say(f"Posts held now: {kinds}. {sources}")
    if report.most_shared:
        told = "Most shared: {post_id} ({reposts:,} reposts and {quotes:,} quotes of it held)."
        console.say(told.format(**report.most_shared))
    console.say(f"Next: groundswell measure {store}")


@command
def formats(as_json: Json = False) -> None:
    """List the kinds of files that import reads."""
    from collectors.exports import known_formats

    rows = [(name, each.label) for name, each in known_formats().items()]
    if as_json:
        console.emit({"formats": [{"format": name, "label": label} for name, label in rows]})
        return
    console.table("Formats that import reads", ["format", "what it is"], rows)
    console.say("docs/formats.md tells how to get each file out of its tool.")


def _kinds(kind: str) -> str:
    return "replies" if kind == "reply" else f"{kind}s"


def _print_losses(losses: "pl.DataFrame") -> None:
    names = ["outcome", "count", "what", "reason", "example"]
    console.table("What became of it", names, losses.select(names).rows())


@command
def collect(
    store: StorePath,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this source; may be repeated.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on asking: often while it spreads, seldom after.")
    ] = False,
    for_: Annotated[
        str | None, typer.Option("--for", help="Stop after this time: 90s, 10m, 2h, 1d.")
    ] = None,
    at_most: Annotated[
        int | None, typer.Option("--at-most", min=1, help="Stop after so many megabytes.")
    ] = None,
    one_by_one: Annotated[
        bool, typer.Option("--one-by-one", help="Sources after each other, not side by side.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Say what it may cost, and ask nothing.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Write the rows of the pages kept again; ask nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Ask the platforms that groundswell.toml names; goes on where it stopped."""
    from analytics.store import Store
    from collectors.collecting import Limits
    from collectors.collecting import rebuild as rebuild_store
    from collectors.opening import collect_store, estimates

    if follow and one_by_one:
        msg = "--follow asks all sources side by side; leave --one-by-one out"
        raise typer.BadParameter(msg)
    opened = Store(store)
    if rebuild:
        pages = rebuild_store(opened)
        console.emit({"pages": pages}) if as_json else console.say(f"{pages:,} pages read again.")
        return
    if estimate:
        _print_estimates(estimates(opened, source or []), as_json=as_json)
        return
    limits = Limits(
        follow=follow, at_most=at_most and at_most << 20, one_by_one=one_by_one, lasting=for_
    )
    with console.progress("Collecting") as step, _stopped_politely():
        report = collect_store(opened, source or [], limits=limits, tell=step)
    rows = report.sources.drop("run_id", "at", "version", "appeal_id")
    if as_json:
        console.emit(
            {
                "run_id": report.run_id,
                "new_posts": report.new_posts,
                "sources": rows.to_dicts(),
                "losses": report.losses.drop("import_id").to_dicts(),
                "stopped": report.stopped,
            }
        )
    else:
        names = ["source", "kind", "questions", "unanswered", "refused", "requests", "received",
                 "known", "spent", "unit"]  # fmt: skip
        _print_losses(report.losses)
        console.table("What was asked", names, rows.select(names).rows())
        console.say(f"{report.new_posts:,} new posts. Next: groundswell measure {store}")
        for name, fact in report.stopped.items():
            console.complain(f"{name} stopped: {fact}")
    if report.stopped:
        raise typer.Exit(1)


@contextmanager
def _stopped_politely() -> Iterator[None]:
    """Let a service manager's request to stop end things as Ctrl+C does."""
    import signal

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _print_estimates(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        console.emit({"estimates": {name: vars(each) for name, each in found.items()}})
        return
    for name, each in found.items():
        many = "without bound" if each.at_most is None else f"at most {each.at_most:,} {each.unit}"
        money = "" if each.money is None else f", at most {each.money:,.2f} US dollars"
        console.say(f"{name}: {many}{money}. {each.basis}".rstrip())


@command
def login(
    store: StorePath,
    platform: Annotated[str, typer.Argument(help="telegram: the only one that needs it.")],
) -> None:
    """Log in, once, to a platform that wants a person to do it; asks for what it needs."""
    from analytics.store import Store
    from collectors.opening import log_in

    who = log_in(
        Store(store), platform, typer.prompt, lambda text: typer.prompt(text, hide_input=True)
    )
    console.say(f"Logged in as {who}. The session lies beside the keys, never in the store.")


class Meant(StrEnum):
    """What a name means to ``groundswell forget`` where it can mean two things."""

    ACCOUNT = "account"
    POST = "post"


@command
def forget(
    store: StorePath,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ACCOUNT_OR_POST...",
            help="platform:id, platform:@handle, a pseudonym, or an address. None: finish a run.",
        ),
    ] = None,
    kind: Annotated[
        Meant | None, typer.Option("--as", help="Where a name is an account's and a post's.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; it cannot be undone.")] = False,
    as_json: Json = False,
) -> None:
    """Erase accounts and posts everywhere in a store, measure again, and prove it by a search.

    An account takes its posts along. What is left is a tombstone: a keyed hash, and the time. Under
    `strict` a handle and an id of one account are not known to belong together: tell both.
    """
    from analytics.store import Store
    from collectors.forgetting import forget as forget_in

    opened = Store(store)
    if not yes:
        whom = ", ".join(names or []) or "what an earlier run left"
        typer.confirm(f"Erase {whom} from {store}? It cannot be undone", abort=True, err=True)
    with console.progress("Forgetting") as step:
        done = forget_in(
            opened,
            names or [],
            kind=kind.value if kind else None,
            now=lambda: datetime.now(UTC),
            report=step,
        )
    found = done.proof.places
    if as_json:
        told = vars(done) | {"proof": vars(done.proof)}
        console.emit(told)
    else:
        rows = ", ".join(f"{name} {count:,}" for name, count in done.rows.items()) or "none"
        console.say(f"Tombstones laid: {done.tombstones:,}. Rows taken out: {rows}.")
        console.say(
            f"Removed as they came: {done.pages:,} pages, {done.files:,} files, "
            f"{done.questions:,} questions."
        )
        result = f"still in {', '.join(found[:5])}; take it out there" if found else "nothing left"
        console.say(
            f"Searched {done.proof.files:,} files ({done.proof.bytes:,} bytes), packed and "
            f"unpacked: {result}."
        )
    if found:
        raise typer.Exit(1)


@command
def doctor(store: StorePath, as_json: Json = False) -> None:
    """Check keys, reach, versions and the store's health, without spending quota."""
    from analytics.store import Store
    from collectors.opening import examine

    found = examine(Store(store))
    if as_json:
        console.emit({"checks": [vars(each) for each in found]})
    else:
        for each in found:
            console.say(f"{'ok ' if each.fine else 'BAD'}  {each.what}: {each.fact}")
    if not all(each.fine for each in found):
        raise typer.Exit(1)


@command
def respond(
    store: StorePath,
    action: Annotated[ResponseAction, typer.Argument(help="What to do with the ledger.")],
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="CSV to import, coded sheet, or what was seen."),
    ] = None,
    appeal: AppealId = None,
    response_id: Annotated[str | None, typer.Option("--id", help="Which response.")] = None,
    change: Annotated[
        str | None, typer.Option("--change", help="Which change to undo; the newest if not told.")
    ] = None,
    told: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="What to enter; may come again."),
    ] = None,
    who: Annotated[str, typer.Option("--by", help="Who enters or codes: changes are signed.")] = "",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The CSV to write.")] = None,
    by_appeal: Annotated[
        bool, typer.Option("--appeals", help="Export a row for each appeal: opened, due, closed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Keep what authorities did: add, import, edit and undo responses, code them twice, export.

    Every change is kept with its time, who made it, and what was there before. For a second coder,
    `code -o FILE` writes a sheet without codes, and `code FILE --by NAME` reads it.
    """
    from analytics.store import Store
    from collectors.authorities import import_codings, import_responses
    from dashboards import responding

    opened = Store(store)
    asked = responding.Asked(file, appeal, response_id, change, responding.cells(told or []),
                             who, out, by_appeal)  # fmt: skip
    now = datetime.now(UTC)
    match action:
        case ResponseAction.IMPORT:
            path = responding.needed(file, "the CSV", "import FILE")
            losses = import_responses(opened, path, appeal=appeal, who=who or "import", at=now)
        case ResponseAction.CODE if file is not None:
            losses = import_codings(opened, file, coder=who, at=now)
        case _:
            _tell(responding.ACTIONS[action.value](opened, asked), as_json=as_json)
            return
    if as_json:
        console.emit({"losses": losses.to_dicts()})
        return
    _print_losses(losses)
    console.say(f"Next: groundswell measure {store}")


def _tell(outcome: "Outcome", *, as_json: bool) -> None:
    if as_json:
        console.emit(outcome.document)
    else:
        outcome.show()


class OpinionAction(StrEnum):
    """What ``groundswell opinions`` does."""

    SAMPLE = "sample"
    AGAIN = "again"
    IMPORT = "import"
    SHOW = "show"


@command
def opinions(
    store: StorePath,
    action: Annotated[OpinionAction, typer.Argument(help="Draw, read in, or show.")],
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The coded CSV.")] = None,
    appeal: AppealId = None,
    size: Annotated[int, typer.Option("--size", min=1, help="How many posts to draw.")] = 300,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Draw from posts of this kind; may repeat.")
    ] = None,
    seed: Seed = 0,
    by_day: Annotated[
        bool, typer.Option("--by-day", help="Draw as many of each day as of any other.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The CSV to write.")] = None,
    who: Annotated[str, typer.Option("--by", help="Who coded it.")] = "",
    blind: Annotated[
        bool, typer.Option("--blind", help="A second coder, who saw no codes.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Code what people say about the authorities: a random sample, extended with valid intervals.

    `sample` draws posts into a CSV, its columns target and stance to be filled in; `import` reads
    it; `again` draws coded posts, without codes, for a second coder. `measure` does the rest.
    """
    from analytics.store import Store
    from collectors.opinions import import_stances
    from dashboards import opining, responding

    opened = Store(store)
    asked = opining.Asked(appeal, size, tuple(kind or ()), seed, out, by_day)
    if action is OpinionAction.IMPORT:
        path = responding.needed(file, "the CSV", "import")
        coder = responding.needed(who.strip() or None, "--by NAME", "import")
        losses = import_stances(opened, path, coder=coder, blind=blind, at=datetime.now(UTC))
        if as_json:
            console.emit({"losses": losses.to_dicts()})
        else:
            _print_losses(losses)
            console.say(f"Next: groundswell measure {store}")
        return
    outcome = opining.ACTIONS[action.value](opened, asked)
    if as_json:
        console.emit(outcome.document)
    else:
        outcome.show()


@command
def measure(
    store: StorePath,
    engine: Annotated[str, typer.Option("--engine", help="Where to compute: local.")] = "local",
    force: Annotated[bool, typer.Option("--force", help="Even if nothing changed.")] = False,
    validate: Annotated[
        bool,
        typer.Option(
            "--validate",
            help="First hide the parents that are known, infer them, and score and fit the models.",
        ),
    ] = False,
    trees: Annotated[
        int, typer.Option("--trees", min=10, help="Trees to draw by each setting of PDI.")
    ] = 100,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all that is drawn.")] = 0,
    as_json: Json = False,
) -> None:
    """Compute every measure and store the results as tables."""
    from analytics.runner import measure as measure_store
    from analytics.store import Store

    with console.progress("Measuring") as step:
        run = measure_store(
            Store(store),
            engine=engine,
            force=force,
            validate=validate,
            trees=trees,
            seed=seed,
            report=step,
        )
    if as_json:
        console.emit({"rows": run.rows, "seconds": run.seconds, "skipped": run.skipped})
    elif run.skipped:
        console.say("Nothing changed since the last run; --force computes all the same.")
    else:
        rows = ", ".join(f"{name} {count:,}" for name, count in run.rows.items())
        console.say(f"Measured in {run.seconds:.1f} s: {rows}.")


@command
def coordination(
    store: StorePath,
    window: Annotated[
        str, typer.Option("--window", help="Two shares so close are a pair: 60s, 10m.")
    ] = "60s",
    participation: Annotated[
        int, typer.Option("--participation", help="Shares that an account must have.")
    ] = 2,
    by: Annotated[
        str, typer.Option("--object", help="original, url, hashtag, media or text.")
    ] = "original",
    permutations: Annotated[
        int, typer.Option("--permutations", min=1, help="How often chance is drawn.")
    ] = 500,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of what is drawn.")] = 0,
    appeal: AppealId = None,
    as_json: Json = False,
) -> None:
    """Count synchronised sharing, beside what chance gives; tells no account."""
    from analytics.coordination import told
    from analytics.store import Store
    from collectors.pacing import seconds
    from dashboards.sentences import synchronised

    opened = Store(store)
    with console.progress("Counting pairs of shares"):
        row = told(
            opened.read("posts", appeal_id=opened.settings.appeal_id(appeal)),
            by=by,
            window=seconds(window, place="--window"),
            participation=participation,
            permutations=permutations,
            seed=seed,
        )
    if as_json:
        console.emit(_coordination_document(row, seed))
        return
    for sentence in synchronised(row):
        console.say(sentence)


def _coordination_document(row: dict[str, Any], seed: int) -> dict[str, Any]:
    traded = ("traded", "traded_mean", "traded_p", ("traded_lo", "traded_hi"))
    chance = {
        "repeated_pairs": ("repeated", "null_mean", "p", ("null_lo", "null_hi")),
        "repeated_pairs_3": ("repeated_3", "null_mean_3", "p_3", None),
        "repeated_over_objects": ("met", "null_mean_met", "p_met", None),
        "repeated_pairs_curveball": traded,
    }
    asked = ("object", "window", "participation", "quantile", "permutations", "trades")
    counts = ("shares", "unplaced", "pairs", "edges", "threshold")
    return {
        "settings": {name: row[name] for name in asked} | {"seed": seed},
        **{name: row[name] for name in counts},
        "accounts": row["accounts_in_pairs"],
        "edges_above_threshold": row["edges_above"],
        "accounts_above_threshold": row["accounts_above"],
        **{
            name: {"observed": row[observed], "null_mean": row[mean], "p": row[p]}
            | ({"null_interval": [row[end] for end in ends]} if ends else {})
            for name, (observed, mean, p, ends) in chance.items()
        },
        "groups": row["groups"],
        "accounts_in_groups": row["accounts_in_groups"],
        "groups_curveball": row["groups_traded"],
        "accounts_in_groups_curveball": row["accounts_in_groups_traded"],
        "bounded": {
            name: row[name] for name in ("left_out", "left_out_pairs", "not_drawn", "note")
        },
    }


@command
def serve(
    store: StorePath,
    port: Port = DEFAULT_PORT,
    host: Host = LOOPBACK,
    follow: Annotated[
        bool, typer.Option("--follow", help="Measure what comes in while the app is open.")
    ] = False,
) -> None:
    """Open the app. What changed since the last run is measured first."""
    from analytics.errors import MeasureError, ProtectionError
    from analytics.runner import measure as measure_store
    from analytics.store import Store

    opened = Store(store)
    secret = _proxy_secret(host)
    _require_free(host, port)
    with console.progress("Measuring") as step, _ignoring(MeasureError, ProtectionError):
        measure_store(opened, report=step)
    _run_app(opened, host, port, follows=follow, secret=secret)


@contextmanager
def _ignoring(*errors: type[Exception]) -> Iterator[None]:
    """Let the app open all the same: its pages say what is missing, and reading needs no key."""
    try:
        yield
    except errors as fact:
        console.complain(str(fact))


def _proxy_secret(host: str) -> str:
    """Return what a reverse proxy proves itself with; nothing where only this machine may ask."""
    from analytics.errors import ServeError
    from dashboards.door import SHORTEST
    from dashboards.guard import is_loopback

    secret = os.environ.get("GROUNDSWELL_PROXY_SECRET", "")
    if (secret or not is_loopback(host)) and len(secret) < SHORTEST:
        msg = (
            f"{host} can be reached by others, and everybody who reaches it could read the store; "
            "stay on 127.0.0.1 and let people in by ssh -L, or put it behind a reverse proxy that "
            f"asks for a password: docs/threat-model.md (GROUNDSWELL_PROXY_SECRET, {SHORTEST} "
            "characters or more)"
        )
        raise ServeError(msg)
    return secret


def _run_app(
    store: "Store", host: str, port: int, *, follows: bool = False, secret: str = ""
) -> None:
    import uvicorn

    from dashboards.app import create_app

    dash_app = create_app(store, follows=follows, secret=secret)
    console.say(f"Groundswell is open on http://{host}:{port}/ (stop it with Ctrl+C)")
    with suppress(KeyboardInterrupt):  # the way to stop it, so no failure
        uvicorn.run(dash_app.server, host=host, port=port, log_level="warning")


def _require_free(host: str, port: int) -> None:
    from analytics.errors import ServeError

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            msg = (
                f"port {port} on {host} cannot be used (in use?); choose another: --port {port + 1}"
            )
            raise ServeError(msg) from None


@command
def report(
    store: StorePath,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="FILE.html, FILE.pdf, or FILE.zip with all it rests on."
        ),
    ],
    lang: Annotated[str, typer.Option("--lang", help="en, ru or kk.")] = "en",
    appeal: AppealId = None,
    as_json: Json = False,
) -> None:
    """Write the report to hand over: one page that works anywhere, paper, or a bundle."""
    from analytics.store import Store
    from dashboards.report import write_report

    done = write_report(Store(store), output, appeal=appeal, lang=lang)
    if as_json:
        console.emit(done)
    else:
        console.say(f"Wrote {output}: {done['bytes']:,} bytes.")
        if done["note"]:
            console.say(done["note"])


@command
def export(
    store: StorePath,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="FILE.gexf, .graphml, .csv or .parquet")
    ],
    table: Annotated[
        str, typer.Option("--table", help="Which table, for .csv and .parquet.")
    ] = "shares",
    graph: Annotated[
        str,
        typer.Option("--graph", help="Of what, for .gexf and .graphml: accounts, posts."),
    ] = "accounts",
    coortweet: Annotated[
        str | None,
        typer.Option(
            "--coortweet",
            metavar="OBJECT",
            help="Who shared it when, as CooRTweet reads it: original, url, hashtag, media, text.",
        ),
    ] = None,
    appeal: AppealId = None,
    as_json: Json = False,
) -> None:
    """Write a graph (.gexf, .graphml) or a table (.csv, .parquet)."""
    from analytics.store import Store
    from dashboards.export import export_store

    done = export_store(
        Store(store), output, table=table, graph=graph, coortweet=coortweet, appeal_id=appeal
    )
    if as_json:
        console.emit(done)
    else:
        counts = ", ".join(f"{n:,} {what}" for what, n in done["counts"].items())
        console.say(f"Wrote {output}: {counts}.")


@command
def simulate(
    store: StorePath, posts: Posts = 10_000, seed: Seed = 1, as_json: Json = False
) -> None:
    """Make a store with a simulated appeal, labelled as such on every screen.

    What is true of it lies in STORE/truth: who had it from whom, who acts together, when what was
    done. docs/simulation.md says how it spreads.
    """
    with console.progress("Simulating an appeal"):
        _simulate_into(store, posts=posts, seed=seed)
    if as_json:
        console.emit({"store": str(store), "posts": posts, "seed": seed})
    else:
        console.say(f"{store} holds {posts:,} simulated posts. Next: groundswell measure {store}")


def _simulate_into(store: Path, *, posts: int, seed: int) -> None:
    from collectors.simulated import write_simulation

    write_simulation(store, posts=posts, seed=seed)


@command
def compact(store: StorePath, as_json: Json = False) -> None:
    """Merge small files; it also happens by itself after imports."""
    from analytics.store import Store

    saved = Store(store).compact()
    if as_json:
        console.emit({"files_saved": saved})
    else:
        console.say(f"{saved} files fewer.")
