"""What comes of a random question: every outcome, and that a finding is made small."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import fuzz
import pytest
from generate import Case
from shrink import shrunk
from trials import trial, warm

import matcalc
from matcalc import MatcalcError

SHAPES = {"x": ("n", "1"), "A": ("n", "n"), "b": ("n", "1")}
CASE = Case(
    "sum(exp(A x)) + b'(x + tanh((A x) .* b))",
    ("x: n", "A: n x n", "b: n"),
    "x",
    value=("1", "1"),
    shapes=SHAPES,
    facts=dict.fromkeys(SHAPES, frozenset()),
    sizes={"n": 3},
)
real = matcalc.diff


@pytest.fixture(autouse=True)
def loaded() -> None:
    """Before anything is put in the place of an answer's methods."""
    warm()


def answering(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Every derivative has these attributes instead of its own."""

    def diff(*args: Any, **options: Any) -> Any:
        found = real(*args, **options)
        for name, value in changes.items():
            monkeypatch.setattr(type(found), name, value)
        return found

    monkeypatch.setattr(matcalc, "diff", diff)


def raising(error: BaseException) -> Any:
    def diff(*args: Any, **options: Any) -> Any:
        raise error

    return diff


@pytest.mark.parametrize("form", ["code", "text", "formats", "sympy", ""])
def test_right(form: str) -> None:
    outcome = trial(replace(CASE, form=form))
    # a format that is promised and missing is a finding of its own
    assert outcome.kind == "right" or "unknown format" in outcome.detail


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (KeyError("x"), "crash"),
        (RecursionError(), "crash"),
        (AssertionError(), "crash"),
        (MemoryError(), "memory"),
        (MatcalcError("syntax", "no"), "error"),
        (MatcalcError("shape", "no"), "error"),
        (MatcalcError("domain", "no"), "refused"),
        (MatcalcError("unsupported", "no form without Kronecker products"), "refusal"),
        (MatcalcError("unsupported", "f has no derivative in closed form here"), "refused"),
    ],
)
def test_what_is_raised(monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str) -> None:
    monkeypatch.setattr(matcalc, "diff", raising(error))
    assert trial(CASE).kind == kind


def test_left_to_be_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a declaration is left out, another reading is no finding."""
    monkeypatch.setattr(matcalc, "diff", raising(MatcalcError("ambiguous", "two readings")))
    assert trial(replace(CASE, declared=False)).kind == "undecided"


def test_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    def diff(*args: Any, **options: Any) -> Any:
        while True:
            pass

    monkeypatch.setattr(matcalc, "diff", diff)
    assert trial(CASE, seconds=0.2).kind == "hang"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"__str__": lambda self: "x'"}, "wrong-text"),  # the code is still right
        ({"__str__": lambda self: "x' +"}, "wrong-text"),
        ({"shape": ("n", "1")}, "wrong"),
        ({"function": lambda self: lambda A, b, x: x}, "wrong-code"),
        ({"function": lambda self: lambda A, b, x: A}, "wrong-code"),
        ({"function": lambda self: lambda A, b, x: 1 / 0}, "wrong-code"),
    ],
)
def test_a_wrong_answer(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], kind: str
) -> None:
    answering(monkeypatch, **changes)
    assert trial(CASE).kind == kind


@pytest.mark.parametrize(("form", "text"), [("latex", "∂"), ("latex", " "), ("json", "{")])
def test_a_wrong_format(monkeypatch: pytest.MonkeyPatch, form: str, text: str) -> None:
    def to(self: Any, wanted: str) -> str:
        return text if wanted == form else "{}"

    answering(monkeypatch, to=to)
    outcome = trial(replace(CASE, form="formats"))
    assert outcome.kind == ("crash" if form == "json" else "wrong-format")


@pytest.mark.parametrize("ask", ["simplify", "perturb", "taylor", "steps"])
def test_other_questions(monkeypatch: pytest.MonkeyPatch, ask: str) -> None:
    """They are judged: right as they are, wrong once something is dropped."""
    case = replace(CASE, ask=ask)
    assert trial(case).kind == "right"
    if ask == "steps":
        wrong = [SimpleNamespace(relation="=", text="x"), SimpleNamespace(relation="=>", text="x")]
        answering(monkeypatch, steps=wrong)
    else:
        answer = getattr(matcalc, ask)
        other_source = case.source.replace("tanh", "2 * ")

        def other(source: str, *args: Any, **options: Any) -> Any:
            return answer(other_source, *args, **options)

        monkeypatch.setattr(matcalc, ask, other)
    assert trial(case).kind == f"wrong-{ask}"


def test_shrinking_keeps_the_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that is differentiated wrongly is found, and little else is left around it."""

    def wrong(expr: str, wrt: Any, **options: Any) -> Any:
        found = real(expr, wrt, **options)
        if "tanh" in expr:
            found.tree = real(f"2 * ({expr})", wrt, **options).tree
        return found

    monkeypatch.setattr(matcalc, "diff", wrong)
    outcome = trial(CASE)
    assert outcome.kind == "wrong-text"
    small = shrunk(CASE, outcome)
    assert "tanh" in small.source and len(small.source) < 20


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    """Cases by number, a table, and an exit code that says whether anything was found."""
    saved = tmp_path / "found.txt"
    code = fuzz.main(
        ["--only", "0", "1", "2", "--seed", "s", "--shrink", "0", "--save", str(saved)]
    )
    out = capsys.readouterr().out
    assert out.splitlines()[-1].startswith("3 cases of seed s: ")
    assert code == (0 if out.splitlines()[-1].endswith(" 0 findings") else 1)


def test_a_finding_is_a_command_and_a_case_of_the_corpus() -> None:
    from corpus import read
    from trials import Outcome

    case = replace(CASE, order=2, layout="gradient")
    found = fuzz.Found(7, "scalar/vector", case, Outcome("wrong", "so"), None, 0.1)
    assert fuzz.report(found).startswith("# 7 wrong: so\nmatcalc diff 'sum(exp(A x)) + ")
    (again,) = read(fuzz.corpus_case(found, "s"))
    assert (again.source, again.wrt, again.where) == (case.source, ("x",), tuple(case.where))
    assert again.options == {"order": "2", "layout": "gradient"}
