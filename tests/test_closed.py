"""The kinds of nodes and of trees are closed: a new one is an error of types in every pass."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from conftest import ROOT
from test_docstrings import PACKAGE, TREES

from matcalc.algebra import ir
from matcalc.errors import assert_never
from matcalc.language import tree

UNIONS = {"matcalc.algebra.ir": ir.Node, "matcalc.language.tree": tree.Tree}
KINDS = {module: {kind.__name__ for kind in get_args(union)} for module, union in UNIONS.items()}
# kinds that a match tells apart if it is a pass, not a question about one form
PASS = {"matcalc.algebra.ir": 3, "matcalc.language.tree": 4}


def kinds(file: str, match: ast.Match) -> set[str]:
    """The kinds of nodes (or of trees) that a match tells apart."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(TREES[file])
        if isinstance(node, ast.ImportFrom) and node.module in KINDS
        for alias in node.names
        if alias.name in KINDS[node.module]
    }
    own = KINDS.get("matcalc." + file.removesuffix(".py").replace("/", "."), set())
    return {name for case in match.cases for name in _classes(case.pattern)} & (imported | own)


def _classes(pattern: ast.pattern) -> Iterator[str]:
    match pattern:
        case ast.MatchClass():
            yield ast.unparse(pattern.cls)
        case ast.MatchOr(patterns=parts):
            for part in parts:
                yield from _classes(part)
        case ast.MatchAs(pattern=inner) if inner is not None:
            yield from _classes(inner)


def passes() -> Iterator[tuple[str, ast.Match]]:
    for file, module in TREES.items():
        for node in ast.walk(module):
            if isinstance(node, ast.Match) and _is_pass(kinds(file, node)):
                yield file, node


def _is_pass(told: set[str]) -> bool:
    return any(len(told & KINDS[module]) >= least for module, least in PASS.items())


def ends(match: ast.Match) -> bool:
    last = match.cases[-1]
    return ast.unparse(last) == f"case _:\n    assert_never({ast.unparse(match.subject)})"


def test_every_pass_is_closed() -> None:
    open_ones = [f"{file}:{match.lineno}" for file, match in passes() if not ends(match)]
    assert not open_ones
    assert len(list(passes())) > 25


def test_a_new_kind_is_an_error_in_every_pass(tmp_path: Path) -> None:
    """In a copy of the package with one kind more of each, mypy names every place."""
    pytest.importorskip("mypy")
    copy = tmp_path / "matcalc"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    _add(copy / "algebra" / "ir.py", "class Indexed(_Node): ...\n\n\nNode = Indexed | ")
    _add(
        copy / "language" / "tree.py",
        "@dataclass(frozen=True, eq=False, repr=False)\nclass Indexed(_Tree):\n    pass\n\n\n"
        "Tree = Indexed | ",
    )
    found = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--cache-dir",
            str(tmp_path / "cache"),
            "matcalc",
        ],
        cwd=tmp_path,
        env={"PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = re.findall(
        r'^matcalc/(.*):(\d+): error: Argument 1 to "assert_never"', found.stdout, re.M
    )
    named = {(file, int(line)) for file, line in said}
    places = {
        (file, node.lineno)
        for file, module in TREES.items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "assert_never"
    }
    shift = {"algebra/ir.py": 3, "language/tree.py": 5}
    assert {(file, line + shift.get(file, 0)) for file, line in places} == named
    assert len(places) > 30


def _add(path: Path, kind: str) -> None:
    text = path.read_text("utf-8")
    union = re.search(r"^(Node|Tree) = ", text, re.M)
    assert union is not None
    path.write_text(text[: union.start()] + kind + text[union.end() :], "utf-8")


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(AssertionError, match="no case for 1"):
        assert_never(1)  # type: ignore[arg-type]
