"""The command line: one JSON document or one plain sentence, and exit codes that mean something."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from stopping import Interrupted
from typer.testing import CliRunner, Result

import analytics
from analytics.store import Store
from collectors import writing
from collectors.exports import known_formats
from collectors.simulated import write_simulation
from dashboards.cli import app

SHARES = "object_id,account_id,content_id,timestamp_share\no,a,c1,1000\no,b,c2,1001\n"
ACTS = "from,actor,verb_code,target\n2016,Police,09,accused\n"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def document(result: Result) -> dict[str, Any]:
    """Return the one JSON document on stdout; fail if anything else is there."""
    held = json.loads(result.stdout)
    assert isinstance(held, dict)
    return held


def sentence(result: Result) -> str:
    """Return the one sentence on stderr of a command that failed."""
    assert result.exit_code == 1
    assert result.stdout == ""
    assert re.fullmatch(r"groundswell: [^\n]+\n", result.stderr)
    assert "should not happen" not in result.stderr
    return str(result.stderr)


@pytest.fixture
def shares(tmp_path: Path) -> Path:
    path = tmp_path / "shares.csv"
    path.write_text(SHARES)
    return path


@pytest.fixture
def store(tmp_path: Path, shares: Path) -> Path:
    assert run("import", tmp_path / "store", shares).exit_code == 0
    return tmp_path / "store"


def test_starting_loads_neither_tables_nor_drawing() -> None:
    code = (
        "import sys, dashboards.cli; "
        "print(*{'polars', 'dash', 'plotly', 'numba', 'networkx', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_command_says_its_version_and_its_help() -> None:
    command = Path(sys.executable).with_name("groundswell")
    told = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"groundswell {analytics.__version__}\n"
    shown = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    names = (
        "demo",
        "init",
        "import",
        "formats",
        "respond",
        "opinions",
        "measure",
        "serve",
        "export",
        "simulate",
    )
    for name in names:
        assert re.search(rf"^\s+{name}\b", shown.stdout, re.MULTILINE)


# one JSON document

WELL: dict[str, tuple[Callable[[Path], list[object]], set[str]]] = {
    "init": (lambda f: ["init", f / "new"], {"store", "key"}),
    "import": (
        lambda f: ["import", f / "store", f / "shares.csv"],
        {
            "import_id",
            "appeal_id",
            "files",
            "losses",
            "held",
            "shares_with_source",
            "most_shared",
        },
    ),
    "formats": (lambda _: ["formats"], {"formats"}),
    "respond import": (lambda f: ["respond", f / "store", "import", f / "acts.csv"], {"losses"}),
    "respond list": (lambda f: ["respond", f / "store", "list"], {"responses"}),
    "opinions": (lambda f: ["opinions", f / "store", "show"], {"opinions", "agreement"}),
    "measure": (lambda f: ["measure", f / "store"], {"rows", "seconds", "skipped"}),
    "coordination": (
        lambda f: ["coordination", f / "store", "--participation", "1"],
        {
            "settings",
            "shares",
            "unplaced",
            "pairs",
            "edges",
            "threshold",
            "accounts",
            "edges_above_threshold",
            "accounts_above_threshold",
            "repeated_pairs",
            "repeated_pairs_3",
            "repeated_over_objects",
            "repeated_pairs_curveball",
            "groups",
            "accounts_in_groups",
            "groups_curveball",
            "accounts_in_groups_curveball",
            "bounded",
        },
    ),
    "report": (
        lambda f: ["report", f / "store", "-o", f / "r.html"],
        {"file", "appeal", "lang", "bytes", "note"},
    ),
    "export": (
        lambda f: ["export", f / "store", "--table", "posts", "-o", f / "p.csv"],
        {"file", "counts"},
    ),
    "simulate": (lambda f: ["simulate", f / "sim", "--posts", "50"], {"store", "posts", "seed"}),
    "compact": (lambda f: ["compact", f / "store"], {"files_saved"}),
    "collect": (lambda f: ["collect", f / "store", "--rebuild"], {"pages"}),
    "doctor": (lambda f: ["doctor", f / "store"], {"checks"}),
    "forget": (
        lambda f: ["forget", f / "store", "x:1", "--as", "post", "--yes"],
        {"tombstones", "rows", "pages", "questions", "files", "proof"},
    ),
}
BADLY: dict[str, Callable[[Path], list[object]]] = {
    "init": lambda f: ["init", f / "store"],
    "import": lambda f: ["import", f / "store", f / "gone"],
    "respond import": lambda f: ["respond", f / "store", "import", f / "gone"],
    "respond list": lambda f: ["respond", f / "gone", "list"],
    "opinions": lambda f: ["opinions", f / "store", "import", f / "gone", "--by", "Ann"],
    "measure": lambda f: ["measure", f / "gone"],
    "coordination": lambda f: ["coordination", f / "store", "--object", "url"],
    "report": lambda f: ["report", f / "store", "-o", f / "r.xls"],
    "export": lambda f: ["export", f / "store", "-o", f / "p.xls"],
    "simulate": lambda f: ["simulate", f / "store"],
    "compact": lambda f: ["compact", f],
    "collect": lambda f: ["collect", f / "store"],
    "doctor": lambda f: ["doctor", f / "gone"],
    "forget": lambda f: ["forget", f / "store", "nobody", "--yes"],
}


@pytest.mark.parametrize("case", WELL)
def test_json_is_one_document_and_nothing_else(tmp_path: Path, store: Path, case: str) -> None:
    (tmp_path / "acts.csv").write_text(ACTS)
    assert store.is_dir()
    if case == "report":  # of what was measured
        assert run("respond", store, "import", tmp_path / "acts.csv").exit_code == 0
        assert run("measure", store).exit_code == 0
    words, members = WELL[case]
    result = run(*words(tmp_path), "--json")
    assert result.exit_code == 0
    assert set(document(result)) == members
    assert result.stderr == ""


@pytest.mark.parametrize("case", BADLY)
def test_an_error_is_one_document_or_one_sentence(tmp_path: Path, store: Path, case: str) -> None:
    assert store.is_dir()
    words = BADLY[case](tmp_path)
    told = sentence(run(*words))
    result = run(*words, "--json")
    assert result.exit_code == 1
    assert result.stderr == ""
    assert f"groundswell: {document(result)['error']}\n" == told


def test_every_command_with_json_is_tried_above() -> None:
    tried = {case.split()[0] for case in WELL}
    assert tried == {case.split()[0] for case in BADLY} | {"formats"}  # which cannot go wrong
    offering = {
        command.name
        for command in app.registered_commands
        if command.callback and "as_json" in command.callback.__annotations__
    }
    assert tried == offering


def test_times_in_json_are_iso_8601(tmp_path: Path, store: Path) -> None:
    (tmp_path / "acts.csv").write_text(ACTS)
    run("respond", store, "import", tmp_path / "acts.csv")
    held = document(run("respond", store, "list", "--json"))["responses"]
    assert held[0]["from"] == "2016-01-01T00:00:00+00:00"
    assert held[0]["rung"] == 3


def test_json_is_ascii_so_that_any_pipe_can_carry_it(tmp_path: Path, store: Path) -> None:
    (tmp_path / "acts.csv").write_text("from,actor,verb_code\n2016,Полиция,09\n")
    run("respond", store, "import", tmp_path / "acts.csv")
    result = run("respond", store, "list", "--json")
    assert result.stdout.isascii()
    assert document(result)["responses"][0]["actor"] == "Полиция"


# exit codes


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["import", "store"],
        ["measure", "store", "--nonsense"],
        ["serve", "store", "--port", "70000"],
        ["simulate", "store", "--posts", "0"],
        ["respond", "store", "nonsense"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_2(words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_respond_import_without_a_file_is_wrong_usage(store: Path) -> None:
    result = run("respond", store, "import")
    assert result.exit_code == 2
    assert "groundswell respond STORE import FILE" in result.stderr


@pytest.mark.parametrize("option", [[], ["--json"]], ids=["sentence", "json"])
def test_an_interruption_is_exit_130_and_keeps_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: list[str]
) -> None:
    monkeypatch.setitem(known_formats(), "interrupted", Interrupted(posts=1))
    monkeypatch.setattr(writing, "FLUSH_ROWS", 1)
    (tmp_path / "f").write_text("stop")
    result = run("import", tmp_path / "s", tmp_path / "f", *option)
    assert result.exit_code == 130
    told = document(result)["error"] if option else result.stderr
    assert "interrupted; everything up to here is kept" in told
    assert Store(tmp_path / "s").read("posts")["post_id"].to_list() == ["x:0"]


def test_a_place_that_cannot_be_written_is_one_sentence(shares: Path) -> None:
    told = sentence(run("import", shares / "store", shares))
    assert str(shares) in told


def test_what_should_not_happen_is_one_sentence_too(
    tmp_path: Path, shares: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "FLUSH_ROWS", None)
    result = run("import", tmp_path / "s", shares)
    assert result.exit_code == 1
    assert result.stderr.startswith("groundswell: this should not happen (TypeError: ")
    assert result.stderr.count("\n") == 1
    monkeypatch.setenv("GROUNDSWELL_DEBUG", "1")
    assert isinstance(run("import", tmp_path / "s", shares).exception, TypeError)


# import and respond, for a person


def test_an_import_ends_with_what_was_kept_and_what_comes_next(
    tmp_path: Path, shares: Path
) -> None:
    first = run("import", tmp_path / "s", shares)
    assert first.stdout == (
        f"Read 1 files (coortweet) into {tmp_path / 's'}: 2 posts.\n"
        "Posts held now: 2 reposts. Shares whose source account is named: 0.\n"
        "Most shared: unknown:o (2 reposts and 0 quotes of it held).\n"
        f"Next: groundswell measure {tmp_path / 's'}\n"
    )
    assert re.search(r"^kept +2 +posts +new\s*$", first.stderr, re.MULTILINE)
    assert ": nothing new.\n" in run("import", tmp_path / "s", shares).stdout


def test_responses_are_imported_and_listed(tmp_path: Path, store: Path) -> None:
    (tmp_path / "acts.csv").write_text(ACTS + "2017,,09,\n")
    result = run("respond", store, "import", tmp_path / "acts.csv")
    assert result.exit_code == 0
    assert re.search(
        r"^dropped +1 +responses +actor is missing +acts.csv, row 3", result.stderr, re.MULTILINE
    )
    assert "Police" in run("respond", store, "list").stderr


def test_an_unknown_format_or_zone_is_the_users_to_mend(tmp_path: Path, shares: Path) -> None:
    assert "no format 'xml'" in sentence(run("import", tmp_path / "s", shares, "--format", "xml"))
    assert "'Mars'" in sentence(run("import", tmp_path / "s", shares, "--timezone", "Mars"))
    assert not (tmp_path / "s").exists()


# simulate never destroys what it did not make


def test_a_simulation_replaces_an_older_one_and_its_key(tmp_path: Path, keys: Path) -> None:
    for posts in (20, 30):
        assert run("simulate", tmp_path / "sim", "--posts", posts).exit_code == 0
    assert Store(tmp_path / "sim").read("posts").height == 30
    assert len(list(keys.iterdir())) == 1


def test_a_simulation_never_replaces_settings_or_data_of_a_user(
    tmp_path: Path, shares: Path
) -> None:
    run("init", tmp_path / "mine", "--appeal", "park")
    write_simulation(tmp_path / "mixed", posts=20, seed=1)
    appeal = Store(tmp_path / "mixed").read("appeals")["appeal_id"][0]
    run("import", tmp_path / "mixed", shares, "--appeal", appeal)
    for path in (tmp_path / "mine", tmp_path / "mixed"):
        before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
        assert "did not make" in sentence(run("simulate", path))
        assert {p: p.read_bytes() for p in path.rglob("*") if p.is_file()} == before


# serve


def test_a_port_in_use_is_told_before_anything_is_measured(tmp_path: Path, store: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = sentence(run("serve", store, "--port", port))
        assert f"port {port} on 127.0.0.1 cannot be used" in told
        assert f"--port {port + 1}" in told
        sentence(run("demo", "--store", tmp_path / "demo", "--port", port))
    assert Store(store).read("shares").is_empty()
    assert not (tmp_path / "demo").exists()


def test_only_a_store_can_be_served(tmp_path: Path) -> None:
    assert "is not a store; `groundswell init" in sentence(run("serve", tmp_path))
    assert "does not exist; `groundswell init" in sentence(run("serve", tmp_path / "gone"))


def test_stopping_the_app_is_no_failure(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s").path
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    groundswell = str(Path(sys.executable).with_name("groundswell"))
    command = [groundswell, "serve", str(store), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as app_process:
        try:
            _await(f"http://127.0.0.1:{port}/")
            app_process.send_signal(signal.SIGINT)
            out, err = app_process.communicate(timeout=20)
        finally:
            app_process.kill()
    assert app_process.returncode == 0, err
    assert f"http://127.0.0.1:{port}/".encode() in out
    assert b"Traceback" not in err


def _await(address: str) -> None:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        try:
            with urlopen(address) as answer:  # noqa: S310 - the app just started here
                assert answer.status == 200
        except (URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"nothing answers at {address}")
