"""What docstrings say of the code is about this code: names that exist, lines that are whole."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from conftest import ROOT

PACKAGE = ROOT / "matcalc"
FILES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}
QUOTED = re.compile(r"``([A-Za-z_]\w*(?:\.\w+)*)(?:\(\))?``|:(?:func|class|meth):`([\w.]+)`")
WORD = re.compile(r"[A-Za-z_]\w*")
OTHERS = {"Xtrain", "__del__", "paste"}  # a variable, Python's, the shell's
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def docstrings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and (doc := ast.get_docstring(node)):
            yield doc


def known(tree: ast.Module) -> Iterator[str]:
    """The names in a module, and the words of its strings that are no docstrings."""
    docs = {id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, DOCUMENTED) and n.body
            and isinstance(n.body[0], ast.Expr)}  # fmt: skip
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.alias(name=name):
                yield name
            case ast.Constant(value=str(text)) if id(node) not in docs:
                yield from WORD.findall(text)


TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in FILES.items()}
MODULES = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in FILES}
KNOWN = (
    {name for tree in TREES.values() for name in known(tree)}
    | {part for module in MODULES for part in module.split(".")}
    | {*dir(builtins), *keyword.kwlist, "matcalc"}
)


def stands(name: str) -> bool:
    """Is a name that a docstring quotes one of the package?  (Those of variables are short.)"""
    if len(name) < 4 or name in OTHERS or re.search(r"\d", name):
        return True
    first, *rest = name.removeprefix("matcalc.").split(".")
    if rest and (PACKAGE / first).is_dir() and not {f"{first}.{rest[0]}", first} <= MODULES:
        return False
    return all(part in KNOWN for part in (first, *rest))


@pytest.mark.parametrize("file", FILES)
def test_names_exist(file: str) -> None:
    quoted = {a or b for doc in docstrings(TREES[file]) for a, b in QUOTED.findall(doc)}
    assert not {name for name in quoted if not stands(name)}


@pytest.mark.parametrize("file", FILES)
def test_lines_are_whole(file: str) -> None:
    """Whatever stands far to the right stands below the beginning of a column."""
    for doc in docstrings(TREES[file]):
        assert not mangled(doc)


def mangled(doc: str) -> list[str]:
    found = []
    for before, line in pairwise(doc.splitlines()):
        indent = len(line) - len(line.lstrip())
        column = re.fullmatch(r"(.*  |\s*)", before[:indent]) and before[indent : indent + 1] != " "
        if indent >= 8 and before and not column:
            found.append(line)
    return found


def test_what_is_wrong_is_found() -> None:
    assert mangled("The tree of\n                a node.") and not mangled("a     word\n      more")
    assert stands("calculus.differential") and stands("Problem.node") and stands("Sum")
    assert not stands("array_plan") and not stands("algebra.shapes") and not stands("numpy_body")
