"""The arrows of docs/architecture.md hold, and the page names what there is."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_import_contracts_are_kept() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_contract_can_be_broken(tmp_path: Path) -> None:
    for name, text in {"low": "import high\n", "high": ""}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text)
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_packages = low\n  high\n"
        "[importlinter:contract:1]\nname = layers\ntype = layers\nlayers = high\n  low\n"
    )
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0


def test_the_page_names_every_module_of_the_core() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    modules = {path.name for path in (ROOT / "analytics").glob("*.py")} - {"__init__.py"}
    assert [name for name in sorted(modules) if name not in page] == ["errors.py"]
