"""What is loaded when: an answer in a pipe starts neither SymPy nor NumPy nor Rich."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"sympy", "numpy", "rich", "mpmath"}
_REPORT = """
import sys
{work}
sys.stderr.write("loaded " + " ".join(sorted({{name.split(".")[0] for name in sys.modules}})))
"""


def run(work: str) -> tuple[str, set[str]]:
    """What a fresh Python prints, and the top-level packages it has loaded in the end."""
    done = subprocess.run(
        [sys.executable, "-c", _REPORT.format(work=work)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, set(done.stderr.rpartition("loaded ")[2].split())


def command(*args: str) -> str:
    return f"from matcalc.cli import main\nassert main({list(args)!r}) == 0\nsys.stdout.flush()"


def test_the_package_costs_nothing() -> None:
    _, loaded = run("import matcalc")
    assert not loaded & {*HEAVY, "lark", "click"}


@pytest.mark.parametrize("module", ["matcalc.cli", "matcalc.api", "matcalc.verify.check"])
def test_a_module_loads_nothing_heavy(module: str) -> None:
    _, loaded = run(f"import {module}")
    assert not loaded & HEAVY


def test_the_command_line_loads_no_renderer() -> None:
    """The table of formats names writers; none is loaded before it is used."""
    work = "import matcalc.cli\nprint([m for m in sys.modules if m.startswith('matcalc.output.')])"
    assert run(work)[0].strip() == "['matcalc.output.formats']"


def test_the_command_line_parses_nothing_until_asked() -> None:
    _, loaded = run(command("functions", "tr"))
    assert not loaded & {*HEAVY, "lark"}


@pytest.mark.parametrize("form", ["text", "latex", "json"])
@pytest.mark.parametrize(
    ("expression", "wrt"), [("tr(A X B)", "X"), ("a' X' inv(A + X B) X b", "X"), ("x'x", "x")]
)
def test_a_piped_answer_loads_nothing_heavy(form: str, expression: str, wrt: str) -> None:
    printed, loaded = run(command("diff", expression, "--wrt", wrt, "--to", form))
    assert printed.strip()
    assert form != "json" or json.loads(printed)["schema"] == "matcalc/1"
    assert not loaded & HEAVY


def test_an_error_loads_nothing_heavy() -> None:
    _, loaded = run("from matcalc.cli import main\nassert main(['diff', 'X +', '--wrt', 'X']) == 1")
    assert not loaded & HEAVY


def test_only_a_check_needs_numbers() -> None:
    """The opposite, so that the tests above can fail: --check does load mpmath and NumPy."""
    _, loaded = run(command("diff", "tr(A X B)", "--wrt", "X", "--check", "-q"))
    assert loaded & HEAVY == {"mpmath", "numpy"}
