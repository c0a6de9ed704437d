"""The documents say what the code does: generated pages, links, examples."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from analytics.settings import SourceSettings, decode
from collectors.exports.formats import known_formats
from collectors.sources import configured, known_platforms, platform
from dashboards.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def generated() -> dict[str, Callable[[], str]]:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pages: dict[str, Callable[[], str]] = module.PAGES
    return pages


@pytest.mark.parametrize("name", ["tables.md", "codebook.md", "commands.md"])
def test_a_generated_page_is_up_to_date(name: str) -> None:
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == generated()[name](), "run make docs"


def test_every_command_is_documented() -> None:
    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    names = [command.name for command in app.registered_commands]
    assert [name for name in names if f"## groundswell {name}" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_format_is_documented_and_every_documented_format_is_there() -> None:
    page = (ROOT / "docs/formats.md").read_text(encoding="utf-8")
    told = re.findall(r"^### .*\(`([\w-]+)`\)$", page, re.MULTILINE)
    assert sorted(told) == sorted(known_formats())
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
    assert set(re.findall(r"\]\(#([^)]*)\)", page)) <= anchors


def test_the_example_runs() -> None:
    command = [sys.executable, str(ROOT / "examples/one_appeal.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "How far" in done.stdout
    assert "Rung +3" in done.stdout


def test_the_benchmark_runs() -> None:
    command = [sys.executable, str(ROOT / "benchmarks/import_rate.py"), "--posts", "600"]
    command += ["--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "time of import / time of orjson.loads" in done.stdout


def test_every_platform_and_every_option_of_it_is_documented() -> None:
    page = (ROOT / "docs/collectors.md").read_text(encoding="utf-8")
    common = {field.name for field in msgspec.structs.fields(SourceSettings)}
    for name in known_platforms():
        each = platform(name)
        assert f'platform = "{name}"' in page
        own = {field.name for field in msgspec.structs.fields(each.settings)} - common
        assert [option for option in own if option not in page] == []
        assert [s for s in each.secrets if f"GROUNDSWELL_{s.upper()}" not in page] == []


def test_the_examples_of_sources_are_read() -> None:
    page = (ROOT / "docs/collectors.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(\[\[sources\]\].*?)```", page, re.DOTALL)
    assert len(blocks) >= len(known_platforms())
    for block in blocks:
        told = decode('[[appeals]]\nid = "a"\n' + block, place="docs/collectors.md")
        assert configured(told, place="docs/collectors.md")
