"""The README is run: every ``console`` block on a terminal, every ``pycon`` block, every table.

``pytest tests/test_readme.py --update`` writes what the commands print into the blocks, and the
tables from the code; nobody types an output.  A command that ends in a defect is never written, and
the answers of all ``matcalc diff`` commands are checked numerically.  A comment directly above a
block says what it is:

    <!-- run -->, <!-- test -->   one command, for a clean clone of the repository
    <!-- row: PATH -->            a row of the table in the module PATH
    <!-- with the row -->         commands that need that row
"""

from __future__ import annotations

import ast
import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from matcalc.api import diff
from matcalc.cli import main
from matcalc.errors import CODES
from matcalc.language.syntax import parse
from matcalc.output.formats import FORMATS, KINDS
from matcalc.tables.functions import FUNCTIONS, Function
from matcalc.tables.laws import LAWS, STRUCTURES
from matcalc.tables.layouts import LAYOUTS

README = ROOT / "README.md"
COLUMNS = 80
BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^>]+) -->\n)?^```(?P<language>\w+)\n(?P<body>.*?)^```\n", re.M | re.S
)
TABLE = re.compile(r"^<!-- table: (?P<name>\w+) -->\n(?P<body>.*?)^<!-- end -->\n", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the comment above it, its text and where that stands."""

    language: str
    mark: str
    body: str
    span: tuple[int, int]


def blocks(language: str) -> list[Block]:
    text = README.read_text("utf-8")
    found = [
        Block(match["language"], match["mark"] or "", match["body"], match.span("body"))
        for match in BLOCK.finditer(text)
    ]
    return [block for block in found if block.language == language]


def commands(block: Block) -> list[str]:
    return [line[2:] for line in block.body.splitlines() if line.startswith("$ ")]


# --- running ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path | None], dict[str, str]]:
    """The environment in which ``matcalc`` is this checkout, or a copy of it."""
    programs = tmp_path_factory.mktemp("bin")
    script = programs / "matcalc"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m matcalc "$@"\n', "utf-8")
    script.chmod(0o755)

    def environment(package: Path | None = None) -> dict[str, str]:
        return {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(package or ROOT),
            "COLUMNS": str(COLUMNS),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "TERM": "xterm",
        }

    return environment


def on_a_terminal(command: str, environment: dict[str, str], folder: Path) -> str:
    """What a person sees who types the command, both streams in their order."""
    pty = pytest.importorskip("pty", reason="needs a Unix terminal")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        cwd=folder,
    )
    os.close(theirs)
    seen = b"".join(_chunks(ours))
    os.close(ours)
    assert process.wait(timeout=60) in (0, 1, 2), f"{command}: exit code {process.returncode}"
    lines = seen.decode("utf-8").replace("\r\n", "\n").splitlines()
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    assert "Traceback" not in text
    assert "error[defect]" not in text
    return text


def _chunks(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other end is closed
            return
        if not chunk:
            return
        yield chunk


def shown(block: Block, environment: dict[str, str], folder: Path) -> str:
    """The block as it ought to be."""
    parts = [
        f"$ {command}\n{on_a_terminal(command, environment, folder)}".rstrip("\n") + "\n"
        for command in commands(block)
    ]
    return "\n".join(parts)


def replace(start: int, end: int, new: str) -> None:
    text = README.read_text("utf-8")
    README.write_text(text[:start] + new + text[end:], "utf-8")


# --- the blocks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("index", range(len(blocks("console"))), ids=lambda i: f"block {i}")
def test_console(
    index: int,
    program: Callable[[Path | None], dict[str, str]],
    tmp_path: Path,
    update: bool,
) -> None:
    """A block shows what its commands print on a terminal of 80 columns."""
    block = blocks("console")[index]
    package = with_rows(tmp_path / "copy") if block.mark == "with the row" else None
    expected = shown(block, program(package), tmp_path)
    if update and expected != block.body:
        replace(*block.span, expected)
    else:
        assert block.body == expected
    assert max(map(len, expected.splitlines())) <= COLUMNS + 10


def derivatives() -> list[str]:
    found = [c for block in blocks("console") if not block.mark for c in commands(block)]
    return [c for c in found if c.startswith("matcalc diff ")]


@pytest.mark.parametrize("command", derivatives())
def test_every_answer_is_right(command: str, tmp_path: Path) -> None:
    """A derivative that the README shows agrees with numeric differentiation."""
    words = shlex.split(command.split(" | ")[0])[1:]
    code = main([*words, "--check", "-q", "-o", str(tmp_path / "answer")])
    assert code in (0, 1), "a defect"
    assert (tmp_path / "answer").exists() == (code == 0)


def session(block: Block, names: dict[str, Any]) -> str:
    """A ``pycon`` block as Python prints it."""
    said = io.StringIO()
    for example in doctest.DocTestParser().get_examples(block.body):
        said.write(">>> " + example.source.rstrip("\n").replace("\n", "\n... ") + "\n")
        with redirect_stdout(said):
            exec(compile(example.source, "README", "single"), names)  # noqa: S102
    return said.getvalue()


def test_python(update: bool) -> None:
    """What the README shows of the API is what Python prints, from one block to the next."""
    names: dict[str, Any] = {}
    for index in range(len(blocks("pycon"))):
        block = blocks("pycon")[index]
        expected = session(block, names)
        if update:
            replace(*block.span, expected)
        else:
            assert block.body == expected


@pytest.mark.parametrize("mark", ["run", "test"])
def test_commands_for_a_clean_clone(mark: str) -> None:
    """One command each; continuous integration runs them."""
    (block,) = [block for block in blocks("sh") if block.mark == mark]
    assert len(block.body.splitlines()) == 1
    assert "pip install" in block.body


def test_ways_in() -> None:
    """Every block has an output to compare, or a reason to have none."""
    assert len(blocks("console")) >= 12
    assert len(blocks("pycon")) >= 2
    known = {"console", "pycon", "sh", "python"}
    assert {m["language"] for m in BLOCK.finditer(README.read_text("utf-8"))} <= known
    assert all(block.mark.startswith("row: ") for block in blocks("python"))


# --- tables -------------------------------------------------------------------------------------


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    escaped = (" | ".join(cell.replace("|", r"\|") for cell in line) for line in lines)
    return "".join(re.sub(r"\|  (?=\|)", "| ", f"| {line} |\n") for line in escaped)


def _derivative(row: Function) -> str:
    if row.definition:
        return f"that of `{row.definition}`"
    if row.kind == "linear":
        names = [row.parameters[i] for i in range(row.arity) if row.is_linear_in(i)]
        return "linear" if row.is_linear else f"linear in {' and '.join(names)}"
    return f"`{row.derivative or row.differential}`" if row.derivative or row.differential else ""


def functions() -> str:
    rows = []
    for row in FUNCTIONS.values():
        names = ", ".join(f"`{name}`" for name in (row.call, *row.aliases))
        needs = row.domain.replace("{", "").replace("}", "")
        rows.append((names, row.doc, _derivative(row), needs))
    return table(("function", "what it is", "derivative or differential", "needs"), rows)


def codes() -> str:
    rows = [(f"`{name}`", code.kind, code.title) for name, code in CODES.items()]
    return table(("code", "kind", "meaning"), rows)


def formats() -> str:
    rows = []
    for name, row in FORMATS.items():
        spelled = f"`{name}`, `--{name}`" if row.short else f"`{name}`"
        rows.append((spelled, row.doc, *("yes" if getattr(row, kind) else "" for kind in KINDS)))
    commands = (f"`{command.replace(', ', '`, `')}`" for command in KINDS.values())
    return table(("`--to`", "output", *commands), rows)


def layouts() -> str:
    rows = []
    for row in LAYOUTS.values():
        cells = (row.by_scalar, row.scalar_by_column, row.scalar_by_matrix, row.otherwise)
        rows.append((f"`{row.name}`", *(f"`{cell.form}`" for cell in cells)))
    heads = ("by a scalar", "a scalar by a column", "a scalar by a matrix", "otherwise")
    return table(("`--layout`", *heads), rows)


def structures() -> str:
    rows = []
    for name, law in STRUCTURES.items():
        part = diff("tr(G' X)", "X", where=["X: n x n"], structure=name)
        rows.append((f"`{name}`", f"`{part}`", LAWS[law].title if law else ""))
    return table(("`--structure`", "what counts of G", ""), rows)


TABLES = {
    "functions": functions,
    "codes": codes,
    "formats": formats,
    "layouts": layouts,
    "structures": structures,
}


@pytest.mark.parametrize("name", TABLES)
def test_table(name: str, update: bool) -> None:
    """A table is the one that the code makes."""
    (found,) = [m for m in TABLE.finditer(README.read_text("utf-8")) if m["name"] == name]
    if update:
        replace(*found.span("body"), TABLES[name]())
    else:
        assert found["body"] == TABLES[name]()


def spellings(head: str) -> list[str]:
    """What stands in the first column of a table."""
    below = README.read_text("utf-8").split(f"\n| {head} |")[1].split("\n\n")[0]
    cells = [line.split(" | ")[0] for line in below.splitlines() if line.startswith("| `")]
    return [text.replace(r"\|", "|") for cell in cells for text in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize("spelling", spellings("written"))
def test_an_expression_reads(spelling: str) -> None:
    """Every spelling that the README lists is one."""
    parse(spelling)


@pytest.mark.parametrize("spelling", spellings("declaration"))
def test_a_declaration_reads(spelling: str) -> None:
    name = re.split(r"\W", spelling)[0]
    assert [declared.name for declared in parse("1", [spelling]).declarations] == [name]


# --- one row ------------------------------------------------------------------------------------


def rows_of(block: Block) -> list[str]:
    """The names of the rows in a block."""
    calls = ast.parse(f"[{block.body.strip()}]", mode="eval").body
    assert isinstance(calls, ast.List)
    return [_name_of(call) for call in calls.elts]


def _name_of(call: ast.expr) -> str:
    assert isinstance(call, ast.Call)
    named = [keyword.value for keyword in call.keywords if keyword.arg == "name"]
    (name,) = named or call.args[:1]
    assert isinstance(name, ast.Constant)
    return str(name.value)


def without(source: str, names: list[str]) -> str:
    """A table without the rows of these names."""
    tree = ast.parse(source)
    calls = [
        call for table in ast.walk(tree) if isinstance(table, ast.Tuple) for call in table.elts
    ]
    lines: list[str] = source.splitlines(keepends=True)
    for call in calls:
        if isinstance(call, ast.Call) and call.end_lineno and (call.args or call.keywords):
            first = call.args[:1] + [word.value for word in call.keywords if word.arg == "name"]
            if any(isinstance(each, ast.Constant) and each.value in names for each in first):
                lines[call.lineno - 1 : call.end_lineno] = [""] * (
                    call.end_lineno - call.lineno + 1
                )
    return "".join(lines)


def with_rows(folder: Path, *, added: bool = True, only: Block | None = None) -> Path:
    """A copy of the package whose tables have the README's rows at the end, and only there.

    With ``only``, those of one block; with ``added`` false these rows are missing.
    """
    for part in ("matcalc", "grammar"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    for block in blocks("python") if only is None else [only]:
        path = folder / block.mark.removeprefix("row: ")
        rest = without(path.read_text("utf-8"), rows_of(block))
        before, after = re.split(r"(?<=\n)(?=\)\n\n(?:FUNCTIONS|LAWS)\b)", rest)
        path.write_text(before + block.body * added + after, "utf-8")
    return folder


#: a question about each of the README's functions, and what the code of the answer calls
ASKED = {
    "sech": ("sum(sech(A x))", "x", "np.cosh"),
    "pinv": ("norm(pinv(A + X) b)^2", "X", "np.linalg.pinv"),
    "tril": ("norm(tril(A X) - C)^2", "X", "np.tril"),
    "kron": ("norm(kron(A, X) - C)^2", "X", "np.kron"),
    "hypot": ("hypot(x'x, b'x) + hypot(t, 2)", "x", "np.hypot"),
}
FUNCTION_ROWS = [block for block in blocks("python") if "functions" in block.mark]


def test_every_row_is_asked() -> None:
    """The rows that are permanent stand in the README as they stand in the table."""
    assert [rows_of(block)[0] for block in FUNCTION_ROWS] == list(ASKED)
    source = (ROOT / "matcalc" / "tables" / "functions.py").read_text("utf-8")
    for block in FUNCTION_ROWS:
        for name, text in zip(rows_of(block), re.split(r"(?<=^    \),\n)", block.body, flags=re.M)):
            assert (name in FUNCTIONS) == (text in source), name


@pytest.mark.parametrize("block", FUNCTION_ROWS, ids=lambda block: rows_of(block)[0])
def test_from_its_row_alone(block: Block, tmp_path: Path) -> None:
    """Without its row a function is unknown; with it, all that matcalc does is done with it."""
    name = rows_of(block)[0]
    expression, wrt, code = ASKED[name]

    def run(package: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "matcalc", *words],
            env={**os.environ, "PYTHONPATH": str(package)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    missing = run(with_rows(tmp_path / "without", added=False, only=block), "shape", expression)
    assert missing.returncode == 1
    assert "error[unknown-function]" in missing.stderr
    package = with_rows(tmp_path / "with", only=block)
    question = ("diff", expression, "--wrt", wrt)
    for words, expected in {
        ("shape", expression): "1 x 1",
        ("simplify", expression): name,
        (*question, "--check"): name,
        (*question, "--latex"): "\\",
        (*question, "--to", "numpy"): code,
        (*question, "--steps"): "read-off",
        ("functions", name): name,
        ("functions",): f"{name}(",
    }.items():
        done = run(package, *words)
        assert done.returncode == 0, (words, done.stderr)
        assert expected in done.stdout, words
        if "--check" in words:
            assert "agrees with numeric differentiation" in done.stderr
            assert "NumPy code agrees" in done.stderr


@pytest.mark.parametrize(
    ("tests", "row"),
    [
        *(("test_functions_table.py", name) for name in ASKED),
        ("test_laws.py", "sum-of-inverses"),
    ],
)
def test_a_row_brings_its_tests(tests: str, row: str, tmp_path: Path) -> None:
    """The rows of the README are all that it takes: their own tests are there, and pass."""
    environment = {**os.environ, "PYTHONPATH": str(with_rows(tmp_path))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [*command, str(ROOT / "tests" / tests), "-k", row],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) >= 3
