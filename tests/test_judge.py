"""The judge of random questions: it knows right from wrong, and shares nothing with matcalc."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from judge import verdicts
from judge.evaluate import Evaluation
from judge.reader import Unreadable, parse, write
from judge.values import Matrix, Mismatch, Outside, scalar
from judge.verdicts import Line, Question, Wrong
from mpmath import mp

FOLDER = Path(__file__).parent / "judge"


def test_the_judge_shares_nothing_with_matcalc() -> None:
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] in ("matcalc", "sympy")]


def asked(source: str, *declared: str, **shapes: tuple[int, int]) -> Question:
    """A question whose names have these shapes; ``declared`` are facts, "Q symmetric"."""
    facts: dict[str, set[str]] = {name: set() for name in shapes}
    for each in declared:
        name, _, fact = each.partition(" ")
        facts[name].add(fact)
    symbols = {name: (shape, frozenset(facts[name])) for name, shape in shapes.items()}
    return Question(source, symbols, {"n": 3, "m": 2})


X, SQUARE, x, y, ROW, t = (2, 3), (3, 3), (3, 1), (3, 1), (1, 3), (1, 1)
QUADRATIC = {"Q": SQUARE, "x": x, "y": y}


@pytest.mark.parametrize(
    ("answer", "layout"),
    [("x' (Q + Q') + 2 y'", "jacobian"), ("(Q + Q') x + 2 y", "gradient")],
)
def test_a_right_derivative(answer: str, layout: str) -> None:
    verdicts.derivative(asked("x' Q x + 2 y'x", **QUADRATIC), ["x"], answer, layout)


@pytest.mark.parametrize(
    "answer",
    [
        "x' (Q - Q') + 2 y'",
        "x' (Q + Q') - 2 y'",
        "2 x' Q + 2 y'",
        "x' (Q + Q') + y'",
        "(Q + Q') x + 2 y",
        "x' (Q + Q')",
        "x' (Q + Q') + 2 y",
        "x' (Q + Q') + 2 z'",
        "x' (Q + Q' + 2 y'",
    ],
)
def test_a_wrong_derivative(answer: str) -> None:
    with pytest.raises(Wrong):
        verdicts.derivative(asked("x' Q x + 2 y'x", **QUADRATIC), ["x"], answer)


RIGHT_AND_WRONG: list[tuple[Question, dict[str, Any], str, list[str]]] = [
    (
        asked("exp(A x)", A=SQUARE, x=x),
        {"wrt": ["x"]},
        "diag(exp(A x)) A",
        ["A' diag(exp(A x))", "A diag(exp(A x))", "diag(exp(A x))", "-diag(exp(A x)) A"],
    ),
    (
        asked("a'X b", a=(2, 1), X=X, b=x),
        {"wrt": ["X"]},
        "a b'",
        ["b a'", "a' b", "2 a b'", "zeros(m, n)", "-a b'"],
    ),
    (
        asked("x'Q x", x=x, Q=SQUARE),
        {"wrt": ["x", "x"]},
        "Q + Q'",
        ["2 Q", "Q - Q'", "Q + Q"],
    ),
    (
        asked("x'B y", x=(2, 1), B=X, y=y),
        {"wrt": ["x", "y"]},
        "B",
        ["B'", "2 B", "zeros(m, n)"],
    ),
    (
        asked("t^2 B", t=t, B=X),
        {"wrt": ["t"]},
        "2 t B",
        ["t B", "2 t B'", "2 B"],
    ),
    (
        asked("logdet(S)", "S symmetric", S=SQUARE),
        {"wrt": ["S"], "structure": "cookbook"},
        "2 inv(S) - inv(S) .* I",
        ["inv(S)", "2 inv(S)", "2 inv(S) + inv(S) .* I"],
    ),
    (
        asked("a' S b", "S symmetric", S=SQUARE, a=x, b=x),
        {"wrt": ["S"], "structure": "symmetric"},
        "1/2 (a b' + b a')",
        ["a b'", "a b' + b a'"],
    ),
    (
        asked("A X", A=(2, 2), X=X),
        {"wrt": ["X"]},
        "kron(eye(n), A)",
        ["kron(A, eye(n))", "kron(eye(n), A')", "kron(eye(n), A)'"],
    ),
    (
        asked("x r", x=x, r=ROW),
        {"wrt": ["x"]},
        "kron(r', eye(n))",
        ["kron(eye(n), r')", "kron(r', eye(n))'"],
    ),
    (
        asked("[x; y]' [A, Q; Q, B] [x; y]", x=x, y=y, A=SQUARE, B=SQUARE, Q=SQUARE),
        {"wrt": ["x"]},
        "[x; y]' [A + A'; Q + Q']",
        ["[x; y]' [A; Q]", "[y; x]' [A + A'; Q + Q']", "[x, y] [A + A'; Q + Q']"],
    ),
    (
        asked("[X, B]", X=X, B=(2, 1)),
        {"wrt": ["X"]},
        "kron([eye(n); zeros(1, n)], eye(m))",
        ["kron([zeros(1, n); eye(n)], eye(m))", "kron(eye(n), [eye(m); zeros(1, m)])"],
    ),
]


@pytest.mark.parametrize("case", RIGHT_AND_WRONG, ids=lambda case: case[0].source)
def test_every_kind_of_derivative(case: Any) -> None:
    question, options, right, wrong = case
    verdicts.derivative(question, answer=right, **options)
    for answer in wrong:
        with pytest.raises(Wrong):
            verdicts.derivative(question, answer=answer, **options)


def test_simplified() -> None:
    q = asked("(s + s) .* s", "s positive", s=x)
    verdicts.simplified(q, "2 s .^ 2")
    for answer in ("s .^ 2", "2 s", "2 (s .^ 2)'"):
        with pytest.raises(Wrong):
            verdicts.simplified(q, answer)


def test_perturbed() -> None:
    q = asked("x'Q x", x=x, Q=SQUARE)
    orders = {0: "x'Q x", 1: "x'Q dx + dx'Q x", 2: "dx'Q dx"}
    whole = " + ".join(orders.values())
    verdicts.perturbed(q, "x", "dx", orders, 2, whole, exact=True)
    first = {0: orders[0], 1: orders[1]}
    verdicts.perturbed(q, "x", "dx", first, 1, " + ".join(first.values()), exact=False)
    wrong: list[tuple[dict[int, str], str]] = [
        ({**orders, 2: "2 dx'Q dx"}, whole),
        ({**orders, 1: "2 x'Q dx"}, whole),
        ({0: orders[0], 1: f"{orders[1]} + {orders[2]}"}, whole),
        (orders, "x'Q x"),
        ({0: orders[0], 1: orders[1]}, "x'Q x + x'Q dx + dx'Q x"),
    ]
    for tampered, summed in wrong:
        with pytest.raises(Wrong):
            verdicts.perturbed(q, "x", "dx", tampered, 2, summed, exact=True)
    with pytest.raises(Wrong, match="exact"):
        verdicts.perturbed(q, "x", "dx", first, 1, " + ".join(first.values()), exact=True)


def test_polynomial() -> None:
    q = asked("exp(t)", t=t)
    right = "exp(t0) + exp(t0) (t - t0) + 1/2 exp(t0) (t - t0)^2"
    verdicts.polynomial(q, "t", "t0", right, 2, exact=False)
    verdicts.polynomial(q, "t", "0", "1 + t + 1/2 t^2", 2, exact=False)
    for at, wrong in (("t0", right.replace("1/2 ", "")), ("0", "1 + t + t^2"), ("1", "1 + t")):
        with pytest.raises(Wrong):
            verdicts.polynomial(q, "t", at, wrong, 2, exact=False)
    with pytest.raises(Wrong, match="exact"):
        verdicts.polynomial(q, "t", "t0", right, 2, exact=True)


def test_derivation() -> None:
    q = asked("x'Q x", x=x, Q=SQUARE)
    right = [
        Line("=", "(x + dx)' Q (x + dx) - x'Q x"),
        Line("=", "x'Q dx + dx'Q x + dx'Q dx"),
        Line("~", "x'Q dx + dx'Q x"),
        Line("=", "x'(Q + Q') dx"),
        Line("=>", "x'(Q + Q')"),
    ]
    verdicts.derivation(q, "x", "dx", right)
    for index, wrong in [
        (0, Line("=", "(x + dx)' Q (x + dx)")),
        (1, Line("=", "x'Q dx + dx'Q x")),
        (2, Line("=", "x'Q dx + dx'Q x")),
        (2, Line("~", "x'Q dx")),
        (3, Line("=", "2 x'Q dx")),
        (4, Line("=>", "2 x'Q")),
        (4, Line("=", "x'(Q + Q')")),
    ]:
        tampered = [*right[:index], wrong, *right[index + 1 :]]
        with pytest.raises(Wrong):
            verdicts.derivation(q, "x", "dx", tampered)


# --- the reader and the evaluation ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("1/2 x'A x", "(((1 / 2) * (x')) * A) * x"),
        ("-x^2", "-(x^2)"),
        ("a - -b", "a - (-b)"),
        ("X'^2", "(X')^2"),
        ("x .^ y'", "(x .^ y)'"),
        ("X^-1 Y", "(X^(-1)) * Y"),
        ("||A x||^2 b", "(norm(A * x)^2) * b"),
        ("||x|| ||y||", "norm(x) * norm(y)"),
        ("<A, B> C", "inner(A, B) * C"),
        ("A^T b", "A' * b"),
        ("a .* b ./ c d", "((a .* b) ./ c) * d"),
        ("2.5e-3 t", "2.5e-3 * t"),
    ],
)
def test_the_reader(text: str, means: str) -> None:
    assert write(parse(text)) == write(parse(means))
    assert write(parse(write(parse(text)))) == write(parse(text))


@pytest.mark.parametrize("text", ["", "(a", "a +", "a)", "a ? b", "||a", "a ^"])
def test_what_is_not_read(text: str) -> None:
    with pytest.raises(Unreadable):
        parse(text)


ENV = {
    "A": Matrix(2, 3, [mp.mpf(k) for k in (1, 2, 3, 4, 5, 6)]),
    "x": Matrix(2, 1, [mp.mpf(1), mp.mpf(-2)]),
    "t": scalar(3),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("vec(A)'", [1, 4, 2, 5, 3, 6]),
        ("commutation(2, 3) vec(A)", [1, 2, 3, 4, 5, 6]),
        ("unvec(vec(A), 3, 2)", [1, 5, 4, 3, 2, 6]),
        ("A' x", [-7, -8, -9]),
        ("(I + t I) x", [4, -8]),
        ("t + x", [4, 1]),
        ("x ./ t * t", [1, -2]),
        ("diag(x)^2", [1, 0, 0, 4]),
        ("norminf(x) + norm1(x)", [5]),
        ("onehotmax(x)", [1, 0]),
        ("det(diag(x))^t", [-8]),
        ("kron(x', eye(2))", [1, 0, -2, 0, 0, 1, 0, -2]),
        ("[A, x; x' A, t]", [1, 2, 3, 1, 4, 5, 6, -2, -7, -8, -9, 3]),
        ("left(A, 1, 2) + right(A, 2, 1)", [4, 10]),
        ("top([x; t], 1, 2) - bottom([x; t], 2, 1)", [-2]),
    ],
)
def test_values(text: str, value: list[int]) -> None:
    assert Evaluation(ENV)(parse(text)).entries == value


@pytest.mark.parametrize(
    "text",
    [
        *("A + x", "A x", "A A", "A + t", "I", "z", "A^2", "x^A", "softmax(A)"),
        *("[A; x]", "[A, x']", "top(A, 1, 2)", "left(A, 1, 1)"),
    ],
)
def test_what_does_not_conform(text: str) -> None:
    with pytest.raises(Mismatch):
        Evaluation(ENV)(parse(text))


@pytest.mark.parametrize(
    "text", ["log(x)", "1 / (t - 3)", "inv(x x')", "abs(t - 3)", "norm(0 x)", "(x .^ (1/2))"]
)
def test_what_has_no_value(text: str) -> None:
    with pytest.raises(Outside):
        Evaluation(ENV)(parse(text))
