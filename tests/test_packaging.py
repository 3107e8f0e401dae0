"""What is installed: four packages at run time, a command, a grammar, types."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from conftest import ROOT

import matcalc
from matcalc.language import syntax

RUN_TIME = {"click", "lark", "rich", "sympy"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    tomllib = pytest.importorskip("tomllib", reason="part of Python from 3.11 on")
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w-]", requirement)[0] for requirement in requirements}


def test_packages_needed(project: dict[str, Any]) -> None:
    assert names(project["dependencies"]) == RUN_TIME
    assert all(">=" in requirement for requirement in project["dependencies"])
    extras = project["optional-dependencies"]
    assert set(extras) == {"numpy", "test"}
    assert names(extras["numpy"]) == {"numpy"}
    assert names(extras["test"]) >= {"pytest", "hypothesis", "numpy", "interegular"}


def test_names(project: dict[str, Any]) -> None:
    assert project["name"] == "matcalc-cli"
    assert project["scripts"] == {"matcalc": "matcalc.cli:main"}
    assert project["requires-python"] == ">=3.10"


def build(kind: str, folder: Path) -> Path:
    """A distribution of the checkout, built without an isolated environment."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


def test_wheel(tmp_path: Path) -> None:
    """The wheel holds the package with its grammar and types and nothing else, and runs."""
    with ZipFile(build("wheel", tmp_path / "wheel")) as wheel:
        inside = set(wheel.namelist())
        wheel.extractall(tmp_path / "installed")
    assert {name.split("/")[0] for name in inside} == {
        "matcalc",
        f"matcalc_cli-{matcalc.__version__}.dist-info",
    }
    assert {"matcalc/grammar/matcalc.lark", "matcalc/py.typed", "matcalc/__main__.py"} <= inside
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "matcalc").rglob("*.py")}
    assert modules == {name for name in inside if name.endswith(".py")}
    answer = 'import matcalc; print(matcalc.__file__, matcalc.diff("tr(A X)", "X"))'
    done = subprocess.run(
        [sys.executable, "-c", answer],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed")},
        check=True,
        capture_output=True,
        text=True,
    )
    place = tmp_path / "installed" / "matcalc" / "__init__.py"
    assert done.stdout == f"{place} A'\n"


def test_source_distribution(tmp_path: Path) -> None:
    """From it everything can be built and tested."""
    with tarfile.open(build("sdist", tmp_path / "sdist")) as archive:
        inside = {name.split("/", 1)[1] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "grammar/matcalc.lark", "tests/conftest.py"} <= inside
    folders = {name.split("/")[0] for name in inside if "/" in name}
    assert folders == {"matcalc", "grammar", "tests"}


def test_the_grammar_is_found() -> None:
    assert "problem" in syntax.grammar()


def test_the_module_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "matcalc", "--version"], check=True, capture_output=True, text=True
    )
    assert done.stdout == f"matcalc {matcalc.__version__}\n"
