"""What derivations say, how they are shown, and what is told of the laws."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console
from steps import assert_steps
from test_derivations import LECTURE, d

import matcalc
from matcalc.cli import cli
from matcalc.derivation.steps import times
from matcalc.language.syntax import parse_expression
from matcalc.language.text import text
from matcalc.output.page import Page
from matcalc.output.steps_page import step_lines
from matcalc.output.steps_text import aligned
from matcalc.output.terminal import show_steps
from matcalc.tables.laws import LAWS

BIG = "a' X' inv(A + X B) X b"


def rules(derivative: Any) -> list[str]:
    return [step.rule for step in derivative.steps]


def test_the_big_example_is_that_of_the_lecture() -> None:
    derivative = d(BIG, "X")
    expected = "perturb woodbury product first-order trace transpose cyclic collect read-off"
    assert " ".join(rules(derivative)) == expected
    perturb, woodbury, product, first, trace, transpose, cyclic, *_ = derivative.steps
    assert perturb.text == f"a' (X + dX)' inv(A + (X + dX) B) (X + dX) b - {BIG}"
    assert woodbury.note == (
        "inv(A + X B + dX B) = S - S dX R B S with S = inv(A + X B), R = inv(I + B S dX)"
    )
    assert product.note == (
        f"order 0: {BIG}; "
        "order 1: a' dX' S X b - a' X' S dX R B S X b + a' X' S dX b; "
        "order 2: -a' dX' S dX R B S X b + a' dX' S dX b - a' X' S dX R B S dX b; "
        "order 3: -a' dX' S dX R B S dX b"
    )
    assert [order for order, _ in product.orders] == [0, 1, 2, 3]

    def full(short: str) -> str:
        return re.sub(r"\bS\b", "inv(A + X B)", short)

    assert first.text == full("a' dX' S X b - a' X' S dX B S X b + a' X' S dX b")
    assert first.note == "terms of order 2 and more in dX are dropped; R -> I"
    assert trace.text == full("tr(a' dX' S X b) - tr(a' X' S dX B S X b) + tr(a' X' S dX b)")
    assert transpose.text == full("tr(b' X' S' dX a) - tr(a' X' S dX B S X b) + tr(a' X' S dX b)")
    assert cyclic.text == full("tr(a b' X' S' dX) - tr(B S X b a' X' S dX) + tr(b a' X' S dX)")


def test_a_quadratic_form() -> None:
    derivative = d("x'Q x + b'x", "x")
    assert [step.text for step in derivative.steps] == [
        "(x + dx)' Q (x + dx) + b' (x + dx) - (x' Q x + b' x)",
        "x' Q x + b' x + dx' Q x + x' Q dx + b' dx + dx' Q dx - (x' Q x + b' x)",
        "dx' Q x + x' Q dx + b' dx",
        "x' Q' dx + x' Q dx + b' dx",
        "(x' (Q + Q') + b') dx",
        "x' (Q + Q') + b'",
    ]
    assert [step.relation for step in derivative.steps] == ["=", "=", "~", "=", "=", "=>"]
    symmetric = d("x'Q x + b'x", "x", "Q: symmetric").steps
    assert symmetric[3].note == "a scalar is its own transpose; Q' = Q"


def test_the_chain_rule_names_what_is_in_between() -> None:
    derivative = d("exp(-1/2 y' Q y) where y = H x", "x", "Q: symmetric")
    chain = [step for step in derivative.steps if step.rule == "chain"][-1]
    assert chain.note == (
        "df/dx = [df/dv] [dv/dy] [dy/dx] with f = exp(v), v = -1/2 y' Q y, y = H x; "
        "[df/dv] = exp(v) (1 x 1), [dv/dy] = -y' Q (1 x p), [dy/dx] = H (p x n)"
    )
    abstract = d("h(g(f(x)))", "x", "f: R^n -> R^p", "g: R^p -> R^q", "h: R^q -> R^m")
    assert abstract.steps[-2].text == "Dh(g(f(x))) Dg(f(x)) Df(x) dx"
    assert "[df/dv] = Dh(v) (m x q), [dv/du] = Dg(u) (q x p)" in abstract.steps[-2].note


def test_formulas_are_told() -> None:
    assert d("norm(A x - b)", "x").steps[1].note == "d norm(u) = u' du / norm(u) with u = A x - b"
    logdet = d("logdet(I + X X')", "X").steps
    assert logdet[1].note == "d(X X') = X dX' + dX X'"
    assert logdet[2].note == "d logdet(Y) = tr(inv(Y) dY) with Y = I + X X'"
    tanh = d("tr(tanh(W X))", "X").steps[1]
    assert tanh.note == "d tanh(Y) = (1 - tanh(Y)^2) dY with Y = W X, entry by entry"
    assert d("1/det(X)", "X").steps[2].note == "d(1 / u) = -du / u^2 with u = det(X)"
    assert d("sqrt(tr(X))", "X").steps[1].note == "d sqrt(u) = du / (2 sqrt(u)) with u = tr(X)"
    assert d("exp(tr(inv(X)))", "X").steps[1].note == "d inv(X) = -inv(X) dX inv(X)"


@pytest.mark.parametrize(
    ("source", "wrt", "where", "name"),
    [
        ("mu'mu", "mu", ("mu: n",), "dmu"),
        ("x'dx", "x", ("dx: n",), "dx_"),
        ("et'et", "et", ("et: n",), "det_"),
        ("x'x", "x", ("x: dx",), "dx_"),
        ("X_1 b", "b", (), "db"),
        (f"{'v' * 64}'A {'v' * 64}", "v" * 64, (f"{'v' * 64}: n",), "dx"),
    ],
    ids=["two letters", "taken", "a function", "a size", "plain", "long"],
)
def test_the_name_of_the_perturbation(
    source: str, wrt: str, where: tuple[str, ...], name: str
) -> None:
    derivative = d(source, wrt, *where)
    assert {step.moving for step in derivative.steps} == {name}
    assert (f"is called {name}" in derivative.steps[0].note) == (name != f"d{wrt}")
    assert_steps(derivative)


def test_zero_says_why() -> None:
    skew = d("x'K x", "x", "K: n x n skew")
    assert rules(skew) == ["perturb", "skew-form", "collect", "read-off"]
    assert "does not depend on x" in skew.steps[1].note


def test_long_expansions_go_straight_to_the_first_order() -> None:
    derivative = d("tr(X A X' B X C X' D X E X' F X G X' H X K X' L X M X' N)", "X")
    assert rules(derivative) == ["perturb", "product", "collect", "read-off"]
    assert derivative.steps[1].relation == "~"
    assert "more than 32 terms" in derivative.steps[1].note
    assert derivative.steps[1].text.count("tr(") == 12
    assert_steps(derivative)


LARGE = [
    ("sum(" + "tanh(W " * 60 + "x" + ")" * 61, "x", ("x: n",)),
    ("tr(" + " ".join(f"X A{i} X' B{i}" for i in range(32)) + ")", "X", ()),
    (" + ".join(f"tr(A{i} X)" for i in range(1000)), "X", ()),
    ("tr(" + "inv(A + " * 30 + "X" + ")" * 31, "X", ()),
    ("(" * 2000 + "x'A x" + ")" * 2000, "x", ()),
    ("tr(X^64)", "X", ()),
    ("(1 + x'x)^20", "x", ()),
    (" + ".join(f"exp(a{i}'x)" for i in range(100)), "x", ()),
]


@pytest.mark.parametrize("case", LARGE, ids=range(len(LARGE)))
def test_large_expressions_have_short_derivations(case: tuple[Any, ...]) -> None:
    source, wrt, where = case
    derivative = d(source, wrt, *where)
    steps = derivative.steps
    assert len(steps) <= 6
    assert max(len(step.text) for step in steps) <= 3 * (len(source) + len(str(derivative)))


def test_products_of_trees_are_flat_only_where_that_is_the_same() -> None:
    for left, right, flat, expected in [
        ("A B", "C", False, "A B C"),
        ("A / norm(x)", "y", False, "A y / norm(x)"),
        ("1 / norm(x)", "y", False, "y / norm(x)"),
        ("A", "x' x y", False, "A (x' x y)"),
        ("s A", "-1/2 B C", True, "-1/2 s A B C"),
        ("-A", "-B", False, "A B"),
        ("1/2 A", "B", False, "1/2 A B"),
    ]:
        tree = times(parse_expression(left), parse_expression(right), flat)
        assert text(tree) == expected


# --- formats --------------------------------------------------------------------------------------


def run(*args: str) -> str:
    found = CliRunner().invoke(cli, args, catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout


def test_as_text() -> None:
    lines = run("diff", "x'Q x", "--wrt", "x", "--steps", "-q").splitlines()
    assert [line.split()[1] for line in lines] == rules(d("x'Q x", "x"))
    first = " 1  perturb       =  (x + dx)' Q (x + dx) - x' Q x   (f(x + dx) - f(x))"
    assert lines[0] == first


def test_as_json() -> None:
    document = json.loads(run("diff", BIG, "--wrt", "X", "--steps", "--json"))
    keys = {"rule", "relation", "text", "latex", "note"}
    assert [set(step) for step in document["steps"]] == [keys] * 9
    assert document["steps"][-1]["text"] == document["result"]["text"]
    assert all(step["latex"].isascii() for step in document["steps"])
    both = json.loads(run("diff", "x'A y", "--wrt", "x,y", "--steps", "--json"))
    assert all(len(found["steps"]) >= 3 for found in both["results"])


def test_as_latex() -> None:
    out = run("diff", BIG, "--wrt", "X", "--steps", "--latex", "-q")
    assert out.count(r"\begin{aligned}") == out.count(r"\end{aligned}") == 1
    assert out.isascii() and out.endswith(r"\end{aligned}" + "\n") and "\n\n" not in out
    for rule in rules(d(BIG, "X")):
        assert rf"\text{{{rule}}}" in out
    assert r"\text{where } S = (A + X B)^{-1}" in out
    assert max(len(re.sub(r"\\[a-z]+|[{}\\,]", "", line)) for line in out.splitlines()) < 110


def test_as_markdown() -> None:
    out = run("diff", "exp(a'x)", "--wrt", "x", "--steps", "--to", "markdown", "-q")
    assert out.count("$$") == 2 * len(rules(d("exp(a'x)", "x")))
    assert out.startswith("**1. perturb**")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX here")
def test_latex_compiles(tmp_path: Path) -> None:
    blocks = [aligned(d(*case)) for case in LECTURE]
    body = "\n".join(f"\\[\n{block}\n\\]" for block in blocks)
    head = r"\documentclass{article}\usepackage{amsmath}\begin{document}"
    (tmp_path / "all.tex").write_text(f"{head}\n{body}\n\\end{{document}}\n", "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-draftmode", "all.tex"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120)
    assert found.returncode == 0, found.stdout[-2000:]


# --- on a terminal --------------------------------------------------------------------------------

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def shown(derivative: Any, width: int) -> str:
    """The derivation as a terminal of this width shows it, with escapes."""
    console = Console(width=width, color_system="standard", force_terminal=True)
    with console.capture() as captured:
        show_steps([derivative], console)
    return captured.get()


@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize(
    "source", [BIG, "sum(log(1 + exp(-y .* (X b))))", "h(b) + logdet(A B)'b'b", "softmax(X b)"]
)
def test_lines_fit(source: str, width: int) -> None:
    derivative = d(source, "b", *(["h: R^n -> R^1"] if "h(" in source else []))
    plain = COLOURS.sub("", shown(derivative, width))
    assert max(map(len, plain.splitlines())) <= width
    for rule in rules(derivative):
        assert rule in plain


def test_the_perturbation_stands_out() -> None:
    lines = shown(d(BIG, "X"), 100)
    plain = COLOURS.sub("", lines)
    assert "dX" not in plain
    assert plain.count("where") == 1 and "S = (A + X B)⁻¹" in plain
    assert "order 3:" in plain and "≈" in plain and "⇒  ∂f/∂X = " in plain
    assert lines.count("ΔX") == lines.count("\x1b[1;35mΔX") > 20
    assert "tr(bᵀ Xᵀ Sᵀ" in plain


def test_what_changed_is_bold() -> None:
    lines = shown(d("x'Q x + b'x", "x"), 80).splitlines()
    (transpose,) = (line for line in lines if "Qᵀ" in line and "bᵀ" in line and "(" not in line)
    assert "\x1b[1mxᵀ Qᵀ" in transpose
    assert transpose.rstrip().endswith(" + bᵀ \x1b[1;35mΔx\x1b[0m")


def test_in_ascii() -> None:
    lines = step_lines(Page(80, "ascii"), d(BIG, "X"))
    words = "\n".join("".join(text for text, _ in line) for line in lines)
    assert words.isascii() and "dX" in words and "=>  df/dX = " in words


def test_long_lines_are_cut_and_it_is_said() -> None:
    plain = COLOURS.sub("", shown(d(" + ".join(f"tr(A{i} X)" for i in range(300)), "X"), 80))
    assert "more lines" in plain
    assert len(plain.splitlines()) < 60


# --- the laws -------------------------------------------------------------------------------------

STEPS = [
    "perturb",
    "product",
    "chain",
    "woodbury",
    "neumann",
    "first-order",
    "trace",
    "transpose",
    "cyclic",
    "collect",
    "read-off",
    "trace-linear",
    "skew-form",
    "symmetric-part",
    "symmetric-entries",
    "skew-part",
    "diagonal-part",
    "lower-part",
    "upper-part",
]


@pytest.mark.parametrize("name", STEPS)
def test_the_example_of_a_law_uses_it(name: str) -> None:
    law = LAWS[name]
    example = law.example if len(law.example) == 2 else ("x' Q x", "x")
    derivative = matcalc.diff(*example, where=law.given, structure=law.structure)
    assert name in rules(derivative)
    assert_steps(derivative)


def test_no_other_laws_are_used() -> None:
    used = {rule for case in LECTURE for rule in rules(d(*case))}
    assert used <= set(STEPS)


def test_laws_are_listed_and_explained() -> None:
    listed = run("rules")
    assert [line.split()[0] for line in listed.splitlines()] == list(LAWS)
    for name, law in LAWS.items():
        told = run("rules", name)
        assert told.startswith(f"{name}: {law.title}")
        assert law.left in told and law.proof in told and all(part in told for part in law.where)
        if len(law.example) == 2:
            assert f'matcalc diff "{law.example[0]}" --wrt {law.example[1]}' in told
        else:
            assert f'matcalc simplify "{(law.example or (law.left,))[0]}"' in told
    woodbury = run("rules", "woodbury").splitlines()
    assert woodbury[-1].strip().startswith("= a' (X + dX)' (inv(A + X B) - inv(A + X B) dX inv(")


def test_an_unknown_law_is_a_mistake() -> None:
    found = CliRunner().invoke(cli, ["rules", "woodbry"])
    assert found.exit_code == 2
    assert "Did you mean woodbury?" in found.output
