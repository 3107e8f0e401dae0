"""The layout of the repository is what the README says: folders, layers, one importer of lark.

Imports are read off the syntax trees, those inside functions and those that only name a type
included: what hides from the loader is a circle all the same.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import ROOT

from matcalc.tables.functions import FUNCTIONS

TOP_LEVEL = {"README.md", "grammar", "matcalc", "pyproject.toml", "tests"}
# each line may use those above it; what is in no line (api, cli, ...) may use all of them
LAYERS = (
    "matcalc.errors",
    "matcalc.tables",
    "matcalc.language",
    "matcalc.algebra",
    "matcalc.present",
    "matcalc.dimensions",
    "matcalc.calculus",
    "matcalc.verify.verdict",
    "matcalc.answer",
    "matcalc.derivation",
    "matcalc.code",
    "matcalc.output",
    "matcalc.verify",
)
# a scalar in a chain is a scalar factor, and a power of one is a product again: one recursion
NORMAL_FORM = {f"matcalc.algebra.{name}" for name in ("powers", "products", "scalar_factors")}
MOST_NAMES = 62  # of functions, as strings outside the table
SIDES = {"left", "right"}  # of products and comparisons: these words are no calls
UNFINISHED = re.compile("TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + "Error")


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_name(path): path for path in sorted((ROOT / "matcalc").rglob("*.py"))}
every_module = pytest.mark.parametrize("module", MODULES)


def _imports(module: str) -> Iterator[tuple[str, int, str]]:
    """What a module imports, the line, and when: "load", "call", or never, to "name" a type."""
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    when: dict[int, str] = {}
    for outer in ast.walk(tree):
        if isinstance(outer, ast.FunctionDef):
            when |= {id(node): "call" for node in ast.walk(outer)}
        elif isinstance(outer, ast.If) and ast.unparse(outer.test) == "TYPE_CHECKING":
            when |= {id(node): "name" for node in ast.walk(outer)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, when.get(id(node), "load")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: a relative import"
            assert node.module is not None
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found = inner if inner in MODULES else node.module
                yield found, node.lineno, when.get(id(node), "load")


def _layer(module: str) -> int:
    for depth, layer in enumerate(LAYERS):
        if module == layer or module.startswith(layer + "."):
            return depth
    return len(LAYERS)


@every_module
def test_imports_point_down(module: str) -> None:
    for target, line, _ in _imports(module):
        if target == "matcalc" or not target.startswith("matcalc."):
            continue
        assert _layer(target) <= _layer(module), f"{module}:{line} imports {target}"


def test_only_the_command_line_uses_the_package_itself() -> None:
    """``import matcalc`` is for users; below, modules name what they use."""
    users = {m for m in MODULES for target, _, _ in _imports(m) if target == "matcalc"}
    assert {_layer(m) for m in users} <= {len(LAYERS)}


def test_no_module_imports_itself_in_a_circle() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for module in MODULES:
        for target, _, when in _imports(module):
            own = target in MODULES and target != "matcalc"
            if when != "call" and own and not {module, target} <= NORMAL_FORM:
                graph[module].add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def test_layers_exist() -> None:
    """No line of the list is about nothing."""
    for layer in LAYERS:
        assert any(_layer(m) == LAYERS.index(layer) for m in MODULES), layer
    assert NORMAL_FORM <= MODULES.keys()


def test_one_module_knows_lark() -> None:
    importers = {m for m in MODULES for t, _, _ in _imports(m) if t.split(".")[0] == "lark"}
    assert importers == {"matcalc.language.syntax"}


@every_module
def test_heavy_packages_are_imported_where_they_are_used(module: str) -> None:
    """Never at load: each costs as much time as a whole answer."""
    heavy = {"sympy", "numpy", "rich", "mpmath"}
    for target, line, when in _imports(module):
        loaded = when == "load" and target.split(".")[0] in heavy
        assert not loaded, f"{module}:{line} loads {target}"


@every_module
def test_a_module_is_finished(module: str) -> None:
    source = MODULES[module].read_text("utf-8")
    assert not UNFINISHED.search(source)
    tree = ast.parse(source)
    assert ast.get_docstring(tree) or not tree.body, "a module says what it is for"


def test_layers_are_those_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    layers = [layer.removeprefix("matcalc.") for layer in LAYERS]
    places = [readme.index(f"\n    {layer}") for layer in layers if "." not in layer]
    assert all(one < other for one, other in pairwise(places))


def test_top_level() -> None:
    """Exactly these, besides dot-files (and what git ignores)."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [Path(line) for line in listed.stdout.splitlines()]
    present = {path.parts[0] for path in paths if (ROOT / path).exists()}
    assert {name for name in present if not name.startswith(".")} == TOP_LEVEL


def test_few_names_of_functions() -> None:
    """What is known of a function is in its row: few other places call one by its name.

    The number only falls.  (The names in ``__all__`` are those of Python functions.)
    """
    found = [
        (module, node.lineno, node.value)
        for module, path in MODULES.items()
        if not module.startswith("matcalc.tables")
        for statement in ast.parse(path.read_text("utf-8")).body
        if not ast.unparse(statement).startswith("__all__")
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant) and node.value in FUNCTIONS.keys() - SIDES
    ]
    assert len(found) <= MOST_NAMES, sorted(found)


def test_a_name_means_one_thing() -> None:
    """No two classes, or types with a name, are called the same."""
    # numbers are nodes of both kinds; the API puts faces on the answers
    shared = {"Number": 2, "Derivative": 2, "Expansion": 2}
    # and these are types of rooms that never meet
    shared |= {"Term": 3, "Function": 2, "Pair": 2}
    shared |= {"Cost": 2}  # what is asked of it, and what it is
    seen = Counter(name for path in MODULES.values() for name in _types(path))
    assert {name: count for name, count in seen.items() if count > 1} == shared


def _types(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text("utf-8")).body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) if re.fullmatch("[A-Z][a-z]+.*", name):
                yield name
